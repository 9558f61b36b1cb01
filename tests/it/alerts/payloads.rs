//! What each channel is sent.

use glidepath::domain::position::finding::Severity;
use glidepath::domain::values::secret::Secret;
use glidepath::notify::Channel;

use super::support::*;

#[test]
fn payloads_of_an_exhaustion_alert() {
    let event = messages(&store(), &fresh(vec![finding(Severity::Critical)]), clock()).remove(0);
    let slack = Channel::Slack { webhook_url: Secret::new("https://hooks.slack.com/x") };
    let webhook = Channel::Webhook { url: Secret::new("https://receiver.example"), secret: Secret::new(KEY) };
    let json = |channel: &Channel| serde_json::from_str::<serde_json::Value>(&channel.payload(&event)).unwrap();
    insta::assert_json_snapshot!("slack_exhaustion", json(&slack));
    insta::assert_json_snapshot!("webhook_exhaustion", json(&webhook));
    insta::assert_snapshot!("log_exhaustion", Channel::Log.payload(&event));
}

#[test]
fn payload_of_an_all_clear() {
    let mut conn = store();
    let slack = Channel::Slack { webhook_url: Secret::new("https://hooks.slack.com/x") };
    cycle(&mut conn, vec![finding(Severity::Critical)], &channels([("ops", slack.clone())]), clock());
    let event = messages(&conn, &fresh(vec![]), later(48)).remove(0);
    let json: serde_json::Value = serde_json::from_str(&slack.payload(&event)).unwrap();
    insta::assert_json_snapshot!("slack_all_clear", json);
}

#[test]
fn slack_stays_within_its_limits() {
    let mut event = messages(&store(), &fresh(vec![finding(Severity::Critical)]), clock()).remove(0);
    event.title = "t".repeat(151);
    event.text = "& ".repeat(4_000);
    event.attachment = Some("| a | b & c |\n".repeat(30_000));
    let slack = Channel::Slack { webhook_url: Secret::new("https://hooks.slack.com/x") };
    let json: serde_json::Value = serde_json::from_str(&slack.payload(&event)).unwrap();
    let blocks = json["blocks"].as_array().unwrap();
    assert!(blocks.len() <= 50, "{}", blocks.len());
    assert_eq!(blocks[0]["text"]["text"].as_str().unwrap().chars().count(), 150);
    let sections: Vec<&str> = blocks.iter().filter_map(|block| block["text"]["text"].as_str()).skip(1).collect();
    assert!(sections.iter().all(|text| text.chars().count() <= 3000));
    assert!(sections.iter().any(|text| text.starts_with("```\n| a | b &amp; c |")), "some of the document is there");
    assert!(sections.last().unwrap().contains("cut"), "the cut is said");
    assert!(json.to_string().chars().count() <= 13_000);
}
