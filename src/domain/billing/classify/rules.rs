//! The rule files, how their errors read, and the service rules themselves.

use serde::Deserialize;
use serde::de::DeserializeOwned;

use crate::values::service::{SameService, ServiceAliases, ServiceMatcher, fold};

const SERVICES_FILE: &str = "services.toml";
const RENAMES_FILE: &str = "renames.toml";

/// The texts of the files of `config/classification/`.
#[derive(Debug, Clone, Copy)]
pub struct RuleFiles<'a> {
    /// `services.toml`: how each service is read, and its other spellings.
    pub services: &'a str,
    /// `renames.toml`: names that one service had one after the other.
    pub renames: &'a str,
    /// `models.toml`: the exact table of model names.
    pub models: &'a str,
    /// `bedrock.toml`: the words of Bedrock's usage types.
    pub bedrock: &'a str,
    /// `regions.csv`: region prefixes.
    pub regions: &'a str,
    /// `units.toml`: unit texts.
    pub units: &'a str,
    /// `compute.toml`: instance usage of EC2 and SageMaker.
    pub compute: &'a str,
    /// `accelerators.csv`: chips per instance type.
    pub accelerators: &'a str,
}

impl RuleFiles<'static> {
    /// The files that are compiled in.
    pub const BUILTIN: RuleFiles<'static> = RuleFiles {
        services: include_str!("../../../../config/classification/services.toml"),
        renames: include_str!("../../../../config/classification/renames.toml"),
        models: include_str!("../../../../config/classification/models.toml"),
        bedrock: include_str!("../../../../config/classification/bedrock.toml"),
        regions: include_str!("../../../../config/classification/regions.csv"),
        units: include_str!("../../../../config/classification/units.toml"),
        compute: include_str!("../../../../config/classification/compute.toml"),
        accelerators: include_str!("../../../../config/classification/accelerators.csv"),
    };
}

/// A rule file that cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("config/classification/{file}: {entry} {problem}. {remedy}")]
pub struct ClassifierError {
    /// Name of the file.
    pub file: &'static str,
    /// Which entry of it.
    pub entry: String,
    /// What is wrong with it.
    pub problem: String,
    /// What to do.
    pub remedy: String,
}

pub(super) fn entry_error(file: &'static str, entry: &str, problem: &str, remedy: &str) -> ClassifierError {
    ClassifierError { file, entry: entry.to_owned(), problem: problem.to_owned(), remedy: remedy.to_owned() }
}

pub(super) fn from_toml<T: DeserializeOwned>(file: &'static str, text: &str) -> Result<T, ClassifierError> {
    toml::from_str(text).map_err(|error| {
        let line = error.span().map_or(0, |span| text[..span.start.min(text.len())].matches('\n').count() + 1);
        entry_error(
            file,
            &format!("line {line}"),
            &format!("cannot be read: {}", error.message()),
            "Correct that entry; the comments in the file that ships with glidepath say what each key means.",
        )
    })
}

pub(super) fn from_csv<T: DeserializeOwned>(file: &'static str, text: &str) -> Result<Vec<T>, ClassifierError> {
    let mut reader = csv::ReaderBuilder::new().comment(Some(b'#')).trim(csv::Trim::All).from_reader(text.as_bytes());
    let rows: Result<Vec<T>, csv::Error> = reader.deserialize().collect();
    rows.map_err(|error| {
        let line = error.position().map_or(0, csv::Position::line);
        entry_error(
            file,
            &format!("line {line}"),
            &format!("cannot be read: {error}"),
            "Correct that line; the first line names the columns.",
        )
    })
}

/// How the rows of a service are read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Reads {
    /// Bedrock with the model in the usage type.
    Bedrock,
    /// Bedrock with the model in the service name.
    BedrockEdition,
    /// A Bedrock service that is not known.
    UnknownBedrock,
    /// EC2 instances.
    Ec2,
    /// What EC2 bills beside instances, fees of accelerators among it.
    Ec2Other,
    /// SageMaker instances.
    #[serde(rename = "sagemaker")]
    SageMaker,
    /// A model that is sold outside Bedrock.
    ModelElsewhere,
    /// By its name alone.
    Supporting,
}

impl Reads {
    /// True if the usage type says what a row is.
    pub(super) fn reads_usage_type(self) -> bool {
        !matches!(self, Reads::Supporting | Reads::ModelElsewhere | Reads::UnknownBedrock)
    }
}

/// How the services of a pattern are read.
#[derive(Debug, Clone)]
pub(super) struct ServiceRule {
    /// Which services.
    pub service: ServiceMatcher,
    /// How.
    pub reads: Reads,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ServiceFile {
    rule: Vec<RuleRow>,
    alias: Vec<AliasRow>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RuleRow {
    service: String,
    reads: Reads,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct AliasRow {
    service: String,
    also: Vec<String>,
}

/// Parses `services.toml`.
pub(super) fn parse_services(text: &str) -> Result<(Vec<ServiceRule>, ServiceAliases), ClassifierError> {
    let file: ServiceFile = from_toml(SERVICES_FILE, text)?;
    for AliasRow { service, also } in &file.alias {
        if also.iter().any(|spelling| fold(spelling) == fold(service)) {
            return Err(entry_error(
                SERVICES_FILE,
                &format!("the service `{service}`"),
                "lists itself as another spelling",
                "Delete that spelling: case and spaces make no difference.",
            ));
        }
    }
    let aliases = ServiceAliases::new(
        file.alias.iter().map(|row| (row.service.as_str(), row.also.iter().map(String::as_str).collect())),
    );
    // Rules match Cost Explorer's own names, which need no alias.
    let none = ServiceAliases::default();
    let rules = file.rule.iter().map(|RuleRow { service, reads }| ServiceRule {
        service: ServiceMatcher::new([service.as_str()], &none),
        reads: *reads,
    });
    Ok((rules.collect(), aliases))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RenameFile {
    #[serde(default)]
    rename: Vec<RenameRow>,
    #[serde(default)]
    moves: Vec<RenameRow>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RenameRow {
    from: String,
    to: String,
}

/// What `renames.toml` says.
#[derive(Debug, Clone, Default)]
pub(super) struct RenameTable {
    /// Names that are one service on every bill.
    pub same: SameService,
    /// Pairs of names that are one service where the bill shows it, folded.
    pub moves: Vec<(String, String)>,
}

/// Parses `renames.toml`.
pub(super) fn parse_renames(text: &str) -> Result<RenameTable, ClassifierError> {
    let file: RenameFile = from_toml(RENAMES_FILE, text)?;
    let mut table = RenameTable::default();
    for (index, RenameRow { from, to }) in file.rename.iter().chain(&file.moves).enumerate() {
        let known = table.same.names_of(from).iter().any(|name| fold(name) == fold(to));
        if fold(from) == fold(to) || known {
            return Err(entry_error(
                RENAMES_FILE,
                &format!("the rename of `{from}` to `{to}`"),
                "joins what is one service already",
                "Delete that entry.",
            ));
        }
        if index < file.rename.len() {
            table.same.join(from, to);
        } else {
            table.moves.push((fold(from), fold(to)));
        }
    }
    Ok(table)
}
