//! The whole job against the fake AWS: asked, stored, replayed, compared, told. Each file holds one promise of a cycle.

#[path = "cycle/again.rs"]
mod again;
#[path = "cycle/alerts.rs"]
mod alerts;
#[path = "cycle/ceiling.rs"]
mod ceiling;
#[path = "cycle/credits.rs"]
mod credits;
#[path = "cycle/delivery.rs"]
mod delivery;
#[path = "cycle/digest.rs"]
mod digest;
#[path = "cycle/faults.rs"]
mod faults;
#[path = "cycle/hook.rs"]
mod hook;
#[path = "cycle/killed.rs"]
mod killed;
#[path = "cycle/refused.rs"]
mod refused;
#[path = "cycle/replayed.rs"]
mod replayed;
#[path = "cycle/reports.rs"]
mod reports;
#[path = "cycle/restatement.rs"]
mod restatement;
#[path = "cycle/startup.rs"]
mod startup;
#[path = "cycle/support.rs"]
mod support;
#[path = "cycle/track.rs"]
mod track;
#[path = "cycle/windows.rs"]
mod windows;
