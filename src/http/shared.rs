//! Links for people without an account: the report behind one, or the page of all reports, and the founder's making, listing and ending
//! of them.

use axum::extract::rejection::{JsonRejection, PathRejection};
use axum::extract::{self, Path};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use axum::{Extension, Json};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::access::Reader;
use super::audit::{self, About, SHOWN_AN_HOUR};
use super::door::{self, Ways};
use super::failure::{self, Failure};
use super::kept_files::Ready;
use super::mount::Mount;
use super::paging::{Asked, Paging, decode, next, page};
use super::plain::Plain;
use super::query::Moment;
use super::state::State;
use super::{pages, small_page};
use crate::cycle::{
    AsOfError, ClosedLink, EndedLink, LinkError, LinkKind, LinkOrder, MadeLink, SharedReport, SignedLink,
};
use crate::domain::wording::trouble::Trouble;
use crate::report::{Audience, Format, ReportKind};
use crate::store::{LinkKey, StoredLink};

/// A link as it is ordered.
pub const LINK_EXAMPLE: &str = r#"{"kind": "funding-pack", "formats": ["html"], "records": ["ID"], "days": 14}"#;

/// What the audit calls the address of a link, whose text is a secret.
const SHARED: &str = "/shared";

/// What of all that the link opens.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
pub struct SharedQuery {
    /// One of the formats that the link was made for; without it the first.
    #[param(example = "pdf")]
    format: Option<String>,
    /// The kind of report, for a link that leads to all; without it their page.
    #[param(example = "trajectory")]
    kind: Option<String>,
    /// What was known at the end of that day (UTC), for a link that leads to all; without it the newest.
    #[param(value_type = Option<chrono::NaiveDate>, example = "2026-11-23")]
    day: Option<String>,
}

/// What a link opens.
enum Opened {
    /// A report.
    Report(Format, Ready),
    /// The page that leads to all of them.
    Page(String),
}

/// The report behind a link, or the page of all, as a partner with its records would see it. Whatever it answers, nobody keeps it and
/// no search engine lists it: the address alone opens it.
pub async fn shared(
    state: extract::State<State>,
    text: Result<Path<String>, PathRejection>,
    query: Result<Asked<SharedQuery>, Failure>,
    asked: HeaderMap,
) -> Response {
    let answer = answered(state, text, query).await.map(|opened| match opened {
        Opened::Report(format, file) => pages::as_answer(format, file, &asked),
        Opened::Page(html) => door::as_answer(html),
    });
    let mut response = failure::for_those_outside(answer.into_response());
    let headers = response.headers_mut();
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    let (name, noindex) = small_page::NOT_LISTED;
    headers.insert(name, noindex);
    response
}

async fn answered(
    extract::State(state): extract::State<State>,
    text: Result<Path<String>, PathRejection>,
    query: Result<Asked<SharedQuery>, Failure>,
) -> Result<Opened, Failure> {
    let (Path(text), Asked(asked)) = (text.map_err(|_| unknown())?, query?);
    // What we never signed, and what is over, waits for nobody, and nobody for it.
    let Some(link) = state.engine().signed_link(&text) else { return Err(unknown()) };
    let who = format!("link {}", link.id);
    let (what, answer) = if state.shared.ended_links.is_over(&link, state.clock().now(), state.engine().store()).await {
        (SHARED.to_owned(), Err(over(&state, &link)))
    } else {
        let opened = {
            let state = state.clone();
            let link = link.clone();
            async move { opened(&state, (&text, &link), &asked).await }
        };
        state.shared.lanes.reports_of_links().done(&who, opened).await?
    };
    let status = answer.as_ref().map_or_else(Failure::status, |_| StatusCode::OK);
    let own_rows = if status.is_success() { SHOWN_AN_HOUR } else { 1 };
    audit::note(&state, &who, "read", what, status, own_rows).await?;
    answer
}

// Nothing that was sent is repeated in these answers, and to a program a link that ended early is told like one that ended. A browser
// is told what the link says of itself, and whose it was: whoever has it has read both.
fn unknown() -> Failure {
    Failure::new(StatusCode::NOT_FOUND, "there is no such link")
}

fn over(state: &State, link: &SignedLink) -> Failure {
    let plain = Plain::link_over(link.expires_at, state.clock().now(), state.customer().as_deref());
    let refused = Failure::new(StatusCode::GONE, "this link is over").advise("ask whoever sent it for a new one");
    refused.in_a_browser(plain)
}

/// What the link opens, and what the audit calls it.
async fn opened(
    state: &State,
    (text, link): (&str, &SignedLink),
    asked: &SharedQuery,
) -> (String, Result<Opened, Failure>) {
    let refused = |failure| (SHARED.to_owned(), Err(failure));
    let now = state.clock().now();
    let report = match state.engine().open_link(now, text).await {
        Ok(report) => report,
        Err(ClosedLink::Unknown) => return refused(unknown()),
        Err(ClosedLink::Over(id)) => {
            state.shared.ended_links.add(&id);
            return refused(over(state, link));
        }
        Err(ClosedLink::Failed(error)) => return refused(Failure::internal("opening a link", &error)),
    };
    let (wanted, moment) = match (wanted(&report, asked), moment(state, &report, asked).await) {
        (Ok(wanted), Ok(moment)) => (wanted, moment),
        (Err(failure), _) | (_, Err(failure)) => return refused(failure),
    };
    let SharedReport { formats, records, as_of, expires_at, .. } = report;
    let audience = Audience::Partner { records };
    let Some((kind, format)) = wanted else {
        let ways = Ways::Link { formats, expires_at, is_pinned: as_of.is_some() };
        return (format!("{SHARED} (page)"), state.door(audience, moment, ways).await.map(Opened::Page));
    };
    let made = state.ready_file(&audience, (kind, format), moment.as_of).await;
    (format!("{SHARED} ({kind}.{format})"), made.map(|file| Opened::Report(format, file)))
}

