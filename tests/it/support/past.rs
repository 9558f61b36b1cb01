//! A past that an outlook is made from, day by day, so that what lies ahead can be worked out by hand.

use std::ops::Range;

use chrono::NaiveDate;
use glidepath::domain::billing::daily_cost::DailyCost;
use glidepath::domain::credit::{CreditPool, EligibleServices};
use glidepath::domain::forecast::Evidence;
use glidepath::domain::outlook::{Changes, MonthSoFar, Outlook, OutlookInputs, outlook};
use glidepath::domain::values::money::Money;
use glidepath::domain::values::period::plus_days;
use glidepath::domain::values::service::{ServiceAliases, ServiceMatcher};
use glidepath::domain::values::workload::Workload;
use rust_decimal::Decimal;

use super::values::{day, usd};

pub const BEDROCK: &str = "Amazon Bedrock";
pub const EC2: &str = "Amazon Elastic Compute Cloud - Compute";
pub const RDS: &str = "Amazon Relational Database Service";
/// A Sunday, two days before the month's end.
pub const THROUGH: &str = "2026-03-29";

/// A store's past and its pools; `balances` are what is left in them.
pub struct Past {
    pub pools: Vec<CreditPool>,
    pub balances: Vec<Money>,
    pub costs: Vec<DailyCost>,
    pub known_days: i64,
    pub through: NaiveDate,
    pub so_far: MonthSoFar,
    pub tax_rate: Option<Decimal>,
    pub planned: Vec<DailyCost>,
}

impl Past {
    /// Nine weeks, which is long enough for trends and for the account's own swings to count.
    pub fn new() -> Past {
        Past::of_days(63)
    }

    pub fn of_days(known_days: i64) -> Past {
        Past {
            pools: Vec::new(),
            balances: Vec::new(),
            costs: Vec::new(),
            known_days,
            through: day(THROUGH),
            so_far: MonthSoFar::default(),
            tax_rate: None,
            planned: Vec::new(),
        }
    }

    pub fn pool(mut self, id: &str, left: &str, starts: &str, expires: &str, services: &[&str]) -> Past {
        let list = ServiceMatcher::new(services.iter().copied(), &ServiceAliases::default());
        let listed = EligibleServices::Listed(list);
        self.pools.push(CreditPool::new(id, usd("100000"), day(starts), day(expires), listed));
        self.balances.push(usd(left));
        self
    }

    /// A Bedrock pool that outlives every horizon.
    pub fn bedrock_pool(self, left: &str) -> Past {
        self.pool("one", left, "2025-06-01", "2028-01-01", &[BEDROCK])
    }

    /// Cost on each of the last days, `ago` counted from 0 for the last complete one.
    pub fn cost(
        mut self,
        service: &str,
        workload: Workload,
        ago: Range<i64>,
        amount: impl Fn(NaiveDate) -> Money,
    ) -> Past {
        for back in ago {
            let day = plus_days(self.through, -back);
            self.costs.push(DailyCost::payable(day, service, workload, amount(day)));
        }
        self
    }

    pub fn bedrock_daily(self, amount: &str) -> Past {
        let (days, amount) = (self.known_days, usd(amount));
        self.cost(BEDROCK, Workload::BedrockInference, 0..days, |_| amount)
    }

    pub fn outlook(&self) -> Outlook {
        self.ask(outlook)
    }

    /// Shows `make` what an outlook is made from.
    pub fn ask<T>(&self, make: impl FnOnce(&OutlookInputs) -> T) -> T {
        let (recurring, at_least): (Vec<_>, Vec<_>) =
            self.costs.iter().cloned().partition(|cost| cost.day <= self.through);
        make(&OutlookInputs {
            pools: &self.pools,
            balances: &self.balances,
            recurring: &recurring,
            at_least: &at_least,
            first_day: plus_days(self.through, 1 - self.known_days),
            data_through: self.through,
            month_so_far: self.so_far,
            tax_rate: self.tax_rate,
            planned: &self.planned,
            evidence: &Evidence::builtin(),
            changes: Changes::default(),
        })
    }
}
