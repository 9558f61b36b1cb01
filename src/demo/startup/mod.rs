//! A year of a fictional startup, for the demo, the tests and the benchmarks.
//!
//! It began on 2025-11-03 with an Activate Portfolio credit and a Bedrock POC. In February 2026 it filed a projection for the
//! band of 300,000 USD that such credits and AI records reach together (the GenAI tier), and was granted what was left of it,
//! 175,000, as an AI record. It launched on 2026-05-12, and moved most traffic to a smaller model in September. It spends other
//! than it filed, for the reasons in [`DEVIATIONS`]: few cache hits, and in-region where global routing was planned. Its
//! credits end some weeks after [`TODAY`], and only an award of the accelerator can follow. Every cost is quantity times list
//! price, exactly; the year is the same on every machine.

mod charges;
mod deviations;
pub mod hard;
mod inference;
mod infrastructure;
mod training;
mod year;

pub use charges::Charges;
pub use deviations::{DEVIATIONS, Deviation};

use super::account::{FakeAccount, FakeCredit};
pub use year::{AI_RECORD_ID, TODAY};
use year::{BEDROCK, Dice, EC2, EC2_OTHER, HAIKU, SAGEMAKER, SONNET};

/// The account's number.
pub const ACCOUNT_ID: &str = "210987654321";
/// creditId of the Activate Portfolio credit: 100,000 USD, used up in September 2026.
pub const PORTFOLIO_ID: &str = "48210377";
/// creditId of the Bedrock POC: 25,000 USD, used up a week after the launch and still ENABLED. AWS does not list its services.
pub const POC_ID: &str = "48235916";
/// What the Portfolio credit pays for.
pub const PORTFOLIO_SERVICES: [&str; 9] = [
    EC2,
    EC2_OTHER,
    "Amazon Simple Storage Service",
    "Amazon Relational Database Service",
    "Amazon Elastic Container Service",
    "AmazonCloudWatch",
    "Amazon OpenSearch Service",
    SAGEMAKER,
    BEDROCK,
];
/// What the Bedrock POC pays for. AWS leaves it out of GetCredits; only the award letter has it.
pub const POC_SERVICES: [&str; 3] = [BEDROCK, SONNET, HAIKU];

/// The startup's filing of 2026-02-01, in the form of `glidepath projection file`.
pub const PROJECTION_TOML: &str = include_str!("../../../config/demo/projection.toml");
/// What the partner says of it in the reports.
pub const COMMENTARY: &str = include_str!("../../../config/demo/commentary.txt");

/// The account with its credits and its year.
pub fn account() -> FakeAccount {
    let mut account = FakeAccount::new(ACCOUNT_ID).tax_rate("0.20");
    for credit in credits() {
        account = account.credit(credit);
    }
    let mut dice = Dice::new(20_251_103);
    let lines = inference::lines(&mut dice)
        .into_iter()
        .chain(training::lines())
        .chain(infrastructure::lines(&mut dice))
        .chain(infrastructure::support_and_corrections());
    lines.fold(account, FakeAccount::line)
}

/// The same with kinds of charges that the plain year does not have.
pub fn account_with(kinds: &[Charges]) -> FakeAccount {
    kinds.iter().fold(account(), |account, kind| kind.add(account))
}

