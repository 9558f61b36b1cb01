//! Sentences and figures for people. Everything that says when credits end says it here, so that the page, the
//! reports and the alerts' attachment use the same words.

use chrono::{Datelike, NaiveDate};
use rust_decimal::Decimal;

use crate::domain::credit::StatementSource;
use crate::domain::facts::referee::SetAside;
use crate::domain::position::finding::Rule;
use crate::domain::position::{OutlookState, Position};
use crate::domain::values::money::{Money, Quantity, group_thousands};
use crate::domain::values::period::{BillingPeriod, DayRange, plus_days};
use crate::domain::values::quantiles::DateQuantiles;
use crate::domain::values::words::usd_text;
use crate::domain::values::workload::{Direction, Routing, Tier};

/// What to say while no projection is filed.
pub(super) const NOTHING_FILED: &str = "No projection is filed yet, so there is nothing to compare with.";

/// What its owner does about it.
pub(super) const TO_FILE: &str = "The command \"glidepath projection file\" files a projection.";

/// Why the last cent of a sum can differ from the sum of what is shown.
pub(super) const ROUNDING: &str = "Amounts are US dollars, shown to the cent. Totals are sums of the exact amounts, so a \
    sum of shown cents can differ in the last one; the CSV and JSON forms hold every digit.";

/// "14 Jan 2027".
pub fn day(day: NaiveDate) -> String {
    day.format("%-d %b %Y").to_string()
}

/// "22 Oct to 18 Nov 2026", the last day inclusive.
pub(super) fn days(range: DayRange) -> String {
    let last = plus_days(range.end, -1);
    let first =
        if range.start.year() == last.year() { range.start.format("%-d %b").to_string() } else { day(range.start) };
    format!("{first} to {}", day(last))
}

/// "Jan 2027".
pub(super) fn month(month: BillingPeriod) -> String {
    month.first_day().format("%b %Y").to_string()
}

/// A quantity with thousands, at most two digits after the point.
pub(super) fn quantity(quantity: Quantity) -> String {
    let rounded = quantity.amount().round_dp(2).normalize();
    let sign = if rounded.is_sign_negative() { "-" } else { "" };
    format!("{sign}{}", group_thousands(&rounded.abs().to_string()))
}

/// Direction of tokens, for people.
pub(super) const fn direction(direction: Direction) -> &'static str {
    match direction {
        Direction::Input => "input",
        Direction::Output => "output",
        Direction::CacheRead => "cache read",
        Direction::CacheWrite => "cache write",
    }
}

/// Tier, for people.
pub(super) const fn tier(tier: Tier) -> &'static str {
    match tier {
        Tier::OnDemand => "on demand",
        Tier::Batch => "batch",
        Tier::Flex => "flex",
        Tier::Priority => "priority",
        Tier::Reserved => "reserved",
    }
}

/// Routing, for people.
pub(super) const fn routing(routing: Routing) -> &'static str {
    match routing {
        Routing::InRegion => "in-region",
        Routing::Global => "global",
    }
}

/// Whose figure a stated balance is.
pub(super) const fn stated_by(source: StatementSource) -> &'static str {
    match source {
        StatementSource::Aws => "AWS",
        StatementSource::Derived => "derived from AWS's balance after closed bills",
        StatementSource::Recorded => "entered by hand",
    }
}

/// "$1,200.00 over the plan (12.5 %)".
pub(super) fn over_or_under(amount: Money, percent: Option<Decimal>) -> String {
    if amount.is_zero() {
        return "exactly as planned".to_owned();
    }
    let side = if amount.is_negative() { "under" } else { "over" };
    let share = percent.map_or(String::new(), |percent| format!(" ({:.1} %)", percent.abs()));
    format!("{} {side} the plan{share}", amount.abs().dollars())
}

/// Whether AWS refuses to show what was asked for.
pub(super) fn denied(position: &Position) -> bool {
    position.findings.iter().any(|finding| finding.rule == Rule::IngestDenied)
}

