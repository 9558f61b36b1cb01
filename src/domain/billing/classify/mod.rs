//! Classification: what one billed row is for, read from its service and usage type by rules in
//! `config/classification/`.
//!
//! Invariants: every row gets a [`Classification`], so its cost is counted somewhere; what the rules do not
//! understand is [`Workload::Unclassified`] with the reason and its quantity is added to nothing; a model is named
//! only through the exact table or a user's alias; a unit is taken from AWS's text, never assumed.
//!
//! - `words` cuts a usage type into words; `bedrock` is the grammar over them;
//! - `region` takes the envelope off: region prefix, `MP:` part, `-Units`;
//! - `odd` refuses names that AWS cannot have written;
//! - `compute` reads instance usage of EC2 and SageMaker;
//! - `model`, `unit` and `rules` are the tables and how their files are parsed;
//! - `successor` says which name may follow which, and reads a new name as the one before it.

mod bedrock;
mod compute;
mod model;
mod odd;
mod region;
mod rules;
#[cfg(test)]
mod spellings;
mod successor;
mod unit;
mod words;

use std::collections::BTreeMap;

use rust_decimal::Decimal;

pub use compute::Accelerator;
pub use rules::{ClassifierError, RuleFiles};
pub use successor::Succession;

use bedrock::{Grammar, Reading, Subject};
use compute::ComputeRules;
use model::ModelTable;
use region::{Envelope, RegionPrefixes};
use rules::{Reads, ServiceRule};
use unit::{Measure, Units};

use crate::values::printable::{hides, printable};
use crate::values::service::ServiceAliases;
use crate::values::workload::{Classification, Routing, Tier, Workload};

/// Reads billed rows by the rules of `config/classification/`.
///
/// ```
/// use glidepath_core::billing::classify::Classifier;
/// use glidepath_core::values::workload::{Direction, Routing};
///
/// let classifier = Classifier::builtin();
/// let row = classifier.classify(
///     "Claude Sonnet 5 (Amazon Bedrock Edition)",
///     Some("USE1-MP:USE1_CacheReadInputTokenCount_Global-Units"),
///     "Units",
/// );
/// assert_eq!(row.model.as_deref(), Some("Claude Sonnet 5"));
/// assert_eq!(row.direction, Some(Direction::CacheRead));
/// assert_eq!(row.routing, Some(Routing::Global));
/// assert_eq!(row.scale, Some(1_000_000.into()));
/// ```
#[derive(Debug, Clone)]
pub struct Classifier {
    services: Vec<ServiceRule>,
    aliases: ServiceAliases,
    /// Pairs of names between which AWS moves accounts, folded.
    moves: Vec<(String, String)>,
    models: ModelTable,
    grammar: Grammar,
    regions: RegionPrefixes,
    units: Units,
    compute: ComputeRules,
}

impl Classifier {
    /// The classifier of the rule files that are compiled in.
    pub fn builtin() -> Self {
        Classifier::parse(&RuleFiles::BUILTIN).expect("a unit test parses the rule files that are compiled in")
    }

    /// Parses rule files; an error names the file, the entry and what to do.
    pub fn parse(files: &RuleFiles) -> Result<Self, ClassifierError> {
        let (services, aliases) = rules::parse_services(files.services)?;
        let renames = rules::parse_renames(files.renames)?;
        Ok(Classifier {
            services,
            aliases: aliases.with_same(renames.same),
            moves: renames.moves,
            models: ModelTable::parse(files.models)?,
            grammar: Grammar::parse(files.bedrock)?,
            regions: RegionPrefixes::parse(files.regions)?,
            units: Units::parse(files.units)?,
            compute: ComputeRules::parse(files.compute, files.accelerators)?,
        })
    }

    /// Adds a user's own names, from a billing slug or model id to the name to show. They win over the table.
    #[must_use]
    pub fn with_model_aliases(mut self, aliases: BTreeMap<String, String>) -> Self {
        self.models.add_aliases(aliases);
        self
    }

