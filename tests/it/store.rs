//! The store's promises: it appends what changed, answers what was believed, refuses what would spoil it, and a process
//! killed anywhere leaves the previous picture.

mod beside;
mod levels;

use std::collections::BTreeMap;
use std::path::Path;

use chrono::{DateTime, Datelike, Utc};
use duckdb::Connection;
use glidepath::domain::facts::Facts;
use glidepath::domain::facts::charge::{Charge, Usage};
use glidepath::domain::facts::credits::{Allocation, CreditSnapshot, RecordedBalance};
use glidepath::domain::facts::outcome::Outcome;
use glidepath::domain::facts::window::{MONTHS_KEPT, backfill_window, steady_window};
use glidepath::domain::values::money::Money;
use glidepath::domain::values::period::{DayRange, plus_days};
use glidepath::store::{
    CreditPull, Entered, FinishedCycle, IngestRun, Messages, PulledCosts, Store, StoreError, StoreId,
};

use crate::support::as_seen::as_seen_on;
use crate::support::pulls::{self, Size};
use crate::support::values::{day, usd};

const BEDROCK: &str = "Amazon Bedrock";
const RDS: &str = "Amazon Relational Database Service";

fn at(text: &str) -> DateTime<Utc> {
    day(text).and_hms_opt(6, 0, 0).unwrap().and_utc()
}

fn charge(date: &str, service: &str, record_type: &str, cost: &str) -> Charge {
    Charge {
        day: day(date),
        service: service.to_owned(),
        record_type: record_type.to_owned(),
        billed_cost: usd(cost),
        estimated: true,
    }
}

fn usage(date: &str, usage_type: &str, cost: &str, quantity: &str) -> Usage {
    Usage {
        day: day(date),
        service: BEDROCK.to_owned(),
        usage_type: usage_type.to_owned(),
        cost: usd(cost),
        quantity: quantity.parse().unwrap(),
        unit: "1K tokens".to_owned(),
        estimated: true,
    }
}

/// A cycle on `clock`, whose pull covers the ten days before it.
fn run(clock: &str, charges: Vec<Charge>, usage: Vec<Usage>) -> IngestRun {
    let today = day(clock);
    let window = DayRange::new(plus_days(today, -10), plus_days(today, 1));
    let costs = PulledCosts { window, charges, usage, pages: 2, request_ids: vec!["a".to_owned(), "b".to_owned()] };
    IngestRun { costs: Some(costs), costs_outcome: Outcome::Ok, ..failed_run(clock) }
}

fn failed_run(clock: &str) -> IngestRun {
    IngestRun {
        clock: at(clock),
        aws_clock: Some(at(clock)),
        account: Some("111122223333".to_owned()),
        costs: None,
        costs_outcome: Outcome::Failed { message: "no answer".to_owned(), advice: "wait".to_owned(), retryable: true },
        credits: CreditPull::default(),
        credits_outcome: Outcome::NotTried,
    }
}

fn count(store: &Store, table: &str) -> i64 {
    let sql = format!("SELECT count(*) FROM {table}");
    store.call_blocking(|connection| Ok(connection.query_row(&sql, [], |row| row.get(0))?)).unwrap()
}

async fn facts(store: &Store, as_of: &str) -> Facts {
    store.facts(at(as_of), "USD".to_owned()).await.unwrap()
}

/// The charges believed as `(day, service, record type, cost)`.
fn believed(facts: &Facts) -> Vec<(String, String, String, String)> {
    let row = |row: &glidepath::domain::facts::rows::ChargeRow| {
        let kind = &facts.charge_kinds[row.kind];
        (row.day.to_string(), kind.service.clone(), kind.record_type.clone(), row.cost.to_string())
    };
    facts.charges.iter().map(row).collect()
}

fn row(day: &str, service: &str, record_type: &str, cost: &str) -> (String, String, String, String) {
    (day.to_owned(), service.to_owned(), record_type.to_owned(), cost.to_owned())
}

fn snapshot(id: &str, enabled: bool, estimated: &str) -> CreditSnapshot {
    CreditSnapshot {
        credit_id: id.to_owned(),
        account: "111122223333".to_owned(),
        description: "Activate".to_owned(),
        credit_type: "Promotion".to_owned(),
        initial: usd("1000"),
        remaining: None,
        estimated: Some(usd(estimated)),
        currency: "USD".to_owned(),
        starts_on: day("2026-01-01"),
        expires_on: day("2027-01-01"),
        exhausted_on: None,
        products: None,
        enabled,
        application_type: None,
        sharing: None,
        shareable_accounts: Vec::new(),
        purchase_types: None,
    }
}

