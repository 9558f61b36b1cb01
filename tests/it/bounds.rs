//! Every figure has a bound, and is refused in the same words wherever it is entered: with its key, its value and the bound.

use std::path::Path;

use glidepath::config::{Config, read_rules};
use glidepath::domain::alert::AlertRules;
use glidepath::domain::billing::price::PriceBook;
use glidepath::domain::filing::projection::FiledProjection;
use glidepath::domain::whatif::Change;
use serde_json::{Map, Value, json};

const BILLION: &str = "1000000000";
/// Far above every bound, and what made a cycle overflow.
const TOO_MUCH: &str = "79000000000000000000000000000";

/// The numeric keys of the rules, with a value beyond the bound and the bound in words.
fn rules() -> Vec<(&'static str, Value, &'static str)> {
    let dollars = ["uncovered_per_day", "unclassified_usd", "drift_usd", "expiring_usd", "first_cash_usd"];
    let dollars = dollars.into_iter().chain(["spike_per_day", "asking_usd_month", "unclaimed_usd_month"]);
    let mut rules: Vec<_> = dollars.map(|key| (key, json!("-0.5"), "lie between 0 and 1000000000")).collect();
    let many = "be more than 1 and at most 1000000";
    rules.extend(["burn_fast", "burn_slow", "spike_ratio"].map(|key| (key, json!(TOO_MUCH), many)));
    rules.extend(["unclassified_share", "first_cash_share"].map(|key| (key, json!("1.01"), "lie between 0 and 1")));
    rules.push(("drift_percent", json!(TOO_MUCH), "lie between 0 and 1000000"));
    rules.push(("under_projection_percent", json!("100.5"), "lie between 0 and 100"));
    rules.push(("over_projection_percent", json!(TOO_MUCH), "lie between 100 and 1000000"));
    rules.extend(
        ["slack_days", "wobble_days", "expiring_warning_days"].map(|key| (key, json!(3661), "lie between 0 and 3660")),
    );
    rules.push(("clear_after_hours", json!(u32::MAX), "lie between 0 and 87840"));
    rules.push(("stale_after_hours", json!(87_841), "lie between 1 and 87840"));
    rules.push(("messages_a_week", json!(0), "lie between 1 and 1000000"));
    rules
}

#[test]
fn a_rule_is_refused_alike_in_toml_and_in_json() {
    let known = serde_json::to_value(AlertRules::default()).unwrap();
    let numeric = known.as_object().unwrap().keys().filter(|key| {
        !["next_award", "next_award_route", "next_window", "repeat", "used_percent"].contains(&key.as_str())
    });
    let mut keys: Vec<&str> = rules().iter().map(|(key, ..)| *key).collect();
    keys.sort_unstable();
    assert_eq!(keys, numeric.map(String::as_str).collect::<Vec<_>>(), "every figure of the rules has a bound");

    for (key, value, bound) in rules() {
        let plain = value.as_str().map_or(value.to_string(), str::to_owned);
        let said = format!("{key} is {plain}; it must {bound}");
        let order: AlertRules =
            serde_json::from_value(Value::Object(Map::from_iter([(key.to_owned(), value.clone())]))).unwrap();
        assert_eq!(order.problems(), [said.as_str()]);
        let file = read_rules(&format!("{key} = {value}"), Path::new("rules.toml")).unwrap_err().to_string();
        let words = format!("{plain}; it must {bound}");
        assert!(file.contains(key) && file.contains(&words), "{file}");
    }
    for key in ["critical_hours", "warning_hours"] {
        let order: AlertRules = serde_json::from_value(json!({ "repeat": { key: u32::MAX } })).unwrap();
        assert_eq!(order.problems(), [format!("repeat.{key} is 4294967295; it must lie between 1 and 87840")]);
    }
}

