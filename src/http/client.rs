//! Asks a running daemon, for commands that run beside one: two processes cannot open the store.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::time::Duration;

use reqwest::header::CONTENT_TYPE;
use reqwest::redirect::Policy;
use reqwest::{Client, ClientBuilder, Method, Response, Url};
use thiserror::Error;

use super::failure::Problem;
use super::health::STORE;
use crate::domain::values::secret::Secret;
use crate::domain::wording::trouble::Trouble;
use crate::store::StoreId;

/// For reading: more than the daemon takes before it gives up itself.
const READ_TIMEOUT: Duration = Duration::from_secs(15);
/// For orders: a first cycle reads 13 months, page by page.
const ORDER_TIMEOUT: Duration = Duration::from_secs(16 * 60);
const CONNECT_TIMEOUT: Duration = Duration::from_secs(2);

/// Where a daemon is asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Address {
    /// Where the config says that it listens; one that means "everywhere" is asked on loopback.
    Listen(SocketAddr),
    /// Where somebody says that it is, maybe behind a proxy with TLS and below a path.
    Url(Url),
}

impl Address {
    fn url(&self, path: &str) -> String {
        match self {
            Address::Listen(listen) => format!("http://{}{path}", reachable(*listen)),
            Address::Url(url) => format!("{}{path}", url.as_str().trim_end_matches('/')),
        }
    }

    /// Whether it is this machine's own.
    fn is_near(&self) -> bool {
        match self {
            Address::Listen(_) => true,
            Address::Url(url) => url.host_str().is_some_and(is_loopback),
        }
    }

    /// Whether it is the config's own, on the loopback of IPv4.
    fn is_own_loopback(&self) -> bool {
        matches!(self, Address::Listen(listen) if reachable(*listen).is_ipv4() && reachable(*listen).ip().is_loopback())
    }

    /// What to do where no daemon answers.
    const fn remedy(&self) -> &'static str {
        match self {
            Address::Listen(_) => "Start one with `glidepath serve`, or check [http] listen",
            Address::Url(_) => "Check --url, and that the daemon runs",
        }
    }

    /// What to correct where something else answers.
    const fn correction(&self) -> &'static str {
        match self {
            Address::Listen(_) => "correct [http] listen, or stop that program",
            Address::Url(_) => "correct --url: it is the address of the page, with its path where it has one",
        }
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Address::Listen(listen) => listen.fmt(f),
            Address::Url(url) => f.write_str(url.as_str().trim_end_matches('/')),
        }
    }
}

/// The address of a daemon as somebody writes it: http or https, maybe with a path.
///
/// # Errors
/// How one is written.
pub fn parse_url(text: &str) -> Result<Url, String> {
    let plain = |url: &Url| {
        matches!(url.scheme(), "http" | "https")
            && url.has_host()
            && (url.query(), url.fragment(), url.password()) == (None, None, None)
            && url.username().is_empty()
    };
    let url = Url::parse(text).ok().filter(plain);
    url.ok_or_else(|| {
        "is no address of a daemon; write one as http://127.0.0.1:8437 or https://glidepath.example.com/".to_owned()
    })
}

/// True if `host` of a URL is this machine.
fn is_loopback(host: &str) -> bool {
    let ip = host.trim_matches(['[', ']']).parse::<IpAddr>();
    host.eq_ignore_ascii_case("localhost") || ip.is_ok_and(|ip| ip.is_loopback())
}

