//! Wrong clocks: a cycle under one is refused before it pays, and what one left behind is set aside by the first that is right.

use chrono::{DateTime, TimeDelta, Utc};
use glidepath::cycle::{AcceptOrder, AwsAccess, ClockAhead, CycleReport, Engine, MuteEntry, View};
use glidepath::demo::{FakeAccount, FakeAws, FakeCredit, Fault, Operation};
use glidepath::domain::alert::{Action, AlertEvent, MuteKind};
use glidepath::domain::facts::outcome::Outcome;
use glidepath::domain::facts::referee::SetAside;
use glidepath::domain::outlook::track_record::TrackRecord;
use glidepath::domain::position::Position;
use glidepath::domain::values::money::Money;
use glidepath::schedule::{Occasion, catch_up};
use glidepath::store::{Store, StoreError, alerts};
use rand::{RngExt as _, SeedableRng as _};
use rand_chacha::ChaCha8Rng;

use crate::cycle::hook::{Hook, Manner, telling};
use crate::cycle::support::*;

const FAILED: &str = "cycle_failed:cycle";

/// Jumps of minutes, days, 40 days and years, over a day's end, a month's, a year's, and to a leap day.
const AHEAD: [TimeDelta; 9] = [
    TimeDelta::seconds(15 * 60 + 1),
    TimeDelta::hours(2),
    TimeDelta::hours(18),
    TimeDelta::days(1),
    TimeDelta::days(11),
    TimeDelta::days(40),
    TimeDelta::days(366),
    TimeDelta::days(709),
    TimeDelta::days(3_653),
];

async fn events(engine: &Engine) -> Vec<AlertEvent> {
    let events = engine.store().read(|connection| Ok(alerts::events(connection, None, 1_000)?)).await.unwrap();
    events.into_iter().rev().collect()
}

async fn count(engine: &Engine, table: &'static str) -> i64 {
    let sql = format!("SELECT count(*) FROM {table}");
    engine.store().read(move |connection| Ok(connection.query_row(&sql, [], |row| row.get(0))?)).await.unwrap()
}

/// The same account on the same store, where AWS cannot be reached.
fn cut_off(engine: &Engine) -> Engine {
    let aws = AwsAccess::Endpoint("http://127.0.0.1:9".to_owned());
    let mut config = config();
    config.aws.max_attempts = 1;
    Engine::new(engine.store().clone(), config, aws).unwrap()
}

async fn cycle_at(world: &World, now: DateTime<Utc>) -> CycleReport {
    world.engine.cycle(now).await.unwrap().expect("no other cycle runs")
}

/// A cycle while this machine's clock and AWS's both say `now`, as an older version stored it: nobody vouched for its clock.
async fn before_the_referee(world: &World, now: DateTime<Utc>) {
    world.fake.set_now(now);
    cycle_at(world, now).await;
    let sql = "UPDATE ingest_runs SET aws_clock = NULL";
    world.engine.store().call(move |connection| Ok(connection.execute(sql, []).map(drop)?)).await.unwrap();
}

/// What must not differ from an undisturbed run: all but how often was asked, which outlooks there were to judge, and that
/// something was set aside.
fn undisturbed(view: &View) -> View {
    let mut view = comparable(view);
    view.position.data_quality.set_aside = None;
    view.position.data_quality.moved_in_last_cycle = Money::ZERO;
    view.position.track_record = TrackRecord::default();
    view
}

