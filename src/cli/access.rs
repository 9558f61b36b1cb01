//! How a command reaches the data: the store itself, or the daemon that holds it.
//!
//! Invariant: a daemon is shown nothing, and nothing of it is shown, before it has said that it holds the store of the config; or
//! somebody named it with the command, and it has said that it is a glidepath.

use std::io::ErrorKind;
use std::net::{SocketAddr, TcpStream};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result};
use chrono::{DateTime, SecondsFormat, Utc};
use serde::de::DeserializeOwned;
use tracing::warn;

use super::files;
use super::opening::{COMMAND_PATIENCE, LOOK_AGAIN, open_for_cycles, opening};
use super::usage::Usage;
use crate::clock::Clock;
use crate::config::{Config, Role};
use crate::cycle::{AwsAccess, Engine, View, backups_in};
use crate::domain::values::secret::Secret;
use crate::domain::wording::trouble::Trouble;
use crate::http::HIGHEST_LIMIT;
use crate::http::client::{self, Address, ClientError};
use crate::notify::is_in_the_open;
use crate::store::{AuditEntry, Opening, Store, StoreError, StoreId};

/// What the audit calls somebody who opens the store itself.
pub const COMMAND_LINE: &str = "command line";
/// Where a command finds its token, unless a file is named.
const TOKEN_VARIABLE: &str = "GLIDEPATH_TOKEN";
/// How long it may take until something that listens is heard.
const LISTEN_TIME: Duration = Duration::from_secs(1);
/// As HTTP would say it.
const DONE: u16 = 200;

/// Where the data is.
pub enum Access {
    /// No daemon runs: the store is open here.
    Store(Engine),
    /// A daemon holds the store, and is asked over HTTP.
    Daemon(Daemon),
}

/// Whoever has the store open; a daemon, unless its address is silent. Or the daemon that somebody named with `--url`.
pub struct Daemon {
    at: Address,
    token: Option<Secret>,
    /// The store that it has to hold; `None` where somebody named the daemon.
    own: Option<OwnStore>,
}

/// The config's store, which another process has open.
struct OwnStore {
    path: PathBuf,
    /// The number of that process, if it is known.
    holder: Option<u32>,
    id: StoreId,
}

impl Daemon {
    /// Asks whose store it holds, which takes no token. It is asked each time: another daemon may have taken the address since.
    async fn meet(&self) -> Result<()> {
        let at = &self.at;
        let told = client::health(at).await.map_err(|error| self.explained(error))?;
        let Some(OwnStore { path, id, .. }) = &self.own else {
            return match told {
                Some(_) => Ok(()),
                None => {
                    let said = format!(
                        "what answers at {at} does not say whose store it holds, so nothing was sent to it: it is no glidepath, \
                         or an older version. Correct --url, or start the daemon again with this version"
                    );
                    Err(Trouble::AnotherProgramAnswers.said(said).into())
                }
            };
        };
        let store = path.display();
        match told {
            Some(told) if told == *id => Ok(()),
            Some(told) => Err(another_store(format!(
                "another glidepath process has the store {store} (id {id}) open, and the daemon at {at} holds another store (id \
                 {told}); nothing was sent to it. Write the address of this store's own daemon in [http] listen, and give each \
                 daemon one of its own; or wait, if a command has the store open"
            ))),
            None => Err(another_store(format!(
                "another glidepath process has the store {store} open, and the daemon at {at} does not say whose store it holds; \
                 nothing was sent to it. If it is this store's, it is an older version: start it again with this one. Otherwise \
                 write the address of this store's own daemon in [http] listen"
            ))),
        }
    }

    /// The body of its answer to a GET.
    ///
    /// # Errors
    /// If none answers, it holds another store, or it refuses.
    pub async fn get(&self, path: &str) -> Result<Vec<u8>> {
        self.meet().await?;
        client::ask(&self.at, self.token.as_ref(), path).await.map_err(|error| self.explained(error))
    }

