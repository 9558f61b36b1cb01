//! A draft as the text of a filing, each value with the days that it rests on.

use std::fmt::Write as _;

use rust_decimal::Decimal;

use super::drafted::{AcceleratorDraft, Draft, DraftRecord, Growth, NoDraft, ServiceDraft, TokenDraft};
use super::rest::{Rest, Why};
use crate::values::bounds::{self, Bound};
use crate::values::money::{Money, Quantity};
use crate::values::period::{BillingPeriod, DayRange, plus_days};
use crate::values::printable::printable;
use crate::values::words::names_text;
use crate::values::workload::{CacheLifetime, Routing};

/// Digits of a volume.
const DIGITS: u32 = 5;
/// The least volume that is told, a single token in millions.
const FINEST: u32 = 6;
/// Months that differ by less have one entry.
const SAME: Decimal = Decimal::from_parts(5, 0, 0, false, 2);
const MILLION: Decimal = Decimal::from_parts(1_000_000, 0, 0, false, 0);

/// What no bill shows, to be filled in: a reviewer asks for it.
const WHY: &str = "# why_model = \"\"  # why this one, in a sentence";

/// The key of the number of runs.
const RUNS: &str = "runs";

/// A figure in the first month, and in an average month after it.
type Pair = (Decimal, Decimal);

fn millions((first, later): (Quantity, Quantity)) -> Pair {
    let of = |quantity: Quantity| short(quantity.amount() / MILLION);
    (of(first), of(later))
}

fn hours((first, later): (Quantity, Quantity)) -> Pair {
    (short(first.amount()), short(later.amount()))
}

fn dollars((first, later): (Money, Money)) -> Pair {
    (first.cents().normalize(), later.cents().normalize())
}

fn short(value: Decimal) -> Decimal {
    let value = value.max(Decimal::ZERO);
    value.round_sf(DIGITS).unwrap_or(value).round_dp(FINEST).normalize()
}

/// Refuses figures that no filing may say.
pub(super) fn check(record: &DraftRecord) -> Result<(), NoDraft> {
    let within = |what: &str, bound: Bound, pairs: &[Pair]| {
        let holds = pairs.iter().all(|(first, later)| bound.holds(*first) && bound.holds(*later));
        holds.then_some(()).ok_or_else(|| NoDraft::TooLarge { what: printable(what) })
    };
    for line in &record.tokens {
        within(&line.model, bounds::MONTHLY_MILLIONS, &[millions(line.input), millions(line.output)])?;
    }
    for line in &record.accelerators {
        within(&line.instance_type, bounds::CHIP_HOURS, &[hours(line.chip_hours_per_run)])?;
        within(&line.instance_type, bounds::RUNS, &[line.runs])?;
    }
    record.services.iter().try_for_each(|line| within(&line.service, bounds::USD, &[dollars(line.usd)]))
}

impl Draft {
    /// The draft as TOML, which reads as a filing.
    pub fn to_toml(&self) -> String {
        let Draft { filed_on, first_month, complete, customer, asked_for, records, left_out } = self;
        let mut text = format!(
            "# The next filing, drafted from the bill of {}. Each value names the days that it rests on.\n\
             # {first_month} comes to its days at the pace of the bill; runs at a cadence stand as the number that falls into it.\n\
             # Correct what will be otherwise, and add what no bill shows: launches, the reason for each model, the award and its\n\
             # window. `glidepath projection check` reads it, `glidepath projection file` files it.\n",
            days(*complete)
        );
        for sentence in left_out {
            line(&mut text, &format!("# Left out: {}", printable(sentence)));
        }
        line(&mut text, &format!("filed_on = \"{filed_on}\"{}", comment("the day on which you file it with AWS")));
        if let Some(asked_for) = asked_for {
            line(&mut text, &format!("asked_for = {}", quoted(asked_for)));
        }
        if let Some(customer) = customer {
            line(&mut text, &format!("customer = {}", quoted(customer)));
        }
        records.iter().for_each(|record| self.record(&mut text, record));
        text
    }

    fn record(&self, text: &mut String, record: &DraftRecord) {
        line(text, "\n[[record]]");
        line(text, &format!("id = {}", quoted(&record.id)));
        record.tokens.iter().for_each(|tokens| self.tokens(text, tokens));
        record.accelerators.iter().for_each(|runs| self.accelerators(text, runs));
        record.services.iter().for_each(|amount| self.service(text, amount));
    }

    fn tokens(&self, text: &mut String, of: &TokenDraft) {
        let (input, output) = (millions(of.input), millions(of.output));
        let basis = basis(&of.rest);
        line(text, "\n[[record.tokens]]");
        line(text, &format!("model = {}", quoted(&of.model)));
        self.monthly(text, &[("input_millions", input), ("output_millions", output)], of.growth, &basis);
        grows(text, of.growth);
        line(text, &format!("cache_hit = \"{}\"{}", of.cache_hit, comment(&basis)));
        if !of.cache_write.is_zero() {
            line(text, &format!("cache_write = \"{}\"{}", of.cache_write, comment(&basis)));
            if of.cache_lifetime == CacheLifetime::OneHour {
                line(text, &format!("cache_lifetime = \"1h\"{}", comment(&basis)));
            }
        }
        let batch = if of.batch == of.batch_of_tokens {
            basis.clone()
        } else {
            format!("{basis}; share of what tokens cost, of tokens it is {}", of.batch_of_tokens)
        };
        line(text, &format!("batch = \"{}\"{}", of.batch, comment(&batch)));
        let routing = if of.routing == Routing::Global { "global" } else { "in_region" };
        let routed = format!("{} of tokens, {basis}", of.routed);
        line(text, &format!("routing = \"{routing}\"{}", comment(&routed)));
        line(text, WHY);
    }

