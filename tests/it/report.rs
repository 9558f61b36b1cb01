//! Reports and the page: they agree with each other, leak nothing, and read well when there is nothing to show.

mod credit_words;
mod forms;
mod outsiders;
mod pack;

use glidepath::domain::credit::StatementSource;
use glidepath::domain::credit::reconcile::Reconciliation;
use glidepath::domain::credit::unlisted::{CreditsAnswer, UnlistedCredit};
use glidepath::domain::filing::projection::UnpricedLine;
use glidepath::domain::position::finding::{Finding, Rule, Severity};
use glidepath::domain::position::series::Series;
use glidepath::domain::position::{Credits, Exhaustion, PoolStatus, Position};
use glidepath::domain::values::money::Money;
use glidepath::domain::values::period::plus_days;
use glidepath::domain::values::quantiles::DateQuantiles;
use glidepath::report::document::{Block, Cell, Column, DayPlot, Document, Plot, Row, Table};
use glidepath::report::{self, Audience, Format, Nav, NavAssets, ReportKind};

use crate::support::{paper, sample};

fn document(kind: ReportKind) -> Document {
    report::build(kind, &sample::position(), &sample::series(), &Audience::Owner)
}

fn text(document: &Document, format: Format) -> String {
    paper::text_of(&report::render(document, format).unwrap(), format)
}

fn tables(document: &Document) -> Vec<&Table> {
    let blocks = document.sections.iter().flat_map(|section| &section.blocks);
    blocks.filter_map(|block| if let Block::Table(table) = block { Some(table) } else { None }).collect()
}

fn unlisted(answer: CreditsAnswer, applied: i64) -> UnlistedCredit {
    let applied = Money::from_micros(applied * 10_000);
    UnlistedCredit { answer, applied_to_date: applied, applied_14d: applied }
}

fn without_pools() -> Position {
    Position {
        credits: Credits { unlisted: Some(unlisted(CreditsAnswer::Refused, 0)), ..Credits::default() },
        exhaustion: Exhaustion::default(),
        variance: vec![],
        filing: None,
        findings: vec![sample::denied_finding()],
        ..sample::position()
    }
}

/// Compares with a committed snapshot, whatever the environment says about updating them.
fn snapshot(name: &str, content: &str) {
    let mut settings = insta::Settings::clone_current();
    settings.set_omit_expression(true);
    settings.bind(|| insta::assert_snapshot!(name, content));
}

#[test]
fn reports_read_as_committed() {
    for kind in ReportKind::ALL {
        let document = document(kind);
        snapshot(&format!("{kind}.csv"), &text(&document, Format::Csv));
        snapshot(&format!("{kind}.md"), &text(&document, Format::Markdown));
    }
}

/// Daily curves would make a snapshot that nobody reads, so the last days stand for them.
#[test]
fn json_reads_as_committed() {
    let mut series = sample::series();
    for pool in &mut series.pools {
        pool.balance.drain(..pool.balance.len().saturating_sub(3));
        pool.outlook.truncate(3);
        pool.planned.truncate(3);
    }
    series.actual.drain(..series.actual.len() - 3);
    series.filed.truncate(3);
    series.outlook.truncate(3);
    let document = report::build(ReportKind::FundingPack, &sample::position(), &series, &Audience::Owner);
    snapshot("funding-pack.json", &text(&document, Format::Json));
}

#[test]
fn the_attachment_of_alerts_reads_as_committed() {
    let attachment = report::alert_attachment(&sample::position(), &sample::series());
    assert_eq!(attachment, text(&document(ReportKind::Trajectory), Format::Markdown));
    assert!(attachment.contains("The first full bill without credits, Jan 2027"), "{attachment}");
}

