//! Replay: what a set of rules would have told over a list of past moments, and how it held against what came.
//!
//! A fold: [`Replay::look`] takes the moments in order, as they were known, and decides as a cycle does, from a history of
//! its own; [`Replay::finish`] holds each alarm against the events that the same moments show to have happened. Nothing is
//! sent, and what somebody muted at the time is left out.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Datelike, NaiveDate, Utc};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::decide::{carry_since, decide};
use super::decision::History;
use super::event::{Compose, MessageContext};
use super::events::{Event, EventKind, Events};
use super::input::IngestHealth;
use super::rules::evaluate;
use super::settings::AlertRules;
use crate::alert::{Action, Decision, OpenAlert, Reason};
use crate::filing::next_award::Meant;
use crate::position::Position;
use crate::position::finding::{Rule, Severity};
use crate::position::observations::Observations;

/// One moment, as it was known then.
#[derive(Debug)]
pub struct Moment<'a> {
    /// The clock of the look.
    pub clock: DateTime<Utc>,
    /// True if nobody looked, and what would have been seen was put together later.
    pub reconstructed: bool,
    /// The position.
    pub position: &'a Position,
    /// How asking went.
    pub health: IngestHealth,
    /// What the rules look at beside the position.
    pub observations: Observations,
}

/// A replay under way.
#[derive(Debug)]
pub struct Replay {
    rules: AlertRules,
    compose: Compose,
    history: History,
    events: Events,
    told: Vec<ReplayedAlert>,
    reconstructed: u64,
    looks: Vec<DateTime<Utc>>,
    /// The award meant next, as of the newest look.
    meant: Meant,
}

/// A message that would have been sent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ReplayedAlert {
    /// Clock of the look that sends it.
    pub at: DateTime<Utc>,
    /// Key of the finding.
    pub key: String,
    /// Its rule.
    pub rule: Rule,
    /// How bad.
    pub severity: Severity,
    /// Fire, escalate, repeat or resolve.
    pub decision: Action,
    /// Why.
    pub reason: Reason,
    /// One line.
    pub title: String,
    /// A sentence.
    pub summary: String,
    /// True if the look was put together later.
    pub reconstructed: bool,
    /// True for the end of what was only worth knowing, which is noted and not sent.
    pub silent: bool,
    /// What came of it; null where the rule tells what is, and foretells nothing.
    pub verdict: Option<Verdict>,
}

/// What came of a warning.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(tag = "outcome", rename_all = "snake_case")]
#[schema(as = AlertVerdict)]
pub enum Verdict {
    /// It came.
    Came {
        /// Day on which it came.
        on: NaiveDate,
        /// Days from the message to that day; negative if it told of what had happened.
        lead_days: i64,
    },
    /// It did not come before the all-clear.
    FalseAlarm,
    /// It is still open at the end of the replay.
    Open,
}

/// An event, and the first word about it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ReplayedEvent {
    /// What happened.
    #[serde(flatten)]
    pub event: Event,
    /// Days before it that the first alarm of its episode came; null for a miss.
    pub first_told_days_before: Option<i64>,
    /// True if that was enough for the next award.
    pub in_time: bool,
}

/// What came out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ReplayReport {
    /// Clock of the first look; null without any.
    pub from: Option<DateTime<Utc>>,
    /// Clock of the last one.
    pub to: Option<DateTime<Utc>>,
    /// Looks.
    pub looks: u64,
    /// Of these, the ones that were put together later.
    pub reconstructed: u64,
    /// Every message in order, and where what was only worth knowing ended.
    pub alerts: Vec<ReplayedAlert>,
    /// What happened, in order, with the first word about it.
    pub events: Vec<ReplayedEvent>,
    /// Events that nothing foretold.
    pub misses: u64,
    /// Episodes that foretold what did not come.
    pub false_alarms: u64,
    /// Messages that would have been sent.
    pub sent: u64,
    /// Most messages in a calendar week, Monday to Sunday.
    pub most_in_a_week: u64,
}

