//! What is promised of the outlook over lives of each kind, measured.

use std::fmt;

use glidepath::domain::forecast::{Evidence, median};

use super::ask::{Answer, LIMIT, ask};
use super::life::{Kind, Life};

/// Measures of one kind at one age.
#[derive(Debug, Clone)]
pub struct Score {
    /// Which kind.
    pub kind: Kind,
    /// Days since its lives settled.
    pub age: i64,
    /// Lives asked about.
    pub lives: usize,
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
        lives: answers.len(),
        date_error: median(answers.iter().map(date_error).collect()),
        held: [0, 1].map(|at| share(&|answer| answer.totals[at].held())),
        width: median(answers.iter().map(|answer| answer.totals[1].width() / answer.totals[1].came.max(1e-9)).collect()),
        widest: most(&|answer| answer.told.width() / (answer.pace * answer.told.days as f64)),
        most_uncovered: most(&|answer| answer.uncovered_p90.unwrap_or(0.0) / (answer.pace * 365.0)),
        told: share(&|answer| answer.totals[1].told),
        dates_held: share(&|answer| {
            let ends = answer.ends.unwrap_or(LIMIT + 1).min(LIMIT + 1);
            answer.said[0].unwrap_or(LIMIT + 1) <= ends && ends <= answer.said[2].unwrap_or(LIMIT + 1)
        }),
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
        let Score { age, date_error, held: [month, quarter], width, widest, most_uncovered, told, dates_held, .. } = self;
        let kind = format!("{:?}", self.kind);
        write!(
            f,
            "{kind:18}{age:4} {date_error:7.2} {month:7.2} {quarter:7.2} {width:7.2} {widest:9.2} {most_uncovered:9.2} {told:6.2} {dates_held:7.2}"
        )
    }
}
