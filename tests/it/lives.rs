//! The outlook over lives whose truth is known: what is promised of each kind is measured and held.

pub mod ask;
pub mod life;
pub mod score;

use glidepath::domain::forecast::Evidence;

use life::{AGES, Kind};
use score::{Score, ramp_score, scores};

/// Lives of each kind.
const LIVES: u64 = 40;
/// Least share of the lives whose spend lies within the odds of 80 %.
const HELD: f64 = 0.7;
/// Largest median width of the odds of 90 days of a level, in shares of the spend.
const WIDTH: f64 = 0.6;
/// No odds are wider than so many times the pace.
const WIDEST: f64 = 10.0;

/// What does not hold of a score.
fn broken(score: &Score) -> Vec<String> {
    let mut broken = Vec::new();
    let mut check = |holds: bool, what: &str| {
        if !holds {
            broken.push(format!("{score}: {what}"));
        }
    };
    check(score.date_error <= 1.0, "the median date is off by more than 4 days and a fifth of the days left");
    // A band that is replaced by words counts as not held; before a level is two weeks old, words are allowed.
    let settled = score.age >= AGES[0] as i64;
    check(!settled || score.held.iter().all(|held| *held >= HELD), "the odds hold too rarely");
    check(!settled || !score.kind.is_level() || score.width <= WIDTH, "the odds are too wide");
    let told_all = score.told == 1.0;
    check(!told_all || score.widest <= WIDEST, "odds left the earth");
    check(score.most_uncovered <= WIDEST, "uncovered spend left the earth");
    check(
        score.age < 28 || told_all || !score.kind.is_level(),
        "words stand for odds on a level that is four weeks old",
    );
    broken
}

#[test]
fn dates_and_odds_are_right_over_the_lives_of_each_kind() {
    let evidence = Evidence::builtin();
    println!("kind               age    date  held30  held90   width    widest uncovered   told   dates");
    let mut problems = Vec::new();
    for kind in Kind::ALL {
        for score in scores(kind, LIVES, &evidence) {
            println!("{score}");
            problems.extend(broken(&score));
        }
    }
    assert!(problems.is_empty(), "{}", problems.join("\n"));
}

#[test]
fn a_ramp_ends_between_its_stop_today_and_doubling_for_ever() {
    let ramp = ramp_score(LIVES, &Evidence::builtin());
    println!("{ramp:?}");
    assert!(ramp.asked > 100, "{ramp:?}");
    assert!(ramp.dates_held >= HELD && ramp.totals_held >= HELD, "{ramp:?}");
    assert!(ramp.between >= 0.95, "{ramp:?}");
}