impl Replay {
    /// A replay that begins without any history; `compose` puts into words what it would have told.
    pub fn new(rules: AlertRules, compose: Compose) -> Replay {
        Replay {
            rules,
            compose,
            history: History::default(),
            events: Events::default(),
            told: Vec::new(),
            reconstructed: 0,
            looks: Vec::new(),
            meant: Meant::default(),
        }
    }

    /// Decides at one moment. Moments come in order of their clocks.
    pub fn look(&mut self, moment: Moment<'_>) {
        let Moment { clock, reconstructed, position, health, mut observations } = moment;
        observations.told = self.history.told();
        let mut evaluation = evaluate(position, &health, &observations, &self.rules);
        carry_since(&mut evaluation.findings, &self.history.open);
        let decisions = decide(&evaluation, &self.history, clock, &self.rules);
        let context = MessageContext { now: clock, repeat: self.rules.repeat, trajectory: None, dashboard_url: None };
        for decision in &decisions {
            let Some(event) = (self.compose)(decision, &context) else { continue };
            self.told.push(ReplayedAlert {
                at: clock,
                key: event.key,
                rule: event.rule,
                severity: event.severity,
                decision: event.decision,
                reason: event.reason,
                title: event.title,
                summary: event.summary.clone(),
                reconstructed,
                silent: decision.is_silent(),
                verdict: None,
            });
            self.history.tell(decision, event.since, event.summary, clock);
        }
        self.history.last_found.extend(evaluation.findings.into_iter().map(|finding| (finding.key, clock)));
        self.meant = position.award_meant;
        self.events.see(position, &self.rules);
        self.reconstructed += u64::from(reconstructed);
        self.looks.push(clock);
    }

    /// Holds the alarms against what came.
    pub fn finish(mut self) -> ReplayReport {
        let first_look = self.looks.first().map(DateTime::date_naive);
        // What had happened before the first look nobody could foretell.
        let came: Vec<Event> =
            self.events.all().into_iter().filter(|event| first_look.is_some_and(|first| first < event.on)).collect();
        let episodes = self.episodes();
        let mut false_alarms = 0;
        for episode in &episodes {
            let verdict = |at: NaiveDate| match episode.event(&came) {
                Some(event) => Verdict::Came { on: event.on, lead_days: (event.on - at).num_days() },
                None if episode.resolved.is_some() => Verdict::FalseAlarm,
                None => Verdict::Open,
            };
            false_alarms += u64::from(verdict(episode.opened) == Verdict::FalseAlarm);
            for index in &episode.alerts {
                let alert = &mut self.told[*index];
                alert.verdict = Some(verdict(alert.at.date_naive()));
            }
        }
        let award = |day| self.rules.award(self.meant, day).longest();
        let events: Vec<ReplayedEvent> = came
            .iter()
            .map(|event| {
                let told = episodes.iter().filter(|episode| episode.event(&came) == Some(event));
                let first = told.map(|episode| (event.on - episode.opened).num_days()).max().filter(|days| *days > 0);
                let needed = if event.kind.needs_award() { award(event.on) } else { 1 };
                ReplayedEvent {
                    event: event.clone(),
                    first_told_days_before: first,
                    in_time: first.is_some_and(|days| days >= needed),
                }
            })
            .collect();
        let mut weeks: BTreeMap<(i32, u32), u64> = BTreeMap::new();
        for alert in self.told.iter().filter(|alert| !alert.silent) {
            let week = alert.at.date_naive().iso_week();
            *weeks.entry((week.year(), week.week())).or_default() += 1;
        }
        ReplayReport {
            from: self.looks.first().copied(),
            to: self.looks.last().copied(),
            looks: self.looks.len() as u64,
            reconstructed: self.reconstructed,
            misses: events.iter().filter(|event| event.first_told_days_before.is_none()).count() as u64,
            sent: self.told.iter().filter(|alert| !alert.silent).count() as u64,
            alerts: self.told,
            events,
            false_alarms,
            most_in_a_week: weeks.into_values().max().unwrap_or_default(),
        }
    }

