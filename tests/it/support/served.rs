//! A daemon's routes over a store that was fed by hand: seven weeks of spend, two credits, a filing of two records.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::Path;

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::extract::ConnectInfo;
use axum::http::{HeaderMap, Method, Request, StatusCode, header};
use chrono::{DateTime, NaiveDate, Utc};
use glidepath::clock::Clock;
use glidepath::config::{Config, Role, Token};
use glidepath::cycle::{AwsAccess, Engine};
use glidepath::domain::billing::classify::Classifier;
use glidepath::domain::billing::price::PriceBook;
use glidepath::domain::facts::charge::{Charge, Usage};
use glidepath::domain::facts::credits::CreditSnapshot;
use glidepath::domain::facts::outcome::Outcome;
use glidepath::domain::filing::next_award::Wanted;
use glidepath::domain::position::assess::{Assessment, Context};
use glidepath::domain::position::finding::{Finding, Rule, Severity};
use glidepath::domain::values::money::Money;
use glidepath::domain::values::period::{BillingPeriod, DayRange, plus_days};
use glidepath::domain::values::secret::Secret;
use glidepath::http::{State, router};
use glidepath::store::{CreditPull, FinishedCycle, IngestRun, Messages, PulledCosts, Store};
use serde_json::Value;
use tower::ServiceExt as _;

/// What a browser accepts where it opens an address.
pub const BROWSER: &str = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8";
pub const OWNER: &str = "owner-token-7f3a";
pub const OPS: &str = "ops-token-55d0";
pub const LINK_KEY: &str = "link-key-of-32-bytes-and-no-more";
pub const PARTNER: &str = "partner-token-91bc";
pub const ACCOUNT: &str = "210987654321";
pub const AI_RECORD: &str = "9900111";
pub const FOUNDERS: &str = "9900222";
/// The record that the partner did not file.
pub const OTHER_RECORD: &str = "moonbase";
/// What a partner may never read, wherever it stands.
pub const SECRETS: [&str; 11] = [
    ACCOUNT,
    AI_RECORD,
    FOUNDERS,
    OTHER_RECORD,
    OWNER,
    OPS,
    PARTNER,
    LINK_KEY,
    REQUEST,
    "Relational Database",
    "61.37",
];
/// How AWS calls the request that brought the costs.
pub const REQUEST: &str = "request1f0c";

const BEDROCK: &str = "Amazon Bedrock";
const DATABASE: &str = "Amazon Relational Database Service";
const FILING: &str = r#"
filed_on = "2026-02-01"
asked_for = "genai-tier"
[[record]]
id = "ai"
[[record.service]]
service = "Amazon Bedrock"
monthly = [{ from = "2026-02", usd = "310" }]
[[record]]
id = "moonbase"
[[record.service]]
service = "Amazon Relational Database Service"
monthly = [{ from = "2026-02", usd = "61.37" }]
"#;

/// The clock of the first cycle.
pub fn first_cycle() -> DateTime<Utc> {
    time("2026-03-20T06:30:00Z")
}

pub fn time(text: &str) -> DateTime<Utc> {
    text.parse().unwrap()
}

pub fn day(text: &str) -> NaiveDate {
    text.parse().unwrap()
}

pub fn usd(text: &str) -> Money {
    text.parse().unwrap()
}

/// The least config, listening where the default is: 127.0.0.1:8437.
pub fn config() -> Config {
    let text = format!(
        "[store]\npath = \"unused\"\n[[pool]]\nid = \"{AI_RECORD}\"\nname = \"AI \\\"record\\\"\"\nprogramme = \"genai-tier\"\n\
         [[channel]]\nname = \"ops\"\ntype = \"log\"\n"
    );
    Config::parse(&text, Path::new("glidepath.toml")).unwrap()
}

pub fn tokens() -> Vec<Token> {
    let records = vec!["ai".to_owned(), "outside".to_owned()];
    vec![
        Token::new("founder", Secret::new(OWNER), Role::Founder),
        Token::new("ops", Secret::new(OPS), Role::Ops),
        Token::new("aws-team", Secret::new(PARTNER), Role::Partner { records }),
    ]
}

/// Routes, and what they stand on.
pub struct Served {
    pub router: Router,
    pub engine: Engine,
    pub clock: Clock,
    pub state: State,
}

impl Served {
    /// Over an empty store.
    pub fn empty(config: Config, endpoint: &str) -> Served {
        let engine =
            Engine::new(Store::in_memory().unwrap(), config, AwsAccess::Endpoint(endpoint.to_owned())).unwrap();
        let clock = Clock::set_to(first_cycle());
        let state = State::new(engine.clone(), clock.clone());
        Served { router: router(state.clone()), engine, clock, state }
    }

