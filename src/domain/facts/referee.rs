//! AWS's clock is the referee of a cycle's.
//!
//! Invariants: no cycle runs under a clock that AWS's contradicts by more than [`TOLERANCE`] ahead; a cycle goes back behind
//! the newest run that counts only where that is a correction of this machine's clock of no more than that, and then it takes
//! that run's clock; where AWS's clock is not known a cycle runs under its own, and says so.

use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// How far two clocks may be apart before one of them is wrong. AWS itself takes no request that is off by more.
pub const TOLERANCE: TimeDelta = TimeDelta::minutes(15);

/// Whose clock a cycle runs under.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ClockOf {
    /// This machine's, which may be set while the program runs.
    Machine,
    /// One that somebody named, and that is taken as it is or not at all.
    Caller,
}

/// The clocks that there are before a cycle pays for anything.
///
/// ```
/// use glidepath_core::facts::referee::{ClockOf, Hearing, Ruling};
/// let at = |text: &str| text.parse().unwrap();
/// let (cycle, aws) = (at("2027-01-08T06:30:00Z"), at("2026-11-29T06:30:02Z"));
/// let clocks = Hearing { cycle, of: ClockOf::Machine, aws: Some(aws), newest: None };
/// assert_eq!(clocks.ruling(), Ruling::Ahead { aws });
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Hearing {
    /// The cycle's.
    pub cycle: DateTime<Utc>,
    /// Whose that is.
    pub of: ClockOf,
    /// AWS's, as the newest Date of its answers to this cycle says; `None` where no answer carried one.
    pub aws: Option<DateTime<Utc>>,
    /// That of the newest run that counts.
    pub newest: Option<DateTime<Utc>>,
}

/// What becomes of the cycle.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ruling {
    /// It runs under this clock, against which AWS's says nothing.
    Runs(DateTime<Utc>),
    /// It runs under this clock, and nobody knows whether it is right.
    Unrefereed(DateTime<Utc>),
    /// Its clock lies ahead of AWS's.
    Ahead {
        /// AWS's clock.
        aws: DateTime<Utc>,
    },
    /// Its clock lies before that of a run that counts.
    Back {
        /// That run's clock.
        newest: DateTime<Utc>,
    },
}

impl Hearing {
    /// Decides.
    pub fn ruling(self) -> Ruling {
        let Hearing { cycle, of, aws, newest } = self;
        if let Some(aws) = aws.filter(|aws| is_ahead(cycle, *aws)) {
            return Ruling::Ahead { aws };
        }
        let clock = match newest.filter(|newest| cycle < *newest) {
            None => cycle,
            Some(newest) => {
                let corrected = of == ClockOf::Machine && newest - cycle <= TOLERANCE;
                // A run that AWS's clock contradicts has no clock to lend.
                if !corrected || aws.is_some_and(|aws| is_ahead(newest, aws)) {
                    return Ruling::Back { newest };
                }
                newest
            }
        };
        if aws.is_some() { Ruling::Runs(clock) } else { Ruling::Unrefereed(clock) }
    }
}

/// True where `clock` lies so far ahead of AWS's that it is wrong.
pub fn is_ahead(clock: DateTime<Utc>, aws: DateTime<Utc>) -> bool {
    clock - aws > TOLERANCE
}

/// The moment that has passed for both clocks: what days are complete by, and which day is today. AWS's alone decides nothing,
/// since a cycle may be asked for a time that is over.
pub fn passed_for_both(clock: DateTime<Utc>, aws: Option<DateTime<Utc>>) -> DateTime<Utc> {
    aws.map_or(clock, |aws| clock.min(aws))
}

