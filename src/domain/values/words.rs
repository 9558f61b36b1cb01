//! Days, names and dollars as sentences say them: read on a phone, by somebody who is in a hurry.

use chrono::{DateTime, Datelike as _, NaiveDate, Utc};
use rust_decimal::Decimal;

use crate::values::money::{Money, Quantity, group_thousands};
use crate::values::period::{BillingPeriod, DayRange, plus_days};

/// `1 day`, `12 days`.
pub fn days_text(count: i64) -> String {
    if count == 1 { "1 day".to_owned() } else { format!("{count} days") }
}

/// `today`, `in 1 day`, `in 12 days`; a day that is past is today's matter too.
pub fn ahead_text(count: i64) -> String {
    if count <= 0 { "today".to_owned() } else { format!("in {}", days_text(count)) }
}

/// `today`, `1 day ago`, `12 days ago`.
pub fn ago_text(count: i64) -> String {
    if count <= 0 { "today".to_owned() } else { format!("{} ago", days_text(count)) }
}

/// `12 January 2027`.
pub fn day_text(day: NaiveDate) -> String {
    day.format("%-d %B %Y").to_string()
}

/// `12 January 2027, 06:30 UTC`.
pub fn moment_text(at: DateTime<Utc>) -> String {
    format!("{}, {} UTC", day_text(at.date_naive()), at.format("%H:%M"))
}

/// `January 2027`.
pub fn month_text(month: BillingPeriod) -> String {
    month.first_day().format("%B %Y").to_string()
}

/// `in August 2026`, `from August to October 2026`, `from November 2026 to January 2027`; both months inclusive.
pub fn months_text(first: BillingPeriod, last: BillingPeriod) -> String {
    let name = |month: BillingPeriod, format| month.first_day().format(format).to_string();
    if first == last {
        format!("in {}", month_text(last))
    } else if first.first_day().year() == last.first_day().year() {
        format!("from {} to {}", name(first, "%B"), month_text(last))
    } else {
        format!("from {} to {}", month_text(first), month_text(last))
    }
}

/// `6 November 2026`, `6 to 14 November 2026`, `30 October to 2 November 2026`, `30 December 2026 to 2 January 2027`: the
/// days of a range, first and last.
pub fn span_text(days: DayRange) -> String {
    let (first, last) = (days.start, plus_days(days.end, -1));
    let format = match (first.year() == last.year(), first.month() == last.month()) {
        _ if first >= last => return day_text(first),
        (true, true) => "%-d",
        (true, false) => "%-d %B",
        (false, _) => "%-d %B %Y",
    };
    format!("{} to {}", first.format(format), day_text(last))
}

/// `$4.99`, and `$12,346` where cents are noise.
pub fn usd_text(amount: Money) -> String {
    // From a hundred dollars on cents are noise.
    if amount.abs().amount() < Decimal::ONE_HUNDRED {
        return amount.dollars();
    }
    whole_usd_text(amount)
}

/// An amount as `text` writes it. Sums stop at [`Money::MOST`], and what stands there says so.
pub fn or_more(amount: Money, text: impl Fn(Money) -> String) -> String {
    let more = if amount >= Money::MOST { " or more" } else { "" };
    text(amount) + more
}

/// `$5`, `$12,346`: in a column of forecasts, where all are whole dollars.
pub fn whole_usd_text(amount: Money) -> String {
    let text = Money::from_decimal(amount.amount().round_dp(0)).dollars();
    text.strip_suffix(".00").map_or(text.clone(), str::to_owned)
}

/// `3.4 times`.
pub fn times_text(multiple: Decimal) -> String {
    format!("{} times", multiple.round_dp(1).normalize())
}

/// `12 %`, of a share.
pub fn percent_text(share: Decimal) -> String {
    format!("{} %", (share * Decimal::ONE_HUNDRED).round_dp(0).normalize())
}

/// Text of somebody's own, with the end of a sentence.
///
/// ```
/// use glidepath_core::values::words::ended_text;
/// assert_eq!((ended_text(" it works "), ended_text("Does it?")), ("it works.".to_owned(), "Does it?".to_owned()));
/// ```
pub fn ended_text(text: &str) -> String {
    let text = text.trim();
    let end = if text.ends_with(['.', '!', '?', '…']) { "" } else { "." };
    format!("{text}{end}")
}

