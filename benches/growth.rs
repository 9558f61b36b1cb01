//! Size of the store after a year of daily cycles of 40 services and 100 usage types with restatements (meant to stay
//! under 50 MB). Not a duration, so not criterion's.
//!
//! On every day of the year the newest two days show a part of their costs, the days after them are corrected for a
//! week, and a closed month is asked for again when AWS corrects it.

use std::path::Path;

use chrono::NaiveDate;
use glidepath::domain::facts::window::{MONTHS_KEPT, backfill_window, steady_window};
use glidepath::domain::values::period::{BillingPeriod, plus_days};
use glidepath::store::Store;
use tokio::runtime::Builder;

#[path = "../tests/it/support/as_seen.rs"]
mod as_seen;
#[path = "support/busy.rs"]
mod busy;
use as_seen::as_seen_on;
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
        runtime
            .block_on(
                store.append_run(run(
                    clock,
                    as_seen_on(today, pull(window, SIZE, BillingPeriod::of(today).first_day())),
                )),
            )
            .expect("the rows fit");
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
