//! [`evaluate`]: what deserves attention in a position and in the way it came about.

use crate::alert::key::key;
use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

use super::input::{Evaluation, IngestHealth};
use super::settings::AlertRules;
use super::store_rules::store_healed_finding;
use super::{
    burn_rule, cash_rule, credibility_rules, credit_rules, drift_rule, exhaustion, filed_rule, free_plan_rule,
    moved_rules, smaller_rule, spike_rule, unclaimed_rule, used_rule, vanished_rule,
};
use crate::credit::coverage::CoverageState;
use crate::facts::deliveries::DeadChannel;
use crate::facts::outcome::Outcome;
use crate::position::Position;
use crate::position::finding::{Finding, Rule, Severity};
use crate::position::observations::Observations;
use crate::values::printable::printable;
use crate::values::words::{day_text, days_text, ended_text, usd_text};

/// Data older than this many times the limit is critical: whole days of spend may have gone by unseen.
const BLIND_FACTOR: i32 = 3;

/// Looks at everything once. Rules on spend are silent while data is stale, which speaks instead, and while the days that they
/// look back on are still to be fetched, which the page says.
pub fn evaluate(
    position: &Position,
    health: &IngestHealth,
    observations: &Observations,
    rules: &AlertRules,
) -> Evaluation {
    let observations = &observations.told_by_newest_names();
    let mut findings = Vec::new();
    findings.extend(stale_data(health, rules));
    for source in [Source::Costs, Source::Credits] {
        findings.extend(ingest(source, health));
    }
    findings.extend(asking(position, health, rules));
    findings.extend(vanished_rule::vanished(&observations.vanished));
    findings.extend(observations.dead_channels.iter().map(dead_channel_finding));
    findings.extend(observations.healings.iter().filter_map(|healing| store_healed_finding(healing, position.as_of)));

    let stale = health.is_stale(rules) || health.is_too_short;
    let (mut part_of, mut filed_ahead) = (BTreeMap::new(), BTreeSet::new());
    if !stale {
        findings.extend(exhaustion::total(position, health, observations, rules));
        findings.extend(exhaustion::pools(position, health, observations, rules));
        findings.extend(cash_rule::first_cash(position, health, observations, rules));
        findings.extend(burn_rule::burn(position, health, observations, rules));
        // Nothing is ever billed to an account on the free plan.
        if position.free_plan().is_none() {
            findings.extend(credit_rules::uncovered(&observations.uncovered, rules));
        }
        findings.extend(free_plan_rule::ends(position, health, observations, rules));
        findings.extend(credit_rules::expiring(position, health, rules));
        findings.extend(credit_rules::paused(position, health));
        findings.extend(used_rule::used(position, health, observations, rules));
        findings.extend(unclaimed_rule::unclaimed(position, health, observations, rules));
        findings.extend(moved_rules::gone(&observations.gone));
        findings.extend(moved_rules::drained(&observations.drained, rules));
        findings.extend(credit_rules::coverage_unknown(position, health));
        findings.extend(drift_rule::balance_drift(position, rules));
        findings.extend(credit_rules::unclassified(position, health, rules));
        findings.extend(credit_rules::order_contradicted(&observations.order_contradictions));
        findings.extend(credit_rules::unknown_record_types(&observations.unknown_record_types));
        findings.extend(credibility_rules::claims(position, health, rules));
        findings.extend(filed_rule::not_come(position, health));
        findings.extend(smaller_rule::smaller(position, health));
        filed_ahead = filed_rule::contradicted(&findings, position, observations, rules);
        part_of = said_by_exhaustion(&findings, position, observations, rules);
        let (spikes, with_larger) = spike_rule::spikes(observations, health, rules);
        findings.extend(spikes);
        part_of.extend(with_larger);
        findings.iter_mut().for_each(|finding| finding.key = observations.kept_key(std::mem::take(&mut finding.key)));
        part_of = part_of
            .into_iter()
            .map(|(key, larger)| (observations.kept_key(key), observations.kept_key(larger)))
            .collect();
    }
    // What AWS and the bill call things is not ours to print as it is.
    for finding in &mut findings {
        finding.summary = printable(&finding.summary);
        finding.reason = printable(&finding.reason);
    }
    findings.sort_by(|a, b| (Reverse(a.severity), a.rule, &a.key).cmp(&(Reverse(b.severity), b.rule, &b.key)));
    let (costs_pulled, unchecked) = (health.costs == Outcome::Ok, unchecked(health));
    Evaluation { findings, stale, costs_pulled, unchecked, part_of, filed_ahead }
}

