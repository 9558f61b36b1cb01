//! What is known of a filing while it is read.

use super::reader::Reader;
use crate::billing::classify::Classifier;
use crate::billing::price::PriceBook;
use crate::filing::projection::BEDROCK;
use crate::values::period::DayRange;
use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;
use std::sync::LazyLock;

/// A filing while it is read.
pub(super) struct FilingReader<'t> {
    pub(super) read: Reader<'t>,
    pub(super) book: &'t PriceBook,
    /// It was checked when it was frozen: names that the book does not list are no mistakes any more.
    pub(super) frozen: bool,
    /// Record ids so far, with the line in the file.
    pub(super) ids: BTreeMap<String, usize>,
    /// Lines in the file of accelerators that name no first month: they start with the filing.
    pub(super) floating: BTreeSet<usize>,
    /// The windows that were read, with where they stand.
    pub(super) windows: Vec<(DayRange, Range<usize>)>,
}

/// Which service a model usually bills under, as the classification tables that come with the program say.
pub(super) static TABLES: LazyLock<Classifier> = LazyLock::new(Classifier::builtin);

/// The service that a model bills under by the built-in tables.
pub fn service_of_model(model: &str) -> String {
    TABLES.model_service(model).unwrap_or(BEDROCK).to_owned()
}
