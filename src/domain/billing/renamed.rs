//! Services that AWS renamed: which names on a bill are one service, by the table of known renames and by the bill itself.
//!
//! The bill shows it where a name that nobody knows begins within two days of the end of another, and on most days most of
//! what either costs is billed under usage types of the other. Usage types are compared exactly and names not at all: two
//! names that are alike can be two services.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::hash::Hash;

use chrono::NaiveDate;

use super::classify::{Classifier, Succession};
use crate::facts::Facts;
use crate::facts::charge::{BillPart, record_kind};
use crate::facts::plan::{PlanEntry, What};
use crate::facts::rows::{ChargeKind, ChargeRow, UsageKind, UsageRow};
use crate::values::money::Money;
use crate::values::period::{DayRange, plus_days};
use crate::values::service::{SameService, fold};
use crate::values::words::{day_text, names_text};

/// Days between the end of one name and the start of another that may be its new one; more than a weekend, on which
/// nothing may be used.
const APART_DAYS: i64 = 2;
/// Days of each name whose cost is compared.
const COMPARED_DAYS: i64 = 28;

/// A service that the bill shows under several names.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Renamed {
    /// Its newest name on the bill.
    newest: String,
    /// First day of that name.
    on: NaiveDate,
    /// The names before it, the oldest first.
    before: Vec<String>,
    /// Names that the bill still shows beside the newest one.
    beside: Vec<String>,
}

/// Which names on a bill are one service.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Renames {
    same: SameService,
    /// True if the bill shows a rename that no table knows.
    learnt: bool,
    on_bill: Vec<Renamed>,
    /// The newest name on the bill, by the folded names of each service that the bill shows.
    newest: BTreeMap<String, String>,
}

impl Renames {
    /// Reads them off the bill of `facts`.
    pub fn learn(facts: &Facts, classifier: &Classifier) -> Renames {
        let known = classifier.service_aliases().same();
        let mut same = known.clone();
        for (old, new) in successions(facts, classifier) {
            same.join(old, new);
        }
        let mut services: BTreeMap<String, Vec<(usize, &str, Life)>> = BTreeMap::new();
        for (name, life) in lives(facts) {
            let names = same.names_of(name);
            let rank = names.iter().position(|other| fold(other) == fold(name)).unwrap_or_default();
            let service = names.first().map_or_else(|| fold(name), |oldest| fold(oldest));
            services.entry(service).or_default().push((rank, name, life));
        }
        let mut renames = Renames { learnt: same != *known, same, ..Renames::default() };
        for mut names in services.into_values() {
            // Two spellings of one name differ by nothing but the day on which AWS began to use them.
            names.sort_by_key(|(rank, name, life)| (*rank, life.first, *name));
            let Some((_, newest, now)) = names.pop() else { continue };
            let folded = renames.same.names_of(newest).iter().map(|name| fold(name)).chain([fold(newest)]);
            let newest_of: Vec<(String, String)> = folded.map(|name| (name, newest.to_owned())).collect();
            renames.newest.extend(newest_of);
            let goes_on = |(_, _, life): &&(usize, &str, Life)| life.last > plus_days(now.first, APART_DAYS);
            let text = |(_, name, _): &(usize, &str, Life)| (*name).to_owned();
            if !names.is_empty() {
                renames.on_bill.push(Renamed {
                    newest: newest.to_owned(),
                    on: now.first,
                    before: names.iter().filter(|name| !goes_on(name)).map(text).collect(),
                    beside: names.iter().filter(goes_on).map(text).collect(),
                });
            }
        }
        renames
    }

    /// The newest name on the bill of the service that `name` means, if it is another.
    pub fn newest(&self, name: &str) -> Option<&str> {
        self.newest.get(&fold(name)).map(String::as_str).filter(|newest| *newest != name)
    }

    /// The oldest name on the bill, by the newest: what is told of a service keeps its key when AWS renames it.
    pub fn first_names(&self) -> BTreeMap<String, String> {
        let first = |it: &Renamed| it.before.first().or(it.beside.first()).map(|old| (it.newest.clone(), old.clone()));
        self.on_bill.iter().filter_map(first).collect()
    }

    /// What to say of a service that the bill shows under older names too.
    pub fn evidence(&self, service: &str) -> Option<String> {
        let of = self.on_bill.iter().find(|of| of.newest == service)?;
        let named = |names: &[String]| names_text(&names.iter().map(String::as_str).collect::<Vec<_>>());
        let renamed =
            (!of.before.is_empty()).then(|| format!("renamed from {} on {}", named(&of.before), day_text(of.on)));
        let beside = (!of.beside.is_empty()).then(|| format!("also billed as {}", named(&of.beside)));
        Some([renamed, beside].into_iter().flatten().collect::<Vec<_>>().join("; "))
    }

