//! Planned events over HTTP: who may, what is answered, what is refused, and what is so afterwards.

use axum::http::{StatusCode, header};
use glidepath::config::Config;
use serde_json::{Value, json};

use crate::support::served::{Answer, Ask, OPS, OWNER, PARTNER, Served, config, first_cycle, tokens};

const PLAN: &str = "/api/v1/plan";

async fn served() -> Served {
    Served::fed(Config { tokens: tokens(), ..config() }).await
}

async fn post(served: &Served, order: &Value) -> Answer {
    served.send(Ask::post(PLAN).bearer(OWNER).json(order)).await
}

async fn of_people(served: &Served) -> Vec<Value> {
    let listed = served.send(Ask::get(PLAN).bearer(OPS)).await.json();
    listed.as_array().unwrap().iter().filter(|row| row["source"] == "plan").cloned().collect()
}

fn launch() -> Value {
    json!({ "kind": "launch", "on": "2026-04-01", "usd_per_day": "500", "sure": "0.8", "note": "spring" })
}

#[tokio::test]
async fn an_event_is_planned_listed_counted_and_taken_back() {
    let served = served().await;
    let position = async || served.send(Ask::get("/api/v1/position").bearer(OWNER)).await.json();
    let before = position().await;
    let answer = post(&served, &launch()).await;
    assert_eq!(answer.status, StatusCode::CREATED, "{}", answer.body);
    let row = answer.json();
    let expected = json!({
        "id": "1", "source": "plan", "kind": "launch", "what": "launch at $500.00 a day", "on": "2026-04-01",
        "until": "2027-04-01", "amount": "500", "sure": "0.8", "note": "spring", "state": "ahead", "in_outlook": true,
        "record": null,
    });
    assert_eq!(row, expected);
    assert_eq!(of_people(&served).await, std::slice::from_ref(&row));
    let after = position().await;
    let planned = after["planned"].as_array().unwrap();
    assert!(planned.contains(&row), "{planned:?}");
    assert_ne!(before["exhaustion"]["p50"], after["exhaustion"]["p50"], "it is in the outlook at once");
    assert_eq!((&after["as_of"], &after["outlook_state"]), (&before["as_of"], &json!("current")));

    let taken = served.send(Ask::method("DELETE".parse().unwrap(), &format!("{PLAN}/1")).bearer(OWNER)).await;
    assert_eq!(taken.json(), json!({ "id": "1", "what": "launch at $500.00 a day" }));
    assert!(of_people(&served).await.is_empty());
    let again = served.send(Ask::method("DELETE".parse().unwrap(), &format!("{PLAN}/1")).bearer(OWNER)).await;
    assert_eq!(again.status, StatusCode::NOT_FOUND, "it is gone already");
    assert_eq!(position().await["exhaustion"], before["exhaustion"]);
    // A number is never given twice.
    assert_eq!(post(&served, &launch()).await.json()["id"], "2");
}

#[tokio::test]
async fn only_the_founder_plans_and_ops_read() {
    let served = served().await;
    for (token, get, change) in [
        (OWNER, StatusCode::OK, StatusCode::CREATED),
        (OPS, StatusCode::OK, StatusCode::FORBIDDEN),
        (PARTNER, StatusCode::FORBIDDEN, StatusCode::FORBIDDEN),
        ("nobody", StatusCode::UNAUTHORIZED, StatusCode::UNAUTHORIZED),
    ] {
        assert_eq!(served.send(Ask::get(PLAN).bearer(token)).await.status, get, "{token}");
        assert_eq!(served.send(Ask::post(PLAN).bearer(token).json(&launch())).await.status, change, "{token}");
        if change != StatusCode::CREATED {
            let taken = served.send(Ask::method("DELETE".parse().unwrap(), &format!("{PLAN}/1")).bearer(token)).await;
            assert_eq!(taken.status, change, "{token}");
        }
    }
    assert_eq!(of_people(&served).await.len(), 1);
}

