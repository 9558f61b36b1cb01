//! What really happened, read off a list of past positions: the events that alerts are there to foretell.

use std::collections::BTreeMap;

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::cash_rule::is_real_cash;
use super::settings::AlertRules;
use crate::position::finding::Rule;
use crate::position::{PoolStatus, Position};
use crate::values::money::Money;
use crate::values::period::{BillingPeriod, plus_days};

/// What happened.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum EventKind {
    /// Credit as a whole ran out.
    Exhaustion,
    /// One pool was used up.
    PoolUsedUp {
        /// Pool id.
        pool: String,
    },
    /// A pool expired with money in it.
    CreditExpired {
        /// Pool id.
        pool: String,
    },
    /// The bill of a month took real cash, after months that did not.
    FirstCash,
}

impl EventKind {
    /// What an alert foretells, if it foretells anything.
    pub(super) fn foretold(rule: Rule, key: &str) -> Option<EventKind> {
        let subject = || key.split_once(':').map_or("", |(_, subject)| subject).to_owned();
        match rule {
            Rule::Exhaustion if key == super::exhaustion::TOTAL => Some(EventKind::Exhaustion),
            Rule::Exhaustion => Some(EventKind::PoolUsedUp { pool: subject() }),
            Rule::ExpiringCredit => Some(EventKind::CreditExpired { pool: subject() }),
            Rule::FirstCash => Some(EventKind::FirstCash),
            _ => None,
        }
    }

    /// True if another award would have been the answer to it.
    pub(super) const fn needs_award(&self) -> bool {
        matches!(self, EventKind::Exhaustion)
    }
}

/// One event.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Event {
    /// What happened.
    #[serde(flatten)]
    pub kind: EventKind,
    /// The day: for a bill the first of the month after, when it is charged.
    pub on: NaiveDate,
    /// Dollars lost or to be paid, where that is the matter.
    pub amount: Option<Money>,
}

/// Events under collection.
#[derive(Debug, Default)]
pub(super) struct Events {
    exhausted: Vec<NaiveDate>,
    /// Status and balance of each pool when last seen.
    pools: BTreeMap<String, (PoolStatus, Money)>,
    of_pools: Vec<Event>,
    /// Whether the bill of a month took real cash, and how much, when last seen.
    bills: BTreeMap<BillingPeriod, (bool, Money)>,
}

impl Events {
    /// Days after which a day is complete and known.
    pub const KNOWN_AFTER_DAYS: i64 = 3;
    /// Runs of uncovered days that begin so near to each other are one event: corrections move the first by a day or two.
    const SAME_DAYS: i64 = 14;

    /// Takes a position in; positions come in order of their clocks.
    pub fn see(&mut self, position: &Position, rules: &AlertRules) {
        let Some(through) = position.data_through else { return };
        let began = position.exhaustion.total.p50.filter(|day| *day <= through);
        let is_new =
            |began: &NaiveDate| self.exhausted.iter().all(|known| (*began - *known).num_days().abs() > Self::SAME_DAYS);
        self.exhausted.extend(began.filter(is_new));
        for pool in &position.credits.pools {
            let held = (pool.granted - pool.drawn).at_least_zero();
            let before = self.pools.insert(pool.id.clone(), (pool.status, held));
            let was_alive =
                before.is_some_and(|(status, _)| matches!(status, PoolStatus::Active | PoolStatus::Pending));
            let event = match pool.status {
                PoolStatus::Exhausted if was_alive => {
                    Event { kind: EventKind::PoolUsedUp { pool: pool.id.clone() }, on: through, amount: None }
                }
                PoolStatus::Expired if was_alive && held >= rules.expiring_usd => Event {
                    kind: EventKind::CreditExpired { pool: pool.id.clone() },
                    on: pool.expires_on,
                    amount: Some(held),
                },
                _ => continue,
            };
            self.of_pools.push(event);
        }
        // A bill is known once its month is over; until then what is seen of it is a forecast, in its last days a small one.
        for bill in &position.trajectory {
            if plus_days(bill.month.next().first_day(), -Self::KNOWN_AFTER_DAYS) <= through {
                self.bills.insert(bill.month, (is_real_cash(bill, rules), bill.cash));
            }
        }
    }

    /// Every event, in order.
    pub fn all(&self) -> Vec<Event> {
        let mut events = self.of_pools.clone();
        let exhausted = |on: &NaiveDate| Event { kind: EventKind::Exhaustion, on: *on, amount: None };
        events.extend(self.exhausted.iter().map(exhausted));
        for (month, (real, cash)) in &self.bills {
            let was = self.bills.get(&month.previous()).map(|(real, _)| *real);
            if *real && was == Some(false) {
                let on = month.next().first_day();
                events.push(Event { kind: EventKind::FirstCash, on, amount: Some(*cash) });
            }
        }
        events.sort_by(|a, b| (a.on, &a.kind).cmp(&(b.on, &b.kind)));
        events
    }
}
