//! The filed projection as a document: what a file may say, what is wrong with one, what it plans, whose spend is
//! whose, what is planned twice, and what changed between two versions. Expected figures are worked out by hand from
//! the list prices.

#[path = "filing/attribution.rs"]
mod attribution;
#[path = "filing/comparison.rs"]
mod comparison;
#[path = "filing/mistakes.rs"]
mod mistakes;
#[path = "filing/overlaps.rs"]
mod overlaps;
#[path = "filing/planning.rs"]
mod planning;
#[path = "support/filing.rs"]
mod support;
