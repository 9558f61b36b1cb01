//! The alerts as they stand, and what people say about them.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use anyhow::Context as _;
use chrono::{DateTime, NaiveDate, TimeDelta, Utc};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::domain::alert::{Held, History, Mute, MuteKind};
use crate::domain::position::finding::{Finding, Rule, Severity};
use crate::domain::values::bounds;
use crate::domain::values::period::to_microseconds;
use crate::store::alerts::history;

use super::engine::Engine;
use super::entries::EntryError;

/// Longest name and reason that are kept: a line each.
const LONGEST_TEXT: usize = 200;
/// Longest key of an alert that is kept: a rule and a name of AWS's.
const LONGEST_KEY: usize = 500;
/// Why an alert that is no longer found is not over.
const SETTLING: &str = "no longer found; the all-clear follows if that lasts";

/// Every alert that is open or found, and what is muted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct AlertList {
    /// The moment that it is of.
    pub as_of: DateTime<Utc>,
    /// Most severe first, then by rule and key, as the findings are.
    pub alerts: Vec<AlertRow>,
    /// Acknowledgements and silences in force, by key.
    pub mutes: Vec<Mute>,
}

/// One alert.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct AlertRow {
    /// Its key.
    pub key: String,
    /// Its rule.
    pub rule: Rule,
    /// Severity as found by the newest cycle; as told, where that no longer finds it.
    pub severity: Severity,
    /// Where it stands.
    pub state: AlertState,
    /// Day since which it is so.
    pub since: NaiveDate,
    /// Clock of the first message of this episode; null if none was sent.
    pub opened_at: Option<DateTime<Utc>>,
    /// Clock of the newest message.
    pub last_told_at: Option<DateTime<Utc>>,
    /// Messages sent in this episode.
    pub told: u32,
    /// What it is about.
    pub summary: String,
    /// What somebody said that keeps it quiet; null where nothing was said.
    pub muted: Option<Mute>,
    /// Why it is held, where it is; null also for what an older version held.
    pub held: Option<Held>,
    /// Why it stands where it stands, in words; null while it is open.
    pub because: Option<String>,
}

/// Where an alert stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum AlertState {
    /// Told, and still so.
    Open,
    /// Told, and no longer found; the all-clear follows if that lasts.
    Settling,
    /// Found and not told: muted, or part of another alert.
    Held,
}

impl AlertState {
    /// The name for people and for JSON.
    pub const fn as_str(self) -> &'static str {
        match self {
            AlertState::Open => "open",
            AlertState::Settling => "settling",
            AlertState::Held => "held",
        }
    }
}

/// What somebody says about an alert.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct MuteEntry {
    /// Acknowledge or silence.
    pub kind: MuteKind,
    /// Key of an alert; to silence also `rule:*`.
    pub key: String,
    /// Who says so; a daemon that asks for tokens takes the name of the token.
    #[serde(default)]
    pub by: String,
    /// Why.
    pub why: String,
    /// Until when, at most 366 days ahead; a silence needs it, an acknowledgement lasts as long as its alert without it.
    #[serde(default)]
    pub until: Option<DateTime<Utc>>,
    /// Takes back what was said before.
    #[serde(default)]
    pub end: bool,
}

