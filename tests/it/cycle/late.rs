//! What AWS says late: credit that comes days or weeks after its usage, closed months that are corrected, and days that it
//! shows no more.

use glidepath::cycle::{AcceptError, AcceptOrder};
use glidepath::demo::{CreditApplied, FakeAccount, FakeCredit, Fault, Operation};
use glidepath::domain::position::finding::Rule;
use glidepath::domain::values::money::Money;

use super::support::*;

/// Bedrock alone, all of it paid by a credit that lasts far longer than the test.
fn covered(first: &str, last: &str) -> FakeAccount {
    let account = days(first, last).fold(FakeAccount::new(ACCOUNT), |account, day| {
        account.usage(&day.to_string(), BEDROCK, "USE1-NovaLite-input-tokens", "1K tokens", "1000000", "100")
    });
    account.credit(FakeCredit::new(CREDIT, "60000", "2026-02-01", "2027-12-01", &[BEDROCK]))
}

/// On 15 April AWS finds 800 more on `day`.
fn corrected(account: FakeAccount, day: &str) -> FakeAccount {
    let (shown_from, usage_type) = ("2026-04-15T00:00:00Z", "USE1-NovaLite-input-tokens");
    account.restate(shown_from, day, BEDROCK, "Usage", usage_type, "1K tokens", "0", "800")
}

fn rules(world: &[Rule]) -> Vec<&'static str> {
    world.iter().map(|rule| rule.as_str()).collect()
}

/// Rules that say that credit stopped, differs or ended.
const ALARMS: [Rule; 6] = [
    Rule::Exhaustion,
    Rule::FirstCash,
    Rule::BalanceDrift,
    Rule::UncoveredSpend,
    Rule::CreditGone,
    Rule::CoverageUnknown,
];

#[tokio::test]
async fn credit_that_aws_applies_late_raises_no_alarm() {
    for applied in [
        CreditApplied::WithUsage,
        CreditApplied::DaysLater(3),
        CreditApplied::DaysLater(7),
        CreditApplied::DaysLater(9),
        CreditApplied::OnDayOfMonth(8),
        CreditApplied::OnDayOfMonth(20),
        CreditApplied::OnDayOfNextMonth(3),
        CreditApplied::OnDayOfNextMonth(8),
    ] {
        let world = World::new(covered("2026-02-01", "2026-05-31").credit_applied(applied)).await;
        for day in days("2026-03-20", "2026-05-14").step_by(3) {
            world.cycle(&day.to_string()).await;
            let position = world.position().await;
            let raised: Vec<Rule> = position.findings.iter().map(|finding| finding.rule).collect();
            let alarms: Vec<Rule> = raised.into_iter().filter(|rule| ALARMS.contains(rule)).collect();
            assert_eq!(rules(&alarms), [""; 0], "{applied:?} on {day}: {:?}", position.findings);
            // The outlook starts from what will be left once AWS has applied what it still owes.
            let through = position.data_through.unwrap();
            let used = (through - super::support::day("2026-02-01")).num_days() + 1;
            let left = money("60000") - money("100").times(used.into());
            assert_eq!(position.credits.left, left, "{applied:?} on {day}");
        }
        let position = world.position().await;
        assert_eq!(position.data_quality.reconciliation_gap, Money::ZERO, "{applied:?}");
    }
}

#[tokio::test]
async fn a_credit_that_reaches_back_to_the_first_of_its_month_is_seen_whole() {
    // Nothing paid before; a credit is issued on the 20th, and its rows for the whole month come on the 24th.
    let account = days("2026-02-01", "2026-04-30").fold(FakeAccount::new(ACCOUNT), |account, day| {
        account.usage(&day.to_string(), BEDROCK, "USE1-NovaLite-input-tokens", "1K tokens", "1000000", "100")
    });
    let account = account
        .credit(FakeCredit::new(CREDIT, "60000", "2026-03-20", "2027-12-01", &[BEDROCK]))
        .credit_applied(CreditApplied::OnDayOfMonth(24));
    let world = World::new(account).await;
    for day in days("2026-03-18", "2026-04-05") {
        world.cycle(&day.to_string()).await;
        let position = world.position().await;
        if day >= super::support::day("2026-03-21") {
            let raised: Vec<Rule> = position.findings.iter().map(|finding| finding.rule).collect();
            let alarms: Vec<Rule> = raised.into_iter().filter(|rule| ALARMS.contains(rule)).collect();
            assert_eq!(rules(&alarms), [""; 0], "on {day}: {:?}", position.findings);
        }
        if day == super::support::day("2026-03-25") {
            assert_eq!(position.spend.credit_to_date, -times("100", 23), "March 1 to 23 is paid, and seen to be");
        }
    }
}

