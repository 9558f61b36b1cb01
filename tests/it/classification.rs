//! Classification against every usage type that was met in public, and against the grammar behind them.

mod properties;

use std::collections::BTreeMap;

use glidepath::domain::billing::classify::{Classifier, RuleFiles};
use glidepath::domain::values::service::ServiceMatcher;
use glidepath::domain::values::workload::{CacheLifetime, Classification, Direction, Routing, Tier, Workload};
use rust_decimal::Decimal;
use serde::Deserialize;

const EDITION: &str = "Claude Sonnet 5 (Amazon Bedrock Edition)";
const EC2: &str = "Amazon Elastic Compute Cloud - Compute";

#[derive(Deserialize)]
struct Met {
    service: String,
    usage_type: String,
    meaning: String,
}

#[derive(Deserialize)]
struct Expected {
    service: String,
    usage_type: String,
    billed_unit: String,
    workload: Workload,
    model: Option<String>,
    direction: Option<Direction>,
    tier: Option<Tier>,
    routing: Option<Routing>,
    cache_lifetime: Option<CacheLifetime>,
    long_context: bool,
    unit: String,
    scale: Option<Decimal>,
    instance_type: Option<String>,
}

fn rows<T: for<'de> Deserialize<'de>>(text: &str) -> Vec<T> {
    csv::Reader::from_reader(text.as_bytes()).deserialize().collect::<Result<_, _>>().unwrap()
}

fn fill(text: &str) -> String {
    text.replace("<Model>", "Claude Sonnet 5").replace("<RGN>", "EUC1").replace("<type>", "trn1n.32xlarge")
}

fn tokens(
    model: &str,
    direction: Direction,
    tier: Tier,
    routing: Routing,
    cache_lifetime: Option<CacheLifetime>,
    long_context: bool,
    scale: i64,
) -> Classification {
    Classification {
        workload: Workload::BedrockInference,
        model: Some(model.to_owned()),
        direction: Some(direction),
        tier: Some(tier),
        routing: Some(routing),
        cache_lifetime,
        long_context,
        instance_type: None,
        unit: "tokens".to_owned(),
        scale: Some(scale.into()),
        unclassified_because: None,
    }
}

fn why_unclassified(service: &str, usage_type: &str, unit: &str) -> String {
    let row = Classifier::builtin().classify(service, Some(usage_type), unit);
    assert_eq!((row.workload, row.scale, row.direction), (Workload::Unclassified, None, None), "{usage_type}");
    assert_eq!(row.unit, unit);
    row.unclassified_because.unwrap()
}

fn model(service: &str, usage_type: &str) -> Option<String> {
    Classifier::builtin().classify(service, Some(usage_type), "1K tokens").model
}

#[test]
fn every_usage_type_that_was_met_is_right() {
    let met: Vec<Met> = rows(include_str!("../fixtures/bedrock-usage-types.csv"));
    let mut expected: BTreeMap<(String, String), Expected> =
        rows::<Expected>(include_str!("../fixtures/bedrock-usage-types-expected.csv"))
            .into_iter()
            .map(|row| ((row.service.clone(), row.usage_type.clone()), row))
            .collect();
    let classifier = Classifier::builtin();
    assert_eq!(met.len(), expected.len());
    for Met { service, usage_type, meaning } in met {
        let want = expected.remove(&(service.clone(), usage_type.clone())).expect(&usage_type);
        let (service, usage_type) = (fill(&service), fill(&usage_type));
        if usage_type.is_empty() {
            // The row gives a service name alone: it must be inference, and its usage types must name the model.
            let alone = classifier.classify(&service, None, "");
            assert_eq!(alone.workload, Workload::BedrockInference, "{service}");
            assert_eq!((alone.model, alone.tier, alone.routing, alone.scale), (None, None, None, None), "{service}");
            let row = classifier.classify(&service, Some("USE1-MP:USE1_OutputTokenCount-Units"), "Units");
            assert_eq!(row.model, want.model, "{service}");
            assert_eq!(row.direction, Some(Direction::Output), "{service}");
            continue;
        }
        let got = classifier.classify(&service, Some(&usage_type), &want.billed_unit);
        let want = Classification {
            workload: want.workload,
            model: want.model,
            direction: want.direction,
            tier: want.tier,
            routing: want.routing,
            cache_lifetime: want.cache_lifetime,
            long_context: want.long_context,
            instance_type: want.instance_type,
            unit: want.unit,
            scale: want.scale,
            unclassified_because: None,
        };
        assert_eq!(got, want, "{service} {usage_type}: {meaning}");
    }
}

