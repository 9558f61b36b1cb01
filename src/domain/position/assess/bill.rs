//! The bill so far: gross, credit, refund, tax and net through the last complete day, and the burn.

use super::Assessment;
use crate::facts::charge::{BillPart, record_kind};
use crate::facts::rows::ChargeKind;
use crate::position::{BurnPerDay, Spend};
use crate::values::money::Money;
use crate::values::period::DayRange;

impl Assessment<'_> {
    /// Part of the bill per kind of charge: decided once per name, since it does not depend on the amount.
    pub(super) fn bill_parts(&self) -> Vec<BillPart> {
        let part = |kind: &ChargeKind| record_kind(&kind.record_type, Money::ZERO).part;
        self.facts.charge_kinds.iter().map(part).collect()
    }

    pub(super) fn spend(&self) -> Spend {
        let Some(span) = self.span else { return Spend::default() };
        let mut spend = Spend::default();
        let (parts, month) = (self.bill_parts(), span.month_to_date());
        for row in self.facts.charges.iter().filter(|row| row.day <= span.through) {
            match parts[row.kind] {
                BillPart::Gross => {
                    spend.gross_to_date += row.cost;
                    if month.contains(row.day) {
                        spend.gross_month_to_date += row.cost;
                    }
                }
                BillPart::Credit => spend.credit_to_date += row.cost,
                BillPart::Refund => spend.refund_to_date += row.cost,
                BillPart::Tax => spend.tax_to_date += row.cost,
            }
            spend.net_to_date += row.cost;
        }
        let burn = |days: DayRange| {
            let recurring = self.costs.split.iter().filter(|cost| days.contains(cost.day));
            Some(recurring.map(|cost| cost.payable + cost.unpayable).sum::<Money>().per(days.len()))
        };
        spend.burn_per_day = BurnPerDay { last_7_days: burn(span.last(7)), last_28_days: burn(span.last(28)) };
        spend
    }
}
