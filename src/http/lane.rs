//! What a request may ask for that keeps a core busy: who may begin, who waits, and who is sent away.
//!
//! Invariants: a request that waits holds no thread, and leaves when its caller does; work that has begun is finished, whoever
//! left, and holds its turn until then, so that no more is under way than there are turns, unless it leaves nothing behind and
//! ends with its caller; one caller has one turn at a time, and only so many requests that wait.

use std::collections::BTreeMap;
use std::future::Future;
use std::sync::{Arc, Mutex, PoisonError};

use anyhow::Context as _;
use axum::http::StatusCode;
use tokio::sync::{Mutex as AsyncMutex, OwnedMutexGuard};

use super::failure::Failure;
use crate::report::Audience;

/// Requests of one caller that may be in a lane, the one whose work is under way included.
const OF_ONE_CALLER: usize = 12;
/// Requests that may be in a lane.
const IN_A_LANE: usize = 48;
/// Seconds after which a caller who was sent away may try again.
const TRY_AGAIN: u32 = 5;

/// The lanes of a daemon.
#[derive(Default)]
pub struct Lanes {
    /// Reports of partners, and of whoever has a link.
    partners: Lane,
    /// Reports of the house.
    owners: Lane,
    /// What-ifs, replays, and prices beside the bill.
    pub questions: Lane,
    /// Views of the past.
    pub past: Lane,
    /// Backups, checks, test messages, and looks at the whole store.
    pub orders: Lane,
}

impl Lanes {
    /// Where reports for `audience` are made.
    pub fn reports_for(&self, audience: &Audience) -> &Lane {
        match audience {
            Audience::Owner => &self.owners,
            Audience::Partner { .. } => self.reports_of_links(),
        }
    }

    /// All, by what is done there.
    pub fn all(&self) -> [(&'static str, &Lane); 5] {
        let Lanes { partners, owners, questions, past, orders } = self;
        [
            ("partner_reports", partners),
            ("reports", owners),
            ("questions", questions),
            ("past", past),
            ("orders", orders),
        ]
    }

    /// Where reports behind links are made, beside those of partners.
    pub fn reports_of_links(&self) -> &Lane {
        &self.partners
    }
}

/// Work that is done one after the other, in the order in which it was asked for.
#[derive(Clone, Default)]
pub struct Lane {
    /// Held by the work that is under way.
    turn: Arc<AsyncMutex<()>>,
    callers: Arc<Mutex<Callers>>,
}

/// Who is in a lane.
#[derive(Default)]
struct Callers {
    requests: usize,
    refused: u64,
    each: BTreeMap<String, Caller>,
}

#[derive(Default)]
struct Caller {
    requests: usize,
    turn: Arc<AsyncMutex<()>>,
}

/// How full a lane is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Load {
    /// Requests in it, the one whose work is under way included.
    pub requests: u64,
    /// Requests that were sent away since the start.
    pub refused: u64,
}

impl Lane {
    /// How full it is.
    pub fn load(&self) -> Load {
        let callers = self.callers.lock().unwrap_or_else(PoisonError::into_inner);
        Load { requests: callers.requests as u64, refused: callers.refused }
    }

    /// Has `work` done for the caller `who` when its turn comes.
    ///
    /// # Errors
    /// 503 where too many wait already, and 500 where the work broke off.
    pub async fn done<T, F>(&self, who: &str, work: F) -> Result<T, Failure>
    where
        T: Send + 'static,
        F: Future<Output = T> + Send + 'static,
    {
        let turn = self.turn(who).await?;
        let done = tokio::spawn(async move {
            let done = work.await;
            drop(turn);
            done
        });
        done.await.context("it broke off").map_err(|error| Failure::internal("the work", &error))
    }

    /// The same for work that leaves nothing behind: it ends with its caller, and gives its turn to the next.
    ///
    /// # Errors
    /// 503 where too many wait already.
    pub async fn while_asked<T>(&self, who: &str, work: impl Future<Output = T>) -> Result<T, Failure> {
        let _turn = self.turn(who).await?;
        Ok(work.await)
    }

    async fn turn(&self, who: &str) -> Result<Turn, Failure> {
        let place = self.place(who)?;
        // Its caller's turn first: who has asked often waits for itself, and not before others.
        let own = Arc::clone(&place.own).lock_owned().await;
        let turn = Arc::clone(&self.turn).lock_owned().await;
        Ok(Turn { _turn: turn, _own: own, _place: place })
    }

    fn place(&self, who: &str) -> Result<Place, Failure> {
        let mut callers = self.callers.lock().unwrap_or_else(PoisonError::into_inner);
        let of_caller = callers.each.get(who).map_or(0, |caller| caller.requests);
        if callers.requests >= IN_A_LANE || of_caller >= OF_ONE_CALLER {
            callers.refused += 1;
            return Err(busy(of_caller));
        }
        let caller = callers.each.entry(who.to_owned()).or_default();
        caller.requests += 1;
        let own = Arc::clone(&caller.turn);
        callers.requests += 1;
        Ok(Place { who: who.to_owned(), own, callers: Arc::clone(&self.callers) })
    }
}

fn busy(of_caller: usize) -> Failure {
    let whose = if of_caller >= OF_ONE_CALLER { "of yours " } else { "" };
    Failure::new(StatusCode::SERVICE_UNAVAILABLE, format!("too many requests {whose}wait for work like this"))
        .because("busy")
        .advise("ask again in some seconds, one request at a time")
        .after_seconds(TRY_AGAIN)
}