#[test]
fn spellings_of_the_same_grammar_that_are_in_no_fixture_are_read() {
    use CacheLifetime::{FiveMinutes, OneHour};
    use Direction::{CacheRead, CacheWrite, Input, Output};
    use Routing::{Global, InRegion};
    use Tier::{Batch, Flex, OnDemand};
    let classifier = Classifier::builtin();
    for (service, usage_type, unit, want) in [
        (
            "Amazon Bedrock",
            "USE1-openai.gpt-5.6-luna-mantle-cache-write-tokens-5m-long-ctx-flex",
            "1K tokens",
            tokens("GPT-5.6 Luna", CacheWrite, Flex, InRegion, Some(FiveMinutes), true, 1000),
        ),
        (
            "Amazon Bedrock Service",
            "USE1-Claude4Sonnet-cache-write-input-token-count-1-hour",
            "1K tokens",
            tokens("Claude Sonnet 4", CacheWrite, OnDemand, InRegion, Some(OneHour), false, 1000),
        ),
        (
            "Amazon Bedrock Service",
            "APN1-Claude4.5Haiku-input-token-count-global",
            "1K tokens",
            tokens("Claude Haiku 4.5", Input, OnDemand, Global, None, false, 1000),
        ),
        (
            "Amazon Bedrock",
            "USE1-Nova2.0Pro-input-text-tokens",
            "1M tokens",
            tokens("Nova 2 Pro", Input, OnDemand, InRegion, None, false, 1_000_000),
        ),
        (
            "Amazon Bedrock",
            "USW2-moonshotai.kimi-k3-mantle-output-tokens-batch",
            "Tokens",
            tokens("Kimi K3", Output, Batch, InRegion, None, false, 1),
        ),
        (
            EDITION,
            "USE1-MP:USE1_CacheReadInputTokenCount_Global_Batch-Units",
            "1K tokens",
            tokens("Claude Sonnet 5", CacheRead, Batch, Global, None, false, 1000),
        ),
        // Without its MP: part, and with a region that the table does not know.
        (
            EDITION,
            "USE1_OutputTokenCount-Units",
            "Units",
            tokens("Claude Sonnet 5", Output, OnDemand, InRegion, None, false, 1_000_000),
        ),
        (
            EDITION,
            "XYZ3-MP:XYZ3_input_tokens_flex-Units",
            "units",
            tokens("Claude Sonnet 5", Input, Flex, InRegion, None, false, 1_000_000),
        ),
        (
            "Amazon Bedrock",
            "XYZ3-NovaLite-input-tokens",
            "1K tokens",
            tokens("Nova Lite", Input, OnDemand, InRegion, None, false, 1000),
        ),
    ] {
        assert_eq!(classifier.classify(service, Some(usage_type), unit), want, "{usage_type}");
    }
}

#[test]
fn a_unit_is_never_assumed() {
    let classifier = Classifier::builtin();
    for (service, usage_type, unit) in [
        ("Amazon Bedrock", "USE1-NovaLite-input-tokens", "N/A"),
        ("Amazon Bedrock", "USE1-NovaLite-input-tokens", ""),
        ("Amazon Bedrock", "USE1-NovaLite-input-tokens", "Units"),
        ("Amazon Bedrock", "USE1-NovaLite-input-tokens", "Hrs"),
        (EDITION, "USE1-MP:USE1_InputTokenCount-Units", "N/A"),
        (EDITION, "USE1-MP:USE1_InputTokenCount-Units", "2K tokens"),
        (EC2, "BoxUsage:trn1.32xlarge", "N/A"),
        (EC2, "BoxUsage:trn1.32xlarge", "Units"),
    ] {
        let row = classifier.classify(service, Some(usage_type), unit);
        assert_eq!((row.scale, row.unit.as_str()), (None, unit), "{usage_type} {unit}");
        assert_ne!(row.workload, Workload::Unclassified, "the cost is understood all the same");
    }
}

