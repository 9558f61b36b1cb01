//! The filing's steps, launches and runs as events, and its months as spend goes if it goes as filed.
//!
//! Every entry of a line (`monthly`) is an event from its month on. While an entry is late, the months of its line are moved
//! whole, so that the order in which they were filed stays.

use std::collections::{BTreeMap, BTreeSet};

use chrono::NaiveDate;
use rust_decimal::Decimal;

use super::seen::{Days, Seen};
use super::{LAUNCH_DAYS, PlanSource, PlanState, Planned};
use crate::billing::costs::DetailKind;
use crate::billing::daily_cost::{DailyCost, Stream};
use crate::billing::price::plan_money;
use crate::facts::plan::PlanKind;
use crate::filing::projection::{Attribution, Driver, FiledLine, FiledProjection, PlannedMonth};
use crate::outlook::{Effect, FiledDays, Foreseen};
use crate::plan::planned::BEGUN_DAYS;
use crate::values::money::Money;
use crate::values::period::{BillingPeriod, DayRange, plus_days};
use crate::values::workload::Workload;

/// How likely a filed step that the bill does not show yet comes at its time. Chosen: more likely than the early tenth of the
/// paths, so that the early date knows of it, and less likely than not, so that the filing alone moves no middle date.
pub const FILED_SURE: Decimal = Decimal::from_parts(3, 0, 0, false, 1);
/// All filed steps come on the same paths.
const TOGETHER: u64 = 0;
/// Days that tell how much of a service belongs to a record.
const SHARE_DAYS: i64 = 28;

