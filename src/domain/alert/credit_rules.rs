//! Rules on credit, coverage and the quality of the figures.

use std::collections::BTreeSet;

use rust_decimal::Decimal;

use super::input::IngestHealth;
use super::settings::AlertRules;
use crate::alert::input::data_day;
use crate::alert::key::key;
use crate::credit::coverage::{Coverage, CoverageState};
use crate::position::finding::{Finding, Rule, Severity};
use crate::position::observations::{OrderContradiction, UncoveredBurn, UnknownRecordType};
use crate::position::{PoolPosition, PoolStatus, Position, UnclassifiedUsage};
use crate::values::words::{all_names_text, day_text, days_text, month_text, names_text, usd_text};

/// Services whose cash burn reaches the threshold.
pub(super) fn uncovered(burns: &[UncoveredBurn], rules: &AlertRules) -> impl Iterator<Item = Finding> {
    burns
        .iter()
        .filter(|burn| matches!(burn.state, CoverageState::Uncovered | CoverageState::Exhausted))
        .filter(|burn| burn.per_day_7d.is_positive() && burn.per_day_7d >= rules.uncovered_per_day)
        .map(|burn| uncovered_service(burn, rules))
}

fn uncovered_service(burn: &UncoveredBurn, rules: &AlertRules) -> Finding {
    let bought: Vec<&str> = burn.limited.iter().map(|purchase| purchase.label()).collect();
    let (why, next) = if burn.state == CoverageState::Exhausted {
        (
            "Credit that names it is used up, has expired or is switched off",
            "apply for more credit, or cut this service; check the date in the outlook",
        )
    } else if bought.is_empty() {
        (
            "The lists of all credits are known, and none names it",
            "move the work to a service that credit pays, or plan the cash",
        )
    } else {
        (
            "A credit names the service, and AWS limits that credit to other purchase types",
            "buy it in a way that credit pays, or plan the cash",
        )
    };
    let of = if bought.is_empty() { String::new() } else { format!("{} of ", all_names_text(&bought)) };
    Finding {
        named: None,
        rule: Rule::UncoveredSpend,
        severity: Severity::Warning,
        key: key(Rule::UncoveredSpend, &burn.service),
        since: burn.since,
        summary: format!(
            "No credit pays for {of}{}: {} a day in cash over the last 7 days, {} in all over the last 28, since {}.",
            service_text(&burn.service),
            usd_text(burn.per_day_7d),
            usd_text(burn.total_28d),
            day_text(burn.since)
        ),
        reason: format!(
            "How sure: it is billed. {why}. At the pace of the last 7 days it is {} a month; a warning from {} a day. Next: {next}.",
            usd_text(burn.per_day_7d.times(Decimal::from(30))),
            usd_text(rules.uncovered_per_day)
        ),
    }
}

/// Pools of which more than the threshold will probably expire unused.
pub(super) fn expiring(
    position: &Position,
    health: &IngestHealth,
    rules: &AlertRules,
) -> impl Iterator<Item = Finding> {
    position.credits.pools.iter().filter_map(|pool| expiring_pool(pool, health, rules))
}

fn expiring_pool(pool: &PoolPosition, health: &IngestHealth, rules: &AlertRules) -> Option<Finding> {
    if !matches!(pool.status, PoolStatus::Active | PoolStatus::Pending) {
        return None;
    }
    let unused = pool.breakage.p50.filter(|unused| unused.is_positive() && *unused >= rules.expiring_usd)?;
    let days = (pool.expires_on - health.today()).num_days().max(0);
    let near = days <= i64::from(rules.expiring_warning_days);
    let band = match (pool.breakage.p10, pool.breakage.p90) {
        (Some(low), Some(high)) => {
            format!("How sure: 80 % chance of {} to {}. ", usd_text(low), usd_text(high))
        }
        _ => String::new(),
    };
    let why = if near {
        format!("A warning because expiry is within {}.", days_text(i64::from(rules.expiring_warning_days)))
    } else {
        "Worth knowing now, while there is time to use it.".to_owned()
    };
    Some(Finding {
        named: None,
        rule: Rule::ExpiringCredit,
        severity: if near { Severity::Warning } else { Severity::Info },
        key: key(Rule::ExpiringCredit, &pool.id),
        since: data_day(health),
        summary: format!(
            "About {} of the credit {} will expire unused on {}, in {}.",
            usd_text(unused),
            pool.name,
            day_text(pool.expires_on),
            days_text(days)
        ),
        reason: format!(
            "{band}{why} AWS gives no extension. Next: bring planned runs forward, or move work to services that it pays."
        ),
    })
}

