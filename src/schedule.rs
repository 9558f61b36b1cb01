//! Cron to cycle: one at a time, caught up at start and after failures that can pass by themselves.

use anyhow::{Context as _, Result};
use chrono::{DateTime, TimeDelta, Utc};
use tokio_cron_scheduler::{Job, JobScheduler};
use tracing::{error, info};

use crate::clock::Clock;
use crate::config::CronLine;
use crate::cycle::Engine;
use crate::domain::facts::Outcome;
use crate::domain::referee::is_ahead;

/// Deliveries that wait for another attempt are looked at every minute.
const DELIVERIES: &str = "0 * * * * *";
/// Alerts that fire are posted again where they would be forgotten otherwise.
const FIRING: &str = "30 */10 * * * *";
/// After a pull that failed, AWS is asked again every hour until one succeeds, see [`is_due`]; after one that worked and whose
/// cycle could not finish, its end is tried again.
const CATCH_UP: &str = "0 17 * * * *";

/// While a finding rests on days to which AWS still adds, it is asked so often.
const CLOSER: TimeDelta = TimeDelta::hours(6);

/// Starts the jobs. Shut the scheduler down to end them.
///
/// # Errors
/// If the scheduler cannot start.
pub async fn start(engine: &Engine, clock: &Clock) -> Result<JobScheduler> {
    engine.meet_schedules(clock.now()).await.context("reading since when reports are scheduled")?;
    let scheduler = JobScheduler::new().await.context("starting the scheduler")?;
    add(&scheduler, engine.config().cycle_schedule.as_str(), engine, clock, |engine, now| async move {
        run_cycle(&engine, now).await;
    })
    .await?;
    add(&scheduler, CATCH_UP, engine, clock, |engine, now| async move {
        catch_up(&engine, now, Occasion::Hourly).await;
    })
    .await?;
    add(&scheduler, DELIVERIES, engine, clock, |engine, now| async move {
        if let Err(error) = engine.digest_if_due(now).await {
            error!("making the digest failed: {error:#}");
        }
        engine.reports_if_due(now).await;
        // What was entered while a cycle ended, or what failed to count then.
        engine.remake_and_tell(now).await;
        if let Err(error) = engine.tend_outbox(now).await {
            error!("delivering messages failed: {error:#}");
        }
    })
    .await?;
    add(&scheduler, FIRING, engine, clock, |engine, now| async move {
        if let Err(error) = engine.refresh_firing(now).await {
            error!("posting again what fires failed: {error:#}");
        }
    })
    .await?;
    if let Some(line) = &engine.config().backup_schedule {
        add(&scheduler, line.as_str(), engine, clock, |engine, now| async move {
            match engine.back_up(now).await {
                Ok(made) => info!(path = %made.path.display(), "backup made"),
                Err(error) => error!("the backup failed: {error:#}"),
            }
        })
        .await?;
    }
    scheduler.start().await.context("starting the scheduler")?;
    Ok(scheduler)
}

async fn add<F, W>(scheduler: &JobScheduler, line: &str, engine: &Engine, clock: &Clock, work: W) -> Result<()>
where
    F: Future<Output = ()> + Send + 'static,
    W: Fn(Engine, DateTime<Utc>) -> F + Clone + Send + Sync + 'static,
{
    let (engine, clock) = (engine.clone(), clock.clone());
    let job = Job::new_async(line, move |_id, _scheduler| Box::pin(work(engine.clone(), clock.now())))
        .with_context(|| format!("scheduling {line:?}"))?;
    scheduler.add(job).await.with_context(|| format!("scheduling {line:?}"))?;
    Ok(())
}

/// When it is looked whether a cycle is missing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Occasion {
    /// The daemon starts, perhaps with another config or another program.
    Start,
    /// An hour has passed, and nothing else has changed.
    Hourly,
}