/// Cycles that were set aside because their clocks lay ahead of AWS's.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct SetAside {
    /// AWS's clock when that was noticed.
    pub noticed_at: DateTime<Utc>,
    /// How many they were.
    pub cycles: u64,
    /// The latest of their clocks.
    pub furthest: DateTime<Utc>,
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn at(text: &str) -> DateTime<Utc> {
        text.parse().unwrap()
    }

    fn ruling(cycle: &str, of: ClockOf, aws: Option<&str>, newest: Option<&str>) -> Ruling {
        Hearing { cycle: at(cycle), of, aws: aws.map(at), newest: newest.map(at) }.ruling()
    }

    #[test]
    fn a_clock_is_ahead_from_a_second_beyond_fifteen_minutes() {
        for (aws, jumps) in [
            // Within an hour, over a day's end, a month's, a year's, to a leap day and off one.
            ("2026-11-29T06:30:00Z", ["2026-11-29T06:45:01Z", "2026-11-30T06:30:00Z", "2027-01-08T06:30:00Z"]),
            ("2026-11-30T23:50:00Z", ["2026-12-01T00:05:01Z", "2026-12-10T23:50:00Z", "2029-11-30T23:50:00Z"]),
            ("2026-12-31T23:59:59Z", ["2027-01-01T00:15:00Z", "2027-02-09T23:59:59Z", "2126-12-31T23:59:59Z"]),
            ("2028-02-28T23:45:00Z", ["2028-02-29T00:00:01Z", "2028-02-29T23:45:00Z", "2028-04-08T23:45:00Z"]),
            ("2028-02-29T12:00:00Z", ["2028-02-29T12:15:01Z", "2028-03-01T12:00:00Z", "2032-02-29T12:00:00Z"]),
        ] {
            for jump in jumps {
                for of in [ClockOf::Machine, ClockOf::Caller] {
                    for newest in [None, Some(aws), Some(jump)] {
                        let expected = Ruling::Ahead { aws: at(aws) };
                        assert_eq!(ruling(jump, of, Some(aws), newest), expected, "{jump} against {aws}, {newest:?}");
                    }
                }
            }
            let last = at(aws) + TOLERANCE;
            assert_eq!(ruling(&last.to_rfc3339(), ClockOf::Machine, Some(aws), None), Ruling::Runs(last));
        }
    }

    #[test]
    fn a_clock_in_the_past_is_a_cycles_own_business() {
        for cycle in ["2026-11-29T06:29:00Z", "2026-11-28T06:30:00Z", "2026-10-20T06:30:00Z", "2023-02-28T06:30:00Z"] {
            for of in [ClockOf::Machine, ClockOf::Caller] {
                let runs = Ruling::Runs(at(cycle));
                assert_eq!(ruling(cycle, of, Some("2026-11-29T06:30:00Z"), Some("2023-02-28T06:30:00Z")), runs);
                assert_eq!(ruling(cycle, of, Some("2026-11-29T06:30:00Z"), None), runs);
            }
        }
    }

    #[test]
    fn a_machine_put_back_a_little_takes_the_newest_clock_and_a_named_time_does_not() {
        let newest = "2028-03-01T00:05:00Z";
        let back = Ruling::Back { newest: at(newest) };
        for (cycle, machine) in [
            ("2028-03-01T00:05:00Z", Ruling::Runs(at(newest))),
            ("2028-03-01T00:04:59Z", Ruling::Runs(at(newest))),
            ("2028-02-29T23:50:00Z", Ruling::Runs(at(newest))),
            ("2028-02-29T23:49:59Z", back),
            ("2028-02-28T00:05:00Z", back),
            ("2028-01-21T00:05:00Z", back),
            ("2024-02-29T00:05:00Z", back),
        ] {
            assert_eq!(ruling(cycle, ClockOf::Machine, Some("2028-03-01T00:06:00Z"), Some(newest)), machine, "{cycle}");
            let named = if at(cycle) == at(newest) { machine } else { back };
            assert_eq!(ruling(cycle, ClockOf::Caller, Some("2028-03-01T00:06:00Z"), Some(newest)), named, "{cycle}");
        }
        // Twenty minutes ahead of AWS's: nothing takes that clock over, however near it is.
        assert_eq!(ruling("2028-02-29T23:55:00Z", ClockOf::Machine, Some("2028-02-29T23:45:00Z"), Some(newest)), back);
    }

    #[test]
    fn without_aws_a_cycle_runs_unrefereed_and_still_not_behind_what_counts() {
        let newest = "2026-11-29T06:30:00Z";
        for (cycle, expected) in [
            ("2031-11-29T06:30:00Z", Ruling::Unrefereed(at("2031-11-29T06:30:00Z"))),
            ("2026-11-29T06:20:00Z", Ruling::Unrefereed(at(newest))),
            ("2026-11-28T06:30:00Z", Ruling::Back { newest: at(newest) }),
        ] {
            assert_eq!(ruling(cycle, ClockOf::Machine, None, Some(newest)), expected, "{cycle}");
        }
        assert_eq!(
            ruling("1996-02-29T00:00:00Z", ClockOf::Caller, None, None),
            Ruling::Unrefereed(at("1996-02-29T00:00:00Z"))
        );
    }

    #[test]
    fn a_day_is_over_when_it_is_over_for_both() {
        let (before, after) = (at("2026-11-30T23:55:00Z"), at("2026-12-01T00:05:00Z"));
        assert_eq!(passed_for_both(after, Some(before)), before);
        assert_eq!(passed_for_both(before, Some(after)), before);
        assert_eq!(passed_for_both(after, None), after);
    }

    proptest! {
        /// Whatever the clocks say: who runs lies at most a quarter of an hour ahead of AWS's and not before what counts.
        #[test]
        fn who_runs_is_held_by_both_sides(
            [cycle, aws, newest] in prop::array::uniform3(prop_oneof![-2_000_i64..2_000, -200_000_000_i64..200_000_000]),
            (has_aws, has_newest, machine) in any::<(bool, bool, bool)>(),
        ) {
            let moment = |seconds: i64| at("2028-02-29T00:00:00Z") + TimeDelta::seconds(seconds);
            let (aws, newest) = (has_aws.then(|| moment(aws)), has_newest.then(|| moment(newest)));
            let of = if machine { ClockOf::Machine } else { ClockOf::Caller };
            let cycle = moment(cycle);
            match (Hearing { cycle, of, aws, newest }).ruling() {
                Ruling::Runs(clock) | Ruling::Unrefereed(clock) => {
                    prop_assert!(aws.is_none_or(|aws| clock <= aws + TOLERANCE));
                    prop_assert!(newest.is_none_or(|newest| clock >= newest));
                    prop_assert!(clock == cycle || (machine && clock - cycle <= TOLERANCE));
                }
                Ruling::Ahead { aws: said } => prop_assert!(Some(said) == aws && cycle > said + TOLERANCE),
                Ruling::Back { newest: said } => prop_assert!(Some(said) == newest && cycle < said),
            }
        }
    }
}