#[tokio::test]
async fn a_cycle_ahead_of_aws_pays_nothing_and_stores_only_that_it_failed() {
    let world = World::new(small_account()).await;
    world.cycle("2026-03-20").await;
    let before = world.view().await;
    let known = events(&world.engine).await;
    let aws = at("2026-03-20T23:52:30Z");
    world.fake.set_now(aws);
    let (asked, runs) = (world.asked().len(), count(&world.engine, "ingest_runs").await);
    for (number, jump) in AHEAD.into_iter().enumerate() {
        let clock = aws + jump;
        let tried =
            if number % 2 == 0 { world.engine.cycle(clock).await } else { world.engine.cycle_as_of(clock).await };
        let error = tried.unwrap_err();
        let ahead = error.downcast_ref::<ClockAhead>().unwrap_or_else(|| panic!("{jump}: {error:#}"));
        assert_eq!((ahead.clock, ahead.aws), (clock, aws));
        let said = format!("{error:#}");
        let shown = clock.format("%Y-%m-%d %H:%M:%S UTC").to_string();
        assert!(said.contains(&shown) && said.contains("2026-03-20 23:52:30 UTC"), "{said}");
        assert_eq!(world.asked().len(), asked, "{jump}: nothing was paid for");
        assert_eq!(count(&world.engine, "ingest_runs").await, runs, "{jump}");
        let unfinished = world.engine.unfinished().await.unwrap().expect("it is not ready");
        assert_eq!((unfinished.clock, unfinished.ahead), (aws, Some(*ahead)));
    }
    let told = events(&world.engine).await.split_off(known.len());
    let told: Vec<_> = told.iter().map(|event| (event.key.as_str(), event.decision, event.fired_at)).collect();
    assert_eq!(told, [(FAILED, Action::Fire, aws)], "once, by AWS's clock");
    let failed = finding(&world.position().await, FAILED).clone();
    assert!(failed.reason.contains("which says 2026-03-20 23:52:30 UTC"), "{}", failed.reason);
    assert!(failed.reason.contains("Next: set this machine's clock"), "{}", failed.reason);
    assert_eq!(world.engine.view(Some(aws)).await.unwrap(), Some(before), "figures stay as they are");

    // The clock is set, and all goes on.
    assert_eq!(world.cycle("2026-03-21").await.costs, Outcome::Ok);
    let resolved = events(&world.engine).await.into_iter().find(|event| event.decision == Action::Resolve);
    assert_eq!(resolved.map(|event| event.key), Some(FAILED.to_owned()));
    assert_eq!(world.engine.unfinished().await.unwrap(), None);
    let calm = World::new(small_account()).await;
    calm.cycle("2026-03-20").await;
    calm.cycle("2026-03-21").await;
    assert_eq!(undisturbed(&world.view().await), undisturbed(&calm.view().await));
}

#[tokio::test]
async fn a_refusal_of_aws_tells_the_time_too() {
    let world = World::new(small_account()).await;
    world.cycle("2026-03-20").await;
    let aws = morning("2026-03-21");
    world.fake.set_now(aws);
    for fault in [Fault::RequestExpired, Fault::SignatureExpired, Fault::Denied, Fault::InternalError, Fault::Html(503)]
    {
        world.fake.inject(fault.clone().on(Operation::GetCallerIdentity).always());
        let error = world.engine.cycle(aws + TimeDelta::days(40)).await.unwrap_err();
        assert_eq!(error.downcast_ref::<ClockAhead>().map(|ahead| ahead.aws), Some(aws), "{fault:?}");
        world.fake.clear_faults();
    }
    // But nothing that AWS did not accept sets anything aside.
    before_the_referee(&world, aws + TimeDelta::days(40)).await;
    world.fake.set_now(aws);
    world.fake.inject(Fault::Denied.on(Operation::GetCallerIdentity).always());
    let error = world.engine.cycle(aws).await.unwrap_err();
    assert!(matches!(error.downcast_ref(), Some(StoreError::ClockGoesBack { .. })), "{error:#}");
    assert_eq!(world.engine.store().sets_aside().await.unwrap(), []);
}

#[tokio::test]
async fn where_sts_does_not_answer_what_else_is_free_tells_the_time() {
    let world = World::new(small_account()).await;
    let aws = morning("2026-03-21");
    world.fake.set_now(aws);
    world.fake.inject(Fault::InternalError.on(Operation::GetCallerIdentity).always());
    let error = world.engine.cycle(aws + TimeDelta::days(3)).await.unwrap_err();
    assert!(error.downcast_ref::<ClockAhead>().is_some(), "{error:#}");
    assert_eq!(world.asked(), []);
    // A store that belongs to nobody yet is fed all the same.
    assert_eq!(cycle_at(&world, aws).await.costs, Outcome::Ok);
}

