//! Stored charges, page by page, as believed in one run.
//!
//! Invariant: a page is a function of the run, the filter and the key that it starts behind, so that pages read one
//! after the other neither lose nor repeat a row, whatever cycles add meanwhile.

use chrono::NaiveDate;
use duckdb::params;
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::error::Result;
use super::handle::Store;
use crate::domain::values::money::Money;

/// Which charges are wanted.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChargeFilter {
    /// First day.
    pub from: Option<NaiveDate>,
    /// Day after the last.
    pub to: Option<NaiveDate>,
    /// Service as Cost Explorer names it.
    pub service: Option<String>,
    /// RECORD_TYPE, verbatim.
    pub record_type: Option<String>,
}

/// A charge as believed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct StoredCharge {
    /// UTC day.
    pub day: NaiveDate,
    /// Service as Cost Explorer names it.
    pub service: String,
    /// RECORD_TYPE, verbatim.
    pub record_type: String,
    /// FOCUS charge category.
    pub charge_category: String,
    /// Unblended cost with AWS's sign.
    pub billed_cost: Money,
    /// True if AWS called it an estimate when it last changed.
    pub estimated: bool,
}

/// Where a page of charges ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChargeKey {
    /// UTC day.
    pub day: NaiveDate,
    /// Service as Cost Explorer names it.
    pub service: String,
    /// RECORD_TYPE, verbatim.
    pub record_type: String,
}

impl StoredCharge {
    /// Its place in the list.
    pub fn key(&self) -> ChargeKey {
        ChargeKey { day: self.day, service: self.service.clone(), record_type: self.record_type.clone() }
    }
}

impl Store {
    /// Charges as believed in run `run`, by day, service and record type, at most `limit`, from behind `after` on. Rows
    /// of zero are left out: what AWS took back is stored so.
    ///
    /// # Errors
    /// DuckDB's.
    pub async fn charges(
        &self,
        run: i64,
        filter: ChargeFilter,
        after: Option<ChargeKey>,
        limit: u32,
    ) -> Result<Vec<StoredCharge>> {
        self.read(move |connection| {
            let sql = "SELECT charge_day, service_name, x_record_type, arg_max(charge_category, run_id),
                              arg_max(billed_cost, run_id) AS cost, arg_max(x_estimated, run_id)
                       FROM charges
                       WHERE run_id <= ?1 AND (?2 IS NULL OR charge_day >= ?2) AND (?3 IS NULL OR charge_day < ?3)
                         AND (?4 IS NULL OR service_name = ?4) AND (?5 IS NULL OR x_record_type = ?5)
                         AND (?6 IS NULL OR charge_day > ?6 OR (charge_day = ?6 AND
                              (service_name > ?7 OR (service_name = ?7 AND x_record_type > ?8))))
                       GROUP BY charge_day, service_name, x_record_type HAVING cost <> 0
                       ORDER BY charge_day, service_name, x_record_type LIMIT ?9";
            let ChargeFilter { from, to, service, record_type } = filter;
            let day = after.as_ref().map(|key| key.day);
            let (after_service, after_type) = after.map(|key| (key.service, key.record_type)).unzip();
            let mut statement = connection.prepare(sql)?;
            let asked = params![run, from, to, service, record_type, day, after_service, after_type, limit];
            let rows = statement.query_map(asked, |row| {
                Ok(StoredCharge {
                    day: row.get(0)?,
                    service: row.get(1)?,
                    record_type: row.get(2)?,
                    charge_category: row.get(3)?,
                    billed_cost: Money::from_decimal(row.get::<_, Decimal>(4)?),
                    estimated: row.get(5)?,
                })
            })?;
            Ok(rows.collect::<duckdb::Result<_>>()?)
        })
        .await
    }

    /// The earliest day with a charge, as believed in run `run`; `None` before any.
    ///
    /// # Errors
    /// DuckDB's.
    pub async fn first_charge_day(&self, run: i64) -> Result<Option<NaiveDate>> {
        self.read(move |connection| {
            let sql = "SELECT min(charge_day) FROM charges WHERE run_id <= ?";
            Ok(connection.query_row(sql, params![run], |row| row.get(0))?)
        })
        .await
    }
}
