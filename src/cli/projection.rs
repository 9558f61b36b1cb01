//! `glidepath projection`.

mod book;
mod check;
mod diff;
mod draft;
mod prices;
mod show;
mod size;

use std::path::{Path, PathBuf};

use anyhow::Result;
use chrono::NaiveTime;
use clap::Subcommand;
use serde::Serialize;

use crate::clock::Clock;
use crate::config::Config;
use crate::cycle::{EntryError, FilingSource};
use crate::domain::filing::projection::{FiledProjection, content_hash};
use crate::domain::position::Position;
use crate::domain::position::series::Series;
use crate::http::client::{ClientError, Entry};
use crate::report::{self, Audience, Beside, Format, ReportKind};
use crate::store::StoredProjection;

use super::access::{Access, note_entry};
use super::out::{self, outln};
use super::table::table;
use super::usage::Usage;
use book::read;
pub use book::{Book, filed};

/// Arguments of `projection`.
#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Explain every problem of a filing, with its line and remedy; of several, also what they claim twice.
    ///
    /// It needs neither a config nor a store, and says what it leaves out without them.
    Check {
        /// The filing.
        #[arg(required = true)]
        paths: Vec<PathBuf>,
        /// Accept what is far above anything known of the account.
        #[arg(long)]
        anyway: bool,
        /// As JSON.
        #[arg(long)]
        json: bool,
    },
    /// Draft the next filing from the bill, as TOML: models with their tokens, runs, amounts of the rest, growth.
    Draft(draft::Args),
    /// Freeze a filing under the next version.
    File {
        /// The filing.
        path: PathBuf,
        /// File it although it is far above anything known of the account.
        #[arg(long)]
        anyway: bool,
    },
    /// Every version filed, and whether it is still what was frozen.
    List {
        /// As JSON.
        #[arg(long)]
        json: bool,
    },
    /// One version: as filed, which rule claims which spend, and as planned by month.
    Show {
        /// The version [default: the newest].
        version: Option<u32>,
        /// As JSON.
        #[arg(long)]
        json: bool,
    },
    /// What changed between two versions, or between a version and a file, in values and in planned dollars.
    Diff {
        /// The older: a version or a file [default: the version before the newer one].
        before: Option<String>,
        /// The newer: a version or a file [default: the newest version].
        after: Option<String>,
        /// As JSON.
        #[arg(long)]
        json: bool,
    },
    /// What a filing costs by month and service, what to ask for, which programmes fit, and how long each award lasts.
    ///
    /// With FILE it needs neither a config nor a store.
    Size {
        /// The filing [default: what the bill would support, gone on for a year].
        path: Option<PathBuf>,
        /// Take the bill from this file instead of the store: what `aws ce get-cost-and-usage` printed, or what the script in
        /// config/intake wrote. Needs neither config nor store.
        #[arg(long, value_name = "FILE", conflicts_with = "path")]
        from: Option<PathBuf>,
        /// As JSON.
        #[arg(long)]
        json: bool,
    },
    /// The price book beside what the bill implies.
    Prices {
        /// Also what the book lists and the bill does not show.
        #[arg(long)]
        all: bool,
        /// As JSON.
        #[arg(long)]
        json: bool,
    },
}

/// A version, without its text.
#[derive(Serialize)]
struct Listed<'a> {
    version: u32,
    filed_on: chrono::NaiveDate,
    recorded_at: chrono::DateTime<chrono::Utc>,
    content_hash: &'a str,
    /// False if the text in the store no longer has that hash.
    intact: bool,
}

impl Args {
    /// True if it does its work without a config.
    pub const fn needs_no_config(&self) -> bool {
        match &self.command {
            Command::Check { .. } => true,
            Command::Size { path, from, .. } => path.is_some() || from.is_some(),
            _ => false,
        }
    }

    /// True if it only reads.
    pub const fn only_reads(&self) -> bool {
        !matches!(self.command, Command::File { .. })
    }

    /// True if it reads and prices filings itself, also beside a daemon.
    pub const fn reads_book(&self) -> bool {
        matches!(
            self.command,
            Command::Check { .. } | Command::File { .. } | Command::Diff { .. } | Command::Size { .. }
        )
    }

    /// True if what it does rests on the files that `[projection]` names, so that they have to be sound.
    pub const fn reads_files(&self) -> bool {
        matches!(self.command, Command::Check { .. } | Command::File { .. } | Command::Prices { .. })
    }
}

/// Runs what needs neither config nor store; `None` for everything else.
pub fn run_alone(args: &Args) -> Option<Result<()>> {
    match &args.command {
        Command::Draft(args) => args.from().map(|path| draft::from_file(args, path)),
        _ => None,
    }
}

