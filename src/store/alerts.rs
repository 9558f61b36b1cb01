//! Alert events and their deliveries.
//!
//! Invariants: an event is appended once, under its id, and never edited; its deliveries are written with it; a delivery
//! leaves `pending` only by an outcome. Run [`insert_events`] in the transaction that writes the facts: then a crash
//! leaves either all of them or none, and what is pending is delivered later under the same id.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, NaiveDate, NaiveDateTime, TimeDelta, Utc};
use duckdb::types::Type;
use duckdb::{Connection, Row, params};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use super::error::Result;
use super::findings::read_findings;
use super::handle::Store;
use super::messages::Messages;
use crate::domain::alert::{
    Action, AlertEvent, Audience, DeliveryOutcome, DeliveryResult, HISTORY_OF_MESSAGES, History, NewDelivery,
    OpenAlert, OutboxFile, PendingDelivery,
};
use crate::domain::facts::deliveries::DeadChannel;
use crate::domain::position::finding::Severity;

pub use super::mutes::mutes;

/// Appends events and their pending deliveries, and tells how many events were new. An event that is already there is
/// left alone together with its deliveries, so running a cycle again changes nothing.
///
/// # Errors
/// Whatever DuckDB reports; roll the transaction back then.
pub fn insert_events(
    conn: &Connection,
    run_id: i64,
    config_digest: &str,
    events: &[AlertEvent],
    deliveries: &[NewDelivery],
) -> duckdb::Result<usize> {
    let mut insert_event = conn.prepare(
        "INSERT INTO alert_events VALUES (?, ?, ?, ?, ?, ?, ?, CAST(? AS DATE), make_timestamp(CAST(? AS BIGINT)), ?, ?)
         ON CONFLICT DO NOTHING",
    )?;
    let mut insert_delivery = conn.prepare(
        "INSERT INTO deliveries VALUES (?, ?, ?, 'pending', 0, NULL, make_timestamp(CAST(? AS BIGINT)), NULL)
         ON CONFLICT DO NOTHING",
    )?;
    let mut inserted = 0;
    for event in events {
        let at = event.fired_at.timestamp_micros();
        let payload =
            serde_json::to_string(event).map_err(|error| duckdb::Error::ToSqlConversionFailure(error.into()))?;
        let new = insert_event.execute(params![
            event.event_id,
            run_id,
            event.key,
            event.rule.as_str(),
            event.severity.as_str(),
            event.decision.as_str(),
            event.reason.as_str(),
            event.since.to_string(),
            at,
            payload,
            config_digest,
        ])?;
        if new == 0 {
            continue;
        }
        inserted += 1;
        for delivery in deliveries.iter().filter(|delivery| delivery.event_id == event.event_id) {
            insert_delivery.execute(params![delivery.event_id, delivery.channel, delivery.payload, at])?;
        }
    }
    Ok(inserted)
}

impl Store {
    /// Writes back how deliveries went, each with its time, in one transaction.
    ///
    /// # Errors
    /// DuckDB's; then nothing of it is stored.
    pub async fn record_outcomes(&self, outcomes: Vec<(DeliveryOutcome, DateTime<Utc>)>) -> Result<()> {
        self.call(move |connection| {
            let transaction = connection.transaction()?;
            for (outcome, at) in &outcomes {
                record_outcomes(&transaction, std::slice::from_ref(outcome), *at)?;
            }
            Ok(transaction.commit()?)
        })
        .await
    }

    /// Brings the next attempts of deliveries that lie after `now` nearer by `step`, by which the clock was put back.
    ///
    /// # Errors
    /// DuckDB's.
    pub async fn bring_attempts_nearer(&self, step: TimeDelta, now: DateTime<Utc>) -> Result<()> {
        let (step, now) = (step.num_microseconds().unwrap_or(i64::MAX), now.timestamp_micros());
        self.call(move |connection| {
            let sql = "UPDATE deliveries SET next_attempt_at = next_attempt_at - to_microseconds(CAST(? AS BIGINT))
                       WHERE state = 'pending' AND next_attempt_at > make_timestamp(CAST(? AS BIGINT))";
            connection.execute(sql, params![step, now])?;
            Ok(())
        })
        .await
    }

    /// Keeps messages that no cycle decided on, and what waits to be delivered of them, after run `run_id`.
    ///
    /// # Errors
    /// DuckDB's; then nothing of it is stored.
    pub async fn keep_messages(&self, run_id: i64, messages: Messages) -> Result<()> {
        self.call(move |connection| {
            let transaction = connection.transaction()?;
            let Messages { config_digest, events, deliveries } = &messages;
            insert_events(&transaction, run_id, config_digest, events, deliveries)?;
            Ok(transaction.commit()?)
        })
        .await
    }
}

