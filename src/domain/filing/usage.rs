//! What was used of each model and accelerator by month, beside what was filed, and what caching and batch saved.
//!
//! Invariants: a quantity is metered or filed, never worked out of dollars; of a newest month that is not complete, the filed
//! quantities are those of its complete days, as in [`variance`](super::variance). What caching and batch saved is told against the same
//! tokens in real time and uncached: at the price that the same month's bill implies for them, else at the price book's. Tokens
//! of which neither knows that price are in no saving.

use std::collections::BTreeMap;

use chrono::NaiveDate;
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::projection::{ActualCost, Attribution, Driver, FiledProjection, PlannedMonth, fold_instance_type};
use super::variance::{Elapsed, MOST_MONTHS};
use crate::billing::price::{PriceBook, plan_money};
use crate::values::money::{Money, Quantity};
use crate::values::period::BillingPeriod;
use crate::values::workload::{CacheLifetime, Direction, Routing, Tier, Workload};

/// Months shown while nothing is filed: as far back as AWS keeps a bill.
const MONTHS_UNFILED: i32 = 13;
/// Digits of a quantity in millions: single tokens.
const MILLIONS_SCALE: u32 = 6;

/// Models and accelerators by month.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = UsageByMonth)]
pub struct Usage {
    /// Models, in order of month, record and name.
    pub models: Vec<ModelMonth>,
    /// Accelerators, in order of month, record and instance type.
    pub accelerators: Vec<AcceleratorMonth>,
}

/// A model in a month.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ModelMonth {
    /// Billing period; the newest is month to date.
    pub month: BillingPeriod,
    /// Record id of the filing, or `outside`; null while nothing is filed.
    pub record: Option<String>,
    /// Name of the model.
    pub model: String,
    /// As filed, pro-rated by complete days; null where the filing plans none.
    pub filed: Option<Tokens>,
    /// As metered.
    pub used: Tokens,
    /// Dollars that caching saved, writes to the cache taken off; negative where these cost more than the reads saved.
    pub saved_by_caching: Money,
    /// Dollars that batch saved.
    pub saved_by_batch: Money,
}

/// Millions of tokens by direction.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = MillionsOfTokens)]
pub struct Tokens {
    /// Prompt tokens that were not cached.
    pub input: Quantity,
    /// Prompt tokens read from the cache.
    pub cache_read: Quantity,
    /// Prompt tokens written to the cache.
    pub cache_write: Quantity,
    /// Generated tokens.
    pub output: Quantity,
}

/// An accelerator in a month.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct AcceleratorMonth {
    /// Billing period; the newest is month to date.
    pub month: BillingPeriod,
    /// Record id of the filing, or `outside`; null while nothing is filed.
    pub record: Option<String>,
    /// Instance type, those of SageMaker under EC2's name.
    pub instance_type: String,
    /// Chip-hours as filed, pro-rated by complete days; null where the filing plans none.
    pub filed: Option<Quantity>,
    /// Chip-hours as metered.
    pub used: Quantity,
}

impl Tokens {
    fn of(&mut self, direction: Direction) -> &mut Quantity {
        match direction {
            Direction::Input => &mut self.input,
            Direction::CacheRead => &mut self.cache_read,
            Direction::CacheWrite => &mut self.cache_write,
            Direction::Output => &mut self.output,
        }
    }

    fn add(&mut self, direction: Direction, tokens: Decimal) {
        let millions = (tokens / Decimal::from(1_000_000)).round_dp(MILLIONS_SCALE);
        *self.of(direction) += Quantity::from_decimal(millions);
    }

    /// All that the model was sent, cached or not.
    pub fn prompt(&self) -> Quantity {
        self.input + self.cache_read + self.cache_write
    }

    /// True if there are none.
    pub fn is_zero(&self) -> bool {
        self.prompt().is_zero() && self.output.is_zero()
    }
}

impl std::ops::Add for Tokens {
    type Output = Tokens;

    fn add(self, other: Tokens) -> Tokens {
        Tokens {
            input: self.input + other.input,
            cache_read: self.cache_read + other.cache_read,
            cache_write: self.cache_write + other.cache_write,
            output: self.output + other.output,
        }
    }
}

