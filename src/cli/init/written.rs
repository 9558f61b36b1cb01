//! What is written, as text: only what was chosen, with a pointer to the rest.

use std::fmt::Write as _;
use std::path::PathBuf;

use anyhow::Result;
use toml::Value;

use super::answers::Answers;
use super::args::Pools;
use super::choices::Channel;
use crate::cli::token;

/// The config.
pub const CONFIG: &str = "glidepath.toml";
/// The filing to fill in.
pub const FILING: &str = "projection.toml";
/// The folder of the policies.
pub const IAM: &str = "iam";
/// The founder's token, where one is needed.
const TOKEN: &str = "founder.token";

const IAM_FILES: [(&str, &str, &str); 3] = [
    ("README.md", include_str!("../../../config/iam/README.md"), "what each policy is for"),
    ("minimum.json", include_str!("../../../config/iam/minimum.json"), "the IAM policy for spend"),
    ("credits.json", include_str!("../../../config/iam/credits.json"), "the IAM policy for credits"),
];
const EMPTY_FILING: &str = include_str!("../../../config/init/projection.toml");

/// A file to write.
pub struct File {
    /// Where.
    pub path: PathBuf,
    /// What it is, for people.
    pub about: &'static str,
    /// What stands in it.
    pub text: String,
    /// Whether it is nobody else's to read.
    pub secret: bool,
    /// Whether what stands there stays, whatever it says.
    pub kept: bool,
}

/// Everything, the config last: where it is there, all is there.
///
/// # Errors
/// If the system gives no random bytes.
pub fn files(answers: &Answers) -> Result<Vec<File>> {
    let file = |name: &str, about, text| File { path: answers.dir.join(name), about, text, secret: false, kept: false };
    let mut files: Vec<File> = IAM_FILES
        .into_iter()
        .map(|(name, text, about)| file(&format!("{IAM}/{name}"), about, text.to_owned()))
        .collect();
    files.push(file(FILING, "the filing, to fill in", filing(answers)));
    if !answers.listen.ip().is_loopback() {
        let text = format!("{}\n", token::random()?);
        files.push(File { secret: true, kept: true, ..file(TOKEN, "the founder's token, which opens the page", text) });
    }
    files.push(file(CONFIG, "the config", config(answers)));
    Ok(files)
}

/// Text as TOML writes it.
fn quoted(text: &str) -> String {
    Value::String(text.to_owned()).to_string()
}

fn filing(answers: &Answers) -> String {
    let Some(name) = &answers.name else { return EMPTY_FILING.to_owned() };
    let line = |line: &str| match line.strip_prefix("customer = \"\"") {
        Some(rest) => format!("customer = {}{rest}", quoted(name)),
        None => line.to_owned(),
    };
    EMPTY_FILING.lines().map(line).map(|line| line + "\n").collect()
}

fn config(answers: &Answers) -> String {
    let of = answers.name.as_ref().map(|name| format!(" of {name}")).unwrap_or_default();
    let mut text = format!(
        "# Glidepath's config{of}.\n\
         # What is not here is as by default: docs/config.md, in the repository and the tarball, names every key with its default.\n\
         # After a change, `glidepath check` names every problem with its line; the daemon reads this when it starts.\n\
         \n\
         [store]\n\
         # The file that holds everything. Paths that do not begin with / begin in the folder of this file.\n\
         path = \"glidepath.duckdb\"\n\
         # Backups are made daily into the folder \"backups\" beside it. A second place, on another disk, outlives this one:\n\
         #backup_to = \"/mnt/backups\"\n\n"
    );
    text += match answers.pools {
        Pools::Aws => {
            "# Credits: AWS lists them, with the policy iam/credits.json. A [[pool]] would only give one another name.\n"
        }
        Pools::Manual => {
            "# Credits: write each as the console's Credits page shows it, and remove the \"#\"; `glidepath credits record` takes what \
             is left.\n\
             #[[pool]]\n\
             #id = \"1234567890123456\"\n\
             #name = \"Activate Portfolio\"\n\
             #programme = \"activate-portfolio\"\n\
             #granted = \"100000\"\n\
             #starts_on = 2026-02-01\n\
             #expires_on = 2028-02-01\n"
        }
    };
    text.push('\n');
    match &answers.channel {
        Some(channel) => text += &channel_text(channel),
        None => {
            text += "# Nobody is told of alerts: they are seen on the page and in `glidepath status` alone. For Slack, remove the \"#\":\n\
                     #[[channel]]\n\
                     #name = \"alerts\"\n\
                     #type = \"slack\"\n\
                     #url = { env = \"GLIDEPATH_SLACK_URL\" }\n";
        }
    }
    let _ = write!(
        text,
        "\n[http]\n# Where the page and the API are served.\nlisten = {}\n",
        quoted(&answers.listen.to_string())
    );
    if !answers.listen.ip().is_loopback() {
        let _ = write!(
            text,
            "\n# Others can reach that address, so the page asks for a token. `glidepath token new` makes more of them.\n\
             [[http.tokens]]\nname = \"founder\"\nrole = \"founder\"\ntoken = {{ file = {} }}\n",
            quoted(TOKEN)
        );
    }
    text
}

fn channel_text(channel: &Channel) -> String {
    let Channel { kind, variable } = channel;
    let secret = format!("{{ env = {} }}", quoted(variable));
    let keys = match *kind {
        "slack" => {
            format!("# The variable holds the address of the incoming webhook, which is a secret.\nurl = {secret}\n")
        }
        "pagerduty" => format!("# The variable holds the integration key of Events API v2.\nrouting_key = {secret}\n"),
        "email" => format!(
            "# Put your own mail server and addresses here. The variable holds the password.\n\
             host = \"smtp.example.com\"\n\
             user = \"glidepath@example.com\"\n\
             password = {secret}\n\
             from = \"Glidepath <glidepath@example.com>\"\n\
             to = [\"ops@example.com\"]\n"
        ),
        "alertmanager" => format!(
            "# Put your own address here, without /api/v2. The variable holds the bearer token.\n\
             url = \"https://alertmanager.example.com\"\n\
             token = {secret}\n"
        ),
        "webhook" => format!(
            "# The first variable holds the address, the second the key that signs each message (Standard Webhooks).\n\
             url = {secret}\n\
             secret = {{ env = {} }}\n",
            quoted(&channel.key_variable())
        ),
        _ => String::new(),
    };
    format!(
        "# Who is told. `glidepath alerts test` sends a message.\n[[channel]]\nname = \"alerts\"\ntype = {}\n{keys}",
        quoted(kind)
    )
}