/// Every column of amounts in a table with a total adds up to it, exactly.
#[test]
fn totals_are_the_sums_of_their_rows() {
    let mut checked = 0;
    for kind in ReportKind::ALL {
        let document = document(kind);
        for table in tables(&document) {
            let Some(total) = table.rows.iter().find(|row| row.is_total()) else { continue };
            for (index, cell) in total.cells.iter().enumerate() {
                let (Cell::Money(total) | Cell::Effect(total)) = cell else { continue };
                let rows = table.rows.iter().filter(|row| !row.is_total());
                let sum: Money = rows
                    .map(|row| match row.cells[index] {
                        Cell::Money(money) | Cell::Effect(money) => money,
                        _ => Money::ZERO,
                    })
                    .sum();
                assert_eq!(*total, sum, "{} {}", table.id, table.columns[index].key);
                checked += 1;
            }
        }
    }
    assert!(checked > 30, "only {checked} totals were there to check");
}

#[test]
fn months_records_and_lines_agree_with_the_position() {
    let position = sample::position();
    let actual: Money = position.variance.iter().map(|row| row.actual).sum();
    let projected: Money = position.variance.iter().map(|row| row.projected).sum();
    let document = document(ReportKind::ActualVsProjected);
    for id in ["variance_by_month", "variance_by_record", "variance"] {
        let table = tables(&document).into_iter().find(|table| table.id == id).unwrap();
        let total = table.rows.iter().find(|row| row.is_total()).unwrap();
        let at = |key| total.cells[table.columns.iter().position(|column| column.key == key).unwrap()].clone();
        assert_eq!(at("projected"), Cell::Money(projected), "{id}");
        assert_eq!(at("actual"), Cell::Money(actual), "{id}");
        assert_eq!(at("amount"), Cell::Money(actual - projected), "{id}");
    }
}

/// The first line that starts like this.
fn line<'t>(text: &'t str, start: &str) -> &'t str {
    text.lines().find(|line| line.starts_with(start)).unwrap_or_else(|| panic!("no line starts with {start}: {text}"))
}

#[test]
fn the_newest_month_is_marked_as_running() {
    let markdown = text(&document(ReportKind::ActualVsProjected), Format::Markdown);
    assert!(line(&markdown, "|Nov 2026|").contains("|month to date, through 21 Nov 2026|"), "{markdown}");
    assert!(line(&markdown, "|Oct 2026|").ends_with("|full month|"), "{markdown}");
}

/// Worked out by hand: bills of 100, 200, 300, 400 and 500 cash from December 2026 on, credits that end on 10 January.
#[test]
fn the_step_to_cash_is_counted_from_whole_bills() {
    let mut position = sample::position();
    let end = "2027-01-10".parse().unwrap();
    position.exhaustion.total.p50 = Some(end);
    position.trajectory.drain(..1);
    position.trajectory.truncate(5);
    for (index, bill) in position.trajectory.iter_mut().enumerate() {
        bill.cash = Money::from_micros(i64::try_from(index + 1).unwrap() * 100_000_000);
    }
    let figure = |position: &Position, key: &str| {
        let document = report::build(ReportKind::Trajectory, position, &Series::default(), &Audience::Owner);
        document.figures.iter().find(|figure| figure.key == key).unwrap().value.shown()
    };
    // February is the first whole month without credits; December the last with.
    assert_eq!(figure(&position, "first_full_bill"), "$300");
    assert_eq!(figure(&position, "monthly_step"), "$200");
    // The day on which credits end is part of its month: that of the first of a month leaves the next one whole.
    position.exhaustion.total.p50 = Some("2027-01-01".parse().unwrap());
    assert_eq!(figure(&position, "first_full_bill"), "$300");
    position.exhaustion.total.p50 = Some("2026-12-31".parse().unwrap());
    assert_eq!(figure(&position, "first_full_bill"), "$200");
    // The 90 days are the outlook's own.
    position.exposure.as_mut().unwrap().p50 = Money::from_micros(1_234_560_000);
    assert_eq!(figure(&position, "exposure_90_days"), "$1,235");
    position.exposure = None;
    assert_eq!(figure(&position, "exposure_90_days"), "beyond the outlook");
}