fn credits() -> [FakeCredit; 3] {
    let mut everything = PORTFOLIO_SERVICES.to_vec();
    everything.extend([SONNET, HAIKU]);
    [
        FakeCredit::new(PORTFOLIO_ID, "100000", "2025-11-03", "2027-11-01", &PORTFOLIO_SERVICES)
            .described("AWS Activate Portfolio"),
        FakeCredit::new(POC_ID, "25000", "2025-11-17", "2026-12-01", &POC_SERVICES)
            .described("Generative AI proof of concept")
            .without_service_list(),
        FakeCredit::new(AI_RECORD_ID, "175000", "2026-02-09", "2028-03-01", &everything)
            .described("AWS Activate Generative AI"),
    ]
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use chrono::NaiveDate;
    use rust_decimal::Decimal;

    use super::year::{FIRST_DAY, LAUNCH, day, level, price};
    use super::*;
    use crate::account::Line;
    use crate::books::Books;

    /// Credit left per pool at `now`.
    fn left(account: &FakeAccount, books: &Books) -> BTreeMap<String, Decimal> {
        let mut left: BTreeMap<String, Decimal> =
            account.credits.iter().map(|credit| (credit.id.clone(), credit.initial)).collect();
        for draw in &books.draws {
            *left.get_mut(&account.credits[draw.credit].id).expect("listed above") -= draw.amount;
        }
        left
    }

    fn sum<'a>(lines: impl Iterator<Item = &'a Line>) -> Decimal {
        lines.map(|line| line.cost).sum()
    }

    #[test]
    fn the_credits_end_in_five_to_nine_weeks() {
        let account = account();
        let books = Books::at(&account, TODAY);
        let left = left(&account, &books);
        assert_eq!((left[PORTFOLIO_ID], left[POC_ID]), (Decimal::ZERO, Decimal::ZERO), "both were used up");
        let last = left[AI_RECORD_ID];
        assert!(last > Decimal::from(30_000) && last < Decimal::from(60_000), "{last}");
        let window = books.days.range(day(2026, 10, 22)..day(2026, 11, 19)).flat_map(|(_, lines)| lines);
        let weekly = -sum(window.filter(|line| line.record_type == "Credit")) / Decimal::from(4);
        let weeks = last / weekly;
        assert!(weeks > Decimal::from(5) && weeks < Decimal::from(9), "{weeks} weeks at {weekly} a week");
    }

    #[test]
    fn credits_pay_for_everything_but_dashboards_fees_and_tax() {
        let books = Books::at(&account(), TODAY);
        let mut net: BTreeMap<&str, Decimal> = BTreeMap::new();
        for line in books.days.values().flatten() {
            *net.entry(&line.service).or_default() += line.cost;
        }
        // The Capacity Block: four instances, three days, 35.76 an hour.
        assert_eq!(net[EC2], price("10298.88"));
        net.retain(|service, amount| !amount.is_zero() && *service != EC2);
        let unpaid: Vec<&str> = net.into_keys().collect();
        assert_eq!(unpaid, ["AWS Support (Business)", "AWS Support (Developer)", "Amazon QuickSight", "Tax"]);
    }

    #[test]
    fn costs_are_quantity_times_price_to_the_digit() {
        let account = account();
        let find = |on: NaiveDate, usage_type: &str, service: &str| {
            let mut lines = account.lines.iter();
            lines.find(|line| line.day == on && line.usage_type == usage_type && line.service == service).unwrap()
        };
        // Two servers around the clock at 0.1632 an hour.
        assert_eq!(find(FIRST_DAY, "BoxUsage:m7g.xlarge", EC2).cost, price("7.8336"));
        // Four trn1.32xlarge until half past two: 58 hours at 21.50.
        assert_eq!(find(day(2026, 6, 20), "BoxUsage:trn1.32xlarge", EC2).cost, price("1247"));
        let tokens = find(day(2026, 5, 13), "USE1-MP:USE1_InputTokenCount-Units", SONNET);
        assert_eq!(tokens.cost, tokens.quantity * price("2.2"));
        assert_eq!(find(day(2026, 9, 22), "USE2-BoxUsage:trn2.48xlarge", EC2).cost, Decimal::ZERO, "paid upfront");
    }

    #[test]
    fn the_level_is_a_line_between_its_marks() {
        assert_eq!(level(FIRST_DAY), 10_000_000);
        // 2026-02-15 is 14 of the 28 days from 30 to 38 million.
        assert_eq!(level(day(2026, 2, 15)), 34_000_000);
        assert_eq!(level(LAUNCH), 206_000_000);
        // Ten of the eleven days from 210 to 207 million: 210 - 30/11, cut to whole tokens.
        assert_eq!(level(day(2026, 11, 30)), 207_272_727);
    }

    #[test]
    fn the_year_is_the_same_every_time() {
        assert_eq!(account().lines, account().lines);
    }
}
