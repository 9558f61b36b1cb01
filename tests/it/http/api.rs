//! What the API promises beside its figures: a description that is true, pages that hold still, tags that tell of change.

use std::collections::BTreeSet;

use axum::http::{Method, StatusCode, header};
use glidepath::config::Config;
use glidepath::cycle::{BalanceEntry, LinkOrder, MuteEntry, ReplayOrder};
use glidepath::domain::filing::projection::FiledProjection;
use glidepath::domain::values::secret::Secret;
use serde_json::{Value, json};

use crate::support::served::{Ask, LINK_KEY, Served, config, time, usd};

#[tokio::test]
async fn every_route_is_described_and_every_description_is_a_route() {
    let served = Served::fed(config()).await;
    let document = served.get("/api/v1/openapi.json").await.json();
    assert_eq!(document, glidepath::http::openapi());
    assert_eq!(document["openapi"], "3.1.0");
    let mut operations = BTreeSet::new();
    for (path, methods) in document["paths"].as_object().unwrap() {
        for method in ["GET", "POST", "PUT", "PATCH", "DELETE"] {
            let described = methods.get(method.to_ascii_lowercase());
            // A name in the address that nothing has: a route of its own says so, an address without route says it too,
            // and only the second counts as "none".
            let asked =
                path.replace("{version}", "9").replace("{file}", "x.y").replace("{id}", "0").replace("{link}", "0");
            let before = counted(&served).await;
            let answer =
                served.send(Ask::method(method.parse().unwrap(), &asked).host(Some("elsewhere.example"))).await;
            assert_eq!(counted(&served).await, before, "{method} {path} is no route");
            assert_eq!(answer.status != StatusCode::METHOD_NOT_ALLOWED, described.is_some(), "{method} {path}");
            let Some(operation) = described else { continue };
            assert!(operations.insert(operation["operationId"].as_str().unwrap().to_owned()), "{operation}");
            assert!(!operation["summary"].as_str().unwrap().is_empty() && operation["x-roles"].is_array());
            for (status, answer) in operation["responses"].as_object().unwrap() {
                assert!(status == "304" || !answer["content"].as_object().unwrap().is_empty(), "{path} {status}");
            }
        }
    }
    assert!(operations.len() > 25, "{operations:?}");
}

/// Every text that people read in a JSON document: under the keys of descriptions and summaries.
fn texts<'a>(value: &'a Value, found: &mut Vec<&'a str>) {
    match value {
        Value::Object(fields) => {
            for (key, value) in fields {
                match value {
                    Value::String(text) if ["description", "summary", "title"].contains(&key.as_str()) => {
                        found.push(text);
                    }
                    _ => texts(value, found),
                }
            }
        }
        Value::Array(items) => items.iter().for_each(|item| texts(item, found)),
        _ => {}
    }
}

#[test]
fn descriptions_are_for_readers_who_know_no_rust() {
    let document = glidepath::http::openapi();
    let mut found = Vec::new();
    texts(&document, &mut found);
    assert!(found.len() > 300, "{}", found.len());
    for text in found {
        for rust in ["[`", "`]", "::", "`None`", "`Some", "`Vec", "Option<", "# Errors", "```", "&str", "[crate"] {
            assert!(!text.contains(rust), "{rust:?} in {text:?}");
        }
    }
}

