//! The forms of a report: each whole by itself, the same bytes for the same input, and no name breaks out of one.

use super::*;

#[test]
fn the_same_input_gives_the_same_bytes() {
    for kind in ReportKind::ALL {
        for format in Format::ALL {
            let render = || report::render(&document(kind), format);
            assert_eq!(render(), render(), "{kind}.{format}");
        }
    }
    let page = || report::page(&sample::position(), &sample::series(), None, &Nav::served("/api/v1"));
    assert_eq!(page(), page());
}

#[test]
fn names_cannot_break_out_of_their_form() {
    let mut position = sample::position();
    let name = "=1+1|<b>*x*</b>\n\"quoted\" & **bold** `code` [a](b)";
    position.credits.pools[1].name = name.into();
    let document = report::build(ReportKind::Trajectory, &position, &sample::series(), &Audience::Owner);
    let html = text(&document, Format::Html);
    assert!(!html.contains("<b>"));
    well_formed(&html);
    let markdown = text(&document, Format::Markdown);
    let options = pulldown_cmark::Options::ENABLE_TABLES;
    let mut cells = Vec::new();
    let mut cell = String::new();
    for event in pulldown_cmark::Parser::new_ext(&markdown, options) {
        match event {
            pulldown_cmark::Event::End(pulldown_cmark::TagEnd::TableCell) => cells.push(std::mem::take(&mut cell)),
            pulldown_cmark::Event::Text(words) => cell.push_str(&words),
            pulldown_cmark::Event::Start(pulldown_cmark::Tag::TableCell) => cell.clear(),
            _ => {}
        }
    }
    assert!(cells.iter().any(|cell| *cell == name.replace('\n', " ")), "{markdown}");
    let csv = report::render(&document, Format::Csv).unwrap();
    let mut reader = csv::ReaderBuilder::new().flexible(true).has_headers(false).from_reader(csv.as_slice());
    let fields: Vec<String> =
        reader.records().flat_map(|record| record.unwrap().iter().map(str::to_owned).collect::<Vec<_>>()).collect();
    assert!(fields.contains(&format!("'{name}")), "a spreadsheet would run it");
}

proptest::proptest! {
    /// No name that AWS or a config could hold stops a report, and none breaks its HTML.
    #[test]
    fn any_name_can_be_rendered(name in "\\PC{0,40}", summary in "[ -~\n\r\t]{0,60}") {
        let mut position = sample::position();
        position.variance.clear();
        position.credits.pools[2].name = name;
        position.findings[0].summary = summary;
        let document = report::build(ReportKind::FundingPack, &position, &Series::default(), &Audience::Owner);
        for format in [Format::Html, Format::Csv, Format::Json, Format::Markdown] {
            let text = text(&document, format);
            if format == Format::Html {
                well_formed(&text);
            }
        }
    }
}

#[test]
fn csv_sections_are_tables_with_their_own_header() {
    let csv = report::render(&document(ReportKind::FundingPack), Format::Csv).unwrap();
    let mut reader = csv::ReaderBuilder::new().flexible(true).has_headers(false).from_reader(csv.as_slice());
    let mut widths = std::collections::BTreeMap::<String, usize>::new();
    for record in reader.records() {
        let record = record.unwrap();
        let width = *widths.entry(record[0].to_owned()).or_insert(record.len());
        assert_eq!(record.len(), width, "{record:?}");
    }
    for section in ["report", "variance_by_month", "tokens", "pools", "trajectory", "notes"] {
        assert!(widths.contains_key(section), "{section}");
    }
}

#[test]
fn html_is_well_formed_and_stands_alone() {
    let nav = Nav::served("/api/v1");
    let series = sample::series();
    let mut pages = vec![
        report::page(&sample::position(), &series, None, &nav),
        report::page(&sample::empty(), &Series::default(), None, &nav),
        report::page(&without_pools(), &Series { pools: vec![], ..series }, None, &nav),
    ];
    pages.extend(ReportKind::ALL.map(|kind| text(&document(kind), Format::Html)));
    for html in pages {
        well_formed(&html);
        for forbidden in [" style=", "<script", "http://", "https://", "url(", " onclick"] {
            assert!(!html.contains(forbidden), "{forbidden}");
        }
    }
}

#[test]
fn charts_are_themed_and_named() {
    let html = report::page(&sample::position(), &sample::series(), None, &Nav::default());
    // A sentinel colour that was left over would be the only colour on the page outside the stylesheet.
    let body = html.split_once("</style>").unwrap().1;
    assert!(!body.contains("\"#0"), "a sentinel colour is left");
    let pictures = body.matches("role=\"img\"").count();
    assert_eq!(pictures, 12, "three pools, bills, cumulative and models, wide and narrow");
    assert_eq!(body.matches("<desc id=").count(), pictures);
    let assets = NavAssets { stylesheets: vec!["/style.css".into()], scripts: vec!["/charts.js".into()] };
    let linked = Nav { assets: Some(assets), ..Nav::default() };
    let html = report::page(&sample::position(), &sample::series(), None, &linked);
    assert!(html.contains("<link rel=\"stylesheet\" href=\"/style.css\">") && !html.contains("<style>"));
}

/// Every element is closed in order, and every id is there once.
fn well_formed(html: &str) {
    const VOID: [&str; 3] = ["meta", "link", "!DOCTYPE"];
    let mut open: Vec<&str> = Vec::new();
    let mut ids = std::collections::BTreeSet::new();
    for piece in html.split('<').skip(1) {
        let (tag, _) = piece.split_once('>').unwrap_or_else(|| panic!("no end of tag: {piece}"));
        if let Some(name) = tag.strip_prefix('/') {
            assert_eq!(open.pop(), Some(name), "closed out of order");
            continue;
        }
        let name = tag.split([' ', '/']).next().unwrap();
        if let Some((_, rest)) = tag.split_once(" id=\"") {
            let id = rest.split('"').next().unwrap();
            assert!(ids.insert(id), "{id} is there twice");
        }
        if !tag.ends_with('/') && !VOID.contains(&name) {
            open.push(name);
        }
    }
    assert_eq!(open, Vec::<&str>::new(), "left open");
}

/// Writes the pages to a directory, for those who want to look at them.
#[test]
#[ignore = "writes samples to look at, into the folder GLIDEPATH_SAMPLE_DIR"]
fn pages_can_be_looked_at() {
    let dir = std::path::PathBuf::from(std::env::var_os("GLIDEPATH_SAMPLE_DIR").expect("a folder for the samples"));
    let (position, series, nav) = (sample::position(), sample::series(), Nav::served("/api/v1"));
    std::fs::write(dir.join("page.html"), report::page(&position, &series, None, &nav)).unwrap();
    std::fs::write(dir.join("empty.html"), report::page(&sample::empty(), &Series::default(), None, &nav)).unwrap();
    let denied = report::page(&without_pools(), &Series { pools: vec![], ..series }, None, &nav);
    std::fs::write(dir.join("denied.html"), denied).unwrap();
    let partner = Audience::Partner { records: vec!["portfolio".into()] };
    let pack = report::build(ReportKind::FundingPack, &position, &sample::series(), &partner);
    std::fs::write(dir.join("partner.html"), text(&pack, Format::Html)).unwrap();
}