/// Pools that are switched off while they still hold credit.
pub(super) fn paused(position: &Position, health: &IngestHealth) -> impl Iterator<Item = Finding> {
    let since = data_day(health);
    position.credits.pools.iter().filter(|pool| pool.status == PoolStatus::Paused && pool.left.is_positive()).map(
        move |pool| Finding {
            named: None,
            rule: Rule::PausedCredit,
            severity: Severity::Warning,
            key: key(Rule::PausedCredit, &pool.id),
            since,
            summary: format!(
                "The credit {} is switched off with {} left; it pays nothing, and expires on {}.",
                pool.name,
                usd_text(pool.left),
                day_text(pool.expires_on)
            ),
            reason: "How sure: AWS reports it as disabled, which the owner of the credit can do. A warning because others are \
                     drawn or cash is paid meanwhile. Next: switch it on again on the Credits page of the billing \
                     console, unless it is meant to wait."
                .to_owned(),
        },
    )
}

/// One finding for all services of which nobody can say whether credit pays.
pub(super) fn coverage_unknown(position: &Position, health: &IngestHealth) -> Option<Finding> {
    let unknown: Vec<&Coverage> =
        position.coverage.iter().filter(|coverage| coverage.state == CoverageState::Unknown).collect();
    let services: Vec<&str> = unknown.iter().map(|coverage| service_text(&coverage.service)).collect();
    if services.is_empty() {
        return None;
    }
    let why = match position.credits.without_pool() {
        Some(unlisted) => {
            format!("How sure: no credit is known: {}. Next: {}", unlisted.why_unknown(), unlisted.next_step())
        }
        None => {
            let evidence: BTreeSet<&str> = unknown.iter().map(|coverage| coverage.evidence.as_str()).collect();
            let evidence: Vec<&str> = evidence.into_iter().collect();
            format!(
                "How sure: {}. Next: where AWS gives no list, write the services that the credit pays into the config, as \
                 `services` in its [[pool]]; where it limits a credit in a word that glidepath does not know, report the word to \
                 glidepath's maintainers.",
                evidence[..evidence.len().min(IN_SUMMARY)].join(". ")
            )
        }
    };
    Some(Finding {
        named: None,
        rule: Rule::CoverageUnknown,
        severity: Severity::Info,
        key: key(Rule::CoverageUnknown, "services"),
        since: data_day(health),
        summary: format!("It is not known whether credit pays for {}.", names_text(&services)),
        reason: why,
    })
}

/// Spend of the month that no classification rule understands.
pub(super) fn unclassified(position: &Position, health: &IngestHealth, rules: &AlertRules) -> Option<Finding> {
    let cost = position.data_quality.unclassified_cost.abs();
    let share = cost.ratio(position.spend.gross_month_to_date)?;
    if cost.is_zero() || cost < rules.unclassified_usd || share < rules.unclassified_share {
        return None;
    }
    let usages: Vec<String> = position.data_quality.unclassified.iter().map(unclassified_text).collect();
    Some(Finding {
        named: None,
        rule: Rule::UnclassifiedSpend,
        severity: Severity::Warning,
        key: key(Rule::UnclassifiedSpend, "month"),
        since: data_day(health),
        summary: format!(
            "{} of this month's spend ({} %) is of a kind that glidepath does not recognise{}.",
            usd_text(cost),
            (share * Decimal::ONE_HUNDRED).round_dp(1).normalize(),
            prefixed(": ", &usages[..usages.len().min(IN_SUMMARY)])
        ),
        reason: format!(
            "How sure: it is billed, and counted in every total; only its workload and model are missing, so token figures and \
             the comparison with the filing are too low{}. Next: if the name is a model's, say which in [aws.model_aliases]; \
             report the rest, for a new version to know it. Meanwhile it counts in every total.",
            prefixed("; the dearest of it: ", &usages)
        ),
    })
}

/// `Amazon Bedrock USE1-Wonder-tokens ($70.00)`
fn unclassified_text(usage: &UnclassifiedUsage) -> String {
    let UnclassifiedUsage { service, usage_type, cost, .. } = usage;
    let usage_type = usage_type.as_deref().filter(|name| !name.trim().is_empty()).unwrap_or("without a usage type");
    format!("{} {usage_type} ({})", service_text(service), usd_text(*cost))
}

