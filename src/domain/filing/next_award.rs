//! Which award is meant next, and how long it takes: named by config, or the fastest that fits the spend and can still grant.

use std::collections::BTreeMap;

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::credit::programme::{Programme, Programmes, Purpose, Route, Terms};
use crate::values::money::Money;
use crate::values::period::plus_days;
use crate::values::words::day_text;

/// What config says of the award meant next.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Wanted {
    /// The programme, if it names one.
    pub programme: Option<Programme>,
    /// The route by which it will be applied for.
    pub route: Route,
    /// First day of the next window in which one can apply, where the programme has windows and the day is known.
    pub opens: Option<NaiveDate>,
}

/// What the choice rests on.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Known {
    /// What each programme granted so far.
    pub granted: BTreeMap<Programme, Money>,
    /// A year of the spend of late that credit could pay, by purpose.
    pub yearly: BTreeMap<Purpose, Money>,
}

/// The award that is meant next.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Meant {
    /// Its programme.
    pub programme: Programme,
    /// The programme that config names, if that has granted all that it can.
    pub passed_over: Option<Programme>,
}

impl Default for Meant {
    /// What is meant while nothing is known: the award that most startups file for next.
    fn default() -> Self {
        Meant { programme: Programme::AiRecord, passed_over: None }
    }
}

impl Wanted {
    /// The award to mean on `today`: the one that config names, unless it is held at its ceiling; else, of those that fit the spend
    /// and can still grant, the one with the shortest wait. Where none does, or nothing is known of what was granted: an AI record.
    pub fn meant(&self, known: &Known, today: NaiveDate) -> Meant {
        let table = Programmes::builtin();
        let named = self.programme;
        let passed_over = named.filter(|named| table.of(*named).is_held_at_ceiling(&known.granted));
        match named {
            Some(programme) if passed_over.is_none() => return Meant { programme, passed_over: None },
            None if known.granted.is_empty() => return Meant::default(),
            _ => {}
        }
        let tier_is_full = table.of(Programme::AiRecord).is_held_at_ceiling(&known.granted);
        let open = |programme: &Programme| {
            let terms = table.of(*programme);
            let counted = *programme != Programme::Accelerator;
            terms.fits(&known.yearly) && !terms.is_held_at_ceiling(&known.granted) && !(counted && tier_is_full)
        };
        let wait = |programme: &Programme| {
            let ahead = self.ahead(Meant { programme: *programme, passed_over: None }, today);
            (ahead.longest(), ahead.wait + ahead.fast)
        };
        match Programme::ALL.into_iter().filter(open).min_by_key(wait) {
            Some(programme) => Meant { programme, passed_over },
            // Nothing else can be recommended.
            None => Meant { programme: named.unwrap_or(Meant::default().programme), passed_over: None },
        }
    }

    /// What the award takes if it is applied for as early as it is possible from `today`.
    pub fn ahead(&self, meant: Meant, today: NaiveDate) -> AwardAhead {
        let terms = Programmes::builtin().of(meant.programme);
        let (fast, slow) = terms.days(self.route);
        let opens = self.opens.filter(|opens| terms.window_days.is_some() && *opens >= today);
        let between = terms.window_days.map_or(0, i64::from);
        let wait = opens.map_or(between, |opens| (opens - today).num_days());
        AwardAhead { meant, terms, today, opens, wait, fast, slow }
    }
}

/// What the award meant next takes, seen from one day.
#[derive(Debug, Clone, Copy)]
pub struct AwardAhead {
    meant: Meant,
    terms: &'static Terms,
    today: NaiveDate,
    opens: Option<NaiveDate>,
    /// Days until one can apply. Where no window is named, or the named one is over, all days between two windows count.
    wait: i64,
    /// Days from the application to credit, at the fast end of what is reported.
    fast: i64,
    /// The same at the slow end.
    slow: i64,
}

