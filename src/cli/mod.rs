//! The command line, a file per command. Exit status: 0 done; 1 the operation failed; 2 usage or config.

mod accept;
mod access;
mod alerts;
mod allocator;
mod audit;
mod backtest;
mod backup;
mod check;
mod credential_process;
mod credits;
mod cycle;
mod day;
mod demo;
mod examine;
mod explain;
mod files;
mod hard_year;
mod log;
mod opening;
mod out;
mod plan;
mod projection;
mod replay;
mod report;
mod restore;
mod serve;
mod share;
mod stated;
mod status;
mod table;
mod token;
mod trouble;
mod typeset;
mod umask;
mod verify;
mod whatif;

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Parser, Subcommand};
use thiserror::Error;
use tokio::signal::unix::{SignalKind, signal};

use crate::config::{Config, ConfigError};
use crate::cycle::AsOfError;
use crate::domain::trouble::Trouble;
use crate::http::client::ClientError;
use crate::store::StoreError;
pub use log::dropped_lines;
use out::errln;

/// Watches AWS credits against the projection they were granted for.
#[derive(Debug, Parser)]
#[command(version, about, disable_help_subcommand = true)]
pub struct Cli {
    /// Config file.
    #[arg(long, global = true, value_name = "FILE", default_value = "glidepath.toml", env = "GLIDEPATH_CONFIG")]
    config: PathBuf,
    /// File with the token to show to a running daemon [default: GLIDEPATH_TOKEN, or a token of the config].
    #[arg(long, global = true, value_name = "FILE")]
    token_file: Option<PathBuf>,
    /// Log lines as text for people or as JSON for machines. `serve` logs JSON unless told otherwise.
    #[arg(long, global = true, value_enum)]
    log_format: Option<log::LogFormat>,
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Show it at work: a fake AWS on loopback with a fictional startup, the daemon on it, and its page.
    Demo(demo::Args),
    /// Run the daemon.
    Serve(serve::Args),
    /// Run one cycle (ask AWS, assess, evaluate, deliver) and exit.
    Cycle(cycle::Args),
    /// List every config problem at once; with --online also try AWS and each channel.
    Check(check::Args),
    /// Show the position.
    Status(status::Args),
    /// Write a report.
    Report(report::Args),
    /// File and read the projection that the credits were granted for.
    Projection(projection::Args),
    /// Show credit pools, record a balance by hand, show what AWS listed over time.
    Credits(credits::Args),
    /// Accept days that AWS no longer shows as costing nothing.
    Accept(accept::Args),
    /// Plan launches, runs, switches, fees, awards and ends; list and take them back.
    Plan(plan::Args),
    /// Say what changes would buy in runway and do to the bill; without a change, rank the account's levers.
    Whatif(whatif::Args),
    /// Show the alerts, say that somebody is on one, or keep one quiet for a while.
    Alerts(alerts::Args),
    /// Say what alert rules would have told over the past, and how that held.
    Replay(replay::Args),
    /// Forecast series whose end is known, and say how good the forecasts were.
    Backtest(backtest::Args),
    /// Copy the store into a backup file.
    Backup(backup::Args),
    /// Put a backup in the place of the store, which is moved aside.
    Restore(restore::Args),
    /// Read every row of the store, and check that the facts fit each other.
    Verify(verify::Args),
    /// Make a token for a person or a program.
    Token(token::Args),
    /// Make, list and end links that show a report to somebody without an account.
    Share(share::Args),
    /// Show who read reports and who entered what.
    Audit(audit::Args),
    /// Print the OpenAPI document of the API.
    Openapi,
    /// Ask the running daemon whether it is well.
    Health,
    /// Say what a message means and what to do; the message names its heading.
    Explain(explain::Args),
    /// Set one report, for a daemon.
    #[command(hide = true)]
    Typeset,
    /// Look into a store's file, for a process that is about to open it.
    #[command(hide = true)]
    ExamineStore(examine::Args),
    /// Run the command of an AWS profile, for the SDK.
    #[command(hide = true, name = credential_process::NAME)]
    CredentialProcess(credential_process::Args),
}

impl Command {
    /// What `error`, with which it ended, is about; `None` for what only programs start and read.
    fn trouble_of(&self, error: &anyhow::Error) -> Option<Trouble> {
        let otherwise = match self {
            Command::Typeset | Command::ExamineStore(_) | Command::CredentialProcess(_) => return None,
            // All that it reads are files that it is given.
            Command::Backtest(_) => Trouble::FileNotUsable,
            _ => Trouble::UnexpectedFailure,
        };
        Some(trouble::of(error).unwrap_or(otherwise))
    }
}

/// What has to be settled before the first thread starts.
pub fn prepare(cli: &Cli) {
    if matches!(cli.command, Command::Serve(_)) {
        allocator::set_for_a_daemon();
    }
    umask::keep_files_private();
}

/// As Linux and the BSDs number it.
const SIGXFSZ: i32 = 25;

