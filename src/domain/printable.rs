//! Text from outside as it can be printed: what AWS, a bill or a person wrote reaches terminals, messages and reports through
//! here, so that nothing in it moves a cursor, ends a line or turns the direction of what follows.

/// Text in which what is not seen is written as its code.
///
/// ```
/// use glidepath::domain::printable::printable;
/// assert_eq!(printable("Rebate\u{202e}\n"), "Rebate\\u{202e}\\u{a}");
/// ```
pub fn printable(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    for c in text.chars() {
        if is_hidden(c) {
            shown.extend(c.escape_unicode());
        } else {
            shown.push(c);
        }
    }
    shown
}

/// True if a text holds a character that is not seen where it is printed.
pub fn hides(text: &str) -> bool {
    text.chars().any(is_hidden)
}

/// Control characters, direction marks, and whatever else has no shape of its own.
fn is_hidden(c: char) -> bool {
    !matches!(c, '\'' | '"' | '\\') && c.escape_debug().len() > 1
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_seen_is_named_by_its_code() {
        for (name, printed) in [
            ("USE1-NovaLite", "USE1-NovaLite"),
            ("a \"b\" 'c' \\", "a \"b\" 'c' \\"),
            ("a\u{202e}b", "a\\u{202e}b"),
            ("a\u{200f}\u{200b}\u{feff}", "a\\u{200f}\\u{200b}\\u{feff}"),
            ("\u{7}\r\n\u{1b}[31m", "\\u{7}\\u{d}\\u{a}\\u{1b}[31m"),
            ("Zébra 模型", "Zébra 模型"),
        ] {
            assert_eq!(printable(name), printed);
            assert_eq!(hides(name), printed != name, "{printed}");
        }
    }
}