#[tokio::test]
async fn what_nobody_vouched_for_hinders_nothing_and_is_set_aside() {
    let calm = World::new(small_account()).await;
    calm.cycle("2026-03-20").await;
    calm.cycle("2026-03-23").await;
    for jump in [TimeDelta::minutes(20), TimeDelta::days(40), TimeDelta::days(1_461)] {
        let world = World::new(small_account()).await;
        world.cycle("2026-03-20").await;
        let offline = cut_off(&world.engine);
        let wrong = morning("2026-03-21") + jump;
        let report = offline.cycle(wrong).await.unwrap().expect("no other cycle runs");
        assert!(matches!(report.costs, Outcome::Failed { .. }), "{:?}", report.costs);
        let view = world.view().await;
        assert_eq!((view.position.as_of, view.position.data_through), (wrong, Some(day("2026-03-18"))));
        let sql = "SELECT count(*) FROM ingest_runs WHERE unrefereed AND aws_clock IS NULL";
        let unrefereed =
            world.engine.store().read(move |it| Ok(it.query_row(sql, [], |row| row.get::<_, i64>(0))?)).await;
        assert_eq!(unrefereed.unwrap(), 1);

        // Still without AWS, and the clock is right again.
        let report = offline.cycle(morning("2026-03-21")).await.unwrap().expect("no other cycle runs");
        assert!(matches!(report.costs, Outcome::Failed { .. }), "{jump}: {:?}", report.costs);
        assert_eq!(world.position().await.as_of, morning("2026-03-21"), "{jump}");

        assert_eq!(world.cycle("2026-03-23").await.costs, Outcome::Ok, "{jump}");
        let expected = SetAside { noticed_at: morning("2026-03-23"), cycles: 1, furthest: wrong };
        let ahead = wrong > morning("2026-03-23") + TimeDelta::minutes(15);
        assert_eq!(world.engine.store().sets_aside().await.unwrap(), if ahead { vec![expected] } else { vec![] });
        assert_eq!(world.position().await.data_quality.set_aside, ahead.then_some(expected), "{jump}");
        assert_eq!(undisturbed(&world.view().await), undisturbed(&calm.view().await), "{jump}");
    }
}

/// A credit that lasts until the end of March.
fn nearly_used_up() -> FakeAccount {
    let credit = FakeCredit::new(CREDIT, "2000", "2026-02-01", "2027-02-01", &[BEDROCK]);
    spend("2026-02-20", "2026-04-30").credit(credit)
}

async fn told(engine: &Engine) -> Vec<(String, Action, DateTime<Utc>)> {
    events(engine).await.into_iter().map(|event| (event.key, event.decision, event.fired_at)).collect()
}

/// Of the days to come the fake answers that nothing was used: they count as complete, and an alert gets its all-clear.
#[tokio::test]
async fn what_an_older_version_stored_ahead_is_set_aside_with_what_it_told() {
    let calm = World::new(nearly_used_up()).await;
    calm.cycle("2026-03-20").await;
    calm.cycle("2026-03-22").await;
    let expected = told(&calm.engine).await;
    assert!(expected.iter().any(|(key, ..)| key == "exhaustion:total"), "{expected:?}");
    for jump in [TimeDelta::hours(40), TimeDelta::days(40), TimeDelta::days(366), TimeDelta::days(730)] {
        let world = World::new(nearly_used_up()).await;
        world.cycle("2026-03-20").await;
        let wrong = morning("2026-03-21") + jump;
        before_the_referee(&world, wrong).await;
        before_the_referee(&world, wrong + TimeDelta::hours(1)).await;
        assert_eq!(world.position().await.as_of, wrong + TimeDelta::hours(1));

        let asked = world.asked().len();
        assert_eq!(world.cycle("2026-03-22").await.costs, Outcome::Ok, "{jump}");
        assert_eq!(world.asked()[asked].body["TimePeriod"]["Start"], "2026-03-12", "{jump}: ten days back");
        let aside = SetAside { noticed_at: morning("2026-03-22"), cycles: 2, furthest: wrong + TimeDelta::hours(1) };
        assert_eq!(world.position().await.data_quality.set_aside, Some(aside), "{jump}");
        assert_eq!(world.engine.store().sets_aside().await.unwrap(), [aside]);
        for table in ["aside_ingest_runs", "aside_cycles"] {
            assert_eq!(count(&world.engine, table).await, 2, "{table} keeps it");
        }
        assert_eq!(undisturbed(&world.view().await), undisturbed(&calm.view().await), "{jump}");
        assert_eq!(told(&world.engine).await, expected, "{jump}");
    }
}

