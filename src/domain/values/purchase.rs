//! How something is bought: on demand, as Spot, or under a commitment. A credit may be limited to some of these.
//!
//! The bill tells the commitments by record type and Spot by usage type; all else is bought on demand. AWS's billing model
//! leaves the names of a credit's purchase types open, so they are read by the telling word, and a name without one is kept:
//! whether such a credit pays is then unknown.

/// A purchase type.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Purchase {
    /// As it is used, at the list price or below it.
    #[default]
    OnDemand,
    /// Spare capacity.
    Spot,
    /// Under a Reserved Instance.
    Reserved,
    /// Under a Savings Plan.
    SavingsPlan,
}

impl Purchase {
    /// Every purchase type.
    pub const ALL: [Purchase; 4] = [Purchase::OnDemand, Purchase::Spot, Purchase::Reserved, Purchase::SavingsPlan];

    /// Its name for people.
    pub const fn label(self) -> &'static str {
        match self {
            Purchase::OnDemand => "on-demand use",
            Purchase::Spot => "Spot",
            Purchase::Reserved => "Reserved Instances",
            Purchase::SavingsPlan => "Savings Plans",
        }
    }
}

/// True for the usage type of Spot capacity: `USE2-SpotUsage:trn1.32xlarge`.
pub fn is_spot(usage_type: &str) -> bool {
    let mut words = usage_type.split(|c: char| !c.is_ascii_alphanumeric());
    words.any(|word| word.starts_with("SpotUsage") || word == "Spot")
}

/// Whether a limit lets a credit pay for a purchase type.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Lets {
    /// It pays.
    Yes,
    /// AWS limits the credit in a word that is not known here.
    Perhaps,
    /// It does not pay.
    No,
}

/// The purchase types that a credit pays for.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum PurchaseLimit {
    /// All: AWS states no limit.
    #[default]
    None,
    /// Only these.
    To {
        /// Those that are understood.
        known: Vec<Purchase>,
        /// Names that are not.
        unread: Vec<String>,
    },
}

impl PurchaseLimit {
    /// Reads AWS's `purchaseTypeApplications`; absent or empty, the credit pays for all.
    ///
    /// ```
    /// use glidepath_core::values::purchase::{Lets, Purchase, PurchaseLimit};
    /// let limit = PurchaseLimit::read(Some(&["ON_DEMAND".to_owned()]));
    /// assert_eq!((limit.lets(Purchase::OnDemand), limit.lets(Purchase::Spot)), (Lets::Yes, Lets::No));
    /// ```
    pub fn read(names: Option<&[String]>) -> Self {
        let Some(names) = names.filter(|names| !names.is_empty()) else { return PurchaseLimit::None };
        let (mut known, mut unread) = (Vec::new(), Vec::new());
        for name in names {
            let letters = name.chars().filter(char::is_ascii_alphanumeric);
            let folded: String = letters.map(|c| c.to_ascii_lowercase()).collect();
            match folded.as_str() {
                "all" | "allpurchasetypes" => return PurchaseLimit::None,
                name if name.contains("ondemand") => known.push(Purchase::OnDemand),
                name if name.contains("spot") => known.push(Purchase::Spot),
                name if name.contains("savingsplan") => known.push(Purchase::SavingsPlan),
                name if name.contains("reserved") || name.contains("reservation") => known.push(Purchase::Reserved),
                _ => unread.push(name.clone()),
            }
        }
        PurchaseLimit::To { known, unread }
    }

    /// Whether a credit under this limit pays for `purchase`.
    pub fn lets(&self, purchase: Purchase) -> Lets {
        match self {
            PurchaseLimit::None => Lets::Yes,
            PurchaseLimit::To { known, .. } if known.contains(&purchase) => Lets::Yes,
            PurchaseLimit::To { unread, .. } if unread.is_empty() => Lets::No,
            PurchaseLimit::To { .. } => Lets::Perhaps,
        }
    }

    /// Names of the limit that are not understood.
    pub fn unread(&self) -> &[String] {
        match self {
            PurchaseLimit::None => &[],
            PurchaseLimit::To { unread, .. } => unread,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn limit(names: &[&str]) -> PurchaseLimit {
        let names: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
        PurchaseLimit::read(Some(&names))
    }

    #[test]
    fn a_limit_is_read_by_the_telling_word() {
        use Lets::{No, Perhaps, Yes};
        // By name: on demand, Spot, reserved, Savings Plans.
        for (names, lets) in [
            (&["ON_DEMAND"][..], [Yes, No, No, No]),
            (&["OnDemand"], [Yes, No, No, No]),
            (&["On Demand Instances"], [Yes, No, No, No]),
            (&["Spot Instances"], [No, Yes, No, No]),
            (&["SPOT"], [No, Yes, No, No]),
            (&["Standard Reserved Instances"], [No, No, Yes, No]),
            (&["RESERVATION"], [No, No, Yes, No]),
            (&["SavingsPlans"], [No, No, No, Yes]),
            (&["SAVINGS_PLAN"], [No, No, No, Yes]),
            (&["on-demand", "spot"], [Yes, Yes, No, No]),
            (&["All"], [Yes, Yes, Yes, Yes]),
            (&["WHATEVER"], [Perhaps, Perhaps, Perhaps, Perhaps]),
            (&["ON_DEMAND", "WHATEVER"], [Yes, Perhaps, Perhaps, Perhaps]),
            (&[], [Yes, Yes, Yes, Yes]),
        ] {
            assert_eq!(Purchase::ALL.map(|purchase| limit(names).lets(purchase)), lets, "{names:?}");
        }
        assert_eq!(PurchaseLimit::read(None), PurchaseLimit::None);
        assert_eq!(limit(&["ON_DEMAND", "WHATEVER"]).unread(), ["WHATEVER"]);
    }

    #[test]
    fn spot_is_told_by_the_usage_type() {
        for (usage_type, spot) in [
            ("SpotUsage:trn1.32xlarge", true),
            ("USE2-SpotUsage:trn2.48xlarge", true),
            ("EUW1-SpotUsage-Fargate-vCPU-Hours:perCPU", true),
            ("BoxUsage:trn1.32xlarge", false),
            ("USE1-Hotspots-Requests", false),
        ] {
            assert_eq!(is_spot(usage_type), spot, "{usage_type}");
        }
    }
}
