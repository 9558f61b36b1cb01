//! What people plan: judged before it is stored, and by the same rules whether a command holds the store itself or asks a
//! daemon.

use anyhow::Context as _;
use chrono::{DateTime, Utc};
use rust_decimal::Decimal;
use thiserror::Error;

use super::engine::Engine;
use crate::domain::facts::plan::{PlanEntry, Volume, What};
use crate::domain::plan::{Entered, PlanOrder, PlanProblem, PlanSource, Planned, Reading, read};
use crate::domain::position::assess::Assessment;
use crate::domain::values::period::plus_days;
use crate::domain::whatif::switch_factors;

/// An event this many times larger than anything known is asked back.
const FAR: Decimal = Decimal::ONE_HUNDRED;
/// Days ahead that an event can lie: beyond that it is a mistyped year.
const MOST_AHEAD: i64 = 5 * 366;
/// Days of a month.
const MONTH_DAYS: Decimal = Decimal::from_parts(30, 0, 0, false, 0);

/// Why an event was not planned or taken back.
#[derive(Debug, Error)]
pub enum PlanError {
    /// It cannot be meant.
    #[error("this cannot be planned:{}", lines(problems))]
    Problems {
        /// Everything that is wrong with it.
        problems: Vec<String>,
    },
    /// It is far above anything known.
    #[error("{what} is more than 100 times anything known here ({known} at most)")]
    Confirm {
        /// The event, with its dollars.
        what: String,
        /// The largest amount known.
        known: String,
    },
    /// There is no such event.
    #[error("no event {id} is planned; `glidepath plan list` shows those that are")]
    Unknown {
        /// What was asked for.
        id: String,
    },
    /// An event of the filing.
    #[error("{id} is planned by the filing; file a corrected version to change it")]
    Filed {
        /// What was asked for.
        id: String,
    },
    /// There is nothing to plan beside.
    #[error("no complete day of spend is known yet; run `glidepath cycle`, or wait for the daemon's")]
    NothingYet,
    /// The store failed.
    #[error(transparent)]
    Failed(#[from] anyhow::Error),
}

impl Engine {
    /// Plans an event at `now`; gives it as the position will show it.
    ///
    /// # Errors
    /// [`PlanError`].
    pub async fn add_plan(&self, now: DateTime<Utc>, order: &PlanOrder) -> Result<Planned, PlanError> {
        let (on, sure, note, what) = read(order)?;
        let entry = PlanEntry { id: 0, recorded_at: now, on, sure, note, what: self.named(what) };
        let alone = self.parts.planning.lock().await;
        let cycle = self.store().newest_cycle(None).await.context("looking for the newest cycle")?;
        let cycle = cycle.ok_or(PlanError::NothingYet)?;
        let currency = self.config().aws.currency.clone();
        let entered = self.store().entered().await.context("reading what is entered")?;
        let facts = self.store().facts_knowing(cycle.clock, currency, entered).await.context("reading the facts")?;
        let filing = self.filing_knowing(cycle.clock, entered).await?;
        let (engine, yes) = (self.clone(), order.yes);
        let judged = tokio::task::spawn_blocking(move || {
            let assessment = engine.assess(&facts, filing.as_ref());
            judge(&engine, &assessment, &entry, yes).map(|row| (entry, row))
        });
        let (entry, row) = judged.await.context("judging the event")??;
        let kept = self.store().add_plan(entry).await.context("keeping the event")?;
        drop(alone);
        self.count_entry(now).await;
        Ok(Planned { id: kept.id.to_string(), ..row })
    }

    /// Takes an event back at `now`.
    ///
    /// # Errors
    /// [`PlanError::Unknown`], [`PlanError::Filed`], or if the store fails.
    pub async fn remove_plan(&self, now: DateTime<Utc>, id: &str) -> Result<PlanEntry, PlanError> {
        if id.starts_with("filing:") {
            return Err(PlanError::Filed { id: id.to_owned() });
        }
        let unknown = || PlanError::Unknown { id: id.to_owned() };
        let number: u32 = id.parse().map_err(|_| unknown())?;
        let removed = self.store().remove_plan(number, now).await.context("taking the event back")?;
        let removed = removed.ok_or_else(unknown)?;
        self.count_entry(now).await;
        Ok(removed)
    }