/// A filing with its months.
#[derive(Debug, Clone, Copy)]
pub struct FiledUsage<'a> {
    /// What was filed.
    pub filing: &'a FiledProjection,
    /// Its months.
    pub planned: &'a [PlannedMonth],
}

/// Month, record and name.
type Key = (BillingPeriod, Option<String>, String);

/// What `actuals` and the filing hold of models and accelerators, from the first filed month on, or of the last thirteen months
/// where nothing is filed, through `data_through`.
pub fn usage(
    actuals: &[ActualCost],
    filed: Option<FiledUsage<'_>>,
    book: &PriceBook,
    data_through: NaiveDate,
) -> Usage {
    let newest = BillingPeriod::of(data_through);
    let first = match filed {
        // The newest two months hold the four weeks that prices are read from, whenever the filing begins.
        Some(it) => it.filing.first_month().min(newest.plus_months(-1)).max(newest.plus_months(1 - MOST_MONTHS)),
        None => newest.plus_months(1 - MONTHS_UNFILED),
    };
    let shown = |month: BillingPeriod| first <= month && month <= newest;
    let attribution = filed.map(|it| Attribution::of(it.filing));
    let prices = RealTime { seen: Seen::of(actuals.iter().filter(|actual| shown(actual.month))), book };
    let mut models: BTreeMap<Key, ModelMonth> = BTreeMap::new();
    let mut accelerators: BTreeMap<Key, AcceleratorMonth> = BTreeMap::new();
    for plan in filed.iter().flat_map(|it| it.planned).filter(|plan| shown(plan.month)) {
        let (record, elapsed) = (Some(plan.record.clone()), Elapsed::of(plan.month, data_through));
        match (&plan.driver, &plan.model, &plan.instance_type) {
            (Driver::Tokens(buckets), Some(model), _) => {
                let filed = model_month(&mut models, (plan.month, record, model.clone())).filed.get_or_insert_default();
                buckets.iter().for_each(|it| filed.add(it.direction, elapsed.share(it.tokens.amount())));
            }
            (Driver::ChipHours(hours), _, Some(name)) => {
                let key = (plan.month, record, fold_instance_type(name).to_owned());
                *accelerator_month(&mut accelerators, key).filed.get_or_insert_default() +=
                    Quantity::from_decimal(elapsed.share(hours.amount()).round_dp(MILLIONS_SCALE));
            }
            _ => {}
        }
    }
    for actual in actuals.iter().filter(|actual| shown(actual.month)) {
        let record = attribution.as_ref().map(|attribution| attribution.record(actual).to_owned());
        match Metered::of(actual) {
            Some(Metered::Tokens(tokens)) => {
                let (caching, batch) = prices.saved(&tokens, actual.month);
                let of = model_month(&mut models, (actual.month, record, tokens.model.to_owned()));
                of.used.add(tokens.direction, tokens.quantity);
                of.saved_by_caching += caching;
                of.saved_by_batch += batch;
            }
            Some(Metered::ChipHours(name, hours)) => {
                accelerator_month(&mut accelerators, (actual.month, record, name.to_owned())).used += hours;
            }
            None => {}
        }
    }
    models.retain(|_, it| !it.used.is_zero() || it.filed.is_some_and(|filed| !filed.is_zero()));
    accelerators.retain(|_, it| !it.used.is_zero() || it.filed.is_some_and(|filed| !filed.is_zero()));
    Usage { models: models.into_values().collect(), accelerators: accelerators.into_values().collect() }
}

fn model_month(months: &mut BTreeMap<Key, ModelMonth>, key: Key) -> &mut ModelMonth {
    let (month, record, model) = key.clone();
    months.entry(key).or_insert_with(|| ModelMonth {
        month,
        record,
        model,
        filed: None,
        used: Tokens::default(),
        saved_by_caching: Money::ZERO,
        saved_by_batch: Money::ZERO,
    })
}

fn accelerator_month(months: &mut BTreeMap<Key, AcceleratorMonth>, key: Key) -> &mut AcceleratorMonth {
    let (month, record, instance_type) = key.clone();
    months.entry(key).or_insert_with(|| AcceleratorMonth {
        month,
        record,
        instance_type,
        filed: None,
        used: Quantity::default(),
    })
}

