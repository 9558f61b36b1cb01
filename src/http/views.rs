//! The newest view, kept until anything that it is made from changes.

use std::sync::{Arc, Mutex, PoisonError};

use axum::http::StatusCode;
use chrono::{DateTime, SecondsFormat, Utc};

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
        let absent = || match as_of {
            None => Failure::new(StatusCode::NOT_FOUND, "no cycle has finished yet")
                .advise("the first one starts with the daemon; /readyz says what is missing"),
            Some(time) => {
                let time = time.to_rfc3339_opts(SecondsFormat::AutoSi, true);
                Failure::new(StatusCode::NOT_FOUND, format!("no cycle had finished by {time}"))
            }
        };
        self.view(as_of).await?.ok_or_else(absent)
    }
}
