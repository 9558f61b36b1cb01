//! The position, out of its parts.

use super::assessment::Assessment;
use super::reviewed;
use crate::billing::costs::workload_spend;
use crate::filing::Filing;
use crate::filing::review::NextAsk;
use crate::outlook::Outlook;
use crate::outlook::track_record::TrackRecord;
use crate::position::{Bills, OutlookState, Position};

impl Assessment<'_> {
    /// The position, with findings and the next award left to the alert rules, and the track record to
    /// [`Assessment::track_record`].
    pub fn position(&self, outlook: Option<&Outlook>) -> Position {
        let (credits, coverage, variance) = (self.credits(outlook), self.coverage(), self.variance());
        let inputs = reviewed::Inputs {
            variance: &variance,
            credits: &credits,
            coverage: &coverage,
            uncovered: outlook.and_then(|outlook| outlook.uncovered.p50),
        };
        let review = self.review(&inputs);
        let reconciliation = self.reconciliation();
        let at_least = self.at_least(&credits);
        Position {
            as_of: self.facts.as_of,
            data_through: self.facts.data_through(),
            currency: self.facts.currency.clone(),
            spend: self.spend(),
            buys: self.buys(&credits.pools),
            credits,
            exhaustion: self.exhaustion(outlook),
            workloads: self.span.map(|span| workload_spend(&self.costs, span.month_to_date())).unwrap_or_default(),
            coverage,
            variance,
            trajectory: outlook.map(|outlook| self.trajectory(outlook)).unwrap_or_default(),
            findings: Vec::new(),
            data_quality: self.data_quality(&reconciliation),
            reconciliation,
            outlook_basis: outlook.map(|outlook| outlook.basis.clone()),
            outlook_reaches: outlook.and_then(|outlook| outlook.reaches),
            outlook_made_with: outlook.and_then(|outlook| outlook.made_with.clone()),
            exposure: outlook.and_then(|outlook| outlook.exposure),
            uncovered: outlook.map(|outlook| outlook.uncovered).unwrap_or_default(),
            sensitivity: outlook.and_then(|outlook| outlook.sensitivity.clone()),
            filing: self.filing().map(Filing::reference),
            next_ask: review.next_ask.as_ref().and_then(NextAsk::asked),
            review,
            track_record: TrackRecord::default(),
            award_meant: self.award_meant(),
            next_award: None,
            planned: self.plans.rows(),
            entered_through: self.facts.entered_through,
            outlook_state: OutlookState::Current,
            at_least,
            account_plan: self.facts.account_plan.clone(),
            usage: self.usage(),
            bills: Bills { cash_per_day: self.cash_per_day(), ..Bills::default() },
        }
    }
}
