//! Whose policy denies a call: AWS says it in words only, and who can lift it depends on it.

use super::operation::Operation;

/// What stands in the way of credentials that AWS knows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Denial {
    /// A policy of the organisation that the account belongs to.
    Organisation,
    /// The permissions boundary of the role or user.
    Boundary,
    /// The policy that the session was started with.
    Session,
    /// The policy of the VPC endpoint that the call went through.
    Endpoint,
    /// A statement in a policy of the credentials themselves that denies it.
    ExplicitDeny,
    /// No policy of the credentials allows it.
    NotAllowed,
    /// AWS blames no policy, so that the account's own switch is the likely cause.
    AccountSwitch,
}

/// What AWS's words contain, the surest first: words on a missing statement and on one that denies name the same policies.
const WORDS: [(&str, Denial); 8] = [
    ("service control policy", Denial::Organisation),
    ("resource control policy", Denial::Organisation),
    ("permissions boundary", Denial::Boundary),
    ("session policy", Denial::Session),
    ("vpc endpoint policy", Denial::Endpoint),
    ("explicit deny", Denial::ExplicitDeny),
    ("not authorized to perform", Denial::NotAllowed),
    ("do not have permission to perform", Denial::NotAllowed),
];

/// Without it no policy helps, so it is explained with every denial that policies of the account could lift.
const SWITCH: &str = "the account's root user must have switched on \"IAM user and role access to Billing information\" \
     (console, Account page): until then every billing call is denied, whatever the policy says";

impl Denial {
    /// As AWS words it.
    pub(super) fn from_words(words: &str) -> Denial {
        let words = words.to_ascii_lowercase();
        let known = WORDS.iter().find(|(part, _)| words.contains(part));
        known.map_or(Denial::AccountSwitch, |(_, denial)| *denial)
    }

    /// The way out.
    pub(super) fn advice(self, operation: Operation) -> String {
        let action = operation.iam_action();
        let attach = match operation.iam_policy() {
            Some(file) => format!("Attach {file} to the role or user of these credentials (it allows {action})"),
            None => format!("Allow {action} in a policy of these credentials"),
        };
        match self {
            Denial::Organisation => format!(
                "A policy of the organisation denies {action} in this account, and nothing that the account itself allows \
                 lifts that. Ask whoever administers the organisation's management account to let this role or user call \
                 {action} (AWS Organizations, Policies)."
            ),
            Denial::Boundary => format!(
                "The permissions boundary of this role or user has to allow {action} as well; whoever manages IAM in this \
                 account can change it. A policy alone does not help."
            ),
            Denial::Session => format!(
                "The session was narrowed when it was started: have whatever starts it (the policy given to AssumeRole, or \
                 the permission set of single sign-on) allow {action}."
            ),
            Denial::Endpoint => format!(
                "The call leaves through a VPC endpoint whose policy does not allow it: have whoever manages the network \
                 allow {action} there."
            ),
            Denial::ExplicitDeny => format!(
                "A policy of these credentials denies {action}, which no other policy can lift: have whoever manages IAM in \
                 this account take that statement away."
            ),
            Denial::NotAllowed => format!("{attach}. If it is allowed already: {SWITCH}."),
            Denial::AccountSwitch => format!(
                "AWS does not blame a policy, so probably {SWITCH}; Cost Explorer itself must also have been opened once in \
                 the console. If both are done: {attach}."
            ),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn awss_words_tell_whose_policy_it_is() {
        let user = "User: arn:aws:sts::123456789012:assumed-role/ops/x is not authorized to perform: ce:GetCostAndUsage on \
                    resource: *";
        for (words, expected) in [
            ("with an explicit deny in a service control policy", Denial::Organisation),
            (
                "with an explicit deny in a service control policy: arn:aws:organizations::1:policy/o-1/service_control_policy/p-1",
                Denial::Organisation,
            ),
            ("because no service control policy allows the ce:GetCostAndUsage action", Denial::Organisation),
            ("with an explicit deny in a resource control policy", Denial::Organisation),
            ("because no permissions boundary allows the ce:GetCostAndUsage action", Denial::Boundary),
            ("with an explicit deny in a permissions boundary", Denial::Boundary),
            ("because no session policy allows the ce:GetCostAndUsage action", Denial::Session),
            ("because no VPC endpoint policy allows the ce:GetCostAndUsage action", Denial::Endpoint),
            ("with an explicit deny in an identity-based policy", Denial::ExplicitDeny),
            ("with an explicit deny", Denial::ExplicitDeny),
            ("because no identity-based policy allows the ce:GetCostAndUsage action", Denial::NotAllowed),
            ("", Denial::NotAllowed),
        ] {
            assert_eq!(Denial::from_words(&format!("{user} {words}")), expected, "{words}");
        }
        assert_eq!(Denial::from_words("User not enabled for cost explorer access"), Denial::AccountSwitch);
    }

    #[test]
    fn advice_names_the_action_and_the_root_switch_where_it_can_be_the_cause() {
        for denial in [Denial::NotAllowed, Denial::AccountSwitch] {
            let advice = denial.advice(Operation::GetCredits);
            assert!(advice.contains("billing:GetCredits"), "{advice}");
            assert!(advice.contains("IAM user and role access to Billing information"), "{advice}");
        }
        for denial in [Denial::Organisation, Denial::Boundary, Denial::Session, Denial::Endpoint, Denial::ExplicitDeny]
        {
            let advice = denial.advice(Operation::GetCredits);
            assert!(advice.contains("billing:GetCredits") && !advice.contains("root user"), "{advice}");
        }
    }
}