#[tokio::test]
async fn the_same_pull_twice_adds_no_row() {
    let store = Store::in_memory().unwrap();
    let charges = vec![
        charge("2026-03-18", BEDROCK, "Usage", "10.0000000001"),
        charge("2026-03-18", BEDROCK, "Credit", "-10.0000000001"),
        charge("2026-03-19", BEDROCK, "Usage", "0"),
    ];
    let detail = vec![
        usage("2026-03-18", "USE1-NovaLite-input-tokens", "10.0000000001", "4.77"),
        // A block's hours cost nothing, and a meter may stand at nothing at all.
        usage("2026-03-18", "USE1-NovaLite-output-tokens", "0", "12"),
        usage("2026-03-18", "USE1-NovaPro-input-tokens", "0", "0"),
    ];
    store.append_run(run("2026-03-20", charges.clone(), detail.clone())).await.unwrap();
    let first = (count(&store, "charges"), count(&store, "usage"));
    assert_eq!(first.0, 2, "a charge of nothing is no fact");
    store.append_run(run("2026-03-21", charges, detail)).await.unwrap();
    assert_eq!((count(&store, "charges"), count(&store, "usage")), first);
    assert_eq!(count(&store, "ingest_runs"), 2, "that it was asked is a fact of its own");
    let facts = facts(&store, "2026-03-21").await;
    assert_eq!(facts.moved_in_last_cycle, Money::ZERO);
    assert_eq!(facts.usage.len(), 2, "$0 hours stay");
}

#[tokio::test]
async fn what_aws_withdraws_becomes_zero_and_what_lies_outside_the_window_stays() {
    let store = Store::in_memory().unwrap();
    let old = charge("2026-03-05", BEDROCK, "Usage", "7");
    store.append_run(run("2026-03-06", vec![old], vec![])).await.unwrap();
    let charges = vec![charge("2026-03-17", BEDROCK, "Usage", "10"), charge("2026-03-17", RDS, "Usage", "3")];
    let detail = vec![usage("2026-03-17", "USE1-NovaLite-input-tokens", "10", "4")];
    store.append_run(run("2026-03-20", charges, detail)).await.unwrap();
    store.append_run(run("2026-03-21", vec![charge("2026-03-17", BEDROCK, "Usage", "10")], vec![])).await.unwrap();
    let now = facts(&store, "2026-03-21").await;
    let kept = [row("2026-03-05", BEDROCK, "Usage", "7"), row("2026-03-17", BEDROCK, "Usage", "10")];
    assert_eq!(believed(&now), kept);
    assert!(now.usage.is_empty());
    assert_eq!(count(&store, "charges"), 4, "7, 10, 3, and the zero for what vanished");
    // Once it is zero it stays zero without being said again.
    store.append_run(run("2026-03-22", vec![charge("2026-03-17", BEDROCK, "Usage", "10")], vec![])).await.unwrap();
    assert_eq!(count(&store, "charges"), 4);
}

#[tokio::test]
async fn restatements_list_complete_days_only_and_moved_sums_them() {
    let store = Store::in_memory().unwrap();
    let first = vec![
        charge("2026-03-17", BEDROCK, "Usage", "10"),
        charge("2026-03-18", BEDROCK, "Usage", "20"),
        charge("2026-03-18", RDS, "Usage", "4"),
        charge("2026-03-19", BEDROCK, "Usage", "1"),
    ];
    store.append_run(run("2026-03-20", first, vec![])).await.unwrap();
    // The 18th was complete on the 20th, the 19th was not.
    let second = vec![
        charge("2026-03-17", BEDROCK, "Usage", "10"),
        charge("2026-03-17", "AWS Support (Business)", "Support", "2"),
        charge("2026-03-18", BEDROCK, "Usage", "19.50"),
        charge("2026-03-19", BEDROCK, "Usage", "30"),
    ];
    store.append_run(run("2026-03-21", second, vec![])).await.unwrap();
    let told: Vec<_> = store
        .restatements(None, 10)
        .await
        .unwrap()
        .into_iter()
        .map(|r| (r.day, r.service, r.before, r.after))
        .collect();
    let expected = [
        ("2026-03-18", BEDROCK, "20", "19.50"),
        ("2026-03-18", RDS, "4", "0"),
        ("2026-03-17", "AWS Support (Business)", "0", "2"),
    ];
    let expected =
        expected.map(|(date, service, before, after)| (day(date), service.to_owned(), usd(before), usd(after)));
    assert_eq!(told, expected);
    assert_eq!(store.restatements(None, 1).await.unwrap().len(), 1);
    assert_eq!(facts(&store, "2026-03-21").await.moved_in_last_cycle, usd("6.50"), "0.50, 4 and 2");
    assert_eq!(facts(&store, "2026-03-20").await.moved_in_last_cycle, Money::ZERO, "a first pull moves nothing");
}

