//! Which regions an account has from the start. Credentials mean nothing in another one until the account enables it.

/// Regions that every account has, and that cannot be switched off: those opened before 20 March 2019.
const FROM_THE_START: [&str; 17] = [
    "ap-northeast-1",
    "ap-northeast-2",
    "ap-northeast-3",
    "ap-south-1",
    "ap-southeast-1",
    "ap-southeast-2",
    "ca-central-1",
    "eu-central-1",
    "eu-north-1",
    "eu-west-1",
    "eu-west-2",
    "eu-west-3",
    "sa-east-1",
    "us-east-1",
    "us-east-2",
    "us-west-1",
    "us-west-2",
];

/// True for a region that an account must enable before it can be used. Those of partitions of their own (China, GovCloud)
/// are none: who has an account there has them.
pub(super) fn must_be_enabled(region: &str) -> bool {
    let own_partition = ["cn-", "us-gov-", "us-iso", "eu-isoe-", "eusc-"].iter().any(|start| region.starts_with(start));
    !own_partition && !FROM_THE_START.contains(&region)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn newer_regions_must_be_enabled_and_older_ones_need_not() {
        for region in ["me-south-1", "ap-east-1", "af-south-1", "eu-south-1", "ap-southeast-3", "il-central-1"] {
            assert!(must_be_enabled(region), "{region}");
        }
        for region in ["us-east-1", "eu-central-1", "ap-northeast-3", "cn-north-1", "us-gov-west-1"] {
            assert!(!must_be_enabled(region), "{region}");
        }
    }
}
