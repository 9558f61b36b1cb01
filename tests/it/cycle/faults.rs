//! Everything that can go wrong on the wire: told, nothing half stored, and put right by the next cycle.

use glidepath::demo::{Fault, Injection, Operation};
use glidepath::domain::facts::Facts;
use glidepath::domain::facts::outcome::Outcome;

use super::support::*;

/// What a fault must look like in the record.
struct Case {
    name: &'static str,
    fault: Injection,
    denied: bool,
    message: &'static str,
    advice: &'static str,
}

/// Every fault strikes the second page, so that a whole page of good rows has been read when it comes.
fn cases() -> Vec<Case> {
    let case = |name, fault: Fault, denied, message, advice| Case {
        name,
        fault: fault.on(Operation::GetCostAndUsage).page(2).always(),
        denied,
        message,
        advice,
    };
    vec![
        case("throttled", Fault::Throttled, false, "AWS throttled the call", "the next cycle asks again"),
        case("server error", Fault::InternalError, false, "(HTTP 500)", "The next cycle asks again"),
        case("web page with 503", Fault::Html(503), false, "(HTTP 503)", "a proxy or login page stands"),
        case("web page with 200", Fault::Html(200), false, "(HTTP 200)", "a proxy or login page stands"),
        case("cut body", Fault::CutBody, false, "broke off before its end", "Check the network"),
        case("cut JSON", Fault::CutJson, false, "GetCostAndUsage", ""),
        case("bad amount", Fault::BadAmount, false, "an amount of", "Nothing was stored"),
        case(
            "wrong currency",
            Fault::WrongCurrency,
            false,
            "is billed in EUR, where USD",
            "bills in EUR cannot be watched",
        ),
        case(
            "repeated token",
            Fault::RepeatedToken,
            false,
            "page 2 repeats an earlier page's token",
            "from the first page",
        ),
        case("expired credentials", Fault::ExpiredToken, true, "the AWS credentials have expired", "aws sso login"),
        case(
            "denied",
            Fault::Denied,
            true,
            "not authorized to perform: ce:GetCostAndUsage",
            "it allows ce:GetCostAndUsage",
        ),
        case("root switch", Fault::RootSwitchOff, true, "AWS denied access", "IAM user and role access to Billing"),
        case(
            "the organisation denies",
            Fault::OrganisationDenies,
            true,
            "explicit deny in a service control policy",
            "administers the organisation's management account",
        ),
        case(
            "request expired",
            Fault::RequestExpired,
            true,
            "AWS's 2026-03-21 06:30:00 UTC",
            "Set this machine's clock",
        ),
        case("signature expired", Fault::SignatureExpired, true, "AWS's 2026-03-21 06:30:00 UTC", "keep it set by NTP"),
        case(
            "unknown credentials",
            Fault::UnknownCredentials,
            true,
            "(UnrecognizedClientException)",
            "the key still exists",
        ),
        case("region disabled", Fault::RegionDisabled, true, "us-east-1 is not enabled", "Set region = \"us-east-1\""),
        case("not signed up", Fault::NotSignedUp, true, "not signed up for this service", "Open Cost Explorer once"),
        case(
            "unknown validation",
            Fault::Invalid("The moon is not full.".to_owned()),
            false,
            "(ValidationException): The moon is not full",
            "Compare AWS's words",
        ),
    ]
}

/// On the second day AWS also corrects an older one, so that a lost pull would show.
fn account() -> glidepath::demo::FakeAccount {
    small_account().page_size(20).restate(
        "2026-03-21T00:00:00Z",
        "2026-03-12",
        EC2,
        "Usage",
        "BoxUsage:m7g.xlarge",
        "Hrs",
        "-6",
        "-1.25",
    )
}

async fn undisturbed() -> World {
    let world = World::new(account()).await;
    for day in ["2026-03-20", "2026-03-21", "2026-03-22"] {
        assert_eq!(world.cycle(day).await.costs, Outcome::Ok);
    }
    world
}

/// What is believed about costs.
fn costs(facts: Facts) -> impl PartialEq + std::fmt::Debug {
    (facts.costs_pulled_at, facts.charge_kinds, facts.charges, facts.usage_kinds, facts.usage)
}

