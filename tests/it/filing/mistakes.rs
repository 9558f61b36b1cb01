//! What is wrong with a file, and what is only worth a look.

use glidepath::domain::billing::price::PriceBook;
use glidepath::domain::filing::projection::{FiledProjection, content_hash, plan};
use proptest::prelude::*;

use crate::support::filing::{GOOD, good};
use crate::support::places::package_root;

/// One mistake per file: the line it is reported at, and words of its message.
const MISTAKES: &[(&str, usize, &str)] = &[
    (
        "amount_swallows_tokens",
        22,
        "are the same spend: \"claude sonnet 5 (Amazon Bedrock Edition)\" is where Claude Sonnet 5 bills",
    ),
    ("asked_usd_negative", 3, "asked_usd is -1; it must lie between 0 and 1000000000"),
    ("batch_above_one", 10, "batch is 1.5; it must lie between 0 and 1"),
    ("cache_hit_float", 9, "put it in quotes: cache_hit = \"0.40\""),
    ("cache_hit_negative", 9, "cache_hit is -0.1; it must lie between 0 and 1"),
    ("cache_lifetime_unknown", 11, "cache_lifetime is \"2h\", which is not a lifetime"),
    ("cache_shares_above_one", 10, "cache_hit 0.4 and cache_write 0.7 are more than all of the input"),
    ("cache_write_negative", 10, "cache_write is -0.1; it must lie between 0 and 1"),
    ("chip_hours_missing", 12, "chip_hours_per_run is missing"),
    ("corrects_zero", 3, "corrects is not the number of a version"),
    ("filed_on_missing", 1, "filed_on is missing"),
    ("filed_on_not_a_day", 1, "\"2026-02-30\", which is not a day"),
    ("growth_as_percent", 8, "8 % a month is growth_per_month = \"0.08\""),
    ("id_missing", 16, "id is missing"),
    ("id_outside", 17, "choose another id"),
    ("id_twice", 17, "two records have the id \"ai\": here and in line 4"),
    ("instance_type_twice", 25, "by record \"ai\" in line 13 and by record \"portfolio\" here"),
    ("model_in_two_records", 22, "by record \"ai\" in line 6 and by record \"portfolio\" here"),
    ("month_twice", 8, "2026-02 comes after 2026-02"),
    ("month_without_tokens", 7, "this month plans no tokens"),
    ("months_out_of_order", 8, "2026-02 comes after 2026-04"),
    ("no_lines", 3, "record \"ai\" plans nothing"),
    ("no_months", 20, "the line has no month"),
    ("no_record", 1, "the filing has no record"),
    ("not_a_month", 7, "\"2026-13\" is not a month"),
    ("not_a_year", 20, "\"0206-02\" is not a month to plan"),
    ("not_toml", 9, "the file is not TOML"),
    (
        "planned_before_filing",
        7,
        "\"Claude Sonnet 5\" is planned from 2026-02, before the filing itself, which is dated 2026-03-10",
    ),
    ("record_without_lines", 21, "record \"empty\" plans nothing"),
    ("records_empty", 1, "the filing has no record"),
    ("rest_not_a_flag", 20, "rest is neither true nor false"),
    ("run_table_and_from", 16, "the line has a month table and from"),
    ("run_table_without_chip_hours", 14, "this month says no chip_hours_per_run"),
    ("runs_before_filing", 16, "\"trn1.32xlarge\" is planned from 2026-01, before the filing itself"),
    ("runs_negative", 15, "runs_per_month is -1; it must lie between 0 and 10000"),
    ("runs_out_of_order", 15, "2026-02 comes after 2026-04"),
    ("service_twice", 22, "is planned twice: by record \"portfolio\" in line 19"),
    ("tokens_not_a_list", 5, "tokens is not a list of tables"),
    ("unknown_instance_type", 13, "did you mean trn1.32xlarge"),
    ("unknown_key", 9, "did you mean cache_hit?"),
    ("unknown_model", 6, "did you mean Claude Sonnet 5, or"),
    ("unknown_routing", 11, "routing is \"gobal\""),
    ("unknown_top_key", 2, "a filing knows filed_on, corrects, asked_for"),
    ("usd_float", 20, "is a float"),
    ("usd_missing", 20, "usd is missing"),
    ("usd_negative", 20, "usd is -400; it must lie between 0 and 1000000000"),
    ("usd_not_a_number", 20, "\"4OO\" is not a decimal number"),
    ("volume_hexadecimal", 14, "is not a decimal number (TOML type: integer)"),
    ("window_empty", 3, "the window ends on 2026-03-01, not after its start"),
    ("window_without_end", 3, "expires_on is missing"),
];

