//! Backups that are there when they are needed: at both places, each store's own, and made when one was missed.

use std::collections::BTreeSet;
use std::path::Path;

use chrono::{DateTime, TimeDelta, Utc};
use glidepath::config::Config;
use glidepath::schedule::{Occasion, catch_up, catch_up_backup};
use glidepath::store::{Store, StoreId};
use tempfile::TempDir;

use super::support::*;

/// A config with places in `top`, whose second one is not made yet.
fn config_in(top: &TempDir, kept: usize) -> Config {
    let (backup_folder, backup_to) = (top.path().join("backups"), Some(top.path().join("disk")));
    Config { backup_folder, backup_to, backups_kept: kept, ..config() }
}

async fn world(config: Config) -> World {
    let world = World::with(small_account(), config).await;
    world.cycle("2026-03-20").await;
    world
}

fn names(folder: &Path) -> BTreeSet<String> {
    let entries = std::fs::read_dir(folder).into_iter().flatten();
    entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect()
}

/// Backups, without the mark of a second place.
fn backups(folder: &Path) -> BTreeSet<String> {
    names(folder).into_iter().filter(|name| name.ends_with(".duckdb")).collect()
}

fn named(id: &StoreId, stamp: &str) -> String {
    format!("{id}-glidepath-{stamp}.duckdb")
}

async fn missed(world: &World, now: &str) -> Vec<Option<bool>> {
    let places = world.engine.backup_places(at(now)).await.unwrap();
    places.iter().map(|place| place.missed).collect()
}

#[tokio::test]
async fn both_places_get_one_that_opens_and_a_place_that_fails_does_not_stop_the_other() {
    let top = TempDir::new().unwrap();
    let (first, disk) = (top.path().join("backups"), top.path().join("disk"));
    let world = world(config_in(&top, 2)).await;
    let (engine, id) = (&world.engine, world.engine.store().id().clone());
    // The disk is not there: the folder is not made, and the other place has its backup.
    let report = engine.back_up(at("2026-03-20T07:00:00Z")).await.unwrap();
    assert_eq!(report.path, first.join(named(&id, "20260320T070000Z")));
    assert!(report.places[0].error.is_none() && report.places[1].path.is_none());
    let said = report.places[1].error.clone().unwrap();
    assert!(said.starts_with("backup_to in [store]: there is no folder") && said.contains("mount the disk"), "{said}");
    assert!(!disk.exists());
    assert!(engine.second_place_problem().await.unwrap().unwrap().contains("there is no folder"));

    std::fs::create_dir(&disk).unwrap();
    let report = engine.back_up(at("2026-03-20T08:00:00Z")).await.unwrap();
    assert!(report.places.iter().all(|place| place.error.is_none()), "{report:?}");
    let copies = [&first, &disk].map(|folder| std::fs::read(folder.join(named(&id, "20260320T080000Z"))).unwrap());
    assert!(copies[0] == copies[1], "the second is copied from the first, and no writer waits for its disk");
    for folder in [&first, &disk] {
        let copy = Store::open(&folder.join(named(&id, "20260320T080000Z"))).unwrap();
        assert_eq!(copy.last_pull().await.unwrap(), Some(morning("2026-03-20")));
        assert_eq!(copy.id(), &id, "a copy is the same store");
    }
    assert_eq!(report.path, first.join(named(&id, "20260320T080000Z")), "of two, that in backup_folder");
    assert_eq!(engine.second_place_problem().await.unwrap(), None);

    // A folder in place of the first one: now that one fails.
    std::fs::rename(&first, top.path().join("away")).unwrap();
    std::fs::write(&first, "").unwrap();
    let report = engine.back_up(at("2026-03-20T09:00:00Z")).await.unwrap();
    assert_eq!(report.path, disk.join(named(&id, "20260320T090000Z")), "the path that is there");
    assert!(report.places[0].error.as_ref().unwrap().starts_with("backup_folder in [store]: creating the folder"));

    // Both: an error that names both.
    std::fs::rename(&disk, top.path().join("gone")).unwrap();
    let said = format!("{:#}", engine.back_up(at("2026-03-20T10:00:00Z")).await.unwrap_err());
    assert!(said.contains("backup_folder in [store]") && said.contains("backup_to in [store]"), "{said}");
}