/// A service by name; AWS leaves some empty.
fn service_text(service: &str) -> &str {
    if service.trim().is_empty() { "a service without a name" } else { service }
}

/// The texts behind `words`; nothing where there are none.
fn prefixed(words: &str, texts: &[String]) -> String {
    if texts.is_empty() { String::new() } else { format!("{words}{}", texts.join(", ")) }
}

/// Unclassified usage that a summary names; its reason names all that the position holds.
const IN_SUMMARY: usize = 3;

/// Months in which AWS drew credits in another order than it documents, which is the order of replay.
pub(super) fn order_contradicted(contradictions: &[OrderContradiction]) -> Option<Finding> {
    let first = contradictions.first()?;
    let newest = contradictions.iter().map(|contradiction| contradiction.month).max()?;
    let listed: Vec<String> = contradictions
        .iter()
        .filter(|contradiction| contradiction.month == newest)
        .map(|contradiction| {
            let more = if contradiction.gap.is_negative() { "less" } else { "more" };
            format!("{} {more} from {}", usd_text(contradiction.gap.abs()), contradiction.pool)
        })
        .collect();
    Some(Finding {
        named: None,
        rule: Rule::OrderContradicted,
        severity: Severity::Info,
        key: key(Rule::OrderContradicted, "pools"),
        since: first.month.first_day(),
        summary: format!(
            "AWS's allocation history shows another order of credits than AWS documents: in {} it took {}.",
            month_text(newest),
            listed.join(" and ")
        ),
        reason: "How sure: it is in the history of closed months. The bill as a whole is not \
                 touched, but which pool lasts how long is. The outlook starts from the \
                 balances that AWS states. Worth knowing because an undocumented split into credits before and after \
                 discounts can change the order. Next: nothing, unless a pool expires soon."
            .to_owned(),
    })
}

/// Record types that AWS has and this program does not know.
pub(super) fn unknown_record_types(types: &[UnknownRecordType]) -> impl Iterator<Item = Finding> {
    types.iter().map(|record_type| Finding {
        named: None,
        rule: Rule::UnknownRecordType,
        severity: Severity::Warning,
        key: key(Rule::UnknownRecordType, &record_type.name),
        since: record_type.since,
        summary: format!(
            "AWS reports {} under {}, which glidepath does not know.",
            usd_text(record_type.cost),
            match record_type.name.trim() {
                "" => "a charge type without a name".to_owned(),
                name => format!("the charge type {name}"),
            }
        ),
        reason: "How sure: it is billed. It is counted by its sign and in every total. A warning because it may be a credit or a fee that \
                 should be treated apart. Next: update glidepath; if the newest version does not know it either, report it to glidepath's \
                 maintainers with this message."
            .to_owned(),
    })
}

#[cfg(test)]
mod tests {
    use super::super::evaluate;
    use super::super::fixture::{day, health, only, pool, position, usd};
    use super::*;
    use crate::credit::unlisted::{CreditsAnswer, UnlistedCredit};
    use crate::facts::outcome::Outcome;
    use crate::position::observations::Observations;
    use crate::values::money::Money;
    use crate::values::printable::hides;
    use crate::values::quantiles::MoneyQuantiles;

    fn run(position: &Position) -> Vec<Finding> {
        evaluate(position, &health(), &Observations::default(), &AlertRules::default()).findings
    }

    #[test]
    fn another_order_of_credits_is_told_once_with_the_newest_month() {
        let gap = |month: &str, pool: &str, gap: &str| OrderContradiction {
            month: month.parse().unwrap(),
            pool: pool.to_owned(),
            gap: usd(gap),
        };
        let observations = Observations {
            order_contradictions: vec![gap("2026-01", "1", "9"), gap("2026-02", "1", "-40"), gap("2026-02", "2", "40")],
            ..Observations::default()
        };
        let evaluation = evaluate(&position(), &health(), &observations, &AlertRules::default());
        let finding = only(&evaluation);
        assert_eq!((finding.key.as_str(), finding.since), ("order_contradicted:pools", day("2026-01-01")));
        assert!(finding.summary.ends_with("in February 2026 it took $40.00 less from 1 and $40.00 more from 2."));
        assert_eq!(order_contradicted(&[]), None);
    }

