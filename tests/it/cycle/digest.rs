//! The digest: one for each moment of its schedule, whatever happens in between.

use std::collections::BTreeMap;

use glidepath::config::Config;
use glidepath::domain::wording::Hears;

use super::hook::{Hook, telling};
use super::support::*;

/// Texts of the digests that came since the last look.
fn digests(hook: &Hook) -> Vec<(String, String)> {
    let posts = hook.posts().into_iter().filter(|post| post.body["type"] == "digest");
    posts.map(|post| (post.id, post.body["data"]["text"].as_str().unwrap().to_owned())).collect()
}

#[tokio::test]
async fn one_on_monday_none_on_restart_and_one_after_a_pause() {
    let hook = Hook::start().await;
    let world = World::with(small_account(), telling([("hook", hook.webhook())])).await;
    assert!(!world.engine.digest_if_due(at("2026-03-16T07:00:00Z")).await.unwrap(), "before the first cycle");
    world.cycle("2026-03-20").await;
    assert!(!world.engine.digest_if_due(at("2026-03-23T06:59:00Z")).await.unwrap(), "not yet Monday at seven");
    world.cycle("2026-03-23").await;
    let monday = at("2026-03-23T07:00:00Z");
    assert!(world.engine.digest_if_due(monday).await.unwrap());
    assert!(!world.engine.digest_if_due(monday).await.unwrap(), "made already");

    // A new process over the same store finds it in the outbox, and makes no other.
    let restarted = engine(&world.fake, world.engine.store().clone(), world.engine.config().clone());
    assert!(!restarted.digest_if_due(at("2026-03-23T07:05:00Z")).await.unwrap());
    restarted.tend_outbox(at("2026-03-23T07:05:00Z")).await.unwrap();
    let first = digests(&hook);
    assert_eq!(first.len(), 1, "{first:?}");
    assert!(first[0].1.contains("This is the first digest"), "{}", first[0].1);

    // Three Mondays pass with the daemon down.
    world.cycle("2026-04-14").await;
    let tuesday = at("2026-04-14T08:00:00Z");
    assert!(restarted.digest_if_due(tuesday).await.unwrap());
    assert!(!restarted.digest_if_due(tuesday).await.unwrap(), "one for all that were missed");
    restarted.tend_outbox(tuesday).await.unwrap();
    let second = digests(&hook);
    assert_eq!(second.len(), 1, "{second:?}");
    assert_ne!(second[0].0, first[0].0);
    insta::assert_snapshot!("digest_after_three_weeks", second[0].1);
    assert!(!restarted.digest_if_due(at("2026-04-20T06:59:59Z")).await.unwrap());
    assert!(restarted.digest_if_due(at("2026-04-20T07:00:00Z")).await.unwrap(), "and then as usual");
}

#[tokio::test]
async fn only_channels_that_want_digests_get_them_and_never_means_never() {
    let (reads, sleeps) = (Hook::start().await, Hook::start().await);
    let config = telling([("reads", reads.webhook()), ("sleeps", sleeps.webhook())]);
    let hears = BTreeMap::from([("sleeps".to_owned(), Hears { digest: false, ..Hears::ALL })]);
    let world = World::with(small_account(), Config { hears, ..config }).await;
    world.cycle("2026-03-20").await;
    let monday = at("2026-03-23T07:00:00Z");
    assert!(world.engine.digest_if_due(monday).await.unwrap());
    world.engine.tend_outbox(monday).await.unwrap();
    assert_eq!((digests(&reads).len(), digests(&sleeps).len()), (1, 0));

    let never = config_of("[store]\npath = \"unused.duckdb\"\n[schedule]\ndigest = \"never\"\n");
    let world = World::with(small_account(), never).await;
    world.cycle("2026-03-20").await;
    assert!(!world.engine.digest_if_due(monday).await.unwrap());
}
