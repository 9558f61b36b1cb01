//! Credits as AWS lists them, what AWS says of their use, and balances that people type in.

use crate::values::money::Money;
use crate::values::period::BillingPeriod;
use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// Whether a pool's credit is taken before or after cross-service discounts: what it is asked to pay is the cost without
/// them, or with them. AWS documents the order of credits without it; observers report that it can change the order too.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ApplicationType {
    /// `BEFORE_CROSS_SERVICE_DISCOUNTS`.
    BeforeDiscounts,
    /// `AFTER_DISCOUNTS`.
    AfterDiscounts,
}

impl ApplicationType {
    /// By the telling word, since AWS's answers were seen to spell it otherwise than its model.
    pub fn read(text: &str) -> Option<Self> {
        let letters = text.chars().filter(char::is_ascii_alphanumeric);
        let folded: String = letters.map(|c| c.to_ascii_lowercase()).collect();
        let says = |words: [&str; 2]| words.iter().any(|word| folded.contains(word));
        if says(["before", "prediscount"]) {
            Some(ApplicationType::BeforeDiscounts)
        } else if says(["after", "postdiscount"]) {
            Some(ApplicationType::AfterDiscounts)
        } else {
            None
        }
    }
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn application_types_are_read_by_the_telling_word() {
        use ApplicationType::{AfterDiscounts, BeforeDiscounts};
        for (text, expected) in [
            ("BEFORE_CROSS_SERVICE_DISCOUNTS", Some(BeforeDiscounts)),
            ("BeforeCrossServiceDiscounts", Some(BeforeDiscounts)),
            ("before discounts", Some(BeforeDiscounts)),
            ("PRE_DISCOUNT", Some(BeforeDiscounts)),
            ("AFTER_DISCOUNTS", Some(AfterDiscounts)),
            ("After_Cross_Service_Discounts", Some(AfterDiscounts)),
            ("AfterDiscounts", Some(AfterDiscounts)),
            ("POST-DISCOUNT", Some(AfterDiscounts)),
            ("DURING", None),
            ("", None),
        ] {
            assert_eq!(ApplicationType::read(text), expected, "{text}");
        }
    }
}
