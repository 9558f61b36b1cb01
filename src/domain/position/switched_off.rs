//! Credit that its owner has switched off while no other credit holds anything: it pays nothing, and it is not used up.

use crate::position::{PoolPosition, PoolStatus, Position};
use crate::values::money::Money;

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
    use crate::alert::fixture::{day, health, pool, position, usd};
    use crate::alert::{AlertRules, evaluate};
    use crate::position::observations::Observations;
    use crate::values::quantiles::DateQuantiles;

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

    /// Neither title nor text says that it has run out, by complete days or by what AWS shows of the days after them.
    #[test]
    fn what_is_switched_off_has_not_run_out() {
        for from in ["2026-03-01", "2026-03-12", "2026-03-13", "2026-03-14", "2026-03-16"] {
            let mut position = position();
            position.credits.pools = vec![PoolPosition { status: PoolStatus::Paused, ..pool() }];
            position.exhaustion.total = DateQuantiles::certain(day(from));
            let found = evaluate(&position, &health(), &Observations::default(), &AlertRules::default());
            let gone = found.findings.iter().find(|it| it.key == "exhaustion:total").expect("it is told");
            let starts = "Credit is switched off: $9,000 is left in Activate Portfolio, and ";
            assert!(gone.summary.starts_with(starts) && !gone.reason.contains("award"), "{gone:?}");
            assert!(gone.named.is_some_and(|named| named.in_part), "its title would say that it has run out: {gone:?}");
            assert_eq!(found.part_of.get("paused_credit:4711").map(String::as_str), Some("exhaustion:total"));
        }
    }
}
