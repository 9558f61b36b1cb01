//! Backups: to a folder that is made where it is missing, and to a second place, which has to be there already.
//!
//! Invariants: a file under a backup's name was opened and read whole when it was made; older ones are removed only after a newer
//! one is there; one place that fails does not stop the other; nothing is written to a second place whose disk is gone.

use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf, absolute};
use std::time::Duration;

use anyhow::{Context as _, Result, anyhow, bail};
use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};
use tokio::time::timeout;
use tracing::{error, info, warn};
use utoipa::ToSchema;

use super::backup_names;
use super::busy::Busy;
use super::engine::Engine;
use crate::store::{BACKUP_MARK as MARK, BackupFile, StoreId, new_file};

/// How long a disk may take to list the backups on it: less than who scrapes metrics waits.
const LOOK_TIME: Duration = Duration::from_secs(3);
/// What stands in the mark of a second place. On the disk that is mounted there it stands, on the one below it does not.
const MARK_TEXT: &str = "Glidepath keeps backups in this folder. Where this file is missing, it takes the disk for not mounted \
                         and writes nothing.\n";

/// What a backup did.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct BackupReport {
    /// The new copy; of two, that in `backup_folder`.
    #[schema(value_type = String)]
    pub path: PathBuf,
    /// Older copies of this store that were removed.
    #[schema(value_type = Vec<String>)]
    pub removed: Vec<PathBuf>,
    /// What became of each place.
    pub places: Vec<BackedUp>,
}

/// What became of a backup at one place.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct BackedUp {
    /// `backup_folder` or `backup_to`, the key of the config that names it.
    pub place: String,
    /// The new copy; null if none was made.
    #[schema(value_type = Option<String>)]
    pub path: Option<PathBuf>,
    /// What failed, and what to do; null if nothing did.
    pub error: Option<String>,
}

/// A place as it is now.
#[derive(Debug)]
pub struct BackupPlace {
    /// `backup_folder` or `backup_to`.
    pub name: &'static str,
    /// When the newest backup of this store there was made.
    pub newest: Option<DateTime<Utc>>,
    /// Whether one is missing that should have been made; `None` where none is made by itself.
    pub missed: Option<bool>,
}

/// Where a backup goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Place {
    Folder,
    /// A disk of its own, whose folder is never made.
    Second,
}

impl Place {
    /// The key of the config that names it.
    const fn name(self) -> &'static str {
        match self {
            Place::Folder => "backup_folder",
            Place::Second => "backup_to",
        }
    }
}

impl Engine {
    /// Copies the store to each place under the time `now`, then removes all but the newest copies of this store that config
    /// keeps there. The copy just made always stays.
    ///
    /// # Errors
    /// If no place got a copy, with the reason of each. Where one of two failed, the report says so, and so does the log.
    pub async fn back_up(&self, now: DateTime<Utc>) -> Result<BackupReport> {
        self.back_up_to(self.places(), now).await
    }

    /// Makes the backups that were missed, at the places that miss them; `None` if none was.
    ///
    /// # Errors
    /// As [`Engine::back_up`].
    pub async fn back_up_missed(&self, now: DateTime<Utc>) -> Result<Option<BackupReport>> {
        let states = self.backup_places(now).await?;
        let missing =
            |(place, _): &(Place, _)| states.iter().any(|it| it.name == place.name() && it.missed == Some(true));
        let places: Vec<(Place, PathBuf)> = self.places().into_iter().filter(missing).collect();
        if places.is_empty() {
            return Ok(None);
        }
        self.back_up_to(places, now).await.map(Some)
    }

    /// The places as they are. One that cannot be read has no backup.
    ///
    /// # Errors
    /// If the store cannot be read.
    pub async fn backup_places(&self, now: DateTime<Utc>) -> Result<Vec<BackupPlace>> {
        let cycles = self.store().first_and_newest_cycle().await.context("reading whether a cycle has finished")?;
        let mut states = Vec::new();
        for (place, folder) in self.places() {
            let files = self.look(place, folder).await.unwrap_or_else(|error| {
                warn!("{error:#}");
                Vec::new()
            });
            let newest = backup_names::newest(&files, self.store().id(), now);
            let schedule = self.config().backup_schedule.as_ref();
            let missed = schedule.map(|line| backup_names::is_missed(newest, line, now, cycles.is_some()));
            states.push(BackupPlace { name: place.name(), newest, missed });
        }
        Ok(states)
    }

