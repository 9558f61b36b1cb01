//! Reports from a store: as of any past moment, the same bytes again, known by their hash, with the runs and requests
//! that they rest on.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;

use chrono::{DateTime, TimeDelta, Utc};
use glidepath::config::Config;
use glidepath::cycle::{AsOfError, AwsAccess, Engine};
use glidepath::demo::{FakeAws, startup};
use glidepath::domain::values::period::to_microseconds;
use glidepath::report::{Audience, Format, ReportKind};
use glidepath::store::Store;
use tempfile::TempDir;

const CONFIG: &str = "[store]\npath = \"unused\"\n[aws]\ntax_rate = \"0.20\"\npaid_requests_per_day = 1000\n";

fn open(path: &Path, fake: &FakeAws) -> Engine {
    let config = Config::parse(CONFIG, Path::new("glidepath.toml")).unwrap();
    Engine::new(Store::open(path).unwrap(), config, AwsAccess::Endpoint(fake.endpoint())).unwrap()
}

fn moments() -> [DateTime<Utc>; 2] {
    [startup::TODAY - TimeDelta::days(1), startup::TODAY]
}

/// The hash of every kind in every form, for the owner and a partner, as of a moment.
async fn every_report(engine: &Engine, as_of: DateTime<Utc>) -> BTreeMap<String, String> {
    let view = engine.view(Some(as_of)).await.unwrap().unwrap();
    let mut hashes = BTreeMap::new();
    for kind in ReportKind::ALL {
        for format in kind.formats().iter().copied() {
            for audience in [Audience::Owner, Audience::Partner { records: vec!["portfolio".into()] }] {
                let file = engine.report(&view, kind, format, &audience, startup::TODAY).await.unwrap();
                hashes.insert(format!("{kind}.{format} for {audience}"), file.sha256());
            }
        }
    }
    hashes
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_report_of_a_past_moment_is_the_same_file_for_ever() {
    let fake = FakeAws::start(startup::account(), startup::TODAY).await.unwrap();
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("glidepath.duckdb");
    let [first, second] = moments();
    let engine = open(&path, &fake);
    engine.file_projection(first, startup::PROJECTION_TOML.to_owned()).await.unwrap();
    engine.cycle(first).await.unwrap().unwrap();
    let then = every_report(&engine, first).await;
    assert_eq!(then.len(), 66);
    assert_eq!(then, every_report(&engine, first).await, "made twice");
    engine.cycle(second).await.unwrap().unwrap();
    let now = every_report(&engine, second).await;
    assert!(then.iter().all(|(name, hash)| now[name] != *hash), "a day later every report says something else");
    assert_eq!(then, every_report(&engine, first).await, "a day later");
    drop(engine);
    let engine = open(&path, &fake);
    assert_eq!(then, every_report(&engine, first).await, "from the store opened again");
    assert_eq!(now, every_report(&engine, second).await, "from the store opened again");
    // Each is known by its hash, once, however often it was made.
    let issued = engine.store().issued_reports().await.unwrap();
    assert_eq!(issued.len(), 132);
    for (name, hash) in then.iter().chain(&now) {
        let known = issued.iter().find(|it| it.sha256 == *hash).unwrap_or_else(|| panic!("{name} is not known"));
        assert_eq!(*name, format!("{}.{} for {}", known.kind, known.format, known.audience));
        assert_eq!(known.as_of, if then[name] == *hash { first } else { second });
        assert_eq!(known.config_digest, engine.config().digest);
    }
}

/// A daemon has its PDFs set by another process, and sets them itself where that cannot be started.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn another_process_sets_the_same_file() {
    let fake = FakeAws::start(startup::account(), startup::TODAY).await.unwrap();
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("glidepath.duckdb");
    let asked = folder.path().join("asked");
    let program = folder.path().join("glidepath");
    let script = format!(
        "#!/bin/sh\necho \"$@\" >> {}\nexec {} \"$@\"\n",
        asked.display(),
        env!("CARGO_BIN_EXE_glidepath-under-test")
    );
    // Written by a process of its own: while one of this process's threads holds a program open for writing, a process that
    // another test starts inherits that for a moment, and the program cannot run.
    let write = r#"printf %s "$1" > "$0" && chmod 755 "$0""#;
    assert!(Command::new("sh").args(["-c", write]).arg(&program).arg(script).status().unwrap().success());
    open(&path, &fake).cycle(startup::TODAY).await.unwrap().unwrap();
    let set_by = async |program: Option<PathBuf>| {
        let engine = open(&path, &fake).setting_reports_apart(program);
        every_report(&engine, startup::TODAY).await
    };
    let by_itself = set_by(None).await;
    assert_eq!(by_itself, set_by(Some(program)).await);
    let pdfs = by_itself.keys().filter(|name| name.contains(".pdf")).count();
    assert_eq!(std::fs::read_to_string(&asked).unwrap(), "typeset\n".repeat(pdfs), "each PDF, and nothing else");
    assert_eq!(by_itself, set_by(Some(folder.path().join("nobody"))).await);
}

