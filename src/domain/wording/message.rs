//! [`compose`]: the words of a message.
//!
//! It reads aloud: what happened, since when, how sure and what next (the finding's reason), and why it comes now.

use crate::alert::MessageContext;
use std::collections::BTreeSet;

use chrono::{DateTime, NaiveDate, Utc};

use crate::alert::{Action, AlertEvent, Audience, Decision, OpenAlert, Reason, RepeatPolicy, event_id};
use crate::position::finding::{Finding, Rule, Severity};
use crate::values::words::{ago_text, day_text, days_text};
use crate::wording::trouble::Trouble;

/// The message that a decision asks for; none where it is held.
pub fn compose(decision: &Decision, context: &MessageContext<'_>) -> Option<AlertEvent> {
    let (summary, body, since) = match (decision.action, &decision.finding, &decision.open) {
        (Action::Hold, _, _) => return None,
        (Action::Resolve, _, open) => {
            let open = open.as_ref()?;
            (gone(open, context.now), String::new(), open.since)
        }
        (_, finding, open) => {
            let finding = finding.as_ref()?;
            let since = open.as_ref().map_or(finding.since, |open| open.since.min(finding.since));
            (finding.summary.clone(), finding.reason.replacen(" Next: ", "\n\nNext: ", 1), since)
        }
    };
    let paragraphs = [summary.clone(), body, footer(decision, since, context), more(decision)];
    let text = paragraphs.iter().filter(|part| !part.is_empty()).cloned().collect::<Vec<_>>().join("\n\n");
    let attach = carries_trajectory(decision.rule) && decision.action != Action::Resolve;
    Some(AlertEvent {
        event_id: event_id(decision),
        key: decision.key.clone(),
        rule: decision.rule,
        severity: decision.severity,
        decision: decision.action,
        reason: decision.reason,
        since,
        fired_at: context.now,
        title: title(decision),
        summary,
        text,
        next: decision.finding.as_ref().map_or("", Finding::next_step).to_owned(),
        named: decision.finding.as_ref().and_then(|finding| finding.named),
        attachment: context.trajectory.filter(|_| attach).map(str::to_owned),
        dashboard_url: context.dashboard_url.map(str::to_owned),
        audience: audience(decision),
    })
}

/// Rules whose messages carry what the bill becomes.
pub const fn carries_trajectory(rule: Rule) -> bool {
    matches!(rule, Rule::Exhaustion | Rule::FirstCash | Rule::ExpiringCredit)
}

/// An all-clear to somebody who heard no alarm is noise, and so is one of what was only worth knowing.
fn audience(decision: &Decision) -> Audience {
    match (&decision.open, decision.action) {
        _ if decision.is_silent() => Audience::Only(BTreeSet::new()),
        (Some(open), Action::Resolve) => Audience::Only(open.heard_by.clone()),
        _ => Audience::Everyone,
    }
}

fn title(decision: &Decision) -> String {
    let before = decision.open.as_ref().map(|open| open.severity);
    let opening = match (decision.action, decision.severity) {
        (Action::Resolve, _) => "All clear",
        (Action::Escalate, _) if decision.reason == Reason::MovedEarlier => "Earlier than told",
        (Action::Escalate, _) if decision.reason == Reason::DaysLeft => "Only days left",
        (Action::Escalate, _) if decision.reason == Reason::HasRunOut => "Critical",
        (Action::Escalate, Severity::Critical) => "Now critical",
        (Action::Escalate, _) => "Now a warning",
        (Action::Repeat, Severity::Critical) => "Still critical",
        (Action::Repeat, _) if before > Some(decision.severity) => "Milder, but still there",
        (Action::Repeat, _) => "Still there",
        (_, Severity::Critical) => "Critical",
        (_, Severity::Warning) => "Warning",
        (_, Severity::Info) => "Worth knowing",
    };
    let of_credit = decision.finding.as_ref().filter(|found| found.rule == Rule::Exhaustion);
    match of_credit.and_then(|found| found.named) {
        Some(named) if named.has_come && named.in_part => {
            format!("{opening}: AWS credit no longer pays for everything")
        }
        Some(named) if named.has_come => format!("{opening}: AWS credit has run out"),
        _ => format!("{opening}: {}", topic(decision.rule, &decision.key)),
    }
}

