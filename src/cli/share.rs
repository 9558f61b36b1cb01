//! `glidepath share`: links that show a report, or a page of all, to somebody without an account.

use anyhow::Result;
use chrono::{DateTime, Utc};
use clap::Subcommand;

use crate::clock::Clock;
use crate::config::Config;
use crate::cycle::{EndedLink, LinkError, LinkKind, LinkOrder, MadeLink};
use crate::http::LinksPage;
use crate::http::client::Entry;
use crate::report::Format;
use crate::store::StoredLink;

use super::access::{Access, COMMAND_LINE, note};
use super::day::parse_clock;
use super::out::{self, outln};
use super::table::{or_dash, table};

/// Arguments of `share`.
#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Make a link and print its address, this once.
    New {
        /// actual-vs-projected, trajectory, funding-pack, ask, poc or evidence; `all` makes a page that leads to each of them.
        #[arg(long)]
        kind: LinkKind,
        /// Formats, with commas between them; the first is what a link to one report shows by itself.
        #[arg(long, value_delimiter = ',', required = true)]
        format: Vec<Format>,
        /// Record ids of the filing that it shows, with commas between them.
        #[arg(long, value_delimiter = ',', required = true)]
        records: Vec<String>,
        /// Days until it is refused.
        #[arg(long)]
        days: u32,
        /// Always show what was known at this time [default: the newest; a page of all reports also shows earlier days].
        #[arg(long, value_parser = parse_clock, value_name = "TIME")]
        as_of: Option<DateTime<Utc>>,
        /// As JSON.
        #[arg(long)]
        json: bool,
    },
    /// Links that were made; their addresses are not kept.
    List {
        /// As JSON.
        #[arg(long)]
        json: bool,
    },
    /// End a link before its time.
    Revoke {
        /// Its id, as `share list` shows it.
        id: String,
    },
}

impl Args {
    /// True if it only reads.
    pub const fn only_reads(&self) -> bool {
        matches!(self.command, Command::List { .. })
    }
}

/// Runs a subcommand.
pub async fn run(config: Config, args: &Args) -> Result<()> {
    let access = match args.command {
        Command::New { .. } => Access::open(config)?,
        Command::List { .. } | Command::Revoke { .. } => Access::open_to_read(config)?,
    };
    match &args.command {
        Command::New { kind, format, records, days, as_of, json } => {
            let formats = format.iter().map(ToString::to_string).collect();
            let order =
                LinkOrder { kind: kind.to_string(), formats, records: records.clone(), days: *days, as_of: *as_of };
            make(access, order, *json).await
        }
        Command::List { json } => list(access, *json).await,
        Command::Revoke { id } => revoke(access, id).await,
    }
}

async fn make(access: Access, order: LinkOrder, json: bool) -> Result<()> {
    let made: MadeLink = match access {
        Access::Store(engine) => {
            let made = engine.make_link(Clock::System.now(), COMMAND_LINE, order).await;
            let made = made.map_err(|error| match error {
                LinkError::AsOf(error) => error.into(),
                other => anyhow::Error::new(other),
            })?;
            note(&engine, "share made", &format!("link {}", made.link.id)).await?;
            made
        }
        Access::Daemon(daemon) => {
            let entry = Entry { content_type: "application/json", body: serde_json::to_string(&order)? };
            daemon.enter("/api/v1/links", entry).await?
        }
    };
    if json {
        out::json(&made)?;
        return Ok(());
    }
    outln!("{}", made.url);
    outln!();
    let opens = if made.link.kind == LinkKind::All.to_string() { "a page of the reports" } else { "the report" };
    outln!("This is shown once. It opens {opens} until {}, or until", made.link.expires_at);
    outln!("`glidepath share revoke {}`.", made.link.id);
    Ok(())
}

async fn list(access: Access, json: bool) -> Result<()> {
    let links: Vec<StoredLink> = match access {
        Access::Store(engine) => engine.store().links().await?,
        Access::Daemon(daemon) => daemon.fetch_all("/api/v1/links", |page: LinksPage| (page.links, page.next)).await?,
    };
    if json {
        out::json(&links)?;
        return Ok(());
    }
    let rows = links.iter().map(|link| {
        vec![
            link.id.clone(),
            link.made_at.to_string(),
            link.made_by.clone(),
            link.kind.clone(),
            link.formats.join(", "),
            link.records.join(", "),
            link.expires_at.to_string(),
            or_dash(link.revoked.as_ref().map(|revoked| revoked.at.to_string())),
        ]
    });
    out::block(table(&["id", "made", "by", "kind", "formats", "records", "expires", "revoked"], &[], rows));
    Ok(())
}

async fn revoke(access: Access, id: &str) -> Result<()> {
    let EndedLink { link, not_listed } = match access {
        Access::Store(engine) => {
            let link = engine.revoke_link(Clock::System.now(), COMMAND_LINE, id).await?;
            note(&engine, "share ended", &format!("link {id}")).await?;
            link
        }
        Access::Daemon(daemon) => daemon.remove(&format!("/api/v1/links/{id}")).await?,
    };
    outln!("revoked: {}", link.id);
    for problem in not_listed {
        outln!("{problem}");
    }
    Ok(())
}