/// Runs a command and says how it ended.
pub async fn run(cli: Cli) -> ExitCode {
    // Writing a file beyond a limit on its size fails then, and does not end the process.
    let _told_instead_of_killed = signal(SignalKind::from_raw(SIGXFSZ));
    let result = match &cli.command {
        Command::Demo(args) => {
            let _log = log::start(cli.log_format.unwrap_or(log::LogFormat::Text), log::Verbosity::Quiet);
            demo::run(args).await
        }
        Command::Backtest(args) => backtest::run(args),
        Command::Token(args) => token::run(args),
        Command::Openapi => openapi(),
        Command::Explain(args) => explain::run(args),
        Command::Typeset => typeset::run(),
        Command::ExamineStore(args) => examine::run(args),
        Command::CredentialProcess(args) => credential_process::run(args),
        command => with_config(&cli, command).await,
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            errln!("glidepath: {error:#}");
            if let Some(advice) = error.downcast_ref::<AsOfError>().and_then(AsOfError::advice) {
                errln!("{advice}");
            }
            if let Some(trouble) = cli.command.trouble_of(&error) {
                errln!("{}", trouble.more());
            }
            exit_code(&error)
        }
    }
}

async fn with_config(cli: &Cli, command: &Command) -> anyhow::Result<()> {
    if let Command::Projection(args) = command
        && let Some(done) = projection::run_alone(args)
    {
        return done;
    }
    let serving = matches!(command, Command::Serve(_));
    let (format, verbosity) = if serving {
        (cli.log_format.unwrap_or(log::LogFormat::Json), log::Verbosity::Daemon)
    } else {
        (cli.log_format.unwrap_or(log::LogFormat::Text), log::Verbosity::Quiet)
    };
    let _log = log::start(format, verbosity);
    // What is frozen in the store needs no file any more; whoever checks or files does.
    let files = match command {
        Command::Check(_) => true,
        Command::Projection(args) => args.reads_files(),
        _ => false,
    };
    let without = match command {
        Command::Projection(args) => args.needs_no_config(),
        Command::Report(args) => args.needs_no_config(),
        _ => false,
    };
    let without = without && !cli.config.exists();
    let config = match (without, files) {
        (true, _) => Config::without_file(&cli.config),
        (false, true) => Config::load(&cli.config),
        (false, false) => Config::load_leniently(&cli.config),
    };
    let mut config = config?;
    config.shown_token = access::given_token(cli.token_file.as_deref())?;
    match command {
        Command::Demo(args) => demo::run(args).await,
        Command::Backtest(args) => backtest::run(args),
        Command::Token(args) => token::run(args),
        Command::Openapi => openapi(),
        Command::Explain(args) => explain::run(args),
        Command::Typeset => typeset::run(),
        Command::ExamineStore(args) => examine::run(args),
        Command::CredentialProcess(args) => credential_process::run(args),
        Command::Share(args) => share::run(config, args).await,
        Command::Audit(args) => audit::run(config, args).await,
        Command::Serve(args) => serve::run(config, args).await,
        Command::Cycle(args) => cycle::run(config, args).await,
        Command::Check(args) => check::run(config, args).await,
        Command::Status(args) => status::run(config, args).await,
        Command::Report(args) => report::run(config, args).await,
        Command::Projection(args) => projection::run(config, args).await,
        Command::Credits(args) => credits::run(config, args).await,
        Command::Accept(args) => accept::run(config, args).await,
        Command::Plan(args) => plan::run(config, args).await,
        Command::Whatif(args) => whatif::run(config, args).await,
        Command::Replay(args) => replay::run(config, args).await,
        Command::Alerts(args) => alerts::run(config, args).await,
        Command::Backup(args) => backup::run(config, args).await,
        Command::Restore(args) => restore::run(&config, args),
        Command::Verify(args) => verify::run(config, args).await,
        Command::Health => access::health(&config).await,
    }
}

fn openapi() -> anyhow::Result<()> {
    out::json(&crate::http::openapi())
}

/// Arguments that cannot be used, in a way that the parser does not see. Status 2.
#[derive(Debug, Error)]
#[error("{0}")]
struct Usage(String);

/// 2 for a config or a request that has to be corrected, 1 for an operation that failed. What a daemon answers with 400 is
/// what the same command refuses as usage where it opens the store itself.
fn exit_code(error: &anyhow::Error) -> ExitCode {
    let config = error.downcast_ref::<ConfigError>().is_some();
    let usage = error.downcast_ref::<Usage>().is_some();
    let back = matches!(error.downcast_ref::<StoreError>(), Some(StoreError::ClockGoesBack { .. }));
    let ahead = matches!(error.downcast_ref::<AsOfError>(), Some(AsOfError::Future { .. }));
    let bad_request = matches!(error.downcast_ref::<ClientError>(), Some(ClientError::Refused { status: 400, .. }));
    ExitCode::from(if config || usage || back || ahead || bad_request { 2 } else { 1 })
}
