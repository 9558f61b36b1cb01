//! What a reviewer asks: the filing's assumptions, its credibility, the next ask, and awards as earned value.

use rust_decimal::Decimal;

use super::document::{Block, Cell, Column, Figure, Section, Table};
use super::pool_order::left_first;
use super::words;
use crate::domain::credit::programme::Programme;
use crate::domain::filing::review::{
    AskBound, Assumption, Claim, EarnedValue, GrantedBand, Measure, NextAsk, PoolValue, Question, Verdict,
};
use crate::domain::position::Position;
use crate::domain::values::money::{Money, Quantity};
use crate::domain::values::words::usd_text;

/// The sections on the filing and the ask, empty ones left out.
pub(super) fn sections(position: &Position) -> Vec<Section> {
    let review = &position.review;
    let section = |id, title: &str, blocks: Vec<Block>| {
        (!blocks.is_empty()).then(|| Section { id, title: title.to_owned(), blocks })
    };
    let assumptions = if review.assumptions.is_empty() { Vec::new() } else { assumption_blocks(&review.assumptions) };
    let claims = if review.claims.is_empty() { Vec::new() } else { claim_blocks(&review.claims) };
    let ask = if position.data_through.is_some() { ask_blocks(position) } else { Vec::new() };
    let value = review.earned_value.as_ref().map(|value| value_blocks(position, value)).unwrap_or_default();
    [
        section("credibility", "What was claimed, against the bill", claims),
        section("assumptions", "Assumptions: filed against implied", assumptions),
        section("next-ask", "The next ask", ask),
        section("earned-value", "Awards as earned value", value),
    ]
    .into_iter()
    .flatten()
    .collect()
}

/// What the summary should not leave to the sections: claims that the bill contradicts, and the next ask.
pub(super) fn summary(position: &Position) -> Vec<String> {
    let doubtful = |claim: &&Claim| !matches!(claim.verdict, Verdict::Supported | Verdict::NotEnoughData);
    let mut sentences: Vec<String> =
        position.review.claims.iter().filter(doubtful).map(|claim| claim.statement.clone()).collect();
    sentences.extend(ask_sentence(position));
    sentences.extend(granted_sentence(position));
    sentences
}

/// The next ask in a sentence; `None` where there is none.
pub(super) fn ask_sentence(position: &Position) -> Option<String> {
    let ask = position.review.next_ask.as_ref()?;
    let programme = ask.programme.map_or_else(String::new, |programme| format!(" ({})", programme.label()));
    Some(format!(
        "Spend supports a next ask of {}{programme} beyond the {} still held, before tax.",
        ask.amount.dollars(),
        ask.held.dollars()
    ))
}

/// What is granted so far of the band that all awards but the accelerator's reach together; `None` where nothing is known of it.
pub(super) fn granted_sentence(position: &Position) -> Option<String> {
    position.review.granted_band.map(|band| band.sentence())
}

/// The ask as a figure, and what is granted so far.
pub(super) fn figures(position: &Position) -> Vec<Figure> {
    let granted = |band: GrantedBand| Figure {
        key: "granted_band",
        label: "Granted so far".to_owned(),
        value: Cell::Money(band.granted),
        detail: format!("of about {}, the band of all awards but the accelerator's", usd_text(band.ceiling)),
    };
    let figure = |ask: &NextAsk| Figure {
        key: "next_ask",
        label: "Next ask supported".to_owned(),
        value: Cell::Money(ask.amount),
        // A reader from outside gets the result without the months that it rests on.
        detail: if ask.average_month.is_zero() {
            format!("beyond the {} still held", ask.held.dollars())
        } else {
            match ask.bound() {
                AskBound::Spend => {
                    let (months, month) = (ask.award_months, ask.average_month.dollars());
                    format!("{months} months at {month}, less credit held, before tax")
                }
                AskBound::Uncovered => "usage of the next 365 days that no credit will cover, before tax".to_owned(),
                AskBound::Programme => "the most that the programme can still grant".to_owned(),
            }
        },
    };
    let granted = position.review.granted_band.map(granted);
    position.review.next_ask.iter().map(figure).chain(granted).collect()
}

/// How the figures are meant, for a careful reader.
pub(super) fn notes(position: &Position) -> Vec<String> {
    let mut notes = Vec::new();
    if position.review.earned_value.is_some() {
        notes.push(
            "Earned value takes an award as a project whose work is to be drawn: the value earned is the credit drawn, so \
             only schedule and completion can vary. The estimate at completion goes on at the rate of the last 28 days."
                .to_owned(),
        );
    }
    if !position.review.claims.is_empty() {
        notes.push(
            "Spend counts as under a projection below 75 % of it, and as over it above 125 %, over the last full months, three \
             at most."
                .to_owned(),
        );
    }
    notes
}

