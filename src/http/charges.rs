//! Stored rows, page by page: charges as they are believed, and what AWS changed about them.

use axum::http::StatusCode;
use axum::{Json, extract};
use chrono::{DateTime, NaiveDate, Utc};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::failure::Failure;
use super::mount::Mount;
use super::paging::{Asked, Paging, decode, limit, next, page};
use super::query::parse_as_of;
use super::state::State;
use crate::store::{ChargeFilter, ChargeKey, Restatement, RestatementKey, StoreError, StoredCharge};

/// Which charges.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
pub struct ChargesQuery {
    /// First day.
    #[param(example = "2026-11-01")]
    from: Option<NaiveDate>,
    /// Day after the last: unlike in a replay, it is no part of the range.
    #[param(example = "2026-12-01")]
    to: Option<NaiveDate>,
    /// Service as Cost Explorer names it.
    #[param(example = "Amazon Bedrock")]
    service: Option<String>,
    /// RECORD_TYPE of Cost Explorer, such as Usage or Credit.
    #[param(example = "Usage")]
    record_type: Option<String>,
    /// What was believed then, RFC 3339; without it what is believed now.
    #[param(value_type = Option<DateTime<Utc>>, example = "2026-11-23T06:30:00Z")]
    as_of: Option<String>,
    /// Rows wanted, at most; 200 unless given.
    #[param(minimum = 1, maximum = 1000, example = 200)]
    limit: Option<u32>,
    /// Where the page before ended, as in its `next`; it stands for everything but `limit`.
    cursor: Option<String>,
}

/// Where a page ended, of which rows, as believed in which cycle.
#[derive(Debug, Serialize, Deserialize)]
struct ChargesCursor {
    run: i64,
    as_of: DateTime<Utc>,
    filter: ChargeFilter,
    after: ChargeKey,
}

/// Charges by day, service and record type. Days after the position's `data_through` are not complete.
#[derive(Debug, Serialize, ToSchema)]
pub struct ChargesPage {
    /// Clock of the cycle whose belief this is; every further page is of the same.
    pub as_of: DateTime<Utc>,
    /// The charges.
    pub charges: Vec<StoredCharge>,
    /// The address of the next page; null on the last.
    pub next: Option<String>,
}

/// Stored charges.
pub async fn charges(
    extract::State(state): extract::State<State>,
    mount: Mount,
    Asked(asked): Asked<ChargesQuery>,
) -> Result<Json<ChargesPage>, Failure> {
    let limit = limit(asked.limit)?;
    let (run, as_of, filter, after) = match &asked.cursor {
        Some(cursor) => continued(&state, &asked, cursor).await?,
        None => begun(&state, &asked).await?,
    };
    let rows = state.engine().store().charges(run, filter.clone(), after, limit + 1).await.map_err(failed)?;
    let (charges, last) = page(rows, limit, StoredCharge::key);
    let cursor = last.map(|after| ChargesCursor { run, as_of, filter, after });
    Ok(Json(ChargesPage { as_of, charges, next: next(&mount.at("/api/v1/charges"), limit, cursor) }))
}

type Start = (i64, DateTime<Utc>, ChargeFilter, Option<ChargeKey>);

async fn begun(state: &State, asked: &ChargesQuery) -> Result<Start, Failure> {
    let as_of = parse_as_of(asked.as_of.as_deref())?;
    state.refuse_the_future(as_of).await?;
    let store = state.engine().store();
    let Some(cycle) = store.newest_cycle(as_of).await.map_err(failed)? else {
        return Err(state.nothing_at(as_of).await);
    };
    let ChargesQuery { from, to, service, record_type, .. } = asked;
    if let (Some(from), Some(to)) = (from, to)
        && from >= to
    {
        let error = format!("no day lies from {from} on and before {to}");
        return Err(Failure::new(StatusCode::BAD_REQUEST, error)
            .advise("`from` is the first day and `to` the day after the last; they may stand the wrong way round"));
    }
    let first = store.first_charge_day(cycle.run_id).await.map_err(failed)?;
    if let (Some(to), Some(first)) = (to, first)
        && *to <= first
    {
        let error = format!("nothing is stored before {first}, so nothing before {to} either");
        return Err(Failure::new(StatusCode::NOT_FOUND, error)
            .advise(format!("ask for {first} or a later day; Cost Explorer keeps 13 full months")));
    }
    let filter = ChargeFilter { from: *from, to: *to, service: service.clone(), record_type: record_type.clone() };
    Ok((cycle.run_id, cycle.clock, filter, None))
}

async fn continued(state: &State, asked: &ChargesQuery, cursor: &str) -> Result<Start, Failure> {
    let ChargesQuery { from, to, service, record_type, as_of, .. } = asked;
    if from.is_some() || to.is_some() || service.is_some() || record_type.is_some() || as_of.is_some() {
        let error = "a cursor stands for the filter and the time of the page that gave it";
        return Err(Failure::new(StatusCode::BAD_REQUEST, error).advise("follow `next` as it stands"));
    }
    let ChargesCursor { run, as_of, filter, after } = decode(cursor)?;
    let newest = state.engine().store().newest_cycle(None).await.map_err(failed)?;
    if newest.is_none_or(|newest| newest.run_id < run) {
        let error = "this cursor is of a cycle that this store does not have";
        return Err(Failure::new(StatusCode::BAD_REQUEST, error).advise("start without a cursor"));
    }
    Ok((run, as_of, filter, Some(after)))
}

/// What AWS changed about complete days, newest first.
#[derive(Debug, Serialize, ToSchema)]
pub struct RestatementsPage {
    /// The changes.
    pub restatements: Vec<Restatement>,
    /// The address of the next page; null on the last.
    pub next: Option<String>,
}

/// What AWS changed about complete days.
pub async fn restatements(
    extract::State(state): extract::State<State>,
    mount: Mount,
    Asked(paging): Asked<Paging>,
) -> Result<Json<RestatementsPage>, Failure> {
    let after: Option<RestatementKey> = paging.cursor.as_deref().map(decode).transpose()?;
    let limit = paging.limit()?;
    let rows = state.engine().store().restatements(after, limit + 1).await.map_err(failed)?;
    let (restatements, last) = page(rows, limit, Restatement::key);
    Ok(Json(RestatementsPage { restatements, next: next(&mount.at("/api/v1/restatements"), limit, last) }))
}

fn failed(error: StoreError) -> Failure {
    Failure::internal("reading what is stored", &error.into())
}
