//! What is done a while after a request, apart from it.

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use super::State;

impl State {
    /// Does `work` in `pause`, unless nobody holds the state any more then.
    pub fn later<F>(&self, pause: Duration, work: impl FnOnce(State) -> F + Send + 'static)
    where
        F: Future<Output = ()> + Send,
    {
        let shared = Arc::downgrade(&self.shared);
        tokio::spawn(async move {
            tokio::time::sleep(pause).await;
            if let Some(shared) = shared.upgrade() {
                work(State { shared }).await;
            }
        });
    }
}
