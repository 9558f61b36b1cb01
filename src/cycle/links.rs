//! Links to one report, or to a page of all, for somebody without an account: signed, expiring, revocable.
//!
//! Invariants: a link opens what it says and nothing else, because what it says is signed; a link is judged by its
//! signature before anything that it says is believed, then by its time, then by the list of those that were revoked; which
//! records it shows stands in that list where it would make the address too long;
//! the signature is compared in constant time; a link's own text is never stored or logged.

use std::fmt;
use std::str::FromStr;

use anyhow::{Context as _, Result, anyhow};
use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use chrono::{DateTime, TimeDelta, Utc};
use hmac::{Hmac, KeyInit as _, Mac as _};
use rand::TryRng as _;
use rand::rngs::SysRng;
use serde::{Deserialize, Serialize};
use sha2::Sha256;
use thiserror::Error;
use tracing::warn;
use utoipa::ToSchema;

use super::as_of::AsOfError;
use super::engine::Engine;
use crate::domain::values::bounds;
use crate::domain::values::period::{BillingPeriod, to_microseconds};
use crate::domain::values::secret::Secret;
use crate::report::{Format, ReportError, ReportKind};
use crate::store::{Revocation, StoredLink};

/// So that nothing else that is ever signed with the same key can be taken for a link.
const PURPOSE: &[u8] = b"glidepath shared report 1\n";
/// Bytes of a link's text. The daemon takes addresses of 2,048, and a proxy may add a path and the reader a format.
const LONGEST_LINK: usize = 1_800;
/// Bytes of the ids of a link's records that stand in it.
const RECORDS_IN_LINK: usize = 600;

/// What a link of all kinds is ordered as.
const ALL_KINDS: &str = "all";

/// What a link leads to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LinkKind {
    /// One report.
    One(ReportKind),
    /// A page of all reports, as a partner has it.
    All,
}

impl fmt::Display for LinkKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            LinkKind::One(kind) => kind.fmt(f),
            LinkKind::All => f.write_str(ALL_KINDS),
        }
    }
}

impl FromStr for LinkKind {
    type Err = LinkKindError;

    fn from_str(text: &str) -> Result<Self, LinkKindError> {
        if text == ALL_KINDS { Ok(LinkKind::All) } else { text.parse().map(LinkKind::One).map_err(LinkKindError) }
    }
}

/// A link cannot lead to this.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("{0}, or \"all\" for a page of them")]
pub struct LinkKindError(ReportError);

/// A link as it is ordered.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct LinkOrder {
    /// Kind of report (actual-vs-projected, trajectory, funding-pack, ask, poc or evidence), or `all` for a page that leads to each
    /// of them.
    pub kind: String,
    /// Formats; the first is what a link to one report shows by itself, the others are asked for with `?format=`.
    pub formats: Vec<String>,
    /// Record ids of the filing that it shows.
    pub records: Vec<String>,
    /// Days until it is refused.
    #[schema(minimum = 1, maximum = 366)]
    pub days: u32,
    /// Shows what was known then; without it the newest, and through a page of all reports any earlier day that is asked for.
    #[serde(default)]
    pub as_of: Option<DateTime<Utc>>,
}

/// A link that was just made. Its address is shown this once.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct MadeLink {
    /// The address to hand on.
    pub url: String,
    /// The link as listed from now on.
    #[serde(flatten)]
    pub link: StoredLink,
}

/// A link that was just ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct EndedLink {
    /// The link as listed from now on.
    #[serde(flatten)]
    pub link: StoredLink,
    /// Places whose lists of revoked links could not be brought up, each in a sentence; absent where there is none.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub not_listed: Vec<String>,
}

/// Why no link was made or ended.
#[derive(Debug, Error)]
pub enum LinkError {
    /// Nothing to sign with.
    #[error(
        "links need a key: set link_key = {{ env = \"NAME\" }} or {{ file = \"PATH\" }} in [http], 32 bytes or more; \
         `openssl rand -hex 32` prints one"
    )]
    NoKey,
    /// The order cannot be carried out.
    #[error("this link cannot be made: {0}")]
    Order(String),
    /// Where it would lead is reached over a network without TLS.
    #[error("{0}")]
    InTheOpen(String),
    /// There is nothing to show of that time.
    #[error("this link cannot be made: {0}")]
    AsOf(AsOfError),
    /// There is no such link.
    #[error("no link has the id {0:?}; `glidepath share list` shows them")]
    Unknown(String),
    /// The store or the system failed.
    #[error(transparent)]
    Failed(#[from] anyhow::Error),
}

