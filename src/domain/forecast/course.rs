//! How spend may go on from its level: as it is, back to what it was, after a pause, or on a ramp that ends some day.
//!
//! A course says what the days cost on a path by the share of paths below it: 0 is the least spend, 1 the most.

use super::series::WEEK;

/// Share of ramps that end with the newest day, and how unevenly the others go on.
const ENDS_NOW: f64 = 0.15;
const GOES_ON: f64 = 1.2;
/// Weeks that a ramp goes on at most, and beyond what was measured of it.
const LONGEST: f64 = 4.0;
const BEYOND: f64 = 1.0;
/// Growth in logarithms a week of a ramp too steep to tell odds far ahead.
const STEEP: f64 = 0.35;
/// Chance that a rise goes back, by how many days it has lasted.
const DOUBT: [f64; 3] = [0.6, 0.55, 0.25];
/// The same of a rise to five times as much or more.
const LARGE: f64 = 5.0;
const DOUBT_LARGE: [f64; 3] = [0.6, 0.4, 0.2];

/// What may become of a level.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Course {
    /// It goes on.
    Level,
    /// It rose a few days ago, and may go back.
    Risen {
        /// Days that it has stood there; from 1 to 3.
        days: usize,
        /// What a dollar of the level before becomes if it lasts.
        to: f64,
    },
    /// Nothing has been spent for so many days; it is as likely as not that the pause lasts as long again.
    Paused {
        /// Days of the pause so far.
        days: usize,
    },
    /// Nothing has been spent for longer than it was spent before; the longer, the less likely it comes again, and if it
    /// does, it comes and goes as it did.
    Burst {
        /// Days of use.
        on: usize,
        /// Days without it since.
        off: usize,
        /// True if it came before that too: then it will again.
        earlier: bool,
    },
    /// It grows week by week, and will stop; nothing says when, but no growth is known beyond what was measured.
    Ramp {
        /// Growth in logarithms a day.
        per_day: f64,
        /// Weeks that it has grown so.
        weeks: f64,
    },
    /// Occurrences come so many days early or late.
    Jitter {
        /// Days.
        days: usize,
    },
}

impl Course {
    /// The days on a path that a share `p` of the paths spends less than.
    pub fn along(self, daily: &[f64], p: f64) -> Vec<f64> {
        match self {
            Course::Level => daily.to_vec(),
            Course::Risen { days, to } => {
                let doubt = if to < LARGE { DOUBT } else { DOUBT_LARGE };
                let goes_back = p < doubt[days.clamp(1, doubt.len()) - 1];
                daily.iter().map(|cost| if goes_back { *cost } else { cost * to }).collect()
            }
            Course::Paused { days } => {
                let resumes = days as f64 * (1.0 - p) / p.max(1e-3);
                daily.iter().enumerate().map(|(at, cost)| if (at as f64) < resumes { 0.0 } else { *cost }).collect()
            }
            Course::Burst { on, off, earlier } => {
                let again = if earlier { 1.0 } else { (on as f64 / off as f64).min(1.0) };
                let never = 1.0 - again;
                let wait = (off as f64 * (1.0 - p) / (p - never).max(1e-3)).round() as usize;
                let used = |at: usize| p > never && at >= wait && (at - wait) % (on + off).max(1) < on;
                daily.iter().enumerate().map(|(at, cost)| if used(at) { *cost } else { 0.0 }).collect()
            }
            Course::Ramp { per_day, weeks } => {
                let longest = (weeks + BEYOND).min(LONGEST);
                let more = ((p - ENDS_NOW) / (1.0 - ENDS_NOW)).max(0.0).powf(GOES_ON) * longest * WEEK as f64;
                let grown = |at: usize| (per_day * ((at + 1) as f64).min(more)).exp();
                daily.iter().enumerate().map(|(at, cost)| cost * grown(at)).collect()
            }
            Course::Jitter { days } => {
                let late = match p {
                    p if p < 0.25 => days as i64,
                    p if p > 0.75 => -(days as i64),
                    _ => 0,
                };
                let moved =
                    |at: usize| usize::try_from(at as i64 - late).ok().map_or(0.0, |at| daily[at.min(daily.len() - 1)]);
                let mut costs: Vec<f64> = (0..daily.len()).map(moved).collect();
                if let (true, Some(first)) = (late < 0, costs.first_mut()) {
                    *first += daily[..days.min(daily.len())].iter().sum::<f64>();
                }
                costs
            }
        }
    }

    /// Days for which odds are told; `None` for all.
    pub fn reach(self) -> Option<usize> {
        matches!(self, Course::Ramp { per_day, .. } if per_day * WEEK as f64 > STEEP).then_some(3 * WEEK)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_burst_comes_again_the_less_likely_the_longer_it_is_over_and_as_long_as_it_was() {
        let used = |on, off, earlier, p| -> Vec<usize> {
            let along = Course::Burst { on, off, earlier }.along(&[5.0; 100], p);
            (0..100).filter(|at| along[*at] > 0.0).collect()
        };
        assert_eq!(used(1, 46, false, 0.97), Vec::<usize>::new(), "one day, over for 46: one path in 46");
        assert!(!used(1, 46, false, 0.99).is_empty());
        assert_eq!(used(2, 4, false, 0.4), Vec::<usize>::new());
        // Half of the paths see it again, three quarters of them within the time that it is over.
        assert_eq!(used(2, 4, false, 0.75)[..4], [4, 5, 10, 11]);
        // What came before that comes again on all.
        assert_eq!(used(1, 18, true, 0.9), [2, 21, 40, 59, 78, 97], "no day is lost to a fraction");
        assert_eq!(used(1, 18, true, 0.5), [18, 37, 56, 75, 94]);
    }
}
