//! What-if over a real connection: what a command beside a daemon is answered is what the store alone answers.

use axum::http::StatusCode;
use glidepath::config::Config;
use glidepath::domain::values::secret::Secret;
use glidepath::domain::whatif::{Answer, Change, Levers};
use glidepath::http::{client, serve};
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use crate::support::served::{Ask, OWNER, Served, config, tokens};

const PATH: &str = "/api/v1/whatif";

#[tokio::test]
async fn a_command_beside_a_daemon_is_answered_as_the_store_alone_answers() {
    let served = Served::fed(Config { tokens: tokens(), ..config() }).await;
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let stop = CancellationToken::new();
    let _stop = stop.clone().drop_guard();
    tokio::spawn(serve(listener, served.state.clone(), stop));
    // Text that an address has to escape.
    let award = Change::parse("award", "amount=500,from=2026-04-01,services=Amazon *;AWS Lambda").unwrap();
    let scenario = vec![award, Change::parse("growth", "+5%").unwrap()];
    let parameters: Vec<(&str, String)> = scenario.iter().map(Change::written).collect();
    let body =
        client::reckon(&client::Address::Listen(address), Some(&Secret::new(OWNER)), PATH, &parameters).await.unwrap();
    let beside: Answer = serde_json::from_slice(&body).unwrap();
    assert_eq!(beside, served.engine.what_if(scenario).await.unwrap());
    let body = client::reckon(&client::Address::Listen(address), Some(&Secret::new(OWNER)), PATH, &[]).await.unwrap();
    let beside: Levers = serde_json::from_slice(&body).unwrap();
    assert_eq!(beside, served.engine.levers().await.unwrap());
}

#[tokio::test]
async fn what_cannot_be_read_or_answered_is_told_apart_and_told_at_once() {
    let served = Served::fed(config()).await;
    let unread = served.send(Ask::get(&format!("{PATH}?growth=fast&discount=5%25"))).await;
    assert_eq!(unread.status, StatusCode::BAD_REQUEST);
    assert_eq!(unread.json()["problems"].as_array().unwrap().len(), 2, "{}", unread.body);
    let growths = "growth=100%25&".repeat(40);
    let run = "train=type%3Dtrn1.32xlarge,chip-hours%3D1,on%3D2026-05-01,days%3D366,repeats%3D366,every%3D1";
    for (path, status, why) in [
        (growths.trim_end_matches('&'), StatusCode::UNPROCESSABLE_ENTITY, "40 changes at once"),
        ("growth=500%25", StatusCode::BAD_REQUEST, "growth per month is 5; it must be more than -1 and at most 1"),
        (run, StatusCode::BAD_REQUEST, "it must lie between 1 and 4000"),
    ] {
        let refused = served.send(Ask::get(&format!("{PATH}?{path}"))).await;
        assert_eq!(refused.status, status, "{}", refused.body);
        assert!(refused.json()["problems"][0].as_str().unwrap().contains(why), "{}", refused.body);
    }
    let past = "award=amount%3D5,from%3D2020-01-01&switch=Nobody%3DSomebody";
    let refused = served.send(Ask::get(&format!("{PATH}?{past}"))).await;
    assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(refused.json()["problems"].as_array().unwrap().len(), 2, "{}", refused.body);
    let empty = Served::empty(config(), "http://127.0.0.1:9");
    let nothing = empty.get(PATH).await;
    assert_eq!(nothing.status, StatusCode::NOT_FOUND);
    assert!(nothing.error().contains("no complete day"), "{}", nothing.body);
}