/// What a message is about, in a few words that hold for alarm and all-clear alike.
fn topic(rule: Rule, key: &str) -> String {
    let subject = key.split_once(':').map_or(key, |(_, subject)| subject);
    match rule {
        Rule::Exhaustion if subject == "total" => "AWS credit running out".to_owned(),
        Rule::Exhaustion => "a credit used up while others go on".to_owned(),
        Rule::FirstCash => "the first AWS bill in cash".to_owned(),
        Rule::BurnRate => "credit burning fast".to_owned(),
        Rule::Spike => format!("spike of {subject}"),
        Rule::CreditGone => "a credit that AWS no longer lists".to_owned(),
        Rule::DrainedCredit => "a credit drawn by other accounts".to_owned(),
        Rule::IngestBudget => "asking AWS costs too much".to_owned(),
        Rule::UncoveredSpend => format!("cash spend on {subject}"),
        Rule::ExpiringCredit => "credit expiring unused".to_owned(),
        Rule::PausedCredit => "a credit that is switched off".to_owned(),
        Rule::StaleData => "no fresh data from AWS".to_owned(),
        Rule::IngestDenied => format!("AWS refusing to show {subject}"),
        Rule::IngestFailed => format!("AWS not answering about {subject}"),
        Rule::IngestRefused => format!("{subject} that cannot be taken in"),
        Rule::CycleFailed => "a cycle that could not finish".to_owned(),
        Rule::DaysVanished => "days that AWS no longer shows".to_owned(),
        Rule::UnclassifiedSpend => "spend that is not recognised".to_owned(),
        Rule::OrderContradicted => "AWS draws credits in another order".to_owned(),
        Rule::UnknownRecordType => format!("unknown charge type {subject}"),
        Rule::BalanceDrift => "our credit balance differing from AWS's".to_owned(),
        Rule::CoverageUnknown => "services that credit may not pay".to_owned(),
        Rule::AwardPace => "a credit not being consumed in time".to_owned(),
        Rule::ProjectionInflated => format!("record {subject} spending far less than filed"),
        Rule::ProjectionExceeded => format!("record {subject} spending far more than filed"),
        Rule::CommitmentUnmet => format!("model spend of {subject} not where it was committed"),
        Rule::FiledNotCome => format!("a filed step of {subject} that did not come"),
        Rule::UsedPercent => "a share of the credit that is used".to_owned(),
        Rule::AwardSmaller => "an award that is smaller than asked for".to_owned(),
        Rule::AwardUnclaimed => "credit that nobody has applied for".to_owned(),
        Rule::FreePlanEnds => "AWS closing an account on the free plan".to_owned(),
        Rule::DeadChannel => format!("alerts not reaching {subject}"),
        Rule::StoreHealed => "a store that was put together again".to_owned(),
        Rule::DiskFull => "a disk that takes no writes".to_owned(),
        Rule::StoreDamaged => "a damaged store".to_owned(),
    }
}

/// Since when, and why it comes now.
fn footer(decision: &Decision, since: NaiveDate, context: &MessageContext<'_>) -> String {
    let why = why_now(decision, context.repeat);
    if decision.action == Action::Resolve {
        return why;
    }
    let lasted = ago_text((context.now.date_naive() - since).num_days());
    format!("Since {}, {lasted}. {why}", day_text(since))
}

/// Where more stands of trouble with the program itself; whoever reads of it is not always who set it up.
fn more(decision: &Decision) -> String {
    let trouble = Trouble::of_rule(decision.rule).filter(|_| decision.action != Action::Resolve);
    trouble.map(Trouble::more).unwrap_or_default()
}

