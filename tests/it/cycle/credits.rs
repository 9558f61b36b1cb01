//! The traps of the credits API: denied, empty and zero are three different things, and what was known stays known.

use glidepath::cycle::BalanceEntry;
use glidepath::demo::{FakeAccount, FakeCredit, Fault, Operation};
use glidepath::domain::credit::coverage::CoverageState;
use glidepath::domain::credit::programme::Programme;
use glidepath::domain::credit::unlisted::CreditsAnswer;
use glidepath::domain::credit::{Statement, StatementSource};
use glidepath::domain::facts::outcome::Outcome;
use glidepath::domain::position::{PoolPosition, PoolStatus, Position};
use glidepath::domain::values::money::Money;

use super::support::*;

const POOL: &str = r#"
[store]
path = "unused.duckdb"
[[pool]]
id = "4711"
name = "Founders"
programme = "founders"
granted = "9000"
starts_on = "2026-02-01"
expires_on = "2027-02-01"
services = ["Amazon Bedrock"]
"#;

#[tokio::test]
async fn denied_credits_come_from_config_and_are_no_zero() {
    let world = World::with(small_account(), config_of(POOL)).await;
    world.fake.inject(Fault::Denied.on(Operation::GetCredits).always());
    world.fake.inject(Fault::Denied.on(Operation::GetCreditAllocationHistory).always());
    let report = world.cycle("2026-03-20").await;
    assert_eq!(report.costs, Outcome::Ok, "costs do not wait for credits");
    assert!(matches!(report.credits, Outcome::Denied { .. }), "{:?}", report.credits);

    let position = world.position().await;
    let [pool] = &position.credits.pools[..] else { panic!("{:?}", position.credits.pools) };
    assert_eq!((pool.name.as_str(), pool.programme), ("Founders", Some(Programme::Founders)));
    assert_eq!(pool.remaining, money("9000") - times(BEDROCK_A_DAY, 27));
    assert_eq!((pool.stated, pool.status), (None, PoolStatus::Active));
    let finding = finding(&position, "ingest_denied:credits");
    assert!(finding.summary.contains("billing:GetCredits"), "{}", finding.summary);
    assert!(finding.reason.contains("does not mean that the balance is zero"), "{}", finding.reason);
    assert!(finding.reason.contains("it allows billing:GetCredits"), "{}", finding.reason);
}

#[tokio::test]
async fn denied_without_config_shows_no_balance_at_all() {
    let world = World::new(small_account()).await;
    world.fake.inject(Fault::RootSwitchOff.on(Operation::GetCredits).always());
    world.fake.inject(Fault::RootSwitchOff.on(Operation::GetCreditAllocationHistory).always());
    world.cycle("2026-03-20").await;
    let position = world.position().await;
    assert_eq!(position.credits.pools, [], "an unknown balance is not shown as a figure");
    let reason = &finding(&position, "ingest_denied:credits").reason;
    assert!(reason.contains("the account's root user must have switched on"), "{reason}");
    assert!(reason.contains("IAM user and role access to Billing information"), "{reason}");
    // Credit rows show that something pays, whatever the API says.
    let bedrock = position.coverage.iter().find(|coverage| coverage.service == BEDROCK).unwrap();
    assert_eq!(bedrock.state, CoverageState::Covered, "{}", bedrock.evidence);

    // The permission is given: the next cycle knows the credit, and the finding is gone.
    world.fake.clear_faults();
    assert_eq!(world.cycle("2026-03-21").await.credits, Outcome::Ok);
    let position = world.position().await;
    assert_eq!(position.credits.granted, money("9000"));
    assert!(!keys(&position.findings).contains(&"ingest_denied:credits"), "{:?}", keys(&position.findings));
}

#[tokio::test]
async fn credit_that_pays_while_none_is_listed_ends_nobody_knows_when() {
    let table = [
        (Fault::Denied, CreditsAnswer::Refused, ", but refuses to show how much is left."),
        (Fault::InternalError, CreditsAnswer::NotAnswered, ", but could not be asked how much is left."),
        (Fault::EmptyList, CreditsAnswer::NoneListed, " but lists none to this account, so its end is unknown."),
    ];
    for (fault, answer, said) in table {
        let world = World::new(small_account()).await;
        world.fake.inject(fault.on(Operation::GetCredits).always());
        world.cycle("2026-03-20").await;
        let position = world.position().await;
        let unlisted = position.paying_unlisted().unwrap();
        assert_eq!(unlisted.answer, answer);
        assert_eq!(unlisted.applied_to_date, times(BEDROCK_A_DAY, 27), "{answer:?}");
        assert_eq!(unlisted.applied_14d, times(BEDROCK_A_DAY, 14), "{answer:?}");
        let sentences = glidepath::report::credit_sentences(&position);
        assert_eq!(sentences[0], format!("AWS applies credit ($1,620 so far){said}"));
        let wrong = ["first_cash:bill", "balance_drift:credit", "exhaustion:total"];
        let keys = keys(&position.findings);
        assert!(!keys.iter().any(|key| wrong.contains(key)), "{answer:?}: {keys:?}");
        assert!(finding(&position, "coverage_unknown:services").reason.ends_with(unlisted.next_step()));
    }
}