impl AwardAhead {
    /// The award's name in a sentence.
    pub fn name(&self) -> &'static str {
        &self.terms.label
    }

    /// Days from today to credit at the slow end, the wait for a window included.
    pub const fn longest(&self) -> i64 {
        self.wait + self.slow
    }

    /// "it takes 14 to 28 days", with the wait for a window.
    pub fn takes(&self) -> String {
        let AwardAhead { wait, fast, slow, .. } = self;
        match self.opens {
            _ if *wait == 0 => format!("it takes {fast} to {slow} days"),
            Some(opens) => {
                format!("its window opens on {}, and it takes {fast} to {slow} days from there", day_text(opens))
            }
            None => format!("the next window may be {wait} days away; selection takes another {fast} to {slow}"),
        }
    }

    /// When one can file at the earliest.
    pub const fn soonest(&self) -> &'static str {
        if self.wait > 0 { "when its window opens" } else { "today" }
    }

    /// The last day on which to file, so that even a slow award is there on `date`.
    pub fn file_by(&self, date: NaiveDate) -> NaiveDate {
        plus_days(date, -self.slow)
    }

    /// True if filing as early as it is possible still keeps a day that [`AwardAhead::file_by`] gave.
    pub fn can_keep(&self, file_by: NaiveDate) -> bool {
        plus_days(self.today, self.wait) < file_by
    }

    /// Why it is another one than config names.
    pub fn instead(&self) -> Option<String> {
        let named = self.meant.passed_over?.label();
        Some(format!("The {named} award that config names (`next_award`) has granted all that it can."))
    }
}

/// The award that is meant to follow, and the days by which to file for it, so that it is there when credit ends even if
/// it takes as long as such awards do at the slow end.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct NextAward {
    /// Its name for people, such as `AI record`.
    pub name: String,
    /// What it takes, for people: `it takes 14 to 28 days`.
    pub takes: String,
    /// When it can be filed for at the earliest, for people: `today` or `when its window opens`.
    pub soonest: String,
    /// Why it is another award than config names, a sentence; null where it is that one.
    #[serde(default)]
    pub instead: Option<String>,
    /// For the middle date of exhaustion; null where that lies beyond the outlook. The alert on exhaustion names the same.
    pub file_by: Option<NaiveDate>,
    /// For the early date of exhaustion, likewise.
    pub file_by_if_early: Option<NaiveDate>,
    /// A slow award comes too late for `file_by`, or would tomorrow: what is left is to file at the soonest.
    pub overdue: bool,
    /// The same for `file_by_if_early`.
    pub overdue_if_early: bool,
}

#[cfg(test)]
mod tests {
    use super::*;

    const TODAY: &str = "2026-03-14";

