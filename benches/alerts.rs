//! Evaluating and deciding every rule for a position with 5 pools and 60 services (meant to stay under 1 ms): as nothing is
//! wrong, and as everything is.

use std::collections::BTreeSet;
use std::hint::black_box;

use chrono::{DateTime, NaiveDate, Utc};
use criterion::{Criterion, criterion_group, criterion_main};
use glidepath::domain::alert::{AlertRules, History, IngestHealth, MessageContext, decide, evaluate};
use glidepath::domain::credit::coverage::{Coverage, CoverageState};
use glidepath::domain::credit::reconcile::MonthReconciliation;
use glidepath::domain::facts::outcome::Outcome;
use glidepath::domain::outlook::monthly_bill::MonthlyBill;
use glidepath::domain::position::observations::{
    ChangeCause, DrainedCredit, GoneCredit, Observations, SpendChange, UncoveredBurn,
};
use glidepath::domain::position::{PoolPosition, PoolStatus, Position};
use glidepath::domain::values::money::Money;
use glidepath::domain::values::period::{BillingPeriod, plus_days};
use glidepath::domain::values::quantiles::{DateQuantiles, DayAmount, MoneyQuantiles};
use glidepath::domain::wording::compose;

const POOLS: i64 = 5;
const SERVICES: i64 = 60;

fn clock() -> DateTime<Utc> {
    "2026-11-20T06:30:00Z".parse().expect("a time")
}

fn usd(dollars: i64) -> Money {
    Money::from_micros(dollars * 1_000_000)
}

/// A closed month in which replay drew what AWS did not apply.
fn drifted() -> MonthReconciliation {
    let month = BillingPeriod::of(plus_days(today(), -40));
    MonthReconciliation {
        month,
        closed: true,
        replayed: usd(9_000),
        credit_rows: Money::ZERO,
        allocated: None,
        gap: usd(9_000),
        since: Some(month.first_day()),
        age_days: Some(50),
    }
}

fn today() -> NaiveDate {
    clock().date_naive()
}

fn pool(number: i64, trouble: bool) -> PoolPosition {
    let unused = trouble.then(|| usd(500));
    PoolPosition {
        id: format!("47{number:02}"),
        name: format!("Credit {number}"),
        programme: None,
        granted: usd(100_000),
        drawn: usd(40_000),
        remaining: usd(60_000),
        left: usd(60_000),
        stated: None,
        starts_on: plus_days(today(), -200),
        expires_on: plus_days(today(), 60 + 200 * number),
        status: PoolStatus::Active,
        delisted: None,
        exhausts_on: if trouble { DateQuantiles::certain(plus_days(today(), 20)) } else { DateQuantiles::default() },
        exhausted_on: None,
        breakage: MoneyQuantiles { p10: unused, p50: unused, p90: unused },
    }
}

fn position(trouble: bool) -> Position {
    let mut position = Position::empty(clock(), "USD");
    position.data_through = Some(plus_days(today(), -2));
    position.credits.pools = (0..POOLS).map(|number| pool(number, trouble)).collect();
    position.credits.remaining = usd(60_000 * POOLS);
    position.credits.left = usd(60_000 * POOLS);
    let state = if trouble { CoverageState::Unknown } else { CoverageState::Covered };
    let coverage = |number| Coverage { service: format!("Service {number}"), state, evidence: String::new() };
    position.coverage = (0..SERVICES).map(coverage).collect();
    if trouble {
        position.exhaustion.total = DateQuantiles::certain(plus_days(today(), 20));
        position.reconciliation.months = vec![drifted()];
        position.data_quality.unclassified_cost = usd(900);
        position.spend.gross_month_to_date = usd(9_000);
    }
    let month = |ahead: i64| MonthlyBill {
        month: BillingPeriod::of(plus_days(today(), 30 * ahead)),
        gross: usd(30_000),
        covered: if trouble { Money::ZERO } else { usd(30_000) },
        cash: if trouble { usd(30_000) } else { Money::ZERO },
        tax: None,
        cash_p10: Some(Money::ZERO),
        cash_p90: Some(usd(40_000)),
        lines: Vec::new(),
    };
    position.trajectory = (0..13).map(month).collect();
    position
}

fn observations(trouble: bool) -> Observations {
    let burn = (1..=28)
        .map(|ago| DayAmount { day: plus_days(today(), -1 - ago), amount: usd(if trouble { 9_000 } else { 50 }) });
    let mut observations = Observations { burn: burn.collect(), ..Observations::default() };
    let change = |number: i64| SpendChange {
        subject: format!("Service {number}"),
        recent_per_day: usd(if trouble { 900 + number } else { 101 }),
        before_per_day: usd(100),
        highest_before: usd(120),
        since: plus_days(today(), -4 - number % 9),
        cause: ChangeCause::Mix,
        cause_amount: usd(100),
    };
    observations.changes = (0..SERVICES).map(change).collect();
    if !trouble {
        return observations;
    }
    let uncovered = |number: i64| UncoveredBurn {
        service: format!("Service {number}"),
        since: plus_days(today(), -30),
        per_day_7d: usd(20 + number),
        total_28d: usd(500),
        state: CoverageState::Uncovered,
        limited: Vec::new(),
    };
    observations.uncovered = (0..SERVICES).map(uncovered).collect();
    let gone = |number: i64| GoneCredit {
        pool: format!("48{number:02}"),
        name: format!("Credit {number}"),
        last_seen: plus_days(today(), -9),
        held: usd(100),
    };
    observations.gone = (0..POOLS).map(gone).collect();
    let drained = |number: i64| DrainedCredit {
        pool: format!("47{number:02}"),
        name: format!("Credit {number}"),
        since: BillingPeriod::of(today()),
        accounts: BTreeSet::from(["111122223333".to_owned()]),
        amount: usd(400),
    };
    observations.drained = (0..POOLS).map(drained).collect();
    observations
}

fn benches(criterion: &mut Criterion) {
    let rules = AlertRules { messages_a_week: 1_000, ..AlertRules::default() };
    let health = IngestHealth {
        as_of: clock(),
        data_through: Some(plus_days(today(), -2)),
        last_success: Some(clock()),
        costs: Outcome::Ok,
        credits: Outcome::Ok,
        is_too_short: false,
    };
    let context = MessageContext { now: clock(), repeat: rules.repeat, trajectory: None, dashboard_url: None };
    for (name, trouble) in [("nothing is wrong", false), ("everything is wrong", true)] {
        let (position, observations) = (position(trouble), observations(trouble));
        let told = evaluate(&position, &health, &observations, &rules).findings.len();
        assert!(if trouble { told > 100 } else { told == 0 }, "{name}: {told} findings");
        criterion.bench_function(&format!("evaluating and deciding every rule, {name}"), |bencher| {
            bencher.iter(|| {
                let evaluation = evaluate(black_box(&position), &health, &observations, &rules);
                let decisions = decide(&evaluation, &History::default(), clock(), &rules);
                decisions.iter().filter_map(|decision| compose(decision, &context)).count()
            });
        });
    }
}

criterion_group!(group, benches);
criterion_main!(group);
