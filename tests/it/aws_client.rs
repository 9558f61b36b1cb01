//! The AWS clients against a canned listener on loopback: what is sent, and what becomes of every kind of answer.

mod costs;
mod credits;
mod in_memory;
mod listener;
mod paid;
mod refusals;
mod remedies;
