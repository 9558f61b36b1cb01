//! How credit ends, seen every morning as AWS shows it: whatever AWS applies late, and whatever its estimate knows already, no
//! day is called uncovered before it was, and none is missed.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{Datelike, NaiveDate};
use glidepath::domain::alert::{AlertRules, evaluate};
use glidepath::domain::facts::credits::StatedBalance;
use glidepath::domain::position::Position;
use glidepath::domain::position::finding::Rule;
use glidepath::domain::position::observations::Observations;
use glidepath::domain::values::money::Money;
use glidepath::domain::values::period::{BillingPeriod, DayRange, plus_days};
use proptest::prelude::*;
use rust_decimal::Decimal;

use crate::support::values::{day, usd};
use crate::support::world::*;

/// When AWS shows the Credit row of a day.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Rows {
    /// With the usage.
    AtOnce,
    /// So many days after it.
    Later(i64),
    /// All of a month so far on this day of it, and later days at once.
    OnDay(u32),
}

/// Of what a late row is late; the rest comes at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Late {
    All,
    /// The second service.
    Second,
    /// Half of each row.
    Half,
}

/// What AWS's estimate of the balance knows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Estimate {
    /// All usage so far, that of the partial days too.
    Usage,
    /// What its Credit rows show.
    Rows,
}

#[derive(Debug, Clone)]
struct Life {
    granted: Money,
    /// A day's cost of each of two services before the launch, and how many times that after it.
    costs: [i64; 2],
    launch: (NaiveDate, i64),
    rows: Rows,
    late: Late,
    estimate: Estimate,
    /// Tenths of a day's usage that AWS shows of yesterday.
    shown_of_yesterday: i64,
}

const SERVICES: [&str; 2] = [BEDROCK, EC2];
const FIRST: &str = "2026-02-01";

impl Life {
    fn days(until: NaiveDate) -> impl Iterator<Item = NaiveDate> {
        DayRange::new(day(FIRST), until).days()
    }

    fn cost(&self, date: NaiveDate, service: usize) -> Money {
        let times = if date >= self.launch.0 { self.launch.1 } else { 1 };
        Money::from_decimal(Decimal::from(self.costs[service] * times))
    }

    /// What credit pays of each service on each day; of the last day the first service's first.
    fn paid(&self, until: NaiveDate) -> BTreeMap<NaiveDate, [Money; 2]> {
        let mut left = self.granted;
        let paid = Life::days(until).map(|date| {
            let of = [0, 1].map(|service| {
                let paid = self.cost(date, service).min(left);
                left -= paid;
                paid
            });
            (date, of)
        });
        paid.collect()
    }

    /// First day with more than a dollar of cash.
    fn end(&self) -> NaiveDate {
        let uncovered = |date: NaiveDate, paid: [Money; 2]| {
            self.cost(date, 0) + self.cost(date, 1) - paid[0] - paid[1] > Money::ONE
        };
        self.paid(day("2027-02-01")).into_iter().find(|(date, paid)| uncovered(*date, *paid)).expect("it ends").0
    }

    /// Tenths of the usage of `date` that AWS shows on the morning of `today`.
    fn shown(&self, date: NaiveDate, today: NaiveDate) -> i64 {
        match (today - date).num_days() {
            0 => 0,
            1 => self.shown_of_yesterday,
            _ => 10,
        }
    }

    fn row_is_shown(&self, date: NaiveDate, today: NaiveDate) -> bool {
        match self.rows {
            Rows::AtOnce => true,
            Rows::Later(days) => plus_days(date, days) <= today,
            Rows::OnDay(on) => {
                let same_month = BillingPeriod::of(date) == BillingPeriod::of(today);
                !same_month || today.day() >= on
            }
        }
    }

    /// What the Credit row of a day shows on the morning of `today`.
    fn row(&self, date: NaiveDate, service: usize, paid: Money, today: NaiveDate) -> Money {
        let late = match self.late {
            Late::All => paid,
            Late::Second if service == 1 => paid,
            Late::Second => Money::ZERO,
            Late::Half => paid.per(2),
        };
        // That a part is late shows where the whole was paid once.
        let once = self.late != Late::All && date < plus_days(day(FIRST), 3);
        if once || self.row_is_shown(date, today) { paid } else { paid - late }
    }

    fn part(amount: Money, tenths: i64) -> Money {
        amount.times(Decimal::from(tenths)).per(10)
    }

    fn estimated(&self, today: NaiveDate) -> Money {
        let paid = self.paid(plus_days(today, 1));
        let known = paid.iter().flat_map(|(date, paid)| {
            [0, 1].map(|service| match self.estimate {
                Estimate::Usage => Life::part(self.cost(*date, service), self.shown(*date, today)),
                Estimate::Rows => Life::part(self.row(*date, service, paid[service], today), self.shown(*date, today)),
            })
        });
        (self.granted - known.sum::<Money>()).at_least_zero()
    }

    fn seen_on(&self, today: NaiveDate) -> World {
        let mut world = World::on(&today.to_string());
        for (date, paid) in self.paid(today) {
            let tenths = self.shown(date, today);
            for (service, name) in SERVICES.into_iter().enumerate() {
                let cost = Life::part(self.cost(date, service), tenths);
                if cost.is_positive() {
                    world.add_charge(date, name, "Usage", &cost.to_string());
                }
                let row = Life::part(self.row(date, service, paid[service], today), tenths);
                if row.is_positive() {
                    world.add_charge(date, name, "Credit", &(-row).to_string());
                }
            }
        }
        let granted = self.granted.to_string();
        world = world.credit("1", &granted, Some(&SERVICES), |seen| {
            seen.snapshot.starts_on = day(FIRST);
            seen.snapshot.estimated = Some(self.estimated(today));
        });
        let stated = Life::days(plus_days(today, 1)).skip(2).map(|at| StatedBalance {
            credit_id: "1".to_owned(),
            amount: self.estimated(at),
            at,
        });
        world.facts.stated = stated.collect();
        world
    }
}

