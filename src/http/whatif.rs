//! What-if over the web: the parameters are the changes, in their order; without any the levers are ranked.

use axum::extract::{Query, State as Shared};
use axum::http::StatusCode;
use axum::{Extension, Json};
use serde::Serialize;
use utoipa::{IntoParams, ToSchema};

use super::access::Reader;
use super::failure::Failure;
use super::state::State;
use crate::cycle::WhatIfError;
use crate::domain::whatif::{Answer, Change, Levers, NAMES};
use crate::domain::wording::trouble::Trouble;

/// The parameters; each may be given more than once, and they count in their order.
#[derive(IntoParams)]
#[into_params(rename_all = "kebab-case")]
#[expect(dead_code, reason = "its fields describe the parameters, which are read as pairs to keep their order")]
pub struct WhatIfQuery {
    /// All tokens of one model to another: `Claude Opus 5=Claude Sonnet 5`.
    #[param(example = "Claude Opus 5=Claude Sonnet 5")]
    switch: Option<String>,
    /// Share of prompt tokens read from the cache, `60%` or `+10`, for one model as `Claude Sonnet 5=60%`.
    #[param(example = "60%")]
    cache_hits: Option<String>,
    /// Share of tokens in batch, written likewise.
    #[param(example = "+10")]
    batch: Option<String>,
    /// Growth a month beyond the forecast: `5%`.
    #[param(example = "5%")]
    growth: Option<String>,
    /// A training run: `type=trn1.32xlarge,chip-hours=5000,on=2026-12-01`.
    #[param(example = "type=trn1.32xlarge,chip-hours=5000,on=2026-12-01")]
    train: Option<String>,
    /// A new award: `amount=25000,from=2026-12-15`.
    #[param(example = "amount=25000,from=2026-12-15")]
    award: Option<String>,
    /// A launch: `on=2026-12-01,usd-per-day=500`, or with tokens of a model.
    #[param(example = "on=2026-12-01,usd-per-day=500")]
    launch: Option<String>,
}

/// What changes buy, or the levers.
#[derive(Serialize, ToSchema)]
#[serde(untagged)]
pub enum WhatIfAnswer {
    /// What the changes buy, all together.
    Answer(Box<Answer>),
    /// The levers of this account, ranked.
    Levers(Levers),
}

/// Answers the changes together, or ranks the levers.
pub async fn whatif(
    Shared(state): Shared<State>,
    Extension(Reader { who, .. }): Extension<Reader>,
    Query(parameters): Query<Vec<(String, String)>>,
) -> Result<Json<WhatIfAnswer>, Failure> {
    let read: Vec<_> = parameters.iter().map(|(name, text)| Change::parse(name, text)).collect();
    let problems: Vec<String> =
        read.iter().filter_map(|change| change.as_ref().err()).map(ToString::to_string).collect();
    if !problems.is_empty() {
        let refused = Failure::new(StatusCode::BAD_REQUEST, "the changes cannot be read").with_problems(problems);
        return Err(refused.advise(format!("a parameter is one of {}", NAMES.join(", "))));
    }
    let scenario: Vec<Change> = read.into_iter().filter_map(Result::ok).collect();
    let engine = state.engine().clone();
    let reckoned = async move {
        if scenario.is_empty() {
            return engine.levers().await.map(WhatIfAnswer::Levers);
        }
        engine.what_if(scenario).await.map(|answer| WhatIfAnswer::Answer(Box::new(answer)))
    };
    state.shared.lanes.questions.done(&who, reckoned).await?.map(Json).map_err(failed)
}

fn failed(error: WhatIfError) -> Failure {
    match error {
        WhatIfError::NothingYet => {
            Failure::new(StatusCode::NOT_FOUND, error.to_string()).about(Trouble::NothingToShowYet)
        }
        WhatIfError::Refused(refused) => {
            let problems = refused.0.iter().map(ToString::to_string).collect();
            Failure::new(StatusCode::UNPROCESSABLE_ENTITY, "this cannot be answered")
                .with_problems(problems)
                .about(Trouble::QuestionNotAnswered)
        }
        WhatIfError::Failed(error) => Failure::internal("the what-if", &error),
    }
}
