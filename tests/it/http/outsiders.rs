//! A property over everything that is served: whoever has only a partner's token or a link learns nothing but the
//! reports of its own records, whatever is asked. The routes come from the description, so that none can be forgotten.

use axum::http::{Method, StatusCode, header};
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use glidepath::config::{Config, Role, Token};
use glidepath::cycle::LinkOrder;
use glidepath::domain::values::secret::Secret;
use glidepath::report::{Format, ReportKind};
use proptest::prelude::*;
use proptest::sample::select;
use proptest::test_runner::{Config as Cases, TestRunner};

use crate::support::answer::text_of_answer;
use crate::support::served::{
    AI_RECORD, Answer, Ask, BROWSER, LINK_KEY, OTHER_RECORD, OWNER, PARTNER, REQUEST, SECRETS, Served, config,
    first_cycle, time, tokens, usd,
};

/// A partner with the very records of the links.
const INVESTOR: &str = "investor-token-0c1e";
const REPORTS: [&str; 3] = ["/", "/api/v1/reports", "/api/v1/reports/{file}"];

/// A daemon with two cycles and a link to each kind of report in every format.
async fn daemon() -> (Served, Vec<String>) {
    let backup_folder = std::env::temp_dir().join("glidepath-no-backup-may-be-made-here");
    let link_key = Some(Secret::new(LINK_KEY));
    let mut tokens = tokens();
    tokens.push(Token::new("investor", Secret::new(INVESTOR), Role::Partner { records: vec!["ai".to_owned()] }));
    let served = Served::fed(Config { tokens, link_key, backup_folder, ..config() }).await;
    served.clock.advance_to(time("2026-03-21T06:30:00Z"));
    served.cycle(time("2026-03-21T06:30:00Z"), usd("3")).await;
    let mut links = Vec::new();
    for kind in ReportKind::ALL {
        for as_of in [None, Some(first_cycle())] {
            let formats = kind.formats().iter().map(ToString::to_string).collect();
            let order = LinkOrder { kind: kind.to_string(), formats, records: vec!["ai".into()], days: 30, as_of };
            let made = served.engine.make_link(served.clock.now(), "founder", order).await.unwrap();
            links.push(made.url.split_once("8437").unwrap().1.to_owned());
        }
    }
    (served, links)
}

/// A link to the page of all reports.
async fn link_to_all(served: &Served) -> String {
    let formats = Format::ALL.iter().map(ToString::to_string).collect();
    let order = LinkOrder { kind: "all".into(), formats, records: vec!["ai".into()], days: 30, as_of: None };
    let made = served.engine.make_link(served.clock.now(), "founder", order).await.unwrap();
    made.url.split_once("8437").unwrap().1.to_owned()
}

/// One request of somebody who tries.
#[derive(Debug, Clone)]
struct Try {
    method: String,
    path: String,
    route: String,
    query: Vec<(String, String)>,
    basic: bool,
    is_browser: bool,
    body: String,
}

/// What may stand for a name or a value; most of it means something somewhere.
fn values() -> BoxedStrategy<String> {
    let known = select(vec![
        "newest",
        "1",
        "2",
        "ai",
        "outside",
        "html",
        "csv",
        "json",
        "md",
        "pdf",
        "2026-03-20T06:30:00Z",
        "2026-03-01",
        "2026-03-20T12:00:00+02:00",
        "2020-01-01T00:00:00Z",
        "2099-01-01T00:00:00Z",
        "5",
        "1000",
        "Usage",
        "Amazon Bedrock",
        "eyJudW1iZXIiOjN9",
        "*",
        "../..",
        "' OR 1=1 --",
        "%00",
        "",
    ]);
    prop_oneof![4 => known.prop_map(str::to_owned), 1 => "\\PC{0,12}"].boxed()
}

fn in_path() -> BoxedStrategy<String> {
    let files = ReportKind::ALL
        .into_iter()
        .flat_map(|kind| kind.formats().iter().map(move |format| format!("{kind}.{format}")));
    prop_oneof![4 => select(files.collect::<Vec<_>>()), 1 => values()].boxed()
}

fn queries() -> BoxedStrategy<Vec<(String, String)>> {
    let names =
        select(vec!["as_of", "day", "kind", "limit", "cursor", "service", "from", "to", "format", "records", "record"]);
    let times = select(vec!["2026-03-20T06:30:00Z", "2026-03-21T06:30:00Z", "2026-03-20T23:00:00-01:00"]);
    prop_oneof![
        2 => Just(Vec::new()),
        2 => times.prop_map(|time| vec![("as_of".to_owned(), time.to_owned())]),
        1 => select(vec!["2026-03-20", "2026-03-21"]).prop_map(|day| vec![("day".to_owned(), day.to_owned())]),
        2 => proptest::collection::vec((names.prop_map(str::to_owned), values()), 1..3),
    ]
    .boxed()
}

