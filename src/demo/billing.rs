//! The billing API's credits (JSON 1.0, 2023-09-07): GetCredits and GetCreditAllocationHistory.
//!
//! A balance follows from what the fake's own bill drew: `remainingAmount` after closed bills, `estimatedAmount` after
//! open ones too. Which credits a window of GetCredits lists is not documented; the fake lists those whose life
//! overlaps it.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use chrono::{DateTime, Days, Months, NaiveDate, NaiveTime, Utc};
use rust_decimal::Decimal;
use serde_json::{Map, Value, json};

use super::account::{FakeAccount, FakeCredit, first_of_month};
use super::books::{Books, is_final};
use super::filter::wrong_type;
use super::refusal::Refusal;

/// Answers GetCredits at `now`.
pub(super) fn get_credits(
    request: &Value,
    account: &FakeAccount,
    books: &Books,
    now: DateTime<Utc>,
) -> Result<Value, Refusal> {
    check_account(request, account)?;
    let start = timestamp(request, "startDate")?.ok_or_else(|| Refusal::validation("startDate is required"))?;
    let end = timestamp(request, "endDate")?.unwrap_or(now);
    if start > now || start < now - Days::new(365) {
        return Err(Refusal::validation(
            "startDate must be a past date not more than one year before the current date",
        ));
    }
    if end > now {
        return Err(Refusal::validation("endDate must not be a future date"));
    }
    if end < start {
        return Err(Refusal::validation("endDate must be on or after startDate"));
    }
    let listed = |credit: &FakeCredit| midnight(credit.starts_on) <= end && midnight(credit.expires_on) > start;
    let credits: Vec<Value> = (account.credits.iter().enumerate())
        .filter(|(_, credit)| listed(credit))
        .map(|(index, credit)| credit_data(index, credit, account, books, now))
        .collect();
    Ok(json!({ "credits": credits }))
}

/// One element of GetCredits' list.
fn credit_data(index: usize, credit: &FakeCredit, account: &FakeAccount, books: &Books, now: DateTime<Utc>) -> Value {
    let (mut drawn, mut drawn_closed, mut last) = (Decimal::ZERO, Decimal::ZERO, None);
    for draw in books.draws.iter().filter(|draw| draw.credit == index) {
        drawn += draw.amount;
        last = Some(draw.day);
        if is_final(draw.day, now) {
            drawn_closed += draw.amount;
        }
    }
    let paused = credit.paused_from.is_some_and(|day| day <= now.date_naive());
    let mut data = json!({
        "creditId": credit.id,
        "accountId": account.id,
        "creditType": credit.credit_type,
        "description": credit.description,
        "initialAmount": amount(credit.initial),
        "remainingAmount": amount(credit.initial - drawn_closed),
        "estimatedAmount": amount(credit.initial - drawn),
        "startDate": midnight(credit.starts_on).timestamp(),
        "endDate": midnight(credit.expires_on).timestamp(),
        "applicationType": credit.application_type,
        "shareableAccounts": [],
        "accountHasCreditSharingEnabled": true,
        "creditSharingType": "DEFAULT",
        // A credit that ran dry or expired stays enabled: only its owner switches it off.
        "creditStatus": if paused { "DISABLED" } else { "ENABLED" },
    });
    if credit.lists_services {
        data["applicableProductNames"] = json!(credit.services);
    }
    if !credit.purchase_types.is_empty() {
        data["purchaseTypeApplications"] = json!(credit.purchase_types);
    }
    if let Some(day) = last.filter(|_| drawn == credit.initial) {
        data["exhaustDate"] = json!(midnight(day).timestamp());
    }
    data
}

/// Answers GetCreditAllocationHistory at `now`.
pub(super) fn get_credit_allocation_history(
    request: &Value,
    account: &FakeAccount,
    books: &Books,
    now: DateTime<Utc>,
) -> Result<Value, Refusal> {
    check_account(request, account)?;
    let required =
        |name: &str| timestamp(request, name)?.ok_or_else(|| Refusal::validation(format!("{name} is required")));
    let (start, end) = (required("startDate")?, required("endDate")?);
    if start >= end {
        return Err(Refusal::validation("startDate must be earlier than endDate"));
    }
    // AWS's model does not say so; nobody should depend on its being allowed.
    if end > midnight(now.date_naive() + Days::new(1)) {
        return Err(Refusal::validation("endDate must not be later than tomorrow, which it excludes"));
    }
    if start + Months::new(24) < end {
        return Err(Refusal::validation("The range must not exceed 24 calendar months"));
    }
    let wanted = match request.get("creditId") {
        None | Some(Value::Null) => None,
        Some(Value::Number(id)) => Some(id.to_string()),
        Some(_) => return Err(wrong_type("creditId", "a number")),
    };
    let mut rows = allocations(account, books, now);
    rows.retain(|row| {
        let billing_period = midnight(row.month);
        start <= billing_period && billing_period < end && wanted.as_ref().is_none_or(|id| row.credit == id)
    });
    page(&rows, request)
}

