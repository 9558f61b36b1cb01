//! The sentence that AWS wants to read first.

use rust_decimal::Decimal;

use super::spend::Spend;
use crate::filing::ask::spend::each;
use crate::filing::projection::{Driver, FiledProjection};
use crate::values::period::BillingPeriod;
use crate::values::words::{month_text, volume_text};

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
    let is_accelerator = |what: &str| {
        filing.records.iter().flat_map(|record| &record.accelerators).any(|line| line.instance_type == what)
    };
    let unpriced = |accelerator: bool, unit: &str| {
        let line = spend.unpriced.iter().find(|line| is_accelerator(&line.what) == accelerator)?;
        Some(format!("____ {unit} a month ({} has no price)", line.what))
    };
    let tokens = tokens.map(|tokens| tokens.words("tokens")).or_else(|| unpriced(false, "tokens"));
    let hours = hours.map(|hours| hours.words("accelerator-hours")).or_else(|| unpriced(true, "accelerator-hours"));
    let subject = subject(filing, tokens.is_some() || hours.is_none(), hours.is_some());
    let volume = match (tokens, hours) {
        (Some(tokens), Some(hours)) => format!("{tokens}, and {hours}"),
        (Some(volume), None) | (None, Some(volume)) => volume,
        (None, None) if filing.records.iter().any(|record| !record.tokens.is_empty()) => {
            "____ tokens a month (the filing plans none within its window)".to_owned()
        }
        (None, None) => "____ tokens a month (no record plans tokens or accelerators)".to_owned(),
    };
    format!("Our product's {subject}, at roughly {volume}.")
}

/// What runs on what: inference on Bedrock and Inferentia, training on Trainium.
fn subject(filing: &FiledProjection, on_bedrock: bool, on_accelerators: bool) -> String {
    let types = || filing.records.iter().flat_map(|record| &record.accelerators).map(|line| &line.instance_type);
    let is_inferentia = |instance_type: &String| instance_type.starts_with("inf");
    let inferentia = on_accelerators && types().any(is_inferentia);
    let trainium = on_accelerators && types().any(|instance_type| !is_inferentia(instance_type));
    let inference = match (on_bedrock, inferentia) {
        (true, true) => "core inference runs on Amazon Bedrock and AWS Inferentia",
        (true, false) => "core inference runs on Amazon Bedrock",
        (false, true) => "core inference runs on AWS Inferentia",
        (false, false) => return "training runs on AWS Trainium".to_owned(),
    };
    if trainium { format!("{inference}, and its training on AWS Trainium") } else { inference.to_owned() }
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
