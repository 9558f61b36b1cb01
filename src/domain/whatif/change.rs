//! The changes that can be asked for, and how they are written on a command line and in an address.

use std::fmt;

use chrono::{Months, NaiveDate};
use rust_decimal::Decimal;
use thiserror::Error;

use crate::facts::plan::{Per, Volume};
use crate::values::bounds;
use crate::values::money::{Money, Quantity};

/// Life of an award in months where none is written: the shorter of what credits live.
const AWARD_MONTHS: u32 = 12;
/// Days between the runs of a repeated training where none are written.
const REPEAT_DAYS: u32 = 30;
/// Dollars a day, or million tokens, of a launch: more than any bill holds.
const MOST_PER_DAY: Decimal = Decimal::from_parts(1_000_000_000, 0, 0, false, 0);

/// Where a share is to go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Target {
    /// To this share.
    To(Decimal),
    /// By this much, up or down; 0.10 is ten points.
    By(Decimal),
}

impl Target {
    /// The share that it asks for where the share is `now`.
    pub(super) fn from(self, now: Decimal) -> Decimal {
        match self {
            Target::To(share) => share,
            Target::By(points) => now + points,
        }
    }
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let percent = |share: &Decimal| (share * Decimal::ONE_HUNDRED).normalize();
        match self {
            Target::To(share) => write!(f, "{}%", percent(share)),
            Target::By(points) if points.is_sign_negative() => write!(f, "{}", percent(points)),
            Target::By(points) => write!(f, "+{}", percent(points)),
        }
    }
}

/// Work on accelerators that is to come.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Training {
    /// Instance type, for example `trn1.32xlarge`.
    pub instance_type: String,
    /// Chip-hours of one run.
    pub chip_hours: Quantity,
    /// First day of the first run.
    pub on: NaiveDate,
    /// Days that a run takes; its hours are spread evenly over them.
    pub days: u32,
    /// Number of runs.
    pub repeats: u32,
    /// Days from one start to the next.
    pub every: u32,
}

/// Use that is to begin, for as long as is looked ahead.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Launch {
    /// First day.
    pub on: NaiveDate,
    /// How much.
    pub volume: Volume,
}

/// Credit that is to land.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Award {
    /// Amount granted.
    pub amount: Money,
    /// Day on which it becomes valid; it pays for the whole of that month.
    pub from: NaiveDate,
    /// First day on which it pays nothing any more.
    pub until: NaiveDate,
    /// Services that it may pay for; `None` = everything that credit can pay.
    pub services: Option<Vec<String>>,
}

/// One change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Change {
    /// All tokens of one model go to another.
    Switch {
        /// The model now.
        from: String,
        /// The model then.
        to: String,
    },
    /// The share of prompt tokens that are read from the cache.
    CacheHits {
        /// The model; `None` = all together.
        model: Option<String>,
        /// The share.
        target: Target,
    },
    /// The share of tokens on demand that go to the batch tier.
    Batch {
        /// The model; `None` = all together.
        model: Option<String>,
        /// The share.
        target: Target,
    },
    /// Growth per month beyond the forecast, as a share.
    Growth(Decimal),
    /// A training run.
    Train(Training),
    /// A new award.
    Award(Award),
    /// A launch.
    Launch(Launch),
}

/// A change that cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("{name} {text:?}: {problem}; write {example}")]
pub struct ChangeError {
    /// Name of the change.
    pub name: String,
    /// What was written.
    pub text: String,
    /// What is wrong with it.
    pub problem: String,
    /// How it is written.
    pub example: &'static str,
}

/// Names of the changes, as flags and in an address.
pub const NAMES: [&str; 7] = ["switch", "cache-hits", "batch", "growth", "train", "award", "launch"];