    /// Somebody has the store open; if nobody answers, it is another command.
    fn explained(&self, error: ClientError) -> anyhow::Error {
        match (error, &self.own) {
            (ClientError::NoDaemon { at, .. }, Some(OwnStore { path, holder, .. })) => in_use(format!(
                "the store {} is in use by another glidepath process{}, which is no daemon at {at}: wait for it to end, \
                 or correct [http] listen",
                path.display(),
                holder.map(|holder| format!(" (number {holder})")).unwrap_or_default()
            )),
            (other, _) => other.into(),
        }
    }

    fn read<T: DeserializeOwned>(&self, path: &str, answer: Result<Vec<u8>, ClientError>) -> Result<T> {
        let body = answer.map_err(|error| self.explained(error))?;
        serde_json::from_slice(&body).with_context(|| format!("reading the daemon's answer to {path}"))
    }

    /// JSON from it, read into a value.
    ///
    /// # Errors
    /// If none answers, it holds another store, it refuses, or the answer has another shape.
    pub async fn fetch<T: DeserializeOwned>(&self, path: &str) -> Result<T> {
        self.meet().await?;
        self.read(path, client::ask(&self.at, self.token.as_ref(), path).await)
    }

    /// Every row of a list that it answers page by page; `parts` takes the rows and the next address out of a page.
    ///
    /// # Errors
    /// As [`Daemon::fetch`].
    pub async fn fetch_all<P: DeserializeOwned, R>(
        &self,
        path: &str,
        parts: impl Fn(P) -> (Vec<R>, Option<String>),
    ) -> Result<Vec<R>> {
        let (mut all, mut path) = (Vec::new(), format!("{path}?limit={HIGHEST_LIMIT}"));
        loop {
            let (rows, next) = parts(self.fetch(&path).await?);
            all.extend(rows);
            let Some(next) = next else { return Ok(all) };
            path = next;
        }
    }

    /// Puts a question that takes reckoning, and reads its answer into a value.
    ///
    /// # Errors
    /// If none answers, it holds another store, it refuses, or the answer has another shape.
    pub async fn reckon<T: DeserializeOwned>(&self, path: &str, parameters: &[(&str, String)]) -> Result<T> {
        self.meet().await?;
        self.read(path, client::reckon(&self.at, self.token.as_ref(), path, parameters).await)
    }

    /// Has it store `entry`, and reads its answer into a value.
    ///
    /// # Errors
    /// If none answers, it holds another store, it refuses, or the answer has another shape.
    pub async fn enter<T: DeserializeOwned>(&self, path: &str, entry: client::Entry) -> Result<T> {
        self.meet().await?;
        self.read(path, client::enter(&self.at, self.token.as_ref(), path, entry).await)
    }

    /// Has it remove what stands at `path`, and reads its answer into a value.
    ///
    /// # Errors
    /// If none answers, it holds another store, it refuses, or the answer has another shape.
    pub async fn remove<T: DeserializeOwned>(&self, path: &str) -> Result<T> {
        self.meet().await?;
        self.read(path, client::remove(&self.at, self.token.as_ref(), path).await)
    }

    /// Gives it an order, waits until it is carried out, and reads what it did into a value.
    ///
    /// # Errors
    /// If none answers, it holds another store, it refuses, or the answer has another shape.
    pub async fn order<T: DeserializeOwned>(&self, path: &str) -> Result<T> {
        self.meet().await?;
        self.read(path, client::order(&self.at, self.token.as_ref(), path).await)
    }

    /// Gives it an order with particulars, waits until it is carried out, and reads what it answers into a value.
    ///
    /// # Errors
    /// If none answers, it holds another store, it refuses, or the answer has another shape.
    pub async fn order_with<T: DeserializeOwned>(&self, path: &str, entry: client::Entry) -> Result<T> {
        self.meet().await?;
        self.read(path, client::order_with(&self.at, self.token.as_ref(), path, entry).await)
    }
}

