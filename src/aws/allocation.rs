//! Which credit paid for which service, by month.
//!
//! Observers report that about one call in five comes back empty and that further pages repeat rows. So: month by
//! month, an empty answer asked for once more, identical rows kept once. Invariant: a month that AWS calls partial
//! is marked incomplete, and its rows are not to be summed.

use std::collections::BTreeSet;

use aws_sdk_billing::operation::RequestId as _;
use aws_sdk_billing::types::CreditAllocationHistoryEntry;
use chrono::NaiveDate;

use super::billing_api::{midnight, stated};
use super::client::AwsClients;
use super::error::AwsError;
use super::operation::Operation;
use crate::domain::values::money::Money;
use crate::domain::values::period::{BillingPeriod, DayRange, plus_days};

const ROWS_PER_PAGE: i32 = 1000;

/// One month of an account's credit allocations.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MonthAllocation {
    /// The month.
    pub month: BillingPeriod,
    /// False if AWS says that rows are missing: show them, and do not sum them.
    pub complete: bool,
    /// Its rows, in order and once each.
    pub rows: Vec<Allocation>,
}

/// What one credit paid for one service in one month.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Allocation {
    /// The credit.
    pub credit_id: String,
    /// The account whose bill it lowered.
    pub account: String,
    /// The service, as the billing API spells it.
    pub service: String,
    /// Amount with AWS's sign: negative lowers the bill.
    pub amount: Money,
    /// True while the month's bill is open.
    pub estimated: bool,
    /// AWS's words on it.
    pub description: Option<String>,
}

/// The last months, oldest first, and why some are missing: the newest of those that failed says so. The newest months
/// are asked for first, so that a failure which ends the asking costs the least recent knowledge; what only concerns one
/// month ends nothing. AWS's request ids are added to `asked`.
pub(super) async fn history(
    clients: &AwsClients,
    account: &str,
    today: NaiveDate,
    asked: &mut Vec<String>,
) -> (Vec<MonthAllocation>, Option<AwsError>) {
    let mut months = Vec::new();
    let mut month = BillingPeriod::of(today);
    let mut failure = None;
    for _ in 0..clients.settings().history_months {
        match read_month(clients, account, month, today, asked).await {
            Ok(allocation) => months.push(allocation),
            Err(error) => {
                let goes_on = concerns_one_month(&error);
                failure.get_or_insert(error);
                if !goes_on {
                    break;
                }
            }
        }
        month = month.previous();
    }
    months.reverse();
    (months, failure)
}

/// True for what AWS may answer of one month and not of the next; false for what every question would meet.
const fn concerns_one_month(error: &AwsError) -> bool {
    matches!(
        error,
        AwsError::Refused { .. }
            | AwsError::TooOld { .. }
            | AwsError::DataUnavailable { .. }
            | AwsError::Malformed { .. }
            | AwsError::RepeatedToken { .. }
            | AwsError::TooManyPages { .. }
    )
}

/// One month, as far as `today` has come in it; an empty answer is asked for once more.
pub(super) async fn read_month(
    clients: &AwsClients,
    account: &str,
    month: BillingPeriod,
    today: NaiveDate,
    asked: &mut Vec<String>,
) -> Result<MonthAllocation, AwsError> {
    // AWS may refuse an end beyond today; it is exclusive.
    let days = month.range().intersect(DayRange::new(month.first_day(), plus_days(today, 1)));
    let first = read_pages(clients, account, month, days, asked).await?;
    if first.rows.is_empty() { read_pages(clients, account, month, days, asked).await } else { Ok(first) }
}

async fn read_pages(
    clients: &AwsClients,
    account: &str,
    month: BillingPeriod,
    days: DayRange,
    asked: &mut Vec<String>,
) -> Result<MonthAllocation, AwsError> {
    let operation = Operation::GetCreditAllocationHistory;
    let limit = clients.settings().max_pages;
    let request = clients
        .billing
        .get_credit_allocation_history()
        .account_id(account)
        .start_date(midnight(days.start))
        .end_date(midnight(days.end))
        .max_results(ROWS_PER_PAGE);
    let (mut rows, mut complete) = (BTreeSet::new(), true);
    let (mut seen, mut token) = (BTreeSet::new(), None);
    for page in 1..=limit {
        let sent = request.clone().set_next_token(token).send().await;
        let output = sent.map_err(|error| AwsError::from_sdk(operation, &error))?;
        asked.extend(output.request_id().map(str::to_owned));
        complete &= !output.partial_results() && output.failed_months().is_empty();
        for entry in output.credit_allocation_history_list() {
            // AWS's own texts differ on whether the end is part of the range, so the next month's rows may come
            // along. They are read when that month is asked for.
            if billing_month(entry)? == month {
                rows.insert(allocation(entry, &clients.settings().currency)?);
            }
        }
        let Some(next) = output.next_token.filter(|next| !next.is_empty()) else {
            return Ok(MonthAllocation { month, complete, rows: rows.into_iter().collect() });
        };
        if !seen.insert(next.clone()) {
            return Err(AwsError::RepeatedToken { operation, page });
        }
        token = Some(next);
    }
    Err(AwsError::TooManyPages { operation, limit })
}

fn billing_month(entry: &CreditAllocationHistoryEntry) -> Result<BillingPeriod, AwsError> {
    entry.billing_month().parse().map_err(|error| malformed(entry, &format!("has a bad month: {error}")))
}

fn allocation(entry: &CreditAllocationHistoryEntry, currency: &str) -> Result<Allocation, AwsError> {
    let amount = stated(entry.credit_amount(), currency)
        .map_err(|error| malformed(entry, &format!("has a bad amount: {error}")))?
        .ok_or_else(|| malformed(entry, "has no amount"))?;
    Ok(Allocation {
        credit_id: entry.credit_id().to_owned(),
        account: entry.account_id().to_owned(),
        service: entry.applied_service_name().to_owned(),
        amount,
        estimated: entry.is_estimated_bill(),
        description: entry.description().map(str::to_owned),
    })
}

fn malformed(entry: &CreditAllocationHistoryEntry, what: &str) -> AwsError {
    AwsError::Malformed {
        operation: Operation::GetCreditAllocationHistory,
        what: format!(
            "the row of credit {:?}, {:?}, {:?} {what}",
            entry.credit_id(),
            entry.applied_service_name(),
            entry.billing_month()
        ),
    }
}
