//! What a partner can work out: random accounts with a credit for each service, looked at on two mornings in a row, and every
//! report of both that a partner is handed.

use std::collections::{BTreeMap, BTreeSet};

use chrono::NaiveDate;
use glidepath::domain::alert::{AlertRules, IngestHealth, evaluate};
use glidepath::domain::credit::pools::ConfiguredPool;
use glidepath::domain::credit::programme::Programme;
use glidepath::domain::facts::evidence::{BalanceEvidence, Evidence, MonthEvidence, RunEvidence};
use glidepath::domain::filing::Filing;
use glidepath::domain::filing::next_award::Wanted;
use glidepath::domain::filing::projection::{FiledProjection, plan, service_of_model};
use glidepath::domain::position::Position;
use glidepath::domain::position::assess::{Assessment, Context};
use glidepath::domain::position::series::{Series, series};
use glidepath::domain::values::money::Money;
use glidepath::domain::values::period::{BillingPeriod, DayRange, plus_days};
use glidepath::report::{self, Audience, Beside, Format, Front, ReportKind};
use rand::{RngExt as _, SeedableRng as _};
use rand_chacha::ChaCha8Rng;
use serde_json::Value;

use crate::support::paper;
use crate::support::values::day;
use crate::support::world::{BEDROCK, CLASSIFIER, PRICES, World};

/// Random accounts.
const LIVES: u64 = 8;
/// What others use, and the words by which it could be told.
const OTHERS: [(&str, &[&str]); 4] = [
    ("Amazon SageMaker", &["SageMaker"]),
    ("Amazon Relational Database Service", &["Relational", "Supporting"]),
    ("Amazon Simple Storage Service", &["Simple Storage", "Supporting"]),
    ("Amazon Neptune", &["Neptune", "Supporting"]),
];
const ACCOUNT: &str = "111122223333";
const FIRST: &str = "2026-01-05";
/// Two mornings in a row; through the day before the day before each, costs are complete.
const MORNINGS: [&str; 2] = ["2026-03-30", "2026-03-31"];

/// An account: what each service costs by day, and what each credit grants.
struct Life {
    costs: BTreeMap<&'static str, Vec<(NaiveDate, Money)>>,
    granted: BTreeMap<&'static str, Money>,
    named: BTreeSet<&'static str>,
    filing: Filing,
}

/// What is known on one morning.
struct Morning {
    position: Position,
    series: Series,
    evidence: Evidence,
}

fn id(service: &str) -> String {
    format!("99{:07}", service.bytes().map(u32::from).sum::<u32>())
}

fn free_text(service: &str) -> String {
    format!("Confidential grant for {service} of {ACCOUNT}")
}

/// What is filed: 1,234.56 dollars a month by the partner, and as much as is said by each of the others.
fn filing(others: &[(usize, String)]) -> Filing {
    let filed = |service: &str, record: &str, usd: &str| {
        format!(
            "[[record]]\nid = \"{record}\"\n[[record.service]]\nservice = \"{service}\"\nmonthly = [{{ from = \"2026-01\", usd = \
             \"{usd}\" }}]\n"
        )
    };
    let others: Vec<String> =
        others.iter().map(|(at, usd)| filed(OTHERS[*at].0, &format!("moonbase{at}"), usd)).collect();
    let text = format!("filed_on = \"2026-01-02\"\n{}{}", filed(BEDROCK, "mine", "1234.56"), others.concat());
    let projection = FiledProjection::parse(&text).unwrap();
    let months = projection.first_month()..projection.first_month().plus_months(20);
    let plan = plan(&projection, &PRICES, months, service_of_model);
    let recorded_at = "2026-01-03T09:00:00Z".parse().unwrap();
    Filing { version: 1, recorded_at, projection, plan: plan.months, unpriced: plan.unpriced }
}

impl Life {
    fn draw(seed: u64) -> Life {
        let mut random = ChaCha8Rng::seed_from_u64(seed);
        let services: Vec<&'static str> = [BEDROCK].into_iter().chain(OTHERS.map(|(name, _)| name)).collect();
        let days = DayRange::new(day(FIRST), day(MORNINGS[1]));
        let mut costs = BTreeMap::new();
        let mut granted = BTreeMap::new();
        for service in &services {
            let (base, swing) = (random.random_range(100.0..4_000.0), random.random_range(0.01..0.5));
            let cost = |random: &mut ChaCha8Rng| {
                let cost = base * (1.0 + swing * random.random_range(-1.0..1.0));
                format!("{cost:.10}").parse().unwrap()
            };
            costs.insert(*service, days.days().map(|day| (day, cost(&mut random))).collect::<Vec<_>>());
            // From one that lasts for years down to one that is all but used up.
            let times: f64 = random.random_range(90.0..900.0);
            granted.insert(*service, format!("{:.2}", base * (1.0 + swing) * times).parse().unwrap());
        }
        let named = services.iter().copied().filter(|_| random.random_bool(0.5)).collect();
        let others: Vec<(usize, String)> =
            (0..OTHERS.len()).filter(|_| random.random_bool(0.6)).map(|at| (at, "1234.56".to_owned())).collect();
        Life { costs, granted, named, filing: filing(&others) }
    }