#[tokio::test]
async fn it_is_said_for_four_weeks_that_cycles_were_set_aside_and_listed_for_good() {
    let world = World::new(small_account()).await;
    before_the_referee(&world, morning("2028-02-29")).await;
    world.cycle("2026-03-20").await;
    let aside = SetAside { noticed_at: morning("2026-03-20"), cycles: 1, furthest: morning("2028-02-29") };
    for (day, said) in [("2026-03-21", Some(aside)), ("2026-04-17", Some(aside)), ("2026-04-18", None)] {
        assert_eq!(world.cycle(day).await.costs, Outcome::Ok);
        assert_eq!(world.position().await.data_quality.set_aside, said, "{day}");
    }
    assert_eq!(world.engine.store().sets_aside().await.unwrap(), [aside]);
}

#[tokio::test]
async fn what_people_entered_under_a_clock_ahead_counts_from_the_next_cycle() {
    let world = World::new(small_account()).await;
    world.cycle("2026-03-20").await;
    let wrong = morning("2026-04-29");
    before_the_referee(&world, wrong).await;
    let entry = MuteEntry {
        kind: MuteKind::Silence,
        key: "first_cash:*".to_owned(),
        by: "ana".to_owned(),
        why: "we pay it".to_owned(),
        until: Some(wrong + TimeDelta::days(30)),
        end: false,
    };
    world.engine.mute(wrong + TimeDelta::minutes(1), entry).await.unwrap();
    world.cycle("2026-03-21").await;
    let mutes = world.engine.alerts(morning("2026-03-21")).await.unwrap().mutes;
    assert_eq!(mutes.iter().map(|mute| mute.made_at).collect::<Vec<_>>(), [morning("2026-03-21")]);
}

#[tokio::test]
async fn days_accepted_beside_a_cycle_that_is_set_aside_stay_accepted() {
    let accepted_after = async |clock: Option<&str>| {
        let account = spend("2026-01-20", "2026-06-30").joins_organisation("2026-03-15", "2026-03-15T00:00:00Z");
        let world = World::new(account).await;
        world.cycle("2026-03-14").await;
        world.cycle("2026-03-16").await;
        if let Some(wrong) = clock {
            before_the_referee(&world, morning(wrong)).await;
        }
        let order = AcceptOrder { from: day("2026-03-06"), to: day("2026-03-10") };
        let accepted = world.engine.accept_vanished(morning(clock.unwrap_or("2026-03-16")), order).await.unwrap();
        assert_eq!(accepted.days.len(), 5, "{clock:?}");
        assert_eq!(world.cycle("2026-03-17").await.costs, Outcome::Ok);
        let Position { spend, findings, .. } = world.position().await;
        (spend, findings.into_iter().find(|it| it.key == "days_vanished:costs").map(|it| it.summary))
    };
    let calm = accepted_after(None).await;
    assert!(calm.1.as_ref().unwrap().contains("11 to 13 March 2026"), "{calm:?}");
    for wrong in ["2026-03-26", "2026-05-20"] {
        assert_eq!(accepted_after(Some(wrong)).await, calm, "{wrong}");
    }
}

