//! The bill as it reads at one moment: what has arrived, what was restated, the credits drawn and the tax.
//!
//! Day D shows a little of its usage on D itself, a part on D+1 and the whole from D+2 on, which is what people
//! observe of Cost Explorer. The part is a fixed share per usage type, so that it differs between them and never
//! between runs. A month's bill is final on the 10th of the next.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Datelike, Months, NaiveDate, NaiveTime, Utc};
use rust_decimal::Decimal;

use super::account::{CreditRows, DIGITS, FakeAccount, Line, first_of_month};
use super::drawdown::{self, Draw};

/// Day of the next month on which a month's bill is final.
const FINAL_ON: u32 = 10;

/// Everything that can be asked for at one moment.
#[derive(Debug)]
pub(super) struct Books {
    /// All lines, Credit and Tax rows included, by day.
    pub days: BTreeMap<NaiveDate, Vec<Line>>,
    /// What each credit paid, in the order in which it was drawn.
    pub draws: Vec<Draw>,
}

impl Books {
    /// The books of `account` as they read at `now`.
    pub(super) fn at(account: &FakeAccount, now: DateTime<Utc>) -> Self {
        let mut days = arrived(&account.lines, now);
        let mut draws = match account.credit_rows {
            CreditRows::Auto => drawdown::draw(&account.credits, &days, now.date_naive()),
            CreditRows::None => Vec::new(),
        };
        draws.retain(|draw| account.credit_applied.shows(draw.day, now));
        for draw in &draws {
            days.entry(draw.day).or_default().push(Line {
                day: draw.day,
                service: draw.service.clone(),
                record_type: "Credit".to_owned(),
                usage_type: draw.usage_type.clone(),
                unit: String::new(),
                quantity: Decimal::ZERO,
                cost: -draw.amount,
                visible_from: None,
            });
        }
        for tax in taxes(&days, account.tax_rate) {
            days.entry(tax.day).or_default().push(tax);
        }
        if let Some((joined, _)) = account.joined.filter(|(_, forgotten)| *forgotten <= now) {
            days.retain(|day, _| *day >= joined);
        }
        Books { days, draws }
    }
}

/// True once the bill of the month that `day` lies in is final.
pub(super) fn is_final(day: NaiveDate, now: DateTime<Utc>) -> bool {
    let closed = first_of_month(day) + Months::new(1);
    closed.with_day(FINAL_ON).is_some_and(|closing| closing.and_time(NaiveTime::MIN).and_utc() <= now)
}

/// What makes two lines one row of the bill: day, service, record type, usage type, unit.
type LineKey<'a> = (NaiveDate, &'a str, &'a str, &'a str, &'a str);

/// The lines visible at `now`, restatements added to what they restate.
fn arrived(lines: &[Line], now: DateTime<Utc>) -> BTreeMap<NaiveDate, Vec<Line>> {
    let mut netted: BTreeMap<LineKey<'_>, (Decimal, Decimal)> = BTreeMap::new();
    let mut restated = BTreeSet::new();
    for line in lines {
        let Some(share) = visible_share(line, now) else { continue };
        let key = (line.day, &*line.service, &*line.record_type, &*line.usage_type, &*line.unit);
        let sum = netted.entry(key).or_default();
        sum.0 += (line.quantity * share).round_dp(DIGITS);
        sum.1 += (line.cost * share).round_dp(DIGITS);
        if line.visible_from.is_some() {
            restated.insert(key);
        }
    }
    let mut days: BTreeMap<NaiveDate, Vec<Line>> = BTreeMap::new();
    for (key, (quantity, cost)) in netted {
        // AWS keeps rows that cost nothing, but what was corrected away is gone.
        if quantity.is_zero() && cost.is_zero() && restated.contains(&key) {
            continue;
        }
        let (day, service, record_type, usage_type, unit) = key;
        days.entry(day).or_default().push(Line {
            day,
            service: service.to_owned(),
            record_type: record_type.to_owned(),
            usage_type: usage_type.to_owned(),
            unit: unit.to_owned(),
            quantity,
            cost,
            visible_from: None,
        });
    }
    days
}

/// The share of a line that has arrived at `now`; `None` if no row of it exists yet.
fn visible_share(line: &Line, now: DateTime<Utc>) -> Option<Decimal> {
    if let Some(from) = line.visible_from {
        return (from <= now).then_some(Decimal::ONE);
    }
    let mark = line.service.bytes().chain(line.usage_type.bytes()).map(i64::from).sum::<i64>();
    match (now.date_naive() - line.day).num_days() {
        ..0 => None,
        // Half of the usage types have not reported at all on the day itself.
        0 => (mark % 2 == 0).then(|| Decimal::new(5, 2)),
        1 => Some(Decimal::new(40 + mark % 40, 2)),
        _ => Some(Decimal::ONE),
    }
}

/// A month's tax on what credits left unpaid, to the cent: one row on the first, none in a fully covered month.
fn taxes(days: &BTreeMap<NaiveDate, Vec<Line>>, rate: Decimal) -> Vec<Line> {
    let mut unpaid: BTreeMap<NaiveDate, Decimal> = BTreeMap::new();
    for line in days.values().flatten().filter(|line| line.record_type != "Tax") {
        *unpaid.entry(first_of_month(line.day)).or_default() += line.cost;
    }
    unpaid
        .into_iter()
        .map(|(month, amount)| (month, (amount * rate).round_dp(2)))
        .filter(|(_, tax)| *tax > Decimal::ZERO)
        .map(|(month, cost)| Line {
            day: month,
            service: "Tax".to_owned(),
            record_type: "Tax".to_owned(),
            usage_type: "Tax".to_owned(),
            unit: String::new(),
            quantity: Decimal::ZERO,
            cost,
            visible_from: None,
        })
        .collect()
}