    #[test]
    fn uncovered_spend_counts_from_the_threshold_and_by_state() {
        let burn = |per_day, state| UncoveredBurn {
            service: "Amazon RDS".into(),
            since: day("2026-02-20"),
            per_day_7d: usd(per_day),
            total_28d: usd("101.5"),
            state,
            limited: Vec::new(),
        };
        let found = |burn| uncovered(&[burn], &AlertRules::default()).next();
        assert!(found(burn("4.99", CoverageState::Uncovered)).is_none());
        assert!(found(burn("50", CoverageState::Unknown)).is_none(), "nobody knows whether it is uncovered");
        assert!(found(burn("50", CoverageState::Covered)).is_none());
        assert!(found(burn("5", CoverageState::Exhausted)).unwrap().reason.contains("Credit that names it is used up"));
        let finding = found(burn("5", CoverageState::Uncovered)).unwrap();
        assert_eq!(finding.key, "uncovered_spend:Amazon RDS");
        assert_eq!(
            finding.summary,
            "No credit pays for Amazon RDS: $5.00 a day in cash over the last 7 days, $102 in all over the last 28, since 20 \
             February 2026."
        );
    }

    #[test]
    fn expiring_credit_is_information_far_off_and_a_warning_near() {
        let at = |expires_on: &str, p50: &str, status| {
            let mut position = position();
            let breakage = MoneyQuantiles { p10: Some(usd("50")), p50: Some(usd(p50)), p90: Some(usd("900")) };
            position.credits.pools = vec![PoolPosition { expires_on: day(expires_on), breakage, status, ..pool() }];
            run(&position).first().map(|finding| (finding.severity, finding.summary.clone()))
        };
        // 14 March plus 90 days is 12 June.
        assert_eq!(at("2026-06-12", "99.99", PoolStatus::Active), None);
        assert_eq!(at("2026-06-12", "500", PoolStatus::Expired), None);
        assert_eq!(at("2026-06-13", "100", PoolStatus::Active).unwrap().0, Severity::Info);
        let (severity, summary) = at("2026-06-12", "100", PoolStatus::Active).unwrap();
        assert_eq!(severity, Severity::Warning);
        assert_eq!(
            summary,
            "About $100 of the credit Activate Portfolio will expire unused on 12 June 2026, in 90 days."
        );
    }

    #[test]
    fn a_paused_credit_is_told_while_it_holds_money() {
        let mut position = position();
        position.credits.pools = vec![PoolPosition { status: PoolStatus::Paused, ..pool() }];
        assert_eq!(run(&position)[0].key, "paused_credit:4711");
        position.credits.pools[0].left = usd("0");
        assert!(run(&position).is_empty());
    }

    #[test]
    fn unknown_coverage_is_one_finding() {
        let mut position = position();
        let coverage = |service: &str, state| Coverage { service: service.into(), state, evidence: String::new() };
        position.coverage = vec![coverage("A", CoverageState::Covered)];
        assert!(run(&position).is_empty());
        position
            .coverage
            .extend(["B", "C", "D", "E", "F", "G", "H"].map(|name| coverage(name, CoverageState::Unknown)));
        let findings = run(&position);
        assert_eq!(findings.len(), 1);
        assert_eq!(findings[0].summary, "It is not known whether credit pays for B, C, D, E, F and 2 more.");
    }

    #[test]
    fn unknown_coverage_without_a_pool_advises_by_what_aws_answered() {
        let next = |answer| {
            let mut position = position();
            position.credits.pools.clear();
            position.credits.unlisted =
                Some(UnlistedCredit { answer, applied_14d: usd("1400"), ..UnlistedCredit::default() });
            let state = CoverageState::Unknown;
            position.coverage = vec![Coverage { service: "A".into(), state, evidence: String::new() }];
            run(&position)[0].next_step().to_owned()
        };
        assert!(next(CreditsAnswer::Refused).starts_with("allow billing:GetCredits"));
        assert!(next(CreditsAnswer::NoneListed).contains("management account"), "GetCredits was allowed");
        assert!(next(CreditsAnswer::NotAnswered).contains("the next cycle asks again"));
    }

