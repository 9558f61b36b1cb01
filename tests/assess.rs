//! From facts to a position, on facts made by hand: a fictional account in March 2026, looked at on the morning of the
//! 31st, so that the 29th is the last complete day and the 30th is partial.

use std::sync::LazyLock;

use chrono::NaiveDate;
use glidepath::domain::assess::{Assessment, Context};
use glidepath::domain::classify::Classifier;
use glidepath::domain::credit::CoverageState;
use glidepath::domain::facts::{
    Allocation, ChargeKind, ChargeRow, CreditSnapshot, Facts, RecordedBalance, SeenCredit, UsageKind, UsageRow,
};
use glidepath::domain::money::Money;
use glidepath::domain::outlook::Outlook;
use glidepath::domain::period::{DayRange, plus_days};
use glidepath::domain::pools::ConfiguredPool;
use glidepath::domain::position::{Coverage, DateQuantiles, MoneyQuantiles, PoolStatus, Position};
use glidepath::domain::price::PriceBook;
use glidepath::domain::series::series;
use glidepath::domain::workload::Workload;

#[path = "support/values.rs"]
mod values;
use values::{day, usd};

const BEDROCK: &str = "Amazon Bedrock";
const SONNET: &str = "Claude Sonnet 5 (Amazon Bedrock Edition)";
const EC2: &str = "Amazon Elastic Compute Cloud - Compute";
const RDS: &str = "Amazon Relational Database Service";

static CLASSIFIER: LazyLock<Classifier> = LazyLock::new(Classifier::builtin);
static PRICES: LazyLock<PriceBook> = LazyLock::new(PriceBook::builtin);

struct World {
    facts: Facts,
    configured: Vec<ConfiguredPool>,
}

impl World {
    /// Known on the morning of `as_of`, costs pulled then.
    fn on(as_of: &str) -> World {
        let clock = day(as_of).and_hms_opt(6, 0, 0).unwrap().and_utc();
        let facts = Facts { costs_pulled_at: Some(clock), ..Facts::none(clock, "USD") };
        World { facts, configured: Vec::new() }
    }

    fn in_march() -> World {
        World::on("2026-03-31")
    }

    fn charge(mut self, day_text: &str, service: &str, record_type: &str, cost: &str) -> World {
        self.add_charge(day(day_text), service, record_type, cost);
        self
    }

    /// The same charge on every day from `first` through `last`.
    fn charges(mut self, first: &str, last: &str, service: &str, record_type: &str, cost: &str) -> World {
        for day in DayRange::new(day(first), plus_days(day(last), 1)).days() {
            self.add_charge(day, service, record_type, cost);
        }
        self
    }

    fn add_charge(&mut self, day: NaiveDate, service: &str, record_type: &str, cost: &str) {
        let kind = ChargeKind { service: service.to_owned(), record_type: record_type.to_owned() };
        let kind = number(&mut self.facts.charge_kinds, kind);
        self.facts.charges.push(ChargeRow { day, kind, cost: usd(cost) });
    }

    fn usage(
        mut self,
        day_text: &str,
        service: &str,
        usage_type: &str,
        unit: &str,
        cost: &str,
        quantity: &str,
    ) -> World {
        let [service, usage_type, unit] = [service, usage_type, unit].map(str::to_owned);
        let kind = number(&mut self.facts.usage_kinds, UsageKind { service, usage_type, unit });
        let (day, quantity) = (day(day_text), quantity.parse().unwrap());
        self.facts.usage.push(UsageRow { day, kind, cost: usd(cost), quantity });
        self
    }

    /// A credit that AWS listed, seen on the day of the clock.
    fn credit(mut self, id: &str, initial: &str, products: Option<&[&str]>, change: impl Fn(&mut SeenCredit)) -> World {
        let snapshot = CreditSnapshot {
            credit_id: id.to_owned(),
            account: "111122223333".to_owned(),
            description: format!("Pool {id}"),
            credit_type: "Promotion".to_owned(),
            initial: usd(initial),
            remaining: None,
            estimated: None,
            currency: "USD".to_owned(),
            starts_on: day("2026-01-01"),
            expires_on: day("2028-01-01"),
            exhausted_on: None,
            products: products.map(|names| names.iter().map(|name| (*name).to_owned()).collect()),
            enabled: true,
            application_type: None,
            sharing: None,
            shareable_accounts: Vec::new(),
            purchase_types: None,
        };
        let mut seen = SeenCredit { seen_on: self.facts.as_of.date_naive(), snapshot, paused_from: None };
        change(&mut seen);
        self.facts.credits.push(seen);
        self
    }

