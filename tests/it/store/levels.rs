//! Stores of every earlier version, taken up by this one: what they hold reads as it was, and nothing of it changes.

use std::fmt::Write as _;
use std::path::Path;

use chrono::TimeDelta;
use duckdb::{Connection, params};
use glidepath::store::Store;
use glidepath::store::alerts::{history, mutes};

use super::at;
use crate::support::places::package_root;

const HELD: &str = include_str!("../../fixtures/store/levels.sql");

/// The migrations in order, each with its name.
fn migrations() -> Vec<(String, String)> {
    let folder = package_root().join("src/store/migrations");
    let mut files: Vec<_> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    let named = |path: &std::path::PathBuf| path.file_name().unwrap().to_str().unwrap().to_owned();
    files.iter().map(|path| (named(path), std::fs::read_to_string(path).unwrap())).collect()
}

/// What a version with so many steps stored.
fn held_by(level: usize) -> &'static str {
    let sections = HELD.split("\n-- level ").skip(1);
    let of =
        |section: &'static str| section.split_once('\n').map(|(number, sql)| (number.parse::<usize>().unwrap(), sql));
    sections.filter_map(of).find(|(number, _)| *number == level).map_or("", |(_, sql)| sql)
}

/// A store as a version with `level` steps left it.
fn store_of(level: usize, path: &Path) {
    let connection = Connection::open(path).unwrap();
    connection.execute_batch("CREATE TABLE schema_version (version BIGINT PRIMARY KEY, name VARCHAR)").unwrap();
    for (step, (name, sql)) in (1_usize..=level).zip(migrations()) {
        connection.execute_batch(&sql).unwrap();
        connection.execute("INSERT INTO schema_version VALUES (?, ?)", params![step as i64, name]).unwrap();
        connection.execute_batch(held_by(step)).unwrap();
    }
}

/// What is read out of a store, the parts in the order of the levels that brought them.
async fn told(store: &Store) -> Vec<(usize, String)> {
    let now = at("2026-01-08");
    let facts = store.facts(now, "USD".to_owned()).await.unwrap();
    let mut bill = String::new();
    for row in &facts.charges {
        let kind = &facts.charge_kinds[row.kind];
        writeln!(bill, "{} {} {} {}", row.day, kind.service, kind.record_type, row.cost).unwrap();
    }
    for row in &facts.usage {
        let kind = &facts.usage_kinds[row.kind];
        let (service, usage_type, unit) = (&kind.service, &kind.usage_type, &kind.unit);
        writeln!(bill, "{} {service} {usage_type} {} {} {unit}", row.day, row.cost, row.quantity).unwrap();
    }
    let restated = store.restatements(None, 100).await.unwrap();
    let credits = (&facts.credits, &facts.stated, &facts.allocations, &facts.recorded);
    let known = (facts.costs_pulled_at, &facts.costs_outcome, &facts.credits_outcome, facts.moved_in_last_cycle);
    let asked = (facts.paid_requests_today, facts.paid_requests_month, store.account().await.unwrap());
    let filed = store.projections().await.unwrap();
    let cycle = store.newest_cycle(Some(now)).await.unwrap();
    let (told, muted) = store
        .read(move |connection| Ok((history(connection, now, TimeDelta::days(30))?, mutes(connection, now)?)))
        .await
        .unwrap();
    vec![
        (1, bill),
        (1, format!("{restated:#?}")),
        (1, format!("{credits:#?}\n{known:#?}\n{asked:?}")),
        (1, format!("{filed:#?}")),
        (1, format!("{cycle:#?}")),
        (2, format!("{:#?}", (told.open, told.last_found, told.recent, told.fired))),
        (4, format!("{muted:#?}")),
        (6, format!("{:#?}", store.issued_reports().await.unwrap())),
        (7, format!("{:#?}", (store.links().await.unwrap(), store.audited(None, 10).await.unwrap()))),
        (11, format!("{:#?} {:?}", facts.plan, facts.unreadable_events)),
    ]
}

#[tokio::test]
async fn a_store_of_each_earlier_version_reads_as_it_was() {
    let newest = migrations().len();
    let mut expected = Vec::new();
    for level in (1..=newest).rev() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("glidepath.duckdb");
        store_of(level, &path);
        let told = told(&Store::open(&path).unwrap()).await;
        if level == newest {
            let all: Vec<&str> = told.iter().map(|(_, text)| text.as_str()).collect();
            insta::assert_snapshot!("store_levels", all.join("\n\n"));
            expected = told;
            continue;
        }
        for ((since, own), (_, newest)) in told.iter().zip(&expected).filter(|((since, _), _)| *since <= level) {
            assert_eq!(own, newest, "what level {since} brought reads otherwise from a store of level {level}");
        }
    }
}
