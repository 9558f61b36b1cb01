//! What a filing is sized with beside itself.

use super::known::KnownAccount;
use crate::billing::classify::Classifier;
use crate::billing::price::PriceBook;
use crate::filing::projection::BEDROCK;

/// What a filing is sized with beside itself.
#[derive(Debug, Clone, Copy)]
pub struct Knowledge<'a> {
    /// List prices, with the user's own over them.
    pub book: &'a PriceBook,
    /// Names and makers of models.
    pub classifier: &'a Classifier,
    /// What is known of the account.
    pub account: &'a KnownAccount,
}

impl Knowledge<'_> {
    pub(super) fn service_of_model(&self, model: &str) -> String {
        self.classifier.model_service(model).unwrap_or(BEDROCK).to_owned()
    }
}
