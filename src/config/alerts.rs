//! `[alerts]`: when the rules speak.

use std::path::Path;

use toml::{Table, Value};

use crate::domain::alert::{AlertRules, RepeatPolicy};
use crate::domain::values::bounds;

use super::lines::{At, Lines};
use super::problem::{ConfigError, Problem, syntax_problem};
use super::section::Section;

const SECTION: &str = "[alerts]";

/// What a multiple is written like.
const MULTIPLE: &str = "a number of times, such as \"2\"";

/// Reads the rules; what is not given, or not usable, is as by default.
pub fn read(keys: Table, problems: &mut Vec<Problem>) -> AlertRules {
    let standard = AlertRules::default();
    let mut section = Section::new(SECTION, keys, problems);
    let mut rules = AlertRules {
        next_award: section.programme("next_award"),
        next_award_route: section.route("next_award_route").unwrap_or(standard.next_award_route),
        next_window: section.day("next_window"),
        slack_days: section.count("slack_days", bounds::DAYS).unwrap_or(standard.slack_days),
        wobble_days: section.count("wobble_days", bounds::DAYS).unwrap_or(standard.wobble_days),
        clear_after_hours: section.count("clear_after_hours", bounds::HOURS).unwrap_or(standard.clear_after_hours),
        first_cash_usd: section.money("first_cash_usd").unwrap_or(standard.first_cash_usd),
        first_cash_share: section
            .decimal("first_cash_share", "a share between \"0\" and \"1\", such as \"0.10\" for 10 %")
            .unwrap_or(standard.first_cash_share),
        burn_fast: section.decimal("burn_fast", MULTIPLE).unwrap_or(standard.burn_fast),
        burn_slow: section.decimal("burn_slow", MULTIPLE).unwrap_or(standard.burn_slow),
        spike_ratio: section.decimal("spike_ratio", MULTIPLE).unwrap_or(standard.spike_ratio),
        spike_per_day: section.money("spike_per_day").unwrap_or(standard.spike_per_day),
        uncovered_per_day: section.money("uncovered_per_day").unwrap_or(standard.uncovered_per_day),
        stale_after_hours: section.count("stale_after_hours", bounds::WAIT_HOURS).unwrap_or(standard.stale_after_hours),
        unclassified_share: section
            .decimal("unclassified_share", "a share between \"0\" and \"1\", such as \"0.05\" for 5 %")
            .unwrap_or(standard.unclassified_share),
        unclassified_usd: section.money("unclassified_usd").unwrap_or(standard.unclassified_usd),
        drift_usd: section.money("drift_usd").unwrap_or(standard.drift_usd),
        drift_percent: section
            .decimal("drift_percent", "a number of percent, such as \"5\"")
            .unwrap_or(standard.drift_percent),
        under_projection_percent: section
            .decimal("under_projection_percent", "a number of percent, such as \"75\"")
            .unwrap_or(standard.under_projection_percent),
        over_projection_percent: section
            .decimal("over_projection_percent", "a number of percent, such as \"125\"")
            .unwrap_or(standard.over_projection_percent),
        expiring_usd: section.money("expiring_usd").unwrap_or(standard.expiring_usd),
        expiring_warning_days: section
            .count("expiring_warning_days", bounds::DAYS)
            .unwrap_or(standard.expiring_warning_days),
        used_percent: section.percentages("used_percent").unwrap_or(standard.used_percent),
        unclaimed_usd_month: section.money("unclaimed_usd_month").unwrap_or(standard.unclaimed_usd_month),
        asking_usd_month: section.money("asking_usd_month").unwrap_or(standard.asking_usd_month),
        messages_a_week: section.count("messages_a_week", bounds::MESSAGES).unwrap_or(standard.messages_a_week),
        repeat: standard.repeat,
    };
    let repeat = section.value("repeat");
    section.finish();
    if let Some(repeat) = repeat {
        rules.repeat = read_repeat(repeat, problems);
    }
    for message in rules.problems() {
        // Each begins with the key that it is about.
        let at = At::section(SECTION).key(message.split_whitespace().next().unwrap_or_default());
        problems.push(Problem::at(at, SECTION, message));
    }
    rules
}

/// The rules of a file of their own: the keys of `[alerts]`, with or without that line above them.
///
/// # Errors
/// [`ConfigError`] with every problem found.
pub fn read_rules(text: &str, path: &Path) -> Result<AlertRules, ConfigError> {
    let mut problems = Vec::new();
    let mut lines = Lines::of(text);
    let rules = match toml::from_str::<Table>(text) {
        Err(error) => {
            problems.push(syntax_problem(text, &error));
            AlertRules::default()
        }
        Ok(mut keys) => match keys.remove("alerts") {
            Some(Value::Table(section)) if keys.is_empty() => read(section, &mut problems),
            Some(_) => {
                problems.push(Problem::at(
                    At::section(SECTION),
                    SECTION,
                    "a file of rules holds this section and no other",
                ));
                AlertRules::default()
            }
            None => {
                lines = lines.within("alerts");
                read(keys, &mut problems)
            }
        },
    };
    problems.iter_mut().for_each(|problem| problem.find_in(&lines));
    if problems.is_empty() { Ok(rules) } else { Err(ConfigError { path: path.to_owned(), problems }) }
}

fn read_repeat(value: Value, problems: &mut Vec<Problem>) -> RepeatPolicy {
    let standard = RepeatPolicy::default();
    let Value::Table(keys) = value else {
        let at = At::section(SECTION).key("repeat");
        problems.push(Problem::at(
            at,
            "[alerts] repeat",
            "write a line [alerts.repeat] with its keys on the lines below",
        ));
        return standard;
    };
    let mut section = Section::new("[alerts.repeat]", keys, problems);
    let repeat = RepeatPolicy {
        critical_hours: section.count("critical_hours", bounds::WAIT_HOURS).unwrap_or(standard.critical_hours),
        warning_hours: section.count("warning_hours", bounds::WAIT_HOURS).unwrap_or(standard.warning_hours),
    };
    section.finish();
    repeat
}
