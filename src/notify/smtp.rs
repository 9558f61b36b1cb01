//! One message over SMTP: greeting, TLS, login, envelope, text. The grammar is lettre's, the connection is ours.
//!
//! Invariants: a login or a message goes over TLS or stays on this machine; nothing that the server said before TLS is
//! believed after it; a message counts as delivered when the server has said so for every recipient.

use std::fmt::Display;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use lettre::address::{Address, Envelope};
use lettre::transport::smtp::authentication::{Credentials, DEFAULT_MECHANISMS};
use lettre::transport::smtp::commands::{Auth, Data, Ehlo, Mail, Quit, Rcpt, Starttls};
use lettre::transport::smtp::extension::{ClientId, Extension, ServerInfo};
use lettre::transport::smtp::response::{Response, Severity};
use rustls_platform_verifier::ConfigVerifierExt as _;
use tokio::io::{AsyncBufReadExt as _, AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _, BufReader};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use tokio_rustls::rustls::ClientConfig;
use tokio_rustls::rustls::pki_types::ServerName;

use super::answer::Answer;
use crate::domain::values::secret::Secret;

/// A mail server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MailServer {
    /// Its name or address.
    pub host: String,
    /// Its port.
    pub port: u16,
    /// How the connection is protected.
    pub security: Security,
    /// User and password, if it asks for them.
    pub login: Option<(String, Secret)>,
}

/// How a connection to a mail server is protected.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Security {
    /// Plain at first, TLS before anything that matters; a server without it is refused.
    StartTls,
    /// TLS from the first byte.
    Implicit,
    /// None, for a server on this machine.
    Plain,
}

impl Security {
    /// The port where such a server usually listens.
    pub const fn default_port(self) -> u16 {
        match self {
            Security::StartTls => 587,
            Security::Implicit => 465,
            Security::Plain => 25,
        }
    }
}

/// Longest that one message may take. Mail servers keep strangers waiting on purpose.
const TIME_LIMIT: Duration = Duration::from_secs(30);
/// Longest that a server is heard out that has the message.
const FAREWELL_LIMIT: Duration = Duration::from_secs(2);
/// Bytes of one reply. Real ones have a few lines.
const MAX_REPLY: u64 = 64 * 1024;
/// Rounds of a login: a challenge for the user, one for the password.
const MAX_CHALLENGES: u32 = 3;

/// Why a message is not out.
#[derive(Debug)]
struct Failure {
    may_pass: bool,
    error: String,
}

impl Failure {
    fn passing(error: impl Into<String>) -> Self {
        Failure { may_pass: true, error: error.into() }
    }

    fn lasting(error: impl Into<String>) -> Self {
        Failure { may_pass: false, error: error.into() }
    }

    fn refused(step: &str, reply: &Response) -> Self {
        let may_pass = reply.code().severity != Severity::PermanentNegativeCompletion;
        Failure { may_pass, error: said(step, reply) }
    }
}

fn said(step: &str, reply: &Response) -> String {
    let text = reply.message().collect::<Vec<_>>().join(" ");
    format!("the mail server answered {step} with {} {text}", reply.code())
}

/// Sends one message to everybody in its envelope.
pub(super) async fn send(server: &MailServer, envelope: &Envelope, message: &[u8]) -> Answer {
    let taken = AtomicBool::new(false);
    match tokio::time::timeout(TIME_LIMIT, connect_and_send(server, envelope, message, &taken)).await {
        Ok(Ok(())) => Answer::DELIVERED,
        Err(_) if taken.load(Ordering::Relaxed) => Answer::DELIVERED,
        Ok(Err(Failure { may_pass, error })) => Answer::Refused { may_pass, error },
        Err(_) => Answer::Unreachable { error: "no answer within the time limit".to_owned() },
    }
}

