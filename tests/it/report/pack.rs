//! The funding pack, the report on a proof of concept, and who hands them on.

use glidepath::domain::credit::programme::Programme;
use glidepath::domain::facts::plan::PlanKind;
use glidepath::domain::filing::filing_ref::FiledApplication;
use glidepath::domain::filing::projection::Poc;
use glidepath::domain::filing::variance::Variance;
use glidepath::domain::plan::{PlanSource, PlanState, Planned};
use glidepath::domain::values::workload::Workload;
use glidepath::report::{Beside, Commentary, Partner};
use rust_decimal::Decimal;

use super::*;

fn partner() -> Partner {
    let commentary = Commentary::read(b"The launch was moved to May.\n\nTraining starts in June.").unwrap();
    Partner { name: Some("Fernhill Cloud".to_owned()), logo: None, commentary }
}

fn made(kind: ReportKind, position: &Position, audience: &Audience) -> Document {
    let partner = partner();
    let beside = Beside { partner: Some(&partner), ..Beside::default() };
    report::build_beside(kind, position, &sample::series(), beside, audience)
}

fn ids(document: &Document) -> Vec<&str> {
    document.sections.iter().map(|section| section.id).collect()
}

#[test]
fn a_pack_holds_what_a_funding_manager_asks_for_in_that_order() {
    let document = made(ReportKind::FundingPack, &sample::position(), &Audience::Owner);
    let wanted = ["as-filed", "commentary", "actual-vs-filed", "usage", "models", "window", "credits", "exhaustion"];
    let found: Vec<&str> = ids(&document).into_iter().filter(|id| wanted.contains(id)).collect();
    assert_eq!(found, wanted);
    for id in ["tokens", "saved", "chip_hours", "as_filed", "window_clock", "next_ask"] {
        assert!(tables(&document).iter().any(|table| table.id == id), "{id}");
    }
    // What only those look up who operate the account is left to the other reports.
    for id in ["variance", "earned_value", "evidence_runs"] {
        assert!(tables(&document).iter().all(|table| table.id != id), "{id}");
    }
    assert!(document.findings.is_empty(), "an alert is no part of what is sent to AWS");
    let text = text(&document, Format::Markdown);
    for word in ["adverse", "favourable", "inflated", "falls short"] {
        assert!(!text.contains(word), "{word}: {text}");
    }
    for said in
        ["The launch was moved to May.", "other clouds", "report of the kind evidence", "uncached and in real time"]
    {
        assert!(text.contains(said), "{said}: {text}");
    }
}

#[test]
fn a_partner_s_pack_has_the_usage_and_the_models_of_its_own_records_alone() {
    let of = |record: &str| {
        let audience = Audience::Partner { records: vec![record.to_owned()] };
        text(&made(ReportKind::FundingPack, &sample::position(), &audience), Format::Markdown)
    };
    let (ai, portfolio) = (of("ai"), of("portfolio"));
    assert!(ai.contains("Millions of tokens by month and model") && ai.contains("Spend by model"), "{ai}");
    assert!(!portfolio.contains("Millions of tokens") && !portfolio.contains("Claude"), "{portfolio}");
    // A window's days are told, and not what was used of a single credit.
    assert!(portfolio.contains("Days over") && !portfolio.contains("Credit used"), "{portfolio}");
}

#[test]
fn the_clock_of_a_window_is_told_before_the_launch_and_since() {
    let percent = |position: &Position, key: &str| -> Option<Vec<Decimal>> {
        let document = made(ReportKind::FundingPack, position, &Audience::Owner);
        let (_, cells) = shown_column(table_of(&document, "window_clock"), key)?;
        Some(cells.iter().map(|cell| cell.trim_end_matches(" %").parse().unwrap_or_default()).collect())
    };
    let mut position = sample::position();
    let [days, used] = ["days", "used"].map(|key| percent(&position, key).unwrap());
    assert_eq!(percent(&position, "days_before"), None, "no launch has come");
    // The sample's newest award that still runs.
    let at = position.credits.pools.iter().rposition(|pool| pool.left.is_positive()).unwrap();
    let pool = position.credits.pools[at].clone();
    let on = plus_days(pool.starts_on, 30);
    position.planned = vec![Planned {
        id: "1".into(),
        source: PlanSource::Plan,
        kind: PlanKind::Launch,
        what: "a launch".into(),
        on,
        until: None,
        amount: None,
        sure: Decimal::ONE,
        note: None,
        state: PlanState::HasCome,
        in_outlook: false,
        record: None,
    }];
    let window = Decimal::from((pool.expires_on - pool.starts_on).num_days());
    let [before, since, used_before, used_since] =
        ["days_before", "days_since", "used_before", "used_since"].map(|key| percent(&position, key).unwrap()[at]);
    assert_eq!(before, (Decimal::from(3_000) / window).round_dp(1));
    assert_eq!((before + since, used_before + used_since), (days[at], used[at]));
    let series = sample::series();
    let curve = &series.pools[at];
    let balance =
        curve.balance.iter().find(|point| point.day == plus_days(on, -1)).map_or(pool.granted, |it| it.amount);
    let drawn = (pool.granted - balance).ratio(pool.granted).unwrap() * Decimal::ONE_HUNDRED;
    assert_eq!(used_before, drawn.round_dp(1));
}

