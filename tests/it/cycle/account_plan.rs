//! The plan of the account: asked for once a day, free of charge, and of no weight where AWS does not say.

use glidepath::demo::{FakeAws, FakePlan, Fault, Operation};
use glidepath::domain::facts::account_plan::{AccountPlanKind, AccountPlanStatus};
use glidepath::domain::facts::outcome::Outcome;
use glidepath::domain::position::finding::{Finding, Rule, Severity};

use super::support::*;

fn asked(fake: &FakeAws) -> usize {
    let requests = fake.requests();
    let asked = requests.iter().filter(|request| request.operation == Operation::GetAccountPlanState);
    asked.inspect(|request| assert!(!request.paid)).count()
}

fn told(findings: &[Finding]) -> Option<&Finding> {
    findings.iter().find(|finding| finding.rule == Rule::FreePlanEnds)
}

#[tokio::test]
async fn an_account_on_the_free_plan_is_told_when_it_closes() {
    let plan = FakePlan::free("112.35", "2026-04-11T00:00:00Z");
    let world = World::new(small_account().on_plan(plan)).await;
    world.cycle("2026-03-20").await;
    let position = world.position().await;
    let stated = position.account_plan.clone().unwrap();
    assert_eq!((stated.plan, stated.status), (AccountPlanKind::Free, AccountPlanStatus::Active));
    assert_eq!((stated.credit_left, stated.ends_on), (Some(money("112.35")), Some(day("2026-04-11"))));
    assert_eq!(stated.seen_on, day("2026-03-20"));
    let finding = told(&position.findings).expect("it is told");
    assert_eq!(finding.severity, Severity::Warning, "three weeks ahead");
    assert!(finding.summary.contains("The plan expires on 11 April 2026."), "{}", finding.summary);
    assert!(finding.summary.ends_with("The plan ends first, in 22 days."), "{}", finding.summary);
    assert!(!position.findings.iter().any(|finding| finding.rule == Rule::FirstCash), "no bill will come");
    assert!(!position.findings.iter().any(|finding| finding.rule == Rule::UncoveredSpend), "{:?}", position.findings);
    assert_eq!((position.bills.first_cash_month, position.bills.first_full_month), (None, None));
    assert_eq!(position.data_quality.paid_requests_today, 4, "the question is free");

    assert_eq!(asked(&world.fake), 1);
    world.fake.set_now(at("2026-03-20T12:30:00Z"));
    world.engine.cycle(at("2026-03-20T12:30:00Z")).await.unwrap().unwrap();
    assert_eq!(asked(&world.fake), 1, "once a day");
    world.fake.inject(Fault::InternalError.on(Operation::GetAccountPlanState).always());
    world.cycle("2026-03-21").await;
    assert_eq!(asked(&world.fake), 2);
    let position = world.position().await;
    assert_eq!(position.account_plan.as_ref(), Some(&stated), "the last answer counts");
    assert!(told(&position.findings).is_some());
}

/// Whatever AWS answers instead of a free plan, all else is as without the question.
#[tokio::test]
async fn without_a_free_plan_nothing_changes() {
    let faults = [
        None,
        Some(Fault::Denied),
        Some(Fault::Throttled),
        Some(Fault::InternalError),
        Some(Fault::CutJson),
        Some(Fault::Html(502)),
    ];
    let mut views = Vec::new();
    for (fault, plan) in faults.into_iter().map(|fault| (fault, None)).chain([(None, Some(FakePlan::paid()))]) {
        let account = small_account();
        let account = plan.into_iter().fold(account, glidepath::demo::FakeAccount::on_plan);
        let world = World::new(account).await;
        if let Some(fault) = fault {
            world.fake.inject(fault.on(Operation::GetAccountPlanState).always());
        }
        let report = world.cycle("2026-03-20").await;
        assert_eq!((report.costs, report.credits), (Outcome::Ok, Outcome::Ok));
        assert_eq!(asked(&world.fake), 1, "one attempt");
        let mut view = world.view().await;
        view.position.account_plan = None;
        views.push(view);
    }
    assert!(views.windows(2).all(|pair| pair[0] == pair[1]));
}

#[tokio::test]
async fn what_is_not_answered_is_said_by_the_check_alone() {
    let world = World::new(small_account()).await;
    let tried = || async {
        let checked = world.engine.check_online(morning("2026-03-20"), false).await.unwrap();
        assert_eq!(checked.problem(), None, "it is optional: {checked:?}");
        checked.permissions.into_iter().find(|tried| tried.operation == "GetAccountPlanState").unwrap()
    };
    let none = tried().await;
    assert!(none.allowed && none.optional && none.answer == "AWS states no plan for this account", "{none:?}");
    world.fake.inject(Fault::Denied.on(Operation::GetAccountPlanState).always());
    let denied = tried().await;
    assert!(!denied.allowed && denied.optional, "{denied:?}");
    assert!(denied.advice.unwrap().contains("freetier:GetAccountPlanState"));
}
