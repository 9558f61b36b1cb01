//! Properties: whatever the grammar writes is read back, and what it cannot have written is never counted.

use glidepath::domain::billing::classify::Classifier;
use glidepath::domain::values::workload::{CacheLifetime, Classification, Direction, Routing, Tier, Workload};
use proptest::prelude::*;
use proptest::sample::select;

use super::{EC2, EDITION, tokens};

const REGIONS: [&str; 8] = ["USE1", "USW2", "EU", "EUW1", "EUC1", "APN1", "APS3", "UGW1"];

/// Slugs that the table knows, with the name, and slugs that it does not, which stay as they are.
const SLUGS: [(&str, &str); 9] = [
    ("NovaLite", "Nova Lite"),
    ("Nova2.0Lite", "Nova 2 Lite"),
    ("Claude4.6Opus", "Claude Opus 4.6"),
    ("openai.gpt-oss-120b", "gpt-oss-120b"),
    ("anthropic.claude-opus-4-8", "Claude Opus 4.8"),
    ("Llama3-3-70B", "Llama 3.3 70B"),
    ("Zebra7-Ultra-12B", "Zebra7-Ultra-12B"),
    ("acme.dragon-9.1-mini", "acme.dragon-9.1-mini"),
    ("KoalaTextMega", "KoalaTextMega"),
];

/// What a generated usage type must read back as.
#[derive(Debug, Clone)]
struct Row {
    region: &'static str,
    direction: Direction,
    lifetime: Option<CacheLifetime>,
    long_context: bool,
    routing: Routing,
    tier: Tier,
}

fn row() -> impl Strategy<Value = Row> {
    let directions = [Direction::Input, Direction::Output, Direction::CacheRead, Direction::CacheWrite];
    let lifetimes =
        [None, Some(CacheLifetime::FiveMinutes), Some(CacheLifetime::ThirtyMinutes), Some(CacheLifetime::OneHour)];
    let tiers = [Tier::OnDemand, Tier::Batch, Tier::Flex, Tier::Priority];
    (
        select(&REGIONS[..]),
        select(directions.to_vec()),
        select(lifetimes.to_vec()),
        any::<bool>(),
        select(vec![Routing::InRegion, Routing::Global]),
        select(tiers.to_vec()),
    )
        .prop_map(|(region, direction, lifetime, long_context, routing, tier)| {
            let lifetime = lifetime.filter(|_| direction == Direction::CacheWrite);
            Row { region, direction, lifetime, long_context, routing, tier }
        })
}

impl Row {
    fn lifetime(&self) -> Option<&'static str> {
        self.lifetime.map(|lifetime| match lifetime {
            CacheLifetime::FiveMinutes => "5m",
            CacheLifetime::ThirtyMinutes => "30m",
            CacheLifetime::OneHour => "1h",
        })
    }

    fn tier(&self) -> &'static str {
        match self.tier {
            Tier::OnDemand => "standard",
            Tier::Batch => "batch",
            Tier::Flex => "flex",
            Tier::Priority => "priority",
            Tier::Reserved => "reserved",
        }
    }

    fn native(&self, slug: &str) -> String {
        let mut parts = vec![self.region, slug];
        parts.push(match self.direction {
            Direction::Input => "input-tokens",
            Direction::Output => "output-tokens",
            Direction::CacheRead => "cache-read-input-token-count",
            Direction::CacheWrite => "cache-write-input-token-count",
        });
        parts.extend(Some(self.tier()).filter(|_| matches!(self.tier, Tier::Flex | Tier::Priority)));
        parts.extend(self.lifetime().map(|text| if text == "1h" { "1-hour" } else { text }));
        parts.extend(self.long_context.then_some("long-context"));
        parts.extend((self.routing == Routing::Global).then_some("cross-region-global"));
        parts.extend((self.tier == Tier::Batch).then_some("batch"));
        parts.join("-")
    }

    fn mantle(&self, slug: &str) -> String {
        let mut parts = vec![self.region, slug, "mantle"];
        parts.push(match self.direction {
            Direction::Input => "input-tokens",
            Direction::Output => "output-tokens",
            Direction::CacheRead => "cache-read-tokens",
            Direction::CacheWrite => "cache-write-tokens",
        });
        parts.extend(self.lifetime());
        parts.extend(self.long_context.then_some("long-ctx"));
        parts.extend((self.routing == Routing::Global).then_some("global"));
        parts.push(self.tier());
        parts.join("-")
    }

    fn camel(&self) -> String {
        let lifetime = self.lifetime().unwrap_or_default();
        let mut meter = match self.direction {
            Direction::Input => "InputTokenCount".to_owned(),
            Direction::Output => "OutputTokenCount".to_owned(),
            Direction::CacheRead => "CacheReadInputTokenCount".to_owned(),
            Direction::CacheWrite => format!("CacheWrite{lifetime}InputTokenCount"),
        };
        if self.long_context {
            meter.push_str("_LongContext");
        }
        if self.routing == Routing::Global {
            meter.push_str("_Global");
        }
        meter.push_str(match self.tier {
            Tier::Batch => "_Batch",
            Tier::Flex => "_Flex",
            Tier::Priority => "_Priority",
            Tier::OnDemand | Tier::Reserved => "",
        });
        format!("{0}-MP:{0}_{meter}-Units", self.region)
    }

    fn snake(&self) -> String {
        let mut parts = vec![match self.direction {
            Direction::Input => "input_tokens",
            Direction::Output => "output_tokens",
            Direction::CacheRead => "cache_read_tokens",
            Direction::CacheWrite => "cache_write_tokens",
        }];
        parts.extend(self.lifetime());
        parts.extend(self.long_context.then_some("long_ctx"));
        parts.extend((self.routing == Routing::Global).then_some("global"));
        parts.push(self.tier());
        format!("{0}-MP:{0}_{1}-Units", self.region, parts.join("_"))
    }

    fn expected(&self, model: &str, scale: i64) -> Classification {
        tokens(model, self.direction, self.tier, self.routing, self.lifetime, self.long_context, scale)
    }
}

