//! The command: beside a store, beside a daemon, and from a file.

use std::path::Path;
use std::process::Command;

use glidepath::demo::{FakeAws, startup};
use glidepath::domain::filing::projection::FiledProjection;
use serde_json::Value;
use tempfile::TempDir;

use crate::cli::{config, glidepath, run, text};
use crate::support::places::package_root;

fn drafts(folder: &Path, endpoint: Option<&str>, args: &[&str]) -> (Option<i32>, String, String) {
    let output = run(glidepath(folder, endpoint).args(["projection", "draft"]).args(args));
    (output.status.code(), text(&output.stdout), text(&output.stderr))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_demo_is_drafted_checked_and_filed() {
    let fake = FakeAws::start(startup::account(), startup::TODAY).await.unwrap();
    let endpoint = fake.endpoint();
    let folder = TempDir::new().unwrap();
    config(&folder, "[aws]\npaid_requests_per_day = 1000\n");
    let (status, _, said) = drafts(folder.path(), Some(&endpoint), &[]);
    assert_eq!(status, Some(1), "{said}");
    assert!(
        said.contains("no complete day of a bill") && said.contains("glidepath cycle") && said.contains("--from"),
        "{said}"
    );

    let ok = |args: &[&str]| {
        let output = run(glidepath(folder.path(), Some(&endpoint)).args(args));
        assert_eq!(output.status.code(), Some(0), "{args:?}: {}", text(&output.stderr));
        text(&output.stdout)
    };
    std::fs::write(folder.path().join("filed.toml"), startup::PROJECTION_TOML).unwrap();
    ok(&["cycle", "--as-of", "2026-11-20T06:00:00Z"]);
    ok(&["projection", "file", "filed.toml"]);
    let toml = ok(&["projection", "draft"]);
    let draft = FiledProjection::parse(&toml).unwrap_or_else(|problems| panic!("{problems:?}\n{toml}"));
    assert_eq!(
        (draft.first_month().to_string().as_str(), draft.filed_on.to_string().as_str()),
        ("2026-12", "2026-11-20")
    );
    let kept: Vec<&str> = draft.records.iter().map(|record| record.id.as_str()).collect();
    assert_eq!(kept[..3], ["ai", "sorting", "portfolio"], "a re-filing keeps its records");
    // Whole or not at all, and nothing on the standard output.
    assert_eq!(ok(&["projection", "draft", "-o", "next.toml"]), "");
    assert_eq!(std::fs::read_to_string(folder.path().join("next.toml")).unwrap(), toml);
    let (status, _, said) = drafts(folder.path(), Some(&endpoint), &["-o", "nowhere/next.toml"]);
    assert!(status == Some(1) && said.contains("make its folder first"), "{said}");
    let checked: Value = serde_json::from_str(&ok(&["projection", "check", "next.toml", "--json"])).unwrap();
    for empty in ["problems", "far_from_the_bill", "implausible"] {
        assert_eq!(checked[0][empty], serde_json::json!([]), "{empty}");
    }
    let usd = |value: &Value| value.as_str().unwrap().parse::<f64>().unwrap();
    let status: Value = serde_json::from_str(&ok(&["status", "--json"])).unwrap();
    let burn = usd(&status["spend"]["burn_per_day"]["28d"]) * 31.0;
    let first = usd(&checked[0]["size"]["months"][0]["usd"]);
    // Runs of accelerators are counted and have no pace; they are a part of this.
    assert!((first / burn - 1.0).abs() < 0.25, "{first} in December, {burn} at the pace of four weeks");
    ok(&["projection", "file", "next.toml"]);
    assert!(!folder.path().join("nowhere").exists());
}

#[test]
fn a_file_is_drafted_without_config_or_store() {
    let folder = TempDir::new().unwrap();
    std::fs::write(folder.path().join("bill.json"), super::intake::answer(60, "2026-09-30").to_string()).unwrap();
    let (status, toml, said) = drafts(folder.path(), None, &["--from", "bill.json"]);
    assert_eq!((status, said.as_str()), (Some(0), ""), "{toml}");
    assert_eq!(FiledProjection::parse(&toml).unwrap().first_month().to_string(), "2026-12");
    let left: Vec<_> = std::fs::read_dir(folder.path()).unwrap().collect();
    assert_eq!(left.len(), 1, "no store was made: {left:?}");
    for (name, body, what) in [
        ("none.json", None, "cannot be read"),
        ("empty.json", Some(""), "line 1: the file is empty"),
        ("cut.json", Some("{\"ResultsByTime\": [{\n"), "line 2, column 0: the file is cut"),
    ] {
        if let Some(body) = body {
            std::fs::write(folder.path().join(name), body).unwrap();
        }
        let (status, toml, said) = drafts(folder.path(), None, &["--from", name, "-o", "out.toml"]);
        assert_eq!((status, toml.as_str()), (Some(1), ""), "{said}");
        assert!(said.contains(name) && said.contains(what), "{said}");
        assert!(!folder.path().join("out.toml").exists());
    }
}

/// The script with a command line of its own in front of AWS's: what it writes is read, and it asks nothing but reads.
#[test]
fn the_script_only_reads_and_its_output_is_drafted() {
    let script = package_root().join("config/intake/glidepath-intake.sh");
    let words = std::fs::read_to_string(&script).unwrap();
    let allowed = ["sts get-caller-identity", "ce get-cost-and-usage", "billing get-credits"];
    let calls: Vec<&str> = words
        .lines()
        .filter(|line| !line.trim_start().starts_with('#'))
        .flat_map(|line| line.split("aws ").skip(1))
        .filter(|rest| rest.starts_with(|c: char| c.is_ascii_lowercase()))
        .collect();
    assert!(calls.len() >= allowed.len(), "{calls:?}");
    for call in &calls {
        assert!(allowed.iter().any(|allowed| call.starts_with(allowed)), "{call}");
    }
    assert!(run(Command::new("bash").arg("-n").arg(&script)).status.success());
    // Where it is installed, the linter of shells has nothing to say.
    if let Ok(output) = Command::new("shellcheck").arg(&script).output() {
        assert!(output.status.success(), "{}", text(&output.stdout));
    }

    let folder = TempDir::new().unwrap();
    let bin = folder.path().join("bin");
    std::fs::create_dir(&bin).unwrap();
    let (detail, more) = super::intake::two_pages(60);
    for (name, value) in [("detail", &detail), ("more", &more), ("money", &super::intake::money(60))] {
        std::fs::write(bin.join(name), serde_json::to_string_pretty(value).unwrap()).unwrap();
    }
    let stub = r#"#!/bin/bash
here=$(dirname "$0")
case "$*" in
    sts*) echo '{ "UserId": "A", "Account": "111122223333" }' ;;
    *next-page-token*) cat "$here/more" ;;
    *USAGE_TYPE*) cat "$here/detail" ;;
    ce*) cat "$here/money" ;;
    *) exit 254 ;;
esac
"#;
    let aws = bin.join("aws");
    std::fs::write(&aws, stub).unwrap();
    std::fs::set_permissions(&aws, std::os::unix::fs::PermissionsExt::from_mode(0o755)).unwrap();
    let path = format!("{}:{}", bin.display(), std::env::var("PATH").unwrap_or_default());
    let output = run(Command::new("bash").arg(&script).current_dir(folder.path()).env("PATH", path));
    assert!(output.status.success(), "{}", text(&output.stderr));
    let said = text(&output.stderr);
    assert!(said.contains("Credits were not told") && said.contains("glidepath-intake-111122223333.json"), "{said}");
    let (status, toml, said) = drafts(folder.path(), None, &["--from", "glidepath-intake-111122223333.json"]);
    assert_eq!((status, said.as_str()), (Some(0), ""), "{toml}");
    let filing = FiledProjection::parse(&toml).unwrap();
    assert_eq!(filing.records[0].tokens[0].model, "Claude Sonnet 5");
    let left: Vec<_> = std::fs::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert_eq!(left.len(), 2, "{left:?}");
}
