//! The filed projection as a document: what a file may say, what is wrong with one, what it plans, whose spend is
//! whose, what is planned twice, and what changed between two versions. Expected figures are worked out by hand from
//! the list prices.

mod applications;
mod attribution;
mod comparison;
mod mistakes;
mod overlaps;
mod planning;
