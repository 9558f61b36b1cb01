//! A small account whose every figure can be worked out by hand, and an engine on it.

use std::path::Path;
use std::time::Duration;

use chrono::{DateTime, NaiveDate, Utc};
use glidepath::config::Config;
use glidepath::cycle::{AwsAccess, CycleReport, Engine, View};
use glidepath::demo::{FakeAccount, FakeAws, FakeCredit, Operation, RecordedRequest};
use glidepath::domain::facts::Facts;
use glidepath::domain::outlook::track_record::TrackRecord;
use glidepath::domain::position::Position;
use glidepath::domain::position::finding::Finding;
use glidepath::domain::values::money::Money;
use glidepath::store::Store;
use rust_decimal::Decimal;

pub const ACCOUNT: &str = "123456789012";
pub const BEDROCK: &str = "Amazon Bedrock";
pub const EC2: &str = "Amazon Elastic Compute Cloud - Compute";
/// The credit of [`small_account`]: 9,000 USD for Bedrock alone.
pub const CREDIT: &str = "4711";

/// A day's cost of Bedrock and of EC2 in [`small_account`]; ten digits, so that a rounding anywhere shows.
pub const BEDROCK_A_DAY: &str = "60.0000000001";
pub const EC2_A_DAY: &str = "3.9168000002";

pub fn at(text: &str) -> DateTime<Utc> {
    text.parse().unwrap()
}

/// Half past six UTC on a day, when cycles run by default.
pub fn morning(day: &str) -> DateTime<Utc> {
    at(&format!("{day}T06:30:00Z"))
}

pub fn day(text: &str) -> NaiveDate {
    text.parse().unwrap()
}

pub fn money(text: &str) -> Money {
    text.parse().unwrap()
}

/// The days from `first` to `last`, both included.
pub fn days(first: &str, last: &str) -> impl Iterator<Item = NaiveDate> {
    let last = day(last);
    day(first).iter_days().take_while(move |day| *day <= last)
}

/// `amount` on each of `count` days.
pub fn times(amount: &str, count: i64) -> Money {
    money(amount).times(Decimal::from(count))
}

/// Two services with the same cost every day from `first` to `last`, and no credit.
pub fn spend(first: &str, last: &str) -> FakeAccount {
    days(first, last).fold(FakeAccount::new(ACCOUNT), |account, day| {
        let day = day.to_string();
        account.usage(&day, BEDROCK, "USE1-NovaLite-input-tokens", "1K tokens", "1000000", BEDROCK_A_DAY).usage(
            &day,
            EC2,
            "BoxUsage:m7g.xlarge",
            "Hrs",
            "24",
            EC2_A_DAY,
        )
    })
}

/// [`spend`] from 2026-02-20 to the end of April, with a credit that pays for Bedrock.
pub fn small_account() -> FakeAccount {
    spend("2026-02-20", "2026-04-30").credit(credit())
}

pub fn credit() -> FakeCredit {
    FakeCredit::new(CREDIT, "9000", "2026-02-01", "2027-02-01", &[BEDROCK]).described("Activate Founders")
}

/// A config that retries without waiting.
pub fn config() -> Config {
    config_of("[store]\npath = \"unused.duckdb\"\n")
}

pub fn config_of(text: &str) -> Config {
    let mut config = Config::parse(text, Path::new("glidepath.toml")).unwrap();
    config.aws.initial_backoff = Duration::from_millis(1);
    config.aws.max_backoff = Duration::from_millis(1);
    config
}

/// A fake AWS and an engine on it.
pub struct World {
    pub fake: FakeAws,
    pub engine: Engine,
}

impl World {
    pub async fn new(account: FakeAccount) -> World {
        World::with(account, config()).await
    }

    pub async fn with(account: FakeAccount, config: Config) -> World {
        let fake = FakeAws::start(account, morning("2026-03-20")).await.unwrap();
        let engine = engine(&fake, Store::in_memory().unwrap(), config);
        World { fake, engine }
    }

    /// One cycle at half past six on `day`, which AWS's clock shows too.
    pub async fn cycle(&self, day: &str) -> CycleReport {
        self.fake.set_now(morning(day));
        self.engine.cycle(morning(day)).await.unwrap().expect("no other cycle runs")
    }

    pub async fn view(&self) -> View {
        self.engine.view(None).await.unwrap().expect("a cycle has finished")
    }

    pub async fn position(&self) -> Position {
        self.view().await.position
    }

    /// What is stored as of half past six on `day`.
    pub async fn facts(&self, day: &str) -> Facts {
        self.engine.store().facts(morning(day), "USD".to_owned()).await.unwrap()
    }

    /// Cost Explorer requests so far.
    pub fn asked(&self) -> Vec<RecordedRequest> {
        let mut requests = self.fake.requests();
        requests.retain(|request| request.operation == Operation::GetCostAndUsage);
        requests
    }
}

pub fn engine(fake: &FakeAws, store: Store, config: Config) -> Engine {
    Engine::new(store, config, AwsAccess::Endpoint(fake.endpoint())).unwrap()
}

pub fn keys(findings: &[Finding]) -> Vec<&str> {
    findings.iter().map(|finding| finding.key.as_str()).collect()
}

pub fn finding<'a>(position: &'a Position, key: &str) -> &'a Finding {
    let found = position.findings.iter().find(|finding| finding.key == key);
    found.unwrap_or_else(|| panic!("no finding {key} in {:?}", keys(&position.findings)))
}

/// What two stores must agree on that learnt the same facts on different ways: everything but how often AWS was asked,
/// when a restatement was noticed, since when findings are told, and which outlooks there were to judge.
pub fn comparable(view: &View) -> View {
    let mut view = view.clone();
    let quality = &mut view.position.data_quality;
    quality.paid_requests_today = 0;
    quality.usd_spent_asking_month = Money::ZERO;
    quality.moved_in_last_cycle = Money::ZERO;
    view.position.track_record = TrackRecord::default();
    for finding in &mut view.position.findings {
        finding.since = NaiveDate::default();
    }
    view
}