impl Change {
    /// Reads a change.
    ///
    /// ```
    /// use glidepath_domain::whatif::Change;
    /// for (name, text) in [
    ///     ("switch", "Claude Opus 5=Claude Sonnet 5"),
    ///     ("cache-hits", "+10"),
    ///     ("cache-hits", "Claude Sonnet 5=60%"),
    ///     ("batch", "50%"),
    ///     ("growth", "-5%"),
    ///     ("train", "type=trn1.32xlarge,chip-hours=5000,on=2026-12-01,days=3,repeats=2,every=30"),
    ///     ("launch", "on=2026-12-01,usd-per-day=500"),
    ///     ("launch", "on=2026-12-01,model=Claude Sonnet 5,input-millions=400,output-millions=90,per=month"),
    ///     ("award", "amount=25000,from=2026-12-15,until=2027-12-15,services=Amazon Bedrock;Amazon EC2"),
    /// ] {
    ///     assert_eq!(Change::parse(name, text).unwrap().written(), (name, text.to_owned()));
    /// }
    /// ```
    ///
    /// # Errors
    /// [`ChangeError`] with an example.
    pub fn parse(name: &str, text: &str) -> Result<Change, ChangeError> {
        let example = example(name);
        let refused = |problem: String| ChangeError { name: name.to_owned(), text: text.to_owned(), problem, example };
        let change = match name {
            "switch" => switch(text),
            "cache-hits" => model_target(text).map(|(model, target)| Change::CacheHits { model, target }),
            "batch" => model_target(text).map(|(model, target)| Change::Batch { model, target }),
            "growth" => growth(text),
            "train" => train(text),
            "award" => award(text),
            "launch" => launch(text),
            _ => Err(format!("there is no such change; there are {}", NAMES.join(", "))),
        };
        change.map_err(refused)
    }

    /// Its name, and its text as [`Change::parse`] reads it.
    pub fn written(&self) -> (&'static str, String) {
        let scoped = |model: &Option<String>, target: &Target| match model {
            Some(model) => format!("{model}={target}"),
            None => target.to_string(),
        };
        match self {
            Change::Switch { from, to } => ("switch", format!("{from}={to}")),
            Change::CacheHits { model, target } => ("cache-hits", scoped(model, target)),
            Change::Batch { model, target } => ("batch", scoped(model, target)),
            Change::Growth(share) => ("growth", format!("{}%", (share * Decimal::ONE_HUNDRED).normalize())),
            Change::Train(Training { instance_type, chip_hours, on, days, repeats, every }) => {
                let run = format!("type={instance_type},chip-hours={chip_hours},on={on},days={days}");
                ("train", format!("{run},repeats={repeats},every={every}"))
            }
            Change::Launch(Launch { on, volume: Volume::UsdPerDay(usd) }) => {
                ("launch", format!("on={on},usd-per-day={usd}"))
            }
            Change::Launch(Launch { on, volume: Volume::Tokens { model, input_millions, output_millions, per } }) => {
                let per = if *per == Per::Day { "day" } else { "month" };
                let tokens = format!("input-millions={input_millions},output-millions={output_millions}");
                ("launch", format!("on={on},model={model},{tokens},per={per}"))
            }
            Change::Award(Award { amount, from, until, services }) => {
                let services = services.as_ref().map(|names| format!(",services={}", names.join(";")));
                ("award", format!("amount={amount},from={from},until={until}{}", services.unwrap_or_default()))
            }
        }
    }
}

fn example(name: &str) -> &'static str {
    match name {
        "switch" => "\"Claude Opus 5=Claude Sonnet 5\"",
        "cache-hits" | "batch" => {
            "\"+10\" for ten points more, \"60%\" or \"0.6\" for a share, \"MODEL=60%\" for one model"
        }
        "growth" => "\"5%\" or \"-0.05\" for a month",
        "train" => "\"type=trn1.32xlarge,chip-hours=5000,on=2026-12-01\", and if need be days=, repeats=, every=",
        "award" => "\"amount=25000,from=2026-12-15\", and if need be until=, services=NAME;NAME",
        "launch" => {
            "\"on=2026-12-01,model=Claude Sonnet 5,input-millions=400,output-millions=90\" and if need be per=day, or \
             \"on=2026-12-01,usd-per-day=500\""
        }
        _ => "one of these",
    }
}

fn switch(text: &str) -> Result<Change, String> {
    let (from, to) = text.split_once('=').ok_or("it does not say from which model to which")?;
    let (from, to) = (from.trim().to_owned(), to.trim().to_owned());
    if from.is_empty() || to.is_empty() {
        return Err("a model has no name".to_owned());
    }
    Ok(Change::Switch { from, to })
}

