//! Pages without charts and scripts: their one stylesheet, which stands in each of them, and what they may load.

use axum::http::{HeaderName, HeaderValue, header};
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use sha2::{Digest as _, Sha256};

/// The stylesheet, compiled in.
pub const STYLESHEET: &str = include_str!("../../dashboards/door.css");

/// So that no search engine lists a page.
pub const NOT_LISTED: (HeaderName, HeaderValue) =
    (HeaderName::from_static("x-robots-tag"), HeaderValue::from_static("noindex"));

/// Such a page loads nothing and is framed by nobody; its stylesheet is let in by its hash.
pub fn policy() -> (HeaderName, HeaderValue) {
    restricted_to("'none'")
}

/// The same for a page that asks for itself again, with another day.
pub fn policy_with_form() -> (HeaderName, HeaderValue) {
    restricted_to("'self'")
}

fn restricted_to(form_action: &str) -> (HeaderName, HeaderValue) {
    // The templates put the stylesheet on lines of its own.
    let style = BASE64_STANDARD.encode(Sha256::digest(format!("\n{STYLESHEET}\n")));
    let policy = format!(
        "default-src 'none'; style-src 'sha256-{style}'; base-uri 'none'; form-action {form_action}; frame-ancestors 'none'"
    );
    (header::CONTENT_SECURITY_POLICY, HeaderValue::from_str(&policy).expect("a policy of ASCII letters and hashes"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report;

    /// `--name: value` of a stylesheet, in its order: light, dark, print.
    fn colours(css: &str, name: &str) -> Vec<String> {
        let start = format!("--{name}: ");
        css.split(&start).skip(1).map(|rest| rest.split(';').next().unwrap().to_owned()).collect()
    }

    #[test]
    fn a_small_page_has_the_colours_of_the_page() {
        let same = |value: &str| if value == "#ffffff" { "#fff".to_owned() } else { value.to_owned() };
        for name in ["ground", "card", "ink", "quiet", "rule", "link"] {
            let (small, large) = (colours(STYLESHEET, name), colours(report::STYLESHEET, name));
            assert_eq!(small.len(), 3, "{name}");
            let (small, large): (Vec<_>, Vec<_>) =
                (small.iter().map(|it| same(it)).collect(), large.iter().map(|it| same(it)).collect());
            assert_eq!(small, large, "{name}");
        }
    }

    #[test]
    fn the_stylesheet_is_small() {
        assert!(STYLESHEET.len() < 5_000, "{}", STYLESHEET.len());
    }
}
