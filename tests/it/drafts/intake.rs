//! Bills in files: answers of Cost Explorer as they come, and everything that can be wrong with them.

use glidepath::domain::facts::Facts;
use glidepath::domain::facts::intake::{IntakeError, facts_from};
use glidepath::domain::values::money::Money;
use glidepath::domain::values::period::plus_days;
use proptest::prelude::*;
use serde_json::{Value, json};

use crate::support::values::{day, usd};

const SONNET: &str = "Claude Sonnet 5 (Amazon Bedrock Edition)";

/// A day of an answer by service and a second key.
fn entry(on: chrono::NaiveDate, groups: &[Value], estimated: bool) -> Value {
    json!({
        "TimePeriod": { "Start": on.to_string(), "End": plus_days(on, 1).to_string() },
        "Total": {}, "Groups": groups, "Estimated": estimated,
    })
}

fn group(keys: &[&str], cost: &str, quantity: &str, unit: &str) -> Value {
    let metric = |amount: &str, unit: &str| json!({ "Amount": amount, "Unit": unit });
    json!({ "Keys": keys, "Metrics": { "UnblendedCost": metric(cost, "USD"), "UsageQuantity": metric(quantity, unit) } })
}

fn definitions(second: &str) -> Value {
    json!([{ "Type": "DIMENSION", "Key": "SERVICE" }, { "Type": "DIMENSION", "Key": second }])
}

/// `days` by usage type that end with 30 November, those from `estimated` on not final: 200 dollars of tokens a day and 10 of a
/// database.
pub fn answer(days: i64, estimated: &str) -> Value {
    let last = day("2026-11-30");
    let entries: Vec<Value> = (0..days)
        .map(|at| {
            let on = plus_days(last, at + 1 - days);
            let groups = [
                group(&[SONNET, "USE1-MP:USE1_InputTokenCount_Global-Units"], "200", "100", "Units"),
                group(&["Amazon Relational Database Service", "InstanceUsage:db.t4g.small"], "10", "24", "Hrs"),
            ];
            entry(on, &groups, on > day(estimated))
        })
        .collect();
    json!({ "GroupDefinitions": definitions("USAGE_TYPE"), "ResultsByTime": entries, "DimensionValueAttributes": [] })
}

/// The same as two pages, the cut within a day.
pub fn two_pages(days: i64) -> (Value, Value) {
    let mut whole = answer(days, "2026-10-31");
    let entries = whole["ResultsByTime"].as_array_mut().unwrap();
    let mut rest = entries.split_off(entries.len() / 2);
    let mut cut = rest[0].clone();
    cut["Groups"].as_array_mut().unwrap().truncate(1);
    rest[0]["Groups"].as_array_mut().unwrap().remove(0);
    entries.push(cut);
    let mut more = whole.clone();
    more["ResultsByTime"] = rest.into();
    whole["NextPageToken"] = "abc+/=".into();
    (whole, more)
}

/// The money of the same days, with credit that pays for it.
pub fn money(days: i64) -> Value {
    let mut answer = answer(days, "2026-10-31");
    answer["GroupDefinitions"] = definitions("RECORD_TYPE");
    for entry in answer["ResultsByTime"].as_array_mut().unwrap() {
        entry["Groups"] = json!([
            group(&[SONNET, "Usage"], "200", "0", ""),
            group(&[SONNET, "Credit"], "-200", "0", ""),
            group(&["Amazon Relational Database Service", "Usage"], "10", "0", ""),
            group(&["Tax", "Tax"], "2", "0", ""),
        ]);
    }
    answer
}

fn read(value: &Value) -> Result<Facts, IntakeError> {
    facts_from(&value.to_string())
}

fn gross(facts: &Facts) -> Money {
    let kinds = &facts.charge_kinds;
    facts.charges.iter().filter(|row| kinds[row.kind].record_type == "Usage").map(|row| row.cost).sum()
}

