//! Alerts from decision to delivery: the store's transactions, the wire, and what must never be printed.

mod channels;
mod clock;
mod episodes;
mod mail;
mod muted;
mod outbox;
mod payloads;
mod secrets;
mod support;
mod wire;
