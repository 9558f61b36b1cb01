//! What is already known is in the outlook: planned events of people and of the filing, and the date if spend goes as filed.
//! Accounts are made by hand in March 2026, looked at on the 31st, so that the 29th is the last complete day.

use chrono::{DateTime, NaiveDate, Utc};
use glidepath::domain::facts::plan::{PlanEntry, PlanKind, Volume, What};
use glidepath::domain::filing::Filing;
use glidepath::domain::filing::next_award::Wanted;
use glidepath::domain::filing::projection::{FiledProjection, plan};
use glidepath::domain::outlook::Outlook;
use glidepath::domain::plan::{PlanOrder, PlanState, Planned, Spelling, counted, read, read_as};
use glidepath::domain::position::Position;
use glidepath::domain::position::assess::{Assessment, Context};
use glidepath::domain::values::money::Money;
use glidepath::domain::values::period::plus_days;
use proptest::prelude::*;
use rust_decimal::Decimal;

use crate::support::values::{day, usd};
use crate::support::world::{BEDROCK, CLASSIFIER, EC2, PRICES, RDS, World};

/// Ten weeks of `per_day` on one service, and one credit of 100,000 that pays it, of which `left` is left.
fn quiet(service: &str, per_day: &str, left: &str) -> World {
    World::in_march().charges("2026-01-19", "2026-03-29", service, "Usage", per_day).credit(
        "1",
        "100000",
        Some(&[service]),
        |seen| seen.snapshot.estimated = Some(usd(left)),
    )
}

/// A filing of one service: its months by `from` and dollars.
fn filing(service: &str, monthly: &str) -> Filing {
    let text = format!(
        "filed_on = \"2026-01-05\"\n[[record]]\nid = \"data\"\n[[record.service]]\nservice = \"{service}\"\nmonthly = [{monthly}]\n"
    );
    let projection = FiledProjection::parse(&text).unwrap();
    let first = projection.first_month();
    let plan = plan(&projection, &PRICES, first..first.plus_months(20), |_| BEDROCK.to_owned());
    let recorded_at: DateTime<Utc> = "2026-01-05T09:00:00Z".parse().unwrap();
    Filing { version: 1, recorded_at, projection, plan: plan.months, unpriced: plan.unpriced }
}

fn entry(id: u32, on: &str, sure: &str, what: What) -> PlanEntry {
    let recorded_at = "2026-03-30T09:00:00Z".parse().unwrap();
    PlanEntry { id, recorded_at, on: day(on), sure: sure.parse().unwrap(), note: None, what }
}

fn launch(on: &str, per_day: &str, sure: &str) -> PlanEntry {
    entry(1, on, sure, What::Launch(Volume::UsdPerDay(usd(per_day))))
}

fn look(world: &World, filing: Option<&Filing>) -> (Position, Outlook) {
    let context = Context {
        classifier: &CLASSIFIER,
        prices: &PRICES,
        pools: &world.configured,
        filing,
        tax_rate: None,
        next_award: Wanted::default(),
    };
    let assessment = Assessment::new(&world.facts, context);
    let outlook = assessment.outlook().expect("there are complete days");
    (assessment.position(Some(&outlook)), outlook)
}

fn planned(mut world: World, entries: Vec<PlanEntry>) -> (Position, Outlook) {
    world.facts.plan = entries;
    look(&world, None)
}

fn only(position: &Position) -> &Planned {
    assert_eq!(position.planned.len(), 1, "{:?}", position.planned);
    &position.planned[0]
}

