//! Every alert arrives, under its own id, whatever the receiver does and wherever the process dies; and a channel that is
//! dead is told on another, without waiting for a cycle.

use std::collections::BTreeSet;
use std::future::{Future, poll_fn};
use std::path::Path;
use std::task::Poll;

use chrono::TimeDelta;
use glidepath::config::Config;
use glidepath::cycle::{AwsAccess, Engine, MuteEntry};
use glidepath::demo::{FakeAccount, FakeCredit, Fault, Operation};
use glidepath::domain::alert::MuteKind;
use glidepath::domain::facts::outcome::Outcome;
use glidepath::domain::values::secret::Secret;
use glidepath::notify::Channel;
use glidepath::store::{CreditPull, IngestRun, Store, alerts};
use serde_json::{Value, json};
use tokio::runtime::{Builder, Runtime};

use super::hook::{Hook, Manner, Post, telling};
use super::support::*;

/// A credit that ends within days.
fn ending() -> FakeAccount {
    let small = FakeCredit::new(CREDIT, "2400", "2026-02-01", "2027-02-01", &[BEDROCK]);
    spend("2026-02-20", "2026-04-30").credit(small)
}

/// `key decision` of each alert that came.
fn told(posts: &[Post]) -> Vec<String> {
    let text = |post: &Post, name: &str| post.body["data"][name].as_str().unwrap().to_owned();
    posts.iter().map(|post| format!("{} {}", text(post, "key"), text(post, "decision"))).collect()
}

#[tokio::test]
async fn a_dead_channel_is_told_on_another_within_a_minute_and_so_is_its_return() {
    let (ops, mail) = (Hook::start().await, Hook::start().await);
    ops.take(Manner::Status(404), 100);
    let world = World::with(ending(), telling([("mail", mail.webhook()), ("ops", ops.webhook())])).await;
    world.cycle("2026-03-20").await;
    assert!(told(&mail.posts()).contains(&"exhaustion:total fire".to_owned()));
    ops.posts();

    let minute = |count| morning("2026-03-20") + TimeDelta::minutes(count);
    world.engine.tend_outbox(minute(1)).await.unwrap();
    let posts = mail.posts();
    assert_eq!(told(&posts), ["dead_channel:ops fire"]);
    let text = posts[0].body["data"]["text"].as_str().unwrap();
    assert!(text.contains("HTTP 404") && text.contains("glidepath alerts test --channel ops"), "{text}");
    assert!(ops.posts().is_empty(), "it is not told through itself");
    world.engine.tend_outbox(minute(2)).await.unwrap();
    assert!(mail.posts().is_empty(), "and told once");

    // The next morning it answers again, and AWS does not, which is something to tell.
    ops.take(Manner::Well, 0);
    world.fake.inject(Fault::InternalError.on(Operation::GetCostAndUsage).always());
    world.cycle("2026-03-21").await;
    assert!(!ops.posts().is_empty());
    mail.posts();
    world.engine.tend_outbox(morning("2026-03-21") + TimeDelta::minutes(1)).await.unwrap();
    assert_eq!(told(&mail.posts()), ["dead_channel:ops resolve"]);
}

#[tokio::test]
async fn a_channel_that_fails_for_an_hour_counts_as_dead() {
    let (ops, mail) = (Hook::start().await, Hook::start().await);
    ops.take(Manner::Status(503), 100);
    let world = World::with(ending(), telling([("mail", mail.webhook()), ("ops", ops.webhook())])).await;
    world.cycle("2026-03-20").await;
    mail.posts();
    let mut told_after = None;
    for minutes in 1..=120 {
        world.engine.tend_outbox(morning("2026-03-20") + TimeDelta::minutes(minutes)).await.unwrap();
        let posts = mail.posts();
        if let Some(post) = posts.first() {
            let text = post.body["data"]["text"].as_str().unwrap();
            assert!(text.contains("since 20 March 2026"), "{text}");
            told_after = Some(minutes);
            break;
        }
    }
    // Waits of 1, 2, 4, 8, 16 and 32 minutes, each up to a quarter longer and noticed at the next full minute.
    assert!(told_after.is_some_and(|minutes| (63..=86).contains(&minutes)), "{told_after:?}");
}

