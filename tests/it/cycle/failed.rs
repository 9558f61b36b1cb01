//! A cycle that asked and could not finish is told at once, by itself, and is over when a cycle finishes.

use std::time::Duration;

use glidepath::config::Config;
use glidepath::cycle::{AwsAccess, Engine};
use glidepath::domain::alert::{Action, AlertEvent};
use glidepath::domain::position::finding::Severity;
use glidepath::store::alerts;
use tokio::net::TcpListener;

use super::support::*;

const TELLING: &str = "[store]\npath = \"unused.duckdb\"\n[[channel]]\nname = \"log\"\ntype = \"log\"\n";
const KEY: &str = "cycle_failed:cycle";

/// The next run brings a credit that cannot be read: its facts are stored, and nothing can be computed from them.
async fn spoil(world: &World) {
    let sql = "INSERT INTO credit_snapshots
               SELECT max(run_id) + 1, DATE '2026-03-21', 'broken', true, '{\"credit_id\": 4711}', NULL FROM ingest_runs";
    world.engine.store().call(move |connection| Ok(connection.execute(sql, []).map(drop)?)).await.unwrap();
}

async fn mend(world: &World) {
    let sql = "DELETE FROM credit_snapshots WHERE credit_id = 'broken'";
    world.engine.store().call(move |connection| Ok(connection.execute(sql, []).map(drop)?)).await.unwrap();
}

async fn failing_cycle(world: &World, day: &str) -> String {
    world.fake.set_now(morning(day));
    format!("{:#}", world.engine.cycle(morning(day)).await.unwrap_err())
}

/// What was told of cycles that failed, oldest first.
async fn told(world: &World) -> Vec<AlertEvent> {
    let events = world.engine.store().read(|connection| Ok(alerts::events(connection, None, 100)?)).await.unwrap();
    events.into_iter().filter(|event| event.key == KEY).rev().collect()
}

fn shown(events: &[AlertEvent]) -> Vec<(Action, Severity)> {
    events.iter().map(|event| (event.decision, event.severity)).collect()
}

#[tokio::test]
async fn what_fails_after_the_pull_is_told_at_once_and_ended_without_asking_again() {
    let world = World::with(small_account(), config_of(TELLING)).await;
    world.cycle("2026-03-20").await;
    let before = world.view().await;
    spoil(&world).await;
    let error = failing_cycle(&world, "2026-03-21").await;
    assert!(error.contains("a credit snapshot in the store cannot be read"), "{error}");

    let events = told(&world).await;
    assert_eq!(shown(&events), [(Action::Fire, Severity::Warning)]);
    assert_eq!(events[0].fired_at, morning("2026-03-21"));
    assert!(events[0].text.contains("a credit snapshot in the store cannot be read"), "{}", events[0].text);
    let states = world.engine.store().read(|connection| Ok(alerts::channel_states(connection)?)).await.unwrap();
    assert_eq!((states[0].channel.as_str(), states[0].pending), ("log", 0), "it was sent by the cycle that failed");

    // The last finished position stands, with this beside it; what was known then stays as it was.
    let view = world.view().await;
    assert_eq!(view.position.as_of, morning("2026-03-20"));
    let found = finding(&view.position, KEY);
    assert_eq!(found.since, day("2026-03-21"));
    assert!(found.summary.contains("All figures are still those of 20 March 2026, 06:30 UTC."), "{}", found.summary);
    assert_eq!(view.position.findings.len(), before.position.findings.len() + 1);
    assert_eq!(world.engine.view(Some(morning("2026-03-21"))).await.unwrap(), Some(before));
    let listed = world.engine.alerts(morning("2026-03-21")).await.unwrap().alerts;
    assert!(listed.iter().any(|row| row.key == KEY && row.opened_at == Some(morning("2026-03-21"))), "{listed:?}");
    assert!(world.engine.is_failing().await);
    assert_eq!(world.engine.unfinished().await.unwrap().map(|it| it.clock), Some(morning("2026-03-21")));

    // An hour later its end is tried again, in vain, and told no second time.
    let later = at("2026-03-21T07:17:00Z");
    world.engine.end_unfinished(later).await.unwrap_err();
    assert_eq!(told(&world).await.len(), 1);

    let asked = world.asked().len();
    mend(&world).await;
    assert!(world.engine.end_unfinished(at("2026-03-21T08:17:00Z")).await.unwrap());
    assert_eq!(world.asked().len(), asked, "the stored answers are enough");
    let events = told(&world).await;
    assert_eq!(shown(&events), [(Action::Fire, Severity::Warning), (Action::Resolve, Severity::Warning)]);
    let view = world.view().await;
    assert_eq!(view.position.as_of, morning("2026-03-21"));
    assert!(!keys(&view.position.findings).contains(&KEY));
    assert!(!world.engine.is_failing().await);
    assert_eq!(world.engine.unfinished().await.unwrap(), None);
    assert!(!world.engine.end_unfinished(later).await.unwrap(), "there is nothing left to end");
}

