//! Events that people plan, as they enter them.

use crate::values::money::{Money, Quantity};
use crate::values::words::days_text;
use chrono::{DateTime, NaiveDate, Utc};
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};
use std::fmt;
use utoipa::ToSchema;

/// An event as a person entered it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PlanEntry {
    /// Number, counted from 1.
    pub id: u32,
    /// When it was entered.
    pub recorded_at: DateTime<Utc>,
    /// Its first day.
    pub on: NaiveDate,
    /// How likely it comes: above 0, at most 1.
    pub sure: Decimal,
    /// What the person wrote beside it.
    pub note: Option<String>,
    /// What is planned.
    pub what: What,
}

/// What kind of event it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum PlanKind {
    /// Use that begins, or a step up.
    Launch,
    /// Work on accelerators.
    Run,
    /// All tokens of one model go to another.
    Switch,
    /// A fixed amount that no credit pays.
    Fee,
    /// Credit that will land.
    Award,
    /// A model or service that is given up.
    End,
}

impl PlanKind {
    /// Its name on the command line and in JSON.
    pub const fn as_str(self) -> &'static str {
        match self {
            PlanKind::Launch => "launch",
            PlanKind::Run => "run",
            PlanKind::Switch => "switch",
            PlanKind::Fee => "fee",
            PlanKind::Award => "award",
            PlanKind::End => "end",
        }
    }
}

/// What tokens are counted by.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Per {
    /// A day.
    Day,
    /// A month, as in filings.
    #[default]
    Month,
}

/// How much a launch uses.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Volume {
    /// US dollars a day.
    UsdPerDay(Money),
    /// Tokens of a model, in millions.
    Tokens {
        /// Display name.
        model: String,
        /// Input tokens.
        input_millions: Quantity,
        /// Output tokens.
        output_millions: Quantity,
        /// What they are counted by.
        per: Per,
    },
}

/// What is planned.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum What {
    /// Use that begins.
    Launch(Volume),
    /// Work on accelerators.
    Run {
        /// Instance type.
        instance_type: String,
        /// Chip-hours of one run.
        chip_hours: Quantity,
        /// Days that it takes.
        days: u32,
        /// Number of runs.
        repeats: u32,
        /// Days from one start to the next.
        every: u32,
    },
    /// All tokens of one model go to another.
    Switch {
        /// The model now.
        from: String,
        /// The model then.
        to: String,
    },
    /// A fixed amount that no credit pays.
    Fee {
        /// Amount.
        usd: Money,
        /// Service that bills it.
        service: Option<String>,
    },
    /// Credit that will land.
    Award {
        /// Amount.
        usd: Money,
        /// First day on which it pays nothing any more.
        until: NaiveDate,
        /// Services that it may pay for; `None` = everything that credit can pay.
        services: Option<Vec<String>>,
    },
    /// A model or service that is given up.
    End {
        /// Its name.
        of: String,
    },
}

impl What {
    /// Its kind.
    pub const fn kind(&self) -> PlanKind {
        match self {
            What::Launch(_) => PlanKind::Launch,
            What::Run { .. } => PlanKind::Run,
            What::Switch { .. } => PlanKind::Switch,
            What::Fee { .. } => PlanKind::Fee,
            What::Award { .. } => PlanKind::Award,
            What::End { .. } => PlanKind::End,
        }
    }
}

impl fmt::Display for What {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            What::Launch(Volume::UsdPerDay(usd)) => write!(f, "launch at {} a day", usd.dollars()),
            What::Launch(Volume::Tokens { model, input_millions, output_millions, per }) => {
                let per = if *per == Per::Day { "day" } else { "month" };
                write!(
                    f,
                    "launch of {model}: {input_millions} million input and {output_millions} million output tokens a {per}"
                )
            }
            What::Run { instance_type, chip_hours, days, repeats, every } => {
                let (over, every) = (days_text(i64::from(*days)), days_text(i64::from(*every)));
                write!(f, "{chip_hours} chip-hours of {instance_type} over {over}")?;
                if *repeats > 1 { write!(f, ", {repeats} times, every {every}") } else { Ok(()) }
            }
            What::Switch { from, to } => write!(f, "switch from {from} to {to}"),
            What::Fee { usd, service: None } => write!(f, "fee of {}", usd.dollars()),
            What::Fee { usd, service: Some(service) } => write!(f, "fee of {} for {service}", usd.dollars()),
            What::Award { usd, services: None, .. } => write!(f, "award of {}", usd.dollars()),
            What::Award { usd, services: Some(services), .. } => {
                write!(f, "award of {} for {}", usd.dollars(), services.join(", "))
            }
            What::End { of } => write!(f, "end of {of}"),
        }
    }
}
