//! Reports on a schedule: one for each moment, whatever happens in between, as the channel carries it and for who reads it.

use std::collections::{BTreeMap, BTreeSet};
use std::future::{Future, poll_fn};
use std::path::Path;
use std::task::Poll;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use chrono::{DateTime, TimeDelta, Utc};
use glidepath::config::{Config, ScheduledReport};
use glidepath::cycle::{AwsAccess, ClosedLink, Engine, LinkKind};
use glidepath::domain::values::secret::Secret;
use glidepath::domain::wording::Hears;
use glidepath::notify::Channel;
use glidepath::report::{self, Audience, Format, ReportKind};
use glidepath::store::{Store, alerts};
use serde_json::Value;
use tokio::runtime::Builder;

use super::hook::{Hook, Manner, Post, telling};
use super::support::*;

/// Two records: a partner sees one of them.
const FILING: &str = r#"
filed_on = "2026-02-01"
[[record]]
id = "ai"
[[record.service]]
service = "Amazon Bedrock"
monthly = [{ from = "2026-02", usd = "1800" }]
[[record]]
id = "moonbase"
[[record.service]]
service = "Amazon Elastic Compute Cloud - Compute"
monthly = [{ from = "2026-02", usd = "61.37" }]
"#;
const LINK_KEY: &str = "0123456789abcdef0123456789abcdef";

fn scheduled(name: &str, formats: &[Format], channels: &[&str]) -> ScheduledReport {
    ScheduledReport {
        name: name.to_owned(),
        kind: ReportKind::FundingPack,
        formats: formats.to_vec(),
        schedule: "0 0 8 * * 1".parse().unwrap(),
        channels: channels.iter().map(|name| (*name).to_owned()).collect(),
    }
}

fn partner() -> Hears {
    Hears { records: Some(vec!["ai".to_owned()]), digest: false, ..Hears::ALL }
}

fn with_links(config: Config) -> Config {
    let dashboard_url = Some("https://glidepath.example.com/".to_owned());
    Config { link_key: Some(Secret::new(LINK_KEY)), dashboard_url, ..config }
}

/// A world with a filing and a cycle on Friday the 20th of March, that has met its schedules.
async fn world(config: Config) -> World {
    let world = World::with(small_account(), config).await;
    world.engine.file_projection(morning("2026-03-20"), FILING.to_owned()).await.unwrap();
    world.cycle("2026-03-20").await;
    world.engine.meet_schedules(morning("2026-03-20")).await.unwrap();
    world
}

fn monday() -> DateTime<Utc> {
    at("2026-03-23T08:00:00Z")
}

/// The reports that came since the last look.
fn reports(hook: &Hook) -> Vec<Post> {
    hook.posts().into_iter().filter(|post| post.body["type"] == "report").collect()
}

/// The files in a message, by name, each with the hash that the message says it has.
fn files(post: &Post) -> BTreeMap<String, Vec<u8>> {
    let files = post.body["data"]["files"].as_array().unwrap().iter().map(|file| {
        let bytes = BASE64_STANDARD.decode(file["base64"].as_str().unwrap()).unwrap();
        assert_eq!(file["sha256"], report::sha256(&bytes).as_str());
        (file["name"].as_str().unwrap().to_owned(), bytes)
    });
    files.collect()
}

async fn count_of_waiting_files(engine: &Engine) -> i64 {
    let count = engine
        .store()
        .call(|connection| Ok(connection.query_row("SELECT count(*) FROM delivery_files", [], |row| row.get(0))?));
    count.await.unwrap()
}

