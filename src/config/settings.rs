//! Everything that config decides, read and checked.

use std::collections::BTreeMap;
use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;
use std::time::Duration;

use ipnet::IpNet;
use reqwest::Url;
use rust_decimal::Decimal;

use crate::aws::AwsSettings;
use crate::domain::alert::AlertRules;
use crate::domain::billing::price::PriceBook;
use crate::domain::credit::pools::ConfiguredPool;
use crate::domain::values::secret::Secret;
use crate::domain::wording::Hears;
use crate::notify::{self, Carries, Channel, Heartbeat};
use crate::report::Partner;

use super::problem::{ConfigError, Problem};
use super::reports::{ScheduledReport, can_carry};
use super::schedule::CronLine;
use super::token::Token;

/// Everything that config decides.
#[derive(Debug, Clone)]
pub struct Config {
    /// The store's file.
    pub store_path: PathBuf,
    /// Megabytes of memory that the store may use.
    pub store_memory_mb: u32,
    /// Folder that backups go to.
    pub backup_folder: PathBuf,
    /// Folder of a second place for them, which has to be there.
    pub backup_to: Option<PathBuf>,
    /// How to ask AWS.
    pub aws: AwsSettings,
    /// Cost Explorer requests that may leave in one UTC day.
    pub paid_requests_per_day: u64,
    /// Time after which a cycle gives up.
    pub cycle_limit: Duration,
    /// Tax on what credit does not pay, for example 0.19.
    pub tax_rate: Option<Decimal>,
    /// Billing slug or model id to the name wanted.
    pub model_aliases: BTreeMap<String, String>,
    /// When cycles run.
    pub cycle_schedule: CronLine,
    /// When digests are made; `None` = never.
    pub digest_schedule: Option<CronLine>,
    /// When backups are made; `None` = never by itself.
    pub backup_schedule: Option<CronLine>,
    /// Backups of this store kept at each place; older ones are removed.
    pub backups_kept: usize,
    /// Pools that config names.
    pub pools: Vec<ConfiguredPool>,
    /// The filing that is frozen when nothing is filed yet.
    pub projection_file: Option<PathBuf>,
    /// The price book, with the prices of `[projection] prices` over it.
    pub prices: PriceBook,
    /// What is wrong with the files that `[projection]` names, where the config was read leniently. They are not needed
    /// once a filing is frozen in the store.
    pub filing_problems: Option<ConfigError>,
    /// What is wrong with parts of the file that the command at hand does not use, where it was read for one command.
    pub set_aside: Option<SetAside>,
    /// When alert rules speak.
    pub rules: AlertRules,
    /// Where the dashboard is, for links in messages.
    pub dashboard_url: Option<String>,
    /// Where messages go, by name.
    pub channels: BTreeMap<String, Channel>,
    /// What each of them wants to hear; everything, where nothing is said.
    pub hears: BTreeMap<String, Hears>,
    /// Reports that go out by themselves.
    pub reports: Vec<ScheduledReport>,
    /// Who hands the reports on, if config names somebody.
    pub partner: Option<Partner>,
    /// Who is told that cycles go on, if anybody is.
    pub heartbeat: Option<Heartbeat>,
    /// Address that the daemon listens on.
    pub listen: SocketAddr,
    /// Who may read what.
    pub tokens: Vec<Token>,
    /// What links for people without an account are signed with; without it there are none.
    pub link_key: Option<Secret>,
    /// Days for which the links in digests and scheduled reports open.
    pub link_days: u32,
    /// Days for which the audit is kept.
    pub audit_days: u32,
    /// The proxies in front of the daemon, `[http] proxies`. A peer among them speaks for others: without tokens, what it
    /// hands on is let in and everybody else's is refused; it counts as many callers, not as one. Ask [`Config::is_proxy`].
    pub proxies: Vec<IpNet>,
    /// Connections to the daemon at a time.
    pub max_connections: u32,
    /// The same from one address, this machine's and those of `proxies` left out.
    pub max_connections_per_address: u32,
    /// The files that secrets of the config are read from.
    pub secret_files: Vec<PathBuf>,
    /// What a command beside a daemon shows instead of a token of the config. It comes from the command line or the
    /// environment, never from the file.
    pub shown_token: Option<Secret>,
    /// The daemon to ask in place of the store, its address without a slash at the end. It comes from the command line, never from
    /// the file.
    pub daemon_url: Option<Url>,
    /// True if there is no config file, so that nothing but defaults holds.
    pub is_without_file: bool,
    /// SHA-256 of the config text and of the prices it names, which alerts name as the rules that decided.
    pub digest: String,
}

