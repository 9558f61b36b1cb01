//! Every message, read aloud.

use crate::facts::deliveries::DeadChannel;
use crate::facts::outcome::Outcome;
use crate::position::observations::{
    DrainedCredit, GoneCredit, ModelSpend, Observations, OrderContradiction, UncoveredBurn, UnknownRecordType,
    VanishedDays,
};
use crate::wording::compose;
use std::collections::BTreeSet;

use rust_decimal::Decimal;

use super::super::fixture::{balance_gap, clock, day, health, month_gap, pool, usd};
use super::*;
use crate::credit::coverage::Coverage;
use crate::credit::reconcile::Reconciliation;
use crate::facts::account_plan::{AccountPlan, AccountPlanKind, AccountPlanStatus};
use crate::facts::healing::{HealedFrom, Healing};
use crate::facts::plan::PlanKind;
use crate::filing::filing_ref::FilingRef;
use crate::filing::review::{Claim, Compared, Question, Verdict as Judged};
use crate::plan::{FILED_SURE, PlanSource, PlanState, Planned};
use crate::position::UnclassifiedUsage;
use crate::position::finding::{Finding, Rule};
use crate::values::period::DayRange;

/// One finding of every rule that a position can show.
/// What a cycle advises after such answers.
const DENIED: &str =
    "Attach config/iam/minimum.json to the role or user of these credentials (it allows ce:GetCostAndUsage)";
const TIMED_OUT: &str =
    "Check the network, DNS and proxy settings between this machine and AWS. The next cycle asks again.";
const DEFECT: &str = "This is a defect of glidepath: please report this message. The next cycle asks again";

