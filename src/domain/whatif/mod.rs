//! What-if: changes to the account, each with the runway it buys and the bill after credits.
//!
//! A [`Scenario`] turns the inputs of the outlook into other inputs (`adjust`), and the same outlook with the same seed
//! answers both (`answer`), so that nothing but the changes makes the difference. Tokens are those of the last 28 complete
//! days, at the prices that [`PriceSource::quote`](crate::billing::implied_price::PriceSource::quote) gives (`tokens`).
//!
//! Invariants: a change that moves no token, adds no cost and lands no credit leaves the inputs as they are, so it
//! reproduces the bill to the cent and the outlook to the byte; what has no price is refused by name, never taken as zero.

mod adjust;
mod answer;
mod base;
mod change;
mod levers;
mod refused;
mod tokens;
mod weigh;

pub use self::adjust::{Adjusted, adjust, switch_factors};
pub use self::answer::{Answer, BillBeforeAfter, Gained, MonthBill, PerMonth, Runway, answer};
pub use self::base::{Base, Scenario};
pub use self::change::{Award, Change, ChangeError, Launch, NAMES, Target, Training};
pub use self::levers::{Lever, Levers, NextAward, Proposal, levers, proposals};
pub use self::refused::{Problem, Refused};
pub use self::weigh::cache_doubt;
