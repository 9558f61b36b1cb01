//! Links that were revoked, while the folders of backups come and go, the config names others, and the store is lost: whatever happens,
//! no restore opens one again; and where the list beside the store is left, none ends that was open.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicI64, Ordering};

use chrono::{DateTime, TimeDelta, Utc};
use glidepath::store::{BackupFolders, Claim, Examiner, Opening, Revocation, Store, StoredLink};
use proptest::collection::vec;
use proptest::prelude::*;
use tempfile::TempDir;
use tokio::runtime::{Builder, Runtime};

use super::desk::{link, patiently};
use crate::support::served::first_cycle;

/// What happens.
#[derive(Debug, Clone)]
enum Step {
    Make,
    /// One of the open links.
    Revoke(usize),
    BackUp,
    /// The disk of a folder is not mounted any more.
    Away(Folder),
    Back(Folder),
    Use(Folders),
    /// The file of the store alone, with its log.
    LoseFile,
    /// And all that stands beside it.
    LoseDisk,
    /// One of the backups that are there, or the newest.
    Restore(Option<usize>),
    Reopen,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Folder {
    A,
    B,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Folders {
    A,
    B,
    /// `backup_folder` is A, and `backup_to` is B.
    Both,
}

use Folder::{A, B};
use Step::{Away, Back, BackUp, LoseDisk, LoseFile, Make, Reopen, Restore, Revoke, Use};

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let folder = || prop_oneof![Just(A), Just(B)];
    let step = prop_oneof![
        3 => Just(Make),
        4 => (0..9_usize).prop_map(Revoke),
        4 => Just(BackUp),
        2 => folder().prop_map(Away),
        2 => folder().prop_map(Back),
        2 => prop_oneof![Just(Folders::A), Just(Folders::B), Just(Folders::Both)].prop_map(Use),
        1 => Just(LoseFile),
        2 => Just(LoseDisk),
        3 => proptest::option::of(0..9_usize).prop_map(Restore),
        1 => Just(Reopen),
    ];
    vec(step, 6..22)
}

/// A link outlives every sequence.
const DAYS: i64 = 3_000;

/// A clock that goes on.
fn now() -> DateTime<Utc> {
    static MINUTES: AtomicI64 = AtomicI64::new(0);
    first_cycle() + TimeDelta::minutes(MINUTES.fetch_add(1, Ordering::SeqCst))
}

struct World {
    top: TempDir,
    runtime: Runtime,
    folders: Folders,
    store: Option<Store>,
    made: usize,
    revoked: BTreeSet<String>,
    /// Links that were open when the store was last looked at, as long as no disk was lost.
    open: Option<BTreeSet<String>>,
    /// What was said of the newest revocation.
    said: Vec<String>,
}

impl World {
    fn new() -> World {
        let top = TempDir::new().unwrap();
        for folder in ["A", "B", "disk"] {
            std::fs::create_dir(top.path().join(folder)).unwrap();
        }
        std::fs::write(top.path().join("B/glidepath-backups"), "").unwrap();
        let runtime = Builder::new_current_thread().build().unwrap();
        let (folders, revoked, open) = (Folders::A, BTreeSet::new(), Some(BTreeSet::new()));
        World { top, runtime, folders, store: None, made: 0, revoked, open, said: Vec::new() }
    }

    fn after(steps: &[Step]) -> World {
        let mut world = World::new();
        for step in steps {
            world.take(step);
        }
        world
    }

    fn at(&self, name: &str) -> PathBuf {
        self.top.path().join(name)
    }

    fn place(&self, folder: Folder) -> PathBuf {
        self.at(if folder == A { "A" } else { "B" })
    }

    fn opening(&self) -> Opening {
        let (first, second) = match self.folders {
            Folders::A => (A, None),
            Folders::B => (B, None),
            Folders::Both => (A, Some(B)),
        };
        Opening {
            path: self.at("disk/a.duckdb"),
            memory_mb: 64,
            examiner: Examiner::default(),
            backups: BackupFolders {
                first: self.place(first),
                second: second.map(|folder| self.place(folder)),
                copy: None,
            },
            claim: Claim::None,
            now,
        }
    }

