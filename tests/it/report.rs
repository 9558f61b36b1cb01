//! Reports and the page: they agree with each other, leak nothing, and read well when there is nothing to show.

use glidepath::domain::credit::StatementSource;
use glidepath::domain::finding::{Finding, Rule, Severity};
use glidepath::domain::money::Money;
use glidepath::domain::period::plus_days;
use glidepath::domain::position::{Credits, DateQuantiles, Exhaustion, PoolStatus, Position, Series};
use glidepath::domain::projection::UnpricedLine;
use glidepath::domain::reconcile::Reconciliation;
use glidepath::domain::unlisted::{CreditsAnswer, UnlistedCredit};
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

#[test]
fn the_same_input_gives_the_same_bytes() {
    for kind in ReportKind::ALL {
        for format in Format::ALL {
            let render = || report::render(&document(kind), format);
            assert_eq!(render(), render(), "{kind}.{format}");
        }
    }
    let page = || report::page(&sample::position(), &sample::series(), &Nav::served("/api/v1"));
    assert_eq!(page(), page());
}

/// Every column of amounts in a table with a total adds up to it, exactly.
#[test]
fn totals_are_the_sums_of_their_rows() {
    let mut checked = 0;
    for kind in ReportKind::ALL {
        let document = document(kind);
        for table in tables(&document) {
            let Some(total) = table.rows.iter().find(|row| row.total) else { continue };
            for (index, cell) in total.cells.iter().enumerate() {
                let (Cell::Money(total) | Cell::Effect(total)) = cell else { continue };
                let rows = table.rows.iter().filter(|row| !row.total);
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
        let total = table.rows.iter().find(|row| row.total).unwrap();
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

#[test]
fn a_partner_is_told_what_was_left_out() {
    let partner = Audience::Partner { records: vec!["portfolio".into()] };
    let document = report::build(ReportKind::FundingPack, &sample::position(), &sample::series(), &partner);
    assert!(document.notes.iter().any(|note| note.contains("these records only: portfolio")), "{:?}", document.notes);
    // Filed: 3,500.00 growing 8 % a month from February, each month cut to the cent, and 21 of 30 days of November.
    // Spent: 86.00 and 22 cents for each day since 22 Nov 2025, from day 71 to day 364: 25,284.00 + 14,067.90.
    assert_eq!(
        document.summary[0],
        "$39,351.90 was spent where $48,603.86 was projected: $9,251.96 under the plan (19.0 %)."
    );
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
        let first = [("customer", "Larkspur Labs GmbH"), ("asked_for", "GenAI tier"), ("filing_version", "2")];
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
    let total = bills.rows.iter().find(|row| row.total).unwrap();
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
    for id in ["earned-value", "credibility"] {
        let told =
            document.texts().any(|(section, text)| section.id == id && text.contains("28-day average continues"));
        assert!(told, "{id} does not say why its days differ from the outlook's");
    }
}

/// The figure of the page that says by when to file for the next award.
fn next_date(position: &Position) -> Option<String> {
    let html = report::page(position, &sample::series(), &Nav::default());
    let (_, rest) = html.split_once("File for credit by")?;
    let (figure, _) = rest.split_once("</div>").unwrap();
    let texts = figure.split('<').filter_map(|piece| piece.split_once('>')).map(|(_, text)| text.trim());
    Some(texts.filter(|text| !text.is_empty()).collect::<Vec<_>>().join(" | "))
}

#[test]
fn the_page_names_the_next_date_to_act_on() {
    let mut position = sample::position();
    assert_eq!(
        next_date(&position).unwrap(),
        "2 Dec 2026 | AI record: file by 24 Nov 2026 to be safe (credits may end on 22 Dec 2026); it takes 14 to 28 days"
    );
    position.next_award.as_mut().unwrap().overdue_if_early = true;
    assert!(
        next_date(&position)
            .unwrap()
            .contains("AI record: file today to be safe (credits may end on 22 Dec 2026); it ")
    );
    let award = position.next_award.as_mut().unwrap();
    award.overdue = true;
    let overdue = "today | AI record: to be safe you should have filed by 2 Dec 2026; it takes 14 to 28 days";
    assert_eq!(next_date(&position).unwrap(), overdue);
    let award = position.next_award.as_mut().unwrap();
    (award.overdue, award.file_by, award.file_by_if_early) = (false, None, None);
    assert_eq!(next_date(&position).unwrap(), "over a year away | AI record: it takes 14 to 28 days");
    position.next_award = None;
    assert_eq!(next_date(&position), None);
}

#[test]
fn credits_that_are_gone_are_said_to_be_gone() {
    let mut position = sample::position();
    let gone = "2026-10-05".parse().unwrap();
    position.exhaustion.total = DateQuantiles::certain(gone);
    let page = report::page(&position, &sample::series(), &Nav::default());
    assert!(page.contains("<h1>Credits stopped covering the bill on 5 Oct 2026</h1>"));
    let document = report::build(ReportKind::Trajectory, &position, &Series::default(), &Audience::Owner);
    assert!(!document.figures.iter().any(|figure| figure.key == "monthly_step"), "no step lies ahead");
}

/// The amounts of `position` that are sums over all records: whoever knows its own part learns from them what others spend.
fn sums_over_all_records(position: &Position) -> Vec<Money> {
    let ask = position.review.next_ask.as_ref().unwrap();
    let value = position.review.earned_value.as_ref().unwrap();
    let steps = ask.steps.iter().filter(|step| !step.label.starts_with("Less what")).map(|step| step.amount);
    let planned = value.pools.iter().chain([&value.total]).flat_map(|pool| [pool.planned_to_date, pool.ahead_of_plan]);
    // What comes of it stays.
    steps
        .chain([ask.average_month])
        .chain(planned.flatten())
        .filter(|sum| *sum != ask.amount && !sum.is_zero())
        .collect()
}

#[test]
fn no_sum_over_the_records_of_others_reaches_a_partner() {
    let mut position = sample::position();
    for (at, pool) in position.review.earned_value.as_mut().unwrap().pools.iter_mut().enumerate() {
        pool.planned_to_date = Some(Money::from_decimal(rust_decimal::Decimal::new(7_777_701 + at as i64, 2)));
    }
    let sums = sums_over_all_records(&position);
    assert!(sums.len() > 8, "{sums:?}");
    let shown = |text: &str, sum: Money| text.contains(&sum.to_string()) || text.contains(&sum.dollars());
    let labels =
        ["that credit could pay", "An average month", "12 months at", "Plan to date (PV)", "Ahead of plan (SV)"];
    for (records, all_own) in [(vec!["portfolio"], false), (vec!["ai", "portfolio"], true)] {
        let partner = Audience::Partner { records: records.into_iter().map(str::to_owned).collect() };
        for kind in ReportKind::ALL {
            let document = report::build(kind, &position, &sample::series(), &partner);
            for format in [Format::Html, Format::Xlsx, Format::Markdown, Format::Json, Format::Csv] {
                let text = text(&document, format);
                for label in &labels[..3] {
                    assert!(!text.contains(label), "{label} in {kind}.{format}");
                }
                if all_own {
                    continue;
                }
                for sum in &sums {
                    assert!(!shown(&text, *sum), "{} in {kind}.{format}", sum.dollars());
                }
            }
            let people = text(&document, Format::Markdown);
            let has_plan = all_own && kind != ReportKind::Trajectory;
            assert_eq!(labels[3..].iter().all(|label| people.contains(label)), has_plan, "{kind}: {people}");
        }
    }
    let owners =
        text(&report::build(ReportKind::FundingPack, &position, &sample::series(), &Audience::Owner), Format::Csv);
    let found = sums.iter().filter(|sum| shown(&owners, **sum)).count();
    assert!(found > 8, "the search finds only {found} of them where they are");
    assert!(labels[..2].iter().all(|label| owners.contains(label)));
}

/// Where AWS states another balance than replay leaves, "Credit left" says so beside its own figure.
#[test]
fn credit_left_names_what_aws_states_otherwise() {
    let mut position = sample::position();
    let detail = |position: &Position| {
        let document = report::build(ReportKind::Trajectory, position, &Series::default(), &Audience::Owner);
        document.figures.iter().find(|figure| figure.key == "remaining").unwrap().detail.clone()
    };
    assert_eq!(detail(&position), "of $285,000.00 granted", "12.04 dollars of some thousands are no news");
    assert_eq!(report::stated_otherwise_sentence(&position), None);
    let balance = position.reconciliation.balances.last_mut().unwrap();
    balance.stated = Money::from_micros(19_000_000_000);
    balance.gap = balance.replayed - balance.stated;
    assert_eq!(detail(&position), "of $285,000.00 granted; AWS states $19,000.00 of GenAI tier 2026 at 22 Nov");
    assert_eq!(
        report::stated_otherwise_sentence(&position).unwrap(),
        "AWS states $19,000.00 of GenAI tier 2026 at 22 Nov; the outlook starts from there."
    );
    position.reconciliation.balances.last_mut().unwrap().source = StatementSource::Derived;
    assert!(
        detail(&position)
            .ends_with("$19,000.00 of GenAI tier 2026 is derived from AWS's balance after closed bills at 22 Nov")
    );
    position.credits.pools.truncate(1);
    let headline = report::headline(ReportKind::Trajectory, &position, &Audience::Owner).join(" ");
    assert!(headline.contains("; $19,000.00 is derived from AWS's"), "{headline}");
}

/// The months and balances are in the funding pack, the trajectory and the page, each gap with its age.
#[test]
fn gaps_are_shown_with_their_age() {
    let page = report::page(&sample::position(), &sample::series(), &Nav::default());
    for kind in [ReportKind::Trajectory, ReportKind::FundingPack] {
        let document = document(kind);
        let table = |id: &str| tables(&document).into_iter().find(|table| table.id == id).unwrap();
        let months: Vec<_> = table("reconciled_months").rows.iter().map(|row| row.cells[0].shown()).collect();
        assert_eq!(months, ["Aug 2026", "Sep 2026", "Oct 2026", "Nov 2026"], "the newest, and no other has a gap");
        let september: Vec<_> = table("reconciled_months").rows[1].cells.iter().map(Cell::shown).collect();
        assert_eq!((september[1].as_str(), &september[5..]), ("closed", &["$12.04".to_owned(), "70".to_owned()][..]));
        assert_eq!(table("reconciled_balances").rows.len(), 2, "the expired one is over");
        for title in ["Credit by month", "Balances on the day of the statement"] {
            assert!(page.contains(title), "{title}");
        }
    }
    let mut none = sample::position();
    none.reconciliation = Reconciliation::default();
    let document = report::build(ReportKind::Trajectory, &none, &Series::default(), &Audience::Owner);
    assert!(document.sections.iter().all(|section| section.id != "reconciliation"));
}

/// Secrets planted wherever an owner's position can hold one; none may reach a partner in any form.
#[test]
fn nothing_leaks_to_a_partner() {
    let mut position = sample::position();
    let mut series = sample::series();
    position.credits.pools[0].name = format!("Credit {} of 999988887777", sample::days::POOL_IDS[0]);
    series.pools[0].name = position.credits.pools[0].name.clone();
    let balance = &mut position.reconciliation.balances[0];
    balance.name = format!("{} of 999988887777", balance.id);
    position.workloads[0].model = Some("secret-model-of-others".into());
    position.coverage[0].service = "secret-service".into();
    position.coverage[0].evidence = "secret-evidence of 999988887777".into();
    position.outlook_basis = Some("costs of 999988887777".into());
    position.findings[0].summary = format!("Account 999988887777 drains {}.", sample::days::POOL_IDS[2]);
    position.findings.push(Finding {
        named: None,
        rule: Rule::BalanceDrift,
        severity: Severity::Critical,
        key: "secret-key".into(),
        since: sample::through(),
        summary: "secret-summary".into(),
        reason: "secret-reason".into(),
    });
    series.by_model[0].model = Some("secret-model-of-others".into());
    let review = &mut position.review;
    review.assumptions[0].of = "secret-model-of-others".into();
    // What is said of an award names it, and a pool that config does not name is called by its id.
    let called = format!("{} of 999988887777", sample::days::POOL_IDS[2]);
    (review.claims[0].about, review.claims[0].statement) = (called.clone(), called.clone());
    review.claims[1].figures[0].label = "secret-figure".into();
    review.next_ask.as_mut().unwrap().steps[0].label = format!("secret of {called}");
    review.earned_value.as_mut().unwrap().pools[0].name = called;
    let foreign: Vec<_> = position.variance.iter().filter(|row| row.record != "portfolio").cloned().collect();
    assert!(foreign.iter().any(|row| row.record == "outside"));
    // The list of a careless config names `outside` too.
    let partner = Audience::Partner { records: vec!["portfolio".into(), "outside".into()] };
    for kind in ReportKind::ALL {
        let document = report::build(kind, &position, &series, &partner);
        for format in Format::ALL {
            let text = text(&document, format);
            for secret in ["999988887777", "secret", "ai", "Claude", "gpt-oss", "Nova", "SageMaker"] {
                let word = |text: &str| text.split(|c: char| !c.is_alphanumeric()).any(|word| word == secret);
                assert!(!word(&text), "{secret} in {kind}.{format}");
            }
            for id in sample::days::POOL_IDS {
                assert!(!text.contains(id), "{id} in {kind}.{format}");
            }
            for row in &foreign {
                assert!(!text.contains(&row.actual.to_string()) || row.actual.is_zero(), "{row:?} in {kind}.{format}");
            }
        }
        if kind != ReportKind::Trajectory {
            assert!(text(&document, Format::Csv).contains("portfolio"));
        }
        if kind != ReportKind::ActualVsProjected {
            assert!(text(&document, Format::Csv).contains("GenAI tier"));
            assert_eq!(document.findings.len(), 2, "exhaustion and expiry stay");
        }
    }
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
fn what_nobody_has_a_price_for_is_told_to_those_whose_record_it_is() {
    let mut position = sample::position();
    position.filing.as_mut().unwrap().unpriced = vec![UnpricedLine {
        record: "ai".into(),
        what: "trn2.48xlarge".into(),
        reason: "sold as Capacity Blocks".into(),
        since: "2026-02".parse().unwrap(),
    }];
    let told = |audience: &Audience| {
        let document = report::build(ReportKind::ActualVsProjected, &position, &sample::series(), audience);
        text(&document, Format::Markdown)
            .contains("plans trn2.48xlarge from 2026-02, which is unpriced and in no planned figure")
    };
    assert!(told(&Audience::Owner));
    assert!(told(&Audience::Partner { records: vec!["ai".into()] }));
    assert!(!told(&Audience::Partner { records: vec!["portfolio".into()] }));
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
    for section in ["report", "variance", "variance_by_month", "pools", "trajectory", "notes"] {
        assert!(widths.contains_key(section), "{section}");
    }
}

#[test]
fn html_is_well_formed_and_stands_alone() {
    let nav = Nav::served("/api/v1");
    let series = sample::series();
    let mut pages = vec![
        report::page(&sample::position(), &series, &nav),
        report::page(&sample::empty(), &Series::default(), &nav),
        report::page(&without_pools(), &Series { pools: vec![], ..series }, &nav),
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
    let html = report::page(&sample::position(), &sample::series(), &Nav::default());
    // A sentinel colour that was left over would be the only colour on the page outside the stylesheet.
    let body = html.split_once("</style>").unwrap().1;
    assert!(!body.contains("\"#0"), "a sentinel colour is left");
    let pictures = body.matches("role=\"img\"").count();
    assert_eq!(pictures, 12, "three pools, bills, cumulative and models, wide and narrow");
    assert_eq!(body.matches("<desc id=").count(), pictures);
    let assets = NavAssets { stylesheets: vec!["/style.css".into()], scripts: vec!["/charts.js".into()] };
    let linked = Nav { assets: Some(assets), ..Nav::default() };
    let html = report::page(&sample::position(), &sample::series(), &linked);
    assert!(html.contains("<link rel=\"stylesheet\" href=\"/style.css\">") && !html.contains("<style>"));
}

fn unlisted(answer: CreditsAnswer, applied: i64) -> UnlistedCredit {
    let applied = Money::from_micros(applied * 10_000);
    UnlistedCredit { answer, applied_to_date: applied, applied_14d: applied }
}

#[test]
fn credit_that_pays_without_a_pool_is_said_alike_everywhere() {
    let table = [
        (CreditsAnswer::Refused, "but refuses to show how much is left", "allow billing:GetCredits"),
        (CreditsAnswer::NotAnswered, "but could not be asked how much is left", "glidepath check --online"),
        (CreditsAnswer::NoneListed, "but lists none to this account", "management account"),
    ];
    for (answer, said, advice) in table {
        let mut position = without_pools();
        position.findings.clear();
        position.credits.unlisted = Some(unlisted(answer, 1_770_000));
        let shown = |kind| {
            let document = report::build(kind, &position, &Series::default(), &Audience::Owner);
            String::from_utf8(report::render(&document, Format::Markdown).unwrap()).unwrap()
        };
        let status = report::credit_sentences(&position).join(" ");
        let page = report::page(&position, &Series::default(), &Nav::default());
        for text in [status, page, shown(ReportKind::FundingPack), shown(ReportKind::Trajectory)] {
            assert!(text.contains("AWS applies credit ($") && text.contains(said), "{answer:?}: {text}");
            assert!(text.contains(advice), "{answer:?}: {text}");
            assert!(text.contains("The months ahead are shown as if no credit were left."), "{answer:?}: {text}");
            assert!(
                !text.contains("every dollar of spend is cash") && !text.contains("over a year"),
                "{answer:?}: {text}"
            );
        }
        // A partner is told the same, though the findings are not for it.
        let partner = Audience::Partner { records: vec!["ai".into()] };
        let pack = report::build(ReportKind::FundingPack, &position, &Series::default(), &partner);
        assert!(pack.summary.iter().any(|sentence| sentence.contains(said)), "{answer:?}: {:?}", pack.summary);
    }
}

#[test]
fn credit_that_expires_is_said_to_expire() {
    let expires = |early: &str, late: &str| {
        let mut position = sample::position();
        let day = |text: &str| text.parse().ok();
        position.exhaustion.total = DateQuantiles { p10: day(early), p50: day("2026-12-20"), p90: day(late) };
        let pool = &mut position.credits.pools[1];
        pool.expires_on = "2026-12-20".parse().unwrap();
        pool.status = PoolStatus::Active;
        pool.breakage.p50 = Some("522665".parse().unwrap());
        pool.name = "Portfolio".into();
        position
    };
    let certain = expires("2026-12-20", "2026-12-20");
    assert_eq!(report::credit_sentences(&certain), ["Credits last until 20 Dec 2026, when Portfolio expires."]);
    let document = |position| report::build(ReportKind::Trajectory, position, &Series::default(), &Audience::Owner);
    let built = document(&certain);
    assert_eq!(built.summary[1], "It is the day Portfolio expires, not a forecast.");
    let figure = built.figures.iter().find(|figure| figure.key == "credits_end").unwrap();
    assert_eq!(figure.detail, "27 days left: the day Portfolio expires");
    let nothing_twice = ["27 to 27", "20 Dec 2026 to 20 Dec 2026", "beyond 20 Dec"];
    let shown = text(&built, Format::Markdown);
    assert!(nothing_twice.iter().all(|words| !shown.contains(words)), "{shown}");
    // Where paths use it up earlier, none lasts beyond the expiry all the same.
    assert_eq!(
        document(&expires("2026-12-11", "2026-12-20")).summary[1],
        "There is a one in ten chance that credits end by 11 Dec 2026; the median is 20 Dec 2026, when Portfolio expires."
    );
}

#[test]
fn what_is_missing_reads_well() {
    let page = |position: &Position| report::page(position, &Series::default(), &Nav::default());
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
    std::fs::write(dir.join("page.html"), report::page(&position, &series, &nav)).unwrap();
    std::fs::write(dir.join("empty.html"), report::page(&sample::empty(), &Series::default(), &nav)).unwrap();
    let denied = report::page(&without_pools(), &Series { pools: vec![], ..series }, &nav);
    std::fs::write(dir.join("denied.html"), denied).unwrap();
    let partner = Audience::Partner { records: vec!["portfolio".into()] };
    let pack = report::build(ReportKind::FundingPack, &position, &sample::series(), &partner);
    std::fs::write(dir.join("partner.html"), text(&pack, Format::Html)).unwrap();
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
            assert!(tables(&document).iter().any(|table| table.id == id), "{id} in {kind}");
        }
        for format in Format::ALL {
            let text = text(&document, format);
            for said in ["looks inflated", "not enough data", "Trainium"] {
                assert!(text.contains(said), "{said} in {kind}.{format}");
            }
        }
        let summary = document.summary.join(" ");
        assert!(summary.contains("60 %; the projection looks inflated.") && summary.contains("support"), "{summary}");
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

/// What can still be drawn comes first, however the pools are ordered by AWS.
#[test]
fn the_pool_that_is_left_comes_first() {
    let position = sample::position();
    assert!(position.credits.pools[0].remaining.is_zero(), "the sample's first pool is used up");
    let document = document(ReportKind::Trajectory);
    let all = tables(&document);
    let pools = all.iter().find(|table| table.id == "pools").unwrap();
    let names: Vec<_> = pools.rows.iter().map(|row| row.cells[0].shown()).collect();
    assert_eq!(names, ["Bedrock POC", "GenAI tier 2026", "Activate Founders", "Total"]);
    let charts = document.sections.iter().flat_map(|section| &section.blocks).filter_map(|block| match block {
        Block::Chart(chart) if chart.id.starts_with("burn-down") => Some(chart.title.clone()),
        _ => None,
    });
    assert!(charts.collect::<Vec<_>>()[0].starts_with("Bedrock POC"));
}

/// The pool that is left is empty in two months and expires in 500 days; the others are used up.
#[test]
fn a_burn_down_shows_its_odds_and_names_the_cliff_that_lies_behind_it() {
    let (mut position, series) = (sample::position(), sample::series());
    let through = position.data_through.unwrap();
    let after = |days| plus_days(through, days);
    for pool in &mut position.credits.pools {
        pool.status = if pool.remaining.is_zero() { PoolStatus::Exhausted } else { PoolStatus::Active };
        pool.exhausts_on = DateQuantiles { p10: Some(after(53)), p50: Some(after(57)), p90: Some(after(63)) };
        pool.expires_on = after(500);
    }
    let document = report::build(ReportKind::Trajectory, &position, &series, &Audience::Owner);
    let burn_down = document.charts().filter(|chart| chart.id.starts_with("burn-down"));
    let plots: Vec<&DayPlot> =
        burn_down.map(|chart| if let Plot::Days(plot) = &chart.plot { plot } else { panic!("{}", chart.id) }).collect();
    let (open, over): (Vec<&DayPlot>, Vec<&DayPlot>) = plots.into_iter().partition(|plot| !plot.bands.is_empty());
    assert_eq!((open.len(), over.len()), (2, 1), "a pool that is used up has no band, and none in its legend");
    for plot in open {
        let (first, last) = plot.span.unwrap();
        assert_eq!(last, after(63 + 60 + 10));
        assert!(first >= after(-183) && first < through, "{first}");
        assert!(plot.marks.iter().any(|mark| mark.cliff && mark.day == after(500)));
    }
    assert!(over[0].marks.iter().all(|mark| !mark.cliff), "nothing is left that could expire");
    let edge = format!("expires {} \u{2192}", after(500).format("%-d %b %Y"));
    let html = text(&document, Format::Html);
    assert_eq!(html.matches(&edge).count(), 4, "two pools, each wide and narrow");
}

#[test]
fn the_page_folds_what_is_long() {
    let html = report::page(&sample::position(), &sample::series(), &Nav::default());
    let folded = html.matches("<details class=\"fold\">").count();
    assert_eq!(folded, 6, "variance by line and month, figures behind claims, the first bill, workloads, assumptions");
    assert!(!text(&document(ReportKind::FundingPack), Format::Html).contains("class=\"fold\""), "a report is printed");
}