impl Engine {
    /// The alerts as they stand at `now`.
    ///
    /// # Errors
    /// If the store fails.
    pub async fn alerts(&self, now: DateTime<Utc>) -> anyhow::Result<AlertList> {
        let AlertsKnown { history, found, mut held } = self.alert_state(now).await?;
        let muted = |key: &str, severity| history.muted(key, severity, now).cloned();
        let mut alerts: Vec<AlertRow> = found
            .into_iter()
            .map(|finding| {
                let open = history.open.iter().find(|open| open.key == finding.key);
                let held = held.remove(&finding.key).filter(|_| open.is_none());
                AlertRow {
                    muted: muted(&finding.key, finding.severity),
                    rule: finding.rule,
                    severity: finding.severity,
                    state: if open.is_some() { AlertState::Open } else { AlertState::Held },
                    since: finding.since,
                    opened_at: open.map(|open| open.opened_at),
                    last_told_at: open.map(|open| open.last_told_at),
                    told: open.map_or(0, |open| open.told),
                    summary: finding.summary,
                    key: finding.key,
                    because: held.as_ref().map(ToString::to_string),
                    held,
                }
            })
            .collect();
        let gone = history.open.iter().filter(|open| alerts.iter().all(|row| row.key != open.key));
        let gone: Vec<AlertRow> = gone
            .map(|open| AlertRow {
                muted: muted(&open.key, open.severity),
                key: open.key.clone(),
                rule: open.rule,
                severity: open.severity,
                state: AlertState::Settling,
                since: open.since,
                opened_at: Some(open.opened_at),
                last_told_at: Some(open.last_told_at),
                told: open.told,
                summary: open.summary.clone(),
                held: None,
                because: Some(SETTLING.to_owned()),
            })
            .collect();
        alerts.extend(gone);
        alerts.sort_by(|a, b| (Reverse(a.severity), a.rule, &a.key).cmp(&(Reverse(b.severity), b.rule, &b.key)));
        let mutes = history.mutes.into_iter().filter(|mute| mute.in_force(now)).collect();
        Ok(AlertList { as_of: now, alerts, mutes })
    }

    /// Keeps what somebody says about an alert. It counts at once.
    ///
    /// # Errors
    /// [`EntryError::Mute`] for what cannot be meant, or if the store fails.
    pub async fn mute(&self, now: DateTime<Utc>, entry: MuteEntry) -> Result<Mute, EntryError> {
        let known = self.alert_state(now).await?;
        let mute = judged(&known, now, entry).map_err(|reason| EntryError::Mute { reason })?;
        self.store().record_mute(mute.clone()).await.context("keeping what was said about the alert")?;
        if mute.kind == MuteKind::Ack && mute.in_force(now) {
            self.pass_on(&mute, now).await?;
        }
        self.count_entry(now).await;
        Ok(mute)
    }

    async fn alert_state(&self, now: DateTime<Utc>) -> anyhow::Result<AlertsKnown> {
        let within = self.config().rules.clear_after();
        let history = self.store().read(move |connection| history(connection, now, within)).await;
        let history = history.context("reading what was told")?;
        let newest = self.store().newest_cycle(None).await.context("looking for the newest cycle")?;
        let (mut found, held) = newest.map(|cycle| (cycle.findings, cycle.held)).unwrap_or_default();
        found.extend(self.failure_finding().await?);
        // What was found since, without a cycle.
        let since = self.healing_findings(now).await?.into_iter().chain(self.findings_from_memory(now));
        let known: Vec<String> = found.iter().map(|finding| finding.key.clone()).collect();
        found.extend(since.filter(|finding| !known.contains(&finding.key)));
        Ok(AlertsKnown { history, found, held })
    }
}

/// What is known of alerts.
struct AlertsKnown {
    /// What was told.
    history: History,
    /// What the newest cycle found.
    found: Vec<Finding>,
    /// Of what it found and never told, why, by key.
    held: BTreeMap<String, Held>,
}

impl AlertsKnown {
    /// Why `key` cannot be acknowledged: it is held, or nothing is found under it.
    fn not_open(&self, key: &str) -> String {
        let open: Vec<&str> = self.history.open.iter().map(|open| open.key.as_str()).collect();
        if !self.found.iter().any(|finding| finding.key == key) {
            let open = if open.is_empty() { "none".to_owned() } else { open.join(", ") };
            return format!("no alert {key:?} is open; open are: {open}");
        }
        match self.held.get(key) {
            Some(Held { part_of: Some(whole), .. }) if open.contains(&whole.as_str()) => {
                format!("{key} is held as a part of {whole}: acknowledge that instead")
            }
            held => {
                let why = held.map(|held| format!(" ({held})")).unwrap_or_default();
                format!(
                    "{key} is held{why}: nothing was told, so there is nothing to acknowledge; silence it if it shall stay quiet"
                )
            }
        }
    }
}

