//! What each outlook said, beside the outlook itself.

use chrono::NaiveDateTime;
use duckdb::{Connection, params};

use super::error::Result;
use super::json::to_json;
use super::packed::unpacked;
use crate::domain::outlook::track_record::Said;

/// Puts what each stored outlook said beside it, where an earlier version did not. Outlooks are long, so one is read at a time.
/// Cut short, the next start goes on.
pub fn say_again(connection: &mut Connection) -> Result<()> {
    /// Many enough that committing is no matter, few enough to fit into the memory that a transaction may use.
    const AT_ONCE: usize = 50;
    let sql = "SELECT run_id FROM cycles WHERE outlook IS NOT NULL AND run_id NOT IN (SELECT run_id FROM said) ORDER BY run_id";
    let runs = connection.prepare(sql)?.query_map([], |row| row.get(0))?.collect::<duckdb::Result<Vec<i64>>>()?;
    for runs in runs.chunks(AT_ONCE) {
        let transaction = connection.transaction()?;
        for run_id in runs {
            let sql = "SELECT clock, outlook FROM cycles WHERE run_id = ?";
            let (clock, outlook): (NaiveDateTime, String) =
                transaction.query_row(sql, params![run_id], |row| Ok((row.get(0)?, row.get(1)?)))?;
            let said = serde_json::from_str::<Said>(&unpacked(&outlook)).ok().map(Said::judged);
            insert_said(&transaction, *run_id, clock, said.as_ref())?;
        }
        transaction.commit()?;
    }
    Ok(())
}

pub(super) fn insert_said(
    connection: &Connection,
    run_id: i64,
    clock: NaiveDateTime,
    said: Option<&Said>,
) -> Result<()> {
    connection.execute("INSERT INTO said VALUES (?, ?, ?)", params![run_id, clock, said.map(to_json)])?;
    Ok(())
}
