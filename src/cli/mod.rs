//! The command line, a file per command. Exit status: 0 done; 1 the operation failed; 2 usage or config.

mod access;
mod backtest;
mod backup;
mod check;
mod credits;
mod cycle;
mod demo;
mod log;
mod projection;
mod report;
mod serve;
mod status;
mod table;

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Parser, Subcommand};

use crate::config::{Config, ConfigError};
use crate::cycle::AsOfError;
use crate::store::StoreError;

/// Watches AWS credits against the projection they were granted for.
#[derive(Debug, Parser)]
#[command(version, about, disable_help_subcommand = true)]
pub struct Cli {
    /// Config file.
    #[arg(long, global = true, value_name = "FILE", default_value = "glidepath.toml", env = "GLIDEPATH_CONFIG")]
    config: PathBuf,
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
    Serve,
    /// Run one cycle (ask AWS, assess, evaluate, deliver) and exit.
    Cycle(cycle::Args),
    /// List every config problem at once; with --online also try AWS and the credentials.
    Check(check::Args),
    /// Show the position.
    Status(status::Args),
    /// Write a report.
    Report(report::Args),
    /// File and read the projection that the credits were granted for.
    Projection(projection::Args),
    /// Show credit pools, record a balance by hand, show what AWS listed over time.
    Credits(credits::Args),
    /// Forecast series whose end is known, and say how good the forecasts were.
    Backtest(backtest::Args),
    /// Copy the store into a backup file.
    Backup(backup::Args),
    /// Ask the running daemon whether it is well.
    Health,
}

/// Runs a command and says how it ended.
pub async fn run(cli: Cli) -> ExitCode {
    let result = match &cli.command {
        Command::Demo(args) => {
            log::start(cli.log_format.unwrap_or(log::LogFormat::Text), log::Verbosity::Quiet);
            demo::run(args).await
        }
        Command::Backtest(args) => backtest::run(args),
        command => with_config(&cli, command).await,
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("glidepath: {error:#}");
            exit_code(&error)
        }
    }
}

async fn with_config(cli: &Cli, command: &Command) -> anyhow::Result<()> {
    let serving = matches!(command, Command::Serve);
    let (format, verbosity) = if serving {
        (cli.log_format.unwrap_or(log::LogFormat::Json), log::Verbosity::Daemon)
    } else {
        (cli.log_format.unwrap_or(log::LogFormat::Text), log::Verbosity::Quiet)
    };
    log::start(format, verbosity);
    let config = Config::load(&cli.config)?;
    match command {
        Command::Demo(args) => demo::run(args).await,
        Command::Backtest(args) => backtest::run(args),
        Command::Serve => serve::run(config).await,
        Command::Cycle(args) => cycle::run(config, args).await,
        Command::Check(args) => check::run(config, args).await,
        Command::Status(args) => status::run(config, args).await,
        Command::Report(args) => report::run(config, args).await,
        Command::Projection(args) => projection::run(config, args).await,
        Command::Credits(args) => credits::run(config, args).await,
        Command::Backup(args) => backup::run(config, args).await,
        Command::Health => Ok(crate::http::client::health(config.listen).await?),
    }
}

/// 2 for a config or a request that has to be corrected, 1 for an operation that failed.
fn exit_code(error: &anyhow::Error) -> ExitCode {
    let config = error.downcast_ref::<ConfigError>().is_some();
    let usage = matches!(error.downcast_ref::<StoreError>(), Some(StoreError::ClockGoesBack { .. }));
    let ahead = matches!(error.downcast_ref::<AsOfError>(), Some(AsOfError::Future { .. }));
    ExitCode::from(if config || usage || ahead { 2 } else { 1 })
}
