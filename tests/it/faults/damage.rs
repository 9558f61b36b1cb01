//! Stores that were damaged at random: none ends the process, none is taken for another, none loses anything without a word.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use chrono::{DateTime, Utc};
use glidepath::domain::facts::credits::RecordedBalance;
use glidepath::domain::facts::healing::HealedFrom;
use glidepath::domain::facts::outcome::Outcome;
use glidepath::domain::values::period::{DayRange, plus_days};
use glidepath::store::{
    BackupFolders, Claim, CreditPull, EXAMINE, Examiner, IngestRun, Opening, Store, StoreError, StoreId, Verified,
    VerifiedTable,
};
use rand::{RngExt as _, SeedableRng as _};
use rand_chacha::ChaCha8Rng;
use tempfile::TempDir;

use crate::cli::{config, glidepath, run, text};
use crate::support::pulls::{Size, pull};
use crate::support::values::{day, usd};

const SIZE: Size = Size { services: 8, usage_types: 12 };
pub(super) const FILE: &str = "store.duckdb";

/// Draws of each kind of damage; the long run sets more.
pub(super) fn draws() -> u64 {
    std::env::var("GLIDEPATH_DAMAGES").ok().and_then(|text| text.parse().ok()).unwrap_or(4)
}

/// The program that looks into files before they are opened.
fn program() -> PathBuf {
    PathBuf::from(env!("CARGO_BIN_EXE_glidepath-under-test"))
}

pub(super) fn now() -> DateTime<Utc> {
    "2026-03-26T06:30:00Z".parse().unwrap()
}

pub(super) fn opening(folder: &Path) -> Opening {
    Opening {
        path: folder.join(FILE),
        memory_mb: 64,
        examiner: Examiner { program: Some(program()) },
        backups: BackupFolders { first: folder.join("backups"), second: None, copy: None },
        claim: Claim::None,
        now,
    }
}

/// What a folder with a store holds, by name.
pub(super) type Files = BTreeMap<String, Vec<u8>>;

fn files_in(folder: &Path) -> Files {
    let mut files = Files::new();
    for entry in fs::read_dir(folder).unwrap() {
        let entry = entry.unwrap();
        if entry.file_type().unwrap().is_dir() {
            let name = entry.file_name().into_string().unwrap();
            files.extend(files_in(&entry.path()).into_iter().map(|(file, held)| (format!("{name}/{file}"), held)));
        } else {
            files.insert(entry.file_name().into_string().unwrap(), fs::read(entry.path()).unwrap());
        }
    }
    files
}

pub(super) fn laid_out(files: &Files) -> TempDir {
    let folder = TempDir::new().unwrap();
    fs::create_dir(folder.path().join("backups")).unwrap();
    for (name, held) in files {
        fs::write(folder.path().join(name), held).unwrap();
    }
    folder
}

pub(super) async fn fill(store: &Store, days: std::ops::Range<i64>) {
    for number in days {
        let today = plus_days(day("2026-03-01"), number);
        let clock = today.and_hms_opt(6, 30, 0).unwrap().and_utc();
        let window = DayRange::new(plus_days(today, -6), plus_days(today, 1));
        let run = IngestRun {
            clock,
            aws_clock: Some(clock),
            account: Some("123456789012".to_owned()),
            costs: Some(pull(window, SIZE, plus_days(today, -1))),
            costs_outcome: Outcome::Ok,
            credits: CreditPull::default(),
            credits_outcome: Outcome::Ok,
        };
        store.append_run(run).await.unwrap();
    }
}

/// A store of 20 days with a backup of the 18th, everything in its file; and the same with the last day, and a balance that somebody
/// typed in, in its log.
pub(super) struct Sound {
    pub(super) checkpointed: Files,
    pub(super) logged: Files,
    pub(super) id: StoreId,
}

