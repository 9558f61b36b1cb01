//! Reports that go out by themselves, and those that somebody sends by hand: a few lines with the figures that matter, and
//! the report as files or behind a link, as the channel carries it.
//!
//! Invariants: a channel decides who reads there, so that a partner's channel gets the partner's view of whatever is sent
//! to it; a report goes out once for a moment of its schedule, and once for all that a pause missed.

use anyhow::{Context as _, Result};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use thiserror::Error;
use tracing::{error, info, warn};
use utoipa::ToSchema;

use crate::config::ScheduledReport;
use crate::domain::alert::{NewDelivery, OutboxFile};
use crate::domain::wording::{Letter, LetterFile, ReportLetter, report_event_id, report_key, report_letter};
use crate::notify::{self, Carries, Channel};
use crate::report::{self, Audience, File, Format, ReportKind};
use crate::store::{AuditEntry, Enclosed, NoticeKind};

use super::as_of::AsOfError;
use super::enclosed_links::{DONE, EnclosedLink, SCHEDULE};
use super::engine::Engine;
use super::view::View;

/// How sending a report by hand went.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct SentReport {
    /// Name of the channel.
    pub channel: String,
    /// Its type.
    pub kind: String,
    /// Whom the report was made for.
    pub audience: String,
    /// Clock of the report.
    pub as_of: DateTime<Utc>,
    /// The files that went along.
    pub files: Vec<SentFile>,
    /// Id of the link that went in their stead, as `share list` shows it.
    pub link: Option<String>,
    /// True if the receiver accepted it.
    pub arrived: bool,
    /// What went wrong otherwise, without secrets.
    pub error: Option<String>,
}

/// A file that was sent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct SentFile {
    /// Its name.
    pub name: String,
    /// SHA-256 of its bytes in hex.
    pub sha256: String,
}

/// Why a report was not sent.
#[derive(Debug, Error)]
pub enum SendError {
    /// There is no such channel, or it carries no report.
    #[error("the report cannot be sent there: {0}")]
    Channel(String),
    /// There is nothing to show of that time.
    #[error(transparent)]
    AsOf(#[from] AsOfError),
    /// Rendering, the store or the system failed.
    #[error(transparent)]
    Failed(#[from] anyhow::Error),
}

/// Which report, of what, for whom.
struct Asked<'a> {
    event_id: String,
    name: &'a str,
    kind: ReportKind,
    formats: &'a [Format],
    view: &'a View,
    channel: (&'a str, &'a Channel),
    who: &'a str,
    now: DateTime<Utc>,
}

/// A report ready for a channel.
struct Package {
    letter: Letter,
    files: Vec<OutboxFile>,
    link: Option<EnclosedLink>,
    audience: Audience,
}

impl Engine {
    /// Remembers which schedules are in the config, so that one that is new begins with its next moment.
    ///
    /// # Errors
    /// If the store fails.
    pub async fn meet_schedules(&self, now: DateTime<Utc>) -> Result<()> {
        for report in &self.config().reports {
            self.first_met(report, now).await?;
        }
        Ok(())
    }

    async fn first_met(&self, report: &ScheduledReport, now: DateTime<Utc>) -> Result<DateTime<Utc>> {
        let (name, schedule) = (report.name.clone(), report.schedule.as_str().to_owned());
        let met = self.store().schedule_first_met(name, schedule, now).await;
        met.context("looking since when a report is scheduled")
    }

    /// Puts every report into the outbox whose moment has come; gives their number. What goes wrong with one is logged and
    /// keeps no other back; it is tried again the next minute.
    pub async fn reports_if_due(&self, now: DateTime<Utc>) -> usize {
        let mut made = 0;
        for report in &self.config().reports {
            match self.report_if_due(report, now).await {
                Ok(true) => made += 1,
                Ok(false) => {}
                Err(error) => error!(report = report.name, "making a scheduled report failed: {error:#}"),
            }
        }
        made
    }

    async fn report_if_due(&self, report: &ScheduledReport, now: DateTime<Utc>) -> Result<bool> {
        let first_met = self.first_met(report, now).await?;
        let last = self.store().last_notice(NoticeKind::Report, report_key(&report.name), now).await;
        let last = last.context("looking when the report was sent last")?;
        let since = last.map_or(first_met, |last| last.made_at.max(first_met));
        let Some(due_at) = report.schedule.next_after(since).filter(|due| *due <= now) else { return Ok(false) };
        // A cycle that is running brings newer figures; the report waits for them.
        if self.parts.running.try_lock().is_err() {
            return Ok(false);
        }
        let Some(view) = self.view(None).await?.filter(|view| view.position.data_through.is_some()) else {
            return Ok(false);
        };
        let event_id = report_event_id(&report.name, due_at);
        let mut packages = Vec::new();
        for name in &report.channels {
            let Some(channel) = self.config().channels.get(name) else { continue };
            let asked = Asked {
                event_id: event_id.clone(),
                name: &report.name,
                kind: report.kind,
                formats: &report.formats,
                view: &view,
                channel: (name, channel),
                who: SCHEDULE,
                now,
            };
            packages.push((name, channel, self.package(asked).await?));
        }
        info!(event_id, report = report.name, channels = packages.len(), "scheduled report");
        self.put_into_outbox(&event_id, packages, view.position.as_of).await
    }

