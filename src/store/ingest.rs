//! Appends what a cycle pulled: of the costs only what differs from current belief, of the credits every snapshot.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, NaiveDate, Utc};
use duckdb::{Connection, OptionalExt as _, Transaction, params};

use super::believed::{Table, current_charges, current_usage};
use super::day_sums::{DaySums, by_day, gross_by_day};
use super::error::{Result, StoreError};
use super::handle::Store;
use super::history::pulls as history_of;
use super::json::{from_json, to_json};
use super::runs::{IngestRun, PulledCosts, insert_part, newest_clock, next_run};
use super::{credits, vanished};
use crate::domain::facts::charge::record_kind;
use crate::domain::facts::history;
use crate::domain::facts::outcome::Outcome;
use crate::domain::facts::rows::{ChargeKind, ChargeRow};
use crate::domain::facts::vanished::kept_days;
use crate::domain::values::money::{Money, Quantity};
use crate::domain::values::period::DayRange;

/// Days that a failed check names; the sums tell the rest.
const NAMED_DAYS: usize = 3;

impl PulledCosts {
    /// The first day of which the answer says anything.
    fn first_told(&self) -> Option<NaiveDate> {
        let charges = self.charges.iter().map(|charge| charge.day);
        charges.chain(self.usage.iter().map(|usage| usage.day)).min()
    }
}

impl Store {
    /// Appends `run` in one transaction and gives its id.
    ///
    /// # Errors
    /// [`StoreError::ClockGoesBack`], [`StoreError::OtherAccount`], [`StoreError::NotConserved`],
    /// [`StoreError::BeyondAnyBill`], or DuckDB's own; after each the store is as it was.
    pub async fn append_run(&self, run: IngestRun) -> Result<i64> {
        self.call(move |connection| append_run(connection, &run)).await
    }

    /// Appends costs that run `part_of` brought beside its own: a closed month that AWS corrected, or days of the past.
    ///
    /// # Errors
    /// [`StoreError::NotConserved`], [`StoreError::BeyondAnyBill`], or DuckDB's own; after each the store is as it was.
    pub async fn append_part(&self, part_of: i64, costs: PulledCosts) -> Result<()> {
        self.call(move |connection| {
            let transaction = connection.transaction()?;
            let run_id = next_run(&transaction)?;
            let moved = append_costs(&transaction, run_id, &costs)?;
            insert_part(&transaction, run_id, part_of, Some(&costs), (&Outcome::Ok, moved))?;
            Ok(transaction.commit()?)
        })
        .await
    }

    /// Clock of the newest successful pull of costs.
    ///
    /// # Errors
    /// DuckDB's.
    pub async fn last_pull(&self) -> Result<Option<DateTime<Utc>>> {
        self.read(last_pull).await
    }

    /// Clock of the newest run, and how its pull of costs ended.
    ///
    /// # Errors
    /// DuckDB's, and [`StoreError::Unreadable`].
    pub async fn newest_try(&self) -> Result<Option<(DateTime<Utc>, Outcome)>> {
        self.read(newest_try).await
    }

    /// Clocks of the first and of the newest of the tries that got no costs since the newest that did; `None` if there is none.
    ///
    /// # Errors
    /// DuckDB's.
    pub async fn failed_tries(&self) -> Result<Option<(DateTime<Utc>, DateTime<Utc>)>> {
        self.read(failed_tries).await
    }

    /// Clock of the newest run that counts: behind it no cycle goes back.
    ///
    /// # Errors
    /// DuckDB's.
    pub async fn newest_counted(&self) -> Result<Option<DateTime<Utc>>> {
        self.read(newest_clock).await
    }

    /// The account that the stored data belongs to, once one was named.
    ///
    /// # Errors
    /// DuckDB's.
    pub async fn account(&self) -> Result<Option<String>> {
        self.read(account).await
    }

    /// Refuses credentials of another account than the stored data's.
    ///
    /// # Errors
    /// [`StoreError::OtherAccount`].
    pub async fn check_account(&self, asked: String) -> Result<()> {
        self.call(move |connection| check_account(connection, Some(&asked))).await
    }
}

fn append_run(connection: &mut Connection, run: &IngestRun) -> Result<i64> {
    let transaction = connection.transaction()?;
    check_clock(&transaction, run.clock)?;
    check_account(&transaction, run.account.as_ref())?;
    let run_id = next_run(&transaction)?;
    let moved = match &run.costs {
        Some(costs) => append_costs(&transaction, run_id, costs)?,
        None => Money::ZERO,
    };
    let window = run.costs.as_ref().map(|costs| costs.window);
    let request_ids = run.costs.as_ref().map(|costs| costs.request_ids.join("\n")).unwrap_or_default();
    transaction.execute(
        "INSERT INTO ingest_runs VALUES (?, ?, ?, ?, ?, ?, string_split(?, chr(10)), ?, ?, ?, NULL, ?, ?)",
        params![
            run_id,
            run.clock.naive_utc(),
            run.account,
            window.map(|window| window.start),
            window.map(|window| window.end),
            run.costs.as_ref().map_or(0, |costs| costs.pages),
            request_ids,
            to_json(&run.costs_outcome),
            to_json(&run.credits_outcome),
            moved.amount(),
            run.aws_clock.map(|aws| aws.naive_utc()),
            run.aws_clock.is_none(),
        ],
    )?;
    vanished::accept_again(&transaction, run_id)?;
    credits::append(&transaction, run_id, run.clock.date_naive(), &run.credits)?;
    transaction.commit()?;
    Ok(run_id)
}

