//! An event as somebody asks for it, on a command line or over HTTP, and what is wrong with it.

use crate::facts::plan::{Per, Volume, What};

use chrono::{Months, NaiveDate};
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};
use thiserror::Error;
use utoipa::ToSchema;

use crate::facts::plan::PlanKind;
use crate::values::money::{Money, Quantity};

/// Life of an award in months where none is written: the shorter of what credits live.
const AWARD_MONTHS: u32 = 12;
/// More days, runs or days between runs than fit into the year that is looked at.
const MOST: u32 = 366;
/// Largest amount of money, tokens in millions or chip-hours that is read: more than any bill holds, and little enough to
/// add up.
const LARGEST: Decimal = Decimal::from_parts(1_000_000_000, 0, 0, false, 0);
/// Longest name or note.
const LONGEST: usize = 500;

/// An event to plan: the flags of `plan add KIND` under their own names. Amounts are texts.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct PlanOrder {
    /// launch, run, switch, fee, award or end.
    pub kind: Option<PlanKind>,
    /// First day; of an award, `from`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub on: Option<NaiveDate>,
    /// Dollars a day of a launch.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub usd_per_day: Option<Money>,
    /// Model of a launch.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub model: Option<String>,
    /// Million input tokens of a launch.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub input_millions: Option<Quantity>,
    /// Million output tokens of a launch.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub output_millions: Option<Quantity>,
    /// What the tokens are counted by; a month without it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub per: Option<Per>,
    /// How likely it comes, above 0 and at most 1; without it 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sure: Option<Decimal>,
    /// Instance type of a run.
    #[serde(rename = "type", skip_serializing_if = "Option::is_none")]
    pub instance_type: Option<String>,
    /// Chip-hours of one run.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub chip_hours: Option<Quantity>,
    /// Days of one run; without it 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub days: Option<u32>,
    /// Number of runs; without it 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub repeats: Option<u32>,
    /// Days from one start to the next, where there are several runs.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub every: Option<u32>,
    /// The model now, of a switch; the first day, of an award.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub from: Option<String>,
    /// The model then, of a switch.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub to: Option<String>,
    /// Dollars of a fee or an award.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub usd: Option<Money>,
    /// Service that bills a fee.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub service: Option<String>,
    /// First day on which an award pays nothing any more; without it a year after its first.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub until: Option<NaiveDate>,
    /// Services that an award pays, with semicolons between them; without it everything that credit can pay.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub services: Option<String>,
    /// The model or service that ends.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub of: Option<String>,
    /// A remark.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
    /// True to plan what is far above anything known.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub yes: bool,
}

/// Why an event cannot be planned.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("{0}")]
pub struct PlanProblem(pub String);

/// An event as it reads: its day, how sure, its remark, and what it is.
pub type Read = (NaiveDate, Decimal, Option<String>, What);

/// How whoever asks spells what an order has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Spelling {
    /// `usd_per_day`, as in JSON.
    Fields,
    /// `--usd-per-day`, as on a command line.
    Flags,
}

impl Spelling {
    fn of(self, name: &str) -> String {
        match self {
            Spelling::Fields => name.to_owned(),
            Spelling::Flags => format!("--{}", name.replace('_', "-")),
        }
    }
}

/// Reads an order that came as JSON.
///
/// # Errors
/// Everything that is missing, cannot be meant, or belongs to another kind of event.
pub fn read(order: &PlanOrder) -> Result<Read, Vec<PlanProblem>> {
    read_as(order, Spelling::Fields)
}