    /// Over a store with one finished cycle and a filing. Nothing stands in for AWS.
    pub async fn fed(config: Config) -> Served {
        let served = Served::empty(config, "http://127.0.0.1:9");
        served.engine.file_projection(first_cycle(), FILING.to_owned()).await.unwrap();
        served.cycle(first_cycle(), usd("2")).await;
        served
    }

    /// Stores a cycle at `now` whose answer shows `database` dollars a day for the database.
    pub async fn cycle(&self, now: DateTime<Utc>, database: Money) {
        let store = self.engine.store();
        let run_id = store.append_run(run(now, database)).await.unwrap();
        let entered = store.entered().await.unwrap();
        let facts = store.facts_knowing(now, "USD".to_owned(), entered).await.unwrap();
        let stored = store.projections().await.unwrap().pop().unwrap();
        let filing = self.engine.filing(stored, BillingPeriod::of(now.date_naive())).await.unwrap();
        let (classifier, prices) = (Classifier::builtin(), PriceBook::builtin());
        let config = self.engine.config();
        let context = Context {
            classifier: &classifier,
            prices: &prices,
            pools: &config.pools,
            filing: Some(&filing),
            tax_rate: None,
            next_award: Wanted::default(),
        };
        let outlook = Assessment::new(&facts, context).outlook();
        assert!(outlook.is_some());
        let cycle = FinishedCycle { run_id, clock: now, outlook, findings: findings(), held: BTreeMap::new(), entered };
        let messages = Messages { config_digest: config.digest.clone(), ..Messages::default() };
        store.finish_cycle(cycle, messages, None).await.unwrap();
    }

    pub async fn get(&self, path: &str) -> Answer {
        self.send(Ask::get(path)).await
    }

    pub async fn send(&self, ask: Ask) -> Answer {
        let mut request = Request::builder().method(ask.method).uri(ask.path);
        for (name, value) in ask.headers {
            request = request.header(name, value);
        }
        let mut request = request.body(Body::from(ask.body)).unwrap();
        if let Some(peer) = ask.peer {
            request.extensions_mut().insert(ConnectInfo(SocketAddr::new(peer.parse().unwrap(), 50_000)));
        }
        let response = self.router.clone().oneshot(request).await.unwrap();
        let (head, body) = response.into_parts();
        let body = to_bytes(body, usize::MAX).await.unwrap();
        let text = String::from_utf8_lossy(&body).into_owned();
        Answer { status: head.status, headers: head.headers, body: text, bytes: body.to_vec() }
    }
}

/// A request; by default from this machine and for this machine.
pub struct Ask {
    method: Method,
    path: String,
    peer: Option<String>,
    headers: Vec<(header::HeaderName, String)>,
    body: Vec<u8>,
}

impl Ask {
    pub fn get(path: &str) -> Ask {
        let headers = vec![(header::HOST, "127.0.0.1:8437".to_owned())];
        let peer = Some("127.0.0.1".to_owned());
        Ask { method: Method::GET, path: path.to_owned(), peer, headers, body: Vec::new() }
    }

    pub fn post(path: &str) -> Ask {
        Ask { method: Method::POST, ..Ask::get(path) }
    }

    pub fn method(method: Method, path: &str) -> Ask {
        Ask { method, ..Ask::get(path) }
    }

    pub fn json(self, value: &Value) -> Ask {
        self.with(header::CONTENT_TYPE, "application/json").body(value.to_string().into_bytes())
    }

    pub fn sent_by(self, peer: Option<&str>) -> Ask {
        Ask { peer: peer.map(str::to_owned), ..self }
    }

    pub fn host(mut self, host: Option<&str>) -> Ask {
        self.headers.retain(|(name, _)| *name != header::HOST);
        match host {
            Some(host) => self.with(header::HOST, host),
            None => self,
        }
    }

    pub fn bearer(self, token: &str) -> Ask {
        self.with(header::AUTHORIZATION, &format!("Bearer {token}"))
    }

    pub fn with(mut self, name: header::HeaderName, value: &str) -> Ask {
        self.headers.push((name, value.to_owned()));
        self
    }

    /// As a browser opens an address.
    pub fn browsed(self) -> Ask {
        self.with(header::ACCEPT, BROWSER)
    }

    /// The same by HEAD.
    pub fn headless(self) -> Ask {
        Ask { method: Method::HEAD, ..self }
    }

    pub fn without_length(mut self) -> Ask {
        self.headers.retain(|(name, _)| *name != header::CONTENT_LENGTH);
        self
    }

