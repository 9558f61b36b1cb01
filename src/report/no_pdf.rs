//! Stands where the typesetter is in a program that was built without the feature `pdf`: it sets nothing, and says so.

use serde::{Deserialize, Serialize};

use super::document::Document;
use super::kind::ReportError;

/// What there would be to set of a document.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Typesetting {}

impl Typesetting {
    /// Nothing of `document`.
    pub fn of(_document: &Document) -> Typesetting {
        Typesetting {}
    }

    /// Sets nothing.
    ///
    /// # Errors
    /// Always [`ReportError::WithoutPdf`].
    pub fn set(&self) -> Result<Vec<u8>, ReportError> {
        Err(ReportError::WithoutPdf)
    }
}

/// Nobody draws it, so nothing can be wrong with it.
pub(super) fn draw(_name: &str, _logo: &[u8]) -> Result<(), String> {
    Ok(())
}
