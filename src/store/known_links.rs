//! The links that a store holds.

use std::collections::BTreeSet;

use super::error::Result;
use duckdb::Connection;
use serde::{Deserialize, Serialize};

/// More links than are asked for in a file that somebody else may have made.
const MOST_LINKS: usize = 500_000;

/// The links that a store holds, by their ids.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct KnownLinks {
    /// Those that were not revoked.
    pub open: BTreeSet<String>,
    /// Those that were.
    pub revoked: BTreeSet<String>,
}

impl KnownLinks {
    /// Those in the database of `connection`, or none where there are more than any store has: then nothing is known of them.
    pub(super) fn of(connection: &Connection) -> Result<KnownLinks> {
        let ids = |table: &str| -> Result<BTreeSet<String>> {
            let mut statement =
                connection.prepare(&format!("SELECT link_id FROM main.{table} LIMIT {}", MOST_LINKS + 1))?;
            let rows = statement.query_map([], |row| row.get::<_, String>(0))?;
            Ok(rows.collect::<duckdb::Result<_>>()?)
        };
        let (all, revoked) = (ids("shared_links")?, ids("link_revocations")?);
        if all.len().max(revoked.len()) > MOST_LINKS {
            return Ok(KnownLinks::default());
        }
        Ok(KnownLinks { open: all.difference(&revoked).cloned().collect(), revoked })
    }
}