#[tokio::test]
async fn a_credit_that_aws_lists_no_more_stays_known() {
    for fault in [Fault::EmptyList, Fault::Denied, Fault::InternalError, Fault::BadAmount, Fault::WrongCurrency] {
        let world = World::new(small_account()).await;
        world.cycle("2026-03-20").await;
        let known = world.position().await.credits.pools[0].clone();
        // Without the partial days: 29 days drawn by then, of which AWS counts 27 whole and two in part.
        let stated = known.stated.unwrap();
        assert_eq!(stated.at, day("2026-03-20"));
        assert!(stated.amount < known.remaining && stated.amount > known.remaining - money("120"), "{stated:?}");

        world.fake.inject(fault.clone().on(Operation::GetCredits).always());
        let report = world.cycle("2026-03-21").await;
        assert_eq!(report.credits == Outcome::Ok, fault == Fault::EmptyList, "{fault:?}: {:?}", report.credits);
        let pool = world.position().await.credits.pools[0].clone();
        assert_eq!(pool.stated, Some(stated), "{fault:?}: as last stated");
        assert_eq!(pool.remaining, known.remaining - money(BEDROCK_A_DAY), "{fault:?}: a day further by replay");
        assert_eq!(pool.status, PoolStatus::Active, "{fault:?}");
    }
}

fn pool_of(position: &Position) -> PoolPosition {
    position.credits.pools.iter().find(|pool| pool.id == CREDIT).unwrap().clone()
}

/// From the 21st on AWS lists no credit. What becomes of the one that it listed is seen from the bill.
#[tokio::test]
async fn a_credit_that_two_lists_lack_is_gone_unless_something_speaks_for_it() {
    let old = FakeCredit::new(CREDIT, "9000", "2025-03-20", "2026-12-01", &[BEDROCK]);
    let second = || FakeCredit::new("4712", "5000", "2026-02-01", "2027-06-01", &[BEDROCK]);
    for (why, credits, typed_in, gone) in [
        ("it pays no more", vec![credit().paused_from("2026-03-19")], None, true),
        ("its service still shows credit", vec![credit()], None, false),
        ("another credit that is listed pays that", vec![credit().paused_from("2026-03-19"), second()], None, true),
        ("it is older than AWS lists", vec![old.paused_from("2026-03-19")], None, false),
        ("somebody says what is left", vec![credit().paused_from("2026-03-19")], Some("700"), false),
    ] {
        let account = credits.into_iter().fold(spend("2026-02-20", "2026-04-30"), FakeAccount::credit);
        let world = World::new(account).await;
        world.cycle("2026-03-18").await;
        let known = world.position().await.credits.left;
        assert!(known.is_positive(), "{why}");
        world.fake.inject(Fault::UnlistedCredit(CREDIT.to_owned()).on(Operation::GetCredits).always());
        world.cycle("2026-03-21").await;
        assert!(pool_of(&world.position().await).left.is_positive(), "{why}: one list may be cut short");
        if let Some(amount) = typed_in {
            let entry = BalanceEntry { pool: CREDIT.to_owned(), remaining: money(amount), on: None };
            world.engine.record_balance(morning("2026-03-21"), entry).await.unwrap();
        }
        world.cycle("2026-03-22").await;
        let position = world.position().await;
        let pool = pool_of(&position);
        let key = format!("credit_gone:{CREDIT}");
        let delisted = pool.delisted.unwrap();
        assert_eq!((delisted.last_listed_on, delisted.gone), (day("2026-03-18"), gone), "{why}");
        let said = glidepath::report::credit_sentences(&position).join(" ");
        if gone {
            assert_eq!((pool.status, pool.left, pool.remaining), (PoolStatus::Gone, Money::ZERO, Money::ZERO), "{why}");
            let others: Money = position.credits.pools.iter().filter(|it| it.id != CREDIT).map(|it| it.left).sum();
            assert_eq!(position.credits.left, others, "{why}");
            let told = finding(&position, &key);
            assert!(
                told.summary.starts_with("AWS no longer lists the credit") && told.summary.contains("18 March 2026"),
                "{why}"
            );
        } else {
            assert!(pool.left.is_positive() && pool.status != PoolStatus::Gone, "{why}: {pool:?}");
            assert!(!keys(&position.findings).contains(&key.as_str()), "{why}: {:?}", keys(&position.findings));
            assert!(
                said.contains("AWS no longer lists the credit") && said.contains("(last on 18 March 2026)"),
                "{why}: {said}"
            );
        }
        // Listed again, it is as if nothing had been.
        world.fake.clear_faults();
        world.cycle("2026-03-23").await;
        let again = world.position().await;
        assert_eq!(pool_of(&again).delisted, None, "{why}");
    }
}

