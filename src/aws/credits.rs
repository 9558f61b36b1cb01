//! Credits and their balances, from the billing API.
//!
//! Invariants: denied, empty and zero are three different things; a balance is never negative, whatever sign AWS
//! uses; an absent or empty product list is an unknown restriction, not an empty one; one credit that cannot be
//! read fails its account's list, so that a balance is never a part taken for the whole.

use aws_sdk_billing::operation::RequestId as _;
use aws_sdk_billing::types::{Amount, CreditData, CreditStatus};
use aws_smithy_types::DateTime;
use chrono::NaiveDate;

use super::allocation::{self, MonthAllocation};
use super::billing_api::{midnight, stated};
use super::client::AwsClients;
use super::error::AwsError;
use super::operation::Operation;
use crate::domain::credit::delisted::ASKED_DAYS;
use crate::domain::facts::credits::{ApplicationType, CreditSnapshot};
use crate::domain::values::money::Money;
use crate::domain::values::period::plus_days;

const SECONDS_PER_DAY: i64 = 86_400;

/// The credits of every account asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CreditPull {
    /// By account.
    pub accounts: Vec<AccountCredits>,
}

/// One account's credits and what they paid.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AccountCredits {
    /// Account number.
    pub account: String,
    /// Its credits.
    pub credits: CreditAnswer,
    /// What they paid, by month, oldest first; the months that were read before `history_error`.
    pub history: Vec<MonthAllocation>,
    /// Why months are missing from `history`.
    pub history_error: Option<AwsError>,
    /// AWS's ids of the requests that it answered.
    pub request_ids: Vec<String>,
}

/// What AWS says to "which credits".
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CreditAnswer {
    /// These, sorted by id. May be none; from a member account that does not mean that the organisation has none.
    Listed(Vec<CreditSnapshot>),
    /// Access denied: the credits are unknown, not zero.
    Denied(AwsError),
    /// No usable answer: the credits are unknown, not zero.
    Failed(AwsError),
}

/// The expiry of a credit for which AWS states none.
pub const NO_EXPIRY: NaiveDate = NaiveDate::from_ymd_opt(9999, 12, 31).expect("a day of the calendar");

/// Reads every account's credits and their allocation history.
///
/// # Errors
/// Only if no account is configured and STS does not name the credentials' own.
pub async fn pull(clients: &AwsClients, today: NaiveDate) -> Result<CreditPull, AwsError> {
    let mut accounts = Vec::new();
    for account in clients.account_ids().await? {
        let mut request_ids = Vec::new();
        let credits = match list(clients, &account, today, &mut request_ids).await {
            Ok(listed) => CreditAnswer::Listed(listed),
            Err(denied @ AwsError::Denied { .. }) => CreditAnswer::Denied(denied),
            Err(error) => CreditAnswer::Failed(error),
        };
        let (history, history_error) = allocation::history(clients, &account, today, &mut request_ids).await;
        accounts.push(AccountCredits { account, credits, history, history_error, request_ids });
    }
    Ok(CreditPull { accounts })
}

/// One account's credits, sorted by id. AWS's request id is added to `asked`.
pub(super) async fn list(
    clients: &AwsClients,
    account: &str,
    today: NaiveDate,
    asked: &mut Vec<String>,
) -> Result<Vec<CreditSnapshot>, AwsError> {
    let answer = clients
        .billing
        .get_credits()
        .account_id(account)
        .start_date(midnight(plus_days(today, -ASKED_DAYS)))
        .send()
        .await
        .map_err(|error| AwsError::from_sdk(Operation::GetCredits, &error))?;
    asked.extend(answer.request_id().map(str::to_owned));
    let currency = &clients.settings().currency;
    let mut credits: Vec<_> =
        answer.credits().iter().map(|credit| snapshot(credit, currency)).collect::<Result<_, _>>()?;
    credits.sort_by(|a, b| (&a.credit_id, &a.account).cmp(&(&b.credit_id, &b.account)));
    match credits.windows(2).find(|pair| pair[0].credit_id == pair[1].credit_id) {
        // The same id with other figures would be counted twice or picked by chance.
        Some(pair) if pair[0] != pair[1] => Err(malformed(&pair[0].credit_id, "comes twice, with other figures")),
        _ => {
            credits.dedup();
            Ok(credits)
        }
    }
}

