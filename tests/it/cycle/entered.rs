//! What people enter counts at once: the outlook is made again from what is stored, and nothing is told twice.

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use glidepath::config::Config;
use glidepath::cycle::{BalanceEntry, MuteEntry, PlanError};
use glidepath::demo::{FakeAccount, FakeCredit, Fault, Operation};
use glidepath::domain::alert::MuteKind;
use glidepath::domain::facts::plan::PlanKind;
use glidepath::domain::plan::{PlanOrder, PlanState};
use glidepath::domain::position::{OutlookState, Position};
use glidepath::report;
use proptest::prelude::*;
use proptest::test_runner::{Config as Cases, TestRunner};

use super::alerts::Receiver;
use super::support::*;

const POOL: &str = r#"
[store]
path = "unused.duckdb"
[[pool]]
id = "one"
granted = "30000"
starts_on = "2025-10-01"
expires_on = "2027-10-01"
services = ["Amazon Bedrock"]
"#;

/// `per_day` of Bedrock from October to May.
fn bedrock(per_day: &str) -> FakeAccount {
    days("2025-10-01", "2026-05-31").fold(FakeAccount::new(ACCOUNT), |account, day| {
        account.usage(&day.to_string(), BEDROCK, "USE1-NovaLite-input-tokens", "1K tokens", "1000000", per_day)
    })
}

fn launch(on: &str, usd_per_day: &str) -> PlanOrder {
    PlanOrder {
        kind: Some(PlanKind::Launch),
        on: Some(day(on)),
        usd_per_day: Some(money(usd_per_day)),
        ..PlanOrder::default()
    }
}

async fn denied(account: FakeAccount, config: Config) -> World {
    let world = World::with(account, config).await;
    world.fake.inject(Fault::Denied.on(Operation::GetCredits).always());
    world.fake.inject(Fault::Denied.on(Operation::GetCreditAllocationHistory).always());
    world
}

fn remade(world: &World) -> i64 {
    let sql = "SELECT count(*) FROM remade_outlooks";
    world.engine.store().call_blocking(|connection| Ok(connection.query_row(sql, [], |row| row.get(0))?)).unwrap()
}

/// Everything that says how much credit is left or how long it lasts, in words.
fn told(position: &Position) -> String {
    let mut told = report::credit_sentences(position);
    told.extend(report::headline(report::ReportKind::Trajectory, position, &report::Audience::Owner));
    told.extend(position.findings.iter().map(|finding| finding.summary.clone()));
    told.join("\n")
}

#[tokio::test]
async fn a_pool_in_the_config_counts_from_the_restart_on() {
    let world = denied(bedrock("100"), config()).await;
    world.cycle("2026-03-20").await;
    assert_eq!(world.position().await.exhaustion.total.p50, None, "no pool is known");
    let asked = world.fake.requests().len();

    let restarted = engine(&world.fake, world.engine.store().clone(), config_of(POOL));
    let now = morning("2026-03-20") + TimeDelta::hours(3);
    let awaited = restarted.view(None).await.unwrap().unwrap().position;
    assert_eq!(awaited.outlook_state, OutlookState::BeingComputed);
    assert!(restarted.remake_outlook(now).await.unwrap());
    assert!(!restarted.remake_outlook(now).await.unwrap(), "once is enough");
    let position = restarted.view(None).await.unwrap().unwrap().position;
    assert_eq!((position.outlook_state, position.as_of), (OutlookState::Current, morning("2026-03-20")));
    // 169 days to 18 March at 100; of the 30,000 the other 13,100 last 131 days.
    assert_eq!(position.credits.left, money("13100"));
    assert_eq!(position.exhaustion.total.p50, Some(day("2026-07-28")));
    let told = told(&position);
    assert!(!told.contains("not expected to run out") && !told.contains("$0.00 of $"), "{told}");
    assert_eq!(world.fake.requests().len(), asked, "nothing was asked of AWS");
}

