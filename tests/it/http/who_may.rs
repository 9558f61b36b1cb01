//! Tokens and roles, other machines, other sites.

use std::collections::BTreeSet;

use axum::http::{StatusCode, header};
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use glidepath::config::Config;
use glidepath::report::ReportKind;

use crate::support::paper::text_of;
use crate::support::served::{Answer, Ask, OPS, OWNER, PARTNER, SECRETS, Served, config, tokens};

const ACCESS: &str = include_str!("../../../docs/access.md");
const OWNERS: [&str; 13] = [
    "/",
    "/metrics",
    "/api/v1/position",
    "/api/v1/series",
    "/api/v1/restatements",
    "/api/v1/projections",
    "/api/v1/projections/1",
    "/api/v1/credits",
    "/api/v1/credits/history",
    "/api/v1/whatif",
    "/api/v1/prices",
    "/api/v1/alerts",
    "/api/v1/plan",
];
const ORDERS: [&str; 12] = [
    "/api/v1/cycle",
    "/api/v1/backup",
    "/api/v1/verify",
    "/api/v1/check",
    "/api/v1/projection-check",
    "/api/v1/projections",
    "/api/v1/credits/statements",
    "/api/v1/vanished/accept",
    "/api/v1/alerts/mutes",
    "/api/v1/replay",
    "/api/v1/alerts/test",
    "/api/v1/plan",
];

fn with_tokens() -> Config {
    let folder = std::env::temp_dir().join("glidepath-no-backup-may-be-made-here");
    Config { tokens: tokens(), backup_folder: folder, ..config() }
}

fn tells_nothing(path: &str, answer: &Answer) {
    for secret in SECRETS {
        assert!(!answer.body.contains(secret), "{path} tells {secret}: {}", answer.body);
        let headers = format!("{:?}", answer.headers);
        assert!(!headers.contains(secret), "{path} tells {secret}: {headers}");
    }
}

fn basic(user: &str, password: &str) -> String {
    format!("Basic {}", BASE64_STANDARD.encode(format!("{user}:{password}")))
}

#[tokio::test]
async fn nothing_but_health_is_open() {
    let served = Served::fed(with_tokens()).await;
    for path in ["/healthz", "/readyz"] {
        let answer = served.get(path).await;
        assert_eq!(answer.status, StatusCode::OK, "{path}");
        tells_nothing(path, &answer);
    }
    let gets = OWNERS.into_iter().chain(["/api/v1/reports/trajectory.html"]).map(Ask::get);
    for ask in gets.chain(ORDERS.into_iter().map(Ask::post)) {
        let answer = served.send(ask).await;
        assert_eq!(answer.status, StatusCode::UNAUTHORIZED);
        assert_eq!(answer.header("www-authenticate"), "Basic realm=\"glidepath\"");
        tells_nothing("without a token", &answer);
    }
}

#[tokio::test]
async fn a_token_in_every_way_that_it_can_be_shown() {
    let served = Served::fed(with_tokens()).await;
    let status =
        async |value: &str| served.send(Ask::get("/api/v1/position").with(header::AUTHORIZATION, value)).await.status;
    for shown in [format!("Bearer {OWNER}"), format!("bearer  {OWNER} "), basic("anybody", OWNER), basic("", OWNER)] {
        assert_eq!(status(&shown).await, StatusCode::OK, "{shown}");
    }
    let shorter = &OWNER[..OWNER.len() - 1];
    for wrong in [
        format!("Bearer {shorter}"),
        format!("Bearer {OWNER}x"),
        "Bearer ".to_owned(),
        OWNER.to_owned(),
        basic(OWNER, ""),
        basic("anybody", shorter),
        "Basic !!!".to_owned(),
        format!("Digest {OWNER}"),
    ] {
        assert_eq!(status(&wrong).await, StatusCode::UNAUTHORIZED, "{wrong}");
    }
}

#[tokio::test]
async fn with_a_token_the_machine_does_not_matter() {
    let served = Served::fed(with_tokens()).await;
    for path in OWNERS {
        let ask = Ask::get(path).bearer(OWNER).sent_by(Some("203.0.113.9")).host(Some("glidepath.example.com"));
        assert_eq!(served.send(ask).await.status, StatusCode::OK, "{path}");
    }
}

