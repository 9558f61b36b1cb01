//! The track record on outlooks and spend made by hand, with answers that can be counted on paper.

use std::collections::BTreeMap;

use chrono::NaiveDate;
use glidepath::domain::outlook::track_record::{Came, PastOutlook, Place, Said, TrackRecord, track_record};
use glidepath::domain::values::period::plus_days;
use glidepath::domain::values::quantiles::{DateQuantiles, DayBand};

use crate::support::values::{day, usd};

/// The last complete day of every scenario.
const THROUGH: &str = "2026-06-30";

fn dates(p10: Option<&str>, p50: Option<&str>, p90: Option<&str>) -> DateQuantiles {
    DateQuantiles { p10: p10.map(day), p50: p50.map(day), p90: p90.map(day) }
}

/// Made `age` days before the last complete day; it says 80, 100 or 120 a day, and no end of credit.
fn made(age: i64) -> PastOutlook {
    let data_through = plus_days(day(THROUGH), -age);
    let band = |ahead: i64| {
        let total = |a_day: i64| usd(&(ahead * a_day).to_string());
        DayBand { day: plus_days(data_through, ahead), p10: total(80), p50: total(100), p90: total(120) }
    };
    let cumulative = (1..=120).map(band).collect();
    PastOutlook {
        made_at: plus_days(data_through, 2).and_hms_opt(6, 0, 0).unwrap().and_utc(),
        said: Said { data_through, exhaustion: DateQuantiles::default(), cumulative },
    }
}

fn saying(age: i64, exhaustion: DateQuantiles) -> PastOutlook {
    let mut past = made(age);
    past.said.exhaustion = exhaustion;
    past
}

/// `amount` on each of 200 days through the last one.
fn came(amount: impl Fn(NaiveDate) -> &'static str) -> Came {
    let days = (0..200).map(|back| plus_days(day(THROUGH), -back));
    Came {
        through: day(THROUGH),
        spend: days.map(|day| (day, usd(amount(day)))).collect(),
        exhaustion: DateQuantiles::default(),
    }
}

/// Days, outlooks and how many of them held.
type Tally = (i64, u64, u64);

fn tallies(record: &TrackRecord) -> Vec<Tally> {
    record.horizons.iter().map(|it| (it.days, it.outlooks, it.held)).collect()
}

#[test]
fn nothing_is_said_of_a_horizon_that_no_outlook_is_old_enough_for() {
    let flat = came(|_| "100");
    assert_eq!(track_record(&[], &flat), TrackRecord::default());
    let cases: [(i64, &[Tally]); 5] = [
        (29, &[]),
        (30, &[(30, 1, 1)]),
        (59, &[(30, 1, 1)]),
        (60, &[(30, 1, 1), (60, 1, 1)]),
        (95, &[(30, 1, 1), (60, 1, 1), (90, 1, 1)]),
    ];
    for (age, expected) in cases {
        assert_eq!(tallies(&track_record(&[made(age)], &flat)), expected, "{age} days old");
    }
}

#[test]
fn the_odds_hold_from_low_to_high_both_included() {
    let cases = [
        ("79.99", "2399.70", Place::Below),
        ("80", "2400", Place::Inside),
        ("100", "3000", Place::Inside),
        ("120", "3600", Place::Inside),
        ("120.01", "3600.30", Place::Above),
    ];
    for (a_day, actual, place) in cases {
        let record = track_record(&[made(30)], &came(|_| a_day));
        let check = record.horizons[0].spend.unwrap();
        assert_eq!((check.p10, check.p50, check.p90), (usd("2400"), usd("3000"), usd("3600")));
        assert_eq!((check.actual, check.place), (usd(actual), place), "{a_day} a day");
        assert_eq!(record.horizons[0].held, u64::from(place == Place::Inside));
    }
}

/// Only the days of the horizon count: what was spent before the outlook and after them does not.
#[test]
fn exactly_the_days_after_it_are_judged() {
    let from = plus_days(day(THROUGH), -39);
    let window = move |at: NaiveDate| from <= at && at < plus_days(from, 30);
    let record = track_record(&[made(40)], &came(move |at| if window(at) { "100" } else { "100000" }));
    assert_eq!(record.horizons[0].spend.unwrap().actual, usd("3000"));
    assert_eq!(record.horizons[0].data_through, plus_days(day(THROUGH), -40));
    let nothing = Came { spend: BTreeMap::new(), ..came(|_| "0") };
    assert_eq!(
        track_record(&[made(40)], &nothing).horizons[0].spend.unwrap().place,
        Place::Below,
        "a pause is spend of 0"
    );
}

