//! The `glidepath` command: parse the command line, call the library, set the exit status.

use std::process::ExitCode;
use std::time::Duration;

use clap::Parser;
use glidepath::cli::Cli;
use tokio::runtime::{Builder, Runtime};

/// Two workers are plenty for one daemon; each more would cost memory that it never uses.
const WORKERS: usize = 2;
/// Four that read the store, one that writes it, one that notes who read; and one each for what computes long: a cycle, and
/// what somebody asks beside it. More would only wait, and keep memory of their own.
const BLOCKING_THREADS: usize = 8;
/// What is still running on a blocking thread at the end is left behind: a transaction that is cut anywhere leaves the
/// store as it was, and waiting for it would outlast an orchestrator's patience.
const LAST_WAIT: Duration = Duration::from_millis(500);

fn main() -> ExitCode {
    let cli = Cli::parse();
    glidepath::cli::prepare(&cli);
    let runtime = match runtime() {
        Ok(runtime) => runtime,
        Err(error) => {
            eprintln!("glidepath: starting the runtime: {error}");
            return ExitCode::FAILURE;
        }
    };
    let code = runtime.block_on(glidepath::cli::run(cli));
    runtime.shutdown_timeout(LAST_WAIT);
    code
}

fn runtime() -> std::io::Result<Runtime> {
    Builder::new_multi_thread().worker_threads(WORKERS).max_blocking_threads(BLOCKING_THREADS).enable_all().build()
}
