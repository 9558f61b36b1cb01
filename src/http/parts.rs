//! Parts of the position under addresses of their own, and lists of what was told, listed by AWS and handed out.

use axum::{Json, extract};
use chrono::{DateTime, NaiveDate, Utc};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::failure::Failure;
use super::mount::Mount;
use super::paging::{Asked, Paging, decode, next, page};
use super::query::AsOf;
use super::state::State;
use crate::cycle::TakenSnapshot;
use crate::domain::alert::AlertEvent;
use crate::domain::filing::filing_ref::FilingRef;
use crate::domain::filing::variance::Variance;
use crate::domain::outlook::monthly_bill::MonthlyBill;
use crate::domain::outlook::track_record::TrackRecord;
use crate::domain::outlook::{Exposure, MadeWith};
use crate::domain::position::Exhaustion;
use crate::domain::values::quantiles::{DateQuantiles, MoneyQuantiles};
use crate::store::alerts::{self, EventKey};
use crate::store::{IssuedKey, IssuedReport, SnapshotKey};

/// Actual against filed.
#[derive(Debug, Serialize, ToSchema)]
pub struct VariancePart {
    /// Clock of the cycle.
    as_of: DateTime<Utc>,
    /// Last complete day, inclusive.
    data_through: Option<NaiveDate>,
    /// ISO 4217 code of every amount.
    currency: String,
    /// The filing compared with; null while nothing is filed.
    filing: Option<FilingRef>,
    /// Per month, record, workload and model.
    variance: Vec<Variance>,
}

/// Actual against filed.
pub async fn variance(
    extract::State(state): extract::State<State>,
    AsOf(as_of): AsOf,
) -> Result<Json<VariancePart>, Failure> {
    let position = &state.existing_view(as_of).await?.position;
    Ok(Json(VariancePart {
        as_of: position.as_of,
        data_through: position.data_through,
        currency: position.currency.clone(),
        filing: position.filing.clone(),
        variance: position.variance.clone(),
    }))
}

/// What is to come.
#[derive(Debug, Serialize, ToSchema)]
pub struct OutlookPart {
    /// Clock of the cycle that made it.
    as_of: DateTime<Utc>,
    /// Last complete day, inclusive; the outlook begins behind it.
    data_through: Option<NaiveDate>,
    /// ISO 4217 code of every amount.
    currency: String,
    /// When money that a pool could have paid for goes uncovered.
    exhaustion: Exhaustion,
    /// Each pool.
    pools: Vec<PoolOutlook>,
    /// The monthly bill from the current month on.
    trajectory: Vec<MonthlyBill>,
    /// Cash of the 90 days after credit ends; null where that lies beyond the outlook.
    exposure: Option<Exposure>,
    /// How it was made, in a sentence; null until one was made.
    basis: Option<String>,
    /// What it was made with; null until one was made.
    made_with: Option<MadeWith>,
    /// What earlier outlooks said, against what came.
    track_record: TrackRecord,
}

/// A pool in the outlook.
#[derive(Debug, Serialize, ToSchema)]
struct PoolOutlook {
    /// AWS's creditId.
    id: String,
    /// Name for people.
    name: String,
    /// First day on which it pays nothing any more.
    expires_on: NaiveDate,
    /// Day on which its balance reaches zero; null = not before it expires or not within the horizon.
    exhausts_on: DateQuantiles,
    /// Credit that expires unused; null = it expires beyond the horizon.
    breakage: MoneyQuantiles,
}

/// What is to come.
pub async fn outlook(
    extract::State(state): extract::State<State>,
    AsOf(as_of): AsOf,
) -> Result<Json<OutlookPart>, Failure> {
    let position = &state.existing_view(as_of).await?.position;
    let pools = position.credits.pools.iter().map(|pool| PoolOutlook {
        id: pool.id.clone(),
        name: pool.name.clone(),
        expires_on: pool.expires_on,
        exhausts_on: pool.exhausts_on,
        breakage: pool.breakage,
    });
    Ok(Json(OutlookPart {
        as_of: position.as_of,
        data_through: position.data_through,
        currency: position.currency.clone(),
        exhaustion: position.exhaustion.clone(),
        pools: pools.collect(),
        trajectory: position.trajectory.clone(),
        exposure: position.exposure,
        basis: position.outlook_basis.clone(),
        made_with: position.outlook_made_with.clone(),
        track_record: position.track_record.clone(),
    }))
}

/// Messages, newest first.
#[derive(Debug, Serialize, ToSchema)]
pub struct EventsPage {
    /// The messages.
    pub events: Vec<AlertEvent>,
    /// The address of the next page; null on the last.
    pub next: Option<String>,
}

/// Every message that was decided on.
pub async fn events(
    extract::State(state): extract::State<State>,
    mount: Mount,
    Asked(paging): Asked<Paging>,
) -> Result<Json<EventsPage>, Failure> {
    let after: Option<EventKey> = paging.cursor.as_deref().map(decode).transpose()?;
    let limit = paging.limit()?;
    let rows = state.engine().store().read(move |connection| Ok(alerts::events(connection, after, limit + 1)?)).await;
    let rows = rows.map_err(|error| Failure::internal("reading what was told", &error.into()))?;
    let key = |event: &AlertEvent| EventKey { decided_at: event.fired_at, event_id: event.event_id.clone() };
    let (events, last) = page(rows, limit, key);
    Ok(Json(EventsPage { events, next: next(&mount.at("/api/v1/alerts/events"), limit, last) }))
}

/// What AWS listed, oldest first.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct HistoryPage {
    /// The snapshots.
    pub snapshots: Vec<TakenSnapshot>,
    /// The address of the next page; null on the last.
    pub next: Option<String>,
}

/// Every snapshot of what AWS listed.
pub async fn credit_history(
    extract::State(state): extract::State<State>,
    mount: Mount,
    Asked(paging): Asked<Paging>,
) -> Result<Json<HistoryPage>, Failure> {
    let after: Option<SnapshotKey> = paging.cursor.as_deref().map(decode).transpose()?;
    let limit = paging.limit()?;
    let rows = state.engine().store().credit_history_from(after, limit + 1).await;
    let rows = rows.map_err(|error| Failure::internal("reading what AWS listed", &error.into()))?;
    let (rows, last) = page(rows, limit, |(key, ..)| key.clone());
    let snapshots = rows.into_iter().map(|(_, taken_on, credit)| TakenSnapshot { taken_on, credit }).collect();
    Ok(Json(HistoryPage { snapshots, next: next(&mount.at("/api/v1/credits/history"), limit, last) }))
}

/// Reports that were handed out, oldest first.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct IssuedPage {
    /// The reports.
    pub reports: Vec<IssuedReport>,
    /// The address of the next page; null on the last.
    pub next: Option<String>,
}

/// Every report that was handed out.
pub async fn issued_reports(
    extract::State(state): extract::State<State>,
    mount: Mount,
    Asked(paging): Asked<Paging>,
) -> Result<Json<IssuedPage>, Failure> {
    let after: Option<IssuedKey> = paging.cursor.as_deref().map(decode).transpose()?;
    let limit = paging.limit()?;
    let rows = state.engine().store().issued_from(after, limit + 1).await;
    let rows = rows.map_err(|error| Failure::internal("reading which reports were handed out", &error.into()))?;
    let (reports, last) = page(rows, limit, IssuedReport::key);
    Ok(Json(IssuedPage { reports, next: next(&mount.at("/api/v1/reports/issued"), limit, last) }))
}
