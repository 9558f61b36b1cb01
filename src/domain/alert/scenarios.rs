//! A scenario table per rule: when it speaks, when it does not, and where the boundary lies.

mod aloud;

use crate::position::observations::{
    ChangeCause, DrainedCredit, EarlyRise, GoneCredit, Observations, SpendChange, UncoveredBurn,
};
use crate::wording::compose;
use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;

use super::fixture::{clock, day, health, pool, position, usd};
use super::*;
use crate::credit::coverage::CoverageState;
use crate::credit::programme::Programme;
use crate::credit::unlisted::UnlistedCredit;
use crate::filing::next_award::Meant;
use crate::forecast::Voice;
use crate::outlook::monthly_bill::MonthlyBill;
use crate::outlook::{Basis, MadeWith};
use crate::position::basis::{AtLeast, DateBasis};
use crate::position::finding::Severity;
use crate::position::{PoolPosition, PoolStatus, Position};
use crate::values::period::plus_days;
use crate::values::quantiles::{DateQuantiles, DayAmount, MoneyQuantiles};
use crate::values::workload::Workload;
use Severity::{Critical, Info, Warning};

fn evaluated(position: &Position, observations: &Observations) -> Evaluation {
    evaluate(position, &health(), observations, &AlertRules::default())
}

/// Severity of the finding under `key`.
fn severity(position: &Position, observations: &Observations, key: &str) -> Option<Severity> {
    let evaluation = evaluated(position, observations);
    evaluation.findings.iter().find(|finding| finding.key == key).map(|finding| finding.severity)
}

fn told(key: &str, severity: Severity) -> Observations {
    Observations { told: BTreeMap::from([(key.to_owned(), severity)]), ..Observations::default() }
}

fn dates(p10: &str, p50: &str, p90: &str) -> DateQuantiles {
    let day = |text: &str| (text != "-").then(|| day(text));
    DateQuantiles { p10: day(p10), p50: day(p50), p90: day(p90) }
}

fn running_out(p10: &str, p50: &str, p90: &str) -> Position {
    let mut position = position();
    position.exhaustion.total = dates(p10, p50, p90);
    position
}

fn bill(month: &str, gross: &str, cash: &str) -> MonthlyBill {
    MonthlyBill {
        month: month.parse().unwrap(),
        gross: usd(gross),
        covered: usd(gross) - usd(cash),
        cash: usd(cash),
        tax: None,
        cash_p10: Some(usd(cash).times("0.8".parse().unwrap())),
        cash_p90: Some(usd(cash).times("1.3".parse().unwrap())),
        lines: Vec::new(),
    }
}

// The clock is 14 March 2026, the lead time 28 + 14 days: it reaches to 25 April, and to 2 May for what was told.

#[test]
fn exhaustion_over_all_pools() {
    let key = "exhaustion:total";
    let never = Observations::default();
    let (warned, alarmed) = (told(key, Warning), told(key, Critical));
    let table = [
        ("empty data", "-", "-", "-", &never, None),
        ("a day beyond the lead time", "2026-04-26", "2026-05-10", "-", &never, None),
        ("early date on its last day", "2026-04-25", "-", "-", &never, Some(Warning)),
        ("middle date a day beyond", "2026-04-25", "2026-04-26", "-", &never, Some(Warning)),
        ("middle date on its last day", "2026-04-01", "2026-04-25", "-", &never, Some(Critical)),
        ("already gone", "2026-03-01", "2026-03-01", "2026-03-01", &never, Some(Critical)),
        ("gone by now, not seen yet", "2026-03-13", "2026-03-14", "-", &never, Some(Critical)),
        ("told, and wobbling out", "2026-05-02", "-", "-", &warned, Some(Warning)),
        ("told, and out", "2026-05-03", "-", "-", &warned, None),
        ("alarmed, and wobbling out", "2026-04-20", "2026-05-02", "-", &alarmed, Some(Critical)),
        ("alarmed, and milder", "2026-04-20", "2026-05-03", "-", &alarmed, Some(Warning)),
        ("warned is no licence to alarm", "2026-04-20", "2026-04-28", "-", &warned, Some(Warning)),
    ];
    for (name, p10, p50, p90, observations, expected) in table {
        assert_eq!(severity(&running_out(p10, p50, p90), observations, key), expected, "{name}");
    }
}