#[tokio::test]
async fn a_clock_put_back_a_little_takes_the_newest_and_further_back_is_refused_before_a_paid_request() {
    let world = World::new(small_account()).await;
    let newest = at("2028-03-01T00:05:00Z");
    world.fake.set_now(newest);
    cycle_at(&world, newest).await;
    for back in [TimeDelta::seconds(1), TimeDelta::minutes(6), TimeDelta::minutes(15)] {
        let report = cycle_at(&world, newest - back).await;
        assert_eq!((report.clock, report.costs), (newest, Outcome::Ok), "{back}");
    }
    let asked = world.asked().len();
    for back in
        [TimeDelta::minutes(16), TimeDelta::hours(2), TimeDelta::days(1), TimeDelta::days(40), TimeDelta::days(1_461)]
    {
        let error = world.engine.cycle(newest - back).await.unwrap_err();
        assert!(matches!(error.downcast_ref(), Some(StoreError::ClockGoesBack { .. })), "{back}: {error:#}");
        assert!(!world.engine.is_failing().await, "{back}");
    }
    let named = world.engine.cycle_as_of(newest - TimeDelta::minutes(1)).await.unwrap_err();
    assert!(matches!(named.downcast_ref(), Some(StoreError::ClockGoesBack { .. })), "{named:#}");
    assert_eq!(world.asked().len(), asked);
}

#[tokio::test]
async fn a_message_that_waits_does_not_wait_for_a_clock_that_was_put_back() {
    let hook = Hook::start().await;
    let world = World::with(crate::cli::account(), telling([("hook", hook.webhook())])).await;
    hook.take(Manner::Status(500), 100);
    let now = at("2026-03-20T06:30:00Z");
    cycle_at(&world, now).await;
    let refused = hook.posts().len();
    assert!(refused > 0, "there is something to tell");
    hook.take(Manner::Well, 0);
    let tries = async |now| world.engine.tend_outbox(now).await.unwrap();
    let back = TimeDelta::hours(2);
    assert_eq!(tries(now - back).await, (0, 0), "it is planned for later");
    world.engine.clock_was_put_back(back, now - back).await.unwrap();
    assert_eq!(tries(now - back).await, (0, 0), "its pause goes on");
    let (arrived, failed) = tries(now - back + TimeDelta::minutes(2)).await;
    assert!(arrived > 0 && failed == 0, "{arrived}, {failed}");
}

#[tokio::test]
async fn a_day_is_complete_and_counted_by_awss_clock() {
    for (ours, aws, through) in [
        ("2026-03-20T00:05:00Z", "2026-03-19T23:55:00Z", "2026-03-17"),
        ("2026-04-01T00:10:00Z", "2026-03-31T23:56:00Z", "2026-03-29"),
        ("2028-02-29T00:05:00Z", "2028-02-28T23:59:00Z", "2028-02-26"),
        ("2028-03-01T00:05:00Z", "2028-02-29T23:59:00Z", "2028-02-27"),
        ("2028-03-01T00:05:00Z", "2028-03-01T00:00:00Z", "2028-02-28"),
    ] {
        let world = World::new(small_account()).await;
        world.fake.set_now(at(aws));
        assert_eq!(cycle_at(&world, at(ours)).await.costs, Outcome::Ok, "{ours}");
        let position = world.position().await;
        assert_eq!((position.as_of, position.data_through), (at(ours), Some(day(through))), "{ours}");
        let counted = world.engine.store().paid_requests(at(aws).date_naive()).await.unwrap();
        assert_eq!(counted.sent_today, world.asked().len() as u64, "the ceiling's day is AWS's");
    }
}

