//! One model, or one instance type: every cause by itself, and two at once.

use glidepath::domain::filing::projection::{ActualCost, OUTSIDE};
use glidepath::domain::filing::variance::{Causes, Variance};
use glidepath::domain::values::money::Money;
use glidepath::domain::values::workload::{Direction, Routing, Tier, Workload};

use super::{compare, row};
use crate::support::filing::{RDS, chip_hours, cost, good, month, tokens, usd};

/// February as filed: 1412 = 240 x 2 + 160 x 0.2 + 90 x 10.
fn february(input: &str, cached: &str, output: &str) -> Vec<ActualCost> {
    let paid = |millions: &str, price: &str| usd(millions).times(price.parse().unwrap()).to_string();
    vec![
        tokens(Direction::Input, input, &paid(input, "2")),
        tokens(Direction::CacheRead, cached, &paid(cached, "0.2")),
        tokens(Direction::Output, output, &paid(output, "10")),
    ]
}

fn sonnet(actuals: &[ActualCost]) -> Variance {
    row(&compare(&good(), actuals, "2026-02-28"), "ai", Workload::BedrockInference).clone()
}

#[test]
fn spend_as_filed_has_no_cause() {
    let variance = sonnet(&february("240", "160", "90"));
    assert_eq!((variance.projected, variance.actual, variance.amount), (usd("1412"), usd("1412"), Money::ZERO));
    assert_eq!(variance.percent, Some("0.0".parse().unwrap()));
    assert_eq!(variance.causes, Causes::default());
}

#[test]
fn a_single_change_is_attributed_to_its_cause() {
    let default = Causes::default;
    // Half as much again of everything.
    let volume = sonnet(&february("360", "240", "135"));
    assert_eq!((volume.amount, volume.percent), (usd("706"), Some("50.0".parse().unwrap())));
    assert_eq!(volume.causes, Causes { volume: usd("706"), ..default() });
    // 12 % cache hits instead of 40 %: 352 x 2 + 48 x 0.2 = 713.6 instead of 512.
    let cache = sonnet(&february("352", "48", "90"));
    assert_eq!(cache.causes, Causes { cache: usd("201.6"), ..default() });
    // The same tokens at 5 % off: a private price.
    let mut cheaper = february("240", "160", "90");
    cheaper.iter_mut().for_each(|actual| actual.cost = actual.cost.times("0.95".parse().unwrap()));
    assert_eq!(sonnet(&cheaper).causes, Causes { price: usd("-70.6"), ..default() });
    // Everything in-region: 10 % more.
    let mut routed = february("240", "160", "90");
    for actual in &mut routed {
        actual.routing = Some(Routing::InRegion);
        actual.cost = actual.cost.times("1.1".parse().unwrap());
    }
    assert_eq!(sonnet(&routed).causes, Causes { routing: usd("141.2"), ..default() });
    // A quarter of everything as batch, at half price.
    let quarter = |text: &str| usd(text).times("0.25".parse().unwrap()).to_string();
    let rest = |text: &str| usd(text).times("0.75".parse().unwrap()).to_string();
    let mut batched = february(&rest("240"), &rest("160"), &rest("90"));
    for actual in february(&quarter("240"), &quarter("160"), &quarter("90")) {
        batched.push(ActualCost { tier: Some(Tier::Batch), cost: actual.cost.times("0.5".parse().unwrap()), ..actual });
    }
    assert_eq!(sonnet(&batched).causes, Causes { batch: usd("-176.5"), ..default() });
}

#[test]
fn two_changes_share_their_interaction_equally() {
    // Twice the volume at 12 % cache hits: 704 x 2 + 96 x 0.2 + 180 x 10 = 3227.2, 1815.2 over the plan.
    // Volume first 1412, last 1815.2 - 201.6 = 1613.6: 1512.8. Cache first 201.6, last 403.2: 302.4.
    let variance = sonnet(&february("704", "96", "180"));
    assert_eq!(variance.causes, Causes { volume: usd("1512.8"), cache: usd("302.4"), ..Causes::default() });
}

#[test]
fn what_the_drivers_do_not_explain_is_other() {
    let mut actuals = february("240", "160", "90");
    let images = ActualCost { direction: None, quantity: None, unit: None, ..tokens(Direction::Input, "0", "7.25") };
    actuals.push(images);
    assert_eq!(sonnet(&actuals).causes, Causes { other: usd("7.25"), ..Causes::default() });
    // Money without any metered token says nothing about volume.
    let unmetered = ActualCost { quantity: None, ..tokens(Direction::Input, "0", "1000") };
    assert_eq!(sonnet(&[unmetered]).causes, Causes { other: usd("-412"), ..Causes::default() });
    // No row at all: nothing was used.
    assert_eq!(sonnet(&[]).causes, Causes { volume: usd("-1412"), ..Causes::default() });
}

#[test]
fn chip_hours_divide_into_hours_and_rate() {
    // 9,216 chip-hours at 1.34375 were filed, 1,600 at 0.9375 were bought (Spot, say): 7,616 hours less at the middle of
    // both rates, 1.140625, and 0.40625 less for the middle of both hours, 5,408.
    let rows = compare(&good(), &[chip_hours("trn1.32xlarge", "1600", "1500")], "2026-02-28");
    let trainium = row(&rows, "ai", Workload::Trainium);
    assert_eq!((trainium.projected, trainium.actual), (usd("12384"), usd("1500")));
    assert_eq!(trainium.causes, Causes { volume: usd("-8687"), price: usd("-2197"), ..Causes::default() });
    assert_eq!(trainium.percent, Some("-87.9".parse().unwrap()));
}

#[test]
fn the_newest_month_is_pro_rated_and_older_spend_is_left_out() {
    let mut actuals = february("120", "80", "45");
    actuals.push(ActualCost { month: month("2026-01"), ..cost(RDS, Workload::Supporting, "99") });
    actuals.push(cost("AWS Lambda", Workload::Supporting, "3"));
    let rows = compare(&good(), &actuals, "2026-02-14");
    // 14 of 28 days: half of the plan, and half of the tokens were used.
    let inference = row(&rows, "ai", Workload::BedrockInference);
    assert_eq!((inference.projected, inference.amount), (usd("706"), Money::ZERO));
    assert_eq!(row(&rows, "portfolio", Workload::Supporting).projected, usd("200"));
    let outside = row(&rows, OUTSIDE, Workload::Supporting);
    assert_eq!((outside.amount, outside.percent, outside.causes.other), (usd("3"), None, usd("3")));
    assert_eq!(rows.iter().map(|row| row.actual).sum::<Money>(), usd("709"));
    assert!(compare(&good(), &actuals, "2026-01-31").is_empty());
}
