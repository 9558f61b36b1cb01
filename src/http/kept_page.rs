//! The newest page as it was last drawn: it is drawn again when its view is another one, or what is so of channels.

use std::sync::{Arc, Mutex, PoisonError};

use axum::body::Bytes;

use crate::cycle::View;
use crate::domain::position::finding::Finding;

/// The page, with all that it was drawn from; config is part of the engine and never changes under it.
#[derive(Default)]
pub struct KeptPage(Mutex<Option<Drawn>>);

struct Drawn {
    /// Held, so that no other view can ever be at its address.
    view: Arc<View>,
    /// Writes to the store before the channels were looked at.
    writes: u64,
    channels: Vec<Finding>,
    html: Bytes,
}

impl KeptPage {
    /// The page of `view`, if nothing was written since its channels were looked at.
    pub fn fresh(&self, view: &Arc<View>, writes: u64) -> Option<Bytes> {
        let kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        kept.as_ref().filter(|drawn| drawn.writes == writes && Arc::ptr_eq(&drawn.view, view)).map(|d| d.html.clone())
    }

    /// The page of `view` and `channels`, if it is the one that is kept: then it is the one after `writes` too.
    pub fn same(&self, view: &Arc<View>, writes: u64, channels: &[Finding]) -> Option<Bytes> {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let drawn = kept.as_mut().filter(|drawn| Arc::ptr_eq(&drawn.view, view) && drawn.channels == channels)?;
        drawn.writes = writes;
        Some(drawn.html.clone())
    }

    /// Keeps the page of `view` and `channels` as they are after `writes`.
    pub fn put(&self, view: Arc<View>, writes: u64, channels: Vec<Finding>, html: Bytes) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(Drawn { view, writes, channels, html });
    }
}