fn model_target(text: &str) -> Result<(Option<String>, Target), String> {
    let (model, share) = match text.rsplit_once('=') {
        Some((model, share)) if !model.trim().is_empty() => (Some(model.trim().to_owned()), share.trim()),
        Some(_) => return Err("the model has no name".to_owned()),
        None => (None, text.trim()),
    };
    let points = share.starts_with(['+', '-']);
    let read = if points { percent_of(share.trim_end_matches('%'))? } else { share_of(share)? };
    let size = if points { read.abs() } else { read };
    if let Some(problem) = bounds::SHARE.refuse("the share", size) {
        return Err(problem);
    }
    Ok((model, if points { Target::By(read) } else { Target::To(read) }))
}

fn growth(text: &str) -> Result<Change, String> {
    let share = share_of(text.trim())?;
    match bounds::GROWTH_BEYOND.refuse("growth per month", share) {
        Some(problem) => Err(problem),
        None => Ok(Change::Growth(share)),
    }
}

/// `60%` or `0.6`. A bare number above 1 could mean either, so it is asked back.
fn share_of(text: &str) -> Result<Decimal, String> {
    if let Some(percent) = text.strip_suffix('%') {
        return percent_of(percent);
    }
    let share: Decimal = text.parse().map_err(|_| format!("{text:?} is no number"))?;
    if share.abs() > Decimal::ONE {
        return Err(match share.abs() <= Decimal::ONE_HUNDRED {
            true => format!("a share lies between 0 and 1; for percent write {text}%"),
            false => "a share lies between 0 and 1, or between 0% and 100%; for 60 percent write 60%".to_owned(),
        });
    }
    Ok(share)
}

fn percent_of(text: &str) -> Result<Decimal, String> {
    let percent: Decimal = text.trim().parse().map_err(|_| format!("{text:?} is no number"))?;
    if let Some(problem) = bounds::ANY_PERCENT.refuse("the percentage, sign aside,", percent.abs()) {
        return Err(problem);
    }
    Ok(percent / Decimal::ONE_HUNDRED)
}

fn train(text: &str) -> Result<Change, String> {
    let fields = Fields::read(text, &["type", "chip-hours", "on", "days", "repeats", "every"])?;
    let chip_hours = fields.needed("chip-hours")?;
    let training = Training {
        instance_type: fields.needed("type")?.to_owned(),
        chip_hours: Quantity::parse(chip_hours).map_err(|error| format!("chip-hours: {error}"))?,
        on: fields.day("on")?.ok_or("it lacks on=")?,
        days: fields.count("days", 1)?,
        repeats: fields.count("repeats", 1)?,
        every: fields.count("every", REPEAT_DAYS)?,
    };
    let run_days = training.days * training.repeats;
    let hours = bounds::TRAINING_CHIP_HOURS.refuse("chip-hours", training.chip_hours.amount());
    match hours.or_else(|| bounds::TRAINING_DAYS.refuse("days times repeats", run_days)) {
        Some(problem) => Err(problem),
        None => Ok(Change::Train(training)),
    }
}

fn award(text: &str) -> Result<Change, String> {
    let fields = Fields::read(text, &["amount", "from", "until", "services"])?;
    let amount: Money = fields.needed("amount")?.parse().map_err(|error| format!("amount: {error}"))?;
    let from = fields.day("from")?.ok_or("it lacks from=")?;
    let until = fields.day("until")?;
    let until = until.or(from.checked_add_months(Months::new(AWARD_MONTHS))).ok_or("from= is too far away")?;
    if let Some(problem) = bounds::GRANT_USD.refuse_usd("amount", amount) {
        return Err(problem);
    }
    if until <= from {
        return Err(format!("it ends on {until}, which is not after its first day"));
    }
    let names = |list: &str| list.split(';').map(|name| name.trim().to_owned()).collect::<Vec<_>>();
    let services = fields.taken("services").map(names);
    if services.as_ref().is_some_and(|names| names.iter().any(String::is_empty)) {
        return Err("a service has no name".to_owned());
    }
    Ok(Change::Award(Award { amount, from, until, services }))
}