/// What [`crate::domain::alert::decide`] compares with at `now`: what is open, when the cycles of the time `within` before
/// last found each key, and what was acknowledged or silenced.
///
/// # Errors
/// DuckDB's, or something stored that this version cannot read.
pub fn history(conn: &Connection, now: DateTime<Utc>, within: TimeDelta) -> Result<History> {
    let sql = "SELECT clock, findings FROM cycles WHERE clock > ?1 AND clock <= ?2
               UNION ALL
               SELECT decided_at, findings FROM remade_outlooks WHERE decided_at > ?1 AND decided_at <= ?2
               ORDER BY clock";
    let mut statement = conn.prepare(sql)?;
    let mut rows = statement.query(params![(now - within).naive_utc(), now.naive_utc()])?;
    let mut last_found = BTreeMap::new();
    while let Some(row) = rows.next()? {
        let clock = row.get::<_, NaiveDateTime>(0)?.and_utc();
        let (findings, _) = read_findings(&row.get::<_, String>(1)?);
        last_found.extend(findings.into_iter().map(|finding| (finding.key, clock)));
    }
    let sql = "SELECT decided_at FROM alert_events WHERE decided_at > ? AND decided_at <= ?
                 AND NOT (decision = 'resolve' AND severity = 'info')
                 AND reason NOT IN ('moved_earlier', 'days_left', 'has_run_out') ORDER BY decided_at";
    let mut statement = conn.prepare(sql)?;
    let clocks = params![(now - HISTORY_OF_MESSAGES).naive_utc(), now.naive_utc()];
    let recent = statement.query_map(clocks, |row| Ok(row.get::<_, NaiveDateTime>(0)?.and_utc()))?;
    let recent = recent.collect::<duckdb::Result<_>>()?;
    // An episode of long ago does not begin anew.
    let sql = "SELECT key, since, count(*) FROM alert_events
               WHERE decision = 'fire' AND decided_at > ? AND decided_at <= ? GROUP BY key, since";
    let mut statement = conn.prepare(sql)?;
    let clocks = params![(now - EPISODES_KNOWN).naive_utc(), now.naive_utc()];
    let fired = statement.query_map(clocks, |row| Ok(((row.get(0)?, row.get(1)?), row.get(2)?)))?;
    let fired = fired.collect::<duckdb::Result<_>>()?;
    Ok(History { open: open_alerts(conn, now)?, last_found, mutes: mutes(conn, now)?, recent, fired })
}

/// How long it is known that an episode began.
const EPISODES_KNOWN: TimeDelta = TimeDelta::days(400);

/// Messages about what no all-clear at or before the time `?1` has closed. Later messages do not count.
const STANDING: &str = "WITH closed AS (
        SELECT key, max(decided_at) AS closed_at FROM alert_events WHERE decision = 'resolve' AND decided_at <= ?1 GROUP BY key
    ), standing AS (
        SELECT e.event_id, e.key, e.decision, e.since, e.decided_at FROM alert_events e LEFT JOIN closed c ON c.key = e.key
        WHERE e.decided_at <= ?1 AND (c.closed_at IS NULL OR e.decided_at > c.closed_at)
    )";

/// The messages that one open alert consists of so far.
struct Told {
    since: NaiveDate,
    opened_at: DateTime<Utc>,
    events: Vec<String>,
}

