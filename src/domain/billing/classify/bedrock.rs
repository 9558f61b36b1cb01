//! The grammar of Bedrock's usage types, native and marketplace: `[MODEL] [qualifiers] HEAD [qualifiers]`.
//!
//! The head is the first direction (input, output, cache) or meter; what stands before it and its leading qualifiers
//! is the model, verbatim, unless a model is known whose name ends in such qualifiers. Qualifiers may come in any order,
//! since AWS's layouts differ in it. Invariants: every word after the model is understood or the row is refused with the
//! word named; two values of one dimension are refused; a row has a direction only if it counts tokens of text that were
//! used, which capacity of the reserved tier never does.

use std::collections::BTreeMap;
use std::ops::Range;

use serde::Deserialize;

use super::rules::{self, ClassifierError};
use super::words::{self, Words};
use crate::values::workload::{CacheLifetime, Direction, Routing, Tier, Workload};

const FILE: &str = "bedrock.toml";
/// What `cache`, `cached`, `caching` and a compound of them have in common.
const CACHE: &str = "cach";

/// What a row of Bedrock is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Subject {
    /// Tokens of text.
    Tokens(Direction),
    /// Speech, images, video: cost counts, and nothing is added to tokens of text.
    OtherModality,
    /// A meter other than tokens, and the workload it belongs to.
    Meter(Workload),
}

/// A usage type that was understood.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Reading<'a> {
    /// What stands in the model's place, verbatim; may be empty.
    pub slug: &'a str,
    /// False if this meter names no model, whatever stands before it.
    pub names_model: bool,
    /// What is counted.
    pub subject: Subject,
    /// Tier, if marked.
    pub tier: Option<Tier>,
    /// Routing, if marked.
    pub routing: Option<Routing>,
    /// Lifetime of a cache write, if marked.
    pub cache_lifetime: Option<CacheLifetime>,
    /// Long-context price band.
    pub long_context: bool,
}

/// What a phrase means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Meaning {
    Direction(Direction),
    Meter(usize),
    Text,
    OtherModality,
    Tokens,
    OtherCount,
    Tier(Tier),
    Routing(Routing),
    Lifetime(CacheLifetime),
    LongContext,
    Neutral,
}

impl Meaning {
    /// True for what can only be the head of a row.
    fn is_head(self) -> bool {
        matches!(self, Meaning::Direction(_) | Meaning::Meter(_))
    }

    /// True for qualifiers that may stand between the model and the head, as in `text-input-tokens`.
    fn may_lead(self) -> bool {
        !self.is_head() && !matches!(self, Meaning::Tokens | Meaning::OtherCount | Meaning::Lifetime(_))
    }
}

/// The phrases of `bedrock.toml`.
#[derive(Debug, Clone)]
pub(super) struct Grammar {
    phrases: BTreeMap<Vec<String>, Meaning>,
    longest: usize,
    meters: Vec<Meter>,
}

#[derive(Debug, Clone, Copy)]
struct Meter {
    workload: Workload,
    tier: Option<Tier>,
    names_model: bool,
    open: bool,
}

impl Grammar {
    /// Parses `bedrock.toml`.
    pub(super) fn parse(text: &str) -> Result<Self, ClassifierError> {
        let file: GrammarFile = rules::from_toml(FILE, text)?;
        let mut meanings = Vec::new();
        let mut add = |phrases: Vec<String>, meaning| meanings.extend(phrases.into_iter().map(|p| (p, meaning)));
        file.direction.into_iter().for_each(|(value, p)| add(p, Meaning::Direction(value)));
        file.tier.into_iter().for_each(|(value, p)| add(p, Meaning::Tier(value)));
        file.routing.into_iter().for_each(|(value, p)| add(p, Meaning::Routing(value)));
        file.lifetime.into_iter().for_each(|(value, p)| add(p, Meaning::Lifetime(value)));
        add(file.modality.text, Meaning::Text);
        add(file.modality.other, Meaning::OtherModality);
        add(file.tokens, Meaning::Tokens);
        add(file.other_counts, Meaning::OtherCount);
        add(file.long_context, Meaning::LongContext);
        add(file.neutral, Meaning::Neutral);
        let mut meters = Vec::new();
        for MeterRule { words, workload, tier, names_model, open } in file.meter {
            add(words, Meaning::Meter(meters.len()));
            meters.push(Meter { workload, tier, names_model, open });
        }
        let mut phrases = BTreeMap::new();
        for (phrase, meaning) in meanings {
            let key = words::split(&phrase).exact;
            if key.is_empty() {
                return Err(rules::entry_error(FILE, "a phrase", "is empty", "Delete it."));
            }
            if phrases.insert(key, meaning).is_some_and(|earlier| earlier != meaning) {
                return Err(rules::entry_error(
                    FILE,
                    &format!("the phrase `{phrase}`"),
                    "has two meanings",
                    "Keep it in one place only.",
                ));
            }
        }
        let longest = phrases.keys().map(Vec::len).max().unwrap_or(0);
        Ok(Grammar { phrases, longest, meters })
    }

