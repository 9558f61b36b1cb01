//! Replay against Credit rows, allocation history and stated balances: what is a gap, what is mere timing, and how old it is.

use glidepath::domain::credit::StatementSource;
use glidepath::domain::credit::reconcile::{BalanceReconciliation, MonthReconciliation};
use glidepath::domain::facts::credits::{SeenCredit, StatedBalance};
use glidepath::domain::values::money::Money;

use crate::support::values::{day, usd};
use crate::support::world::*;

/// 100 a day from January to 18 April, looked at on the 20th, with a credit that pays it from January on.
fn since_january(change: impl Fn(&mut SeenCredit)) -> World {
    World::on("2026-04-20").charges("2026-01-01", "2026-04-18", BEDROCK, "Usage", "100").credit(
        "1",
        "40000",
        Some(&[BEDROCK]),
        change,
    )
}

fn month(world: &World, name: &str) -> MonthReconciliation {
    let months = world.position().reconciliation.months;
    months.into_iter().find(|month| month.month.to_string() == name).expect("a stored month")
}

fn balance(world: &World) -> Option<BalanceReconciliation> {
    world.position().reconciliation.balances.into_iter().next()
}

#[test]
fn months_are_judged_one_by_one_and_do_not_cancel() {
    // AWS pays 1,500 less in February and 1,550 more in March than replay draws.
    let world = since_january(|_| {})
        .charges("2026-01-01", "2026-01-31", BEDROCK, "Credit", "-100")
        .charges("2026-02-01", "2026-02-13", BEDROCK, "Credit", "-100")
        .charges("2026-03-01", "2026-03-31", BEDROCK, "Credit", "-150")
        .charges("2026-04-01", "2026-04-10", BEDROCK, "Credit", "-100");
    let position = world.position();
    let gaps: Vec<_> = position.reconciliation.months.iter().map(|it| (it.closed, it.gap, it.since)).collect();
    assert_eq!(
        gaps,
        [
            (true, Money::ZERO, None),
            (true, usd("1500"), Some(day("2026-02-14"))),
            (true, usd("-1550"), Some(day("2026-03-01"))),
            (false, usd("800"), Some(day("2026-04-11"))),
        ]
    );
    assert_eq!(month(&world, "2026-02").age_days, Some(65), "14 February to 20 April");
    assert_eq!(position.data_quality.reconciliation_gap, usd("3050"), "of closed months, without their signs");
}

#[test]
fn a_month_is_closed_once_aws_corrects_it_no_more() {
    let closed = |clock: &str, through: &str| {
        let world = World::on(clock).charges("2026-03-01", through, BEDROCK, "Usage", "100");
        month(&world.credit("1", "40000", Some(&[BEDROCK]), |_| {}), "2026-03").closed
    };
    assert!(!closed("2026-04-10", "2026-04-08") && closed("2026-04-11", "2026-04-09"));
    // The allocation history knows better.
    let told = |clock: &str, open: bool| {
        let world = World::on(clock).charges("2026-03-01", "2026-03-31", BEDROCK, "Usage", "100");
        let mut world = world.credit("1", "40000", Some(&[BEDROCK]), |_| {}).allocated("2026-03", "1", BEDROCK, "3100");
        world.facts.allocations[0].estimated = open;
        month(&world, "2026-03").closed
    };
    assert!(told("2026-04-05", false) && !told("2026-04-13", true));
    assert!(!told("2026-04-01", false), "its last days are not complete");
    assert!(told("2026-05-02", true), "a bill of two months ago is closed, whatever an old answer said");
}

#[test]
fn the_allocation_history_counts_where_it_and_the_credit_rows_differ() {
    let rows = |amount: &str| {
        let world = since_january(|_| {}).charges("2026-03-01", "2026-03-31", BEDROCK, "Credit", "-100");
        world.allocated("2026-03", "1", BEDROCK, amount)
    };
    let agreed = month(&rows("3099.40"), "2026-03");
    assert_eq!(
        (agreed.allocated, agreed.gap),
        (Some(usd("3099.40")), Money::ZERO),
        "to the dollar: the exact rows count"
    );
    let differs = month(&rows("2000"), "2026-03");
    assert_eq!((differs.credit_rows, differs.gap, differs.applied()), (usd("3100"), usd("1100"), usd("2000")));
    assert_eq!(differs.since, Some(day("2026-03-01")), "the history knows months");
    let unknown = month(&since_january(|_| {}), "2026-03");
    assert_eq!((unknown.allocated, unknown.gap), (None, usd("3100")));
    // The estimate of an open month may be older than the rows.
    let open = since_january(|_| {}).charges("2026-04-01", "2026-04-18", BEDROCK, "Credit", "-100");
    let mut open = open.allocated("2026-04", "1", BEDROCK, "300");
    open.facts.allocations[0].estimated = true;
    assert_eq!(month(&open, "2026-04").gap, Money::ZERO);
}

