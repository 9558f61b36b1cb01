//! Logins that failed: each caller is named in the log once a minute, with how often, and the metric counts all.
//!
//! Invariant: who guesses tokens by the thousand fills neither the log nor the memory.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use axum::http::HeaderMap;
use tracing::warn;

use super::later::later;

/// For how long failures of one caller are one line of the log.
const A_MINUTE: Duration = Duration::from_secs(60);
/// Callers that are told apart within it.
const MOST_CALLERS: usize = 100;

/// Who failed: the other end of the connection, and for whom it speaks if it is a proxy of the config.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Caller {
    peer: Option<IpAddr>,
    behind: Option<IpAddr>,
}

impl Caller {
    /// The caller. Only a proxy of the config is believed whom it speaks for: the last of X-Forwarded-For, which it wrote itself.
    pub fn of(peer: Option<IpAddr>, headers: &HeaderMap, is_proxy: impl Fn(IpAddr) -> bool) -> Caller {
        let peer = peer.map(|peer| peer.to_canonical());
        let told = headers.get_all("x-forwarded-for").iter().next_back().and_then(|value| value.to_str().ok());
        let last = told.and_then(|list| list.rsplit(',').next()?.trim().parse().ok());
        Caller { peer, behind: last.filter(|_| peer.is_some_and(is_proxy)) }
    }

    fn peer(self) -> String {
        self.peer.map_or_else(|| "unknown".to_owned(), |peer| peer.to_string())
    }

    fn behind(self) -> String {
        self.behind.map_or_else(|| "none".to_owned(), |behind| behind.to_string())
    }
}

/// What failed.
#[derive(Debug, Default)]
pub struct Logins(Mutex<Failed>);

#[derive(Debug, Default)]
struct Failed {
    /// Since the start.
    total: u64,
    /// In this minute, by caller.
    callers: BTreeMap<Caller, u64>,
    /// In this minute, of more callers than are told apart.
    others: u64,
}

/// What a minute brought beyond the line that each caller got at once.
#[derive(Debug, PartialEq, Eq)]
struct Minute {
    again: Vec<(Caller, u64)>,
    others: u64,
}

impl Logins {
    /// Counts a failure. Says whether it is the caller's first of this minute, and whether it begins the minute.
    fn add(&self, caller: Caller) -> (bool, bool) {
        let mut failed = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        failed.total += 1;
        let begins = failed.callers.is_empty();
        let is_known = failed.callers.contains_key(&caller);
        if !is_known && failed.callers.len() >= MOST_CALLERS {
            failed.others += 1;
            return (false, false);
        }
        *failed.callers.entry(caller).or_default() += 1;
        (!is_known, begins)
    }

    /// Ends the minute.
    fn end(&self) -> Minute {
        let mut failed = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let callers = std::mem::take(&mut failed.callers);
        Minute {
            again: callers.into_iter().filter(|(_, times)| *times > 1).collect(),
            others: std::mem::take(&mut failed.others),
        }
    }

    /// All since the start.
    pub fn total(&self) -> u64 {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).total
    }
}

/// Counts and logs a login that failed, for `why`.
pub fn failed(logins: &Arc<Logins>, caller: Caller, why: &str) {
    let (is_first, begins) = logins.add(caller);
    if is_first {
        warn!(peer = caller.peer(), behind = caller.behind(), why, "a login failed");
    }
    if begins {
        later(logins, A_MINUTE, |logins| async move { tell(&logins.end()) });
    }
}

fn tell(minute: &Minute) {
    for (caller, times) in &minute.again {
        warn!(peer = caller.peer(), behind = caller.behind(), times, "logins failed within a minute");
    }
    if minute.others > 0 {
        warn!(times = minute.others, "logins of more callers failed within a minute");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn caller(peer: [u8; 4]) -> Caller {
        Caller { peer: Some(peer.into()), behind: None }
    }

    #[test]
    fn a_caller_is_told_once_a_minute_and_all_are_counted() {
        let logins = Logins::default();
        assert_eq!(logins.add(caller([10, 0, 0, 1])), (true, true));
        assert_eq!(logins.add(caller([10, 0, 0, 1])), (false, false));
        assert_eq!(logins.add(caller([10, 0, 0, 2])), (true, false));
        assert_eq!(logins.end(), Minute { again: vec![(caller([10, 0, 0, 1]), 2)], others: 0 });
        assert_eq!(logins.add(caller([10, 0, 0, 1])), (true, true), "the next minute");
        for number in 0..5_000_u32 {
            logins.add(Caller { peer: Some(IpAddr::V4(number.into())), behind: None });
        }
        assert_eq!(logins.0.lock().unwrap().callers.len(), MOST_CALLERS);
        assert_eq!((logins.end().others, logins.total()), (5_000 - 99, 5_004));
    }

    #[test]
    fn only_a_proxy_of_the_config_says_for_whom_it_speaks() {
        let headers = |values: &[&str]| {
            let values = values.iter().map(|value| ("x-forwarded-for".parse().unwrap(), value.parse().unwrap()));
            values.collect::<HeaderMap>()
        };
        let proxy: IpAddr = "10.0.0.7".parse().unwrap();
        let behind = |peer: &str, values: &[&str]| {
            Caller::of(peer.parse().ok(), &headers(values), |peer| peer == proxy).behind.map(|ip| ip.to_string())
        };
        assert_eq!(behind("10.0.0.7", &["1.1.1.1, 2.2.2.2"]).as_deref(), Some("2.2.2.2"));
        assert_eq!(behind("::ffff:10.0.0.7", &["1.1.1.1", "fe80::1"]).as_deref(), Some("fe80::1"));
        assert_eq!(behind("10.0.0.8", &["1.1.1.1"]), None);
        assert_eq!(behind("10.0.0.7", &["unknown"]), None);
        assert_eq!(behind("10.0.0.7", &[]), None);
    }
}
