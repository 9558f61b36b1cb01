//! `glidepath projection size` and the ask as a report, as somebody meets them who has neither a config nor a store.

use std::path::Path;
use std::process::Command;

use glidepath::config::Config;
use glidepath::cycle::{AwsAccess, Engine};
use glidepath::demo::{FakeAws, startup};
use glidepath::domain::position::series::Series;
use glidepath::report::{self, Audience, Beside, Format, ReportKind};
use glidepath::store::Store;
use serde_json::Value;
use tempfile::TempDir;

/// Portfolio and AI records together, and an experiment beside them.
const FILING: &str = r#"
filed_on = "2026-11-20"
asked_for = "genai-tier"
asked_usd = "300000"
customer = "Larkspur Labs"
window = { starts_on = "2026-12-01", expires_on = "2027-12-01" }
deal_size_usd = "240000"
[[record]]
id = "base"
use_case = "Servers and databases around the model"
[[record.service]]
service = "Amazon Relational Database Service"
monthly = [{ from = "2026-12", usd = "8300" }]
[[record]]
id = "answers"
use_case = "Answers in the product"
[[record.tokens]]
model = "Claude Sonnet 5"
monthly = [{ from = "2026-12", input_millions = 2200, output_millions = 680 }]
growth_per_month = "0.08"
cache_hit = "0.50"
"#;

/// Exit status, standard output, standard error.
fn run(folder: &Path, args: &[&str]) -> (Option<i32>, Vec<u8>, String) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_glidepath-under-test"));
    let output = command.current_dir(folder).env_clear().args(args).output().unwrap();
    (output.status.code(), output.stdout, String::from_utf8(output.stderr).unwrap())
}

fn desk() -> TempDir {
    let folder = TempDir::new().unwrap();
    std::fs::write(folder.path().join("ask.toml"), FILING).unwrap();
    folder
}

#[test]
fn a_filing_alone_is_sized() {
    let folder = desk();
    let (status, said, complaint) = run(folder.path(), &["projection", "size", "ask.toml", "--json"]);
    assert_eq!(status, Some(0), "{complaint}");
    let sized: Value = serde_json::from_slice(&said).unwrap();
    assert_eq!((&sized["total_usd"], &sized["ask"]["usd"]), (&"274569.11".into(), &"315754.47".into()));
    assert_eq!(sized["records"][1]["usd"], "174969.11");
    assert_eq!(sized["months"].as_array().unwrap().len(), 12);
    for field in ["month", "usd", "usd_without_levers"] {
        assert!(sized["months"][0][field].is_string(), "{field}");
    }
    assert_eq!(sized["by_service"][1]["service"], "Amazon Relational Database Service");
    assert_eq!((&sized["ask"]["headroom"], &sized["ask"]["cash_usd"]), (&"0.15".into(), &"0".into()));
    let programmes = sized["programmes"].as_array().unwrap();
    assert_eq!(programmes.len(), 15, "five programmes by three routes");
    for field in ["programme", "route", "fits", "band", "gates", "lasts_until", "file_by", "lands"] {
        assert!(programmes.iter().all(|it| it.get(field).is_some()), "{field}");
    }
    let closed =
        programmes.iter().filter(|it| it["gates"][1]["gate"] == "ceiling" && it["gates"][1]["state"] == "closed");
    assert_eq!(closed.count(), 6, "of Portfolio and AI record by each route: the band is smaller");
    let (status, said, complaint) = run(folder.path(), &["projection", "size", "ask.toml"]);
    let said = String::from_utf8(said).unwrap();
    assert_eq!(status, Some(0), "{complaint}");
    assert!(
        said.starts_with("Our product's core inference runs on Amazon Bedrock, at roughly 2.88 billion tokens"),
        "{said}"
    );
    insta::assert_snapshot!("size", said);
}

#[test]
fn a_filing_with_a_problem_is_not_sized() {
    let folder = desk();
    let wrong = FILING.replace("Sonnet 5", "Sonet 5").replace("cache_hit = \"0.50\"", "cache_hit = \"5\"");
    std::fs::write(folder.path().join("ask.toml"), wrong).unwrap();
    let (status, said, complaint) = run(folder.path(), &["projection", "size", "ask.toml", "--json"]);
    assert_eq!((status, said.len()), (Some(1), 0));
    assert!(complaint.contains("did you mean Claude Sonnet 5") && complaint.contains("cache_hit is 5"), "{complaint}");
    assert!(complaint.contains("ask.toml has 2 problem(s), so it cannot be sized"), "{complaint}");
}