#[test]
fn what_is_not_understood_is_named() {
    for (service, usage_type, word) in [
        ("Amazon Bedrock", "USE1-NovaLite-input-tokens-turbo", "unknown qualifier `turbo`"),
        ("Amazon Bedrock", "USE1-NovaLite-output-tokens-cross-region", "unknown qualifier `cross-region`"),
        (EDITION, "USE1-MP:USE1_InputTokenCount_MoonBase_Global-Units", "unknown qualifier `MoonBase`"),
        (EDITION, "USE1-MP:USE1_HapticInputTokenCount-Units", "unknown words `Haptic`"),
        (EDITION, "USE1-NovaLite-input-tokens", "unknown words `NovaLite`"),
        ("Amazon Bedrock", "USE1-NovaLite-input-tokens-batch-flex", "two tiers"),
        ("Amazon Bedrock", "USE1-NovaLite-input-output-tokens", "two token directions"),
        ("Amazon Bedrock", "USE1-NovaLite-cache-read-output-tokens", "two token directions"),
        ("Amazon Bedrock", "USE1-NovaLite-input-tokens-1h", "writes no cache"),
        ("Amazon Bedrock", "USE1-NovaLite-input", "no token count"),
        // A cache or another modality that the grammar does not know must not pass for plain text of an unknown model.
        ("Amazon Bedrock", "USE1-NovaLite-cache-hit-input-token-count", "the word `cache`"),
        ("Amazon Bedrock", "USE1-NovaPro-cache-creation-input-tokens", "the word `cache`"),
        ("Amazon Bedrock", "USE1-NovaPro-prompt-cache-input-tokens-batch", "the word `cache`"),
        ("Amazon Bedrock", "USE1-NovaPro-prompt-caching-output-tokens", "the word `caching`"),
        ("Amazon Bedrock", "CACHE1-NovaLite-input-tokens", "the word `CACHE`"),
        ("Amazon Bedrock", "USE1-NovaSonic-speech-v2-input-tokens", "the word `speech`"),
        ("Amazon Bedrock", "USE1-Zebra-Video-fast-output-tokens", "the word `Video`"),
        ("Amazon Bedrock", "USE1-input-tokens", "no model"),
        ("Amazon Bedrock", "USE1-NovaReel-SomethingNew", "no token direction"),
        ("Amazon Bedrock", "USE1-TEMP:input-tokens-odd", "unknown qualifier `odd`"),
        ("Amazon Bedrock", "USE1-Llama-CustomModelImport-Storage", "no token direction"),
        ("Amazon Bedrock", "", "is empty"),
        ("Amazon Bedrock", "USE1-Nova\u{200f}Lite-input-tokens", "holds the character `\\u{200f}`"),
        ("Amazon Bedrock Something New", "USE1-NovaLite-input-tokens", "no rule names"),
    ] {
        let why = why_unclassified(service, usage_type, "1K tokens");
        assert!(why.contains(word), "{usage_type}: {why}");
    }
}

#[test]
fn a_name_that_an_alias_has_whole_may_hold_any_word() {
    let aliases = BTreeMap::from([("Dragon-Video-Pro".to_owned(), "Dragon Video".to_owned())]);
    let classifier = Classifier::builtin().with_model_aliases(aliases);
    let row = classifier.classify("Amazon Bedrock", Some("USE1-Dragon-Video-Pro-input-tokens"), "1K tokens");
    assert_eq!((row.model.as_deref(), row.direction), (Some("Dragon Video"), Some(Direction::Input)));
    let unknown =
        Classifier::builtin().classify("Amazon Bedrock", Some("USE1-Dragon-Video-Pro-input-tokens"), "1K tokens");
    assert_eq!(unknown.workload, Workload::Unclassified);
}

