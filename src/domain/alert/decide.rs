//! [`decide`]: tell, tell again, tell louder, give the all-clear, or hold; and why.

use crate::alert::{Action, Decision, History, OpenAlert, Reason};
use std::cmp::Reverse;
use std::collections::BTreeMap;

use chrono::{DateTime, TimeDelta, Utc};

use super::input::Evaluation;
use super::mute::MuteKind;
use super::settings::AlertRules;
use super::week::postpone;
use super::worse::{has_run_out, worse};
use crate::position::finding::Finding;

/// Cycles run at the same hour but never at the same second. Without this much grace a reminder due after 24 hours
/// would come every second day.
const REPEAT_GRACE: TimeDelta = TimeDelta::hours(1);

/// One decision for every key that is found or open: most severe first, then by rule and key.
///
/// ```
/// use glidepath_domain::alert::{Action, AlertRules, Evaluation, History, Reason, decide};
/// use glidepath_domain::position::finding::{Finding, Rule, Severity};
/// let finding = Finding {
///     named: None,
///     rule: Rule::Exhaustion,
///     severity: Severity::Critical,
///     key: "exhaustion:total".into(),
///     since: "2026-03-12".parse().unwrap(),
///     summary: "Credit will probably run out on 13 April 2026, in 30 days.".into(),
///     reason: "Next: apply by 16 March 2026.".into(),
/// };
/// let evaluation = Evaluation { findings: vec![finding], costs_pulled: true, ..Evaluation::default() };
/// let now = "2026-03-14T06:00:00Z".parse().unwrap();
/// let decisions = decide(&evaluation, &History::default(), now, &AlertRules::default());
/// assert_eq!((decisions[0].action, decisions[0].reason), (Action::Fire, Reason::New));
/// ```
pub fn decide(evaluation: &Evaluation, history: &History, now: DateTime<Utc>, rules: &AlertRules) -> Vec<Decision> {
    let open: BTreeMap<&str, &OpenAlert> = history.open.iter().map(|alert| (alert.key.as_str(), alert)).collect();
    let found: BTreeMap<&str, &Finding> = evaluation.findings.iter().map(|found| (found.key.as_str(), found)).collect();

    let about_findings = evaluation.findings.iter().map(|finding| {
        let open = open.get(finding.key.as_str()).copied();
        let (action, reason) = match present(finding, open, now, rules) {
            (Action::Hold, reason) => (Action::Hold, reason),
            _ if said_elsewhere(finding, evaluation, &found) => (Action::Hold, Reason::SaidElsewhere),
            _ if evaluation.filed_ahead.contains(&finding.key) => (Action::Hold, Reason::FiledAhead),
            speaks => history.muted(&finding.key, finding.severity, now).map_or(speaks, |mute| match mute.kind {
                // Who knows of the day that was named does not know yet that it is another.
                MuteKind::Ack if matches!(speaks.1, Reason::HasRunOut | Reason::MovedEarlier) => speaks,
                MuteKind::Ack => (Action::Hold, Reason::Acknowledged),
                MuteKind::Silence => (Action::Hold, Reason::Silenced),
            }),
        };
        Decision {
            action,
            reason,
            key: finding.key.clone(),
            rule: finding.rule,
            severity: finding.severity,
            finding: Some(finding.clone()),
            open: open.cloned(),
            earlier: history.earlier(&finding.key, finding.since, open),
        }
    });
    let about_silence = open.values().filter(|alert| !found.contains_key(alert.key.as_str())).map(|alert| {
        let (action, reason) = absent(alert, evaluation, history, now, rules);
        Decision {
            action,
            reason,
            key: alert.key.clone(),
            rule: alert.rule,
            severity: alert.severity,
            finding: None,
            open: Some((*alert).clone()),
            earlier: history.earlier(&alert.key, alert.since, Some(alert)),
        }
    });
    let mut decisions: Vec<Decision> = about_findings.chain(about_silence).collect();
    decisions.sort_by(|a, b| (Reverse(a.severity), a.rule, &a.key).cmp(&(Reverse(b.severity), b.rule, &b.key)));
    postpone(&mut decisions, history, now, rules);
    decisions
}

