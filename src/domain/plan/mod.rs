//! What somebody already knows of the days ahead: planned events, which a person enters or the filing holds.
//!
//! An event is part of the outlook until the bill shows it, and afterwards without effect, because the forecast knows it
//! then. One that is late is moved, for at most [`WAITED_DAYS`], and then leaves the outlook.
//!
//! Invariants: an event never lowers spend, but for a switch, an end and an award, whose purpose that is; what has come
//! counts once; an event that a person entered stands in for what the filing plans of the same model or instance type.

mod entered;
mod filed;
mod order;
mod seen;

use chrono::{DateTime, NaiveDate, Utc};
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

pub use self::entered::{Entered, Priced, Reading, SwitchAhead};
pub use self::filed::{FILED_SURE, FiledPlan};
pub use self::order::{Per, PlanOrder, PlanProblem, Spelling, Volume, What, read, read_as};
pub use self::seen::{Days, Seen};
use super::money::Money;
use super::words::day_text;

/// Days after its day that an event is waited for.
pub const WAITED_DAYS: i64 = 60;
/// Days of a step after which the forecast knows its level by itself.
const BEGUN_DAYS: i64 = 28;
/// Days of a launch that nobody ends.
pub const LAUNCH_DAYS: i64 = 365;

/// An event as a person entered it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PlanEntry {
    /// Number, counted from 1.
    pub id: u32,
    /// When it was entered.
    pub recorded_at: DateTime<Utc>,
    /// Its first day.
    pub on: NaiveDate,
    /// How likely it comes: above 0, at most 1.
    pub sure: Decimal,
    /// What the person wrote beside it.
    pub note: Option<String>,
    /// What is planned.
    pub what: What,
}

/// Who knows of an event.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum PlanSource {
    /// Entered with `plan add`.
    Plan,
    /// A step, launch or run of the filing in force.
    Filing,
}

/// What kind of event it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum PlanKind {
    /// Use that begins, or a step up.
    Launch,
    /// Work on accelerators.
    Run,
    /// All tokens of one model go to another.
    Switch,
    /// A fixed amount that no credit pays.
    Fee,
    /// Credit that will land.
    Award,
    /// A model or service that is given up.
    End,
}

impl PlanKind {
    /// Its name on the command line and in JSON.
    pub const fn as_str(self) -> &'static str {
        match self {
            PlanKind::Launch => "launch",
            PlanKind::Run => "run",
            PlanKind::Switch => "switch",
            PlanKind::Fee => "fee",
            PlanKind::Award => "award",
            PlanKind::End => "end",
        }
    }
}

/// Where an event is in its life.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum PlanState {
    /// Its day lies after the data.
    Ahead,
    /// Its day is past and the bill does not show it: it is expected from the next day on.
    Late,
    /// The bill shows it.
    HasCome,
    /// It was waited for and did not come.
    NotCome,
}

impl PlanState {
    /// True while the outlook expects it.
    pub const fn is_open(self) -> bool {
        matches!(self, PlanState::Ahead | PlanState::Late)
    }

    /// The name for people.
    pub const fn words(self) -> &'static str {
        match self {
            PlanState::Ahead => "ahead",
            PlanState::Late => "late",
            PlanState::HasCome => "has come",
            PlanState::NotCome => "did not come",
        }
    }

    /// Of an event on `on` that the bill shows or does not show through `through`.
    pub fn of(on: NaiveDate, through: NaiveDate, shown: bool) -> PlanState {
        if shown {
            PlanState::HasCome
        } else if on > through {
            PlanState::Ahead
        } else if (through - on).num_days() <= WAITED_DAYS {
            PlanState::Late
        } else {
            PlanState::NotCome
        }
    }
}

/// A planned event as it is shown.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Planned {
    /// Its number, or `filing:VERSION:RECORD:N` for one of the filing, which cannot be removed.
    pub id: String,
    /// Who knows of it.
    pub source: PlanSource,
    /// What kind of event it is.
    pub kind: PlanKind,
    /// What is planned, for people.
    pub what: String,
    /// Its first day, as entered or filed.
    pub on: NaiveDate,
    /// First day on which it does nothing any more; null where no end is known.
    pub until: Option<NaiveDate>,
    /// US dollars a day for a launch, of all repeats together for a run; null for a switch and an end.
    pub amount: Option<Money>,
    /// How likely it comes: above 0, at most 1.
    pub sure: Decimal,
    /// What the person wrote beside it.
    pub note: Option<String>,
    /// Where it is in its life.
    pub state: PlanState,
    /// True while the outlook expects it.
    pub in_outlook: bool,
    /// The record that plans it, where the filing does.
    pub record: Option<String>,
}

/// Events that are named in a sentence.
const NAMED: usize = 3;

/// What of `planned` comes by `day` and is part of the outlook, and what would put the end off but has not come, as sentences;
/// `None` where there is nothing of either.
pub fn counted(planned: &[Planned], day: NaiveDate) -> Option<String> {
    let of = |counted: &dyn Fn(&&Planned) -> bool| {
        let rows: Vec<&Planned> = planned.iter().filter(counted).collect();
        let named: Vec<String> = rows.iter().take(NAMED).map(|row| row.on_its_day()).collect();
        let more = rows.len().checked_sub(NAMED).filter(|more| *more > 0);
        let more = more.map(|more| format!("; and {more} more")).unwrap_or_default();
        (!rows.is_empty()).then(|| format!("{}{more}", named.join("; ")))
    };
    let ahead = of(&|row| row.in_outlook && row.on <= day);
    let missing = of(&|row| row.state == PlanState::Late && !row.in_outlook && row.kind != PlanKind::Run);
    let said = [
        ahead.map(|rows| format!("The date counts what is planned: {rows}.")),
        missing.map(|rows| format!("It does not count what has not come on its day: {rows}.")),
    ];
    let said: Vec<String> = said.into_iter().flatten().collect();
    (!said.is_empty()).then(|| said.join(" "))
}

impl Planned {
    /// What it is, how sure, and its day.
    fn on_its_day(&self) -> String {
        let sure =
            (self.sure < Decimal::ONE).then(|| format!(" ({} % sure)", (self.sure * Decimal::ONE_HUNDRED).normalize()));
        format!("{}{} on {}", self.what, sure.unwrap_or_default(), day_text(self.on))
    }
}
