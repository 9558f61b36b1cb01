//! The sample's year in integer cents: drivers of spend, what was filed, and the pools drawn down by them.

use chrono::{Datelike, NaiveDate, Weekday};
use glidepath::domain::credit::programme::Programme;
use glidepath::domain::values::money::Money;
use glidepath::domain::values::period::{BillingPeriod, plus_days};
use glidepath::domain::values::workload::Workload;

/// One driver of spend.
pub struct Driver {
    pub workload: Workload,
    pub model: Option<&'static str>,
    /// Record of the filing, or `outside`.
    pub record: &'static str,
    /// First month's plan in cents, growing 8 % a month; 0 where nothing was filed.
    pub plan: i64,
}

pub const DRIVERS: [Driver; 6] = [
    Driver { workload: Workload::BedrockInference, model: Some("Claude Sonnet 5"), record: "ai", plan: 520_000 },
    Driver { workload: Workload::BedrockInference, model: Some("Nova 2 Lite"), record: "ai", plan: 90_000 },
    Driver { workload: Workload::BedrockInference, model: Some("gpt-oss-120b"), record: "outside", plan: 0 },
    Driver { workload: Workload::Trainium, model: None, record: "ai", plan: 600_000 },
    Driver { workload: Workload::Supporting, model: None, record: "portfolio", plan: 350_000 },
    Driver { workload: Workload::SageMaker, model: None, record: "outside", plan: 0 },
];

pub fn usd(cents: i64) -> Money {
    Money::from_micros(cents * 10_000)
}

pub fn date(text: &str) -> NaiveDate {
    text.parse().unwrap()
}

pub fn first_day() -> NaiveDate {
    date("2025-11-22")
}

/// The last complete day of the sample.
pub fn through() -> NaiveDate {
    date("2026-11-21")
}

/// Cents of one driver on one day; the future follows the same rule and is the outlook's middle.
pub fn cents(driver: usize, day: NaiveDate) -> i64 {
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

pub fn days(from: NaiveDate, to: NaiveDate) -> impl Iterator<Item = NaiveDate> {
    from.iter_days().take_while(move |day| *day <= to)
}

pub fn sum(driver: usize, from: NaiveDate, to: NaiveDate) -> i64 {
    days(from, to).map(|day| cents(driver, day)).sum()
}

pub fn days_total(from: NaiveDate, to: NaiveDate) -> i64 {
    days(from, to).map(total).sum()
}

pub fn total(day: NaiveDate) -> i64 {
    (0..DRIVERS.len()).map(|driver| cents(driver, day)).sum()
}

pub fn filed_from() -> NaiveDate {
    date("2026-02-01")
}

/// Planned cents of a driver in a whole month.
pub fn plan(driver: usize, month: BillingPeriod) -> i64 {
    let age = month.months_since(BillingPeriod::of(filed_from()));
    (0..age.max(0)).fold(DRIVERS[driver].plan, |cents, _| cents * 108 / 100)
}

pub fn plan_per_day(day: NaiveDate) -> i64 {
    let month = BillingPeriod::of(day);
    (0..DRIVERS.len()).map(|driver| plan(driver, month) / month.days()).sum()
}

/// A pool of the sample and the drivers it pays.
pub struct Pool {
    pub id: &'static str,
    pub name: &'static str,
    pub programme: Programme,
    pub granted: i64,
    pub starts: &'static str,
    pub expires: &'static str,
    pub pays: &'static [usize],
}

/// Ids as AWS writes them; the partner must never see one.
pub const POOL_IDS: [&str; 3] = ["8800417", "8813255", "8824790"];

pub const POOLS: [Pool; 3] = [
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
        name: "AI record 2026",
        programme: Programme::AiRecord,
        granted: 25_500_000,
        starts: "2026-03-02",
        expires: "2027-09-02",
        pays: &[0, 2, 3, 4],
    },
];

/// Balance of a pool at the end of each day, with future spend scaled by `percent`.
pub fn balances(pool: &Pool, percent: i64, to: NaiveDate) -> Vec<(NaiveDate, i64)> {
    let mut left = pool.granted;
    let start = date(pool.starts).max(first_day());
    let mut walk = |day: NaiveDate| {
        let scale = if day > through() { percent } else { 100 };
        // gpt-oss-120b is the POC's while it has credit, so it never reaches the AI record in this sample.
        let pays = pool.pays.iter().filter(|driver| !(pool.granted > 10_000_000 && **driver == 2));
        let spent: i64 = pays.map(|driver| cents(*driver, day)).sum::<i64>() * scale / 100;
        left = if day >= date(pool.expires) { 0 } else { (left - spent).max(0) };
        (day, left)
    };
    days(start, to).map(&mut walk).collect()
}

pub fn horizon() -> NaiveDate {
    plus_days(through(), 365)
}

pub fn empty_on(pool: &Pool, percent: i64) -> Option<NaiveDate> {
    let walk = balances(pool, percent, horizon());
    walk.into_iter().find(|(day, left)| *left == 0 && *day < date(pool.expires)).map(|(day, _)| day)
}