#[tokio::test]
async fn what_fires_is_posted_to_alertmanager_again_until_it_is_over() {
    let hook = Hook::start().await;
    let world = World::with(ending(), telling([("am", hook.alertmanager())])).await;
    world.fake.inject(Fault::InternalError.on(Operation::GetCostAndUsage).always());
    world.cycle("2026-03-20").await;
    let key = "ingest_failed:costs";
    // Alerts are posted as they are about to end; the first of each post is the one that the post is about.
    let ends = |posts: Vec<Post>| -> Vec<Value> {
        let about = posts.into_iter().filter(|post| post.body[0]["labels"]["key"] == key);
        about.map(|post| post.body[0]["endsAt"].clone()).collect()
    };
    assert_eq!(ends(hook.posts()), [json!("2026-03-23T06:30:00Z")]);
    world.engine.refresh_firing(morning("2026-03-20") + TimeDelta::minutes(10)).await.unwrap();
    assert_eq!(ends(hook.posts()), [json!("2026-03-23T06:40:00Z")]);

    world.fake.clear_faults();
    world.cycle("2026-03-21").await;
    assert_eq!(ends(hook.posts()), [json!("2026-03-21T06:30:00Z")], "the all-clear");
    world.engine.refresh_firing(morning("2026-03-21") + TimeDelta::minutes(10)).await.unwrap();
    assert_eq!(ends(hook.posts()), Vec::<Value>::new(), "it is not kept alive");
}

#[tokio::test]
async fn an_acknowledgement_is_passed_on_to_who_keeps_incidents() {
    let hook = Hook::start().await;
    let url = format!("http://127.0.0.1:{}/v2/enqueue", hook.port);
    let pager = Channel::PagerDuty { routing_key: Secret::new("k"), url };
    let other = Hook::start().await;
    let world = World::with(ending(), telling([("hook", other.webhook()), ("pager", pager)])).await;
    world.cycle("2026-03-20").await;
    hook.posts();
    other.posts();
    let entry = MuteEntry {
        kind: MuteKind::Ack,
        key: "exhaustion:total".into(),
        by: "Ada".into(),
        why: "applied".into(),
        until: None,
        end: false,
    };
    let now = morning("2026-03-20") + TimeDelta::hours(1);
    world.engine.mute(now, entry).await.unwrap();
    world.engine.tend_outbox(now).await.unwrap();
    let bodies: Vec<Value> = hook.posts().into_iter().map(|post| post.body).collect();
    assert_eq!(bodies, [json!({ "event_action": "acknowledge", "dedup_key": "exhaustion:total", "routing_key": "k" })]);
    assert!(other.posts().is_empty());
}

// --- Killed anywhere ----------------------------------------------------------------------------------------------

/// A process: its runtime ends with all its threads, whatever they were doing.
fn process() -> Runtime {
    Builder::new_current_thread().enable_all().build().unwrap()
}

fn open(store: &Path, config: &Config) -> Engine {
    let nowhere = AwsAccess::Endpoint("http://127.0.0.1:9".to_owned());
    Engine::new(Store::open(store).unwrap(), config.clone(), nowhere).unwrap()
}

/// A cycle to which AWS gave nothing, which is something to tell; then half an hour of minutes, in which what failed is
/// tried again.
async fn alert_path(engine: &Engine) {
    let now = morning("2026-03-20");
    let run = IngestRun {
        clock: now,
        aws_clock: Some(now),
        account: None,
        costs: None,
        costs_outcome: Outcome::Failed { message: "no answer".into(), advice: "Wait.".into(), retryable: true },
        credits: CreditPull::default(),
        credits_outcome: Outcome::NotTried,
    };
    engine.conclude(run).await.unwrap();
    for minutes in [2, 5, 30] {
        engine.tend_outbox(now + TimeDelta::minutes(minutes)).await.unwrap();
    }
}

/// What must be the same in the end, however often the process was killed.
#[derive(Debug, PartialEq, Eq)]
struct Ending {
    events: BTreeSet<(String, String)>,
    deliveries: BTreeSet<(String, String, String)>,
}

/// Goes the whole path in a process of its own.
fn whole_path(store: &Path, config: &Config) -> Ending {
    process().block_on(async {
        let engine = open(store, config);
        alert_path(&engine).await;
        let ending = engine.store().call(|connection| {
            let mut events = connection.prepare("SELECT event_id, key FROM alert_events")?;
            let events = events.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?.collect::<Result<_, _>>()?;
            let mut deliveries = connection.prepare("SELECT event_id, channel, state FROM deliveries")?;
            let rows = deliveries.query_map([], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))?;
            Ok(Ending { events, deliveries: rows.collect::<Result<_, _>>()? })
        });
        let ending = ending.await.unwrap();
        engine.store().checkpoint().unwrap();
        ending
    })
}

