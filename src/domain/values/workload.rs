//! What spend is for: [`Workload`], and the dimensions of a [`Classification`].

use std::fmt;

use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// Spend by purpose, the coarsest split that the projection, the outlook and the alerts know.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Workload {
    /// Foundation models on Amazon Bedrock, in any of its four billing layouts.
    BedrockInference,
    /// Trainium instance hours on EC2 or SageMaker.
    Trainium,
    /// Inferentia instance hours on EC2 or SageMaker.
    Inferentia,
    /// SageMaker on other instances.
    #[serde(rename = "sagemaker")]
    SageMaker,
    /// Every other service.
    Supporting,
    /// A Bedrock or SageMaker row that no rule understands: counted, shown, never guessed.
    Unclassified,
}

impl Workload {
    /// All workloads, in display order.
    pub const ALL: [Workload; 6] = [
        Workload::BedrockInference,
        Workload::Trainium,
        Workload::Inferentia,
        Workload::SageMaker,
        Workload::Supporting,
        Workload::Unclassified,
    ];

    /// The name in JSON and in metrics.
    pub const fn as_str(self) -> &'static str {
        match self {
            Workload::BedrockInference => "bedrock_inference",
            Workload::Trainium => "trainium",
            Workload::Inferentia => "inferentia",
            Workload::SageMaker => "sagemaker",
            Workload::Supporting => "supporting",
            Workload::Unclassified => "unclassified",
        }
    }

    /// The name for people.
    pub const fn label(self) -> &'static str {
        match self {
            Workload::BedrockInference => "Bedrock inference",
            Workload::Trainium => "Trainium",
            Workload::Inferentia => "Inferentia",
            Workload::SageMaker => "SageMaker",
            Workload::Supporting => "Supporting services",
            Workload::Unclassified => "Unclassified",
        }
    }
}

impl fmt::Display for Workload {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Which way tokens went.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Direction {
    /// Prompt tokens that were not cached.
    Input,
    /// Generated tokens.
    Output,
    /// Prompt tokens read from the cache.
    CacheRead,
    /// Prompt tokens written to the cache.
    CacheWrite,
}

/// Service tier of inference.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Tier {
    /// Pay per token, standard latency.
    OnDemand,
    /// Asynchronous batch.
    Batch,
    /// Cheaper, best effort.
    Flex,
    /// Dearer, ahead of the queue.
    Priority,
    /// Capacity bought ahead: provisioned throughput or the reserved tier.
    Reserved,
}

/// Where inference was routed. A geographic profile, marked or not, is billed as in-region.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Routing {
    /// In the region, or through a geographic profile.
    InRegion,
    /// Through a global cross-region profile.
    Global,
}

/// How long a cache write lives, where the bill says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, ToSchema)]
pub enum CacheLifetime {
    /// Five minutes.
    #[serde(rename = "5m")]
    FiveMinutes,
    /// Thirty minutes.
    #[serde(rename = "30m")]
    ThirtyMinutes,
    /// One hour.
    #[serde(rename = "1h")]
    OneHour,
}

/// What one billed row is, as far as its service and usage type say.
///
/// Quantities of rows with a `scale` are multiplied by it to give `unit`: a row in `1K tokens` has scale 1000 and
/// unit `tokens`; a trn1.32xlarge hour has scale 16 and unit `chip_hours`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Classification {
    /// Purpose.
    pub workload: Workload,
    /// Display name of the model from the exact table or a user's alias; the bill's own slug where neither knows it.
    pub model: Option<String>,
    /// Token direction; `None` for everything that is not text tokens.
    pub direction: Option<Direction>,
    /// Service tier; `None` outside Bedrock inference.
    pub tier: Option<Tier>,
    /// Routing; `None` outside Bedrock inference.
    pub routing: Option<Routing>,
    /// Lifetime of a cache write, where marked.
    pub cache_lifetime: Option<CacheLifetime>,
    /// Long-context price band.
    pub long_context: bool,
    /// Instance type of accelerator hours, for example `trn1.32xlarge` or `ml.trn1.32xlarge`.
    pub instance_type: Option<String>,
    /// Unit after scaling: `tokens`, `chip_hours`, or AWS's own text.
    pub unit: String,
    /// What one billed unit is worth in `unit`; `None` if the unit is not understood, and then the quantity is not
    /// added to anything.
    pub scale: Option<Decimal>,
    /// Why the row is unclassified, for the list that people read.
    pub unclassified_because: Option<String>,
}

impl Classification {
    /// A row of `workload` without any finer dimension, in AWS's own unit.
    pub fn plain(workload: Workload, unit: &str) -> Self {
        Classification {
            workload,
            model: None,
            direction: None,
            tier: None,
            routing: None,
            cache_lifetime: None,
            long_context: false,
            instance_type: None,
            unit: unit.to_owned(),
            scale: Some(Decimal::ONE),
            unclassified_because: None,
        }
    }

    /// A row that no rule understands: its cost counts, its quantity does not.
    pub fn unclassified(unit: &str, because: impl Into<String>) -> Self {
        Classification {
            scale: None,
            unclassified_because: Some(because.into()),
            ..Classification::plain(Workload::Unclassified, unit)
        }
    }
}
