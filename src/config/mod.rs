//! Config files to validated domain values; every problem reported at once.
//!
//! Invariants: an unknown key is a problem, never ignored; a secret is read from a file or variable that config names
//! and is nowhere else; a [`Config`] that exists is usable.

mod alerts;
mod channels;
pub mod given;
mod heartbeat;
mod http;
mod lines;
mod load;
mod partner;
mod pools;
mod problem;
mod read;
mod reports;
mod schedule;
mod secret;
mod section;
mod settings;
mod token;

pub use alerts::read_rules;
pub use channels::TYPES as CHANNEL_TYPES;
pub use problem::{ConfigError, Problem};
pub use reports::ScheduledReport;
pub use schedule::{CronLine, CronProblem};
pub use secret::is_variable;
pub use section::nearest;
pub use settings::{Config, SetAside, Uses};
pub use token::{Role, Token};
