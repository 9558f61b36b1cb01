//! `glidepath credential-process`, which stands before the command of an AWS profile: gives what the command answers if it ends
//! in time, and else ends it with everything that it started.

use std::io::{Read, Write as _, copy, sink, stderr};
use std::os::unix::process::{CommandExt as _, parent_id};
use std::process::{Child, Command, ExitStatus, Stdio, exit};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail};
use rustix::process::{Pid, Signal, kill_process_group};

use super::out;
pub use crate::aws::credential_process::WITHIN as NAME;

/// Between two looks at whether the command has ended.
const LOOK: Duration = Duration::from_millis(20);

/// Bytes that are kept of what it prints.
const LONGEST: u64 = 1 << 20;

/// Arguments of `credential-process`.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Seconds that the command may take.
    seconds: u64,
    /// The command, for a shell.
    #[arg(allow_hyphen_values = true)]
    command: String,
}

/// Runs the command in a process group of its own, and ends as it does: with its answer, or its words and its status.
pub fn run(args: &Args) -> Result<()> {
    // Its arguments may be secret, its name is not.
    let name = args.command.split_whitespace().next().unwrap_or_default();
    let asker = parent_id();
    let end = Instant::now() + Duration::from_secs(args.seconds);
    let mut child = Command::new("sh")
        .args(["-c", &args.command])
        .process_group(0)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .with_context(|| format!("starting the credential_process {name}"))?;
    let (answer, words) = (read(child.stdout.take()), read(child.stderr.take()));
    let status = loop {
        // While something that it started holds its output, the answer is not whole. Waiting for the command itself comes last,
        // since its number stays that of the group for as long as nobody has.
        if answer.is_finished()
            && words.is_finished()
            && let Some(status) = child.try_wait().context("waiting for the credential_process")?
        {
            break status;
        }
        let in_time = Instant::now() < end;
        if !in_time || parent_id() != asker {
            end_group(&mut child)?;
            let why = if in_time { "is asked for by nobody any more" } else { "did not end" };
            let seconds = args.seconds;
            bail!(
                "the credential_process {name} {why} within {seconds} s, so it and all that it had started were ended"
            );
        }
        thread::sleep(LOOK);
    };
    pass_on(status, &text(answer), &text(words))
}

fn pass_on(status: ExitStatus, answer: &str, words: &str) -> Result<()> {
    if !status.success() {
        // Whoever asked reads this; if not, nobody does.
        let _ = stderr().write_all(words.as_bytes());
        exit(status.code().unwrap_or(1));
    }
    out::document(answer.as_bytes())
}

fn end_group(child: &mut Child) -> Result<()> {
    let group = i32::try_from(child.id()).ok().and_then(Pid::from_raw).context("reading the process's number")?;
    kill_process_group(group, Signal::KILL).context("ending the credential_process")?;
    child.wait().context("waiting for the end of the credential_process")?;
    Ok(())
}

/// What comes from `pipe`, to its end.
fn read(pipe: Option<impl Read + Send + 'static>) -> JoinHandle<Vec<u8>> {
    thread::spawn(move || {
        let mut bytes = Vec::new();
        // What broke off is half an answer, which the SDK refuses.
        let _ =
            pipe.map(|mut pipe| (pipe.by_ref().take(LONGEST).read_to_end(&mut bytes), copy(&mut pipe, &mut sink())));
        bytes
    })
}

fn text(read: JoinHandle<Vec<u8>>) -> String {
    String::from_utf8_lossy(&read.join().unwrap_or_default()).into_owned()
}
