//! Finished cycles: the outlook as it was made and the findings of the moment.

use std::collections::BTreeMap;

use chrono::{DateTime, NaiveDateTime, Utc};
use duckdb::{Connection, Transaction, params};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::alerts;
use super::entered::{Entered, entered, shown};
use super::error::Result;
use super::findings::read_findings;
use super::handle::Store;
use super::json::to_json;
use super::messages::Messages;
use super::packed::{packed, unpacked};
use super::said::insert_said;
use super::views::{self, KeptView};
use crate::domain::alert::Held;
use crate::domain::outlook::Outlook;
use crate::domain::outlook::track_record::{HORIZONS, PastOutlook, RECORD_DAYS};
use crate::domain::position::finding::Finding;
use crate::domain::values::period::{DayRange, plus_days};

/// A cycle that went through to its end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FinishedCycle {
    /// Its ingest run.
    pub run_id: i64,
    /// Its clock.
    pub clock: DateTime<Utc>,
    /// The outlook as made; `None` before the first complete day.
    pub outlook: Option<Outlook>,
    /// What the rules found.
    pub findings: Vec<Finding>,
    /// Of those that were never told, why, by key.
    pub held: BTreeMap<String, Held>,
    /// What people had entered by then.
    pub entered: Entered,
}

/// An outlook to be made again for the newest finished cycle, because it does not know all that is entered, or was made with
/// another config.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AwaitedOutlook {
    /// The cycle's ingest run.
    pub run_id: i64,
    /// The cycle's clock.
    pub clock: DateTime<Utc>,
    /// How many were made again before, of all cycles.
    pub made_before: i64,
    /// What it is to know.
    pub entered: Entered,
}

/// A finished cycle as it is read back. What it stored may not be readable any more: an older version wrote numbers that no
/// version reads.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredCycle {
    /// Its ingest run.
    pub run_id: i64,
    /// Its clock.
    pub clock: DateTime<Utc>,
    /// The outlook as made; `None` before the first complete day.
    pub outlook: std::result::Result<Option<Outlook>, UnreadOutlook>,
    /// What the rules found, as far as it can be read.
    pub findings: Vec<Finding>,
    /// Of those that were never told, why, by key. A version before this stored none.
    pub held: BTreeMap<String, Held>,
    /// Findings that cannot be read.
    pub lost_findings: usize,
}

/// A stored outlook that does not read as this version writes them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnreadOutlook {
    /// Why.
    pub reason: String,
    /// As stored; null where it is no JSON.
    stored: Value,
}

impl UnreadOutlook {
    /// The outlook as stored, with what its version did not write yet as `made` from the same facts has it; `None` where that
    /// is no outlook either.
    pub fn filled_from(&self, made: &Outlook) -> Option<Outlook> {
        let mut stored = self.stored.clone();
        fill(&mut stored, serde_json::to_value(made).ok()?);
        serde_json::from_value(stored).ok()
    }
}

/// Adds to the objects of `stored` the fields that only `made` has.
fn fill(stored: &mut Value, made: Value) {
    let (Value::Object(stored), Value::Object(made)) = (stored, made) else { return };
    for (name, value) in made {
        match stored.get_mut(&name) {
            Some(kept) => fill(kept, value),
            None => {
                stored.insert(name, value);
            }
        }
    }
}

/// What earlier outlooks said.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PastOutlooks {
    /// Those that can be read, in order of their clocks.
    pub said: Vec<PastOutlook>,
    /// Clocks of the cycles whose outlook cannot be read, in order.
    pub unreadable: Vec<DateTime<Utc>>,
}

impl Store {
    /// Finishes a cycle: outlook, findings, alert events, their pending deliveries and the view in one transaction, so
    /// that whoever sees the cycle finds its view made.
    ///
    /// # Errors
    /// DuckDB's; then nothing of the cycle's end is stored, and the next cycle does it again.
    pub async fn finish_cycle(&self, cycle: FinishedCycle, messages: Messages, view: Option<KeptView>) -> Result<()> {
        self.call(move |connection| {
            let transaction = connection.transaction()?;
            let outlook = cycle.outlook.as_ref().map(|outlook| packed(&to_json(outlook)));
            transaction.execute(
                "INSERT INTO cycles (run_id, clock, outlook, findings, newest_filing, entered, config_digest)
                 VALUES (?, ?, ?, ?, ?, ?, ?)",
                params![
                    cycle.run_id,
                    cycle.clock.naive_utc(),
                    outlook,
                    findings_json(&cycle),
                    cycle.entered.filings,
                    to_json(&cycle.entered),
                    messages.config_digest,
                ],
            )?;
            if let Some(outlook) = &cycle.outlook {
                insert_said(&transaction, cycle.run_id, cycle.clock.naive_utc(), Some(&outlook.into()))?;
            }
            tell(&transaction, cycle.run_id, &messages, view.as_ref())?;
            Ok(transaction.commit()?)
        })
        .await
    }

