//! Credit that AWS applied or states otherwise than our replay.

use rust_decimal::Decimal;

use super::settings::AlertRules;
use crate::alert::key::key;
use crate::credit::reconcile::{BalanceReconciliation, MonthReconciliation, Reconciliation};
use crate::credit::stated_text;
use crate::position::Position;
use crate::position::finding::{Finding, Rule, Severity};
use crate::values::money::Money;
use crate::values::words::{day_text, month_text, usd_text};

/// Closed months that are judged. A gap that is older changes no more; where it still matters, a balance shows it.
const JUDGED_MONTHS: usize = 3;

/// What AWS applied in the newest closed months, and what it states as left, against our replay. Each month and each credit
/// is judged by itself, so that too much here does not hide too little there.
pub(super) fn balance_drift(position: &Position, rules: &AlertRules) -> Option<Finding> {
    // Without a pool there is no arithmetic of ours to differ.
    if position.credits.pools.is_empty() {
        return None;
    }
    let differs = |gap: Money, of: Money| {
        // Of nothing there is no percentage: the amount alone decides.
        let percent = gap.abs().ratio(of).map(|ratio| ratio * Decimal::ONE_HUNDRED);
        gap.abs() >= rules.drift_usd && percent.is_none_or(|percent| percent >= rules.drift_percent)
    };
    let Reconciliation { months, balances, .. } = &position.reconciliation;
    let closed = months.iter().rev().filter(|month| month.closed).take(JUDGED_MONTHS);
    let mut months: Vec<_> = closed.filter(|month| differs(month.gap, month.applied())).collect();
    months.reverse();
    let balances: Vec<_> = balances.iter().filter(|balance| differs(balance.gap, balance.stated)).collect();
    let since = months.iter().filter_map(|month| month.since).chain(balances.iter().filter_map(|it| it.since)).min()?;
    let explained = months.is_empty() && balances.iter().all(|it| it.early_use_unknown && it.gap.is_positive());
    let said: Vec<String> = months_apart(&months).into_iter().chain(balances_apart(&balances)).collect();
    Some(Finding {
        named: None,
        rule: Rule::BalanceDrift,
        severity: if explained { Severity::Info } else { Severity::Warning },
        key: key(Rule::BalanceDrift, "credit"),
        since,
        summary: said.join(" "),
        reason: if explained { EARLY_USE.to_owned() } else { why_apart(&months, &balances, rules) },
    })
}

const EARLY_USE: &str = "How sure: the credit is older than the first stored month, so what it paid before is not known here, and \
                         AWS's figure counts; the outlook starts from it. Worth knowing because what is left by our \
                         arithmetic is too much by it. Next: nothing.";

fn months_apart(months: &[&MonthReconciliation]) -> Option<String> {
    let worst = months.iter().max_by_key(|month| (month.gap.abs(), month.month))?;
    let more = if worst.gap.is_positive() { "more" } else { "less" };
    let worst_text = format!("{} {more} than the {}", usd_text(worst.gap.abs()), usd_text(worst.applied()));
    Some(match months {
        [only] => {
            format!("In {} our arithmetic draws {worst_text} of credit that AWS applied.", month_text(only.month))
        }
        _ => format!(
            "In {} closed months our arithmetic and AWS apply different credit, most in {}: {worst_text} of AWS.",
            months.len(),
            month_text(worst.month)
        ),
    })
}

fn balances_apart(balances: &[&BalanceReconciliation]) -> Option<String> {
    // The first of equals, which is the one to be drawn first.
    let worst = balances.iter().rev().max_by_key(|balance| balance.gap.abs())?;
    let others = match balances.len() {
        1 => String::new(),
        2 => " One more credit differs.".to_owned(),
        count => format!(" {} more credits differ.", count - 1),
    };
    Some(format!(
        "{}; our arithmetic leaves {}.{others}",
        stated_text(worst.source, usd_text(worst.stated), Some(&worst.name), &day_text(worst.at)),
        usd_text(worst.replayed)
    ))
}

fn why_apart(months: &[&MonthReconciliation], balances: &[&BalanceReconciliation], rules: &AlertRules) -> String {
    // More drawn is less left.
    let drawn = || months.iter().map(|month| month.gap).chain(balances.iter().map(|balance| -balance.gap));
    let meaning = match (drawn().any(Money::is_positive), drawn().any(Money::is_negative)) {
        (true, false) => {
            "Credit may not pay for something that we count on, so it may last longer and cash is paid now"
        }
        (false, _) => "Credit pays for something that we do not count, so it may end earlier than our arithmetic shows",
        (true, true) => "Credit pays for other things, or from other credits, than we count",
    };
    format!(
        "How sure: both figures are exact; why they differ is not known. {meaning}. The outlook starts from the balances \
         that AWS states. A warning from {} and {} % of a month or a balance. Next: compare the Credits page of the \
         billing console with `glidepath credits list`, and correct the lists of services.",
        usd_text(rules.drift_usd),
        rules.drift_percent.normalize()
    )
}

