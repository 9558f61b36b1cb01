//! What stands on standard error: nothing of a credential, nothing twice, and no colours in a file.

use glidepath::demo::{FakeAws, Fault, Operation, startup};
use tempfile::TempDir;

use super::{config, glidepath, run, text};

const KEY_ID: &str = "AKIAGLIDEPATHLOGTEST";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_log_level_shows_the_id_of_the_access_key() {
    let fake = FakeAws::start(startup::account(), startup::TODAY).await.unwrap();
    for (form, filter) in [
        ("json", "trace"),
        ("text", "debug"),
        ("text", "trace,aws_sigv4=trace,aws_smithy_runtime::client=trace,aws_runtime=trace"),
    ] {
        let folder = TempDir::new().unwrap();
        config(&folder, "");
        let mut command = glidepath(folder.path(), Some(&fake.endpoint()));
        command.envs([("AWS_ACCESS_KEY_ID", KEY_ID), ("RUST_LOG", filter)]);
        let output = run(command.args(["--log-format", form, "cycle", "--as-of", "2026-11-20T06:00:00Z"]));
        let said = text(&output.stderr);
        assert!(output.status.success(), "{said}");
        assert!(said.contains("INFO"), "the filter was heard: {filter}");
        assert!(!said.contains(KEY_ID) && !text(&output.stdout).contains(KEY_ID), "{filter}");
        assert!(!said.contains('\u{1b}'), "no colours where nobody sees them");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_cycle_could_not_have_is_said_once() {
    let fake = FakeAws::start(startup::account(), startup::TODAY).await.unwrap();
    fake.inject(Fault::Denied.on(Operation::GetCredits).always());
    fake.inject(Fault::Denied.on(Operation::GetCostAndUsage).always());
    let folder = TempDir::new().unwrap();
    config(&folder, "");
    let output =
        run(glidepath(folder.path(), Some(&fake.endpoint())).args(["cycle", "--as-of", "2026-11-20T06:00:00Z"]));
    let said = text(&output.stderr);
    for action in ["billing:GetCredits", "ce:GetCostAndUsage"] {
        assert_eq!(said.matches(&format!("perform: {action}")).count(), 1, "{said}");
    }
}
