//! Links that were given to somebody without an account.
//!
//! Invariant: a link is appended when it is made and never edited; revoking appends as well.

use super::error::Result;
use super::handle::Store;
use super::json::{from_json, to_json};
use super::revoked;
use chrono::{DateTime, NaiveDateTime, Utc};
use duckdb::{Connection, params};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// A link as listed. The link's own text is nowhere stored.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct StoredLink {
    /// Its id, which reveals nothing.
    pub id: String,
    /// When it was made.
    pub made_at: DateTime<Utc>,
    /// Who made it.
    pub made_by: String,
    /// Kind of report.
    pub kind: String,
    /// Formats it opens; the first is what it shows by itself.
    pub formats: Vec<String>,
    /// Record ids of the filing that it shows.
    pub records: Vec<String>,
    /// From then on it is refused.
    pub expires_at: DateTime<Utc>,
    /// The clock it is pinned to; null = always the newest.
    pub as_of: Option<DateTime<Utc>>,
    /// Whether and how it was ended early.
    pub revoked: Option<Revocation>,
}

/// The end of a link before its time.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Revocation {
    /// When.
    pub at: DateTime<Utc>,
    /// Who did it.
    pub by: String,
}

/// Where a page of links ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LinkKey {
    /// When its last link was made.
    pub made_at: DateTime<Utc>,
    /// The link's id.
    pub id: String,
}

impl StoredLink {
    /// Where a page ends whose last link this is.
    pub fn key(&self) -> LinkKey {
        LinkKey { made_at: self.made_at, id: self.id.clone() }
    }
}

impl Store {
    /// Appends a link that was just made.
    ///
    /// # Errors
    /// DuckDB's.
    pub async fn keep_link(&self, link: StoredLink) -> Result<()> {
        let store = self.clone();
        self.call(move |connection| {
            insert_link(connection, &link)?;
            store.keep_revoked(connection, None).map(|_| ())
        })
        .await
    }

    /// Brings the lists of revoked links beside the store, and in its folders for backups, up to its rows and to the link `ending`.
    /// Gives where that failed, in words.
    pub(super) fn keep_revoked(&self, connection: &Connection, ending: Option<&str>) -> Result<Vec<String>> {
        match &self.inner.opening {
            Some(opening) => revoked::keep_lists(connection, opening, ending),
            None => Ok(Vec::new()),
        }
    }

    /// Every link, newest first.
    ///
    /// # Errors
    /// DuckDB's.
    pub async fn links(&self) -> Result<Vec<StoredLink>> {
        self.links_from(None, u32::MAX).await
    }

    /// Links, newest first, at most `limit`, from behind `after` on.
    ///
    /// # Errors
    /// DuckDB's.
    pub async fn links_from(&self, after: Option<LinkKey>, limit: u32) -> Result<Vec<StoredLink>> {
        self.read(move |connection| read(connection, None, after.as_ref(), limit)).await
    }

    /// One link.
    ///
    /// # Errors
    /// DuckDB's.
    pub async fn link(&self, id: String) -> Result<Option<StoredLink>> {
        self.read(move |connection| Ok(read(connection, Some(&id), None, 1)?.pop())).await
    }

    /// Ids of links that were ended before their time and would be open at `now`, those ended last first, at most `limit`.
    ///
    /// # Errors
    /// DuckDB's.
    pub async fn revoked_links(&self, now: DateTime<Utc>, limit: u32) -> Result<Vec<String>> {
        self.read(move |connection| {
            let sql = "SELECT link_id FROM link_revocations JOIN shared_links USING (link_id) WHERE expires_at > ?
                       ORDER BY revoked_at DESC, link_id LIMIT ?";
            let mut statement = connection.prepare(sql)?;
            let rows = statement.query_map(params![now.naive_utc(), limit], |row| row.get(0))?;
            Ok(rows.collect::<duckdb::Result<_>>()?)
        })
        .await
    }

    /// Ends a link, also for a store that is restored from an older backup; ending it again changes nothing. Gives the places whose
    /// lists of revoked links do not name it, in words.
    ///
    /// # Errors
    /// DuckDB's.
    pub async fn revoke_link(&self, id: String, revocation: Revocation) -> Result<Vec<String>> {
        let store = self.clone();
        self.call(move |connection| {
            // The lists first: killed in between, the next start ends it.
            let not_listed = store.keep_revoked(connection, Some(&id))?;
            connection.execute(
                "INSERT INTO link_revocations VALUES (?, ?, ?) ON CONFLICT DO NOTHING",
                params![id, revocation.at.naive_utc(), revocation.by],
            )?;
            Ok(not_listed)
        })
        .await
    }
}

/// Appends a link.
pub(super) fn insert_link(connection: &Connection, link: &StoredLink) -> Result<()> {
    connection.execute(
        "INSERT INTO shared_links VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        params![
            link.id,
            link.made_at.naive_utc(),
            link.made_by,
            link.kind,
            to_json(&link.formats),
            to_json(&link.records),
            link.expires_at.naive_utc(),
            link.as_of.map(|as_of| as_of.naive_utc()),
        ],
    )?;
    Ok(())
}

fn read(connection: &Connection, id: Option<&str>, after: Option<&LinkKey>, limit: u32) -> Result<Vec<StoredLink>> {
    let sql = "SELECT link_id, made_at, made_by, kind, formats, records, expires_at, as_of, revoked_at, revoked_by
               FROM shared_links LEFT JOIN link_revocations USING (link_id)
               WHERE (?1 IS NULL OR link_id = ?1)
                 AND (?2 IS NULL OR epoch_us(made_at) < ?2 OR (epoch_us(made_at) = ?2 AND link_id > ?3))
               ORDER BY made_at DESC, link_id LIMIT ?4";
    let mut statement = connection.prepare(sql)?;
    let (made_at, last) = after.map(|key| (key.made_at.timestamp_micros(), key.id.as_str())).unzip();
    let mut rows = statement.query(params![id, made_at, last, limit])?;
    let mut links = Vec::new();
    while let Some(row) = rows.next()? {
        let revoked_at: Option<NaiveDateTime> = row.get(8)?;
        let revoked_by: Option<String> = row.get(9)?;
        links.push(StoredLink {
            id: row.get(0)?,
            made_at: row.get::<_, NaiveDateTime>(1)?.and_utc(),
            made_by: row.get(2)?,
            kind: row.get(3)?,
            formats: from_json("the formats of a link", &row.get::<_, String>(4)?)?,
            records: from_json("the records of a link", &row.get::<_, String>(5)?)?,
            expires_at: row.get::<_, NaiveDateTime>(6)?.and_utc(),
            as_of: row.get::<_, Option<NaiveDateTime>>(7)?.map(|as_of| as_of.and_utc()),
            revoked: revoked_at.zip(revoked_by).map(|(at, by)| Revocation { at: at.and_utc(), by }),
        });
    }
    Ok(links)
}
