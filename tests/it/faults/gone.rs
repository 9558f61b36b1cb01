//! A store that is gone between two cycles: what comes of it as a user sees it.

use std::fs;

use glidepath::demo::FakeAws;
use serde_json::Value;

use super::writes::{FIRST, Place, SECOND, told};
use crate::cli::{account, text};
use crate::cycle::hook::Hook;

const LATER: &str = "2026-03-21T09:15:00Z";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn it_comes_back_from_a_backup_with_the_same_figures_and_messages_and_a_list() {
    let (fake, hook) = (FakeAws::start(account(), FIRST.parse().unwrap()).await.unwrap(), Hook::start().await);
    let place = Place::new(&fake, &hook);
    let done = |args: &[&str]| {
        let output = place.run(args);
        assert!(output.status.success(), "{args:?}: {}", text(&output.stderr));
        text(&output.stdout)
    };
    done(&["cycle", "--as-of", FIRST]);
    done(&["backup"]);
    hook.posts();
    fake.set_now(SECOND.parse().unwrap());
    done(&["cycle", "--as-of", SECOND]);
    let (calm, before) = (told(&hook), place.picture().0);
    assert!(!calm.is_empty());
    done(&["credits", "record", "--pool", "4711", "--remaining", "812.50"]);

    fs::remove_file(place.store()).unwrap();
    fake.set_now(LATER.parse().unwrap());
    let shown = done(&["status"]);
    assert!(shown.contains("The store was damaged and was put together again"), "before any cycle: {shown}");
    done(&["cycle", "--as-of", LATER]);
    let again = told(&hook);
    for (message, ids) in &calm {
        assert_eq!(again.get(message), Some(ids), "{message:?} is told again under its id");
    }
    let healed: Vec<_> = again.keys().filter(|(key, _)| key.starts_with("store_healed:")).collect();
    assert_eq!(healed.len(), 1, "{again:?}");
    let after = place.picture().0;
    assert_eq!(after["spend"], before["spend"]);
    assert_eq!(after["exhaustion"]["p50"], before["exhaustion"]["p50"]);
    let findings = after["findings"].as_array().unwrap();
    let finding = findings.iter().find(|finding| finding["rule"] == "store_healed").unwrap();
    let reason = finding["reason"].as_str().unwrap();
    assert!(reason.contains("it was missing") && reason.contains("balances typed in, filings"), "{reason}");

    let report: Value = serde_json::from_str(&done(&["verify", "--json"])).unwrap();
    assert_eq!(report["sound"], Value::Bool(true), "{report}");
    assert_eq!(report["healings"][0]["source"], "backup", "{report}");
    assert!(done(&["verify"]).contains("The store is sound."));

    // And back to the same backup by hand, on what is there.
    let backups = place.store().with_file_name("backups");
    let backup = fs::read_dir(backups).unwrap().next().unwrap().unwrap().path();
    let said = done(&["restore", backup.to_str().unwrap()]);
    assert!(said.contains("is kept as ") && said.contains("What was entered after "), "{said}");
    let shown = done(&["status"]);
    assert!(shown.contains("The store was restored by hand"), "{shown}");
    let refused = place.run(&["restore", "glidepath.toml"]);
    assert_eq!(refused.status.code(), Some(1));
    assert!(text(&refused.stderr).contains("nothing was changed"), "{}", text(&refused.stderr));
}
