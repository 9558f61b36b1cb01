//! Invented lives of a startup's spend whose truth is known: what was billed by day, when its level last changed, and what
//! comes afterwards.
//!
//! A life is drawn from its kind and a number, nothing else, so that it is the same on every machine. `docs/forecast.md`
//! states the parameters; they are written here as the ranges that `Draw` is asked for.

use std::ops::Range;

use chrono::{Datelike, NaiveDate};
use glidepath::domain::values::period::plus_days;
use glidepath::domain::values::workload::Workload;
use rand::{Rng, RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use rand_distr::{Distribution, StandardNormal};

/// Days that every life goes on after its last origin.
const AFTER: usize = 420;
/// The ages at which lives are asked about, in days after they settled.
pub const AGES: [usize; 4] = [14, 28, 56, 112];
/// Chance of a further change of level on a day after an origin: about one life in seven each quarter.
const CHANGE_A_DAY: f64 = 0.15 / 91.0;
/// A further change of level, up or down, in logarithms: by a fifth up to a factor of two.
const CHANGE: (f64, f64) = (0.2, 0.7);

/// What a life goes through before it is asked about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// The same level from the account's first day; also asked about when 1, 3 and 7 days are known.
    Young,
    /// A level for half a year.
    Steady,
    /// A level of which every day is used or not, as chance has it.
    Zeros,
    /// A level with one pause of 2 to 9 days.
    PauseOfDays,
    /// A level with one pause of 2 to 7 weeks.
    PauseOfWeeks,
    /// One batch a week on the same weekday, almost nothing between.
    WeeklyLumps,
    /// One batch a month on the same day, give or take one, almost nothing between.
    MonthlyLumps,
    /// One batch a month on top of a daily level.
    LumpsOnLevel,
    /// Cents for two to seven months, then real use.
    CentsThenUse,
    /// A level and one day that costs 5 to 40 times as much.
    TestDay,
    /// A level that becomes another: 1.8 to 40 times as much.
    Step,
    /// Near nothing, then spend that doubles each week for two to six weeks, then the level that it reached.
    Ramp,
    /// A level with corrections of usage: days below zero.
    Refunds,
    /// A level that falls to a tenth up to a half.
    Fall,
    /// Accelerators that run all day, every day, from some day on.
    SteadyTraining,
    /// The same, after one day of trial months before.
    TrainingAfterTest,
    /// Accelerators that run for 2 to 9 days each month.
    MonthlyRuns,
    /// A level of which the first 8 to 15 days of each month are free.
    FreeAllowance,
    /// Accelerators tried for one to three days, with nothing before and nothing after.
    LoneTest,
}

impl Kind {
    /// All kinds.
    pub const ALL: [Kind; 19] = [
        Kind::Young,
        Kind::Steady,
        Kind::Zeros,
        Kind::PauseOfDays,
        Kind::PauseOfWeeks,
        Kind::WeeklyLumps,
        Kind::MonthlyLumps,
        Kind::LumpsOnLevel,
        Kind::CentsThenUse,
        Kind::TestDay,
        Kind::Step,
        Kind::Ramp,
        Kind::Refunds,
        Kind::Fall,
        Kind::SteadyTraining,
        Kind::TrainingAfterTest,
        Kind::MonthlyRuns,
        Kind::FreeAllowance,
        Kind::LoneTest,
    ];

    /// True if every day of the settled life costs about the same, so that the width of its bands means something.
    pub fn is_level(self) -> bool {
        !matches!(
            self,
            Kind::Zeros
                | Kind::WeeklyLumps
                | Kind::MonthlyLumps
                | Kind::LumpsOnLevel
                | Kind::MonthlyRuns
                | Kind::FreeAllowance
                | Kind::LoneTest
        )
    }

    fn workload(self) -> Workload {
        match self {
            Kind::SteadyTraining | Kind::TrainingAfterTest | Kind::MonthlyRuns | Kind::LoneTest => Workload::Trainium,
            _ => Workload::BedrockInference,
        }
    }
}

