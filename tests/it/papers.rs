//! Reports as files: every form says the same figures, cell by cell, and each is sound as what it is.

mod partner;
mod print;
mod readers;
mod workbook;

use calamine::Data;
use chrono::NaiveDate;
use glidepath::demo::startup;
use glidepath::domain::billing::classify::Classifier;
use glidepath::domain::billing::price::PriceBook;
use glidepath::domain::facts::evidence::{BalanceEvidence, Evidence, MonthEvidence, RunEvidence};
use glidepath::domain::filing::ask::{self, Knowledge, KnownAccount};
use glidepath::domain::filing::projection::FiledProjection;
use glidepath::domain::position::series::Series;
use glidepath::domain::position::{Credits, Exhaustion, Position};
use glidepath::domain::values::period::DayRange;
use glidepath::report::document::{Block, Cell, Document, Table};
use glidepath::report::{self, Audience, Beside, Commentary, File, Format, Partner, ReportKind};
use readers::{Grid, csv_sections, html_tables, markdown_tables};
use rust_decimal::Decimal;
use rust_decimal::prelude::ToPrimitive as _;

use crate::support::paper::{pdf_text, sheets, text_of};
use crate::support::sample;

const ACCOUNT: &str = "999988887777";
const REQUEST: &str = "0b5c2d3e-1111-4a5b-8c9d-aaaaaaaaaaaa";

fn evidence() -> Evidence {
    let run = |run_id: i64, clock: &str| RunEvidence {
        run_id,
        clock: clock.parse().unwrap(),
        account: Some(ACCOUNT.into()),
        window: Some(DayRange::new("2025-11-22".parse().unwrap(), "2026-11-24".parse().unwrap())),
        rows: 1200,
        cost_requests: vec![REQUEST.into(), "0b5c2d3e-2222-4a5b-8c9d-bbbbbbbbbbbb".into()],
        credit_requests: vec![format!("0b5c2d3e-3333-4a5b-8c9d-ccccccccccc{run_id}")],
    };
    Evidence {
        months: vec![MonthEvidence {
            month: "2026-11".parse().unwrap(),
            rows: 310,
            brought_by: vec![1, 2],
            confirmed_by: Some(2),
        }],
        credits: Some(2),
        allocations: vec![2],
        balances: vec![BalanceEvidence {
            pool: sample::days::POOL_IDS[1].into(),
            amount: "1234.56".parse().unwrap(),
            observed_on: "2026-11-20".parse().unwrap(),
            recorded_at: "2026-11-21T17:05:00Z".parse().unwrap(),
        }],
        cycle: Some(2),
        runs: vec![run(1, "2026-11-22T06:00:00Z"), run(2, "2026-11-23T06:00:00Z")],
    }
}

fn partner() -> Partner {
    let commentary = Commentary::read(b"The launch was moved to May.\n\nTraining starts in June.").unwrap();
    Partner { name: None, logo: None, commentary }
}

fn document(kind: ReportKind, audience: &Audience) -> Document {
    let position = sample::position();
    let (evidence, partner) = (evidence(), partner());
    let beside = Beside { evidence: Some(&evidence), partner: Some(&partner), sized: None };
    report::build_beside(kind, &position, &sample::series(), beside, audience)
}

fn audiences() -> [Audience; 2] {
    [Audience::Owner, Audience::Partner { records: vec!["portfolio".into()] }]
}

fn rendered(document: &Document, format: Format) -> Vec<u8> {
    report::render(document, format).unwrap()
}

/// Header and rows as people see them.
fn shown(table: &Table) -> Grid {
    let columns = table.shown_columns();
    let header = columns.iter().map(|index| table.columns[*index].title.to_owned()).collect();
    let rows = table.rows.iter().map(|row| columns.iter().map(|index| row.cells[*index].shown()).collect());
    std::iter::once(header).chain(rows).collect()
}