/// What is mounted is another disk than the folder below it: whatever stood on the disk is not there.
#[tokio::test]
async fn a_disk_that_is_not_mounted_any_more_is_noticed() {
    let top = TempDir::new().unwrap();
    let disk = top.path().join("disk");
    std::fs::create_dir(&disk).unwrap();
    let store = top.path().join("store.duckdb");
    let world = World::with(small_account(), config_in(&top, 7)).await;
    let open = || engine(&world.fake, Store::open(&store).unwrap(), config_in(&top, 7));
    let engine = open();
    engine.cycle(morning("2026-03-20")).await.unwrap().unwrap();
    engine.back_up(at("2026-03-20T07:00:00Z")).await.unwrap();
    drop(engine);
    std::fs::rename(&disk, top.path().join("unmounted")).unwrap();
    std::fs::create_dir(&disk).unwrap();
    // It is known after a restart too.
    let engine = open();
    for hour in 8..10 {
        let report = engine.back_up(at(&format!("2026-03-20T0{hour}:00:00Z"))).await.unwrap();
        let said = report.places[1].error.clone().unwrap();
        assert!(said.contains("lacks the file glidepath-backups") && said.contains("`touch "), "{said}");
        assert!(names(&disk).is_empty(), "nothing is written onto the disk below");
    }
    assert!(engine.second_place_problem().await.unwrap().unwrap().contains("lacks the file"));
    let missed =
        |places: Vec<glidepath::cycle::BackupPlace>| places.iter().map(|place| place.missed).collect::<Vec<_>>();
    let states = engine.backup_places(at("2026-03-20T10:00:00Z")).await.unwrap();
    assert_eq!(states[1].newest, None);
    assert_eq!(missed(states), [Some(false), Some(true)], "and its backup counts as missed");

    std::fs::remove_dir(&disk).unwrap();
    std::fs::rename(top.path().join("unmounted"), &disk).unwrap();
    let report = engine.back_up(at("2026-03-20T11:00:00Z")).await.unwrap();
    assert!(report.places.iter().all(|place| place.error.is_none()), "{report:?}");
    assert_eq!(backups(&disk).len(), 2);
}

#[tokio::test]
async fn two_stores_in_one_folder_leave_each_other_s_backups_alone() {
    let top = TempDir::new().unwrap();
    let config = Config { backup_to: None, ..config_in(&top, 2) };
    let folder = config.backup_folder.clone();
    let (ours, theirs) = (world(config.clone()).await, world(config).await);
    let of_nobody = ["glidepath-20200101T030000Z.duckdb", "glidepath-20310101T030000Z.duckdb"];
    std::fs::create_dir(&folder).unwrap();
    for name in of_nobody {
        std::fs::write(folder.join(name), "an older version made it").unwrap();
    }
    for hour in 0..6_i64 {
        for world in [&ours, &theirs] {
            let now = at("2026-03-20T07:00:00Z") + TimeDelta::hours(hour);
            let report = world.engine.back_up(now).await.unwrap();
            assert!(report.path.is_file(), "a path that is told exists");
            let own = world.engine.store().id().to_string();
            assert!(report.removed.iter().all(|path| path.file_name().unwrap().to_str().unwrap().starts_with(&own)));
        }
    }
    let ids = [&ours, &theirs].map(|world| world.engine.store().id().clone());
    assert_ne!(ids[0], ids[1]);
    let mut left: BTreeSet<String> = of_nobody.map(str::to_owned).into();
    for id in &ids {
        left.extend([named(id, "20260320T110000Z"), named(id, "20260320T120000Z")]);
    }
    assert_eq!(names(&folder), left);
}

