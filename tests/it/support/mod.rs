//! What several modules share: made-up accounts and filings, and readers of what is rendered.

pub mod answer;
pub mod as_seen;
pub mod filing;
pub mod logs;
pub mod paper;
pub mod past;
pub mod places;
pub mod plain;
pub mod port;
pub mod print;
pub mod pulls;
pub mod sample;
pub mod served;
pub mod values;
pub mod world;
