//! The HTTP client that all channels share: bounded in time and in what it reads, and following no redirect.

use std::net::IpAddr;
use std::time::Duration;

use reqwest::redirect::Policy;
use reqwest::{Client, Response, Url};

use super::answer::Answer;
use super::error::ChannelError;
use crate::domain::values::secret::Secret;

/// Bytes of an answer that are read; the rest is of no interest.
const READ_LIMIT: usize = 2048;
/// Shorter parts of a URL are words, not tokens.
const SHORTEST_TOKEN: usize = 8;

/// Posts messages.
#[derive(Debug, Clone)]
pub struct HttpClient {
    client: Client,
}

impl HttpClient {
    /// A client that gives each attempt this long, answer included.
    ///
    /// # Errors
    /// [`ChannelError::Client`] if the TLS set-up of this machine cannot be used.
    pub fn new(timeout: Duration) -> Result<Self, ChannelError> {
        let client = Client::builder()
            .timeout(timeout)
            .redirect(Policy::none())
            .user_agent(concat!("glidepath/", env!("CARGO_PKG_VERSION")))
            .build()
            .map_err(|error| ChannelError::Client(error_text(error)))?;
        Ok(HttpClient { client })
    }

    /// Asks for `url` once.
    pub(super) async fn get(&self, url: &str) -> Answer {
        match self.client.get(url).send().await {
            Ok(response) => read(response).await,
            Err(error) if error.is_builder() => Answer::Unsendable { error: error_text(error) },
            Err(error) => Answer::Unreachable { error: error_text(error) },
        }
    }

    /// Posts JSON once.
    pub(super) async fn post(&self, url: &str, headers: &[(&'static str, String)], body: &str) -> Answer {
        let url = match Url::parse(url) {
            Ok(url) => url,
            Err(error) => return Answer::Unsendable { error: format!("the URL cannot be used: {error}") },
        };
        let mut request = self.client.post(url).header("content-type", "application/json").body(body.to_owned());
        for (name, value) in headers {
            request = request.header(*name, value);
        }
        match request.send().await {
            Ok(response) => read(response).await,
            Err(error) if error.is_builder() => Answer::Unsendable { error: error_text(error) },
            Err(error) => Answer::Unreachable { error: error_text(error) },
        }
    }
}

/// The status decides; a body that breaks off or never ends changes nothing.
async fn read(mut response: Response) -> Answer {
    let code = response.status().as_u16();
    let retry_after = response.headers().get("retry-after").and_then(|value| value.to_str().ok()).map(str::to_owned);
    let mut body = Vec::new();
    if !response.status().is_success() {
        while let Ok(Some(chunk)) = response.chunk().await {
            body.extend_from_slice(&chunk);
            if body.len() >= READ_LIMIT {
                break;
            }
        }
    }
    body.truncate(READ_LIMIT);
    Answer::Status { code, retry_after, body: String::from_utf8_lossy(&body).into_owned() }
}

/// Checks a URL at start. Plain HTTP is refused where the URL itself is the credential, except on loopback.
pub(super) fn check_url(url: &str, needs_tls: bool) -> Result<(), ChannelError> {
    let parsed = Url::parse(url).map_err(|error| ChannelError::Url(error.to_string()))?;
    let loopback = is_loopback(&parsed);
    match parsed.scheme() {
        "https" => Ok(()),
        "http" if !needs_tls || loopback => Ok(()),
        "http" => Err(ChannelError::Url("it must start with https://, since a credential goes with it".to_owned())),
        other => Err(ChannelError::Url(format!("it starts with {other}://, not with https://"))),
    }
}

/// True for an address that is asked without TLS over a network.
pub fn is_in_the_open(url: &str) -> bool {
    Url::parse(url).is_ok_and(|url| url.scheme() == "http" && !is_loopback(&url))
}

fn is_loopback(url: &Url) -> bool {
    let host = url.host_str().unwrap_or_default().trim_matches(['[', ']']);
    host == "localhost" || host.ends_with(".localhost") || host.parse::<IpAddr>().is_ok_and(|ip| ip.is_loopback())
}

/// Masks a URL in others' text, and the parts of it that may be a token: servers quote a path or a key alone.
pub(super) fn redact_url(url: &Secret, text: &str) -> String {
    let mut masked = url.redact(text);
    let Ok(parsed) = Url::parse(url.expose()) else { return masked };
    let segments = parsed.path_segments().into_iter().flatten();
    let query = parsed.query().into_iter().flat_map(|query| query.split(['&', '=']));
    // The whole path first: once a segment of it is masked, it is not found any more.
    let parts = [parsed.path()].into_iter().chain(segments).chain(query).chain(parsed.password());
    for part in parts.filter(|part| part.len() >= SHORTEST_TOKEN) {
        masked = Secret::new(part).redact(&masked);
    }
    masked
}

/// An error with its causes, without the URL: it may be a credential.
fn error_text(error: reqwest::Error) -> String {
    let timed_out = error.is_timeout();
    let error = error.without_url();
    if timed_out {
        return "no answer within the time limit".to_owned();
    }
    // Its own text says only that a request failed; the causes say why.
    format!("{:#}", anyhow::Error::new(error))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_url_is_masked_in_whole_and_in_part() {
        let url = Secret::new("https://user:passw0rd@receiver.example/hooks/k3y-k3y-k3y?token=t0ken-t0ken");
        let quoted = "https://user:passw0rd@receiver.example/hooks/k3y-k3y-k3y?token=t0ken-t0ken, \
                      /hooks/k3y-k3y-k3y, k3y-k3y-k3y, t0ken-t0ken, passw0rd, hooks";
        assert_eq!(redact_url(&url, quoted), "***, ***, ***, ***, ***, hooks");
        assert_eq!(redact_url(&Secret::new("no url"), "this is no url"), "this is ***");
    }
}