#[tokio::test]
async fn halves_of_a_killed_backup_go_with_the_next_one() {
    let top = TempDir::new().unwrap();
    let config = Config { backup_to: None, ..config_in(&top, 7) };
    let folder = config.backup_folder.clone();
    let world = world(config).await;
    let id = world.engine.store().id().clone();
    let now: DateTime<Utc> = at("2026-03-20T07:00:00Z");
    std::fs::create_dir(&folder).unwrap();
    let half = |name: String, minutes: i64| {
        let file = std::fs::File::create(folder.join(&name)).unwrap();
        file.set_modified((now - TimeDelta::minutes(minutes)).into()).unwrap();
        name
    };
    half(format!("{id}-glidepath-20260319T070000Z.partial"), 1);
    half(format!("{id}-glidepath-20260319T070000Z.partial.wal"), 1);
    half("glidepath-20260101T070000Z.partial".to_owned(), 100);
    let others = [
        half("0123456789abcdef-glidepath-20260101T070000Z.partial".to_owned(), 100),
        half("glidepath-20260320T065900Z.partial".to_owned(), 1),
        half("holiday.partial".to_owned(), 100),
    ];
    world.engine.back_up(now).await.unwrap();
    let mut left: BTreeSet<String> = others.into();
    left.insert(named(&id, "20260320T070000Z"));
    assert_eq!(names(&folder), left);
}

#[tokio::test]
async fn a_missed_backup_is_made_at_the_start_where_it_is_missing() {
    let top = TempDir::new().unwrap();
    let (first, disk) = (top.path().join("backups"), top.path().join("disk"));
    let world = World::with(small_account(), config_in(&top, 7)).await;
    let id = world.engine.store().id().clone();
    let start = async |now: &str| catch_up_backup(&world.engine, at(now)).await;
    // There is nothing to lose before the first cycle.
    start("2026-03-20T06:00:00Z").await;
    assert!(names(&first).is_empty());
    world.cycle("2026-03-20").await;
    start("2026-03-20T07:00:00Z").await;
    assert_eq!(backups(&first), BTreeSet::from([named(&id, "20260320T070000Z")]));
    // Restarts without end make no further ones, though the disk is still missing its own.
    assert_eq!(missed(&world, "2026-03-20T07:00:01Z").await, [Some(false), Some(true)]);
    for minute in 1..9 {
        start(&format!("2026-03-20T07:0{minute}:00Z")).await;
    }
    assert_eq!(backups(&first).len(), 1, "so that good ones are not rotated out");
    std::fs::create_dir(&disk).unwrap();
    start("2026-03-20T08:00:00Z").await;
    assert_eq!((backups(&first).len(), backups(&disk).len()), (1, 1), "only where one is missing");
    // The moment of the schedule comes and goes.
    start("2026-03-21T02:59:59Z").await;
    assert_eq!(backups(&first).len(), 1);
    start("2026-03-21T09:00:00Z").await;
    assert_eq!((backups(&first).len(), backups(&disk).len()), (2, 2));
    assert_eq!(missed(&world, "2026-03-21T10:00:00Z").await, [Some(false), Some(false)]);
    assert_eq!(missed(&world, "2026-03-22T10:00:00Z").await, [Some(true), Some(true)]);
}

#[tokio::test]
async fn the_first_cycle_makes_the_first_backup() {
    let top = TempDir::new().unwrap();
    let first = top.path().join("backups");
    let world = World::with(small_account(), config_in(&top, 7)).await;
    for (now, made) in [("2026-03-20T07:20:00Z", 1), ("2026-03-21T07:20:00Z", 1)] {
        world.fake.set_now(at(now));
        catch_up(&world.engine, at(now), Occasion::Later).await;
        assert_eq!(backups(&first).len(), made, "{now}: the schedule makes the later ones");
    }
    assert_eq!(world.engine.store().newest_cycle(None).await.unwrap().unwrap().clock, at("2026-03-21T07:20:00Z"));
}

#[tokio::test]
async fn where_backups_are_turned_off_none_is_missed() {
    let top = TempDir::new().unwrap();
    let text = "[store]\npath = \"unused.duckdb\"\n[schedule]\nbackup = \"never\"\n";
    let world = world(Config { backup_folder: top.path().join("backups"), ..config_of(text) }).await;
    catch_up_backup(&world.engine, at("2026-04-20T06:00:00Z")).await;
    assert_eq!(missed(&world, "2026-04-20T06:00:00Z").await, [None]);
    assert!(!top.path().join("backups").exists());
}