/// What a link that we signed says of itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignedLink {
    /// Its id.
    pub id: String,
    /// From then on it is refused.
    pub expires_at: DateTime<Utc>,
}

/// What a good link opens.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SharedReport {
    /// Id of the link.
    pub id: String,
    /// One report, or all.
    pub kind: LinkKind,
    /// Formats; the first is shown by itself.
    pub formats: Vec<Format>,
    /// Record ids of the filing.
    pub records: Vec<String>,
    /// The clock it is pinned to.
    pub as_of: Option<DateTime<Utc>>,
    /// From then on it is refused.
    pub expires_at: DateTime<Utc>,
}

/// Why a link opens nothing.
#[derive(Debug)]
pub enum ClosedLink {
    /// Not one of ours, or not as we signed it.
    Unknown,
    /// It was good once; its id.
    Over(String),
    /// The store failed.
    Failed(anyhow::Error),
}

/// What is signed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Payload {
    id: String,
    kind: String,
    formats: Vec<String>,
    /// None where they are many: then those count that are listed under its id.
    records: Vec<String>,
    expires_at: DateTime<Utc>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    as_of: Option<DateTime<Utc>>,
}

impl Payload {
    pub(super) fn of(link: &StoredLink) -> Payload {
        let StoredLink { id, kind, formats, mut records, expires_at, as_of, .. } = link.clone();
        if records.iter().map(String::len).sum::<usize>() + 3 * records.len() > RECORDS_IN_LINK {
            records.clear();
        }
        Payload { id, kind, formats, records, expires_at, as_of }
    }

    /// True if it says of a link what the store says, field by field. The store keeps microseconds.
    fn is_of(&self, link: &StoredLink) -> bool {
        let whole = |payload: Payload| Payload {
            expires_at: to_microseconds(payload.expires_at),
            as_of: payload.as_of.map(to_microseconds),
            ..payload
        };
        whole(self.clone()) == whole(Payload::of(link))
    }
}

impl Engine {
    /// Makes a link, ordered by `who`.
    ///
    /// # Errors
    /// [`LinkError`].
    pub async fn make_link(&self, now: DateTime<Utc>, who: &str, order: LinkOrder) -> Result<MadeLink, LinkError> {
        let order = LinkOrder { as_of: order.as_of.map(to_microseconds), ..order };
        let key = self.config().link_key.as_ref().ok_or(LinkError::NoKey)?;
        if let Some(why) = self.config().no_links() {
            return Err(LinkError::InTheOpen(why));
        }
        self.judge(now, &order).await?;
        let LinkOrder { kind, formats, records, days, as_of } = order;
        let link = StoredLink {
            id: random_id()?,
            made_at: now,
            made_by: who.to_owned(),
            kind,
            formats,
            records,
            expires_at: to_microseconds(now) + TimeDelta::days(days.into()),
            as_of,
            revoked: None,
        };
        let text = signed(key, &Payload::of(&link))?;
        if text.len() > LONGEST_LINK {
            return Err(LinkError::Order("its address would be too long: name fewer formats".to_owned()));
        }
        self.store().keep_link(link.clone()).await.context("storing the link")?;
        Ok(MadeLink { url: self.link_address(&text), link })
    }

    /// Where the link with this text leads.
    pub(super) fn link_address(&self, text: &str) -> String {
        let base = self.config().dashboard_url.clone().unwrap_or_else(|| format!("http://{}/", self.config().listen));
        format!("{}/shared/{text}", base.trim_end_matches('/'))
    }

