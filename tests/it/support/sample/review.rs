//! What a reviewer would ask of the sample: a claim of each verdict, an assumption of each kind, an ask, earned value.

use std::collections::BTreeMap;

use chrono::NaiveDate;
use glidepath::domain::credit::programme::Programme;
use glidepath::domain::filing::review::next_ask::{Basis, next_ask};
use glidepath::domain::filing::review::{
    Assumption, Claim, EarnedValue, GrantedBand, Measure, PoolValue, Question, Review, Step, Verdict,
};
use glidepath::domain::position::PoolPosition;
use glidepath::domain::values::money::Money;
use glidepath::domain::values::period::{BillingPeriod, DayRange, plus_days};

fn usd(text: &str) -> Money {
    text.parse().unwrap()
}

/// The review of a position through `through` with these pools.
pub fn review(through: NaiveDate, pools: &[PoolPosition]) -> Review {
    let month = BillingPeriod::of(through);
    let months = [("8150.25", -3), ("8811.40", -2), ("9302.05", -1)];
    let months = months.map(|(amount, back)| (month.plus_months(back), usd(amount)));
    let mut granted: BTreeMap<Programme, Money> = BTreeMap::new();
    for pool in pools {
        *granted.entry(pool.programme.expect("the sample's awards have programmes")).or_default() += pool.granted;
    }
    let ask = Basis {
        months: &months,
        since_change: None,
        held: pools[2..].iter().map(|pool| pool.remaining).sum(),
        uncovered: None,
        programme: Programme::AiRecord,
        granted: &granted,
    };
    Review {
        assumptions: assumptions(through),
        claims: claims(pools),
        next_ask: next_ask(&ask).ok(),
        no_ask: None,
        granted_band: GrantedBand::of(&granted, Money::ZERO),
        earned_value: EarnedValue::of(pools.iter().map(value).collect()),
    }
}

fn value(pool: &PoolPosition) -> PoolValue {
    let left = pool.breakage.p50.unwrap_or_default();
    let planned = usd("9000").min(pool.granted);
    PoolValue {
        id: pool.id.clone(),
        name: pool.name.clone(),
        granted: pool.granted,
        planned_to_date: Some(planned),
        drawn_to_date: pool.drawn,
        ahead_of_plan: Some(pool.drawn - planned),
        run_rate: pool.drawn.per(365),
        estimate_at_completion: pool.granted - left,
        variance_at_completion: left,
        completes_on: pool.exhausts_on.p50,
    }
}

fn assumptions(through: NaiveDate) -> Vec<Assumption> {
    let window = DayRange::new(plus_days(through, -27), plus_days(through, 1));
    let row = |of: &str, measure, filed: &str, implied: Option<&str>| Assumption {
        record: "ai".into(),
        of: of.into(),
        measure,
        filed: Some(filed.parse().unwrap()),
        implied: implied.map(|text| text.parse().unwrap()),
        window,
        days: if implied.is_some() { 28 } else { 4 },
        not_enough_data: implied.is_none().then(|| "4 complete days with usage in the last 28, 7 are needed".into()),
    };
    vec![
        row("Claude Sonnet 5", Measure::CacheHit, "0.4", Some("0.12")),
        row("Claude Sonnet 5", Measure::OutputToInput, "0.225", Some("0.21")),
        row("Claude Sonnet 5", Measure::UsdPerMillionTokens, "2.81", Some("3.463930")),
        row("Claude Sonnet 5", Measure::GrowthPerMonth, "0.08", Some("-0.013")),
        row("Nova 2 Lite", Measure::Batch, "0.1", None),
    ]
}

fn claims(pools: &[PoolPosition]) -> Vec<Claim> {
    let claim = |question, record: Option<&str>, about: &str, verdict, statement: &str| Claim {
        question,
        record: record.map(str::to_owned),
        subject: about.to_owned(),
        about: about.to_owned(),
        verdict,
        statement: statement.to_owned(),
        compared: None,
        figures: vec![Step::new("Projected", usd("20000")), Step::new("Spent", usd("12000"))],
    };
    let pool = &pools[2];
    vec![
        Claim {
            subject: pool.id.clone(),
            ..claim(Question::Pace, None, &pool.name, Verdict::Supported, "The pace consumes the award.")
        },
        claim(
            Question::Projection,
            Some("ai"),
            "ai",
            Verdict::Below,
            "Record ai: of $20,000 projected, $12,000 was spent, 60 %; that is under the projection.",
        ),
        claim(
            Question::Projection,
            Some("portfolio"),
            "portfolio",
            Verdict::NotEnoughData,
            "It cannot be said yet: no filed month is complete.",
        ),
        claim(
            Question::Commitment,
            Some("outside"),
            "spend elsewhere",
            Verdict::Above,
            "Most of it went to SageMaker.",
        ),
    ]
}
