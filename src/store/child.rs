//! A process that is started, heard and ended in time.

use std::io::{self, Read as _};
use std::process::{Command, ExitStatus};
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::thread;
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process};

/// How long a process that was killed may take to go: one that waits for a disk goes only once that answers.
const GOING: Duration = Duration::from_secs(2);

/// How a process ended.
#[derive(Debug)]
pub(super) enum Ended {
    /// By itself, or by what others did to it; with what it said.
    Itself(ExitStatus, Vec<u8>),
    /// It was not done in time, and was killed.
    Late,
}

/// Runs `command`, of whose outputs one at most may be piped, and keeps at most `longest` bytes of what it says.
///
/// # Errors
/// The system's, if it cannot be started or heard.
pub(super) fn run(mut command: Command, patience: Duration, longest: u64) -> io::Result<Ended> {
    let mut child = command.spawn()?;
    let id = i32::try_from(child.id()).ok().and_then(Pid::from_raw);
    let (tell, told) = channel();
    thread::Builder::new().name("looks into a file".to_owned()).spawn(move || {
        let mut said = Vec::new();
        let heard = match (child.stdout.take(), child.stderr.take()) {
            (Some(out), _) => out.take(longest).read_to_end(&mut said),
            (None, Some(errors)) => errors.take(longest).read_to_end(&mut said),
            (None, None) => Ok(0),
        };
        let ended = child.wait().and_then(|status| heard.map(|_| Ended::Itself(status, said)));
        // Who asked may have given up.
        let _ = tell.send(ended);
    })?;
    match told.recv_timeout(patience) {
        Ok(ended) => ended,
        Err(RecvTimeoutError::Disconnected) => Err(io::Error::other("nobody waited for it")),
        Err(RecvTimeoutError::Timeout) => {
            if let Some(id) = id {
                // It may have ended this very moment.
                let _ = kill_process(id, Signal::KILL);
            }
            let _ = told.recv_timeout(GOING);
            Ok(Ended::Late)
        }
    }
}

#[cfg(test)]
mod tests {
    use std::process::Stdio;

    use super::*;

    fn shell(does: &str) -> Command {
        let mut command = Command::new("sh");
        command.args(["-c", does]).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null());
        command
    }

    #[test]
    fn what_it_says_is_bounded_and_what_does_not_end_is_ended() {
        let long = Duration::from_secs(60);
        let Ended::Itself(status, said) = run(shell("printf 12345; exit 3"), long, 4).unwrap() else { panic!("late") };
        assert_eq!((status.code(), said.as_slice()), (Some(3), b"1234".as_slice()));
        let folder = tempfile::tempdir().unwrap();
        let pid = folder.path().join("pid");
        let does = format!("echo $$ > {}; exec tail -f /dev/null", pid.display());
        assert!(matches!(run(shell(&does), Duration::from_millis(300), 4).unwrap(), Ended::Late));
        if let Ok(pid) = std::fs::read_to_string(pid) {
            assert!(!std::path::Path::new("/proc").join(pid.trim()).exists(), "it is gone");
        }
        assert!(run(Command::new("/nowhere"), long, 4).is_err());
    }
}
