//! Years of daily cycles, with a moved clock: what a cycle reads and what it leaves stay level.
//!
//! Every day's facts are appended. The whole cycle runs on every thirtieth day and on the last sixty; for each day between,
//! what the cycle before it left (outlook, findings, messages) is stored again under that day's clock, so that the store
//! holds one of each a day.

use std::path::Path;
use std::sync::{Arc, Barrier};
use std::time::Instant;

use chrono::{DateTime, Datelike, NaiveDate, Utc};
use duckdb::{Connection, params};
use glidepath::config::Config;
use glidepath::cycle::{AwsAccess, Engine};
use glidepath::domain::facts::credits::{Allocation, CreditSnapshot};
use glidepath::domain::facts::outcome::Outcome;
use glidepath::domain::facts::window::{MONTHS_KEPT, backfill_window, steady_window};
use glidepath::domain::values::money::Money;
use glidepath::domain::values::period::{BillingPeriod, plus_days};
use glidepath::store::{CreditPull, IngestRun, PulledCosts, Store, packed};
use rust_decimal::Decimal;

use crate::support::as_seen::as_seen_on;
use crate::support::pulls::{self, Size, service_name};
use crate::support::values::day;

const ACCOUNT: &str = "111122223333";
/// Days between whole cycles, before the last ones.
const WHOLE_EVERY: i64 = 30;
/// Whole cycles at the end.
const WHOLE_AT_END: i64 = 60;

/// What a cycle had DuckDB do.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct Work {
    /// Rows that its scans touched.
    rows: u64,
    /// Bytes that its operators passed on.
    bytes: u64,
}

/// What years of cycles left.
struct Lived {
    /// What each of the last whole cycles had DuckDB do, in order.
    work: Vec<Work>,
    /// How long each of them took, in order, and the most memory that this process held meanwhile.
    effort: Vec<Effort>,
    /// Bytes of the file before the last whole cycles, and after them.
    bytes: (u64, u64),
    /// Facts that they changed or added.
    facts: u64,
}

/// What a cycle took of the machine.
#[derive(Debug, Clone, Copy)]
struct Effort {
    millis: u64,
    kilobytes: u64,
}

impl Effort {
    /// Begins to watch: the most memory held is counted from here.
    fn begin() -> Instant {
        const FROM_HERE: &str = "5";
        std::fs::write("/proc/self/clear_refs", FROM_HERE).unwrap();
        Instant::now()
    }

    fn since(began: Instant) -> Effort {
        let status = std::fs::read_to_string("/proc/self/status").unwrap();
        let most = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
        let kilobytes = most.trim().trim_end_matches(" kB").parse().unwrap();
        Effort { millis: u64::try_from(began.elapsed().as_millis()).unwrap(), kilobytes }
    }
}

fn morning(day: NaiveDate) -> DateTime<Utc> {
    day.and_hms_opt(6, 30, 0).unwrap().and_utc()
}

/// A credit is granted each January for two years, and pays for every service.
fn credits(today: NaiveDate, size: Size, costs: &PulledCosts) -> CreditPull {
    let listed = (0..size.services).map(service_name).collect::<Vec<_>>();
    let snapshots = (today.year() - 1..=today.year()).map(|year| {
        let starts_on = NaiveDate::from_ymd_opt(year, 1, 1).unwrap();
        let left =
            Money::from_decimal(Decimal::new(40_000_000 - i64::from((today - starts_on).num_days() as i32) * 2_000, 2));
        CreditSnapshot {
            credit_id: format!("of-{year}"),
            account: ACCOUNT.to_owned(),
            description: "AWS Activate".to_owned(),
            credit_type: "Promotion".to_owned(),
            initial: Money::from_decimal(Decimal::new(40_000_000, 2)),
            remaining: Some(left),
            estimated: Some(left),
            currency: "USD".to_owned(),
            starts_on,
            expires_on: NaiveDate::from_ymd_opt(year + 2, 1, 1).unwrap(),
            exhausted_on: None,
            products: Some(listed.clone()),
            enabled: true,
            application_type: None,
            sharing: None,
            shareable_accounts: Vec::new(),
            purchase_types: None,
        }
    });
    let month = BillingPeriod::of(today);
    let applied: Money = costs.charges.iter().filter(|it| it.record_type == "Credit").map(|it| -it.billed_cost).sum();
    let row = Allocation {
        month,
        credit_id: format!("of-{}", today.year() - 1),
        account: ACCOUNT.to_owned(),
        service: service_name(0),
        amount: applied,
        estimated: true,
    };
    CreditPull {
        snapshots: snapshots.collect(),
        allocations: [(month, vec![row])].into(),
        request_ids: vec!["c".to_owned()],
    }
}

