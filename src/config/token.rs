//! Who may read what.

use chrono::NaiveDate;
use sha2::{Digest as _, Sha256};

use crate::domain::values::secret::Secret;

/// An API token.
#[derive(Debug, Clone)]
pub struct Token {
    /// Name for the log and the audit.
    pub name: String,
    /// SHA-256 of the token, which is all that is needed to know it again.
    pub sha256: [u8; 32],
    /// The token itself, where config names a variable or a file that holds it and not its hash.
    pub secret: Option<Secret>,
    /// What it opens.
    pub role: Role,
    /// First day, UTC, on which it is refused; `None` = never.
    pub expires_on: Option<NaiveDate>,
}

impl Token {
    /// A token that is known itself and never expires.
    pub fn new(name: impl Into<String>, secret: Secret, role: Role) -> Token {
        let sha256 = Sha256::digest(secret.expose()).into();
        Token { name: name.into(), sha256, secret: Some(secret), role, expires_on: None }
    }

    /// True if it is refused on `day`.
    pub fn is_expired(&self, day: NaiveDate) -> bool {
        self.expires_on.is_some_and(|expires_on| expires_on <= day)
    }
}

/// What a token opens; `docs/access.md` has the table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Role {
    /// Everything.
    Founder,
    /// Reads everything, runs cycles and backups, acknowledges alerts; enters no figures and shares nothing.
    Ops,
    /// The reports of these records, and nothing else.
    Partner {
        /// Record ids of the filing.
        records: Vec<String>,
    },
}

impl Role {
    /// The name in config.
    pub const fn as_str(&self) -> &'static str {
        match self {
            Role::Founder => "founder",
            Role::Ops => "ops",
            Role::Partner { .. } => "partner",
        }
    }
}
