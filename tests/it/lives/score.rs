//! What is promised of the outlook over lives of each kind, measured.

use std::fmt;

use glidepath::domain::forecast::{Evidence, median};

use super::ask::{Answer, LIMIT, ask, ends};
use super::life::{Kind, Life};

/// Measures of one kind at one age.
#[derive(Debug, Clone)]
pub struct Score {
    /// Which kind.
    pub kind: Kind,
    /// Days since its lives settled.
    pub age: i64,
    /// Median error of the date, in shares of what is allowed: the larger of 4 days and a fifth of the days left.
    pub date_error: f64,
    /// Shares of the lives whose spend of 30 and 90 days lay within the odds.
    pub held: [f64; 2],
    /// Median width of the odds of 90 days, in shares of what came.
    pub width: f64,
    /// Largest width of the odds that are told, up to 90 days, in shares of as many days at the pace.
    pub widest: f64,
    /// Largest uncovered spend of a year at 90 %, in shares of a year at the pace.
    pub most_uncovered: f64,
    /// Share of the lives whose odds of 90 days are told.
    pub told: f64,
    /// Share of the lives whose end lay between the dates of 10 and 90 %.
    pub dates_held: f64,
}

/// Asks `lives` lives of `kind` at each of their ages.
pub fn scores(kind: Kind, lives: u64, evidence: &Evidence) -> Vec<Score> {
    let lives: Vec<Life> = (0..lives).map(|number| Life::draw(kind, number)).collect();
    let ages: Vec<usize> = lives[0].origins().iter().map(|origin| origin - lives[0].settled).collect();
    let of_age = |age: &usize| {
        let ask_one = |life: &Life| ask(life, life.settled + age, lasts(life, *age), evidence);
        score(kind, *age as i64, &lives.iter().map(ask_one).collect::<Vec<Answer>>())
    };
    ages.iter().map(of_age).collect()
}

/// Days that the credit lasts: from a week to over a year, evenly over logarithms, another number for each life and age.
fn lasts(life: &Life, age: usize) -> usize {
    let mixed = (life.number as usize * 37 + age * 11 + life.kind as usize * 5) % 100;
    (7.0 * (400.0_f64 / 7.0).powf(mixed as f64 / 99.0)).round() as usize
}

fn score(kind: Kind, age: i64, answers: &[Answer]) -> Score {
    let share = |holds: &dyn Fn(&Answer) -> bool| {
        answers.iter().filter(|answer| holds(answer)).count() as f64 / answers.len() as f64
    };
    let most = |value: &dyn Fn(&Answer) -> f64| answers.iter().map(value).fold(0.0, f64::max);
    Score {
        kind,
        age,
        date_error: median(answers.iter().map(date_error).collect()),
        held: [0, 1].map(|at| share(&|answer| answer.totals[at].held())),
        width: median(
            answers.iter().map(|answer| answer.totals[1].width() / answer.totals[1].came.max(1e-9)).collect(),
        ),
        widest: most(&|answer| answer.told.width() / (answer.pace * answer.told.days as f64)),
        most_uncovered: most(&|answer| answer.uncovered_p90.unwrap_or(0.0) / (answer.pace * 365.0)),
        told: share(&|answer| answer.totals[1].told),
        dates_held: share(&Answer::date_held),
    }
}

/// The error of the middle date in shares of what is allowed. A date beyond a year is right if the truth lies beyond 300 days.
fn date_error(answer: &Answer) -> f64 {
    let ends = answer.ends.unwrap_or(i64::MAX);
    match answer.said[1] {
        None if ends > 300 => 0.0,
        said => {
            let (said, ends) = (said.unwrap_or(LIMIT), ends.min(LIMIT));
            (said - ends).abs() as f64 / (ends as f64 / 5.0).max(4.0)
        }
    }
}

impl fmt::Display for Score {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Score { age, date_error, held: [month, quarter], width, widest, most_uncovered, told, dates_held, .. } =
            self;
        let kind = format!("{:?}", self.kind);
        write!(
            f,
            "{kind:18}{age:4} {date_error:7.2} {month:7.2} {quarter:7.2} {width:7.2} {widest:9.2} {most_uncovered:9.2} {told:6.2} \
             {dates_held:7.2}"
        )
    }
}

/// Measures while spend doubles each week.
#[derive(Debug, Clone, Copy)]
pub struct RampScore {
    /// Days asked about, over all lives.
    pub asked: usize,
    /// Share whose end lay between the dates of 10 and 90 %.
    pub dates_held: f64,
    /// Share whose spend lay within the odds that were told.
    pub totals_held: f64,
    /// Share whose middle date lay between that of doubling for ever and that of standing still.
    pub between: f64,
}

/// Asks `lives` lives on every third day of their ramps, from the end of its second week on.
pub fn ramp_score(lives: u64, evidence: &Evidence) -> RampScore {
    let mut answers = Vec::new();
    for life in (0..lives).map(|number| Life::draw(Kind::Ramp, number)) {
        for known in (life.ramp.start + 14..life.ramp.end).step_by(3) {
            let answer = ask(&life, known, lasts(&life, known), evidence);
            let credit = answer.credit;
            let rate = life.past(known)[known - 3..].iter().sum::<f64>() / 3.0 * 2.0_f64.powf(1.5 / 7.0);
            let doubling: Vec<f64> = (1..=400).map(|day| rate * 2.0_f64.powf(f64::from(day) / 7.0)).collect();
            let (earliest, latest) = (ends(&doubling, credit), ends(&[rate; 400], credit));
            answers.push((answer, earliest.unwrap_or(LIMIT), latest.unwrap_or(LIMIT + 1)));
        }
    }
    let share = |holds: &dyn Fn(&(Answer, i64, i64)) -> bool| {
        answers.iter().filter(|answer| holds(answer)).count() as f64 / answers.len() as f64
    };
    RampScore {
        asked: answers.len(),
        dates_held: share(&|(answer, ..)| answer.date_held()),
        totals_held: share(&|(answer, ..)| answer.told.held()),
        // A day's rate is known to about a day's growth.
        between: share(&|(answer, earliest, latest)| {
            let said = answer.said[1].unwrap_or(LIMIT + 1);
            earliest - 2 <= said && said <= latest + (latest - earliest) / 10 + 2
        }),
    }
}