/// What a filing plans, beside what the bill shows of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FiledPlan {
    lines: Vec<Line>,
    outside: Vec<(Stream, Decimal)>,
    version: u32,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Line {
    record: String,
    name: String,
    driver: &'static str,
    kind: PlanKind,
    service: String,
    workload: Workload,
    months: BTreeMap<BillingPeriod, Money>,
    entries: Vec<Entry>,
    /// First day after the window of its record; `None` where the filing names none.
    window_end: Option<NaiveDate>,
    /// Cost per day that is there already.
    level: Money,
    /// The same over four weeks.
    four_weeks: Money,
    /// Months by which it is moved.
    moved: i32,
    /// True where somebody entered an event of the same model or type.
    known_better: bool,
    /// First day of its newest step, where that is of the newest weeks and the bill shows it.
    begun: Option<NaiveDate>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Entry {
    /// Its number in the record, counted from 1.
    number: usize,
    from: BillingPeriod,
    /// Cost per day of its first month.
    per_day: Money,
    /// Chip-hours of one run, where the line plans runs.
    run: Option<Decimal>,
    /// `None` where it plans nothing.
    state: Option<PlanState>,
}

impl FiledPlan {
    /// Reads a filing with its priced months beside the bill.
    pub fn read(version: u32, projection: &FiledProjection, plan: &[PlannedMonth], days: Days) -> FiledPlan {
        let mut lines = Vec::new();
        let mut places = BTreeMap::new();
        let window_end = |record| projection.window_of(record).map(|window| window.end);
        let mut by_line: BTreeMap<Planner<'_>, Vec<&PlannedMonth>> = BTreeMap::new();
        for month in plan {
            by_line.entry(planner(month)).or_default().push(month);
        }
        for (at, record) in projection.records.iter().enumerate() {
            let mut number = 0;
            for (place, line) in record.lines().enumerate() {
                let first = number + 1;
                number += line.months().count();
                let months = by_line.get(&(record.id.as_str(), line.driver(), Some(line.name())));
                if let Some(read) = months.and_then(|months| Line::read(&record.id, line, months, first)) {
                    places.insert((at, place), lines.len());
                    lines.push(Line { window_end: window_end(record), ..read });
                }
            }
        }
        let attribution = Attribution::of(projection);
        let place = |kind: &DetailKind| {
            let class = &kind.class;
            let (model, instance_type) = (class.model.as_deref(), class.instance_type.as_deref());
            let claim = attribution.line(&kind.service, class.workload, model, instance_type)?;
            places.get(&claim).copied()
        };
        let seen = days.of_each(lines.len(), place);
        for (line, seen) in lines.iter_mut().zip(&seen) {
            line.judge(seen, days.through());
        }
        FiledPlan { lines, outside: outside(days, &place), version }
    }

    /// The events for people, in the order of the filing.
    pub fn rows(&self) -> Vec<Planned> {
        let of_line = |line: &'_ Line| -> Vec<Planned> {
            let row = |(at, entry): (usize, &Entry)| {
                let state = entry.state?;
                let on = entry.from.first_day();
                let next = line.entries.get(at + 1).map(|next| next.from.first_day());
                let until = next.into_iter().chain(line.window_end).min();
                Some(Planned {
                    id: format!("filing:{}:{}:{}", self.version, line.record, entry.number),
                    source: PlanSource::Filing,
                    kind: line.kind,
                    what: line.words(entry),
                    on,
                    until,
                    amount: Some(if line.kind == PlanKind::Run { line.total(on, until) } else { entry.per_day }),
                    sure: FILED_SURE,
                    note: None,
                    state,
                    in_outlook: state.is_open() && !line.known_better && until.is_none_or(|until| on < until),
                    record: Some(line.record.clone()),
                })
            };
            line.entries.iter().enumerate().filter_map(row).collect()
        };
        self.lines.iter().flat_map(of_line).collect()
    }

    /// Lets what somebody entered of a model or an instance type stand in for what is filed of it.
    pub fn known_better(&mut self, of: impl Fn(&str) -> bool) {
        for line in &mut self.lines {
            line.known_better = of(&line.name);
        }
    }

    /// What the outlook adds for the steps that have not come, over the days `ahead`. `ends` says from which day on a model,
    /// type or service is given up.
    pub fn events(&self, ahead: DayRange, ends: &[(String, NaiveDate)]) -> Vec<Foreseen> {
        let mut events = Vec::new();
        for line in self.lines.iter().filter(|line| !line.known_better) {
            for (at, entry) in line.entries.iter().enumerate() {
                if !entry.state.is_some_and(PlanState::is_open) {
                    continue;
                }
                let added = ahead.days().filter(|day| line.in_force(*day) == Some(at));
                let added = added.take_while(|day| line.is_within_window(*day) && !line.over(*day, ends));
                let added = added.map(|day| line.cost(day, (line.filed(day) - line.level).at_least_zero()));
                let added: Vec<DailyCost> = added.filter(|cost| cost.payable.is_positive()).collect();
                if !added.is_empty() {
                    let (sure, together) = (FILED_SURE, TOGETHER);
                    events.push(Foreseen { sure, together, filed: true, effect: Effect::Adds(added) });
                }
            }
        }
        events
    }

    /// Spend as filed over the days `ahead`. A line that did not come goes on as it is, and so does one before its first month and
    /// one after its record's window while another record's lasts.
    pub fn days(&self, ahead: DayRange) -> FiledDays {
        let mut sums: BTreeMap<(NaiveDate, &str, Workload), Money> = BTreeMap::new();
        for line in &self.lines {
            for day in ahead.days() {
                let entry = line.in_force(day).map(|at| &line.entries[at]);
                let waits = entry.is_some_and(|entry| entry.state != Some(PlanState::NotCome));
                let filed = waits && line.is_within_window(day);
                let cost = if filed { line.filed(day) } else { line.four_weeks };
                *sums.entry((day, &line.service, line.workload)).or_default() += cost;
            }
        }
        let daily = sums
            .into_iter()
            .filter(|(_, cost)| cost.is_positive())
            .map(|((day, service, workload), payable)| DailyCost::payable(day, service, workload, payable));
        FiledDays { daily: daily.collect(), outside: self.outside.clone(), until: self.last_window_end() }
    }

    /// First day after every record's window; `None` where one has none.
    fn last_window_end(&self) -> Option<NaiveDate> {
        let ends: Option<Vec<NaiveDate>> = self.lines.iter().map(|line| line.window_end).collect();
        ends?.into_iter().max()
    }

    /// Steps of the newest weeks that the bill shows, by their first day.
    pub fn begun(&self) -> impl Iterator<Item = (Workload, NaiveDate)> + '_ {
        self.lines.iter().filter_map(|line| Some((line.workload, line.begun?)))
    }

    /// The months of `plan` whose lines have nothing that is still to come, so that they say how spend grows.
    pub fn come<'p>(&self, plan: &'p [PlannedMonth]) -> impl Iterator<Item = &'p PlannedMonth> {
        let open = |line: &&Line| line.entries.iter().any(|entry| entry.state.is_some_and(PlanState::is_open));
        let open = self.lines.iter().filter(open);
        let open: BTreeSet<Planner<'_>> =
            open.map(|line| (line.record.as_str(), line.driver, Some(line.name.as_str()))).collect();
        plan.iter().filter(|month| !open.contains(&planner(month))).collect::<Vec<_>>().into_iter()
    }

    /// The most that the filing plans for one month.
    pub fn largest_month(&self) -> Money {
        let mut months: BTreeMap<BillingPeriod, Money> = BTreeMap::new();
        for (month, cost) in self.lines.iter().flat_map(|line| &line.months) {
            *months.entry(*month).or_default() += *cost;
        }
        months.into_values().max().unwrap_or_default()
    }
}