#[tokio::test]
async fn what_cannot_be_planned_is_refused_with_every_problem() {
    let served = served().await;
    for (order, status, says) in [
        (
            json!({ "kind": "launch", "on": "2026-03-18", "usd_per_day": "5" }),
            422,
            "the bill is complete through 2026-03-18",
        ),
        (json!({ "kind": "launch", "on": "2026-04-01" }), 422, "how much is missing"),
        (json!({ "kind": "launch", "on": "2026-04-01", "usd_per_day": "-5", "sure": "2" }), 422, "sure is 2"),
        (
            json!({ "kind": "launch", "on": "2026-04-01", "model": "Nobody's Model 9", "input_millions": "1", "output_millions": "1" }),
            422,
            "Nobody's Model 9",
        ),
        (
            json!({ "kind": "run", "on": "2026-04-01", "type": "trn9.999xlarge", "chip_hours": "5" }),
            422,
            "trn9.999xlarge",
        ),
        (json!({ "kind": "switch", "on": "2026-04-01", "from": "Nova Lite", "to": "Nova Nothing" }), 422, "Nova"),
        (json!({ "kind": "end", "on": "2026-04-01", "of": "Amazon Nothing" }), 422, "Amazon Nothing is no model"),
        (
            json!({ "kind": "award", "from": "2026-04-01", "usd": "5", "until": "2026-04-01" }),
            422,
            "not after its first day",
        ),
        (json!({ "kind": "fee", "on": "2026-04-01", "usd": "1e30" }), 422, "usd"),
        (json!({ "kind": "party", "on": "2026-04-01" }), 422, "unknown variant `party`"),
        (json!({ "kind": "fee", "on": "2026-04-01", "usd": "5", "colour": "red" }), 422, "unknown field `colour`"),
        // Of some 5,560 that are left, and 12 a day.
        (json!({ "kind": "fee", "on": "2026-04-01", "usd": "600001" }), 409, "confirm"),
        (json!({ "kind": "launch", "on": "2026-04-01", "usd_per_day": "20001" }), 409, "$600,030.00 in all"),
    ] {
        let answer = post(&served, &order).await;
        assert_eq!(answer.status.as_u16(), status, "{order}: {}", answer.body);
        assert!(answer.body.contains(says), "{order}: {}", answer.body);
        let flag = answer.json()["command"].as_str().is_some_and(|command| command.contains("--yes"));
        assert_eq!(flag, status == 409, "a command repeats itself with a flag: {}", answer.body);
    }
    for (body, status) in [("{", 400), ("7", 422), ("\"launch\"", 422)] {
        let ask = Ask::post(PLAN).bearer(OWNER).with(header::CONTENT_TYPE, "application/json");
        let answer = served.send(ask.body(body.as_bytes().to_vec())).await;
        assert_eq!(answer.status.as_u16(), status, "{body}: {}", answer.body);
        assert!(answer.json()["advice"].as_str().unwrap().contains("usd_per_day"), "{body}: {}", answer.body);
    }
    let plain = Ask::post(PLAN).bearer(OWNER).with(header::CONTENT_TYPE, "text/plain").body(b"{}".to_vec());
    assert_eq!(served.send(plain).await.status, StatusCode::UNSUPPORTED_MEDIA_TYPE);
    let long = json!({ "kind": "fee", "on": "2026-04-01", "usd": "5", "note": "x".repeat(16 * 1024) });
    assert_eq!(post(&served, &long).await.status, StatusCode::PAYLOAD_TOO_LARGE);
    assert!(of_people(&served).await.is_empty(), "nothing of it was stored");
    for id in ["0", "7", "soon", "99999999999", "filing:1:ai:1"] {
        let path = format!("{PLAN}/{id}");
        let status = served.send(Ask::method("DELETE".parse().unwrap(), &path).bearer(OWNER)).await.status;
        assert!([StatusCode::NOT_FOUND, StatusCode::UNPROCESSABLE_ENTITY].contains(&status), "{id}: {status}");
    }
}

#[tokio::test]
async fn what_is_far_above_anything_known_is_planned_on_a_second_word() {
    let served = served().await;
    let mut order = json!({ "kind": "fee", "on": "2026-04-01", "usd": "600001" });
    assert_eq!(post(&served, &order).await.status, StatusCode::CONFLICT);
    order["yes"] = json!(true);
    let answer = post(&served, &order).await;
    assert_eq!((answer.status, answer.json()["amount"].clone()), (StatusCode::CREATED, json!("600001")));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_same_twice_is_planned_once_even_at_once() {
    let served = served().await;
    let order = launch();
    let (one, other) = tokio::join!(post(&served, &order), post(&served, &order));
    let mut statuses = [one.status.as_u16(), other.status.as_u16()];
    statuses.sort_unstable();
    assert_eq!(statuses, [201, 422], "{} {}", one.body, other.body);
    let third = post(&served, &order).await;
    assert!(third.body.contains("planned already, as 1"), "{}", third.body);
    assert_eq!(of_people(&served).await.len(), 1);
}

#[tokio::test]
async fn before_the_first_cycle_there_is_nothing_to_plan_beside() {
    let served = Served::empty(Config { tokens: tokens(), ..config() }, "http://127.0.0.1:9");
    let answer = post(&served, &launch()).await;
    assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(answer.error().contains("no complete day of spend is known yet"), "{}", answer.body);
    assert_eq!(served.clock.now(), first_cycle());
}