#[test]
fn lead_time_follows_the_award_that_is_meant() {
    let at = |programme, date: &str| {
        let award_meant = Meant { programme, passed_over: None };
        let position = Position { award_meant, ..running_out(date, date, date) };
        let evaluation = evaluate(&position, &health(), &Observations::default(), &AlertRules::default());
        evaluation.findings.first().map(|finding| finding.next_step().to_owned())
    };
    // 14 days of slack, and what the award takes at the slow end: 18, 28, 90 after a quarter's wait.
    for (award, last_day) in [
        (Programme::BedrockPoc, "2026-04-15"),
        (Programme::ActivatePortfolio, "2026-04-15"),
        (Programme::AiRecord, "2026-04-25"),
        (Programme::Accelerator, "2026-09-24"),
    ] {
        assert!(at(award, last_day).is_some(), "{award:?} on {last_day}");
        assert_eq!(at(award, &plus_days(day(last_day), 1).to_string()), None, "{award:?} a day later");
    }
    assert_eq!(
        at(Programme::AiRecord, "2026-04-20").unwrap(),
        "file for the AI record award by 23 March 2026 to have credits when these run out (it takes 14 to 28 days)."
    );
    assert_eq!(
        at(Programme::AiRecord, "2026-04-01").unwrap(),
        "file for the AI record award today (it takes 14 to 28 days), and cut spend to bridge up to 10 days without \
         credit. To be safe you should have filed by 4 March 2026."
    );
    assert_eq!(
        at(Programme::AiRecord, "2026-04-11").unwrap(),
        "file for the AI record award today (it takes 14 to 28 days). If approval takes all 28 days, this is the last day to \
         avoid a gap."
    );
    assert_eq!(
        at(Programme::Accelerator, "2026-09-24").unwrap(),
        "file for the Generative AI Accelerator award by 26 June 2026 to have credits when these run out (the next window \
         may be 90 days away; selection takes another 60 to 90)."
    );
}

#[test]
fn credit_that_what_is_shown_uses_up_has_run_out() {
    let mut position = running_out("2026-03-13", "2026-03-13", "2026-03-13");
    position.exhaustion.basis = DateBasis::BilledAndEstimated;
    position.credits.left = usd("400");
    position.at_least = Some(AtLeast { through: day("2026-03-14"), gross: usd("900"), credit_left_at_most: usd("0") });
    let total = |position: &Position| {
        let findings = evaluated(position, &Observations::default()).findings;
        findings.into_iter().find(|finding| finding.key == "exhaustion:total").unwrap()
    };
    let found = total(&position);
    assert_eq!(found.named.map(|named| (named.day, named.has_come)), Some((day("2026-03-13"), true)));
    assert_eq!(
        found.summary,
        "Credit has run out on 13 March 2026: $400 was left at the end of 12 March 2026, and what came since needs more. AWS \
         shows at least $900 of usage after that, up to 14 March 2026."
    );
    assert!(
        found.reason.contains("so it is at least this. Next: file for the AI record award today"),
        "{}",
        found.reason
    );
    // A day that nothing is shown of is a forecast.
    position.at_least = None;
    assert_eq!(total(&position).named.map(|named| named.has_come), Some(false));
}

#[test]
fn an_early_date_is_told_sooner_while_a_workload_is_young() {
    let on = |young: bool, days: i64| {
        let early = plus_days(clock().date_naive(), days).to_string();
        let mut position = running_out(&early, "2026-12-01", "-");
        let basis = Basis {
            workload: Workload::Trainium,
            voice: Voice::Level,
            known_days: 21,
            trials: 0,
            by_plan: false,
            young,
        };
        position.outlook_made_with = Some(MadeWith { workloads: vec![basis], paths: 2, seed: 1, tax_rate: None });
        severity(&position, &Observations::default(), "exhaustion:total")
    };
    assert_eq!((on(false, 42), on(false, 43)), (Some(Warning), None));
    assert_eq!((on(true, 49), on(true, 50)), (Some(Warning), None));
}

