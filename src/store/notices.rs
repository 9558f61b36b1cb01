//! Messages that are no alerts: digests and acknowledgements.
//!
//! Invariant: a notice is written once, under its id, together with its deliveries.

use chrono::{DateTime, NaiveDateTime, Utc};
use duckdb::{OptionalExt as _, params};

use crate::domain::alert::{Letter, NewDelivery};

use super::Store;
use super::error::Result;

/// What kind of notice.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NoticeKind {
    /// A summary of the week.
    Digest,
    /// Somebody is on it.
    Ack,
}

impl NoticeKind {
    const fn as_str(self) -> &'static str {
        match self {
            NoticeKind::Digest => "digest",
            NoticeKind::Ack => "ack",
        }
    }
}

/// The newest digest.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LastDigest {
    /// When it was made.
    pub made_at: DateTime<Utc>,
    /// Clock of the position that it told.
    pub as_of: DateTime<Utc>,
}

impl Store {
    /// Keeps a notice that tells of the position at `as_of`, with its deliveries; false if it is kept already.
    ///
    /// # Errors
    /// DuckDB's; then nothing of it is stored.
    pub async fn add_notice(
        &self,
        kind: NoticeKind,
        letter: Letter,
        as_of: DateTime<Utc>,
        deliveries: Vec<NewDelivery>,
    ) -> Result<bool> {
        self.call(move |connection| {
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
            transaction.commit()?;
            Ok(true)
        })
        .await
    }

    /// The newest digest, if there was one.
    ///
    /// # Errors
    /// DuckDB's.
    pub async fn last_digest(&self) -> Result<Option<LastDigest>> {
        self.read(|connection| {
            let sql = "SELECT made_at, as_of FROM notices WHERE kind = 'digest' ORDER BY made_at DESC LIMIT 1";
            let read = connection.query_row(sql, [], |row| {
                let (made_at, as_of) = (row.get::<_, NaiveDateTime>(0)?, row.get::<_, NaiveDateTime>(1)?);
                Ok(LastDigest { made_at: made_at.and_utc(), as_of: as_of.and_utc() })
            });
            Ok(read.optional()?)
        })
        .await
    }
}