    fn recorded(mut self, pool: &str, amount: &str, at: &str) -> World {
        self.facts.recorded.push(RecordedBalance { pool: pool.to_owned(), amount: usd(amount), at: day(at) });
        self
    }

    fn allocated(mut self, month: &str, credit_id: &str, service: &str, amount: &str) -> World {
        self.facts.allocations.push(Allocation {
            month: month.parse().unwrap(),
            credit_id: credit_id.to_owned(),
            account: "111122223333".to_owned(),
            service: service.to_owned(),
            amount: usd(amount),
            estimated: false,
        });
        self
    }

    fn assess(&self) -> Assessment<'_> {
        let context =
            Context { classifier: &CLASSIFIER, prices: &PRICES, pools: &self.configured, filing: None, tax_rate: None };
        Assessment::new(&self.facts, context)
    }

    fn look(&self) -> (Position, Outlook) {
        let assessment = self.assess();
        let outlook = assessment.outlook().expect("there are complete days");
        (assessment.position(Some(&outlook)), outlook)
    }

    fn position(&self) -> Position {
        self.look().0
    }

    fn coverage_of(&self, service: &str) -> Coverage {
        self.position().coverage.into_iter().find(|row| row.service == service).expect("the service has cost")
    }
}

fn number<K: PartialEq>(kinds: &mut Vec<K>, kind: K) -> usize {
    kinds.iter().position(|known| *known == kind).unwrap_or_else(|| {
        kinds.push(kind);
        kinds.len() - 1
    })
}

fn estimated(amount: &str) -> impl Fn(&mut SeenCredit) {
    let amount = usd(amount);
    move |seen| seen.snapshot.estimated = Some(amount)
}

/// 100 a day of Bedrock from 1 March on, the 29 complete days of it.
fn hundred_a_day() -> World {
    World::in_march().charges("2026-03-01", "2026-03-29", BEDROCK, "Usage", "100")
}

#[test]
fn the_parts_of_the_bill_add_up_to_the_cash() {
    let spend = World::in_march()
        .charge("2026-03-05", BEDROCK, "Usage", "100.1000000001")
        .charge("2026-03-05", BEDROCK, "EdpDiscount", "-5")
        .charge("2026-03-06", EC2, "Upfront", "50")
        .charge("2026-03-06", "AWS Support (Business)", "Support", "7")
        .charge("2026-03-07", BEDROCK, "Credit", "-60")
        .charge("2026-03-07", BEDROCK, "Refund", "-3.33")
        .charge("2026-03-07", "Tax", "Tax", "1.23")
        .charge("2026-03-08", RDS, "SomethingNew", "2")
        .charge("2026-03-30", BEDROCK, "Usage", "999")
        .position()
        .spend;
    assert_eq!(spend.gross_to_date, usd("154.1000000001"));
    assert_eq!((spend.credit_to_date, spend.refund_to_date), (usd("-60"), usd("-3.33")));
    assert_eq!((spend.tax_to_date, spend.net_to_date), (usd("1.23"), usd("92.0000000001")));
    let parts = spend.gross_to_date + spend.credit_to_date + spend.refund_to_date + spend.tax_to_date;
    assert_eq!(parts, spend.net_to_date);
}

