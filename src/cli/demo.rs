//! `glidepath demo`: everything at work on loopback, with a fictional startup and a clock of its own.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context as _, Result};
use chrono::NaiveDate;
use indicatif::{ProgressBar, ProgressStyle};
use rand::TryRng as _;
use rand::rngs::SysRng;

use super::hard_year::{self, Told};
use super::out::{errln, outln};
use super::{files, listening};
use crate::app;
use crate::clock::Clock;
use crate::config::Config;
use crate::cycle::{AwsAccess, Engine, LinkError, LinkKind, LinkOrder};
use crate::demo::startup::hard::{LATE_REQUESTS_ON, hard_account};
use crate::demo::{FakeAccount, FakeAws, Fault, Operation, startup};
use crate::domain::wording::trouble::Trouble;
use crate::report::Format;
use crate::store::Store;

/// Daily cycles before the newest one, so that alerts and restatements have a past.
const DAYS_OF_CYCLES: i64 = 45;

/// Arguments of `demo`.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Where to serve the page.
    #[arg(long, default_value = "127.0.0.1:8437", value_name = "ADDRESS")]
    listen: SocketAddr,
    /// Which year: `plain`, or `hard`, in which AWS says things otherwise, late, or not at all.
    #[arg(long, value_enum, default_value = "plain")]
    year: Year,
    /// Print the position and exit instead of serving the page.
    #[arg(long)]
    exit: bool,
    /// Keep the demo's store and config in this folder [default: a temporary one that is removed at the end].
    #[arg(long, value_name = "FOLDER")]
    keep: Option<PathBuf>,
}

/// A year of the startup.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum Year {
    /// AWS says everything in time and as usual.
    Plain,
    /// It does not.
    Hard,
}

impl Year {
    fn account(self) -> FakeAccount {
        match self {
            Year::Plain => startup::account(),
            Year::Hard => hard_account(),
        }
    }
}

/// Runs the demo until SIGTERM or Ctrl-C.
pub async fn run(args: &Args) -> Result<()> {
    let shutdown = app::shutdown_on_signals()?;
    let folder = Folder::new(args.keep.as_deref())?;
    let listener = listening::listen(args.listen, "--listen").await?;
    let address = listener.local_addr().context("reading the address listened on")?;
    let first = startup::TODAY - chrono::TimeDelta::days(DAYS_OF_CYCLES);
    let fake = FakeAws::start(args.year.account(), first).await.context("starting the fake AWS")?;
    outln!("A fake AWS answers at {} for account {}.", fake.endpoint(), fake.account_id());
    let store = Store::open(&folder.path.join("demo.duckdb"))?;
    let (text, file) = (config_text(address), folder.path.join("demo.toml"));
    files::write("the partner's commentary", &folder.path.join(COMMENTARY_FILE), startup::COMMENTARY.as_bytes())?;
    // Not handed out: nobody else may read it.
    std::fs::write(folder.path.join(LINK_KEY_FILE), link_key()?).context("writing the demo's key for links")?;
    // Other commands find the store by it, and the daemon while it runs.
    files::write("the demo's config", &file, text.as_bytes())?;
    let config = Config::parse(&text, &file)?;
    let engine = Engine::new(store, config, AwsAccess::Endpoint(fake.endpoint()))?;
    let filed = engine.file_projection(first, startup::PROJECTION_TOML.to_owned()).await?;
    outln!("Filed projection version {}, of {}.", filed.version, filed.filed_on);
    let clock = Clock::set_to(first);
    let served = match args.exit {
        true => None,
        false => Some(app::Served::start(engine.clone(), clock.clone(), listener, shutdown.clone())?),
    };
    if served.is_some() {
        outln!("The page is at http://{address}/ from the first cycle on, and fills with each: load it again.");
    }
    tokio::select! {
        done = cycles(&engine, &fake, &clock, args.year) => done?,
        () = shutdown.cancelled() => return fake.stop().await.context("stopping the fake AWS"),
    }
    if let Some(view) = engine.view(None).await? {
        outln!();
        super::status::print(&view.position);
        if args.year == Year::Hard {
            outln!();
            outln!("What AWS did in this year, and what came of it:");
            for Told { aws_did, came_of_it } in hard_year::told(&engine, &args.year.account(), &view.position).await? {
                outln!("- {aws_did}: {}", came_of_it.as_deref().unwrap_or("NOT SAID"));
            }
        }
    }
    if let Some(served) = served {
        outln!();
        outln!("The page is at http://{address}/ (stop with Ctrl-C).");
        match partners_link(&engine, &clock).await? {
            Some(url) => outln!("What a partner sees: {url}"),
            None => outln!("A partner's link is shown where --listen names an address of this machine alone."),
        }
        outln!("In another shell: glidepath --config {} status", file.display());
        served.keep().await?;
    }
    fake.stop().await.context("stopping the fake AWS")
}

/// Days for which the partner's link opens.
const LINK_DAYS: u32 = 30;

/// A link to all reports of every record, as the startup would send it to its partner; `None` where links cannot be made. It is signed
/// with the key of this run, so that the next one has another.
async fn partners_link(engine: &Engine, clock: &Clock) -> Result<Option<String>> {
    let Some(view) = engine.view(None).await? else { return Ok(None) };
    let order = LinkOrder {
        kind: LinkKind::All.to_string(),
        formats: Format::ALL.iter().map(ToString::to_string).collect(),
        records: view.position.filing.map(|filing| filing.records).unwrap_or_default(),
        days: LINK_DAYS,
        as_of: None,
    };
    match engine.make_link(clock.now(), "demo", order).await {
        Ok(made) => Ok(Some(made.url)),
        Err(LinkError::InTheOpen(_)) => Ok(None),
        Err(error) => Err(error).context("making the partner's link"),
    }
}

