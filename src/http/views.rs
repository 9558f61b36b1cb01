//! Views, put together once for however many ask.

use std::sync::{Arc, PoisonError};

use anyhow::Context as _;
use chrono::{DateTime, Utc};

use crate::cycle::View;
use crate::store::Seen;

use super::failure::Failure;
use super::state::State;

/// Who looks at the past: all readers together, since one view is the same for all.
const ANYBODY: &str = "";

impl State {
    /// The view as of a time, or the newest; `None` before the first finished cycle. Of a time the store is asked in a lane: times
    /// that nobody asked for before are many.
    ///
    /// # Errors
    /// For a time to come, where too many wait, and if the store fails.
    pub async fn view(&self, as_of: Option<DateTime<Utc>>) -> Result<Option<Arc<View>>, Failure> {
        let state = self.clone();
        if let Some(time) = as_of {
            if let Some(view) = self.shared.views.of_time(time, self.engine().store().writes()) {
                return Ok(Some(view));
            }
            let looked = async move {
                state.refuse_the_future(as_of).await?;
                state.made_view(as_of).await
            };
            return self.shared.lanes.past.done(ANYBODY, looked).await?;
        }
        let Some(seen) = self.seen(None).await? else { return Ok(None) };
        if let Some(view) = self.shared.views.get(seen, &self.said(None)) {
            return Ok(Some(view));
        }
        let alone = Arc::clone(&self.shared.views.making).lock_owned().await;
        // It is finished, whoever left, so that no second one is begun beside it.
        let making = tokio::spawn(async move {
            let made = state.made_view(None).await;
            drop(alone);
            made
        });
        making.await.context("it broke off").map_err(|error| unread(&error))?
    }

    async fn made_view(&self, as_of: Option<DateTime<Utc>>) -> Result<Option<Arc<View>>, Failure> {
        // Who was before may have made the same.
        let Some(before) = self.seen(as_of).await? else { return Ok(None) };
        let said = self.said(as_of);
        if let Some(view) = self.shared.views.get(before, &said) {
            return Ok(Some(view));
        }
        let Some(view) = self.engine().view(as_of).await.map_err(|error| unread(&error))? else { return Ok(None) };
        let view = Arc::new(view);
        // What was written meanwhile may be in it or not: then the next reader looks again.
        if self.seen(as_of).await? == Some(before) {
            self.shared.views.put(before, said, view.clone());
        }
        Ok(Some(view))
    }

    /// Whose figures these are, as far as somebody has looked at them since the start: who is refused asks nothing of the store. `None`
    /// too where no filing says it.
    pub fn customer(&self) -> Option<String> {
        let view = self.shared.views.newest_kept()?;
        view.position.filing.as_ref().and_then(|filing| filing.customer.clone())
    }

    /// What is said beside the newest view, and beside no other.
    fn said(&self, as_of: Option<DateTime<Utc>>) -> String {
        if as_of.is_none() { self.engine().said_from_memory() } else { String::new() }
    }

    async fn seen(&self, as_of: Option<DateTime<Utc>>) -> Result<Option<Seen>, Failure> {
        let (store, newest) = (self.engine().store(), &self.shared.views.newest);
        // Taken first: what is written meanwhile makes the next reader look again.
        let writes = store.writes();
        let known = *newest.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, seen)) = known.filter(|(after, _)| as_of.is_none() && *after == writes) {
            return Ok(Some(seen));
        }
        let seen =
            store.seen(as_of, self.engine().config().digest.clone()).await.map_err(|error| unread(&error.into()))?;
        match (as_of, seen) {
            (None, _) => *newest.lock().unwrap_or_else(PoisonError::into_inner) = seen.map(|seen| (writes, seen)),
            (Some(time), Some(seen)) => self.shared.views.put_time(time, writes, seen),
            (Some(_), None) => {}
        }
        Ok(seen)
    }

    /// The view, or 404.
    pub async fn existing_view(&self, as_of: Option<DateTime<Utc>>) -> Result<Arc<View>, Failure> {
        match self.view(as_of).await? {
            Some(view) => Ok(view),
            None => Err(self.nothing_at(as_of).await),
        }
    }
}