#[test]
fn of_two_paces_it_is_said_which_one_the_outlook_goes_by() {
    let observations = burning(28, |_| "100");
    let summary = |voice: Option<Voice>| {
        let mut position = running_out("2026-03-20", "2026-04-01", "-");
        position.outlook_made_with = voice.map(|voice| {
            let workload = Workload::Trainium;
            let basis = Basis { workload, voice, known_days: 60, trials: 4, by_plan: false, young: false };
            MadeWith { workloads: vec![basis], paths: 2, seed: 1, tax_rate: None }
        });
        let mut found = evaluated(&position, &observations).findings;
        found.retain(|finding| finding.key == "exhaustion:total");
        found.remove(0).summary
    };
    let paces = "and what it pays costs $100 a day over the last 7 days, $100 a day over the last 28";
    for (voice, then) in [
        (None, "."),
        (Some(Voice::PlainRate), " (the outlook goes by the 7 days)."),
        (Some(Voice::Cadence), " (the outlook goes by neither alone: it forecasts each workload by itself)."),
    ] {
        let said = summary(voice);
        assert!(said.contains(&format!("{paces}{then}")), "{said}");
    }
}

/// Credit that expires on `day` with 4,321 dollars in it; at all odds, where `early` is that day too.
fn expiring(day_of: &str, early: &str) -> Position {
    let mut position = running_out(early, day_of, day_of);
    let breakage = MoneyQuantiles { p10: Some(usd("4000")), p50: Some(usd("4321")), p90: Some(usd("5000")) };
    position.credits.pools = vec![PoolPosition { expires_on: day(day_of), breakage, ..pool() }];
    position.trajectory = ["2026-03", "2026-04", "2026-05"].map(|month| bill(month, "3000", "3000")).to_vec();
    position
}

#[test]
fn credit_that_expires_is_said_to_expire() {
    let total = |position: &Position| {
        let mut found = evaluated(position, &Observations::default()).findings;
        found.retain(|finding| finding.key == "exhaustion:total");
        found.remove(0)
    };
    let certain = total(&expiring("2026-04-13", "2026-04-13"));
    assert!(
        certain.summary.starts_with(
            "Credit ends on 13 April 2026, when Activate Portfolio expires; about $4,321 of it will be unused. That is in \
             30 days: $9,000 of credit is left"
        ),
        "{}",
        certain.summary
    );
    assert!(
        certain.reason.starts_with("How sure: it is the day Activate Portfolio expires, not a forecast. Next: "),
        "{}",
        certain.reason
    );
    let likely = total(&expiring("2026-04-13", "2026-04-02"));
    assert!(likely.summary.starts_with("Credit will probably end on 13 April 2026, when"), "{}", likely.summary);
    assert!(likely.reason.contains("10 % chance by 2 April 2026"), "{}", likely.reason);
    let seen = total(&expiring("2026-03-14", "2026-03-14"));
    assert!(
        seen.summary.starts_with("Credit has ended: on 14 March 2026 Activate Portfolio expired"),
        "{}",
        seen.summary
    );
    // A narrow forecast is a forecast.
    let mut narrow = running_out("2026-04-13", "2026-04-13", "2026-04-13");
    narrow.credits.pools[0].expires_on = day("2026-09-01");
    let narrow = total(&narrow);
    assert!(narrow.summary.starts_with("Credit will probably run out on 13 April 2026"), "{}", narrow.summary);
    assert!(narrow.reason.starts_with("How sure: 80 % chance that credit is gone on 13 April 2026."));
}

