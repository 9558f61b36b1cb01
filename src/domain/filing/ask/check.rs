//! What is found in filings before they are filed: their problems, what each comes to, and what AWS's reviewer may object to.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{Knowledge, Objection, size};
use crate::filing::projection::{
    FiledProjection, FilingSize, Part, ProjectionProblem, content_hash, service_of_model, told_overlaps,
};
use crate::values::money::Money;

/// What is found in a filing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct CheckedFiling {
    /// SHA-256 of its text, in hexadecimal.
    pub content_hash: String,
    /// What is wrong; a filing with any cannot be filed.
    pub problems: Vec<ProjectionProblem>,
    /// What is worth a second look.
    pub remarks: Vec<ProjectionProblem>,
    /// What it comes to; absent where it cannot be read.
    pub size: Option<FilingSize>,
    /// Months that are far from the bill.
    pub far_from_the_bill: Vec<String>,
    /// Why it cannot be meant: it is filed only where somebody confirms it.
    pub implausible: Vec<String>,
    /// What AWS's reviewer may object to.
    pub objections: Vec<Objection>,
    /// What the bill cost a day over the last 28 days; absent without one.
    pub pace_per_day: Option<Money>,
}

/// Checks a filing by itself.
pub fn check_one(text: &str, knowledge: &Knowledge) -> CheckedFiling {
    let (mut checked, filing) = found(text, knowledge);
    let parts: Vec<Part> = filing.iter().map(|filing| Part { name: None, filing }).collect();
    let overlaps = told_overlaps(&parts, knowledge.book, &service_of_model);
    checked.problems.extend(overlaps.into_iter().flatten());
    checked
}

/// Checks filings, each with the name that it is told by, and what they claim twice.
pub fn check(filings: &[(String, String)], knowledge: &Knowledge) -> Vec<CheckedFiling> {
    let (mut checked, read): (Vec<_>, Vec<_>) = filings.iter().map(|(_, text)| found(text, knowledge)).unzip();
    let sound = read.iter().zip(filings).filter_map(|(filing, (name, _))| Some((name, filing.as_ref()?)));
    let parts: Vec<Part> = sound.map(|(name, filing)| Part { name: Some(name), filing }).collect();
    let of_sound = checked.iter_mut().zip(&read).filter(|(_, filing)| filing.is_some());
    for ((checked, _), overlaps) in of_sound.zip(told_overlaps(&parts, knowledge.book, &service_of_model)) {
        checked.problems.extend(overlaps);
    }
    checked
}

/// What is found in one text, and the filing that it is where it reads as one.
fn found(text: &str, knowledge: &Knowledge) -> (CheckedFiling, Option<FiledProjection>) {
    let Knowledge { book, account, .. } = knowledge;
    let mut checked = CheckedFiling {
        content_hash: content_hash(text),
        problems: Vec::new(),
        remarks: Vec::new(),
        size: None,
        far_from_the_bill: Vec::new(),
        implausible: Vec::new(),
        objections: Vec::new(),
        pace_per_day: account.scale.pace_per_day,
    };
    let filing = match FiledProjection::parse_with(text, book) {
        Ok(filing) => filing,
        Err(problems) => {
            checked.problems = problems;
            return (checked, None);
        }
    };
    let comes_to = FilingSize::of(&filing, book, |model| knowledge.service_of_model(model));
    checked.remarks.clone_from(&filing.remarks);
    checked.far_from_the_bill = comes_to.remarks(&account.scale);
    checked.implausible = comes_to.refusals(&account.scale);
    checked.objections = size(&filing, knowledge).objections;
    checked.size = Some(comes_to);
    (checked, Some(filing))
}
