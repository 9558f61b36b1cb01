//! Links that go with a message by themselves. Their text is never stored: a stored message names the link by its id, and
//! the link is signed as the message leaves.

use anyhow::{Context as _, Result};
use chrono::{DateTime, TimeDelta, Utc};

use crate::domain::alert::{DeliveryOutcome, DeliveryResult, PendingDelivery};
use crate::domain::wording::LetterLink;
use crate::report::{Format, ReportKind};
use crate::store::{AuditEntry, StoredLink};

use super::engine::Engine;
use super::links::{Payload, random_id, signed};
use super::view::View;

/// What the audit calls whoever sends reports and digests by themselves.
pub(super) const SCHEDULE: &str = "schedule";
/// As HTTP would say it.
pub(super) const DONE: u16 = 200;
/// Stands before a link's id where its text will stand.
const UNSIGNED: &str = "unsigned-link-";
/// Digits of an id.
const ID_LENGTH: usize = 32;

/// A link to be stored with the message that it stands in.
#[derive(Debug, Clone)]
pub(super) struct EnclosedLink {
    /// As it is listed.
    pub stored: StoredLink,
    /// As the letter shows it, for each format.
    pub shown: Vec<LetterLink>,
}

impl EnclosedLink {
    /// What the audit remembers of its making.
    pub fn entry(&self) -> AuditEntry {
        let StoredLink { id, made_at, made_by, .. } = &self.stored;
        let (action, path) = ("share made".to_owned(), format!("link {id}"));
        AuditEntry { at: *made_at, who: made_by.clone(), action, path, status: DONE }
    }
}

impl Engine {
    /// A link to a report of `view` for who may see `records`; every record of the filing, where none are named. It shows
    /// what the message tells, whatever is known later.
    pub(super) fn enclosed_link(
        &self,
        view: &View,
        kind: ReportKind,
        formats: &[Format],
        records: Option<&[String]>,
        (now, who): (DateTime<Utc>, &str),
    ) -> Result<EnclosedLink> {
        let id = random_id()?;
        let filed = || view.position.filing.as_ref().map(|filing| filing.records.clone()).unwrap_or_default();
        let expires_at = now + TimeDelta::days(self.config().link_days.into());
        let address = self.link_address(&format!("{UNSIGNED}{id}"));
        let shown = formats.iter().enumerate().map(|(place, format)| LetterLink {
            label: label(kind, *format),
            url: if place == 0 { address.clone() } else { format!("{address}?format={format}") },
            expires_at,
        });
        let stored = StoredLink {
            id,
            made_at: now,
            made_by: who.to_owned(),
            kind: kind.to_string(),
            formats: formats.iter().map(ToString::to_string).collect(),
            records: records.map_or_else(filed, <[String]>::to_vec),
            expires_at,
            as_of: Some(view.position.as_of),
            revoked: None,
        };
        Ok(EnclosedLink { shown: shown.collect(), stored })
    }

    /// The deliveries with their links signed, and what becomes of those whose links cannot be.
    pub(super) async fn with_signed_links(
        &self,
        due: Vec<PendingDelivery>,
    ) -> Result<(Vec<PendingDelivery>, Vec<DeliveryOutcome>)> {
        let (mut ready, mut refused) = (Vec::new(), Vec::new());
        for delivery in due {
            match self.sign_links(&delivery.payload).await? {
                Some(payload) => ready.push(PendingDelivery { payload, ..delivery }),
                None => {
                    let error = "the link in it cannot be signed: link_key is not in [http] any more".to_owned();
                    let PendingDelivery { event_id, channel, .. } = delivery;
                    refused.push(DeliveryOutcome { event_id, channel, result: DeliveryResult::Dead { error } });
                }
            }
        }
        Ok((ready, refused))
    }

    /// `text` with its links signed; `None` if there is nothing to sign them with.
    pub(super) async fn sign_links(&self, text: &str) -> Result<Option<String>> {
        let mut written = String::with_capacity(text.len());
        let mut rest = text;
        while let Some((before, after)) = rest.split_once(UNSIGNED) {
            written.push_str(before);
            let stored = match after.get(..ID_LENGTH) {
                Some(id) => self.store().link(id.to_owned()).await.context("looking a link up")?,
                None => None,
            };
            match (stored, &self.config().link_key) {
                (Some(link), Some(key)) => {
                    written.push_str(&signed(key, &Payload::of(&link))?);
                    rest = &after[ID_LENGTH..];
                }
                (Some(_), None) => return Ok(None),
                // Somebody's words, and no link of ours.
                (None, _) => {
                    written.push_str(UNSIGNED);
                    rest = after;
                }
            }
        }
        written.push_str(rest);
        Ok(Some(written))
    }
}

fn label(kind: ReportKind, format: Format) -> String {
    match format {
        Format::Html => kind.title().to_owned(),
        Format::Markdown => format!("{} as Markdown", kind.title()),
        other => format!("{} as {}", kind.title(), other.as_str().to_ascii_uppercase()),
    }
}
