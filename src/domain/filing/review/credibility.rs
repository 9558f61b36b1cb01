//! Credibility: what a filing claims, held against the bill, in the words of somebody who reviews it.
//!
//! Three questions. Does spend go fast enough to consume each award before it expires? Was the projection inflated, or
//! understated? Is the spend on models and training really on Bedrock, Trainium and Inferentia, as committed? The second
//! and third look at the last full months, three at most, since a month that runs may still catch up.

use std::collections::BTreeMap;

use chrono::NaiveDate;
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::Step;
use super::earned_value::PoolValue;
use crate::filing::projection::{FiledProjection, OUTSIDE};
use crate::filing::variance::{Causes, Variance};
use crate::values::money::Money;
use crate::values::period::BillingPeriod;
use crate::values::words::{all_names_text, day_text, months_text, usd_text};
use crate::values::workload::Workload;

/// Full months that a verdict rests on at most.
pub const MONTHS: i32 = 3;
/// Percent of a projection that has to be spent for it to count as not inflated.
pub const INFLATED_BELOW: i64 = 75;
/// Percent of a projection above which it counts as understated.
const UNDERSTATED_ABOVE: i64 = 125;
/// Percent of model spend that may go elsewhere than to Bedrock, Trainium and Inferentia.
pub const ELSEWHERE_ABOVE: i64 = 10;

/// What is asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Question {
    /// Is the award consumed inside its window?
    Pace,
    /// Is the projection inflated or understated?
    Projection,
    /// Is model spend where it was committed?
    Commitment,
}

/// The answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = ClaimVerdict)]
pub enum Verdict {
    /// The bill bears it out.
    Supported,
    /// Less was spent than claimed.
    Below,
    /// More was spent than claimed, or elsewhere.
    Above,
    /// It cannot be said yet.
    NotEnoughData,
}

/// One claim, and what the bill says about it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Claim {
    /// What is asked.
    pub question: Question,
    /// Record id that it is about, `outside` for spend that no record claims; null for an award.
    pub record: Option<String>,
    /// Identity across cycles: the record, or the pool's id.
    pub subject: String,
    /// The same for people: the record, or the pool's name.
    pub about: String,
    /// The answer.
    pub verdict: Verdict,
    /// In a reviewer's words, with the figures.
    pub statement: String,
    /// Of a projection: what was spent of it, without a judgement; null for any other claim.
    pub compared: Option<Compared>,
    /// The figures behind it.
    pub figures: Vec<Step>,
}

/// Spend beside what was projected.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Compared {
    /// Spent, in percent of what was projected.
    #[serde(with = "rust_decimal::serde::str")]
    #[schema(value_type = Decimal)]
    pub percent: Decimal,
    /// The same in words, without a full stop.
    pub words: String,
}

/// Answers for one pool that still holds credit: is it drawn to its end before it expires?
pub fn pace(pool: &PoolValue, expires_on: NaiveDate, days_left: i64) -> Claim {
    let left = pool.granted - pool.drawn_to_date;
    let unused = pool.variance_at_completion;
    let needed = left.per(days_left.max(1));
    let ahead = pool.estimate_at_completion - pool.drawn_to_date;
    let (verdict, statement) = match pool.completes_on {
        Some(day) => (
            Verdict::Supported,
            format!(
                "The pace consumes the award: {} of {} is left, and at the rate of the last 28 days it is drawn by {}, \
                 before it expires on {}.",
                usd_text(left),
                usd_text(pool.granted),
                day_text(day),
                day_text(expires_on)
            ),
        ),
        None => (
            Verdict::Below,
            format!(
                "The pace does not consume the award: at the rate of the last 28 days {} of the {} left is drawn by \
                 {}, and {} expires unused. It takes {} a day.",
                usd_text(ahead),
                usd_text(left),
                day_text(expires_on),
                usd_text(unused),
                usd_text(needed)
            ),
        ),
    };
    Claim {
        question: Question::Pace,
        record: None,
        subject: pool.id.clone(),
        about: pool.name.clone(),
        verdict,
        statement,
        compared: None,
        figures: vec![
            Step::new("Granted", pool.granted),
            Step::new("Left", left),
            Step::new("Needed a day to consume it in time", needed),
            Step::new("Drawn a day now", pool.run_rate),
            Step::new("Drawn in the end at this rate", pool.estimate_at_completion),
        ],
    }
}

/// The full months that verdicts rest on.
#[derive(Debug, Clone, Copy)]
pub struct Months {
    /// The first.
    pub first: BillingPeriod,
    /// The last, inclusive.
    pub last: BillingPeriod,
}

impl Months {
    /// The last full months of `known` since the filing's first, [`MONTHS`] at most; `None` before the first.
    pub fn of(known: crate::values::period::DayRange, filed_from: BillingPeriod) -> Option<Self> {
        let last = super::assumptions::last_full_month(known);
        let stored = BillingPeriod::of(known.start);
        let whole = if stored.first_day() == known.start { stored } else { stored.next() };
        let first = last.plus_months(1 - MONTHS).max(filed_from).max(whole);
        (first <= last).then_some(Months { first, last })
    }

