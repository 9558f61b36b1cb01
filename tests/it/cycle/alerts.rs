//! Messages from the cycle that decides them to the receiver that hears them.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use chrono::TimeDelta;
use glidepath::config::Config;
use glidepath::cycle::{AlertState, MuteEntry};
use glidepath::demo::{FakeAccount, FakeCredit, Fault, Operation};
use glidepath::domain::alert::MuteKind;
use glidepath::domain::facts::outcome::Outcome;
use glidepath::domain::position::finding::Severity;
use glidepath::domain::values::period::plus_days;
use glidepath::domain::values::secret::Secret;
use glidepath::notify::Channel;
use serde_json::Value;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

use super::support::*;

/// A receiver of webhooks on loopback.
pub struct Receiver {
    url: String,
    inbox: Arc<Mutex<Inbox>>,
    server: JoinHandle<()>,
}

#[derive(Default)]
struct Inbox {
    /// Answers to give before 200.
    answers: VecDeque<StatusCode>,
    /// Event id, body and what was answered.
    posts: Vec<(String, Value, StatusCode)>,
}

impl Receiver {
    pub async fn start() -> Receiver {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let url = format!("http://{}/hook", listener.local_addr().unwrap());
        let inbox = Arc::<Mutex<Inbox>>::default();
        let router = Router::new().fallback(receive).with_state(Arc::clone(&inbox));
        let server = tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
        Receiver { url, inbox, server }
    }

    fn answers(&self, codes: &[StatusCode]) {
        self.inbox.lock().unwrap().answers.extend(codes);
    }

    /// Takes what came since the last look: `key decision severity`, and the status it was answered with.
    pub fn heard(&self) -> Vec<(String, u16)> {
        let posts = std::mem::take(&mut self.inbox.lock().unwrap().posts);
        let text = |data: &Value, name: &str| data[name].as_str().unwrap().to_owned();
        let line = |data: &Value| ["key", "decision", "severity"].map(|name| text(data, name)).join(" ");
        posts.iter().map(|(_, body, status)| (line(&body["data"]), status.as_u16())).collect()
    }

    /// The same without the status.
    pub fn heard_lines(&self) -> Vec<String> {
        self.heard().into_iter().map(|(line, _)| line).collect()
    }

    /// Takes the text of what came since the last look about `key`, each with its decision before it.
    pub fn heard_about(&self, key: &str) -> Vec<String> {
        let posts = std::mem::take(&mut self.inbox.lock().unwrap().posts);
        let about = posts.iter().map(|(_, body, _)| &body["data"]).filter(|data| data["key"] == key);
        let text = |data: &Value, name: &str| data[name].as_str().unwrap().to_owned();
        about.map(|data| format!("{}: {}", text(data, "decision"), text(data, "text"))).collect()
    }

    pub fn config(&self) -> Config {
        let mut config = config();
        let secret = Secret::new("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw");
        config.channels =
            BTreeMap::from([("hook".to_owned(), Channel::Webhook { url: Secret::new(&self.url), secret })]);
        config
    }
}

impl Drop for Receiver {
    fn drop(&mut self) {
        self.server.abort();
    }
}

async fn receive(State(inbox): State<Arc<Mutex<Inbox>>>, headers: HeaderMap, body: String) -> StatusCode {
    let mut inbox = inbox.lock().unwrap();
    let status = inbox.answers.pop_front().unwrap_or(StatusCode::OK);
    let id = headers["webhook-id"].to_str().unwrap().to_owned();
    inbox.posts.push((id, serde_json::from_str(&body).unwrap(), status));
    status
}

/// 100 a day of Bedrock since autumn, and from the first of January a credit of 10,000 for it. A hundred days are paid, the
/// last of them the 10th of April; on the 11th the first dollar goes uncovered.
fn account() -> FakeAccount {
    let account = days("2025-10-01", "2026-05-31").fold(FakeAccount::new(ACCOUNT), |account, day| {
        account.usage(&day.to_string(), BEDROCK, "USE1-NovaLite-input-tokens", "1K tokens", "1000000", "100")
    });
    account.credit(FakeCredit::new(CREDIT, "10000", "2026-01-01", "2027-01-01", &[BEDROCK]))
}

fn said(lines: &[(String, u16)]) -> Vec<&str> {
    lines.iter().map(|(line, _)| line.as_str()).collect()
}