/// 243.40 a day from April on: 3,702 last into the middle of the month, and two cents a day will never use them.
#[test]
fn a_filed_launch_that_has_not_come_dates_the_end_of_credit() {
    let world = quiet(RDS, "0.02", "3702");
    let filed = filing(RDS, "{ from = \"2026-04\", usd = \"7302\" }");
    let (alone, _) = look(&world, None);
    assert_eq!((alone.exhaustion.total.p50, alone.exhaustion.as_filed, alone.exhaustion.filed), (None, None, false));
    let (position, _) = look(&world, Some(&filed));
    let row = only(&position);
    assert_eq!((row.id.as_str(), row.state, row.in_outlook), ("filing:1:data:1", PlanState::Ahead, true));
    assert_eq!((row.amount, row.on), (Some(usd("243.4")), day("2026-04-01")));
    assert_eq!(position.exhaustion.as_filed, Some(day("2026-04-16")), "15 days at 243.40 leave 51 of 3,702");
    assert_eq!(position.exhaustion.total.p50, None, "the filing alone moves no middle date");
    assert_eq!(position.exhaustion.total.p10, Some(day("2026-04-16")), "and the early one knows of it");
    assert_eq!(position.end_as_filed().unwrap(), "If spend goes as filed, credits end on 16 April 2026.");
}

/// Filed for February: after 57 days it is still waited for, and its months are those of March.
#[test]
fn what_is_late_is_moved_by_whole_months_for_sixty_days() {
    let world = quiet(RDS, "0.02", "3702");
    let (late, _) = look(&world, Some(&filing(RDS, "{ from = \"2026-02\", usd = \"3100\" }")));
    assert_eq!((only(&late).state, only(&late).in_outlook), (PlanState::Late, true));
    // 100 a day in the last two days of March, 103.33 in April: on the 35th day of April's rate 3,702 are used up.
    let two = usd("200");
    let days = (usd("3702") - two).amount() / (Decimal::from(3100) / Decimal::from(30));
    let end = plus_days(day("2026-03-31"), i64::try_from(days.trunc().mantissa()).unwrap() + 1);
    assert!((late.exhaustion.as_filed.unwrap() - end).num_days().abs() <= 1, "{:?} {end}", late.exhaustion);
    let (gone, _) = look(&world, Some(&filing(RDS, "{ from = \"2026-01\", usd = \"3100\" }")));
    assert_eq!((only(&gone).state, only(&gone).in_outlook), (PlanState::NotCome, false));
    assert_eq!((gone.exhaustion.as_filed, gone.exhaustion.total.p10), (None, None), "nobody expects it any more");
}

#[test]
fn what_has_come_has_no_effect_twice() {
    let filed = filing(RDS, "{ from = \"2026-02\", usd = \"3000\" }");
    for (per_day, state) in [("53", PlanState::Late), ("54", PlanState::HasCome), ("300", PlanState::HasCome)] {
        // February has 28 days: 107.14 a day are filed, and half of it is 53.57.
        let (position, with) = look(&quiet(RDS, per_day, "30000"), Some(&filed));
        assert_eq!(only(&position).state, state, "{per_day} a day");
        let (_, without) = look(&quiet(RDS, per_day, "30000"), None);
        assert_eq!(with.exhaustion == without.exhaustion, state == PlanState::HasCome, "{per_day} a day");
    }
    let grown = || {
        let mut world = quiet(RDS, "10", "30000");
        for ago in 0..8 {
            world.add_charge(plus_days(day("2026-03-29"), -ago), RDS, "DiscountedUsage", "490");
        }
        world
    };
    let (position, with) = planned(grown(), vec![launch("2026-03-22", "500", "1")]);
    assert_eq!((only(&position).state, only(&position).in_outlook), (PlanState::HasCome, false));
    let (_, without) = planned(grown(), Vec::new());
    assert_eq!(with, without, "to the byte");
}

#[test]
fn a_launch_is_in_the_outlook_as_likely_as_it_is() {
    let end = |sure: &str| {
        let (position, _) = planned(quiet(BEDROCK, "1", "5000"), vec![launch("2026-04-10", "500", sure)]);
        position.exhaustion.total
    };
    // From 10 April on 501 a day: of about 4,988 that are left then, nothing is on the tenth day.
    let day_ten = Some(day("2026-04-19"));
    assert_eq!((end("1").p50, end("0.6").p50, end("0.4").p50), (day_ten, day_ten, None));
    assert_eq!((end("0.2").p10, end("0.05").p10), (day_ten, None));
    assert_eq!(end("0.95").p90, day_ten);
}

