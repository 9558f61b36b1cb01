//! Since when something holds without a break, although not every day has spend to show it.

use chrono::NaiveDate;

use crate::values::period::plus_days;

/// Days without spend in a row that do not end a run of uncovered ones: a team that rests at the weekend does not run
/// out anew every Monday.
const QUIET_DAYS: u32 = 7;

/// How one day's spend was paid.
pub(super) enum Standing {
    /// Cash, in part at least.
    Uncovered,
    /// Credit paid it.
    Covered,
    /// Nothing to pay.
    Quiet,
}

/// The first day of the run of uncovered days that ends on `last`, or shortly before it.
pub(super) fn run_start(last: NaiveDate, standing: impl Fn(NaiveDate) -> Standing) -> Option<NaiveDate> {
    let (mut start, mut quiet, mut day) = (None, 0, last);
    loop {
        match standing(day) {
            Standing::Uncovered => (start, quiet) = (Some(day), 0),
            Standing::Quiet if quiet < QUIET_DAYS => quiet += 1,
            Standing::Quiet | Standing::Covered => return start,
        }
        day = plus_days(day, -1);
    }
}
