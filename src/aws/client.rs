//! The SDK clients, built once from the environment's own settings.
//!
//! Invariants: profiles, regions, endpoints, proxies and single sign-on are the SDK's business and work as
//! everywhere else; every wait is bounded; only Cost Explorer goes through the meter, since only it is paid.

use std::sync::Arc;
use std::time::Duration;

use aws_config::meta::region::RegionProviderChain;
use aws_config::retry::RetryConfig;
use aws_config::timeout::TimeoutConfig;
use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_sdk_sts::config::{Credentials, SharedCredentialsProvider};
use aws_smithy_http_client::Builder;
use aws_smithy_http_client::proxy::ProxyConfig;
use aws_smithy_http_client::tls::Provider;
use aws_smithy_http_client::tls::rustls_provider::CryptoMode;
use aws_smithy_runtime_api::client::http::SharedHttpClient;
use tokio::sync::OnceCell;

use super::circumstances::NoteCircumstances;
use super::clocks::AwsClock;
use super::credential_process;
use super::error::AwsError;
use super::meter::PaidRequestMeter;
use super::operation::Operation;
use super::wire::Wire;

/// Cost Explorer and the billing API live in us-east-1 whatever region is set; the SDK only wants one to be set.
const GLOBAL_REGION: &str = "us-east-1";

/// How to ask AWS.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AwsSettings {
    /// Account numbers of 12 digits: whose costs and credits to read. Empty: all costs that the credentials see,
    /// and the credits of the credentials' own account.
    pub accounts: Vec<String>,
    /// The management account, if its credentials ask for accounts that do not include itself.
    pub payer_account: Option<String>,
    /// Region; `None` leaves it to the environment.
    pub region: Option<String>,
    /// Currency that the account is billed in.
    pub currency: String,
    /// Most pages of one answer.
    pub max_pages: u32,
    /// Months of credit allocation history to read, the current one included.
    pub history_months: u32,
    /// Attempts at one request, the first included.
    pub max_attempts: u32,
    /// Wait before the first retry; it doubles with each.
    pub initial_backoff: Duration,
    /// Longest wait before a retry.
    pub max_backoff: Duration,
    /// Longest one attempt may take.
    pub attempt_timeout: Duration,
    /// Longest a connection may take to open.
    pub connect_timeout: Duration,
}

impl Default for AwsSettings {
    fn default() -> Self {
        AwsSettings {
            accounts: Vec::new(),
            payer_account: None,
            region: None,
            currency: "USD".to_owned(),
            max_pages: 200,
            history_months: 13,
            max_attempts: 4,
            initial_backoff: Duration::from_secs(1),
            max_backoff: Duration::from_secs(20),
            attempt_timeout: Duration::from_secs(60),
            connect_timeout: Duration::from_secs(10),
        }
    }
}

impl AwsSettings {
    fn validate(&self) -> Result<(), AwsError> {
        let wrong = |what: String| Err(AwsError::Settings { what });
        let is_account = |text: &String| text.len() == 12 && text.bytes().all(|b| b.is_ascii_digit());
        if let Some(bad) = self.accounts.iter().chain(&self.payer_account).find(|account| !is_account(account)) {
            return wrong(format!("{bad:?} is not an account number of 12 digits"));
        }
        if self.max_pages == 0 || self.max_attempts == 0 {
            return wrong("max_pages and max_attempts must be at least 1".to_owned());
        }
        // AWS answers for at most 24 months at once; more than it keeps by day has nothing to be compared with.
        if self.history_months > 24 {
            return wrong(format!("{} months of credit history are more than the 24 AWS keeps", self.history_months));
        }
        Ok(())
    }

    fn retries(&self) -> RetryConfig {
        RetryConfig::standard()
            .with_max_attempts(self.max_attempts)
            .with_initial_backoff(self.initial_backoff)
            .with_max_backoff(self.max_backoff)
    }

    fn timeouts(&self) -> TimeoutConfig {
        TimeoutConfig::builder()
            .connect_timeout(self.connect_timeout)
            .read_timeout(self.attempt_timeout)
            .operation_attempt_timeout(self.attempt_timeout)
            .build()
    }
}

/// Clients for everything that this program asks AWS. Cloning shares them.
#[derive(Clone)]
pub struct AwsClients {
    pub(super) cost_explorer: aws_sdk_costexplorer::Client,
    pub(super) billing: aws_sdk_billing::Client,
    pub(super) free_tier: aws_sdk_freetier::Client,
    sts: aws_sdk_sts::Client,
    settings: Arc<AwsSettings>,
    own_account: Arc<OnceCell<String>>,
    clock: AwsClock,
}

impl AwsClients {
    /// Clients from the SDK's own environment: `AWS_PROFILE`, `AWS_ENDPOINT_URL` and the rest.
    ///
    /// # Errors
    /// [`AwsError::Settings`] if the settings cannot work. Nothing is sent to AWS yet.
    pub async fn connect(settings: &AwsSettings, meter: PaidRequestMeter) -> Result<AwsClients, AwsError> {
        settings.validate()?;
        let region = RegionProviderChain::first_try(settings.region.clone().map(Region::new))
            .or_default_provider()
            .or_else(GLOBAL_REGION);
        let loader = aws_config::defaults(BehaviorVersion::latest())
            .region(region)
            .retry_config(settings.retries())
            .timeout_config(settings.timeouts());
        let loader = match credential_process::held_to(settings.attempt_timeout) {
            Some(profiles) => loader.profile_files(profiles),
            None => loader,
        };
        let shared = loader.load().await;
        // The SDK's own client honours the proxy variables, so the metered one does.
        Ok(Self::from_shared(&shared, settings, meter, ProxyConfig::from_env()))
    }