/// Why a daemon gave no answer that can be used.
#[derive(Debug, Error)]
pub enum ClientError {
    /// Nothing listens there, so the store can be opened directly.
    #[error("no daemon answers at {at}: {reason}. {}", at.remedy())]
    NoDaemon {
        /// Where one was looked for.
        at: Address,
        /// What the system said.
        reason: String,
    },
    /// Something listens, but its answer broke off or did not come in time.
    #[error("the daemon at {at} did not answer {path} completely: {reason}")]
    Incomplete {
        /// Who was asked.
        at: Address,
        /// What was asked.
        path: String,
        /// What went wrong.
        reason: String,
    },
    /// It answered with an error.
    #[error("the daemon at {at} says: {message}")]
    Refused {
        /// Who was asked.
        at: Address,
        /// HTTP status.
        status: u16,
        /// Its reason, and its advice for the command line.
        message: String,
        /// What it says that this is about, if anything.
        about: Option<Trouble>,
    },
    /// Something else than a daemon answered.
    #[error("what listens at {at} answered {path} with {status}, and not in glidepath's words: {}", at.correction())]
    Foreign {
        /// Who was asked.
        at: Address,
        /// What was asked.
        path: String,
        /// HTTP status.
        status: u16,
    },
}

impl ClientError {
    /// What it is about, for whoever looks it up.
    pub fn trouble(&self) -> Trouble {
        match self {
            ClientError::NoDaemon { .. } => Trouble::NoDaemon,
            ClientError::Incomplete { .. } => Trouble::DaemonNotAnswering,
            ClientError::Foreign { .. } => Trouble::AnotherProgramAnswers,
            ClientError::Refused { about: Some(about), .. } => *about,
            ClientError::Refused { status: 401 | 403, .. } => Trouble::TokenRefused,
            ClientError::Refused { status: 429 | 503, .. } => Trouble::DaemonNotAnswering,
            ClientError::Refused { status: 500.., .. } => Trouble::UnexpectedFailure,
            ClientError::Refused { .. } => Trouble::ArgumentsNotUsable,
        }
    }
}

/// The body of what a daemon answers to a GET of `path`.
///
/// # Errors
/// [`ClientError`].
pub async fn ask(at: &Address, token: Option<&Secret>, path: &str) -> Result<Vec<u8>, ClientError> {
    send(Method::GET, at, token, path, None, READ_TIMEOUT).await
}

/// Puts a question that takes reckoning: a GET of `path` with `parameters`.
///
/// # Errors
/// [`ClientError`].
pub async fn reckon(
    at: &Address,
    token: Option<&Secret>,
    path: &str,
    parameters: &[(&str, String)],
) -> Result<Vec<u8>, ClientError> {
    send(Method::GET, at, token, &with_query(path, parameters), None, ORDER_TIMEOUT).await
}

/// Gives an order, a POST to `path`, and waits until it is carried out.
///
/// # Errors
/// [`ClientError`].
pub async fn order(at: &Address, token: Option<&Secret>, path: &str) -> Result<Vec<u8>, ClientError> {
    send(Method::POST, at, token, path, None, ORDER_TIMEOUT).await
}

/// Gives an order with particulars, and waits until it is carried out.
///
/// # Errors
/// [`ClientError`].
pub async fn order_with(
    at: &Address,
    token: Option<&Secret>,
    path: &str,
    entry: Entry,
) -> Result<Vec<u8>, ClientError> {
    send(Method::POST, at, token, path, Some(entry), ORDER_TIMEOUT).await
}

/// `path` with a query of `parameters`, if there are any.
pub fn with_query(path: &str, parameters: &[(&str, String)]) -> String {
    if parameters.is_empty() {
        return path.to_owned();
    }
    let mut url = somewhere();
    url.query_pairs_mut().extend_pairs(parameters);
    format!("{path}?{}", url.query().unwrap_or_default())
}

/// `path` with a name below it, whatever characters that has.
pub fn below(path: &str, name: &str) -> String {
    let mut url = somewhere();
    url.path_segments_mut().expect("an address with a host has a path").push(name);
    format!("{path}{}", url.path())
}

fn somewhere() -> Url {
    Url::parse("http://localhost").expect("a fixed address")
}

/// What is sent to a daemon.
#[derive(Debug, Clone)]
pub struct Entry {
    /// Its media type.
    pub content_type: &'static str,
    /// Its text.
    pub body: String,
}

