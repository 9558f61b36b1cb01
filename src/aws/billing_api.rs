//! Amounts and days as the billing API writes them.

use aws_sdk_billing::types::Amount;
use aws_smithy_types::DateTime;
use chrono::NaiveDate;

use crate::domain::values::money::{AmountError, Money};

/// An amount with AWS's sign; `None` where AWS states none, which the SDK fills with empty texts.
pub(super) fn stated(amount: Option<&Amount>, currency: &str) -> Result<Option<Money>, String> {
    let Some(amount) = amount else { return Ok(None) };
    let (text, unit) = (amount.currency_amount(), amount.currency_code());
    if text.is_empty() && unit.is_empty() {
        return Ok(None);
    }
    if unit != currency {
        return Err(format!("{text:?} is in {unit:?}, where {currency} is configured"));
    }
    text.parse().map(Some).map_err(|error: AmountError| error.to_string())
}

/// The start of `day`, as the billing API takes it.
pub(super) fn midnight(day: NaiveDate) -> DateTime {
    DateTime::from_secs(day.and_time(chrono::NaiveTime::MIN).and_utc().timestamp())
}
