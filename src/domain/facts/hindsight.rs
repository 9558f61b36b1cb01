//! What would have been known, had somebody looked: facts of today cut back to an earlier clock.
//!
//! It serves replays of alert rules over the time before the first cycle, of which the store knows the days but not what was
//! believed on them. Amounts are as they are believed now, corrections included; whoever shows a result says so.

use chrono::{DateTime, Utc};

use crate::facts::Facts;
use crate::facts::credits::SeenCredit;
use crate::facts::outcome::Outcome;
use crate::values::money::Money;
use crate::values::period::BillingPeriod;

/// `facts` as somebody who asked at `clock` would have had them: costs through the day before, credits that were issued by
/// then (their balances of today left out, so that our own arithmetic counts), the allocation history of closed months.
pub fn known_by(facts: &Facts, clock: DateTime<Utc>) -> Facts {
    let today = clock.date_naive();
    let credits = facts.credits.iter().filter(|seen| seen.snapshot.starts_on <= today).map(|seen| {
        let mut snapshot = seen.snapshot.clone();
        (snapshot.remaining, snapshot.estimated, snapshot.enabled) = (None, None, true);
        snapshot.exhausted_on = snapshot.exhausted_on.filter(|day| *day <= today);
        SeenCredit { seen_on: today, snapshot, paused_from: None, missing_from: 0 }
    });
    Facts {
        as_of: clock,
        currency: facts.currency.clone(),
        costs_pulled_at: Some(clock),
        charge_kinds: facts.charge_kinds.clone(),
        charges: facts.charges.iter().filter(|row| row.day < today).copied().collect(),
        usage_kinds: facts.usage_kinds.clone(),
        usage: facts.usage.iter().filter(|row| row.day < today).copied().collect(),
        credits: credits.collect(),
        // Credits are known without balances here, so that there is none to compare.
        stated: Vec::new(),
        allocations: facts.allocations.iter().filter(|row| row.month < BillingPeriod::of(today)).cloned().collect(),
        plan: facts.plan.iter().filter(|event| event.recorded_at <= clock).cloned().collect(),
        recorded: facts.recorded.iter().filter(|balance| balance.at <= today).cloned().collect(),
        // What AWS shows no more was there to be seen then.
        vanished: Vec::new(),
        months_apart: Money::ZERO,
        account_plan: facts.account_plan.clone().filter(|plan| plan.seen_on <= today),
        costs_outcome: Outcome::Ok,
        credits_outcome: Outcome::Ok,
        moved_in_last_cycle: Money::ZERO,
        paid_requests_today: 0,
        paid_requests_month: 0,
        dead_channels: Vec::new(),
        unreadable_events: Vec::new(),
        set_aside: None,
        missing_history: None,
        entered_through: None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::facts::credits::{Allocation, CreditSnapshot, RecordedBalance};
    use crate::facts::rows::{ChargeKind, ChargeRow};

    fn credit(id: &str, starts_on: &str) -> SeenCredit {
        let snapshot = CreditSnapshot {
            credit_id: id.into(),
            account: "123456789012".into(),
            description: String::new(),
            credit_type: "Promotion".into(),
            initial: "1000".parse().unwrap(),
            remaining: Some("10".parse().unwrap()),
            estimated: Some("9".parse().unwrap()),
            currency: "USD".into(),
            starts_on: starts_on.parse().unwrap(),
            expires_on: "2027-01-01".parse().unwrap(),
            exhausted_on: Some("2026-06-01".parse().unwrap()),
            products: None,
            enabled: false,
            application_type: None,
            sharing: None,
            shareable_accounts: Vec::new(),
            purchase_types: None,
        };
        SeenCredit {
            seen_on: "2026-06-10".parse().unwrap(),
            snapshot,
            paused_from: Some("2026-06-02".parse().unwrap()),
            missing_from: 0,
        }
    }

    #[test]
    fn nothing_of_later_days_is_known() {
        let clock: DateTime<Utc> = "2026-03-14T06:30:00Z".parse().unwrap();
        let row = |day: &str| ChargeRow { day: day.parse().unwrap(), kind: 0, cost: Money::ONE };
        let allocation = |month: &str| Allocation {
            month: month.parse().unwrap(),
            credit_id: "old".into(),
            account: "123456789012".into(),
            service: "Bedrock".into(),
            amount: Money::ONE,
            estimated: false,
        };
        let balance = |at: &str| RecordedBalance { pool: "old".into(), amount: Money::ONE, at: at.parse().unwrap() };
        let today = Facts {
            charge_kinds: vec![ChargeKind { service: "Bedrock".into(), record_type: "Usage".into() }],
            charges: vec![row("2026-03-12"), row("2026-03-13"), row("2026-03-14"), row("2026-06-01")],
            credits: vec![credit("later", "2026-03-15"), credit("old", "2026-03-14")],
            allocations: vec![allocation("2026-02"), allocation("2026-03")],
            recorded: vec![balance("2026-03-14"), balance("2026-03-15")],
            ..Facts::none("2026-06-10T06:30:00Z".parse().unwrap(), "USD")
        };
        let then = known_by(&today, clock);
        assert_eq!(then.data_through(), Some("2026-03-12".parse().unwrap()));
        assert_eq!(then.charges.last().map(|row| row.day.to_string()).as_deref(), Some("2026-03-13"));
        assert_eq!((then.credits.len(), then.allocations.len(), then.recorded.len()), (1, 1, 1));
        let known = &then.credits[0];
        assert_eq!(known.seen_on, clock.date_naive());
        assert!(known.snapshot.enabled && known.paused_from.is_none());
        assert_eq!((known.snapshot.usable_balance(), known.snapshot.exhausted_on), (None, None));
    }
}