    /// The same account, of which others filed something else: each a plan that its spend has reached, of which nothing is awaited.
    fn with_others_filing(&self, seed: u64) -> Life {
        let mut random = ChaCha8Rng::seed_from_u64(1_000 + seed);
        let mut others = Vec::new();
        for (at, (service, _)) in OTHERS.iter().enumerate() {
            let least = self.costs[service].iter().map(|(_, cost)| *cost).min().unwrap().to_chart();
            // One at least: who filed all alone is shown what rests on it.
            if at == 0 || random.random_bool(0.6) {
                others.push((at, format!("{:.2}", least * random.random_range(1.0..45.0))));
            }
        }
        let (costs, granted, named) = (self.costs.clone(), self.granted.clone(), self.named.clone());
        Life { costs, granted, named, filing: filing(&others) }
    }

    fn on(&self, morning: &str) -> Morning {
        let through = plus_days(day(morning), -2);
        let mut world = World::on(morning);
        for (service, days) in &self.costs {
            for (day, cost) in days.iter().filter(|(day, _)| *day <= through) {
                world.add_charge(*day, service, "Usage", &cost.to_string());
                world.add_charge(*day, service, "Credit", &(-*cost).to_string());
            }
            world = world.credit(&id(service), &self.granted[service].to_string(), Some(&[service]), |seen| {
                seen.snapshot.description = free_text(service);
                seen.snapshot.expires_on = day("2026-08-01");
            });
            if self.named.contains(service) {
                world.configured.push(ConfiguredPool {
                    id: id(service),
                    name: None,
                    programme: Some(Programme::ActivatePortfolio),
                    granted: None,
                    starts_on: None,
                    expires_on: None,
                    services: None,
                });
            }
        }
        let context = Context {
            classifier: &CLASSIFIER,
            prices: &PRICES,
            pools: &world.configured,
            filing: Some(&self.filing),
            tax_rate: None,
            next_award: Wanted::default(),
        };
        let assessment = Assessment::new(&world.facts, context);
        let outlook = assessment.outlook();
        let mut position = assessment.position(outlook.as_ref());
        let own = BTreeSet::from([ACCOUNT.to_owned()]);
        let observations = assessment.observations(&position.coverage, &own);
        let rules = AlertRules::default();
        position.findings = evaluate(&position, &IngestHealth::of(&world.facts), &observations, &rules).findings;
        position.bills = rules.bills(&position);
        let clock = world.facts.as_of;
        let evidence = Evidence {
            runs: vec![RunEvidence {
                run_id: 1,
                clock,
                account: Some(ACCOUNT.to_owned()),
                window: Some(DayRange::new(day(FIRST), day(morning))),
                rows: 900,
                cost_requests: vec!["request-of-costs".to_owned()],
                credit_requests: vec!["request-of-credits".to_owned()],
            }],
            months: vec![MonthEvidence {
                month: "2026-03".parse().unwrap(),
                rows: 900,
                brought_by: vec![1],
                confirmed_by: Some(1),
            }],
            balances: position
                .credits
                .pools
                .iter()
                .map(|pool| BalanceEvidence {
                    pool: pool.id.clone(),
                    observed_on: through,
                    recorded_at: clock,
                    amount: pool.left,
                })
                .collect(),
            credits: Some(1),
            allocations: vec![1],
            cycle: Some(1),
        };
        Morning { series: series(&assessment, outlook.as_ref()), position, evidence }
    }

    /// Spend of a single service of others through a day: each day's, each month's, and all of it up to each day, which is what
    /// its credit paid; and what that leaves.
    fn secrets(&self, through: NaiveDate) -> BTreeSet<Money> {
        let mut secrets = BTreeSet::new();
        for (service, _) in OTHERS {
            let mut months: BTreeMap<BillingPeriod, Money> = BTreeMap::new();
            let mut all = Money::ZERO;
            for (day, cost) in self.costs[service].iter().filter(|(day, _)| *day <= through) {
                all += *cost;
                *months.entry(BillingPeriod::of(*day)).or_default() += *cost;
                secrets.extend([*cost, all, self.granted[service] - all]);
            }
            secrets.extend(months.into_values());
        }
        secrets.retain(|secret| secret.is_positive());
        secrets
    }
}

