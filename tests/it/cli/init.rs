//! `init`: what it writes passes `check`, whatever was answered; nothing is replaced unasked; the same at a terminal.

use std::fs::File;
use std::io::{Read as _, Write as _};
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::Stdio;

use glidepath::config::Config;
use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use serde_json::Value;
use tempfile::TempDir;

use super::{glidepath, run, text};
use crate::support::places::package_root;

/// What the variables hold that the channels name.
const VARIABLES: [(&str, &str); 8] = [
    ("SLACK", "https://hooks.slack.com/services/T000/B000/XXXX"),
    ("PAGER", "0123456789abcdef0123456789abcdef"),
    ("MAIL", "password-of-the-mail-server"),
    ("ALERTMANAGER", "token-of-the-alertmanager"),
    ("HOOK", "https://hooks.acme.dev/glidepath"),
    ("HOOK_KEY", "whsec_c29tZS1zaWduaW5nLWtleS1vZi0zMi1ieXRlcyEhIQ=="),
    ("GLIDEPATH_SLACK_URL", "https://hooks.slack.com/services/T000/B000/XXXX"),
    ("UNUSED", ""),
];

const NAMES: [Option<&str>; 3] = [None, Some("Acme GmbH"), Some("\"Quotes\" \\ and # signs' [store] Ünïcode")];
const POOLS: [Option<&str>; 3] = [None, Some("aws"), Some("manual")];
const CHANNELS: [Option<&str>; 9] = [
    None,
    Some("none"),
    Some("log"),
    Some("slack=SLACK"),
    Some("pagerduty=PAGER"),
    Some("email=MAIL"),
    Some("alertmanager=ALERTMANAGER"),
    Some("webhook=HOOK"),
    Some("slack"),
];
const LISTENS: [Option<&str>; 4] = [None, Some("127.0.0.1:9000"), Some("0.0.0.0:8437"), Some("[::1]:8437")];

fn files(folder: &Path) -> Vec<String> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap().map(Result::unwrap) {
        let name = entry.file_name().into_string().unwrap();
        match entry.path().is_dir() {
            true => found.extend(files(&entry.path()).into_iter().map(|below| format!("{name}/{below}"))),
            false => found.push(name),
        }
    }
    found.sort();
    found
}

/// Runs `init` with these flags in a folder of its own, and `check` on what it wrote.
fn passes_check(name: Option<&str>, pools: Option<&str>, channel: Option<&str>, listen: Option<&str>) {
    let given = [("--name", name), ("--pools", pools), ("--channel", channel), ("--listen", listen)];
    let given: Vec<&str> = given.iter().filter_map(|(flag, value)| Some([*flag, (*value)?])).flatten().collect();
    let folder = TempDir::new().unwrap();
    let made = run(glidepath(folder.path(), None).args(["init", "--dir", "new/place", "--yes"]).args(&given));
    assert_eq!(made.status.code(), Some(0), "{given:?}: {}", text(&made.stderr));
    let place = folder.path().join("new/place");
    let mut check = glidepath(folder.path(), None);
    check.envs(VARIABLES).args(["--config", "new/place/glidepath.toml", "check", "--json"]);
    let checked = run(&mut check);
    assert_eq!(checked.status.code(), Some(0), "{given:?}: {}", text(&checked.stderr));
    let said: Value = serde_json::from_slice(&checked.stdout).unwrap();
    assert_eq!(said["problems"], Value::Array(Vec::new()));
    let config = std::fs::read_to_string(place.join("glidepath.toml")).unwrap();
    assert!(config.lines().all(|line| line.chars().count() <= 140), "{config}");
    let mut expected =
        vec!["glidepath.toml", "iam/README.md", "iam/credits.json", "iam/minimum.json", "projection.toml"];
    if listen == Some("0.0.0.0:8437") {
        expected.insert(0, "founder.token");
        let mode = place.join("founder.token").metadata().unwrap().permissions().mode() & 0o777;
        assert_eq!(mode, 0o600, "nobody else may read the token");
    }
    assert_eq!(files(&place), expected, "{given:?}");
    let words = said["warnings"].to_string();
    let nobody = matches!(channel, None | Some("none"));
    assert_eq!(words.contains("no [[channel]] is configured"), nobody, "{given:?}: {words}");
    let example = matches!(channel, Some("email=MAIL" | "alertmanager=ALERTMANAGER"));
    assert_eq!(words.contains("is a name for examples"), example, "{given:?}: {words}");
}

