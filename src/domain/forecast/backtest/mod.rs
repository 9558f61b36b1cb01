//! The outlook's method on series whose end is known.
//!
//! Each question is asked of a series up to and including an origin: what is spent in the 90 days after it, and when is
//! a credit gone. Nothing after the origin is looked at, and the odds are learnt without the series that is asked about.

mod against;
mod questions;
mod score;
mod spend_score;
mod young;

pub use self::against::{Answers, COMPARED_DAYS, against};
pub use self::questions::{
    Answerer, Case, DATE_LIMIT_DAYS, DateAnswer, FORECAST_DAYS, Origin, QuestionError, Questions, Series, SpendAnswer,
    exhaustion, spend,
};
pub use self::score::{DateScore, Interval, MethodScore, Scores, score};
pub use self::spend_score::SpendScore;
pub use self::young::{YOUNG_DAYS, YoungScore};
