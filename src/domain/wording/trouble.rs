//! [`Trouble`]: what can go wrong with the program itself, whatever the figures say. Each has a heading in `docs/troubleshooting.md`,
//! which `glidepath explain` prints where the documentation is not at hand.
//!
//! Invariant: page and list name the same troubles; a test reads the page.

use std::fmt;

use thiserror::Error;

use crate::position::finding::Rule;

/// The page that has a heading for each.
const PAGE: &str = "docs/troubleshooting.md";

/// Why a command ended, the daemon is not ready, or an alert speaks of the program.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Trouble {
    /// The config cannot be read, or holds what cannot be.
    ConfigNotUsable,
    /// What was asked for cannot be meant, or is not there.
    ArgumentsNotUsable,
    /// A file that was named cannot be read or written.
    FileNotUsable,
    /// A filing has problems, or does not follow those before it.
    FilingNotUsable,
    /// No cycle has finished by then.
    NothingToShowYet,
    /// A what-if, a draft or a replay that this account's figures do not answer.
    QuestionNotAnswered,
    /// A report could not be set.
    ReportNotMade,
    /// A file is no report that was handed out.
    ReportNotKnown,
    /// Links to reports are not set up.
    LinksNotPossible,
    /// The address to listen on cannot be had.
    PortNotFree,
    /// Nothing listens where the daemon is configured.
    NoDaemon,
    /// The daemon did not answer in time, or has no room.
    DaemonNotAnswering,
    /// Something else than a daemon answers.
    AnotherProgramAnswers,
    /// The daemon holds another store than the config's.
    DaemonOfAnotherStore,
    /// No token was shown, or one that opens nothing of this.
    TokenRefused,
    /// Another process has the store open.
    StoreInUse,
    /// There is no store, and there are backups that may be of it.
    WhoseStore,
    /// The store's file cannot be opened.
    StoreNotOpened,
    /// A newer version wrote the store.
    StoreOfANewerVersion,
    /// The store holds another account's data.
    StoreOfAnotherAccount,
    /// Bringing the store up to this version failed.
    MigrationFailed,
    /// The store needs more memory than it may use.
    StoreOutOfMemory,
    /// The store failed, or is busy.
    StoreNotAnswering,
    /// The store is damaged.
    StoreDamaged,
    /// The store was damaged, or gone, and was put together again.
    StoreHealed,
    /// The store's disk takes no writes.
    DiskFull,
    /// A frozen filing was changed from outside.
    FilingChanged,
    /// Something that is stored does not read.
    StoredNotReadable,
    /// A backup was not made.
    BackupNotMade,
    /// A cycle asked AWS and could not finish.
    CycleFailed,
    /// A cycle runs already.
    CycleRunning,
    /// A clock is ahead of AWS's, or goes back.
    ClockNotRight,
    /// Credentials or permissions are missing.
    AwsRefuses,
    /// AWS was asked and gave no answer that can be used.
    AskingAwsFailed,
    /// What AWS answered does not add up, or is another account's.
    AnswerRefused,
    /// No more may be paid for on this day.
    CeilingReached,
    /// Asking costs more than it should.
    AskingCostsTooMuch,
    /// AWS no longer shows days that cost something.
    DaysVanished,
    /// No complete data for too long.
    StaleData,
    /// A channel does not take what is sent to it.
    MessageNotDelivered,
    /// Nothing above.
    UnexpectedFailure,
}

impl Trouble {
    /// Every one, in the order of the page.
    pub const ALL: [Trouble; 41] = [
        Trouble::ConfigNotUsable,
        Trouble::ArgumentsNotUsable,
        Trouble::FileNotUsable,
        Trouble::FilingNotUsable,
        Trouble::NothingToShowYet,
        Trouble::QuestionNotAnswered,
        Trouble::ReportNotMade,
        Trouble::ReportNotKnown,
        Trouble::LinksNotPossible,
        Trouble::PortNotFree,
        Trouble::NoDaemon,
        Trouble::DaemonNotAnswering,
        Trouble::AnotherProgramAnswers,
        Trouble::DaemonOfAnotherStore,
        Trouble::TokenRefused,
        Trouble::StoreInUse,
        Trouble::WhoseStore,
        Trouble::StoreNotOpened,
        Trouble::StoreOfANewerVersion,
        Trouble::StoreOfAnotherAccount,
        Trouble::MigrationFailed,
        Trouble::StoreOutOfMemory,
        Trouble::StoreNotAnswering,
        Trouble::StoreDamaged,
        Trouble::StoreHealed,
        Trouble::DiskFull,
        Trouble::FilingChanged,
        Trouble::StoredNotReadable,
        Trouble::BackupNotMade,
        Trouble::CycleFailed,
        Trouble::CycleRunning,
        Trouble::ClockNotRight,
        Trouble::AwsRefuses,
        Trouble::AskingAwsFailed,
        Trouble::AnswerRefused,
        Trouble::CeilingReached,
        Trouble::AskingCostsTooMuch,
        Trouble::DaysVanished,
        Trouble::StaleData,
        Trouble::MessageNotDelivered,
        Trouble::UnexpectedFailure,
    ];