/// A system's clock counts nanoseconds, and the store microseconds.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_newest_report_stays_the_same_file_once_it_is_of_the_past() {
    let fake = FakeAws::start(startup::account(), startup::TODAY).await.unwrap();
    let folder = TempDir::new().unwrap();
    let engine = open(&folder.path().join("glidepath.duckdb"), &fake);
    let [first, second] = moments().map(|moment| moment + TimeDelta::nanoseconds(123_456_789));
    engine.file_projection(first, startup::PROJECTION_TOML.to_owned()).await.unwrap();
    let report = engine.cycle(first).await.unwrap().unwrap();
    let newest = engine.view(None).await.unwrap().unwrap();
    assert_eq!((report.clock, newest.position.as_of), (to_microseconds(first), to_microseconds(first)));
    let mut files = Vec::new();
    for format in Format::ALL {
        let file = engine.report(&newest, ReportKind::FundingPack, format, &Audience::Owner, second).await;
        files.push((format, file.unwrap().bytes));
    }
    engine.cycle(second).await.unwrap().unwrap();
    let past = engine.view(Some(first)).await.unwrap().unwrap();
    assert_eq!(serde_json::to_string(&past).unwrap(), serde_json::to_string(&newest).unwrap());
    for (format, before) in files {
        let file = engine.report(&past, ReportKind::FundingPack, format, &Audience::Owner, second).await.unwrap();
        assert!(file.bytes == before, "{format} is another file than before");
    }
}