fn table_of<'d>(document: &'d Document, id: &str) -> &'d Table {
    tables(document).into_iter().find(|table| table.id == id).unwrap_or_else(|| panic!("there is no table {id}"))
}

/// The heading of a column and what people see in it, row by row; `None` where people do not get to see it.
fn shown_column(table: &Table, key: &str) -> Option<(&'static str, Vec<String>)> {
    let index = table.columns.iter().position(|column| column.key == key).unwrap();
    let shown = table.shown_columns().contains(&index);
    shown.then(|| (table.columns[index].title, table.rows.iter().map(|row| row.cells[index].shown()).collect()))
}

#[test]
fn a_report_carries_the_customer_and_what_was_asked_for() {
    let partner = Audience::Partner { records: vec!["portfolio".into()] };
    for audience in [Audience::Owner, partner] {
        let document = report::build(ReportKind::FundingPack, &sample::position(), &sample::series(), &audience);
        assert_eq!(document.title, "Funding pack: Larkspur Labs GmbH");
        let about: Vec<(&str, String)> = document.about.iter().map(|it| (it.key, it.value.shown())).take(4).collect();
        let first = [
            ("customer", "Larkspur Labs GmbH"),
            ("asked_for", "Portfolio and AI records together (GenAI tier)"),
            ("filing_version", "2"),
        ];
        assert_eq!(about[..3], first.map(|(key, value)| (key, value.to_owned())));
        for format in Format::ALL {
            // A typesetter places blanks as it likes.
            let squeezed: String = text(&document, format).chars().filter(|it| !it.is_whitespace()).collect();
            assert!(squeezed.contains("LarkspurLabsGmbH"), "{format}");
        }
    }
    // Of a programme that is none of AWS's the filing's own word stays, and without a name there is none.
    let mut position = sample::position();
    let filing = position.filing.as_mut().unwrap();
    (filing.customer, filing.asked_for) = (None, Some("a pilot".into()));
    let document = report::build(ReportKind::Trajectory, &position, &Series::default(), &Audience::Owner);
    assert_eq!((document.title.as_str(), document.customer.as_deref()), ("The bill after credits", None));
    assert_eq!((document.about[0].key, document.about[0].value.shown()), ("asked_for", "a pilot".to_owned()));
}

#[test]
fn when_pools_end_is_told_of_each_or_why_not() {
    let mut position = sample::position();
    let emptied = "2026-07-11".parse().unwrap();
    for pool in &mut position.credits.pools {
        pool.exhausted_on = Some(emptied);
        pool.breakage = Default::default();
    }
    position.credits.pools[2].exhausted_on = None;
    let document = report::build(ReportKind::Trajectory, &position, &Series::default(), &Audience::Owner);
    let ends = table_of(&document, "pool_ends");
    let (_, empty) = shown_column(ends, "exhausts_p50").unwrap();
    assert_eq!(empty.iter().filter(|day| *day == "11 Jul 2026").count(), 2, "{empty:?}");
    let (_, unused) = shown_column(ends, "breakage_p50").unwrap();
    assert!(unused.iter().any(|cell| cell == "beyond the outlook"), "{unused:?}");
}

/// A reason is something to show; nothing and no reason is not.
#[test]
fn a_column_of_reasons_is_shown() {
    let column = |cells: [Cell; 2]| {
        let columns = [Column::text("of", "Of"), Column::number("amount", "Amount").optional()];
        Table::new("t", "T", columns).rows(cells.map(|cell| vec![Cell::text("x"), cell])).shown_columns()
    };
    assert_eq!(column([Cell::Absent(""), Cell::Absent("beyond the outlook")]), [0, 1]);
    assert_eq!(column([Cell::Absent(""), Cell::Forecast(Money::ZERO)]), [0]);
}

