//! A fictional startup for the report tests: three pools, a filing, a year of spend. Everything is integer cents
//! derived from one table of days, so that position and series agree and the same code gives the same bytes.

#[path = "sample_review.rs"]
mod review;

use std::sync::LazyLock;

use chrono::{Datelike, NaiveDate, Weekday};
use glidepath::domain::credit::{CoverageState, Programme, Statement};
use glidepath::domain::finding::{Finding, Rule, Severity};
use glidepath::domain::money::Money;
use glidepath::domain::outlook::{Basis, Exposure, MadeWith, Voice};
use glidepath::domain::period::{BillingPeriod, plus_days};
use glidepath::domain::position::*;
use glidepath::domain::track_record::{DateCheck, Horizon, Place, SpendCheck, TrackRecord};
use glidepath::domain::workload::{Direction, Routing, Tier, Workload};
use rust_decimal::Decimal;

/// One driver of spend.
struct Driver {
    workload: Workload,
    model: Option<&'static str>,
    /// Record of the filing, or `outside`.
    record: &'static str,
    /// First month's plan in cents, growing 8 % a month; 0 where nothing was filed.
    plan: i64,
}

const DRIVERS: [Driver; 6] = [
    Driver { workload: Workload::BedrockInference, model: Some("Claude Sonnet 5"), record: "ai", plan: 520_000 },
    Driver { workload: Workload::BedrockInference, model: Some("Nova 2 Lite"), record: "ai", plan: 90_000 },
    Driver { workload: Workload::BedrockInference, model: Some("gpt-oss-120b"), record: "outside", plan: 0 },
    Driver { workload: Workload::Trainium, model: None, record: "ai", plan: 600_000 },
    Driver { workload: Workload::Supporting, model: None, record: "portfolio", plan: 350_000 },
    Driver { workload: Workload::SageMaker, model: None, record: "outside", plan: 0 },
];

fn usd(cents: i64) -> Money {
    Money::from_micros(cents * 10_000)
}

fn date(text: &str) -> NaiveDate {
    text.parse().unwrap()
}

fn first_day() -> NaiveDate {
    date("2025-11-22")
}

/// The last complete day of the sample.
pub fn through() -> NaiveDate {
    date("2026-11-21")
}

/// Cents of one driver on one day; the future follows the same rule and is the outlook's middle.
fn cents(driver: usize, day: NaiveDate) -> i64 {
    let age = (day - first_day()).num_days();
    let weekend = matches!(day.weekday(), Weekday::Sat | Weekday::Sun);
    let launch = (date("2026-06-16")..=date("2026-06-18")).contains(&day);
    let weekly = |cents: i64| if weekend { cents * 3 / 5 } else { cents };
    match driver {
        0 => weekly(4_000 + age * 131) * if launch { 5 } else { 2 } / 2,
        1 => weekly(1_000 + age * 9),
        2 if day >= date("2026-06-10") => weekly(2_400 + age * 5),
        // A training run of 9,216 chip-hours: four days of six trn1.32xlarge at 21.50 an hour.
        3 if day >= date("2026-04-01") && (8..12).contains(&day.day()) => 309_600,
        4 => 8_600 + age * 22,
        5 if day >= date("2026-08-03") && !weekend => 1_315,
        _ => 0,
    }
}

fn days(from: NaiveDate, to: NaiveDate) -> impl Iterator<Item = NaiveDate> {
    from.iter_days().take_while(move |day| *day <= to)
}

fn sum(driver: usize, from: NaiveDate, to: NaiveDate) -> i64 {
    days(from, to).map(|day| cents(driver, day)).sum()
}

fn days_total(from: NaiveDate, to: NaiveDate) -> i64 {
    days(from, to).map(total).sum()
}

fn total(day: NaiveDate) -> i64 {
    (0..DRIVERS.len()).map(|driver| cents(driver, day)).sum()
}

fn filed_from() -> NaiveDate {
    date("2026-02-01")
}

/// Planned cents of a driver in a whole month.
fn plan(driver: usize, month: BillingPeriod) -> i64 {
    let age = month.months_since(BillingPeriod::of(filed_from()));
    (0..age.max(0)).fold(DRIVERS[driver].plan, |cents, _| cents * 108 / 100)
}

fn plan_per_day(day: NaiveDate) -> i64 {
    let month = BillingPeriod::of(day);
    (0..DRIVERS.len()).map(|driver| plan(driver, month) / month.days()).sum()
}

