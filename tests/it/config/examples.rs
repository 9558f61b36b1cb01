//! The files that people start from: they load, they name every key, and what they call a default is one.

use std::path::Path;

use glidepath::config::{Config, Role};
use glidepath::domain::alert::AlertRules;
use glidepath::domain::credit::programme::Programme;
use toml::{Table, Value};

use super::parse;

pub(super) const EXAMPLE: &str = include_str!("../../../config/glidepath.example.toml");
const MINIMAL: &str = include_str!("../../../config/glidepath.minimal.toml");

/// A config beside the examples.
fn read(text: &str) -> Config {
    Config::parse(text, Path::new("config/glidepath.toml")).unwrap()
}

/// The example with every setting that is commented out switched on.
pub fn switched_on() -> String {
    let is_setting = |line: &str| line.starts_with('#') && !line.starts_with("# ") && line != "#";
    let lines = EXAMPLE.lines().map(|line| if is_setting(line) { &line[1..] } else { line });
    lines.collect::<Vec<_>>().join("\n")
}

#[test]
fn two_lines_are_a_config_and_give_the_documented_defaults() {
    assert_eq!(MINIMAL.lines().count(), 2);
    let config = read(MINIMAL);
    assert_eq!(config.store_path, Path::new("config/glidepath.duckdb"));
    assert_eq!(config.backup_folder, Path::new("config/backups"));
    assert_eq!(config.backup_to, None);
    assert_eq!(config.backups_kept, 7);
    assert!(config.aws.accounts.is_empty());
    assert_eq!(config.aws.region, None);
    assert_eq!(config.aws.currency, "USD");
    assert_eq!(config.aws.max_pages, 200);
    assert_eq!(config.paid_requests_per_day, 100);
    assert_eq!(config.tax_rate, None);
    assert!(config.model_aliases.is_empty());
    assert_eq!(config.cycle_schedule.as_str(), "0 30 6 * * *");
    assert_eq!(config.backup_schedule.unwrap().as_str(), "0 0 3 * * *");
    assert_eq!(config.digest_schedule.unwrap().as_str(), "0 0 7 * * 1");
    assert!(config.pools.is_empty());
    assert_eq!(config.projection_file, None);
    assert_eq!(config.rules, AlertRules::default());
    assert_eq!(config.dashboard_url, None);
    assert!(config.channels.is_empty());
    assert!(config.reports.is_empty());
    assert_eq!((config.link_days, config.audit_days), (14, 400));
    assert_eq!(config.listen.to_string(), "127.0.0.1:8437");
    assert!(config.tokens.is_empty());
}

#[test]
fn the_example_as_it_stands_changes_no_default() {
    let minimal = read(MINIMAL);
    let mut example = read(EXAMPLE);
    assert_ne!(example.digest, minimal.digest, "the digest is that of the text");
    example.digest.clone_from(&minimal.digest);
    assert_eq!(format!("{example:#?}"), format!("{minimal:#?}"));
}

/// The example's text with its secrets in files, and in `folder` every file that it names.
pub fn with_its_files(folder: &Path, example: &str) -> String {
    let secrets = [
        ("slack-url", "https://hooks.slack.com/services/T000/B000/XXXX"),
        ("glidepath-pagerduty-key", "0123456789abcdef0123456789abcdef"),
        ("glidepath-smtp-password", "password-of-the-mail-server"),
        ("glidepath-alertmanager-password", "password-of-the-alertmanager"),
        ("glidepath-alertmanager-token", "token-of-the-alertmanager"),
        ("glidepath-webhook-url", "https://example.com/hook"),
        ("glidepath-webhook-key", "whsec_c29tZS1zaWduaW5nLWtleS1vZi0zMi1ieXRlcyEhIQ=="),
        ("glidepath-token", "token-of-the-founder"),
        ("glidepath-link-key", "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"),
        ("glidepath-partner-token", "token-of-the-investor"),
    ];
    for (name, text) in secrets {
        std::fs::write(folder.join(name), text).unwrap();
    }
    let text =
        example.replace("{ env = \"GLIDEPATH_SLACK_URL\" }", "{ file = \"slack-url\" }").replace("/run/secrets/", "");
    let prices = "read_on = \"2026-09-01\"\nsource = \"quote\"\n[[model]]\nname = \"House Llama\"\ninput = \"0.1\"\n";
    std::fs::write(folder.join("prices.toml"), prices).unwrap();
    let logo = r#"<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 4 4"><circle cx="2" cy="2" r="2"/></svg>"#;
    std::fs::write(folder.join("logo.svg"), logo).unwrap();
    std::fs::write(folder.join("commentary.txt"), "The launch was moved to May.\n").unwrap();
    text
}

