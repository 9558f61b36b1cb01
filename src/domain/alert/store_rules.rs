//! The store itself: put together again after damage, or on a disk that takes no writes.

use chrono::{DateTime, TimeDelta, Utc};

use crate::alert::key::key;
use crate::facts::healing::{HealedFrom, Healing};
use crate::position::finding::{Finding, Rule, Severity};
use crate::values::words::moment_text;

/// How long it is said that a store was put together again: time to enter what is missing.
const SAID_FOR: TimeDelta = TimeDelta::days(30);

/// What is said at `now` of how a store was put together again; `None` once that is long ago.
pub fn store_healed_finding(healing: &Healing, now: DateTime<Utc>) -> Option<Finding> {
    if now - healing.healed_at >= SAID_FOR {
        return None;
    }
    let severity = match healing.source {
        HealedFrom::Nothing => Severity::Critical,
        HealedFrom::File | HealedFrom::Backup | HealedFrom::Named => Severity::Warning,
    };
    let what = match healing.source {
        HealedFrom::Named => "The store was restored by hand",
        _ => "The store was damaged and was put together again",
    };
    let kept = match &healing.kept_as {
        Some(kept_as) => format!("The old file is kept as {kept_as}"),
        None => "There was no file to keep".to_owned(),
    };
    let next = if healing.is_whole() {
        "look at the disk, which did not keep what was written"
    } else {
        "nothing for costs and credits, which are asked from AWS again; enter the rest again, filings and typed balances first"
    };
    Some(Finding {
        named: None,
        rule: Rule::StoreHealed,
        severity,
        key: key(Rule::StoreHealed, &healing.healed_at.format("%Y-%m-%dT%H:%M:%SZ").to_string()),
        since: healing.healed_at.date_naive(),
        summary: format!("{what} on {}, from {}.", moment_text(healing.healed_at), healing.restored()),
        reason: format!(
            "How sure: the program did it. What was wrong: {}. {kept}. {}. Next: {}; `glidepath verify` lists what there is.",
            healing.damage.trim().trim_end_matches('.'),
            healing.not_brought_back(),
            next
        ),
    })
}

/// What is said while the disk of the store `store` takes no writes; `problem` is what failed.
pub fn disk_full_finding(store: &str, problem: &str, is_full: bool, now: DateTime<Utc>) -> Finding {
    let (what, next) = if is_full {
        ("is full", "make room on it, or give it more; nothing else is needed")
    } else {
        (
            "takes no writes",
            "look at the disk and its mount, and at the system's log; nothing else is needed once it takes writes",
        )
    };
    Finding {
        named: None,
        rule: Rule::DiskFull,
        severity: Severity::Critical,
        key: key(Rule::DiskFull, store),
        since: now.date_naive(),
        summary: format!(
            "The disk of glidepath's store {what}: nothing new is taken in, and no other alert is decided."
        ),
        reason: format!(
            "How sure: a write failed. What failed: {}. What was stored before is safe, and can be read. Next: {next}.",
            problem.trim().trim_end_matches('.')
        ),
    }
}

/// What is said while the store `store` is damaged and could not be put together again; `why` says what is wrong, and why not.
pub fn store_damaged_finding(store: &str, why: &str, now: DateTime<Utc>) -> Finding {
    Finding {
        named: None,
        rule: Rule::StoreDamaged,
        severity: Severity::Critical,
        key: key(Rule::StoreDamaged, store),
        since: now.date_naive(),
        summary: "Glidepath's store is damaged, and could not be put together again: what it shows may be wrong."
            .to_owned(),
        reason: format!(
            "How sure: the program looked. What it found: {}. It is tried again, ever later, to every six hours. Next: do what that names; \
             `glidepath restore PATH` puts a backup that you choose in its place.",
            why.trim().trim_end_matches('.')
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_healing_is_said_for_a_month_and_says_what_is_missing() {
        let at: DateTime<Utc> = "2026-11-23T06:30:00Z".parse().unwrap();
        let healing = Healing {
            healed_at: at,
            damage: "its log is damaged: its head cannot be read".to_owned(),
            kept_as: Some("/data/x.duckdb.damaged-20261123T063000Z".to_owned()),
            source: HealedFrom::Backup,
            copied: Some("/data/backups/a.duckdb".to_owned()),
            knows_to: Some(at - TimeDelta::hours(3)),
            links_ended: 0,
        };
        let finding = store_healed_finding(&healing, at + TimeDelta::days(29)).unwrap();
        assert_eq!(finding.key, "store_healed:2026-11-23T06:30:00Z");
        assert_eq!(finding.severity, Severity::Warning);
        assert_eq!(
            finding.summary,
            "The store was damaged and was put together again on 23 November 2026, 06:30 UTC, from the backup \
             /data/backups/a.duckdb of 23 November 2026, 03:30 UTC."
        );
        assert!(
            finding.reason.contains(
                "What was entered after 23 November 2026, 03:30 UTC is not there: balances typed in, filings"
            )
        );
        assert!(finding.reason.contains("The old file is kept as /data/x.duckdb.damaged-20261123T063000Z. "));
        assert!(finding.reason.contains("Next: nothing for costs and credits"), "{}", finding.reason);
        assert_eq!(store_healed_finding(&healing, at + TimeDelta::days(30)), None);
        let held = Healing { source: HealedFrom::File, copied: None, knows_to: Some(at), ..healing.clone() };
        let finding = store_healed_finding(&held, at).unwrap();
        assert!(finding.summary.ends_with("from what the running program still held of it."), "{}", finding.summary);
        assert!(finding.reason.contains(". Nothing is missing. Next: look at the disk"), "{}", finding.reason);
        let nothing = Healing { source: HealedFrom::Nothing, copied: None, knows_to: None, kept_as: None, ..healing };
        let finding = store_healed_finding(&nothing, at).unwrap();
        assert_eq!(finding.severity, Severity::Critical);
        assert!(
            finding.reason.contains("There was no file to keep")
                && finding.reason.contains("Nothing that was ever entered")
        );
    }

    #[test]
    fn a_full_disk_is_told_under_one_key_for_each_store() {
        let now = "2026-11-23T06:30:00Z".parse().unwrap();
        let said = |is_full| disk_full_finding("0123456789abcdef", "No space left on device.", is_full, now);
        assert_eq!(said(true).key, "disk_full:0123456789abcdef");
        assert_eq!(said(true).key, said(false).key);
        assert!(said(true).summary.contains("is full") && said(false).summary.contains("takes no writes"));
        assert!(said(true).reason.contains("No space left on device. What was stored"), "{}", said(true).reason);
    }
}