/// Goes the path and kills the process after `polls` steps; true if it was through by then.
fn killed_path(store: &Path, config: &Config, polls: usize) -> bool {
    process().block_on(async {
        let engine = open(store, config);
        let mut path = Box::pin(alert_path(&engine));
        let mut left = polls;
        poll_fn(|context| {
            if left == 0 {
                return Poll::Ready(false);
            }
            left -= 1;
            path.as_mut().poll(context).map(|()| true)
        })
        .await
    })
}

fn killed_at_every_step(manner: Manner) {
    let outside = Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    let hook = outside.block_on(Hook::start());
    let config = telling([("hook", hook.webhook()), ("log", Channel::Log)]);
    let folder = tempfile::tempdir().unwrap();
    let empty = folder.path().join("empty.duckdb");
    Store::open(&empty).unwrap().checkpoint().unwrap();

    let calm = folder.path().join("calm.duckdb");
    std::fs::copy(&empty, &calm).unwrap();
    let expected = whole_path(&calm, &config);
    hook.posts();
    let keys: Vec<&str> = expected.events.iter().map(|(_, key)| key.as_str()).collect();
    assert!(keys.contains(&"ingest_failed:costs"), "{keys:?}");
    assert!(expected.deliveries.iter().all(|(.., state)| state == "delivered"), "{expected:?}");

    let mut kills = 0;
    for polls in (1..=16).chain((18..).step_by(2)) {
        let path = folder.path().join(format!("killed-{polls}.duckdb"));
        std::fs::copy(&empty, &path).unwrap();
        hook.take(manner, 2);
        let finished = killed_path(&path, &config, polls);
        let ending = whole_path(&path, &config);
        let posts = hook.posts();
        let came: BTreeSet<(String, String)> = posts
            .iter()
            .map(|post| {
                assert_eq!(post.body["data"]["event_id"], post.id.as_str());
                (post.id.clone(), post.body["data"]["key"].as_str().unwrap().to_owned())
            })
            .collect();
        assert_eq!(came, expected.events, "{manner:?}, killed after step {polls}: what came, at least once, by its id");
        assert_eq!(ending, expected, "{manner:?}, killed after step {polls}");
        std::fs::remove_file(&path).unwrap();
        if finished {
            break;
        }
        kills += 1;
    }
    assert!(kills >= 16, "only {kills} kills: the path runs in larger steps than this test was written for");
}

#[test]
fn killed_anywhere_before_a_receiver_that_answers() {
    killed_at_every_step(Manner::Well);
}

#[test]
fn killed_anywhere_before_a_receiver_that_fails() {
    killed_at_every_step(Manner::Status(500));
}

#[test]
fn killed_anywhere_before_a_receiver_that_is_slow() {
    killed_at_every_step(Manner::Slowly);
}

#[test]
fn killed_anywhere_before_a_receiver_that_hangs_up_after_accepting() {
    killed_at_every_step(Manner::Cutting);
}

#[test]
fn the_clock_put_back_by_a_day_holds_nothing_up() {
    process().block_on(async {
        let hook = Hook::start().await;
        hook.take(Manner::Status(500), 1);
        let store = Store::in_memory().unwrap();
        let nowhere = AwsAccess::Endpoint("http://127.0.0.1:9".to_owned());
        let engine = Engine::new(store, telling([("hook", hook.webhook())]), nowhere).unwrap();
        let now = morning("2026-03-20");
        let run = IngestRun {
            clock: now,
            aws_clock: Some(now),
            account: None,
            costs: None,
            costs_outcome: Outcome::Failed { message: "no answer".into(), advice: "Wait.".into(), retryable: true },
            credits: CreditPull::default(),
            credits_outcome: Outcome::NotTried,
        };
        engine.conclude(run).await.unwrap();
        hook.posts();
        engine.deliver(now - TimeDelta::days(1)).await.unwrap();
        assert!(!hook.posts().is_empty(), "what failed is not left until the clock has caught up");
        let pending = engine.store().call(|connection| Ok(alerts::channel_states(connection)?)).await.unwrap();
        assert_eq!(pending[0].pending, 0, "{pending:?}");
    });
}