impl Morning {
    fn papers(&self, audience: &Audience) -> Vec<report::Document> {
        let build = |kind| {
            let beside = Beside { evidence: Some(&self.evidence), ..Beside::default() };
            report::build_beside(kind, &self.position, &self.series, beside, audience)
        };
        ReportKind::ALL.into_iter().map(build).collect()
    }
}

/// Every amount in a report, from the form that holds every digit.
fn amounts(document: &report::Document) -> BTreeSet<Money> {
    fn collect(value: &Value, found: &mut BTreeSet<Money>) {
        match value {
            Value::String(text) => found.extend(text.parse::<Money>().ok().map(Money::abs)),
            Value::Array(values) => values.iter().for_each(|value| collect(value, found)),
            Value::Object(values) => values.values().for_each(|value| collect(value, found)),
            Value::Null | Value::Bool(_) | Value::Number(_) => {}
        }
    }
    let json = report::render(document, Format::Json).unwrap();
    let mut found = BTreeSet::new();
    collect(&serde_json::from_slice(&json).unwrap(), &mut found);
    found
}

/// The secrets that stand among `amounts`, or between two of them.
fn worked_out(amounts: &BTreeSet<Money>, secrets: &BTreeSet<Money>) -> Vec<Money> {
    let stand = secrets.intersection(amounts).copied();
    let between = amounts.iter().flat_map(|one| amounts.iter().map(move |other| *one - *other));
    stand.chain(between.filter(|difference| secrets.contains(difference))).collect()
}

fn mine() -> Audience {
    Audience::Partner { records: vec!["mine".to_owned()] }
}

/// A partner learns neither the spend of a single service of others, nor its name, nor that of a credit: from no form of any
/// report, and not from two reports of days that follow each other.
#[test]
fn no_report_and_no_two_reports_tell_the_spend_of_a_single_service_of_others() {
    let mut found_by_owner = 0;
    for seed in 0..LIVES {
        let life = Life::draw(seed);
        let mornings = MORNINGS.map(|morning| life.on(morning));
        let secrets = life.secrets(plus_days(day(MORNINGS[1]), -2));
        let of = |audience: &Audience| -> Vec<report::Document> {
            mornings.iter().flat_map(|morning| morning.papers(audience)).collect()
        };
        let partners = of(&mine());
        let told: BTreeSet<Money> = partners.iter().flat_map(amounts).collect();
        let known = worked_out(&told, &secrets);
        assert!(known.is_empty(), "life {seed}: {known:?}");
        // The search finds them where they are.
        let owners: BTreeSet<Money> = of(&Audience::Owner).iter().flat_map(amounts).collect();
        found_by_owner += worked_out(&owners, &secrets).len();

        let said = mornings.iter().flat_map(|morning| {
            ReportKind::ALL.into_iter().flat_map(|kind| report::headline(kind, &morning.position, &mine()))
        });
        let mut texts = vec![("headline".to_owned(), said.collect::<Vec<_>>().join("\n"))];
        let fronts = mornings.iter().map(|morning| format!("{:?}", Front::of(&morning.position, &mine())));
        texts.push(("front".to_owned(), fronts.collect()));
        for document in &partners {
            for format in Format::ALL {
                // A PDF takes long to set, and is set from the same document.
                if format != Format::Pdf || seed == 0 {
                    let text = paper::text_of(&report::render(document, format).unwrap(), format);
                    texts.push((format!("{}.{format}", document.kind), text));
                }
            }
        }
        for (of, text) in &texts {
            let words = OTHERS.iter().flat_map(|(service, words)| words.iter().copied().chain([*service]));
            for word in words.chain(["Confidential", "moonbase", ACCOUNT, "request-of"]) {
                assert!(!text.contains(word), "life {seed}: {word} in {of}: {text}");
            }
            for service in life.costs.keys() {
                assert!(!text.contains(&id(service)), "life {seed}: the id of a credit in {of}");
            }
            for secret in secrets.iter().filter(|secret| secret.amount().trunc() > 999.into()) {
                assert!(!text.contains(&secret.dollars()), "life {seed}: {} in {of}", secret.dollars());
            }
        }
        // It is told what it may know.
        let pack = &texts.iter().find(|(of, _)| of == "funding-pack.md").unwrap().1;
        assert!(!pack.contains("each balance that AWS states"), "none is shown that could agree: {pack}");
        assert!(pack.contains("All credit together") && pack.contains("mine"), "{pack}");
        let named = life.named.iter().next();
        assert!(named.is_none() || pack.contains("Activate Portfolio, credit "), "{pack}");
    }
    assert!(found_by_owner > 500, "the search finds only {found_by_owner} where they are");
}

