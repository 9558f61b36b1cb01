//! Credentials that cannot be had: what the user is told to do, before anything is asked of AWS.

use std::path::Path;
use std::process::Command;

use tempfile::TempDir;

use super::{config, glidepath, run, text};

/// `glidepath` without keys in the environment, whose home is `folder`.
fn without_keys(folder: &Path) -> Command {
    let mut command = glidepath(folder, None);
    command.env_remove("AWS_ACCESS_KEY_ID").env_remove("AWS_SECRET_ACCESS_KEY").env("HOME", folder);
    command
}

fn told(command: &mut Command) -> String {
    let output = run(command.args(["cycle", "--as-of", "2026-11-20T06:00:00Z"]));
    assert_eq!(output.status.code(), Some(1));
    text(&output.stderr)
}

#[test]
fn without_credentials_the_ways_to_give_them_are_named() {
    let folder = TempDir::new().unwrap();
    config(&folder, "");
    let said = told(&mut without_keys(folder.path()));
    for words in ["no AWS credentials were found", "a role to the instance or task", "AWS_PROFILE"] {
        assert!(said.contains(words), "{words}: {said}");
    }
}

#[test]
fn a_session_of_single_sign_on_that_is_over_or_never_began_is_told_with_the_command_that_starts_one() {
    let folder = TempDir::new().unwrap();
    config(&folder, "");
    let profile = "sso_account_id = 123456789012\nsso_role_name = ops\nregion = us-east-1\n";
    let session = "sso_start_url = https://example.awsapps.com/start\nsso_region = us-east-1\n";
    let files = format!(
        "[profile new]\nsso_session = corp\n{profile}[sso-session corp]\n{session}[profile old]\n{session}{profile}"
    );
    std::fs::write(folder.path().join("aws-config"), files).unwrap();
    let cache = folder.path().join(".aws/sso/cache");
    std::fs::create_dir_all(&cache).unwrap();
    // Named by the SHA-1 of the session's name.
    let token = r#"{"accessToken": "gone", "expiresAt": "2020-01-01T00:00:00Z", "region": "us-east-1",
                    "startUrl": "https://example.awsapps.com/start"}"#;
    let expired = cache.join("ee0bfd2552fbd840c02cc48b6e823320543c450f.json");
    std::fs::write(expired, token).unwrap();
    for name in ["new", "old"] {
        let mut command = without_keys(folder.path());
        let said = told(command.envs([("AWS_PROFILE", name)]).env("AWS_CONFIG_FILE", folder.path().join("aws-config")));
        assert!(said.contains("the single sign-on session is over: "), "{name}: {said}");
        assert!(said.contains("Run `aws sso login` with the same AWS_PROFILE"), "{name}: {said}");
        assert!(!said.contains("gone"), "{name}: {said}");
    }
}
