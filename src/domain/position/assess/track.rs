//! What earlier outlooks said against what came since.

use std::collections::BTreeMap;

use chrono::NaiveDate;

use super::Assessment;
use crate::outlook::track_record::{Came, PastOutlook, TrackRecord, track_record};
use crate::position::Exhaustion;
use crate::values::money::Money;

impl Assessment<'_> {
    /// Judges `stored` by the complete days known now; `exhaustion` is the position's.
    pub fn track_record(&self, stored: &[PastOutlook], exhaustion: &Exhaustion) -> TrackRecord {
        let Some(span) = self.span.filter(|_| !stored.is_empty()) else { return TrackRecord::default() };
        let mut spend: BTreeMap<NaiveDate, Money> = BTreeMap::new();
        for cost in self.costs.split.iter().filter(|cost| span.days().contains(cost.day)) {
            *spend.entry(cost.day).or_default() += cost.payable + cost.unpayable;
        }
        track_record(stored, &Came { through: span.through, spend, exhaustion: exhaustion.total })
    }
}
