//! The whole job against the fake AWS: a year pulled, stored, replayed, compared, told.

use std::path::Path;
use std::time::Instant;

use glidepath::config::Config;
use glidepath::cycle::{AwsAccess, Engine};
use glidepath::demo::{FakeAws, startup};
use glidepath::domain::facts::Outcome;
use glidepath::store::Store;

const CONFIG: &str = r#"
[store]
path = "unused.duckdb"
[aws]
tax_rate = "0.20"
"#;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_year_of_the_fictional_startup() {
    let fake = FakeAws::start(startup::account(), startup::TODAY).await.unwrap();
    let config = Config::parse(CONFIG, Path::new("here/glidepath.toml")).unwrap();
    let engine = Engine::new(Store::in_memory().unwrap(), config, AwsAccess::Endpoint(fake.endpoint())).unwrap();
    engine.file_projection(startup::TODAY, startup::PROJECTION_TOML.to_owned()).await.unwrap();
    let t = Instant::now();
    let report = engine.cycle(startup::TODAY).await.unwrap().unwrap();
    eprintln!("cycle {:?} {report:?}", t.elapsed());
    assert_eq!(report.costs, Outcome::Ok);
    assert_eq!(report.credits, Outcome::Ok);
    let t = Instant::now();
    let view = engine.view(None).await.unwrap().unwrap();
    eprintln!("view {:?}", t.elapsed());
    eprintln!("{}", serde_json::to_string_pretty(&view.position).unwrap());
}