    async fn put_into_outbox(
        &self,
        event_id: &str,
        packages: Vec<(&String, &Channel, Package)>,
        as_of: DateTime<Utc>,
    ) -> Result<bool> {
        let Some(letter) = packages.first().map(|(_, _, package)| package.letter.clone()) else { return Ok(false) };
        let (mut deliveries, mut enclosed) = (Vec::new(), Enclosed::default());
        for (name, channel, package) in packages {
            enclosed.audit.extend(package.disclosed(name));
            let Package { letter, files, link, .. } = package;
            let payload = channel.payload(letter);
            deliveries.push(NewDelivery { event_id: event_id.to_owned(), channel: name.clone(), payload });
            enclosed.files.extend(files.into_iter().map(|file| (name.clone(), file)));
            enclosed.audit.extend(link.as_ref().map(EnclosedLink::entry));
            enclosed.links.extend(link.map(|link| link.stored));
        }
        let made = self.store().add_notice(NoticeKind::Report, letter, as_of, deliveries, enclosed).await;
        made.context("storing the scheduled report")
    }

    /// Sends a report to a channel now, by order of `who`. Nothing waits in the outbox: whoever gave the order sees how it
    /// went, and can give it again.
    ///
    /// # Errors
    /// [`SendError`]; a receiver that does not take it is no error, but told.
    pub async fn send_report(
        &self,
        (now, who): (DateTime<Utc>, &str),
        channel: &str,
        (kind, format): (ReportKind, Format),
        as_of: Option<DateTime<Utc>>,
    ) -> Result<SentReport, SendError> {
        let to = self.config().carrier(channel).map_err(SendError::Channel)?;
        self.check_as_of(as_of, now).await?;
        let view = self.view(as_of).await?.context("the cycle of that time is not in the store")?;
        let event_id = report_event_id(&format!("order {channel} {kind}.{format}"), now);
        let formats = [format];
        let asked =
            Asked { event_id, name: channel, kind, formats: &formats, view: &view, channel: (channel, to), who, now };
        let Package { mut letter, files, link, audience } = self.package(asked).await?;
        let sent = letter.files.iter().map(|file| SentFile { name: file.name.clone(), sha256: file.sha256.clone() });
        let sent = sent.collect();
        if let Some(link) = &link {
            self.store().keep_link(link.stored.clone()).await.context("storing the link")?;
            for shown in &mut letter.links {
                shown.url = self.sign_links(&shown.url).await?.context("links cannot be signed")?;
            }
        }
        let outcome = notify::try_once(channel, to, letter, files, &self.parts.http, now).await;
        info!(channel, kind = to.kind(), arrived = outcome.is_ok(), "report sent by hand");
        Ok(SentReport {
            channel: channel.to_owned(),
            kind: to.kind().to_owned(),
            audience: audience.to_string(),
            as_of: view.position.as_of,
            files: sent,
            link: link.map(|link| link.stored.id),
            arrived: outcome.is_ok(),
            error: outcome.err(),
        })
    }

    async fn package(&self, asked: Asked<'_>) -> Result<Package> {
        let Asked { event_id, name, kind, formats, view, channel: (channel_name, channel), who, now } = asked;
        let audience = self.audience_of(channel_name);
        let records = match &audience {
            Audience::Owner => None,
            Audience::Partner { records } => Some(records.as_slice()),
        };
        let filed = view.position.filing.as_ref().map(|filing| filing.records.as_slice()).unwrap_or_default();
        if let Some(unknown) = records.and_then(|records| records.iter().find(|record| !filed.contains(record))) {
            warn!(
                channel = channel_name,
                record = unknown,
                "the filing has no such record; the report says nothing of it"
            );
        }
        let mut files = Vec::new();
        let mut link = None;
        match channel.carries() {
            Carries::Files => {
                for format in formats {
                    files.push(self.report(view, kind, *format, &audience, now).await?);
                }
            }
            Carries::Links => match self.config().no_links() {
                Some(why) => warn!(channel = channel_name, "the report goes without its link: {why}"),
                None => link = Some(self.enclosed_link(view, kind, formats, records, (now, who))?),
            },
            Carries::Words | Carries::Nothing => {}
        }
        let letter = report_letter(ReportLetter {
            event_id,
            name,
            report: kind.as_str(),
            title: kind.title(),
            now,
            as_of: view.position.as_of,
            data_through: view.position.data_through,
            headline: report::headline(kind, &view.position, &audience),
            files: files.iter().map(named).collect(),
            links: link.as_ref().map(|link| link.shown.clone()).unwrap_or_default(),
            dashboard_url: self.config().dashboard_url.clone().filter(|_| audience == Audience::Owner),
        });
        let enclosed = |file: File| OutboxFile {
            media_type: file.format.media_type().to_owned(),
            name: file.name,
            bytes: file.bytes,
        };
        Ok(Package { letter, files: files.into_iter().map(enclosed).collect(), link, audience })
    }

    /// Who reads a channel.
    pub(super) fn audience_of(&self, channel: &str) -> Audience {
        match &self.config().hears(channel).records {
            Some(records) => Audience::Partner { records: records.clone() },
            None => Audience::Owner,
        }
    }
}

impl Package {
    /// What the audit remembers of files that leave for a partner.
    fn disclosed(&self, channel: &str) -> Option<AuditEntry> {
        let outside = matches!(self.audience, Audience::Partner { .. }) && !self.files.is_empty();
        let names: Vec<&str> = self.files.iter().map(|file| file.name.as_str()).collect();
        outside.then(|| AuditEntry {
            at: self.letter.at,
            who: SCHEDULE.to_owned(),
            action: "report sent".to_owned(),
            path: format!("channel {channel} ({})", names.join(", ")),
            status: DONE,
        })
    }
}

fn named(file: &File) -> LetterFile {
    LetterFile { name: file.name.clone(), media_type: file.format.media_type().to_owned(), sha256: file.sha256() }
}
