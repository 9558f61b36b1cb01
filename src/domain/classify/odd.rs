//! Names that AWS cannot have written: empty, endless, or with characters that nobody sees.
//!
//! Such a name is never read, since what a person sees of it and what a rule compares are two things: a direction mark
//! within a model's name would make it another model that looks the same.

/// Bytes of a usage type. Chosen: the longest that was met in public has less than a hundred.
const LONGEST: usize = 250;

/// Why a usage type is not read, if it is not: what is to be said of it.
pub(super) fn objection(usage_type: &str) -> Option<String> {
    if usage_type.trim().is_empty() {
        return Some("is empty".to_owned());
    }
    if usage_type.len() > LONGEST {
        return Some(format!("has {} bytes, and none of AWS's has more than {LONGEST}", usage_type.len()));
    }
    let odd = usage_type.chars().find(|c| !matches!(c, ' '..='~'))?;
    Some(format!("holds the character `{}`, and none of AWS's does", odd.escape_unicode()))
}

/// True if a name holds a character that is not seen where it is printed.
pub(super) fn hides(name: &str) -> bool {
    name.chars().any(is_hidden)
}

/// A name as it can be printed: what is not seen is written as its code.
pub(super) fn shown(name: &str) -> String {
    let mut shown = String::with_capacity(name.len());
    for c in name.chars() {
        if is_hidden(c) {
            shown.extend(c.escape_unicode());
        } else {
            shown.push(c);
        }
    }
    shown
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
            assert_eq!(shown(name), printed);
            assert_eq!(hides(name), printed != name, "{printed}");
        }
    }

    #[test]
    fn a_usage_type_is_printable_ascii_of_some_length() {
        assert_eq!(objection("USE1-NovaLite-input-tokens"), None);
        assert_eq!(objection(&"x".repeat(LONGEST)), None);
        for (usage_type, why) in [
            ("", "empty"),
            (" \t ", "empty"),
            ("USE1-Nova\tLite-input-tokens", "`\\u{9}`"),
            ("USE1-Nova\u{200f}Lite-input-tokens", "`\\u{200f}`"),
            ("USE1-NоvaLite-input-tokens", "`\\u{43e}`"),
            (&"x".repeat(300), "300 bytes"),
        ] {
            let objection = objection(usage_type).unwrap();
            assert!(objection.contains(why), "{objection}");
        }
    }
}
