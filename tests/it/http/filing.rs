//! What the house's page says of the filing in force and of the next one.

use axum::http::{StatusCode, header};
use glidepath::config::Config;
use serde_json::json;

use crate::support::served::{Ask, OPS, OWNER, PARTNER, Served, config, first_cycle, time, tokens, usd};

const OBJECTION: &str = "The filing says nothing of the time after credits";
const NOTHING: &str = "A reviewer finds nothing of what they are known to look for.";
const REMEDY: &str = "State deal_size_usd and post_credit_growth_per_month";

#[tokio::test]
async fn the_page_shows_what_a_reviewer_may_object_to_in_the_filing_in_force() {
    let served = Served::fed(Config { tokens: tokens(), ..config() }).await;
    let page = async |token: &str| served.send(Ask::get("/").bearer(token)).await.body;
    for token in [OWNER, OPS] {
        let shown = page(token).await;
        let (_, section) = shown.split_once("id=\"as-filed\"").expect("no section on the filing");
        let section = section.split("</section>").next().unwrap();
        assert!(section.contains(OBJECTION) && section.contains(REMEDY), "{section}");
    }
    assert!(!page(PARTNER).await.contains(OBJECTION));
    // The next version mends it, and the page says so at once.
    let filed = served.engine.store().projections().await.unwrap().pop().unwrap().body;
    let mended = format!("deal_size_usd = \"9000\"\npost_credit_growth_per_month = \"0.05\"\n{filed}");
    served.engine.file_projection(first_cycle(), mended).await.unwrap();
    served.clock.advance_to(time("2026-03-21T09:00:00Z"));
    served.cycle(time("2026-03-21T06:30:00Z"), usd("3")).await;
    let shown = page(OWNER).await;
    assert!(!shown.contains(OBJECTION) && shown.contains("$9,000 after credits") && shown.contains(NOTHING), "{shown}");
    // A page of the past says nothing of what to mend.
    let past = served.send(Ask::get("/?as_of=2026-03-20T06:30:00Z").bearer(OWNER)).await.body;
    assert!(!past.contains(OBJECTION) && !past.contains(NOTHING), "{past}");
}

#[tokio::test]
async fn the_next_filing_is_offered_to_the_house() {
    let served = Served::fed(Config { tokens: tokens(), ..config() }).await;
    let page = served.send(Ask::get("/").bearer(OPS)).await.body;
    let link = "<a href=\"api/v1/projection-draft\" download=\"next-filing.toml\">";
    assert!(page.contains(link) && page.contains("href=\"#next-filing\""), "{page}");
    let draft = served.send(Ask::get("/api/v1/projection-draft").bearer(OPS)).await;
    assert_eq!((draft.status, draft.header("content-type")), (StatusCode::OK, "application/toml; charset=utf-8"));
    assert!(draft.body.contains("filed_on"), "{}", draft.body);
    for (path, token) in [("/", PARTNER), ("/?as_of=2026-03-20T06:30:00Z", OWNER)] {
        let other = served.send(Ask::get(path).bearer(token)).await;
        assert!(other.status == StatusCode::OK && !other.body.contains("projection-draft"), "{path}: {}", other.body);
    }
}

/// The page has a filing checked before it is filed: the same answer as at the command line, and nothing of it is stored.
#[tokio::test]
async fn a_filing_is_checked_without_being_stored() {
    let served = Served::fed(Config { tokens: tokens(), ..config() }).await;
    let filed = served.engine.store().projections().await.unwrap().pop().unwrap().body;
    let check = async |token: &str, text: &str| {
        let ask = Ask::post("/api/v1/projection-check").bearer(token).with(header::CONTENT_TYPE, "application/toml");
        served.send(ask.body(text.as_bytes().to_vec())).await
    };
    for token in [OWNER, OPS] {
        let sound = check(token, &filed).await;
        assert_eq!(sound.status, StatusCode::OK, "{}", sound.body);
        let found = sound.json();
        assert_eq!((&found["problems"], &found["implausible"]), (&json!([]), &json!([])), "{found}");
        assert!(found["size"]["months"].as_array().is_some_and(|months| months.len() == 12), "{found}");
        assert!(found["pace_per_day"].is_string(), "it stands beside the bill: {found}");
        assert!(found["objections"].to_string().contains(OBJECTION), "{found}");
    }
    let broken = check(OWNER, &filed.replace("filed_on", "filed")).await.json();
    assert!(broken["problems"][0]["problem"].as_str().is_some_and(|told| told.contains("filed")), "{broken}");
    assert_eq!(broken["size"], json!(null));
    let far = check(OWNER, &filed.replace("\"310\"", "\"310000000\"")).await.json();
    assert!(!far["implausible"].as_array().unwrap().is_empty() && far["problems"] == json!([]), "{far}");
    // Two records that claim the same spend.
    let (_, record) = filed.split_once("[[record]]").unwrap();
    let twice = format!("{filed}[[record]]{}", record.replace("\nid = \"", "\nid = \"second-"));
    let told = check(OWNER, &twice).await.json();
    assert!(told["problems"].to_string().contains("planned twice"), "{told}");
    let plain = Ask::post("/api/v1/projection-check").bearer(OWNER).with(header::CONTENT_TYPE, "text/plain");
    assert_eq!(served.send(plain.body(filed.into_bytes())).await.status, StatusCode::UNSUPPORTED_MEDIA_TYPE);
    assert_eq!(served.engine.store().projections().await.unwrap().len(), 1, "nothing of it was stored");
}
