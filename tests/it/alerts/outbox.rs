//! The way of each message to each channel, as the store keeps it.

use std::collections::BTreeSet;

use glidepath::domain::alert::{Action, DeliveryResult};
use glidepath::domain::position::finding::Severity;
use glidepath::notify::Channel;
use glidepath::store::Store;
use glidepath::store::alerts::{dead_channels, pending_deliveries, record_outcomes};

use super::support::*;

#[tokio::test]
async fn killed_between_commit_and_delivery_it_is_delivered_next_time_under_the_same_id() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("glidepath.duckdb");
    let receiver = Receiver::start(200, &[]).await;
    let channels = channels([("hook", receiver.webhook())]);
    let written = {
        let store = Store::open(&path).unwrap();
        with(&store, |conn| {
            cycle(conn, vec![finding(Severity::Critical)], &channels, clock());
            pending_deliveries(conn, clock()).unwrap()
        })
        // The process ends here.
    };

    let store = Store::open(&path).unwrap();
    let now = later(1);
    let told = with(&store, |conn| cycle(conn, vec![finding(Severity::Critical)], &channels, now));
    assert_eq!(told, [], "already told");
    let due = with(&store, |conn| pending_deliveries(conn, now).unwrap());
    assert_eq!(due, written);
    let outcomes = attempt(&due, &channels, &http(), now).await;
    with(&store, |conn| record_outcomes(conn, &outcomes, now).unwrap());
    assert_eq!(receiver.received()[0].headers["webhook-id"], written[0].event_id.as_str());
    assert_eq!(with(&store, |conn| pending_deliveries(conn, later(100)).unwrap()), []);

    // Killed again, now between the answer and writing it back: at least once, under the same id.
    attempt(&due, &channels, &http(), now).await;
    let ids: BTreeSet<_> = receiver.received().iter().map(|got| got.headers["webhook-id"].clone()).collect();
    assert_eq!((receiver.received().len(), ids.len()), (2, 1));
}

#[test]
fn an_all_clear_goes_once_and_only_to_channels_that_heard_the_alarm() {
    let mut conn = store();
    let before = channels([("deaf", Channel::Log), ("ops", Channel::Log)]);
    cycle(&mut conn, vec![finding(Severity::Critical)], &before, clock());
    for delivery in pending_deliveries(&conn, clock()).unwrap() {
        let result = if delivery.channel == "ops" { DeliveryResult::Delivered } else { dead() };
        settle(&conn, &delivery, result, clock());
    }

    let after = channels([("deaf", Channel::Log), ("new", Channel::Log), ("ops", Channel::Log)]);
    assert_eq!(cycle(&mut conn, vec![], &after, later(24)), [Action::Resolve]);
    assert_eq!(cycle(&mut conn, vec![], &after, later(48)), []);
    let due = pending_deliveries(&conn, later(48)).unwrap();
    assert_eq!(due.iter().map(|delivery| delivery.channel.as_str()).collect::<Vec<_>>(), ["ops"]);
}

#[test]
fn an_all_clear_does_not_overtake_its_alarm() {
    let mut conn = store();
    let channels = channels([("ops", Channel::Log)]);
    cycle(&mut conn, vec![finding(Severity::Critical)], &channels, clock());
    let alarm = pending_deliveries(&conn, clock()).unwrap().remove(0);
    let retry = DeliveryResult::Retry { next_attempt_at: later(30), error: "HTTP 500".into() };
    settle(&conn, &alarm, retry, clock());

    cycle(&mut conn, vec![], &channels, later(24));
    assert_eq!(pending_deliveries(&conn, later(24)).unwrap(), [], "the alarm waits, and the all-clear behind it");
    let due = pending_deliveries(&conn, later(30)).unwrap();
    assert_eq!(due.len(), 2);
    assert_eq!((due[0].event_id.as_str(), due[0].attempts), (alarm.event_id.as_str(), 1));
}

#[test]
fn a_dead_channel_is_visible_until_something_arrives() {
    let mut conn = store();
    let channels = channels([("ops", Channel::Log)]);
    for day in 0..4 {
        cycle(&mut conn, vec![finding(Severity::Critical)], &channels, later(24 * day));
        let delivery = pending_deliveries(&conn, later(24 * day)).unwrap().remove(0);
        let result = if day == 0 || day == 3 { DeliveryResult::Delivered } else { dead() };
        settle(&conn, &delivery, result, later(24 * day));
        let dead = dead_channels(&conn).unwrap();
        match day {
            1 | 2 => {
                assert_eq!((dead[0].channel.as_str(), dead[0].lost), ("ops", u32::try_from(day).unwrap()));
                assert_eq!(dead[0].since.to_string(), "2026-03-15");
                assert_eq!(dead[0].last_error, "HTTP 404: no_service");
            }
            _ => assert_eq!(dead, []),
        }
    }
}

#[test]
fn a_settled_delivery_stays_settled_and_a_pause_is_no_attempt() {
    let mut conn = store();
    cycle(&mut conn, vec![finding(Severity::Critical)], &channels([("ops", Channel::Log)]), clock());
    let delivery = pending_deliveries(&conn, clock()).unwrap().remove(0);
    settle(&conn, &delivery, DeliveryResult::Deferred { next_attempt_at: later(1) }, clock());
    assert_eq!(pending_deliveries(&conn, clock()).unwrap(), []);
    assert_eq!(pending_deliveries(&conn, later(1)).unwrap()[0].attempts, 0);
    settle(&conn, &delivery, DeliveryResult::Delivered, later(1));
    settle(&conn, &delivery, dead(), later(2));
    let state: String = conn.query_row("SELECT state FROM deliveries", [], |row| row.get(0)).unwrap();
    assert_eq!(state, "delivered");
}