#[test]
fn a_modality_other_than_text_is_not_added_to_tokens() {
    let classifier = Classifier::builtin();
    for (usage_type, unit, scale) in [
        ("USE1-NovaSonic-speech-output-tokens", "1K tokens", Some(Decimal::ONE)),
        ("USE1-Nova2.0Pro-input-video-token-count-flex", "1K tokens", Some(Decimal::ONE)),
        ("USE1-NovaMultiModalEmbeddings-input-audio-second", "seconds", Some(Decimal::ONE)),
        ("USE1-TitanEmbeddingsG1-Image-input-image", "whatever", None),
    ] {
        let row = classifier.classify("Amazon Bedrock", Some(usage_type), unit);
        assert_eq!((row.workload, row.direction), (Workload::BedrockInference, None), "{usage_type}");
        assert_eq!((row.unit.as_str(), row.scale), (unit, scale), "{usage_type}");
        assert!(row.model.is_some() && row.tier.is_some() && row.routing.is_some(), "{usage_type}");
    }
}

#[test]
fn meters_that_are_not_tokens_have_no_direction() {
    let classifier = Classifier::builtin();
    let inference = (Workload::BedrockInference, Some(Tier::OnDemand), Some(Routing::InRegion));
    let reserved = (Workload::BedrockInference, Some(Tier::Reserved), Some(Routing::InRegion));
    let training = (Workload::Supporting, None, None);
    for (service, usage_type, (workload, tier, routing), model) in [
        ("Amazon Bedrock", "USE1-NovaCanvas-T2I-1024-Premium", inference, Some("Nova Canvas")),
        ("Amazon Bedrock", "USE1-Guardrail-ContentPolicyImageUnitsConsumed", inference, None),
        ("Amazon Bedrock", "USE1-DataAutomation-Standard-ImagesProcessed", inference, None),
        ("Amazon Bedrock", "USE1-Llama-CustomModelImport-Inference-v1:0", inference, None),
        ("Amazon Bedrock", "USE1-NovaPro-ProvisionedThroughput-6MonthsCommit-ModelUnits", reserved, Some("Nova Pro")),
        (EDITION, "USE1-MP:USE1_created_image_stable_image_ultra-Units", inference, Some("Claude Sonnet 5")),
        (
            EDITION,
            "USE1-MP:USE1_Reserved_6Month_OutputTPM_Global-Units",
            (reserved.0, reserved.1, Some(Routing::Global)),
            Some("Claude Sonnet 5"),
        ),
        ("Amazon Bedrock", "USE1-Nova2.0Lite-Customization-Training", training, None),
        ("Amazon Bedrock", "USE1-Nova2.0Lite-Customization-Storage", training, None),
    ] {
        let row = classifier.classify(service, Some(usage_type), "Units");
        assert_eq!((row.workload, row.tier, row.routing), (workload, tier, routing), "{usage_type}");
        assert_eq!((row.model.as_deref(), row.direction, row.unit.as_str()), (model, None, "Units"), "{usage_type}");
        // `Units` of images or capacity say nothing about how many; a supporting row is shown as billed.
        assert_eq!(row.scale.is_some(), workload == Workload::Supporting, "{usage_type}");
    }
}

