//! The day by which to file for the next award, so that its credits are there when those held run out.

use chrono::NaiveDate;

use super::settings::AlertRules;
use crate::filing::next_award::NextAward;
use crate::position::Position;

impl AlertRules {
    /// When to file for the next award, judged on the day of the position; `None` where no credit is known that could end, where
    /// all of it is switched off, and for an account on the free plan, which no award is open to.
    pub fn next_award(&self, position: &Position) -> Option<NextAward> {
        position.data_through?;
        if position.credits.pools.is_empty() || position.free_plan().is_some() || position.switched_off().is_some() {
            return None;
        }
        let award = self.award(position.award_meant, position.as_of.date_naive());
        let dates = position.exhaustion.total;
        let [file_by, file_by_if_early] = [dates.p50, dates.p10].map(|date| date.map(|date| award.file_by(date)));
        let overdue = |day: Option<NaiveDate>| day.is_some_and(|day| !award.can_keep(day));
        Some(NextAward {
            name: award.name().to_owned(),
            takes: award.takes(),
            soonest: award.soonest().to_owned(),
            instead: award.instead(),
            file_by,
            file_by_if_early,
            overdue: overdue(file_by),
            overdue_if_early: overdue(file_by_if_early),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::super::fixture::{day, position};
    use super::*;
    use crate::credit::programme::Programme;
    use crate::filing::next_award::Meant;
    use crate::values::quantiles::DateQuantiles;

    /// What to tell on 14 March 2026, with credit that ends on these days.
    fn told(rules: &AlertRules, early: &str, middle: Option<&str>) -> NextAward {
        told_of(Programme::AiRecord, rules, early, middle)
    }

    fn told_of(programme: Programme, rules: &AlertRules, early: &str, middle: Option<&str>) -> NextAward {
        let mut position = position();
        position.award_meant = Meant { programme, passed_over: None };
        position.exhaustion.total = DateQuantiles { p10: Some(day(early)), p50: middle.map(day), p90: None };
        rules.next_award(&position).unwrap()
    }

    #[test]
    fn a_slow_award_is_there_on_the_day() {
        // An AI record takes 14 to 28 days.
        let rules = AlertRules::default();
        let award = told(&rules, "2026-05-01", Some("2026-06-01"));
        assert_eq!((award.file_by, award.file_by_if_early), (Some(day("2026-05-04")), Some(day("2026-04-03"))));
        assert!(!award.overdue);
        assert_eq!(award.name, "AI record");
        assert_eq!(award.takes, "it takes 14 to 28 days");
    }

    #[test]
    fn what_a_slow_award_cannot_keep_any_more_is_overdue() {
        let rules = AlertRules::default();
        let near = told(&rules, "2026-04-01", Some("2026-04-12"));
        assert!(!near.overdue && near.overdue_if_early, "tomorrow is the last day, and 4 March was for the early date");
        assert!(told(&rules, "2026-04-01", Some("2026-04-11")).overdue, "today is");
        assert!(told(&rules, "2026-03-01", Some("2026-03-01")).overdue, "credit is gone");
    }

    #[test]
    fn a_window_that_opens_too_late_is_overdue_at_once() {
        let opens = |next_window| AlertRules { next_window, ..AlertRules::default() };
        // It takes up to 90 days from its window.
        let told = |rules: &AlertRules, early, middle| told_of(Programme::Accelerator, rules, early, middle);
        let late = told(&opens(Some(day("2026-04-01"))), "2026-05-01", Some("2026-06-30"));
        assert!(late.overdue, "file by 1 April");
        assert_eq!(late.soonest, "when its window opens");
        assert_eq!(told(&opens(Some(day("2026-03-14"))), "2026-05-01", Some("2026-06-30")).soonest, "today");
        assert!(!told(&opens(Some(day("2026-04-01"))), "2026-05-01", Some("2026-07-01")).overdue);
    }

    #[test]
    fn a_date_beyond_the_outlook_is_none() {
        let award = told(&AlertRules::default(), "2027-03-01", None);
        assert_eq!((award.file_by, award.overdue), (None, false));
        assert_eq!(award.file_by_if_early, Some(day("2027-02-01")));
    }

    #[test]
    fn without_credit_or_data_there_is_nothing_to_keep() {
        let rules = AlertRules::default();
        let mut none = position();
        none.credits.pools.clear();
        assert_eq!(rules.next_award(&none), None);
        assert_eq!(rules.next_award(&Position { data_through: None, ..position() }), None);
    }
}
