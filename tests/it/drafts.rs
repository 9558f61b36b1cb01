//! The next filing from the bill: what is drafted passes the check, and a further month at the bill's pace bears it out.

mod bill;
mod files;
mod intake;
mod lives;

use glidepath::domain::filing::Filing;
use glidepath::domain::filing::draft::{Draft, NoDraft};
use glidepath::domain::filing::next_award::Wanted;
use glidepath::domain::filing::projection::{FiledProjection, FilingSize, KnownScale, OUTSIDE, Plan, plan};
use glidepath::domain::filing::variance::Variance;
use glidepath::domain::position::assess::Context;
use glidepath::domain::values::money::Money;
use glidepath::domain::values::period::plus_days;
use glidepath::domain::values::workload::Workload;
use rust_decimal::Decimal;

use crate::support::values::{day, usd};
use crate::support::world::{CLASSIFIER, EC2, PRICES, RDS, World};
use bill::{Bill, SONNET_SERVICE};

/// A filing and the text that it was read from.
struct Drafted {
    draft: Draft,
    text: String,
    filing: FiledProjection,
}

fn drafted(world: &World) -> Drafted {
    let draft = world.assess().draft().unwrap();
    let text = draft.to_toml();
    let filing = FiledProjection::parse(&text).unwrap_or_else(|problems| panic!("{problems:?}\n{text}"));
    Drafted { draft, text, filing }
}

fn service_of(model: &str) -> String {
    CLASSIFIER.model_service(model).unwrap_or("Amazon Bedrock").to_owned()
}

impl Drafted {
    fn plan(&self, months: i32) -> Plan {
        let first = self.filing.first_month();
        plan(&self.filing, &PRICES, first..first.plus_months(months), service_of)
    }

    /// What the first month comes to, without the lines of `but`.
    fn first_month(&self, but: impl Fn(Workload) -> bool) -> Money {
        let months = self.plan(1).months;
        months.iter().filter(|month| !but(month.workload)).map(|month| month.cost).sum()
    }

    /// `projection check` has nothing against it.
    fn passes(&self, pace_per_day: Money) {
        let size = FilingSize::of(&self.filing, &PRICES, service_of);
        let known = KnownScale { pace_per_day: Some(pace_per_day), granted: Money::ZERO };
        assert_eq!(size.refusals(&known), Vec::<String>::new(), "{}", self.text);
        assert_eq!(size.remarks(&known), Vec::<String>::new(), "{}", self.text);
        assert_eq!(self.plan(12).unpriced, Vec::new(), "{}", self.text);
    }

    /// The variance of its first month, once that was billed as `world` has it.
    fn against(&self, world: &World) -> Vec<Variance> {
        let first = self.filing.first_month();
        let Plan { months: plan, unpriced } = self.plan(1);
        let filing =
            Filing { version: 1, recorded_at: world.facts.as_of, projection: self.filing.clone(), plan, unpriced };
        let context = Context {
            classifier: &CLASSIFIER,
            prices: &PRICES,
            pools: &[],
            filing: Some(&filing),
            tax_rate: None,
            next_award: Wanted::default(),
        };
        let assessment = glidepath::domain::position::assess::Assessment::new(&world.facts, context);
        let variance = assessment.position(None).variance;
        variance.into_iter().filter(|row| row.month == first).collect()
    }
}

/// How far two amounts are apart, as a share of the second.
fn apart(a: Money, b: Money) -> Decimal {
    (a - b).abs().ratio(b).unwrap_or(Decimal::ONE_THOUSAND)
}

fn tenth() -> Decimal {
    Decimal::new(1, 1)
}

/// The total variance of a month within a tenth, and next to nothing outside the filing.
fn holds(rows: &[Variance], what: &str) {
    let (projected, actual): (Money, Money) =
        (rows.iter().map(|row| row.projected).sum(), rows.iter().map(|row| row.actual).sum());
    assert!(apart(projected, actual) <= tenth(), "{what}: projected {projected}, billed {actual}");
    let outside: Money = rows.iter().filter(|row| row.record == OUTSIDE).map(|row| row.actual).sum();
    assert!(outside.abs() <= actual.times(Decimal::new(2, 2)), "{what}: {outside} of {actual} is outside the filing");
}

/// A small account whose bill runs through 28 November.
fn account() -> Bill {
    Bill::new("2026-05-01", "2026-11-29")
}

