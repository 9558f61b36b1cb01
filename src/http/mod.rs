//! The web: thin routes that load a view and render it, or hand on what people enter.
//!
//! Invariants: no request asks AWS or forecasts, but for an order to run a cycle, a replay of rules, a what-if and an entry,
//! whose outlook is made apart from its request; a partner can give none of them; every route stands in one table with the
//! permission that it needs, so that a new one cannot be left open or undescribed by accident; every error of a route is a
//! problem of RFC 9457, which a browser is shown as a page; a cache may change how much is computed, never the answer; what keeps
//! a core busy is done in a lane, in which requests wait without a thread and beyond which they are sent away.

mod access;
mod assets;
mod audit;
mod bounds;
mod browser;
mod charges;
pub mod client;
mod commands;
mod conditional;
mod description;
mod door;
mod ended_links;
mod entries;
mod failure;
mod gate;
mod health;
mod kept_files;
mod kept_page;
mod lane;
mod later;
mod logins;
mod metrics;
mod mount;
mod openapi;
mod origin;
mod pages;
mod paging;
mod parts;
mod patience;
mod permission;
mod plain;
mod plan;
mod pulse;
mod query;
mod readiness;
mod requests;
mod route;
mod router;
mod routes;
mod security_headers;
mod serve;
mod shared;
mod slashes;
mod small_page;
mod state;
mod tally;
mod troubles;
mod view_cache;
mod views;
mod whatif;

pub use audit::AuditPage;
pub use failure::Problem;
pub use openapi::document as openapi;
pub use paging::HIGHEST_LIMIT;
pub use parts::{HistoryPage, IssuedPage};
pub use router::router;
pub use serve::serve;
pub use shared::LinksPage;
pub use state::State;
