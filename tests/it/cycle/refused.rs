//! What a cycle refuses: before it costs anything, or before it spoils the store. Each is told, and cleared by the next
//! good cycle.

use glidepath::demo::{FakeAccount, FakeAws, Fault, Operation};
use glidepath::domain::facts::Facts;
use glidepath::domain::facts::charge::Charge;
use glidepath::domain::facts::credits::SeenCredit;
use glidepath::domain::facts::outcome::Outcome;
use glidepath::domain::position::finding::Severity;
use glidepath::domain::values::period::DayRange;
use glidepath::store::{CreditPull, IngestRun, PulledCosts};

use super::alerts::Receiver;
use super::support::*;

const REFUSED: &str = "ingest_refused:costs";

fn refusal(outcome: &Outcome) -> (&str, &str) {
    let Outcome::Refused { message, advice, .. } = outcome else { panic!("{outcome:?}") };
    (message, advice)
}

/// What is believed about the account, apart from when and how it was asked.
fn believed(facts: &Facts) -> Facts {
    let none = Facts::none(facts.as_of, &facts.currency);
    let credits = facts.credits.iter().cloned().map(|seen| SeenCredit { missing_from: 0, ..seen });
    Facts {
        as_of: morning("2026-03-20"),
        costs_outcome: Outcome::Ok,
        credits_outcome: Outcome::Ok,
        credits: credits.collect(),
        moved_in_last_cycle: none.moved_in_last_cycle,
        paid_requests_today: 0,
        paid_requests_month: 0,
        ..facts.clone()
    }
}

#[tokio::test]
async fn another_accounts_credentials_are_refused_before_a_paid_request_and_told() {
    let receiver = Receiver::start().await;
    let world = World::with(small_account(), receiver.config()).await;
    world.cycle("2026-03-20").await;
    let before = believed(&world.facts("2026-03-20").await);
    assert_eq!(receiver.heard_about(REFUSED), [""; 0]);

    let other = FakeAws::start(FakeAccount::new("999999999999"), morning("2026-03-21")).await.unwrap();
    let stranger = engine(&other, world.engine.store().clone(), receiver.config());
    let report = stranger.cycle(morning("2026-03-21")).await.unwrap().unwrap();
    let (message, advice) = refusal(&report.costs);
    assert!(message.contains("holds data of account 123456789012") && message.contains("999999999999"), "{message}");
    assert!(advice.contains("AWS_PROFILE"), "{advice}");
    let asked: Vec<Operation> = other.requests().iter().map(|request| request.operation).collect();
    assert_eq!(asked, [Operation::GetCallerIdentity]);
    assert_eq!(believed(&world.facts("2026-03-21").await), before);
    let told = receiver.heard_about(REFUSED);
    assert!(told.len() == 1 && told[0].starts_with("fire: Glidepath rejected the new costs"), "{told:?}");
    assert!(told[0].contains("999999999999") && told[0].contains("AWS_PROFILE"), "{told:?}");
    assert_eq!(finding(&world.position().await, REFUSED).severity, Severity::Critical);

    let report = world.cycle("2026-03-22").await;
    assert_eq!(report.costs, Outcome::Ok, "the right credentials go on");
    assert_eq!(world.position().await.data_through, Some(day("2026-03-20")));
    let told = receiver.heard_about(REFUSED);
    assert!(told.len() == 1 && told[0].starts_with("resolve: This is over"), "{told:?}");
}

#[tokio::test]
async fn credentials_that_config_does_not_name_are_refused_even_for_an_empty_store() {
    let configured = |aws: &str| config_of(&format!("[store]\npath = \"unused.duckdb\"\n[aws]\n{aws}\n"));
    for aws in ["accounts = [\"111122223333\"]", "accounts = [\"111122223333\"]\npayer_account = \"444455556666\""] {
        let world = World::with(small_account(), configured(aws)).await;
        let report = world.cycle("2026-03-20").await;
        let (message, advice) = refusal(&report.costs);
        assert!(message.contains(ACCOUNT) && message.contains("111122223333"), "{message}");
        assert!(advice.contains(&format!("payer_account in [aws] to \"{ACCOUNT}\"")), "{advice}");
        let asked: Vec<Operation> = world.fake.requests().iter().map(|request| request.operation).collect();
        assert_eq!(asked, [Operation::GetCallerIdentity]);
        assert!(world.facts("2026-03-20").await.charges.is_empty());
        assert_eq!(world.engine.store().account().await.unwrap(), None, "the store belongs to nobody yet");
        finding(&world.position().await, REFUSED);
    }
    let own = format!("accounts = [\"111122223333\", \"{ACCOUNT}\"]");
    let payer = format!("accounts = [\"111122223333\"]\npayer_account = \"{ACCOUNT}\"");
    for aws in [own, payer] {
        let world = World::with(small_account(), configured(&aws)).await;
        assert_eq!(world.cycle("2026-03-20").await.costs, Outcome::Ok, "{aws}");
    }
}

