//! Filings whose totals can be worked out on paper.

use crate::billing::classify::Classifier;
use crate::billing::price::PriceBook;
use crate::credit::programme::Programme;
use crate::filing::projection::FiledProjection;
use crate::values::money::Money;
use chrono::NaiveDate;
use rust_decimal::Decimal;

use super::*;
use crate::credit::programme::Route;

const POC: &str = r#"
filed_on = "2026-11-20"
asked_for = "bedrock-poc"
asked_usd = "25000"
window = { starts_on = "2026-12-01", expires_on = "2027-03-01" }
[[record]]
id = "trial"
[[record.tokens]]
model = "Claude Sonnet 5"
monthly = [
    { from = "2026-12", input_millions = 2000, output_millions = 540 },
    { from = "2027-03", input_millions = 0, output_millions = 0 },
]
cache_hit = "0.30"
"#;

const TIER: &str = r#"
filed_on = "2026-11-20"
asked_for = "genai-tier"
asked_usd = "300000"
window = { starts_on = "2026-12-01", expires_on = "2027-12-01" }
[[record]]
id = "base"
[[record.service]]
service = "Amazon Relational Database Service"
monthly = [{ from = "2026-12", usd = "8300" }]
[[record]]
id = "answers"
[[record.tokens]]
model = "Claude Sonnet 5"
monthly = [{ from = "2026-12", input_millions = 2200, output_millions = 680 }]
growth_per_month = "0.08"
cache_hit = "0.50"
[[record]]
id = "threads"
[[record.tokens]]
model = "Nova Pro"
monthly = [
    { from = "2026-12", input_millions = 2500, output_millions = 677 },
    { from = "2027-06", input_millions = 0, output_millions = 0 },
]
routing = "in_region"
"#;

const TRAINING: &str = r#"
filed_on = "2026-11-20"
asked_for = "genai-tier"
window = { starts_on = "2026-12-01", expires_on = "2027-03-01" }
[[record]]
id = "training"
[[record.accelerators]]
instance_type = "trn1.32xlarge"
chip_hours_per_run = 46080
monthly = [{ from = "2026-12", runs = 1 }, { from = "2027-01", runs = 0 }]
"#;

fn usd(text: &str) -> Money {
    text.parse().unwrap()
}

fn day(text: &str) -> NaiveDate {
    text.parse().unwrap()
}

fn sized_with(text: &str, account: &KnownAccount) -> SizedFiling {
    let book = PriceBook::builtin();
    let filing = FiledProjection::parse(text).unwrap_or_else(|problems| panic!("{problems:?}\n{text}"));
    let classifier = Classifier::builtin();
    size(&filing, &Knowledge { book: &book, classifier: &classifier, account })
}

fn sized(text: &str) -> SizedFiling {
    sized_with(text, &KnownAccount::default())
}

fn fit(sized: &SizedFiling, programme: Programme, route: Route) -> &ProgrammeFit {
    sized.programmes.iter().find(|it| it.programme == programme && it.route == route).unwrap()
}

fn gate<'s>(sized: &'s SizedFiling, programme: Programme, name: &str) -> &'s Gate {
    let gates = &fit(sized, programme, Route::Partner).gates;
    gates.iter().find(|gate| gate.gate == name).unwrap_or_else(|| panic!("{gates:?}"))
}

#[test]
fn totals_come_out_to_the_cent() {
    // A month: 1,400 million input at 2, 600 million from the cache at 0.2, 540 million output at 10.
    let poc = sized(POC);
    assert_eq!((poc.total_usd, poc.months.len()), (usd("24960"), 3));
    assert_eq!(poc.total_usd_without_levers, usd("28200"), "2,000 at 2 and 540 at 10, three times");
    assert_eq!(poc.ask.usd, usd("28704"));
    let tier = sized(TIER);
    let records: Vec<Money> = tier.records.iter().map(|record| record.usd).collect();
    assert_eq!(records, [usd("99600"), usd("174969.11"), usd("24998.4")]);
    assert_eq!((tier.total_usd, tier.ask.usd), (usd("299567.51"), usd("344502.63")));
    let training = sized(TRAINING);
    assert_eq!(training.total_usd, usd("61920"), "46,080 of 16 chips at 21.50 an hour");
    assert_eq!(training.months.iter().map(|month| month.usd).collect::<Vec<_>>(), [usd("61920"), usd("0"), usd("0")]);
}

