//! `glidepath projection` as its users meet it, and what a frozen version withstands.

use std::path::Path;
use std::process::Command;

use glidepath::demo::{FakeAws, startup};
use rust_decimal::Decimal;
use serde_json::{Value, json};
use tempfile::TempDir;

const GOOD: &str = include_str!("../config/projection/good.toml");

/// A folder with a config and a filing, and the command that is run in it.
struct Desk {
    folder: TempDir,
    endpoint: String,
}

impl Desk {
    fn new(projection: &str) -> Desk {
        let desk = Desk { folder: TempDir::new().unwrap(), endpoint: "http://127.0.0.1:9".to_owned() };
        desk.write("glidepath.toml", &format!("[store]\npath = \"glidepath.duckdb\"\n{projection}"));
        desk.write("v1.toml", GOOD);
        desk
    }

    fn write(&self, name: &str, text: &str) {
        std::fs::write(self.folder.path().join(name), text).unwrap();
    }

    fn path(&self) -> &Path {
        self.folder.path()
    }

    /// Exit status, standard output, standard error.
    fn run(&self, args: &[&str]) -> (Option<i32>, String, String) {
        let mut command = Command::new(env!("CARGO_BIN_EXE_glidepath-under-test"));
        command.current_dir(self.path()).env_clear().args(args);
        command.envs([("AWS_ACCESS_KEY_ID", "test"), ("AWS_SECRET_ACCESS_KEY", "test"), ("AWS_REGION", "us-east-1")]);
        command.envs([("AWS_ENDPOINT_URL", self.endpoint.as_str()), ("AWS_CONFIG_FILE", "/dev/null")]);
        let output = command.env("AWS_EC2_METADATA_DISABLED", "true").output().unwrap();
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
        (output.status.code(), text(output.stdout), text(output.stderr))
    }

    fn ok(&self, args: &[&str]) -> String {
        let (status, said, complaint) = self.run(args);
        assert_eq!(status, Some(0), "{args:?}: {complaint}");
        said
    }

    fn json(&self, args: &[&str]) -> Value {
        serde_json::from_str(&self.ok(args)).unwrap()
    }

    fn refused(&self, args: &[&str]) -> String {
        let (status, said, complaint) = self.run(args);
        assert_eq!(status, Some(1), "{args:?}: {said}");
        complaint
    }
}

#[test]
fn check_explains_every_problem_of_every_file() {
    let desk = Desk::new("");
    desk.write("bad.toml", &GOOD.replace("Sonnet 5", "Sonet 5").replace("\"0.40\"", "\"40\""));
    desk.write("other.toml", &GOOD.replace("\"ai\"", "\"bedrock\""));
    let said = desk.refused(&["projection", "check", "bad.toml"]);
    assert!(
        said.contains(
            "bad.toml: line 6: model \"Claude Sonet 5\" is not in the price book; did you mean Claude Sonnet 5"
        )
    );
    assert!(
        said.contains("bad.toml: line 9: cache_hit is 40; it must lie between 0 and 1; write a share of the whole"),
        "{said}"
    );
    assert!(said.contains("bad.toml has 2 problem(s)"), "{said}");
    assert!(desk.ok(&["projection", "check", "v1.toml"]).contains("v1.toml: nothing wrong, content hash"));
    let both = desk.refused(&["projection", "check", "v1.toml", "other.toml"]);
    assert!(
        both.contains("other.toml: line 17: two filings claim the record \"portfolio\": line 17 of v1.toml"),
        "{both}"
    );
    assert!(both.contains("counted twice: $1,412.00 in 2026-02, $1,524.96 in 2026-03"), "{both}");
    let (status, json, _) = desk.run(&["projection", "check", "bad.toml", "--json"]);
    let found: Value = serde_json::from_str(&json).unwrap();
    assert_eq!((status, found[0]["problems"][1]["line"].as_u64()), (Some(1), Some(9)));
}

