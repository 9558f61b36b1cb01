//! Exact amounts: [`Money`] in US dollars and [`Quantity`] in whatever unit AWS metered.
//!
//! Invariants: no amount ever passes through a float; an amount is stored, added and printed with every digit
//! that AWS sent; rounding happens only where a person reads a figure.

use std::fmt;
use std::iter::Sum;
use std::ops::{Add, AddAssign, Neg, Sub, SubAssign};
use std::str::FromStr;

use rust_decimal::{Decimal, RoundingStrategy};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use thiserror::Error;
use utoipa::openapi::RefOr;
use utoipa::openapi::schema::{ObjectBuilder, Schema, Type};
use utoipa::{PartialSchema, ToSchema};

/// Digits after the point that [`Money`] keeps. Cost Explorer sends 10; exports send a few more.
pub const MONEY_SCALE: u32 = 18;
/// Digits after the point that [`Quantity`] keeps.
pub const QUANTITY_SCALE: u32 = 12;

/// How an amount is written: no exponent, no thousands, no currency.
const DECIMAL_PATTERN: &str = r"^-?[0-9]+(\.[0-9]+)?$";

/// Largest magnitude of one amount: a billion dollars, far above any bill and far below where sums could lose digits.
const MONEY_LIMIT: i64 = 1_000_000_000;
/// Largest magnitude of one metered quantity: 10^15 units.
const QUANTITY_LIMIT: i64 = 1_000_000_000_000_000;

/// Text that is not a usable amount. The message quotes the text, so that an operator can find it in AWS's answer.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum AmountError {
    /// Not a decimal number.
    #[error("{0:?} is not a decimal number")]
    NotANumber(String),
    /// More digits after the point than can be kept exactly.
    #[error("{text:?} has more than {scale} digits after the point, which cannot be kept exactly")]
    TooFine {
        /// The text as received.
        text: String,
        /// Digits that can be kept.
        scale: u32,
    },
    /// Larger than any real bill or meter.
    #[error("{0:?} is larger than any amount this program accepts")]
    TooLarge(String),
}

fn parse(text: &str, scale: u32, limit: i64) -> Result<Decimal, AmountError> {
    let trimmed = text.trim();
    // AWS prints very small amounts in scientific notation now and then ("2.79E-8").
    let parsed = if trimmed.contains(['e', 'E']) {
        Decimal::from_scientific(trimmed)
    } else {
        // `from_str_exact` fails on digits that do not fit, where `from_str` would round them away.
        Decimal::from_str_exact(trimmed)
    };
    let value = parsed.map_err(|error| match error {
        // A positive exponent too large to hold comes out as a scale error as well.
        rust_decimal::Error::ScaleExceedsMaximumPrecision(_) if !trimmed.contains("e-") && !trimmed.contains("E-") => {
            AmountError::TooLarge(text.to_owned())
        }
        rust_decimal::Error::Underflow | rust_decimal::Error::ScaleExceedsMaximumPrecision(_) => {
            AmountError::TooFine { text: text.to_owned(), scale }
        }
        rust_decimal::Error::ExceedsMaximumPossibleValue => AmountError::TooLarge(text.to_owned()),
        _ => AmountError::NotANumber(text.to_owned()),
    })?;
    let value = value.normalize();
    if value.abs() > Decimal::from(limit) {
        return Err(AmountError::TooLarge(text.to_owned()));
    }
    if value.scale() > scale {
        return Err(AmountError::TooFine { text: text.to_owned(), scale });
    }
    Ok(value)
}

/// An exact amount of US dollars; negative for credits, refunds and discounts, as AWS signs them.
///
/// ```
/// use glidepath::domain::money::Money;
/// let a: Money = "0.0000300172".parse().unwrap();
/// let b: Money = "3.3".parse().unwrap();
/// assert_eq!((a + b).to_string(), "3.3000300172");
/// assert_eq!(b.dollars(), "$3.30");
/// ```
#[derive(Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Money(Decimal);

impl Money {
    /// No money.
    pub const ZERO: Money = Money(Decimal::ZERO);
    /// One dollar.
    pub const ONE: Money = Money(Decimal::ONE);

    /// Wraps a decimal that a computation produced, rounded half to even at [`MONEY_SCALE`] digits.
    pub fn from_decimal(value: Decimal) -> Self {
        Money(value.round_dp(MONEY_SCALE).normalize())
    }

    /// Whole micro-dollars, for simulations that replay a thousand paths in integers.
    pub fn from_micros(micros: i64) -> Self {
        Money(Decimal::new(micros, 6).normalize())
    }

    /// Micro-dollars, rounded half to even; saturates beyond what `i64` holds (nine trillion dollars).
    pub fn to_micros(self) -> i64 {
        let micros = (self.0 * Decimal::from(1_000_000)).round();
        i64::try_from(micros).unwrap_or(if self.is_negative() { i64::MIN } else { i64::MAX })
    }