#[test]
fn what_lies_ahead_is_in_whole_dollars_and_changes_have_a_sign() {
    let document = document(ReportKind::Trajectory);
    let (title, changes) = shown_column(table_of(&document, "sensitivity"), "cash").unwrap();
    assert_eq!(title, "First full bill changes by");
    let signed = |cell: &String| cell.starts_with("+$") || cell.starts_with("-$") || cell == "–" || cell == "unknown";
    assert!(changes.iter().all(signed) && changes.iter().any(|cell| cell.starts_with('+')), "{changes:?}");
    let said = ["p10", "p50", "p90"].map(|key| shown_column(table_of(&document, "track_record"), key).unwrap().1);
    for cell in changes.iter().chain(said.iter().flatten()) {
        assert!(!cell.contains('.'), "{cell} claims cents");
    }
    let change = |amount: &str| Cell::Change(amount.parse().unwrap()).shown();
    assert_eq!(["1234.56", "-1234.56", "0"].map(change), ["+$1,235", "-$1,235", "–"]);
}

/// 11 of 16 are 68.75 %: rounded once, and told alike in the sentence and in the table.
#[test]
fn a_share_is_rounded_once() {
    let document = document(ReportKind::Trajectory);
    let (_, shares) = shown_column(table_of(&document, "track_record_tally"), "share").unwrap();
    assert_eq!(shares[..2], ["84.8 %", "68.8 %"]);
    assert!(text(&document, Format::Markdown).contains("held 39 of 46 times (84.8 %)"));
}

#[test]
fn months_say_that_they_are_one_path_and_an_ask_what_the_outlook_says() {
    let document = document(ReportKind::FundingPack);
    let bills = table_of(&document, "trajectory");
    let total = bills.rows.iter().find(|row| row.is_total()).unwrap();
    assert_eq!(total.cells[0].shown(), "Total of the middle path");
    assert!(document.notes.iter().any(|note| note.contains("one middle path")), "{:?}", document.notes);
    // The same twelve months as the bills', which are summed there.
    let expects = format!(
        "The outlook expects {} of usage over the same 12 months, Nov 2026 to Oct 2027 on its middle path",
        total.cells[1].shown()
    );
    assert!(
        document.texts().any(|(section, text)| section.id == "next-ask" && text.starts_with(&expects)),
        "{expects}"
    );
    let document = self::document(ReportKind::ActualVsProjected);
    for id in ["earned-value", "credibility"] {
        let told =
            document.texts().any(|(section, text)| section.id == id && text.contains("28-day average continues"));
        assert!(told, "{id} does not say why its days differ from the outlook's");
    }
}

/// What the page says to do next.
fn next_step(position: &Position) -> Option<String> {
    let html = report::page(position, &sample::series(), None, &Nav::default());
    let (_, rest) = html.split_once("<dt>Next step")?;
    let (figure, _) = rest.split_once("</div>").unwrap();
    let texts = figure.split('<').filter_map(|piece| piece.split_once('>')).map(|(_, text)| text.trim());
    Some(texts.filter(|text| !text.is_empty()).collect::<Vec<_>>().join(" | "))
}

#[test]
fn the_page_names_the_next_date_to_act_on() {
    let mut position = sample::position();
    assert_eq!(
        next_step(&position).unwrap(),
        "File for the AI record award by 2 Dec 2026 | File by 24 Nov 2026 to be safe (credits may end on 22 Dec 2026); it takes \
         14 to 28 days."
    );
    position.next_award.as_mut().unwrap().overdue_if_early = true;
    assert!(next_step(&position).unwrap().contains("File today to be safe (credits may end on 22 Dec 2026); it takes"));
    let award = position.next_award.as_mut().unwrap();
    award.overdue = true;
    let overdue =
        "File for the AI record award today | To be safe you should have filed by 2 Dec 2026; it takes 14 to 28 days.";
    assert_eq!(next_step(&position).unwrap(), overdue);
    let award = position.next_award.as_mut().unwrap();
    (award.overdue, award.file_by, award.file_by_if_early) = (false, None, None);
    let far = "File for the AI record award in a year or later | It takes 14 to 28 days.";
    assert_eq!(next_step(&position).unwrap(), far);
    // Without an award to file for, the most severe finding says what to do.
    position.next_award = None;
    let finding = &mut position.findings[0];
    (finding.severity, finding.reason) = (Severity::Critical, "How sure: it is billed. Next: look at the bill.".into());
    assert_eq!(next_step(&position).unwrap(), "Act today | Look at the bill.");
    position.findings.clear();
    assert_eq!(next_step(&position), None);
}

