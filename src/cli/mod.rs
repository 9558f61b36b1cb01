//! The command line, a file per command. Exit status: 0 done; 1 the operation failed; 2 usage or config.

mod accept;
mod access;
mod alerts;
mod allocator;
mod audit;
mod backtest;
mod backup;
mod budgets;
mod check;
mod command_line;
mod credential_process;
mod credits;
mod cycle;
mod day;
mod demo;
mod examine;
mod explain;
mod files;
mod hard_year;
mod init;
mod listening;
mod log;
mod manual;
mod needs;
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
mod usage;
mod verify;
mod whatif;

use std::process::ExitCode;

use clap::CommandFactory as _;
use tokio::signal::unix::{SignalKind, signal};

use crate::config::{Config, ConfigError, SetAside, Uses};
use crate::cycle::AsOfError;
use crate::domain::wording::trouble::Trouble;
use crate::http::client::ClientError;
use crate::store::StoreError;
pub use command_line::Cli;
use command_line::Command;
pub use log::dropped_lines;
use needs::Needs;
use out::errln;
use tracing::warn;
use usage::Usage;

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
    let result = if cli.url.is_some() && !Needs::of(&cli.command).asks {
        Err(Usage("--url names a daemon to ask, and this command asks none: leave it out".to_owned()).into())
    } else {
        match without_config(&cli).await {
            Some(done) => done,
            None => with_config(&cli).await,
        }
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

/// Runs what needs no config; `None` for everything else.
async fn without_config(cli: &Cli) -> Option<anyhow::Result<()>> {
    let run = match &cli.command {
        Command::Projection(args) => return projection::run_alone(args),
        Command::Backtest(args) => backtest::run(args),
        Command::Token(args) => token::run(args),
        Command::Openapi => openapi(),
        Command::Explain(args) => explain::run(args),
        Command::Typeset => typeset::run(),
        Command::ExamineStore(args) => examine::run(args),
        Command::CredentialProcess(args) => credential_process::run(args),
        Command::Init(args) => init::run(args),
        Command::Completions(args) => manual::completions(args, Cli::command()),
        Command::Man(args) => manual::man(args, Cli::command()),
        Command::Demo(args) => {
            let _log = log::start(cli.log_format.unwrap_or(log::LogFormat::Text), log::Verbosity::Quiet);
            demo::run(args).await
        }
        _ => return None,
    };
    Some(run)
}

async fn with_config(cli: &Cli) -> anyhow::Result<()> {
    let serving = matches!(cli.command, Command::Serve(_));
    let (format, verbosity) = if serving {
        (cli.log_format.unwrap_or(log::LogFormat::Json), log::Verbosity::Daemon)
    } else {
        (cli.log_format.unwrap_or(log::LogFormat::Text), log::Verbosity::Quiet)
    };
    let _log = log::start(format, verbosity);
    let mut config = match (config_for(cli), &cli.command) {
        (Err(error), Command::Check(args)) => {
            args.say_problems(&error)?;
            return Err(error);
        }
        (config, _) => config?,
    };
    config.shown_token = access::given_token(cli.token_file.as_deref())?;
    config.daemon_url.clone_from(&cli.url);
    match &cli.command {
        Command::Share(args) => share::run(config, args).await,
        Command::Audit(args) => audit::run(config, args).await,
        Command::Serve(args) => serve::run(config, args).await,
        Command::Cycle(args) => cycle::run(config, args).await,
        Command::Check(args) => check::run(config, &cli.config, args).await,
        Command::Status(args) => status::run(config, args).await,
        Command::Report(args) => report::run(config, args).await,
        Command::Projection(args) => projection::run(config, args).await,
        Command::Budgets(args) => budgets::run(config, args).await,
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
        // They have run.
        Command::Demo(_)
        | Command::Backtest(_)
        | Command::Token(_)
        | Command::Openapi
        | Command::Explain(_)
        | Command::Typeset
        | Command::ExamineStore(_)
        | Command::CredentialProcess(_)
        | Command::Init(_)
        | Command::Completions(_)
        | Command::Man(_) => Ok(()),
    }
}

/// The config, as far as the command needs it.
fn config_for(cli: &Cli) -> anyhow::Result<Config> {
    let needs = Needs::of(&cli.command);
    let file = cli.config.as_path();
    if cli.url.is_some() {
        return Ok(match Config::load_for(file, needs.uses) {
            Err(_) if needs.uses.always.is_empty() || !file.exists() => Config::without_file(file)?,
            read => read?,
        });
    }
    let config = match needs {
        Needs { without_file: true, .. } if !file.exists() => Config::without_file(file)?,
        Needs { whole: true, uses: Uses { files: true, .. }, .. } => Config::load(file)?,
        Needs { whole: true, .. } => Config::load_leniently(file)?,
        Needs { uses, .. } => Config::load_for(file, uses)?,
    };
    if let Some(SetAside { error, .. }) = &config.set_aside {
        warn!("{} has {} that this command can do without; `glidepath check` lists all", file.display(), error.count());
    }
    Ok(config)
}

fn openapi() -> anyhow::Result<()> {
    out::json(&crate::http::openapi())
}

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
