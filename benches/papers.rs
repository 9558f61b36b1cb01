//! The funding pack of the demo's year as each form, over a store of a year of daily cycles: a PDF is meant to take under
//! 1 s, HTML under 50 ms. On the demo as it leaves its store, sizing the filing and drafting the next one are meant to take under 100 ms
//! each.
//!
//! The appendix of evidence names every run that a figure rests on, and after a year these are hundreds. The cycles are real
//! ones, with the demo's late and corrected days between them, so that they take some minutes before anything is measured.

use std::path::Path;

use chrono::TimeDelta;
use criterion::{BatchSize, Criterion, criterion_group, criterion_main};
use glidepath::config::Config;
use glidepath::cycle::{AwsAccess, Engine};
use glidepath::demo::{FakeAws, startup};
use glidepath::report::{self, Audience, Beside, Format, ReportKind};
use glidepath::store::Store;
use tokio::runtime::Builder;

const CONFIG: &str = "[store]\npath = \"unused\"\n[aws]\ntax_rate = \"0.20\"\npaid_requests_per_day = 1000\n";
const DAYS: i64 = 365;
/// Days of cycles that the demo itself runs.
const DAYS_OF_DEMO: i64 = 46;

async fn after(days: i64) -> Engine {
    let fake = FakeAws::start(startup::account(), startup::TODAY).await.expect("a free port");
    let config = Config::parse(CONFIG, Path::new("glidepath.toml")).expect("a good config");
    let store = Store::in_memory().expect("a store");
    let engine = Engine::new(store, config, AwsAccess::Endpoint(fake.endpoint())).expect("an engine");
    engine.file_projection(startup::TODAY, startup::PROJECTION_TOML.to_owned()).await.expect("a good filing");
    for ago in (0..days).rev() {
        let now = startup::TODAY - TimeDelta::days(ago);
        fake.set_now(now);
        engine.cycle(now).await.expect("a cycle").expect("no other cycle runs");
    }
    engine
}

fn benches(criterion: &mut Criterion) {
    let runtime = Builder::new_multi_thread().worker_threads(2).enable_all().build().expect("a runtime");
    let engine = runtime.block_on(after(DAYS));
    let view = runtime.block_on(engine.view(None)).expect("a readable store").expect("a finished cycle");
    let sized = runtime.block_on(engine.sized(&view.position, &Audience::Owner)).expect("a readable store");
    let mut group = criterion.benchmark_group("funding pack");
    group.sample_size(20);
    for format in Format::ALL {
        group.bench_function(format.as_str(), |bencher| {
            let render = |()| {
                let document = report::build_beside(
                    ReportKind::FundingPack,
                    &view.position,
                    &view.series,
                    Beside { sized: sized.as_ref(), ..Beside::default() },
                    &Audience::Owner,
                );
                report::render(&document, format).expect("it can be rendered")
            };
            // The typesetter remembers what it has set, and a reader seldom asks for the same paper twice.
            bencher.iter_batched(report::forget_typeset, render, BatchSize::PerIteration);
        });
    }
    group.finish();
    let engine = runtime.block_on(after(DAYS_OF_DEMO));
    let view = runtime.block_on(engine.view(None)).expect("a readable store").expect("a finished cycle");
    let mut group = criterion.benchmark_group("the ask");
    group.sample_size(20);
    group.bench_function("sizing the filing", |bencher| {
        let sized = || engine.sized(&view.position, &Audience::Owner);
        bencher.iter(|| runtime.block_on(sized()).expect("a readable store"));
    });
    group.bench_function("drafting the next one", |bencher| {
        bencher.iter(|| runtime.block_on(engine.draft_filing(None)).expect("there is a bill").to_toml());
    });
    group.finish();
}

criterion_group!(papers, benches);
criterion_main!(papers);
