//! What a reader who may not see everything is told in a browser: what happened, whom to ask, and no word of how this is run; and
//! that a slash too many leads on.

use axum::http::{Method, StatusCode};
use chrono::TimeDelta;
use glidepath::config::{Config, Role, Token};
use glidepath::domain::values::secret::Secret;
use reqwest::Url;
use serde_json::{Value, json};

use crate::support::served::{Answer, Ask, LINK_KEY, OWNER, PARTNER, SECRETS, Served, config, day, time, tokens, usd};

const OUTSIDE: &str = "https://glidepath.example.com";
/// A partner whose token ends on the day after the newest cycle.
const FORMER: &str = "former-token-2b6d";
/// As a page writes the customer's name.
const CUSTOMER: &str = "Lamps &#38; &#60;b&#62;Sons";

/// Two cycles, the newer one beside a filing that names its customer and, where `is_proof`, has a proof of concept.
async fn daemon(is_proof: bool) -> Served {
    let (link_key, dashboard_url) = (Some(Secret::new(LINK_KEY)), Some(format!("{OUTSIDE}/")));
    let mut tokens = tokens();
    let role = Role::Partner { records: vec!["ai".to_owned()] };
    let expires_on = Some(day("2026-03-21"));
    tokens.push(Token { expires_on, ..Token::new("former", Secret::new(FORMER), role) });
    let served = Served::fed(Config { tokens, link_key, dashboard_url, ..config() }).await;
    let filed = served.engine.store().projections().await.unwrap().pop().unwrap().body;
    served.clock.advance_to(time("2026-03-21T06:30:00Z"));
    let mut named = format!("customer = \"Lamps & <b>Sons\"\n{filed}");
    if is_proof {
        named = named.replace("id = \"ai\"", "id = \"ai\"\nprogramme = \"bedrock-poc\"");
    }
    served.engine.file_projection(served.clock.now(), named).await.unwrap();
    // A clock as a daemon has it.
    served.cycle(time("2026-03-21T06:30:00.123456Z"), usd("3")).await;
    served.clock.advance_to(time("2026-03-21T09:00:00.654321Z"));
    // The customer is named to who is refused once somebody has looked, so that a refusal asks nothing of the store.
    assert_eq!(served.send(Ask::get("/").bearer(PARTNER)).await.status, StatusCode::OK);
    served
}

async fn link(served: &Served, kind: &str) -> (String, String) {
    let order = json!({ "kind": kind, "formats": ["html", "pdf"], "records": ["ai"], "days": 7 });
    let made = served.send(Ask::post("/api/v1/links").bearer(OWNER).json(&order)).await.json();
    let path = made["url"].as_str().unwrap().strip_prefix(OUTSIDE).unwrap().to_owned();
    (path, made["id"].as_str().unwrap().to_owned())
}

/// A page that says all of `wanted`, and nothing that only programs or whoever runs this can use.
fn says(what: &str, page: &Answer, status: StatusCode, wanted: &[&str]) {
    assert_eq!((page.status, page.header("content-type")), (status, "text/html; charset=utf-8"), "{what}");
    let (_, body) = page.body.split_once("<body>").unwrap();
    for part in wanted {
        assert!(body.contains(part), "{what}: {part}: {body}");
    }
    let unwanted =
        ["<code>", "glidepath ", "/api/", "{kind}", "[http", "toml", "openapi", "--", "Bearer", "999999", ".654321"];
    for part in unwanted.into_iter().chain(SECRETS) {
        assert!(!body.contains(part), "{what} has {part}: {body}");
    }
}

#[tokio::test]
async fn a_token_that_opens_no_more_or_not_this_says_so_and_whom_to_ask() {
    let served = daemon(false).await;
    let forbidden = || Ask::get("/api/v1/position").bearer(PARTNER);
    let page = served.send(forbidden().browsed()).await;
    let shares = format!("the reports that {CUSTOMER} shares with you");
    let ask = format!("ask {CUSTOMER}.");
    says("403", &page, StatusCode::FORBIDDEN, &["This page is not open to you", &shares, &ask, "To the first page"]);
    let over = || Ask::get("/").bearer(FORMER);
    let page = served.send(over().browsed()).await;
    let ask = format!("Ask {CUSTOMER} for a new one.");
    says("401", &page, StatusCode::UNAUTHORIZED, &["Your token has ended", "since 21 March 2026", &ask, "Log in"]);
    // A program is told as before.
    let (forbidden, over) = (served.send(forbidden()).await.json(), served.send(over()).await.json());
    assert_eq!(forbidden["detail"], "a partner's token opens reports and nothing else");
    assert_eq!(forbidden["advice"], "the reports are at /api/v1/reports/{kind}.{format}");
    assert_eq!(over["detail"], "this token expired on 2026-03-21");
    assert!(over["advice"].as_str().unwrap().contains("`glidepath token new`"), "{over}");
    // An unknown one learns no name.
    let unknown = served.send(Ask::get("/").bearer("wrong").browsed()).await;
    assert!(unknown.status == StatusCode::UNAUTHORIZED && !unknown.body.contains("Lamps"), "{}", unknown.body);
}

