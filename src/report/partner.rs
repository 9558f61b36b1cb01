//! Who hands the reports on: the partner's name, logo and words.
//!
//! Invariant: the words are of the whole filing, and nobody can tell which of its records a sentence is about; so they are read by
//! who may see all of it alone.

use std::borrow::Cow;

use super::Audience;
use super::document::{Block, PreparedBy, Section};
use super::logo::Logo;
use crate::domain::filing::filing_ref::FilingRef;

/// The partner of whoever runs this, as `[partner]` names it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Partner {
    /// Its name.
    pub name: Option<String>,
    /// Its logo; shown beside the name, and so only with one.
    pub logo: Option<Logo>,
    /// What it says itself.
    pub commentary: Commentary,
}

impl Partner {
    /// The partner as `audience` sees it: without its words, unless all of `filing` is shown to that reader.
    pub(super) fn shown_to(&self, audience: &Audience, filing: Option<&FilingRef>) -> Cow<'_, Partner> {
        if audience.sees_whole(filing) {
            return Cow::Borrowed(self);
        }
        Cow::Owned(Partner { commentary: Commentary::default(), ..self.clone() })
    }

    /// As reports name it; `None` without a name.
    pub(super) fn prepared_by(&self) -> Option<PreparedBy> {
        self.name.clone().map(|name| PreparedBy { name, logo: self.logo.clone() })
    }
}

/// Text of a partner, in paragraphs.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Commentary {
    paragraphs: Vec<String>,
}

/// What a commentary holds at most, in bytes: about four pages.
const LONGEST: usize = 16 * 1024;

impl Commentary {
    /// Reads plain text: an empty line ends a paragraph.
    ///
    /// # Errors
    /// What does not belong into it, with its line and what to do.
    ///
    /// ```
    /// use glidepath_report::Commentary;
    /// let said = Commentary::read(b"The launch was moved.\nTo May.\n\nTraining starts in June.\n").unwrap();
    /// assert_eq!(said.paragraphs(), ["The launch was moved. To May.", "Training starts in June."]);
    /// assert!(Commentary::read(b"Good.\n<script>").unwrap_err().starts_with("line 2"));
    /// ```
    pub fn read(bytes: &[u8]) -> Result<Commentary, String> {
        if bytes.len() > LONGEST {
            return Err(format!(
                "the text is {} bytes long, and {LONGEST} are the most: say it on fewer pages",
                bytes.len()
            ));
        }
        let text = std::str::from_utf8(bytes).map_err(|error| {
            let line = bytes[..error.valid_up_to()].iter().filter(|byte| **byte == b'\n').count() + 1;
            format!("line {line} is not UTF-8: save the file as UTF-8 text")
        })?;
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        let mut paragraphs: Vec<String> = Vec::new();
        let mut open = false;
        for (number, line) in (1..).zip(text.lines()) {
            if let Some(why) = objection(line) {
                return Err(format!("line {number} {why}"));
            }
            let line = line.trim();
            match (line.is_empty(), open) {
                (true, _) => open = false,
                (false, true) => {
                    if let Some(last) = paragraphs.last_mut() {
                        last.push(' ');
                        last.push_str(line);
                    }
                }
                (false, false) => {
                    paragraphs.push(line.to_owned());
                    open = true;
                }
            }
        }
        if paragraphs.is_empty() {
            return Err("the file is empty: write some sentences, or leave the key out".to_owned());
        }
        Ok(Commentary { paragraphs })
    }

    /// The paragraphs, in order.
    pub fn paragraphs(&self) -> &[String] {
        &self.paragraphs
    }
}

/// What does not belong into plain text.
fn objection(line: &str) -> Option<&'static str> {
    let begins_tag = |at: usize| {
        let next = line[at + 1..].chars().next();
        next.is_some_and(|next| next.is_ascii_alphabetic() || matches!(next, '/' | '!' | '?'))
    };
    if line.match_indices('<').any(|(at, _)| begins_tag(at)) {
        return Some("holds HTML: write plain text, an empty line between paragraphs");
    }
    let hidden = |character: char| character.is_control() && character != '\t';
    let turns = |character: char| matches!(character, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    line.chars().any(|it| hidden(it) || turns(it)).then_some("holds a character that is not seen: delete it")
}

/// Id of the section that holds the partner's words.
pub(super) const SECTION: &str = "commentary";

/// The partner's words as a section; `None` where there are none.
pub(super) fn section(partner: Option<&Partner>) -> Option<Section> {
    let partner = partner.filter(|partner| !partner.commentary.paragraphs.is_empty())?;
    let title = partner.name.as_ref().map_or("Commentary".to_owned(), |name| format!("Commentary of {name}"));
    let blocks = partner.commentary.paragraphs.iter().cloned().map(Block::Text).collect();
    Some(Section { id: SECTION, title, blocks })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_plain_text_is_refused_with_its_line() {
        let refused = |text: &str, says: &str| {
            let error = Commentary::read(text.as_bytes()).unwrap_err();
            assert!(error.contains(says), "{text:?}: {error}");
        };
        refused("", "empty");
        refused(" \n\t\n", "empty");
        refused("one\ntwo\n\nthree <b>bold</b>", "line 4 holds HTML");
        refused("<!-- x -->", "line 1 holds HTML");
        refused("</p>", "line 1 holds HTML");
        refused("one\n\u{1b}[2Jtwo", "line 2 holds a character");
        refused("a\u{202e}b", "line 1 holds a character");
        refused(&"x".repeat(LONGEST + 1), "16384 are the most");
        let error = Commentary::read(b"one\ntwo\xff").unwrap_err();
        assert!(error.starts_with("line 2 is not UTF-8"), "{error}");
    }

    #[test]
    fn less_than_is_no_markup() {
        let said = Commentary::read("\u{feff}Spend was < 5 and <- fell.\r\nMore.".as_bytes()).unwrap();
        assert_eq!(said.paragraphs(), ["Spend was < 5 and <- fell. More."]);
    }
}
