//! `check --online`, alone and beside a daemon.

use glidepath::demo::{FakeAws, Fault, Operation, startup};
use tempfile::TempDir;

use super::{Daemon, config, glidepath, run, text};

const CHANNELS: &str = "[[channel]]\nname = \"the log\"\ntype = \"log\"\n[[channel]]\nname = \"hook\"\ntype = \"webhook\"\n\
                        url = { file = \"url\" }\nsecret = { file = \"key\" }\n";

/// A folder with the secrets of [`CHANNELS`]; nobody listens at the address of the hook.
fn folder() -> TempDir {
    let folder = TempDir::new().unwrap();
    std::fs::write(folder.path().join("url"), "http://127.0.0.1:9/hook").unwrap();
    std::fs::write(folder.path().join("key"), "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw").unwrap();
    folder
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_check_says_the_same_alone_and_beside_a_daemon() {
    let fake = FakeAws::start(startup::account(), startup::TODAY).await.unwrap();
    fake.inject(Fault::Denied.on(Operation::GetCredits).always());
    let folder = folder();
    config(&folder, CHANNELS);
    let endpoint = fake.endpoint();
    let check = |more: &[&str]| {
        let output = run(glidepath(folder.path(), Some(&endpoint)).args(["check", "--online"]).args(more));
        (output.status.code(), text(&output.stdout), text(&output.stderr))
    };
    let tried = |said: &str| {
        let words = ["allowed", "refused", "arrived", "lost", "asking this", "   "];
        said.lines()
            .filter(|line| words.iter().any(|word| line.starts_with(word)))
            .map(str::to_owned)
            .collect::<Vec<_>>()
    };
    let (status, alone, error) = check(&[]);
    assert_eq!(status, Some(1), "{alone}");
    assert!(error.contains("not everything is allowed; see above"), "{error}");
    for words in [
        "allowed   GetCallerIdentity: account",
        "refused   GetCredits (",
        "billing:GetCredits",
        "arrived   a test message to the channel the log (log)",
        "lost      a test message to the channel hook (webhook): ",
        "asking    about $0.93 a month",
        "and $0.03 a month for 3 questions about corrections of closed months, with $0.02 more for each month",
    ] {
        assert!(alone.contains(words), "{words}: {alone}");
    }
    let (status, quiet, _) = check(&["--no-channels"]);
    assert_eq!(status, Some(1));
    assert!(quiet.contains("refused   GetCredits (") && !quiet.contains("test message"), "{quiet}");

    let daemon = Daemon::start_with(&folder, &endpoint, CHANNELS);
    let (status, beside, error) = check(&[]);
    assert_eq!(status, Some(1), "{beside}");
    assert!(error.contains("not everything is allowed; see above"), "{error}");
    assert!(beside.contains("daemon    it holds the store and tries this itself"), "{beside}");
    assert_eq!(tried(&beside), tried(&alone));
    let (_, quiet_beside, _) = check(&["--no-channels"]);
    assert_eq!(tried(&quiet_beside), tried(&quiet));
    assert_eq!(daemon.terminate(), Some(0));
}
