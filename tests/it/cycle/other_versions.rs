//! What another version stored is read: with fields that it did not write yet, and with fields that nobody knows here.

use std::collections::BTreeSet;

use glidepath::cycle::View;
use glidepath::domain::outlook::track_record::TrackRecord;
use serde_json::{Value, json};

use super::support::*;
use crate::support::plain::unpack_outlooks;

const DAY: &str = "2026-04-20";

/// Where each field of `value` stands, as JSON pointers; of the elements of a list the first stands for all.
fn fields(value: &Value, at: &str, found: &mut BTreeSet<String>) {
    match value {
        Value::Object(object) => {
            for (name, inner) in object {
                let at = format!("{at}/{}", name.replace('~', "~0").replace('/', "~1"));
                fields(inner, &at, found);
                found.insert(at);
            }
        }
        Value::Array(list) => {
            if let Some(first) = list.first() {
                fields(first, &format!("{at}/*"), found);
            }
        }
        _ => {}
    }
}

/// Changes an object around one of its fields.
type Change<'c> = &'c dyn Fn(&mut serde_json::Map<String, Value>, &str);

/// Does `change` to every object that holds the field at `pointer`, given its name.
fn at_each(value: &mut Value, pointer: &str, change: Change<'_>) {
    let mut names = pointer.trim_start_matches('/').splitn(2, '/');
    let (name, rest) = (names.next().unwrap().replace("~1", "/").replace("~0", "~"), names.next());
    match (value, rest) {
        (Value::Array(list), Some(rest)) => list.iter_mut().for_each(|one| at_each(one, rest, change)),
        (Value::Object(object), None) => change(object, &name),
        (Value::Object(object), Some(rest)) => {
            if let Some(inner) = object.get_mut(&name) {
                at_each(inner, rest, change);
            }
        }
        _ => {}
    }
}

async fn stored(world: &World, table: &'static str, column: &'static str) -> String {
    let sql = format!("SELECT {column} FROM {table} ORDER BY rowid DESC LIMIT 1");
    let read = move |connection: &duckdb::Connection| Ok(connection.query_row(&sql, [], |row| row.get(0))?);
    world.engine.store().read(read).await.unwrap()
}

async fn store(world: &World, table: &'static str, column: &'static str, json: String) {
    let sql = format!("UPDATE {table} SET {column} = ? WHERE rowid = (SELECT max(rowid) FROM {table})");
    let write = move |connection: &mut duckdb::Connection| Ok(connection.execute(&sql, [json]).map(drop)?);
    world.engine.store().call(write).await.unwrap();
}

async fn forget_views(world: &World) {
    let forget = |connection: &mut duckdb::Connection| Ok(connection.execute("DELETE FROM views", []).map(drop)?);
    world.engine.store().call(forget).await.unwrap();
}

fn figures(view: View) -> View {
    let mut view = comparable(&view);
    view.position.data_quality.unreadable.clear();
    view.position.findings.clear();
    view.position.track_record = TrackRecord::default();
    view
}

async fn world() -> World {
    let small = glidepath::demo::FakeCredit::new(CREDIT, "2400", "2026-02-01", "2027-02-01", &[BEDROCK]);
    let telling = "[store]\npath = \"unused.duckdb\"\n[[channel]]\nname = \"log\"\ntype = \"log\"\n";
    let world = World::with(spend("2026-02-20", "2026-04-30").credit(small), config_of(telling)).await;
    world.cycle("2026-03-05").await;
    world.cycle(DAY).await;
    let unpack = |connection: &mut duckdb::Connection| {
        unpack_outlooks(connection);
        Ok(())
    };
    world.engine.store().call(unpack).await.unwrap();
    world
}

/// Maps of the stored outlook: what stands in them is named by the data and is no field.
const MAPS: [&str; 2] = ["/exhaustion_by_workload/", "/unused/"];

/// Every column of JSON, and whether its kept view is left in place.
const COLUMNS: [(&str, &str, bool); 6] = [
    // First, since only a cycle keeps a view of which all can be read.
    ("views", "body", true),
    ("cycles", "outlook", false),
    ("cycles", "findings", false),
    ("cycles", "entered", false),
    ("alert_events", "payload", false),
    ("said", "said", false),
];

#[tokio::test]
async fn a_field_that_is_missing_or_unknown_stops_nobody() {
    let world = world().await;
    let before = figures(world.view().await);
    for (table, column, in_view) in COLUMNS {
        let whole = stored(&world, table, column).await;
        let value: Value = serde_json::from_str(&whole).unwrap();
        let mut found = BTreeSet::new();
        fields(&value, "", &mut found);
        assert!(!found.is_empty(), "{table}.{column}");
        for pointer in &found {
            let changes: [Change<'_>; 2] = [
                &|object, name| {
                    object.remove(name);
                },
                &|object, _| {
                    object.insert("of_a_later_version".to_owned(), json!({ "list": [1] }));
                },
            ];
            for (what, change) in ["missing", "unknown beside"].into_iter().zip(changes) {
                if what == "unknown beside"
                    && MAPS.iter().any(|map| pointer.starts_with(map) && !pointer[map.len()..].contains('/'))
                {
                    continue;
                }
                let mut changed = value.clone();
                at_each(&mut changed, pointer, change);
                store(&world, table, column, changed.to_string()).await;
                if !in_view {
                    forget_views(&world).await;
                }
                let about = format!("{table}.{column}: {pointer} is {what}");
                let view = world.engine.view(None).await.unwrap_or_else(|error| panic!("{about}: {error:#}"));
                let view = view.unwrap_or_else(|| panic!("{about}: no view"));
                // What may be null is read as null where it is missing; the past is as it was all the same. Of a kept view, which
                // no other version reads, it is enough that it stops nobody.
                if !in_view {
                    assert_eq!(view.position.spend, before.position.spend, "{about}");
                    assert_eq!(view.position.exhaustion.total, before.position.exhaustion.total, "{about}");
                }
                if what == "unknown beside" {
                    assert_eq!(view.position.data_quality.unreadable, Vec::<String>::new(), "{about}");
                    assert_eq!(figures(view), before, "{about}");
                }
                world.engine.alerts(morning(DAY)).await.unwrap_or_else(|error| panic!("{about}: {error:#}"));
                if in_view {
                    break;
                }
            }
        }
        store(&world, table, column, whole).await;
        forget_views(&world).await;
        assert_eq!(figures(world.view().await), before, "{table}.{column} as it was");
    }
    world.cycle("2026-04-21").await;
}

/// What a snapshot must have is who it is, how much, and when it counts.
#[tokio::test]
async fn a_snapshot_of_an_older_version_is_read() {
    let world = world().await;
    let whole = stored(&world, "credit_snapshots", "snapshot").await;
    let value: Value = serde_json::from_str(&whole).unwrap();
    for name in value.as_object().unwrap().keys() {
        let mut changed = value.clone();
        changed.as_object_mut().unwrap().remove(name);
        changed["of_a_later_version"] = json!(1);
        store(&world, "credit_snapshots", "snapshot", changed.to_string()).await;
        let read = world.engine.store().facts(morning(DAY), "USD".to_owned()).await;
        let needed = ["credit_id", "initial", "starts_on", "expires_on"].contains(&name.as_str());
        assert_eq!(read.is_ok(), !needed, "without {name}");
    }
}