#[tokio::test]
async fn the_balance_that_was_entered_is_the_one_that_is_told() {
    let world = denied(bedrock("250"), config_of(POOL)).await;
    world.cycle("2026-03-20").await;
    let before = world.position().await;
    assert_eq!((before.credits.remaining, before.credits.left), (money("0"), money("0")), "replay has used it up");
    assert!(before.exhaustion.total.p50 <= before.data_through, "{:?}", before.exhaustion.total);

    let entered = morning("2026-03-20") + TimeDelta::hours(2);
    let entry = BalanceEntry { pool: "one".to_owned(), remaining: money("30000"), on: Some(day("2026-03-18")) };
    world.engine.record_balance(entered, entry).await.unwrap();
    let position = world.position().await;
    assert_eq!((position.credits.remaining, position.credits.left), (money("0"), money("30000")));
    assert_eq!((position.as_of, position.entered_through), (before.as_of, Some(entered)));
    // 120 days at 250.
    assert_eq!(position.exhaustion.total.p50, Some(day("2026-07-17")));
    let told = told(&position);
    assert!(told.contains("$30,000") && !told.contains("$0.00 of $"), "{told}");
    world.engine.digest_if_due(at("2026-03-23T07:00:00Z")).await.unwrap();
    let sql = "SELECT payload FROM notices WHERE kind = 'digest'";
    let digest: String =
        world.engine.store().call_blocking(|connection| Ok(connection.query_row(sql, [], |row| row.get(0))?)).unwrap();
    assert!(digest.contains("$30,000") && !digest.contains("$0.00 of $"), "{digest}");
}

#[tokio::test]
async fn an_event_counts_at_once_is_told_once_and_changes_no_older_view() {
    let receiver = Receiver::start().await;
    let account = bedrock("10").credit(FakeCredit::new(CREDIT, "10000", "2025-10-01", "2027-10-01", &[BEDROCK]));
    let world = World::with(account, receiver.config()).await;
    world.cycle("2026-03-19").await;
    world.cycle("2026-03-20").await;
    let (first, second) = (morning("2026-03-19"), morning("2026-03-20"));
    let older = world.engine.view(Some(first)).await.unwrap();
    let before = world.position().await;
    assert!(before.planned.is_empty() && before.exhaustion.total.p50.is_none(), "{:?}", before.exhaustion);
    receiver.heard();

    let now = second + TimeDelta::hours(5);
    let row = world.engine.add_plan(now, &launch("2026-03-25", "1000")).await.unwrap();
    let position = world.position().await;
    assert_eq!((position.planned[0].id.as_str(), position.planned[0].state), ("1", PlanState::Ahead));
    assert_eq!(row, position.planned[0]);
    assert_eq!((position.entered_through, position.as_of), (Some(now), second));
    // Of 10,000 less 169 times ten, 8,250 are left after 24 March: eight days of 1,010.
    assert_eq!(position.exhaustion.total.p50, Some(day("2026-04-02")));
    let heard = receiver.heard_lines();
    assert_eq!(heard, ["exhaustion:total fire critical"], "at once, and nothing else");
    assert_eq!(world.engine.view(Some(first)).await.unwrap(), older, "an older cycle's view stays");
    assert_eq!(world.engine.view(Some(second)).await.unwrap().unwrap().position, position);

    world.cycle("2026-03-21").await;
    assert_eq!(receiver.heard_lines(), Vec::<String>::new(), "the next cycle knows that it was told");
    assert_eq!(world.position().await.exhaustion.total.p50, Some(day("2026-04-02")));
    let again = world.engine.add_plan(morning("2026-03-21"), &launch("2026-03-25", "1000")).await.unwrap_err();
    assert!(
        matches!(&again, PlanError::Problems { problems } if problems[0].contains("planned already, as 1")),
        "{again}"
    );

    world.engine.remove_plan(morning("2026-03-21") + TimeDelta::hours(1), "1").await.unwrap();
    let position = world.position().await;
    assert_eq!((position.planned.len(), position.exhaustion.total.p50), (0, None), "gone at once");
    assert_eq!(world.engine.view(Some(second)).await.unwrap().unwrap().position.planned.len(), 1, "known by then");
}