    /// From each first message to its all-clear, of the rules that foretell something.
    fn episodes(&self) -> Vec<Episode> {
        let mut episodes: Vec<Episode> = Vec::new();
        for (index, alert) in self.told.iter().enumerate() {
            let Some(foretells) = EventKind::foretold(alert.rule, &alert.key) else { continue };
            let day = alert.at.date_naive();
            if alert.decision == Action::Fire {
                episodes.push(Episode {
                    foretells,
                    key: alert.key.clone(),
                    opened: day,
                    resolved: None,
                    alerts: vec![],
                });
            }
            let Some(episode) = episodes.iter_mut().rfind(|episode| episode.key == alert.key) else { continue };
            if alert.decision == Action::Resolve {
                episode.resolved = Some(day);
            } else {
                episode.alerts.push(index);
            }
        }
        episodes
    }
}

/// One alarm from its first message to its all-clear.
struct Episode {
    foretells: EventKind,
    key: String,
    opened: NaiveDate,
    resolved: Option<NaiveDate>,
    alerts: Vec<usize>,
}

impl Episode {
    /// The first event of its kind that came while it was open.
    fn event<'e>(&self, came: &'e [Event]) -> Option<&'e Event> {
        let while_open =
            |event: &&Event| event.kind == self.foretells && self.resolved.is_none_or(|resolved| event.on <= resolved);
        let mut events = came.iter().filter(while_open);
        // An event is known two days after it came; an alarm that tells of it is about it, too.
        events.find(|event| (self.opened - event.on).num_days() <= Events::KNOWN_AFTER_DAYS)
    }
}