pub(super) async fn sound() -> Sound {
    let folder = TempDir::new().unwrap();
    fs::create_dir(folder.path().join("backups")).unwrap();
    let store = Store::open_or_heal(opening(folder.path())).unwrap();
    let id = store.id().clone();
    fill(&store, 0..18).await;
    let name = glidepath::store::BackupFile::name_of(&id, "2026-03-18T07:00:00Z".parse().unwrap());
    store.backup(&folder.path().join("backups").join(name)).await.unwrap();
    fill(&store, 18..20).await;
    store.checkpoint().unwrap();
    let without_lock = |mut files: Files| {
        files.remove("store.duckdb.lock");
        files
    };
    let checkpointed = without_lock(files_in(folder.path()));
    fill(&store, 20..21).await;
    let balance = RecordedBalance { pool: "pool".to_owned(), amount: usd("812.5"), at: day("2026-03-20") };
    store.record_balance(now(), balance).await.unwrap();
    let logged = without_lock(files_in(folder.path()));
    assert!(logged["store.duckdb.wal"].len() > 500, "the log holds the last day");
    Sound { checkpointed, logged, id }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Damage {
    Truncated,
    Flipped,
    ZeroedBlock,
    Empty,
    Missing,
    LogOfGarbage,
    LogFlipped,
    LogTruncated,
    LogOfAnother,
    LogOfOlderFile,
    Both,
}

const DAMAGES: [Damage; 11] = [
    Damage::Truncated,
    Damage::Flipped,
    Damage::ZeroedBlock,
    Damage::Empty,
    Damage::Missing,
    Damage::LogOfGarbage,
    Damage::LogFlipped,
    Damage::LogTruncated,
    Damage::LogOfAnother,
    Damage::LogOfOlderFile,
    Damage::Both,
];

pub(super) const LOG: &str = "store.duckdb.wal";

impl Damage {
    fn draw(self, sound: &Sound, other: &Sound, rng: &mut ChaCha8Rng) -> Files {
        let in_log = format!("{self:?}").starts_with("Log") || rng.random_bool(0.3);
        let mut files = if in_log { sound.logged.clone() } else { sound.checkpointed.clone() };
        let mut flip = |files: &mut Files, name: &str, near: &[usize]| {
            let held = files.get_mut(name).unwrap();
            // Where heads lie, more often than chance would.
            let within = near[rng.random_range(0..near.len())].min(held.len());
            let at = rng.random_range(0..within);
            held[at] ^= 1 << rng.random_range(0..8_u32);
        };
        match self {
            Damage::Flipped => flip(&mut files, FILE, &[64, 12_288, usize::MAX, usize::MAX]),
            Damage::LogFlipped => flip(&mut files, LOG, &[40, 400, usize::MAX, usize::MAX]),
            Damage::Both => {
                files.clone_from(&sound.logged);
                flip(&mut files, FILE, &[12_288, usize::MAX]);
                flip(&mut files, LOG, &[400, usize::MAX]);
            }
            Damage::Truncated => {
                let held = files.get_mut(FILE).unwrap();
                held.truncate(rng.random_range(1..held.len()));
            }
            Damage::LogTruncated => {
                let held = files.get_mut(LOG).unwrap();
                held.truncate(rng.random_range(0..held.len()));
            }
            Damage::ZeroedBlock => {
                let held = files.get_mut(FILE).unwrap();
                let block = 4096 * rng.random_range(0..held.len() / 4096);
                held[block..block + 4096].fill(0);
            }
            Damage::Empty => files.get_mut(FILE).unwrap().clear(),
            Damage::Missing => drop(files.remove(FILE)),
            Damage::LogOfGarbage => {
                let mut noise = vec![0; rng.random_range(16..9000)];
                rng.fill(&mut noise[..]);
                files.insert(LOG.to_owned(), noise);
            }
            Damage::LogOfAnother => drop(files.insert(LOG.to_owned(), other.logged[LOG].clone())),
            Damage::LogOfOlderFile => {
                // Somebody put a backup in the file's place, and left the log beside it.
                let backup = sound.logged.iter().find(|(name, _)| name.starts_with("backups/")).unwrap().1.clone();
                files.insert(FILE.to_owned(), backup);
                files.insert(LOG.to_owned(), sound.logged[LOG].clone());
            }
        }
        files
    }
}

/// What people and AWS put into a store, by table.
fn contents(found: &Verified) -> BTreeMap<String, (u64, String)> {
    let table = |table: &VerifiedTable| (table.name.clone(), (table.rows, table.digest.clone()));
    let ours = found.tables.iter().filter(|table| !["healings", "write_trials"].contains(&table.name.as_str()));
    ours.map(table).collect()
}

async fn contents_of(files: &Files) -> BTreeMap<String, (u64, String)> {
    let folder = laid_out(files);
    let store = Store::open_or_heal(opening(folder.path())).unwrap();
    assert!(store.healings().await.unwrap().is_empty());
    contents(&store.verify().await.unwrap())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn damage_at_random_loses_nothing_without_a_word() {
    let (ours, other) = (sound().await, sound().await);
    let (whole, logged) = (contents_of(&ours.checkpointed).await, contents_of(&ours.logged).await);
    let mut healed = BTreeMap::<String, u32>::new();
    for damage in DAMAGES {
        for seed in 0..draws() {
            let mut rng = ChaCha8Rng::seed_from_u64(seed);
            let files = damage.draw(&ours, &other, &mut rng);
            let what = format!("{damage:?}, draw {seed}");
            let folder = laid_out(&files);
            let store = Store::open_or_heal(opening(folder.path())).unwrap_or_else(|error| panic!("{what}: {error}"));
            let mut found = store.verify().await.unwrap();
            if let Some(met) = store.damage() {
                // A block that is only met when it is read.
                store.heal(met).await.unwrap_or_else(|error| panic!("{what}: {error}"));
                found = store.verify().await.unwrap();
            }
            assert!(found.is_sound(), "{what}: {:?}", found.problems());
            assert_eq!(store.id(), &ours.id, "{what}");
            let healings = store.healings().await.unwrap();
            let had_log = files.get(LOG).is_some_and(|log| !log.is_empty());
            let expected = if had_log && damage != Damage::LogOfGarbage { &logged } else { &whole };
            match healings.as_slice() {
                [] => {
                    // What was cut off the end of a log looks as if it had never been committed.
                    let cut = damage == Damage::LogTruncated;
                    assert!(contents(&found) == *expected || cut, "{what}: something is missing, and nobody is told");
                }
                healings => {
                    let newest = healings.last().unwrap();
                    *healed.entry(format!("{damage:?}")).or_default() += 1;
                    if let Some(kept_as) = &newest.kept_as {
                        let kept = fs::read(kept_as).unwrap_or_default();
                        let log = fs::read(format!("{kept_as}.wal")).unwrap_or_default();
                        assert!(!kept.is_empty() || !log.is_empty() || damage == Damage::Empty, "{what}: {newest:?}");
                    }
                    assert_ne!(newest.source, HealedFrom::Nothing, "{what}: there is a good backup");
                }
            }
            drop(store);
            // And it stays so.
            let again = Store::open_or_heal(opening(folder.path())).unwrap_or_else(|error| panic!("{what}: {error}"));
            assert_eq!(again.healings().await.unwrap(), healings, "{what}: it is healed once");
        }
    }
    for damage in [Damage::Truncated, Damage::Empty, Damage::Missing, Damage::LogOfGarbage, Damage::LogOfAnother] {
        assert_eq!(u64::from(healed[&format!("{damage:?}")]), draws(), "{damage:?}: each is noticed");
    }
    assert!(healed["LogFlipped"] > 0 && healed["Flipped"] > 0, "{healed:?}");
}

/// Whose file it is, by what stands there: the file, its id, backups beside it.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn it_is_told_whose_file_stands_there() {
    let ours = sound().await;
    let backup = ours.checkpointed.keys().find(|name| name.starts_with("backups/")).unwrap().clone();
    let with = |change: &dyn Fn(&mut Files)| {
        let mut files = ours.checkpointed.clone();
        change(&mut files);
        files
    };
    let open = |files: &Files, claim: Claim| {
        let folder = laid_out(files);
        let opened = Store::open_or_heal(Opening { claim, ..opening(folder.path()) });
        (folder, opened)
    };
    let no_id = |files: &mut Files| drop(files.remove("store.duckdb.id"));
    let no_file = |files: &mut Files| drop(files.remove(FILE));
    let no_backup = |files: &mut Files| files.retain(|name, _| !name.starts_with("backups/"));

    // Nothing says that there was a store: a new one.
    let (_folder, opened) = open(&Files::new(), Claim::None);
    let new = opened.unwrap();
    assert!(new.healings().await.unwrap().is_empty() && new.id() != &ours.id);

    // A store that opens wins over what stands beside it.
    let wrong_id = with(&|files| drop(files.insert("store.duckdb.id".to_owned(), b"0123456789abcdef\n".to_vec())));
    let (folder, opened) = open(&wrong_id, Claim::None);
    assert_eq!(opened.unwrap().id(), &ours.id);
    assert_eq!(StoreId::beside(&folder.path().join(FILE)), Ok(Some(ours.id.clone())));

    // Gone, and only its id is left: it begins anew under it, and says so.
    let (_folder, opened) = open(&with(&|files| (no_file(files), no_backup(files)).0), Claim::None);
    let store = opened.unwrap();
    assert_eq!((store.id(), store.healings().await.unwrap()[0].source), (&ours.id, HealedFrom::Nothing));

    // Gone with its id, and backups are there: nothing is made, unless somebody says what.
    let gone = with(&|files| (no_file(files), no_id(files)).0);
    let (folder, opened) = open(&gone, Claim::None);
    let Err(StoreError::Unclaimed(unclaimed)) = opened else { panic!("it is refused") };
    assert_eq!(unclaimed.sole, Some((Some(ours.id.clone()), Some("123456789012".to_owned()))));
    let said = unclaimed.to_string();
    assert!(
        said.contains(&ours.id.to_string()) && said.contains("123456789012") && said.contains("18 March 2026"),
        "{said}"
    );
    assert!(said.contains("glidepath restore PATH") && said.contains("--new"), "{said}");
    assert!(!folder.path().join(FILE).exists(), "nothing was created");
    let (_folder, opened) = open(&gone, Claim::Backups { of: Some(ours.id.clone()) });
    let store = opened.unwrap();
    assert_eq!((store.id(), store.healings().await.unwrap()[0].source), (&ours.id, HealedFrom::Backup));
    let (_folder, opened) = open(&gone, Claim::New);
    let store = opened.unwrap();
    assert!(store.id() != &ours.id && store.healings().await.unwrap().is_empty());
    drop(store);

    // An empty file without an id says as little as no file.
    let empty = with(&|files| (drop(files.insert(FILE.to_owned(), Vec::new())), no_id(files)).1);
    let (folder, opened) = open(&empty, Claim::None);
    let Err(StoreError::Unclaimed(unclaimed)) = opened else { panic!("it is refused") };
    assert_eq!(unclaimed.sole, Some((Some(ours.id.clone()), Some("123456789012".to_owned()))));
    assert_eq!(fs::metadata(folder.path().join(FILE)).unwrap().len(), 0, "nothing was moved");
    let (_folder, opened) = open(&empty, Claim::Backups { of: Some(ours.id.clone()) });
    let store = opened.unwrap();
    assert_eq!((store.id(), store.healings().await.unwrap()[0].source), (&ours.id, HealedFrom::Backup));
    let (_folder, opened) = open(&empty, Claim::New);
    let store = opened.unwrap();
    assert!(store.id() != &ours.id && store.healings().await.unwrap()[0].source == HealedFrom::Nothing);
    drop(store);

    // Backups of two stores: it cannot be told which, whoever asks.
    let mut of_two = gone.clone();
    of_two.insert("backups/0123456789abcdef-glidepath-20260319T070000Z.duckdb".to_owned(), gone[&backup].clone());
    for claim in [Claim::None, Claim::Backups { of: Some(ours.id.clone()) }] {
        let (_folder, opened) = open(&of_two, claim);
        let Err(StoreError::Unclaimed(unclaimed)) = opened else { panic!("it is refused") };
        assert_eq!((unclaimed.newest.len(), unclaimed.sole), (2, None));
    }

    // A backup of an older version bears no id.
    let mut older = gone.clone();
    let held = older.remove(&backup).unwrap();
    older.insert("backups/glidepath-20260318T070000Z.duckdb".to_owned(), held);
    let (_folder, opened) = open(&older, Claim::Backups { of: None });
    assert_eq!(opened.unwrap().healings().await.unwrap()[0].source, HealedFrom::Backup);
    let with_id = [("store.duckdb.id".to_owned(), format!("{}\n", ours.id).into_bytes())];
    older.extend(with_id);
    let (_folder, opened) = open(&older, Claim::None);
    assert_eq!(opened.unwrap().healings().await.unwrap()[0].source, HealedFrom::Backup);

    // Another program's files are left alone; with our id beside them they were ours.
    let text = b"this is a shopping list\n".repeat(500);
    let others = with(&|files| {
        no_id(files);
        files.insert(FILE.to_owned(), text.clone());
    });
    let (folder, opened) = open(&others, Claim::None);
    assert!(opened.err().unwrap().to_string().contains("another program's file"));
    assert_eq!(fs::read(folder.path().join(FILE)).unwrap(), text);
    let (_folder, opened) = open(&with(&|files| drop(files.insert(FILE.to_owned(), text.clone()))), Claim::None);
    assert_eq!(opened.unwrap().healings().await.unwrap()[0].source, HealedFrom::Backup);
    // A database of another program opens, and is refused whatever stands beside it.
    let elsewhere = TempDir::new().unwrap();
    let foreign = elsewhere.path().join("foreign.duckdb");
    duckdb::Connection::open(&foreign).unwrap().execute_batch("CREATE TABLE theirs (i INTEGER)").unwrap();
    let foreign = fs::read(foreign).unwrap();
    let (folder, opened) = open(&with(&|files| drop(files.insert(FILE.to_owned(), foreign.clone()))), Claim::None);
    assert!(opened.err().unwrap().to_string().contains("another program's file"));
    assert_eq!(fs::read(folder.path().join(FILE)).unwrap(), foreign);
    // A damaged file of DuckDB's without id is ours.
    let torn = with(&|files| {
        no_id(files);
        files.get_mut(FILE).unwrap().truncate(20_000);
    });
    let (_folder, opened) = open(&torn, Claim::None);
    assert_eq!(opened.unwrap().healings().await.unwrap()[0].source, HealedFrom::Backup);

    // A folder in its place.
    let (folder, _) = open(&gone, Claim::New);
    fs::remove_file(folder.path().join(FILE)).unwrap();
    fs::create_dir(folder.path().join(FILE)).unwrap();
    let refused = Store::open_or_heal(opening(folder.path())).err().unwrap().to_string();
    assert!(refused.contains("it is a folder: name a file in [store] path"), "{refused}");
}

/// A backup that cannot be read is passed over; one that is wrong in the same way stops the healing.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_newest_good_backup_is_taken_and_a_defect_is_not_healed() {
    let ours = sound().await;
    let id = &ours.id;
    let good = ours.checkpointed.iter().find(|(name, _)| name.starts_with("backups/")).unwrap().1.clone();
    let mut files = ours.checkpointed.clone();
    files.get_mut(FILE).unwrap().truncate(30_000);
    let mut torn = good.clone();
    torn.truncate(good.len() / 2);
    files.insert(format!("backups/{id}-glidepath-20260319T070000Z.duckdb"), torn);
    let folder = laid_out(&files);
    let store = Store::open_or_heal(opening(folder.path())).unwrap();
    let healing = store.healings().await.unwrap().remove(0);
    assert_eq!(healing.knows_to, Some("2026-03-18T07:00:00Z".parse().unwrap()));
    drop(store);

    // Charges that belong to no pull, in the store and in its newest backup alike.
    let folder = laid_out(&ours.checkpointed);
    let store = Store::open_or_heal(opening(folder.path())).unwrap();
    let orphans = "INSERT INTO charges SELECT 999, charge_day, service_name, x_record_type, charge_category, billed_cost, x_estimated
                   FROM charges LIMIT 3";
    store.call_blocking(|connection| Ok(connection.execute(orphans, [])?)).unwrap();
    let with_defect = folder.path().join(format!("backups/{id}-glidepath-20260320T070000Z.duckdb"));
    store.backup(&with_defect).await.unwrap();
    assert_eq!(store.verify().await.unwrap().broken(), ["every charge belongs to a pull"]);
    let met = store.damage().unwrap();
    let refused = store.heal(met.clone()).await.unwrap_err();
    assert!(matches!(refused, StoreError::Defect { .. }), "{refused}");
    let moved =
        || fs::read_dir(folder.path()).unwrap().any(|it| it.unwrap().file_name().to_string_lossy().contains("damaged"));
    assert!(!moved(), "nothing is moved");
    assert!(store.newest_cycle(None).await.is_ok(), "and it is open again");
    assert!(store.damage_to_heal().is_none(), "it is not tried again at once");
    let why = store.unhealed().unwrap();
    assert!(store.damage() == Some(met.clone()) && why.contains("defect of glidepath"), "{why}");
    // Where the backup is right, it is healed from that.
    fs::remove_file(with_defect).unwrap();
    store.heal(met).await.unwrap();
    assert!(store.damage().is_none() && store.unhealed().is_none());
    assert!(moved() && store.verify().await.unwrap().is_sound());
}

