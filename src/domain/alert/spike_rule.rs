//! A model or a service that costs far more than it did, and why.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use chrono::NaiveDate;
use rust_decimal::Decimal;

use super::input::{ChangeCause, IngestHealth, Observations, SpendChange};
use super::rules::key;
use super::settings::AlertRules;
use crate::domain::finding::{Finding, Rule, Severity};
use crate::domain::words::{day_text, names_text, percent_text, times_text, usd_text};

/// A spike stands out among the highest three days of the last quarter, so that training runs, which come and go, are
/// told when they are dearer than any before.
const ABOVE_HIGHEST: Decimal = Decimal::from_parts(125, 0, 0, false, 2);
/// Of the ratio less one: what was told is let go below this.
const LET_GO: Decimal = Decimal::from_parts(5, 0, 0, false, 1);
/// Spikes that begin within so many days of each other are one event.
const ONE_EVENT_DAYS: i64 = 3;

/// The spikes, and of each that belongs to a larger one of the same days, the key of that.
pub(super) fn spikes(
    observations: &Observations,
    health: &IngestHealth,
    rules: &AlertRules,
) -> (Vec<Finding>, BTreeMap<String, String>) {
    let mut spiking: Vec<&SpendChange> =
        observations.changes.iter().filter(|change| is_spike(change, observations, rules)).collect();
    // What was told leads its event, so that it is not told again under another name.
    let is_told = |change: &SpendChange| observations.told.contains_key(&key(Rule::Spike, &change.subject));
    spiking.sort_by_key(|change| (!is_told(change), Reverse(change.more_per_day()), change.subject.clone()));
    let mut part_of = BTreeMap::new();
    let mut with: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for (index, change) in spiking.iter().enumerate() {
        let lead = spiking[..index].iter().find(|lead| {
            !part_of.contains_key(&key(Rule::Spike, &lead.subject))
                && (lead.since - change.since).num_days().abs() <= ONE_EVENT_DAYS
        });
        if let Some(lead) = lead {
            part_of.insert(key(Rule::Spike, &change.subject), key(Rule::Spike, &lead.subject));
            with.entry(&lead.subject).or_default().push(&change.subject);
        }
    }
    let finding = |change: &&SpendChange| {
        let with = with.get(change.subject.as_str()).map(Vec::as_slice).unwrap_or_default();
        told(change, with, health.today(), rules)
    };
    (spiking.iter().map(finding).collect(), part_of)
}

fn is_spike(change: &SpendChange, observations: &Observations, rules: &AlertRules) -> bool {
    let above = |ratio: Decimal| change.recent_per_day >= change.before_per_day.times(ratio);
    if observations.told.contains_key(&key(Rule::Spike, &change.subject)) {
        let half = Decimal::ONE + (rules.spike_ratio - Decimal::ONE) * LET_GO;
        return above(half) && change.more_per_day() >= rules.spike_per_day.times(LET_GO);
    }
    above(rules.spike_ratio)
        && change.more_per_day().is_positive()
        && change.more_per_day() >= rules.spike_per_day
        && change.recent_per_day >= change.highest_before.times(ABOVE_HIGHEST)
}

fn told(change: &SpendChange, with: &[&str], today: NaiveDate, rules: &AlertRules) -> Finding {
    let multiple = change.recent_per_day.ratio(change.before_per_day);
    let multiple =
        multiple.map_or_else(|| "All of it is new".to_owned(), |m| format!("That is {} as much", times_text(m)));
    let also = if with.is_empty() { String::new() } else { format!(" With it rose {}.", names_text(with)) };
    let a_month = change.more_per_day().times(Decimal::from(30));
    Finding {
        named: None,
        rule: Rule::Spike,
        severity: Severity::Warning,
        key: key(Rule::Spike, &change.subject),
        since: change.since.min(today),
        summary: format!(
            "{} costs {} a day since {}, after {} a day in the four weeks before. {multiple}, {}.{also}",
            change.subject,
            usd_text(change.recent_per_day),
            day_text(change.since),
            usd_text(change.before_per_day),
            cause_text(change)
        ),
        reason: format!(
            "How sure: these are the last 3 complete days as billed. Kept up it is {} more a month; a warning because it \
             is {} the usual and at least {} a day more. Next: {}.",
            usd_text(a_month),
            times_text(rules.spike_ratio),
            usd_text(rules.spike_per_day),
            match change.cause {
                ChangeCause::Volume { .. } =>
                    "if it is not meant, find the caller and cap it; if it is, look at the runway",
                ChangeCause::Price => "compare the price in `glidepath projection prices` and ask AWS what changed",
                ChangeCause::Mix => "see which kind grew; caching, batch or global routing may bring it back",
                ChangeCause::New { .. } => "if nobody started it on purpose, switch it off",
            }
        ),
    }
}

fn cause_text(change: &SpendChange) -> String {
    let part = change.cause_amount.ratio(change.more_per_day()).unwrap_or(Decimal::ONE);
    let part = part.clamp(Decimal::ZERO, Decimal::ONE);
    let mostly = if part >= Decimal::new(95, 2) { String::new() } else { format!(" for {} of it", percent_text(part)) };
    match &change.cause {
        ChangeCause::Volume { ratio: Some(ratio), unit } => {
            format!("because of volume{mostly}: {} the {unit}", times_text(*ratio))
        }
        ChangeCause::Volume { ratio: None, .. } => format!("because of volume{mostly}"),
        ChangeCause::Price => format!("because of a higher price per unit{mostly}"),
        ChangeCause::Mix => format!("because of a dearer mix of what is used{mostly}"),
        ChangeCause::New { usage_type } => format!("because {usage_type} was not used before{mostly}"),
    }
}
