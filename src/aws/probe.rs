//! Asks AWS once for each thing that a cycle needs, for `check --online`.
//!
//! Invariant: every permission is tried and reported on its own; at most one paid page.

use aws_sdk_costexplorer::types::{DateInterval, Granularity};
use chrono::NaiveDate;

use super::client::AwsClients;
use super::error::AwsError;
use super::operation::Operation;
use super::{account_plan, allocation, credits};
use crate::domain::facts::account_plan::{AccountPlan, AccountPlanKind};
use crate::domain::position::assess::request_price;
use crate::domain::values::money::Money;
use crate::domain::values::period::{BillingPeriod, plus_days};

/// What the credentials may do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Probe {
    /// One entry per permission and account, in the order tried.
    pub checks: Vec<PermissionCheck>,
    /// What asking cost.
    pub usd_spent: Money,
}

/// One permission, tried.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PermissionCheck {
    /// What was called.
    pub operation: Operation,
    /// The account asked about, where the call names one.
    pub account: Option<String>,
    /// What AWS answered, in a few words, or why it did not.
    pub result: Result<String, AwsError>,
}

impl Probe {
    /// True if every permission works but the optional ones.
    pub fn all_granted(&self) -> bool {
        self.checks.iter().all(|check| check.result.is_ok() || check.operation.is_optional())
    }
}

/// Tries STS, Cost Explorer, and the billing API for each account. Costs 0.01 USD if Cost Explorer answers.
pub async fn probe(clients: &AwsClients, today: NaiveDate) -> Probe {
    let own = clients.account_id().await;
    let costs = ask_one_day(clients, today).await;
    let usd_spent = if costs.is_ok() { request_price() } else { Money::ZERO };
    let check = |operation, account, result| PermissionCheck { operation, account, result };
    let whose = match &own {
        Ok(account) => clients.check_own_account().await.map(|()| format!("account {account}")),
        Err(unknown) => Err(unknown.clone()),
    };
    let mut checks =
        vec![check(Operation::GetCallerIdentity, None, whose), check(Operation::GetCostAndUsage, None, costs)];
    let accounts = match own {
        _ if !clients.settings().accounts.is_empty() => clients.configured_accounts(),
        Ok(account) => vec![account],
        Err(unknown) => {
            checks.push(check(Operation::GetCredits, None, Err(unknown.clone())));
            checks.push(check(Operation::GetCreditAllocationHistory, None, Err(unknown)));
            Vec::new()
        }
    };
    let month = BillingPeriod::of(today);
    for account in accounts {
        let listed = credits::list(clients, &account, today, &mut Vec::new()).await;
        let listed = listed.map(|credits| format!("credits listed: {}", credits.len()));
        let history = allocation::read_month(clients, &account, month, today, &mut Vec::new()).await;
        let history = history.map(|read| format!("rows for {month}: {}", read.rows.len()));
        checks.push(check(Operation::GetCredits, Some(account.clone()), listed));
        checks.push(check(Operation::GetCreditAllocationHistory, Some(account), history));
    }
    let plan = account_plan::ask(clients, today).await.map(|plan| plan_text(plan.as_ref()));
    checks.push(check(Operation::GetAccountPlanState, None, plan));
    Probe { checks, usd_spent }
}

fn plan_text(plan: Option<&AccountPlan>) -> String {
    let plan = plan.map(|plan| match plan.plan {
        AccountPlanKind::Free => "the free plan",
        AccountPlanKind::Paid => "the paid plan",
        AccountPlanKind::Other => "a plan that this version does not know",
    });
    plan.map_or_else(|| "AWS states no plan for this account".to_owned(), |plan| format!("the account is on {plan}"))
}

/// The smallest paid question: one settled day, ungrouped, so always one page.
async fn ask_one_day(clients: &AwsClients, today: NaiveDate) -> Result<String, AwsError> {
    let day = plus_days(today, -2);
    let interval = DateInterval::builder()
        .start(day.to_string())
        .end(plus_days(day, 1).to_string())
        .build()
        .expect("both ends are given");
    clients
        .cost_explorer
        .get_cost_and_usage()
        .time_period(interval)
        .granularity(Granularity::Daily)
        .metrics("UnblendedCost")
        .send()
        .await
        .map_err(|error| AwsError::from_sdk(Operation::GetCostAndUsage, &error))?;
    Ok(format!("answered for {day}; the question cost {}", request_price().dollars()))
}
