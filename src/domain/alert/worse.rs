//! [`worse`]: whether the day that a message named has become worse news since.

use chrono::{DateTime, Utc};

use super::decide::{OpenAlert, Reason};
use crate::domain::finding::Finding;

/// A day that moves nearer by so many days is news; by fewer, where it is a quarter of the days that were left.
const MOVED_DAYS: i64 = 7;
/// Days left at which it is told again.
const DAYS_LEFT: [i64; 2] = [7, 2];

/// Why the day that `finding` names is worse news than the one that was told, if it is.
pub(super) fn worse(finding: &Finding, open: &OpenAlert, now: DateTime<Utc>) -> Option<Reason> {
    let (named, told) = finding.named.zip(open.named)?;
    if finding.severity < open.severity || told.has_come {
        return None;
    }
    if named.has_come {
        return Some(Reason::HasRunOut);
    }
    let left_when_told = (told.day - open.last_told_at.date_naive()).num_days();
    let earlier = (told.day - named.day).num_days();
    if earlier >= (left_when_told / 4).clamp(1, MOVED_DAYS) {
        return Some(Reason::MovedEarlier);
    }
    let left = (named.day - now.date_naive()).num_days();
    DAYS_LEFT.into_iter().any(|mark| left <= mark && mark < left_when_told).then_some(Reason::DaysLeft)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use chrono::TimeDelta;

    use super::super::decide::{History, decide};
    use super::super::fixture::{clock, day};
    use super::super::input::Evaluation;
    use super::super::mute::{Mute, MuteKind};
    use super::super::settings::AlertRules;
    use super::*;
    use crate::domain::finding::{NamedDay, Rule, Severity::Critical};

    fn finding(day: NamedDay) -> Finding {
        Finding {
            named: Some(day),
            rule: Rule::Exhaustion,
            severity: Critical,
            key: "exhaustion:total".into(),
            since: self::day("2026-03-12"),
            summary: "It is so.".into(),
            reason: "Because.".into(),
        }
    }

    fn open(named: NamedDay, days_ago: i64) -> OpenAlert {
        OpenAlert {
            key: "exhaustion:total".into(),
            rule: Rule::Exhaustion,
            severity: Critical,
            since: day("2026-03-01"),
            opened_at: clock() - TimeDelta::days(20),
            last_told_at: clock() - TimeDelta::days(days_ago),
            told: 1,
            summary: "It was so.".into(),
            named: Some(named),
            heard_by: BTreeSet::from(["ops".to_owned()]),
        }
    }

    /// A finding that names a day so many days ahead, and an open alert that was told `ago` days ago and named one that was
    /// `left` days ahead then.
    fn named(ahead: i64, has_come: bool, ago: i64, left: i64) -> (Finding, OpenAlert) {
        let today = clock().date_naive();
        let found = finding(NamedDay { day: today + TimeDelta::days(ahead), has_come });
        let told = NamedDay { day: today + TimeDelta::days(left - ago), has_come: false };
        (found, open(told, ago))
    }

    #[test]
    fn what_got_much_worse_is_told_again() {
        // Days ahead now, has come, told days ago, days ahead then.
        let table = [
            ((25, false, 1, 26), None),
            // The launch: 25 days on the second day, then 11, 5, 1, and gone.
            ((11, false, 1, 25), Some(Reason::MovedEarlier)),
            ((5, false, 1, 11), Some(Reason::MovedEarlier)),
            ((1, false, 1, 5), Some(Reason::MovedEarlier)),
            ((0, true, 1, 1), Some(Reason::HasRunOut)),
            // A week counts, and so does a quarter of what was left.
            ((52, false, 1, 60), Some(Reason::MovedEarlier)),
            ((53, false, 1, 60), None),
            ((16, false, 1, 21), None),
            ((15, false, 1, 21), Some(Reason::MovedEarlier)),
            // It comes as it was told: at seven and at two days left.
            ((8, false, 1, 9), None),
            ((7, false, 2, 9), Some(Reason::DaysLeft)),
            ((6, false, 1, 7), None),
            ((2, false, 1, 3), Some(Reason::DaysLeft)),
            ((1, false, 1, 2), None),
            // Later than told is no worse news.
            ((40, false, 1, 25), None),
        ];
        for ((ahead, has_come, ago, left), expected) in table {
            let (found, open) = named(ahead, has_come, ago, left);
            assert_eq!(
                worse(&found, &open, clock()),
                expected,
                "{ahead} days ahead, told {ago} days ago that {left} are left"
            );
        }
    }

    #[test]
    fn an_acknowledged_alarm_still_says_what_got_worse() {
        let (found, open) = named(0, true, 1, 3);
        let (nearer, _) = named(1, false, 1, 3);
        let ack = Mute {
            kind: MuteKind::Ack,
            key: found.key.clone(),
            up_to: Critical,
            by: "founder".into(),
            why: "known".into(),
            made_at: clock() - TimeDelta::hours(2),
            until: None,
        };
        let told = |found: &Finding| {
            let evaluation = Evaluation { findings: vec![found.clone()], costs_pulled: true, ..Evaluation::default() };
            let history = History { mutes: vec![ack.clone()], ..History::of(vec![open.clone()]) };
            decide(&evaluation, &history, clock(), &AlertRules::default())[0].reason
        };
        assert_eq!(told(&found), Reason::HasRunOut);
        assert_eq!(told(&nearer), Reason::MovedEarlier);
        let (as_told, _) = named(2, false, 1, 3);
        assert_eq!(told(&as_told), Reason::Acknowledged);
    }
}
