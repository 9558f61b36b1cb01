//! Makes an outlook.

use super::inputs::OutlookInputs;
use super::made::Outlook;
use super::simulate::{self, RANDOM_PATHS, Simulation};
use super::swing::Doubts;
use super::{sensitivity, summary};
use crate::values::period::DayRange;
use chrono::NaiveDate;

/// Makes the outlook, without its sensitivity.
pub fn outlook(inputs: &OutlookInputs) -> Outlook {
    outlook_along(inputs, RANDOM_PATHS)
}

/// The same along another number of random paths; an even one, since they come in mirrored pairs. Memory does not grow with
/// their number. Beyond the usual one a quantile is a value of one of the first 1,001 paths, the one next to the exact one.
pub fn outlook_along(inputs: &OutlookInputs, random_paths: usize) -> Outlook {
    summary::summarise(&Simulation::new(inputs), random_paths)
}

/// Makes the outlook, and tries which assumption moves it most.
pub fn outlook_with_sensitivity(inputs: &OutlookInputs, doubts: &Doubts) -> Outlook {
    let simulation = Simulation::new(inputs);
    let outlook = summary::summarise(&simulation, RANDOM_PATHS);
    let sensitivity = sensitivity::sensitivity(&simulation, outlook.exhaustion.p50, doubts);
    Outlook { sensitivity, ..outlook }
}

/// The days that an outlook walks along: a year, and the rest of its last month where that is longer.
pub fn days_ahead(data_through: NaiveDate) -> DayRange {
    simulate::range(data_through)
}