#[tokio::test]
async fn an_acknowledgement_is_an_entry_and_two_at_once_make_one_outlook_at_most_each() {
    let account = bedrock("100").credit(FakeCredit::new(CREDIT, "20000", "2025-10-01", "2027-10-01", &[BEDROCK]));
    let world = World::new(account).await;
    world.cycle("2026-03-20").await;
    assert_eq!(remade(&world), 0, "a cycle knows all that was entered before");
    let entry = |why: &str| MuteEntry {
        kind: MuteKind::Ack,
        key: "exhaustion:total".to_owned(),
        by: "ana".to_owned(),
        why: why.to_owned(),
        until: None,
        end: false,
    };
    let now: DateTime<Utc> = morning("2026-03-20") + TimeDelta::hours(1);
    let (one, other) = tokio::join!(world.engine.mute(now, entry("applied")), world.engine.mute(now, entry("sent")));
    one.unwrap();
    other.unwrap();
    assert!((1..=2).contains(&remade(&world)), "{}", remade(&world));
    assert_eq!(world.position().await.entered_through, Some(now));
    assert_eq!(world.position().await.outlook_state, OutlookState::Current);
}

#[tokio::test]
async fn what_is_stored_of_a_plan_is_kept_copied_and_ends_nothing_where_it_cannot_be_read() {
    let account = bedrock("100").credit(FakeCredit::new(CREDIT, "20000", "2025-10-01", "2027-10-01", &[BEDROCK]));
    let world = World::new(account).await;
    world.cycle("2026-03-20").await;
    let now = morning("2026-03-20") + TimeDelta::hours(1);
    for on in ["2026-04-01", "2026-04-02", "2026-04-03"] {
        world.engine.add_plan(now, &launch(on, "20")).await.unwrap();
    }
    world.engine.remove_plan(now, "2").await.unwrap();
    let store = world.engine.store();
    let count = |sql: &'static str| -> i64 {
        store.call_blocking(|connection| Ok(connection.query_row(sql, [], |row| row.get(0))?)).unwrap()
    };
    assert_eq!(count("SELECT count(*) FROM plan_entries"), 4, "taking back is a row of its own");
    let kept = store.plan().await.unwrap();
    assert_eq!(kept.iter().map(|event| event.id).collect::<Vec<_>>(), [1, 3]);

    let folder = tempfile::TempDir::new().unwrap();
    let copy = folder.path().join("copy.duckdb");
    store.backup(&copy).await.unwrap();
    let restored = engine(&world.fake, glidepath::store::Store::open(&copy).unwrap(), config());
    assert_eq!(restored.store().plan().await.unwrap(), kept);
    assert_eq!(restored.view(None).await.unwrap(), world.engine.view(None).await.unwrap());
    assert!(!restored.remake_outlook(now).await.unwrap(), "a copy knows what its outlook knew");

    let execute = |sql: &'static str| {
        store.call_blocking(|connection| Ok(connection.execute(sql, [])?)).unwrap();
    };
    execute("UPDATE plan_entries SET details = '{\"dance\": {}}' WHERE event_id = 1");
    execute("UPDATE remade_outlooks SET outlook = '{}'");
    execute("DELETE FROM views");
    let view = world.view().await;
    assert_eq!(view.position.planned.iter().map(|row| row.id.as_str()).collect::<Vec<_>>(), ["3"]);
    let said = view.position.data_quality.unreadable.join(" ");
    assert!(said.contains("planned event 1 cannot be read") && said.contains("outlook stored on"), "{said}");
    world.cycle("2026-03-21").await;
    assert_eq!(world.position().await.planned.len(), 1);
    execute("UPDATE remade_outlooks SET entered = 'nothing'");
    execute("UPDATE cycles SET entered = '{\"dance\": 1}'");
    assert_eq!(world.position().await.outlook_state, OutlookState::BeingComputed, "nobody knows what it knew");
    assert!(world.engine.remake_outlook(morning("2026-03-21")).await.unwrap());
    assert_eq!(world.position().await.outlook_state, OutlookState::Current);
}

