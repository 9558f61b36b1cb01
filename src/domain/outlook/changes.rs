//! What a question or a plan adds to the future that the forecast would not know: growth beyond it, costs on given days, and
//! planned events, which come on some paths and not on others.

use chrono::NaiveDate;
use rust_decimal::Decimal;
use rust_decimal::prelude::ToPrimitive as _;

use crate::billing::daily_cost::{DailyCost, Stream};
use crate::credit::CreditPool;
use crate::credit::ledger::Demand;
use crate::outlook::horizon::LARGEST_DAY_MICROS;
use crate::values::period::DayRange;
use crate::values::workload::Workload;

/// Days of an average month.
const MONTH_DAYS: f64 = 365.25 / 12.0;

/// Changes to what lies ahead. The default changes nothing, to the byte.
#[derive(Debug, Clone, Copy, Default)]
pub struct Changes<'a> {
    /// Costs of days after `data_through` that every path carries, on top of what is forecast.
    pub added: &'a [DailyCost],
    /// Ids of pools that are not there yet. They pay, but what they alone would pay counts in no date: else a small award
    /// that pays for something new would seem to end credit the day it is used up. Without other pools, it does count.
    pub landed: &'a [String],
    /// What a forecast dollar of a workload becomes; others stay as they are.
    pub levels: &'a [(Workload, Decimal)],
    /// Growth per month beyond what is forecast, as a share; all payable cost grows by it, what is added does not.
    pub growth_per_month: Decimal,
    /// What is planned.
    pub events: &'a [Foreseen],
    /// Planned steps that the bill shows, by their first day: what came since is a level, however few days that are.
    pub begun: &'a [(Workload, NaiveDate)],
    /// What the bill shows of planned runs: it says nothing of the days after them.
    pub runs: &'a [DailyCost],
    /// What is filed, for the date if spend goes as filed.
    pub filed: Option<&'a FiledDays>,
}

/// A planned event as paths take it: on each of them it comes, or it does not.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Foreseen {
    /// How likely it comes: above 0, at most 1.
    pub sure: Decimal,
    /// Events of one number share their luck: on a path where the less likely one comes, the others do too.
    pub together: u64,
    /// True where the filing plans the same spend, so that spend as filed holds it already.
    pub filed: bool,
    /// What it does.
    pub effect: Effect,
}

/// What a planned event does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Effect {
    /// Costs on top of what is forecast. What credit never pays is cash on its day.
    Adds(Vec<DailyCost>),
    /// From a day on, every forecast dollar of a stream brings so many dollars to services of the same workload, or takes
    /// them away: -1 on its own service ends it.
    Moves {
        /// First day.
        from: NaiveDate,
        /// The stream as it is forecast.
        of: Stream,
        /// By service, dollars for each forecast dollar.
        brings: Vec<(String, Decimal)>,
    },
    /// The pool of this id is there; on other paths it holds nothing.
    Lands(String),
}

impl Effect {
    /// The streams that it brings cost to.
    pub(super) fn streams(&self) -> Vec<Stream> {
        let of = |service: &String, workload| Stream::on_demand(service.as_str(), workload);
        match self {
            Effect::Adds(costs) => costs.iter().map(|cost| of(&cost.service, cost.workload)).collect(),
            Effect::Moves { of: was, brings, .. } => brings.iter().map(|(to, _)| of(to, was.workload)).collect(),
            Effect::Lands(_) => Vec::new(),
        }
    }
}

/// Spend as filed, day by day.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct FiledDays {
    /// What the filing plans for the days ahead, moved where it has not come yet.
    pub daily: Vec<DailyCost>,
    /// Per stream that has cost, the share of it that belongs to no record; other streams belong to none.
    pub outside: Vec<(Stream, Decimal)>,
    /// First day after the filing's window; from it on spend goes as forecast.
    pub until: Option<NaiveDate>,
}

/// A planned event comes on the middle path if it is at least so likely.
const MIDDLE: f64 = 0.5;

/// The events, ready for the walk along a path.
pub(super) struct Events {
    /// Per event, how likely it comes, and whose luck it shares.
    chances: Vec<(f64, usize)>,
    /// Numbers of those that share their luck, in order.
    pub draws: Vec<u64>,
    /// Per event, whether the filing plans the same.
    filed: Vec<bool>,
    /// Per day: event, stream, payable micro-dollars.
    added: Vec<Vec<(usize, usize, i64)>>,
    /// Per day: event, micro-dollars that credit never pays.
    cash: Vec<Vec<(usize, i64)>>,
    moves: Vec<Moves>,
    /// Event and pool, by its place in drawing order.
    lands: Vec<(usize, usize)>,
}

