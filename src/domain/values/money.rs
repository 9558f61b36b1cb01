//! Exact amounts: [`Money`] in US dollars and [`Quantity`] in whatever unit AWS metered.
//!
//! Invariants: no amount ever passes through a float; an amount is stored, added and printed with every digit
//! that AWS sent; rounding happens only where a person reads a figure.
//!
//! What exists can be written and read back. An amount that somebody states (AWS, a config, a filing) is at most
//! [`MOST_STATED_USD`]; a larger one is refused. What is computed from such amounts stops at ten times that, at
//! [`Money::MOST`], instead of growing into a number that no column and no reader holds. Up to there every sum and every
//! difference is exact, and no operation panics.

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

/// Largest magnitude of one amount that is stated, in US dollars: a billion, far above any bill.
pub const MOST_STATED_USD: i64 = 1_000_000_000;
/// Largest magnitude of one quantity that is metered: 10^15 units.
const MOST_METERED: i64 = 1_000_000_000_000_000;

/// Largest magnitude of a computed amount, in US dollars. With [`MONEY_SCALE`] digits it has 29 digits, and so has the sum
/// of two such amounts: [`Decimal`] holds both exactly.
const MONEY_LIMIT: i64 = 10_000_000_000;
/// Largest magnitude of a computed quantity, chosen in the same way for [`QUANTITY_SCALE`] digits.
const QUANTITY_LIMIT: i64 = 10_000_000_000_000_000;
/// Largest magnitude of a ratio of two amounts: a hundred times it, or it times any amount, is far from what [`Decimal`]
/// cannot hold.
const RATIO_LIMIT: i64 = 1_000_000_000_000;

/// Per number of digits after the point, the largest number without its point that is within `limit`.
const fn largest_by_scale(limit: i64) -> [u128; 29] {
    let mut largest = [0; 29];
    let mut value = limit.unsigned_abs() as u128;
    let mut scale = 0;
    while scale < largest.len() {
        largest[scale] = value;
        value = value.saturating_mul(10);
        scale += 1;
    }
    largest
}

const LARGEST_MONEY: [u128; 29] = largest_by_scale(MONEY_LIMIT);
const LARGEST_QUANTITY: [u128; 29] = largest_by_scale(QUANTITY_LIMIT);

/// `value`, or the end of the range that it lies beyond. Amounts are added a million times a cycle, so this compares digits
/// and no decimals.
fn held(value: Decimal, largest: &[u128; 29], limit: i64) -> Decimal {
    let within = largest.get(value.scale() as usize).is_some_and(|most| value.mantissa().unsigned_abs() <= *most);
    if within { value } else { end(value.is_sign_negative(), limit) }
}

fn end(negative: bool, limit: i64) -> Decimal {
    if negative { Decimal::from(-limit) } else { Decimal::from(limit) }
}

/// `a * b`, or the end of the range where that is more than a decimal holds.
fn multiplied(a: Decimal, b: Decimal, limit: i64) -> Decimal {
    a.checked_mul(b).unwrap_or_else(|| end(a.is_sign_negative() != b.is_sign_negative(), limit))
}

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
    #[error("{text:?} is larger than any amount this program accepts, which is at most {most}")]
    TooLarge {
        /// The text as received.
        text: String,
        /// The largest that is accepted.
        most: i64,
    },
}

fn parse(text: &str, scale: u32, limit: i64) -> Result<Decimal, AmountError> {
    let trimmed = text.trim();
    let too_large = || AmountError::TooLarge { text: text.to_owned(), most: limit };
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
            too_large()
        }
        rust_decimal::Error::Underflow | rust_decimal::Error::ScaleExceedsMaximumPrecision(_) => {
            AmountError::TooFine { text: text.to_owned(), scale }
        }
        rust_decimal::Error::ExceedsMaximumPossibleValue => too_large(),
        _ => AmountError::NotANumber(text.to_owned()),
    })?;
    let value = value.normalize();
    if value.abs() > Decimal::from(limit) {
        return Err(too_large());
    }
    if value.scale() > scale {
        return Err(AmountError::TooFine { text: text.to_owned(), scale });
    }
    Ok(value)
}

