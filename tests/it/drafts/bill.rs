//! Bills made by hand, day by day: usage with its charges, through the last complete day.

use std::collections::BTreeMap;

use chrono::{Datelike, NaiveDate};
use glidepath::domain::values::money::{Money, Quantity};
use glidepath::domain::values::period::{BillingPeriod, DayRange, plus_days};

use crate::support::values::{day, usd};
use crate::support::world::World;

pub const SONNET_SERVICE: &str = "Claude Sonnet 5 (Amazon Bedrock Edition)";
const HAIKU_SERVICE: &str = "Claude Haiku 4.5 (Amazon Bedrock Edition)";

/// Service, usage type and unit.
type Name = (String, String, String);

/// A bill of whole days.
#[derive(Debug, Clone)]
pub struct Bill {
    complete: DayRange,
    rows: BTreeMap<(NaiveDate, Name), (Money, Quantity)>,
}

impl Bill {
    /// From `first` to before `end`.
    pub fn new(first: &str, end: &str) -> Bill {
        Bill { complete: DayRange::new(day(first), day(end)), rows: BTreeMap::new() }
    }

    pub fn complete(&self) -> DayRange {
        self.complete
    }

    pub fn days(&self) -> Vec<NaiveDate> {
        self.complete.days().collect()
    }

    pub fn newest(&self, count: i64) -> DayRange {
        DayRange::new(plus_days(self.complete.end, -count).max(self.complete.start), self.complete.end)
    }

    pub fn cost_of(&self, days: DayRange) -> Money {
        self.rows.iter().filter(|((on, _), _)| days.contains(*on)).map(|(_, (cost, _))| *cost).sum()
    }

    fn add(&mut self, on: NaiveDate, name: Name, cost: Money, quantity: Quantity) {
        let row = self.rows.entry((on, name)).or_default();
        row.0 += cost;
        row.1 += quantity;
    }

    pub fn usage(&mut self, on: NaiveDate, service: &str, usage_type: &str, unit: &str, quantity: &str, cost: &str) {
        let name = (service.to_owned(), usage_type.to_owned(), unit.to_owned());
        self.add(on, name, usd(cost), quantity.parse().unwrap());
    }

    /// A service whose detail says no more.
    pub fn amount(&mut self, on: NaiveDate, service: &str, cost: &str) {
        self.usage(on, service, "Use", "N/A", "1", cost);
    }

    /// Instance hours at a price an hour.
    pub fn hours(&mut self, on: NaiveDate, service: &str, usage_type: &str, hours: &str, price: &str) {
        let cost = usd(price).times(hours.parse().unwrap());
        self.usage(on, service, usage_type, "Hrs", hours, &cost.to_string());
    }

    /// Millions of tokens at list prices: plain input, read from the cache, and output. `routing` is a suffix of the bill's.
    pub fn sonnet(&mut self, on: NaiveDate, input: &str, cached: &str, output: &str, routing: &str) {
        let prices = if routing == "_Global" { ["2", "0.2", "10"] } else { ["2.2", "0.22", "11"] };
        self.claude(on, SONNET_SERVICE, [input, cached, output], routing, prices);
    }

    /// The same of Haiku, without a cache.
    pub fn haiku(&mut self, on: NaiveDate, input: &str, output: &str) {
        self.claude(on, HAIKU_SERVICE, [input, "0", output], "_Global", ["1", "0.1", "5"]);
    }

    fn claude(&mut self, on: NaiveDate, service: &str, millions: [&str; 3], routing: &str, prices: [&str; 3]) {
        let meters = ["InputTokenCount", "CacheReadInputTokenCount", "OutputTokenCount"];
        for ((meter, millions), price) in meters.into_iter().zip(millions).zip(prices) {
            let cost = usd(price).times(millions.parse().unwrap());
            if !cost.is_zero() {
                let usage_type = format!("USE1-MP:USE1_{meter}{routing}-Units");
                self.usage(on, service, &usage_type, "Units", millions, &cost.to_string());
            }
        }
    }

    /// As facts, pulled two days after the last complete day.
    pub fn world(&self) -> World {
        let mut world = World::on(&plus_days(self.complete.end, 1).to_string());
        let mut sums: BTreeMap<(NaiveDate, &str), Money> = BTreeMap::new();
        for ((on, (service, usage_type, unit)), (cost, quantity)) in &self.rows {
            world = world.usage(&on.to_string(), service, usage_type, unit, &cost.to_string(), &quantity.to_string());
            *sums.entry((*on, service)).or_default() += *cost;
        }
        for ((on, service), cost) in sums {
            world.add_charge(on, service, "Usage", &cost.to_string());
        }
        world
    }

    /// The same account once the month after its bill is over, which went as the bill does: each of its days as the same day of
    /// the month before, and the days to it likewise.
    pub fn further_month(&self) -> World {
        let month = BillingPeriod::of(plus_days(self.complete.end, -1)).next();
        let mut gone_on = self.clone();
        for on in DayRange::new(self.complete.end, month.range().end).days() {
            // What every day costs goes on; the 31st is as the 30th.
            let before = month.plus_months(-2);
            let like = plus_days(before.first_day(), i64::from(on.day()).min(before.days()) - 1);
            let rows: Vec<_> =
                self.rows.range((like, Name::default())..).take_while(|((day, _), _)| *day == like).collect();
            for ((_, name), (cost, quantity)) in rows {
                gone_on.add(on, name.clone(), *cost, *quantity);
            }
        }
        gone_on.complete.end = month.range().end;
        gone_on.world()
    }
}