/// Header and rows as machines see them, absent as an empty text.
fn exact(table: &Table) -> Grid {
    let header = table.columns.iter().map(|column| column.key.to_owned()).collect();
    let rows = table.rows.iter().map(|row| row.cells.iter().map(|cell| cell.exact().unwrap_or_default()).collect());
    std::iter::once(header).chain(rows).collect()
}

fn every_document() -> Vec<Document> {
    let of = |kind| audiences().map(|audience| document(kind, &audience));
    // The ask and a proof of concept are made of a filing: `sizing` and `report` read their forms.
    let of_a_filing = |kind: &ReportKind| matches!(kind, ReportKind::Ask | ReportKind::Poc);
    ReportKind::ALL.into_iter().filter(|kind| !of_a_filing(kind)).flat_map(of).collect()
}

/// The ask of the demo's filing.
fn asked() -> Document {
    let (book, classifier, account) = (PriceBook::builtin(), Classifier::builtin(), KnownAccount::default());
    let filing = FiledProjection::parse_with(startup::PROJECTION_TOML, &book).unwrap();
    let sized = ask::size(&filing, &Knowledge { book: &book, classifier: &classifier, account: &account });
    let beside = Beside { sized: Some(&sized), ..Beside::default() };
    report::build_beside(ReportKind::Ask, &sample::position(), &Series::default(), beside, &Audience::Owner)
}

#[test]
fn every_form_says_the_same_cell_by_cell() {
    for document in every_document() {
        let tables: Vec<&Table> = document.tables().collect();
        assert!(tables.len() > 2, "{}", document.kind);
        let html = html_tables(&String::from_utf8(rendered(&document, Format::Html)).unwrap());
        let blocks = document.sections.iter().flat_map(|section| &section.blocks);
        let placed: Vec<Grid> = blocks
            .filter_map(|block| match block {
                Block::Table(table) => Some(shown(table)),
                Block::Chart(chart) => chart.table.as_ref().map(shown),
                Block::Text(_) => None,
            })
            .collect();
        assert_eq!(html, placed, "{} as HTML", document.kind);
        let markdown = markdown_tables(&String::from_utf8(rendered(&document, Format::Markdown)).unwrap());
        let figures = document.figures.iter().map(|it| vec![it.label.clone(), it.value.shown(), it.detail.clone()]);
        let figures: Vec<_> = figures.collect();
        let beside = usize::from(!figures.is_empty());
        assert!(beside == 0 || markdown[0][1..] == figures, "{} as Markdown", document.kind);
        assert_eq!(markdown[beside..], tables.iter().map(|it| shown(it)).collect::<Vec<_>>(), "{}", document.kind);
        let csv = csv_sections(&rendered(&document, Format::Csv));
        let json: serde_json::Value = serde_json::from_slice(&rendered(&document, Format::Json)).unwrap();
        for table in &tables {
            assert_eq!(csv[table.id], exact(table), "{} {} as CSV", document.kind, table.id);
            assert_eq!(json_rows(&json, table), exact(table), "{} {} as JSON", document.kind, table.id);
        }
        for figure in &document.figures {
            assert_eq!(json["figures"][figure.key]["value"].as_str().map(str::to_owned), figure.value.exact());
        }
    }
}

fn json_rows(json: &serde_json::Value, table: &Table) -> Grid {
    let body = &json["tables"][table.id];
    let row = |row: &serde_json::Value| {
        let cells = table.columns.iter().map(|column| row[column.key].as_str().unwrap_or_default().to_owned());
        cells.collect::<Vec<_>>()
    };
    let header = body["columns"].as_array().unwrap().iter().map(|it| it["key"].as_str().unwrap().to_owned()).collect();
    let listed = |key: &str| body[key].as_array().unwrap().iter().map(row).collect::<Vec<_>>();
    std::iter::once(header).chain(listed("rows")).chain(listed("totals")).collect()
}

