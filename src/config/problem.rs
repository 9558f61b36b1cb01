//! What is wrong with a config file.

use std::fmt;
use std::path::PathBuf;

use serde::Serialize;
use thiserror::Error;

use super::lines::{At, Lines};

/// One thing that is wrong, and where.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Problem {
    /// Line of the file, the first one 1: that of the key, or of the section where the key is missing. `None` where what is missing
    /// is the section, and for the file as a whole.
    pub line: Option<usize>,
    /// Section and key, for example `[aws] tax_rate`; empty for the file as a whole.
    pub place: String,
    /// What is wrong and what to write instead.
    pub message: String,
    /// The name that was probably meant.
    pub did_you_mean: Option<String>,
    #[serde(skip)]
    at: At,
    /// Whether it is the key at `at` that is misspelt, and not its value.
    #[serde(skip)]
    misspelt_key: bool,
    /// Whether the filing in the store does without what is wrong here.
    #[serde(skip)]
    of_filing: bool,
    /// Whether it lies in another file, which the config names, and whose lines are counted by its own reader.
    #[serde(skip)]
    elsewhere: bool,
}

impl Problem {
    /// A problem of the file as a whole.
    pub fn new(message: impl Into<String>) -> Self {
        Problem::at(At::default(), "", message)
    }

    /// A problem of a part of it, which people call `place`.
    pub fn at(at: At, place: impl Into<String>, message: impl Into<String>) -> Self {
        Problem {
            line: None,
            place: place.into(),
            message: message.into(),
            did_you_mean: None,
            at,
            misspelt_key: false,
            of_filing: false,
            elsewhere: false,
        }
    }

    /// One of a file that `[projection]` names, which a filing in the store does without.
    pub fn of_filing(self) -> Self {
        Problem { of_filing: true, ..self }
    }

    /// One that lies in another file, which the config names at this part of it.
    pub fn elsewhere(self) -> Self {
        Problem { elsewhere: true, ..self }
    }

    /// With the name that was probably meant in place of the value.
    pub fn meant(self, name: Option<&str>) -> Self {
        Problem { did_you_mean: name.map(str::to_owned), ..self }
    }

    /// With the name that was probably meant in place of the key, which is not given otherwise.
    pub fn meant_key(self, name: Option<&str>) -> Self {
        Problem { misspelt_key: name.is_some(), ..self.meant(name) }
    }

    /// With the line on which it stands.
    pub fn on_line(self, line: Option<usize>) -> Self {
        Problem { line, ..self }
    }

    /// Finds its line.
    pub fn find_in(&mut self, lines: &Lines) {
        if !self.elsewhere {
            self.line = self.line.or_else(|| lines.line(&self.at));
        }
    }

    /// Where a misspelt key stands, and how it is spelt; `None` for any other problem.
    pub fn misspelt(&self) -> Option<(&At, &str)> {
        self.did_you_mean.as_deref().filter(|_| self.misspelt_key).map(|name| (&self.at, name))
    }

    /// Whether the filing in the store does without what is wrong here.
    pub const fn is_of_filing(&self) -> bool {
        self.of_filing
    }

    /// True if it is about what stands at `at` itself.
    pub fn is_at(&self, at: &At) -> bool {
        self.at == *at
    }

    /// True if it lies in one of these sections.
    pub fn is_in(&self, sections: &[&str]) -> bool {
        self.at.top().is_some_and(|section| sections.contains(&section))
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let line = self.line.map(|line| format!("line {line}"));
        let place = Some(self.place.as_str()).filter(|place| !place.is_empty());
        let whole: Vec<&str> = line.as_deref().into_iter().chain(place).collect();
        match whole.is_empty() {
            true => f.write_str(&self.message),
            false => write!(f, "{}: {}", whole.join(", "), self.message),
        }
    }
}

/// A config file that cannot be used, with every problem in it.
#[derive(Debug, Clone, Error)]
pub struct ConfigError {
    /// The file.
    pub path: PathBuf,
    /// What is wrong with it, section by section.
    pub problems: Vec<Problem>,
}

impl ConfigError {
    /// How many there are, in words.
    pub fn count(&self) -> String {
        match self.problems.len() {
            1 => "1 problem".to_owned(),
            count => format!("{count} problems"),
        }
    }
}

impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} has {}:", self.path.display(), self.count())?;
        for problem in &self.problems {
            write!(f, "\n  - {problem}")?;
        }
        Ok(())
    }
}

/// Without the excerpt that the parser's own message has: the line may hold a secret that does not belong there.
pub fn syntax_problem(text: &str, error: &toml::de::Error) -> Problem {
    let start = error.span().map_or(0, |span| span.start);
    let line = text.as_bytes().iter().take(start).filter(|byte| **byte == b'\n').count() + 1;
    Problem::new(format!("this is not TOML: {}; what follows is unread", error.message())).on_line(Some(line))
}