#[test]
fn the_sentence_is_filled_in() {
    for (text, said) in [
        (
            POC,
            "Our product's core inference runs on Amazon Bedrock, at roughly 2.54 billion tokens a month, steady over the window.",
        ),
        (
            TRAINING,
            "Our product's training runs on AWS Trainium, at roughly 46,080 accelerator-hours in December 2026 alone.",
        ),
    ] {
        assert_eq!(sized(text).sentence, said);
    }
    let tier = sized(TIER).sentence;
    // The summaries end in May, and the growth of the rest makes up for them within a tenth.
    assert!(tier.contains("6.06 billion tokens a month, growing to 7.41 billion after launch"), "{tier}");
    // Volumes of a window of four months, and what is said of them.
    for (millions, said) in [
        ([10, 10, 10, 10], "10 million tokens a month, steady over the window"),
        ([10, 10, 20, 19], "10 million tokens a month, growing to 20 million after launch"),
        (
            [10, 30, 20, 20],
            "10 million tokens a month, growing to 30 million in January 2027, and 20 million in the last month",
        ),
        (
            [10, 30, 0, 0],
            "10 million tokens a month, growing to 30 million in January 2027, and none in the last month",
        ),
        ([20, 20, 10, 10], "20 million tokens a month at first, and 10 million in the last month"),
        ([0, 10, 0, 10], "10 million tokens a month in 2 of the window's 4 months"),
        ([0, 10, 0, 0], "10 million tokens in January 2027 alone"),
    ] {
        let months = ["2026-12", "2027-01", "2027-02", "2027-03"];
        let entry = |(month, millions): (&str, &i32)| {
            format!("{{ from = \"{month}\", input_millions = {millions}, output_millions = 0 }}")
        };
        let entries: Vec<String> = months.into_iter().zip(&millions).map(entry).collect();
        let text = format!(
            "filed_on = \"2026-11-20\"\nwindow = {{ starts_on = \"2026-12-01\", expires_on = \"2027-04-01\" }}\n[[record]]\nid = \"ai\"\n\
             [[record.tokens]]\nmodel = \"Nova Pro\"\nrouting = \"in_region\"\nmonthly = [{}]\n",
            entries.join(", ")
        );
        let sentence = sized(&text).sentence;
        assert!(sentence.contains(&format!("at roughly {said}.")), "{millions:?}: {sentence}");
    }
    let services = "filed_on = \"2026-11-20\"\n[[record]]\nid = \"base\"\n[[record.service]]\nservice = \"Amazon EC2\"\n\
                    monthly = [{ from = \"2026-12\", usd = \"1\" }]\n";
    assert!(
        sized(services).sentence.contains("____ tokens a month (no record plans tokens"),
        "{}",
        sized(services).sentence
    );
}

#[test]
fn the_tier_asks_no_more_than_its_band_on_both_rows() {
    let tier = sized(TIER);
    for programme in [Programme::ActivatePortfolio, Programme::AiRecord] {
        let gate = gate(&tier, programme, "ceiling");
        assert_eq!(gate.state, GateState::Closed);
        assert!(gate.reason.contains("$300,000.00"), "{gate:?}");
    }
    assert_eq!(gate(&tier, Programme::BedrockPoc, "ceiling").state, GateState::Open);
    let held = TIER.replace(
        "[[record]]\nid = \"base\"",
        "[company]\nawards = [{ programme = \"founders\", usd = \"5000\" }, \
        { programme = \"accelerator\", usd = \"200000\" }]\n[[record]]\nid = \"base\"",
    );
    let held = sized(&held);
    assert!(gate(&held, Programme::AiRecord, "ceiling").reason.contains("$295,000.00"), "the Accelerator counts apart");
    assert_eq!(fit(&held, Programme::AiRecord, Route::Partner).band.ceiling, usd("295000"));
    let outgrown = TIER.replace(
        "[[record]]\nid = \"base\"",
        "[company]\nawards = [{ programme = \"bedrock-poc\", usd = \"25000\" }]\n\
        [[record]]\nid = \"base\"",
    );
    assert_eq!(gate(&sized(&outgrown), Programme::Founders, "earlier_awards").state, GateState::Closed);
}

