//! Renders a position: one document model to HTML, PDF, XLSX, CSV, JSON and Markdown, and the one page.
//!
//! Invariants: every format is made from the same [`Document`], so that formats cannot disagree; the same position,
//! series and audience give the same bytes, because nothing here reads a clock; an audience is applied before a
//! document is built, so that no renderer can show what its reader may not see.

use glidepath_domain as domain;

mod actual_vs_projected;
mod after_credits;
mod as_filed;
mod ask;
pub mod audience;
mod chart;
mod chart_data;
mod compose;
mod csv;
mod curves;
pub mod document;
mod evidence;
mod file;
mod file_name;
mod first_screen;
mod front;
mod funding_pack;
mod html;
mod json;
mod kind;
mod logo;
mod markdown;
mod models;
mod nav;
pub mod notice;
mod page;
mod partner;
#[cfg(feature = "pdf")]
mod pdf;
#[cfg(not(feature = "pdf"))]
#[path = "no_pdf.rs"]
mod pdf;
mod poc;
mod pool_order;
mod pools;
mod reconciliation;
mod review;
mod sensitivity;
mod sentences;
mod sha256;
mod track_record;
mod trajectory;
mod usage;
mod variance;
mod window_clock;
mod words;
mod xlsx;

pub use audience::Audience;
pub use compose::{Beside, build, build_beside};
pub use document::{Document, PreparedBy};
pub use file::{File, render};
pub use front::{Front, offered};
pub use html::STYLESHEET;
pub use kind::{Format, ReportError, ReportKind};
pub use logo::{Logo, LogoError};
pub use nav::{FilingForm, Nav, NavAssets, NavLink, NavReport, WhatIfForm};
pub use page::{models_in_use, page};
pub use partner::{Commentary, Partner};
pub use pdf::Typesetting;
#[cfg(feature = "pdf")]
pub use pdf::forget as forget_typeset;
pub use sentences::{
    alert_attachment, bill_sentences, credit_sentences, headline, stated_otherwise_sentence, track_record_sentence,
};
pub use sha256::sha256;
pub use words::day as short_day;
