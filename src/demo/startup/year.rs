//! What the lines of the year are made of: its days, its level, its small accidents, and names and prices.

use chrono::{DateTime, Datelike as _, NaiveDate, Utc};
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng as _, SeedableRng as _};
use rust_decimal::Decimal;

use crate::account::Line;

/// creditId of the AI record: 175,000 USD, the one that is left.
pub const AI_RECORD_ID: &str = "49107742";

pub(super) const EC2: &str = "Amazon Elastic Compute Cloud - Compute";
pub(super) const EC2_OTHER: &str = "EC2 - Other";
pub(super) const SAGEMAKER: &str = "Amazon SageMaker";
pub(super) const BEDROCK: &str = "Amazon Bedrock";
pub(super) const SONNET: &str = "Claude Sonnet 5 (Amazon Bedrock Edition)";
pub(super) const HAIKU: &str = "Claude Haiku 4.5 (Amazon Bedrock Edition)";

/// First day with cost, and the first day that the year does not hold.
pub(super) const FIRST_DAY: NaiveDate = day(2025, 11, 3);
pub(super) const END: NaiveDate = day(2026, 12, 1);
pub(super) const LAUNCH: NaiveDate = day(2026, 5, 12);

/// The moment at which the demo looks at the account: 2026-11-20T06:00:00Z.
pub const TODAY: DateTime<Utc> = day(2026, 11, 20).and_hms_opt(6, 0, 0).expect("six o'clock exists").and_utc();

/// Every day of the year.
pub(super) fn days() -> impl Iterator<Item = NaiveDate> {
    FIRST_DAY.iter_days().take_while(|day| *day < END)
}

/// A calendar day; only for literals.
pub(super) const fn day(year: i32, month: u32, day: u32) -> NaiveDate {
    NaiveDate::from_ymd_opt(year, month, day).expect("a literal day exists")
}

/// Input tokens of all models on a working day without accident: what the rest of the business scales with.
/// Straight lines between these days, in millions.
pub(super) fn level(on: NaiveDate) -> u64 {
    const PATH: [(NaiveDate, u64); 11] = [
        (FIRST_DAY, 10),
        (day(2026, 1, 1), 22),
        (day(2026, 2, 1), 30),
        (day(2026, 3, 1), 38),
        (day(2026, 5, 1), 50),
        (day(2026, 5, 11), 53),
        (LAUNCH, 206),
        (day(2026, 7, 1), 244),
        (day(2026, 9, 1), 264),
        (day(2026, 11, 20), 210),
        (END, 207),
    ];
    let next = PATH.iter().position(|(from, _)| on < *from).unwrap_or(PATH.len() - 1);
    let ((from, low), (to, high)) = (PATH[next - 1], PATH[next]);
    let (gone, whole) = (days_between(from, on), days_between(from, to));
    (low * 1_000_000 * (whole - gone) + high * 1_000_000 * gone) / whole
}

pub(super) fn days_between(from: NaiveDate, to: NaiveDate) -> u64 {
    (to - from).num_days().unsigned_abs()
}

/// Per mille of a plain day's traffic: people use the product at work.
pub(super) fn weekday_per_mille(on: NaiveDate) -> u64 {
    [1000, 1040, 1050, 1030, 980, 620, 580][on.weekday().num_days_from_monday() as usize]
}

/// A seeded stream of small accidents. Whole numbers only, so that every machine gets the same year.
pub(super) struct Dice(ChaCha8Rng);

impl Dice {
    pub(super) fn new(seed: u64) -> Self {
        Dice(ChaCha8Rng::seed_from_u64(seed))
    }

    /// `value` give or take up to `per_mille`.
    pub(super) fn about(&mut self, value: u64, per_mille: u32) -> u64 {
        let factor = 1000 - per_mille + self.0.next_u32() % (2 * per_mille + 1);
        value * u64::from(factor) / 1000
    }
}

/// A price or a factor; only for literals.
pub(super) fn price(text: &str) -> Decimal {
    text.parse().expect("a literal price is a number")
}

/// A usage line whose cost is quantity times price.
pub(super) fn metered(
    on: NaiveDate,
    service: &str,
    usage_type: &str,
    unit: &str,
    quantity: Decimal,
    usd: &str,
) -> Line {
    Line {
        day: on,
        service: service.to_owned(),
        record_type: "Usage".to_owned(),
        usage_type: usage_type.to_owned(),
        unit: unit.to_owned(),
        quantity,
        cost: quantity * price(usd),
        visible_from: None,
    }
}

/// A quantity in thousandths.
pub(super) fn milli(thousandths: u64) -> Decimal {
    Decimal::from_i128_with_scale(i128::from(thousandths), 3)
}