fn run(today: NaiveDate, first: bool, size: Size) -> IngestRun {
    let window = if first { backfill_window(today, MONTHS_KEPT) } else { steady_window(today, plus_days(today, -1)) };
    let costs = as_seen_on(today, pulls::pull(window, size, today.with_day(1).unwrap()));
    IngestRun {
        clock: morning(today),
        aws_clock: Some(morning(today)),
        account: Some(ACCOUNT.to_owned()),
        credits: credits(today, size, &costs),
        costs: Some(costs),
        costs_outcome: Outcome::Ok,
        credits_outcome: Outcome::Ok,
    }
}

/// Stores again, under the clock of run `run_id`, what cycle `of` left.
fn stored_again(connection: &mut Connection, of: i64, run_id: i64, clock: DateTime<Utc>) {
    let clock = clock.naive_utc();
    let transaction = connection.transaction().unwrap();
    let cycle = "INSERT INTO cycles SELECT ?2, ?3, * EXCLUDE (run_id, clock) FROM cycles WHERE run_id = ?1";
    transaction.execute(cycle, params![of, run_id, clock]).unwrap();
    let said = "INSERT INTO said SELECT ?2, ?3, said FROM said WHERE run_id = ?1";
    transaction.execute(said, params![of, run_id, clock]).unwrap();
    let events = "INSERT INTO alert_events
                  SELECT event_id || '-' || CAST(?2 AS VARCHAR), ?2, key, rule, severity, decision, reason, since, ?3, payload,
                         config_digest
                  FROM alert_events WHERE run_id = ?1";
    transaction.execute(events, params![of, run_id, clock]).unwrap();
    transaction.commit().unwrap();
}

/// Has every connection of the store note what it does.
async fn watch(store: &Store) {
    const ON: &str = "PRAGMA enable_profiling = 'no_output'; PRAGMA profiling_mode = 'standard'";
    let readers = 4;
    let all_at_once = Arc::new(Barrier::new(readers));
    let watching = (0..readers).map(|_| {
        let all_at_once = all_at_once.clone();
        store.read(move |connection| {
            all_at_once.wait();
            Ok(connection.execute_batch(ON)?)
        })
    });
    futures_util::future::try_join_all(watching).await.unwrap();
    store
        .call(|connection| {
            connection.execute_batch(ON)?;
            Ok(connection.execute_batch("CALL enable_logging(['Metrics'], level = 'debug', storage = 'memory')")?)
        })
        .await
        .unwrap();
}

/// What was noted since the last look.
async fn noted(store: &Store) -> Work {
    let noted = store.call(|connection| {
        let sum = |metric: &str| -> Result<u64, duckdb::Error> {
            let sql = "SELECT CAST(coalesce(sum(CAST(regexp_extract(message, '''value'': ([0-9]+)', 1) AS UBIGINT)), 0) AS UBIGINT)
                       FROM duckdb_logs WHERE type = 'Metrics' AND message LIKE ?";
            connection.query_row(sql, [format!("%'metric': {metric},%")], |row| row.get(0))
        };
        let work = Work { rows: sum("query.total_rows_scanned")?, bytes: sum("query.total_intermediate_size_bytes")? };
        connection.execute_batch("CALL truncate_duckdb_logs()")?;
        Ok(work)
    });
    noted.await.unwrap()
}

fn file_bytes(store: &Store) -> u64 {
    store.checkpoint().unwrap();
    std::fs::metadata(store.path()).unwrap().len()
}

