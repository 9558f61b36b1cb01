//! Events that people entered: what each comes to in dollars, whether the bill shows it, and what it does to the outlook.

use std::collections::{BTreeMap, BTreeSet};

use chrono::NaiveDate;
use rust_decimal::Decimal;

use super::seen::{Days, Seen};
use super::{LAUNCH_DAYS, PlanSource, PlanState, Planned, WAITED_DAYS};
use crate::billing::classify::Classifier;
use crate::billing::costs::DetailKind;
use crate::billing::daily_cost::{DailyCost, Stream};
use crate::billing::implied_price::PriceSource;
use crate::billing::price::{PriceQuery, Unpriced, plan_money};
use crate::credit::{CreditPool, EligibleServices};
use crate::facts::plan::{Per, PlanEntry, PlanKind, Volume, What};
use crate::filing::projection::{BEDROCK, EC2_COMPUTE, SAGEMAKER, accelerator_workload};
use crate::outlook::{Effect, Foreseen};
use crate::plan::planned::BEGUN_DAYS;
use crate::values::money::{Money, Quantity};
use crate::values::period::{BillingPeriod, DayRange, plus_days};
use crate::values::service::{self, ServiceMatcher};
use crate::values::workload::{Direction, Routing, Tier, Workload};

/// Runs that the bill shows after which the forecast knows their cadence.
const RUNS_OF_A_CADENCE: usize = 3;
/// Days by which a run may begin early.
const EARLY_DAYS: i64 = 3;

/// What events are read beside.
#[derive(Debug, Clone, Copy)]
pub struct Reading<'a> {
    /// The bill.
    pub days: Days<'a>,
    /// Prices of the bill and of the book.
    pub prices: PriceSource<'a>,
    /// Names of models and services.
    pub classifier: &'a Classifier,
    /// Day whose list prices hold.
    pub on: NaiveDate,
    /// Pools that are known.
    pub pools: &'a [CreditPool],
}

/// A switch that lies ahead.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SwitchAhead {
    /// How likely it comes.
    pub sure: Decimal,
    /// Whose luck it shares.
    pub together: u64,
    /// First day.
    pub begins: NaiveDate,
    /// The model now.
    pub from: String,
    /// The model then.
    pub to: String,
}

/// All entered events, read.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Entered {
    /// For people, by number.
    pub rows: Vec<Planned>,
    /// What they do to the outlook, but for switches.
    pub events: Vec<Foreseen>,
    /// Switches, which a what-if prices.
    pub switches: Vec<SwitchAhead>,
    /// Pools that will land.
    pub awards: Vec<CreditPool>,
    /// Models and instance types whose launches and runs are entered.
    pub names: BTreeSet<String>,
    /// Models, types and services that end, with the day.
    pub ends: Vec<(String, NaiveDate)>,
    /// Launches that the bill shows, by their first day, of the newest weeks.
    pub begun: Vec<(Workload, NaiveDate)>,
    /// What the bill shows of planned runs.
    pub runs: Vec<DailyCost>,
}

/// Dollars a day of a launch, and where they are billed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Priced {
    /// Dollars a day.
    pub per_day: Money,
    /// Service that bills them.
    pub service: String,
    /// Their purpose.
    pub workload: Workload,
}

impl Entered {
    /// Reads `entries` beside the bill; effects are those of the days `ahead`.
    pub fn read(reading: Reading, entries: &[PlanEntry], ahead: DayRange) -> Entered {
        let mut entered = Entered::default();
        for entry in entries {
            if let What::End { of } = &entry.what {
                entered.ends.push((of.clone(), entry.on));
            }
        }
        for entry in entries {
            let row = match &entry.what {
                What::Launch(volume) => entered.launch(reading, entry, volume, ahead),
                What::Run { .. } => entered.run(reading, entry, ahead),
                What::Switch { from, to } => entered.switch(reading, entry, (from, to)),
                What::Fee { usd, service } => entered.fee(reading, entry, *usd, service.as_deref()),
                What::Award { usd, until, services } => {
                    entered.award(reading, entry, *usd, *until, services.as_deref())
                }
                What::End { of } => entered.end(reading, entry, of),
            };
            entered.rows.push(row);
        }
        entered
    }

    fn push(&mut self, entry: &PlanEntry, effect: Effect) {
        self.events.push(Foreseen { sure: entry.sure, together: u64::from(entry.id), filed: false, effect });
    }

