//! What a position tells of the account that a filing is of.

use super::Position;
use crate::credit::coverage::CoverageState;
use crate::filing::ask::KnownAccount;
use crate::values::money::Money;
use crate::values::workload::Workload;
use chrono::Datelike as _;
use rust_decimal::Decimal;

/// Days over which spend on models and accelerators is looked at.
const DAYS: i64 = 28;

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