#[test]
fn check_works_without_a_config_and_says_what_it_leaves_out() {
    let desk = Desk::new("");
    std::fs::remove_file(desk.path().join("glidepath.toml")).unwrap();
    // A file of that name is nobody's store while no config says so.
    desk.write("glidepath.duckdb", "something else");
    let (status, said, complaint) = desk.run(&["projection", "check", "v1.toml"]);
    assert_eq!(status, Some(0), "{complaint}");
    assert!(said.contains("v1.toml: nothing wrong, content hash") && said.contains("planned in all"), "{said}");
    assert_eq!(complaint.lines().count(), 1, "{complaint}");
    let left_out = "left out, as there is no config: how the plan compares with the bill";
    assert!(complaint.starts_with(left_out), "{complaint}");
    assert!(desk.json(&["projection", "check", "v1.toml", "--json"])[0]["problems"].as_array().unwrap().is_empty());
    desk.write("bad.toml", &GOOD.replace("Sonnet 5", "Sonet 5"));
    assert!(desk.refused(&["projection", "check", "bad.toml"]).contains("did you mean Claude Sonnet 5"));
    // With a config its prices count, and only the bill is missing.
    std::fs::remove_file(desk.path().join("glidepath.duckdb")).unwrap();
    desk.write("glidepath.toml", "[store]\npath = \"glidepath.duckdb\"\n[projection]\nprices = \"own.toml\"\n");
    desk.write("own.toml", OWN);
    desk.write("own-model.toml", &GOOD.replace("Claude Sonnet 5", "House Llama"));
    let (status, said, complaint) = desk.run(&["projection", "check", "own-model.toml"]);
    assert_eq!(status, Some(0), "{complaint}");
    assert!(
        said.contains("nothing wrong") && complaint.starts_with("left out, as no bill is stored yet"),
        "{complaint}"
    );
}

/// 400 million times a million input tokens: a slip of the keyboard that reads as a filing.
#[test]
fn what_a_filing_comes_to_is_said_and_what_cannot_be_meant_is_refused() {
    let desk = Desk::new("");
    let said = desk.ok(&["projection", "check", "v1.toml"]);
    assert!(said.contains("2026-02") && said.contains("planned in all"), "{said}");
    desk.write("huge.toml", &GOOD.replace("input_millions = 400", "input_millions = 400000000"));
    for args in [["projection", "check", "huge.toml"], ["projection", "file", "huge.toml"]] {
        let (status, said, complaint) = desk.run(&args);
        assert_eq!(status, Some(2), "{args:?}: {said} {complaint}");
        assert!(complaint.contains("is planned for 20") && complaint.contains('$'), "{complaint}");
        assert!(complaint.contains("--anyway"), "{complaint}");
    }
    assert!(
        !desk.path().join("glidepath.duckdb").exists() || desk.json(&["projection", "list", "--json"]) == json!([])
    );
    desk.ok(&["projection", "check", "huge.toml", "--anyway"]);
    assert!(desk.ok(&["projection", "file", "huge.toml", "--anyway"]).starts_with("version 1"));
    // What is frozen is never refused.
    assert!(desk.ok(&["projection", "file", "huge.toml"]).starts_with("version 1"));

    // What is checked is what is planned, line by line.
    assert!(desk.ok(&["projection", "file", "v1.toml"]).starts_with("version 2"));
    let planned = desk.json(&["projection", "show", "2", "--json"])["plan"].as_array().unwrap().clone();
    let usd = |row: &Value| row.as_str().unwrap().parse::<Decimal>().unwrap();
    let february: Decimal =
        planned.iter().filter(|row| row["month"] == "2026-02").map(|row| usd(&row["projected"])).sum();
    let size = desk.json(&["projection", "check", "v1.toml", "--json"])[0]["size"].clone();
    assert_eq!((&size["months"][0]["month"], usd(&size["months"][0]["usd"])), (&json!("2026-02"), february));
    let months: Decimal = size["months"].as_array().unwrap().iter().map(|month| usd(&month["usd"])).sum();
    assert_eq!((size["months"].as_array().unwrap().len(), usd(&size["total_usd"])), (12, months));
}