#[test]
fn every_form_of_a_bill_gives_the_same_facts() {
    let whole = answer(60, "2026-11-30");
    let plain = read(&whole).unwrap();
    assert_eq!((gross(&plain), plain.usage.len()), (usd("12600"), 120));
    assert_eq!(plain.data_through(), Some(day("2026-11-30")), "AWS calls nothing estimated");
    let (first, second) = two_pages(60);
    let behind = facts_from(&format!("\u{feff}{first}\n{second}\n")).unwrap();
    let list = read(&json!([first, second])).unwrap();
    assert_eq!((behind.usage.clone(), &behind.charges), (list.usage, &list.charges));
    assert_eq!((behind.usage, behind.charges), (plain.usage.clone(), plain.charges.clone()));
    // In an open month the newest two days may not be complete.
    assert_eq!(read(&answer(60, "2026-10-31")).unwrap().data_through(), Some(day("2026-11-28")));
    // Without what it is grouped by, the rows say it.
    let mut nameless = whole.clone();
    nameless.as_object_mut().unwrap().remove("GroupDefinitions");
    assert_eq!(read(&nameless).unwrap().usage, plain.usage);
    let mut by_record = money(60);
    by_record.as_object_mut().unwrap().remove("GroupDefinitions");
    let by_record = read(&by_record).unwrap();
    assert_eq!((gross(&by_record), by_record.usage.len()), (usd("12600"), 0));
    // The script's output: the moment says which days are complete.
    let script = json!({
        "glidepath_intake": 1, "made_at": "2026-11-25T10:00:00Z", "caller": { "Account": "111122223333" },
        "money": [money(60)], "detail": [first, second],
        "credits": { "credits": [{
            "creditId": "7", "accountId": "111122223333", "description": "AWS Activate", "creditType": "Promotion",
            "initialAmount": { "currencyCode": "USD", "currencyAmount": "5000.00" },
            "remainingAmount": { "currencyCode": "USD", "currencyAmount": "-1200.00" },
            "startDate": "2026-01-01T00:00:00+00:00", "endDate": 1_830_297_600,
            "applicableProductNames": ["Amazon Bedrock"], "creditStatus": "ENABLED",
        }] },
    });
    let facts = read(&script).unwrap();
    assert_eq!(
        (facts.data_through(), facts.as_of.to_rfc3339().as_str()),
        (Some(day("2026-11-23")), "2026-11-25T10:00:00+00:00")
    );
    assert_eq!((gross(&facts), facts.usage.len()), (usd("12600"), 120));
    let credit = &facts.credits[0].snapshot;
    assert_eq!(
        (credit.initial, credit.remaining, credit.starts_on),
        (usd("5000"), Some(usd("1200")), day("2026-01-01"))
    );
    assert_eq!(credit.expires_on, day("2028-01-01"));
    let mut denied = script;
    denied["credits"] = Value::Null;
    assert_eq!(read(&denied).unwrap().credits, Vec::new());
}

#[test]
fn a_bill_by_service_alone_has_amounts() {
    let mut services = answer(40, "2026-11-30");
    services["GroupDefinitions"] = json!([{ "Type": "DIMENSION", "Key": "SERVICE" }]);
    for entry in services["ResultsByTime"].as_array_mut().unwrap() {
        entry["Groups"] = json!([group(&[SONNET], "200", "0", "N/A"), group(&["Tax"], "40", "0", "N/A")]);
    }
    let facts = read(&services).unwrap();
    assert_eq!((gross(&facts), facts.usage.len()), (usd("8000"), 0), "tax is no usage");
}

/// What is done to a good answer, where that is told, and which words.
type Spoilt = (fn(&mut Value), &'static str, &'static str);

#[test]
fn what_is_wrong_is_told_with_its_place_and_remedy() {
    let spoilt: [Spoilt; 15] = [
        (
            |it| it["ResultsByTime"][3]["Groups"][0]["Metrics"]["UnblendedCost"]["Unit"] = "EUR".into(),
            "ResultsByTime[3].Groups[0].Metrics.UnblendedCost.Unit",
            "\"EUR\"",
        ),
        (
            |it| it["ResultsByTime"][3]["Groups"][0]["Metrics"]["UnblendedCost"]["Amount"] = 1.5.into(),
            "ResultsByTime[3].Groups[0].Metrics.UnblendedCost.Amount",
            "digits may be lost",
        ),
        (
            |it| it["ResultsByTime"][3]["Groups"][0]["Metrics"]["UnblendedCost"]["Amount"] = "many".into(),
            "ResultsByTime[3].Groups[0].Metrics.UnblendedCost.Amount",
            "not a decimal number",
        ),
        (|it| drop(it["ResultsByTime"].as_array_mut().unwrap().remove(5)), "ResultsByTime", "is missing between"),
        (
            |it| it["ResultsByTime"][2]["TimePeriod"]["End"] = "2026-12-01".into(),
            "ResultsByTime[2].TimePeriod",
            "--granularity DAILY",
        ),
        (
            |it| it["ResultsByTime"][2]["TimePeriod"]["Start"] = "2026-11-01T00:00:00Z".into(),
            "ResultsByTime[2].TimePeriod",
            "is no day",
        ),
        (|it| it["NextPageToken"] = "abc".into(), "ResultsByTime", "--next-page-token"),
        (|it| it["ResultsByTime"] = json!([]), "ResultsByTime", "it holds no day"),
        (
            |it| it["ResultsByTime"].as_array_mut().unwrap().iter_mut().for_each(|entry| entry["Groups"] = json!([])),
            "ResultsByTime",
            "no day has a row",
        ),
        (|it| it["GroupDefinitions"] = definitions("REGION"), "GroupDefinitions", "grouped by \"REGION\""),
        (|it| it["ResultsByTime"][1]["Total"] = json!({ "UnblendedCost": {} }), "ResultsByTime[1]", "unused"),
        (
            |it| drop(it["ResultsByTime"][4]["Groups"][1]["Metrics"].as_object_mut().unwrap().remove("UsageQuantity")),
            "ResultsByTime[4].Groups[1].Metrics.UsageQuantity",
            "add UsageQuantity to `--metrics`",
        ),
        (
            |it| {
                let twice = it["ResultsByTime"][4]["Groups"][1].clone();
                it["ResultsByTime"][4]["Groups"].as_array_mut().unwrap().push(twice);
            },
            "ResultsByTime[4].Groups[2]",
            "twice",
        ),
        (
            |it| it["ResultsByTime"][4]["Groups"][1]["Keys"] = json!(["one"]),
            "ResultsByTime[4].Groups[1].Keys",
            "1 keys",
        ),
        (
            |it| {
                it["ResultsByTime"].as_array_mut().unwrap().iter_mut().for_each(|entry| {
                    for group in entry["Groups"].as_array_mut().unwrap() {
                        group["Metrics"]["UnblendedCost"]["Amount"] = "0".into();
                    }
                });
            },
            "ResultsByTime",
            "credits are taken off",
        ),
    ];
    for (spoil, place, words) in spoilt {
        let mut value = answer(30, "2026-11-30");
        spoil(&mut value);
        if words == "unused" {
            // A total beside groups is AWS's own.
            assert!(read(&value).is_ok());
            continue;
        }
        let error = read(&value).unwrap_err();
        assert_eq!(error.place, place, "{error}");
        assert!(error.to_string().contains(words), "{error}");
    }
    let mut monthly = answer(30, "2026-11-30");
    monthly["ResultsByTime"][0]["Groups"] = json!([]);
    monthly["ResultsByTime"][0]["Total"] = json!({ "UnblendedCost": { "Amount": "1", "Unit": "USD" } });
    assert!(read(&monthly).unwrap_err().to_string().contains("a total and no groups"));
}

