//! What is read: the page, the position, its parts, and the reports.

use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::{self, Path};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{Html, IntoResponse, Response};
use axum::{Extension, Json};
use chrono::{DateTime, SecondsFormat, Utc};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::cycle::{AlertList, DraftError, FiledView, View};
use crate::domain::billing::implied_price::PriceRow;
use crate::domain::filing::ask::SizedFiling;
use crate::domain::position::Position;
use crate::domain::position::finding::{Finding, Rule};
use crate::domain::position::series::Series;
use crate::domain::values::period::plus_days;
use crate::domain::wording::trouble::Trouble;
use crate::report::{self, Audience, FilingForm, Format, Nav, ReportError, ReportKind, WhatIfForm};
use crate::store::{StoreError, StoredProjection};

use super::access::Reader;
use super::assets;
use super::door::{self, Ways};
use super::failure::Failure;
use super::kept_files::{self, AsItIs, Ready};
use super::mount::Mount;
use super::paging::Asked;
use super::query::{AsOf, Moment};
use super::security_headers::REPORT_POLICY;
use super::state::State;

/// The page's scripts and stylesheets come from here, and so does what its scripts ask for; nothing else may.
const PAGE_POLICY: &str = "default-src 'none'; script-src 'self'; connect-src 'self'; style-src 'self'; base-uri 'none'; \
    form-action 'none'; frame-ancestors 'none'";
/// Where the API is, relative to the page: a proxy may serve both below a path of its own.
const API: &str = "api/v1";
/// Days ahead at which a training run or an award is first looked at.
const SOON: i64 = 14;
/// Stands for the last filing where a version is asked for.
const NEWEST: &str = "newest";

/// The first page: the house's, or a partner's, which leads to its reports.
pub async fn page(
    extract::State(state): extract::State<State>,
    Extension(Reader { who, audience, .. }): Extension<Reader>,
    moment: Moment,
) -> Result<Response, Failure> {
    if audience == Audience::Owner {
        return owners_page(&state, moment.as_of).await;
    }
    let lane = state.shared.lanes.reports_for(&audience);
    let made = {
        let state = state.clone();
        async move { state.door(audience, moment, Ways::Token).await }
    };
    lane.done(&who, made).await?.map(door::as_answer)
}

/// The house's page; before the first cycle it says that it waits.
async fn owners_page(state: &State, as_of: Option<DateTime<Utc>>) -> Result<Response, Failure> {
    // Taken first: what is written meanwhile makes the next reader look again.
    let writes = state.engine().store().writes();
    let view = state.view(as_of).await?;
    let fresh = view.as_ref().filter(|_| as_of.is_none()).and_then(|view| state.shared.page.fresh(view, writes));
    let html = match fresh {
        Some(html) => html,
        None => drawn(state, view, as_of, writes).await?,
    };
    Ok(([(header::CONTENT_SECURITY_POLICY, PAGE_POLICY)], Html(html)).into_response())
}

async fn drawn(
    state: &State,
    view: Option<Arc<View>>,
    as_of: Option<DateTime<Utc>>,
    writes: u64,
) -> Result<Bytes, Failure> {
    let mut nav = nav(as_of);
    Ok(match view {
        Some(view) if as_of.is_some() => report::page(&view.position, &view.series, None, &nav).into(),
        Some(view) => {
            // Scenarios and drafts start from the newest cycle, and what is open is open now: a page of the past has none of it.
            nav.what_if = Some(what_if_form(state, &view.position));
            nav.alerts = Some(format!("{API}/alerts"));
            nav.filing = Some(FilingForm {
                draft: format!("{API}/projection-draft"),
                check: format!("{API}/projection-check"),
                file: format!("{API}/projections"),
            });
            let channels = state.engine().channel_findings().await;
            let channels = channels.map_err(|error| Failure::internal("looking for dead channels", &error))?;
            if let Some(html) = state.shared.page.same(&view, writes, &channels) {
                return Ok(html);
            }
            let shown = with_channels(&view.position, channels.clone());
            let sized = filing_sized(state, &shown).await?;
            let html = Bytes::from(report::page(&shown, &view.series, sized.as_ref(), &nav));
            state.shared.page.put(view, writes, channels, html.clone());
            html
        }
        None => {
            let currency = &state.engine().config().aws.currency;
            let mut nothing = Position::empty(as_of.unwrap_or_else(|| state.clock().now()), currency);
            let failed = state.engine().failure_finding().await;
            let failed = failed.map_err(|error| Failure::internal("looking for a cycle that failed", &error))?;
            nothing.findings.extend(failed);
            report::page(&nothing, &Series::default(), None, &nav).into()
        }
    })
}