fn gone(open: &OpenAlert, now: DateTime<Utc>) -> String {
    let lasted = ago_text((now - open.opened_at).num_days());
    format!(
        "This is over: {} We first told you on {}, {lasted}. Nothing is left to do about it.",
        quoted(&open.summary),
        day_text(open.opened_at.date_naive())
    )
}

/// What we said, marked as said then.
fn quoted(summary: &str) -> String {
    format!("\u{201c}{summary}\u{201d}")
}

fn why_now(decision: &Decision, repeat: RepeatPolicy) -> String {
    let before = decision.open.as_ref().map_or("", |open| open.severity.as_str());
    match decision.reason {
        Reason::New => "New.".to_owned(),
        Reason::MoreSevere => format!("It got worse: {before} before, {} now.", decision.severity.as_str()),
        Reason::MovedEarlier => decision.open.as_ref().and_then(|open| open.named).map_or_else(String::new, |told| {
            format!("It comes earlier than we told you: the last message named {}.", day_text(told.day))
        }),
        Reason::DaysLeft => "We tell you again when seven days are left and when two are left.".to_owned(),
        Reason::HasRunOut => "The messages before this one said that it would happen; now it has.".to_owned(),
        Reason::RepeatDue => {
            let hours = repeat.hours(decision.severity).unwrap_or_default();
            let days = days_text(i64::from(hours / 24).max(1));
            format!(
                "Still so; a reminder comes every {days} until it is over. To stop them: glidepath alerts ack {} --why ...",
                shell_word(&decision.key)
            )
        }
        Reason::ConditionGone => "The newest data no longer shows it.".to_owned(),
        _ => String::new(),
    }
}

