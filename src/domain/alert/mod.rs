//! From a position to what is told: what a rule finds, and whether to tell it.
//!
//! Two pure steps: [`evaluate`] looks at a position and its sources, [`decide()`] compares the findings with what was
//! already told. [`compose`](crate::wording::compose) writes the message, the store keeps it, and delivery takes it from there.
//!
//! Invariants: the same facts, history and clock give the same decisions, in the same order, under the same event ids;
//! a decision always carries its reason; an all-clear is given on evidence only, never because nobody looked.

mod burn_rule;
mod cash_rule;
mod credibility_rules;
mod credit_rules;
mod cycle_rule;
mod decide;
mod decision;
mod drift_rule;
mod event;
mod events;
mod exhaustion;
mod file_by;
mod filed_rule;
mod free_plan_rule;
mod input;
mod key;
mod moved_rules;
mod mute;
mod open;
mod outbox;
mod replay;
mod rules;
mod settings;
mod smaller_rule;
mod spike_rule;
mod store_rules;
mod unclaimed_rule;
mod used_rule;
mod vanished_rule;
mod week;
mod worse;

#[cfg(test)]
pub(crate) mod fixture;
#[cfg(test)]
mod scenarios;

pub use cycle_rule::cycle_failed_finding;
pub use decide::{carry_since, decide};
pub use decision::{Action, Decision, Held, History, Reason};
pub(crate) use event::stable_id;
pub use event::{AlertEvent, Audience, Compose, MessageContext, event_id};
pub use events::{Event, EventKind};
pub use input::{Evaluation, FailedCycle, IngestHealth};
pub use mute::{Mute, MuteKind, newest_mutes};
pub use open::OpenAlert;
pub use outbox::{DeliveryOutcome, DeliveryResult, NewDelivery, OutboxFile, PendingDelivery};
pub use replay::{Moment, Replay, ReplayReport, ReplayedAlert, ReplayedEvent, Verdict};
pub use rules::{dead_channel_finding, evaluate};
pub use settings::{AlertRules, RepeatPolicy};
pub use store_rules::{disk_full_finding, store_damaged_finding, store_healed_finding};
pub use week::HISTORY_OF_MESSAGES;