    fn launch(&mut self, reading: Reading, entry: &PlanEntry, volume: &Volume, ahead: DayRange) -> Planned {
        let through = reading.days.through();
        let model = match volume {
            Volume::Tokens { model, .. } => Some(model.as_str()),
            Volume::UsdPerDay(_) => None,
        };
        let ended = self.ends.iter().filter(|(of, on)| Some(of.as_str()) == model && *on > entry.on).map(|(_, on)| *on);
        let until = ended.min().unwrap_or(plus_days(entry.on, LAUNCH_DAYS)).min(plus_days(entry.on, LAUNCH_DAYS));
        let Ok(priced) = reading.launch(volume) else { return row(entry, through, false, Some(until), None, false) };
        let seen = reading.days.of(|kind| model.is_none() || kind.class.model.as_deref() == model);
        let (shown, there) = if entry.on <= through {
            let before = seen.before(entry.on).at_least_zero();
            let half = before + priced.per_day.times(Decimal::new(5, 1));
            // Once the days since come to half of it, they are the level.
            let there = seen.since(entry.on).filter(|mean| *mean >= half);
            if there.is_some() && plus_days(entry.on, BEGUN_DAYS) > through {
                self.begun.push((priced.workload, entry.on));
            }
            (seen.reaches(half, entry.on), (there.unwrap_or_else(|| seen.level()) - before).at_least_zero())
        } else {
            (false, Money::ZERO)
        };
        let row = row(entry, through, shown, Some(until), Some(priced.per_day), true);
        if row.in_outlook {
            self.names.extend(model.map(str::to_owned));
            let payable = (priced.per_day - there).at_least_zero();
            let days = ahead.intersect(DayRange::new(entry.on, until));
            let cost = |day| DailyCost::payable(day, priced.service.as_str(), priced.workload, payable);
            self.push(entry, Effect::Adds(days.days().map(cost).collect()));
        }
        row
    }

    fn run(&mut self, reading: Reading, entry: &PlanEntry, ahead: DayRange) -> Planned {
        let What::Run { instance_type, chip_hours, days, repeats, every } = &entry.what else {
            return row(entry, reading.days.through(), false, None, None, false);
        };
        let through = reading.days.through();
        let starts: Vec<NaiveDate> =
            (0..i64::from(*repeats)).map(|run| plus_days(entry.on, run * i64::from(*every))).collect();
        let until = starts.last().map(|last| plus_days(*last, i64::from(*days)));
        let Ok((cost, service, workload)) = reading.run(instance_type, *chip_hours) else {
            return row(entry, through, false, until, None, false);
        };
        let seen = reading.days.of(|kind| kind.class.instance_type.as_deref() == Some(instance_type.as_str()));
        let half = chip_hours.amount() * Decimal::new(5, 1);
        let of_run = |(at, start): (usize, &NaiveDate)| {
            let next = starts.get(at + 1).copied().unwrap_or(plus_days(*start, WAITED_DAYS + i64::from(*days)));
            let window = DayRange::new(plus_days(*start, -EARLY_DAYS), plus_days(next, -EARLY_DAYS));
            let (billed, left) = seen.of_run(chip_hours.amount(), window);
            let shown = *start <= through && chip_hours.amount() - left >= half;
            (*start, billed, left, PlanState::of(*start, through, shown))
        };
        let runs: Vec<_> = starts.iter().enumerate().map(of_run).collect();
        let come = runs.iter().filter(|(.., state)| *state == PlanState::HasCome).count();
        let open = come < RUNS_OF_A_CADENCE && runs.iter().any(|(.., state)| state.is_open());
        let mut row = row(entry, through, !open && come > 0, until, Some(cost.times(Decimal::from(*repeats))), open);
        row.state = runs.iter().map(|(.., state)| *state).find(|state| state.is_open() && open).unwrap_or(row.state);
        row.in_outlook = open;
        if open {
            self.names.insert(instance_type.clone());
        }
        if come < RUNS_OF_A_CADENCE {
            let cost_of = |day, payable| DailyCost::payable(day, service.as_str(), workload, payable);
            let per_day = plan_money(cost.amount() / Decimal::from(*days));
            let mut costs = Vec::new();
            for (start, billed, left, state) in runs {
                self.runs.extend(billed.into_iter().map(|(day, usd)| cost_of(day, usd)));
                let goes_on = state == PlanState::HasCome && through < plus_days(start, i64::from(*days) - 1);
                if !state.is_open() && !goes_on {
                    continue;
                }
                let mut rest = plan_money(cost.amount() * left / chip_hours.amount());
                for day in DayRange::new(start.max(ahead.start), ahead.end).days() {
                    let payable = rest.min(per_day);
                    if !payable.is_positive() {
                        break;
                    }
                    costs.push(cost_of(day, payable));
                    rest -= payable;
                }
            }
            if !costs.is_empty() {
                self.push(entry, Effect::Adds(costs));
            }
        }
        row
    }