/// What is open at `now`, by key: a part of the history that [`crate::domain::alert::decide`] compares with. Later events do not
/// count, so that a cycle at an earlier clock sees what was known then. Of each alert only the newest message is read whole.
///
/// # Errors
/// Whatever DuckDB reports, or a stored event that this version cannot read.
pub fn open_alerts(conn: &Connection, now: DateTime<Utc>) -> duckdb::Result<Vec<OpenAlert>> {
    let now = now.naive_utc();
    let heard = "SELECT event_id, channel FROM deliveries SEMI JOIN standing USING (event_id) WHERE state <> 'dead'";
    let mut heard = conn.prepare(&format!("{STANDING} {heard}"))?;
    let mut heard_by: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for row in heard.query_map(params![now], |row| Ok((row.get::<_, String>(0)?, row.get::<_, String>(1)?)))? {
        let (event_id, channel) = row?;
        heard_by.entry(event_id).or_default().insert(channel);
    }

    let told = "SELECT key, event_id, decision, since, decided_at FROM standing ORDER BY key, decided_at, event_id";
    let mut told = conn.prepare(&format!("{STANDING} {told}"))?;
    let mut rows = told.query(params![now])?;
    let mut open: BTreeMap<String, Told> = BTreeMap::new();
    while let Some(row) = rows.next()? {
        let (key, event_id): (String, String) = (row.get(0)?, row.get(1)?);
        let new = || -> duckdb::Result<Told> {
            let opened_at = row.get::<_, NaiveDateTime>(4)?.and_utc();
            Ok(Told { since: row.get(3)?, opened_at, events: vec![event_id.clone()] })
        };
        match open.get_mut(&key) {
            Some(told) if read_name::<Action>(row, 2)? != Action::Fire => told.events.push(event_id),
            _ => {
                open.insert(key, new()?);
            }
        }
    }
    let mut newest = conn.prepare(
        "SELECT payload, event_id, key, rule, severity, decision, reason, since, decided_at FROM alert_events
         WHERE event_id = ?",
    )?;
    let alerts = open.into_iter().filter_map(|(key, told)| Some((key, told.events.last()?.clone(), told)));
    let alerts = alerts.map(|(key, last, Told { since, opened_at, events })| {
        let event = newest.query_row(params![last], read_event)?;
        let heard_by = events.iter().filter_map(|event| heard_by.get(event)).flatten().cloned().collect();
        Ok(OpenAlert {
            key,
            rule: event.rule,
            severity: event.severity,
            since,
            opened_at,
            last_told_at: event.fired_at,
            told: events.len() as u32,
            summary: event.summary,
            named: event.named,
            heard_by,
        })
    });
    alerts.collect()
}

/// Attempts after which a delivery that still waits speaks for a dead channel: with the default waits, after an hour.
const FAILING_FROM: u32 = 7;
/// No wait is longer. A next attempt further away was set by a clock that has since been put back.
const LONGEST_WAIT: TimeDelta = TimeDelta::hours(8);

/// Deliveries that are due at `now`, oldest first, the most severe of a cycle first. While an earlier message about the
/// same key waits for its next attempt on a channel, later ones wait behind it: an all-clear must not overtake its alarm.
///
/// # Errors
/// Whatever DuckDB reports, or a stored severity that this version cannot read.
pub fn pending_deliveries(conn: &Connection, now: DateTime<Utc>) -> duckdb::Result<Vec<PendingDelivery>> {
    let (now, latest) = (now.timestamp_micros(), (now + LONGEST_WAIT).timestamp_micros());
    let mut due = conn.prepare(
        "SELECT d.event_id, d.channel, e.key, e.severity, d.payload, d.attempts, epoch_us(e.decided_at)
         FROM deliveries d JOIN told e ON e.event_id = d.event_id
         WHERE d.state = 'pending'
           AND d.next_attempt_at NOT BETWEEN make_timestamp(CAST(?1 AS BIGINT) + 1) AND make_timestamp(CAST(?2 AS BIGINT))
           AND NOT EXISTS (
               SELECT 1 FROM deliveries w JOIN told f ON f.event_id = w.event_id
               WHERE w.state = 'pending' AND w.channel = d.channel AND f.key = e.key AND f.decided_at < e.decided_at
                 AND w.next_attempt_at BETWEEN make_timestamp(CAST(?1 AS BIGINT) + 1) AND make_timestamp(CAST(?2 AS BIGINT))
           )",
    )?;
    let rows = due.query_map(params![now, latest], |row| {
        let delivery = PendingDelivery {
            event_id: row.get(0)?,
            channel: row.get(1)?,
            key: row.get(2)?,
            severity: read_name::<Severity>(row, 3)?,
            payload: row.get(4)?,
            files: Vec::new(),
            attempts: row.get(5)?,
        };
        Ok((row.get::<_, i64>(6)?, delivery))
    })?;
    let mut rows: Vec<(i64, PendingDelivery)> = rows.collect::<duckdb::Result<_>>()?;
    rows.sort_by(|(at, a), (bt, b)| {
        (at, Reverse(a.severity), &a.event_id, &a.channel).cmp(&(bt, Reverse(b.severity), &b.event_id, &b.channel))
    });
    let mut due: Vec<PendingDelivery> = rows.into_iter().map(|(_, delivery)| delivery).collect();
    if !due.is_empty() {
        attach_files(conn, &mut due)?;
    }
    Ok(due)
}

/// Puts the files that wait beside their deliveries.
fn attach_files(conn: &Connection, due: &mut [PendingDelivery]) -> duckdb::Result<()> {
    let mut waiting =
        conn.prepare("SELECT event_id, channel, name, media_type, content FROM delivery_files ORDER BY place")?;
    let mut rows = waiting.query([])?;
    while let Some(row) = rows.next()? {
        let (event_id, channel) = (row.get::<_, String>(0)?, row.get::<_, String>(1)?);
        let Some(delivery) = due.iter_mut().find(|it| it.event_id == event_id && it.channel == channel) else {
            continue;
        };
        delivery.files.push(OutboxFile { name: row.get(2)?, media_type: row.get(3)?, bytes: row.get(4)? });
    }
    Ok(())
}