/// What the message on exhaustion says already: the pools one by one, the pace, the bill after it, and the cash for
/// services that credit used to pay.
fn said_by_exhaustion(
    findings: &[Finding],
    position: &Position,
    observations: &Observations,
    rules: &AlertRules,
) -> BTreeMap<String, String> {
    let exhausted = |key: &str| {
        let mut burns = observations.uncovered.iter();
        burns.any(|burn| burn.state == CoverageState::Exhausted && key.ends_with(&format!(":{}", burn.service)))
    };
    let free = position.free_plan().is_some();
    let is_part = |finding: &&Finding| match finding.rule {
        Rule::Exhaustion => free || finding.key != exhaustion::TOTAL,
        Rule::BurnRate => true,
        Rule::PausedCredit => position.switched_off().is_some(),
        Rule::FirstCash => cash_rule::follows_exhaustion(position, rules),
        Rule::UncoveredSpend => exhausted(&finding.key),
        _ => false,
    };
    let whole = if free { free_plan_rule::KEY } else { exhaustion::TOTAL };
    findings.iter().filter(is_part).map(|finding| (finding.key.clone(), whole.to_owned())).collect()
}

/// The two things glidepath asks AWS for.
#[derive(Clone, Copy)]
enum Source {
    Costs,
    Credits,
}

impl Source {
    const fn name(self) -> &'static str {
        match self {
            Source::Costs => "costs",
            Source::Credits => "credits",
        }
    }

    fn outcome(self, health: &IngestHealth) -> &Outcome {
        match self {
            Source::Costs => &health.costs,
            Source::Credits => &health.credits,
        }
    }

    fn key(self, rule: Rule) -> String {
        format!("{}:{}", rule.as_str(), self.name())
    }
}

/// A refusal is not disproved by a time-out, nor a time-out by a refusal: only a clean answer clears any of them.
fn unchecked(health: &IngestHealth) -> BTreeSet<String> {
    [Source::Costs, Source::Credits]
        .into_iter()
        .filter(|source| *source.outcome(health) != Outcome::Ok)
        .flat_map(|source| [Rule::IngestDenied, Rule::IngestFailed, Rule::IngestRefused].map(|rule| source.key(rule)))
        .collect()
}

fn ingest(source: Source, health: &IngestHealth) -> Option<Finding> {
    let (rule, message, advice) = match source.outcome(health) {
        Outcome::Ok | Outcome::NotTried => return None,
        Outcome::Denied { message, advice } => (Rule::IngestDenied, message, advice),
        Outcome::Failed { message, advice, .. } => (Rule::IngestFailed, message, advice),
        Outcome::Refused { message, advice, .. } => (Rule::IngestRefused, message, advice),
    };
    let (severity, effect) = match (source, rule) {
        (Source::Costs, Rule::IngestDenied) => {
            (Severity::Critical, "Critical, because no new spend can be seen until somebody changes a permission.")
        }
        (_, Rule::IngestRefused) => (
            Severity::Critical,
            "Critical, because nothing new is taken in until this is put right. Nothing of it was stored: figures stay as they were.",
        ),
        (Source::Costs, _) => (
            Severity::Warning,
            "Figures stay as they were. The next cycle tries again by itself; stale data is reported if that keeps failing.",
        ),
        (Source::Credits, Rule::IngestDenied) => (
            Severity::Warning,
            "This does not mean that the balance is zero: balances shown are the last ones known, drawn down by our own arithmetic.",
        ),
        (Source::Credits, _) => (
            Severity::Info,
            "This does not mean that the balance is zero: balances shown are the last ones known. The next cycle tries again by itself.",
        ),
    };
    let (verb, sure) = match rule {
        Rule::IngestDenied => ("AWS refuses to show", "AWS said so itself."),
        Rule::IngestRefused => ("Glidepath rejected the new", "the check is exact."),
        _ => (
            "Asking AWS failed for",
            "it is told as it came; time-outs, throttling and faults inside AWS are tried again before they count.",
        ),
    };
    Some(Finding {
        named: None,
        rule,
        severity,
        key: source.key(rule),
        since: health.today(),
        summary: format!("{verb} {}: {}", source.name(), ended_text(message)),
        reason: format!("How sure: {sure} {effect} Next: {}", ended_text(advice)),
    })
}

