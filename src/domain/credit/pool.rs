//! Credit pools: what was granted, for what, until when, and what AWS says is left.

use crate::credit::programme::Programme;
use crate::facts::credits::ApplicationType;
use std::collections::BTreeSet;

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::billing::daily_cost::Stream;
use crate::values::money::Money;
use crate::values::period::{BillingPeriod, DayRange, plus_days};
use crate::values::purchase::{Lets, Purchase, PurchaseLimit};
use crate::values::service::ServiceMatcher;

/// The services a pool may pay for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum EligibleServices {
    /// A known list, from AWS or from config.
    Listed(ServiceMatcher),
    /// AWS gave no list. That is "restriction unknown", not "nothing" and not "everything".
    Unknown,
}

/// One credit: an amount, a window, and the services it may pay for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CreditPool {
    /// AWS's creditId, or the id that config gives a pool AWS does not show.
    pub id: String,
    /// Name for people.
    pub name: String,
    /// Programme; `None` for refunds, true-ups and whatever config does not name.
    pub programme: Option<Programme>,
    /// Amount granted.
    pub granted: Money,
    /// Day the credit became valid.
    pub starts_on: NaiveDate,
    /// First day on which it can pay nothing any more.
    pub expires_on: NaiveDate,
    /// Services it may pay for.
    pub services: EligibleServices,
    /// Purchase types it may pay for.
    pub purchases: PurchaseLimit,
    /// What it is asked to pay; after discounts where AWS does not say.
    pub applies: ApplicationType,
    /// First day on which the owner had it switched off, if it is off now.
    pub paused_from: Option<NaiveDate>,
    /// That AWS lists it no more, if it did before.
    pub delisted: Option<Delisted>,
    /// Newest balance that AWS states or somebody typed in ([`crate::credit::statement`]).
    pub stated: Option<Statement>,
    /// Services that it was seen to pay although its list does not name them, or is missing: from AWS's allocation
    /// history, or from Credit rows that no other pool explains.
    pub also_pays: BTreeSet<String>,
}

impl CreditPool {
    /// The days it may pay: a credit covers the whole billing month in which it was issued, never an earlier one.
    ///
    /// Source: AWS Billing guide, "AWS credits".
    pub fn window(&self) -> DayRange {
        let gone_from = self.delisted.filter(|delisted| delisted.gone).map(|gone| plus_days(gone.last_listed_on, 1));
        let end = [self.paused_from, gone_from].into_iter().flatten().fold(self.expires_on, NaiveDate::min);
        DayRange::new(BillingPeriod::of(self.starts_on).first_day(), end)
    }

    /// True if AWS lists it no more, and nothing of it is taken to be left.
    pub fn is_gone(&self) -> bool {
        self.delisted.is_some_and(|delisted| delisted.gone)
    }

    /// A pool with the given essentials, named after its id.
    pub fn new(
        id: &str,
        granted: Money,
        starts_on: NaiveDate,
        expires_on: NaiveDate,
        services: EligibleServices,
    ) -> Self {
        CreditPool {
            id: id.to_owned(),
            name: id.to_owned(),
            programme: None,
            granted,
            starts_on,
            expires_on,
            services,
            purchases: PurchaseLimit::None,
            applies: ApplicationType::AfterDiscounts,
            paused_from: None,
            delisted: None,
            stated: None,
            also_pays: BTreeSet::new(),
        }
    }

    /// True if it may pay something of `service`: its list names it, or evidence shows it. With neither a list nor
    /// evidence a pool is taken to pay everything, which errs on the side of an early warning; the coverage of such
    /// a service still reads "unknown".
    pub fn pays(&self, service: &str) -> bool {
        match &self.services {
            EligibleServices::Listed(matcher) => matcher.matches(service) || self.also_pays.contains(service),
            EligibleServices::Unknown => self.also_pays.is_empty() || self.also_pays.contains(service),
        }
    }

    /// True if replay may draw it for what `purchase` buys of `service`. What AWS limits in a word that is not known here is
    /// taken to be paid, as with a missing list.
    pub fn pays_purchase(&self, service: &str, purchase: Purchase) -> bool {
        self.purchases.lets(purchase) != Lets::No && self.pays(service)
    }

    /// True if replay may draw it for `stream`.
    pub fn draws_for(&self, stream: &Stream) -> bool {
        self.pays_purchase(&stream.service, stream.purchase)
    }

    /// True if its list names `service`. An unknown list names nothing; what it may pay is decided by evidence.
    pub fn lists(&self, service: &str) -> bool {
        match &self.services {
            EligibleServices::Listed(matcher) => matcher.matches(service),
            EligibleServices::Unknown => false,
        }
    }

    /// True once it can pay nothing any more because its time is up.
    pub fn expired_by(&self, day: NaiveDate) -> bool {
        self.expires_on <= day
    }
}

/// An observed balance: AWS's GetCredits, or a figure typed in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Statement {
    /// Credit left.
    pub amount: Money,
    /// UTC day on which it was observed.
    pub at: NaiveDate,
    /// Whose figure it is.
    pub source: StatementSource,
}

/// Where a balance comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum StatementSource {
    /// AWS's own figure, after open bills.
    Aws,
    /// AWS left that figure out: its balance after closed bills, less what the credit has paid of open ones.
    Derived,
    /// Typed in.
    Recorded,
}

/// That AWS lists a credit no more.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Delisted {
    /// Newest day on which it did.
    pub last_listed_on: NaiveDate,
    /// True if nothing of the credit is taken to be left; else its balance goes on by replay.
    pub gone: bool,
}

/// `AWS states $19,000.00 of Activate at 20 Nov`, with the amount and the day in the words of their place; and other words
/// where it is not AWS that states it.
pub fn stated_text(source: StatementSource, amount: String, of: Option<&str>, at: &str) -> String {
    let of = of.map_or(String::new(), |name| format!(" of {name}"));
    match source {
        StatementSource::Aws => format!("AWS states {amount}{of} at {at}"),
        StatementSource::Derived => format!("{amount}{of} is derived from AWS's balance after closed bills at {at}"),
        StatementSource::Recorded => format!("{amount}{of} was entered for {at}"),
    }
}
