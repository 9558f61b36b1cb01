//! A store that was put back from what was left of it.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::values::words::moment_text;

/// What was put in the place of a store that could not be read whole, or was not there.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum HealedFrom {
    /// Its own file: without a log that could not be read, or as the database still held it in memory.
    File,
    /// The newest good backup.
    Backup,
    /// Nothing was left; it begins anew.
    Nothing,
    /// A file that somebody named.
    Named,
}

/// What happened to a store, and what is there again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Healing {
    /// When, by this machine's clock.
    pub healed_at: DateTime<Utc>,
    /// What was wrong, in words.
    pub damage: String,
    /// Where the damaged file was moved; null where there was none.
    pub kept_as: Option<String>,
    /// What was put in its place.
    pub source: HealedFrom,
    /// The backup; null without one.
    pub copied: Option<String>,
    /// What was entered up to then is there; null where nothing is.
    pub knows_to: Option<DateTime<Utc>>,
    /// Links to reports that were ended because no list told for certain which of them were revoked.
    #[serde(default)]
    pub links_ended: u64,
}

/// What people enter, and what only this store knew: nothing of it can be asked again.
const NOT_ASKED_AGAIN: &str = "balances typed in, filings, planned events, days accepted as zero, acknowledgements and silences, \
                               shared links and their ends, the list of issued reports, the audit, and which alerts were told";

impl Healing {
    /// Whether all that was ever entered is there again.
    pub fn is_whole(&self) -> bool {
        self.source == HealedFrom::File && self.knows_to == Some(self.healed_at)
    }

    /// What is there now instead, in words.
    pub fn restored(&self) -> String {
        let to = self.knows_to.map(moment_text).unwrap_or_default();
        match (self.source, &self.copied) {
            (HealedFrom::File, _) if self.is_whole() => "what the running program still held of it".to_owned(),
            (HealedFrom::File, _) => format!("its own file as of {to}"),
            (HealedFrom::Backup | HealedFrom::Named, Some(copied)) => format!("the backup {copied} of {to}"),
            (HealedFrom::Backup | HealedFrom::Named, None) => format!("a backup of {to}"),
            (HealedFrom::Nothing, _) => "an empty store, since no good backup was found".to_owned(),
        }
    }

    /// What could not be brought back, in words.
    pub fn not_brought_back(&self) -> String {
        let missing = match self.knows_to {
            Some(_) if self.is_whole() => "Nothing is missing".to_owned(),
            Some(to) => format!("What was entered after {} is not there: {NOT_ASKED_AGAIN}", moment_text(to)),
            None => format!("Nothing that was ever entered is there: {NOT_ASKED_AGAIN}"),
        };
        match self.links_ended {
            0 => missing,
            ended => format!(
                "{missing}. No list tells for certain that {ended} of the links to reports were not revoked, so these are ended: \
                 make new ones"
            ),
        }
    }
}
