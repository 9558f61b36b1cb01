//! Days that AWS changes, days that are not complete yet, and sums to the last digit.

use std::collections::BTreeMap;

use chrono::NaiveDate;
use glidepath::domain::values::money::Money;
use glidepath::store::Restatement;

use super::support::*;

#[tokio::test]
async fn a_changed_day_is_appended_and_the_earlier_belief_stays() {
    // On the 22nd AWS lowers EC2's cost of the 15th by 1.5 and finds 2.25 more of Bedrock on the 16th; EC2's row of the
    // 14th is withdrawn altogether.
    let account = small_account()
        .restate("2026-03-22T00:00:00Z", "2026-03-15", EC2, "Usage", "BoxUsage:m7g.xlarge", "Hrs", "-6", "-1.5")
        .restate(
            "2026-03-22T00:00:00Z",
            "2026-03-16",
            BEDROCK,
            "Usage",
            "USE1-NovaLite-input-tokens",
            "1K tokens",
            "100",
            "2.25",
        )
        .restate(
            "2026-03-22T00:00:00Z",
            "2026-03-14",
            EC2,
            "Usage",
            "BoxUsage:m7g.xlarge",
            "Hrs",
            "-24",
            "-3.9168000002",
        );
    let world = World::new(account).await;
    world.cycle("2026-03-20").await;
    world.cycle("2026-03-21").await;
    let earlier = world.view().await;
    assert_eq!(earlier.position.data_quality.moved_in_last_cycle, Money::ZERO, "new days are no restatement");
    assert_eq!(world.engine.store().restatements(None, 10).await.unwrap(), []);

    world.cycle("2026-03-22").await;
    let position = world.position().await;
    // The credit pays for Bedrock, so its row of the 16th grows by 2.25 as well.
    assert_eq!(position.data_quality.moved_in_last_cycle, money("9.9168000002"));
    let noted = |day_text: &str, service: &str, record_type: &str, before: &str, after: &str| Restatement {
        noticed_at: morning("2026-03-22"),
        day: day(day_text),
        service: service.to_owned(),
        record_type: record_type.to_owned(),
        before: money(before),
        after: money(after),
    };
    assert_eq!(
        world.engine.store().restatements(None, 10).await.unwrap(),
        [
            noted("2026-03-16", BEDROCK, "Credit", "-60.0000000001", "-62.2500000001"),
            noted("2026-03-16", BEDROCK, "Usage", "60.0000000001", "62.2500000001"),
            noted("2026-03-15", EC2, "Usage", "3.9168000002", "2.4168000002"),
            noted("2026-03-14", EC2, "Usage", "3.9168000002", "0"),
        ]
    );
    // 2026-02-20 to 2026-03-20 are 29 days.
    let gross = times(BEDROCK_A_DAY, 29) + times(EC2_A_DAY, 29) + money("2.25") - money("5.4168000002");
    assert_eq!(position.spend.gross_to_date, gross);

    // What was believed on the 21st is still what was believed on the 21st.
    let then = world.engine.view(Some(morning("2026-03-21"))).await.unwrap().unwrap();
    assert_eq!(then, earlier);
    assert_eq!(then.position.spend.gross_to_date, times(BEDROCK_A_DAY, 28) + times(EC2_A_DAY, 28));
    let between = world.engine.view(Some(at("2026-03-22T06:29:59Z"))).await.unwrap().unwrap();
    assert_eq!(between, earlier, "the newest cycle at or before the time asked for");
    assert_eq!(world.engine.view(Some(morning("2026-03-19"))).await.unwrap(), None, "nothing was known then");

    // Asked again, nothing has moved and nothing is appended.
    world.cycle("2026-03-23").await;
    assert_eq!(world.position().await.data_quality.moved_in_last_cycle, Money::ZERO);
    assert_eq!(world.engine.store().restatements(None, 10).await.unwrap().len(), 4);
}

