//! `[[report]]`: which reports go out by themselves, when, and where.

use std::collections::BTreeSet;

use toml::Value;

use crate::domain::wording::Hears;
use crate::notify::{Carries, Channel};
use crate::report::{Format, ReportKind};

use super::channels::Channels;
use super::problem::Problem;
use super::schedule::{CronLine, cron};
use super::section::{Section, entries, nearest};

/// A report that goes out by itself.
#[derive(Debug, Clone)]
pub struct ScheduledReport {
    /// Its own name, by which it is known again after a restart.
    pub name: String,
    /// What it is about.
    pub kind: ReportKind,
    /// Its forms, each a file; the first is what a link shows by itself.
    pub formats: Vec<Format>,
    /// When.
    pub schedule: CronLine,
    /// Names of the channels that it goes to. A partner's gets the partner's view.
    pub channels: Vec<String>,
}

/// Reads every entry. `may_link` says whether links can be signed and where they would lead is known.
pub fn read(
    value: Option<Value>,
    channels: &Channels,
    may_link: bool,
    problems: &mut Vec<Problem>,
) -> Vec<ScheduledReport> {
    let mut names = BTreeSet::new();
    let mut reports = Vec::new();
    for (place, keys) in entries("report", value, problems) {
        let mut section = Section::new(place, keys, problems);
        let name = section.required("name", "any name of your own, such as \"board\"");
        if let Some(name) = &name {
            section.name_place(name);
            if !names.insert(name.clone()) {
                section.problem("name", format!("{name:?} is used by an earlier report; each needs a name of its own"));
            }
        }
        let kind = kind(&mut section);
        let formats = formats(&mut section, kind);
        let schedule = if section.has("schedule") {
            cron(&mut section, "schedule")
        } else {
            section.required("schedule", "a cron line, such as \"0 0 8 1 * *\" for the first of a month at 08:00 UTC");
            None
        };
        let to = receivers(&mut section, channels, may_link);
        section.finish();
        if let (Some(name), Some(kind), Some(formats), Some(schedule)) = (name, kind, formats, schedule) {
            reports.push(ScheduledReport { name, kind, formats, schedule, channels: to });
        }
    }
    reports
}

fn kind(section: &mut Section<'_>) -> Option<ReportKind> {
    if !section.has("kind") {
        section.value("kind");
        return Some(ReportKind::FundingPack);
    }
    let text = section.text("kind")?;
    let meant = nearest(&text, ReportKind::ALL.map(ReportKind::as_str));
    text.parse().map_err(|error| section.problem_near("kind", format!("{error}"), meant.as_deref())).ok()
}

fn formats(section: &mut Section<'_>, kind: Option<ReportKind>) -> Option<Vec<Format>> {
    if !section.has("formats") {
        section.value("formats");
        let made = kind.map_or(&Format::ALL[..], ReportKind::formats);
        return Some(vec![made.iter().copied().find(|format| *format == Format::Pdf).unwrap_or(made[0])]);
    }
    let mut formats = Vec::new();
    for text in section.texts("formats")? {
        match text.parse::<Format>() {
            Ok(format) if formats.contains(&format) => {
                section.problem("formats", format!("names {format} twice; the second would be the same file"));
            }
            Ok(format) => match kind.map_or(Ok(()), |kind| kind.in_format(format).map(drop)) {
                Ok(()) => formats.push(format),
                Err(error) => section.problem("formats", error.to_string()),
            },
            Err(error) => section.problem("formats", error.to_string()),
        }
    }
    if formats.is_empty() {
        section
            .problem("formats", "names no format: write some of html, pdf, xlsx, csv, json, md, or leave the key out");
        return None;
    }
    Some(formats)
}

/// The channels that it goes to, as far as it can.
fn receivers(section: &mut Section<'_>, known: &Channels, may_link: bool) -> Vec<String> {
    if !section.has("channels") {
        section.required("channels", "the names of the channels that it goes to, such as [\"founders\"]");
        return Vec::new();
    }
    let Some(names) = section.texts("channels") else { return Vec::new() };
    if names.is_empty() {
        section.problem("channels", "is empty: name the channels that it goes to");
    }
    let mut receivers: Vec<String> = Vec::new();
    for name in names {
        if !known.names.contains(&name) {
            if known.nameless {
                continue;
            }
            let names: Vec<&str> = known.names.iter().map(String::as_str).collect();
            let there = match names.is_empty() {
                true => "there is none: add a [[channel]]".to_owned(),
                false => format!("there are: {}", names.join(", ")),
            };
            section.not_among(
                "channels",
                (format!("no [[channel]] has the name {name:?}"), name.as_str()),
                names,
                &there,
            );
        } else if receivers.contains(&name) {
            section.problem("channels", format!("names {name:?} twice; it would get the report once"));
        } else {
            // One that is named and is not there has problems of its own.
            if let Some((channel, hears)) = known.channels.get(&name).zip(known.hears.get(&name))
                && let Err(why) = can_carry(&name, channel, hears, may_link)
            {
                section.problem("channels", why);
            }
            receivers.push(name);
        }
    }
    receivers
}

/// Whether a report can go to the channel `name`.
///
/// # Errors
/// Why not, and what to do.
pub fn can_carry(name: &str, channel: &Channel, hears: &Hears, may_link: bool) -> Result<(), String> {
    let kind = channel.kind();
    match channel.carries() {
        Carries::Files | Carries::Words => Ok(()),
        Carries::Nothing => Err(format!(
            "{name:?} is of the type {kind}, which takes incidents and no documents; send it over email, webhook or slack"
        )),
        Carries::Links if !hears.links => Err(format!(
            "{name:?} is of the type {kind}, which takes a report as a link only, and its links = false; send it over \
             email or webhook, or let it have links"
        )),
        Carries::Links if !may_link => Err(format!(
            "{name:?} is of the type {kind}, which takes a report as a link only: set dashboard_url and link_key in [http]"
        )),
        Carries::Links => Ok(()),
    }
}