#[test]
fn a_workbook_holds_numbers_dates_and_shares_as_such() {
    for document in every_document() {
        let sheets = sheets(&rendered(&document, Format::Xlsx));
        assert_eq!(sheets[0].0, "Summary");
        assert_eq!(sheets.last().unwrap().0, "Notes");
        let charted = document.charts().filter_map(|chart| chart.table.as_ref());
        let tables: Vec<&Table> = document.tables().chain(charted).collect();
        assert_eq!(sheets.len(), tables.len() + 2, "a sheet per table");
        for (table, (name, rows)) in tables.iter().zip(&sheets[1..]) {
            assert_eq!(rows[0][0], Data::String(table.title.clone()));
            for (cell, column) in rows[3].iter().zip(&table.columns) {
                assert_eq!(*cell, Data::String(column.title.to_owned()), "{name}");
            }
            assert_eq!(rows.len(), 4 + table.rows.len(), "{name}");
            for (row, expected) in rows[4..].iter().zip(&table.rows) {
                for (cell, expected) in row.iter().zip(&expected.cells) {
                    assert!(is_same(cell, expected), "{name}: {cell:?} where {expected:?} was meant");
                }
            }
        }
        let figures: Vec<(&Data, &Data)> = sheets[0].1.iter().map(|row| (&row[0], &row[1])).collect();
        for figure in &document.figures {
            let (_, value) = figures.iter().find(|(label, _)| label.to_string() == figure.label).unwrap();
            assert!(is_same(value, &figure.value), "{}: {value:?}", figure.label);
        }
    }
}

fn is_same(found: &Data, expected: &Cell) -> bool {
    // The nearest double of a decimal is that of its text.
    let number = |decimal: Decimal| decimal.to_string().parse::<f64>().unwrap();
    let same = |found: &Data, decimal: Decimal| matches!(found, Data::Float(float) if float.to_bits() == number(decimal).to_bits());
    let day = |found: &Data, day: NaiveDate| {
        let since = (day - NaiveDate::from_ymd_opt(1899, 12, 30).unwrap()).num_days();
        matches!(found, Data::DateTime(at) if at.as_f64().to_i64() == Some(since))
    };
    match expected {
        Cell::Money(money) | Cell::Effect(money) | Cell::Change(money) | Cell::Forecast(money) => {
            same(found, money.amount())
        }
        Cell::Percent(percent) => same(found, percent / Decimal::ONE_HUNDRED),
        Cell::Quantity(quantity) => same(found, quantity.amount()),
        Cell::Count(count) => same(found, (*count).into()),
        Cell::Day(expected) => day(found, *expected),
        Cell::Month(month) => day(found, month.first_day()),
        Cell::Text(text) => *found == Data::String(text.clone()) || text.is_empty() && *found == Data::Empty,
        Cell::Absent("") => *found == Data::Empty,
        Cell::Absent(why) => *found == Data::String((*why).to_owned()),
    }
}

/// A sentence between tables can be what decides, such as that a plan has lines without a price.
#[test]
fn every_paragraph_is_in_every_form() {
    for document in every_document() {
        let texts: Vec<(&str, &str)> = document.texts().map(|(section, text)| (section.id, text)).collect();
        assert!(!texts.is_empty(), "{}: {texts:?}", document.kind);
        // Markup escapes characters, none of which is a letter; the numbers of HTML's escapes are no part of a text.
        let bare = |text: &str| text.chars().filter(|it| it.is_alphanumeric()).collect::<String>();
        for format in [Format::Pdf, Format::Markdown, Format::Html] {
            let file = text_of(&rendered(&document, format), format);
            let file = ["&#34;", "&#38;", "&#39;", "&#60;", "&#62;"].iter().fold(file, |file, it| file.replace(it, ""));
            for (section, text) in &texts {
                assert!(bare(&file).contains(&bare(text)), "{}.{format} lacks in {section}: {text}", document.kind);
            }
        }
        let csv = csv_sections(&rendered(&document, Format::Csv));
        let listed: Vec<(&str, &str)> = csv["texts"][1..].iter().map(|it| (it[0].as_str(), it[1].as_str())).collect();
        assert_eq!(listed, texts, "{} as CSV", document.kind);
        let sheets = sheets(&rendered(&document, Format::Xlsx));
        let notes: Vec<String> = sheets.last().unwrap().1.iter().map(|row| row[0].to_string()).collect();
        for (section, text) in &texts {
            assert!(notes.iter().any(|note| note == text), "{section} in the workbook: {text}");
        }
        let json: serde_json::Value = serde_json::from_slice(&rendered(&document, Format::Json)).unwrap();
        let sections = json["sections"].as_array().unwrap();
        let ids = |section: &serde_json::Value, key: &str| {
            section[key].as_array().unwrap().iter().map(|it| it.as_str().unwrap().to_owned()).collect::<Vec<_>>()
        };
        let of = |key: &str| sections.iter().flat_map(|it| ids(it, key)).collect::<Vec<_>>();
        assert_eq!(of("texts"), texts.iter().map(|(_, text)| *text).collect::<Vec<_>>());
        assert_eq!(of("tables"), document.tables().map(|it| it.id).collect::<Vec<_>>());
        assert_eq!(of("charts"), document.charts().map(|it| it.id.as_str()).collect::<Vec<_>>());
        assert_eq!(sections.len(), document.sections.len());
    }
}