/// The condition holds.
fn present(finding: &Finding, open: Option<&OpenAlert>, now: DateTime<Utc>, rules: &AlertRules) -> (Action, Reason) {
    let Some(open) = open else { return (Action::Fire, Reason::New) };
    if has_run_out(finding, open) {
        return (Action::Escalate, Reason::HasRunOut);
    }
    if finding.severity > open.severity {
        return (Action::Escalate, Reason::MoreSevere);
    }
    if let Some(reason) = worse(finding, open, now) {
        return (Action::Escalate, reason);
    }
    let due = rules
        .repeat
        .hours(finding.severity)
        .is_some_and(|hours| now - open.last_told_at + REPEAT_GRACE >= TimeDelta::hours(i64::from(hours)));
    if due {
        (Action::Repeat, Reason::RepeatDue)
    } else if finding.severity < open.severity {
        (Action::Hold, Reason::LessSevere)
    } else {
        (Action::Hold, Reason::AlreadyTold)
    }
}

/// True if a finding of this cycle that is at least as severe says the same.
fn said_elsewhere(finding: &Finding, evaluation: &Evaluation, found: &BTreeMap<&str, &Finding>) -> bool {
    let other = evaluation.part_of.get(&finding.key).and_then(|key| found.get(key.as_str()));
    other.is_some_and(|other| other.severity >= finding.severity)
}

/// The condition is open but was not found.
fn absent(
    open: &OpenAlert,
    evaluation: &Evaluation,
    history: &History,
    now: DateTime<Utc>,
    rules: &AlertRules,
) -> (Action, Reason) {
    if !evaluation.proves_gone(open.rule, &open.key) {
        let stale = evaluation.stale && open.rule.needs_fresh_data();
        return (Action::Hold, if stale { Reason::DataStale } else { Reason::NotChecked });
    }
    // An answer of AWS is an answer at once; a figure may cross its threshold again tomorrow.
    let last_found =
        history.last_found.get(&open.key).map_or(open.last_told_at, |found| *found.max(&open.last_told_at));
    if open.rule.needs_fresh_data() && now - last_found + REPEAT_GRACE < rules.clear_after() {
        return (Action::Hold, Reason::Settling);
    }
    (Action::Resolve, Reason::ConditionGone)
}