#[test]
fn a_balance_is_compared_on_its_own_day_and_timing_is_no_gap() {
    // 31 + 28 + 31 + 18 days of 100 are 10,800 by the 18th; the 19th has 40 so far.
    let gap = |stated: &str| {
        let world = since_january(estimated(stated)).charge("2026-04-19", BEDROCK, "Usage", "40");
        let found = balance(&world).unwrap();
        assert_eq!((found.at, found.source), (day("2026-04-20"), StatementSource::Aws));
        (found.replayed, found.gap)
    };
    assert_eq!(gap("29200"), (usd("29200"), Money::ZERO), "as of the last complete day");
    assert_eq!(gap("29160"), (usd("29160"), Money::ZERO), "with what the partial days show");
    assert_eq!(gap("29300"), (usd("29300"), Money::ZERO), "an estimate of the day before");
    assert_eq!(gap("29301"), (usd("29300"), usd("-1")));
    assert_eq!(gap("20000"), (usd("29160"), usd("9160")), "no more is explained by the days");

    // AWS lists it no more since the 4th: compared as of that day, which is complete by now.
    let old = since_january(|seen| {
        seen.snapshot.estimated = Some(usd("30700"));
        seen.seen_on = day("2026-04-04");
    });
    assert_eq!(balance(&old).unwrap().gap, Money::ZERO);
    // Costs stopped on the 10th while AWS goes on drawing: the newest statement that can be compared counts.
    let mut stale = since_january(estimated("29200"));
    stale.facts.costs_pulled_at = Some(day("2026-04-10").and_hms_opt(6, 0, 0).unwrap().and_utc());
    stale.facts.charges.retain(|row| row.day <= day("2026-04-08"));
    assert_eq!(balance(&stale), None);
    stale.facts.stated = vec![stated("2026-04-10", "30200"), stated("2026-04-11", "30100")];
    assert_eq!(balance(&stale).map(|it| (it.at, it.gap)), Some((day("2026-04-10"), Money::ZERO)));
}

fn stated(at: &str, amount: &str) -> StatedBalance {
    StatedBalance { credit_id: "1".to_owned(), amount: usd(amount), at: day(at) }
}

#[test]
fn a_gap_is_as_old_as_the_first_statement_that_shows_it() {
    let mut world = since_january(estimated("28000"));
    assert_eq!(balance(&world).unwrap().since, Some(day("2026-04-20")));
    world.facts.stated = vec![
        stated("2026-04-05", "30000"),
        stated("2026-04-10", "30200"),
        stated("2026-04-12", "29000"),
        stated("2026-04-15", "28500"),
        stated("2026-04-20", "28000"),
    ];
    let found = balance(&world).unwrap();
    assert_eq!((found.gap, found.since, found.age_days), (usd("1200"), Some(day("2026-04-12")), Some(8)));
}

#[test]
fn a_credit_older_than_the_stored_months_is_said_to_be() {
    // Two years, partly used before January: replay takes it for full then.
    let mut world = since_january(|seen| {
        seen.snapshot.starts_on = day("2025-06-15");
        seen.snapshot.estimated = Some(usd("20200"));
    });
    world.facts.stated = vec![stated("2026-04-19", "20300"), stated("2026-04-20", "20200")];
    let found = balance(&world).unwrap();
    assert!(found.early_use_unknown && found.is_material());
    assert_eq!((found.gap, found.since), (usd("9000"), Some(day("2026-01-01"))), "as long as anything is stored");
    assert!(
        !balance(&since_january(estimated("20200"))).unwrap().early_use_unknown,
        "issued in the first stored month"
    );
}

#[test]
fn what_cannot_be_compared_is_left_out() {
    assert_eq!(balance(&since_january(|_| {})), None, "nothing is stated");
    let expired = since_january(|seen| {
        seen.snapshot.estimated = Some(usd("5"));
        seen.snapshot.expires_on = day("2026-04-20");
    });
    assert_eq!(balance(&expired), None, "AWS goes on stating a balance that pays nothing");
    let typed_in = since_january(|_| {}).recorded("1", "29000", "2026-04-18");
    assert_eq!(balance(&typed_in).map(|it| (it.source, it.gap)), Some((StatementSource::Recorded, usd("200"))));
}
