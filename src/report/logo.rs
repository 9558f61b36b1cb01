//! A partner's logo: a PNG or an SVG that is shown to others and typeset.
//!
//! Invariants: what is taken draws and does nothing else. It is small and whole; an SVG has only elements and attributes that draw,
//! refers to nothing outside itself, and cannot grow when it is drawn; and the typesetter has drawn it once, so that no report
//! fails for it later.

mod error;
mod png;
mod svg;
#[cfg(test)]
mod tests;

use std::fmt;
use std::sync::Arc;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;

use super::pdf::draw;
pub use error::{LogoError, MOST_BYTES};

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

impl Form {
    const fn file_name(self) -> &'static str {
        match self {
            Form::Png => "logo.png",
            Form::Svg => "logo.svg",
        }
    }
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
        draw(form.file_name(), bytes).map_err(LogoError::NotDrawn)?;
        Ok(Logo { form, bytes: bytes.into() })
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
        self.form.file_name()
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