#[tokio::test]
async fn one_for_each_moment_none_on_restart_and_one_after_a_pause() {
    let hook = Hook::start().await;
    let config = telling([("hook", hook.webhook())]);
    let config = Config { reports: vec![scheduled("board", &[Format::Csv], &["hook"])], ..config };
    let world = world(config).await;
    assert_eq!(world.engine.reports_if_due(at("2026-03-23T07:59:59Z")).await, 0, "not yet");
    assert_eq!(world.engine.reports_if_due(monday()).await, 1);
    assert_eq!(world.engine.reports_if_due(monday()).await, 0, "made already");
    let restarted = engine(&world.fake, world.engine.store().clone(), world.engine.config().clone());
    let later = monday() + TimeDelta::minutes(5);
    restarted.meet_schedules(later).await.unwrap();
    assert_eq!(restarted.reports_if_due(later).await, 0, "made before the restart");
    restarted.tend_outbox(later).await.unwrap();
    let first = reports(&hook);
    assert_eq!(first.len(), 1);
    assert_eq!(first[0].body["data"]["key"], "report:board");
    assert_eq!(first[0].body["data"]["as_of"], "2026-03-20T06:30:00Z", "as of the newest finished cycle");

    // Five Mondays pass with the daemon down.
    world.cycle("2026-04-28").await;
    let tuesday = at("2026-04-28T09:00:00Z");
    assert_eq!(restarted.reports_if_due(tuesday).await, 1);
    assert_eq!(restarted.reports_if_due(tuesday).await, 0, "one for all that were missed");
    restarted.tend_outbox(tuesday).await.unwrap();
    let second = reports(&hook);
    assert_eq!(second.len(), 1);
    assert_ne!(second[0].id, first[0].id);
    assert_eq!(restarted.reports_if_due(at("2026-05-04T07:59:59Z")).await, 0);
    assert_eq!(restarted.reports_if_due(at("2026-05-04T08:00:00Z")).await, 1, "and then as usual");
}

#[tokio::test]
async fn one_that_is_new_in_the_config_waits_for_its_moment() {
    let hook = Hook::start().await;
    let world = world(telling([("hook", hook.webhook())])).await;
    let reports = vec![scheduled("new", &[Format::Csv], &["hook"])];
    let config = Config { reports, ..world.engine.config().clone() };
    let wednesday = at("2026-03-25T12:00:00Z");
    let engine = engine(&world.fake, world.engine.store().clone(), config);
    engine.meet_schedules(wednesday).await.unwrap();
    assert_eq!(engine.reports_if_due(wednesday).await, 0, "its last Monday lies before it was there");
    assert_eq!(engine.reports_if_due(at("2026-03-30T08:00:00Z")).await, 1);
}

#[tokio::test]
async fn nothing_goes_out_before_there_is_something_to_tell() {
    let hook = Hook::start().await;
    let config = telling([("hook", hook.webhook())]);
    let config = Config { reports: vec![scheduled("board", &[Format::Csv], &["hook"])], ..config };
    let world = World::with(small_account(), config).await;
    world.engine.meet_schedules(morning("2026-03-20")).await.unwrap();
    assert_eq!(world.engine.reports_if_due(monday()).await, 0, "before the first cycle");
    world.cycle("2026-03-23").await;
    assert_eq!(world.engine.reports_if_due(monday() + TimeDelta::hours(1)).await, 1, "and after it at once");
}