    fn switch(&mut self, reading: Reading, entry: &PlanEntry, (from, to): (&str, &str)) -> Planned {
        let through = reading.days.through();
        let seen = reading.days.of(|kind| kind.class.model.as_deref() == Some(from));
        let row = row(entry, through, gone(&seen, entry.on, through), None, None, ends_as_planned(&seen, entry.on));
        if row.in_outlook {
            self.switches.push(SwitchAhead {
                sure: entry.sure,
                together: u64::from(entry.id),
                begins: entry.on.max(plus_days(through, 1)),
                from: from.to_owned(),
                to: to.to_owned(),
            });
        }
        row
    }

    fn fee(&mut self, reading: Reading, entry: &PlanEntry, usd: Money, service: Option<&str>) -> Planned {
        let through = reading.days.through();
        let row = row(entry, through, entry.on <= through, Some(plus_days(entry.on, 1)), Some(usd), true);
        if row.in_outlook {
            let nothing = DailyCost::payable(entry.on, service.unwrap_or(BEDROCK), Workload::Supporting, Money::ZERO);
            self.push(entry, Effect::Adds(vec![DailyCost { other: usd, ..nothing }]));
        }
        row
    }

    fn award(
        &mut self,
        reading: Reading,
        entry: &PlanEntry,
        usd: Money,
        until: NaiveDate,
        services: Option<&[String]>,
    ) -> Planned {
        let through = reading.days.through();
        let near = |day: NaiveDate| (day - entry.on).num_days().abs() <= WAITED_DAYS;
        let month = BillingPeriod::of(entry.recorded_at.date_naive()).first_day();
        let new = |pool: &CreditPool| pool.starts_on >= month;
        let landed = reading
            .pools
            .iter()
            .any(|pool| new(pool) && near(pool.starts_on) && pool.granted.times(Decimal::TWO) >= usd);
        // Credit that has not landed on its day pays nothing until it does: to count on it would be a false all-clear.
        let awaited = entry.on > through && until > plus_days(reading.on, 1);
        let row = row(entry, through, landed, Some(until), Some(usd), awaited);
        if row.in_outlook {
            let names = |names: &[String]| {
                let aliases = reading.classifier.service_aliases();
                EligibleServices::Listed(ServiceMatcher::new(names.iter().map(String::as_str), aliases))
            };
            let id = format!("planned award {}", entry.id);
            let services = services.map_or(EligibleServices::Unknown, names);
            self.awards.push(CreditPool::new(&id, usd, entry.on.max(plus_days(reading.on, 1)), until, services));
            self.push(entry, Effect::Lands(id));
        }
        row
    }

    fn end(&mut self, reading: Reading, entry: &PlanEntry, of: &str) -> Planned {
        let through = reading.days.through();
        let seen = reading.days.of(|kind| is_named(kind, of));
        let row = row(entry, through, gone(&seen, entry.on, through), None, None, ends_as_planned(&seen, entry.on));
        if row.in_outlook {
            for (stream, share) in reading.shares(of) {
                let brings = vec![(stream.service.clone(), -share)];
                let from = entry.on.max(plus_days(through, 1));
                self.push(entry, Effect::Moves { from, of: stream, brings });
            }
        }
        row
    }
}

