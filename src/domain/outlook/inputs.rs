//! What an outlook is made from.

use super::changes::Changes;
use crate::billing::daily_cost::{DailyCost, Stream};
use crate::credit::CreditPool;
use crate::forecast::Evidence;
use crate::values::money::Money;
use crate::values::period::BillingPeriod;
use chrono::NaiveDate;
use rust_decimal::Decimal;

/// What the outlook is made from.
#[derive(Debug, Clone, Copy)]
pub struct OutlookInputs<'a> {
    /// Pools in drawing order.
    pub pools: &'a [CreditPool],
    /// What is left in each at the end of `data_through`, in the same order: AWS's stated balance where there is one.
    pub balances: &'a [Money],
    /// Complete days of cost, one-off fees left out.
    pub recurring: &'a [DailyCost],
    /// What AWS shows so far for the days after `data_through`: each costs at least that. It enters no mean.
    pub at_least: &'a [DailyCost],
    /// First stored day.
    pub first_day: NaiveDate,
    /// Last complete day.
    pub data_through: NaiveDate,
    /// Gross and covered cost of the running month through `data_through`.
    pub month_so_far: MonthSoFar,
    /// Tax on what credit does not pay; `None` if config gives no rate.
    pub tax_rate: Option<Decimal>,
    /// What the filed projection plans by day of what has come, if one is in force: it shapes the growth of workloads that
    /// are young. What has not come yet is an event of `changes`, which adds to a level and says nothing of its growth.
    pub planned: &'a [DailyCost],
    /// How far forecasts were off before.
    pub evidence: &'a Evidence,
    /// What is to change in the days ahead; by default nothing.
    pub changes: Changes<'a>,
}

/// The running month as far as it is known.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct MonthSoFar {
    /// Gross cost, one-off fees included, less what AWS refunded of it.
    pub gross: Money,
    /// Paid by credit.
    pub covered: Money,
    /// Tax billed.
    pub tax: Money,
}

/// The first day on which a pool that may pay `stream` was issued, if any was.
pub fn payable_from<'p>(pools: impl IntoIterator<Item = &'p CreditPool>, stream: &Stream) -> Option<NaiveDate> {
    let issued = pools.into_iter().filter(|pool| pool.draws_for(stream));
    issued.map(|pool| BillingPeriod::of(pool.starts_on).first_day()).min()
}
