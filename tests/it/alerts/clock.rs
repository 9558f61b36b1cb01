//! What time does to an alert: month ends, a leap day, clocks that jump, figures that are restated all day long.

use std::collections::BTreeSet;

use chrono::{DateTime, TimeDelta, Utc};
use glidepath::domain::alert::{Action, AlertEvent, AlertRules, History, decide};
use glidepath::domain::position::finding::Severity;
use proptest::prelude::*;

use super::support::*;

fn at(text: &str) -> DateTime<Utc> {
    text.parse().unwrap()
}

/// A daemon's memory without its store.
#[derive(Default)]
struct Memory {
    history: History,
    told: Vec<AlertEvent>,
}

impl Memory {
    /// One cycle at `now` that finds exhaustion at `severity`, or does not.
    fn cycle(&mut self, severity: Option<Severity>, now: DateTime<Utc>) {
        let decisions = decide(&fresh(severity.map(finding).into_iter().collect()), &self.history, now, &rules());
        for (decision, event) in decisions.iter().filter_map(|decision| Some((decision, composed_one(decision, now)?)))
        {
            self.history.tell(decision, event.since, event.summary.clone(), now);
            self.told.push(event);
        }
        if severity.is_some() {
            self.history.last_found.insert("exhaustion:total".to_owned(), now);
        }
    }

    fn count(&self, action: Action) -> usize {
        self.told.iter().filter(|event| event.decision == action).count()
    }

    /// The id of every message is its own.
    fn ids_are_distinct(&self) -> bool {
        let ids: BTreeSet<&str> = self.told.iter().map(|event| event.event_id.as_str()).collect();
        ids.len() == self.told.len()
    }
}

fn rules() -> AlertRules {
    AlertRules::default()
}

fn days(from: &str, count: i64) -> impl Iterator<Item = DateTime<Utc>> {
    let from = at(from);
    (0..count).map(move |day| from + TimeDelta::days(day))
}

#[test]
fn reminders_count_days_over_month_ends_and_a_leap_day() {
    // 2028 is a leap year. Warnings repeat every 14 days.
    let mut memory = Memory::default();
    for now in days("2028-01-30T06:30:00Z", 45) {
        memory.cycle(Some(Severity::Warning), now);
    }
    let told: Vec<String> = memory.told.iter().map(|event| event.fired_at.date_naive().to_string()).collect();
    assert_eq!(told, ["2028-01-30", "2028-02-13", "2028-02-27", "2028-03-12"]);
}

#[test]
fn a_cycle_that_runs_some_seconds_early_every_day_keeps_the_rhythm() {
    let mut memory = Memory::default();
    for (cycle, now) in (0i64..).zip(days("2026-01-01T06:30:00Z", 29)) {
        memory.cycle(Some(Severity::Critical), now - TimeDelta::seconds(cycle));
    }
    assert_eq!((memory.count(Action::Fire), memory.count(Action::Repeat)), (1, 4));
}

#[test]
fn a_clock_that_jumps_forward_reminds_once_and_one_that_jumps_back_is_quiet() {
    let mut memory = Memory::default();
    memory.cycle(Some(Severity::Warning), at("2026-03-01T06:30:00Z"));
    memory.cycle(Some(Severity::Warning), at("2026-09-01T06:30:00Z"));
    assert_eq!(memory.count(Action::Repeat), 1, "half a year is one reminder, not thirteen");
    for now in days("2026-03-02T06:30:00Z", 30) {
        memory.cycle(Some(Severity::Warning), now);
    }
    assert_eq!(memory.told.len(), 2, "what was told in the future is not told again");
    memory.cycle(Some(Severity::Critical), at("2026-04-02T06:30:00Z"));
    assert_eq!(memory.count(Action::Escalate), 1, "but what is worse is told whatever the clock says");
    // Nobody gets an all-clear on the strength of a clock.
    memory.cycle(None, at("2026-04-03T06:30:00Z"));
    assert_eq!(memory.count(Action::Resolve), 0);
    assert!(memory.ids_are_distinct());
}

#[test]
fn a_year_with_two_restatements_a_day_is_told_as_one_episode() {
    let mut memory = Memory::default();
    for now in days("2027-06-01T06:30:00Z", 366) {
        memory.cycle(Some(Severity::Warning), now);
        // A correction takes it below the threshold at noon, another takes it back in the evening.
        memory.cycle(None, now + TimeDelta::hours(6));
        memory.cycle(Some(Severity::Warning), now + TimeDelta::hours(12));
    }
    // One message, and a reminder every 14 days; the evening's cycle is the first that is due.
    assert_eq!((memory.count(Action::Fire), memory.count(Action::Resolve)), (1, 0));
    assert!((25..=26).contains(&memory.count(Action::Repeat)), "{}", memory.count(Action::Repeat));
    assert!(memory.ids_are_distinct());
    memory.cycle(None, at("2028-06-01T06:30:00Z"));
    memory.cycle(None, at("2028-06-03T06:30:00Z"));
    assert_eq!(memory.count(Action::Resolve), 0, "two days are not enough");
    memory.cycle(None, at("2028-06-04T06:30:00Z"));
    assert_eq!(memory.count(Action::Resolve), 1);
}

proptest! {
    /// Whatever is found and however cycles lie in time, messages of an episode begin with a first one and end with at most one
    /// all-clear, severity never rises unsaid, and no id comes twice.
    #[test]
    fn an_episode_is_told_in_order(
        steps in proptest::collection::vec((0u8..4, 1i64..200), 1..80),
    ) {
        let mut memory = Memory::default();
        let mut now = at("2026-01-01T00:00:00Z");
        for (found, hours) in steps {
            now += TimeDelta::hours(hours);
            let severity = [None, Some(Severity::Info), Some(Severity::Warning), Some(Severity::Critical)][usize::from(found)];
            memory.cycle(severity, now);
            let open = memory.history.open.first();
            // What is urgent is told at once; the early call and what is only worth knowing can wait for a place in the week.
            let urgent = severity.filter(|found| *found == Severity::Critical);
            prop_assert!(urgent.is_none_or(|found| open.is_some_and(|open| open.severity >= found)));
        }
        let mut open = false;
        for event in &memory.told {
            prop_assert_eq!(event.decision == Action::Fire, !open, "{:?}", event.decision);
            open = event.decision != Action::Resolve;
        }
        prop_assert!(memory.ids_are_distinct());
    }
}