/// What the filing in force comes to, for what a reviewer may object to; nothing while none is filed.
async fn filing_sized(state: &State, position: &Position) -> Result<Option<SizedFiling>, Failure> {
    if position.filing.is_none() {
        return Ok(None);
    }
    let sized = state.engine().sized(position, &Audience::Owner).await;
    sized.map_err(|error| Failure::internal("reading the filing as a reviewer may", &error))
}

fn what_if_form(state: &State, position: &Position) -> WhatIfForm {
    let prices = &state.engine().config().prices;
    WhatIfForm {
        api: format!("{API}/whatif"),
        models: report::models_in_use(position),
        targets: prices.model_names().map(str::to_owned).collect(),
        instance_types: prices.instance_types().map(str::to_owned).collect(),
        soon: plus_days(position.as_of.date_naive(), SOON),
    }
}

/// The position with what is so of channels right now in place of what was so at the cycle.
fn with_channels(position: &Position, channels: Vec<Finding>) -> Position {
    let mut position = position.clone();
    position.findings.retain(|finding| finding.rule != Rule::DeadChannel);
    channels.into_iter().for_each(|finding| position.add_finding(finding));
    position
}

/// Links that stay at the time that is looked at.
fn nav(as_of: Option<DateTime<Utc>>) -> Nav {
    let mut nav = Nav { assets: Some(assets::addresses()), ..Nav::served(API) };
    if let Some(time) = as_of {
        let query = format!("?as_of={}", time.to_rfc3339_opts(SecondsFormat::AutoSi, true));
        let formats = nav.reports.iter_mut().flat_map(|report| &mut report.formats);
        for link in formats.chain(&mut nav.links) {
            link.href.push_str(&query);
        }
    }
    nav
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

/// The alerts as they stand, with what is muted.
pub async fn alerts(extract::State(state): extract::State<State>) -> Result<Json<AlertList>, Failure> {
    let listed = state.engine().alerts(state.clock().now()).await;
    listed.map(Json).map_err(|error| Failure::internal("reading the alerts", &error))
}

/// Every filing, oldest version first.
pub async fn projections(extract::State(state): extract::State<State>) -> Result<Json<Vec<StoredProjection>>, Failure> {
    let stored = state.engine().store().projections().await;
    stored.map(Json).map_err(|error| failed("reading the filings", error))
}

/// How much of the price book to show.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
pub struct PricesQuery {
    /// True adds what the bill does not show.
    #[param(example = true)]
    all: Option<bool>,
}

/// The price book beside what the bill implies.
pub async fn prices(
    extract::State(state): extract::State<State>,
    Extension(Reader { who, .. }): Extension<Reader>,
    Asked(PricesQuery { all }): Asked<PricesQuery>,
) -> Result<Json<Vec<PriceRow>>, Failure> {
    let (engine, now) = (state.engine().clone(), state.clock().now());
    let compared = async move { engine.prices_paid(now, all.unwrap_or(false)).await };
    let rows = state.shared.lanes.questions.done(&who, compared).await?;
    rows.map(Json).map_err(|error| Failure::internal("comparing prices", &error))
}

/// The next filing as the bill drafts it.
pub async fn projection_draft(
    extract::State(state): extract::State<State>,
    Extension(Reader { who, .. }): Extension<Reader>,
) -> Result<Response, Failure> {
    let engine = state.engine().clone();
    let drafted = state.shared.lanes.questions.done(&who, async move { engine.draft_filing(None).await }).await?;
    let draft = drafted.map_err(|error| match error {
        DraftError::Nothing(why) => {
            Failure::new(StatusCode::NOT_FOUND, why.to_string()).about(Trouble::QuestionNotAnswered)
        }
        DraftError::Failed(error) => Failure::internal("drafting the next filing", &error),
    })?;
    Ok(([(header::CONTENT_TYPE, "application/toml; charset=utf-8")], draft.to_toml()).into_response())
}

/// One filing and its plan, by its number or as `newest`.
pub async fn projection(
    extract::State(state): extract::State<State>,
    Path(version): Path<String>,
) -> Result<Json<FiledView>, Failure> {
    let absent = || {
        Failure::new(StatusCode::NOT_FOUND, format!("no version {version:?} is filed"))
            .advise("/api/v1/projections lists them; `newest` is the last")
            .at_the_command_line("`glidepath projection list` shows those that are")
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

/// Reports that can be had.
#[derive(Debug, Serialize, ToSchema)]
pub struct ReportsList {
    /// One entry for each kind.
    reports: Vec<ListedReport>,
}

/// A report in its formats.
#[derive(Debug, Serialize, ToSchema)]
struct ListedReport {
    /// Its name in addresses.
    kind: String,
    /// Its title.
    title: String,
    /// Where each format is.
    formats: Vec<ListedFormat>,
}

/// A format of a report.
#[derive(Debug, Serialize, ToSchema)]
struct ListedFormat {
    /// Its name.
    format: String,
    /// Its media type.
    media_type: String,
    /// Its address; `?as_of=` gives it as of a past time.
    href: String,
}

/// Kinds and formats: of a partner those that have something to show, and the owner's all.
pub async fn reports(
    extract::State(state): extract::State<State>,
    Extension(Reader { audience, .. }): Extension<Reader>,
    mount: Mount,
) -> Result<Json<ReportsList>, Failure> {
    let kinds = match audience {
        Audience::Owner => ReportKind::ALL.to_vec(),
        outside @ Audience::Partner { .. } => {
            let view = state.view(None).await?;
            view.map(|view| report::offered(&view.position, &outside)).unwrap_or_default()
        }
    };
    let format = |kind: ReportKind, format: Format| ListedFormat {
        format: format.to_string(),
        media_type: format.media_type().to_owned(),
        href: mount.at(&format!("/api/v1/reports/{kind}.{format}")),
    };
    let listed = kinds.into_iter().map(|kind| ListedReport {
        kind: kind.to_string(),
        title: kind.title().to_owned(),
        formats: kind.formats().iter().map(|each| format(kind, *each)).collect(),
    });
    Ok(Json(ReportsList { reports: listed.collect() }))
}

/// A report for whoever asks, as a file with a name.
pub async fn report(
    extract::State(state): extract::State<State>,
    Extension(reader): Extension<Reader>,
    Path(file): Path<String>,
    AsOf(as_of): AsOf,
    asked: HeaderMap,
) -> Result<Response, Failure> {
    let Reader { who, audience, .. } = reader;
    let (kind, format) = asked_for(&file)?;
    let made = {
        let (state, audience) = (state.clone(), audience.clone());
        async move { state.ready_file(&audience, (kind, format), as_of).await }
    };
    let made = state.shared.lanes.reports_for(&audience).done(&who, made).await?;
    made.map(|file| as_answer(format, file, &asked))
}

/// A report as a file with a name, as it was made, or as it was compressed then where who `asked` takes it so.
pub fn as_answer(format: Format, file: Ready, asked: &HeaderMap) -> Response {
    // A browser shows HTML where it stands; everything else is a file to keep.
    let disposition = if format == Format::Html { "inline" } else { "attachment" };
    let headers = [
        (header::CONTENT_TYPE, format.media_type().to_owned()),
        (header::CONTENT_DISPOSITION, format!("{disposition}; filename=\"{}\"", file.name)),
    ];
    let policy = (format == Format::Html).then(|| [(header::CONTENT_SECURITY_POLICY, REPORT_POLICY.as_str())]);
    let vary = [(header::VARY, HeaderValue::from_static("accept-encoding"))];
    match file.gzip.filter(|_| kept_files::takes_gzip(asked)) {
        Some(gzip) => {
            (headers, policy, vary, [(header::CONTENT_ENCODING, "gzip")], Extension(AsItIs), gzip).into_response()
        }
        None => (headers, policy, vary, Extension(AsItIs), file.bytes).into_response(),
    }
}

impl State {
    /// The report, made unless it was just made. This keeps a core busy, so it belongs into a lane.
    pub async fn ready_file(
        &self,
        audience: &Audience,
        what: (ReportKind, Format),
        as_of: Option<DateTime<Utc>>,
    ) -> Result<Ready, Failure> {
        let view = self.existing_view(as_of).await?;
        if let Some(file) = self.shared.files.get(&view, audience, what) {
            return Ok(file);
        }
        let made = self.engine().report(&view, what.0, what.1, audience, self.clock().now()).await;
        let made = made.map_err(|error| Failure::internal("making the report", &error))?;
        let file = tokio::task::spawn_blocking(move || Ready::of(made)).await;
        let file = file.map_err(|error| Failure::internal("compressing the report", &error.into()))?;
        self.shared.files.put(&view, audience, what, file.clone());
        Ok(file)
    }
}

/// The kind and format that the name of a file names.
pub fn asked_for(file: &str) -> Result<(ReportKind, Format), Failure> {
    let Some((kind, format)) = file.rsplit_once('.') else {
        let error = format!("{file:?} names no format");
        return Err(Failure::new(StatusCode::NOT_FOUND, error).advise("write it like trajectory.html"));
    };
    let unknown = |error: ReportError| Failure::new(StatusCode::NOT_FOUND, error.to_string());
    let (kind, format): (ReportKind, Format) = (kind.parse().map_err(unknown)?, format.parse().map_err(unknown)?);
    Ok((kind.in_format(format).map_err(unknown)?, format))
}
