//! Work is bounded by what comes in: long filings, right and wrong, and replays that nobody waits for any more.
//!
//! None of these tests looks at a clock. What reads a long text again for each of its lines would make them last for minutes.

use std::future::poll_fn;
use std::task::Poll;

use axum::http::{StatusCode, header};
use glidepath::cycle::{ReplayOrder, ReplayProgress};
use glidepath::domain::billing::classify::Classifier;
use glidepath::domain::billing::price::PriceBook;
use glidepath::domain::filing::ask::{self, Knowledge, KnownAccount, SizedFiling};
use glidepath::domain::filing::projection::{
    Attribution, FiledProjection, FilingSize, MOST_TOLD, Part, ProjectionProblem, diff, diff_months, overlaps,
    service_of_model,
};
use glidepath::http::client::{self, Entry};
use glidepath::http::serve;
use serde_json::Value;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use crate::support::served::{Ask, Served, config, day, first_cycle};

/// What a filing may have over HTTP.
const BODY: usize = 240 * 1024;
/// Lines of a filing that a command reads.
const SERVICES: usize = 20_000;

const HEAD: &str = "filed_on = \"2026-02-01\"\n[[record]]\nid = \"ai\"\n";
const MONTHLY: &str = "monthly = [{ from = \"2026-02\", usd = \"1\" }]\n";

fn service(name: impl std::fmt::Display) -> String {
    format!("[[record.service]]\nservice = \"{name}\"\n{MONTHLY}")
}

/// `line` again and again, each time with another number, up to [`BODY`] bytes.
fn filled(head: &str, line: impl Fn(usize) -> String) -> String {
    let mut text = head.to_owned();
    for number in 0.. {
        let next = line(number);
        if text.len() + next.len() > BODY {
            break;
        }
        text.push_str(&next);
    }
    text
}

/// Texts of the most that is taken, each wrong or odd from end to end in another way; true if a check refuses it.
fn long_texts() -> Vec<(&'static str, String, bool)> {
    let tokens = |model: &str, more: &str| {
        format!(
            "[[record.tokens]]\nmodel = \"{model}\"\nmonthly = [{{ from = \"2026-02\", input_millions = 1 }}]\n{more}"
        )
    };
    vec![
        ("no TOML", filled("", |_| "= [[\n".to_owned()), true),
        ("open brackets", filled("a = ", |_| "[".to_owned()), true),
        ("dots", filled("a", |_| ".a".to_owned()), true),
        ("keys that nobody knows", filled(HEAD, |number| format!("k{number} = 1\n")), true),
        ("one key as long as the file", filled(HEAD, |_| "model".to_owned()) + " = 1\n", true),
        ("keys at the top", filled("", |number| format!("filed_om{number} = 1\n")), true),
        ("tables that nobody knows", filled(HEAD, |number| format!("[t{number}]\n")), true),
        ("records without anything", filled("filed_on = \"2026-02-01\"\n", |_| "[[record]]\n".to_owned()), true),
        ("records of one id", filled("filed_on = \"2026-02-01\"\n", |_| "[[record]]\nid = \"a\"\n".to_owned()), true),
        ("records by number", filled("filed_on = \"2026-02-01\"\n", |n| format!("[[record]]\nid = \"{n}\"\n")), true),
        ("one service again and again", filled(HEAD, |_| service("Amazon S3")), true),
        ("services apart", filled(HEAD, service), false),
        ("models that nobody knows", filled(HEAD, |number| tokens(&format!("Claude Sonet {number}"), "")), true),
        ("one model again and again", filled(HEAD, |_| tokens("Claude Sonnet 5", "")), true),
        ("shares above one", filled(HEAD, |_| tokens("Claude Sonnet 5", "cache_hit = \"2\"\nbatch = \"3\"\n")), true),
        ("lifetimes without writes", filled(HEAD, |_| tokens("Claude Sonnet 5", "cache_lifetime = \"1h\"\n")), true),
        ("an amount for each", filled(HEAD, |_| service("Amazon Elastic Compute Cloud - Compute")), true),
        (
            "types that nobody knows",
            filled(HEAD, |number| {
                format!(
                    "[[record.accelerators]]\ninstance_type = \"trn{number}\"\nchip_hours_per_run = 1\nruns_per_month = 1\n"
                )
            }),
            true,
        ),
        (
            "one type without a price",
            filled(HEAD, |_| {
                "[[record.accelerators]]\ninstance_type = \"trn2.48xlarge\"\nchip_hours_per_run = 1\nruns_per_month = 1\n".to_owned()
            }),
            true,
        ),
        (
            "a month long before the filing, each",
            filled(HEAD, |number| service(number).replace("2026-02", "2006-01")),
            true,
        ),
        (
            "a last month at the end of the century, each",
            filled(HEAD, |number| service(number).replace(" }]", " }, { from = \"2099-12\", usd = \"2\" }]")),
            false,
        ),
        (
            "models that grow to the end of the century",
            filled(HEAD, |_| {
                tokens("Claude Sonnet 5", "growth_per_month = \"0.01\"\n")
                    .replace(" }]", " }, { from = \"2099-12\", output_millions = 2 }]")
            }),
            true,
        ),
        (
            "one month table",
            filled(&format!("{HEAD}{}", service("a").replace(" }]\n", " },\n")), |_| {
                "{ from = \"2026-02\", usd = \"1\" },\n".to_owned()
            }) + "]\n",
            true,
        ),
    ]
}