/// What is left follows from the other figures to the cent, whatever the sign, and so does the date.
#[tokio::test]
async fn the_date_does_not_rest_on_which_amounts_aws_states() {
    let second = || FakeCredit::new("4712", "2000", "2026-02-01", "2026-12-01", &[BEDROCK]);
    let account = || small_account().credit(second());
    // On the 5th the bill of the month before is open as well, and nothing is closed on 5 March.
    for morning in ["2026-03-05", "2026-03-20", "2026-04-05"] {
        let plain = World::new(account()).await;
        plain.cycle(morning).await;
        let expected = plain.position().await;

        let turned = World::new(account()).await;
        turned.fake.inject(Fault::NegativeAmounts.on(Operation::GetCredits).always());
        turned.cycle(morning).await;
        assert_eq!(comparable(&turned.view().await), comparable(&plain.view().await), "{morning}");

        // Without estimates: by the allocation history, and by replay where that shows nothing.
        for history in [true, false] {
            let bare = World::new(account()).await;
            bare.fake.inject(Fault::NoEstimates.on(Operation::GetCredits).always());
            if !history {
                bare.fake.inject(Fault::EmptyList.on(Operation::GetCreditAllocationHistory).always());
            }
            bare.cycle(morning).await;
            let position = bare.position().await;
            for (pool, known) in position.credits.pools.iter().zip(&expected.credits.pools) {
                let (stated, known) = (pool.stated.unwrap(), known.stated.unwrap());
                assert_eq!((stated.source, known.source), (StatementSource::Derived, StatementSource::Aws));
                assert!((stated.amount - known.amount).abs() < Money::ONE, "{morning} {history}: {stated:?} {known:?}");
            }
            let (middle, known) = (position.exhaustion.total.p50.unwrap(), expected.exhaustion.total.p50.unwrap());
            assert!((middle - known).num_days().abs() <= 2, "{morning} {history}: {middle} {known}");
        }
    }
}

#[tokio::test]
async fn an_empty_list_is_an_answer() {
    let world = World::new(spend("2026-02-20", "2026-04-30")).await;
    let report = world.cycle("2026-03-20").await;
    assert_eq!(report.credits, Outcome::Ok);
    let position = world.position().await;
    assert_eq!((position.credits.granted, position.credits.pools.len()), (Money::ZERO, 0));
    let told: Vec<&str> = keys(&position.findings).into_iter().filter(|key| key.starts_with("ingest")).collect();
    assert!(told.is_empty(), "{told:?}");
    assert!(position.coverage.iter().all(|coverage| coverage.state == CoverageState::Unknown));
}

#[tokio::test]
async fn an_exhausted_credit_is_exhausted_though_aws_calls_it_enabled() {
    // 600 pay for ten days of 60.0000000001, but for the last billionth: 2026-02-20 to 2026-03-01.
    let small = FakeCredit::new(CREDIT, "600", "2026-02-01", "2027-02-01", &[BEDROCK]);
    let world = World::new(spend("2026-02-20", "2026-04-30").credit(small)).await;
    world.cycle("2026-03-20").await;
    let facts = world.facts("2026-03-20").await;
    let listed = &facts.credits[0].snapshot;
    assert!(listed.enabled);
    assert_eq!((listed.estimated, listed.exhausted_on), (Some(Money::ZERO), Some(day("2026-03-01"))));
    let position = world.position().await;
    let pool = &position.credits.pools[0];
    assert_eq!((pool.status, pool.remaining), (PoolStatus::Exhausted, Money::ZERO));
    // From 2026-03-02 on 60 dollars a day go uncovered; it is in the data, so it holds at all odds.
    let began = position.exhaustion.total;
    assert_eq!([began.p10, began.p50, began.p90], [Some(day("2026-03-02")); 3]);
    assert_eq!(finding(&position, "exhaustion:total").since, day("2026-03-02"));
    let bedrock = position.coverage.iter().find(|coverage| coverage.service == BEDROCK).unwrap();
    assert_eq!(bedrock.state, CoverageState::Exhausted, "{}", bedrock.evidence);
    assert!(keys(&position.findings).contains(&"uncovered_spend:Amazon Bedrock"), "{:?}", keys(&position.findings));
}