fn row(month: &str, actual: &str) -> Variance {
    Variance {
        month: month.parse().unwrap(),
        record: "poc".into(),
        workload: Workload::BedrockInference,
        model: Some("Nova Pro".into()),
        projected: "1000".parse().unwrap(),
        actual: actual.parse().unwrap(),
        amount: actual.parse::<Money>().unwrap() - "1000".parse().unwrap(),
        percent: None,
        favourable: None,
        causes: Default::default(),
    }
}

fn with_a_proof(outcome: Option<&str>) -> Position {
    let mut position = sample::position();
    let through = position.data_through.unwrap();
    assert_eq!(through.to_string(), "2026-11-21");
    let filing = position.filing.as_mut().unwrap();
    filing.records.push("poc".into());
    filing.applications.push(FiledApplication {
        record: "poc".into(),
        programme: Programme::BedrockPoc,
        asked_usd: Some("25000".parse().unwrap()),
        granted_usd: None,
        starts_on: None,
        expires_on: None,
        opportunity: None,
        use_case: None,
        stage: None,
        engagement_type: None,
        poc: Some(Poc {
            building: Some("A triage of tickets".into()),
            validates: Some("Nine in ten are right".into()),
            outcome: outcome.map(str::to_owned),
            ends_on: Some("2026-09-20".parse().unwrap()),
            then_usd_per_month: Some("2000".parse().unwrap()),
        }),
    });
    position.variance = [("2026-08", "900"), ("2026-09", "1100"), ("2026-10", "1800"), ("2026-11", "1500")]
        .map(|(m, a)| row(m, a))
        .to_vec();
    position
}

#[test]
fn a_proof_of_concept_is_told_by_what_it_cost_what_it_showed_and_what_followed() {
    let document = made(ReportKind::Poc, &with_a_proof(Some("93 % were right.")), &Audience::Owner);
    assert_eq!(
        document.summary,
        [
            "poc: $2,000 spent, $2,000 filed to date, and $25,000 asked for.",
            "poc: outcome as filed: 93 % were right.",
            "poc: $2,000 a month was promised for afterwards; Oct 2026 spent $1,800.",
        ]
    );
    let (_, months) = shown_column(table_of(&document, "poc_after"), "actual").unwrap();
    assert_eq!(months, ["$1,800.00", "$1,500.00"], "after its end, the running month to date");
    assert!(ids(&document).contains(&"commentary"));
    let unknown = made(ReportKind::Poc, &with_a_proof(None), &Audience::Owner);
    assert_eq!(unknown.summary[1], "poc: its outcome is not filed yet.");
    // A partner without that record learns nothing of it.
    let other = made(ReportKind::Poc, &with_a_proof(None), &Audience::Partner { records: vec!["ai".into()] });
    assert_eq!(other.summary, ["None of the records that are shared with you is a proof of concept."]);
    assert!(other.sections.is_empty());
    assert!(!text(&other, Format::Markdown).contains("triage"));
}

/// Nobody can tell which record a sentence of the commentary is about, so it goes to those who may see all of them.
#[test]
fn the_partner_s_words_are_read_by_those_who_see_every_record() {
    let position = with_a_proof(None);
    let all = position.filing.as_ref().unwrap().records.clone();
    assert!(all.len() > 1);
    let of = |kind, audience: &Audience| made(kind, &position, audience);
    for kind in [ReportKind::FundingPack, ReportKind::Poc] {
        for audience in [Audience::Owner, Audience::Partner { records: all.clone() }] {
            let document = of(kind, &audience);
            assert!(ids(&document).contains(&"commentary"), "{kind} for {audience}");
        }
    }
    for kind in ReportKind::ALL {
        for record in &all {
            let document = of(kind, &Audience::Partner { records: vec![record.clone()] });
            assert!(!ids(&document).contains(&"commentary"), "{kind} for {record}");
            assert!(!text(&document, Format::Json).contains("The launch was moved"), "{kind} for {record}");
            assert_eq!(document.prepared_by.as_ref().map(|by| by.name.as_str()), Some("Fernhill Cloud"), "{kind}");
        }
    }
    // Where nothing is filed, there is no filing that a reader could see all of.
    let mut unfiled = position.clone();
    unfiled.filing = None;
    let document = made(ReportKind::FundingPack, &unfiled, &Audience::Partner { records: all });
    assert!(!ids(&document).contains(&"commentary"));
}