#[test]
fn no_figure_of_a_config_is_boundless() {
    for (text, place, said) in [
        ("[aws]\ntax_rate = \"1\"", "tax_rate", "is 1; it must be at least 0 and less than 1"),
        (
            "[aws]\npaid_requests_per_day = 9223372036854775807",
            "paid_requests_per_day",
            "it must lie between 2 and 1000000",
        ),
        ("[aws]\nmax_pages = 1000001", "max_pages", "is 1000001; it must lie between 1 and 1000000"),
        ("[http]\naudit_days = 4294967295", "audit_days", "is 4294967295; it must lie between 1 and 36600"),
        ("[http]\nlink_days = 367", "link_days", "is 367; it must lie between 1 and 366"),
        ("[store]\nbackups_kept = 0", "backups_kept", "is 0; it must lie between 1 and 100000"),
        ("[aws]\ncycle_minutes = 0", "cycle_minutes", "is 0; it must lie between 1 and 1440"),
        ("[store]\nmemory_mb = 16", "memory_mb", "is 16; it must lie between 32 and 1000000"),
        ("[[pool]]\nid = \"a\"\ngranted = \"1000000000.01\"", "granted", "at most 1000000000"),
        ("[[pool]]\nid = \"a\"\nstarts_on = \"+10000-01-01\"", "starts_on", "is not a day"),
    ] {
        let text = if text.starts_with("[store]") {
            format!("{text}\npath = \"x\"")
        } else {
            format!("[store]\npath = \"x\"\n{text}")
        };
        let problems = Config::parse(&text, Path::new("glidepath.toml")).unwrap_err().to_string();
        assert!(problems.contains(place) && problems.contains(said), "{text}: {problems}");
    }
}

#[test]
fn no_figure_of_a_filing_a_price_or_a_question_is_boundless() {
    let filing = |line: &str| {
        let text = format!("filed_on = \"2026-02-01\"\n[[record]]\nid = \"ai\"\n{line}");
        let problems = FiledProjection::parse_with(&text, &PriceBook::builtin()).unwrap_err();
        problems.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")
    };
    let tokens = |more: &str| {
        format!(
            "[[record.tokens]]\nmodel = \"Claude Sonnet 5\"\nrouting = \"global\"\n\
             monthly = [{{ from = \"2026-02\", input_millions = 1, output_millions = 1{more} }}]\n"
        )
    };
    for (text, said) in [
        (
            tokens("").replace("input_millions = 1,", "input_millions = 1000000001,"),
            "input_millions is 1000000001; it must lie between 0 and 1000000000",
        ),
        (tokens("") + "growth_per_month = \"8\"", "growth_per_month is 8; it must lie between -1 and 1"),
        (tokens("") + "batch = \"40\"", "batch is 40; it must lie between 0 and 1"),
        (
            "[[record.accelerators]]\ninstance_type = \"trn1.32xlarge\"\nchip_hours_per_run = 9216\nruns_per_month = 10001".to_owned(),
            "runs_per_month is 10001; it must lie between 0 and 10000",
        ),
    ] {
        let problems = filing(&text);
        assert!(problems.contains(said), "{problems}");
    }

    let head = "read_on = \"2026-06-01\"\nsource = \"a table\"\n";
    let price = |text: &str| PriceBook::builtin().with_overrides(&format!("{head}{text}")).unwrap_err().to_string();
    let dear = price("[[model]]\nname = \"M\"\ninput = \"1000001\"\nbatch_factor = \"1001\"\n");
    assert!(dear.contains("input price is 1000001; it must be more than 0 and at most 1000000"), "{dear}");
    assert!(dear.contains("batch_factor is 1001; it must be more than 0 and at most 1000"), "{dear}");
    let chips = price("[[accelerator]]\ninstance_type = \"x\"\nchips = 4294967295\nusd_per_hour = \"1\"\n");
    assert!(chips.contains("chips is 4294967295; it must lie between 1 and 1000000"), "{chips}");

    for (name, text, said) in [
        ("growth", "-1", "growth per month is -1; it must be more than -1 and at most 1"),
        ("cache-hits", "+999", "the share is 9.99; it must lie between 0 and 1"),
        (
            "train",
            "type=x,chip-hours=10000001,on=2026-05-01",
            "chip-hours is 10000001; it must be more than 0 and at most 10000000",
        ),
        ("train", "type=x,chip-hours=1,on=2026-05-01,days=367", "days is 367; it must lie between 1 and 366"),
        ("award", "amount=0,from=2026-05-01", "amount is 0; it must be more than 0 and at most 1000000000"),
    ] {
        let problem = Change::parse(name, text).unwrap_err().to_string();
        assert!(problem.contains(said), "{problem}");
    }
    let large = Change::parse("award", &format!("amount={BILLION}1,from=2026-05-01")).unwrap_err().to_string();
    assert!(large.contains("which is at most 1000000000"), "{large}");
}