#[test]
fn the_first_bill_without_credit_is_the_attachment_s() {
    for (expires, month) in [("2026-04-01", "May"), ("2026-03-31", "April"), ("2026-04-02", "May")] {
        let position = expiring(expires, expires);
        let found = evaluated(&position, &Observations::default()).findings;
        let total = found.iter().find(|finding| finding.key == "exhaustion:total").unwrap();
        let named = format!("The first full bill without credit, that of {month} 2026, is about $3,000 in cash");
        assert!(total.summary.contains(&named), "{expires}: {}", total.summary);
    }
}

#[test]
fn exhaustion_of_a_pool_while_others_go_on() {
    let other = PoolPosition { id: "4712".into(), name: "AI record".into(), ..pool() };
    let with = |p10: &str, others: &[PoolPosition]| {
        let mut position = position();
        position.credits.pools = vec![PoolPosition { exhausts_on: dates(p10, "-", "-"), ..pool() }];
        position.credits.pools.extend_from_slice(others);
        position
    };
    let never = Observations::default();
    let key = "exhaustion:4711";
    assert_eq!(severity(&with("2026-04-25", std::slice::from_ref(&other)), &never, key), Some(Info));
    assert_eq!(severity(&with("2026-04-26", std::slice::from_ref(&other)), &never, key), None);
    assert_eq!(severity(&with("2026-05-02", std::slice::from_ref(&other)), &told(key, Info), key), Some(Info));
    assert_eq!(severity(&with("-", std::slice::from_ref(&other)), &never, key), None, "empty data");
    assert_eq!(severity(&with("2026-04-25", &[]), &never, key), None, "the last pool is the whole");
    let used_up = PoolPosition { status: PoolStatus::Exhausted, ..other.clone() };
    assert_eq!(severity(&with("2026-04-25", &[used_up]), &never, key), None, "nobody goes on");
    // Where all of it ends, one message is enough.
    let mut all = with("2026-04-20", &[other]);
    all.exhaustion.total = dates("2026-04-22", "-", "-");
    assert_eq!(evaluated(&all, &never).part_of.get(key).map(String::as_str), Some("exhaustion:total"));
}

/// 9,000 dollars to the 1st of September: 172 days, 52.33 a day are bearable.
fn burning(days: usize, per_day: impl Fn(usize) -> &'static str) -> Observations {
    let burn = (0..days).map(|index| DayAmount {
        day: plus_days(day("2026-02-13"), i64::try_from(index).unwrap()),
        amount: usd(per_day(days - 1 - index)),
    });
    Observations { burn: burn.collect(), ..Observations::default() }
}

#[test]
fn burn_over_paired_windows() {
    let key = "burn_rate:total";
    let table = [
        ("empty data", burning(0, |_| "0"), None),
        ("bearable", burning(28, |_| "52"), None),
        ("slow: both windows at 1.5", burning(28, |_| "78.5"), Some(Info)),
        ("slow: just below", burning(28, |_| "78.4"), None),
        ("slow: the short window has calmed down", burning(28, |ago| if ago < 7 { "50" } else { "120" }), None),
        ("slow: only the short window", burning(28, |ago| if ago < 7 { "120" } else { "50" }), None),
        ("fast: both windows at 3", burning(28, |ago| if ago < 7 { "157" } else { "10" }), Some(Warning)),
        ("fast: just below, and too short for slow", burning(28, |ago| if ago < 7 { "156" } else { "10" }), None),
        ("fast: over in the last 2 days", burning(28, |ago| if (2..7).contains(&ago) { "300" } else { "10" }), None),
        ("fast: a single day", burning(28, |ago| if ago == 0 { "900" } else { "10" }), None),
        ("fast: a week is enough of a history", burning(7, |_| "200"), Some(Warning)),
        ("too young", burning(6, |_| "200"), None),
    ];
    for (name, observations, expected) in table {
        assert_eq!(severity(&position(), &observations, key), expected, "{name}");
    }
    let wobbling = Observations { told: told(key, Info).told, ..burning(28, |_| "70") };
    assert_eq!(severity(&position(), &wobbling, key), Some(Info), "what was told is let go at 85 %");
    let mut nothing_left = position();
    nothing_left.credits.pools[0].left = usd("0");
    assert_eq!(severity(&nothing_left, &burning(28, |_| "900"), key), None, "exhaustion says it");
}