/// Words as a sentence: a large letter first, and its end.
///
/// ```
/// use glidepath_core::values::words::sentence_text;
/// assert_eq!(sentence_text("ask for less"), "Ask for less.");
/// ```
pub fn sentence_text(words: &str) -> String {
    let ended = ended_text(words);
    let mut letters = ended.chars();
    let first = letters.next().map(|first| first.to_uppercase().to_string()).unwrap_or_default();
    format!("{first}{}", letters.as_str())
}

/// The first few names, and how many more there are.
pub fn names_text(names: &[&str]) -> String {
    const SHOWN: usize = 5;
    let shown = names.iter().take(SHOWN).copied().collect::<Vec<_>>().join(", ");
    match names.len().checked_sub(SHOWN) {
        None | Some(0) => shown,
        Some(more) => format!("{shown} and {more} more"),
    }
}

/// All names: `A`, `A and B`, `A, B and C`.
pub fn all_names_text(names: &[&str]) -> String {
    match names {
        [others @ .., last] if !others.is_empty() => format!("{} and {last}", others.join(", ")),
        names => names.concat(),
    }
}

/// `2.88 billion`, `46,080`: three figures, in the unit that people say.
///
/// ```
/// use glidepath_core::values::words::volume_text;
/// assert_eq!(volume_text(2_880_400_000_u64.into()), "2.88 billion");
/// assert_eq!(volume_text(46_080.into()), "46,080");
/// ```
pub fn volume_text(volume: Decimal) -> String {
    let units = [(1_000_000_000_000_i64, " trillion"), (1_000_000_000, " billion"), (1_000_000, " million")];
    let unit = units.into_iter().find(|(size, _)| volume >= Decimal::from(*size));
    let (value, name) = unit.map_or((volume, ""), |(size, name)| (volume / Decimal::from(size), name));
    let rounded = if name.is_empty() { value.round() } else { value.round_sf(3).unwrap_or(value) };
    let text = Quantity::from_decimal(rounded.normalize()).to_string();
    format!("{}{name}", group_thousands(&text))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_read_aloud() {
        assert_eq!((days_text(1), days_text(12)), ("1 day".to_owned(), "12 days".to_owned()));
        assert_eq!([-1, 0, 1, 12].map(ahead_text), ["today", "today", "in 1 day", "in 12 days"]);
        assert_eq!([0, 1, 12].map(ago_text), ["today", "1 day ago", "12 days ago"]);
        assert_eq!(day_text("2027-01-02".parse().unwrap()), "2 January 2027");
        assert_eq!(month_text("2026-05".parse().unwrap()), "May 2026");
        let months = |first: &str, last: &str| months_text(first.parse().unwrap(), last.parse().unwrap());
        assert_eq!(months("2026-05", "2026-05"), "in May 2026");
        assert_eq!(months("2026-05", "2026-07"), "from May to July 2026");
        assert_eq!(months("2026-11", "2027-01"), "from November 2026 to January 2027");
        let span = |first: &str, end: &str| span_text(DayRange::new(first.parse().unwrap(), end.parse().unwrap()));
        assert_eq!(span("2026-11-06", "2026-11-07"), "6 November 2026");
        assert_eq!(span("2026-11-06", "2026-11-15"), "6 to 14 November 2026");
        assert_eq!(span("2026-10-30", "2026-11-03"), "30 October to 2 November 2026");
        assert_eq!(span("2026-12-30", "2027-01-03"), "30 December 2026 to 2 January 2027");
        let amounts = ["4.999", "99.99", "100", "12345.678", "-350.4", "0"].map(|text| usd_text(text.parse().unwrap()));
        assert_eq!(amounts, ["$5.00", "$99.99", "$100", "$12,346", "-$350", "$0.00"]);
        assert_eq!(["4.999", "-0.2"].map(|text| whole_usd_text(text.parse().unwrap())), ["$5", "$0"]);
        assert_eq!(or_more(Money::ONE, usd_text), "$1.00");
        assert_eq!(or_more(Money::MOST, usd_text), "$10,000,000,000 or more");
        assert_eq!(times_text("3.44".parse().unwrap()), "3.4 times");
        assert_eq!(percent_text("0.125".parse().unwrap()), "12 %");
        assert_eq!(names_text(&["a", "b"]), "a, b");
        assert_eq!(names_text(&["a", "b", "c", "d", "e", "f", "g"]), "a, b, c, d, e and 2 more");
    }
}
