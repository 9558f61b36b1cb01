//! A process that is killed by the system anywhere in a cycle, transactions cut and log left behind: the next start reads
//! the log, carries on, and ends where an undisturbed one does.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use glidepath::demo::{FakeAccount, FakeAws, FakeCredit};
use serde_json::Value;
use tempfile::TempDir;

use super::{config, glidepath, run, text};

const FIRST: &str = "2026-03-20T06:30:00Z";
const SECOND: &str = "2026-03-21T06:30:00Z";
const BEDROCK: &str = "Amazon Bedrock";
const EC2: &str = "Amazon Elastic Compute Cloud - Compute";
const TELLING: &str = "[alerts.repeat]\ncritical_hours = 24\n[[channel]]\nname = \"log\"\ntype = \"log\"\n";

/// When a process is killed.
#[derive(Debug, Clone, Copy)]
enum Moment {
    /// Once AWS has met so many requests of it.
    Asked(usize),
    /// Once so many lengths of the write-ahead log were seen.
    Written(usize),
}

/// A credit that ends within days, so that there is something to tell; and a correction on the second day.
pub fn account() -> FakeAccount {
    let first: chrono::NaiveDate = "2026-02-20".parse().unwrap();
    let spend = first.iter_days().take(60).fold(FakeAccount::new("123456789012"), |account, day| {
        let day = day.to_string();
        let bedrock =
            account.usage(&day, BEDROCK, "USE1-NovaLite-input-tokens", "1K tokens", "1000000", "60.0000000001");
        bedrock.usage(&day, EC2, "BoxUsage:m7g.xlarge", "Hrs", "24", "3.9168000002")
    });
    let credit = FakeCredit::new("4711", "2400", "2026-02-01", "2027-02-01", &[BEDROCK]);
    let corrected = ("2026-03-21T00:00:00Z", "2026-03-12");
    spend.credit(credit).page_size(20).restate(
        corrected.0,
        corrected.1,
        EC2,
        "Usage",
        "BoxUsage:m7g.xlarge",
        "Hrs",
        "-6",
        "-1.25",
    )
}

/// A store in a folder of its own, and the AWS that it asks.
struct Place<'a> {
    folder: TempDir,
    fake: &'a FakeAws,
}

impl<'a> Place<'a> {
    fn new(fake: &'a FakeAws) -> Place<'a> {
        let folder = TempDir::new().unwrap();
        config(&folder, TELLING);
        Place { folder, fake }
    }

    fn store(&self) -> PathBuf {
        self.folder.path().join("store/glidepath.duckdb")
    }

    /// The same with a copy of its store, which nobody has open.
    fn copy(&self) -> Place<'a> {
        let copy = Place::new(self.fake);
        std::fs::create_dir(copy.folder.path().join("store")).unwrap();
        std::fs::copy(self.store(), copy.store()).unwrap();
        copy
    }

    fn command(&self, args: &[&str]) -> Command {
        let mut command = glidepath(self.folder.path(), Some(&self.fake.endpoint()));
        command.args(args);
        command
    }

    fn done(&self, args: &[&str]) -> String {
        let output = run(&mut self.command(args));
        assert!(output.status.success(), "{args:?}: {}", text(&output.stderr));
        text(&output.stdout)
    }

    /// Starts the second cycle and kills it at `moment`; false if it had ended by then.
    fn killed_at(&self, moment: Moment) -> bool {
        let log = self.store().with_extension("duckdb.wal");
        let asked_before = self.fake.requests().len();
        let mut command = self.command(&["cycle", "--as-of", SECOND]);
        let mut child = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        let (mut length, mut lengths) = (0, 0);
        while child.try_wait().unwrap().is_none() {
            let now = length_of(&log);
            lengths += usize::from(now > 0 && now != length);
            length = now;
            let reached = match moment {
                Moment::Asked(requests) => self.fake.requests().len() >= asked_before + requests,
                Moment::Written(times) => lengths >= times,
            };
            if reached {
                child.kill().unwrap();
                break;
            }
            std::thread::yield_now();
        }
        // One that was killed has no exit status.
        child.wait().unwrap().code().is_none()
    }

    /// What the user sees, less what a second try may change: how often AWS was asked, and that it brought nothing new.
    fn picture(&self) -> (Value, Value) {
        let mut status: Value = serde_json::from_str(&self.done(&["status", "--json"])).unwrap();
        status["data_quality"] = Value::Null;
        status["track_record"] = Value::Null;
        let mut alerts: Value = serde_json::from_str(&self.done(&["alerts", "list", "--json"])).unwrap();
        // The moment of asking.
        alerts["as_of"] = Value::Null;
        (status, alerts)
    }
}

fn length_of(file: &Path) -> u64 {
    std::fs::metadata(file).map_or(0, |file| file.len())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn killed_by_the_system_anywhere_the_next_start_carries_on() {
    let fake = FakeAws::start(account(), FIRST.parse().unwrap()).await.unwrap();
    let first = Place::new(&fake);
    first.done(&["cycle", "--as-of", FIRST]);
    fake.set_now(SECOND.parse().unwrap());
    let calm = first.copy();
    calm.done(&["cycle", "--as-of", SECOND]);
    let expected = calm.picture();
    assert_ne!(expected, first.picture(), "the second cycle has something to tell");

    let (mut kills, mut logs) = (0, 0);
    for moments in [Moment::Asked as fn(usize) -> Moment, Moment::Written] {
        // Every event at first, then in growing strides, until one process is through.
        for moment in (1..).map(|number| moments(number + number * number / 16)) {
            let place = first.copy();
            let cut = place.killed_at(moment);
            logs += usize::from(length_of(&place.store().with_extension("duckdb.wal")) > 0);
            let output = run(&mut place.command(&["cycle", "--as-of", SECOND]));
            assert!(output.status.success(), "after {moment:?}: {}", text(&output.stderr));
            assert_eq!(place.picture(), expected, "killed at {moment:?}");
            if !cut {
                break;
            }
            kills += 1;
        }
    }
    assert!(kills >= 6 && logs >= 3, "{kills} kills, {logs} of which left a log");
}