proptest! {
    /// Whatever the grammar writes is read back, in all four layouts.
    #[test]
    fn the_dimensions_come_back(row in row(), (slug, name) in select(&SLUGS[..])) {
        let classifier = Classifier::builtin();
        for (service, usage_type, unit, want) in [
            ("Amazon Bedrock", row.native(slug), "1K tokens", row.expected(name, 1000)),
            ("Amazon Bedrock Service", row.mantle(slug), "1K tokens", row.expected(name, 1000)),
            (EDITION, row.camel(), "Units", row.expected("Claude Sonnet 5", 1_000_000)),
            (EDITION, row.snake(), "Units", row.expected("Claude Sonnet 5", 1_000_000)),
        ] {
            prop_assert_eq!(classifier.classify(service, Some(&usage_type), unit), want, "{}", usage_type);
        }
    }

    /// A word that means nothing turns a row of tokens into an unclassified one, wherever it stands after the meter.
    #[test]
    fn an_unknown_qualifier_is_named(row in row(), word in "zz[a-z]{3,8}") {
        let classifier = Classifier::builtin();
        for (service, usage_type) in [
            ("Amazon Bedrock", format!("{}-{word}", row.native("NovaLite"))),
            ("Amazon Bedrock", row.mantle("NovaLite").replace("-tokens", &format!("-tokens-{word}"))),
            (EDITION, row.camel().replace("-Units", &format!("_{word}-Units"))),
            (EDITION, row.snake().replace("_tokens", &format!("_tokens_{word}"))),
        ] {
            let got = classifier.classify(service, Some(&usage_type), "1K tokens");
            prop_assert_eq!((got.workload, got.scale), (Workload::Unclassified, None), "{}", &usage_type);
            let why = got.unclassified_because.unwrap();
            prop_assert!(why.contains(&format!("`{word}`")) && why.contains(&usage_type), "{}", why);
        }
    }

    /// A row that speaks of a cache is never plain input, whatever stands around the word and wherever it stands.
    #[test]
    fn a_cache_is_never_plain_input(
        row in row(),
        (slug, _) in select(&SLUGS[..]),
        word in select(vec!["cache", "cached", "Cache", "caching", "promptcache", "cache-hit", "cache-creation"]),
        place in any::<prop::sample::Index>(),
        mantle in any::<bool>(),
    ) {
        let text = if mantle { row.mantle(slug) } else { row.native(slug) };
        let mut parts: Vec<&str> = text.split('-').collect();
        parts.insert(place.index(parts.len() + 1), word);
        let usage_type = parts.join("-");
        let got = Classifier::builtin().classify("Amazon Bedrock", Some(&usage_type), "1K tokens");
        prop_assert_ne!(got.direction, Some(Direction::Input), "{}", usage_type);
    }

    /// Garbage is never counted as tokens or chip-hours, and never fails.
    #[test]
    fn garbage_is_harmless(
        service in select(vec!["Amazon Bedrock", "Amazon Bedrock Service", EDITION, EC2, "Amazon SageMaker", "AWS Lambda"]),
        usage_type in prop_oneof!["\\PC{0,40}", "[-A-Za-z0-9_:. é]{0,60}", "(USE1|EU)-[-_:.A-Za-z]{0,30}"],
        unit in "\\PC{0,12}",
    ) {
        let says_tokens = ["input", "output", "cache"].iter().any(|word| usage_type.to_ascii_lowercase().contains(word));
        prop_assume!(!says_tokens);
        let row = Classifier::builtin().classify(service, Some(&usage_type), &unit);
        prop_assert_eq!(row.direction, None);
        prop_assert!(row.unit == unit, "the unit is kept: {}", row.unit);
        prop_assert_eq!(row.workload == Workload::Unclassified, row.unclassified_because.is_some());
    }

    /// Any service name and unit is classified, with or without a usage type.
    #[test]
    fn any_text_is_classified(service in "\\PC{0,30}( \\(Amazon Bedrock Edition\\))?", usage_type in "\\PC{0,30}", unit in "\\PC{0,8}") {
        let classifier = Classifier::builtin();
        for usage_type in [None, Some(usage_type.as_str())] {
            let row = classifier.classify(&service, usage_type, &unit);
            prop_assert_eq!(row.workload == Workload::Unclassified, row.unclassified_because.is_some());
        }
    }
}
