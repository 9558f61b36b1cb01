//! The last line of a command that failed names its heading in the documentation, and `explain` prints what stands there.

use std::net::TcpListener;

use glidepath::domain::wording::trouble::Trouble;
use tempfile::TempDir;

use super::{config, glidepath, run, text};
use crate::support::port;

#[test]
fn the_last_line_of_what_failed_names_its_heading() {
    let folder = TempDir::new().unwrap();
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let at = taken.local_addr().unwrap();
    config(&folder, &format!("[http]\nlisten = \"127.0.0.1:{}\"\n", port::reserved()));
    let other = |name: &str, text: &str| std::fs::write(folder.path().join(name), text).unwrap();
    other("taken.toml", &format!("[store]\npath = \"taken.duckdb\"\n[http]\nlisten = \"{at}\"\n"));
    other("folder.toml", "[store]\npath = \"folder\"\n");
    std::fs::create_dir(folder.path().join("folder")).unwrap();
    other("wrong.toml", "filed_on = 1\n");
    let cases: [(&str, i32, Trouble); 12] = [
        ("--config elsewhere.toml status", 2, Trouble::ConfigNotUsable),
        ("status", 1, Trouble::NothingToShowYet),
        ("status --as-of 2999-01-01", 2, Trouble::ArgumentsNotUsable),
        ("verify", 1, Trouble::NothingToShowYet),
        ("projection check wrong.toml", 1, Trouble::FilingNotUsable),
        ("report --verify nothing.pdf", 1, Trouble::FileNotUsable),
        ("report --kind trajectory --format docx", 2, Trouble::ArgumentsNotUsable),
        ("health", 1, Trouble::NoDaemon),
        ("--config folder.toml cycle", 1, Trouble::StoreNotOpened),
        ("--config taken.toml serve --log-format text", 1, Trouble::PortNotFree),
        ("cycle", 1, Trouble::AskingAwsFailed),
        ("share new --kind trajectory --format html --records ai --days 7", 1, Trouble::LinksNotPossible),
    ];
    for (args, status, trouble) in cases {
        let output = run(glidepath(folder.path(), None).args(args.split(' ')));
        let said = text(&output.stderr);
        assert_eq!(output.status.code(), Some(status), "{args}: {said}");
        if args.ends_with("docx") {
            // What the parser of arguments refuses it explains itself.
            assert!(said.contains("--help"), "{said}");
            continue;
        }
        assert_eq!(said.lines().last(), Some(trouble.more().as_str()), "{args}: {said}");
    }
}

#[test]
fn what_is_named_is_explained_without_a_config_and_nothing_else_is() {
    let folder = TempDir::new().unwrap();
    let explain = |name: &[&str]| run(glidepath(folder.path(), None).arg("explain").args(name));
    let listed = explain(&[]);
    let anchors: Vec<String> = text(&listed.stdout).lines().map(str::to_owned).collect();
    assert_eq!(anchors, Trouble::ALL.map(Trouble::anchor));
    for anchor in &anchors {
        let output = explain(&[anchor]);
        assert_eq!(output.status.code(), Some(0), "{anchor}: {}", text(&output.stderr));
        assert!(text(&output.stdout).contains("\nDo: "), "{anchor}");
    }
    let by_rule = text(&explain(&["cycle_failed"]).stdout);
    assert!(by_rule.starts_with("Cycle failed\n"), "{by_rule}");
    assert_eq!(by_rule, text(&explain(&["docs/troubleshooting.md#cycle-failed"]).stdout));
    let unknown = explain(&["weather"]);
    assert_eq!(unknown.status.code(), Some(2));
    assert!(text(&unknown.stderr).ends_with(&format!("{}\n", Trouble::ArgumentsNotUsable.more())));
}
