//! The next ask: whatever was ever granted counts, and no programme is proposed that can grant no more.

use std::collections::BTreeMap;

use glidepath::domain::credit::pools::ConfiguredPool;
use glidepath::domain::credit::programme::{Programme, Programmes, Purpose};
use glidepath::domain::facts::credits::SeenCredit;
use glidepath::domain::filing::next_award::{Known, Wanted};
use glidepath::domain::filing::review::next_ask::{Basis, NoAsk, next_ask};
use glidepath::domain::position::Position;
use glidepath::domain::position::assess::{Assessment, Context};
use glidepath::domain::values::money::Money;
use glidepath::report::bill_sentences;
use proptest::prelude::*;

use crate::support::values::{day, usd};
use crate::support::world::*;

const TOKENS: &str = "USE1-Nova2.0Lite-input-tokens-cross-region-global";

/// 2,000 a day of a model since November: 730,000 in a year.
fn spending() -> World {
    let world = World::in_march().charges("2025-11-01", "2026-03-29", BEDROCK, "Usage", "2000");
    let days = day("2025-11-01").iter_days().take_while(|on| *on <= day("2026-03-29"));
    days.fold(world, |world, on| world.usage(&on.to_string(), BEDROCK, TOKENS, "tokens", "2000", "6666666666"))
}

/// `world` with a credit of a programme, which config names.
fn granted(mut world: World, id: &str, programme: Programme, usd: &str, change: impl Fn(&mut SeenCredit)) -> World {
    world.configured.push(ConfiguredPool {
        id: id.to_owned(),
        name: None,
        programme: Some(programme),
        granted: None,
        starts_on: None,
        expires_on: None,
        services: None,
    });
    world.credit(id, usd, Some(&[BEDROCK]), change)
}

fn position(world: &World, named: Option<Programme>) -> Position {
    let next_award = Wanted { programme: named, ..Wanted::default() };
    let pools = &world.configured;
    let context = Context { classifier: &CLASSIFIER, prices: &PRICES, pools, filing: None, tax_rate: None, next_award };
    let assessment = Assessment::new(&world.facts, context);
    let outlook = assessment.outlook();
    assessment.position(outlook.as_ref())
}

/// Used up, expired, no more on AWS's list, switched off, not begun: each was granted.
#[test]
fn a_credit_counts_whatever_became_of_it() {
    type Change = fn(&mut SeenCredit);
    let lives: [(&str, Change); 6] = [
        ("active", |_| {}),
        ("used up", |seen| seen.snapshot.estimated = Some(Money::ZERO)),
        ("expired", |seen| seen.snapshot.expires_on = day("2026-03-01")),
        ("listed no more", |seen| seen.missing_from = 9),
        ("switched off", |seen| seen.snapshot.enabled = false),
        ("ahead", |seen| seen.snapshot.starts_on = day("2026-05-01")),
    ];
    for (life, change) in lives {
        let world = granted(spending(), "1", Programme::ActivatePortfolio, "100000", change);
        let world = granted(world, "2", Programme::BedrockPoc, "25000", change);
        let world = granted(world, "3", Programme::AiRecord, "50000", change);
        let world = granted(world, "4", Programme::Accelerator, "200000", change);
        let position = position(&world, Some(Programme::AiRecord));
        let ask = position.next_ask.unwrap_or_else(|| panic!("{life}: {:?}", position.review.no_ask));
        // 300,000 less 125,000 of others, the accelerator's apart, of which 50,000 is granted.
        let expected = (usd("125000"), usd("175000"), usd("50000"));
        assert_eq!((ask.amount, ask.band.ceiling, ask.already_granted), expected, "{life}");
        let band = position.review.granted_band.unwrap();
        assert_eq!((band.granted, band.left(), band.unnamed), (usd("175000"), usd("125000"), Money::ZERO), "{life}");
        let said = bill_sentences(&position).join(" ");
        assert!(said.contains("a next ask of $125,000.00 (AI record)"), "{life}: {said}");
        assert!(said.contains("$175,000 is granted."), "{life}: {said}");
    }
}

