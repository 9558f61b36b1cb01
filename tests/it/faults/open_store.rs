//! Stores that are damaged while a program has them open: what it still holds takes the place of what was damaged.

use std::fs;
use std::io::Write as _;

use glidepath::domain::facts::healing::HealedFrom;
use glidepath::store::{Store, Verified, VerifiedTable};
use rand::{RngExt as _, SeedableRng as _};
use rand_chacha::ChaCha8Rng;

use super::damage::{FILE, LOG, draws, fill, laid_out, now, opening, sound};

/// A file, or a log, that is removed under a running program.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_removed_under_the_program_is_noticed_and_put_back_whole() {
    let ours = sound().await;
    for gone in [FILE, LOG] {
        let folder = laid_out(&ours.logged);
        let store = Store::open_or_heal(opening(folder.path())).unwrap();
        store.checkpoint().unwrap();
        assert_eq!(store.look_for_files().await.unwrap(), None, "a checkpoint that removes the log is no loss");
        fill(&store, 21..22).await;
        let before = store.verify().await.unwrap();
        assert!(before.is_sound() && store.look_for_files().await.unwrap().is_none(), "{gone}");
        fs::remove_file(folder.path().join(gone)).unwrap();
        let found = store.verify().await.unwrap();
        assert!(found.problems().join("; ").contains("was removed"), "{gone}: {:?}", found.problems());
        let healing = store.heal(store.damage().unwrap()).await.unwrap();
        assert!(healing.is_whole(), "{gone}: {healing:?}");
        let after = store.verify().await.unwrap();
        assert!(after.is_sound() && store.look_for_files().await.unwrap().is_none(), "{gone}: {:?}", after.problems());
        let rows = |verified: &Verified| verified.tables.iter().map(|table| table.rows).sum::<u64>();
        assert_eq!(rows(&after), rows(&before) + 1, "{gone}: all of it, and the note");
    }
}

/// A file that is damaged under a running program, which still holds in memory what it read.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_the_program_still_holds_takes_the_place_of_a_file_that_was_damaged_under_it() {
    let ours = sound().await;
    let mut random = ChaCha8Rng::seed_from_u64(7);
    let mut healed = 0;
    for draw in 0..draws() * 3 {
        let folder = laid_out(&ours.logged);
        let store = Store::open_or_heal(opening(folder.path())).unwrap();
        let before = store.verify().await.unwrap();
        assert!(before.is_sound(), "draw {draw}: {:?}", before.problems());
        let (path, log) = (folder.path().join(FILE), folder.path().join(LOG));
        let hit = if log.exists() && draw % 2 == 0 { log } else { path };
        let mut held = fs::read(&hit).unwrap();
        let at = random.random_range(0..held.len());
        held[at] ^= 1 << random.random_range(0..8);
        // Not anew: the database has this very file open.
        fs::OpenOptions::new().write(true).open(&hit).unwrap().write_all(&held).unwrap();
        let found = store.verify().await.unwrap();
        let Some(damage) = store.damage() else {
            assert!(found.is_sound());
            continue;
        };
        assert!(found.file.is_some(), "draw {draw}: {:?}", found.problems());
        let healing = store.heal(damage).await.unwrap();
        assert_eq!((healing.source, healing.knows_to), (HealedFrom::File, Some(now())), "draw {draw}");
        let after = store.verify().await.unwrap();
        assert!(after.is_sound(), "draw {draw}: {:?}", after.problems());
        let facts = |verified: &Verified| -> Vec<VerifiedTable> {
            verified.tables.iter().filter(|table| table.name != "healings").cloned().collect()
        };
        assert_eq!(facts(&after), facts(&before), "draw {draw}: nothing is missing");
        healed += 1;
    }
    assert!(healed > draws(), "of {} bits, {healed} were noticed", draws() * 3);
}

/// A database that was called often is opened anew with all that it holds, unless its file is not sound.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_database_that_was_called_often_is_opened_anew_and_holds_the_same() {
    let ours = sound().await;
    let folder = laid_out(&ours.logged);
    let store = Store::open_or_heal(opening(folder.path())).unwrap();
    let before = store.verify().await.unwrap();
    assert!(!store.renew().await.unwrap(), "it was hardly called");
    let call =
        || store.call_blocking(|connection| Ok(connection.query_row("SELECT 1", [], |row| row.get::<_, i64>(0))?));
    let called_often = || (0..2_000).for_each(|_| assert_eq!(call().unwrap(), 1));
    called_often();
    assert!(store.renew().await.unwrap());
    assert!(!store.renew().await.unwrap(), "once");
    assert_eq!(store.verify().await.unwrap().tables, before.tables);

    // What it holds of a file that was damaged under it is not given up.
    called_often();
    let path = folder.path().join(FILE);
    let mut held = fs::read(&path).unwrap();
    // All but the headers: not every block holds rows.
    held[3 * 4096..].fill(0xff);
    fs::OpenOptions::new().write(true).open(&path).unwrap().write_all(&held).unwrap();
    assert!(!store.renew().await.unwrap());
    let healing = store.heal(store.damage().expect("it is noted")).await.unwrap();
    assert!(healing.is_whole(), "{healing:?}");
    assert_eq!(store.verify().await.unwrap().tables.len(), before.tables.len());
}
