//! Texts that could hurt: nobody wrote them, and nothing is counted by them.

use proptest::prelude::*;
use proptest::sample::select;

use super::*;

const HIDDEN: [char; 9] = ['\u{0}', '\t', '\n', '\u{1b}', '\u{200b}', '\u{200f}', '\u{202e}', '\u{2066}', '\u{feff}'];
const SERVICES: [&str; 6] = [
    "Amazon Bedrock",
    "Amazon Bedrock Service",
    "Claude Opus 4.6 (Amazon Bedrock Edition)",
    "Amazon Elastic Compute Cloud - Compute",
    "EC2 - Other",
    "Amazon SageMaker",
];

fn meters() -> impl Strategy<Value = Row> {
    let rows: Vec<Row> = LAYOUTS.iter().flat_map(|layout| Row::all(*layout, &regions())).step_by(101).collect();
    select(rows)
}

fn anything() -> impl Strategy<Value = String> {
    let text = prop::collection::vec(any::<char>(), 0..300).prop_map(String::from_iter);
    let words = select(vec!["input", "output", "tokens", "cache", "-", "_", ":", "MP:", "USE1", "trn1", "Global"]);
    let shuffled = prop::collection::vec(words, 0..40).prop_map(|words| words.concat());
    prop_oneof![text, "[ -~]{0,300}", shuffled]
}

proptest! {
    /// Nothing that somebody could write fails, and nothing without a direction counts as tokens.
    #[test]
    fn no_text_counts_without_a_direction(
        service in select(SERVICES.to_vec()),
        usage_type in anything(),
        unit in select(vec!["1K tokens", "Units", "tokens", "Hrs", "", "\u{202e}"]),
    ) {
        let row = Classifier::builtin().classify(service, Some(&usage_type), unit);
        let lower = usage_type.to_ascii_lowercase();
        let says = ["input", "output", "cache"].iter().any(|word| lower.contains(word));
        prop_assert!(row.direction.is_none() || says, "{:?}", row);
        prop_assert!(row.direction.is_none() || row.workload == Workload::BedrockInference, "{:?}", row);
        prop_assert_eq!(row.workload == Workload::Unclassified, row.unclassified_because.is_some());
        prop_assert!(row.scale.is_none() || row.workload != Workload::Unclassified, "{:?}", row);
        // The reason can be printed, whatever the name holds.
        prop_assert!(!row.unclassified_because.iter().any(|why| why.contains(HIDDEN)), "{:?}", row);
    }

    /// A character that is not seen makes another name, even where the two look the same.
    #[test]
    fn a_hidden_character_is_never_read_over(
        row in meters(),
        hidden in select(HIDDEN.to_vec()),
        place in any::<prop::sample::Index>(),
    ) {
        let mut usage_type = row.usage_type("Claude4.6Opus");
        usage_type.insert(place.index(usage_type.len() + 1), hidden);
        let got = Classifier::builtin().classify(&row.service("Claude Opus 4.6"), Some(&usage_type), row.unit());
        prop_assert_eq!((got.workload, got.scale, got.direction), (Workload::Unclassified, None, None));
        let why = got.unclassified_because.unwrap();
        prop_assert!(why.contains(&hidden.escape_unicode().to_string()), "{}", why);
    }

    #[test]
    fn a_hidden_character_in_an_edition_is_never_read_over(
        hidden in select(HIDDEN.to_vec()),
        place in 0_usize..15,
    ) {
        let mut name = "Claude Opus 4.6".to_owned();
        name.insert(place, hidden);
        let row = Row { layout: LAYOUTS[4], ..PLAIN };
        let got = Classifier::builtin().classify(&row.service(&name), Some(&row.usage_type("")), row.unit());
        // A space of any kind before the name is no part of it.
        if !(place == 0 && hidden.is_whitespace()) {
            prop_assert_eq!((got.workload, got.direction), (Workload::Unclassified, None), "{:?}", name);
        }
    }
}

#[test]
fn an_endless_or_empty_usage_type_is_unclassified() {
    let classifier = Classifier::builtin();
    let endless = format!("USE1-{}-input-tokens", "Claude4.6Opus".repeat(25));
    for service in SERVICES {
        for usage_type in ["", "  ", &endless] {
            let got = classifier.classify(service, Some(usage_type), "1K tokens");
            assert_eq!((got.workload, got.scale), (Workload::Unclassified, None), "{service} {usage_type}");
            assert!(got.unclassified_because.unwrap().contains(&format!("`{usage_type}`")));
        }
    }
}
