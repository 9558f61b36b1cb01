//! A filing as AWS's reviewer may read it: each weakness with the dollars that hang on it and what mends it.

use crate::filing::ask::{Objection, Weakness};

use super::spend::Spend;
use super::{KnownAccount, RecordUsd, SizedFiling};
use crate::credit::programme::Programme;
use crate::filing::ask::spend::cents;
use crate::filing::projection::{FiledLine, FiledProjection, FiledRecord, TokenLine};
use crate::values::money::Money;
use crate::values::words::{all_names_text, names_text, usd_text};

/// Days of credit left under which the Accelerator comes too late as a first move.
const ACCELERATOR_DAYS: i64 = 90;
/// Spend on models in a window from which a Portfolio record alone leaves money unclaimed.
const LARGE_MODEL_SPEND: i64 = 10_000;
/// Other places where inference can run: as people write them in a use case, in small letters, and as they are called.
const ELSEWHERE: [(&str, &str); 9] = [
    ("openai api", "the OpenAI API"),
    ("azure", "Azure"),
    ("vertex", "Vertex AI"),
    ("gcp", "Google Cloud"),
    ("google cloud", "Google Cloud"),
    ("anthropic api", "the Anthropic API"),
    ("on-prem", "machines on premises"),
    ("own gpu", "GPUs of one's own"),
    ("self-hosted", "hosting by oneself"),
];

/// Every objection, those about lines first, in the order of the file.
pub(super) fn objections(
    filing: &FiledProjection,
    sized: &SizedFiling,
    spend: &Spend,
    account: &KnownAccount,
) -> Vec<Objection> {
    let mut all: Vec<Objection> = Vec::new();
    for (record, sized_record) in filing.records.iter().zip(&sized.records) {
        all.extend(record.tokens.iter().filter_map(|line| no_levers(line, sized, spend)));
        all.extend(record.lines().filter_map(|line| no_reason(line, spend)));
        all.extend(vague_or_elsewhere(record, sized_record));
    }
    all.sort_by_key(|objection| objection.line);
    let whole = [
        nothing_after(filing, sized),
        asked_too_much(sized),
        accelerator_first(filing, sized, account),
        portfolio_alone(sized, spend, account),
        far_from_the_bill(sized, account),
    ];
    all.extend(whole.into_iter().flatten());
    all
}

fn cost_of(spend: &Spend, name: &str) -> Money {
    cents(spend.rows.iter().filter(|row| row.what() == name).map(|row| row.usd).sum())
}

fn no_levers(line: &TokenLine, sized: &SizedFiling, spend: &Spend) -> Option<Objection> {
    let usd = cost_of(spend, &line.model);
    let of_model = sized.tokens.iter().find(|it| it.model == line.model)?;
    // Embeddings answer nothing, and no cache holds what is asked once.
    let answers = of_model.output_millions.amount().is_sign_positive() && !of_model.output_millions.is_zero();
    (line.cache_hit.is_zero() && line.batch.is_zero() && answers && usd.is_positive()).then(|| Objection {
        weakness: Weakness::NoLevers,
        line: Some(line.line),
        objection: format!("{} of {} is planned without caching and without batch.", usd_text(usd), line.model),
        usd,
        remedy:
            "plan the shares that you measured or expect as cache_hit and batch; a reviewer takes their absence for an \
                 inflated plan"
                .to_owned(),
    })
}

fn no_reason(line: FiledLine<'_>, spend: &Spend) -> Option<Objection> {
    let (why, at) = match line {
        FiledLine::Tokens(line) => (&line.why_model, line.line),
        FiledLine::Accelerators(line) => (&line.why_model, line.line),
        FiledLine::Service(_) => return None,
    };
    let usd = cost_of(spend, line.name());
    // What has no price plans no dollars, and all the same something.
    let planned = if usd.is_zero() { "Use".to_owned() } else { usd_text(usd) };
    why.is_none().then(|| Objection {
        weakness: Weakness::NoReason,
        line: Some(at),
        objection: format!("{planned} is planned on {}, and nothing says why it is this one.", line.name()),
        usd,
        remedy: "give the reason in a sentence as why_model: what it does better than the next smaller one".to_owned(),
    })
}

fn vague_or_elsewhere(record: &FiledRecord, RecordUsd { usd, use_case, .. }: &RecordUsd) -> Option<Objection> {
    let usd = *usd;
    let Some(use_case) = use_case else {
        return record.is_ai().then(|| Objection {
            weakness: Weakness::Vague,
            line: Some(record.line),
            objection: format!("Record {} plans {} and does not say what for.", record.id, usd_text(usd)),
            usd,
            remedy: "say in use_case what the product does with it, for whom, and where it runs".to_owned(),
        });
    };
    let lower = use_case.to_lowercase();
    let (_, place) = ELSEWHERE.into_iter().find(|(written, _)| lower.contains(written))?;
    Some(Objection {
        weakness: Weakness::Elsewhere,
        line: Some(record.line),
        objection: format!("The use case of record {}, which plans {}, speaks of {place}.", record.id, usd_text(usd)),
        usd,
        remedy: "say which inference runs on Amazon Bedrock or Trainium and when the rest moves; credit pays only AWS"
            .to_owned(),
    })
}