#[test]
fn a_late_launch_is_expected_from_the_next_day_on() {
    let (position, _) = planned(quiet(BEDROCK, "1", "5000"), vec![launch("2026-03-10", "500", "1")]);
    assert_eq!((only(&position).state, only(&position).in_outlook), (PlanState::Late, true));
    assert_eq!(position.exhaustion.total.p50, Some(day("2026-04-08")), "501 a day from 30 March on");
    let mut old = launch("2026-01-20", "500", "1");
    old.recorded_at = "2026-01-19T00:00:00Z".parse().unwrap();
    let (position, _) = planned(quiet(BEDROCK, "1", "5000"), vec![old]);
    assert_eq!((only(&position).state, position.exhaustion.total.p50), (PlanState::NotCome, None));
}

#[test]
fn a_run_costs_its_chip_hours_at_each_repeat() {
    let chip_hours = "1000".parse().unwrap();
    let what = What::Run { instance_type: "trn1.32xlarge".into(), chip_hours, days: 2, repeats: 3, every: 30 };
    let (without, _) = planned(quiet(EC2, "1", "50000"), Vec::new());
    let (position, _) = planned(quiet(EC2, "1", "50000"), vec![entry(1, "2026-04-10", "1", what)]);
    let row = only(&position);
    let gross = |position: &Position, month: usize| position.trajectory[month].gross;
    let more: Vec<Money> = (1..5).map(|month| gross(&position, month) - gross(&without, month)).collect();
    // 10 April, 10 May, 9 June.
    assert_eq!(more[0], more[1]);
    assert_eq!((more[2], more[3]), (more[0], usd("0")));
    assert_eq!(Some(more[0] + more[1] + more[2]), row.amount);
    assert!(more[0] > usd("500"), "{}", more[0]);
}

#[test]
fn an_end_takes_away_and_an_award_pays() {
    let (alone, _) = planned(quiet(RDS, "100", "5000"), Vec::new());
    assert_eq!(alone.exhaustion.total.p50, Some(day("2026-05-19")), "fifty days at 100");
    let end = entry(1, "2026-04-09", "1", What::End { of: RDS.into() });
    let (ended, _) = planned(quiet(RDS, "100", "5000"), vec![end]);
    assert_eq!(ended.exhaustion.total.p50, None);
    assert_eq!(ended.trajectory[2].gross, usd("0"), "nothing is spent in May");
    let award = |sure: &str| {
        let what = What::Award { usd: usd("2000"), until: day("2027-04-01"), services: None };
        planned(quiet(RDS, "100", "5000"), vec![entry(1, "2026-04-20", sure, what)]).0
    };
    assert_eq!(award("1").exhaustion.total.p50, Some(day("2026-06-08")), "twenty days more");
    assert!(award("0.3").exhaustion.total.p50 < award("1").exhaustion.total.p50, "it is more likely not to come");
    assert_eq!(award("1").credits.pools.len(), 1, "it is no pool of the account");
    assert_eq!(award("1").credits.remaining, alone.credits.remaining);
}

/// Credit, an end or a switch that was to come and did not would put the end of credit off for as long as it is expected.
#[test]
fn what_would_help_and_has_not_come_on_its_day_counts_no_more() {
    let (alone, _) = planned(quiet(RDS, "100", "5000"), Vec::new());
    let award = What::Award { usd: usd("2000"), until: day("2027-04-01"), services: None };
    for what in [award, What::End { of: RDS.into() }] {
        for (on, counts) in [("2026-03-30", true), ("2026-03-29", false), ("2026-03-10", false)] {
            let (position, _) = planned(quiet(RDS, "100", "5000"), vec![entry(1, on, "1", what.clone())]);
            let row = only(&position);
            assert_eq!(row.in_outlook, counts, "{row:?}");
            let same = position.exhaustion.total == alone.exhaustion.total;
            assert_eq!(same, !counts, "{what} on {on}: {:?}", position.exhaustion.total);
            let said = counted(&position.planned, day("2026-12-01")).unwrap();
            assert_eq!(said.starts_with("The date counts"), counts, "{said}");
        }
    }
}

