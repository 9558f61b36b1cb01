//! What any product runs on, the support plan, and the corrections that AWS makes when it closes a month.

use chrono::{Datelike, Days, Months, NaiveDate, NaiveTime};
use rust_decimal::Decimal;

use crate::account::Line;

use super::year::{
    Dice, EC2, EC2_OTHER, END, FIRST_DAY, LAUNCH, TODAY, day, days, days_between, level, metered, milli,
    weekday_per_mille,
};

/// From this day on the team looks at dashboards that no credit pays for.
const DASHBOARDS: NaiveDate = day(2026, 6, 1);

const S3: &str = "Amazon Simple Storage Service";
const CLOUDWATCH: &str = "AmazonCloudWatch";

/// Every infrastructure line of the year.
pub(super) fn lines(dice: &mut Dice) -> Vec<Line> {
    days().flat_map(|on| standing(on).into_iter().chain(following_traffic(on, dice))).collect()
}

/// Machines that run whether or not anybody calls.
fn standing(on: NaiveDate) -> Vec<Line> {
    let servers = if on < LAUNCH { 2 } else { 6 };
    let rds = "Amazon Relational Database Service";
    let stored_gigabytes = 500 + 20 * days_between(FIRST_DAY, on);
    let mut lines = vec![
        metered(on, EC2, "BoxUsage:m7g.xlarge", "Hrs", Decimal::from(servers * 24), "0.1632"),
        metered(on, EC2_OTHER, "EBS:VolumeUsage.gp3", "GB-Mo", milli(20_000), "0.08"),
        metered(on, EC2_OTHER, "NatGateway-Hours", "Hrs", Decimal::from(48), "0.045"),
        metered(on, rds, "InstanceUsage:db.r6g.large", "Hrs", Decimal::from(48), "0.225"),
        metered(on, rds, "RDS:GP3-Storage", "GB-Mo", milli(6_667), "0.115"),
        metered(on, "Amazon OpenSearch Service", "ESInstance:r6g.large.search", "Hrs", Decimal::from(48), "0.167"),
        metered(on, S3, "TimedStorage-ByteHrs", "GB-Mo", milli(stored_gigabytes * 1000 / 30), "0.023"),
    ];
    if on >= DASHBOARDS {
        lines.push(metered(on, "Amazon QuickSight", "QS-User-Enterprise-Month", "User-Mo", milli(200), "24"));
    }
    lines
}

/// What grows with the calls. The level is in tokens: a million of them takes three vCPU-hours.
fn following_traffic(on: NaiveDate, dice: &mut Dice) -> Vec<Line> {
    let ecs = "Amazon Elastic Container Service";
    let traffic = level(on) / 1000 * weekday_per_mille(on) / 1000;
    // Thousandths of a unit per million tokens.
    let mut used = |per_million: u64| milli(dice.about(traffic * per_million / 1000, 80));
    vec![
        metered(on, ecs, "USE1-Fargate-vCPU-Hours:perCPU", "hours", used(3_000), "0.04048"),
        metered(on, ecs, "USE1-Fargate-GB-Hours", "hours", used(6_000), "0.004445"),
        metered(on, CLOUDWATCH, "USE1-DataProcessing-Bytes", "GB", used(60), "0.5"),
        metered(on, EC2_OTHER, "NatGateway-Bytes", "GB", used(500), "0.045"),
        metered(on, S3, "Requests-Tier1", "Requests", used(900_000), "0.000005"),
    ]
}

/// The support fee of each closed month appears on the 6th of the next; on the 7th a few days' storage and logs are
/// corrected, upwards and downwards.
pub(super) fn support_and_corrections() -> Vec<Line> {
    let months = std::iter::successors(FIRST_DAY.with_day(1), |month| Some(*month + Months::new(1)));
    months.take_while(|month| *month < END).filter(|month| *month <= TODAY.date_naive()).flat_map(closing).collect()
}

fn closing(month: NaiveDate) -> Vec<Line> {
    let next = month + Months::new(1);
    let seen = |day_of_month: u64| Some((next + Days::new(day_of_month - 1)).and_time(NaiveTime::MIN).and_utc());
    let (plan, fee) = if month < day(2026, 5, 1) { ("Developer", 29) } else { ("Business", 100) };
    let support = Line {
        day: month,
        service: format!("AWS Support ({plan})"),
        record_type: "Support".to_owned(),
        usage_type: "Dollar".to_owned(),
        unit: "Dollar".to_owned(),
        quantity: Decimal::ONE,
        cost: Decimal::from(fee),
        visible_from: seen(6),
    };
    let corrections = (24..=26).flat_map(|on| {
        let on = month.with_day(on).expect("every month has these days");
        let more = metered(on, CLOUDWATCH, "USE1-DataProcessing-Bytes", "GB", milli(1_240), "0.5");
        let requests =
            metered(on, S3, "Requests-Tier1", "Requests", Decimal::from(u64::from(on.month()) * 350), "0.000005");
        let fewer = Line { quantity: -requests.quantity, cost: -requests.cost, ..requests };
        [more, fewer].map(|line| Line { visible_from: seen(7), ..line })
    });
    std::iter::once(support).chain(corrections).collect()
}
