//! What AWS shows so far of the days after `data_through`: the least that each stream costs on them.

use crate::billing::daily_cost::Stream;
use crate::credit::ledger::Demand;
use crate::values::period::DayRange;

use super::OutlookInputs;
use super::changes::put;
use crate::outlook::horizon::LARGEST_DAY_MICROS;

/// By day from the first after `data_through`, what AWS shows.
pub(super) struct Shown {
    /// Streams and the micro-dollars that they cost at least.
    days: Vec<Vec<(usize, i64)>>,
    /// Per stream, those of its workload whose share it takes where it costs more than was forecast: they cost nothing on the
    /// newest complete day and nothing since, as a service does whose work another took over.
    taken_over: Vec<Vec<usize>>,
}

impl Shown {
    pub fn new(inputs: &OutlookInputs, streams: &[Stream], range: DayRange) -> Shown {
        let mut days: Vec<Vec<(usize, i64)>> = Vec::new();
        for cost in inputs.at_least.iter().filter(|cost| range.contains(cost.day)) {
            let at = usize::try_from((cost.day - range.start).num_days()).unwrap_or(0);
            if days.len() <= at {
                days.resize(at + 1, Vec::new());
            }
            let payable = cost.payable.to_micros().clamp(0, LARGEST_DAY_MICROS);
            days[at].extend(streams.iter().position(|stream| cost.is_of(stream)).map(|stream| (stream, payable)));
        }
        let newest = inputs.recurring.iter().filter(|cost| cost.day == inputs.data_through);
        let goes_on = |stream: &Stream| {
            let mut costs = newest.clone().chain(inputs.at_least);
            costs.any(|cost| cost.is_of(stream) && !cost.payable.is_zero())
        };
        let gone: Vec<bool> = streams.iter().map(|stream| !goes_on(stream)).collect();
        let gone_beside = |stream: &Stream| {
            let beside = |other: &usize| gone[*other] && streams[*other].workload == stream.workload;
            (0..streams.len()).filter(beside).collect()
        };
        Shown { days, taken_over: streams.iter().map(gone_beside).collect() }
    }

    /// How many days AWS shows something of.
    pub fn days(&self) -> usize {
        self.days.len()
    }

    /// Raises the demands of a day to what it costs at least; gives by how much.
    pub fn raise(&self, ahead: usize, demands: &mut Vec<Demand<i64>>) -> i64 {
        let mut raised = 0;
        for (stream, least) in self.days.get(ahead).into_iter().flatten() {
            let asked: i64 = demands.iter().filter(|it| it.stream == *stream).map(|it| it.payable).sum();
            let mut more = least - asked;
            if more <= 0 {
                continue;
            }
            put(demands, *stream, more);
            let others = &self.taken_over[*stream];
            if !others.is_empty() {
                for demand in demands.iter_mut().filter(|it| others.contains(&it.stream)) {
                    let taken = demand.payable.clamp(0, more);
                    demand.payable -= taken;
                    more -= taken;
                }
            }
            raised += more;
        }
        raised
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn raised(taken_over: Vec<Vec<usize>>, shown: &[(usize, i64)], forecast: &[i64]) -> (i64, Vec<i64>) {
        let shown = Shown { days: vec![shown.to_vec()], taken_over };
        let demand = |(stream, payable): (usize, &i64)| Demand { stream, payable: *payable, discount: 0 };
        let mut demands = forecast.iter().enumerate().map(demand).collect();
        let raised = shown.raise(0, &mut demands);
        (raised, demands.iter().map(|demand| demand.payable).collect())
    }

    #[test]
    fn a_day_costs_at_least_what_is_shown() {
        let apart = || vec![vec![], vec![]];
        assert_eq!(raised(apart(), &[(0, 150), (1, 20)], &[100, 50]), (50, vec![150, 50]));
        assert_eq!(raised(apart(), &[(0, 99)], &[100, 50]), (0, vec![100, 50]));
        assert_eq!(raised(apart(), &[(1, 70)], &[100]), (70, vec![100, 70]));
    }

    #[test]
    fn what_took_over_anothers_work_is_not_counted_beside_it() {
        let of_the_second = || vec![vec![], vec![0]];
        assert_eq!(raised(of_the_second(), &[(1, 300)], &[225, 75]), (0, vec![0, 300]));
        assert_eq!(raised(of_the_second(), &[(1, 200)], &[225, 75]), (0, vec![100, 200]));
        assert_eq!(raised(of_the_second(), &[(1, 400)], &[225, 75]), (100, vec![0, 400]), "more than both");
        assert_eq!(raised(of_the_second(), &[(1, 60)], &[225, 75]), (0, vec![225, 75]), "less than its own share");
    }
}