impl Line {
    /// From the months that it plans; `None` where nothing of it has a price.
    fn read(record: &str, line: FiledLine, plan: &[&PlannedMonth], first_number: usize) -> Option<Line> {
        let kind = match line {
            FiledLine::Accelerators(_) => PlanKind::Run,
            FiledLine::Tokens(_) | FiledLine::Service(_) => PlanKind::Launch,
        };
        let months: BTreeMap<BillingPeriod, Money> = plan.iter().map(|month| (month.month, month.cost)).collect();
        let PlannedMonth { service, workload, .. } = plan.first()?;
        let entry = |(at, from): (usize, BillingPeriod)| {
            let per_day = months.get(&from).map_or(Money::ZERO, |cost| cost.per(from.days()));
            let run = match line {
                FiledLine::Accelerators(line) => line.monthly.get(at).map(|entry| entry.chip_hours_per_run.amount()),
                FiledLine::Tokens(_) | FiledLine::Service(_) => None,
            };
            Entry { number: first_number + at, from, per_day, run, state: None }
        };
        Some(Line {
            record: record.to_owned(),
            name: line.name().to_owned(),
            driver: line.driver(),
            kind,
            service: service.clone(),
            workload: *workload,
            entries: line.months().enumerate().map(entry).collect(),
            months,
            window_end: None,
            level: Money::ZERO,
            four_weeks: Money::ZERO,
            moved: 0,
            known_better: false,
            begun: None,
        })
    }

    fn is_within_window(&self, day: NaiveDate) -> bool {
        self.window_end.is_none_or(|end| day < end)
    }

    /// Says of each entry whether it has come, and by how much the line is moved.
    fn judge(&mut self, seen: &Seen, through: NaiveDate) {
        (self.level, self.four_weeks) = (seen.level().at_least_zero(), seen.four_weeks().at_least_zero());
        let half = Decimal::new(5, 1);
        // Once the days since a step come to half of it, they are the level.
        let step =
            self.entries.iter().filter(|entry| entry.run.is_none()).rfind(|entry| entry.from.first_day() <= through);
        let step = step.filter(|entry| plus_days(entry.from.first_day(), BEGUN_DAYS) > through);
        if let Some((entry, mean)) = step.and_then(|entry| Some((entry, seen.since(entry.from.first_day())?)))
            && mean >= seen.before(entry.from.first_day()).max(entry.per_day.times(half))
            && mean.is_positive()
        {
            self.begun = Some(entry.from.first_day());
            self.level = mean;
        }
        for entry in self.entries.iter_mut().filter(|entry| entry.per_day.is_positive()) {
            let on = entry.from.first_day();
            let billed = seen.chip_hours(DayRange::new(on, plus_days(through, 1)));
            let run = entry.run.is_some_and(|run| run > Decimal::ZERO && billed >= run * half);
            entry.state = Some(PlanState::of(on, through, run || seen.reaches(entry.per_day.times(half), on)));
        }
        let late = self.entries.iter().find(|entry| entry.state == Some(PlanState::Late));
        let now = BillingPeriod::of(plus_days(through, 1));
        self.moved = late.map_or(0, |late| now.months_since(late.from).max(0));
    }