#[test]
fn the_ask_is_a_report_in_every_form() {
    let folder = desk();
    let report = |format: &str| {
        let args = ["report", "--kind", "ask", "--projection", "ask.toml", "--format", format];
        let (status, said, complaint) = run(folder.path(), &args);
        assert_eq!(status, Some(0), "{format}: {complaint}");
        assert_eq!(run(folder.path(), &args).1, said, "{format}: the same file, another report");
        said
    };
    let starts = [("pdf", "%PDF"), ("xlsx", "PK"), ("html", "<!doctype html>"), ("md", "# The ask: Larkspur Labs")];
    for (format, start) in starts {
        let head: Vec<u8> = report(format).into_iter().take(start.len()).collect();
        assert_eq!(String::from_utf8_lossy(&head).to_lowercase(), start.to_lowercase(), "{format}");
    }
    let json: Value = serde_json::from_slice(&report("json")).unwrap();
    assert!(json.to_string().contains("at AWS's discretion"));
    let csv = String::from_utf8(report("csv")).unwrap();
    assert!(csv.contains("315754.47"), "{csv}");
    insta::assert_snapshot!("ask", String::from_utf8(report("md")).unwrap());
}

#[test]
fn a_file_goes_with_the_ask_alone() {
    let folder = desk();
    let args = ["report", "--kind", "trajectory", "--projection", "ask.toml", "--format", "md"];
    let (status, _, complaint) = run(folder.path(), &args);
    assert_eq!(status, Some(2));
    assert!(complaint.contains("--projection goes with --kind ask"), "{complaint}");
}

#[test]
fn a_check_says_what_a_reviewer_may_object_to() {
    let folder = desk();
    std::fs::write(folder.path().join("glidepath.toml"), "[store]\npath = \"glidepath.duckdb\"\n").unwrap();
    let (status, said, complaint) = run(folder.path(), &["projection", "check", "ask.toml"]);
    let said = String::from_utf8(said).unwrap();
    assert_eq!(status, Some(0), "{complaint}");
    assert!(said.contains("a reviewer may object: line 18: $174,969 is planned on Claude Sonnet 5"), "{said}");
    let (_, said, _) = run(folder.path(), &["projection", "check", "ask.toml", "--json"]);
    let found: Value = serde_json::from_slice(&said).unwrap();
    assert_eq!(found[0]["objections"][0]["weakness"], "no_reason");
}

/// Who filed a part of it is shown the ask of that part: nothing that others filed, and nothing that the file says of the company.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_partner_is_shown_the_ask_of_its_own_records_alone() {
    let fake = FakeAws::start(startup::account(), startup::TODAY).await.unwrap();
    let config = Config::parse("[store]\npath = \"unused\"\n", Path::new("glidepath.toml")).unwrap();
    let engine = Engine::new(Store::in_memory().unwrap(), config, AwsAccess::Endpoint(fake.endpoint())).unwrap();
    let company = "[company]\nawards = [{ programme = \"founders\", usd = \"4321\" }]\n";
    let filing = format!("asked_usd = \"300000\"\n{}{company}", startup::PROJECTION_TOML);
    let of_bill = |audience| {
        let engine = engine.clone();
        async move {
            let position = engine.view(None).await.unwrap().unwrap().position;
            let sized = engine.sized(&position, &audience).await.unwrap();
            let beside = Beside { sized: sized.as_ref(), ..Beside::default() };
            let document = report::build_beside(ReportKind::Ask, &position, &Series::default(), beside, &audience);
            String::from_utf8(report::render(&document, Format::Markdown).unwrap()).unwrap()
        }
    };
    let partner = |records: &[&str]| Audience::Partner { records: records.iter().map(|id| (*id).to_owned()).collect() };
    engine.cycle(startup::TODAY).await.unwrap().unwrap();
    // While nothing is filed the ask is of the bill, which is its owner's.
    assert!(of_bill(Audience::Owner).await.contains("Claude"));
    assert!(of_bill(partner(&["portfolio"])).await.contains("There is no ask yet"));
    engine.file_projection(startup::TODAY, filing).await.unwrap();
    engine.remake_outlook(startup::TODAY).await.unwrap();
    let owners = of_bill(Audience::Owner).await;
    for word in ["Claude", "$300,000", "portfolio"] {
        assert!(owners.contains(word), "{word}: {owners}");
    }
    let partners = of_bill(partner(&["portfolio"])).await;
    assert!(partners.contains("Amazon Relational Database Service"), "{partners}");
    for word in ["Claude", "Nova", "trn1", "$300,000 is asked", "asks for $300,000", "time after credits"] {
        assert!(!partners.contains(word), "{word}: {partners}");
    }
    assert!(of_bill(partner(&["moonbase"])).await.contains("no record that you may see"));
    // What is filed for the time after credits is of the whole, and moves the owner's bill afterwards alone.
    let other = format!(
        "corrects = 1\nasked_usd = \"300000\"\n{}{company}",
        startup::PROJECTION_TOML
            .replace("post_credit_growth_per_month = \"0.03\"", "post_credit_growth_per_month = \"0.09\"")
    );
    engine.file_projection(startup::TODAY, other).await.unwrap();
    engine.remake_outlook(startup::TODAY).await.unwrap();
    let bill =
        |text: &str| text.split_once("\n## The bill afterwards").unwrap().1.split("\n## ").next().unwrap().to_owned();
    assert_ne!(bill(&of_bill(Audience::Owner).await), bill(&owners));
    // Who sees a part reads nothing that rests on the whole: no bill afterwards, no programme or gate, no objection, no blank.
    assert_eq!(of_bill(partner(&["portfolio"])).await, partners.replace("Filing version: 1", "Filing version: 2"));
    for word in ["The bill afterwards", "Programmes", "reviewer", "____", "The filing asks"] {
        assert!(!partners.contains(word), "{word}: {partners}");
    }
    assert!(partners.contains("These records ask for $100,000"), "{partners}");
    let of_models = of_bill(partner(&["ai"])).await;
    assert!(of_models.contains("As filed on 1 Feb 2026 as ai: Our product's core inference"), "{of_models}");
}

