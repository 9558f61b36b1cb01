//! What the store knows as of a clock: the input of every assessment.
//!
//! Rows name their service and type by number, because two years of daily rows repeat a few hundred names; a rule
//! that depends on names alone is then decided once per name and not once per row.

use chrono::{DateTime, NaiveDate, Utc};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::account_plan::AccountPlan;
use super::alert::DeadChannel;
use super::credit::ApplicationType;
use super::history::MissingHistory;
use super::money::{Money, Quantity};
use super::period::BillingPeriod;
use super::plan::PlanEntry;
use super::referee::SetAside;
use super::vanished::VanishedDay;

/// Days of a month through which AWS corrects the bill of the one before.
const CORRECTED_DAYS: i64 = 10;

/// Service and Cost Explorer record type.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ChargeKind {
    /// Service as Cost Explorer names it.
    pub service: String,
    /// RECORD_TYPE, verbatim.
    pub record_type: String,
}

/// Service, usage type and unit.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct UsageKind {
    /// Service as Cost Explorer names it.
    pub service: String,
    /// Usage type, verbatim.
    pub usage_type: String,
    /// AWS's unit text, verbatim.
    pub unit: String,
}

/// One day's cost of one [`ChargeKind`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ChargeRow {
    /// UTC day.
    pub day: NaiveDate,
    /// Index into [`Facts::charge_kinds`].
    pub kind: usize,
    /// Cost with AWS's sign.
    pub cost: Money,
}

/// One day's cost and quantity of one [`UsageKind`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct UsageRow {
    /// UTC day.
    pub day: NaiveDate,
    /// Index into [`Facts::usage_kinds`].
    pub kind: usize,
    /// Cost with AWS's sign.
    pub cost: Money,
    /// Quantity in the kind's unit.
    pub quantity: Quantity,
}

/// One credit as AWS described it at one moment. Amounts carry no sign: AWS's varies. A version that wrote fewer fields is
/// read as one to which AWS said no more.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct CreditSnapshot {
    /// AWS's creditId.
    pub credit_id: String,
    /// Owning account.
    #[serde(default)]
    pub account: String,
    /// AWS's text, such as an Activate label.
    #[serde(default)]
    pub description: String,
    /// Promotion, Refund, TrueUp and others: an open set.
    #[serde(default)]
    pub credit_type: String,
    /// Amount granted.
    pub initial: Money,
    /// Left after closed bills.
    #[serde(default)]
    pub remaining: Option<Money>,
    /// Left after open bills too; missing now and then.
    #[serde(default)]
    pub estimated: Option<Money>,
    /// ISO 4217 code of the three amounts.
    #[serde(default = "usd")]
    pub currency: String,
    /// Day it became valid.
    pub starts_on: NaiveDate,
    /// First day on which it pays nothing any more.
    pub expires_on: NaiveDate,
    /// Day on which it reached zero.
    #[serde(default)]
    pub exhausted_on: Option<NaiveDate>,
    /// Services that it may pay for; null where AWS gave no list.
    #[serde(default)]
    pub products: Option<Vec<String>>,
    /// False while its owner has it switched off.
    #[serde(default = "enabled")]
    pub enabled: bool,
    /// When in the bill's computation it applies.
    #[serde(default)]
    pub application_type: Option<ApplicationType>,
    /// AWS's sharing type, verbatim.
    #[serde(default)]
    pub sharing: Option<String>,
    /// Accounts that share it.
    #[serde(default)]
    pub shareable_accounts: Vec<String>,
    /// Purchase types that it pays; null = all.
    #[serde(default)]
    pub purchase_types: Option<Vec<String>>,
}

fn usd() -> String {
    "USD".to_owned()
}

fn enabled() -> bool {
    true
}

impl CreditSnapshot {
    /// The balance to count on: after open bills where AWS states that, else after closed ones. An expired or paused
    /// credit still carries one.
    pub fn usable_balance(&self) -> Option<Money> {
        self.estimated.or(self.remaining)
    }
}

/// Credit that AWS's allocation history shows as applied to one service in one month.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Allocation {
    /// Billing period.
    pub month: BillingPeriod,
    /// AWS's creditId.
    pub credit_id: String,
    /// Account whose bill it lowered.
    pub account: String,
    /// Service as the history spells it.
    pub service: String,
    /// Credit applied; positive.
    pub amount: Money,
    /// True while the month's bill is open.
    pub estimated: bool,
}

/// A snapshot and the day on which it was taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SeenCredit {
    /// Newest day on which AWS listed it.
    pub seen_on: NaiveDate,
    /// As listed then.
    pub snapshot: CreditSnapshot,
    /// First day of the run of snapshots that show it switched off, if the newest does.
    pub paused_from: Option<NaiveDate>,
    /// How many lists AWS answered since then, all without it.
    pub missing_from: u32,
}

/// A balance that somebody typed in with `credits record`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RecordedBalance {
    /// Pool id.
    pub pool: String,
    /// Credit left.
    pub amount: Money,
    /// Day on which it was read off.
    pub at: NaiveDate,
}

/// A balance after open bills as AWS stated it on one day.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StatedBalance {
    /// AWS's creditId.
    pub credit_id: String,
    /// Credit left.
    pub amount: Money,
    /// UTC day on which it was observed.
    pub at: NaiveDate,
}

/// Whether something that was asked of AWS was answered.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(tag = "outcome", rename_all = "snake_case")]
pub enum Outcome {
    /// Answered and stored.
    Ok,
    /// Refused for want of permission or credentials.
    Denied {
        /// What AWS said.
        message: String,
        /// What the user can do.
        advice: String,
    },
    /// Failed for another reason.
    Failed {
        /// What went wrong.
        message: String,
        /// What the user can do.
        advice: String,
        /// False if asking again would be paid for and fail the same way until somebody changes something.
        #[serde(default = "yes")]
        retryable: bool,
    },
    /// Refused here, by a check of our own: the credentials are a stranger's, or the answer does not add up.
    Refused {
        /// Which check, and by how much it failed.
        message: String,
        /// What the user can do.
        advice: String,
        /// As for a failure.
        #[serde(default = "yes")]
        retryable: bool,
    },
    /// Not asked.
    NotTried,
}

impl Outcome {
    /// What went wrong and what the user can do, where something did.
    pub fn problem(&self) -> Option<(&str, &str)> {
        match self {
            Outcome::Denied { message, advice }
            | Outcome::Failed { message, advice, .. }
            | Outcome::Refused { message, advice, .. } => Some((message, advice)),
            Outcome::Ok | Outcome::NotTried => None,
        }
    }

    /// Whether to ask again before the schedule says so. AWS charges nothing for denying, so a permission that was given
    /// meanwhile is found soon.
    pub const fn is_retryable(&self) -> bool {
        match self {
            Outcome::Failed { retryable, .. } | Outcome::Refused { retryable, .. } => *retryable,
            Outcome::Ok | Outcome::Denied { .. } | Outcome::NotTried => true,
        }
    }
}

/// Runs that were stored before they said so were tried again every hour.
const fn yes() -> bool {
    true
}

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
        self.costs_pulled_at.map(|at| super::period::plus_days(at.date_naive(), -2))
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
        super::period::plus_days(next.first_day(), CORRECTED_DAYS) <= on
    }
}
