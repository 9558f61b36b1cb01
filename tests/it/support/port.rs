//! Ports of the loopback on which nobody listens.

use std::net::{TcpListener, TcpStream};

/// A port that the system gives to nobody else for a minute, since a connection to it was closed from its side; who asks for
/// it by its number still gets it.
pub fn reserved() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let client = TcpStream::connect(address).unwrap();
    let (accepted, _) = listener.accept().unwrap();
    drop(accepted);
    drop(client);
    address.port()
}
