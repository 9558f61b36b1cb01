//! [`AlertRules`]: the thresholds, as config gives them.

use chrono::{NaiveDate, TimeDelta};
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::credit::programme::{Programme, Route};
use crate::filing::next_award::{AwardAhead, Meant, Wanted};
use crate::position::finding::Severity;
use crate::values::bounds;
use crate::values::money::Money;

/// When the rules speak. Every key has a default; amounts and shares are written as strings.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
pub struct AlertRules {
    /// The award meant next; the lead time comes from what it takes. None: the fastest that fits the spend and can still grant.
    pub next_award: Option<Programme>,
    /// The route by which it will be applied for.
    pub next_award_route: Route,
    /// First day of the next window in which one can apply for it, where it has windows and the day is known.
    pub next_window: Option<NaiveDate>,
    /// Days on top of what the award takes: somebody has to notice, decide and write the application.
    pub slack_days: u32,
    /// Days by which a forecast date has to move out of the lead time again before what was told is let go.
    pub wobble_days: u32,
    /// Hours for which a condition has to be gone before the all-clear.
    pub clear_after_hours: u32,
    /// Cash of a month's bill from which it is the first that counts ...
    pub first_cash_usd: Money,
    /// ... if it is also at least this share of the month's gross.
    #[serde(with = "rust_decimal::serde::str")]
    #[schema(value_type = Decimal)]
    pub first_cash_share: Decimal,
    /// Times the bearable burn from which a fast burn is told: over 7 days and over the last 2 of them.
    #[serde(with = "rust_decimal::serde::str")]
    #[schema(value_type = Decimal)]
    pub burn_fast: Decimal,
    /// Times the bearable burn from which a slow burn is told: over 28 days and over the last 7 of them.
    #[serde(with = "rust_decimal::serde::str")]
    #[schema(value_type = Decimal)]
    pub burn_slow: Decimal,
    /// Times the average of the 28 days before from which the last 3 days of a model or service are a spike ...
    #[serde(with = "rust_decimal::serde::str")]
    #[schema(value_type = Decimal)]
    pub spike_ratio: Decimal,
    /// ... if they also cost at least this much more a day.
    pub spike_per_day: Money,
    /// Dollars a day, over the last 7 complete days, from which uncovered spend of a service is told.
    pub uncovered_per_day: Money,
    /// Hours without a whole pull after which data is stale.
    pub stale_after_hours: u32,
    /// Share of the month's gross that nothing classifies, from which it is told ...
    #[serde(with = "rust_decimal::serde::str")]
    #[schema(value_type = Decimal)]
    pub unclassified_share: Decimal,
    /// ... if it is also at least this many dollars.
    pub unclassified_usd: Money,
    /// Gap between replayed and reported credit from which it is told, in dollars ...
    pub drift_usd: Money,
    /// ... if it is also at least this many percent of the credit that AWS reports.
    #[serde(with = "rust_decimal::serde::str")]
    #[schema(value_type = Decimal)]
    pub drift_percent: Decimal,
    /// Percent of a record's projection, over the last full months, below which spend is told ...
    #[serde(with = "rust_decimal::serde::str")]
    #[schema(value_type = Decimal)]
    pub under_projection_percent: Decimal,
    /// ... and above which it is.
    #[serde(with = "rust_decimal::serde::str")]
    #[schema(value_type = Decimal)]
    pub over_projection_percent: Decimal,
    /// Credit expected to expire unused from which it is told.
    pub expiring_usd: Money,
    /// Days before expiry from which that is a warning; before, it is worth knowing.
    pub expiring_warning_days: u32,
    /// Percentages of the usable credits, all together, that are told when they are used: rising, none by default.
    pub used_percent: Vec<u8>,
    /// Dollars that models and accelerators cost in 28 days, from which it is told that no award for them was granted.
    pub unclaimed_usd_month: Money,
    /// Dollars that asking AWS may cost in a month before it is told.
    pub asking_usd_month: Money,
    /// Messages in seven days from which on what can wait does wait: first words on what is only worth knowing, reminders of
    /// warnings, and their all-clears.
    pub messages_a_week: u32,
    /// How often an open alert is repeated.
    pub repeat: RepeatPolicy,
}

