//! Instance usage of EC2 and SageMaker, `[REGION-]KIND:[APPLICATION-]TYPE`, and the accelerators among the types.
//!
//! Invariants: an accelerator's cost counts as its workload whatever its kind; chip-hours are counted only for a type
//! that the table knows, a kind whose quantity is instance hours, and a unit that says hours.

use std::collections::{BTreeMap, BTreeSet};

use rust_decimal::Decimal;
use serde::Deserialize;

use super::rules::{self, ClassifierError};
use crate::values::workload::{Classification, Workload};

const FILE: &str = "compute.toml";
const ACCELERATORS_FILE: &str = "accelerators.csv";

/// An instance type with AWS's own chips.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Accelerator {
    /// Chips of one instance: an hour of it is this many chip-hours.
    pub chips: u32,
    /// Virtual processors of one instance.
    pub vcpu: u32,
    /// Chip family, for example `Trainium2`.
    pub family: String,
    /// Trainium or Inferentia.
    pub workload: Workload,
}

/// The rules of `compute.toml` and the table of `accelerators.csv`.
#[derive(Debug, Clone)]
pub(super) struct ComputeRules {
    ec2_hours: BTreeSet<String>,
    sagemaker_hours: BTreeSet<String>,
    families: BTreeMap<String, Workload>,
    accelerators: BTreeMap<String, Accelerator>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ComputeFile {
    ec2_instance_hours: BTreeSet<String>,
    sagemaker_instance_hours: BTreeSet<String>,
    family_prefixes: BTreeMap<String, Workload>,
}

#[derive(Deserialize)]
struct AcceleratorRow {
    instance_type: String,
    family: String,
    workload: Workload,
    chips: u32,
    vcpu: u32,
}

impl ComputeRules {
    /// Parses `compute.toml` and `accelerators.csv`.
    pub(super) fn parse(rules_text: &str, accelerators_text: &str) -> Result<Self, ClassifierError> {
        let file: ComputeFile = rules::from_toml(FILE, rules_text)?;
        let mut accelerators = BTreeMap::new();
        for row in rules::from_csv::<AcceleratorRow>(ACCELERATORS_FILE, accelerators_text)? {
            let AcceleratorRow { instance_type, family, workload, chips, vcpu } = row;
            let accelerator = Accelerator { chips, vcpu, family, workload };
            let is_accelerator = matches!(workload, Workload::Trainium | Workload::Inferentia);
            if !is_accelerator || chips == 0 || accelerators.insert(instance_type.clone(), accelerator).is_some() {
                return Err(rules::entry_error(
                    ACCELERATORS_FILE,
                    &format!("the instance type `{instance_type}`"),
                    "stands there twice, has no chips, or is neither trainium nor inferentia",
                    "Keep one line for it, with its chips and workload.",
                ));
            }
        }
        Ok(ComputeRules {
            ec2_hours: file.ec2_instance_hours,
            sagemaker_hours: file.sagemaker_instance_hours,
            families: file.family_prefixes,
            accelerators,
        })
    }

    /// The accelerator of this name.
    pub(super) fn accelerator(&self, instance_type: &str) -> Option<&Accelerator> {
        self.accelerators.get(instance_type)
    }

    /// All accelerator types, sorted.
    pub(super) fn instance_types(&self) -> impl Iterator<Item = &str> {
        self.accelerators.keys().map(String::as_str)
    }

    /// An EC2 row of an accelerator; `None` for every other. `hours` is what one unit is in hours, if it is any.
    pub(super) fn ec2(&self, usage_type: &str, hours: Option<Decimal>, unit: &str) -> Option<Classification> {
        self.accelerator_row(usage_type, &self.ec2_hours, hours, unit)
    }

    /// A SageMaker row of an accelerator; `None` for every other.
    pub(super) fn sagemaker(&self, usage_type: &str, hours: Option<Decimal>, unit: &str) -> Option<Classification> {
        self.accelerator_row(usage_type, &self.sagemaker_hours, hours, unit)
    }

