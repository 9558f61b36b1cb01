//! Credit that has ended for some use and goes on paying for other use: each credit names its services, and some their
//! purchase types too.

use chrono::NaiveDate;

use crate::position::{PoolStatus, Position};
use crate::values::money::Money;
use crate::values::words::all_names_text;
use crate::values::workload::Workload;

/// What has ended, and what goes on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EndedInPart {
    /// What is no longer paid in whole.
    pub workloads: Vec<Workload>,
    /// Credit left for other use.
    pub left: Money,
}

impl EndedInPart {
    /// `Trainium`, `Trainium and Supporting services`.
    pub fn names(&self) -> String {
        let names: Vec<&str> = self.workloads.iter().map(|workload| workload.label()).collect();
        all_names_text(&names)
    }
}

impl Position {
    /// What has ended, where by complete days some use is no longer paid while credit for other use is left.
    pub fn ended_in_part(&self) -> Option<EndedInPart> {
        let through = self.data_through?;
        let ended = |day: Option<NaiveDate>| day.is_some_and(|day| day <= through);
        let active = self.credits.pools.iter().filter(|pool| pool.status == PoolStatus::Active);
        let left: Money = active.map(|pool| pool.left).sum();
        let workloads = self.exhaustion.by_workload.iter().filter(|of| ended(of.dates.p50)).map(|of| of.workload);
        let workloads: Vec<Workload> = workloads.collect();
        let in_part = ended(self.exhaustion.total.p50) && left >= Money::ONE && !workloads.is_empty();
        in_part.then_some(EndedInPart { workloads, left })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::alert::fixture::{day, pool, position, usd};
    use crate::position::WorkloadExhaustion;
    use crate::values::quantiles::DateQuantiles;

    #[test]
    fn credit_that_is_left_pays_for_other_use() {
        let mut ended = position();
        let gone = DateQuantiles::certain(day("2026-03-01"));
        ended.exhaustion.total = gone;
        ended.exhaustion.by_workload = [(Workload::Trainium, gone), (Workload::Supporting, gone)]
            .map(|(workload, dates)| WorkloadExhaustion { workload, dates })
            .to_vec();
        ended.credits.pools = vec![pool()];
        ended.credits.pools[0].left = usd("0.99");
        assert_eq!(ended.ended_in_part(), None, "nothing worth a word is left");
        ended.credits.pools[0].left = usd("500");
        let part = ended.ended_in_part().unwrap();
        assert_eq!((part.names().as_str(), part.left), ("Trainium and Supporting services", usd("500")));
        ended.credits.pools[0].status = PoolStatus::Paused;
        assert_eq!(ended.ended_in_part(), None, "what is switched off pays for nothing");
        ended.credits.pools[0].status = PoolStatus::Active;
        ended.exhaustion.total = DateQuantiles::certain(day("2027-01-01"));
        assert_eq!(ended.ended_in_part(), None, "it has not ended yet");
    }
}
