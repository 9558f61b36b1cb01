//! The real program on a store of two years, spoken to over plain HTTP.

use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// Longer than any start should take.
const PATIENCE: Duration = Duration::from_secs(30);
const BETWEEN_TRIES: Duration = Duration::from_millis(1);

/// A running `glidepath serve`, killed when dropped.
pub struct Daemon {
    process: Child,
    address: SocketAddr,
}

/// Writes a config for the store `file` in `folder` and gives its path and the address that it names.
pub fn config(folder: &Path, file: &str) -> (PathBuf, SocketAddr) {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let address = listener.local_addr().expect("its number");
    let path = folder.join("glidepath.toml");
    let text = format!("[store]\npath = \"{file}\"\n[http]\nlisten = \"{address}\"\n");
    std::fs::write(&path, text).expect("the folder can be written");
    (path, address)
}

impl Daemon {
    /// Starts it and waits until `/readyz` says that it is ready.
    pub fn start((config, address): &(PathBuf, SocketAddr)) -> Daemon {
        let process = Command::new(env!("CARGO_BIN_EXE_glidepath"))
            .args(["serve", "--config"])
            .arg(config)
            // The data is fresh, so AWS is not asked; if it were, nobody would answer.
            .envs([("AWS_ENDPOINT_URL", "http://127.0.0.1:9"), ("AWS_EC2_METADATA_DISABLED", "true")])
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("the program starts");
        let daemon = Daemon { process, address: *address };
        let started = Instant::now();
        while daemon.get("/readyz").is_none_or(|(status, _)| status != 200) {
            assert!(started.elapsed() < PATIENCE, "it did not become ready");
            std::thread::sleep(BETWEEN_TRIES);
        }
        daemon
    }

    /// Status and length of the answer; `None` if there is none.
    pub fn get(&self, path: &str) -> Option<(u16, usize)> {
        let mut stream = TcpStream::connect(self.address).ok()?;
        let request = format!("GET {path} HTTP/1.1\r\nHost: {}\r\nConnection: close\r\n\r\n", self.address);
        stream.write_all(request.as_bytes()).ok()?;
        let mut answer = String::new();
        stream.read_to_string(&mut answer).ok()?;
        Some((answer.get(9..12)?.parse().ok()?, answer.len()))
    }

    /// Its process id.
    pub fn id(&self) -> u32 {
        self.process.id()
    }
}

impl Drop for Daemon {
    fn drop(&mut self) {
        self.process.kill().expect("it runs");
        self.process.wait().expect("it ends");
    }
}