    /// True if `month` is one of them.
    pub fn contains(self, month: BillingPeriod) -> bool {
        self.first <= month && month <= self.last
    }

    fn text(self) -> String {
        months_text(self.first, self.last)
    }
}

/// Is each record's projection borne out? A record without anything planned in these months is left out.
pub fn projections(filing: &FiledProjection, variance: &[Variance], months: Option<Months>) -> Vec<Claim> {
    let Some(months) = months else {
        return filing.records.iter().map(|record| not_yet(Question::Projection, &record.id)).collect();
    };
    let claim = |record: &str| {
        let rows: Vec<&Variance> =
            variance.iter().filter(|row| row.record == record && months.contains(row.month)).collect();
        let projected: Money = rows.iter().map(|row| row.projected).sum();
        let actual: Money = rows.iter().map(|row| row.actual).sum();
        let percent = percent(actual, projected)?;
        let (verdict, judgement) = match percent {
            few if few < Decimal::from(INFLATED_BELOW) => (Verdict::Below, "that is under the projection"),
            many if many > Decimal::from(UNDERSTATED_ABOVE) => (Verdict::Above, "that is over the projection"),
            _ => (Verdict::Supported, "that is near the projection"),
        };
        let mut figures = vec![Step::new("Projected", projected), Step::new("Spent", actual)];
        figures.extend(cause_steps(&rows));
        let words = format!(
            "Record {record}: of {} projected {}, {} was spent, {} %",
            usd_text(projected),
            months.text(),
            usd_text(actual),
            percent.round()
        );
        Some(Claim {
            question: Question::Projection,
            record: Some(record.to_owned()),
            subject: record.to_owned(),
            about: record.to_owned(),
            verdict,
            statement: format!("{words}; {judgement}."),
            compared: Some(Compared { percent, words }),
            figures,
        })
    };
    filing.records.iter().filter_map(|record| claim(&record.id)).collect()
}

/// The difference by its causes, zero ones left out.
fn cause_steps(rows: &[&Variance]) -> Vec<Step> {
    let sum = |pick: fn(&Causes) -> Money| rows.iter().map(|row| pick(&row.causes)).sum::<Money>();
    [
        ("Difference by volume", sum(|causes| causes.volume)),
        ("Difference by the mix of models", sum(|causes| causes.mix)),
        ("Difference by price or rate", sum(|causes| causes.price)),
        ("Difference by caching", sum(|causes| causes.cache)),
        ("Difference by batch", sum(|causes| causes.batch)),
        ("Difference by routing", sum(|causes| causes.routing)),
        ("Difference that the filed drivers do not explain", sum(|causes| causes.other)),
    ]
    .into_iter()
    .filter(|(_, amount)| !amount.is_zero())
    .map(|(label, amount)| Step::new(label, amount))
    .collect()
}

/// Is what was committed to Bedrock, Trainium and Inferentia spent there? One claim per record that commits any.
pub fn commitments(filing: &FiledProjection, variance: &[Variance], months: Option<Months>) -> Vec<Claim> {
    let commits =
        |record: &&crate::filing::projection::FiledRecord| !record.tokens.is_empty() || !record.accelerators.is_empty();
    let records = filing.records.iter().filter(commits);
    let Some(months) = months else {
        return records.map(|record| not_yet(Question::Commitment, &record.id)).collect();
    };
    records.filter_map(|record| commitment(&record.id, variance, months)).collect()
}

fn commitment(record: &str, variance: &[Variance], months: Months) -> Option<Claim> {
    let mut committed: BTreeMap<Workload, (Money, Money)> = BTreeMap::new();
    let rows = variance.iter().filter(|row| row.record == record && months.contains(row.month));
    for row in rows.filter(|row| is_committed(row.workload)) {
        let sums = committed.entry(row.workload).or_default();
        sums.0 += row.projected;
        sums.1 += row.actual;
    }
    committed.retain(|_, (projected, _)| projected.is_positive());
    let short = |(_, (projected, actual)): &(&Workload, &(Money, Money))| {
        percent(*actual, *projected).is_some_and(|percent| percent < Decimal::from(INFLATED_BELOW))
    };
    let unmet: Vec<&str> = committed.iter().filter(short).map(|(workload, _)| workload.label()).collect();
    let shown: Vec<String> = committed
        .iter()
        .map(|(workload, (projected, actual))| {
            format!("{} on {} against {} committed", usd_text(*actual), workload.label(), usd_text(*projected))
        })
        .collect();
    let judgement = match unmet.as_slice() {
        [] => "model spend is where it was committed".to_owned(),
        unmet => format!("{} spend is under what was committed", unmet.join(" and ")),
    };
    let figure = |(workload, (projected, actual)): (&Workload, &(Money, Money))| {
        [
            Step::new(format!("Committed to {}", workload.label()), *projected),
            Step::new(format!("Spent on {}", workload.label()), *actual),
        ]
    };
    (!committed.is_empty()).then(|| Claim {
        question: Question::Commitment,
        record: Some(record.to_owned()),
        subject: record.to_owned(),
        about: record.to_owned(),
        verdict: if unmet.is_empty() { Verdict::Supported } else { Verdict::Below },
        statement: format!("Record {record}: {judgement}, {} {}.", shown.join(" and "), months.text()),
        compared: None,
        figures: committed.iter().flat_map(figure).collect(),
    })
}