#[tokio::test]
async fn exhaustion_fires_once_escalates_and_carries_the_trajectory() {
    let receiver = Receiver::start().await;
    let world = World::with(account(), receiver.config()).await;
    // The lead time is 42 days, and the 11th of April is 57 days away.
    world.cycle("2026-02-13").await;
    assert_eq!(said(&receiver.heard()), ["burn_rate:total fire warning"], "a year's credit goes in a hundred days");
    let position = world.position().await;
    assert_eq!(position.exhaustion.total.p50, Some(day("2026-04-11")));

    let (mut told, mut inside) = (Vec::new(), Vec::new());
    for today in days("2026-02-14", "2026-02-28") {
        world.cycle(&today.to_string()).await;
        let early = world.position().await.exhaustion.total.p10.unwrap();
        inside.extend((early <= plus_days(today, 42)).then_some(today));
        let posts = receiver.inbox.lock().unwrap().posts.clone();
        for (id, body, _) in posts {
            assert_eq!(body["data"]["event_id"], id.as_str());
            let attachment = body["data"]["attachment"].as_str().unwrap();
            assert!(attachment.contains("Apr 2026") && attachment.contains("May 2026"), "{attachment}");
        }
        let heard = receiver.heard().into_iter().map(|(line, _)| line);
        told.extend(heard.filter(|line| line.starts_with("exhaustion:")).map(|line| format!("{today} {line}")));
    }
    // From the 28th of February, 42 days reach the 11th of April. A week before that the early date, a day in ten, comes
    // inside them. A warning is repeated after two weeks.
    assert_eq!(inside[0], day("2026-02-21"));
    assert_eq!(told, ["2026-02-21 exhaustion:total fire warning", "2026-02-28 exhaustion:total escalate critical",]);

    // The same cycle again says nothing again.
    world.cycle("2026-02-28").await;
    assert_eq!(receiver.heard(), []);
}

#[tokio::test]
async fn stale_data_holds_alerts_on_spend_and_clears_once() {
    let receiver = Receiver::start().await;
    let world = World::with(account(), receiver.config()).await;
    world.cycle("2026-03-10").await;
    assert_eq!(said(&receiver.heard()), ["exhaustion:total fire critical"]);

    world.fake.inject(Fault::InternalError.on(Operation::GetCostAndUsage).always());
    // 24 hours old: not stale yet, so exhaustion is still judged, and was told yesterday.
    world.cycle("2026-03-11").await;
    assert_eq!(said(&receiver.heard()), ["ingest_failed:costs fire warning"]);
    // 48 hours old: exhaustion is held, the age of the data speaks.
    world.cycle("2026-03-12").await;
    assert_eq!(said(&receiver.heard()), ["stale_data:costs fire warning"]);
    let position = world.position().await;
    assert_eq!(keys(&position.findings), ["stale_data:costs", "ingest_failed:costs"]);
    assert_eq!(position.data_through, Some(day("2026-03-08")));

    world.fake.clear_faults();
    world.cycle("2026-03-13").await;
    let heard = receiver.heard();
    let mut cleared = said(&heard);
    cleared.sort();
    assert_eq!(cleared, ["ingest_failed:costs resolve warning", "stale_data:costs resolve warning"]);
    world.cycle("2026-03-14").await;
    assert_eq!(receiver.heard(), [], "the all-clear came once");
    // Seven days after the first message, stale days and all.
    world.cycle("2026-03-17").await;
    assert_eq!(said(&receiver.heard()), ["exhaustion:total repeat critical"]);
}

#[tokio::test]
async fn each_event_arrives_once_under_one_id() {
    let receiver = Receiver::start().await;
    let world = World::with(account(), receiver.config()).await;
    receiver.answers(&[StatusCode::INTERNAL_SERVER_ERROR, StatusCode::SERVICE_UNAVAILABLE]);
    let report = world.cycle("2026-03-10").await;
    assert_eq!((report.messages, report.delivered, report.undelivered), (1, 0, 1));

    let now = morning("2026-03-10");
    assert_eq!(world.engine.deliver(now).await.unwrap(), (0, 0), "not due before the wait is over");
    // The first wait is a minute, the second two, and each may be up to a quarter longer.
    assert_eq!(world.engine.deliver(now + TimeDelta::seconds(59)).await.unwrap(), (0, 0));
    assert_eq!(world.engine.deliver(now + TimeDelta::seconds(75)).await.unwrap(), (0, 1));
    assert_eq!(world.engine.deliver(now + TimeDelta::seconds(75 + 119)).await.unwrap(), (0, 0));
    assert_eq!(world.engine.deliver(now + TimeDelta::seconds(75 + 150)).await.unwrap(), (1, 0));
    assert_eq!(world.engine.deliver(now + TimeDelta::hours(9)).await.unwrap(), (0, 0), "it has arrived");

    let posts = receiver.inbox.lock().unwrap().posts.clone();
    let answered: Vec<u16> = posts.iter().map(|(.., status)| status.as_u16()).collect();
    assert_eq!(answered, [500, 503, 200]);
    assert!(posts.iter().all(|(id, body, _)| (id, body) == (&posts[0].0, &posts[0].1)), "one id, one body");
}

