//! `glidepath check`. The config itself was read before; its problems end the command with status 2.

use anyhow::{Result, bail};
use chrono::{DateTime, NaiveDate, Utc};

use crate::clock::Clock;
use crate::config::{Config, ScheduledReport};
use crate::cycle::{CheckReport, Engine, FiledView, TestedChannel, TriedPermission};
use crate::domain::assess::request_price;
use crate::http::client::with_query;

use super::access::Access;
use super::out::outln;

/// Requests of a steady day: two questions, a page each, and now and then a third page.
const STEADY_REQUESTS_PER_DAY: u32 = 3;

/// Days ahead that an expiring token is warned of.
const EXPIRY_WARNING_DAYS: i64 = 14;

/// Arguments of `check`.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Try the credentials and each permission, and send a test message through each channel. Asks Cost Explorer once,
    /// for 0.01 USD.
    #[arg(long)]
    online: bool,
    /// With --online, send no test messages.
    #[arg(long, requires = "online")]
    no_channels: bool,
}

/// Says what is configured, what asking will cost and, online, what AWS allows and whether channels carry.
pub async fn run(config: Config, args: &Args) -> Result<()> {
    let month = |requests: u64| request_price().times((requests * 31).into()).dollars();
    outln!("config    no problems");
    outln!("store     {}", config.store_path.display());
    outln!("schedule  {} (UTC)", config.cycle_schedule);
    outln!("pools     {} named in config", config.pools.len());
    outln!("channels  {}", config.channels.len());
    outln!(
        "asking    about {} a month at most {STEADY_REQUESTS_PER_DAY} paid requests a day; the ceiling of {} a day keeps \
         it below {}",
        month(STEADY_REQUESTS_PER_DAY.into()),
        config.paid_requests_per_day,
        month(config.paid_requests_per_day)
    );
    for line in reports(&config, Clock::System.now()) {
        outln!("{line}");
    }
    for line in tokens(&config, Clock::System.now().date_naive()) {
        outln!("{line}");
    }
    // A daemon that holds the store says the same on its page and in its log; that a store cannot be opened is no matter of
    // the config.
    let held = config.store_path.exists().then(|| Access::open(config.clone())).and_then(Result::ok);
    if let Some(Access::Store(engine)) = &held {
        for line in filing(engine).await? {
            outln!("{line}");
        }
    }
    if !args.online {
        return Ok(());
    }
    let with_channels = !args.no_channels;
    let checked: CheckReport = match held.map_or_else(|| Access::open(config), Ok)? {
        Access::Store(engine) => engine.check_online(Clock::System.now(), with_channels).await?,
        Access::Daemon(daemon) => {
            outln!("daemon    it holds the store and tries this itself, with the config that it was started with");
            let path = with_query("/api/v1/check", &[("channels", with_channels.to_string())]);
            daemon.order(&path).await?
        }
    };
    for line in tried(&checked) {
        outln!("{line}");
    }
    match checked.problem() {
        None => Ok(()),
        Some(problem) => bail!("{problem}; see above"),
    }
}

/// A line for each thing that was tried.
fn tried(checked: &CheckReport) -> Vec<String> {
    let mut lines = Vec::new();
    for TriedPermission { operation, account, allowed, answer, advice } in &checked.permissions {
        let account = account.as_ref().map(|account| format!(" ({account})")).unwrap_or_default();
        let word = if *allowed { "allowed" } else { "refused" };
        lines.push(format!("{word:9} {operation}{account}: {answer}"));
        lines.extend(advice.as_ref().map(|advice| format!("          {advice}")));
    }
    lines.push(format!("asking this cost {}", checked.usd_spent.dollars()));
    lines.extend(checked.refused_by_store.as_ref().map(|why| format!("refused   the store: {why}")));
    for TestedChannel { channel, kind, arrived, error } in checked.channels.iter().flatten() {
        let word = if *arrived { "arrived" } else { "lost" };
        let why = error.as_ref().map(|error| format!(": {error}")).unwrap_or_default();
        lines.push(format!("{word:9} a test message to the channel {channel} ({kind}){why}"));
    }
    lines
}

/// A line for each report that goes out by itself, and one for each channel that is there for reports and gets none.
fn reports(config: &Config, now: DateTime<Utc>) -> Vec<String> {
    let mut lines = Vec::new();
    for ScheduledReport { name, kind, formats, schedule, channels } in &config.reports {
        let formats = formats.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
        let to = channels.iter().map(|channel| match &config.hears(channel).records {
            Some(records) => format!("{channel} (a partner: {})", records.join(", ")),
            None => channel.clone(),
        });
        let to = to.collect::<Vec<_>>().join(", ");
        let next = schedule.next_after(now).map(|next| format!(", next on {}", next.format("%Y-%m-%d %H:%M UTC")));
        lines.push(format!("report    {name}: {kind} as {formats} to {to}{}", next.unwrap_or_default()));
    }
    let served = |name: &str| config.reports.iter().any(|report| report.channels.iter().any(|it| it == name));
    let idle = config.listeners().filter(|(name, hears)| hears.records.is_some() && !served(name));
    lines.extend(idle.map(|(name, _)| {
        format!("warning   the channel {name} is a partner's, and no [[report]] names it: nothing goes there by itself")
    }));
    lines
}

/// A line for the tokens, and one for each that is of no use any more or soon.
fn tokens(config: &Config, today: NaiveDate) -> Vec<String> {
    let mut lines = vec![format!("tokens    {}", config.tokens.len())];
    for token in &config.tokens {
        let Some(expires_on) = token.expires_on else { continue };
        let (name, days) = (&token.name, (expires_on - today).num_days());
        if days <= 0 {
            lines.push(format!("warning   token {name} expired on {expires_on}; `glidepath token new` makes another"));
        } else if days <= EXPIRY_WARNING_DAYS {
            lines.push(format!("warning   token {name} expires on {expires_on}, in {days} days"));
        }
    }
    lines
}

/// A line for each part of the newest filing that the price book does not price, or no longer does; or why it cannot be
/// read.
async fn filing(engine: &Engine) -> Result<Vec<String>> {
    if engine.store().projections().await?.is_empty() {
        return Ok(Vec::new());
    }
    Ok(match engine.filed_view(None, Clock::System.now()).await {
        Ok(FiledView { version, unpriced, .. }) => {
            unpriced.iter().map(|line| format!("warning   version {version} of the filing: {line}")).collect()
        }
        Err(error) => vec![format!("warning   {error:#}")],
    })
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    #[test]
    fn a_token_is_warned_of_two_weeks_before_its_end_and_after_it() {
        let token = |name: &str, day: &str| {
            let hash = hex::encode([name.as_bytes()[0]; 32]);
            format!(
                "[[http.tokens]]\nname = \"{name}\"\ntoken_sha256 = \"{hash}\"\nrole = \"ops\"\nexpires_on = \"{day}\"\n"
            )
        };
        let days = [("gone", "2026-11-22"), ("today", "2026-11-23"), ("soon", "2026-12-07"), ("later", "2026-12-08")];
        let text: String = days.iter().map(|(name, day)| token(name, day)).collect();
        let config = Config::parse(&format!("[store]\npath = \"x\"\n{text}"), Path::new("glidepath.toml")).unwrap();
        assert_eq!(
            tokens(&config, "2026-11-23".parse().unwrap()),
            [
                "tokens    4",
                "warning   token gone expired on 2026-11-22; `glidepath token new` makes another",
                "warning   token today expired on 2026-11-23; `glidepath token new` makes another",
                "warning   token soon expires on 2026-12-07, in 14 days",
            ]
        );
    }
}
