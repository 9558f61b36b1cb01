//! What can go wrong between us and AWS, and what the user can do about each.
//!
//! Invariants: whoever handles one can tell without reading text whether to wait, to ask the user or to give up; no
//! message carries a credential.

use chrono::NaiveDate;
use thiserror::Error;

use super::clocks::Clocks;
use super::denial::Denial;
use super::meter::CeilingReached;
use super::operation::Operation;
use super::regions;
use crate::domain::wording::trouble::Trouble;

/// Why AWS gave no usable answer.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum AwsError {
    /// Too many calls in a short time, after the SDK's own retries.
    #[error("{operation}: AWS throttled the call, and went on doing so through every retry")]
    Throttled {
        /// What was called.
        operation: Operation,
    },
    /// The credentials are valid and may not do this.
    #[error("{operation}: AWS denied access: {message}")]
    Denied {
        /// What was called.
        operation: Operation,
        /// AWS's words.
        message: String,
        /// Whose policy it is, or what else stands in the way.
        by: Denial,
    },
    /// The credentials were valid once.
    #[error("{operation}: the AWS credentials have expired")]
    ExpiredCredentials {
        /// What was called.
        operation: Operation,
    },
    /// The session of single sign-on that credentials are fetched with has ended, or never began on this machine.
    #[error("{operation}: there are no AWS credentials, since the single sign-on session is over: {detail}")]
    SignInNeeded {
        /// What was called.
        operation: Operation,
        /// What the SDK says.
        detail: String,
    },
    /// AWS finds that the request was made at another time than now.
    #[error("{operation}: AWS refused the request over its time ({code}): {}", told(*clocks))]
    WrongTime {
        /// What was called.
        operation: Operation,
        /// AWS's error code.
        code: String,
        /// This machine's clock and AWS's; `None` where AWS did not say what its own says.
        clocks: Option<Clocks>,
    },
    /// The region that was asked is switched off for the account.
    #[error("{operation}: AWS says that {} is not enabled for this account: {message}", the_region(region.as_deref()))]
    RegionDisabled {
        /// What was called.
        operation: Operation,
        /// The region, where it is known.
        region: Option<String>,
        /// AWS's words.
        message: String,
    },
    /// The account has not signed up for the service, or not finished signing up with AWS.
    #[error("{operation}: AWS says that the account is not signed up for this service ({code}): {message}")]
    NotSignedUp {
        /// What was called.
        operation: Operation,
        /// AWS's error code.
        code: String,
        /// AWS's words.
        message: String,
    },
    /// No credentials were found.
    #[error("{operation}: no AWS credentials were found{}", detail.as_ref().map(|it| format!(": {it}")).unwrap_or_default())]
    NoCredentials {
        /// What was called.
        operation: Operation,
        /// What is wrong with the place that they were to come from; `None` where no place is set at all.
        detail: Option<String>,
    },
    /// AWS does not know the credentials or does not accept the signature.
    #[error("{operation}: AWS does not accept the credentials ({code}){}", place(region.as_deref()))]
    InvalidCredentials {
        /// What was called.
        operation: Operation,
        /// AWS's error code.
        code: String,
        /// The region that was asked, where that can be the reason.
        region: Option<String>,
    },
    /// The window starts before what AWS keeps.
    #[error("{operation}: AWS keeps no data that far back: {message}")]
    TooOld {
        /// What was called.
        operation: Operation,
        /// AWS's words.
        message: String,
    },
    /// AWS has no data to answer from, as in the first day after Cost Explorer is switched on.
    #[error("{operation}: AWS has no data for this window: {message}")]
    DataUnavailable {
        /// What was called.
        operation: Operation,
        /// AWS's words.
        message: String,
    },
    /// AWS refused the request for another reason.
    #[error("{operation}: AWS refused the request ({code}): {message}")]
    Refused {
        /// What was called.
        operation: Operation,
        /// AWS's error code, or the HTTP status.
        code: String,
        /// AWS's words.
        message: String,
    },
    /// The answer does not have the documented shape, or contradicts what was asked.
    #[error("{operation}: AWS's answer cannot be used: {what}")]
    Malformed {
        /// What was called.
        operation: Operation,
        /// The day, row or credit, and what is wrong with it.
        what: String,
    },
    /// An amount is not in the account's currency.
    #[error("{service} on {day} is billed in {found}, where {expected} is configured")]
    CurrencyMismatch {
        /// Service of the row.
        service: String,
        /// Day of the row.
        day: NaiveDate,
        /// Configured currency.
        expected: String,
        /// AWS's currency.
        found: String,
    },
    /// A page pointed to a page that was already read.
    #[error("{operation}: page {page} repeats an earlier page's token, so the pages would never end")]
    RepeatedToken {
        /// What was called.
        operation: Operation,
        /// The page that carried the token, counted from 1.
        page: u32,
    },
    /// More pages than the configured limit.
    #[error("{operation}: the answer runs over more than {limit} pages")]
    TooManyPages {
        /// What was called.
        operation: Operation,
        /// The limit.
        limit: u32,
    },
    /// The ceiling on paid requests is reached.
    #[error(transparent)]
    CeilingReached(#[from] CeilingReached),
    /// A paid request could not be counted, so it was not sent.
    #[error("{operation}: not sent, since {message}")]
    Uncounted {
        /// What was to be called.
        operation: Operation,
        /// Why it could not be counted.
        message: String,
    },
    /// The clock that asks lies ahead of AWS's, so the paid request was not sent.
    #[error("{operation}: not sent, since {message}")]
    Ahead {
        /// What was to be called.
        operation: Operation,
        /// Both clocks.
        message: String,
    },
    /// No connection to AWS.
    #[error("{operation}: AWS cannot be reached: {message}")]
    Unreachable {
        /// What was called.
        operation: Operation,
        /// The transport's words.
        message: String,
    },
    /// No answer in time.
    #[error("{operation}: AWS did not answer in time")]
    Timeout {
        /// What was called.
        operation: Operation,
    },
    /// The connection broke before the end of the answer.
    #[error("{operation}: AWS's answer broke off before its end")]
    CutShort {
        /// What was called.
        operation: Operation,
    },
    /// A failure on AWS's side, or something in between that is not AWS.
    #[error("{operation}: {what} (HTTP {status})")]
    Server {
        /// What was called.
        operation: Operation,
        /// HTTP status.
        status: u16,
        /// What came instead of an answer.
        what: String,
    },
    /// The credentials are those of an account that the settings do not name.
    #[error("the credentials belong to account {own}, where [aws] names {}", named.join(", "))]
    ForeignCredentials {
        /// Account of the credentials, by STS.
        own: String,
        /// Configured accounts, their payer last.
        named: Vec<String>,
    },
    /// Settings that cannot work, found before anything was sent.
    #[error("the [aws] settings cannot be used: {what}")]
    Settings {
        /// What is wrong.
        what: String,
    },
}