/// Dates each finding from the day its open alert was first dated from: a rule that looks at one position cannot know
/// for how long it has been so.
pub fn carry_since(findings: &mut [Finding], history: &[OpenAlert]) {
    for finding in findings {
        if let Some(open) = history.iter().find(|open| open.key == finding.key) {
            finding.since = finding.since.min(open.since);
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::position::finding::{Rule, Severity};
    use proptest::prelude::*;
    use std::collections::BTreeSet;

    use super::super::fixture::{clock, day};
    use super::*;
    use Action::{Escalate, Fire, Hold, Repeat, Resolve};
    use Severity::{Critical, Info, Warning};

    fn finding(rule: Rule, severity: Severity) -> Finding {
        Finding {
            named: None,
            rule,
            severity,
            key: format!("{}:x", rule.as_str()),
            since: day("2026-03-12"),
            summary: "It is so.".into(),
            reason: "Because.".into(),
        }
    }

    fn open(rule: Rule, severity: Severity, hours_ago: i64) -> OpenAlert {
        OpenAlert {
            key: format!("{}:x", rule.as_str()),
            rule,
            severity,
            since: day("2026-03-01"),
            opened_at: clock() - TimeDelta::days(20),
            last_told_at: clock() - TimeDelta::hours(hours_ago),
            told: 1,
            summary: "It was so.".into(),
            named: None,
            heard_by: BTreeSet::from(["ops".to_owned()]),
        }
    }

    /// What the cycle could look at.
    #[derive(Clone, Copy)]
    enum Data {
        Fresh,
        NotPulled,
        Stale,
        SourceDown,
    }

    fn one(rule: Rule, told: Option<(Severity, i64)>, found: Option<Severity>, data: Data) -> Option<(Action, Reason)> {
        let evaluation = Evaluation {
            findings: found.map(|severity| finding(rule, severity)).into_iter().collect(),
            stale: matches!(data, Data::Stale),
            costs_pulled: matches!(data, Data::Fresh),
            unchecked: if matches!(data, Data::SourceDown) {
                BTreeSet::from([format!("{}:x", rule.as_str())])
            } else {
                BTreeSet::new()
            },
            part_of: BTreeMap::new(),
            filed_ahead: BTreeSet::new(),
        };
        let history = History::of(told.map(|(severity, hours)| open(rule, severity, hours)).into_iter().collect());
        let decisions = decide(&evaluation, &history, clock(), &AlertRules::default());
        assert!(decisions.len() <= 1);
        decisions.first().map(|decision| (decision.action, decision.reason))
    }

    #[test]
    fn decision_table() {
        let spend = Rule::Exhaustion;
        let data = Rule::StaleData;
        let denied = Rule::IngestDenied;
        // rule, told before (severity, hours ago), found now, what could be looked at => decision
        let table = [
            (spend, None, None, Data::Fresh, None),
            (spend, None, None, Data::Stale, None),
            (spend, None, Some(Info), Data::Fresh, Some((Fire, Reason::New))),
            (spend, None, Some(Warning), Data::Fresh, Some((Fire, Reason::New))),
            (spend, None, Some(Critical), Data::Fresh, Some((Fire, Reason::New))),
            (spend, None, Some(Critical), Data::NotPulled, Some((Fire, Reason::New))),
            (spend, Some((Info, 1)), Some(Info), Data::Fresh, Some((Hold, Reason::AlreadyTold))),
            (spend, Some((Info, 9_999)), Some(Info), Data::Fresh, Some((Hold, Reason::AlreadyTold))),
            (spend, Some((Info, 1)), Some(Warning), Data::Fresh, Some((Escalate, Reason::MoreSevere))),
            (spend, Some((Info, 1)), Some(Critical), Data::Fresh, Some((Escalate, Reason::MoreSevere))),
            (spend, Some((Warning, 9_999)), Some(Info), Data::Fresh, Some((Hold, Reason::LessSevere))),
            (spend, Some((Warning, 0)), Some(Warning), Data::Fresh, Some((Hold, Reason::AlreadyTold))),
            (spend, Some((Warning, 334)), Some(Warning), Data::Fresh, Some((Hold, Reason::AlreadyTold))),
            (spend, Some((Warning, 335)), Some(Warning), Data::Fresh, Some((Repeat, Reason::RepeatDue))),
            (spend, Some((Warning, 1)), Some(Critical), Data::Fresh, Some((Escalate, Reason::MoreSevere))),
            (spend, Some((Critical, 9_999)), Some(Info), Data::Fresh, Some((Hold, Reason::LessSevere))),
            (spend, Some((Critical, 24)), Some(Warning), Data::Fresh, Some((Hold, Reason::LessSevere))),
            (spend, Some((Critical, 336)), Some(Warning), Data::Fresh, Some((Repeat, Reason::RepeatDue))),
            (spend, Some((Critical, 166)), Some(Critical), Data::Fresh, Some((Hold, Reason::AlreadyTold))),
            (spend, Some((Critical, 167)), Some(Critical), Data::Fresh, Some((Repeat, Reason::RepeatDue))),
            (spend, Some((Critical, -9_999)), Some(Critical), Data::Fresh, Some((Hold, Reason::AlreadyTold))),
            (spend, Some((Info, 1)), None, Data::Fresh, Some((Hold, Reason::Settling))),
            (spend, Some((Critical, 70)), None, Data::Fresh, Some((Hold, Reason::Settling))),
            (spend, Some((Critical, 71)), None, Data::Fresh, Some((Resolve, Reason::ConditionGone))),
            (spend, Some((Critical, 1)), None, Data::NotPulled, Some((Hold, Reason::NotChecked))),
            (spend, Some((Critical, 99)), None, Data::Stale, Some((Hold, Reason::DataStale))),
            (data, None, Some(Warning), Data::Stale, Some((Fire, Reason::New))),
            (data, Some((Warning, 1)), Some(Warning), Data::Stale, Some((Hold, Reason::AlreadyTold))),
            (data, Some((Warning, 1)), Some(Critical), Data::Stale, Some((Escalate, Reason::MoreSevere))),
            (data, Some((Critical, 167)), Some(Critical), Data::Stale, Some((Repeat, Reason::RepeatDue))),
            (data, Some((Critical, 1)), None, Data::Fresh, Some((Resolve, Reason::ConditionGone))),
            (denied, Some((Critical, 1)), Some(Critical), Data::SourceDown, Some((Hold, Reason::AlreadyTold))),
            (denied, Some((Critical, 1)), None, Data::SourceDown, Some((Hold, Reason::NotChecked))),
            (denied, Some((Critical, 1)), None, Data::Stale, Some((Resolve, Reason::ConditionGone))),
            (denied, Some((Critical, 1)), None, Data::Fresh, Some((Resolve, Reason::ConditionGone))),
        ];
        for (number, (rule, told, found, data, expected)) in table.into_iter().enumerate() {
            assert_eq!(one(rule, told, found, data), expected, "line {number}");
        }
    }

    #[test]
    fn what_can_wait_waits_once_the_week_has_had_its_messages() {
        let decided = |messages: usize, found: &[(Rule, Severity)], told: Vec<OpenAlert>| {
            let evaluation = Evaluation {
                findings: found.iter().map(|(rule, severity)| finding(*rule, *severity)).collect(),
                costs_pulled: true,
                ..Evaluation::default()
            };
            let recent = vec![clock() - TimeDelta::hours(166); messages];
            let history = History { recent, ..History::of(told) };
            let decisions = decide(&evaluation, &history, clock(), &AlertRules::default());
            decisions.into_iter().map(|decision| (decision.action, decision.reason)).collect::<Vec<_>>()
        };
        let (spike, drift, stale) = (Rule::Spike, Rule::BalanceDrift, Rule::StaleData);
        let waits = (Hold, Reason::CanWait);
        assert_eq!(decided(0, &[(drift, Info)], vec![]), [(Fire, Reason::New)]);
        assert_eq!(decided(1, &[(drift, Info)], vec![]), [waits], "a place is left for what is urgent");
        assert_eq!(decided(9, &[(Rule::ExpiringCredit, Info)], vec![]), [(Fire, Reason::New)], "it foretells");
        assert_eq!(decided(2, &[(drift, Info)], vec![]), [waits]);
        assert_eq!(decided(9, &[(drift, Warning)], vec![]), [(Fire, Reason::New)], "what is new and urgent does not");
        assert_eq!(decided(1, &[(Rule::BurnRate, Warning)], vec![]), [(Fire, Reason::New)]);
        assert_eq!(decided(2, &[(Rule::BurnRate, Warning)], vec![]), [waits], "it is measured over weeks");
        assert_eq!(decided(9, &[(Rule::Exhaustion, Warning)], vec![]), [(Fire, Reason::New)], "the early call");
        assert_eq!(decided(9, &[(Rule::Exhaustion, Critical)], vec![]), [(Fire, Reason::New)], "the urgent one");
        let both = [(spike, Warning), (drift, Info)];
        assert_eq!(decided(1, &both, vec![]), [(Fire, Reason::New), waits], "what is urgent counts");
        let opened = |severity| vec![open(drift, severity, 400)];
        assert_eq!(decided(0, &[(drift, Warning)], opened(Warning)), [(Repeat, Reason::RepeatDue)]);
        assert_eq!(decided(1, &[(drift, Warning)], opened(Warning)), [waits], "a reminder leaves a place, too");
        assert_eq!(decided(2, &[(drift, Critical)], opened(Critical)), [(Repeat, Reason::RepeatDue)]);
        assert_eq!(decided(2, &[(drift, Critical)], opened(Warning)), [(Escalate, Reason::MoreSevere)]);
        assert_eq!(decided(2, &[], opened(Warning)), [waits], "an all-clear");
        assert_eq!(decided(2, &[], opened(Critical)), [(Resolve, Reason::ConditionGone)]);
        assert_eq!(decided(2, &[], vec![open(stale, Warning, 9)]), [(Resolve, Reason::ConditionGone)]);
    }

    #[test]
    fn a_finding_is_dated_from_its_episode() {
        let mut findings = [finding(Rule::Exhaustion, Warning), finding(Rule::BalanceDrift, Warning)];
        carry_since(&mut findings, &[open(Rule::Exhaustion, Warning, 1)]);
        assert_eq!(findings.map(|finding| finding.since), [day("2026-03-01"), day("2026-03-12")]);
    }

    fn severity() -> impl Strategy<Value = Severity> {
        prop_oneof![Just(Info), Just(Warning), Just(Critical)]
    }

    fn rule() -> impl Strategy<Value = Rule> {
        prop_oneof![Just(Rule::Exhaustion), Just(Rule::StaleData), Just(Rule::PausedCredit), Just(Rule::IngestDenied)]
    }

    proptest! {
        /// Every key is decided exactly once, in an order that does not depend on the order of the input, and an
        /// all-clear never comes while the condition is found.
        #[test]
        fn every_key_once_in_a_stable_order(
            found in proptest::collection::btree_map(rule(), severity(), 0..4),
            told in proptest::collection::btree_map(rule(), (severity(), 0i64..200), 0..4),
            stale in any::<bool>(),
            costs_pulled in any::<bool>(),
        ) {
            let mut evaluation = Evaluation {
                findings: found.iter().map(|(rule, severity)| finding(*rule, *severity)).collect(),
                stale,
                costs_pulled,
                unchecked: BTreeSet::new(),
                part_of: BTreeMap::new(),
            filed_ahead: BTreeSet::new(),
            };
            let told_before = told.iter().map(|(rule, (severity, hours))| open(*rule, *severity, *hours));
            let mut history = History::of(told_before.collect());
            let decisions = decide(&evaluation, &history, clock(), &AlertRules::default());
            let keys: BTreeSet<_> = decisions.iter().map(|decision| decision.key.clone()).collect();
            let expected: BTreeSet<_> = found.keys().chain(told.keys()).map(|rule| format!("{}:x", rule.as_str())).collect();
            prop_assert_eq!(decisions.len(), keys.len());
            prop_assert_eq!(keys, expected);
            for decision in &decisions {
                prop_assert!(decision.action != Resolve || decision.finding.is_none());
                prop_assert!(decision.action != Fire || decision.open.is_none());
                // What is new is told, unless it is only worth knowing or an early call, and the week has had its messages.
                let early = decision.rule == Rule::Exhaustion && decision.severity == Warning;
                let waits = (decision.severity == Info || early) && decision.reason == Reason::CanWait;
                prop_assert!(decision.open.is_some() || decision.action == Fire || waits);
            }
            evaluation.findings.reverse();
            history.open.reverse();
            prop_assert_eq!(decide(&evaluation, &history, clock(), &AlertRules::default()), decisions);
        }
    }
}
