//! The ask: what a filing costs, what credit can pay of it, which programmes fit, when their credit can be there and how long it
//! lasts. All of it before any credit exists.

use rust_decimal::Decimal;

use super::document::{Block, Cell, Chart, Column, Document, Figure, Layer, MonthPlot, Plot, Section, Table, Tone};
use super::partner::{self, Partner};
use super::{ReportKind, review, words};
use crate::domain::credit::programme::{Programme, Route};
use crate::domain::filing::ask::{
    ChipHours, DISCRETIONARY, Gate, ModelCompared, ModelTokens, ProgrammeFit, SizedFiling, SizedMonth,
};
use crate::domain::position::{PoolPosition, Position};
use crate::domain::values::money::Money;
use crate::domain::values::words::{all_names_text, day_text, percent_text, sentence_text, usd_text};

/// Builds the report of what is sized; without it, why there is nothing.
pub(super) fn build(position: &Position, sized: Option<&SizedFiling>, partner: Option<&Partner>) -> Document {
    Document {
        summary: sized.map_or_else(|| vec![nothing(position).to_owned()], |sized| summary(position, sized)),
        figures: sized.map(figures).unwrap_or_default(),
        sections: sized.map(|sized| sections(position, sized, partner)).unwrap_or_default(),
        notes: sized.map(|_| notes()).unwrap_or_default(),
        ..Document::new(ReportKind::Ask, position)
    }
}

fn nothing(position: &Position) -> &'static str {
    if position.filing.is_some() {
        "There is no ask to show: the filing cannot be read, or has no record that you may see."
    } else {
        "There is no ask yet: nothing is filed, and no bill is stored to work one out from."
    }
}

/// True if credit was granted since for what the filing asks: by when to file, and what stands before the award, is over then.
pub(super) fn is_answered(position: &Position, sized: &SizedFiling) -> bool {
    let asks = |programme: Programme| sized.records.iter().any(|record| record.programme == programme);
    let since = |pool: &PoolPosition| pool.starts_on >= sized.filed_on && pool.programme.is_some_and(asks);
    position.filing.as_ref().is_some_and(|filing| {
        filing.granted_usd.is_some()
            || filing.applications.iter().any(|it| it.granted_usd.is_some())
            || position.credits.pools.iter().any(since)
    })
}

/// The sentence that AWS wants to read: of a filing that AWS has answered with its day, and of some records alone with their names.
/// `None` where these plan nothing that it speaks of, since others may.
pub(super) fn sentence(position: &Position, sized: &SizedFiling) -> Option<String> {
    let plans = !sized.tokens.is_empty() || !sized.chip_hours.is_empty();
    let day = || words::day(sized.filed_on);
    let ids: Vec<&str> = sized.records.iter().map(|record| record.id.as_str()).collect();
    let said = match (sized.in_part, is_answered(position, sized)) {
        (true, _) if !plans => return None,
        (true, true) => format!("As filed on {} as {}: {}", day(), all_names_text(&ids), sized.sentence),
        (true, false) => format!("As filed as {}: {}", all_names_text(&ids), sized.sentence),
        (false, true) => format!("As filed on {}: {}", day(), sized.sentence),
        (false, false) => sized.sentence.clone(),
    };
    Some(said)
}

