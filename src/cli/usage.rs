//! A command line that the parser takes and the command cannot.

use thiserror::Error;

/// Arguments that cannot be used, in a way that the parser does not see. Status 2.
#[derive(Debug, Error)]
#[error("{0}")]
pub struct Usage(pub String);
