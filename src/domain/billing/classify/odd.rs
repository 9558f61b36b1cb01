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

#[cfg(test)]
mod tests {
    use super::*;

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
