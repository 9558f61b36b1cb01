//! The sentence that AWS wants to read first.

use rust_decimal::Decimal;

use super::{Spend, each};
use crate::domain::projection::{Driver, FiledProjection};
use crate::domain::words::volume_text;
use crate::domain::workload::Workload;

/// What the product runs on, in tokens or accelerator-hours a month, at first and at the most. What is missing is a blank that names
/// it.
pub(super) fn sentence(filing: &FiledProjection, spend: &Spend) -> String {
    let tokens = Volume::of(spend, |driver| match driver {
        Driver::Tokens(buckets) => Some(buckets.iter().map(|bucket| bucket.tokens.amount()).sum()),
        _ => None,
    });
    let hours = Volume::of(spend, |driver| match driver {
        Driver::ChipHours(hours) => Some(hours.amount()),
        _ => None,
    });
    let chips = chips(spend);
    let plans_tokens = filing.records.iter().any(|record| !record.tokens.is_empty());
    let (subject, volume) = match (tokens, hours) {
        (Some(tokens), Some(hours)) => (
            format!("Our product's core inference runs on Amazon Bedrock, and its training on {chips}"),
            format!("{} and {}", tokens.words("tokens"), hours.words("accelerator-hours")),
        ),
        (Some(tokens), None) => {
            ("Our product's core inference runs on Amazon Bedrock".to_owned(), tokens.words("tokens"))
        }
        (None, Some(hours)) => (format!("Our product's training runs on {chips}"), hours.words("accelerator-hours")),
        (None, None) => (
            "Our product's core inference runs on Amazon Bedrock".to_owned(),
            if plans_tokens {
                "____ tokens a month (the filing plans none within its window)".to_owned()
            } else {
                "____ tokens a month (no record plans tokens or accelerators)".to_owned()
            },
        ),
    };
    format!("{subject}, at roughly {volume}.")
}

/// The accelerators that are planned, by their family's name.
fn chips(spend: &Spend) -> &'static str {
    let has =
        |workload| spend.rows.iter().any(|row| row.planned.workload == workload && row.planned.instance_type.is_some());
    match (has(Workload::Trainium), has(Workload::Inferentia)) {
        (true, true) => "AWS Trainium and Inferentia",
        (false, true) => "AWS Inferentia",
        _ => "AWS Trainium",
    }
}

/// A monthly volume: at first, and at the most.
struct Volume {
    first: Decimal,
    most: Decimal,
}

impl Volume {
    fn of(spend: &Spend, of: impl Fn(&Driver) -> Option<Decimal>) -> Option<Volume> {
        let month = |month| {
            let rows = spend.rows.iter().filter(|row| row.planned.month == month);
            rows.filter_map(|row| of(&row.planned.driver)).sum::<Decimal>()
        };
        let mut months = each(&spend.months).map(month).filter(|volume| volume.is_sign_positive() && !volume.is_zero());
        let first = months.next()?;
        Some(Volume { first, most: months.fold(first, Decimal::max) })
    }

    fn words(&self, unit: &str) -> String {
        let Volume { first, most } = self;
        // Ten percent more is no growth worth a word.
        if *most > *first * Decimal::new(11, 1) {
            format!("{} {unit} a month, growing to {} after launch", volume_text(*first), volume_text(*most))
        } else {
            format!("{} {unit} a month, steady over the window", volume_text(*first))
        }
    }
}
