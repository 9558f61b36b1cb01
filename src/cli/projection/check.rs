//! `glidepath projection check`.

use std::path::PathBuf;

use anyhow::Result;
use serde::Serialize;

use super::size::objection_words;
use super::{Book, read};
use crate::cli::Usage;
use crate::cli::access::Access;
use crate::cli::out::{self, errln, outln};
use crate::cli::table::table;
use crate::config::Config;
use crate::domain::ask::{KnownAccount, Objection, Weakness};
use crate::domain::money::Money;
use crate::domain::position::Position;
use crate::domain::projection::{
    BEDROCK, FiledMonth, FiledProjection, FilingSize, KnownScale, Part, ProjectionProblem, content_hash,
    service_of_model, told_overlaps,
};
use crate::domain::trouble::Trouble;
use crate::domain::words::or_more;
use crate::http::client::ClientError;

/// What is found in a file.
#[derive(Serialize)]
struct Found {
    path: String,
    content_hash: String,
    problems: Vec<ProjectionProblem>,
    remarks: Vec<ProjectionProblem>,
    /// What it comes to; absent where it cannot be read.
    size: Option<FilingSize>,
    /// Months that are far from the bill.
    far_from_the_bill: Vec<String>,
    /// Why it cannot be meant.
    implausible: Vec<String>,
    /// What AWS's reviewer may object to.
    objections: Vec<Objection>,
    /// What the bill cost a day over the last 28 days; absent without one.
    pace_per_day: Option<Money>,
}

/// Explains every problem, and says what each filing comes to.
pub(super) async fn run(config: Config, paths: &[PathBuf], anyway: bool, json: bool) -> Result<()> {
    let book = Book::of(&config);
    let known = known(config).await?;
    let mut found = Vec::new();
    let mut filings = Vec::new();
    for (at, path) in paths.iter().enumerate() {
        let text = read(path)?;
        let (mut problems, mut remarks, mut size, mut objections) = (Vec::new(), Vec::new(), None, Vec::new());
        match FiledProjection::parse_with(&text, &book.prices) {
            Ok(filing) => {
                remarks.clone_from(&filing.remarks);
                let service = |model: &str| book.classifier.model_service(model).unwrap_or(BEDROCK).to_owned();
                size = Some(FilingSize::of(&filing, &book.prices, service));
                objections = book.size(&filing, &known).objections;
                filings.push((at, path.display().to_string(), filing));
            }
            Err(wrong) => problems = wrong,
        }
        found.push(Found {
            path: path.display().to_string(),
            content_hash: content_hash(&text),
            problems,
            remarks,
            far_from_the_bill: size.as_ref().map(|size| size.remarks(&known.scale)).unwrap_or_default(),
            implausible: size.as_ref().map(|size| size.refusals(&known.scale)).unwrap_or_default(),
            size,
            objections,
            pace_per_day: known.scale.pace_per_day,
        });
    }
    let parts: Vec<Part> = filings.iter().map(|(_, name, filing)| Part { name: Some(name), filing }).collect();
    for (told, (at, ..)) in told_overlaps(&parts, &book.prices, &service_of_model).into_iter().zip(&filings) {
        found[*at].problems.extend(told);
    }
    if json {
        out::json(&found)?;
    } else {
        found.iter().for_each(|found| print(found, &known.scale));
    }
    judged(&found, anyway)
}

/// What the store knows of the account, if there is one.
async fn known(config: Config) -> Result<KnownAccount> {
    if !config.store_path.exists() {
        return Ok(KnownAccount::default());
    }
    match Access::open_to_read(config)? {
        Access::Store(engine) => engine.known_account().await,
        Access::Daemon(daemon) => match daemon.fetch::<Position>("/api/v1/position").await {
            Ok(position) => Ok(KnownAccount::from(&position)),
            // Before its first cycle it has no position.
            Err(error) if matches!(error.downcast_ref(), Some(ClientError::Refused { status: 404, .. })) => {
                Ok(KnownAccount::default())
            }
            Err(error) => Err(error),
        },
    }
}

fn print(found: &Found, known: &KnownScale) {
    let Found { path, content_hash, problems, remarks, size, far_from_the_bill, implausible, objections, .. } = found;
    problems.iter().for_each(|problem| errln!("{path}: {problem}"));
    implausible.iter().for_each(|problem| errln!("{path}: far above anything known: {problem}"));
    remarks.iter().for_each(|remark| outln!("{path}: worth a look: {remark}"));
    far_from_the_bill.iter().for_each(|remark| outln!("{path}: worth a look: {remark}"));
    for objection in objections.iter().filter(|it| it.weakness != Weakness::FarFromTheBill) {
        outln!("{path}: a reviewer may object: {}", objection_words(objection));
    }
    if problems.is_empty() && implausible.is_empty() {
        outln!("{path}: nothing wrong, content hash {content_hash}");
    }
    let Some(size) = size else { return };
    let pace = |month: &FiledMonth| known.month(month.month).map(Money::dollars);
    let rows = size.months.iter().map(|month| {
        [vec![month.month.to_string(), or_more(month.usd, Money::dollars)], pace(month).into_iter().collect()].concat()
    });
    let header: &[&str] = if known.pace_per_day.is_some() {
        &["month", "planned", "such a month at the last 28 days' pace"]
    } else {
        &["month", "planned"]
    };
    out::block(table(header, &[1, 2], rows));
    let asked = size.asked_usd.map_or(String::new(), |asked| format!("; it asks for {}", asked.dollars()));
    outln!("{path}: {} planned in all{asked}", or_more(size.total_usd, Money::dollars));
}

/// What is wrong is a failure; what is only far above anything known is usage, which can be confirmed.
fn judged(found: &[Found], anyway: bool) -> Result<()> {
    let counts = found.iter().filter(|found| !found.problems.is_empty());
    let counts: Vec<String> =
        counts.map(|found| format!("{} has {} problem(s)", found.path, found.problems.len())).collect();
    if !counts.is_empty() {
        return Err(Trouble::FilingNotUsable.said(counts.join("; ")).into());
    }
    let far: Vec<&str> =
        found.iter().filter(|found| !found.implausible.is_empty()).map(|found| found.path.as_str()).collect();
    if far.is_empty() || anyway {
        return Ok(());
    }
    let far = far.join(", ");
    Err(Usage(format!("{far}: far above anything known; correct it, or repeat the command with --anyway")).into())
}