#[test]
fn what_the_detail_lacks_is_a_line_of_its_own() {
    let world = World::in_march()
        .charge("2026-03-05", EC2, "Usage", "10")
        .usage("2026-03-05", EC2, "USE2-BoxUsage:trn1.2xlarge", "Hrs", "7.50", "5")
        .charge("2026-03-06", EC2, "Usage", "10")
        .usage("2026-03-06", EC2, "USE2-BoxUsage:trn1.2xlarge", "Hrs", "12", "8")
        .charge("2026-03-07", RDS, "Usage", "3")
        .usage("2026-03-08", RDS, "InstanceUsage:db.m5.large", "Hrs", "4", "24");
    let assessment = world.assess();
    let costs = assessment.costs();
    let rests: Vec<(String, Money)> = costs
        .detail
        .iter()
        .filter(|row| costs.kinds[row.kind].usage_type.is_none())
        .map(|row| (row.day.to_string(), row.cost))
        .collect();
    let rest = |day: &str, amount: &str| (day.to_owned(), usd(amount));
    assert_eq!(
        rests,
        [rest("2026-03-05", "2.50"), rest("2026-03-06", "-2"), rest("2026-03-07", "3"), rest("2026-03-08", "-4")]
    );
    for (date, gross) in [("2026-03-05", "10"), ("2026-03-06", "10"), ("2026-03-07", "3"), ("2026-03-08", "0")] {
        let split: Money = costs.split.iter().filter(|c| c.day == day(date)).map(|c| c.gross()).sum();
        let detail: Money = costs.detail.iter().filter(|row| row.day == day(date)).map(|row| row.cost).sum();
        assert_eq!((split, detail), (usd(gross), usd(gross)), "{date}");
    }
}

#[test]
fn a_capacity_block_is_cash_on_its_day_and_no_burn() {
    let mut world = hundred_a_day()
        .charge("2026-03-10", EC2, "Upfront", "12000")
        .usage("2026-03-10", EC2, "USE2-CapacityBlockFee:trn2.48xlarge", "N/A", "12000", "1")
        .credit("1", "50000", Some(&[BEDROCK, "Amazon EC2"]), |_| {});
    for day in ["2026-03-11", "2026-03-12", "2026-03-13", "2026-03-14"] {
        world = world.usage(day, EC2, "USE2-BoxUsage:trn2.48xlarge", "Hrs", "0", "24");
    }
    let (position, outlook) = world.look();
    assert_eq!(position.spend.gross_to_date, usd("14900"));
    assert_eq!(position.spend.burn_per_day.last_28_days, Some(usd("100")));
    assert_eq!(position.credits.pools[0].drawn, usd("2900"), "credit pays Bedrock and no upfront fee");
    let trainium: Vec<_> = position.workloads.iter().filter(|row| row.workload == Workload::Trainium).collect();
    assert_eq!(trainium.iter().map(|row| row.cost).sum::<Money>(), usd("12000"));
    let hours = trainium.iter().find(|row| row.unit.as_deref() == Some("chip_hours")).expect("the $0 hours count");
    // Four days of 24 hours on 16 chips.
    assert_eq!(hours.quantity, Some("1536".parse().unwrap()));
    let march = &position.trajectory[0];
    assert_eq!((march.gross, march.covered, march.cash), (usd("15100"), usd("3100"), usd("12000")));
    assert_eq!(position.trajectory[1].gross, usd("3000"), "the lump is not extrapolated");
    assert_eq!(outlook.exhaustion.p50, None, "47,100 last for more than a year");
    let uncovered = world.assess().uncovered(&position.coverage);
    assert!(uncovered.is_empty(), "a lump is no burn of cash: {uncovered:?}");
}

/// A fee that AWS bills as plain usage is a fee all the same.
#[test]
fn a_reservation_fee_billed_as_usage_is_not_drawn_either() {
    let world = World::in_march()
        .charge("2026-03-10", EC2, "Usage", "12030")
        .usage("2026-03-10", EC2, "USE2-CapacityBlockFee:trn2.48xlarge", "N/A", "12000", "1")
        .usage("2026-03-10", EC2, "USE2-BoxUsage:trn1.2xlarge", "Hrs", "30", "20")
        .credit("1", "50000", Some(&["Amazon EC2"]), |_| {});
    assert_eq!(world.position().credits.pools[0].drawn, usd("30"));
}