    /// Clients for a listener at `endpoint` that stands in for AWS, signed with made-up credentials. Nothing is
    /// read from the environment, so that a demo or test meets neither a real account nor a proxy.
    ///
    /// # Errors
    /// [`AwsError::Settings`] if the settings cannot work.
    pub fn for_endpoint(
        endpoint: &str,
        settings: &AwsSettings,
        meter: PaidRequestMeter,
    ) -> Result<AwsClients, AwsError> {
        settings.validate()?;
        let made_up = Credentials::new("glidepath-demo", "not-a-secret", None, None, "demo");
        let shared = SdkConfig::builder()
            .behavior_version(BehaviorVersion::latest())
            .region(Region::new(settings.region.clone().unwrap_or_else(|| GLOBAL_REGION.to_owned())))
            .credentials_provider(SharedCredentialsProvider::new(made_up))
            .endpoint_url(endpoint)
            .http_client(Builder::new().tls_provider(Provider::Rustls(CryptoMode::AwsLc)).build_https())
            .retry_config(settings.retries())
            .timeout_config(settings.timeouts())
            .build();
        Ok(Self::from_shared(&shared, settings, meter, ProxyConfig::disabled()))
    }

    fn from_shared(shared: &SdkConfig, settings: &AwsSettings, meter: PaidRequestMeter, proxies: ProxyConfig) -> Self {
        let clock = AwsClock::default();
        let note = NoteCircumstances(clock.clone());
        let metered = Wire::metered(meter, clock.clone(), proxies.clone());
        let free = SharedHttpClient::new(Wire::free(clock.clone(), proxies));
        let costs = aws_sdk_costexplorer::config::Builder::from(shared).http_client(metered);
        let billing = aws_sdk_billing::config::Builder::from(shared).http_client(free.clone());
        let free_tier = aws_sdk_freetier::config::Builder::from(shared).http_client(free.clone());
        let sts = aws_sdk_sts::config::Builder::from(shared).http_client(free);
        AwsClients {
            cost_explorer: aws_sdk_costexplorer::Client::from_conf(costs.interceptor(note.clone()).build()),
            billing: aws_sdk_billing::Client::from_conf(billing.interceptor(note.clone()).build()),
            free_tier: aws_sdk_freetier::Client::from_conf(free_tier.interceptor(note.clone()).build()),
            sts: aws_sdk_sts::Client::from_conf(sts.interceptor(note).build()),
            settings: Arc::new(settings.clone()),
            own_account: Arc::default(),
            clock,
        }
    }

    /// AWS's clock, as far as its answers to these clients told it.
    pub fn clock(&self) -> &AwsClock {
        &self.clock
    }

    /// The settings they were built with.
    pub fn settings(&self) -> &AwsSettings {
        &self.settings
    }

    /// The accounts whose credits to read: the configured ones, in order and once each, or the credentials' own.
    ///
    /// # Errors
    /// As [`AwsClients::account_id`], and only where no accounts are configured.
    pub async fn account_ids(&self) -> Result<Vec<String>, AwsError> {
        if self.settings.accounts.is_empty() {
            return Ok(vec![self.account_id().await?]);
        }
        Ok(self.configured_accounts())
    }

    /// Refuses credentials of an account that is neither one of the configured ones nor their payer: Cost Explorer
    /// would answer them with zeros. Where neither is configured, any credentials are the right ones.
    ///
    /// # Errors
    /// [`AwsError::ForeignCredentials`], or as [`AwsClients::account_id`].
    pub async fn check_own_account(&self) -> Result<(), AwsError> {
        let (accounts, payer) = (self.configured_accounts(), &self.settings.payer_account);
        if accounts.is_empty() && payer.is_none() {
            return Ok(());
        }
        let own = self.account_id().await?;
        if accounts.contains(&own) || payer.as_ref() == Some(&own) {
            return Ok(());
        }
        let named = accounts.into_iter().chain(payer.clone()).collect();
        Err(AwsError::ForeignCredentials { own, named })
    }

    /// The configured accounts, sorted and once each.
    pub(super) fn configured_accounts(&self) -> Vec<String> {
        let mut accounts = self.settings.accounts.clone();
        accounts.sort();
        accounts.dedup();
        accounts
    }

    /// The account that the credentials belong to. Asks STS once; a failure is asked again next time.
    ///
    /// # Errors
    /// Whatever kept STS from answering.
    pub async fn account_id(&self) -> Result<String, AwsError> {
        self.own_account.get_or_try_init(|| self.ask_account_id()).await.cloned()
    }

    async fn ask_account_id(&self) -> Result<String, AwsError> {
        let operation = Operation::GetCallerIdentity;
        let answer =
            self.sts.get_caller_identity().send().await.map_err(|error| AwsError::from_sdk(operation, &error))?;
        answer
            .account
            .filter(|account| !account.is_empty())
            .ok_or_else(|| AwsError::Malformed { operation, what: "it names no account".to_owned() })
    }
}
