//! The typesetter: its fonts, its templates and one order at a time.
//!
//! Invariant: it sees the files of its order and no other, no package, no font of the machine and no clock.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use chrono::{DateTime, Datelike as _, Timelike as _, Utc};
use serde_json::json;
use sha2::{Digest as _, Sha256};
use typst::comemo;
use typst::diag::{FileError, FileResult, SourceDiagnostic};
use typst::foundations::{Bytes, Datetime, Duration, Smart};
use typst::layout::Abs;
use typst::syntax::{FileId, RootedPath, Source, VirtualPath, VirtualRoot};
use typst::text::{Font, FontBook, FontInstance, FontVariations};
use typst::utils::LazyHash;
use typst::{Library, LibraryExt as _, World};
use typst_layout::PagedDocument;
use typst_pdf::{PdfOptions, PdfStandard, PdfStandards, Timestamp};

/// Where the template finds the document.
pub(super) const DOCUMENT: &str = "document.json";
const TEMPLATE: &str = include_str!("../../../dashboards/report.typ");
/// Draws a logo as the report does, and nothing else.
const LOGO_TEMPLATE: &str = include_str!("../../../dashboards/logo.typ");
/// IBM Plex Sans, under the SIL Open Font License beside it.
const FONTS: [&[u8]; 2] = [
    include_bytes!("../../../dashboards/fonts/IBMPlexSans-Regular.ttf"),
    include_bytes!("../../../dashboards/fonts/IBMPlexSans-SemiBold.ttf"),
];
/// Stands for a character that the fonts lack.
pub(super) const LACKING: char = '\u{fffd}';
/// Rounds of typesetting for which intermediate results are kept: none. They are tens of megabytes, a daemon would hold
/// them for ever, and the next report seldom needs the same.
const KEPT_ROUNDS: usize = 0;

/// Draws a logo as a report does, so that what cannot be drawn is told before a report needs it.
pub(in super::super) fn draw(name: &str, logo: &[u8]) -> Result<(), String> {
    let files = BTreeMap::from([
        (DOCUMENT.to_owned(), Bytes::from_string(json!({ "logo": name }).to_string())),
        (name.to_owned(), Bytes::new(logo.to_vec())),
    ]);
    let order = Order { main: &SHOP.logo_template, files, today: None, now: None, ident: String::new() };
    order.set().map(|_| ())
}

fn said<'a>(errors: impl IntoIterator<Item = &'a SourceDiagnostic>) -> String {
    errors.into_iter().map(|error| error.message.to_string()).collect::<Vec<_>>().join("; ")
}

/// What every typesetting shares.
struct Shop {
    library: LazyHash<Library>,
    book: LazyHash<FontBook>,
    fonts: Vec<Font>,
    template: Source,
    logo_template: Source,
    /// The fonts as what measures with them wants them; no size changes them.
    faces: Vec<FontInstance>,
    /// How wide each character of ASCII is in each font, in em.
    advances: Vec<[f64; 128]>,
}

static SHOP: LazyLock<Shop> = LazyLock::new(|| {
    let fonts: Vec<Font> = FONTS.iter().filter_map(|data| Font::new(Bytes::new(*data), 0)).collect();
    let face = |font: &Font| font.clone().instantiate(font.info().variant, Abs::pt(10.0), &FontVariations::default());
    let faces: Vec<FontInstance> = fonts.iter().map(face).collect();
    Shop {
        library: LazyHash::new(Library::builder().build()),
        book: LazyHash::new(FontBook::from_fonts(&fonts)),
        advances: faces.iter().map(|face| std::array::from_fn(|at| advance(face, char::from(at as u8)))).collect(),
        faces,
        fonts,
        template: Source::new(file_id("report.typ"), TEMPLATE.to_owned()),
        logo_template: Source::new(file_id("logo.typ"), LOGO_TEMPLATE.to_owned()),
    }
});

/// How wide a character is, in em.
fn advance(font: &FontInstance, character: char) -> f64 {
    let glyph = font.ttf().glyph_index(character);
    glyph.and_then(|glyph| font.x_advance(glyph.0)).map_or(0.0, |advance| advance.get())
}

/// How wide a text is, in em.
pub(super) fn width(text: &str, bold: bool) -> f64 {
    let font = usize::from(bold);
    let of = |it: char| {
        let known = usize::try_from(u32::from(it)).ok().and_then(|at| SHOP.advances[font].get(at));
        known.copied().unwrap_or_else(|| advance(&SHOP.faces[font], it))
    };
    text.chars().map(of).sum()
}

fn file_id(name: &str) -> FileId {
    let path = VirtualPath::new(name).expect("names of ours have no way up");
    RootedPath::new(VirtualRoot::Project, path).intern()
}