    /// The store, if what is there can be opened.
    fn store(&mut self) -> Option<Store> {
        if self.store.is_none() {
            self.store = patiently(|| Store::open_or_heal(self.opening())).ok();
        }
        self.store.clone()
    }

    fn links(&mut self) -> Vec<StoredLink> {
        let Some(store) = self.store() else { return Vec::new() };
        self.runtime.block_on(store.links()).unwrap()
    }

    fn open_links(&mut self) -> Vec<String> {
        let mut open: Vec<String> =
            self.links().into_iter().filter(|link| link.revoked.is_none()).map(|link| link.id).collect();
        open.sort();
        open
    }

    fn backups(&self) -> Vec<PathBuf> {
        let mut found: Vec<PathBuf> = ["A", "B"]
            .iter()
            .filter_map(|folder| self.at(folder).read_dir().ok())
            .flatten()
            .map(|entry| entry.unwrap().path())
            .filter(|path| path.extension().is_some_and(|end| end == "duckdb"))
            .collect();
        found.sort();
        found
    }

    fn take(&mut self, step: &Step) {
        match step {
            Make => self.make(),
            Revoke(which) => self.revoke(*which),
            BackUp => self.back_up(),
            Away(folder) => {
                let place = self.place(*folder);
                if !away(&place).exists() && place.exists() {
                    std::fs::rename(&place, away(&place)).unwrap();
                }
            }
            Back(folder) => {
                let place = self.place(*folder);
                if away(&place).exists() {
                    // What was written below the place of the disk is seen no more.
                    let _ = std::fs::remove_dir_all(&place);
                    std::fs::rename(away(&place), &place).unwrap();
                }
            }
            Use(folders) => {
                self.store = None;
                self.folders = *folders;
            }
            LoseFile => {
                self.store = None;
                for file in ["disk/a.duckdb", "disk/a.duckdb.wal"] {
                    let _ = std::fs::remove_file(self.at(file));
                }
            }
            LoseDisk => {
                (self.store, self.open) = (None, None);
                std::fs::remove_dir_all(self.at("disk")).unwrap();
                std::fs::create_dir(self.at("disk")).unwrap();
            }
            Restore(which) => {
                self.store = None;
                let backups = self.backups();
                let named = which.filter(|_| !backups.is_empty()).map(|which| &backups[which % backups.len()]);
                // Where there is no backup, nothing was changed.
                let _ = patiently(|| Store::restore(&self.opening(), named.map(PathBuf::as_path)));
            }
            Reopen => self.store = None,
        }
        self.judge(step);
    }

    fn make(&mut self) {
        let Some(store) = self.store() else { return };
        self.made += 1;
        let id = format!("link{}", self.made);
        self.runtime.block_on(store.keep_link(link(&id, DAYS))).unwrap();
    }

    fn revoke(&mut self, which: usize) {
        let open = self.open_links();
        let Some(store) = self.store().filter(|_| !open.is_empty()) else { return };
        let id = open[which % open.len()].clone();
        let revocation = Revocation { at: now(), by: "founder".to_owned() };
        self.said = self.runtime.block_on(store.revoke_link(id.clone(), revocation)).unwrap();
        self.revoked.insert(id);
    }

    /// As the daemon does: the first folder is made where it is missing, the second is not.
    fn back_up(&mut self) {
        let Some(store) = self.store() else { return };
        let name = format!("{}-glidepath-{}.duckdb", store.id(), now().format("%Y%m%dT%H%M%SZ"));
        let folders = self.opening().backups;
        std::fs::create_dir_all(&folders.first).unwrap();
        self.runtime.block_on(store.backup(&folders.first.join(&name))).unwrap();
        if let Some(second) = folders.second.filter(|place| place.join("glidepath-backups").exists()) {
            let (from, to) = (folders.first.join(&name), second.join(&name));
            self.runtime.block_on(store.backup_again(&from, &to)).unwrap();
        }
    }