/// Cuts the page that the request asks for.
fn page(rows: &[Allocation<'_>], request: &Value) -> Result<Value, Refusal> {
    let size = match request.get("maxResults") {
        None | Some(Value::Null) => 100,
        Some(size) => size
            .as_u64()
            .filter(|size| (1..=1000).contains(size))
            .ok_or_else(|| Refusal::validation("maxResults must be between 1 and 1000"))?,
    };
    let first = match request.get("nextToken") {
        None | Some(Value::Null) => 0,
        Some(token) => token
            .as_str()
            .and_then(|token| String::from_utf8(hex::decode(token).ok()?).ok()?.parse::<usize>().ok())
            .filter(|first| *first < rows.len())
            .ok_or_else(|| Refusal::validation("nextToken is not valid"))?,
    };
    let end = rows.len().min(first + usize::try_from(size).expect("at most a thousand"));
    let list: Vec<Value> = rows[first..end].iter().map(Allocation::json).collect();
    let mut answer = json!({"creditAllocationHistoryList": list, "partialResults": false, "failedMonths": []});
    if end < rows.len() {
        answer["nextToken"] = json!(hex::encode(end.to_string()));
    }
    Ok(answer)
}

/// What one credit paid of one service in one billing month.
struct Allocation<'a> {
    month: NaiveDate,
    credit: &'a str,
    account: &'a str,
    service: &'a str,
    amount: Decimal,
    estimated: bool,
}

impl Allocation<'_> {
    fn json(&self) -> Value {
        json!({
            "creditId": self.credit,
            "creditAmount": amount(-self.amount),
            "accountId": self.account,
            "appliedServiceName": self.service,
            "billingMonth": self.month.format("%Y-%m").to_string(),
            "isEstimatedBill": self.estimated,
        })
    }
}

/// All rows, newest month first.
fn allocations<'a>(account: &'a FakeAccount, books: &'a Books, now: DateTime<Utc>) -> Vec<Allocation<'a>> {
    let mut sums: BTreeMap<(Reverse<NaiveDate>, &str, &str), Decimal> = BTreeMap::new();
    for draw in &books.draws {
        let credit = account.credits[draw.credit].id.as_str();
        *sums.entry((Reverse(first_of_month(draw.day)), credit, &draw.service)).or_default() += draw.amount;
    }
    sums.into_iter()
        .map(|((Reverse(month), credit, service), amount)| Allocation {
            month,
            credit,
            account: &account.id,
            service,
            amount,
            estimated: !is_final(month, now),
        })
        .collect()
}

/// An amount to the cent, as the billing API prints it.
fn amount(value: Decimal) -> Value {
    json!({"currencyCode": "USD", "currencyAmount": format!("{:.2}", value.round_dp(2))})
}

fn check_account(request: &Value, account: &FakeAccount) -> Result<(), Refusal> {
    let members: &Map<String, Value> = request.as_object().ok_or_else(|| wrong_type("The request", "an object"))?;
    let id = members.get("accountId").and_then(Value::as_str).unwrap_or_default();
    if id.len() != 12 || !id.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(Refusal::validation("accountId must be a 12-digit numeric string"));
    }
    if id != account.id {
        let message = format!("User is not authorized to read the credits of account {id}");
        return Err(Refusal::new("AccessDeniedException", message));
    }
    Ok(())
}

/// A timestamp member: epoch seconds, as the protocol wants them.
fn timestamp(request: &Value, name: &str) -> Result<Option<DateTime<Utc>>, Refusal> {
    match request.get(name) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::Number(seconds)) => {
            let text = seconds.to_string();
            let whole = text.split('.').next().unwrap_or_default().parse().ok();
            let time = whole.and_then(|seconds| DateTime::from_timestamp(seconds, 0));
            time.map(Some).ok_or_else(|| wrong_type(name, "a number of epoch seconds"))
        }
        Some(_) => Err(wrong_type(name, "a number of epoch seconds")),
    }
}

fn midnight(day: NaiveDate) -> DateTime<Utc> {
    day.and_time(NaiveTime::MIN).and_utc()
}