#[tokio::test]
async fn a_partner_reads_its_reports_and_nothing_else() {
    let served = Served::fed(with_tokens()).await;
    let gets = OWNERS.into_iter().filter(|path| *path != "/").map(|path| (path, Ask::get(path)));
    for (path, ask) in gets.chain(ORDERS.map(|path| (path, Ask::post(path)))) {
        let answer = served.send(ask.bearer(PARTNER)).await;
        assert_eq!(answer.status, StatusCode::FORBIDDEN, "{path}");
        assert_eq!(answer.error(), "a partner's token opens reports and nothing else");
        tells_nothing(path, &answer);
    }
    for kind in ReportKind::ALL {
        for format in kind.formats().iter().copied() {
            for query in ["", "?as_of=2026-03-20T06:30:00Z"] {
                let path = format!("/api/v1/reports/{kind}.{format}{query}");
                let mut answer = served.send(Ask::get(&path).bearer(PARTNER)).await;
                assert_eq!(answer.status, StatusCode::OK, "{path}");
                // What stands in a PDF or a workbook is packed.
                answer.body = text_of(&answer.bytes, format);
                tells_nothing(&path, &answer);
            }
        }
    }
    // Its own record is there, and the owner's report has what the partner's lacks: the search above can find it.
    let path = "/api/v1/reports/actual-vs-projected.csv";
    let own = served.send(Ask::get(path).bearer(PARTNER)).await.body;
    let all = served.send(Ask::get(path).bearer(OWNER)).await.body;
    assert!(own.contains("ai") && all.contains("moonbase"), "{own}\n{all}");
}

#[tokio::test]
async fn what_each_role_may_is_what_the_table_for_people_says() {
    let served = Served::fed(with_tokens()).await;
    let roles = [OWNER, OPS, PARTNER];
    let rows = ACCESS.lines().filter_map(|line| line.strip_prefix("| `"));
    let mut listed = BTreeSet::new();
    for row in rows {
        let cells: Vec<&str> = row.split('|').map(str::trim).collect();
        let (method, path) = cells[0].trim_end_matches('`').split_once(' ').unwrap();
        assert!(listed.insert((method.to_owned(), path.to_owned())), "{row}");
        for (token, cell) in roles.into_iter().zip(&cells[1..4]) {
            let asked = path.replace("{version}", "1").replace("{file}", "trajectory.md");
            let asked = asked.replace("{id}", "00").replace("{link}", "no.link");
            let answer = served.send(Ask::method(method.parse().unwrap(), &asked).bearer(token)).await;
            let may = match *cell {
                "yes" => true,
                "no" => false,
                other => panic!("{other}"),
            };
            assert_eq!(answer.status != StatusCode::FORBIDDEN, may, "{method} {path} as {token}: {}", answer.body);
        }
        let without = served.send(Ask::method(method.parse().unwrap(), path)).await.status;
        let open = ["/healthz", "/readyz", "/shared/{link}"].contains(&path);
        assert_eq!(without == StatusCode::UNAUTHORIZED, !open, "{path}");
    }
    let mut known = BTreeSet::new();
    for (path, methods) in glidepath::http::openapi()["paths"].as_object().unwrap() {
        known.extend(methods.as_object().unwrap().keys().map(|method| (method.to_ascii_uppercase(), path.clone())));
    }
    assert_eq!(listed, known, "docs/access.md against the routes");
}

#[tokio::test]
async fn a_token_ends_on_its_day() {
    let mut tokens = tokens();
    tokens[0].expires_on = Some("2026-03-21".parse().unwrap());
    let served = Served::fed(Config { tokens, ..config() }).await;
    let ask = async || served.send(Ask::get("/api/v1/position").bearer(OWNER)).await;
    served.clock.advance_to("2026-03-20T23:59:59Z".parse().unwrap());
    assert_eq!(ask().await.status, StatusCode::OK);
    served.clock.advance_to("2026-03-21T00:00:00Z".parse().unwrap());
    let over = ask().await;
    assert_eq!((over.status, over.error().as_str()), (StatusCode::UNAUTHORIZED, "this token expired on 2026-03-21"));
    assert!(over.json()["advice"].as_str().unwrap().contains("glidepath token new"));
    // A wrong one learns nothing of that.
    let wrong = served.send(Ask::get("/api/v1/position").bearer("wrong")).await;
    assert_eq!(wrong.error(), "this token is not known");
}

