//! What the owner enters over a real connection: balances and filings, and what refuses them.

use std::net::SocketAddr;

use chrono::TimeDelta;
use glidepath::config::Config;
use glidepath::domain::credit::pools::ConfiguredPool;
use glidepath::domain::values::secret::Secret;
use glidepath::http::client::{self, ClientError, Entry};
use glidepath::http::serve;
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use crate::support::served::{AI_RECORD, OWNER, PARTNER, SECRETS, Served, config, day, first_cycle, tokens, usd};

/// A pool that AWS does not list.
const CONSOLE: &str = "console-only";
const STATEMENTS: &str = "/api/v1/credits/statements";
const PROJECTIONS: &str = "/api/v1/projections";

/// A daemon on a port of its own; it ends with the test.
struct Daemon {
    served: Served,
    address: SocketAddr,
    _stop: tokio_util::sync::DropGuard,
}

impl Daemon {
    async fn start() -> Daemon {
        let console = ConfiguredPool {
            id: CONSOLE.to_owned(),
            name: None,
            programme: None,
            granted: Some(usd("800")),
            starts_on: Some(day("2026-01-01")),
            expires_on: Some(day("2027-01-01")),
            services: None,
        };
        let mut config = Config { tokens: tokens(), ..config() };
        config.pools.push(console);
        let served = Served::fed(config).await;
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let stop = CancellationToken::new();
        tokio::spawn(serve(listener, served.state.clone(), stop.clone()));
        Daemon { served, address, _stop: stop.drop_guard() }
    }

    async fn get(&self, path: &str) -> Value {
        let body = client::ask(&client::Address::Listen(self.address), Some(&Secret::new(OWNER)), path).await.unwrap();
        serde_json::from_slice(&body).unwrap()
    }

    async fn enter(&self, token: &str, path: &str, content_type: &'static str, body: &str) -> Result<Value, Refusal> {
        let entry = Entry { content_type, body: body.to_owned() };
        match client::enter(&client::Address::Listen(self.address), Some(&Secret::new(token)), path, entry).await {
            Ok(body) => Ok(serde_json::from_slice(&body).unwrap()),
            Err(ClientError::Refused { status, message, .. }) => Err(Refusal { status, message }),
            Err(other) => panic!("{other}"),
        }
    }

    async fn balance(&self, token: &str, body: &Value) -> Result<Value, Refusal> {
        self.enter(token, STATEMENTS, "application/json", &body.to_string()).await
    }

    async fn filing(&self, token: &str, body: &str) -> Result<Value, Refusal> {
        self.enter(token, PROJECTIONS, "application/toml", body).await
    }

    async fn stated(&self, pool: &str) -> Value {
        let credits = self.get("/api/v1/credits").await;
        let pools = credits["pools"].as_array().unwrap();
        pools.iter().find(|listed| listed["id"] == pool).unwrap()["stated"].clone()
    }
}

#[derive(Debug)]
struct Refusal {
    status: u16,
    message: String,
}

#[tokio::test]
async fn a_balance_is_recorded_and_counts_at_once() {
    let daemon = Daemon::start().await;
    assert_eq!(daemon.stated(CONSOLE).await, Value::Null);
    let later = first_cycle() + TimeDelta::hours(20);
    daemon.served.clock.advance_to(later);
    let recorded = daemon.balance(OWNER, &json!({ "pool": CONSOLE, "remaining": "456.78" })).await.unwrap();
    let expected = json!({
        "pool": CONSOLE, "remaining": "456.78", "on": "2026-03-21", "recorded_at": "2026-03-21T02:30:00Z", "aws_states": null
    });
    assert_eq!(recorded, expected);
    let stated = json!({ "amount": "456.78", "at": "2026-03-21", "source": "recorded" });
    assert_eq!(daemon.stated(CONSOLE).await, stated);
    let position = daemon.get("/api/v1/position").await;
    assert_eq!(
        (&position["as_of"], &position["entered_through"], &position["outlook_state"]),
        (&json!("2026-03-20T06:30:00Z"), &json!("2026-03-21T02:30:00Z"), &json!("current"))
    );

    // Of a credit that AWS lists, its own balance of the day counts, and the answer says so.
    let listed =
        daemon.balance(OWNER, &json!({ "pool": AI_RECORD, "remaining": "1", "on": "2026-03-20" })).await.unwrap();
    assert_eq!(listed["aws_states"]["day"], json!("2026-03-20"), "{listed}");
    assert_eq!(daemon.stated(AI_RECORD).await["source"], "aws");

    daemon.served.cycle(later + TimeDelta::hours(4), usd("2")).await;
    assert_eq!(daemon.stated(CONSOLE).await, stated);
    daemon.balance(OWNER, &json!({ "pool": CONSOLE, "remaining": "321.09" })).await.unwrap();
    let before = daemon.get("/api/v1/position?as_of=2026-03-20T06:30:00Z").await.to_string();
    assert!(before.contains("456.78") && !before.contains("321.09"), "an entry never changes an older cycle's view");
}

