//! A first cycle over the demo's year, fake AWS included (meant to stay under 2 s): asked page by page over loopback,
//! stored in a file, assessed, evaluated; and the daily cycle after it.

use std::path::Path;

use criterion::{BatchSize, Criterion, criterion_group, criterion_main};
use glidepath::config::Config;
use glidepath::cycle::{AwsAccess, Engine};
use glidepath::demo::{FakeAws, startup};
use glidepath::domain::facts::outcome::Outcome;
use glidepath::store::Store;
use tempfile::TempDir;
use tokio::runtime::{Builder, Runtime};

const CONFIG: &str = "[store]\npath = \"unused\"\n[aws]\npaid_requests_per_day = 1000000\ntax_rate = \"0.20\"\n";

fn engine(runtime: &Runtime, fake: &FakeAws) -> (TempDir, Engine) {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let store = Store::open(&folder.path().join("bench.duckdb")).expect("a new store");
    let config = Config::parse(CONFIG, Path::new("glidepath.toml")).expect("a config");
    let engine = Engine::new(store, config, AwsAccess::Endpoint(fake.endpoint())).expect("an engine");
    let filed = engine.file_projection(startup::TODAY, startup::PROJECTION_TOML.to_owned());
    runtime.block_on(filed).expect("the demo's filing");
    (folder, engine)
}

fn cycle(runtime: &Runtime, engine: &Engine) {
    let report = runtime.block_on(engine.cycle(startup::TODAY)).expect("a cycle").expect("no other cycle runs");
    assert_eq!((report.costs, report.credits), (Outcome::Ok, Outcome::Ok));
}

fn benches(criterion: &mut Criterion) {
    let runtime = Builder::new_multi_thread().worker_threads(2).enable_all().build().expect("a runtime");
    let fake = runtime.block_on(FakeAws::start(startup::account(), startup::TODAY)).expect("a loopback port");
    criterion.bench_function("a first cycle over the demo's year", |bencher| {
        bencher.iter_batched_ref(
            || engine(&runtime, &fake),
            |(_, engine)| cycle(&runtime, engine),
            BatchSize::PerIteration,
        );
    });
    let (_folder, engine) = engine(&runtime, &fake);
    cycle(&runtime, &engine);
    criterion.bench_function("the next cycle", |bencher| bencher.iter(|| cycle(&runtime, &engine)));
    runtime.block_on(fake.stop()).expect("it stops");
}

criterion_group! {
    name = group;
    config = Criterion::default().sample_size(10);
    targets = benches
}
criterion_main!(group);
