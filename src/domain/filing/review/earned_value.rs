//! Earned value, with an award as the project. What a pool grants is its budget, and drawing it is the work: the value
//! earned is the spend drawn, so cost variance is zero by definition, and what matters is the schedule (drawn against
//! planned to date) and the end (how much of the award will have been drawn when it runs out or expires).
//!
//! | Here | Project Management Institute's term |
//! | --- | --- |
//! | granted | budget at completion, BAC |
//! | planned to date | planned value, PV |
//! | drawn to date | actual cost, AC; also earned value, EV |
//! | ahead of plan | schedule variance, SV = EV - PV |
//! | run rate | what is drawn a day now |
//! | estimate at completion | EAC = AC + what the run rate draws until the pool is empty or expires |
//! | unused at completion | variance at completion, VAC = BAC - EAC |

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::billing::daily_cost::Stream;
use crate::credit::CreditPool;
use crate::credit::ledger::{Demand, Fold, Visitor};
use crate::values::money::Money;
use crate::values::period::{DayRange, plus_days};

/// The figures of one pool, or of all.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct PoolValue {
    /// Pool id; empty for the total.
    pub id: String,
    /// Pool name.
    pub name: String,
    /// Budget at completion: the amount granted.
    pub granted: Money,
    /// Planned value: what would have been drawn had spend gone as filed since it was filed; null while nothing is filed.
    pub planned_to_date: Option<Money>,
    /// Actual cost, and the value earned: drawn by replay, as in the pool's own position.
    pub drawn_to_date: Money,
    /// Schedule variance: drawn less planned; negative is behind the plan.
    pub ahead_of_plan: Option<Money>,
    /// Drawn a day, on average over the last 28 complete days.
    pub run_rate: Money,
    /// What will have been drawn in the end if spend goes on as in the last 28 complete days.
    pub estimate_at_completion: Money,
    /// Granted less the estimate: credit that would expire unused.
    pub variance_at_completion: Money,
    /// Day on which the pool is empty at that rate; null if it is not before it expires, or was not drawn to the end.
    pub completes_on: Option<NaiveDate>,
}

/// Every pool, in drawing order, and their sum.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct EarnedValue {
    /// Each pool.
    pub pools: Vec<PoolValue>,
    /// All of them.
    pub total: PoolValue,
}

impl EarnedValue {
    /// Adds up; `None` without a pool.
    pub fn of(pools: Vec<PoolValue>) -> Option<Self> {
        let mut total = PoolValue { name: "Total".to_owned(), ..PoolValue::default() };
        total.planned_to_date = pools.first()?.planned_to_date.map(|_| Money::ZERO);
        for pool in &pools {
            total.granted += pool.granted;
            total.planned_to_date = total.planned_to_date.zip(pool.planned_to_date).map(|(sum, part)| sum + part);
            total.drawn_to_date += pool.drawn_to_date;
            total.run_rate += pool.run_rate;
            total.estimate_at_completion += pool.estimate_at_completion;
            total.variance_at_completion += pool.variance_at_completion;
        }
        total.ahead_of_plan = total.planned_to_date.map(|planned| total.drawn_to_date - planned);
        // All are done when the last is, if every one is drawn to its end.
        let ends: Option<Vec<NaiveDate>> = pools.iter().map(|pool| pool.completes_on).collect();
        total.completes_on = ends.and_then(|ends| ends.into_iter().max());
        Some(EarnedValue { pools, total })
    }
}

/// What the run rate does to a pool.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Ahead {
    /// Credit drawn after the last complete day.
    pub drawn: Money,
    /// The day that takes the last of it.
    pub empty_on: Option<NaiveDate>,
}

/// What a stream costs a day.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rate {
    /// The stream.
    pub stream: Stream,
    /// Dollars that credit may pay, discounts taken off.
    pub payable: Money,
    /// The discounts that it holds; negative.
    pub discount: Money,
}

