//! Asks AWS, and turns every way in which that can end into an [`IngestRun`].

use std::collections::BTreeMap;

use anyhow::{Context as _, Result};
use chrono::{DateTime, NaiveDate, Utc};

use crate::aws::cost_explorer::CostPull;
use crate::aws::credits::{AccountCredits, CreditAnswer};
use crate::aws::{AwsClients, AwsError, PaidRequestMeter, cost_explorer, credits};
use crate::domain::facts::credits::Allocation;
use crate::domain::facts::history::held;
use crate::domain::facts::outcome::Outcome;
use crate::domain::facts::referee::{ClockOf, passed_for_both};
use crate::domain::facts::vanished::asked_again_from;
use crate::domain::facts::window::{first_window, ordinary_window, steady_window};
use crate::domain::values::period::{BillingPeriod, DayRange};
use crate::store::{CreditPull, IngestRun, PulledCosts, StoreError};

use super::engine::{AwsAccess, Engine};
use super::meter::StoredLog;

/// Why nothing more is asked, and AWS's clock if it told that.
type NotAsked = (Option<DateTime<Utc>>, Outcome);

/// What AWS said before anything is paid for.
pub(super) struct Heard {
    asked: DateTime<Utc>,
    of: ClockOf,
    /// The clock that the cycle runs under.
    clock: DateTime<Utc>,
    /// Whom to ask on, and for whose account if that is known; else why nothing more is asked.
    asking: std::result::Result<(AwsClients, Option<String>), NotAsked>,
}

impl Heard {
    /// The clock that the cycle runs under.
    pub(super) fn clock(&self) -> DateTime<Utc> {
        self.clock
    }
}

impl Engine {
    /// Asks whose credentials these are, which costs nothing, and so learns what time it is.
    ///
    /// # Errors
    /// Those of [`Engine::rule`], and the store's.
    pub(super) async fn hear(&self, asked: DateTime<Utc>, of: ClockOf) -> Result<Heard> {
        self.is_at("learning whose credentials these are");
        let clients = match self.clients_of(asked, true).await {
            Ok(clients) => clients,
            Err(error) => {
                let clock = self.rule(asked, of, None, false).await?;
                return Ok(Heard { asked, of, clock, asking: Err((None, outcome(&error))) });
            }
        };
        let account = self.account(&clients).await?;
        let (aws, accepted) = (clients.clock().newest(), matches!(account, Ok(Some(_))));
        let clock = self.rule(asked, of, aws, accepted).await?;
        let asking = account.map(|account| (clients, account)).map_err(|outcome| (aws, outcome));
        Ok(Heard { asked, of, clock, asking })
    }

    /// Asks for credits and costs. Each failure is recorded on its own and never discards the other.
    pub(super) async fn ingest(&self, heard: Heard) -> Result<IngestRun> {
        let Heard { asked, of, clock, asking } = heard;
        let (clients, account) = match asking {
            Ok(asking) => asking,
            Err((aws_clock, costs_outcome)) => {
                return Ok(IngestRun {
                    clock,
                    aws_clock,
                    account: None,
                    costs: None,
                    costs_outcome,
                    credits: CreditPull::default(),
                    credits_outcome: Outcome::NotTried,
                });
            }
        };
        self.is_at("asking AWS for credits");
        // Credits come first, since asking for them costs nothing: where AWS's clock is not known yet, it is then.
        let today = passed_for_both(clock, clients.clock().newest()).date_naive();
        let (credits, credits_outcome) = match credits::pull(&clients, today).await {
            Ok(pull) => gather(pull.accounts),
            Err(error) => (CreditPull::default(), outcome(&error)),
        };
        let accepted = account.is_some() || credits_outcome == Outcome::Ok;
        let clock = self.rule(asked, of, clients.clock().newest(), accepted).await?;
        self.is_at("asking Cost Explorer for costs");
        let (costs, costs_outcome) = match self.pull_costs(&clients, clock).await? {
            Ok(costs) => (Some(costs), Outcome::Ok),
            Err(error) => (None, outcome(&error)),
        };
        let aws_clock = clients.clock().newest();
        let clock = self.rule(asked, of, aws_clock, accepted || costs.is_some()).await?;
        self.is_at("asking for the account's plan");
        self.ask_account_plan(&clients, clock).await?;
        Ok(IngestRun { clock, aws_clock, account, costs, costs_outcome, credits, credits_outcome })
    }

    /// Stores `run`, or, where a check of the store refuses what it brings, the run without that; gives it as stored,
    /// with its id.
    pub(super) async fn store_run(&self, run: IngestRun) -> Result<(IngestRun, i64)> {
        let refused = match self.store().append_run(run.clone()).await {
            Ok(run_id) => return Ok((run, run_id)),
            Err(error) => without_what_is_refused(run, &error).ok_or(error),
        };
        let run = refused.context("storing what AWS answered")?;
        let run_id = self.store().append_run(run.clone()).await.context("storing that AWS's answer was refused")?;
        Ok((run, run_id))
    }

