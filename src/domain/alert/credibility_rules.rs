//! Rules on what a filing claims: they speak where the bill does not bear it out. None is urgent, but each is what a
//! reviewer will ask at the next award.

use super::input::IngestHealth;
use super::rules::{data_day, key};
use crate::domain::finding::{Finding, Rule, Severity};
use crate::domain::position::Position;
use crate::domain::review::credibility::{ELSEWHERE_ABOVE, INFLATED_BELOW, UNDERSTATED_ABOVE};
use crate::domain::review::{Claim, Question, Verdict};

/// One finding per claim that the bill contradicts.
pub(super) fn claims(position: &Position, health: &IngestHealth) -> impl Iterator<Item = Finding> {
    let since = data_day(health);
    position.review.claims.iter().filter_map(move |claim| {
        let (rule, why, next) = judged(claim)?;
        Some(Finding {
            rule,
            severity: Severity::Info,
            key: key(rule, &claim.subject),
            since,
            summary: claim.statement.clone(),
            reason: format!("How sure: these are whole months as billed. {why} Next: {next}"),
        })
    })
}

fn judged(claim: &Claim) -> Option<(Rule, String, &'static str)> {
    Some(match (claim.question, claim.verdict) {
        (_, Verdict::Supported | Verdict::NotEnoughData) | (Question::Pace, Verdict::Above) => return None,
        (Question::Pace, Verdict::Below) => (
            Rule::AwardPace,
            "An award is granted to be consumed inside its window; what is left then is lost, and weakens the next ask."
                .to_owned(),
            "bring forward work that this credit pays, or have the reason for the delay ready.",
        ),
        (Question::Projection, Verdict::Below) => (
            Rule::ProjectionInflated,
            format!("Below {INFLATED_BELOW} % over the last full months, a reviewer takes a projection for inflated."),
            "file a corrected version; the variance report says by which drivers the plan was too high.",
        ),
        (Question::Projection, Verdict::Above) => (
            Rule::ProjectionExceeded,
            format!("Above {UNDERSTATED_ABOVE} % over the last full months, the plan no longer describes the spend."),
            "file a corrected version; the variance report says which drivers moved.",
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
    })
}

#[cfg(test)]
mod tests {
    use super::super::fixture::{health, position};
    use super::*;

    fn claim(question: Question, verdict: Verdict) -> Claim {
        Claim {
            question,
            record: Some("ai".into()),
            subject: "ai".into(),
            about: "ai".into(),
            verdict,
            statement: "Of $4.00 projected, $1.00 was spent.".into(),
            figures: vec![],
        }
    }

    #[test]
    fn what_is_borne_out_or_unknown_is_no_finding() {
        let told = |question, verdict| {
            let mut position = position();
            position.review.claims = vec![claim(question, verdict)];
            claims(&position, &health()).map(|finding| finding.key).collect::<Vec<_>>()
        };
        for question in [Question::Pace, Question::Projection, Question::Commitment] {
            assert!(told(question, Verdict::Supported).is_empty());
            assert!(told(question, Verdict::NotEnoughData).is_empty());
        }
        assert_eq!(told(Question::Pace, Verdict::Below), ["award_pace:ai"]);
        assert_eq!(told(Question::Projection, Verdict::Below), ["projection_inflated:ai"]);
        assert_eq!(told(Question::Projection, Verdict::Above), ["projection_exceeded:ai"]);
        assert_eq!(told(Question::Commitment, Verdict::Below), ["commitment_unmet:ai"]);
        assert_eq!(told(Question::Commitment, Verdict::Above), ["commitment_unmet:ai"]);
    }

    #[test]
    fn a_finding_says_what_why_and_what_next() {
        let mut position = position();
        position.review.claims = vec![claim(Question::Projection, Verdict::Below)];
        let finding = claims(&position, &health()).next().unwrap();
        assert_eq!(
            (finding.severity, finding.summary.as_str()),
            (Severity::Info, "Of $4.00 projected, $1.00 was spent.")
        );
        assert!(
            finding.reason.contains("Below 75 % over the last full months") && finding.reason.contains("Next: file")
        );
    }
}