fn assert_told(of: &str, text: &str, problems: &[ProjectionProblem]) {
    assert!(!problems.is_empty() && problems.len() <= MOST_TOLD + 1, "{of}: {} problems", problems.len());
    assert!(problems.is_sorted(), "{of}: {problems:#?}");
    let lines = text.lines().count() + 1;
    assert!(problems.iter().all(|problem| (1..=lines).contains(&problem.line)), "{of}");
    if problems.len() > MOST_TOLD {
        assert!(problems[MOST_TOLD].problem.contains(" more of them "), "{of}: {}", problems[MOST_TOLD]);
    }
}

fn sized(filing: &FiledProjection, book: &PriceBook) -> SizedFiling {
    let (classifier, account) = (Classifier::builtin(), KnownAccount::default());
    ask::size(filing, &Knowledge { book, classifier: &classifier, account: &account })
}

#[test]
fn a_long_text_is_read_once_and_at_most_a_hundred_of_its_problems_are_told() {
    for (of, text, refused) in long_texts() {
        let book = PriceBook::builtin();
        match FiledProjection::parse_with(&text, &book) {
            Ok(filing) => {
                assert!(!refused, "{of}");
                assert!(filing.remarks.len() <= MOST_TOLD + 1, "{of}: {} remarks", filing.remarks.len());
                let size = FilingSize::of(&filing, &book, service_of_model);
                assert_eq!(size.months.len(), 12, "{of}");
                assert_eq!(sized(&filing, &book).months.len(), 12, "{of}");
            }
            Err(problems) => {
                assert!(refused, "{of}: {problems:#?}");
                assert_told(of, &text, &problems);
            }
        }
        // What was frozen is read leniently, and costs no more.
        match FiledProjection::parse_frozen(&text, &book) {
            Ok(filing) => assert!(filing.remarks.len() <= MOST_TOLD + 1, "{of}: {} remarks", filing.remarks.len()),
            Err(problems) => assert_told(of, &text, &problems),
        }
    }
}

#[test]
fn what_is_not_told_is_counted() {
    let text = format!(
        "{HEAD}{}",
        "x = 1\n".replace('x', "k0") + &(1..5_000).map(|n| format!("k{n} = 1\n")).collect::<String>()
    );
    let problems = FiledProjection::parse(&text).unwrap_err();
    // 5,000 keys, and the record plans nothing.
    assert_eq!(problems.len(), MOST_TOLD + 1);
    assert_eq!(problems[MOST_TOLD].problem, "4901 more of them stand from here on and are not listed");
}

#[test]
fn twenty_thousand_services_are_checked_sized_compared_and_attributed() {
    let text: String = HEAD.to_owned() + &(0..SERVICES).map(service).collect::<String>();
    let filing = FiledProjection::parse(&text).unwrap();
    let book = PriceBook::builtin();
    assert_eq!(FilingSize::of(&filing, &book, service_of_model).total_usd, (12 * 20_000).to_string().parse().unwrap());

    let asked = sized(&filing, &book);
    assert_eq!((asked.total_usd.to_string().as_str(), asked.by_service.len()), ("240000", SERVICES));
    // As many records of one service each.
    let records: String = (0..SERVICES).map(|at| format!("[[record]]\nid = \"r{at}\"\n{}", service(at))).collect();
    let many = FiledProjection::parse(&format!("filed_on = \"2026-02-01\"\n{records}")).unwrap();
    assert_eq!(sized(&many, &book).records.len(), SERVICES);

    let other = FiledProjection::parse(&text.replacen("usd = \"1\"", "usd = \"2\"", 1)).unwrap();
    let compared = diff(&filing, &other, &book, diff_months(&filing, &other), &service_of_model);
    assert_eq!((compared.lines.len(), compared.total.difference.to_string().as_str()), (1, "12"));

    let attribution = Attribution::of(&filing);
    let workload = glidepath::domain::values::workload::Workload::Supporting;
    let found = (0..SERVICES)
        .filter(|number| attribution.line(&number.to_string(), workload, None, None) == Some((0, *number)));
    assert_eq!(found.count(), SERVICES);

    // Beside itself in another file each line is there twice.
    let parts = [Part { name: Some("a"), filing: &filing }, Part { name: Some("b"), filing: &filing }];
    assert_eq!(overlaps(&parts, &book, &service_of_model).len(), SERVICES + 1);
}

