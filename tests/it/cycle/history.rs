//! Costs of the past of an account whose pages are more than a day's ceiling: newest first, each page once, over as many days as
//! it takes.

use std::collections::{BTreeMap, BTreeSet};

use glidepath::demo::{FakeAccount, Fault, Operation};
use glidepath::domain::facts::outcome::Outcome;
use glidepath::domain::position::finding::Rule;
use glidepath::domain::values::period::plus_days;
use glidepath::store::Store;

use super::support::*;

/// Fourteen months of the same two services, with a credit, in pages of `entries`.
fn long_account(entries: usize) -> FakeAccount {
    spend("2025-02-01", "2026-04-30").credit(credit()).page_size(entries)
}

fn capped(ceiling: u64) -> glidepath::config::Config {
    let mut config = config();
    config.paid_requests_per_day = ceiling;
    config
}

/// Cycles from 2026-03-20 on until nothing of the past is missing; gives how many.
async fn until_whole(world: &World) -> i64 {
    for later in 0..60 {
        let today = plus_days(day("2026-03-20"), later).to_string();
        let before = world.asked().len();
        assert_eq!(world.cycle(&today).await.costs, Outcome::Ok, "{today}");
        let sent = (world.asked().len() - before) as u64;
        assert!(sent <= world.engine.config().paid_requests_per_day, "{today}: {sent}");
        if world.position().await.data_quality.missing_history.is_none() {
            return later + 1;
        }
    }
    panic!("it never ends: {:?}", world.position().await.data_quality.missing_history);
}

/// The windows of the money question in the order in which they were asked for, with the pages that AWS charged for both.
fn windows(world: &World) -> Vec<(String, String, usize)> {
    let mut windows: Vec<(String, String, usize)> = Vec::new();
    for request in world.asked().iter().filter(|request| request.body["Granularity"] == "DAILY") {
        let day = |end: &str| request.body["TimePeriod"][end].as_str().unwrap().to_owned();
        let (start, end) = (day("Start"), day("End"));
        match windows.last_mut() {
            Some((last_start, last_end, pages)) if (&*last_start, &*last_end) == (&start, &end) => {
                *pages += usize::from(request.paid);
            }
            _ => windows.push((start, end, usize::from(request.paid))),
        }
    }
    windows
}

/// Those of the past: each ends where days begin that were there already.
fn of_the_past(world: &World) -> Vec<(String, String, usize)> {
    windows(world).into_iter().filter(|(_, end, _)| end.as_str() <= "2026-03-01").collect()
}

#[tokio::test]
async fn a_large_account_is_whole_after_as_many_days_as_its_pages_need() {
    // Two usage rows and a credit row a day are three entries of the money and two of its detail: with 10 to a page 17 pages a month
    // of 31 days, with 2 to a page 78.
    for (entries, ceiling, expected) in [(10, 1000, Some(1)), (10, 100, Some(2)), (10, 40, Some(7)), (2, 200, None)] {
        let case = format!("{entries} entries a page, {ceiling} pages a day");
        let world = World::with(long_account(entries), capped(ceiling)).await;
        let took = until_whole(&world).await;
        let past = of_the_past(&world);
        let pages: u64 = past.iter().map(|(.., pages)| *pages as u64).sum();
        let fewest = pages.div_ceil(ceiling) as i64;
        // The ordinary windows take their part of each day, and a month waits for the next day rather than break off.
        assert!((fewest..=3 * fewest).contains(&took), "{case}: {took} days for {pages} pages");
        assert_eq!(took, expected.unwrap_or(took), "{case}");

        let mut end = "2026-03-01".to_owned();
        for (start, its_end, _) in &past {
            assert_eq!(*its_end, end, "{case}: newest first, without a gap, no day twice: {past:?}");
            end.clone_from(start);
        }
        assert_eq!(end, "2025-02-01", "{case}");
        let mut seen = BTreeSet::new();
        for request in world.asked().iter().filter(|request| request.paid) {
            let new = seen.insert((request.body.to_string(), request.page));
            assert!(new || request.body["Granularity"] == "MONTHLY", "{case}: a page twice: {}", request.body);
        }

        let last = plus_days(day("2026-03-20"), took - 1).to_string();
        let at_once = World::with(long_account(5000), capped(1000)).await;
        for today in days("2026-03-20", &last) {
            at_once.cycle(&today.to_string()).await;
        }
        // Asking so often costs something, and that is said.
        let but_for_asking = |view: glidepath::cycle::View| {
            let mut view = comparable(&view);
            view.position.findings.retain(|finding| finding.rule != Rule::IngestBudget);
            view
        };
        assert_eq!(but_for_asking(world.view().await), but_for_asking(at_once.view().await), "{case}");
    }
}

