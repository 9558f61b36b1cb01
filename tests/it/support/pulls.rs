//! Made-up answers of Cost Explorer, as large as a busy startup's.

use chrono::NaiveDate;
use glidepath::domain::facts::charge::{Charge, Usage};
use glidepath::domain::values::money::{Money, Quantity};
use glidepath::domain::values::period::DayRange;
use glidepath::store::PulledCosts;
use rust_decimal::Decimal;

/// How much a pull holds per day.
#[derive(Debug, Clone, Copy)]
pub struct Size {
    /// Services with a charge.
    pub services: usize,
    /// Usage types over all services.
    pub usage_types: usize,
}

/// Every day of `window` in full. The amounts of a day depend on the day alone, so two pulls agree where they overlap;
/// `estimated_from` is the first day whose month AWS has not closed.
pub fn pull(window: DayRange, size: Size, estimated_from: NaiveDate) -> PulledCosts {
    let (mut charges, mut usage) = (Vec::new(), Vec::new());
    for day in window.days() {
        let mut gross = vec![Money::ZERO; size.services];
        for of_day in 0..size.usage_types {
            let service = of_day % size.services;
            let row = usage_row(day, service, of_day, day >= estimated_from);
            gross[service] += row.cost;
            usage.push(row);
        }
        for (service, cost) in gross.into_iter().enumerate() {
            let charge = |record_type: &str, billed_cost| Charge {
                day,
                service: service_name(service),
                record_type: record_type.to_owned(),
                billed_cost,
                estimated: day >= estimated_from,
            };
            charges.push(charge("Usage", cost));
            charges.push(charge("Credit", -cost));
        }
    }
    PulledCosts { window, charges, usage, pages: 2, request_ids: vec!["one".to_owned(), "two".to_owned()] }
}

fn usage_row(day: NaiveDate, service: usize, number: usize, estimated: bool) -> Usage {
    // Ten digits after the point, as Cost Explorer sends them, and no two days alike.
    let serial = i64::from(chrono::Datelike::num_days_from_ce(&day)) * 7_919 + number as i64 * 104_729;
    Usage {
        day,
        service: service_name(service),
        usage_type: usage_type_name(service, number),
        cost: Money::from_decimal(Decimal::new(serial * 12_345 % 1_000_000_000_000, 10)),
        quantity: Quantity::from_decimal(Decimal::new(serial * 777, 6)),
        unit: if service == 0 { "1K tokens" } else { "Hrs" }.to_owned(),
        estimated,
    }
}

/// The first service is Bedrock, every third after it a Bedrock Edition.
pub fn service_name(number: usize) -> String {
    match number {
        0 => "Amazon Bedrock".to_owned(),
        n if n % 3 == 0 => format!("Model {n} (Amazon Bedrock Edition)"),
        n => format!("Amazon Made-up Service {n}"),
    }
}

fn usage_type_name(service: usize, number: usize) -> String {
    match service {
        0 => format!("USE1-NovaLite{number}-input-tokens"),
        n if n % 3 == 0 => format!("USE1-MP:USE1_InputTokenCount_{number}-Units"),
        _ => format!("USE2-BoxUsage:m{number}.large"),
    }
}