/// Writes back how deliveries went. A delivery that is settled already stays as it is.
///
/// # Errors
/// Whatever DuckDB reports. The messages are out by then; they are sent again under the same ids.
pub fn record_outcomes(conn: &Connection, outcomes: &[DeliveryOutcome], now: DateTime<Utc>) -> duckdb::Result<()> {
    let mut update = conn.prepare(
        "UPDATE deliveries SET
             state = ?,
             attempts = attempts + CAST(? AS INTEGER),
             last_error = coalesce(CAST(? AS VARCHAR), last_error),
             next_attempt_at = coalesce(make_timestamp(CAST(? AS BIGINT)), next_attempt_at),
             settled_at = make_timestamp(CAST(? AS BIGINT))
         WHERE event_id = ? AND channel = ? AND state = 'pending'",
    )?;
    let mut discard = conn.prepare("DELETE FROM delivery_files WHERE event_id = ? AND channel = ?")?;
    let settled = Some(now.timestamp_micros());
    for outcome in outcomes {
        let (state, attempt, error, next, settled) = match &outcome.result {
            DeliveryResult::Delivered => ("delivered", 1, None, None, settled),
            DeliveryResult::Retry { next_attempt_at, error } => {
                ("pending", 1, Some(error), Some(next_attempt_at.timestamp_micros()), None)
            }
            DeliveryResult::Deferred { next_attempt_at } => {
                ("pending", 0, None, Some(next_attempt_at.timestamp_micros()), None)
            }
            DeliveryResult::Dead { error } => ("dead", 1, Some(error), None, settled),
        };
        update.execute(params![state, attempt, error, next, settled, outcome.event_id, outcome.channel])?;
        if settled.is_some() {
            discard.execute(params![outcome.event_id, outcome.channel])?;
        }
    }
    Ok(())
}

/// Channels whose newest settled delivery was given up, or that have refused a message for about an hour. Config may have
/// dropped one since: the caller keeps those it still knows.
///
/// # Errors
/// Whatever DuckDB reports.
pub fn dead_channels(conn: &Connection) -> duckdb::Result<Vec<DeadChannel>> {
    let mut tried = conn.prepare(
        "SELECT d.channel, d.state, epoch_us(coalesce(d.settled_at, e.decided_at)), coalesce(d.last_error, '')
         FROM deliveries d JOIN told e ON e.event_id = d.event_id
         WHERE d.state <> 'pending' OR d.attempts >= ?
         ORDER BY d.state = 'pending', d.settled_at, d.event_id, d.channel",
    )?;
    let rows = tried.query_map(params![FAILING_FROM], |row| {
        Ok((row.get::<_, String>(0)?, row.get::<_, String>(1)?, row.get::<_, i64>(2)?, row.get::<_, String>(3)?))
    })?;
    let mut dead: BTreeMap<String, DeadChannel> = BTreeMap::new();
    for row in rows {
        let (channel, state, at, last_error) = row?;
        if state == "delivered" {
            dead.remove(&channel);
            continue;
        }
        let since = DateTime::from_timestamp_micros(at).unwrap_or_default().date_naive();
        let new = || DeadChannel { channel: channel.clone(), since, lost: 0, waiting: 0, last_error: String::new() };
        let entry = dead.entry(channel.clone()).or_insert_with(new);
        match state.as_str() {
            "pending" => entry.waiting += 1,
            _ => entry.lost += 1,
        }
        entry.since = entry.since.min(since);
        entry.last_error = last_error;
    }
    Ok(dead.into_values().collect())
}

/// Where a page of events ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct EventKey {
    /// Clock of the cycle.
    pub decided_at: DateTime<Utc>,
    /// Id of the event.
    pub event_id: String,
}

/// Events, newest first, at most `limit`, from behind `after` on. Cycles add theirs at the front.
///
/// # Errors
/// Whatever DuckDB reports, or a stored event that this version cannot read.
pub fn events(conn: &Connection, after: Option<EventKey>, limit: u32) -> duckdb::Result<Vec<AlertEvent>> {
    let mut listed = conn.prepare(
        "SELECT payload, event_id, key, rule, severity, decision, reason, since, decided_at FROM alert_events
         WHERE ?1 IS NULL OR epoch_us(decided_at) < ?1 OR (epoch_us(decided_at) = ?1 AND event_id > ?2)
         ORDER BY decided_at DESC, event_id LIMIT ?3",
    )?;
    let (at, id) = after.map(|key| (key.decided_at.timestamp_micros(), key.event_id)).unzip();
    listed.query_map(params![at, id, limit], read_event)?.collect()
}

