//! Who is let in, from the command line: links, the audit, tokens shown to a daemon, and reports sent by hand.

use glidepath::demo::{FakeAws, startup};
use serde_json::Value;
use sha2::{Digest as _, Sha256};
use tempfile::TempDir;

use super::{Daemon, config, glidepath, run, text};

const LINK_KEY: &str = "0123456789abcdef0123456789abcdef";
const FOUNDER: &str = "founder-token-f4b7";
const OPS: &str = "ops-token-77aa";
/// For [http], with a channel that needs nothing else.
const SHARING: &str = "dashboard_url = \"https://glide.example/\"\nlink_key = { file = \"link-key\" }\n";
const LOG: &str = "[[channel]]\nname = \"the log\"\ntype = \"log\"\n";

/// What a command did.
struct Said {
    status: Option<i32>,
    out: String,
    err: String,
}

struct Desk {
    folder: TempDir,
    fake: FakeAws,
}

impl Desk {
    /// A store with a filing and a cycle.
    async fn new() -> Desk {
        let fake = FakeAws::start(startup::account(), startup::TODAY).await.unwrap();
        let desk = Desk { folder: TempDir::new().unwrap(), fake };
        config(&desk.folder, "");
        std::fs::write(desk.folder.path().join("projection.toml"), startup::PROJECTION_TOML).unwrap();
        std::fs::write(desk.folder.path().join("link-key"), LINK_KEY).unwrap();
        desk.done(&["projection", "file", "projection.toml"]);
        desk.done(&["cycle", "--as-of", "2026-11-20T06:00:00Z"]);
        desk
    }

    fn try_to(&self, args: &[&str]) -> Said {
        self.try_with(args, None)
    }

    fn try_with(&self, args: &[&str], variable: Option<&str>) -> Said {
        let mut command = glidepath(self.folder.path(), Some(&self.fake.endpoint()));
        command.args(args).envs(variable.map(|token| ("GLIDEPATH_TOKEN", token)));
        let output = run(&mut command);
        Said { status: output.status.code(), out: text(&output.stdout), err: text(&output.stderr) }
    }

    fn done(&self, args: &[&str]) -> String {
        let said = self.try_to(args);
        assert_eq!(said.status, Some(0), "{args:?}: {}", said.err);
        said.out
    }

    fn json(&self, args: &[&str]) -> Value {
        serde_json::from_str(&self.done(args)).unwrap()
    }

    fn refused(&self, args: &[&str], status: i32, words: &str) {
        let said = self.try_to(args);
        assert_eq!(said.status, Some(status), "{args:?}: {}", said.err);
        assert!(said.err.contains(words), "{args:?}: {}", said.err);
    }
}

const NEW: [&str; 10] =
    ["share", "new", "--kind", "trajectory", "--format", "html,csv", "--records", "ai", "--days", "7"];

