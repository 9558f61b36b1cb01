//! Days that AWS no longer shows.

use crate::alert::key::key;
use crate::position::finding::{Finding, Rule, Severity};
use crate::position::observations::VanishedDays;
use crate::values::money::Money;
use crate::values::period::plus_days;
use crate::values::words::{span_text, usd_text};

/// Runs of days that a message names one by one.
const NAMED: usize = 3;

/// All such days in one message: they vanish together.
pub(super) fn vanished(runs: &[VanishedDays]) -> Option<Finding> {
    let (first, last) = (runs.first()?, runs.last()?);
    let named: Vec<String> = runs.iter().take(NAMED).map(|run| span_text(run.days)).collect();
    let more = match runs.len().saturating_sub(NAMED) {
        0 => String::new(),
        1 => " and one more run of days".to_owned(),
        more => format!(" and {more} more runs of days"),
    };
    let cost = runs.iter().map(|run| run.cost).sum::<Money>();
    Some(Finding {
        named: None,
        rule: Rule::DaysVanished,
        severity: Severity::Warning,
        key: key(Rule::DaysVanished, "costs"),
        since: runs.iter().map(|run| run.noticed_on).min()?,
        summary: format!(
            "Cost Explorer no longer shows {}{more}. Their cost of {} is kept as it was last shown.",
            named.join(", "),
            usd_text(cost)
        ),
        reason: format!(
            "How sure: AWS answered without a single row for these days. That happens when the account joins or leaves an \
             organisation; the days were used and paid for all the same. Kept, because dropping them would change totals, \
             pace and forecast. Next: if the account changed its organisation, acknowledge this; if these days really cost \
             nothing, run `glidepath accept vanished --from {} --to {}`.",
            first.days.start,
            plus_days(last.days.end, -1)
        ),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::alert::fixture::{day, usd};
    use crate::values::period::DayRange;

    fn run(first: &str, end: &str, cost: &str, noticed: &str) -> VanishedDays {
        VanishedDays { days: DayRange::new(day(first), day(end)), cost: usd(cost), noticed_on: day(noticed) }
    }

    #[test]
    fn all_days_are_told_at_once() {
        assert_eq!(vanished(&[]), None);
        let one = vanished(&[run("2026-11-06", "2026-11-15", "2700", "2026-11-16")]).unwrap();
        assert_eq!(
            one.summary,
            "Cost Explorer no longer shows 6 to 14 November 2026. Their cost of $2,700 is kept as it was last shown."
        );
        assert_eq!((one.since, one.key.as_str()), (day("2026-11-16"), "days_vanished:costs"));
        assert!(
            one.reason.ends_with("`glidepath accept vanished --from 2026-11-06 --to 2026-11-14`."),
            "{}",
            one.reason
        );
        let many: Vec<_> = ["01", "03", "05", "07", "09"]
            .iter()
            .map(|number| run(&format!("2026-11-{number}"), &format!("2026-11-{number}"), "1", "2026-11-20"))
            .collect();
        assert!(vanished(&many).unwrap().summary.contains(" and 2 more runs of days. "));
    }
}
