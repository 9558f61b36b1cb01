//! [`worse`]: whether the day that a message named has become worse news since.

use chrono::{DateTime, NaiveDate, Utc};

use crate::alert::{OpenAlert, Reason};
use crate::position::finding::{Finding, NamedDay};

/// A day that moves nearer by so many days is news; by fewer, where it is a quarter of the days that were left.
const MOVED_DAYS: i64 = 7;
/// Days left at which it is told again.
const DAYS_LEFT: [i64; 2] = [7, 2];

/// True for an end that has come since the newest message: what was to come, or another end after more credit had come.
pub(super) fn has_run_out(finding: &Finding, open: &OpenAlert) -> bool {
    let known = |told: NamedDay, day: NaiveDate| told.has_come && day <= open.last_told_at.date_naive();
    finding
        .named
        .filter(|named| named.has_come)
        .is_some_and(|named| !open.named.is_some_and(|told| known(told, named.day)))
}

/// Why the day that `finding` names is worse news than the one that was told, if it is.
pub(super) fn worse(finding: &Finding, open: &OpenAlert, now: DateTime<Utc>) -> Option<Reason> {
    let (named, told) = finding.named.zip(open.named)?;
    if finding.severity < open.severity || named.has_come {
        return None;
    }
    let left = (named.day - now.date_naive()).num_days();
    if told.has_come {
        // Credit came since, and ends again.
        return (left <= DAYS_LEFT[0]).then_some(Reason::DaysLeft);
    }
    let left_when_told = (told.day - open.last_told_at.date_naive()).num_days();
    let earlier = (told.day - named.day).num_days();
    if earlier >= (left_when_told / 4).clamp(1, MOVED_DAYS) {
        return Some(Reason::MovedEarlier);
    }
    DAYS_LEFT.into_iter().any(|mark| left <= mark && mark < left_when_told).then_some(Reason::DaysLeft)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use chrono::TimeDelta;

    use super::super::decide::decide;
    use super::super::decision::History;
    use super::super::fixture::{clock, day};
    use super::super::input::Evaluation;
    use super::super::mute::{Mute, MuteKind};
    use super::super::settings::AlertRules;
    use super::*;
    use crate::position::finding::{Rule, Severity::Critical};

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
        let found = finding(NamedDay { day: today + TimeDelta::days(ahead), has_come, in_part: false });
        let told = NamedDay { day: today + TimeDelta::days(left - ago), has_come: false, in_part: false };
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
            let news = if has_run_out(&found, &open) { Some(Reason::HasRunOut) } else { worse(&found, &open, clock()) };
            assert_eq!(news, expected, "{ahead} days ahead, told {ago} days ago that {left} are left");
        }
    }

    #[test]
    fn an_end_after_the_end_is_told_too() {
        let today = clock().date_naive();
        let told = |days_ago| {
            open(NamedDay { day: today - TimeDelta::days(days_ago), has_come: true, in_part: false }, days_ago)
        };
        let found =
            |ahead, has_come| finding(NamedDay { day: today + TimeDelta::days(ahead), has_come, in_part: false });
        // Told six days ago: the same end, which newer days may put a day earlier, is no news; one that came since is.
        for (ahead, expected) in [(-6, false), (-7, false), (-5, true), (0, true)] {
            assert_eq!(has_run_out(&found(ahead, true), &told(6)), expected, "{ahead}");
        }
        // More credit came, and its end is near.
        assert_eq!(worse(&found(7, false), &told(6), clock()), Some(Reason::DaysLeft));
        assert_eq!(worse(&found(8, false), &told(6), clock()), None);
        let warned = OpenAlert { severity: crate::position::finding::Severity::Warning, ..named(0, true, 1, 3).1 };
        let evaluation = Evaluation { findings: vec![found(0, true)], costs_pulled: true, ..Evaluation::default() };
        let decision = &decide(&evaluation, &History::of(vec![warned]), clock(), &AlertRules::default())[0];
        assert_eq!(decision.reason, Reason::HasRunOut, "whatever was told before");
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