#[test]
fn the_outlook_starts_from_what_aws_states() {
    let starts_from = |world: World| {
        let (position, outlook) = world.look();
        assert_eq!(position.credits.pools[0].remaining, usd("7100"), "remaining is by replay alone");
        outlook.pools[0].starts_from
    };
    let partial_day = || {
        hundred_a_day().charge("2026-03-30", BEDROCK, "Usage", "60").charges(
            "2026-03-01",
            "2026-03-29",
            BEDROCK,
            "Credit",
            "-100",
        )
    };
    let none = hundred_a_day().credit("1", "10000", Some(&[BEDROCK]), |_| {});
    assert_eq!(starts_from(none), usd("7100"), "nothing stated: granted less drawn");

    let newest = partial_day().charge("2026-03-30", BEDROCK, "Credit", "-60").credit(
        "1",
        "10000",
        Some(&[BEDROCK]),
        estimated("5000"),
    );
    assert_eq!(starts_from(newest), usd("5060"), "AWS has drawn the partial day already, the outlook has not");

    let unbilled = partial_day().credit("1", "10000", Some(&[BEDROCK]), estimated("5000"));
    assert_eq!(starts_from(unbilled), usd("5000"), "no Credit row shows that AWS drew the partial day");

    let older = partial_day().credit("1", "10000", Some(&[BEDROCK]), |_| {}).recorded("1", "5000", "2026-03-20");
    assert_eq!(starts_from(older), usd("4100"), "21 to 29 March drew 900 since");

    let more_than_granted = partial_day().charge("2026-03-30", BEDROCK, "Credit", "-60").credit(
        "1",
        "10000",
        Some(&[BEDROCK]),
        estimated("9990"),
    );
    assert_eq!(starts_from(more_than_granted), usd("10000"));
}

#[test]
fn without_an_estimate_the_open_months_credit_rows_stand_in() {
    let world = |credits: usize| {
        let mut world = hundred_a_day().charges("2026-03-01", "2026-03-29", BEDROCK, "Credit", "-100");
        for id in 1..=credits {
            world = world.credit(&id.to_string(), "10000", Some(&[BEDROCK]), |seen| {
                seen.snapshot.remaining = Some(usd("8000"));
            });
        }
        world.position().credits.pools[0].stated.unwrap().amount
    };
    assert_eq!(world(1), usd("5100"), "8,000 after closed bills, less 2,900 of March");
    assert_eq!(world(2), usd("8000"), "Credit rows name no credit, so with two of them they say nothing");
}

#[test]
fn the_newest_statement_counts_whoever_made_it() {
    let stated = |world: World| world.position().credits.pools[0].stated.map(|stated| stated.amount);
    let listed = || {
        hundred_a_day().credit("1", "10000", Some(&[BEDROCK]), |seen| {
            seen.snapshot.estimated = Some(usd("5000"));
            seen.seen_on = day("2026-03-20");
        })
    };
    assert_eq!(stated(listed().recorded("1", "4000", "2026-03-25")), Some(usd("4000")));
    assert_eq!(stated(listed().recorded("1", "4000", "2026-03-19")), Some(usd("5000")));
    assert_eq!(stated(listed().recorded("1", "4000", "2026-03-20")), Some(usd("5000")), "AWS's own on the same day");
    let corrected = listed().recorded("1", "40", "2026-03-25").recorded("1", "4000", "2026-03-25");
    assert_eq!(stated(corrected), Some(usd("4000")), "a typing error is corrected by typing again");
}

#[test]
fn a_service_is_covered_by_a_list_or_by_a_credit_row() {
    let covered = hundred_a_day().credit("1", "10000", Some(&[BEDROCK]), estimated("5000")).coverage_of(BEDROCK);
    assert_eq!(covered.state, CoverageState::Covered);
    assert!(covered.evidence.contains("Pool 1") && covered.evidence.contains("no Credit row"), "{}", covered.evidence);

    let sonnet = || World::in_march().charges("2026-03-01", "2026-03-29", SONNET, "Usage", "80");
    let named_elsewhere = sonnet().credit("1", "10000", Some(&[BEDROCK]), estimated("5000"));
    let beaten = named_elsewhere.charges("2026-03-01", "2026-03-29", SONNET, "Credit", "-80");
    let coverage = beaten.coverage_of(SONNET);
    assert_eq!(coverage.state, CoverageState::Covered, "evidence beats the list");
    assert!(coverage.evidence.contains("2026-03-29"), "{}", coverage.evidence);
    assert_eq!(beaten.position().credits.pools[0].drawn, usd("2320"), "and replay draws it: 29 days at 80");

    let aliases = World::in_march().charges("2026-03-01", "2026-03-29", EC2, "Usage", "10").credit(
        "1",
        "10000",
        Some(&["AmazonEC2"]),
        |_| {},
    );
    assert_eq!(aliases.coverage_of(EC2).state, CoverageState::Covered);
}