/// Without blanks, which a typesetter places as it likes.
fn squeezed(text: &str) -> String {
    text.chars().filter(|character| !character.is_whitespace()).collect()
}

#[test]
fn a_pdf_says_every_cell_row_by_row() {
    for document in every_document() {
        let text = squeezed(&pdf_text(&rendered(&document, Format::Pdf)));
        let has =
            |part: &str| assert!(text.contains(&squeezed(part)), "{}: {part:?} is missing: {text}", document.kind);
        document
            .figures
            .iter()
            .for_each(|figure| has(&format!("{}{}{}", figure.label, figure.value.shown(), figure.detail)));
        document.summary.iter().chain(&document.notes).for_each(|sentence| has(sentence));
        has(&document.dateline());
        document.about.iter().for_each(|about| has(&about.value.shown()));
        for table in document.tables() {
            // Each row after the one before, so that a cell of another table cannot stand in.
            let mut rest =
                text.split_once(&squeezed(&format!("{}{}", table.title, shown(table)[0].concat()))).unwrap().1;
            for row in &shown(table)[1..] {
                let row = squeezed(&row.concat());
                rest = rest.split_once(&row).unwrap_or_else(|| panic!("{} lacks {row}: {text}", table.id)).1;
            }
        }
    }
}

#[test]
fn a_pdf_is_tagged_titled_dated_and_brings_its_fonts() {
    let document = document(ReportKind::FundingPack, &Audience::Owner);
    let bytes = rendered(&document, Format::Pdf);
    let pdf = lopdf::Document::load_mem(&bytes).unwrap();
    let catalog = pdf.catalog().unwrap();
    assert!(catalog.get(b"StructTreeRoot").is_ok(), "no tags");
    assert_eq!(catalog.get(b"Lang").unwrap().as_str().unwrap(), b"en-US");
    assert!(catalog.get(b"Outlines").is_ok(), "no bookmarks");
    let metadata = pdf.get_object(catalog.get(b"Metadata").unwrap().as_reference().unwrap()).unwrap();
    let xmp = String::from_utf8(metadata.as_stream().unwrap().get_plain_content().unwrap()).unwrap();
    assert!(xmp.contains("<pdfuaid:part>1</pdfuaid:part>"), "{xmp}");
    assert!(xmp.contains("2026-11-23T06:00:00"), "not dated as of: {xmp}");
    assert!(xmp.contains("Funding pack: Larkspur Labs GmbH"), "{xmp}");
    assert!(xmp.split_once("dc:creator").unwrap().1.contains("Larkspur Labs GmbH"), "{xmp}");
    let descriptors = pdf.objects.values().filter_map(|object| object.as_dict().ok());
    let descriptors: Vec<_> = descriptors.filter(|dict| dict.has_type(b"FontDescriptor")).collect();
    assert!(!descriptors.is_empty());
    for font in descriptors {
        let embedded = [b"FontFile2".as_slice(), b"FontFile3"].iter().any(|key| font.has(key));
        assert!(embedded, "{font:?}");
        let name = String::from_utf8_lossy(font.get(b"FontName").unwrap().as_name().unwrap()).into_owned();
        assert!(name.contains("IBMPlexSans"), "{name}");
    }
    // Charts are drawn: a picture made of points would be an image.
    let images = pdf.objects.values().filter_map(|object| object.as_stream().ok());
    assert_eq!(
        images
            .filter(|stream| stream
                .dict
                .get(b"Subtype")
                .is_ok_and(|it| it.as_name().is_ok_and(|name| name == b"Image")))
            .count(),
        0
    );
}

