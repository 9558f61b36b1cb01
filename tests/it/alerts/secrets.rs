//! What must never be printed.

use std::sync::Arc;

use chrono::TimeDelta;
use glidepath::domain::alert::{DeliveryResult, PendingDelivery};
use glidepath::domain::values::secret::Secret;
use glidepath::domain::wording::test_letter;
use glidepath::notify::{Channel, Login};

use super::mail::MailServer;
use super::support::*;
use crate::support::logs::Log;

#[tokio::test]
async fn secrets_are_never_printed() {
    let log = Log::start();
    let script = Script { status: 400, headers: &[], echo_path: true, received: Arc::default() };
    let rude = Receiver::with(script).await;
    let url = format!("http://{}/services/T0/B0/hunter2hunter2", rude.address);
    let channels = channels([
        ("hook", Channel::Webhook { url: Secret::new(&url), secret: Secret::new("hunter2 is no key") }),
        ("log", Channel::Log),
        ("slack", Channel::Slack { webhook_url: Secret::new("/services/T0/B0/hunter2hunter2") }),
        ("slack2", Channel::Slack { webhook_url: Secret::new(&url) }),
    ]);
    // One channel of each kind whose receiver refuses and quotes what it was sent.
    let mail = MailServer::start(&[("AUTH", "535 not hunter2hunter2 AG9wcwBodW50ZXIyaHVudGVyMg==")]).await;
    let alertmanager = |login| Channel::Alertmanager {
        url: format!("http://{}/quote", rude.address),
        login: Some(login),
        lasts: TimeDelta::days(1),
    };
    let password = || Secret::new("hunter2hunter2");
    let mut channels = channels;
    channels.extend([
        ("am1".to_owned(), alertmanager(Login::Token(password()))),
        ("am2".to_owned(), alertmanager(Login::Password { user: "ops".into(), password: password() })),
        ("mail".to_owned(), mail.channel(true)),
        (
            "pager".to_owned(),
            Channel::PagerDuty { routing_key: password(), url: format!("http://{}/quote", rude.address) },
        ),
    ]);
    let stored = |name: &str| match &channels[name] {
        Channel::Slack { .. } | Channel::PagerDuty { .. } | Channel::Webhook { .. } | Channel::Log => {
            due("evt-1", name)
        }
        channel => PendingDelivery { payload: channel.payload(test_letter(name, clock(), None)), ..due("evt-1", name) },
    };
    let due: Vec<PendingDelivery> = channels.keys().map(|name| stored(name)).collect();
    let results = deliver(&due, &channels).await;
    assert_eq!(results.len(), channels.len());
    for channel in channels.values() {
        tracing::info!(?channel, invalid = ?channel.validate().err(), "as a careless caller would log it");
    }
    tracing::info!(?results, "and this");

    let log = log.text();
    assert!(log.contains("\"event_id\":\"evt-1\""), "the log channel wrote: {log}");
    let said = format!("{results:?}");
    for quoted in ["Bearer ***", "Basic ***", "routing_key", "535 not *** ***", "no such hook: ***"] {
        assert!(said.contains(quoted), "nobody quoted {quoted}: {said}");
    }
    for line in log.lines() {
        // The password as such, and as PLAIN, LOGIN and Basic send it.
        for secret in ["hunter2", "aHVudGVyMmh1bnRlcjI", "AG9wcwBodW50ZXIyaHVudGVyMg", "b3BzOmh1bnRlcjJodW50ZXIy"] {
            assert!(!line.contains(secret), "{line}");
        }
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
