//! What a filing comes to, and what can be asked for it.

use super::awards::AwardSize;
use super::objection::Objection;
use super::payable::CashReason;
use super::programmes::{GateState, ProgrammeFit};
use super::usage::{ChipHours, ModelCompared, ModelTokens};
use crate::credit::programme::Programme;
use crate::filing::projection::UnpricedLine;
use crate::values::money::Money;
use crate::values::period::{BillingPeriod, DayRange};
use chrono::NaiveDate;
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// What a filing comes to, and what can be asked for it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct SizedFiling {
    /// The sentence that AWS wants to read, filled in; a blank names what is missing.
    pub sentence: String,
    /// Day of filing: prices are those of this day.
    pub filed_on: NaiveDate,
    /// True if the filing has records beside these: then nothing is here that rests on all of them.
    #[serde(default)]
    pub in_part: bool,
    /// The customer's name; null where the filing names none.
    pub customer: Option<String>,
    /// Months of the window, or twelve from the first that is filed.
    pub months: Vec<SizedMonth>,
    /// All months as filed.
    pub total_usd: Money,
    /// All months without caching and batch.
    pub total_usd_without_levers: Money,
    /// Dollars by AWS service, the dearest first.
    pub by_service: Vec<ServiceUsd>,
    /// Dollars by record, in the filing's order.
    pub records: Vec<RecordUsd>,
    /// Tokens by model, in the filing's order.
    pub tokens: Vec<ModelTokens>,
    /// Chip-hours by instance type, in the filing's order.
    pub chip_hours: Vec<ChipHours>,
    /// What can be asked for.
    pub ask: Ask,
    /// Every programme by every route, those by a partner first.
    pub programmes: Vec<ProgrammeFit>,
    /// How long awards of the usual sizes last for this spend.
    pub awards: Vec<AwardSize>,
    /// The same traffic on three models; empty where no tokens are planned.
    pub models: Vec<ModelCompared>,
    /// The bill by month after the window.
    pub afterwards: Vec<MonthUsd>,
    /// What AWS's reviewer may object to.
    pub objections: Vec<Objection>,
    /// What has no price: its dollars are in no amount.
    pub unpriced: Vec<UnpricedLine>,
}

impl SizedFiling {
    /// The programmes that fit, each by every route that is open; where none is, by those that have to be asked for.
    pub fn open_routes(&self) -> Vec<&ProgrammeFit> {
        let fitting = || self.programmes.iter().filter(|it| it.fits);
        let opens = |programme| {
            fitting().any(|it| it.programme == programme && it.is_possible() && it.route_state() == GateState::Open)
        };
        let wanted = |programme| if opens(programme) { GateState::Open } else { GateState::Ask };
        let open = fitting().filter(|it| it.is_possible() && it.route_state() == wanted(it.programme));
        by_programme(open)
    }

    /// The programmes that fit, each by every route that is not ruled out.
    pub fn possible_routes(&self) -> Vec<&ProgrammeFit> {
        by_programme(self.programmes.iter().filter(|it| it.fits && it.is_possible()))
    }

    /// What is left of it for somebody who sees some of the filing's records alone, which were sized without the others: programmes,
    /// awards, the bill afterwards and a reviewer's objections rest on all of them.
    #[must_use]
    pub fn of_some_records(self) -> SizedFiling {
        SizedFiling {
            in_part: true,
            programmes: Vec::new(),
            awards: Vec::new(),
            afterwards: Vec::new(),
            objections: Vec::new(),
            ..self
        }
    }

    /// The models whose tokens it plans, in its order.
    pub fn model_names(&self) -> Vec<&str> {
        let mut names: Vec<&str> = Vec::new();
        for of in self.tokens.iter().filter(|of| of.usd.is_positive()) {
            if !names.contains(&of.model.as_str()) {
                names.push(&of.model);
            }
        }
        names
    }
}

/// The routes of a programme beside each other, in their order.
fn by_programme<'a>(fits: impl Iterator<Item = &'a ProgrammeFit>) -> Vec<&'a ProgrammeFit> {
    let mut fits: Vec<&ProgrammeFit> = fits.collect();
    fits.sort_by_key(|it| it.programme);
    fits
}

/// A month as filed, and without the levers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct SizedMonth {
    /// Billing period.
    pub month: BillingPeriod,
    /// Dollars as filed.
    pub usd: Money,
    /// Dollars without caching and batch.
    pub usd_without_levers: Money,
}

/// Dollars of a month.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct MonthUsd {
    /// Billing period.
    pub month: BillingPeriod,
    /// Dollars.
    pub usd: Money,
}

/// Dollars of an AWS service.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ServiceUsd {
    /// Service as the bill names it.
    pub service: String,
    /// Dollars.
    pub usd: Money,
}

/// Dollars of a record.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct RecordUsd {
    /// Record id.
    pub id: String,
    /// Dollars.
    pub usd: Money,
    /// The programme that it asks.
    pub programme: Programme,
    /// Credit that it asks for; null where the filing says none of it alone.
    pub asked_usd: Option<Money>,
    /// Days in which its award is meant to be consumed; null where the filing names none.
    pub window: Option<FiledWindow>,
    /// What it is for, in the filing's own words.
    pub use_case: Option<String>,
}

/// Days in which an award is meant to be consumed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct FiledWindow {
    /// First day.
    pub starts_on: NaiveDate,
    /// First day without it.
    pub expires_on: NaiveDate,
}

impl From<DayRange> for FiledWindow {
    fn from(days: DayRange) -> Self {
        FiledWindow { starts_on: days.start, expires_on: days.end }
    }
}

/// What can be asked for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Ask {
    /// Spend that credit can pay, and the headroom; not capped.
    pub usd: Money,
    /// Share that the ask lies above that spend.
    pub headroom: Decimal,
    /// Spend that no credit pays.
    pub cash_usd: Money,
    /// Spend that credit can pay.
    pub payable_usd: Money,
    /// What no credit pays, and why, the dearest first.
    pub cash: Vec<CashLine>,
    /// What the filing asks for; null where it names no amount.
    pub asked_usd: Option<Money>,
}

/// Spend that no credit pays.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct CashLine {
    /// Model, instance type or service.
    pub what: String,
    /// Dollars.
    pub usd: Money,
    /// Why.
    pub why: CashReason,
}