/// Refusals of a page or a state rather than of the question.
const PASSING_REFUSALS: [&str; 3] =
    ["BillingViewHealthStatusException", "InvalidNextTokenException", "RequestChangedException"];

impl AwsError {
    /// What it is about, for whoever looks it up.
    pub const fn trouble(&self) -> Trouble {
        match self {
            AwsError::Denied { .. }
            | AwsError::ExpiredCredentials { .. }
            | AwsError::SignInNeeded { .. }
            | AwsError::RegionDisabled { .. }
            | AwsError::NotSignedUp { .. }
            | AwsError::NoCredentials { .. }
            | AwsError::InvalidCredentials { .. } => Trouble::AwsRefuses,
            AwsError::WrongTime { .. } | AwsError::Ahead { .. } => Trouble::ClockNotRight,
            AwsError::CurrencyMismatch { .. } | AwsError::ForeignCredentials { .. } => Trouble::AnswerRefused,
            AwsError::CeilingReached(_) => Trouble::CeilingReached,
            AwsError::Uncounted { .. } => Trouble::StoreNotAnswering,
            AwsError::Settings { .. } => Trouble::ConfigNotUsable,
            AwsError::Throttled { .. }
            | AwsError::TooOld { .. }
            | AwsError::DataUnavailable { .. }
            | AwsError::Refused { .. }
            | AwsError::Malformed { .. }
            | AwsError::RepeatedToken { .. }
            | AwsError::TooManyPages { .. }
            | AwsError::Unreachable { .. }
            | AwsError::Timeout { .. }
            | AwsError::CutShort { .. }
            | AwsError::Server { .. } => Trouble::AskingAwsFailed,
        }
    }

    /// True if the same call can succeed later without anybody changing anything.
    pub fn retryable(&self) -> bool {
        match self {
            AwsError::Throttled { .. }
            | AwsError::DataUnavailable { .. }
            | AwsError::Unreachable { .. }
            | AwsError::Timeout { .. }
            | AwsError::CutShort { .. }
            | AwsError::RepeatedToken { .. }
            | AwsError::Server { .. }
            | AwsError::Uncounted { .. } => true,
            // The next cycle starts from the first page again.
            AwsError::Refused { code, .. } => PASSING_REFUSALS.contains(&code.as_str()),
            AwsError::Denied { .. }
            | AwsError::ExpiredCredentials { .. }
            | AwsError::SignInNeeded { .. }
            | AwsError::WrongTime { .. }
            | AwsError::Ahead { .. }
            | AwsError::RegionDisabled { .. }
            | AwsError::NotSignedUp { .. }
            | AwsError::NoCredentials { .. }
            | AwsError::InvalidCredentials { .. }
            | AwsError::TooOld { .. }
            | AwsError::Malformed { .. }
            | AwsError::CurrencyMismatch { .. }
            | AwsError::TooManyPages { .. }
            | AwsError::CeilingReached(_)
            | AwsError::ForeignCredentials { .. }
            | AwsError::Settings { .. } => false,
        }
    }

