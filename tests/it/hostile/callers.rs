//! Proxies, pages of other sites and guessed tokens.

use axum::http::header::HeaderName;
use axum::http::{Method, StatusCode};
use glidepath::config::{Config, Role, Token};
use glidepath::domain::values::secret::Secret;
use glidepath::http::{client, serve};
use serde_json::json;
use sha2::{Digest as _, Sha256};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio_util::sync::CancellationToken;

use crate::support::logs::Log;
use crate::support::served::{Answer, Ask, OPS, OWNER, PARTNER, Served, config, tokens};

const PROXIED: [(&str, &str); 8] = [
    ("forwarded", "for=203.0.113.9"),
    ("x-forwarded-for", "203.0.113.9"),
    ("x-forwarded-host", "glidepath.example.com"),
    ("x-forwarded-proto", "https"),
    ("x-forwarded-server", "proxy"),
    ("x-forwarded-for", ""),
    ("via", "1.1 proxy"),
    ("x-real-ip", "203.0.113.9"),
];
/// Questions that take reckoning, and some that do not.
const QUESTIONS: [&str; 8] = [
    "/api/v1/whatif",
    "/api/v1/prices",
    "/api/v1/reports/trajectory.csv",
    "/api/v1/position?as_of=2026-03-20T06:30:00Z",
    "/?as_of=2026-03-20T06:30:00Z",
    "/api/v1/position",
    "/api/v1/charges",
    "/metrics",
];

fn named(ask: Ask, name: &'static str, value: &str) -> Ask {
    ask.with(HeaderName::from_static(name), value)
}