#[test]
fn the_example_loads_with_everything_switched_on() {
    let folder = tempfile::tempdir().unwrap();
    let text = with_its_files(folder.path(), &switched_on());
    let path = folder.path().join("glidepath.toml");
    std::fs::write(&path, text).unwrap();
    let config = Config::load(&path).unwrap();
    let partner = config.partner.unwrap();
    assert_eq!(partner.name.as_deref(), Some("Fernhill Cloud GmbH"));
    assert!(partner.logo.is_some() && partner.commentary.paragraphs() == ["The launch was moved to May."]);
    assert!(config.prices.knows_model("House Llama") && config.prices.knows_model("Claude Sonnet 5"));
    assert_eq!(config.store_path, folder.path().join("glidepath.duckdb"));
    assert_eq!(config.tax_rate.unwrap().to_string(), "0.19");
    assert_eq!(config.model_aliases["my-imported-model"], "House Llama");
    assert_eq!(config.backup_to.as_deref(), Some(Path::new("/mnt/backups")));
    assert_eq!(config.pools[0].programme, Some(Programme::ActivatePortfolio));
    assert_eq!(config.pools[0].granted.unwrap().to_string(), "100000");
    assert_eq!(config.pools[0].services.as_ref().unwrap().len(), 3);
    let kinds: Vec<(&str, &str)> = config.channels.iter().map(|(name, one)| (name.as_str(), one.kind())).collect();
    assert_eq!(
        kinds,
        [
            ("alertmanager", "alertmanager"),
            ("alertmanager-by-token", "alertmanager"),
            ("founders", "email"),
            ("investor", "email"),
            ("log", "log"),
            ("on-call", "pagerduty"),
            ("our-system", "webhook"),
            ("team", "slack"),
        ]
    );
    let roles = config.tokens.iter().map(|token| token.role.clone());
    let partner = Role::Partner { records: vec!["ai".to_owned()] };
    assert_eq!(roles.collect::<Vec<_>>(), [Role::Founder, Role::Ops, partner]);
    assert_eq!(config.tokens[1].expires_on.unwrap().to_string(), "2027-12-31");
    assert!(config.tokens[1].secret.is_none());
    assert_eq!(config.link_key.unwrap().expose().len(), 64);
    let reports: Vec<(&str, String, usize)> = config
        .reports
        .iter()
        .map(|report| (report.name.as_str(), report.kind.to_string(), report.channels.len()))
        .collect();
    assert_eq!(reports, [("board", "funding-pack".to_owned(), 2)]);
    assert_eq!(config.hears["investor"].records.as_deref(), Some(["ai".to_owned()].as_slice()));
}

/// The keys that the reader knows in a section, which it names when it meets one that it does not know.
pub(super) fn known_keys(section: &str) -> Vec<String> {
    let error = parse(&format!("{section}\nno_such_key = 1\n")).unwrap_err();
    let message = error.problems.iter().find_map(|problem| problem.message.split_once("here; the keys are "));
    let (_, keys) = message.unwrap_or_else(|| panic!("{section}: {error}"));
    keys.split(", ").map(str::to_owned).collect()
}