#[tokio::test]
async fn a_balance_that_no_pool_can_have_is_refused_with_the_reason() {
    let daemon = Daemon::start().await;
    let today = "2026-03-20";
    for (entry, status, reason) in [
        (json!({ "pool": "typo", "remaining": "1" }), 422, format!("known are: {CONSOLE}, 9900111, 9900222")),
        (
            json!({ "pool": CONSOLE, "remaining": "-1" }),
            422,
            "remaining is -1; it must lie between 0 and 1000000000".to_owned(),
        ),
        (json!({ "pool": CONSOLE, "remaining": "800.01" }), 422, "more than the $800.00".to_owned()),
        (json!({ "pool": CONSOLE, "remaining": "1", "on": "2026-03-21" }), 422, "lies in the future".to_owned()),
        (
            json!({ "pool": CONSOLE, "remaining": "1", "on": "2025-12-31" }),
            422,
            "2025-12-31 lies before console-only can pay anything, which is from 2026-01-01 on".to_owned(),
        ),
        (json!({ "pool": CONSOLE, "remaining": "much" }), 422, "remaining".to_owned()),
        (json!({ "pool": CONSOLE, "remaining": "1", "at": today }), 422, "unknown field `at`".to_owned()),
        (json!({ "pool": CONSOLE }), 422, "missing field `remaining`".to_owned()),
    ] {
        let refused = daemon.balance(OWNER, &entry).await.unwrap_err();
        assert_eq!(refused.status, status, "{entry}: {}", refused.message);
        assert!(refused.message.contains(&reason), "{entry}: {}", refused.message);
    }
    let cut = daemon.enter(OWNER, STATEMENTS, "application/json", "{\"pool\": ").await.unwrap_err();
    assert_eq!(cut.status, 400, "{}", cut.message);
    let plain = daemon.enter(OWNER, STATEMENTS, "text/plain", "{}").await.unwrap_err();
    assert_eq!(plain.status, 415, "{}", plain.message);
    let long = daemon.balance(OWNER, &json!({ "pool": "x".repeat(16 * 1024), "remaining": "1" })).await.unwrap_err();
    assert_eq!(long.status, 413, "{}", long.message);
    let recorded = daemon.served.engine.store().facts(first_cycle(), "USD".to_owned()).await.unwrap().recorded;
    assert_eq!(recorded, [], "nothing of it was stored");
    daemon.balance(OWNER, &json!({ "pool": CONSOLE, "remaining": "800", "on": today })).await.unwrap();
}

#[tokio::test]
async fn a_correction_is_filed_listed_shown_and_used_at_once() {
    let daemon = Daemon::start().await;
    let first = daemon.get(&format!("{PROJECTIONS}/newest")).await;
    assert_eq!(first, daemon.get(&format!("{PROJECTIONS}/1")).await);
    assert_eq!(
        first["plan"][0],
        json!({ "month": "2026-02", "record": "ai", "workload": "bedrock_inference", "line": "Amazon Bedrock", "projected": "310" })
    );
    let corrected = first["body"].as_str().unwrap().replace("310", "620");
    let filed = daemon.filing(OWNER, &corrected).await.unwrap();
    assert_eq!((&filed["version"], &filed["body"]), (&json!(2), &json!(corrected)));
    let again = daemon.filing(OWNER, &corrected).await.unwrap();
    assert_eq!(again, filed, "the same text is the same version");
    assert_eq!(daemon.get(PROJECTIONS).await.as_array().unwrap().len(), 2);
    assert_eq!(daemon.get(&format!("{PROJECTIONS}/newest")).await["plan"][0]["projected"], "620");
    assert_eq!(daemon.get(&format!("{PROJECTIONS}/1")).await["plan"][0]["projected"], "310");
    assert_eq!(daemon.get("/api/v1/position").await["filing"]["version"], 2);
    for absent in ["0", "3", "old"] {
        let path = format!("{PROJECTIONS}/{absent}");
        let error =
            client::ask(&client::Address::Listen(daemon.address), Some(&Secret::new(OWNER)), &path).await.unwrap_err();
        assert!(matches!(error, ClientError::Refused { status: 404, .. }), "{error}");
    }
}