/// The days since a planned step are its level, from the first of them: the date stays where the plan put it.
#[test]
fn a_launch_that_comes_as_planned_moves_no_date() {
    let date = |shown: i64| {
        let mut world = quiet(BEDROCK, "10", &(20_000 - shown * 300).to_string());
        for ago in 0..shown {
            world.add_charge(plus_days(day("2026-03-29"), -ago), BEDROCK, "Usage", "300");
        }
        let begins = plus_days(day("2026-03-30"), -shown).to_string();
        let ends = planned(world, vec![launch(&begins, "300", "1")]).0.exhaustion.total.p50;
        // Days of the launch until credit ends.
        (ends.unwrap() - day(&begins)).num_days()
    };
    let planned = date(0);
    for shown in 1..=13 {
        assert!((date(shown) - planned).abs() <= 2, "after {shown} days: {} and not {planned}", date(shown));
    }
}

/// A run that came as planned is no level that goes on; the runs after it are expected as planned.
#[test]
fn a_run_that_comes_as_planned_moves_no_date() {
    let date = |shown: i64| {
        let begins = plus_days(day("2026-03-30"), -shown);
        let mut world = quiet(EC2, "1", &(20_000 - shown.min(3) * 1_290).to_string());
        for after in 0..shown.min(3) {
            let on = plus_days(begins, after);
            world.add_charge(on, EC2, "Usage", "1290");
            world = world.usage(&on.to_string(), EC2, "BoxUsage:trn1.32xlarge", "Hrs", "1290", "60");
        }
        let chip_hours = "2880".parse().unwrap();
        let what = What::Run { instance_type: "trn1.32xlarge".into(), chip_hours, days: 3, repeats: 9, every: 30 };
        let total = planned(world, vec![entry(1, &begins.to_string(), "1", what)]).0.exhaustion.total;
        total.p50.map(|ends| (ends - begins).num_days())
    };
    let planned = date(0);
    for shown in [1, 2, 3, 4, 5, 8, 15, 25] {
        let (now, then) = (date(shown).unwrap(), planned.unwrap());
        assert!((now - then).abs() <= 2, "after {shown} days: {now} and not {then}");
    }
}

#[test]
fn a_fee_is_cash_on_its_day() {
    let fee = entry(1, "2026-04-09", "1", What::Fee { usd: usd("700"), service: None });
    let (alone, _) = planned(quiet(RDS, "100", "50000"), Vec::new());
    let (position, _) = planned(quiet(RDS, "100", "50000"), vec![fee]);
    assert_eq!(position.exhaustion.total, alone.exhaustion.total, "no credit pays it");
    assert_eq!(position.trajectory[1].cash - alone.trajectory[1].cash, usd("700"));
    assert_eq!(position.trajectory[2], alone.trajectory[2]);
}

