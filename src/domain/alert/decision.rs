//! What is done about a finding, why, and what is remembered for it.

use super::mute::Mute;
use super::open::OpenAlert;
use crate::alert::Evaluation;
use crate::position::finding::{Finding, Rule, Severity};
use chrono::{DateTime, NaiveDate, Utc};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::fmt;
use utoipa::ToSchema;

/// What is remembered when a cycle decides.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct History {
    /// What was told and not cleared.
    pub open: Vec<OpenAlert>,
    /// Clock of the newest cycle that found a key, as far back as an all-clear waits.
    pub last_found: BTreeMap<String, DateTime<Utc>>,
    /// What somebody acknowledged or silenced; the newest word about each key.
    pub mutes: Vec<Mute>,
    /// Clocks of the messages of the last seven days.
    pub recent: Vec<DateTime<Utc>>,
    /// How often each key was told for the first time, by the day since which it was so then.
    pub fired: BTreeMap<(String, NaiveDate), u32>,
}

impl History {
    /// A history of which only what is open is known.
    pub fn of(open: Vec<OpenAlert>) -> History {
        History { open, ..History::default() }
    }

    /// The mute that keeps a message about `key` at `severity` from being sent at `now`, if one does.
    pub fn muted(&self, key: &str, severity: Severity, now: DateTime<Utc>) -> Option<&Mute> {
        let open = self.open.iter().find(|open| open.key == key);
        self.mutes.iter().find(|mute| mute.holds(key, severity, open, now))
    }

    /// How many episodes of `key` began on its first day before the one that is `open`, or before a new one that holds since `since`.
    pub(super) fn earlier(&self, key: &str, since: NaiveDate, open: Option<&OpenAlert>) -> u32 {
        let first_day = open.map_or(since, |open| open.since);
        let fired = self.fired.get(&(key.to_owned(), first_day)).copied().unwrap_or_default();
        fired.saturating_sub(u32::from(open.is_some()))
    }

    /// How severe each open alert was when last told: rules let go of what was told later than they take hold of it.
    pub fn told(&self) -> BTreeMap<String, Severity> {
        self.open.iter().map(|open| (open.key.clone(), open.severity)).collect()
    }
}

/// What to do about a finding, or about the absence of one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Action {
    /// Tell for the first time.
    Fire,
    /// Tell that it got worse.
    Escalate,
    /// Tell that it is still so.
    Repeat,
    /// Give the all-clear.
    Resolve,
    /// Say nothing.
    Hold,
}

impl Action {
    /// The name in logs, JSON and the store.
    pub const fn as_str(self) -> &'static str {
        match self {
            Action::Fire => "fire",
            Action::Escalate => "escalate",
            Action::Repeat => "repeat",
            Action::Resolve => "resolve",
            Action::Hold => "hold",
        }
    }
}

/// Why that was decided.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Reason {
    /// Fire: nothing was open under this key.
    New,
    /// Escalate: the newest message was less severe.
    MoreSevere,
    /// Escalate: the day that was named has moved nearer by much.
    MovedEarlier,
    /// Escalate: seven days are left, or two.
    DaysLeft,
    /// Escalate: what was going to happen has happened.
    HasRunOut,
    /// Repeat: the time between reminders is over.
    RepeatDue,
    /// Resolve: looked at fresh data, and the condition is gone.
    ConditionGone,
    /// Hold: told recently, at this severity.
    AlreadyTold,
    /// Hold: it got milder, which alone is no news.
    LessSevere,
    /// Hold: data is too old to say whether it is still so.
    DataStale,
    /// Hold: nothing was learnt in this cycle that could clear it.
    NotChecked,
    /// Hold: it is gone, but not for long enough to say so.
    Settling,
    /// Hold: another message of this cycle, or one still open, says it already.
    SaidElsewhere,
    /// Hold: the filing plans what contradicts it and has not come yet.
    FiledAhead,
    /// Hold: enough was told within seven days, and this is not urgent.
    CanWait,
    /// Hold: somebody knows.
    Acknowledged,
    /// Hold: somebody asked for silence.
    Silenced,
}

impl Reason {
    /// True for news that what was told got worse: it is told however many messages there were, and takes no place of theirs.
    pub const fn is_worse_news(self) -> bool {
        matches!(self, Reason::MovedEarlier | Reason::DaysLeft | Reason::HasRunOut)
    }

    /// The name in logs, JSON and the store.
    pub const fn as_str(self) -> &'static str {
        match self {
            Reason::New => "new",
            Reason::MoreSevere => "more_severe",
            Reason::MovedEarlier => "moved_earlier",
            Reason::DaysLeft => "days_left",
            Reason::HasRunOut => "has_run_out",
            Reason::RepeatDue => "repeat_due",
            Reason::ConditionGone => "condition_gone",
            Reason::AlreadyTold => "already_told",
            Reason::LessSevere => "less_severe",
            Reason::DataStale => "data_stale",
            Reason::NotChecked => "not_checked",
            Reason::Settling => "settling",
            Reason::SaidElsewhere => "said_elsewhere",
            Reason::FiledAhead => "filed_ahead",
            Reason::CanWait => "can_wait",
            Reason::Acknowledged => "acknowledged",
            Reason::Silenced => "silenced",
        }
    }
}

/// What to do about one key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Decision {
    /// What to do.
    pub action: Action,
    /// Why.
    pub reason: Reason,
    /// Key of the finding.
    pub key: String,
    /// Its rule.
    pub rule: Rule,
    /// Severity now; without a finding, that of the newest message.
    pub severity: Severity,
    /// What was found; none where the condition is gone or could not be looked at.
    pub finding: Option<Finding>,
    /// What was told before; none where it is new.
    pub open: Option<OpenAlert>,
    /// How many episodes of this key began on the same day before this one.
    pub earlier: u32,
}

/// Why a finding that is not open is not told.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Held {
    /// Why.
    pub reason: Reason,
    /// Key of the alert that says it already; null where that is not why.
    pub part_of: Option<String>,
}

impl fmt::Display for Held {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.reason, &self.part_of) {
            (Reason::SaidElsewhere, Some(key)) => write!(f, "a part of {key}"),
            (Reason::SaidElsewhere, None) => f.write_str("another alert says it"),
            (Reason::FiledAhead, _) => f.write_str("the filing plans what would change it"),
            (Reason::CanWait, _) => f.write_str("it can wait until the week has room for a message"),
            (other, _) => f.write_str(&other.as_str().replace('_', " ")),
        }
    }
}

impl Decision {
    /// Why it is not told, where it was never told either.
    pub fn held(&self, evaluation: &Evaluation) -> Option<Held> {
        let untold = self.action == Action::Hold && self.open.is_none();
        let part_of = evaluation.part_of.get(&self.key).filter(|_| self.reason == Reason::SaidElsewhere).cloned();
        untold.then_some(Held { reason: self.reason, part_of })
    }

    /// True for the end of what was only worth knowing: it is noted, and nobody is told.
    pub fn is_silent(&self) -> bool {
        self.action == Action::Resolve && self.severity == Severity::Info
    }
}
