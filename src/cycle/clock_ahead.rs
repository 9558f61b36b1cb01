//! A clock that lies ahead of AWS's.

use std::fmt;

use chrono::{DateTime, Utc};

use crate::domain::facts::referee::ClockOf;

/// A cycle's clock lies ahead of AWS's: it asks for what has not come yet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ClockAhead {
    /// The cycle's clock.
    pub clock: DateTime<Utc>,
    /// Whose that is.
    pub of: ClockOf,
    /// AWS's.
    pub aws: DateTime<Utc>,
}

impl ClockAhead {
    /// Both clocks.
    pub fn problem(&self) -> String {
        let shown = |at: DateTime<Utc>| at.format("%Y-%m-%d %H:%M:%S UTC").to_string();
        let whose = match self.of {
            ClockOf::Machine => "this machine's clock says",
            ClockOf::Caller => "the cycle is to run under the clock",
        };
        let (clock, aws) = (shown(self.clock), shown(self.aws));
        format!("{whose} {clock}, more than 15 minutes ahead of AWS's, which says {aws}")
    }

    /// What to do about it.
    pub const fn remedy(&self) -> &'static str {
        match self.of {
            ClockOf::Machine => {
                "set this machine's clock and keep it set by NTP (`timedatectl set-ntp true`; of a container or virtual \
                 machine, the host's); until then nothing is asked that costs money, and nothing new is taken in"
            }
            ClockOf::Caller => {
                "choose a time that has come; nothing was asked that costs money, and nothing was taken in"
            }
        }
    }
}

impl fmt::Display for ClockAhead {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.problem(), self.remedy())
    }
}

impl std::error::Error for ClockAhead {}