/// What is wrong with the position of one morning.
fn faults(life: &Life, today: NaiveDate) -> Vec<String> {
    let world = life.seen_on(today);
    let (through, end) = (plus_days(today, -2), life.end());
    let assessment = world.assess();
    // What has ended is no forecast, so none is made.
    let position = assessment.position(None);
    let mut faults = Vec::new();
    let gone = assessment.uncovered_since(None);
    let truly = (end <= through).then_some(end);
    if gone != truly {
        faults.push(format!("credit ended {truly:?} and is said to have {gone:?}"));
    }
    let paid: Money = life.paid(plus_days(through, 1)).values().map(|of| of[0] + of[1]).sum();
    let left = life.granted - paid;
    let of_partial_days = life.cost(through, 0) + life.cost(through, 1) + life.cost(today, 0) + life.cost(today, 1);
    if (position.credits.left - left).abs() > of_partial_days {
        faults.push(format!("{left} is left and {} is said", position.credits.left));
    }
    faults.extend(alarms(&position, gone, &assessment.observations(&position.coverage, &BTreeSet::new()), &world));
    faults
}

/// What is told that is not so: all of these credits are applied, sooner or later.
fn alarms(position: &Position, gone: Option<NaiveDate>, observations: &Observations, world: &World) -> Vec<String> {
    let evaluation = evaluate(position, &world.health(), observations, &AlertRules::default());
    let wrong = |rule: Rule| match rule {
        Rule::BalanceDrift | Rule::CreditGone | Rule::CoverageUnknown => true,
        Rule::UncoveredSpend => gone.is_none(),
        _ => false,
    };
    let told = evaluation.findings.into_iter().filter(|finding| wrong(finding.rule));
    told.map(|finding| format!("{}: {}", finding.key, finding.summary)).collect()
}

fn life(granted: &str, costs: [i64; 2], launch: (&str, i64)) -> Life {
    Life {
        granted: usd(granted),
        costs,
        launch: (day(launch.0), launch.1),
        rows: Rows::AtOnce,
        late: Late::All,
        estimate: Estimate::Usage,
        shown_of_yesterday: 4,
    }
}

fn check(life: &Life, mornings: DayRange) -> Result<(), String> {
    let found = mornings
        .days()
        .flat_map(|today| faults(life, today).into_iter().map(move |fault| format!("on {today}: {fault}")));
    let found: Vec<String> = found.collect();
    if found.is_empty() { Ok(()) } else { Err(format!("{life:?}\n  {}", found.join("\n  "))) }
}

#[test]
fn credit_ends_on_its_day_however_aws_shows_it() {
    let mut wrong = Vec::new();
    let plain = life("3000", [250, 50], ("2027-01-01", 1));
    let launched = life("40000", [500, 100], ("2026-03-09", 20));
    for (of, from, to) in [(plain, "2026-02-05", "2026-02-18"), (launched, "2026-03-04", "2026-03-18")] {
        for rows in [Rows::AtOnce, Rows::Later(1), Rows::Later(2), Rows::Later(4), Rows::Later(7), Rows::OnDay(20)] {
            for estimate in [Estimate::Usage, Estimate::Rows] {
                for shown_of_yesterday in [0, 4, 10] {
                    let life = Life { rows, estimate, shown_of_yesterday, ..of.clone() };
                    wrong.extend(check(&life, DayRange::new(day(from), day(to))).err());
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{} lives are told wrongly:\n{}", wrong.len(), wrong.join("\n"));
}

#[test]
fn credit_that_is_late_in_part_is_no_cash() {
    let mut wrong = Vec::new();
    for late in [Late::Second, Late::Half] {
        for rows in [Rows::Later(4), Rows::Later(8), Rows::OnDay(20)] {
            for estimate in [Estimate::Usage, Estimate::Rows] {
                let life = Life { late, rows, estimate, ..life("90000", [500, 300], ("2027-01-01", 1)) };
                wrong.extend(check(&life, DayRange::new(day("2026-03-04"), day("2026-03-28"))).err());
            }
        }
    }
    assert!(wrong.is_empty(), "{} lives are told wrongly:\n{}", wrong.len(), wrong.join("\n"));
}

fn rows() -> impl Strategy<Value = Rows> {
    prop_oneof![Just(Rows::AtOnce), (1_i64..10).prop_map(Rows::Later), (2_u32..28).prop_map(Rows::OnDay)]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn random_lives_end_on_their_day(
        costs in (20_i64..900, 20_i64..900),
        lasts in 12_i64..70,
        launch in (12_i64..60, 1_i64..20),
        rows in rows(),
        late in prop_oneof![Just(Late::All), Just(Late::Second), Just(Late::Half)],
        estimate in prop_oneof![Just(Estimate::Usage), Just(Estimate::Rows)],
        shown_of_yesterday in 0_i64..11,
        morning in 3_i64..80,
    ) {
        let launch = (plus_days(day(FIRST), launch.0), launch.1);
        let granted = Money::from_decimal(Decimal::from((costs.0 + costs.1) * lasts));
        let costs = [costs.0, costs.1];
        let life = Life { granted, costs, launch, rows, late, estimate, shown_of_yesterday };
        let today = plus_days(day(FIRST), morning);
        let told = check(&life, DayRange::new(today, plus_days(today, 1)));
        prop_assert!(told.is_ok(), "{}", told.unwrap_err());
    }
}
