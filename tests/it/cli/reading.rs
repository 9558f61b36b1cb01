//! A command that reads needs no more of the config than it uses: with an address and a token none, and never what is not its own.

use glidepath::demo::{FakeAws, startup};
use tempfile::TempDir;

use super::{Daemon, config, glidepath, run, text};

const TOKEN: &str = "founder-token-f4b7";
const WITH_TOKEN: &str = "[[http.tokens]]\nname = \"founder\"\nrole = \"founder\"\ntoken = { file = \"token\" }\n";

/// Every command that only reads and that a daemon can answer.
const READS: &[&str] = &[
    "status",
    "status --json",
    "report --kind trajectory --format md",
    "report --list",
    "report --verify report.md",
    "projection check filing.toml --anyway",
    "projection list",
    "projection show",
    "projection diff 1 filing.toml",
    "projection draft",
    "projection size",
    "projection size filing.toml",
    "projection prices",
    "budgets --from 2026-02",
    "credits list",
    "credits history",
    "plan list",
    "whatif --growth 5",
    "alerts list",
    "replay --from 2026-11-18 --to 2026-11-19",
    "share list",
    "audit list",
    "verify",
    "health",
];

/// Mistakes that are no matter of reading beside a daemon.
const MISTAKES: &[(&str, &str)] = &[
    ("a channel", "[[channel]]\nname = \"team\"\ntype = \"slak\"\n"),
    (
        "a variable that is not set",
        "[[channel]]\nname = \"team\"\ntype = \"slack\"\nurl = { env = \"GLIDEPATH_TEST_NEVER_SET\" }\n",
    ),
    ("a report", "[[report]]\nname = \"board\"\nschedule = \"daily\"\nchannels = [\"nobody\"]\n"),
    ("the schedule", "[schedule]\ncycle = \"every day\"\n"),
    ("the heartbeat", "[heartbeat]\nurl = 5\n"),
    ("a section", "[chanel]\nname = \"team\"\n"),
    ("a rule", "[alerts]\nslack_days = \"many\"\n"),
    ("a pool", "[[pool]]\nname = \"nameless\"\n"),
];

