//! An account on the free plan, which AWS closes rather than bills.

use super::Position;
use crate::facts::account_plan::{AccountPlan, AccountPlanStatus};
use crate::values::period::plus_days;
use crate::values::quantiles::DateQuantiles;
use crate::values::words::day_text;
use chrono::NaiveDate;
use rust_decimal::prelude::ToPrimitive as _;

/// Days ahead that are looked at.
const HORIZON_DAYS: i64 = 365;

impl Position {
    /// The free plan, where the account is on it.
    pub fn free_plan(&self) -> Option<&AccountPlan> {
        self.account_plan.as_ref().filter(|plan| plan.is_free())
    }

    /// The day on which AWS closes an account on the free plan: the first of the credit's end and the plan's.
    pub fn account_closes_on(&self) -> Option<NaiveDate> {
        let plan = self.free_plan()?;
        [self.free_credit_ends().p50, plan.ends_on].into_iter().flatten().min()
    }

    /// In a sentence without its full stop; `None` for every other account.
    pub fn account_closes(&self) -> Option<String> {
        let plan = self.free_plan()?;
        let Some(day) = self.account_closes_on() else {
            return Some("AWS closes this account when the credit of its free plan is used up".to_owned());
        };
        let by_credit = plan.ends_on.is_none_or(|ends_on| day < ends_on);
        let past = day <= self.as_of.date_naive() || plan.status == AccountPlanStatus::Expired;
        Some(match (past, by_credit) {
            (true, true) => format!(
                "The credit of this account's free plan is used up since {}, so that AWS closes it",
                day_text(day)
            ),
            (true, false) => {
                format!("The free plan of this account expired on {}, so that AWS closes it", day_text(day))
            }
            (false, true) => {
                format!(
                    "AWS closes this account on about {}, when the credit of its free plan is used up",
                    day_text(day)
                )
            }
            (false, false) => format!("AWS closes this account on {}, when its free plan expires", day_text(day)),
        })
    }

    /// When the credit of a free plan is used up: by the outlook where a pool is known, else at the pace of the last 28 days
    /// from the balance that AWS states with the plan.
    pub fn free_credit_ends(&self) -> DateQuantiles {
        let at_pace = || {
            let plan = self.free_plan()?;
            let pace = self.spend.burn_per_day.last_28_days.filter(|pace| pace.is_positive())?;
            let days = plan.credit_left?.at_least_zero().ratio(pace)?.to_i64()?;
            (days <= HORIZON_DAYS).then(|| plus_days(plan.seen_on, days))
        };
        if self.credits.pools.is_empty() {
            at_pace().map(DateQuantiles::certain).unwrap_or_default()
        } else {
            self.exhaustion.total
        }
    }
}