#[test]
fn a_model_is_never_named_by_likeness() {
    for (usage_type, name) in [
        ("USE1-Claude4.6Opus-input-tokens", "Claude Opus 4.6"),
        ("USE1-Claude4.7Opus-input-tokens", "Claude Opus 4.7"),
        ("USE1-Claude4.9Opus-input-tokens", "Claude4.9Opus"),
        ("USE1-anthropic.claude-sonnet-5-5-mantle-input-tokens-standard", "Claude Sonnet 5.5"),
        ("USE1-anthropic.claude-sonnet-5-6-mantle-input-tokens-standard", "anthropic.claude-sonnet-5-6"),
        ("USE1-anthropic.claude-sonnet-6-mantle-input-tokens-standard", "anthropic.claude-sonnet-6"),
        ("USE1-NovaLiteX-input-tokens", "NovaLiteX"),
        ("USE1-Nova-Lite-input-tokens", "Nova-Lite"),
        // The shape of a region prefix proves nothing by itself.
        ("GPT5-mega-input-tokens", "GPT5-mega"),
    ] {
        assert_eq!(model("Amazon Bedrock", usage_type).as_deref(), Some(name), "{usage_type}");
    }
    let meter = "USE1-MP:USE1_InputTokenCount-Units";
    for (service, name) in [
        ("Claude Sonnet 5.5 (Amazon Bedrock Edition)", "Claude Sonnet 5.5"),
        ("Claude Sonnet 6.5 (Amazon Bedrock Edition)", "Claude Sonnet 6.5"),
        ("Claude 4.6 Sonnet (Amazon Bedrock Edition)", "Claude Sonnet 4.6"),
        ("OpenAI GPT-7 Nebula (Amazon Bedrock Edition)", "OpenAI GPT-7 Nebula"),
    ] {
        assert_eq!(model(service, meter).as_deref(), Some(name));
    }
}

#[test]
fn a_users_alias_wins_over_the_table() {
    let aliases = [("Claude4.9Opus", "Claude Opus 4.9"), ("novalite", "House model")];
    let classifier = Classifier::builtin()
        .with_model_aliases(aliases.into_iter().map(|(slug, name)| (slug.to_owned(), name.to_owned())).collect());
    let model = |usage_type| classifier.classify("Amazon Bedrock", Some(usage_type), "1K tokens").model.unwrap();
    assert_eq!(model("USE1-Claude4.9Opus-input-tokens"), "Claude Opus 4.9");
    assert_eq!(model("USE1-NovaLite-input-tokens"), "House model");
    assert_eq!(model("USE1-NovaPro-input-tokens"), "Nova Pro");
    assert!(classifier.model_names().any(|name| name == "Claude Opus 4.9"));
}

#[test]
fn accelerators_are_counted_in_chip_hours() {
    let classifier = Classifier::builtin();
    for (service, usage_type, unit, workload, instance_type, want_unit, scale) in [
        (EC2, "USE1-BoxUsage:trn1.32xlarge", "Hrs", Workload::Trainium, "trn1.32xlarge", "chip_hours", Some(16)),
        (EC2, "EU-SpotUsage:inf2.48xlarge", "Hours", Workload::Inferentia, "inf2.48xlarge", "chip_hours", Some(12)),
        (EC2, "APS5-UnusedBox:trn2.48xlarge", "Hrs", Workload::Trainium, "trn2.48xlarge", "chip_hours", Some(16)),
        // The lump of a reservation and a kind that is no instance hour: cost only.
        (EC2, "USE2-CapacityBlockFee:trn2.48xlarge", "Hrs", Workload::Trainium, "trn2.48xlarge", "Hrs", None),
        (EC2, "USE2-EBSOptimized:trn1.2xlarge", "Hrs", Workload::Trainium, "trn1.2xlarge", "Hrs", None),
        // Types that no table knows yet.
        (EC2, "USE2-BoxUsage:trn3.48xlarge", "Hrs", Workload::Trainium, "trn3.48xlarge", "Hrs", None),
        (EC2, "USE2-BoxUsage:inf9.xlarge", "Hrs", Workload::Inferentia, "inf9.xlarge", "Hrs", None),
        (
            "Amazon SageMaker",
            "USE1-Train:ml.trn1.32xlarge",
            "Hrs",
            Workload::Trainium,
            "ml.trn1.32xlarge",
            "chip_hours",
            Some(16),
        ),
        (
            "Amazon SageMaker AI",
            "USE1-Host:ml.inf2.24xlarge",
            "Hrs",
            Workload::Inferentia,
            "ml.inf2.24xlarge",
            "chip_hours",
            Some(6),
        ),
    ] {
        let row = classifier.classify(service, Some(usage_type), unit);
        assert_eq!((row.workload, row.instance_type.as_deref()), (workload, Some(instance_type)), "{usage_type}");
        assert_eq!((row.unit.as_str(), row.scale), (want_unit, scale.map(Decimal::from)), "{usage_type}");
        assert_eq!((row.tier, row.routing, row.model), (None, None, None), "{usage_type}");
    }
}