#[test]
fn whatever_is_answered_passes_check() {
    // Names have no bearing on anything else, so they take turns.
    let mut names = NAMES.into_iter().cycle();
    for pools in POOLS {
        for channel in CHANNELS {
            for listen in LISTENS {
                passes_check(names.next().flatten(), pools, channel, listen);
            }
        }
    }
}

#[test]
fn the_policies_are_those_of_the_documents_and_the_filing_names_the_startup() {
    let folder = TempDir::new().unwrap();
    let made = run(glidepath(folder.path(), None).args(["init", "--yes", "--name", "Acme \"GmbH\""]));
    let said = text(&made.stdout);
    assert!(made.status.success(), "{}", text(&made.stderr));
    for name in ["README.md", "minimum.json", "credits.json"] {
        let of = |folder: &Path| std::fs::read_to_string(folder.join(name)).unwrap();
        assert_eq!(of(&folder.path().join("iam")), of(&package_root().join("config/iam")), "{name}");
    }
    let filing: toml::Table = std::fs::read_to_string(folder.path().join("projection.toml")).unwrap().parse().unwrap();
    assert_eq!(filing["customer"].as_str(), Some("Acme \"GmbH\""));
    let next: Vec<usize> = ["iam/README.md", "check --online", " serve ", "projection draft", "projection file"]
        .iter()
        .map(|words| said.find(words).unwrap_or_else(|| panic!("{words} is not in {said}")))
        .collect();
    assert!(next.is_sorted(), "{said}");
    let unfilled = run(glidepath(folder.path(), None).args(["projection", "check", "projection.toml"]));
    assert_eq!(unfilled.status.code(), Some(1), "what is not filled in is not to be filed");
    assert!(text(&unfilled.stderr).contains("projection.toml: line 6: "), "{}", text(&unfilled.stderr));
}

#[test]
fn a_channel_whose_variable_is_not_set_is_told_as_what_is_still_to_be_done() {
    let folder = TempDir::new().unwrap();
    let made = run(glidepath(folder.path(), None).args(["init", "--yes", "--channel", "slack=NOT_SET_YET"]));
    let said = text(&made.stdout);
    assert_eq!(made.status.code(), Some(0), "{}", text(&made.stderr));
    assert!(said.contains("export NOT_SET_YET=..."), "{said}");
    assert!(said.contains("the environment variable NOT_SET_YET is not set"), "{said}");
}

#[test]
fn nothing_is_replaced_unless_it_is_forced_and_a_token_never() {
    let folder = TempDir::new().unwrap();
    let init = |more: &[&str]| run(glidepath(folder.path(), None).args(["init", "--yes"]).args(more));
    let config = || std::fs::read_to_string(folder.path().join("glidepath.toml")).unwrap();
    let beyond = ["--listen", "0.0.0.0:8437"];
    assert!(init(&beyond).status.success());
    let token = std::fs::read_to_string(folder.path().join("founder.token")).unwrap();
    let first = config();
    assert!(init(&beyond).status.success(), "the same again changes nothing");
    assert_eq!(config(), first);

    let refused = init(&["--name", "Acme"]);
    let said = text(&refused.stderr);
    assert_eq!(refused.status.code(), Some(1), "{said}");
    assert!(
        said.contains("projection.toml, ./glidepath.toml are there already, and nothing was written: --force"),
        "{said}"
    );
    assert_eq!(config(), first);

    assert!(init(&[&beyond[..], &["--name", "Acme", "--force"]].concat()).status.success());
    assert!(config().starts_with("# Glidepath's config of Acme."), "{}", config());
    assert_eq!(std::fs::read_to_string(folder.path().join("founder.token")).unwrap(), token, "it may be in use");
}