/// A key as it is typed in a shell.
fn shell_word(key: &str) -> String {
    let plain = |letter: char| letter.is_ascii_alphanumeric() || matches!(letter, ':' | '_' | '-' | '.');
    if key.chars().all(plain) { key.to_owned() } else { format!("'{}'", key.replace('\'', r"'\''")) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::alert::fixture::{clock, day};

    fn finding(severity: Severity) -> Finding {
        Finding {
            named: None,
            rule: Rule::Exhaustion,
            severity,
            key: "exhaustion:total".into(),
            since: day("2026-03-12"),
            summary: "Credit will run out.".into(),
            reason: "Half of the paths. Next: apply.".into(),
        }
    }

    fn open(severity: Severity) -> OpenAlert {
        OpenAlert {
            key: "exhaustion:total".into(),
            rule: Rule::Exhaustion,
            severity,
            since: day("2026-03-01"),
            opened_at: "2026-03-03T06:00:00Z".parse().unwrap(),
            last_told_at: "2026-03-13T06:00:00Z".parse().unwrap(),
            told: 3,
            summary: "Credit may run out.".into(),
            named: None,
            heard_by: BTreeSet::from(["ops".to_owned()]),
        }
    }

    fn message(action: Action, reason: Reason, severity: Severity, before: Option<Severity>) -> Option<AlertEvent> {
        let decision = Decision {
            action,
            reason,
            key: "exhaustion:total".into(),
            rule: Rule::Exhaustion,
            severity,
            finding: (action != Action::Resolve).then(|| finding(severity)),
            open: before.map(open),
            earlier: 0,
        };
        let context = MessageContext {
            now: clock(),
            repeat: RepeatPolicy::default(),
            trajectory: Some("| Month | Cash |"),
            dashboard_url: Some("https://glide.example"),
        };
        compose(&decision, &context)
    }

    #[test]
    fn an_alarm_says_what_since_when_why_and_what_next() {
        let event = message(Action::Fire, Reason::New, Severity::Critical, None).unwrap();
        assert_eq!(event.title, "Critical: AWS credit running out");
        assert_eq!(
            event.text,
            "Credit will run out.\n\nHalf of the paths.\n\nNext: apply.\n\nSince 12 March 2026, 2 days ago. New."
        );
        assert_eq!(event.dashboard_url.as_deref(), Some("https://glide.example"));
        assert_eq!(event.attachment.as_deref(), Some("| Month | Cash |"));
        assert!(event.audience.includes("anyone"));
    }

    #[test]
    fn an_all_clear_goes_only_to_who_heard_the_alarm() {
        let event =
            message(Action::Resolve, Reason::ConditionGone, Severity::Critical, Some(Severity::Critical)).unwrap();
        assert_eq!(event.title, "All clear: AWS credit running out");
        assert!(event.text.starts_with(
            "This is over: \u{201c}Credit may run out.\u{201d} We first told you on 3 March 2026, 11 days ago."
        ));
        assert_eq!(event.attachment, None);
        assert!(event.audience.includes("ops") && !event.audience.includes("new"));
    }

    #[test]
    fn trouble_with_the_program_names_where_more_of_it_stands() {
        let of = |action, rule: Rule| {
            let finding = Finding { rule, ..finding(Severity::Warning) };
            let open = (action == Action::Resolve).then(|| OpenAlert { rule, ..open(Severity::Warning) });
            let decision = Decision {
                action,
                reason: Reason::New,
                key: rule.as_str().into(),
                rule,
                severity: Severity::Warning,
                finding: (action != Action::Resolve).then_some(finding),
                open,
                earlier: 0,
            };
            let context =
                MessageContext { now: clock(), repeat: RepeatPolicy::default(), trajectory: None, dashboard_url: None };
            compose(&decision, &context).unwrap().text
        };
        let text = of(Action::Fire, Rule::DiskFull);
        let line = "\n\nMore: docs/troubleshooting.md#disk-full, or run `glidepath explain disk-full`";
        assert!(text.ends_with(line), "{text}");
        assert!(!of(Action::Resolve, Rule::DiskFull).contains("More: "));
        assert!(!of(Action::Fire, Rule::Spike).contains("More: "));
    }

    #[test]
    fn titles_say_what_changed() {
        let title = |action, reason, severity, before| message(action, reason, severity, before).unwrap().title;
        let (warning, critical) = (Severity::Warning, Severity::Critical);
        let topic = "AWS credit running out";
        assert_eq!(
            title(Action::Escalate, Reason::MoreSevere, critical, Some(warning)),
            format!("Now critical: {topic}")
        );
        assert_eq!(
            title(Action::Repeat, Reason::RepeatDue, critical, Some(critical)),
            format!("Still critical: {topic}")
        );
        assert_eq!(title(Action::Repeat, Reason::RepeatDue, warning, Some(warning)), format!("Still there: {topic}"));
        assert_eq!(
            title(Action::Repeat, Reason::RepeatDue, warning, Some(critical)),
            format!("Milder, but still there: {topic}")
        );
        assert_eq!(title(Action::Fire, Reason::New, Severity::Info, None), format!("Worth knowing: {topic}"));
    }

    #[test]
    fn a_reminder_keeps_the_first_date_and_names_the_interval() {
        let event = message(Action::Repeat, Reason::RepeatDue, Severity::Warning, Some(Severity::Warning)).unwrap();
        assert!(
            event.text.ends_with("To stop them: glidepath alerts ack exhaustion:total --why ..."),
            "{}",
            event.text
        );
        assert_eq!(shell_word("spike:Claude Sonnet 5"), "'spike:Claude Sonnet 5'");
        assert_eq!(event.since, day("2026-03-01"));
        assert!(event.text.contains("a reminder comes every 14 days"), "{}", event.text);
    }

    #[test]
    fn what_is_held_makes_no_message() {
        assert_eq!(message(Action::Hold, Reason::AlreadyTold, Severity::Warning, Some(Severity::Warning)), None);
    }
}