#[cfg(test)]
mod tests {
    use super::super::evaluate;
    use super::super::fixture::{balance_gap, day, health, month_gap, position, usd};
    use super::*;
    use crate::position::observations::Observations;

    fn run(position: &Position) -> Vec<Finding> {
        evaluate(position, &health(), &Observations::default(), &AlertRules::default()).findings
    }

    fn drift(months: &[(&str, &str, &str)], balances: &[(&str, &str, bool)]) -> Option<Finding> {
        let mut position = position();
        position.reconciliation = Reconciliation {
            months: months.iter().map(|(month, applied, gap)| month_gap(month, applied, gap)).collect(),
            balances: balances.iter().map(|(stated, gap, early)| balance_gap(stated, gap, *early)).collect(),
            awaited: None,
        };
        run(&position).first().cloned()
    }

    #[test]
    fn drift_needs_both_the_amount_and_the_share() {
        let at = |gap: &str, applied: &str| Some(drift(&[("2026-02", applied, gap)], &[])?.summary);
        assert_eq!(at("24.99", "100"), None, "25 % but too few dollars");
        assert_eq!(at("49.99", "1000"), None, "below 5 %");
        assert_eq!(at("0", "0"), None);
        let mut unlisted = position();
        unlisted.credits.pools.clear();
        unlisted.data_quality.reconciliation_gap = usd("-16000");
        assert!(run(&unlisted).is_empty(), "without a pool there is no arithmetic that could differ");
        assert_eq!(
            at("-50", "1000").as_deref(),
            Some("In February 2026 our arithmetic draws $50.00 less than the $1,000 of credit that AWS applied.")
        );
        assert_eq!(
            at("25", "0").as_deref(),
            Some("In February 2026 our arithmetic draws $25.00 more than the $0.00 of credit that AWS applied.")
        );
        let mut position = position();
        position.reconciliation.months =
            vec![MonthReconciliation { closed: false, ..month_gap("2026-02", "0", "900") }];
        assert_eq!(run(&position), [], "an open month can still close its gap");
    }

    #[test]
    fn months_that_would_cancel_are_both_told_with_the_oldest_day() {
        let old = drift(
            &[("2025-11", "1000", "-900"), ("2025-12", "9", "0"), ("2026-01", "9", "0"), ("2026-02", "9", "0")],
            &[],
        );
        assert_eq!(old, None, "a month that nobody settles any more");
        let found = drift(&[("2025-12", "1000", "-500"), ("2026-01", "1000", "0"), ("2026-02", "1000", "500")], &[]);
        let found = found.unwrap();
        assert_eq!((found.severity, found.since), (Severity::Warning, day("2025-12-01")));
        assert_eq!(
            found.summary,
            "In 2 closed months our arithmetic and AWS apply different credit, most in February 2026: $500 more than the \
             $1,000 of AWS."
        );
        assert!(found.reason.contains("Credit pays for other things, or from other credits, than we count."));
    }

    #[test]
    fn a_balance_that_aws_states_otherwise_is_told() {
        let found = drift(&[], &[("8000", "900", false)]).unwrap();
        assert_eq!((found.severity, found.since), (Severity::Warning, day("2026-03-10")));
        assert_eq!(
            found.summary,
            "AWS states $8,000 of Activate Portfolio at 12 March 2026; our arithmetic leaves $8,900."
        );
        assert!(found.reason.contains("it may end earlier than our arithmetic shows."), "{}", found.reason);
        assert!(drift(&[], &[("8000", "-900", false)]).unwrap().reason.contains("it may last longer"));
        assert_eq!(drift(&[], &[("8000", "399", false)]), None, "below 5 % of what AWS states");
        assert!(drift(&[], &[("0", "25", false)]).is_some(), "of an empty credit the amount decides");
        let two = drift(&[], &[("8000", "900", false), ("8000", "-900", false)]).unwrap();
        assert!(two.summary.ends_with("our arithmetic leaves $8,900. One more credit differs."), "{}", two.summary);
        // What was used before the first stored month explains why replay leaves more, and never why it leaves less.
        assert_eq!(drift(&[], &[("8000", "900", true)]).unwrap().severity, Severity::Info);
        assert_eq!(drift(&[], &[("8000", "-900", true)]).unwrap().severity, Severity::Warning);
    }
}
