//! What-if over the web: the parameters are the changes, in their order; without any the levers are ranked.

use axum::Json;
use axum::extract::{Query, State as Shared};
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Response};

use super::State;
use super::failure::Failure;
use crate::cycle::WhatIfError;
use crate::domain::whatif::{Change, NAMES};

/// Answers the changes together, or ranks the levers.
pub async fn whatif(
    Shared(state): Shared<State>,
    Query(parameters): Query<Vec<(String, String)>>,
) -> Result<Response, Failure> {
    let read: Vec<_> = parameters.iter().map(|(name, text)| Change::parse(name, text)).collect();
    let problems: Vec<String> =
        read.iter().filter_map(|change| change.as_ref().err()).map(ToString::to_string).collect();
    if !problems.is_empty() {
        let refused = Failure::new(StatusCode::BAD_REQUEST, "the changes cannot be read").with_problems(problems);
        return Err(refused.advise(format!("a parameter is one of {}", NAMES.join(", "))));
    }
    let scenario: Vec<Change> = read.into_iter().filter_map(Result::ok).collect();
    let engine = state.engine().clone();
    if scenario.is_empty() {
        return Ok(Json(engine.levers().await.map_err(failed)?).into_response());
    }
    Ok(Json(engine.what_if(scenario).await.map_err(failed)?).into_response())
}

fn failed(error: WhatIfError) -> Failure {
    match error {
        WhatIfError::NothingYet => Failure::new(StatusCode::NOT_FOUND, error.to_string()),
        WhatIfError::Refused(refused) => {
            let problems = refused.0.iter().map(ToString::to_string).collect();
            Failure::new(StatusCode::UNPROCESSABLE_ENTITY, "this cannot be answered").with_problems(problems)
        }
        WhatIfError::Failed(error) => Failure::internal("the what-if", &error),
    }
}
