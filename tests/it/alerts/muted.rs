//! Acknowledged and silenced alerts, from what somebody says to what the next cycle decides.

use chrono::{DateTime, Utc};
use glidepath::domain::alert::{Action, AlertRules, History, Mute, MuteKind, Reason, decide};
use glidepath::domain::position::finding::Severity;
use glidepath::store::Store;
use glidepath::store::alerts::{history, insert_events};

use super::support::*;

fn mute(kind: MuteKind, key: &str, up_to: Severity, until: Option<DateTime<Utc>>) -> Mute {
    let text = |text: &str| text.to_owned();
    Mute { kind, key: text(key), up_to, by: text("ana"), why: text("applied on Monday"), made_at: later(1), until }
}

/// What is remembered at `now`.
async fn remembered(store: &Store, now: DateTime<Utc>) -> History {
    let within = AlertRules::default().clear_after();
    store.call(move |connection| history(connection, now, within)).await.unwrap()
}

/// Decides about one finding of `severity`, or none, and commits what is to be told.
async fn decided(store: &Store, severity: Option<Severity>, now: DateTime<Utc>) -> (Action, Reason) {
    let evaluation = fresh(severity.map(finding).into_iter().collect());
    let decisions = decide(&evaluation, &remembered(store, now).await, now, &AlertRules::default());
    let events = composed(&decisions, now);
    with(store, |conn| insert_events(conn, 7, "digest", &events, &[]).unwrap());
    (decisions[0].action, decisions[0].reason)
}

#[tokio::test]
async fn an_acknowledged_alert_is_quiet_until_it_gets_worse_or_comes_again() {
    let store = Store::in_memory().unwrap();
    let (warning, critical) = (Some(Severity::Warning), Some(Severity::Critical));
    assert_eq!(decided(&store, warning, clock()).await, (Action::Fire, Reason::New));
    store.record_mute(mute(MuteKind::Ack, "exhaustion:total", Severity::Warning, None)).await.unwrap();
    assert_eq!(decided(&store, warning, later(336)).await, (Action::Hold, Reason::Acknowledged));
    assert_eq!(decided(&store, warning, later(3_360)).await, (Action::Hold, Reason::Acknowledged));
    assert_eq!(decided(&store, critical, later(3_384)).await, (Action::Escalate, Reason::MoreSevere));
    // The all-clear comes to those who know, too; and the next episode is news.
    assert_eq!(decided(&store, None, later(3_480)).await, (Action::Resolve, Reason::ConditionGone));
    assert_eq!(decided(&store, warning, later(3_720)).await, (Action::Fire, Reason::New));
    assert_eq!(decided(&store, warning, later(4_056)).await, (Action::Repeat, Reason::RepeatDue));
}

#[tokio::test]
async fn a_silence_ends_by_itself_and_then_what_is_still_so_is_told() {
    let store = Store::in_memory().unwrap();
    let warning = Some(Severity::Warning);
    store.record_mute(mute(MuteKind::Silence, "exhaustion:*", Severity::Warning, Some(later(48)))).await.unwrap();
    assert_eq!(decided(&store, warning, later(24)).await, (Action::Hold, Reason::Silenced));
    assert_eq!(decided(&store, warning, later(47)).await, (Action::Hold, Reason::Silenced));
    assert_eq!(decided(&store, warning, later(48)).await, (Action::Fire, Reason::New));
}

#[tokio::test]
async fn what_is_worse_than_what_was_silenced_speaks() {
    let store = Store::in_memory().unwrap();
    store.record_mute(mute(MuteKind::Silence, "exhaustion:total", Severity::Warning, Some(later(48)))).await.unwrap();
    assert_eq!(decided(&store, Some(Severity::Critical), later(24)).await, (Action::Fire, Reason::New));
}

#[tokio::test]
async fn a_word_is_kept_over_a_restart_and_can_be_taken_back() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("glidepath.duckdb");
    let silence = mute(MuteKind::Silence, "exhaustion:total", Severity::Warning, Some(later(480)));
    {
        let store = Store::open(&path).unwrap();
        store.record_mute(silence.clone()).await.unwrap();
    }
    let store = Store::open(&path).unwrap();
    assert_eq!(remembered(&store, later(2)).await.mutes, std::slice::from_ref(&silence));
    assert_eq!(decided(&store, Some(Severity::Warning), later(3)).await, (Action::Hold, Reason::Silenced));
    let taken_back = Mute { made_at: later(4), until: Some(later(4)), ..silence };
    store.record_mute(taken_back).await.unwrap();
    assert_eq!(decided(&store, Some(Severity::Warning), later(5)).await, (Action::Fire, Reason::New));
    assert_eq!(remembered(&store, later(3)).await.mutes.len(), 1, "as it was known then");
}
