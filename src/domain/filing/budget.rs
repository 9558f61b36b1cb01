//! AWS Budgets from a filing, as a CloudFormation template: a backstop that AWS itself runs, for the day on which this program does
//! not.
//!
//! Conventions, each with its reason:
//! - A budget reads what is used before credits pay (`IncludeCredit` is false): AWS's default reads about zero while they do.
//! - It reads usage as a filing plans it: no tax, no refunds, no support and no upfront fees.
//! - A budget takes twelve months of planned limits at most, from the current month on, so a longer filing is several, one after the
//!   other, and months that are over are in none.
//! - Each ends with its last month, where AWS removes it. It would go on with the last limit otherwise, which nobody filed.
//! - Limits are whole cents, and their sum is the filing's of the same months to the cent: each is the difference of two rounded
//!   running totals.

use chrono::{DateTime, NaiveDate, NaiveTime, TimeDelta, Utc};
use rust_decimal::Decimal;
use serde_json::{Map, Value, json};
use thiserror::Error;

use super::projection::{FiledMonth, FilingSize, UnpricedLine};
use crate::values::money::Money;
use crate::values::period::BillingPeriod;

/// Months that one budget takes.
const MONTHS: usize = 12;
/// AWS takes no limit of zero.
const LEAST_CENTS: Decimal = Decimal::from_parts(1, 0, 0, false, 2);
/// When AWS speaks: what it compares, and the percentage of a month's limit above which it does.
const NOTIFICATIONS: [(&str, u32); 4] = [("ACTUAL", 80), ("ACTUAL", 100), ("ACTUAL", 125), ("FORECASTED", 100)];

/// Why there is no template.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum NoBudget {
    /// Nothing of the filing is left.
    #[error(
        "the filing plans no month from {from} on; its last one is {last}: file the next one, and print the budgets anew"
    )]
    Over {
        /// First month that a budget could begin with.
        from: BillingPeriod,
        /// The filing's last.
        last: BillingPeriod,
    },
}

/// What a template is made from.
#[derive(Debug, Clone, Copy)]
pub struct Source<'a> {
    /// What the filing comes to by month.
    pub size: &'a FilingSize,
    /// What it plans without a price, which is in no month.
    pub unpriced: &'a [UnpricedLine],
    /// Which filing it is, in words, such as `version 2, filed on 2026-02-01`.
    pub filing: &'a str,
}

/// The template, as JSON: a budget for each twelve months that the filing plans from `from` on.
///
/// # Errors
/// [`NoBudget`] where it plans none.
pub fn template(source: Source<'_>, from: BillingPeriod) -> Result<Value, NoBudget> {
    let Source { size, unpriced, filing } = source;
    let months: Vec<FiledMonth> = size.months.iter().copied().filter(|filed| filed.month >= from).collect();
    let (Some(first), Some(last)) = (months.first(), months.last()) else {
        return Err(NoBudget::Over { from, last: size.months.last().map_or(from, |filed| filed.month) });
    };
    let limits: Vec<(BillingPeriod, Decimal)> = limits(&months);
    let mut resources = Map::new();
    for (number, chunk) in (1..).zip(limits.chunks(MONTHS)) {
        let name = if number == 1 { "FiledSpend".to_owned() } else { format!("FiledSpend{number}") };
        resources.insert(name, budget(number, chunk));
    }
    let description = format!(
        "What was filed with AWS ({filing}) as budgets, from {} to {}. Made by glidepath, which neither creates nor changes them. \
         Create the stack in {}, since a budget begins with the current month; print it anew for a later filing.",
        first.month, last.month, first.month
    );
    let unpriced: Vec<String> = unpriced.iter().map(ToString::to_string).collect();
    Ok(json!({
        "AWSTemplateFormatVersion": "2010-09-09",
        "Description": description,
        "Metadata": { "Glidepath": { "Filing": filing, "InNoLimit": unpriced } },
        "Parameters": {
            "Email": {
                "Type": "String",
                "Default": "",
                "Description": "Address that AWS writes to; empty for none.",
            },
            "TopicArn": {
                "Type": "String",
                "Default": "",
                "Description": "SNS topic that AWS publishes to, whose policy has to let budgets.amazonaws.com do so; empty for none.",
            },
        },
        "Conditions": {
            "HasEmail": { "Fn::Not": [{ "Fn::Equals": [{ "Ref": "Email" }, ""] }] },
            "HasTopic": { "Fn::Not": [{ "Fn::Equals": [{ "Ref": "TopicArn" }, ""] }] },
        },
        "Rules": {
            "SomebodyIsTold": {
                "Assertions": [{
                    "Assert": { "Fn::Not": [{ "Fn::And": [
                        { "Fn::Equals": [{ "Ref": "Email" }, ""] },
                        { "Fn::Equals": [{ "Ref": "TopicArn" }, ""] },
                    ] }] },
                    "AssertDescription": "Give Email, TopicArn or both: a budget that tells nobody is none.",
                }],
            },
        },
        "Resources": resources,
    }))
}

