//! This machine's clock beside AWS's: requests carry the time, and AWS takes none whose time is off.

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use chrono::{DateTime, TimeDelta, Utc};

/// What services differ by in how much they forgive; AWS documents 5 minutes for some and 15 for others.
const FORGIVEN: TimeDelta = TimeDelta::minutes(5);

/// Two clocks at the same moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Clocks {
    /// This machine's.
    pub ours: DateTime<Utc>,
    /// AWS's, as the Date header of its answer says.
    pub theirs: DateTime<Utc>,
}

impl Clocks {
    /// True where the difference is nothing that AWS refuses.
    pub fn agree(self) -> bool {
        self.difference() <= FORGIVEN
    }

    fn difference(self) -> TimeDelta {
        (self.ours - self.theirs).abs()
    }
}

/// AWS's clock, as the newest Date of its answers tells it, whatever else they say. Cloning shares it.
#[derive(Debug, Clone, Default)]
pub struct AwsClock(Arc<Mutex<Option<DateTime<Utc>>>>);

impl AwsClock {
    /// The newest Date; `None` while no answer carried one.
    pub fn newest(&self) -> Option<DateTime<Utc>> {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes note of an answer's Date. Answers can come out of order.
    pub(super) fn note(&self, answer: &HttpResponse) {
        let mut newest = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        *newest = (*newest).max(date_of(answer));
    }
}

/// What AWS's clock says in an answer.
pub(super) fn date_of(answer: &HttpResponse) -> Option<DateTime<Utc>> {
    Some(DateTime::parse_from_rfc2822(answer.headers().get("date")?).ok()?.to_utc())
}

/// `this machine's clock says 2026-11-23 06:30:00 UTC and AWS's 2026-11-23 06:10:00 UTC: it is 20 minutes fast`.
impl fmt::Display for Clocks {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let shown = |time: DateTime<Utc>| time.format("%Y-%m-%d %H:%M:%S UTC");
        write!(f, "this machine's clock says {} and AWS's {}: ", shown(self.ours), shown(self.theirs))?;
        if self.agree() {
            return f.write_str("they agree");
        }
        let side = if self.ours > self.theirs { "fast" } else { "slow" };
        write!(f, "this machine's is {} {side}", length(self.difference()))
    }
}

/// The two largest units, as people say it: `3 days 4 hours`, `20 minutes`.
fn length(time: TimeDelta) -> String {
    let units = [
        (time.num_days(), "day"),
        (time.num_hours() % 24, "hour"),
        (time.num_minutes() % 60, "minute"),
        (time.num_seconds() % 60, "second"),
    ];
    let first = units.iter().position(|(count, _)| *count != 0).unwrap_or(units.len() - 1);
    let told = units.iter().skip(first).take(2).filter(|(count, _)| *count != 0);
    let words = told.map(|(count, unit)| format!("{count} {unit}{}", if *count == 1 { "" } else { "s" }));
    words.collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_clocks_are_told_and_by_how_much_which_is_wrong() {
        let clock = |text: &str| -> DateTime<Utc> { text.parse().unwrap() };
        let theirs = clock("2026-11-23T06:30:00Z");
        for (ours, expected) in [
            ("2026-11-29T03:00:00Z", "this machine's is 5 days 20 hours fast"),
            ("2026-11-23T06:09:58Z", "this machine's is 20 minutes 2 seconds slow"),
            ("2026-11-23T07:30:00Z", "this machine's is 1 hour fast"),
            ("2026-11-23T06:35:01Z", "this machine's is 5 minutes 1 second fast"),
            ("2026-11-23T06:35:00Z", "they agree"),
            ("2026-11-23T06:30:00Z", "they agree"),
        ] {
            let clocks = Clocks { ours: clock(ours), theirs };
            let day = clock(ours).format("%Y-%m-%d %H:%M:%S UTC");
            let start = format!("this machine's clock says {day} and AWS's 2026-11-23 06:30:00 UTC: ");
            assert_eq!(clocks.to_string(), format!("{start}{expected}"));
        }
    }
}
