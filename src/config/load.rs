//! From a path to a [`Config`], or to everything that is wrong with the file.

use std::io::{Error, ErrorKind};
use std::path::Path;

use super::given;
use super::problem::{ConfigError, Problem};
use super::read::{Read, read};
use super::settings::{Config, SetAside, Uses};

impl Config {
    /// Reads and checks a config file. Relative paths in it are relative to the file.
    ///
    /// # Errors
    /// [`ConfigError`] with every problem found.
    pub fn load(path: &Path) -> Result<Config, ConfigError> {
        strict(Config::load_leniently(path)?)
    }

    /// [`Config::load`], but what is wrong with the files that `[projection]` names is left to [`Config::filing_problems`]:
    /// only the store knows whether it still needs them. A price file that cannot be read leaves the built-in prices.
    ///
    /// # Errors
    /// [`ConfigError`] with every problem found, if there is another one.
    pub fn load_leniently(path: &Path) -> Result<Config, ConfigError> {
        parse_leniently(&text_of(path)?, path)
    }

    /// [`Config::load_leniently`] for a command that reads: what is wrong with parts that it does not use is set aside.
    ///
    /// # Errors
    /// [`ConfigError`] with the problems of what it uses, whoever answers it.
    pub fn load_for(path: &Path, uses: Uses) -> Result<Config, ConfigError> {
        let read = read_text(&text_of(path)?, path);
        let (unfit, problems): (Vec<_>, Vec<_>) = read.problems.into_iter().partition(Problem::is_of_filing);
        let of = |problems| ConfigError { path: path.to_owned(), problems };
        let Some(config) = read.config else { return Err(of(problems)) };
        let files = unfit.iter().filter(|_| uses.files);
        let concerned: Vec<Problem> =
            problems.iter().filter(|problem| problem.is_in(uses.always)).chain(files).cloned().collect();
        if !concerned.is_empty() {
            return Err(of(concerned));
        }
        let set_aside = (!problems.is_empty()).then(|| SetAside { error: of(problems), uses });
        Ok(Config { filing_problems: (!unfit.is_empty()).then(|| of(unfit)), set_aside, ..config })
    }

    /// What holds without a config file, for what needs neither a store nor an account; `path` is where the file would be.
    ///
    /// # Errors
    /// None that the text of this function could have.
    pub fn without_file(path: &Path) -> Result<Config, ConfigError> {
        let config = parse_leniently("[store]\npath = \"glidepath.duckdb\"\n", path)?;
        Ok(Config { is_without_file: true, ..config })
    }

    /// Checks the text of a config file; `path` is where it came from.
    ///
    /// # Errors
    /// [`ConfigError`] with every problem found.
    pub fn parse(text: &str, path: &Path) -> Result<Config, ConfigError> {
        strict(parse_leniently(text, path)?)
    }
}

/// What to do where the config itself cannot be read: who runs a command for the first time has none yet.
fn remedy(error: &Error, path: &Path) -> String {
    match error.kind() {
        ErrorKind::NotFound | ErrorKind::NotADirectory => format!(
            "name yours with --config FILE or in GLIDEPATH_CONFIG, or make one: `glidepath init --dir {}`",
            path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new(".")).display()
        ),
        ErrorKind::IsADirectory => "this is a folder: name the file in it with --config FILE".to_owned(),
        _ => "give the user who runs this the right to read it, or name another with --config FILE".to_owned(),
    }
}

fn strict(mut config: Config) -> Result<Config, ConfigError> {
    match config.filing_problems.take() {
        Some(problems) => Err(problems),
        None => Ok(config),
    }
}

fn text_of(path: &Path) -> Result<String, ConfigError> {
    given::text(path, given::LONGEST_DOCUMENT).map_err(|error| {
        let problem = format!("the file cannot be read: {error}; {}", remedy(&error, path));
        ConfigError { path: path.to_owned(), problems: vec![Problem::new(problem)] }
    })
}

fn read_text(text: &str, path: &Path) -> Read {
    read(text, path.parent().unwrap_or_else(|| Path::new("")))
}

fn parse_leniently(text: &str, path: &Path) -> Result<Config, ConfigError> {
    let of = |problems| ConfigError { path: path.to_owned(), problems };
    let Read { config, problems } = read_text(text, path);
    match config {
        Some(config) if problems.iter().all(Problem::is_of_filing) => {
            Ok(Config { filing_problems: (!problems.is_empty()).then(|| of(problems)), ..config })
        }
        _ => Err(of(problems)),
    }
}
