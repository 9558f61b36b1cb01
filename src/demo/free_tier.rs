//! Free Tier's GetAccountPlanState.

use chrono::SecondsFormat;
use serde_json::{Value, json};

use super::account::FakeAccount;
use super::refusal::Refusal;

/// Answers GetAccountPlanState.
pub(super) fn get_account_plan_state(request: &Value, account: &FakeAccount) -> Result<Value, Refusal> {
    if request.as_object().is_none_or(|members| !members.is_empty()) {
        return Err(Refusal::validation("the request takes no member"));
    }
    let Some(plan) = &account.plan else {
        return Err(Refusal::new("ResourceNotFoundException", "There is no account plan for this account"));
    };
    let mut answer = json!({
        "accountId": account.id,
        "accountPlanType": plan.kind,
        "accountPlanStatus": plan.status,
    });
    if let Some(left) = plan.credit_left {
        // AWS sends a number here, where other amounts are texts.
        let number: serde_json::Number = left.to_string().parse().expect("a decimal is a number");
        answer["accountPlanRemainingCredits"] = json!({ "amount": number, "unit": "USD" });
    }
    if let Some(at) = plan.expires_at {
        answer["accountPlanExpirationDate"] = json!(at.to_rfc3339_opts(SecondsFormat::Secs, true));
    }
    Ok(answer)
}
