//! `budgets`: what was filed, as AWS's own budgets, to the cent.

use glidepath::demo::startup;
use rust_decimal::Decimal;
use serde_json::Value;
use tempfile::TempDir;

use super::{config, glidepath, run, text};

fn budgets(template: &Value) -> Vec<&Value> {
    let resources = template["Resources"].as_object().unwrap().values();
    resources.inspect(|it| assert_eq!(it["Type"], "AWS::Budgets::Budget")).map(|it| &it["Properties"]).collect()
}

fn sum(template: &Value) -> Decimal {
    let limits =
        budgets(template).into_iter().flat_map(|it| it["Budget"]["PlannedBudgetLimits"].as_object().unwrap().values());
    limits.map(|limit| limit["Amount"].as_str().unwrap().parse::<Decimal>().unwrap()).sum()
}

#[test]
fn the_months_sum_to_the_filed_total() {
    let folder = TempDir::new().unwrap();
    config(&folder, "");
    let example = include_str!("../../../config/projection/bedrock-inference.toml");
    for (name, filing) in [("demo.toml", startup::PROJECTION_TOML), ("example.toml", example)] {
        std::fs::write(folder.path().join(name), filing).unwrap();
        let ask = |args: &[&str]| {
            let output = run(glidepath(folder.path(), None).args(args));
            assert!(output.status.success(), "{args:?}: {}", text(&output.stderr));
            (serde_json::from_slice::<Value>(&output.stdout).unwrap(), text(&output.stderr))
        };
        let (sized, _) = ask(&["projection", "size", name, "--json"]);
        let total: Decimal = sized["total_usd"].as_str().unwrap().parse().unwrap();
        let (template, said) = ask(&["budgets", "--projection", name, "--from", "2026-02"]);
        assert_eq!(sum(&template), total.round_dp(2), "{name}");
        assert!(said.contains("nothing was created"), "{said}");
        let months = sized["months"].as_array().unwrap().len();
        let counts: Vec<usize> = budgets(&template)
            .iter()
            .map(|it| it["Budget"]["PlannedBudgetLimits"].as_object().unwrap().len())
            .collect();
        assert_eq!(counts.iter().sum::<usize>(), months);
        assert!(counts.iter().all(|count| *count <= 12), "AWS takes twelve months: {counts:?}");
        for budget in budgets(&template) {
            assert_eq!(budget["Budget"]["CostTypes"]["IncludeCredit"], false, "credits would hide what is spent");
        }
        // Filed, the same comes from the store.
        let filed = run(glidepath(folder.path(), None).args(["projection", "file", name, "--anyway"]));
        assert!(filed.status.success(), "{}", text(&filed.stderr));
        let (stored, _) = ask(&["budgets", "--from", "2026-02"]);
        assert_eq!(stored["Resources"], template["Resources"]);
        std::fs::remove_dir_all(folder.path().join("store")).unwrap();
    }
}

#[test]
fn without_a_filing_or_after_it_there_is_none() {
    let folder = TempDir::new().unwrap();
    config(&folder, "");
    std::fs::write(folder.path().join("demo.toml"), startup::PROJECTION_TOML).unwrap();
    for (args, status, words) in [
        (&["budgets"][..], 1, "nothing is filed yet, and budgets are made of a filing"),
        (
            &["budgets", "--projection", "demo.toml", "--from", "2099-01"],
            2,
            "the filing plans no month from 2099-01 on",
        ),
        (&["budgets", "--projection", "none.toml"], 1, "the filing none.toml cannot be read"),
        (&["budgets", "--from", "soon"], 2, "there is no such month; write one as 2026-12"),
    ] {
        let output = run(glidepath(folder.path(), None).args(args));
        assert_eq!(output.status.code(), Some(status), "{args:?}: {}", text(&output.stderr));
        assert!(text(&output.stderr).contains(words), "{args:?}: {}", text(&output.stderr));
        assert!(output.stdout.is_empty());
    }
}