    /// Reads a usage type without its envelope; the error says what was not understood. `knows` tells whether a text is
    /// the whole name of a model.
    pub(super) fn read<'a>(&self, text: &'a str, knows: &dyn Fn(&str) -> bool) -> Result<Reading<'a>, String> {
        let words = words::split(text);
        let begin = self.begin(text, &words, knows)?;
        let slug = slug_before(text, &words, begin);
        let mut row = Row::default();
        let mut at = begin;
        while at < words.len() {
            if let Some((meaning, length)) = self.phrase_at(&words, at) {
                row.take(meaning, &self.meters)?;
                at += length;
            } else if row.meter.is_some_and(|meter| meter.open) {
                at += 1;
            } else {
                return Err(format!("unknown qualifier `{}`", self.unknown_at(text, &words, at)));
            }
        }
        row.finish(slug)
    }

    /// The first word of `slug`, which stands in a model's place, that speaks of a cache or of another modality than text.
    /// Tokens may count as text only if a table knows such a name whole: a cache row read as input would be priced ten
    /// times too high.
    pub(super) fn word_against_text<'a>(&self, slug: &'a str) -> Option<&'a str> {
        let words = words::split(slug);
        let speaks = |&at: &usize| {
            let other = self.phrase(&words, at..at + 1) == Some(Meaning::OtherModality);
            other || words.exact[at].contains(CACHE)
        };
        (0..words.len()).find(speaks).map(|at| &slug[words.places[at].range.clone()])
    }

    /// Where the model ends: the first head, less the qualifiers that lead it, or as many of them as leave a name that is
    /// known. Camel case alone starts no meter, because model names are written in it.
    fn begin(&self, text: &str, words: &Words, knows: &dyn Fn(&str) -> bool) -> Result<usize, String> {
        let mut first = None;
        for head in (0..words.len()).filter(|&at| self.phrase_at(words, at).is_some_and(|(what, _)| what.is_head())) {
            let begins = self.before_leading_qualifiers(words, head);
            let known = |&&at: &&usize| words.places[at].after_separator && knows(slug_before(text, words, at));
            if let Some(&begin) = begins.iter().find(known) {
                return Ok(begin);
            }
            let begin = begins[begins.len() - 1];
            if words.places[begin].after_separator {
                return Ok(begin);
            }
            first = first.or(Some(begin));
        }
        Err(match first {
            Some(begin) => format!("unknown words `{}` before the meter", &text[..words.places[begin].range.start]),
            None => "no token direction and no known meter".to_owned(),
        })
    }

    /// The head, and where each of the qualifiers that lead it starts, the nearest first.
    fn before_leading_qualifiers(&self, words: &Words, head: usize) -> Vec<usize> {
        let mut begins = vec![head];
        let mut begin = head;
        while let Some(length) = (1..=self.longest.min(begin))
            .rev()
            .find(|&length| self.phrase(words, begin - length..begin).is_some_and(Meaning::may_lead))
        {
            begin -= length;
            begins.push(begin);
        }
        begins
    }

    /// The longest phrase that starts at a word.
    fn phrase_at(&self, words: &Words, at: usize) -> Option<(Meaning, usize)> {
        let longest = self.longest.min(words.len() - at);
        (1..=longest).rev().find_map(|length| Some((self.phrase(words, at..at + length)?, length)))
    }

    fn phrase(&self, words: &Words, range: Range<usize>) -> Option<Meaning> {
        let exact = self.phrases.get(&words.exact[range.clone()]);
        exact.or_else(|| self.phrases.get(&words.numbered[range])).copied()
    }

    /// The words from `at` that mean nothing, as they were written.
    fn unknown_at<'a>(&self, text: &'a str, words: &Words, at: usize) -> &'a str {
        let last = (at..words.len()).take_while(|&i| self.phrase_at(words, i).is_none()).last().unwrap_or(at);
        &text[words.places[at].range.start..words.places[last].range.end]
    }
}

