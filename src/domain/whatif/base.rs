//! What a scenario is, and what it is put to.

use super::change::Change;
use crate::billing::classify::Classifier;
use crate::billing::costs::Costs;
use crate::billing::implied_price::PriceSource;
use crate::outlook::OutlookInputs;
use chrono::NaiveDate;

/// Changes that are made together, in this order.
pub type Scenario = [Change];

/// What a scenario is put to.
#[derive(Debug, Clone, Copy)]
pub struct Base<'a> {
    /// What the outlook is made from.
    pub inputs: &'a OutlookInputs<'a>,
    /// The classified costs, for their tokens.
    pub costs: &'a Costs,
    /// Prices of the bill, whose days are those that tokens are taken from, and of the book.
    pub prices: PriceSource<'a>,
    /// Names of models and services.
    pub classifier: &'a Classifier,
    /// Day whose list prices hold.
    pub on: NaiveDate,
}