/// "As of" is what was known then, whatever day a later filing says that it was filed on.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_correction_of_the_filing_changes_no_report_of_before() {
    let fake = FakeAws::start(startup::account(), startup::TODAY).await.unwrap();
    let folder = TempDir::new().unwrap();
    let engine = open(&folder.path().join("glidepath.duckdb"), &fake);
    let [first, second] = moments();
    // Recorded by the wall clock, as `projection file` does, before a cycle under a clock that lies behind it.
    let recorded = startup::TODAY + TimeDelta::days(3);
    engine.file_projection(recorded, startup::PROJECTION_TOML.to_owned()).await.unwrap();
    engine.cycle(first).await.unwrap().unwrap();
    engine.cycle(second).await.unwrap().unwrap();
    let then = every_report(&engine, first).await;
    let corrects = startup::PROJECTION_TOML.replacen("filed_on", "corrects = 1\nfiled_on", 1);
    let corrected = recorded + TimeDelta::hours(1);
    assert_eq!(engine.file_projection(corrected, corrects).await.unwrap().version, 2);
    assert_eq!(then, every_report(&engine, first).await, "an entry never changes an older cycle's view");
    let filing = async |as_of| engine.view(as_of).await.unwrap().unwrap().position.filing.unwrap();
    for as_of in [None, Some(second), Some(corrected)] {
        let known = filing(as_of).await;
        assert_eq!((known.version, known.recorded_at), (2, corrected), "it counts at once in the newest cycle's view");
    }
    assert_eq!(filing(Some(first)).await.version, 1);
    // Of cycles of an older program only the times of recording tell.
    let forget = "UPDATE cycles SET newest_filing = NULL, entered = NULL; DELETE FROM remade_outlooks";
    engine.store().call_blocking(|connection| Ok(connection.execute_batch(forget)?)).unwrap();
    assert_eq!(engine.view(Some(second)).await.unwrap().unwrap().position.filing, None);
    assert_eq!(filing(Some(recorded)).await.version, 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_moment_without_knowledge_is_refused_with_the_reason() {
    let fake = FakeAws::start(startup::account(), startup::TODAY).await.unwrap();
    let folder = TempDir::new().unwrap();
    let engine = open(&folder.path().join("glidepath.duckdb"), &fake);
    let [before, at] = moments();
    assert!(matches!(engine.check_as_of(None, at).await, Err(AsOfError::NothingYet { .. })));
    engine.cycle(at).await.unwrap().unwrap();
    let second = TimeDelta::seconds(1);
    assert!(engine.check_as_of(None, at).await.is_ok());
    assert!(engine.check_as_of(Some(at), at).await.is_ok());
    let early = engine.check_as_of(Some(at - second), at).await.unwrap_err();
    assert!(matches!(early, AsOfError::BeforeFirst { first, .. } if first == at), "{early}");
    let late = engine.check_as_of(Some(at + second), at).await.unwrap_err();
    assert!(late.to_string().contains("lies in the future"), "{late}");
    // A cycle can have run under a clock ahead of this machine's.
    assert!(engine.check_as_of(Some(at), before).await.is_ok());
    assert!(engine.check_as_of(Some(at + second), before).await.is_err());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_month_rests_on_runs_with_aws_s_own_request_ids() {
    let fake = FakeAws::start(startup::account(), startup::TODAY).await.unwrap();
    let folder = TempDir::new().unwrap();
    let engine = open(&folder.path().join("glidepath.duckdb"), &fake);
    let [first, second] = moments();
    let day_one = engine.cycle(first).await.unwrap().unwrap().run_id;
    // The past follows on the newest month, in a run of its own.
    let past = day_one + 1;
    let day_two = engine.cycle(second).await.unwrap().unwrap().run_id;
    let evidence = engine.store().evidence(second).await.unwrap();
    assert_eq!((evidence.credits, evidence.cycle), (Some(day_two), Some(day_two)));
    assert!(evidence.months.len() >= 12, "{} months", evidence.months.len());
    let newest = evidence.months.last().unwrap();
    assert_eq!((newest.brought_by.as_slice(), newest.confirmed_by), ([day_one, day_two].as_slice(), Some(day_two)));
    assert_eq!(
        (evidence.months[0].brought_by.as_slice(), evidence.months[0].confirmed_by),
        ([past].as_slice(), Some(past))
    );
    for run in &evidence.runs {
        let pages = if run.run_id == day_two { 1 } else { 2 };
        assert!(run.cost_requests.len() >= pages, "{run:?}");
        assert_eq!(run.credit_requests.is_empty(), run.run_id == past, "{run:?}");
        assert!(run.cost_requests.iter().chain(&run.credit_requests).all(|id| !id.is_empty()));
    }
    // Every believed row is somebody's, and each is counted once.
    let by_run: u64 = evidence.runs.iter().map(|run| run.rows).sum();
    let by_month: u64 = evidence.months.iter().map(|month| month.rows).sum();
    assert_eq!(by_run, by_month);
    // What came later is no evidence of what was believed before.
    let earlier = engine.store().evidence(first).await.unwrap();
    assert_eq!(earlier.runs.iter().map(|run| run.run_id).collect::<Vec<_>>(), [day_one, past]);
    let known_by = |month: &glidepath::domain::facts::evidence::MonthEvidence| {
        month.brought_by.iter().copied().chain(month.confirmed_by).all(|run| run == day_one || run == past)
    };
    assert!(earlier.months.iter().all(known_by));
}
