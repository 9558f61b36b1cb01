//! Percentages of the credit that are used: told once each, for those who asked for it.

use super::input::IngestHealth;
use super::settings::AlertRules;
use crate::alert::input::data_day;
use crate::position::finding::{Finding, Rule, Severity};
use crate::position::observations::Observations;
use crate::position::{PoolPosition, PoolStatus, Position};
use crate::values::money::Money;
use crate::values::words::{names_text, usd_text};

/// Points below a percentage that was told at which it is let go, so that a correction of costs does not tell it twice.
const LET_GO: u8 = 5;

/// The highest of the configured percentages that is used of all credits together that are usable or were used up. Another
/// award makes another set of credits, of which each percentage is told anew.
pub(super) fn used(
    position: &Position,
    health: &IngestHealth,
    observations: &Observations,
    rules: &AlertRules,
) -> Option<Finding> {
    let counts = |pool: &&PoolPosition| matches!(pool.status, PoolStatus::Active | PoolStatus::Exhausted);
    let pools: Vec<&PoolPosition> = position.credits.pools.iter().filter(counts).collect();
    let granted: Money = pools.iter().map(|pool| pool.granted).sum();
    let left: Money = pools.iter().map(|pool| pool.remaining.at_least_zero()).sum();
    let used = (granted - left).at_least_zero();
    let mut ids: Vec<&str> = pools.iter().map(|pool| pool.id.as_str()).collect();
    ids.sort_unstable();
    let key = |percent: u8| format!("{}:{percent}:{}", Rule::UsedPercent.as_str(), ids.join("+"));
    let reached = |percent: &&u8| {
        let told = observations.told.contains_key(&key(**percent));
        let from = percent.saturating_sub(if told { LET_GO } else { 0 });
        granted.is_positive() && used.times(100.into()) >= granted.times(from.into())
    };
    let percent = *rules.used_percent.iter().rev().find(reached)?;
    let names: Vec<&str> = pools.iter().map(|pool| pool.name.as_str()).collect();
    Some(Finding {
        named: None,
        rule: Rule::UsedPercent,
        severity: Severity::Info,
        key: key(percent),
        since: data_day(health),
        summary: format!(
            "{percent} % of your credit is used: {} of {}, and {} is left in {}.",
            usd_text(used),
            usd_text(granted),
            usd_text(left),
            names_text(&names)
        ),
        reason: format!(
            "How sure: it is in the costs as billed. It is told because used_percent lists {percent}. Next: compare the \
             date on which credit ends with the date on which you plan to file for the {} award.",
            rules.award(position.award_meant, health.today()).name()
        ),
    })
}

#[cfg(test)]
mod tests {
    use super::super::fixture::{health, pool, position};
    use super::*;

    fn at(remaining: &str, told: &[&str], extra: Option<PoolPosition>) -> Option<String> {
        let mut position = position();
        let one = PoolPosition { granted: "1000".parse().unwrap(), remaining: remaining.parse().unwrap(), ..pool() };
        position.credits.pools = vec![one];
        position.credits.pools.extend(extra);
        let observations = Observations {
            told: told.iter().map(|key| ((*key).to_owned(), Severity::Info)).collect(),
            ..Observations::default()
        };
        let rules = AlertRules { used_percent: vec![50, 75, 90], ..AlertRules::default() };
        used(&position, &health(), &observations, &rules).map(|finding| finding.key)
    }

    #[test]
    fn the_highest_percentage_that_is_used_is_told() {
        let key = |percent: u8| Some(format!("used_percent:{percent}:{}", pool().id));
        assert_eq!(at("501", &[], None), None);
        assert_eq!(at("500", &[], None), key(50));
        assert_eq!(at("200", &[], None), key(75));
        assert_eq!(at("0", &[], None), key(90));
        // Credit that AWS states above what was granted is not used.
        assert_eq!(at("1001", &[], None), None);
    }

    #[test]
    fn a_correction_does_not_tell_it_twice_and_a_new_award_counts_anew() {
        let told = format!("used_percent:75:{}", pool().id);
        assert_eq!(at("260", &[&told], None), Some(told.clone()), "74 %, once told as 75");
        assert_eq!(at("310", &[&told], None), Some(format!("used_percent:50:{}", pool().id)));
        let award = PoolPosition { id: "9".into(), granted: "2000".parse().unwrap(), ..pool() };
        let award = PoolPosition { remaining: award.granted, ..award };
        assert_eq!(at("260", &[&told], Some(award.clone())), None, "740 of 3,000");
        assert_eq!(at("0", &[&told], Some(PoolPosition { remaining: "500".parse().unwrap(), ..award })), {
            let mut ids = [pool().id, "9".to_owned()];
            ids.sort();
            Some(format!("used_percent:75:{}", ids.join("+")))
        });
    }

    #[test]
    fn nobody_is_told_who_did_not_ask() {
        assert_eq!(used(&position(), &health(), &Observations::default(), &AlertRules::default()), None);
    }
}
