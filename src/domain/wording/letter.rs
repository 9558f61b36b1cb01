//! [`Letter`]: what a channel is told, be it an alert, a digest or a test; every payload is built from it.

use std::collections::BTreeSet;

use chrono::{DateTime, NaiveDate, Utc};
use serde::Serialize;
use serde_json::{Value, json};

use crate::alert::{Action, AlertEvent, Audience, Mute};
use crate::position::finding::{Rule, Severity};
use crate::values::words::day_text;

/// Where the thing that a letter speaks of is in its life.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Phase {
    /// It is so.
    Firing,
    /// It is so, and somebody is on it.
    Acknowledged,
    /// It is over.
    Resolved,
    /// It has no end that will be told: a digest, a test.
    Once,
}

/// One letter. Its words are the same on every channel; only their form differs.
#[derive(Debug, Clone, PartialEq)]
pub struct Letter {
    /// Under which it is sent, at every attempt.
    pub event_id: String,
    /// Identity of what it is about, across its letters.
    pub key: String,
    /// `alert.fire`, `alert.resolve`, `digest`, `test`.
    pub kind: String,
    /// The rule, if it is about a finding.
    pub rule: Option<Rule>,
    /// How bad.
    pub severity: Severity,
    /// Firing, resolved, or neither.
    pub phase: Phase,
    /// Day since which it is so.
    pub since: NaiveDate,
    /// When it was written.
    pub at: DateTime<Utc>,
    /// One line.
    pub title: String,
    /// A sentence.
    pub summary: String,
    /// The whole as plain text.
    pub text: String,
    /// A Markdown document that belongs to it.
    pub attachment: Option<String>,
    /// Files that go with it, where the channel carries files.
    pub files: Vec<LetterFile>,
    /// Links that open without a token.
    pub links: Vec<LetterLink>,
    /// Where to look.
    pub dashboard_url: Option<String>,
    /// The same for programs.
    pub data: Value,
}

/// A file as a letter names it; the file itself goes beside the letter.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct LetterFile {
    /// Its name.
    pub name: String,
    /// What it is.
    pub media_type: String,
    /// SHA-256 of its bytes in hex.
    pub sha256: String,
}

/// A signed link. Who has it needs no account.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct LetterLink {
    /// What it opens, in a few words.
    pub label: String,
    /// The address.
    pub url: String,
    /// From then on it is refused.
    pub expires_at: DateTime<Utc>,
}

impl LetterLink {
    /// What it opens and until when, in a line that fits a button.
    pub fn caption(&self) -> String {
        format!("{}, until {}", self.label, day_text(self.expires_at.date_naive()))
    }
}

impl Letter {
    /// Where the daemon serves the document that belongs to it, for channels to which nothing can be attached.
    pub fn document_url(&self) -> Option<String> {
        let dashboard = self.dashboard_url.as_ref().filter(|_| self.attachment.is_some())?;
        Some(format!("{}/api/v1/reports/trajectory.html", dashboard.trim_end_matches('/')))
    }
}

impl From<&AlertEvent> for Letter {
    fn from(event: &AlertEvent) -> Self {
        Letter {
            event_id: event.event_id.clone(),
            key: event.key.clone(),
            kind: format!("alert.{}", event.decision.as_str()),
            rule: Some(event.rule),
            severity: event.severity,
            phase: if event.decision == Action::Resolve { Phase::Resolved } else { Phase::Firing },
            since: event.since,
            at: event.fired_at,
            title: event.title.clone(),
            summary: event.summary.clone(),
            text: event.text.clone(),
            attachment: event.attachment.clone(),
            files: Vec::new(),
            links: Vec::new(),
            dashboard_url: event.dashboard_url.clone(),
            data: serde_json::to_value(event).expect("an event has text keys and no failing serialiser"),
        }
    }
}

/// A letter that only shows that letters arrive.
///
/// ```
/// use glidepath_domain::wording::test_letter;
/// let letter = test_letter("ops", "2026-03-14T06:00:00Z".parse().unwrap(), None);
/// assert!(letter.text.contains("nothing is wrong"));
/// assert_eq!(letter.key, "test:ops");
/// ```
pub fn test_letter(channel: &str, now: DateTime<Utc>, dashboard_url: Option<&str>) -> Letter {
    let key = format!("test:{channel}");
    let event_id = crate::alert::stable_id(&[&key, &now.timestamp_micros().to_string()]);
    let summary = format!("This is a test of the channel {channel}: nothing is wrong.");
    let text = format!(
        "{summary}\n\nSomebody asked glidepath for it on {}. What it has to tell will come this way. \
         Where it opened an incident, close it.",
        now.format("%Y-%m-%d at %H:%M UTC")
    );
    let data = json!({ "event_id": event_id, "key": key, "channel": channel, "summary": summary, "text": text });
    Letter {
        event_id,
        key,
        kind: "test".to_owned(),
        rule: None,
        severity: Severity::Info,
        phase: Phase::Once,
        since: now.date_naive(),
        at: now,
        title: "Test message from glidepath".to_owned(),
        summary,
        text,
        attachment: None,
        files: Vec::new(),
        links: Vec::new(),
        dashboard_url: dashboard_url.map(str::to_owned),
        data,
    }
}

