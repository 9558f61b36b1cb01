//! What config contributes to an assessment.

use crate::billing::classify::Classifier;
use crate::billing::price::PriceBook;
use crate::credit::pools::ConfiguredPool;
use crate::filing::Filing;
use crate::filing::next_award::Wanted;
use rust_decimal::Decimal;

/// What config contributes.
#[derive(Debug, Clone, Copy)]
pub struct Context<'a> {
    /// Classification rules.
    pub classifier: &'a Classifier,
    /// Prices.
    pub prices: &'a PriceBook,
    /// Pools that config names.
    pub pools: &'a [ConfiguredPool],
    /// The filing in force, if one was made.
    pub filing: Option<&'a Filing>,
    /// Tax on what credit does not pay.
    pub tax_rate: Option<Decimal>,
    /// What config says of the award meant next.
    pub next_award: Wanted,
}
