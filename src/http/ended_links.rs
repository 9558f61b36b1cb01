//! Links that are known to be over, so that who asks through one takes no place among those whose link is good.
//!
//! Invariants: a link that is over stays over; what is known here is looked up once, noted when a link is ended, and whenever one
//! that was asked through turns out to be; a link that is not known here is judged by the store, in its turn.

use std::collections::BTreeSet;
use std::sync::{Mutex, PoisonError};

use chrono::{DateTime, Utc};
use tokio::sync::OnceCell;

use crate::cycle::SignedLink;
use crate::store::{Store, StoreError};

/// Links that are remembered: each was signed with our key, so nobody else can make them many.
const MOST: u32 = 10_000;

/// The ids.
#[derive(Debug, Default)]
pub struct EndedLinks {
    looked_up: OnceCell<()>,
    ids: Mutex<BTreeSet<String>>,
}

impl EndedLinks {
    /// Notes that the link `id` is over.
    pub fn add(&self, id: &str) {
        let mut ids = self.ids.lock().unwrap_or_else(PoisonError::into_inner);
        if ids.len() >= MOST as usize && !ids.contains(id) {
            ids.pop_first();
        }
        ids.insert(id.to_owned());
    }

    fn contains(&self, id: &str) -> bool {
        self.ids.lock().unwrap_or_else(PoisonError::into_inner).contains(id)
    }

    /// True if `link` is known to be over at `now`. The store is asked once in the life of the daemon; where it fails, the link is
    /// judged in its turn.
    pub async fn is_over(&self, link: &SignedLink, now: DateTime<Utc>, store: &Store) -> bool {
        if link.expires_at <= now {
            return true;
        }
        let look_up = async || {
            let revoked = store.revoked_links(now, MOST).await?;
            revoked.iter().for_each(|id| self.add(id));
            Ok::<_, StoreError>(())
        };
        // Why it failed is told by the request that asks for something.
        let _ = self.looked_up.get_or_try_init(look_up).await;
        self.contains(&link.id)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_remembered_is_bounded() {
        let ended = EndedLinks::default();
        (0..3 * MOST).for_each(|number| ended.add(&format!("{number:08}")));
        assert_eq!(ended.ids.lock().unwrap().len(), MOST as usize);
        assert!(ended.contains(&format!("{:08}", 3 * MOST - 1)));
    }
}
