//! Shortens what old versions kept in the audit.

use chrono::NaiveDateTime;
use duckdb::{Connection, params};
use tracing::info;

/// Characters of a text in a row.
pub const LONGEST_TEXT: usize = 200;
/// Bytes. Rows of this length can be read many at a time; [`LONGEST_TEXT`] characters of any script are shorter.
const LONG: i64 = 1_000;

/// Shortens what versions before the 19th of the schema kept: they took addresses as they came, up to 64 KB. Hundreds of such
/// rows are more than the store's memory holds at once, and DuckDB can neither read them together nor write them from its log
/// into the file. So they are read one by one, by their numbers, before anything else is done with them.
///
/// # Errors
/// DuckDB's; nothing is changed then.
pub(super) fn shorten(connection: &mut Connection) -> duckdb::Result<()> {
    let longest = "SELECT coalesce(max(stats.max_string_length), 0)::BIGINT FROM pragma_storage_info('audit')
                   WHERE column_name = 'path' AND segment_type = 'VARCHAR'";
    if connection.query_row(longest, [], |row| row.get::<_, i64>(0))? <= LONG {
        return Ok(());
    }
    let transaction = connection.transaction()?;
    let (first, last, rows): (i64, i64, i64) =
        transaction.query_row("SELECT min(number), max(number), count(*) FROM audit", [], |row| {
            Ok((row.get(0)?, row.get(1)?, row.get(2)?))
        })?;
    info!(rows, "shortening addresses in the audit that an older version kept whole; this can take minutes, once");
    transaction.execute_batch("CREATE TEMP TABLE short AS SELECT * FROM audit LIMIT 0")?;
    {
        // By one number at a time DuckDB goes through the index; by several it reads whole columns.
        let sql = "SELECT noted_at, who, action, left(path, ?), status FROM audit WHERE number = ?";
        let mut find = transaction.prepare(sql)?;
        let mut keep = transaction.prepare("INSERT INTO short VALUES (?, ?, ?, ?, ?, ?)")?;
        for number in first..=last {
            let mut found = find.query(params![LONGEST_TEXT as i64, number])?;
            let Some(row) = found.next()? else { continue };
            let (at, who, action): (NaiveDateTime, String, String) = (row.get(0)?, row.get(1)?, row.get(2)?);
            let (path, status): (String, u16) = (row.get(3)?, row.get(4)?);
            keep.execute(params![number, at, who, action, path, status])?;
        }
    }
    transaction.execute_batch("DELETE FROM audit; INSERT INTO audit SELECT * FROM short; DROP TABLE short")?;
    transaction.commit()
}
