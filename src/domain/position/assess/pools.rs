//! What each pool holds: its balance at the end of the last complete day, and how the position shows it.

use chrono::NaiveDate;
use rust_decimal::Decimal;

use super::Assessment;
use crate::credit::awaited::drawn_as_stated;
use crate::credit::rows::credit_rows;
use crate::credit::unlisted::UnlistedCredit;
use crate::credit::{CreditPool, Statement, StatementSource};
use crate::outlook::Outlook;
use crate::position::{Credits, PoolPosition, PoolStatus};
use crate::values::money::Money;
use crate::values::period::{DayRange, plus_days};

impl Assessment<'_> {
    /// A pool's balance at the end of `data_through`: AWS's newest statement, moved there by replay; our own
    /// arithmetic only where AWS states nothing.
    pub(super) fn balance(&self, pool: usize) -> Money {
        let credit = &self.ledger.pools[pool];
        if credit.is_gone() {
            return Money::ZERO;
        }
        let Some(span) = self.span else { return credit.stated.map_or(credit.granted, |stated| stated.amount) };
        if credit.stated.is_none() && credit.expired_by(span.first) {
            // It ended before anything was stored: what it paid, and so what it lost, is not known.
            return Money::ZERO;
        }
        let drawn = |days: DayRange| {
            let inside = self.ledger.drawdowns.iter().filter(|d| d.pool == pool && days.contains(d.day));
            inside.map(|d| d.amount).sum::<Money>()
        };
        let after = plus_days(span.through, 1);
        let balance = match credit.stated {
            None => credit.granted - drawn(span.days()),
            Some(stated) if stated.at <= span.through => {
                stated.amount - drawn(DayRange::new(plus_days(stated.at, 1), after))
            }
            // AWS's estimate knows the partial days that Cost Explorer already shows, and what is derived in its place has
            // them taken off; the outlook starts before them, so what they drew goes back in.
            Some(stated) if stated.amount.is_positive() && self.knows_partial_days(stated, after) => {
                (stated.amount + drawn(DayRange::new(after, plus_days(stated.at, 1)))).min(credit.granted)
            }
            // That nothing is left after the partial days does not say what was before them.
            Some(stated)
                if !stated.amount.is_positive() && drawn_as_stated(&self.ledger, &self.facts, pool, span.through) =>
            {
                credit.granted - drawn(span.days())
            }
            Some(stated) => stated.amount,
        };
        (balance - self.awaited_of(pool, balance)).at_least_zero()
    }

    /// What `balance`, which AWS states, still holds of the credit that it has yet to apply; nothing where replay leaves as
    /// much.
    fn awaited_of(&self, pool: usize, balance: Money) -> Money {
        let awaited: Money = self.awaited.iter().filter(|draw| draw.pool == pool).map(|draw| draw.amount).sum();
        let Some(span) = self.span.filter(|_| awaited.is_positive()) else { return Money::ZERO };
        let drawn = self.ledger.drawdowns.iter().filter(|draw| draw.pool == pool && draw.day <= span.through);
        let own = self.ledger.pools[pool].granted - drawn.map(|draw| draw.amount).sum::<Money>();
        (balance - own).at_least_zero().min(awaited)
    }

    /// How far the balances that the outlook starts from are from what replay alone makes of the grants, as a share of the
    /// balances: how wrong either may be.
    pub(super) fn balance_gap(&self) -> Decimal {
        let Some(span) = self.span else { return Decimal::ZERO };
        let gap = |(pool, (credit, left)): (usize, (&CreditPool, &Money))| {
            let drawn = self.ledger.drawdowns.iter().filter(|d| d.pool == pool && span.days().contains(d.day));
            let own = (credit.granted - drawn.map(|d| d.amount).sum::<Money>()).at_least_zero();
            (own - *left).abs()
        };
        let live = |(_, (credit, _)): &(usize, (&CreditPool, &Money))| {
            credit.stated.is_some() && credit.window().contains(span.days().end)
        };
        let pools = self.ledger.pools.iter().zip(&self.balances).enumerate();
        let gap: Money = pools.filter(live).map(gap).sum();
        gap.ratio(self.balances.iter().copied().sum()).unwrap_or_default()
    }

    fn knows_partial_days(&self, stated: Statement, day: NaiveDate) -> bool {
        stated.source == StatementSource::Derived || self.credit_rows_since(day)
    }

    fn credit_rows_since(&self, day: NaiveDate) -> bool {
        credit_rows(&self.facts).any(|(_, row_day, amount)| row_day >= day && amount.is_positive())
    }

    pub(super) fn credits(&self, outlook: Option<&Outlook>) -> Credits {
        let pools: Vec<PoolPosition> =
            (0..self.ledger.pools.len()).map(|pool| self.pool_position(pool, outlook)).collect();
        Credits {
            granted: pools.iter().map(|pool| pool.granted).sum(),
            remaining: pools.iter().map(|pool| pool.remaining).sum(),
            left: pools.iter().map(|pool| pool.left).sum(),
            unlisted: pools.is_empty().then(|| UnlistedCredit::of(&self.facts)),
            pools,
        }
    }

    fn pool_position(&self, pool: usize, outlook: Option<&Outlook>) -> PoolPosition {
        let credit = &self.ledger.pools[pool];
        let through = self.span.map_or(NaiveDate::MIN, |span| span.through);
        let draws = || self.ledger.drawdowns.iter().filter(|draw| draw.pool == pool && draw.day <= through);
        let drawn: Money = draws().map(|draw| draw.amount).sum();
        let over = credit.is_gone() || credit.expired_by(self.facts.as_of.date_naive());
        let ahead = outlook.and_then(|outlook| outlook.pools.iter().find(|ahead| ahead.id == credit.id));
        PoolPosition {
            id: credit.id.clone(),
            name: credit.name.clone(),
            programme: credit.programme,
            granted: credit.granted,
            drawn,
            remaining: if over { Money::ZERO } else { credit.granted - drawn },
            left: if over { Money::ZERO } else { self.balances[pool] },
            stated: credit.stated,
            starts_on: credit.starts_on,
            expires_on: credit.expires_on,
            status: self.status(pool),
            delisted: credit.delisted,
            exhausted_on: if drawn == credit.granted { draws().map(|draw| draw.day).max() } else { None },
            exhausts_on: ahead.map(|ahead| ahead.exhausts_on).unwrap_or_default(),
            breakage: ahead.map(|ahead| ahead.breakage).unwrap_or_default(),
        }
    }

    fn status(&self, pool: usize) -> PoolStatus {
        let (credit, today) = (&self.ledger.pools[pool], self.facts.as_of.date_naive());
        match () {
            () if credit.expired_by(today) => PoolStatus::Expired,
            () if credit.is_gone() => PoolStatus::Gone,
            () if today < credit.starts_on => PoolStatus::Pending,
            () if !self.balances[pool].is_positive() => PoolStatus::Exhausted,
            () if credit.paused_from.is_some() => PoolStatus::Paused,
            () => PoolStatus::Active,
        }
    }
}