fn claim_blocks(claims: &[Claim]) -> Vec<Block> {
    let row = |claim: &Claim| {
        vec![
            Cell::text(question(claim.question)),
            Cell::text(&claim.about),
            Cell::text(verdict(claim)),
            Cell::text(&claim.statement),
        ]
    };
    let figures = claims.iter().flat_map(|claim| {
        claim.figures.iter().map(|step| {
            vec![
                Cell::text(question(claim.question)),
                Cell::text(&claim.about),
                Cell::text(&step.label),
                Cell::Money(step.amount),
            ]
        })
    });
    let (question, of) = (Column::text("question", "Claim"), Column::text("about", "Of"));
    let (verdict, words) = (Column::text("verdict", "Verdict"), Column::text("statement", "In words"));
    let said = Table::new(
        "claims",
        "What the filing claims, and what the bill says",
        [question.clone(), of.clone(), verdict, words],
    );
    let (figure, amount) = (Column::text("figure", "Figure"), Column::number("amount", "Amount"));
    let behind = Table::new("claim_figures", "The figures behind it", [question, of, figure, amount]);
    let pace = claims.iter().any(|claim| claim.question == Question::Pace);
    let committed = claims.iter().any(|claim| claim.question == Question::Commitment);
    let tables = [said.rows(claims.iter().map(row)), behind.rows(figures)];
    let words = [pace.then_some(AT_RUN_RATE), committed.then_some(OTHER_CLOUDS)];
    let words = words.into_iter().flatten().map(|text| Block::Text(text.to_owned()));
    words.chain(tables.map(Block::Table)).collect()
}

const fn question(question: Question) -> &'static str {
    match question {
        Question::Pace => "Pace",
        Question::Projection => "Projection",
        Question::Commitment => "Commitment",
    }
}

const fn verdict(claim: &Claim) -> &'static str {
    match (claim.question, claim.verdict) {
        (_, Verdict::Supported) => "yes",
        (_, Verdict::NotEnoughData) => "not enough data",
        (Question::Pace, _) => "under",
        (Question::Projection, Verdict::Below) => "under",
        (Question::Projection, Verdict::Above) => "over",
        (Question::Commitment, Verdict::Below) => "under",
        (Question::Commitment, Verdict::Above) => "elsewhere",
    }
}

fn assumption_blocks(assumptions: &[Assumption]) -> Vec<Block> {
    let row = |it: &Assumption| {
        vec![
            Cell::text(&it.of),
            Cell::text(measure(it.measure)),
            it.filed.map_or(Cell::Absent("not filed"), |value| valued(it.measure, value)),
            it.implied.map_or(Cell::Absent("not enough data"), |value| valued(it.measure, value)),
            Cell::Count(it.days as u64),
            Cell::text(it.not_enough_data.clone().unwrap_or_else(|| words::days(it.window))),
            Cell::text(&it.record),
        ]
    };
    let columns = [
        Column::text("of", "Model or type"),
        Column::text("assumption", "Assumption"),
        Column::number("filed", "Filed"),
        Column::number("implied", "Implied"),
        Column::number("days", "Days with usage"),
        Column::text("rests_on", "Rests on"),
        Column::text("record", "Record"),
    ];
    let table = Table::new("assumptions", "What was assumed, and what the bill implies", columns);
    vec![Block::Table(table.rows(assumptions.iter().map(row)))]
}

const fn measure(measure: Measure) -> &'static str {
    match measure {
        Measure::CacheHit => "Cache hits, of input",
        Measure::Batch => "Batch, of all tokens",
        Measure::InRegion => "In-region, of all tokens",
        Measure::OutputToInput => "Output tokens per input token",
        Measure::UsdPerMillionTokens => "Price per million tokens",
        Measure::GrowthPerMonth => "Growth a month",
        Measure::ChipHoursPerMonth => "Chip-hours a month",
        Measure::UsdPerChipHour => "Price per chip-hour",
    }
}

fn valued(measure: Measure, value: Decimal) -> Cell {
    match measure {
        Measure::CacheHit | Measure::Batch | Measure::InRegion | Measure::GrowthPerMonth => {
            Cell::Percent(value.saturating_mul(Decimal::ONE_HUNDRED))
        }
        Measure::OutputToInput | Measure::ChipHoursPerMonth => Cell::Quantity(Quantity::from_decimal(value)),
        Measure::UsdPerMillionTokens | Measure::UsdPerChipHour => Cell::Money(Money::from_decimal(value)),
    }
}

