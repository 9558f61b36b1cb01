//! [`Secret`]: text that must not be printed, logged or serialised.

use std::fmt;

use serde::{Serialize, Serializer};

/// What stands where the text would.
const MASK: &str = "***";

/// A token, key or URL that grants access. Every way of printing it shows `***`; only [`Secret::expose`] gives the text,
/// so that a search for that word finds each place where a secret leaves the program.
///
/// ```
/// use glidepath_core::values::secret::Secret;
/// let secret = Secret::new("xoxb-123");
/// assert_eq!(format!("{secret} {secret:?}"), "*** Secret(***)");
/// assert_eq!(secret.redact("refused: xoxb-123"), "refused: ***");
/// assert_eq!(secret.expose(), "xoxb-123");
/// ```
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

impl Secret {
    /// Wraps a secret read from a variable or file, without the white space that editors leave around it.
    pub fn new(text: impl AsRef<str>) -> Self {
        Secret(text.as_ref().trim().to_owned())
    }

    /// The text itself, for the one call that needs it.
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// True if nothing was given.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// `text` with every occurrence of the secret masked: answers and errors of others may quote it.
    pub fn redact(&self, text: &str) -> String {
        if self.0.is_empty() { text.to_owned() } else { text.replace(&self.0, MASK) }
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Secret({MASK})")
    }
}

impl fmt::Display for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(MASK)
    }
}

impl Serialize for Secret {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(MASK)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn never_prints() {
        #[derive(Debug, Serialize)]
        struct Holder {
            token: Secret,
        }
        let holder = Holder { token: Secret::new(" hunter2\n") };
        for shown in [
            format!("{holder:?}"),
            format!("{holder:#?}"),
            holder.token.to_string(),
            serde_json::to_string(&holder).unwrap(),
            toml::to_string(&holder).unwrap(),
        ] {
            assert!(!shown.contains("hunter2"), "{shown}");
            assert!(shown.contains("***"), "{shown}");
        }
        assert_eq!(holder.token.expose(), "hunter2");
    }

    #[test]
    fn an_empty_secret_redacts_nothing() {
        assert_eq!(Secret::new(" ").redact("as it was"), "as it was");
    }
}