/// That the figures do not know yet what was entered last.
pub(super) fn awaited(position: &Position) -> Option<String> {
    let awaited = position.outlook_state == OutlookState::BeingComputed;
    awaited.then(|| "The outlook is being computed again with what was entered, within a minute.".to_owned())
}

/// The one sentence that a founder needs.
pub(super) fn headline(position: &Position) -> String {
    let Some(through) = position.data_through else {
        return if denied(position) {
            "AWS refuses access, so there is nothing to show yet".to_owned()
        } else {
            "Waiting for the first data from AWS".to_owned()
        };
    };
    if let Some(closes) = position.account_closes() {
        return closes;
    }
    if let Some(unlisted) = position.credits.without_pool() {
        return unlisted.headline();
    }
    if let Some(off) = position.switched_off() {
        return format!("Credit is switched off: {} is left, and pays nothing", off.left.dollars());
    }
    if let Some((day_of, expiry)) = position.certain_expiry() {
        return format!("Credits last until {}, when {}", day(day_of), expiry.expires());
    }
    match (position.exhaustion.total.p50, position.ended_in_part()) {
        (Some(since), Some(part)) => {
            let left = part.left.dollars();
            format!("Credits stopped covering all of {} on {}; {left} is left for other use", part.names(), day(since))
        }
        _ => credits_last(position.exhaustion.total, through),
    }
}

/// "Credits last until about 14 Jan 2027 (between 2 Jan and 30 Jan 2027)".
fn credits_last(dates: DateQuantiles, through: NaiveDate) -> String {
    match (dates.p10, dates.p50, dates.p90) {
        (_, Some(p50), _) if p50 <= through => format!("Credits stopped covering the bill on {}", day(p50)),
        (Some(p10), Some(p50), Some(p90)) if p10 == p90 => format!("Credits last until {}", day(p50)),
        (Some(p10), Some(p50), Some(p90)) => {
            format!("Credits last until about {} (between {})", day(p50), between(p10, p90))
        }
        (Some(p10), Some(p50), None) => {
            format!("Credits last until about {} ({} at the earliest, perhaps over a year)", day(p50), day(p10))
        }
        (Some(p10), None, _) => format!("Credits probably last over a year, but could end on {}", day(p10)),
        _ => "Credits are not expected to run out within a year".to_owned(),
    }
}

/// "2 Jan and 30 Jan 2027": the year twice only where there are two.
fn between(early: NaiveDate, late: NaiveDate) -> String {
    if early.year() == late.year() {
        format!("{} and {}", early.format("%-d %b"), day(late))
    } else {
        format!("{} and {}", day(early), day(late))
    }
}

/// `On 29 November 2026 a cycle was set aside …`.
pub(super) fn set_aside(aside: &SetAside) -> String {
    let [noticed, furthest] = [aside.noticed_at, aside.furthest].map(|at| day(at.date_naive()));
    let (cycles, brought) = match aside.cycles {
        1 => (
            format!("a cycle was set aside whose clock, {furthest}, lay ahead of AWS's"),
            "What it brought and told counts",
        ),
        many => (
            format!("{many} cycles were set aside whose clocks, the latest {furthest}, lay ahead of AWS's"),
            "What they brought and told counts",
        ),
    };
    format!("On {noticed} {cycles}. {brought} no more, and the time of the figures went back this once.")
}

/// Which costs of the past are still to be fetched, and what that makes of the figures; `None` where none are.
pub(super) fn missing_history(position: &Position) -> Option<String> {
    let missing = position.data_quality.missing_history.as_ref()?;
    let range = days(DayRange::new(missing.missing_from, missing.missing_to));
    let why = if missing.problem.is_empty() {
        String::new()
    } else {
        let problem = missing.problem.trim_end_matches('.');
        format!(" Why they are not there yet: {problem}. {}", missing.advice)
    };
    let silent = position.data_through.filter(|through| missing.is_within_look_back(*through));
    let silent = silent.map_or("", |_| " Alerts on spend wait for the newest 28 days.");
    Some(format!(
        "Costs of {range} are still being fetched from AWS; until they are there, totals to date, what credit has paid and the \
         months before are too low.{silent}{why}"
    ))
}