/// What AWS has answered is told as of its day, and what can be asked for next in place of when to file; what it has not answered yet
/// is the application, also in the pack.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_answered_filing_is_told_as_of_its_day() {
    let fake = FakeAws::start(startup::account(), startup::TODAY).await.unwrap();
    let config = Config::parse("[store]\npath = \"unused\"\n", Path::new("glidepath.toml")).unwrap();
    let engine = Engine::new(Store::in_memory().unwrap(), config, AwsAccess::Endpoint(fake.endpoint())).unwrap();
    let read_by = |kind, audience| {
        let engine = engine.clone();
        async move {
            let view = engine.view(None).await.unwrap().unwrap();
            let sized = engine.sized(&view.position, &audience).await.unwrap();
            let beside = Beside { sized: sized.as_ref(), ..Beside::default() };
            let document = report::build_beside(kind, &view.position, &view.series, beside, &audience);
            String::from_utf8(report::render(&document, Format::Markdown).unwrap()).unwrap()
        }
    };
    let report = |kind| read_by(kind, Audience::Owner);
    let holds = |text: &str, word: &str| assert!(text.contains(word), "{word}: {text}");
    let lacks = |text: &str, word: &str| assert!(!text.contains(word), "{word}: {text}");
    engine.cycle(startup::TODAY).await.unwrap().unwrap();
    engine.file_projection(startup::TODAY, startup::PROJECTION_TOML.to_owned()).await.unwrap();
    engine.remake_outlook(startup::TODAY).await.unwrap();
    let (ask, pack) = (report(ReportKind::Ask).await, report(ReportKind::FundingPack).await);
    for text in [&ask, &pack] {
        holds(text, "As filed on 1 Feb 2026: Our product's core inference runs on Amazon Bedrock");
        holds(text, "## The next ask");
    }
    lacks(&ask, "When to file, and when credit can be there");
    lacks(&pack, "## What it costs by month");
    let open = startup::PROJECTION_TOML.replace("filed_on = \"2026-02-01\"", "filed_on = \"2026-11-19\"");
    let open: Vec<&str> = open.lines().filter(|line| !line.starts_with("granted_usd")).collect();
    let company = "[company]\ninstitutional_investor = \"Northwind\"\n";
    let open = format!("corrects = 1\n{}\n{company}", open.join("\n"));
    engine.file_projection(startup::TODAY, open).await.unwrap();
    engine.remake_outlook(startup::TODAY).await.unwrap();
    let (ask, pack) = (report(ReportKind::Ask).await, report(ReportKind::FundingPack).await);
    for text in [&ask, &pack] {
        lacks(text, "As filed on 19 Nov 2026");
        holds(text, "The ask that the spend supports");
        holds(text, "## What it costs by month");
    }
    holds(&ask, "When to file, and when credit can be there");
    holds(&ask, "Northwind can file it");
    // Who stands behind the company is of the whole filing.
    let partner = Audience::Partner { records: vec!["portfolio".to_owned()] };
    lacks(&read_by(ReportKind::Ask, partner).await, "Northwind");
    lacks(&pack, "What a reviewer may object to");
}
