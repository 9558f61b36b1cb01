//! What somebody already knows of the days ahead: planned events, which a person enters or the filing holds.
//!
//! An event is part of the outlook until the bill shows it, and afterwards without effect, because the forecast knows it
//! then. One that is late is moved, for at most [`WAITED_DAYS`], and then leaves the outlook.
//!
//! Invariants: an event never lowers spend, but for a switch, an end and an award, whose purpose that is; what has come
//! counts once; an event that a person entered stands in for what the filing plans of the same model or instance type.

mod entered;
mod filed;
mod order;
mod planned;
mod seen;

pub use self::entered::{Entered, Priced, Reading, SwitchAhead};
pub use self::filed::{FILED_SURE, FiledPlan};
pub use self::order::{PlanOrder, PlanProblem, Spelling, read, read_as};
pub use self::planned::{LAUNCH_DAYS, PlanSource, PlanState, Planned, WAITED_DAYS, counted};
pub use self::seen::{Days, Seen};
pub use crate::facts::plan::{Per, Volume, What};
