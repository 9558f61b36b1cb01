//! What holds for every plan and every bill: causes add up, no order matters, and a single change has a single cause.

use glidepath::domain::billing::price::PriceBook;
use glidepath::domain::filing::projection::{ActualCost, Driver, FiledProjection};
use glidepath::domain::filing::variance::{Causes, Variance, variance};
use glidepath::domain::values::money::{Money, Quantity};
use glidepath::domain::values::period::{BillingPeriod, plus_days};
use glidepath::domain::values::workload::{CacheLifetime, Direction, Routing, Tier, Workload};
use proptest::prelude::*;
use rust_decimal::Decimal;

use super::compare;
use crate::support::filing::{EC2, RDS, any_filing, chip_hours, day, month, planned, service_of, tokens, usd};

/// Rounding at twelve digits can leave this much of a cause that is none.
const ROUNDING: &str = "0.000000000001";

fn any_actual() -> impl Strategy<Value = ActualCost> {
    let services =
        prop::sample::select(vec![RDS, EC2, "Amazon Bedrock", "AWS Lambda", "amazon relational database service"]);
    let models = prop::sample::select(vec![None, Some("Claude Sonnet 5"), Some("Nova Lite"), Some("Claude Opus 5")]);
    let types = prop::sample::select(vec![None, Some("trn1.32xlarge"), Some("ml.trn1.32xlarge"), Some("inf2.xlarge")]);
    let directions = prop::sample::select(vec![
        None,
        Some(Direction::Input),
        Some(Direction::Output),
        Some(Direction::CacheRead),
        Some(Direction::CacheWrite),
    ]);
    let tiers = prop::sample::select(vec![Tier::OnDemand, Tier::Batch, Tier::Flex, Tier::Priority, Tier::Reserved]);
    let routings = prop::sample::select(vec![None, Some(Routing::Global), Some(Routing::InRegion)]);
    let lifetimes = prop::sample::select(vec![None, Some(CacheLifetime::OneHour), Some(CacheLifetime::ThirtyMinutes)]);
    let amounts = (-1_000_000_000_000_i64..10_000_000_000_000_i64, 0_i64..5_000_000_000, 0_u8..6);
    let kinds = (0_usize..Workload::ALL.len(), 0_i32..4);
    (services, models, types, directions, tiers, routings, lifetimes, amounts, kinds).prop_map(
        |(service, model, instance_type, direction, tier, routing, lifetime, amounts, (workload, months))| {
            let (cost, quantity, metered) = amounts;
            let unit = if instance_type.is_some() { "chip_hours" } else { "tokens" };
            ActualCost {
                month: month("2026-01").plus_months(months),
                service: service.to_owned(),
                workload: Workload::ALL[workload],
                model: model.map(str::to_owned),
                instance_type: instance_type.map(str::to_owned),
                direction,
                tier: Some(tier),
                routing,
                cache_lifetime: lifetime,
                cost: Money::from_decimal(Decimal::new(cost, 10)),
                quantity: (metered > 0).then(|| Quantity::from_decimal(Decimal::new(quantity, 2))),
                unit: Some(unit.to_owned()),
            }
        },
    )
}

/// What a record files for one of its models.
#[derive(Debug, Clone)]
struct Line {
    model: &'static str,
    /// Millions of tokens a month.
    input: u64,
    output: u64,
    /// Percent.
    cache_hit: u8,
    batch: u8,
    global: bool,
}

/// A record of three models and a training job.
#[derive(Debug, Clone)]
struct Plan {
    lines: Vec<Line>,
    chip_hours: u64,
}

const MODELS: [&str; 3] = ["Claude Sonnet 5", "Claude Haiku 4.5", "Nova 2 Lite"];

fn any_plan() -> impl Strategy<Value = Plan> {
    let line = |model| {
        (100_u64..5_000, 20_u64..900, 0_u8..=100, 0_u8..=100, any::<bool>()).prop_map(
            move |(input, output, cache_hit, batch, global)| Line { model, input, output, cache_hit, batch, global },
        )
    };
    (MODELS.map(line), 100_u64..50_000).prop_map(|(lines, chip_hours)| Plan { lines: lines.to_vec(), chip_hours })
}

