//! The only orchestration: a cycle asks AWS, stores, assesses, evaluates and delivers; a view reads what is stored.
//!
//! Invariants: a cycle cut anywhere loses and repeats nothing (facts are one transaction, the cycle's end with its
//! messages another, and the outbox delivers what was committed); failing to ask is itself recorded and evaluated, and
//! failing to finish is told; one cycle at a time.

mod accepted;
mod account_plan;
mod alerts;
mod as_of;
mod ask;
mod backup;
mod backup_names;
mod busy;
mod check;
mod clock_ahead;
mod conclude;
mod corrections;
mod delivering;
mod digest;
mod drafts;
mod enclosed_links;
mod engine;
mod entries;
mod failure;
mod fetched;
mod filed;
mod from_memory;
mod history;
mod ingest;
mod links;
mod meter;
mod outbox;
mod papers;
mod plan;
mod prices;
mod program;
mod referee;
mod remade;
mod replay;
mod replays;
mod sent_reports;
mod steps;
mod told_here;
mod typesetter;
mod unfinished;
mod unstored;
mod upkeep;
mod view;
mod whatif;

pub use accepted::{AcceptError, AcceptOrder, AcceptedDays};
pub use alerts::{AlertList, AlertRow, AlertState, MuteEntry};
pub use as_of::AsOfError;
pub use ask::filing_of_bill;
pub use backup::{BackedUp, BackupPlace, BackupReport, backups_in, newest_backup, second_place};
pub use check::{CheckReport, TriedPermission};
pub use clock_ahead::ClockAhead;
pub use drafts::DraftError;
pub use engine::{AwsAccess, Engine};
pub use entries::{BalanceEntry, EntryError, RecordedEntry, TakenSnapshot};
pub use filed::{ComparedFilings, ComparedSide, FiledView, FilingSource, PlannedLine, compare};
pub use from_memory::{Unopened, tell_unopened};
pub use links::{
    ClosedLink, EndedLink, LinkError, LinkKind, LinkKindError, LinkOrder, MadeLink, SharedReport, SignedLink,
};
pub use outbox::TestedChannel;
pub use plan::PlanError;
pub use replay::{ReplayError, ReplayOrder};
pub use replays::ReplayProgress;
pub use sent_reports::{SendError, SentFile, SentReport};
pub use steps::CycleReport;
pub use unfinished::{CycleMark, Unfinished};
pub use upkeep::VerifyReport;
pub use view::View;
pub use whatif::WhatIfError;