fn summary(position: &Position, sized: &SizedFiling) -> Vec<String> {
    let ask = &sized.ask;
    let who = if sized.in_part { "These records ask" } else { "The filing asks" };
    let asked = ask.asked_usd.map_or(String::new(), |asked| format!(" {who} for {}.", usd_text(asked)));
    let mut said: Vec<String> = sentence(position, sized).into_iter().collect();
    said.push(format!(
        "{} is planned in all; credit can pay {} of it, which with {} headroom supports an ask of {}.{asked}",
        usd_text(sized.total_usd),
        usd_text(ask.payable_usd),
        percent_text(ask.headroom),
        usd_text(ask.usd)
    ));
    if is_answered(position, sized) {
        let next = next_ask(position, sized).map_or("", |_| "; what can be asked for next stands under The next ask");
        said.push(format!("Credit was granted since{next}."));
    } else {
        let mut fitting: Vec<&str> = sized.open_routes().into_iter().map(|it| it.programme.label()).collect();
        fitting.dedup();
        if !fitting.is_empty() {
            said.push(format!("Programmes that are meant for such spend: {}.", all_names_text(&fitting)));
        }
    }
    if !sized.unpriced.is_empty() {
        let names: Vec<&str> = sized.unpriced.iter().map(|line| line.what.as_str()).collect();
        said.push(format!("Without a price, and so in no amount: {}.", all_names_text(&names)));
    }
    said.push(DISCRETIONARY.to_owned());
    said
}

fn figures(sized: &SizedFiling) -> Vec<Figure> {
    let figure = |key, label: &str, value, detail: String| Figure {
        key,
        label: label.to_owned(),
        value: Cell::Money(value),
        detail,
    };
    let (first, last) = (sized.months.first(), sized.months.last());
    let span = first.zip(last).map_or(String::new(), |(first, last)| {
        format!("{} to {}", words::month(first.month), words::month(last.month))
    });
    let saved = saved(sized);
    let figures = [
        Some(figure("planned", "Planned", sized.total_usd, span)),
        saved.map(|saved| {
            figure(
                "without_levers",
                "Without caching and batch",
                sized.total_usd_without_levers,
                format!("caching and batch save {}", usd_text(saved)),
            )
        }),
        Some(figure(
            "ask",
            "Ask that the spend supports",
            sized.ask.usd,
            format!(
                "{} that credit can pay, and {} headroom",
                usd_text(sized.ask.payable_usd),
                percent_text(sized.ask.headroom)
            ),
        )),
        Some(figure("cash", "Cash in any case", sized.ask.cash_usd, "what no credit pays".to_owned())),
    ];
    figures.into_iter().flatten().collect()
}

/// What caching and batch save; `None` where nothing is planned of them.
fn saved(sized: &SizedFiling) -> Option<Money> {
    Some(sized.total_usd_without_levers - sized.total_usd).filter(|saved| saved.is_positive())
}

/// Above what is not for AWS.
const FOR_THE_WRITERS: &str = "From here on this report is for those who write the filing: which programme to ask, and what a reviewer \
    may object to. What goes to AWS is the funding pack.";

/// The same, where AWS has answered.
const FOR_THE_NEXT_WRITERS: &str = "From here on this report is for those who write the next filing: the same tokens on other models, and \
    what a reviewer may have objected to. What goes to AWS is the funding pack.";

/// What AWS reads first, then what those need who write the filing.
fn sections(position: &Position, sized: &SizedFiling, partner: Option<&Partner>) -> Vec<Section> {
    let answered = is_answered(position, sized);
    let mut inside: Vec<Section> = [
        section("ask-programmes", "Programmes", if answered { Vec::new() } else { programmes(sized) }),
        section("ask-awards", "How long an award lasts", if answered { Vec::new() } else { awards(sized) }),
        section("ask-models", "The same tokens on other models", models(sized)),
        section("ask-objections", "What a reviewer may object to", objections(sized)),
    ]
    .into_iter()
    .flatten()
    .collect();
    // Of some records alone it holds what these cost and support, for whoever it is.
    if let Some(first) = inside.first_mut().filter(|_| !sized.in_part) {
        let for_whom = if answered { FOR_THE_NEXT_WRITERS } else { FOR_THE_WRITERS };
        first.blocks.insert(0, Block::Text(for_whom.to_owned()));
    }
    for_aws(sized).into_iter().chain(partner::section(partner)).chain(next_ask(position, sized)).chain(inside).collect()
}