#[test]
fn a_programme_fits_by_what_is_planned() {
    let fits = |text: &str| {
        let sized = sized(text);
        let fits = sized.programmes.iter().filter(|it| it.fits && it.route == Route::Partner);
        fits.map(|it| it.programme).collect::<Vec<_>>()
    };
    use Programme::{Accelerator, ActivatePortfolio, AiRecord, BedrockPoc, Founders};
    assert_eq!(fits(POC), [Founders, BedrockPoc, AiRecord, Accelerator]);
    assert_eq!(fits(TRAINING), [Founders, AiRecord, Accelerator]);
    assert_eq!(fits(TIER), [Founders, ActivatePortfolio, BedrockPoc, AiRecord, Accelerator]);
}

#[test]
fn the_partner_that_config_names_opens_its_route() {
    let known = |name| KnownAccount::default().with_partner(name);
    let state = |sized: &SizedFiling, route| fit(sized, Programme::AiRecord, route).route_state();
    let named = sized_with(TIER, &known(Some("Fernhill")));
    assert_eq!(state(&named, Route::Partner), GateState::Open);
    assert_eq!(gate(&named, Programme::AiRecord, "route").reason, "Fernhill can file it.");
    assert_eq!(state(&sized_with(TIER, &known(None)), Route::Partner), GateState::Ask);
    // What the filing says itself comes first.
    let alone = TIER.replace("[[record]]\nid = \"base\"", "[company]\npartner = false\n[[record]]\nid = \"base\"");
    assert_eq!(state(&sized_with(&alone, &known(Some("Fernhill"))), Route::Partner), GateState::Closed);
}

#[test]
fn people_are_shown_the_routes_that_are_open() {
    let routes = |company: &str| {
        let text =
            TIER.replace("[[record]]\nid = \"base\"", &format!("[company]\n{company}\n[[record]]\nid = \"base\""));
        let sized = sized(&text);
        let of = |programme| {
            let open = sized.open_routes().into_iter().filter(|it| it.programme == programme);
            open.map(|it| it.route).collect::<Vec<_>>()
        };
        (of(Programme::AiRecord), of(Programme::Founders))
    };
    use Route::{Investor, Own, Partner};
    for (company, expected) in [
        ("", vec![Partner, Investor, Own]),
        ("partner = \"Fernhill\"\ninstitutional_investor = false", vec![Partner]),
        ("partner = true\ninstitutional_investor = true", vec![Partner, Investor]),
        ("partner = false\ninstitutional_investor = false", vec![Own]),
    ] {
        assert_eq!(routes(company), (expected, vec![Own]), "{company}: AWS's own form has one route");
    }
}

#[test]
fn a_ceiling_caps_and_only_a_spent_one_closes() {
    let poc = |times: &str, asked: &str| sized(&POC.replace("2000", times).replace("25000", asked));
    let ceiling = |sized: &SizedFiling| {
        let gate = gate(sized, Programme::BedrockPoc, "ceiling");
        (gate.state_words(), gate.most_usd, gate.reason.contains("asks for exactly that"))
    };
    assert_eq!(ceiling(&poc("2000", "25000")), ("open", None, false));
    assert_eq!(ceiling(&poc("20000", "50000")), ("capped", Some(usd("50000")), true));
    assert_eq!(ceiling(&poc("20000", "60000")), ("capped", Some(usd("50000")), false));
    let held = "[company]\nawards = [{ programme = \"bedrock-poc\", usd = \"50000\" }]\n[[record]]\n";
    let spent = sized(&POC.replacen("[[record]]\n", held, 1));
    assert_eq!(ceiling(&spent), ("closed", Some(usd("0")), false));
}

#[test]
fn awards_are_combined_where_each_has_spend_to_pay() {
    use Programme::{ActivatePortfolio, AiRecord, BedrockPoc};
    let sets = |text: &str| {
        let sized = sized(text);
        let sets = sized.awards.iter().map(|it| (it.programmes.clone(), it.usual));
        sets.filter(|(programmes, _)| programmes.len() > 1).collect::<Vec<_>>()
    };
    let both = [(vec![ActivatePortfolio, BedrockPoc], true), (vec![ActivatePortfolio, AiRecord], false)];
    assert_eq!(sets(TIER), both, "what is usual of an AI record is not reported");
    assert_eq!(sets(POC), [], "Portfolio would have nothing to pay");
    assert_eq!(sets(TRAINING), []);
}

