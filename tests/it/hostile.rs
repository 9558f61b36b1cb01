//! What a hostile reader, neighbour or text can do: `docs/security.md` has a row for each.

mod audited;
mod callers;
mod files;
mod flood;
mod large;
mod partners;
mod printed;
mod refused;
mod strange;