/// Reads an order; its problems name what it has in a `spelling`.
///
/// # Errors
/// As [`read`].
pub fn read_as(order: &PlanOrder, spelling: Spelling) -> Result<Read, Vec<PlanProblem>> {
    let mut reader = Reader { order, spelling, problems: Vec::new() };
    let Some(kind) = order.kind else {
        return Err(vec![PlanProblem("kind is missing: launch, run, switch, fee, award or end".to_owned())]);
    };
    reader.foreign(kind);
    let on = reader.day(kind);
    let what = match kind {
        PlanKind::Launch => reader.launch().map(What::Launch),
        PlanKind::Run => reader.run(),
        PlanKind::Switch => reader
            .name("from", order.from.as_ref())
            .zip(reader.name("to", order.to.as_ref()))
            .map(|(from, to)| What::Switch { from, to }),
        PlanKind::Fee => {
            let service = order.service.as_ref().and_then(|service| reader.name("service", Some(service)));
            reader.usd("usd", order.usd).map(|usd| What::Fee { usd, service })
        }
        PlanKind::Award => reader.award(on),
        PlanKind::End => reader.name("of", order.of.as_ref()).map(|of| What::End { of }),
    };
    let sure = order.sure.unwrap_or(Decimal::ONE);
    reader.check(sure > Decimal::ZERO && sure <= Decimal::ONE, || {
        format!("{} is {sure}; a probability lies above 0 and at most at 1, such as 0.8", spelling.of("sure"))
    });
    let note = order.note.as_ref().map(|note| note.trim().to_owned()).filter(|note| !note.is_empty());
    reader.check(note.as_ref().is_none_or(|note| note.len() <= LONGEST), || {
        format!("the note is longer than {LONGEST} characters; shorten it")
    });
    match on.zip(what) {
        Some((on, what)) if reader.problems.is_empty() => Ok((on, sure, note, what)),
        _ => Err(reader.problems),
    }
}

struct Reader<'o> {
    order: &'o PlanOrder,
    spelling: Spelling,
    problems: Vec<PlanProblem>,
}