impl Access {
    /// Opens the store, or finds the daemon that has it open.
    ///
    /// # Errors
    /// If the store cannot be opened for another reason than a running daemon, nothing beside it says which store it is, or that
    /// daemon wants a token and none is known.
    pub fn open(config: Config) -> Result<Access> {
        Access::open_as(&opening(&config), config)
    }

    /// As [`Access::open`], for who copies the store to the file `copy`.
    ///
    /// # Errors
    /// As [`Access::open`].
    pub fn open_to_copy(config: Config, copy: &Path) -> Result<Access> {
        let mut opening = opening(&config);
        let folder = copy.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
        opening.backups.copy = Some(folder.to_owned());
        Access::open_as(&opening, config)
    }

    fn open_as(opening: &Opening, config: Config) -> Result<Access> {
        if let Some(named) = Access::named(&config) {
            return Ok(named);
        }
        let began = Instant::now();
        loop {
            return match Store::open_or_heal(opening.clone()) {
                Ok(store) => {
                    // A store that is opened here is read under this config; a daemon has its own.
                    config.check_for_store()?;
                    Ok(Access::Store(Engine::new(store, config, AwsAccess::Environment)?))
                }
                // Another command, which ends soon.
                Err(StoreError::InUse { .. }) if !listens(config.listen) && began.elapsed() < COMMAND_PATIENCE => {
                    std::thread::sleep(LOOK_AGAIN);
                    continue;
                }
                Err(StoreError::InUse { holder, .. }) => Access::to_daemon(config, holder),
                Err(error) => Err(error.into()),
            };
        }
    }

    /// As [`Access::open`], for who only reads: where there is no store yet it is as if it were empty, and none is made. An empty one
    /// would stand in the way of the backups that somebody is about to copy to a new machine.
    ///
    /// # Errors
    /// As [`Access::open`].
    pub fn open_to_read(config: Config) -> Result<Access> {
        if config.daemon_url.is_some() || !nothing_is_there(&config) {
            return Access::open(config);
        }
        config.check_for_store()?;
        warn!("there is no store {} yet; the first cycle makes it", config.store_path.display());
        Ok(Access::Store(Engine::new(Store::in_memory()?, config, AwsAccess::Environment)?))
    }

    /// As [`Access::open`], for who runs cycles: see [`open_for_cycles`].
    ///
    /// # Errors
    /// As [`Access::open`].
    pub async fn open_for_cycles(config: Config, new: bool) -> Result<Access> {
        if let Some(named) = Access::named(&config) {
            return Ok(named);
        }
        let patience = if listens(config.listen) { Duration::ZERO } else { COMMAND_PATIENCE };
        match open_for_cycles(&config, new, patience).await {
            Ok(store) => Ok(Access::Store(Engine::new(store, config, AwsAccess::Environment)?)),
            Err(error) => match error.downcast_ref() {
                Some(StoreError::InUse { holder, .. }) => Access::to_daemon(config, *holder),
                _ => Err(error),
            },
        }
    }

    fn to_daemon(config: Config, holder: Option<u32>) -> Result<Access> {
        let id = id_beside(&config.store_path)?;
        let token = token_to_show(&config)?;
        let own = Some(OwnStore { path: config.store_path, holder, id });
        Ok(Access::Daemon(Daemon { at: Address::Listen(config.listen), token, own }))
    }

    /// The daemon that was named with the command, if one was. It is shown the token that was given with the command, and none of
    /// the config's: that one is for the config's own daemon.
    fn named(config: &Config) -> Option<Access> {
        let (at, token) = (Address::Url(config.daemon_url.clone()?), config.shown_token.clone());
        if token.is_some() && is_in_the_open(&at.to_string()) {
            warn!("the token goes to {at} unprotected, so that it can be read on the way: use https");
        }
        Some(Access::Daemon(Daemon { at, token, own: None }))
    }
}

