//! [`Expiry`]: credit that ends because it expires with something left in it. Such a day is known and not forecast, and
//! "will probably run out" would be the wrong word for it.

use chrono::NaiveDate;

use crate::position::{Exhaustion, PoolPosition, PoolStatus, Position};
use crate::values::money::Money;
use crate::values::words::{day_text, names_text, usd_text};

/// Why credit ends on a day.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Expiry<'p> {
    /// The credits that expire then, in drawing order.
    names: Vec<&'p str>,
    /// What of them expires unused in half of the paths; `None` where the outlook does not say.
    unused: Option<Money>,
    /// The same day at all odds, so that nothing about it is a forecast.
    pub certain: bool,
}

impl Expiry<'_> {
    /// `Activate Portfolio expires`
    pub fn expires(&self) -> String {
        format!("{} {}", names_text(&self.names), if self.names.len() == 1 { "expires" } else { "expire" })
    }

    /// `Activate Portfolio expired`
    pub fn expired(&self) -> String {
        format!("{} expired", names_text(&self.names))
    }

    /// `; about $4,000 of it will be unused`, or nothing.
    pub fn unused(&self) -> String {
        self.unused.map_or_else(String::new, |unused| format!("; about {} of it will be unused", usd_text(unused)))
    }
}

impl Position {
    /// The credits whose expiry ends credit on `day`, a date of exhaustion that lies ahead of the data. A pool that is used
    /// up by the day it expires ends by use.
    pub fn expiry_on(&self, day: NaiveDate) -> Option<Expiry<'_>> {
        if self.data_through.is_some_and(|through| day <= through) {
            return None;
        }
        let ends = |pool: &&PoolPosition| {
            let live = matches!(pool.status, PoolStatus::Active | PoolStatus::Pending | PoolStatus::Expired);
            live && pool.expires_on == day && pool.breakage.p50.is_none_or(|unused| unused >= Money::ONE)
        };
        let pools: Vec<&PoolPosition> = self.credits.pools.iter().filter(ends).collect();
        if pools.is_empty() {
            return None;
        }
        Some(Expiry {
            names: pools.iter().map(|pool| pool.name.as_str()).collect(),
            unused: pools.iter().map(|pool| pool.breakage.p50).sum(),
            certain: self.exhaustion.total.same_day() == Some(day),
        })
    }

    /// When credit ends if spend goes as filed, as a sentence; `None` where nothing is filed, no pool is known or credit has
    /// ended.
    pub fn end_as_filed(&self) -> Option<String> {
        let Exhaustion { total, as_filed, filed, .. } = &self.exhaustion;
        let over = total.p50.zip(self.data_through).is_some_and(|(day, through)| day <= through);
        if !filed || over || self.credits.pools.is_empty() {
            return None;
        }
        Some(as_filed.map_or_else(
            || "If spend goes as filed, credits last over a year.".to_owned(),
            |day| format!("If spend goes as filed, credits end on {}.", day_text(day)),
        ))
    }

    /// The day on which credit ends if spend goes as filed, where that is earlier than the early date of the outlook.
    pub fn sooner_as_filed(&self) -> Option<NaiveDate> {
        let Exhaustion { total, as_filed, .. } = &self.exhaustion;
        as_filed.filter(|filed| total.p10.is_none_or(|early| *filed < early))
    }

    /// The expiry that ends credit at all odds, and its day.
    pub fn certain_expiry(&self) -> Option<(NaiveDate, Expiry<'_>)> {
        let day = self.exhaustion.total.same_day()?;
        self.expiry_on(day).map(|expiry| (day, expiry))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::alert::fixture::{day, pool, position, usd};
    use crate::values::quantiles::{DateQuantiles, MoneyQuantiles};

    fn ending(status: PoolStatus, unused: Option<&str>) -> Position {
        let mut position = position();
        let breakage = MoneyQuantiles { p50: unused.map(usd), ..MoneyQuantiles::default() };
        position.credits.pools = vec![PoolPosition { expires_on: day("2026-04-13"), status, breakage, ..pool() }];
        position.exhaustion.total = DateQuantiles::certain(day("2026-04-13"));
        position
    }

    #[test]
    fn a_pool_that_expires_with_credit_left_ends_it() {
        let position = ending(PoolStatus::Active, Some("4321"));
        let (on, expiry) = position.certain_expiry().unwrap();
        assert_eq!((on, expiry.certain), (day("2026-04-13"), true));
        assert_eq!(expiry.expires(), "Activate Portfolio expires");
        assert_eq!(expiry.unused(), "; about $4,321 of it will be unused");
        assert_eq!(position.expiry_on(day("2026-04-12")), None, "another day");
        let unsaid = ending(PoolStatus::Active, None);
        assert_eq!(unsaid.certain_expiry().unwrap().1.unused(), "");
    }

    #[test]
    fn credit_that_is_used_up_off_or_over_does_not_end_by_expiry() {
        assert_eq!(ending(PoolStatus::Active, Some("0.99")).certain_expiry(), None, "used up by then");
        assert_eq!(ending(PoolStatus::Exhausted, None).certain_expiry(), None);
        assert_eq!(ending(PoolStatus::Paused, None).certain_expiry(), None);
        let mut seen = ending(PoolStatus::Expired, None);
        assert!(seen.certain_expiry().is_some(), "it expired after the last complete day");
        seen.data_through = Some(day("2026-04-13"));
        assert_eq!(seen.certain_expiry(), None, "it is in the data");
    }

    #[test]
    fn several_pools_of_one_day_and_odds_that_differ() {
        let mut position = ending(PoolStatus::Active, Some("4321"));
        position.credits.pools.push(PoolPosition { name: "POC".into(), ..position.credits.pools[0].clone() });
        position.exhaustion.total.p10 = Some(day("2026-04-01"));
        let expiry = position.expiry_on(day("2026-04-13")).unwrap();
        assert_eq!((expiry.expires().as_str(), expiry.certain), ("Activate Portfolio, POC expire", false));
        assert_eq!(expiry.unused(), "; about $8,642 of it will be unused");
        assert_eq!(position.certain_expiry(), None);
    }
}