fn every_finding() -> Vec<Finding> {
    let mut position = running_out("2026-04-10", "2026-04-20", "-");
    position.trajectory =
        vec![bill("2026-03", "3000", "29"), bill("2026-04", "3100", "1240"), bill("2026-05", "3100", "3100")];
    let breakage = MoneyQuantiles { p10: Some(usd("1200")), p50: Some(usd("4321")), p90: Some(usd("7000")) };
    position.credits.pools = vec![
        PoolPosition { exhausts_on: dates("2026-04-01", "2026-04-05", "-"), breakage, ..pool() },
        PoolPosition { id: "4712".into(), name: "Bedrock POC".into(), status: PoolStatus::Paused, ..pool() },
        PoolPosition { id: "4713".into(), name: "AI record".into(), ..pool() },
    ];
    position.coverage = vec![Coverage {
        service: "Amazon QuickSight".into(),
        state: CoverageState::Unknown,
        evidence: "AWS gives no list of services for Activate; no Credit row seen".into(),
    }];
    position.reconciliation = Reconciliation {
        months: vec![month_gap("2026-01", "12000", "-1100"), month_gap("2026-02", "12500", "900")],
        balances: vec![balance_gap("8200", "800", false)],
        awaited: None,
    };
    position.data_quality.unclassified_cost = usd("120");
    position.data_quality.unclassified = vec![UnclassifiedUsage {
        service: "Amazon Bedrock".into(),
        usage_type: Some("USE1-Wonder-input-tokens".into()),
        cost: usd("120"),
        because: None,
    }];
    position.data_quality.usd_spent_asking_month = usd("4.20");
    position.data_quality.paid_requests_today = 96;
    let claim = |question, statement: &str| Claim {
        question,
        record: Some("ai".into()),
        subject: "ai".into(),
        about: "ai".into(),
        verdict: Judged::Below,
        statement: statement.into(),
        compared: None,
        figures: vec![],
    };
    let projection = |spent: &str, percent: i64| Claim {
        compared: Some(Compared {
            percent: percent.into(),
            words: format!(
                "Record ai: of $4,000 projected from January to February 2026, {spent} was spent, {percent} %"
            ),
        }),
        ..claim(Question::Projection, "")
    };
    position.review.claims = vec![
        claim(Question::Pace, "Credit AI record: of $9,000.00 left, $4,000.00 will be used by 1 September 2026."),
        projection("$1,000", 25),
        claim(Question::Commitment, "Record ai: of $2,000.00 committed to Trainium, $300.00 was spent."),
    ];
    let observations = Observations {
        uncovered: vec![UncoveredBurn {
            service: "AWS Marketplace".into(),
            since: day("2026-02-20"),
            per_day_7d: usd("14.5"),
            total_28d: usd("301.5"),
            state: CoverageState::Uncovered,
            limited: Vec::new(),
        }],
        unknown_record_types: vec![UnknownRecordType {
            name: "Rebate".into(),
            since: day("2026-03-02"),
            cost: usd("-7.5"),
        }],
        order_contradictions: vec![OrderContradiction {
            month: "2026-02".parse().unwrap(),
            pool: "4711".into(),
            gap: usd("40"),
        }],
        dead_channels: vec![DeadChannel {
            channel: "ops".into(),
            since: day("2026-03-11"),
            lost: 2,
            waiting: 0,
            last_error: "HTTP 404: no_service".into(),
        }],
        changes: vec![change("Claude Sonnet 5", "900", "264.7", "300", "2026-03-09")],
        rising: vec![rise("Claude Haiku 4.5", "96", "6.4", "9", false)],
        gone: vec![GoneCredit {
            pool: "4714".into(),
            name: "Activate Founders".into(),
            last_seen: day("2026-03-10"),
            held: usd("812.40"),
        }],
        vanished: vec![VanishedDays {
            days: DayRange::new(day("2026-03-02"), day("2026-03-09")),
            cost: usd("2100"),
            noticed_on: day("2026-03-10"),
        }],
        drained: vec![DrainedCredit {
            pool: "4711".into(),
            name: "Activate Portfolio".into(),
            since: "2026-02".parse().unwrap(),
            accounts: BTreeSet::from(["111122223333".to_owned()]),
            amount: usd("640"),
        }],
        ..burning(28, |_| "170")
    };
    let costs = Outcome::Denied { message: "not authorized: ce:GetCostAndUsage".into(), advice: DENIED.into() };
    let credits = Outcome::Failed { message: "timed out".into(), advice: TIMED_OUT.into(), retryable: true };
    let health = IngestHealth { costs, credits, ..health() };
    let rules = AlertRules { used_percent: vec![50, 75], ..AlertRules::default() };
    let mut findings = evaluate(&position, &health, &observations, &rules).findings;
    let refused =
        Outcome::Refused { message: "2026-03-12 is 1 USD off".into(), advice: DEFECT.into(), retryable: false };
    let stale = IngestHealth { costs: refused, last_success: Some(clock() - chrono::TimeDelta::hours(60)), ..health };
    findings.extend(evaluate(&position, &stale, &Observations::default(), &rules).findings);
    let mut over = position.clone();
    let award_meant = Meant { programme: Programme::Accelerator, passed_over: Some(Programme::AiRecord) };
    let mut ahead = Position { award_meant, ..running_out("2026-08-10", "2026-08-20", "-") };
    let launch = |what: &str, on, sure| Planned {
        what: what.into(),
        on: day(on),
        sure,
        state: PlanState::Ahead,
        in_outlook: true,
        ..filed_and_not_come()
    };
    ahead.planned = vec![
        launch("launch at $670.00 a day", "2026-05-01", Decimal::new(8, 1)),
        launch("fee of $900.00", "2026-06-01", Decimal::ONE),
        launch("end of Amazon QuickSight", "2026-11-01", Decimal::ONE),
    ];
    let total = |mut found: Vec<Finding>| found.swap_remove(0);
    let planned =
        Finding { key: "exhaustion:planned".into(), ..total(evaluated(&ahead, &Observations::default()).findings) };
    findings.push(planned);
    over.review.claims = vec![projection("$9,000", 225)];
    over.planned = vec![filed_and_not_come()];
    findings.extend(evaluated(&over, &Observations::default()).findings);
    let mut smaller = position.clone();
    smaller.filing = Some(FilingRef {
        version: 1,
        content_hash: "9f2c".into(),
        filed_on: day("2026-02-01"),
        recorded_at: clock(),
        customer: None,
        asked_for: None,
        records: vec!["ai".into()],
        unpriced: Vec::new(),
        customer_url: None,
        asked_usd: Some(usd("25000")),
        granted_usd: Some(usd("20000")),
        deal_size_usd: None,
        post_credit_growth_per_month: None,
        applications: Vec::new(),
    });
    let found = evaluated(&smaller, &Observations::default()).findings;
    findings.extend(found.into_iter().filter(|finding| finding.rule == Rule::AwardSmaller));
    let mut founders = position.clone();
    founders.credits.pools.iter_mut().for_each(|pool| pool.programme = Some(Programme::Founders));
    let fits = vec![Programme::BedrockPoc, Programme::AiRecord];
    let model_spend = ModelSpend { last_28_days: usd("2800"), fits };
    let spending = Observations { model_spend, ..Observations::default() };
    let found = evaluated(&founders, &spending).findings;
    findings.extend(found.into_iter().filter(|finding| finding.rule == Rule::AwardUnclaimed));
    let mut free = position.clone();
    free.account_plan = Some(AccountPlan {
        plan: AccountPlanKind::Free,
        status: AccountPlanStatus::Active,
        credit_left: Some(usd("120")),
        ends_on: Some(day("2026-08-01")),
        seen_on: clock().date_naive(),
    });
    let ends = |finding: &Finding| finding.rule == Rule::FreePlanEnds;
    findings.extend(evaluated(&free, &Observations::default()).findings.into_iter().filter(ends));
    let failed = FailedCycle {
        since: clock(),
        last: clock(),
        problem: "computing the position: Multiplication overflowed".into(),
        remedy: None,
        finished_at: Some(clock() - chrono::TimeDelta::hours(24)),
    };
    findings.push(cycle_failed_finding(&failed, &rules));
    let healing = Healing {
        healed_at: clock(),
        damage: "its log is damaged: its head cannot be read".into(),
        kept_as: Some("/data/glidepath.duckdb.damaged-20260314T060000Z".into()),
        source: HealedFrom::Backup,
        copied: Some("/data/backups/0123456789abcdef-glidepath-20260314T030000Z.duckdb".into()),
        knows_to: Some(clock() - chrono::TimeDelta::hours(3)),
        links_ended: 0,
    };
    findings.extend(store_healed_finding(&healing, clock()));
    let problem = "the disk of the store /data/glidepath.duckdb takes no writes: No space left on device (os error 28)";
    findings.push(disk_full_finding("0123456789abcdef", problem, true, clock()));
    let refused = "the store /data/glidepath.duckdb was not touched, although every charge belongs to a pull, but some of run 999 \
                   belong to none: the newest backup that can be read, \
                   /data/backups/0123456789abcdef-glidepath-20260314T030000Z.duckdb, is wrong in the same way. This is a defect of \
                   glidepath: please report this message";
    findings.push(store_damaged_finding("0123456789abcdef", refused, clock()));
    let mut seen = BTreeSet::new();
    findings.retain(|finding| seen.insert(finding.key.clone()));
    findings.sort_by(|a, b| (a.rule, &a.key).cmp(&(b.rule, &b.key)));
    findings
}

