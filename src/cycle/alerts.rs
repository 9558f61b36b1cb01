//! The alerts as they stand, and what people say about them.

use anyhow::Context as _;
use chrono::{DateTime, NaiveDate, Utc};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::domain::alert::{History, Mute, MuteKind};
use crate::domain::bounds;
use crate::domain::finding::{Finding, Rule, Severity};
use crate::domain::period::to_microseconds;
use crate::store::alerts::history;

use super::Engine;
use super::entries::EntryError;

/// Longest name and reason that are kept: a line each.
const LONGEST_TEXT: usize = 200;

/// Every alert that is open or found, and what is muted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct AlertList {
    /// The moment that it is of.
    pub as_of: DateTime<Utc>,
    /// Most severe first, then by key.
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
    /// What keeps it quiet, if anything does.
    pub muted: Option<Mute>,
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
    /// Who says so.
    pub by: String,
    /// Why.
    pub why: String,
    /// Until when; a silence needs it, an acknowledgement lasts as long as its alert without it.
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
        let (history, found) = self.alert_state(now).await?;
        let muted = |key: &str, severity| history.muted(key, severity, now).cloned();
        let mut alerts: Vec<AlertRow> = found
            .into_iter()
            .map(|finding| {
                let open = history.open.iter().find(|open| open.key == finding.key);
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
            })
            .collect();
        alerts.extend(gone);
        alerts.sort_by(|a, b| (b.severity, &a.key).cmp(&(a.severity, &b.key)));
        let mutes = history.mutes.into_iter().filter(|mute| mute.in_force(now)).collect();
        Ok(AlertList { as_of: now, alerts, mutes })
    }

    /// Keeps what somebody says about an alert. It counts at once.
    ///
    /// # Errors
    /// [`EntryError::Mute`] for what cannot be meant, or if the store fails.
    pub async fn mute(&self, now: DateTime<Utc>, entry: MuteEntry) -> Result<Mute, EntryError> {
        let (history, found) = self.alert_state(now).await?;
        let mute = judged(&history, &found, now, entry).map_err(|reason| EntryError::Mute { reason })?;
        self.store().record_mute(mute.clone()).await.context("keeping what was said about the alert")?;
        if mute.kind == MuteKind::Ack && mute.in_force(now) {
            self.pass_on(&mute, now).await?;
        }
        self.count_entry(now).await;
        Ok(mute)
    }

    async fn alert_state(&self, now: DateTime<Utc>) -> anyhow::Result<(History, Vec<Finding>)> {
        let within = self.config().rules.clear_after();
        let history = self.store().read(move |connection| history(connection, now, within)).await;
        let history = history.context("reading what was told")?;
        let newest = self.store().newest_cycle(None).await.context("looking for the newest cycle")?;
        let mut found = newest.map(|cycle| cycle.findings).unwrap_or_default();
        found.extend(self.failure_finding().await?);
        Ok((history, found))
    }
}

/// The mute that an entry asks for, or what is wrong with it.
fn judged(history: &History, found: &[Finding], now: DateTime<Utc>, entry: MuteEntry) -> Result<Mute, String> {
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
    let days = until.map_or(0, |until| (until - now).num_days());
    if let Some(problem) = bounds::MUTE_DAYS.refuse("the number of days to until", days) {
        return Err(problem);
    }
    let told = history.open.iter().filter(|open| probe.names(&open.key)).map(|open| open.severity).max();
    match kind {
        MuteKind::Ack => {
            let open: Vec<&str> = history.open.iter().map(|open| open.key.as_str()).collect();
            let open = if open.is_empty() { "none".to_owned() } else { open.join(", ") };
            let up_to = told.ok_or_else(|| format!("no alert {:?} is open; open are: {open}", probe.key))?;
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