    fn judge(&mut self, step: &Step) {
        // A store is not opened to be judged where it was just lost: a restore comes before anybody opens it, or after.
        if self.store.is_none() && !matches!(step, Restore(_)) {
            return;
        }
        let links = self.links();
        for link in &links {
            let must_be = self.revoked.contains(&link.id);
            assert!(!must_be || link.revoked.is_some(), "{} opens again after {step:?}", link.id);
        }
        let open: BTreeSet<String> =
            links.iter().filter(|link| link.revoked.is_none()).map(|link| link.id.clone()).collect();
        if let Some(before) = self.open.replace(open.clone()).filter(|_| matches!(step, Restore(_))) {
            let ended: Vec<&StoredLink> =
                links.iter().filter(|link| before.contains(&link.id) && !open.contains(&link.id)).collect();
            assert!(ended.is_empty(), "ended for nothing after {step:?}: {ended:?}");
        }
    }
}

fn away(place: &Path) -> PathBuf {
    place.with_extension("away")
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, max_shrink_iters: 200, ..ProptestConfig::default() })]
    #[test]
    fn no_way_in_which_folders_come_and_go_opens_a_revoked_link(steps in steps()) {
        World::after(&steps);
    }
}

#[test]
fn a_folder_that_was_away_when_a_link_was_revoked_opens_it_in_no_restore_and_is_named() {
    let mut world = World::after(&[Make, Make, BackUp, Away(A), Revoke(0)]);
    assert!(world.said.len() == 1 && world.said[0].contains("/A, where backups go, is not there"), "{:?}", world.said);
    for step in [Back(A), LoseDisk, Restore(None)] {
        world.take(&step);
    }
    assert_eq!(world.links().len(), 2, "it is restored");
    assert_eq!(world.open_links(), [""; 0], "which was revoked is not known, so both are ended");
}

#[test]
fn a_folder_that_the_config_named_before_opens_no_link_again_and_is_kept_up_while_it_is_there() {
    // Its list is brought up, although the config names another.
    let mut world = World::after(&[Make, Make, BackUp, Use(Folders::B), BackUp, Revoke(0)]);
    assert_eq!(world.said, [""; 0]);
    let list = std::fs::read_to_string(world.at("A/a.duckdb.revoked")).unwrap();
    assert!(list.ends_with("\nlink1\n"), "{list}");
    world.take(&Away(A));
    world.take(&Revoke(0));
    assert!(
        world.said.len() == 1 && world.said[0].contains("/A, where backups went, is not there"),
        "{:?}",
        world.said
    );
    assert!(world.said[0].contains("delete the line `# place "), "{:?}", world.said);
    for step in [Away(B), Back(A), Use(Folders::A), LoseDisk, Restore(None)] {
        world.take(&step);
    }
    assert_eq!((world.links().len(), world.open_links().len()), (2, 0));
}

#[test]
fn a_disk_that_lies_below_the_place_of_another_is_named() {
    let mut world = World::after(&[Make, Make, BackUp, Away(A)]);
    std::fs::create_dir(world.at("A")).unwrap();
    world.take(&Revoke(0));
    assert!(world.said.len() == 1 && world.said[0].contains("/A is not there any more"), "{:?}", world.said);
}

#[test]
fn a_restore_of_an_older_backup_before_a_newer_one_opens_no_link_again() {
    for between in [vec![], vec![Reopen, Make], vec![Reopen, Make, LoseFile]] {
        let mut steps = vec![BackUp, Make, BackUp, Away(A), Revoke(0), Back(A), LoseDisk, Restore(Some(0))];
        steps.extend(between);
        steps.push(Restore(Some(1)));
        let mut world = World::after(&steps);
        assert!(world.links().iter().any(|link| link.id == "link1"), "{steps:?}");
        assert!(!world.open_links().contains(&"link1".to_owned()), "{steps:?}");
    }
}

#[test]
fn where_the_list_beside_the_store_is_left_no_open_link_ends() {
    let mut world = World::after(&[Make, Make, BackUp, Away(A), Revoke(0), Back(A), LoseFile, Restore(None)]);
    assert_eq!(world.open_links(), ["link2"]);
}

/// Somebody copies an old file to where the store was.
#[test]
fn what_a_list_says_was_revoked_is_ended_in_a_store_that_was_put_there_by_hand() {
    let mut world = World::after(&[Make, Make, BackUp, Revoke(0), LoseFile]);
    std::fs::copy(&world.backups()[0], world.at("disk/a.duckdb")).unwrap();
    world.take(&Reopen);
    assert_eq!(world.open_links(), ["link2"]);
}
