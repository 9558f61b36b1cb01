//! Log lines on standard error.

use std::io::IsTerminal as _;

use clap::ValueEnum;
use tracing::{Level, Metadata};
use tracing_subscriber::filter::{EnvFilter, FilterExt as _, filter_fn};
use tracing_subscriber::layer::{Layer as _, SubscriberExt as _};
use tracing_subscriber::util::SubscriberInitExt as _;

/// What the names of the SDK's crates begin with.
const SDK: &str = "aws_";

/// Form of a log line.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum LogFormat {
    /// For people.
    Text,
    /// For machines: one object a line.
    Json,
}

/// How much is said.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verbosity {
    /// What the daemon does.
    Daemon,
    /// Warnings only: the command prints its own result.
    Quiet,
}

/// Starts logging. `RUST_LOG` overrides how much is said.
pub fn start(format: LogFormat, verbosity: Verbosity) {
    let default = match verbosity {
        Verbosity::Daemon => "warn,glidepath=info",
        Verbosity::Quiet => "error,glidepath=warn",
    };
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new(default));
    let filter = filter.and(filter_fn(without_credentials));
    let lines = tracing_subscriber::fmt::layer().with_writer(std::io::stderr);
    let lines = match format {
        // Colours are for people: a file or a collector would keep their codes.
        LogFormat::Text => lines.with_target(false).with_ansi(std::io::stderr().is_terminal()).boxed(),
        LogFormat::Json => lines.json().flatten_event(true).boxed(),
    };
    tracing_subscriber::registry().with(lines.with_filter(filter)).init();
}

/// Keeps the SDK to warnings whatever `RUST_LOG` asks for: at finer levels it writes request headers, and with them the id
/// of the access key.
fn without_credentials(line: &Metadata<'_>) -> bool {
    !line.target().starts_with(SDK) || *line.level() <= Level::WARN
}