    /// The month that is filed for a day.
    fn month(&self, day: NaiveDate) -> BillingPeriod {
        BillingPeriod::of(day).plus_months(-self.moved)
    }

    /// The entry that plans a day.
    fn in_force(&self, day: NaiveDate) -> Option<usize> {
        let month = self.month(day);
        self.entries.iter().rposition(|entry| entry.from <= month)
    }

    /// What is filed for a day.
    fn filed(&self, day: NaiveDate) -> Money {
        let cost = self.months.get(&self.month(day)).copied().unwrap_or_default();
        plan_money(cost.per(BillingPeriod::of(day).days()).amount())
    }

    fn over(&self, day: NaiveDate, ends: &[(String, NaiveDate)]) -> bool {
        ends.iter().any(|(name, on)| (*name == self.name || *name == self.service) && *on <= day)
    }

    fn cost(&self, day: NaiveDate, payable: Money) -> DailyCost {
        DailyCost::payable(day, self.service.as_str(), self.workload, payable)
    }

    /// All that it plans from a day on, for a year at most.
    fn total(&self, on: NaiveDate, until: Option<NaiveDate>) -> Money {
        let days = DayRange::new(on, until.unwrap_or(NaiveDate::MAX).min(plus_days(on, LAUNCH_DAYS)));
        let of = |(month, _): &(&BillingPeriod, &Money)| days.contains(month.first_day());
        self.months.iter().filter(of).map(|(_, cost)| *cost).sum()
    }

    fn words(&self, entry: &Entry) -> String {
        let month = self.months.get(&entry.from).copied().unwrap_or_default();
        format!("{} at {} a month, filed for {} from {}", self.name, month.dollars(), self.record, entry.from)
    }
}

/// A line by its record, what drives it and its name.
type Planner<'p> = (&'p str, &'static str, Option<&'p str>);

/// The line that plans a month.
fn planner(month: &PlannedMonth) -> Planner<'_> {
    let (driver, name) = match month.driver {
        Driver::Tokens(_) => ("tokens", month.model.as_deref()),
        Driver::ChipHours(_) => ("accelerators", month.instance_type.as_deref()),
        Driver::Amount => ("service", Some(month.service.as_str())),
    };
    (&month.record, driver, name)
}

/// Per stream with cost, the share that no line claims.
fn outside(days: Days, place: &dyn Fn(&DetailKind) -> Option<usize>) -> Vec<(Stream, Decimal)> {
    let kinds = &days.costs.kinds;
    let claimed: Vec<bool> = kinds.iter().map(|kind| place(kind).is_some()).collect();
    let shares = |range: DayRange| {
        let mut sums: BTreeMap<(&str, Workload), (Money, Money)> = BTreeMap::new();
        for row in days.costs.detail.iter().filter(|row| range.contains(row.day)) {
            let kind = &kinds[row.kind];
            let (all, free) = sums.entry((kind.service.as_str(), kind.class.workload)).or_default();
            *all += row.cost;
            if !claimed[row.kind] {
                *free += row.cost;
            }
        }
        sums
    };
    let newest = shares(DayRange::new(plus_days(days.complete.end, -SHARE_DAYS), days.complete.end));
    let share = |((service, workload), (all, free)): ((&str, Workload), (Money, Money))| {
        let sums =
            newest.get(&(service, workload)).filter(|(all, _)| all.is_positive()).copied().unwrap_or((all, free));
        let share = sums.1.ratio(sums.0).unwrap_or(Decimal::ONE).clamp(Decimal::ZERO, Decimal::ONE);
        (Stream::on_demand(service, workload), share)
    };
    shares(days.complete).into_iter().map(share).collect()
}