async fn live(folder: &Path, days: i64, size: Size) -> Lived {
    let config = Config::parse("[store]\npath = \"unused.duckdb\"\n", Path::new("glidepath.toml")).unwrap();
    let store = Store::open(&folder.join("glidepath.duckdb")).unwrap();
    // No cycle here asks anything.
    let engine = Engine::new(store.clone(), config, AwsAccess::Endpoint("http://127.0.0.1:9".to_owned())).unwrap();
    let start = day("2026-01-05");
    let (mut newest_whole, mut work, mut effort, mut before) = (0, Vec::new(), Vec::new(), (0, 0));
    for number in 0..days {
        let today = plus_days(start, number);
        let run = run(today, number == 0, size);
        let at_end = number >= days - WHOLE_AT_END;
        if number == days - WHOLE_AT_END {
            before = (file_bytes(&store), facts(&store).await);
            watch(&store).await;
            noted(&store).await;
        }
        if at_end || number % WHOLE_EVERY == 0 {
            let began = Effort::begin();
            let report = engine.conclude(run).await.unwrap_or_else(|error| panic!("day {number}: {error:#}"));
            newest_whole = report.run_id;
            if at_end {
                effort.push(Effort::since(began));
            }
        } else {
            let run_id = store.append_run(run).await.unwrap_or_else(|error| panic!("day {number}: {error}"));
            let of = newest_whole;
            let again = store.call(move |connection| {
                stored_again(connection, of, run_id, morning(today));
                Ok(())
            });
            again.await.unwrap();
        }
        if at_end {
            work.push(noted(&store).await);
        }
    }
    let facts = facts(&store).await - before.1;
    Lived { work, effort, bytes: (before.0, file_bytes(&store)), facts }
}

/// Rows of costs and of usage, each of which is a fact that was new or had changed.
async fn facts(store: &Store) -> u64 {
    let sql = "SELECT (SELECT count(*) FROM charges) + (SELECT count(*) FROM usage)";
    store.call(|connection| Ok(connection.query_row(sql, [], |row| row.get(0))?)).await.unwrap()
}

/// Days at the beginning and at the end of the watched ones that are compared.
const DAYS_COMPARED: usize = 10;

/// What is left out at either end: a day on which something new is told reads more.
const LEFT_OUT: usize = 2;

/// The mean of each without the extremes. Days of two kinds alternate, and the median would be of one kind here and of the other there.
fn usual(days: &[Work]) -> Work {
    let mean = |of: fn(&Work) -> u64| {
        let mut all: Vec<u64> = days.iter().map(of).collect();
        all.sort_unstable();
        let middle = &all[LEFT_OUT..all.len() - LEFT_OUT];
        middle.iter().sum::<u64>() / middle.len() as u64
    };
    Work { rows: mean(|work| work.rows), bytes: mean(|work| work.bytes) }
}

#[tokio::test]
async fn twelve_hundred_days_of_a_small_account_leave_a_cycle_as_it_was() {
    let folder = tempfile::tempdir().unwrap();
    let lived = live(folder.path(), 1_200, Size { services: 3, usage_types: 6 }).await;
    let (first, last) = (usual(&lived.work[..DAYS_COMPARED]), usual(&lived.work[lived.work.len() - DAYS_COMPARED..]));
    println!("{first:?} {last:?} {:?}", lived.bytes);
    assert!(first.rows > 10_000 && first.bytes > 100_000, "nothing was noted: {first:?}");
    assert!(last.rows * 10 <= first.rows * 11, "rows: {first:?}, sixty days later {last:?}");
    assert!(last.bytes * 10 <= first.bytes * 11, "bytes: {first:?}, sixty days later {last:?}");
    let grown = lived.bytes.1.saturating_sub(lived.bytes.0);
    assert!(grown < 3_000_000, "in two months the store grew by {grown} bytes");
}