/// A window of seven months, and months planned beyond it; a filing without a window beside it.
#[test]
fn a_comparison_sums_what_a_check_of_each_sums() {
    let desk = Desk::new("");
    let window = "window = { starts_on = \"2026-03-01\", expires_on = \"2026-09-15\" }\n";
    let windowed =
        |text: &str| text.replace("[[record]]\nid = \"ai\"\n", &format!("[[record]]\nid = \"ai\"\n{window}"));
    let later = GOOD.replace("usd = \"400\" }", "usd = \"400\" }, { from = \"2027-06\", usd = \"900\" }");
    desk.write("v2.toml", &windowed(&later));
    desk.write("v3.toml", &later);
    let total = |file: &str| desk.json(&["projection", "check", file, "--json"])[0]["size"]["total_usd"].clone();
    for (before, after) in [("v1.toml", "v2.toml"), ("v2.toml", "v1.toml"), ("v2.toml", "v3.toml")] {
        let diff = desk.json(&["projection", "diff", before, after, "--json"]);
        assert_eq!(
            (&diff["total"]["before"], &diff["total"]["after"]),
            (&total(before), &total(after)),
            "{before} {after}"
        );
    }
    assert_ne!(total("v1.toml"), total("v2.toml"));
}

#[test]
fn versions_are_filed_listed_shown_and_compared() {
    let desk = Desk::new("[projection]\nfiles = [\"v1.toml\"]\n");
    assert!(desk.refused(&["projection", "show"]).contains("nothing is filed yet"));
    assert!(desk.ok(&["projection", "file", "v1.toml"]).starts_with("version 1, filed on 2026-02-01"));
    assert!(desk.ok(&["projection", "file", "v1.toml"]).starts_with("version 1,"), "the same text is the same version");
    let corrected = GOOD.replace("2026-02-01", "2026-02-20").replace("\"0.40\"", "\"0.20\"");
    desk.write("v1.toml", &corrected);
    let list = desk.ok(&["projection", "list"]);
    assert!(list.contains("v1.toml, which the config names, was never filed as it stands"), "{list}");
    let against = desk.ok(&["projection", "diff", "v1.toml"]);
    assert!(against.contains("- version 1, filed on 2026-02-01") && against.contains("+ v1.toml, filed on 2026-02-20"));
    let filed = desk.ok(&["projection", "file", "v1.toml"]);
    assert!(filed.starts_with("version 2, filed on 2026-02-20"), "{filed}");
    // February: 320 x 2 + 80 x 0.2 + 900 = 1556 against 1412.
    assert!(filed.contains("cache_hit: 0.4 -> 0.2") && filed.contains("+$144.00"), "{filed}");
    assert!(!desk.ok(&["projection", "list"]).contains("was never filed"));
    let diff = desk.json(&["projection", "diff", "--json"]);
    assert_eq!(diff["before"]["name"], "version 1");
    assert_eq!(
        (&diff["lines"][0]["change"], &diff["lines"][0]["months"][0]["difference"]),
        (&"changed".into(), &"144".into())
    );
    let back = desk.json(&["projection", "diff", "2", "1", "--json"]);
    assert_eq!(back["months"][0]["difference"], "-144");
    assert!(desk.refused(&["projection", "diff", "3"]).contains("version 3 is not filed"));

    let shown = desk.ok(&["projection", "show", "1"]);
    assert!(shown.contains("Bedrock inference of Claude Sonnet 5, whichever service bills it"), "{shown}");
    assert!(shown.contains("everything else") && shown.contains("outside"), "{shown}");
    let json = desk.json(&["projection", "show", "1", "--json"]);
    assert_eq!((&json["rules"][0]["record"], &json["plan"][0]["projected"]), (&"ai".into(), &"1412".into()));
    assert_eq!(json["body"].as_str(), Some(GOOD));
}

