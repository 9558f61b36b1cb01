//! `glidepath projection draft`.

use std::path::{Path, PathBuf};

use anyhow::{Result, anyhow};

use crate::cli::access::Access;
use crate::cli::files;
use crate::cli::out::{self, errln};
use crate::config::Config;
use crate::domain::billing::classify::Classifier;
use crate::domain::billing::price::PriceBook;
use crate::domain::facts::intake::facts_from;
use crate::domain::filing::next_award::Wanted;
use crate::domain::position::Position;
use crate::domain::position::assess::{Assessment, Context};
use crate::domain::wording::trouble::Trouble;

/// Arguments of `projection draft`.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Draft from this file instead of the store: what `aws ce get-cost-and-usage` printed, or what the script in config/intake
    /// wrote. Needs neither config nor store.
    #[arg(long, value_name = "FILE")]
    from: Option<PathBuf>,
    /// File to write [default: standard output].
    #[arg(short, long, value_name = "PATH")]
    output: Option<PathBuf>,
}

impl Args {
    /// The file that it drafts from, where that is not the store.
    pub fn from(&self) -> Option<&Path> {
        self.from.as_deref()
    }
}

/// Drafts from the store, or through the daemon that has it open.
pub async fn run(config: Config, args: &Args) -> Result<()> {
    write(args, &drafted(&Access::open_to_read(config)?).await?)
}

/// The next filing from the stored bill, as text.
///
/// # Errors
/// If the bill gives none, or the store or the daemon fails.
pub(super) async fn drafted(access: &Access) -> Result<String> {
    match access {
        Access::Store(engine) => Ok(engine.draft_filing(None).await?.to_toml()),
        Access::Daemon(daemon) => String::from_utf8(daemon.get("/api/v1/projection-draft").await?)
            .map_err(|_| anyhow!("the daemon's draft is no text in UTF-8: is it of this version?")),
    }
}

/// Drafts from a file.
pub fn from_file(args: &Args, path: &Path) -> Result<()> {
    write(args, &drafted_from(path)?.0)
}

/// The next filing from a bill in a file, as text, and what that bill tells of the account.
///
/// # Errors
/// If the file cannot be read, or gives no filing.
pub(super) fn drafted_from(path: &Path) -> Result<(String, Position)> {
    let text = files::read_text("the bill", path)?;
    let facts =
        facts_from(&text).map_err(|error| Trouble::FileNotUsable.said(format!("{}: {error}", path.display())))?;
    let (classifier, prices) = (Classifier::builtin(), PriceBook::builtin());
    let context = Context {
        classifier: &classifier,
        prices: &prices,
        pools: &[],
        filing: None,
        tax_rate: None,
        next_award: Wanted::default(),
    };
    let assessment = Assessment::new(&facts, context);
    let draft = assessment
        .draft()
        .map_err(|error| Trouble::QuestionNotAnswered.said(format!("{}: {error}", path.display())))?;
    Ok((draft.to_toml(), assessment.position(None)))
}

fn write(args: &Args, text: &str) -> Result<()> {
    match &args.output {
        Some(path) => {
            files::write("the draft", path, text.as_bytes())?;
            errln!("{}: `glidepath projection check` reads it, `glidepath projection file` files it", path.display());
        }
        None => out::document(text.as_bytes())?,
    }
    Ok(())
}
