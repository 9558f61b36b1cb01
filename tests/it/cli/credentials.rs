//! Credentials that cannot be had: what the user is told to do, before anything is asked of AWS.

use std::io::{Read as _, Write as _};
use std::net::TcpListener;
use std::path::Path;
use std::process::Command;
use std::thread;

use glidepath::demo::{FakeAws, startup};
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

/// `glidepath` under the profile `name`: `tool` has the command `command`, and `role` assumes a role with it.
fn with_process(folder: &Path, endpoint: &str, command: &str, name: &str) -> Command {
    let files = format!(
        "[profile role]\nrole_arn = arn:aws:iam::123456789012:role/reader\nsource_profile = tool\nregion = us-east-1\n\
         [profile tool]\ncredential_process = {command} # held to a time\n"
    );
    std::fs::write(folder.join("aws-config"), files).unwrap();
    let mut glidepath = without_keys(folder);
    let set =
        [("AWS_ENDPOINT_URL", endpoint), ("AWS_PROFILE", name), ("PATH", "/usr/bin:/bin"), ("KEY", "ASIAPROCESS")];
    glidepath.env("AWS_CONFIG_FILE", folder.join("aws-config")).envs(set);
    glidepath
}

/// A command whose answer needs its quotes, the shell's and the environment.
const PRINTS: &str =
    r#"printf '{"Version": 1, "AccessKeyId": "%s", "SecretAccessKey": "x y", "SessionToken": "t"}' "$KEY""#;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_credential_process_gives_the_credentials_that_a_cycle_asks_with() {
    let fake = FakeAws::start(startup::account(), startup::TODAY).await.unwrap();
    let folder = TempDir::new().unwrap();
    config(&folder, "");
    let mut command = with_process(folder.path(), &fake.endpoint(), PRINTS, "tool");
    let output = run(command.args(["cycle", "--as-of", "2026-11-20T06:00:00Z"]));
    assert!(output.status.success() && text(&output.stdout).contains("costs     ok"), "{}", text(&output.stderr));
}

#[test]
fn a_role_is_assumed_with_what_a_credential_process_gives() {
    let sts = TcpListener::bind("127.0.0.1:0").unwrap();
    let endpoint = format!("http://{}", sts.local_addr().unwrap());
    let answers = thread::spawn(move || {
        let role = "<AssumeRoleResponse xmlns=\"https://sts.amazonaws.com/doc/2011-06-15/\"><AssumeRoleResult><Credentials>\
            <AccessKeyId>ASIAROLE</AccessKeyId><SecretAccessKey>r</SecretAccessKey><SessionToken>t</SessionToken>\
            <Expiration>2099-01-01T00:00:00Z</Expiration></Credentials></AssumeRoleResult></AssumeRoleResponse>";
        // The role, whose credentials these are, and no more.
        [role, ""].map(|answer| {
            let (mut connection, _) = sts.accept().unwrap();
            let mut asked = vec![0; 8192];
            let length = connection.read(&mut asked).unwrap();
            let head = "HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-type: text/xml\r\ncontent-length:";
            write!(connection, "{head} {}\r\n\r\n{answer}", answer.len()).unwrap();
            text(&asked[..length])
        })
    });
    let folder = TempDir::new().unwrap();
    config(&folder, "");
    told(&mut with_process(folder.path(), &endpoint, PRINTS, "role"));
    let [assumed, asked] = answers.join().unwrap();
    assert!(assumed.contains("Credential=ASIAPROCESS/"), "{assumed}");
    assert!(asked.contains("Credential=ASIAROLE/"), "{asked}");
}

#[test]
fn a_credential_process_that_hangs_fails_the_cycle_and_says_what_to_do() {
    let folder = TempDir::new().unwrap();
    config(&folder, "");
    let hangs =
        format!("{} credential-process 1 'sleep 600 || echo secret'", env!("CARGO_BIN_EXE_glidepath-under-test"));
    let said = told(&mut with_process(folder.path(), "http://127.0.0.1:9", &hangs, "tool"));
    for words in
        ["no AWS credentials were found", "the credential_process sleep did not end within 1 s", "by hand, as the user"]
    {
        assert!(said.contains(words), "{words}: {said}");
    }
    assert!(!said.contains("secret"), "{said}");
}