#[tokio::test]
async fn credit_that_stops_is_cash_once_the_bill_is_closed() {
    // AWS states money all along, and applies none of it from April on.
    let account = covered("2026-02-01", "2026-05-31").credit_applied(CreditApplied::OnDayOfNextMonth(28));
    let world = World::new(account).await;
    for day in days("2026-04-20", "2026-05-14") {
        world.cycle(&day.to_string()).await;
    }
    let position = world.position().await;
    assert_eq!(finding(&position, "balance_drift:credit").severity.as_str(), "warning");
}

#[tokio::test]
async fn a_closed_month_that_aws_corrects_is_pulled_again_after_the_next_date_for_corrections() {
    let account = corrected(spend("2026-01-01", "2026-06-30"), "2026-02-10");
    let world = World::new(account).await;
    world.cycle("2026-04-14").await;
    world.cycle("2026-04-30").await;
    let before = world.position().await.spend.gross_to_date;
    assert_eq!(before, times(BEDROCK_A_DAY, 118) + times(EC2_A_DAY, 118), "nobody has asked yet");
    let so_far = world.asked().len();
    world.cycle("2026-05-03").await;
    let position = world.position().await;
    assert_eq!(position.spend.gross_to_date, times(BEDROCK_A_DAY, 121) + times(EC2_A_DAY, 121) + money("800"));
    assert_eq!(position.data_quality.moved_in_last_cycle, money("800"));
    assert_eq!(position.data_quality.reconciliation_gap, Money::ZERO);
    assert_eq!(world.asked().len() - so_far, 5, "two questions, one for months, and two for February");
    let then = world.engine.view(Some(morning("2026-04-30"))).await.unwrap().unwrap();
    assert_eq!(then.position.spend.gross_to_date, before, "what was believed then is still what was believed then");

    // Each later date costs one question, and other days none.
    for (day, asked) in [("2026-05-04", 2), ("2026-05-08", 3), ("2026-05-09", 2), ("2026-05-12", 3), ("2026-05-13", 2)]
    {
        let so_far = world.asked().len();
        world.cycle(day).await;
        assert_eq!(world.asked().len() - so_far, asked, "{day}");
    }
}

#[tokio::test]
async fn at_most_three_months_are_pulled_again_at_once_and_the_rest_at_the_next_date() {
    let days = ["2025-09-10", "2025-10-10", "2025-11-10", "2025-12-10", "2026-01-10"];
    let account = days.into_iter().fold(spend("2025-08-01", "2026-06-30"), corrected);
    let world = World::new(account).await;
    world.cycle("2026-04-14").await;
    let taken = |gross: Money, days: i64| gross - times(BEDROCK_A_DAY, days) - times(EC2_A_DAY, days);
    world.cycle("2026-05-03").await;
    let position = world.position().await;
    assert_eq!(taken(position.spend.gross_to_date, 274), money("2400"), "the oldest three");
    assert_eq!(position.data_quality.reconciliation_gap, money("1600"), "what still differs is shown");
    world.cycle("2026-05-08").await;
    let position = world.position().await;
    assert_eq!(taken(position.spend.gross_to_date, 279), money("4000"));
    assert_eq!(position.data_quality.reconciliation_gap, Money::ZERO);
}

