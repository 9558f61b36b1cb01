//! What was so when AWS answered, kept beside the answer: a refusal over time or place can then name both sides.

use aws_config::Region;
use aws_smithy_runtime_api::box_error::BoxError;
use aws_smithy_runtime_api::client::interceptors::Intercept;
use aws_smithy_runtime_api::client::interceptors::context::BeforeDeserializationInterceptorContextMut;
use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use aws_smithy_types::config_bag::ConfigBag;
use chrono::{DateTime, Utc};

use super::clocks::{AwsClock, Clocks, date_of};

/// The circumstances of an answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Circumstances {
    /// This machine's clock when the answer came.
    pub clock: Option<DateTime<Utc>>,
    /// The region that the client works in.
    pub region: Option<String>,
}

impl Circumstances {
    /// Both clocks as of an answer; `None` where AWS does not say what its clock says.
    pub(super) fn clocks(answer: &HttpResponse) -> Option<Clocks> {
        let ours = answer.extension::<Circumstances>()?.clock?;
        Some(Clocks { ours, theirs: date_of(answer)? })
    }
}

/// Keeps [`Circumstances`] beside each answer, as an extension of the response. The SDK's own source of time is asked, which
/// is what signatures are made with, before the SDK allows for a clock that it found to differ. Takes note of AWS's clock too.
#[derive(Debug, Clone)]
pub(super) struct NoteCircumstances(pub AwsClock);

impl Intercept for NoteCircumstances {
    fn name(&self) -> &'static str {
        "NoteCircumstances"
    }

    fn modify_before_deserialization(
        &self,
        context: &mut BeforeDeserializationInterceptorContextMut<'_>,
        components: &RuntimeComponents,
        config: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        let clock = components.time_source().map(|source| source.now().into());
        let region = config.load::<Region>().map(ToString::to_string);
        self.0.note(context.response());
        context.response_mut().add_extension(Circumstances { clock, region });
        Ok(())
    }
}
