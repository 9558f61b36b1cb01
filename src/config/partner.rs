//! `[partner]`: who hands the reports on.

use std::fs;
use std::path::Path;

use toml::Table;

use crate::report::{Commentary, Logo, Partner};

use super::given;
use super::problem::Problem;
use super::section::Section;

/// Longest name.
const LONGEST_NAME: usize = 100;
/// Most bytes that are read of a file: more than any that is accepted.
const MOST_BYTES: u64 = 1 << 20;

/// The partner, and what its files hold, by which the config is known again.
#[derive(Default)]
pub struct Read {
    pub partner: Option<Partner>,
    pub files_text: String,
}

/// Reads the section; no partner without one.
pub fn read(keys: Option<Table>, folder: &Path, problems: &mut Vec<Problem>) -> Read {
    let Some(keys) = keys else { return Read::default() };
    let mut section = Section::new("[partner]", keys, problems);
    let named = section.has("name");
    let name = section.text("name").map(|name| name.trim().to_owned());
    let name = name.filter(|name| {
        let fits = !name.is_empty() && name.chars().count() <= LONGEST_NAME && !name.chars().any(char::is_control);
        if !fits {
            section.problem(
                "name",
                format!(
                    "is empty, longer than {LONGEST_NAME} characters, or on several lines: write the name of the firm"
                ),
            );
        }
        fits
    });
    let mut files_text = String::new();
    let commentary = section.text("commentary").and_then(|file| {
        let read = file_of(&folder.join(&file)).and_then(|bytes| {
            let read = Commentary::read(&bytes);
            files_text.push_str(&String::from_utf8_lossy(&bytes));
            read
        });
        read.map_err(|why| section.problem("commentary", format!("{file}: {why}"))).ok()
    });
    let logo = section.text("logo").and_then(|file| {
        let read = file_of(&folder.join(&file)).and_then(|bytes| {
            files_text.push_str(&hex::encode(&bytes));
            Logo::read(&bytes).map_err(|error| error.to_string())
        });
        read.map_err(|why| section.problem("logo", format!("{file}: {why}"))).ok()
    });
    if !named && logo.is_some() {
        section.problem("name", "is needed beside a logo: write the name of the firm");
    }
    section.finish();
    Read { partner: Some(Partner { name, logo, commentary: commentary.unwrap_or_default() }), files_text }
}

/// The bytes of a file that config names.
fn file_of(path: &Path) -> Result<Vec<u8>, String> {
    let failed = |error: std::io::Error| {
        format!("the file cannot be read: {error}; correct the path, a relative one starts in the config's folder")
    };
    if !fs::metadata(path).map_err(failed)?.is_file() {
        return Err("this is no file: name one".to_owned());
    }
    given::bytes(path, MOST_BYTES).map_err(failed)
}
