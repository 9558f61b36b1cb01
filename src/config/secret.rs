//! Secrets: read from a variable or a file that config names, never from config itself.
//!
//! Invariant: no message holds a secret, not even one that was written where its name belongs.

use std::env::VarError;
use std::path::Path;

use toml::Value;

use crate::domain::values::secret::Secret;

use super::given;
use super::section::Section;

/// It is among the problems already.
#[derive(Debug)]
pub struct Reported;

const HOW: &str = "write { env = \"NAME\" } or { file = \"PATH\" }";

impl Section<'_> {
    /// The secret that `{ env = "NAME" }` or `{ file = "PATH" }` names; it has to be there.
    pub fn secret(&mut self, key: &'static str, folder: &Path) -> Option<Secret> {
        let read = match self.value(key) {
            Some(value) => read(&value, folder),
            None => Err(format!("is missing: {HOW}")),
        };
        read.map_err(|message| self.problem(key, message)).ok()
    }

    /// The same where it may be left out; `Err` once the problem is reported.
    pub fn secret_if_given(&mut self, key: &'static str, folder: &Path) -> Result<Option<Secret>, Reported> {
        let Some(value) = self.value(key) else { return Ok(None) };
        read(&value, folder).map(Some).map_err(|message| {
            self.problem(key, message);
            Reported
        })
    }
}

fn read(value: &Value, folder: &Path) -> Result<Secret, String> {
    let source = value.as_table().filter(|table| table.len() == 1).and_then(|table| table.iter().next());
    let secret = match source {
        Some((kind, Value::String(name))) if kind == "env" => from_variable(name)?,
        Some((kind, Value::String(path))) if kind == "file" => from_file(path, folder)?,
        _ => return Err(format!("must name where the secret is, since a secret never stands in the config: {HOW}")),
    };
    if secret.is_empty() {
        return Err("the secret is empty where it was read from".to_owned());
    }
    Ok(secret)
}

/// Whether `name` is what a variable may be called: letters, digits and _.
pub fn is_variable(name: &str) -> bool {
    !name.is_empty()
        && !name.starts_with(|c: char| c.is_ascii_digit())
        && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
}

fn from_variable(name: &str) -> Result<Secret, String> {
    if !is_variable(name) {
        return Err("env must be the name of a variable, of letters, digits and _, and not the secret".to_owned());
    }
    match std::env::var(name) {
        Ok(text) => Ok(Secret::new(text)),
        Err(VarError::NotPresent) => {
            Err(format!("the environment variable {name} is not set; set it for this command and for the daemon"))
        }
        Err(VarError::NotUnicode(_)) => Err(format!("the environment variable {name} does not hold text")),
    }
}

fn from_file(path: &str, folder: &Path) -> Result<Secret, String> {
    if path.contains("://") {
        return Err("file must be the path of a file, and not the secret".to_owned());
    }
    match given::text(&folder.join(path), given::LONGEST_SECRET) {
        Ok(text) => Ok(Secret::new(text)),
        Err(error) => Err(format!(
            "the file {path} cannot be read: {error}; a relative path starts in the config's folder, and the user who runs \
             this needs the right to read it"
        )),
    }
}