/// `taken` becomes true once the server has said that it has the message.
async fn connect_and_send(
    server: &MailServer,
    envelope: &Envelope,
    message: &[u8],
    taken: &AtomicBool,
) -> Result<(), Failure> {
    let place = format!("{}:{}", server.host, server.port);
    let host = server.host.trim_matches(['[', ']']);
    let socket = TcpStream::connect((host, server.port))
        .await
        .map_err(|error| Failure::passing(format!("connecting to the mail server {place}: {error}")))?;
    match server.security {
        Security::Plain => {
            let mut dialogue = Dialogue::greeted(socket).await?;
            dialogue.session(server, envelope, message, taken).await
        }
        Security::Implicit => {
            let mut dialogue = Dialogue::greeted(protect(socket, host).await?).await?;
            dialogue.session(server, envelope, message, taken).await
        }
        Security::StartTls => {
            let mut plain = Dialogue::greeted(socket).await?;
            if !plain.hello(envelope).await?.supports_feature(Extension::StartTls) {
                let message = format!("the mail server {place} offers no STARTTLS; nothing was sent unprotected");
                return Err(Failure::passing(message));
            }
            plain.ask("STARTTLS", Starttls).await?;
            let mut dialogue = Dialogue::over(protect(plain.into_stream()?, host).await?);
            dialogue.session(server, envelope, message, taken).await
        }
    }
}

async fn protect(socket: TcpStream, host: &str) -> Result<TlsStream<TcpStream>, Failure> {
    let config = ClientConfig::with_platform_verifier()
        .map_err(|error| Failure::passing(format!("reading the certificates that this machine trusts: {error}")))?;
    let name = ServerName::try_from(host.to_owned())
        .map_err(|_| Failure::lasting(format!("{host:?} is no name that a certificate could have")))?;
    let connected = TlsConnector::from(Arc::new(config)).connect(name, socket).await;
    connected.map_err(|error| Failure::passing(format!("setting up TLS with the mail server: {error}")))
}

/// A connection, command by command.
struct Dialogue<S> {
    stream: BufReader<S>,
}

impl<S: AsyncRead + AsyncWrite + Unpin> Dialogue<S> {
    fn over(stream: S) -> Self {
        Dialogue { stream: BufReader::new(stream) }
    }

    async fn greeted(stream: S) -> Result<Self, Failure> {
        let mut dialogue = Dialogue::over(stream);
        let greeting = dialogue.reply("the connection").await?;
        if greeting.is_positive() { Ok(dialogue) } else { Err(Failure::refused("the connection", &greeting)) }
    }

    /// The connection itself. What a server sent ahead of TLS may be another's words.
    fn into_stream(self) -> Result<S, Failure> {
        if self.stream.buffer().is_empty() {
            return Ok(self.stream.into_inner());
        }
        Err(Failure::passing("the mail server spoke before TLS was set up; somebody may be in between"))
    }

    async fn session(
        &mut self,
        server: &MailServer,
        envelope: &Envelope,
        message: &[u8],
        taken: &AtomicBool,
    ) -> Result<(), Failure> {
        let offered = self.hello(envelope).await?;
        self.log_in(server, &offered).await?;
        self.ask("the sender", Mail::new(envelope.from().cloned(), Vec::new())).await?;
        let refused = self.name_recipients(envelope).await?;
        self.ask("the message", Data).await?;
        let received = self.say("the message", &stuffed(message)).await?;
        if !received.is_positive() {
            return Err(Failure::refused("the message", &received));
        }
        taken.store(true, Ordering::Relaxed);
        // It is out, whatever the server says to the farewell, and it may never say anything.
        let farewell = Quit.to_string();
        let _said = tokio::time::timeout(FAREWELL_LIMIT, self.say("the farewell", farewell.as_bytes())).await;
        if refused.is_empty() {
            return Ok(());
        }
        Err(Failure::lasting(format!("the other recipients have it, but {}", refused.join("; "))))
    }

    async fn hello(&mut self, envelope: &Envelope) -> Result<ServerInfo, Failure> {
        let sender = envelope.from().map_or("localhost", Address::domain);
        let reply = self.ask("the greeting", Ehlo::new(ClientId::Domain(sender.to_owned()))).await?;
        ServerInfo::from_response(&reply)
            .map_err(|error| Failure::passing(format!("reading what the mail server can do: {error}")))
    }

