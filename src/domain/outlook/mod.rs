//! The outlook: what the next year of spend does to the pools, with odds.
//!
//! Each workload is forecast apart (`future`), its odds become random paths (`odds`), and every path of all workloads
//! together goes through the same fold as the actual costs (`simulate`), so that dates, breakage and bills follow from one
//! mechanism. Floats stay inside this folder; what leaves it is dates and micro-dollars.
//!
//! Invariants: the same inputs give the same outlook to the byte (the seed is fixed and every workload has its own stream of
//! random numbers); a path never has negative cost; p10 dates are never after p50, nor p50 after p90.

pub mod monthly_bill;
pub mod track_record;

mod changes;
mod future;
mod gain;
mod horizon;
mod inputs;
mod made;
mod make;
mod odds;
mod recent;
mod sensitivity;
mod shown;
mod simulate;
mod spread;
mod summary;
mod swing;
mod tally;

pub use self::changes::{Changes, Effect, FiledDays, Foreseen};
pub use self::future::Basis;
pub use self::gain::Gain;
pub use self::horizon::{
    EXPOSURE_DAYS, HORIZON_DAYS, LEAST_REACH, TRAJECTORY_MONTHS, UNCOVERED_THRESHOLD, first_full_month, horizon_end,
};
pub use self::inputs::{MonthSoFar, OutlookInputs, payable_from};
pub use self::made::{AsFiled, BillOutlook, Exposure, MadeWith, Outlook, PoolOutlook, ServiceOutlook};
pub use self::make::{days_ahead, outlook, outlook_along, outlook_with_sensitivity};
pub use self::odds::FORGETTING;
pub use self::swing::{Assumed, CacheDoubt, Doubts, Sensitivity, Shift, Swing};