/// A disk that damages whatever is written to it: healing ends, and says so.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_store_that_is_damaged_again_and_again_is_left_alone() {
    let ours = sound().await;
    let folder = laid_out(&ours.checkpointed);
    let path = folder.path().join(FILE);
    for time in 1..=5 {
        fs::OpenOptions::new().write(true).open(&path).unwrap().set_len(10_000).unwrap();
        let store = Store::open_or_heal(opening(folder.path())).unwrap();
        assert_eq!(store.healings().await.unwrap().len(), 1, "time {time}: each backup knows of none");
    }
    fs::OpenOptions::new().write(true).open(&path).unwrap().set_len(10_000).unwrap();
    let refused = Store::open_or_heal(opening(folder.path())).err().unwrap().to_string();
    assert!(refused.contains("5 times within the hour") && refused.contains("look at both"), "{refused}");
    assert_eq!(fs::metadata(&path).unwrap().len(), 10_000, "nothing was moved");
    let an_hour_later = || now() + chrono::TimeDelta::minutes(61);
    Store::open_or_heal(Opening { now: an_hour_later, ..opening(folder.path()) }).unwrap();
}

/// Where that is so, somebody is told, once a day.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_store_that_is_left_damaged_is_told() {
    let ours = sound().await;
    let folder = TempDir::new().unwrap();
    config(&folder, "[[channel]]\nname = \"log\"\ntype = \"log\"\n");
    let store = folder.path().join("store");
    fs::create_dir(&store).unwrap();
    fs::write(store.join("glidepath.duckdb"), &ours.checkpointed[FILE][..10_000]).unwrap();
    fs::write(store.join("glidepath.duckdb.id"), &ours.checkpointed["store.duckdb.id"]).unwrap();
    for time in 1..=5 {
        let moved = format!("glidepath.duckdb.damaged-{}-{time}", Utc::now().format("%Y%m%dT%H%M%SZ"));
        fs::write(store.join(moved), "").unwrap();
    }
    let said = || {
        let output = run(glidepath(folder.path(), None).arg("cycle"));
        assert_eq!(output.status.code(), Some(1), "{}", text(&output.stderr));
        text(&output.stderr)
    };
    let (first, second) = (said(), said());
    assert!(first.contains("store_damaged") && first.contains("Glidepath's store is damaged"), "{first}");
    assert!(!second.contains("store_damaged") && second.contains("5 times within the hour"), "{second}");
    for entry in fs::read_dir(&store).unwrap() {
        let path = entry.unwrap().path();
        if path.to_string_lossy().contains(".damaged-") {
            fs::remove_file(path).unwrap();
        }
    }
    let (third, fourth) = (said(), said());
    assert!(third.contains("All clear: a damaged store") && third.contains("store_healed"), "{third}");
    assert!(!fourth.contains("All clear: a damaged store"), "{fourth}");
}

