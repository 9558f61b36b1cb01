//! The two computations in memory: replay of 400 days x 40 services x 5 pools (meant to stay under 5 ms), and an outlook of a
//! thousand paths over 10 services (meant to stay under 0.35 s, and under 0.6 s with its sensitivity).

use std::hint::black_box;

use criterion::{Criterion, criterion_group, criterion_main};
use glidepath::domain::billing::daily_cost::DailyCost;
use glidepath::domain::credit::ledger::replay;
use glidepath::domain::credit::{CreditPool, EligibleServices};
use glidepath::domain::forecast::Evidence;
use glidepath::domain::outlook::{Changes, Doubts, MonthSoFar, OutlookInputs, outlook, outlook_with_sensitivity};
use glidepath::domain::values::money::Money;
use glidepath::domain::values::period::{DayRange, plus_days};
use glidepath::domain::values::service::{ServiceAliases, ServiceMatcher};
use glidepath::domain::values::workload::Workload;

const DAYS: i64 = 400;
const SERVICES: i64 = 40;
const POOLS: i64 = 5;
/// Services that the outlook is made of; a workload is simulated once, a service replayed apart.
const OUTLOOK_SERVICES: i64 = 10;
const THREE: [Workload; 3] = [Workload::BedrockInference, Workload::Trainium, Workload::Supporting];

fn days() -> DayRange {
    let start = "2025-01-01".parse().expect("a day");
    DayRange::new(start, plus_days(start, DAYS))
}

fn service(number: i64) -> String {
    format!("Amazon Made-up Service {number}")
}

/// Each pool pays three services of four, so that all of them are asked; together they end before the costs do.
fn pools() -> Vec<CreditPool> {
    let pool = |number: i64| {
        let names: Vec<String> = (0..SERVICES).filter(|service| service % 4 != number % 4).map(service).collect();
        let list = ServiceMatcher::new(names.iter().map(String::as_str), &ServiceAliases::default());
        let (starts, expires) = (days().start, plus_days(days().end, 30 * number - 60));
        let services = EligibleServices::Listed(list);
        CreditPool::new(&number.to_string(), Money::from_micros(20_000_000_000), starts, expires, services)
    };
    (0..POOLS).map(pool).collect()
}

/// `DAYS` days of the first `services` services, on so many workloads.
fn costs(services: i64, workloads: &[Workload]) -> Vec<DailyCost> {
    let cost = |(offset, service_number): (i64, i64)| {
        let workload = workloads[service_number as usize % workloads.len()];
        // Ten digits after the point, as Cost Explorer sends them.
        let payable = rust_decimal::Decimal::new((offset * 7_919 + service_number) * 123_457, 10);
        let day = plus_days(days().start, offset);
        DailyCost::payable(day, service(service_number), workload, Money::from_decimal(payable))
    };
    (0..DAYS).flat_map(|day| (0..services).map(move |service| (day, service))).map(cost).collect()
}

fn benches(criterion: &mut Criterion) {
    let (pools, many) = (pools(), costs(SERVICES, &THREE));
    criterion.bench_function("replay of 400 days x 40 services x 5 pools", |bencher| {
        bencher.iter(|| replay(black_box(&pools), black_box(&many), days()));
    });
    let balances = vec![Money::from_micros(5_000_000_000); pools.len()];
    let evidence = Evidence::builtin();
    for workloads in [&THREE[..], &Workload::ALL] {
        let few = costs(OUTLOOK_SERVICES, workloads);
        let inputs = OutlookInputs {
            pools: &pools,
            balances: &balances,
            recurring: &few,
            at_least: &[],
            first_day: days().start,
            data_through: plus_days(days().end, -1),
            month_so_far: MonthSoFar::default(),
            tax_rate: None,
            planned: &[],
            evidence: &evidence,
            changes: Changes::default(),
        };
        let shape = format!("1,000 paths x 400 days x 10 services of {} workloads x 5 pools", workloads.len());
        criterion.bench_function(&format!("outlook: {shape}"), |bencher| {
            bencher.iter(|| outlook(black_box(&inputs)));
        });
        criterion.bench_function(&format!("the same with its sensitivity: {shape}"), |bencher| {
            bencher.iter(|| outlook_with_sensitivity(black_box(&inputs), &Doubts::default()));
        });
    }
}

criterion_group!(group, benches);
criterion_main!(group);
