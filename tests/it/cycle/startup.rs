//! The fictional startup's year, ingested in one cycle.

use glidepath::cycle::{Engine, View};
use glidepath::demo::{FakeAws, startup};
use glidepath::domain::credit::programme::Programme;
use glidepath::domain::credit::reconcile::Reconciliation;
use glidepath::domain::facts::outcome::Outcome;
use glidepath::domain::filing::review::{Measure, Question, Verdict};
use glidepath::domain::filing::variance::Variance;
use glidepath::domain::position::PoolStatus;
use glidepath::domain::values::money::Money;
use glidepath::domain::values::period::plus_days;
use glidepath::domain::values::workload::Workload;
use glidepath::store::Store;

use super::support::*;

async fn year() -> (FakeAws, Engine, View) {
    year_with("").await
}

/// The year where config says this beside the tax rate.
async fn year_with(more: &str) -> (FakeAws, Engine, View) {
    let fake = FakeAws::start(startup::account(), startup::TODAY).await.unwrap();
    let config = config_of(&format!("[store]\npath = \"unused.duckdb\"\n[aws]\ntax_rate = \"0.20\"\n{more}"));
    let engine = engine(&fake, Store::in_memory().unwrap(), config);
    engine.file_projection(startup::TODAY, startup::PROJECTION_TOML.to_owned()).await.unwrap();
    let report = engine.cycle(startup::TODAY).await.unwrap().unwrap();
    assert_eq!((report.costs, report.credits), (Outcome::Ok, Outcome::Ok));
    let view = engine.view(None).await.unwrap().unwrap();
    (fake, engine, view)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_year_in_one_cycle() {
    let (_fake, _engine, view) = year().await;
    let position = &view.position;
    assert_eq!(position.data_through, Some(day("2026-11-18")));
    let pools: Vec<_> = position.credits.pools.iter().map(|pool| (pool.id.as_str(), pool.status)).collect();
    assert_eq!(
        pools,
        [
            (startup::POC_ID, PoolStatus::Exhausted),
            (startup::PORTFOLIO_ID, PoolStatus::Exhausted),
            (startup::AI_RECORD_ID, PoolStatus::Active),
        ],
        "in drawing order: by expiry"
    );
    assert_eq!(position.credits.granted, money("300000"));

    // Four to eight weeks after today.
    let p50 = position.exhaustion.total.p50.unwrap();
    let today = startup::TODAY.date_naive();
    assert!(plus_days(today, 28) <= p50 && p50 <= plus_days(today, 56), "{p50}");
    assert!(position.exhaustion.total.p10.unwrap() <= p50);

    assert_eq!(position.data_quality.unclassified_cost, Money::ZERO);
    // Replay draws day by day in the order in which the fake settles, and the lists are the same: nothing to explain.
    assert_eq!(position.data_quality.reconciliation_gap, Money::ZERO);
    let Reconciliation { months, balances, awaited } = &position.reconciliation;
    assert!(months.iter().all(|month| month.since.is_none() && month.replayed.is_positive()), "{months:?}");
    assert!(months.iter().all(|month| month.allocated.is_some()), "the history shows every month: {months:?}");
    let open: Vec<String> = months.iter().filter(|it| !it.closed).map(|it| it.month.to_string()).collect();
    assert_eq!(open, ["2026-11"], "October's bill closed on the 10th");
    assert_eq!(*awaited, None, "credit comes with the usage");
    let compared: Vec<_> = balances.iter().map(|it| (it.id.as_str(), it.since, it.early_use_unknown)).collect();
    assert!(compared.contains(&(startup::AI_RECORD_ID, None, false)), "{compared:?}");
    assert_eq!(position.credits.granted + position.spend.credit_to_date, position.credits.remaining);
    // The credit ends within the 42 days that the next award takes; and nobody says whether the proof of concept,
    // whose list AWS leaves out, would have paid for dashboards.
    // It spends far more than it filed, on tokens and on what serves them.
    // So the first bill in cash is near, and the pace is what ends the credit.
    let told = [
        "exhaustion:total",
        "first_cash:bill",
        "burn_rate:total",
        "coverage_unknown:services",
        "projection_exceeded:ai",
        "projection_exceeded:portfolio",
    ];
    assert_eq!(keys(&position.findings), told);
    assert!(finding(position, "coverage_unknown:services").summary.contains("Amazon QuickSight"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn bills_ahead_are_itemised_by_service_and_model() {
    let (_fake, _engine, view) = year().await;
    let bills = &view.position.trajectory;
    for bill in &bills[1..] {
        let (gross, covered) =
            (bill.lines.iter().map(|line| line.gross).sum::<Money>(), bill.lines.iter().map(|line| line.covered).sum());
        assert_eq!(bill.covered, covered, "{}: every draw is on a line", bill.month);
        assert!(
            gross <= bill.gross && bill.gross < gross.times("1.2".parse().unwrap()),
            "the rest is support: {gross}"
        );
        assert!(bill.lines.iter().all(|line| line.covered <= line.gross), "{:?}", bill.lines);
    }
    // A service that bills one model names it as the last 28 days do, and all of its inference is some model's.
    let inference: Vec<_> = bills[1].lines.iter().filter(|line| line.workload == Workload::BedrockInference).collect();
    assert!(inference.len() >= 3 && inference.iter().all(|line| line.model.is_some()), "{inference:?}");
    assert!(inference.iter().any(|line| line.model.as_deref() == Some("Claude Sonnet 5")), "{inference:?}");
    let exposure = view.position.exposure.unwrap();
    assert_eq!(Some(exposure.from), view.position.exhaustion.total.p50);
    let made = view.position.outlook_made_with.as_ref().unwrap();
    assert_eq!((made.paths, made.tax_rate), (1_000, Some("0.2".parse().unwrap())));
    assert!(made.workloads.iter().any(|basis| basis.workload == Workload::Trainium));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_dollar_since_the_filing_is_in_one_record_or_outside() {
    let (_fake, engine, view) = year().await;
    let facts = engine.store().facts(startup::TODAY, "USD".to_owned()).await.unwrap();
    let compared = facts.charges.iter().filter(|row| day("2026-02-01") <= row.day && row.day <= day("2026-11-18"));
    let gross: Money = compared
        .filter(|row| {
            let record_type = facts.charge_kinds[row.kind].record_type.as_str();
            !matches!(record_type, "Credit" | "Refund" | "Tax")
        })
        .map(|row| row.cost)
        .sum();
    let variance = &view.position.variance;
    let (outside, attributed): (Vec<_>, Vec<_>) = variance.iter().partition(|row| row.record == "outside");
    let sum = |rows: &[&Variance]| rows.iter().map(|row| row.actual).sum::<Money>();
    assert!(sum(&outside).is_positive() && sum(&attributed).is_positive());
    assert_eq!(sum(&outside) + sum(&attributed), gross);
    for row in variance {
        assert_eq!(row.actual - row.projected, row.amount);
        let causes = &row.causes;
        let explained = causes.volume + causes.mix + causes.price + causes.cache + causes.batch + causes.routing;
        assert_eq!(explained + causes.other, row.amount, "{row:?}");
    }
}

/// What the startup did otherwise than it filed is written beside it; the position finds every reason by itself.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_known_reasons_are_read_back_out() {
    let (_fake, _engine, view) = year().await;
    let variance = &view.position.variance;
    for deviation in startup::DEVIATIONS {
        let of = |row: &&Variance| match &row.model {
            Some(model) => model == deviation.of,
            None => row.workload == Workload::Trainium && deviation.of == "trn1.32xlarge",
        };
        let rows: Vec<_> = variance
            .iter()
            .filter(|row| row.record == "ai" && row.month.first_day() >= deviation.from)
            .filter(of)
            .collect();
        assert!(!rows.is_empty(), "{deviation:?}");
        let cause = |row: &Variance| match deviation.cause {
            "volume" => row.causes.volume,
            "mix" => row.causes.mix,
            "price" => row.causes.price,
            "cache" => row.causes.cache,
            "routing" => row.causes.routing,
            other => panic!("no deviation by {other} is known"),
        };
        let total: Money = rows.iter().map(|row| cause(row)).sum();
        assert_eq!(total.is_positive(), deviation.raises, "{}: {total} for {deviation:?}", deviation.story);
        // A reason that counts: above a hundredth of what was planned.
        let planned: Money = rows.iter().map(|row| row.projected).sum();
        assert!(total.abs() > planned.times("0.01".parse().unwrap()), "{total} of {planned} for {deviation:?}");
    }
    // Nothing else is seen in a model: no price changed, and only Haiku's batch, as filed, differs by its routing's hair.
    for row in variance.iter().filter(|row| row.record == "ai" && row.model.is_some()) {
        assert_eq!((row.causes.price, row.causes.other), (Money::ZERO, Money::ZERO), "{row:?}");
        let hair = row.projected.abs().max(row.actual).times("0.01".parse().unwrap());
        assert!(row.causes.batch.abs() <= hair, "{row:?}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_reviewer_is_answered_from_the_bill() {
    let (_fake, _engine, view) = year().await;
    let review = &view.position.review;
    let implied = |of: &str, measure| {
        let mut rows = review.assumptions.iter();
        let row = rows.find(|row| row.of == of && row.measure == measure).unwrap();
        let text = |value: Option<rust_decimal::Decimal>| value.unwrap().to_string();
        (text(row.filed), text(row.implied), row.days)
    };
    // 140 of 1000 input tokens are read from the cache in November, 150 of 1000 run globally; batch as filed.
    assert_eq!(implied("Claude Sonnet 5", Measure::CacheHit), ("0.4".into(), "0.14".into(), 28));
    assert_eq!(implied("Claude Sonnet 5", Measure::InRegion), ("0".into(), "0.85".into(), 28));
    assert_eq!(implied("Claude Haiku 4.5", Measure::Batch), ("0.1".into(), "0.1".into(), 28));
    assert_eq!(implied("trn1.32xlarge", Measure::ChipHoursPerMonth).0, "6144");
    let verdicts: Vec<_> =
        review.claims.iter().map(|claim| (claim.question, claim.about.as_str(), claim.verdict)).collect();
    assert_eq!(
        verdicts,
        [
            (Question::Pace, "AWS Activate Generative AI", Verdict::Supported),
            (Question::Projection, "ai", Verdict::Above),
            (Question::Projection, "sorting", Verdict::Supported),
            (Question::Projection, "portfolio", Verdict::Above),
            (Question::Commitment, "ai", Verdict::Supported),
            (Question::Commitment, "sorting", Verdict::Supported),
            (Question::Commitment, "spend elsewhere", Verdict::Supported),
        ]
    );
    let ask = review.next_ask.as_ref().unwrap();
    // Config names no programme, so what was granted counts nowhere, and this is said. A year of this spend less the credit held
    // would be more than an AI record grants.
    let supported = ask.average_month.times(12.into()) - view.position.credits.remaining;
    assert!(supported > ask.amount && ask.amount == ask.band.unwrap().ceiling, "{ask:?}");
    assert_eq!((ask.programme, ask.already_granted), (Some(Programme::AiRecord), Money::ZERO));
    let band = review.granted_band.unwrap();
    assert_eq!((band.granted, band.unnamed), (Money::ZERO, money("300000")));
    assert_eq!(view.position.next_ask.map(|asked| asked.amount), Some(ask.amount));
    let value = review.earned_value.as_ref().unwrap();
    assert_eq!(value.total.drawn_to_date, -view.position.spend.credit_to_date);
    assert_eq!(value.total.drawn_to_date + view.position.credits.remaining, value.total.granted);
    assert!(value.total.ahead_of_plan.unwrap().is_positive(), "spend runs above the filing");
    let left = value.pools.last().unwrap();
    assert_eq!((left.estimate_at_completion, left.variance_at_completion), (left.granted, Money::ZERO));
    // The run rate goes on evenly, the outlook by weekday: they agree to a few days.
    let (even, middle) = (left.completes_on.unwrap(), view.position.exhaustion.total.p50.unwrap());
    assert!((even - middle).num_days().abs() <= 5, "{even} {middle}");
}

/// 25,000, 100,000 and 175,000 fill the band of 300,000: of whatever award config names, the accelerator's is asked for, unless
/// it is another programme that can still grant.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_band_is_full_and_the_accelerator_follows() {
    let pools = [
        (startup::POC_ID, "bedrock-poc", "25000"),
        (startup::PORTFOLIO_ID, "activate-portfolio", "100000"),
        (startup::AI_RECORD_ID, "ai-record", "175000"),
    ];
    let named: String = pools
        .iter()
        .map(|(id, programme, _)| format!("[[pool]]\nid = \"{id}\"\nprogramme = \"{programme}\"\n"))
        .collect();
    for (next_award, passed_over) in [("", None), ("next_award = \"ai-record\"\n", Some(Programme::AiRecord))] {
        let (_fake, _engine, view) = year_with(&format!("[alerts]\n{next_award}{named}")).await;
        let position = &view.position;
        for (id, programme, granted) in pools {
            let pool = position.credits.pools.iter().find(|pool| pool.id == id).unwrap();
            assert_eq!((pool.programme, pool.granted), (Programme::from_name(programme), money(granted)), "{id}");
        }
        let band = position.review.granted_band.unwrap();
        assert_eq!((band.granted, band.left(), band.unnamed), (money("300000"), Money::ZERO, Money::ZERO));
        let meant = position.award_meant;
        assert_eq!((meant.programme, meant.passed_over), (Programme::Accelerator, passed_over));
        let ask = position.review.next_ask.as_ref().unwrap();
        assert_eq!((ask.programme, ask.already_granted), (Some(Programme::Accelerator), Money::ZERO));
        let uncovered = position.uncovered.p50.unwrap();
        assert!((ask.amount - uncovered).abs() <= money("500"), "{ask:?}, and {uncovered} finds no credit");
    }
}
