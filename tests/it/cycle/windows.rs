//! What is asked for, and what it costs to ask.

use glidepath::domain::facts::outcome::Outcome;
use serde_json::{Value, json};

use super::support::*;

/// The two questions for a window, as they must stand on the wire.
fn questions(start: &str, end: &str) -> [Value; 2] {
    let by = |key: &str| json!({"Type": "DIMENSION", "Key": key});
    let period = json!({"Start": start, "End": end});
    [
        json!({
            "TimePeriod": period,
            "Granularity": "DAILY",
            "Metrics": ["UnblendedCost"],
            "GroupBy": [by("SERVICE"), by("RECORD_TYPE")],
        }),
        json!({
            "TimePeriod": period,
            "Granularity": "DAILY",
            "Metrics": ["UnblendedCost", "UsageQuantity"],
            "GroupBy": [by("SERVICE"), by("USAGE_TYPE")],
            "Filter": {"Not": {"Dimensions": {"Key": "RECORD_TYPE", "Values": ["Credit", "Refund", "Tax"]}}},
        }),
    ]
}

/// Start of the window of every money question by day so far.
fn starts(world: &World) -> Vec<String> {
    let daily = |body: &Value| body["Granularity"] == "DAILY" && body.get("Filter").is_none();
    let money = world.asked().into_iter().filter(|request| daily(&request.body));
    money.map(|request| request.body["TimePeriod"]["Start"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn the_first_run_reads_the_newest_month_and_then_all_before_it_page_by_page() {
    // 20 days of March (today's may be missing), two or three rows each: a page of 100 for either question. So everything before
    // is asked for at once. Every day there before 2026-02-20 is an entry without rows: hundreds, over several pages.
    let world = World::new(small_account().page_size(100)).await;
    let report = world.cycle("2026-03-20").await;
    assert_eq!((report.costs, report.credits), (Outcome::Ok, Outcome::Ok));

    let asked = world.asked();
    let questions = [questions("2026-03-01", "2026-03-21"), questions("2025-02-01", "2026-03-01")].concat();
    let mut pages = [0; 4];
    let mut query = 0;
    for request in &asked {
        let mut body = request.body.clone();
        let token = body.as_object_mut().unwrap().remove("NextPageToken");
        assert_eq!(token.is_some(), request.page > 1);
        query += usize::from(request.page == 1 && pages[query] > 0);
        assert_eq!(body, questions[query], "nothing but the token may change between pages");
        pages[query] += 1;
        assert_eq!(request.page, pages[query], "pages are asked for in order");
    }
    // The 393 days before have 384 days without rows, and 9 with two usage rows and one credit row: 411 and 402 entries.
    assert_eq!(pages, [1, 1, 5, 5]);
    assert_eq!(report.pages, 12);
    assert!(asked.iter().all(|request| request.paid));
    assert_eq!(world.position().await.data_quality.missing_history, None);
}

#[tokio::test]
async fn a_refused_start_moves_one_month_later() {
    let world = World::new(small_account().months_kept(12)).await;
    let report = world.cycle("2026-03-20").await;
    assert_eq!(report.costs, Outcome::Ok);
    assert_eq!(starts(&world), ["2026-03-01", "2025-02-01", "2025-03-01"]);
    let paid: Vec<bool> = world.asked().iter().map(|request| request.paid).collect();
    assert_eq!(paid, [true, true, false, true, true], "the refusal costs nothing");
    assert_eq!(world.position().await.data_quality.paid_requests_today, 4);
}

#[tokio::test]
async fn a_history_shorter_than_a_month_is_found_in_the_end() {
    let world = World::new(small_account().months_kept(0)).await;
    assert_eq!(world.cycle("2026-03-20").await.costs, Outcome::Ok);
    assert_eq!(starts(&world).len(), 14, "the current month and thirteen refused starts");
    assert_eq!(world.asked().iter().filter(|request| request.paid).count(), 2);
    // 2026-03-01 to 2026-03-18.
    let position = world.position().await;
    assert_eq!(position.spend.gross_to_date, times(BEDROCK_A_DAY, 18) + times(EC2_A_DAY, 18));
    assert_eq!(position.data_quality.missing_history, None, "what AWS does not keep is not missing");

    // AWS's word counts for a week.
    for (today, refused) in [("2026-03-21", 0), ("2026-03-26", 0), ("2026-03-27", 13), ("2026-03-28", 0)] {
        let before = world.asked().len();
        assert_eq!(world.cycle(today).await.costs, Outcome::Ok);
        assert_eq!(world.asked()[before..].iter().filter(|request| !request.paid).count(), refused, "{today}");
    }
}

#[tokio::test]
async fn the_next_day_asks_for_the_short_window_with_two_paid_requests() {
    let world = World::new(small_account()).await;
    world.cycle("2026-03-20").await;
    let before = world.asked().len();
    let report = world.cycle("2026-03-21").await;
    let asked: Vec<Value> = world.asked().drain(before..).map(|request| request.body).collect();
    assert_eq!(asked, questions("2026-03-11", "2026-03-22"));
    assert_eq!(report.pages, 2);
    let quality = world.position().await.data_quality;
    assert_eq!((quality.paid_requests_today, quality.usd_spent_asking_month), (2, money("0.06")));
}

#[tokio::test]
async fn a_month_of_daily_cycles_asks_for_the_closed_month_three_times() {
    let world = World::new(small_account()).await;
    world.cycle("2026-03-01").await;
    let mut again = Vec::new();
    for today in days("2026-03-02", "2026-03-31") {
        let before = world.asked().len();
        world.cycle(&today.to_string()).await;
        let paid = world.asked()[before..].iter().filter(|request| request.paid).count();
        assert!((2..=3).contains(&paid), "{paid} paid requests on {today}");
        if starts(&world).last().unwrap() == "2026-02-01" {
            again.push(today.to_string());
        }
    }
    assert_eq!(again, ["2026-03-03", "2026-03-08", "2026-03-12"]);
    // The newest days, all before them and thirty steady days, two requests each, and three questions for whole months: 67.
    assert_eq!(world.position().await.data_quality.usd_spent_asking_month, money("0.67"));
}

#[tokio::test]
async fn a_gap_of_thirty_days_is_caught_up_whole() {
    // In the gap, AWS also corrects 2026-03-05, which is older than the last cycle's ten days.
    let account = small_account().restate(
        "2026-04-05T00:00:00Z",
        "2026-03-05",
        EC2,
        "Usage",
        "BoxUsage:m7g.xlarge",
        "Hrs",
        "-12",
        "-1.9168000002",
    );
    let world = World::new(account.clone()).await;
    world.cycle("2026-03-20").await;
    world.cycle("2026-04-19").await;
    // The marks of April passed, so March is asked for from its first day.
    assert_eq!(starts(&world), ["2026-03-01", "2025-02-01", "2026-03-01"]);
    let spend = world.position().await.spend;
    // 2026-02-20 to 2026-04-17: 9 + 31 + 17 days.
    assert_eq!(spend.gross_to_date, times(BEDROCK_A_DAY, 57) + times(EC2_A_DAY, 57) - money("1.9168000002"));

    let fresh = World::new(account).await;
    fresh.cycle("2026-04-19").await;
    assert_eq!(comparable(&world.view().await), comparable(&fresh.view().await));
}
