//! Credit in words: what is left, gone, expired or not listed is said alike everywhere.

use super::*;

#[test]
fn credits_that_are_gone_are_said_to_be_gone() {
    let mut position = sample::position();
    let gone = "2026-10-05".parse().unwrap();
    position.exhaustion.total = DateQuantiles::certain(gone);
    let page = report::page(&position, &sample::series(), None, &Nav::default());
    assert!(page.contains("<h1>Credits stopped covering the bill on 5 Oct 2026</h1>"));
    let document = report::build(ReportKind::Trajectory, &position, &Series::default(), &Audience::Owner);
    assert!(!document.figures.iter().any(|figure| figure.key == "monthly_step"), "no step lies ahead");
}

/// Where AWS states another balance than replay leaves, "Credit left" says so beside its own figure.
#[test]
fn credit_left_names_what_aws_states_otherwise() {
    let mut position = sample::position();
    let detail = |position: &Position| {
        let document = report::build(ReportKind::Trajectory, position, &Series::default(), &Audience::Owner);
        document.figures.iter().find(|figure| figure.key == "remaining").unwrap().detail.clone()
    };
    assert_eq!(detail(&position), "of $285,000.00 granted", "12.04 dollars of some thousands are no news");
    assert_eq!(report::stated_otherwise_sentence(&position), None);
    let balance = position.reconciliation.balances.last_mut().unwrap();
    balance.stated = Money::from_micros(19_000_000_000);
    balance.gap = balance.replayed - balance.stated;
    assert_eq!(detail(&position), "of $285,000.00 granted; AWS states $19,000.00 of AI record 2026 at 22 Nov");
    assert_eq!(
        report::stated_otherwise_sentence(&position).unwrap(),
        "AWS states $19,000.00 of AI record 2026 at 22 Nov; the outlook starts from there."
    );
    position.reconciliation.balances.last_mut().unwrap().source = StatementSource::Derived;
    assert!(
        detail(&position)
            .ends_with("$19,000.00 of AI record 2026 is derived from AWS's balance after closed bills at 22 Nov")
    );
    position.credits.pools.truncate(1);
    let headline = report::headline(ReportKind::Trajectory, &position, &Audience::Owner).join(" ");
    assert!(headline.contains("; $19,000.00 is derived from AWS's"), "{headline}");
}

/// The months and balances are in the funding pack, the trajectory and the page, each gap with its age.
#[test]
fn gaps_are_shown_with_their_age() {
    let page = report::page(&sample::position(), &sample::series(), None, &Nav::default());
    for kind in [ReportKind::Trajectory, ReportKind::FundingPack] {
        let document = document(kind);
        let table = |id: &str| tables(&document).into_iter().find(|table| table.id == id).unwrap();
        let months: Vec<_> = table("reconciled_months").rows.iter().map(|row| row.cells[0].shown()).collect();
        assert_eq!(months, ["Aug 2026", "Sep 2026", "Oct 2026", "Nov 2026"], "the newest, and no other has a gap");
        let september: Vec<_> = table("reconciled_months").rows[1].cells.iter().map(Cell::shown).collect();
        assert_eq!((september[1].as_str(), &september[5..]), ("closed", &["$12.04".to_owned(), "70".to_owned()][..]));
        assert_eq!(table("reconciled_balances").rows.len(), 2, "the expired one is over");
        for title in ["Credit by month", "Balances on the day of the statement"] {
            assert!(page.contains(title), "{title}");
        }
    }
    let mut none = sample::position();
    none.reconciliation = Reconciliation::default();
    let document = report::build(ReportKind::Trajectory, &none, &Series::default(), &Audience::Owner);
    assert!(document.sections.iter().all(|section| section.id != "reconciliation"));
}

#[test]
fn credit_that_pays_without_a_pool_is_said_alike_everywhere() {
    let table = [
        (CreditsAnswer::Refused, "but refuses to show how much is left", "allow billing:GetCredits"),
        (CreditsAnswer::NotAnswered, "but could not be asked how much is left", "glidepath check --online"),
        (CreditsAnswer::NoneListed, "but lists none to this account", "management account"),
    ];
    for (answer, said, advice) in table {
        let mut position = without_pools();
        position.findings.clear();
        position.credits.unlisted = Some(unlisted(answer, 1_770_000));
        let shown = |kind| {
            let document = report::build(kind, &position, &Series::default(), &Audience::Owner);
            String::from_utf8(report::render(&document, Format::Markdown).unwrap()).unwrap()
        };
        let status = report::credit_sentences(&position).join(" ");
        let page = report::page(&position, &Series::default(), None, &Nav::default());
        for text in [status, page, shown(ReportKind::FundingPack), shown(ReportKind::Trajectory)] {
            assert!(text.contains("AWS applies credit ($") && text.contains(said), "{answer:?}: {text}");
            assert!(text.contains(advice), "{answer:?}: {text}");
            assert!(text.contains("The months ahead are shown as if no credit were left."), "{answer:?}: {text}");
            assert!(
                !text.contains("every dollar of spend is cash") && !text.contains("over a year"),
                "{answer:?}: {text}"
            );
        }
        // A partner is told the same, though the findings are not for it.
        let partner = Audience::Partner { records: vec!["ai".into()] };
        let pack = report::build(ReportKind::FundingPack, &position, &Series::default(), &partner);
        assert!(pack.summary.iter().any(|sentence| sentence.contains(said)), "{answer:?}: {:?}", pack.summary);
    }
}

