//! What is read: the page, the position, its parts, and the reports.

use axum::extract::{self, Path};
use axum::http::{StatusCode, header};
use axum::response::{Html, IntoResponse, Response};
use axum::{Extension, Json};
use chrono::{DateTime, SecondsFormat, Utc};

use crate::cycle::{AsOfError, FiledView, TakenSnapshot};
use crate::domain::position::{Credits, DataQuality, Exhaustion, Position, Series, Spend};
use crate::report::{self, Audience, Format, Nav, ReportError, ReportKind};
use crate::store::{IssuedReport, Restatement, StoreError, StoredProjection};

use super::State;
use super::failure::Failure;
use super::query::AsOf;

/// Changes to complete days that are listed, newest first.
const RESTATEMENTS: u32 = 1000;
/// Stands for the last filing where a version is asked for.
const NEWEST: &str = "newest";

/// The one page; before the first cycle it says that it waits.
pub async fn page(extract::State(state): extract::State<State>, AsOf(as_of): AsOf) -> Result<Html<String>, Failure> {
    let nav = nav(as_of);
    let html = match state.view(as_of).await? {
        Some(view) => report::page(&view.position, &view.series, &nav),
        None => {
            let currency = &state.engine().config().aws.currency;
            let nothing = nothing_yet(as_of.unwrap_or_else(|| state.clock().now()), currency);
            report::page(&nothing, &Series::default(), &nav)
        }
    };
    Ok(Html(html))
}

/// Links that stay at the time that is looked at.
fn nav(as_of: Option<DateTime<Utc>>) -> Nav {
    let mut nav = Nav::served("/api/v1");
    if let Some(time) = as_of {
        let query = format!("?as_of={}", time.to_rfc3339_opts(SecondsFormat::AutoSi, true));
        let formats = nav.reports.iter_mut().flat_map(|report| &mut report.formats);
        for link in formats.chain(&mut nav.links) {
            link.href.push_str(&query);
        }
    }
    nav
}

fn nothing_yet(as_of: DateTime<Utc>, currency: &str) -> Position {
    Position {
        as_of,
        data_through: None,
        currency: currency.to_owned(),
        spend: Spend::default(),
        credits: Credits::default(),
        exhaustion: Exhaustion::default(),
        workloads: Vec::new(),
        coverage: Vec::new(),
        variance: Vec::new(),
        trajectory: Vec::new(),
        findings: Vec::new(),
        data_quality: DataQuality::default(),
        outlook_basis: None,
        outlook_made_with: None,
        exposure: None,
        filing: None,
        review: crate::domain::review::Review::default(),
        track_record: crate::domain::track_record::TrackRecord::default(),
    }
}

/// The position, exactly as `status --json` shows it.
pub async fn position(extract::State(state): extract::State<State>, AsOf(as_of): AsOf) -> Result<Response, Failure> {
    Ok(Json(&state.existing_view(as_of).await?.position).into_response())
}

/// The day series behind the charts.
pub async fn series(extract::State(state): extract::State<State>, AsOf(as_of): AsOf) -> Result<Response, Failure> {
    Ok(Json(&state.existing_view(as_of).await?.series).into_response())
}

/// Credit granted and left, with the pools.
pub async fn credits(extract::State(state): extract::State<State>, AsOf(as_of): AsOf) -> Result<Response, Failure> {
    Ok(Json(&state.existing_view(as_of).await?.position.credits).into_response())
}

/// What AWS changed about complete days.
pub async fn restatements(extract::State(state): extract::State<State>) -> Result<Json<Vec<Restatement>>, Failure> {
    let listed = state.engine().store().restatements(RESTATEMENTS).await;
    listed.map(Json).map_err(|error| failed("reading the restatements", error))
}

/// Every snapshot of what AWS listed, oldest first.
pub async fn credit_history(extract::State(state): extract::State<State>) -> Result<Json<Vec<TakenSnapshot>>, Failure> {
    let listed = state.engine().credit_history().await;
    listed.map(Json).map_err(|error| Failure::internal("reading what AWS listed", &error))
}