fn advice(answer: &Answer) -> String {
    answer.json()["advice"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn without_tokens_who_comes_through_a_proxy_is_refused_and_the_key_is_named() {
    let served = Served::fed(config()).await;
    for (name, value) in PROXIED {
        for (method, path) in [(Method::GET, "/api/v1/position"), (Method::POST, "/api/v1/cycle")] {
            let answer = served.send(named(Ask::method(method, path), name, value)).await;
            assert_eq!(answer.status, StatusCode::FORBIDDEN, "{name}");
            assert!(answer.error().contains(name), "{}", answer.error());
            assert!(advice(&answer).contains("proxies in [http]"), "{}", advice(&answer));
        }
    }
    assert_eq!(served.send(named(Ask::get("/healthz"), "x-forwarded-for", "1.1.1.1")).await.status, StatusCode::OK);

    let text = "[store]\npath = \"unused\"\n[http]\nproxies = [\"127.0.0.0/30\", \"10.0.0.7\"]\n";
    let known = Config::parse(text, std::path::Path::new("glidepath.toml")).unwrap();
    let known = Served::fed(Config { proxies: known.proxies, ..config() }).await;
    for (name, value) in PROXIED {
        for (peer, status) in [
            ("127.0.0.1", StatusCode::OK),
            ("::ffff:127.0.0.2", StatusCode::OK),
            ("127.0.0.9", StatusCode::FORBIDDEN),
            ("::1", StatusCode::FORBIDDEN),
            // A proxy on another machine is not this machine, whatever it is called.
            ("10.0.0.7", StatusCode::FORBIDDEN),
        ] {
            let ask = named(Ask::get("/api/v1/position").sent_by(Some(peer)), name, value);
            assert_eq!(known.send(ask).await.status, status, "{name} {peer}");
        }
    }
    let with_tokens = Served::fed(Config { tokens: tokens(), ..config() }).await;
    for (name, value) in PROXIED {
        let ask = named(Ask::get("/api/v1/position").bearer(OWNER), name, value);
        assert_eq!(with_tokens.send(ask).await.status, StatusCode::OK, "{name}");
    }
}

#[tokio::test]
async fn without_tokens_a_page_of_another_site_can_ask_nothing() {
    let served = Served::fed(config()).await;
    let elsewhere: [&[(&str, &str)]; 6] = [
        &[("sec-fetch-site", "cross-site")],
        &[("sec-fetch-site", "same-site")],
        &[("sec-fetch-site", "cross-site"), ("sec-fetch-mode", "navigate")],
        &[("sec-fetch-site", "cross-site"), ("origin", "http://127.0.0.1:8437")],
        &[("origin", "https://evil.example")],
        &[("origin", "null")],
    ];
    let ours: [&[(&str, &str)]; 4] = [
        &[],
        &[("sec-fetch-site", "same-origin")],
        &[("sec-fetch-site", "none"), ("sec-fetch-mode", "navigate")],
        &[("origin", "http://127.0.0.1:8437")],
    ];
    let ask = |path: &str, headers: &'static [(&'static str, &'static str)]| {
        headers.iter().fold(Ask::get(path), |ask, (name, value)| named(ask, name, value))
    };
    let with_tokens = Served::fed(Config { tokens: tokens(), ..config() }).await;
    for path in QUESTIONS {
        for headers in elsewhere {
            let answer = served.send(ask(path, headers)).await;
            assert_eq!(answer.status, StatusCode::FORBIDDEN, "{path} {headers:?}");
            assert!(advice(&answer).contains("[[http.tokens]]"), "{}", advice(&answer));
            let shown = with_tokens.send(ask(path, headers).bearer(OWNER)).await;
            assert_eq!(shown.status, StatusCode::OK, "a browser shows no token of itself: {path} {headers:?}");
        }
        for headers in ours {
            assert_eq!(served.send(ask(path, headers)).await.status, StatusCode::OK, "{path} {headers:?}");
        }
    }
    // A link to the page, in a mail or a chat, opens it, and a browser loads what it is made of.
    let link = ask("/", &[("sec-fetch-site", "cross-site"), ("sec-fetch-mode", "navigate")]);
    assert_eq!(served.send(link).await.status, StatusCode::OK);
    let image = ask("/", &[("sec-fetch-site", "cross-site"), ("sec-fetch-mode", "no-cors")]);
    assert_eq!(served.send(image).await.status, StatusCode::FORBIDDEN);
}

#[tokio::test]
async fn an_empty_token_opens_nothing_even_where_its_hash_is_known() {
    let mut empty = tokens();
    empty.push(Token {
        sha256: Sha256::digest("").into(),
        secret: None,
        ..Token::new("x", Secret::new("y"), Role::Founder)
    });
    let served = Served::fed(Config { tokens: empty, ..config() }).await;
    for shown in ["Bearer ", "Bearer", "Bearer  ", "Basic Og==", "Basic eDo=", "Basic OiA="] {
        let ask = named(Ask::get("/api/v1/position"), "authorization", shown);
        assert_eq!(served.send(ask).await.status, StatusCode::UNAUTHORIZED, "{shown:?}");
    }
}

#[tokio::test]
async fn a_login_that_fails_is_logged_with_its_peer_once_and_counted_always() {
    let served = Served::fed(Config { tokens: tokens(), ..config() }).await;
    let log = Log::start();
    for peer in ["203.0.113.9", "203.0.113.10"] {
        for guess in 0..500 {
            let ask = Ask::get("/api/v1/position").sent_by(Some(peer)).bearer(&format!("guess-{guess}-of-a-token"));
            assert_eq!(served.send(ask).await.status, StatusCode::UNAUTHORIZED);
        }
        // Nobody tried: a browser asks so before it knows that a token is needed.
        served.send(Ask::get("/api/v1/position").sent_by(Some(peer))).await;
    }
    served.send(Ask::get("/api/v1/position").bearer(OPS)).await;
    let said = log.text();
    let lines: Vec<&str> = said.lines().filter(|line| line.contains("a login failed")).collect();
    assert_eq!(lines.len(), 2, "{lines:?}");
    assert!(lines[0].contains("203.0.113.9") && lines[0].contains("this token is not known"), "{lines:?}");
    assert!(!said.contains("guess-"), "what was shown is in the log");
    let metrics = served.send(Ask::get("/metrics").bearer(OPS)).await.body;
    assert!(metrics.contains("glidepath_logins_failed_total 1000.0"), "{metrics}");
}

#[tokio::test]
async fn who_acknowledges_is_the_token_and_for_a_year_at_most() {
    let served = Served::fed(Config { tokens: tokens(), ..config() }).await;
    let path = "/api/v1/alerts/mutes";
    let silence = |by: &str, until: &str| json!({ "kind": "silence", "key": "spike:*", "by": by, "why": "known", "until": until });
    // The clock stands at 2026-03-20T06:30:00Z.
    for (until, status) in [
        ("2026-03-21T06:30:00Z", StatusCode::CREATED),
        ("2027-03-21T06:30:00Z", StatusCode::CREATED),
        ("2027-03-21T06:30:00.000001Z", StatusCode::UNPROCESSABLE_ENTITY),
        ("2036-03-21T06:30:00Z", StatusCode::UNPROCESSABLE_ENTITY),
        ("+262142-12-31T23:59:59Z", StatusCode::UNPROCESSABLE_ENTITY),
        ("2026-03-20T06:30:00Z", StatusCode::UNPROCESSABLE_ENTITY),
    ] {
        let answer = served.send(Ask::post(path).bearer(OPS).json(&silence("founder", until))).await;
        assert_eq!(answer.status, status, "{until}: {}", answer.body);
        if status == StatusCode::CREATED {
            assert_eq!(answer.json()["by"], "ops", "whatever name is sent");
        }
    }
    let nameless = json!({ "kind": "silence", "key": "spike:*", "why": "known", "until": "2026-04-01T00:00:00Z" });
    assert_eq!(served.send(Ask::post(path).bearer(OPS).json(&nameless)).await.json()["by"], "ops");
    assert_eq!(served.send(Ask::post(path).bearer(PARTNER).json(&nameless)).await.status, StatusCode::FORBIDDEN);
    // Without tokens nobody has a name but the one that is said.
    let alone = Served::fed(config()).await;
    let said = alone.send(Ask::post(path).json(&silence("ada", "2026-04-01T00:00:00Z"))).await;
    assert_eq!(said.json()["by"], "ada");
    let answer = alone.send(Ask::post(path).json(&nameless)).await;
    assert!(answer.error().contains("by is empty"), "{}", answer.body);
}

/// Of which pages an order may come, by how the page is reached and what the proxy says.
#[tokio::test]
async fn an_order_comes_from_our_page_over_the_scheme_that_it_is_served_over() {
    let text = "[store]\npath = \"unused\"\n[http]\nproxies = [\"127.0.0.1\"]\n";
    let proxies = Config::parse(text, std::path::Path::new("glidepath.toml")).unwrap().proxies;
    let of = async |url: Option<&str>| {
        let dashboard_url = url.map(str::to_owned);
        Served::fed(Config { tokens: tokens(), proxies: proxies.clone(), dashboard_url, ..config() }).await
    };
    let (named, unnamed) = (of(Some("https://gp.example/")).await, of(None).await);
    let (ours, open) = ("https://gp.example", "http://gp.example");
    type Headers<'h> = &'h [(&'static str, &'h str)];
    let cases: [(&Served, &str, &str, Headers<'_>, bool); 15] = [
        (&named, "gp.example", "127.0.0.1", &[("origin", ours)], true),
        (&named, "gp.example", "127.0.0.1", &[("origin", open)], false),
        (&named, "gp.example", "203.0.113.9", &[("origin", open)], false),
        (&named, "internal:8437", "127.0.0.1", &[("origin", ours)], true),
        (&named, "internal:8437", "127.0.0.1", &[("origin", open)], false),
        (&named, "internal:8437", "127.0.0.1", &[("origin", "http://internal:8437")], true),
        (&unnamed, "gp.example", "127.0.0.1", &[("origin", ours), ("x-forwarded-proto", "https")], true),
        (&unnamed, "gp.example", "127.0.0.1", &[("origin", open), ("x-forwarded-proto", "https")], false),
        (&unnamed, "gp.example", "127.0.0.1", &[("origin", open), ("x-forwarded-proto", "http, https")], false),
        // Who is no proxy of ours is not believed, and it is not known how the page is reached.
        (&unnamed, "gp.example", "203.0.113.9", &[("origin", open), ("x-forwarded-proto", "https")], true),
        (&unnamed, "gp.example", "203.0.113.9", &[("origin", ours)], true),
        (&unnamed, "gp.example", "203.0.113.9", &[("origin", ours), ("sec-fetch-site", "cross-site")], false),
        (&unnamed, "gp.example", "203.0.113.9", &[("sec-fetch-site", "cross-site")], false),
        (&unnamed, "gp.example", "203.0.113.9", &[("origin", ours), ("sec-fetch-site", "same-origin")], true),
        (&unnamed, "gp.example", "203.0.113.9", &[("origin", "gp.example")], false),
    ];
    for (served, host, peer, headers, may) in cases {
        let order = json!({ "kind": "silence", "key": "spike:*", "why": "known", "until": "2026-04-01T00:00:00Z" });
        let ask = Ask::post("/api/v1/alerts/mutes").bearer(OPS).json(&order).host(Some(host)).sent_by(Some(peer));
        let ask = headers.iter().fold(ask, |ask, (name, value)| ask.with(HeaderName::from_static(name), value));
        let answer = served.send(ask).await;
        let expected = if may { StatusCode::CREATED } else { StatusCode::FORBIDDEN };
        assert_eq!(answer.status, expected, "{host} {peer} {headers:?}: {}", answer.body);
    }
}

/// A page of another site, in a browser on this machine, is refused from this machine's own address. It holds no place by that.
#[tokio::test]
async fn who_is_refused_holds_no_connection() {
    let served = Served::fed(Config { tokens: tokens(), ..config() }).await;
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let (address, shutdown) = (listener.local_addr().unwrap(), CancellationToken::new());
    let daemon = tokio::spawn(serve(listener, served.state.clone(), shutdown.clone()));
    for (head, status) in [
        ("Host: localhost\r\nSec-Fetch-Site: cross-site\r\n", "401"),
        ("Host: evil.example\r\n", "401"),
        ("Host: localhost\r\nAuthorization: Bearer guessed\r\n", "401"),
    ] {
        let mut stream = TcpStream::connect(address).await.unwrap();
        let asked = format!("GET /api/v1/position HTTP/1.1\r\n{head}\r\n");
        stream.write_all(asked.as_bytes()).await.unwrap();
        let mut answer = String::new();
        // To the end: it comes although nobody asked for it.
        stream.read_to_string(&mut answer).await.unwrap();
        assert!(answer.starts_with(&format!("HTTP/1.1 {status}")), "{head}: {answer}");
    }
    shutdown.cancel();
    daemon.await.unwrap().unwrap();
}

/// Behind a proxy on this machine stand strangers: what they take leaves this machine its places, and whoever gets none is told why.
#[tokio::test]
async fn strangers_behind_a_proxy_on_this_machine_leave_it_room() {
    let text = "[store]\npath = \"unused\"\n[http]\nproxies = [\"127.0.0.1\"]\nmax_connections = 64\n";
    let Config { proxies, max_connections, .. } = Config::parse(text, std::path::Path::new("glidepath.toml")).unwrap();
    let served = Served::fed(Config { tokens: tokens(), proxies, max_connections, ..config() }).await;
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let (address, shutdown) = (listener.local_addr().unwrap(), CancellationToken::new());
    let daemon = tokio::spawn(serve(listener, served.state.clone(), shutdown.clone()));
    let ask = async |stream: &mut TcpStream| {
        stream.write_all(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n").await.unwrap();
        let mut answer = [0; 12];
        stream.read_exact(&mut answer).await.unwrap();
        String::from_utf8(answer.to_vec()).unwrap()
    };
    let mut inside = Vec::new();
    for _ in 0..62 {
        let mut stream = TcpStream::connect(address).await.unwrap();
        assert_eq!(ask(&mut stream).await, "HTTP/1.1 200");
        inside.push(stream);
    }
    let mut one_more = TcpStream::connect(address).await.unwrap();
    assert_eq!(ask(&mut one_more).await, "HTTP/1.1 503", "two are this machine's");
    client::health(&client::Address::Listen(address)).await.expect("`glidepath health` gets in");
    // Somebody on this machine takes those as well: what is said is the daemon's, and no library's.
    // The place that the question about health had may not be given back yet.
    while inside.len() < 64 {
        let socket = TcpSocket::new_v4().unwrap();
        socket.bind("127.0.0.3:0".parse().unwrap()).unwrap();
        let mut stream = socket.connect(address).await.unwrap();
        if ask(&mut stream).await == "HTTP/1.1 200" {
            inside.push(stream);
        }
    }
    let full = client::health(&client::Address::Listen(address)).await.unwrap_err().to_string();
    assert!(full.contains("there are too many connections; close some, or come later"), "{full}");
    shutdown.cancel();
    drop(inside);
    daemon.await.unwrap().unwrap();
}
