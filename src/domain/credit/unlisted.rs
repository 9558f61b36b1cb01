//! [`UnlistedCredit`]: credit while no pool is known. Cost Explorer's Credit rows say whether credit pays; how much is left
//! only GetCredits or a person knows. That AWS refuses, cannot be asked, or lists none are three different things, and
//! none of them is a balance of zero. Everything that speaks of credit without a pool says it in these words.

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::coverage::seen_lately;
use crate::credit::rows::credit_rows;
use crate::facts::Facts;
use crate::facts::outcome::Outcome;
use crate::values::money::Money;
use crate::values::words::usd_text;

/// Beside every figure of days ahead while credit pays whose end nobody knows.
pub const AS_IF_NONE_LEFT: &str = "The months ahead are shown as if no credit were left";

/// How AWS answered when it was last asked which credits there are.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum CreditsAnswer {
    /// Refused, for want of a permission or of credentials.
    Refused,
    /// No answer: the call failed, a check of ours refused it, or it was not made.
    #[default]
    NotAnswered,
    /// Answered with an empty list. A member account gets one even where its organisation has credits.
    NoneListed,
}

impl From<&Outcome> for CreditsAnswer {
    fn from(outcome: &Outcome) -> Self {
        match outcome {
            Outcome::Ok => CreditsAnswer::NoneListed,
            Outcome::Denied { .. } => CreditsAnswer::Refused,
            Outcome::Failed { .. } | Outcome::Refused { .. } | Outcome::NotTried => CreditsAnswer::NotAnswered,
        }
    }
}

/// What is known of credit while no pool is.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct UnlistedCredit {
    /// How AWS answered.
    pub answer: CreditsAnswer,
    /// Credit that its rows show as applied, through `data_through`; positive.
    pub applied_to_date: Money,
    /// The same over the last 14 complete days.
    pub applied_14d: Money,
}

impl UnlistedCredit {
    /// From the facts of an account without pools.
    pub fn of(facts: &Facts) -> Self {
        let mut credit = UnlistedCredit { answer: (&facts.credits_outcome).into(), ..UnlistedCredit::default() };
        let Some(through) = facts.data_through() else { return credit };
        let lately = seen_lately(through);
        let complete = |(_, day, _): &(&str, NaiveDate, Money)| *day <= through;
        for (_, day, amount) in credit_rows(facts).filter(complete) {
            credit.applied_to_date += amount;
            if lately.contains(day) {
                credit.applied_14d += amount;
            }
        }
        credit
    }

    /// True if credit still pays: then the bills ahead are not known, and cash is not coming by them.
    pub fn pays(&self) -> bool {
        self.applied_14d.is_positive()
    }

    /// The one sentence on it, without its full stop.
    pub fn headline(&self) -> String {
        let so_far = usd_text(self.applied_to_date);
        match (self.answer, self.pays()) {
            (CreditsAnswer::Refused, true) => {
                format!("AWS applies credit ({so_far} so far), but refuses to show how much is left")
            }
            (CreditsAnswer::NotAnswered, true) => {
                format!("AWS applies credit ({so_far} so far), but could not be asked how much is left")
            }
            (CreditsAnswer::NoneListed, true) => {
                format!("AWS applies credit ({so_far} so far) but lists none to this account, so its end is unknown")
            }
            (CreditsAnswer::Refused, false) => "Credit balances are unknown: AWS refuses to show them".to_owned(),
            (CreditsAnswer::NotAnswered, false) => {
                "Credit balances are unknown: AWS could not be asked for them".to_owned()
            }
            (CreditsAnswer::NoneListed, false) => "No credits are known, so every dollar of spend is cash".to_owned(),
        }
    }

