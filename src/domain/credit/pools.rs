//! Pools from what AWS listed, what config names and what somebody typed in.
//!
//! AWS's own figures win over config's, because config goes stale; config's names, programmes and service lists win,
//! because AWS has no names and its lists are of mixed kinds. A credit that AWS no longer lists is kept as last seen, see [`delisted`].

use crate::credit::rows::credit_days;
use std::collections::{BTreeMap, BTreeSet};

use chrono::NaiveDate;

use super::delisted::delisted;
use super::ledger::{AWS_ORDER, drawing_order};
use crate::credit::programme::Programme;
use crate::credit::{CreditPool, EligibleServices};
use crate::facts::Facts;
use crate::facts::credits::{ApplicationType, SeenCredit};
use crate::values::money::Money;
use crate::values::period::DayRange;
use crate::values::purchase::PurchaseLimit;
use crate::values::service::{ServiceAliases, ServiceMatcher};

/// A pool as config gives it. Amount and window are needed only where AWS's API does not show the credit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConfiguredPool {
    /// AWS's creditId, or any id where the API is closed.
    pub id: String,
    /// Name for people.
    pub name: Option<String>,
    /// Programme.
    pub programme: Option<Programme>,
    /// Amount granted.
    pub granted: Option<Money>,
    /// Day it became valid.
    pub starts_on: Option<NaiveDate>,
    /// First day on which it pays nothing any more.
    pub expires_on: Option<NaiveDate>,
    /// Services that it may pay for.
    pub services: Option<Vec<String>>,
}

/// The pools in drawing order, with evidence of what they pay beyond their lists and without a balance
/// ([`super::statement`] needs their replay).
pub fn pools(facts: &Facts, configured: &[ConfiguredPool], aliases: &ServiceAliases) -> Vec<CreditPool> {
    let named: BTreeMap<&str, &ConfiguredPool> = configured.iter().map(|pool| (pool.id.as_str(), pool)).collect();
    let mut pools: BTreeMap<String, CreditPool> = BTreeMap::new();
    for seen in &facts.credits {
        let id = &seen.snapshot.credit_id;
        pools.insert(id.clone(), listed_pool(seen, named.get(id.as_str()).copied(), aliases));
    }
    for pool in configured {
        if !pools.contains_key(&pool.id) {
            pools.extend(configured_pool(pool, aliases).map(|built| (pool.id.clone(), built)));
        }
    }
    let mut pools = drawing_order(&pools.into_values().collect::<Vec<_>>(), &AWS_ORDER);
    add_evidence(&mut pools, facts, aliases);
    for (pool, delisted) in delisted(facts, &pools).into_iter().enumerate() {
        pools[pool].delisted = delisted;
    }
    pools
}

fn listed_pool(seen: &SeenCredit, named: Option<&ConfiguredPool>, aliases: &ServiceAliases) -> CreditPool {
    let snapshot = &seen.snapshot;
    let list = named.and_then(|pool| pool.services.as_ref()).or(snapshot.products.as_ref());
    let services = list.map_or(EligibleServices::Unknown, |names| matcher(names, aliases));
    let name = named.and_then(|pool| pool.name.clone()).unwrap_or_else(|| match snapshot.description.trim() {
        "" => format!("Credit {}", snapshot.credit_id),
        text => text.to_owned(),
    });
    CreditPool {
        name,
        programme: named.and_then(|pool| pool.programme),
        paused_from: seen.paused_from,
        purchases: PurchaseLimit::read(snapshot.purchase_types.as_deref()),
        applies: snapshot.application_type.unwrap_or(ApplicationType::AfterDiscounts),
        ..CreditPool::new(&snapshot.credit_id, snapshot.initial, snapshot.starts_on, snapshot.expires_on, services)
    }
}

fn configured_pool(pool: &ConfiguredPool, aliases: &ServiceAliases) -> Option<CreditPool> {
    let services = pool.services.as_ref().map_or(EligibleServices::Unknown, |names| matcher(names, aliases));
    let built = CreditPool::new(&pool.id, pool.granted?, pool.starts_on?, pool.expires_on?, services);
    Some(CreditPool { name: pool.name.clone().unwrap_or_else(|| pool.id.clone()), programme: pool.programme, ..built })
}

fn matcher(names: &[String], aliases: &ServiceAliases) -> EligibleServices {
    EligibleServices::Listed(ServiceMatcher::new(names.iter().map(String::as_str), aliases))
}

/// Lets pools pay what AWS was seen to make them pay.
fn add_evidence(pools: &mut [CreditPool], facts: &Facts, aliases: &ServiceAliases) {
    let billed: BTreeSet<&str> = facts.charge_kinds.iter().map(|kind| kind.service.as_str()).collect();
    for allocation in facts.allocations.iter().filter(|allocation| allocation.amount.is_positive()) {
        let spelled = ServiceMatcher::new([allocation.service.as_str()], aliases);
        for pool in pools.iter_mut().filter(|pool| pool.id == allocation.credit_id) {
            for service in billed.iter().filter(|service| spelled.matches(service)) {
                if !pool.lists(service) {
                    pool.also_pays.insert((*service).to_owned());
                }
            }
        }
    }
    // Credit rows name a service and no credit. Where a list explains them, they are evidence of nothing more.
    let windows: Vec<DayRange> = pools.iter().map(CreditPool::window).collect();
    for (service, days) in credit_days(facts) {
        let mut named: Vec<bool> =
            pools.iter().map(|pool| pool.lists(service) || pool.also_pays.contains(service)).collect();
        for day in days {
            if windows.iter().zip(&named).any(|(window, named)| *named && window.contains(day)) {
                continue;
            }
            let unlisted = |pool: &CreditPool| pool.services == EligibleServices::Unknown;
            let live = |(window, _): &(&DayRange, _)| window.contains(day);
            let any_unlisted = windows.iter().zip(pools.iter()).filter(live).any(|(_, pool)| unlisted(pool));
            for ((window, pool), named) in windows.iter().zip(pools.iter_mut()).zip(&mut named) {
                if window.contains(day) && (!any_unlisted || unlisted(pool)) {
                    pool.also_pays.insert(service.to_owned());
                    *named = true;
                }
            }
        }
    }
}