    /// The outlook that has to be made again under the config `config_digest`, if one has to.
    ///
    /// # Errors
    /// DuckDB's.
    pub async fn awaited_outlook(&self, config_digest: String) -> Result<Option<AwaitedOutlook>> {
        self.read(move |connection| {
            let Some(shown) = shown(connection, None)? else { return Ok(None) };
            let now = entered(connection)?;
            if shown.entered == Some(now) && shown.config_digest.as_ref() == Some(&config_digest) {
                return Ok(None);
            }
            let sql = "SELECT coalesce(max(remade_id), 0) FROM remade_outlooks";
            let made_before = connection.query_row(sql, [], |row| row.get(0))?;
            Ok(Some(AwaitedOutlook { run_id: shown.run_id, clock: shown.clock, made_before, entered: now }))
        })
        .await
    }

    /// Keeps an outlook that was made again for a finished cycle, its findings as they were compared at `decided_at`, and
    /// what is told of them, in one transaction.
    ///
    /// # Errors
    /// DuckDB's; then nothing of it is stored.
    pub async fn keep_outlook(
        &self,
        remade: FinishedCycle,
        decided_at: DateTime<Utc>,
        messages: Messages,
        view: Option<KeptView>,
    ) -> Result<()> {
        self.call(move |connection| {
            let transaction = connection.transaction()?;
            transaction.execute(
                "INSERT INTO remade_outlooks
                 SELECT coalesce(max(remade_id), 0) + 1, CAST(? AS BIGINT), CAST(? AS TIMESTAMP), CAST(? AS VARCHAR),
                        CAST(? AS VARCHAR), CAST(? AS VARCHAR), CAST(? AS VARCHAR) FROM remade_outlooks",
                params![
                    remade.run_id,
                    decided_at.naive_utc(),
                    remade.outlook.as_ref().map(|outlook| packed(&to_json(outlook))),
                    findings_json(&remade),
                    to_json(&remade.entered),
                    messages.config_digest,
                ],
            )?;
            tell(&transaction, remade.run_id, &messages, view.as_ref())?;
            Ok(transaction.commit()?)
        })
        .await
    }

    /// The newest finished cycle whose clock is at or before `as_of` (or the newest of all).
    ///
    /// # Errors
    /// DuckDB's.
    pub async fn newest_cycle(&self, as_of: Option<DateTime<Utc>>) -> Result<Option<StoredCycle>> {
        self.read(move |connection| newest_cycle(connection, as_of)).await
    }

    /// Clocks of the finished cycles of `days`, in order.
    ///
    /// # Errors
    /// DuckDB's.
    pub async fn cycle_clocks(&self, days: DayRange) -> Result<Vec<DateTime<Utc>>> {
        self.read(move |connection| {
            let sql = "SELECT DISTINCT clock FROM cycles
                       WHERE CAST(clock AS DATE) >= ? AND CAST(clock AS DATE) < ? ORDER BY clock";
            let mut statement = connection.prepare(sql)?;
            let rows = statement.query_map(params![days.start, days.end], |row| row.get::<_, NaiveDateTime>(0))?;
            Ok(rows.map(|clock| clock.map(|clock| clock.and_utc())).collect::<duckdb::Result<_>>()?)
        })
        .await
    }

    /// Clocks of the first and the newest finished cycle; `None` before the first.
    ///
    /// # Errors
    /// DuckDB's.
    pub async fn first_and_newest_cycle(&self) -> Result<Option<(DateTime<Utc>, DateTime<Utc>)>> {
        self.read(|connection| {
            // The newest is the one that was stored last: before it a clock may have been ahead for which nobody vouched.
            let sql = "SELECT min(clock), arg_max(clock, run_id) FROM cycles";
            let clocks: (Option<NaiveDateTime>, Option<NaiveDateTime>) =
                connection.query_row(sql, [], |row| Ok((row.get(0)?, row.get(1)?)))?;
            Ok(clocks.0.zip(clocks.1).map(|(first, newest)| (first.and_utc(), newest.and_utc())))
        })
        .await
    }

    /// What the outlooks said that are of an age at `as_of` to be judged, the newest of each UTC day, in order of their clocks.
    ///
    /// # Errors
    /// DuckDB's.
    pub async fn past_outlooks(&self, as_of: DateTime<Utc>) -> Result<PastOutlooks> {
        self.read(move |connection| past_outlooks(connection, as_of)).await
    }
}

/// What the end of a cycle, or an outlook that was made again, leaves besides itself.
fn tell(transaction: &Transaction, run_id: i64, messages: &Messages, view: Option<&KeptView>) -> Result<()> {
    let Messages { config_digest, events, deliveries } = messages;
    alerts::insert_events(transaction, run_id, config_digest, events, deliveries)?;
    if let Some(view) = view {
        views::keep(transaction, view)?;
    }
    Ok(())
}

