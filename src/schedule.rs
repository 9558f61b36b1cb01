//! Cron to cycle: one at a time, caught up at start and after failures that can pass by themselves; planned anew where the
//! clock was set or the machine slept, since what is planned waits for moments of the clock before.

use std::time::{Duration, Instant};

use anyhow::{Context as _, Result};
use chrono::{DateTime, TimeDelta, Utc};
use tokio_cron_scheduler::{Job, JobScheduler};
use tokio_util::sync::CancellationToken;
use tracing::{error, info, warn};

use crate::clock::{Clock, Steps};
use crate::config::CronLine;
use crate::cycle::Engine;
use crate::domain::facts::outcome::Outcome;
use crate::domain::facts::referee::is_ahead;

/// Deliveries that wait for another attempt are looked at every minute.
const DELIVERIES: &str = "0 * * * * *";
/// Alerts that fire are posted again where they would be forgotten otherwise.
const FIRING: &str = "30 */10 * * * *";
/// It is looked every five minutes whether a pull that failed, or the end of a cycle that could not finish, is to be tried again,
/// see [`is_due`] and [`pause`].
const CATCH_UP: &str = "15 */5 * * * *";

/// The whole store is read every day, after the backup.
const VERIFY: &str = "0 40 3 * * *";

/// While a finding rests on days to which AWS still adds, it is asked so often.
const CLOSER: TimeDelta = TimeDelta::hours(6);

/// How often it is looked whether the clock was set.
const LOOK: Duration = Duration::from_secs(60);

/// Runs the jobs until `shutdown` is cancelled.
///
/// # Errors
/// If the scheduler cannot start.
pub async fn keep(engine: &Engine, clock: &Clock, shutdown: &CancellationToken) -> Result<()> {
    let began = Instant::now();
    let mut scheduler = start(engine, clock).await?;
    let mut steps = Steps::new(clock.now(), began.elapsed());
    while shutdown.run_until_cancelled(tokio::time::sleep(LOOK)).await.is_some() {
        let step = steps.look(clock.now(), began.elapsed());
        // A clock that is set by hand stands still meanwhile.
        let Some(step) = step.filter(|_| clock.runs()) else { continue };
        warn!(
            seconds = step.num_seconds(),
            "this machine's clock was set, or it slept; all that is scheduled is planned anew"
        );
        end(scheduler).await;
        let now = clock.now();
        if step < TimeDelta::zero()
            && let Err(error) = engine.clock_was_put_back(-step, now).await
        {
            error!("after the clock was put back: {error:#}");
        }
        scheduler = start(engine, clock).await?;
        let missed = async { tokio::join!(catch_up(engine, now, Occasion::Later), catch_up_backup(engine, now)) };
        shutdown.run_until_cancelled(missed).await;
    }
    end(scheduler).await;
    Ok(())
}

async fn end(mut scheduler: JobScheduler) {
    if let Err(error) = scheduler.shutdown().await {
        warn!("the scheduler did not stop cleanly: {error}");
    }
}