struct Moves {
    event: usize,
    /// First day, counted from the first day of the range.
    from: usize,
    stream: usize,
    brings: Vec<(usize, f64)>,
}

impl Events {
    pub fn new(changes: &Changes, streams: &[Stream], pools: &[CreditPool], range: DayRange) -> Events {
        let days = usize::try_from(range.len()).unwrap_or(0);
        let mut draws: Vec<u64> = changes.events.iter().map(|event| event.together).collect();
        draws.sort_unstable();
        draws.dedup();
        let chance = |event: &Foreseen| {
            let draw = draws.partition_point(|number| *number < event.together);
            (event.sure.to_f64().unwrap_or(1.0), draw)
        };
        let mut events = Events {
            chances: changes.events.iter().map(chance).collect(),
            filed: changes.events.iter().map(|event| event.filed).collect(),
            added: vec![Vec::new(); days],
            cash: vec![Vec::new(); days],
            moves: Vec::new(),
            lands: Vec::new(),
            draws,
        };
        for (event, foreseen) in changes.events.iter().enumerate() {
            match &foreseen.effect {
                Effect::Adds(costs) => costs.iter().for_each(|cost| events.adds(event, cost, streams, range)),
                Effect::Moves { from, of, brings } => {
                    let from = usize::try_from((*from - range.start).num_days().max(0)).unwrap_or(days);
                    for (stream, _) in streams.iter().enumerate().filter(|(_, stream)| stream.is_like(of)) {
                        // What stays with its service is bought as it was.
                        let at = |service: &String| match *service == of.service {
                            true => Some(stream),
                            false => streams
                                .iter()
                                .position(|to| to.is_like(&Stream::on_demand(service.as_str(), of.workload))),
                        };
                        let brings = brings.iter();
                        let brings = brings.filter_map(|(service, dollars)| Some((at(service)?, dollars.to_f64()?)));
                        events.moves.push(Moves { event, from, stream, brings: brings.collect() });
                    }
                }
                Effect::Lands(id) => {
                    events.lands.extend(pools.iter().position(|pool| pool.id == *id).map(|pool| (event, pool)));
                }
            }
        }
        events
    }

    fn adds(&mut self, event: usize, cost: &DailyCost, streams: &[Stream], range: DayRange) {
        let Some(ahead) = usize::try_from((cost.day - range.start).num_days()).ok() else { return };
        let Some(day) = self.added.get_mut(ahead) else { return };
        let known = self.cash[ahead].iter().map(|(_, cash)| cash).sum::<i64>();
        let mut room = LARGEST_DAY_MICROS - known - day.iter().map(|(_, _, payable)| payable).sum::<i64>();
        let of = |stream: &Stream| cost.is_of(stream);
        if let Some(stream) = streams.iter().position(of).filter(|_| cost.payable.is_positive()) {
            let payable = cost.payable.to_micros().clamp(0, room);
            room -= payable;
            day.push((event, stream, payable));
        }
        if cost.other.is_positive() {
            self.cash[ahead].push((event, cost.other.to_micros().clamp(0, room)));
        }
    }

    /// Which events come on the middle path.
    pub fn middle(&self) -> Vec<bool> {
        self.chances.iter().map(|(sure, _)| *sure >= MIDDLE).collect()
    }

    /// Which of them come if spend goes as filed: those that the filing does not plan itself.
    pub fn beside_filing(&self) -> Vec<bool> {
        self.middle().into_iter().zip(&self.filed).map(|(came, filed)| came && !filed).collect()
    }

    /// Which come on a path whose luck is `lots`, one number from 0 to 1 per draw.
    pub fn by_lots(&self, lots: &[f64]) -> Vec<bool> {
        self.chances.iter().map(|(sure, draw)| lots[*draw] < *sure).collect()
    }

    /// The pools that do not land.
    pub fn not_landed<'e>(&'e self, came: &'e [bool]) -> impl Iterator<Item = usize> + 'e {
        self.lands.iter().filter(|(event, _)| !came[*event]).map(|(_, pool)| *pool)
    }

