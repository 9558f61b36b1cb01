//! The rule that the program exists for: credit runs out before the next award can be there.

use chrono::NaiveDate;

use super::days_text;
use super::input::{IngestHealth, Observations};
use super::rules::{data_day, key};
use super::settings::AlertRules;
use crate::domain::credit::CoverageState;
use crate::domain::finding::{Finding, Rule, Severity};
use crate::domain::money::Money;
use crate::domain::period::{BillingPeriod, plus_days};
use crate::domain::position::{DateQuantiles, Position};

/// One finding over all pools, at the most severe threshold that is crossed: credit that is gone, then the middle date
/// within the lead time, then the early date within it. A pool that others take over from is no alarm.
pub(super) fn total(
    position: &Position,
    health: &IngestHealth,
    observations: &Observations,
    rules: &AlertRules,
) -> Option<Finding> {
    let dates = position.exhaustion.total;
    let deadline = plus_days(health.today(), rules.lead_days(health.today()));
    let within = |date: Option<NaiveDate>| date.filter(|day| *day <= deadline);

    if let Some(began) = dates.p50.filter(|day| health.data_through.is_some_and(|through| *day <= through)) {
        return Some(already_gone(began, health, observations, rules));
    }
    if let Some(date) = within(dates.p50) {
        let today = health.today();
        let opening = if date <= today {
            format!("Credit has probably run out by now, around {date}")
        } else {
            format!("Credit will probably run out on {date}, in {}", days_text((date - today).num_days()))
        };
        return Some(forecast(Severity::Critical, date, &opening, position, health, rules));
    }
    let date = within(dates.p10)?;
    let ahead = days_text((date - health.today()).num_days().max(0));
    let opening = format!("Credit may run out as early as {date}, in {ahead}");
    Some(forecast(Severity::Warning, date, &opening, position, health, rules))
}

fn already_gone(began: NaiveDate, health: &IngestHealth, observations: &Observations, rules: &AlertRules) -> Finding {
    let through = data_day(health);
    let cash: Money =
        observations.uncovered.iter().filter(|burn| burn.state == CoverageState::Exhausted).map(|b| b.per_day_7d).sum();
    let cash = if cash.is_positive() { format!(", about {} a day", cash.dollars()) } else { String::new() };
    let lasted = days_text((through - began).num_days() + 1);
    Finding {
        rule: Rule::Exhaustion,
        severity: Severity::Critical,
        key: key(Rule::Exhaustion, "total"),
        since: began,
        summary: format!(
            "Credit has run out: since {began} ({lasted}) you pay cash for what credit used to pay{cash}."
        ),
        reason: format!(
            "This is in the costs through {through}, not a forecast, and it is critical because it has happened. \
             Next: apply for the {} award today (it takes up to {}), and switch off or move what can wait.",
            rules.award_name(),
            days_text(rules.award(health.today()).longest()),
        ),
    }
}

fn forecast(
    severity: Severity,
    date: NaiveDate,
    opening: &str,
    position: &Position,
    health: &IngestHealth,
    rules: &AlertRules,
) -> Finding {
    // Training comes in runs, so the two rates can differ widely, and the date follows from both.
    let burn = &position.spend.burn_per_day;
    let burn = burn.last_7_days.zip(burn.last_28_days).map_or_else(String::new, |(week, month)| {
        format!(", and usage costs {} a day over the last 7 days, {} over 28", week.dollars(), month.dollars())
    });
    let left = position.credits.remaining.dollars();
    Finding {
        rule: Rule::Exhaustion,
        severity,
        key: key(Rule::Exhaustion, "total"),
        since: data_day(health),
        summary: format!("{opening}: {left} of credit is left{burn}.{}", bill_after(position, date)),
        reason: format!(
            "{} {} because the {} award takes up to {}, and {} of slack make it {}. {}",
            odds(position.exhaustion.total),
            if severity == Severity::Critical { "Critical" } else { "A warning" },
            rules.award_name(),
            days_text(rules.award(health.today()).longest()),
            days_text(i64::from(rules.slack_days)),
            days_text(rules.lead_days(health.today())),
            next_step(date, health.today(), rules),
        ),
    }
}

/// What the first whole month without credit costs in cash.
fn bill_after(position: &Position, date: NaiveDate) -> String {
    let month = BillingPeriod::of(date).next();
    position.trajectory.iter().find(|bill| bill.month == month).map_or_else(String::new, |bill| {
        let tax = if bill.tax.is_some() { "with tax" } else { "before tax" };
        format!(" The bill of {month} is then about {} in cash, {tax}.", bill.cash.dollars())
    })
}

fn odds(dates: DateQuantiles) -> String {
    let by = |date: Option<NaiveDate>| {
        date.map_or_else(|| "later than the forecast reaches".to_owned(), |day| format!("by {day}"))
    };
    format!(
        "How sure: in one forecast path of ten credit is gone {}, in half of them {}, in nine of ten {}.",
        by(dates.p10),
        by(dates.p50),
        by(dates.p90)
    )
}

fn next_step(date: NaiveDate, today: NaiveDate, rules: &AlertRules) -> String {
    let apply_by = plus_days(date, -rules.award(today).longest());
    if apply_by <= today {
        format!("Next: apply today, and cut spend to bridge the gap; an application in time was due by {apply_by}.")
    } else {
        format!("Next: apply by {apply_by}, so that the credit is there on {date}.")
    }
}