/// Enters something: a POST of `entry` to `path`.
///
/// # Errors
/// [`ClientError`].
pub async fn enter(at: &Address, token: Option<&Secret>, path: &str, entry: Entry) -> Result<Vec<u8>, ClientError> {
    send(Method::POST, at, token, path, Some(entry), READ_TIMEOUT).await
}

/// Removes what stands at `path`: a DELETE.
///
/// # Errors
/// [`ClientError`].
pub async fn remove(at: &Address, token: Option<&Secret>, path: &str) -> Result<Vec<u8>, ClientError> {
    send(Method::DELETE, at, token, path, None, READ_TIMEOUT).await
}

/// Whether a daemon is alive, and whose store it holds; `None` where it does not say. No token is shown to it.
///
/// # Errors
/// [`ClientError`].
pub async fn health(at: &Address) -> Result<Option<StoreId>, ClientError> {
    match health_from(at, None).await {
        // There is no room, and some of it is this machine's alone. An address of it that is a proxy's does not count as it.
        Err(full @ (ClientError::Incomplete { .. } | ClientError::Refused { status: 503, .. }))
            if at.is_own_loopback() =>
        {
            health_from(at, Some(ANOTHER_LOOPBACK)).await.map_err(|_| full)
        }
        asked => asked,
    }
}

/// An address of this machine that hardly any proxy sends from.
const ANOTHER_LOOPBACK: IpAddr = IpAddr::V4(Ipv4Addr::new(127, 0, 0, 2));

async fn health_from(at: &Address, from: Option<IpAddr>) -> Result<Option<StoreId>, ClientError> {
    let path = "/healthz";
    let client = Client::builder().local_address(from);
    let response = respond(client, Method::GET, at, None, path, None, READ_TIMEOUT).await?;
    let store = response.headers().get(STORE).and_then(|value| value.to_str().ok()?.parse().ok());
    let body = read(at, path, response).await?;
    if body == b"ok" {
        return Ok(store);
    }
    let reason = "something listens there that is not glidepath".to_owned();
    Err(ClientError::NoDaemon { at: at.clone(), reason })
}

async fn send(
    method: Method,
    at: &Address,
    token: Option<&Secret>,
    path: &str,
    entry: Option<Entry>,
    timeout: Duration,
) -> Result<Vec<u8>, ClientError> {
    let response = respond(Client::builder(), method, at, token, path, entry, timeout).await?;
    read(at, path, response).await
}

async fn respond(
    client: ClientBuilder,
    method: Method,
    at: &Address,
    token: Option<&Secret>,
    path: &str,
    entry: Option<Entry>,
    timeout: Duration,
) -> Result<Response, ClientError> {
    // A proxy has no business between two processes of one machine.
    let client = if at.is_near() { client.no_proxy() } else { client };
    let client = client.redirect(Policy::none()).connect_timeout(CONNECT_TIMEOUT);
    let client = client.timeout(timeout).build().map_err(|error| incomplete(at, path, error))?;
    let mut request = client.request(method, at.url(path));
    if let Some(token) = token {
        request = request.bearer_auth(token.expose());
    }
    if let Some(Entry { content_type, body }) = entry {
        request = request.header(CONTENT_TYPE, content_type).body(body);
    }
    request.send().await.map_err(|error| {
        if error.is_connect() {
            return ClientError::NoDaemon { at: at.clone(), reason: causes(error) };
        }
        incomplete(at, path, error)
    })
}

async fn read(at: &Address, path: &str, response: Response) -> Result<Vec<u8>, ClientError> {
    let status = response.status();
    let body = response.bytes().await.map_err(|error| incomplete(at, path, error))?.to_vec();
    if status.is_success() {
        return Ok(body);
    }
    let status = status.as_u16();
    Err(match explanation(&body) {
        Some((message, about)) => ClientError::Refused { at: at.clone(), status, message, about },
        None => ClientError::Foreign { at: at.clone(), path: path.to_owned(), status },
    })
}

fn incomplete(at: &Address, path: &str, error: reqwest::Error) -> ClientError {
    ClientError::Incomplete { at: at.clone(), path: path.to_owned(), reason: causes(error) }
}