impl Plan {
    fn filing(&self) -> FiledProjection {
        let mut text = "filed_on = \"2026-02-01\"\n[[record]]\nid = \"ai\"\n".to_owned();
        for Line { model, input, output, cache_hit, batch, global } in &self.lines {
            text += &format!(
                "[[record.tokens]]\nmodel = \"{model}\"\nrouting = \"{}\"\ncache_hit = \"{}\"\nbatch = \"{}\"\n\
                 monthly = [{{ from = \"2026-02\", input_millions = {input}, output_millions = {output} }}]\n",
                if *global { "global" } else { "in_region" },
                Decimal::new(i64::from(*cache_hit), 2),
                Decimal::new(i64::from(*batch), 2),
            );
        }
        text += &format!(
            "[[record.accelerators]]\ninstance_type = \"trn1.32xlarge\"\nchip_hours_per_run = {}\nruns_per_month = 1\n",
            self.chip_hours
        );
        FiledProjection::parse(&text).unwrap_or_else(|problems| panic!("{problems:?}"))
    }

    /// A bill exactly as planned.
    fn bill(&self) -> Vec<ActualCost> {
        as_billed(&self.filing())
    }
}

/// February's bill of the inference and the training that `filing` plans, at its prices.
fn as_billed(filing: &FiledProjection) -> Vec<ActualCost> {
    let mut bill = Vec::new();
    for plan in planned(filing, 1) {
        match &plan.driver {
            Driver::Tokens(buckets) => {
                let mut lines = filing.records.iter().flat_map(|record| &record.tokens);
                let line = lines.find(|line| Some(&line.model) == plan.model.as_ref()).unwrap();
                bill.extend(buckets.iter().map(|bucket| ActualCost {
                    service: service_of(&line.model),
                    model: Some(line.model.clone()),
                    tier: Some(bucket.tier),
                    routing: Some(line.routing),
                    quantity: Some(bucket.tokens),
                    cost: bucket.cost,
                    ..tokens(bucket.direction, "0", "0")
                }));
            }
            Driver::ChipHours(hours) => {
                bill.push(chip_hours("trn1.32xlarge", &hours.to_string(), &plan.cost.to_string()));
            }
            Driver::Amount => {}
        }
    }
    bill
}

fn total(rows: &[Variance], cause: Cause) -> Money {
    rows.iter().map(|row| cause(&row.causes)).sum()
}

type Cause = fn(&Causes) -> Money;

/// Every cause by its name.
const CAUSES: [(&str, Cause); 7] = [
    ("volume", |causes| causes.volume),
    ("mix", |causes| causes.mix),
    ("price", |causes| causes.price),
    ("cache", |causes| causes.cache),
    ("batch", |causes| causes.batch),
    ("routing", |causes| causes.routing),
    ("other", |causes| causes.other),
];

/// Every row of `bill` against `plan` names `cause` alone, and all of the difference.
fn only(cause: &str, plan: &Plan, bill: &[ActualCost]) -> Result<(), TestCaseError> {
    let rows = compare(&plan.filing(), bill, "2026-02-28");
    for row in &rows {
        for (name, amount) in CAUSES {
            let expected = if name == cause { row.amount } else { Money::ZERO };
            let off = (amount(&row.causes) - expected).abs();
            prop_assert!(off <= usd(ROUNDING), "{name} is off by {off} in {row:?}");
        }
    }
    Ok(())
}