#[tokio::test]
async fn each_channel_gets_the_report_of_who_reads_it_and_it_is_known_by_its_hash() {
    let (ours, theirs) = (Hook::start().await, Hook::start().await);
    let config = telling([("ours", ours.webhook()), ("theirs", theirs.webhook())]);
    let hears = BTreeMap::from([("theirs".to_owned(), partner())]);
    let both = scheduled("pack", &[Format::Markdown, Format::Xlsx], &["ours", "theirs"]);
    let world = world(with_links(Config { hears, reports: vec![both], ..config })).await;
    assert!(theirs.posts().is_empty(), "a partner hears no alert");
    assert_eq!(world.engine.reports_if_due(monday()).await, 1);
    world.engine.tend_outbox(monday()).await.unwrap();
    let (our, their) = (reports(&ours), theirs.posts());
    assert_eq!((our.len(), their.len()), (1, 1));
    assert_eq!(our[0].id, their[0].id, "one report, one id");

    let view = world.view().await;
    let issued = world.engine.store().issued_reports().await.unwrap();
    let partner = Audience::Partner { records: vec!["ai".to_owned()] };
    for (post, audience) in [(&our[0], Audience::Owner), (&their[0], partner)] {
        let files = files(post);
        assert_eq!(files.len(), 2);
        for format in [Format::Markdown, Format::Xlsx] {
            let name = format!("glidepath-funding-pack-2026-03-20.{format}");
            let again = world.engine.report(&view, ReportKind::FundingPack, format, &audience, monday()).await.unwrap();
            assert!(files[&name] == again.bytes, "{name} for {audience} is another file than is served");
            let known = issued.iter().find(|it| it.sha256 == again.sha256()).expect("it is known by its hash");
            assert_eq!((known.audience.as_str(), known.made_at), (audience.to_string().as_str(), monday()));
        }
    }
    let told = format!(
        "{}{}",
        their[0].body,
        String::from_utf8_lossy(&files(&their[0])["glidepath-funding-pack-2026-03-20.md"])
    );
    for secret in [ACCOUNT, CREDIT, "moonbase", EC2, "61.37", "glidepath.example.com"] {
        assert!(!told.contains(secret), "the partner learns {secret}: {told}");
    }
    assert!(told.contains("ai") && told.contains("of credit is left"), "{told}");
    // What left for a partner is in the audit.
    let audit = world.engine.store().audited(None, 10).await.unwrap();
    let entries: Vec<(&str, &str)> =
        audit.iter().map(|row| (row.entry.who.as_str(), row.entry.path.as_str())).collect();
    let files = "glidepath-funding-pack-2026-03-20.md, glidepath-funding-pack-2026-03-20.xlsx";
    assert_eq!(entries, [("schedule", format!("channel theirs ({files})").as_str())]);
}

#[tokio::test]
async fn a_chat_gets_the_figures_and_a_link_that_is_signed_as_it_leaves() {
    let (ours, theirs) = (Hook::start().await, Hook::start().await);
    let slack = |hook: &Hook| Channel::Slack { webhook_url: Secret::new(format!("http://127.0.0.1:{}/s", hook.port)) };
    let config = telling([("ours", slack(&ours)), ("theirs", slack(&theirs))]);
    let hears = BTreeMap::from([("theirs".to_owned(), partner())]);
    let both = scheduled("pack", &[Format::Pdf, Format::Xlsx], &["ours", "theirs"]);
    let world = world(with_links(Config { hears, reports: vec![both], ..config })).await;
    ours.posts();
    assert_eq!(world.engine.reports_if_due(monday()).await, 1);
    let stored = world.engine.store().call(|connection| {
        let sql = "SELECT string_agg(payload, '') FROM deliveries WHERE state = 'pending'";
        Ok(connection.query_row(sql, [], |row| row.get::<_, String>(0))?)
    });
    let stored = stored.await.unwrap();
    let links = world.engine.store().links().await.unwrap();
    assert_eq!(links.len(), 2, "a link for each channel, so that each can be ended by itself");
    for link in &links {
        assert!(stored.contains(&format!("/shared/unsigned-link-{}", link.id)), "its text is stored nowhere: {stored}");
    }
    world.engine.tend_outbox(monday()).await.unwrap();
    for (hook, records) in [(&ours, vec!["ai", "moonbase"]), (&theirs, vec!["ai"])] {
        let posts = hook.posts();
        let body = &posts.iter().find(|post| post.body.to_string().contains("report:pack")).unwrap().body;
        let buttons = body["blocks"].as_array().unwrap().iter().find(|block| block["type"] == "actions").unwrap();
        let buttons: Vec<(&str, &str)> = buttons["elements"]
            .as_array()
            .unwrap()
            .iter()
            .map(|button| (button["text"]["text"].as_str().unwrap(), button["url"].as_str().unwrap()))
            .collect();
        assert_eq!(buttons[0].0, "Funding pack as PDF, until 6 April 2026");
        assert_eq!(buttons[1].0, "Funding pack as XLSX, until 6 April 2026");
        assert_eq!(buttons[1].1, format!("{}?format=xlsx", buttons[0].1));
        assert_eq!(buttons.len(), if records.len() == 2 { 3 } else { 2 }, "a partner has no use for the dashboard");
        let text = buttons[0].1.strip_prefix("https://glidepath.example.com/shared/").unwrap();
        let opened = world.engine.open_link(monday(), text).await.unwrap();
        assert_eq!(opened.records, records);
        assert_eq!(opened.formats, [Format::Pdf, Format::Xlsx]);
        assert_eq!(opened.as_of, Some(morning("2026-03-20")), "it opens what the message tells");
        let until = monday() + TimeDelta::days(14);
        assert!(world.engine.open_link(until - TimeDelta::seconds(1), text).await.is_ok());
        assert!(matches!(world.engine.open_link(until, text).await, Err(ClosedLink::Over(_))));
        assert!(body.to_string().contains("of credit is left"), "{body}");
    }
}

