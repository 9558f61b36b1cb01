//! Names that no bill should have: each is kept and shown as it is, and no amount is lost by it.

use glidepath::demo::{Fault, Operation};
use glidepath::domain::facts::outcome::Outcome;
use glidepath::store::ChargeFilter;

use super::support::*;

/// Texts that AWS could send, and that something on the way could choke on.
fn odd_texts() -> Vec<String> {
    let texts = [
        "",
        " ",
        "tab\tand\nline",
        "bell\u{7} and escape\u{1b}[31m",
        "null\u{0}byte",
        "right\u{202e}to left",
        "zero\u{200b}width\u{feff}",
        "<script>alert(1)</script> & \"quotes\" 'n' `ticks`",
        "| a | table |\n|---|",
        "=1+1",
        "emoji \u{1f4b8} and \u{00e9}\u{0301}",
    ];
    texts.iter().map(|text| (*text).to_owned()).chain([300, 3000].map(|length| "x".repeat(length))).collect()
}

#[tokio::test]
async fn odd_services_record_types_and_usage_types_are_kept_to_the_last_digit() {
    let mut account = small_account();
    let mut added = money("0");
    for text in odd_texts() {
        account = account
            .charge("2026-03-10", &text, "Usage", "1.0000000001")
            .charge("2026-03-11", EC2, &text, "2.0000000002")
            .usage("2026-03-12", BEDROCK, &text, "1K tokens", "5", "4.0000000004");
        added += money("1.0000000001") + money("2.0000000002") + money("4.0000000004");
    }
    let world = World::new(account).await;
    let report = world.cycle("2026-03-20").await;
    assert_eq!(report.costs, Outcome::Ok);
    let position = world.position().await;
    let usual = times(BEDROCK_A_DAY, 27) + times(EC2_A_DAY, 27);
    assert_eq!(position.spend.gross_to_date, usual + added);
    let spend = &position.spend;
    assert_eq!(
        spend.gross_to_date + spend.credit_to_date + spend.refund_to_date + spend.tax_to_date,
        spend.net_to_date
    );
    let stored = world.engine.store().charges(1, ChargeFilter::default(), None, 1000).await.unwrap();
    for text in odd_texts() {
        assert!(stored.iter().any(|row| row.service == text), "no service {text:?}");
        assert!(stored.iter().any(|row| row.record_type == text), "no record type {text:?}");
    }
    let facts = world.facts("2026-03-20").await;
    for text in odd_texts() {
        assert!(facts.usage_kinds.iter().any(|kind| kind.usage_type == text), "no usage type {text:?}");
    }
    // Everything that is made of it can be made.
    assert!(position.findings.iter().any(|finding| finding.key.starts_with("unknown_record_type:")));
    assert!(!serde_json::to_string(&position).unwrap().is_empty());

    // Again, nothing has changed.
    world.cycle("2026-03-21").await;
    assert_eq!(world.position().await.data_quality.moved_in_last_cycle, money("0"));
}

#[tokio::test]
async fn an_answer_that_cannot_be_right_is_refused_whole() {
    for fault in [Fault::WrongCurrency, Fault::BadAmount, Fault::RepeatedToken] {
        let world = World::new(small_account().page_size(50)).await;
        world.cycle("2026-03-20").await;
        let before = world.facts("2026-03-20").await;
        world.fake.inject(fault.clone().on(Operation::GetCostAndUsage).page(1).always());
        let report = world.cycle("2026-03-21").await;
        assert!(matches!(report.costs, Outcome::Failed { .. }), "{fault:?}: {:?}", report.costs);
        let after = world.facts("2026-03-21").await;
        assert_eq!((before.charges, before.usage), (after.charges, after.usage), "{fault:?}: half taken");
    }
}
