//! Reading the position from two years of 40 services and 100 usage types (meant to stay under 50 ms), as it is kept and
//! put together from the facts, step by step; drafting the next filing; and appending a daily cycle to such a store.

use std::hint::black_box;

use chrono::{DateTime, Utc};
use criterion::{BatchSize, Criterion, criterion_group, criterion_main};
use glidepath::domain::billing::classify::Classifier;
use glidepath::domain::billing::price::PriceBook;
use glidepath::domain::filing::next_award::Wanted;
use glidepath::domain::position::assess::{Assessment, Context};
use glidepath::domain::values::period::{DayRange, plus_days};
use tokio::runtime::Builder;

#[path = "support/busy.rs"]
mod busy;
#[path = "support/stored.rs"]
mod stored;
use busy::{SIZE, pull, run};
use stored::{engine, stored};

fn clock() -> DateTime<Utc> {
    "2026-11-20T06:00:00Z".parse().expect("a time")
}

fn benches(criterion: &mut Criterion) {
    let runtime = Builder::new_multi_thread().worker_threads(2).enable_all().build().expect("a runtime");
    let folder = tempfile::tempdir().expect("a temporary folder");
    let kept = runtime.block_on(stored(&folder.path().join("bench.duckdb"), clock(), 2));
    let store = kept.store().clone();
    // Another config makes another view, so that what is kept does not count.
    let changed = engine(store.clone(), "[aws]\ntax_rate = \"0.20\"\n");
    let (classifier, prices) = (Classifier::builtin(), PriceBook::builtin());
    let context = || Context {
        classifier: &classifier,
        prices: &prices,
        pools: &[],
        filing: None,
        tax_rate: None,
        next_award: Wanted::default(),
    };
    let read = || runtime.block_on(store.facts(clock(), "USD".to_owned())).expect("readable facts");

    criterion.bench_function("reading the position from two years", |bencher| {
        bencher.iter(|| runtime.block_on(kept.view(None)).expect("a readable store"));
    });
    criterion.bench_function("putting the position together from two years", |bencher| {
        bencher.iter(|| runtime.block_on(changed.view(None)).expect("a readable store"));
    });
    criterion.bench_function("of that, reading the facts", |bencher| bencher.iter(read));
    let facts = read();
    let outlook = Assessment::new(&facts, context()).outlook();
    criterion.bench_function("of that, assessing them", |bencher| {
        bencher.iter(|| Assessment::new(black_box(&facts), context()).position(outlook.as_ref()));
    });
    criterion.bench_function("drafting the next filing from two years", |bencher| {
        bencher.iter(|| Assessment::new(black_box(&facts), context()).draft().expect("there is a bill"));
    });
    let mut later = clock();
    criterion.bench_function("appending a daily cycle that changed nothing", |bencher| {
        let today = clock().date_naive();
        let window = DayRange::new(plus_days(today, -10), plus_days(today, 1));
        bencher.iter_batched(
            || {
                later += chrono::TimeDelta::seconds(1);
                run(later, pull(window, SIZE, today))
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
