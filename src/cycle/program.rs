//! Which program this is.

use chrono::{DateTime, Utc};

/// The version, and the executable's size and age beside it: two builds of one version may compute differently. `None`
/// if the executable cannot be looked at; then nothing is known to be made by the same program.
pub(super) fn program() -> Option<String> {
    let file = std::fs::metadata(std::env::current_exe().ok()?).ok()?;
    let built = DateTime::<Utc>::from(file.modified().ok()?).timestamp_micros();
    Some(format!("{} {} {built}", env!("CARGO_PKG_VERSION"), file.len()))
}
