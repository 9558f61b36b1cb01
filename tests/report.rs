//! Reports and the page: they agree with each other, leak nothing, and read well when there is nothing to show.

#[path = "support/sample.rs"]
mod sample;

use glidepath::domain::money::Money;
use glidepath::domain::position::{Credits, Position, Series};
use glidepath::report::document::{Block, Cell, Document, Table};
use glidepath::report::{self, Audience, Format, Nav, ReportKind};

fn document(kind: ReportKind) -> Document {
    report::build(kind, &sample::position(), &sample::series(), &Audience::Owner)
}

fn text(document: &Document, format: Format) -> String {
    String::from_utf8(report::render(document, format)).unwrap()
}

/// Writes the pages where a person can look at them, if asked to.
#[test]
fn pages_for_looking_at() {
    let Some(dir) = std::env::var_os("GLIDEPATH_SAMPLE_DIR").map(std::path::PathBuf::from) else { return };
    let (position, series, nav) = (sample::position(), sample::series(), Nav::served("/api/v1"));
    std::fs::write(dir.join("page.html"), report::page(&position, &series, &nav)).unwrap();
    std::fs::write(dir.join("empty.html"), report::page(&sample::empty(), &Series::default(), &nav)).unwrap();
    let denied = without_pools();
    std::fs::write(dir.join("denied.html"), report::page(&denied, &Series { pools: vec![], ..series }, &nav)).unwrap();
    for kind in ReportKind::ALL {
        for format in Format::ALL {
            std::fs::write(dir.join(format!("{kind}.{format}")), text(&document(kind), format)).unwrap();
        }
    }
}

fn without_pools() -> Position {
    Position {
        credits: Credits::default(),
        exhaustion: Default::default(),
        variance: vec![],
        filing: None,
        findings: vec![sample::denied_finding()],
        ..sample::position()
    }
}