    /// The records of the newest filing, whether a view knows it yet or not.
    async fn newest_records(&self, now: DateTime<Utc>) -> Result<Vec<String>> {
        let filings = self.store().projections().await.context("reading the filings")?;
        let Some(newest) = filings.into_iter().next_back() else { return Ok(Vec::new()) };
        let filing = self.filing(newest, BillingPeriod::of(now.date_naive())).await?;
        Ok(filing.projection.records.into_iter().map(|record| record.id).collect())
    }

    async fn judge(&self, now: DateTime<Utc>, order: &LinkOrder) -> Result<(), LinkError> {
        let wrong = |reason: String| Err(LinkError::Order(reason));
        let kind = match order.kind.parse::<LinkKind>() {
            Ok(kind) => kind,
            Err(error) => return wrong(error.to_string()),
        };
        let fits = |format: &String| match (format.parse::<Format>(), kind) {
            (Ok(format), LinkKind::One(kind)) => kind.in_format(format).err(),
            (Ok(_), LinkKind::All) => None,
            (Err(error), _) => Some(error),
        };
        if let Some(error) = order.formats.iter().find_map(fits) {
            return wrong(error.to_string());
        }
        if order.formats.is_empty() {
            return wrong("it names no format".to_owned());
        }
        if let Some(problem) = bounds::LINK_DAYS.refuse("days", order.days) {
            return wrong(problem);
        }
        match self.check_as_of(order.as_of, now).await {
            Ok(()) => {}
            Err(AsOfError::Store(error)) => return Err(LinkError::Failed(error.into())),
            Err(refused) => return Err(LinkError::AsOf(refused)),
        }
        let view = self.view(order.as_of).await?.context("reading what the link would show")?;
        let mut filed = view.position.filing.map(|filing| filing.records).unwrap_or_default();
        if order.as_of.is_none() {
            // What was filed a moment ago is not in the view yet.
            let newest = self.newest_records(now).await?;
            filed.extend(newest.into_iter().filter(|id| !filed.contains(id)).collect::<Vec<_>>());
        }
        let unknown: Vec<&str> =
            order.records.iter().filter(|record| !filed.contains(record)).map(String::as_str).collect();
        if order.records.is_empty() || !unknown.is_empty() {
            let what = if unknown.is_empty() { "it names no record".to_owned() } else { unknown.join(", ") };
            let known = if filed.is_empty() { "none".to_owned() } else { filed.join(", ") };
            return wrong(format!("{what}: it has to show records of the filing, and these are: {known}"));
        }
        Ok(())
    }

    /// What the link with this text says of itself; `None` if we never signed it. Nothing is asked of the store.
    pub fn signed_link(&self, text: &str) -> Option<SignedLink> {
        let key = self.config().link_key.as_ref()?;
        verified(key, text).map(|Payload { id, expires_at, .. }| SignedLink { id, expires_at })
    }

    /// What `text`, the last part of a link's address, opens at `now`.
    ///
    /// # Errors
    /// [`ClosedLink`].
    pub async fn open_link(&self, now: DateTime<Utc>, text: &str) -> Result<SharedReport, ClosedLink> {
        let key = self.config().link_key.as_ref().ok_or(ClosedLink::Unknown)?;
        let mut signed = verified(key, text).ok_or(ClosedLink::Unknown)?;
        if signed.expires_at <= now {
            return Err(ClosedLink::Over(signed.id));
        }
        let stored = self.store().link(signed.id.clone()).await.context("looking the link up");
        match stored.map_err(ClosedLink::Failed)? {
            // A store that was restored from before the link was made does not know whether it was revoked.
            None => return Err(ClosedLink::Over(signed.id)),
            Some(link) if link.revoked.is_some() => return Err(ClosedLink::Over(signed.id)),
            // The key alone makes no link: it opens what was ordered here, to the letter.
            Some(link) if !signed.is_of(&link) => {
                warn!(
                    link = signed.id,
                    "a link is signed with the key and says something else than was ordered; it opens nothing"
                );
                return Err(ClosedLink::Unknown);
            }
            // Many records do not stand in the text, which has to fit into an address.
            Some(link) => signed.records = link.records,
        }
        let Payload { id, kind, formats, records, expires_at, as_of } = signed;
        let read = |error: ReportError| ClosedLink::Failed(anyhow!("reading what link {id} opens: {error}"));
        let kind = kind.parse().map_err(|LinkKindError(error)| read(error))?;
        let formats = formats.iter().map(|format| format.parse()).collect::<Result<_, _>>().map_err(read)?;
        Ok(SharedReport { id, kind, formats, records, as_of, expires_at })
    }

