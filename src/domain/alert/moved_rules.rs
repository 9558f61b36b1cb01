//! Credit that goes elsewhere: no longer listed, or drawn by accounts that are not yours.

use super::settings::AlertRules;
use crate::alert::key::key;
use crate::position::finding::{Finding, Rule, Severity};
use crate::position::observations::{DrainedCredit, GoneCredit};
use crate::values::words::{day_text, month_text, names_text, usd_text};

/// Credits that AWS listed and lists no more, while they held money.
pub(super) fn gone(credits: &[GoneCredit]) -> impl Iterator<Item = Finding> {
    credits.iter().filter(|credit| credit.held.is_positive()).map(|credit| Finding {
        named: None,
        rule: Rule::CreditGone,
        severity: Severity::Critical,
        key: key(Rule::CreditGone, &credit.pool),
        since: credit.last_seen,
        summary: format!(
            "AWS no longer lists the credit {}: on {} it still held {}.",
            credit.name,
            day_text(credit.last_seen),
            usd_text(credit.held)
        ),
        reason: "How sure: it was missing from every list since. A credit can be transferred, split or revoked, so nothing \
                 of it counts as left here. Next: look at the Credits page of the billing console; if it is still there, \
                 record its balance with `glidepath credits record`, and it counts again."
            .to_owned(),
    })
}

/// Credits that pay the bills of accounts that are not watched.
pub(super) fn drained(credits: &[DrainedCredit], rules: &AlertRules) -> impl Iterator<Item = Finding> {
    credits.iter().filter(|credit| credit.amount.is_positive() && credit.amount >= rules.drift_usd).map(|credit| {
        let accounts: Vec<&str> = credit.accounts.iter().map(String::as_str).collect();
        Finding {
            named: None,
            rule: Rule::DrainedCredit,
            severity: Severity::Warning,
            key: key(Rule::DrainedCredit, &credit.pool),
            since: credit.since.first_day(),
            summary: format!(
                "The credit {} paid {} for accounts that are not yours since {}: {}.",
                credit.name,
                usd_text(credit.amount),
                month_text(credit.since),
                names_text(&accounts)
            ),
            reason: format!(
                "How sure: it is in AWS's allocation history. A warning because it passes {}, and what they draw you \
                 cannot use. Next: switch off sharing of this credit in the billing console, or name the accounts in [aws] \
                 if they are yours.",
                usd_text(rules.drift_usd)
            ),
        }
    })
}