#[tokio::test]
async fn gross_credit_refund_and_tax_add_up_to_net_to_the_last_digit() {
    let account = small_account()
        .charge("2026-03-03", BEDROCK, "Refund", "-5.0000000003")
        .charge("2026-03-01", "Tax", "Tax", "11.4000000007")
        .charge("2026-03-02", "AWS Support (Developer)", "Fee", "29.0000000009")
        .charge("2026-03-04", EC2, "Something new", "0.0000000011");
    let world = World::new(account).await;
    world.cycle("2026-03-20").await;
    let spend = world.position().await.spend;
    // 2026-02-20 to 2026-03-18 are 27 days; the credit pays for Bedrock alone and lasts.
    let usage = times(BEDROCK_A_DAY, 27) + times(EC2_A_DAY, 27);
    assert_eq!(spend.gross_to_date, usage + money("29.0000000009") + money("0.0000000011"));
    assert_eq!(spend.credit_to_date, -times(BEDROCK_A_DAY, 27));
    assert_eq!(spend.refund_to_date, money("-5.0000000003"));
    assert_eq!(spend.tax_to_date, money("11.4000000007"));
    assert_eq!(
        spend.gross_to_date + spend.credit_to_date + spend.refund_to_date + spend.tax_to_date,
        spend.net_to_date
    );
    // 27 x 3.9168000002 = 105.7536000054; and 29.0000000020 - 5.0000000003 + 11.4000000007 = 35.4000000024.
    assert_eq!(spend.net_to_date, money("141.1536000078"));

    // The same per day, and for the partial days that no figure shows yet: stored is what AWS answered.
    let facts = world.facts("2026-03-20").await;
    let mut stored: BTreeMap<NaiveDate, Money> = BTreeMap::new();
    for row in &facts.charges {
        *stored.entry(row.day).or_default() += row.cost;
    }
    assert_eq!(stored[&day("2026-03-01")], money("15.3168000009"));
    assert_eq!(stored[&day("2026-03-02")], money("32.9168000011"));
    assert_eq!(stored[&day("2026-03-03")], money("-1.0832000001"));
    assert_eq!(stored[&day("2026-03-04")], money("3.9168000013"));
    assert_eq!(stored[&day("2026-03-05")], money(EC2_A_DAY));
}

#[tokio::test]
async fn yesterday_and_today_never_count() {
    let world = World::new(small_account()).await;
    for (today, through, count) in [("2026-03-20", "2026-03-18", 27), ("2026-03-21", "2026-03-19", 28)] {
        world.cycle(today).await;
        let facts = world.facts(today).await;
        let newest = facts.charges.iter().map(|row| row.day).max().unwrap();
        assert!(
            newest > day(through),
            "{newest}: a part of yesterday is stored, so that it could be counted by mistake"
        );
        let position = world.position().await;
        assert_eq!(position.data_through, Some(day(through)));
        assert_eq!(position.spend.gross_to_date, times(BEDROCK_A_DAY, count) + times(EC2_A_DAY, count));
        assert_eq!(position.spend.credit_to_date, -times(BEDROCK_A_DAY, count));
        assert_eq!(position.spend.gross_month_to_date, times(BEDROCK_A_DAY, count - 9) + times(EC2_A_DAY, count - 9));
        let burn = position.spend.burn_per_day;
        assert_eq!(burn.last_7_days, Some(money("63.9168000003")));
        assert_eq!(burn.last_28_days, Some(money("63.9168000003")));
        let pool = &position.credits.pools[0];
        assert_eq!(pool.drawn, times(BEDROCK_A_DAY, count));
        assert_eq!(pool.remaining, money("9000") - times(BEDROCK_A_DAY, count));
        let month: Money = position.workloads.iter().map(|row| row.cost).sum();
        assert_eq!(month, position.spend.gross_month_to_date, "by purpose it is the same money");
        assert_eq!(position.data_quality.reconciliation_gap, Money::ZERO);
    }
}
