//! In which order pools are shown.

use crate::domain::position::{PoolPosition, PoolStatus, Position};

/// The pools' indices, those that still hold credit first, the soonest to expire ahead; AWS draws in that order too.
pub(super) fn left_first(position: &Position) -> Vec<usize> {
    let pools = &position.credits.pools;
    let over = |pool: &PoolPosition| {
        !pool.left.is_positive() || matches!(pool.status, PoolStatus::Exhausted | PoolStatus::Expired)
    };
    let mut order: Vec<usize> = (0..pools.len()).collect();
    // Stable, so that pools alike in both stay in drawing order.
    order.sort_by_key(|index| (over(&pools[*index]), pools[*index].expires_on));
    order
}
