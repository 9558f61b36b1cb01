//! The plan that an account is on with AWS. On the free plan nothing is ever billed: AWS closes the account when its credit
//! or its time is used up, unless it is upgraded to the paid plan first.

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::values::money::Money;

/// Which plan.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum AccountPlanKind {
    /// The free plan.
    Free,
    /// The paid plan.
    Paid,
    /// One that this program does not know.
    Other,
}

/// Where a plan is in its life.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum AccountPlanStatus {
    /// It has not begun.
    NotStarted,
    /// It is in force.
    Active,
    /// It is over.
    Expired,
    /// AWS says something that this program does not know.
    Other,
}

/// The plan as AWS stated it on one day.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct AccountPlan {
    /// Which plan.
    pub plan: AccountPlanKind,
    /// Where it is in its life.
    pub status: AccountPlanStatus,
    /// Credit left in US dollars; null where AWS states none.
    pub credit_left: Option<Money>,
    /// Day on which it expires; null where it does not, or AWS does not say.
    pub ends_on: Option<NaiveDate>,
    /// Day on which AWS was asked.
    pub seen_on: NaiveDate,
}

impl AccountPlan {
    /// True for an account that AWS closes rather than bills.
    pub fn is_free(&self) -> bool {
        self.plan == AccountPlanKind::Free && self.status != AccountPlanStatus::NotStarted
    }
}