    fn accelerator_row(
        &self,
        usage_type: &str,
        hour_kinds: &BTreeSet<String>,
        hours: Option<Decimal>,
        unit: &str,
    ) -> Option<Classification> {
        let (prefixed_kind, rest) = usage_type.trim().split_once(':')?;
        // EC2 writes no prefix in us-east-1, and AWS adds regions and zones: whatever stands before a dash is a place.
        let kind = prefixed_kind.rsplit_once('-').map_or(prefixed_kind, |(_, kind)| kind);
        // SageMaker Studio names the application first: `JupyterLab-ml.trn1.2xlarge`.
        let instance_type = rest.find("-ml.").map_or(rest, |dash| &rest[dash + 1..]);
        let workload = self.workload(instance_type)?;
        let chips = self.accelerator(instance_type).map(|accelerator| Decimal::from(accelerator.chips));
        let chip_hours = hours.zip(chips).filter(|_| hour_kinds.contains(kind)).map(|(hours, chips)| hours * chips);
        let unit = if chip_hours.is_some() { "chip_hours" } else { unit };
        Some(Classification {
            instance_type: Some(instance_type.to_owned()),
            scale: chip_hours,
            ..Classification::plain(workload, unit)
        })
    }

    /// By the table, else by the family's prefix and a digit, as in `trn4.48xlarge` or `ml.inf3.xlarge`.
    fn workload(&self, instance_type: &str) -> Option<Workload> {
        if let Some(accelerator) = self.accelerator(instance_type) {
            return Some(accelerator.workload);
        }
        let bare = instance_type.strip_prefix("ml.").unwrap_or(instance_type);
        // UltraServers are written `u-trn2x64`.
        let bare = bare.strip_prefix("u-").unwrap_or(bare);
        self.families.iter().find_map(|(prefix, &workload)| {
            let rest = bare.strip_prefix(prefix.as_str())?;
            rest.starts_with(|c: char| c.is_ascii_digit()).then_some(workload)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::billing::classify::{Classifier, RuleFiles};

    const EC2: &str = "Amazon Elastic Compute Cloud - Compute";
    const REGIONS: [&str; 6] = ["", "USE1-", "EU-", "APS5-", "USW2-LAX1-", "XYZ9-"];

    /// Every kind, place and accelerator: hours of use are chip-hours, everything else is cost.
    #[test]
    fn every_accelerator_is_told_in_every_kind_and_place() {
        let classifier = Classifier::builtin();
        let types: Vec<AcceleratorRow> = rules::from_csv(ACCELERATORS_FILE, RuleFiles::BUILTIN.accelerators).unwrap();
        let used = ["BoxUsage", "HostBoxUsage", "SpotUsage", "DedicatedUsage", "UnusedBox", "UnusedDed"];
        let paid = ["CapacityBlockFee", "Reservation", "DedicatedRes", "HeavyUsage", "EBSOptimized"];
        let of_ec2 = used.map(|kind| (kind, true)).into_iter().chain(paid.map(|kind| (kind, false)));
        let of_ec2 = of_ec2.flat_map(|(kind, hours)| [(EC2, kind, "", hours), ("EC2 - Other", kind, "", hours)]);
        let sagemaker = [
            ("Train", "", true),
            ("Cluster", "", true),
            ("Host", "", true),
            ("AsyncInf", "", true),
            ("Tsform", "", true),
            ("Processing", "", true),
            ("Notebk", "", true),
            ("Studio", "", true),
            ("Studio", "JupyterLab-", true),
            ("ReservedCluster", "", false),
        ];
        let of_sagemaker = ["Amazon SageMaker", "Amazon SageMaker AI"].into_iter();
        let of_sagemaker = of_sagemaker
            .flat_map(|service| sagemaker.map(|(kind, application, hours)| (service, kind, application, hours)));
        for (service, kind, application, hours) in of_ec2.chain(of_sagemaker) {
            for AcceleratorRow { instance_type, workload, chips, .. } in &types {
                if service.contains("SageMaker") != instance_type.starts_with("ml.") {
                    continue;
                }
                for region in REGIONS {
                    let usage_type = format!("{region}{kind}:{application}{instance_type}");
                    let got = classifier.classify(service, Some(&usage_type), "Hrs");
                    let want = Classification {
                        instance_type: Some(instance_type.clone()),
                        scale: hours.then(|| Decimal::from(*chips)),
                        ..Classification::plain(*workload, if hours { "chip_hours" } else { "Hrs" })
                    };
                    assert_eq!(got, want, "{service} {usage_type}");
                }
            }
        }
    }
}