#[tokio::test]
async fn costs_that_do_not_add_up_are_not_stored_but_told_with_the_day_and_the_amount() {
    let receiver = Receiver::start().await;
    let world = World::with(small_account(), receiver.config()).await;
    world.cycle("2026-03-20").await;
    let before = believed(&world.facts("2026-03-20").await);
    receiver.heard_about(REFUSED);

    // The client refuses a row that comes twice; should it ever fail to, the store does.
    let row = |cost: &str| Charge {
        day: day("2026-03-18"),
        service: "Amazon Simple Storage Service".to_owned(),
        record_type: "Usage".to_owned(),
        billed_cost: money(cost),
        estimated: false,
    };
    let costs = PulledCosts {
        window: DayRange::new(day("2026-03-18"), day("2026-03-19")),
        charges: vec![row("1.25"), row("1.25")],
        usage: Vec::new(),
        pages: 2,
        request_ids: Vec::new(),
    };
    let run = IngestRun {
        clock: morning("2026-03-21"),
        aws_clock: Some(morning("2026-03-21")),
        account: Some(ACCOUNT.to_owned()),
        costs: Some(costs),
        costs_outcome: Outcome::Ok,
        credits: CreditPull::default(),
        credits_outcome: Outcome::Ok,
    };
    let report = world.engine.conclude(run).await.unwrap();
    let (message, advice) = refusal(&report.costs);
    assert!(message.contains("conservation check failed: charges pulled for 2026-03-18..2026-03-19"), "{message}");
    assert!(message.contains("2026-03-18 is off by -1.25"), "{message}");
    assert!(advice.contains("please report"), "{advice}");
    assert_eq!(report.credits, Outcome::Ok, "the credits are not discarded with the costs");
    assert_eq!(believed(&world.facts("2026-03-21").await), before);
    let told = receiver.heard_about(REFUSED);
    assert!(told.len() == 1 && told[0].starts_with("fire: "), "{told:?}");
    assert!(told[0].contains("2026-03-18 is off by -1.25") && told[0].contains("Next: This is a defect"), "{told:?}");
    assert_eq!(world.position().await.data_through, Some(day("2026-03-18")), "as pulled the day before");

    assert_eq!(world.cycle("2026-03-22").await.costs, Outcome::Ok);
    let told = receiver.heard_about(REFUSED);
    assert!(told.len() == 1 && told[0].starts_with("resolve: "), "{told:?}");
    assert!(!keys(&world.position().await.findings).contains(&REFUSED));
}

#[tokio::test]
async fn while_nobody_says_whose_credentials_they_are_nothing_is_asked() {
    let world = World::new(small_account()).await;
    world.cycle("2026-03-20").await;
    let asked = world.asked().len();
    for (fault, denied) in [(Fault::ExpiredToken, true), (Fault::InternalError, false)] {
        world.fake.inject(fault.clone().on(Operation::GetCallerIdentity).always());
        let report = world.cycle("2026-03-21").await;
        assert_eq!(matches!(report.costs, Outcome::Denied { .. }), denied, "{:?}", report.costs);
        assert_eq!(report.credits, Outcome::NotTried);
        assert_eq!(world.asked().len(), asked, "{fault:?}");
        world.fake.clear_faults();
    }
    assert_eq!(world.cycle("2026-03-21").await.costs, Outcome::Ok);
    assert_eq!(world.position().await.data_through, Some(day("2026-03-19")));
}

#[tokio::test]
async fn a_clock_that_goes_back_is_refused_before_a_paid_request() {
    let world = World::new(small_account()).await;
    world.cycle("2026-03-21").await;
    let (before, asked) = (world.view().await, world.asked().len());
    let error = format!("{:#}", world.engine.cycle(morning("2026-03-20")).await.unwrap_err());
    assert!(error.contains("2026-03-20 06:30:00 UTC lies before that of the newest stored cycle"), "{error}");
    assert_eq!(world.asked().len(), asked);
    assert_eq!(world.view().await, before);
    // The same clock again is no step back.
    assert_eq!(world.cycle("2026-03-21").await.costs, Outcome::Ok);
}

#[tokio::test]
async fn of_two_cycles_at_once_the_second_is_skipped() {
    let world = World::new(small_account()).await;
    let now = morning("2026-03-20");
    let (first, second) = tokio::join!(world.engine.cycle(now), world.engine.cycle(now));
    assert_eq!(first.unwrap().unwrap().costs, Outcome::Ok);
    assert!(second.unwrap().is_none());
    assert_eq!(world.asked().len(), 4, "asked once: the newest days and all before them");
    assert!(world.engine.cycle(now).await.unwrap().is_some(), "and the next one runs");
}