#[test]
fn first_bill_in_cash() {
    let key = "first_cash:bill";
    let with = |bills: &[MonthlyBill]| {
        let mut position = position();
        position.trajectory = bills.to_vec();
        position
    };
    let covered = || bill("2026-03", "3000", "29");
    let never = Observations::default();
    let table = [
        ("empty data", with(&[]), None),
        ("a support fee beside a covered bill", with(&[covered(), bill("2026-04", "3000", "299")]), None),
        ("a tenth of the bill", with(&[covered(), bill("2026-04", "3000", "300")]), Some(Warning)),
        ("all of a small bill", with(&[covered(), bill("2026-04", "99", "99")]), None),
        ("all of a bill that counts", with(&[covered(), bill("2026-04", "100", "100")]), Some(Warning)),
        ("already this month", with(&[bill("2026-03", "3000", "600")]), Some(Warning)),
        ("beyond the lead time", with(&[covered(), bill("2026-05", "3000", "900")]), None),
        ("nothing is used", with(&[bill("2026-04", "0", "0")]), None),
    ];
    for (name, position, expected) in table {
        assert_eq!(severity(&position, &never, key), expected, "{name}");
    }
    // Credit pays that nobody can see the end of: that the trajectory shows none is no news of cash.
    let mut unlisted = with(&[covered(), bill("2026-04", "3000", "3000")]);
    unlisted.credits.pools.clear();
    assert_eq!(severity(&unlisted, &never, key), Some(Warning), "nothing pays");
    unlisted.credits.unlisted = Some(UnlistedCredit { applied_14d: usd("1400"), ..UnlistedCredit::default() });
    assert_eq!(severity(&unlisted, &never, key), None, "credit pays");

    let wobbling = with(&[covered(), bill("2026-05", "3000", "900")]);
    assert_eq!(severity(&wobbling, &told(key, Warning), key), Some(Warning), "1 May is within 7 days of the reach");
    // Cash that comes with the end of credit is a part of that message; cash that comes before it is not.
    let mut ending = with(&[covered(), bill("2026-04", "3000", "900")]);
    ending.exhaustion.total = dates("2026-04-20", "-", "-");
    assert!(evaluated(&ending, &never).part_of.contains_key(key));
    ending.trajectory[0] = bill("2026-03", "3000", "900");
    assert!(!evaluated(&ending, &never).part_of.contains_key(key));
}

fn change(subject: &str, recent: &str, before: &str, highest: &str, since: &str) -> SpendChange {
    SpendChange {
        subject: subject.into(),
        recent_per_day: usd(recent),
        before_per_day: usd(before),
        highest_before: usd(highest),
        since: day(since),
        cause: ChangeCause::Volume { ratio: Some("3.4".parse().unwrap()), unit: "tokens".into() },
        cause_amount: usd(recent) - usd(before),
    }
}

#[test]
fn spike_of_a_model_or_service() {
    let at = |recent: &str, before: &str, highest: &str, told: Observations| {
        let changes = vec![change("Nova", recent, before, highest, "2026-03-10")];
        severity(&position(), &Observations { changes, ..told }, "spike:Nova")
    };
    let never = Observations::default;
    let open = || told("spike:Nova", Warning);
    let table = [
        ("double, and a hundred more", at("200", "100", "110", never()), Some(Warning)),
        ("not double", at("199", "100", "110", never()), None),
        ("triple of little", at("149", "50", "50", never()), None),
        ("as dear as the last training run", at("300", "50", "250", never()), None),
        ("a quarter dearer than the last training run", at("312.5", "50", "250", never()), Some(Warning)),
        ("new altogether", at("100", "0", "0", never()), Some(Warning)),
        ("told, and still one and a half times", at("300", "200", "300", open()), Some(Warning)),
        ("told, and back", at("290", "200", "300", open()), None),
    ];
    for (name, found, expected) in table {
        assert_eq!(found, expected, "{name}");
    }
    assert!(evaluated(&position(), &never()).findings.is_empty(), "empty data");
}