/// The first screen says each thing once, in the order in which it is asked.
#[test]
fn the_page_answers_first_when_how_sure_what_next_and_what_is_left() {
    let mut position = sample::position();
    (position.exhaustion.filed, position.exhaustion.as_filed) = (true, "2026-12-31".parse().ok());
    let html = report::page(&position, &sample::series(), None, &Nav::default());
    let body = html.split_once("<body>").unwrap().1;
    let order = [
        "<span class=\"customer\">Larkspur Labs GmbH</span>",
        "<h1>Credits last until about",
        "At the outlook's pace that is",
        "If spend goes as filed, credits end on 31 Dec 2026.",
        "<dt>Next step</dt>",
        "<dt>Credit left</dt>",
        "The credit left buys 44.42 days at today's mix and prices",
        "<dt>First full bill in cash</dt>",
        "<h2 id=\"findings\">",
        "<h2 id=\"credits-title\">",
    ];
    let body = body.replace("&#39;", "'");
    let places = order.map(|text| body.find(text).unwrap_or_else(|| panic!("no {text}")));
    assert!(places.is_sorted(), "{places:?}");
    assert_eq!(body.matches("<dt>Credits end</dt>").count(), 0, "the headline has the date");
    let first = &body[..places[8]];
    assert_eq!(first.matches("goes as filed").count(), 1, "{first}");
}

#[test]
fn what_is_missing_reads_well() {
    let page = |position: &Position| report::page(position, &Series::default(), None, &Nav::default());
    let empty = page(&sample::empty());
    assert!(empty.contains("<h1>Waiting for the first data from AWS</h1>"));
    assert!(!empty.contains("Credit left"), "no figure can be given yet");
    let denied = page(&without_pools());
    assert!(denied.contains("<h1>Credit balances are unknown: AWS refuses to show them</h1>"));
    assert!(denied.contains("unknown, not zero"));
    assert!(denied.contains("No projection is filed yet"));
    let mut none = without_pools();
    none.findings.clear();
    none.credits.unlisted = Some(unlisted(CreditsAnswer::NoneListed, 0));
    assert!(page(&none).contains("<h1>No credits are known, so every dollar of spend is cash</h1>"));
    for kind in ReportKind::ALL {
        let document = report::build(kind, &sample::empty(), &Series::default(), &Audience::Owner);
        for format in Format::ALL {
            assert!(!report::render(&document, format).unwrap().is_empty());
        }
    }
}

/// A reviewer's questions are answered in every form, and the owner's page says the same as the report.
#[test]
fn a_reviewer_finds_every_answer() {
    for kind in [ReportKind::ActualVsProjected, ReportKind::FundingPack] {
        let document = document(kind);
        for id in [
            "variance_by_cause",
            "variance_by_month",
            "variance_by_record",
            "variance_by_line",
            "claims",
            "claim_figures",
            "assumptions",
            "next_ask",
            "earned_value",
            "variance",
        ] {
            // The pack leaves out what only those look up who operate the account.
            let is_detail = matches!(id, "variance_by_line" | "earned_value" | "variance");
            let wanted = kind == ReportKind::ActualVsProjected || !is_detail;
            assert_eq!(tables(&document).iter().any(|table| table.id == id), wanted, "{id} in {kind}");
        }
        for format in Format::ALL {
            let text = text(&document, format);
            for said in ["that is under the projection", "not enough data", "Trainium"] {
                assert!(text.contains(said), "{said} in {kind}.{format}");
            }
        }
        let summary = document.summary.join(" ");
        assert!(summary.contains("support"), "{summary}");
    }
}