    /// The event with the names that the price book has for its models.
    fn named(&self, what: What) -> What {
        let name =
            |spelling: String| self.parts.classifier.model_name(&spelling).map_or(spelling.clone(), str::to_owned);
        match what {
            What::Launch(Volume::Tokens { model, input_millions, output_millions, per }) => {
                What::Launch(Volume::Tokens { model: name(model), input_millions, output_millions, per })
            }
            What::Switch { from, to } => What::Switch { from: name(from), to: name(to) },
            What::End { of } => What::End { of: name(of) },
            other => other,
        }
    }
}

fn lines(problems: &[String]) -> String {
    problems.iter().map(|problem| format!("\n  - {problem}")).collect()
}

impl From<Vec<PlanProblem>> for PlanError {
    fn from(problems: Vec<PlanProblem>) -> PlanError {
        PlanError::Problems { problems: problems.into_iter().map(|problem| problem.0).collect() }
    }
}

/// The row of a sound event, or what is wrong with it.
fn judge(engine: &Engine, assessment: &Assessment, entry: &PlanEntry, yes: bool) -> Result<Planned, PlanError> {
    let days = assessment.complete_days().ok_or(PlanError::NothingYet)?;
    let position = assessment.position(None);
    let mut problems = Vec::new();
    let through = days.end.pred_opt().unwrap_or(days.end);
    if entry.on <= through {
        problems.push(format!(
            "{} is past: the bill is complete through {through}, and an event begins after that",
            entry.on
        ));
    }
    if entry.on > plus_days(through, MOST_AHEAD) {
        problems.push(format!(
            "{} is more than five years ahead, and the outlook reaches one year; correct the year",
            entry.on
        ));
    }
    if let What::Switch { from, to } = &entry.what
        && from == to
    {
        problems.push(format!("from and to are the same model, {from}; name two"));
    }
    let same = |known: &&PlanEntry| (known.on, &known.what) == (entry.on, &entry.what);
    if let Some(known) = assessment.planned_by_people().iter().find(same) {
        problems.push(format!(
            "the same is planned already, as {}; `glidepath plan remove {}` takes it back",
            known.id, known.id
        ));
    }
    let reading = |reading: Reading| -> (Option<String>, Option<_>, Option<Planned>) {
        let unknown = unknown_name(engine, &reading, &entry.what);
        let row = Entered::read(reading, std::slice::from_ref(entry), days).rows.into_iter().next();
        match reading.size(&entry.what) {
            Ok(size) => (unknown, Some(size), row),
            Err(unpriced) => {
                (Some(format!("{unpriced}; `glidepath projection prices --all` shows what has a price")), None, row)
            }
        }
    };
    let (problem, size, row) = assessment.read_beside_plan(reading).ok_or(PlanError::NothingYet)?;
    problems.extend(problem);
    if let What::Switch { from, to } = &entry.what {
        let refused = assessment.what_if(|base| switch_factors(base, from, to).err());
        problems.extend(refused.flatten().into_iter().flat_map(|it| it.0).map(|problem| problem.to_string()));
    }
    let row = row.filter(|_| problems.is_empty()).ok_or(PlanError::Problems { problems })?;
    let pace = position.spend.burn_per_day.last_28_days.unwrap_or_default().times(MONTH_DAYS);
    let known = pace.max(position.credits.left).max(assessment.largest_filed_month());
    match size.filter(|size| !yes && *size > known.times(FAR)) {
        Some(size) => {
            let what = format!("{} ({} in all, of a launch in a month)", entry.what, size.dollars());
            Err(PlanError::Confirm { what, known: known.dollars() })
        }
        None => Ok(Planned { source: PlanSource::Plan, ..row }),
    }
}

/// What an event names that nobody knows.
fn unknown_name(engine: &Engine, reading: &Reading, what: &What) -> Option<String> {
    let What::End { of } = what else { return None };
    let book = engine.prices();
    let known = reading.bills(of) || book.knows_model(of) || book.instance_types().any(|name| name == of);
    (!known).then(|| {
        format!(
            "{of} is no model, instance type or service that the bill or the price book names; `glidepath status --json` \
             shows them under workloads and coverage"
        )
    })
}