#[tokio::test]
async fn a_link_that_has_ended_or_does_not_include_what_is_asked_says_so() {
    let served = daemon(false).await;
    let ((one, id), (all, _)) = (link(&served, "trajectory").await, link(&served, "all").await);
    let shown = async |path: &str| served.send(Ask::get(path).browsed()).await;
    for (query, status, wanted) in [
        (
            "?kind=ask",
            StatusCode::NOT_FOUND,
            ["does not include that report", "It opens one report: The bill after credits."],
        ),
        ("?kind=position", StatusCode::NOT_FOUND, ["does not include that report", "Open what this link shows"]),
        ("?format=csv", StatusCode::NOT_FOUND, ["does not include that format", "is there as HTML and PDF."]),
        (
            "?day=2026-03-20",
            StatusCode::BAD_REQUEST,
            ["This link shows no other day", "a link to the page of all reports"],
        ),
        ("?records=moonshot", StatusCode::BAD_REQUEST, ["is not as it was made", "the message that it came in"]),
    ] {
        says(query, &shown(&format!("{one}{query}")).await, status, &wanted);
    }
    let of_all =
        [("?kind=all", "There is no report of that name."), ("?kind=ask&format=md", "is there as HTML and PDF.")];
    for (query, wanted) in of_all {
        says(query, &shown(&format!("{all}{query}")).await, StatusCode::NOT_FOUND, &[wanted, "href=\"?\""]);
    }
    let which = shown(&format!("{all}?format=pdf")).await;
    says("which", &which, StatusCode::BAD_REQUEST, &["Which report?", "Choose it on their page."]);

    let end = Ask::method(Method::DELETE, &format!("/api/v1/links/{id}")).bearer(OWNER);
    assert_eq!(served.send(end).await.status, StatusCode::OK);
    let ask = format!("Ask {CUSTOMER}, whose reports it opened, for a new one.");
    let ended = ["This link has ended", "until 28 March 2026, and was ended before.", &ask];
    says("ended", &shown(&one).await, StatusCode::GONE, &ended);
    served.clock.advance_to(time("2026-03-21T09:00:00Z") + TimeDelta::days(8));
    says("expired", &shown(&all).await, StatusCode::GONE, &["until 28 March 2026, 09:00 UTC.", &ask]);
    let told = served.get(&all).await.json();
    assert_eq!(
        (&told["detail"], &told["advice"]),
        (&json!("this link is over"), &json!("ask whoever sent it for a new one"))
    );
    let forged = served.send(Ask::get("/shared/x.y").browsed()).await;
    assert!(forged.status == StatusCode::NOT_FOUND && !forged.body.contains("Lamps"), "{}", forged.body);
}

#[tokio::test]
async fn a_day_of_which_there_is_nothing_is_told_with_those_that_there_are() {
    let served = daemon(false).await;
    let (all, _) = link(&served, "all").await;
    let field =
        "<input type=\"date\" name=\"day\" min=\"2026-03-20\" max=\"2026-03-21\" value=\"2026-03-21\" required>";
    let days = "Reports can be had as of any day from 20 March 2026 to 21 March 2026.";
    for (query, status, why) in [
        ("day=2026-03-19", StatusCode::NOT_FOUND, "Nothing was known yet at the end of 19 March 2026."),
        ("day=0001-01-01", StatusCode::NOT_FOUND, "Nothing was known yet at the end of 1 January 0001."),
        ("day=2026-03-22", StatusCode::BAD_REQUEST, "22 March 2026 is still to come."),
        ("day=soon", StatusCode::BAD_REQUEST, "What the address names is not a day."),
    ] {
        let of_report = format!("{all}?kind=trajectory&format=pdf&{query}");
        for ask in
            [Ask::get(&format!("{all}?{query}")), Ask::get(&of_report), Ask::get(&format!("/?{query}")).bearer(PARTNER)]
        {
            let page = served.send(ask.browsed()).await;
            says(query, &page, status, &["Choose another day", why, days, field, "<form method=\"get\">"]);
            assert!(page.header("content-security-policy").contains("form-action 'self'"), "{query}");
        }
        let own = served.send(Ask::get(&format!("/?{query}")).bearer(OWNER).browsed()).await;
        assert!(own.status == status && own.body.contains(field), "{query}: {}", own.body);
        let told = served.get(&format!("{all}?{query}")).await;
        assert!(
            told.status == status && told.json()["advice"].as_str().unwrap().contains("2026-03-2"),
            "{}",
            told.body
        );
    }
    // Times that programs ask for are told to the second.
    for as_of in ["2026-03-20T06:29:59.999999Z", "2026-03-21T09:00:00.7Z"] {
        let told = served.send(Ask::get(&format!("/api/v1/reports/ask.html?as_of={as_of}")).bearer(PARTNER)).await;
        assert!(told.status.is_client_error() && !told.error().contains('.'), "{}", told.body);
    }
}

