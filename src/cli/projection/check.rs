//! `glidepath projection check`.

use std::path::PathBuf;

use anyhow::Result;
use serde::Serialize;

use super::book::{Book, read};
use super::size::objection_words;
use crate::cli::access::Access;
use crate::cli::out::{self, errln, outln};
use crate::cli::table::table;
use crate::cli::usage::Usage;
use crate::config::Config;
use crate::domain::filing::ask::{self, CheckedFiling, KnownAccount, Weakness};
use crate::domain::filing::projection::{FiledMonth, KnownScale};
use crate::domain::position::Position;
use crate::domain::values::money::Money;
use crate::domain::values::words::or_more;
use crate::domain::wording::trouble::Trouble;
use crate::http::client::ClientError;

/// What is found in a file.
#[derive(Serialize)]
struct Found {
    path: String,
    #[serde(flatten)]
    checked: CheckedFiling,
}

/// Explains every problem, and says what each filing comes to.
pub(super) async fn run(config: Config, paths: &[PathBuf], anyway: bool, json: bool) -> Result<()> {
    let book = Book::of(&config);
    let without_config = config.is_without_file;
    let known = known(config).await?;
    if let Some(left_out) = left_out(without_config, known.is_none()) {
        errln!("{left_out}");
    }
    let known = known.unwrap_or_default();
    let texts = paths.iter().map(|path| Ok((path.display().to_string(), read(path)?)));
    let texts: Vec<(String, String)> = texts.collect::<Result<_>>()?;
    let checked = ask::check(&texts, &book.knowledge(&known));
    let found = checked.into_iter().zip(texts).map(|(checked, (path, _))| Found { path, checked });
    let found: Vec<Found> = found.collect();
    if json {
        out::json(&found)?;
    } else {
        found.iter().for_each(|found| print(found, &known.scale));
    }
    judged(&found, anyway)
}

/// What the store knows of the account, if there is one.
async fn known(config: Config) -> Result<Option<KnownAccount>> {
    // Without a config nobody says which store is meant, whatever lies in this folder.
    if config.daemon_url.is_none() && (config.is_without_file || !config.store_path.exists()) {
        return Ok(None);
    }
    match Access::open_to_read(config)? {
        Access::Store(engine) => engine.known_account().await.map(Some),
        Access::Daemon(daemon) => match daemon.fetch::<Position>("/api/v1/position").await {
            Ok(position) => Ok(Some(KnownAccount::from(&position))),
            // Before its first cycle it has no position.
            Err(error) if matches!(error.downcast_ref(), Some(ClientError::Refused { status: 404, .. })) => Ok(None),
            Err(error) => Err(error),
        },
    }
}

/// What is not looked at where there is no config, or no bill, in a line.
fn left_out(without_config: bool, without_bill: bool) -> Option<String> {
    let bill = "how the plan compares with the bill and with the awards that there are";
    let config = "prices and names of models of your own";
    match (without_config, without_bill) {
        (true, true) => Some(format!("left out, as there is no config: {bill}; {config}")),
        (true, false) => Some(format!("left out, as there is no config: {config}")),
        (false, true) => Some(format!("left out, as no bill is stored yet: {bill}")),
        (false, false) => None,
    }
}

fn print(found: &Found, known: &KnownScale) {
    let Found { path, checked } = found;
    let CheckedFiling { content_hash, problems, remarks, size, far_from_the_bill, implausible, objections, .. } =
        checked;
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
    let counts = found.iter().filter(|found| !found.checked.problems.is_empty());
    let counts: Vec<String> =
        counts.map(|found| format!("{} has {} problem(s)", found.path, found.checked.problems.len())).collect();
    if !counts.is_empty() {
        return Err(Trouble::FilingNotUsable.said(counts.join("; ")).into());
    }
    let far: Vec<&str> =
        found.iter().filter(|found| !found.checked.implausible.is_empty()).map(|found| found.path.as_str()).collect();
    if far.is_empty() || anyway {
        return Ok(());
    }
    let far = far.join(", ");
    Err(Usage(format!("{far}: far above anything known; correct it, or repeat the command with --anyway")).into())
}