#[test]
fn the_same_document_gives_the_same_file() {
    for document in every_document() {
        for format in Format::ALL {
            let file = File::of(&document, format).unwrap();
            assert_eq!(file.name, format!("larkspur-labs-gmbh-{}-2026-11-23.{format}", document.kind));
            assert_eq!(file, File::of(&document, format).unwrap());
            assert_eq!(file.sha256(), report::sha256(&file.bytes));
        }
    }
}

#[test]
fn the_owner_sees_requests_and_a_partner_their_hash() {
    let [owner, partner] = audiences().map(|audience| document(ReportKind::Evidence, &audience));
    let [first, second] = evidence().runs.try_into().unwrap();
    // Of the questions on credits those of the newest answer count.
    let lists = [first.cost_requests, second.credit_requests];
    let ids = lists.concat();
    let hashes = lists.map(|ids| report::sha256(ids.join("\n").as_bytes()));
    let void = &first.credit_requests[0];
    for format in ReportKind::Evidence.formats().iter().copied() {
        let text = |document: &Document| squeezed(&text_of(&rendered(document, format), format));
        let (owner, partner) = (text(&owner), text(&partner));
        assert!(owner.contains(ACCOUNT) && ids.iter().all(|id| owner.contains(id)), "{format}");
        assert!(!partner.contains(ACCOUNT) && !ids.iter().any(|id| partner.contains(id)), "{format}");
        assert!(hashes.iter().all(|hash| partner.contains(hash) && !owner.contains(hash)), "{format}");
        assert!(!sample::days::POOL_IDS.iter().any(|id| partner.contains(id)), "{format}");
        for text in [&owner, &partner] {
            assert!(!text.contains(void), "{format}");
            assert!(text.contains("2026-11-2306:00:00"), "{format}");
            // What was entered here.
            let filing = ["Filing,version2", "2026-02-0309:12:00"];
            assert!(filing.iter().all(|part| text.contains(part)), "{format}: {text}");
        }
        // A balance read off by hand is of a single credit.
        let balance = ["typedin", "2026-11-2117:05:00"];
        assert!(balance.iter().all(|part| owner.contains(part) && !partner.contains(part)), "{format}");
    }
}

#[test]
fn a_file_is_named_after_what_it_holds() {
    let document = report::build(ReportKind::Trajectory, &sample::position(), &sample::series(), &Audience::Owner);
    for format in Format::ALL {
        let file = File::of(&document, format).unwrap();
        assert_eq!(file.name, format!("larkspur-labs-gmbh-trajectory-2026-11-23.{format}"));
        let text = squeezed(&text_of(&file.bytes, file.format));
        assert!(text.contains("Jan2027") || format == Format::Xlsx || text.contains("2027-01"), "{format}: {text}");
    }
    assert_eq!(Format::Pdf.media_type(), "application/pdf");
}

