//! Reads a filing's TOML and reports every problem at once, each with its line and a remedy.
//!
//! The file is walked as a tree with positions instead of being deserialised, because a deserialiser stops at its
//! first mistake. Unknown keys are mistakes: a misspelt key would otherwise plan something else than was meant.

mod reader;

use std::ops::Range;

use chrono::NaiveDate;
use rust_decimal::Decimal;
use toml::de::{DeTable, DeValue};

use super::problem::{ProjectionProblem, line_at, suggest};
use super::{
    AcceleratorLine, AmountMonth, FiledProjection, FiledRecord, OUTSIDE, ServiceLine, TokenLine, TokenMonth,
    accelerator_workload, content_hash, fold_instance_type,
};
use crate::domain::money::{Money, Quantity};
use crate::domain::period::BillingPeriod;
use crate::domain::price::PriceBook;
use crate::domain::service;
use crate::domain::workload::{Direction, Routing, Tier};
use reader::Reader;

/// Tokens in the file's unit, a million.
const MILLION: i64 = 1_000_000;
/// Largest monthly volume, in millions of tokens, and largest number of chip-hours: far beyond any customer's.
const MAX_VOLUME: i64 = 1_000_000_000;
/// Most runs a month: one every five minutes.
const MAX_RUNS: i64 = 10_000;

impl FiledProjection {
    /// Reads a filing and checks it against the built-in price book.
    ///
    /// # Errors
    /// Every problem, in order of line.
    ///
    /// ```
    /// use glidepath::domain::projection::FiledProjection;
    /// let problems = FiledProjection::parse("filed_on = \"2026-02-01\"\n[[record]]\nid = \"outside\"\n").unwrap_err();
    /// assert_eq!(problems.iter().map(|problem| problem.line).collect::<Vec<_>>(), [2, 3]);
    /// ```
    pub fn parse(text: &str) -> Result<Self, Vec<ProjectionProblem>> {
        FiledProjection::parse_with(text, &PriceBook::builtin())
    }

    /// Reads a filing and checks it against `book`.
    ///
    /// # Errors
    /// Every problem, in order of line.
    pub fn parse_with(text: &str, book: &PriceBook) -> Result<Self, Vec<ProjectionProblem>> {
        let root = DeTable::parse(text).map_err(|error| {
            vec![ProjectionProblem {
                line: line_at(text, error.span().map_or(0, |span| span.start)),
                problem: format!("the file is not TOML: {}", error.message()),
                remedy: "correct the syntax; everything after it is unread".to_owned(),
            }]
        })?;
        let mut filing = FilingReader { read: Reader::new(text), book, claims: Vec::new(), ids: Vec::new() };
        let projection = filing.file(root.get_ref());
        let mut problems = filing.read.into_problems();
        problems.sort();
        match projection {
            Some(projection) if problems.is_empty() => Ok(projection),
            _ => Err(problems),
        }
    }
}

/// What a line claims as its own; no two lines may claim the same.
#[derive(PartialEq, Eq)]
enum Claim {
    Model(String),
    InstanceType(String),
    Service(String),
}

struct FilingReader<'t> {
    read: Reader<'t>,
    book: &'t PriceBook,
    /// What earlier lines claim, with the record and the line in the file.
    claims: Vec<(Claim, String, usize)>,
    /// Record ids so far, with the line in the file.
    ids: Vec<(String, usize)>,
}