fn unread(error: &anyhow::Error) -> Failure {
    Failure::internal("reading the position", error)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;
    use std::path::Path;

    use chrono::TimeDelta;

    use super::*;
    use crate::clock::Clock;
    use crate::config::Config;
    use crate::cycle::{AwsAccess, Engine};
    use crate::domain::facts::outcome::Outcome;
    use crate::domain::position::finding::Rule;
    use crate::store::{ChargedRequests, CreditPull, Entered, FinishedCycle, IngestRun, Messages, Store};

    const NOW: &str = "2026-11-23T06:00:00Z";

    fn state() -> State {
        let config = Config::parse("[store]\npath = \"unused\"\n", Path::new("glidepath.toml")).unwrap();
        let aws = AwsAccess::Endpoint("http://127.0.0.1:9".to_owned());
        let engine = Engine::new(Store::in_memory().unwrap(), config, aws).unwrap();
        State::new(engine, Clock::set_to(NOW.parse().unwrap()))
    }

    async fn append_run(state: &State, clock: DateTime<Utc>) -> i64 {
        let run = IngestRun {
            clock,
            aws_clock: Some(clock),
            account: None,
            costs: None,
            costs_outcome: Outcome::NotTried,
            credits: CreditPull::default(),
            credits_outcome: Outcome::NotTried,
        };
        state.engine().store().append_run(run).await.unwrap()
    }

    async fn finish_cycle(state: &State, clock: DateTime<Utc>) {
        let run_id = append_run(state, clock).await;
        let store = state.engine().store();
        let cycle = FinishedCycle {
            run_id,
            clock,
            outlook: None,
            findings: Vec::new(),
            held: BTreeMap::new(),
            entered: Entered::default(),
        };
        let messages = Messages { config_digest: state.engine().config().digest.clone(), ..Messages::default() };
        store.finish_cycle(cycle, messages, None).await.unwrap();
    }

    #[tokio::test]
    async fn a_healing_is_said_at_once_beside_the_newest_view_alone() {
        let (state, now) = (state(), NOW.parse().unwrap());
        finish_cycle(&state, now).await;
        let said = |view: &View| view.position.findings.iter().any(|finding| finding.rule == Rule::StoreHealed);
        assert!(!said(&state.view(None).await.unwrap().unwrap()));
        let healed = now + TimeDelta::hours(1);
        let insert = "INSERT INTO healings VALUES (?, 'a block was zeroed', NULL, 'file', NULL, NULL)";
        let store = state.engine().store();
        store.call(move |connection| Ok(connection.execute(insert, [healed.naive_utc()])?)).await.unwrap();
        assert!(said(&state.view(None).await.unwrap().unwrap()));
        assert!(!said(&state.view(Some(now)).await.unwrap().unwrap()), "then nobody knew");
        let alerts = state.engine().alerts(healed).await.unwrap().alerts;
        assert!(alerts.iter().any(|alert| alert.rule == Rule::StoreHealed), "{alerts:?}");
    }

    #[tokio::test]
    async fn the_newest_view_is_made_once_until_something_is_written() {
        let (state, now) = (state(), NOW.parse().unwrap());
        assert!(state.view(None).await.unwrap().is_none());

        finish_cycle(&state, now).await;
        let first = state.view(None).await.unwrap().unwrap();
        let again = state.view(None).await.unwrap().unwrap();
        assert!(Arc::ptr_eq(&first, &again));
        let as_of = state.view(Some(now)).await.unwrap().unwrap();
        assert!(Arc::ptr_eq(&first, &as_of), "the newest one by then is the same one");

        let ticket = state.engine().store().reserve_request(now.date_naive(), 9).await.unwrap();
        assert!(ticket.is_some());
        let changed = state.view(None).await.unwrap().unwrap();
        assert_eq!(changed.position.data_quality.paid_requests_today, 1);
        assert_eq!(View::clone(&changed).charged(ChargedRequests::default()), *first, "and nothing else changed");
    }

    #[tokio::test]
    async fn a_running_cycle_leaves_the_view_of_the_one_before() {
        let state = state();
        let now: DateTime<Utc> = NOW.parse().unwrap();
        finish_cycle(&state, now).await;
        let before = state.view(None).await.unwrap().unwrap();
        let later = now + TimeDelta::hours(24);
        state.engine().store().reserve_request(later.date_naive(), 9).await.unwrap();
        append_run(&state, later).await;
        assert!(Arc::ptr_eq(&before, &state.view(None).await.unwrap().unwrap()));
        finish_cycle(&state, later).await;
        assert_eq!(state.view(None).await.unwrap().unwrap().position.as_of, later);
        assert!(Arc::ptr_eq(&before, &state.view(Some(now)).await.unwrap().unwrap()), "a look back finds it too");
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn ten_readers_at_once_cost_one_view() {
        let state = state();
        finish_cycle(&state, NOW.parse().unwrap()).await;
        let mut readers = tokio::task::JoinSet::new();
        for _ in 0..10 {
            let state = state.clone();
            readers.spawn(async move { state.view(None).await.unwrap().unwrap() });
        }
        let views = readers.join_all().await;
        assert!(views.iter().all(|view| Arc::ptr_eq(view, &views[0])));
    }
}