#[tokio::test]
async fn after_every_fault_the_next_cycle_puts_it_right() {
    let calm = undisturbed().await;
    let expected = comparable(&calm.view().await);
    for case in cases() {
        let world = World::new(account()).await;
        world.cycle("2026-03-20").await;
        let before = costs(world.facts("2026-03-20").await);
        let earlier = world.position().await;

        world.fake.inject(case.fault.clone());
        let report = world.cycle("2026-03-21").await;
        let (denied, message, advice) = match &report.costs {
            Outcome::Denied { message, advice } => (true, message, advice),
            Outcome::Failed { message, advice, .. } => (false, message, advice),
            other => panic!("{}: {other:?}", case.name),
        };
        assert_eq!(denied, case.denied, "{}: {message}", case.name);
        assert!(message.contains(case.message), "{}: {message}", case.name);
        assert!(advice.contains(case.advice), "{}: {advice}", case.name);
        assert_eq!(report.credits, Outcome::Ok, "{}: credits do not wait for costs", case.name);

        let position = world.position().await;
        let told = finding(&position, if denied { "ingest_denied:costs" } else { "ingest_failed:costs" });
        assert!(told.summary.contains(message.trim_end_matches('.')), "{}: {}", case.name, told.summary);
        assert!(told.reason.contains(advice.trim_end_matches('.')), "{}: {}", case.name, told.reason);
        assert_eq!(costs(world.facts("2026-03-21").await), before, "{}: earlier data is untouched", case.name);
        assert_eq!(position.spend, earlier.spend, "{}", case.name);
        assert_eq!(position.data_through, Some(day("2026-03-18")), "{}", case.name);
        assert_eq!(position.as_of, morning("2026-03-21"), "{}", case.name);

        world.fake.clear_faults();
        assert_eq!(world.cycle("2026-03-22").await.costs, Outcome::Ok, "{}", case.name);
        assert_eq!(comparable(&world.view().await), expected, "{}", case.name);
    }
}

#[tokio::test]
async fn a_fault_that_passes_is_retried_within_the_cycle() {
    let calm = undisturbed().await;
    for fault in [Fault::Throttled, Fault::InternalError, Fault::Html(503), Fault::SignatureExpired] {
        let world = World::new(account()).await;
        world.cycle("2026-03-20").await;
        world.fake.inject(fault.clone().on(Operation::GetCostAndUsage).page(2).times(3));
        assert_eq!(world.cycle("2026-03-21").await.costs, Outcome::Ok, "{fault:?}");
        world.cycle("2026-03-22").await;
        assert_eq!(comparable(&world.view().await), comparable(&calm.view().await), "{fault:?}");
    }
}

#[tokio::test]
async fn a_fault_in_the_second_question_discards_the_first() {
    // Four more usage types a day: eleven days are at most 33 rows of money and at least 54 of detail, so with 40 rows
    // on a page only the detail has a second one.
    let account = days("2026-02-20", "2026-04-30").fold(account().page_size(40), |account, day| {
        ["c7g", "m7g", "r7g", "t4g"].iter().fold(account, |account, family| {
            account.usage(&day.to_string(), EC2, &format!("BoxUsage:{family}.large"), "Hrs", "1", "0.08")
        })
    });
    let world = World::new(account).await;
    world.cycle("2026-03-20").await;
    let before = costs(world.facts("2026-03-20").await);
    let asked = world.asked().len();
    world.fake.inject(Fault::BadAmount.on(Operation::GetCostAndUsage).page(2).always());
    let report = world.cycle("2026-03-21").await;
    assert!(matches!(report.costs, Outcome::Failed { .. }), "{:?}", report.costs);
    let asked: Vec<(bool, usize)> =
        world.asked()[asked..].iter().map(|request| (request.body.get("Filter").is_some(), request.page)).collect();
    assert_eq!(asked, [(false, 1), (true, 1), (true, 2)]);
    assert_eq!(costs(world.facts("2026-03-21").await), before);
}

#[tokio::test]
async fn the_ceiling_in_mid_pull_stops_everything() {
    let calm = undisturbed().await;
    let world = World::new(account()).await;
    world.cycle("2026-03-20").await;
    let before = costs(world.facts("2026-03-20").await);

    let mut capped = config();
    capped.paid_requests_per_day = 3;
    let poor = engine(&world.fake, world.engine.store().clone(), capped);
    world.fake.set_now(morning("2026-03-21"));
    let asked = world.asked().len();
    let report = poor.cycle(morning("2026-03-21")).await.unwrap().unwrap();
    let Outcome::Failed { message, advice, .. } = &report.costs else { panic!("{:?}", report.costs) };
    assert_eq!(message, "3 of 3 paid Cost Explorer requests are used today, so no further one was sent");
    assert!(advice.contains("raise the ceiling"), "{advice}");
    assert_eq!(world.asked().len() - asked, 3, "the fourth never left");
    assert_eq!(costs(world.facts("2026-03-21").await), before);
    finding(&poor.view(None).await.unwrap().unwrap().position, "ingest_failed:costs");

    assert_eq!(world.cycle("2026-03-22").await.costs, Outcome::Ok);
    assert_eq!(comparable(&world.view().await), comparable(&calm.view().await));
}
