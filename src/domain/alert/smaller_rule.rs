//! An award that is smaller than what was asked for, and what that means in days.

use super::input::IngestHealth;
use crate::alert::input::data_day;
use crate::position::Position;
use crate::position::finding::{Finding, Rule, Severity};
use crate::values::money::Money;
use crate::values::words::{days_text, usd_text};

/// One finding per record whose award is smaller, or one for the filing where only the whole of it is known.
pub(super) fn smaller(position: &Position, health: &IngestHealth) -> Vec<Finding> {
    let Some(filing) = &position.filing else { return Vec::new() };
    let of_records =
        filing.applications.iter().filter_map(|it| Some((it.record.as_str(), it.asked_usd?, it.granted_usd?)));
    let mut known: Vec<(&str, Money, Money)> = of_records.collect();
    if known.is_empty() {
        known.extend(filing.asked_usd.zip(filing.granted_usd).map(|(asked, granted)| (WHOLE, asked, granted)));
    }
    let burn = position.spend.burn_per_day.last_28_days.filter(|burn| burn.is_positive());
    let finding = |(subject, asked, granted): (&str, Money, Money)| {
        let less = asked - granted;
        let days = burn.and_then(|burn| less.ratio(burn)).and_then(|days| i64::try_from(days.round()).ok());
        let means = days.map_or_else(String::new, |days| {
            format!(
                " What it means: at the pace of the last 28 days credit ends {} earlier than asked for.",
                days_text(days)
            )
        });
        let of = if subject == WHOLE { "the filing".to_owned() } else { format!("record {subject}") };
        Finding {
            named: None,
            rule: Rule::AwardSmaller,
            severity: Severity::Info,
            key: format!("{}:{subject}", Rule::AwardSmaller.as_str()),
            since: data_day(health),
            summary: format!(
                "For {of} {} was granted where {} was asked for: {} less.",
                usd_text(granted),
                usd_text(asked),
                usd_text(less)
            ),
            reason: format!(
                "How sure: both stand in the filing.{means} Next: plan the bill without it, and show the actual spend when you ask again: \
                 only the difference is granted then."
            ),
        }
    };
    known.into_iter().filter(|(_, asked, granted)| granted < asked).map(finding).collect()
}

/// Stands for the whole filing.
const WHOLE: &str = "filing";

#[cfg(test)]
mod tests {
    use super::super::fixture::{health, position, usd};
    use super::*;
    use crate::filing::filing_ref::FilingRef;

    #[test]
    fn what_is_missing_is_told_in_dollars_and_days() {
        let mut position = position();
        let found = |position: &Position| smaller(position, &health());
        assert_eq!(found(&position), []);
        let filing = FilingRef {
            version: 1,
            content_hash: "ab".to_owned(),
            filed_on: position.as_of.date_naive(),
            recorded_at: position.as_of,
            customer: None,
            asked_for: None,
            records: vec!["ai".to_owned()],
            unpriced: Vec::new(),
            customer_url: None,
            asked_usd: Some(usd("3000")),
            granted_usd: Some(usd("2000")),
            deal_size_usd: None,
            post_credit_growth_per_month: None,
            applications: Vec::new(),
        };
        position.spend.burn_per_day.last_28_days = Some(usd("100"));
        position.filing = Some(filing.clone());
        let said = found(&position);
        assert_eq!(said[0].summary, "For the filing $2,000 was granted where $3,000 was asked for: $1,000 less.");
        assert!(said[0].reason.contains("credit ends 10 days earlier than asked for"), "{}", said[0].reason);
        position.filing = Some(FilingRef { granted_usd: Some(usd("3000")), ..filing });
        assert_eq!(found(&position), []);
    }
}
