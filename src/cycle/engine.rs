//! Everything that a cycle or a view needs.

use std::path::PathBuf;
use std::sync::atomic::AtomicU64;
use std::sync::{Arc, Mutex as StdMutex};

use anyhow::{Context as _, Result};
use tokio::sync::Mutex;

use super::busy::Busy;
use super::delivering::Delivering;
use super::fetched::Refused;
use super::program::program;
use super::replays::Replays;
use super::told_here::ToldFromMemory;
use super::typesetter::Typesetter;
use super::unfinished::Unfinished;
use crate::config::Config;
use crate::domain::billing::classify::Classifier;
use crate::domain::billing::price::PriceBook;
use crate::notify::{self, HttpClient};
use crate::store::Store;

/// Where AWS is.
#[derive(Debug, Clone)]
pub enum AwsAccess {
    /// As the SDK's environment says.
    Environment,
    /// A stand-in on loopback, with made-up credentials.
    Endpoint(String),
}

/// Everything that a cycle or a view needs. Cloning shares it.
#[derive(Clone)]
pub struct Engine {
    pub(super) parts: Arc<Parts>,
}

/// What is shared.
pub(super) struct Parts {
    pub(super) store: Store,
    pub(super) config: Config,
    pub(super) aws: AwsAccess,
    pub(super) classifier: Classifier,
    pub(super) prices: PriceBook,
    pub(super) http: HttpClient,
    /// Which program this is; `None` if that cannot be told.
    pub(super) program: Option<String>,
    pub(super) running: Mutex<()>,
    /// How often it was taken and given back.
    pub(super) turns: AtomicU64,
    /// Held while an event is judged and stored, so that of two that are the same one is seen to be.
    pub(super) planning: Mutex<()>,
    /// Held while an outlook is made and stored, at the end of a cycle or after an entry.
    pub(super) concluding: Mutex<()>,
    /// What the running cycle is doing.
    pub(super) doing: StdMutex<&'static str>,
    /// How the newest cycle of this process failed, if it did.
    pub(super) failed: StdMutex<Option<Unfinished>>,
    /// How far back AWS said that its data reach, if it refused something.
    pub(super) refused: StdMutex<Option<Refused>>,
    /// Held while a what-if is reckoned, so that many questions cannot take the machine from a cycle.
    pub(super) reckoning: Mutex<()>,
    /// The replays that run.
    pub(super) replays: Replays,
    /// What goes on where backups go.
    pub(super) backup_places: [Busy; 2],
    /// Held while messages are on their way, so that none is sent twice at once.
    pub(super) delivering: Mutex<Delivering>,
    /// What was told of the store from memory.
    pub(super) told_from_memory: ToldFromMemory,
    /// Who sets reports.
    pub(super) typesetter: Typesetter,
}

impl Engine {
    /// Wires the parts.
    ///
    /// # Errors
    /// If no HTTP client can be built.
    pub fn new(store: Store, config: Config, aws: AwsAccess) -> Result<Engine> {
        let classifier = Classifier::builtin().with_model_aliases(config.model_aliases.clone());
        let http = HttpClient::new(notify::DELIVERY_TIMEOUT).context("preparing to deliver messages")?;
        let prices = config.prices.clone();
        let program = program();
        let parts = Parts {
            store,
            config,
            aws,
            classifier,
            prices,
            http,
            program,
            running: Mutex::new(()),
            turns: AtomicU64::new(0),
            planning: Mutex::new(()),
            concluding: Mutex::new(()),
            doing: StdMutex::default(),
            failed: StdMutex::default(),
            refused: StdMutex::default(),
            reckoning: Mutex::new(()),
            replays: Replays::default(),
            backup_places: Default::default(),
            delivering: Mutex::default(),
            told_from_memory: ToldFromMemory::default(),
            typesetter: Typesetter::default(),
        };
        Ok(Engine { parts: Arc::new(parts) })
    }

    /// The same engine, whose reports as PDF are set by `program`, a file of this version; by this process without one.
    #[must_use]
    pub fn setting_reports_apart(mut self, program: Option<PathBuf>) -> Engine {
        if let (Some(parts), Some(program)) = (Arc::get_mut(&mut self.parts), program) {
            parts.typesetter = Typesetter::apart(program);
        }
        self
    }

    /// The store.
    pub fn store(&self) -> &Store {
        &self.parts.store
    }

    /// The config.
    pub fn config(&self) -> &Config {
        &self.parts.config
    }
}