fn rise(subject: &str, amount: &str, before: &str, highest: &str, complete: bool) -> EarlyRise {
    EarlyRise {
        subject: subject.into(),
        day: day(if complete { "2026-03-12" } else { "2026-03-13" }),
        amount: usd(amount),
        complete,
        before_per_day: usd(before),
        highest_day: usd(highest),
        cause: ChangeCause::Volume { ratio: Some("3.4".parse().unwrap()), unit: "tokens".into() },
        cause_amount: usd(amount) - usd(before),
    }
}

#[test]
fn a_day_that_stands_out_is_told_before_it_is_complete() {
    let at = |amount: &str, before: &str, highest: &str| {
        let rising = vec![rise("Nova", amount, before, highest, false)];
        severity(&position(), &Observations { rising, ..Observations::default() }, "spike:Nova")
    };
    let table = [
        ("the first hours of a launch", at("40", "12", "15"), Some(Warning)),
        ("three times so far", at("36", "12", "12"), Some(Warning)),
        ("less than three times", at("35", "12", "12"), None),
        ("three times of little", at("9.99", "1", "1"), None),
        ("new altogether", at("10", "0", "0"), Some(Warning)),
        ("as dear as a day of the last training run", at("300", "12", "280"), None),
    ];
    for (name, found, expected) in table {
        assert_eq!(found, expected, "{name}");
    }
    let observations = Observations {
        rising: vec![rise("Nova", "40", "12", "15", false), rise("Haiku", "90", "0", "0", true)],
        ..Observations::default()
    };
    let evaluation = evaluated(&position(), &observations);
    assert_eq!(
        evaluation.part_of.get("spike:Nova").map(String::as_str),
        Some("spike:Haiku"),
        "one launch, one message"
    );
    let said = |key: &str| evaluation.findings.iter().find(|finding| finding.key == key).unwrap().summary.clone();
    assert_eq!(
        said("spike:Haiku"),
        "Haiku cost $90.00 on 12 March 2026, after $0.00 a day in the four weeks before. All of it is new, because of \
         volume: 3.4 times the tokens. The same days show more of Nova."
    );
    assert_eq!(
        said("spike:Nova"),
        "Nova has cost at least $40.00 on 13 March 2026 so far, after $12.00 a day in the four weeks before. That is 3.3 times \
         a usual day, because of volume: 3.4 times the tokens."
    );
    // Three complete days say more than one, under the same key.
    let both = Observations {
        changes: vec![change("Nova", "200", "12", "15", "2026-03-10")],
        rising: vec![rise("Nova", "400", "12", "15", false)],
        ..Observations::default()
    };
    let found = evaluated(&position(), &both).findings;
    assert!(found.len() == 1 && found[0].summary.starts_with("Nova costs $200 a day since 10 March 2026"), "{found:?}");
}

#[test]
fn spikes_of_the_same_days_are_one_event() {
    let changes = vec![
        change("Haiku", "300", "50", "60", "2026-03-11"),
        change("Sonnet", "900", "100", "100", "2026-03-10"),
        change("RDS", "400", "50", "60", "2026-02-20"),
    ];
    let evaluation = evaluated(&position(), &Observations { changes: changes.clone(), ..Observations::default() });
    assert_eq!(evaluation.findings.len(), 3, "all of them are seen");
    let part_of = BTreeMap::from([("spike:Haiku".to_owned(), "spike:Sonnet".to_owned())]);
    assert_eq!(evaluation.part_of, part_of);
    let text = &evaluation.findings.iter().find(|finding| finding.key == "spike:Sonnet").unwrap().summary;
    assert!(text.ends_with("With it rose Haiku."), "{text}");
    // Whoever was told leads, although another has overtaken it.
    let observations = Observations { changes, ..told("spike:Haiku", Warning) };
    let evaluation = evaluated(&position(), &observations);
    assert_eq!(evaluation.part_of.get("spike:Sonnet").map(String::as_str), Some("spike:Haiku"));
}

