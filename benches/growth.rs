//! Size of the store after a year of daily cycles of 40 services and 100 usage types with restatements (meant to stay
//! under 50 MB). Not a duration, so not criterion's.
//!
//! On every day of the year the newest two days show a part of their costs, the days after them are corrected for a
//! week, and a closed month is asked for again when AWS corrects it.

use std::path::Path;

use chrono::{Datelike as _, NaiveDate};
use glidepath::domain::money::Money;
use glidepath::domain::period::{DayRange, plus_days};
use glidepath::domain::window::{MONTHS_KEPT, backfill_window, steady_window};
use glidepath::store::{PulledCosts, Store};
use rust_decimal::Decimal;
use tokio::runtime::Builder;

#[path = "support/busy.rs"]
mod busy;
use busy::{SIZE, pull, run};

const DAYS: i64 = 365;

fn main() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let path = folder.path().join("bench.duckdb");
    let runtime = Builder::new_multi_thread().worker_threads(2).enable_all().build().expect("a runtime");
    let start: NaiveDate = "2025-11-20".parse().expect("a day");
    let store = Store::open(&path).expect("a new store");
    for offset in 0..DAYS {
        let today = plus_days(start, offset);
        let window = match offset {
            0 => backfill_window(today, MONTHS_KEPT),
            _ => steady_window(today, plus_days(today, -1)),
        };
        let clock = today.and_hms_opt(6, 0, 0).expect("a time").and_utc();
        runtime.block_on(store.append_run(run(clock, as_seen_on(today, window)))).expect("the rows fit");
    }
    print("as the daemon leaves it", &path);
    store.checkpoint().expect("the file can be written");
    print("after a checkpoint", &path);
    for table in ["charges", "usage", "credit_snapshots"] {
        println!("{table:20} {:8} rows", rows(&store, table));
    }
}

fn print(when: &str, path: &Path) {
    let length = |path: &Path| std::fs::metadata(path).map_or(0, |file| file.len()) as f64 / 1e6;
    println!(
        "{when}: {:.1} MB in the file, {:.1} MB in its log",
        length(path),
        length(&path.with_extension("duckdb.wal"))
    );
}

fn rows(store: &Store, table: &str) -> i64 {
    let sql = format!("SELECT count(*) FROM {table}");
    store.call_blocking(|connection| Ok(connection.query_row(&sql, [], |row| row.get(0))?)).expect("a known table")
}

/// What AWS shows on `today`: of yesterday and today a part, of the days after that a correction, for a week.
fn as_seen_on(today: NaiveDate, window: DayRange) -> PulledCosts {
    let mut costs = pull(window, SIZE, today.with_day(1).expect("every month has a first"));
    let seen = |day: NaiveDate, cost: Money| match (today - day).num_days() {
        0 | 1 => Money::from_decimal(cost.amount() / Decimal::TWO),
        2..=6 => cost + Money::from_micros(100),
        _ => cost,
    };
    for usage in &mut costs.usage {
        usage.cost = seen(usage.day, usage.cost);
    }
    for charge in &mut costs.charges {
        charge.billed_cost = seen(charge.day, charge.billed_cost);
    }
    costs
}