fn attempts() -> impl Strategy<Value = Try> {
    let document = glidepath::http::openapi();
    let mut routes: Vec<(String, String)> = Vec::new();
    for (path, methods) in document["paths"].as_object().unwrap() {
        routes.extend(methods.as_object().unwrap().keys().map(|method| (method.to_ascii_uppercase(), path.clone())));
        routes.push(("HEAD".to_owned(), path.clone()));
    }
    // What a reader may open is tried more often than what it may not.
    routes.extend(vec![("GET".to_owned(), REPORTS[2].to_owned()); routes.len() / 2]);
    let body = prop_oneof![Just(String::new()), Just("{}".to_owned()), values()];
    (select(routes), in_path(), queries(), any::<[bool; 2]>(), body).prop_map(
        |((method, route), value, query, [basic, is_browser], body)| {
            let escaped: String = value.bytes().map(escape).collect();
            let path = route.split('/').map(|part| if part.starts_with('{') { escaped.as_str() } else { part });
            let path = path.collect::<Vec<_>>().join("/");
            Try { method, path, route, query, basic, is_browser, body }
        },
    )
}

fn escape(byte: u8) -> String {
    if byte.is_ascii_alphanumeric() || b"-._".contains(&byte) {
        char::from(byte).to_string()
    } else {
        format!("%{byte:02X}")
    }
}

impl Try {
    fn address(&self, path: &str) -> String {
        let escaped = |text: &str| text.bytes().map(escape).collect::<String>();
        let pairs: Vec<String> = self.query.iter().map(|(name, value)| format!("{name}={}", escaped(value))).collect();
        if pairs.is_empty() { path.to_owned() } else { format!("{path}?{}", pairs.join("&")) }
    }
}

/// What an answer says, unpacked where it is packed.
fn said(answer: &Answer) -> String {
    text_of_answer(&answer.bytes, answer.header("content-type"))
}

fn learns_nothing(what: &str, answer: &Answer) {
    let (headers, said) = (format!("{:?}", answer.headers), said(answer));
    for secret in SECRETS.into_iter().chain([INVESTOR]) {
        assert!(!said.contains(secret), "{what} tells {secret}: {said}");
        assert!(!headers.contains(secret), "{what} tells {secret}: {headers}");
    }
}

#[test]
fn nobody_from_outside_learns_what_is_not_theirs() {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    let (served, mut links) = runtime.block_on(daemon());
    links.extend(vec![runtime.block_on(link_to_all(&served)); links.len()]);
    let mut runner = TestRunner::new(Cases { cases: 150, failure_persistence: None, ..Cases::default() });
    let shown = std::cell::Cell::new(0);
    let outcome = runner.run(&(attempts(), select(links)), |(attempt, link)| {
        let token = if attempt.basic {
            format!("Basic {}", BASE64_STANDARD.encode(format!("x:{PARTNER}")))
        } else {
            format!("Bearer {PARTNER}")
        };
        let method: Method = attempt.method.parse().unwrap();
        let address = attempt.address(&attempt.path);
        let ask = Ask::method(method.clone(), &address)
            .with(header::AUTHORIZATION, &token)
            .with(header::ACCEPT, if attempt.is_browser { BROWSER } else { "*/*" })
            .with(header::CONTENT_TYPE, "application/json")
            .body(attempt.body.clone().into_bytes());
        let answer = runtime.block_on(served.send(ask));
        learns_nothing(&address, &answer);
        let open = ["/healthz", "/readyz", "/shared/{link}"].contains(&attempt.route.as_str());
        let may = open || REPORTS.contains(&attempt.route.as_str());
        prop_assert!(may || !answer.status.is_success(), "{} {address}: {}", attempt.method, answer.status);
        prop_assert!(!answer.status.is_server_error(), "{} {address}: {}", attempt.method, answer.body);
        shown.set(shown.get() + u32::from(answer.status == StatusCode::OK && attempt.route == REPORTS[2]));

        let address = attempt.address(&link);
        let accept = if attempt.is_browser { BROWSER } else { "*/*" };
        let answer = runtime.block_on(served.send(Ask::get(&address).with(header::ACCEPT, accept)));
        learns_nothing(&address, &answer);
        prop_assert!(!answer.status.is_server_error(), "{address}: {}", answer.body);
        Ok(())
    });
    outcome.unwrap();
    assert!(shown.get() > 10, "only {} reports were shown, so little was tried", shown.get());
}

