//! What came of each thing that AWS does in the demo's hard year: looked up in what the program stored and says, so that what
//! it fails to say is seen.

use anyhow::{Context as _, Result};

use crate::cycle::Engine;
use crate::demo::FakeAccount;
use crate::demo::startup::TODAY;
use crate::demo::startup::hard::{CORRECTED_DAY, LATE_REQUESTS_ON, RENAMED_TO, UNKNOWN_TYPE, true_gross};
use crate::domain::position::Position;
use crate::domain::position::finding::Rule;
use crate::domain::values::money::Money;
use crate::domain::values::words::{day_text, usd_text};
use crate::domain::values::workload::{Routing, Tier, Workload};
use crate::store::alerts;

/// Messages and restatements that are looked through.
const NEWEST: u32 = 1000;

/// A thing that AWS did, and what the program says of it; nothing where it is silent.
pub struct Told {
    /// What AWS did.
    pub aws_did: &'static str,
    /// What came of it.
    pub came_of_it: Option<String>,
}

/// Everything of the hard year, as the newest position, the stored restatements and the messages say it.
///
/// # Errors
/// If the store fails.
pub async fn told(engine: &Engine, account: &FakeAccount, position: &Position) -> Result<Vec<Told>> {
    let restated = engine.store().restatements(None, NEWEST).await.context("reading what AWS corrected")?;
    let events = engine.store().read(|connection| Ok(alerts::events(connection, None, NEWEST)?)).await;
    let events = events.context("reading the messages")?;
    let finding = |rule: Rule| position.findings.iter().find(|found| found.rule == rule);
    let spend_in = |tier: Tier| {
        let rows = position.workloads.iter().filter(|row| row.tier == Some(tier));
        let cost: Money = rows.map(|row| row.cost).sum();
        cost.is_positive().then(|| usd_text(cost))
    };
    let unclassified = position.workloads.iter().any(|row| row.workload == Workload::Unclassified);
    let geographic = position.workloads.iter().find(|row| {
        row.routing == Some(Routing::InRegion) && row.model.as_deref().is_some_and(|model| model.contains("Nova 2"))
    });
    let through = position.data_through;
    let truth = through.map(|day| Money::from_decimal(true_gross(account, day, TODAY)));
    let tiers = spend_in(Tier::Flex).zip(spend_in(Tier::Priority)).filter(|_| !unclassified);
    Ok(vec![
        Told {
            aws_did: "takes a tenth off under a discount's name of its own",
            came_of_it: finding(Rule::BalanceDrift)
                .is_none()
                .then(|| "it lowers what credit is asked to pay, and our balance agrees with AWS's".to_owned()),
        },
        Told {
            aws_did: "uses a record type that nobody knows",
            came_of_it: finding(Rule::UnknownRecordType)
                .filter(|found| found.summary.contains(UNKNOWN_TYPE))
                .map(|found| found.summary.clone()),
        },
        Told {
            aws_did: "names geographic profiles, flex and priority in usage types",
            came_of_it: geographic.zip(tiers).map(|(row, (flex, priority))| {
                format!("{} in-region, {flex} flex, {priority} priority; nothing unclassified", usd_text(row.cost))
            }),
        },
        Told {
            aws_did: "renames SageMaker in the middle of a year",
            came_of_it: position
                .coverage
                .iter()
                .find(|row| row.service == RENAMED_TO && row.evidence.contains("renamed"))
                .map(|row| row.evidence.clone()),
        },
        Told {
            aws_did: "charges 5,000 for a Savings Plan, takes it back and refunds it",
            came_of_it: (!events.iter().any(|event| event.rule == Rule::Spike && event.key.contains("Savings Plan")))
                .then(|| "no message of a spike; the refund stands beside the fee".to_owned()),
        },
        Told {
            aws_did: "applies credit a week late",
            came_of_it: position.reconciliation.awaited.map(|awaited| {
                format!(
                    "{} since {} is counted as paid until the bill is closed",
                    usd_text(awaited.amount),
                    day_text(awaited.since)
                )
            }),
        },
        Told {
            aws_did: "corrects a day of a closed month",
            came_of_it: restated.iter().find(|row| row.day == CORRECTED_DAY && row.record_type == "Usage").map(|row| {
                format!(
                    "noticed on {}: {} of {} became {}",
                    day_text(row.noticed_at.date_naive()),
                    usd_text(row.before),
                    day_text(row.day),
                    usd_text(row.after)
                )
            }),
        },
        Told {
            aws_did: "shows nothing of before the account joined an organisation",
            came_of_it: finding(Rule::DaysVanished).map(|found| found.summary.clone()),
        },
        Told {
            aws_did: "limits a credit to on-demand use, and training runs on Spot",
            came_of_it: finding(Rule::BalanceDrift)
                .is_none()
                .then(|| "the credit is not drawn for Spot, and our balance agrees with AWS's".to_owned()),
        },
        Told {
            aws_did: "says that each request of a day comes too late",
            came_of_it: events
                .iter()
                .find(|event| {
                    matches!(event.rule, Rule::IngestDenied | Rule::IngestFailed)
                        && event.fired_at.date_naive() == LATE_REQUESTS_ON
                })
                .map(|event| event.summary.clone()),
        },
        Told {
            aws_did: "and of all that it billed",
            came_of_it: truth
                .filter(|truth| *truth == position.spend.gross_to_date)
                .map(|truth| format!("nothing that it ever showed is lost: {} to the last digit", truth.dollars())),
        },
    ])
}