    /// The facts with each service under its newest name; `None` where that changes nothing.
    pub fn facts(&self, facts: &Facts) -> Option<Facts> {
        let changes = !self.on_bill.is_empty() || facts.plan.iter().any(|entry| self.entry(entry).is_some());
        changes.then(|| {
            let name = |service: &str| self.newest(service).unwrap_or(service).to_owned();
            let (charge_kinds, charge_numbers) = renumbered(&facts.charge_kinds, |kind| ChargeKind {
                service: name(&kind.service),
                record_type: kind.record_type.clone(),
            });
            let (usage_kinds, usage_numbers) = renumbered(&facts.usage_kinds, |kind| UsageKind {
                service: name(&kind.service),
                usage_type: kind.usage_type.clone(),
                unit: kind.unit.clone(),
            });
            let charges = facts.charges.iter().map(|row| ChargeRow { kind: charge_numbers[row.kind], ..*row });
            let usage = facts.usage.iter().map(|row| UsageRow { kind: usage_numbers[row.kind], ..*row });
            Facts {
                charge_kinds,
                charges: added_up(charges, |row| (row.day, row.kind), |sum, row| sum.cost += row.cost),
                usage_kinds,
                usage: added_up(
                    usage,
                    |row| (row.day, row.kind),
                    |sum, row| {
                        sum.cost += row.cost;
                        sum.quantity += row.quantity;
                    },
                ),
                plan: facts.plan.iter().map(|entry| self.entry(entry).unwrap_or_else(|| entry.clone())).collect(),
                ..facts.clone()
            }
        })
    }

    /// An event that names a service by another name than its newest, with the newest.
    fn entry(&self, entry: &PlanEntry) -> Option<PlanEntry> {
        let what = match &entry.what {
            What::End { of } => What::End { of: self.newest(of)?.to_owned() },
            What::Fee { usd, service: Some(service) } => {
                What::Fee { usd: *usd, service: Some(self.newest(service)?.to_owned()) }
            }
            _ => return None,
        };
        Some(PlanEntry { what, ..entry.clone() })
    }

    /// The rules that know these renames; `None` where they know them already.
    pub fn rules(&self, classifier: &Classifier) -> Option<Classifier> {
        self.learnt.then(|| classifier.with_same(self.same.clone()))
    }
}

/// From when to when a name is on the bill.
#[derive(Debug, Clone, Copy)]
struct Life {
    first: NaiveDate,
    last: NaiveDate,
}

impl Life {
    fn with(life: Option<Life>, day: NaiveDate) -> Life {
        life.map_or(Life { first: day, last: day }, |Life { first, last }| Life {
            first: first.min(day),
            last: last.max(day),
        })
    }

    fn both(life: Option<Life>, other: Life) -> Life {
        Life::with(Some(Life::with(life, other.first)), other.last)
    }
}

/// By the number of each kind, the days of its rows that count.
fn by_kind<R>(kinds: usize, rows: &[R], counts: impl Fn(&R) -> Option<(usize, NaiveDate)>) -> Vec<Option<Life>> {
    let mut lives = vec![None; kinds];
    for (kind, day) in rows.iter().filter_map(counts) {
        lives[kind] = Some(Life::with(lives[kind], day));
    }
    lives
}

fn by_service<'f>(lives: impl Iterator<Item = (&'f str, Option<Life>)>) -> BTreeMap<&'f str, Life> {
    let mut services = BTreeMap::new();
    for (service, life) in lives {
        if let Some(life) = life {
            let known = services.get(service).copied();
            services.insert(service, Life::both(known, life));
        }
    }
    services
}

/// Every name on the bill with its days. A credit, refund or tax that comes after its service ended prolongs nothing, but a
/// name that stands on such rows alone is a name too.
fn lives(facts: &Facts) -> BTreeMap<&str, Life> {
    let is_cost = |kind: &ChargeKind| record_kind(&kind.record_type, Money::ZERO).part == BillPart::Gross;
    let is_cost: Vec<bool> = facts.charge_kinds.iter().map(is_cost).collect();
    let charges = by_kind(is_cost.len(), &facts.charges, |row| Some((row.kind, row.day)));
    let usage = by_kind(facts.usage_kinds.len(), &facts.usage, |row| Some((row.kind, row.day)));
    let charged = || facts.charge_kinds.iter().map(|kind| kind.service.as_str()).zip(charges.iter().copied());
    let costs = charged().zip(&is_cost).filter(|(_, is_cost)| **is_cost).map(|(life, _)| life);
    let used = facts.usage_kinds.iter().map(|kind| kind.service.as_str()).zip(usage);
    let mut lives = by_service(charged());
    lives.extend(by_service(costs.chain(used)));
    lives
}