/// Two accounts that differ in nothing but what others filed give a partner the same bytes: every kind, every form, and the words that
/// go with a report. Who filed all of it alone is shown what rests on it.
#[test]
fn what_others_filed_changes_no_byte_of_what_a_partner_is_shown() {
    let (mut plans, mut dates) = (0, 0);
    for seed in 0..LIVES {
        let one = Life::draw(seed).with_others_filing(seed);
        let other = one.with_others_filing(LIVES + seed);
        for morning in MORNINGS {
            let (one, other) = (one.on(morning), other.on(morning));
            let (a, b) = (&one.position.exhaustion, &other.position.exhaustion);
            assert_eq!(a.total, b.total, "life {seed}: the outlook waits for nothing that is filed");
            dates += usize::from(a.as_filed != b.as_filed);
            plans += usize::from(one.position.variance != other.position.variance);
            for kind in ReportKind::ALL {
                let said = |of: &Morning| report::headline(kind, &of.position, &mine());
                assert_eq!(said(&one), said(&other), "life {seed}: the words beside {kind}");
            }
            let front = |of: &Morning| Front::of(&of.position, &mine());
            assert_eq!(front(&one), front(&other), "life {seed}: the words of the first page");
            for (one, other) in one.papers(&mine()).iter().zip(&other.papers(&mine())) {
                for format in Format::ALL {
                    if format == Format::Pdf && (seed > 0 || morning != MORNINGS[0]) {
                        continue;
                    }
                    let (one, other) = (report::render(one, format).unwrap(), report::render(other, format).unwrap());
                    let first = one.iter().zip(&other).position(|(a, b)| a != b).unwrap_or(one.len());
                    let at = first.saturating_sub(200)..(first + 200).min(one.len());
                    assert!(one == other, "life {seed}, {format}: {}", String::from_utf8_lossy(&one[at]));
                }
            }
        }
    }
    assert!(plans > usize::try_from(LIVES).unwrap() / 2, "the plans of others differ in {plans} cases only");
    assert!(dates > 0, "nowhere do the plans of others move the date");
    let alone = Life { filing: filing(&[]), ..Life::draw(0) }.on(MORNINGS[0]);
    let pack = report::render(&alone.papers(&mine())[0], Format::Markdown).unwrap();
    let (scoped, _) = mine().scope(&alone.position, &alone.series);
    assert_eq!(scoped.exhaustion.as_filed, alone.position.exhaustion.as_filed);
    assert!(scoped.exhaustion.filed && String::from_utf8_lossy(&pack).contains(&scoped.filing.unwrap().content_hash));
}

/// What a partner's curve of credit shows.
#[test]
fn the_curve_of_credit_has_ends_of_months_and_today_alone() {
    let life = Life::draw(1);
    let morning = life.on(MORNINGS[1]);
    let (_, scoped) = mine().scope(&morning.position, &morning.series);
    let [curve] = scoped.pools.as_slice() else { panic!("one curve: {:?}", scoped.pools) };
    let days: Vec<String> = curve.balance.iter().map(|point| point.day.to_string()).collect();
    assert_eq!(days, ["2026-01-31", "2026-02-28", "2026-03-29"]);
    let sum: Money = morning.position.credits.pools.iter().map(|pool| pool.remaining).sum();
    assert_eq!(curve.balance[2].amount, sum);
    assert_eq!(curve.granted, morning.position.credits.granted);
    assert!(scoped.actual.is_empty() && scoped.by_model.is_empty());
}

/// An award keeps its number when another one comes after it.
#[test]
fn a_later_award_changes_no_earlier_ones_number() {
    let life = Life::draw(2);
    let mut position = life.on(MORNINGS[0]).position;
    let names = |position: &Position| -> BTreeMap<NaiveDate, String> {
        let (scoped, _) = mine().scope(position, &Series::default());
        scoped.credits.pools.iter().map(|pool| (pool.starts_on, pool.name.clone())).collect()
    };
    for (at, pool) in position.credits.pools.iter_mut().enumerate() {
        pool.starts_on = plus_days(day("2025-01-01"), 10 * i64::try_from(at).unwrap());
    }
    let before = names(&position);
    let mut later = position.credits.pools[0].clone();
    (later.starts_on, later.id) = (day("2026-03-01"), "1".to_owned());
    position.credits.pools.insert(0, later);
    let after = names(&position);
    assert!(before.iter().all(|(day, name)| after[day] == *name), "{before:?} {after:?}");
    assert!(after[&day("2026-03-01")].to_lowercase().ends_with("credit 6"), "{after:?}");
}