fn launch(text: &str) -> Result<Change, String> {
    let fields = Fields::read(text, &["on", "usd-per-day", "model", "input-millions", "output-millions", "per"])?;
    let on = fields.day("on")?.ok_or("it lacks on=")?;
    if let Some(usd) = fields.taken("usd-per-day") {
        if ["model", "input-millions", "output-millions", "per"].iter().any(|key| fields.taken(key).is_some()) {
            return Err("a launch is either usd-per-day= or tokens of a model".to_owned());
        }
        let usd: Money = usd.parse().map_err(|error| format!("usd-per-day: {error}"))?;
        if !usd.is_positive() || usd.amount() > MOST_PER_DAY {
            return Err(format!("usd-per-day lies above 0 and at most at {MOST_PER_DAY}"));
        }
        return Ok(Change::Launch(Launch { on, volume: Volume::UsdPerDay(usd) }));
    }
    let millions = |key: &str| -> Result<Quantity, String> {
        let millions = Quantity::parse(fields.needed(key)?).map_err(|error| format!("{key}: {error}"))?;
        if millions.amount() < Decimal::ZERO || millions.amount() > MOST_PER_DAY {
            return Err(format!("{key} lies between 0 and {MOST_PER_DAY}"));
        }
        Ok(millions)
    };
    let (input_millions, output_millions) = (millions("input-millions")?, millions("output-millions")?);
    if input_millions.is_zero() && output_millions.is_zero() {
        return Err("a launch without any token is none".to_owned());
    }
    let per = match fields.taken("per") {
        None | Some("month") => Per::Month,
        Some("day") => Per::Day,
        Some(other) => return Err(format!("per: {other:?} is neither day nor month")),
    };
    let model = fields.needed("model")?.to_owned();
    Ok(Change::Launch(Launch { on, volume: Volume::Tokens { model, input_millions, output_millions, per } }))
}

/// `key=value` between commas.
struct Fields<'t>(Vec<(&'t str, &'t str)>);

impl<'t> Fields<'t> {
    fn read(text: &'t str, keys: &[&str]) -> Result<Fields<'t>, String> {
        let mut fields: Vec<(&str, &str)> = Vec::new();
        for part in text.split(',') {
            let (key, value) = part.split_once('=').ok_or_else(|| format!("{part:?} is no key=value"))?;
            let key = key.trim();
            if !keys.contains(&key) {
                return Err(format!("there is no {key}="));
            }
            if fields.iter().any(|(known, _)| *known == key) {
                return Err(format!("{key}= stands there twice"));
            }
            fields.push((key, value.trim()));
        }
        Ok(Fields(fields))
    }

    fn taken(&self, key: &str) -> Option<&'t str> {
        self.0.iter().find(|(known, _)| *known == key).map(|(_, value)| *value)
    }

    fn needed(&self, key: &str) -> Result<&'t str, String> {
        self.taken(key).filter(|value| !value.is_empty()).ok_or_else(|| format!("it lacks {key}="))
    }

    fn day(&self, key: &str) -> Result<Option<NaiveDate>, String> {
        let read = |text: &str| text.parse().map_err(|_| format!("{key}: {text:?} is not a day such as 2026-12-01"));
        self.taken(key).map(read).transpose()
    }

    fn count(&self, key: &str, default: u32) -> Result<u32, String> {
        let Some(text) = self.taken(key) else { return Ok(default) };
        let count: u32 = text.parse().map_err(|_| format!("{key}: {text:?} is not a whole number"))?;
        bounds::TRAINING_COUNT.refuse(key, count).map_or(Ok(count), Err)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_share_that_is_none_is_told_how_one_is_written() {
        let said = |text: &str| Change::parse("cache-hits", text).unwrap_err().problem;
        assert_eq!(said("60"), "a share lies between 0 and 1; for percent write 60%");
        assert_eq!(said("600"), "a share lies between 0 and 1, or between 0% and 100%; for 60 percent write 60%");
    }
}
