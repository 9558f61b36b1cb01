//! Rules on what a filing claims: they speak where the bill does not bear it out. None is urgent, but each is what a
//! reviewer will ask at the next award.

use super::input::IngestHealth;
use super::settings::AlertRules;
use crate::alert::input::data_day;
use crate::alert::key::key;
use crate::filing::review::credibility::{ELSEWHERE_ABOVE, INFLATED_BELOW};
use crate::filing::review::{Claim, Question, Verdict};
use crate::position::Position;
use crate::position::finding::{Finding, Rule, Severity};

/// One finding per claim that the bill contradicts.
pub(super) fn claims(position: &Position, health: &IngestHealth, rules: &AlertRules) -> Vec<Finding> {
    let since = data_day(health);
    let told = position.review.claims.iter().filter_map(|claim| {
        let Told { rule, summary, why, next } = match claim.question {
            Question::Projection => off_plan(claim, rules)?,
            Question::Pace | Question::Commitment => contradicted(claim)?,
        };
        Some(Finding {
            named: None,
            rule,
            severity: Severity::Info,
            key: key(rule, &claim.subject),
            since,
            summary,
            reason: format!("How sure: these are whole months as billed. {why} Next: {next}"),
        })
    });
    told.collect()
}

struct Told {
    rule: Rule,
    summary: String,
    why: String,
    next: &'static str,
}

/// Over or under the projection by more than the user's own limits, which need not be a reviewer's.
fn off_plan(claim: &Claim, rules: &AlertRules) -> Option<Told> {
    let compared = claim.compared.as_ref()?;
    let (rule, why, next) = if compared.percent < rules.under_projection_percent {
        (
            Rule::ProjectionInflated,
            format!(
                "Told below {} % over the last full months; a reviewer will read this projection as inflated.",
                rules.under_projection_percent
            ),
            "file a corrected version; the report \"Actual against projected\" says by which drivers the plan was too high.",
        )
    } else if compared.percent > rules.over_projection_percent {
        (
            Rule::ProjectionExceeded,
            format!(
                "Told above {} % over the last full months; such a plan no longer describes the spend.",
                rules.over_projection_percent
            ),
            "file a corrected version; the report \"Actual against projected\" says which drivers moved.",
        )
    } else {
        return None;
    };
    Some(Told { rule, summary: format!("{}.", compared.words), why, next })
}

fn contradicted(claim: &Claim) -> Option<Told> {
    let (rule, why, next) = match (claim.question, claim.verdict) {
        (Question::Pace, Verdict::Below) => (
            Rule::AwardPace,
            "An award is granted to be consumed inside its window; what is left then is lost, and weakens the next ask."
                .to_owned(),
            "bring forward work that this credit pays, or have the reason for the delay ready.",
        ),
        (Question::Commitment, Verdict::Below) => (
            Rule::CommitmentUnmet,
            format!("Below {INFLATED_BELOW} % over the last full months, a commitment to a workload counts as unmet."),
            "run what was committed, or say in a corrected version what replaced it.",
        ),
        (Question::Commitment, Verdict::Above) => (
            Rule::CommitmentUnmet,
            format!("More than {ELSEWHERE_ABOVE} % of model spend goes elsewhere than the award was granted for."),
            "move the work to Bedrock, Trainium or Inferentia, or leave it out of the filing.",
        ),
        _ => return None,
    };
    Some(Told { rule, summary: claim.statement.clone(), why, next })
}

#[cfg(test)]
mod tests {
    use rust_decimal::Decimal;

    use super::super::fixture::{health, position};
    use super::*;
    use crate::filing::review::Compared;

    fn claim(question: Question, verdict: Verdict, percent: Option<i64>) -> Claim {
        Claim {
            question,
            record: Some("ai".into()),
            subject: "ai".into(),
            about: "ai".into(),
            verdict,
            statement: "A statement.".into(),
            compared: percent.map(|percent| Compared {
                percent: Decimal::from(percent),
                words: "Record ai: of $400 projected in May 2026, $100 was spent, 25 %".into(),
            }),
            figures: vec![],
        }
    }

    fn told(claim: Claim, rules: &AlertRules) -> Vec<Finding> {
        let mut position = position();
        position.review.claims = vec![claim];
        claims(&position, &health(), rules)
    }

    fn keys(claim: Claim, rules: &AlertRules) -> Vec<String> {
        told(claim, rules).into_iter().map(|finding| finding.key).collect()
    }

    #[test]
    fn what_is_borne_out_or_unknown_is_no_finding() {
        let keys = |question, verdict| keys(claim(question, verdict, None), &AlertRules::default());
        for question in [Question::Pace, Question::Projection, Question::Commitment] {
            assert!(keys(question, Verdict::Supported).is_empty());
            assert!(keys(question, Verdict::NotEnoughData).is_empty());
        }
        assert_eq!(keys(Question::Pace, Verdict::Below), ["award_pace:ai"]);
        assert_eq!(keys(Question::Commitment, Verdict::Below), ["commitment_unmet:ai"]);
        assert_eq!(keys(Question::Commitment, Verdict::Above), ["commitment_unmet:ai"]);
    }

    #[test]
    fn over_and_under_follow_the_users_own_limits() {
        let keys =
            |percent, rules: &AlertRules| keys(claim(Question::Projection, Verdict::Supported, Some(percent)), rules);
        let standard = AlertRules::default();
        assert_eq!(keys(74, &standard), ["projection_inflated:ai"]);
        assert!(keys(75, &standard).is_empty() && keys(125, &standard).is_empty());
        assert_eq!(keys(126, &standard), ["projection_exceeded:ai"]);
        let narrow = AlertRules {
            under_projection_percent: Decimal::from(90),
            over_projection_percent: Decimal::from(110),
            ..AlertRules::default()
        };
        assert_eq!(keys(89, &narrow), ["projection_inflated:ai"]);
        assert!(keys(90, &narrow).is_empty() && keys(110, &narrow).is_empty());
        assert_eq!(keys(111, &narrow), ["projection_exceeded:ai"]);
    }

    #[test]
    fn a_finding_says_what_why_and_what_next() {
        let found = &told(claim(Question::Projection, Verdict::Below, Some(25)), &AlertRules::default())[0];
        assert_eq!(
            (found.severity, found.summary.as_str()),
            (Severity::Info, "Record ai: of $400 projected in May 2026, $100 was spent, 25 %.")
        );
        assert!(found.reason.contains("below 75 % over the last full months") && found.reason.contains("Next: file"));
    }
}
