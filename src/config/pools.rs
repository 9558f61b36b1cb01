//! `[[pool]]`: what AWS does not say about a credit, or all of it where AWS's credits API is closed.

use std::collections::BTreeSet;

use toml::Value;

use crate::domain::credit::pools::ConfiguredPool;
use crate::domain::values::bounds;
use crate::domain::values::money::Money;

use super::problem::Problem;
use super::section::{Section, entries};

/// Reads every pool.
pub fn read(value: Option<Value>, problems: &mut Vec<Problem>) -> Vec<ConfiguredPool> {
    let mut ids = BTreeSet::new();
    let mut pools = Vec::new();
    for (place, keys) in entries("pool", value, problems) {
        let mut section = Section::new(place, keys, problems);
        let id = section.required("id", "the credit id from the console's Credits page, or any name of your own");
        if let Some(id) = &id {
            section.name_place(id);
            if !ids.insert(id.clone()) {
                let message = format!("the id {id:?} is used by an earlier pool; a credit is one pool");
                section.problem("id", message);
            }
        }
        let pool = pool(&mut section, id.unwrap_or_default());
        section.finish();
        pools.push(pool);
    }
    pools
}

fn pool(section: &mut Section<'_>, id: String) -> ConfiguredPool {
    // Either the pool only names what AWS lists, or it stands on its own and then needs all of it.
    let missing: Vec<&str> =
        ["granted", "starts_on", "expires_on"].into_iter().filter(|key| !section.has(key)).collect();
    if !missing.is_empty() && missing.len() < 3 {
        let message = format!(
            "granted, starts_on and expires_on belong together, and {} is missing: give all three, or none where AWS \
             lists the credit",
            missing.join(" and ")
        );
        section.problem_here(message);
    }
    let (name, programme) = (section.text("name"), section.programme("programme"));
    let granted = granted(section);
    let (starts_on, expires_on) = (section.day("starts_on"), section.day("expires_on"));
    if let (Some(start), Some(end)) = (starts_on, expires_on)
        && start >= end
    {
        let message = format!("{end} is not after starts_on, {start}: the window is reversed or empty");
        section.problem("expires_on", message);
    }
    ConfiguredPool { id, name, programme, granted, starts_on, expires_on, services: services(section) }
}

fn granted(section: &mut Section<'_>) -> Option<Money> {
    let granted = section.money("granted")?;
    if !bounds::GRANT_USD.holds(granted.amount()) {
        section.problem("granted", bounds::GRANT_USD.refusal(granted));
        return None;
    }
    Some(granted)
}

fn services(section: &mut Section<'_>) -> Option<Vec<String>> {
    let listed = section.has("services");
    let services = section.texts("services");
    if listed && services.as_ref().is_some_and(Vec::is_empty) {
        let message = "is empty: name what the credit pays for, or leave the key out to take AWS's list";
        section.problem("services", message);
    }
    for name in services.iter().flatten().filter(|name| name.matches('*').count() > 1) {
        section.problem("services", format!("{name:?} has more than one *; a name may hold one"));
    }
    services
}