/// One life.
#[derive(Debug, Clone)]
pub struct Life {
    /// What it goes through.
    pub kind: Kind,
    /// Which of its kind.
    pub number: u64,
    /// The account's first day.
    pub first: NaiveDate,
    /// What the spend is for.
    pub workload: Workload,
    /// Index of the day from which ages count: of the last level, of the third occurrence, after the pause or the test.
    pub settled: usize,
    /// Days of growth, where there are any.
    pub ramp: Range<usize>,
    /// Billed by day, as long as nothing further changes.
    daily: Vec<f64>,
}

impl Life {
    /// Draws the life `number` of `kind`.
    pub fn draw(kind: Kind, number: u64) -> Life {
        let mut draw = Draw::new(1_000 * (kind as u64 + 1) + number, 0);
        let first = plus_days(NaiveDate::from_ymd_opt(2024, 1, 1).expect("a date"), draw.whole(0, 364) as i64);
        let level = draw.log(20.0, 2_000.0);
        let plan = Plan::of(kind, level, first, &mut draw);
        let days = plan.settled + AGES[AGES.len() - 1] + AFTER;
        let wobble = Wobble::draw(kind, &mut draw);
        let mut daily: Vec<f64> = (0..days).map(|at| (plan.level)(at)).collect();
        wobble.shake(&mut daily, plan.steady_from, &mut draw);
        for (at, cost) in plan.extra {
            daily[at] += cost;
        }
        let rounded = daily.into_iter().map(|cost| (cost * 1e6).round() / 1e6).collect();
        Life { kind, number, first, workload: kind.workload(), settled: plan.settled, ramp: plan.ramp, daily: rounded }
    }

    /// What is billed on the first `known` days.
    pub fn past(&self, known: usize) -> &[f64] {
        &self.daily[..known]
    }

    /// What is billed on the days after the first `known`: its level may change again.
    pub fn future(&self, known: usize) -> Vec<f64> {
        let mut draw = Draw::new(1_000 * (self.kind as u64 + 1) + self.number, 1 + known as u64);
        let mut moved = 0.0_f64;
        let change = |cost: &f64| {
            if draw.unit() < CHANGE_A_DAY {
                let size = draw.between(CHANGE.0, CHANGE.1);
                moved += if draw.unit() < 0.5 { size } else { -size };
            }
            cost * moved.exp()
        };
        self.daily[known..].iter().map(change).collect()
    }

    /// The numbers of known days at which it is asked about.
    pub fn origins(&self) -> Vec<usize> {
        let early: &[usize] = if self.kind == Kind::Young { &[1, 3, 7] } else { &[] };
        early.iter().chain(&AGES).map(|age| self.settled + age).collect()
    }
}

/// How a kind's spend runs, before chance.
struct Plan {
    level: Box<dyn Fn(usize) -> f64>,
    settled: usize,
    /// Day from which the level drifts.
    steady_from: usize,
    ramp: Range<usize>,
    /// Costs on single days.
    extra: Vec<(usize, f64)>,
}

