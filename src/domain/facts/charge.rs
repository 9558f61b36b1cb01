//! What AWS billed: [`Charge`] is the money, [`Usage`] its detail.
//!
//! Invariants: every charge belongs to exactly one [`BillPart`], so that gross + credit + refund + tax = net per day
//! to the last digit; a record type that this program does not know is classified by its sign, reported and kept.

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

use crate::values::money::{Money, Quantity};
use crate::values::purchase::Purchase;

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

/// What credit may do about a gross charge.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// Promotional credit may pay it.
    Payable(Purchase),
    /// It lowers what credit is asked to pay, like the use that it is taken off.
    Discount,
    /// A lump on its day: cash, and no part of burn.
    OneOff,
    /// Credit never pays it, and it comes again: support. Also what is no gross charge.
    Unpayable,
}

/// How a record type counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RecordKind {
    /// FOCUS category.
    pub category: ChargeCategory,
    /// Part of the bill.
    pub part: BillPart,
    /// What credit may do about it.
    pub role: Role,
    /// False for a record type that is not in AWS's documentation as of writing.
    pub known: bool,
}

impl RecordKind {
    /// How an amount of it counts. A known record type counts the same whatever its sign. Of one that nobody knows, what is
    /// negative lowers what credit is asked to pay, as a discount does, and what is positive is not ours to have credit pay.
    #[must_use]
    pub fn of(self, cost: Money) -> RecordKind {
        match (self.known, cost.is_negative()) {
            (false, true) if self.role == Role::Unpayable => {
                RecordKind { category: ChargeCategory::Adjustment, role: Role::Discount, ..self }
            }
            _ => self,
        }
    }
}

/// How Cost Explorer's RECORD_TYPE counts; an unknown one is classified by the sign of `cost`.
///
/// ```
/// use glidepath_core::facts::charge::{record_kind, BillPart, Role};
/// use glidepath_core::values::money::Money;
/// assert_eq!(record_kind("Credit", -Money::ONE).part, BillPart::Credit);
/// assert_eq!(record_kind("Upfront", Money::ONE).role, Role::OneOff);
/// assert_eq!(record_kind("Enterprise Discount Program Discount", -Money::ONE).role, Role::Discount);
/// assert!(!record_kind("Whatever AWS adds next", Money::ONE).known);
/// ```
pub fn record_kind(record_type: &str, cost: Money) -> RecordKind {
    named(record_type).of(cost)
}

/// By name alone, an unknown one as if its amount were positive. Spelling is compared without case, spaces and punctuation,
/// since AWS's console, API and exports differ in it.
fn named(record_type: &str) -> RecordKind {
    use BillPart::{Credit, Gross, Refund, Tax};
    use ChargeCategory as C;
    let kind = |category, part, role| RecordKind { category, part, role, known: true };
    let used = |purchase| kind(C::Usage, Gross, Role::Payable(purchase));
    let committed = |purchase| kind(C::Purchase, Gross, Role::Payable(purchase));
    let discount = kind(C::Usage, Gross, Role::Discount);
    let one_off = kind(C::Purchase, Gross, Role::OneOff);
    let letters = record_type.chars().filter(char::is_ascii_alphanumeric);
    let folded: String = letters.map(|c| c.to_ascii_lowercase()).collect();
    let folded = folded.replace("savingsplans", "savingsplan").replace("reservedinstance", "ri");
    match folded.as_str() {
        "usage" => used(Purchase::OnDemand),
        "discountedusage" | "reservationappliedusage" | "riappliedusage" => used(Purchase::Reserved),
        "savingsplancoveredusage" | "savingsplannegation" => used(Purchase::SavingsPlan),
        "savingsplanrecurringfee" => committed(Purchase::SavingsPlan),
        "rifee" | "rirecurringfee" | "recurring" | "recurringreservationfee" => committed(Purchase::Reserved),
        "savingsplanupfrontfee" | "riupfrontfee" | "upfrontreservationfee" | "upfrontfee" | "upfront" | "fee" => {
            one_off
        }
        "othercharge" | "outofcyclecharge" | "outofcyclecharges" | "otheroutofcyclecharges" => one_off,
        "support" | "supportfee" | "other" | "flatratesubscription" => kind(C::Usage, Gross, Role::Unpayable),
        "credit" | "credits" => kind(C::Credit, Credit, Role::Unpayable),
        "refund" | "refunds" => kind(C::Adjustment, Refund, Role::Unpayable),
        "tax" | "taxes" => kind(C::Tax, Tax, Role::Unpayable),
        name if is_known_discount(name) => discount,
        // A name that says what it is counts as that, and is shown as new.
        name if name.ends_with("discount") || name.ends_with("discounts") => RecordKind { known: false, ..discount },
        name if name.contains("upfront") => RecordKind { known: false, ..one_off },
        _ => RecordKind { known: false, ..kind(C::Usage, Gross, Role::Unpayable) },
    }
}

