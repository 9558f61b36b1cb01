//! Answers that say that something failed in here, or that there was no room: a failure is named in the log once a minute, and what
//! was only sent away is counted.
//!
//! Invariant: whoever asks by the thousand fills neither the log nor the memory.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use axum::extract::{MatchedPath, Request, State};
use axum::middleware::Next;
use axum::response::Response;
use tracing::{error, warn};

use super::later::later;

/// For how long the same failure is one line of the log.
const A_MINUTE: Duration = Duration::from_secs(60);
/// Failures that are told apart within it.
const MOST_CAUSES: usize = 20;
/// Why a request was sent away that says nothing of it: only the limit of time does.
const TOO_LONG: &str = "it took too long";

/// What failed: what was being done, and why that failed. An answer bears it in its extensions.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Cause {
    /// What was being done.
    pub doing: String,
    /// Why it failed, with all that may name an account or a path.
    pub error: String,
}

/// Why a request was sent away, in one word. An answer bears it in its extensions.
#[derive(Debug, Clone)]
pub struct SentAway(pub String);

/// What this minute brought.
#[derive(Debug, Default)]
pub struct Troubles(Mutex<Minute>);

#[derive(Debug, Default, PartialEq, Eq)]
struct Minute {
    /// How often each cause, which is in the log once already.
    failed: BTreeMap<Cause, u64>,
    /// Failures of more causes than are told apart.
    others: u64,
    /// How often a route sent somebody away, and why.
    sent_away: BTreeMap<(String, String), u64>,
}

impl Minute {
    fn is_empty(&self) -> bool {
        *self == Minute::default()
    }
}

impl Troubles {
    /// Counts a failure. Says whether it is the first of its cause in this minute, and whether it begins the minute.
    fn fail(&self, cause: &Cause) -> (bool, bool) {
        let mut minute = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let begins = minute.is_empty();
        if let Some(times) = minute.failed.get_mut(cause) {
            *times += 1;
            return (false, begins);
        }
        if minute.failed.len() >= MOST_CAUSES {
            minute.others += 1;
            return (false, begins);
        }
        minute.failed.insert(cause.clone(), 1);
        (true, begins)
    }

    /// Counts a request that was sent away. Says whether it begins the minute.
    fn send_away(&self, route: &str, why: &str) -> bool {
        let mut minute = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let begins = minute.is_empty();
        *minute.sent_away.entry((route.to_owned(), why.to_owned())).or_default() += 1;
        begins
    }

    /// Ends the minute.
    fn end(&self) -> Minute {
        std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// Looks at an answer before it leaves.
pub async fn watch(State(troubles): State<Arc<Troubles>>, request: Request, next: Next) -> Response {
    let route = request.extensions().get::<MatchedPath>().map_or("none", MatchedPath::as_str).to_owned();
    let response = next.run(request).await;
    if !response.status().is_server_error() {
        return response;
    }
    match response.extensions().get::<Cause>() {
        Some(cause) => failed(&troubles, cause),
        None => {
            let why = response.extensions().get::<SentAway>().map_or(TOO_LONG, |SentAway(why)| why.as_str());
            if troubles.send_away(&route, why) {
                tell_later(&troubles);
            }
        }
    }
    response
}

/// Counts a failure that stands in no answer, too, and logs it if it is the first of its cause in this minute.
pub fn failed(troubles: &Arc<Troubles>, cause: &Cause) {
    let (is_first, begins) = troubles.fail(cause);
    if is_first {
        error!(doing = cause.doing, error = cause.error, "a request failed");
    }
    if begins {
        tell_later(troubles);
    }
}

fn tell_later(troubles: &Arc<Troubles>) {
    later(troubles, A_MINUTE, |troubles| async move { tell(&troubles.end()) });
}

fn tell(minute: &Minute) {
    for (cause, times) in minute.failed.iter().filter(|(_, times)| **times > 1) {
        error!(doing = cause.doing, error = cause.error, times, "requests failed within a minute");
    }
    if minute.others > 0 {
        error!(times = minute.others, "requests failed for more causes within a minute");
    }
    for ((route, why), times) in &minute.sent_away {
        warn!(route, why, times, "requests were sent away within a minute");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cause(number: u32) -> Cause {
        Cause { doing: "reading".to_owned(), error: format!("the disk says {number}") }
    }

    #[test]
    fn a_cause_is_told_once_a_minute_and_all_are_counted() {
        let troubles = Troubles::default();
        assert_eq!(troubles.fail(&cause(1)), (true, true));
        assert_eq!(troubles.fail(&cause(1)), (false, false));
        assert!(!troubles.send_away("/readyz", "no_data"));
        for number in 2..1_000 {
            assert_eq!(troubles.fail(&cause(number)), (number <= MOST_CAUSES as u32, false));
        }
        let minute = troubles.end();
        assert_eq!((minute.failed.len(), minute.failed[&cause(1)], minute.others), (MOST_CAUSES, 2, 979));
        assert!(troubles.send_away("/readyz", "no_data"), "the next minute");
        (0..5_000).for_each(|_| assert!(!troubles.send_away("/readyz", "no_data")));
        let minute = troubles.end();
        assert_eq!(minute.sent_away.into_iter().collect::<Vec<_>>(), [(("/readyz".into(), "no_data".into()), 5_001)]);
    }
}