    /// What went wrong, for a place that names the operation already.
    pub fn without_operation(&self) -> String {
        let said = self.to_string();
        let bare = Operation::ALL.iter().find_map(|operation| said.strip_prefix(operation.name())?.strip_prefix(": "));
        bare.map_or_else(|| said.clone(), str::to_owned)
    }

    /// What the user can do about it.
    pub fn advice(&self) -> String {
        match self {
            AwsError::Denied { operation, by, .. } => by.advice(*operation),
            AwsError::WrongTime { clocks, .. } => time_advice(*clocks).to_owned(),
            AwsError::InvalidCredentials { region: Some(region), .. } => format!(
                "{region} is a region that an account must enable first, and until then AWS knows no credentials there: set \
                 region = \"us-east-1\" in [aws] (or AWS_REGION), or enable {region} (console, Account page, AWS Regions). \
                 If it is enabled, the key may be gone or its secret incomplete."
            ),
            AwsError::RegionDisabled { region, .. } => format!(
                "Set region = \"us-east-1\" in [aws] (or AWS_REGION), which every account has and where costs and credits \
                 are asked for anyway; or enable {} (console, Account page, AWS Regions; for STS: IAM, Account settings).",
                the_region(region.as_deref())
            ),
            AwsError::Malformed { operation, .. } => format!(
                "Nothing was stored. Look up the named row in the AWS console; if it looks right there, report this \
                 message as a fault of glidepath in reading {operation}."
            ),
            AwsError::TooManyPages { limit, .. } => format!(
                "Nothing was stored. Set max_pages in [aws] above {limit}; each Cost Explorer page costs 0.01 USD."
            ),
            AwsError::CeilingReached(reached) => format!(
                "Wait until the count starts again, or raise the ceiling on paid requests in [aws] above {}. Each \
                 request costs 0.01 USD.",
                reached.ceiling
            ),
            AwsError::ForeignCredentials { own, .. } => format!(
                "Use the credentials of an account that [aws] names (AWS_PROFILE). If {own} is the management account \
                 that pays for these, set payer_account in [aws] to \"{own}\"."
            ),
            AwsError::CurrencyMismatch { found, .. } => format!(
                "Nothing was stored. Prices, filings and every figure of glidepath are US dollars, so an account that \
                 AWS bills in {found} cannot be watched."
            ),
            other => other.plain_advice().to_owned(),
        }
    }