    /// The anchor of its heading, which `glidepath explain` takes too.
    pub const fn anchor(self) -> &'static str {
        match self {
            Trouble::ConfigNotUsable => "config-not-usable",
            Trouble::ArgumentsNotUsable => "arguments-not-usable",
            Trouble::FileNotUsable => "file-not-usable",
            Trouble::FilingNotUsable => "filing-not-usable",
            Trouble::NothingToShowYet => "nothing-to-show-yet",
            Trouble::QuestionNotAnswered => "question-not-answered",
            Trouble::ReportNotMade => "report-not-made",
            Trouble::ReportNotKnown => "report-not-known",
            Trouble::LinksNotPossible => "links-not-possible",
            Trouble::PortNotFree => "port-not-free",
            Trouble::NoDaemon => "no-daemon",
            Trouble::DaemonNotAnswering => "daemon-not-answering",
            Trouble::AnotherProgramAnswers => "another-program-answers",
            Trouble::DaemonOfAnotherStore => "daemon-of-another-store",
            Trouble::TokenRefused => "token-refused",
            Trouble::StoreInUse => "store-in-use",
            Trouble::WhoseStore => "whose-store",
            Trouble::StoreNotOpened => "store-not-opened",
            Trouble::StoreOfANewerVersion => "store-of-a-newer-version",
            Trouble::StoreOfAnotherAccount => "store-of-another-account",
            Trouble::MigrationFailed => "migration-failed",
            Trouble::StoreOutOfMemory => "store-out-of-memory",
            Trouble::StoreNotAnswering => "store-not-answering",
            Trouble::StoreDamaged => "store-damaged",
            Trouble::StoreHealed => "store-healed",
            Trouble::DiskFull => "disk-full",
            Trouble::FilingChanged => "filing-changed",
            Trouble::StoredNotReadable => "stored-not-readable",
            Trouble::BackupNotMade => "backup-not-made",
            Trouble::CycleFailed => "cycle-failed",
            Trouble::CycleRunning => "cycle-running",
            Trouble::ClockNotRight => "clock-not-right",
            Trouble::AwsRefuses => "aws-refuses",
            Trouble::AskingAwsFailed => "asking-aws-failed",
            Trouble::AnswerRefused => "answer-refused",
            Trouble::CeilingReached => "ceiling-reached",
            Trouble::AskingCostsTooMuch => "asking-costs-too-much",
            Trouble::DaysVanished => "days-vanished",
            Trouble::StaleData => "stale-data",
            Trouble::MessageNotDelivered => "message-not-delivered",
            Trouble::UnexpectedFailure => "unexpected-failure",
        }
    }

    /// The one that `text` names: its anchor, with the page before it or without, or the name of an alert's rule.
    pub fn named(text: &str) -> Option<Trouble> {
        let anchor = text.trim().rsplit('#').next().unwrap_or_default();
        let of_rule = || Rule::ALL.into_iter().find(|rule| rule.as_str() == anchor).and_then(Trouble::of_rule);
        Trouble::ALL.into_iter().find(|trouble| trouble.anchor() == anchor).or_else(of_rule)
    }

    /// What a rule finds, where that is trouble with the program or with what feeds it; `None` for rules on spend and credit, which
    /// `docs/alerts.md` explains.
    pub const fn of_rule(rule: Rule) -> Option<Trouble> {
        match rule {
            Rule::StaleData => Some(Trouble::StaleData),
            Rule::IngestDenied => Some(Trouble::AwsRefuses),
            Rule::IngestFailed => Some(Trouble::AskingAwsFailed),
            Rule::IngestRefused => Some(Trouble::AnswerRefused),
            Rule::IngestBudget => Some(Trouble::AskingCostsTooMuch),
            Rule::CycleFailed => Some(Trouble::CycleFailed),
            Rule::DaysVanished => Some(Trouble::DaysVanished),
            Rule::DeadChannel => Some(Trouble::MessageNotDelivered),
            Rule::StoreHealed => Some(Trouble::StoreHealed),
            Rule::DiskFull => Some(Trouble::DiskFull),
            Rule::StoreDamaged => Some(Trouble::StoreDamaged),
            _ => None,
        }
    }

    /// Where more of it stands, in a line for people.
    pub fn more(self) -> String {
        format!("More: {self}, or run `glidepath explain {}`", self.anchor())
    }

    /// An error of these words about it.
    pub fn said(self, words: impl Into<String>) -> Said {
        Said { trouble: self, words: words.into() }
    }
}

/// The page and the heading in it.
impl fmt::Display for Trouble {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{PAGE}#{}", self.anchor())
    }
}

/// An error that is words alone, with what it is about.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("{words}")]
pub struct Said {
    /// What it is about.
    pub trouble: Trouble,
    /// What was attempted, on what, and what to do.
    words: String,
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn each_is_named_by_its_anchor_by_the_whole_address_and_by_its_rule() {
        let anchors: BTreeSet<&str> = Trouble::ALL.iter().map(|trouble| trouble.anchor()).collect();
        assert_eq!(anchors.len(), Trouble::ALL.len());
        for trouble in Trouble::ALL {
            assert_eq!(Trouble::named(trouble.anchor()), Some(trouble));
            assert_eq!(Trouble::named(&trouble.to_string()), Some(trouble));
        }
        assert_eq!(Trouble::named("ingest_denied"), Some(Trouble::AwsRefuses));
        assert_eq!(Trouble::named("exhaustion"), None);
        assert_eq!(
            Trouble::StoreInUse.more(),
            "More: docs/troubleshooting.md#store-in-use, or run `glidepath explain store-in-use`"
        );
    }

    #[test]
    fn the_rules_that_speak_without_fresh_data_are_trouble_with_the_program() {
        for rule in Rule::ALL {
            assert_eq!(Trouble::of_rule(rule).is_some(), !rule.needs_fresh_data(), "{}", rule.as_str());
        }
    }
}
