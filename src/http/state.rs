//! What the routes share.

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use crate::clock::Clock;
use crate::cycle::Engine;

use super::ended_links::EndedLinks;
use super::gate::Gate;
use super::kept_files::KeptFiles;
use super::kept_page::KeptPage;
use super::lane::Lanes;
use super::later::later;
use super::logins::Logins;
use super::pulse::Pulse;
use super::readiness::Readiness;
use super::requests::RequestCounts;
use super::tally::Tally;
use super::troubles::Troubles;
use super::view_cache::ViewCache;

/// What the routes share. Cloning shares it.
#[derive(Clone)]
pub struct State {
    pub(super) shared: Arc<Shared>,
}

/// What is shared.
pub struct Shared {
    pub(super) engine: Engine,
    pub(super) clock: Clock,
    pub(super) views: ViewCache,
    pub(super) page: KeptPage,
    pub(super) files: KeptFiles,
    pub(super) lanes: Lanes,
    pub(super) requests: Arc<RequestCounts>,
    pub(super) pulse: Pulse,
    pub(super) gate: Arc<Gate>,
    pub(super) tally: Tally,
    pub(super) logins: Arc<Logins>,
    pub(super) troubles: Arc<Troubles>,
    pub(super) ended_links: EndedLinks,
    pub(super) readiness: Readiness,
    /// How many lines of the log nobody read.
    pub(super) dropped_lines: fn() -> usize,
}

impl State {
    /// Routes over `engine`, whose "now" is that of `clock`.
    pub fn new(engine: Engine, clock: Clock) -> State {
        State::with_log(engine, clock, || 0)
    }

    /// The same, with a count of the log's lines that nobody read, for the metric.
    pub fn with_log(engine: Engine, clock: Clock, dropped_lines: fn() -> usize) -> State {
        let room = |count: u32| usize::try_from(count).unwrap_or(usize::MAX);
        let config = engine.config();
        let gate = Gate::new(room(config.max_connections), room(config.max_connections_per_address));
        let shared = Shared {
            engine,
            clock,
            views: ViewCache::default(),
            page: KeptPage::default(),
            files: KeptFiles::default(),
            lanes: Lanes::default(),
            requests: Arc::default(),
            pulse: Pulse::default(),
            gate,
            tally: Tally::default(),
            logins: Arc::default(),
            troubles: Arc::default(),
            ended_links: EndedLinks::default(),
            readiness: Readiness::default(),
            dropped_lines,
        };
        State { shared: Arc::new(shared) }
    }

    /// The engine.
    pub fn engine(&self) -> &Engine {
        &self.shared.engine
    }

    /// The clock.
    pub fn clock(&self) -> &Clock {
        &self.shared.clock
    }

    /// Does `work` in `pause`, unless nobody holds the state any more then.
    pub fn later<F>(&self, pause: Duration, work: impl FnOnce(State) -> F + Send + 'static)
    where
        F: Future<Output = ()> + Send,
    {
        later(&self.shared, pause, |shared| work(State { shared }));
    }
}
