//! An account on AWS's free plan: the end of its credit, or of the plan, closes it.

use chrono::NaiveDate;

use super::input::IngestHealth;
use super::settings::AlertRules;
use crate::alert::input::data_day;
use crate::alert::key::key;
use crate::facts::account_plan::{AccountPlan, AccountPlanStatus};
use crate::position::Position;
use crate::position::finding::{Finding, NamedDay, Rule, Severity};
use crate::position::observations::Observations;
use crate::values::period::plus_days;
use crate::values::words::{day_text, days_text, usd_text};

/// Days ahead of the end from which it is critical: an upgrade takes minutes, and somebody has to be there to make it.
const CRITICAL_DAYS: i64 = 14;

/// Key of the finding.
pub(super) const KEY: &str = "free_plan_ends:account";
/// What to do about it.
pub(super) const UPGRADE: &str = "Next: upgrade the account to the paid plan before that day (Billing and Cost Management, or \
                                  `aws freetier upgrade-account-plan --account-plan-type PAID`), and put a payment card on it.";

/// Says when the account closes, by which of the two, and what to do. Worth knowing for as long as the account is on the
/// free plan, and told in time.
pub(super) fn ends(
    position: &Position,
    health: &IngestHealth,
    observations: &Observations,
    rules: &AlertRules,
) -> Option<Finding> {
    let plan = position.free_plan()?;
    let (today, credit) = (health.today(), position.free_credit_ends());
    let first = position.account_closes_on();
    let over = plan.status == AccountPlanStatus::Expired || first.is_some_and(|day| day <= today);
    let early = [credit.p10, plan.ends_on].into_iter().flatten().min();
    let near = early.is_some_and(|day| day <= observations.reach(KEY, Severity::Warning, position, rules));
    let severity = match first {
        _ if over => Severity::Critical,
        Some(day) if day <= plus_days(today, CRITICAL_DAYS) => Severity::Critical,
        _ if near => Severity::Warning,
        _ => Severity::Info,
    };
    Some(Finding {
        named: first.map(|day| NamedDay { day, has_come: over, in_part: false }),
        rule: Rule::FreePlanEnds,
        severity,
        key: key(Rule::FreePlanEnds, "account"),
        since: data_day(health),
        summary: format!(
            "This account is on AWS's free plan: AWS closes it when its credit or its time ends, and bills nothing. {} {} {}",
            credit_text(position, plan, today),
            plan_text(plan, today),
            order_text(credit.p50, plan.ends_on, today)
        )
        .trim_end()
        .to_owned(),
        reason: format!("How sure: {} {UPGRADE}", sure(position)),
    })
}

fn credit_text(position: &Position, plan: &AccountPlan, today: NaiveDate) -> String {
    let pools = &position.credits.pools;
    let left = if pools.is_empty() { plan.credit_left } else { Some(position.credits.left) };
    let left = left.map_or_else(String::new, |left| format!(", of which {} is left,", usd_text(left)));
    match position.free_credit_ends().p50 {
        Some(day) if day <= today => format!("Its credit{left} is used up since {}.", day_text(day)),
        Some(day) if plan.ends_on.is_some_and(|ends_on| ends_on < day) => {
            format!("Its credit{left} would last until about {}.", day_text(day))
        }
        Some(day) => format!("Its credit{left} will probably be used up on {}.", day_text(day)),
        None => format!("Its credit{left} is not expected to be used up within a year."),
    }
}

fn plan_text(plan: &AccountPlan, today: NaiveDate) -> String {
    match plan.ends_on {
        Some(day) if day <= today || plan.status == AccountPlanStatus::Expired => {
            format!("The plan expired on {}.", day_text(day))
        }
        Some(day) => format!("The plan expires on {}.", day_text(day)),
        None if plan.status == AccountPlanStatus::Expired => "The plan has expired.".to_owned(),
        None => "AWS states no day on which the plan expires.".to_owned(),
    }
}

