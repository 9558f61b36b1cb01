//! Implied assumptions: what the bill says about each share, ratio and price that the filing assumed.
//!
//! Shares, ratios and prices rest on the last [`WINDOW_DAYS`] complete days, hours of accelerators on the last three
//! full months (runs come in lumps), growth on the last two full months. None reaches back before its line's first
//! planned month.

use chrono::NaiveDate;
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::filing::projection::{
    AcceleratorLine, Driver, FiledProjection, PlannedMonth, TokenLine, fold_instance_type,
};
use crate::values::money::Money;
use crate::values::period::{BillingPeriod, DayRange, plus_days};
use crate::values::workload::{Classification, Direction, Routing, Tier, Workload};

/// Days that shares, ratios and prices rest on: whole weeks, since weekends differ.
pub const WINDOW_DAYS: i64 = 28;
/// Days with usage below which nothing is implied.
pub const ENOUGH_DAYS: usize = 7;
/// Full months that accelerator hours rest on at most.
const ACCELERATOR_MONTHS: i32 = 3;
/// Digits kept of a share, a ratio or a price.
const DIGITS: u32 = 6;

/// What is assumed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Measure {
    /// Share of input tokens that is read from the cache.
    CacheHit,
    /// Share of all tokens that runs as batch.
    Batch,
    /// Share of all tokens that is routed in-region.
    InRegion,
    /// Output tokens per input token.
    OutputToInput,
    /// US dollars per million tokens, all kinds together.
    UsdPerMillionTokens,
    /// Growth of tokens from the month before last to the last, per day of each.
    GrowthPerMonth,
    /// Chip-hours in an average month.
    ChipHoursPerMonth,
    /// US dollars per chip-hour.
    UsdPerChipHour,
}

/// One assumption, as filed and as the bill implies it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Assumption {
    /// Record id.
    pub record: String,
    /// Model or instance type.
    pub of: String,
    /// What is assumed.
    pub measure: Measure,
    /// As filed; null where the filing plans nothing to compare with.
    #[serde(with = "rust_decimal::serde::str_option")]
    #[schema(value_type = Option<Decimal>)]
    pub filed: Option<Decimal>,
    /// As the bill has it; null where there is not enough data.
    #[serde(with = "rust_decimal::serde::str_option")]
    #[schema(value_type = Option<Decimal>)]
    pub implied: Option<Decimal>,
    /// The days that were looked at, `end` exclusive.
    pub window: DayRange,
    /// Days with usage among them.
    pub days: usize,
    /// Why nothing is implied; null where something is.
    pub not_enough_data: Option<String>,
}

/// One classified row of the bill.
#[derive(Debug, Clone, Copy)]
pub struct Used<'a> {
    /// UTC day.
    pub day: NaiveDate,
    /// What it is.
    pub class: &'a Classification,
    /// Cost with AWS's sign.
    pub cost: Money,
    /// Quantity in the class's unit; `None` where it is not understood.
    pub quantity: Option<Decimal>,
}

/// Every assumption of the filing, in its order. `known` are the complete days that are stored, `used` their rows.
pub fn assumptions(
    filing: &FiledProjection,
    planned: &[PlannedMonth],
    used: &[Used<'_>],
    known: DayRange,
) -> Vec<Assumption> {
    let mut found = Vec::new();
    for record in &filing.records {
        for line in &record.tokens {
            let of_line = |plan: &&PlannedMonth| plan.model.as_ref() == Some(&line.model);
            let plans = Plans(planned.iter().filter(of_line).collect());
            found.extend(TokenFacts::of(line, used).assumptions(&record.id, line, &plans, known));
        }
        for line in &record.accelerators {
            let of_line = |plan: &&PlannedMonth| plan.instance_type.as_ref() == Some(&line.instance_type);
            let plans = Plans(planned.iter().filter(of_line).collect());
            found.extend(accelerator_assumptions(&record.id, line, &plans, used, known));
        }
    }
    found
}

/// The planned months of one line.
struct Plans<'a>(Vec<&'a PlannedMonth>);

impl Plans<'_> {
    fn in_month(&self, month: BillingPeriod) -> Option<&PlannedMonth> {
        self.0.iter().find(|plan| plan.month == month).copied()
    }

    fn first_day(&self) -> Option<NaiveDate> {
        self.0.iter().map(|plan| plan.month.first_day()).min()
    }
}

