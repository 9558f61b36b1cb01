//! What an error that ended a command is about: every type of error that reaches the command line has its row.

use std::error::Error;

use super::files::FileError;
use super::usage::Usage;
use crate::aws::AwsError;
use crate::config::ConfigError;
use crate::cycle::{
    AcceptError, AsOfError, ClockAhead, DraftError, EntryError, LinkError, PlanError, ReplayError, SendError,
    WhatIfError,
};
use crate::domain::wording::trouble::{Said, Trouble};
use crate::http::client::ClientError;
use crate::notify::ChannelError;
use crate::report::ReportError;
use crate::store::StoreError;

/// What `error` is about; `None` where nothing in it says so.
pub fn of(error: &anyhow::Error) -> Option<Trouble> {
    // Words that were put around an error stand for it.
    let said = error.downcast_ref::<Said>().map(|said| said.trouble);
    said.or_else(|| error.chain().find_map(of_cause))
}

fn of_cause(cause: &(dyn Error + 'static)) -> Option<Trouble> {
    if let Some(said) = cause.downcast_ref::<Said>() {
        return Some(said.trouble);
    }
    if let Some(error) = cause.downcast_ref::<StoreError>() {
        return Some(error.trouble());
    }
    if let Some(error) = cause.downcast_ref::<AwsError>() {
        return Some(error.trouble());
    }
    if let Some(error) = cause.downcast_ref::<ClientError>() {
        return Some(error.trouble());
    }
    if let Some(error) = cause.downcast_ref::<AsOfError>() {
        return Some(error.trouble());
    }
    if cause.is::<ConfigError>() {
        return Some(Trouble::ConfigNotUsable);
    }
    if let Some(error) = cause.downcast_ref::<ReportError>() {
        let is_ours = matches!(error, ReportError::NotRendered { .. });
        return Some(if is_ours { Trouble::ReportNotMade } else { Trouble::ArgumentsNotUsable });
    }
    if cause.is::<Usage>() {
        return Some(Trouble::ArgumentsNotUsable);
    }
    if cause.is::<FileError>() {
        return Some(Trouble::FileNotUsable);
    }
    if cause.is::<ClockAhead>() {
        return Some(Trouble::ClockNotRight);
    }
    if cause.is::<ChannelError>() {
        return Some(Trouble::MessageNotDelivered);
    }
    of_order(cause)
}

/// Orders and questions that were refused, and what failed beneath them.
fn of_order(cause: &(dyn Error + 'static)) -> Option<Trouble> {
    if let Some(error) = cause.downcast_ref::<EntryError>() {
        return match error {
            EntryError::Balance { .. } | EntryError::Mute { .. } => Some(Trouble::ArgumentsNotUsable),
            EntryError::Filing { .. } | EntryError::Implausible { .. } => Some(Trouble::FilingNotUsable),
            EntryError::Failed(error) => of(error),
        };
    }
    if let Some(error) = cause.downcast_ref::<PlanError>() {
        return match error {
            PlanError::NothingYet => Some(Trouble::NothingToShowYet),
            PlanError::Failed(error) => of(error),
            _ => Some(Trouble::ArgumentsNotUsable),
        };
    }
    if let Some(error) = cause.downcast_ref::<AcceptError>() {
        return match error {
            AcceptError::Reversed { .. } | AcceptError::NoneKept { .. } => Some(Trouble::ArgumentsNotUsable),
            AcceptError::Failed(error) => of(error),
        };
    }
    if let Some(error) = cause.downcast_ref::<LinkError>() {
        return match error {
            LinkError::NoKey | LinkError::InTheOpen(_) => Some(Trouble::LinksNotPossible),
            LinkError::Order(_) | LinkError::Unknown(_) => Some(Trouble::ArgumentsNotUsable),
            LinkError::AsOf(error) => Some(error.trouble()),
            LinkError::Failed(error) => of(error),
        };
    }
    if let Some(error) = cause.downcast_ref::<SendError>() {
        return match error {
            SendError::Channel(_) => Some(Trouble::ArgumentsNotUsable),
            SendError::AsOf(error) => Some(error.trouble()),
            SendError::Failed(error) => of(error),
        };
    }
    if let Some(error) = cause.downcast_ref::<WhatIfError>() {
        return match error {
            WhatIfError::NothingYet => Some(Trouble::NothingToShowYet),
            WhatIfError::Refused(_) => Some(Trouble::QuestionNotAnswered),
            WhatIfError::Failed(error) => of(error),
        };
    }
    if let Some(error) = cause.downcast_ref::<DraftError>() {
        return match error {
            DraftError::Nothing(_) => Some(Trouble::QuestionNotAnswered),
            DraftError::Failed(error) => of(error),
        };
    }
    match cause.downcast_ref::<ReplayError>()? {
        ReplayError::Failed(error) => of(error),
        ReplayError::Reversed { .. } | ReplayError::Rules { .. } => Some(Trouble::ArgumentsNotUsable),
        ReplayError::NoLook { .. } => Some(Trouble::QuestionNotAnswered),
    }
}

#[cfg(test)]
mod tests {
    use anyhow::{Context as _, anyhow};

    use super::*;

    fn about(error: anyhow::Error) -> Option<&'static str> {
        of(&error).map(Trouble::anchor)
    }

    #[test]
    fn the_cause_is_found_beneath_what_was_put_around_it() {
        let busy = || anyhow::Error::new(StoreError::Busy);
        assert_eq!(about(busy().context("storing the end of the cycle")), Some("store-not-answering"));
        assert_eq!(about(EntryError::Failed(busy().context("reading the pools")).into()), Some("store-not-answering"));
        assert_eq!(about(WhatIfError::Failed(busy()).into()), Some("store-not-answering"));
        let as_of = AsOfError::NothingYet { failed: None };
        assert_eq!(about(LinkError::AsOf(as_of).into()), Some("nothing-to-show-yet"));
        let full = StoreError::Open { path: "x".into(), reason: "No space left on device".into() };
        assert_eq!(about(full.into()), Some("disk-full"));
        assert_eq!(about(Usage("--to lies before --from".into()).into()), Some("arguments-not-usable"));
        assert_eq!(about(anyhow!("it broke off")), None);
    }

    #[test]
    fn words_that_were_put_around_it_stand_for_it() {
        let taken = || std::io::Error::from(std::io::ErrorKind::AddrInUse);
        let said: Result<(), _> = Err(taken()).context(Trouble::PortNotFree.said("listening on 127.0.0.1:8437"));
        assert_eq!(about(said.unwrap_err()), Some("port-not-free"));
        let beneath: Result<(), _> = Err(Trouble::CycleFailed.said("given up")).context("running the cycle");
        assert_eq!(about(beneath.unwrap_err()), Some("cycle-failed"));
        let none: Result<(), _> = None::<()>.context(Trouble::CycleRunning.said("a cycle is running already"));
        assert_eq!(about(none.unwrap_err()), Some("cycle-running"));
    }
}