/// The tables that stand at `path`, whether one bracket or two.
fn tables<'t>(root: &'t Table, path: &[&str]) -> Vec<&'t Table> {
    path.iter().fold(vec![root], |found, name| {
        let values = found.into_iter().filter_map(|table| table.get(*name));
        let entries = values.flat_map(|value| value.as_array().map_or(std::slice::from_ref(value), Vec::as_slice));
        entries.filter_map(Value::as_table).collect()
    })
}

#[test]
fn the_example_names_every_key() {
    let example: Table = switched_on().parse().unwrap();
    let slack = "[[channel]]\nname = \"a\"\ntype = \"slack\"";
    let pagerduty = "[[channel]]\nname = \"a\"\ntype = \"pagerduty\"";
    let email = "[[channel]]\nname = \"a\"\ntype = \"email\"";
    let alertmanager = "[[channel]]\nname = \"a\"\ntype = \"alertmanager\"";
    let webhook = "[[channel]]\nname = \"a\"\ntype = \"webhook\"";
    let sections: [(&str, &[&str], usize); 17] = [
        ("[aws]", &["aws"], 9),
        ("[schedule]", &["schedule"], 3),
        ("[[pool]]", &["pool"], 7),
        ("[projection]", &["projection"], 2),
        ("[alerts]", &["alerts"], 27),
        ("[alerts.repeat]", &["alerts", "repeat"], 2),
        (slack, &["channel"], 8),
        (pagerduty, &["channel"], 9),
        (email, &["channel"], 14),
        (alertmanager, &["channel"], 11),
        (webhook, &["channel"], 9),
        ("[[report]]", &["report"], 5),
        ("[partner]", &["partner"], 3),
        ("[heartbeat]", &["heartbeat"], 1),
        ("[http]", &["http"], 9),
        ("[[http.tokens]]", &["http", "tokens"], 6),
        // `parse` opens the file with [store].
        ("", &["store"], 5),
    ];
    for (section, path, count) in sections {
        let known = known_keys(section);
        assert_eq!(known.len(), count, "{section} has the keys {known:?}");
        let tables = tables(&example, path);
        for key in known {
            assert!(tables.iter().any(|table| table.contains_key(&key)), "the example lacks {key} in {path:?}");
        }
    }
}

#[test]
fn the_example_explains_every_key() {
    let mut section = "";
    let mut explained = Vec::new();
    let mut before = "";
    for line in EXAMPLE.lines() {
        let setting = if line.starts_with("# ") { "" } else { line.trim_start_matches('#') };
        if setting.starts_with('[') {
            section = setting;
        } else if let Some((key, _)) = setting.split_once(" = ") {
            let is_explained = before.starts_with("# ") || explained.contains(&(section, key));
            assert!(is_explained, "{section} {key} has no comment above it");
            explained.push((section, key));
        }
        before = line;
    }
    assert!(explained.len() > 40, "found only {}", explained.len());
}

#[test]
fn every_cron_line_of_the_examples_parses() {
    let example: Table = switched_on().parse().unwrap();
    let lines: Vec<&str> = example["schedule"].as_table().unwrap().values().filter_map(Value::as_str).collect();
    assert_eq!(lines.len(), 3);
    let reports = example["report"].as_array().unwrap().iter().map(|report| report["schedule"].as_str().unwrap());
    for line in lines.into_iter().chain(reports) {
        assert!(line.parse::<glidepath::config::CronLine>().is_ok(), "{line}");
    }
}

#[test]
fn the_address_of_the_page_ends_in_a_slash_whether_it_is_written_or_not() {
    for (written, meant) in [
        ("https://ops.example.com", "https://ops.example.com/"),
        ("https://ops.example.com/glidepath", "https://ops.example.com/glidepath/"),
        ("https://ops.example.com/glidepath/", "https://ops.example.com/glidepath/"),
        ("http://[::1]:8080/a/b", "http://[::1]:8080/a/b/"),
    ] {
        let config = read(&format!("{MINIMAL}[http]\ndashboard_url = \"{written}\"\n"));
        assert_eq!(config.dashboard_url.as_deref(), Some(meant));
    }
}