    fn day(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    fn known(granted: &[(Programme, &str)], yearly: &[(Purpose, &str)]) -> Known {
        Known {
            granted: granted.iter().map(|(programme, usd)| (*programme, usd.parse().unwrap())).collect(),
            yearly: yearly.iter().map(|(purpose, usd)| (*purpose, usd.parse().unwrap())).collect(),
        }
    }

    #[test]
    fn the_fastest_award_that_fits_and_can_still_grant_is_meant() {
        use Programme::{Accelerator, ActivatePortfolio, AiRecord, BedrockPoc, Founders};
        use Purpose::{Inference, Infrastructure, Training};
        let (meant, any) = (Wanted::default(), "200000");
        for (granted, yearly, expected, why) in [
            (&[][..], &[(Inference, any)][..], AiRecord, "what was granted is not known"),
            (&[(Founders, "4000")], &[(Inference, any)], Founders, "1,000 of it can still be granted"),
            (&[(Founders, "5000")], &[(Inference, any)], BedrockPoc, "10 to 18 days"),
            (&[(Founders, "5000")], &[(Inference, "9999")], AiRecord, "too little for a POC"),
            (&[(Founders, "5000")], &[(Training, any)], AiRecord, "no POC for training"),
            (&[(Founders, "5000")], &[(Training, any), (Infrastructure, "25000")], ActivatePortfolio, "11 to 18 days"),
            (&[(Founders, "5000")], &[(Training, any), (Infrastructure, "24999")], AiRecord, "below Portfolio's least"),
            (&[(Founders, "5000")], &[(Infrastructure, "20")], AiRecord, "none fits"),
            (&[(ActivatePortfolio, "100000")], &[(Infrastructure, any)], ActivatePortfolio, "half of it is open"),
            (&[(ActivatePortfolio, "200000")], &[(Inference, any)], BedrockPoc, "Founders would add nothing"),
            (&[(BedrockPoc, "50000")], &[(Inference, any)], AiRecord, "the POC is granted"),
            (
                &[(BedrockPoc, "25000"), (ActivatePortfolio, "100000"), (AiRecord, "175000")],
                &[(Inference, any), (Infrastructure, any)],
                Accelerator,
                "together they come to 300,000",
            ),
            (&[(AiRecord, "300000"), (Accelerator, "1000000")], &[(Inference, any)], AiRecord, "nothing is left"),
        ] {
            let found = meant.meant(&known(granted, yearly), day(TODAY));
            assert_eq!(found, Meant { programme: expected, passed_over: None }, "{why}");
        }
        // Through an investor all but Founders take longer, in the same order.
        let investor = Wanted { route: Route::Investor, ..meant };
        let found = investor.meant(&known(&[(Founders, "5000")], &[(Inference, any)]), day(TODAY));
        assert_eq!((found.programme, investor.ahead(found, day(TODAY)).longest()), (BedrockPoc, 54));
    }

    #[test]
    fn a_named_award_is_meant_until_it_has_granted_all_that_it_can() {
        let named = Wanted { programme: Some(Programme::AiRecord), ..Wanted::default() };
        let spend = [(Purpose::Inference, "200000")];
        let meant = |granted: &[(Programme, &str)]| named.meant(&known(granted, &spend), day(TODAY));
        let portfolio = (Programme::ActivatePortfolio, "100000");
        let open = meant(&[portfolio, (Programme::AiRecord, "199999")]);
        assert_eq!(open, Meant::default());
        assert_eq!(named.ahead(open, day(TODAY)).instead(), None);
        let over = meant(&[portfolio, (Programme::AiRecord, "200000")]);
        assert_eq!(over, Meant { programme: Programme::Accelerator, passed_over: Some(Programme::AiRecord) });
        assert_eq!(
            named.ahead(over, day(TODAY)).instead().unwrap(),
            "The AI record award that config names (`next_award`) has granted all that it can."
        );
        // Where nothing else fits either, there is nothing better to say.
        let nothing = named.meant(&known(&[(Programme::AiRecord, "300000")], &[]), day(TODAY));
        assert_eq!(nothing, Meant::default());
    }

    #[test]
    fn what_it_takes_is_said_with_the_wait_for_a_window() {
        let ahead = |programme, opens: Option<&str>| {
            let wanted = Wanted { programme: Some(programme), opens: opens.map(day), ..Wanted::default() };
            wanted.ahead(Meant { programme, passed_over: None }, day(TODAY))
        };
        let accelerator = |opens| ahead(Programme::Accelerator, opens);
        for (ahead, longest, soonest, takes) in [
            (ahead(Programme::AiRecord, Some("2026-04-01")), 28, "today", "it takes 14 to 28 days"),
            (accelerator(Some(TODAY)), 90, "today", "it takes 60 to 90 days"),
            (
                accelerator(Some("2026-04-01")),
                108,
                "when its window opens",
                "its window opens on 1 April 2026, and it takes 60 to 90 days from there",
            ),
            (
                accelerator(Some("2026-03-13")),
                180,
                "when its window opens",
                "the next window may be 90 days away; selection takes another 60 to 90",
            ),
        ] {
            assert_eq!((ahead.longest(), ahead.soonest(), ahead.takes().as_str()), (longest, soonest, takes));
        }
    }

    #[test]
    fn a_day_can_be_kept_until_the_day_before() {
        let ahead = Wanted::default().ahead(Meant::default(), day(TODAY));
        assert_eq!(ahead.file_by(day("2026-04-12")), day("2026-03-15"));
        assert!(ahead.can_keep(day("2026-03-15")));
        assert!(!ahead.can_keep(day(TODAY)));
    }
}
