//! A cycle that is dropped between any two of its steps loses nothing and repeats nothing. What is cut here are steps, not
//! transactions: a runtime that ends waits for the calls to the store that have begun. `cli/killed.rs` kills whole processes.

use std::future::{Future, poll_fn};
use std::path::Path;
use std::task::Poll;

use glidepath::cycle::View;
use glidepath::demo::FakeAws;
use glidepath::domain::alert::OpenAlert;
use glidepath::domain::facts::outcome::Outcome;
use glidepath::store::{CreditPull, IngestRun, Store, alerts};
use tokio::runtime::{Builder, Runtime};

use super::support::*;

const FIRST: &str = "2026-03-20";
const SECOND: &str = "2026-03-21";

/// A credit that ends within days, so that every cycle has something to tell; and a correction on the second day.
fn account() -> glidepath::demo::FakeAccount {
    let small = glidepath::demo::FakeCredit::new(CREDIT, "2400", "2026-02-01", "2027-02-01", &[BEDROCK]);
    spend("2026-02-20", "2026-04-30").credit(small).page_size(20).restate(
        "2026-03-21T00:00:00Z",
        "2026-03-12",
        EC2,
        "Usage",
        "BoxUsage:m7g.xlarge",
        "Hrs",
        "-6",
        "-1.25",
    )
}

fn telling() -> glidepath::config::Config {
    config_of(
        "[store]\npath = \"unused.duckdb\"\n[alerts.repeat]\ncritical_hours = 24\n[[channel]]\nname = \"log\"\ntype = \"log\"\n",
    )
}

/// What stands for a process: its runtime drops the cycle where it is, and lets a call to the store that has begun end.
fn process() -> Runtime {
    Builder::new_current_thread().enable_all().build().unwrap()
}

/// What must be the same, however often a cycle was killed.
#[derive(Debug, PartialEq)]
struct Picture {
    view: View,
    open: Vec<OpenAlert>,
    restatements: usize,
}

/// Runs the cycle of `day` in a process of its own and gives what is then known.
fn whole_cycle(fake: &FakeAws, store: &Path, day: &str) -> Picture {
    process().block_on(async {
        let engine = engine(fake, Store::open(store).unwrap(), telling());
        let report = engine.cycle(morning(day)).await.unwrap().unwrap();
        assert_eq!((report.costs, report.credits), (Outcome::Ok, Outcome::Ok));
        assert_eq!(engine.deliver(morning(day)).await.unwrap(), (0, 0), "every message is out");
        let now = morning(day);
        let open = engine.store().call(move |connection| Ok(alerts::open_alerts(connection, now)?)).await.unwrap();
        let restatements = engine.store().restatements(None, 100).await.unwrap().len();
        let mut view = comparable(&engine.view(None).await.unwrap().unwrap());
        view.position.findings.sort_by(|a, b| a.key.cmp(&b.key));
        engine.store().checkpoint().unwrap();
        Picture { view, open, restatements }
    })
}

/// Runs the cycle of `day` and drops it after `polls` steps; true if it had finished by then.
fn killed_cycle(fake: &FakeAws, store: &Path, day: &str, polls: usize) -> bool {
    process().block_on(async {
        let engine = engine(fake, Store::open(store).unwrap(), telling());
        let mut cycle = Box::pin(engine.cycle(morning(day)));
        let mut left = polls;
        poll_fn(|context| {
            if left == 0 {
                return Poll::Ready(false);
            }
            left -= 1;
            cycle.as_mut().poll(context).map(|report| {
                report.unwrap();
                true
            })
        })
        .await
    })
}

#[test]
fn killed_after_any_step_the_next_start_carries_on() {
    let outside = Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    let fake = outside.block_on(FakeAws::start(account(), morning(FIRST))).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let first = folder.path().join("first.duckdb");
    whole_cycle(&fake, &first, FIRST);

    fake.set_now(morning(SECOND));
    let calm = folder.path().join("calm.duckdb");
    std::fs::copy(&first, &calm).unwrap();
    let expected = whole_cycle(&fake, &calm, SECOND);
    assert!(expected.view.position.findings.iter().any(|finding| finding.key == "exhaustion:total"));
    assert!(
        expected.open.iter().any(|alert| alert.key == "exhaustion:total" && alert.told == 2),
        "{:?}",
        expected.open
    );

    // A cycle takes some fifty steps; every step at first, then in growing strides, until one is through.
    let mut kills = 0;
    for polls in (1..).map(|number: usize| number + number * number / 16) {
        let path = folder.path().join(format!("killed-{polls}.duckdb"));
        std::fs::copy(&first, &path).unwrap();
        let finished = killed_cycle(&fake, &path, SECOND, polls);
        assert_eq!(whole_cycle(&fake, &path, SECOND), expected, "killed after step {polls}");
        std::fs::remove_file(&path).unwrap();
        if finished {
            break;
        }
        kills += 1;
    }
    assert!(kills >= 15, "only {kills} kills: the cycle runs in larger steps than this test was written for");
}

#[tokio::test]
async fn killed_between_the_two_transactions() {
    let calm = World::new(account()).await;
    calm.cycle(FIRST).await;
    calm.cycle(SECOND).await;

    let world = World::new(account()).await;
    world.cycle(FIRST).await;
    let before = world.view().await;
    world.fake.set_now(morning(SECOND));
    // The facts of the second day are stored, as a cycle would, and then the process dies.
    let clients = world.engine.clients(morning(SECOND)).await.unwrap();
    let window = glidepath::domain::facts::window::steady_window(day(SECOND), day(FIRST));
    let pull = glidepath::aws::cost_explorer::pull(&clients, window).await.unwrap();
    let run = IngestRun {
        clock: morning(SECOND),
        aws_clock: Some(morning(SECOND)),
        account: Some(ACCOUNT.to_owned()),
        costs: Some(glidepath::store::PulledCosts {
            window: pull.window,
            charges: pull.charges,
            usage: pull.usage,
            pages: pull.pages,
            request_ids: pull.aws_request_ids,
        }),
        costs_outcome: Outcome::Ok,
        credits: CreditPull::default(),
        credits_outcome: Outcome::NotTried,
    };
    world.engine.store().append_run(run).await.unwrap();
    assert_eq!(world.view().await, before, "an unfinished cycle is not shown");

    let rows = world.facts(SECOND).await.charges;
    world.cycle(SECOND).await;
    assert_eq!(world.facts(SECOND).await.charges, rows, "asked again, nothing was new");
    assert_eq!(comparable(&world.view().await), comparable(&calm.view().await));
    let noted = world.engine.store().restatements(None, 100).await.unwrap();
    assert_eq!(noted, calm.engine.store().restatements(None, 100).await.unwrap());
}