fn ask_blocks(position: &Position) -> Vec<Block> {
    let Some(ask) = &position.review.next_ask else {
        let why = position.review.no_ask.map(|why| why.because(position.award_meant.programme));
        let none = format!("No ask is supported{}.", why.map(|why| format!(": {why}")).unwrap_or_default());
        return [none].into_iter().chain(granted_sentence(position)).map(Block::Text).collect();
    };
    let row = |step: &crate::domain::filing::review::Step| vec![Cell::text(&step.label), Cell::Money(step.amount)];
    let columns = [Column::text("step", "Step"), Column::number("amount", "Amount")];
    let mut blocks = vec![Block::Text(
        "What recent spend supports, without any growth, and no more than will find no credit or than the programme can still \
         grant. Upfront fees, support, tax and services that no credit pays are left out."
            .to_owned(),
    )];
    if !ask.steps.is_empty() {
        blocks.push(Block::Table(Table::new("next_ask", "The arithmetic", columns).rows(ask.steps.iter().map(row))));
    }
    let said = [granted_sentence(position), beyond_the_band(position, ask), difference(ask), expected(position, ask)];
    blocks.extend(said.into_iter().flatten().map(Block::Text));
    blocks
}

/// That the ask is more than is left of the band, where its programme counts towards it.
fn beyond_the_band(position: &Position, ask: &NextAsk) -> Option<String> {
    let left = position.review.granted_band?.left();
    let counted = ask.programme.is_some_and(|programme| programme != Programme::Accelerator);
    let left_text = usd_text(left);
    (counted && ask.amount > left).then(|| format!("The ask goes beyond the band, of which {left_text} is left."))
}

/// What to apply for where AWS grants the difference to earlier awards; `None` without any.
fn difference(ask: &NextAsk) -> Option<String> {
    let label = ask.programme?.label();
    ask.already_granted.is_positive().then(|| {
        format!(
            "{label} awards of {} were granted before. Where AWS grants the difference to them, apply for {} in total.",
            usd_text(ask.already_granted),
            usd_text(ask.already_granted + ask.amount)
        )
    })
}

/// What the outlook says of the months of an ask, which is worked out without any growth; `None` where it does not reach so far.
fn expected(position: &Position, ask: &NextAsk) -> Option<String> {
    let months = usize::try_from(ask.award_months).ok()?;
    let bills = position.trajectory.get(..months)?;
    let (first, last) = (bills.first()?.month, bills.last()?.month);
    let usage: Money = bills.iter().map(|bill| bill.gross).sum();
    Some(format!(
        "The outlook expects {} of usage over the same {months} months, {} to {} on its middle path, whatever may pay for it.",
        usd_text(usage),
        words::month(first),
        words::month(last)
    ))
}

/// What a bill cannot know.
const OTHER_CLOUDS: &str = "This is what the AWS bill shows. What runs on other clouds, or is bought from model makers themselves, is not \
    visible in it.";

/// Why a day here can differ from the outlook's.
const AT_RUN_RATE: &str = "These dates assume that the 28-day average continues. The outlook forecasts each workload with its odds, so \
    its dates can lie some days away.";

fn value_blocks(position: &Position, value: &EarnedValue) -> Vec<Block> {
    let cells = |it: &PoolValue| {
        vec![
            Cell::text(&it.name),
            Cell::Money(it.granted),
            Cell::money_or(it.planned_to_date, ""),
            Cell::Money(it.drawn_to_date),
            Cell::money_or(it.ahead_of_plan, ""),
            Cell::Money(it.run_rate),
            Cell::Money(it.estimate_at_completion),
            Cell::Money(it.variance_at_completion),
            Cell::day_or(it.completes_on, "not before it expires"),
        ]
    };
    let ordered = left_first(position).into_iter().filter_map(|index| value.pools.get(index));
    let columns = [
        Column::text("pool", "Pool"),
        Column::number("granted", "Granted (BAC)"),
        Column::number("planned_to_date", "Plan to date (PV)").optional(),
        Column::number("drawn_to_date", "Drawn to date (AC = EV)"),
        Column::number("ahead_of_plan", "Ahead of plan (SV)").optional(),
        Column::number("run_rate", "Run rate a day"),
        Column::number("estimate_at_completion", "At completion (EAC)"),
        Column::number("variance_at_completion", "Unused at completion (VAC)"),
        Column::text("completes_on", "Drawn to its end, at the 28-day rate"),
    ];
    let table = Table::new("earned_value", "Plan to date, drawn to date, and where each award ends", columns);
    vec![Block::Text(AT_RUN_RATE.to_owned()), Block::Table(table.rows(ordered.map(cells)).total(cells(&value.total)))]
}