#[test]
fn a_level_bill_is_drafted_with_its_tokens_and_amounts() {
    let mut bill = account();
    for on in bill.days() {
        bill.sonnet(on, "10", "6", "2", "_Global");
        bill.amount(on, RDS, "12.5");
    }
    let drafted = drafted(&bill.world());
    assert_eq!(drafted.filing.first_month().to_string(), "2026-12");
    let [ai, portfolio] = &drafted.filing.records[..] else { panic!("{}", drafted.text) };
    assert_eq!((ai.id.as_str(), portfolio.id.as_str()), ("ai", "portfolio"));
    let line = &ai.tokens[0];
    assert_eq!(line.model, "Claude Sonnet 5");
    // 31 days: 10 million plain and 6 million cached tokens a day are 496 million, and 2 million of output 62.
    let millions = |text: &str| text.parse::<Decimal>().unwrap() * Decimal::from(1_000_000);
    assert_eq!((line.monthly[0].input.amount(), line.monthly[0].output.amount()), (millions("496"), millions("62")));
    assert_eq!((line.cache_hit, line.batch), ("0.375".parse().unwrap(), Decimal::ZERO));
    assert_eq!(portfolio.services[0].monthly[0].usd, usd("387.5"));
    assert!(!drafted.text.contains("growth_per_month"), "{}", drafted.text);
    // 28 days, named at every value.
    let values = drafted.text.lines().filter(|line| line.starts_with("monthly") || line.starts_with("cache_hit"));
    values.for_each(|line| assert!(line.contains("28 days, 2026-11-01 to 2026-11-28"), "{line}"));
    // 10 x 2 + 6 x 0.2 + 2 x 10 and 12.50 a day.
    assert_eq!(drafted.first_month(|_| false), usd("53.7").times(31.into()));
    drafted.passes(usd("53.7"));
    holds(&drafted.against(&bill.further_month()), "level");
}

#[test]
fn the_month_is_the_first_that_begins_after_the_bill_and_no_later_than_its_filing() {
    for (through, first, filed_on) in [
        ("2026-11-27", "2026-12", "2026-11-29"),
        ("2026-11-28", "2026-12", "2026-11-30"),
        ("2026-11-29", "2026-12", "2026-12-01"),
        ("2026-11-30", "2026-12", "2026-12-02"),
        ("2026-12-01", "2027-01", "2026-12-03"),
        ("2027-01-30", "2027-02", "2027-02-01"),
    ] {
        let mut bill = Bill::new("2026-10-01", &plus_days(day(through), 1).to_string());
        for on in bill.days() {
            bill.amount(on, RDS, "10");
        }
        let drafted = drafted(&bill.world());
        assert_eq!(
            (drafted.filing.first_month().to_string().as_str(), drafted.filing.filed_on),
            (first, day(filed_on))
        );
        let days = drafted.filing.first_month().days();
        assert_eq!(drafted.first_month(|_| false), usd("10").times(days.into()), "{through}");
    }
    // A bill that nobody pulled for weeks: the filing stands in the first month that it plans.
    let mut bill = Bill::new("2026-10-01", "2026-11-10");
    for on in bill.days() {
        bill.amount(on, RDS, "10");
    }
    let mut world = bill.world();
    world.facts.as_of = day("2027-02-03").and_hms_opt(6, 0, 0).unwrap().and_utc();
    let drafted = drafted(&world);
    assert_eq!(
        (drafted.filing.first_month().to_string().as_str(), drafted.filing.filed_on),
        ("2026-12", day("2026-12-31"))
    );
}

#[test]
fn february_is_followed_by_an_average_month() {
    let mut bill = Bill::new("2026-10-01", "2027-01-21");
    for on in bill.days() {
        bill.sonnet(on, "10", "0", "2", "_Global");
        bill.amount(on, RDS, "10");
    }
    let drafted = drafted(&bill.world());
    let months = drafted.plan(2).months;
    let of =
        |month: &str| -> Money { months.iter().filter(|row| row.month.to_string() == month).map(|row| row.cost).sum() };
    assert_eq!(of("2027-02"), usd("50").times(28.into()));
    assert!(apart(of("2027-03"), usd("1520.83")) < Decimal::new(1, 3), "{}", of("2027-03"));
}

#[test]
fn a_launch_is_drafted_at_its_own_pace() {
    for since in [5_i64, 9, 14, 21, 27] {
        let mut bill = account();
        let launch = plus_days(bill.complete().end, -since);
        for on in bill.days() {
            bill.amount(on, RDS, "12.5");
            if on >= launch {
                bill.sonnet(on, "300", "100", "60", "_Global");
            } else {
                bill.sonnet(on, "0.1", "0", "0.01", "_Global");
            }
        }
        let drafted = drafted(&bill.world());
        // 600 + 20 + 600 and 12.50 a day.
        let pace = usd("1232.5");
        assert!(
            apart(drafted.first_month(|_| false), pace.times(31.into())) <= tenth(),
            "{since} days: {}",
            drafted.text
        );
        assert!(drafted.text.contains(&format!("{since} days")), "{since}: {}", drafted.text);
        drafted.passes(pace);
    }
}

