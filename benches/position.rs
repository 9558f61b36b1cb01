//! Reading the position from two years of 40 services and 100 usage types (meant to stay under 50 ms), step by step,
//! and appending a daily cycle to such a store.

use std::hint::black_box;

use chrono::{DateTime, NaiveDate, Utc};
use criterion::{BatchSize, Criterion, criterion_group, criterion_main};
use glidepath::domain::assess::{Assessment, Context};
use glidepath::domain::classify::Classifier;
use glidepath::domain::facts::{CreditSnapshot, Outcome};
use glidepath::domain::money::Money;
use glidepath::domain::period::{DayRange, plus_days};
use glidepath::domain::price::PriceBook;
use glidepath::store::{CreditPull, IngestRun, PulledCosts, Store};
use tokio::runtime::{Builder, Runtime};

#[path = "../tests/support/pulls.rs"]
mod pulls;
use pulls::{Size, pull, service_name};

const SIZE: Size = Size { services: 40, usage_types: 100 };

fn today() -> NaiveDate {
    "2026-11-20".parse().expect("a day")
}

fn clock() -> DateTime<Utc> {
    today().and_hms_opt(6, 0, 0).expect("a time").and_utc()
}

fn credit(number: i64) -> CreditSnapshot {
    let names: Vec<String> =
        (0..SIZE.services).filter(|service| service % 4 != number as usize).map(service_name).collect();
    CreditSnapshot {
        credit_id: number.to_string(),
        account: "111122223333".to_owned(),
        description: format!("Pool {number}"),
        credit_type: "Promotion".to_owned(),
        initial: Money::from_micros(400_000_000_000),
        remaining: None,
        estimated: Some(Money::from_micros(50_000_000_000)),
        currency: "USD".to_owned(),
        starts_on: plus_days(today(), -700),
        expires_on: plus_days(today(), 60 + 30 * number),
        exhausted_on: None,
        products: Some(names),
        enabled: true,
        application_type: None,
        sharing: None,
        shareable_accounts: Vec::new(),
        purchase_types: None,
    }
}

fn run(clock: DateTime<Utc>, costs: PulledCosts) -> IngestRun {
    IngestRun {
        clock,
        account: Some("111122223333".to_owned()),
        costs: Some(costs),
        costs_outcome: Outcome::Ok,
        credits: CreditPull { snapshots: (0..5).map(credit).collect(), ..CreditPull::default() },
        credits_outcome: Outcome::Ok,
    }
}

/// A file of two years, as the daemon has one.
fn two_years(runtime: &Runtime, folder: &tempfile::TempDir) -> Store {
    let store = Store::open(&folder.path().join("bench.duckdb")).expect("a new store");
    let window = DayRange::new(plus_days(today(), -730), plus_days(today(), 1));
    let costs = pull(window, SIZE, today());
    runtime.block_on(store.append_run(run(clock(), costs))).expect("the rows fit");
    store.checkpoint().expect("the file can be written");
    store
}

fn benches(criterion: &mut Criterion) {
    let runtime = Builder::new_multi_thread().worker_threads(2).build().expect("a runtime");
    let folder = tempfile::tempdir().expect("a temporary folder");
    let store = two_years(&runtime, &folder);
    let (classifier, prices) = (Classifier::builtin(), PriceBook::builtin());
    let context = || Context { classifier: &classifier, prices: &prices, pools: &[], filing: None, tax_rate: None };
    let read = || runtime.block_on(store.facts(clock(), "USD".to_owned())).expect("readable facts");

    criterion.bench_function("reading two years of facts", |bencher| bencher.iter(read));
    let facts = read();
    let outlook = Assessment::new(&facts, context()).outlook();
    criterion.bench_function("assessing two years of facts", |bencher| {
        bencher.iter(|| Assessment::new(black_box(&facts), context()).position(outlook.as_ref()));
    });
    criterion.bench_function("reading the position from two years", |bencher| {
        bencher.iter(|| Assessment::new(&read(), context()).position(outlook.as_ref()));
    });
    let mut later = clock();
    criterion.bench_function("appending a daily cycle that changed nothing", |bencher| {
        let window = DayRange::new(plus_days(today(), -10), plus_days(today(), 1));
        bencher.iter_batched(
            || {
                later += chrono::TimeDelta::seconds(1);
                run(later, pull(window, SIZE, today()))
            },
            |run| runtime.block_on(store.append_run(run)).expect("the rows fit"),
            BatchSize::PerIteration,
        );
    });
}

criterion_group! {
    name = group;
    config = Criterion::default().sample_size(20);
    targets = benches
}
criterion_main!(group);