/// [`NEW`] with another value for one argument.
fn new_with<'a>(name: &str, value: &'a str) -> Vec<&'a str> {
    let mut args = NEW.to_vec();
    let at = args.iter().position(|arg| *arg == name).unwrap();
    args[at + 1] = value;
    args
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn links_are_made_listed_and_ended() {
    let desk = Desk::new().await;
    desk.refused(&NEW, 1, "links need a key: set link_key");
    config(&desk.folder, &format!("[http]\n{SHARING}"));
    assert_eq!(desk.json(&["share", "list", "--json"]), Value::Array(Vec::new()));
    let made = desk.done(&NEW);
    let url = made.lines().next().unwrap();
    assert!(url.starts_with("https://glide.example/shared/"), "{made}");
    assert!(made.contains("This is shown once."), "{made}");
    let listed = desk.json(&["share", "list", "--json"]);
    let id = listed[0]["id"].as_str().unwrap();
    assert_eq!((&listed[0]["made_by"], &listed[0]["revoked"]), (&Value::from("command line"), &Value::Null));
    assert!(made.contains(&format!("share revoke {id}")), "{made}");
    let shown = desk.done(&["share", "list"]);
    assert!(shown.contains(id) && shown.contains("html, csv") && !shown.contains("/shared/"), "{shown}");
    assert_eq!(desk.done(&["share", "revoke", id]).trim(), format!("revoked: {id}"));
    let listed = desk.json(&["share", "list", "--json"]);
    assert_eq!(listed[0]["revoked"]["by"], "command line");
    desk.refused(&["share", "revoke", "00"], 1, "no link has the id \"00\"");
    desk.refused(&new_with("--format", "docx"), 2, "html, pdf, xlsx, csv, json and md");
    desk.refused(
        &new_with("--kind", "balance"),
        2,
        "actual-vs-projected, trajectory, funding-pack, ask, poc and evidence",
    );
    desk.refused(&new_with("--days", "367"), 1, "days is 367; it must lie between 1 and 366");
    desk.refused(&new_with("--records", "moonbase"), 1, "moonbase: it has to show records of the filing");
    desk.refused(&[&NEW[..], &["--as-of", "2999-01-01"]].concat(), 2, "lies in the future");
    desk.refused(&NEW[..8], 2, "--days");

    // The audit has both, newest first, and never the link itself.
    let audit = desk.done(&["audit", "list"]);
    let ended = audit.find("share ended").expect("the end is noted");
    assert!(ended < audit.find("share made").expect("the making is noted"), "{audit}");
    assert!(audit.contains(&format!("link {id}")) && audit.contains("command line"), "{audit}");
    let secret = url.rsplit('/').next().unwrap();
    assert!(!audit.contains(secret), "{audit}");
    let newest = desk.json(&["audit", "list", "--limit", "1", "--json"]);
    assert_eq!(newest.as_array().unwrap().len(), 1);
    assert_eq!(newest[0]["action"], "share ended");
    desk.refused(&["audit", "list", "--limit", "0"], 2, "--limit");
}

