//! Cuts a usage type into words: at `-`, `_`, `:`, `/` and spaces, and where camel case starts a new word.
//!
//! Invariant: words are in order, do not overlap, and carry their byte range, so that a model's name is always a
//! slice of what AWS wrote and never a name put together again.

use std::ops::Range;

/// The words of a usage type, one entry each in all three lists.
#[derive(Debug, Default)]
pub(super) struct Words {
    /// In lower case.
    pub exact: Vec<String>,
    /// The same with `#` for every number.
    pub numbered: Vec<String>,
    /// Where each stands in the usage type.
    pub places: Vec<Place>,
}

/// Where a word stands.
#[derive(Debug)]
pub(super) struct Place {
    /// Bytes of the usage type.
    pub range: Range<usize>,
    /// True at the start and after a separator, false where camel case alone starts the word.
    pub after_separator: bool,
}

/// The words of `text`.
pub(super) fn split(text: &str) -> Words {
    let mut words = Words::default();
    let chars: Vec<(usize, char)> = text.char_indices().collect();
    let mut start: Option<usize> = None;
    let mut after_separator = true;
    for (i, &(at, c)) in chars.iter().enumerate() {
        let ends = is_separator(c) || (start.is_some() && starts_word(&chars, i));
        if ends && let Some(from) = start.take() {
            words.push(text, from..at, after_separator);
            after_separator = false;
        }
        if is_separator(c) {
            after_separator = true;
        } else {
            start = start.or(Some(at));
        }
    }
    if let Some(from) = start {
        words.push(text, from..text.len(), after_separator);
    }
    words
}

impl Words {
    /// How many words there are.
    pub(super) fn len(&self) -> usize {
        self.places.len()
    }

    fn push(&mut self, text: &str, range: Range<usize>, after_separator: bool) {
        let word = text[range.clone()].to_ascii_lowercase();
        self.numbered.push(without_numbers(&word));
        self.exact.push(word);
        self.places.push(Place { range, after_separator });
    }
}

/// `word` with `#` for every run of digits.
fn without_numbers(word: &str) -> String {
    let mut numbered = String::with_capacity(word.len());
    for c in word.chars() {
        if !c.is_ascii_digit() {
            numbered.push(c);
        } else if !numbered.ends_with('#') {
            numbered.push('#');
        }
    }
    numbered
}

fn is_separator(c: char) -> bool {
    matches!(c, '-' | '_' | ':' | '/') || c.is_whitespace()
}

/// True if camel case starts a word at `i`: `inputToken`, `Write|5m`, `5m|Input`, `TPM|Count`, but not `5|m`.
fn starts_word(chars: &[(usize, char)], i: usize) -> bool {
    let (before, here) = (chars[i - 1].1, chars[i].1);
    let next_is_lower = chars.get(i + 1).is_some_and(|&(_, next)| next.is_ascii_lowercase());
    if here.is_ascii_uppercase() {
        before.is_ascii_lowercase() || before.is_ascii_digit() || (before.is_ascii_uppercase() && next_is_lower)
    } else {
        here.is_ascii_digit() && before.is_ascii_alphabetic()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(text: &str) -> Vec<String> {
        split(text).exact
    }

    #[test]
    fn cuts_at_separators_and_camel_case() {
        for (text, expected) in [
            ("CacheWrite5mInputTokenCount_Global", "cache write 5m input token count global"),
            ("cache_write_tokens_30m_standard", "cache write tokens 30m standard"),
            ("input-tokens-1-hour", "input tokens 1 hour"),
            ("Reserved_1Month_InputTPM_Geo", "reserved 1 month input tpm geo"),
            ("InputTPMCount", "input tpm count"),
            ("searchunits", "searchunits"),
            ("", ""),
            ("--_:", ""),
        ] {
            assert_eq!(texts(text).join(" "), expected, "{text}");
        }
    }

    #[test]
    fn ranges_slice_what_was_written() {
        let text = "NovaLite-text-InputTokens";
        let places = split(text).places;
        assert_eq!(&text[places[2].range.clone()], "text");
        assert!(places[2].after_separator);
        assert!(places[3].after_separator, "Input follows a separator");
        assert!(!places[4].after_separator, "Tokens follows Input");
    }

    #[test]
    fn numbers_can_be_anything() {
        assert_eq!(split("6MonthsCommit").numbered, ["#", "months", "commit"]);
        assert_eq!(split("12months_v2").numbered, ["#months", "v", "#"]);
    }
}