impl Default for AlertRules {
    fn default() -> Self {
        AlertRules {
            next_award: None,
            next_award_route: Route::Partner,
            next_window: None,
            slack_days: 14,
            wobble_days: 7,
            clear_after_hours: 72,
            first_cash_usd: Money::from_micros(100_000_000),
            first_cash_share: Decimal::new(10, 2),
            burn_fast: Decimal::from(3),
            burn_slow: Decimal::new(15, 1),
            spike_ratio: Decimal::from(2),
            spike_per_day: Money::from_micros(100_000_000),
            uncovered_per_day: Money::from_micros(5_000_000),
            stale_after_hours: 36,
            unclassified_share: Decimal::new(5, 2),
            unclassified_usd: Money::from_micros(10_000_000),
            drift_usd: Money::from_micros(25_000_000),
            drift_percent: Decimal::from(5),
            under_projection_percent: Decimal::from(75),
            over_projection_percent: Decimal::from(125),
            expiring_usd: Money::from_micros(100_000_000),
            expiring_warning_days: 90,
            used_percent: Vec::new(),
            unclaimed_usd_month: Money::from_micros(500_000_000),
            asking_usd_month: Money::from_micros(3_000_000),
            messages_a_week: 2,
            repeat: RepeatPolicy::default(),
        }
    }
}

impl AlertRules {
    /// What config says of the award meant next.
    pub const fn wanted(&self) -> Wanted {
        Wanted { programme: self.next_award, route: self.next_award_route, opens: self.next_window }
    }

    /// What the award that is meant takes, for an application that could be made on `today`.
    pub fn award(&self, meant: Meant, today: NaiveDate) -> AwardAhead {
        self.wanted().ahead(meant, today)
    }

    /// Days before exhaustion on which the founder must know.
    ///
    /// ```
    /// use glidepath_domain::alert::AlertRules;
    /// use glidepath_domain::filing::next_award::Meant;
    /// // An AI record takes up to 28 days, and slack is 14.
    /// assert_eq!(AlertRules::default().lead_days(Meant::default(), "2026-03-14".parse().unwrap()), 42);
    /// ```
    pub fn lead_days(&self, meant: Meant, today: NaiveDate) -> i64 {
        self.award(meant, today).longest() + i64::from(self.slack_days)
    }

    /// Age after which data is stale.
    pub fn stale_after(&self) -> TimeDelta {
        TimeDelta::hours(i64::from(self.stale_after_hours))
    }

    /// Time for which a condition has to be gone before the all-clear.
    pub fn clear_after(&self) -> TimeDelta {
        TimeDelta::hours(i64::from(self.clear_after_hours))
    }

    /// What is wrong with the values, a sentence each; config reports all of them at once.
    pub fn problems(&self) -> Vec<String> {
        let amounts = [
            ("uncovered_per_day", self.uncovered_per_day),
            ("unclassified_usd", self.unclassified_usd),
            ("drift_usd", self.drift_usd),
            ("expiring_usd", self.expiring_usd),
            ("first_cash_usd", self.first_cash_usd),
            ("spike_per_day", self.spike_per_day),
            ("unclaimed_usd_month", self.unclaimed_usd_month),
            ("asking_usd_month", self.asking_usd_month),
        ];
        let numbers = [
            ("unclassified_share", bounds::SHARE, self.unclassified_share),
            ("first_cash_share", bounds::SHARE, self.first_cash_share),
            ("burn_fast", bounds::MULTIPLE, self.burn_fast),
            ("burn_slow", bounds::MULTIPLE, self.burn_slow),
            ("spike_ratio", bounds::MULTIPLE, self.spike_ratio),
            ("drift_percent", bounds::ANY_PERCENT, self.drift_percent),
            ("under_projection_percent", bounds::PERCENT, self.under_projection_percent),
            ("over_projection_percent", bounds::PERCENT_ABOVE, self.over_projection_percent),
        ];
        let counts = [
            ("slack_days", bounds::DAYS, self.slack_days),
            ("wobble_days", bounds::DAYS, self.wobble_days),
            ("expiring_warning_days", bounds::DAYS, self.expiring_warning_days),
            ("clear_after_hours", bounds::HOURS, self.clear_after_hours),
            ("stale_after_hours", bounds::WAIT_HOURS, self.stale_after_hours),
            ("messages_a_week", bounds::MESSAGES, self.messages_a_week),
            ("repeat.critical_hours", bounds::WAIT_HOURS, self.repeat.critical_hours),
            ("repeat.warning_hours", bounds::WAIT_HOURS, self.repeat.warning_hours),
        ];
        let amounts = amounts.into_iter().filter_map(|(key, amount)| bounds::USD.refuse_usd(key, amount));
        let numbers = numbers.into_iter().filter_map(|(key, bound, number)| bound.refuse(key, number));
        let counts = counts.into_iter().filter_map(|(key, bound, count)| bound.refuse(key, count));
        let mut problems: Vec<String> = amounts.chain(numbers).chain(counts).collect();
        let rising = self.used_percent.windows(2).all(|pair| pair[0] < pair[1]);
        if !rising || self.used_percent.iter().any(|percent| !(1..=100).contains(percent)) {
            problems.push(format!(
                "used_percent is {:?}; write whole numbers from 1 to 100, each above the one before",
                self.used_percent
            ));
        }
        problems
    }
}

