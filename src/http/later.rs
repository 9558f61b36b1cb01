//! What is done a while after a request, apart from it.

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

/// Does `work` with what `held` holds in `pause`, unless nobody else holds it any more then.
pub fn later<T, F>(held: &Arc<T>, pause: Duration, work: impl FnOnce(Arc<T>) -> F + Send + 'static)
where
    T: Send + Sync + 'static,
    F: Future<Output = ()> + Send,
{
    let held = Arc::downgrade(held);
    tokio::spawn(async move {
        tokio::time::sleep(pause).await;
        if let Some(held) = held.upgrade() {
            work(held).await;
        }
    });
}
