//! What to say of credits that AWS lists no more.

use super::{PoolPosition, Position};
use crate::values::words::day_text;

/// What to say of credits that AWS lists no more and that are taken to go on.
pub fn sentences(position: &Position) -> impl Iterator<Item = String> {
    let of = |pool: &PoolPosition| {
        let delisted = pool.delisted.filter(|delisted| !delisted.gone && pool.left.is_positive())?;
        Some(format!(
            "AWS no longer lists the credit {} (last on {}). What is left of it is computed from what it pays.",
            pool.name,
            day_text(delisted.last_listed_on)
        ))
    };
    position.credits.pools.iter().filter_map(of)
}