/// Where something that listens at `listen` is reached from this machine.
pub fn reachable(listen: SocketAddr) -> SocketAddr {
    let ip = match listen.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => IpAddr::V4(Ipv4Addr::LOCALHOST),
        IpAddr::V6(ip) if ip.is_unspecified() => IpAddr::V6(Ipv6Addr::LOCALHOST),
        ip => ip,
    };
    SocketAddr::new(ip, listen.port())
}

/// The daemon's own words for an error, with the advice for whoever sits at the command line, and what it is about.
fn explanation(body: &[u8]) -> Option<(String, Option<Trouble>)> {
    let Problem { detail, advice, command, problems, more, .. } = serde_json::from_slice(body).ok()?;
    let advice = command.or(advice).map(|advice| format!("; {advice}")).unwrap_or_default();
    let problems: String = problems.iter().map(|problem| format!("\n  - {problem}")).collect();
    Some((format!("{detail}{advice}{problems}"), more.as_deref().and_then(Trouble::named)))
}

/// An error with its causes: reqwest's own text says only that a request failed.
fn causes(error: reqwest::Error) -> String {
    format!("{:#}", anyhow::Error::new(error.without_url()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn everywhere_is_asked_on_loopback() {
        let asked = |listen: &str| reachable(listen.parse().unwrap()).to_string();
        assert_eq!(asked("0.0.0.0:8437"), "127.0.0.1:8437");
        assert_eq!(asked("[::]:8437"), "[::1]:8437");
        assert_eq!(asked("10.0.0.7:80"), "10.0.0.7:80");
    }

    #[test]
    fn a_daemon_is_asked_below_the_path_that_it_has() {
        let asked = |text: &str| Address::Url(parse_url(text).unwrap()).url("/api/v1/position");
        assert_eq!(asked("http://127.0.0.1:8437"), "http://127.0.0.1:8437/api/v1/position");
        assert_eq!(asked("https://ops.example.com/glidepath/"), "https://ops.example.com/glidepath/api/v1/position");
        for wrong in
            ["", "127.0.0.1:8437", "ftp://a/", "https://u:p@a/", "https://u@a/", "https://a/?x=1", "https://a/#x"]
        {
            assert!(parse_url(wrong).is_err(), "{wrong}");
        }
        let near = |text: &str| Address::Url(parse_url(text).unwrap()).is_near();
        assert!(near("http://localhost:1/") && near("http://[::1]:1/") && near("http://127.0.0.1/"));
        assert!(!near("https://glidepath.example.com/"));
    }

    #[test]
    fn a_command_is_told_its_own_remedy_and_never_the_address_of_the_api() {
        let problem = |command: Option<&str>| {
            let (status, detail) = (404, "no version \"9\" is filed");
            let advice = "/api/v1/projections lists them";
            serde_json::json!({ "type": "about:blank", "title": "Not Found", "status": status, "detail": detail,
                "advice": advice, "command": command })
            .to_string()
        };
        let said = |command| explanation(problem(command).as_bytes()).unwrap().0;
        let remedy = "`glidepath projection list` shows those that are";
        assert_eq!(said(Some(remedy)), format!("no version \"9\" is filed; {remedy}"));
        assert_eq!(said(None), "no version \"9\" is filed; /api/v1/projections lists them", "an older daemon's words");
        assert_eq!(explanation(b"<html>a proxy</html>"), None);
    }

    #[test]
    fn a_name_stays_within_its_place_in_an_address() {
        assert_eq!(below("/send", "ops"), "/send/ops");
        assert_eq!(below("/send", "a/b?c#d e%2F"), "/send/a%2Fb%3Fc%23d%20e%252F");
        assert_eq!(with_query("/test", &[]), "/test");
        assert_eq!(with_query("/test", &[("channel", "a&b=c d".to_owned())]), "/test?channel=a%26b%3Dc+d");
    }
}
