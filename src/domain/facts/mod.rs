//! What is known as of a clock, observed or entered, before anything is concluded from it.

pub mod account_plan;
pub mod charge;
pub mod corrections;
pub mod credits;
pub mod deliveries;
pub mod evidence;
pub mod healing;
pub mod hindsight;
pub mod history;
pub mod intake;
pub mod outcome;
pub mod plan;
pub mod referee;
pub mod rows;
pub mod vanished;
pub mod window;

mod known;

pub use self::known::Facts;
