//! Alert rules over the demo's past: what they would have told, and whether that was in time.

use glidepath::cycle::{Engine, ReplayError, ReplayOrder};
use glidepath::demo::{FakeAws, startup};
use glidepath::domain::alert::{Action, AlertRules, EventKind, ReplayReport};
use glidepath::domain::credit::programme::Programme;
use glidepath::domain::position::finding::{Rule, Severity};
use glidepath::store::Store;

use super::support::*;

/// The founder's patience, beside the digest.
const MESSAGES_A_WEEK: u64 = 2;

/// The demo's engine after the cycles of `clocks`.
async fn after(clocks: impl Iterator<Item = chrono::NaiveDate>) -> (FakeAws, Engine) {
    let fake = FakeAws::start(startup::account(), startup::TODAY).await.unwrap();
    let services = startup::POC_SERVICES.map(|service| format!("{service:?}")).join(", ");
    let config = config_of(&format!(
        "[store]\npath = \"unused.duckdb\"\n[aws]\ntax_rate = \"0.20\"\n[[pool]]\nid = \"{}\"\nservices = [{services}]\n",
        startup::POC_ID
    ));
    let engine = engine(&fake, Store::in_memory().unwrap(), config);
    engine.file_projection(startup::TODAY, startup::PROJECTION_TOML.to_owned()).await.unwrap();
    for day in clocks {
        let now = morning(&day.to_string());
        fake.set_now(now);
        engine.cycle(now).await.unwrap().unwrap();
    }
    (fake, engine)
}

async fn replayed(engine: &Engine, from: &str, to: &str) -> ReplayReport {
    engine.replay(ReplayOrder { from: day(from), to: day(to), rules: None }).await.unwrap()
}

fn told(report: &ReplayReport) -> Vec<String> {
    let line = |alert: &glidepath::domain::alert::ReplayedAlert| {
        let (on, action) = (alert.at.date_naive(), alert.decision.as_str());
        format!("{on} {} {action} {}", alert.key, alert.severity.as_str())
    };
    report.alerts.iter().map(line).collect()
}

/// What the cycles sent is what a replay of them with the same rules says they would have sent.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_replay_of_known_cycles_says_what_they_said() {
    let (_fake, engine) = after(days("2026-10-22", "2026-11-06")).await;
    let report = replayed(&engine, "2026-10-22", "2026-11-06").await;
    assert_eq!((report.looks, report.reconstructed), (16, 0));
    let sql = "SELECT CAST(CAST(decided_at AS DATE) AS VARCHAR) || ' ' || key || ' ' || decision || ' ' || severity
               FROM alert_events ORDER BY run_id, key";
    let mut sent: Vec<String> = engine
        .store()
        .call_blocking(|connection| {
            let mut statement = connection.prepare(sql)?;
            let rows = statement.query_map([], |row| row.get(0))?;
            Ok(rows.collect::<Result<_, _>>()?)
        })
        .unwrap();
    let mut said = told(&report);
    said.sort();
    sent.sort();
    assert_eq!(said, sent);
    assert!(said.iter().any(|line| line.ends_with("exhaustion:total fire warning")), "{said:?}");
    // Other rules see another past: with 18 days of lead time nothing was near.
    let rules = AlertRules { slack_days: 0, next_award: Some(Programme::BedrockPoc), ..AlertRules::default() };
    let order = ReplayOrder { from: day("2026-10-22"), to: day("2026-11-06"), rules: Some(rules) };
    let later = engine.replay(order).await.unwrap();
    assert!(later.alerts.iter().all(|alert| alert.key != "exhaustion:total"), "{:?}", told(&later));
    let ahead = ReplayOrder { from: day("2026-12-01"), to: day("2026-12-31"), rules: None };
    assert!(matches!(engine.replay(ahead).await, Err(ReplayError::NoLook { .. })), "nobody looked");
}

/// The busiest weeks of the year, which nobody watched: launch, and the end of the proof of concept.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_launch_is_told_with_its_cause() {
    let (_fake, engine) = after([startup::TODAY.date_naive()].into_iter()).await;
    let report = replayed(&engine, "2026-05-08", "2026-05-22").await;
    assert_eq!((report.looks, report.reconstructed), (15, 15));
    let spikes: Vec<_> = report.alerts.iter().filter(|a| a.rule == Rule::Spike && a.decision == Action::Fire).collect();
    assert_eq!(spikes.len(), 1, "one event, one message: {:?}", told(&report));
    let spike = &spikes[0].summary;
    assert!(spike.starts_with("Claude Sonnet 5 has cost at least $") && spike.contains("on 12 May 2026"), "{spike}");
    assert!(spike.contains("because of volume"), "{spike}");
    assert!(report.events.iter().any(|event| matches!(event.event.kind, EventKind::PoolUsedUp { .. })));
    assert_eq!(report.misses, 0, "{:?}", report.events);
}

/// Every day of the demo's year is looked at, and forecast.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_default_rules_over_the_year_miss_nothing_and_send_two_a_week_on_average() {
    let (_fake, engine) = after([startup::TODAY.date_naive()].into_iter()).await;
    let report = replayed(&engine, "2025-11-03", "2026-11-20").await;
    assert!(report.looks > 370, "{}", report.looks);
    assert_eq!(report.misses, 0, "{:?}", report.events);
    let counted = report.alerts.iter().filter(|alert| !alert.silent && !alert.reason.is_worse_news()).count() as u64;
    let weeks = report.looks / 7;
    assert!(counted <= MESSAGES_A_WEEK * weeks, "{counted} in {weeks} weeks: {:#?}", told(&report));
    assert!(report.most_in_a_week <= 2 * MESSAGES_A_WEEK, "{}: {:#?}", report.most_in_a_week, told(&report));
    // Credit ends some weeks after the demo's today: it was told a lead time before, and is open.
    let urgent = report.alerts.iter().find(|a| a.key == "exhaustion:total" && a.severity == Severity::Critical);
    assert!(urgent.is_some(), "{:#?}", told(&report));
}
