//! A store that an earlier version filled with numbers that nobody can read opens, says so, and heals.

use glidepath::cycle::{ReplayOrder, View};
use glidepath::domain::alert::{Action, OpenAlert};
use glidepath::domain::outlook::track_record::TrackRecord;
use glidepath::store::alerts;

use super::support::*;
use crate::support::plain::unpack_outlooks;

const OLD: &str = "2026-03-05";
const NEWEST: &str = "2026-04-20";

async fn alter(world: &World, sql: &'static str) -> usize {
    world.engine.store().call(move |connection| Ok(connection.execute(sql, [])?)).await.unwrap()
}

/// Amounts as one lump a month made them: written, and beyond what is read.
async fn brick(world: &World) {
    let unpack = |connection: &mut duckdb::Connection| {
        unpack_outlooks(connection);
        Ok(())
    };
    world.engine.store().call(unpack).await.unwrap();
    let sums = r#"UPDATE cycles SET outlook =
        regexp_replace(outlook, '("cumulative":\[\{"day":"[^"]*","p10":)("[^"]*"|null)', '\1"61000000000000"')"#;
    assert_eq!(alter(world, sums).await, 2);
    // The version that wrote them kept nothing beside them; what it is replaced with says that they do not read.
    assert_eq!(alter(world, "UPDATE said SET said = NULL").await, 2);
    alter(world, "DELETE FROM views").await;
}

/// What is open on the day after the first cycle.
async fn open(world: &World) -> Vec<OpenAlert> {
    let open = |connection: &duckdb::Connection| Ok(alerts::open_alerts(connection, morning("2026-03-21"))?);
    world.engine.store().read(open).await.unwrap()
}

fn without_remarks(view: View) -> View {
    let mut view = comparable(&view);
    view.position.data_quality.unreadable.clear();
    view.position.track_record = TrackRecord::default();
    view
}

#[tokio::test]
async fn an_outlook_that_cannot_be_read_is_said_and_made_anew() {
    let world = World::new(small_account()).await;
    world.cycle(OLD).await;
    world.cycle(NEWEST).await;
    let before = world.view().await;
    assert_eq!(before.position.track_record.horizons.len(), 1);
    assert!(before.position.data_quality.unreadable.is_empty());
    brick(&world).await;

    let view = world.view().await;
    assert_eq!(
        view.position.data_quality.unreadable,
        [
            "The outlook stored on 20 April 2026 cannot be read. What is shown was computed again from the stored facts.",
            "The outlook stored on 5 March 2026 cannot be read; the track record leaves it out.",
        ]
    );
    assert!(view.position.track_record.horizons.is_empty());
    assert_eq!(without_remarks(view.clone()), without_remarks(before), "the same facts give the same outlook");
    assert_eq!(world.view().await, view, "and it is kept, so that it is computed once");
    let kept = world
        .engine
        .store()
        .read(|connection| Ok(connection.query_row("SELECT count(*) FROM views", [], |row| row.get::<_, i64>(0))?));
    assert_eq!(kept.await.unwrap(), 1);

    // Nothing else minds.
    assert!(world.engine.view(Some(morning(OLD))).await.unwrap().is_some());
    world.engine.alerts(morning(NEWEST)).await.unwrap();
    world.engine.levers().await.unwrap();
    let order = ReplayOrder { from: day(OLD), to: day(NEWEST), rules: None };
    assert_eq!(world.engine.replay(order).await.unwrap().looks, 2);
    world.cycle("2026-04-21").await;
    let healed = world.position().await;
    assert_eq!(healed.data_quality.unreadable.len(), 1, "{:?}", healed.data_quality.unreadable);
    assert!(healed.data_quality.unreadable[0].starts_with("The outlook stored on 5 March 2026"));
    assert!(healed.uncovered.p50.is_some());
}

#[tokio::test]
async fn findings_and_messages_that_cannot_be_read_cost_no_more_than_themselves() {
    let small = glidepath::demo::FakeCredit::new(CREDIT, "2400", "2026-02-01", "2027-02-01", &[BEDROCK]);
    let telling = "[store]\npath = \"unused.duckdb\"\n[[channel]]\nname = \"log\"\ntype = \"log\"\n";
    let world = World::with(spend("2026-02-20", "2026-04-30").credit(small), config_of(telling)).await;
    world.cycle("2026-03-20").await;
    let before = open(&world).await;
    assert!(before.iter().any(|alert| alert.key == "exhaustion:total"));
    let findings = world.position().await.findings.len();
    assert_eq!(
        alter(&world, "UPDATE cycles SET findings = replace(findings, '\"exhaustion\"', '\"of_the_future\"')").await,
        1
    );
    alter(&world, "UPDATE alert_events SET payload = '{}'").await;
    alter(&world, "DELETE FROM views").await;

    let position = world.position().await;
    assert!(position.findings.len() < findings);
    assert!(position.data_quality.unreadable[0].contains("of the findings stored on 20 March 2026 cannot be read"));
    let after = open(&world).await;
    let told = |alerts: &[OpenAlert]| -> Vec<_> {
        alerts.iter().map(|alert| (alert.key.clone(), alert.severity, alert.since, alert.told)).collect()
    };
    assert_eq!(told(&after), told(&before), "what is open is known from the other columns");
    let events = world.engine.store().read(|connection| Ok(alerts::events(connection, None, 100)?)).await.unwrap();
    assert!(events.iter().all(|event| event.decision == Action::Fire && event.summary.contains("cannot be read")));
    let report = world.cycle("2026-03-21").await;
    assert_eq!(report.messages, 0, "nothing is told again");
}

#[tokio::test]
async fn sums_that_no_bill_has_are_refused_and_not_stored() {
    let days = days("2026-03-01", "2026-03-19");
    let account = days.fold(glidepath::demo::FakeAccount::new(ACCOUNT), |account, day| {
        account.usage(&day.to_string(), EC2, "BoxUsage:m7g.xlarge", "Hrs", "24", "999999999")
    });
    let world = World::new(account).await;
    let report = world.cycle("2026-03-20").await;
    let (problem, _) = report.costs.problem().expect("nineteen billion dollars are no bill");
    assert!(problem.contains("come to $10,000,000,000.00 or more"), "{problem}");
    assert!(world.facts("2026-03-20").await.charges.is_empty());
    assert_eq!(keys(&world.position().await.findings)[0], "ingest_refused:costs");
}