#[tokio::test]
async fn a_slash_at_the_end_leads_to_the_address_without_it_also_below_a_path() {
    let served = daemon(false).await;
    let (all, _) = link(&served, "all").await;
    let openings = [
        (format!("{all}/"), all.clone(), None),
        (format!("{all}/?kind=ask&format=html"), format!("{all}?kind=ask&format=html"), None),
        (format!("{all}//"), all.clone(), None),
        ("/api/v1/reports/ask.html/".to_owned(), "/api/v1/reports/ask.html".to_owned(), Some(PARTNER)),
        ("/api/v1/position/".to_owned(), "/api/v1/position".to_owned(), Some(OWNER)),
    ];
    for (asked, meant, token) in openings {
        let ask = |path: &str| token.into_iter().fold(Ask::get(path).browsed(), |ask, token| ask.bearer(token));
        let moved = served.send(ask(&asked)).await;
        assert_eq!(
            (moved.status, moved.header("cache-control")),
            (StatusCode::PERMANENT_REDIRECT, "no-store"),
            "{asked}"
        );
        for below in ["", "/glidepath"] {
            let from = Url::parse(&format!("{OUTSIDE}{below}{asked}")).unwrap();
            let leads = from.join(moved.header("location")).unwrap();
            assert_eq!(leads.as_str(), format!("{OUTSIDE}{below}{meant}"), "{asked}");
        }
        assert_eq!(served.send(ask(&meant)).await.status, StatusCode::OK, "{meant}");
    }
    let nowhere = served.send(Ask::get("/nowhere/").browsed()).await;
    says("nowhere", &nowhere, StatusCode::NOT_FOUND, &["Look whether the address is whole", "To the first page"]);
    assert_eq!(served.send(Ask::post("/api/v1/cycle/").bearer(OWNER)).await.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn a_proof_of_concept_is_offered_where_a_record_of_the_reader_is_one() {
    for is_proof in [false, true] {
        let served = daemon(is_proof).await;
        let (all, _) = link(&served, "all").await;
        let by_link = served.send(Ask::get(&all).browsed()).await;
        let by_token = served.send(Ask::get("/").bearer(PARTNER).browsed()).await;
        for page in [&by_link, &by_token] {
            assert_eq!(
                (page.status, page.body.contains("Proof of concept")),
                (StatusCode::OK, is_proof),
                "{}",
                page.body
            );
        }
        let listed = async |token| {
            let listed = served.send(Ask::get("/api/v1/reports").bearer(token)).await.json();
            let kinds =
                listed["reports"].as_array().unwrap().iter().map(|it: &Value| it["kind"].as_str().unwrap().to_owned());
            kinds.collect::<Vec<String>>()
        };
        let (partners, owners) = (listed(PARTNER).await, listed(OWNER).await);
        assert_eq!(
            (owners.len(), partners.len(), partners.contains(&"poc".to_owned())),
            (6, 5 + usize::from(is_proof), is_proof)
        );
        let asked = served.get(&format!("{all}?kind=poc")).await;
        assert_eq!(asked.status, StatusCode::OK);
        let none = "None of the records that are shared with you is a proof of concept.";
        assert_eq!(asked.body.contains(none), !is_proof, "{}", asked.body);
        assert!(!asked.body.contains("bedrock-poc") && !asked.body.contains("table poc"), "{}", asked.body);
        // The owner learns how to enter one.
        let owners = served.send(Ask::get("/api/v1/reports/poc.md").bearer(OWNER)).await;
        assert_eq!(owners.body.contains("A record is one with a table poc"), !is_proof, "{}", owners.body);
        assert_eq!(owners.header("content-disposition"), "attachment; filename=\"lamps-b-sons-poc-2026-03-21.md\"");
        assert_eq!(asked.header("content-disposition"), "inline; filename=\"lamps-b-sons-poc-2026-03-21.html\"");
    }
}