#[tokio::test]
async fn a_link_that_cannot_be_signed_any_more_is_given_up_and_told() {
    let hook = Hook::start().await;
    let slack = Channel::Slack { webhook_url: Secret::new(format!("http://127.0.0.1:{}/s", hook.port)) };
    let config = Config { reports: vec![scheduled("pack", &[Format::Pdf], &["chat"])], ..telling([("chat", slack)]) };
    let world = world(with_links(config)).await;
    hook.posts();
    world.engine.reports_if_due(monday()).await;
    let keyless = Config { link_key: None, ..world.engine.config().clone() };
    let keyless = engine(&world.fake, world.engine.store().clone(), keyless);
    assert_eq!(keyless.deliver(monday()).await.unwrap(), (0, 1));
    assert!(hook.posts().is_empty(), "no link that opens nothing");
    let dead = keyless.store().call(|connection| Ok(alerts::dead_channels(connection)?)).await.unwrap();
    assert!(dead[0].last_error.contains("link_key is not in [http] any more"), "{dead:?}");
}

#[tokio::test]
async fn a_receiver_that_fails_gets_the_same_bytes_until_it_takes_them_and_then_they_go() {
    let hook = Hook::start().await;
    let config = telling([("hook", hook.webhook())]);
    let config = Config { reports: vec![scheduled("board", &[Format::Pdf], &["hook"])], ..config };
    let world = world(config).await;
    hook.posts();
    hook.take(Manner::Status(503), 2);
    world.engine.reports_if_due(monday()).await;
    world.engine.deliver(monday()).await.unwrap();
    assert_eq!(count_of_waiting_files(&world.engine).await, 1);
    // A newer cycle changes nothing about a report that is on its way.
    world.fake.set_now(monday() + TimeDelta::hours(1));
    world.engine.cycle(monday() + TimeDelta::hours(1)).await.unwrap();
    world.engine.deliver(monday() + TimeDelta::hours(9)).await.unwrap();
    let came = reports(&hook);
    assert_eq!(came.len(), 3);
    assert!(came.iter().all(|post| post.id == came[0].id && files(post) == files(&came[0])));
    assert_eq!(count_of_waiting_files(&world.engine).await, 0, "what has arrived is not kept");
}

