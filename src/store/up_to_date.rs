//! Brings the schema of a file up to date.

use std::path::Path;

use super::error::{Result, StoreError};
use super::migrations;
use super::mode::Mode;
use super::said::say_again;
use duckdb::Connection;

pub(super) fn bring_up_to_date(path: &Path, connection: &mut Connection, mode: Mode) -> Result<()> {
    if mode == Mode::ReadOnly {
        let (found, known) = (migrations::version_of(connection)?, migrations::known());
        if found == known {
            return Ok(());
        }
        let reason = format!(
            "an older glidepath wrote it (its schema is version {found}, this program's is {known}), and its disk can only be read. \
             Open it once where it can be written"
        );
        return Err(StoreError::Open { path: path.to_owned(), reason });
    }
    migrations::migrate(path, connection)?;
    say_again(connection)
}