#[test]
fn a_service_is_exhausted_once_the_pools_that_named_it_are_empty_or_over() {
    let empty = hundred_a_day().credit("1", "10000", Some(&[BEDROCK]), estimated("0")).coverage_of(BEDROCK);
    assert_eq!(empty.state, CoverageState::Exhausted);
    assert!(empty.evidence.contains("Pool 1"), "{}", empty.evidence);

    let over = |expires: &'static str| {
        hundred_a_day()
            .credit("1", "10000", Some(&[BEDROCK]), |seen| {
                seen.snapshot.estimated = Some(usd("5000"));
                seen.snapshot.expires_on = day(expires);
            })
            .coverage_of(BEDROCK)
            .state
    };
    assert_eq!(over("2026-03-20"), CoverageState::Exhausted, "it expired, whatever balance it carries");
    assert_eq!(over("2026-03-31"), CoverageState::Exhausted, "over on the day of the clock");
    assert_eq!(over("2026-04-01"), CoverageState::Covered);
}

#[test]
fn a_service_is_uncovered_only_if_every_list_is_known() {
    let rds = || World::in_march().charges("2026-03-01", "2026-03-29", RDS, "Usage", "5");
    let uncovered = rds().credit("1", "10000", Some(&[BEDROCK]), |_| {}).coverage_of(RDS);
    assert_eq!(uncovered.state, CoverageState::Uncovered);
    assert!(uncovered.evidence.contains("no pool's list names it"), "{}", uncovered.evidence);

    let unknown = rds().credit("1", "10000", Some(&[BEDROCK]), |_| {}).credit("2", "10000", None, |_| {});
    let coverage = unknown.coverage_of(RDS);
    assert_eq!(coverage.state, CoverageState::Unknown, "a missing list is neither everything nor nothing");
    assert!(coverage.evidence.contains("Pool 2") && !coverage.evidence.contains("Pool 1"), "{}", coverage.evidence);

    assert_eq!(rds().coverage_of(RDS).state, CoverageState::Unknown, "no pool is known at all");
}

/// A pool of which AWS gives no list may still pay what an empty one named.
#[test]
fn an_empty_pool_beside_one_without_a_list_leaves_the_service_unknown() {
    let world = hundred_a_day().credit("1", "10000", Some(&[BEDROCK]), estimated("0")).credit(
        "2",
        "10000",
        None,
        estimated("10000"),
    );
    let coverage = world.coverage_of(BEDROCK);
    assert_eq!(coverage.state, CoverageState::Unknown, "{}", coverage.evidence);
    assert!(coverage.evidence.contains("Pool 2"), "{}", coverage.evidence);
    // With Credit rows at work on a service, "unknown" becomes known by evidence.
    let seen = World::in_march()
        .charges("2026-03-01", "2026-03-29", RDS, "Usage", "5")
        .charges("2026-03-01", "2026-03-29", RDS, "Credit", "-5")
        .credit("2", "10000", None, estimated("9855"));
    assert_eq!(seen.coverage_of(RDS).state, CoverageState::Covered);
}

#[test]
fn a_pool_says_where_it_is_in_its_life() {
    let status = |change: &dyn Fn(&mut SeenCredit)| {
        let world = hundred_a_day().credit("1", "10000", Some(&[BEDROCK]), |seen| {
            seen.snapshot.estimated = Some(usd("5000"));
            change(seen);
        });
        world.position().credits.pools[0].status
    };
    assert_eq!(status(&|_| {}), PoolStatus::Active);
    assert_eq!(status(&|seen| seen.snapshot.estimated = Some(usd("0"))), PoolStatus::Exhausted, "still ENABLED at AWS");
    assert_eq!(status(&|seen| seen.snapshot.expires_on = day("2026-03-31")), PoolStatus::Expired);
    assert_eq!(status(&|seen| seen.snapshot.expires_on = day("2026-04-01")), PoolStatus::Active);
    assert_eq!(status(&|seen| seen.snapshot.starts_on = day("2026-04-01")), PoolStatus::Pending);
    let paused = |seen: &mut SeenCredit| {
        seen.snapshot.enabled = false;
        seen.paused_from = Some(day("2026-03-11"));
    };
    assert_eq!(status(&paused), PoolStatus::Paused);
}