fn snapshot(credit: &CreditData, currency: &str) -> Result<CreditSnapshot, AwsError> {
    let id = credit.credit_id();
    if id.is_empty() {
        return Err(malformed(id, "has no id"));
    }
    let balance = |name: &str, amount: Option<&Amount>| {
        stated(amount, currency)
            .map(|stated| stated.map(Money::abs))
            .map_err(|error| malformed(id, &format!("has a bad {name}: {error}")))
    };
    let day = |name: &str, at: &DateTime| {
        day_of(at).ok_or_else(|| malformed(id, &format!("has a {name} that is no date: {}", at.secs())))
    };
    // The SDK fills a missing start with the epoch.
    if credit.start_date().secs() == 0 {
        return Err(malformed(id, "has no start date"));
    }
    Ok(CreditSnapshot {
        credit_id: id.to_owned(),
        account: credit.account_id().to_owned(),
        description: credit.description().to_owned(),
        credit_type: credit.credit_type().to_owned(),
        initial: balance("initial amount", credit.initial_amount())?
            .ok_or_else(|| malformed(id, "has no initial amount"))?,
        remaining: balance("remaining amount", credit.remaining_amount())?,
        estimated: balance("estimated amount", credit.estimated_amount())?,
        currency: currency.to_owned(),
        starts_on: day("start date", credit.start_date())?,
        expires_on: match credit.end_date() {
            Some(end) => day("end date", &next_midnight(end))?,
            None => NO_EXPIRY,
        },
        exhausted_on: credit.exhaust_date().map(|at| day("exhaust date", at)).transpose()?,
        products: listed(credit.applicable_product_names()),
        enabled: credit.credit_status() != Some(&CreditStatus::Disabled),
        application_type: credit.application_type().and_then(|text| ApplicationType::read(text.as_str())),
        sharing: credit.credit_sharing_type().map(|sharing| sharing.as_str().to_owned()),
        shareable_accounts: credit.shareable_accounts().to_vec(),
        purchase_types: listed(credit.purchase_type_applications()),
    })
}

fn listed(names: &[String]) -> Option<Vec<String>> {
    (!names.is_empty()).then(|| names.to_vec())
}

/// The UTC day that holds `at`.
fn day_of(at: &DateTime) -> Option<NaiveDate> {
    chrono::DateTime::from_timestamp(at.secs(), 0).map(|at| at.date_naive())
}

/// The next midnight UTC, or `at` itself if it is one: AWS's "until 23:59:59" ends with that day.
fn next_midnight(at: &DateTime) -> DateTime {
    let days = at.secs().div_euclid(SECONDS_PER_DAY);
    let begun = at.secs().rem_euclid(SECONDS_PER_DAY) > 0 || at.subsec_nanos() > 0;
    DateTime::from_secs((days + i64::from(begun)) * SECONDS_PER_DAY)
}

fn malformed(id: &str, what: &str) -> AwsError {
    AwsError::Malformed { operation: Operation::GetCredits, what: format!("credit {id:?} {what}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_end_within_a_day_expires_with_that_day() {
        // 2027-02-28T00:00:00Z is 1803772800.
        for (secs, nanos, expected) in [
            (1_803_772_800, 0, "2027-02-28"),
            (1_803_772_800, 1, "2027-03-01"),
            (1_803_772_801, 0, "2027-03-01"),
            (1_803_772_799, 0, "2027-02-28"),
            (1_803_859_199, 999_000_000, "2027-03-01"),
        ] {
            let at = DateTime::from_secs_and_nanos(secs, nanos);
            assert_eq!(day_of(&next_midnight(&at)).unwrap().to_string(), expected, "{secs}.{nanos}");
        }
    }
}
