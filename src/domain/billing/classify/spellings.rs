//! Every spelling of the grammar, written from its dimensions and read back: each is what it was made from, or visibly
//! unclassified. Two tables cross: all dimensions of a meter in every layout, and all regions with all models' spellings.

mod odd_texts;

use std::collections::BTreeSet;

use rust_decimal::Decimal;
use serde::Deserialize;

use super::{Classifier, RuleFiles};
use crate::values::service::fold;
use crate::values::workload::{CacheLifetime, Classification, Direction, Routing, Tier, Workload};

/// How a layout writes a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Layout {
    /// `USE1-NovaLite-input-tokens` of this service.
    Runtime(&'static str),
    /// `USE1-openai.gpt-oss-120b-mantle-input-tokens-standard` of this service.
    Mantle(&'static str),
    /// `InputTokenCount_Global` of an Edition service, in this envelope.
    Camel(Envelope),
    /// `input_tokens_global_standard` of an Edition service, in this envelope.
    Snake(Envelope),
}

/// What stands around a marketplace meter.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Envelope {
    /// `USE1-MP:USE1_METER-Units`.
    Twice,
    /// `USE1-MP:METER-Units`.
    Once,
    /// `USE1_METER-Units`.
    Bare,
}

const LAYOUTS: [Layout; 10] = [
    Layout::Runtime("Amazon Bedrock"),
    Layout::Runtime("Amazon Bedrock Service"),
    Layout::Mantle("Amazon Bedrock"),
    Layout::Mantle("Amazon Bedrock Service"),
    Layout::Camel(Envelope::Twice),
    Layout::Camel(Envelope::Once),
    Layout::Camel(Envelope::Bare),
    Layout::Snake(Envelope::Twice),
    Layout::Snake(Envelope::Once),
    Layout::Snake(Envelope::Bare),
];

const ROUTINGS: [(&str, Routing); 5] = [
    ("", Routing::InRegion),
    ("cross-region-global", Routing::Global),
    ("cross-region-geo", Routing::InRegion),
    ("global", Routing::Global),
    ("geo", Routing::InRegion),
];

const TIERS: [(&str, Tier); 5] = [
    ("", Tier::OnDemand),
    ("standard", Tier::OnDemand),
    ("batch", Tier::Batch),
    ("flex", Tier::Flex),
    ("priority", Tier::Priority),
];

/// What is counted: the words before the token count, and how it reads.
const COUNTED: [(&str, Direction, Option<CacheLifetime>); 10] = [
    ("input", Direction::Input, None),
    ("output", Direction::Output, None),
    ("cached-input", Direction::CacheRead, None),
    ("cache-read", Direction::CacheRead, None),
    ("cache-reads", Direction::CacheRead, None),
    ("cache-write", Direction::CacheWrite, None),
    ("cache-writes", Direction::CacheWrite, None),
    ("cache-write", Direction::CacheWrite, Some(CacheLifetime::FiveMinutes)),
    ("cache-write", Direction::CacheWrite, Some(CacheLifetime::ThirtyMinutes)),
    ("cache-write", Direction::CacheWrite, Some(CacheLifetime::OneHour)),
];

const LONG: [&str; 4] = ["", "long-context", "long-ctx", "LCtx"];
const LATENCY: [&str; 2] = ["", "latency-optimized"];

/// A word of modality, whether it stands before the direction or after it, and whether it is text.
const MODALITIES: [(&str, bool, bool); 7] = [
    ("", true, true),
    ("text", true, true),
    ("text", false, true),
    ("speech", true, false),
    ("audio", false, false),
    ("image", false, false),
    ("video", true, false),
];

/// A region that no table knows.
const UNKNOWN_REGION: &str = "XYZ3";

