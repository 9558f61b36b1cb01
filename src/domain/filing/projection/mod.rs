//! The filed projection: what was told to AWS, line by line, and what it plans month by month and day by day.
//!
//! Invariants: a filing that parses is complete and free of overlaps, so that every dollar of actual spend belongs to
//! exactly one record or to [`OUTSIDE`]; its [`content_hash`] is that of the file's bytes; nothing in it is a float; a
//! planned month that is not listed is zero; what has no price is in the plan as unpriced, with the reason, and never
//! as zero.
//!
//! [`FiledProjection::parse`] reads the file, [`plan()`] prices it, [`Attribution`] assigns actual spend to it by the
//! [`rules()`], [`overlaps()`] finds what is planned twice, [`diff()`] compares two versions.

mod application;
mod attribute;
mod diff;
mod filed;
mod overlap;
mod parse;
mod plan;
mod problem;
mod size;
mod windows;

pub use application::{Application, AwardHad, Backing, Company, FundingStage, Poc, ProductOrFeature};
pub use attribute::{ActualCost, Attribution, Claim, OUTSIDE, Rule, rules};
pub use diff::{Change, FieldChange, FilingDiff, LineDiff, MonthDelta, Totals, diff, diff_months};
pub use filed::{
    AcceleratorLine, AmountMonth, BEDROCK, EC2_COMPUTE, FiledLine, FiledProjection, FiledRecord, RunMonth, SAGEMAKER,
    ServiceLine, TokenLine, TokenMonth, accelerator_workload, content_hash, fold_instance_type,
};
pub use overlap::{Overlap, Part, overlaps, told_overlaps};
pub use parse::service_of_model;
pub use plan::{Driver, Plan, PlannedDay, PlannedMonth, TokenBucket, UnpricedLine, daily_costs, daily_plan, plan};
pub use problem::{MOST_TOLD, ProjectionProblem, Told, suggest};
pub use size::{FiledMonth, FilingSize, KnownScale};
pub use windows::{Windows, WithinWindow};