#[tokio::test]
async fn a_token_whose_hash_alone_is_known_opens_the_same() {
    let mut tokens = tokens();
    for token in &mut tokens {
        token.secret = None;
    }
    let served = Served::fed(Config { tokens, ..config() }).await;
    assert_eq!(served.send(Ask::get("/api/v1/position").bearer(OWNER)).await.status, StatusCode::OK);
    assert_eq!(served.send(Ask::get("/api/v1/position").bearer(PARTNER)).await.status, StatusCode::FORBIDDEN);
    let hash = hex::encode(tokens_hash());
    assert_eq!(served.send(Ask::get("/api/v1/position").bearer(&hash)).await.status, StatusCode::UNAUTHORIZED);
}

/// The hash of the founder's token, which must open nothing itself.
fn tokens_hash() -> [u8; 32] {
    tokens()[0].sha256
}

#[tokio::test]
async fn errors_tell_a_partner_nothing() {
    let served = Served::fed(with_tokens()).await;
    for path in [
        "/api/v1/reports/trajectory.docx",
        "/api/v1/reports/trajectory.pdf?as_of=2999-01-01T00:00:00Z",
        "/api/v1/reports/position.json",
        "/api/v1/reports/trajectory.html?as_of=2020-01-01T00:00:00Z",
        "/api/v1/reports/trajectory.html?record=moonbas",
        "/nowhere",
    ] {
        let answer = served.send(Ask::get(path).bearer(PARTNER)).await;
        assert!(answer.status.is_client_error(), "{path}");
        tells_nothing(path, &answer);
    }
}

#[tokio::test]
async fn without_tokens_only_this_machine_under_its_own_name() {
    let served = Served::fed(config()).await;
    let status = async |peer: Option<&str>, host: Option<&str>| {
        served.send(Ask::get("/api/v1/position").sent_by(peer).host(host)).await.status
    };
    let here = Some("127.0.0.1");
    for host in ["localhost", "LOCALHOST:8437", "127.0.0.1:8437", "127.0.0.1", "[::1]:9000", "127.9.9.9:80"] {
        assert_eq!(status(here, Some(host)).await, StatusCode::OK, "{host}");
    }
    for host in
        ["evil.example", "127.0.0.1.evil.example", "localhost.evil.example:8437", "10.0.0.7", "a@evil.example", ""]
    {
        assert_eq!(status(here, Some(host)).await, StatusCode::FORBIDDEN, "{host}");
    }
    assert_eq!(status(here, None).await, StatusCode::FORBIDDEN);
    for (peer, expected) in [
        (Some("::1"), StatusCode::OK),
        (Some("::ffff:127.0.0.1"), StatusCode::OK),
        (Some("10.0.0.7"), StatusCode::FORBIDDEN),
        (Some("::ffff:10.0.0.7"), StatusCode::FORBIDDEN),
        (None, StatusCode::FORBIDDEN),
    ] {
        assert_eq!(status(peer, Some("localhost")).await, expected, "{peer:?}");
    }
    for path in OWNERS.into_iter().chain(["/api/v1/reports/trajectory.html"]) {
        assert_eq!(served.get(path).await.status, StatusCode::OK, "{path}");
        let elsewhere = served.send(Ask::get(path).host(Some("evil.example"))).await;
        assert_eq!(elsewhere.status, StatusCode::FORBIDDEN, "{path}");
        tells_nothing(path, &elsewhere);
    }
    let health = served.send(Ask::get("/healthz").sent_by(Some("10.0.0.7")).host(Some("pod-7"))).await;
    assert_eq!(health.status, StatusCode::OK);
}