/// Runs a cycle if a scheduled one was missed or did not get its costs, and ends one that was cut off or failed.
pub async fn catch_up(engine: &Engine, now: DateTime<Utc>, occasion: Occasion) {
    match newest(engine).await {
        Ok((last, tried)) => {
            // What failed for good is paid for each time: a new start may have mended it, an hour has not.
            let tried = tried.filter(|(_, outcome)| occasion == Occasion::Hourly && !outcome.is_retryable());
            let since = tried.map(|(clock, _)| clock).or(last);
            if is_due(since, &engine.config().cycle_schedule, now) {
                run_cycle(engine, now).await;
            } else if occasion == Occasion::Hourly && looks_closer(engine, since, now).await {
                info!("a finding rests on days to which AWS still adds; AWS is asked again");
                run_cycle(engine, now).await;
            } else if let Err(error) = engine.end_unfinished(now).await {
                error!("finishing the newest cycle failed: {error:#}");
            }
        }
        Err(error) => error!("looking for the newest pull failed: {error:#}"),
    }
    if occasion == Occasion::Start {
        // Another config than before counts at once.
        engine.remake_and_tell(now).await;
    }
}

/// True if a finding of the newest cycle rests on days that are not complete, that cycle is six hours old, and half of the
/// day's paid requests are left for the scheduled cycles.
async fn looks_closer(engine: &Engine, since: Option<DateTime<Utc>>, now: DateTime<Utc>) -> bool {
    if since.is_none_or(|since| now - since < CLOSER) {
        return false;
    }
    match engine.rests_on_partial_days(now).await {
        Ok(rests) => rests,
        Err(error) => {
            error!("looking for findings on days that are not complete failed: {error:#}");
            false
        }
    }
}

/// Clock of the newest pull; clock and outcome of the newest try.
async fn newest(engine: &Engine) -> Result<(Option<DateTime<Utc>>, Option<(DateTime<Utc>, Outcome)>)> {
    Ok((engine.store().last_pull().await?, engine.store().newest_try().await?))
}

/// True if the schedule named a moment since the last successful pull, or since the last one that failed for good; also if that
/// was under a clock that lay ahead, since when is then not known.
fn is_due(since: Option<DateTime<Utc>>, schedule: &CronLine, now: DateTime<Utc>) -> bool {
    let due = |since| schedule.next_after(since).is_some_and(|next| next <= now);
    since.is_none_or(|since| is_ahead(since, now) || due(since))
}

async fn run_cycle(engine: &Engine, now: DateTime<Utc>) {
    match engine.cycle(now).await {
        Ok(Some(report)) => {
            report.log_problems();
            if report.costs != Outcome::Ok {
                let again = if report.costs.is_retryable() { "within the hour" } else { "as scheduled" };
                error!(run_id = report.run_id, again, "the cycle got no costs; AWS is asked again");
            }
        }
        Ok(None) => {}
        Err(error) => error!("the cycle failed: {error:#}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_missed_or_failed_cycle_is_due() {
        let at = |text: &str| text.parse::<DateTime<Utc>>().unwrap();
        let daily: CronLine = "0 30 6 * * *".parse().unwrap();
        assert!(is_due(None, &daily, at("2026-03-01T00:00:00Z")));
        assert!(!is_due(Some(at("2026-03-01T06:30:05Z")), &daily, at("2026-03-02T06:00:00Z")));
        assert!(is_due(Some(at("2026-03-01T06:30:05Z")), &daily, at("2026-03-02T06:30:00Z")));
        // This machine's clock was ahead, and is set now.
        assert!(!is_due(Some(at("2026-03-01T06:45:00Z")), &daily, at("2026-03-01T06:30:00Z")));
        assert!(is_due(Some(at("2026-04-10T06:30:05Z")), &daily, at("2026-03-01T06:30:00Z")));
        assert!(is_due(Some(at("2026-02-27T06:30:05Z")), &daily, at("2026-03-01T00:00:00Z")));
    }

    #[test]
    fn our_own_lines_are_lines_that_the_scheduler_runs() {
        for line in [DELIVERIES, FIRING, CATCH_UP] {
            line.parse::<CronLine>().unwrap();
            Job::new_async(line, |_, _| Box::pin(async {})).unwrap();
        }
    }
}
