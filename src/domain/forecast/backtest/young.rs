//! How good the answers about young series are: each series as it was known after its first week, two and four.
//!
//! These are asked of every series, whatever else is asked, with the odds of young accounts, learnt from the other series.

use std::collections::BTreeMap;

use super::questions::{Answerer, Origin, QuestionError, Questions, SpendAnswer, spend};
use crate::forecast::Evidence;
use crate::forecast::backtest::SpendScore;
use crate::forecast::backtest::spend_score::{SCORED_DAYS, spend_score};
use crate::values::period::plus_days;

/// Days known when the young are asked about. All are ages that the odds are learnt at.
pub const YOUNG_DAYS: [usize; 3] = [7, 14, 28];

/// How the outlook did on series so young.
#[derive(Debug, Clone, PartialEq)]
pub struct YoungScore {
    /// Days known of each.
    pub known_days: usize,
    /// True if they grew as was filed for them.
    pub as_filed: bool,
    /// At 30 and 90 days.
    pub spend: Vec<SpendScore>,
}

/// Asks about every series when it was young: without what was filed for it, and with it where something was.
pub(super) fn young_scores(questions: &Questions, evidence: &Evidence) -> Result<Vec<YoungScore>, QuestionError> {
    let unfiled = Questions { plans: BTreeMap::new(), ..questions.clone() };
    let filed = (!questions.plans.is_empty()).then_some((questions, true));
    let mut scores = Vec::new();
    for (asked, as_filed) in std::iter::once((&unfiled, false)).chain(filed) {
        for known_days in YOUNG_DAYS {
            let spend = scores_at(asked, known_days, as_filed, evidence)?;
            scores.push(YoungScore { known_days, as_filed, spend });
        }
    }
    Ok(scores)
}

fn scores_at(
    questions: &Questions,
    known_days: usize,
    as_filed: bool,
    evidence: &Evidence,
) -> Result<Vec<SpendScore>, QuestionError> {
    let of = |id: &String| !as_filed || questions.plans.contains_key(id);
    let origins: Vec<Origin> = questions
        .series
        .values()
        .filter(|series| series.daily.len() > known_days && of(&series.id))
        .map(|series| Origin { series: series.id.clone(), origin: plus_days(series.first, known_days as i64 - 1) })
        .collect();
    let answers: Vec<(&Origin, SpendAnswer)> = origins
        .iter()
        .map(|asked| Ok((asked, spend(questions, asked, Answerer::Glidepath, evidence)?)))
        .collect::<Result<_, QuestionError>>()?;
    Ok(SCORED_DAYS.iter().filter_map(|days| spend_score(questions, *days, &answers)).collect())
}
