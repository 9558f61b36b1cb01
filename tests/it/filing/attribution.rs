//! Whose spend it is.

use std::collections::BTreeMap;

use glidepath::domain::filing::projection::{ActualCost, Attribution, FiledProjection, OUTSIDE, rules};
use glidepath::domain::values::money::Money;
use glidepath::domain::values::workload::{Direction, Workload};
use proptest::prelude::*;
use rust_decimal::Decimal;

use crate::support::filing::{EC2, GOOD, RDS, chip_hours, cost, good, tokens};

#[test]
fn the_most_specific_line_gets_the_spend() {
    let filing = good();
    let of = |actual: ActualCost| Attribution::of(&filing).record(&actual).to_owned();
    assert_eq!(of(tokens(Direction::Input, "1", "2")), "ai");
    assert_eq!(of(chip_hours("trn1.32xlarge", "16", "21.5")), "ai");
    assert_eq!(of(chip_hours("ml.trn1.32xlarge", "16", "30")), "ai");
    assert_eq!(of(chip_hours("trn1.2xlarge", "1", "1.34375")), OUTSIDE);
    assert_eq!(of(cost(RDS, Workload::Supporting, "1")), "portfolio");
    assert_eq!(of(cost("Amazon Bedrock", Workload::Unclassified, "1")), OUTSIDE);
    let other_model = ActualCost { model: Some("Claude Sonnet 4.6".to_owned()), ..tokens(Direction::Input, "1", "3") };
    assert_eq!(of(other_model), OUTSIDE);
}

#[test]
fn the_rules_are_written_out_in_the_order_they_apply() {
    let text = format!(
        "{GOOD}[[record.service]]\nservice = \"{EC2}\"\nrest = true\nmonthly = [{{ from = \"2026-02\", usd = 9 }}]\n"
    );
    let filing = FiledProjection::parse(&text).unwrap();
    let shown: Vec<_> = rules(&filing).iter().map(|rule| format!("{}: {rule}", rule.line)).collect();
    assert_eq!(
        shown,
        [
            "6: Bedrock inference of Claude Sonnet 5, whichever service bills it belongs to ai",
            "13: hours of trn1.32xlarge on EC2 and of ml.trn1.32xlarge on SageMaker belongs to ai",
            "19: the rest of Amazon Relational Database Service belongs to portfolio",
            "22: the rest of Amazon Elastic Compute Cloud - Compute belongs to portfolio",
        ]
    );
    // The rest of EC2 is what the chips do not claim.
    let processors = cost(EC2, Workload::Supporting, "3");
    assert_eq!(Attribution::of(&filing).record(&processors), "portfolio");
    assert_eq!(Attribution::of(&filing).record(&chip_hours("trn1.32xlarge", "16", "21.5")), "ai");
}

const MODELS: [&str; 4] = ["Claude Sonnet 5", "Claude Opus 5", "Nova Lite", "gpt-oss-120b"];
const TYPES: [&str; 3] = ["trn1.32xlarge", "trn1.2xlarge", "inf2.xlarge"];
const SERVICES: [&str; 4] = [RDS, EC2, "AWS Lambda", "Amazon Bedrock"];

/// Every model, type and service goes to one of three records, or to none.
fn any_filing() -> impl Strategy<Value = FiledProjection> {
    prop::collection::vec(0_usize..4, MODELS.len() + TYPES.len() + SERVICES.len()).prop_filter_map("files something", |to| {
        let record = |wanted: usize| {
            let (models, others) = to.split_at(MODELS.len());
            let (types, services) = others.split_at(TYPES.len());
            let mut lines = String::new();
            for (name, _) in MODELS.iter().zip(models).filter(|(_, to)| **to == wanted) {
                lines += &format!(
                    "[[record.tokens]]\nmodel = \"{name}\"\nmonthly = [{{ from = \"2026-02\", input_millions = 1 }}]\n"
                );
            }
            for (name, _) in TYPES.iter().zip(types).filter(|(_, to)| **to == wanted) {
                lines += &format!(
                    "[[record.accelerators]]\ninstance_type = \"{name}\"\nchip_hours_per_run = 1\nruns_per_month = 1\n"
                );
            }
            for (name, _) in SERVICES.iter().zip(services).filter(|(_, to)| **to == wanted) {
                lines += &format!(
                    "[[record.service]]\nservice = \"{name}\"\nrest = true\nmonthly = [{{ from = \"2026-02\", usd = 1 }}]\n"
                );
            }
            if lines.is_empty() { lines } else { format!("[[record]]\nid = \"r{wanted}\"\n{lines}") }
        };
        let records = format!("{}{}{}", record(0), record(1), record(2));
        let text = format!("filed_on = \"2026-02-01\"\n{records}");
        (!records.is_empty()).then(|| FiledProjection::parse(&text).unwrap_or_else(|problems| panic!("{problems:?}\n{text}")))
    })
}

fn any_bill() -> impl Strategy<Value = Vec<ActualCost>> {
    let row = (0_usize..6, 0_usize..5, 0_usize..6, any::<bool>(), -1_000_000_000_000_i64..9_000_000_000_000_000);
    let row = row.prop_map(|(model, instance_type, service, sagemaker, micros)| {
        let model = MODELS.get(model).copied();
        let instance_type =
            TYPES.get(instance_type).map(|name| if sagemaker { format!("ml.{name}") } else { (*name).to_owned() });
        let workload = if model.is_some() { Workload::BedrockInference } else { Workload::Supporting };
        ActualCost {
            model: model.map(str::to_owned),
            instance_type,
            cost: Money::from_decimal(Decimal::new(micros, 18)),
            ..cost(SERVICES.get(service).copied().unwrap_or("Amazon Polly"), workload, "0")
        }
    });
    prop::collection::vec(row, 0..60)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    /// Each dollar belongs to exactly one record or to none, in whatever order the bill comes.
    #[test]
    fn records_and_outside_add_up_to_the_bill(filing in any_filing(), bill in any_bill()) {
        let mut by_record: BTreeMap<&str, Money> = BTreeMap::new();
        for actual in bill.iter().rev() {
            *by_record.entry(Attribution::of(&filing).record(actual)).or_default() += actual.cost;
        }
        let ids: Vec<&str> = filing.records.iter().map(|record| record.id.as_str()).collect();
        prop_assert!(by_record.keys().all(|record| *record == OUTSIDE || ids.contains(record)));
        let billed: Money = bill.iter().map(|actual| actual.cost).sum();
        prop_assert_eq!(by_record.into_values().sum::<Money>(), billed);
    }

    /// A filing with the record alone claims what the whole filing gives that record, apart from what a more specific
    /// line of another record takes: so no dollar is claimed twice.
    #[test]
    fn no_other_record_changes_what_a_model_s_record_gets(filing in any_filing(), bill in any_bill()) {
        for record in &filing.records {
            let alone = FiledProjection { records: vec![record.clone()], ..filing.clone() };
            for actual in &bill {
                let whole = Attribution::of(&filing).record(actual);
                if whole == record.id {
                    prop_assert_eq!(Attribution::of(&alone).record(actual), whole);
                }
            }
        }
    }
}
