//! Faults on request: what goes wrong, on which operation and page, and how often.

use std::fmt;

use axum::http::StatusCode;
use serde_json::{Map, Value, json};

use super::cost_explorer;
use super::refusal::Refusal;

/// What IAM says where the account's root user never switched on access to billing for IAM identities. The wording is
/// ours; that such an account denies every call whatever its policies say is AWS's documentation.
pub const ROOT_SWITCH_MESSAGE: &str = "You don't have permission to access billing data: IAM access to the Billing \
     and Cost Management console is deactivated. The root user must activate IAM access.";

/// The operations that the fake answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Operation {
    /// Cost Explorer's GetCostAndUsage, the one that is paid for.
    GetCostAndUsage,
    /// Billing's GetCredits.
    GetCredits,
    /// Billing's GetCreditAllocationHistory.
    GetCreditAllocationHistory,
    /// Free Tier's GetAccountPlanState.
    GetAccountPlanState,
    /// STS's GetCallerIdentity.
    GetCallerIdentity,
}

impl Operation {
    /// AWS's name.
    pub const fn as_str(self) -> &'static str {
        match self {
            Operation::GetCostAndUsage => "GetCostAndUsage",
            Operation::GetCredits => "GetCredits",
            Operation::GetCreditAllocationHistory => "GetCreditAllocationHistory",
            Operation::GetAccountPlanState => "GetAccountPlanState",
            Operation::GetCallerIdentity => "GetCallerIdentity",
        }
    }

    /// The service that it belongs to, as requests are signed and policies written.
    pub(super) const fn service(self) -> &'static str {
        match self {
            Operation::GetCostAndUsage => "ce",
            Operation::GetCredits | Operation::GetCreditAllocationHistory => "billing",
            Operation::GetAccountPlanState => "freetier",
            Operation::GetCallerIdentity => "sts",
        }
    }
}

impl fmt::Display for Operation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// What goes wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fault {
    /// Too many requests: LimitExceededException from Cost Explorer, ThrottlingException from the others.
    Throttled,
    /// AccessDeniedException that names the missing action.
    Denied,
    /// AccessDeniedException because the root user never enabled IAM access to billing.
    RootSwitchOff,
    /// AccessDeniedException because a service control policy of the organisation denies it.
    OrganisationDenies,
    /// ExpiredTokenException.
    ExpiredToken,
    /// RequestExpired. The Date of the answer is that of the fake's clock, whatever this machine's says.
    RequestExpired,
    /// The same as most JSON services say it: InvalidSignatureException, signature expired. The SDK signs again by the Date.
    SignatureExpired,
    /// The service does not know the credentials: UnrecognizedClientException, InvalidClientTokenId from STS.
    UnknownCredentials,
    /// RegionDisabledException.
    RegionDisabled,
    /// OptInRequired: the account has not signed up for the service.
    NotSignedUp,
    /// ValidationException in these words.
    Invalid(String),
    /// InternalServerException, status 500.
    InternalError,
    /// A proxy's HTML page with this status.
    Html(u16),
    /// The connection ends in the middle of a whole answer's body.
    CutBody,
    /// A whole answer that stops in the middle of its JSON.
    CutJson,
    /// The first amount of the answer is no number.
    BadAmount,
    /// Every amount is in euros.
    WrongCurrency,
    /// The answer's page token is the one that the request sent; on a first page, one that leads to it again.
    RepeatedToken,
    /// A list without elements: no credits, no history, no results.
    EmptyList,
    /// Costs: every day is there and has no rows.
    EmptyDays,
    /// GetCredits: the credit of this id is not in the list.
    UnlistedCredit(String),
    /// GetCredits: no credit says what is left after open bills.
    NoEstimates,
    /// GetCredits: every amount has the other sign.
    NegativeAmounts,
    /// History: every row is there twice.
    RepeatedRows,
    /// History: partialResults, with these months failed and left out.
    PartialResults(Vec<String>),
}

