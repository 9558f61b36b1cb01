//! Decisions over days, on what the store remembers.

use glidepath::domain::alert::Action;
use glidepath::domain::position::finding::Severity;
use glidepath::notify::{Channel, outbox};
use glidepath::store::alerts::{insert_events, open_alerts};

use super::support::*;

#[test]
fn the_same_cycle_twice_tells_once() {
    let mut conn = store();
    let channels = channels([("log", Channel::Log)]);
    // Run again after the commit: the history knows of it.
    assert_eq!(cycle(&mut conn, vec![finding(Severity::Critical)], &channels, clock()), [Action::Fire]);
    assert_eq!(cycle(&mut conn, vec![finding(Severity::Critical)], &channels, clock()), []);

    // Decided before the commit, written after it: the id is the same, so nothing is added.
    let decided_apart = messages(&store(), &fresh(vec![finding(Severity::Critical)]), clock());
    let inserted = insert_events(&conn, 8, "digest", &decided_apart, &outbox(&decided_apart, &channels)).unwrap();
    assert_eq!(inserted, 0);
    assert_eq!((rows(&conn, "alert_events"), rows(&conn, "deliveries")), (1, 1));
}

#[test]
fn a_transaction_that_does_not_commit_leaves_nothing() {
    let mut conn = store();
    let events = messages(&conn, &fresh(vec![finding(Severity::Critical)]), clock());
    let tx = conn.transaction().unwrap();
    insert_events(&tx, 7, "digest", &events, &outbox(&events, &channels([("log", Channel::Log)]))).unwrap();
    tx.rollback().unwrap();
    assert_eq!((rows(&conn, "alert_events"), rows(&conn, "deliveries")), (0, 0));
}

#[test]
fn an_episode_from_fire_to_all_clear_and_again() {
    let mut conn = store();
    let channels = channels([("log", Channel::Log)]);
    let (warning, critical) = (Severity::Warning, Severity::Critical);
    // Days after the start, what was found, and what is told. Warnings repeat after 3 days, critical ones after 1.
    let days = [
        (0, Some(warning), vec![Action::Fire]),
        (1, Some(warning), vec![]),
        (2, Some(warning), vec![]),
        (3, Some(warning), vec![Action::Repeat]),
        (4, Some(critical), vec![Action::Escalate]),
        (5, Some(critical), vec![Action::Repeat]),
        (6, Some(warning), vec![]),
        (7, Some(critical), vec![Action::Repeat]),
        (8, None, vec![Action::Resolve]),
        (9, None, vec![]),
        (10, Some(warning), vec![Action::Fire]),
    ];
    for (day, found, told) in days {
        let findings = found.map(finding).into_iter().collect();
        assert_eq!(cycle(&mut conn, findings, &channels, later(24 * day)), told, "day {day}");
    }
    assert_eq!(rows(&conn, "alert_events"), 7);

    let then = open_alerts(&conn, later(24 * 7)).unwrap();
    assert_eq!((then.len(), then[0].told, then[0].severity), (1, 5, critical), "as it was known on day 7");
    assert_eq!(then[0].opened_at, clock());
    assert_eq!(open_alerts(&conn, later(24 * 9)).unwrap(), []);
    let now = open_alerts(&conn, later(24 * 10)).unwrap();
    assert_eq!((now[0].told, now[0].opened_at), (1, later(240)));
}