    /// The amount as a decimal number of dollars.
    pub const fn amount(self) -> Decimal {
        self.0
    }

    /// Exactly nothing.
    pub fn is_zero(self) -> bool {
        self.0.is_zero()
    }

    /// Below zero.
    pub fn is_negative(self) -> bool {
        self.0 < Decimal::ZERO
    }

    /// Above zero.
    pub fn is_positive(self) -> bool {
        self.0 > Decimal::ZERO
    }

    /// The amount without its sign.
    #[must_use]
    pub fn abs(self) -> Self {
        Money(self.0.abs())
    }

    /// This amount, but never below zero.
    #[must_use]
    pub fn at_least_zero(self) -> Self {
        self.max(Money::ZERO)
    }

    /// `self / other`, or `None` where `other` is zero.
    pub fn ratio(self, other: Money) -> Option<Decimal> {
        self.0.checked_div(other.0)
    }

    /// The amount times a factor (a share, a tax rate, a number of units), at [`MONEY_SCALE`] digits.
    #[must_use]
    pub fn times(self, factor: Decimal) -> Self {
        Money::from_decimal(self.0 * factor)
    }

    /// The amount over a whole number of days (or anything counted); zero for a count of zero.
    #[must_use]
    pub fn per(self, count: i64) -> Self {
        if count == 0 { Money::ZERO } else { Money::from_decimal(self.0 / Decimal::from(count)) }
    }

    /// Rounded half to even to cents, for showing.
    #[must_use]
    pub fn cents(self) -> Decimal {
        self.0.round_dp_with_strategy(2, RoundingStrategy::MidpointNearestEven)
    }

    /// For people: `$1,234.50`, `-$0.07`; cents rounded half to even.
    pub fn dollars(self) -> String {
        let cents = self.cents();
        let sign = if cents < Decimal::ZERO { "-" } else { "" };
        format!("{sign}${}", group_thousands(&format!("{:.2}", cents.abs())))
    }

    /// The nearest float, for chart coordinates and statistics only.
    pub fn to_chart(self) -> f64 {
        f64::try_from(self.0).unwrap_or(0.0)
    }
}

/// Puts commas between thousands of a plain, unsigned decimal text.
pub fn group_thousands(plain: &str) -> String {
    let (whole, rest) = plain.split_once('.').map_or((plain, None), |(whole, rest)| (whole, Some(rest)));
    let mut out = String::with_capacity(plain.len() + plain.len() / 3);
    for (index, digit) in whole.chars().enumerate() {
        if index > 0 && (whole.len() - index) % 3 == 0 {
            out.push(',');
        }
        out.push(digit);
    }
    if let Some(rest) = rest {
        out.push('.');
        out.push_str(rest);
    }
    out
}

impl FromStr for Money {
    type Err = AmountError;

    fn from_str(text: &str) -> Result<Self, AmountError> {
        parse(text, MONEY_SCALE, MONEY_LIMIT).map(Money)
    }
}

impl fmt::Display for Money {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.normalize().fmt(f)
    }
}

impl fmt::Debug for Money {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "${}", self.0.normalize())
    }
}

impl Add for Money {
    type Output = Money;
    fn add(self, other: Money) -> Money {
        Money(self.0 + other.0)
    }
}

impl AddAssign for Money {
    fn add_assign(&mut self, other: Money) {
        self.0 += other.0;
    }
}

impl Sub for Money {
    type Output = Money;
    fn sub(self, other: Money) -> Money {
        Money(self.0 - other.0)
    }
}

impl SubAssign for Money {
    fn sub_assign(&mut self, other: Money) {
        self.0 -= other.0;
    }
}

impl Neg for Money {
    type Output = Money;
    fn neg(self) -> Money {
        Money(-self.0)
    }
}

impl Sum for Money {
    fn sum<I: Iterator<Item = Money>>(iter: I) -> Money {
        iter.fold(Money::ZERO, Add::add)
    }
}

impl<'a> Sum<&'a Money> for Money {
    fn sum<I: Iterator<Item = &'a Money>>(iter: I) -> Money {
        iter.copied().sum()
    }
}

/// An exact metered quantity: tokens, hours, requests. What one of it means is its unit's business.
///
/// ```
/// use glidepath::domain::money::Quantity;
/// let q: Quantity = "4.77".parse().unwrap();
/// assert_eq!(q.to_string(), "4.77");
/// ```
#[derive(Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Quantity(Decimal);

impl Quantity {
    /// Nothing metered.
    pub const ZERO: Quantity = Quantity(Decimal::ZERO);

