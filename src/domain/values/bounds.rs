//! What people may enter: one table of bounds for the figures of configs, filings, price files, requests and questions.
//!
//! Invariants: within these bounds no rule, no plan and no outlook leaves the range of its numbers; a figure outside is refused
//! where it is entered, with its key, its value and its bound, in the same words in TOML, JSON and on the command line.

use std::fmt;

use rust_decimal::Decimal;

use super::money::{MOST_STATED_USD, Money};

/// The values that a figure may have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Bound {
    least: End,
    most: End,
}

/// One end of a bound.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum End {
    /// This value, and everything on the inner side of it.
    At(i64),
    /// Only what lies on the inner side of it.
    Beside(i64),
}

/// US dollars: an amount, or a threshold.
pub const USD: Bound = Bound::of(0, MOST_STATED_USD);
/// US dollars of a grant, of which none is nothing.
pub const GRANT_USD: Bound = Bound::above(0, MOST_STATED_USD);
/// A share of a whole.
pub const SHARE: Bound = Bound::of(0, 1);
/// Tax on what credit does not pay.
pub const TAX_RATE: Bound = Bound { least: End::At(0), most: End::Beside(1) };
/// How many times as much.
pub const MULTIPLE: Bound = Bound::above(1, 1_000_000);
/// Percent of a whole.
pub const PERCENT: Bound = Bound::of(0, 100);
/// Percent that may be more than a whole.
pub const ANY_PERCENT: Bound = Bound::of(0, 1_000_000);
/// Percent of a plan that is more than the plan.
pub const PERCENT_ABOVE: Bound = Bound::of(100, 1_000_000);
/// Days of a rule: ten years.
pub const DAYS: Bound = Bound::of(0, 3_660);
/// Hours of a rule that may be none.
pub const HOURS: Bound = Bound::of(0, 87_840);
/// Hours between two things of the same kind, or after which something counts as old.
pub const WAIT_HOURS: Bound = Bound::of(1, 87_840);
/// Messages in a week.
pub const MESSAGES: Bound = Bound::of(1, 1_000_000);
/// Days for which a link opens: past a funding round, and no longer.
pub const LINK_DAYS: Bound = Bound::of(1, 366);
/// Days for which the audit is kept: a hundred years.
pub const AUDIT_DAYS: Bound = Bound::of(1, 36_600);
/// Connections at a time: a browser alone opens six.
pub const CONNECTIONS: Bound = Bound::of(8, 100_000);
/// Days until the end of a silence or an acknowledgement: a year. Who leaves in that time keeps nothing quiet for ever.
pub const MUTE_DAYS: Bound = Bound::of(0, 366);
/// Backups kept.
pub const BACKUPS: Bound = Bound::of(1, 100_000);
/// Megabytes of memory for the store.
pub const STORE_MEMORY_MB: Bound = Bound::of(32, 1_000_000);
/// The same where nobody says. Left alone DuckDB would take 80 % of the machine.
pub const DEFAULT_STORE_MEMORY_MB: u32 = 64;
/// Pages of one answer.
pub const PAGES: Bound = Bound::of(1, 1_000_000);
/// Requests that cost money, in a day. One cycle asks two questions, a page each at the least.
pub const PAID_REQUESTS: Bound = Bound::of(2, 1_000_000);
/// Minutes that a cycle may take.
pub const CYCLE_MINUTES: Bound = Bound::of(1, 1_440);
/// A port.
pub const PORT: Bound = Bound::of(1, 65_535);
/// Millions of tokens in a month of a filing: far beyond any customer's.
pub const MONTHLY_MILLIONS: Bound = Bound::of(0, 1_000_000_000);
/// Chip-hours of a run in a filing, likewise.
pub const CHIP_HOURS: Bound = Bound::of(0, 1_000_000_000);
/// Runs in a month of a filing: one every five minutes.
pub const RUNS: Bound = Bound::of(0, 10_000);
/// Growth per month in a filing. More than doubling every month is "8" written for 8 %.
pub const GROWTH: Bound = Bound::of(-1, 1);
/// Growth per month beyond the forecast, in a question; the upper end is that of a filing.
pub const GROWTH_BEYOND: Bound = Bound { least: End::Beside(-1), most: End::At(1) };
/// Chip-hours of a run in a question: more than a thousand accelerators are in a year.
pub const TRAINING_CHIP_HOURS: Bound = Bound::above(0, 10_000_000);
/// Runs of a training, their days, and the days from one to the next, in a question: more than fit into the year that is
/// looked at.
pub const TRAINING_COUNT: Bound = Bound::of(1, 366);
/// Days of all runs of a training together: ten that run the whole year beside each other.
pub const TRAINING_DAYS: Bound = Bound::of(1, 4_000);
/// A price in a price file, in US dollars for a million tokens or for an hour.
pub const PRICE_USD: Bound = Bound::above(0, 1_000_000);
/// A factor on a price.
pub const PRICE_FACTOR: Bound = Bound::above(0, 1_000);
/// Accelerator chips in an instance.
pub const CHIPS: Bound = Bound::of(1, 1_000_000);

impl Bound {
    /// From `least` to `most`, both allowed.
    const fn of(least: i64, most: i64) -> Bound {
        Bound { least: End::At(least), most: End::At(most) }
    }

    /// More than `least`, and at most `most`.
    const fn above(least: i64, most: i64) -> Bound {
        Bound { least: End::Beside(least), most: End::At(most) }
    }

    /// True if a figure may have this value.
    ///
    /// ```
    /// use glidepath_core::values::bounds;
    /// assert!(bounds::SHARE.holds(1) && !bounds::TAX_RATE.holds(1));
    /// ```
    pub fn holds(self, value: impl Into<Decimal>) -> bool {
        let value = value.into();
        let from = match self.least {
            End::At(least) => value >= Decimal::from(least),
            End::Beside(least) => value > Decimal::from(least),
        };
        let to = match self.most {
            End::At(most) => value <= Decimal::from(most),
            End::Beside(most) => value < Decimal::from(most),
        };
        from && to
    }

    /// Why the figure `key` may not have this value; `None` if it may.
    ///
    /// ```
    /// use glidepath_core::values::bounds::{MULTIPLE, SHARE};
    /// assert_eq!(SHARE.refuse("first_cash_share", 2).unwrap(), "first_cash_share is 2; it must lie between 0 and 1");
    /// let refused = MULTIPLE.refuse("spike_ratio", 1).unwrap();
    /// assert_eq!(refused, "spike_ratio is 1; it must be more than 1 and at most 1000000");
    /// ```
    pub fn refuse(self, key: &str, value: impl Into<Decimal>) -> Option<String> {
        let value: Decimal = value.into();
        let value = value.normalize();
        (!self.holds(value)).then(|| format!("{key} {}", self.refusal(value)))
    }

    /// The same of an amount.
    pub fn refuse_usd(self, key: &str, amount: Money) -> Option<String> {
        self.refuse(key, amount.amount())
    }

    /// `is 2; it must lie between 0 and 1`, for a place that names the key itself.
    pub fn refusal(self, value: impl fmt::Display) -> String {
        format!("is {value}; it must {self}")
    }
}

impl fmt::Display for Bound {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let (End::At(least), End::At(most)) = (self.least, self.most) {
            return write!(f, "lie between {least} and {most}");
        }
        match self.least {
            End::At(least) => write!(f, "be at least {least}")?,
            End::Beside(least) => write!(f, "be more than {least}")?,
        }
        match self.most {
            End::At(most) => write!(f, " and at most {most}"),
            End::Beside(most) => write!(f, " and less than {most}"),
        }
    }
}