    /// Clients whose paid requests count for AWS's day, or that of `now` while AWS's clock is not known.
    ///
    /// # Errors
    /// If the settings cannot work.
    pub async fn clients(&self, now: DateTime<Utc>) -> Result<AwsClients, AwsError> {
        self.clients_of(now, false).await
    }

    async fn clients_of(&self, clock: DateTime<Utc>, of_cycle: bool) -> Result<AwsClients, AwsError> {
        let config = self.config();
        let log = StoredLog { store: self.store().clone(), clock, of_cycle, ceiling: config.paid_requests_per_day };
        let meter = PaidRequestMeter::new(log);
        match &self.parts.aws {
            AwsAccess::Environment => AwsClients::connect(&config.aws, meter).await,
            AwsAccess::Endpoint(endpoint) => AwsClients::for_endpoint(endpoint, &config.aws, meter),
        }
    }

    /// The account that the answers will be about, as one text, or why nothing may be asked. Another account's
    /// credentials are refused before a paid question is asked. While STS does not say whose they are, nothing is asked
    /// on behalf of a store that belongs to an account: the answers could be another one's, and those rows would be
    /// mixed in for good. A store that belongs to none yet is fed all the same.
    async fn account(&self, clients: &AwsClients) -> Result<std::result::Result<Option<String>, Outcome>> {
        let accounts = match clients.check_own_account().await {
            Ok(()) => clients.account_ids().await,
            Err(error) => Err(error),
        };
        let asked = match accounts {
            Ok(accounts) => accounts.join(","),
            Err(error @ AwsError::ForeignCredentials { .. }) => return Ok(Err(outcome(&error))),
            Err(_) if self.store().account().await?.is_none() => return Ok(Ok(None)),
            Err(error) => return Ok(Err(outcome(&error))),
        };
        match self.store().check_account(asked.clone()).await {
            Ok(()) => Ok(Ok(Some(asked))),
            Err(error) => Ok(Err(refusal(&error).ok_or(error)?)),
        }
    }

    async fn pull_costs(
        &self,
        clients: &AwsClients,
        now: DateTime<Utc>,
    ) -> Result<std::result::Result<PulledCosts, AwsError>> {
        let now = passed_for_both(now, clients.clock().newest());
        let today = now.date_naive();
        let last = self.store().last_pull().await.context("reading when costs were last pulled")?;
        let pulled = match last {
            None => cost_explorer::pull_kept(clients, first_window(today)).await,
            Some(last) => {
                let window = self.window(now, last).await?;
                match cost_explorer::pull(clients, window).await {
                    // It can start before what AWS still keeps, where that is less than it should be.
                    Err(AwsError::TooOld { .. }) => cost_explorer::pull_kept(clients, window).await,
                    result => result,
                }
            }
        };
        Ok(pulled.map(PulledCosts::from))
    }

    /// The days to ask for: while AWS has yet to apply credit, back to where it did last, since it applies it to past days; and
    /// back to the days that it lately stopped showing.
    async fn window(&self, now: DateTime<Utc>, last_pull: DateTime<Utc>) -> Result<DayRange> {
        let today = now.date_naive();
        let steady = self.affordable(steady_window(today, last_pull.date_naive()), today).await?;
        let view = self.view(None).await.context("looking for credit that AWS has yet to apply")?;
        let awaited = view.and_then(|view| view.position.reconciliation.awaited).map(|awaited| awaited.since);
        let vanished = self.store().vanished_days().await.context("looking for days that AWS stopped showing")?;
        let start = [awaited, asked_again_from(&vanished, today)].into_iter().flatten().min();
        Ok(DayRange::new(start.map_or(steady.start, |start| start.min(steady.start)), steady.end))
    }

    /// `steady` without what is fetched afterwards: days before those that are there without a gap, and what would take more pages
    /// than are left today, after a long pause or where AWS corrects a month of a large account.
    async fn affordable(&self, steady: DayRange, today: NaiveDate) -> Result<DayRange> {
        let pulls = self.store().stored_pulls(self.aws_keeps_from(today)).await;
        let pulls = pulls.context("reading which costs are stored")?;
        let whole_from = held(&pulls).last().map_or(steady.start, |range| range.start);
        let window = DayRange::new(steady.start.max(whole_from.min(steady.end)), steady.end);
        let lately = ordinary_window(today, window);
        let Some(newest) = pulls.iter().rev().max_by_key(|pull| pull.window.end) else { return Ok(window) };
        let means = self.means(today, &pulls).await?;
        Ok(if means.suffice_for(window, *newest) { window } else { lately })
    }
}

