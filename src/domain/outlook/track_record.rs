//! The track record: what earlier outlooks said, against what came.
//!
//! Outlooks are judged as they were stored, never as they would be made today; one a day of data counts, the newest. What
//! came is what is believed now, restatements included, without one-off fees, which no outlook forecasts.
//!
//! Invariants: an outlook is judged over exactly the days of a horizon after its own last complete day, once all of them are
//! complete and for a year from then; where no outlook is of that age for a horizon, nothing is said about it.

use std::collections::BTreeMap;

use chrono::{DateTime, NaiveDate, Utc};
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::outlook::Outlook;
use crate::values::money::Money;
use crate::values::period::{DayRange, plus_days};
use crate::values::quantiles::{DateQuantiles, DayBand};

/// Days after which an outlook is judged.
pub const HORIZONS: [i64; 3] = [30, 60, 90];
/// What the odds between p10 and p90 claim, in percent.
pub const CLAIMED_PERCENT: u64 = 80;

/// How far back the record reaches: days before the newest complete one within which a horizon must have ended to count.
pub const RECORD_DAYS: i64 = 365;

/// What an outlook said, as far as it can be judged. It reads from the stored form of an [`Outlook`] and skips the rest of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Said {
    /// Last complete day that it knew.
    pub data_through: NaiveDate,
    /// When it saw credit end.
    pub exhaustion: DateQuantiles,
    /// Cumulative gross cost from the day after `data_through`, up to the days on which it is judged.
    pub cumulative: Vec<DayBand>,
}

impl Said {
    /// The same without the bands that nothing judges.
    #[must_use]
    pub fn judged(mut self) -> Said {
        let days = HORIZONS.map(|days| plus_days(self.data_through, days));
        self.cumulative.retain(|band| days.contains(&band.day));
        self
    }
}

impl From<&Outlook> for Said {
    fn from(outlook: &Outlook) -> Self {
        let (data_through, exhaustion) = (outlook.data_through, outlook.exhaustion);
        Said { data_through, exhaustion, cumulative: outlook.cumulative.clone() }.judged()
    }
}

/// A stored outlook.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PastOutlook {
    /// Clock of its cycle.
    pub made_at: DateTime<Utc>,
    /// What it said.
    pub said: Said,
}

/// What came, as far as it is known.
#[derive(Debug, Clone)]
pub struct Came {
    /// Last complete day.
    pub through: NaiveDate,
    /// Gross cost by day without one-off fees; a day that is missing cost nothing.
    pub spend: BTreeMap<NaiveDate, Money>,
    /// When credit ends by what is known now; the day it ended, at all odds, if it has.
    pub exhaustion: DateQuantiles,
}

/// Earlier outlooks against what came.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct TrackRecord {
    /// Shortest first; only those for which an outlook is old enough.
    pub horizons: Vec<Horizon>,
}

/// The record over one number of days.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Horizon {
    /// Days after an outlook's last complete day.
    pub days: i64,
    /// Clock of the newest outlook that is so old: the one that the checks below judge.
    pub made_at: DateTime<Utc>,
    /// Last complete day that it knew.
    pub data_through: NaiveDate,
    /// Its spend over these days; null for readers who may not see the account's spend.
    pub spend: Option<SpendCheck>,
    /// Its day of exhaustion; null if it named none, or credit had ended before.
    pub exhaustion: Option<DateCheck>,
    /// Stored outlooks whose days ended within the last year, one for each last complete day.
    pub outlooks: u64,
    /// Of these, the ones whose spend fell between p10 and p90.
    pub held: u64,
    /// Whether some of them are judged over the same days, so that they are no independent trials.
    pub overlap: bool,
}

impl Horizon {
    /// How often the odds held, in percent with one digit after the point.
    pub fn held_percent(&self) -> Decimal {
        (Decimal::from(self.held) * Decimal::ONE_HUNDRED / Decimal::from(self.outlooks.max(1))).round_dp(1)
    }
}

