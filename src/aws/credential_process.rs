//! A profile's `credential_process`, held to a time.
//!
//! The SDK starts it by itself, waits for it for minutes, and lets it run on once it waits no longer. So in the profiles that
//! the SDK is given, the program that glidepath is stands before each such command: it runs the command in a process group of
//! its own and ends the whole group once the time is over (`cli::credential_process`). Chains of profiles and roles, and what
//! the command answers, stay the SDK's business.
//!
//! Invariant: where no profile has such a command, the SDK reads its files as if this did not exist.

use std::env;
use std::path::{Path, PathBuf};
use std::time::Duration;

use aws_runtime::env_config::file::{EnvConfigFileKind, EnvConfigFiles};

/// The command of this program that runs another one for so many seconds.
pub const WITHIN: &str = "credential-process";
/// The property of a profile.
const PROPERTY: &str = "credential_process";

/// The user's profiles with each `credential_process` held to `limit`; `None` where there is none, or it cannot be told which
/// program this is.
pub(super) fn held_to(limit: Duration) -> Option<EnvConfigFiles> {
    let [config, credentials] = [("AWS_CONFIG_FILE", "config"), ("AWS_SHARED_CREDENTIALS_FILE", "credentials")]
        .map(|(variable, name)| std::fs::read_to_string(place(variable, name)).unwrap_or_default());
    let program = this_program()?;
    let held = [&config, &credentials].map(|text| rewritten(text, &program, limit));
    if held == [None, None] {
        return None;
    }
    let [held_config, held_credentials] = held;
    let files = EnvConfigFiles::builder()
        .with_contents(EnvConfigFileKind::Config, held_config.unwrap_or(config))
        .with_contents(EnvConfigFileKind::Credentials, held_credentials.unwrap_or(credentials));
    Some(files.build())
}

/// Where the SDK looks for the file.
fn place(variable: &str, name: &str) -> PathBuf {
    let home = || PathBuf::from(env::var_os("HOME").unwrap_or_default());
    match env::var_os(variable).map(PathBuf::from) {
        Some(path) => path.strip_prefix("~").map(|below| home().join(below)).unwrap_or(path),
        None => home().join(".aws").join(name),
    }
}

/// By process id, so that the shell between finds it, also after the file was replaced by a newer version.
fn this_program() -> Option<PathBuf> {
    let running = PathBuf::from(format!("/proc/{}/exe", std::process::id()));
    if running.exists() { Some(running) } else { env::current_exe().ok() }
}

/// `text` with each command run by `program`; `None` if there is none.
fn rewritten(text: &str, program: &Path, limit: Duration) -> Option<String> {
    let before = format!("{PROPERTY} = exec {} {WITHIN} {}", quoted(&program.to_string_lossy()), limit.as_secs());
    let mut out = String::new();
    let mut any = false;
    let mut lines = text.lines().peekable();
    while let Some(line) = lines.next() {
        let Some(first) = command(line) else {
            out.extend([line, "\n"]);
            continue;
        };
        any = true;
        let mut command = first.to_owned();
        // A value goes on in the lines that begin with white space; empty ones and comments between are left out.
        while let Some(next) = lines.next_if(|next| next.starts_with(BLANK) || is_left_out(next)) {
            if !is_left_out(next) {
                command.extend(["\n", next.trim_matches(BLANK)]);
            }
        }
        out.extend([&before, " ", &quoted(&command).replace('\n', "\n "), "\n"]);
    }
    any.then_some(out)
}

/// What the SDK takes for white space.
const BLANK: [char; 2] = [' ', '\t'];

fn is_left_out(line: &str) -> bool {
    line.trim_matches(BLANK).is_empty() || line.starts_with(['#', ';'])
}

/// The command that `line` gives; a comment behind it, which begins after white space, is no part of it.
fn command(line: &str) -> Option<&str> {
    if line.starts_with(BLANK) || is_left_out(line) {
        return None;
    }
    let (name, value) = line.split_once('=')?;
    let comment =
        value.char_indices().find(|(at, c)| matches!(c, '#' | ';') && value[..*at].ends_with(char::is_whitespace));
    let value = value[..comment.map_or(value.len(), |(at, _)| at)].trim_matches(BLANK);
    (name.trim_matches(BLANK).eq_ignore_ascii_case(PROPERTY) && !value.is_empty()).then_some(value)
}

/// One word of a shell's.
fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', r"'\''"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn held(text: &str) -> Option<String> {
        rewritten(text, Path::new("/opt/glide path"), Duration::from_secs(60))
    }

    #[test]
    fn a_file_without_such_a_command_stays_the_sdk_s() {
        for text in [
            "",
            "[default]\nregion = us-east-1\n",
            "# credential_process = x\n",
            " credential_process = x",
            "[p]\ncredential_process =",
        ] {
            assert_eq!(held(text), None, "{text:?}");
        }
    }

    #[test]
    fn each_command_is_run_by_this_program_and_nothing_else_changes() {
        let role = "[profile b]\nrole_arn = arn:aws:iam::1:role/r\nsource_profile = a\n";
        let text = format!("[profile a]\nregion=eu-west-1\nCredential_Process=tool --user 'o' # how\n\n{role}");
        let held_to = r"exec '/opt/glide path' credential-process 60 'tool --user '\''o'\'''";
        let expected = format!("[profile a]\nregion=eu-west-1\ncredential_process = {held_to}\n{role}");
        assert_eq!(held(&text).unwrap(), expected);
    }

    #[test]
    fn a_command_of_several_lines_stays_one_word() {
        let text = "[a]\ncredential_process = tool\n  --one\n# no part of it\n\t--two 'x'\nregion = r\n";
        let held_to = "exec '/opt/glide path' credential-process 60 'tool\n --one\n --two '\\''x'\\'''";
        assert_eq!(held(text).unwrap(), format!("[a]\ncredential_process = {held_to}\nregion = r\n"));
    }
}
