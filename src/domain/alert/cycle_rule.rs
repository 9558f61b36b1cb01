//! A cycle that asked AWS and could not finish: nothing was evaluated, so its silence says nothing about credit.

use super::input::FailedCycle;
use super::settings::AlertRules;
use crate::alert::key::key;
use crate::position::finding::{Finding, Rule, Severity};
use crate::values::words::moment_text;

/// Characters of what failed that a message repeats; the log has all of it.
const LONGEST_PROBLEM: usize = 300;

/// What to do where nothing better is known.
const LOOK: &str = "read the daemon's log and run `glidepath cycle`; if it fails again, report what failed as a defect";

/// What to say of a failure that no cycle has finished since.
pub fn cycle_failed_finding(failed: &FailedCycle, rules: &AlertRules) -> Finding {
    let old = failed.last - failed.finished_at.unwrap_or(failed.since) > rules.stale_after();
    let figures = match failed.finished_at {
        Some(at) => format!("All figures are still those of {}.", moment_text(at)),
        None => "No cycle has finished yet, so there are no figures.".to_owned(),
    };
    Finding {
        named: None,
        rule: Rule::CycleFailed,
        severity: if old { Severity::Critical } else { Severity::Warning },
        key: key(Rule::CycleFailed, "cycle"),
        since: failed.since.date_naive(),
        summary: format!("The cycle of {} asked AWS and could not finish. {figures}", moment_text(failed.since)),
        reason: format!(
            "How sure: the program saw it fail. Alerts on spend and credit are silent until a cycle finishes; critical once \
             the figures are {} hours old. What failed: {}. Next: {}.",
            rules.stale_after_hours,
            shortened(&failed.problem),
            failed.remedy.as_deref().unwrap_or(LOOK)
        ),
    }
}

fn shortened(problem: &str) -> String {
    let problem = problem.trim().trim_end_matches('.');
    match problem.char_indices().nth(LONGEST_PROBLEM) {
        Some((end, _)) => format!("{} …", &problem[..end]),
        None => problem.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use chrono::TimeDelta;

    use super::super::fixture::clock;
    use super::*;

    #[test]
    fn it_becomes_critical_once_the_figures_are_old() {
        let rules = AlertRules::default();
        let failed = FailedCycle {
            since: clock(),
            last: clock(),
            problem: "computing the outlook: Multiplication overflowed.".into(),
            remedy: None,
            finished_at: Some(clock() - TimeDelta::hours(24)),
        };
        let at = |hours| {
            let failed = FailedCycle { last: clock() + TimeDelta::hours(hours), ..failed.clone() };
            cycle_failed_finding(&failed, &rules)
        };
        assert_eq!(
            [0, 12, 13].map(|hours| at(hours).severity),
            [Severity::Warning, Severity::Warning, Severity::Critical]
        );
        let first = at(0);
        assert_eq!(first.key, "cycle_failed:cycle");
        assert_eq!(
            first.summary,
            "The cycle of 14 March 2026, 06:00 UTC asked AWS and could not finish. All figures are still those of 13 March \
             2026, 06:00 UTC."
        );
        assert!(first.reason.contains("What failed: computing the outlook: Multiplication overflowed. Next: "));

        let known = FailedCycle { remedy: Some("set this machine's clock".into()), ..failed.clone() };
        assert!(cycle_failed_finding(&known, &rules).reason.ends_with(" Next: set this machine's clock."));

        let never = FailedCycle { finished_at: None, problem: "x".repeat(999), ..failed };
        let finding = cycle_failed_finding(&never, &rules);
        assert!(finding.summary.ends_with("No cycle has finished yet, so there are no figures."));
        assert!(finding.reason.chars().count() < 700, "{}", finding.reason);
    }
}
