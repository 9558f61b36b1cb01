//! The wire to AWS: the environment's proxies, one pool of connections a client, paid requests counted where they leave, and
//! answers of a bounded length, so that one without an end takes no memory without an end.

use std::sync::OnceLock;

use aws_smithy_http_client::{Connector, proxy, tls};
use aws_smithy_runtime_api::client::http::{
    HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpConnector,
};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use aws_smithy_types::body::SdkBody;
use http_body_util::Limited;

use super::clocks::AwsClock;
use super::meter::PaidRequestMeter;

/// The longest answer that is read, in MiB. A page of costs has a few.
pub(super) const LONGEST_ANSWER_MIB: usize = 64;

/// The SDK's HTTP client on this wire.
#[derive(Debug)]
pub(super) struct Wire {
    /// Counts what is paid for; `None` where nothing is.
    meter: Option<PaidRequestMeter>,
    clock: AwsClock,
    proxies: proxy::ProxyConfig,
    // One connector, so one connection pool: every call of a client comes with the same timeouts.
    connector: OnceLock<SharedHttpConnector>,
}

impl Wire {
    /// A wire for requests that cost nothing.
    pub fn free(clock: AwsClock, proxies: proxy::ProxyConfig) -> Self {
        Wire { meter: None, clock, proxies, connector: OnceLock::new() }
    }

    /// A wire for requests that are paid for.
    pub fn metered(meter: PaidRequestMeter, clock: AwsClock, proxies: proxy::ProxyConfig) -> Self {
        Wire { meter: Some(meter), ..Wire::free(clock, proxies) }
    }
}

impl HttpClient for Wire {
    fn http_connector(&self, settings: &HttpConnectorSettings, _: &RuntimeComponents) -> SharedHttpConnector {
        let connector = self.connector.get_or_init(|| {
            // As the SDK builds its own, on the platform's certificates.
            let wire = Connector::builder()
                .connector_settings(settings.clone())
                .proxy_config(self.proxies.clone())
                .tls_provider(tls::Provider::Rustls(tls::rustls_provider::CryptoMode::AwsLc))
                .build();
            SharedHttpConnector::new(WireConnector {
                wire: SharedHttpConnector::new(wire),
                meter: self.meter.clone(),
                clock: self.clock.clone(),
            })
        });
        connector.clone()
    }
}

#[derive(Debug)]
struct WireConnector {
    wire: SharedHttpConnector,
    meter: Option<PaidRequestMeter>,
    clock: AwsClock,
}

impl HttpConnector for WireConnector {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let (wire, meter, aws) = (self.wire.clone(), self.meter.clone(), self.clock.newest());
        HttpConnectorFuture::new(async move {
            let answer = match meter {
                Some(meter) => meter.counted(aws, wire.call(request)).await,
                None => wire.call(request).await,
            };
            answer.map(bounded)
        })
    }
}

fn bounded(answer: HttpResponse) -> HttpResponse {
    answer.map(|body| SdkBody::from_body_1_x(Limited::new(body, LONGEST_ANSWER_MIB * 1024 * 1024)))
}