/// Every filing, oldest version first.
pub async fn projections(extract::State(state): extract::State<State>) -> Result<Json<Vec<StoredProjection>>, Failure> {
    let stored = state.engine().store().projections().await;
    stored.map(Json).map_err(|error| failed("reading the filings", error))
}

/// One filing and its plan, by its number or as `newest`.
pub async fn projection(
    extract::State(state): extract::State<State>,
    Path(version): Path<String>,
) -> Result<Json<FiledView>, Failure> {
    let absent = || {
        Failure::new(StatusCode::NOT_FOUND, format!("no version {version:?} is filed"))
            .advise("/api/v1/projections lists them; `newest` is the last")
    };
    let wanted = match version.as_str() {
        NEWEST => None,
        number => Some(number.parse().map_err(|_| absent())?),
    };
    let filed = state.engine().store().projections().await.map_err(|error| failed("reading the filings", error))?;
    if !filed.iter().any(|filing| wanted.is_none_or(|wanted| wanted == filing.version)) {
        return Err(absent());
    }
    let found = state.engine().filed_view(wanted, state.clock().now()).await;
    found.map(Json).map_err(|error| Failure::internal("reading the filing", &error))
}

fn failed(doing: &str, error: StoreError) -> Failure {
    Failure::internal(doing, &error.into())
}

/// A report for whoever asks, as a file with a name.
pub async fn report(
    extract::State(state): extract::State<State>,
    Extension(audience): Extension<Audience>,
    Path(file): Path<String>,
    AsOf(as_of): AsOf,
) -> Result<Response, Failure> {
    let (kind, format) = asked_for(&file)?;
    let for_reader = |failure: Failure| match audience {
        Audience::Owner => failure,
        Audience::Partner { .. } => failure.without_details(),
    };
    let now = state.clock().now();
    state.engine().check_as_of(as_of, now).await.map_err(|error| for_reader(refused(error)))?;
    let view = state.existing_view(as_of).await.map_err(for_reader)?;
    let made = state.engine().report(&view, kind, format, &audience, now).await;
    let made = made.map_err(|error| for_reader(Failure::internal("making the report", &error)))?;
    // A browser shows HTML where it stands; everything else is a file to keep.
    let disposition = if format == Format::Html { "inline" } else { "attachment" };
    let headers = [
        (header::CONTENT_TYPE, format.media_type().to_owned()),
        (header::CONTENT_DISPOSITION, format!("{disposition}; filename=\"{}\"", made.name)),
    ];
    Ok((headers, made.bytes).into_response())
}

fn refused(error: AsOfError) -> Failure {
    match error {
        AsOfError::Future { .. } => Failure::new(StatusCode::BAD_REQUEST, error.to_string()),
        AsOfError::BeforeFirst { .. } => Failure::new(StatusCode::NOT_FOUND, error.to_string()),
        AsOfError::NothingYet => State::nothing_yet(),
        AsOfError::Store(error) => failed("looking for the cycles", error),
    }
}

/// Every report that was handed out, oldest first.
pub async fn issued_reports(extract::State(state): extract::State<State>) -> Result<Json<Vec<IssuedReport>>, Failure> {
    let listed = state.engine().store().issued_reports().await;
    listed.map(Json).map_err(|error| failed("reading which reports were handed out", error))
}

fn asked_for(file: &str) -> Result<(ReportKind, Format), Failure> {
    let Some((kind, format)) = file.rsplit_once('.') else {
        let error = format!("{file:?} names no format");
        return Err(Failure::new(StatusCode::NOT_FOUND, error).advise("write it like trajectory.html"));
    };
    let unknown = |error: ReportError| Failure::new(StatusCode::NOT_FOUND, error.to_string());
    Ok((kind.parse().map_err(unknown)?, format.parse().map_err(unknown)?))
}