/// How far odds of amounts are told, where that is not the whole outlook.
pub(super) fn reach(position: &Position) -> Option<String> {
    let last = position.outlook_reaches?;
    Some(format!(
        "It is too early to tell how much spend could vary beyond {}: its level changed too recently. Dates are given all the same.",
        day(last)
    ))
}

/// What AWS shows so far of the days after the complete ones, beside the credit that it leaves; `None` while it shows nothing.
pub(super) fn at_least(position: &Position) -> Option<String> {
    let (shown, through) = position.at_least.zip(position.data_through)?;
    if position.credits.pools.is_empty() || !shown.gross.is_positive() {
        return None;
    }
    let left = match position.ran_out_at_least() {
        Some(_) => "which is more than the credit that was left".to_owned(),
        None => format!("which leaves at most {} of credit", usd_text(shown.credit_left_at_most)),
    };
    Some(format!(
        "AWS already shows at least {} of usage after {}, up to {}, {left}.",
        usd_text(shown.gross),
        day(through),
        day(shown.through),
    ))
}

/// The odds behind the headline, spelled out; empty where there is nothing to say.
pub(super) fn odds(position: &Position) -> Option<String> {
    let dates = position.exhaustion.total;
    let (p10, p50) = (dates.p10?, dates.p50?);
    if position.credits.pools.is_empty() || p50 <= position.data_through? {
        return None;
    }
    if let Some((_, expiry)) = position.certain_expiry() {
        return Some(format!("It is the day {}, not a forecast.", expiry.expires()));
    }
    if let Some(same) = dates.same_day() {
        return Some(format!("80 % chance that they end on {}.", day(same)));
    }
    let (early, middle) = (day(p10), day(p50));
    let last = dates.p90.and_then(|p90| Some((p90, position.expiry_on(p90)?.expires())));
    Some(match (last, dates.p90) {
        (Some((end, expires)), _) if end == p50 => format!(
            "There is a one in ten chance that credits end by {early}; the median is {middle}, when \
             {expires}."
        ),
        (Some((end, expires)), _) => format!(
            "There is a one in ten chance that credits end by {early}, an even chance by {middle}, and more than a one in \
             ten chance that they last until {}, when {expires}.",
            day(end)
        ),
        (None, Some(late)) => format!(
            "There is a one in ten chance that credits end by {early}, an even chance by {middle}, and a one in ten chance \
             that they last beyond {}.",
            day(late)
        ),
        (None, None) => format!(
            "There is a one in ten chance that credits end by {early}, an even chance by {middle}, and more than a one in \
             ten chance that they last over a year."
        ),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn date(text: &str) -> Option<NaiveDate> {
        Some(text.parse().unwrap())
    }

    #[test]
    fn says_when_credits_end() {
        let through = "2026-11-21".parse().unwrap();
        let say = |p10, p50, p90| credits_last(DateQuantiles { p10, p50, p90 }, through);
        assert_eq!(
            say(date("2027-01-02"), date("2027-01-14"), date("2027-01-30")),
            "Credits last until about 14 Jan 2027 (between 2 Jan and 30 Jan 2027)"
        );
        assert_eq!(
            say(date("2026-12-22"), date("2026-12-30"), date("2027-01-08")),
            "Credits last until about 30 Dec 2026 (between 22 Dec 2026 and 8 Jan 2027)"
        );
        assert_eq!(
            say(date("2027-01-02"), date("2027-10-14"), None),
            "Credits last until about 14 Oct 2027 (2 Jan 2027 at the earliest, perhaps over a year)"
        );
        assert_eq!(
            say(date("2027-01-02"), None, None),
            "Credits probably last over a year, but could end on 2 Jan 2027"
        );
        assert_eq!(say(None, None, None), "Credits are not expected to run out within a year");
        let gone = date("2026-11-21");
        assert_eq!(say(gone, gone, gone), "Credits stopped covering the bill on 21 Nov 2026");
    }

    #[test]
    fn quantities_read_well() {
        let show = |text: &str| quantity(text.parse().unwrap());
        assert_eq!(show("1234567"), "1,234,567");
        assert_eq!(show("9216.5"), "9,216.5");
    }
}
