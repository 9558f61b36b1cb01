//! Why a file is not taken as a logo.

use thiserror::Error;

/// The most bytes that a logo has.
pub const MOST_BYTES: usize = 256 * 1024;

/// The most pixels of a side.
pub(super) const MOST_PIXELS: u32 = 4096;
/// Why a file is not taken as a logo, and what to do.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum LogoError {
    /// Too many bytes.
    #[error("the logo has {0} bytes, and at most {MOST_BYTES} (256 KiB) are taken: save it smaller")]
    TooLarge(usize),
    /// Of another kind.
    #[error("the logo is neither a PNG nor an SVG in UTF-8: save it as one of the two")]
    OfAnotherKind,
    /// A PNG that is damaged, or holds what a logo does not need.
    #[error("the logo is a PNG, but {0}: save it again as a plain PNG")]
    Png(String),
    /// More pixels than anybody sees.
    #[error("the logo has {width} by {height} pixels, and at most {most} a side are taken: scale it down", most = MOST_PIXELS)]
    Pixels {
        /// Across.
        width: u32,
        /// Down.
        height: u32,
    },
    /// No well-formed XML.
    #[error("the logo is an SVG that cannot be read: {0}. Export it again as a plain SVG")]
    NotXml(String),
    /// An SVG that holds what a logo does not need.
    #[error("the logo is an SVG, and {what}: {remedy}")]
    Svg {
        /// What it holds.
        what: String,
        /// What to do.
        remedy: &'static str,
    },
    /// The typesetter does not draw it.
    #[error("the logo cannot be drawn: {0}. Export it again, or save it as a PNG")]
    NotDrawn(String),
}
