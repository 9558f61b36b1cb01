//! What a partner reads of a report, and what never reaches one.

use super::*;

#[test]
fn a_partner_is_told_what_was_left_out() {
    let partner = Audience::Partner { records: vec!["portfolio".into()] };
    let document = report::build(ReportKind::FundingPack, &sample::position(), &sample::series(), &partner);
    assert!(document.notes.iter().any(|note| note.contains("these records only: portfolio")), "{:?}", document.notes);
    // Filed: 3,500.00 growing 8 % a month from February, each month cut to the cent, and 21 of 30 days of November.
    // Spent: 86.00 and 22 cents for each day since 22 Nov 2025, from day 71 to day 364: 25,284.00 + 14,067.90.
    assert_eq!(
        document.summary[0],
        "$39,351.90 was spent where $48,603.86 was projected: $9,251.96 under the plan (19.0 %)."
    );
}

/// The amounts of `position` that are sums over all records: whoever knows its own part learns from them what others spend.
fn sums_over_all_records(position: &Position) -> Vec<Money> {
    let ask = position.review.next_ask.as_ref().unwrap();
    let value = position.review.earned_value.as_ref().unwrap();
    let steps = ask.steps.iter().filter(|step| !step.label.starts_with("Less what")).map(|step| step.amount);
    let planned = value.pools.iter().chain([&value.total]).flat_map(|pool| [pool.planned_to_date, pool.ahead_of_plan]);
    // What comes of it stays.
    steps
        .chain([ask.average_month])
        .chain(planned.flatten())
        .filter(|sum| *sum != ask.amount && !sum.is_zero())
        .collect()
}

#[test]
fn no_sum_over_the_records_of_others_reaches_a_partner() {
    let mut position = sample::position();
    for (at, pool) in position.review.earned_value.as_mut().unwrap().pools.iter_mut().enumerate() {
        pool.planned_to_date = Some(Money::from_decimal(rust_decimal::Decimal::new(7_777_701 + at as i64, 2)));
    }
    let sums = sums_over_all_records(&position);
    assert!(sums.len() > 8, "{sums:?}");
    let shown = |text: &str, sum: Money| text.contains(&sum.to_string()) || text.contains(&sum.dollars());
    let labels =
        ["that credit could pay", "An average month", "12 months at", "Plan to date (PV)", "Ahead of plan (SV)"];
    for (records, all_own) in [(vec!["portfolio"], false), (vec!["ai", "portfolio"], true)] {
        let partner = Audience::Partner { records: records.into_iter().map(str::to_owned).collect() };
        for kind in ReportKind::ALL {
            let document = report::build(kind, &position, &sample::series(), &partner);
            for format in [Format::Html, Format::Xlsx, Format::Markdown, Format::Json, Format::Csv] {
                let text = text(&document, format);
                for label in &labels[..3] {
                    assert!(!text.contains(label), "{label} in {kind}.{format}");
                }
                if all_own {
                    continue;
                }
                for sum in &sums {
                    assert!(!shown(&text, *sum), "{} in {kind}.{format}", sum.dollars());
                }
            }
            let people = text(&document, Format::Markdown);
            let has_plan = all_own && kind == ReportKind::ActualVsProjected;
            assert_eq!(labels[3..].iter().all(|label| people.contains(label)), has_plan, "{kind}: {people}");
        }
    }
    let owners = text(
        &report::build(ReportKind::ActualVsProjected, &position, &sample::series(), &Audience::Owner),
        Format::Csv,
    );
    let found = sums.iter().filter(|sum| shown(&owners, **sum)).count();
    assert!(found > 8, "the search finds only {found} of them where they are");
    assert!(labels[..2].iter().all(|label| owners.contains(label)));
}