/// The searches above are not blind: in a paper for the house each secret that a paper can hold is found, however it is packed.
#[tokio::test]
async fn what_is_searched_for_is_found_where_it_may_stand() {
    let (served, _) = daemon().await;
    for format in Format::ALL {
        let path = format!("/api/v1/reports/funding-pack.{format}");
        let text = said(&served.send(Ask::get(&path).bearer(OWNER)).await);
        for secret in [AI_RECORD, OTHER_RECORD, "61.37"] {
            assert!(text.contains(secret), "{secret} is not found in {path}: {text}");
        }
    }
    for format in ReportKind::Evidence.formats() {
        let path = format!("/api/v1/reports/evidence.{format}");
        let text = said(&served.send(Ask::get(&path).bearer(OWNER)).await);
        assert!(text.contains(REQUEST), "{REQUEST} is not found in {path}: {text}");
    }
    let workbook = said(&served.send(Ask::get("/api/v1/reports/trajectory.xlsx").bearer(OWNER)).await);
    assert!(workbook.contains("docProps/core.xml") && workbook.contains("<dc:creator"), "{workbook}");
}

/// Once three full months are stored, the account's own papers add up spend of all records. Who knows its own part could take
/// it away.
#[tokio::test]
async fn no_sum_over_all_records_is_told() {
    let (served, _) = daemon().await;
    served.clock.advance_to(time("2026-06-02T06:30:00Z"));
    served.cycle(time("2026-06-02T06:30:00Z"), usd("203.07")).await;
    let review = served.send(Ask::get("/api/v1/position").bearer(OWNER)).await.json()["review"].clone();
    let amount = |value: &serde_json::Value| value.as_str().unwrap().to_owned();
    // March and May at 10 + 203.07 USD a day: the other record can be paid by a credit, so it is in the ask.
    let months: Vec<String> =
        review["next_ask"]["steps"].as_array().unwrap()[..3].iter().map(|it| amount(&it["amount"])).collect();
    assert_eq!(months, ["6605.17", "6392.1", "6605.17"]);
    let mut sums = vec![amount(&review["next_ask"]["average_month"]), "78409.8".to_owned()];
    let value = &review["earned_value"];
    for pool in value["pools"].as_array().unwrap().iter().chain([&value["total"]]) {
        sums.extend([amount(&pool["planned_to_date"]), amount(&pool["ahead_of_plan"])]);
    }
    // The first credit was to be used up by now and is, so its plan says nothing that the credit itself does not.
    sums.retain(|sum| sum != "1000" && sum != "0");
    assert!(sums.len() >= 6, "{sums:?}");
    let exact = |text: &str, sum: &str| text.split(['"', ',', '\r', '\n']).any(|word| word == sum);
    let owners = said(&served.send(Ask::get("/api/v1/reports/actual-vs-projected.csv").bearer(OWNER)).await);
    for kind in ReportKind::ALL {
        for format in kind.formats() {
            let answer = served.send(Ask::get(&format!("/api/v1/reports/{kind}.{format}")).bearer(PARTNER)).await;
            let text = said(&answer);
            assert_eq!(answer.status, StatusCode::OK, "{text}");
            learns_nothing(&format!("{kind}.{format}"), &answer);
            for label in ["that credit could pay", "An average month", "12 months at"] {
                assert!(!text.contains(label), "{label} in {kind}.{format}");
            }
            for sum in &sums {
                assert!(exact(&owners, sum), "{sum} is not even told to the owner");
                let shown = usd(sum).dollars();
                assert!(!exact(&text, sum) && !text.contains(&shown), "{sum} in {kind}.{format}");
            }
            if kind == ReportKind::ActualVsProjected {
                assert!(months.iter().all(|sum| !exact(&text, sum)), "{kind}.{format}");
            }
        }
    }
}

#[tokio::test]
async fn every_format_of_every_report_through_token_and_link() {
    let (served, links) = daemon().await;
    for (at, link) in links.iter().enumerate() {
        let kind = ReportKind::ALL[at / 2];
        for format in kind.formats() {
            let as_of = if at % 2 == 0 { "" } else { "?as_of=2026-03-20T06:30:00Z" };
            let path = format!("/api/v1/reports/{kind}.{format}{as_of}");
            let by_token = served.send(Ask::get(&path).bearer(INVESTOR)).await;
            let by_link = served.get(&format!("{link}?format={format}")).await;
            for (what, answer) in [(&path, &by_token), (link, &by_link)] {
                assert_eq!(answer.status, StatusCode::OK, "{what}");
                learns_nothing(what, answer);
            }
            assert!(by_link.bytes == by_token.bytes, "{path} through a link");
        }
    }
}
