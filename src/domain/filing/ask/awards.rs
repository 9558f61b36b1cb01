//! How long an award lasts for the spend of a filing.

use std::collections::BTreeMap;

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::spend::{Row, Spend};
use crate::credit::programme::{Programme, Programmes};
use crate::values::money::Money;
use crate::values::period::DayRange;

/// Awards that are told beside each other: one of each programme, and those that startups combine.
const SETS: [&[Programme]; 7] = [
    &[Programme::Founders],
    &[Programme::BedrockPoc],
    &[Programme::ActivatePortfolio],
    &[Programme::ActivatePortfolio, Programme::BedrockPoc],
    &[Programme::AiRecord],
    &[Programme::ActivatePortfolio, Programme::AiRecord],
    &[Programme::Accelerator],
];

/// One award or several together, of their usual size.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct AwardSize {
    /// Their programmes.
    pub programmes: Vec<Programme>,
    /// Dollars together: what is usual of each, the most that it grants where that is not reported.
    pub usd: Money,
    /// True if it is usual of each of them; false where what is usual of one is not reported, or is more than it can still grant.
    pub usual: bool,
    /// Day on which they are used up by the spend that they are meant for; null if they last over the window.
    pub lasts_until: Option<NaiveDate>,
}

/// How long awards last that can still be granted beside what was `granted`: each pays the spend that its programme is meant for, the
/// narrower first.
pub(super) fn awards(spend: &Spend, granted: &BTreeMap<Programme, Money>) -> Vec<AwardSize> {
    let table = Programmes::builtin();
    let size = |programmes: &&[Programme]| {
        let funds = |programme: &Programme, row: &Row| table.of(*programme).funds(row.purpose);
        let has_spend =
            |programme: &Programme| spend.rows.iter().any(|row| row.payable().is_positive() && funds(programme, row));
        // Nobody combines an award with one that has nothing to pay.
        let is_held = |programme: &Programme| table.of(*programme).is_held_at_ceiling(granted);
        if !programmes.iter().all(has_spend) || programmes.iter().any(is_held) {
            return None;
        }
        let paid = |row: &&Row| programmes.iter().any(|programme| funds(programme, row));
        let rows: Vec<&Row> = spend.rows.iter().filter(paid).collect();
        let (usd, usual) = together(programmes, granted)?;
        Some(AwardSize { programmes: programmes.to_vec(), usd, usual, lasts_until: used_up(&rows, usd) })
    };
    SETS.iter().filter_map(size).collect()
}

/// What awards of these programmes usually come to, and no more than they can still grant together; and whether that is usual of each.
/// `None` where one of them can grant nothing beside the others.
fn together(programmes: &[Programme], granted: &BTreeMap<Programme, Money>) -> Option<(Money, bool)> {
    let table = Programmes::builtin();
    let (mut had, mut sum, mut usual) = (granted.clone(), Money::ZERO, true);
    for programme in programmes {
        let terms = table.of(*programme);
        let room = terms.room(&had);
        let size = terms.typical_usd.filter(|typical| *typical <= room);
        usual &= size.is_some();
        let size = size.unwrap_or(room);
        if !size.is_positive() {
            return None;
        }
        *had.entry(*programme).or_default() += size;
        sum += size;
    }
    Some((sum, usual))
}

/// The day on which the payable spend of `rows`, each spread evenly over its days, reaches `usd`; `None` if it does not.
pub(super) fn used_up(rows: &[&Row], usd: Money) -> Option<NaiveDate> {
    // Many rows share few stretches of days.
    let mut stretches: BTreeMap<(NaiveDate, NaiveDate), Money> = BTreeMap::new();
    for row in rows {
        *stretches.entry((row.days.start, row.days.end)).or_default() += row.payable();
    }
    let mut daily: BTreeMap<NaiveDate, Money> = BTreeMap::new();
    for ((start, end), usd) in stretches.into_iter().filter(|(_, usd)| usd.is_positive()) {
        let days = DayRange::new(start, end);
        let per_day = usd.per(days.len());
        days.days().for_each(|day| *daily.entry(day).or_default() += per_day);
    }
    let mut used = Money::ZERO;
    daily.into_iter().find_map(|(day, cost)| {
        used += cost;
        (usd - used < Money::CENT).then_some(day)
    })
}