#[test]
fn a_switch_of_models_counts_what_moved_once() {
    for since in [8_i64, 12, 20] {
        let mut bill = account();
        let switch = plus_days(bill.complete().end, -since);
        for on in bill.days() {
            bill.amount(on, RDS, "12.5");
            if on >= switch {
                bill.haiku(on, "100", "20");
            } else {
                bill.sonnet(on, "50", "0", "10", "_Global");
            }
        }
        let drafted = drafted(&bill.world());
        // Both cost 200 a day.
        let first = drafted.first_month(|_| false);
        assert!(apart(first, usd("212.5").times(31.into())) <= tenth(), "{since} days: {first}\n{}", drafted.text);
    }
}

#[test]
fn runs_at_a_cadence_stand_as_the_number_that_falls_into_the_month() {
    // Three days of two instances from the 9th of each month.
    let mut bill = account();
    for on in bill.days() {
        bill.amount(on, RDS, "12.5");
        if (9..12).contains(&chrono::Datelike::day(&on)) {
            bill.hours(on, EC2, "BoxUsage:trn1.32xlarge", "48", "21.5");
        }
    }
    let drafted = drafted(&bill.world());
    let line = &drafted.filing.records.iter().find(|record| record.id == "training").unwrap().accelerators[0];
    assert_eq!(
        (line.instance_type.as_str(), line.monthly[0].runs),
        ("trn1.32xlarge", Decimal::ONE),
        "{}",
        drafted.text
    );
    // 3 days x 48 instance hours x 16 chips.
    assert_eq!(line.monthly[0].chip_hours_per_run.amount(), Decimal::from(2304));
    let beside = drafted.first_month(|workload| workload == Workload::Trainium);
    assert_eq!(beside, usd("12.5").times(31.into()));
    assert!(drafted.text.contains("due 2026-12-09"), "{}", drafted.text);
    holds(&drafted.against(&bill.further_month()), "monthly runs");
    // One a week: four or five in a month, and on average 4.35.
    let mut bill = account();
    for on in bill.days() {
        if chrono::Datelike::weekday(&on) == chrono::Weekday::Tue {
            bill.hours(on, EC2, "BoxUsage:trn1.32xlarge", "24", "21.5");
        }
    }
    let drafted = self::drafted(&bill.world());
    let line = &drafted.filing.records[0].accelerators[0];
    // The Tuesdays of December 2026: 1, 8, 15, 22 and 29.
    assert_eq!(
        (line.monthly[0].runs, line.monthly[1].runs),
        (Decimal::from(5), "4.35".parse().unwrap()),
        "{}",
        drafted.text
    );
}

#[test]
fn steady_training_is_a_month_of_chip_hours() {
    let mut bill = account();
    for on in bill.days() {
        bill.hours(on, EC2, "BoxUsage:trn1.32xlarge", "24", "21.5");
        bill.usage(on, EC2, "BoxUsage:m7g.xlarge", "Hrs", "24", "8");
    }
    let drafted = drafted(&bill.world());
    let training = drafted.filing.records.iter().find(|record| record.id == "training").unwrap();
    let line = &training.accelerators[0];
    assert_eq!(
        (line.monthly[0].runs, line.monthly[0].chip_hours_per_run.amount()),
        (Decimal::ONE, Decimal::from(31 * 24 * 16))
    );
    let service =
        drafted.filing.records.iter().flat_map(|record| &record.services).find(|line| line.service == EC2).unwrap();
    assert!(service.rest, "{}", drafted.text);
    assert_eq!(service.monthly[0].usd, usd("248"));
    assert_eq!(drafted.filing.remarks, Vec::new());
    drafted.passes(usd("524"));
    holds(&drafted.against(&bill.further_month()), "steady training");
}

/// Trainium2 has no listed price: what is paid by the hour is filed at what the bill implies.
#[test]
fn training_without_a_listed_price_is_filed_at_the_bill_s_own() {
    let mut bill = account();
    for on in bill.days() {
        bill.hours(on, EC2, "BoxUsage:trn2.48xlarge", "24", "36");
    }
    let drafted = drafted(&bill.world());
    let line = &drafted.filing.records.iter().find(|record| record.id == "training").unwrap().accelerators[0];
    assert_eq!(line.usd_per_chip_hour, Some(usd("2.25")), "{}", drafted.text);
    assert!(drafted.text.contains("# why_model = "), "{}", drafted.text);
    drafted.passes(usd("864"));
    holds(&drafted.against(&bill.further_month()), "training without a price");
}