#[tokio::test]
async fn a_filing_that_cannot_be_used_is_refused_with_every_problem() {
    let daemon = Daemon::start().await;
    let body = daemon.get(&format!("{PROJECTIONS}/1")).await["body"].as_str().unwrap().to_owned();
    let twice_wrong = body.replace("2026-02-01", "sometime").replace("\"310\"", "\"lots\"");
    let refused = daemon.filing(OWNER, &twice_wrong).await.unwrap_err();
    assert_eq!(refused.status, 422);
    assert!(refused.message.matches("\n  - ").count() >= 2, "{}", refused.message);
    let unpriced = "filed_on = \"2026-02-01\"\nasked_for = \"genai-tier\"\n[[record]]\nid = \"ai\"\n[[record.tokens]]\n\
                    model = \"Nobody's Model 9\"\nmonthly = [{ from = \"2026-02\", input_millions = 1, output_millions = 1 }]\n";
    let refused = daemon.filing(OWNER, unpriced).await.unwrap_err();
    assert_eq!(refused.status, 422);
    assert!(refused.message.contains("Nobody's Model 9"), "{}", refused.message);
    let json = daemon.enter(OWNER, PROJECTIONS, "application/json", &body).await.unwrap_err();
    assert_eq!(json.status, 415, "{}", json.message);
    let long = daemon.filing(OWNER, &"#".repeat(256 * 1024 + 1)).await.unwrap_err();
    assert_eq!(long.status, 413, "{}", long.message);
    assert_eq!(daemon.get(PROJECTIONS).await.as_array().unwrap().len(), 1, "nothing of it was stored");
    // Longer than other routes take, and well within what a filing may be.
    let padded = format!("{body}\n{}\n", "#".repeat(100 * 1024));
    assert_eq!(daemon.filing(OWNER, &padded).await.unwrap()["version"], 2);
}

#[tokio::test]
async fn a_filing_a_million_times_too_large_wants_a_word() {
    let daemon = Daemon::start().await;
    let body =
        daemon.get(&format!("{PROJECTIONS}/1")).await["body"].as_str().unwrap().replace("\"310\"", "\"310000000\"");
    let refused = daemon.filing(OWNER, &body).await.unwrap_err();
    assert_eq!(refused.status, 409, "{}", refused.message);
    assert!(refused.message.contains("; correct it, or repeat the command with --anyway"), "{}", refused.message);
    assert!(refused.message.contains("confirm") && refused.message.contains("$310,000,061"), "{}", refused.message);
    assert_eq!(daemon.get(PROJECTIONS).await.as_array().unwrap().len(), 1, "nothing of it was stored");
    let path = format!("{PROJECTIONS}?anyway=true");
    assert_eq!(daemon.enter(OWNER, &path, "application/toml", &body).await.unwrap()["version"], 2);
    // What is frozen is never refused.
    assert_eq!(daemon.filing(OWNER, &body).await.unwrap()["version"], 2);
}

#[tokio::test]
async fn a_partner_enters_nothing_and_reads_no_history() {
    let daemon = Daemon::start().await;
    let body = daemon.get(&format!("{PROJECTIONS}/1")).await["body"].as_str().unwrap().replace("310", "620");
    for token in [PARTNER, "no-token-of-ours"] {
        let expected = if token == PARTNER { 403 } else { 401 };
        let balance = daemon.balance(token, &json!({ "pool": CONSOLE, "remaining": "1" })).await.unwrap_err();
        let filing = daemon.filing(token, &body).await.unwrap_err();
        for refused in [balance, filing] {
            assert_eq!(refused.status, expected, "{}", refused.message);
            assert!(SECRETS.iter().all(|secret| !refused.message.contains(secret)), "{}", refused.message);
        }
        for path in ["/api/v1/credits/history", "/api/v1/credits", PROJECTIONS, "/api/v1/projections/1"] {
            let refused = client::ask(&client::Address::Listen(daemon.address), Some(&Secret::new(token)), path)
                .await
                .unwrap_err();
            assert!(matches!(refused, ClientError::Refused { status, .. } if status == expected), "{path}: {refused}");
            assert!(SECRETS.iter().all(|secret| !refused.to_string().contains(secret)), "{refused}");
        }
    }
    assert_eq!(daemon.get(PROJECTIONS).await.as_array().unwrap().len(), 1);
    let facts = daemon.served.engine.store().facts(first_cycle(), "USD".to_owned()).await.unwrap();
    assert_eq!(facts.recorded, []);
}

