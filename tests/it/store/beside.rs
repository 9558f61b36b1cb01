//! What goes on beside a writer: reads that see one moment, and notes on who read what.

use std::collections::BTreeSet;

use duckdb::Connection;
use glidepath::domain::wording::test_letter;
use glidepath::store::{AuditEntry, Enclosed, NoticeKind, Store, StoreError};

use super::at;

fn entry(who: &str) -> AuditEntry {
    AuditEntry {
        at: at("2026-03-20"),
        who: who.to_owned(),
        action: "read".to_owned(),
        path: "/".to_owned(),
        status: 200,
    }
}

#[tokio::test]
async fn who_reads_waits_for_no_writer_and_sees_one_moment() {
    let store = Store::in_memory().unwrap();
    let balance = "INSERT INTO recorded_balances VALUES ('2026-03-20', '1', 1, '2026-03-20')";
    let counted = |connection: &Connection| -> Result<i64, StoreError> {
        Ok(connection.query_row("SELECT count(*) FROM recorded_balances", [], |row| row.get(0))?)
    };
    let (begun, has_begun) = tokio::sync::oneshot::channel();
    let (go_on, may_go_on) = std::sync::mpsc::channel();
    let writer = store.clone();
    let writing = tokio::spawn(async move {
        writer
            .call(move |connection| {
                let transaction = connection.transaction()?;
                transaction.execute(balance, [])?;
                begun.send(()).unwrap();
                may_go_on.recv().unwrap();
                Ok(transaction.commit()?)
            })
            .await
    });
    has_begun.await.unwrap();
    assert_eq!(store.read(counted).await.unwrap(), 0, "the writer is in the middle of it");
    store.audit(entry("partner")).await.unwrap();
    assert_eq!(store.audited(None, 9).await.unwrap().len(), 1, "and who read is noted all the same");
    let writes = store.writes();

    let both = store.read(move |connection| {
        let first = counted(connection)?;
        go_on.send(()).unwrap();
        Ok((first, tokio::runtime::Handle::current().block_on(writing).unwrap().is_ok(), counted(connection)?))
    });
    assert_eq!(both.await.unwrap(), (0, true, 0), "what is committed meanwhile is of another moment");
    assert_eq!(store.writes(), writes + 1, "a write that has ended is counted");
    assert_eq!(store.read(counted).await.unwrap(), 1);

    let refused = store.read(move |connection| Ok(connection.execute(balance, [])?)).await.unwrap_err().to_string();
    assert!(refused.contains("read-only") || refused.contains("READ ONLY"), "{refused}");
    assert_eq!(store.read(counted).await.unwrap(), 1, "the connection is fit for the next");
}

/// Both number their rows from the newest one.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn reports_that_leave_and_readers_who_come_are_noted_side_by_side() {
    const EACH: usize = 60;
    let store = Store::in_memory().unwrap();
    let mut noted = tokio::task::JoinSet::new();
    for number in 0..EACH {
        let (reading, sending) = (store.clone(), store.clone());
        noted.spawn(async move { reading.audit(entry("partner")).await.map(|_| ()) });
        noted.spawn(async move {
            let mut letter = test_letter("ops", at("2026-03-20"), None);
            letter.event_id = number.to_string();
            let enclosed = Enclosed { audit: vec![entry("schedule")], ..Enclosed::default() };
            sending.add_notice(NoticeKind::Report, letter, at("2026-03-20"), Vec::new(), enclosed).await.map(|_| ())
        });
    }
    for outcome in noted.join_all().await {
        outcome.unwrap();
    }
    let rows = store.audited(None, 1_000).await.unwrap();
    let numbers: BTreeSet<i64> = rows.iter().map(|row| row.number).collect();
    assert_eq!((rows.len(), numbers.len()), (2 * EACH, 2 * EACH));
}