fn nothing_after(filing: &FiledProjection, sized: &SizedFiling) -> Option<Objection> {
    let promised = filing.records.iter().any(|record| {
        let poc = filing.application_of(record).poc;
        poc.is_some_and(|poc| poc.then_usd_per_month.is_some())
    });
    let said = filing.deal_size_usd.is_some() || filing.post_credit_growth_per_month.is_some() || promised;
    let after: Money = sized.afterwards.iter().map(|month| month.usd).sum();
    (!said).then(|| Objection {
        weakness: Weakness::NothingAfter,
        line: None,
        objection: format!(
            "The filing says nothing of the time after credits; as planned, the year after them would cost {}.",
            usd_text(after)
        ),
        usd: after,
        remedy: "state deal_size_usd and post_credit_growth_per_month: what AWS earns once credits are gone".to_owned(),
    })
}

fn asked_too_much(sized: &SizedFiling) -> Option<Objection> {
    let asked = sized.ask.asked_usd.filter(|asked| *asked > sized.ask.usd)?;
    Some(Objection {
        weakness: Weakness::AskedTooMuch,
        line: None,
        objection: format!(
            "The filing asks for {}, and its spend supports {} with headroom.",
            usd_text(asked),
            usd_text(sized.ask.usd)
        ),
        usd: asked - sized.ask.usd,
        remedy: "ask for what the spend supports, or show the spend that is missing".to_owned(),
    })
}

fn accelerator_first(filing: &FiledProjection, sized: &SizedFiling, account: &KnownAccount) -> Option<Objection> {
    let asks = sized.records.iter().any(|record| record.programme == Programme::Accelerator);
    let first = filing.company.as_ref().is_none_or(|company| company.awards.is_empty());
    let left = account.credit_days_left.filter(|days| *days < ACCELERATOR_DAYS);
    let few = left.is_some() || (account.scale.granted.is_zero() && first);
    (asks && few).then(|| {
        let own = sized.records.iter().filter(|record| record.programme == Programme::Accelerator);
        let whole = sized.ask.asked_usd.filter(|_| sized.records.len() == 1);
        let usd = own.map(|record| record.asked_usd.or(whole).unwrap_or(record.usd)).sum();
        let faster = |record: &&RecordUsd| matches!(record.programme, Programme::AiRecord | Programme::BedrockPoc);
        let faster: Vec<&str> = sized.records.iter().filter(faster).map(|record| record.id.as_str()).collect();
        let left = left.map_or("no credit is held".to_owned(), |days| format!("the credit held lasts {days} days more"));
        Objection {
            weakness: Weakness::AcceleratorFirst,
            line: None,
            objection: format!("{} is asked of the Accelerator, which takes months and selects few, and {left}.", usd_text(usd)),
            usd,
            remedy: if faster.is_empty() {
                "file an AI record or a proof of concept first, which takes weeks, and apply to the Accelerator beside it".to_owned()
            } else {
                format!("plan on the credit of {}, which takes weeks, and apply to the Accelerator beside it", all_names_text(&faster))
            },
        }
    })
}

fn portfolio_alone(sized: &SizedFiling, spend: &Spend, account: &KnownAccount) -> Option<Objection> {
    let alone = sized.records.iter().all(|record| record.programme == Programme::ActivatePortfolio);
    let planned: Money = spend
        .rows
        .iter()
        .filter(|row| row.planned.model.is_some() || row.planned.instance_type.is_some())
        .map(|row| row.usd)
        .sum();
    let billed = account.model_spend_28d.times(13.into());
    let models = cents(planned.max(billed));
    (alone && models.amount() >= LARGE_MODEL_SPEND.into()).then(|| Objection {
        weakness: Weakness::PortfolioAlone,
        line: None,
        objection: format!("Everything is filed as Portfolio, beside {} on models and accelerators.", usd_text(models)),
        usd: models,
        remedy: "file the models and accelerators as an AI record of their own, which has its own award".to_owned(),
    })
}

fn far_from_the_bill(sized: &SizedFiling, account: &KnownAccount) -> Option<Objection> {
    let far = sized.months.iter().filter(|month| account.scale.is_far(month.month, month.usd));
    let months: Vec<_> = far.collect();
    let largest = months.iter().map(|month| month.usd).max()?;
    let names: Vec<String> = months.iter().map(|month| month.month.to_string()).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    Some(Objection {
        weakness: Weakness::FarFromTheBill,
        line: None,
        objection: format!(
            "{} is planned for the largest of these months, 100 times above or below the pace of the bill: {}.",
            usd_text(largest),
            names_text(&names)
        ),
        usd: largest,
        remedy: "say what changes on which day (a launch, a migration), or correct the volumes".to_owned(),
    })
}