    /// Ends a link, ordered by `who`.
    ///
    /// # Errors
    /// [`LinkError::Unknown`], or if the store fails.
    pub async fn revoke_link(&self, now: DateTime<Utc>, who: &str, id: &str) -> Result<EndedLink, LinkError> {
        let find = async || self.store().link(id.to_owned()).await.context("looking the link up");
        find().await?.ok_or_else(|| LinkError::Unknown(id.to_owned()))?;
        let revocation = Revocation { at: now, by: who.to_owned() };
        let not_listed = self.store().revoke_link(id.to_owned(), revocation).await.context("revoking the link")?;
        let link = find().await?.ok_or_else(|| LinkError::Unknown(id.to_owned()))?;
        Ok(EndedLink { link, not_listed })
    }
}

pub(super) fn random_id() -> Result<String> {
    let mut bytes = [0; 16];
    SysRng.try_fill_bytes(&mut bytes).context("asking the system for random bytes")?;
    Ok(hex::encode(bytes))
}

fn mac(key: &Secret, payload: &str) -> Option<Hmac<Sha256>> {
    let mut mac = Hmac::<Sha256>::new_from_slice(key.expose().as_bytes()).ok()?;
    mac.update(PURPOSE);
    mac.update(payload.as_bytes());
    Some(mac)
}

pub(super) fn signed(key: &Secret, payload: &Payload) -> Result<String> {
    let payload = BASE64_URL_SAFE_NO_PAD.encode(serde_json::to_vec(payload).context("writing the link as JSON")?);
    let mac = mac(key, &payload).context("signing the link")?;
    let signature = BASE64_URL_SAFE_NO_PAD.encode(mac.finalize().into_bytes());
    Ok(format!("{payload}.{signature}"))
}

fn verified(key: &Secret, text: &str) -> Option<Payload> {
    let (payload, signature) = text.split_once('.')?;
    let signature = BASE64_URL_SAFE_NO_PAD.decode(signature).ok()?;
    mac(key, payload)?.verify_slice(&signature).ok()?;
    serde_json::from_slice(&BASE64_URL_SAFE_NO_PAD.decode(payload).ok()?).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn payload() -> Payload {
        Payload {
            id: "0123".to_owned(),
            kind: "trajectory".to_owned(),
            formats: vec!["html".to_owned()],
            records: vec!["ai".to_owned()],
            expires_at: "2026-12-01T00:00:00Z".parse().unwrap(),
            as_of: None,
        }
    }

    #[test]
    fn a_link_is_good_as_signed_and_in_no_other_way() {
        let key = Secret::new("0123456789abcdef0123456789abcdef");
        let text = signed(&key, &payload()).unwrap();
        assert_eq!(verified(&key, &text).unwrap().records, ["ai"]);
        assert!(verified(&Secret::new("0123456789abcdef0123456789abcdeF"), &text).is_none());
        for at in 0..text.len() {
            let mut bytes = text.clone().into_bytes();
            bytes[at] = if bytes[at] == b'A' { b'B' } else { b'A' };
            let changed = String::from_utf8(bytes).unwrap();
            // The last digit of a signature has bits that mean nothing; a decoder that minds refuses them too.
            assert!(verified(&key, &changed).is_none(), "changed at {at}: {changed}");
        }
        let (body, signature) = text.split_once('.').unwrap();
        for wrong in ["", ".", body, signature, &format!("{body}."), &format!(".{signature}"), &format!("{text}A")] {
            assert!(verified(&key, wrong).is_none(), "{wrong}");
        }
        // Signed by the same key for another purpose.
        let mut other = Hmac::<Sha256>::new_from_slice(key.expose().as_bytes()).unwrap();
        other.update(body.as_bytes());
        let other = BASE64_URL_SAFE_NO_PAD.encode(other.finalize().into_bytes());
        assert!(verified(&key, &format!("{body}.{other}")).is_none());
    }
}