/// A pool of the sample and the drivers it pays.
struct Pool {
    id: &'static str,
    name: &'static str,
    programme: Programme,
    granted: i64,
    starts: &'static str,
    expires: &'static str,
    pays: &'static [usize],
}

/// Ids as AWS writes them; the partner must never see one.
pub const POOL_IDS: [&str; 3] = ["8800417", "8813255", "8824790"];

const POOLS: [Pool; 3] = [
    Pool {
        id: POOL_IDS[0],
        name: "Activate Founders",
        programme: Programme::Founders,
        granted: 500_000,
        starts: "2025-11-03",
        expires: "2026-11-03",
        pays: &[0, 1, 4],
    },
    Pool {
        id: POOL_IDS[1],
        name: "Bedrock POC",
        programme: Programme::BedrockPoc,
        granted: 2_500_000,
        starts: "2026-02-02",
        expires: "2027-02-02",
        pays: &[1, 2],
    },
    Pool {
        id: POOL_IDS[2],
        name: "GenAI tier 2026",
        programme: Programme::GenAiTier,
        granted: 25_500_000,
        starts: "2026-03-02",
        expires: "2027-09-02",
        pays: &[0, 2, 3, 4],
    },
];

/// Balance of a pool at the end of each day, with future spend scaled by `percent`.
fn balances(pool: &Pool, percent: i64, to: NaiveDate) -> Vec<(NaiveDate, i64)> {
    let mut left = pool.granted;
    let start = date(pool.starts).max(first_day());
    let mut walk = |day: NaiveDate| {
        let scale = if day > through() { percent } else { 100 };
        // gpt-oss-120b is the POC's while it has credit, so it never reaches the tier in this sample.
        let pays = pool.pays.iter().filter(|driver| !(pool.granted > 10_000_000 && **driver == 2));
        let spent: i64 = pays.map(|driver| cents(*driver, day)).sum::<i64>() * scale / 100;
        left = if day >= date(pool.expires) { 0 } else { (left - spent).max(0) };
        (day, left)
    };
    days(start, to).map(&mut walk).collect()
}

fn horizon() -> NaiveDate {
    plus_days(through(), 365)
}

fn empty_on(pool: &Pool, percent: i64) -> Option<NaiveDate> {
    let walk = balances(pool, percent, horizon());
    walk.into_iter().find(|(day, left)| *left == 0 && *day < date(pool.expires)).map(|(day, _)| day)
}

fn pool_position(pool: &Pool) -> PoolPosition {
    let walk = balances(pool, 100, through());
    let spent_by_expiry = |percent| {
        let before = plus_days(date(pool.expires), -1);
        balances(pool, percent, before.min(horizon())).last().map(|(_, left)| usd(*left))
    };
    let remaining = walk.last().map_or(0, |(_, left)| *left);
    let empty = |percent| empty_on(pool, percent);
    let lasting = |money: Option<Money>| if remaining == 0 { None } else { money };
    PoolPosition {
        id: pool.id.into(),
        name: pool.name.into(),
        programme: Some(pool.programme),
        granted: usd(pool.granted),
        drawn: usd(pool.granted - remaining),
        remaining: usd(remaining),
        stated: (remaining > 0).then(|| Statement { amount: usd(remaining - 1_204), at: date("2026-11-22") }),
        starts_on: date(pool.starts),
        expires_on: date(pool.expires),
        status: if remaining > 0 { PoolStatus::Active } else { PoolStatus::Expired },
        exhausts_on: DateQuantiles { p10: empty(118), p50: empty(100), p90: empty(84) },
        breakage: MoneyQuantiles {
            p10: lasting(spent_by_expiry(118)),
            p50: lasting(spent_by_expiry(100)),
            p90: lasting(spent_by_expiry(84)),
        },
    }
}