impl Plan {
    fn of(kind: Kind, level: f64, first: NaiveDate, draw: &mut Draw) -> Plan {
        let steady = |settled: usize| Plan {
            level: Box::new(move |_| level),
            settled,
            steady_from: 0,
            ramp: 0..0,
            extra: Vec::new(),
        };
        let from = |begins: usize, before: f64, after: f64| Plan {
            level: Box::new(move |at| if at < begins { before } else { after }),
            steady_from: begins,
            ..steady(begins)
        };
        match kind {
            Kind::Young => steady(0),
            Kind::Steady => steady(draw.whole(60, 180)),
            Kind::Zeros => {
                let used: f64 = draw.between(0.35, 0.8);
                let mut of_days = Draw::new(draw.whole(0, 1 << 30) as u64, 7);
                let days: Vec<bool> = (0..2_000).map(|_| of_days.unit() < used).collect();
                Plan { level: Box::new(move |at| if days[at] { level } else { 0.0 }), ..steady(14) }
            }
            Kind::PauseOfDays | Kind::PauseOfWeeks => {
                let starts = draw.whole(25, 150);
                let (least, most) = if kind == Kind::PauseOfDays { (2, 9) } else { (14, 49) };
                let ends = starts + draw.whole(least, most);
                let pause = starts..ends;
                Plan { level: Box::new(move |at| if pause.contains(&at) { 0.0 } else { level }), ..steady(ends) }
            }
            Kind::WeeklyLumps => {
                let day = draw.whole(0, 6);
                let between = level * draw.between(0.0, 0.03);
                let each = 7.0 * level;
                let starts = draw.whole(0, 60);
                Plan {
                    level: Box::new(move |at| if at >= starts && at % 7 == day { each } else { between }),
                    ..steady(starts + 21)
                }
            }
            Kind::MonthlyLumps | Kind::LumpsOnLevel => {
                let day = draw.whole(1, 28) as u32;
                let (between, each) = match kind {
                    Kind::MonthlyLumps => (level * draw.between(0.0, 0.03), 30.0 * level),
                    _ => (level, level * draw.log(6.0, 30.0)),
                };
                let late: Vec<i64> =
                    (0..100).map(|_| if draw.unit() < 0.3 { draw.whole(0, 2) as i64 - 1 } else { 0 }).collect();
                let moved = move |at: usize| {
                    [-1_i64, 0, 1].into_iter().any(|by| {
                        let due = plus_days(first, at as i64 - by);
                        let month = (due.year() * 12 + due.month() as i32).rem_euclid(100) as usize;
                        due.day() == day && late[month] == by
                    })
                };
                let third = (0..).filter(|at| moved(*at)).nth(2).unwrap_or(0);
                Plan { level: Box::new(move |at| if moved(at) { each } else { between }), ..steady(third) }
            }
            Kind::CentsThenUse => {
                let begins = draw.whole(60, 210);
                from(begins, draw.log(0.01, 0.6), level)
            }
            Kind::TestDay => {
                let test = draw.whole(20, 150);
                let cost = level * draw.log(5.0, 40.0);
                Plan { extra: vec![(test, cost)], ..steady(test + 45 - AGES[0]) }
            }
            Kind::Step => {
                let begins = draw.whole(28, 180);
                from(begins, level / draw.log(1.8, 40.0), level)
            }
            Kind::Fall => {
                let begins = draw.whole(56, 180);
                from(begins, level / draw.between(0.1, 0.5), level)
            }
            Kind::Ramp => {
                let (begins, weeks) = (draw.whole(7, 120), draw.whole(2, 6));
                let ends = begins + 7 * weeks;
                let rises = move |at: usize| 2.0_f64.powf((at.min(ends) as f64 - ends as f64) / 7.0);
                let before = level * rises(begins) * draw.between(0.0, 1.0);
                Plan {
                    level: Box::new(move |at| if at < begins { before } else { level * rises(at) }),
                    steady_from: ends,
                    ramp: begins..ends,
                    ..steady(ends)
                }
            }
            Kind::Refunds => {
                let settled = draw.whole(60, 150);
                let count = draw.whole(1, 4);
                let extra =
                    (0..count).map(|_| (draw.whole(20, settled + 20), -level * draw.between(1.5, 8.0))).collect();
                Plan { extra, ..steady(settled) }
            }
            Kind::SteadyTraining => from(draw.whole(1, 60), 0.0, level),
            Kind::TrainingAfterTest => {
                let begins = draw.whole(60, 200);
                let test = begins - draw.whole(30, 55);
                Plan { extra: vec![(test, level * draw.between(0.3, 1.0))], ..from(begins, 0.0, level) }
            }
            Kind::MonthlyRuns => {
                let (day, lasts) = (draw.whole(1, 28) as u32, draw.whole(2, 9) as i64);
                let runs = move |at: usize| (0..lasts).any(|by| plus_days(first, at as i64 - by).day() == day);
                let starts = move |at: usize| plus_days(first, at as i64).day() == day;
                let third = (0..).filter(|at| starts(*at)).nth(2).unwrap_or(0) + lasts as usize;
                let cost = level * 30.0 / lasts as f64;
                Plan { level: Box::new(move |at| if runs(at) { cost } else { 0.0 }), ..steady(third) }
            }
            Kind::LoneTest => {
                let (test, lasts) = (draw.whole(0, 60), draw.whole(1, 3));
                Plan {
                    level: Box::new(move |at| if (test..test + lasts).contains(&at) { level } else { 0.0 }),
                    ..steady(test + lasts + 44 - AGES[0])
                }
            }
            Kind::FreeAllowance => {
                let free = draw.whole(8, 15) as u32;
                let paid = move |at: usize| plus_days(first, at as i64).day() > free;
                let starts = move |at: usize| plus_days(first, at as i64).day() == free + 1;
                let third = (0..).filter(|at| starts(*at)).nth(2).unwrap_or(0);
                Plan { level: Box::new(move |at| if paid(at) { level } else { 0.0 }), ..steady(third) }
            }
        }
    }
}

