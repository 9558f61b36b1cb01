//! A running daemon whose machine's clock is set back by hours and ahead by weeks; `libfaketime` sets it for that process alone.

use std::fs;
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use chrono::{Days, Utc};
use glidepath::demo::{FakeAccount, FakeAws, FakeCredit};
use reqwest::StatusCode;
use serde_json::Value;
use tempfile::TempDir;

use crate::cli::{Daemon, config, glidepath};
use crate::cycle::hook::{Hook, Manner};
use crate::support::port;

/// Where Debian puts it, unless it is named.
fn library() -> String {
    std::env::var("GLIDEPATH_FAKETIME")
        .unwrap_or_else(|_| "/usr/lib/x86_64-linux-gnu/faketime/libfaketime.so.1".to_owned())
}

/// `glidepath` whose clock differs from the machine's by what the file `clock` says, which is read anew each time.
fn under_clock(folder: &Path, endpoint: &str) -> Command {
    let mut command = glidepath(folder, Some(endpoint));
    command.env("LD_PRELOAD", library()).env("FAKETIME_TIMESTAMP_FILE", folder.join("clock"));
    command.envs([("FAKETIME_NO_CACHE", "1"), ("FAKETIME_DONT_FAKE_MONOTONIC", "1")]);
    command
}

/// A credit of 700 dollars that 60 days of ten dollars have almost used: there is something to tell.
fn account() -> FakeAccount {
    let today = Utc::now().date_naive();
    let day = |ago: u64| (today - Days::new(ago)).to_string();
    let credit = FakeCredit::new("4711", "700", &day(60), &(today + Days::new(300)).to_string(), &["Amazon Bedrock"]);
    (0..60).fold(FakeAccount::new("123456789012").credit(credit), |account, ago| {
        account.usage(&day(ago), "Amazon Bedrock", "USE1-Tokens", "Units", "10", "10")
    })
}

/// Looks every half second until `is_so`, for so many seconds at most.
async fn until(what: &str, seconds: u64, mut is_so: impl AsyncFnMut() -> bool) {
    let (began, mut looks) = (Instant::now(), tokio::time::interval(Duration::from_millis(500)));
    while !is_so().await {
        assert!(began.elapsed() < Duration::from_secs(seconds), "{what}: not within {seconds} s");
        looks.tick().await;
    }
    println!("{what}: after {} s", began.elapsed().as_secs());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs libfaketime, and waits for minutes of a daemon; .ci/faults runs it"]
async fn a_daemon_outlives_a_clock_that_is_set_back_and_ahead() {
    assert!(Path::new(&library()).exists(), "{} is not there: install Debian's libfaketime", library());
    let fake = FakeAws::start(account(), Utc::now()).await.unwrap();
    let (folder, hook, port) = (TempDir::new().unwrap(), Hook::start().await, port::reserved());
    fs::write(folder.path().join("url"), format!("http://127.0.0.1:{}/hook", hook.port)).unwrap();
    fs::write(folder.path().join("key"), "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw").unwrap();
    let channel =
        "[[channel]]\nname = \"hook\"\ntype = \"webhook\"\nurl = { file = \"url\" }\nsecret = { file = \"key\" }\n";
    config(&folder, &format!("[http]\nlisten = \"127.0.0.1:{port}\"\n{channel}"));
    let set = |offset: &str| fs::write(folder.path().join("clock"), offset).unwrap();
    let client = reqwest::Client::new();
    let at = |path: &str| format!("http://127.0.0.1:{port}{path}");
    let ready = async || {
        let answer = client.get(at("/readyz")).send().await.ok()?;
        let status = answer.status();
        Some((status, answer.json::<Value>().await.ok()?))
    };

    // The first messages fail, and wait for their next try when the clock is set back.
    set("+0");
    hook.take(Manner::Status(500), 1_000);
    let daemon = Daemon::of(under_clock(folder.path(), &fake.endpoint()));
    until("something fails to be told", 60, async || !hook.posts().is_empty()).await;
    until("it is ready", 60, async || ready().await.is_some_and(|(status, _)| status == StatusCode::OK)).await;
    set("-2h");
    hook.take(Manner::Well, 0);
    // The step is noticed within a minute; a message that failed is tried again within minutes.
    until("two hours back, it is told", 400, async || !hook.posts().is_empty()).await;
    until("and it is ready", 1, async || ready().await.is_some_and(|(status, _)| status == StatusCode::OK)).await;

    // What is planned far ahead by this clock costs nothing and ends nothing.
    set("+40d");
    let paid = || fake.requests().iter().filter(|request| request.paid).count();
    let asked = paid();
    let refused = client.post(at("/api/v1/cycle")).send().await.unwrap();
    assert!(!refused.status().is_success(), "a cycle 40 days ahead of AWS is refused");
    let (status, said) = ready().await.unwrap();
    assert!(status == StatusCode::SERVICE_UNAVAILABLE && said["reason"] == "cycle_failed", "{said}");
    assert_eq!(paid(), asked, "nothing was paid");
    set("+0");
    let done = client.post(at("/api/v1/cycle")).send().await.unwrap();
    assert!(done.status().is_success(), "{}", done.text().await.unwrap());
    until("it is ready again", 1, async || ready().await.is_some_and(|(status, _)| status == StatusCode::OK)).await;
    assert_eq!(daemon.terminate(), Some(0));
}
