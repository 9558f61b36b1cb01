//! What is known of the account that a filing is of.

use std::collections::BTreeSet;

use crate::filing::projection::KnownScale;
use crate::values::money::Money;

/// What is known of the account beside the filing; nothing of it is needed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct KnownAccount {
    /// Services that a Credit row or a credit's list names: credit pays these, whoever makes the model.
    pub paid: BTreeSet<String>,
    /// Its pace and what it was granted.
    pub scale: KnownScale,
    /// Days until the credit left is used up, at the middle; `None` where that is not known.
    pub credit_days_left: Option<i64>,
    /// What 28 days spend on models and accelerators, at the pace of this month.
    pub model_spend_28d: Money,
    /// The partner that config names: it can file for the company.
    pub partner: Option<String>,
}

impl KnownAccount {
    /// With the partner that config names, if it names one.
    pub fn with_partner(self, partner: Option<&str>) -> KnownAccount {
        KnownAccount { partner: partner.map(str::to_owned), ..self }
    }
}