#[test]
fn days_follow_the_route() {
    let poc = sized(POC);
    for (route, file_by, from, to) in [
        (Route::Partner, "2026-10-30", "2026-11-30", "2026-12-08"),
        (Route::Investor, "2026-09-24", "2026-12-10", "2027-01-13"),
    ] {
        let it = fit(&poc, Programme::BedrockPoc, route);
        assert_eq!((it.file_by, it.lands.from, it.lands.to), (day(file_by), day(from), day(to)), "{route:?}");
    }
}

#[test]
fn an_award_lasts_until_its_records_have_used_it() {
    assert_eq!(fit(&sized(POC), Programme::BedrockPoc, Route::Partner).lasts_until, None, "25,000 last for 24,960");
    // 8,320 a month: 20,000 are used on the 41st of 90 days, the first 62 of which cost 268.39 each.
    let smaller = sized(&POC.replace("25000", "10000"));
    let until = fit(&smaller, Programme::BedrockPoc, Route::Partner).lasts_until;
    assert_eq!(until, Some(day("2027-01-07")), "8,320 in December and 268.39 a day from there");
    // Five times as much: 50,000 is the ceiling, and 41,600 a month.
    let larger = sized(&POC.replace("2000", "10000").replace("540", "2700").replace("25000", "200000"));
    assert_eq!(fit(&larger, Programme::BedrockPoc, Route::Partner).lasts_until, Some(day("2027-01-07")));
    assert_eq!(fit(&larger, Programme::AiRecord, Route::Partner).lasts_until, None, "no record asks it");
}

#[test]
fn the_first_month_counts_whole_and_the_last_by_days() {
    let text = POC.replace(
        "starts_on = \"2026-12-01\", expires_on = \"2027-03-01\"",
        "starts_on = \"2026-12-10\", expires_on = \"2027-02-15\"",
    );
    let months: Vec<Money> = sized(&text).months.iter().map(|month| month.usd).collect();
    assert_eq!(months, [usd("8320"), usd("8320"), usd("4160")], "14 of 28 days");
}

#[test]
fn what_credit_may_not_pay_is_cash_until_the_bill_shows_otherwise() {
    let line = |model: &str| {
        format!("[[record.tokens]]\nmodel = \"{model}\"\nmonthly = [{{ from = \"2026-12\", input_millions = 1000 }}]\n")
    };
    let service = |name: &str| {
        format!("[[record.service]]\nservice = \"{name}\"\nmonthly = [{{ from = \"2026-12\", usd = \"100\" }}]\n")
    };
    let chips = "[[record.accelerators]]\ninstance_type = \"trn2.48xlarge\"\nchip_hours_per_run = 1000\nruns_per_month = 1\n\
                 usd_per_chip_hour = \"2.24\"\n";
    let text = |lines: &str| format!("filed_on = \"2026-11-20\"\n[[record]]\nid = \"ai\"\n{lines}");
    for (lines, cash, why) in [
        (line("Nova Lite"), "0", None),
        (line("Llama 3.3 70B"), "0", None),
        (line("DeepSeek R1"), "16200", Some(CashReason::UnknownCoverage)),
        (service("AWS Support (Business)"), "1200", Some(CashReason::Excluded)),
        (service("Amazon Relational Database Service"), "0", None),
        (chips.to_owned(), "26880", Some(CashReason::CapacityBlock)),
    ] {
        let sized = sized(&text(&lines));
        assert_eq!(sized.ask.cash_usd, usd(cash), "{lines}");
        assert_eq!(sized.ask.cash.first().map(|line| line.why), why, "{lines}");
        assert_eq!(sized.ask.payable_usd + sized.ask.cash_usd, sized.total_usd);
    }
    let classifier = Classifier::builtin();
    let named = classifier.model_service("DeepSeek R1").unwrap().to_owned();
    let paid = KnownAccount { paid: [named].into(), ..KnownAccount::default() };
    assert!(sized_with(&text(&line("DeepSeek R1")), &paid).ask.cash.is_empty());
}