#[tokio::test]
async fn a_digest_has_a_link_where_links_can_be_made_and_the_channel_may_show_them() {
    let hooks = [Hook::start().await, Hook::start().await];
    let config = telling([("quiet", hooks[0].webhook()), ("open", hooks[1].webhook()), ("log", Channel::Log)]);
    let hears = BTreeMap::from([("quiet".to_owned(), Hears { links: false, ..Hears::ALL })]);
    let world = world(with_links(Config { hears, ..config })).await;
    assert!(world.engine.digest_if_due(monday()).await.unwrap());
    world.engine.tend_outbox(monday()).await.unwrap();
    let digest = |hook: &Hook| hook.posts().into_iter().find(|post| post.body["type"] == "digest").unwrap().body;
    assert_eq!(digest(&hooks[0])["data"]["links"], Value::Null);
    let told = digest(&hooks[1]);
    let link = &told["data"]["links"][0];
    assert_eq!((&link["label"], &link["expires_at"]), (&"Funding pack".into(), &"2026-04-06T08:00:00Z".into()));
    let text = link["url"].as_str().unwrap().strip_prefix("https://glidepath.example.com/shared/").unwrap();
    let opened = world.engine.open_link(monday(), text).await.unwrap();
    assert_eq!(
        (opened.kind, opened.formats.as_slice()),
        (LinkKind::One(ReportKind::FundingPack), [Format::Html].as_slice())
    );
    let logged = world.engine.store().call(|connection| {
        let sql =
            "SELECT d.payload FROM deliveries d JOIN notices USING (event_id) WHERE channel = 'log' AND kind = 'digest'";
        Ok(connection.query_row(sql, [], |row| row.get::<_, String>(0))?)
    });
    assert!(!logged.await.unwrap().contains("/shared/"), "a log is read by others");

    let hook = Hook::start().await;
    let world = self::world(telling([("hook", hook.webhook())])).await;
    assert!(world.engine.digest_if_due(monday()).await.unwrap());
    world.engine.tend_outbox(monday()).await.unwrap();
    assert_eq!(digest(&hook)["data"]["links"], Value::Null, "without a key it says nothing of links");
    assert!(world.engine.store().links().await.unwrap().is_empty());
}

#[tokio::test]
async fn a_report_sent_by_hand_goes_out_at_once_and_says_how_it_went() {
    let (ours, theirs) = (Hook::start().await, Hook::start().await);
    let config = telling([("ours", ours.webhook()), ("theirs", theirs.webhook()), ("pager", ours.alertmanager())]);
    let hears = BTreeMap::from([("theirs".to_owned(), partner())]);
    let world = world(Config { hears, ..config }).await;
    ours.posts();
    let wanted = (ReportKind::Trajectory, Format::Csv);
    let send = async |channel| world.engine.send_report((monday(), "founder"), channel, wanted, None).await;
    let sent = send("theirs").await.unwrap();
    assert!(sent.arrived, "{sent:?}");
    assert_eq!(sent.audience, "partner: ai");
    let came = reports(&theirs);
    assert_eq!(came.len(), 1);
    let (name, bytes) = files(&came[0]).pop_first().unwrap();
    assert_eq!((&name, report::sha256(&bytes)), (&sent.files[0].name, sent.files[0].sha256.clone()));
    ours.take(Manner::Status(500), 1);
    let failed = send("ours").await.unwrap();
    assert!(!failed.arrived && failed.error.unwrap().contains("HTTP 500"));
    assert_eq!(world.engine.deliver(monday() + TimeDelta::days(1)).await.unwrap(), (0, 0), "nothing waits");
    for (channel, words) in
        [("nobody", "there are: ours, pager, theirs"), ("pager", "takes incidents and no documents")]
    {
        let error = send(channel).await.unwrap_err().to_string();
        assert!(error.contains(words), "{error}");
    }
    let early = world.engine.send_report((monday(), "founder"), "ours", wanted, Some(at("2026-01-01T00:00:00Z"))).await;
    assert!(early.unwrap_err().to_string().contains("the first one finished at 2026-03-20T06:30:00Z"));
}