    #[test]
    fn unclassified_spend_needs_both_the_amount_and_the_share() {
        let at = |cost: &str, gross: &str| {
            let mut position = position();
            position.data_quality.unclassified_cost = usd(cost);
            position.spend.gross_month_to_date = usd(gross);
            run(&position).first().map(|finding| finding.summary.clone())
        };
        assert_eq!(at("9.99", "20"), None);
        assert_eq!(at("59.99", "1200"), None);
        assert_eq!(at("0", "0"), None);
        assert_eq!(
            at("60", "1200").as_deref(),
            Some("$60.00 of this month's spend (5 %) is of a kind that glidepath does not recognise.")
        );
    }

    #[test]
    fn unclassified_spend_is_named_and_asks_for_what_can_be_done() {
        let usage = |number: i64| UnclassifiedUsage {
            service: "Amazon Bedrock".into(),
            usage_type: (number < 5).then(|| format!("USE1-Wonder{number}-tokens")),
            cost: Money::from_micros(10_000_000 * (6 - number)),
            because: None,
        };
        let mut position = position();
        position.data_quality.unclassified_cost = usd("150");
        position.data_quality.unclassified = (1..=5).map(usage).collect();
        let finding = run(&position).remove(0);
        assert!(
            finding.summary.ends_with(
                "does not recognise: Amazon Bedrock USE1-Wonder1-tokens ($50.00), Amazon Bedrock USE1-Wonder2-tokens \
                 ($40.00), Amazon Bedrock USE1-Wonder3-tokens ($30.00)."
            ),
            "{}",
            finding.summary
        );
        let all = "USE1-Wonder4-tokens ($20.00), Amazon Bedrock without a usage type ($10.00). Next: ";
        assert!(finding.reason.contains(all), "{}", finding.reason);
        assert!(finding.next_step().contains("[aws.model_aliases]"), "{}", finding.reason);
        assert!(!finding.reason.contains("classification rules"), "config has none");
    }

    #[test]
    fn an_unknown_record_type_is_named() {
        let observations = Observations {
            unknown_record_types: vec![UnknownRecordType {
                name: "Rebate".into(),
                since: day("2026-03-02"),
                cost: usd("-7.5"),
            }],
            ..Observations::default()
        };
        let evaluation = evaluate(&position(), &health(), &observations, &AlertRules::default());
        assert_eq!(only(&evaluation).key, "unknown_record_type:Rebate");
        assert!(only(&evaluation).summary.starts_with("AWS reports -$7.50 under the charge type Rebate"));
    }

    /// What the bill, AWS and credits call things, in every sentence that repeats it.
    #[test]
    fn text_from_outside_is_printable_wherever_it_is_repeated() {
        for name in ["Re\nbate", "Re\u{202e}bate", "Re\u{1b}[31mbate", "Re\u{200b}bate", "", " \t"] {
            let mut position = position();
            position.coverage =
                vec![Coverage { service: name.into(), state: CoverageState::Unknown, evidence: name.into() }];
            position.data_quality.unclassified_cost = usd("150");
            position.data_quality.unclassified = vec![UnclassifiedUsage {
                service: name.into(),
                usage_type: Some(name.into()),
                cost: usd("150"),
                because: None,
            }];
            position.credits.pools = vec![PoolPosition { name: name.into(), status: PoolStatus::Paused, ..pool() }];
            let observations = Observations {
                unknown_record_types: vec![UnknownRecordType {
                    name: name.into(),
                    since: day("2026-03-02"),
                    cost: usd("9"),
                }],
                uncovered: vec![UncoveredBurn {
                    service: name.into(),
                    since: day("2026-02-20"),
                    per_day_7d: usd("50"),
                    total_28d: usd("500"),
                    state: CoverageState::Uncovered,
                    limited: Vec::new(),
                }],
                ..Observations::default()
            };
            let said = || Outcome::Denied { message: name.into(), advice: name.into() };
            let health = IngestHealth { costs: said(), credits: said(), ..health() };
            let findings = evaluate(&position, &health, &observations, &AlertRules::default()).findings;
            assert!(findings.len() >= 7, "{findings:?}");
            for Finding { summary, reason, key, .. } in &findings {
                assert!(!hides(summary) && !hides(reason) && !hides(key), "{summary:?} {reason:?} {key:?}");
                assert!(!key.trim_end().ends_with(':'), "{key}");
                assert!(!summary.contains("charge type ,") && !summary.contains("pays for :"), "{summary}");
            }
        }
    }
}
