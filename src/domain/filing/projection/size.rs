//! What a filing comes to in dollars, beside what is known of the account: what is worth a second look, and what cannot be
//! meant.

use std::collections::BTreeMap;

use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{FiledProjection, plan};
use crate::billing::price::PriceBook;
use crate::values::money::Money;
use crate::values::period::BillingPeriod;
use crate::values::words::{or_more, usd_text};

/// A month this many times above or below the pace is worth a look, and this many times above anything known is refused.
const FAR: Decimal = Decimal::ONE_HUNDRED;
/// No month up to this is refused, whatever is known.
const LARGE: Decimal = Decimal::from_parts(1_000_000, 0, 0, false, 0);

/// What a month of a filing comes to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct FiledMonth {
    /// Billing period.
    pub month: BillingPeriod,
    /// All records together.
    pub usd: Money,
}

/// What a filing comes to: by month of its window, without one over twelve months from the first that it plans.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct FilingSize {
    /// In order.
    pub months: Vec<FiledMonth>,
    /// Their sum.
    pub total_usd: Money,
    /// What the filing asks for.
    pub asked_usd: Option<Money>,
}

/// What is known of the account that a filing is of.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct KnownScale {
    /// Cost a day of the last 28 days; `None` without a bill.
    pub pace_per_day: Option<Money>,
    /// Credit granted.
    pub granted: Money,
}

impl KnownScale {
    /// What a month costs at the pace of the last 28 days.
    pub fn month(&self, month: BillingPeriod) -> Option<Money> {
        self.pace_per_day.map(|pace| pace.times(Decimal::from(month.days())))
    }

    /// True if `usd` in `month` is more than 100 times the pace, or less than a hundredth of it and not nothing.
    pub fn is_far(&self, month: BillingPeriod, usd: Money) -> bool {
        let pace = self.month(month).filter(|pace| pace.is_positive());
        let times = pace.and_then(|pace| usd.ratio(pace));
        times.is_some_and(|times| times > FAR || (usd.is_positive() && times < Decimal::ONE / FAR))
    }
}

impl FilingSize {
    /// Prices a filing; what has no price is in no sum.
    pub fn of(filing: &FiledProjection, book: &PriceBook, service_of_model: impl Fn(&str) -> String) -> FilingSize {
        let windows = filing.windows();
        let months = windows.months();
        let mut sums: BTreeMap<BillingPeriod, Money> = BTreeMap::new();
        let mut month = months.start;
        while month < months.end {
            sums.insert(month, Money::ZERO);
            month = month.next();
        }
        let records = filing.records.iter().enumerate().map(|(at, record)| (record.id.as_str(), at));
        let records: BTreeMap<&str, usize> = records.collect();
        for planned in plan(filing, book, months, service_of_model).months {
            let record = records.get(planned.record.as_str());
            let within = record.and_then(|record| windows.within(*record, planned.month));
            let cost = within.map_or(Money::ZERO, |within| planned.cost.times(within.share));
            *sums.entry(planned.month).or_default() += cost;
        }
        let months: Vec<FiledMonth> = sums.into_iter().map(|(month, usd)| FiledMonth { month, usd }).collect();
        let total_usd = months.iter().map(|month| month.usd).sum();
        FilingSize { months, total_usd, asked_usd: filing.asked_usd() }
    }

    /// Months that are far from the pace of the bill, each with its dollars.
    pub fn remarks(&self, known: &KnownScale) -> Vec<String> {
        let far = |FiledMonth { month, usd }: &FiledMonth| {
            let pace = known.month(*month).filter(|pace| pace.is_positive())?;
            let times = usd.ratio(pace)?;
            let beside = format!(
                "{} is planned for {month}, and at the pace of the last 28 days it would be {}",
                or_more(*usd, usd_text),
                usd_text(pace)
            );
            if times > FAR {
                return Some(format!("{beside}: more than 100 times as much"));
            }
            (usd.is_positive() && times < Decimal::ONE / FAR).then(|| format!("{beside}: less than a hundredth"))
        };
        self.months.iter().filter_map(far).collect()
    }