/// Goes on at `rate` over `days`, from the given balances, until no pool
/// has anything left; per pool, in drawing order.
pub fn at_run_rate(pools: &[CreditPool], balances: &[Money], rate: &[Rate], days: DayRange) -> Vec<Ahead> {
    let streams: Vec<Stream> = rate.iter().map(|rate| rate.stream.clone()).collect();
    let mut fold = Fold::new(pools, balances.to_vec(), &streams);
    let mut tally = Tally { left: balances.to_vec(), ahead: vec![Ahead::default(); pools.len()] };
    for day in days.days() {
        if fold.balances().iter().all(|left| left.is_zero()) {
            break;
        }
        let demand = |(stream, rate): (usize, &Rate)| {
            let Rate { payable, discount, .. } = *rate;
            Demand { stream, payable, discount }
        };
        let mut demands: Vec<Demand<Money>> = rate.iter().enumerate().map(demand).collect();
        fold.day(day, &mut demands, &mut tally);
    }
    tally.ahead
}

/// Keeps what each pool pays.
struct Tally {
    left: Vec<Money>,
    ahead: Vec<Ahead>,
}

impl Visitor<Money> for Tally {
    fn drawn(&mut self, day: NaiveDate, pool: usize, _stream: usize, amount: Money) {
        self.left[pool] -= amount;
        let ahead = &mut self.ahead[pool];
        ahead.drawn += amount;
        ahead.empty_on = self.left[pool].is_zero().then_some(day);
    }
}

/// The days that a run rate is followed for: to the last expiry of a pool that still holds credit.
pub fn days_ahead(pools: &[CreditPool], balances: &[Money], through: NaiveDate) -> DayRange {
    let holding = pools.iter().zip(balances).filter(|(_, left)| left.is_positive());
    let end = holding.map(|(pool, _)| pool.expires_on).max().unwrap_or(through);
    // A credit that never expires must not be followed for ever: ten years are beyond any award.
    DayRange::new(plus_days(through, 1), end.min(plus_days(through, 3653)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::credit::EligibleServices;
    use crate::values::workload::Workload;

    fn day(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    fn usd(text: &str) -> Money {
        text.parse().unwrap()
    }

    fn pool(id: &str, expires: &str) -> CreditPool {
        CreditPool::new(id, usd("1000"), day("2026-01-01"), day(expires), EligibleServices::Unknown)
    }

    fn ten_a_day() -> Vec<Rate> {
        let stream = Stream::on_demand("S", Workload::Supporting);
        vec![Rate { stream, payable: usd("10"), discount: Money::ZERO }]
    }

    #[test]
    fn pools_are_drawn_one_after_the_other() {
        // The first holds 50 and expires on 4 March: three days at 10 draw 30. The second then pays 5 days of 40 left.
        let pools = [pool("a", "2026-03-04"), pool("b", "2027-01-01")];
        let balances = [usd("50"), usd("45")];
        let days = days_ahead(&pools, &balances, day("2026-02-28"));
        assert_eq!(days, DayRange::new(day("2026-03-01"), day("2027-01-01")));
        let ahead = at_run_rate(&pools, &balances, &ten_a_day(), days);
        assert_eq!(ahead[0], Ahead { drawn: usd("30"), empty_on: None });
        assert_eq!(ahead[1], Ahead { drawn: usd("45"), empty_on: Some(day("2026-03-08")) });
    }

    #[test]
    fn the_total_is_the_sum_and_ends_with_the_last_pool() {
        let value = |drawn: &str, end: Option<&str>| PoolValue {
            granted: usd("100"),
            planned_to_date: Some(usd("60")),
            drawn_to_date: usd(drawn),
            estimate_at_completion: usd("90"),
            variance_at_completion: usd("10"),
            completes_on: end.map(day),
            ..PoolValue::default()
        };
        let total =
            EarnedValue::of(vec![value("50", Some("2026-05-01")), value("80", Some("2026-04-01"))]).unwrap().total;
        assert_eq!((total.granted, total.ahead_of_plan), (usd("200"), Some(usd("10"))));
        assert_eq!((total.estimate_at_completion, total.variance_at_completion), (usd("180"), usd("20")));
        assert_eq!(total.completes_on, Some(day("2026-05-01")));
        let lasting = EarnedValue::of(vec![value("50", Some("2026-05-01")), value("80", None)]).unwrap().total;
        assert_eq!(lasting.completes_on, None);
        assert_eq!(EarnedValue::of(vec![]), None);
    }
}