    fn accelerators(&self, text: &mut String, of: &AcceleratorDraft) {
        line(text, "\n[[record.accelerators]]");
        line(text, &format!("instance_type = {}", quoted(&of.instance_type)));
        let basis = match &of.rest.why {
            Why::Cadence { due, .. } if !due.is_empty() => format!("{}; due {}", basis(&of.rest), dates(due)),
            Why::Cadence { .. } => format!("{}; none is due", basis(&of.rest)),
            Why::Newest | Why::SinceChange => format!("use without a cadence, {}", basis(&of.rest)),
        };
        self.monthly(text, &[(RUNS, of.runs), ("chip_hours_per_run", hours(of.chip_hours_per_run))], of.growth, &basis);
        if let Some(usd) = of.usd_per_chip_hour {
            let implied = format!("no price is listed; what the bill implies, {}", days(of.rest.days));
            line(text, &format!("usd_per_chip_hour = \"{usd}\"{}", comment(&implied)));
        }
        grows(text, of.growth);
        line(text, WHY);
    }

    fn service(&self, text: &mut String, of: &ServiceDraft) {
        line(text, "\n[[record.service]]");
        for note in &of.notes {
            line(text, &format!("# With {}.", printable(note)));
        }
        line(text, &format!("service = {}", quoted(&of.service)));
        if of.rest_of_service {
            line(text, &format!("rest = true{}", comment("beside the models or accelerators that bill under it")));
        }
        self.monthly(text, &[("usd", dollars(of.usd))], of.growth, &basis(&of.rest));
        grows(text, of.growth);
    }

    /// The month table: the first month, and the months after it where an average one differs.
    fn monthly(&self, text: &mut String, values: &[(&str, Pair)], growth: Option<Growth>, basis: &str) {
        let entry = |from: BillingPeriod, of: &dyn Fn(&str, &Pair) -> Decimal| {
            let values: Vec<String> =
                values.iter().map(|(key, pair)| format!("{key} = {}", number(of(key, pair)))).collect();
            format!("{{ from = \"{from}\", {} }}", values.join(", "))
        };
        let mut entries = vec![entry(self.first_month, &|_, pair| pair.0)];
        let differs = |(first, later): Pair| (later - first).abs() > first * SAME;
        if values.iter().any(|(_, pair)| differs(*pair)) {
            let factor = Decimal::ONE + growth.map(|growth| growth.per_month).unwrap_or_default();
            // What grows of runs is their chip-hours, and not their number too.
            let grown = |key: &str, pair: &Pair| if key == RUNS { pair.1 } else { short(pair.1 * factor) };
            entries.push(entry(self.first_month.next(), &grown));
        }
        match entries.as_slice() {
            [one] => line(text, &format!("monthly = [{one}]{}", comment(basis))),
            [first, later] => {
                line(text, "monthly = [");
                line(text, &format!("    {first},{}", comment(basis)));
                line(text, &format!("    {later},{}", comment(&format!("an average month, {basis}"))));
                line(text, "]");
            }
            _ => {}
        }
    }
}

fn grows(text: &mut String, growth: Option<Growth>) {
    if let Some(Growth { per_month, days: weeks }) = growth {
        let basis = format!("trend of {} weeks, {}", weeks.len() / 7, span(weeks));
        line(text, &format!("growth_per_month = \"{per_month}\"{}", comment(&basis)));
    }
}

fn line(text: &mut String, line: &str) {
    // Writing into a text cannot fail.
    let _ = writeln!(text, "{line}");
}

fn comment(words: &str) -> String {
    format!("  # {words}")
}

/// The days of a line and why these.
fn basis(rest: &Rest) -> String {
    match &rest.why {
        Why::Newest => days(rest.days),
        Why::SinceChange => format!("{}, since the level of spend changed", days(rest.days)),
        Why::Cadence { starts, .. } => {
            format!(
                "{} begun {}, {}",
                if starts.len() == 1 { "the one" } else { "those" },
                dates(starts),
                days(rest.days)
            )
        }
    }
}

fn dates(days: &[chrono::NaiveDate]) -> String {
    let texts: Vec<String> = days.iter().map(ToString::to_string).collect();
    names_text(&texts.iter().map(String::as_str).collect::<Vec<_>>())
}

fn days(range: DayRange) -> String {
    let count = range.len();
    format!("{count} {}, {}", if count == 1 { "day" } else { "days" }, span(range))
}

fn span(range: DayRange) -> String {
    let last = plus_days(range.end, -1);
    if range.start >= last { range.start.to_string() } else { format!("{} to {last}", range.start) }
}

/// Whole numbers as such; everything else as text, since a float cannot hold every decimal.
fn number(value: Decimal) -> String {
    let value = value.normalize();
    if value.scale() == 0 { value.to_string() } else { format!("\"{value}\"") }
}

/// A TOML text on one line, whatever is in it.
fn quoted(text: &str) -> String {
    let mut quoted = String::from("\"");
    for c in text.chars() {
        match c {
            '"' | '\\' => quoted.extend(['\\', c]),
            c if c.is_control() => {
                let _ = write!(quoted, "\\u{:04X}", u32::from(c));
            }
            c => quoted.push(c),
        }
    }
    quoted.push('"');
    quoted
}
