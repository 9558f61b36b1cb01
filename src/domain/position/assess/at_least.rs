//! What AWS shows of the days that are not complete yet.

use super::Assessment;
use crate::billing::daily_cost::SplitCost;
use crate::credit::StatementSource;
use crate::position::Credits;
use crate::position::basis::AtLeast;
use crate::values::money::Money;

impl Assessment<'_> {
    /// Cost of the days after `data_through` so far, and what it leaves of credit; `None` while AWS shows nothing of them.
    pub(super) fn at_least(&self, credits: &Credits) -> Option<AtLeast> {
        let span = self.span?;
        let newer = || self.costs.split.iter().filter(|cost| cost.day > span.through);
        let through = newer().map(|cost| cost.day).max()?;
        let drawn: Money =
            self.ledger.drawdowns.iter().filter(|draw| draw.day > span.through).map(|draw| draw.amount).sum();
        let own = credits.remaining - drawn;
        Some(AtLeast {
            through,
            gross: newer().map(SplitCost::gross).sum(),
            credit_left_at_most: self.estimated_by_aws(credits).map_or(own, |left| own.min(left)).at_least_zero(),
        })
    }

    /// What AWS estimates to be left of all credits that can still pay; `None` unless it states each of them.
    fn estimated_by_aws(&self, credits: &Credits) -> Option<Money> {
        let today = self.facts.as_of.date_naive();
        let usable = credits.pools.iter().filter(|pool| pool.expires_on > today);
        let of_aws = usable.map(|pool| pool.stated.filter(|stated| stated.source != StatementSource::Recorded));
        let stated: Vec<Money> = of_aws.map(|stated| stated.map(|stated| stated.amount)).collect::<Option<_>>()?;
        (!stated.is_empty()).then(|| stated.into_iter().sum())
    }
}