fn filed_and_not_come() -> Planned {
    Planned {
        id: "filing:1:ai:1".into(),
        source: PlanSource::Filing,
        kind: PlanKind::Launch,
        what: "Claude Sonnet 5 at $7,302.00 a month, filed for ai from 2026-01".into(),
        on: day("2026-01-01"),
        until: None,
        amount: Some(usd("235.55")),
        sure: FILED_SURE,
        note: None,
        state: PlanState::NotCome,
        in_outlook: false,
        record: Some("ai".into()),
    }
}

#[test]
fn every_message_read_aloud() {
    let findings = every_finding();
    let spoken: BTreeSet<Rule> = findings.iter().map(|finding| finding.rule).collect();
    assert_eq!(spoken, Rule::ALL.into_iter().collect(), "every rule has its say");
    let rules = AlertRules { messages_a_week: 1_000, ..AlertRules::default() };
    let evaluation = Evaluation { findings, costs_pulled: true, ..Evaluation::default() };
    let context = MessageContext { now: clock(), repeat: rules.repeat, trajectory: None, dashboard_url: None };
    let mut decisions = decide(&evaluation, &History::default(), clock(), &rules);
    decisions.sort_by(|a, b| (a.rule, &a.key).cmp(&(b.rule, &b.key)));
    let mut aloud = String::new();
    for event in decisions.iter().filter_map(|decision| compose(decision, &context)) {
        // A phone's notification and one screen below it.
        assert!(event.text.chars().count() <= 900, "{}: {} characters", event.key, event.text.chars().count());
        assert!(event.title.chars().count() <= 80, "{}", event.title);
        assert!(event.text.contains("How sure: "), "{}: {}", event.key, event.text);
        assert!(!event.next.is_empty(), "{} says what to do next", event.key);
        aloud += &format!("## {}\n[{}]\n\n{}\n\n", event.title, event.key, event.text);
    }
    insta::assert_snapshot!(aloud);
}
