//! Facts made by hand: a fictional account in March 2026, looked at on the morning of the 31st, so that the 29th is the last
//! complete day and the 30th is partial.

use std::sync::LazyLock;

use chrono::NaiveDate;
use glidepath::domain::alert::IngestHealth;
use glidepath::domain::billing::classify::Classifier;
use glidepath::domain::billing::price::PriceBook;
use glidepath::domain::credit::coverage::Coverage;
use glidepath::domain::credit::pools::ConfiguredPool;
use glidepath::domain::facts::Facts;
use glidepath::domain::facts::credits::{Allocation, CreditSnapshot, RecordedBalance, SeenCredit};
use glidepath::domain::facts::outcome::Outcome;
use glidepath::domain::facts::rows::{ChargeKind, ChargeRow, UsageKind, UsageRow};
use glidepath::domain::filing::next_award::Wanted;
use glidepath::domain::outlook::Outlook;
use glidepath::domain::position::Position;
use glidepath::domain::position::assess::{Assessment, Context};
use glidepath::domain::values::period::{DayRange, plus_days};

use super::values::{day, usd};

pub const BEDROCK: &str = "Amazon Bedrock";
pub const SONNET: &str = "Claude Sonnet 5 (Amazon Bedrock Edition)";
pub const EC2: &str = "Amazon Elastic Compute Cloud - Compute";
pub const RDS: &str = "Amazon Relational Database Service";

pub static CLASSIFIER: LazyLock<Classifier> = LazyLock::new(Classifier::builtin);
pub static PRICES: LazyLock<PriceBook> = LazyLock::new(PriceBook::builtin);

pub struct World {
    pub facts: Facts,
    pub configured: Vec<ConfiguredPool>,
}

impl World {
    /// Known on the morning of `as_of`, costs pulled then.
    pub fn on(as_of: &str) -> World {
        let clock = day(as_of).and_hms_opt(6, 0, 0).unwrap().and_utc();
        let facts = Facts { costs_pulled_at: Some(clock), ..Facts::none(clock, "USD") };
        World { facts, configured: Vec::new() }
    }

    pub fn in_march() -> World {
        World::on("2026-03-31")
    }

    pub fn charge(mut self, day_text: &str, service: &str, record_type: &str, cost: &str) -> World {
        self.add_charge(day(day_text), service, record_type, cost);
        self
    }

    /// The same charge on every day from `first` through `last`.
    pub fn charges(mut self, first: &str, last: &str, service: &str, record_type: &str, cost: &str) -> World {
        for day in DayRange::new(day(first), plus_days(day(last), 1)).days() {
            self.add_charge(day, service, record_type, cost);
        }
        self
    }

    pub fn add_charge(&mut self, day: NaiveDate, service: &str, record_type: &str, cost: &str) {
        let kind = ChargeKind { service: service.to_owned(), record_type: record_type.to_owned() };
        let kind = number(&mut self.facts.charge_kinds, kind);
        self.facts.charges.push(ChargeRow { day, kind, cost: usd(cost) });
    }

    pub fn usage(
        mut self,
        day_text: &str,
        service: &str,
        usage_type: &str,
        unit: &str,
        cost: &str,
        quantity: &str,
    ) -> World {
        let [service, usage_type, unit] = [service, usage_type, unit].map(str::to_owned);
        let kind = number(&mut self.facts.usage_kinds, UsageKind { service, usage_type, unit });
        let (day, quantity) = (day(day_text), quantity.parse().unwrap());
        self.facts.usage.push(UsageRow { day, kind, cost: usd(cost), quantity });
        self
    }

    /// A credit that AWS listed, seen on the day of the clock.
    pub fn credit(
        mut self,
        id: &str,
        initial: &str,
        products: Option<&[&str]>,
        change: impl Fn(&mut SeenCredit),
    ) -> World {
        let snapshot = CreditSnapshot {
            credit_id: id.to_owned(),
            account: "111122223333".to_owned(),
            description: format!("Pool {id}"),
            credit_type: "Promotion".to_owned(),
            initial: usd(initial),
            remaining: None,
            estimated: None,
            currency: "USD".to_owned(),
            starts_on: day("2026-01-01"),
            expires_on: day("2028-01-01"),
            exhausted_on: None,
            products: products.map(|names| names.iter().map(|name| (*name).to_owned()).collect()),
            enabled: true,
            application_type: None,
            sharing: None,
            shareable_accounts: Vec::new(),
            purchase_types: None,
        };
        let mut seen =
            SeenCredit { seen_on: self.facts.as_of.date_naive(), snapshot, paused_from: None, missing_from: 0 };
        change(&mut seen);
        self.facts.credits.push(seen);
        self
    }

    pub fn recorded(mut self, pool: &str, amount: &str, at: &str) -> World {
        self.facts.recorded.push(RecordedBalance { pool: pool.to_owned(), amount: usd(amount), at: day(at) });
        self
    }

    pub fn allocated(mut self, month: &str, credit_id: &str, service: &str, amount: &str) -> World {
        self.facts.allocations.push(Allocation {
            month: month.parse().unwrap(),
            credit_id: credit_id.to_owned(),
            account: "111122223333".to_owned(),
            service: service.to_owned(),
            amount: usd(amount),
            estimated: false,
        });
        self
    }

    /// As if AWS had answered all that the cycle asked.
    pub fn health(&self) -> IngestHealth {
        IngestHealth { costs: Outcome::Ok, credits: Outcome::Ok, ..IngestHealth::of(&self.facts) }
    }

    pub fn assess(&self) -> Assessment<'_> {
        let context = Context {
            classifier: &CLASSIFIER,
            prices: &PRICES,
            pools: &self.configured,
            filing: None,
            tax_rate: None,
            next_award: Wanted::default(),
        };
        Assessment::new(&self.facts, context)
    }

    pub fn look(&self) -> (Position, Outlook) {
        let assessment = self.assess();
        let outlook = assessment.outlook().expect("there are complete days");
        (assessment.position(Some(&outlook)), outlook)
    }

    pub fn position(&self) -> Position {
        self.look().0
    }

    pub fn coverage_of(&self, service: &str) -> Coverage {
        self.position().coverage.into_iter().find(|row| row.service == service).expect("the service has cost")
    }
}

pub fn number<K: PartialEq>(kinds: &mut Vec<K>, kind: K) -> usize {
    kinds.iter().position(|known| *known == kind).unwrap_or_else(|| {
        kinds.push(kind);
        kinds.len() - 1
    })
}

pub fn estimated(amount: &str) -> impl Fn(&mut SeenCredit) {
    let amount = usd(amount);
    move |seen| seen.snapshot.estimated = Some(amount)
}

/// 100 a day of Bedrock from 1 March on, the 29 complete days of it.
pub fn hundred_a_day() -> World {
    World::in_march().charges("2026-03-01", "2026-03-29", BEDROCK, "Usage", "100")
}