/// Backups that bear a time that is yet to come, and a second place that is not there.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_wrong_time_and_no_disk_that_is_away_costs_a_word() {
    let ours = sound().await;
    let (backup, held) = ours.checkpointed.iter().find(|(name, _)| name.starts_with("backups/")).unwrap();
    let mut files = ours.checkpointed.clone();
    files.remove(LOG);
    files.get_mut(FILE).unwrap().truncate(30_000);
    files.insert(format!("backups/{}-glidepath-20260328T070000Z.duckdb", ours.id), held.clone());
    let folder = laid_out(&files);
    let store = Store::open_or_heal(opening(folder.path())).unwrap();
    let healing = store.healings().await.unwrap().remove(0);
    assert!(healing.copied.as_ref().is_some_and(|copied| copied.ends_with(backup)), "{healing:?}");
    assert!(!healing.is_whole() && healing.not_brought_back().contains("is not there"), "{healing:?}");

    files.retain(|name, _| !name.starts_with("backups/"));
    let folder = laid_out(&files);
    let away = folder.path().join("away");
    let backups = BackupFolders { first: folder.path().join("backups"), second: Some(away.clone()), copy: None };
    let refused = Store::open_or_heal(Opening { backups, ..opening(folder.path()) }).err().unwrap();
    assert!(matches!(refused, StoreError::BackupUnread { .. }), "{refused}");
    assert_eq!(fs::metadata(folder.path().join(FILE)).unwrap().len(), 30_000, "nothing was moved");

    let link = TempDir::new().unwrap();
    std::os::unix::fs::symlink(&away, link.path().join(FILE)).unwrap();
    let refused = Store::open_or_heal(opening(link.path())).err().unwrap().to_string();
    assert!(refused.contains("it is a link to"), "{refused}");
}