/// What AWS calls its discounts before the word, in the console, in the API and in exports.
const DISCOUNTS: [&str; 14] = [
    "",
    "bundled",
    "edp",
    "enterprise",
    "enterprisediscountprogram",
    "privaterate",
    "privateratecard",
    "privatepricing",
    "solutionprovider",
    "solutionproviderprogram",
    "spp",
    "distributor",
    "rivolume",
    "volume",
];

/// Whether a folded name is one of AWS's discounts, in the singular or the plural.
fn is_known_discount(name: &str) -> bool {
    let singular = name.strip_suffix('s').unwrap_or(name);
    let of = singular.strip_suffix("discount").or_else(|| singular.strip_suffix("discountprogram"));
    of.is_some_and(|of| DISCOUNTS.contains(&of))
}

/// True for the usage type of a Capacity Block reservation fee: an upfront lump that credits do not pay, whatever
/// record type carries it.
pub fn is_capacity_block_fee(usage_type: &str) -> bool {
    usage_type.contains("CapacityBlockFee")
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Names as AWS's console, API and exports write them.
    fn documented() -> Vec<(&'static str, BillPart, Role)> {
        use BillPart::{Credit, Gross, Refund, Tax};
        use Role::{Discount, OneOff, Payable, Unpayable};
        let mut named = vec![
            ("Usage", Gross, Payable(Purchase::OnDemand)),
            ("DiscountedUsage", Gross, Payable(Purchase::Reserved)),
            ("Reservation applied usage", Gross, Payable(Purchase::Reserved)),
            ("SavingsPlanCoveredUsage", Gross, Payable(Purchase::SavingsPlan)),
            ("SavingsPlanNegation", Gross, Payable(Purchase::SavingsPlan)),
            ("SavingsPlanRecurringFee", Gross, Payable(Purchase::SavingsPlan)),
            ("RIFee", Gross, Payable(Purchase::Reserved)),
            ("Recurring", Gross, Payable(Purchase::Reserved)),
            ("SavingsPlanUpfrontFee", Gross, OneOff),
            ("Savings Plan Upfront Fee", Gross, OneOff),
            ("Savings Plans upfront fee", Gross, OneOff),
            ("RI Upfront Fee", Gross, OneOff),
            ("Upfront reservation fee", Gross, OneOff),
            ("Upfront", Gross, OneOff),
            ("Fee", Gross, OneOff),
            ("Support", Gross, Unpayable),
            ("Support fee", Gross, Unpayable),
            ("Credit", Credit, Unpayable),
            ("Refund", Refund, Unpayable),
            ("Tax", Tax, Unpayable),
        ];
        named.extend(
            [
                "Discount",
                "BundledDiscount",
                "Bundled Discount",
                "EdpDiscount",
                "EDP Discount",
                "Enterprise Discount Program Discount",
                "Enterprise Discount Program",
                "PrivateRateDiscount",
                "Private Rate Discount",
                "Private Rate Card Discount",
                "Solution Provider Program Discount",
                "SppDiscount",
                "Distributor Discount",
                "Reserved Instance volume discount",
                "RIVolumeDiscount",
            ]
            .map(|name| (name, Gross, Discount)),
        );
        named
    }

    #[test]
    fn every_documented_record_type_has_its_part_in_any_spelling() {
        for (name, part, role) in documented() {
            let spellings = [
                name.to_owned(),
                name.to_uppercase(),
                name.to_lowercase(),
                name.replace(' ', ""),
                name.replace(' ', "_"),
                format!(" {} ", name.replace(' ', "-")),
            ];
            for text in spellings {
                // Whatever the sign: a discount may be taken back, and a fee returned.
                for cost in [Money::ONE, -Money::ONE] {
                    let kind = record_kind(&text, cost);
                    assert_eq!((kind.part, kind.role, kind.known), (part, role, true), "{text:?}");
                }
            }
        }
    }

    #[test]
    fn unknown_record_types_count_by_sign() {
        let dear = record_kind("Mystery", Money::ONE);
        let negative = record_kind("Mystery", -Money::ONE);
        assert_eq!((dear.part, dear.category, dear.role), (BillPart::Gross, ChargeCategory::Usage, Role::Unpayable));
        assert_eq!((negative.part, negative.category), (BillPart::Gross, ChargeCategory::Adjustment));
        assert_eq!((negative.role, dear.known, negative.known), (Role::Discount, false, false));
    }

    #[test]
    fn a_new_name_that_says_what_it_is_counts_as_that_and_is_shown() {
        for (name, role) in [("Startup Loyalty Discount", Role::Discount), ("Training plan upfront fee", Role::OneOff)]
        {
            for cost in [Money::ONE, -Money::ONE] {
                let kind = record_kind(name, cost);
                assert_eq!((kind.role, kind.known), (role, false), "{name}");
            }
        }
    }
}
