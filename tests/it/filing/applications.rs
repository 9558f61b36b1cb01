//! What a filing says beside its usage: what each record asks for, and the company.

use glidepath::domain::billing::price::PriceBook;
use glidepath::domain::credit::programme::Programme;
use glidepath::domain::filing::projection::{Backing, FiledProjection, FundingStage, content_hash, plan};
use rust_decimal::Decimal;

use crate::support::filing::GOOD;

/// The good filing with `added` behind the line that begins with `after`.
fn with(after: &str, added: &str) -> String {
    GOOD.lines()
        .map(|line| if line.starts_with(after) { format!("{line}\n{added}\n") } else { format!("{line}\n") })
        .collect()
}

/// Where something stands, what stands there, and words of the one problem that is told of it.
const MISTAKES: &[(&str, &str, &str)] = &[
    ("filed_on", "window = { starts_on = \"2026-03-01\", expires_on = \"2026-03-20\" }", "is shorter than a month"),
    (
        "filed_on",
        "window = { starts_on = \"2025-03-01\", expires_on = \"2026-01-01\" }",
        "and the filing is dated 2026-02-01",
    ),
    ("filed_on", "headroom = \"1.5\"", "headroom is 1.5; it must lie between 0 and 1"),
    (
        "filed_on",
        "programme = \"gold\"",
        "\"gold\" is not a credit programme; write one of founders, activate-portfolio",
    ),
    ("filed_on", "customer_url = \"javascript:alert(1)\"", "which is not an address on the web"),
    ("filed_on", "customer_url = \"our page\"", "which is not an address on the web"),
    ("id = \"ai\"", "opportunity = \"1234567\"", "the letter O and digits"),
    ("id = \"ai\"", "opportunity = \"O12345678901234567890\"", "is not the id of an opportunity"),
    ("id = \"ai\"", "poc = \"a trial\"", "poc is not a table"),
    ("id = \"ai\"", "poc = { bulding = \"a trial\" }", "did you mean building?"),
    ("id = \"ai\"", "granted_usd = \"-5\"", "granted_usd is -5"),
    ("chip_hours_per_run", "usd_per_chip_hour = \"0\"", "usd_per_chip_hour is 0; it must be more than 0"),
];

/// What stands under `[company]`, and words of the one problem that is told of it.
const COMPANIES: &[(&str, &str)] = &[
    ("funding_stage = \"rich\"", "\"rich\" is not a funding stage; write one of self-funded, pre-seed"),
    ("funding_stage = \"series-a\"\ninstitutional_investor = false", "name the investor who led the round"),
    ("founded_on = \"2026-06-01\"", "after the filing, which is dated 2026-02-01"),
    ("product_or_feature = \"both\"", "product_or_feature is \"both\""),
    ("partner = 3", "partner is neither true nor false nor a name"),
    ("awards = [{ programme = \"founders\" }]", "usd of the award is missing"),
    ("awards = [{ usd = \"5000\" }]", "programme of the award is missing"),
    ("stage = \"seed\"", "the company knows funding_stage"),
];

fn company(lines: &str) -> String {
    format!("{GOOD}[company]\n{lines}\n")
}

#[test]
fn each_mistake_is_told_with_its_line_and_a_remedy() {
    let of_file = MISTAKES.iter().map(|(after, added, words)| (with(after, added), *added, *words));
    let of_company = COMPANIES.iter().map(|(lines, words)| (company(lines), lines.lines().last().unwrap(), *words));
    for (text, told_of, words) in of_file.chain(of_company) {
        let problems = FiledProjection::parse(&text).expect_err(told_of);
        let [problem] = &problems[..] else { panic!("{told_of}: {problems:?}") };
        assert!(problem.to_string().contains(words), "{told_of}: {problem}");
        assert!(!problem.remedy.is_empty());
        let line = text.lines().position(|line| line == told_of).unwrap() + 1;
        assert_eq!(problem.line, line, "{told_of}: {problem}");
    }
}

#[test]
fn what_was_frozen_once_still_reads() {
    for (after, added, words) in &MISTAKES[..2] {
        let filing = FiledProjection::parse_frozen(&with(after, added), &PriceBook::builtin()).unwrap();
        assert!(filing.remarks.iter().any(|remark| remark.to_string().contains(words)), "{:?}", filing.remarks);
    }
}

#[test]
fn what_is_worth_a_look_is_a_remark() {
    let both = with("filed_on", "asked_usd = \"5\"").replace("id = \"ai\"", "id = \"ai\"\nasked_usd = \"3\"");
    let both = both.replace("id = \"portfolio\"", "id = \"portfolio\"\nasked_usd = \"3\"");
    for (text, words) in [
        (with("id = \"ai\"", "stage = \"Dreaming\""), "is not a stage that an opportunity has"),
        (with("chip_hours_per_run", "usd_per_chip_hour = \"2\""), "the price book has a price of trn1.32xlarge"),
        (
            company("awards = [{ programme = \"founders\", usd = \"50000\" }]"),
            "is more than the $5,000.00 that all its awards",
        ),
        (both, "the filing asks for $5.00, and its records for $6.00 together"),
    ] {
        let filing = FiledProjection::parse(&text).unwrap_or_else(|problems| panic!("{problems:?}"));
        let [remark] = &filing.remarks[..] else { panic!("{words}: {:?}", filing.remarks) };
        assert!(remark.to_string().contains(words), "{remark}");
    }
}

