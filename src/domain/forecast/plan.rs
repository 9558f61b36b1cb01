//! What a filed projection says of the growth of young spend.
//!
//! The level is what the bill shows; the plan only says how it moves. It counts the less, the longer the account's own
//! trend is known, and the further the bill has been from the plan so far.

use std::collections::BTreeMap;

use chrono::NaiveDate;

use super::series::{History, WEEK};
use crate::values::period::plus_days;

/// Weeks of data after which the plan says nothing more: the account's own trend does.
const WEEKS_OF_PLAN: usize = 8;
/// How far the weekly log ratios of bill to plan may scatter until the plan counts half, a factor of one and a half: it did
/// not know how spend moves. Chosen.
const HALF_BY_SHAPE: f64 = 0.405;
/// How far they may be from zero in the mean until it counts half, a factor of five: it is about something else. Chosen.
const HALF_BY_LEVEL: f64 = 1.609;
/// A plan moves a forecast by no more than this factor, or its inverse. Chosen.
const LARGEST_GROWTH: f64 = 10.0;

/// A plan's daily amounts beside a history, in US dollars.
#[derive(Debug, Clone, PartialEq)]
pub struct Plan {
    /// Of the days that the history knows, oldest first.
    past: Vec<f64>,
    /// Of the days after them.
    ahead: Vec<f64>,
}

impl Plan {
    /// Reads `planned` amounts by day for a history of `known` days that ends with `newest`, and the `days` after it. A plan
    /// that ends is no plan to stop: its last day goes on.
    pub fn of(planned: &BTreeMap<NaiveDate, f64>, newest: NaiveDate, known: usize, days: usize) -> Plan {
        let at = |day: NaiveDate| planned.range(..=day).next_back().map_or(0.0, |(_, cost)| *cost);
        let past = (0..known as i64).rev().map(|back| at(plus_days(newest, -back))).collect();
        let ahead = (1..=days as i64).map(|ahead| at(plus_days(newest, ahead))).collect();
        Plan { past, ahead }
    }

    /// How much the plan counts, from 0 to 1.
    pub fn weight(&self, history: History) -> f64 {
        let age = 1.0 - history.days() as f64 / (WEEKS_OF_PLAN * WEEK) as f64;
        if age <= 0.0 || self.past.last().is_none_or(|now| *now <= 0.0) {
            return 0.0;
        }
        let ratios = self.ratios(history);
        let count = ratios.len().max(1) as f64;
        let mean = ratios.iter().sum::<f64>() / count;
        let scatter = ratios.iter().map(|ratio| (ratio - mean).powi(2)).sum::<f64>() / count;
        age / (1.0 + scatter / HALF_BY_SHAPE.powi(2) + (mean / HALF_BY_LEVEL).powi(2))
    }

    /// Log ratios of bill to plan in the weeks known, backwards from the newest day.
    fn ratios(&self, history: History) -> Vec<f64> {
        let weeks = history.0.rchunks(WEEK).zip(self.past.rchunks(WEEK));
        let ratio = |(billed, planned): (&[f64], &[f64])| {
            let (billed, planned) = (billed.iter().sum::<f64>(), planned.iter().sum::<f64>());
            (planned > 0.0).then(|| (billed.max(planned * 1e-3) / planned).ln())
        };
        weeks.filter_map(ratio).collect()
    }

    /// Lets `daily` grow as planned, as far as the plan counts; gives how far that is.
    pub fn shape(&self, history: History, daily: &mut [f64]) -> f64 {
        let weight = self.weight(history);
        let Some(now) = self.past.last().filter(|_| weight > 0.0) else { return 0.0 };
        for (cost, then) in daily.iter_mut().zip(&self.ahead) {
            *cost *= (then / now).clamp(1.0 / LARGEST_GROWTH, LARGEST_GROWTH).powf(weight);
        }
        weight
    }
}
