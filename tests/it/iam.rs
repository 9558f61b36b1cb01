//! The IAM policies in `config/iam` let glidepath read what it needs and nothing else.

use std::{collections::BTreeMap, fs};

use crate::support::places::package_root;

/// Every action that a policy may name, by policy: `minimum.json` and `credits.json` as the features need them.
fn expected() -> BTreeMap<&'static str, Vec<&'static str>> {
    BTreeMap::from([
        ("minimum.json", vec!["ce:GetCostAndUsage"]),
        (
            "credits.json",
            vec!["billing:GetCredits", "billing:GetCreditAllocationHistory", "freetier:GetAccountPlanState"],
        ),
    ])
}

/// The actions that a policy allows, or what is wrong with it.
fn allowed_actions(policy: &str) -> Result<Vec<String>, String> {
    let policy: serde_json::Value = serde_json::from_str(policy).map_err(|error| error.to_string())?;
    if policy["Version"] != "2012-10-17" {
        return Err(format!("version {}", policy["Version"]));
    }
    let mut actions = Vec::new();
    for statement in policy["Statement"].as_array().ok_or("no list of statements")? {
        if statement["Effect"] != "Allow" || statement["Resource"] != "*" {
            return Err(format!("statement {} is not an Allow on every resource", statement["Sid"]));
        }
        if statement.get("NotAction").is_some() {
            return Err(format!("statement {} allows by exclusion", statement["Sid"]));
        }
        for action in statement["Action"].as_array().ok_or("no list of actions")? {
            let action = action.as_str().ok_or("an action that is no text")?;
            if !only_reads(action) {
                return Err(format!("{action} may do more than read"));
            }
            actions.push(action.to_owned());
        }
    }
    Ok(actions)
}

/// A single named action whose verb reads; a wildcard could grow a write one day.
fn only_reads(action: &str) -> bool {
    let verb = action.split_once(':').map_or("", |(_service, verb)| verb);
    !action.contains(['*', '?']) && (verb.starts_with("Get") || verb.starts_with("List"))
}

#[test]
fn every_policy_allows_exactly_what_its_feature_reads() {
    let folder = package_root().join("config/iam");
    let mut found = BTreeMap::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_some_and(|extension| extension == "json") {
            let actions = allowed_actions(&fs::read_to_string(&path).unwrap());
            found.insert(path.file_name().unwrap().to_str().unwrap().to_owned(), actions);
        }
    }
    let expected: BTreeMap<String, Result<Vec<String>, String>> = expected()
        .into_iter()
        .map(|(name, actions)| (name.to_owned(), Ok(actions.into_iter().map(str::to_owned).collect())))
        .collect();
    assert_eq!(found, expected);
}

#[test]
fn a_policy_that_writes_is_caught() {
    let policy = |action: &str| {
        format!(r#"{{"Version":"2012-10-17","Statement":[{{"Effect":"Allow","Action":["{action}"],"Resource":"*"}}]}}"#)
    };
    assert_eq!(allowed_actions(&policy("ce:GetTags")), Ok(vec!["ce:GetTags".to_owned()]));
    for action in ["billing:RedeemCredits", "billing:*", "billing:Get*", "*", "GetCredits"] {
        assert_eq!(allowed_actions(&policy(action)), Err(format!("{action} may do more than read")));
    }
    let by_exclusion = policy("ce:GetTags").replace(r#""Resource""#, r#""NotAction":["ce:GetTags"],"Resource""#);
    assert!(allowed_actions(&by_exclusion).is_err());
}
