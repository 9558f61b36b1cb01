//! A partner's first page: it leads to the reports that a token, or a link to all reports, opens, of any day that is stored.
//!
//! Invariants: what it tells comes from the same part of a position as the reports; its addresses are relative, so that they hold
//! wherever it is served, and none bears a token; it loads nothing and works without a script.

use askama::Template;
use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse as _, Response};
use chrono::{DateTime, NaiveDate, SecondsFormat, Utc};

use super::failure::Failure;
use super::plain::DaysThereAre;
use super::query::Moment;
use super::small_page::{self, STYLESHEET};
use super::state::State;
use crate::domain::position::Position;
use crate::domain::values::words::all_names_text;
use crate::report::{Audience, Format, Front, ReportKind, offered, short_day};

/// By what a reader is let in, and so where the reports are.
#[derive(Debug)]
pub enum Ways {
    /// By a token: the reports are at the addresses of the API, below the page.
    Token,
    /// By a link: the reports are at its own address.
    Link {
        /// Those that it was made for.
        formats: Vec<Format>,
        /// From then on it is refused.
        expires_at: DateTime<Utc>,
        /// True if it shows one moment alone.
        is_pinned: bool,
    },
}

/// A page of this kind as it is handed out.
pub fn as_answer(html: String) -> Response {
    let html_type = (header::CONTENT_TYPE, HeaderValue::from_static("text/html; charset=utf-8"));
    ([html_type, small_page::policy_with_form(), small_page::NOT_LISTED], html).into_response()
}

#[derive(Template)]
#[template(path = "door.html")]
struct DoorPage {
    title: String,
    /// Whose figures these are, in a sentence; none where no record of the reader's is filed.
    records: Option<String>,
    front: Front,
    reports: Vec<Report>,
    days: Option<Days>,
    /// When the link ends, if it is one.
    until: Option<String>,
    stylesheet: &'static str,
}

/// A report that can be had.
struct Report {
    title: &'static str,
    purpose: &'static str,
    /// Where it can be read.
    reads: Option<String>,
    files: Vec<FileLink>,
}

/// A report as a file.
struct FileLink {
    label: &'static str,
    href: String,
}

/// Days that can be chosen.
struct Days {
    first: NaiveDate,
    last: NaiveDate,
    first_shown: String,
    last_shown: String,
    chosen: NaiveDate,
    is_past: bool,
}

impl Ways {
    /// Formats in which a kind of report is had.
    fn formats(&self, kind: ReportKind) -> Vec<Format> {
        let made = kind.formats().iter().copied();
        match self {
            Ways::Token => made.collect(),
            Ways::Link { formats, .. } => made.filter(|format| formats.contains(format)).collect(),
        }
    }

    /// Where a report is. A day that was chosen stays chosen; a token's report is asked for by the clock of what the page tells.
    fn address(&self, (kind, format): (ReportKind, Format), moment: Moment, clock: DateTime<Utc>) -> String {
        match (self, moment.as_of, moment.day) {
            (Ways::Token, None, _) => format!("api/v1/reports/{kind}.{format}"),
            (Ways::Token, Some(_), _) => {
                let clock = clock.to_rfc3339_opts(SecondsFormat::AutoSi, true);
                format!("api/v1/reports/{kind}.{format}?as_of={clock}")
            }
            (Ways::Link { .. }, _, None) => format!("?kind={kind}&format={format}"),
            (Ways::Link { .. }, _, Some(day)) => format!("?kind={kind}&format={format}&day={day}"),
        }
    }

    fn report(&self, kind: ReportKind, moment: Moment, clock: DateTime<Utc>) -> Report {
        let address = |format| self.address((kind, format), moment, clock);
        let (read, kept): (Vec<Format>, Vec<Format>) =
            self.formats(kind).into_iter().partition(|format| *format == Format::Html);
        Report {
            title: kind.title(),
            purpose: kind.purpose(),
            reads: read.first().map(|format| address(*format)),
            files: kept.into_iter().map(|format| FileLink { label: format.label(), href: address(format) }).collect(),
        }
    }
}

/// Whose figures a reader sees.
fn of_records(records: &[String]) -> Option<String> {
    let names: Vec<&str> = records.iter().map(String::as_str).collect();
    match names.as_slice() {
        [] => None,
        [one] => Some(format!("What was filed as record {one}, and what came of it.")),
        all => Some(format!("What was filed as records {}, and what came of it.", all_names_text(all))),
    }
}

impl State {
    /// The page for `audience` at a moment. This keeps a core busy for a moment, so it belongs into a lane.
    ///
    /// # Errors
    /// For a moment of which there is nothing to show, and if the store fails.
    pub async fn door(&self, audience: Audience, moment: Moment, ways: Ways) -> Result<String, Failure> {
        let view = self.view(moment.as_of).await?;
        if view.is_none() && moment.as_of.is_some() {
            return Err(self.nothing_at(moment.as_of).await);
        }
        let is_pinned = matches!(ways, Ways::Link { is_pinned: true, .. });
        let stored = if is_pinned { None } else { self.stored_days().await? };
        let (now, currency) = (self.clock().now(), self.engine().config().aws.currency.clone());
        let drawn = tokio::task::spawn_blocking(move || {
            let front = match &view {
                Some(view) => Front::of(&view.position, &audience),
                None => Front::of(&Position::empty(now, &currency), &audience),
            };
            let kinds = view.as_ref().map(|view| offered(&view.position, &audience)).unwrap_or_default();
            let kinds = kinds.into_iter().filter(|kind| !ways.formats(*kind).is_empty());
            let reports = kinds.map(|kind| ways.report(kind, moment, front.as_of)).collect();
            let is_past = moment.as_of.is_some() || moment.day.is_some();
            let days = stored.map(|DaysThereAre { first, last }| Days {
                first,
                last,
                first_shown: short_day(first),
                last_shown: short_day(last),
                chosen: moment.day.unwrap_or_else(|| front.as_of.date_naive()),
                is_past,
            });
            let until = match &ways {
                Ways::Token => None,
                Ways::Link { expires_at, .. } => Some(expires_at.format("%-d %b %Y %H:%M UTC").to_string()),
            };
            let title = front.customer.as_ref().map_or_else(|| "Reports".to_owned(), |name| format!("Reports: {name}"));
            let records = of_records(&front.records);
            let page = DoorPage { title, records, front, reports, days, until, stylesheet: STYLESHEET };
            page.render().expect("a template over values in memory cannot fail")
        });
        drawn.await.map_err(|error| Failure::internal("drawing the page", &error.into()))
    }
}