impl Fault {
    /// The fault on every operation and page, once.
    pub fn once(self) -> Injection {
        Injection { fault: self, operation: None, page: None, times: 1 }
    }

    /// The fault on one operation, once.
    pub fn on(self, operation: Operation) -> Injection {
        Injection { operation: Some(operation), ..self.once() }
    }
}

/// A fault in the queue: the first that matches a request is used up by it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Injection {
    pub(super) fault: Fault,
    pub(super) operation: Option<Operation>,
    pub(super) page: Option<usize>,
    pub(super) times: usize,
}

impl Injection {
    /// Only on this page, counted from 1.
    #[must_use]
    pub fn page(mut self, page: usize) -> Self {
        self.page = Some(page);
        self
    }

    /// This many times.
    #[must_use]
    pub fn times(mut self, times: usize) -> Self {
        self.times = times;
        self
    }

    /// Until the fake ends.
    #[must_use]
    pub fn always(self) -> Self {
        self.times(usize::MAX)
    }

    fn matches(&self, operation: Operation, page: usize) -> bool {
        self.operation.is_none_or(|wanted| wanted == operation) && self.page.is_none_or(|wanted| wanted == page)
    }
}

/// Takes the first fault that matches out of `queue`.
pub(super) fn take(queue: &mut Vec<Injection>, operation: Operation, page: usize) -> Option<Fault> {
    let index = queue.iter().position(|injection| injection.matches(operation, page))?;
    let fault = queue[index].fault.clone();
    if queue[index].times <= 1 {
        queue.remove(index);
    } else if queue[index].times != usize::MAX {
        queue[index].times -= 1;
    }
    Some(fault)
}

/// The error that `fault` answers instead of a result; `None` if it damages a result.
pub(super) fn refusal(fault: &Fault, operation: Operation, account: &str) -> Option<Refusal> {
    let action = operation.service();
    Some(match fault {
        Fault::Throttled if operation == Operation::GetCostAndUsage => {
            Refusal::new("LimitExceededException", "Rate limit exceeded")
        }
        Fault::Throttled => Refusal::new("ThrottlingException", "Rate exceeded"),
        Fault::Denied => Refusal::new(
            "AccessDeniedException",
            format!(
                "User: arn:aws:iam::{account}:user/glidepath is not authorized to perform: {action}:{operation} on \
                 resource: * because no identity-based policy allows the {action}:{operation} action"
            ),
        ),
        Fault::RootSwitchOff => Refusal::new("AccessDeniedException", ROOT_SWITCH_MESSAGE),
        Fault::OrganisationDenies => Refusal::new(
            "AccessDeniedException",
            format!(
                "User: arn:aws:iam::{account}:user/glidepath is not authorized to perform: {action}:{operation} on \
                 resource: * with an explicit deny in a service control policy"
            ),
        ),
        Fault::RequestExpired => Refusal::new("RequestExpired", "Request has expired."),
        Fault::SignatureExpired if operation == Operation::GetCallerIdentity => {
            Refusal::forbidden("SignatureDoesNotMatch", "Signature expired: it is earlier than 5 minutes ago")
        }
        Fault::SignatureExpired => {
            Refusal::new("InvalidSignatureException", "Signature expired: it is earlier than 5 minutes ago")
        }
        Fault::UnknownCredentials if operation == Operation::GetCallerIdentity => {
            Refusal::forbidden("InvalidClientTokenId", "The security token included in the request is invalid")
        }
        Fault::UnknownCredentials => {
            Refusal::new("UnrecognizedClientException", "The security token included in the request is invalid.")
        }
        Fault::RegionDisabled => Refusal::forbidden(
            "RegionDisabledException",
            format!(
                "STS is not activated in this region for account:{account}. Your account administrator can activate it"
            ),
        ),
        Fault::NotSignedUp => {
            Refusal::forbidden("OptInRequired", "The AWS Access Key Id needs a subscription for the service")
        }
        Fault::Invalid(words) => Refusal::validation(words),
        Fault::ExpiredToken => {
            Refusal::new("ExpiredTokenException", "The security token included in the request is expired")
        }
        Fault::InternalError => Refusal {
            status: StatusCode::INTERNAL_SERVER_ERROR,
            kind: "InternalServerException",
            message: "The request processing failed because of an unknown error".to_owned(),
        },
        _ => return None,
    })
}