#[tokio::test]
async fn a_credit_without_a_list_pays_what_it_was_seen_to_pay() {
    let world = World::new(spend("2026-02-20", "2026-04-30").credit(credit().without_service_list())).await;
    world.cycle("2026-03-20").await;
    assert_eq!(world.facts("2026-03-20").await.credits[0].snapshot.products, None);
    let position = world.position().await;
    let states: Vec<_> = position.coverage.iter().map(|c| (c.service.as_str(), c.state)).collect();
    assert_eq!(states, [(BEDROCK, CoverageState::Covered), (EC2, CoverageState::Unknown)]);
    assert_eq!(position.credits.pools[0].drawn, times(BEDROCK_A_DAY, 27), "EC2 is not drawn: no credit row shows it");
    assert_eq!(position.data_quality.reconciliation_gap, Money::ZERO);
}

#[tokio::test]
async fn repeated_history_rows_count_once() {
    let world = World::new(small_account()).await;
    world.fake.inject(Fault::RepeatedRows.on(Operation::GetCreditAllocationHistory).always());
    world.cycle("2026-03-20").await;
    let facts = world.facts("2026-03-20").await;
    let rows: Vec<_> = facts.allocations.iter().map(|row| (row.month.to_string(), row.service.as_str())).collect();
    assert_eq!(rows, [("2026-02".to_owned(), BEDROCK), ("2026-03".to_owned(), BEDROCK)]);
    // Nine days of February, to the cent as the billing API prints them; on 20 March that bill is closed.
    assert_eq!((facts.allocations[0].amount, facts.allocations[0].estimated), (money("540"), false));
    assert!(facts.allocations[1].estimated);
}

#[tokio::test]
async fn a_month_that_aws_calls_partial_is_not_stored() {
    let world = World::new(small_account()).await;
    let february = || Fault::PartialResults(vec!["2026-02".to_owned()]).on(Operation::GetCreditAllocationHistory);
    world.fake.inject(february().always());
    world.cycle("2026-03-20").await;
    assert_eq!(world.facts("2026-03-20").await.allocations, [], "no answer was whole");

    world.fake.clear_faults();
    world.cycle("2026-03-21").await;
    let whole = world.facts("2026-03-21").await.allocations;
    assert_eq!(whole.len(), 2);

    // A later partial answer takes nothing away.
    world.fake.inject(february().always());
    world.cycle("2026-03-22").await;
    assert_eq!(world.facts("2026-03-22").await.allocations, whole);
}

#[tokio::test]
async fn an_empty_history_forgets_nothing() {
    let world = World::new(small_account()).await;
    world.cycle("2026-03-20").await;
    let known = world.facts("2026-03-20").await.allocations;
    assert_eq!(known.len(), 2);
    world.fake.inject(Fault::EmptyList.on(Operation::GetCreditAllocationHistory).always());
    assert_eq!(world.cycle("2026-03-21").await.credits, Outcome::Ok);
    assert_eq!(world.facts("2026-03-21").await.allocations, known);
}

#[tokio::test]
async fn names_and_programmes_of_config_join_what_aws_lists() {
    let text =
        "[store]\npath = \"unused.duckdb\"\n[[pool]]\nid = \"4711\"\nname = \"Ours\"\nprogramme = \"bedrock-poc\"\n";
    let world = World::with(small_account(), config_of(text)).await;
    world.cycle("2026-03-20").await;
    let pool = world.position().await.credits.pools[0].clone();
    assert_eq!((pool.name.as_str(), pool.programme), ("Ours", Some(Programme::BedrockPoc)));
    assert_eq!((pool.granted, pool.expires_on), (money("9000"), day("2027-02-01")), "AWS's own figures");
    assert!(matches!(pool.stated, Some(Statement { .. })));
}
