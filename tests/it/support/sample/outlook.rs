//! What lies ahead of the sample: the end of credits, the bills, what the outlook rests on, and what earlier ones said.

use chrono::NaiveDate;
use glidepath::domain::forecast::Voice;
use glidepath::domain::outlook::monthly_bill::{BillLine, MonthlyBill};
use glidepath::domain::outlook::track_record::{DateCheck, Horizon, Place, SpendCheck, TrackRecord};
use glidepath::domain::outlook::{Assumed, Basis, Exposure, Gain, MadeWith, Sensitivity, Shift, Swing};
use glidepath::domain::values::period::{BillingPeriod, plus_days};
use glidepath::domain::values::quantiles::{DateQuantiles, MoneyQuantiles};
use glidepath::domain::values::workload::Workload;

use super::days::*;

/// Day on which the AI record, and with it credit for most of the spend, ends.
pub fn credits_end(percent: i64) -> NaiveDate {
    empty_on(&POOLS[2], percent).expect("the sample's AI record runs dry within the horizon")
}

pub fn bill(month: BillingPeriod) -> MonthlyBill {
    let covered_on = |day: NaiveDate, end: NaiveDate| {
        let paid_by_ai_record = [0, 3, 4].iter().map(|driver| cents(*driver, day)).sum::<i64>();
        let paid_by_poc = if day < date("2027-02-02") { cents(1, day) + cents(2, day) } else { 0 };
        paid_by_poc + if day < end { paid_by_ai_record } else { 0 }
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
        cash_p10: Some(usd(taxed(cash(84)))),
        cash_p90: Some(usd(taxed(cash(118)))),
        lines: DRIVERS.iter().enumerate().map(|(driver, of)| bill_line(driver, of, month)).collect(),
    }
}

/// All of a month's days as if they lay ahead, and after the AI record has ended: the proof of concept pays its own until it expires.
pub fn bill_line(driver: usize, of: &Driver, month: BillingPeriod) -> BillLine {
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

pub fn exposure() -> Exposure {
    let from = credits_end(100);
    let poc: i64 = [1, 2].map(|driver| sum(driver, from, date("2027-02-01"))).iter().sum();
    let cash = |percent: i64| usd((days_total(from, plus_days(from, 89)) - poc) * percent / 100 * 108 / 100);
    Exposure { from, days: 90, p10: cash(84), p50: cash(100), p90: cash(118) }
}

pub fn made_with() -> MadeWith {
    let basis =
        |workload, voice, trials, by_plan| Basis { workload, voice, known_days: 365, trials, by_plan, young: false };
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

/// Uncovered spend of the year ahead.
pub fn uncovered() -> MoneyQuantiles {
    let from = credits_end(100);
    let after = |percent: i64| Some(usd(days_total(from, horizon()) * percent / 100));
    MoneyQuantiles { p10: after(84), p50: after(100), p90: after(118) }
}

/// One assumption of each kind that reads differently.
pub fn sensitivity() -> Sensitivity {
    let shift = |by: &str, days, at_least, cents| Shift {
        by: by.parse().unwrap(),
        date: Gain { days, at_least },
        cash: Some(usd(cents)),
    };
    let swing = |assumed, shifts: [Shift; 2]| Swing { assumed, shifts: shifts.into() };
    Sensitivity {
        paths: 100,
        bill_month: Some(BillingPeriod::of(credits_end(100)).next()),
        swings: vec![
            swing(
                Assumed::Spend { workload: Workload::BedrockInference },
                [shift("-0.162", Some(210), true, -211_000), shift("0.184", Some(-9), false, 246_500)],
            ),
            swing(Assumed::Growth, [shift("-0.05", Some(3), false, -80_000), shift("0.05", Some(-3), false, 90_000)]),
            swing(
                Assumed::CacheHits { model: "Claude Sonnet 5".into() },
                [shift("-0.1", Some(-1), false, 40_100), shift("0.1", Some(1), false, -40_100)],
            ),
            swing(Assumed::Balances, [shift("-0.015", Some(-1), false, 0), shift("0.015", None, false, 0)]),
            swing(Assumed::TaxRate, [shift("-0.05", Some(0), false, -60_000), shift("0.05", Some(0), false, 60_000)]),
            Swing { assumed: Assumed::FiledPlan, shifts: vec![shift("-1", Some(0), false, 0)] },
        ],
    }
}

/// Outlooks a day apart: that of thirty days ago held, that of sixty days ago said too little.
pub fn track_record(end: DateQuantiles) -> TrackRecord {
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
