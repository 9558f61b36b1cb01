//! How much is granted of the band that Portfolio, AI records and smaller awards reach together.
//!
//! Partners call the band the GenAI tier. It is no credit and no programme: what fills it is every award but the accelerator's.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::credit::programme::{Programme, Programmes};
use crate::values::money::Money;
use crate::values::words::usd_text;

/// What is granted so far of the band that all awards but the accelerator's reach together.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct GrantedBand {
    /// US dollars that all programmes but the accelerator granted, every pool ever seen.
    pub granted: Money,
    /// US dollars at which the band ends, as it is reported.
    pub ceiling: Money,
    /// US dollars of pools whose programme config does not name. They count neither here nor in the next ask.
    pub unnamed: Money,
}

impl GrantedBand {
    /// The band, of what each programme granted and of what pools without a programme did; `None` where nothing was granted.
    pub fn of(granted: &BTreeMap<Programme, Money>, unnamed: Money) -> Option<GrantedBand> {
        let counted = granted.iter().filter(|(programme, _)| **programme != Programme::Accelerator);
        let counted: Money = counted.map(|(_, usd)| *usd).sum();
        let ceiling = Programmes::builtin().of(Programme::AiRecord).ceiling_usd;
        (counted.is_positive() || unnamed.is_positive()).then_some(GrantedBand { granted: counted, ceiling, unnamed })
    }

    /// US dollars that are left of it.
    pub fn left(&self) -> Money {
        (self.ceiling - self.granted).at_least_zero()
    }

    /// How far it is filled, in a sentence or two.
    pub fn sentence(&self) -> String {
        let (granted, ceiling) = (usd_text(self.granted), usd_text(self.ceiling));
        let band = format!(
            "the band of about {ceiling} that Portfolio, AI records and smaller awards reach together (the GenAI tier)"
        );
        let filled = if self.left().is_positive() {
            format!("Of {band}, {granted} is granted.")
        } else {
            format!("{granted} is granted: {band} is full.")
        };
        if !self.unnamed.is_positive() {
            return filled;
        }
        let unnamed = usd_text(self.unnamed);
        format!("{filled} Another {unnamed} is of credits whose programme is not named; it is not counted.")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn band(granted: &[(Programme, &str)], unnamed: &str) -> Option<GrantedBand> {
        let granted = granted.iter().map(|(programme, usd)| (*programme, usd.parse().unwrap())).collect();
        GrantedBand::of(&granted, unnamed.parse().unwrap())
    }

    #[test]
    fn every_award_but_the_accelerators_counts() {
        use Programme::{Accelerator, ActivatePortfolio, AiRecord, BedrockPoc, Founders};
        assert_eq!(band(&[], "0"), None);
        assert_eq!(band(&[(Accelerator, "400000")], "0"), None);
        let most = [(ActivatePortfolio, "100000"), (AiRecord, "145000"), (BedrockPoc, "25000"), (Founders, "5000")];
        let found = band(&[&most[..], &[(Accelerator, "400000")]].concat(), "0").unwrap();
        assert_eq!((found.granted, found.left()), ("275000".parse().unwrap(), "25000".parse().unwrap()));
        assert_eq!(
            found.sentence(),
            "Of the band of about $300,000 that Portfolio, AI records and smaller awards reach together (the GenAI tier), \
             $275,000 is granted."
        );
        let full = band(&[(ActivatePortfolio, "200000"), (AiRecord, "120000")], "0").unwrap();
        assert_eq!(full.left(), Money::ZERO);
        assert_eq!(
            full.sentence(),
            "$320,000 is granted: the band of about $300,000 that Portfolio, AI records and smaller awards reach together \
             (the GenAI tier) is full."
        );
    }

    #[test]
    fn what_no_programme_is_named_for_is_said_and_not_counted() {
        let found = band(&[], "5000").unwrap();
        assert_eq!((found.granted, found.left()), (Money::ZERO, found.ceiling));
        let said = "$0.00 is granted. Another $5,000 is of credits whose programme is not named; it is not counted.";
        assert!(found.sentence().ends_with(said), "{}", found.sentence());
    }
}