fn pool_series(pool: &Pool) -> PoolSeries {
    let point = |(day, left): (NaiveDate, i64)| DayAmount { day, amount: usd(left) };
    let start = date(pool.starts);
    let tier = pool.granted > 10_000_000;
    let expired = date(pool.expires) <= through();
    let (low, middle, high) =
        (balances(pool, 118, horizon()), balances(pool, 100, horizon()), balances(pool, 84, horizon()));
    let band = (0..middle.len()).filter(|index| middle[*index].0 > through()).map(|index| DayBand {
        day: middle[index].0,
        p10: usd(low[index].1),
        p50: usd(middle[index].1),
        p90: usd(high[index].1),
    });
    let planned = days(start, horizon()).scan(pool.granted, |left, day| {
        *left = if day >= date(pool.expires) { 0 } else { (*left - plan_per_day(day)).max(0) };
        Some(DayAmount { day, amount: usd(*left) })
    });
    PoolSeries {
        id: pool.id.into(),
        name: pool.name.into(),
        granted: usd(pool.granted),
        expires_on: date(pool.expires),
        balance: balances(pool, 100, through()).into_iter().map(point).collect(),
        outlook: if expired { vec![] } else { band.collect() },
        planned: if tier { planned.collect() } else { vec![] },
    }
}

/// The day series of the sample.
pub fn series() -> Series {
    static SERIES: LazyLock<Series> = LazyLock::new(make_series);
    SERIES.clone()
}

fn make_series() -> Series {
    let from = filed_from();
    let running = |from: NaiveDate, to: NaiveDate, start: i64, per_day: &dyn Fn(NaiveDate) -> i64| {
        let step = |sum: &mut i64, day: NaiveDate| {
            *sum += per_day(day);
            Some((day, *sum))
        };
        days(from, to).scan(start, step).collect::<Vec<_>>()
    };
    let points = |walk: Vec<(NaiveDate, i64)>| {
        walk.into_iter().map(|(day, sum)| DayAmount { day, amount: usd(sum) }).collect::<Vec<_>>()
    };
    let actual = running(from, through(), 0, &total);
    let spent = actual.last().map_or(0, |(_, sum)| *sum);
    let ahead = |percent: i64| running(plus_days(through(), 1), horizon(), spent, &|day| total(day) * percent / 100);
    let bands = ahead(84).into_iter().zip(ahead(100)).zip(ahead(118));
    let mut by_model = Vec::new();
    let mut month = BillingPeriod::of(date("2025-12-01"));
    while month <= BillingPeriod::of(through()) {
        for (index, driver) in DRIVERS.iter().enumerate() {
            let to = plus_days(month.next().first_day(), -1).min(through());
            let cost = usd(sum(index, month.first_day(), to));
            let model = driver.model.map(str::to_owned);
            by_model.push(MonthModelCost { month, workload: driver.workload, model, cost });
        }
        month = month.next();
    }
    Series {
        pools: POOLS.iter().map(pool_series).collect(),
        actual: points(actual),
        filed: points(running(from, horizon(), 0, &plan_per_day)),
        outlook: bands
            .map(|((low, middle), high)| DayBand {
                day: middle.0,
                p10: usd(low.1),
                p50: usd(middle.1),
                p90: usd(high.1),
            })
            .collect(),
        by_model,
    }
}

fn variance() -> Vec<Variance> {
    let mut rows = Vec::new();
    let mut month = BillingPeriod::of(filed_from());
    while month <= BillingPeriod::of(through()) {
        let to = plus_days(month.next().first_day(), -1).min(through());
        let whole = month.days();
        let elapsed = (to - month.first_day()).num_days() + 1;
        for (index, driver) in DRIVERS.iter().enumerate() {
            let actual = sum(index, month.first_day(), to);
            let projected = plan(index, month) * elapsed / whole;
            if actual == 0 && projected == 0 {
                continue;
            }
            rows.push(variance_row(month, driver, projected, actual));
        }
        month = month.next();
    }
    rows
}

fn variance_row(month: BillingPeriod, driver: &Driver, projected: i64, actual: i64) -> Variance {
    let amount = actual - projected;
    let filed = driver.plan > 0;
    let cache = if driver.model == Some("Claude Sonnet 5") { amount * 35 / 100 } else { 0 };
    let volume = if filed { amount - cache } else { 0 };
    let percent = usd(amount).ratio(usd(projected)).map(|ratio| (ratio * Decimal::ONE_HUNDRED).round_dp(1));
    Variance {
        month,
        record: driver.record.into(),
        workload: driver.workload,
        model: driver.model.map(str::to_owned),
        projected: usd(projected),
        actual: usd(actual),
        amount: usd(amount),
        percent,
        favourable: (amount != 0).then_some(amount < 0),
        causes: Causes {
            volume: usd(volume),
            cache: usd(cache),
            other: usd(if filed { 0 } else { amount }),
            ..Causes::default()
        },
    }
}