#[test]
fn a_paused_pool_keeps_its_money_and_pays_nothing() {
    let world = hundred_a_day().credit("1", "10000", Some(&[BEDROCK]), |seen| {
        seen.snapshot.enabled = false;
        seen.paused_from = Some(day("2026-03-11"));
    });
    let position = world.position();
    let pool = &position.credits.pools[0];
    assert_eq!((pool.drawn, pool.remaining), (usd("1000"), usd("9000")), "ten days until it was switched off");
    assert_eq!(position.exhaustion.total, DateQuantiles::certain(day("2026-03-11")), "nothing pays since then");
    assert_eq!(position.coverage[0].state, CoverageState::Exhausted);
}

/// Expired credits still carry a remaining amount at AWS. It is what was lost, and it pays nothing.
#[test]
fn an_expired_credit_has_nothing_left_and_shows_what_was_lost() {
    let world = hundred_a_day().credit("1", "10000", Some(&[BEDROCK]), |seen| {
        seen.snapshot.estimated = Some(usd("8100"));
        seen.snapshot.expires_on = day("2026-03-20");
    });
    let position = world.position();
    let pool = &position.credits.pools[0];
    assert_eq!((pool.status, pool.remaining, pool.drawn), (PoolStatus::Expired, Money::ZERO, usd("1900")));
    let lost = Some(usd("8100"));
    assert_eq!(pool.breakage, MoneyQuantiles { p10: lost, p50: lost, p90: lost });
    assert_eq!(pool.exhausts_on, DateQuantiles::default());
    assert_eq!(position.exhaustion.total, DateQuantiles::certain(day("2026-03-20")));
    assert_eq!(position.trajectory[1].covered, Money::ZERO);
}

/// On the 31st the data ends on the 29th. A pool that expires on the 31st still pays the 30th.
#[test]
fn a_pool_that_expires_between_the_data_and_the_clock_pays_until_its_last_day() {
    let world = hundred_a_day().credit("1", "10000", Some(&[BEDROCK]), |seen| {
        seen.snapshot.expires_on = day("2026-03-31");
    });
    let position = world.position();
    assert_eq!(position.exhaustion.total, DateQuantiles::certain(day("2026-03-31")));
    assert_eq!(position.credits.remaining, Money::ZERO, "by the clock it is over");
}

#[test]
fn exhaustion_that_is_already_so_is_dated_to_the_day_it_began() {
    let began = |granted: &str| {
        let by_replay = hundred_a_day().credit("1", granted, Some(&[BEDROCK]), estimated("0")).position();
        let mut by_rows = hundred_a_day().credit("1", granted, Some(&[BEDROCK]), estimated("0"));
        let mut left = usd(granted);
        for date in DayRange::new(day("2026-03-01"), day("2026-03-30")).days() {
            let paid = left.min(usd("100"));
            left -= paid;
            if paid.is_positive() {
                by_rows.add_charge(date, BEDROCK, "Credit", &(-paid).to_string());
            }
        }
        let by_rows = by_rows.position();
        assert_eq!(by_replay.exhaustion, by_rows.exhaustion, "replay and AWS's rows tell the same");
        assert_eq!(by_rows.exhaustion.by_workload[0].dates, by_rows.exhaustion.total);
        let DateQuantiles { p10, p50, p90 } = by_rows.exhaustion.total;
        assert!(p10 == p50 && p50 == p90);
        p50.unwrap()
    };
    assert_eq!(began("1000"), day("2026-03-11"), "ten days at 100 are covered");
    assert_eq!(began("1050"), day("2026-03-11"), "half of the 11th is not");
    assert_eq!(began("1099"), day("2026-03-12"), "1 USD of the 11th is not, which is not more than 1 USD");
    assert_eq!(began("1098.99"), day("2026-03-11"));
}