#[test]
fn operations_have_an_area_bodies_an_example_and_parameters_their_own_pattern() {
    let document = glidepath::http::openapi();
    let areas: BTreeSet<&str> =
        document["tags"].as_array().unwrap().iter().map(|tag| tag["name"].as_str().unwrap()).collect();
    let (mut used, mut examples) = (BTreeSet::new(), 0);
    for (path, methods) in document["paths"].as_object().unwrap() {
        for (method, operation) in methods.as_object().unwrap() {
            used.extend(operation["tags"].as_array().unwrap().iter().map(|tag| tag.as_str().unwrap()));
            assert!(operation["responses"]["5XX"].is_object(), "{method} {path}");
            for (media_type, content) in operation["requestBody"]["content"].as_object().into_iter().flatten() {
                assert!(!content["example"].is_null(), "{method} {path} {media_type}");
                examples += 1;
            }
            for parameter in operation["parameters"].as_array().into_iter().flatten() {
                let (place, name) = (&parameter["in"], parameter["name"].as_str().unwrap());
                let told = !parameter["example"].is_null() || !parameter["schema"]["example"].is_null();
                assert!(place == "path" || name == "cursor" || told, "{method} {path}?{name}");
            }
        }
    }
    assert_eq!((used, examples), (areas, 8));
    let asset = &document["paths"]["/assets/{version}/{name}"]["get"]["parameters"][0]["schema"]["pattern"];
    assert_eq!(asset, "^[0-9a-f]{12}$");
}

/// Whoever sends what is no JSON is told what to send: the example of the description, which has the right shape.
#[tokio::test]
async fn examples_are_what_the_advice_says_and_can_be_read() {
    let served = Served::fed(config()).await;
    let document = glidepath::http::openapi();
    let example = |path: &str, media_type: &str| {
        document["paths"][path]["post"]["requestBody"]["content"][media_type]["example"].clone()
    };
    for path in ["/api/v1/credits/statements", "/api/v1/alerts/mutes", "/api/v1/replay", "/api/v1/links"] {
        let cut = Ask::post(path).with(header::CONTENT_TYPE, "application/json").body(b"{".to_vec());
        let advice = served.send(cut).await.json()["advice"].as_str().unwrap().to_owned();
        let told = advice.strip_prefix("send ").unwrap().split(" as application/json").next().unwrap();
        assert_eq!(serde_json::from_str::<Value>(told).unwrap(), example(path, "application/json"), "{path}");
    }
    let json = |path: &str| example(path, "application/json");
    serde_json::from_value::<BalanceEntry>(json("/api/v1/credits/statements")).unwrap();
    serde_json::from_value::<MuteEntry>(json("/api/v1/alerts/mutes")).unwrap();
    serde_json::from_value::<LinkOrder>(json("/api/v1/links")).unwrap();
    serde_json::from_value::<ReplayOrder>(json("/api/v1/replay")).unwrap().check().unwrap();
    let filing = example("/api/v1/projections", "application/toml");
    FiledProjection::parse(filing.as_str().unwrap()).unwrap();
}

/// Requests that met no route.
async fn counted(served: &Served) -> Option<String> {
    let metrics = served.get("/metrics").await.body;
    metrics.lines().find(|line| line.contains("route=\"none\"")).map(str::to_owned)
}

#[tokio::test]
async fn every_reference_in_the_description_leads_somewhere() {
    let document = glidepath::http::openapi();
    let mut references = Vec::new();
    collect(&document, &mut references);
    assert!(references.len() > 50);
    for reference in references {
        assert!(document.pointer(reference.trim_start_matches('#')).is_some(), "{reference}");
    }
    let money = &document["components"]["schemas"]["Money"];
    assert_eq!(money["type"], "string");
    assert!(money["pattern"].is_string());
}

fn collect<'v>(value: &'v Value, references: &mut Vec<&'v str>) {
    match value {
        Value::Object(fields) => {
            references.extend(fields.get("$ref").and_then(Value::as_str));
            fields.values().for_each(|field| collect(field, references));
        }
        Value::Array(items) => items.iter().for_each(|item| collect(item, references)),
        _ => {}
    }
}

