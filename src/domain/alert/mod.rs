//! From a position to a message: what a rule finds, whether to tell, and in which words.
//!
//! Three pure steps: [`evaluate`] looks at a position and its sources, [`decide`] compares the findings with what was
//! already told, [`compose`] writes the message. The store keeps the events; delivery takes them from there.
//!
//! Invariants: the same facts, history and clock give the same decisions, in the same order, under the same event ids;
//! a decision always carries its reason; an all-clear is given on evidence only, never because nobody looked.

mod credibility_rules;
mod credit_rules;
mod decide;
mod digest;
mod event;
mod exhaustion;
mod input;
mod letter;
mod message;
mod mute;
mod outbox;
mod rules;
mod settings;

#[cfg(test)]
mod fixture;

pub use decide::{Action, Decision, History, OpenAlert, Reason, carry_since, decide};
pub use digest::{DIGEST_KEY, DigestInput, digest};
pub use event::{AlertEvent, Audience, event_id};
pub use input::{
    DeadChannel, Evaluation, IngestHealth, Observations, OrderContradiction, Outcome, UncoveredBurn, UnknownRecordType,
};
pub use letter::{Hears, Letter, Phase, acknowledgement, test_letter};
pub use message::{MessageContext, carries_trajectory, compose};
pub use mute::{Mute, MuteKind, newest_mutes};
pub use outbox::{DeliveryOutcome, DeliveryResult, NewDelivery, PendingDelivery};
pub use rules::{dead_channel_finding, evaluate};
pub use settings::{AlertRules, AwardTime, RepeatPolicy};

/// `1 day`, `12 days`.
fn days_text(count: i64) -> String {
    if count == 1 { "1 day".to_owned() } else { format!("{count} days") }
}

/// The first few names, and how many more there are.
fn names_text(names: &[&str]) -> String {
    const SHOWN: usize = 5;
    let shown = names.iter().take(SHOWN).copied().collect::<Vec<_>>().join(", ");
    match names.len().checked_sub(SHOWN) {
        None | Some(0) => shown,
        Some(more) => format!("{shown} and {more} more"),
    }
}
