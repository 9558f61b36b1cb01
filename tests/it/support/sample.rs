//! A fictional startup for the report tests: three pools, a filing, a year of spend. Everything is integer cents
//! derived from one table of days, so that position and series agree and the same code gives the same bytes.

pub mod days;
mod outlook;
mod reconciliation;
mod review;

use glidepath::domain::billing::costs::WorkloadSpend;
use glidepath::domain::credit::coverage::Coverage;
use glidepath::domain::filing::filing_ref::{FiledApplication, FilingRef};
use glidepath::domain::filing::variance::{Causes, Variance};
use glidepath::domain::position::series::{MonthModelCost, PoolSeries, Series};
use glidepath::domain::values::quantiles::{DateQuantiles, DayAmount, DayBand, MoneyQuantiles};
use std::sync::LazyLock;

use chrono::NaiveDate;
use glidepath::domain::credit::coverage::CoverageState;
use glidepath::domain::credit::programme::Programme;
use glidepath::domain::credit::{Statement, StatementSource};
use glidepath::domain::filing::next_award::{Meant, NextAward};
use glidepath::domain::filing::usage::{AcceleratorMonth, ModelMonth, Tokens, Usage};
use glidepath::domain::position::Bills;
use glidepath::domain::position::basis::DateBasis;
use glidepath::domain::position::buys::{Buys, BuysUnit, UsedOf};
use glidepath::domain::position::finding::{Finding, Rule, Severity};
use glidepath::domain::position::*;
use glidepath::domain::values::money::{Money, Quantity};
use glidepath::domain::values::period::{BillingPeriod, plus_days};
use glidepath::domain::values::workload::{Direction, Routing, Tier, Workload};
use rust_decimal::Decimal;

pub use days::through;
use days::*;
use outlook::*;

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
        left: usd(if remaining > 0 { remaining - reconciliation::GAP } else { 0 }),
        stated: (remaining > 0).then(|| Statement {
            amount: usd(remaining - reconciliation::GAP),
            at: date("2026-11-22"),
            source: StatementSource::Aws,
        }),
        starts_on: date(pool.starts),
        expires_on: date(pool.expires),
        status: if remaining > 0 { PoolStatus::Active } else { PoolStatus::Expired },
        exhausted_on: if remaining > 0 { None } else { empty(100) },
        delisted: None,
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
    let ai_record = pool.granted > 10_000_000;
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
        planned: if ai_record { planned.collect() } else { vec![] },
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
    Finding {
        named: None,
        rule,
        severity,
        key: key.into(),
        since: date(since),
        summary: summary.into(),
        reason: reason.into(),
    }
}

fn findings() -> Vec<Finding> {
    vec![
        finding(
            Rule::Exhaustion,
            Severity::Critical,
            "exhaustion:total",
            "2026-11-14",
            "Credits are likely to end within the lead time of the next award.",
            "An AI record takes 14 to 28 days and 7 days of slack are configured. Start the next application now.",
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
            "No pool's list names it. Move the notebook to EC2, which the AI record pays, or accept the cash.",
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
            "AI record 2026 names it; Credit rows since 2 Mar 2026",
        ),
        row("Amazon SageMaker", CoverageState::Uncovered, "all pools' lists are known and none names it"),
        row("AWS Support (Developer)", CoverageState::Unknown, "a list is missing and no Credit row was seen"),
        row(
            "Claude Sonnet 5 (Amazon Bedrock Edition)",
            CoverageState::Covered,
            "AI record 2026 names it; Credit rows since 2 Mar 2026",
        ),
    ]
}

/// The position of the sample.
pub fn position() -> Position {
    static POSITION: LazyLock<Position> = LazyLock::new(make_position);
    POSITION.clone()
}

/// What 14 dollars a day leave room for.
fn buys(pools: &[PoolPosition]) -> Vec<Buys> {
    let credit: Money = pools.iter().map(|pool| pool.remaining).sum();
    let used = |quantity: i64, cost: &str| UsedOf { quantity: quantity.into(), cost: cost.parse().unwrap() };
    let of = |unit, credit, used: &UsedOf| Buys::of(unit, credit, used, 28).unwrap();
    vec![
        of(BuysUnit::Days, credit, &used(28, "31000")),
        Buys { model: Some("Claude Sonnet 5".into()), ..of(BuysUnit::MillionTokens, credit, &used(9_000, "24000")) },
        Buys {
            instance_type: Some("trn1.32xlarge".into()),
            runs: Some(3),
            ..of(BuysUnit::ChipHours, credit.per(2), &used(6_144, "8256"))
        },
    ]
}