    /// Why no backup would be made at `backup_to` as it is; `None` if one would, or none is wanted there.
    ///
    /// # Errors
    /// If the store cannot be read.
    pub async fn second_place_problem(&self) -> Result<Option<String>> {
        let Some(folder) = self.config().backup_to.as_deref() else { return Ok(None) };
        let marked = self.store().has_marked(&whole_path(folder)).await?;
        Ok(second_place(folder, marked).err().map(|error| error.to_string()))
    }

    fn places(&self) -> Vec<(Place, PathBuf)> {
        let config = self.config();
        let first = (Place::Folder, whole_path(&config.backup_folder));
        let second = config.backup_to.as_deref().map(|folder| (Place::Second, whole_path(folder)));
        [first].into_iter().chain(second).collect()
    }

    fn busy(&self, place: Place) -> &Busy {
        &self.parts.backup_places[place as usize]
    }

    /// The backups at a place, if its disk answers in time.
    async fn look(&self, place: Place, folder: PathBuf) -> Result<Vec<BackupFile>> {
        let late = format!("{} in [store]: the disk of {} does not answer", place.name(), folder.display());
        let looked = timeout(LOOK_TIME, async {
            let looking = self.busy(place).looking.clone().lock_owned().await;
            apart(move || {
                // Until the disk answers, whoever waits.
                let _looking = looking;
                backups_in(&folder)
            })
            .await
        });
        looked.await.context(late)?
    }

    async fn back_up_to(&self, places: Vec<(Place, PathBuf)>, now: DateTime<Utc>) -> Result<BackupReport> {
        let (mut removed, mut done) = (Vec::new(), Vec::<BackedUp>::new());
        for (place, folder) in places {
            let _alone = self.busy(place).making.lock().await;
            // Names tell seconds; of two within one the later is named after the next.
            let taken = |at: DateTime<Utc>| folder.join(BackupFile::name_of(self.store().id(), at)).exists();
            let now = (0..60).map(|seconds| now + TimeDelta::seconds(seconds)).find(|at| !taken(*at)).unwrap_or(now);
            let from = done.iter().find_map(|done| done.path.clone());
            let (path, error) = match self.back_up_at(place, &folder, from.as_deref(), now).await {
                Ok(path) => {
                    let pruned = self.prune(&folder, now).await.map(|paths| removed.extend(paths));
                    (Some(path), pruned.context("the backup is made, but older ones stay").err())
                }
                Err(error) => (None, Some(error)),
            };
            let error = error.map(|error| format!("{} in [store]: {error:#}", place.name()));
            done.push(BackedUp { place: place.name().to_owned(), path, error });
        }
        let problems: Vec<&str> = done.iter().filter_map(|place| place.error.as_deref()).collect();
        let Some(path) = done.iter().find_map(|place| place.path.clone()) else {
            bail!("{}", problems.join("; "));
        };
        for problem in problems {
            error!("the backup at one place failed: {problem}");
        }
        Ok(BackupReport { path, removed, places: done })
    }

    /// Makes a copy in `folder`: of the store, or of the backup `from`, which is quicker and keeps nobody from writing.
    async fn back_up_at(
        &self,
        place: Place,
        folder: &Path,
        from: Option<&Path>,
        now: DateTime<Utc>,
    ) -> Result<PathBuf> {
        match place {
            Place::Folder => create(folder).await?,
            Place::Second => self.mark(folder, now).await?,
        }
        self.clear_halves(folder, now).await;
        let store = self.store();
        let path = folder.join(BackupFile::name_of(store.id(), now));
        match from {
            Some(from) => self.store().backup_again(from, &path).await?,
            None => store.backup(&path).await?,
        }
        info!(path = %path.display(), "backup made");
        Ok(path)
    }

    /// Leaves the mark in a second place that has none yet, and finds it in one that has.
    async fn mark(&self, folder: &Path, now: DateTime<Utc>) -> Result<()> {
        let marked = self.store().has_marked(folder).await?;
        let place = folder.to_owned();
        apart(move || mark(&place, marked)).await?;
        if !marked {
            self.store().note_mark(folder, now).await?;
        }
        Ok(())
    }

    /// Before a copy, which may need the room. What cannot be removed is in nobody's way.
    async fn clear_halves(&self, folder: &Path, now: DateTime<Utc>) {
        let (place, id) = (folder.to_owned(), self.store().id().clone());
        let cleared = apart(move || remove(&place, backup_names::halves(backups_in(&place)?, &id, now))).await;
        match cleared {
            Ok(halves) if halves.is_empty() => {}
            Ok(halves) => info!(removed = halves.len(), "halves of backups that were cut off are removed"),
            Err(error) => warn!("{error:#}"),
        }
    }

