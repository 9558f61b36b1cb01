//! Shapes that spend of a young company has, each with the answer that it ought to get.

use glidepath::domain::forecast::{Evidence, Forecast, Gate, History, Method, Voice};

use crate::support::values::day;

fn days(count: usize, level: impl Fn(usize) -> f64) -> Vec<f64> {
    (0..count).map(level).collect()
}

fn total(daily: &[f64], ahead: usize) -> f64 {
    Forecast::make(History(daily), day("2026-03-01"), ahead, &Evidence::builtin(), None).daily.iter().sum()
}

fn near(said: f64, right: f64, tolerance: f64, about: &str) {
    let off = said / right - 1.0;
    assert!(off.abs() <= tolerance, "{about}: {said:.0} where {right:.0} is right, {:+.1} %", off * 100.0);
}

#[test]
fn a_launch_ramp_goes_on_but_not_for_ever() {
    // Twenty weeks of 8 % a week.
    let daily = days(140, |day| 5.0 * 1.08_f64.powf(day as f64 / 7.0));
    let stands_still = daily[139] * 30.0;
    let goes_on: f64 = (0..30).map(|ahead| 5.0 * 1.08_f64.powf((140 + ahead) as f64 / 7.0)).sum();
    let said = total(&daily, 30);
    assert!(stands_still * 1.03 < said && said < goes_on, "{stands_still:.0} < {said:.0} < {goes_on:.0}");
    let year = total(&daily, 365);
    assert!(year < daily[139] * 365.0 * 4.0, "a ramp is no exponential for a year: {year:.0}");
}

#[test]
fn weekends_dip() {
    let daily = days(140, |day| if day % 7 >= 5 { 30.0 } else { 100.0 });
    let forecast = Forecast::make(History(&daily), day("2026-03-01"), 14, &Evidence::builtin(), None);
    for (ahead, cost) in forecast.daily.iter().enumerate() {
        near(*cost, if (140 + ahead) % 7 >= 5 { 30.0 } else { 100.0 }, 0.01, &format!("day {ahead}"));
    }
}

#[test]
fn a_level_shift_is_followed_within_two_weeks() {
    for (from, to) in [(100.0, 300.0), (300.0, 100.0)] {
        let daily = days(140, |day| if day < 126 { from } else { to });
        near(total(&daily, 30), to * 30.0, 0.15, &format!("from {from} to {to}"));
    }
}

#[test]
fn a_model_switch_that_cuts_cost_fivefold_is_followed_within_two_weeks() {
    let daily = days(200, |day| if day < 186 { 500.0 } else { 100.0 });
    near(total(&daily, 30), 3_000.0, 0.15, "500 a day became 100");
    let daily = days(200, |day| if day < 186 { 100.0 } else { 500.0 });
    near(total(&daily, 30), 15_000.0, 0.15, "100 a day became 500");
}

#[test]
fn one_spike_is_no_trend() {
    let mut daily = days(140, |_| 100.0);
    daily[135] = 2_000.0;
    let said = total(&daily, 30);
    // The run rate of the last week says 371 a day. Most members of the combination shrug.
    assert!(said < 30.0 * 250.0, "{said:.0}");
    let mut daily = days(140, |_| 100.0);
    daily[100] = 2_000.0;
    near(total(&daily, 30), 3_000.0, 0.05, "a spike five weeks ago");
}

#[test]
fn free_days_at_the_start_of_each_month_are_no_weekday() {
    // Months of 30 days, the first three free. Three origins: in the free days, right after them, in mid-month.
    for (origin, name) in [(182, "in the free days"), (185, "right after them"), (196, "in mid-month")] {
        let daily = days(origin, |day| if day % 30 < 3 { 0.0 } else { 100.0 });
        near(total(&daily, 30), 2_700.0, 0.20, name);
    }
}

/// A level that goes up or down by a third from week to week, as chance has it: nothing but the newest week says anything.
fn wandering(seed: u32) -> Vec<f64> {
    let (mut state, mut level) = (seed, 0.0_f64);
    let mut step = || {
        // The generator of Numerical Recipes; its upper bits are good enough for steps up and down.
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        if state >> 31 == 0 { 0.3 } else { -0.3 }
    };
    (0..40)
        .flat_map(|_| {
            level += step();
            [100.0 * level.exp(); 7]
        })
        .collect()
}

/// Mean absolute log error over the 30 days after each of the last 26 weeks that have so many days after them.
fn past_error(daily: &[f64], method: Method) -> f64 {
    let errors = (0..26).map(|week| {
        let (past, future) = daily.split_at(daily.len() - 30 - 7 * week);
        let said: f64 = method.daily(History(past), 30).iter().sum();
        (said / future[..30].iter().sum::<f64>()).ln().abs()
    });
    errors.sum::<f64>() / 26.0
}

#[test]
fn the_plain_rate_speaks_where_the_combination_shows_no_skill() {
    let mut plain = 0;
    for seed in 1..=20 {
        let daily = wandering(seed);
        let (by_trend, by_rate) = (past_error(&daily, Method::Combination), past_error(&daily, Method::TrailingWeek));
        let forecast = Forecast::make(History(&daily), day("2026-03-01"), 30, &Evidence::builtin(), None);
        if by_rate < by_trend {
            plain += 1;
            assert_eq!(forecast.voice, Voice::PlainRate, "seed {seed}: {by_rate} against {by_trend}");
            near(
                forecast.daily.iter().sum(),
                30.0 * daily[279],
                0.01,
                &format!("seed {seed}: the newest week goes on"),
            );
        } else {
            assert_eq!(forecast.voice, Voice::Combination, "seed {seed}: {by_rate} against {by_trend}");
        }
    }
    assert!((4..=19).contains(&plain), "the plain rate was nearer on {plain} of 20 wandering series");
}

#[test]
fn a_trend_that_lasts_is_spoken_for_and_the_young_are_not_judged() {
    let ramp = days(280, |day| 20.0 * 1.03_f64.powf(day as f64 / 7.0));
    let grown = Gate::judge(History(&ramp));
    assert_eq!(grown.speaks, Method::Combination, "{grown:?}");
    assert!(grown.combination_error < grown.plain_error);
    let young = Gate::judge(History(&ramp[..90]));
    assert_eq!((young.trials, young.speaks), (0, Method::Combination), "too young to judge");
}
