//! `glidepath init`: a config to start from, the IAM policies, a filing to fill in, and the next commands.
//!
//! Invariants: nothing that is there is changed without `--force`; each file appears whole, the config last; no secret is asked for or
//! written, but for a token that is made here.

mod answers;
mod args;
mod choices;
mod written;

use std::io::{IsTerminal as _, stdin};
use std::path::Path;

use crate::config::Config;
use crate::domain::wording::trouble::Trouble;
use anyhow::Result;

use super::files;
use super::out::outln;
use answers::Answers;
pub use args::Args;
use args::Pools;
use written::File;

/// Asks what no flag says, where somebody sits at a terminal, and writes the files.
pub fn run(args: &Args) -> Result<()> {
    let input = stdin();
    let asked = !args.yes && input.is_terminal();
    let answers = if asked { Answers::ask(args, &mut input.lock())? } else { Answers::of(args) };
    let files = written::files(&answers)?;
    refuse_to_replace(&files, args.force)?;
    for file in &files {
        file.write()?;
    }
    let config = answers.dir.join(written::CONFIG);
    say(&answers, &files, &config);
    Ok(())
}

/// What is there already and says something else.
fn refuse_to_replace(files: &[File], force: bool) -> Result<()> {
    let there: Vec<String> = files
        .iter()
        .filter(|file| !force && file.would_replace())
        .map(|file| file.path.display().to_string())
        .collect();
    if there.is_empty() {
        return Ok(());
    }
    let said = format!(
        "{} {} there already, and nothing was written: --force replaces what is there, and --dir FOLDER writes somewhere else",
        there.join(", "),
        if there.len() == 1 { "is" } else { "are" }
    );
    Err(Trouble::FileNotUsable.said(said).into())
}

fn say(answers: &Answers, files: &[File], config: &Path) {
    outln!("Written, each unless it was there as it is now:");
    for File { path, about, .. } in files {
        outln!("  {}: {about}", path.display());
    }
    outln!();
    outln!("Next:");
    let mut step = 0;
    let mut next = |words: String| {
        step += 1;
        outln!("  {step}. {words}");
    };
    let iam = answers.dir.join(written::IAM).join("README.md");
    next(format!("give an AWS user or role the policies, as {} says, and this shell its credentials", iam.display()));
    if answers.pools == Pools::Manual {
        next(format!("write each credit into {}, below \"Credits\"", config.display()));
    }
    if let Some(channel) = &answers.channel {
        if channel.has_examples() {
            next(format!(
                "in {}, below [[channel]], put your own in place of what ends in example.com",
                config.display()
            ));
        }
        for (variable, holds) in channel.variables() {
            next(format!("set the variable {variable} to {holds}, here and for the daemon: export {variable}=..."));
        }
    }
    let beside = answers.dir.as_path() == Path::new(".");
    let glidepath = if beside {
        "glidepath".to_owned()
    } else {
        format!("glidepath --config {}", shell_word(&config.display().to_string()))
    };
    next(format!("{glidepath} check --online    # every problem, each permission, and a test message"));
    next(format!("{glidepath} serve             # the daemon, and the page at http://{}/", answers.page()));
    let filing = answers.dir.join(written::FILING);
    next(format!(
        "fill in {0}, or have one drafted from the bill ({glidepath} projection draft -o draft.toml); then {glidepath} projection \
         file {0}",
        filing.display()
    ));
    match Config::load(config) {
        Ok(_) => {}
        Err(error) => {
            outln!();
            outln!("Until then `check` says:");
            for problem in &error.problems {
                outln!("  - {problem}");
            }
        }
    }
}

/// As a shell reads it.
fn shell_word(text: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "/._-+:,@%".contains(c);
    if !text.is_empty() && text.chars().all(plain) {
        text.to_owned()
    } else {
        format!("'{}'", text.replace('\'', "'\\''"))
    }
}

impl File {
    /// True if something else stands there.
    fn would_replace(&self) -> bool {
        !self.kept && self.path.exists() && std::fs::read(&self.path).ok().as_deref() != Some(self.text.as_bytes())
    }

    /// Writes it, unless it is there as it is.
    fn write(&self) -> Result<()> {
        if let Some(folder) = self.path.parent() {
            let made = std::fs::create_dir_all(folder);
            made.map_err(|error| {
                Trouble::FileNotUsable
                    .said(format!("the folder {} cannot be made: {error}; name another with --dir", folder.display()))
            })?;
        }
        let there = self.path.exists() && (self.kept || !self.would_replace());
        match (there, self.secret) {
            (true, _) => Ok(()),
            (false, true) => Ok(files::write_private(self.about, &self.path, self.text.as_bytes())?),
            (false, false) => Ok(files::write(self.about, &self.path, self.text.as_bytes())?),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_is_one_word_for_a_shell() {
        assert_eq!(shell_word("/etc/glidepath/glidepath.toml"), "/etc/glidepath/glidepath.toml");
        assert_eq!(shell_word("my startup's/x"), "'my startup'\\''s/x'");
        assert_eq!(shell_word(""), "''");
    }
}
