//! `[[channel]]`: where messages go.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use toml::Value;

use crate::notify::Channel;

use super::problem::Problem;
use super::section::{Section, entries};

const TYPES: &str = "slack, webhook, log";

/// Reads every channel, by name.
pub fn read(value: Option<Value>, folder: &Path, problems: &mut Vec<Problem>) -> BTreeMap<String, Channel> {
    let mut names = BTreeSet::new();
    let mut channels = BTreeMap::new();
    for (place, keys) in entries("channel", value, problems) {
        let mut section = Section::new(place, keys, problems);
        let name = section.required("name", "any name of your own, such as \"team\"");
        if let Some(name) = &name {
            section.name_place(name);
            if !names.insert(name.clone()) {
                section
                    .problem("name", format!("{name:?} is used by an earlier channel; each needs a name of its own"));
            }
        }
        let Some(kind) = section.required("type", &format!("one of {TYPES}")) else { continue };
        let channel = match kind.as_str() {
            "slack" => slack(&mut section, folder),
            "webhook" => webhook(&mut section, folder),
            "log" => Some(Channel::Log),
            _ => {
                section.problem("type", format!("{kind:?} is not a type; write one of {TYPES}"));
                // Which keys belong here depends on the type, so nothing more can be said.
                continue;
            }
        };
        if let Some(Err(error)) = channel.as_ref().map(Channel::validate) {
            section.problem_here(error.to_string());
        }
        section.finish();
        if let (Some(name), Some(channel)) = (name, channel) {
            channels.insert(name, channel);
        }
    }
    channels
}

fn slack(section: &mut Section<'_>, folder: &Path) -> Option<Channel> {
    Some(Channel::Slack { webhook_url: section.secret("url", folder)? })
}

fn webhook(section: &mut Section<'_>, folder: &Path) -> Option<Channel> {
    let url = section.secret("url", folder);
    let secret = section.secret("secret", folder);
    Some(Channel::Webhook { url: url?, secret: secret? })
}