/// What stands before a word, without the separators between.
fn slug_before<'a>(text: &'a str, words: &Words, at: usize) -> &'a str {
    text[..words.places[at].range.start].trim_end_matches(['-', '_', ':', '/', ' '])
}

/// The dimensions of one row while its phrases are read.
#[derive(Default)]
struct Row {
    meter: Option<Meter>,
    input: bool,
    output: bool,
    cache: Option<Direction>,
    counts_tokens: bool,
    other_modality: bool,
    tier: Option<Tier>,
    routing: Option<Routing>,
    cache_lifetime: Option<CacheLifetime>,
    long_context: bool,
}

impl Row {
    fn take(&mut self, meaning: Meaning, meters: &[Meter]) -> Result<(), String> {
        match meaning {
            Meaning::Direction(Direction::Input) => self.input = true,
            Meaning::Direction(Direction::Output) => self.output = true,
            Meaning::Direction(cache) => set(&mut self.cache, cache, "cache directions")?,
            Meaning::Meter(index) => {
                let meter = meters[index];
                if let Some(tier) = meter.tier {
                    set(&mut self.tier, tier, "tiers")?;
                }
                self.meter = self.meter.or(Some(meter));
            }
            Meaning::Tokens => self.counts_tokens = true,
            Meaning::OtherModality => self.other_modality = true,
            Meaning::Tier(tier) => set(&mut self.tier, tier, "tiers")?,
            Meaning::Routing(routing) => set(&mut self.routing, routing, "routings")?,
            Meaning::Lifetime(lifetime) => set(&mut self.cache_lifetime, lifetime, "cache lifetimes")?,
            Meaning::LongContext => self.long_context = true,
            Meaning::Text | Meaning::OtherCount | Meaning::Neutral => {}
        }
        Ok(())
    }

    fn finish(self, slug: &str) -> Result<Reading<'_>, String> {
        let subject = match self.meter {
            Some(meter) => Subject::Meter(meter.workload),
            None if self.tier == Some(Tier::Reserved) => Subject::Meter(Workload::BedrockInference),
            None if self.other_modality => Subject::OtherModality,
            None if !self.counts_tokens => return Err("a direction but no token count".to_owned()),
            None => Subject::Tokens(self.direction()?),
        };
        if self.cache_lifetime.is_some() && self.cache != Some(Direction::CacheWrite) {
            return Err("a cache lifetime on a row that writes no cache".to_owned());
        }
        Ok(Reading {
            slug,
            names_model: self.meter.is_none_or(|meter| meter.names_model),
            subject,
            tier: self.tier,
            routing: self.routing,
            cache_lifetime: self.cache_lifetime,
            long_context: self.long_context,
        })
    }

    /// Cache wins over input: `cache-read-input-token-count` reads the cache.
    fn direction(&self) -> Result<Direction, String> {
        match (self.cache, self.input, self.output) {
            (Some(cache), _, false) => Ok(cache),
            (None, true, false) => Ok(Direction::Input),
            (None, false, true) => Ok(Direction::Output),
            _ => Err("two token directions".to_owned()),
        }
    }
}

fn set<T: PartialEq>(slot: &mut Option<T>, value: T, what: &str) -> Result<(), String> {
    match slot {
        Some(earlier) if *earlier != value => Err(format!("two {what}")),
        _ => {
            *slot = Some(value);
            Ok(())
        }
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct GrammarFile {
    direction: BTreeMap<Direction, Vec<String>>,
    modality: Modalities,
    tier: BTreeMap<Tier, Vec<String>>,
    routing: BTreeMap<Routing, Vec<String>>,
    lifetime: BTreeMap<CacheLifetime, Vec<String>>,
    tokens: Vec<String>,
    other_counts: Vec<String>,
    long_context: Vec<String>,
    neutral: Vec<String>,
    meter: Vec<MeterRule>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Modalities {
    text: Vec<String>,
    other: Vec<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct MeterRule {
    words: Vec<String>,
    workload: Workload,
    tier: Option<Tier>,
    #[serde(default = "yes")]
    names_model: bool,
    #[serde(default)]
    open: bool,
}

fn yes() -> bool {
    true
}
