//! The outlook over lives whose truth is known: what is promised of each kind is measured and held.

pub mod ask;
pub mod life;
pub mod score;
pub mod told;

use glidepath::domain::alert::{Action, AlertRules, ReplayedAlert};
use glidepath::domain::filing::next_award::Meant;
use glidepath::domain::forecast::{Course, Evidence, Forecast, History};
use glidepath::domain::position::finding::Severity;
use glidepath::domain::values::period::plus_days;

use life::{AGES, Kind, Life};
use score::{Score, ramp_score, scores};
use told::{Day, told, unsaid};

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
    let told_all = score.told >= 1.0;
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
fn one_step_is_no_ramp_however_few_days_it_is_old() {
    let (mut asked, mut ramps) = (0, Vec::new());
    for life in (0..LIVES).flat_map(|number| [Kind::Step, Kind::CentsThenUse].map(|kind| Life::draw(kind, number))) {
        for age in 1..AGES[0] {
            let known = History(life.past(life.settled + age));
            let newest = plus_days(life.first, (life.settled + age) as i64 - 1);
            let made = Forecast::make(known, newest, 90, &Evidence::builtin(), None);
            asked += 1;
            if matches!(made.course, Course::Ramp { .. }) {
                ramps.push(format!("{:?} {} on day {age}", life.kind, life.number));
            }
        }
    }
    assert!(ramps.len() * 100 <= asked, "{} of {asked}: {ramps:?}", ramps.len());
}

#[test]
fn a_ramp_ends_between_its_stop_today_and_doubling_for_ever() {
    let ramp = ramp_score(LIVES, &Evidence::builtin());
    println!("{ramp:?}");
    assert!(ramp.asked > 100, "{ramp:?}");
    assert!(ramp.dates_held >= HELD && ramp.totals_held >= HELD, "{ramp:?}");
    assert!(ramp.between >= 0.95, "{ramp:?}");
}

/// Launches: the kinds whose spend becomes many times what it was.
const LAUNCHES: [Kind; 5] = [Kind::CentsThenUse, Kind::Step, Kind::Ramp, Kind::SteadyTraining, Kind::TrainingAfterTest];
/// Lives of each kind that are looked at daily for a quarter.
const QUARTERS: u64 = 4;
/// Days that the credit left at a launch lasts.
const CREDIT_LASTS: [usize; 4] = [9, 20, 35, 70];

/// Every day from a week before a launch until a few days after the end of credit.
#[test]
fn no_cycle_of_a_launch_that_got_worse_ends_without_its_message() {
    let evidence = Evidence::builtin();
    let (mut problems, mut escalated) = (Vec::new(), 0);
    for kind in LAUNCHES {
        for (number, lasts) in (0..).zip(CREDIT_LASTS) {
            let life = Life::draw(kind, number);
            let begins = if kind == Kind::Ramp { life.ramp.start } else { life.settled };
            let from = begins.saturating_sub(7).max(2);
            let spent: f64 = life.future(from).iter().take(begins - from + lasts).sum();
            let days = told(&life, from, begins - from + lasts + 6, spent, &evidence);
            assert!(days.iter().any(|day| day.gone), "{kind:?} {number}: credit ends");
            let last = days.iter().find(|day| day.gone).and_then(|day| day.message.clone());
            assert!(
                last.is_some_and(|alert| alert.title.contains("has run out")),
                "{kind:?} {number}: {:?}",
                days.last()
            );
            let news = days.iter().filter_map(|day| day.message.as_ref()).filter(|alert| alert.reason.is_worse_news());
            escalated += news.count();
            problems.extend(unsaid(&days).into_iter().map(|what| format!("{kind:?} {number}: {what}")));
        }
    }
    assert!(problems.is_empty(), "{}", problems.join("\n"));
    assert!(escalated > 20, "the launches are told as they get worse: {escalated}");
}

/// Lives whose level does not change by itself, a quarter each.
#[test]
fn nothing_becomes_critical_long_before_its_time_and_what_ends_becomes_critical_once() {
    let evidence = Evidence::builtin();
    let kinds =
        Kind::ALL.into_iter().filter(|kind| !LAUNCHES.contains(kind) && !matches!(kind, Kind::Fall | Kind::LoneTest));
    let (mut quarters, mut early, mut once, mut ended) = (0, Vec::new(), 0, 0);
    for (at, kind) in (0_usize..).zip(kinds) {
        for number in 0..QUARTERS {
            let life = Life::draw(kind, number);
            let from = life.settled + 28;
            let lasts = [40, 80, 150, 300][(at + number as usize) % 4];
            let credit: f64 = life.future(from).iter().take(lasts).sum();
            let days = told(&life, from, 91, credit, &evidence);
            let critical: Vec<&Day> =
                days.iter().filter(|day| day.message.as_ref().is_some_and(becomes_critical)).collect();
            quarters += 1;
            let lead = AlertRules::default().lead_days(Meant::default(), days[0].clock.date_naive());
            let too_early = critical.iter().any(|day| day.truly_left.is_none_or(|left| left > 2 * lead));
            early.extend(too_early.then(|| format!("{kind:?} {number}")));
            if days.iter().any(|day| day.gone) {
                ended += 1;
                once += usize::from(critical.len() == 1);
            }
        }
    }
    println!(
        "{quarters} quarters, critical too early in {}: {early:?}; credit ended in {ended}, critical once in {once}",
        early.len()
    );
    assert!(early.len() * 20 <= quarters, "{} of {quarters}: {early:?}", early.len());
    assert!(ended > 5 && once == ended, "credit ended in {ended} quarters and became critical once in {once}");
}

/// Reminders and news of what is critical already are not counted.
fn becomes_critical(alert: &ReplayedAlert) -> bool {
    alert.severity == Severity::Critical
        && (alert.decision == Action::Fire || alert.decision == Action::Escalate && !alert.reason.is_worse_news())
}
