//! `glidepath projection size`.

use std::collections::BTreeSet;
use std::path::Path;

use anyhow::{Result, anyhow};

use super::book::Book;
use super::draft;
use crate::cli::access::{Access, existing_view};
use crate::cli::out::{self, outln};
use crate::cli::table::{or_dash, table};
use crate::config::Config;
use crate::cycle::filing_of_bill;
use crate::domain::filing::ask::{self, KnownAccount, Objection, SizedFiling};
use crate::domain::position::Position;
use crate::domain::values::words::{all_names_text, day_text};

/// What a filing in a file costs and supports, with config's prices and names of models.
///
/// # Errors
/// If the file cannot be read; with every problem that is in it.
pub(super) fn of_file(config: &Config, path: &Path) -> Result<SizedFiling> {
    let book = Book::of(config);
    let filing = book.filing_in(path, "it cannot be sized; correct them, and size it again")?;
    Ok(book.size(&filing, &KnownAccount::default().with_partner(config.partner_name())))
}

/// What a bill in a file supports, gone on for a year.
///
/// # Errors
/// If the file cannot be read, or gives no filing.
pub(super) fn of_bill_in(config: &Config, path: &Path) -> Result<SizedFiling> {
    let (drafted, position) = draft::drafted_from(path)?;
    of_draft(config, &drafted, &position)
}

/// What the stored bill supports, gone on for a year.
///
/// # Errors
/// If there is no bill, or the store or the daemon fails.
pub(super) async fn of_bill(config: Config) -> Result<SizedFiling> {
    let access = Access::open_to_read(config.clone())?;
    let drafted = draft::drafted(&access).await?;
    let position: Position = match &access {
        Access::Store(engine) => existing_view(engine, None).await?.position,
        Access::Daemon(daemon) => daemon.fetch("/api/v1/position").await?,
    };
    of_draft(&config, &drafted, &position)
}

fn of_draft(config: &Config, drafted: &str, position: &Position) -> Result<SizedFiling> {
    let book = Book::of(config);
    let filing = filing_of_bill(drafted, &book.prices, position).ok_or_else(|| {
        anyhow!("what was drafted from the bill does not read as a filing; this is a defect, please report it")
    })?;
    Ok(book.size(&filing, &KnownAccount::from(position).with_partner(config.partner_name())))
}

/// Shows it.
pub(super) fn show(sized: &SizedFiling, json: bool) -> Result<()> {
    if json {
        return out::json(sized);
    }
    outln!("{}", sized.sentence);
    outln!();
    let months =
        sized.months.iter().map(|it| vec![it.month.to_string(), it.usd.dollars(), it.usd_without_levers.dollars()]);
    let total = vec!["in all".to_owned(), sized.total_usd.dollars(), sized.total_usd_without_levers.dollars()];
    out::block(table(&["month", "as filed", "without caching and batch"], &[1, 2], months.chain([total])));
    outln!();
    let services = sized.by_service.iter().map(|it| vec![it.service.clone(), it.usd.dollars()]);
    out::block(table(&["AWS service", "as filed"], &[1], services));
    outln!();
    let records = sized.records.iter().map(|it| {
        let asked = it.asked_usd.map(|usd| usd.dollars());
        vec![it.id.clone(), it.programme.label().to_owned(), it.usd.dollars(), or_dash(asked)]
    });
    out::block(table(&["record", "programme", "as filed", "asks for"], &[2, 3], records));
    outln!();
    outln!("{}", ask_words(sized));
    for line in &sized.ask.cash {
        outln!("cash: {} of {}: {}", line.usd.dollars(), line.what, line.why.because());
    }
    outln!();
    show_programmes(sized);
    if !sized.models.is_empty() {
        outln!();
        let models = sized.models.iter().map(|it| {
            let name = if it.filed { as_filed_words(sized) } else { format!("all on {}", it.model) };
            let lasts = if it.filed { "as filed".to_owned() } else { format!("{} times", it.runway_times) };
            vec![name, it.usd.dollars(), lasts]
        });
        out::block(table(&["the same tokens", "cost", "the credit lasts"], &[1, 2], models));
    }
    outln!();
    let after = sized.afterwards.first().zip(sized.afterwards.last());
    if let Some((first, last)) = after {
        outln!(
            "After the window: {} in {}, {} in {}.",
            first.usd.dollars(),
            first.month,
            last.usd.dollars(),
            last.month
        );
    }
    for objection in &sized.objections {
        outln!("a reviewer may object: {}", objection_words(objection));
    }
    for unpriced in &sized.unpriced {
        outln!("without a price: {unpriced}");
    }
    outln!("{}", ask::DISCRETIONARY);
    Ok(())
}

