//! Forecasts of daily spend, and how far such forecasts are off.
//!
//! A forecast is a [`Method`]'s point forecast and an [`ErrorLaw`] around it, learnt from past errors of the same method on
//! other series ([`Evidence`]) and scaled by how much the account itself swings. `docs/forecast.md` says how well this
//! does, and by which command that was measured. Floats stay in here and in `outlook`: what leaves is dates and micro-dollars.

pub mod backtest;

mod cadence;
mod course;
mod evidence;
mod gate;
mod law;
mod level;
mod method;
mod pace;
mod plan;
mod series;
mod spend;

pub use self::course::Course;
pub use self::evidence::{Evidence, EvidenceError, Observation};
pub use self::gate::Gate;
pub use self::law::{ErrorLaw, HORIZONS};
pub use self::level::has_changed_within;
pub use self::method::{Method, WEEKS_TO_TREND};
pub use self::pace::{Occurrences, Pace, growth_per_month};
pub use self::plan::Plan;
pub use self::series::{History, WEEK, median};
pub use self::spend::{Forecast, Voice};
