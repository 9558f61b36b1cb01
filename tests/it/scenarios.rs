//! Ledger stories: `tests/scenarios/*.txt` are tables that a founder can read, and this file runs every one of them.
//!
//! A story starts with prose. Then comes `from DAY through DAY` (both days included), and tables with a header line:
//! `pools` (`expires` is the first day without the credit; `paused` is optional; `pays` is a list of services or
//! `unknown`), `costs`, and what must come of them: `draws` and `uncovered` in the order in which they happen, `lost`,
//! and `left` at the end of a day. A table that is left out must be empty; `left` lists as many days as it likes, but
//! each pool at least once. `workload` and `other` may be left out anywhere.

use std::collections::BTreeMap;
use std::path::PathBuf;

use chrono::NaiveDate;
use glidepath::domain::billing::daily_cost::DailyCost;
use glidepath::domain::credit::ledger::{Ledger, replay};
use glidepath::domain::credit::{CreditPool, EligibleServices};
use glidepath::domain::values::money::Money;
use glidepath::domain::values::period::{DayRange, plus_days};
use glidepath::domain::values::service::{ServiceAliases, ServiceMatcher};
use glidepath::domain::values::workload::Workload;
use serde::Deserialize;
use serde::de::DeserializeOwned;

use crate::support::places::package_root;

const TABLES: [&str; 6] = ["pools", "costs", "draws", "uncovered", "lost", "left"];

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct PoolRow {
    id: String,
    granted: Money,
    starts: NaiveDate,
    expires: NaiveDate,
    paused: Option<NaiveDate>,
    pays: String,
}

#[derive(Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
struct CostRow {
    day: NaiveDate,
    service: String,
    #[serde(default = "supporting")]
    workload: Workload,
    payable: Money,
    #[serde(default)]
    other: Money,
}

#[derive(Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
struct DrawRow {
    day: NaiveDate,
    pool: String,
    service: String,
    #[serde(default = "supporting")]
    workload: Workload,
    amount: Money,
}

#[derive(Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
struct PoolAmount {
    day: NaiveDate,
    pool: String,
    amount: Money,
}

fn supporting() -> Workload {
    Workload::Supporting
}

/// A story as written.
struct Story {
    days: DayRange,
    tables: BTreeMap<&'static str, String>,
}

impl Story {
    fn parse(text: &str) -> Story {
        let mut days = None;
        let mut tables: BTreeMap<&'static str, String> = BTreeMap::new();
        let mut table = None;
        for line in text.lines() {
            if let Some((first, last)) = line.strip_prefix("from ").and_then(|rest| rest.split_once(" through ")) {
                let day = |text: &str| text.trim().parse::<NaiveDate>().ok();
                days = day(first).zip(day(last)).map(|(first, last)| DayRange::new(first, plus_days(last, 1))).or(days);
            } else if let Some(name) = TABLES.iter().find(|name| line.trim() == **name) {
                assert!(days.is_some(), "the days come before the tables");
                assert!(tables.insert(name, String::new()).is_none(), "the table {name} is there twice");
                table = Some(*name);
            } else if let Some(name) = table.filter(|_| !line.trim().is_empty()) {
                let body = tables.get_mut(name).expect("a table is entered when it is named");
                body.push_str(line);
                body.push('\n');
            }
        }
        Story { days: days.expect("a line `from DAY through DAY`"), tables }
    }

    fn rows<T: DeserializeOwned>(&self, table: &str) -> Vec<T> {
        let text = self.tables.get(table).map_or("", String::as_str);
        let mut reader = csv::ReaderBuilder::new().delimiter(b'|').trim(csv::Trim::All).from_reader(text.as_bytes());
        reader.deserialize().map(|row| row.unwrap_or_else(|error| panic!("table {table}: {error}"))).collect()
    }

    fn pools(&self) -> Vec<CreditPool> {
        let pool = |row: PoolRow| {
            let services = match row.pays.as_str() {
                "unknown" => EligibleServices::Unknown,
                list => EligibleServices::Listed(ServiceMatcher::new(list.split(", "), &ServiceAliases::default())),
            };
            let pool = CreditPool::new(&row.id, row.granted, row.starts, row.expires, services);
            CreditPool { paused_from: row.paused, ..pool }
        };
        self.rows("pools").into_iter().map(pool).collect()
    }