/// Day on which the tier, and with it credit for most of the spend, ends.
fn credits_end(percent: i64) -> NaiveDate {
    empty_on(&POOLS[2], percent).expect("the sample's tier runs dry within the horizon")
}

fn bill(month: BillingPeriod) -> MonthlyBill {
    let covered_on = |day: NaiveDate, end: NaiveDate| {
        let paid_by_tier = [0, 3, 4].iter().map(|driver| cents(*driver, day)).sum::<i64>();
        let paid_by_poc = if day < date("2027-02-02") { cents(1, day) + cents(2, day) } else { 0 };
        paid_by_poc + if day < end { paid_by_tier } else { 0 }
    };
    let last = plus_days(month.next().first_day(), -1);
    let cash = |percent: i64| {
        let uncovered = |day: NaiveDate| {
            let scale = if day > through() { percent } else { 100 };
            (total(day) - covered_on(day, credits_end(percent))) * scale / 100
        };
        days(month.first_day(), last).map(uncovered).sum::<i64>()
    };
    let taxed = |cents: i64| cents + cents * 8 / 100;
    let gross: i64 = days(month.first_day(), last).map(total).sum();
    let middle = cash(100);
    MonthlyBill {
        month,
        gross: usd(gross),
        covered: usd(gross - middle),
        cash: usd(taxed(middle)),
        tax: Some(usd(taxed(middle) - middle)),
        cash_p10: usd(taxed(cash(84))),
        cash_p90: usd(taxed(cash(118))),
        lines: DRIVERS.iter().enumerate().map(|(driver, of)| bill_line(driver, of, month)).collect(),
    }
}

/// All of a month's days as if they lay ahead, and after the tier has ended: the proof of concept pays its own until it expires.
fn bill_line(driver: usize, of: &Driver, month: BillingPeriod) -> BillLine {
    let last = plus_days(month.next().first_day(), -1);
    BillLine {
        service: if of.model.is_some() { "Amazon Bedrock".into() } else { format!("{} service", of.workload.label()) },
        workload: of.workload,
        model: of.model.map(str::to_owned),
        gross: usd(sum(driver, month.first_day(), last)),
        covered: usd(if matches!(driver, 1 | 2) {
            sum(driver, month.first_day(), last.min(date("2027-02-01")))
        } else {
            0
        }),
    }
}

fn exposure() -> Exposure {
    let from = credits_end(100);
    let poc: i64 = [1, 2].map(|driver| sum(driver, from, date("2027-02-01"))).iter().sum();
    let cash = |percent: i64| usd((days_total(from, plus_days(from, 89)) - poc) * percent / 100 * 108 / 100);
    Exposure { from, days: 90, p10: cash(84), p50: cash(100), p90: cash(118) }
}

fn made_with() -> MadeWith {
    let basis = |workload, voice, trials, by_plan| Basis { workload, voice, known_days: 365, trials, by_plan };
    MadeWith {
        workloads: vec![
            basis(Workload::BedrockInference, Voice::Combination, 40, false),
            basis(Workload::Trainium, Voice::Bursts, 0, false),
            basis(Workload::Supporting, Voice::PlainRate, 40, true),
        ],
        paths: 1_000,
        seed: 1,
        tax_rate: Some("0.08".parse().unwrap()),
    }
}

fn spend() -> Spend {
    let gross: i64 = days(first_day(), through()).map(total).sum();
    let pools: Vec<PoolPosition> = POOLS.iter().map(pool_position).collect();
    let drawn: Money = pools.iter().map(|pool| pool.drawn).sum();
    let refund = usd(-4_210);
    let tax = usd(97_013);
    let last = |count: i64| usd(days(plus_days(through(), 1 - count), through()).map(total).sum::<i64>()).per(count);
    let month = BillingPeriod::of(through()).first_day();
    Spend {
        gross_to_date: usd(gross),
        credit_to_date: -drawn,
        refund_to_date: refund,
        tax_to_date: tax,
        net_to_date: usd(gross) - drawn + refund + tax,
        gross_month_to_date: usd(days(month, through()).map(total).sum()),
        burn_per_day: BurnPerDay { last_7_days: Some(last(7)), last_28_days: Some(last(28)) },
    }
}

