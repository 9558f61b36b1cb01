//! What is planned twice, and by how much.

use glidepath::domain::billing::price::PriceBook;
use glidepath::domain::filing::projection::{FiledProjection, Part, overlaps};

use crate::support::filing::{GOOD, good, service_of};

fn problem_of(text: &str) -> String {
    let problems = FiledProjection::parse(text).unwrap_err();
    assert_eq!(problems.len(), 1, "{problems:?}");
    problems[0].to_string()
}

#[test]
fn a_double_count_is_shown_in_dollars_a_month() {
    // Both plan the database: 400 in one line from February, 250 in the other from April: 250 is counted twice.
    let database = format!(
        "{GOOD}[[record.service]]\nservice = \"amazon relational  database service\"\nmonthly = [{{ from = \"2026-04\", usd = 250 }}]\n"
    );
    let problem = problem_of(&database);
    assert!(problem.starts_with("line 22: \"amazon relational  database service\" is planned twice"), "{problem}");
    // The file lists months up to April; twelve are looked at from its first, so April to February.
    assert!(problem.contains("counted twice: $250.00 a month from 2026-04 ($2,750.00 in 11 months)"), "{problem}");
}

#[test]
fn an_amount_that_swallows_a_model_s_service_is_a_double_count() {
    let text = format!(
        "{GOOD}[[record.service]]\nservice = \"Claude Sonnet 5 (Amazon Bedrock Edition)\"\n\
         monthly = [{{ from = \"2026-02\", usd = 1500 }}]\n"
    );
    let problem = problem_of(&text);
    // 1412 of February and 1524.96 of March, of which 1500 is in the amount too.
    assert!(
        problem.contains("counted twice: $1,412.00 in 2026-02, $1,500.00 in 2026-03, $1,500.00 in 2026-04"),
        "{problem}"
    );
    assert!(problem.contains("say rest = true"), "{problem}");
    assert!(FiledProjection::parse(&format!("{text}rest = true\n")).is_ok());
}

#[test]
fn the_same_chips_on_ec2_and_sagemaker_are_the_same_spend() {
    let text = format!(
        "{GOOD}[[record.accelerators]]\ninstance_type = \"ml.trn1.32xlarge\"\nchip_hours_per_run = 16\nruns_per_month = 1\n"
    );
    let problem = problem_of(&text);
    assert!(
        problem.contains("is planned twice: by record \"ai\" in line 13 and by record \"portfolio\" here"),
        "{problem}"
    );
    assert!(problem.contains("cannot be said, since one of them is unpriced"), "{problem}");
}

#[test]
fn two_lines_of_one_record_overlap_by_the_smaller() {
    let line = "[[record.tokens]]\nmodel = \"Nova Lite\"\nmonthly = [{ from = \"2026-02\", input_millions = 1000 }]\n";
    let text = format!("{GOOD}{line}{}", line.replace("1000", "500"));
    let problem = problem_of(&text);
    // 500 M x 0.06
    assert!(problem.contains("in line 22") && problem.contains("$30.00 a month from 2026-02"), "{problem}");
}

#[test]
fn two_filings_that_claim_one_record_say_so_with_both_files() {
    let (one, other) = (good(), FiledProjection::parse(&GOOD.replace("\"portfolio\"", "\"rest\"")).unwrap());
    let parts = [Part { name: Some("a.toml"), filing: &one }, Part { name: Some("b.toml"), filing: &other }];
    let found = overlaps(&parts, &PriceBook::builtin(), &service_of);
    let shown: Vec<_> =
        found.iter().map(|overlap| format!("{} {} {}", overlap.part, overlap.line, overlap.problem)).collect();
    assert_eq!(shown.len(), 4, "{shown:#?}");
    assert_eq!(shown[0], "1 4 two filings claim the record \"ai\": line 4 of a.toml and this one");
    assert!(
        shown[1].contains("\"Claude Sonnet 5\" is planned twice: by record \"ai\" in line 6 of a.toml"),
        "{}",
        shown[1]
    );
    assert!(
        shown[3].contains("by record \"portfolio\" in line 19 of a.toml and by record \"rest\" here"),
        "{}",
        shown[3]
    );
    assert!(shown[3].contains("$400.00 a month"), "{}", shown[3]);
    assert_eq!(found[1].double_count[0].1.to_string(), "1412");
}