#[test]
fn credit_that_expires_is_said_to_expire() {
    let expires = |early: &str, late: &str| {
        let mut position = sample::position();
        let day = |text: &str| text.parse().ok();
        position.exhaustion.total = DateQuantiles { p10: day(early), p50: day("2026-12-20"), p90: day(late) };
        let pool = &mut position.credits.pools[1];
        pool.expires_on = "2026-12-20".parse().unwrap();
        pool.status = PoolStatus::Active;
        pool.breakage.p50 = Some("522665".parse().unwrap());
        pool.name = "Portfolio".into();
        position
    };
    let certain = expires("2026-12-20", "2026-12-20");
    assert_eq!(report::credit_sentences(&certain), ["Credits last until 20 Dec 2026, when Portfolio expires."]);
    let document = |position| report::build(ReportKind::Trajectory, position, &Series::default(), &Audience::Owner);
    let built = document(&certain);
    assert_eq!(built.summary[1], "It is the day Portfolio expires, not a forecast.");
    let figure = built.figures.iter().find(|figure| figure.key == "credits_end").unwrap();
    assert_eq!(figure.detail, "27 days left: the day Portfolio expires");
    let nothing_twice = ["27 to 27", "20 Dec 2026 to 20 Dec 2026", "beyond 20 Dec"];
    let shown = text(&built, Format::Markdown);
    assert!(nothing_twice.iter().all(|words| !shown.contains(words)), "{shown}");
    // Where paths use it up earlier, none lasts beyond the expiry all the same.
    assert_eq!(
        document(&expires("2026-12-11", "2026-12-20")).summary[1],
        "There is a one in ten chance that credits end by 11 Dec 2026; the median is 20 Dec 2026, when Portfolio expires."
    );
}

/// What can still be drawn comes first, however the pools are ordered by AWS.
#[test]
fn the_pool_that_is_left_comes_first() {
    let position = sample::position();
    assert!(position.credits.pools[0].remaining.is_zero(), "the sample's first pool is used up");
    let document = document(ReportKind::Trajectory);
    let all = tables(&document);
    let pools = all.iter().find(|table| table.id == "pools").unwrap();
    let names: Vec<_> = pools.rows.iter().map(|row| row.cells[0].shown()).collect();
    assert_eq!(names, ["Bedrock POC", "AI record 2026", "Activate Founders", "Total"]);
    let charts = document.sections.iter().flat_map(|section| &section.blocks).filter_map(|block| match block {
        Block::Chart(chart) if chart.id.starts_with("burn-down") => Some(chart.title.clone()),
        _ => None,
    });
    assert!(charts.collect::<Vec<_>>()[0].starts_with("Bedrock POC"));
}

/// The pool that is left is empty in two months and expires in 500 days; the others are used up.
#[test]
fn a_burn_down_shows_its_odds_and_names_the_cliff_that_lies_behind_it() {
    let (mut position, series) = (sample::position(), sample::series());
    let through = position.data_through.unwrap();
    let after = |days| plus_days(through, days);
    for pool in &mut position.credits.pools {
        pool.status = if pool.remaining.is_zero() { PoolStatus::Exhausted } else { PoolStatus::Active };
        pool.exhausts_on = DateQuantiles { p10: Some(after(53)), p50: Some(after(57)), p90: Some(after(63)) };
        pool.expires_on = after(500);
    }
    let document = report::build(ReportKind::Trajectory, &position, &series, &Audience::Owner);
    let burn_down = document.charts().filter(|chart| chart.id.starts_with("burn-down"));
    let plots: Vec<&DayPlot> =
        burn_down.map(|chart| if let Plot::Days(plot) = &chart.plot { plot } else { panic!("{}", chart.id) }).collect();
    let (open, over): (Vec<&DayPlot>, Vec<&DayPlot>) = plots.into_iter().partition(|plot| !plot.bands.is_empty());
    assert_eq!((open.len(), over.len()), (2, 1), "a pool that is used up has no band, and none in its legend");
    for plot in open {
        let (first, last) = plot.span.unwrap();
        assert_eq!(last, after(63 + 60 + 10));
        assert!(first >= after(-183) && first < through, "{first}");
        assert!(plot.marks.iter().any(|mark| mark.cliff && mark.day == after(500)));
    }
    assert!(over[0].marks.iter().all(|mark| !mark.cliff), "nothing is left that could expire");
    let edge = format!("expires {} \u{2192}", after(500).format("%-d %b %Y"));
    let html = text(&document, Format::Html);
    assert_eq!(html.matches(&edge).count(), 4, "two pools, each wide and narrow");
}