/// A log that was left over without its file does not stop a new store.
#[test]
fn a_log_without_a_store_is_moved_aside() {
    let folder = TempDir::new().unwrap();
    fs::write(folder.path().join(LOG), "of a store that was removed by hand").unwrap();
    drop(Store::open_or_heal(opening(folder.path())).unwrap());
    let mut names = fs::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
    assert!(names.any(|name| name.contains(".damaged-") && name.ends_with(".wal")));
}

/// Killed at each step of healing, the next start goes on from there.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn healing_that_was_cut_off_is_finished_by_the_next_start() {
    let ours = sound().await;
    let backup = ours.checkpointed.iter().find(|(name, _)| name.starts_with("backups/")).unwrap().1.clone();
    let mut files = ours.logged.clone();
    files.insert("store.duckdb.restoring".to_owned(), backup[..5000].to_vec());
    // While the new file was written: it is begun anew.
    let folder = laid_out(&files);
    let store = Store::open_or_heal(opening(folder.path())).unwrap();
    assert!(store.healings().await.unwrap().is_empty());
    drop(store);
    // Once it was whole, and before anything was moved: what stands there is looked into anew.
    let healed = {
        let folder = laid_out(&files);
        fs::write(folder.path().join(FILE), b"").unwrap();
        drop(Store::open_or_heal(opening(folder.path())).unwrap());
        fs::read(folder.path().join(FILE)).unwrap()
    };
    files.insert("store.duckdb.restored".to_owned(), healed);
    let folder = laid_out(&files);
    let store = Store::open_or_heal(opening(folder.path())).unwrap();
    assert!(store.healings().await.unwrap().is_empty() && !folder.path().join("store.duckdb.restored").exists());
    drop(store);
    // Once the old file was moved, with and without its log.
    for log in [true, false] {
        let mut files = files.clone();
        files.remove(FILE);
        if !log {
            files.remove(LOG);
        }
        let folder = laid_out(&files);
        let store = Store::open_or_heal(opening(folder.path())).unwrap();
        assert_eq!(store.healings().await.unwrap().len(), 1, "the note of the first try counts");
        assert!(store.verify().await.unwrap().is_sound());
    }
}

/// The hidden command that looks into a file answers in words that the store reads.
#[test]
fn the_program_looks_into_a_file_for_another_process() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("no.duckdb");
    fs::write(&path, "no database").unwrap();
    let output = std::process::Command::new(program()).arg(EXAMINE).arg(&path).output().unwrap();
    assert!(String::from_utf8_lossy(&output.stdout).contains("Damaged"), "{output:?}");
}
