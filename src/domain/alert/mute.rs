//! [`Mute`]: somebody's word that an alert need not be repeated, or told at all, for a while.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::alert::OpenAlert;
use crate::position::finding::Severity;

/// What somebody said about an alert.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum MuteKind {
    /// "I know": no reminders of this episode. The next episode speaks again.
    Ack,
    /// "Be quiet about this": neither first messages nor reminders, until a given time.
    Silence,
}

impl MuteKind {
    /// The name in JSON and the store.
    pub const fn as_str(self) -> &'static str {
        match self {
            MuteKind::Ack => "ack",
            MuteKind::Silence => "silence",
        }
    }
}

/// An acknowledgement or a silence: who, why, until when, and up to which severity. What gets worse than that speaks, and
/// so does the all-clear of what was told.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Mute {
    /// Acknowledged or silenced.
    pub kind: MuteKind,
    /// Key of an alert; of a silence also `rule:*`, which is every alert of a rule.
    pub key: String,
    /// The worst that is held.
    pub up_to: Severity,
    /// Who said so.
    pub by: String,
    /// Why.
    pub why: String,
    /// When.
    pub made_at: DateTime<Utc>,
    /// First moment at which it holds no more; none for an acknowledgement that lasts as long as its episode.
    pub until: Option<DateTime<Utc>>,
}

impl Mute {
    /// True if it is in force at `now`.
    pub fn in_force(&self, now: DateTime<Utc>) -> bool {
        self.made_at <= now && self.until.is_none_or(|until| now < until)
    }

    /// True if it names `key`.
    pub fn names(&self, key: &str) -> bool {
        let of_rule = self.key.strip_suffix('*').is_some_and(|rule| rule.ends_with(':') && key.starts_with(rule));
        self.key == key || self.kind == MuteKind::Silence && of_rule
    }

    /// True if it keeps a message about `key` at `severity` from being sent at `now`.
    pub fn holds(&self, key: &str, severity: Severity, open: Option<&OpenAlert>, now: DateTime<Utc>) -> bool {
        let of_this_episode = open.is_some_and(|open| open.opened_at <= self.made_at);
        self.in_force(now)
            && self.names(key)
            && severity <= self.up_to
            && (self.kind == MuteKind::Silence || of_this_episode)
    }
}

/// The newest word of each kind about each key: it replaces what was said before, so that one with an end in the past
/// takes it back.
pub fn newest_mutes(mut said: Vec<Mute>) -> Vec<Mute> {
    said.reverse();
    let mut newest: Vec<Mute> = Vec::new();
    for mute in said {
        if !newest.iter().any(|kept| (kept.kind, &kept.key) == (mute.kind, &mute.key)) {
            newest.push(mute);
        }
    }
    newest.sort_by(|a, b| (&a.key, a.kind).cmp(&(&b.key, b.kind)));
    newest
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use chrono::TimeDelta;

    use super::super::fixture::{clock, day};
    use super::*;
    use crate::position::finding::Rule;

    fn mute(kind: MuteKind, key: &str, until: Option<i64>) -> Mute {
        Mute {
            kind,
            key: key.into(),
            up_to: Severity::Warning,
            by: "ana".into(),
            why: "applied".into(),
            made_at: clock(),
            until: until.map(|hours| clock() + TimeDelta::hours(hours)),
        }
    }

    fn opened(hours_before: i64) -> OpenAlert {
        OpenAlert {
            key: "spike:Amazon Bedrock".into(),
            rule: Rule::Spike,
            severity: Severity::Warning,
            since: day("2026-03-01"),
            opened_at: clock() - TimeDelta::hours(hours_before),
            last_told_at: clock() - TimeDelta::hours(hours_before),
            told: 1,
            summary: String::new(),
            named: None,
            heard_by: BTreeSet::new(),
        }
    }

    #[test]
    fn what_is_held_and_for_how_long() {
        let (warning, critical) = (Severity::Warning, Severity::Critical);
        let at = |hours| clock() + TimeDelta::hours(hours);
        let key = "spike:Amazon Bedrock";
        let (before, after) = (opened(5), opened(-5));
        let ack = mute(MuteKind::Ack, key, None);
        let silence = mute(MuteKind::Silence, "spike:*", Some(48));
        // who holds, severity, open alert, hours after => held
        let table = [
            (&ack, warning, Some(&before), 0, true),
            (&ack, warning, Some(&before), 9_999, true),
            (&ack, critical, Some(&before), 1, false),
            (&ack, warning, Some(&after), 6, false),
            (&ack, warning, None, 1, false),
            (&ack, warning, Some(&before), -1, false),
            (&silence, warning, None, 47, true),
            (&silence, warning, Some(&after), 6, true),
            (&silence, warning, None, 48, false),
            (&silence, critical, None, 1, false),
        ];
        for (number, (mute, severity, open, hours, held)) in table.into_iter().enumerate() {
            assert_eq!(mute.holds(key, severity, open, at(hours)), held, "line {number}");
        }
        assert!(!silence.names("spiked:x") && !silence.names("exhaustion:total"));
        assert!(!mute(MuteKind::Ack, "spike:*", None).names(key), "nobody knows of alerts to come");
    }

    #[test]
    fn the_newest_word_counts() {
        let first = mute(MuteKind::Silence, "spike:a", Some(48));
        let taken_back = Mute { until: Some(clock()), ..first.clone() };
        let other = mute(MuteKind::Ack, "spike:a", None);
        let newest = newest_mutes(vec![first, other.clone(), taken_back.clone()]);
        assert_eq!(newest, [other, taken_back]);
        assert!(!newest[1].in_force(clock()));
    }
}
