//! The view that a cycle leaves in the store: it is used only while putting it together would give the same, to the byte,
//! and for as long as it would.

use std::path::Path;

use chrono::{DateTime, TimeDelta, Utc};
use glidepath::config::Config;
use glidepath::cycle::{AwsAccess, BalanceEntry, Engine, View};
use glidepath::demo::{FakeAws, startup};
use glidepath::store::Store;

use crate::support::values::{day, usd};

const CONFIG: &str = "[store]\npath = \"unused\"\n[aws]\ntax_rate = \"0.20\"\npaid_requests_per_day = 1000\n";
/// A currency that nobody computes: it shows that a view was read and not made.
const MARK: &str = "MARKED";

fn engine(store: &Store, fake: &FakeAws, config: &str) -> Engine {
    let config = Config::parse(config, Path::new("glidepath.toml")).unwrap();
    Engine::new(store.clone(), config, AwsAccess::Endpoint(fake.endpoint())).unwrap()
}

/// A year of the demo's startup, one cycle in, its filing filed.
async fn after_a_cycle() -> (FakeAws, Engine) {
    let fake = FakeAws::start(startup::account(), startup::TODAY).await.unwrap();
    let engine = engine(&Store::in_memory().unwrap(), &fake, CONFIG);
    engine.file_projection(startup::TODAY, startup::PROJECTION_TOML.to_owned()).await.unwrap();
    engine.cycle(startup::TODAY).await.unwrap().unwrap();
    (fake, engine)
}

async fn view(engine: &Engine, as_of: Option<DateTime<Utc>>) -> View {
    engine.view(as_of).await.unwrap().unwrap()
}

fn execute(engine: &Engine, sql: &str) -> usize {
    engine.store().call_blocking(|connection| Ok(connection.execute(sql, [])?)).unwrap()
}

/// Marks what is kept, so that a view tells where it came from.
fn mark(engine: &Engine) {
    let sql = format!(r#"UPDATE views SET body = replace(body, '"currency":"USD"', '"currency":"{MARK}"')"#);
    assert_eq!(execute(engine, &sql), 1, "one view is kept");
}

async fn is_kept(engine: &Engine, as_of: Option<DateTime<Utc>>) -> bool {
    match view(engine, as_of).await.position.currency.as_str() {
        MARK => true,
        "USD" => false,
        other => panic!("{other}"),
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_kept_view_is_the_one_that_would_be_made() {
    let (_fake, engine) = after_a_cycle().await;
    let kept = view(&engine, None).await;
    assert!(!kept.position.findings.is_empty() && !kept.position.variance.is_empty() && !kept.series.pools.is_empty());
    assert_eq!(execute(&engine, "DELETE FROM views"), 1);
    let made = view(&engine, None).await;
    assert_eq!(serde_json::to_string(&kept).unwrap(), serde_json::to_string(&made).unwrap());
    assert_eq!(kept, made);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn it_is_read_for_the_newest_cycle_and_no_other() {
    let (fake, engine) = after_a_cycle().await;
    mark(&engine);
    assert!(is_kept(&engine, None).await);
    let (first, second) = (startup::TODAY, startup::TODAY + TimeDelta::days(1));
    assert!(is_kept(&engine, Some(second)).await, "the newest cycle before tomorrow is today's");
    fake.set_now(second);
    engine.cycle(second).await.unwrap().unwrap();
    assert!(!is_kept(&engine, None).await, "a newer cycle leaves a view of its own");
    mark(&engine);
    assert!(is_kept(&engine, None).await);
    assert!(!is_kept(&engine, Some(first)).await);
    assert_eq!(view(&engine, Some(first)).await.position.as_of, first);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_balance_typed_in_makes_it_anew() {
    let (_fake, engine) = after_a_cycle().await;
    mark(&engine);
    let pool = startup::POC_ID.to_owned();
    let typed_in = BalanceEntry { pool: pool.clone(), remaining: usd("1234.56"), on: Some(day("2026-11-21")) };
    engine.record_balance(startup::TODAY + TimeDelta::days(1), typed_in).await.unwrap();
    let position = view(&engine, None).await.position;
    assert_eq!(position.currency, "USD");
    let stated = position.credits.pools.iter().find(|known| known.id == pool).unwrap().stated.unwrap();
    assert_eq!((stated.amount, stated.at), (usd("1234.56"), day("2026-11-21")));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_correction_of_the_filing_makes_it_anew() {
    let (_fake, engine) = after_a_cycle().await;
    mark(&engine);
    let corrected = format!("# corrected\n{}", startup::PROJECTION_TOML);
    let filed = engine.file_projection(startup::TODAY, corrected).await.unwrap();
    assert_eq!(filed.version, 2);
    let position = view(&engine, None).await.position;
    assert_eq!((position.currency.as_str(), position.filing.unwrap().version), ("USD", 2));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn paid_requests_are_counted_into_it() {
    let (_fake, engine) = after_a_cycle().await;
    let counted = async || {
        let quality = view(&engine, None).await.position.data_quality;
        (quality.paid_requests_today, quality.usd_spent_asking_month)
    };
    let (today, asking) = counted().await;
    mark(&engine);
    let ticket = engine.store().reserve_request(startup::TODAY.date_naive(), 1000).await.unwrap().unwrap();
    assert_eq!(counted().await, (today + 1, asking + usd("0.01")));
    assert!(is_kept(&engine, None).await);
    engine.store().settle_request(ticket, false).await.unwrap();
    assert_eq!(counted().await, (today, asking));
    assert!(is_kept(&engine, None).await);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_running_cycle_appends_is_no_part_of_it() {
    let (fake, engine) = after_a_cycle().await;
    let before = view(&engine, None).await;
    let tomorrow = startup::TODAY + TimeDelta::days(1);
    fake.set_now(tomorrow);
    let run_id = engine.cycle(tomorrow).await.unwrap().unwrap().run_id;
    // Its run is in, its end is not: as far as a running cycle gets.
    assert_eq!(execute(&engine, &format!("DELETE FROM cycles WHERE run_id = {run_id}")), 1);
    assert_eq!(execute(&engine, "DELETE FROM views"), 1);
    assert_eq!(view(&engine, None).await, before);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn another_config_makes_it_anew() {
    let (fake, first) = after_a_cycle().await;
    mark(&first);
    let untaxed = engine(first.store(), &fake, "[store]\npath = \"unused\"\n");
    let position = view(&untaxed, None).await.position;
    assert_eq!(position.currency, "USD");
    assert!(is_kept(&first, None).await, "reading under another config leaves what is kept alone");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn another_program_and_a_body_that_does_not_read_make_it_anew() {
    let (_fake, engine) = after_a_cycle().await;
    let made = view(&engine, None).await;
    mark(&engine);
    let older = "UPDATE views SET key = replace(key, '\"program\":\"', '\"program\":\"0.0.1 of ')";
    assert_eq!(execute(&engine, older), 1);
    assert_eq!(view(&engine, None).await, made);
    engine.cycle(startup::TODAY).await.unwrap().unwrap();
    assert_eq!(execute(&engine, "UPDATE views SET body = '{}'"), 1);
    assert_eq!(view(&engine, None).await.position.currency, "USD");
}
