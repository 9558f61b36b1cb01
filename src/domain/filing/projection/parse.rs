//! Reads a filing's TOML and reports every problem at once, each with its line and a remedy.
//!
//! The file is walked as a tree with positions instead of being deserialised, because a deserialiser stops at its
//! first mistake. Unknown keys are mistakes: a misspelt key would otherwise plan something else than was meant.

mod application;
mod checks;
mod filing_reader;
mod reader;

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use chrono::NaiveDate;
use rust_decimal::Decimal;
use toml::Spanned;
use toml::de::DeTable;

use super::problem::{Lines, ProjectionProblem};
use super::{
    AcceleratorLine, AmountMonth, FiledProjection, FiledRecord, OUTSIDE, RunMonth, ServiceLine, TokenLine, TokenMonth,
    accelerator_workload, content_hash,
};
use crate::billing::price::PriceBook;
use crate::values::bounds;
use crate::values::money::{Money, Quantity};
use crate::values::period::BillingPeriod;
use crate::values::workload::{CacheLifetime, Routing};
use filing_reader::FilingReader;
pub use filing_reader::service_of_model;
use reader::Reader;

/// Tokens in the file's unit, a million.
const MILLION: i64 = 1_000_000;

impl FiledProjection {
    /// Reads a filing and checks it against the built-in price book.
    ///
    /// # Errors
    /// Every problem, in order of line.
    ///
    /// ```
    /// use glidepath_domain::filing::projection::FiledProjection;
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
        FilingReader::read(text, book, false)
    }

    /// Reads a filing that was checked when it was frozen. What `book` has ceased to list since, or rules that have changed
    /// make overlap, is a remark and no mistake: a line without a price is planned as unpriced, and the rest of the filing
    /// stays reportable.
    ///
    /// # Errors
    /// Every problem of the text, in order of line.
    pub fn parse_frozen(text: &str, book: &PriceBook) -> Result<Self, Vec<ProjectionProblem>> {
        FilingReader::read(text, book, true)
    }
}

impl<'t> FilingReader<'t> {
    fn read(text: &'t str, book: &'t PriceBook, frozen: bool) -> Result<FiledProjection, Vec<ProjectionProblem>> {
        let root = DeTable::parse(text).map_err(|error| {
            vec![ProjectionProblem {
                line: Lines::of(text).at(error.span().map_or(0, |span| span.start)),
                problem: format!("the file is not TOML: {}", error.message()),
                remedy: "correct the syntax; everything after it is unread".to_owned(),
            }]
        })?;
        let read = Reader::new(text, frozen);
        let mut filing =
            FilingReader { read, book, frozen, ids: BTreeMap::new(), floating: BTreeSet::new(), windows: Vec::new() };
        let projection = filing.file(root.get_ref());
        let (problems, remarks) = filing.read.into_problems();
        match projection {
            Some(projection) if problems.is_empty() => Ok(FiledProjection { remarks, ..projection }),
            _ => Err(problems),
        }
    }
}

