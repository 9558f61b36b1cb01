//! The address that a daemon serves at. Where it cannot be had, the error says who has it or what to write instead.

use std::io::{Error, ErrorKind};
use std::net::SocketAddr;

use anyhow::Result;
use tokio::net::TcpListener;

use crate::domain::wording::trouble::Trouble;

/// Listens at `address`; `key` is where it comes from, such as `[http] listen`.
///
/// # Errors
/// If the system refuses, with what to do.
pub async fn listen(address: SocketAddr, key: &str) -> Result<TcpListener> {
    TcpListener::bind(address).await.map_err(|error| {
        Trouble::PortNotFree.said(format!("listening on {address}: {}", explained(address, key, &error))).into()
    })
}

fn explained(address: SocketAddr, key: &str, error: &Error) -> String {
    let port = address.port();
    match error.kind() {
        ErrorKind::AddrInUse => format!(
            "another program has the port, maybe another glidepath: stop it (`ss -ltnp 'sport = :{port}'` names it), or write another \
             port in {key}"
        ),
        ErrorKind::PermissionDenied => format!(
            "the user who runs this may not listen on port {port}: write one from 1024 up in {key}, and put a proxy in front for others"
        ),
        ErrorKind::AddrNotAvailable => {
            format!("this machine has no address {}: write one of its own, or 0.0.0.0 for all, in {key}", address.ip())
        }
        _ => format!("{error}; correct {key}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn what_is_in_the_way_of_listening_is_told_with_what_to_write() {
        let holder = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let taken = holder.local_addr().unwrap();
        let said = listen(taken, "[http] listen").await.unwrap_err().to_string();
        assert!(said.starts_with(&format!("listening on {taken}: another program has the port")), "{said}");
        assert!(said.ends_with("write another port in [http] listen"), "{said}");
        drop(holder);
        // Of a net that is kept for documents.
        let said = listen("192.0.2.1:8437".parse().unwrap(), "--listen").await.unwrap_err().to_string();
        assert!(said.contains("this machine has no address 192.0.2.1: write one of its own"), "{said}");
        let refused = explained("127.0.0.1:80".parse().unwrap(), "--listen", &ErrorKind::PermissionDenied.into());
        assert!(refused.contains("may not listen on port 80: write one from 1024 up in --listen"), "{refused}");
    }
}