/// The programmes that can be asked, and how long awards of theirs last; that there is none.
fn show_programmes(sized: &SizedFiling) {
    let mut fitting = sized.open_routes();
    fitting.dedup_by_key(|it| it.programme);
    if fitting.is_empty() {
        outln!("No programme is meant for it: credit can pay none of it.");
        return;
    }
    let rows = fitting.into_iter().map(|it| {
        let gates = it.gates.iter().map(|gate| format!("{} {}", gate.gate, gate.state_words()));
        let band = format!("{} to {}", it.band.floor.dollars(), it.band.ceiling.dollars());
        let lands = format!("{} to {}", it.lands.from, it.lands.to);
        let late = if it.is_late(sized.filed_on) { " (over)" } else { "" };
        let file_by = format!("{}{late}", it.file_by);
        let (programme, route) = (it.programme.label().to_owned(), it.route.as_str().to_owned());
        vec![programme, route, band, lands, file_by, gates.collect::<Vec<_>>().join(", ")]
    });
    out::block(table(&["programme", "by", "awards", "credit can be there", "file by", "gates"], &[], rows));
    for gate in shut_gates(sized) {
        outln!("{gate}");
    }
    if sized.awards.is_empty() {
        return;
    }
    outln!();
    let awards = sized.awards.iter().map(|it| {
        let names: Vec<&str> = it.programmes.iter().map(|programme| programme.label()).collect();
        let size = if it.usual { "usual" } else { "the most" };
        let until = it.lasts_until.map_or("the whole window".to_owned(), day_text);
        vec![all_names_text(&names), it.usd.dollars(), size.to_owned(), until]
    });
    out::block(table(&["an award of", "dollars", "which is", "lasts until"], &[1], awards));
}

/// An objection with its line and its remedy.
pub(super) fn objection_words(it: &Objection) -> String {
    let line = it.line.map_or(String::new(), |line| format!("line {line}: "));
    format!("{line}{} To mend it, {}.", it.objection, it.remedy)
}

fn ask_words(sized: &SizedFiling) -> String {
    let ask = &sized.ask;
    let headroom = crate::domain::values::words::percent_text(ask.headroom);
    let asked = ask.asked_usd.map_or(String::new(), |asked| format!(" The filing asks for {}.", asked.dollars()));
    format!(
        "The ask that the spend supports: {}, which is {} that credit can pay and {headroom} headroom.{asked}",
        ask.usd.dollars(),
        ask.payable_usd.dollars()
    )
}

/// The mix that is filed: "as filed, on Claude Sonnet 5 and Nova 2 Lite".
fn as_filed_words(sized: &SizedFiling) -> String {
    format!("as filed, on {}", all_names_text(&sized.model_names()))
}

/// Every reason for which a gate of a programme that fits is closed or capped, once.
fn shut_gates(sized: &SizedFiling) -> BTreeSet<String> {
    let gates = sized.open_routes().into_iter().flat_map(|it| it.gates.iter().map(move |gate| (it, gate)));
    gates
        .filter(|(_, gate)| gate.state == ask::GateState::Closed)
        .map(|(it, gate)| format!("{}: {}: {}", gate.state_words(), it.programme.label(), gate.reason))
        .collect()
}