fn scaled(bill: Vec<ActualCost>, of: Workload, quantity: Decimal, cost: Decimal) -> Vec<ActualCost> {
    let scale = |actual: ActualCost| match actual.workload == of {
        true => ActualCost {
            quantity: actual.quantity.map(|tokens| tokens.times(quantity)),
            cost: actual.cost.times(cost),
            ..actual
        },
        false => actual,
    };
    bill.into_iter().map(scale).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(100))]

    #[test]
    fn causes_and_rows_sum_exactly(
        filing in any_filing(),
        actuals in prop::collection::vec(any_actual(), 0..30),
        through in 1_i64..90,
    ) {
        let through = plus_days(day("2026-02-01"), through);
        let plan = planned(&filing, 4);
        let rows = variance(&plan, &actuals, &filing, &PriceBook::builtin(), through);
        for row in &rows {
            let Causes { volume, mix, price, cache, batch, routing, other } = row.causes;
            prop_assert_eq!(volume + mix + price + cache + batch + routing + other, row.amount);
            prop_assert_eq!(row.actual - row.projected, row.amount);
        }
        let (first, newest) = (filing.first_month(), BillingPeriod::of(through));
        let compared = |of: BillingPeriod| first <= of && of <= newest;
        let billed: Money = actuals.iter().filter(|actual| compared(actual.month)).map(|actual| actual.cost).sum();
        prop_assert_eq!(rows.iter().map(|row| row.actual).sum::<Money>(), billed);
        let filed: Money = plan.iter().filter(|line| line.month < newest).map(|line| line.cost).sum();
        let shown = rows.iter().filter(|row| row.month < newest);
        prop_assert_eq!(shown.map(|row| row.projected).sum::<Money>(), filed);

        let mut shuffled = actuals.clone();
        shuffled.reverse();
        prop_assert_eq!(variance(&plan, &shuffled, &filing, &PriceBook::builtin(), through), rows);
    }

    /// Everything differs at once, as much in every direction: the drivers explain all of it.
    #[test]
    fn drivers_explain_any_other_filing(filed in any_plan(), billed in any_plan()) {
        let rows = compare(&filed.filing(), &billed.bill(), "2026-02-28");
        let dust = usd("0.000000001");
        for row in rows.iter().filter(|row| row.model.is_some()) {
            prop_assert!(row.causes.other.abs() < dust && row.causes.price.abs() < dust, "{:?}", row);
        }
    }


    #[test]
    fn as_filed_there_is_no_cause(plan in any_plan()) {
        for row in compare(&plan.filing(), &plan.bill(), "2026-02-28") {
            prop_assert_eq!(row.amount, Money::ZERO);
            prop_assert_eq!(row.causes, Causes::default());
        }
    }

    #[test]
    fn more_or_fewer_tokens_are_volume(plan in any_plan(), percent in 1_i64..400) {
        let factor = Decimal::new(percent, 2);
        only("volume", &plan, &scaled(plan.bill(), Workload::BedrockInference, factor, factor))?;
    }

    #[test]
    fn another_price_is_price(plan in any_plan(), percent in 50_i64..200) {
        only("price", &plan, &scaled(plan.bill(), Workload::BedrockInference, Decimal::ONE, Decimal::new(percent, 2)))?;
    }

    #[test]
    fn other_shares_are_their_own_cause(
        plan in any_plan(),
        other in any_plan(),
        models in prop::sample::subsequence(vec![0, 1, 2], 1..=3),
    ) {
        type Change = fn(&mut Line, &Line);
        let changes: [(&str, Change); 3] = [
            ("cache", |line, other| line.cache_hit = other.cache_hit),
            ("batch", |line, other| line.batch = other.batch),
            ("routing", |line, other| line.global = other.global),
        ];
        for (cause, change) in changes {
            let mut billed = plan.clone();
            for model in &models {
                change(&mut billed.lines[*model], &other.lines[*model]);
            }
            only(cause, &plan, &billed.bill())?;
        }
    }

    /// Tokens move from one model to another; the record's tokens stay the same.
    #[test]
    fn moved_tokens_are_mix(
        plan in any_plan(),
        from in 0_usize..3,
        step in 1_usize..3,
        input in 0_u64..=100,
        output in 0_u64..=20,
    ) {
        let (mut billed, to) = (plan.clone(), (from + step) % 3);
        billed.lines[from].input -= input;
        billed.lines[to].input += input;
        billed.lines[from].output -= output;
        billed.lines[to].output += output;
        prop_assume!(billed.lines[from].input + billed.lines[from].output > 0);
        only("mix", &plan, &billed.bill())?;
        // What one model loses is what the other gains, but for the price.
        let rows = compare(&plan.filing(), &billed.bill(), "2026-02-28");
        prop_assert_eq!(total(&rows, |causes| causes.mix), rows.iter().map(|row| row.amount).sum::<Money>());
    }

    #[test]
    fn accelerators_have_hours_and_a_rate(plan in any_plan(), percent in 1_i64..400) {
        let factor = Decimal::new(percent, 2);
        only("volume", &plan, &scaled(plan.bill(), Workload::Trainium, factor, factor))?;
        only("price", &plan, &scaled(plan.bill(), Workload::Trainium, Decimal::ONE, factor))?;
    }

    /// Plan and bill change places: every cause changes its sign. No order of the two, and of the causes, is favoured.
    #[test]
    fn going_back_takes_everything_back(one in any_plan(), two in any_plan()) {
        let there = compare(&one.filing(), &two.bill(), "2026-02-28");
        let back = compare(&two.filing(), &one.bill(), "2026-02-28");
        prop_assert_eq!(there.len(), back.len());
        for (there, back) in there.iter().zip(&back) {
            for (name, amount) in CAUSES {
                let off = (amount(&there.causes) + amount(&back.causes)).abs();
                prop_assert!(off <= usd("0.00000000001"), "{name} is off by {off}: {there:?} {back:?}");
            }
        }
    }
}