#[test]
fn the_same_tokens_stand_beside_two_other_models() {
    let models = sized(POC).models;
    let names: Vec<(&str, bool)> = models.iter().map(|it| (it.model.as_str(), it.filed)).collect();
    assert_eq!(names, [("Claude Opus 5.5", false), ("Claude Sonnet 5", true), ("Nova 2 Lite", false)]);
    let times = models[2].runway_times / models[0].runway_times;
    assert!(times >= Decimal::from(5), "the choice moves the runway {times} times");
    assert_eq!(models[1].runway_times, Decimal::ONE);
    assert!(sized(TRAINING).models.is_empty());
}

#[test]
fn a_reviewer_finds_each_weakness_alone() {
    // A filing that is beyond reproach.
    let sound = r#"
filed_on = "2026-11-20"
asked_for = "genai-tier"
asked_usd = "28000"
deal_size_usd = "120000"
window = { starts_on = "2026-12-01", expires_on = "2027-03-01" }
[[record]]
id = "ai"
use_case = "Answers in the product, on Amazon Bedrock"
[[record.tokens]]
model = "Claude Sonnet 5"
why_model = "It answers nine questions of ten, the next smaller one seven"
monthly = [{ from = "2026-12", input_millions = 2000, output_millions = 540 }]
cache_hit = "0.30"
"#;
    let found = |text: &str, account: &KnownAccount| {
        let said = sized_with(text, account).objections;
        assert!(
            said.iter().all(|it| it.usd.is_positive() && it.objection.contains('$') && !it.remedy.is_empty()),
            "{said:?}"
        );
        said.iter().map(|it| it.weakness).collect::<Vec<_>>()
    };
    let nobody = KnownAccount::default();
    assert_eq!(found(sound, &nobody), []);
    let billed = KnownAccount {
        scale: crate::filing::projection::KnownScale { pace_per_day: Some(usd("1")), granted: usd("5000") },
        credit_days_left: Some(60),
        ..KnownAccount::default()
    };
    for (from, to, account, weakness) in [
        ("cache_hit = \"0.30\"", "", &nobody, Weakness::NoLevers),
        (
            "why_model = \"It answers nine questions of ten, the next smaller one seven\"",
            "",
            &nobody,
            Weakness::NoReason,
        ),
        ("deal_size_usd = \"120000\"", "", &nobody, Weakness::NothingAfter),
        ("use_case = \"Answers in the product, on Amazon Bedrock\"", "", &nobody, Weakness::Vague),
        ("on Amazon Bedrock", "through the OpenAI API for now", &nobody, Weakness::Elsewhere),
        ("asked_usd = \"28000\"", "asked_usd = \"90000\"", &nobody, Weakness::AskedTooMuch),
        ("asked_for = \"genai-tier\"", "asked_for = \"accelerator\"", &nobody, Weakness::AcceleratorFirst),
        ("asked_for = \"genai-tier\"", "asked_for = \"activate-portfolio\"", &nobody, Weakness::PortfolioAlone),
        ("", "", &billed, Weakness::FarFromTheBill),
    ] {
        assert_eq!(found(&sound.replace(from, to), account), [weakness], "{to}");
    }
}

#[test]
fn afterwards_grows_as_the_filing_says() {
    let text = TIER.replace("asked_usd", "post_credit_growth_per_month = \"0.10\"\nasked_usd");
    let after = sized(&text).afterwards;
    assert_eq!(after.len(), 12);
    // The thirteenth month: 8,300 and 9,220 grown twelve times by 8 %.
    assert_eq!((after[0].month.to_string(), after[0].usd), ("2027-12".to_owned(), usd("31517.53")));
    assert_eq!(after[1].usd, usd("34669.28"));
}

#[test]
fn nothing_is_lost_between_months_services_and_records() {
    for text in [POC, TIER, TRAINING] {
        let sized = sized(text);
        let cent = |of: Money, n: usize| (of - sized.total_usd).abs() <= Money::CENT.times(Decimal::from(n));
        assert!(cent(sized.months.iter().map(|it| it.usd).sum(), sized.months.len()));
        assert!(cent(sized.by_service.iter().map(|it| it.usd).sum(), sized.by_service.len()));
        assert!(cent(sized.records.iter().map(|it| it.usd).sum(), sized.records.len()));
        let json = serde_json::to_string(&sized).unwrap();
        assert_eq!(serde_json::from_str::<SizedFiling>(&json).unwrap(), sized);
    }
}