impl Reader<'_> {
    fn check(&mut self, holds: bool, problem: impl FnOnce() -> String) {
        if !holds {
            self.problems.push(PlanProblem(problem()));
        }
    }

    /// What belongs to other kinds of events is refused, not ignored.
    fn foreign(&mut self, kind: PlanKind) {
        use PlanKind::{Award, End, Fee, Launch, Run, Switch};
        let PlanOrder { on, usd_per_day, model, input_millions, output_millions, per, .. } = self.order;
        let PlanOrder { instance_type, chip_hours, days, repeats, every, from, to, usd, .. } = self.order;
        let PlanOrder { service, until, services, of, .. } = self.order;
        let given: [(&str, bool, &[PlanKind]); 18] = [
            ("on", on.is_some(), &[Launch, Run, Switch, Fee, End]),
            ("usd_per_day", usd_per_day.is_some(), &[Launch]),
            ("model", model.is_some(), &[Launch]),
            ("input_millions", input_millions.is_some(), &[Launch]),
            ("output_millions", output_millions.is_some(), &[Launch]),
            ("per", per.is_some(), &[Launch]),
            ("type", instance_type.is_some(), &[Run]),
            ("chip_hours", chip_hours.is_some(), &[Run]),
            ("days", days.is_some(), &[Run]),
            ("repeats", repeats.is_some(), &[Run]),
            ("every", every.is_some(), &[Run]),
            ("from", from.is_some(), &[Switch, Award]),
            ("to", to.is_some(), &[Switch]),
            ("usd", usd.is_some(), &[Fee, Award]),
            ("service", service.is_some(), &[Fee]),
            ("until", until.is_some(), &[Award]),
            ("services", services.is_some(), &[Award]),
            ("of", of.is_some(), &[End]),
        ];
        for (name, _, _) in given.iter().filter(|(_, given, kinds)| *given && !kinds.contains(&kind)) {
            let name = self.spelling.of(name);
            self.problems.push(PlanProblem(format!("{name} has no meaning for {}; leave it out", article(kind))));
        }
    }

    fn day(&mut self, kind: PlanKind) -> Option<NaiveDate> {
        let spelling = self.spelling;
        if kind != PlanKind::Award {
            self.check(self.order.on.is_some(), || {
                format!("{} is missing: the first day, such as 2026-12-01", spelling.of("on"))
            });
            return self.order.on;
        }
        let from = self.order.from.as_deref().map(str::trim);
        let day = from.and_then(|text| text.parse().ok());
        self.check(day.is_some(), || match from {
            Some(text) => format!("{}: {text:?} is not a day such as 2026-12-01", spelling.of("from")),
            None => format!("{} is missing: the first day of the award, such as 2026-12-01", spelling.of("from")),
        });
        day
    }

    fn name(&mut self, name: &str, text: Option<&String>) -> Option<String> {
        let name = self.spelling.of(name);
        let text = text.map(|text| text.trim().to_owned()).filter(|text| !text.is_empty());
        self.check(text.is_some(), || format!("{name} is missing"));
        self.check(text.as_ref().is_none_or(|text| text.len() <= LONGEST), || {
            format!("{name} is longer than {LONGEST} characters; no such name is known")
        });
        text
    }

    fn amount(&mut self, name: &str, amount: Option<Decimal>, zero: bool) -> bool {
        let name = self.spelling.of(name);
        let Some(amount) = amount else {
            self.check(false, || format!("{name} is missing"));
            return false;
        };
        let least = if zero { amount >= Decimal::ZERO } else { amount > Decimal::ZERO };
        self.check(least, || format!("{name} is {amount}; it must be more than 0"));
        self.check(amount <= LARGEST, || format!("{name} is {amount}; more than {LARGEST} cannot be meant"));
        least && amount <= LARGEST
    }

    fn usd(&mut self, name: &str, usd: Option<Money>) -> Option<Money> {
        if self.amount(name, usd.map(|usd| usd.amount()), false) { usd } else { None }
    }

    fn quantity(&mut self, name: &str, of: Option<Quantity>, zero: bool) -> Option<Quantity> {
        if self.amount(name, of.map(|of| of.amount()), zero) { of } else { None }
    }

    fn launch(&mut self) -> Option<Volume> {
        let PlanOrder { usd_per_day, model, input_millions, output_millions, per, .. } = self.order;
        let spelling = self.spelling;
        if usd_per_day.is_some() {
            let tokens = model.is_some() || input_millions.is_some() || output_millions.is_some() || per.is_some();
            self.check(!tokens, || {
                format!("a launch is either {} or tokens of a model; leave one of them out", spelling.of("usd_per_day"))
            });
            return self.usd("usd_per_day", *usd_per_day).map(Volume::UsdPerDay);
        }
        if model.is_none() && input_millions.is_none() && output_millions.is_none() {
            self.check(false, || {
                let [usd, model, input, output] =
                    ["usd_per_day", "model", "input_millions", "output_millions"].map(|name| spelling.of(name));
                format!("how much is missing: {usd}, or {model} with {input} and {output}")
            });
            return None;
        }
        let model = self.name("model", model.as_ref());
        let input_millions = self.quantity("input_millions", *input_millions, true)?;
        let output_millions = self.quantity("output_millions", *output_millions, true)?;
        self.check(!input_millions.is_zero() || !output_millions.is_zero(), || {
            "a launch without any token is none; write how many millions".to_owned()
        });
        Some(Volume::Tokens { model: model?, input_millions, output_millions, per: per.unwrap_or_default() })
    }

    fn count(&mut self, name: &str, count: Option<u32>) -> u32 {
        let (count, name) = (count.unwrap_or(1), self.spelling.of(name));
        self.check((1..=MOST).contains(&count), || format!("{name} is {count}; write a number from 1 to {MOST}"));
        count
    }

    fn run(&mut self) -> Option<What> {
        let PlanOrder { instance_type, chip_hours, days, repeats, every, .. } = self.order;
        let instance_type = self.name("type", instance_type.as_ref());
        let chip_hours = self.quantity("chip_hours", *chip_hours, false);
        let (days, repeats) = (self.count("days", *days), self.count("repeats", *repeats));
        let spelling = self.spelling;
        self.check(repeats == 1 || every.is_some(), || {
            format!("{} is missing: the days from the start of one run to the start of the next", spelling.of("every"))
        });
        let every = self.count("every", *every);
        Some(What::Run { instance_type: instance_type?, chip_hours: chip_hours?, days, repeats, every })
    }

    fn award(&mut self, from: Option<NaiveDate>) -> Option<What> {
        let spelling = self.spelling;
        let usd = self.usd("usd", self.order.usd);
        let until = self.order.until.or_else(|| from?.checked_add_months(Months::new(AWARD_MONTHS)));
        if let Some((from, until)) = from.zip(until) {
            self.check(from < until, || format!("the award ends on {until}, which is not after its first day, {from}"));
        }
        let services = self
            .order
            .services
            .as_ref()
            .map(|list| list.split(';').map(|name| name.trim().to_owned()).collect::<Vec<_>>());
        self.check(services.as_ref().is_none_or(|names| names.iter().all(|name| !name.is_empty())), || {
            format!("a name in {} is empty; write them with semicolons between them", spelling.of("services"))
        });
        Some(What::Award { usd: usd?, until: until?, services })
    }
}

fn article(kind: PlanKind) -> String {
    let article = if matches!(kind, PlanKind::Award | PlanKind::End) { "an" } else { "a" };
    format!("{article} {}", kind.as_str())
}