#[test]
fn a_filing_cannot_slip_under_one_that_came_later_or_correct_what_is_not_there() {
    let desk = Desk::new("");
    desk.write("ghost.toml", &format!("corrects = 7\n{GOOD}"));
    let ghost = desk.refused(&["projection", "file", "ghost.toml"]);
    assert!(ghost.contains("corrects = 7, and there is no such version (the newest is 0"), "{ghost}");
    desk.ok(&["projection", "file", "v1.toml"]);
    desk.write("early.toml", &GOOD.replace("2026-02-01", "2026-01-15"));
    let early = desk.refused(&["projection", "file", "early.toml"]);
    assert!(early.contains("two filings would claim one record"), "{early}");
    assert!(early.contains("filed on 2026-01-15") && early.contains("version 1, filed on 2026-02-01"), "{early}");
    desk.write("late.toml", &GOOD.replace("2026-02-01", "2026-06-01"));
    let late = desk.refused(&["projection", "file", "late.toml"]);
    assert!(late.contains("line 7: \"Claude Sonnet 5\" is planned from 2026-02, before the filing itself"), "{late}");
    desk.write("late.toml", &format!("corrects = 1\n{}", GOOD.replace("2026-02-01", "2026-06-01")));
    assert!(desk.ok(&["projection", "file", "late.toml"]).starts_with("version 2, filed on 2026-06-01"));
}

#[test]
fn a_version_that_was_tampered_with_is_told_and_not_used() {
    let desk = Desk::new("");
    desk.ok(&["projection", "file", "v1.toml"]);
    let store = duckdb::Connection::open(desk.path().join("glidepath.duckdb")).unwrap();
    store.execute("UPDATE filed_projections SET body = replace(body, '90', '91')", []).unwrap();
    drop(store);
    assert!(desk.ok(&["projection", "list"]).contains("CHANGED since it was frozen"));
    assert_eq!(desk.json(&["projection", "list", "--json"])[0]["intact"], false);
    for args in [&["projection", "show"][..], &["projection", "diff", "v1.toml"]] {
        let said = desk.refused(args);
        assert!(said.contains("version 1 of the filed projection is no longer what was frozen"), "{said}");
        assert!(said.contains("go back to a backup"), "{said}");
    }
}

#[test]
fn an_unpriced_line_is_filed_and_shown_as_unpriced() {
    let desk = Desk::new("");
    desk.write("trn2.toml", &GOOD.replace("trn1.32xlarge", "trn2.48xlarge"));
    let filed = desk.ok(&["projection", "file", "trn2.toml"]);
    assert!(filed.contains("worth a look: line 13: trn2.48xlarge is unpriced"), "{filed}");
    let shown = desk.ok(&["projection", "show"]);
    assert!(shown.contains("unpriced: trn2.48xlarge of ai, planned from 2026-02, is in no figure below"), "{shown}");
    // A price in the user's own file makes it priced.
    desk.write("glidepath.toml", "[store]\npath = \"glidepath.duckdb\"\n[projection]\nprices = \"own.toml\"\n");
    desk.write(
        "own.toml",
        "read_on = \"2026-01-01\"\nsource = \"quote 12\"\n[[accelerator]]\ninstance_type = \"trn2.48xlarge\"\nusd_per_hour = \"35.7608\"\n",
    );
    let json = desk.json(&["projection", "show", "--json"]);
    assert_eq!((json["unpriced"].as_array().unwrap().len(), &json["plan"][1]["projected"]), (0, &"20598.2208".into()));
    let prices = desk.json(&["projection", "prices", "--all", "--json"]);
    let trn2 = prices.as_array().unwrap().iter().find(|row| row["name"] == "trn2.48xlarge").unwrap();
    assert_eq!((&trn2["book"]["origin"], &trn2["book"]["source"]), (&"override".into(), &"quote 12".into()));
}