    /// Moves and adds what `came` says to the forecast demands of a day; gives the cash that credit never pays.
    pub fn apply(&self, ahead: usize, came: &[bool], demands: &mut Vec<Demand<i64>>) -> i64 {
        let forecast: Vec<i64> = if self.moves.is_empty() {
            Vec::new()
        } else {
            let mut by_stream = Vec::new();
            for demand in &*demands {
                if by_stream.len() <= demand.stream {
                    by_stream.resize(demand.stream + 1, 0);
                }
                by_stream[demand.stream] += demand.payable;
            }
            by_stream
        };
        let mut room = LARGEST_DAY_MICROS;
        for moves in self.moves.iter().filter(|moves| came[moves.event] && moves.from <= ahead) {
            let of = forecast.get(moves.stream).copied().unwrap_or(0) as f64;
            for (stream, dollars) in &moves.brings {
                let brought = (of * dollars).round().min(room as f64) as i64;
                room -= brought.max(0);
                put(demands, *stream, brought);
            }
        }
        // Two ends of one thing take no more than there is.
        if !self.moves.is_empty() {
            demands.iter_mut().for_each(|demand| demand.payable = demand.payable.max(0));
        }
        for (_, stream, payable) in self.added[ahead].iter().filter(|(event, ..)| came[*event]) {
            put(demands, *stream, *payable);
        }
        self.cash[ahead].iter().filter(|(event, _)| came[*event]).map(|(_, cash)| cash).sum()
    }
}

/// Adds to what a stream is asked for.
pub(super) fn put(demands: &mut Vec<Demand<i64>>, stream: usize, payable: i64) {
    match demands.iter_mut().find(|demand| demand.stream == stream) {
        Some(demand) => demand.payable += payable,
        None => demands.push(Demand { stream, payable, discount: 0 }),
    }
}

/// The changes, ready for the walk along a path.
pub(super) struct Ahead {
    /// Per day, what a forecast dollar becomes.
    growth: Vec<f64>,
    /// By position in [`Workload::ALL`], what a forecast dollar becomes on every day.
    levels: [f64; Workload::ALL.len()],
    /// Per day, stream and micro-dollars.
    added: Vec<Vec<(usize, i64)>>,
}

impl Changes<'_> {
    /// The pools whose services make the dates.
    pub(super) fn dating<'p>(&self, pools: &'p [CreditPool]) -> Vec<&'p CreditPool> {
        let held: Vec<&CreditPool> = pools.iter().filter(|pool| !self.landed.contains(&pool.id)).collect();
        if held.is_empty() { pools.iter().collect() } else { held }
    }
}

impl Ahead {
    pub fn new(changes: &Changes, streams: &[Stream], range: DayRange) -> Ahead {
        let monthly = 1.0 + changes.growth_per_month.to_f64().unwrap_or(0.0);
        let days = usize::try_from(range.len()).unwrap_or(0);
        let growth = (0..days).map(|ahead| monthly.max(0.0).powf((ahead + 1) as f64 / MONTH_DAYS)).collect();
        let mut levels = [1.0; Workload::ALL.len()];
        for (workload, level) in changes.levels {
            levels[*workload as usize] *= level.to_f64().unwrap_or(1.0).max(0.0);
        }
        let mut added: Vec<Vec<(usize, i64)>> = vec![Vec::new(); days];
        for cost in changes.added {
            let at = usize::try_from((cost.day - range.start).num_days()).ok();
            let of = |stream: &Stream| cost.is_of(stream);
            if let Some((day, stream)) = at.and_then(|at| added.get_mut(at)).zip(streams.iter().position(of)) {
                let room = LARGEST_DAY_MICROS - day.iter().map(|(_, payable)| payable).sum::<i64>();
                day.push((stream, cost.payable.to_micros().clamp(0, room)));
            }
        }
        Ahead { growth, levels, added }
    }

    /// A workload's forecast cost after the changes, in micro-dollars; no more than can be added up.
    pub fn changed(&self, ahead: usize, workload: Workload, cost: f64) -> f64 {
        (cost * self.levels[workload as usize] * self.growth[ahead]).min(LARGEST_DAY_MICROS as f64)
    }

    /// Adds the day's extra costs to its demands; their sum is no more than can be added up.
    pub fn add(&self, ahead: usize, demands: &mut Vec<Demand<i64>>) {
        for (stream, payable) in &self.added[ahead] {
            put(demands, *stream, *payable);
        }
    }
}