#[tokio::test]
async fn the_cycle_removes_what_the_audit_has_kept_long_enough() {
    let world = World::with(small_account(), Config { audit_days: 3, ..config() }).await;
    for day in ["2026-03-16", "2026-03-17", "2026-03-18"] {
        let (at, text) = (morning(day), |text: &str| text.to_owned());
        let entry =
            glidepath::store::AuditEntry { at, who: text("p"), action: text("read"), path: text("/"), status: 200 };
        world.engine.store().audit(entry).await.unwrap();
    }
    world.cycle("2026-03-20").await;
    let kept = async || {
        let rows = world.engine.store().audited(None, 10).await.unwrap();
        rows.iter().map(|row| (row.number, row.entry.at.date_naive().to_string())).collect::<Vec<_>>()
    };
    assert_eq!(kept().await, [(3, "2026-03-18".to_owned()), (2, "2026-03-17".to_owned())]);
    world.cycle("2026-03-30").await;
    assert_eq!(kept().await, [(3, "2026-03-18".to_owned())], "the newest stays, and its number with it");
}

// --- Killed anywhere ----------------------------------------------------------------------------------------------

fn open(store: &Path, config: &Config) -> Engine {
    let nowhere = AwsAccess::Endpoint("http://127.0.0.1:9".to_owned());
    Engine::new(Store::open(store).unwrap(), config.clone(), nowhere).unwrap()
}

/// A Monday's minutes, in which the report is made and delivered.
async fn minutes(engine: &Engine) {
    for minute in [0, 2, 5, 30] {
        let now = monday() + TimeDelta::minutes(minute);
        engine.reports_if_due(now).await;
        engine.tend_outbox(now).await.unwrap();
    }
}

#[test]
fn killed_anywhere_it_comes_whole_under_one_id() {
    let outside = Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    let hook = outside.block_on(Hook::start());
    let config = telling([("hook", hook.webhook())]);
    let config = Config { reports: vec![scheduled("board", &[Format::Csv, Format::Json], &["hook"])], ..config };
    let folder = tempfile::tempdir().unwrap();
    let before = folder.path().join("before.duckdb");
    let process = || Builder::new_current_thread().enable_all().build().unwrap();
    process().block_on(async {
        let fake = glidepath::demo::FakeAws::start(small_account(), morning("2026-03-20")).await.unwrap();
        let engine = engine(&fake, Store::open(&before).unwrap(), config.clone());
        engine.cycle(morning("2026-03-20")).await.unwrap();
        engine.meet_schedules(morning("2026-03-20")).await.unwrap();
        engine.store().checkpoint().unwrap();
    });
    hook.posts();
    let mut came: BTreeSet<(String, String)> = BTreeSet::new();
    for polls in (1..=12).chain((15..).step_by(5)) {
        let path = folder.path().join(format!("killed-{polls}.duckdb"));
        std::fs::copy(&before, &path).unwrap();
        hook.take(Manner::Status(500), 1);
        let finished = process().block_on(async {
            let engine = open(&path, &config);
            let mut path = Box::pin(minutes(&engine));
            let mut left = polls;
            poll_fn(|context| {
                left -= 1;
                if left == 0 { Poll::Ready(false) } else { path.as_mut().poll(context).map(|()| true) }
            })
            .await
        });
        let waiting = process().block_on(async {
            let engine = open(&path, &config);
            minutes(&engine).await;
            count_of_waiting_files(&engine).await
        });
        assert_eq!(waiting, 0, "killed after step {polls}");
        let posts = reports(&hook);
        assert!(!posts.is_empty(), "killed after step {polls}");
        came.extend(posts.iter().map(|post| (post.id.clone(), post.body["data"]["files"].to_string())));
        assert_eq!(came.len(), 1, "killed after step {polls}: one id, the same files");
        std::fs::remove_file(&path).unwrap();
        if finished {
            assert!(polls > 8, "the path runs in larger steps than this test was written for");
            break;
        }
    }
}