#[test]
fn other_instances_and_services_are_plain() {
    let classifier = Classifier::builtin();
    for (service, usage_type, workload) in [
        (EC2, Some("BoxUsage:m7g.large"), Workload::Supporting),
        (EC2, Some("BoxUsage:info.large"), Workload::Supporting),
        (EC2, Some("DataTransfer-Out-Bytes"), Workload::Supporting),
        (EC2, None, Workload::Unclassified),
        ("EC2 - Other", Some("EBS:VolumeUsage.gp3"), Workload::Supporting),
        ("EC2 - Other", None, Workload::Supporting),
        ("Amazon SageMaker", Some("USE1-Train:ml.p5.48xlarge"), Workload::SageMaker),
        ("Amazon SageMaker AI", None, Workload::SageMaker),
        ("Amazon Bedrock", None, Workload::BedrockInference),
        ("Amazon Bedrock Service", None, Workload::BedrockInference),
        ("Some Future Model 9 (Amazon Bedrock Edition)", None, Workload::BedrockInference),
        ("Amazon Bedrock AgentCore", None, Workload::Supporting),
        ("Amazon Bedrock Managed Knowledge Base", None, Workload::Supporting),
        ("Tax", None, Workload::Supporting),
        ("", None, Workload::Supporting),
    ] {
        let row = classifier.classify(service, usage_type, "GB");
        assert_eq!(row.workload, workload, "{service} {usage_type:?}");
        assert_eq!(row.unclassified_because.is_some(), workload == Workload::Unclassified, "{service}");
    }
}

#[test]
fn a_credits_spelling_of_a_service_is_resolved() {
    let classifier = Classifier::builtin();
    let matcher = |name| ServiceMatcher::new([name], classifier.service_aliases());
    for (listed, service) in [
        ("Amazon EC2", EC2),
        ("AmazonEC2", "EC2 - Other"),
        ("AmazonS3", "Amazon Simple Storage Service"),
        ("Amazon RDS", "Amazon Relational Database Service"),
        ("Amazon SageMaker AI", "Amazon SageMaker"),
        ("Amazon SageMaker", "Amazon SageMaker AI"),
        ("AmazonEKS", "Amazon Elastic Container Service for Kubernetes"),
        ("AmazonBedrock", "Amazon Bedrock"),
    ] {
        assert!(matcher(listed).matches(service), "{listed} is {service}");
    }
    assert!(!matcher("Amazon Bedrock").matches(EDITION), "a credit that lists Bedrock may refuse the Edition rows");
    assert!(!matcher("Amazon S3").matches(EC2));
}