#[cfg(test)]
mod tests {
    use super::super::evaluate;
    use super::super::fixture::{clock, day, health, only, position, usd};
    use super::super::input::UncoveredBurn;
    use super::*;
    use crate::domain::position::MonthlyBill;

    /// The clock is 14 March, the lead time 28 + 14 days: the deadline is 25 April.
    fn run(p10: Option<&str>, p50: Option<&str>, p90: Option<&str>) -> Option<(Severity, String)> {
        let mut position = position();
        position.exhaustion.total = DateQuantiles { p10: p10.map(day), p50: p50.map(day), p90: p90.map(day) };
        let evaluation = evaluate(&position, &health(), &Observations::default(), &AlertRules::default());
        evaluation.findings.first().map(|_| {
            let finding = only(&evaluation);
            assert_eq!(finding.key, "exhaustion:total");
            (finding.severity, finding.summary.clone())
        })
    }

    #[test]
    fn only_the_most_severe_threshold_speaks() {
        let severity = |p10, p50, p90| run(p10, p50, p90).map(|(severity, _)| severity);
        assert_eq!(severity(None, None, None), None);
        assert_eq!(severity(Some("2026-04-26"), Some("2026-05-10"), None), None, "a day beyond the lead time");
        assert_eq!(severity(Some("2026-04-25"), None, None), Some(Severity::Warning));
        assert_eq!(severity(Some("2026-04-25"), Some("2026-04-26"), None), Some(Severity::Warning));
        assert_eq!(severity(Some("2026-04-01"), Some("2026-04-25"), None), Some(Severity::Critical));
        assert_eq!(severity(Some("2026-03-01"), Some("2026-03-01"), Some("2026-03-01")), Some(Severity::Critical));
    }

    #[test]
    fn says_when_and_how_much() {
        let (_, summary) = run(Some("2026-04-01"), Some("2026-04-13"), Some("2026-04-20")).unwrap();
        assert_eq!(
            summary,
            "Credit will probably run out on 2026-04-13, in 30 days: $9,000.00 of credit is left, and usage costs \
             $100.00 a day over the last 7 days, $90.00 over 28."
        );
        let (_, summary) = run(Some("2026-04-01"), None, None).unwrap();
        assert!(summary.starts_with("Credit may run out as early as 2026-04-01, in 18 days:"), "{summary}");
        let (_, summary) = run(Some("2026-03-13"), Some("2026-03-14"), None).unwrap();
        assert!(summary.starts_with("Credit has probably run out by now, around 2026-03-14:"), "{summary}");
    }

    #[test]
    fn says_how_sure_and_by_when_to_apply() {
        let mut position = position();
        position.exhaustion.total =
            DateQuantiles { p10: Some(day("2026-04-01")), p50: Some(day("2026-04-13")), p90: None };
        position.trajectory = vec![MonthlyBill {
            month: "2026-05".parse().unwrap(),
            gross: usd("3100"),
            covered: usd("0"),
            cash: usd("3689"),
            tax: Some(usd("589")),
            cash_p10: usd("3000"),
            cash_p90: usd("4000"),
            lines: Vec::new(),
        }];
        let evaluation = evaluate(&position, &health(), &Observations::default(), &AlertRules::default());
        let finding = only(&evaluation);
        assert!(
            finding.summary.ends_with("The bill of 2026-05 is then about $3,689.00 in cash, with tax."),
            "{}",
            finding.summary
        );
        // 13 April less 28 days is 16 March, two days from now.
        assert_eq!(
            finding.reason,
            "How sure: in one forecast path of ten credit is gone by 2026-04-01, in half of them by 2026-04-13, in \
             nine of ten later than the forecast reaches. Critical because the GenAI tier award takes up to 28 days, \
             and 14 days of slack make it 42 days. Next: apply by 2026-03-16, so that the credit is there on \
             2026-04-13."
        );
        assert_eq!(
            next_step(day("2026-04-11"), clock().date_naive(), &AlertRules::default()).split(';').next(),
            Some("Next: apply today, and cut spend to bridge the gap")
        );
    }

    #[test]
    fn credit_that_is_gone_is_said_in_dollars_a_day() {
        let mut position = position();
        position.exhaustion.total = DateQuantiles::certain(day("2026-03-01"));
        let burn = |service: &str, per_day, state| UncoveredBurn {
            service: service.into(),
            since: day("2026-03-01"),
            per_day_7d: usd(per_day),
            total_28d: usd("24"),
            state,
        };
        let observations = Observations {
            uncovered: vec![
                burn("Amazon Bedrock", "3", CoverageState::Exhausted),
                burn("AWS Marketplace", "1", CoverageState::Uncovered),
            ],
            ..Observations::default()
        };
        let evaluation = evaluate(&position, &health(), &observations, &AlertRules::default());
        assert_eq!(
            only(&evaluation).summary,
            "Credit has run out: since 2026-03-01 (12 days) you pay cash for what credit used to pay, about $3.00 a day."
        );
        assert_eq!(only(&evaluation).since, day("2026-03-01"));
    }
}