#[test]
fn growth_that_the_bill_shows_goes_on_from_the_month_after() {
    for percent in [8_i64, 20] {
        let mut bill = account();
        let monthly = 1.0 + percent as f64 / 100.0;
        for (at, on) in bill.days().into_iter().enumerate() {
            let millions = format!("{:.6}", 20.0 * monthly.powf(at as f64 / 30.42));
            bill.sonnet(on, &millions, "0", "2", "_Global");
        }
        let world = bill.world();
        let drafted = drafted(&world);
        let growth = drafted.filing.records[0].tokens[0].growth_per_month;
        // Output stands still, so that dollars grow by a little less than input.
        assert!(growth > Decimal::new(percent - 5, 2) && growth <= Decimal::new(percent + 1, 2), "{percent}: {growth}");
        let pace = bill.cost_of(bill.newest(28)).per(28);
        assert!(apart(drafted.first_month(|_| false), pace.times(31.into())) <= Decimal::new(2, 2));
    }
    // A step is no growth.
    let mut bill = account();
    for (at, on) in bill.days().into_iter().enumerate() {
        bill.sonnet(on, if at < 160 { "20" } else { "60" }, "0", "2", "_Global");
    }
    assert!(!drafted(&bill.world()).text.contains("growth_per_month"));
}

#[test]
fn what_has_no_price_or_model_stays_an_amount_of_its_service() {
    let mut bill = account();
    for on in bill.days() {
        bill.sonnet(on, "10", "0", "2", "_Global");
        // A tier without a list price, and a model that nobody knows, under the service of another one.
        bill.usage(on, SONNET_SERVICE, "USE1-MP:USE1_InputTokenCount_Priority-Units", "Units", "5", "17.5");
        bill.usage(on, "Amazon Bedrock", "USE1-NovaLite-input-tokens", "1K tokens", "100000", "6");
        bill.usage(on, "Amazon Bedrock", "USE1-Zebra9-input-tokens", "1K tokens", "100000", "9");
        bill.amount(on, "AWS Support (Developer)", "1");
    }
    let drafted = drafted(&bill.world());
    let services: Vec<_> = drafted.filing.records.iter().flat_map(|record| &record.services).collect();
    let of = |name: &str| {
        services.iter().find(|line| line.service == name).unwrap_or_else(|| panic!("{name}: {}", drafted.text))
    };
    assert_eq!((of(SONNET_SERVICE).rest, of(SONNET_SERVICE).monthly[0].usd), (true, usd("542.5")));
    assert_eq!((of("Amazon Bedrock").rest, of("Amazon Bedrock").monthly[0].usd), (true, usd("279")));
    assert_eq!(of("AWS Support (Developer)").monthly[0].usd, usd("31"));
    drafted.passes(usd("73.5"));
    holds(&drafted.against(&bill.further_month()), "unpriced");
}

#[test]
fn mixed_routing_and_batch_come_to_the_dollars_of_the_bill() {
    let mut bill = account();
    for on in bill.days() {
        bill.sonnet(on, "30", "40", "10", "_Global");
        bill.sonnet(on, "20", "5", "6", "");
        // Batch never reads the cache.
        bill.usage(on, SONNET_SERVICE, "USE1-MP:USE1_InputTokenCount_Batch_Global-Units", "Units", "30", "30");
        bill.usage(on, SONNET_SERVICE, "USE1-MP:USE1_OutputTokenCount_Batch_Global-Units", "Units", "10", "50");
    }
    let drafted = drafted(&bill.world());
    let pace = bill.cost_of(bill.newest(28)).per(28);
    let first = drafted.first_month(|_| false);
    assert!(apart(first, pace.times(31.into())) <= Decimal::new(5, 2), "{first} {pace} {}", drafted.text);
    assert!(drafted.text.contains("share of what tokens cost"), "{}", drafted.text);
    holds(&drafted.against(&bill.further_month()), "mixed");
}