#[tokio::test]
async fn the_store_answers_what_was_believed_then() {
    let store = Store::in_memory().unwrap();
    for (clock, cost) in [("2026-03-20", "10"), ("2026-03-21", "12"), ("2026-03-22", "11")] {
        let mut run = run(clock, vec![charge("2026-03-18", BEDROCK, "Usage", cost)], vec![]);
        run.credits.snapshots = vec![snapshot("1", clock != "2026-03-21", cost)];
        store.append_run(run).await.unwrap();
    }
    store.append_run(failed_run("2026-03-23")).await.unwrap();
    for (as_of, cost, pulled) in [
        ("2026-03-20", "10", "2026-03-20"),
        ("2026-03-21", "12", "2026-03-21"),
        ("2026-03-22", "11", "2026-03-22"),
        ("2026-03-23", "11", "2026-03-22"),
        ("2026-12-31", "11", "2026-03-22"),
    ] {
        let then = facts(&store, as_of).await;
        assert_eq!(believed(&then), [row("2026-03-18", BEDROCK, "Usage", cost)], "{as_of}");
        assert_eq!(then.costs_pulled_at, Some(at(pulled)));
        assert_eq!(then.data_through(), Some(plus_days(day(pulled), -2)));
        assert_eq!(then.credits[0].snapshot.estimated, Some(usd(cost)));
        let paused = (as_of == "2026-03-21").then(|| day("2026-03-21"));
        assert_eq!(then.credits[0].paused_from, paused, "{as_of}");
    }
    assert!(matches!(facts(&store, "2026-03-23").await.costs_outcome, Outcome::Failed { .. }));
    let before = facts(&store, "2026-03-19").await;
    assert_eq!((before.charges.len(), before.credits.len(), before.data_through()), (0, 0, None));
    assert_eq!(store.credit_history().await.unwrap().len(), 3, "every snapshot is kept");
}

#[tokio::test]
async fn a_pause_counts_from_its_first_day_and_ends_when_it_ends() {
    let store = Store::in_memory().unwrap();
    for (clock, enabled) in [("2026-03-20", false), ("2026-03-21", true), ("2026-03-22", false), ("2026-03-23", false)]
    {
        let mut run = failed_run(clock);
        run.credits.snapshots = vec![snapshot("1", enabled, "10")];
        store.append_run(run).await.unwrap();
    }
    let paused = async |as_of| facts(&store, as_of).await.credits[0].paused_from;
    assert_eq!(paused("2026-03-20").await, Some(day("2026-03-20")));
    assert_eq!(paused("2026-03-21").await, None);
    assert_eq!(paused("2026-03-23").await, Some(day("2026-03-22")));
}

#[tokio::test]
async fn what_aws_stated_is_known_for_each_day_until_the_clock() {
    let store = Store::in_memory().unwrap();
    for (clock, estimated) in [("2026-03-20", Some("90")), ("2026-03-21", None), ("2026-03-22", Some("70.25"))] {
        let mut run = failed_run(clock);
        let estimated = estimated.map(usd);
        run.credits.snapshots = ["1", "2"].map(|id| CreditSnapshot { estimated, ..snapshot(id, true, "0") }).to_vec();
        store.append_run(run).await.unwrap();
    }
    let stated = async |as_of| {
        let rows = facts(&store, as_of).await.stated.into_iter();
        rows.map(|row| format!("{} {} {}", row.credit_id, row.at, row.amount)).collect::<Vec<_>>()
    };
    assert_eq!(stated("2026-03-21").await, ["1 2026-03-20 90", "2 2026-03-20 90"]);
    let all = ["1 2026-03-20 90", "1 2026-03-22 70.25", "2 2026-03-20 90", "2 2026-03-22 70.25"];
    assert_eq!(stated("2026-03-22").await, all);
}

