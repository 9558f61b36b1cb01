//! The sentence that AWS wants to read first.

use rust_decimal::Decimal;

use super::{Spend, each};
use crate::period::BillingPeriod;
use crate::projection::{Driver, FiledProjection};
use crate::words::{month_text, volume_text};
use crate::workload::Workload;

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

/// Ten percent more is no growth worth a word, and ten percent less no fall.
const GROWN: Decimal = Decimal::from_parts(11, 0, 0, false, 1);
const FALLEN: Decimal = Decimal::from_parts(9, 0, 0, false, 1);

/// A volume by month of the window.
struct Volume {
    months: Vec<(BillingPeriod, Decimal)>,
    /// That of the first month that has any.
    first: (BillingPeriod, Decimal),
    /// The first month of the most.
    most: (BillingPeriod, Decimal),
    /// That of the window's last month.
    last: Decimal,
}

impl Volume {
    fn of(spend: &Spend, of: impl Fn(&Driver) -> Option<Decimal>) -> Option<Volume> {
        let month = |month| {
            let rows = spend.rows.iter().filter(|row| row.planned.month == month);
            (month, rows.filter_map(|row| of(&row.planned.driver)).sum::<Decimal>())
        };
        let months: Vec<(BillingPeriod, Decimal)> = each(&spend.months).map(month).collect();
        let first = *months.iter().find(|(_, volume)| *volume > Decimal::ZERO)?;
        let most = months.iter().fold(first, |most, month| if month.1 > most.1 { *month } else { most });
        let last = months.last()?.1;
        Some(Volume { months, first, most, last })
    }

    fn words(&self, unit: &str) -> String {
        let Volume { months, first: (begins, first), most: (peak, most), last } = self;
        let used = months.iter().filter(|(_, volume)| *volume > Decimal::ZERO).count();
        let at_first = format!("{} {unit}", volume_text(*first));
        if used == 1 && months.len() > 1 {
            return format!("{at_first} in {} alone", month_text(*begins));
        }
        let in_the_end = if last.is_zero() {
            "none in the last month".to_owned()
        } else {
            format!("{} in the last month", volume_text(*last))
        };
        if *most > *first * GROWN {
            return match *last < *most * FALLEN {
                false => format!("{at_first} a month, growing to {} after launch", volume_text(*most)),
                true => format!(
                    "{at_first} a month, growing to {} in {}, and {in_the_end}",
                    volume_text(*most),
                    month_text(*peak)
                ),
            };
        }
        if used < months.len() {
            return format!("{at_first} a month in {used} of the window's {} months", months.len());
        }
        if *last < *first * FALLEN {
            return format!("{at_first} a month at first, and {in_the_end}");
        }
        format!("{at_first} a month, steady over the window")
    }
}
