//! Which of what lies in a folder of backups is the newest, and which may go.
//!
//! Invariants: only files whose names begin with the id of this store are ever removed, apart from halves of copies that an older
//! version without ids left behind; what was made last is the newest, whatever time its name says.

use chrono::{DateTime, TimeDelta, Utc};

use crate::config::CronLine;
use crate::domain::facts::referee::is_ahead;
use crate::store::{BackupFile, StoreId};

/// A half without an id that nobody wrote to for so long is written to no more: a copy takes seconds.
const ABANDONED: TimeDelta = TimeDelta::hours(1);

/// When the newest backup of the store `id` was made, by a clock that is not wrong.
pub fn newest(files: &[BackupFile], id: &StoreId, now: DateTime<Utc>) -> Option<DateTime<Utc>> {
    let made = files.iter().filter(|file| file.is_of(id)).map(|file| file.taken_at);
    made.filter(|taken_at| !is_ahead(*taken_at, now)).max()
}

/// True if the schedule named a moment since the newest backup; where there is none, if the store has something to lose.
pub fn is_missed(newest: Option<DateTime<Utc>>, schedule: &CronLine, now: DateTime<Utc>, has_cycles: bool) -> bool {
    newest.map_or(has_cycles, |newest| schedule.next_after(newest).is_some_and(|next| next <= now))
}

/// Finished backups of the store `id` but for the `kept` newest (at least one), oldest first. The one of `made_at` was made last: one
/// that bears a later time was made before it, under another clock, and goes first.
pub fn superseded(files: Vec<BackupFile>, id: &StoreId, kept: usize, made_at: DateTime<Utc>) -> Vec<String> {
    let mut own: Vec<(bool, DateTime<Utc>, String)> = files
        .into_iter()
        .filter(|file| file.is_of(id))
        .map(|file| (file.taken_at.timestamp() <= made_at.timestamp(), file.taken_at, file.name))
        .collect();
    own.sort();
    own.truncate(own.len().saturating_sub(kept.max(1)));
    own.into_iter().map(|(.., name)| name).collect()
}