#[tokio::test]
async fn a_long_wrong_filing_is_answered_in_few_words() {
    let served = Served::fed(config()).await;
    for (of, text, _) in long_texts().into_iter().filter(|(_, _, refused)| *refused) {
        let ask = Ask::post("/api/v1/projections?anyway=true").with(header::CONTENT_TYPE, "application/toml");
        let answer = served.send(ask.body(text.into_bytes())).await;
        assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY, "{of}: {}", &answer.body[..200]);
        assert!(answer.json()["problems"].as_array().unwrap().len() <= MOST_TOLD + 1, "{of}");
    }
}

fn order() -> ReplayOrder {
    ReplayOrder { from: day("2026-02-01"), to: day("2026-03-20"), rules: None }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_replay_that_nobody_waits_for_ends() {
    let served = Served::fed(config()).await;
    assert_eq!(served.engine.replays(), []);
    let mut replay = Box::pin(served.engine.replay(order()));
    let begun = poll_fn(|context| {
        let ended = replay.as_mut().poll(context).is_ready();
        assert!(!ended, "it ended before anybody could leave");
        context.waker().wake_by_ref();
        let running = served.engine.replays();
        let begun = running.first().copied().filter(|it| it.done > 0);
        begun.map_or(Poll::Pending, Poll::Ready)
    });
    let ReplayProgress { from, to, done, of } = begun.await;
    assert_eq!((from, to, of), (order().from, order().to, 46), "two days are not known yet, and one was looked at");
    assert!(done < of);
    drop(replay);
    assert_eq!(served.engine.replays(), []);
    assert_eq!(served.engine.replay(order()).await.unwrap().looks, 46, "the next one runs as if none had been");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_caller_who_leaves_ends_its_replay() {
    let served = Served::fed(config()).await;
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let (address, stop) = (listener.local_addr().unwrap(), CancellationToken::new());
    let serving = tokio::spawn(serve(listener, served.state.clone(), stop.clone()));
    let caller = tokio::spawn(async move {
        let entry = Entry { content_type: "application/json", body: serde_json::to_string(&order()).unwrap() };
        client::order_with(&client::Address::Listen(address), None, "/api/v1/replay", entry).await
    });
    let running = async || {
        let told = client::ask(&client::Address::Listen(address), None, "/api/v1/replay").await.unwrap();
        serde_json::from_slice::<Value>(&told).unwrap()
    };
    let mut told = running().await;
    while told == Value::Array(Vec::new()) {
        assert!(!caller.is_finished(), "it ended before it could leave");
        told = running().await;
    }
    assert_eq!((told[0]["from"].as_str(), told[0]["of"].as_u64()), (Some("2026-02-01"), Some(46)));
    caller.abort();
    // A replay that went on would be over once all its looks were done: this one is gone with looks left.
    let mut newest = told;
    while newest != Value::Array(Vec::new()) {
        assert!(newest[0]["done"].as_u64() < Some(46), "{newest}");
        newest = running().await;
    }
    stop.cancel();
    serving.await.unwrap().unwrap();
    assert_eq!(served.clock.now(), first_cycle());
}

/// A text stands in every row and every view: what is filed says it in bounds, and what was filed before there were any is read.
#[test]
fn a_text_of_a_filing_is_no_longer_than_it_has_to_be() {
    let book = PriceBook::builtin();
    let long = "a".repeat(200_000);
    let line = service("Amazon S3");
    for (key, text) in [
        ("id", format!("filed_on = \"2006-01-01\"\n[[record]]\nid = \"{long}\"\n{line}")),
        ("use_case", format!("use_case = \"{long}\"\n{HEAD}{line}")),
        ("stage", format!("stage = \"{long}\"\n{HEAD}{line}")),
        ("customer", format!("customer = \"{long}\"\n{HEAD}{line}")),
        ("service", format!("{HEAD}{}", service(&long))),
        ("building", format!("poc = {{ building = \"{long}\" }}\n{HEAD}{line}")),
    ] {
        let problems = FiledProjection::parse_with(&text, &book).unwrap_err();
        let said = problems.iter().find(|it| it.problem.contains("characters, and")).unwrap_or_else(|| panic!("{key}"));
        assert!(said.problem.starts_with(&format!("{key} has 200000 characters")), "{said}");
        assert!(problems.iter().all(|it| it.to_string().len() < 3_000), "{key} is quoted at length");
        assert!(FiledProjection::parse_frozen(&text, &book).is_ok(), "{key}: what is frozen is read");
    }
    let frozen = format!("use_case = \"{long}\"\n{HEAD}{line}");
    let frozen = FiledProjection::parse_frozen(&frozen, &book).unwrap();
    let use_case = frozen.application_of(&frozen.records[0]).use_case.unwrap();
    assert_eq!(use_case.chars().count(), 1_001);
}
