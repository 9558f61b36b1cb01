//! What must never be printed.

use std::io::Write;
use std::sync::{Arc, Mutex};

use glidepath::domain::alert::DeliveryResult;
use glidepath::domain::secret::Secret;
use glidepath::notify::Channel;

use super::support::*;

/// Collects what the log writes.
#[derive(Clone, Default)]
struct Sink(Arc<Mutex<Vec<u8>>>);

impl Write for Sink {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

#[tokio::test]
async fn secrets_are_never_printed() {
    let sink = Sink::default();
    let writer = sink.clone();
    let subscriber = tracing_subscriber::fmt()
        .json()
        .with_max_level(tracing::Level::TRACE)
        .with_writer(move || writer.clone())
        .finish();
    let guard = tracing::subscriber::set_default(subscriber);

    let script = Script { status: 400, headers: &[], echo_path: true, received: Arc::default() };
    let rude = Receiver::with(script).await;
    let url = format!("http://{}/services/T0/B0/hunter2hunter2", rude.address);
    let channels = channels([
        ("hook", Channel::Webhook { url: Secret::new(&url), secret: Secret::new("hunter2 is no key") }),
        ("log", Channel::Log),
        ("slack", Channel::Slack { webhook_url: Secret::new("/services/T0/B0/hunter2hunter2") }),
        ("slack2", Channel::Slack { webhook_url: Secret::new(&url) }),
    ]);
    let due = [due("evt-1", "hook"), due("evt-1", "log"), due("evt-1", "slack"), due("evt-1", "slack2")];
    let results = deliver(&due, &channels).await;
    for channel in channels.values() {
        tracing::info!(?channel, invalid = ?channel.validate().err(), "as a careless caller would log it");
    }
    tracing::info!(?results, "and this");
    drop(guard);

    let log = String::from_utf8(sink.0.lock().unwrap().clone()).unwrap();
    assert!(log.contains("\"event_id\":\"evt-1\""), "the log channel wrote: {log}");
    assert!(log.contains("***"), "{log}");
    for line in log.lines() {
        assert!(!line.contains("hunter2"), "{line}");
    }
}

#[tokio::test]
async fn an_answer_that_quotes_the_credential_is_masked() {
    let script = Script { status: 400, headers: &[], echo_path: true, received: Arc::default() };
    let rude = Receiver::with(script).await;
    let results = deliver(&[due("evt-1", "ops")], &channels([("ops", rude.slack())])).await;
    let [DeliveryResult::Dead { error }] = results.as_slice() else { panic!("{results:?}") };
    assert_eq!(error, "HTTP 400: no such hook: ***; is *** right?");
}