#[tokio::test]
async fn a_months_allocation_history_is_replaced_whole_and_stored_once() {
    let store = Store::in_memory().unwrap();
    let allocation = |service: &str, amount: &str| Allocation {
        month: "2026-02".parse().unwrap(),
        credit_id: "1".to_owned(),
        account: "111122223333".to_owned(),
        service: service.to_owned(),
        amount: usd(amount),
        estimated: false,
    };
    for (clock, rows) in [
        ("2026-03-20", vec![allocation(BEDROCK, "5"), allocation(RDS, "2")]),
        ("2026-03-21", vec![allocation(BEDROCK, "5"), allocation(RDS, "2")]),
        ("2026-03-22", vec![allocation(BEDROCK, "6")]),
    ] {
        let mut run = failed_run(clock);
        run.credits.allocations.insert("2026-02".parse().unwrap(), rows);
        store.append_run(run).await.unwrap();
    }
    assert_eq!(count(&store, "credit_allocations"), 2);
    assert_eq!(facts(&store, "2026-03-21").await.allocations.len(), 2);
    assert_eq!(facts(&store, "2026-03-22").await.allocations, [allocation(BEDROCK, "6")]);
}

#[tokio::test]
async fn balances_typed_in_are_known_from_then_on() {
    let store = Store::in_memory().unwrap();
    let balance = |amount: &str, at| RecordedBalance { pool: "1".to_owned(), amount: usd(amount), at: day(at) };
    store.record_balance(at("2026-03-20"), balance("500", "2026-03-19")).await.unwrap();
    store.record_balance(at("2026-03-22"), balance("450", "2026-03-19")).await.unwrap();
    assert_eq!(facts(&store, "2026-03-19").await.recorded, []);
    assert_eq!(facts(&store, "2026-03-21").await.recorded, [balance("500", "2026-03-19")]);
    let both = [balance("500", "2026-03-19"), balance("450", "2026-03-19")];
    assert_eq!(facts(&store, "2026-03-22").await.recorded, both, "the correction comes last");
}

#[tokio::test]
async fn what_would_spoil_the_store_is_refused_and_leaves_it_as_it_was() {
    let store = Store::in_memory().unwrap();
    store.append_run(run("2026-03-20", vec![charge("2026-03-18", BEDROCK, "Usage", "10")], vec![])).await.unwrap();
    let before = believed(&facts(&store, "2026-12-31").await);

    let early = run("2026-03-19", vec![], vec![]);
    let refused = store.append_run(early).await.unwrap_err();
    assert!(matches!(refused, StoreError::ClockGoesBack { .. }), "{refused}");

    let foreign = IngestRun { account: Some("999988887777".to_owned()), ..run("2026-03-21", vec![], vec![]) };
    let refused = store.append_run(foreign).await.unwrap_err();
    assert!(matches!(&refused, StoreError::OtherAccount { stored, .. } if stored == "111122223333"), "{refused}");
    assert!(refused.to_string().contains("999988887777"));

    // A pull that names a row twice cannot be kept under one key; summing it would hide a defect of the reader.
    let twice = vec![charge("2026-03-18", RDS, "Usage", "1"), charge("2026-03-18", RDS, "Usage", "2")];
    let refused = store.append_run(run("2026-03-21", twice, vec![])).await.unwrap_err();
    assert!(matches!(refused, StoreError::NotConserved { what: "charges", .. }), "{refused}");

    assert_eq!(believed(&facts(&store, "2026-12-31").await), before);
    assert_eq!((count(&store, "ingest_runs"), count(&store, "charges")), (1, 1));
    // The same clock again is a cycle repeated, and whose account is not known does not spoil anything.
    let unknown = IngestRun { account: None, ..failed_run("2026-03-20") };
    assert_eq!(store.append_run(unknown).await.unwrap(), 2);
}

#[tokio::test]
async fn a_pull_outside_its_own_window_is_refused() {
    let store = Store::in_memory().unwrap();
    let stray = vec![charge("2026-01-01", BEDROCK, "Usage", "10")];
    let refused = store.append_run(run("2026-03-20", stray, vec![])).await.unwrap_err();
    assert!(matches!(refused, StoreError::NotConserved { .. }), "{refused}");
}