/// Legal files, each with one remark.
const REMARKS: &[(&str, usize, &str)] = &[
    ("unpriced_direction", 6, "output is unpriced, so its dollars are not in the plan"),
    (
        "unpriced_instance_type",
        13,
        "trn2.48xlarge is unpriced, so its dollars are not in the plan: sold as Capacity Blocks",
    ),
];

fn folder(name: &str) -> String {
    format!("{}/tests/config/projection{name}", package_root().display())
}

fn text_of(file: &str) -> String {
    std::fs::read_to_string(folder(&format!("/{file}.toml"))).unwrap()
}

#[test]
fn every_mistake_is_reported_with_its_line() {
    for (file, line, words) in MISTAKES {
        let problems = FiledProjection::parse(&text_of(file)).expect_err(file);
        assert_eq!(problems.len(), 1, "{file}: {problems:?}");
        assert_eq!(problems[0].line, *line, "{file}: {}", problems[0]);
        assert!(problems[0].to_string().contains(words), "{file}: {}", problems[0]);
        assert!(!problems[0].remedy.is_empty(), "{file}: what to do?");
    }
}

#[test]
fn what_is_worth_a_look_is_a_remark_and_no_mistake() {
    for (file, line, words) in REMARKS {
        let filing = FiledProjection::parse(&text_of(&format!("worth_a_look/{file}"))).expect(file);
        let [remark] = &filing.remarks[..] else { panic!("{file}: {:?}", filing.remarks) };
        assert_eq!(remark.line, *line, "{file}: {remark}");
        assert!(remark.to_string().contains(words), "{file}: {remark}");
    }
    assert!(good().remarks.is_empty());
    let lifetime = GOOD.replace("batch =", "cache_lifetime = \"1h\"\nbatch =");
    assert!(
        FiledProjection::parse(&lifetime).unwrap().remarks[0].to_string().contains("line 10: cache_lifetime prices")
    );
    let spelt = GOOD.replace("Amazon Relational Database Service", "Amazon EC2");
    let remark = FiledProjection::parse(&spelt).unwrap().remarks[0].to_string();
    assert!(remark.starts_with("line 19: \"Amazon EC2\" is not a name that Cost Explorer bills under"), "{remark}");
    assert!(remark.contains("Amazon Elastic Compute Cloud - Compute, or EC2 - Other"), "{remark}");
    let ec2 = format!(
        "{GOOD}[[record.service]]\nservice = \"Amazon Elastic Compute Cloud - Compute\"\nmonthly = [{{ from = \"2026-02\", usd = 5 }}]\n"
    );
    let remark = FiledProjection::parse(&ec2).unwrap().remarks[0].to_string();
    assert!(remark.contains("line 22") && remark.contains("also where the trn1.32xlarge of line 13 bills"), "{remark}");
    assert!(FiledProjection::parse(&format!("{ec2}rest = true\n")).unwrap().remarks.is_empty());
}

#[test]
fn a_correction_may_restate_the_months_of_what_it_corrects() {
    let corrected = text_of("planned_before_filing").replace("filed_on", "corrects = 1\nfiled_on");
    assert_eq!(FiledProjection::parse(&corrected).unwrap().corrects, Some(1));
    // The month of filing itself is still to come, whatever its day.
    let same_month = GOOD.replace("2026-02-01", "2026-02-28");
    assert!(FiledProjection::parse(&same_month).is_ok());
}

#[test]
fn all_mistakes_are_reported_at_once_in_order_of_line() {
    let text = GOOD
        .replace("\"0.40\"", "0.40")
        .replace("Sonnet 5", "Sonet 5")
        .replace("runs_per_month = 1", "runs_per_month = true")
        .replace("usd =", "eur =");
    let lines: Vec<_> = FiledProjection::parse(&text).unwrap_err().iter().map(|problem| problem.line).collect();
    assert_eq!(lines, [6, 9, 15, 20, 20]);
    // Overlaps and dates are found beside slips of the pen.
    let twice = text_of("model_in_two_records").replace("filed_on = \"2026-02-01\"", "filed_on = \"2026-03-01\"");
    assert!(FiledProjection::parse(&twice).unwrap_err().len() > 3);
}