/// Spend trebles on 11 June, 20 days before the end. Over 30 days an outlook held with at most three trebled days among them:
/// 27 at 100 and 3 at 300 are 3,600, its high; one more makes 3,800. One that is `age` days old saw `50 - age` of them.
#[test]
fn all_outlooks_that_are_old_enough_are_counted() {
    let step = came(|at| if at >= day("2026-06-11") { "300" } else { "100" });
    let daily: Vec<PastOutlook> = (1..=60).map(made).collect();
    let record = track_record(&daily, &step);
    // Of 31 outlooks, ages 47 to 60 held. The one that is 60 days old saw 20 trebled days among its 60 and did not hold.
    assert_eq!(tallies(&record), [(30, 31, 14), (60, 1, 0)]);
    assert_eq!(record.horizons[0].held_percent().to_string(), "45.2");
    assert_eq!(record.horizons[0].data_through, plus_days(day(THROUGH), -30), "the newest that is old enough is shown");
    assert!(record.horizons[0].overlap && !record.horizons[1].overlap);
    let apart = track_record(&[made(90), made(60), made(30)], &step);
    assert!(!apart.horizons[0].overlap, "a month apart, their days do not overlap");
    assert!(apart.horizons[1].overlap, "over 60 days they do");
}

#[test]
fn of_several_outlooks_on_the_same_data_the_newest_counts() {
    let mut later = made(30);
    later.made_at += chrono::TimeDelta::hours(6);
    later.said.cumulative.iter_mut().for_each(|band| band.p90 = band.p10);
    for stored in [[made(30), later.clone()], [later, made(30)]] {
        let record = track_record(&stored, &came(|_| "100"));
        assert_eq!(tallies(&record), [(30, 1, 0)]);
    }
}

#[test]
fn an_outlook_that_kept_no_band_for_the_day_is_not_judged() {
    let mut past = made(60);
    past.said.cumulative.retain(|band| band.day != plus_days(day(THROUGH), -30));
    assert_eq!(tallies(&track_record(&[past], &came(|_| "100"))), [(60, 1, 1)]);
}

#[test]
fn the_day_of_exhaustion_is_judged_as_soon_as_it_can_be() {
    let said = dates(Some("2026-06-10"), Some("2026-06-20"), Some("2026-06-28"));
    let beyond = dates(Some("2026-06-10"), Some("2026-07-20"), None);
    let later = dates(Some("2026-07-10"), Some("2026-07-20"), Some("2026-07-28"));
    let ended = |text: &str| DateQuantiles::certain(day(text));
    let cases = [
        (said, ended("2026-06-09"), Some(Place::Below)),
        (said, ended("2026-06-10"), Some(Place::Inside)),
        (said, ended("2026-06-28"), Some(Place::Inside)),
        (said, ended("2026-06-29"), Some(Place::Above)),
        // The last day of the odds has passed, and credit still pays.
        (said, later, Some(Place::Above)),
        (later, later, Some(Place::Open)),
        (later, DateQuantiles::default(), Some(Place::Open)),
        (beyond, ended("2026-06-29"), Some(Place::Inside)),
        (beyond, later, Some(Place::Open)),
        // Nothing was said, or it had come already.
        (DateQuantiles::default(), ended("2026-06-20"), None),
        (said, ended("2026-05-31"), None),
    ];
    for (said, now, expected) in cases {
        let outcome = Came { exhaustion: now, ..came(|_| "100") };
        let check = track_record(&[saying(30, said)], &outcome).horizons[0].exhaustion;
        assert_eq!(check.map(|check| check.place), expected, "{said:?} said, {now:?} came");
        if let Some(check) = check {
            let came = now.p50.filter(|day| *day <= outcome.through);
            assert_eq!((check.said, check.came, check.now), (said, came, now));
        }
    }
}
