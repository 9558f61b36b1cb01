//! `glidepath report`.

use std::path::{Path, PathBuf};

use anyhow::Result;
use chrono::{DateTime, SecondsFormat, Utc};
use serde_json::json;

use crate::clock::Clock;
use crate::config::Config;
use crate::cycle::{SendError, SentReport};
use crate::domain::wording::trouble::Trouble;
use crate::http::IssuedPage;
use crate::http::client::below;
use crate::report::{self, Audience, Format, ReportKind};
use crate::store::IssuedReport;

use super::access::{Access, COMMAND_LINE, as_of_query, existing_view, note};
use super::day::parse_clock;
use super::out::{self, errln, outln};
use super::table::table;
use super::usage::Usage;
use super::{files, projection};

/// Arguments of `report`.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// actual-vs-projected, trajectory, funding-pack, ask, poc or evidence.
    #[arg(long, required_unless_present_any = ["list", "verify"])]
    kind: Option<ReportKind>,
    /// html, pdf, xlsx, csv, json or md.
    #[arg(long, required_unless_present_any = ["list", "verify"])]
    format: Option<Format>,
    /// Clock of the report, as in `status`.
    #[arg(long, value_parser = parse_clock, value_name = "TIME")]
    as_of: Option<DateTime<Utc>>,
    /// The filing that an ask is made of [default: the newest that was filed]. It needs neither a config nor a store.
    #[arg(long, value_name = "FILE", conflicts_with_all = ["as_of", "send", "list", "verify"])]
    projection: Option<PathBuf>,
    /// File to write [default: standard output, which takes no pdf and no xlsx where it is a terminal].
    #[arg(short, long, value_name = "PATH")]
    output: Option<PathBuf>,
    /// Send it to this channel of the config now. A partner's channel gets the partner's view.
    #[arg(long, value_name = "CHANNEL", conflicts_with = "output")]
    send: Option<String>,
    /// Say as JSON what was written, sent, listed or verified.
    #[arg(long)]
    json: bool,
    /// List the reports that were handed out, with their hashes.
    #[arg(long, conflicts_with_all = ["kind", "format", "as_of", "output", "send", "verify"])]
    list: bool,
    /// Say whether a file is a report that was handed out from this store, unchanged.
    #[arg(long, value_name = "PATH", conflicts_with_all = ["kind", "format", "as_of", "output", "send"])]
    verify: Option<PathBuf>,
}

impl Args {
    /// True if it only reads.
    pub const fn only_reads(&self) -> bool {
        self.send.is_none()
    }

    /// True if it does its work without a config.
    pub const fn needs_no_config(&self) -> bool {
        self.projection.is_some()
    }
}

/// Writes or sends a report, lists those handed out, or verifies one.
pub async fn run(config: Config, args: &Args) -> Result<()> {
    if args.list {
        return list(config, args.json).await;
    }
    if let Some(path) = &args.verify {
        return verify(config, path, args.json).await;
    }
    let (Some(kind), Some(format)) = (args.kind, args.format) else {
        return Err(Trouble::ArgumentsNotUsable.said("--kind and --format are needed").into());
    };
    let kind = kind.in_format(format).map_err(|error| Usage(error.to_string()))?;
    if let Some(channel) = &args.send {
        return send(config, args, (kind, format), channel).await;
    }
    if args.output.is_none()
        && let Some(refused) = out::refused_on_terminal(format, out::is_read_by_people())
    {
        return Err(Usage(refused).into());
    }
    if args.json && args.output.is_none() {
        return Err(Usage("--json goes to standard output, and so would the report: name a file with -o".into()).into());
    }
    if let Some(filing) = &args.projection {
        if kind != ReportKind::Ask {
            return Err(Usage(format!("--projection goes with --kind ask; {kind} is made of what is stored")).into());
        }
        return hand_over(args, (kind, format), &projection::ask_of_file(&config, filing, format)?);
    }
    write(config, args, kind, format).await
}

async fn write(config: Config, args: &Args, kind: ReportKind, format: Format) -> Result<()> {
    let bytes = match Access::open_to_read(config)? {
        Access::Store(engine) => {
            let view = existing_view(&engine, args.as_of).await?;
            engine.report(&view, kind, format, &Audience::Owner, Clock::System.now()).await?.bytes
        }
        Access::Daemon(daemon) => {
            daemon.get(&format!("/api/v1/reports/{kind}.{format}{}", as_of_query(args.as_of))).await?
        }
    };
    hand_over(args, (kind, format), &bytes)
}

