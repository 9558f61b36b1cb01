//! What is said of a position in sentences where no report is read: on the page, in messages, beside files.

use crate::domain::credit::unlisted::AS_IF_NONE_LEFT;
use crate::domain::position::series::Series;
use crate::domain::position::{Position, delisted};

use super::audience::Audience;
use super::compose::build;
use super::kind::ReportKind;
use super::{actual_vs_projected, markdown, poc, reconciliation, review, track_record, trajectory, words};

/// When credits end, in the sentence that opens the page and the reports; and, where no pool is known, what to do.
pub fn credit_sentences(position: &Position) -> Vec<String> {
    let unlisted = position.credits.without_pool().filter(|_| position.data_through.is_some());
    let said = unlisted.map(|unlisted| format!("What to do: {}", unlisted.next_step()));
    let caveat = position.paying_unlisted().map(|_| format!("{AS_IF_NONE_LEFT}."));
    let as_filed = position.end_as_filed().filter(|_| position.data_through.is_some());
    let opening = [format!("{}.", words::headline(position))].into_iter().chain(words::at_least(position));
    let delisted = delisted::sentences(position);
    let missing = words::missing_history(position);
    opening
        .chain(missing)
        .chain(as_filed)
        .chain(said)
        .chain(caveat)
        .chain(words::awaited(position))
        .chain(delisted)
        .collect()
}

/// The bills that take cash, the next ask, and what is granted so far, in a sentence each.
pub fn bill_sentences(position: &Position) -> Vec<String> {
    let asked = review::ask_sentence(position).into_iter().chain(review::granted_sentence(position));
    trajectory::first_full_bill(position).into_iter().chain(asked).collect()
}

/// How often the odds of earlier outlooks held, in a sentence; `None` while no outlook is old enough.
pub fn track_record_sentence(position: &Position) -> Option<String> {
    track_record::sentence(position)
}

/// What AWS states as left where that is not what replay leaves, in a sentence; `None` where they agree.
pub fn stated_otherwise_sentence(position: &Position) -> Option<String> {
    let said = reconciliation::stated_otherwise(position);
    (!said.is_empty()).then(|| said.join("; ") + "; the outlook starts from there.")
}

/// What a report of `kind` says in two or three sentences where the report itself is attached or linked; a partner is also
/// told what they cover.
pub fn headline(kind: ReportKind, position: &Position, audience: &Audience) -> Vec<String> {
    let (position, _) = audience.scope(position, &Series::default());
    let mut said = said(kind, &position, audience);
    said.extend(audience.note());
    said
}

/// The same without what is told of its reach; the position is the audience's own.
pub(super) fn said(kind: ReportKind, position: &Position, audience: &Audience) -> Vec<String> {
    let compared = || actual_vs_projected::summary(position).into_iter().take(1);
    let ahead = || trajectory::summary(position).into_iter().take(1);
    let left = || {
        let credits = &position.credits;
        let known = !credits.pools.is_empty();
        known.then(|| {
            let left = format!("{} of {} of credit is left", credits.left.dollars(), credits.granted.dollars());
            let otherwise = reconciliation::stated_otherwise(position);
            [vec![left], otherwise].concat().join("; ") + "."
        })
    };
    let mut said: Vec<String> = match kind {
        ReportKind::ActualVsProjected => compared().collect(),
        ReportKind::Trajectory => ahead().chain(left()).collect(),
        ReportKind::FundingPack => compared().chain(ahead()).chain(left()).collect(),
        ReportKind::Ask => review::ask_sentence(position).into_iter().collect(),
        ReportKind::Poc => poc::build(position, None, audience).summary.into_iter().take(1).collect(),
        ReportKind::Evidence => vec!["What every figure of the reports rests on, run by run.".to_owned()],
    };
    said.dedup();
    said
}

/// The trajectory for an alert on exhaustion, first cash or expiring credit, as text, which every channel carries.
pub fn alert_attachment(position: &Position, series: &Series) -> String {
    markdown::render(&build(ReportKind::Trajectory, position, series, &Audience::Owner))
}