#[tokio::test]
async fn killed_between_two_transactions_the_next_cycle_puts_it_right() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("glidepath.duckdb");
    let finished = |run_id, clock| FinishedCycle {
        run_id,
        clock: at(clock),
        outlook: None,
        findings: Vec::new(),
        held: BTreeMap::new(),
        entered: Entered::default(),
    };
    {
        let store = Store::open(&path).unwrap();
        let id = store.append_run(run("2026-03-20", vec![charge("2026-03-18", BEDROCK, "Usage", "10")], vec![])).await;
        store.finish_cycle(finished(id.unwrap(), "2026-03-20"), Messages::default(), None).await.unwrap();
        // The costs of the 21st are in; the process dies before its outlook and alerts are.
        store.append_run(run("2026-03-21", vec![charge("2026-03-18", BEDROCK, "Usage", "11")], vec![])).await.unwrap();
    }
    let store = Store::open(&path).unwrap();
    let newest = store.newest_cycle(None).await.unwrap().unwrap();
    assert_eq!((newest.run_id, newest.clock), (1, at("2026-03-20")), "readers see the last cycle that went through");
    assert_eq!(believed(&facts(&store, "2026-03-20").await), [row("2026-03-18", BEDROCK, "Usage", "10")]);
    let again = run("2026-03-21", vec![charge("2026-03-18", BEDROCK, "Usage", "11")], vec![]);
    let id = store.append_run(again).await.unwrap();
    store.finish_cycle(finished(id, "2026-03-21"), Messages::default(), None).await.unwrap();
    assert_eq!(count(&store, "charges"), 2, "what the killed cycle stored is not stored again");
    assert_eq!(store.newest_cycle(None).await.unwrap().unwrap().run_id, 3);
    assert_eq!(store.newest_cycle(Some(at("2026-03-20"))).await.unwrap().unwrap().run_id, 1);
    assert_eq!(store.newest_cycle(Some(at("2026-03-19"))).await.unwrap(), None);
}

/// A run that fails half-way, after rows were appended, leaves nothing: the transaction is the unit.
#[tokio::test]
async fn a_transaction_cut_short_leaves_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("glidepath.duckdb");
    {
        let store = Store::open(&path).unwrap();
        store.append_run(run("2026-03-20", vec![charge("2026-03-18", BEDROCK, "Usage", "10")], vec![])).await.unwrap();
        // The charges are good and are appended first; the usage is not, and refuses the whole run.
        let good = vec![charge("2026-03-18", BEDROCK, "Usage", "99")];
        let bad = vec![usage("2026-01-01", "USE1-NovaLite-input-tokens", "1", "1")];
        store.append_run(run("2026-03-21", good, bad)).await.unwrap_err();
    }
    let store = Store::open(&path).unwrap();
    assert_eq!(believed(&facts(&store, "2026-12-31").await), [row("2026-03-18", BEDROCK, "Usage", "10")]);
}

#[test]
fn one_process_at_a_time_opens_the_store() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("deep/er/glidepath.duckdb");
    let first = Store::open(&path).unwrap();
    let refused = Store::open(&path).err().expect("it is in use");
    assert!(matches!(&refused, StoreError::InUse { path: told, holder: Some(_) } if *told == path), "{refused}");
    drop(first);
    Store::open(&path).expect("free again once the first lets go");
}

#[test]
fn a_store_of_a_newer_version_is_refused_and_not_touched() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("glidepath.duckdb");
    let store = Store::open(&path).unwrap();
    let future = "INSERT INTO schema_version VALUES (99, 'from the future')";
    store.call_blocking(|connection| Ok(connection.execute(future, [])?)).unwrap();
    drop(store);
    let refused = Store::open(&path).err().expect("it is too new");
    assert!(matches!(refused, StoreError::TooNew { found: 99, .. }), "{refused}");
    assert!(refused.to_string().contains("newer glidepath"));
}

#[test]
fn a_file_that_is_no_store_is_an_error_that_names_it() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("notes.txt");
    std::fs::write(&path, "this is not a database, it is a shopping list\n".repeat(200)).unwrap();
    let refused = Store::open(&path).err().expect("it is no store").to_string();
    assert!(refused.contains("notes.txt"), "{refused}");
    assert!(std::fs::read_to_string(&path).unwrap().starts_with("this is not a database"), "and it is left alone");
}