/// Writes the report where it is wanted, and says its hash.
fn hand_over(args: &Args, (kind, format): (ReportKind, Format), bytes: &[u8]) -> Result<()> {
    let sha256 = report::sha256(bytes);
    match &args.output {
        Some(path) => files::write("the report", path, bytes)?,
        None => out::document(bytes)?,
    }
    if args.json {
        let said = json!({
            "kind": kind.as_str(), "format": format.as_str(), "path": args.output, "bytes": bytes.len(), "sha256": sha256,
        });
        out::json(&said)?;
    } else {
        errln!("sha256 {sha256}");
    }
    Ok(())
}

/// Through the daemon where one runs, as it would send it by itself.
async fn send(config: Config, args: &Args, wanted: (ReportKind, Format), channel: &str) -> Result<()> {
    let (kind, format) = wanted;
    let sent: SentReport = match Access::open_to_read(config)? {
        Access::Store(engine) => {
            let sent = engine.send_report((Clock::System.now(), COMMAND_LINE), channel, wanted, args.as_of).await;
            let sent = sent.map_err(|error| match error {
                SendError::AsOf(error) => error.into(),
                other => anyhow::Error::new(other),
            })?;
            note(&engine, "share made", &format!("report {kind}.{format} to channel {channel}")).await?;
            sent
        }
        Access::Daemon(daemon) => {
            let path = below(&format!("/api/v1/reports/{kind}.{format}/send"), channel);
            daemon.order(&format!("{path}{}", as_of_query(args.as_of))).await?
        }
    };
    if args.json {
        out::json(&sent)?;
    }
    if let Some(error) = &sent.error {
        return Err(Trouble::MessageNotDelivered.said(format!("{channel} did not take the report: {error}")).into());
    }
    if !args.json {
        outln!("sent to {channel} ({}), for {}, as of {}", sent.kind, sent.audience, time(sent.as_of));
        for file in &sent.files {
            outln!("sha256 {}  {}", file.sha256, file.name);
        }
        if let Some(id) = &sent.link {
            outln!("behind a link, which `glidepath share revoke {id}` ends");
        }
    }
    Ok(())
}

async fn issued(config: Config) -> Result<Vec<IssuedReport>> {
    match Access::open_to_read(config)? {
        Access::Store(engine) => Ok(engine.store().issued_reports().await?),
        Access::Daemon(daemon) => {
            daemon.fetch_all("/api/v1/reports/issued", |page: IssuedPage| (page.reports, page.next)).await
        }
    }
}

async fn list(config: Config, json: bool) -> Result<()> {
    let issued = issued(config).await?;
    if json {
        out::json(&issued)?;
        return Ok(());
    }
    if issued.is_empty() {
        outln!("no report was handed out yet");
        return Ok(());
    }
    let row = |it: IssuedReport| vec![it.kind, it.format, it.audience, time(it.as_of), time(it.made_at), it.sha256];
    let header = ["kind", "format", "for", "as of", "made at", "sha256"];
    out::block(table(&header, &[], issued.into_iter().map(row)));
    Ok(())
}

async fn verify(config: Config, path: &Path, json: bool) -> Result<()> {
    let bytes = files::read_bytes("the report", path)?;
    let sha256 = report::sha256(&bytes);
    let found = issued(config).await?.into_iter().find(|it| it.sha256 == sha256);
    if json {
        out::json(&json!({ "sha256": sha256, "report": found }))?;
    }
    let it = found.ok_or_else(|| {
        Trouble::ReportNotKnown.said(format!(
            "{} is no report that was handed out from this store, or it was changed since: its SHA-256 is {sha256}",
            path.display()
        ))
    })?;
    if !json {
        outln!(
            "{} is the {} report as {} for {}, as of {}, first made at {} by glidepath {}, unchanged",
            path.display(),
            it.kind,
            it.format,
            it.audience,
            time(it.as_of),
            time(it.made_at),
            it.program
        );
    }
    Ok(())
}

fn time(at: DateTime<Utc>) -> String {
    at.to_rfc3339_opts(SecondsFormat::Secs, true)
}
