//! A partner's logo: a PNG or an SVG that is shown to others and typeset.
//!
//! Invariants: what is taken draws and does nothing else. It is small and whole; an SVG has only elements and attributes that draw,
//! refers to nothing outside itself, and cannot grow when it is drawn; and the typesetter has drawn it once, so that no report
//! fails for it later.

mod png;
mod svg;
#[cfg(test)]
mod tests;

use std::fmt;
use std::sync::Arc;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use thiserror::Error;

use super::pdf;

/// The most bytes that a logo has.
pub const MOST_BYTES: usize = 256 * 1024;

/// A checked logo.
#[derive(Clone, PartialEq, Eq)]
pub struct Logo {
    form: Form,
    bytes: Arc<[u8]>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Form {
    Png,
    Svg,
}

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
    #[error("the logo has {width} by {height} pixels, and at most {most} a side are taken: scale it down", most = png::MOST_PIXELS)]
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

impl Logo {
    /// The logo in `bytes`.
    ///
    /// # Errors
    /// [`LogoError`] with what is wrong and what to do.
    ///
    /// ```
    /// use glidepath_report::Logo;
    /// let drawn = br#"<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 4 4"><circle cx="2" cy="2" r="2"/></svg>"#;
    /// assert!(Logo::read(drawn).is_ok());
    /// let error = Logo::read(br#"<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 4 4"><script/></svg>"#).unwrap_err();
    /// assert!(error.to_string().contains("script"));
    /// ```
    pub fn read(bytes: &[u8]) -> Result<Logo, LogoError> {
        if bytes.len() > MOST_BYTES {
            return Err(LogoError::TooLarge(bytes.len()));
        }
        let form = if bytes.starts_with(png::SIGNATURE) {
            png::check(bytes)?;
            Form::Png
        } else {
            let text = std::str::from_utf8(bytes).map_err(|_| LogoError::OfAnotherKind)?;
            if !text.trim_start_matches('\u{feff}').trim_start().starts_with('<') {
                return Err(LogoError::OfAnotherKind);
            }
            svg::check(text)?;
            Form::Svg
        };
        let logo = Logo { form, bytes: bytes.into() };
        pdf::draw(&logo).map_err(LogoError::NotDrawn)?;
        Ok(logo)
    }

    /// Its bytes, as they were read.
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// "image/png" or "image/svg+xml".
    pub const fn media_type(&self) -> &'static str {
        match self.form {
            Form::Png => "image/png",
            Form::Svg => "image/svg+xml",
        }
    }

    /// The name under which the typesetter finds it.
    #[cfg_attr(not(feature = "pdf"), expect(dead_code, reason = "only a PDF takes a logo as a file"))]
    pub(super) const fn file_name(&self) -> &'static str {
        match self.form {
            Form::Png => "logo.png",
            Form::Svg => "logo.svg",
        }
    }

    /// The bytes in Base64.
    pub(super) fn base64(&self) -> String {
        BASE64_STANDARD.encode(&self.bytes)
    }

    /// An address that holds the logo itself. Shown by `<img>`, an SVG runs nothing and loads nothing, whatever it holds.
    pub fn data_uri(&self) -> String {
        format!("data:{};base64,{}", self.media_type(), self.base64())
    }
}

impl fmt::Debug for Logo {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Logo({}, {} bytes)", self.media_type(), self.bytes.len())
    }
}
