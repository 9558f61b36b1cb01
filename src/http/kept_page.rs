//! The newest page as it was last drawn: it is drawn again when its view is another one, or what is so of channels.

use std::sync::{Arc, Mutex, PoisonError};

use axum::body::Bytes;

use crate::cycle::View;
use crate::domain::finding::Finding;

/// The page, with all that it was drawn from; config is part of the engine and never changes under it.
#[derive(Default)]
pub struct KeptPage(Mutex<Option<Drawn>>);

struct Drawn {
    /// Held, so that no other view can ever be at its address.
    view: Arc<View>,
    channels: Vec<Finding>,
    html: Bytes,
}

impl KeptPage {
    /// The page of `view` and `channels`, drawn with `draw` where it is not the one that is kept.
    pub fn get_or(&self, view: &Arc<View>, channels: &[Finding], draw: impl FnOnce() -> String) -> Bytes {
        let is_kept = |drawn: &&Drawn| Arc::ptr_eq(&drawn.view, view) && drawn.channels == channels;
        let kept =
            self.0.lock().unwrap_or_else(PoisonError::into_inner).as_ref().filter(is_kept).map(|d| d.html.clone());
        kept.unwrap_or_else(|| {
            let html = Bytes::from(draw());
            let drawn = Drawn { view: view.clone(), channels: channels.to_vec(), html: html.clone() };
            *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(drawn);
            html
        })
    }
}