/// What a channel was told last about each key that fires: event id and payload. A key whose all-clear is on its way, or
/// was given up, fires no more.
///
/// # Errors
/// Whatever DuckDB reports.
pub fn firing_on(conn: &Connection, channel: &str) -> duckdb::Result<Vec<(String, String)>> {
    let mut newest = conn.prepare(
        "SELECT event_id FROM (
             SELECT d.event_id, d.state, e.decision FROM deliveries d
             JOIN alert_events e ON e.event_id = d.event_id WHERE d.channel = ?
             QUALIFY row_number() OVER (PARTITION BY e.key ORDER BY e.decided_at DESC, e.event_id DESC) = 1
         ) WHERE state = 'delivered' AND decision <> 'resolve' ORDER BY event_id",
    )?;
    let firing = newest.query_map(params![channel], |row| row.get(0))?.collect::<duckdb::Result<Vec<String>>>()?;
    let mut payload = conn.prepare("SELECT payload FROM deliveries WHERE event_id = ? AND channel = ?")?;
    let payload = firing.into_iter().map(|event_id| {
        let payload = payload.query_row(params![event_id, channel], |row| row.get(0))?;
        Ok((event_id, payload))
    });
    payload.collect()
}

/// The newest ingest run, whose facts are the newest; 0 before the first.
///
/// # Errors
/// Whatever DuckDB reports.
pub fn newest_run(conn: &Connection) -> duckdb::Result<i64> {
    conn.query_row("SELECT coalesce(max(run_id), 0) FROM ingest_runs", [], |row| row.get(0))
}

/// How a channel does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChannelState {
    /// Name in config.
    pub channel: String,
    /// Messages on their way.
    pub pending: u64,
    /// Messages that arrived.
    pub delivered: u64,
    /// Messages that were given up.
    pub dead: u64,
    /// When one last arrived.
    pub last_delivered_at: Option<DateTime<Utc>>,
}

/// Each channel that a message was ever meant for.
///
/// # Errors
/// Whatever DuckDB reports.
pub fn channel_states(conn: &Connection) -> duckdb::Result<Vec<ChannelState>> {
    let mut states = conn.prepare(
        "SELECT channel, count(*) FILTER (state = 'pending'), count(*) FILTER (state = 'delivered'),
                count(*) FILTER (state = 'dead'), epoch_us(max(settled_at) FILTER (state = 'delivered'))
         FROM deliveries GROUP BY channel ORDER BY channel",
    )?;
    let rows = states.query_map([], |row| {
        Ok(ChannelState {
            channel: row.get(0)?,
            pending: row.get(1)?,
            delivered: row.get(2)?,
            dead: row.get(3)?,
            last_delivered_at: row.get::<_, Option<i64>>(4)?.and_then(DateTime::from_timestamp_micros),
        })
    })?;
    rows.collect()
}

/// An event. Where its payload cannot be read, what the other columns say of it: what is open must be known even then.
fn read_event(row: &Row<'_>) -> duckdb::Result<AlertEvent> {
    let payload: String = row.get(0)?;
    if let Ok(event) = serde_json::from_str(&payload) {
        return Ok(event);
    }
    const LOST: &str = "The message as it was stored cannot be read any more.";
    Ok(AlertEvent {
        named: None,
        event_id: row.get(1)?,
        key: row.get(2)?,
        rule: read_name(row, 3)?,
        severity: read_name(row, 4)?,
        decision: read_name(row, 5)?,
        reason: read_name(row, 6)?,
        since: row.get(7)?,
        fired_at: row.get::<_, NaiveDateTime>(8)?.and_utc(),
        title: LOST.to_owned(),
        summary: LOST.to_owned(),
        text: LOST.to_owned(),
        next: String::new(),
        attachment: None,
        dashboard_url: None,
        audience: Audience::Everyone,
    })
}

/// A value of ours from its stored name.
fn read_name<T: DeserializeOwned>(row: &Row<'_>, column: usize) -> duckdb::Result<T> {
    let name: String = row.get(column)?;
    serde_json::from_value(name.into()).map_err(|error| unreadable(column, error))
}

fn unreadable(column: usize, error: serde_json::Error) -> duckdb::Error {
    duckdb::Error::FromSqlConversionFailure(column, Type::Text, error.into())
}