#[tokio::test]
async fn it_gets_critical_once_the_figures_are_old_and_the_next_good_cycle_ends_it() {
    let world = World::with(small_account(), config_of(TELLING)).await;
    world.cycle("2026-03-20").await;
    spoil(&world).await;
    failing_cycle(&world, "2026-03-21").await;
    failing_cycle(&world, "2026-03-22").await;
    let events = told(&world).await;
    assert_eq!(shown(&events), [(Action::Fire, Severity::Warning), (Action::Escalate, Severity::Critical)]);
    assert_eq!(finding(&world.position().await, KEY).since, day("2026-03-21"));
    mend(&world).await;
    world.cycle("2026-03-23").await;
    assert_eq!(shown(&told(&world).await)[2], (Action::Resolve, Severity::Critical));
    assert!(!keys(&world.position().await.findings).contains(&KEY));
}

#[tokio::test]
async fn before_any_cycle_finished_it_is_told_too() {
    let world = World::with(small_account(), config_of(TELLING)).await;
    let sql = "INSERT INTO credit_snapshots VALUES (1, DATE '2026-03-20', 'broken', true, '[]', NULL)";
    world.engine.store().call(move |connection| Ok(connection.execute(sql, []).map(drop)?)).await.unwrap();
    failing_cycle(&world, "2026-03-20").await;
    assert_eq!(world.engine.view(None).await.unwrap(), None);
    let nothing = world.engine.check_as_of(None, morning("2026-03-20")).await.unwrap_err().to_string();
    assert!(nothing.starts_with("no cycle has finished yet, and the newest one failed: "), "{nothing}");
    let listed = world.engine.alerts(morning("2026-03-20")).await.unwrap().alerts;
    assert_eq!(listed.iter().map(|row| row.key.as_str()).collect::<Vec<_>>(), [KEY]);
    assert_eq!(shown(&told(&world).await), [(Action::Fire, Severity::Warning)]);
}

#[tokio::test]
async fn where_not_even_that_can_be_stored_the_metric_still_says_it() {
    let world = World::with(small_account(), config_of(TELLING)).await;
    world.cycle("2026-03-20").await;
    spoil(&world).await;
    let away = "ALTER TABLE alert_events RENAME TO alert_events_elsewhere";
    world
        .engine
        .store()
        .call(move |connection| Ok(connection.execute_batch(&format!("DROP VIEW told; {away}"))?))
        .await
        .unwrap();
    failing_cycle(&world, "2026-03-21").await;
    assert!(world.engine.is_failing().await);
    assert_eq!(world.engine.store().failed_cycle().await.unwrap(), None, "told and stored, or neither");
    assert_eq!(world.engine.unfinished().await.unwrap().map(|it| it.clock), Some(morning("2026-03-21")));
}

#[tokio::test]
async fn a_clock_that_goes_back_is_no_failure() {
    let world = World::new(small_account()).await;
    world.cycle("2026-03-20").await;
    world.engine.cycle(morning("2026-03-19")).await.unwrap_err();
    assert!(!world.engine.is_failing().await);
    assert_eq!(world.engine.unfinished().await.unwrap(), None);
}

#[tokio::test]
async fn a_cycle_that_takes_too_long_is_given_up_and_says_at_what() {
    let world = World::with(small_account(), config_of(TELLING)).await;
    world.cycle("2026-03-20").await;
    // It takes connections and never answers.
    let silent = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let aws = AwsAccess::Endpoint(format!("http://{}", silent.local_addr().unwrap()));
    let config = Config { cycle_limit: Duration::from_millis(200), ..config_of(TELLING) };
    let engine = Engine::new(world.engine.store().clone(), config, aws).unwrap();
    let error = format!("{:#}", engine.cycle(morning("2026-03-21")).await.unwrap_err());
    assert!(error.contains("([aws] cycle_minutes) while learning whose credentials these are"), "{error}");
    assert_eq!(shown(&told(&world).await), [(Action::Fire, Severity::Warning)]);
    world.cycle("2026-03-22").await;
    assert_eq!(shown(&told(&world).await).len(), 2, "and it is over with the next");
}