#[test]
fn what_a_record_does_not_say_stands_at_the_top_of_the_file() {
    let text = with(
        "filed_on",
        "use_case = \"All of it\"\nstage = \"Qualified\"\nasked_usd = \"90000\"\n\
         window = { starts_on = \"2026-03-01\", expires_on = \"2027-03-01\" }",
    );
    let text = text.replace(
        "id = \"portfolio\"",
        "id = \"portfolio\"\nuse_case = \"Databases\"\nopportunity = \"O77\"\nasked_usd = \"20000\"\ngranted_usd = \"15000\"\n\
         window = { starts_on = \"2026-04-01\", expires_on = \"2027-10-01\" }",
    );
    let filing = FiledProjection::parse(&text).unwrap();
    let [ai, portfolio] = &filing.records[..] else { panic!() };
    let (of_ai, of_portfolio) = (filing.application_of(ai), filing.application_of(portfolio));
    assert_eq!((of_ai.use_case.as_deref(), of_portfolio.use_case.as_deref()), (Some("All of it"), Some("Databases")));
    assert_eq!((of_ai.stage.as_deref(), of_portfolio.stage.as_deref()), (Some("Qualified"), Some("Qualified")));
    assert_eq!((of_ai.opportunity, of_portfolio.opportunity.as_deref()), (None, Some("O77")));
    assert_eq!(filing.window_of(ai).unwrap().end, "2027-03-01".parse().unwrap());
    assert_eq!(filing.window_of(portfolio).unwrap().end, "2027-10-01".parse().unwrap());
    // The whole filing's amount is not that of each record.
    assert_eq!((filing.asked_by(ai), filing.asked_by(portfolio)), (None, "20000".parse().ok()));
    assert_eq!((filing.asked_usd(), filing.granted_usd()), ("90000".parse().ok(), "15000".parse().ok()));
    assert_eq!(filing.headroom, "0.15".parse::<Decimal>().unwrap());
}

#[test]
fn a_record_asks_its_own_programme_or_the_one_that_its_spend_is_for() {
    let programmes = |text: &str| {
        let filing = FiledProjection::parse(text).unwrap();
        filing.records.iter().map(|record| filing.programme_of(record)).collect::<Vec<_>>()
    };
    use Programme::{ActivatePortfolio, AiRecord, BedrockPoc, Founders};
    assert_eq!(programmes(GOOD), [AiRecord, ActivatePortfolio], "as the tier asks");
    assert_eq!(programmes(&GOOD.replace("genai-tier", "bedrock-poc")), [BedrockPoc, BedrockPoc]);
    assert_eq!(programmes(&GOOD.replace("genai-tier", "our own words")), [AiRecord, ActivatePortfolio]);
    assert_eq!(programmes(&with("id = \"ai\"", "programme = \"bedrock-poc\"")), [BedrockPoc, ActivatePortfolio]);
    assert_eq!(
        programmes(&with("id = \"ai\"", "programme = \"genai-tier\"")),
        [AiRecord, ActivatePortfolio],
        "its old name"
    );
    assert_eq!(programmes(&with("filed_on", "programme = \"founders\"")), [Founders, Founders]);
}

#[test]
fn the_company_reads_as_people_write_it() {
    let text = company(
        "funding_stage = \"Series A\"\ninstitutional_investor = \"Northwind Ventures\"\npartner = true\n\
         founded_on = 2023-05-01\nproduct_or_feature = \"product\"\nawards = [{ programme = \"founders\", usd = \"5000\" }]",
    );
    let company = FiledProjection::parse(&text).unwrap().company.unwrap();
    assert_eq!(company.funding_stage, Some(FundingStage::SeriesA));
    assert_eq!(company.institutional_investor, Some(Backing::Somebody(Some("Northwind Ventures".to_owned()))));
    assert_eq!(company.partner, Some(Backing::Somebody(None)));
    assert_eq!(company.awards[0].usd, "5000".parse().unwrap());
}

#[test]
fn a_type_without_a_price_takes_the_lines_own() {
    let text = GOOD.replace("trn1.32xlarge", "trn2.48xlarge");
    let text = text.replace("runs_per_month = 1", "runs_per_month = 1\nusd_per_chip_hour = \"2.235\"");
    let filing = FiledProjection::parse(&text).unwrap();
    assert_eq!(filing.remarks, []);
    let first = filing.first_month();
    let planned = plan(&filing, &PriceBook::builtin(), first..first.next(), |_| "Amazon Bedrock".to_owned());
    let chips = planned.months.iter().find(|month| month.instance_type.is_some()).unwrap();
    assert_eq!(chips.cost, "20597.76".parse().unwrap(), "9,216 chip-hours");
}

#[test]
fn every_word_of_an_application_is_part_of_the_filing() {
    let before = content_hash(GOOD);
    let after = content_hash(&with("id = \"ai\"", "use_case = \"Answers\""));
    assert_ne!(before, after);
}
