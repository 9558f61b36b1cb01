//! What the paths take from the days just past: pace, discounts, support.

use std::rc::Rc;

use rust_decimal::prelude::ToPrimitive as _;

use super::changes::{Effect, Foreseen};
use super::future::SHARE_DAYS;
use super::{EXPOSURE_DAYS, OutlookInputs};
use crate::billing::daily_cost::{DailyCost, Stream};
use crate::facts::credits::ApplicationType;
use crate::values::money::Money;
use crate::values::period::{DayRange, plus_days};

/// Days that the rate of support fees is taken over.
const SUPPORT_DAYS: i64 = 28;

/// Means over the last 28 and 91 days, those before the first one counted as nothing, and over the 90 days ahead of what is
/// filed and of what is planned.
pub(super) fn pace(inputs: &OutlookInputs) -> Money {
    let spent = |days: i64| {
        let from = plus_days(inputs.data_through, 1 - days);
        let newest = inputs.recurring.iter().filter(|cost| cost.day >= from && cost.day <= inputs.data_through);
        newest.map(|cost| cost.payable + cost.other).sum::<Money>().per(days)
    };
    let ahead = DayRange::new(plus_days(inputs.data_through, 1), plus_days(inputs.data_through, 1 + EXPOSURE_DAYS));
    let of = |costs: &[DailyCost]| {
        costs.iter().filter(|cost| ahead.contains(cost.day)).map(|cost| cost.payable + cost.other).sum::<Money>()
    };
    let filed = inputs.changes.filed.map_or(Money::ZERO, |filed| of(&filed.daily)).max(of(inputs.planned));
    let added = |event: &Foreseen| match &event.effect {
        Effect::Adds(costs) => of(costs),
        Effect::Moves { .. } | Effect::Lands(_) => Money::ZERO,
    };
    let events = inputs.changes.events.iter().map(added).sum::<Money>();
    spent(28).max(spent(91)).max(filed.max(events).per(EXPOSURE_DAYS))
}

/// What discounts came to lately for each dollar that was left after them: at most nine, where a tenth was left.
pub(super) fn discounts(inputs: &OutlookInputs, streams: &[Stream]) -> Rc<[f64]> {
    let landing = inputs.pools.iter().any(|pool| pool.applies == ApplicationType::BeforeDiscounts);
    if !landing {
        return Rc::new([]);
    }
    let window = DayRange::new(plus_days(inputs.data_through, 1 - SHARE_DAYS), plus_days(inputs.data_through, 1));
    let share = |stream: &Stream| {
        let of = |cost: &&DailyCost| window.contains(cost.day) && cost.is_of(stream);
        let costs = || inputs.recurring.iter().filter(of);
        let payable: Money = costs().map(|cost| cost.payable).sum();
        let discount: Money = costs().map(|cost| cost.discount).sum();
        let share = discount.ratio(payable).filter(|_| payable.is_positive());
        share.and_then(|share| share.to_f64()).unwrap_or(0.0).clamp(-9.0, 0.0)
    };
    streams.iter().map(share).collect()
}

/// Micro-dollars a day that credit never pays (support).
pub(super) fn support(inputs: &OutlookInputs) -> f64 {
    let known = (inputs.data_through - inputs.first_day).num_days() + 1;
    let days = SUPPORT_DAYS.min(known).max(1);
    let window = DayRange::new(plus_days(inputs.data_through, 1 - days), plus_days(inputs.data_through, 1));
    let fees: Money = inputs.recurring.iter().filter(|cost| window.contains(cost.day)).map(|cost| cost.other).sum();
    fees.to_micros() as f64 / days as f64
}
