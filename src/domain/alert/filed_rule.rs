//! What the filing plans against what the bill shows: steps that were waited for and did not come, and findings that a step
//! which is still to come contradicts.

use std::collections::{BTreeMap, BTreeSet};

use super::input::IngestHealth;
use super::settings::AlertRules;
use crate::alert::input::data_day;
use crate::alert::key::key;
use crate::plan::{PlanSource, PlanState, Planned, WAITED_DAYS};
use crate::position::Position;
use crate::position::finding::{Finding, Rule, Severity};
use crate::position::observations::Observations;
use crate::values::words::{day_text, names_text};

/// One finding per record with filed steps that did not come.
pub(super) fn not_come(position: &Position, health: &IngestHealth) -> Vec<Finding> {
    let mut by_record: BTreeMap<&str, Vec<&Planned>> = BTreeMap::new();
    for row in filed(position).filter(|row| row.state == PlanState::NotCome) {
        by_record.entry(row.record.as_deref().unwrap_or_default()).or_default().push(row);
    }
    let finding = |(record, rows): (&str, Vec<&Planned>)| {
        let steps: Vec<&str> = rows.iter().map(|row| row.what.as_str()).collect();
        let first = rows.iter().map(|row| row.on).min().unwrap_or_else(|| data_day(health));
        Finding {
            named: None,
            rule: Rule::FiledNotCome,
            severity: Severity::Info,
            key: key(Rule::FiledNotCome, record),
            since: first + chrono::TimeDelta::days(WAITED_DAYS),
            summary: format!(
                "Filed since {} and not on the bill after {WAITED_DAYS} days: {}.",
                day_text(first),
                names_text(&steps)
            ),
            reason: "How sure: no week reached half of what is filed. The outlook no longer expects it. Next: file a corrected \
                     version with the month in which it will begin."
                .to_owned(),
        }
    };
    by_record.into_iter().map(finding).collect()
}

/// Keys of findings that the filing contradicts, because it plans what has not come yet.
pub(super) fn contradicted(
    findings: &[Finding],
    position: &Position,
    observations: &Observations,
    rules: &AlertRules,
) -> BTreeSet<String> {
    let expected = filed(position).any(|row| row.in_outlook);
    let used = |pool: &str| observations.unused_as_filed.get(pool).is_some_and(|left| *left < rules.expiring_usd);
    let late = |record: &str| {
        filed(position)
            .any(|row| row.in_outlook && row.state == PlanState::Late && row.record.as_deref() == Some(record))
    };
    let contradicted = |finding: &&Finding| {
        let subject = finding.key.split_once(':').map_or("", |(_, subject)| subject);
        match finding.rule {
            Rule::ExpiringCredit | Rule::AwardPace => expected && used(subject),
            Rule::ProjectionInflated => late(subject),
            _ => false,
        }
    };
    findings.iter().filter(contradicted).map(|finding| finding.key.clone()).collect()
}

fn filed(position: &Position) -> impl Iterator<Item = &Planned> {
    position.planned.iter().filter(|row| row.source == PlanSource::Filing)
}

#[cfg(test)]
mod tests {
    use super::super::fixture::{day, health, position, usd};
    use super::super::rules::evaluate;
    use super::super::{Action, History, Reason, decide};
    use super::*;
    use crate::facts::plan::PlanKind;
    use crate::plan::FILED_SURE;
    use crate::values::quantiles::MoneyQuantiles;

    fn step(on: &str, state: PlanState) -> Planned {
        Planned {
            id: "filing:1:ai:1".into(),
            source: PlanSource::Filing,
            kind: PlanKind::Launch,
            what: "Claude Sonnet 5 at $7,302.00 a month, filed for ai from 2026-04".into(),
            on: day(on),
            until: None,
            amount: Some(usd("243.40")),
            sure: FILED_SURE,
            note: None,
            state,
            in_outlook: state.is_open(),
            record: Some("ai".into()),
        }
    }

    /// A pool of which 5,000 would expire unused; as filed, `left` would.
    fn told(state: PlanState, left: &str) -> Vec<(String, Action, Reason)> {
        let mut position = position();
        position.credits.pools[0].breakage = MoneyQuantiles { p50: Some(usd("5000")), ..MoneyQuantiles::default() };
        position.planned = vec![step("2026-04-01", state)];
        let unused = BTreeMap::from([("4711".to_owned(), usd(left))]);
        let observations = Observations { unused_as_filed: unused, ..Observations::default() };
        let rules = AlertRules::default();
        let evaluation = evaluate(&position, &health(), &observations, &rules);
        let now = health().as_of;
        let decided = decide(&evaluation, &History::default(), now, &rules);
        decided.into_iter().map(|decision| (decision.key, decision.action, decision.reason)).collect()
    }

    #[test]
    fn credit_that_a_filed_launch_will_use_is_held_until_the_launch_is_given_up() {
        let key = |key: &str| key.to_owned();
        let expiring = key("expiring_credit:4711");
        for state in [PlanState::Ahead, PlanState::Late] {
            assert_eq!(told(state, "0"), [(expiring.clone(), Action::Hold, Reason::FiledAhead)]);
            assert_eq!(
                told(state, "4000"),
                [(expiring.clone(), Action::Fire, Reason::New)],
                "too little of it is used"
            );
        }
        let given_up: Vec<String> = told(PlanState::NotCome, "0").into_iter().map(|(key, ..)| key).collect();
        assert_eq!(given_up, [expiring, key("filed_not_come:ai")]);
    }
}
