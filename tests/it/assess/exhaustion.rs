//! Credit that has ended already: since when, and what does not count.

use glidepath::domain::values::period::DayRange;
use glidepath::domain::values::quantiles::DateQuantiles;

use crate::support::values::{day, usd};
use crate::support::world::*;

#[test]
fn exhaustion_that_is_already_so_is_dated_to_the_day_it_began() {
    let began = |granted: &str| {
        let by_replay = hundred_a_day().credit("1", granted, Some(&[BEDROCK]), estimated("0")).position();
        let mut by_rows = hundred_a_day().credit("1", granted, Some(&[BEDROCK]), estimated("0"));
        let mut left = usd(granted);
        for date in DayRange::new(day("2026-03-01"), day("2026-03-30")).days() {
            let paid = left.min(usd("100"));
            left -= paid;
            if paid.is_positive() {
                by_rows.add_charge(date, BEDROCK, "Credit", &(-paid).to_string());
            }
        }
        let by_rows = by_rows.position();
        assert_eq!(by_replay.exhaustion, by_rows.exhaustion, "replay and AWS's rows tell the same");
        assert_eq!(by_rows.exhaustion.by_workload[0].dates, by_rows.exhaustion.total);
        let DateQuantiles { p10, p50, p90 } = by_rows.exhaustion.total;
        assert!(p10 == p50 && p50 == p90);
        p50.unwrap()
    };
    assert_eq!(began("1000"), day("2026-03-11"), "ten days at 100 are covered");
    assert_eq!(began("1050"), day("2026-03-11"), "half of the 11th is not");
    assert_eq!(began("1099"), day("2026-03-12"), "1 USD of the 11th is not, which is not more than 1 USD");
    assert_eq!(began("1098.99"), day("2026-03-11"));
}

#[test]
fn an_exhaustion_does_not_reach_back_before_the_pool_was_issued() {
    // Nothing could have paid February. The pool of 10 is gone on the first day that it could pay.
    let world = World::in_march().charges("2026-02-01", "2026-03-29", BEDROCK, "Usage", "100").credit(
        "1",
        "10",
        Some(&[BEDROCK]),
        |seen| seen.snapshot.starts_on = day("2026-03-05"),
    );
    assert_eq!(world.position().exhaustion.total, DateQuantiles::certain(day("2026-03-01")));
}

/// A team that rests at the weekend does not run out anew every Monday.
#[test]
fn a_weekend_without_spend_does_not_end_an_exhaustion() {
    let mut world = World::in_march().credit("1", "300", Some(&[BEDROCK]), estimated("0"));
    for date in DayRange::new(day("2026-03-02"), day("2026-03-30")).days() {
        let weekend = ["2026-03-07", "2026-03-08", "2026-03-14", "2026-03-15", "2026-03-21", "2026-03-22"];
        if !weekend.contains(&date.to_string().as_str()) && date < day("2026-03-28") {
            world.add_charge(date, BEDROCK, "Usage", "100");
        }
    }
    // Three days from Monday the 2nd are covered. The last complete day is a Sunday.
    assert_eq!(world.position().exhaustion.total, DateQuantiles::certain(day("2026-03-05")));
}

#[test]
fn a_balance_that_aws_states_beats_replay_that_is_at_its_end() {
    let position = hundred_a_day().credit("1", "1000", Some(&[BEDROCK]), estimated("500")).position();
    // 30 March to 3 April are paid from the 500.
    assert_eq!(position.exhaustion.total.p50, Some(day("2026-04-04")));
}