/// Damages a good answer. What does not apply to the operation leaves it as it is.
pub(super) fn damage(fault: &Fault, request: &Value, answer: &mut Value) {
    match fault {
        Fault::BadAmount => {
            if let Some(amount) = amounts(answer).into_iter().next() {
                let name = if amount.contains_key("Amount") { "Amount" } else { "currencyAmount" };
                amount.insert(name.to_owned(), json!("12.3.4"));
            }
        }
        Fault::WrongCurrency => {
            for amount in amounts(answer) {
                let name = if amount.contains_key("Unit") { "Unit" } else { "currencyCode" };
                if amount[name] == "USD" {
                    amount.insert(name.to_owned(), json!("EUR"));
                }
            }
        }
        Fault::RepeatedToken => {
            let (name, first) = if answer.get("ResultsByTime").is_some() {
                ("NextPageToken", cost_explorer::token(request, 0))
            } else {
                ("nextToken", hex::encode("0"))
            };
            answer[name] = request.get(name).cloned().unwrap_or_else(|| json!(first));
        }
        Fault::EmptyList => {
            for list in ["credits", "creditAllocationHistoryList", "ResultsByTime"] {
                if answer.get(list).is_some() {
                    answer[list] = json!([]);
                }
            }
        }
        Fault::EmptyDays => {
            for day in answer.get_mut("ResultsByTime").and_then(Value::as_array_mut).into_iter().flatten() {
                day["Groups"] = json!([]);
            }
        }
        Fault::UnlistedCredit(id) => {
            if let Some(credits) = answer.get_mut("credits").and_then(Value::as_array_mut) {
                credits.retain(|credit| credit["creditId"] != *id);
            }
        }
        Fault::NoEstimates => {
            for credit in answer.get_mut("credits").and_then(Value::as_array_mut).into_iter().flatten() {
                if let Some(credit) = credit.as_object_mut() {
                    credit.remove("estimatedAmount");
                }
            }
        }
        Fault::NegativeAmounts => {
            for amount in answer.get_mut("credits").map(amounts).into_iter().flatten() {
                let text = amount["currencyAmount"].as_str().unwrap_or_default();
                let turned = text.strip_prefix('-').map_or_else(|| format!("-{text}"), str::to_owned);
                amount.insert("currencyAmount".to_owned(), json!(turned));
            }
        }
        Fault::RepeatedRows => {
            if let Some(rows) = answer.get_mut("creditAllocationHistoryList").and_then(Value::as_array_mut) {
                rows.extend(rows.clone());
            }
        }
        Fault::PartialResults(months) => {
            if let Some(rows) = answer.get_mut("creditAllocationHistoryList").and_then(Value::as_array_mut) {
                rows.retain(|row| !months.iter().any(|month| row["billingMonth"] == *month));
                answer["partialResults"] = json!(true);
                answer["failedMonths"] = json!(months);
            }
        }
        _ => {}
    }
}

/// Every object of `value` that is an amount, in order.
fn amounts(value: &mut Value) -> Vec<&mut Map<String, Value>> {
    match value {
        Value::Object(object) => {
            if object.contains_key("Amount") || object.contains_key("currencyAmount") {
                return vec![object];
            }
            object.values_mut().flat_map(amounts).collect()
        }
        Value::Array(list) => list.iter_mut().flat_map(amounts).collect(),
        _ => Vec::new(),
    }
}