    pub fn body(self, body: Vec<u8>) -> Ask {
        let length = body.len().to_string();
        Ask { body, ..self }.with(header::CONTENT_LENGTH, &length)
    }
}

pub struct Answer {
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub body: String,
    pub bytes: Vec<u8>,
}

impl Answer {
    pub fn json(&self) -> Value {
        let expected = if self.status.as_u16() < 400 { "application/json" } else { "application/problem+json" };
        assert_eq!(self.header("content-type"), expected, "{}", self.body);
        serde_json::from_str(&self.body).unwrap()
    }

    /// What went wrong, as a problem of RFC 9457.
    pub fn error(&self) -> String {
        let problem = self.json();
        assert_eq!(problem["type"], "about:blank");
        assert_eq!(problem["status"], self.status.as_u16());
        assert_eq!(problem["title"], self.status.canonical_reason().unwrap());
        problem["detail"].as_str().unwrap().to_owned()
    }

    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }
}

/// From the first of February to the day of `now`: 10 USD a day for Bedrock, all of it paid by credit, and the database.
fn run(now: DateTime<Utc>, database: Money) -> IngestRun {
    let window = DayRange::new(day("2026-02-01"), plus_days(now.date_naive(), 1));
    let charge = |day, service: &str, record_type: &str, billed_cost| Charge {
        day,
        service: service.to_owned(),
        record_type: record_type.to_owned(),
        billed_cost,
        estimated: false,
    };
    let usage = |day, service: &str, usage_type: &str, cost, unit: &str| Usage {
        day,
        service: service.to_owned(),
        usage_type: usage_type.to_owned(),
        cost,
        quantity: "1".parse().unwrap(),
        unit: unit.to_owned(),
        estimated: false,
    };
    let charges = window.days().flat_map(|day| {
        [
            charge(day, BEDROCK, "Usage", usd("10")),
            charge(day, BEDROCK, "Credit", usd("-10")),
            charge(day, DATABASE, "Usage", database),
        ]
    });
    let detail = window.days().flat_map(|day| {
        [
            usage(day, BEDROCK, "USE1-ModelUnits-of-nobody", usd("10"), "Units"),
            usage(day, DATABASE, "InstanceUsage:db.t4g.medium", database, "Hrs"),
        ]
    });
    let costs = PulledCosts {
        window,
        charges: charges.collect(),
        usage: detail.collect(),
        pages: 2,
        request_ids: vec![REQUEST.to_owned()],
    };
    let snapshots = vec![
        snapshot(AI_RECORD, "AI record", usd("1000"), usd("540"), "2027-01-05"),
        snapshot(FOUNDERS, FOUNDERS, usd("5000"), usd("5000"), "2027-12-31"),
    ];
    IngestRun {
        clock: now,
        aws_clock: Some(now),
        account: Some(ACCOUNT.to_owned()),
        costs: Some(costs),
        costs_outcome: Outcome::Ok,
        credits: CreditPull { snapshots, ..CreditPull::default() },
        credits_outcome: Outcome::Ok,
    }
}

fn snapshot(id: &str, text: &str, initial: Money, left: Money, expires_on: &str) -> CreditSnapshot {
    // Each record has a credit that can pay it: what a pool paid is then spend of somebody.
    let product = if id == AI_RECORD { BEDROCK } else { DATABASE };
    CreditSnapshot {
        credit_id: id.to_owned(),
        account: ACCOUNT.to_owned(),
        description: text.to_owned(),
        credit_type: "Promotion".to_owned(),
        initial,
        remaining: Some(left),
        estimated: Some(left),
        currency: "USD".to_owned(),
        starts_on: day("2026-01-05"),
        expires_on: day(expires_on),
        exhausted_on: None,
        products: Some(vec![product.to_owned()]),
        enabled: true,
        application_type: None,
        sharing: None,
        shareable_accounts: vec![ACCOUNT.to_owned()],
        purchase_types: None,
    }
}

fn findings() -> Vec<Finding> {
    let finding = |rule, severity, key: &str, summary: String| Finding {
        named: None,
        rule,
        severity,
        key: key.to_owned(),
        since: day("2026-03-18"),
        summary,
        reason: format!("Account {ACCOUNT} has credit {AI_RECORD}."),
    };
    vec![
        finding(Rule::Exhaustion, Severity::Critical, "exhaustion:total", format!("Credit {AI_RECORD} ends in May.")),
        finding(Rule::UncoveredSpend, Severity::Warning, "uncovered_spend:rds", format!("{DATABASE} is cash.")),
        finding(Rule::UncoveredSpend, Severity::Warning, "uncovered_spend:x", format!("{OTHER_RECORD} is cash.")),
    ]
}