/// A plan's tokens, of one direction or all.
fn planned_tokens(plan: &PlannedMonth, wanted: impl Fn(Direction) -> bool) -> Decimal {
    let Driver::Tokens(buckets) = &plan.driver else { return Decimal::ZERO };
    buckets.iter().filter(|bucket| wanted(bucket.direction)).map(|bucket| bucket.tokens.amount()).sum()
}

/// The metered tokens of one model.
struct TokenFacts<'a>(Vec<&'a Used<'a>>);

impl<'a> TokenFacts<'a> {
    fn of(line: &TokenLine, used: &'a [Used<'a>]) -> Self {
        let metered = |row: &&Used<'_>| {
            row.class.workload == Workload::BedrockInference
                && row.class.model.as_ref() == Some(&line.model)
                && row.class.direction.is_some()
                && row.class.unit == "tokens"
        };
        TokenFacts(used.iter().filter(metered).collect())
    }

    fn tokens(&self, days: DayRange, wanted: impl Fn(&Classification) -> bool) -> Decimal {
        let inside = self.0.iter().filter(|row| days.contains(row.day) && wanted(row.class));
        inside.filter_map(|row| row.quantity).sum()
    }

    fn days(&self, range: DayRange) -> usize {
        let used = self.0.iter().filter(|row| range.contains(row.day) && row.quantity.is_some_and(|q| !q.is_zero()));
        days_of(used.map(|row| row.day))
    }

    fn assumptions(&self, record: &str, line: &TokenLine, plans: &Plans<'_>, known: DayRange) -> Vec<Assumption> {
        let from = plans.first_day().unwrap_or(known.end);
        let window = DayRange::new(plus_days(known.end, -WINDOW_DAYS).max(from), known.end).intersect(known);
        let plan = plans.in_month(BillingPeriod::of(plus_days(known.end, -1)));
        let all = self.tokens(window, |_| true);
        let output = self.tokens(window, |class| class.direction == Some(Direction::Output));
        let input = all - output;
        let share = |wanted: &dyn Fn(&Classification) -> bool, of: Decimal| self.tokens(window, wanted).checked_div(of);
        let paid: Money = self.0.iter().filter(|row| window.contains(row.day)).map(|row| row.cost).sum();
        let millions = all / Decimal::from(1_000_000);
        let planned_output = plan.map(|plan| planned_tokens(plan, |direction| direction == Direction::Output));
        let planned_all = plan.map(|plan| planned_tokens(plan, |_| true));
        let planned_input = planned_all.zip(planned_output).map(|(all, output)| all - output);
        let planned_price = plan
            .zip(planned_all)
            .and_then(|(plan, all)| plan.cost.amount().checked_div(all / Decimal::from(1_000_000)));
        let in_region = if line.routing == Routing::InRegion { Decimal::ONE } else { Decimal::ZERO };
        let rows = [
            (
                Measure::CacheHit,
                Some(line.cache_hit),
                share(&|class| class.direction == Some(Direction::CacheRead), input),
            ),
            (Measure::Batch, Some(line.batch), share(&|class| class.tier == Some(Tier::Batch), all)),
            (Measure::InRegion, Some(in_region), share(&|class| class.routing == Some(Routing::InRegion), all)),
            (
                Measure::OutputToInput,
                planned_output.zip(planned_input).and_then(|(output, input)| output.checked_div(input)),
                output.checked_div(input),
            ),
            (Measure::UsdPerMillionTokens, planned_price, paid.amount().checked_div(millions)),
        ];
        let days = self.days(window);
        let missing = (days < ENOUGH_DAYS).then(|| {
            format!("{} with usage in the last {WINDOW_DAYS}, {ENOUGH_DAYS} are needed", count(days, "complete day"))
        });
        let assumption = |(measure, filed, implied)| {
            Assumption::new(
                record,
                &line.model,
                measure,
                filed,
                Basis { window, days, missing: missing.clone() },
                implied,
            )
        };
        let mut found: Vec<Assumption> = rows.into_iter().map(assumption).collect();
        found.push(self.growth(record, line, plans, known));
        found
    }

    /// Tokens per day in the last full month over those in the month before.
    fn growth(&self, record: &str, line: &TokenLine, plans: &Plans<'_>, known: DayRange) -> Assumption {
        let last = last_full_month(known);
        let before = last.previous();
        let window = DayRange::new(before.first_day(), last.next().first_day());
        let filed = plans.in_month(last).zip(plans.in_month(before)).and_then(|(last, before)| {
            Some(planned_tokens(last, |_| true).checked_div(planned_tokens(before, |_| true))? - Decimal::ONE)
        });
        let per_day = |month: BillingPeriod| self.tokens(month.range(), |_| true) / Decimal::from(month.days());
        let enough = [before, last].iter().all(|month| self.days(month.range()) >= ENOUGH_DAYS);
        let whole =
            before.first_day() >= known.start && plans.first_day().is_some_and(|first| before.first_day() >= first);
        let missing = (!whole).then(|| "two full months since the line's first are needed".to_owned()).or_else(|| {
            (!enough).then(|| format!("{ENOUGH_DAYS} days with usage are needed in each of two full months"))
        });
        let implied = per_day(last).checked_div(per_day(before)).map(|ratio| ratio - Decimal::ONE);
        let basis = Basis { window, days: self.days(window.intersect(known)), missing };
        Assumption::new(record, &line.model, Measure::GrowthPerMonth, filed, basis, implied)
    }
}

