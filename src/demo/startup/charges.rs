//! Kinds of charges that the plain year does not have: switches that add them to it.

use std::collections::BTreeMap;

use chrono::{DateTime, Days, Months, NaiveDate, NaiveTime, Utc};
use rust_decimal::Decimal;

use super::year::{AI_RECORD_ID, BEDROCK, SAGEMAKER, day, price};
use crate::account::{FakeAccount, Line, first_of_month};

const PLANS: &str = "Savings Plans for AWS Compute usage";
/// The service that a bill-wide discount stands under.
const AGREEMENT: &str = "AWS Enterprise Discount";

/// A kind of charge that AWS bills to some.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Charges {
    /// A tenth off all use, row by row, under this record type.
    Discount(&'static str),
    /// A tenth off all use, a row a day under a service of its own.
    DiscountElsewhere,
    /// A tenth off Bedrock, a row a month on its last day.
    DiscountOnceAMonth,
    /// The newest credit applies before discounts.
    CreditBeforeDiscounts,
    /// A Savings Plan of 5,000 paid upfront on 10 November, returned and refunded on the 14th.
    PlanReturned,
    /// 1,800 of October's SageMaker refunded in November.
    UsageRefunded,
    /// Training on EC2 as Spot from August on, and the newest credit limited to on-demand use, in this spelling.
    SpotUnderALimit(&'static str),
}

impl Charges {
    /// `account` with charges of this kind.
    pub(super) fn add(self, mut account: FakeAccount) -> FakeAccount {
        match self {
            Charges::Discount(record_type) => {
                let off = tenths(&account, |_| true).into_iter();
                let off: Vec<Line> = off.map(|line| Line { record_type: record_type.to_owned(), ..line }).collect();
                off.into_iter().fold(account, FakeAccount::line)
            }
            Charges::DiscountElsewhere => {
                let mut days: BTreeMap<NaiveDate, Decimal> = BTreeMap::new();
                tenths(&account, |_| true).iter().for_each(|line| *days.entry(line.day).or_default() += line.cost);
                let row = |(on, cost)| lump(on, AGREEMENT, "EDP Discount", cost, midnight(on + Days::new(2)));
                days.into_iter().map(row).fold(account, FakeAccount::line)
            }
            Charges::DiscountOnceAMonth => {
                let mut months: BTreeMap<NaiveDate, Decimal> = BTreeMap::new();
                for line in tenths(&account, |line| line.service == BEDROCK) {
                    *months.entry(first_of_month(line.day)).or_default() += line.cost;
                }
                let row = |(month, cost): (NaiveDate, Decimal)| {
                    let next = month + Months::new(1);
                    lump(next - Days::new(1), BEDROCK, "Private Rate Card Discount", cost, midnight(next))
                };
                months.into_iter().map(row).fold(account, FakeAccount::line)
            }
            Charges::CreditBeforeDiscounts => {
                newest(&mut account, |credit| credit.application_type = "BEFORE_CROSS_SERVICE_DISCOUNTS".to_owned());
                account
            }
            Charges::PlanReturned => {
                let (on, back) = (day(2026, 11, 10), day(2026, 11, 14));
                let row = |on, record_type, cost| Line {
                    usage_type: "ComputeSP:1yrAllUpfront".to_owned(),
                    ..lump(on, PLANS, record_type, price(cost), midnight(on + Days::new(1)))
                };
                account.line(row(on, "SavingsPlanUpfrontFee", "5000")).line(row(back, "Refund", "-5000"))
            }
            Charges::UsageRefunded => {
                let on = day(2026, 11, 6);
                account.line(lump(on, SAGEMAKER, "Refund", price("-1800"), midnight(on + Days::new(1))))
            }
            Charges::SpotUnderALimit(spelling) => {
                let from = day(2026, 8, 1);
                let trained = |line: &&mut Line| line.usage_type == "BoxUsage:trn1.32xlarge" && line.day >= from;
                for line in account.lines.iter_mut().filter(trained) {
                    line.usage_type = "SpotUsage:trn1.32xlarge".to_owned();
                    line.cost = line.quantity * price("8.6");
                }
                newest(&mut account, |credit| credit.purchase_types = vec![spelling.to_owned()]);
                account
            }
        }
    }
}

fn newest(account: &mut FakeAccount, change: impl Fn(&mut crate::account::FakeCredit)) {
    account.credits.iter_mut().filter(|credit| credit.id == AI_RECORD_ID).for_each(change);
}

/// A tenth of each line of use, as it arrives, taken off; no quantity.
fn tenths(account: &FakeAccount, wanted: impl Fn(&Line) -> bool) -> Vec<Line> {
    let used = account.lines.iter().filter(|line| line.record_type == "Usage" && wanted(line));
    used.map(|line| Line { quantity: Decimal::ZERO, cost: -line.cost * price("0.1"), ..line.clone() }).collect()
}

fn lump(on: NaiveDate, service: &str, record_type: &str, cost: Decimal, seen: DateTime<Utc>) -> Line {
    Line {
        day: on,
        service: service.to_owned(),
        record_type: record_type.to_owned(),
        usage_type: record_type.to_owned(),
        unit: String::new(),
        quantity: Decimal::ZERO,
        cost,
        visible_from: Some(seen),
    }
}

fn midnight(day: NaiveDate) -> DateTime<Utc> {
    day.and_time(NaiveTime::MIN).and_utc()
}