#[test]
fn two_accounts_are_not_one_bill() {
    let mut value = answer(30, "2026-11-30");
    value["GroupDefinitions"] =
        json!([{ "Type": "DIMENSION", "Key": "SERVICE" }, { "Type": "DIMENSION", "Key": "LINKED_ACCOUNT" }]);
    for entry in value["ResultsByTime"].as_array_mut().unwrap() {
        entry["Groups"] = json!([
            group(&[SONNET, "111122223333"], "1", "0", "N/A"),
            group(&["Tax", "444455556666"], "1", "0", "N/A")
        ]);
    }
    let error = read(&value).unwrap_err();
    assert!(error.to_string().contains("several accounts: 111122223333, 444455556666"), "{error}");
    for entry in value["ResultsByTime"].as_array_mut().unwrap() {
        entry["Groups"].as_array_mut().unwrap().truncate(1);
    }
    assert_eq!(gross(&read(&value).unwrap()), usd("30"));
    let script = |account: &str| {
        json!({ "glidepath_intake": 1, "made_at": "2026-12-01T10:00:00Z", "caller": { "Account": account },
            "money": [money(30)], "detail": [answer(30, "2026-11-30")], "credits": null })
    };
    let error = read(&json!([script("111122223333"), script("444455556666")])).unwrap_err();
    assert_eq!(error.place, "[1].caller.Account");
    let mut newer = script("111122223333");
    newer["glidepath_intake"] = 2.into();
    assert!(read(&newer).unwrap_err().to_string().contains("take the script that comes with this version"));
    let mut without = script("111122223333");
    without["detail"] = json!([]);
    assert_eq!(read(&without).unwrap_err().place, "detail");
}

#[test]
fn what_is_no_answer_is_told_as_such() {
    for (text, place, words) in [
        ("", "line 1", "empty"),
        ("  \n", "line 1", "empty"),
        ("hello", "line 1, column 1", "no JSON"),
        ("{\"a\": 1}", "line 1", "an object with the keys [\"a\"]"),
        ("[1]", "[0]", "the value 1"),
        ("[[]]", "[0]", "a list within a list"),
        ("[]", "ResultsByTime", "there is no answer"),
        ("{\"ResultsByTime\": 7}", "ResultsByTime", "no list"),
        ("{\"ResultsByTime\": []", "line 1, column 20", "cut"),
    ] {
        let error = facts_from(text).unwrap_err();
        assert_eq!(error.place, place, "{text}: {error}");
        assert!(error.to_string().contains(words), "{text}: {error}");
    }
}

proptest! {
    /// A file that is cut anywhere, or of which a byte was changed, is refused or read, and never more than that.
    #[test]
    fn no_file_ends_the_program(cut in 0_usize..4_000, at in 0_usize..4_000, byte in 32_u8..127) {
        let text = answer(6, "2026-10-31").to_string();
        let cut = &text[..cut.min(text.len() - 1)];
        prop_assert!(facts_from(cut).is_err());
        let mut changed = text.clone().into_bytes();
        let at = at % changed.len();
        changed[at] = byte;
        let _ = facts_from(&String::from_utf8(changed).unwrap());
    }
}
