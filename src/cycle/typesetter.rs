//! Reports as PDF, set by a process of their own.
//!
//! Setting one takes tens of megabytes, and what is left of them lies in pieces that no allocator gives back. A process
//! that ends gives back everything, so a daemon hands each report to one, one at a time. It gets nothing but the report: no
//! environment, no folder, and only so much time and memory, whatever the names in the report make of them.

use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use anyhow::{Context as _, Result};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::process::{Child, Command};
use tokio::sync::Mutex;
use tokio::time::timeout;
use tracing::warn;

use crate::domain::wording::trouble::Trouble;
use crate::report::Typesetting;
use crate::store::without_secrets;

/// The command of this program that sets what it is given on its standard input.
const TYPESET: &str = "typeset";
/// Characters of what a failed process said that are told.
const SAID: usize = 300;
/// Bytes of a report that are read, many times as many as any has.
const LARGEST: u64 = 64 * 1024 * 1024;
/// The report of a large account takes two seconds.
const LONGEST: Duration = Duration::from_secs(20);

/// Who sets reports.
#[derive(Debug)]
pub(super) struct Typesetter {
    /// The program to start; this process sets them itself without one.
    apart: Option<PathBuf>,
    longest: Duration,
    /// Held while a report is set.
    one: Mutex<()>,
}

impl Default for Typesetter {
    fn default() -> Self {
        Typesetter { apart: None, longest: LONGEST, one: Mutex::new(()) }
    }
}

impl Typesetter {
    pub(super) fn apart(program: PathBuf) -> Typesetter {
        Typesetter { apart: Some(program), ..Typesetter::default() }
    }

    /// The file. Where no other process can be started it is set here: a report counts for more than memory. One that was started
    /// and failed or took too long is the end of it: the same would happen here.
    pub(super) async fn set(&self, report: Typesetting) -> Result<Vec<u8>> {
        let _one = self.one.lock().await;
        if let Some(program) = &self.apart {
            match start(program) {
                Ok(child) => return set_by(child, &report, self.longest).await,
                Err(error) => {
                    let program = program.display();
                    warn!(%error, "{program} cannot be started, so a report is set by the daemon itself, which costs it memory");
                }
            }
        }
        tokio::task::spawn_blocking(move || Ok(report.set()?)).await.context("setting the report")?
    }
}

fn start(program: &Path) -> std::io::Result<Child> {
    let mut command = Command::from(without_secrets(program));
    command.arg(TYPESET).current_dir("/").kill_on_drop(true);
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn()
}

async fn set_by(mut child: Child, report: &Typesetting, longest: Duration) -> Result<Vec<u8>> {
    let order = serde_json::to_vec(report).context("writing the report for the typesetter")?;
    let pipes = (child.stdin.take(), child.stdout.take(), child.stderr.take());
    let (Some(mut stdin), Some(stdout), Some(stderr)) = pipes else {
        return Err(not_made("the typesetter has no pipes"));
    };
    let (mut set, mut said) = (Vec::new(), Vec::new());
    let talked = timeout(longest, async {
        let hand = async {
            let handed = stdin.write_all(&order).await;
            drop(stdin);
            // That it went away is told by how it ended.
            Ok(handed.is_ok())
        };
        let (mut stdout, mut stderr) = (stdout.take(LARGEST + 1), stderr.take(SAID as u64 * 4));
        let (handed, _, _) = tokio::try_join!(hand, stdout.read_to_end(&mut set), stderr.read_to_end(&mut said))?;
        std::io::Result::Ok((handed, child.wait().await?))
    });
    let (handed, status) = match talked.await {
        Ok(talked) => talked.context("talking to the typesetter")?,
        Err(_) => {
            child.kill().await.context("ending a typesetter that takes too long")?;
            let seconds = longest.as_secs();
            return Err(not_made(format!("setting the report took longer than {seconds} seconds, and was ended")));
        }
    };
    if !status.success() {
        let said: String = String::from_utf8_lossy(&said).trim().chars().take(SAID).collect();
        return Err(not_made(format!("the typesetter ended with {status}: {said}")));
    }
    if !handed {
        return Err(not_made("the typesetter did not read the report"));
    }
    if set.len() as u64 > LARGEST {
        return Err(not_made(format!("the report is larger than {LARGEST} bytes")));
    }
    Ok(set)
}

fn not_made(why: impl Into<String>) -> anyhow::Error {
    Trouble::ReportNotMade.said(why).into()
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;
    use crate::domain::position::Position;
    use crate::domain::position::series::Series;
    use crate::report::{Audience, ReportKind, build};

    fn report() -> Typesetting {
        let position = Position::empty("2026-11-23T06:00:00Z".parse().unwrap(), "USD");
        Typesetting::of(&build(ReportKind::Trajectory, &position, &Series::default(), &Audience::Owner))
    }

    /// A typesetter that is the shell script `text`.
    fn script(folder: &Path, text: &str) -> Typesetter {
        let path = folder.join("typesetter");
        std::fs::write(&path, format!("#!/bin/sh\n{text}\n")).unwrap();
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755)).unwrap();
        Typesetter::apart(path)
    }

    #[tokio::test]
    async fn it_gets_the_report_and_nothing_else() {
        let folder = tempfile::tempdir().unwrap();
        let typesetter = script(folder.path(), "/usr/bin/env; pwd; echo \"$@\"; cat");
        let set = String::from_utf8(typesetter.set(report()).await.unwrap()).unwrap();
        let (around, document) = set.split_once('{').unwrap();
        // What the shell itself sets.
        let given: Vec<&str> = around
            .lines()
            .filter(|line| {
                !["PWD=", "SHLVL=", "_=", "OLDPWD=", "LD_LIBRARY_PATH="].iter().any(|own| line.starts_with(own))
            })
            .collect();
        assert_eq!(given, ["/", "typeset"]);
        assert!(document.contains("document.json"));
    }

    #[tokio::test]
    async fn one_that_stops_hangs_or_fails_is_ended_and_the_next_is_started() {
        let folder = tempfile::tempdir().unwrap();
        for hangs in ["kill -STOP $$", "exec sleep 1000", "cat >/dev/null; exec sleep 1000"] {
            let patient = script(folder.path(), &format!("echo $$ > {}; {hangs}", folder.path().join("pid").display()));
            let impatient = Typesetter { longest: Duration::from_secs(1), ..patient };
            let error = impatient.set(report()).await.unwrap_err().to_string();
            assert!(error.contains("took longer than"), "{hangs}: {error}");
            let pid = std::fs::read_to_string(folder.path().join("pid")).unwrap();
            assert!(!Path::new("/proc").join(pid.trim()).exists(), "{hangs}: it is still there");
        }
        let error = script(folder.path(), "echo no font >&2; exit 3").set(report()).await.unwrap_err().to_string();
        assert!(error.contains("exit status: 3: no font"), "{error}");
        let set = script(folder.path(), "cat >/dev/null; printf done").set(report()).await.unwrap();
        assert_eq!(set, b"done");
    }
}