/// Secrets planted wherever an owner's position can hold one; none may reach a partner in any form.
#[test]
fn nothing_leaks_to_a_partner() {
    let mut position = sample::position();
    let mut series = sample::series();
    position.credits.pools[0].name = format!("Credit {} of 999988887777", sample::days::POOL_IDS[0]);
    series.pools[0].name = position.credits.pools[0].name.clone();
    let balance = &mut position.reconciliation.balances[0];
    balance.name = format!("{} of 999988887777", balance.id);
    position.workloads[0].model = Some("secret-model-of-others".into());
    position.coverage[0].service = "secret-service".into();
    position.coverage[0].evidence = "secret-evidence of 999988887777".into();
    position.outlook_basis = Some("costs of 999988887777".into());
    position.findings[0].summary = format!("Account 999988887777 drains {}.", sample::days::POOL_IDS[2]);
    position.findings.push(Finding {
        named: None,
        rule: Rule::BalanceDrift,
        severity: Severity::Critical,
        key: "secret-key".into(),
        since: sample::through(),
        summary: "secret-summary".into(),
        reason: "secret-reason".into(),
    });
    series.by_model[0].model = Some("secret-model-of-others".into());
    let review = &mut position.review;
    review.assumptions[0].of = "secret-model-of-others".into();
    // What is said of an award names it, and a pool that config does not name is called by its id.
    let called = format!("{} of 999988887777", sample::days::POOL_IDS[2]);
    (review.claims[0].about, review.claims[0].statement) = (called.clone(), called.clone());
    review.claims[1].figures[0].label = "secret-figure".into();
    review.next_ask.as_mut().unwrap().steps[0].label = format!("secret of {called}");
    review.earned_value.as_mut().unwrap().pools[0].name = called;
    let foreign: Vec<_> = position.variance.iter().filter(|row| row.record != "portfolio").cloned().collect();
    assert!(foreign.iter().any(|row| row.record == "outside"));
    // The list of a careless config names `outside` too.
    let partner = Audience::Partner { records: vec!["portfolio".into(), "outside".into()] };
    for kind in ReportKind::ALL {
        let document = report::build(kind, &position, &series, &partner);
        for format in Format::ALL {
            let text = text(&document, format);
            for secret in ["999988887777", "secret", "ai", "Claude", "gpt-oss", "Nova", "SageMaker"] {
                let word = |text: &str| text.split(|c: char| !c.is_alphanumeric()).any(|word| word == secret);
                assert!(!word(&text), "{secret} in {kind}.{format}");
            }
            for id in sample::days::POOL_IDS {
                assert!(!text.contains(id), "{id} in {kind}.{format}");
            }
            for row in &foreign {
                assert!(!text.contains(&row.actual.to_string()) || row.actual.is_zero(), "{row:?} in {kind}.{format}");
            }
        }
        if !matches!(kind, ReportKind::Trajectory | ReportKind::Evidence) {
            assert!(text(&document, Format::Csv).contains("portfolio"));
        }
        if kind == ReportKind::Trajectory {
            assert!(text(&document, Format::Csv).contains("GenAI tier"));
            assert_eq!(document.findings.len(), 2, "exhaustion and expiry stay");
        }
    }
}

#[test]
fn what_nobody_has_a_price_for_is_told_to_those_whose_record_it_is() {
    let mut position = sample::position();
    position.filing.as_mut().unwrap().unpriced = vec![UnpricedLine {
        record: "ai".into(),
        what: "trn2.48xlarge".into(),
        reason: "sold as Capacity Blocks".into(),
        since: "2026-02".parse().unwrap(),
    }];
    let told = |audience: &Audience| {
        let document = report::build(ReportKind::ActualVsProjected, &position, &sample::series(), audience);
        text(&document, Format::Markdown)
            .contains("plans trn2.48xlarge from 2026-02, which is unpriced and in no planned figure")
    };
    assert!(told(&Audience::Owner));
    assert!(told(&Audience::Partner { records: vec!["ai".into()] }));
    assert!(!told(&Audience::Partner { records: vec!["portfolio".into()] }));
}

/// Beside an amount stand the days for which it lasts: with the use of others in that rate, a division would tell it.
#[test]
fn what_credit_buys_is_told_of_what_a_partner_uses_alone() {
    let lines = |change: fn(&mut Position)| {
        let mut position = sample::position();
        // All credit may pay for everything.
        for it in &mut position.buys {
            it.credit = position.credits.remaining;
        }
        change(&mut position);
        let partner = Audience::Partner { records: vec!["ai".into()] };
        let document = report::build(ReportKind::FundingPack, &position, &sample::series(), &partner);
        tables(&document).iter().find(|table| table.id == "buys").map_or(0, |table| table.rows.len())
    };
    assert_eq!(lines(|_| ()), 2, "its model and its type");
    assert_eq!(lines(|position| position.usage.models.last_mut().unwrap().record = Some("outside".into())), 1);
    assert_eq!(lines(|position| position.usage.models.last_mut().unwrap().record = Some("portfolio".into())), 1);
    assert_eq!(lines(|position| position.usage.accelerators.clear()), 1, "a type of which no record knows");
}