/// A billed row with a metered quantity that a filing knows too.
enum Metered<'a> {
    Tokens(MeteredTokens<'a>),
    ChipHours(&'a str, Quantity),
}

/// Tokens of one kind.
struct MeteredTokens<'a> {
    model: &'a str,
    direction: Direction,
    lifetime: Option<CacheLifetime>,
    tier: Tier,
    routing: Routing,
    quantity: Decimal,
    cost: Decimal,
}

impl<'a> Metered<'a> {
    fn of(actual: &'a ActualCost) -> Option<Metered<'a>> {
        let quantity = actual.quantity.filter(|quantity| !quantity.is_zero())?;
        match (actual.unit.as_deref()?, actual.workload) {
            ("chip_hours", _) => {
                Some(Metered::ChipHours(fold_instance_type(actual.instance_type.as_deref()?), quantity))
            }
            ("tokens", Workload::BedrockInference) => Some(Metered::Tokens(MeteredTokens {
                model: actual.model.as_deref()?,
                direction: actual.direction?,
                lifetime: actual.cache_lifetime,
                tier: actual.tier.unwrap_or(Tier::OnDemand),
                routing: actual.routing.unwrap_or(Routing::InRegion),
                quantity: quantity.amount(),
                cost: actual.cost.amount(),
            })),
            _ => None,
        }
    }
}

/// Everything that a price depends on.
type Priced<'a> = (BillingPeriod, &'a str, Direction, Tier, Routing);

/// Tokens and dollars of each kind, by month.
struct Seen<'a>(BTreeMap<Priced<'a>, (Decimal, Decimal)>);

impl<'a> Seen<'a> {
    fn of(actuals: impl Iterator<Item = &'a ActualCost>) -> Self {
        let mut seen: BTreeMap<Priced<'a>, (Decimal, Decimal)> = BTreeMap::new();
        for actual in actuals {
            if let Some(Metered::Tokens(it)) = Metered::of(actual) {
                let (tokens, cost) =
                    seen.entry((actual.month, it.model, it.direction, it.tier, it.routing)).or_default();
                *tokens += it.quantity;
                *cost += it.cost;
            }
        }
        Seen(seen)
    }

    /// Dollars a token.
    fn price(&self, kind: Priced<'_>) -> Option<Decimal> {
        let (tokens, cost) = self.0.get(&kind)?;
        cost.checked_div(*tokens).filter(|price| price.is_sign_positive() && !price.is_zero())
    }
}

/// Prices of tokens that neither the cache nor batch makes cheaper.
struct RealTime<'a> {
    seen: Seen<'a>,
    book: &'a PriceBook,
}