    /// Advice that does not depend on the details.
    fn plain_advice(&self) -> &'static str {
        match self {
            AwsError::Throttled { .. } => {
                "Nothing to do: the next cycle asks again. If it persists, look for another program that polls \
                 with the same account."
            }
            AwsError::ExpiredCredentials { .. } => {
                "Renew them: run `aws sso login` for the profile in AWS_PROFILE, or replace the temporary keys. A \
                 role attached to the instance or task renews itself."
            }
            AwsError::SignInNeeded { .. } => {
                "Run `aws sso login` with the same AWS_PROFILE, as the user that glidepath runs as. A session ends after \
                 hours or days, so a daemon is better off with a role on its instance or task."
            }
            AwsError::NotSignedUp { operation: Operation::GetCostAndUsage, .. } => {
                "Open Cost Explorer once in the console of this account (Billing and Cost Management); it answers within 24 \
                 hours. If the account is new, finish signing up first: its payment method and phone must be verified."
            }
            AwsError::NotSignedUp { .. } => {
                "Finish signing up in the console of this account: its payment method and phone must be verified, and AWS \
                 can take up to 24 hours to activate it."
            }
            AwsError::NoCredentials { detail: Some(detail), .. } if detail.contains("external process") => {
                "Run the command of credential_process in the AWS profile by hand, as the user that glidepath runs as: it must \
                 print the credentials and end by itself, without a terminal and without anybody to answer it."
            }
            AwsError::NoCredentials { .. } => {
                "Give this process credentials in a way the AWS SDK knows: run `aws configure` or `aws sso login` and name \
                 the profile in AWS_PROFILE; or set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY; or attach a role to the \
                 instance or task."
            }
            AwsError::InvalidCredentials { .. } => {
                "Check that the key still exists and belongs to this account, that the secret is complete, and \
                 that this machine's clock is right: AWS refuses a signature that is minutes off."
            }
            AwsError::TooOld { .. } => "Ask for a later start: Cost Explorer keeps 13 full months of daily figures.",
            AwsError::DataUnavailable { .. } => {
                "Wait: after Cost Explorer is first opened in the console it takes up to 24 hours to fill. The next \
                 cycle asks again."
            }
            AwsError::RepeatedToken { .. } => "Nothing was stored. The next cycle asks again from the first page.",
            AwsError::Ahead { .. } => {
                "Set this machine's clock and keep it set by NTP (`timedatectl set-ntp true`), or choose a time that has come."
            }
            AwsError::Uncounted { .. } => {
                "Check that the store can be written: a paid request is sent only after it is recorded."
            }
            AwsError::Unreachable { .. } | AwsError::Timeout { .. } | AwsError::CutShort { .. } => {
                "Check the network, DNS and proxy settings between this machine and AWS, and AWS_ENDPOINT_URL if it \
                 is set. The next cycle asks again."
            }
            AwsError::Server { .. } => {
                "The next cycle asks again. If a web page comes instead of an answer, a proxy or login page stands \
                 between this machine and AWS, or AWS_ENDPOINT_URL points elsewhere."
            }
            AwsError::Refused { message, .. } if is_about_days(message) => {
                "Which days are asked for follows from this machine's clock: check that it is right, and that --as-of is, \
                 if it was given. If both are, report this message as a fault of glidepath."
            }
            AwsError::Refused { .. } => {
                "Compare AWS's words with the accounts and the region in [aws]. If those are right, report this message as a \
                 fault of glidepath in what it asks."
            }
            _ => "Correct the [aws] section of the config; `glidepath check` lists every problem.",
        }
    }
}

/// True for a refusal of the days that were asked for, which no setting names.
fn is_about_days(message: &str) -> bool {
    let message = message.to_ascii_lowercase();
    ["date", "time period", "timeperiod", "billing period", "start time", "end time"]
        .iter()
        .any(|it| message.contains(it))
}

/// Both clocks, or that one of them is missing.
fn told(clocks: Option<Clocks>) -> String {
    clocks.map_or_else(
        || "its answer does not say what its own clock says, to compare this machine's clock with".to_owned(),
        |clocks| clocks.to_string(),
    )
}

fn time_advice(clocks: Option<Clocks>) -> &'static str {
    match clocks {
        Some(clocks) if clocks.agree() => {
            "The clock is right, so the request was held up on its way or the credentials have run out: renew them (`aws sso \
             login`, or new temporary keys), and look for a proxy that holds requests back."
        }
        Some(_) => {
            "Set this machine's clock and keep it set by NTP (`timedatectl set-ntp true`; of a container or virtual machine, \
             the host's): AWS takes no request whose time is off by more than 5 to 15 minutes."
        }
        None => {
            "Compare this machine's clock with the right time and set it by NTP. If it is right, renew the credentials (`aws \
             sso login`, or new temporary keys)."
        }
    }
}

fn the_region(region: Option<&str>) -> String {
    region.map_or_else(|| "this region".to_owned(), |region| format!("the region {region}"))
}

fn place(region: Option<&str>) -> String {
    region.map(|region| format!(" in the region {region}")).unwrap_or_default()
}

/// The region, where it is one that an account must enable before its credentials mean anything there.
pub(super) fn suspect_region(operation: Operation, region: Option<&str>) -> Option<String> {
    // Costs and credits are asked for in one region for all, whatever is set.
    let asked = region.filter(|_| operation == Operation::GetCallerIdentity);
    asked.filter(|region| regions::must_be_enabled(region)).map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refusal_of_days_points_to_the_clock_and_another_to_the_settings() {
        let refused = |message: &str| {
            let (operation, code) = (Operation::GetCostAndUsage, "ValidationException".to_owned());
            AwsError::Refused { operation, code, message: message.to_owned() }.advice()
        };
        assert!(refused("Start date (and hour) should be before end date").contains("this machine's clock"));
        assert!(refused("Linked account 1 is not yours").contains("accounts and the region in [aws]"));
    }

    #[test]
    fn an_error_beside_the_name_of_its_operation_does_not_name_it_again() {
        let none = AwsError::NoCredentials { operation: Operation::GetCredits, detail: None };
        assert_eq!(none.to_string(), "GetCredits: no AWS credentials were found");
        assert_eq!(none.without_operation(), "no AWS credentials were found");
        let own = AwsError::Settings { what: "GetCredits: x".to_owned() };
        assert_eq!(own.without_operation(), own.to_string());
    }
}