    /// Why no balance can be shown, beside a figure.
    pub const fn why_unknown(&self) -> &'static str {
        match self.answer {
            CreditsAnswer::Refused => "AWS refuses to show it",
            CreditsAnswer::NotAnswered => "AWS could not be asked",
            CreditsAnswer::NoneListed => "AWS lists no credit to this account",
        }
    }

    /// What to do, to stand after "Next: ".
    pub fn next_step(&self) -> &'static str {
        match self.answer {
            CreditsAnswer::Refused => {
                "allow billing:GetCredits and billing:GetCreditAllocationHistory, and, once and as root, switch on \"IAM user \
                 and role access to Billing information\"; until then, name the credit with [[pool]] in the config, and its \
                 balance with `glidepath credits record`."
            }
            CreditsAnswer::NotAnswered => {
                "nothing, since the next cycle asks again; where it keeps failing, `glidepath check --online` says why."
            }
            CreditsAnswer::NoneListed if self.pays() => {
                "look for it in the organisation's management account, which perhaps holds it, and name it with [[pool]] in \
                 the config, and its balance with `glidepath credits record`."
            }
            CreditsAnswer::NoneListed => {
                "nothing, unless the Credits page of the billing console shows one: then name it with [[pool]] in the config."
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::facts::rows::{ChargeKind, ChargeRow};

    fn problem(make: fn(String, String) -> Outcome) -> Outcome {
        make("what".into(), "advice".into())
    }

    /// Credit of 5 dollars on each of `days`, in an account whose last complete day is 18 November 2026.
    fn credited(days: &[&str], credits_outcome: Outcome) -> UnlistedCredit {
        let as_of = "2026-11-20T06:30:00Z".parse().unwrap();
        let kind = |record_type: &str| ChargeKind { service: "Amazon Bedrock".into(), record_type: record_type.into() };
        let row = |day: &&str| ChargeRow { day: day.parse().unwrap(), kind: 1, cost: "-5".parse().unwrap() };
        UnlistedCredit::of(&Facts {
            costs_pulled_at: Some(as_of),
            charge_kinds: vec![kind("Usage"), kind("Credit")],
            charges: days.iter().map(row).collect(),
            credits_outcome,
            ..Facts::none(as_of, "USD")
        })
    }

    #[test]
    fn credit_pays_while_a_row_of_the_last_fourteen_complete_days_shows_it() {
        let of = |days: &[&str]| {
            let credit = credited(days, Outcome::Ok);
            (credit.applied_to_date.to_string(), credit.applied_14d.to_string(), credit.pays())
        };
        assert_eq!(of(&["2026-11-05", "2026-11-18"]), ("10".into(), "10".into(), true));
        assert_eq!(of(&["2026-11-04"]), ("5".into(), "0".into(), false), "two weeks ago");
        assert_eq!(of(&["2026-11-19"]), ("0".into(), "0".into(), false), "a day that is not complete");
        assert_eq!(of(&[]), ("0".into(), "0".into(), false));
    }

    #[test]
    fn refused_unasked_and_empty_are_three_things_and_none_is_zero() {
        let denied = problem(|message, advice| Outcome::Denied { message, advice });
        let failed = problem(|message, advice| Outcome::Failed { message, advice, retryable: true });
        let said = |days: &[&str], outcome: &Outcome| credited(days, outcome.clone()).headline();
        let paid: &[&str] = &["2026-11-18"];
        assert_eq!(said(paid, &denied), "AWS applies credit ($5.00 so far), but refuses to show how much is left");
        assert_eq!(said(paid, &failed), "AWS applies credit ($5.00 so far), but could not be asked how much is left");
        assert_eq!(
            said(paid, &Outcome::Ok),
            "AWS applies credit ($5.00 so far) but lists none to this account, so its end is unknown"
        );
        assert_eq!(said(&[], &denied), "Credit balances are unknown: AWS refuses to show them");
        assert_eq!(said(&[], &failed), "Credit balances are unknown: AWS could not be asked for them");
        assert_eq!(said(&[], &Outcome::NotTried), said(&[], &failed));
        assert_eq!(said(&[], &Outcome::Ok), "No credits are known, so every dollar of spend is cash");
    }

    #[test]
    fn the_advice_fits_what_was_answered() {
        let denied = problem(|message, advice| Outcome::Denied { message, advice });
        let next = |outcome: &Outcome| credited(&["2026-11-18"], outcome.clone()).next_step();
        assert!(next(&denied).contains("billing:GetCredits") && next(&denied).contains("as root"));
        assert!(!next(&Outcome::Ok).contains("GetCredits"), "it was allowed");
        assert!(next(&Outcome::Ok).contains("management account"));
        assert!(next(&Outcome::NotTried).contains("check --online"));
    }
}