/// The limit of each month, to the cent.
fn limits(months: &[FiledMonth]) -> Vec<(BillingPeriod, Decimal)> {
    let (mut sum, mut told) = (Money::ZERO, Decimal::ZERO);
    let limit = |filed: &FiledMonth| {
        sum += filed.usd;
        let limit = sum.cents() - told;
        told += limit;
        (filed.month, limit.max(LEAST_CENTS))
    };
    months.iter().map(limit).collect()
}

fn budget(number: usize, limits: &[(BillingPeriod, Decimal)]) -> Value {
    let planned: Map<String, Value> = limits
        .iter()
        .map(|(month, usd)| {
            let limit = json!({ "Amount": format!("{usd:.2}"), "Unit": "USD" });
            (midnight(month.first_day()).timestamp().to_string(), limit)
        })
        .collect();
    let (start, end) = match (limits.first(), limits.last()) {
        (Some((first, _)), Some((last, _))) => {
            (midnight(first.first_day()), midnight(last.next().first_day()) - TimeDelta::seconds(1))
        }
        _ => (DateTime::UNIX_EPOCH, DateTime::UNIX_EPOCH),
    };
    let name = if number == 1 { String::new() } else { format!("-{number}") };
    let heard = |kind: &str, percent: u32| {
        json!({
            "Notification": {
                "NotificationType": kind,
                "ComparisonOperator": "GREATER_THAN",
                "Threshold": percent,
                "ThresholdType": "PERCENTAGE",
            },
            "Subscribers": [
                { "Fn::If": ["HasEmail", { "SubscriptionType": "EMAIL", "Address": { "Ref": "Email" } }, { "Ref": "AWS::NoValue" }] },
                { "Fn::If": ["HasTopic", { "SubscriptionType": "SNS", "Address": { "Ref": "TopicArn" } }, { "Ref": "AWS::NoValue" }] },
            ],
        })
    };
    json!({
        "Type": "AWS::Budgets::Budget",
        "Properties": {
            "Budget": {
                "BudgetName": { "Fn::Sub": format!("${{AWS::StackName}}-filed-spend{name}") },
                "BudgetType": "COST",
                "TimeUnit": "MONTHLY",
                "TimePeriod": { "Start": start.timestamp().to_string(), "End": end.timestamp().to_string() },
                "PlannedBudgetLimits": planned,
                "CostTypes": {
                    "IncludeCredit": false,
                    "IncludeRefund": false,
                    "IncludeTax": false,
                    "IncludeSupport": false,
                    "IncludeUpfront": false,
                    "IncludeDiscount": true,
                    "IncludeSubscription": true,
                    "IncludeOtherSubscription": true,
                    "IncludeRecurring": true,
                    "UseAmortized": false,
                    "UseBlended": false,
                },
            },
            "NotificationsWithSubscribers": NOTIFICATIONS.map(|(kind, percent)| heard(kind, percent)),
        },
    })
}