/// Asking costs a cent a page: what runs away here is a loop or a cron line.
fn asking(position: &Position, health: &IngestHealth, rules: &AlertRules) -> Option<Finding> {
    let spent = position.data_quality.usd_spent_asking_month;
    if !spent.is_positive() || spent < rules.asking_usd_month {
        return None;
    }
    Some(Finding {
        named: None,
        rule: Rule::IngestBudget,
        severity: Severity::Warning,
        key: key(Rule::IngestBudget, "month"),
        since: health.today(),
        summary: format!(
            "Asking AWS for costs has itself cost {} this month; {} requests of it today.",
            usd_text(spent),
            position.data_quality.paid_requests_today
        ),
        reason: format!(
            "How sure: every request is counted before it leaves. A warning from {} a month; three requests a day make \
             about 1. Next: look at the cron line in [schedule], and at who runs `glidepath cycle` besides.",
            usd_text(rules.asking_usd_month)
        ),
    })
}

fn stale_data(health: &IngestHealth, rules: &AlertRules) -> Option<Finding> {
    if !health.is_stale(rules) {
        return None;
    }
    let next = "Next: look at the daemon's log and run `glidepath check --online`; it names what is missing.";
    let (severity, since, summary) = match (health.last_success, health.age()) {
        (Some(at), Some(age)) => {
            let blind = age > rules.stale_after() * BLIND_FACTOR;
            let severity = if blind { Severity::Critical } else { Severity::Warning };
            let through =
                health.data_through.map_or_else(String::new, |day| format!(" Figures end on {}.", day_text(day)));
            let since = at.date_naive();
            (severity, since, format!("No costs have come from AWS for {}.{through}", age_text(age.num_hours())))
        }
        _ => (Severity::Warning, health.today(), "No costs have come from AWS yet.".to_owned()),
    };
    Some(Finding {
        named: None,
        rule: Rule::StaleData,
        severity,
        key: key(Rule::StaleData, "costs"),
        since,
        summary,
        reason: format!(
            "How sure: every attempt is recorded. The limit is {} hours. Alerts on spend and credit are \
             silent meanwhile: credit may run out unseen. {next}",
            rules.stale_after_hours
        ),
    })
}

/// What to say of a channel that messages do not reach.
pub fn dead_channel_finding(dead: &DeadChannel) -> Finding {
    let messages = |count: u32| if count == 1 { "1 message".to_owned() } else { format!("{count} messages") };
    let were = if dead.lost == 1 { "was" } else { "were" };
    let what = match (dead.lost, dead.waiting) {
        (0, waiting) => format!("{} could not be delivered", messages(waiting)),
        (lost, 0) => format!("{} {were} given up", messages(lost)),
        (lost, waiting) => format!("{} {were} given up, and {waiting} more could not be delivered,", messages(lost)),
    };
    Finding {
        named: None,
        rule: Rule::DeadChannel,
        severity: Severity::Critical,
        key: key(Rule::DeadChannel, &dead.channel),
        since: dead.since,
        summary: format!("Alerts do not reach the channel {}: {what} since {}.", dead.channel, day_text(dead.since)),
        reason: format!(
            "How sure: its answers say so. Critical, because silence on a dead channel looks like good news. The last answer: \
             {} Next: correct its address or secret in the config, then run `glidepath alerts test --channel {}`.",
            ended_text(&dead.last_error),
            dead.channel
        ),
    }
}

fn age_text(hours: i64) -> String {
    if hours < 72 { format!("{hours} hours") } else { days_text(hours / 24) }
}

#[cfg(test)]
mod tests {
    use super::super::fixture::{day, health, hours_before, month_gap, only, position};
    use super::*;

    fn denied() -> Outcome {
        Outcome::Denied { message: "not authorized: ce:GetCostAndUsage".into(), advice: "grant it".into() }
    }

    fn failed() -> Outcome {
        Outcome::Failed { message: "timed out".into(), advice: "wait".into(), retryable: true }
    }

    fn run(health: &IngestHealth, observations: &Observations) -> Evaluation {
        evaluate(&position(), health, observations, &AlertRules::default())
    }

    #[test]
    fn a_healthy_position_finds_nothing() {
        let evaluation = run(&health(), &Observations::default());
        assert_eq!(evaluation, Evaluation { costs_pulled: true, ..Evaluation::default() });
    }

