//! Which bills take cash: defined once, for every sentence that speaks of them.

use crate::outlook::first_full_month;
use crate::outlook::monthly_bill::MonthlyBill;
use crate::position::Position;
use crate::values::period::BillingPeriod;

impl Position {
    /// First calendar month that lies wholly after the middle date of exhaustion; `None` for an account on the free plan,
    /// which AWS closes then.
    pub fn first_full_month(&self) -> Option<BillingPeriod> {
        self.exhaustion.total.p50.filter(|_| self.free_plan().is_none()).map(first_full_month)
    }

    /// The bill of that month, or the running one where that month is over; `None` where the outlook does not reach it.
    pub fn first_full_bill(&self) -> Option<&MonthlyBill> {
        let first = self.first_full_month()?;
        self.trajectory.iter().find(|bill| bill.month >= first)
    }
}

#[cfg(test)]
mod tests {
    use crate::alert::fixture::{day, position};
    use crate::values::quantiles::DateQuantiles;

    #[test]
    fn the_first_full_month_begins_after_the_day() {
        let mut ending = position();
        for (end, month) in [("2026-03-31", "2026-04"), ("2026-04-01", "2026-05"), ("2026-04-30", "2026-05")] {
            ending.exhaustion.total = DateQuantiles::certain(day(end));
            assert_eq!(ending.first_full_month(), month.parse().ok(), "{end}");
        }
        assert_eq!(position().first_full_month(), None);
    }
}