#[tokio::test]
async fn days_that_vanish_keep_their_cost_until_somebody_accepts_them() {
    let account = spend("2026-01-20", "2026-06-30").joins_organisation("2026-03-15", "2026-03-15T00:00:00Z");
    let world = World::new(account).await;
    world.cycle("2026-03-14").await;
    // The newest days were there in part: of the 14th there were cents, which nobody keeps.
    let facts = world.facts("2026-03-14").await;
    let shown: Money = facts.charges.iter().filter(|row| row.day < day("2026-03-14")).map(|row| row.cost).sum();
    world.cycle("2026-03-16").await;
    let position = world.position().await;
    let all = |days: i64| shown + times(BEDROCK_A_DAY, days) + times(EC2_A_DAY, days);
    assert_eq!(position.spend.gross_to_date, shown, "through the 13th");
    let told = finding(&position, "days_vanished:costs");
    assert!(told.summary.starts_with("Cost Explorer no longer shows 6 to 13 March 2026. Their cost of $"), "{told:?}");
    assert_eq!(told.since, day("2026-03-16"));
    assert_eq!(position.data_quality.moved_in_last_cycle, Money::ZERO);

    // Later windows reach other days of before; after the date for corrections all of February is asked for, and months.
    for date in ["2026-03-17", "2026-03-20", "2026-03-28", "2026-04-03", "2026-04-08", "2026-05-03"] {
        world.cycle(date).await;
    }
    let position = world.position().await;
    assert_eq!(position.spend.gross_to_date, all(48), "nothing of it is lost");
    assert_eq!(finding(&position, "days_vanished:costs").since, day("2026-03-16"));
    assert_eq!(position.spend.burn_per_day.last_28_days, Some(money(BEDROCK_A_DAY) + money(EC2_A_DAY)));
    assert_eq!(position.data_quality.reconciliation_gap, Money::ZERO, "what AWS shows no more is not compared");

    let order = |from: &str, to: &str| AcceptOrder { from: day(from), to: day(to) };
    let accept = |order| world.engine.accept_vanished(morning("2026-05-03"), order);
    assert!(matches!(accept(order("2026-04-01", "2026-04-30")).await, Err(AcceptError::NoneKept { .. })));
    assert!(matches!(accept(order("2026-03-14", "2026-03-13")).await, Err(AcceptError::Reversed { .. })));
    let accepted = accept(order("2026-03-13", "2026-03-20")).await.unwrap();
    assert_eq!(accepted.days, [day("2026-03-13")]);
    let position = world.position().await;
    let gone = day("2026-03-13");
    let facts = world.engine.store().facts(morning("2026-04-08"), "USD".to_owned()).await.unwrap();
    let gone: Money = facts.charges.iter().filter(|row| row.day == gone).map(|row| row.cost).sum();
    assert!(gone > money("20"), "{gone}");
    assert_eq!(position.spend.gross_to_date, all(48) - gone);
    assert_eq!(position.entered_through, Some(morning("2026-05-03")));
    let then = world.engine.view(Some(morning("2026-04-08"))).await.unwrap().unwrap();
    assert_eq!(then.position.spend.gross_to_date, all(23), "an entry changes no earlier view");

    // The next cycles neither bring the days back nor tell of them again.
    world.cycle("2026-05-04").await;
    world.cycle("2026-06-03").await;
    let position = world.position().await;
    assert_eq!(position.spend.gross_to_date, all(79) - gone);
    let told = &finding(&position, "days_vanished:costs").summary;
    assert!(told.contains("12 March 2026. Their cost"), "{told}");
}

#[tokio::test]
async fn days_that_one_answer_left_out_are_asked_for_again_and_come_back() {
    let world = World::new(spend("2026-01-20", "2026-06-30")).await;
    world.cycle("2026-03-15").await;
    let before = world.position().await.spend.gross_to_date;
    world.fake.inject(Fault::EmptyDays.on(Operation::GetCostAndUsage).times(2));
    world.cycle("2026-03-16").await;
    let position = world.position().await;
    let told = &finding(&position, "days_vanished:costs").summary;
    assert!(told.starts_with("Cost Explorer no longer shows 6 to 14 March 2026."), "{told}");
    assert!(position.spend.gross_to_date >= before, "their cost is kept");
    // The window of this day would begin on the 14th.
    world.cycle("2026-03-24").await;
    let position = world.position().await;
    assert!(position.findings.iter().all(|finding| finding.key != "days_vanished:costs"), "{:?}", position.findings);
    let undisturbed = World::new(spend("2026-01-20", "2026-06-30")).await;
    undisturbed.cycle("2026-03-15").await;
    undisturbed.cycle("2026-03-24").await;
    assert_eq!(position.spend, undisturbed.position().await.spend);
}

#[tokio::test]
async fn a_day_of_cents_that_aws_takes_back_is_a_correction_like_any_other() {
    let account = days("2026-03-01", "2026-03-31").fold(FakeAccount::new(ACCOUNT), |account, day| {
        let cost = if day < super::support::day("2026-03-12") { "0.40" } else { "30" };
        account.usage(&day.to_string(), BEDROCK, "USE1-NovaLite-input-tokens", "1K tokens", "1000", cost)
    });
    let world = World::new(account.joins_organisation("2026-03-15", "2026-03-15T00:00:00Z")).await;
    world.cycle("2026-03-14").await;
    let facts = world.facts("2026-03-14").await;
    let dollars: Money = facts.charges.iter().filter(|row| row.day >= day("2026-03-12")).map(|row| row.cost).sum();
    world.cycle("2026-03-17").await;
    // Of the ten days asked for, 7 to 11 March cost cents, and 12 to 14 dollars: today's were there in part.
    assert_eq!(world.position().await.spend.gross_to_date, money("0.40").times(6.into()) + dollars + money("30"));
}
