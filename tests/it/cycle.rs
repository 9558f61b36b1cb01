//! The whole job against the fake AWS: asked, stored, replayed, compared, told. Each file holds one promise of a cycle.

mod account_plan;
mod again;
mod alerts;
mod ceiling;
mod charges;
mod credits;
mod delivery;
mod digest;
mod entered;
mod failed;
mod faults;
mod healed;
mod heartbeat;
mod hook;
mod killed;
mod late;
mod odd_words;
mod other_versions;
mod refused;
mod replayed;
mod reports;
mod restatement;
mod startup;
pub mod support;
mod tiers;
mod track;
mod windows;
