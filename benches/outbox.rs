//! A thousand pending deliveries to ten channels: read from the store, sent over loopback, written back.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::{Duration, Instant};

use axum::Router;
use axum::http::StatusCode;
use chrono::{DateTime, Utc};
use criterion::{Criterion, criterion_group, criterion_main};
use glidepath::config::Config;
use glidepath::cycle::{AwsAccess, Engine};
use glidepath::domain::alert::NewDelivery;
use glidepath::domain::values::secret::Secret;
use glidepath::domain::wording::{Letter, test_letter};
use glidepath::notify::Channel;
use glidepath::store::{Enclosed, NoticeKind, Store};
use tokio::net::TcpListener;
use tokio::runtime::Builder;

const CHANNELS: usize = 10;
const LETTERS: usize = 100;

fn benches(criterion: &mut Criterion) {
    let runtime = Builder::new_multi_thread().worker_threads(2).enable_all().build().expect("a runtime");
    let url = runtime.block_on(receiver());
    let now = "2026-03-14T06:00:00Z".parse().expect("a time");
    criterion.bench_function("1,000 pending deliveries", |bencher| {
        bencher.iter_custom(|times| (0..times).map(|_| runtime.block_on(drain(&url, now))).sum());
    });
}

/// Takes everything.
async fn receiver() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let url = format!("http://{}/hook", listener.local_addr().expect("an address"));
    let router = Router::new().fallback(|| async { StatusCode::NO_CONTENT });
    tokio::spawn(async move { axum::serve(listener, router).await });
    url
}

/// Fills an outbox and takes the time until it is empty.
async fn drain(url: &str, now: DateTime<Utc>) -> Duration {
    let engine = engine(url);
    for number in 0..LETTERS {
        let letter = test_letter(&format!("letter {number}"), now, None);
        let deliveries = deliveries(&engine, &letter);
        engine
            .store()
            .add_notice(NoticeKind::Digest, letter, now, deliveries, Enclosed::default())
            .await
            .expect("it is stored");
    }
    let started = Instant::now();
    let (arrived, failed) = engine.deliver(now).await.expect("the store works");
    let taken = started.elapsed();
    assert_eq!((arrived, failed), (CHANNELS * LETTERS, 0));
    taken
}

fn engine(url: &str) -> Engine {
    let mut config =
        Config::parse("[store]\npath = \"unused\"\n", Path::new("glidepath.toml")).expect("a config of two lines");
    let secret = || Secret::new("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw");
    let channel = |number| (format!("hook {number}"), Channel::Webhook { url: Secret::new(url), secret: secret() });
    config.channels = (0..CHANNELS).map(channel).collect::<BTreeMap<_, _>>();
    let nowhere = AwsAccess::Endpoint("http://127.0.0.1:9".to_owned());
    Engine::new(Store::in_memory().expect("a store"), config, nowhere).expect("an engine")
}

fn deliveries(engine: &Engine, letter: &Letter) -> Vec<NewDelivery> {
    let channels = engine.config().channels.iter();
    let delivery = |(name, channel): (&String, &Channel)| NewDelivery {
        event_id: letter.event_id.clone(),
        channel: name.clone(),
        payload: channel.payload(letter.clone()),
    };
    channels.map(delivery).collect()
}

criterion_group!(outbox, benches);
criterion_main!(outbox);