/// With the outlook and the findings that were made last for it.
fn newest_cycle(connection: &Connection, as_of: Option<DateTime<Utc>>) -> Result<Option<StoredCycle>> {
    let Some(shown) = shown(connection, as_of)? else { return Ok(None) };
    let (sql, id) = match shown.remade {
        0 => ("SELECT outlook, findings FROM cycles WHERE run_id = ?", shown.run_id),
        remade => ("SELECT outlook, findings FROM remade_outlooks WHERE remade_id = ?", remade),
    };
    let (outlook, findings): (Option<String>, String) =
        connection.query_row(sql, params![id], |row| Ok((row.get(0)?, row.get(1)?)))?;
    let outlook = outlook.map(|stored| read_outlook(&unpacked(&stored))).transpose();
    let held = read_held(&findings);
    let (findings, lost_findings) = read_findings(&findings);
    Ok(Some(StoredCycle { run_id: shown.run_id, clock: shown.clock, outlook, findings, held, lost_findings }))
}

fn read_outlook(json: &str) -> std::result::Result<Outlook, UnreadOutlook> {
    serde_json::from_str(json).map_err(|error| UnreadOutlook {
        reason: error.to_string(),
        stored: serde_json::from_str(json).unwrap_or_default(),
    })
}

/// A finding as it is stored, beside why it is not told.
#[derive(Serialize)]
struct StoredFinding<'c> {
    #[serde(flatten)]
    finding: &'c Finding,
    #[serde(skip_serializing_if = "Option::is_none")]
    held: Option<&'c Held>,
}

/// The part of a stored finding that says why it is not told.
#[derive(Deserialize)]
struct StoredHeld {
    key: String,
    held: Held,
}

fn findings_json(cycle: &FinishedCycle) -> String {
    let stored = |finding| StoredFinding { finding, held: cycle.held.get(&finding.key) };
    to_json(&cycle.findings.iter().map(stored).collect::<Vec<_>>())
}

fn read_held(json: &str) -> BTreeMap<String, Held> {
    let stored: Vec<Value> = serde_json::from_str(json).unwrap_or_default();
    let held = stored.into_iter().filter_map(|one| serde_json::from_value::<StoredHeld>(one).ok());
    held.map(|StoredHeld { key, held }| (key, held)).collect()
}

fn past_outlooks(connection: &Connection, as_of: DateTime<Utc>) -> Result<PastOutlooks> {
    // A day's data is complete days after it: an outlook made later than this has no horizon behind it. One made before the
    // record begins is judged no more; its data can be days older than it is.
    let last = plus_days(as_of.date_naive(), -HORIZONS[0]);
    let first = plus_days(as_of.date_naive(), -RECORD_DAYS - HORIZONS[HORIZONS.len() - 1]);
    let sql = "SELECT clock, said FROM said WHERE run_id IN
                   (SELECT max(run_id) FROM said WHERE CAST(clock AS DATE) BETWEEN ? AND ? GROUP BY CAST(clock AS DATE))
               ORDER BY clock";
    let mut statement = connection.prepare(sql)?;
    let mut rows = statement.query(params![first, last])?;
    let mut past = PastOutlooks::default();
    while let Some(row) = rows.next()? {
        let made_at = row.get::<_, NaiveDateTime>(0)?.and_utc();
        match row.get::<_, Option<String>>(1)?.map(|said| serde_json::from_str(&said)) {
            Some(Ok(said)) => past.said.push(PastOutlook { made_at, said }),
            _ => past.unreadable.push(made_at),
        }
    }
    Ok(past)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::alert::Reason;
    use crate::domain::position::finding::{Rule, Severity};

    #[test]
    fn why_a_finding_is_held_is_read_back_and_an_older_store_says_nothing() {
        let key = "burn_rate:total".to_owned();
        let finding = Finding {
            rule: Rule::BurnRate,
            severity: Severity::Warning,
            key: key.clone(),
            since: "2026-03-12".parse().unwrap(),
            summary: "fast".into(),
            reason: "Next: look.".into(),
            named: None,
        };
        let held = Held { reason: Reason::SaidElsewhere, part_of: Some("exhaustion:total".into()) };
        let (clock, entered) = (DateTime::UNIX_EPOCH, Entered::default());
        let findings = vec![finding.clone()];
        let held = BTreeMap::from([(key, held)]);
        let cycle = FinishedCycle { run_id: 1, clock, outlook: None, findings, held: held.clone(), entered };
        let stored = findings_json(&cycle);
        assert_eq!(read_held(&stored), held);
        assert_eq!(read_findings(&stored), (vec![finding.clone()], 0));
        assert_eq!(read_held(&to_json(&[finding])), BTreeMap::new());
        assert_eq!(read_held("no JSON"), BTreeMap::new());
    }
}