impl Reading<'_> {
    /// Dollars that an event comes to: of a launch a month, of a run all repeats; nothing for a switch and an end.
    ///
    /// # Errors
    /// If neither the bill nor the price book prices it.
    pub fn size(&self, what: &What) -> Result<Money, Unpriced> {
        Ok(match what {
            What::Launch(volume) => self.launch(volume)?.per_day.times(Decimal::from(30)),
            What::Run { instance_type, chip_hours, repeats, .. } => {
                self.run(instance_type, *chip_hours)?.0.times(Decimal::from(*repeats))
            }
            What::Fee { usd, .. } | What::Award { usd, .. } => *usd,
            What::Switch { .. } | What::End { .. } => Money::ZERO,
        })
    }

    /// True if the bill shows a model, an instance type or a service of this name.
    pub fn bills(&self, name: &str) -> bool {
        self.days.costs.kinds.iter().any(|kind| is_named(kind, name))
    }

    /// What a launch costs a day.
    ///
    /// # Errors
    /// If neither the bill nor the price book prices it.
    pub fn launch(&self, volume: &Volume) -> Result<Priced, Unpriced> {
        let workload = Workload::BedrockInference;
        match volume {
            Volume::UsdPerDay(per_day) => Ok(Priced { per_day: *per_day, service: self.dearest(workload), workload }),
            Volume::Tokens { model, input_millions, output_millions, per } => {
                let price = |direction| {
                    let ask = |routing| {
                        let (lifetime, tier) = (None, Tier::OnDemand);
                        self.prices.quote(PriceQuery { model, direction, lifetime, tier, routing }, self.on)
                    };
                    ask(Routing::Global).or_else(|_| ask(Routing::InRegion)).map(|quote| quote.usd_per_million)
                };
                let of = |millions: &Quantity, direction| -> Result<Decimal, Unpriced> {
                    if millions.is_zero() { Ok(Decimal::ZERO) } else { Ok(price(direction)? * millions.amount()) }
                };
                let usd = of(input_millions, Direction::Input)? + of(output_millions, Direction::Output)?;
                let per_day = match per {
                    Per::Day => usd,
                    Per::Month => usd * Decimal::from(12) / Decimal::from(365),
                };
                let service = self.classifier.model_service(model).unwrap_or(BEDROCK).to_owned();
                Ok(Priced { per_day: plan_money(per_day), service, workload })
            }
        }
    }

    /// Cost of one run, service and workload.
    fn run(&self, instance_type: &str, chip_hours: Quantity) -> Result<(Money, String, Workload), Unpriced> {
        let price = self.prices.quote_chip_hour(instance_type, self.on)?;
        let shown = |kind: &&DetailKind| kind.class.instance_type.as_deref() == Some(instance_type);
        let shown = self.days.costs.kinds.iter().find(shown);
        let general = if instance_type.starts_with("ml.") { SAGEMAKER } else { EC2_COMPUTE };
        let workload = shown.map(|kind| kind.class.workload).or_else(|| accelerator_workload(instance_type));
        let service = shown.map_or(general, |kind| kind.service.as_str()).to_owned();
        Ok((plan_money(chip_hours.amount() * price), service, workload.unwrap_or(Workload::Trainium)))
    }

    /// The service that billed most of a workload in the last four weeks.
    fn dearest(&self, workload: Workload) -> String {
        let costs = self.sums(|kind| kind.class.workload == workload);
        let dearest = costs.iter().filter(|(_, cost)| cost.is_positive()).max_by_key(|(_, cost)| **cost);
        dearest.map_or_else(|| BEDROCK.to_owned(), |(stream, _)| stream.service.clone())
    }

    /// The streams that hold something named so, and its share of each.
    fn shares(&self, name: &str) -> Vec<(Stream, Decimal)> {
        let all = self.sums(|_| true);
        let share = |(stream, cost): (Stream, Money)| {
            let share = cost.ratio(*all.get(&stream)?)?.clamp(Decimal::ZERO, Decimal::ONE);
            Some((stream, share))
        };
        self.sums(|kind| is_named(kind, name)).into_iter().filter_map(share).collect()
    }

    /// Cost of the last four weeks by stream.
    fn sums(&self, wanted: impl Fn(&DetailKind) -> bool) -> BTreeMap<Stream, Money> {
        let range = DayRange::new(plus_days(self.days.complete.end, -28), self.days.complete.end);
        let kinds = &self.days.costs.kinds;
        let streams: Vec<Option<Stream>> = kinds
            .iter()
            .map(|kind| {
                let stream = || Stream::on_demand(kind.service.as_str(), kind.class.workload);
                wanted(kind).then(stream)
            })
            .collect();
        let mut sums = BTreeMap::new();
        for row in self.days.costs.detail.iter().filter(|row| range.contains(row.day)) {
            if let Some(stream) = &streams[row.kind] {
                *sums.entry(stream.clone()).or_insert(Money::ZERO) += row.cost;
            }
        }
        sums
    }
}

/// A model, an instance type or a service of this name.
fn is_named(kind: &DetailKind, name: &str) -> bool {
    let class = &kind.class;
    class.model.as_deref() == Some(name)
        || class.instance_type.as_deref() == Some(name)
        || service::fold(&kind.service) == service::fold(name)
}

/// True before the day of an end or a switch, and after it while next to nothing is spent any more: use that goes on past its
/// planned end is expected to go on.
fn ends_as_planned(seen: &Seen, on: NaiveDate) -> bool {
    seen.since(on).is_none_or(|since| since.times(Decimal::from(4)) <= seen.before(on))
}

/// True if the last week costs at most half of what it did before a day that is past.
fn gone(seen: &Seen, on: NaiveDate, through: NaiveDate) -> bool {
    on <= through && seen.last_week().times(Decimal::TWO) <= seen.before(on)
}

fn row(
    entry: &PlanEntry,
    through: NaiveDate,
    shown: bool,
    until: Option<NaiveDate>,
    amount: Option<Money>,
    works: bool,
) -> Planned {
    let state = PlanState::of(entry.on, through, shown);
    let kind: PlanKind = entry.what.kind();
    Planned {
        id: entry.id.to_string(),
        source: PlanSource::Plan,
        kind,
        what: entry.what.to_string(),
        on: entry.on,
        until,
        amount,
        sure: entry.sure,
        note: entry.note.clone(),
        state,
        in_outlook: works && state.is_open(),
        record: None,
    }
}