/// A store with a cycle and a filing, and what commands read beside it.
async fn fed() -> (FakeAws, TempDir) {
    let fake = FakeAws::start(startup::account(), startup::TODAY).await.unwrap();
    let folder = TempDir::new().unwrap();
    config(&folder, "");
    std::fs::write(folder.path().join("token"), TOKEN).unwrap();
    std::fs::write(folder.path().join("filing.toml"), startup::PROJECTION_TOML).unwrap();
    let endpoint = fake.endpoint();
    for args in [
        "cycle --as-of 2026-11-20T06:00:00Z",
        "projection file filing.toml",
        "report --kind trajectory --format md -o report.md",
    ] {
        let output = run(glidepath(folder.path(), Some(&endpoint)).args(args.split(' ')));
        assert!(output.status.success(), "{args}: {}", text(&output.stderr));
    }
    (fake, folder)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_reads_works_with_an_address_and_a_token_alone_and_whatever_else_is_wrong() {
    let (fake, folder) = fed().await;
    let daemon = Daemon::start_with(&folder, &fake.endpoint(), WITH_TOKEN);
    let sound = std::fs::read_to_string(folder.path().join("glidepath.toml")).unwrap();
    let (_, listen) = sound.split_once("listen = \"").unwrap();
    let url = format!("http://{}", listen.split('"').next().unwrap());

    let elsewhere = TempDir::new().unwrap();
    for name in ["token", "filing.toml", "report.md"] {
        std::fs::copy(folder.path().join(name), elsewhere.path().join(name)).unwrap();
    }
    let with_url = |args: &str, token: &[&str]| {
        run(glidepath(elsewhere.path(), None).args(["--url", &url]).args(token).args(args.split(' ')))
    };
    for args in READS {
        let output = with_url(args, &["--token-file", "token"]);
        assert_eq!(output.status.code(), Some(0), "{args} with an address: {}", text(&output.stderr));
        assert_eq!(output.stdout.is_empty(), *args == "health", "{args}");
    }
    let refused = with_url("status", &[]);
    assert_eq!(refused.status.code(), Some(1), "nothing is shown without a token");
    assert!(text(&refused.stderr).contains("token"), "{}", text(&refused.stderr));
    assert!(!elsewhere.path().join("glidepath.duckdb").exists());

    // A config that is wrong in something else, even in its syntax, is in nobody's way who names the daemon.
    for wrong in [MISTAKES[0].1, "[store"] {
        std::fs::write(elsewhere.path().join("glidepath.toml"), wrong).unwrap();
        let output = with_url("status", &["--token-file", "token"]);
        assert_eq!(output.status.code(), Some(0), "{wrong}: {}", text(&output.stderr));
    }

    for (number, (what, mistake)) in MISTAKES.iter().enumerate() {
        std::fs::write(folder.path().join("wrong.toml"), format!("{sound}{mistake}")).unwrap();
        // All of them beside one mistake; the sections are told apart before any command runs.
        for args in if number == 0 { READS } else { &READS[..1] } {
            let output = run(glidepath(folder.path(), None).args(["--config", "wrong.toml"]).args(args.split(' ')));
            assert_eq!(output.status.code(), Some(0), "{args} with a mistake in {what}: {}", text(&output.stderr));
            let said = text(&output.stderr);
            assert!(said.contains("wrong.toml has ") && said.contains("`glidepath check` lists all"), "{args}: {said}");
        }
        for args in
            ["check", "alerts test", "plan add fee --usd 1 --on 2026-12-24", "credits record --pool p --remaining 1"]
        {
            let output = run(glidepath(folder.path(), None).args(["--config", "wrong.toml"]).args(args.split(' ')));
            assert_eq!(output.status.code(), Some(2), "{args} with a mistake in {what}");
        }
    }
    assert_eq!(daemon.terminate(), Some(0));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_command_that_opens_the_store_needs_what_its_figures_are_made_of() {
    let (_fake, folder) = fed().await;
    let sound = std::fs::read_to_string(folder.path().join("glidepath.toml")).unwrap();
    for (what, mistake) in MISTAKES {
        std::fs::write(folder.path().join("wrong.toml"), format!("{sound}{mistake}")).unwrap();
        let status = run(glidepath(folder.path(), None).args(["--config", "wrong.toml", "status"]));
        let needed = ["a rule", "a pool"].contains(what);
        assert_eq!(status.status.code(), Some(if needed { 2 } else { 0 }), "{what}: {}", text(&status.stderr));
        let audit = run(glidepath(folder.path(), None).args(["--config", "wrong.toml", "audit", "list"]));
        assert_eq!(audit.status.code(), Some(0), "{what}: {}", text(&audit.stderr));
    }
}

#[test]
fn what_asks_no_daemon_takes_no_address() {
    let folder = TempDir::new().unwrap();
    config(&folder, "");
    for args in
        ["serve", "check", "restore", "init --yes", "demo", "token new --name n --role ops", "openapi", "man -o x"]
    {
        let output = run(glidepath(folder.path(), None).args(["--url", "http://127.0.0.1:9"]).args(args.split(' ')));
        let said = text(&output.stderr);
        assert_eq!(output.status.code(), Some(2), "{args}: {said}");
        assert!(said.contains("this command asks none"), "{args}: {said}");
    }
    let nobody = run(glidepath(folder.path(), None).args(["--url", "http://127.0.0.1:9/x", "status"]));
    assert_eq!(nobody.status.code(), Some(1));
    let said = text(&nobody.stderr);
    assert!(said.contains("no daemon answers at http://127.0.0.1:9/x") && said.contains("Check --url"), "{said}");
    let wrong = run(glidepath(folder.path(), None).args(["--url", "127.0.0.1:8437", "status"]));
    assert_eq!(wrong.status.code(), Some(2));
    assert!(text(&wrong.stderr).contains("http://127.0.0.1:8437"), "{}", text(&wrong.stderr));
}