/// An alert's acknowledgement, for those who keep incidents.
pub fn acknowledgement(mute: &Mute) -> Letter {
    let event_id = crate::alert::stable_id(&["ack", &mute.key, &mute.made_at.timestamp_micros().to_string()]);
    let summary = format!("{} is on it: {}", mute.by, mute.why);
    Letter {
        data: json!({ "event_id": event_id, "key": mute.key, "by": mute.by, "why": mute.why }),
        event_id,
        key: mute.key.clone(),
        kind: "ack".to_owned(),
        rule: None,
        severity: mute.up_to,
        phase: Phase::Acknowledged,
        since: mute.made_at.date_naive(),
        at: mute.made_at,
        title: format!("Acknowledged: {}", mute.key),
        text: summary.clone(),
        summary,
        attachment: None,
        files: Vec::new(),
        links: Vec::new(),
        dashboard_url: None,
    }
}

/// Which letters a channel wants.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hears {
    /// Nothing milder than this.
    pub min_severity: Severity,
    /// Only these rules; `None` = all.
    pub rules: Option<BTreeSet<Rule>>,
    /// Digests too.
    pub digest: bool,
    /// A partner's channel: it gets reports, each limited to these records of the filing, and nothing else.
    pub records: Option<Vec<String>>,
    /// Signed links may stand in what goes there.
    pub links: bool,
}

impl Hears {
    /// Everything.
    pub const ALL: Hears =
        Hears { min_severity: Severity::Info, rules: None, digest: true, records: None, links: true };

    /// [`Hears::ALL`], for a channel of which config says no more.
    pub fn all() -> &'static Hears {
        static ALL: Hears = Hears::ALL;
        &ALL
    }

    /// True if the channel `name` is to get `event`. Who heard the alarm gets the all-clear, however mild it had become
    /// by then; and a channel is not told through itself that it is dead. A partner gets none at all.
    pub fn wants(&self, name: &str, event: &AlertEvent) -> bool {
        if self.records.is_some() || !event.audience.includes(name) {
            return false;
        }
        if event.decision == Action::Resolve {
            return true;
        }
        let about_itself =
            event.rule == Rule::DeadChannel && event.key.split_once(':').is_some_and(|(_, it)| it == name);
        let of_its_rules = self.rules.as_ref().is_none_or(|rules| rules.contains(&event.rule));
        !about_itself && of_its_rules && event.severity >= self.min_severity
    }
}

impl AlertEvent {
    /// Narrows who is to hear it to those of `channels` that want it.
    pub fn address<'a>(&mut self, channels: impl Iterator<Item = (&'a str, &'a Hears)>) {
        let wanting = channels.filter(|(name, hears)| hears.wants(name, self)).map(|(name, _)| name.to_owned());
        self.audience = Audience::Only(wanting.collect());
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::alert::Reason;
    use crate::alert::fixture::{clock, day};

    fn event(rule: Rule, key: &str, severity: Severity, decision: Action) -> AlertEvent {
        AlertEvent {
            named: None,
            event_id: "e".into(),
            key: key.into(),
            rule,
            severity,
            decision,
            reason: Reason::New,
            since: day("2026-03-12"),
            fired_at: clock(),
            title: String::new(),
            summary: String::new(),
            text: String::new(),
            next: String::new(),
            attachment: None,
            dashboard_url: None,
            audience: Audience::Everyone,
        }
    }

    #[test]
    fn a_channel_hears_what_it_wants_and_every_all_clear_of_what_it_heard() {
        let paged = Hears { min_severity: Severity::Critical, digest: false, ..Hears::ALL };
        let credit = Hears { rules: Some([Rule::Exhaustion].into()), ..Hears::ALL };
        let exhaustion = |severity, action| event(Rule::Exhaustion, "exhaustion:total", severity, action);
        assert!(paged.wants("pager", &exhaustion(Severity::Critical, Action::Escalate)));
        assert!(!paged.wants("pager", &exhaustion(Severity::Warning, Action::Fire)));
        assert!(paged.wants("pager", &exhaustion(Severity::Warning, Action::Resolve)));
        assert!(credit.wants("team", &exhaustion(Severity::Info, Action::Fire)));
        assert!(!credit.wants("team", &event(Rule::StaleData, "stale_data:costs", Severity::Critical, Action::Fire)));

        let mut resolved = exhaustion(Severity::Critical, Action::Resolve);
        resolved.audience = Audience::Only(["pager".to_owned()].into());
        let channels = [("pager".to_owned(), paged), ("team".to_owned(), credit)];
        resolved.address(channels.iter().map(|(name, hears)| (name.as_str(), hears)));
        assert_eq!(resolved.audience, Audience::Only(["pager".to_owned()].into()));
    }

    #[test]
    fn a_partner_s_channel_gets_no_alert_and_no_all_clear() {
        let partner = Hears { records: Some(vec!["ai".to_owned()]), ..Hears::ALL };
        for action in [Action::Fire, Action::Escalate, Action::Repeat, Action::Resolve] {
            // It may have heard the alarm before it became a partner's.
            let mut told = event(Rule::Exhaustion, "exhaustion:total", Severity::Critical, action);
            told.audience = Audience::Only(["investor".to_owned()].into());
            assert!(!partner.wants("investor", &told), "{action:?}");
        }
    }

    #[test]
    fn a_dead_channel_is_told_on_the_others_alone() {
        let mut dead = event(Rule::DeadChannel, "dead_channel:ops", Severity::Critical, Action::Fire);
        let channels = [("mail".to_owned(), Hears::ALL), ("ops".to_owned(), Hears::ALL)];
        dead.address(channels.iter().map(|(name, hears)| (name.as_str(), hears)));
        assert_eq!(dead.audience, Audience::Only(["mail".to_owned()].into()));
    }
}
