//! A cycle that could not finish, as those see it who watch: readiness, page, position, alerts and metrics.

use axum::http::StatusCode;
use chrono::TimeDelta;
use glidepath::demo::{FakeAccount, FakeAws};
use glidepath::store::Messages;
use serde_json::json;

use crate::support::served::{Ask, Served, config, first_cycle, usd};

const FAILED: &str = "The cycle of 21 March 2026, 06:30 UTC asked AWS and could not finish.";

#[tokio::test]
async fn it_is_seen_everywhere_until_a_cycle_finishes() {
    let served = Served::fed(config()).await;
    let page_before = served.get("/").await.body;
    assert_eq!(served.get("/readyz").await.status, StatusCode::OK);
    assert!(!page_before.contains("class=\"banner\""));

    let failed_at = first_cycle() + TimeDelta::days(1);
    let problem = "computing position and outlook: <overflow>".to_owned();
    served.engine.store().record_failure(failed_at, problem, None, Messages::default()).await.unwrap();
    let ready = served.get("/readyz").await;
    assert_eq!(ready.status, StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(ready.json()["reason"], "cycle_failed");
    assert_eq!(ready.json()["more"], "docs/troubleshooting.md#cycle-failed");
    assert_eq!(ready.error(), "the cycle of 2026-03-21T06:30:00Z asked AWS and could not finish");
    assert!(!ready.body.contains("overflow"), "whoever watches needs no token: {}", ready.body);

    let page = served.get("/").await;
    assert_eq!(page.status, StatusCode::OK);
    let banner = page.body.split("<p class=\"banner\" role=\"alert\">").nth(1).expect("a banner");
    assert!(banner.starts_with(FAILED), "{banner}");
    assert!(page.body.contains("&#60;overflow&#62;") || page.body.contains("&lt;overflow&gt;"), "what failed is below");

    let position = served.get("/api/v1/position").await.json();
    assert_eq!(position["as_of"], "2026-03-20T06:30:00Z", "the last finished position");
    let keys: Vec<&str> = position["findings"].as_array().unwrap().iter().filter_map(|it| it["key"].as_str()).collect();
    assert!(keys.contains(&"cycle_failed:cycle"), "{keys:?}");
    let then = served.get("/api/v1/position?as_of=2026-03-20T06:30:00Z").await.json();
    assert!(!then.to_string().contains("cycle_failed"), "what was known then stays");
    let alerts = served.get("/api/v1/alerts").await.json();
    assert!(alerts["alerts"].as_array().unwrap().iter().any(|row| row["rule"] == "cycle_failed"), "{alerts}");
    let metrics = served.get("/metrics").await.body;
    assert!(metrics.contains("\nglidepath_cycle_failed 1"), "{metrics}");
    assert!(metrics.contains("glidepath_findings{rule=\"cycle_failed\",severity=\"warning\"} 1"), "{metrics}");

    served.cycle(first_cycle() + TimeDelta::hours(1), usd("2")).await;
    assert_eq!(served.get("/readyz").await.status, StatusCode::OK);
    assert!(!served.get("/").await.body.contains("class=\"banner\""));
    assert!(served.get("/metrics").await.body.contains("\nglidepath_cycle_failed 0"));
}

#[tokio::test]
async fn a_cycle_that_was_cut_off_is_not_ready_either() {
    let served = Served::fed(config()).await;
    let later = first_cycle() + TimeDelta::hours(2);
    let run = glidepath::store::IngestRun {
        clock: later,
        aws_clock: Some(later),
        account: None,
        costs: None,
        costs_outcome: glidepath::domain::facts::outcome::Outcome::Ok,
        credits: glidepath::store::CreditPull::default(),
        credits_outcome: glidepath::domain::facts::outcome::Outcome::NotTried,
    };
    served.engine.store().append_run(run).await.unwrap();
    let ready = served.get("/readyz").await;
    assert_eq!((ready.status, &ready.json()["reason"]), (StatusCode::SERVICE_UNAVAILABLE, &json!("cycle_failed")));
    assert!(served.engine.end_unfinished(later).await.unwrap(), "the next start ends it");
    assert_eq!(served.get("/readyz").await.status, StatusCode::OK);
}

#[tokio::test]
async fn rules_that_no_config_may_hold_are_not_replayed() {
    let served = Served::fed(config()).await;
    let rules = json!({ "spike_ratio": "79000000000000000000000000000", "clear_after_hours": u32::MAX });
    let order = json!({ "from": "2026-03-01", "to": "2026-03-20", "rules": rules });
    let refused = served.send(Ask::post("/api/v1/replay").json(&order)).await;
    assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY, "{}", refused.body);
    assert_eq!(
        refused.json()["problems"],
        json!([
            "spike_ratio is 79000000000000000000000000000; it must be more than 1 and at most 1000000",
            "clear_after_hours is 4294967295; it must lie between 0 and 87840",
        ])
    );
}

#[tokio::test]
async fn a_clock_ahead_of_awss_is_said_with_both_and_everything_else_is_served() {
    let account = FakeAccount::new("123456789012");
    let account =
        account.usage("2026-03-18", "Amazon Bedrock", "USE1-NovaLite-input-tokens", "1K tokens", "1000", "60");
    let fake = FakeAws::start(account, first_cycle()).await.unwrap();
    let served = Served::empty(config(), &fake.endpoint());
    served.clock.advance_to(first_cycle());
    assert_eq!(served.send(Ask::post("/api/v1/cycle")).await.status, StatusCode::OK);
    served.clock.advance_to(first_cycle() + TimeDelta::days(40));
    let refused = served.send(Ask::post("/api/v1/cycle")).await;
    assert_eq!(refused.status, StatusCode::INTERNAL_SERVER_ERROR);
    let ready = served.get("/readyz").await;
    assert_eq!((ready.status, &ready.json()["reason"]), (StatusCode::SERVICE_UNAVAILABLE, &json!("cycle_failed")));
    for answer in [&refused, &ready] {
        let said = &answer.body;
        assert!(said.contains("2026-04-29 06:30:00 UTC") && said.contains("2026-03-20 06:30:00 UTC"), "{said}");
        assert!(said.contains("set this machine's clock"), "{said}");
    }
    assert_eq!(served.get("/healthz").await.status, StatusCode::OK);
    assert_eq!(served.get("/api/v1/position").await.json()["as_of"], "2026-03-20T06:30:00Z");
    served.clock.advance_to(first_cycle() + TimeDelta::minutes(5));
    assert_eq!(served.send(Ask::post("/api/v1/cycle")).await.status, StatusCode::OK);
    assert_eq!(served.get("/readyz").await.status, StatusCode::OK);
}
