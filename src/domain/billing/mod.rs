//! What the bill says: what a row is, what a day costs and what of it credit may pay, and at which prices.

pub mod classify;
pub mod costs;
pub mod daily_cost;
pub mod discount;
pub mod implied_price;
pub mod price;
pub mod renamed;
