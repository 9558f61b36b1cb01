//! What AWS billed: [`Charge`] is the money, [`Usage`] its detail.
//!
//! Invariants: every charge belongs to exactly one [`BillPart`], so that gross + credit + refund + tax = net per day
//! to the last digit; a record type that this program does not know is classified by its sign, reported and kept.

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

use super::money::{Money, Quantity};

/// One day's cost of one service under one Cost Explorer record type.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Charge {
    /// UTC day.
    pub day: NaiveDate,
    /// Service name as Cost Explorer spells it.
    pub service: String,
    /// Cost Explorer's RECORD_TYPE, verbatim.
    pub record_type: String,
    /// Unblended cost with AWS's sign.
    pub billed_cost: Money,
    /// True until AWS has finalised the month's bill.
    pub estimated: bool,
}

/// One day's cost and quantity of one usage type: the detail under [`Charge`], without Credit, Refund and Tax.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Usage {
    /// UTC day.
    pub day: NaiveDate,
    /// Service name as Cost Explorer spells it.
    pub service: String,
    /// AWS's usage type, verbatim.
    pub usage_type: String,
    /// Unblended cost with AWS's sign.
    pub cost: Money,
    /// Metered quantity in `unit`.
    pub quantity: Quantity,
    /// AWS's unit text, verbatim (`Hrs`, `1K tokens`, `Units`, `N/A`).
    pub unit: String,
    /// True until AWS has finalised the month's bill.
    pub estimated: bool,
}

/// FOCUS 1.2 ChargeCategory.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum ChargeCategory {
    /// Consumption, discounts on it included.
    Usage,
    /// Commitments, upfront and one-time fees.
    Purchase,
    /// Tax.
    Tax,
    /// Credit applied.
    Credit,
    /// Refunds and other corrections.
    Adjustment,
}

impl ChargeCategory {
    /// FOCUS's spelling, as stored.
    pub const fn as_str(self) -> &'static str {
        match self {
            ChargeCategory::Usage => "Usage",
            ChargeCategory::Purchase => "Purchase",
            ChargeCategory::Tax => "Tax",
            ChargeCategory::Credit => "Credit",
            ChargeCategory::Adjustment => "Adjustment",
        }
    }
}

/// The four parts of a bill: gross + credit + refund + tax = net, each with AWS's sign.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum BillPart {
    /// Everything but the other three.
    Gross,
    /// Credit applied; negative.
    Credit,
    /// Refunds; negative. Not drawn from a pool, passed through to the cash.
    Refund,
    /// Tax; reappears when credits stop.
    Tax,
}

/// How a record type counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RecordKind {
    /// FOCUS category.
    pub category: ChargeCategory,
    /// Part of the bill.
    pub part: BillPart,
    /// Whether promotional credit may pay it: not upfront fees, not support.
    pub payable: bool,
    /// A lump on its day: cash, and no part of burn.
    pub one_off: bool,
    /// False for a record type that is not in AWS's documentation as of writing.
    pub known: bool,
}

/// How Cost Explorer's RECORD_TYPE counts; an unknown one is classified by the sign of `cost`.
///
/// Spelling is compared without case, spaces and punctuation, since AWS's own tools differ in it.
///
/// ```
/// use glidepath::domain::charge::{record_kind, BillPart};
/// use glidepath::domain::money::Money;
/// assert_eq!(record_kind("Credit", -Money::ONE).part, BillPart::Credit);
/// assert!(record_kind("Upfront", Money::ONE).one_off);
/// assert!(!record_kind("Whatever AWS adds next", Money::ONE).known);
/// ```
pub fn record_kind(record_type: &str, cost: Money) -> RecordKind {
    use BillPart::{Credit, Gross, Refund, Tax};
    use ChargeCategory as C;
    let kind = |category, part, payable, one_off| RecordKind { category, part, payable, one_off, known: true };
    let folded: String =
        record_type.chars().filter(char::is_ascii_alphanumeric).map(|c| c.to_ascii_lowercase()).collect();
    match folded.as_str() {
        "usage" | "discountedusage" | "savingsplancoveredusage" | "savingsplannegation" => {
            kind(C::Usage, Gross, true, false)
        }
        // Discounts lower the price before credits see it, so they lower what a pool is asked to pay.
        "bundleddiscount" | "discount" | "edpdiscount" | "privateratediscount" => kind(C::Usage, Gross, true, false),
        "savingsplanrecurringfee" | "rifee" | "recurring" => kind(C::Purchase, Gross, true, false),
        "savingsplanupfrontfee" | "upfront" | "fee" => kind(C::Purchase, Gross, false, true),
        "support" | "other" | "flatratesubscription" => kind(C::Usage, Gross, false, false),
        "credit" => kind(C::Credit, Credit, false, false),
        "refund" => kind(C::Adjustment, Refund, false, false),
        "tax" => kind(C::Tax, Tax, false, false),
        // Everything but Credit, Refund and Tax is gross. Whether a pool may pay something unheard of is not
        // ours to assume, so it is not drawn.
        _ if cost.is_negative() => RecordKind { known: false, ..kind(C::Adjustment, Gross, false, false) },
        _ => RecordKind { known: false, ..kind(C::Usage, Gross, false, false) },
    }
}

/// True for the usage type of a Capacity Block reservation fee: an upfront lump that credits do not pay, whatever
/// record type carries it.
pub fn is_capacity_block_fee(usage_type: &str) -> bool {
    usage_type.contains("CapacityBlockFee")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_documented_record_type_has_its_part() {
        for (text, part, payable, one_off) in [
            ("Usage", BillPart::Gross, true, false),
            ("DiscountedUsage", BillPart::Gross, true, false),
            ("SavingsPlanCoveredUsage", BillPart::Gross, true, false),
            ("SavingsPlanNegation", BillPart::Gross, true, false),
            ("SavingsPlanRecurringFee", BillPart::Gross, true, false),
            ("SavingsPlanUpfrontFee", BillPart::Gross, false, true),
            ("RIFee", BillPart::Gross, true, false),
            ("Recurring", BillPart::Gross, true, false),
            ("Upfront", BillPart::Gross, false, true),
            ("Fee", BillPart::Gross, false, true),
            ("BundledDiscount", BillPart::Gross, true, false),
            ("EdpDiscount", BillPart::Gross, true, false),
            ("Private Rate Discount", BillPart::Gross, true, false),
            ("Support", BillPart::Gross, false, false),
            ("Credit", BillPart::Credit, false, false),
            ("Refund", BillPart::Refund, false, false),
            ("Tax", BillPart::Tax, false, false),
        ] {
            let kind = record_kind(text, Money::ONE);
            assert_eq!((kind.part, kind.payable, kind.one_off, kind.known), (part, payable, one_off, true), "{text}");
        }
    }

    #[test]
    fn unknown_record_types_count_by_sign_and_are_never_payable() {
        let dear = record_kind("Mystery", Money::ONE);
        let negative = record_kind("Mystery", -Money::ONE);
        assert_eq!((dear.part, dear.category, dear.payable), (BillPart::Gross, ChargeCategory::Usage, false));
        assert_eq!((negative.part, negative.category), (BillPart::Gross, ChargeCategory::Adjustment));
    }
}
