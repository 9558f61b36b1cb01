//! Days that stand out while AWS still adds to them.

use std::collections::BTreeMap;

use chrono::NaiveDate;

use super::Assessment;
use super::watched::Windows;
use crate::billing::costs::DetailRow;
use crate::position::observations::EarlyRise;
use crate::values::money::Money;
use crate::values::period::{DayRange, plus_days};

/// Days that a day is measured against, and how many of these there must be.
const BEFORE_DAYS: i64 = 28;
const LEAST_BEFORE_DAYS: i64 = 7;
/// Days in which no single one may have been as high.
const QUARTER_DAYS: i64 = 90;

impl Assessment<'_> {
    /// What each model or service cost on the newest complete day and on the days after it, where that is more than before.
    pub(super) fn rising(&self) -> Vec<EarlyRise> {
        let Some((span, newest)) = self.span.zip(self.costs.detail.iter().map(|row| row.day).max()) else {
            return Vec::new();
        };
        let before = DayRange::new(plus_days(span.through, -BEFORE_DAYS).max(span.first), span.through);
        if before.len() < LEAST_BEFORE_DAYS {
            return Vec::new();
        }
        let quarter = DayRange::new(plus_days(span.through, -QUARTER_DAYS).max(span.first), span.through);
        let subjects = self.by_subject(DayRange::new(quarter.start, plus_days(newest.max(span.through), 1)));
        let rise = |(subject, rows): (&str, Vec<&DetailRow>)| {
            let mut by_day: BTreeMap<NaiveDate, Money> = BTreeMap::new();
            rows.iter().for_each(|row| *by_day.entry(row.day).or_default() += row.recurring());
            let (day, amount) = by_day.range(span.through..).max_by_key(|(day, amount)| (**amount, **day))?;
            let before_per_day = by_day.range(before.start..before.end).map(|(_, cost)| *cost).sum::<Money>();
            let before_per_day = before_per_day.per(before.len());
            if *amount <= before_per_day {
                return None;
            }
            let recent = DayRange::new(*day, plus_days(*day, 1));
            let (cause, cause_amount) = self.cause(&rows, &Windows { recent, before, quarter });
            Some(EarlyRise {
                subject: subject.to_owned(),
                day: *day,
                amount: *amount,
                complete: *day <= span.through,
                before_per_day,
                highest_day: by_day.range(..span.through).map(|(_, cost)| *cost).max().unwrap_or_default(),
                cause,
                cause_amount,
            })
        };
        subjects.into_iter().filter_map(rise).collect()
    }
}