#[test]
fn line_ends_do_not_change_the_hash_and_anything_else_does() {
    let filing = good();
    assert_eq!(FiledProjection::parse(&GOOD.replace('\n', "\r\n")).unwrap(), filing);
    assert_eq!(filing.content_hash, content_hash(GOOD));
    assert_eq!(filing.content_hash.len(), 64);
    // SHA-256 of "abc", from FIPS 180-2.
    assert_eq!(content_hash("abc"), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    assert_ne!(FiledProjection::parse(&format!("{GOOD}# a note\n")).unwrap().content_hash, filing.content_hash);
}

#[test]
fn native_dates_and_plain_integers_read_like_their_text() {
    let text = GOOD
        .replace("filed_on = \"2026-02-01\"", "filed_on = 2026-02-01")
        .replace("batch = \"0.0\"", "batch = 0")
        .replace("input_millions = 400", "input_millions = \"400.0\"");
    let (a, b) = (FiledProjection::parse(&text).unwrap(), good());
    assert_eq!((a.filed_on, a.records), (b.filed_on, b.records));
}

#[test]
fn every_bad_file_is_in_a_table() {
    for (name, table) in [("", MISTAKES), ("/worth_a_look", REMARKS)] {
        for entry in std::fs::read_dir(folder(name)).unwrap() {
            let name = entry.unwrap().file_name().into_string().unwrap();
            let Some(stem) = name.strip_suffix(".toml") else { continue };
            assert!(stem == "good" || table.iter().any(|(file, ..)| *file == stem), "{name} is not tested");
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    /// Whatever is typed into a filing, it is read or refused with lines that exist.
    #[test]
    fn no_text_breaks_the_parser(at in 0_usize..GOOD.len(), cut in 0_usize..20, typed in "[\\PC\n]{0,6}") {
        let text = format!("{}{typed}{}", &GOOD[..at], &GOOD[(at + cut).min(GOOD.len())..]);
        let lines = text.lines().count().max(1);
        match FiledProjection::parse(&text) {
            Ok(filing) => prop_assert_eq!(filing.content_hash, content_hash(&text)),
            Err(problems) => prop_assert!(!problems.is_empty() && problems.iter().all(|p| (1..=lines + 1).contains(&p.line))),
        }
    }
}

#[test]
fn a_frozen_filing_reads_on_when_the_book_lists_its_names_no_more() {
    let text = GOOD.replace("Claude Sonnet 5", "House Llama").replace("trn1.32xlarge", "trn9.32xlarge");
    let anew = FiledProjection::parse(&text).unwrap_err();
    assert_eq!(anew.iter().map(|problem| problem.line).collect::<Vec<_>>(), [6, 13], "{anew:?}");

    let book = PriceBook::builtin();
    let frozen = FiledProjection::parse_frozen(&text, &book).unwrap();
    assert_eq!(frozen.content_hash, content_hash(&text));
    let remarked: Vec<_> = frozen.remarks.iter().map(|remark| remark.line).collect();
    assert_eq!(remarked, [6, 6, 13], "{:?}", frozen.remarks);
    let months = frozen.first_month()..frozen.first_month().next();
    let planned = plan(&frozen, &book, months, |_| "Amazon Bedrock".to_owned());
    let priced: Vec<_> = planned.months.iter().map(|month| month.service.as_str()).collect();
    assert_eq!(priced, ["Amazon Relational Database Service"], "the rest stays reportable");
    let unpriced: Vec<_> = planned.unpriced.iter().map(|line| (line.what.as_str(), line.reason.as_str())).collect();
    let (model, instance) =
        ("the price book does not list the model", "the price book does not list the instance type");
    assert_eq!(unpriced, [("House Llama input", model), ("House Llama output", model), ("trn9.32xlarge", instance)]);
    // A mistake of the text stays one.
    assert!(FiledProjection::parse_frozen(&text.replace("\"0.40\"", "\"40\""), &book).is_err());
}
