//! A fake AWS on loopback and a fictional startup on it: what `demo`, the tests and the benchmarks run against.
//!
//! [`FakeAws`] answers Cost Explorer, the billing API's credits, Free Tier's plan and STS on one URL, and refuses what AWS refuses.
//! A [`FakeAccount`] is what it bills; [`startup`] is a year of one. The fake's own clock decides what is visible:
//! nothing here reads the wall clock, and the same account at the same time gives the same answers.

pub mod account;
pub mod fault;
pub mod server;
pub mod startup;

mod billing;
mod books;
mod cost_explorer;
mod drawdown;
mod filter;
mod free_tier;
mod refusal;
mod signature;

pub use account::{CreditApplied, CreditRows, FakeAccount, FakeCredit, FakePlan, Line};
pub use fault::{Fault, Injection, Operation};
pub use server::{FakeAws, RecordedRequest};