/// True if there is neither the store nor anything that goes with it, nor a backup. What cannot be read may be something.
pub fn nothing_is_there(config: &Config) -> bool {
    let Some(name) = config.store_path.file_name().map(|name| name.to_string_lossy().into_owned()) else {
        return false;
    };
    let folder = config.store_path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let beside = match std::fs::read_dir(folder) {
        Ok(files) => files.flatten().any(|file| file.file_name().to_string_lossy().starts_with(&name)),
        Err(error) => error.kind() != ErrorKind::NotFound,
    };
    let backups = |folder: &Path| backups_in(folder).is_ok_and(|files| files.is_empty());
    !beside && backups(&config.backup_folder) && config.backup_to.as_deref().is_none_or(backups)
}

/// True if something listens there.
fn listens(listen: SocketAddr) -> bool {
    TcpStream::connect_timeout(&client::reachable(listen), LISTEN_TIME).is_ok()
}

/// The id of a store that another process has open.
fn id_beside(store: &Path) -> Result<StoreId> {
    let file = StoreId::file(store);
    let (shown, file) = (store.display(), file.display());
    let remedy = "It is written when the store is opened: stop the process that has it open and start it again, with this version \
                  if it is an older one. If it has just been started for the first time, try again in a moment";
    match StoreId::beside(store) {
        Ok(Some(id)) => Ok(id),
        Ok(None) => Err(in_use(format!(
            "the store {shown} is in use by another glidepath process, and the file {file} is missing, by which the daemon of this \
             store is told from another one's. {remedy}"
        ))),
        Err(reason) => Err(in_use(format!(
            "the store {shown} is in use by another glidepath process, and the file {file}, by which the daemon of this store is \
             told from another one's, cannot be read: {reason}. {remedy}"
        ))),
    }
}

fn in_use(words: String) -> anyhow::Error {
    Trouble::StoreInUse.said(words).into()
}

fn another_store(words: String) -> anyhow::Error {
    Trouble::DaemonOfAnotherStore.said(words).into()
}

/// Asks the daemon of the config whether it is well. Where the id of the config's store is known, another store's daemon is not it.
///
/// # Errors
/// If none answers, or it holds another store.
pub async fn health(config: &Config) -> Result<()> {
    if let Some(Access::Daemon(named)) = Access::named(config) {
        return named.meet().await;
    }
    let (listen, store) = (config.listen, config.store_path.display());
    let told = client::health(&Address::Listen(listen)).await?;
    match StoreId::beside(&config.store_path) {
        Ok(Some(id)) if told.as_ref() != Some(&id) => {
            let told = told.map_or_else(
                || "does not say whose store it holds".to_owned(),
                |told| format!("holds the store {told}"),
            );
            Err(another_store(format!(
                "the daemon at {listen} {told}, and {store} is the store {id}: it is another store's, or of an older version"
            )))
        }
        _ => Ok(()),
    }
}

/// The token given with the command, or the config's own that opens most. Where the config keeps hashes alone, nobody
/// can say them.
fn token_to_show(config: &Config) -> Result<Option<Secret>> {
    if config.shown_token.is_some() || config.tokens.is_empty() {
        return Ok(config.shown_token.clone());
    }
    let known = |role: Role| {
        let mut tokens = config.tokens.iter().filter(|token| token.role == role);
        tokens.find_map(|token| token.secret.clone())
    };
    let Some(token) = known(Role::Founder).or_else(|| known(Role::Ops)) else {
        let said = "a daemon holds the store and wants a token, and the config has only hashes or partners' tokens: give one \
                    with --token-file PATH or in GLIDEPATH_TOKEN";
        return Err(Trouble::TokenRefused.said(said).into());
    };
    Ok(Some(token))
}

/// The token that goes with a command: in a file, or in a variable.
///
/// # Errors
/// If the file cannot be read, or holds nothing.
pub fn given_token(file: Option<&Path>) -> Result<Option<Secret>> {
    let token = match file {
        Some(path) => Some(files::read_text("the token in", path).map_err(|error| Usage(error.to_string()))?),
        None => std::env::var(TOKEN_VARIABLE).ok(),
    };
    let token = token.map(Secret::new);
    if token.as_ref().is_some_and(Secret::is_empty) {
        return Err(Usage(format!("the token given with --token-file or in {TOKEN_VARIABLE} is empty")).into());
    }
    Ok(token)
}

