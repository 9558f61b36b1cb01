//! A store of some years, as a busy startup's daemon has one.

use std::path::Path;

use chrono::{DateTime, TimeDelta, Utc};
use glidepath::config::Config;
use glidepath::cycle::{AwsAccess, Engine};
use glidepath::domain::values::period::{DayRange, plus_days};
use glidepath::store::Store;

use crate::busy::{SIZE, pull, run};

const DAYS_OF_YEAR: i64 = 365;
const FILING: &str = include_str!("../../config/projection/bedrock-inference.toml");
/// Nobody listens here: a cycle that asks it records that it got no answer, and goes on to its end.
const NO_AWS: &str = "http://127.0.0.1:9";

/// Writes `years` through the day of `clock` into a new store at `path`, and finishes a cycle on them.
pub async fn stored(path: &Path, clock: DateTime<Utc>, years: i64) -> Engine {
    let store = Store::open(path).expect("a new store");
    let today = clock.date_naive();
    let window = DayRange::new(plus_days(today, -DAYS_OF_YEAR * years), plus_days(today, 1));
    let costs = pull(window, SIZE, today);
    store.append_run(run(clock - TimeDelta::seconds(1), costs)).await.expect("the rows fit");
    let engine = engine(store.clone(), "");
    engine.file_projection(clock, FILING.to_owned()).await.expect("the filing of the examples");
    engine.cycle(clock).await.expect("a cycle without an answer").expect("no other cycle runs");
    store.checkpoint().expect("the file can be written");
    engine
}

/// An engine on `store` that reaches no AWS; `config` is added to the least config.
pub fn engine(store: Store, config: &str) -> Engine {
    let config = Config::parse(&format!("[store]\npath = \"unused\"\n{config}"), Path::new("glidepath.toml"));
    Engine::new(store, config.expect("a config"), AwsAccess::Endpoint(NO_AWS.to_owned())).expect("an engine")
}