/// An exact amount of US dollars; negative for credits, refunds and discounts, as AWS signs them.
///
/// ```
/// use glidepath_core::values::money::Money;
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
    /// One cent.
    pub const CENT: Money = Money(Decimal::from_parts(1, 0, 0, false, 2));
    /// The most that is computed: ten billion dollars. What would be more stays at it; below zero likewise.
    pub const MOST: Money = Money(Decimal::from_parts(1_410_065_408, 2, 0, false, 0));

    /// Wraps a decimal that a computation produced, rounded half to even at [`MONEY_SCALE`] digits; at most
    /// [`Money::MOST`].
    pub fn from_decimal(value: Decimal) -> Self {
        Money::held(value.round_dp(MONEY_SCALE).normalize())
    }

    /// Whole micro-dollars, for simulations that replay a thousand paths in integers; at most [`Money::MOST`].
    pub fn from_micros(micros: i64) -> Self {
        Money::held(Decimal::new(micros, 6).normalize())
    }

    fn held(value: Decimal) -> Self {
        Money(held(value, &LARGEST_MONEY, MONEY_LIMIT))
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

    /// `self / other`, at most a trillion times either way, or `None` where `other` is zero.
    pub fn ratio(self, other: Money) -> Option<Decimal> {
        if other.is_zero() {
            return None;
        }
        let most = Decimal::from(RATIO_LIMIT);
        let end = || end(self.is_negative() != other.is_negative(), RATIO_LIMIT);
        Some(self.0.checked_div(other.0).map_or_else(end, |ratio| ratio.clamp(-most, most)))
    }

    /// The amount times a factor (a share, a tax rate, a number of units), at [`MONEY_SCALE`] digits; at most
    /// [`Money::MOST`].
    #[must_use]
    pub fn times(self, factor: Decimal) -> Self {
        Money::from_decimal(multiplied(self.0, factor, MONEY_LIMIT))
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

    /// An amount as somebody states it: at most [`MOST_STATED_USD`].
    fn from_str(text: &str) -> Result<Self, AmountError> {
        parse(text, MONEY_SCALE, MOST_STATED_USD).map(Money)
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
        Money::held(self.0 + other.0)
    }
}

impl AddAssign for Money {
    fn add_assign(&mut self, other: Money) {
        *self = *self + other;
    }
}

impl Sub for Money {
    type Output = Money;
    fn sub(self, other: Money) -> Money {
        Money::held(self.0 - other.0)
    }
}

impl SubAssign for Money {
    fn sub_assign(&mut self, other: Money) {
        *self = *self - other;
    }
}

impl Neg for Money {
    type Output = Money;
    fn neg(self) -> Money {
        // A decimal has a negative zero, which is written differently and means nothing.
        Money((-self.0).normalize())
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
/// use glidepath_core::values::money::Quantity;
/// let q: Quantity = "4.77".parse().unwrap();
/// assert_eq!(q.to_string(), "4.77");
/// ```
#[derive(Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Quantity(Decimal);

impl Quantity {
    /// Nothing metered.
    pub const ZERO: Quantity = Quantity(Decimal::ZERO);

    /// Wraps a computed decimal, rounded half to even at [`QUANTITY_SCALE`] digits; at most ten times what one meter reads.
    pub fn from_decimal(value: Decimal) -> Self {
        Quantity::held(value.round_dp(QUANTITY_SCALE).normalize())
    }

    fn held(value: Decimal) -> Self {
        Quantity(held(value, &LARGEST_QUANTITY, QUANTITY_LIMIT))
    }

    /// Parses AWS's text. Unlike money, a quantity finer than [`QUANTITY_SCALE`] digits is rounded half to even:
    /// a trillionth of a token or an hour decides nothing, and refusing the page would.
    ///
    /// # Errors
    /// [`AmountError`] if the text is not a number, or larger than any meter reads.
    pub fn parse(text: &str) -> Result<Self, AmountError> {
        parse(text, 28, MOST_METERED).map(Quantity::from_decimal)
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
        Quantity::from_decimal(multiplied(self.0, factor, QUANTITY_LIMIT))
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
        Quantity::held(self.0 + other.0)
    }
}

impl AddAssign for Quantity {
    fn add_assign(&mut self, other: Quantity) {
        *self = *self + other;
    }
}

impl Sum for Quantity {
    fn sum<I: Iterator<Item = Quantity>>(iter: I) -> Quantity {
        iter.fold(Quantity::ZERO, Add::add)
    }
}

/// Both types travel as strings, so that no JSON reader turns them into floats. What is read is whatever can exist, and so
/// whatever was written; bounds of what people enter are checked where they enter it.
macro_rules! serde_as_text {
    ($type:ident, $limit:expr, $scale:expr, $description:literal) => {
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
                parse(&text, $scale, $limit).map($type::from_decimal).map_err(serde::de::Error::custom)
            }
        }
    };
}

serde_as_text!(
    Money,
    MONEY_LIMIT,
    MONEY_SCALE,
    "An exact amount in the account's currency, negative as on AWS's bill."
);
serde_as_text!(Quantity, QUANTITY_LIMIT, 28, "An exact metered quantity.");

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn nothing_has_no_sign() {
        assert!(!(-Money::ZERO).0.is_sign_negative());
        assert_eq!((-Money::ZERO).to_string(), "0");
    }

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
        assert!(matches!("1e40".parse::<Money>(), Err(AmountError::TooLarge { .. })));
        assert!(matches!("1000000001".parse::<Money>(), Err(AmountError::TooLarge { .. })));
    }

    #[test]
    fn what_is_computed_stops_where_it_can_still_be_read() {
        let most = "1000000000".parse::<Money>().unwrap();
        let sum: Money = std::iter::repeat_n(most, 9).sum();
        assert_eq!(sum.to_string(), "9000000000", "sums of what is stated stay exact");
        assert_eq!(std::iter::repeat_n(most, 99).sum::<Money>(), Money::MOST);
        assert_eq!(-Money::MOST - most, -Money::MOST);
        assert_eq!(Money::MOST.to_string(), "10000000000");
        assert_eq!(Money::from_micros(i64::MAX), Money::MOST);
        assert_eq!(Money::from_micros(i64::MIN), -Money::MOST);
        assert_eq!(most.times(Decimal::MIN), -Money::MOST);
        assert_eq!((-most).ratio("0.000000000000000001".parse().unwrap()), Some(Decimal::from(-RATIO_LIMIT)));
        assert_eq!(Money::ONE.ratio(Money::ZERO), None);
        let metered = Quantity::parse("1000000000000000").unwrap();
        assert_eq!(metered.times(Decimal::MAX).to_string(), "10000000000000000");
    }

    proptest! {
        /// Whatever comes out of arithmetic is read as it was written: the reason that nothing computed can make the store
        /// unreadable.
        #[test]
        fn what_exists_reads_back(amounts in prop::collection::vec(extreme(), 1..40)) {
            let (mut sum, mut metered) = (Money::ZERO, Quantity::ZERO);
            for amount in amounts {
                let money = Money::from_decimal(amount);
                sum = [sum + money, sum - money, sum.times(amount), money, -sum][(amount.scale() % 5) as usize];
                sum += money.per(i64::from(amount.scale()));
                sum -= Money::from_micros(sum.to_micros());
                metered += Quantity::from_decimal(amount).times(amount);
                for money in [sum, money, sum.abs(), sum.at_least_zero()] {
                    let json = serde_json::to_string(&money).unwrap();
                    prop_assert_eq!(serde_json::from_str::<Money>(&json).unwrap(), money);
                    prop_assert!(money.abs() <= Money::MOST);
                }
                let json = serde_json::to_string(&metered).unwrap();
                prop_assert_eq!(serde_json::from_str::<Quantity>(&json).unwrap(), metered);
                let ratio = sum.ratio(money).unwrap_or_default();
                prop_assert!((ratio * Decimal::ONE_HUNDRED).checked_mul(Decimal::ONE_HUNDRED).is_some());
            }
        }

        /// Up to the end of the range nothing is rounded, however many digits there are.
        #[test]
        fn sums_within_the_range_are_exact(a in within(), b in within()) {
            let (a, b) = (Money(a), Money(b));
            prop_assert_eq!(a + b - b, a);
        }
    }

    /// Any decimal at all.
    fn extreme() -> impl Strategy<Value = Decimal> {
        let any = (any::<[u32; 3]>(), any::<bool>(), 0..=28_u32);
        prop_oneof![
            any.prop_map(|([lo, mid, hi], negative, scale)| Decimal::from_parts(lo, mid, hi, negative, scale)),
            Just(Decimal::MAX),
            Just(Decimal::MIN),
            Just(Decimal::new(1, 28)),
            within(),
        ]
    }

    /// Half of the range, to the last digit that is kept.
    fn within() -> impl Strategy<Value = Decimal> {
        let half = 5 * 10_i128.pow(27);
        (-half..=half, 0..=MONEY_SCALE)
            .prop_map(|(digits, scale)| Decimal::from_i128_with_scale(digits / 10_i128.pow(MONEY_SCALE - scale), scale))
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
