//! Short spellings of days and amounts.

use chrono::NaiveDate;
use glidepath::domain::values::money::Money;

pub fn day(text: &str) -> NaiveDate {
    text.parse().unwrap()
}

pub fn usd(text: &str) -> Money {
    text.parse().unwrap()
}
