//! Burn over paired windows: faster than the credit left can bear to its last expiry, for long enough to matter (the long
//! window) and still so now (the short one).

use chrono::NaiveDate;
use rust_decimal::Decimal;

use super::input::IngestHealth;
use super::settings::AlertRules;
use crate::alert::input::data_day;
use crate::alert::key::key;
use crate::position::finding::{Finding, Rule, Severity};
use crate::position::observations::Observations;
use crate::position::{PoolPosition, PoolStatus, Position};
use crate::values::money::Money;
use crate::values::period::plus_days;
use crate::values::words::{day_text, days_text, times_text, usd_text};

/// What was told is let go below this share of its threshold.
const LET_GO: Decimal = Decimal::from_parts(85, 0, 0, false, 2);

/// A long window and the short one inside it, in days.
struct Windows {
    long: usize,
    short: usize,
    severity: Severity,
}

const FAST: Windows = Windows { long: 7, short: 2, severity: Severity::Warning };
const SLOW: Windows = Windows { long: 28, short: 7, severity: Severity::Info };

/// One finding, of the fast pair of windows where both of them exceed, else of the slow pair.
pub(super) fn burn(
    position: &Position,
    health: &IngestHealth,
    observations: &Observations,
    rules: &AlertRules,
) -> Option<Finding> {
    let through = data_day(health);
    let usable = |pool: &&PoolPosition| pool.status == PoolStatus::Active && pool.left.is_positive();
    let usable: Vec<&PoolPosition> = position.credits.pools.iter().filter(usable).collect();
    let left: Money = usable.iter().map(|pool| pool.left).sum();
    let last = usable.iter().map(|pool| pool.expires_on).max()?;
    let days = (last - through).num_days() - 1;
    if days <= 0 {
        return None;
    }
    let bearable = left.per(days);
    [(FAST, rules.burn_fast), (SLOW, rules.burn_slow)].into_iter().find_map(|(windows, limit)| {
        let told = observations.told.get(&key(Rule::BurnRate, "total"));
        let limit = if told.is_some_and(|told| *told >= windows.severity) { limit * LET_GO } else { limit };
        let (long, short) = (average(observations, windows.long)?, average(observations, windows.short)?);
        let exceeds = |rate: Money| rate.ratio(bearable).is_some_and(|multiple| multiple >= limit);
        (exceeds(long) && exceeds(short))
            .then(|| told_burn(&windows, [long, short, bearable, left], last, position, through))
    })
}

/// Average of the newest `days` days; none while fewer are known.
fn average(observations: &Observations, days: usize) -> Option<Money> {
    let first = observations.burn.len().checked_sub(days)?;
    let sum: Money = observations.burn[first..].iter().map(|day| day.amount).sum();
    Some(sum.per(i64::try_from(days).ok()?))
}

fn told_burn(
    windows: &Windows,
    [long, short, bearable, left]: [Money; 4],
    last: NaiveDate,
    position: &Position,
    through: NaiveDate,
) -> Finding {
    let multiple = long.ratio(bearable).unwrap_or_default();
    // Rounded down: the last day is not a whole one.
    let lasts = left.ratio(long).map_or(0, |days| i64::try_from(days.trunc()).unwrap_or(i64::MAX));
    // A middle date that has come is that of other use, which no credit pays any more.
    let end = position.exhaustion.total.p50.filter(|day| *day > through).unwrap_or_else(|| plus_days(through, lasts));
    let then = match position.free_plan() {
        Some(_) => "upgrade the account to the paid plan".to_owned(),
        None => format!("plan for the next award to land before {}", day_text(end)),
    };
    Finding {
        named: None,
        rule: Rule::BurnRate,
        severity: windows.severity,
        key: key(Rule::BurnRate, "total"),
        since: through,
        summary: format!(
            "You use credits {} faster than the pace that would last until they expire on {}: {} a day over the last {} days \
             and {} over the last {}, against {}.",
            times_text(multiple),
            day_text(last),
            usd_text(long),
            windows.long,
            usd_text(short),
            windows.short,
            usd_text(bearable),
        ),
        reason: format!(
            "How sure: this is what was billed through {}. At the pace of the last {} days the {} that is left lasts {}; the outlook \
             weighs it with what came before. Next: check which model or service grew; {then}.",
            day_text(through),
            windows.long,
            usd_text(left),
            days_text(lasts)
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::super::fixture::{day, health, position, usd};
    use super::*;
    use crate::values::quantiles::{DateQuantiles, DayAmount};

    /// 9,000 at 900 a day last for ten days. A middle date that has come is that of other use.
    #[test]
    fn the_next_award_is_to_land_on_a_day_that_lies_ahead() {
        let burn_of = |middle: Option<&str>| {
            let mut position = position();
            position.exhaustion.total = middle.map(|text| DateQuantiles::certain(day(text))).unwrap_or_default();
            let amount = DayAmount { day: day("2026-03-12"), amount: usd("900") };
            let observations = Observations { burn: vec![amount; 28], ..Observations::default() };
            burn(&position, &health(), &observations, &AlertRules::default()).expect("it is too fast")
        };
        for (middle, lands) in [
            (None, "22 March 2026"),
            (Some("2026-03-20"), "20 March 2026"),
            (Some("2026-03-12"), "22 March 2026"),
            (Some("2026-01-09"), "22 March 2026"),
        ] {
            let reason = burn_of(middle).reason;
            assert!(reason.contains("lasts 10 days"), "{reason}");
            assert!(
                reason.ends_with(&format!("plan for the next award to land before {lands}.")),
                "{middle:?}: {reason}"
            );
        }
    }
}