/// The report that is asked for, or none for the page of all.
fn wanted(link: &SharedReport, asked: &SharedQuery) -> Result<Option<(ReportKind, Format)>, Failure> {
    let named = asked.kind.as_deref().map(str::parse::<ReportKind>);
    let kind = match (link.kind, named) {
        (LinkKind::One(kind), None) => kind,
        (LinkKind::One(kind), Some(Ok(named))) if named == kind => kind,
        (LinkKind::All, Some(Ok(named))) => named,
        (LinkKind::All, None) if asked.format.is_none() => return Ok(None),
        (LinkKind::All, None) => {
            return Err(Failure::new(StatusCode::BAD_REQUEST, "this link leads to all reports")
                .advise("name one, as in ?kind=trajectory&format=pdf")
                .in_a_browser(Plain::which_report()));
        }
        (of, Some(_)) => {
            let only = if let LinkKind::One(kind) = of { Some(kind) } else { None };
            let refused = Failure::new(StatusCode::NOT_FOUND, "this link has no such report");
            return Err(refused.in_a_browser(Plain::not_in_link(only)));
        }
    };
    let made: Vec<Format> = link.formats.iter().copied().filter(|format| kind.formats().contains(format)).collect();
    let format = match asked.format.as_deref() {
        None => made.first().copied(),
        Some(name) => name.parse::<Format>().ok().filter(|format| made.contains(format)),
    };
    let Some(format) = format else {
        let names = |formats: &[Format]| formats.iter().map(|format| format.as_str()).collect::<Vec<_>>().join(", ");
        let advice = match made.is_empty() {
            false => format!("it was made for: {}", names(&made)),
            true => format!(
                "{kind} is made as {}, and the link for {}: ask whoever sent it for another one",
                names(kind.formats()),
                names(&link.formats)
            ),
        };
        let refused = Failure::new(StatusCode::NOT_FOUND, "this link has no such format").advise(advice);
        return Err(refused.in_a_browser(Plain::not_in_format(kind, &made, &link.formats)));
    };
    Ok(Some((kind, format)))
}

/// The moment that is shown: the one that the link is pinned to; otherwise a link to all reports has any day, and one to a report the
/// newest.
async fn moment(state: &State, link: &SharedReport, asked: &SharedQuery) -> Result<Moment, Failure> {
    if asked.day.is_some() && (link.as_of.is_some() || link.kind != LinkKind::All) {
        let refused = Failure::new(StatusCode::BAD_REQUEST, "this link shows no other day");
        let refused = refused.advise("leave out the day, or ask whoever sent it for a link to all reports");
        return Err(refused.in_a_browser(Plain::no_other_day()));
    }
    match link.as_of {
        Some(_) => Ok(Moment { as_of: link.as_of, day: None }),
        None => state.end_of_day(asked.day.as_deref()).await,
    }
}

/// Links that were made, newest first.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct LinksPage {
    /// The links.
    pub links: Vec<StoredLink>,
    /// The address of the next page; null on the last.
    pub next: Option<String>,
}

/// Links.
pub async fn list(
    extract::State(state): extract::State<State>,
    mount: Mount,
    Asked(paging): Asked<Paging>,
) -> Result<Json<LinksPage>, Failure> {
    let after: Option<LinkKey> = paging.cursor.as_deref().map(decode).transpose()?;
    let limit = paging.limit()?;
    let rows = state.engine().store().links_from(after, limit + 1).await;
    let rows = rows.map_err(|error| Failure::internal("reading the links", &error.into()))?;
    let (links, last) = page(rows, limit, StoredLink::key);
    Ok(Json(LinksPage { links, next: next(&mount.at("/api/v1/links"), limit, last) }))
}

/// Makes a link.
pub async fn make(
    extract::State(state): extract::State<State>,
    Extension(Reader { who, .. }): Extension<Reader>,
    order: Result<Json<LinkOrder>, JsonRejection>,
) -> Result<(StatusCode, Extension<About>, Json<MadeLink>), Failure> {
    let Json(order) = order.map_err(|error| {
        Failure::new(error.status(), error.body_text()).advise(format!("send {LINK_EXAMPLE} as application/json"))
    })?;
    let made = state.engine().make_link(state.clock().now(), &who, order).await.map_err(refused)?;
    Ok((StatusCode::CREATED, Extension(About(format!("link {}", made.link.id))), Json(made)))
}

/// Ends a link.
pub async fn revoke(
    extract::State(state): extract::State<State>,
    Extension(Reader { who, .. }): Extension<Reader>,
    Path(id): Path<String>,
) -> Result<Json<EndedLink>, Failure> {
    let revoked = state.engine().revoke_link(state.clock().now(), &who, &id).await.map_err(refused)?;
    state.shared.ended_links.add(&id);
    Ok(Json(revoked))
}

fn refused(error: LinkError) -> Failure {
    match error {
        LinkError::NoKey | LinkError::InTheOpen(_) => {
            Failure::new(StatusCode::CONFLICT, error.to_string()).about(Trouble::LinksNotPossible)
        }
        LinkError::Order(_) => Failure::new(StatusCode::UNPROCESSABLE_ENTITY, error.to_string()),
        LinkError::AsOf(error @ AsOfError::Future { .. }) => error.into(),
        LinkError::AsOf(_) => Failure::new(StatusCode::UNPROCESSABLE_ENTITY, error.to_string()),
        LinkError::Unknown(_) => Failure::new(StatusCode::NOT_FOUND, error.to_string()),
        LinkError::Failed(error) => Failure::internal("keeping the link", &error),
    }
}
