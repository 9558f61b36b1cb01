//! A receiver of signed webhooks down to the wire, so that it can be slow, and cut a connection after accepting.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use chrono::TimeDelta;
use glidepath::config::Config;
use glidepath::domain::values::secret::Secret;
use glidepath::notify::Channel;
use serde_json::Value;
use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::{TcpListener, TcpStream};

use super::support::*;

/// How a receiver takes its first messages; the ones after them it takes well.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Manner {
    /// 200.
    Well,
    /// This status.
    Status(u16),
    /// 200, long after it has read the message.
    Slowly,
    /// It reads the message and hangs up.
    Cutting,
}

/// What came with one message.
#[derive(Debug, Clone)]
pub struct Post {
    /// The `webhook-id`; empty where the channel sends none.
    pub id: String,
    pub body: Value,
}

pub struct Hook {
    pub port: u16,
    state: Arc<Mutex<State>>,
}

struct State {
    manner: Manner,
    /// Messages that are still taken in this manner.
    left: usize,
    posts: Vec<Post>,
}

impl Hook {
    pub async fn start() -> Hook {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let state = Arc::new(Mutex::new(State { manner: Manner::Well, left: 0, posts: Vec::new() }));
        let shared = state.clone();
        tokio::spawn(async move {
            while let Ok((socket, _)) = listener.accept().await {
                tokio::spawn(serve(socket, shared.clone()));
            }
        });
        Hook { port, state }
    }

    /// Takes the next `count` messages in this manner.
    pub fn take(&self, manner: Manner, count: usize) {
        let mut state = self.state.lock().unwrap();
        (state.manner, state.left) = (manner, count);
    }

    /// What came since the last look.
    pub fn posts(&self) -> Vec<Post> {
        std::mem::take(&mut self.state.lock().unwrap().posts)
    }

    pub fn webhook(&self) -> Channel {
        let url = Secret::new(format!("http://127.0.0.1:{}/hook", self.port));
        Channel::Webhook { url, secret: Secret::new("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw") }
    }

    pub fn alertmanager(&self) -> Channel {
        Channel::Alertmanager { url: format!("http://127.0.0.1:{}", self.port), login: None, lasts: TimeDelta::days(3) }
    }
}

/// The usual config with these channels.
pub fn telling<const N: usize>(channels: [(&str, Channel); N]) -> Config {
    let channels: BTreeMap<_, _> = channels.into_iter().map(|(name, channel)| (name.to_owned(), channel)).collect();
    Config { channels, ..config() }
}

async fn serve(socket: TcpStream, state: Arc<Mutex<State>>) -> Option<()> {
    let mut stream = BufReader::new(socket);
    loop {
        let post = read(&mut stream).await?;
        let manner = {
            let mut state = state.lock().unwrap();
            state.posts.push(post);
            let manner = if state.left > 0 { state.manner } else { Manner::Well };
            state.left = state.left.saturating_sub(1);
            manner
        };
        let status = match manner {
            Manner::Well => 200,
            Manner::Status(status) => status,
            Manner::Slowly => {
                for _ in 0..500 {
                    tokio::task::yield_now().await;
                }
                200
            }
            Manner::Cutting => return None,
        };
        let answer = format!("HTTP/1.1 {status} as told\r\ncontent-length: 0\r\n\r\n");
        stream.write_all(answer.as_bytes()).await.ok()?;
    }
}

async fn read(stream: &mut BufReader<TcpStream>) -> Option<Post> {
    let (mut id, mut length) = (String::new(), 0);
    loop {
        let mut line = String::new();
        if stream.read_line(&mut line).await.ok()? == 0 {
            return None;
        }
        let Some((name, value)) = line.trim_end().split_once(": ") else {
            if line.trim_end().is_empty() {
                break;
            }
            continue;
        };
        match name.to_ascii_lowercase().as_str() {
            "webhook-id" => id = value.to_owned(),
            "content-length" => length = value.parse().unwrap(),
            _ => {}
        }
    }
    let mut body = vec![0; length];
    stream.read_exact(&mut body).await.ok()?;
    Some(Post { id, body: serde_json::from_slice(&body).unwrap() })
}