#[tokio::test]
async fn who_has_the_answer_is_told_so() {
    let served = Served::fed(config()).await;
    for path in ["/", "/api/v1/position", "/api/v1/charges", "/api/v1/reports/trajectory.csv", "/api/v1/openapi.json"] {
        let first = served.get(path).await;
        let tag = first.header("etag").to_owned();
        assert!(tag.starts_with("W/\"") && tag.ends_with('"') && tag.len() > 30, "{path}: {tag:?} is no weak tag");
        assert_eq!(first.header("cache-control"), "private, no-cache");
        for known in [tag.clone(), format!("\"other\", {tag}"), "*".to_owned(), tag.trim_start_matches("W/").to_owned()]
        {
            let again = served.send(Ask::get(path).with(header::IF_NONE_MATCH, &known)).await;
            assert_eq!((again.status, again.body.as_str()), (StatusCode::NOT_MODIFIED, ""), "{path} with {known}");
            assert_eq!(again.header("etag"), tag);
        }
        let other = served.send(Ask::get(path).with(header::IF_NONE_MATCH, "\"other\"")).await;
        assert_eq!((other.status, other.body), (StatusCode::OK, first.body.clone()), "{path}");
        let head = served.send(Ask::method(Method::HEAD, path)).await;
        assert_eq!(
            (head.status, head.header("etag"), head.body.as_str()),
            (StatusCode::OK, tag.as_str(), ""),
            "{path}"
        );
        assert_eq!(head.header("content-length"), first.body.len().to_string(), "{path}");
    }
    let before = served.get("/api/v1/position").await.header("etag").to_owned();
    served.cycle(time("2026-03-21T06:30:00Z"), usd("3")).await;
    let after = served.send(Ask::get("/api/v1/position").with(header::IF_NONE_MATCH, &before)).await;
    assert_eq!(after.status, StatusCode::OK);
    assert_ne!(after.header("etag"), before);
    // An error has no tag, and a condition changes no error.
    let missing = served.send(Ask::get("/api/v1/projections/9").with(header::IF_NONE_MATCH, "*")).await;
    assert_eq!((missing.status, missing.header("etag")), (StatusCode::NOT_FOUND, ""));
}

/// Follows `next` to the end, with `meanwhile` after the first page.
async fn pages(served: &Served, path: &str, rows: &str, meanwhile: impl AsyncFnOnce()) -> (Vec<Value>, Vec<Value>) {
    let mut page = served.get(path).await.json();
    meanwhile().await;
    let (mut all, mut clocks) = (Vec::new(), Vec::new());
    loop {
        all.extend(page[rows].as_array().unwrap().clone());
        clocks.push(page["as_of"].clone());
        let Some(next) = page["next"].as_str() else { return (all, clocks) };
        page = served.get(next).await.json();
    }
}

#[tokio::test]
async fn pages_of_charges_hold_still_while_cycles_arrive() {
    let served = Served::fed(config()).await;
    let whole = served.get("/api/v1/charges?limit=1000").await.json();
    // 48 days from February the first to the day of the clock, three charges each.
    let expected = whole["charges"].as_array().unwrap().clone();
    assert_eq!((expected.len(), &whole["next"]), (144, &Value::Null));
    assert_eq!(
        expected[0],
        json!({
            "day": "2026-02-01", "service": "Amazon Bedrock", "record_type": "Credit", "charge_category": "Credit",
            "billed_cost": "-10", "estimated": false,
        })
    );
    let changed = async || served.cycle(time("2026-03-21T06:30:00Z"), usd("3")).await;
    let (all, clocks) = pages(&served, "/api/v1/charges?limit=7", "charges", changed).await;
    assert_eq!(all, expected, "a page lost or repeated a row, or showed what was not known at the first");
    assert!(clocks.iter().all(|clock| clock == "2026-03-20T06:30:00Z"), "{clocks:?}");

    served.clock.advance_to(time("2026-03-22T06:30:00Z"));
    let now =
        served.get("/api/v1/charges?from=2026-03-18&to=2026-03-19&service=Amazon%20Relational%20Database%20Service");
    assert_eq!(now.await.json()["charges"][0]["billed_cost"], "3");
    let then = "/api/v1/charges?from=2026-03-18&to=2026-03-19&record_type=Usage&as_of=2026-03-20T06:30:00Z";
    let then = served.get(then).await.json();
    let costs: Vec<&Value> = then["charges"].as_array().unwrap().iter().map(|charge| &charge["billed_cost"]).collect();
    assert_eq!(costs, ["10", "2"]);
}