#[test]
fn an_exhaustion_does_not_reach_back_before_the_pool_was_issued() {
    // Nothing could have paid February. The pool of 10 is gone on the first day that it could pay.
    let world = World::in_march().charges("2026-02-01", "2026-03-29", BEDROCK, "Usage", "100").credit(
        "1",
        "10",
        Some(&[BEDROCK]),
        |seen| seen.snapshot.starts_on = day("2026-03-05"),
    );
    assert_eq!(world.position().exhaustion.total, DateQuantiles::certain(day("2026-03-01")));
}

/// A team that rests at the weekend does not run out anew every Monday.
#[test]
fn a_weekend_without_spend_does_not_end_an_exhaustion() {
    let mut world = World::in_march().credit("1", "300", Some(&[BEDROCK]), estimated("0"));
    for date in DayRange::new(day("2026-03-02"), day("2026-03-30")).days() {
        let weekend = ["2026-03-07", "2026-03-08", "2026-03-14", "2026-03-15", "2026-03-21", "2026-03-22"];
        if !weekend.contains(&date.to_string().as_str()) && date < day("2026-03-28") {
            world.add_charge(date, BEDROCK, "Usage", "100");
        }
    }
    // Three days from Monday the 2nd are covered. The last complete day is a Sunday.
    assert_eq!(world.position().exhaustion.total, DateQuantiles::certain(day("2026-03-05")));
}

#[test]
fn a_balance_that_aws_states_beats_replay_that_is_at_its_end() {
    let position = hundred_a_day().credit("1", "1000", Some(&[BEDROCK]), estimated("500")).position();
    // 30 March to 3 April are paid from the 500.
    assert_eq!(position.exhaustion.total.p50, Some(day("2026-04-04")));
}

#[test]
fn month_figures_run_over_the_month_of_the_data() {
    let april = World::on("2026-04-05")
        .charges("2026-03-01", "2026-03-31", BEDROCK, "Usage", "100")
        .charges("2026-04-01", "2026-04-03", BEDROCK, "Usage", "7")
        .charge("2026-04-04", BEDROCK, "Usage", "1000")
        .position();
    assert_eq!(april.data_through, Some(day("2026-04-03")));
    assert_eq!((april.spend.gross_to_date, april.spend.gross_month_to_date), (usd("3121"), usd("21")));
    assert_eq!(april.workloads.iter().map(|row| row.cost).sum::<Money>(), usd("21"));
    assert_eq!(april.trajectory[0].month, "2026-04".parse().unwrap());
    // Four days at 100 and three at 7 in the last seven.
    assert_eq!(april.spend.burn_per_day.last_7_days, Some(usd("421").per(7)));

    let first = World::on("2026-04-02").charges("2026-03-01", "2026-03-31", BEDROCK, "Usage", "100").position();
    assert_eq!(first.spend.gross_month_to_date, usd("3100"), "on the 2nd the data still ends in March");
    assert_eq!(first.trajectory[0].month, "2026-04".parse().unwrap());
}

#[test]
fn failed_pulls_leave_the_data_where_it_was() {
    let mut world = World::in_march().charges("2026-03-01", "2026-03-27", BEDROCK, "Usage", "100");
    // The pulls of the 29th, 30th and 31st failed.
    world.facts.costs_pulled_at = Some(day("2026-03-28").and_hms_opt(6, 0, 0).unwrap().and_utc());
    let position = world.position();
    assert_eq!(position.data_through, Some(day("2026-03-26")));
    assert_eq!(position.spend.gross_to_date, usd("2600"));
    assert_eq!(position.as_of.date_naive(), day("2026-03-31"));
}

#[test]
fn before_any_data_there_is_no_figure_and_no_panic() {
    let clock = day("2026-03-31").and_hms_opt(6, 0, 0).unwrap().and_utc();
    let world = World { facts: Facts::none(clock, "USD"), configured: Vec::new() }.credit(
        "1",
        "10000",
        Some(&[BEDROCK]),
        estimated("5000"),
    );
    let assessment = world.assess();
    assert!(assessment.outlook().is_none());
    let position = assessment.position(None);
    assert_eq!((position.data_through, position.exhaustion.total.p50), (None, None));
    assert_eq!(position.credits.pools[0].stated.unwrap().amount, usd("5000"));
    assert_eq!(position.spend.burn_per_day.last_7_days, None);
    assert_eq!(series(&assessment, None), glidepath::domain::position::Series::default());
}

