//! A day's cost in the one shape that replay and forecasts know, and the streams that it belongs to.

use crate::values::money::Money;
use crate::values::purchase::Purchase;
use crate::values::workload::Workload;
use chrono::NaiveDate;

/// One day's cost of one service, workload and purchase type: the only shape of cost that replay knows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DailyCost {
    /// UTC day.
    pub day: NaiveDate,
    /// Service as Cost Explorer names it.
    pub service: String,
    /// Purpose.
    pub workload: Workload,
    /// How it is bought.
    pub purchase: Purchase,
    /// What promotional credit may pay if a pool lists the service, discounts taken off.
    pub payable: Money,
    /// Discounts that `payable` holds, with AWS's sign: negative.
    pub discount: Money,
    /// Upfront and support fees: gross, and never drawn.
    pub other: Money,
}

impl DailyCost {
    /// Bought on demand, without discount, all of it payable.
    pub fn payable(day: NaiveDate, service: impl Into<String>, workload: Workload, amount: Money) -> DailyCost {
        DailyCost {
            day,
            service: service.into(),
            workload,
            purchase: Purchase::OnDemand,
            payable: amount,
            discount: Money::ZERO,
            other: Money::ZERO,
        }
    }

    /// True for a day's cost of `stream`.
    pub fn is_of(&self, stream: &Stream) -> bool {
        (self.purchase, self.workload) == (stream.purchase, stream.workload) && self.service == stream.service
    }
}

/// The same with a borrowed name, so that tens of thousands of rows need not be copied to be replayed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CostRow<'a> {
    /// UTC day.
    pub day: NaiveDate,
    /// Service as Cost Explorer names it.
    pub service: &'a str,
    /// Purpose.
    pub workload: Workload,
    /// How it is bought.
    pub purchase: Purchase,
    /// What promotional credit may pay if a pool lists the service, discounts taken off.
    pub payable: Money,
    /// Discounts that `payable` holds, with AWS's sign: negative.
    pub discount: Money,
    /// Upfront and support fees: gross, and never drawn.
    pub other: Money,
}

impl<'a> From<&'a DailyCost> for CostRow<'a> {
    fn from(cost: &'a DailyCost) -> Self {
        let DailyCost { day, ref service, workload, purchase, payable, discount, other } = *cost;
        CostRow { day, service, workload, purchase, payable, discount, other }
    }
}

/// A service, workload and purchase type whose costs are followed through a replay.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Stream {
    /// Service as Cost Explorer names it.
    pub service: String,
    /// Purpose.
    pub workload: Workload,
    /// How it is bought.
    pub purchase: Purchase,
}

impl Stream {
    /// What a service costs for a purpose, bought on demand.
    pub fn on_demand(service: impl Into<String>, workload: Workload) -> Stream {
        Stream { service: service.into(), workload, purchase: Purchase::OnDemand }
    }

    /// True for the same service and purpose, however bought.
    pub fn is_like(&self, other: &Stream) -> bool {
        self.workload == other.workload && self.service == other.service
    }
}

impl From<&DailyCost> for Stream {
    fn from(cost: &DailyCost) -> Self {
        Stream { service: cost.service.clone(), workload: cost.workload, purchase: cost.purchase }
    }
}

/// One day's gross cost of one service, workload and purchase type, by what credit may do about it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SplitCost {
    /// UTC day.
    pub day: NaiveDate,
    /// Service as Cost Explorer names it.
    pub service: String,
    /// Purpose.
    pub workload: Workload,
    /// How it is bought.
    pub purchase: Purchase,
    /// What credit may pay, discounts taken off: those that the bill has here, and those that were moved here.
    pub payable: Money,
    /// The discounts that `payable` holds, with AWS's sign: negative.
    pub discount: Money,
    /// What of them the bill has elsewhere ([`super::discount`]); positive where they were moved away.
    pub moved: Money,
    /// What credit never pays and what comes again: support.
    pub unpayable: Money,
    /// Upfront and one-time fees, and their return: cash on their day, and no part of burn.
    pub one_off: Money,
}

impl SplitCost {
    /// All of it, as the bill has it.
    pub fn gross(&self) -> Money {
        self.payable - self.moved + self.unpayable + self.one_off
    }

    /// As replay takes it.
    pub fn row(&self) -> CostRow<'_> {
        let SplitCost { day, ref service, workload, purchase, payable, discount, unpayable, one_off, .. } = *self;
        CostRow { day, service, workload, purchase, payable, discount, other: unpayable + one_off }
    }

    /// Without one-off fees, as the outlook continues it.
    pub fn recurring(&self) -> DailyCost {
        let SplitCost { day, ref service, workload, purchase, payable, discount, unpayable, .. } = *self;
        DailyCost { day, service: service.clone(), workload, purchase, payable, discount, other: unpayable }
    }
}
