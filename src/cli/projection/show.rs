//! `glidepath projection show`.

use std::collections::BTreeMap;

use anyhow::Result;

use crate::clock::Clock;
use crate::config::Config;
use crate::cycle::{FiledView, PlannedLine};
use crate::domain::filing::projection::{OUTSIDE, Rule, UnpricedLine};
use crate::domain::values::money::Money;
use crate::domain::values::period::BillingPeriod;

use super::super::access::Access;
use super::super::table::table;
use crate::cli::out::{self, outln};

/// Shows one version.
pub async fn run(config: Config, version: Option<u32>, json: bool) -> Result<()> {
    let shown = match Access::open_to_read(config)? {
        Access::Store(engine) => engine.filed_view(version, Clock::System.now()).await?,
        Access::Daemon(daemon) => {
            let version = version.map_or_else(|| "newest".to_owned(), |version| version.to_string());
            daemon.fetch(&format!("/api/v1/projections/{version}")).await?
        }
    };
    if json {
        out::json(&shown)?;
    } else {
        print(&shown);
    }
    Ok(())
}

fn print(shown: &FiledView) {
    let FiledView { version, filed_on, content_hash, customer, body, rules, plan, unpriced, .. } = shown;
    let of = customer.as_ref().map_or(String::new(), |customer| format!(" of {customer}"));
    outln!("version {version}{of}, filed on {filed_on}, content hash {content_hash}");
    outln!();
    out::block(body);
    outln!();
    outln!("Which spend belongs to which record; the first rule that fits counts:");
    outln!();
    let row = |(number, rule): (usize, &Rule)| {
        vec![number.to_string(), rule.claims.clone(), rule.record.clone(), rule.line.to_string()]
    };
    let rest = vec![(rules.len() + 1).to_string(), "everything else".to_owned(), OUTSIDE.to_owned(), "-".to_owned()];
    let rows = (1..).zip(rules).map(row).chain([rest]);
    out::block(table(&["rule", "claims", "record", "line"], &[0, 3], rows));
    outln!();
    for UnpricedLine { record, what, reason, since } in unpriced {
        outln!("unpriced: {what} of {record}, planned from {since}, is in no figure below: {reason}");
        outln!();
    }
    let rows = plan.iter().map(|planned| {
        let PlannedLine { month, record, workload, line, projected } = planned;
        vec![month.to_string(), record.clone(), workload.to_string(), line.clone(), projected.dollars()]
    });
    out::block(table(&["month", "record", "workload", "line", "planned"], &[4], rows));
    outln!();
    let mut totals: BTreeMap<BillingPeriod, Money> = BTreeMap::new();
    for planned in plan {
        *totals.entry(planned.month).or_default() += planned.projected;
    }
    let rows = totals.into_iter().map(|(month, total)| vec![month.to_string(), total.dollars()]);
    out::block(table(&["month", "planned in all"], &[1], rows));
}
