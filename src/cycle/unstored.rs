//! How deliveries went that the store could not keep. They wait in memory, so that what arrived is not sent again each minute.

use std::collections::BTreeSet;

use chrono::{DateTime, TimeDelta, Utc};

use crate::domain::alert::{DeliveryOutcome, DeliveryResult, PendingDelivery};

/// Outcomes that wait to be stored, in the order in which they came, each with its time.
#[derive(Debug, Default)]
pub struct Unstored(Vec<(DeliveryOutcome, DateTime<Utc>)>);

impl Unstored {
    /// Keeps outcomes of the time `now`.
    pub fn keep(&mut self, outcomes: Vec<DeliveryOutcome>, now: DateTime<Utc>) {
        self.0.extend(outcomes.into_iter().map(|outcome| (outcome, now)));
    }

    /// All of them, to be stored.
    pub fn waiting(&self) -> Vec<(DeliveryOutcome, DateTime<Utc>)> {
        self.0.clone()
    }

    /// Brings next attempts that lie after `now` nearer by `step`, by which the clock was put back.
    pub fn bring_nearer(&mut self, step: TimeDelta, now: DateTime<Utc>) {
        for (outcome, _) in &mut self.0 {
            if let DeliveryResult::Retry { next_attempt_at, .. } | DeliveryResult::Deferred { next_attempt_at } =
                &mut outcome.result
                && *next_attempt_at > now
            {
                *next_attempt_at -= step;
            }
        }
    }

    /// They are stored.
    pub fn are_stored(&mut self) {
        self.0.clear();
    }

    /// Those of `due`, oldest first, that may be tried at `now`: not what arrived or was given up, nor what waits for its next try,
    /// nor what waits behind such a one on its channel under its key.
    pub fn still_due(&self, due: Vec<PendingDelivery>, now: DateTime<Utc>) -> Vec<PendingDelivery> {
        let mut held = BTreeSet::new();
        let mut still = Vec::new();
        for mut delivery in due {
            let mut of_it = self.0.iter().map(|(outcome, _)| outcome).filter(|outcome| is_of(outcome, &delivery));
            let tries =
                of_it.clone().filter(|outcome| !matches!(outcome.result, DeliveryResult::Deferred { .. })).count();
            let line = (delivery.channel.clone(), delivery.key.clone());
            match of_it.next_back().map(|outcome| &outcome.result) {
                Some(DeliveryResult::Delivered | DeliveryResult::Dead { .. }) => {}
                Some(DeliveryResult::Retry { next_attempt_at, .. } | DeliveryResult::Deferred { next_attempt_at })
                    if *next_attempt_at > now =>
                {
                    held.insert(line);
                }
                _ if held.contains(&line) => {}
                _ => {
                    delivery.attempts += tries as u32;
                    still.push(delivery);
                }
            }
        }
        still
    }
}

fn is_of(outcome: &DeliveryOutcome, delivery: &PendingDelivery) -> bool {
    outcome.event_id == delivery.event_id && outcome.channel == delivery.channel
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::position::finding::Severity;

    fn due(event: &str, channel: &str) -> PendingDelivery {
        PendingDelivery {
            event_id: event.to_owned(),
            channel: channel.to_owned(),
            key: "exhaustion:total".to_owned(),
            severity: Severity::Critical,
            payload: String::new(),
            files: Vec::new(),
            attempts: 2,
        }
    }

    fn outcome(event: &str, result: DeliveryResult) -> DeliveryOutcome {
        DeliveryOutcome { event_id: event.to_owned(), channel: "ops".to_owned(), result }
    }

    #[test]
    fn what_arrived_is_not_sent_again_and_what_failed_waits() {
        let now: DateTime<Utc> = "2026-11-23T06:30:00Z".parse().unwrap();
        let all = || vec![due("a", "ops"), due("b", "ops"), due("a", "founder")];
        let sent = |unstored: &Unstored, minutes| -> Vec<(String, String, u32)> {
            let still = unstored.still_due(all(), now + TimeDelta::minutes(minutes));
            still.into_iter().map(|it| (it.event_id, it.channel, it.attempts)).collect()
        };
        let triple = |event: &str, channel: &str, attempts| (event.to_owned(), channel.to_owned(), attempts);
        let mut unstored = Unstored::default();
        assert_eq!(sent(&unstored, 0).len(), 3);
        let next_attempt_at = now + TimeDelta::minutes(5);
        unstored.keep(vec![outcome("a", DeliveryResult::Retry { next_attempt_at, error: "503".to_owned() })], now);
        assert_eq!(sent(&unstored, 1), [triple("a", "founder", 2)], "the all-clear does not overtake its alarm");
        assert_eq!(sent(&unstored, 5), [triple("a", "ops", 3), triple("b", "ops", 2), triple("a", "founder", 2)]);
        let back = TimeDelta::hours(2);
        unstored.bring_nearer(back, now - back);
        assert_eq!(sent(&unstored, -116).len(), 1, "it waits as long by a clock that was put back");
        assert_eq!(sent(&unstored, -115).len(), 3);
        unstored.keep(vec![outcome("a", DeliveryResult::Delivered)], now + TimeDelta::minutes(5));
        assert_eq!(sent(&unstored, 60), [triple("b", "ops", 2), triple("a", "founder", 2)]);
        assert_eq!(unstored.waiting().len(), 2);
        unstored.are_stored();
        assert_eq!(sent(&unstored, 60).len(), 3, "the store says from then on what is due");
    }
}
