//! What keeps a channel from ever working.

use thiserror::Error;

/// A channel that can never work as configured.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum ChannelError {
    /// Not a URL that a message can be posted to.
    #[error("the URL cannot be used: {0}")]
    Url(String),
    /// Not a signing key.
    #[error("the signing secret is not base64, as Standard Webhooks asks for: {0}")]
    SigningSecret(String),
    /// Not somewhere that mail can go.
    #[error("mail cannot be sent: {0}")]
    Address(String),
    /// The HTTP client could not be built.
    #[error("the HTTP client cannot be built: {0}")]
    Client(String),
}