/// A filing with what the company was granted before.
fn after_awards(text: &str, awards: &[(&str, &str)]) -> SizedFiling {
    let award = |(programme, usd): &(&str, &str)| format!("{{ programme = \"{programme}\", usd = \"{usd}\" }}");
    let awards: Vec<String> = awards.iter().map(award).collect();
    let company = format!("[company]\nawards = [{}]\n[[record]]\n", awards.join(", "));
    sized(&text.replacen("[[record]]\n", &company, 1))
}

#[test]
fn no_award_is_told_that_nothing_is_left_of() {
    use Programme::{Accelerator, ActivatePortfolio, AiRecord, BedrockPoc, Founders};
    let told = |awards: &[(&str, &str)]| {
        let sized = after_awards(TIER, awards);
        let told: Vec<_> = sized.awards.iter().map(|it| (it.programmes.clone(), it.usd, it.usual)).collect();
        for (programmes, ..) in &told {
            for programme in programmes {
                assert_ne!(gate(&sized, *programme, "ceiling").state_words(), "closed", "{programme:?}");
            }
        }
        told
    };
    let all: Vec<Vec<Programme>> = told(&[]).into_iter().map(|(programmes, ..)| programmes).collect();
    assert_eq!(all.len(), 7);
    assert!(told(&[("accelerator", "1000000")]).iter().all(|(of, ..)| !of.contains(&Accelerator)));
    let part = told(&[("activate-portfolio", "100000"), ("bedrock-poc", "25000")]);
    let of =
        |programmes: &[Programme]| part.iter().find(|(of, ..)| of == programmes).map(|(_, usd, usual)| (*usd, *usual));
    assert_eq!(of(&[AiRecord]), Some((usd("175000"), false)), "300,000 less what others granted");
    assert_eq!(of(&[BedrockPoc]), Some((usd("25000"), true)), "the other half of its ceiling");
    assert_eq!(of(&[Founders]), None, "whoever holds another award is past it");
    assert_eq!(of(&[ActivatePortfolio, AiRecord]), Some((usd("175000"), false)));
    let full = told(&[("activate-portfolio", "200000"), ("ai-record", "100000")]);
    assert!(full.iter().all(|(of, ..)| !of.contains(&AiRecord) && !of.contains(&ActivatePortfolio)), "{full:?}");
}

#[test]
fn a_programme_that_has_granted_all_is_closed_whatever_the_records_ask() {
    let held = after_awards(TIER, &[("bedrock-poc", "50000"), ("accelerator", "1000000")]);
    for programme in [Programme::BedrockPoc, Programme::Accelerator] {
        let gate = gate(&held, programme, "ceiling");
        assert_eq!((gate.state, gate.most_usd), (GateState::Closed, Some(Money::ZERO)), "{programme:?}");
        assert!(gate.reason.contains("granted all that it can"), "{gate:?}");
    }
}

#[test]
fn a_window_of_years_counts_whole() {
    let text = |expires_on: &str| {
        format!(
            "filed_on = \"2026-11-20\"\nasked_usd = \"200000\"\nwindow = {{ starts_on = \"2026-12-01\", expires_on = \"{expires_on}\" }}\n\
             [[record]]\nid = \"base\"\n[[record.service]]\nservice = \"Amazon Relational Database Service\"\n\
             monthly = [{{ from = \"2026-12\", usd = \"4460\" }}]\n"
        )
    };
    let five = sized(&text("2031-12-01"));
    assert_eq!((five.months.len(), five.total_usd, five.ask.usd), (60, usd("267600"), usd("307740")));
    assert_eq!(five.afterwards[0].month.to_string(), "2031-12");
    assert!(five.objections.iter().all(|it| it.weakness != Weakness::AskedTooMuch), "its spend supports what it asks");
    let problems = FiledProjection::parse(&text("2037-01-01")).unwrap_err();
    assert!(problems[0].to_string().contains("more than ten years after the filing"), "{problems:?}");
}

#[test]
fn a_window_that_began_months_ago_is_remarked() {
    let of = |starts_on: &str| {
        let window = format!("starts_on = \"{starts_on}\"");
        FiledProjection::parse(&POC.replace("starts_on = \"2026-12-01\"", &window)).unwrap().remarks.len()
    };
    assert_eq!((of("2026-12-01"), of("2026-11-01")), (0, 0));
    assert_eq!(of("2026-10-31"), 1);
}

