//! What goes wrong on the first day: one clear line and the next step.

use std::net::TcpListener;

use serde_json::Value;
use tempfile::TempDir;

use super::{config, glidepath, run, text};

/// A config in a folder, the command, its status, and what its last line of words says and advises.
type Case = (&'static str, &'static str, i32, &'static [&'static str]);

/// `{port}` is one that another program has.
const CASES: &[Case] = &[
    ("none", "status", 2, &["has 1 problem", "the file cannot be read", "make one: `glidepath init --dir .`"]),
    ("none", "serve", 2, &["make one: `glidepath init --dir .`"]),
    ("[store]\npath = \"glidepath.du", "check", 2, &["has 1 problem", "line 2: this is not TOML"]),
    ("[store", "serve", 2, &["has 1 problem", "line 1: this is not TOML"]),
    ("", "check", 2, &["has 1 problem", "[store] path: is missing"]),
    (
        "[store]\npath = \"x\"\n[http]\nlisten = \"127.0.0.1:{port}\"\n",
        "serve",
        1,
        &[
            "listening on 127.0.0.1:{port}: another program has the port",
            "ss -ltnp 'sport = :{port}'",
            "write another port in [http] listen",
        ],
    ),
    (
        "[store]\npath = \"x\"\n[http]\nlisten = \"192.0.2.1:{port}\"\n[[http.tokens]]\nrole = \"ops\"\ntoken = { env = \"TOKEN\" }\n",
        "serve",
        1,
        &["this machine has no address 192.0.2.1: write one of its own, or 0.0.0.0 for all, in [http] listen"],
    ),
    ("[store]\npath = \"/proc/glidepath/x\"\n", "cycle", 1, &["/proc/glidepath"]),
    ("[store]\npath = \"/proc/glidepath/x\"\n", "serve", 1, &["/proc/glidepath"]),
    ("none", "init --yes --dir /proc/glidepath", 1, &["/proc/glidepath", "name another with --dir"]),
    ("none", "man -o /proc/glidepath", 1, &["/proc/glidepath", "name another"]),
    (
        "[store]\npath = \"x\"\n",
        "projection draft --from none.json",
        1,
        &["the bill none.json cannot be read", "correct the path"],
    ),
    ("[store]\npath = \"x\"\n", "sttaus", 2, &["unrecognized subcommand 'sttaus'", "'status'"]),
];

#[test]
fn trouble_is_told_in_a_line_with_the_next_step() {
    let holder = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = holder.local_addr().unwrap().port().to_string();
    for (config, args, status, words) in CASES {
        let folder = TempDir::new().unwrap();
        if *config != "none" {
            std::fs::write(folder.path().join("glidepath.toml"), config.replace("{port}", &port)).unwrap();
        }
        let mut command = glidepath(folder.path(), None);
        command.env("TOKEN", "0123456789abcdef0123456789abcdef").args(args.split(' '));
        let output = run(&mut command);
        let said = text(&output.stderr);
        assert_eq!(output.status.code(), Some(*status), "{args} under {config:?}: {said}");
        for words in *words {
            assert!(said.contains(&words.replace("{port}", &port)), "{args} under {config:?}, {words}: {said}");
        }
        assert!(!said.contains("panicked") && !said.contains("RUST_BACKTRACE"), "{said}");
    }
}

#[test]
fn check_says_as_json_what_it_says_to_people() {
    let folder = TempDir::new().unwrap();
    config(&folder, "memory = 5\n[[channel]]\nname = \"team\"\ntype = \"slak\"\n");
    let check = || run(glidepath(folder.path(), None).args(["check", "--json"]));
    let output = check();
    assert_eq!(output.status.code(), Some(2));
    let said: Value = serde_json::from_slice(&output.stdout).unwrap();
    let problems = said["problems"].as_array().unwrap();
    let told = |at: usize, key: &str| problems[at][key].clone();
    assert_eq!((told(0, "line"), told(0, "did_you_mean")), (3.into(), "memory_mb".into()), "{said}");
    assert_eq!(
        (told(1, "line"), told(1, "did_you_mean"), told(1, "place")),
        (6.into(), "slack".into(), "[[channel]] 1 (team) type".into())
    );
    assert_eq!(text(&output.stderr).matches("\n  - ").count(), problems.len());

    config(&folder, "backup_folder = \"copies\"\n");
    let output = check();
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    let said: Value = serde_json::from_slice(&output.stdout).unwrap();
    let warnings: Vec<&str> =
        said["warnings"].as_array().unwrap().iter().map(|warning| warning.as_str().unwrap()).collect();
    for words in
        ["no [[channel]] is configured", "store of the store does not exist", "copies for backups does not exist"]
    {
        assert!(warnings.iter().any(|warning| warning.contains(words)), "{words}: {warnings:#?}");
    }
    assert_eq!((&said["online"], said["problems"].as_array().unwrap().len()), (&Value::Null, 0));
    let store = said["settings"].as_array().unwrap().iter().find(|setting| setting["about"] == "store").unwrap();
    assert!(store["says"].as_str().unwrap().ends_with("which the first cycle makes with its folder"), "{store}");
}