    fn costs(&self) -> Vec<DailyCost> {
        let cost = |row: CostRow| DailyCost {
            other: row.other,
            ..DailyCost::payable(row.day, row.service, row.workload, row.payable)
        };
        self.rows("costs").into_iter().map(cost).collect()
    }

    fn check(&self) {
        let costs = self.costs();
        assert!(!costs.is_empty(), "a story without costs tells nothing");
        let ledger = replay(&self.pools(), &costs, self.days);
        assert_eq!(draws(&ledger), self.rows::<DrawRow>("draws"), "draws");
        assert_eq!(uncovered(&ledger), self.rows::<CostRow>("uncovered"), "uncovered");
        assert_eq!(lost(&ledger), self.rows::<PoolAmount>("lost"), "lost");
        let left: Vec<PoolAmount> = self.rows("left");
        for expected in &left {
            let pool = ledger.pools.iter().position(|pool| pool.id == expected.pool).expect("a pool of the story");
            let balances = ledger.balances.iter().find(|balances| balances.day == expected.day).expect("a day of it");
            assert_eq!(balances.left[pool], expected.amount, "left in {} on {}", expected.pool, expected.day);
        }
        for pool in &ledger.pools {
            assert!(left.iter().any(|row| row.pool == pool.id), "the story does not say what is left in {}", pool.id);
        }
    }
}

fn draws(ledger: &Ledger) -> Vec<DrawRow> {
    let row = |draw: &glidepath::domain::credit::ledger::Drawdown| DrawRow {
        day: draw.day,
        pool: ledger.pools[draw.pool].id.clone(),
        service: ledger.streams[draw.stream].service.clone(),
        workload: ledger.streams[draw.stream].workload,
        amount: draw.amount,
    };
    ledger.drawdowns.iter().map(row).collect()
}

fn uncovered(ledger: &Ledger) -> Vec<CostRow> {
    let row = |open: &glidepath::domain::credit::ledger::Uncovered| CostRow {
        day: open.day,
        service: ledger.streams[open.stream].service.clone(),
        workload: ledger.streams[open.stream].workload,
        payable: open.payable,
        other: open.other,
    };
    ledger.uncovered.iter().map(row).collect()
}

fn lost(ledger: &Ledger) -> Vec<PoolAmount> {
    let row = |broken: &glidepath::domain::credit::ledger::Breakage| PoolAmount {
        day: broken.day,
        pool: ledger.pools[broken.pool].id.clone(),
        amount: broken.amount,
    };
    ledger.breakage.iter().map(row).collect()
}

fn story_files() -> Vec<PathBuf> {
    let folder = package_root().join("tests/scenarios");
    let mut files: Vec<PathBuf> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    files
}

#[test]
fn every_story_comes_out_as_written() {
    let files = story_files();
    assert!(files.len() >= 18, "the stories are gone: {files:?}");
    let mut failed = Vec::new();
    for file in &files {
        assert_eq!(file.extension().and_then(|e| e.to_str()), Some("txt"), "{} is not a story", file.display());
        let text = std::fs::read_to_string(file).unwrap();
        // The panic's own message has been printed by then; this adds which story it was about.
        if std::panic::catch_unwind(|| Story::parse(&text).check()).is_err() {
            failed.push(file.file_name().unwrap().to_owned());
        }
    }
    assert!(failed.is_empty(), "stories that came out otherwise: {failed:?}");
}

#[test]
fn a_wrong_story_fails() {
    let right = std::fs::read_to_string(&story_files()[0]).unwrap();
    Story::parse(&right).check();
    for (from, to) in [
        ("2018-12-11 | two  | Amazon EC2 | 3", "2018-12-11 | two  | Amazon EC2 | 2"),
        ("2018-12-11 | Amazon EC2 | 5\n\ndraws", "2018-12-11 | Amazon EC2 | 6\n\ndraws"),
        ("2018-12-11 | two  | 0", "2018-12-11 | two  | 1"),
        ("2020-01-01 | Amazon EC2", "2018-12-11 | Amazon EC2"),
        ("uncovered\n", "uncovreed\n"),
    ] {
        assert!(right.contains(from), "the first story no longer holds {from:?}");
        let wrong = right.replacen(from, to, 1);
        assert!(std::panic::catch_unwind(|| Story::parse(&wrong).check()).is_err(), "{to:?} went unnoticed");
    }
}