#[test]
fn an_order_names_everything_that_is_wrong_with_it() {
    let order = |json: &str| read(&serde_json::from_str::<PlanOrder>(json).unwrap());
    let wrong = |json: &str| {
        let problems: Vec<String> = order(json).unwrap_err().into_iter().map(|problem| problem.0).collect();
        problems.join("\n")
    };
    let (on, sure, _, what) = order(r#"{"kind": "launch", "on": "2026-12-01", "usd_per_day": "500"}"#).unwrap();
    assert_eq!((on, sure, what.kind()), (day("2026-12-01"), Decimal::ONE, PlanKind::Launch));
    for (json, words) in [
        (r"{}", "kind is missing"),
        (r#"{"kind": "launch"}"#, "how much is missing"),
        (r#"{"kind": "launch", "usd_per_day": "500"}"#, "on is missing"),
        (r#"{"kind": "launch", "on": "2026-12-01", "usd_per_day": "-1"}"#, "usd_per_day is -1; it must be more than 0"),
        (r#"{"kind": "launch", "on": "2026-12-01", "usd_per_day": "1", "model": "M"}"#, "leave one of them out"),
        (r#"{"kind": "launch", "on": "2026-12-01", "usd_per_day": "1", "sure": "1.5"}"#, "sure is 1.5"),
        (r#"{"kind": "launch", "on": "2026-12-01", "usd_per_day": "1", "sure": "0"}"#, "sure is 0"),
        (r#"{"kind": "run", "on": "2026-12-01", "type": "trn1.32xlarge"}"#, "chip_hours is missing"),
        (r#"{"kind": "run", "on": "2026-12-01", "type": "t", "chip_hours": "1", "repeats": 2}"#, "every is missing"),
        (r#"{"kind": "switch", "on": "2026-12-01", "from": "A"}"#, "to is missing"),
        (r#"{"kind": "fee", "on": "2026-12-01", "usd": "5", "of": "A"}"#, "of has no meaning for a fee"),
        (r#"{"kind": "award", "usd": "5", "from": "soon"}"#, "is not a day"),
        (r#"{"kind": "award", "usd": "5", "from": "2026-12-01", "until": "2026-12-01"}"#, "not after its first day"),
        (r#"{"kind": "end", "on": "2026-12-01"}"#, "of is missing"),
    ] {
        assert!(wrong(json).contains(words), "{json}: {}", wrong(json));
    }
}

#[test]
fn a_command_line_is_told_its_flags_and_json_its_fields() {
    let launch = PlanOrder { kind: Some(PlanKind::Launch), on: Some(day("2026-12-01")), ..PlanOrder::default() };
    let said = |spelling| read_as(&launch, spelling).unwrap_err()[0].to_string();
    let flags = "how much is missing: --usd-per-day, or --model with --input-millions and --output-millions";
    assert_eq!(said(Spelling::Flags), flags);
    let fields = "how much is missing: usd_per_day, or model with input_millions and output_millions";
    assert_eq!(said(Spelling::Fields), fields);
}

#[test]
fn a_run_of_a_day_is_over_one_day() {
    let run = |days, every| What::Run {
        instance_type: "trn1.32xlarge".into(),
        chip_hours: "16".parse().unwrap(),
        days,
        repeats: 2,
        every,
    };
    assert_eq!(run(1, 1).to_string(), "16 chip-hours of trn1.32xlarge over 1 day, 2 times, every 1 day");
    assert!(run(3, 30).to_string().ends_with("over 3 days, 2 times, every 30 days"));
}

fn any_event() -> impl Strategy<Value = PlanEntry> {
    let on = (0_i64..200).prop_map(|days| plus_days(day("2026-02-20"), days));
    let what = prop_oneof![
        (1_u32..5_000).prop_map(|usd| What::Launch(Volume::UsdPerDay(usd.to_string().parse().unwrap()))),
        (1_u32..5_000, 1_u32..40, 1_u32..5, 1_u32..60).prop_map(|(hours, days, repeats, every)| What::Run {
            instance_type: "trn1.32xlarge".into(),
            chip_hours: hours.to_string().parse().unwrap(),
            days,
            repeats,
            every,
        }),
        (1_u32..5_000).prop_map(|usd| What::Fee { usd: usd.to_string().parse().unwrap(), service: None }),
    ];
    (on, 1_u32..=10, what).prop_map(|(on, tenths, what): (NaiveDate, u32, What)| PlanEntry {
        on,
        sure: Decimal::new(i64::from(tenths), 1),
        ..entry(1, "2026-03-30", "1", what)
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]

    /// But for a switch, an end and an award, an event never lowers spend nor puts the end of credit off.
    #[test]
    fn an_event_never_lowers_spend(events in prop::collection::vec(any_event(), 1..4)) {
        let events: Vec<PlanEntry> = (1..).zip(events).map(|(id, event)| PlanEntry { id, ..event }).collect();
        let (_, without) = planned(quiet(EC2, "40", "5000"), Vec::new());
        let (position, with) = planned(quiet(EC2, "40", "5000"), events);
        for (more, less) in with.cumulative.iter().zip(&without.cumulative) {
            prop_assert!(more.p10 >= less.p10 && more.p50 >= less.p50 && more.p90 >= less.p90);
        }
        let late = |day: Option<NaiveDate>| day.unwrap_or(NaiveDate::MAX);
        prop_assert!(late(with.exhaustion.p50) <= late(without.exhaustion.p50));
        let expected = position.planned.iter().any(|row| row.in_outlook);
        prop_assert!(expected || with == without);
    }
}