/// A year's clocks in a month: each morning this machine's is wrong by anything, or AWS cannot be reached, or all is well.
#[tokio::test]
async fn whatever_the_clock_did_the_first_good_cycle_finds_everything_as_it_was() {
    const SEED: u64 = 17;
    let mut random = ChaCha8Rng::seed_from_u64(SEED);
    let (world, calm) = (World::new(small_account()).await, World::new(small_account()).await);
    world.cycle("2026-03-01").await;
    calm.cycle("2026-03-01").await;
    let offline = cut_off(&world.engine);
    for date in days("2026-03-02", "2026-03-24") {
        let aws = morning(&date.to_string());
        world.fake.set_now(aws);
        let asked = world.asked().len();
        match random.random_range(0..4) {
            0 => {
                let clock = aws + AHEAD[random.random_range(0..AHEAD.len())];
                let error = world.engine.cycle(clock).await.unwrap_err();
                assert!(error.downcast_ref::<ClockAhead>().is_some(), "seed {SEED}, {date}: {error:#}");
                assert_eq!(world.asked().len(), asked, "seed {SEED}, {date}");
            }
            1 => {
                let clock = aws + AHEAD[random.random_range(0..AHEAD.len())];
                // Only what an older version stored ahead holds it up, until AWS answers.
                if let Err(error) = offline.cycle(clock).await {
                    let back = matches!(error.downcast_ref(), Some(StoreError::ClockGoesBack { newest, .. }) if *newest > clock);
                    assert!(back, "seed {SEED}, {date}: {error:#}");
                }
            }
            2 => {
                before_the_referee(&world, aws + TimeDelta::days(random.random_range(1..900))).await;
                world.fake.set_now(aws);
            }
            _ => {
                let report = cycle_at(&world, aws - TimeDelta::minutes(random.random_range(0..10))).await;
                assert_eq!(report.costs, Outcome::Ok, "seed {SEED}, {date}");
            }
        }
    }
    world.cycle("2026-03-25").await;
    calm.cycle("2026-03-25").await;
    assert_eq!(undisturbed(&world.view().await), undisturbed(&calm.view().await), "seed {SEED}");
    let sql = "SELECT count(*) FROM ingest_runs WHERE clock > TIMESTAMP '2026-03-25 06:45:00'";
    let ahead = world.engine.store().read(move |it| Ok(it.query_row(sql, [], |row| row.get::<_, i64>(0))?)).await;
    assert_eq!(ahead.unwrap(), 0, "seed {SEED}");
}

/// A backup has what was set aside too, and opens.
#[tokio::test]
async fn what_is_set_aside_is_in_the_file_and_in_its_backups() {
    let folder = tempfile::tempdir().unwrap();
    let fake = FakeAws::start(small_account(), morning("2026-03-20")).await.unwrap();
    let store = Store::open(&folder.path().join("store.duckdb")).unwrap();
    let world = World { engine: engine(&fake, store, config()), fake };
    before_the_referee(&world, morning("2026-05-20")).await;
    world.cycle("2026-03-20").await;
    let copy = folder.path().join("copy.duckdb");
    world.engine.store().backup(&copy).await.unwrap();
    let copy = Store::open(&copy).unwrap();
    assert_eq!(copy.sets_aside().await.unwrap(), world.engine.store().sets_aside().await.unwrap());
    assert_eq!(copy.sets_aside().await.unwrap().len(), 1);
}

#[tokio::test]
async fn while_the_clock_is_ahead_the_daemon_asks_every_quarter_of_an_hour() {
    let world = World::new(small_account()).await;
    world.cycle("2026-03-20").await;
    let ahead = morning("2026-03-20") + TimeDelta::days(40);
    assert!(world.engine.cycle(ahead).await.is_err());
    let mut tried = Vec::new();
    for minutes in (5..=60).step_by(5) {
        let before = count(&world.engine, "failed_cycles").await;
        catch_up(&world.engine, ahead + TimeDelta::minutes(minutes), Occasion::Later).await;
        if count(&world.engine, "failed_cycles").await > before {
            tried.push(minutes);
        }
    }
    assert_eq!(tried, [15, 30, 45, 60]);
}