/// Where model spend goes that is not on Bedrock, Trainium or Inferentia, by service.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Elsewhere {
    /// Hours on instances with GPUs.
    Gpus(String),
    /// Models that are sold outside Bedrock.
    Models(String),
}

impl Elsewhere {
    fn place(&self) -> String {
        match self {
            Elsewhere::Gpus(service) => format!("GPUs of {service}"),
            Elsewhere::Models(service) => service.clone(),
        }
    }
}

/// Model spend that the bill shows elsewhere than where it was committed, over all that could have been.
pub fn elsewhere(
    variance: &[Variance],
    elsewhere: &BTreeMap<Elsewhere, Money>,
    months: Option<Months>,
) -> Option<Claim> {
    let months = months?;
    let committed = variance.iter().filter(|row| months.contains(row.month) && is_committed(row.workload));
    let committed: Money = committed.map(|row| row.actual).sum();
    let other: Money = elsewhere.values().copied().sum();
    let share = percent(other, committed + other)?;
    let above = share > Decimal::from(ELSEWHERE_ABOVE);
    let mut figures = vec![Step::new("Spent on Bedrock, Trainium and Inferentia", committed)];
    figures.extend(elsewhere.iter().map(|(place, spent)| Step::new(format!("Spent on {}", place.place()), *spent)));
    let statement = if other.is_zero() {
        format!(
            "The bill shows no model spend elsewhere: no GPU hour of EC2 or SageMaker, and no model sold outside Bedrock, {}.",
            months.text()
        )
    } else {
        let of = |(place, spent): (&Elsewhere, &Money)| format!("{} to {}", usd_text(*spent), place.place());
        let places: Vec<String> = elsewhere.iter().filter(|(_, spent)| !spent.is_zero()).map(of).collect();
        let places: Vec<&str> = places.iter().map(String::as_str).collect();
        format!(
            "{} of model spend, {} %, went elsewhere than to Bedrock, Trainium or Inferentia {}: {}.",
            usd_text(other),
            share.round_dp(1).normalize(),
            months.text(),
            all_names_text(&places)
        )
    };
    Some(Claim {
        question: Question::Commitment,
        record: Some(OUTSIDE.to_owned()),
        subject: OUTSIDE.to_owned(),
        about: "spend elsewhere".to_owned(),
        verdict: if above { Verdict::Above } else { Verdict::Supported },
        statement,
        compared: None,
        figures,
    })
}

/// True for a usage type of hours on an instance with GPUs: EC2's P and G families, on SageMaker behind `ml.`.
///
/// Source: AWS, "Amazon EC2 instance types", accelerated computing.
///
/// ```
/// use glidepath_domain::filing::review::credibility::is_gpu;
/// assert!(is_gpu("USE1-BoxUsage:p5.48xlarge") && is_gpu("Host:ml.g6e.xlarge") && is_gpu("SpotUsage:gr6.4xlarge"));
/// assert!(!is_gpu("BoxUsage:m7g.xlarge") && !is_gpu("BoxUsage:trn1.32xlarge") && !is_gpu("EBS:VolumeUsage.gp3"));
/// ```
pub fn is_gpu(usage_type: &str) -> bool {
    let Some((_, instance)) = usage_type.rsplit_once(':') else { return false };
    let instance = instance.strip_prefix("ml.").unwrap_or(instance);
    let family: String = instance.chars().take_while(char::is_ascii_alphabetic).collect();
    let numbered = instance.chars().nth(family.len()).is_some_and(|character| character.is_ascii_digit());
    numbered && matches!(family.as_str(), "p" | "g" | "gr") && instance.contains('.')
}

const fn is_committed(workload: Workload) -> bool {
    matches!(workload, Workload::BedrockInference | Workload::Trainium | Workload::Inferentia)
}

fn not_yet(question: Question, record: &str) -> Claim {
    Claim {
        question,
        record: Some(record.to_owned()),
        subject: record.to_owned(),
        about: record.to_owned(),
        verdict: Verdict::NotEnoughData,
        statement: "It cannot be said yet: no filed month is complete.".to_owned(),
        compared: None,
        figures: Vec::new(),
    }
}

fn percent(part: Money, whole: Money) -> Option<Decimal> {
    Some(part.ratio(whole)? * Decimal::ONE_HUNDRED)
}