/// What can be asked for next, once credit was granted for this filing; `None` too while no bill is read.
fn next_ask(position: &Position, sized: &SizedFiling) -> Option<Section> {
    let mut sections = review::sections(position).into_iter().filter(|section| section.id == "next-ask");
    if is_answered(position, sized) { sections.next() } else { None }
}

/// What of the ask a reviewer of AWS reads: what it costs, on what, how the ask comes of it, and the bill after it.
pub(super) fn for_aws(sized: &SizedFiling) -> Vec<Section> {
    [
        section("ask-months", "What it costs by month", months(sized)),
        section("ask-services", "By AWS service and record", vec![services(sized), records(sized)]),
        section("ask-usage", "Tokens and chip-hours", usage(sized)),
        section("ask-size", "The ask", arithmetic(sized)),
        section("ask-afterwards", "The bill afterwards", afterwards(sized)),
    ]
    .into_iter()
    .flatten()
    .collect()
}

fn section(id: &'static str, title: &str, blocks: Vec<Block>) -> Option<Section> {
    (!blocks.is_empty()).then(|| Section { id, title: title.to_owned(), blocks })
}

fn months(sized: &SizedFiling) -> Vec<Block> {
    let without = |usd: Money| Cell::money_or(saved(sized).map(|_| usd), "");
    let row = |it: &SizedMonth| vec![Cell::Month(it.month), Cell::Money(it.usd), without(it.usd_without_levers)];
    let columns = [
        Column::text("month", "Month"),
        Column::number("usd", "As filed"),
        Column::number("usd_without_levers", "Without caching and batch").optional(),
    ];
    let total = [Cell::text("In all"), Cell::Money(sized.total_usd), without(sized.total_usd_without_levers)];
    let table = Table::new("ask_months", "Dollars by month, before tax", columns);
    let layer = |label: &str, tone, of: fn(&SizedMonth) -> Money| Layer {
        label: label.to_owned(),
        tone,
        amounts: sized.months.iter().map(of).collect(),
    };
    let saved: fn(&SizedMonth) -> Money = |it| (it.usd_without_levers - it.usd).at_least_zero();
    let chart = Chart {
        id: "ask-months".to_owned(),
        title: "Planned spend by month".to_owned(),
        description: "What is filed, and above it what caching and batch save.".to_owned(),
        plot: Plot::Months(MonthPlot {
            months: sized.months.iter().map(|it| it.month).collect(),
            layers: vec![
                layer("As filed", Tone::Plan, |it| it.usd),
                layer("Saved by caching and batch", Tone::Covered, saved),
            ],
            whiskers: Vec::new(),
        }),
        table: None,
    };
    vec![Block::Chart(chart), Block::Table(table.rows(sized.months.iter().map(row)).total(total))]
}

fn services(sized: &SizedFiling) -> Block {
    let rows = sized.by_service.iter().map(|it| vec![Cell::text(&it.service), Cell::Money(it.usd)]);
    let columns = [Column::text("service", "AWS service"), Column::number("usd", "As filed")];
    let total = [Cell::text("In all"), Cell::Money(sized.total_usd)];
    Block::Table(Table::new("ask_services", "Projected consumption by AWS service", columns).rows(rows).total(total))
}

fn records(sized: &SizedFiling) -> Block {
    let row = |it: &crate::domain::filing::ask::RecordUsd| {
        vec![
            Cell::text(&it.id),
            Cell::text(it.programme.label()),
            Cell::text(it.use_case.clone().unwrap_or_default()),
            Cell::day_or(it.window.map(|window| window.starts_on), ""),
            Cell::day_or(it.window.map(|window| window.expires_on), ""),
            Cell::Money(it.usd),
            Cell::money_or(it.asked_usd, ""),
        ]
    };
    let columns = [
        Column::text("record", "Record"),
        Column::text("programme", "Programme"),
        Column::text("use_case", "Use case").optional(),
        Column::text("starts_on", "From").optional(),
        Column::text("expires_on", "Until, excluded").optional(),
        Column::number("usd", "As filed"),
        Column::number("asked_usd", "Asks for").optional(),
    ];
    Block::Table(
        Table::new("ask_records", "Records: each describes spend of its own", columns)
            .rows(sized.records.iter().map(row)),
    )
}

