//! Which role may do what: the one table, which `docs/access.md` shows to people.

use crate::config::Role;

/// What a route asks of its caller.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Needs {
    /// Nothing: it tells neither figures nor names, or the address itself is the permission.
    Open,
    /// To read figures of the whole account.
    Read,
    /// To read reports, as far as the reader's records go.
    Reports,
    /// To have a cycle run or a backup made.
    Operate,
    /// To say that an alert was heard.
    Acknowledge,
    /// To enter figures that the outlook starts from: balances and filings.
    Enter,
    /// To let others in, and to see who was.
    Share,
}

/// Founder, ops, partner.
const TABLE: [(Needs, [bool; 3]); 7] = [
    (Needs::Open, [true, true, true]),
    (Needs::Read, [true, true, false]),
    (Needs::Reports, [true, true, true]),
    (Needs::Operate, [true, true, false]),
    (Needs::Acknowledge, [true, true, false]),
    (Needs::Enter, [true, false, false]),
    (Needs::Share, [true, false, false]),
];

impl Needs {
    /// True if `role` may.
    pub fn granted_to(self, role: &Role) -> bool {
        let column = match role {
            Role::Founder => 0,
            Role::Ops => 1,
            Role::Partner { .. } => 2,
        };
        TABLE.iter().any(|(needs, roles)| *needs == self && roles[column])
    }

    /// The roles that may, for the description of the API.
    pub fn roles(self) -> Vec<&'static str> {
        let names = ["founder", "ops", "partner"];
        let row = TABLE.iter().find(|(needs, _)| *needs == self);
        row.map(|(_, roles)| names.into_iter().zip(roles).filter(|(_, may)| **may).map(|(name, _)| name).collect())
            .unwrap_or_default()
    }

    /// What the audit calls it, where it changes something that people vouch for.
    pub const fn entered(self) -> Option<&'static str> {
        match self {
            Needs::Acknowledge => Some("acknowledgement or silence"),
            Needs::Enter => Some("entry"),
            Needs::Share => Some("share"),
            Needs::Open | Needs::Read | Needs::Reports | Needs::Operate => None,
        }
    }
}