/// Hours and rate of one instance type over its last full months.
fn accelerator_assumptions(
    record: &str,
    line: &AcceleratorLine,
    plans: &Plans<'_>,
    used: &[Used<'_>],
    known: DayRange,
) -> Vec<Assumption> {
    let last = last_full_month(known);
    let months = || (0..ACCELERATOR_MONTHS).map(|back| last.plus_months(-back));
    let whole = |month: &BillingPeriod| month.first_day() >= known.start && plans.in_month(*month).is_some();
    let compared: Vec<BillingPeriod> = months().take_while(whole).collect();
    let first = compared.last().copied().unwrap_or(last.next());
    let window = DayRange::new(first.first_day(), last.next().first_day());
    let wanted = fold_instance_type(&line.instance_type);
    let of_type = |row: &&Used<'_>| {
        window.contains(row.day)
            && row.class.unit == "chip_hours"
            && row.class.instance_type.as_deref().map(fold_instance_type) == Some(wanted)
    };
    let rows: Vec<&Used<'_>> = used.iter().filter(of_type).collect();
    let hours: Decimal = rows.iter().filter_map(|row| row.quantity).sum();
    let paid: Money = rows.iter().map(|row| row.cost).sum();
    let filed: Vec<&PlannedMonth> = compared.iter().filter_map(|month| plans.in_month(*month)).collect();
    let filed_hours: Decimal = filed
        .iter()
        .map(|plan| if let Driver::ChipHours(hours) = plan.driver { hours.amount() } else { Decimal::ZERO })
        .sum();
    let filed_cost: Money = filed.iter().map(|plan| plan.cost).sum();
    let count = Decimal::from(compared.len());
    let days = days_of(rows.iter().filter(|row| row.quantity.is_some_and(|q| !q.is_zero())).map(|row| row.day));
    let no_month = compared.is_empty().then(|| "a full month since the line's first is needed".to_owned());
    let no_hour = hours.is_zero().then(|| "no hour was billed".to_owned());
    let basis = |missing| Basis { window, days, missing };
    vec![
        Assumption::new(
            record,
            &line.instance_type,
            Measure::ChipHoursPerMonth,
            filed_hours.checked_div(count),
            basis(no_month.clone()),
            hours.checked_div(count),
        ),
        Assumption::new(
            record,
            &line.instance_type,
            Measure::UsdPerChipHour,
            filed_cost.amount().checked_div(filed_hours),
            basis(no_month.or(no_hour)),
            paid.amount().checked_div(hours),
        ),
    ]
}

/// What an implied figure rests on.
struct Basis {
    window: DayRange,
    days: usize,
    missing: Option<String>,
}

impl Assumption {
    fn new(
        record: &str,
        of: &str,
        measure: Measure,
        filed: Option<Decimal>,
        basis: Basis,
        implied: Option<Decimal>,
    ) -> Self {
        let short = |value: Decimal| value.round_dp(DIGITS).normalize();
        let implied = implied.map(short).filter(|_| basis.missing.is_none());
        let not_enough_data = basis.missing.or_else(|| implied.is_none().then(|| "nothing was metered".to_owned()));
        Assumption {
            record: record.to_owned(),
            of: of.to_owned(),
            measure,
            filed: filed.map(short),
            implied,
            window: basis.window,
            days: basis.days,
            not_enough_data,
        }
    }
}

/// The newest month of which every day is known.
pub(super) fn last_full_month(known: DayRange) -> BillingPeriod {
    BillingPeriod::of(known.end).previous()
}

fn days_of(days: impl Iterator<Item = NaiveDate>) -> usize {
    days.collect::<std::collections::BTreeSet<_>>().len()
}

fn count(number: usize, noun: &str) -> String {
    if number == 1 { format!("1 {noun}") } else { format!("{number} {noun}s") }
}