fn check_clock(connection: &Connection, clock: DateTime<Utc>) -> Result<()> {
    match newest_clock(connection)? {
        Some(newest) if clock < newest => Err(StoreError::ClockGoesBack { clock, newest }),
        _ => Ok(()),
    }
}

fn account(connection: &Connection) -> Result<Option<String>> {
    Ok(connection.query_row("SELECT any_value(account) FROM ingest_runs", [], |row| row.get(0))?)
}

fn check_account(connection: &Connection, asked: Option<&String>) -> Result<()> {
    let Some(asked) = asked else { return Ok(()) };
    match account(connection)? {
        Some(stored) if stored != *asked => Err(StoreError::OtherAccount { stored, asked: asked.clone() }),
        _ => Ok(()),
    }
}

/// Appends what differs, checks that the window now sums to what was pulled, and gives the sum of absolute changes to
/// days that were complete when last pulled.
fn append_costs(transaction: &Transaction, run_id: i64, costs: &PulledCosts) -> Result<Money> {
    within_any_bill("charges", costs.window, costs.charges.iter().map(|charge| charge.billed_cost))?;
    within_any_bill("usage", costs.window, costs.usage.iter().map(|usage| usage.cost))?;
    let complete_before = history::held(&history_of(transaction, costs.window.start, run_id)?);
    let believed = current_charges(transaction, run_id, Some(costs.window))?;
    let kept = kept_days(costs.window, costs.first_told(), &gross_by_day(&believed));
    let moved = append_charges(transaction, run_id, costs, (&believed, &kept), &complete_before)?;
    append_usage(transaction, run_id, costs, &kept)?;
    vanished::note(transaction, run_id, costs.window, &kept)?;
    let told = |day: &NaiveDate| !kept.contains(day);
    let pulled = by_day(costs.charges.iter().map(|charge| (charge.day, charge.billed_cost)));
    let stored = current_charges(transaction, run_id, Some(costs.window))?;
    let stored = by_day(stored.rows.iter().map(|row| (row.day, row.cost)).filter(|(day, _)| told(day)));
    conserved("charges", costs.window, &pulled, &stored)?;
    let pulled = by_day(costs.usage.iter().map(|usage| (usage.day, usage.cost)));
    let stored = current_usage(transaction, run_id, Some(costs.window))?;
    let stored = by_day(stored.rows.iter().map(|row| (row.day, row.cost)).filter(|(day, _)| told(day)));
    conserved("usage", costs.window, &pulled, &stored)?;
    Ok(moved)
}

/// Sums stop at their end, and could hide there that they differ: what reaches it is no bill.
fn within_any_bill(what: &'static str, window: DayRange, costs: impl Iterator<Item = Money>) -> Result<()> {
    let sum: Money = costs.map(Money::abs).sum();
    if sum < Money::MOST {
        return Ok(());
    }
    Err(StoreError::BeyondAnyBill { what, window: window.to_string(), most: Money::MOST.dollars() })
}

fn last_pull(connection: &Connection) -> Result<Option<DateTime<Utc>>> {
    // The one that was stored last: a clock that nobody vouched for may have been ahead before.
    let sql = "SELECT arg_max(clock, run_id) FROM ingest_runs WHERE window_start IS NOT NULL AND part_of IS NULL";
    let clock: Option<chrono::NaiveDateTime> = connection.query_row(sql, [], |row| row.get(0))?;
    Ok(clock.map(|clock| clock.and_utc()))
}

fn newest_try(connection: &Connection) -> Result<Option<(DateTime<Utc>, Outcome)>> {
    let sql = "SELECT clock, costs_outcome FROM ingest_runs WHERE part_of IS NULL ORDER BY run_id DESC LIMIT 1";
    let row = connection
        .query_row(sql, [], |row| Ok((row.get::<_, chrono::NaiveDateTime>(0)?, row.get::<_, String>(1)?)))
        .optional()?;
    let Some((clock, outcome)) = row else { return Ok(None) };
    Ok(Some((clock.and_utc(), from_json("an ingest outcome", &outcome)?)))
}

fn failed_tries(connection: &Connection) -> Result<Option<(DateTime<Utc>, DateTime<Utc>)>> {
    let sql = "SELECT arg_min(clock, run_id), arg_max(clock, run_id) FROM ingest_runs WHERE part_of IS NULL AND run_id >
                   (SELECT coalesce(max(run_id), 0) FROM ingest_runs WHERE window_start IS NOT NULL AND part_of IS NULL)";
    let clocks: (Option<chrono::NaiveDateTime>, Option<chrono::NaiveDateTime>) =
        connection.query_row(sql, [], |row| Ok((row.get(0)?, row.get(1)?)))?;
    Ok(clocks.0.zip(clocks.1).map(|(first, newest)| (first.and_utc(), newest.and_utc())))
}