    /// What a row is. Without a usage type it is classified by its service alone: cost that Cost Explorer's detail
    /// does not explain.
    pub fn classify(&self, service: &str, usage_type: Option<&str>, unit: &str) -> Classification {
        let reads = self.reads(service);
        if let Some(usage_type) = usage_type.filter(|_| reads.reads_usage_type())
            && let Some(why) = odd::objection(usage_type)
        {
            return Classification::unclassified(unit, format!("usage type `{}` {why}", printable(usage_type)));
        }
        match (reads, usage_type) {
            (Reads::Supporting | Reads::ModelElsewhere, _) => self.plain(Workload::Supporting, unit),
            (Reads::UnknownBedrock, _) => Classification::unclassified(
                unit,
                format!("`{}` is a Bedrock service that no rule names yet", printable(service)),
            ),
            (Reads::Bedrock | Reads::BedrockEdition, None) => self.plain(Workload::BedrockInference, unit),
            (Reads::Bedrock, Some(usage_type)) => self.bedrock(None, usage_type, unit),
            (Reads::BedrockEdition, Some(usage_type)) => {
                let name = name_of_edition(service);
                if hides(name) {
                    let why = format!("service `{}` holds a character that is not seen", printable(service));
                    return Classification::unclassified(unit, why);
                }
                self.bedrock(Some(name), usage_type, unit)
            }
            (Reads::Ec2, None) => Classification::unclassified(
                unit,
                format!("`{service}` without a usage type: it could be any instance, accelerators included"),
            ),
            (Reads::Ec2Other, None) => self.plain(Workload::Supporting, unit),
            (Reads::Ec2 | Reads::Ec2Other, Some(usage_type)) => self
                .compute
                .ec2(usage_type, self.hours(unit), unit)
                .unwrap_or_else(|| self.plain(Workload::Supporting, unit)),
            (Reads::SageMaker, usage_type) => usage_type
                .and_then(|usage_type| self.compute.sagemaker(usage_type, self.hours(unit), unit))
                .unwrap_or_else(|| self.plain(Workload::SageMaker, unit)),
        }
    }

    /// True for a service that sells models outside Bedrock, such as "Claude Platform on AWS".
    pub fn sells_models_elsewhere(&self, service: &str) -> bool {
        self.reads(service) == Reads::ModelElsewhere
    }

    /// How the rows of a service are read.
    fn reads(&self, service: &str) -> Reads {
        self.services.iter().find(|rule| rule.service.matches(service)).map_or(Reads::Supporting, |rule| rule.reads)
    }

    /// Which other spellings mean the same services, for credits' lists of products.
    pub fn service_aliases(&self) -> &ServiceAliases {
        &self.aliases
    }

    /// The display name of a model, from any spelling that the table or a user's alias knows.
    pub fn model_name(&self, spelling: &str) -> Option<&str> {
        self.models.name(spelling)
    }

    /// The Cost Explorer SERVICE under which a model, given by its display name, usually bills.
    pub fn model_service(&self, display_name: &str) -> Option<&str> {
        self.models.service(display_name)
    }

    /// Who makes a model, given by its display name, as the ids of its models begin: `anthropic`.
    pub fn model_makers<'c>(&'c self, display_name: &'c str) -> impl Iterator<Item = &'c str> {
        self.models.makers(display_name)
    }

    /// Chips and processors of an accelerator instance type; `None` if it is none or not known.
    pub fn accelerator(&self, instance_type: &str) -> Option<Accelerator> {
        self.compute.accelerator(instance_type).cloned()
    }

    /// Display names of all models, sorted, users' aliases included.
    pub fn model_names(&self) -> impl Iterator<Item = &str> {
        self.models.names()
    }

    /// All accelerator instance types, sorted.
    pub fn instance_types(&self) -> impl Iterator<Item = &str> {
        self.compute.instance_types()
    }

    fn hours(&self, unit: &str) -> Option<Decimal> {
        self.units.read(unit).filter(|(measure, _)| *measure == Measure::Hours).map(|(_, scale)| scale)
    }