/// Leaves a trace of what was entered here, beside the daemon's of what is entered there.
///
/// # Errors
/// If the store fails.
pub async fn note(engine: &Engine, action: &str, what: &str) -> Result<()> {
    let (who, action, path) = (COMMAND_LINE.to_owned(), action.to_owned(), what.to_owned());
    let entry = AuditEntry { at: Clock::System.now(), who, action, path, status: DONE };
    engine.store().audit(entry).await.map(|_| ()).context("writing the audit")
}

/// Leaves the trace of an entry, and waits until the outlook knows it.
///
/// # Errors
/// If the store fails.
pub async fn note_entry(engine: &Engine, action: &str, what: &str) -> Result<()> {
    note(engine, action, what).await?;
    engine.remake_and_tell(Clock::System.now()).await;
    Ok(())
}

/// The view as of a time, or the newest, whose outlook knows all that is entered and this config.
///
/// # Errors
/// [`crate::cycle::AsOfError`] where there is nothing to show, or if the store fails.
pub async fn existing_view(engine: &Engine, as_of: Option<DateTime<Utc>>) -> Result<View> {
    engine.check_as_of(as_of, Clock::System.now()).await?;
    // No daemon runs, and the config may be another one than that of the newest cycle.
    if as_of.is_none()
        && let Err(error) = engine.remake_outlook(Clock::System.now()).await
    {
        warn!("the outlook is that of the newest cycle, and does not know what was entered since: {error:#}");
    }
    engine.view(as_of).await?.context("the cycle of that time is not in the store")
}

/// `?as_of=...` for a path, or nothing.
pub fn as_of_query(as_of: Option<DateTime<Utc>>) -> String {
    as_of.map(|at| format!("?as_of={}", at.to_rfc3339_opts(SecondsFormat::AutoSi, true))).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use tokio::net::TcpListener;
    use tokio_util::sync::CancellationToken;

    use super::*;
    use crate::http::{LinksPage, State, serve};
    use crate::store::StoredLink;

    /// One more link than a page can hold, all of the same moment.
    #[tokio::test]
    async fn a_list_is_read_to_its_end() {
        let config = Config::parse("[store]\npath = \"unused\"\n", Path::new("glidepath.toml")).unwrap();
        let aws = AwsAccess::Endpoint("http://127.0.0.1:9".to_owned());
        let engine = Engine::new(Store::in_memory().unwrap(), config, aws).unwrap();
        let now = "2026-11-23T06:00:00Z".parse().unwrap();
        let id = engine.store().id().clone();
        for number in 0..=HIGHEST_LIMIT {
            let link = StoredLink {
                id: format!("{number:032x}"),
                made_at: now,
                made_by: "founder".to_owned(),
                kind: "trajectory".to_owned(),
                formats: Vec::new(),
                records: Vec::new(),
                expires_at: now,
                as_of: None,
                revoked: None,
            };
            engine.store().keep_link(link).await.unwrap();
        }
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let own = OwnStore { path: PathBuf::new(), holder: None, id };
        let daemon = Daemon { at: Address::Listen(listener.local_addr().unwrap()), token: None, own: Some(own) };
        let stop = CancellationToken::new();
        let serving = tokio::spawn(serve(listener, State::new(engine, Clock::set_to(now)), stop.clone()));
        let links = daemon.fetch_all("/api/v1/links", |page: LinksPage| (page.links, page.next)).await.unwrap();
        let ids: Vec<String> = links.into_iter().map(|link| link.id).collect();
        assert_eq!(ids, (0..=HIGHEST_LIMIT).map(|number| format!("{number:032x}")).collect::<Vec<_>>());
        stop.cancel();
        serving.await.unwrap().unwrap();
    }
}
