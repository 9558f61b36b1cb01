//! The same year where AWS says the same thing otherwise, or later: what `demo --year hard` runs through.
//!
//! Discounts under a name of their own, a record type that nobody knows, geographic profiles and other tiers, a service
//! that is renamed, a fee that is returned, a refund of an earlier month, Spot under a credit for on-demand use, credit that
//! is applied a week late, a closed month that is corrected, an account that joins an organisation, and a day on which
//! requests come too late.

use chrono::{DateTime, NaiveDate, Utc};
use rust_decimal::Decimal;

use super::year::{BEDROCK, END, SAGEMAKER, day, price};
use super::{Charges, account_with};
use crate::account::{CreditApplied, FakeAccount, Line};

/// The record type that nobody knows.
pub const UNKNOWN_TYPE: &str = "Innovation Rebate";
/// The day of a closed month that AWS corrects, by how much, and from when on its answers show it.
pub const CORRECTED_DAY: NaiveDate = day(2026, 8, 10);
/// See [`CORRECTED_DAY`].
pub const CORRECTED_BY: &str = "800";
const CORRECTED_AT: &str = "2026-10-07T00:00:00Z";
/// The first day that Cost Explorer shows once the account has joined an organisation, and when the days before go.
pub const JOINED_ON: NaiveDate = day(2026, 10, 15);
const FORGOTTEN_AT: &str = "2026-10-17T00:00:00Z";
/// The day on which each request comes too late.
pub const LATE_REQUESTS_ON: NaiveDate = day(2026, 10, 28);
/// The usage type of geographic profiles and the tiers that the plain year does not have, from 20 October on.
const GEOGRAPHIC: &str = "USE1-Nova2.0Lite-input-tokens-cross-region-geo";
const TIERS: [&str; 2] = ["USE1-NovaPro-input-tokens-flex", "USE1-NovaPro-output-tokens-priority"];
const TIERS_FROM: NaiveDate = day(2026, 10, 20);

/// What SageMaker is called from 5 November on.
pub const RENAMED_TO: &str = "Amazon SageMaker AI";
const RENAMED_ON: NaiveDate = day(2026, 11, 5);

/// The account of the hard year.
pub fn hard_account() -> FakeAccount {
    let kinds = [
        Charges::Discount("Enterprise Discount Program Discount"),
        Charges::PlanReturned,
        Charges::UsageRefunded,
        Charges::SpotUnderALimit("ON_DEMAND"),
    ];
    let mut account = account_with(&kinds)
        .restate(
            CORRECTED_AT,
            &CORRECTED_DAY.to_string(),
            BEDROCK,
            "Usage",
            "USE1-Nova2.0Lite-input-tokens-cross-region-global",
            "tokens",
            "0",
            CORRECTED_BY,
        )
        .charge("2026-10-30", BEDROCK, UNKNOWN_TYPE, "-12.5")
        .credit_applied(CreditApplied::DaysLater(7))
        .joins_organisation(&JOINED_ON.to_string(), FORGOTTEN_AT);
    for credit in account.credits.iter_mut().filter(|credit| credit.pays_for(SAGEMAKER)) {
        credit.services.push(RENAMED_TO.to_owned());
    }
    for line in &mut account.lines {
        if line.day >= RENAMED_ON && line.service == SAGEMAKER {
            line.service = RENAMED_TO.to_owned();
        }
        if line.day >= TIERS_FROM && line.usage_type == "USE1-Nova2.0Lite-input-tokens-cross-region-global" {
            line.usage_type = GEOGRAPHIC.to_owned();
        }
    }
    let days = TIERS_FROM.iter_days().take_while(|day| *day < END);
    days.fold(account, |account, on| {
        let [flex, priority] = TIERS;
        let tokens = |usage_type: &str, usd: &str| Line {
            day: on,
            service: BEDROCK.to_owned(),
            record_type: "Usage".to_owned(),
            usage_type: usage_type.to_owned(),
            unit: "1K tokens".to_owned(),
            quantity: Decimal::from(20_000),
            cost: Decimal::from(20_000) * price(usd),
            visible_from: None,
        };
        account.line(tokens(flex, "0.0004")).line(tokens(priority, "0.0056"))
    })
}

/// What the whole bill comes to through `day`, credits and tax apart, of all that AWS has ever shown by `now`: the truth
/// beside which every reading of it stands. What it corrects of days that it shows no more, nobody sees.
pub fn true_gross(account: &FakeAccount, day: NaiveDate, now: DateTime<Utc>) -> Decimal {
    let gross = |line: &&Line| !matches!(&*line.record_type, "Credit" | "Refund" | "Tax");
    let until =
        |line: &Line| account.joined.filter(|(joined, _)| line.day < *joined).map_or(now, |(_, at)| at.min(now));
    let shown = |line: &&Line| line.day <= day && line.visible_from.is_none_or(|from| from <= until(line));
    account.lines.iter().filter(gross).filter(shown).map(|line| line.cost).sum()
}
