//! What can be written on the command line.

use std::path::PathBuf;

use clap::{Parser, Subcommand};
use reqwest::Url;

use super::log::LogFormat;
use super::{
    accept, alerts, audit, backtest, backup, budgets, check, credential_process, credits, cycle, demo, examine,
    explain, init, manual, plan, projection, replay, report, restore, serve, share, status, token, verify, whatif,
};
use crate::http::client::parse_url;

/// Watches AWS credits against the projection they were granted for.
#[derive(Debug, Parser)]
#[command(version, about, disable_help_subcommand = true)]
pub struct Cli {
    /// Config file.
    #[arg(long, global = true, value_name = "FILE", default_value = "glidepath.toml", env = "GLIDEPATH_CONFIG")]
    pub(super) config: PathBuf,
    /// File with the token to show to a running daemon [default: GLIDEPATH_TOKEN, or a token of the config].
    #[arg(long, global = true, value_name = "FILE")]
    pub(super) token_file: Option<PathBuf>,
    /// Ask the daemon at this address, such as `https://glidepath.example.com/`, in place of the config's own; needs no config.
    #[arg(long, global = true, value_name = "URL", value_parser = parse_url)]
    pub(super) url: Option<Url>,
    /// Log lines as text for people or as JSON for machines. `serve` logs JSON unless told otherwise.
    #[arg(long, global = true, value_enum)]
    pub(super) log_format: Option<LogFormat>,
    #[command(subcommand)]
    pub(super) command: Command,
}

/// The commands.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Write a config to start from, the IAM policies and a filing to fill in; say what comes next.
    Init(init::Args),
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
    /// Print AWS Budgets of what was filed, as a CloudFormation template; nothing is applied.
    Budgets(budgets::Args),
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
    /// Print a script that completes commands in a shell.
    Completions(manual::CompletionArgs),
    /// Write the manual pages.
    Man(manual::ManArgs),
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
