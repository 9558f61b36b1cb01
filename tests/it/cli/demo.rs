//! The demo as a newcomer meets it: a page before its cycles are through.

use std::io::{BufRead as _, BufReader};
use std::net::SocketAddr;
use std::process::{Child, Command, Stdio};

use glidepath::http::client;
use serde_json::Value;

/// Ends the demo with the test.
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[tokio::test]
async fn its_page_is_there_with_the_first_cycle_and_fills_with_each() {
    let folder = tempfile::tempdir().unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_glidepath-under-test"));
    command.args(["demo", "--listen", "127.0.0.1:0", "--keep"]).arg(folder.path());
    let mut demo = Running(command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap());
    let mut said = BufReader::new(demo.0.stdout.take().unwrap()).lines().map(Result::unwrap);
    let mut line_with =
        |words: &str| said.find(|line| line.contains(words)).unwrap_or_else(|| panic!("{words} is never said"));
    let announced = line_with("The page is at http://");
    let address: SocketAddr = announced.split("http://").nth(1).unwrap().split('/').next().unwrap().parse().unwrap();
    let text = async |path: &str| {
        String::from_utf8(client::ask(&client::Address::Listen(address), None, path).await.unwrap()).unwrap()
    };
    let as_of = async || serde_json::from_str::<Value>(&text("/api/v1/position").await).unwrap()["as_of"].clone();
    line_with("First cycle, at 2026-10-06");
    let page = text("/").await;
    assert!(page.contains("id=\"credits\"") && page.contains("id=\"bill\""), "{page}");
    assert_ne!(as_of().await, "2026-11-20T06:00:00Z", "all cycles ran before a page could be seen");
    line_with("46 daily cycles up to 2026-11-20");
    assert_eq!(as_of().await, "2026-11-20T06:00:00Z");
    // A link as the startup would send it, to every record that was filed, good for this run alone.
    let announced = line_with("What a partner sees: http://");
    let (_, link) = announced.split_once(&format!("http://{address}")).unwrap();
    let seen = text(link).await;
    assert!(link.starts_with("/shared/") && seen.contains("Skip to the reports"), "{seen}");
    assert!(seen.contains("?kind=poc&#38;format=pdf") && seen.contains("name=\"day\""), "{seen}");
    let pack = text(&format!("{link}?kind=funding-pack&format=md")).await;
    assert!(pack.contains("Commentary of Fernhill Cloud Partners"), "{pack}");
}