#[tokio::test]
async fn the_history_has_every_snapshot_with_its_day() {
    let daemon = Daemon::start().await;
    daemon.served.cycle(first_cycle() + TimeDelta::days(1), usd("2")).await;
    let history = daemon.get("/api/v1/credits/history").await;
    assert_eq!(history["next"], Value::Null);
    let history = &history["snapshots"];
    let days: Vec<&str> = history.as_array().unwrap().iter().map(|one| one["taken_on"].as_str().unwrap()).collect();
    assert_eq!(days, ["2026-03-20", "2026-03-20", "2026-03-21", "2026-03-21"]);
    assert_eq!((&history[0]["credit_id"], &history[0]["estimated"]), (&json!("9900111"), &json!("540")));
}

const MUTES: &str = "/api/v1/alerts/mutes";

/// State and what mutes it, of the alert under `key`.
async fn alert(daemon: &Daemon, key: &str) -> (Value, Value) {
    let list = daemon.get("/api/v1/alerts").await;
    let row = list["alerts"].as_array().unwrap().iter().find(|row| row["key"] == key).unwrap().clone();
    (row["state"].clone(), row["muted"]["why"].clone())
}

#[tokio::test]
async fn an_alert_is_silenced_listed_as_such_and_let_speak_again() {
    let daemon = Daemon::start().await;
    // What is entered has the findings made again: from here on they are those of the rules.
    daemon.balance(OWNER, &json!({ "pool": CONSOLE, "remaining": "800", "on": "2026-03-20" })).await.unwrap();
    let list = daemon.get("/api/v1/alerts").await;
    let keys: Vec<&str> = list["alerts"].as_array().unwrap().iter().map(|row| row["key"].as_str().unwrap()).collect();
    let key = keys[0];
    let rule = key.split_once(':').unwrap().0;
    let other = keys.iter().find(|key| !key.starts_with(rule)).expect("another rule found something too");
    assert_eq!(alert(&daemon, key).await.1, Value::Null);
    let silence = json!({ "kind": "silence", "key": format!("{rule}:*"), "by": "ana", "why": "moving it",
        "until": "2026-03-27T00:00:00Z" });
    let kept = daemon.enter(OWNER, MUTES, "application/json", &silence.to_string()).await.unwrap();
    assert_eq!(kept["made_at"], json!("2026-03-20T06:30:00Z"));
    assert_eq!(alert(&daemon, key).await.1, json!("moving it"));
    assert_eq!(alert(&daemon, other).await.1, Value::Null);

    daemon.served.clock.advance_to(first_cycle() + TimeDelta::hours(1));
    let end = json!({ "kind": "silence", "key": format!("{rule}:*"), "by": "ben", "why": "moved", "end": true });
    daemon.enter(OWNER, MUTES, "application/json", &end.to_string()).await.unwrap();
    assert_eq!(alert(&daemon, key).await.1, Value::Null);
    assert_eq!(daemon.get("/api/v1/alerts").await["mutes"], json!([]));
}

#[tokio::test]
async fn what_cannot_be_meant_about_an_alert_is_refused_with_the_reason() {
    let daemon = Daemon::start().await;
    fn entry(kind: &str, key: &str, why: &str, until: Value) -> Value {
        json!({ "kind": kind, "key": key, "by": "ana", "why": why, "until": until })
    }
    let (past, later) = (json!("2026-03-20T06:30:00Z"), json!("2026-04-01T00:00:00Z"));
    for (entry, reason) in [
        (entry("ack", "spike:Nova", "x", Value::Null), "no alert \"spike:Nova\" is open; open are: none"),
        (entry("ack", "exhaustion:total", "x", Value::Null), "exhaustion:total is held: nothing was told"),
        (entry("silence", "exhaustion:total", "x", Value::Null), "a silence needs an end"),
        (entry("silence", "exhaustion:total", "x", past), "until lies in the past"),
        (entry("silence", "exhaustion", "  ", later.clone()), "why is empty"),
        (entry("silence", "everything", "x", later.clone()), "names no alert; write a key of `glidepath alerts list`"),
        (entry("silence", "exhaustion:total", &"x".repeat(201), later), "longer than 200 characters"),
        (
            json!({ "kind": "silence", "key": "spike:*", "by": "ana", "why": "x", "end": true }),
            "there is no silence of spike:* to end",
        ),
        (json!({ "kind": "shout", "key": "spike:*", "by": "ana", "why": "x" }), "unknown variant `shout`"),
    ] {
        let refused = daemon.enter(OWNER, MUTES, "application/json", &entry.to_string()).await.unwrap_err();
        assert_eq!(refused.status, 422, "{entry}: {}", refused.message);
        assert!(refused.message.contains(reason), "{entry}: {}", refused.message);
    }
    let list = daemon.get("/api/v1/alerts").await;
    assert_eq!(list["mutes"], json!([]), "nothing of it was kept");
}