#[test]
fn paid_less_than_the_list_it_is_an_amount_that_says_why() {
    let mut bill = account();
    for on in bill.days() {
        // Half of the list: a private price.
        bill.usage(on, SONNET_SERVICE, "USE1-MP:USE1_InputTokenCount_Global-Units", "Units", "10", "10");
        bill.hours(on, EC2, "SpotUsage:trn1.32xlarge", "24", "6.5");
    }
    let drafted = drafted(&bill.world());
    assert!(drafted.filing.records.iter().all(|record| record.tokens.is_empty() && record.accelerators.is_empty()));
    assert!(drafted.text.contains("Claude Sonnet 5, as dollars: list prices make"), "{}", drafted.text);
    assert_eq!(drafted.first_month(|_| false), usd("166").times(31.into()));
}

#[test]
fn what_the_filing_in_force_claims_keeps_its_record() {
    let filed = r#"
filed_on = "2026-06-01"
customer = "Larkspur \"Labs\""
asked_for = "genai-tier"
[[record]]
id = "platform"
[[record.service]]
service = "amazon relational database service"
monthly = [{ from = "2026-06", usd = "400" }]
[[record]]
id = "core"
[[record.tokens]]
model = "Claude Sonnet 5"
monthly = [{ from = "2026-06", input_millions = 1 }]
"#;
    let mut bill = account();
    for on in bill.days() {
        bill.sonnet(on, "10", "0", "2", "_Global");
        bill.haiku(on, "10", "2");
        bill.amount(on, RDS, "12.5");
        bill.amount(on, "AmazonCloudWatch", "3");
    }
    let world = bill.world();
    let projection = FiledProjection::parse(filed).unwrap();
    let filing =
        Filing { version: 1, recorded_at: world.facts.as_of, projection, plan: Vec::new(), unpriced: Vec::new() };
    let context = Context {
        classifier: &CLASSIFIER,
        prices: &PRICES,
        pools: &[],
        filing: Some(&filing),
        tax_rate: None,
        next_award: Wanted::default(),
    };
    let text = glidepath::domain::position::assess::Assessment::new(&world.facts, context).draft().unwrap().to_toml();
    let again = FiledProjection::parse(&text).unwrap_or_else(|problems| panic!("{problems:?}\n{text}"));
    assert_eq!(
        (again.customer.as_deref(), again.asked_for.as_deref()),
        (Some("Larkspur \"Labs\""), Some("genai-tier"))
    );
    let ids: Vec<&str> = again.records.iter().map(|record| record.id.as_str()).collect();
    assert_eq!(ids, ["platform", "core", "ai", "portfolio"]);
    assert_eq!((again.records[0].services.len(), again.records[1].tokens.len()), (1, 1), "{text}");
}

#[test]
fn fees_and_pennies_are_left_out_and_said() {
    let mut bill = account();
    for on in bill.days() {
        bill.amount(on, RDS, "100");
        bill.amount(on, "AWS Key Management Service", "0.01");
    }
    let mut world = bill.world();
    world.add_charge(day("2026-11-20"), EC2, "Upfront", "9000");
    world.add_charge(day("2026-11-20"), "Tax", "Tax", "700");
    let drafted = drafted(&world);
    assert_eq!(drafted.first_month(|_| false), usd("3100"));
    assert!(
        drafted.text.contains("Upfront and one-time fees are cash of their day and no pace: $9,000.00"),
        "{}",
        drafted.text
    );
    assert!(drafted.text.contains("1 service of $0.31 a month together"), "{}", drafted.text);
    // A bill of cents alone is a bill.
    let mut bill = account();
    for on in bill.days() {
        bill.amount(on, RDS, "0.02");
        bill.amount(on, "AWS Key Management Service", "0.01");
    }
    assert_eq!(self::drafted(&bill.world()).first_month(|_| false), usd("0.93"));
}

#[test]
fn without_a_bill_there_is_no_draft() {
    assert_eq!(World::in_march().assess().draft().unwrap_err(), NoDraft::NoBill);
    let mut bill = account();
    bill.amount(day("2026-06-01"), RDS, "100");
    let world = bill.world();
    let why = world.assess().draft().unwrap_err();
    assert_eq!(why, NoDraft::NoSpend { through: day("2026-11-28") });
    assert!(why.to_string().contains("28 November 2026"), "{why}");
}

#[test]
fn what_is_in_names_stays_in_their_texts() {
    let mut bill = account();
    let odd = "Bad \"service\" \\ with # and \u{7} and \n a line";
    for on in bill.days() {
        bill.amount(on, odd, "10");
        bill.amount(on, " ", "10");
    }
    let drafted = drafted(&bill.world());
    assert_eq!(drafted.filing.records[0].services.len(), 1);
    assert_eq!(drafted.filing.records[0].services[0].service, odd);
    assert_eq!(drafted.draft.left_out.len(), 1);
}
