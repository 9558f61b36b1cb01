//! The `glidepath` command: parse the command line, call the library, set the exit status.

use std::process::ExitCode;

use clap::Parser;
use glidepath::cli::Cli;

// Two workers are plenty for one daemon; each more would cost memory that it never uses.
#[tokio::main(flavor = "multi_thread", worker_threads = 2)]
async fn main() -> ExitCode {
    glidepath::cli::run(Cli::parse()).await
}