/// Halves of copies that were cut off: of the store `id`, of which nobody else makes copies, and those without an id that nobody
/// writes to any more.
pub fn halves(files: Vec<BackupFile>, id: &StoreId, now: DateTime<Utc>) -> Vec<String> {
    let abandoned = |file: &BackupFile| file.written_at.is_some_and(|written_at| now - written_at >= ABANDONED);
    files
        .into_iter()
        .filter(|file| !file.whole && file.id.as_ref().map_or_else(|| abandoned(file), |of| of == id))
        .map(|file| file.name)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const OURS: &str = "0123456789abcdef";
    const THEIRS: &str = "fedcba9876543210";

    fn id(text: &str) -> StoreId {
        text.parse().unwrap()
    }

    fn at(text: &str) -> DateTime<Utc> {
        text.parse().unwrap()
    }

    fn files(names: &[&str]) -> Vec<BackupFile> {
        names.iter().filter_map(|name| BackupFile::of(name, None)).collect()
    }

    fn of(id: &str, stamps: &[&str]) -> Vec<BackupFile> {
        stamps.iter().map(|stamp| BackupFile::of(&format!("{id}-glidepath-{stamp}.duckdb"), None).unwrap()).collect()
    }

    #[test]
    fn the_newest_of_this_store_stay_and_all_others_are_left_alone() {
        let mut found = of(OURS, &["20261123T063000Z", "20261121T063000Z", "20251231T235959Z", "20261122T063000Z"]);
        let own: Vec<String> = found.iter().map(|file| file.name.clone()).collect();
        found.extend(of(THEIRS, &["20200101T000000Z", "20261120T063000Z", "20310101T000000Z"]));
        found.extend(files(&["glidepath-20200101T000000Z.duckdb", "glidepath-20310101T000000Z.duckdb"]));
        found.extend(files(&["0123456789abcdef-glidepath-20200101T000000Z.partial"]));
        let made_at = at("2026-11-23T06:30:00.75Z");
        assert_eq!(superseded(found.clone(), &id(OURS), 2, made_at), [own[2].clone(), own[1].clone()]);
        assert!(superseded(found.clone(), &id(OURS), 4, made_at).is_empty());
        assert_eq!(superseded(found.clone(), &id(OURS), 0, made_at).len(), 3, "the one just made is never removed");
        let removed = superseded(found, &id(THEIRS), 1, at("2026-11-20T06:30:00Z"));
        assert!(removed.iter().all(|name| name.starts_with(THEIRS)), "{removed:?}");
        assert_eq!(removed.len(), 2, "and each store keeps its own");
    }

    #[test]
    fn what_was_made_last_is_the_newest_whatever_time_it_bears() {
        let found = of(OURS, &["20261121T063000Z", "20261122T063000Z", "20270102T063000Z", "20310102T063000Z"]);
        let names: Vec<String> = found.iter().map(|file| file.name.clone()).collect();
        let after = |made_at: &str, kept| superseded(found.clone(), &id(OURS), kept, at(made_at));
        assert_eq!(after("2026-11-22T06:30:00Z", 2), names[2..], "made under a clock ahead, and put back since");
        assert_eq!(after("2026-11-22T06:30:00Z", 1).len(), 3);
        assert_eq!(after("2026-11-22T06:30:00Z", 1).last(), Some(&names[0]));
        assert_eq!(after("2031-01-02T06:30:00Z", 3), names[..1]);
    }

    #[test]
    fn halves_of_killed_copies_go_and_those_of_others_stay() {
        let now = at("2026-11-23T03:00:00Z");
        let half = |name: &str, minutes: Option<i64>| {
            BackupFile::of(name, minutes.map(|minutes| now - TimeDelta::minutes(minutes))).unwrap()
        };
        let (ours, theirs) =
            (format!("{OURS}-glidepath-20261122T030000Z"), format!("{THEIRS}-glidepath-20261122T030000Z"));
        let found = vec![
            half(&format!("{ours}.partial"), Some(0)),
            half(&format!("{ours}.partial.wal"), None),
            half(&format!("{ours}.duckdb"), Some(1440)),
            half(&format!("{theirs}.partial"), Some(1440)),
            half("glidepath-20261122T030000Z.partial", Some(1440)),
            half("glidepath-20261122T030000Z.partial.wal", Some(60)),
            half("glidepath-20261122T030001Z.partial", Some(59)),
            half("glidepath-20261122T030002Z.partial", Some(-600)),
            half("glidepath-20261122T030003Z.partial", None),
        ];
        assert_eq!(
            halves(found, &id(OURS), now),
            [
                format!("{ours}.partial"),
                format!("{ours}.partial.wal"),
                "glidepath-20261122T030000Z.partial".to_owned(),
                "glidepath-20261122T030000Z.partial.wal".to_owned(),
            ]
        );
    }

    #[test]
    fn a_backup_is_missed_once_the_schedule_has_named_a_moment_since_the_newest_of_this_store() {
        let daily: CronLine = "0 0 3 * * *".parse().unwrap();
        let missed = |files: &[BackupFile], now: &str, has_cycles| {
            is_missed(newest(files, &id(OURS), at(now)), &daily, at(now), has_cycles)
        };
        let found = of(OURS, &["20261121T030000Z", "20261122T120000Z"]);
        assert!(!missed(&found, "2026-11-23T02:59:59Z", true));
        assert!(missed(&found, "2026-11-23T03:00:00Z", true));
        assert!(missed(&found, "2027-01-01T00:00:00Z", true));
        assert!(!missed(&[], "2026-11-23T03:00:00Z", false), "there is nothing to lose yet");
        assert!(missed(&[], "2026-11-23T03:00:00Z", true));
        // Others' backups, those of an older version, and halves count for nothing.
        let mut strange = of(THEIRS, &["20261123T030000Z"]);
        let half = format!("{OURS}-glidepath-20261123T030000Z.partial");
        strange.extend(files(&["glidepath-20261123T030000Z.duckdb", &half]));
        assert!(missed(&strange, "2026-11-23T12:00:00Z", true));
        // Nor does one of a clock that lay ahead; one of a clock that was put back by minutes does.
        assert!(missed(&of(OURS, &["20310101T030000Z"]), "2026-11-23T12:00:00Z", true));
        assert!(!missed(&of(OURS, &["20261123T030500Z"]), "2026-11-23T03:00:00Z", true));
        let ahead = of(OURS, &["20261122T030000Z", "20310101T030000Z"]);
        assert_eq!(newest(&ahead, &id(OURS), at("2026-11-23T12:00:00Z")), Some(at("2026-11-22T03:00:00Z")));
    }
}