impl FilingReader<'_> {
    fn file(&mut self, root: &DeTable<'_>) -> Option<FiledProjection> {
        const OWN: [&str; 10] = [
            "filed_on",
            "corrects",
            "asked_for",
            "customer",
            "customer_url",
            "headroom",
            "deal_size_usd",
            "post_credit_growth_per_month",
            "company",
            "record",
        ];
        self.read.known_keys(root, "a filing", &[OWN.as_slice(), &application::KEYS].concat());
        let filed_on = self.filed_on(root);
        let corrects = self.read.version(root, "corrects");
        let asked_for = self.read.optional_text(root, "asked_for");
        let customer = self.read.optional_text(root, "customer");
        let customer_url = self.customer_url(root);
        let application = self.application(root);
        let headroom = self.headroom(root);
        let company = self.company(root, filed_on);
        let deal_size_usd = self.read.optional_usd(root, "deal_size_usd");
        let growth = self.read.growth(root, "post_credit_growth_per_month");
        let mut records = Vec::new();
        for (table, span) in self.read.tables(root, "record") {
            records.extend(self.record(table, span));
        }
        if reader::lacks(root, "record") {
            self.read.problem(0..0, "the filing has no record", "add a [[record]] with an id and at least one line");
        }
        let mut filing = FiledProjection {
            filed_on: filed_on?,
            corrects,
            asked_for,
            customer,
            customer_url,
            application,
            headroom,
            company,
            deal_size_usd,
            post_credit_growth_per_month: growth,
            records,
            remarks: Vec::new(),
            content_hash: content_hash(self.read.text()),
        };
        self.anchor(&mut filing);
        self.check_windows(filing.filed_on);
        self.check_amounts(&filing);
        self.check_months(&filing);
        self.check_overlaps(&filing);
        self.remark_unpriced(&filing);
        self.remark_own_prices(&filing);
        self.remark_shared_services(&filing);
        self.remark_spellings(&filing);
        Some(filing)
    }

    fn filed_on(&mut self, root: &DeTable<'_>) -> Option<NaiveDate> {
        self.read.required_day(root, 0..0, "filed_on")
    }

    fn record(&mut self, table: &DeTable<'_>, span: Range<usize>) -> Option<FiledRecord> {
        const OWN: [&str; 4] = ["id", "tokens", "accelerators", "service"];
        self.read.known_keys(table, "a record", &[OWN.as_slice(), &application::KEYS].concat());
        let id = self.record_id(table, span.clone());
        let application = self.application(table);
        let name = id.as_ref().map_or("without id", |(id, _)| id).to_owned();
        let (mut tokens, mut accelerators, mut services) = (Vec::new(), Vec::new(), Vec::new());
        for (line, at) in self.read.tables(table, "tokens") {
            tokens.extend(self.token_line(line, at));
        }
        for (line, at) in self.read.tables(table, "accelerators") {
            accelerators.extend(self.accelerator_line(line, at));
        }
        for (line, at) in self.read.tables(table, "service") {
            services.extend(self.service_line(line, at));
        }
        if ["tokens", "accelerators", "service"].iter().all(|lines| reader::lacks(table, lines)) {
            self.read.problem(
                span,
                format!("record {name:?} plans nothing"),
                "add a [[record.tokens]], [[record.accelerators]] or [[record.service]] line, or remove the record",
            );
        }
        let (id, line) = id?;
        Some(FiledRecord { id, application, tokens, accelerators, services, line })
    }

    fn record_id(&mut self, table: &DeTable<'_>, span: Range<usize>) -> Option<(String, usize)> {
        let (id, at) = self.read.required_text(table, span, "id", "ai")?;
        let line = self.read.line(&at);
        if id == OUTSIDE {
            let problem = format!("a record has the id {OUTSIDE:?}, which means spend that no record describes");
            self.read.problem(at, problem, "choose another id");
        } else if let Some(other) = self.ids.get(&id) {
            let problem = format!("two records have the id {id:?}: here and in line {other}");
            self.read.problem(at, problem, "give each record an id of its own, or merge the two");
        } else {
            self.ids.insert(id.clone(), line);
        }
        Some((id, line))
    }

    fn token_line(&mut self, table: &DeTable<'_>, span: Range<usize>) -> Option<TokenLine> {
        const KEYS: [&str; 9] = [
            "model",
            "monthly",
            "growth_per_month",
            "cache_hit",
            "cache_write",
            "cache_lifetime",
            "batch",
            "routing",
            "why_model",
        ];
        self.read.known_keys(table, "a tokens line", &KEYS);
        let model = self.read.required_text(table, span.clone(), "model", "Claude Sonnet 5");
        let monthly = self.read.monthly(table, &span, &["from", "input_millions", "output_millions"], token_month);
        let growth_per_month = self.read.growth(table, "growth_per_month").unwrap_or_default();
        let cache_hit = self.read.share(table, "cache_hit");
        let cache_write = self.read.share(table, "cache_write");
        let cache_lifetime = self.cache_lifetime(table, cache_write);
        if cache_hit + cache_write > Decimal::ONE {
            let at = table.get("cache_write").map_or(span, Spanned::span);
            let problem = format!("cache_hit {cache_hit} and cache_write {cache_write} are more than all of the input");
            self.read.problem(at, problem, "both are shares of the input; together they are at most 1");
        }
        let batch = self.read.share(table, "batch");
        let routing = self.routing(table);
        let why_model = self.read.optional_text(table, "why_model");
        let (model, at) = model?;
        if !self.frozen && !self.book.knows_model(&model) {
            let near = self.read.near(&model, self.book.model_names());
            self.unknown(at.clone(), "model", &model, &near);
        }
        let line = self.read.note_line(&at, table);
        Some(TokenLine {
            model,
            monthly,
            growth_per_month,
            cache_hit,
            cache_write,
            cache_lifetime,
            batch,
            routing,
            why_model,
            line,
        })
    }

    fn cache_lifetime(&mut self, table: &DeTable<'_>, cache_write: Decimal) -> CacheLifetime {
        let Some((text, at)) = self.read.text_value(table, "cache_lifetime") else { return CacheLifetime::FiveMinutes };
        let lifetime = match text.as_str() {
            "5m" => CacheLifetime::FiveMinutes,
            "1h" => CacheLifetime::OneHour,
            _ => {
                let problem = format!("cache_lifetime is {text:?}, which is not a lifetime");
                self.read.problem(at, problem, "write cache_lifetime = \"5m\" (five minutes) or \"1h\" (one hour)");
                return CacheLifetime::FiveMinutes;
            }
        };
        if cache_write.is_zero() {
            let line = self.read.line(&at);
            self.read.remark(
                line,
                "cache_lifetime prices what is written to the cache, and the line plans no writes",
                "add cache_write, the share of input that is written, like cache_write = \"0.05\"",
            );
        }
        lifetime
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

    fn unknown(&mut self, at: Range<usize>, what: &str, name: &str, near: &[String]) {
        let remedy = if near.is_empty() {
            format!("write the {what} as the price book names it, or file its cost in a [[record.service]] line")
        } else {
            format!("did you mean {}?", near.join(", or "))
        };
        self.read.problem(at, format!("{what} {name:?} is not in the price book"), remedy);
    }

    fn accelerator_line(&mut self, table: &DeTable<'_>, span: Range<usize>) -> Option<AcceleratorLine> {
        const KEYS: [&str; 8] = [
            "instance_type",
            "chip_hours_per_run",
            "runs_per_month",
            "from",
            "monthly",
            "growth_per_month",
            "usd_per_chip_hour",
            "why_model",
        ];
        self.read.known_keys(table, "an accelerators line", &KEYS);
        let (monthly, floats) = if table.contains_key("monthly") {
            (self.run_table(table, &span), false)
        } else {
            (self.constant_runs(table, &span).into_iter().collect(), !table.contains_key("from"))
        };
        let growth_per_month = self.read.growth(table, "growth_per_month").unwrap_or_default();
        let (instance_type, at) = self.read.required_text(table, span, "instance_type", "trn1.32xlarge")?;
        let known = self.book.knows_instance_type(&instance_type);
        if !self.frozen && (!known || accelerator_workload(&instance_type).is_none()) {
            let near = self.read.near(&instance_type, self.book.instance_types());
            self.unknown(at.clone(), "instance type", &instance_type, &near);
        }
        let usd_per_chip_hour = self.usd_per_chip_hour(table);
        let why_model = self.read.optional_text(table, "why_model");
        let line = self.read.note_line(&at, table);
        if floats {
            self.floating.insert(line);
        }
        Some(AcceleratorLine { instance_type, monthly, growth_per_month, usd_per_chip_hour, why_model, line })
    }

    /// The least form: so many chip-hours a run and runs a month, from a month on or from the filing's first.
    fn constant_runs(&mut self, table: &DeTable<'_>, span: &Range<usize>) -> Option<RunMonth> {
        let mut volume = |key, example, bound| self.read.required_volume(table, span.clone(), key, example, bound);
        let chip_hours = volume("chip_hours_per_run", "9216", bounds::CHIP_HOURS);
        let runs = volume("runs_per_month", "1", bounds::RUNS);
        let from = self.read.text_value(table, "from");
        // Overwritten with the filing's first month where the line names none.
        let from = match from {
            Some((text, at)) => self.read.month(&text, at)?,
            None => BillingPeriod::of(NaiveDate::default()),
        };
        Some(RunMonth { from, chip_hours_per_run: Quantity::from_decimal(chip_hours?), runs: runs? })
    }

    /// A month table of runs; the chip-hours of a run stand in the line or in the month.
    fn run_table(&mut self, table: &DeTable<'_>, span: &Range<usize>) -> Vec<RunMonth> {
        for key in ["runs_per_month", "from"] {
            if let Some(value) = table.get(key) {
                let problem = format!("the line has a month table and {key}");
                self.read.problem(value.span(), problem, "let the month table say it, and remove the key");
            }
        }
        let common = self.read.optional_volume(table, "chip_hours_per_run", bounds::CHIP_HOURS).flatten();
        let mut rows = self.read.monthly(table, span, &["from", "runs", "chip_hours_per_run"], run_month);
        for (row, chip_hours, at) in &mut rows {
            match chip_hours.or(common) {
                Some(hours) => row.chip_hours_per_run = Quantity::from_decimal(hours),
                None => {
                    let remedy = "add chip_hours_per_run to the line, or to this month";
                    self.read.problem(at.clone(), "this month says no chip_hours_per_run", remedy);
                }
            }
        }
        rows.into_iter().map(|(row, ..)| row).collect()
    }

    fn service_line(&mut self, table: &DeTable<'_>, span: Range<usize>) -> Option<ServiceLine> {
        self.read.known_keys(table, "a service line", &["service", "rest", "monthly", "growth_per_month"]);
        let monthly = self.read.monthly(table, &span, &["from", "usd"], amount_month);
        let growth_per_month = self.read.growth(table, "growth_per_month").unwrap_or_default();
        let rest = self.read.flag(table, "rest");
        let (service, at) = self.read.required_text(table, span, "service", "Amazon Relational Database Service")?;
        let line = self.read.note_line(&at, table);
        Some(ServiceLine { service, rest, monthly, growth_per_month, line })
    }
}

/// One entry of an accelerators line's month table, with the chip-hours that it states itself and where it stands.
fn run_month(
    read: &mut Reader<'_>,
    entry: &DeTable<'_>,
    span: Range<usize>,
    from: BillingPeriod,
) -> Option<(RunMonth, Option<Decimal>, Range<usize>)> {
    let runs = read.required_volume(entry, span.clone(), "runs", "1", bounds::RUNS);
    let chip_hours = read.optional_volume(entry, "chip_hours_per_run", bounds::CHIP_HOURS)?;
    Some((RunMonth { from, chip_hours_per_run: Quantity::ZERO, runs: runs? }, chip_hours, span))
}

/// One entry of a tokens line's month table.
fn token_month(
    read: &mut Reader<'_>,
    entry: &DeTable<'_>,
    span: Range<usize>,
    from: BillingPeriod,
) -> Option<TokenMonth> {
    let mut tokens = |key| {
        let millions = read.optional_volume(entry, key, bounds::MONTHLY_MILLIONS);
        millions.map(|volume| volume.map(|volume| volume * Decimal::from(MILLION)))
    };
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