#[test]
fn the_accelerator_is_objected_to_with_its_own_dollars() {
    let all = format!(
        "{TIER}[[record]]\nid = \"big\"\nprogramme = \"accelerator\"\nasked_usd = \"500000\"\n[[record.tokens]]\n\
        model = \"Claude Haiku 4.5\"\nmonthly = [{{ from = \"2026-12\", input_millions = 100, output_millions = 10 }}]\n"
    );
    let sized = sized(&all);
    let objection = sized.objections.iter().find(|it| it.weakness == Weakness::AcceleratorFirst).unwrap();
    assert_eq!(objection.usd, usd("500000"));
    assert!(objection.objection.starts_with("$500,000 is asked of the Accelerator"), "{objection:?}");
    assert!(objection.remedy.contains("plan on the credit of answers and threads"), "{objection:?}");
}

#[test]
fn what_has_no_price_stands_in_the_sentence_as_a_blank() {
    let chips =
        "[[record.accelerators]]\ninstance_type = \"trn2.48xlarge\"\nchip_hours_per_run = 9216\nruns_per_month = 1\n";
    let alone = format!("filed_on = \"2026-11-20\"\n[[record]]\nid = \"t\"\n{chips}");
    assert_eq!(
        sized(&alone).sentence,
        "Our product's training runs on AWS Trainium, at roughly ____ accelerator-hours a month (trn2.48xlarge has no price)."
    );
    let beside = sized(&format!("{POC}{chips}")).sentence;
    assert_eq!(
        beside,
        "Our product's core inference runs on Amazon Bedrock, and its training on AWS Trainium, at roughly 2.54 billion tokens a \
         month, steady over the window, and ____ accelerator-hours a month (trn2.48xlarge has no price)."
    );
}

#[test]
fn inferentia_infers() {
    let with = |types: &[&str]| {
        let line = |name: &&str| {
            format!(
                "[[record.accelerators]]\ninstance_type = \"{name}\"\nchip_hours_per_run = 100\nruns_per_month = 1\n"
            )
        };
        let lines: Vec<String> = types.iter().map(line).collect();
        sized(&format!("filed_on = \"2026-11-20\"\n[[record]]\nid = \"t\"\n{}", lines.concat())).sentence
    };
    let says = |types: &[&str], said: &str| assert!(with(types).starts_with(said), "{}", with(types));
    says(&["inf2.48xlarge"], "Our product's core inference runs on AWS Inferentia, at");
    says(
        &["inf2.48xlarge", "trn1.32xlarge"],
        "Our product's core inference runs on AWS Inferentia, and its training on AWS Trainium, at",
    );
    says(&["trn1.32xlarge"], "Our product's training runs on AWS Trainium, at");
}

#[test]
fn a_record_that_ended_within_the_window_is_over_afterwards() {
    let own = "id = \"threads\"\nwindow = { starts_on = \"2026-12-01\", expires_on = \"2027-04-01\" }";
    let text = TIER
        .replace("id = \"threads\"", own)
        .replace("{ from = \"2027-06\", input_millions = 0, output_millions = 0 },", "");
    assert_eq!(sized(&text).afterwards[0].usd, usd("31517.53"), "as without it");
}

#[test]
fn credit_lasts_by_what_it_pays() {
    let line = |model: &str| {
        format!("[[record.tokens]]\nmodel = \"{model}\"\nmonthly = [{{ from = \"2026-12\", input_millions = 1000 }}]\n")
    };
    let text = |lines: &str| format!("filed_on = \"2026-11-20\"\n[[record]]\nid = \"ai\"\n{lines}");
    assert!(sized(&text(&line("DeepSeek R1"))).models.is_empty(), "no credit pays any of it");
    let mixed = sized(&text(&format!("{}{}", line("DeepSeek R1"), line("Nova Pro"))));
    let nova = mixed.models.iter().find(|it| it.model == "Nova 2 Lite").unwrap();
    let payable = mixed.ask.payable_usd.ratio(nova.usd).unwrap().round_dp(1).normalize();
    assert_eq!(nova.runway_times, payable);
}