impl From<CostPull> for PulledCosts {
    fn from(pull: CostPull) -> Self {
        let CostPull { window, charges, usage, pages, aws_request_ids } = pull;
        PulledCosts { window, charges, usage, pages, request_ids: aws_request_ids }
    }
}

/// What a check of the store that failed means for the record; `None` for a failure of the store itself.
pub(super) fn refusal(error: &StoreError) -> Option<Outcome> {
    let (advice, retryable) = match error {
        StoreError::OtherAccount { .. } => (
            "Use the credentials (AWS_PROFILE) and the accounts in [aws] that this store was filled with, or a store of \
             its own for each account",
            true,
        ),
        StoreError::NotConserved { .. } => {
            ("This is a defect of glidepath: please report this message. The next cycle asks again", false)
        }
        StoreError::BeyondAnyBill { .. } => (
            "Compare these days with the billing console; if AWS shows the same there, report this message. The next cycle asks \
             again",
            false,
        ),
        _ => return None,
    };
    Some(Outcome::Refused { message: error.to_string(), advice: advice.to_owned(), retryable })
}

/// What is left of a run when a check of the store refuses it. Costs that do not add up say nothing against the
/// credits; answers about another account are left out altogether.
fn without_what_is_refused(run: IngestRun, error: &StoreError) -> Option<IngestRun> {
    let costs_outcome = refusal(error)?;
    let run = IngestRun { costs: None, costs_outcome, ..run };
    Some(match error {
        StoreError::OtherAccount { .. } => {
            let (credits, credits_outcome) = (CreditPull::default(), Outcome::NotTried);
            IngestRun { account: None, credits, credits_outcome, ..run }
        }
        _ => run,
    })
}

/// What an error means for the record: refused by AWS or by us, or failed for another reason.
pub(super) fn outcome(error: &AwsError) -> Outcome {
    let (message, advice) = (error.to_string(), error.advice());
    match error {
        AwsError::Denied { .. }
        | AwsError::ExpiredCredentials { .. }
        | AwsError::SignInNeeded { .. }
        | AwsError::WrongTime { .. }
        | AwsError::Ahead { .. }
        | AwsError::RegionDisabled { .. }
        | AwsError::NotSignedUp { .. }
        | AwsError::NoCredentials { .. }
        | AwsError::InvalidCredentials { .. } => Outcome::Denied { message, advice },
        AwsError::ForeignCredentials { .. } => Outcome::Refused { message, advice, retryable: true },
        _ => Outcome::Failed { message, advice, retryable: error.retryable() || nothing_left(error) },
    }
}

/// True where no request left, so that asking again costs nothing and soon finds that the reason is gone.
fn nothing_left(error: &AwsError) -> bool {
    matches!(error, AwsError::CeilingReached(_) | AwsError::Settings { .. })
}

/// Puts the accounts' answers together. The worst answer is the outcome; what was answered is kept.
fn gather(accounts: Vec<AccountCredits>) -> (CreditPull, Outcome) {
    let mut pull = CreditPull::default();
    let mut result = Outcome::Ok;
    let mut incomplete: Vec<BillingPeriod> = Vec::new();
    let mut months: BTreeMap<BillingPeriod, Vec<Allocation>> = BTreeMap::new();
    for account in accounts {
        pull.request_ids.extend(account.request_ids);
        match account.credits {
            CreditAnswer::Listed(snapshots) => pull.snapshots.extend(snapshots),
            CreditAnswer::Denied(error) | CreditAnswer::Failed(error) => result = outcome(&error),
        }
        if let (Some(error), Outcome::Ok) = (&account.history_error, &result) {
            result = outcome(error);
        }
        for month in account.history {
            if !month.complete {
                incomplete.push(month.month);
            }
            let rows = months.entry(month.month).or_default();
            rows.extend(month.rows.into_iter().map(|row| Allocation {
                month: month.month,
                credit_id: row.credit_id,
                account: row.account,
                service: row.service,
                // AWS signs what lowers a bill as negative; credit applied is counted as positive here.
                amount: -row.amount,
                estimated: row.estimated,
            }));
        }
    }
    // About one answer in five is observed to come back empty for no reason: it says nothing, least of all that what
    // a month showed before is gone.
    months.retain(|month, rows| !incomplete.contains(month) && !rows.is_empty());
    // The same credit can be listed under each account that shares it.
    pull.snapshots.sort_by(|a, b| a.credit_id.cmp(&b.credit_id));
    pull.snapshots.dedup_by(|a, b| a.credit_id == b.credit_id);
    pull.allocations = months;
    (pull, result)
}