/// Compares day by day, because two days that are off can sum to the right total.
fn conserved(what: &'static str, window: DayRange, pulled: &DaySums, stored: &DaySums) -> Result<()> {
    let on = |sums: &DaySums, day: &NaiveDate| sums.get(day).copied().unwrap_or_default();
    let days: BTreeSet<&NaiveDate> = pulled.keys().chain(stored.keys()).collect();
    let off: Vec<(&NaiveDate, Money)> = days
        .into_iter()
        .map(|day| (day, on(stored, day) - on(pulled, day)))
        .filter(|(_, difference)| !difference.is_zero())
        .collect();
    if off.is_empty() {
        return Ok(());
    }
    let named: Vec<String> =
        off.iter().take(NAMED_DAYS).map(|(day, difference)| format!("{day} is off by {difference}")).collect();
    let more = off.len().saturating_sub(NAMED_DAYS);
    let more = if more == 0 { String::new() } else { format!(", and {more} more days") };
    Err(StoreError::NotConserved {
        what,
        window: window.to_string(),
        pulled: pulled.values().copied().sum::<Money>().to_string(),
        stored: stored.values().copied().sum::<Money>().to_string(),
        days: format!("{}{more}", named.join(", ")),
    })
}

fn append_charges(
    transaction: &Transaction,
    run_id: i64,
    costs: &PulledCosts,
    (believed, kept): (&Table<ChargeKind, ChargeRow>, &[NaiveDate]),
    complete_before: &[DayRange],
) -> Result<Money> {
    let mut vanished: BTreeMap<(NaiveDate, &str, &str), Money> = believed
        .rows
        .iter()
        .filter(|row| !kept.contains(&row.day))
        .map(|row| {
            let kind = &believed.kinds[row.kind];
            ((row.day, kind.service.as_str(), kind.record_type.as_str()), row.cost)
        })
        .collect();
    let mut moved = Money::ZERO;
    let mut note = |day: NaiveDate, change: Money| {
        if complete_before.iter().any(|days| days.contains(day)) {
            moved += change.abs();
        }
    };
    let mut appender = transaction.appender("charges")?;
    let mut append = |day: NaiveDate, service: &str, record_type: &str, cost: Money, estimated: bool| {
        let category = record_kind(record_type, cost).category.as_str();
        appender.append_row(params![run_id, day, service, record_type, category, cost.amount(), estimated])
    };
    for charge in &costs.charges {
        let before = vanished.remove(&(charge.day, charge.service.as_str(), charge.record_type.as_str()));
        if before.unwrap_or_default() != charge.billed_cost {
            note(charge.day, charge.billed_cost - before.unwrap_or_default());
            append(charge.day, &charge.service, &charge.record_type, charge.billed_cost, charge.estimated)?;
        }
    }
    for ((day, service, record_type), cost) in vanished {
        note(day, cost);
        append(day, service, record_type, Money::ZERO, true)?;
    }
    appender.flush()?;
    Ok(moved)
}

fn append_usage(transaction: &Transaction, run_id: i64, costs: &PulledCosts, kept: &[NaiveDate]) -> Result<()> {
    let believed = current_usage(transaction, run_id, Some(costs.window))?;
    let mut vanished: BTreeMap<(NaiveDate, &str, &str), (Money, Quantity, &str)> = believed
        .rows
        .iter()
        .filter(|row| !kept.contains(&row.day))
        .map(|row| {
            let kind = &believed.kinds[row.kind];
            let key = (row.day, kind.service.as_str(), kind.usage_type.as_str());
            (key, (row.cost, row.quantity, kind.unit.as_str()))
        })
        .collect();
    let mut appender = transaction.appender("usage")?;
    for usage in &costs.usage {
        let before = vanished.remove(&(usage.day, usage.service.as_str(), usage.usage_type.as_str()));
        // A meter that stands at nothing is no fact, and reads back as no row.
        let nothing_new = before.is_none() && usage.cost.is_zero() && usage.quantity.is_zero();
        if !nothing_new && before != Some((usage.cost, usage.quantity, usage.unit.as_str())) {
            appender.append_row(params![
                run_id,
                usage.day,
                usage.service,
                usage.usage_type,
                usage.cost.amount(),
                usage.quantity.amount(),
                usage.unit,
                usage.estimated,
            ])?;
        }
    }
    for ((day, service, usage_type), (.., unit)) in vanished {
        let (cost, quantity) = (Money::ZERO.amount(), Quantity::ZERO.amount());
        appender.append_row(params![run_id, day, service, usage_type, cost, quantity, unit, true])?;
    }
    appender.flush()?;
    Ok(())
}
