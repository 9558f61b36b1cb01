//! Credit that its owner has switched off while no other credit holds anything: it pays nothing, and it is not used up.

use super::money::Money;
use super::position::{PoolPosition, PoolStatus, Position};

/// What is switched off.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SwitchedOff {
    /// The credits by name.
    pub names: Vec<String>,
    /// What is left in them.
    pub left: Money,
}

impl Position {
    /// The credits that are switched off, where all credit that is left is in them.
    pub fn switched_off(&self) -> Option<SwitchedOff> {
        let holds = |pool: &&PoolPosition| pool.left >= Money::ONE;
        let of = |wanted: fn(PoolStatus) -> bool| {
            self.credits.pools.iter().filter(holds).filter(move |pool| wanted(pool.status))
        };
        let pays = of(|status| matches!(status, PoolStatus::Active | PoolStatus::Pending)).next().is_some();
        let off = || of(|status| status == PoolStatus::Paused);
        let names: Vec<String> = off().map(|pool| pool.name.clone()).collect();
        (!pays && !names.is_empty()).then(|| SwitchedOff { names, left: off().map(|pool| pool.left).sum() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::alert::fixture::{pool, position, usd};

    #[test]
    fn credit_is_switched_off_where_no_other_holds_any() {
        use PoolStatus::{Active, Exhausted, Paused, Pending};
        for (pools, left) in [
            (&[(Paused, "500")][..], Some("500")),
            (&[(Paused, "500"), (Paused, "70")], Some("570")),
            (&[(Paused, "500"), (Exhausted, "0")], Some("500")),
            (&[(Paused, "500"), (Active, "0.20")], Some("500")),
            (&[(Paused, "500"), (Active, "70")], None),
            (&[(Paused, "500"), (Pending, "70")], None),
            (&[(Paused, "0.20")], None),
            (&[(Active, "500")], None),
            (&[], None),
        ] {
            let mut position = position();
            let of = |(status, left): &(PoolStatus, &str)| PoolPosition { status: *status, left: usd(left), ..pool() };
            position.credits.pools = pools.iter().map(of).collect();
            assert_eq!(position.switched_off().map(|off| off.left), left.map(usd), "{pools:?}");
        }
    }
}