fn workloads() -> Vec<WorkloadSpend> {
    let month = BillingPeriod::of(through()).first_day();
    let cost = |driver| sum(driver, month, through());
    let inference = |model: &str, direction, tier, routing, cents: i64, tokens: &str| WorkloadSpend {
        workload: Workload::BedrockInference,
        model: Some(model.into()),
        direction: Some(direction),
        tier: Some(tier),
        routing: Some(routing),
        cost: usd(cents),
        quantity: Some(tokens.parse().unwrap()),
        unit: Some("tokens".into()),
    };
    let other = |workload, driver, quantity: Option<&str>, unit: Option<&str>| WorkloadSpend {
        workload,
        model: None,
        direction: None,
        tier: None,
        routing: None,
        cost: usd(cost(driver)),
        quantity: quantity.map(|text| text.parse().unwrap()),
        unit: unit.map(str::to_owned),
    };
    let (sonnet, global, on_demand) = ("Claude Sonnet 5", Routing::Global, Tier::OnDemand);
    let all = cost(0);
    let (output, cached, written) = (all * 52 / 100, all * 5 / 100, all * 3 / 100);
    vec![
        inference(sonnet, Direction::Input, on_demand, global, all - output - cached - written, "1872400000"),
        inference(sonnet, Direction::Output, on_demand, global, output, "486310000"),
        inference(sonnet, Direction::CacheRead, on_demand, global, cached, "2337900000"),
        inference(sonnet, Direction::CacheWrite, on_demand, global, written, "112230000"),
        inference("Nova 2 Lite", Direction::Input, Tier::Batch, Routing::InRegion, cost(1), "2210444000"),
        inference("gpt-oss-120b", Direction::Output, on_demand, Routing::InRegion, cost(2), "1290118000"),
        other(Workload::Trainium, 3, Some("9216"), Some("chip_hours")),
        other(Workload::Supporting, 4, None, None),
        other(Workload::SageMaker, 5, None, None),
    ]
}

fn finding(rule: Rule, severity: Severity, key: &str, since: &str, summary: &str, reason: &str) -> Finding {
    Finding { rule, severity, key: key.into(), since: date(since), summary: summary.into(), reason: reason.into() }
}

fn findings() -> Vec<Finding> {
    vec![
        finding(
            Rule::Exhaustion,
            Severity::Critical,
            "exhaustion:total",
            "2026-11-14",
            "Credits are likely to end within the lead time of the next award.",
            "The GenAI tier takes 14 to 28 days and 7 days of slack are configured. Start the next application now.",
        ),
        finding(
            Rule::ExpiringCredit,
            Severity::Warning,
            "expiring_credit:8813255",
            "2026-11-01",
            "Bedrock POC will expire with credit unused on 2 Feb 2027.",
            "It pays native Bedrock models only. Move batch work to Nova or gpt-oss, or let it lapse knowingly.",
        ),
        finding(
            Rule::UncoveredSpend,
            Severity::Warning,
            "uncovered_spend:Amazon SageMaker",
            "2026-08-03",
            "Amazon SageMaker costs $13.15 a working day that no pool pays.",
            "No pool's list names it. Move the notebook to EC2, which the GenAI tier pays, or accept the cash.",
        ),
    ]
}

fn coverage() -> Vec<Coverage> {
    let row =
        |service: &str, state, evidence: &str| Coverage { service: service.into(), state, evidence: evidence.into() };
    vec![
        row("Amazon Bedrock", CoverageState::Covered, "Bedrock POC names it and has credit left"),
        row(
            "Amazon Elastic Compute Cloud - Compute",
            CoverageState::Covered,
            "GenAI tier 2026 names it; Credit rows since 2 Mar 2026",
        ),
        row("Amazon SageMaker", CoverageState::Uncovered, "all pools' lists are known and none names it"),
        row("AWS Support (Developer)", CoverageState::Unknown, "a list is missing and no Credit row was seen"),
        row(
            "Claude Sonnet 5 (Amazon Bedrock Edition)",
            CoverageState::Covered,
            "GenAI tier 2026 names it; Credit rows since 2 Mar 2026",
        ),
    ]
}