/// What work holds while it is under way; given back from the first to the last.
struct Turn {
    _turn: OwnedMutexGuard<()>,
    _own: OwnedMutexGuard<()>,
    _place: Place,
}

/// A place among those who wait.
struct Place {
    who: String,
    own: Arc<AsyncMutex<()>>,
    callers: Arc<Mutex<Callers>>,
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut callers = self.callers.lock().unwrap_or_else(PoisonError::into_inner);
        callers.requests -= 1;
        if let Some(caller) = callers.each.get_mut(&self.who) {
            caller.requests -= 1;
            if caller.requests == 0 {
                callers.each.remove(&self.who);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use tokio::sync::Semaphore;
    use tokio::task::{JoinSet, yield_now};

    use super::*;

    /// Work that ends when it is let, and counts.
    #[derive(Clone)]
    struct Work {
        gate: Arc<Semaphore>,
        under_way: Arc<AtomicUsize>,
        most: Arc<AtomicUsize>,
        ended: Arc<AtomicUsize>,
    }

    impl Work {
        fn new() -> Work {
            Work {
                gate: Arc::new(Semaphore::new(0)),
                under_way: Arc::default(),
                most: Arc::default(),
                ended: Arc::default(),
            }
        }

        async fn done(self) {
            let now = self.under_way.fetch_add(1, Ordering::SeqCst) + 1;
            self.most.fetch_max(now, Ordering::SeqCst);
            self.gate.acquire().await.unwrap().forget();
            self.under_way.fetch_sub(1, Ordering::SeqCst);
            self.ended.fetch_add(1, Ordering::SeqCst);
        }
    }

    async fn settle() {
        for _ in 0..200 {
            yield_now().await;
        }
    }

    fn ask(asked: &mut JoinSet<Result<(), Failure>>, lane: &Lane, who: &str, work: &Work) {
        let (lane, who, work) = (lane.clone(), who.to_owned(), work.clone());
        asked.spawn(async move { lane.done(&who, work.done()).await });
    }

    #[tokio::test]
    async fn of_three_hundred_requests_a_few_wait_one_is_worked_on_and_the_rest_are_sent_away() {
        let (lane, work) = (Lane::default(), Work::new());
        let mut asked = JoinSet::new();
        (0..300).for_each(|_| ask(&mut asked, &lane, "partner", &work));
        settle().await;
        let mut refused = 0;
        while let Some(Ok(answer)) = asked.try_join_next() {
            assert_eq!(answer.unwrap_err().status(), StatusCode::SERVICE_UNAVAILABLE);
            refused += 1;
        }
        assert_eq!(refused, 300 - OF_ONE_CALLER);
        assert_eq!(work.under_way.load(Ordering::SeqCst), 1);
        // Another caller is let in, and comes to its turn.
        ask(&mut asked, &lane, "other", &work);
        settle().await;
        assert_eq!(asked.len(), OF_ONE_CALLER + 1);
        work.gate.add_permits(OF_ONE_CALLER + 1);
        assert!(asked.join_all().await.iter().all(Result::is_ok));
        assert_eq!(work.most.load(Ordering::SeqCst), 1);
        assert!(lane.callers.lock().unwrap().each.is_empty(), "nobody is remembered who is not there");
    }

    #[tokio::test]
    async fn many_callers_fill_a_lane_and_no_other() {
        let (lanes, work) = (Lanes::default(), Work::new());
        let partner = Audience::Partner { records: vec!["chat".to_owned()] };
        let mut asked = JoinSet::new();
        (0..300).for_each(|n| ask(&mut asked, lanes.reports_for(&partner), &format!("link {n}"), &work));
        settle().await;
        let refused = std::iter::from_fn(|| asked.try_join_next()).filter(|it| it.as_ref().unwrap().is_err()).count();
        assert_eq!(refused, 300 - IN_A_LANE);
        work.gate.add_permits(1);
        lanes.reports_for(&Audience::Owner).done("founder", async {}).await.unwrap();
    }

    #[tokio::test]
    async fn who_leaves_while_it_waits_leaves_its_place_and_what_has_begun_is_finished() {
        let (lane, work) = (Lane::default(), Work::new());
        let mut asked = JoinSet::new();
        (0..OF_ONE_CALLER).for_each(|_| ask(&mut asked, &lane, "partner", &work));
        settle().await;
        // All callers leave: the one whose work goes on, and those who wait.
        asked.shutdown().await;
        settle().await;
        assert_eq!(lane.callers.lock().unwrap().requests, 1);
        assert_eq!((work.under_way.load(Ordering::SeqCst), work.ended.load(Ordering::SeqCst)), (1, 0));
        work.gate.add_permits(1);
        settle().await;
        assert_eq!((work.under_way.load(Ordering::SeqCst), work.ended.load(Ordering::SeqCst)), (0, 1));
        assert_eq!(lane.callers.lock().unwrap().requests, 0);
        work.gate.add_permits(1);
        lane.done("partner", work.done()).await.unwrap();
    }

    #[tokio::test]
    async fn work_that_panics_gives_its_turn_back() {
        let lane = Lane::default();
        let broken: Result<(), Failure> = lane.done("ops", async { panic!("a defect") }).await;
        assert_eq!(broken.unwrap_err().status(), StatusCode::INTERNAL_SERVER_ERROR);
        lane.done("ops", async {}).await.unwrap();
    }
}
