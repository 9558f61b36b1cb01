//! Digests, and acknowledgements to those who keep incidents: messages that no rule decides.

use anyhow::{Context as _, Result};
use chrono::{DateTime, Utc};
use tracing::info;

use crate::domain::alert::{Mute, NewDelivery};
use crate::domain::wording::{DIGEST_KEY, DigestInput, Letter, acknowledgement, digest};
use crate::notify::Channel;
use crate::report::{Format, ReportKind};
use crate::store::alerts::open_alerts;
use crate::store::{Enclosed, NoticeKind};

use super::enclosed_links::{EnclosedLink, SCHEDULE};
use super::engine::Engine;

impl Engine {
    /// Puts the digest into the outbox if its moment has come since the last one (or, before the first, since the first
    /// cycle). After a pause one is made, however many were missed. True if one was made.
    ///
    /// # Errors
    /// If the store fails or a stored filing no longer reads.
    pub async fn digest_if_due(&self, now: DateTime<Utc>) -> Result<bool> {
        let Some(schedule) = &self.config().digest_schedule else { return Ok(false) };
        let last = self
            .store()
            .last_notice(NoticeKind::Digest, DIGEST_KEY.to_owned(), now)
            .await
            .context("looking for the last digest")?;
        let since = match last {
            Some(last) => Some(last.made_at),
            None => self.first_cycle().await?,
        };
        let Some(due_at) = since.and_then(|since| schedule.next_after(since)).filter(|due| *due <= now) else {
            return Ok(false);
        };
        // A cycle that is running brings newer figures; the digest waits for them.
        if self.parts.running.try_lock().is_err() {
            return Ok(false);
        }
        let Some(view) = self.view(None).await? else { return Ok(false) };
        let before = match last {
            Some(last) => self.view(Some(last.as_of)).await.context("reading what the last digest told")?,
            None => None,
        };
        let found = |key: &str| view.position.findings.iter().any(|found| found.key == key);
        let mut held =
            self.store().read(move |store| Ok(open_alerts(store, now)?)).await.context("reading the open alerts")?;
        held.retain(|alert| !found(&alert.key));
        let input = DigestInput {
            due_at,
            now,
            before: before.as_ref().map(|view| &view.position),
            position: &view.position,
            held: &held,
            dashboard_url: self.config().dashboard_url.as_deref(),
        };
        let Some(mut letter) = digest(&input) else { return Ok(false) };
        let wanting: Vec<&str> =
            self.config().listeners().filter(|(_, hears)| hears.digest).map(|(name, _)| name).collect();
        let link = if wanting.iter().any(|name| self.takes_links(name)) {
            Some(self.enclosed_link(&view, ReportKind::FundingPack, &[Format::Html], None, (now, SCHEDULE))?)
        } else {
            None
        };
        letter.links = link.as_ref().map(|link| link.shown.clone()).unwrap_or_default();
        let deliveries = self.deliveries(&letter, wanting.into_iter());
        let enclosed = Enclosed {
            audit: link.iter().map(EnclosedLink::entry).collect(),
            links: link.map(|link| link.stored).into_iter().collect(),
            files: Vec::new(),
        };
        info!(event_id = letter.event_id, channels = deliveries.len(), "digest");
        let as_of = view.position.as_of;
        let made = self.store().add_notice(NoticeKind::Digest, letter, as_of, deliveries, enclosed).await;
        made.context("storing the digest")
    }

    /// Tells who keeps incidents that somebody is on one.
    pub(super) async fn pass_on(&self, mute: &Mute, now: DateTime<Utc>) -> Result<()> {
        let letter = acknowledgement(mute);
        let channels = self.config().channels.iter();
        let keepers = channels.filter(|(_, channel)| matches!(channel, Channel::PagerDuty { .. }));
        let deliveries = self.deliveries(&letter, keepers.map(|(name, _)| name.as_str()));
        if deliveries.is_empty() {
            return Ok(());
        }
        let added = self.store().add_notice(NoticeKind::Ack, letter, now, deliveries, Enclosed::default()).await;
        added.map(drop).context("storing the acknowledgement for those who keep incidents")
    }

    fn deliveries<'a>(&self, letter: &Letter, names: impl Iterator<Item = &'a str>) -> Vec<NewDelivery> {
        let addressed = names.filter_map(|name| Some((name, self.config().channels.get(name)?)));
        let delivery = |(name, channel): (&str, &Channel)| NewDelivery {
            event_id: letter.event_id.clone(),
            channel: name.to_owned(),
            payload: if self.takes_links(name) {
                channel.payload(letter.clone())
            } else {
                channel.payload(Letter { links: Vec::new(), ..letter.clone() })
            },
        };
        addressed.map(delivery).collect()
    }

    /// True if a signed link can be made, and the channel `name` may show it.
    fn takes_links(&self, name: &str) -> bool {
        let config = self.config();
        let can_carry = config.channels.get(name).is_some_and(Channel::may_carry_links);
        config.may_link() && can_carry && config.hears(name).links
    }
}