#[test]
fn pools_come_from_config_where_aws_lists_none() {
    let mut world = hundred_a_day().recorded("poc", "600", "2026-03-29");
    let pool = |id: &str| ConfiguredPool {
        id: id.to_owned(),
        name: Some("Proof of concept".to_owned()),
        programme: None,
        granted: Some(usd("5000")),
        starts_on: Some(day("2026-02-10")),
        expires_on: Some(day("2027-02-10")),
        services: Some(vec![BEDROCK.to_owned()]),
    };
    world.configured = vec![pool("poc")];
    let position = world.position();
    let poc = &position.credits.pools[0];
    assert_eq!((poc.name.as_str(), poc.granted, poc.remaining), ("Proof of concept", usd("5000"), usd("2100")));
    assert_eq!(position.exhaustion.total.p50, Some(day("2026-04-05")), "600 last from 30 March to 4 April");

    // AWS's own figures win over config's; config's name and list win over AWS's.
    let mut both = hundred_a_day().credit("poc", "6000", Some(&[RDS]), estimated("700"));
    both.configured = vec![pool("poc")];
    let position = both.position();
    assert_eq!((position.credits.pools.len(), position.credits.granted), (1, usd("6000")));
    assert_eq!(
        (position.credits.pools[0].name.as_str(), position.credits.pools[0].drawn),
        ("Proof of concept", usd("2900"))
    );
}

#[test]
fn aws_drawing_another_pool_than_replay_is_a_contradiction() {
    let world = || {
        World::on("2026-04-20")
            .charges("2026-03-01", "2026-03-31", BEDROCK, "Usage", "100")
            .charges("2026-04-01", "2026-04-18", BEDROCK, "Usage", "1")
            .credit("1", "10000", Some(&[BEDROCK]), |seen| seen.snapshot.expires_on = day("2027-06-01"))
            .credit("2", "10000", Some(&[BEDROCK]), |_| {})
    };
    let told = |world: World| {
        let assessment = world.assess();
        let gaps = assessment.order_contradictions().into_iter().map(|found| (found.month, found.pool, found.gap));
        gaps.map(|(month, pool, gap)| (month.to_string(), pool, gap)).collect::<Vec<_>>()
    };
    let agreed = world().allocated("2026-03", "1", BEDROCK, "3099.40");
    assert_eq!(told(agreed), [], "cents settle differently");
    let other_way_round = world().allocated("2026-03", "2", BEDROCK, "3100");
    assert_eq!(
        told(other_way_round),
        [("2026-03".to_owned(), "1".to_owned(), usd("-3100")), ("2026-03".to_owned(), "2".to_owned(), usd("3100"))]
    );
    let less = world().allocated("2026-03", "1", BEDROCK, "2000");
    assert_eq!(told(less), [], "a different total is a gap to reconcile; it says nothing about the order");
}

#[test]
fn replay_and_credit_rows_are_reconciled() {
    let world = hundred_a_day().charges("2026-03-01", "2026-03-29", BEDROCK, "Credit", "-99").credit(
        "1",
        "10000",
        Some(&[BEDROCK]),
        estimated("7129"),
    );
    assert_eq!(world.position().data_quality.reconciliation_gap, usd("29"), "2,900 replayed, 2,871 in rows");
}

#[test]
fn series_end_where_the_figures_do() {
    let world =
        hundred_a_day().charge("2026-03-30", BEDROCK, "Usage", "60").credit("1", "10000", Some(&[BEDROCK]), |_| {});
    let assessment = world.assess();
    let outlook = assessment.outlook();
    let drawn = series(&assessment, outlook.as_ref());
    let balance = drawn.pools[0].balance.last().unwrap();
    assert_eq!((balance.day, balance.amount), (day("2026-03-29"), usd("7100")));
    let actual = drawn.actual.last().unwrap();
    assert_eq!((actual.day, actual.amount), (day("2026-03-29"), usd("2900")));
    let ahead = drawn.outlook.first().unwrap();
    assert_eq!((ahead.day, ahead.p50), (day("2026-03-30"), usd("3000")), "the outlook goes on where the actual ends");
}
