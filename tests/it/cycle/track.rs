//! Outlooks that cycles stored, judged by the cycles after them.

use glidepath::domain::outlook::track_record::Place;
use glidepath::domain::values::period::plus_days;

use super::support::*;

/// Bedrock and EC2 cost the same every day, so every outlook held. Cycles on two days of March, one of them repeated on
/// the same day, and one in April.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_stored_is_judged_a_month_later() {
    let world = World::new(small_account()).await;
    for day in ["2026-03-20", "2026-03-21"] {
        world.cycle(day).await;
        assert!(world.position().await.track_record.horizons.is_empty(), "nothing is a month old");
    }
    world.fake.set_now(at("2026-03-21T12:00:00Z"));
    world.engine.cycle(at("2026-03-21T12:00:00Z")).await.unwrap().unwrap();
    world.cycle("2026-04-21").await;
    let view = world.view().await;
    let [over_30] = view.position.track_record.horizons.as_slice() else { panic!("30 days and no more have passed") };
    let through = view.position.data_through.unwrap();
    assert_eq!((over_30.days, over_30.made_at), (30, at("2026-03-21T12:00:00Z")));
    assert_eq!((over_30.outlooks, over_30.held), (2, 2), "one a day");
    assert_eq!(plus_days(over_30.data_through, 30) <= through, plus_days(over_30.data_through, 32) > through);
    let check = over_30.spend.unwrap();
    assert_eq!(check.actual, times(BEDROCK_A_DAY, 30) + times(EC2_A_DAY, 30));
    assert_eq!(check.place, Place::Inside);
    assert!(check.p10 < check.p50 && check.p50 < check.p90);
    // The kept view, the one put together anew, and the one before the first outlook was old enough.
    let anew = "DELETE FROM views";
    assert_eq!(world.engine.store().call_blocking(move |connection| Ok(connection.execute(anew, [])?)).unwrap(), 1);
    assert_eq!(world.view().await, view);
    let before = world.engine.view(Some(morning("2026-03-22"))).await.unwrap().unwrap();
    assert!(before.position.track_record.horizons.is_empty());
}

/// What outlooks said is kept beside them since they became too long to be read for that. The start that puts it there can be
/// cut short.
#[tokio::test]
async fn what_an_older_version_kept_nothing_of_is_put_beside_its_outlooks_at_the_next_start() {
    let world = World::new(small_account()).await;
    for day in ["2026-03-20", "2026-03-21", "2026-04-21"] {
        world.cycle(day).await;
    }
    let before = world.view().await;
    assert!(!before.position.track_record.horizons.is_empty());
    let folder = tempfile::TempDir::new().unwrap();
    for (number, lost) in
        ["DELETE FROM said", "DELETE FROM said WHERE run_id = (SELECT max(run_id) FROM said)"].into_iter().enumerate()
    {
        let alter = move |connection: &mut duckdb::Connection| Ok(connection.execute_batch(lost)?);
        world.engine.store().call(alter).await.unwrap();
        let copy = folder.path().join(format!("{number}.duckdb"));
        world.engine.store().backup(&copy).await.unwrap();
        let again = engine(&world.fake, glidepath::store::Store::open(&copy).unwrap(), config());
        let forget = |connection: &mut duckdb::Connection| Ok(connection.execute("DELETE FROM views", [])?);
        again.store().call(forget).await.unwrap();
        let view = again.view(None).await.unwrap().unwrap();
        assert_eq!(view.position.track_record, before.position.track_record, "{lost}");
    }
}
