//! Stores as versions before left them.

use glidepath::store::packed::unpacked;

/// Turns stored outlooks into the plain JSON that was written before they were packed.
pub fn unpack_outlooks(connection: &duckdb::Connection) {
    for (table, key) in [("cycles", "run_id"), ("remade_outlooks", "remade_id")] {
        let sql = format!("SELECT {key}, outlook FROM {table} WHERE outlook IS NOT NULL");
        let mut statement = connection.prepare(&sql).unwrap();
        let rows = statement.query_map([], |row| Ok((row.get::<_, i64>(0)?, row.get::<_, String>(1)?))).unwrap();
        let rows: Vec<(i64, String)> = rows.map(Result::unwrap).collect();
        for (id, outlook) in rows {
            let sql = format!("UPDATE {table} SET outlook = ? WHERE {key} = ?");
            connection.execute(&sql, duckdb::params![unpacked(&outlook).as_ref(), id]).unwrap();
        }
    }
}