/// A price file that lists a model which is nobody else's.
const OWN: &str = "read_on = \"2026-01-01\"\nsource = \"quote\"\n[[model]]\nname = \"House Llama\"\ninput = \"0.1\"\noutput = \"0.4\"\n";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_frozen_filing_outlives_the_files_it_came_from() {
    let fake = FakeAws::start(startup::account(), startup::TODAY).await.unwrap();
    let mut desk = Desk::new("[projection]\nfiles = [\"v1.toml\"]\nprices = \"own.toml\"\n");
    desk.endpoint = fake.endpoint();
    desk.write("v1.toml", &GOOD.replace("Claude Sonnet 5", "House Llama"));
    // While nothing is filed, the files are needed.
    let cycle = |desk: &Desk, minute: u32| desk.run(&["cycle", "--as-of", &format!("2026-11-20T06:{minute:02}:00Z")]);
    let (status, _, complaint) = cycle(&desk, 0);
    assert_eq!(status, Some(2), "{complaint}");
    assert!(complaint.contains("own.toml cannot be read"), "{complaint}");
    desk.write("own.toml", OWN);
    let (status, _, complaint) = cycle(&desk, 1);
    assert_eq!(status, Some(0), "{complaint}");
    assert!(!desk.ok(&["status"]).contains("unpriced"));

    for file in ["v1.toml", "own.toml"] {
        std::fs::remove_file(desk.path().join(file)).unwrap();
    }
    let (status, _, complaint) = cycle(&desk, 2);
    assert_eq!(status, Some(0), "{complaint}");
    assert!(
        complaint.contains("v1.toml cannot be read") && complaint.contains("own.toml cannot be read"),
        "{complaint}"
    );
    let said = desk.ok(&["status"]);
    assert!(said.contains("record ai plans House Llama input from 2026-02, which is unpriced"), "{said}");
    assert!(desk.ok(&["projection", "list"]).contains("2026-02-01"));
    assert!(desk.ok(&["projection", "show"]).contains("unpriced: House Llama input of ai"));
    let (status, _, complaint) = desk.run(&["check"]);
    assert_eq!(status, Some(2), "{complaint}");
    assert!(complaint.contains("glidepath.toml has 2 problems"), "{complaint}");

    // A config that names neither is sound, and the filing goes on without its price.
    desk.write("glidepath.toml", "[store]\npath = \"glidepath.duckdb\"\n");
    let said = desk.ok(&["check"]);
    assert!(said.contains("warning   version 1 of the filing: record ai plans House Llama input"), "{said}");
    let (status, _, complaint) = cycle(&desk, 3);
    assert_eq!(status, Some(0), "{complaint}");
    desk.write("v2.toml", &GOOD.replace("Claude Sonnet 5", "House Llama").replace("0.40", "0.30"));
    let anew = desk.refused(&["projection", "file", "v2.toml"]);
    assert!(anew.contains("model \"House Llama\" is not in the price book"), "{anew}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn prices_shows_what_the_bill_implies_beside_the_book() {
    let fake = FakeAws::start(startup::account(), startup::TODAY).await.unwrap();
    let mut desk = Desk::new("");
    assert!(desk.ok(&["projection", "prices"]).contains("--all lists the price book"));
    desk.endpoint = fake.endpoint();
    desk.ok(&["cycle", "--as-of", "2026-11-20T06:00:00Z"]);
    let rows = desk.json(&["projection", "prices", "--json"]);
    let rows = rows.as_array().unwrap();
    let sonnet = |row: &&Value| row["name"] == "Claude Sonnet 5" && row["tokens"]["direction"] == "output";
    let sonnet = rows.iter().find(sonnet).expect("the startup runs on Sonnet");
    assert_eq!((&sonnet["used"], sonnet["implied"]["days"].as_u64()), (&"implied".into(), Some(28)), "{sonnet}");
    assert!(sonnet["implied"]["last_day"].as_str().unwrap() <= "2026-11-18", "complete days only: {sonnet}");
    assert!(rows.iter().any(|row| row["unit"] == "instance_hour" && row["name"] == "trn1.32xlarge"), "{rows:?}");
    let table = desk.ok(&["projection", "prices"]);
    assert!(table.contains("billed use") && table.contains("M tokens on 28 days to 2026-11-18"), "{table}");
}