#[test]
fn the_tables_answer_for_others() {
    let classifier = Classifier::builtin();
    assert_eq!(classifier.model_service("Claude Sonnet 5"), Some(EDITION));
    assert_eq!(classifier.model_service("Nova Lite"), Some("Amazon Bedrock"));
    assert_eq!(classifier.model_service("Claude Sonnet 7"), None);
    assert_eq!(classifier.model_name("anthropic.claude-opus-4-8"), Some("Claude Opus 4.8"));
    assert_eq!(classifier.model_name("Claude Opus 4"), Some("Claude Opus 4"));
    let trn1 = classifier.accelerator("trn1.32xlarge").unwrap();
    assert_eq!((trn1.chips, trn1.vcpu, trn1.family.as_str()), (16, 128, "Trainium1"));
    assert_eq!(trn1.workload, Workload::Trainium);
    assert_eq!(classifier.accelerator("p5.48xlarge"), None);
    // Every model with a published list price.
    for name in [
        "Claude Opus 5.5",
        "Claude Opus 5",
        "Claude Opus 4.8",
        "Claude Opus 4.7",
        "Claude Opus 4.6",
        "Claude Opus 4.5",
        "Claude Opus 4",
        "Claude Opus 4.1",
        "Claude Sonnet 5.5",
        "Claude Sonnet 5",
        "Claude Sonnet 4",
        "Claude Sonnet 4.5",
        "Claude Sonnet 4.6",
        "Claude Haiku 5.5",
        "Claude Haiku 4.5",
        "Claude Haiku 3.5",
        "Claude Fable 5",
        "GPT-6 Astra",
        "GPT-6 Sol",
        "GPT-6 Luna",
        "GPT-5.6 Sol",
        "GPT-5.6 Terra",
        "GPT-5.6 Luna",
        "Nova Micro",
        "Nova Lite",
        "Nova Pro",
        "Nova Premier",
        "Nova 2 Lite",
        "Nova 2 Pro",
        "Titan Text Embeddings V2",
        "Llama 3.3 70B",
        "Llama 4 Maverick",
        "Llama 4 Scout",
        "Mistral Large 3",
        "DeepSeek R1",
        "DeepSeek V3.2",
        "gpt-oss-120b",
        "gpt-oss-20b",
        "Kimi K3",
        "Qwen3-235B",
    ] {
        assert!(classifier.model_names().any(|known| known == name), "{name}");
        assert!(classifier.model_service(name).is_some(), "{name}");
    }
    assert!(classifier.instance_types().any(|known| known == "ml.inf1.6xlarge"));
}

#[test]
fn a_broken_rule_file_is_named_with_its_entry() {
    let broken = |files: RuleFiles| Classifier::parse(&files).unwrap_err().to_string();
    let builtin = RuleFiles::BUILTIN;
    let twice = "[[model]]\nname = \"A\"\nservice = \"Amazon Bedrock\"\nslugs = [\"x\"]\n\
                 [[model]]\nname = \"B\"\nservice = \"Amazon Bedrock\"\nslugs = [\"X\"]\n";
    for (error, parts) in [
        (broken(RuleFiles { models: twice, ..builtin }), ["models.toml", "`B`", "already means `A`"]),
        (broken(RuleFiles { models: "[[model]]\nnam = 1\n", ..builtin }), ["models.toml", "line 2", "nam"]),
        (
            broken(RuleFiles {
                accelerators: "instance_type,family,workload,chips,vcpu\na,b,trainium,x,1\n",
                ..builtin
            }),
            ["accelerators.csv", "line 2", "Correct"],
        ),
        (
            broken(RuleFiles {
                accelerators: "instance_type,family,workload,chips,vcpu\na,b,trainium,0,1\n",
                ..builtin
            }),
            ["accelerators.csv", "`a`", "no chips"],
        ),
        (
            broken(RuleFiles {
                renames: "[[rename]]\nfrom = \"A\"\nto = \"B\"\n[[moves]]\nfrom = \"b\"\nto = \"a\"\n",
                ..builtin
            }),
            ["renames.toml", "`b` to `a`", "already"],
        ),
        (broken(RuleFiles { regions: "prefix,region\nEU,a\nEU,b\n", ..builtin }), ["regions.csv", "`EU`", "twice"]),
        (
            broken(RuleFiles { services: "rule = []\n[[alias]]\nservice = \"A B\"\nalso = [\"ab\"]\n", ..builtin }),
            ["services.toml", "`A B`", "Delete"],
        ),
        (
            broken(RuleFiles { bedrock: &builtin.bedrock.replace("[\"batch\"]", "[\"global\"]"), ..builtin }),
            ["bedrock.toml", "`global`", "two meanings"],
        ),
        (
            broken(RuleFiles { units: &builtin.units.replace("\"Hrs\"", "\"tokens\""), ..builtin }),
            ["units.toml", "`tokens`", "twice"],
        ),
    ] {
        for part in parts {
            assert!(error.contains(part), "{error} lacks {part}");
        }
    }
}