async fn start(engine: &Engine, clock: &Clock) -> Result<JobScheduler> {
    engine.meet_schedules(clock.now()).await.context("reading since when reports are scheduled")?;
    let scheduler = JobScheduler::new().await.context("starting the scheduler")?;
    add(&scheduler, engine.config().cycle_schedule.as_str(), engine, clock, |engine, now| async move {
        run_cycle(&engine, now).await;
    })
    .await?;
    add(&scheduler, CATCH_UP, engine, clock, |engine, now| async move {
        catch_up(&engine, now, Occasion::Later).await;
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
        engine.tend_store(now).await;
    })
    .await?;
    add(&scheduler, VERIFY, engine, clock, |engine, now| async move {
        engine.verify_and_heal(now).await;
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
            if let Err(error) = engine.back_up(now).await {
                error!("the backup failed: {error:#}");
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
    /// Time has passed, or the clock was set, and nothing else has changed.
    Later,
}

/// Runs a cycle if a scheduled one was missed or did not get its costs, and ends one that was cut off or failed.
pub async fn catch_up(engine: &Engine, now: DateTime<Utc>, occasion: Occasion) {
    match Standing::of(engine).await {
        Ok(standing) if occasion == Occasion::Later && standing.waits(&engine.config().cycle_schedule, now) => {}
        Ok(Standing { last, tried, .. }) => {
            // What failed for good is paid for each time: a new start may have mended it, time has not.
            let tried = tried.filter(|(_, outcome)| occasion == Occasion::Later && !outcome.is_retryable());
            let since = tried.map(|(clock, _)| clock).or(last);
            if is_due(since, &engine.config().cycle_schedule, now) {
                run_cycle(engine, now).await;
            } else if occasion == Occasion::Later && looks_closer(engine, since, now).await {
                info!("a finding rests on days to which AWS still adds; AWS is asked again");
                run_cycle(engine, now).await;
            } else if let Err(error) = engine.end_unfinished(now).await {
                error!("finishing the newest cycle failed: {error:#}");
            }
        }
        Err(error) => error!("looking for the newest pull failed: {error:#}"),
    }
    if occasion == Occasion::Start {
        engine.tell_healings(now).await;
        // Another config than before counts at once.
        engine.remake_and_tell(now).await;
    }
}

/// Makes a backup where a scheduled one was missed.
pub async fn catch_up_backup(engine: &Engine, now: DateTime<Utc>) {
    if let Err(error) = engine.back_up_missed(now).await {
        error!("making a backup that was missed failed: {error:#}");
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

/// How the cycles went.
struct Standing {
    /// Clock of the newest pull.
    last: Option<DateTime<Utc>>,
    /// Clock and outcome of the newest try.
    tried: Option<(DateTime<Utc>, Outcome)>,
    /// Clocks of the first and the newest failure, each of a pull and of a cycle's end, that nothing has put right since.
    failing: Vec<(DateTime<Utc>, DateTime<Utc>)>,
}

impl Standing {
    async fn of(engine: &Engine) -> Result<Standing> {
        let store = engine.store();
        let ends = store.failed_cycle().await?.map(|failed| (failed.since, failed.last));
        // A cycle under a clock ahead of AWS's is stamped with AWS's; by this machine's it was tried then.
        let ahead = engine.unfinished().await?.and_then(|it| it.ahead).map(|ahead| (ahead.clock, ahead.clock));
        Ok(Standing {
            last: store.last_pull().await?,
            tried: store.newest_try().await?,
            failing: store.failed_tries().await?.into_iter().chain(ends).chain(ahead).collect(),
        })
    }

    /// True while something failed so lately that it is too early to try again, and the schedule has named no moment since.
    fn waits(&self, schedule: &CronLine, now: DateTime<Utc>) -> bool {
        self.failing.iter().any(|(first, newest)| {
            let since = now - *newest;
            // A failure that is yet to come was under a clock that lay ahead.
            let early = since >= TimeDelta::zero() && since < pause(*newest - *first);
            early && schedule.next_after(*newest).is_none_or(|next| now < next)
        })
    }
}

/// How long to wait before something is tried again that has failed for so long: after the first failure a quarter of an hour,
/// then one hour, two, four, and six from then on.
fn pause(failing: TimeDelta) -> TimeDelta {
    let minutes = match failing.num_minutes() {
        ..15 => 15,
        15..75 => 60,
        75..195 => 120,
        195..435 => 240,
        _ => 360,
    };
    TimeDelta::minutes(minutes)
}

/// True if the schedule named a moment since the last successful pull, or since the last one that failed for good; also if that
/// was under a clock that lay ahead, since when is then not known.
fn is_due(since: Option<DateTime<Utc>>, schedule: &CronLine, now: DateTime<Utc>) -> bool {
    let due = |since| schedule.next_after(since).is_some_and(|next| next <= now);
    since.is_none_or(|since| is_ahead(since, now) || due(since))
}

async fn run_cycle(engine: &Engine, now: DateTime<Utc>) {
    // Where that cannot be read, the cycle says so.
    let is_first = engine.store().first_and_newest_cycle().await.is_ok_and(|cycles| cycles.is_none());
    match engine.cycle(now).await {
        Ok(Some(report)) => {
            report.log_problems();
            if is_first {
                catch_up_backup(engine, now).await;
            }
            if report.costs != Outcome::Ok {
                let again = if report.costs.is_retryable() { "soon" } else { "as scheduled" };
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
    fn what_failed_is_tried_again_ever_later() {
        let first: DateTime<Utc> = "2026-03-01T06:30:05Z".parse().unwrap();
        let monthly: CronLine = "0 30 6 1 * *".parse().unwrap();
        let mut newest = first;
        let mut pauses = Vec::new();
        for _ in 0..7 {
            let standing = Standing { last: None, tried: None, failing: vec![(first, newest)] };
            // It is looked every five minutes, a little later each time than it was stored.
            let mut looks = (1..).map(|look| newest + TimeDelta::minutes(5 * look));
            let again = looks.find(|look| !standing.waits(&monthly, *look)).unwrap();
            pauses.push((again - newest).num_minutes());
            newest = again;
        }
        assert_eq!(pauses, [15, 60, 120, 240, 360, 360, 360]);
        let back = Standing { last: None, tried: None, failing: vec![(first, newest)] };
        assert!(!back.waits(&monthly, first), "a clock that was put back holds nothing up");
        let soon = newest + TimeDelta::minutes(1);
        let scheduled: CronLine = "*/30 * * * * *".parse().unwrap();
        assert!(
            back.waits(&monthly, soon) && !back.waits(&scheduled, soon),
            "a scheduled moment that was missed waits for nothing"
        );
    }

    #[test]
    fn our_own_lines_are_lines_that_the_scheduler_runs() {
        for line in [DELIVERIES, FIRING, CATCH_UP, VERIFY] {
            line.parse::<CronLine>().unwrap();
            Job::new_async(line, |_, _| Box::pin(async {})).unwrap();
        }
    }
}