    async fn log_in(&mut self, server: &MailServer, offered: &ServerInfo) -> Result<(), Failure> {
        let Some((user, password)) = &server.login else { return Ok(()) };
        let Some(mechanism) = offered.get_auth_mechanism(DEFAULT_MECHANISMS) else {
            return Err(Failure::lasting("the mail server offers no login by password (PLAIN or LOGIN)"));
        };
        let credentials = || Credentials::new(user.clone(), password.expose().to_owned());
        // The library's own errors could quote the challenge; which is all that they could say.
        let unclear = |_| Failure::lasting("the mail server's login is not understood");
        let mut reply = self.ask("the login", Auth::new(mechanism, credentials(), None).map_err(unclear)?).await?;
        for _ in 0..MAX_CHALLENGES {
            if !reply.has_code(334) {
                return Ok(());
            }
            let answer = Auth::new_from_response(mechanism, credentials(), &reply).map_err(unclear)?;
            reply = self.ask("the login", answer).await?;
        }
        Err(Failure::lasting("the mail server's login never ends"))
    }

    /// Names everybody; gives what the server said about those whom it will never serve. One who is refused for now holds
    /// up the message for all, and one who is refused for good for nobody else.
    async fn name_recipients(&mut self, envelope: &Envelope) -> Result<Vec<String>, Failure> {
        let mut refused = Vec::new();
        for recipient in envelope.to() {
            let step = format!("the recipient {recipient}");
            match self.ask(&step, Rcpt::new(recipient.clone(), Vec::new())).await {
                Ok(_) => {}
                Err(Failure { may_pass: false, error }) => refused.push(error),
                Err(passing) => return Err(passing),
            }
        }
        if refused.len() == envelope.to().len() {
            return Err(Failure::lasting(refused.join("; ")));
        }
        Ok(refused)
    }

    /// A command that has to be accepted.
    async fn ask(&mut self, step: &str, command: impl Display) -> Result<Response, Failure> {
        let reply = self.say(step, command.to_string().as_bytes()).await?;
        if reply.is_positive() { Ok(reply) } else { Err(Failure::refused(step, &reply)) }
    }

    async fn say(&mut self, step: &str, bytes: &[u8]) -> Result<Response, Failure> {
        let broken = |error: std::io::Error| Failure::passing(format!("sending {step} to the mail server: {error}"));
        self.stream.write_all(bytes).await.map_err(broken)?;
        self.stream.flush().await.map_err(broken)?;
        self.reply(step).await
    }

    /// Reads lines up to one whose code is not followed by a hyphen.
    async fn reply(&mut self, step: &str) -> Result<Response, Failure> {
        let failed = |why: String| Failure::passing(format!("reading the mail server's answer to {step}: {why}"));
        let mut text = String::new();
        let mut limited = (&mut self.stream).take(MAX_REPLY);
        loop {
            let start = text.len();
            let read = limited.read_line(&mut text).await.map_err(|error| failed(error.to_string()))?;
            if read == 0 || !text.ends_with('\n') {
                return Err(failed("it broke off".to_owned()));
            }
            if text.as_bytes().get(start + 3) != Some(&b'-') {
                break;
            }
        }
        text.parse().map_err(|_| failed("it is no reply of a mail server".to_owned()))
    }
}

/// The message with its end. A line that starts with a dot gets another, since a dot alone ends the message.
fn stuffed(message: &[u8]) -> Vec<u8> {
    let mut sent = Vec::with_capacity(message.len() + 64);
    let mut at_line_start = true;
    for &byte in message {
        if at_line_start && byte == b'.' {
            sent.push(b'.');
        }
        sent.push(byte);
        at_line_start = byte == b'\n';
    }
    if !sent.ends_with(b"\r\n") {
        sent.extend_from_slice(b"\r\n");
    }
    sent.extend_from_slice(b".\r\n");
    sent
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_line_of_a_message_ends_it() {
        assert_eq!(stuffed(b"a\r\n.\r\n..b\r\n"), b"a\r\n..\r\n...b\r\n.\r\n");
        assert_eq!(stuffed(b".a"), b"..a\r\n.\r\n");
    }
}