    async fn prune(&self, folder: &Path, now: DateTime<Utc>) -> Result<Vec<PathBuf>> {
        let (place, id, kept) = (folder.to_owned(), self.store().id().clone(), self.config().backups_kept);
        apart(move || remove(&place, backup_names::superseded(backups_in(&place)?, &id, kept, now))).await
    }
}

async fn create(folder: &Path) -> Result<()> {
    let folder = folder.to_owned();
    apart(move || {
        fs::create_dir_all(&folder).with_context(|| format!("creating the folder for backups, {}", folder.display()))
    })
    .await
}

/// Backups, and halves of them, in `folder`; none where it does not exist.
///
/// # Errors
/// If the folder is there and cannot be read.
pub fn backups_in(folder: &Path) -> Result<Vec<BackupFile>> {
    BackupFile::all_in(folder).with_context(|| format!("listing the backups in {}", folder.display()))
}

/// The newest backup of the store `id` among `files`, as of `now`.
pub fn newest_backup(files: &[BackupFile], id: &StoreId, now: DateTime<Utc>) -> Option<DateTime<Utc>> {
    backup_names::newest(files, id, now)
}

/// Whether the mark stands in a second place. Its folder has to be there, and, where this store has `marked` it, the mark too.
///
/// # Errors
/// What is missing, and what to do.
pub fn second_place(folder: &Path, marked: bool) -> Result<bool> {
    let (shown, mark) = (folder.display(), folder.join(MARK));
    if !folder.is_dir() {
        bail!("there is no folder {shown}: mount the disk that it is on, or create it");
    }
    let stands = mark.try_exists().with_context(|| format!("looking for {}", mark.display()))?;
    if marked && !stands {
        bail!(
            "{shown} lacks the file {MARK}, which this store left there: mount the disk that belongs there. If it is a new disk, \
             `touch {}` says that it is meant",
            mark.display()
        );
    }
    Ok(stands)
}

/// Leaves the mark in a second place that has none yet.
fn mark(folder: &Path, marked: bool) -> Result<()> {
    if second_place(folder, marked)? {
        return Ok(());
    }
    let mark = folder.join(MARK);
    new_file(&mark)
        .and_then(|mut file| file.write_all(MARK_TEXT.as_bytes()))
        .with_context(|| format!("writing {}, by which the place is known again", mark.display()))
}

fn remove(folder: &Path, names: Vec<String>) -> Result<Vec<PathBuf>> {
    let mut removed = Vec::new();
    for name in names {
        let path = folder.join(name);
        fs::remove_file(&path).with_context(|| format!("removing {}", path.display()))?;
        removed.push(path);
    }
    Ok(removed)
}

/// As it can be found from any folder: a daemon's own is not that of who reads its answer.
fn whole_path(path: &Path) -> PathBuf {
    absolute(path).unwrap_or_else(|_| path.to_owned())
}

/// Runs `work`, which waits for a disk, off the threads that serve requests.
async fn apart<T: Send + 'static>(work: impl FnOnce() -> Result<T> + Send + 'static) -> Result<T> {
    tokio::task::spawn_blocking(work).await.map_err(|error| anyhow!("a call to the disk did not finish: {error}"))?
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_second_place_is_never_made_and_known_again_by_its_mark() {
        let top = tempfile::tempdir().unwrap();
        let disk = top.path().join("disk");
        for marked in [false, true] {
            let said = mark(&disk, marked).unwrap_err().to_string();
            assert!(said.contains("there is no folder") && said.contains("mount the disk"), "{said}");
            assert!(!disk.exists());
        }
        fs::create_dir(&disk).unwrap();
        let said = mark(&disk, true).unwrap_err().to_string();
        assert!(said.contains("lacks the file glidepath-backups") && said.contains("`touch "), "{said}");
        assert_eq!(
            fs::read_dir(&disk).unwrap().count(),
            0,
            "nothing is written below the place of a disk that is gone"
        );
        mark(&disk, false).unwrap();
        mark(&disk, true).unwrap();
        // As the words say.
        fs::write(disk.join(MARK), "").unwrap();
        mark(&disk, true).unwrap();
        fs::remove_file(disk.join(MARK)).unwrap();
        assert!(mark(&disk, true).is_err());
    }
}
