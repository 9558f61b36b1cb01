//! Alerts from decision to delivery: the store's transactions, the wire, and what must never be printed.

#[path = "alerts/channels.rs"]
mod channels;
#[path = "alerts/clock.rs"]
mod clock;
#[path = "alerts/episodes.rs"]
mod episodes;
#[path = "alerts/mail.rs"]
mod mail;
#[path = "alerts/muted.rs"]
mod muted;
#[path = "alerts/outbox.rs"]
mod outbox;
#[path = "alerts/payloads.rs"]
mod payloads;
#[path = "alerts/secrets.rs"]
mod secrets;
#[path = "alerts/support.rs"]
mod support;
#[path = "alerts/wire.rs"]
mod wire;