#[test]
fn a_few_sentences_stand_for_a_report_that_goes_along() {
    let position = sample::position();
    let said = |kind, audience: &Audience| report::headline(kind, &position, audience);
    let compared = "$238,757.24 was spent where $216,634.55 was projected: $22,122.69 over the plan (10.2 %).";
    let ahead = "Credits last until about 30 Dec 2026 (between 22 Dec 2026 and 8 Jan 2027).";
    let left = "$49,155.82 of $285,000.00 of credit is left.";
    assert_eq!(said(ReportKind::ActualVsProjected, &Audience::Owner), [compared]);
    assert_eq!(said(ReportKind::Trajectory, &Audience::Owner), [ahead, left]);
    assert_eq!(said(ReportKind::FundingPack, &Audience::Owner), [compared, ahead, left]);
    // A partner's are those of its records.
    let partner = Audience::Partner { records: vec!["ai".to_owned()] };
    let theirs = said(ReportKind::FundingPack, &partner);
    let covers = "Actual against projected covers these records only: ai. Credits, the next ask and the monthly bill are \
                  those of the whole account, all credit together; from them can be worked out what it spends in all, and so \
                  what lies outside these records together.";
    assert_eq!(theirs[1..], [ahead, left, covers]);
    let shown = report::build(ReportKind::FundingPack, &position, &sample::series(), &partner);
    assert!(theirs[0] != compared && theirs[0] == shown.summary[0], "{theirs:?}");
}

#[test]
fn what_aws_refuses_to_show_is_unknown_on_paper_too() {
    let position = Position {
        credits: Credits::default(),
        exhaustion: Exhaustion::default(),
        findings: vec![sample::denied_finding()],
        ..sample::position()
    };
    let document = report::build(ReportKind::FundingPack, &position, &Series::default(), &Audience::Owner);
    for format in [Format::Pdf, Format::Markdown] {
        let text = squeezed(&text_of(&rendered(&document, format), format));
        assert!(text.contains("isunknown,notzero"), "{format}: {text}");
    }
    // A chart without a curve is left out, and so is the appendix before the first run.
    assert!(!document.sections.iter().any(|section| section.id == "evidence"));
}

/// Markup, formulas, scripts no font has, and text that runs the other way.
#[test]
fn names_are_data_to_a_typesetter_and_a_workbook() {
    let mut position = sample::position();
    let name = "#panic() *x* $a$ [b] @c `d` \\ // 信用 \u{202e}abc\u{7} =1+1";
    position.credits.pools[1].name = name.into();
    let document = report::build(ReportKind::Trajectory, &position, &sample::series(), &Audience::Owner);
    let pdf = squeezed(&pdf_text(&rendered(&document, Format::Pdf)));
    assert!(pdf.contains("#panic()*x*$a$[b]@c`d`\\//\u{fffd}\u{fffd}"), "{pdf}");
    let book = text_of(&rendered(&document, Format::Xlsx), Format::Xlsx);
    assert!(book.contains("信用"), "{book}");
}

proptest::proptest! {
    #![proptest_config(proptest::prelude::ProptestConfig::with_cases(24))]
    /// No name that AWS or a config could hold stops the typesetter.
    #[test]
    fn any_name_can_be_typeset(name in "\\PC{0,40}", summary in "[ -~\n\r\t]{0,60}") {
        let mut position = sample::position();
        position.variance.clear();
        position.credits.pools[2].name = name;
        position.findings[0].summary = summary;
        let series = Series::default();
        let document = report::build(ReportKind::Trajectory, &position, &series, &Audience::Owner);
        for format in [Format::Pdf, Format::Xlsx] {
            proptest::prop_assert!(report::render(&document, format).is_ok());
        }
    }
}

/// Writes the files to a directory, for those who want to look at them.
#[test]
#[ignore = "writes samples to look at, into the folder GLIDEPATH_SAMPLE_DIR"]
fn papers_can_be_looked_at() {
    let dir = std::path::PathBuf::from(std::env::var_os("GLIDEPATH_SAMPLE_DIR").expect("a folder for the samples"));
    for kind in ReportKind::ALL {
        for (audience, name) in audiences().into_iter().zip(["owner", "partner"]) {
            for format in Format::ALL {
                let bytes = rendered(&document(kind, &audience), format);
                std::fs::write(dir.join(format!("{kind}-{name}.{format}")), bytes).unwrap();
            }
        }
    }
    let empty = report::build(ReportKind::FundingPack, &sample::empty(), &Series::default(), &Audience::Owner);
    std::fs::write(dir.join("empty.pdf"), rendered(&empty, Format::Pdf)).unwrap();
}