#[tokio::test]
async fn pages_of_restatements_hold_still_while_cycles_arrive() {
    let served = Served::fed(config()).await;
    served.cycle(time("2026-03-21T06:30:00Z"), usd("3")).await;
    let expected = served.get("/api/v1/restatements").await.json()["restatements"].as_array().unwrap().clone();
    assert_eq!(expected.len(), 46);
    let changed = async || served.cycle(time("2026-03-22T06:30:00Z"), usd("4")).await;
    let (all, _) = pages(&served, "/api/v1/restatements?limit=9", "restatements", changed).await;
    assert_eq!(all, expected);
}

#[tokio::test]
async fn pages_of_links_papers_and_snapshots_are_whole_while_more_arrive() {
    let served = Served::fed(Config { link_key: Some(Secret::new(LINK_KEY)), ..config() }).await;
    let made = async || {
        let order = json!({ "kind": "trajectory", "formats": ["csv"], "records": ["ai"], "days": 3 });
        assert_eq!(served.send(Ask::post("/api/v1/links").json(&order)).await.status, StatusCode::CREATED);
        for format in ["csv", "json", "md"] {
            served.get(&format!("/api/v1/reports/trajectory.{format}")).await;
        }
    };
    for _ in 0..3 {
        made().await;
    }
    for at in ["2026-03-21T06:30:00Z", "2026-03-22T06:30:00Z"] {
        served.clock.advance_to(time(at));
        served.cycle(time(at), usd("2")).await;
        made().await;
    }
    for (path, rows, count) in [
        ("/api/v1/links", "links", 5),
        ("/api/v1/reports/issued", "reports", 9),
        ("/api/v1/credits/history", "snapshots", 6),
    ] {
        let whole = served.get(path).await.json();
        assert_eq!((whole[rows].as_array().unwrap().len(), &whole["next"]), (count, &Value::Null), "{path}");
        let (all, _) = pages(&served, &format!("{path}?limit=2"), rows, async || {}).await;
        assert_eq!(all, whole[rows].as_array().unwrap().clone(), "{path}");
    }
    // What is made while somebody turns pages stands in front of the links, and behind the papers and snapshots.
    let links = served.get("/api/v1/links").await.json()["links"].as_array().unwrap().clone();
    served.clock.advance_to(time("2026-03-22T08:00:00Z"));
    let (all, _) = pages(&served, "/api/v1/links?limit=2", "links", made).await;
    assert_eq!(all, links);
}

#[tokio::test]
async fn parts_say_what_the_position_says() {
    let served = Served::fed(config()).await;
    let position = served.get("/api/v1/position").await.json();
    let variance = served.get("/api/v1/variance").await.json();
    for field in ["as_of", "data_through", "currency", "filing", "variance"] {
        assert_eq!(variance[field], position[field], "{field}");
    }
    let outlook = served.get("/api/v1/outlook").await.json();
    for field in ["as_of", "exhaustion", "trajectory", "exposure", "track_record"] {
        assert_eq!(outlook[field], position[field], "{field}");
    }
    assert_eq!(outlook["pools"][0]["exhausts_on"], position["credits"]["pools"][0]["exhausts_on"]);
    let alerts = served.get("/api/v1/alerts").await.json();
    let keys = |listed: &Value| -> BTreeSet<String> {
        listed.as_array().unwrap().iter().map(|it| it["key"].as_str().unwrap().to_owned()).collect()
    };
    assert_eq!((keys(&alerts["alerts"]), &alerts["mutes"]), (keys(&position["findings"]), &json!([])));
    assert_eq!(served.get("/api/v1/alerts/events").await.json(), json!({ "events": [], "next": null }));
    let reports = served.get("/api/v1/reports").await.json();
    for report in reports["reports"].as_array().unwrap() {
        for format in report["formats"].as_array().unwrap() {
            let answer = served.get(format["href"].as_str().unwrap()).await;
            assert_eq!(
                (answer.status, answer.header("content-type")),
                (StatusCode::OK, format["media_type"].as_str().unwrap())
            );
        }
    }
}
