//! A model or a service that costs far more than it did, and why.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

use chrono::NaiveDate;
use rust_decimal::Decimal;

use super::input::IngestHealth;
use super::settings::AlertRules;
use crate::alert::key::key;
use crate::position::finding::{Finding, Rule, Severity};
use crate::position::observations::{ChangeCause, EarlyRise, Observations, SpendChange};
use crate::values::money::Money;
use crate::values::words::{day_text, names_text, percent_text, times_text, usd_text};

/// A spike stands out among the highest three days of the last quarter, so that training runs, which come and go, are
/// told when they are dearer than any before.
const ABOVE_HIGHEST: Decimal = Decimal::from_parts(125, 0, 0, false, 2);
/// Of the ratio less one: what was told is let go below this.
const LET_GO: Decimal = Decimal::from_parts(5, 0, 0, false, 1);
/// Times a usual day from which one of the newest days is told before it is complete, and the share of `spike_per_day` that
/// it must cost by then.
const EARLY_RATIO: Decimal = Decimal::from_parts(3, 0, 0, false, 0);
const EARLY_SHARE: Decimal = Decimal::from_parts(1, 0, 0, false, 1);
/// Spikes that begin within so many days of each other are one event.
const ONE_EVENT_DAYS: i64 = 3;

/// One that is to be told.
struct Spike<'a> {
    subject: &'a str,
    since: NaiveDate,
    more_per_day: Money,
    shown_by: ShownBy<'a>,
}

/// What shows it: complete days, or one of the newest days alone.
enum ShownBy<'a> {
    Days(&'a SpendChange),
    Day(&'a EarlyRise),
}

/// The spikes, and of each that belongs to a larger one of the same days, the key of that.
pub(super) fn spikes(
    observations: &Observations,
    health: &IngestHealth,
    rules: &AlertRules,
) -> (Vec<Finding>, BTreeMap<String, String>) {
    let by_days = observations.changes.iter().filter(|change| is_spike(change, observations, rules));
    let mut spiking: Vec<Spike<'_>> = by_days
        .map(|change| Spike {
            subject: &change.subject,
            since: change.since,
            more_per_day: change.more_per_day(),
            shown_by: ShownBy::Days(change),
        })
        .collect();
    let known: BTreeSet<&str> = spiking.iter().map(|spike| spike.subject).collect();
    let by_day = observations.rising.iter().filter(|rise| is_early(rise, rules) && !known.contains(&*rise.subject));
    let by_day: Vec<Spike<'_>> = by_day
        .map(|rise| Spike {
            subject: &rise.subject,
            since: rise.day,
            more_per_day: rise.amount - rise.before_per_day,
            shown_by: ShownBy::Day(rise),
        })
        .collect();
    spiking.extend(by_day);
    // What was told leads its event, so that it is not told again under another name.
    let is_told = |spike: &Spike<'_>| observations.told.contains_key(&key(Rule::Spike, spike.subject));
    spiking.sort_by_key(|spike| (!is_told(spike), Reverse(spike.more_per_day), spike.subject));
    let mut part_of = BTreeMap::new();
    let mut with: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for (index, spike) in spiking.iter().enumerate() {
        let lead = spiking[..index].iter().find(|lead| {
            !part_of.contains_key(&key(Rule::Spike, lead.subject))
                && (lead.since - spike.since).num_days().abs() <= ONE_EVENT_DAYS
        });
        if let Some(lead) = lead {
            part_of.insert(key(Rule::Spike, spike.subject), key(Rule::Spike, lead.subject));
            with.entry(lead.subject).or_default().push(spike.subject);
        }
    }
    let finding = |spike: &Spike<'_>| {
        let with = with.get(spike.subject).map(Vec::as_slice).unwrap_or_default();
        match spike.shown_by {
            ShownBy::Days(change) => told(change, with, health.today(), rules),
            ShownBy::Day(rise) => told_early(rise, with, health.today(), rules),
        }
    };
    (spiking.iter().map(finding).collect(), part_of)
}