#[test]
fn accelerators_have_hours_and_a_rate_where_tokens_have_volume_and_a_price() {
    let document = document(ReportKind::ActualVsProjected);
    let all = tables(&document);
    let table = all.iter().find(|table| table.id == "variance_by_line").unwrap();
    let at =
        |row: &Row, key: &str| row.cells[table.columns.iter().position(|column| column.key == key).unwrap()].clone();
    let trainium = table.rows.iter().find(|row| at(row, "workload") == Cell::text("Trainium")).unwrap();
    let (amount, hours) = (at(trainium, "amount").exact(), at(trainium, "hours").exact());
    assert_eq!((amount, at(trainium, "volume").exact().as_deref()), (hours, Some("0")));
    assert_eq!(at(trainium, "volume").shown(), "–");
}

#[test]
fn the_page_folds_what_is_long() {
    let html = report::page(&sample::position(), &sample::series(), None, &Nav::default());
    let open: Vec<&str> = html
        .split("<details class=\"part\" open>")
        .skip(1)
        .map(|part| part.split_once("id=\"").unwrap().1.split('"').next().unwrap())
        .collect();
    assert_eq!(open, ["credits-title", "bill-title", "actual-vs-filed-title"]);
    // Of what stands open, what is long opens on demand, one at a time in each section.
    let compared = html.split_once("<section id=\"actual-vs-filed\"").unwrap().1.split("</section>").next().unwrap();
    let folds: Vec<&str> = compared
        .split("<details class=\"fold\" name=\"actual-vs-filed-one\">\n<summary>")
        .skip(1)
        .map(|fold| fold.split('<').next().unwrap())
        .collect();
    let expected = [
        "Cumulative spend, actual against filed",
        "By cause",
        "By month",
        "By workload and model",
        "Every line of every",
    ];
    assert!(folds.len() == 5 && folds.iter().zip(expected).all(|(fold, title)| fold.starts_with(title)), "{folds:?}");
    assert!(compared.find("<h3>By record of the filing</h3>") < compared.find("<details"), "{compared}");
    // On a phone the first columns are those that stand in sight.
    let bill = html.split_once("<section id=\"bill\"").unwrap().1;
    let heads: Vec<&str> =
        bill.split("<th scope=\"col\"").skip(1).take(4).map(|th| th.split(['>', '<']).nth(1).unwrap()).collect();
    assert_eq!(heads, ["Month", "Cash", "Cash, low (10 %)", "Cash, high (90 %)"]);
    let report = text(&document(ReportKind::FundingPack), Format::Html);
    assert!(!report.contains("class=\"fold\"") && !report.contains("class=\"part\""), "a report is printed");
}

/// A finding stands once, with what to do in sight; what is only worth knowing opens on demand.
#[test]
fn a_finding_stands_once_on_the_page() {
    let mut position = sample::position();
    for (finding, severity) in position.findings.iter_mut().zip([Severity::Critical, Severity::Info]) {
        finding.severity = severity;
        finding.reason = "How sure: it is billed. Next: look.".into();
    }
    position.findings.truncate(2);
    let nav = Nav { alerts: Some("api/v1/alerts".into()), ..Nav::served("/api/v1") };
    let html = report::page(&position, &sample::series(), None, &nav);
    let section = html.split_once("<section class=\"findings\"").unwrap().1.split("</section>").next().unwrap();
    let [act, known] = [&position.findings[0], &position.findings[1]].map(|finding| {
        let item = format!("data-key=\"{}\"", finding.key);
        assert_eq!(html.matches(&item).count(), 1, "{item}");
        section.find(&item).unwrap()
    });
    let fold = section.find("<h3>Worth knowing (1)</h3>").unwrap();
    assert!(act < fold && fold < known, "{section}");
    assert!(section.contains("<p>Next: look.</p>") && section.contains("<p>How sure: it is billed.</p>"), "{section}");
    assert!(section.contains("<ul id=\"alerts\">") && html.matches("<form").count() == 1, "{section}");
}