    /// A row without finer dimensions. Cost Explorer says `N/A` where it added up different units: no quantity.
    fn plain(&self, workload: Workload, unit: &str) -> Classification {
        let scale = (!unit::is_absent(unit)).then_some(Decimal::ONE);
        Classification { scale, ..Classification::plain(workload, unit) }
    }

    fn bedrock(&self, edition: Option<&str>, usage_type: &str, unit: &str) -> Classification {
        let envelope = self.regions.open(usage_type, edition.is_some());
        let read =
            self.grammar.read(envelope.body, &|slug| self.named(&envelope, slug).is_some()).and_then(|reading| {
                let model = self.model_of(edition, &envelope, &reading)?;
                Ok((reading, model))
            });
        match read {
            Ok((reading, model)) => self.bedrock_row(&reading, model, envelope.marketplace, unit),
            Err(why) => Classification::unclassified(unit, format!("{why} in usage type `{usage_type}`")),
        }
    }

    /// The model that a slug names, with the prefix of a region that the table does not know taken off if need be.
    fn named(&self, envelope: &Envelope<'_>, slug: &str) -> Option<&str> {
        self.models.name(slug).or_else(|| {
            let rest = region::without_unknown_prefix(slug).filter(|_| !envelope.region)?;
            self.models.name(rest)
        })
    }

    /// The model of a row, or why it cannot be told.
    fn model_of(
        &self,
        edition: Option<&str>,
        envelope: &Envelope<'_>,
        reading: &Reading<'_>,
    ) -> Result<Option<String>, String> {
        let known = |spelling: &str| self.models.name(spelling).map(str::to_owned);
        match (edition, reading.slug) {
            (Some(name), "") => Ok(Some(known(name).unwrap_or_else(|| name.to_owned()))),
            // The service names the model, so words in the model's place must mean the same one.
            (Some(name), slug) if known(slug).is_some() && known(slug) == known(name) => Ok(known(name)),
            (Some(_), slug) => Err(format!("unknown words `{slug}` before the meter")),
            (None, "") if envelope.marketplace || !matches!(reading.subject, Subject::Tokens(_)) => Ok(None),
            (None, "") => Err("no model name".to_owned()),
            (None, _) if !reading.names_model => Ok(None),
            (None, slug) => {
                let by_table = self.named(envelope, slug).map(str::to_owned);
                let counts_text = matches!(reading.subject, Subject::Tokens(_));
                match (by_table, self.grammar.word_against_text(slug).filter(|_| counts_text)) {
                    (Some(name), _) => Ok(Some(name)),
                    (None, Some(word)) => Err(format!("the word `{word}` where a model's name belongs")),
                    (None, None) => Ok(Some(slug.to_owned())),
                }
            }
        }
    }

    fn bedrock_row(
        &self,
        reading: &Reading<'_>,
        model: Option<String>,
        marketplace: bool,
        unit: &str,
    ) -> Classification {
        let workload = match reading.subject {
            Subject::Meter(workload) => workload,
            Subject::Tokens(_) | Subject::OtherModality => Workload::BedrockInference,
        };
        if workload != Workload::BedrockInference {
            return self.plain(workload, unit);
        }
        let inference = Classification {
            model,
            tier: Some(reading.tier.unwrap_or(Tier::OnDemand)),
            routing: Some(reading.routing.unwrap_or(Routing::InRegion)),
            cache_lifetime: reading.cache_lifetime,
            long_context: reading.long_context,
            ..Classification::plain(workload, unit)
        };
        match reading.subject {
            Subject::Tokens(direction) => {
                let tokens = self.units.tokens(unit, marketplace);
                let unit = if tokens.is_some() { "tokens" } else { unit };
                Classification { direction: Some(direction), unit: unit.to_owned(), scale: tokens, ..inference }
            }
            // In AWS's own unit: a token of speech or of an image costs other than one of text.
            Subject::OtherModality | Subject::Meter(_) => {
                Classification { scale: self.units.read(unit).map(|_| Decimal::ONE), ..inference }
            }
        }
    }
}

/// The model that an Edition service names: what stands before the suffix in parentheses.
fn name_of_edition(service: &str) -> &str {
    service.rsplit_once('(').map_or(service, |(name, _)| name).trim()
}
