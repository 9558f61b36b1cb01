//! Completions and manual pages follow the command line's own definition.

use std::process::{Command, Stdio};

use clap::CommandFactory as _;
use glidepath::cli::Cli;
use tempfile::TempDir;

use super::{glidepath, run, text};

/// Every command that people see, as its words with hyphens between them.
fn commands(of: &clap::Command, name: &str, found: &mut Vec<String>) {
    found.push(name.to_owned());
    for below in of.get_subcommands().filter(|below| !below.is_hide_set()) {
        commands(below, &format!("{name}-{}", below.get_name()), found);
    }
}

#[test]
fn every_command_has_its_page() {
    let folder = TempDir::new().unwrap();
    let made = run(glidepath(folder.path(), None).args(["man", "-o", "pages/man1"]));
    assert!(made.status.success(), "{}", text(&made.stderr));
    let mut expected = Vec::new();
    commands(&Cli::command(), "glidepath", &mut expected);
    assert!(expected.len() > 40, "{expected:?}");
    let pages = std::fs::read_dir(folder.path().join("pages/man1")).unwrap();
    let mut found: Vec<String> = pages.map(|page| page.unwrap().file_name().into_string().unwrap()).collect();
    found.sort();
    let mut expected: Vec<String> = expected.into_iter().map(|name| format!("{name}.1")).collect();
    expected.sort();
    assert_eq!(found, expected);
    let page = |name: &str| std::fs::read_to_string(folder.path().join("pages/man1").join(name)).unwrap();
    assert!(page("glidepath-projection-file.1").contains(".TH glidepath-projection-file 1"));
    assert!(page("glidepath.1").contains("glidepath\\-status(1)"), "{}", page("glidepath.1"));
}

#[test]
fn each_shell_accepts_its_script() {
    let folder = TempDir::new().unwrap();
    let program = Cli::command();
    for (shell, checker) in
        [("bash", Some("bash")), ("zsh", Some("zsh")), ("fish", Some("fish")), ("elvish", None), ("powershell", None)]
    {
        let made = run(glidepath(folder.path(), None).args(["completions", shell]));
        assert!(made.status.success(), "{shell}: {}", text(&made.stderr));
        let script = text(&made.stdout);
        for command in program.get_subcommands().filter(|command| !command.is_hide_set()) {
            assert!(script.contains(command.get_name()), "{shell} does not complete {}", command.get_name());
        }
        let path = folder.path().join(shell);
        std::fs::write(&path, &script).unwrap();
        let Some(checker) = checker else { continue };
        // zsh and fish are not everywhere; bash is.
        let checked = Command::new(checker).arg("-n").arg(&path).stdin(Stdio::null()).output();
        match checked {
            Err(error) if shell != "bash" && error.kind() == std::io::ErrorKind::NotFound => {}
            checked => {
                let checked = checked.unwrap();
                assert!(checked.status.success(), "{shell}: {}", text(&checked.stderr));
            }
        }
    }
    let unknown = run(glidepath(folder.path(), None).args(["completions", "bsh"]));
    assert_eq!(unknown.status.code(), Some(2));
}
