//! What rests on the days after `data_through`, to which AWS still adds.

use crate::position::basis::DateBasis;
use chrono::NaiveDate;

use super::finding::{Finding, Rule};
use crate::position::Position;

impl Position {
    /// True while a finding rests on such a day: then it is worth asking AWS more often.
    pub fn rests_on_partial_days(&self) -> bool {
        let rests = |finding: &Finding| {
            matches!(finding.rule, Rule::Spike | Rule::Exhaustion) && Some(finding.since) > self.data_through
        };
        self.data_through.is_some() && self.findings.iter().any(rests)
    }

    /// The day on which credit ran out by what AWS shows of such days; `None` where it lasts through them, or is known from
    /// complete days to have ended, or is switched off.
    pub fn ran_out_at_least(&self) -> Option<NaiveDate> {
        let day = self.exhaustion.total.same_day()?;
        let shown = self.at_least.is_some_and(|shown| day <= shown.through);
        let complete = self.data_through.is_some_and(|through| day <= through);
        let ran_out = shown && !complete && self.switched_off().is_none();
        (ran_out && self.exhaustion.basis == DateBasis::BilledAndEstimated).then_some(day)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::alert::fixture::{day, position};
    use crate::position::finding::Severity;

    #[test]
    fn a_finding_on_a_day_after_the_complete_ones_is_looked_at_more_often() {
        let with = |rule, since: &str| {
            let mut position = position();
            position.findings = vec![Finding {
                rule,
                severity: Severity::Warning,
                key: rule.as_str().to_owned(),
                since: day(since),
                summary: "It is so.".to_owned(),
                reason: "Because. Next: look.".to_owned(),
                named: None,
            }];
            position.rests_on_partial_days()
        };
        assert!(with(Rule::Spike, "2026-03-13") && with(Rule::Exhaustion, "2026-03-14"));
        assert!(!with(Rule::Spike, "2026-03-12"), "the newest complete day");
        assert!(!with(Rule::StaleData, "2026-03-13"), "no spend");
        assert!(!position().rests_on_partial_days());
    }
}