/// What one command uses of the config, by section.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Uses {
    /// Whether it asks a daemon or opens the store itself.
    pub always: &'static [&'static str],
    /// Where it opens the store itself.
    pub with_store: &'static [&'static str],
    /// Whether it needs the files that `[projection]` names, which a filing in the store does without.
    pub files: bool,
}

/// What is wrong with parts of the config that a command does not use, at least as long as a daemon answers.
#[derive(Debug, Clone)]
pub struct SetAside {
    /// All of it.
    pub error: ConfigError,
    pub(super) uses: Uses,
}

impl Config {
    /// The channels, and what each wants to hear.
    pub fn listeners(&self) -> impl Iterator<Item = (&str, &Hears)> {
        self.channels.keys().map(|name| (name.as_str(), self.hears(name)))
    }

    /// What the channel `name` wants to hear.
    pub fn hears(&self, name: &str) -> &Hears {
        self.hears.get(name).unwrap_or(Hears::all())
    }

    /// The name of the partner that config names, if it names one.
    pub fn partner_name(&self) -> Option<&str> {
        self.partner.as_ref()?.name.as_deref()
    }

    /// Whether links can be signed, and where they would lead is known and safe to send.
    pub fn may_link(&self) -> bool {
        self.link_key.is_some() && self.dashboard_url.is_some() && self.no_links().is_none()
    }

    /// Why no links are made although there is a key; `None` where nothing is in the way.
    pub fn no_links(&self) -> Option<String> {
        let open = self.dashboard_url.as_deref().filter(|url| notify::is_in_the_open(url))?;
        Some(format!(
            "no links to reports are made while dashboard_url in [http] is {open}: a link opens its report by itself, and on the \
             way there it could be read by anybody. Put a proxy with TLS in front, and write https"
        ))
    }

    /// What is allowed and unwise, a sentence each with what to do: for `check` and the log of the daemon.
    pub fn cautions(&self) -> Vec<String> {
        let of_channel = |(name, channel): (&String, &Channel)| {
            channel.cautions().into_iter().map(|caution| format!("the channel {name}: {caution}")).collect::<Vec<_>>()
        };
        let links = self.no_links().filter(|_| self.link_key.is_some());
        self.channels.iter().flat_map(of_channel).chain(links).collect()
    }

    /// True if `peer`, the other end of a connection, is one of `[http] proxies`: what it sends comes from others. An IPv4
    /// peer may come as IPv6 (`::ffff:10.0.0.7`), as it does where the daemon listens on both.
    pub fn is_proxy(&self, peer: IpAddr) -> bool {
        let peer = peer.to_canonical();
        self.proxies.iter().any(|network| network.contains(&peer))
    }

    /// Which channels there are, for somebody who named one that is not among them.
    pub fn channel_names(&self) -> String {
        if self.channels.is_empty() {
            return "none is configured: add a [[channel]] to the config".to_owned();
        }
        let names: Vec<&str> = self.channels.keys().map(String::as_str).collect();
        format!("there are: {}", names.join(", "))
    }

    /// The channel `name`, if a report can go there.
    ///
    /// # Errors
    /// Why not, and what to do.
    pub fn carrier(&self, name: &str) -> Result<&Channel, String> {
        let channel = self
            .channels
            .get(name)
            .ok_or_else(|| format!("no channel has the name {name:?}; {}", self.channel_names()))?;
        let may_link = self.link_key.is_some() && self.dashboard_url.is_some();
        can_carry(name, channel, self.hears(name), may_link)?;
        match (channel.carries(), self.no_links()) {
            (Carries::Links, Some(why)) => Err(why),
            _ => Ok(channel),
        }
    }

    /// Whether the command at hand can open the store itself under this config.
    ///
    /// # Errors
    /// [`ConfigError`] with the problems of the parts that it then uses.
    pub fn check_for_store(&self) -> Result<(), ConfigError> {
        let Some(SetAside { error, uses }) = &self.set_aside else { return Ok(()) };
        let problems = error.problems.iter().filter(|problem| problem.is_in(uses.with_store)).cloned();
        let problems: Vec<Problem> = problems.collect();
        if problems.is_empty() { Ok(()) } else { Err(ConfigError { problems, ..error.clone() }) }
    }
}