#[test]
fn nothing_is_left_of_a_credential_process_that_hangs() {
    let folder = TempDir::new().unwrap();
    let pids = folder.path().join("pids");
    let note = |pid: &str| format!("echo {pid} >> '{}'; ", pids.display());
    let [own, child] = ["$$", "$!"].map(note);
    for (what, script) in [
        ("it sleeps", format!("{own} sleep 600; echo over")),
        ("a child of it sleeps", format!("{own} (sleep 600; echo over) & {child} wait")),
        ("it has ended, and a child holds its output", format!("(sleep 600) & {child} echo '{{\"Version\": 1}}'")),
        (
            "it has ended, and a child holds its errors",
            format!("(sleep 600) > '{}/out' & {child} exit 3", folder.path().display()),
        ),
        ("it hears no signal", format!("trap '' TERM INT HUP; {own} sleep 600 & {child} wait; sleep 600")),
        ("it writes without an end", format!("{own} yes & {child} wait")),
    ] {
        let mut command = glidepath(folder.path(), None);
        let output = run(command.env("PATH", "/usr/bin:/bin").args(["credential-process", "1", &script]));
        let said = text(&output.stderr);
        assert_eq!((output.status.code(), text(&output.stdout).as_str()), (Some(1), ""), "{what}: {said}");
        assert!(
            said.contains("did not end within 1 s, so it and all that it had started were ended"),
            "{what}: {said}"
        );
        for pid in std::fs::read_to_string(&pids).unwrap().lines() {
            // What nobody has waited for yet has ended too.
            let state = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
            assert!(state.is_empty() || state.contains(") Z "), "{what}: {state}");
        }
        std::fs::remove_file(&pids).unwrap();
    }
}

#[test]
fn a_credential_process_that_ends_is_passed_on_as_it_ended() {
    let folder = TempDir::new().unwrap();
    for (script, status, answer, words) in [
        ("echo answer; echo aside >&2", 0, "answer\n", ""),
        ("echo half; echo 'no such user' >&2; exit 7", 7, "", "no such user\n"),
        ("cat", 0, "", ""),
        ("sleep 600 > /dev/null 2>&1 & echo $!", 0, "", ""),
    ] {
        let mut command = glidepath(folder.path(), None);
        let output = run(command.env("PATH", "/usr/bin:/bin").args(["credential-process", "60", script]));
        assert_eq!((output.status.code(), text(&output.stderr).as_str()), (Some(status), words), "{script}");
        let printed = text(&output.stdout);
        match printed.trim().parse::<u32>() {
            // An agent that it leaves behind, and that holds nothing of it, is its business.
            Ok(agent) => {
                assert!(Path::new(&format!("/proc/{agent}")).exists(), "{script}");
                run(Command::new("kill").arg(agent.to_string()));
            }
            Err(_) => assert_eq!(printed, answer, "{script}"),
        }
    }
}

#[test]
fn a_credential_process_ends_when_whoever_asked_is_gone() {
    let folder = TempDir::new().unwrap();
    let pid = folder.path().join("pid");
    let script = format!("echo $$ > '{}'; sleep 600", pid.display());
    // A shell that asks, and goes away once the process runs. Its output stays open for as long as whoever it asked is there.
    let program = env!("CARGO_BIN_EXE_glidepath-under-test");
    let asks = format!("{program} credential-process 600 \"$1\" & while ! [ -s \"$2\" ]; do sleep 0.01; done");
    let output = run(Command::new("sh").args(["-c", &asks, "sh", &script]).arg(&pid));
    assert!(text(&output.stderr).contains("is asked for by nobody any more"), "{}", text(&output.stderr));
    let pid = std::fs::read_to_string(&pid).unwrap();
    let state = std::fs::read_to_string(format!("/proc/{}/stat", pid.trim())).unwrap_or_default();
    assert!(state.is_empty() || state.contains(") Z "), "{state}");
}