#[test]
fn a_full_band_leaves_the_accelerator() {
    let world = granted(spending(), "1", Programme::ActivatePortfolio, "100000", |_| {});
    let world = granted(world, "2", Programme::BedrockPoc, "25000", |_| {});
    let world = granted(world, "3", Programme::AiRecord, "175000", |_| {});
    for named in [None, Some(Programme::AiRecord), Some(Programme::Accelerator)] {
        let position = position(&world, named);
        let ask = position.next_ask.unwrap();
        assert_eq!((ask.programme, ask.already_granted), (Programme::Accelerator, Money::ZERO), "{named:?}");
        let said = bill_sentences(&position).join(" ");
        assert!(
            said.contains("(Generative AI Accelerator)") && said.contains("$300,000 is granted: the band"),
            "{said}"
        );
    }
}

#[test]
fn an_account_on_the_free_plan_is_told_of_no_band() {
    let mut world = granted(spending(), "1", Programme::Founders, "1000", |_| {});
    assert!(position(&world, None).review.granted_band.is_some());
    world.facts.account_plan = Some(super::free_plan());
    let position = position(&world, None);
    assert_eq!((position.review.no_ask, position.review.granted_band), (Some(NoAsk::FreePlan), None));
}

/// Amounts at which programmes begin, are usual and end, and some between.
fn amounts() -> impl Strategy<Value = u32> {
    let marks = vec![0, 1, 999, 1_000, 5_000, 10_000, 25_000, 50_000, 99_999, 100_000, 175_000, 200_000, 300_000];
    prop_oneof![prop::sample::select(marks), 0..1_200_000_u32]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2_000, ..ProptestConfig::default() })]

    /// Over all that may have been granted and spent, named by config or not: the ask is of a programme that is not held at its
    /// ceiling, and with what that granted before it is no more than the ceiling. Where the band bounds it, it ends with it.
    #[test]
    fn no_programme_is_asked_for_more_than_it_can_still_grant(
        given in prop::array::uniform5(prop::option::of(amounts())),
        spent in prop::array::uniform3(amounts()),
        named in prop::option::of(0..5_usize),
        held in amounts(),
    ) {
        let money = |whole: u32| Money::from_decimal(whole.into());
        let given: BTreeMap<Programme, Money> = Programme::ALL
            .into_iter()
            .zip(given)
            .filter_map(|(programme, amount)| Some((programme, money(amount?))))
            .collect();
        let purposes = [Purpose::Inference, Purpose::Training, Purpose::Infrastructure];
        let yearly: BTreeMap<Purpose, Money> = purposes.into_iter().zip(spent.map(money)).collect();
        let wanted = Wanted { programme: named.map(|at| Programme::ALL[at]), ..Wanted::default() };
        let meant = wanted.meant(&Known { granted: given.clone(), yearly: yearly.clone() }, day("2026-03-31"));
        let a_month = yearly.values().copied().sum::<Money>().per(12);
        let first = "2025-12".parse::<glidepath::domain::values::period::BillingPeriod>().unwrap();
        let months: Vec<_> = (0..3).map(|at| (first.plus_months(at), a_month)).collect();
        let basis = Basis {
            months: &months,
            since_change: None,
            held: money(held),
            uncovered: None,
            programme: meant.programme,
            granted: &given,
        };
        let Ok(ask) = next_ask(&basis) else { return Ok(()) };
        let terms = Programmes::builtin().of(meant.programme);
        prop_assert!(!terms.is_held_at_ceiling(&given), "{:?} of {:?}", meant, given);
        let before = given.get(&meant.programme).copied().unwrap_or_default();
        prop_assert_eq!(ask.already_granted, before);
        prop_assert!(ask.amount + before <= terms.ceiling(&given));
        prop_assert!(ask.amount >= terms.floor_usd);
        if meant.programme == Programme::AiRecord {
            let counted = given.iter().filter(|(of, _)| **of != Programme::Accelerator).map(|(_, usd)| *usd);
            prop_assert!(counted.sum::<Money>() + ask.amount <= usd("300000"));
        }
    }
}
