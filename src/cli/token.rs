//! `glidepath token`. Needs no config: what it prints goes into one.

use super::out::{self, outln};
use anyhow::{Context as _, Result};
use chrono::NaiveDate;
use clap::{Subcommand, ValueEnum};
use rand::TryRng as _;
use rand::rngs::SysRng;
use sha2::{Digest as _, Sha256};
use toml::{Table, Value};

use super::day::parse_day;
use super::usage::Usage;

/// So that people and scanners of repositories know one when they see it.
const PREFIX: &str = "glp_";

/// Arguments of `token`.
#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Print a new random token, this once, and the lines for the config, which hold only its hash.
    New {
        /// Whose it is, for the log and the audit.
        #[arg(long)]
        name: String,
        /// What it opens.
        #[arg(long, value_enum)]
        role: RoleName,
        /// Record ids of the filing that a partner may see, with commas between them.
        #[arg(long, value_delimiter = ',', required_if_eq("role", "partner"))]
        records: Vec<String>,
        /// First day, UTC, on which it is refused [default: never].
        #[arg(long, value_name = "DAY", value_parser = parse_day)]
        expires_on: Option<NaiveDate>,
    },
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum RoleName {
    Founder,
    Ops,
    Partner,
}

impl RoleName {
    const fn as_str(self) -> &'static str {
        match self {
            RoleName::Founder => "founder",
            RoleName::Ops => "ops",
            RoleName::Partner => "partner",
        }
    }
}

/// Runs a subcommand.
pub fn run(args: &Args) -> Result<()> {
    let Command::New { name, role, records, expires_on } = &args.command;
    if *role != RoleName::Partner && !records.is_empty() {
        return Err(Usage(format!(
            "--records belongs to --role partner; {} sees the figures of all records",
            role.as_str()
        ))
        .into());
    }
    let token = random()?;
    outln!("{token}");
    outln!();
    outln!("This is shown once. In the config:");
    outln!();
    out::block(stanza(&token, name, role.as_str(), records, *expires_on)?);
    Ok(())
}

/// A new token.
///
/// # Errors
/// If the system gives no random bytes.
pub fn random() -> Result<String> {
    // 256 bits: nobody finds it by trying, which is why its bare hash may stand in the config.
    let mut bytes = [0; 32];
    SysRng.try_fill_bytes(&mut bytes).context("asking the system for random bytes")?;
    Ok(format!("{PREFIX}{}", hex::encode(bytes)))
}

fn stanza(token: &str, name: &str, role: &str, records: &[String], expires_on: Option<NaiveDate>) -> Result<String> {
    let text = |text: &str| Value::String(text.to_owned());
    let mut keys = Table::new();
    keys.insert("name".to_owned(), text(name));
    keys.insert("token_sha256".to_owned(), text(&hex::encode(Sha256::digest(token))));
    keys.insert("role".to_owned(), text(role));
    if !records.is_empty() {
        keys.insert("records".to_owned(), Value::Array(records.iter().map(|record| text(record)).collect()));
    }
    if let Some(day) = expires_on {
        keys.insert("expires_on".to_owned(), text(&day.to_string()));
    }
    let keys = toml::to_string(&keys).context("writing the lines for the config")?;
    Ok(format!("[[http.tokens]]\n{keys}"))
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::config::{Config, Role};

    #[test]
    fn the_stanza_is_a_config_that_knows_the_token() {
        let records = ["ai".to_owned(), "say \"portfolio\"".to_owned()];
        let day = "2027-01-31".parse().ok();
        let stanza = stanza("glp_12", "AWS \"team\"", "partner", &records, day).unwrap();
        assert!(!stanza.contains("glp_12"));
        let config = Config::parse(&format!("[store]\npath = \"x\"\n{stanza}"), Path::new("glidepath.toml")).unwrap();
        let token = &config.tokens[0];
        assert_eq!((token.name.as_str(), token.expires_on), ("AWS \"team\"", day));
        assert_eq!(token.role, Role::Partner { records: records.to_vec() });
        assert_eq!(token.sha256.as_slice(), Sha256::digest("glp_12").as_slice());
        assert!(token.secret.is_none());
    }
}
