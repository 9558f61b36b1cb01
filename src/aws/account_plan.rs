//! The plan that the credentials' own account is on with AWS: free or paid. Asking is free of charge.
//!
//! Invariant: one attempt and a short wait, since nothing else depends on the answer.

use std::time::Duration;

use aws_sdk_freetier::operation::get_account_plan_state::GetAccountPlanStateOutput;
use aws_sdk_freetier::types::{AccountPlanStatus as Status, AccountPlanType, CurrencyCode, MonetaryAmount};
use aws_smithy_types::DateTime;
use aws_smithy_types::retry::RetryConfig;
use aws_smithy_types::timeout::TimeoutConfig;
use chrono::NaiveDate;

use super::client::AwsClients;
use super::error::AwsError;
use super::operation::Operation;
use crate::domain::facts::account_plan::{AccountPlan, AccountPlanKind, AccountPlanStatus};
use crate::domain::values::money::Money;

/// Longest the answer may take.
const PATIENCE: Duration = Duration::from_secs(10);

/// Asks for the plan on `today`; `None` for an account of which AWS knows none, and for one whose costs are not watched.
///
/// # Errors
/// Whatever kept AWS from answering, or made its answer unusable.
pub async fn ask(clients: &AwsClients, today: NaiveDate) -> Result<Option<AccountPlan>, AwsError> {
    let watched = clients.configured_accounts();
    if !watched.is_empty() && !watched.contains(&clients.account_id().await?) {
        return Ok(None);
    }
    let waits = TimeoutConfig::builder().operation_timeout(PATIENCE).build();
    let once = aws_sdk_freetier::Config::builder().retry_config(RetryConfig::disabled()).timeout_config(waits);
    let answer = clients.free_tier.get_account_plan_state().customize().config_override(once).send().await;
    match answer.map_err(|error| AwsError::from_sdk(Operation::GetAccountPlanState, &error)) {
        Ok(answer) => read(&answer, today).map(Some),
        Err(AwsError::Refused { code, .. }) if code == "ResourceNotFoundException" => Ok(None),
        Err(error) => Err(error),
    }
}

fn read(answer: &GetAccountPlanStateOutput, today: NaiveDate) -> Result<AccountPlan, AwsError> {
    let malformed = |what: String| AwsError::Malformed { operation: Operation::GetAccountPlanState, what };
    let ends_on = answer.account_plan_expiration_date().map(|at| {
        day_of(at)
            .ok_or_else(|| malformed(format!("it has an accountPlanExpirationDate that is no date: {}", at.secs())))
    });
    let in_dollars = |credit: &&MonetaryAmount| *credit.unit() == CurrencyCode::Usd;
    // The SDK reads the amount as a float, whose shortest text is the one that AWS sent.
    let credit_left = answer.account_plan_remaining_credits().filter(in_dollars).map(|credit| {
        let text = credit.amount().to_string();
        text.parse::<Money>()
            .map_err(|error| malformed(format!("it has a bad accountPlanRemainingCredits: {text:?}: {error}")))
    });
    Ok(AccountPlan {
        plan: match answer.account_plan_type() {
            AccountPlanType::Free => AccountPlanKind::Free,
            AccountPlanType::Paid => AccountPlanKind::Paid,
            _ => AccountPlanKind::Other,
        },
        status: match answer.account_plan_status() {
            Status::NotStarted => AccountPlanStatus::NotStarted,
            Status::Active => AccountPlanStatus::Active,
            Status::Expired => AccountPlanStatus::Expired,
            _ => AccountPlanStatus::Other,
        },
        credit_left: credit_left.transpose()?,
        ends_on: ends_on.transpose()?,
        seen_on: today,
    })
}

fn day_of(at: &DateTime) -> Option<NaiveDate> {
    chrono::DateTime::from_timestamp(at.secs(), 0).map(|at| at.date_naive())
}
