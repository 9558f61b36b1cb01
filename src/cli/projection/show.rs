//! `glidepath projection show`.

use std::collections::BTreeMap;

use anyhow::Result;
use serde::Serialize;

use crate::clock::Clock;
use crate::config::Config;
use crate::domain::assess::Filing;
use crate::domain::money::Money;
use crate::domain::period::BillingPeriod;
use crate::domain::projection::{OUTSIDE, PlannedMonth, ProjectionProblem, Rule, UnpricedLine, rules};
use crate::store::StoredProjection;

use super::super::table::table;
use super::{Listed, listed, open, wanted};

/// Everything that `show` says.
#[derive(Serialize)]
struct Shown<'a> {
    #[serde(flatten)]
    version: Listed<'a>,
    body: &'a str,
    /// First match first; what none claims is outside the filing.
    rules: Vec<Rule>,
    plan: Vec<Planned<'a>>,
    unpriced: &'a [UnpricedLine],
    remarks: &'a [ProjectionProblem],
}

#[derive(Serialize)]
struct Planned<'a> {
    month: BillingPeriod,
    record: &'a str,
    workload: &'a str,
    line: &'a str,
    projected: Money,
}

impl<'a> Planned<'a> {
    fn of(planned: &'a PlannedMonth) -> Self {
        let line = planned.model.as_deref().or(planned.instance_type.as_deref());
        Planned {
            month: planned.month,
            record: &planned.record,
            workload: planned.workload.as_str(),
            line: line.unwrap_or(&planned.service),
            projected: planned.cost,
        }
    }
}

/// Shows one version.
pub async fn run(config: Config, version: Option<u32>, json: bool) -> Result<()> {
    let engine = open(config)?;
    let filings = engine.store().projections().await?;
    let stored = wanted(&filings, version)?;
    let filing = engine.filing(stored, BillingPeriod::of(Clock::System.now().date_naive()))?;
    if json {
        let shown = Shown {
            version: listed(stored),
            body: &stored.body,
            rules: rules(&filing.projection),
            plan: filing.plan.iter().map(Planned::of).collect(),
            unpriced: &filing.unpriced,
            remarks: &filing.projection.remarks,
        };
        println!("{}", serde_json::to_string_pretty(&shown)?);
    } else {
        print(stored, &filing);
    }
    Ok(())
}

fn print(stored: &StoredProjection, filing: &Filing) {
    println!("version {}, filed on {}, content hash {}\n", stored.version, stored.filed_on, stored.content_hash);
    println!("{}", stored.body);
    println!("Which spend belongs to which record; the first rule that fits counts:\n");
    let rules = rules(&filing.projection);
    let row = |(number, rule): (usize, &Rule)| {
        vec![number.to_string(), rule.claims.clone(), rule.record.clone(), rule.line.to_string()]
    };
    let rest = vec![(rules.len() + 1).to_string(), "everything else".to_owned(), OUTSIDE.to_owned(), "-".to_owned()];
    let rows = (1..).zip(&rules).map(row).chain([rest]);
    println!("{}\n", table(&["rule", "claims", "record", "line"], &[0, 3], rows));
    for UnpricedLine { record, what, reason, since } in &filing.unpriced {
        println!("unpriced: {what} of {record}, planned from {since}, is in no figure below: {reason}\n");
    }
    let rows = filing.plan.iter().map(Planned::of).map(|planned| {
        let Planned { month, record, workload, line, projected } = planned;
        vec![month.to_string(), record.to_owned(), workload.to_owned(), line.to_owned(), projected.dollars()]
    });
    println!("{}\n", table(&["month", "record", "workload", "line", "planned"], &[4], rows));
    let mut totals: BTreeMap<BillingPeriod, Money> = BTreeMap::new();
    for planned in &filing.plan {
        *totals.entry(planned.month).or_default() += planned.cost;
    }
    let rows = totals.into_iter().map(|(month, total)| vec![month.to_string(), total.dollars()]);
    println!("{}", table(&["month", "planned in all"], &[1], rows));
}
