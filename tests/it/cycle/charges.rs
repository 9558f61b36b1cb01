//! The fictional startup's year with kinds of charges that it does not have by itself: what the fake settles is what replay
//! draws, and no rule cries.

use glidepath::cycle::View;
use glidepath::demo::startup::Charges;
use glidepath::demo::{FakeAws, startup};
use glidepath::domain::credit::coverage::CoverageState;
use glidepath::domain::values::money::Money;
use glidepath::store::Store;

use super::support::*;

async fn year_with(kinds: &[Charges]) -> View {
    let fake = FakeAws::start(startup::account_with(kinds), startup::TODAY).await.unwrap();
    let engine = engine(&fake, Store::in_memory().unwrap(), config_of("[store]\npath = \"unused.duckdb\"\n"));
    engine.cycle(startup::TODAY).await.unwrap().unwrap();
    engine.view(None).await.unwrap().unwrap()
}

fn rules(view: &View) -> Vec<&'static str> {
    view.position.findings.iter().map(|finding| finding.rule.as_str()).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn replay_draws_what_the_fake_settles_under_every_kind_of_charge() {
    for kinds in [
        vec![Charges::Discount("Enterprise Discount Program Discount")],
        vec![Charges::Discount("Loyalty Discount")],
        vec![Charges::Discount("EdpDiscount"), Charges::CreditBeforeDiscounts],
        vec![Charges::DiscountElsewhere],
        vec![Charges::DiscountOnceAMonth],
        vec![Charges::PlanReturned, Charges::UsageRefunded],
        vec![Charges::SpotUnderALimit("ON_DEMAND")],
    ] {
        let view = year_with(&kinds).await;
        let position = &view.position;
        // A lump is spread to the micro-dollar over the rows of its month.
        assert!(
            position.data_quality.reconciliation_gap < money("0.01"),
            "{kinds:?} {:?}",
            position.reconciliation.months
        );
        let told = rules(&view);
        assert!(!told.contains(&"spike") && !told.contains(&"balance_drift"), "{kinds:?} {told:?}");
        let unknown = kinds.contains(&Charges::Discount("Loyalty Discount"));
        assert_eq!(told.contains(&"unknown_record_type"), unknown, "{kinds:?} {told:?}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_limit_in_words_that_nobody_knows_leaves_coverage_unknown() {
    let view = year_with(&[Charges::SpotUnderALimit("AS_AGREED")]).await;
    let row = |service: &str| view.position.coverage.iter().find(|row| row.service == service).unwrap();
    assert_eq!(row(BEDROCK).state, CoverageState::Covered, "Credit rows show it: {}", row(BEDROCK).evidence);
    // EC2 runs on demand and as Spot, and its Credit rows do not say for which they are.
    let training = row(EC2);
    assert!(training.evidence.contains("purchase types that are not known here (AS_AGREED)"), "{}", training.evidence);
    assert!(view.position.credits.pools.iter().any(|pool| pool.drawn > Money::ZERO), "it is taken to pay");
}
