//! Tells a monitor after each cycle that the daemon lives, so that somebody notices when it is gone.

use reqwest::Url;

use crate::domain::values::secret::Secret;

use super::answer::Answer;
use super::error::ChannelError;
use super::http::{HttpClient, check_url, redact_url};

/// An address that is asked for after each cycle, and with `/fail` at its end after one that failed: Healthchecks and its like
/// take them so.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Heartbeat {
    url: Secret,
}

impl Heartbeat {
    /// One at `url`.
    ///
    /// # Errors
    /// [`ChannelError::Url`] if that is no web address.
    pub fn new(url: Secret) -> Result<Heartbeat, ChannelError> {
        check_url(url.expose(), false)?;
        Ok(Heartbeat { url })
    }

    /// Asks for the address once.
    ///
    /// # Errors
    /// What came instead of an answer that takes it, without the address.
    pub async fn beat(&self, client: &HttpClient, well: bool) -> Result<(), String> {
        let url = if well { self.url.expose().to_owned() } else { failed(self.url.expose()) };
        let error = match client.get(&url).await {
            Answer::Status { code: 200..300, .. } => return Ok(()),
            Answer::Status { code, .. } => return Err(format!("it answered with status {code}")),
            Answer::Unsendable { error } | Answer::Unreachable { error } | Answer::Refused { error, .. } => error,
        };
        Err(redact_url(&self.url, &error))
    }
}

/// The address with `/fail` at the end of its path.
fn failed(url: &str) -> String {
    let Ok(mut url) = Url::parse(url) else { return url.to_owned() };
    let path = format!("{}/fail", url.path().trim_end_matches('/'));
    url.set_path(&path);
    url.into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failure_has_an_address_of_its_own() {
        for (url, expected) in [
            ("https://hc-ping.com/b5c0", "https://hc-ping.com/b5c0/fail"),
            ("https://hc-ping.com/b5c0/", "https://hc-ping.com/b5c0/fail"),
            ("http://127.0.0.1:8000", "http://127.0.0.1:8000/fail"),
            ("https://monitor.example.com/push?token=abc", "https://monitor.example.com/push/fail?token=abc"),
        ] {
            assert_eq!(failed(url), expected);
        }
    }
}