    /// Wraps a computed decimal, rounded half to even at [`QUANTITY_SCALE`] digits.
    pub fn from_decimal(value: Decimal) -> Self {
        Quantity(value.round_dp(QUANTITY_SCALE).normalize())
    }

    /// Parses AWS's text. Unlike money, a quantity finer than [`QUANTITY_SCALE`] digits is rounded half to even:
    /// a trillionth of a token or an hour decides nothing, and refusing the page would.
    ///
    /// # Errors
    /// [`AmountError`] if the text is not a number, or larger than any meter reads.
    pub fn parse(text: &str) -> Result<Self, AmountError> {
        parse(text, 28, QUANTITY_LIMIT).map(Quantity::from_decimal)
    }

    /// The plain number.
    pub const fn amount(self) -> Decimal {
        self.0
    }

    /// Exactly nothing.
    pub fn is_zero(self) -> bool {
        self.0.is_zero()
    }

    /// The quantity times a factor, for example tokens per unit or chips per instance.
    #[must_use]
    pub fn times(self, factor: Decimal) -> Self {
        Quantity::from_decimal(self.0 * factor)
    }
}

impl FromStr for Quantity {
    type Err = AmountError;

    fn from_str(text: &str) -> Result<Self, AmountError> {
        Quantity::parse(text)
    }
}

impl fmt::Display for Quantity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.normalize().fmt(f)
    }
}

impl fmt::Debug for Quantity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl Add for Quantity {
    type Output = Quantity;
    fn add(self, other: Quantity) -> Quantity {
        Quantity(self.0 + other.0)
    }
}

impl AddAssign for Quantity {
    fn add_assign(&mut self, other: Quantity) {
        self.0 += other.0;
    }
}

impl Sum for Quantity {
    fn sum<I: Iterator<Item = Quantity>>(iter: I) -> Quantity {
        iter.fold(Quantity::ZERO, Add::add)
    }
}

/// Both types travel as strings, so that no JSON reader turns them into floats.
macro_rules! serde_as_text {
    ($type:ty, $description:literal) => {
        impl PartialSchema for $type {
            fn schema() -> RefOr<Schema> {
                ObjectBuilder::new()
                    .schema_type(Type::String)
                    .pattern(Some(DECIMAL_PATTERN))
                    .description(Some($description))
                    .into()
            }
        }

        impl ToSchema for $type {}

        impl Serialize for $type {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_str(self)
            }
        }

        impl<'de> Deserialize<'de> for $type {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
                text.parse().map_err(serde::de::Error::custom)
            }
        }
    };
}

serde_as_text!(Money, "An exact amount in the account's currency, negative as on AWS's bill.");
serde_as_text!(Quantity, "An exact metered quantity.");

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keeps_every_digit() {
        for text in ["0.0000300172", "-2.6137", "123456789.123456789012345678", "0", "1"] {
            assert_eq!(text.parse::<Money>().unwrap().to_string(), text);
        }
        assert_eq!("2.79E-8".parse::<Money>().unwrap().to_string(), "0.0000000279");
        assert_eq!("40.3500".parse::<Money>().unwrap().to_string(), "40.35");
        assert_eq!("-0".parse::<Money>().unwrap().to_string(), "0");
    }

    #[test]
    fn refuses_what_it_cannot_keep() {
        assert!(matches!("".parse::<Money>(), Err(AmountError::NotANumber(_))));
        assert!(matches!("NaN".parse::<Money>(), Err(AmountError::NotANumber(_))));
        assert!(matches!("1,5".parse::<Money>(), Err(AmountError::NotANumber(_))));
        assert!(matches!("0.0000000000000000001".parse::<Money>(), Err(AmountError::TooFine { .. })));
        assert!(matches!("1e40".parse::<Money>(), Err(AmountError::TooLarge(_))));
        assert!(matches!("1000000001".parse::<Money>(), Err(AmountError::TooLarge(_))));
    }

    #[test]
    fn quantities_finer_than_the_store_are_rounded() {
        assert_eq!(Quantity::parse("0.0000000000005").unwrap().to_string(), "0");
        assert_eq!(Quantity::parse("9312771.098461578").unwrap().to_string(), "9312771.098461578");
    }

    #[test]
    fn shows_dollars_with_thousands() {
        let show = |text: &str| text.parse::<Money>().unwrap().dollars();
        assert_eq!(show("1234567.891"), "$1,234,567.89");
        assert_eq!(show("999.995"), "$1,000.00");
        assert_eq!(show("-0.07"), "-$0.07");
        assert_eq!(show("-0.001"), "$0.00");
    }

    #[test]
    fn micros_round_trip() {
        let money: Money = "12.3456789".parse().unwrap();
        assert_eq!(money.to_micros(), 12_345_679);
        assert_eq!(Money::from_micros(12_345_679).to_string(), "12.345679");
    }
}