/// Where what came lies in what was said.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Place {
    /// From p10 to p90, both included.
    Inside,
    /// Less than p10, or before it.
    Below,
    /// More than p90, or after it.
    Above,
    /// Not decided yet.
    Open,
}

/// Spend over some days, said and come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct SpendCheck {
    /// Said: one path in ten stays below.
    pub p10: Money,
    /// Said: half of the paths do.
    pub p50: Money,
    /// Said: nine in ten do.
    pub p90: Money,
    /// What came.
    pub actual: Money,
    /// Where it lies.
    pub place: Place,
}

/// A day of exhaustion, said and come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct DateCheck {
    /// What was said.
    pub said: DateQuantiles,
    /// The day it came; null = not yet.
    pub came: Option<NaiveDate>,
    /// What is said now.
    pub now: DateQuantiles,
    /// Where it lies.
    pub place: Place,
}

/// Judges the stored outlooks. Of several with the same last complete day, the newest counts.
pub fn track_record(stored: &[PastOutlook], came: &Came) -> TrackRecord {
    let mut by_day: BTreeMap<NaiveDate, &PastOutlook> = BTreeMap::new();
    for past in stored {
        let newest = by_day.entry(past.said.data_through).or_insert(past);
        if past.made_at >= newest.made_at {
            *newest = past;
        }
    }
    let past: Vec<&PastOutlook> = by_day.into_values().collect();
    TrackRecord { horizons: HORIZONS.iter().filter_map(|days| horizon(*days, &past, came)).collect() }
}

/// `past` in the order of their last complete days.
fn horizon(days: i64, past: &[&PastOutlook], came: &Came) -> Option<Horizon> {
    let judged: Vec<(&PastOutlook, SpendCheck)> =
        past.iter().filter_map(|past| Some((*past, spend_check(&past.said, days, came)?))).collect();
    let (newest, spend) = judged.last()?;
    let made_from = |index: usize| judged[index].0.said.data_through;
    Some(Horizon {
        days,
        made_at: newest.made_at,
        data_through: newest.said.data_through,
        spend: Some(*spend),
        exhaustion: date_check(&newest.said, came),
        outlooks: judged.len() as u64,
        held: judged.iter().filter(|(_, check)| check.place == Place::Inside).count() as u64,
        overlap: (1..judged.len()).any(|next| (made_from(next) - made_from(next - 1)).num_days() < days),
    })
}

/// `None` before all its days are complete, longer than the record reaches after that, and for an outlook that kept no band
/// for the last of them.
fn spend_check(said: &Said, days: i64, came: &Came) -> Option<SpendCheck> {
    let last = plus_days(said.data_through, days);
    if last > came.through || last <= plus_days(came.through, -RECORD_DAYS) {
        return None;
    }
    let DayBand { p10, p50, p90, .. } = *said.cumulative.iter().find(|band| band.day == last)?;
    let range = DayRange::new(plus_days(said.data_through, 1), plus_days(last, 1));
    let actual: Money = came.spend.range(range.start..range.end).map(|(_, cost)| *cost).sum();
    let place = match actual {
        below if below < p10 => Place::Below,
        above if above > p90 => Place::Above,
        _ => Place::Inside,
    };
    Some(SpendCheck { p10, p50, p90, actual, place })
}

/// A late end that was not named lies beyond the outlook's year.
fn date_check(said: &Said, came: &Came) -> Option<DateCheck> {
    let early = said.exhaustion.p10?;
    let late = said.exhaustion.p90.unwrap_or(NaiveDate::MAX);
    let ended = came.exhaustion.p50.filter(|day| *day <= came.through);
    let place = match ended {
        Some(day) if day <= said.data_through => return None,
        Some(day) if day < early => Place::Below,
        Some(day) if day > late => Place::Above,
        Some(_) => Place::Inside,
        None if came.through >= late => Place::Above,
        None => Place::Open,
    };
    Some(DateCheck { said: said.exhaustion, came: ended, now: came.exhaustion, place })
}
