//! Config files: each mistake reports its own problem, all mistakes are reported at once, no message shows a secret, and
//! the examples load and say what the defaults are.

mod cron;
mod deployments;
mod examples;
mod mistakes;
mod reference;

use std::path::{Path, PathBuf};

use glidepath::config::{Config, ConfigError, Role};
use glidepath::domain::wording::Hears;
use glidepath::report::{Format, ReportKind};

/// A file in `tests/config`, and the place and a part of the message of each of its problems, in order.
type Case = (&'static str, &'static [(&'static str, &'static str)]);

#[rustfmt::skip]
const CASES: &[Case] = &[
    // The file.
    ("not_toml", &[("", "this is not TOML")]),
    ("key_twice", &[("", "duplicate key")]),
    ("unknown_section", &[("", r#"there is no section "stroe"; did you mean "store"?"#)]),
    ("key_outside_sections", &[("", r#"stands in no section: "path""#)]),
    ("section_is_text", &[("[aws]", "is text; write a line [aws]")]),
    ("section_with_two_brackets", &[("[schedule]", "write [schedule], with one bracket")]),
    ("pool_with_one_bracket", &[("[pool]", "write [[pool]], with two brackets")]),
    ("pool_is_text", &[("[[pool]] 1", "is text; write a line [[pool]]")]),
    ("tokens_with_one_bracket", &[("[http.tokens]", "write [[http.tokens]], with two brackets")]),
    // Unknown keys.
    ("unknown_key_store", &[
        ("[store]", r#"there is no key "pth" here; the keys are path, backup_folder, backup_to, backups_kept, memory_mb"#),
    ]),
    ("unknown_key_aws", &[("[aws]", r#"there is no key "acounts""#)]),
    ("unknown_key_schedule", &[("[schedule]", r#"there is no key "cycles" here; did you mean "cycle"?"#)]),
    ("unknown_key_pool", &[("[[pool]] 1 (founders)", r#"there is no key "amount""#)]),
    ("unknown_key_projection", &[("[projection]", r#"there is no key "file" here; did you mean "files"?"#)]),
    ("unknown_key_alerts", &[
        ("[alerts]", r#"there is no key "slack_day""#),
        ("[alerts]", r#"there is no key "next_awards""#),
    ]),
    ("unknown_key_alerts_repeat", &[
        ("[alerts.repeat]", r#"there is no key "critical_days" here; did you mean "critical_hours"?"#),
    ]),
    ("unknown_key_channel", &[("[[channel]] 1 (team)", r#"there is no key "url" here; the keys are name, type"#)]),
    ("unknown_key_channel_slack", &[("[[channel]] 1 (team)", r#"there is no key "channel""#)]),
    ("unknown_key_http", &[("[http]", r#"there is no key "port""#)]),
    ("unknown_key_token", &[("[[http.tokens]] 1 (ops)", r#"there is no key "expire_on""#)]),
    ("unknown_key_partner", &[("[partner]", r#"there is no key "url" here; the keys are name, commentary, logo"#)]),
    // [partner]
    ("partner_commentary_missing", &[("[partner] commentary", "partner/nowhere.txt: the file cannot be read")]),
    ("partner_commentary_html", &[("[partner] commentary", "partner/html.txt: line 2 holds HTML")]),
    ("partner_logo_script", &[("[partner] logo", "script")]),
    ("partner_logo_without_name", &[("[partner] name", "is needed beside a logo")]),
    ("partner_name_empty", &[("[partner] name", "is empty"), ("[partner] logo", "partner: this is no file")]),
    // [store]
    ("store_section_missing", &[("[store] path", r#"is missing: the file that the data is kept in, such as "glidepath.duckdb""#)]),
    ("store_path_missing", &[("[store] path", "is missing")]),
    ("store_path_empty", &[("[store] path", "is empty")]),
    ("store_path_number", &[("[store] path", "is a whole number; write text in quotes")]),
    ("backups_kept_zero", &[("[store] backups_kept", "is 0; it must lie between 1 and 100000")]),
    ("backup_to_same_folder", &[("[store] backup_to", "is the same folder as backup_folder: name another, on another disk")]),
    ("backup_to_address", &[("[store] backup_to", r#""s3://backups/glidepath" is an address: write a folder"#)]),
    ("backups_kept_text", &[("[store] backups_kept", "is text; write a whole number without quotes")]),
    // [aws]
    ("tax_rate_float", &[("[aws] tax_rate", r#"write it as text: tax_rate = "0.19""#)]),
    ("tax_rate_percent", &[("[aws] tax_rate", r#""19%" is not a rate between "0" and "1", such as "0.19""#)]),
    ("tax_rate_above_one", &[("[aws] tax_rate", "is 19; it must be at least 0 and less than 1")]),
    ("tax_rate_negative", &[("[aws] tax_rate", "is -0.19; it must be at least 0 and less than 1")]),
    ("account_short", &[("[aws] accounts", r#""11112222333" is not an account number of 12 digits"#)]),
    ("payer_short", &[("[aws] payer_account", r#""11112222333" is not an account number of 12 digits"#)]),
    ("account_number", &[("[aws] accounts", r#"write it as text: "111122223333""#)]),
    ("accounts_text", &[("[aws] accounts", "is not a list")]),
    ("currency_lower_case", &[("[aws] currency", r#"is "usd"; prices, filings and every figure shown are US dollars"#)]),
    ("currency_not_dollars", &[("[aws] currency", r#"is "EUR"; prices, filings and every figure shown are US dollars"#)]),
    ("ceiling_too_low", &[("[aws] paid_requests_per_day", "is 1; it must lie between 2 and 1000000")]),
    ("ceiling_negative", &[("[aws] paid_requests_per_day", "is -1; it must lie between 2 and 1000000")]),
    ("ceiling_text", &[("[aws] paid_requests_per_day", "is text; write a whole number")]),
    ("max_pages_zero", &[("[aws] max_pages", "is 0; it must lie between 1 and 1000000")]),
    ("max_pages_too_large", &[("[aws] max_pages", "is 5000000000; it must lie between 1 and 1000000")]),
    ("region_garbled", &[("[aws] region", r#"is not a region such as "us-east-1""#)]),
    ("model_alias_number", &[("[aws] model_aliases", r#""my-model" is a whole number; write text in quotes"#)]),
    // [schedule]
    ("cron_five_fields", &[("[schedule] cycle", r#""30 6 * * *" is not a cron line of six fields"#)]),
    ("cron_garbled", &[("[schedule] cycle", r#"such as "0 30 6 * * *""#)]),
    ("cron_hour_25", &[("[schedule] backup", "is not a cron line of six fields")]),
    ("cron_never", &[("[schedule] cycle", "would never run")]),
    ("cron_empty", &[("[schedule] cycle", "is empty")]),
    // [[pool]]
    ("pool_id_missing", &[("[[pool]] 1 id", "is missing: the credit id from the console's Credits page")]),
    ("pool_id_empty", &[("[[pool]] 1 id", "is empty")]),
    // Windows of two credits may overlap, and then both pay; the same credit twice may not.
    ("pool_id_twice", &[("[[pool]] 2 (poc) id", r#"the id "poc" is used by an earlier pool"#)]),
    ("pool_window_reversed", &[("[[pool]] 1 (poc) expires_on", "2026-02-01 is not after starts_on, 2027-02-01")]),
    ("pool_window_empty", &[("[[pool]] 1 (poc) expires_on", "reversed or empty")]),
    ("pool_day_impossible", &[("[[pool]] 1 (poc) starts_on", r#""2026-02-30" is not a day"#)]),
    ("pool_day_with_time", &[("[[pool]] 1 (poc) starts_on", "written like 2026-02-01")]),
    ("pool_services_empty", &[("[[pool]] 1 (poc) services", "is empty: name what the credit pays for, or leave the key out")]),
    ("pool_services_text", &[("[[pool]] 1 (poc) services", "is not a list")]),
    ("pool_service_blank", &[("[[pool]] 1 (poc) services", "holds an empty text")]),
    ("pool_service_two_stars", &[("[[pool]] 1 (poc) services", r#""*Bedrock*" has more than one *"#)]),
    ("pool_granted_negative", &[("[[pool]] 1 (poc) granted", "is -5; it must be more than 0 and at most 1000000000")]),
    ("pool_granted_negative_integer", &[("[[pool]] 1 (poc) granted", "is -5; it must be more than 0 and at most 1000000000")]),
    ("pool_granted_zero", &[("[[pool]] 1 (poc) granted", "is 0; it must be more than 0 and at most 1000000000")]),
    ("pool_granted_garbled", &[("[[pool]] 1 (poc) granted", r#""100,000" is not a decimal number; write dollars, such as "100000""#)]),
    ("pool_granted_float", &[("[[pool]] 1 (poc) granted", r#"write it as text: granted = "100000.5""#)]),
    ("pool_granted_true", &[("[[pool]] 1 (poc) granted", r#"is true or false; write the number as text, such as granted = "100""#)]),
    ("pool_granted_too_large", &[("[[pool]] 1 (poc) granted", "larger than any amount this program accepts, which is at most 1000000000")]),
    ("pool_partly_given", &[("[[pool]] 1 (poc)", "belong together, and expires_on is missing: give all three, or none")]),
    ("pool_programme_unknown", &[
        ("[[pool]] 1 (poc) programme",
         r#""grant" is not a programme; write one of founders, activate-portfolio, bedrock-poc, ai-record, accelerator"#),
    ]),
    // [projection]
    ("projection_missing", &[("[projection] files", "nowhere.toml cannot be read")]),
    ("projection_with_problems", &[("[projection] config/projection/usd_float.toml", "line 20: usd = 400.0 is a float")]),
    ("projection_two_files", &[
        ("[projection] config/filings/second.toml",
         r#"line 3: two filings claim the record "ai": line 4 of config/projection/good.toml and this one"#),
        ("[projection] files", "name one file"),
    ]),
    ("prices_missing", &[("[projection] prices", "nowhere.toml cannot be read")]),
    ("prices_with_problems", &[("[projection] config/prices/zero.toml", r#"of "M", input price is 0; it must be more than 0"#)]),
    ("projection_text", &[("[projection] files", "is not a list")]),
    // [alerts]
    ("alerts_award_unknown", &[("[alerts] next_award", r#""grant" is not a programme; write one of founders"#)]),
    ("alerts_route_unknown", &[("[alerts] next_award_route", r#""friend" is not a route; write one of partner, investor, self"#)]),
    ("alerts_used_percent_text", &[("[alerts] used_percent", "is not a list of whole percentages such as [50, 75, 90]")]),
    ("alerts_used_percent_twice", &[("[alerts]", "used_percent is [50, 50]; write whole numbers from 1 to 100, each above")]),
    ("alerts_share_float", &[("[alerts] unclassified_share", r#"write it as text: unclassified_share = "0.05""#)]),
    ("alerts_share_above_one", &[("[alerts]", "unclassified_share is 5; it must lie between 0 and 1")]),
    ("alerts_amount_negative", &[("[alerts]", "drift_usd is -1; it must lie between 0 and 1000000000")]),
    ("alerts_amount_garbled", &[("[alerts] expiring_usd", r#""a hundred" is not a decimal number"#)]),
    ("alerts_percent_garbled", &[("[alerts] drift_percent", r#""5 %" is not a number of percent"#)]),
    ("alerts_percent_negative", &[("[alerts]", "drift_percent is -5; it must lie between 0 and 1000000")]),
    ("alerts_days_negative", &[("[alerts] slack_days", "is -1; it must lie between 0 and 3660")]),
    ("alerts_days_float", &[("[alerts] slack_days", "is a number with a decimal point; write a whole number")]),
    ("alerts_hours_zero", &[("[alerts] stale_after_hours", "is 0; it must lie between 1 and 87840")]),
    ("alerts_repeat_zero", &[("[alerts.repeat] critical_hours", "is 0; it must lie between 1 and 87840")]),
    ("alerts_repeat_number", &[("[alerts] repeat", "write a line [alerts.repeat]")]),
    // [[channel]]
    ("channel_name_missing", &[("[[channel]] 1 name", "is missing: any name of your own")]),
    ("channel_name_twice", &[("[[channel]] 2 (team) name", "is used by an earlier channel")]),
    ("channel_type_missing", &[("[[channel]] 1 (team) type", "is missing: one of slack, pagerduty, email, alertmanager, webhook, log")]),
    ("channel_type_unknown", &[("[[channel]] 1 (team) type", r#""telegram" is not a type; write one of slack, pagerduty"#)]),
    ("channel_url_missing", &[("[[channel]] 1 (team) url", r#"is missing: write { env = "NAME" } or { file = "PATH" }"#)]),
    ("channel_url_literal", &[("[[channel]] 1 (team) url", "a secret never stands in the config: write { env")]),
    ("channel_url_in_env", &[("[[channel]] 1 (team) url", "env must be the name of a variable")]),
    ("channel_url_in_file", &[("[[channel]] 1 (team) url", "file must be the path of a file")]),
    ("channel_env_and_file", &[("[[channel]] 1 (team) url", r#"write { env = "NAME" } or { file = "PATH" }"#)]),
    ("channel_env_unset", &[("[[channel]] 1 (team) url", "the environment variable GLIDEPATH_TEST_NEVER_SET is not set")]),
    ("channel_file_missing", &[("[[channel]] 1 (team) url", "the file secrets/nowhere cannot be read")]),
    ("channel_secret_empty", &[("[[channel]] 1 (team) url", "the secret is empty")]),
    ("channel_secret_missing", &[("[[channel]] 1 (team) secret", "is missing")]),
    ("channel_url_bad", &[("[[channel]] 1 (team)", "the URL cannot be used")]),
    ("channel_url_ftp", &[("[[channel]] 1 (team)", "the URL cannot be used")]),
    ("channel_signing_key_bad", &[("[[channel]] 1 (team)", "the signing secret is not base64")]),
    ("channel_pagerduty_key_literal", &[("[[channel]] 1 (team) routing_key", "a secret never stands in the config")]),
    ("channel_pagerduty_plain_http", &[("[[channel]] 1 (team)", "must start with https://, since a credential goes with it")]),
    ("channel_email_host_missing", &[("[[channel]] 1 (team) host", "is missing: the mail server's name")]),
    ("channel_email_tls_unknown", &[("[[channel]] 1 (team) tls", r#""ssl" is not a way to protect a connection; write "starttls""#)]),
    ("channel_email_unprotected", &[("[[channel]] 1 (team)", "would cross the network unprotected")]),
    ("channel_email_to_missing", &[("[[channel]] 1 (team) to", "is missing: who gets the messages")]),
    ("channel_email_address_bad", &[("[[channel]] 1 (team)", r#""nobody" is no e-mail address"#)]),
    ("channel_email_password_alone", &[("[[channel]] 1 (team) user", "is missing: it belongs to password")]),
    ("channel_email_port_too_large", &[("[[channel]] 1 (team) port", "is 70000; it must lie between 1 and 65535")]),
    ("channel_alertmanager_user_in_url", &[("[[channel]] 1 (team) url", "a secret never stands in the config")]),
    ("channel_alertmanager_two_logins", &[("[[channel]] 1 (team)", "give token, or user and password, and not both")]),
    ("channel_alertmanager_plain_token", &[("[[channel]] 1 (team)", "must start with https://")]),
    ("channel_severity_unknown", &[("[[channel]] 1 (team) min_severity", r#""high" is not a severity; write one of info, warning"#)]),
    ("channel_rule_unknown", &[("[[channel]] 1 (team) rules", r#""weather" is not a rule; write some of exhaustion"#)]),
    ("channel_digest_text", &[("[[channel]] 1 (team) digest", "is text; write true or false, without quotes")]),
    ("channel_records_empty", &[("[[channel]] 1 (mail) records", "is empty: the record ids of the filing that the partner may see")]),
    ("channel_records_beside_alerts", &[
        ("[[channel]] 1 (mail) min_severity", "stands, with rules and digest, beside records, which makes this a partner's channel"),
    ]),
    ("channel_records_on_a_pager", &[
        ("[[channel]] 1 (pager) records", "pagerduty carries no report; use email, webhook or slack"),
    ]),
    ("channel_links_in_the_log", &[("[[channel]] 1 (log) links", "log shows what it is sent to more people than a link is for")]),
    // [[report]]
    ("report_name_missing", &[("[[report]] 1 name", "is missing: any name of your own")]),
    ("report_name_twice", &[("[[report]] 2 (board) name", "is used by an earlier report")]),
    ("report_schedule_missing", &[("[[report]] 1 (board) schedule", r#"is missing: a cron line, such as "0 0 8 1 * *""#)]),
    ("report_schedule_five_fields", &[("[[report]] 1 (board) schedule", "is not a cron line of six fields")]),
    ("report_schedule_never", &[("[[report]] 1 (board) schedule", "would never run")]),
    ("report_kind_unknown", &[("[[report]] 1 (board) kind", r#""balance" is not a kind of report; there are actual-vs-projected"#)]),
    ("report_formats_wrong", &[
        ("[[report]] 1 (board) formats", r#""docx" is not a report format; there are html, pdf"#),
        ("[[report]] 1 (board) formats", "names pdf twice"),
    ]),
    ("report_formats_empty", &[("[[report]] 1 (board) formats", "names no format: write some of html, pdf")]),
    ("report_channels_missing", &[("[[report]] 1 (board) channels", "is missing: the names of the channels that it goes to")]),
    ("report_channels_empty", &[("[[report]] 1 (board) channels", "is empty: name the channels")]),
    ("report_channels_unknown", &[
        ("[[report]] 1 (board) channels", r#"no [[channel]] has the name "male"; there are: log, mail"#),
        ("[[report]] 1 (board) channels", r#"names "mail" twice"#),
    ]),
    ("report_channel_takes_incidents", &[
        ("[[report]] 1 (board) channels", r#""pager" is of the type pagerduty, which takes incidents and no documents"#),
        ("[[report]] 1 (board) channels", r#""am" is of the type alertmanager, which takes incidents and no documents"#),
    ]),
    ("report_channel_without_links", &[
        ("[[report]] 1 (board) channels", "takes a report as a link only: set dashboard_url and link_key in [http]"),
    ]),
    ("report_channel_links_off", &[
        ("[[report]] 1 (board) channels", "takes a report as a link only, and its links = false; send it over email or webhook"),
    ]),
    ("report_with_one_bracket", &[
        ("[report]", "write [[report]], with two brackets"),
        ("[[report]] 1 (board) channels", r#"no [[channel]] has the name "mail"; there is none"#),
    ]),
    ("unknown_key_report", &[
        ("[[report]] 1 (board)", r#"there is no key "format" here; did you mean "formats"?"#),
    ]),
    // [http]
    ("link_days_zero", &[("[http] link_days", "is 0; it must lie between 1 and 366")]),
    ("link_days_too_many", &[("[http] link_days", "is 1000; it must lie between 1 and 366")]),
    ("audit_days_zero", &[("[http] audit_days", "is 0; it must lie between 1 and 36600")]),
    ("listen_garbled", &[("[http] listen", r#""localhost" is not an address and port such as "127.0.0.1:8437""#)]),
    ("listen_number", &[("[http] listen", "is a whole number; write text in quotes")]),
    ("listen_beyond_loopback", &[("[http] listen", "so at least one token is needed: add [[http.tokens]], or listen on 127.0.0.1")]),
    ("listen_beyond_with_no_tokens", &[("[http] listen", "so at least one token is needed: add [[http.tokens]]")]),
    ("proxies_text", &[("[http] proxies", r#"is not a list; write proxies = ["...", "..."]"#)]),
    ("proxies_wrong", &[
        ("[http] proxies", r#""proxy.example.com" is neither an address nor a network such as "10.0.0.7""#),
        ("[http] proxies", r#""10.0.0.0/33" is neither an address nor a network"#),
        ("[http] proxies", r#""0.0.0.0/0" is every address: name those of the proxies alone"#),
        ("[http] proxies", r#""::/0" is every address"#),
        ("[http] proxies", r#""::ffff:10.0.0.7" is IPv4 written as IPv6: write it as IPv4"#),
    ]),
    ("dashboard_url_garbled", &[("[http] dashboard_url", "is not a web address")]),
    ("dashboard_url_with_query", &[("[http] dashboard_url", "has something after its path, where links to reports are put")]),
    ("token_missing", &[("[[http.tokens]] 1 (ops) token", "is missing: write { env")]),
    ("token_literal", &[("[[http.tokens]] 1 (ops) token", "a secret never stands in the config")]),
    ("token_short", &[("[[http.tokens]] 1 (ops) token", "is shorter than 16 bytes and could be found by trying")]),
    ("token_without_role", &[("[[http.tokens]] 1 (ops) role", "is missing: write founder, ops or partner")]),
    ("token_role_retired", &[("[[http.tokens]] 1 (ops) role", r#""owner" is not a role; write founder, ops or partner"#)]),
    ("token_and_hash", &[("[[http.tokens]] 1 (ops) token_sha256", "stands beside token; give one of the two")]),
    ("token_hash_malformed", &[("[[http.tokens]] 1 (ops) token_sha256", "is not the SHA-256 of a token")]),
    ("token_hash_of_nothing", &[
        ("[[http.tokens]] 1 (ops) token_sha256", "is the SHA-256 of nothing, which anybody can show"),
        ("[[http.tokens]] 2 (echo) token_sha256", "is the SHA-256 of nothing, which anybody can show"),
    ]),
    ("token_hash_twice", &[("[[http.tokens]] 2 (again) token", "is the same as that of an earlier entry")]),
    ("token_expiry_unreadable", &[("[[http.tokens]] 1 (ops) expires_on", "is not a day")]),
    ("link_key_literal", &[("[http] link_key", "must name where the secret is")]),
    ("link_key_short", &[("[http] link_key", "is shorter than 32 bytes")]),
    ("token_role_unknown", &[("[[http.tokens]] 1 (ops) role", r#""admin" is not a role; write founder, ops or partner"#)]),
    ("token_partner_without_records", &[("[[http.tokens]] 1 (ops) records", "is missing: the record ids of the filing")]),
    ("token_partner_records_empty", &[("[[http.tokens]] 1 (ops) records", "is empty: the record ids of the filing")]),
    ("token_owner_with_records", &[("[[http.tokens]] 1 (ops) records", r#"belongs to role "partner""#)]),
    ("token_twice", &[("[[http.tokens]] 2 (investor) token", "is the same as that of an earlier entry")]),
    ("token_name_twice", &[("[[http.tokens]] 2 (ops) name", "is used by an earlier token")]),
    // All of it.
    ("everything_at_once", &[
        ("[store] path", "is missing"),
        ("[store] backups_kept", "is 0"),
        ("[aws] tax_rate", "write it as text"),
        ("[aws]", r#"there is no key "acounts""#),
        ("[schedule] cycle", "is not a cron line"),
        ("[[pool]] 1 id", "is missing"),
        ("[[pool]] 1", "starts_on and expires_on is missing"),
        ("[[pool]] 1 name", "is a whole number"),
        ("[[pool]] 1 granted", "is -5"),
        ("[[pool]] 1 programme", "write one of founders"),
        ("[alerts]", r#"there is no key "slack_day""#),
        ("[alerts]", "drift_usd is -1"),
        ("[[channel]] 1 (team) secret", "is missing"),
        ("[[channel]] 1 (team) url", "a secret never stands in the config"),
        ("[[report]] 1 name", "is missing"),
        ("[[report]] 1 schedule", "is not a cron line"),
        ("[[report]] 1 channels", r#"no [[channel]] has the name "crew"; there are: team"#),
        ("[http] listen", r#""0.0.0.0" is not an address and port"#),
        ("[[http.tokens]] 1 token", "is missing"),
        ("[[http.tokens]] 1 role", r#""admin" is not a role"#),
        ("", r#"there is no section "slack""#),
    ]),
];

fn folder() -> PathBuf {
    // Relative, as people give it; cargo runs tests in their package's folder.
    PathBuf::from("config")
}

fn load(name: &str) -> Result<Config, ConfigError> {
    Config::load(&folder().join(name).with_extension("toml"))
}

/// A config with a store and `text`.
fn parse(text: &str) -> Result<Config, ConfigError> {
    let text = format!("[store]\npath = \"glidepath.duckdb\"\n{text}");
    Config::parse(&text, &folder().join("in-memory.toml"))
}

#[test]
fn every_bad_file_reports_exactly_its_own_problems() {
    let mut failures = Vec::new();
    for (name, expected) in CASES {
        let found = load(name).map_or_else(|error| error.problems, |_| Vec::new());
        let matches = found.len() == expected.len()
            && found
                .iter()
                .zip(*expected)
                .all(|(problem, (place, part))| problem.place == *place && problem.message.contains(part));
        if !matches {
            let found: Vec<String> = found.iter().map(|problem| format!("    found {problem}")).collect();
            failures.push(format!("{name}: expected {expected:?}\n{}", found.join("\n")));
        }
    }
    assert!(failures.is_empty(), "{} files:\n{}", failures.len(), failures.join("\n"));
}

#[test]
fn what_a_frozen_filing_does_without_is_kept_apart() {
    let load = |name: &str| Config::load_leniently(&folder().join(name).with_extension("toml"));
    let kept = |name: &str| load(name).unwrap().filing_problems.unwrap().problems;
    for (name, place, part) in [
        ("projection_missing", "[projection] files", "nowhere.toml cannot be read"),
        ("projection_with_problems", "[projection] config/projection/usd_float.toml", "line 20: usd = 400.0"),
        ("prices_missing", "[projection] prices", "nowhere.toml cannot be read"),
    ] {
        let [problem] = &kept(name)[..] else { panic!("{name}") };
        assert!(problem.place == place && problem.message.contains(part), "{name}: {problem}");
    }
    // What somebody wrote into the config or the price file is to be put right.
    assert!(load("prices_with_problems").is_err());
    assert_eq!(load("projection_two_files").unwrap_err().problems.len(), 2, "all at once, as ever");
    assert!(parse("").unwrap().filing_problems.is_none());
}

#[test]
fn no_bad_file_is_missing_from_the_table() {
    let mut files: Vec<String> = std::fs::read_dir(folder())
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "toml"))
        .map(|path| path.file_stem().unwrap().to_str().unwrap().to_owned())
        .collect();
    let mut cases: Vec<String> = CASES.iter().map(|(name, _)| (*name).to_owned()).collect();
    files.sort();
    cases.sort();
    assert_eq!(files, cases);
}

#[test]
fn an_unreadable_file_says_so() {
    let error = load("nowhere").unwrap_err();
    assert!(error.to_string().starts_with("config/nowhere.toml has 1 problem:\n  - the file cannot be read: "));
}

#[test]
fn the_message_lists_every_problem_on_a_line_of_its_own() {
    let error = load("everything_at_once").unwrap_err();
    let text = error.to_string();
    assert!(text.starts_with("config/everything_at_once.toml has 21 problems:\n"), "{text}");
    assert_eq!(text.lines().count(), 22);
    assert!(text.contains("\n  - line 7, [schedule] cycle: \"30 6 * * *\" is not a cron line"), "{text}");
}

#[test]
fn an_amount_may_be_a_whole_number_or_text() {
    let granted = |value: &str| {
        let text =
            format!("[[pool]]\nid = \"a\"\ngranted = {value}\nstarts_on = 2026-02-01\nexpires_on = \"2027-02-01\"\n");
        let config = parse(&text).unwrap();
        config.pools[0].granted.unwrap().to_string()
    };
    assert_eq!(granted("100000"), "100000");
    assert_eq!(granted("\"100000\""), "100000");
    assert_eq!(granted("\"2500.50\""), "2500.5");
    let config = parse("[aws]\ntax_rate = 0\n[alerts]\nexpiring_usd = 250\n").unwrap();
    assert!(config.tax_rate.unwrap().is_zero());
    assert_eq!(config.rules.expiring_usd.to_string(), "250");
}

#[test]
fn credits_that_overlap_are_two_pools() {
    let pool =
        |id: &str| format!("[[pool]]\nid = \"{id}\"\ngranted = 1\nstarts_on = 2026-02-01\nexpires_on = 2027-02-01\n");
    assert_eq!(parse(&(pool("a") + &pool("b"))).unwrap().pools.len(), 2);
}

#[test]
fn three_lines_are_a_scheduled_report_and_records_make_a_partner_s_channel() {
    let mail = |name: &str, more: &str| {
        format!(
            "[[channel]]\nname = \"{name}\"\ntype = \"email\"\nhost = \"localhost\"\ntls = \"none\"\n\
             from = \"g@example.com\"\nto = [\"a@example.com\"]\n{more}"
        )
    };
    let report = "[[report]]\nname = \"board\"\nschedule = \"0 0 8 1 * *\"\nchannels = [\"founders\", \"investor\"]\n";
    let config =
        parse(&format!("{}{}{report}", mail("founders", ""), mail("investor", "records = [\"ai\"]\n"))).unwrap();
    let board = &config.reports[0];
    assert_eq!((board.kind, board.formats.as_slice()), (ReportKind::FundingPack, [Format::Pdf].as_slice()));
    assert_eq!(board.schedule.as_str(), "0 0 8 1 * *");
    assert_eq!(board.channels, ["founders", "investor"]);
    assert_eq!(config.hears("founders"), Hears::all());
    let investor = config.hears("investor");
    assert_eq!(investor.records.as_deref(), Some(["ai".to_owned()].as_slice()));
    assert!(!investor.digest, "a partner gets no digest");
    assert_eq!((config.link_days, config.audit_days), (14, 400));
}

#[test]
fn tokens_open_what_their_role_says_and_allow_listening_beyond_loopback() {
    let config = parse(
        "[http]\nlisten = \"0.0.0.0:8080\"\n[[http.tokens]]\ntoken = { file = \"secrets/token\" }\nrole = \"founder\"\n\
         [[http.tokens]]\nname = \"investor\"\ntoken = { env = \"PATH\" }\nrole = \"partner\"\nrecords = [\"ai\"]\n",
    )
    .unwrap();
    assert_eq!(config.listen.to_string(), "0.0.0.0:8080");
    let names: Vec<&str> = config.tokens.iter().map(|token| token.name.as_str()).collect();
    assert_eq!(names, ["token 1", "investor"]);
    assert_eq!(config.tokens[0].role, Role::Founder);
    assert_eq!(config.tokens[0].secret.as_ref().unwrap().expose(), "planted-token-of-the-owner");
    assert_eq!(config.tokens[1].role, Role::Partner { records: vec!["ai".to_owned()] });
    assert_eq!(config.tokens[1].secret.as_ref().unwrap().expose(), std::env::var("PATH").unwrap().trim());
}

#[test]
fn a_proxy_is_known_by_its_address_in_either_form() {
    let config = parse("[http]\nproxies = [\"10.0.0.7\", \"192.168.4.0/22\", \"fd00::/8\"]\n").unwrap();
    for (peer, known) in [
        ("10.0.0.7", true),
        ("::ffff:10.0.0.7", true),
        ("10.0.0.8", false),
        ("192.168.4.0", true),
        ("192.168.7.255", true),
        ("::ffff:192.168.5.1", true),
        ("192.168.8.0", false),
        ("fd12::1", true),
        ("fe80::1", false),
        ("127.0.0.1", false),
    ] {
        assert_eq!(config.is_proxy(peer.parse().unwrap()), known, "{peer}");
    }
    assert!(!parse("").unwrap().is_proxy("127.0.0.1".parse().unwrap()), "there is none by default");
}

/// Text that every planted secret holds, plain or as the beginning of its base64.
const PLANTED: [&str; 2] = ["planted", "cGxhbnRlZ"];

fn assert_shows_no_secret(shown: &str) {
    let path = std::env::var("PATH").unwrap();
    for secret in PLANTED.into_iter().chain([path.trim()]) {
        assert!(!shown.contains(secret), "a secret is shown:\n{shown}");
    }
}

#[test]
fn a_config_never_prints_its_secrets() {
    let config = parse(
        "[[channel]]\nname = \"team\"\ntype = \"slack\"\nurl = { file = \"secrets/slack_url\" }\n\
         [[channel]]\nname = \"ours\"\ntype = \"webhook\"\nurl = { file = \"secrets/webhook_url\" }\n\
         secret = { file = \"secrets/signing_key\" }\n\
         [[http.tokens]]\nname = \"ops\"\ntoken = { file = \"secrets/token\" }\nrole = \"founder\"\n\
         [[http.tokens]]\nname = \"investor\"\ntoken = { env = \"PATH\" }\nrole = \"partner\"\nrecords = [\"ai\"]\n",
    )
    .unwrap();
    assert_eq!(config.channels.len(), 2);
    assert_shows_no_secret(&format!("{config:?}"));
    assert_shows_no_secret(&format!("{config:#?}"));
}

#[test]
fn no_problem_prints_a_secret() {
    let from_variable = "[[channel]]\nname = \"a\"\ntype = \"slack\"\nurl = { env = \"PATH\" }\n[[channel]]\nname = \"b\"\n\
        type = \"webhook\"\nurl = { file = \"secrets/webhook_url\" }\nsecret = { env = \"PATH\" }\n[[http.tokens]]\n\
        token = { env = \"PATH\" }\nrole = 5\n";
    let mut errors = vec![parse(from_variable).unwrap_err()];
    assert_eq!(errors[0].problems.len(), 3, "{}", errors[0]);
    errors.extend(CASES.iter().map(|(name, _)| load(name).unwrap_err()));
    for error in errors {
        assert_shows_no_secret(&error.to_string());
        assert_shows_no_secret(&format!("{error:?}"));
        assert_shows_no_secret(&format!("{:#}", anyhow::Error::from(error)));
    }
}

#[test]
fn the_planted_secrets_are_where_the_tests_say() {
    for name in
        ["slack_url", "webhook_url", "signing_key", "token", "partner_token", "bad_url", "ftp_url", "bad_signing_key"]
    {
        let text = std::fs::read_to_string(folder().join("secrets").join(name)).unwrap();
        assert!(PLANTED.iter().any(|planted| text.contains(planted)), "{name} plants nothing to look for");
    }
    assert!(Path::new("config/secrets/empty").exists());
}
