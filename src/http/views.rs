//! The newest view, kept until anything that it is made from changes.

use std::sync::{Arc, Mutex, PoisonError};

use chrono::{DateTime, Utc};

use crate::cycle::View;
use crate::store::Fingerprint;

use super::State;
use super::failure::Failure;

/// The newest view and what the store held before it was read. Config is part of the engine and never changes under it.
#[derive(Default)]
pub struct ViewCache(Mutex<Option<(Fingerprint, Arc<View>)>>);

impl ViewCache {
    fn get(&self, fingerprint: Fingerprint) -> Option<Arc<View>> {
        let kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        kept.as_ref().filter(|(of, _)| *of == fingerprint).map(|(_, view)| view.clone())
    }

    fn put(&self, fingerprint: Fingerprint, view: Arc<View>) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some((fingerprint, view));
    }
}

impl State {
    /// The view as of a time, or the newest; `None` before the first finished cycle.
    pub async fn view(&self, as_of: Option<DateTime<Utc>>) -> Result<Option<Arc<View>>, Failure> {
        let failed = |error: anyhow::Error| Failure::internal("reading the position", &error);
        if as_of.is_some() {
            return Ok(self.engine().view(as_of).await.map_err(failed)?.map(Arc::new));
        }
        // Taken first: what is written meanwhile makes the next reader look again.
        let fingerprint = self.engine().store().fingerprint().await.map_err(|error| failed(error.into()))?;
        if let Some(view) = self.shared.views.get(fingerprint) {
            return Ok(Some(view));
        }
        let view = self.engine().view(None).await.map_err(failed)?.map(Arc::new);
        if let Some(view) = &view {
            self.shared.views.put(fingerprint, view.clone());
        }
        Ok(view)
    }

    /// The view, or 404.
    pub async fn existing_view(&self, as_of: Option<DateTime<Utc>>) -> Result<Arc<View>, Failure> {
        match self.view(as_of).await? {
            Some(view) => Ok(view),
            None => Err(self.nothing_at(as_of).await),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::clock::Clock;
    use crate::config::Config;
    use crate::cycle::{AwsAccess, Engine};
    use crate::domain::facts::Outcome;
    use crate::store::{CreditPull, FinishedCycle, IngestRun, Messages, Store};

    async fn finish_cycle(state: &State, clock: DateTime<Utc>) {
        let run = IngestRun {
            clock,
            account: None,
            costs: None,
            costs_outcome: Outcome::NotTried,
            credits: CreditPull::default(),
            credits_outcome: Outcome::NotTried,
        };
        let store = state.engine().store();
        let run_id = store.append_run(run).await.unwrap();
        let cycle = FinishedCycle { run_id, clock, outlook: None, findings: Vec::new() };
        store.finish_cycle(cycle, Messages::default()).await.unwrap();
    }

    #[tokio::test]
    async fn the_newest_view_is_made_once_until_something_is_written() {
        let config = Config::parse("[store]\npath = \"unused\"\n", Path::new("glidepath.toml")).unwrap();
        let aws = AwsAccess::Endpoint("http://127.0.0.1:9".to_owned());
        let engine = Engine::new(Store::in_memory().unwrap(), config, aws).unwrap();
        let now: DateTime<Utc> = "2026-11-23T06:00:00Z".parse().unwrap();
        let state = State::new(engine, Clock::set_to(now));
        assert!(state.view(None).await.unwrap().is_none());

        finish_cycle(&state, now).await;
        let first = state.view(None).await.unwrap().unwrap();
        let again = state.view(None).await.unwrap().unwrap();
        assert!(Arc::ptr_eq(&first, &again));
        let as_of = state.view(Some(now)).await.unwrap().unwrap();
        assert_eq!(*as_of, *first);

        let ticket = state.engine().store().reserve_request(now.date_naive(), 9).await.unwrap();
        assert!(ticket.is_some());
        let changed = state.view(None).await.unwrap().unwrap();
        assert_eq!(changed.position.data_quality.paid_requests_today, 1);
    }
}