/// The first cycle fetches all that Cost Explorer keeps; then one cycle a day from where the clock stands up to the demo's today.
async fn cycles(engine: &Engine, fake: &FakeAws, clock: &Clock, year: Year) -> Result<()> {
    let first = clock.now();
    let progress = Progress::start()?;
    let (mut messages, mut pages) = (0, 0);
    for days in 0..=DAYS_OF_CYCLES {
        let now = first + chrono::TimeDelta::days(days);
        fake.set_now(now);
        clock.advance_to(now);
        fake.clear_faults();
        if year == Year::Hard && now.date_naive() == LATE_REQUESTS_ON {
            fake.inject(Fault::RequestExpired.on(Operation::GetCostAndUsage).always());
        }
        if let Some(report) = engine.cycle(now).await? {
            messages += report.messages;
            pages += report.pages;
            if days == 0 {
                let (charges, usage) = (report.charges, report.usage);
                progress
                    .say(&format!("First cycle, at {now}: {charges} charges and {usage} usage rows on {pages} pages."));
            }
        }
        progress.done(now.date_naive());
    }
    progress.end();
    outln!(
        "{} daily cycles up to {}: {pages} pages of Cost Explorer, {messages} messages.",
        DAYS_OF_CYCLES + 1,
        startup::TODAY.format("%Y-%m-%d")
    );
    Ok(())
}

/// How far the cycles are: a bar on a terminal, a line now and then elsewhere.
struct Progress {
    bar: ProgressBar,
}

/// Cycles between two lines where there is no terminal.
const CYCLES_A_LINE: u64 = 5;

impl Progress {
    fn start() -> Result<Progress> {
        let cycles = u64::try_from(DAYS_OF_CYCLES + 1).unwrap_or_default();
        let bar = ProgressBar::new(cycles);
        let style = ProgressStyle::with_template("{bar:30} {pos} of {len} daily cycles, {msg}, about {eta} left");
        bar.set_style(style.context("drawing progress")?);
        bar.enable_steady_tick(Duration::from_millis(200));
        bar.set_message("a year of bills first");
        let progress = Progress { bar };
        if progress.bar.is_hidden() {
            errln!(
                "{cycles} daily cycles follow, half a minute of them on two cores; the first reads a year of bills."
            );
        }
        Ok(progress)
    }

    fn say(&self, line: &str) {
        self.bar.suspend(|| outln!("{line}"));
    }

    /// Another cycle, the one of `day`, is done.
    fn done(&self, day: NaiveDate) {
        self.bar.inc(1);
        self.bar.set_message(day.to_string());
        let done = self.bar.position();
        if self.bar.is_hidden() && (done == 1 || done.is_multiple_of(CYCLES_A_LINE)) {
            let left = self.bar.eta().as_secs();
            errln!("{done} of {} daily cycles, {day}, about {left} s left", self.bar.length().unwrap_or_default());
        }
    }

    fn end(&self) {
        self.bar.finish_and_clear();
    }
}

/// Where the config finds the key.
const LINK_KEY_FILE: &str = "link.key";

/// A key to sign links with, another one for each demo.
fn link_key() -> Result<String> {
    let mut bytes = [0; 32];
    SysRng.try_fill_bytes(&mut bytes).context("asking the system for random bytes")?;
    Ok(hex::encode(bytes))
}

/// What the startup would have in its config: names for AWS's credit ids, and the list that AWS leaves out.
fn config_text(listen: SocketAddr) -> String {
    let services = startup::POC_SERVICES.map(|service| format!("{service:?}")).join(", ");
    format!(
        r#"
[store]
path = "demo.duckdb"
[schedule]
backup = "never"
[aws]
tax_rate = "0.20"
[[pool]]
id = "{portfolio}"
name = "Activate Portfolio"
programme = "activate-portfolio"
[[pool]]
id = "{poc}"
name = "Bedrock POC"
programme = "bedrock-poc"
services = [{services}]
[[pool]]
id = "{ai_record}"
name = "AI record"
programme = "ai-record"
[alerts]
next_award = "accelerator"
[partner]
name = "Fernhill Cloud Partners"
commentary = "{COMMENTARY_FILE}"
[http]
listen = "{listen}"
link_key = {{ file = "{LINK_KEY_FILE}" }}
dashboard_url = "http://{listen}/"
"#,
        portfolio = startup::PORTFOLIO_ID,
        poc = startup::POC_ID,
        ai_record = startup::AI_RECORD_ID,
    )
}

/// Where the partner's words stand, beside the config.
const COMMENTARY_FILE: &str = "commentary.txt";

/// The demo's folder, removed at the end unless it is to be kept.
struct Folder {
    path: PathBuf,
    keep: bool,
}

impl Folder {
    fn new(keep: Option<&Path>) -> Result<Folder> {
        let path = match keep {
            Some(path) => path.to_owned(),
            None => std::env::temp_dir().join(format!("glidepath-demo-{}", std::process::id())),
        };
        std::fs::create_dir_all(&path).with_context(|| {
            let said = format!("making the folder {}; name another one with --keep", path.display());
            Trouble::FileNotUsable.said(said)
        })?;
        Ok(Folder { path, keep: keep.is_some() })
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        if !self.keep {
            // Nothing to tell anybody about a temporary folder that stays behind.
            let _ = std::fs::remove_dir_all(&self.path);
        }
    }
}
