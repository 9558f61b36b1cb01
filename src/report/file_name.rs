//! What the file of a report is called.
//!
//! Invariant: a name is made of ASCII letters, digits, hyphens and one point, whatever the customer is called, so that every file
//! system, mail program and HTTP header takes it as it is.

use super::{Document, Format};

/// What stands in front where nobody has named the customer.
const PROGRAM: &str = "glidepath";
/// Letters of the customer's name at most: a folder's view cuts longer ones.
const LONGEST: usize = 40;

/// "acme-funding-pack-2026-11-23.pdf": of the customer, else of this program; the day is that of the report's clock.
pub(super) fn file_name(document: &Document, format: Format) -> String {
    let whose = document.customer.as_deref().and_then(short).unwrap_or_else(|| PROGRAM.to_owned());
    format!("{whose}-{}-{}.{format}", document.kind, document.as_of.date_naive())
}

/// A name in letters, digits and hyphens, whole words of it as far as they fit; `None` if nothing of it can be written so.
fn short(name: &str) -> Option<String> {
    let mut short = slug::slugify(name);
    if short.len() > LONGEST {
        let end = short[..=LONGEST].rfind('-').unwrap_or(LONGEST);
        short.truncate(end);
    }
    (!short.is_empty()).then_some(short)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ReportKind;
    use crate::domain::position::Position;

    fn named(customer: Option<&str>) -> String {
        let position = Position::empty("2026-11-23T06:30:00Z".parse().unwrap(), "USD");
        let mut document = Document::new(ReportKind::FundingPack, &position);
        document.customer = customer.map(str::to_owned);
        file_name(&document, Format::Xlsx)
    }

    #[test]
    fn a_file_bears_the_name_of_the_customer_in_plain_letters() {
        for (customer, whose) in [
            (None, "glidepath"),
            (Some(""), "glidepath"),
            (Some(" \t\u{202e}"), "glidepath"),
            (Some("Acme"), "acme"),
            (Some("Acme Robotics, Inc."), "acme-robotics-inc"),
            (Some("Müller & Søn"), "muller-son"),
            (Some("../../etc/passwd\r\nX: \"y\""), "etc-passwd-x-y"),
            (
                Some("The very long name of a firm that makes lamps for others"),
                "the-very-long-name-of-a-firm-that-makes",
            ),
            (Some(&"x".repeat(90)), &"x".repeat(40)),
        ] {
            assert_eq!(named(customer), format!("{whose}-funding-pack-2026-11-23.xlsx"), "{customer:?}");
        }
    }
}
