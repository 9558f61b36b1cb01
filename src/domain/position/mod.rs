//! One moment put together: everything that alerts, pages and reports render.

pub mod assess;
pub mod basis;
pub mod bills;
pub mod buys;
pub mod delisted;
pub mod ended_in_part;
pub mod expiry;
pub mod finding;
pub mod free_plan;
pub mod observations;
pub mod paces;
pub mod partial_days;
pub mod series;
pub mod switched_off;

mod known_account;
mod summary;

pub use self::summary::{
    Bills, BurnPerDay, Credits, DataQuality, Exhaustion, OutlookState, PoolPosition, PoolStatus, Position, Spend,
    UnclassifiedUsage, WorkloadExhaustion,
};
