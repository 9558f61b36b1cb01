//! What AWS is asked.

use std::fmt;

/// The operations that this program calls. All of them only read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Operation {
    /// Cost Explorer: costs and usage. Paid.
    GetCostAndUsage,
    /// Billing: the credits of an account.
    GetCredits,
    /// Billing: which credit paid what, by month.
    GetCreditAllocationHistory,
    /// Free Tier: which plan the account is on. Nothing depends on it but what is said of the account's end.
    GetAccountPlanState,
    /// STS: which account the credentials belong to.
    GetCallerIdentity,
}

impl Operation {
    /// All of them.
    pub(super) const ALL: [Operation; 5] = [
        Operation::GetCostAndUsage,
        Operation::GetCredits,
        Operation::GetCreditAllocationHistory,
        Operation::GetAccountPlanState,
        Operation::GetCallerIdentity,
    ];

    /// AWS's name.
    pub const fn name(self) -> &'static str {
        match self {
            Operation::GetCostAndUsage => "GetCostAndUsage",
            Operation::GetCredits => "GetCredits",
            Operation::GetCreditAllocationHistory => "GetCreditAllocationHistory",
            Operation::GetAccountPlanState => "GetAccountPlanState",
            Operation::GetCallerIdentity => "GetCallerIdentity",
        }
    }

    /// The IAM action that allows it.
    pub const fn iam_action(self) -> &'static str {
        match self {
            Operation::GetCostAndUsage => "ce:GetCostAndUsage",
            Operation::GetCredits => "billing:GetCredits",
            Operation::GetCreditAllocationHistory => "billing:GetCreditAllocationHistory",
            Operation::GetAccountPlanState => "freetier:GetAccountPlanState",
            Operation::GetCallerIdentity => "sts:GetCallerIdentity",
        }
    }

    /// True for what can be refused without anything else changing.
    pub const fn is_optional(self) -> bool {
        matches!(self, Operation::GetAccountPlanState)
    }

    /// The shipped policy that allows it; `None` for what every policy allows that denies nothing.
    pub(super) const fn iam_policy(self) -> Option<&'static str> {
        match self {
            Operation::GetCostAndUsage => Some("config/iam/minimum.json"),
            Operation::GetCredits | Operation::GetCreditAllocationHistory | Operation::GetAccountPlanState => {
                Some("config/iam/credits.json")
            }
            Operation::GetCallerIdentity => None,
        }
    }
}

impl fmt::Display for Operation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}