#[test]
fn what_cannot_be_meant_is_told_with_what_can() {
    let folder = TempDir::new().unwrap();
    for (args, words) in [
        (&["--channel", "slak=HOOK"][..], "did you mean slack?"),
        (&["--channel", "slack=https://hooks.slack.com/planted"], "the name of an environment variable"),
        (&["--pools", "manul"], "manual"),
        (&["--listen", "localhost"], "write an address and a port, such as 127.0.0.1:8437"),
        (&["--name", " "], "write a name of at most 100 characters"),
    ] {
        let output = run(glidepath(folder.path(), None).args(["init", "--yes"]).args(args));
        let said = text(&output.stderr);
        assert_eq!(output.status.code(), Some(2), "{args:?}: {said}");
        assert!(said.contains(words), "{args:?}: {said}");
    }
    assert!(files(folder.path()).is_empty());
}

#[test]
fn nobody_at_a_terminal_is_asked_nothing() {
    let folder = TempDir::new().unwrap();
    let output = run(glidepath(folder.path(), None).arg("init").stdin(Stdio::null()));
    assert!(output.status.success(), "{}", text(&output.stderr));
    assert_eq!(text(&output.stderr), "");
    Config::load(&folder.path().join("glidepath.toml")).unwrap();
}

/// Runs `init` at a terminal where `typed` is typed; the status, and what the terminal showed.
fn at_a_terminal(folder: &TempDir, args: &[&str], typed: &str) -> (Option<i32>, String) {
    let near = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).unwrap();
    grantpt(&near).unwrap();
    unlockpt(&near).unwrap();
    let name = ptsname(&near, Vec::new()).unwrap();
    let far = || {
        let path = Path::new(std::ffi::OsStr::from_bytes(name.as_bytes()));
        File::options().read(true).write(true).open(path).unwrap()
    };
    let mut command = glidepath(folder.path(), None);
    command.arg("init").args(args).stdin(far()).stdout(far()).stderr(far());
    let mut child = command.spawn().unwrap();
    // Until these are gone, the other end hears of no end.
    drop(command);
    let mut near = File::from(near);
    near.write_all(typed.as_bytes()).unwrap();
    let mut shown = Vec::new();
    let mut buffer = [0; 4096];
    // Linux ends it with an error once nobody holds the other end.
    while let Ok(read @ 1..) = near.read(&mut buffer) {
        shown.extend_from_slice(&buffer[..read]);
    }
    (child.wait().unwrap().code(), text(&shown))
}

#[test]
fn five_questions_are_asked_at_a_terminal_and_a_slip_is_asked_again() {
    let folder = TempDir::new().unwrap();
    let typed = "Acme\nhere\nmanul\nmanual\nslak=HOOK\nslack=HOOK\n\n";
    let (status, shown) = at_a_terminal(&folder, &[], typed);
    assert_eq!(status, Some(0), "{shown}");
    assert_eq!(shown.matches("? ").count() + shown.matches("none [none]").count(), 7 + 2, "{shown}");
    assert!(shown.contains("write aws or manual") && shown.contains("did you mean slack?"), "{shown}");
    let config = std::fs::read_to_string(folder.path().join("here/glidepath.toml")).unwrap();
    assert!(config.starts_with("# Glidepath's config of Acme.") && config.contains("#[[pool]]"), "{config}");
    assert!(config.contains("url = { env = \"HOOK\" }") && config.contains("listen = \"127.0.0.1:8437\""), "{config}");
}

#[test]
fn what_a_flag_says_is_not_asked_and_an_end_of_the_answers_writes_nothing() {
    let folder = TempDir::new().unwrap();
    // The end of what is typed: Ctrl-D.
    let (status, shown) = at_a_terminal(&folder, &["--name", "Acme", "--dir", "here"], "aws\n\u{4}");
    assert_eq!(status, Some(1), "{shown}");
    assert!(!shown.contains("What is the startup called?") && shown.contains("nothing was written"), "{shown}");
    assert!(files(folder.path()).is_empty());
    let all = ["--name", "Acme", "--dir", "here", "--pools", "aws", "--channel", "log", "--listen", "127.0.0.1:1"];
    let (status, shown) = at_a_terminal(&folder, &all, "");
    assert_eq!(status, Some(0), "{shown}");
}
