//! Text from outside as it can be printed: what AWS, a bill or a person wrote reaches terminals, messages and reports through
//! here, so that nothing in it moves a cursor, ends a line or turns the direction of what follows.

/// Text in which what is not seen is written as its code.
///
/// ```
/// use glidepath_core::values::printable::printable;
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

/// The same for text of several lines: their ends and tabs stay.
pub fn printable_lines(text: &str) -> String {
    let stays = |c: char| matches!(c, '\n' | '\t');
    let mut shown = String::with_capacity(text.len());
    for c in text.chars() {
        if is_hidden(c) && !stays(c) {
            shown.extend(c.escape_unicode());
        } else {
            shown.push(c);
        }
    }
    shown
}

/// The same for a message, whose further lines are indented: nothing within it looks like another message.
///
/// ```
/// use glidepath_core::values::printable::printable_message;
/// assert_eq!(printable_message("AWS says: x\r\nall is well\n\n  - y\n"), "AWS says: x\n  all is well\n\n  - y");
/// ```
pub fn printable_message(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    for (number, line) in text.lines().enumerate() {
        if number > 0 {
            shown.push('\n');
        }
        if number > 0 && !line.is_empty() && !line.starts_with(' ') {
            shown.push_str("  ");
        }
        shown.push_str(&printable(line));
    }
    shown
}

/// JSON that means the same, in which what is not seen is written as JSON's own escapes; line ends between its values stay.
///
/// ```
/// use glidepath_core::values::printable::printable_json;
/// assert_eq!(printable_json("{\n\"a\": \"\u{9b}2J \u{e0041}\"\n}"), "{\n\"a\": \"\\u009b2J \\udb40\\udc41\"\n}");
/// ```
pub fn printable_json(json: &str) -> String {
    let mut shown = String::with_capacity(json.len());
    for c in json.chars() {
        if c == '\n' || !is_hidden(c) {
            shown.push(c);
            continue;
        }
        for unit in c.encode_utf16(&mut [0; 2]) {
            shown.push_str(&format!("\\u{unit:04x}"));
        }
    }
    shown
}

/// Text of at most `most` characters; what is cut off is shown as `…`, which is one of them.
///
/// ```
/// use glidepath_core::values::printable::shortened;
/// assert_eq!((shortened("four", 4), shortened("fifth", 4)), ("four".to_owned(), "fif…".to_owned()));
/// ```
pub fn shortened(text: &str, most: usize) -> String {
    match text.char_indices().nth(most) {
        None => text.to_owned(),
        Some(_) => text.chars().take(most.saturating_sub(1)).chain(['…']).collect(),
    }
}

/// True if a text holds a character that is not seen where it is printed.
pub fn hides(text: &str) -> bool {
    text.chars().any(is_hidden)
}

/// Control characters, direction marks, and whatever else has no shape of its own.
fn is_hidden(c: char) -> bool {
    if c.is_ascii() {
        return c.is_ascii_control();
    }
    c.escape_debug().len() > 1
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

    #[test]
    fn json_with_its_hidden_characters_escaped_means_the_same() {
        // Every character of the planes that are in use, but halves of pairs, which no text holds.
        for from in (0..0x3_0000_u32).step_by(0x400).chain([0xe_0000]) {
            let text: String = (from..from + 0x400).filter_map(char::from_u32).collect();
            let json = serde_json::to_string_pretty(&serde_json::json!({ "a": [text] })).unwrap();
            let shown = printable_json(&json);
            assert!(!hides(&shown.replace('\n', "")), "{from:x}");
            let meant: serde_json::Value = serde_json::from_str(&shown).unwrap();
            assert_eq!(meant["a"][0], text, "{from:x}");
        }
    }

    #[test]
    fn a_message_has_one_line_that_is_not_indented() {
        for (words, said) in [
            ("glidepath: no", "glidepath: no"),
            ("2 problems:\n  - a\n  - b", "2 problems:\n  - a\n  - b"),
            ("AWS says: x\nglidepath: all is well", "AWS says: x\n  glidepath: all is well"),
            ("a\r\n\u{1b}[2Kb\u{9b}1A\u{202e}", "a\n  \\u{1b}[2Kb\\u{9b}1A\\u{202e}"),
        ] {
            assert_eq!(printable_message(words), said);
        }
    }

    #[test]
    fn lines_stay_lines_and_lose_everything_else() {
        assert_eq!(printable_lines("a\tb\nc\r\u{9b}\u{2066}d\n"), "a\tb\nc\\u{d}\\u{9b}\\u{2066}d\n");
    }
}
