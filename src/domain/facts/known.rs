//! What the store knows as of a clock: the input of every assessment.
//!
//! Rows name their service and type by number, because two years of daily rows repeat a few hundred names; a rule
//! that depends on names alone is then decided once per name and not once per row.

use crate::facts::credits::{Allocation, RecordedBalance, SeenCredit, StatedBalance};
use crate::facts::outcome::Outcome;
use crate::facts::rows::{ChargeKind, ChargeRow, UsageKind, UsageRow};
use chrono::{DateTime, NaiveDate, Utc};

use super::account_plan::AccountPlan;
use super::history::MissingHistory;
use super::referee::SetAside;
use super::vanished::VanishedDay;
use crate::facts::deliveries::DeadChannel;
use crate::facts::plan::PlanEntry;
use crate::values::money::Money;
use crate::values::period::BillingPeriod;

/// Days of a month through which AWS corrects the bill of the one before.
const CORRECTED_DAYS: i64 = 10;

/// Everything known as of a clock.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Facts {
    /// The clock.
    pub as_of: DateTime<Utc>,
    /// ISO 4217 code of all amounts.
    pub currency: String,
    /// Clock of the newest pull of costs that succeeded, or AWS's then if that was behind.
    pub costs_pulled_at: Option<DateTime<Utc>>,
    /// Names of `charges`.
    pub charge_kinds: Vec<ChargeKind>,
    /// Current belief about the money, by day.
    pub charges: Vec<ChargeRow>,
    /// Names of `usage`.
    pub usage_kinds: Vec<UsageKind>,
    /// Current belief about its detail, by day.
    pub usage: Vec<UsageRow>,
    /// Newest snapshot of every credit ever seen.
    pub credits: Vec<SeenCredit>,
    /// What AWS stated as left after open bills, each day's newest, by credit and day.
    pub stated: Vec<StatedBalance>,
    /// Newest complete allocation history of each month.
    pub allocations: Vec<Allocation>,
    /// Balances typed in, oldest first.
    pub recorded: Vec<RecordedBalance>,
    /// Days that AWS no longer shows and whose cost is kept, in order.
    pub vanished: Vec<VanishedDay>,
    /// How far AWS's sums of whole months and what is believed were apart when both were last compared.
    pub months_apart: Money,
    /// The plan of the account as AWS stated it last; `None` while it never answered.
    pub account_plan: Option<AccountPlan>,
    /// Outcome of the newest attempt to pull costs.
    pub costs_outcome: Outcome,
    /// Outcome of the newest attempt to pull credits.
    pub credits_outcome: Outcome,
    /// Sum of absolute changes that the newest cycle brought to days already stored.
    pub moved_in_last_cycle: Money,
    /// Cost Explorer requests charged on the day of `as_of`.
    pub paid_requests_today: u64,
    /// Cost Explorer requests charged in the month of `as_of`, through its day.
    pub paid_requests_month: u64,
    /// Channels that messages do not reach.
    pub dead_channels: Vec<DeadChannel>,
    /// Events that people planned and did not remove, by number.
    pub plan: Vec<PlanEntry>,
    /// Numbers of planned events that are stored and cannot be read.
    pub unreadable_events: Vec<u32>,
    /// Cycles that were set aside last, if any were.
    pub set_aside: Option<SetAside>,
    /// Costs of the past that are still to be fetched, if any are.
    pub missing_history: Option<MissingHistory>,
    /// When the newest of the entries that count here was stored; `None` if nothing was entered, or that was not counted yet.
    pub entered_through: Option<DateTime<Utc>>,
}

impl Facts {
    /// Facts of a store that has never been fed.
    pub fn none(as_of: DateTime<Utc>, currency: &str) -> Self {
        Facts {
            as_of,
            currency: currency.to_owned(),
            costs_pulled_at: None,
            charge_kinds: Vec::new(),
            charges: Vec::new(),
            usage_kinds: Vec::new(),
            usage: Vec::new(),
            credits: Vec::new(),
            stated: Vec::new(),
            allocations: Vec::new(),
            recorded: Vec::new(),
            vanished: Vec::new(),
            months_apart: Money::ZERO,
            account_plan: None,
            costs_outcome: Outcome::NotTried,
            credits_outcome: Outcome::NotTried,
            moved_in_last_cycle: Money::ZERO,
            paid_requests_today: 0,
            paid_requests_month: 0,
            dead_channels: Vec::new(),
            plan: Vec::new(),
            unreadable_events: Vec::new(),
            set_aside: None,
            missing_history: None,
            entered_through: None,
        }
    }

    /// Last complete day: the second before the newest successful pull. Yesterday is partial in Cost Explorer, and
    /// the day before it is complete.
    pub fn data_through(&self) -> Option<NaiveDate> {
        self.costs_pulled_at.map(|at| crate::values::period::plus_days(at.date_naive(), -2))
    }

    /// Earliest stored day.
    pub fn first_day(&self) -> Option<NaiveDate> {
        self.charges.iter().map(|row| row.day).min()
    }

    /// Whether the bill of `month` is closed on the day `on`: for the month before, by AWS's allocation history where
    /// that shows it; else by the calendar, since AWS corrects a month until about the 10th of the next.
    pub fn bill_closed(&self, month: BillingPeriod, on: NaiveDate) -> bool {
        let next = month.next();
        let mut rows = self.allocations.iter().filter(|row| row.month == month).peekable();
        if next == BillingPeriod::of(on) && rows.peek().is_some() {
            return rows.all(|row| !row.estimated);
        }
        crate::values::period::plus_days(next.first_day(), CORRECTED_DAYS) <= on
    }
}