/// A line of the config that knows a token by its hash alone.
fn token(name: &str, role: &str, token: &str) -> String {
    let hash = hex::encode(Sha256::digest(token));
    format!("[[http.tokens]]\nname = \"{name}\"\nrole = \"{role}\"\ntoken_sha256 = \"{hash}\"\n")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn beside_a_daemon_a_command_shows_the_token_of_a_file_or_a_variable() {
    let desk = Desk::new().await;
    for (name, token) in [("founder", FOUNDER), ("ops", OPS), ("wrong", "nobody-s-token"), ("empty", "\n")] {
        std::fs::write(desk.folder.path().join(name), token).unwrap();
    }
    let tokens = format!("{SHARING}{}{}{LOG}", token("Ada", "founder", FOUNDER), token("Bob", "ops", OPS));
    let daemon = Daemon::start_with(&desk.folder, &desk.fake.endpoint(), &tokens);
    let by = |file, args: &[&'static str]| [&["--token-file", file], args].concat();

    desk.refused(&["share", "list"], 1, "give one with --token-file PATH or in GLIDEPATH_TOKEN");
    desk.refused(&by("nowhere", &["share", "list"]), 2, "the token in nowhere cannot be read");
    desk.refused(&by("empty", &["share", "list"]), 2, "is empty");
    desk.refused(&by("wrong", &["share", "list"]), 1, "this token is not known");
    desk.refused(&by("ops", &["share", "list"]), 1, "a token of the role ops does not do this");
    let status = desk.try_with(&["status", "--json"], Some(OPS));
    assert_eq!(status.status, Some(0), "the variable will do: {}", status.err);
    let file_first = desk.try_with(&by("wrong", &["status"]), Some(OPS));
    assert_eq!(file_first.status, Some(1), "the file goes before the variable");

    let made = desk.json(&by("founder", &[&NEW[..], &["--json"]].concat()));
    assert_eq!(made["made_by"], "Ada");
    let url = made["url"].as_str().unwrap();
    let port = std::fs::read_to_string(desk.folder.path().join("glidepath.toml")).unwrap();
    let port = port.split("127.0.0.1:").nth(1).unwrap().split('"').next().unwrap().to_owned();
    let local = url.replace("https://glide.example", &format!("http://127.0.0.1:{port}"));
    assert_eq!(reqwest::get(&local).await.unwrap().status(), 200);

    // What is usage without a daemon is usage beside one.
    for ahead in [
        &["status", "--as-of", "2999-01-01"][..],
        &["report", "--kind", "trajectory", "--format", "md", "--as-of", "2999-01-01"],
        &[&NEW[..], &["--as-of", "2999-01-01"]].concat(),
        &["report", "--kind", "trajectory", "--format", "md", "--send", "the log", "--as-of", "2999-01-01"],
    ] {
        desk.refused(&by("founder", ahead), 2, "lies in the future");
    }
    desk.refused(&by("founder", &["status", "--as-of", "2000-01-01"]), 1, "the first one finished at");
    desk.refused(&by("founder", &["backup", "copy.duckdb"]), 2, "leave the path out");
    desk.refused(&by("founder", &["cycle", "--as-of", "2026-11-21"]), 2, "leave --as-of out");

    // A report sent by hand goes through the daemon.
    let send = ["report", "--kind", "funding-pack", "--format", "md", "--send", "the log"];
    desk.refused(&by("ops", &send), 1, "a token of the role ops does not do this");
    let sent = desk.done(&by("founder", &send));
    assert!(sent.starts_with("sent to the log (log), for owner, as of "), "{sent}");
    let nobody = ["report", "--kind", "funding-pack", "--format", "md", "--send", "pigeon"];
    desk.refused(&by("founder", &nobody), 1, "no channel has the name \"pigeon\"; there are: the log");

    let audit = desk.json(&by("founder", &["audit", "list", "--json"]));
    let noted: Vec<String> = audit
        .as_array()
        .unwrap()
        .iter()
        .map(|row| [&row["who"], &row["action"], &row["path"]].map(|it| it.as_str().unwrap()).join(" "))
        .collect();
    let id = made["id"].as_str().unwrap();
    for entry in [
        format!("Ada share made /api/v1/links (link {id})"),
        format!("link {id} read /shared (trajectory.html)"),
        "Ada share made /api/v1/reports/funding-pack.md/send/the log".to_owned(),
    ] {
        assert!(noted.contains(&entry), "{entry} is missing in {noted:#?}");
    }
    assert_eq!(daemon.terminate(), Some(0));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_report_is_sent_by_hand_without_a_daemon_and_check_lists_those_that_go_by_themselves() {
    let desk = Desk::new().await;
    let report = "[[report]]\nname = \"board\"\nschedule = \"0 0 8 1 * *\"\nchannels = [\"the log\"]\n";
    let idle = "[[channel]]\nname = \"investor\"\ntype = \"email\"\nhost = \"localhost\"\ntls = \"none\"\n\
        from = \"g@example.com\"\nto = [\"a@example.com\"]\nrecords = [\"ai\"]\n";
    config(&desk.folder, &format!("{LOG}{idle}{report}"));
    let check = desk.done(&["check"]);
    assert!(check.contains("report    board: funding-pack as pdf to the log, next on "), "{check}");
    assert!(check.contains("warning   the channel investor is a partner's, and no [[report]] names it"), "{check}");
    let send = |channel| ["report", "--kind", "trajectory", "--format", "csv", "--send", channel];
    let sent = desk.done(&send("the log"));
    assert!(sent.starts_with("sent to the log (log), for owner, as of 2026-11-20T06:00:00Z"), "{sent}");
    desk.refused(&send("pigeon"), 1, "there are: investor, the log");
    desk.refused(&[&send("the log")[..], &["-o", "file"]].concat(), 2, "cannot be used with");
    desk.refused(&[&send("the log")[..], &["--as-of", "2999-01-01"]].concat(), 2, "lies in the future");
    assert!(desk.done(&["audit", "list"]).contains("report trajectory.csv to channel the log"));
}
