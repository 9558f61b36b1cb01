//! Daily spend as a forecast sees it: complete days, oldest first, in US dollars.

/// Days in a week, the only season that daily spend of every account shows.
pub const WEEK: usize = 7;
/// Weeks that a weekday profile is read from, and the least that it takes.
const PROFILE_WEEKS: (usize, usize) = (4, 8);
/// Weekly changes that an account's swings are read from, and the least that it takes.
const SWING_CHANGES: (usize, usize) = (7, 8);

/// The complete days of one stream of spend, oldest first, in US dollars a day. Days are numbered backwards from the
/// newest, so weekdays need no calendar: the day `n` after the newest falls on the weekday of `n - 7 k`.
#[derive(Debug, Clone, Copy)]
pub struct History<'a>(pub &'a [f64]);

impl History<'_> {
    /// Number of days known.
    pub fn days(&self) -> usize {
        self.0.len()
    }

    /// Mean of the newest `days` days, or of all there are; zero without any.
    pub fn mean(&self, days: usize) -> f64 {
        let newest = &self.0[self.days().saturating_sub(days)..];
        if newest.is_empty() { 0.0 } else { newest.iter().sum::<f64>() / newest.len() as f64 }
    }

    /// Sums of the complete weeks that end with the newest day, oldest first.
    pub fn weeks(&self) -> Vec<f64> {
        self.0[self.days() % WEEK..].chunks_exact(WEEK).map(|week| week.iter().sum()).collect()
    }

    /// How the days of a week share its spend, averaging 1: entry `n` holds for the days `n + 1`, `n + 8`, … after
    /// the newest. The median of the newest weeks, so that one spike is no weekday; flat before there are four weeks.
    pub fn weekday_profile(&self) -> [f64; WEEK] {
        let from = self.days().saturating_sub(PROFILE_WEEKS.1 * WEEK);
        let newest = &self.0[from + (self.days() - from) % WEEK..];
        let weeks: Vec<(f64, &[f64])> = newest
            .chunks_exact(WEEK)
            .map(|week| (week.iter().sum::<f64>() / WEEK as f64, week))
            .filter(|(mean, _)| *mean > 0.0)
            .collect();
        if weeks.len() < PROFILE_WEEKS.0 {
            return [1.0; WEEK];
        }
        let mut profile: [f64; WEEK] =
            std::array::from_fn(|day| median(weeks.iter().map(|(mean, week)| week[day] / mean).collect()).max(0.0));
        let total: f64 = profile.iter().sum();
        if total <= 0.0 {
            return [1.0; WEEK];
        }
        profile.iter_mut().for_each(|share| *share *= WEEK as f64 / total);
        profile
    }

    /// Root mean square of the newest weekly log changes: how much this stream swings. `None` before eight weeks.
    pub fn swing(&self) -> Option<f64> {
        (self.days() >= (SWING_CHANGES.0 + 1) * WEEK).then(|| self.young_swing()).flatten()
    }

    /// The same from two weeks on, when it is a hint and no measure yet.
    pub fn young_swing(&self) -> Option<f64> {
        let weeks = self.weeks();
        let changes = weeks.len().checked_sub(1).filter(|changes| *changes > 0)?;
        let newest = &weeks[weeks.len() - 1 - changes.min(SWING_CHANGES.1)..];
        // A small part of the mean is added, so that a week without spend is a large swing and not an infinite one.
        let floor = 0.02 * newest.iter().sum::<f64>().max(0.0) / newest.len() as f64 + 1e-9;
        let log = |week: f64| (week.max(0.0) + floor).ln();
        let squares: f64 = newest.windows(2).map(|pair| (log(pair[1]) - log(pair[0])).powi(2)).sum();
        Some((squares / (newest.len() - 1) as f64).sqrt())
    }
}

/// The middle value; of an even number, the mean of the two in the middle; zero of none.
pub fn median(mut values: Vec<f64>) -> f64 {
    values.sort_unstable_by(f64::total_cmp);
    let middle = values.len() / 2;
    match values.len() {
        0 => 0.0,
        len if len % 2 == 1 => values[middle],
        _ => (values[middle - 1] + values[middle]) / 2.0,
    }
}