/// Runs a subcommand.
pub async fn run(config: Config, args: &Args) -> Result<()> {
    match &args.command {
        Command::Check { paths, anyway, json } => check::run(config, paths, *anyway, *json).await,
        Command::Draft(args) => draft::run(config, args).await,
        Command::File { path, anyway } => file(config, path, *anyway).await,
        Command::List { json } => list(config, *json).await,
        Command::Show { version, json } => show::run(config, *version, *json).await,
        Command::Diff { before, after, json } => diff::run(config, before.as_deref(), after.as_deref(), *json).await,
        Command::Size { path, from, json } => {
            let sized = match (path, from) {
                (Some(path), _) => size::of_file(&config, path)?,
                (None, Some(bill)) => size::of_bill_in(&config, bill)?,
                (None, None) => size::of_bill(config).await?,
            };
            size::show(&sized, *json)
        }
        Command::Prices { all, json } => prices::run(config, *all, *json).await,
    }
}

/// The ask of a filing in a file, as a report.
///
/// # Errors
/// If the file cannot be read or has a problem, or the report cannot be rendered.
pub fn ask_of_file(config: &Config, path: &Path, format: Format) -> Result<Vec<u8>> {
    let sized = size::of_file(config, path)?;
    // The same file makes the same report, on whatever day.
    let clock = sized.filed_on.and_time(NaiveTime::MIN).and_utc();
    let position = Position::empty(clock, &config.aws.currency);
    let beside = Beside { sized: Some(&sized), partner: config.partner.as_ref(), evidence: None };
    let document = report::build_beside(ReportKind::Ask, &position, &Series::default(), beside, &Audience::Owner);
    Ok(report::render(&document, format)?)
}

async fn file(config: Config, path: &Path, anyway: bool) -> Result<()> {
    let body = read(path)?;
    let book = Book::of(&config);
    let access = Access::open(config)?;
    let before = filed(&access).await?.pop();
    let new = match &access {
        Access::Store(engine) => {
            let now = Clock::System.now();
            let filed = match anyway {
                true => engine.file_projection(now, body).await,
                false => engine.file_plausible(now, body).await,
            };
            let filed = filed.map_err(as_usage)?;
            note_entry(engine, "entry made", &format!("projection version {}", filed.version)).await?;
            filed
        }
        Access::Daemon(daemon) => {
            let entry = Entry { content_type: "application/toml", body };
            let path = if anyway { "/api/v1/projections?anyway=true" } else { "/api/v1/projections" };
            daemon.enter::<StoredProjection>(path, entry).await.map_err(refused)?
        }
    };
    outln!("version {}, filed on {}, content hash {}", new.version, new.filed_on, new.content_hash);
    for remark in FiledProjection::parse_with(&new.body, &book.prices).map(|filing| filing.remarks).unwrap_or_default()
    {
        outln!("worth a look: {remark}");
    }
    if before.is_some_and(|before| before.version != new.version && before.is_intact()) {
        let compared = book.compare(&filed(&access).await?, &FilingSource::Previous, &FilingSource::Newest)?;
        outln!();
        out::block(diff::text(&compared));
    }
    Ok(())
}

/// What is far above anything known is usage; it can be confirmed.
fn as_usage(error: EntryError) -> anyhow::Error {
    match error {
        EntryError::Implausible { .. } => {
            Usage(format!("{error}\ncorrect it, or repeat the command with --anyway")).into()
        }
        other => other.into(),
    }
}

fn refused(error: anyhow::Error) -> anyhow::Error {
    match error.downcast_ref::<ClientError>() {
        Some(ClientError::Refused { status: 409, .. }) => Usage(format!("{error:#}")).into(),
        _ => error,
    }
}

async fn list(config: Config, json: bool) -> Result<()> {
    let configured = config.projection_file.clone();
    let filings = filed(&Access::open_to_read(config)?).await?;
    if json {
        let listed: Vec<Listed> = filings.iter().map(listed).collect();
        out::json(&listed)?;
        return Ok(());
    }
    let rows = filings.iter().map(|filing| {
        let recorded = filing.recorded_at.format("%Y-%m-%d %H:%M").to_string();
        let state = if filing.is_intact() { "" } else { "CHANGED since it was frozen" };
        let hash = filing.content_hash.clone();
        vec![filing.version.to_string(), filing.filed_on.to_string(), recorded, hash, state.to_owned()]
    });
    out::block(table(&["version", "filed on", "recorded", "content hash", ""], &[0], rows));
    // A file that is gone says nothing against what is frozen.
    if let Some((path, text)) = configured.as_deref().and_then(|path| Some((path, read(path).ok()?)))
        && !filings.is_empty()
        && !filings.iter().any(|filing| filing.content_hash == content_hash(&text))
    {
        outln!();
        outln!(
            "{}, which the config names, was never filed as it stands (content hash {}); `glidepath projection diff \
             {0}` shows what it changes, and `projection file` freezes it",
            path.display(),
            content_hash(&text)
        );
    }
    Ok(())
}

fn listed(filing: &StoredProjection) -> Listed<'_> {
    Listed {
        version: filing.version,
        filed_on: filing.filed_on,
        recorded_at: filing.recorded_at,
        content_hash: &filing.content_hash,
        intact: filing.is_intact(),
    }
}