/// An older version stored outlooks as they are, thousands of numbers each. A store that is full of them goes on.
#[tokio::test]
async fn a_store_full_of_outlooks_that_are_not_packed_goes_on() {
    let folder = tempfile::tempdir().unwrap();
    let size = Size { services: 3, usage_types: 6 };
    let (start, path) = (day("2026-01-05"), folder.path().join("glidepath.duckdb"));
    let config = || Config::parse("[store]\npath = \"unused.duckdb\"\n", Path::new("glidepath.toml")).unwrap();
    let nowhere = || AwsAccess::Endpoint("http://127.0.0.1:9".to_owned());
    {
        let store = Store::open_within(&path, 1_024).unwrap();
        let engine = Engine::new(store.clone(), config(), nowhere()).unwrap();
        let of = engine.conclude(run(start, true, size)).await.unwrap().run_id;
        let sql = "SELECT outlook FROM cycles WHERE run_id = ?";
        let stored: String = store.call_blocking(|it| Ok(it.query_row(sql, [of], |row| row.get(0))?)).unwrap();
        let plain = packed::unpacked(&stored).into_owned();
        println!("an outlook has {} bytes, packed {}", plain.len(), stored.len());
        for number in 1..840 {
            let today = plus_days(start, number);
            let run_id = store.append_run(run(today, false, size)).await.unwrap();
            let plain = plain.clone();
            store
                .call_blocking(move |connection| {
                    stored_again(connection, of, run_id, morning(today));
                    Ok(connection.execute("UPDATE cycles SET outlook = ? WHERE run_id = ?", params![plain, run_id])?)
                })
                .unwrap();
        }
        store.checkpoint().unwrap();
    }
    let store = Store::open(&path).unwrap();
    let engine = Engine::new(store.clone(), config(), nowhere()).unwrap();
    for number in 840..845 {
        let today = plus_days(start, number);
        engine.conclude(run(today, false, size)).await.unwrap_or_else(|error| panic!("day {number}: {error:#}"));
        store.checkpoint().unwrap();
    }
    store.backup(&folder.path().join("backup.duckdb")).await.unwrap();
    let found = store.verify().await.unwrap();
    assert!(found.is_sound(), "{:?}", found.problems());
    let old = engine.view(Some(morning(plus_days(start, 400)))).await.unwrap().unwrap();
    assert!(old.position.data_quality.unreadable.is_empty(), "{:?}", old.position.data_quality.unreadable);
}

/// As long as `.ci/faults` lasts.
async fn stay_level(days: i64, size: Size, most: impl Fn(&Lived) -> u64) {
    let folder = tempfile::tempdir().unwrap();
    let lived = live(folder.path(), days, size).await;
    let (first, last) = (usual(&lived.work[..DAYS_COMPARED]), usual(&lived.work[lived.work.len() - DAYS_COMPARED..]));
    let grown = lived.bytes.1.saturating_sub(lived.bytes.0);
    let median = |of: &[Effort], value: fn(&Effort) -> u64| {
        let mut all: Vec<u64> = of.iter().map(value).collect();
        all.sort_unstable();
        all[all.len() / 2]
    };
    let ends = [&lived.effort[..DAYS_COMPARED], &lived.effort[lived.effort.len() - DAYS_COMPARED..]];
    let millis = ends.map(|days| median(days, |it| it.millis));
    let memory = ends.map(|days| median(days, |it| it.kilobytes));
    println!(
        "{days} days of {size:?}, the last {WHOLE_AT_END}: work {first:?} to {last:?}; a cycle takes {millis:?} ms, memory {memory:?} KB"
    );
    println!("the store grew by {grown} bytes over {} facts to {} bytes", lived.facts, lived.bytes.1);
    assert!(last.rows * 10 <= first.rows * 11, "rows: {first:?}, sixty days later {last:?}");
    assert!(last.bytes * 10 <= first.bytes * 11, "bytes: {first:?}, sixty days later {last:?}");
    assert!(memory[1] * 10 <= memory[0] * 11, "memory: {memory:?}");
    assert!(millis[1] * 10 <= (millis[0] + 20) * 11, "time: {millis:?}");
    assert!(grown <= most(&lived), "it may grow by {}, and grew by {grown}", most(&lived));
}

#[tokio::test]
#[ignore = "takes minutes; .ci/faults runs it"]
async fn three_years_of_a_small_account() {
    stay_level(1_096, Size { services: 3, usage_types: 6 }, |_| 3_000_000).await;
}

#[tokio::test]
#[ignore = "takes ten minutes; .ci/faults runs it"]
async fn a_year_of_a_large_account() {
    // With the 13 months of the first pull so many days are stored that the watched ones add less than a tenth.
    stay_level(30 * i64::from(MONTHS_KEPT) + 2 * WHOLE_AT_END, Size { services: 300, usage_types: 400 }, |lived| {
        lived.facts * 120 + WHOLE_AT_END as u64 * 100_000
    })
    .await;
}
