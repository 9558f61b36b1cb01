//! What is known of the account that a filing is of.

use std::collections::BTreeSet;

use chrono::Datelike;
use rust_decimal::Decimal;

use crate::credit::CoverageState;
use crate::money::Money;
use crate::position::Position;
use crate::projection::KnownScale;
use crate::workload::Workload;

/// Days over which spend on models and accelerators is looked at.
const DAYS: i64 = 28;

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

impl From<&Position> for KnownAccount {
    fn from(position: &Position) -> Self {
        let pays = |state| matches!(state, CoverageState::Covered | CoverageState::Exhausted);
        let days_left = position.data_through.zip(position.exhaustion.total.p50);
        let day = position.data_through.map_or(1, |through| i64::from(through.day()));
        let models = position.workloads.iter().filter(|row| {
            matches!(row.workload, Workload::BedrockInference | Workload::Trainium | Workload::Inferentia)
        });
        KnownAccount {
            paid: position.coverage.iter().filter(|row| pays(row.state)).map(|row| row.service.clone()).collect(),
            scale: position.known_scale(),
            credit_days_left: days_left.map(|(through, end)| (end - through).num_days()),
            model_spend_28d: models.map(|row| row.cost).sum::<Money>().times(Decimal::from(DAYS)).per(day),
            partner: None,
        }
    }
}