/// Pairs of names of which the bill shows that the second follows on the first, in order of day.
fn successions<'f>(facts: &'f Facts, classifier: &Classifier) -> Vec<(&'f str, &'f str)> {
    let Some(start) = facts.usage.iter().map(|row| row.day).min() else { return Vec::new() };
    let days =
        by_kind(facts.usage_kinds.len(), &facts.usage, |row| (!row.cost.is_zero()).then_some((row.kind, row.day)));
    let lives = by_service(facts.usage_kinds.iter().map(|kind| kind.service.as_str()).zip(days));
    let through = facts.data_through().unwrap_or(start);
    let mut found: Vec<(NaiveDate, &str, &str)> = Vec::new();
    for (new, begins) in lives.iter().filter(|(_, life)| life.first > start) {
        for (old, ended) in lives.iter().filter(|(_, life)| life.first < begins.first) {
            // Days between the two without either; below zero, days with both.
            let between = (begins.first - ended.last).num_days() - 1;
            // Until a day without the older one is complete it may go on, but for one that gives up what the other takes.
            let has_ended = between >= 0 || ended.last < through;
            let follows = between.abs() <= APART_DAYS
                && match classifier.succession(old, new) {
                    Succession::Never => false,
                    Succession::OnceEnded => has_ended && between >= -1,
                    Succession::Possible => has_ended || hands_over(facts, old, new, begins.first),
                };
            if follows && share_usage_types(facts, (old, *ended), (new, *begins)) {
                found.push((begins.first, old, new));
            }
        }
    }
    found.sort_unstable();
    // What splits into two, or comes of two, is no rename.
    let once = |is: &dyn Fn(&(NaiveDate, &str, &str)) -> bool| found.iter().filter(|pair| is(pair)).count() == 1;
    let alone = |old: &str, new: &str| once(&|(_, other, _)| *other == old) && once(&|(_, _, other)| *other == new);
    found.iter().filter(|(_, old, new)| alone(old, new)).map(|(_, old, new)| (*old, *new)).collect()
}

/// True if on each day from `first` on the older name costs less than on its last day before, by most of what the newer one
/// costs, so that both together cost about the same.
fn hands_over(facts: &Facts, old: &str, new: &str, first: NaiveDate) -> bool {
    let cost_of = |service: &str| {
        let mut costs: BTreeMap<NaiveDate, Money> = BTreeMap::new();
        for row in facts.usage.iter().filter(|row| facts.usage_kinds[row.kind].service == service) {
            *costs.entry(row.day).or_default() += row.cost;
        }
        costs.retain(|_, cost| !cost.is_zero());
        costs
    };
    let (old, new) = (cost_of(old), cost_of(new));
    let Some((_, before)) = old.range(..first).next_back() else { return false };
    old.range(first..).all(|(day, rest)| {
        let taken = new.get(day).copied().unwrap_or_default();
        *before - *rest > taken.per(2) && *rest + taken < *before + before.per(2)
    })
}

/// What a service costs on each day, by usage type.
type DailyTypes<'f> = BTreeMap<NaiveDate, BTreeMap<&'f str, Money>>;

/// True if on most days around the change most of what each costs is billed under usage types of the other. By days, since a
/// fee of one day is no service that goes on.
fn share_usage_types(facts: &Facts, (old, ended): (&str, Life), (new, begins): (&str, Life)) -> bool {
    let costs = |service: &str, days: DayRange| {
        let mut costs = DailyTypes::new();
        let of_service: Vec<bool> = facts.usage_kinds.iter().map(|kind| kind.service == service).collect();
        for row in facts.usage.iter().filter(|row| of_service[row.kind] && days.contains(row.day)) {
            let usage_type = facts.usage_kinds[row.kind].usage_type.as_str();
            *costs.entry(row.day).or_default().entry(usage_type).or_default() += row.cost.abs();
        }
        costs
    };
    let old = costs(old, DayRange::new(plus_days(ended.last, 1 - COMPARED_DAYS), plus_days(ended.last, 1)));
    let new = costs(new, DayRange::new(begins.first, plus_days(begins.first, COMPARED_DAYS)));
    shared_on_most_days(&old, &new) && shared_on_most_days(&new, &old)
}

fn shared_on_most_days(of: &DailyTypes<'_>, other: &DailyTypes<'_>) -> bool {
    let others: BTreeSet<&str> = other.values().flat_map(BTreeMap::keys).copied().collect();
    let most = |costs: &&BTreeMap<&str, Money>| {
        let shared: Money = costs.iter().filter(|(name, _)| others.contains(*name)).map(|(_, cost)| *cost).sum();
        shared + shared > costs.values().copied().sum()
    };
    2 * of.values().filter(most).count() > of.len()
}

/// Kinds as `change` makes them, those that become one only once; and for each old number the new one.
fn renumbered<K: Clone + Eq + Hash>(kinds: &[K], change: impl Fn(&K) -> K) -> (Vec<K>, Vec<usize>) {
    let (mut numbers, mut changed): (HashMap<K, usize>, Vec<K>) = (HashMap::new(), Vec::new());
    let number = |kind: &K| {
        let kind = change(kind);
        *numbers.entry(kind.clone()).or_insert_with(|| {
            changed.push(kind);
            changed.len() - 1
        })
    };
    let of_old = kinds.iter().map(number).collect();
    (changed, of_old)
}

/// Rows in their order, those of one key as one.
fn added_up<R, K: Eq + Hash>(rows: impl Iterator<Item = R>, key: impl Fn(&R) -> K, add: impl Fn(&mut R, R)) -> Vec<R> {
    let (mut places, mut sums): (HashMap<K, usize>, Vec<R>) = (HashMap::new(), Vec::new());
    for row in rows {
        match places.get(&key(&row)) {
            Some(place) => add(&mut sums[*place], row),
            None => {
                places.insert(key(&row), sums.len());
                sums.push(row);
            }
        }
    }
    sums
}