#[tokio::test]
async fn the_ceiling_on_paid_requests_survives_a_restart() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("glidepath.duckdb");
    let today = day("2026-03-20");
    {
        let store = Store::open(&path).unwrap();
        let first = store.reserve_request(today, 3).await.unwrap().expect("under the ceiling");
        store.settle_request(first, true).await.unwrap();
        let second = store.reserve_request(today, 3).await.unwrap().expect("under the ceiling");
        store.settle_request(second, false).await.unwrap();
    }
    let store = Store::open(&path).unwrap();
    assert!(store.reserve_request(today, 3).await.unwrap().is_some(), "the third of three");
    assert_eq!(store.reserve_request(today, 3).await.unwrap(), None, "a refused answer used up its turn too");
    assert!(store.reserve_request(plus_days(today, 1), 3).await.unwrap().is_some(), "tomorrow counts anew");
    let paid = store.paid_requests(today).await.unwrap();
    // Charged, refused, and one whose answer was never seen; then tomorrow's, unseen as well.
    assert_eq!((paid.sent_today, paid.charged_month), (3, 3));
    let known = facts(&store, "2026-03-20").await;
    // A past position does not know what was asked after its own day.
    assert_eq!((known.paid_requests_today, known.paid_requests_month), (2, 2));
}

#[tokio::test]
async fn a_backup_is_a_store_with_the_same_facts() {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(&folder.path().join("glidepath.duckdb")).unwrap();
    let size = Size { services: 6, usage_types: 10 };
    let window = DayRange::new(day("2026-03-01"), day("2026-03-21"));
    let costs = pulls::pull(window, size, window.start);
    let mut first = IngestRun { costs: Some(costs), costs_outcome: Outcome::Ok, ..failed_run("2026-03-20") };
    first.credits.snapshots = vec![snapshot("1", true, "900")];
    let run_id = store.append_run(first).await.unwrap();
    let cycle = FinishedCycle {
        run_id,
        clock: at("2026-03-20"),
        outlook: None,
        findings: Vec::new(),
        held: BTreeMap::new(),
        entered: Entered::default(),
    };
    store.finish_cycle(cycle, Messages::default(), None).await.unwrap();
    store.reserve_request(day("2026-03-20"), 9).await.unwrap();

    let target = folder.path().join("it's a backup.duckdb");
    store.backup(&target).await.unwrap();
    let refused = store.backup(&target).await.unwrap_err().to_string();
    assert!(refused.contains("was not made: a file of that name exists already"), "{refused}");

    let copy = Store::open(&target).unwrap();
    assert_eq!(facts(&copy, "2026-03-20").await, facts(&store, "2026-03-20").await);
    assert_eq!(copy.newest_cycle(None).await.unwrap(), store.newest_cycle(None).await.unwrap());
    let later = run("2026-03-21", vec![charge("2026-03-18", BEDROCK, "Usage", "10")], vec![]);
    assert_eq!(copy.append_run(later).await.unwrap(), 2, "and it goes on from there");
    assert_eq!(count(&store, "ingest_runs"), 1, "without touching the original");
    // Nothing but the two stores and their locks is left behind.
    let names: Vec<_> = std::fs::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert!(names.iter().all(|name| !name.to_string_lossy().contains("partial")), "{names:?}");
}

#[tokio::test]
async fn a_backup_that_fails_leaves_nothing_and_the_next_one_is_made() {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(&folder.path().join("glidepath.duckdb")).unwrap();
    store.append_run(run("2026-03-20", vec![charge("2026-03-18", BEDROCK, "Usage", "10")], vec![])).await.unwrap();
    // A folder in which nobody can make a file.
    let elsewhere = Path::new("/proc/copy.duckdb");
    let refused = store.backup(elsewhere).await.unwrap_err();
    assert!(matches!(&refused, StoreError::Backup { path, .. } if path == elsewhere), "{refused:?}");

    let target = folder.path().join("copy.duckdb");
    store.backup(&target).await.unwrap();
    let names = std::fs::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap().file_name());
    let left: Vec<_> = names.filter(|name| name.to_string_lossy().contains("partial")).collect();
    assert!(left.is_empty(), "{left:?}");
    assert_eq!(facts(&Store::open(&target).unwrap(), "2026-03-20").await, facts(&store, "2026-03-20").await);

    let nowhere = store.backup(&folder.path().join("nowhere/copy.duckdb")).await.unwrap_err().to_string();
    assert!(nowhere.contains("there is no folder") && nowhere.contains("create it"), "{nowhere}");
}