/// True for a day that costs three times the usual so far. Half a day of ten times the usual shows so.
fn is_early(rise: &EarlyRise, rules: &AlertRules) -> bool {
    rise.amount >= rise.before_per_day.times(EARLY_RATIO)
        && rise.amount >= rules.spike_per_day.times(EARLY_SHARE)
        && rise.amount >= rise.highest_day.times(ABOVE_HIGHEST)
}

/// What one of the newest days shows, before three days do.
fn told_early(rise: &EarlyRise, with: &[&str], today: NaiveDate, rules: &AlertRules) -> Finding {
    let (cost, so_far, sure) = if rise.complete {
        ("cost", "", "this day is complete as billed; one day can stand alone")
    } else {
        ("has cost at least", " so far", "AWS still adds cost to this day, so it will rather be more")
    };
    let multiple = rise.amount.ratio(rise.before_per_day);
    let multiple =
        multiple.map_or_else(|| "All of it is new".to_owned(), |m| format!("That is {} a usual day", times_text(m)));
    let also =
        if with.is_empty() { String::new() } else { format!(" The same days show more of {}.", names_text(with)) };
    Finding {
        named: None,
        rule: Rule::Spike,
        severity: Severity::Warning,
        key: key(Rule::Spike, &rise.subject),
        since: rise.day.min(today),
        summary: format!(
            "{} {cost} {} on {}{so_far}, after {} a day in the four weeks before. {multiple}, {}.{also}",
            rise.subject,
            usd_text(rise.amount),
            day_text(rise.day),
            usd_text(rise.before_per_day),
            cause_text(&rise.cause, rise.cause_amount, rise.amount - rise.before_per_day)
        ),
        reason: format!(
            "How sure: {sure}. A warning because it is at least {} a usual day, at least {} and more than any single day of \
             the last quarter. Next: if you launched something, check that the credit left lasts; if you did not, find what \
             runs and stop it.",
            times_text(EARLY_RATIO),
            usd_text(rules.spike_per_day.times(EARLY_SHARE)),
        ),
    }
}

fn is_spike(change: &SpendChange, observations: &Observations, rules: &AlertRules) -> bool {
    let above = |ratio: Decimal| change.recent_per_day >= change.before_per_day.times(ratio);
    if observations.told.contains_key(&key(Rule::Spike, &change.subject)) {
        let half = Decimal::ONE + (rules.spike_ratio - Decimal::ONE) * LET_GO;
        return above(half) && change.more_per_day() >= rules.spike_per_day.times(EARLY_SHARE);
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
            cause_text(&change.cause, change.cause_amount, change.more_per_day())
        ),
        reason: format!(
            "How sure: these are the last 3 complete days as billed. Kept up it is {} more a month; a warning because it \
             is {} the usual and at least {} a day more. Next: {}.",
            usd_text(a_month),
            times_text(rules.spike_ratio),
            usd_text(rules.spike_per_day),
            match change.cause {
                ChangeCause::Volume { .. } =>
                    "if it is not meant, find the caller and cap it; if it is, see when credit ends now: `glidepath status` says it",
                ChangeCause::Price => "compare the price in `glidepath projection prices` and ask AWS what changed",
                ChangeCause::Mix => "see which kind grew; caching, batch or global routing may bring it back",
                ChangeCause::New { .. } => "if nobody started it on purpose, switch it off",
            }
        ),
    }
}

fn cause_text(cause: &ChangeCause, amount: Money, more: Money) -> String {
    let part = amount.ratio(more).unwrap_or(Decimal::ONE);
    let part = part.clamp(Decimal::ZERO, Decimal::ONE);
    let mostly = if part >= Decimal::new(95, 2) { String::new() } else { format!(" for {} of it", percent_text(part)) };
    match cause {
        ChangeCause::Volume { ratio: Some(ratio), unit } => {
            format!("because of volume{mostly}: {} the {unit}", times_text(*ratio))
        }
        ChangeCause::Volume { ratio: None, .. } => format!("because of volume{mostly}"),
        ChangeCause::Price => format!("because of a higher price per unit{mostly}"),
        ChangeCause::Mix => format!("because of a dearer mix of what is used{mostly}"),
        ChangeCause::New { usage_type } if usage_type.is_empty() => "and AWS names no usage type for it".to_owned(),
        ChangeCause::New { usage_type } => format!("because {usage_type} was not used before{mostly}"),
    }
}