/// Orders of every kind, sensible and not.
fn any_order() -> impl Strategy<Value = PlanOrder> {
    let text = prop_oneof![
        Just("Claude Sonnet 5".to_owned()),
        Just("Nova Lite".to_owned()),
        Just("trn1.32xlarge".to_owned()),
        Just(BEDROCK.to_owned()),
        "[a-z ]{0,12}",
    ];
    let amount = prop_oneof![Just(0_i64), 1_i64..5_000, Just(999_999_999), Just(1_000_000_000), Just(-5)];
    let kind = prop_oneof![
        Just(PlanKind::Launch),
        Just(PlanKind::Run),
        Just(PlanKind::Switch),
        Just(PlanKind::Fee),
        Just(PlanKind::Award),
        Just(PlanKind::End),
    ];
    let on = prop_oneof![-400_i64..800, Just(2_000_000)];
    (kind, on, text.clone(), text, amount, 0_u32..400, 0_u32..400, 0_i64..=11, any::<bool>()).prop_map(
        |(kind, on, one, other, amount, some, more, tenths, tokens)| {
            let on = day("2026-03-20").checked_add_signed(TimeDelta::days(on)).unwrap();
            let (usd, count) = (money(&amount.to_string()), amount.to_string().parse().unwrap());
            let of = |kinds: &[PlanKind]| kinds.contains(&kind);
            use PlanKind::{Award, End, Fee, Launch, Run, Switch};
            PlanOrder {
                kind: Some(kind),
                on: (!of(&[Award])).then_some(on),
                sure: Some(rust_decimal::Decimal::new(tenths, 1)),
                usd_per_day: (of(&[Launch]) && !tokens).then_some(usd),
                model: (of(&[Launch]) && tokens).then(|| one.clone()),
                input_millions: (of(&[Launch]) && tokens).then_some(count),
                output_millions: (of(&[Launch]) && tokens).then_some(count),
                instance_type: of(&[Run]).then(|| one.clone()),
                chip_hours: of(&[Run]).then_some(count),
                days: of(&[Run]).then_some(some),
                repeats: of(&[Run]).then_some(more),
                every: of(&[Run]).then_some(some),
                from: match kind {
                    Switch => Some(one.clone()),
                    Award => Some(on.to_string()),
                    _ => None,
                },
                to: of(&[Switch]).then_some(other),
                usd: of(&[Fee, Award]).then_some(usd),
                service: (of(&[Fee]) && tokens).then(|| one.clone()),
                services: (of(&[Award]) && tokens).then(|| one.clone()),
                of: of(&[End]).then_some(one),
                yes: true,
                ..PlanOrder::default()
            }
        },
    )
}

/// Whatever is planned, cycles end, the view reads, and what was refused left nothing.
#[test]
fn no_plan_makes_a_cycle_fail_or_the_store_unreadable() {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    let account = bedrock("40").credit(FakeCredit::new(CREDIT, "20000", "2025-10-01", "2027-10-01", &[BEDROCK]));
    let world = runtime.block_on(World::new(account));
    runtime.block_on(world.cycle("2026-03-20"));
    let mut runner = TestRunner::new(Cases { cases: 24, max_shrink_iters: 40, ..Cases::default() });
    let plans = proptest::collection::vec(any_order(), 1..6);
    let held = runner.run(&plans, |orders| {
        runtime.block_on(async {
            let now = morning("2026-03-20") + TimeDelta::hours(1);
            let mut ids = Vec::new();
            for order in &orders {
                match world.engine.add_plan(now, order).await {
                    Ok(row) => ids.push(row.id),
                    Err(PlanError::Problems { problems }) => prop_assert!(!problems.is_empty()),
                    Err(other) => prop_assert!(false, "{order:?}: {other:?}"),
                }
            }
            prop_assert!(world.engine.store().awaited_outlook(config().digest).await.unwrap().is_none(), "it counts");
            let view = world.engine.view(None).await.unwrap().unwrap();
            let people = view.position.planned.iter().map(|row| row.id.clone()).collect::<Vec<_>>();
            prop_assert!(ids.iter().all(|id| people.contains(id)) && people.len() == ids.len(), "{people:?} {ids:?}");
            let json = serde_json::to_string(&view).unwrap();
            prop_assert_eq!(&serde_json::from_str::<glidepath::cycle::View>(&json).unwrap(), &view);
            for id in ids {
                world.engine.remove_plan(now, &id).await.unwrap();
            }
            Ok(())
        })
    });
    held.unwrap();
    let report = runtime.block_on(world.cycle("2026-03-21"));
    assert_eq!(report.costs, glidepath::domain::facts::outcome::Outcome::Ok);
    // What a slow machine left to be made goes on by itself.
    runtime.shutdown_timeout(Duration::from_secs(10));
}
