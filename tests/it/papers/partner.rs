//! Who prepared a report stands in each of its forms, with a logo where a form can show one.

use glidepath::report::{Logo, PreparedBy};

use super::*;

const NAME: &str = "Alder & Partners <GmbH>";
const LOGO: &str = r##"<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 40 10"><rect width="40" height="10" fill="#1e7a3c"/></svg>"##;

fn prepared(logo: Option<Logo>) -> Document {
    let by = PreparedBy { name: NAME.into(), logo };
    Document { prepared_by: Some(by), ..document(ReportKind::FundingPack, &Audience::Owner) }
}

#[test]
fn every_form_says_who_prepared_it() {
    for document in [prepared(None), prepared(Some(Logo::read(LOGO.as_bytes()).unwrap()))] {
        for format in Format::ALL {
            let bytes = rendered(&document, format);
            assert_eq!(bytes, rendered(&document, format), "the same document, the same bytes");
            let text = squeezed(&text_of(&bytes, format));
            let name = match format {
                Format::Html => "PreparedbyAlder&#38;Partners&#60;GmbH&#62;",
                Format::Csv => r#""report","prepared_by","Alder&Partners<GmbH>","Preparedby""#,
                Format::Json => r#""prepared_by":"Alder&Partners<GmbH>""#,
                Format::Markdown => "PreparedbyAlder",
                Format::Pdf | Format::Xlsx => "PreparedbyAlder&Partners<GmbH>",
            };
            assert!(text.contains(name), "{format}: {text:.600}");
        }
    }
    for format in Format::ALL {
        let text = text_of(&rendered(&document(ReportKind::FundingPack, &Audience::Owner), format), format);
        assert!(!text.contains("Prepared by"), "{format}");
    }
}

#[test]
fn a_logo_is_part_of_the_file() {
    let logo = Logo::read(LOGO.as_bytes()).unwrap();
    let html = String::from_utf8(rendered(&prepared(Some(logo.clone())), Format::Html)).unwrap();
    let shown = format!("<img src=\"{}\" alt=\"Logo of Alder &#38; Partners &#60;GmbH&#62;\">", logo.data_uri());
    assert_eq!(html.matches("<img").count(), 1);
    assert!(html.contains(&shown), "{html:.2000}");
    assert!(!String::from_utf8(rendered(&prepared(None), Format::Html)).unwrap().contains("<img"));
    let pdf = |document: &Document| rendered(document, Format::Pdf);
    assert_ne!(pdf(&prepared(Some(logo))), pdf(&prepared(None)));
}