/// The mute that an entry asks for, or what is wrong with it.
fn judged(known: &AlertsKnown, now: DateTime<Utc>, entry: MuteEntry) -> Result<Mute, String> {
    let AlertsKnown { history, found, .. } = known;
    let MuteEntry { kind, key, by, why, until, end } = entry;
    let until = until.map(to_microseconds);
    for (what, text) in [("by", &by), ("why", &why)] {
        if text.trim().is_empty() {
            return Err(format!("{what} is empty; say it, so that others know later"));
        }
        if text.chars().count() > LONGEST_TEXT {
            return Err(format!("{what} is longer than {LONGEST_TEXT} characters"));
        }
    }
    if key.chars().count() > LONGEST_KEY {
        return Err(format!("key is longer than {LONGEST_KEY} characters"));
    }
    let before = history.mutes.iter().find(|mute| mute.kind == kind && mute.key == key);
    let probe = Mute { kind, key, up_to: Severity::Info, by, why, made_at: now, until };
    if end {
        let before = before.filter(|mute| mute.in_force(now));
        let before = before.ok_or_else(|| format!("there is no {} of {} to end", kind.as_str(), probe.key))?;
        return Ok(Mute { up_to: before.up_to, until: Some(now), ..probe });
    }
    if until.is_some_and(|until| until <= now) {
        return Err("until lies in the past; name a later time".to_owned());
    }
    // A day that has begun is one.
    let days = until.map_or(0, |until| (until - now + TimeDelta::days(1) - TimeDelta::microseconds(1)).num_days());
    if let Some(problem) = bounds::MUTE_DAYS.refuse("the number of days to until", days) {
        return Err(problem);
    }
    let told = history.open.iter().filter(|open| probe.names(&open.key)).map(|open| open.severity).max();
    match kind {
        MuteKind::Ack => {
            let up_to = told.ok_or_else(|| known.not_open(&probe.key))?;
            Ok(Mute { up_to, ..probe })
        }
        MuteKind::Silence => {
            let rule = probe.key.split_once(':').map_or("", |(rule, _)| rule);
            if !Rule::ALL.iter().any(|known| known.as_str() == rule) {
                let known = Rule::ALL.map(Rule::as_str).join(", ");
                return Err(format!(
                    "{:?} names no alert; write a key of `glidepath alerts list`, or RULE:* with one of {known}",
                    probe.key
                ));
            }
            if until.is_none() {
                return Err("a silence needs an end; give until".to_owned());
            }
            let now_found = found.iter().filter(|finding| probe.names(&finding.key)).map(|finding| finding.severity);
            Ok(Mute { up_to: now_found.chain(told).max().unwrap_or(Severity::Warning), ..probe })
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::alert::{OpenAlert, Reason};

    fn finding(key: &str, rule: Rule) -> Finding {
        let (since, summary) = ("2026-03-12".parse().unwrap(), String::new());
        Finding {
            rule,
            severity: Severity::Critical,
            key: key.into(),
            since,
            summary,
            reason: String::new(),
            named: None,
        }
    }

    fn open(key: &str) -> OpenAlert {
        let now = "2026-03-14T06:00:00Z".parse().unwrap();
        OpenAlert {
            key: key.into(),
            rule: Rule::Exhaustion,
            severity: Severity::Critical,
            since: "2026-03-12".parse().unwrap(),
            opened_at: now,
            last_told_at: now,
            told: 1,
            summary: String::new(),
            named: None,
            heard_by: Default::default(),
        }
    }

    #[test]
    fn what_is_held_is_not_acknowledged_and_its_whole_is_named() {
        let part = Held { reason: Reason::SaidElsewhere, part_of: Some("exhaustion:total".into()) };
        let waits = Held { reason: Reason::CanWait, part_of: None };
        let known = AlertsKnown {
            history: History::of(vec![open("exhaustion:total")]),
            found: vec![finding("burn_rate:total", Rule::BurnRate), finding("spike:Nova", Rule::Spike)],
            held: BTreeMap::from([("burn_rate:total".into(), part), ("spike:Nova".into(), waits)]),
        };
        assert_eq!(
            known.not_open("burn_rate:total"),
            "burn_rate:total is held as a part of exhaustion:total: acknowledge that instead"
        );
        let waits = known.not_open("spike:Nova");
        assert!(
            waits.starts_with("spike:Nova is held (it can wait until the week has room for a message): nothing was")
        );
        assert_eq!(known.not_open("spike:Haiku"), "no alert \"spike:Haiku\" is open; open are: exhaustion:total");
    }
}