fn midnight(day: NaiveDate) -> DateTime<Utc> {
    day.and_time(NaiveTime::MIN).and_utc()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn size(first: &str, usd: &[&str]) -> FilingSize {
        let first: BillingPeriod = first.parse().unwrap();
        let months =
            (0..).zip(usd).map(|(at, usd)| FiledMonth { month: first.plus_months(at), usd: usd.parse().unwrap() });
        let months: Vec<FiledMonth> = months.collect();
        FilingSize { total_usd: months.iter().map(|filed| filed.usd).sum(), months, asked_usd: None }
    }

    fn made(size: &FilingSize, from: &str) -> Result<Value, NoBudget> {
        template(Source { size, unpriced: &[], filing: "version 1" }, from.parse().unwrap())
    }

    fn limits_of(template: &Value) -> Vec<(String, Decimal)> {
        let budgets = template["Resources"].as_object().unwrap().values();
        let planned = budgets.flat_map(|it| it["Properties"]["Budget"]["PlannedBudgetLimits"].as_object().unwrap());
        planned.map(|(at, limit)| (at.clone(), limit["Amount"].as_str().unwrap().parse().unwrap())).collect()
    }

    #[test]
    fn limits_sum_to_the_filing_to_the_cent_however_its_months_round() {
        let size = size("2026-02", &["0.3333333333"; 24]);
        let template = made(&size, "2026-02").unwrap();
        let limits = limits_of(&template);
        assert_eq!(limits.len(), 24);
        assert_eq!(limits.iter().map(|(_, usd)| usd).sum::<Decimal>(), size.total_usd.cents());
        assert_eq!(limits[0].0, "1769904000", "the first of February 2026 at midnight UTC");
        let budgets = template["Resources"].as_object().unwrap();
        assert_eq!(budgets.keys().collect::<Vec<_>>(), ["FiledSpend", "FiledSpend2"]);
        let period = |name: &str, at: &str| {
            let text = &budgets[name]["Properties"]["Budget"]["TimePeriod"][at];
            DateTime::from_timestamp(text.as_str().unwrap().parse().unwrap(), 0).unwrap().to_rfc3339()
        };
        assert_eq!(period("FiledSpend", "Start"), "2026-02-01T00:00:00+00:00");
        assert_eq!(period("FiledSpend", "End"), "2027-01-31T23:59:59+00:00");
        assert_eq!(period("FiledSpend2", "Start"), "2027-02-01T00:00:00+00:00");
        assert_eq!(period("FiledSpend2", "End"), "2028-01-31T23:59:59+00:00");
    }

    #[test]
    fn months_that_are_over_are_in_no_budget_and_months_to_come_begin_one() {
        let size = size("2026-02", &["10", "0", "30"]);
        let usd = |from: &str| limits_of(&made(&size, from).unwrap()).into_iter().map(|(_, usd)| usd.to_string());
        assert_eq!(usd("2026-03").collect::<Vec<_>>(), ["0.01", "30.00"], "no limit is zero");
        assert_eq!(usd("2025-11").collect::<Vec<_>>(), ["10.00", "0.01", "30.00"]);
        let told = made(&size, "2026-05").unwrap_err().to_string();
        assert!(told.starts_with("the filing plans no month from 2026-05 on; its last one is 2026-04: "), "{told}");
    }

    #[test]
    fn credits_are_left_out_and_somebody_is_told() {
        let template = made(&size("2026-02", &["10"]), "2026-02").unwrap();
        let properties = &template["Resources"]["FiledSpend"]["Properties"];
        assert_eq!(properties["Budget"]["CostTypes"]["IncludeCredit"], false);
        for one in properties["NotificationsWithSubscribers"].as_array().unwrap() {
            assert_eq!(one["Subscribers"].as_array().unwrap().len(), 2);
        }
        assert!(template["Rules"]["SomebodyIsTold"].is_object());
    }
}