    #[test]
    fn a_refusal_is_told_and_is_no_zero_balance() {
        let evaluation =
            run(&IngestHealth { costs: denied(), credits: denied(), ..health() }, &Observations::default());
        let told: Vec<_> = evaluation.findings.iter().map(|f| (f.key.as_str(), f.severity)).collect();
        assert_eq!(told, [("ingest_denied:costs", Severity::Critical), ("ingest_denied:credits", Severity::Warning)]);
        let credits = &evaluation.findings[1];
        assert_eq!(credits.summary, "AWS refuses to show credits: not authorized: ce:GetCostAndUsage.");
        assert!(credits.reason.contains("does not mean that the balance is zero"), "{}", credits.reason);
        assert!(credits.reason.ends_with("Next: grant it."), "{}", credits.reason);
        assert!(!evaluation.costs_pulled);
        assert_eq!(evaluation.unchecked.len(), 6);
    }

    #[test]
    fn a_failure_is_milder_and_not_trying_is_no_finding() {
        let evaluation =
            run(&IngestHealth { costs: failed(), credits: failed(), ..health() }, &Observations::default());
        let told: Vec<_> = evaluation.findings.iter().map(|f| (f.key.as_str(), f.severity)).collect();
        assert_eq!(told, [("ingest_failed:costs", Severity::Warning), ("ingest_failed:credits", Severity::Info)]);

        let evaluation = run(
            &IngestHealth { costs: Outcome::NotTried, credits: Outcome::NotTried, ..health() },
            &Observations::default(),
        );
        assert!(evaluation.findings.is_empty());
        assert!(evaluation.unchecked.contains("ingest_failed:costs"), "not asking clears nothing");
    }

    #[test]
    fn a_check_of_our_own_says_what_failed_and_what_to_do() {
        let refused = Outcome::Refused {
            message: "2026-03-12 is 1 USD off".into(),
            advice: "report it".into(),
            retryable: false,
        };
        let evaluation = run(&IngestHealth { costs: refused, ..health() }, &Observations::default());
        let found = only(&evaluation);
        assert_eq!((found.key.as_str(), found.severity), ("ingest_refused:costs", Severity::Critical));
        assert_eq!(found.summary, "Glidepath rejected the new costs: 2026-03-12 is 1 USD off.");
        assert!(found.reason.contains("figures stay as they were. Next: report it."), "{}", found.reason);
        assert!(evaluation.unchecked.contains("ingest_denied:costs"), "nor does it clear anything");
    }

    #[test]
    fn data_is_stale_after_36_hours_and_critical_after_108() {
        let at = |hours| {
            let health = IngestHealth { last_success: hours_before(hours), ..health() };
            run(&health, &Observations::default()).findings.first().map(|finding| finding.severity)
        };
        assert_eq!(at(36), None);
        assert_eq!(at(37), Some(Severity::Warning));
        assert_eq!(at(108), Some(Severity::Warning));
        assert_eq!(at(109), Some(Severity::Critical));

        let never = run(&IngestHealth { last_success: None, ..health() }, &Observations::default());
        assert_eq!(only(&never).summary, "No costs have come from AWS yet.");
        let old = run(&IngestHealth { last_success: hours_before(96), ..health() }, &Observations::default());
        assert_eq!(only(&old).summary, "No costs have come from AWS for 4 days. Figures end on 12 March 2026.");
        assert_eq!(only(&old).since, day("2026-03-10"));
    }

    #[test]
    fn stale_data_silences_spend() {
        let mut position = position();
        position.reconciliation.months = vec![month_gap("2026-02", "1000", "900")];
        let stale = IngestHealth { last_success: hours_before(40), ..health() };
        let evaluation = evaluate(&position, &stale, &Observations::default(), &AlertRules::default());
        assert_eq!(only(&evaluation).rule, Rule::StaleData);
        assert!(evaluation.stale);
    }

    #[test]
    fn a_dead_channel_is_critical_even_while_data_is_stale() {
        let dead = DeadChannel {
            channel: "ops".into(),
            since: day("2026-03-11"),
            lost: 2,
            waiting: 0,
            last_error: "HTTP 404: no_service".into(),
        };
        let observations = Observations { dead_channels: vec![dead], ..Observations::default() };
        let evaluation = run(&IngestHealth { last_success: None, ..health() }, &observations);
        assert_eq!(evaluation.findings[0].key, "dead_channel:ops");
        assert_eq!(
            evaluation.findings[0].summary,
            "Alerts do not reach the channel ops: 2 messages were given up since 11 March 2026."
        );
        assert_eq!(evaluation.findings[1].rule, Rule::StaleData);
    }
}
