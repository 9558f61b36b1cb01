//! Messages that are no alerts: digests, reports and acknowledgements.
//!
//! Invariant: a notice is written once, under its id, together with its deliveries and what goes with them.

use chrono::{DateTime, NaiveDateTime, Utc};
use duckdb::{OptionalExt as _, params};

use super::audit::{AuditEntry, insert_entry};
use super::error::Result;
use super::handle::Store;
use super::links::{StoredLink, insert_link};
use crate::domain::alert::{NewDelivery, OutboxFile};
use crate::domain::facts::referee::TOLERANCE;
use crate::domain::wording::Letter;

/// What kind of notice.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NoticeKind {
    /// A summary of the week.
    Digest,
    /// A report on its schedule.
    Report,
    /// Somebody is on it.
    Ack,
}

impl NoticeKind {
    const fn as_str(self) -> &'static str {
        match self {
            NoticeKind::Digest => "digest",
            NoticeKind::Report => "report",
            NoticeKind::Ack => "ack",
        }
    }
}

/// What goes with a notice, and is written with it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Enclosed {
    /// Links that stand in it.
    pub links: Vec<StoredLink>,
    /// Files for a channel, in order.
    pub files: Vec<(String, OutboxFile)>,
    /// What the audit is to remember of it.
    pub audit: Vec<AuditEntry>,
}

/// The newest notice of its kind and key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LastNotice {
    /// When it was made.
    pub made_at: DateTime<Utc>,
    /// Clock of the position that it told.
    pub as_of: DateTime<Utc>,
}

impl Store {
    /// Keeps a notice that tells of the position at `as_of`, with its deliveries and what goes with them; false if it is
    /// kept already.
    ///
    /// # Errors
    /// DuckDB's; then nothing of it is stored.
    pub async fn add_notice(
        &self,
        kind: NoticeKind,
        letter: Letter,
        as_of: DateTime<Utc>,
        deliveries: Vec<NewDelivery>,
        enclosed: Enclosed,
    ) -> Result<bool> {
        let store = self.clone();
        self.call_without_notes(move |connection| {
            let transaction = connection.transaction()?;
            let at = letter.at.naive_utc();
            let new = transaction.execute(
                "INSERT INTO notices VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING",
                params![
                    letter.event_id,
                    kind.as_str(),
                    letter.key,
                    letter.severity.as_str(),
                    at,
                    as_of.naive_utc(),
                    letter.data.to_string(),
                ],
            )?;
            if new == 0 {
                return Ok(false);
            }
            for delivery in &deliveries {
                transaction.execute(
                    "INSERT INTO deliveries VALUES (?, ?, ?, 'pending', 0, NULL, ?, NULL) ON CONFLICT DO NOTHING",
                    params![delivery.event_id, delivery.channel, delivery.payload, at],
                )?;
            }
            for link in &enclosed.links {
                insert_link(&transaction, link)?;
            }
            for (place, (channel, file)) in (0_i32..).zip(&enclosed.files) {
                transaction.execute(
                    "INSERT INTO delivery_files VALUES (?, ?, ?, ?, ?, ?)",
                    params![letter.event_id, channel, place, file.name, file.media_type, file.bytes],
                )?;
            }
            for entry in &enclosed.audit {
                insert_entry(&transaction, entry)?;
            }
            transaction.commit()?;
            if !enclosed.links.is_empty() {
                let _ = store.keep_revoked(connection, None)?;
            }
            Ok(true)
        })
        .await
    }

    /// The newest notice of `kind` under `key`, if there was one by `now`: one from further ahead was made under a clock that has
    /// been put back since.
    ///
    /// # Errors
    /// DuckDB's.
    pub async fn last_notice(&self, kind: NoticeKind, key: String, now: DateTime<Utc>) -> Result<Option<LastNotice>> {
        self.read(move |connection| {
            let sql = "SELECT made_at, as_of FROM notices WHERE kind = ? AND key = ? AND made_at <= ?
                       ORDER BY made_at DESC LIMIT 1";
            let until = (now + TOLERANCE).naive_utc();
            let read = connection.query_row(sql, params![kind.as_str(), key, until], |row| {
                let (made_at, as_of) = (row.get::<_, NaiveDateTime>(0)?, row.get::<_, NaiveDateTime>(1)?);
                Ok(LastNotice { made_at: made_at.and_utc(), as_of: as_of.and_utc() })
            });
            Ok(read.optional()?)
        })
        .await
    }

    /// When the report `name` was first met on this schedule, which is `now` if it never was before, or under a clock that has
    /// been put back since.
    ///
    /// # Errors
    /// DuckDB's.
    pub async fn schedule_first_met(
        &self,
        name: String,
        schedule: String,
        now: DateTime<Utc>,
    ) -> Result<DateTime<Utc>> {
        self.call(move |connection| {
            connection.execute(
                "INSERT INTO report_schedules VALUES (?, ?, ?) ON CONFLICT (name, schedule)
                 DO UPDATE SET first_met = excluded.first_met WHERE report_schedules.first_met > ?",
                params![name, schedule, now.naive_utc(), (now + TOLERANCE).naive_utc()],
            )?;
            let sql = "SELECT first_met FROM report_schedules WHERE name = ? AND schedule = ?";
            let met: NaiveDateTime = connection.query_row(sql, params![name, schedule], |row| row.get(0))?;
            Ok(met.and_utc())
        })
        .await
    }
}