impl FilingReader<'_> {
    fn file(&mut self, root: &DeTable<'_>) -> Option<FiledProjection> {
        const KEYS: [&str; 5] = ["filed_on", "asked_for", "deal_size_usd", "post_credit_growth_per_month", "record"];
        self.read.known_keys(root, "a filing", &KEYS);
        let filed_on = self.filed_on(root);
        let asked_for = self.read.optional_text(root, "asked_for");
        let deal_size_usd = self.read.optional_usd(root, "deal_size_usd");
        let growth = self.read.growth(root, "post_credit_growth_per_month");
        let mut records = Vec::new();
        for (table, span) in self.read.tables(root, "record") {
            let filed_on = filed_on.unwrap_or(NaiveDate::MAX);
            records.extend(self.record(table, span, filed_on));
        }
        if reader::lacks(root, "record") {
            self.read.problem(0..0, "the filing has no record", "add a [[record]] with an id and at least one line");
        }
        Some(FiledProjection {
            filed_on: filed_on?,
            asked_for,
            deal_size_usd,
            post_credit_growth_per_month: growth,
            records,
            content_hash: content_hash(self.read.text()),
        })
    }

    fn filed_on(&mut self, root: &DeTable<'_>) -> Option<NaiveDate> {
        let Some(value) = root.get("filed_on") else {
            self.read.problem(0..0, "filed_on is missing", "add the day of filing, like filed_on = \"2026-02-01\"");
            return None;
        };
        // TOML has dates of its own; what people mean by both spellings is the same day.
        let text = match value.get_ref() {
            DeValue::String(text) => text.to_string(),
            DeValue::Datetime(date) => date.to_string(),
            other => format!("a {}", other.type_str()),
        };
        let parsed = text.parse().ok();
        if parsed.is_none() {
            let problem = format!("filed_on is {text:?}, which is not a day");
            self.read.problem(value.span(), problem, "write it like filed_on = \"2026-02-01\"");
        }
        parsed
    }

    fn record(&mut self, table: &DeTable<'_>, span: Range<usize>, filed_on: NaiveDate) -> Option<FiledRecord> {
        self.read.known_keys(table, "a record", &["id", "tokens", "accelerators", "service"]);
        let id = self.record_id(table, span.clone());
        let owner = id.clone().unwrap_or_else(|| "without id".to_owned());
        let (mut tokens, mut accelerators, mut services) = (Vec::new(), Vec::new(), Vec::new());
        for (line, at) in self.read.tables(table, "tokens") {
            tokens.extend(self.token_line(line, at, &owner, filed_on));
        }
        for (line, at) in self.read.tables(table, "accelerators") {
            accelerators.extend(self.accelerator_line(line, at, &owner, filed_on));
        }
        for (line, at) in self.read.tables(table, "service") {
            services.extend(self.service_line(line, at, &owner));
        }
        if ["tokens", "accelerators", "service"].iter().all(|lines| reader::lacks(table, lines)) {
            self.read.problem(
                span,
                format!("record {owner:?} plans nothing"),
                "add a [[record.tokens]], [[record.accelerators]] or [[record.service]] line, or remove the record",
            );
        }
        Some(FiledRecord { id: id?, tokens, accelerators, services })
    }

    fn record_id(&mut self, table: &DeTable<'_>, span: Range<usize>) -> Option<String> {
        let (id, at) = self.read.required_text(table, span, "id", "ai")?;
        let line = self.read.line(&at);
        if id == OUTSIDE {
            let problem = format!("a record has the id {OUTSIDE:?}, which means spend that no record describes");
            self.read.problem(at, problem, "choose another id");
        } else if let Some((_, other)) = self.ids.iter().find(|(known, _)| *known == id) {
            let problem = format!("two records have the id {id:?}: here and in line {other}");
            self.read.problem(at, problem, "give each record an id of its own, or merge the two");
        } else {
            self.ids.push((id.clone(), line));
        }
        Some(id)
    }

    /// Notes what a line claims, or reports whose it already is.
    fn claim(&mut self, claim: Claim, name: &str, owner: &str, at: Range<usize>) {
        let line = self.read.line(&at);
        if let Some((_, other, other_line)) = self.claims.iter().find(|(known, ..)| *known == claim) {
            let problem = format!(
                "{name:?} is planned twice: by record {other:?} in line {other_line} and by record {owner:?} here"
            );
            self.read.problem(at, problem, "each spend belongs to one line of one record; keep one of the two");
        } else {
            self.claims.push((claim, owner.to_owned(), line));
        }
    }

    fn token_line(
        &mut self,
        table: &DeTable<'_>,
        span: Range<usize>,
        owner: &str,
        filed_on: NaiveDate,
    ) -> Option<TokenLine> {
        const KEYS: [&str; 6] = ["model", "monthly", "growth_per_month", "cache_hit", "batch", "routing"];
        self.read.known_keys(table, "a tokens line", &KEYS);
        let model = self.read.required_text(table, span.clone(), "model", "Claude Sonnet 5");
        let monthly = self.read.monthly(table, &span, &["from", "input_millions", "output_millions"], token_month);
        let line = TokenLine {
            model: model.as_ref().map(|(model, _)| model.clone()).unwrap_or_default(),
            monthly,
            growth_per_month: self.read.growth(table, "growth_per_month").unwrap_or_default(),
            cache_hit: self.read.share(table, "cache_hit"),
            batch: self.read.share(table, "batch"),
            routing: self.routing(table),
        };
        let (model, at) = model?;
        if self.book.knows_model(&model) {
            self.check_priced(&line, at.clone(), filed_on);
        } else {
            let near = suggest(&model, self.book.model_names());
            self.unknown(at.clone(), "model", &model, &near);
        }
        self.claim(Claim::Model(model.clone()), &model, owner, at);
        Some(line)
    }

    fn routing(&mut self, table: &DeTable<'_>) -> Routing {
        let Some((text, at)) = self.read.text_value(table, "routing") else { return Routing::Global };
        match text.as_str() {
            "global" => Routing::Global,
            "in_region" => Routing::InRegion,
            _ => {
                let problem = format!("routing is {text:?}, which is not a routing");
                self.read.problem(at, problem, "write routing = \"global\" or \"in_region\" (also for us., eu., ...)");
                Routing::Global
            }
        }
    }

    fn check_priced(&mut self, line: &TokenLine, at: Range<usize>, filed_on: NaiveDate) {
        let planned = |volume: fn(&TokenMonth) -> Quantity| line.monthly.iter().any(|entry| !volume(entry).is_zero());
        let needed = [
            ("input", Direction::Input, planned(|entry| entry.input)),
            ("output", Direction::Output, planned(|entry| entry.output)),
        ];
        for (name, direction, needed) in needed {
            let price = self.book.price(&line.model, direction, None, Tier::OnDemand, line.routing, filed_on);
            if needed && price.is_none() {
                let problem = format!("{:?} is unpriced: the price book has no {name} price for it", line.model);
                let remedy =
                    format!("plan no {name} tokens for it, or file its cost as an amount in a [[record.service]] line");
                self.read.problem(at.clone(), problem, remedy);
            }
        }
    }

    fn unknown(&mut self, at: Range<usize>, what: &str, name: &str, near: &[String]) {
        let remedy = if near.is_empty() {
            format!("write the {what} as the price book names it, or file its cost in a [[record.service]] line")
        } else {
            format!("did you mean {}?", near.join(", or "))
        };
        self.read.problem(at, format!("{what} {name:?} is not in the price book"), remedy);
    }

    fn accelerator_line(
        &mut self,
        table: &DeTable<'_>,
        span: Range<usize>,
        owner: &str,
        filed_on: NaiveDate,
    ) -> Option<AcceleratorLine> {
        const KEYS: [&str; 4] = ["instance_type", "chip_hours_per_run", "runs_per_month", "from"];
        self.read.known_keys(table, "an accelerators line", &KEYS);
        let volume = |reader: &mut Self, key, example, max: i64| {
            reader.read.required_volume(table, span.clone(), key, example, Decimal::from(max))
        };
        let chip_hours = volume(self, "chip_hours_per_run", "9216", MAX_VOLUME);
        let runs = volume(self, "runs_per_month", "1", MAX_RUNS);
        let from = self.read.text_value(table, "from").and_then(|(text, at)| self.read.month(&text, at));
        let (instance_type, at) = self.read.required_text(table, span.clone(), "instance_type", "trn1.32xlarge")?;
        match self.book.accelerator(&instance_type, filed_on) {
            Some(price) if accelerator_workload(&instance_type).is_some() => {
                if price.usd_per_hour.is_none() {
                    let problem = format!("{instance_type:?} is unpriced: it has no on-demand list price");
                    let remedy = "file its cost as an amount in a [[record.service]] line, from your own quote";
                    self.read.problem(at.clone(), problem, remedy);
                }
            }
            _ => {
                let near = suggest(&instance_type, self.book.instance_types());
                self.unknown(at.clone(), "instance type", &instance_type, &near);
            }
        }
        let folded = fold_instance_type(&instance_type).to_owned();
        self.claim(Claim::InstanceType(folded), &instance_type, owner, at);
        Some(AcceleratorLine {
            instance_type,
            chip_hours_per_run: Quantity::from_decimal(chip_hours?),
            runs_per_month: runs?,
            from,
        })
    }

    fn service_line(&mut self, table: &DeTable<'_>, span: Range<usize>, owner: &str) -> Option<ServiceLine> {
        self.read.known_keys(table, "a service line", &["service", "monthly", "growth_per_month"]);
        let monthly = self.read.monthly(table, &span, &["from", "usd"], amount_month);
        let growth_per_month = self.read.growth(table, "growth_per_month").unwrap_or_default();
        let (service, at) = self.read.required_text(table, span, "service", "Amazon Relational Database Service")?;
        self.claim(Claim::Service(service::fold(&service)), &service, owner, at);
        Some(ServiceLine { service, monthly, growth_per_month })
    }
}

