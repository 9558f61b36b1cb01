//! Text from outside on the terminal and in logs: nothing of it moves a cursor, turns a direction or begins a line.

use std::process::Output;

use glidepath::demo::{FakeAccount, FakeAws, FakeCredit};
use glidepath::store::Store;
use serde_json::Value;
use tempfile::TempDir;

use crate::cli::{config, glidepath, run, text};

/// Clears the screen, goes a line up by a C1 control, turns the direction, hides, and begins a line of its own.
const HOSTILE: &str = "x\u{1b}[2J\u{9b}1A\u{202e}\u{2066}\u{200b}\u{7f}\r\nforged: all is well";
/// The beginning of the last line of [`HOSTILE`].
const FORGED: &str = "forged: all is well";

const CLOCK: &str = "2026-03-20T06:30:00Z";

fn account() -> FakeAccount {
    let service = format!("Amazon {HOSTILE}");
    let first: chrono::NaiveDate = "2026-02-20".parse().unwrap();
    let account = first.iter_days().take(40).fold(FakeAccount::new("123456789012"), |account, day| {
        account.usage(&day.to_string(), &service, &format!("USE1-{HOSTILE}"), HOSTILE, "10", "60")
    });
    let mut credit = FakeCredit::new("4711", "2400", "2026-02-01", "2027-02-01", &[&service]);
    credit.description = HOSTILE.to_owned();
    account.credit(credit)
}

/// What is not seen where it is printed, line ends left out.
fn hidden(text: &str) -> Option<char> {
    text.chars().find(|c| *c != '\n' && !matches!(c, '\'' | '"' | '\\') && c.escape_debug().len() > 1)
}

fn assert_clean(what: &str, output: &Output) {
    for printed in [&output.stdout, &output.stderr] {
        let printed = std::str::from_utf8(printed).unwrap_or_else(|error| panic!("{what}: {error}"));
        assert_eq!(hidden(printed), None, "{what}: {printed:?}");
        assert!(!printed.lines().any(|line| line.starts_with(FORGED)), "{what}: {printed}");
    }
}

/// A folder with a store in which everything that comes from outside is hostile.
async fn place(fake: &FakeAws) -> TempDir {
    let folder = TempDir::new().unwrap();
    let pool = "[[pool]]\nid = \"4711\"\nname = \"pool \\u001B[2J\\u009B1A\\u202E\\nforged: all is well\"\n";
    config(&folder, &format!("{pool}[[channel]]\nname = \"log\"\ntype = \"log\"\n"));
    let mut command = glidepath(folder.path(), Some(&fake.endpoint()));
    let cycle = run(command.args(["cycle", "--as-of", CLOCK]).env("RUST_LOG", "debug"));
    assert!(cycle.status.success(), "{}", text(&cycle.stderr));
    assert_clean("cycle, with a log of text", &cycle);

    let store = Store::open(&folder.path().join("store/glidepath.duckdb")).unwrap();
    // As versions wrote them that took an address as it came, and as a backup of one brings them back.
    let rows = [
        "INSERT INTO audit (number, noted_at, who, action, path, status) VALUES (1, '2026-03-20', ?1, ?1, ?1, 403)",
        "INSERT INTO shared_links VALUES ('1', '2026-03-20', ?1, 'trajectory', '[\"html\"]', '[\"ai\"]', '2026-04-20', NULL)",
        "INSERT INTO alert_mutes VALUES (1, 'silence', 'spike:*', 'warning', ?1, ?1, '2026-03-20', '2126-03-20')",
    ];
    let insert = move |connection: &mut duckdb::Connection| {
        for row in rows {
            connection.execute(row, [HOSTILE])?;
        }
        Ok(())
    };
    store.call(insert).await.unwrap();
    folder
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_command_prints_what_moves_the_terminal() {
    let fake = FakeAws::start(account(), CLOCK.parse().unwrap()).await.unwrap();
    let folder = place(&fake).await;
    let note = format!("--note={HOSTILE}");
    let commands: &[&[&str]] = &[
        &["plan", "add", "fee", "--usd", "500", "--on", "2126-01-01", &note],
        &["alerts", "silence", "spike:*", "--why", HOSTILE, "--by", HOSTILE, "--until", "2126-01-01"],
        &["status"],
        &["credits", "list"],
        &["credits", "history"],
        &["credits", "record", "--pool", HOSTILE, "--remaining", "12"],
        &["plan", "list"],
        &["alerts", "list"],
        &["audit", "list"],
        &["share", "list"],
        &["whatif"],
        &["projection", "list"],
        &["projection", "prices", "--all"],
        &["projection", "check", HOSTILE],
        &["replay", "--from", "2026-03-01", "--to", "2026-03-20"],
        &["report", "--list"],
        &["verify"],
        &["check"],
        &["--config", HOSTILE, "check"],
    ];
    let mut shown = String::new();
    for command in commands {
        for json in [false, true] {
            let mut asked = glidepath(folder.path(), Some(&fake.endpoint()));
            asked.args(*command).args(json.then_some("--json"));
            let output = run(&mut asked);
            let what = format!("{command:?}, JSON: {json}");
            assert_clean(&what, &output);
            shown += &text(&output.stdout);
            if json && output.status.success() && !output.stdout.is_empty() {
                serde_json::from_slice::<Value>(&output.stdout).unwrap_or_else(|error| panic!("{what}: {error}"));
            }
        }
    }
    // The rows are there, each once and on one line.
    assert!(shown.contains(r"x\u{1b}[2J\u{9b}1A\u{202e}\u{2066}\u{200b}\u{7f}\u{d}\u{a}forged"), "{shown}");
    assert!(shown.contains(r"x\u001b[2J\u009b1A\u202e\u2066\u200b\u007f\r\nforged"), "{shown}");
    let audit = run(glidepath(folder.path(), None).args(["audit", "list"]));
    assert_eq!(
        text(&audit.stdout).lines().filter(|line| line.contains("2026-03-20")).count(),
        1,
        "{}",
        text(&audit.stdout)
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_log_holds_what_moves_the_terminal() {
    let fake = FakeAws::start(account(), CLOCK.parse().unwrap()).await.unwrap();
    for form in ["text", "json"] {
        let folder = place(&fake).await;
        fake.set_now("2026-03-21T06:30:00Z".parse().unwrap());
        let mut command = glidepath(folder.path(), Some(&fake.endpoint()));
        command.env("RUST_LOG", "glidepath=trace").args(["--log-format", form]);
        let output = run(command.args(["cycle", "--as-of", "2026-03-21T06:30:00Z"]));
        assert_clean(form, &output);
        let said = text(&output.stderr);
        assert!(output.status.success() && said.contains("INFO"), "{form}: {said}");
        if form == "json" {
            for line in said.lines().filter(|line| line.starts_with('{')) {
                serde_json::from_str::<Value>(line).unwrap_or_else(|error| panic!("{error}: {line}"));
            }
        }
    }
}
