//! What a hostile reader, neighbour or text can do: `docs/security.md` has a row for each.

mod audited;
mod callers;
mod desk;
mod files;
mod flood;
mod large;
mod odd_files;
mod partners;
mod printed;
mod refused;
mod returning;
mod strange;