/// One document to set: the only files there are.
pub(super) struct Order {
    main: &'static Source,
    files: BTreeMap<String, Bytes>,
    today: Option<Datetime>,
    now: Option<Datetime>,
    ident: String,
}

impl Order {
    /// Of a document's `files`, the logo's name with its bytes in Base64, and the document's clock.
    ///
    /// # Errors
    /// If the logo is not Base64.
    pub(super) fn new(
        files: &BTreeMap<String, String>,
        logo: Option<&(String, String)>,
        as_of: DateTime<Utc>,
    ) -> Result<Order, String> {
        let mut digest = Sha256::new_with_prefix(files.get(DOCUMENT).map_or("", String::as_str));
        let mut files: BTreeMap<String, Bytes> =
            files.iter().map(|(name, text)| (name.clone(), Bytes::from_string(text.clone()))).collect();
        if let Some((name, encoded)) = logo {
            digest.update(encoded);
            let bytes = BASE64_STANDARD.decode(encoded).map_err(|error| format!("the logo: {error}"))?;
            files.insert(name.clone(), Bytes::new(bytes));
        }
        let (day, at) = (as_of.date_naive(), as_of.time());
        let part = |number: u32| u8::try_from(number).unwrap_or_default();
        let (year, month, date) = (day.year(), part(day.month()), part(day.day()));
        let (hour, minute, second) = (part(at.hour()), part(at.minute()), part(at.second()));
        Ok(Order {
            main: &SHOP.template,
            files,
            today: Datetime::from_ymd(year, month, date),
            now: Datetime::from_ymd_hms(year, month, date, hour, minute, second),
            ident: hex::encode(digest.finalize()),
        })
    }

    /// The file, or what the typesetter said, in a line.
    pub(super) fn set(&self) -> Result<Vec<u8>, String> {
        let set = typst::compile::<PagedDocument>(self).output.map_err(|errors| said(&errors));
        let bytes = set.and_then(|pages| typst_pdf::pdf(&pages, &self.options()?).map_err(|errors| said(&errors)));
        comemo::evict(KEPT_ROUNDS);
        bytes
    }

    fn options(&self) -> Result<PdfOptions, String> {
        let standards = PdfStandards::new(&[PdfStandard::Ua_1]).map_err(|error| error.message().to_string())?;
        Ok(PdfOptions {
            ident: Smart::Custom(self.ident.clone()),
            creator: Smart::Custom(Some(format!("glidepath {}", env!("CARGO_PKG_VERSION")))),
            timestamp: self.now.map(Timestamp::new_utc),
            standards,
            ..PdfOptions::default()
        })
    }
}

impl World for Order {
    fn library(&self) -> &LazyHash<Library> {
        &SHOP.library
    }

    fn book(&self) -> &LazyHash<FontBook> {
        &SHOP.book
    }

    fn main(&self) -> FileId {
        self.main.id()
    }

    fn source(&self, id: FileId) -> FileResult<Source> {
        if id == self.main.id() { Ok(self.main.clone()) } else { Err(FileError::AccessDenied) }
    }

    fn file(&self, id: FileId) -> FileResult<Bytes> {
        let path = id.get();
        let ours = matches!(path.root(), VirtualRoot::Project);
        let found = self.files.get(path.vpath().get_without_slash()).filter(|_| ours);
        found.cloned().ok_or(FileError::AccessDenied)
    }

    fn font(&self, index: usize) -> Option<Font> {
        SHOP.fonts.get(index).cloned()
    }

    fn today(&self, _: Option<Duration>) -> Option<Datetime> {
        self.today
    }
}

/// The text with what the fonts lack replaced, since a file that claims to be readable aloud may hold no blank glyph.
pub(super) fn known(text: &str) -> String {
    let known = |character: char| {
        let there = |font: &Font| font.info().coverage.contains(character as u32);
        matches!(character, '\n' | ' '..='~') || (!character.is_control() && SHOP.fonts.iter().all(there))
    };
    text.chars().map(|character| if known(character) { character } else { LACKING }).collect()
}

/// Forgets what was set before, so that the next paper is set as the first one: for those who measure.
pub fn forget() {
    comemo::evict(0);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_fonts_lack_is_replaced_and_the_rest_stays() {
        assert_eq!(SHOP.fonts.len(), FONTS.len(), "a font does not read");
        assert_eq!(known("Zażółć – 1.234 €\n"), "Zażółć – 1.234 €\n");
        assert_eq!(known("信用 a\u{0}"), "\u{fffd}\u{fffd} a\u{fffd}");
    }

    #[test]
    fn the_typesetter_sees_no_file_but_its_own() {
        let order =
            Order { main: &SHOP.template, files: BTreeMap::new(), today: None, now: None, ident: String::new() };
        assert!(order.file(file_id("etc/passwd")).is_err());
        assert!(order.source(file_id("document.json")).is_err());
    }
}