fn usage(sized: &SizedFiling) -> Vec<Block> {
    let mut blocks = Vec::new();
    if !sized.tokens.is_empty() {
        let row = |it: &ModelTokens| {
            vec![
                Cell::text(&it.model),
                Cell::Quantity(it.input_millions),
                Cell::Quantity(it.cache_read_millions),
                Cell::Quantity(it.cache_write_millions),
                Cell::Quantity(it.output_millions),
                Cell::Money(it.usd),
                Cell::text(it.why_model.clone().unwrap_or_default()),
            ]
        };
        let columns = [
            Column::text("model", "Model"),
            Column::number("input_millions", "Input"),
            Column::number("cache_read_millions", "Read from cache").optional(),
            Column::number("cache_write_millions", "Written to cache").optional(),
            Column::number("output_millions", "Output"),
            Column::number("usd", "As filed"),
            Column::text("why_model", "Why this model").optional(),
        ];
        let table = Table::new("ask_tokens", "Millions of tokens over the window", columns);
        blocks.push(Block::Table(table.rows(sized.tokens.iter().map(row))));
    }
    if !sized.chip_hours.is_empty() {
        let row = |it: &ChipHours| {
            vec![
                Cell::text(&it.instance_type),
                Cell::Quantity(it.chip_hours),
                Cell::Money(it.usd),
                Cell::text(it.why_model.clone().unwrap_or_default()),
            ]
        };
        let columns = [
            Column::text("instance_type", "Instance type"),
            Column::number("chip_hours", "Chip-hours"),
            Column::number("usd", "As filed"),
            Column::text("why_model", "Why this type").optional(),
        ];
        let table = Table::new("ask_chip_hours", "Chip-hours over the window", columns);
        blocks.push(Block::Table(table.rows(sized.chip_hours.iter().map(row))));
    }
    blocks
}

fn arithmetic(sized: &SizedFiling) -> Vec<Block> {
    let ask = &sized.ask;
    let step = |label: String, amount| vec![Cell::text(label), Cell::Money(amount)];
    let mut steps = vec![step("Planned within the window".to_owned(), sized.total_usd)];
    if ask.cash_usd.is_positive() {
        steps.push(step("Less what no credit pays".to_owned(), -ask.cash_usd));
    }
    steps.push(step("What credit can pay".to_owned(), ask.payable_usd));
    steps.push(step(format!("Headroom of {}", percent_text(ask.headroom)), ask.usd - ask.payable_usd));
    let columns = || [Column::text("step", "Step"), Column::number("amount", "Amount")];
    let total = [Cell::text("The ask that the spend supports"), Cell::Money(ask.usd)];
    let mut blocks =
        vec![Block::Table(Table::new("ask_steps", "The arithmetic", columns()).rows(steps).outcome(total))];
    if !ask.cash.is_empty() {
        let columns = [
            Column::text("what", "What"),
            Column::number("usd", "As filed"),
            Column::text("why", "Why no credit pays it"),
        ];
        let rows =
            ask.cash.iter().map(|it| vec![Cell::text(&it.what), Cell::Money(it.usd), Cell::text(it.why.because())]);
        blocks.push(Block::Table(Table::new("ask_cash", "Cash in any case", columns).rows(rows)));
    }
    blocks
}

