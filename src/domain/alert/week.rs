//! The place that a message takes in the week: so many are enough, and what can wait for the next week does.

use chrono::{DateTime, TimeDelta, Utc};

use super::decision::History;
use super::settings::AlertRules;
use crate::alert::{Action, Decision, Reason};
use crate::position::finding::{Rule, Severity};

/// The time over which messages are counted: a week, less what cycles may differ by.
pub const HISTORY_OF_MESSAGES: TimeDelta = TimeDelta::hours(7 * 24 - 1);

/// Holds what can wait once a week has had its messages. What is urgent counts and does not wait.
pub(super) fn postpone(decisions: &mut [Decision], history: &History, now: DateTime<Utc>, rules: &AlertRules) {
    let within = |told: &&DateTime<Utc>| **told <= now && now - **told < HISTORY_OF_MESSAGES;
    let mut told = history.recent.iter().filter(within).count();
    let limit = usize::try_from(rules.messages_a_week).unwrap_or(usize::MAX);
    let speaks = |decision: &&mut Decision| decision.action != Action::Hold && !decision.is_silent();
    let (waiting, urgent): (Vec<_>, Vec<_>) = decisions.iter_mut().filter(speaks).partition(|one| can_wait(one));
    told += urgent.iter().filter(|decision| !decision.reason.is_worse_news()).count();
    // A place is left for what is urgent and may yet come this week.
    let limit_of = |decision: &Decision| match (decision.severity, decision.action) {
        (Severity::Info, _) | (_, Action::Repeat) => limit.saturating_sub(1).max(1),
        _ => limit,
    };
    for decision in waiting {
        if told >= limit_of(decision) {
            (decision.action, decision.reason) = (Action::Hold, Reason::CanWait);
        } else {
            told += 1;
        }
    }
}

/// A burn that is not yet critical is measured over four weeks.
fn unfolds_over_weeks(decision: &Decision) -> bool {
    decision.severity == Severity::Warning && decision.rule == Rule::BurnRate
}

/// Reminders below critical, what is only worth knowing, warnings of what unfolds over weeks, and all-clears of warnings. That
/// AWS answers again is told at once.
fn can_wait(decision: &Decision) -> bool {
    match decision.action {
        _ if decision.reason.is_worse_news() => false,
        Action::Fire if unfolds_over_weeks(decision) => true,
        // What foretells an event would be of no use after it.
        Action::Fire | Action::Escalate => {
            decision.severity == Severity::Info && !matches!(decision.rule, Rule::Exhaustion | Rule::ExpiringCredit)
        }
        Action::Repeat => decision.severity < Severity::Critical,
        Action::Resolve => decision.severity == Severity::Warning && decision.rule.needs_fresh_data(),
        Action::Hold => false,
    }
}
