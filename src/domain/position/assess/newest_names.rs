//! Facts, rules and filing as an assessment reads them: each service under the newest name that the bill shows.

use std::borrow::Cow;

use rust_decimal::Decimal;

use super::Context;
use crate::billing::classify::Classifier;
use crate::billing::price::PriceBook;
use crate::billing::renamed::Renames;
use crate::credit::pools::ConfiguredPool;
use crate::facts::Facts;
use crate::filing::Filing;
use crate::filing::next_award::Wanted;

/// What config contributes, as [`Context`], with what the bill taught.
#[derive(Debug)]
pub(super) struct Known<'a> {
    pub classifier: Cow<'a, Classifier>,
    pub prices: &'a PriceBook,
    pub pools: &'a [ConfiguredPool],
    pub filing: Option<Cow<'a, Filing>>,
    pub tax_rate: Option<Decimal>,
    pub next_award: Wanted,
}

pub(super) fn read<'a>(facts: &'a Facts, context: Context<'a>, renames: &Renames) -> (Cow<'a, Facts>, Known<'a>) {
    let Context { classifier, prices, pools, filing, tax_rate, next_award } = context;
    let known = Known {
        classifier: renames.rules(classifier).map_or(Cow::Borrowed(classifier), Cow::Owned),
        prices,
        pools,
        filing: filing.map(|filing| newest_filing(filing, renames).map_or(Cow::Borrowed(filing), Cow::Owned)),
        tax_rate,
        next_award,
    };
    (renames.facts(facts).map_or(Cow::Borrowed(facts), Cow::Owned), known)
}

/// The filing with its services as the bill names them; `None` where it names them so.
fn newest_filing(filing: &Filing, renames: &Renames) -> Option<Filing> {
    let lines = filing.projection.records.iter().flat_map(|record| &record.services).map(|line| &line.service);
    let mut named = lines.chain(filing.plan.iter().map(|month| &month.service));
    named.any(|service| renames.newest(service).is_some()).then(|| {
        let mut filing = filing.clone();
        let lines = filing.projection.records.iter_mut().flat_map(|record| &mut record.services);
        let lines = lines.map(|line| &mut line.service);
        for service in lines.chain(filing.plan.iter_mut().map(|month| &mut month.service)) {
            if let Some(newest) = renames.newest(service) {
                *service = newest.to_owned();
            }
        }
        filing
    })
}