#[tokio::test]
async fn what_is_missing_is_said_and_held_back_and_no_correction() {
    // A month of the detail is 31 pages and one of the money 47: not even the newest 28 days are there after the first cycle.
    let world = World::with(long_account(2), capped(60)).await;
    world.cycle("2026-03-20").await;
    let position = world.position().await;
    let missing = position.data_quality.missing_history.clone().unwrap();
    assert_eq!((missing.missing_from, missing.missing_to), (day("2025-02-01"), missing.whole_from));
    assert!(missing.whole_from > day("2026-02-19"), "{missing:?}");
    assert!(position.findings.is_empty(), "{:?}", keys(&position.findings));
    let said = glidepath::report::credit_sentences(&position).join(" ");
    for words in [
        "Costs of 1 Feb 2025 to",
        "are still being fetched from AWS",
        "wait for the newest 28 days",
        "paid_requests_per_day",
    ] {
        assert!(said.contains(words), "{words}: {said}");
    }

    // Ten days later they are, and everything speaks.
    for today in days("2026-03-21", "2026-03-30") {
        world.cycle(&today.to_string()).await;
        let quality = world.position().await.data_quality;
        assert_eq!(quality.moved_in_last_cycle, money("0"), "{today}");
    }
    let position = world.position().await;
    assert!(position.data_quality.missing_history.is_some());
    assert!(!position.findings.is_empty());
    let said = glidepath::report::credit_sentences(&position).join(" ");
    assert!(said.contains("are still being fetched") && !said.contains("wait for"), "{said}");
    assert_eq!(world.engine.store().restatements(None, 10).await.unwrap(), []);
    assert_eq!(position.spend.burn_per_day.last_28_days, Some(money(BEDROCK_A_DAY) + money(EC2_A_DAY)));

    // What was known then stays as it was.
    let first = world.engine.view(Some(morning("2026-03-20"))).await.unwrap().unwrap().position;
    assert_eq!(first.data_quality.missing_history, Some(missing));
}

#[tokio::test]
async fn a_month_that_cannot_be_had_costs_no_newer_one_and_is_asked_for_again() {
    // Five days of March fit on a page of either question, a month of the past does not.
    let world = World::new(long_account(18)).await;
    world.fake.inject(Fault::BadAmount.on(Operation::GetCostAndUsage).page(2).always());
    let report = world.cycle("2026-03-05").await;
    assert_eq!(report.costs, Outcome::Ok);
    let missing = world.position().await.data_quality.missing_history.unwrap();
    assert_eq!(missing.missing_to, day("2026-03-01"));
    assert!(missing.problem.contains("AWS's answer cannot be used"), "{missing:?}");

    world.fake.clear_faults();
    world.fake.inject(Fault::Throttled.on(Operation::GetCostAndUsage).page(3));
    let mut whole = world.position().await.data_quality.missing_history;
    for today in days("2026-03-06", "2026-03-12") {
        whole = world.position().await.data_quality.missing_history;
        if whole.is_none() {
            break;
        }
        world.cycle(&today.to_string()).await;
    }
    assert_eq!(whole, None);
    let counted = of_the_past(&world).iter().fold(BTreeMap::new(), |mut counted, (start, ..)| {
        *counted.entry(start.clone()).or_insert(0) += 1;
        counted
    });
    let more: Vec<&String> = counted.iter().filter(|(_, times)| **times > 1).map(|(start, _)| start).collect();
    assert_eq!(more, ["2026-02-01"], "only what broke off is asked for again");
}

#[tokio::test]
async fn a_program_that_starts_anew_goes_on_where_another_stopped() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("store.duckdb");
    let world = World::with(long_account(10), capped(40)).await;
    let mut took = 0;
    for today in days("2026-03-20", "2026-04-20") {
        let engine = engine(&world.fake, Store::open(&path).unwrap(), capped(40));
        world.fake.set_now(morning(&today.to_string()));
        assert_eq!(engine.cycle(morning(&today.to_string())).await.unwrap().unwrap().costs, Outcome::Ok);
        took += 1;
        if engine.view(None).await.unwrap().unwrap().position.data_quality.missing_history.is_none() {
            break;
        }
    }
    assert_eq!(took, 7, "as many days as one that runs on");
}

#[tokio::test]
async fn after_a_long_pause_the_newest_days_come_first() {
    let world = World::with(long_account(10), capped(1000)).await;
    world.cycle("2025-11-20").await;
    let before = windows(&world).len();
    let engine = engine(&world.fake, world.engine.store().clone(), capped(40));
    let mut took = 0;
    for today in days("2026-03-20", "2026-03-30") {
        world.fake.set_now(morning(&today.to_string()));
        assert_eq!(engine.cycle(morning(&today.to_string())).await.unwrap().unwrap().costs, Outcome::Ok, "{today}");
        took += 1;
        let view = engine.view(None).await.unwrap().unwrap();
        assert_eq!(view.position.data_through, Some(plus_days(today, -2)));
        if view.position.data_quality.missing_history.is_none() {
            break;
        }
    }
    let asked: Vec<String> =
        windows(&world)[before..].iter().map(|(start, end, _)| format!("{start}..{end}")).collect();
    let past: Vec<&str> = asked.iter().map(String::as_str).filter(|it| it.ends_with("-01")).collect();
    assert_eq!(
        past,
        ["2026-02-01..2026-03-01", "2026-01-01..2026-02-01", "2025-12-01..2026-01-01", "2025-11-19..2025-12-01"]
    );
    assert!(took > 1);

    let at_once = World::with(long_account(5000), capped(1000)).await;
    at_once.cycle("2025-11-20").await;
    for today in days("2026-03-20", "2026-03-30").take(took) {
        at_once.cycle(&today.to_string()).await;
    }
    let view = engine.view(None).await.unwrap().unwrap();
    assert_eq!(comparable(&view), comparable(&at_once.view().await));
}