/// Three months of a model that is cached and batched, and of runs.
fn usage(newest: BillingPeriod) -> Usage {
    let tokens = |input: i64, cache_read: i64, output: i64| {
        let of = |millions: i64| Quantity::from_decimal(millions.into());
        Tokens { input: of(input), cache_read: of(cache_read), cache_write: of(cache_read / 10), output: of(output) }
    };
    let month = |step: i64| newest.plus_months(i32::try_from(step).unwrap() - 2);
    let model = |step: i64| ModelMonth {
        month: month(step),
        record: Some("ai".into()),
        model: "Claude Sonnet 5".into(),
        filed: (step > 0).then(|| tokens(400, 270, 90)),
        used: tokens(350 + 40 * step, 100 * step, 80 + 9 * step),
        saved_by_caching: usd(23_000 * step),
        saved_by_batch: usd(1_550),
    };
    let runs = |step: i64| AcceleratorMonth {
        month: month(step),
        record: Some("ai".into()),
        instance_type: "trn1.32xlarge".into(),
        filed: Some(Quantity::from_decimal(9_216.into())),
        used: Quantity::from_decimal((9_216 * (step % 2)).into()),
    };
    Usage { models: (0..3).map(model).collect(), accelerators: (0..3).map(runs).collect() }
}

/// What both records ask for.
fn applications() -> Vec<FiledApplication> {
    let ai = FiledApplication {
        record: "ai".into(),
        programme: Programme::AiRecord,
        asked_usd: Some(usd(20_000_000)),
        granted_usd: Some(usd(17_500_000)),
        starts_on: Some("2026-02-09".parse().unwrap()),
        expires_on: Some("2028-03-01".parse().unwrap()),
        opportunity: Some("O4711".into()),
        use_case: Some("Answers in the product".into()),
        stage: Some("Launched".into()),
        engagement_type: None,
        poc: None,
    };
    let portfolio = FiledApplication {
        record: "portfolio".into(),
        programme: Programme::ActivatePortfolio,
        asked_usd: Some(usd(10_000_000)),
        granted_usd: Some(usd(10_000_000)),
        opportunity: None,
        use_case: Some("Databases and servers around the model".into()),
        ..ai.clone()
    };
    vec![ai, portfolio]
}

fn make_position() -> Position {
    let pools: Vec<PoolPosition> = POOLS.iter().map(pool_position).collect();
    let end = DateQuantiles { p10: Some(credits_end(118)), p50: Some(credits_end(100)), p90: Some(credits_end(84)) };
    let this_month = BillingPeriod::of(through());
    let review = review::review(through(), &pools);
    let reconciliation = reconciliation::reconciliation(&pools);
    Position {
        planned: Vec::new(),
        entered_through: None,
        outlook_state: OutlookState::Current,
        at_least: None,
        bills: Bills::default(),
        buys: buys(&pools),
        next_ask: None,
        account_plan: None,
        usage: usage(this_month),
        as_of: "2026-11-23T06:00:00Z".parse().unwrap(),
        data_through: Some(through()),
        currency: "USD".into(),
        spend: spend(),
        credits: Credits {
            granted: pools.iter().map(|pool| pool.granted).sum(),
            remaining: pools.iter().map(|pool| pool.remaining).sum(),
            left: pools.iter().map(|pool| pool.left).sum(),
            pools,
            unlisted: None,
        },
        exhaustion: Exhaustion {
            total: end,
            as_filed: None,
            filed: false,
            basis: DateBasis::Billed,
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
            unclassified: Vec::new(),
            reconciliation_gap: usd(reconciliation::GAP),
            moved_in_last_cycle: usd(316),
            paid_requests_today: 3,
            usd_spent_asking_month: usd(72),
            unreadable: Vec::new(),
            set_aside: None,
            missing_history: None,
        },
        reconciliation,
        outlook_reaches: None,
        outlook_basis: Some(
            "trailing rate of the last 28 complete days by weekday, with a band from how far such rates missed before"
                .into(),
        ),
        outlook_made_with: Some(made_with()),
        exposure: Some(exposure()),
        uncovered: uncovered(),
        sensitivity: Some(sensitivity()),
        filing: Some(FilingRef {
            version: 2,
            content_hash: "9f2c51d07ab34e86c1f0e2d39b7a6458d4c3b2a1907f6e5d4c3b2a190817e6f5".into(),
            filed_on: filed_from(),
            recorded_at: "2026-02-03T09:12:00Z".parse().unwrap(),
            customer: Some("Larkspur Labs GmbH".into()),
            asked_for: Some("genai-tier".into()),
            records: vec!["ai".into(), "portfolio".into()],
            unpriced: Vec::new(),
            customer_url: Some("https://larkspur.example".into()),
            asked_usd: Some(usd(30_000_000)),
            granted_usd: Some(usd(27_500_000)),
            deal_size_usd: Some(usd(42_000_000)),
            post_credit_growth_per_month: Some(Decimal::new(3, 2)),
            applications: applications(),
        }),
        review,
        track_record: track_record(end),
        award_meant: Meant::default(),
        next_award: Some(NextAward {
            name: "AI record".into(),
            takes: "it takes 14 to 28 days".into(),
            soonest: "today".into(),
            instead: None,
            file_by: end.p50.map(|day| plus_days(day, -28)),
            file_by_if_early: end.p10.map(|day| plus_days(day, -28)),
            overdue: false,
            overdue_if_early: false,
        }),
    }
}

/// A position before the first cycle has brought anything.
pub fn empty() -> Position {
    Position::empty("2026-11-23T06:00:00Z".parse().unwrap(), "USD")
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