fn programmes(sized: &SizedFiling) -> Vec<Block> {
    let yes = |is| Cell::text(if is { "yes" } else { "no" });
    let bands = sized.programmes.iter().filter(|it| it.route == Route::Partner).map(|it| {
        vec![
            Cell::text(it.programme.label()),
            yes(it.fits),
            Cell::Money(it.band.floor),
            Cell::money_or(it.band.typical, "not reported"),
            Cell::money_or(it.band.median, "not reported"),
            Cell::Money(it.band.ceiling),
            Cell::day_or(it.lasts_until, ""),
            Cell::text(&it.source),
        ]
    });
    let columns = [
        Column::text("programme", "Programme"),
        Column::text("fits", "Meant for this spend"),
        Column::number("floor", "At least"),
        Column::number("typical", "Usual"),
        Column::number("median", "Median"),
        Column::number("ceiling", "At most"),
        Column::text("lasts_until", "Its records have used it on").optional(),
        Column::text("source", "Source"),
    ];
    let bands = Table::new("ask_programmes", "What awards are like", columns).rows(bands);
    let possible = sized.possible_routes();
    let late = |it: &ProgrammeFit| it.is_late(sized.filed_on);
    let all_late = !possible.is_empty() && possible.iter().all(|it| late(it));
    let times = possible.iter().map(|it| {
        vec![
            Cell::text(it.programme.label()),
            Cell::text(it.route.as_str()),
            Cell::Day(it.file_by),
            Cell::text(if !all_late && late(it) { "over: file at once, and begin later" } else { "" }),
            Cell::Day(it.lands.from),
            Cell::Day(it.lands.to),
        ]
    });
    let columns = [
        Column::text("programme", "Programme"),
        Column::text("route", "Route"),
        Column::text("file_by", "File by"),
        Column::text("late", "").optional(),
        Column::text("lands_from", "Credit can be there from"),
        Column::text("lands_to", "to"),
    ];
    let times = Table::new("ask_times", "When to file, and when credit can be there", columns).rows(times);
    let gates = Table::new("ask_gates", "What stands before each award", gate_columns());
    let gates = gates.rows(gate_rows(&sized.open_routes()));
    let said = all_late.then(|| Block::Text(TOO_LATE.to_owned()));
    let tables = [bands, times, gates].into_iter().filter(|table| !table.rows.is_empty()).map(Block::Table);
    said.into_iter().chain(tables).collect()
}

/// Said where every day by which to file is over.
const TOO_LATE: &str = "No route brings credit safely before the window begins: file at once, and let the window begin once credit is \
    there, or pay its first days in cash.";

fn gate_columns() -> [Column; 5] {
    [
        Column::text("programme", "Programme"),
        Column::text("gate", "Gate"),
        Column::text("route", "Route"),
        Column::text("state", "State"),
        Column::text("reason", "Why"),
    ]
}

/// Each gate once, with the routes that it stands before.
fn gate_rows(fitting: &[&ProgrammeFit]) -> Vec<Vec<Cell>> {
    let mut rows: Vec<(Programme, &Gate, Vec<&str>)> = Vec::new();
    for (it, gate) in fitting.iter().flat_map(|it| it.gates.iter().map(move |gate| (it, gate))) {
        match rows.iter_mut().find(|(programme, known, _)| *programme == it.programme && *known == gate) {
            Some((.., routes)) => routes.push(it.route.as_str()),
            None => rows.push((it.programme, gate, vec![it.route.as_str()])),
        }
    }
    let row = |(programme, gate, routes): (Programme, &Gate, Vec<&str>)| {
        let routes = if routes.len() == Route::ALL.len() { "any".to_owned() } else { routes.join(", ") };
        vec![
            Cell::text(programme.label()),
            Cell::text(gate.gate.replace('_', " ")),
            Cell::text(routes),
            Cell::text(gate.state_words()),
            Cell::text(&gate.reason),
        ]
    };
    rows.into_iter().map(row).collect()
}

