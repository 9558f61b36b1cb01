//! The real program on a store of two years, spoken to over plain HTTP.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

/// A running `glidepath serve`, killed when dropped.
pub struct Daemon {
    process: Child,
    address: SocketAddr,
    /// What is shown with each request.
    pub token: Option<&'static str>,
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
    /// Starts it and asks `/readyz`, which must say that it is ready, once it serves.
    pub fn start((config, address): &(PathBuf, SocketAddr)) -> Daemon {
        let mut process = Command::new(env!("CARGO_BIN_EXE_glidepath"))
            .args(["serve", "--config"])
            .arg(config)
            // The data is fresh, so AWS is not asked; if it were, nobody would answer.
            .envs([("AWS_ENDPOINT_URL", "http://127.0.0.1:9"), ("AWS_EC2_METADATA_DISABLED", "true")])
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .expect("the program starts");
        let log = BufReader::new(process.stderr.take().expect("its log is piped"));
        let daemon = Daemon { process, address: *address, token: None };
        let mut log = log.lines();
        assert!(log.any(|line| line.is_ok_and(|line| line.contains("serving"))), "it ended before it served");
        // Nobody reads on, so the pipe must not fill up.
        std::thread::spawn(move || log.for_each(drop));
        assert_eq!(daemon.get("/readyz").map(|(status, _)| status), Some(200));
        daemon
    }

    /// Status and length of the answer; `None` if there is none.
    pub fn get(&self, path: &str) -> Option<(u16, usize)> {
        self.ask("GET", path)
    }

    /// The same for an order.
    pub fn post(&self, path: &str) -> Option<(u16, usize)> {
        self.ask("POST", path)
    }

    fn ask(&self, method: &str, path: &str) -> Option<(u16, usize)> {
        let mut stream = TcpStream::connect(self.address).ok()?;
        let shown = self.token.map(|token| format!("Authorization: Bearer {token}\r\n")).unwrap_or_default();
        let request = format!(
            "{method} {path} HTTP/1.1\r\nHost: {}\r\n{shown}Content-Length: 0\r\nConnection: close\r\n\r\n",
            self.address
        );
        stream.write_all(request.as_bytes()).ok()?;
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).ok()?;
        let status = std::str::from_utf8(answer.get(9..12)?).ok()?;
        Some((status.parse().ok()?, answer.len()))
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