/// One entry of a tokens line's month table.
fn token_month(
    read: &mut Reader<'_>,
    entry: &DeTable<'_>,
    span: Range<usize>,
    from: BillingPeriod,
) -> Option<TokenMonth> {
    let limit = Decimal::from(MAX_VOLUME);
    let mut tokens = |key| read.optional_volume(entry, key, limit).map(|v| v.map(|v| v * Decimal::from(MILLION)));
    let (input, output) = (tokens("input_millions")?, tokens("output_millions")?);
    if input.is_none() && output.is_none() {
        read.problem(span, "this month plans no tokens", "add input_millions and output_millions");
    }
    let quantity = |tokens: Option<Decimal>| Quantity::from_decimal(tokens.unwrap_or_default());
    Some(TokenMonth { from, input: quantity(input), output: quantity(output) })
}

/// One entry of a service line's month table.
fn amount_month(
    read: &mut Reader<'_>,
    entry: &DeTable<'_>,
    span: Range<usize>,
    from: BillingPeriod,
) -> Option<AmountMonth> {
    if !entry.contains_key("usd") {
        read.problem(span, "usd is missing", "add the month's amount, like usd = \"400\"");
    }
    let usd: Option<Money> = read.optional_usd(entry, "usd");
    usd.map(|usd| AmountMonth { from, usd })
}