/// A year of daily cycles: the newest two days grow from cycle to cycle, every day moves once more a week later, and a
/// closed month is corrected. The file must grow with change, not with polling.
#[tokio::test]
async fn a_year_of_daily_cycles_stays_small() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("glidepath.duckdb");
    let store = Store::open(&path).unwrap();
    let start = day("2025-03-20");
    for offset in 0..365 {
        let today = plus_days(start, offset);
        let window =
            if offset == 0 { backfill_window(today, MONTHS_KEPT) } else { steady_window(today, plus_days(today, -1)) };
        let costs =
            as_seen_on(today, pulls::pull(window, Size { services: 12, usage_types: 36 }, today.with_day(1).unwrap()));
        let clock = today.and_hms_opt(6, 0, 0).unwrap().and_utc();
        store
            .append_run(IngestRun { clock, aws_clock: Some(clock), costs: Some(costs), ..failed_run("2025-03-20") })
            .await
            .unwrap();
    }
    let rows = count(&store, "charges") + count(&store, "usage");
    drop(store);
    let bytes = file_bytes(&path);
    println!("{rows} rows in {:.1} MB", bytes as f64 / 1e6);
    assert!(bytes < 50_000_000, "{bytes} bytes");
}

fn file_bytes(path: &Path) -> u64 {
    let log = std::fs::metadata(path.with_extension("duckdb.wal")).map_or(0, |log| log.len());
    std::fs::metadata(path).unwrap().len() + log
}

#[tokio::test]
async fn a_statement_can_be_cut_short_and_the_store_goes_on() {
    let store = Store::in_memory().unwrap();
    // Nothing runs: what comes next is not touched.
    store.interrupt();
    store.checkpoint().unwrap();
    let busy = store.clone();
    let slow = tokio::spawn(async move { busy.call(slow_insert).await });
    while !slow.is_finished() {
        store.interrupt();
        tokio::task::yield_now().await;
    }
    let cut = slow.await.unwrap().unwrap_err().to_string();
    assert!(cut.to_lowercase().contains("interrupt"), "{cut}");
    assert_eq!(count(&store, "recorded_balances"), 0, "its transaction is undone");
    store.checkpoint().unwrap();
}

/// Would take an hour.
fn slow_insert(connection: &mut Connection) -> Result<(), StoreError> {
    let transaction = connection.transaction()?;
    let one = "INSERT INTO recorded_balances VALUES ('2026-03-20', '1', 1, '2026-03-20')";
    transaction.execute(one, [])?;
    let sql = "INSERT INTO recorded_balances SELECT '2026-03-20', '1', sum(range % 7), '2026-03-20' FROM range(1000000000000)";
    transaction.execute(sql, [])?;
    Ok(transaction.commit()?)
}

#[tokio::test]
async fn a_store_has_one_id_for_life_and_says_it_beside_itself() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("glidepath.duckdb");
    let store = Store::open(&path).unwrap();
    let id = store.id().clone();
    assert_eq!(StoreId::beside(&path), Ok(Some(id.clone())));
    let copy = folder.path().join("copy.duckdb");
    store.backup(&copy).await.unwrap();
    drop(store);
    // What stands beside it is of no weight where the store opens: it is written again.
    for wrong in [None, Some(""), Some("nonsense"), Some("0123456789abcdef\n"), Some("0123456789abcdef0\n")] {
        match wrong {
            Some(text) => std::fs::write(StoreId::file(&path), text).unwrap(),
            None => std::fs::remove_file(StoreId::file(&path)).unwrap(),
        }
        let store = Store::open(&path).unwrap();
        assert_eq!((store.id(), StoreId::beside(&path)), (&id, Ok(Some(id.clone()))), "{wrong:?}");
    }
    assert_eq!(Store::open(&copy).unwrap().id(), &id, "a copy is the same store");
    assert_ne!(Store::open(&folder.path().join("other.duckdb")).unwrap().id(), &id);
    assert_eq!(StoreId::beside(&folder.path().join("none.duckdb")), Ok(None));
}

/// The file is of use to others alone.
#[test]
fn a_store_opens_where_its_id_cannot_be_written_beside_it() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("glidepath.duckdb");
    std::fs::create_dir(StoreId::file(&path)).unwrap();
    Store::open(&path).unwrap();
    assert!(StoreId::beside(&path).is_err());
}