/// Outlooks a day apart: that of thirty days ago held, that of sixty days ago said too little.
fn track_record(end: DateQuantiles) -> TrackRecord {
    let horizon = |days: i64, said_percent: i64, outlooks, held| {
        let data_through = plus_days(through(), -days);
        let actual = days_total(plus_days(data_through, 1), through());
        let said = |percent: i64| usd(actual * said_percent / 100 * percent / 100);
        let inside = (84..=118).contains(&(10_000 / said_percent));
        Horizon {
            days,
            made_at: plus_days(data_through, 2).and_hms_opt(6, 0, 0).unwrap().and_utc(),
            data_through,
            spend: Some(SpendCheck {
                p10: said(84),
                p50: said(100),
                p90: said(118),
                actual: usd(actual),
                place: if inside { Place::Inside } else { Place::Above },
            }),
            exhaustion: Some(DateCheck {
                said: DateQuantiles { p90: end.p90.map(|day| plus_days(day, days / 2)), ..end },
                came: None,
                now: end,
                place: Place::Open,
            }),
            outlooks,
            held,
            overlap: true,
        }
    };
    TrackRecord { horizons: vec![horizon(30, 104, 46, 39), horizon(60, 82, 16, 11)] }
}

/// The position of the sample.
pub fn position() -> Position {
    static POSITION: LazyLock<Position> = LazyLock::new(make_position);
    POSITION.clone()
}

fn make_position() -> Position {
    let pools: Vec<PoolPosition> = POOLS.iter().map(pool_position).collect();
    let end = DateQuantiles { p10: Some(credits_end(118)), p50: Some(credits_end(100)), p90: Some(credits_end(84)) };
    let this_month = BillingPeriod::of(through());
    let review = review::review(through(), &pools);
    Position {
        as_of: "2026-11-23T06:00:00Z".parse().unwrap(),
        data_through: Some(through()),
        currency: "USD".into(),
        spend: spend(),
        credits: Credits {
            granted: pools.iter().map(|pool| pool.granted).sum(),
            remaining: pools.iter().map(|pool| pool.remaining).sum(),
            pools,
        },
        exhaustion: Exhaustion {
            total: end,
            by_workload: vec![
                WorkloadExhaustion { workload: Workload::BedrockInference, dates: end },
                WorkloadExhaustion { workload: Workload::Trainium, dates: end },
                WorkloadExhaustion { workload: Workload::Supporting, dates: DateQuantiles { p90: None, ..end } },
            ],
        },
        workloads: workloads(),
        coverage: coverage(),
        variance: variance(),
        trajectory: (0..12).map(|step| bill(this_month.plus_months(step))).collect(),
        findings: findings(),
        data_quality: DataQuality {
            unclassified_cost: Money::ZERO,
            reconciliation_gap: usd(1_204),
            moved_in_last_cycle: usd(316),
            paid_requests_today: 3,
            usd_spent_asking_month: usd(72),
        },
        outlook_basis: Some(
            "trailing rate of the last 28 complete days by weekday, with a band from how far such rates missed before"
                .into(),
        ),
        outlook_made_with: Some(made_with()),
        exposure: Some(exposure()),
        filing: Some(FilingRef {
            version: 2,
            content_hash: "9f2c51d07ab34e86c1f0e2d39b7a6458d4c3b2a1907f6e5d4c3b2a190817e6f5".into(),
            filed_on: filed_from(),
            records: vec!["ai".into(), "portfolio".into()],
            unpriced: Vec::new(),
        }),
        review,
        track_record: track_record(end),
    }
}

/// A position before the first cycle has brought anything.
pub fn empty() -> Position {
    Position {
        as_of: "2026-11-23T06:00:00Z".parse().unwrap(),
        data_through: None,
        currency: "USD".into(),
        spend: Spend::default(),
        credits: Credits::default(),
        exhaustion: Exhaustion::default(),
        workloads: vec![],
        coverage: vec![],
        variance: vec![],
        trajectory: vec![],
        findings: vec![],
        data_quality: DataQuality::default(),
        outlook_basis: None,
        outlook_made_with: None,
        exposure: None,
        filing: None,
        review: Default::default(),
        track_record: Default::default(),
    }
}

/// What AWS's refusal looks like to a reader.
pub fn denied_finding() -> Finding {
    finding(
        Rule::IngestDenied,
        Severity::Critical,
        "ingest_denied:credits",
        "2026-11-20",
        "AWS refuses billing:GetCredits.",
        "Attach config/iam/credits.json to the role, or record balances by hand.",
    )
}
