//! Which of two paces of spend the outlook goes by, for whoever is told both.

use crate::forecast::Voice;
use crate::position::Position;

/// What the outlook goes by where the pace of the last 7 days and that of the last 28 stand beside each other, as a part of a
/// sentence; `None` before the first outlook.
pub fn outlook_goes_by(position: &Position) -> Option<&'static str> {
    let workloads = &position.outlook_made_with.as_ref()?.workloads;
    let weekly = |voice: Voice, by_plan: bool| voice == Voice::PlainRate && !by_plan;
    match workloads.as_slice() {
        [] => None,
        all if all.iter().all(|of| weekly(of.voice, of.by_plan)) => Some("the outlook goes by the 7 days"),
        _ => Some("the outlook goes by neither alone: it forecasts each workload by itself"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::outlook::{Basis, MadeWith};
    use crate::values::workload::Workload;

    #[test]
    fn of_two_paces_the_one_that_counts_is_named() {
        let mut position = Position::empty("2026-11-23T06:30:00Z".parse().unwrap(), "USD");
        assert_eq!(outlook_goes_by(&position), None);
        let basis = |voice, by_plan| Basis {
            workload: Workload::Trainium,
            voice,
            known_days: 60,
            trials: 4,
            by_plan,
            young: false,
        };
        let mut of = |workloads: Vec<Basis>| {
            position.outlook_made_with = Some(MadeWith { workloads, paths: 2, seed: 1, tax_rate: None });
            outlook_goes_by(&position)
        };
        assert_eq!(of(Vec::new()), None, "whoever is not shown the workloads is shown no pace either");
        assert_eq!(of(vec![basis(Voice::PlainRate, false); 2]), Some("the outlook goes by the 7 days"));
        for other in [basis(Voice::PlainRate, true), basis(Voice::Cadence, false)] {
            let both = of(vec![basis(Voice::PlainRate, false), other]);
            assert!(both.is_some_and(|said| said.contains("neither alone")), "{both:?}");
        }
    }
}
