//! From facts to a [`Position`](crate::position::Position): classify, replay three times, compare, reconcile.
//!
//! An [`Assessment`] holds what every view of one moment shares. The outlook is made from it once a cycle and stored;
//! the position is put together from it and a stored outlook, so that reading never forecasts.
//!
//! Each file beside this one derives one part of the position, and adds it as methods of [`Assessment`].

mod ahead;
mod assessment;
mod at_least;
mod bill;
mod buys;
mod context;
mod drafted;
mod exhausted;
mod filed;
mod newest_names;
mod planned;
mod plans;
mod pools;
mod quality;
mod returned;
mod reviewed;
mod rising;
mod run;
mod span;
mod track;
mod uncovered;
mod watched;
mod whole;

pub use self::assessment::Assessment;
pub use self::context::Context;
pub use self::quality::request_price;
