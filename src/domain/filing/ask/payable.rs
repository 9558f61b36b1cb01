//! Which planned spend credit can pay, by the terms of AWS's promotional credit and by who makes a model.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::Knowledge;
use crate::credit::programme::Programmes;
use crate::filing::projection::{Driver, FiledProjection, PlannedMonth};

/// Why no credit pays something.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum CashReason {
    /// A model of a maker of whom it is not known that credit pays.
    UnknownCoverage,
    /// Bought as a Capacity Block, which is paid upfront.
    CapacityBlock,
    /// The terms of AWS's promotional credit leave the service out.
    Excluded,
}

impl CashReason {
    /// Half a sentence for people.
    pub const fn because(self) -> &'static str {
        match self {
            CashReason::UnknownCoverage => "it is not known that credit pays models of this maker",
            CashReason::CapacityBlock => {
                "it has no on-demand price and is bought as Capacity Blocks, upfront, which no credit pays"
            }
            CashReason::Excluded => "the terms of AWS's promotional credit leave it out",
        }
    }
}

/// Why no credit pays what is planned; `None` where credit can.
pub(super) fn cash_reason(
    filing: &FiledProjection,
    planned: &PlannedMonth,
    knowledge: &Knowledge<'_>,
) -> Option<CashReason> {
    if knowledge.account.paid.contains(&planned.service) && !matches!(planned.driver, Driver::ChipHours(_)) {
        return None;
    }
    let table = Programmes::builtin();
    match (&planned.model, &planned.instance_type) {
        (Some(model), _) => {
            let mut makers = knowledge.classifier.model_makers(model);
            (!makers.any(|maker| table.pays_models_of(maker))).then_some(CashReason::UnknownCoverage)
        }
        (None, Some(instance_type)) => {
            let listed = knowledge.book.accelerator(instance_type, filing.filed_on);
            let on_demand = listed.is_some_and(|price| price.usd_per_hour.is_some());
            (!on_demand).then_some(CashReason::CapacityBlock)
        }
        (None, None) => table.excludes(&planned.service).then_some(CashReason::Excluded),
    }
}