    /// Why it cannot be meant: a month above a million dollars and above 100 times anything known, or a total above 100 times
    /// what is asked for.
    pub fn refusals(&self, known: &KnownScale) -> Vec<String> {
        let most = |month: BillingPeriod| {
            known.month(month).unwrap_or_default().max(known.granted).max(self.asked_usd.unwrap_or_default())
        };
        let month = self
            .months
            .iter()
            .filter(|FiledMonth { month, usd }| usd.amount() > LARGE && *usd > most(*month).times(FAR));
        let month = month.max_by_key(|month| month.usd).map(|FiledMonth { month, usd }| {
            let most = most(*month);
            let beside = if most.is_zero() {
                "nothing is known of the account that comes near it".to_owned()
            } else {
                format!("the most that is known of the account is {}", usd_text(most))
            };
            format!("{} is planned for {month}, and {beside}", or_more(*usd, usd_text))
        });
        let asked = self.asked_usd.filter(|asked| self.total_usd > asked.times(FAR)).map(|asked| {
            format!(
                "{} is planned in all, more than 100 times the {} that it asks for",
                or_more(self.total_usd, usd_text),
                usd_text(asked)
            )
        });
        month.into_iter().chain(asked).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn usd(text: &str) -> Money {
        text.parse().unwrap()
    }

    /// A filing of one service at `month` dollars, with what else stands at its top.
    fn size(top: &str, month: &str) -> FilingSize {
        let text = format!(
            "filed_on = \"2026-02-01\"\n{top}\n[[record]]\nid = \"ai\"\n[[record.service]]\nservice = \"Amazon Bedrock\"\n\
             monthly = [{{ from = \"2026-02\", usd = \"{month}\" }}]\n"
        );
        let filing = FiledProjection::parse(&text).unwrap();
        FilingSize::of(&filing, &PriceBook::builtin(), |_| "Amazon Bedrock".to_owned())
    }

    #[test]
    fn the_months_are_those_of_the_window_or_twelve() {
        let plain = size("", "100");
        assert_eq!((plain.months.len(), plain.total_usd), (12, usd("1200")));
        let window = "window = { starts_on = \"2026-03-01\", expires_on = \"2026-06-15\" }";
        let within = size(window, "100");
        let all = within.total_usd.cents();
        assert_eq!((within.months.len(), all), (4, usd("346.67").amount()), "of June 14 of 30 days");
    }

    #[test]
    fn what_cannot_be_meant_is_refused_with_its_dollars() {
        let known = |pace: &str, granted: &str| KnownScale { pace_per_day: Some(usd(pace)), granted: usd(granted) };
        for (top, month, known, refused) in [
            ("", "1000000", KnownScale::default(), 0),
            ("", "1000001", KnownScale::default(), 1),
            ("", "1000001", known("400", "0"), 0),
            ("", "2000000", known("400", "5000"), 1),
            ("", "2000000", known("400", "25000"), 0),
            ("asked_usd = \"25000\"", "208333", KnownScale::default(), 0),
            ("asked_usd = \"25000\"", "208334", KnownScale::default(), 1),
            ("asked_usd = \"25000\"", "3000000", KnownScale::default(), 2),
        ] {
            let said = size(top, month).refusals(&known);
            assert_eq!(said.len(), refused, "{top} {month} {known:?}: {said:?}");
            assert!(said.iter().all(|said| said.contains('$')), "{said:?}");
        }
    }

    #[test]
    fn months_far_from_the_pace_are_told() {
        let known = KnownScale { pace_per_day: Some(usd("10")), granted: Money::ZERO };
        let told = |month: &str| size("", month).remarks(&known).len();
        assert_eq!([told("0"), told("2.5"), told("4"), told("30500")], [0, 12, 0, 5], "of months of up to 30 days");
        assert_eq!(told("40000"), 12);
        assert_eq!(size("", "40000").remarks(&KnownScale::default()), Vec::<String>::new(), "without a bill");
    }
}
