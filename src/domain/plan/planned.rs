//! A planned event as it is shown.

use crate::facts::plan::PlanKind;
use crate::values::money::Money;
use crate::values::words::day_text;
use chrono::NaiveDate;
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// Days after its day that an event is waited for.
pub const WAITED_DAYS: i64 = 60;

/// Days of a step after which the forecast knows its level by itself.
pub(super) const BEGUN_DAYS: i64 = 28;

/// Days of a launch that nobody ends.
pub const LAUNCH_DAYS: i64 = 365;

/// Who knows of an event.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum PlanSource {
    /// Entered with `plan add`.
    Plan,
    /// A step, launch or run of the filing in force.
    Filing,
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