#[derive(Debug, Clone, Copy)]
struct Row {
    layout: Layout,
    region: Option<&'static str>,
    routing: (&'static str, Routing),
    tier: (&'static str, Tier),
    counted: (&'static str, Direction, Option<CacheLifetime>),
    long: &'static str,
    latency: &'static str,
    modality: (&'static str, bool, bool),
    /// The qualifiers in the opposite order.
    reversed: bool,
}

/// An input token in a region, on demand.
const PLAIN: Row = Row {
    layout: LAYOUTS[0],
    region: Some("USE1"),
    routing: ROUTINGS[0],
    tier: TIERS[0],
    counted: COUNTED[0],
    long: "",
    latency: "",
    modality: MODALITIES[0],
    reversed: false,
};

impl Row {
    /// Every meter of a layout, in the regions by turns.
    fn all(layout: Layout, regions: &[Option<&'static str>]) -> Vec<Row> {
        let mut rows = Vec::new();
        for routing in ROUTINGS {
            for tier in TIERS {
                for counted in COUNTED {
                    for long in LONG {
                        for latency in LATENCY {
                            for modality in MODALITIES {
                                let region = regions[rows.len() % regions.len()];
                                let reversed = rows.len() % 2 == 1;
                                rows.push(Row {
                                    layout,
                                    region,
                                    routing,
                                    tier,
                                    counted,
                                    long,
                                    latency,
                                    modality,
                                    reversed,
                                });
                            }
                        }
                    }
                }
            }
        }
        rows
    }

    fn is_edition(&self) -> bool {
        matches!(self.layout, Layout::Camel(_) | Layout::Snake(_))
    }

    fn service(&self, edition: &str) -> String {
        match self.layout {
            Layout::Runtime(service) | Layout::Mantle(service) => service.to_owned(),
            Layout::Camel(_) | Layout::Snake(_) => format!("{edition} (Amazon Bedrock Edition)"),
        }
    }

    fn unit(&self) -> &'static str {
        if self.is_edition() { "Units" } else { "1K tokens" }
    }

    fn lifetime(&self) -> &'static str {
        match self.counted.2 {
            None => "",
            Some(CacheLifetime::FiveMinutes) => "5m",
            Some(CacheLifetime::ThirtyMinutes) => "30m",
            Some(CacheLifetime::OneHour) if matches!(self.layout, Layout::Runtime(_)) => "1-hour",
            Some(CacheLifetime::OneHour) => "1h",
        }
    }

    /// The direction with its modality and its count, as the layout writes it.
    fn head(&self) -> String {
        let (word, leads, _) = self.modality;
        let (before, after) = if leads { (word, "") } else { ("", word) };
        let counted = self.counted.0;
        let cache = counted.starts_with("cache-");
        let parts = match self.layout {
            Layout::Runtime(_) if cache => [before, counted, "", "input", after, "token-count"],
            Layout::Camel(_) if cache => [before, counted, self.lifetime(), "input", after, "token-count"],
            Layout::Camel(_) => [before, counted, "", "", after, "token-count"],
            _ => [before, counted, "", "", after, "tokens"],
        };
        joined(&parts, "-")
    }

    /// The meter in words joined by dashes, less the parts that are empty.
    fn meter(&self) -> Vec<String> {
        let lifetime = if matches!(self.layout, Layout::Camel(_)) { "" } else { self.lifetime() };
        let mut qualifiers = [lifetime, self.long, self.latency, self.routing.0, self.tier.0];
        if self.reversed {
            qualifiers.reverse();
        }
        let filled = qualifiers.into_iter().filter(|word| !word.is_empty()).map(str::to_owned);
        [self.head()].into_iter().chain(filled).collect()
    }

    fn usage_type(&self, slug: &str) -> String {
        enveloped(self.layout, self.region, slug, &self.meter())
    }

    fn expected(&self, model: &str) -> Classification {
        let is_text = self.modality.2;
        let unit = if is_text { "tokens" } else { self.unit() };
        let scale = match (is_text, self.is_edition()) {
            (true, true) => Some(1_000_000),
            (true, false) => Some(1_000),
            (false, true) => None,
            (false, false) => Some(1),
        };
        Classification {
            model: Some(model.to_owned()),
            direction: is_text.then_some(self.counted.1),
            tier: Some(self.tier.1),
            routing: Some(self.routing.1),
            cache_lifetime: self.counted.2,
            long_context: !self.long.is_empty(),
            scale: scale.map(Decimal::from),
            ..Classification::plain(Workload::BedrockInference, unit)
        }
    }

    /// A region that no table knows is told from a model only where it stands before `MP:`, or before a known model.
    fn is_readable(&self) -> bool {
        let bare = matches!(self.layout, Layout::Camel(Envelope::Bare) | Layout::Snake(Envelope::Bare));
        !(bare && self.region == Some(UNKNOWN_REGION))
    }
}

fn joined(parts: &[&str], separator: &str) -> String {
    let filled: Vec<&str> = parts.iter().copied().filter(|part| !part.is_empty()).collect();
    filled.join(separator)
}

/// A meter in the envelope of its layout.
fn enveloped(layout: Layout, region: Option<&str>, slug: &str, meter: &[String]) -> String {
    let region = region.unwrap_or_default();
    let (envelope, meter) = match layout {
        Layout::Runtime(_) => return joined(&[region, slug, &meter.join("-")], "-"),
        Layout::Mantle(_) => return joined(&[region, slug, "mantle", &meter.join("-")], "-"),
        Layout::Camel(envelope) => (envelope, meter.iter().map(|part| camel(part)).collect::<Vec<_>>().join("_")),
        Layout::Snake(envelope) => (envelope, meter.join("_").replace('-', "_")),
    };
    let inner = if envelope == Envelope::Once { meter } else { joined(&[region, &meter], "_") };
    let outer = if envelope == Envelope::Bare { inner } else { joined(&[region, &format!("MP:{inner}")], "-") };
    format!("{outer}-Units")
}

fn camel(words: &str) -> String {
    let upper = |word: &str| word[..1].to_ascii_uppercase() + &word[1..];
    words.split('-').map(upper).collect()
}

#[derive(Deserialize)]
struct ModelFile {
    model: Vec<Model>,
}

#[derive(Deserialize)]
struct Model {
    name: String,
    service: String,
    slugs: Vec<String>,
}

/// Every spelling of the table with the model that it means.
fn models() -> Vec<(String, String)> {
    let file: ModelFile = toml::from_str(RuleFiles::BUILTIN.models).unwrap();
    let spellings = |Model { name, service, slugs }: Model| {
        let edition = service.strip_suffix(" (Amazon Bedrock Edition)").map(str::to_owned);
        let all: Vec<String> = slugs.into_iter().chain([name.clone()]).chain(edition).collect();
        all.into_iter().map(move |spelling| (spelling, name.clone()))
    };
    file.model.into_iter().flat_map(spellings).collect()
}

/// Every region of the table, none, and one that the table does not know.
fn regions() -> Vec<Option<&'static str>> {
    let known = RuleFiles::BUILTIN.regions.lines().filter(|line| !line.starts_with('#')).skip(1);
    let known = known.map(|line| line.split_once(',').unwrap().0);
    known.map(Some).chain([None, Some(UNKNOWN_REGION)]).collect()
}

/// True if the row must be read: what is not is unclassified, and the reason names the usage type.
fn check(classifier: &Classifier, row: &Row, edition: &str, slug: &str, model: &str) {
    let (service, usage_type) = (row.service(edition), row.usage_type(slug));
    let got = classifier.classify(&service, Some(&usage_type), row.unit());
    if row.is_readable() {
        assert_eq!(got, row.expected(model), "{service} {usage_type}");
    } else {
        assert_eq!((got.workload, got.scale, got.direction), (Workload::Unclassified, None, None), "{usage_type}");
        assert!(got.unclassified_because.unwrap().contains(&usage_type));
    }
}

#[test]
fn every_meter_of_every_layout_is_what_it_was_made_from() {
    let (classifier, regions, models) = (Classifier::builtin(), regions(), models());
    let mut read = 0;
    for layout in LAYOUTS {
        for row in Row::all(layout, &regions) {
            let (spelling, model) = &models[read % models.len()];
            read += 1;
            // With a word of modality behind it a name can be another model's.
            if classifier.model_name(&format!("{spelling}-{}", row.modality.0)).is_none() {
                check(&classifier, &row, spelling, spelling, model);
            }
        }
    }
    assert!(read > 100_000, "{read}");
}

#[test]
fn every_spelling_of_a_model_is_known_in_every_region_and_layout() {
    let classifier = Classifier::builtin();
    let meters = [
        PLAIN,
        Row { routing: ROUTINGS[2], ..PLAIN },
        Row { routing: ROUTINGS[1], counted: COUNTED[9], tier: TIERS[2], ..PLAIN },
    ];
    let mut turn = 0;
    for (spelling, model) in models() {
        for layout in LAYOUTS {
            for region in regions() {
                let row = Row { layout, region, ..meters[turn % meters.len()] };
                turn += 1;
                check(&classifier, &row, &spelling, &spelling, &model);
            }
        }
    }
}

/// A Claude is written in both orders of its words, and its version with a dot and with a dash.
#[test]
fn every_claude_has_all_of_its_spellings() {
    let classifier = Classifier::builtin();
    let mut seen = 0;
    let file: ModelFile = toml::from_str(RuleFiles::BUILTIN.models).unwrap();
    for Model { name, .. } in &file.model {
        let words: Vec<&str> = name.split(' ').collect();
        let ["Claude", one, two] = words[..] else { continue };
        let (family, version) = if one.starts_with(|c: char| c.is_ascii_digit()) { (two, one) } else { (one, two) };
        if !["Opus", "Sonnet", "Haiku"].contains(&family) {
            continue;
        }
        let dashed = version.replace('.', "-");
        for spelling in [
            format!("Claude {family} {version}"),
            format!("Claude {version} {family}"),
            format!("Claude{version}{family}"),
            format!("Claude{dashed}{family}"),
        ] {
            assert_eq!(classifier.model_name(&spelling), Some(name.as_str()), "{spelling}");
        }
        seen += 1;
    }
    assert!(seen >= 20, "{seen}");
}

/// Another digit, or a letter less, is another model or a name that nobody knows.
#[test]
fn a_near_name_is_never_the_model() {
    let classifier = Classifier::builtin();
    let models = models();
    let held: BTreeSet<String> = models.iter().map(|(spelling, _)| fold(spelling)).collect();
    for (spelling, model) in &models {
        for at in 0..spelling.len() {
            let (before, after) = (&spelling[..at], &spelling[at + 1..]);
            let digit = spelling.as_bytes()[at];
            let next = digit.is_ascii_digit().then(|| format!("{before}{}{after}", (digit - b'0' + 1) % 10));
            for near in [Some(format!("{before}{after}")), next].into_iter().flatten() {
                // Less a last word that is a modality it may be a spelling of the model again.
                let folded = fold(near.trim_end_matches(['-', '_', ':', '/', ' ']));
                if held.contains(&folded) || folded.strip_suffix("text").is_some_and(|less| held.contains(less)) {
                    continue;
                }
                let native = classifier.classify("Amazon Bedrock", Some(&PLAIN.usage_type(&near)), "1K tokens");
                assert_ne!(native.model.as_ref(), Some(model), "{near}");
                let edition = Row { layout: LAYOUTS[4], ..PLAIN };
                let edition =
                    classifier.classify(&edition.service(&near), Some(&edition.usage_type("")), edition.unit());
                assert_ne!(edition.model.as_ref(), Some(model), "{near}");
            }
        }
    }
}

/// Capacity is no token used, however it is written: no direction, and AWS's own unit.
#[test]
fn reserved_tokens_per_minute_are_capacity() {
    let classifier = Classifier::builtin();
    let models = models();
    let mut turn = 0;
    for layout in LAYOUTS {
        for term in ["1-month", "3month", "6-months"] {
            for capacity in ["input-tokens-per-minute", "output-tokens-per-minute", "input-TPM", "output-tpm"] {
                for (routed, routing) in ROUTINGS {
                    let (spelling, model) = &models[turn % models.len()];
                    turn += 1;
                    let row = Row { layout, ..PLAIN };
                    let parts = ["reserved", term, capacity, routed].into_iter().filter(|part| !part.is_empty());
                    let meter: Vec<String> = parts.map(str::to_owned).collect();
                    let usage_type = enveloped(layout, row.region, spelling, &meter);
                    for (unit, scale) in [("1K TPM Hour", None), ("Units", None), ("1K tokens", Some(Decimal::ONE))] {
                        let got = classifier.classify(&row.service(spelling), Some(&usage_type), unit);
                        let want = Classification {
                            model: Some(model.clone()),
                            tier: Some(Tier::Reserved),
                            routing: Some(routing),
                            scale,
                            ..Classification::plain(Workload::BedrockInference, unit)
                        };
                        assert_eq!(got, want, "{usage_type}");
                    }
                }
            }
        }
    }
    // A reserved row that does not say what of is no use of tokens either.
    let got = classifier.classify("Amazon Bedrock", Some("USE1-NovaLite-reserved-input-tokens"), "1K tokens");
    assert_eq!((got.tier, got.direction, got.unit.as_str()), (Some(Tier::Reserved), None, "1K tokens"));
}

/// Names that were met in public since the table of usage types was made.
#[test]
fn names_met_in_public_are_read() {
    let classifier = Classifier::builtin();
    let class = |service: &str, usage_type: &str| classifier.classify(service, Some(usage_type), "1K tokens");
    for (usage_type, model, direction, tier, routing, long_context) in [
        (
            "USE1-Claude4.6Opus-input-tokens-cross-region-geo",
            "Claude Opus 4.6",
            Some(Direction::Input),
            Tier::OnDemand,
            Routing::InRegion,
            false,
        ),
        (
            "USE1-Claude4.6Opus-cache-write-input-token-count-cross-region-geo",
            "Claude Opus 4.6",
            Some(Direction::CacheWrite),
            Tier::OnDemand,
            Routing::InRegion,
            false,
        ),
        (
            "USE1-Claude4Sonnet-input-tokens-long-context-cross-region-global",
            "Claude Sonnet 4",
            Some(Direction::Input),
            Tier::OnDemand,
            Routing::Global,
            true,
        ),
        (
            "EU-Claude4.5Sonnet-reserved-1-month-input-tokens-per-minute-cross-region-global",
            "Claude Sonnet 4.5",
            None,
            Tier::Reserved,
            Routing::Global,
            false,
        ),
        (
            "USE1-anthropic.claude-opus-5-5-reserved-1-month-input-tokens-per-minute",
            "Claude Opus 5.5",
            None,
            Tier::Reserved,
            Routing::InRegion,
            false,
        ),
        (
            "USE1-Nova2.0Lite-input-tokens-flex-cross-region-global",
            "Nova 2 Lite",
            Some(Direction::Input),
            Tier::Flex,
            Routing::Global,
            false,
        ),
        (
            "USW2-Nova2.0Lite-cache-write-input-token-count-flex",
            "Nova 2 Lite",
            Some(Direction::CacheWrite),
            Tier::Flex,
            Routing::InRegion,
            false,
        ),
        ("USE1-Nova2.0Lite-nova-grounding", "Nova 2 Lite", None, Tier::OnDemand, Routing::InRegion, false),
        (
            "USE1-TitanEmbeddingsG1-Image-input-image",
            "Titan Multimodal Embeddings G1",
            None,
            Tier::OnDemand,
            Routing::InRegion,
            false,
        ),
        (
            "USE1-TitanEmbeddingsG1-Image-input-tokens",
            "Titan Multimodal Embeddings G1",
            Some(Direction::Input),
            Tier::OnDemand,
            Routing::InRegion,
            false,
        ),
    ] {
        let got = class("Amazon Bedrock Service", usage_type);
        assert_eq!(got.model.as_deref(), Some(model), "{usage_type}");
        assert_eq!((got.direction, got.tier, got.routing), (direction, Some(tier), Some(routing)), "{usage_type}");
        assert_eq!(got.long_context, long_context, "{usage_type}");
    }
    let edition = "Claude Sonnet 4.6 (Amazon Bedrock Edition)";
    for (usage_type, routing, long_context) in [
        ("USW2-MP:USW2_OutputTokenCount_Geo-Units", Routing::InRegion, false),
        ("USW2-MP:USW2_OutputTokenCount_LCtx_Global-Units", Routing::Global, true),
        ("USE1-MP:USE1_output_tokens_long_ctx_global_standard-Units", Routing::Global, true),
    ] {
        let got = class(edition, usage_type);
        assert_eq!((got.direction, got.routing), (Some(Direction::Output), Some(routing)), "{usage_type}");
        assert_eq!((got.model.as_deref(), got.long_context), (Some("Claude Sonnet 4.6"), long_context));
    }
    assert_eq!(class("Amazon Bedrock", "USE1-Nova2.0Lite-RFT-Training-Hours").workload, Workload::Supporting);
}

#[test]
fn one_word_that_is_not_known_takes_the_tokens_and_leaves_the_cost() {
    let classifier = Classifier::builtin();
    for layout in LAYOUTS {
        for row in Row::all(layout, &[Some("USE1")]).into_iter().step_by(37) {
            for place in 1..=row.meter().len() {
                let mut meter = row.meter();
                meter.insert(place, "moonbase".to_owned());
                let usage_type = enveloped(layout, row.region, "NovaLite", &meter);
                let got = classifier.classify(&row.service("Nova Lite"), Some(&usage_type), row.unit());
                assert_eq!((got.workload, got.scale, got.direction), (Workload::Unclassified, None, None));
                let why = got.unclassified_because.unwrap();
                assert!(why.to_ascii_lowercase().contains("`moonbase`") && why.contains(&usage_type), "{why}");
            }
        }
    }
}