#[test]
fn credit_that_went_elsewhere() {
    let gone = |held: &str| GoneCredit {
        pool: "4711".into(),
        name: "Activate Portfolio".into(),
        last_seen: day("2026-03-01"),
        held: usd(held),
    };
    let drained = |amount: &str| DrainedCredit {
        pool: "4711".into(),
        name: "Activate Portfolio".into(),
        since: "2026-02".parse().unwrap(),
        accounts: BTreeSet::from(["111122223333".to_owned()]),
        amount: usd(amount),
    };
    let with = |gone: Vec<GoneCredit>, drained: Vec<DrainedCredit>| {
        let observations = Observations { gone, drained, ..Observations::default() };
        evaluated(&position(), &observations).findings.into_iter().map(|f| (f.key, f.severity)).collect::<Vec<_>>()
    };
    assert_eq!(with(vec![], vec![]), []);
    assert_eq!(with(vec![gone("0")], vec![drained("24.99")]), []);
    assert_eq!(with(vec![gone("0.01")], vec![]), [("credit_gone:4711".to_owned(), Critical)]);
    assert_eq!(with(vec![], vec![drained("25")]), [("drained_credit:4711".to_owned(), Warning)]);
}

#[test]
fn asking_costs_too_much() {
    let at = |spent: &str| {
        let mut position = position();
        position.data_quality.usd_spent_asking_month = usd(spent);
        severity(&position, &Observations::default(), "ingest_budget:month")
    };
    assert_eq!([at("0"), at("2.99"), at("3")], [None, None, Some(Warning)]);
}

#[test]
fn exhausted_services_are_a_part_of_exhaustion_and_unlisted_ones_are_not() {
    let burn = |service: &str, state| UncoveredBurn {
        service: service.into(),
        since: day("2026-03-01"),
        per_day_7d: usd("50"),
        total_28d: usd("600"),
        state,
        limited: Vec::new(),
    };
    let uncovered =
        vec![burn("Amazon Bedrock", CoverageState::Exhausted), burn("AWS Marketplace", CoverageState::Uncovered)];
    let observations = Observations { uncovered, ..Observations::default() };
    let evaluation = evaluated(&running_out("2026-03-01", "2026-03-01", "2026-03-01"), &observations);
    let parts: Vec<&str> = evaluation.part_of.keys().map(String::as_str).collect();
    assert_eq!(parts, ["uncovered_spend:Amazon Bedrock"]);
}

proptest! {
    /// A forecast that wobbles within the band around the lead time is told once, and never taken back. That it has moved
    /// much nearer is told.
    #[test]
    fn a_wobbling_forecast_is_told_once(
        wobble in proptest::collection::vec((-20i64..=7, 0i64..40), 1..60),
    ) {
        let rules = AlertRules::default();
        let mut replay = Replay::new(rules.clone(), compose);
        for (cycle, (early, later)) in (0i64..).zip(wobble) {
            let clock = clock() + chrono::TimeDelta::days(cycle);
            let reach = plus_days(clock.date_naive(), rules.lead_days(Meant::default(), clock.date_naive()));
            // The early date stays within the band; the middle date lies beyond it.
            let (p10, p50) = (plus_days(reach, early), plus_days(reach, 8 + later));
            let mut position = Position { as_of: clock, ..position() };
            position.exhaustion.total = DateQuantiles { p10: Some(p10), p50: Some(p50), p90: None };
            position.credits.pools[0].expires_on = day("2027-09-01");
            let health = IngestHealth { as_of: clock, last_success: Some(clock), ..health() };
            replay.look(Moment { clock, reconstructed: false, position: &position, health, observations: Observations::default() });
        }
        let told = replay.finish().alerts;
        let count = |action| told.iter().filter(|alert| alert.decision == action).count();
        prop_assert!(count(Action::Fire) <= 1);
        prop_assert_eq!(count(Action::Resolve), 0);
        prop_assert!(told.iter().all(|alert| alert.decision != Action::Escalate || alert.reason.is_worse_news()));
    }
}