fn awards(sized: &SizedFiling) -> Vec<Block> {
    let rows = sized.awards.iter().map(|it| {
        let names: Vec<&str> = it.programmes.iter().map(|programme| programme.label()).collect();
        let until = it.lasts_until.map_or_else(|| "the whole window".to_owned(), day_text);
        let size = if it.usual { "usual" } else { "the most that can be granted" };
        vec![Cell::text(all_names_text(&names)), Cell::Money(it.usd), Cell::text(size), Cell::text(until)]
    });
    let columns = [
        Column::text("programmes", "An award of"),
        Column::number("usd", "Dollars"),
        Column::text("size", "Which is"),
        Column::text("lasts_until", "Lasts for the spend it is meant for until"),
    ];
    let table = Table::new("ask_awards", "Awards, each for the spend that it is meant for", columns).rows(rows);
    if table.rows.is_empty() { Vec::new() } else { vec![Block::Table(table)] }
}

fn models(sized: &SizedFiling) -> Vec<Block> {
    if sized.models.is_empty() {
        return Vec::new();
    }
    let mix = format!("as filed, on {}", all_names_text(&sized.model_names()));
    let row = |it: &ModelCompared| {
        vec![
            Cell::text(if it.filed { mix.clone() } else { format!("all of them on {}", it.model) }),
            Cell::Money(it.usd),
            Cell::text(if it.filed { "as filed".to_owned() } else { format!("{} times", it.runway_times) }),
        ]
    };
    let columns = [
        Column::text("model", "The tokens of the filing"),
        Column::number("usd", "Cost over the window"),
        Column::number("runway_times", "The same credit lasts"),
    ];
    let table = Table::new("ask_models", "With caching and batch as filed", columns).rows(sized.models.iter().map(row));
    let most = sized.models.first().zip(sized.models.last()).and_then(|(most, least)| most.usd.ratio(least.usd));
    let said = most.map(|times| {
        let times = times.round_dp(if times < Decimal::TEN { 1 } else { 0 }).normalize();
        format!("The choice of the model moves the bill by {times} times.")
    });
    said.map(Block::Text).into_iter().chain([Block::Table(table)]).collect()
}

fn afterwards(sized: &SizedFiling) -> Vec<Block> {
    if sized.afterwards.is_empty() {
        return Vec::new();
    }
    let rows = sized.afterwards.iter().map(|it| vec![Cell::Month(it.month), Cell::Money(it.usd)]);
    let sum: Money = sized.afterwards.iter().map(|it| it.usd).sum();
    if !sum.is_positive() {
        let why = if sized.unpriced.is_empty() { "" } else { "; what has no price is in no amount" };
        let said = format!("Nothing is filed for the months after the window, so no bill is worked out for them{why}.");
        return vec![Block::Text(said)];
    }
    let columns = [Column::text("month", "Month"), Column::number("usd", "The bill, before tax")];
    let table = Table::new("ask_afterwards", "The bill by month once the window has ended", columns);
    vec![Block::Table(table.rows(rows).total([Cell::text("In all"), Cell::Money(sum)]))]
}

fn objections(sized: &SizedFiling) -> Vec<Block> {
    if sized.in_part {
        return Vec::new();
    }
    if sized.objections.is_empty() {
        return vec![Block::Text("Nothing that a reviewer is known to look for.".to_owned())];
    }
    let rows = sized
        .objections
        .iter()
        .map(|it| vec![Cell::text(&it.objection), Cell::Money(it.usd), Cell::text(sentence_text(&it.remedy))]);
    let columns = [
        Column::text("objection", "Objection"),
        Column::number("usd", "Dollars"),
        Column::text("remedy", "What mends it"),
    ];
    vec![Block::Table(Table::new("ask_objections", "Before it is sent", columns).rows(rows))]
}

fn notes() -> Vec<String> {
    vec![
        DISCRETIONARY.to_owned(),
        "Prices are list prices on the day of filing, in US dollars before tax. Each amount is rounded to the cent by itself, so that \
         shown amounts may add up to a few cents more or less."
            .to_owned(),
        "What programmes grant and how long they take is published in part only; the rest is what partners report.".to_owned(),
    ]
}
