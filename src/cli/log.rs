//! Log lines on standard error.

use clap::ValueEnum;
use tracing_subscriber::EnvFilter;

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

/// Starts logging. `RUST_LOG` overrides how much is said. The SDK's own lines are kept to warnings, since at finer
/// levels they hold request headers.
pub fn start(format: LogFormat, verbosity: Verbosity) {
    let default = match verbosity {
        Verbosity::Daemon => "warn,glidepath=info",
        Verbosity::Quiet => "error,glidepath=warn",
    };
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new(default));
    let builder = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr);
    match format {
        LogFormat::Text => builder.with_target(false).init(),
        LogFormat::Json => builder.json().flatten_event(true).init(),
    }
}