/// How often an open alert is repeated. What is merely worth knowing is told once.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
pub struct RepeatPolicy {
    /// Hours between messages while critical.
    pub critical_hours: u32,
    /// Hours between messages while a warning.
    pub warning_hours: u32,
}

impl Default for RepeatPolicy {
    fn default() -> Self {
        // The weekly digest lists what is open besides.
        RepeatPolicy { critical_hours: 168, warning_hours: 336 }
    }
}

impl RepeatPolicy {
    /// Hours between messages at a severity; `None` where it is never repeated.
    pub const fn hours(self, severity: Severity) -> Option<u32> {
        match severity {
            Severity::Critical => Some(self.critical_hours),
            Severity::Warning => Some(self.warning_hours),
            Severity::Info => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lead_time_follows_the_award() {
        let today = "2026-03-14".parse().unwrap();
        let lead = |programme| AlertRules::default().lead_days(Meant { programme, passed_over: None }, today);
        assert_eq!(lead(Programme::Founders), 21);
        assert_eq!(lead(Programme::BedrockPoc), 32);
        assert_eq!(lead(Programme::ActivatePortfolio), 32);
        assert_eq!(lead(Programme::AiRecord), 42);
        assert_eq!(lead(Programme::Accelerator), 194);
        let slack = |slack_days| AlertRules { slack_days, ..AlertRules::default() };
        assert_eq!(slack(0).lead_days(Meant::default(), today), 28);
        let next_window = Some("2026-04-01".parse().unwrap());
        let accelerator = Meant { programme: Programme::Accelerator, passed_over: None };
        assert_eq!(AlertRules { next_window, ..AlertRules::default() }.lead_days(accelerator, today), 122);
    }

    #[test]
    fn an_empty_table_is_the_default_and_an_unknown_key_fails() {
        assert_eq!(toml::from_str::<AlertRules>("").unwrap(), AlertRules::default());
        let rules: AlertRules = toml::from_str(
            "next_award = \"accelerator\"\nuncovered_per_day = \"2.50\"\nrepeat = { critical_hours = 12 }",
        )
        .unwrap();
        assert_eq!(rules.next_award, Some(Programme::Accelerator));
        assert_eq!(rules.uncovered_per_day.to_string(), "2.5");
        assert_eq!((rules.repeat.critical_hours, rules.repeat.warning_hours), (12, 336));
        assert!(toml::from_str::<AlertRules>("slack_day = 3").is_err());
        assert!(toml::from_str::<AlertRules>("next_award = \"grant\"").is_err());
    }

    #[test]
    fn every_bad_value_is_listed() {
        assert!(AlertRules::default().problems().is_empty());
        let rules: AlertRules = toml::from_str(
            "drift_usd = \"-1\"\n\
             under_projection_percent = \"101\"\nover_projection_percent = \"99\"\n\
             unclassified_share = \"5\"\nburn_fast = \"1\"\nstale_after_hours = 0\nrepeat = { warning_hours = 0 }",
        )
        .unwrap();
        assert_eq!(
            rules.problems(),
            [
                "drift_usd is -1; it must lie between 0 and 1000000000",
                "unclassified_share is 5; it must lie between 0 and 1",
                "burn_fast is 1; it must be more than 1 and at most 1000000",
                "under_projection_percent is 101; it must lie between 0 and 100",
                "over_projection_percent is 99; it must lie between 100 and 1000000",
                "stale_after_hours is 0; it must lie between 1 and 87840",
                "repeat.warning_hours is 0; it must lie between 1 and 87840",
            ]
        );
    }
}