/// Chance around a level: days differ, weekends dip, and the level drifts.
struct Wobble {
    day: f64,
    weekend: f64,
    drift: f64,
    first_weekday: usize,
}

impl Wobble {
    fn draw(kind: Kind, draw: &mut Draw) -> Wobble {
        let weekly = !matches!(
            kind,
            Kind::WeeklyLumps | Kind::MonthlyLumps | Kind::SteadyTraining | Kind::TrainingAfterTest | Kind::MonthlyRuns
        );
        let day =
            if kind.workload() == Workload::Trainium { draw.between(0.0, 0.08) } else { draw.between(0.03, 0.25) };
        let weekend = if weekly && draw.unit() < 0.6 { draw.between(0.4, 1.0) } else { 1.0 };
        Wobble { day, weekend, drift: draw.between(0.0, 0.03), first_weekday: draw.whole(0, 6) }
    }

    /// Multiplies each day by chance; the level walks from day `from` on.
    fn shake(&self, daily: &mut [f64], from: usize, draw: &mut Draw) {
        let mean = (5.0 + 2.0 * self.weekend) / 7.0;
        let mut walked = 0.0_f64;
        for (at, cost) in daily.iter_mut().enumerate() {
            if at > from && (at - from).is_multiple_of(7) {
                walked += self.drift * draw.normal();
            }
            let weekday = if (at + self.first_weekday) % 7 >= 5 { self.weekend } else { 1.0 } / mean;
            *cost *= weekday * (walked + self.day * draw.normal() - self.day * self.day / 2.0).exp();
        }
    }
}

/// Seeded chance.
struct Draw(ChaCha8Rng);

impl Draw {
    fn new(seed: u64, stream: u64) -> Draw {
        let mut random = ChaCha8Rng::seed_from_u64(seed);
        random.set_stream(stream);
        Draw(random)
    }

    fn unit(&mut self) -> f64 {
        self.0.random_range(0.0..1.0)
    }

    fn between(&mut self, low: f64, high: f64) -> f64 {
        low + (high - low) * self.unit()
    }

    /// Even over logarithms.
    fn log(&mut self, low: f64, high: f64) -> f64 {
        self.between(low.ln(), high.ln()).exp()
    }

    /// Both ends included.
    fn whole(&mut self, low: usize, high: usize) -> usize {
        self.0.random_range(low..=high)
    }

    fn normal(&mut self) -> f64 {
        StandardNormal.sample(&mut self.0 as &mut dyn Rng)
    }
}
