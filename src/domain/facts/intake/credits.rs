//! Credits as `aws billing get-credits` prints them.

use chrono::{DateTime, NaiveDate, Utc};
use serde_json::Value;

use super::IntakeError;
use crate::facts::credits::{ApplicationType, CreditSnapshot, SeenCredit};
use crate::facts::intake::problem::{CURRENCY, below};
use crate::values::money::Money;
use crate::values::period::plus_days;

/// The expiry of a credit for which AWS states none.
const NO_EXPIRY: NaiveDate = NaiveDate::from_ymd_opt(9999, 12, 31).expect("a day of the calendar");

/// A credit as it was seen on a day.
pub(super) fn seen(path: &str, credit: &Value, on: NaiveDate) -> Result<SeenCredit, IntakeError> {
    let text = |key: &str| credit[key].as_str().map(str::to_owned);
    let texts = |key: &str| -> Vec<String> {
        credit[key].as_array().into_iter().flatten().filter_map(Value::as_str).map(str::to_owned).collect()
    };
    let listed = |key: &str| Some(texts(key)).filter(|names| !names.is_empty());
    let missing = |key: &str| {
        IntakeError::new(
            below(path, key),
            format!("the credit has no {key}"),
            "run the script again; AWS's answer was changed",
        )
    };
    let amount = |key: &str| amount(&below(path, key), &credit[key]);
    let starts_on = moment(&credit["startDate"]).ok_or_else(|| missing("startDate"))?;
    let expires_on = moment(&credit["endDate"]).map_or(NO_EXPIRY, |end| {
        // AWS's "until 23:59:59" ends with that day.
        let day = end.date_naive();
        if end.time() == chrono::NaiveTime::MIN { day } else { plus_days(day, 1) }
    });
    let snapshot = CreditSnapshot {
        credit_id: text("creditId").filter(|id| !id.is_empty()).ok_or_else(|| missing("creditId"))?,
        account: text("accountId").unwrap_or_default(),
        description: text("description").unwrap_or_default(),
        credit_type: text("creditType").unwrap_or_default(),
        initial: amount("initialAmount")?.ok_or_else(|| missing("initialAmount"))?,
        remaining: amount("remainingAmount")?,
        estimated: amount("estimatedAmount")?,
        currency: CURRENCY.to_owned(),
        starts_on: starts_on.date_naive(),
        expires_on,
        exhausted_on: moment(&credit["exhaustDate"]).map(|at| at.date_naive()),
        products: listed("applicableProductNames"),
        enabled: credit["creditStatus"].as_str() != Some("DISABLED"),
        application_type: text("applicationType").and_then(|text| ApplicationType::read(&text)),
        sharing: text("creditSharingType"),
        shareable_accounts: texts("shareableAccounts"),
        purchase_types: listed("purchaseTypeApplications"),
    };
    Ok(SeenCredit { seen_on: on, snapshot, paused_from: None, missing_from: 0 })
}

/// A moment as the command line prints it: RFC 3339, or seconds since 1970.
fn moment(value: &Value) -> Option<DateTime<Utc>> {
    match value {
        Value::String(text) => DateTime::parse_from_rfc3339(text).ok().map(|at| at.to_utc()),
        Value::Number(seconds) => {
            let text = seconds.to_string();
            DateTime::from_timestamp(text.split('.').next()?.parse().ok()?, 0)
        }
        _ => None,
    }
}

/// An amount without AWS's sign, which varies.
fn amount(place: &str, value: &Value) -> Result<Option<Money>, IntakeError> {
    let text = |key: &str| value[key].as_str().unwrap_or_default();
    let (amount, currency) = (text("currencyAmount"), text("currencyCode"));
    if amount.is_empty() && currency.is_empty() {
        return Ok(None);
    }
    if currency != CURRENCY {
        let problem = format!("the amount is in {currency:?}, and only {CURRENCY} is read");
        return Err(IntakeError::new(place, problem, "leave the credits out of the file: \"credits\": null"));
    }
    let read = amount.parse::<Money>().map(|amount| Some(amount.abs()));
    read.map_err(|error| IntakeError::new(place, error.to_string(), "run the script again; AWS's answer was changed"))
}
