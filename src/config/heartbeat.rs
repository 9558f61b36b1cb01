//! `[heartbeat]`: who is told that cycles go on.

use std::path::Path;

use toml::Table;

use crate::domain::values::secret::Secret;
use crate::notify::Heartbeat;

use super::problem::Problem;
use super::section::Section;

/// Reads the section; `None` without one. The address may stand in the config: whoever knows it can only say that all is well.
pub fn read(keys: Option<Table>, folder: &Path, problems: &mut Vec<Problem>) -> Option<Heartbeat> {
    let mut section = Section::new("[heartbeat]", keys?, problems);
    let written = section.peek("url").is_some_and(|url| !url.is_empty());
    let url = if written { section.text("url").map(Secret::new) } else { section.secret("url", folder) };
    let heartbeat =
        url.and_then(|url| Heartbeat::new(url).map_err(|error| section.problem("url", error.to_string())).ok());
    section.finish();
    heartbeat
}