impl RealTime<'_> {
    /// What caching and batch saved of these tokens.
    fn saved(&self, it: &MeteredTokens<'_>, month: BillingPeriod) -> (Money, Money) {
        let batch = it.tier == Tier::Batch;
        let tier = if batch { Tier::OnDemand } else { it.tier };
        let in_real_time =
            if batch { self.price(it, it.direction, tier, month) } else { it.cost.checked_div(it.quantity) };
        let uncached = match it.direction {
            Direction::CacheRead | Direction::CacheWrite => self.price(it, Direction::Input, tier, month),
            Direction::Input | Direction::Output => in_real_time,
        };
        let dollars = |price: Decimal| price.checked_mul(it.quantity);
        let saved = in_real_time.zip(uncached).and_then(|(in_real_time, uncached)| {
            let in_real_time = dollars(in_real_time)?;
            Some((dollars(uncached)? - in_real_time, if batch { in_real_time - it.cost } else { Decimal::ZERO }))
        });
        saved.map(|(caching, batch)| (plan_money(caching), plan_money(batch))).unwrap_or_default()
    }

    fn price(&self, it: &MeteredTokens<'_>, direction: Direction, tier: Tier, month: BillingPeriod) -> Option<Decimal> {
        let listed = || {
            let lifetime = it.lifetime.filter(|_| direction == Direction::CacheWrite);
            let price = self.book.price(it.model, direction, lifetime, tier, it.routing, month.first_day())?;
            price.usd_per_million.checked_div(Decimal::from(1_000_000))
        };
        self.seen.price((month, it.model, direction, tier, it.routing)).or_else(listed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    fn row(month: &str, direction: Direction, tier: Tier, millions: i64, cost: &str) -> ActualCost {
        ActualCost {
            month: BillingPeriod::of(day(month)),
            service: "Amazon Bedrock".to_owned(),
            workload: Workload::BedrockInference,
            model: Some("Claude Sonnet 5".to_owned()),
            instance_type: None,
            direction: Some(direction),
            tier: Some(tier),
            routing: Some(Routing::Global),
            cache_lifetime: None,
            cost: cost.parse().unwrap(),
            quantity: Some(Quantity::from_decimal(Decimal::from(millions * 1_000_000))),
            unit: Some("tokens".to_owned()),
        }
    }

    fn of(actuals: &[ActualCost]) -> Vec<ModelMonth> {
        usage(actuals, None, &PriceBook::builtin(), day("2026-10-31")).models
    }

    #[test]
    fn caching_saves_what_the_same_tokens_would_have_cost_uncached_less_what_writing_them_took() {
        use Direction::{CacheRead, CacheWrite, Input};
        let all = of(&[
            row("2026-10-01", Input, Tier::OnDemand, 100, "300"),
            row("2026-10-01", CacheRead, Tier::OnDemand, 50, "15"),
            row("2026-10-01", CacheWrite, Tier::OnDemand, 10, "37.5"),
        ]);
        // Uncached: 3 dollars a million. Reads: 150 - 15; writes: 30 - 37.5.
        assert_eq!(all.len(), 1);
        assert_eq!(all[0].saved_by_caching, "127.5".parse().unwrap());
        assert_eq!(all[0].saved_by_batch, Money::ZERO);
        assert_eq!(all[0].used.prompt().to_string(), "160");
        assert_eq!((all[0].record.as_deref(), all[0].filed), (None, None));
    }

    #[test]
    fn batch_saves_against_real_time_and_caching_within_it_against_uncached_real_time() {
        use Direction::{CacheRead, Input, Output};
        let all = of(&[
            row("2026-10-01", Input, Tier::OnDemand, 100, "300"),
            row("2026-10-01", Output, Tier::OnDemand, 10, "150"),
            row("2026-10-01", Output, Tier::Batch, 10, "75"),
            row("2026-10-01", CacheRead, Tier::OnDemand, 10, "3"),
            row("2026-10-01", CacheRead, Tier::Batch, 10, "1.5"),
        ]);
        let saved: Money = all.iter().map(|it| it.saved_by_caching + it.saved_by_batch).sum();
        // Together what all would have cost in real time and uncached, less what it cost.
        assert_eq!(all[0].saved_by_batch, "76.5".parse().unwrap());
        assert_eq!(all[0].saved_by_caching, "54".parse().unwrap());
        assert_eq!(saved, "130.5".parse().unwrap());
    }

    #[test]
    fn a_month_of_batch_alone_is_compared_with_the_price_book_and_an_unknown_model_with_nothing() {
        let mut batch = row("2026-09-01", Direction::Input, Tier::Batch, 10, "15");
        let book = PriceBook::builtin();
        let listed =
            book.price("Claude Sonnet 5", Direction::Input, None, Tier::OnDemand, Routing::Global, day("2026-09-01"));
        let listed = listed.unwrap().usd_per_million * Decimal::TEN;
        let known = of(std::slice::from_ref(&batch));
        assert_eq!(known[0].saved_by_batch, Money::from_decimal(listed) - "15".parse().unwrap());
        batch.model = Some("A model of nobody".to_owned());
        assert_eq!(of(&[batch])[0].saved_by_batch, Money::ZERO);
    }

    #[test]
    fn months_go_as_far_back_as_a_bill_is_kept_and_what_has_no_quantity_is_left_out() {
        let old = row("2025-09-01", Direction::Input, Tier::OnDemand, 10, "30");
        let first = row("2025-10-01", Direction::Input, Tier::OnDemand, 10, "30");
        let mut unmetered = row("2026-10-01", Direction::Input, Tier::OnDemand, 10, "30");
        unmetered.quantity = None;
        let all = of(&[old, first, unmetered]);
        assert_eq!(all.iter().map(|it| it.month).collect::<Vec<_>>(), [BillingPeriod::of(day("2025-10-01"))]);
    }
}
