//! A pool's stated balance in a table: AWS's own as it is, another one marked and explained below.

use crate::domain::credit::{Statement, StatementSource};
use crate::domain::position::PoolPosition;

/// The cell under "AWS states".
pub fn cell(stated: &Statement) -> String {
    let amount = stated.amount.dollars();
    match stated.source {
        StatementSource::Aws => amount,
        StatementSource::Derived => format!("{amount} (derived)"),
        StatementSource::Recorded => format!("{amount} (entered)"),
    }
}

/// What the marks of these pools mean, a line each.
pub fn notes(pools: &[PoolPosition]) -> impl Iterator<Item = &'static str> {
    let known: Vec<StatementSource> = pools.iter().filter_map(|pool| Some(pool.stated?.source)).collect();
    let notes = [
        (
            StatementSource::Derived,
            "(derived): AWS states no balance after open bills; this is the one after closed bills, less what the credit paid since",
        ),
        (StatementSource::Recorded, "(entered): typed in with `glidepath credits record`"),
    ];
    notes.into_iter().filter(move |(source, _)| known.contains(source)).map(|(_, note)| note)
}