#[tokio::test]
async fn a_channel_that_was_down_hears_it_in_the_next_cycle() {
    let receiver = Receiver::start().await;
    let world = World::with(account(), receiver.config()).await;
    receiver.answers(&[StatusCode::BAD_GATEWAY]);
    world.cycle("2026-03-10").await;
    receiver.heard();
    let report = world.cycle("2026-03-11").await;
    assert_eq!((report.costs, report.delivered, report.undelivered), (Outcome::Ok, 1, 0));
    assert_eq!(said(&receiver.heard()), ["exhaustion:total fire critical"]);
}

#[tokio::test]
async fn a_denied_source_is_told_and_cleared() {
    let receiver = Receiver::start().await;
    let world = World::with(small_account(), receiver.config()).await;
    for operation in [Operation::GetCredits, Operation::GetCreditAllocationHistory] {
        world.fake.inject(Fault::Denied.on(operation).always());
    }
    world.cycle("2026-03-20").await;
    let heard = receiver.heard();
    assert!(said(&heard).contains(&"ingest_denied:credits fire warning"), "{heard:?}");
    // A time-out is no permission.
    world.fake.clear_faults();
    for operation in [Operation::GetCredits, Operation::GetCreditAllocationHistory] {
        world.fake.inject(Fault::InternalError.on(operation).always());
    }
    world.cycle("2026-03-21").await;
    let heard = receiver.heard();
    assert!(!said(&heard).iter().any(|line| line.starts_with("ingest_denied")), "{heard:?}");
    world.fake.clear_faults();
    world.cycle("2026-03-22").await;
    let heard = receiver.heard();
    assert!(said(&heard).contains(&"ingest_denied:credits resolve warning"), "{heard:?}");
}

#[tokio::test]
async fn a_clock_that_goes_back_neither_repeats_nor_loses_an_alert() {
    let receiver = Receiver::start().await;
    let world = World::with(account(), receiver.config()).await;
    world.cycle("2026-03-10").await;
    assert_eq!(said(&receiver.heard()), ["exhaustion:total fire critical"]);
    // What was known cannot become known earlier: the cycle is refused, and its alert stays open.
    let refused = world.engine.cycle(morning("2026-03-09")).await.unwrap_err();
    assert!(refused.to_string().contains("lies before that of the newest stored cycle"), "{refused}");
    assert_eq!(receiver.heard(), []);
    world.cycle("2026-03-11").await;
    assert_eq!(receiver.heard(), []);
    world.cycle("2026-03-17").await;
    assert_eq!(said(&receiver.heard()), ["exhaustion:total repeat critical"]);
}

#[tokio::test]
async fn an_acknowledged_alert_is_held_by_the_cycle_and_listed_with_who_and_why() {
    let receiver = Receiver::start().await;
    let world = World::with(account(), receiver.config()).await;
    world.cycle("2026-03-10").await;
    receiver.heard();
    let entry = MuteEntry {
        kind: MuteKind::Ack,
        key: "exhaustion:total".to_owned(),
        by: "ana".to_owned(),
        why: "applied for the AI record".to_owned(),
        until: Some(morning("2026-03-24")),
        end: false,
    };
    let kept = world.engine.mute(morning("2026-03-10") + TimeDelta::hours(1), entry).await.unwrap();
    assert_eq!(kept.up_to, Severity::Critical);
    world.cycle("2026-03-17").await;
    assert_eq!(receiver.heard(), [], "the reminder of the seventh day is held");
    let list = world.engine.alerts(morning("2026-03-17")).await.unwrap();
    let row = list.alerts.iter().find(|row| row.key == "exhaustion:total").unwrap();
    assert_eq!((row.state, row.told, row.muted.as_ref()), (AlertState::Open, 1, Some(&kept)));
    world.cycle("2026-03-24").await;
    assert_eq!(said(&receiver.heard()), ["exhaustion:total repeat critical"], "it speaks again when the word ends");
}