impl History {
    /// Notes that `decision` was told at `now`, as the store derives it from its events.
    pub fn tell(&mut self, decision: &Decision, since: NaiveDate, summary: String, now: DateTime<Utc>) {
        let at = self.open.iter().position(|open| open.key == decision.key);
        let named = decision.finding.as_ref().and_then(|finding| finding.named);
        if decision.action != Action::Hold && !decision.is_silent() && !decision.reason.is_worse_news() {
            self.recent.push(now);
        }
        match (decision.action, at) {
            (Action::Hold, _) => {}
            (Action::Resolve, at) => {
                if let Some(at) = at {
                    self.open.remove(at);
                }
            }
            (Action::Escalate | Action::Repeat, Some(at)) => {
                let open = &mut self.open[at];
                open.severity = decision.severity;
                open.last_told_at = now;
                open.told += 1;
                open.summary = summary;
                open.named = named;
            }
            (_, at) => {
                if let Some(at) = at {
                    self.open.remove(at);
                }
                *self.fired.entry((decision.key.clone(), since)).or_default() += 1;
                self.open.push(OpenAlert {
                    key: decision.key.clone(),
                    rule: decision.rule,
                    severity: decision.severity,
                    since,
                    opened_at: now,
                    last_told_at: now,
                    told: 1,
                    summary,
                    named,
                    heard_by: BTreeSet::new(),
                });
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::fixture::{clock, day, health, pool, position, usd};
    use super::*;
    use crate::position::{PoolPosition, PoolStatus};
    use crate::values::period::plus_days;
    use crate::values::quantiles::DateQuantiles;
    use crate::wording::compose;

    /// A look on each of `days` after 14 March; `see` gives the position of each.
    fn replayed(days: i64, see: impl Fn(i64, &mut Position)) -> ReplayReport {
        let mut replay = Replay::new(AlertRules::default(), compose);
        for ahead in 0..days {
            let clock = clock() + chrono::TimeDelta::days(ahead);
            let through = Some(plus_days(day("2026-03-12"), ahead));
            let mut position = Position { as_of: clock, data_through: through, ..position() };
            see(ahead, &mut position);
            let health = IngestHealth { as_of: clock, data_through: through, last_success: Some(clock), ..health() };
            let observations = Observations::default();
            replay.look(Moment { clock, reconstructed: ahead == 0, position: &position, health, observations });
        }
        replay.finish()
    }

    fn seen_by(position: &mut Position, ends: &str) {
        position.exhaustion.total = DateQuantiles::certain(day(ends));
    }

    #[test]
    fn nothing_seen_is_nothing_told() {
        let report = Replay::new(AlertRules::default(), compose).finish();
        assert_eq!((report.from, report.looks, report.misses, report.most_in_a_week), (None, 0, 0, 0));
        let quiet = replayed(60, |_, _| {});
        assert_eq!((quiet.looks, quiet.reconstructed, quiet.alerts.len(), quiet.events.len()), (60, 1, 0, 0));
    }

    #[test]
    fn an_alarm_has_its_lead_time_to_what_came() {
        // Credit ends on 12 May: 42 days before are the 31st of March, and on 14 May the costs show it.
        let report = replayed(70, |_, position| seen_by(position, "2026-05-12"));
        let fired = &report.alerts[0];
        assert_eq!((fired.decision, fired.at.date_naive()), (Action::Fire, day("2026-03-31")));
        assert_eq!(fired.verdict, Some(Verdict::Came { on: day("2026-05-12"), lead_days: 42 }));
        let event = &report.events[0];
        assert_eq!((&event.event.kind, event.event.on), (&EventKind::Exhaustion, day("2026-05-12")));
        assert_eq!((event.first_told_days_before, event.in_time), (Some(42), true));
        // Two days before it and on the day that shows it.
        assert_eq!((report.misses, report.false_alarms, report.most_in_a_week), (0, 0, 2));
        let last = report.alerts.last().unwrap();
        assert!(
            matches!(last.verdict, Some(Verdict::Came { lead_days: ..=0, .. })),
            "a reminder of what is so: {last:?}"
        );
    }

    #[test]
    fn an_alarm_that_comes_with_the_event_is_a_miss() {
        let report = replayed(30, |ahead, position| {
            if ahead >= 18 {
                seen_by(position, "2026-03-30");
            }
        });
        assert_eq!(report.alerts[0].at.date_naive(), day("2026-04-01"));
        let verdict = report.alerts[0].verdict.clone();
        assert_eq!(verdict, Some(Verdict::Came { on: day("2026-03-30"), lead_days: -2 }));
        assert_eq!((report.events[0].first_told_days_before, report.misses), (None, 1));
    }

    #[test]
    fn what_is_taken_back_and_never_came_is_a_false_alarm() {
        let report = replayed(30, |ahead, position| {
            if ahead < 5 {
                seen_by(position, "2026-04-20");
            }
        });
        let decisions: Vec<Action> = report.alerts.iter().map(|alert| alert.decision).collect();
        assert_eq!(decisions, [Action::Fire, Action::Resolve]);
        assert_eq!(report.alerts[0].verdict, Some(Verdict::FalseAlarm));
        assert_eq!((report.false_alarms, report.misses), (1, 0));
        // Gone on the 19th, and told on the third day that shows it.
        assert_eq!(report.alerts[1].at.date_naive(), day("2026-03-21"));
    }

    #[test]
    fn what_is_still_to_come_is_open_and_what_was_before_the_first_look_is_nobodys_miss() {
        let report = replayed(10, |_, position| seen_by(position, "2026-04-20"));
        assert_eq!(report.alerts[0].verdict, Some(Verdict::Open));
        let over = replayed(10, |_, position| seen_by(position, "2026-02-20"));
        assert_eq!((over.events.len(), over.misses), (0, 0));
    }

    #[test]
    fn credit_that_expires_with_money_in_it_is_an_event() {
        let expires = "2026-03-20";
        let report = replayed(12, |ahead, position| {
            let clock = plus_days(day("2026-03-14"), ahead);
            let status = if clock < day(expires) { PoolStatus::Active } else { PoolStatus::Expired };
            position.credits.pools = vec![PoolPosition { expires_on: day(expires), status, ..pool() }];
        });
        assert_eq!(report.events.len(), 1);
        let event = &report.events[0].event;
        assert_eq!((event.on, event.amount), (day(expires), Some(usd("9000"))));
        assert_eq!(report.misses, 1, "no outlook foretold it");
    }
}
