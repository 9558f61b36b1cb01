//! `/metrics`: the format, and what the samples say.

#![expect(clippy::float_cmp, reason = "these gauges are whole numbers, cents and times that a float holds exactly")]

use std::collections::{BTreeMap, BTreeSet};

use axum::http::StatusCode;
use glidepath::config::Config;
use glidepath::domain::alert::NewDelivery;
use glidepath::domain::wording::test_letter;
use glidepath::store::{Enclosed, NoticeKind};

use crate::support::served::{Ask, Served, config, first_cycle};

/// Samples by name and labels as written.
type Samples = BTreeMap<String, f64>;

async fn scrape(served: &Served) -> String {
    let answer = served.get("/metrics").await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.body);
    assert_eq!(answer.header("content-type"), "text/plain; version=0.0.4; charset=utf-8");
    answer.body
}

/// Reads the text format 0.0.4 and fails on what a scrape or `promtool check metrics` would refuse.
fn parse(text: &str) -> Samples {
    assert!(text.ends_with('\n') && !text.contains("# EOF"));
    let (mut helped, mut types) = (BTreeSet::new(), BTreeMap::new());
    let mut samples = Samples::new();
    for line in text.lines() {
        if let Some(help) = line.strip_prefix("# HELP ") {
            let (name, words) = help.split_once(' ').unwrap();
            assert!(!words.trim().is_empty() && helped.insert(name), "{line}");
        } else if let Some(kind) = line.strip_prefix("# TYPE ") {
            let (name, kind) = kind.split_once(' ').unwrap();
            assert!(helped.contains(name) && types.insert(name, kind).is_none(), "{line}");
            assert_eq!(kind == "counter", name.ends_with("_total"), "{line}");
        } else if !line.starts_with('#') {
            let (series, value) = line.rsplit_once(' ').unwrap();
            let name = series.split('{').next().unwrap();
            assert!(name.starts_with("glidepath_"), "{line}");
            assert!(name.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_'), "{line}");
            assert!(types.contains_key(name), "{line}");
            assert!(!series.contains("quantile="), "kept for summaries: {line}");
            assert!(samples.insert(series.to_owned(), value.parse().unwrap()).is_none(), "twice: {line}");
        }
    }
    samples
}

fn seconds(time: &str) -> f64 {
    time.parse::<chrono::DateTime<chrono::Utc>>().unwrap().timestamp() as f64
}

#[tokio::test]
async fn figures_of_the_newest_cycle() {
    let served = Served::fed(config()).await;
    served.get("/nowhere").await;
    served.send(Ask::get("/api/v1/position").host(Some("evil.example"))).await;
    let text = scrape(&served).await;
    if let Some(folder) = std::env::var_os("GLIDEPATH_SAMPLE_DIR") {
        std::fs::write(std::path::Path::new(&folder).join("metrics.txt"), &text).unwrap();
    }
    let samples = parse(&text);
    let expected = [
        ("glidepath_last_successful_pull_timestamp_seconds", seconds("2026-03-20T06:30:00Z")),
        ("glidepath_position_timestamp_seconds", seconds("2026-03-20T06:30:00Z")),
        ("glidepath_data_through_timestamp_seconds", seconds("2026-03-18T00:00:00Z")),
        // 46 days at 12 USD, 10 of them paid by credit.
        ("glidepath_gross_to_date_usd", 552.0),
        ("glidepath_credit_to_date_usd", -460.0),
        ("glidepath_refund_to_date_usd", 0.0),
        ("glidepath_tax_to_date_usd", 0.0),
        ("glidepath_net_to_date_usd", 92.0),
        ("glidepath_gross_month_to_date_usd", 216.0),
        ("glidepath_burn_per_day_usd{window=\"7d\"}", 12.0),
        ("glidepath_burn_per_day_usd{window=\"28d\"}", 12.0),
        // 28 days of the closed February at 2 USD: replay has the database's credit pay them, and no row of AWS says so.
        ("glidepath_reconciliation_gap_usd", 56.0),
        ("glidepath_paid_requests_today", 0.0),
        ("glidepath_paid_requests_limit", 100.0),
        ("glidepath_data_stale_after_seconds", 36.0 * 3600.0),
        // 28 days for an AI record, and 14 of slack.
        ("glidepath_award_lead_time_seconds", 42.0 * 86400.0),
        ("glidepath_asking_month_usd", 0.0),
        ("glidepath_channel_dead{channel=\"ops\"}", 0.0),
        ("glidepath_cycle_failed", 0.0),
        ("glidepath_findings{rule=\"exhaustion\",severity=\"critical\"}", 1.0),
        ("glidepath_findings{rule=\"uncovered_spend\",severity=\"warning\"}", 2.0),
        ("glidepath_http_requests_total{route=\"none\",status=\"4xx\"}", 1.0),
        ("glidepath_http_requests_total{route=\"/api/v1/position\",status=\"4xx\"}", 1.0),
    ];
    for (series, value) in expected {
        assert_eq!(samples.get(series), Some(&value), "{series} in\n{text}");
    }
    let pool = |name: &str, id: &str| {
        let prefix = format!("glidepath_pool_{name}_usd{{pool=\"{id}\"");
        samples.iter().find(|(series, _)| series.starts_with(&prefix)).map(|(_, value)| *value)
    };
    assert_eq!([pool("granted", "9900111"), pool("remaining", "9900111")], [Some(1000.0), Some(540.0)]);
    assert_eq!([pool("stated", "9900111"), pool("stated", "9900222")], [Some(540.0), Some(5000.0)]);
    let expiry = samples
        .iter()
        .find(|(series, _)| series.starts_with("glidepath_pool_expiry_timestamp_seconds{pool=\"9900111\""));
    assert_eq!(expiry.map(|(_, value)| *value), Some(seconds("2027-01-05T00:00:00Z")));
    assert!(text.contains("pool=\"9900111\",name=\"AI \\\"record\\\"\",programme=\"ai-record\""), "{text}");
    assert!(samples.contains_key(&format!("glidepath_build_info{{version=\"{}\"}}", env!("CARGO_PKG_VERSION"))));
}

#[tokio::test]
async fn exhaustion_is_a_date_and_a_time_left() {
    let served = Served::fed(config()).await;
    let position = served.get("/api/v1/position").await.json();
    let samples = parse(&scrape(&served).await);
    // 540 USD from the 19th on at a steady 10 USD a day: it ends in May, well within the year.
    for odds in ["p10", "p50", "p90"] {
        let day = position["exhaustion"][odds].as_str().unwrap();
        let starts = seconds(&format!("{day}T00:00:00Z"));
        assert_eq!(samples[&format!("glidepath_exhaustion_timestamp_seconds{{odds=\"{odds}\"}}")], starts);
        let left = starts - seconds("2026-03-20T06:30:00Z");
        assert_eq!(samples[&format!("glidepath_runway_seconds{{odds=\"{odds}\"}}")], left);
    }
    // Long after that day nothing is left, and never less than nothing.
    served.clock.advance_to("2027-03-20T06:30:00Z".parse().unwrap());
    let later = parse(&scrape(&served).await);
    assert_eq!(later["glidepath_runway_seconds{odds=\"p50\"}"], 0.0);
}

#[tokio::test]
async fn the_newest_backup_of_this_store_has_a_time_at_each_place_and_one_that_was_cut_short_has_none() {
    let folder = tempfile::tempdir().unwrap();
    let (backup_folder, disk) = (folder.path().join("backups"), folder.path().join("disk"));
    let places = Config { backup_folder: backup_folder.clone(), backup_to: Some(disk.clone()), ..config() };
    let served = Served::fed(places).await;
    let id = served.engine.store().id();
    let name = |place: &str| format!("glidepath_backup_last_success_timestamp_seconds{{place=\"{place}\"}}");
    let missed = |place: &str| format!("glidepath_backup_missed{{place=\"{place}\"}}");
    let samples = parse(&scrape(&served).await);
    for place in ["backup_folder", "backup_to"] {
        assert_eq!(samples.get(&name(place)), None, "none was made, and the folder is not there");
        assert_eq!(samples.get(&missed(place)), Some(&1.0), "and there is something to lose");
    }
    std::fs::create_dir(&backup_folder).unwrap();
    std::fs::create_dir(&disk).unwrap();
    for file in ["20260320T030000Z.duckdb", "20260319T030000Z.duckdb", "20260320T040000Z.partial"] {
        std::fs::write(backup_folder.join(format!("{id}-glidepath-{file}")), "").unwrap();
    }
    for file in
        ["0123456789abcdef-glidepath-20260320T050000Z.duckdb", "glidepath-20260320T050000Z.duckdb", "mine.duckdb"]
    {
        std::fs::write(backup_folder.join(file), "").unwrap();
    }
    // Under a clock that was ahead.
    std::fs::write(backup_folder.join(format!("{id}-glidepath-20310101T030000Z.duckdb")), "").unwrap();
    std::fs::write(disk.join(format!("{id}-glidepath-20260318T030000Z.duckdb")), "").unwrap();
    let samples = parse(&scrape(&served).await);
    assert_eq!(samples.get(&name("backup_folder")), Some(&seconds("2026-03-20T03:00:00Z")));
    assert_eq!(samples.get(&name("backup_to")), Some(&seconds("2026-03-18T03:00:00Z")));
    assert_eq!([samples[&missed("backup_folder")], samples[&missed("backup_to")]], [0.0, 1.0]);
}

#[tokio::test]
async fn before_the_first_cycle_what_is_unknown_is_absent() {
    let served = Served::empty(config(), "http://127.0.0.1:9");
    let samples = parse(&scrape(&served).await);
    let names: BTreeSet<&str> = samples.keys().map(|series| series.split('{').next().unwrap()).collect();
    let expected = [
        "glidepath_asking_month_usd",
        "glidepath_award_lead_time_seconds",
        "glidepath_backup_missed",
        "glidepath_build_info",
        "glidepath_channel_dead",
        "glidepath_connections",
        "glidepath_connections_refused_total",
        "glidepath_cycle_failed",
        "glidepath_data_stale_after_seconds",
        "glidepath_log_lines_dropped_total",
        "glidepath_logins_failed_total",
        "glidepath_paid_requests_limit",
        "glidepath_paid_requests_today",
        "glidepath_work_refused_total",
        "glidepath_work_requests",
    ];
    assert_eq!(names, BTreeSet::from(expected));
    // The scrape itself is counted in the next one.
    let samples = parse(&scrape(&served).await);
    assert_eq!(samples["glidepath_http_requests_total{route=\"/metrics\",status=\"2xx\"}"], 1.0);
}

#[tokio::test]
async fn asking_is_counted_as_it_happens() {
    let served = Served::fed(config()).await;
    let store = served.engine.store();
    for (day, charged) in [("2026-03-01", true), ("2026-03-20", true), ("2026-03-20", false), ("2026-02-28", true)] {
        let ticket = store.reserve_request(day.parse().unwrap(), 100).await.unwrap().unwrap();
        store.settle_request(ticket, charged).await.unwrap();
    }
    let samples = parse(&scrape(&served).await);
    assert_eq!(samples["glidepath_paid_requests_today"], 2.0, "both left on the 20th");
    assert_eq!(samples["glidepath_asking_month_usd"], 0.02, "two were charged in March, a cent each");
}

/// `| `name` | labels | meaning |` of the document for people.
fn documented() -> BTreeMap<String, Vec<String>> {
    let rows = include_str!("../../../docs/metrics.md").lines().filter_map(|line| line.strip_prefix("| `glidepath_"));
    let row = |row: &str| {
        let cells: Vec<&str> = row.split('|').map(str::trim).collect();
        let labels = cells[1].split(',').map(|label| label.trim().trim_matches('`').to_owned());
        assert!(cells[2].len() > 10, "{row} has no meaning");
        (format!("glidepath_{}", cells[0].trim_end_matches('`')), labels.filter(|label| !label.is_empty()).collect())
    };
    rows.map(row).collect()
}

#[tokio::test]
async fn the_document_lists_exactly_what_is_exposed() {
    let folder = tempfile::tempdir().unwrap();
    let served = Served::fed(Config { backup_folder: folder.path().to_owned(), ..config() }).await;
    served.send(Ask::post("/api/v1/backup")).await;
    // A message that arrived: until then a channel has nothing to tell.
    let letter = test_letter("ops", first_cycle(), None);
    let (event_id, channel, payload) = (letter.event_id.clone(), "ops".to_owned(), "hello".to_owned());
    let delivery = NewDelivery { event_id, channel, payload };
    let store = served.engine.store();
    let noted = store.add_notice(NoticeKind::Digest, letter, first_cycle(), vec![delivery], Enclosed::default()).await;
    noted.unwrap();
    assert_eq!(served.engine.deliver(first_cycle()).await.unwrap(), (1, 0));
    served.get("/healthz").await;
    let mut exposed: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for series in parse(&scrape(&served).await).keys() {
        let (name, labels) = series.split_once('{').unwrap_or((series, ""));
        let mut names: Vec<String> = Vec::new();
        let mut rest = labels;
        while let Some((name, value)) = rest.split_once("=\"") {
            names.push(name.trim_start_matches(',').to_owned());
            // Past the closing mark, which no escaped one is.
            let end = value.char_indices().find(|(at, c)| *c == '"' && !value[..*at].ends_with('\\')).unwrap().0;
            rest = &value[end + 1..];
        }
        exposed.entry(name.to_owned()).or_default().clone_from(&names);
    }
    assert_eq!(exposed, documented());
}

#[tokio::test]
async fn nobody_outside_makes_labels() {
    let served = Served::fed(config()).await;
    let before = parse(&scrape(&served).await).len();
    for number in 0..50 {
        served.get(&format!("/api/v1/reports/kind-{number}.html")).await;
        served.get(&format!("/shared/link-{number}.x")).await;
        served.get(&format!("/nowhere/{number}")).await;
    }
    let after = parse(&scrape(&served).await).len();
    // One for each of the two routes, one for what met none, and one for the scrape itself.
    assert_eq!(after, before + 4);
}
