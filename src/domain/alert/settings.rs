//! [`AlertRules`]: the thresholds, as config gives them.

use chrono::TimeDelta;
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

use crate::domain::credit::Programme;
use crate::domain::finding::Severity;
use crate::domain::money::Money;

/// When the rules speak. Every key has a default; amounts and shares are written as strings.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct AlertRules {
    /// The award meant next; the lead time comes from what it takes.
    pub next_award: Programme,
    /// Days on top of what the award takes: somebody has to notice, decide and write the application.
    pub slack_days: u32,
    /// Dollars a day, over the last 7 complete days, from which uncovered spend of a service is told.
    pub uncovered_per_day: Money,
    /// Hours without a whole pull after which data is stale.
    pub stale_after_hours: u32,
    /// Share of the month's gross that nothing classifies, from which it is told ...
    #[serde(with = "rust_decimal::serde::str")]
    pub unclassified_share: Decimal,
    /// ... if it is also at least this many dollars.
    pub unclassified_usd: Money,
    /// Gap between replayed and reported credit from which it is told, in dollars ...
    pub drift_usd: Money,
    /// ... if it is also at least this many percent of the credit that AWS reports.
    #[serde(with = "rust_decimal::serde::str")]
    pub drift_percent: Decimal,
    /// Credit expected to expire unused from which it is told.
    pub expiring_usd: Money,
    /// Days before expiry from which that is a warning; before, it is worth knowing.
    pub expiring_warning_days: u32,
    /// How often an open alert is repeated.
    pub repeat: RepeatPolicy,
}

impl Default for AlertRules {
    fn default() -> Self {
        AlertRules {
            next_award: Programme::GenAiTier,
            slack_days: 14,
            uncovered_per_day: Money::from_micros(5_000_000),
            stale_after_hours: 36,
            unclassified_share: Decimal::new(5, 2),
            unclassified_usd: Money::from_micros(10_000_000),
            drift_usd: Money::from_micros(25_000_000),
            drift_percent: Decimal::from(5),
            expiring_usd: Money::from_micros(100_000_000),
            expiring_warning_days: 90,
            repeat: RepeatPolicy::default(),
        }
    }
}

impl AlertRules {
    /// Days that the next award takes from application to credit, at the slow end of what is reported.
    pub const fn award_days(&self) -> i64 {
        match self.next_award {
            // Self-serve and reported only as "days"; a week is our reading.
            Programme::Founders => 7,
            Programme::BedrockPoc | Programme::ActivatePortfolio => 18,
            Programme::GenAiTier => 28,
            // Up to 90 days of selection, after a wait of up to 90 for its roughly quarterly window.
            Programme::Accelerator => 180,
        }
    }

    /// Days before exhaustion on which the founder must know.
    ///
    /// ```
    /// use glidepath::domain::alert::AlertRules;
    /// // The GenAI tier takes up to 28 days, and slack is 14.
    /// assert_eq!(AlertRules::default().lead_days(), 42);
    /// ```
    pub fn lead_days(&self) -> i64 {
        self.award_days() + i64::from(self.slack_days)
    }

    /// The award's name in a sentence.
    pub const fn award_name(&self) -> &'static str {
        match self.next_award {
            Programme::Founders => "Activate Founders",
            Programme::ActivatePortfolio => "Activate Portfolio",
            Programme::BedrockPoc => "Bedrock POC",
            Programme::GenAiTier => "GenAI tier",
            Programme::Accelerator => "Generative AI Accelerator",
        }
    }

    /// Age after which data is stale.
    pub fn stale_after(&self) -> TimeDelta {
        TimeDelta::hours(i64::from(self.stale_after_hours))
    }

    /// What is wrong with the values, a sentence each; config reports all of them at once.
    pub fn problems(&self) -> Vec<String> {
        let mut problems = Vec::new();
        let amounts = [
            ("uncovered_per_day", self.uncovered_per_day),
            ("unclassified_usd", self.unclassified_usd),
            ("drift_usd", self.drift_usd),
            ("expiring_usd", self.expiring_usd),
        ];
        for (key, amount) in amounts {
            if amount.is_negative() {
                problems.push(format!("{key} is {amount}; it must not be negative"));
            }
        }
        if self.unclassified_share < Decimal::ZERO || self.unclassified_share > Decimal::ONE {
            problems.push(format!("unclassified_share is {}; it must lie between 0 and 1", self.unclassified_share));
        }
        if self.drift_percent < Decimal::ZERO {
            problems.push(format!("drift_percent is {}; it must not be negative", self.drift_percent));
        }
        let hours = [
            ("stale_after_hours", self.stale_after_hours),
            ("repeat.critical_hours", self.repeat.critical_hours),
            ("repeat.warning_hours", self.repeat.warning_hours),
        ];
        for (key, value) in hours {
            if value == 0 {
                problems.push(format!("{key} is 0; it must be at least 1"));
            }
        }
        problems
    }
}

/// How often an open alert is repeated. What is merely worth knowing is told once.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct RepeatPolicy {
    /// Hours between messages while critical.
    pub critical_hours: u32,
    /// Hours between messages while a warning.
    pub warning_hours: u32,
}

impl Default for RepeatPolicy {
    fn default() -> Self {
        RepeatPolicy { critical_hours: 24, warning_hours: 72 }
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
        let lead = |next_award| AlertRules { next_award, ..AlertRules::default() }.lead_days();
        assert_eq!(lead(Programme::BedrockPoc), 32);
        assert_eq!(lead(Programme::ActivatePortfolio), 32);
        assert_eq!(lead(Programme::GenAiTier), 42);
        assert_eq!(lead(Programme::Accelerator), 194);
        assert_eq!(AlertRules { slack_days: 0, ..AlertRules::default() }.lead_days(), 28);
    }

    #[test]
    fn an_empty_table_is_the_default_and_an_unknown_key_fails() {
        assert_eq!(toml::from_str::<AlertRules>("").unwrap(), AlertRules::default());
        let rules: AlertRules = toml::from_str(
            "next_award = \"accelerator\"\nuncovered_per_day = \"2.50\"\nrepeat = { critical_hours = 12 }",
        )
        .unwrap();
        assert_eq!(rules.next_award, Programme::Accelerator);
        assert_eq!(rules.uncovered_per_day.to_string(), "2.5");
        assert_eq!((rules.repeat.critical_hours, rules.repeat.warning_hours), (12, 72));
        assert!(toml::from_str::<AlertRules>("slack_day = 3").is_err());
        assert!(toml::from_str::<AlertRules>("next_award = \"grant\"").is_err());
    }

    #[test]
    fn every_bad_value_is_listed() {
        assert!(AlertRules::default().problems().is_empty());
        let rules: AlertRules = toml::from_str(
            "drift_usd = \"-1\"\nunclassified_share = \"5\"\nstale_after_hours = 0\nrepeat = { warning_hours = 0 }",
        )
        .unwrap();
        assert_eq!(
            rules.problems(),
            [
                "drift_usd is -1; it must not be negative",
                "unclassified_share is 5; it must lie between 0 and 1",
                "stale_after_hours is 0; it must be at least 1",
                "repeat.warning_hours is 0; it must be at least 1",
            ]
        );
    }
}