fn order_text(credit: Option<NaiveDate>, plan: Option<NaiveDate>, today: NaiveDate) -> String {
    let ahead = |day: NaiveDate| match (day - today).num_days() {
        days if days > 0 => format!(", in {}", days_text(days)),
        _ => String::new(),
    };
    match (credit, plan) {
        (Some(credit), Some(plan)) if credit == plan => format!("Both end on the same day{}.", ahead(plan)),
        (Some(credit), plan) if plan.is_none_or(|plan| credit < plan) => {
            format!("The credit ends first{}.", ahead(credit))
        }
        (_, Some(plan)) => format!("The plan ends first{}.", ahead(plan)),
        (_, None) => String::new(),
    }
}

fn sure(position: &Position) -> String {
    if position.credits.pools.is_empty() {
        return "the plan and its credit are as AWS states them, and the credit's day follows from the pace of the last 28 days."
            .to_owned();
    }
    let dates = position.exhaustion.total;
    match (dates.p10, dates.p90) {
        (Some(early), Some(late)) if early < late => format!(
            "the plan's day is AWS's, and the credit's a forecast: 10 % chance by {}, 90 % by {}.",
            day_text(early),
            day_text(late)
        ),
        (Some(early), None) => {
            format!("the plan's day is AWS's, and the credit's a forecast: 10 % chance by {}.", day_text(early))
        }
        _ => "the plan is as AWS states it, and the credit's day follows from the costs.".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::super::fixture::{day, health, position, usd};
    use super::super::rules::evaluate;
    use super::*;
    use crate::credit::coverage::CoverageState;
    use crate::facts::account_plan::AccountPlanKind;
    use crate::position::observations::UncoveredBurn;
    use crate::values::quantiles::DateQuantiles;

    fn on_plan(kind: AccountPlanKind, ends_on: &str, credit: DateQuantiles) -> Position {
        let mut position = position();
        position.account_plan = Some(AccountPlan {
            plan: kind,
            status: AccountPlanStatus::Active,
            credit_left: Some(usd("120")),
            ends_on: Some(day(ends_on)),
            seen_on: day("2026-03-14"),
        });
        position.exhaustion.total = credit;
        position
    }

    fn dates(early: &str, middle: &str, late: &str) -> DateQuantiles {
        DateQuantiles { p10: Some(day(early)), p50: Some(day(middle)), p90: Some(day(late)) }
    }

    fn found(position: &Position) -> Vec<Finding> {
        evaluate(position, &health(), &Observations::default(), &AlertRules::default()).findings
    }

    fn told(position: &Position) -> Finding {
        found(position).into_iter().find(|finding| finding.rule == Rule::FreePlanEnds).unwrap()
    }

    /// By which of the two comes first and how near it is.
    #[test]
    fn both_dates_are_said_and_which_comes_first() {
        let late = dates("2026-11-01", "2026-12-01", "2027-01-01");
        let near = dates("2026-03-25", "2026-03-30", "2026-04-10");
        let soon = dates("2026-03-20", "2026-03-24", "2026-04-10");
        let rows = [
            ("2026-12-20", late, Severity::Info, "The credit ends first, in 262 days."),
            ("2026-10-20", late, Severity::Info, "The plan ends first, in 220 days."),
            ("2026-12-01", late, Severity::Info, "Both end on the same day, in 262 days."),
            ("2026-10-20", near, Severity::Warning, "The credit ends first, in 16 days."),
            ("2026-03-31", late, Severity::Warning, "The plan ends first, in 17 days."),
            ("2026-10-20", soon, Severity::Critical, "The credit ends first, in 10 days."),
            ("2026-03-20", late, Severity::Critical, "The plan ends first, in 6 days."),
            ("2026-03-14", late, Severity::Critical, "The plan ends first."),
        ];
        for (ends_on, credit, severity, first) in rows {
            let finding = told(&on_plan(AccountPlanKind::Free, ends_on, credit));
            assert_eq!(finding.severity, severity, "{ends_on}: {finding:?}");
            assert!(finding.summary.ends_with(first), "{}", finding.summary);
            assert!(finding.summary.contains(&day_text(day(ends_on))), "{}", finding.summary);
            assert!(finding.summary.contains(&day_text(credit.p50.unwrap())), "{}", finding.summary);
            assert!(finding.next_step().starts_with("upgrade the account to the paid plan"), "{}", finding.reason);
        }
    }

    #[test]
    fn an_account_that_closes_pays_no_cash() {
        let gone = DateQuantiles::certain(day("2026-03-10"));
        let burn = UncoveredBurn {
            service: "Amazon RDS".into(),
            since: day("2026-03-01"),
            per_day_7d: usd("20"),
            total_28d: usd("560"),
            state: CoverageState::Uncovered,
            limited: Vec::new(),
        };
        let observations = Observations { uncovered: vec![burn], ..Observations::default() };
        let speaks = |kind| {
            let position = on_plan(kind, "2026-05-01", gone);
            let evaluation = evaluate(&position, &health(), &observations, &AlertRules::default());
            let text: String =
                evaluation.findings.iter().map(|it| format!("{} {} {}\n", it.key, it.summary, it.reason)).collect();
            (text, evaluation.part_of)
        };
        let (paid, _) = speaks(AccountPlanKind::Paid);
        assert!(paid.contains("you pay cash") && paid.contains("uncovered_spend:"), "{paid}");
        assert!(!paid.contains("free plan"), "{paid}");
        let (free, part_of) = speaks(AccountPlanKind::Free);
        assert!(!free.contains("cash") && !free.contains("full bill") && !free.contains("award"), "{free}");
        assert!(free.contains("exhaustion:total") && free.contains("AWS closes"), "{free}");
        assert_eq!(part_of.get("exhaustion:total").map(String::as_str), Some(KEY), "one trouble, one message");
    }

    /// The day that is told, and that nothing offers an award, which such an account is not eligible for.
    #[test]
    fn the_account_closes_on_the_first_of_both_days() {
        use crate::facts::account_plan::AccountPlanStatus::{Active, Expired};
        let late = dates("2026-11-01", "2026-12-01", "2027-01-01");
        let gone = DateQuantiles::certain(day("2026-03-10"));
        for (ends_on, credit, status, closes) in [
            (
                "2026-12-20",
                late,
                Active,
                "AWS closes this account on about 1 December 2026, when the credit of its free plan is used up",
            ),
            ("2026-03-17", late, Active, "AWS closes this account on 17 March 2026, when its free plan expires"),
            (
                "2026-03-11",
                late,
                Expired,
                "The free plan of this account expired on 11 March 2026, so that AWS closes it",
            ),
            (
                "2026-12-20",
                gone,
                Active,
                "The credit of this account's free plan is used up since 10 March 2026, so that AWS closes it",
            ),
        ] {
            let mut position = on_plan(AccountPlanKind::Free, ends_on, credit);
            position.account_plan.as_mut().unwrap().status = status;
            assert_eq!(position.account_closes().as_deref(), Some(closes));
            assert_eq!(AlertRules::default().next_award(&position), None, "{ends_on}");
            let says_after = told(&position).summary.contains("will probably be used up on 1 December 2026");
            assert_eq!(says_after, credit == late && ends_on == "2026-12-20", "{ends_on}");
            let burn = crate::values::quantiles::DayAmount { day: day("2026-03-12"), amount: usd("900") };
            let observations = Observations { burn: vec![burn; 28], ..Observations::default() };
            let evaluation = evaluate(&position, &health(), &observations, &AlertRules::default());
            assert!(evaluation.findings.iter().any(|it| it.rule == Rule::BurnRate), "{ends_on}");
            assert!(evaluation.findings.iter().all(|it| !it.reason.contains("award")), "{:?}", evaluation.findings);
        }
        let paid = on_plan(AccountPlanKind::Paid, "2026-12-20", late);
        assert_eq!((paid.account_closes(), paid.account_closes_on()), (None, None));
        assert!(AlertRules::default().next_award(&paid).is_some());
    }

    #[test]
    fn without_a_pool_the_pace_tells_when_the_plans_own_credit_ends() {
        let mut position = on_plan(AccountPlanKind::Free, "2026-10-20", DateQuantiles::default());
        position.credits.pools.clear();
        for (pace, day) in [("4", Some("2026-04-13")), ("0", None), ("0.01", None), ("500", Some("2026-03-14"))] {
            position.spend.burn_per_day.last_28_days = Some(usd(pace));
            assert_eq!(position.free_credit_ends().p50, day.map(super::super::fixture::day), "{pace} a day");
        }
        position.spend.burn_per_day.last_28_days = Some(usd("4"));
        assert!(
            told(&position).summary.contains("$120 is left") || told(&position).summary.contains("$120.00 is left")
        );
    }
}
