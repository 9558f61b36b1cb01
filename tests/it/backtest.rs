//! The forecaster against 30 series whose end is known, and against its own rules: nothing after an origin is looked
//! at, and no series is judged by odds that were learnt from it.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use assert_cmd::Command;
use chrono::NaiveDate;
use glidepath::domain::forecast::backtest::{
    Answerer, Case, Origin, QuestionError, Questions, Series, YOUNG_DAYS, exhaustion, score, spend,
};
use glidepath::domain::forecast::{Evidence, HORIZONS, History, Method};
use glidepath::domain::outlook::FORGETTING;
use glidepath::domain::values::period::{BillingPeriod, plus_days};
use rand::{RngExt as _, SeedableRng as _};
use rand_chacha::ChaCha8Rng;
use rand_distr::StandardNormal;

use crate::support::places::package_root;

fn day(text: &str) -> NaiveDate {
    text.parse().unwrap()
}

fn fixture(name: &str) -> PathBuf {
    package_root().join("tests/fixtures/backtest").join(name)
}

fn rows(name: &str) -> Vec<Vec<String>> {
    let mut reader = csv::Reader::from_path(fixture(name)).unwrap();
    reader.records().map(|row| row.unwrap().iter().map(str::to_owned).collect()).collect()
}

fn questions() -> Questions {
    let mut days: BTreeMap<String, Vec<(NaiveDate, f64)>> = BTreeMap::new();
    for row in rows("series.csv") {
        days.entry(row[0].clone()).or_default().push((day(&row[1]), row[2].parse().unwrap()));
    }
    Questions {
        series: days.iter().map(|(id, days)| (id.clone(), Series::new(id, days).unwrap())).collect(),
        origins: rows("origins.csv")
            .iter()
            .map(|row| Origin { series: row[0].clone(), origin: day(&row[1]) })
            .collect(),
        cases: rows("cases.csv")
            .iter()
            .map(|row| Case { series: row[0].clone(), origin: day(&row[1]), credit: row[2].parse().unwrap() })
            .collect(),
        plans: BTreeMap::new(),
    }
}

#[test]
fn the_shipped_errors_are_what_the_command_learns() {
    let learnt = questions().evidence(&[Method::Combination, Method::TrailingWeek]).to_csv().unwrap();
    let shipped = fs::read_to_string(package_root().join("config/outlook/errors.csv")).unwrap();
    let shipped: String = shipped.split_inclusive('\n').filter(|line| !line.starts_with('#')).collect();
    assert!(learnt == shipped, "run `glidepath backtest --compare` and put its errors.csv into config/outlook");
    assert_eq!(Evidence::parse(&shipped).unwrap(), Evidence::builtin());
}

/// Largest difference to the version before that may be chance: in shares of what came, and in days.
const NO_WORSE: [f64; 3] = [0.01, 0.01, 0.5];

#[test]
fn the_answers_are_no_worse_than_those_of_the_version_before() {
    let folder = tempfile::tempdir().unwrap();
    for filed in [false, true] {
        let mut command = Command::new(assert_cmd::cargo::cargo_bin!("glidepath-under-test"));
        command.arg("backtest").arg("--input").arg(fixture("series.csv")).arg("--origins").arg(fixture("origins.csv"));
        command.arg("--cases").arg(fixture("cases.csv")).arg("--against").arg(fixture("before"));
        command.arg("--output").arg(folder.path());
        if filed {
            command.arg("--projection").arg(fixture("projection.csv"));
        }
        let output = command.output().unwrap();
        let table = String::from_utf8(output.stdout).unwrap();
        let numbers = |line: &str| line.split_whitespace().filter_map(|word| word.parse().ok()).collect::<Vec<f64>>();
        let measures: Vec<Vec<f64>> = table.lines().map(numbers).filter(|row| row.len() >= 3).collect();
        assert_eq!(measures.len(), NO_WORSE.len(), "{table}{}", String::from_utf8_lossy(&output.stderr));
        for (measure, most) in measures.iter().zip(NO_WORSE) {
            let [.., mean, low, _high] = measure[..] else { unreachable!() };
            assert!(mean <= most && low <= 0.0, "filed: {filed}\n{table}");
        }
    }
}

/// How often odds of 80 % hold at 30 days on series that have just begun. They hold less often than they claim, for these
/// series were picked as launches: nearly all grow manyfold, and odds wide enough for that leave the earth for others.
const HELD_YOUNG: std::ops::RangeInclusive<f64> = 0.58..=0.88;

#[test]
fn the_outlook_is_no_worse_than_the_plain_rate_and_its_odds_hold() {
    let questions = questions();
    let scores = score(&questions, &questions.evidence(&Method::ALL)).unwrap();
    let ours = &scores.methods[0];
    assert_eq!(ours.answerer, Answerer::Glidepath);
    for spend in &ours.spend {
        assert!((0.72..=0.88).contains(&spend.coverage), "{} days: 80 % bands held {}", spend.days, spend.coverage);
    }
    let dates = ours.dates.as_ref().unwrap();
    assert!((0.72..=0.88).contains(&dates.coverage), "80 % of dates held {}", dates.coverage);
    assert_eq!(dates.never, 0, "credits that ended were said never to end");
    let young: Vec<(usize, bool)> = scores.young.iter().map(|young| (young.known_days, young.as_filed)).collect();
    assert_eq!(young, YOUNG_DAYS.map(|days| (days, false)));
    for young in &scores.young {
        assert_eq!(young.spend[0].days, 30);
        let coverage = young.spend[0].coverage;
        assert!(HELD_YOUNG.contains(&coverage), "{} days known: 80 % bands held {coverage}", young.known_days);
    }
    assert_eq!(scores.against_plain.len(), 5);
    for against in &scores.against_plain {
        assert!(against.low <= 0.0, "worse than the trailing week in {}: {against:?}", against.measure);
    }
}

/// A filing for each series, month by month: what came, misjudged. Its level is off by a factor of two (one standard
/// deviation of its logarithm), each month beside that by one and a half. No public series has a filing, so these say what
/// one of that quality is worth, and not how well founders file.
fn misjudged(questions: &Questions, seed: u64) -> Vec<(String, BillingPeriod, f64)> {
    let mut random = ChaCha8Rng::seed_from_u64(seed);
    let mut off_by = |factor: f64| -> f64 { factor.powf(random.sample(StandardNormal)) };
    let mut filed = Vec::new();
    for series in questions.series.values() {
        let level = off_by(2.0);
        let mut months: BTreeMap<BillingPeriod, Vec<f64>> = BTreeMap::new();
        for (at, cost) in series.daily.iter().enumerate() {
            months.entry(BillingPeriod::of(plus_days(series.first, at as i64))).or_default().push(*cost);
        }
        for (month, daily) in months {
            let came = daily.iter().sum::<f64>() / daily.len() as f64 * month.days() as f64;
            filed.push((series.id.clone(), month, (came * level * off_by(1.5)).max(0.0)));
        }
    }
    filed
}

#[test]
fn the_projection_beside_the_series_is_what_came_misjudged() {
    let rows: String = misjudged(&questions(), 0)
        .into_iter()
        .map(|(series, month, amount)| format!("{series},{month},{amount:.2}\n"))
        .collect();
    let made = format!("series_id,month,projected_usd\n{rows}");
    let kept = fs::read_to_string(fixture("projection.csv")).unwrap_or_default();
    if made != kept {
        let copy = Path::new(env!("CARGO_TARGET_TMPDIR")).join("projection.csv");
        fs::write(&copy, made).unwrap();
        panic!("tests/fixtures/backtest/projection.csv is another one; what it should be is in {}", copy.display());
    }
}

#[test]
fn the_odds_of_the_young_hold_with_filings_that_are_off() {
    const FILINGS: u64 = 10;
    let asked = questions();
    let evidence = asked.evidence(&[Method::Combination, Method::TrailingWeek]);
    let mut coverage: BTreeMap<usize, f64> = BTreeMap::new();
    for seed in 0..FILINGS {
        let mut plans: BTreeMap<String, BTreeMap<NaiveDate, f64>> = BTreeMap::new();
        for (series, month, amount) in misjudged(&asked, seed) {
            let daily = month.range().days().map(|day| (day, amount / month.days() as f64));
            plans.entry(series).or_default().extend(daily);
        }
        let young = Questions { series: asked.series.clone(), plans, ..Questions::default() };
        for scored in score(&young, &evidence).unwrap().young.iter().filter(|young| young.as_filed) {
            *coverage.entry(scored.known_days).or_default() += scored.spend[0].coverage / FILINGS as f64;
        }
    }
    println!("80 % bands at 30 days, by days known, over {FILINGS} draws of filings: {coverage:.3?}");
    assert_eq!(coverage.len(), YOUNG_DAYS.len());
    for (known, held) in coverage {
        assert!(HELD_YOUNG.contains(&held), "{known} days known: 80 % bands held {held}");
    }
}

/// The first question about each series, which leaves the most unseen.
fn first_of_each(questions: &Questions) -> Vec<&Origin> {
    let first = |id: &String| questions.origins.iter().find(|asked| asked.series == *id).unwrap();
    questions.series.keys().map(first).collect()
}

#[test]
fn nothing_after_the_origin_is_looked_at() {
    let whole = questions();
    let evidence = Evidence::builtin();
    for asked in first_of_each(&whole) {
        let mut cut = whole.clone();
        let series = cut.series.get_mut(&asked.series).unwrap();
        let known = usize::try_from((asked.origin - series.first).num_days() + 1).unwrap();
        series.daily.truncate(known);
        let credit = series.daily.iter().sum::<f64>() * 1.5;
        let case = Case { series: asked.series.clone(), origin: asked.origin, credit };
        for answerer in [Answerer::Glidepath, Answerer::Only(Method::Combination)] {
            let said = |from: &Questions| {
                (
                    spend(from, asked, answerer, &evidence).unwrap(),
                    exhaustion(from, &case, answerer, &evidence).unwrap(),
                )
            };
            assert_eq!(said(&whole), said(&cut), "{asked:?}");
        }
    }
}

#[test]
fn no_series_is_judged_by_what_was_learnt_from_it() {
    let honest = questions();
    let mut bent = honest.clone();
    let (id, series) = bent.series.iter_mut().next().unwrap();
    let id = id.clone();
    // The unseen end of one series turns out quite different.
    let asked = honest.origins.iter().find(|asked| asked.series == id).unwrap();
    let known = usize::try_from((asked.origin - series.first).num_days() + 1).unwrap();
    series.daily[known..].iter_mut().for_each(|cost| *cost *= 40.0);
    let methods = [Method::Combination, Method::TrailingWeek];
    let (before, after) = (honest.evidence(&methods), bent.evidence(&methods));
    assert_ne!(before, after, "the errors of that series are other ones now");
    let said = |evidence: &Evidence| spend(&honest, asked, Answerer::Glidepath, evidence).unwrap();
    assert_eq!(said(&before), said(&after));
    let other = honest.origins.iter().find(|asked| asked.series != id).unwrap();
    let said = |evidence: &Evidence| spend(&honest, other, Answerer::Glidepath, evidence).unwrap();
    assert_ne!(said(&before), said(&after), "the odds of every other series learn from it");
}

#[test]
fn answers_are_in_order() {
    let questions = questions();
    let evidence = Evidence::builtin();
    for asked in first_of_each(&questions) {
        let said = spend(&questions, asked, Answerer::Glidepath, &evidence).unwrap();
        for ahead in 0..said.mean.len() {
            assert!(said.p10[ahead] <= said.mean[ahead] && said.mean[ahead] <= said.p90[ahead], "{asked:?}, {ahead}");
            assert!(ahead == 0 || said.mean[ahead - 1] <= said.mean[ahead], "a running total fell: {asked:?}, {ahead}");
        }
    }
}

#[test]
fn odd_series_are_answered() {
    let evidence = Evidence::builtin();
    let flat = vec![100.0; 400];
    let mut gone = flat.clone();
    gone[200..].fill(0.0);
    let mut refunds = flat.clone();
    refunds.iter_mut().step_by(5).for_each(|cost| *cost = -30.0);
    let huge = vec![1e9; 400];
    for (name, daily) in [
        ("one day", vec![100.0]),
        ("a week", vec![100.0; 7]),
        ("zeros", vec![0.0; 90]),
        ("a year of identical values", flat),
        ("spend that ended", gone),
        ("refunds", refunds),
        ("a billion a day", huge),
    ] {
        let forecast =
            glidepath::domain::forecast::Forecast::make(History(&daily), day("2026-03-01"), 365, &evidence, None);
        let (low, high) = (forecast.cumulative_quantile(0.1), forecast.cumulative_quantile(0.9));
        assert!(low.iter().zip(&high).all(|(low, high)| low.is_finite() && high.is_finite() && low <= high), "{name}");
        assert!(forecast.daily.iter().all(|cost| *cost >= 0.0 && cost.is_finite()), "{name}");
    }
}

#[test]
fn a_steady_account_goes_on_as_it_was() {
    let daily = vec![100.0; 200];
    let forecast = glidepath::domain::forecast::Forecast::make(
        History(&daily),
        day("2026-03-01"),
        365,
        &Evidence::builtin(),
        None,
    );
    assert!(forecast.daily.iter().all(|cost| (cost - 100.0).abs() < 1e-6), "{:?}", &forecast.daily[..8]);
}

#[test]
fn a_young_account_has_wider_odds_than_a_grown_one() {
    let width = |days: usize| {
        let daily = vec![100.0; days];
        let forecast = glidepath::domain::forecast::Forecast::make(
            History(&daily),
            day("2026-03-01"),
            90,
            &Evidence::builtin(),
            None,
        );
        forecast.cumulative_quantile(0.9)[89] / forecast.cumulative_quantile(0.1)[89]
    };
    assert!(width(3) > width(200) * 1.5, "{} days in, {} against {}", 3, width(3), width(200));
    assert!(width(14) > width(200));
}

/// A series of 160 days from 2026-01-01, asked about after `known`, with a plan by day.
fn planned(known: i64, spent: impl Fn(i32) -> f64, plan: impl Fn(i32) -> f64) -> (Questions, Origin, Case) {
    let first = day("2026-01-01");
    let days: Vec<(NaiveDate, f64)> = (0..160).map(|at| (plus_days(first, at.into()), spent(at))).collect();
    let origin = plus_days(first, known - 1);
    let credit = days.iter().take(known as usize + 60).map(|day| day.1).sum();
    let plan = (-60..300).map(|at| (plus_days(first, at.into()), plan(at))).collect();
    let questions = Questions {
        series: [("a".to_owned(), Series::new("a", &days).unwrap())].into(),
        plans: [("a".to_owned(), plan)].into(),
        ..Questions::default()
    };
    (questions, Origin { series: "a".to_owned(), origin }, Case { series: "a".to_owned(), origin, credit })
}

/// Relative error over 90 days, and error of the middle date in days, with the plan and without it.
fn errors((with, origin, case): &(Questions, Origin, Case)) -> [(f64, i64); 2] {
    let without = Questions { plans: BTreeMap::new(), ..with.clone() };
    [with, &without].map(|asked| {
        let series = &asked.series["a"];
        let known = usize::try_from((origin.origin - series.first).num_days() + 1).unwrap();
        let actual: f64 = series.daily[known..known + 90].iter().sum();
        let said = spend(asked, origin, Answerer::Glidepath, &Evidence::builtin()).unwrap().mean[89];
        let date = exhaustion(asked, case, Answerer::Glidepath, &Evidence::builtin()).unwrap().p50;
        let late = date.map_or(365, |date| (date - plus_days(origin.origin, 60)).num_days());
        ((said / actual - 1.0).abs(), late.abs())
    })
}

#[test]
fn a_ramp_that_was_filed_is_followed() {
    // From 20 to 200 dollars a day within ten weeks, then level.
    let ramp = |at: i32| 20.0 * (1.0 + 9.0 * (f64::from(at) / 70.0).clamp(0.0, 1.0));
    for known in [7, 14, 28] {
        let [with, without] = errors(&planned(known, ramp, ramp));
        assert!(with.0 < without.0 * 0.8, "{known} days known: off by {:.2} with, {:.2} without", with.0, without.0);
        assert!(with.1 < without.1, "{known} days known: {} days off with, {} without", with.1, without.1);
        // Filed at thrice the amount, the shape is the same and still of use.
        let [thrice, _] = errors(&planned(known, ramp, |at| 3.0 * ramp(at)));
        assert!(thrice.0 < without.0, "{known} days known: {:.2} against {:.2}", thrice.0, without.0);
    }
}

#[test]
fn a_projection_that_contradicts_the_facts_does_little_harm() {
    let flat = |_| 100.0;
    // Growth tenfold a month that never came, and a launch filed for a tenth of what is spent.
    let tenfold = |at: i32| 100.0 * 10_f64.powf(f64::from(at) / 30.0);
    let elsewhere = |at: i32| if at < 40 { 2.0 } else { 20.0 };
    for known in [28, 42] {
        for (name, plan) in [("tenfold", &tenfold as &dyn Fn(i32) -> f64), ("elsewhere", &elsewhere)] {
            let [with, _] = errors(&planned(known, flat, plan));
            assert!(with.0 < 0.45, "{name}, {known} days known: off by {:.2}", with.0);
        }
    }
    // After eight weeks it says nothing.
    let [with, without] = errors(&planned(56, |at| 100.0 + f64::from(at), tenfold));
    assert_eq!(with, without);
}

#[test]
fn a_projection_leaves_grown_series_and_plain_methods_alone() {
    let mut with = questions();
    let without = with.clone();
    with.plans = with.series.values().map(|series| (series.id.clone(), [(series.first, 1.0)].into())).collect();
    for asked in with.origins.iter().take(12) {
        let said = |from: &Questions, by| spend(from, asked, by, &Evidence::builtin()).unwrap();
        let plain = Answerer::Only(Method::TrailingWeek);
        assert_eq!(said(&with, plain), said(&without, plain));
        assert_eq!(said(&with, Answerer::Glidepath), said(&without, Answerer::Glidepath), "{asked:?}");
    }
}

#[test]
fn the_command_reads_a_projection_and_names_its_slips() {
    let series: String =
        (0..14).map(|ahead| format!("a,{},{}\n", plus_days(day("2026-01-18"), ahead), 100 + ahead)).collect();
    let run = |rows: &str| {
        let folder = tempfile::tempdir().unwrap();
        let mut command = command(folder.path(), &series, "a,2026-01-31\n", "");
        fs::write(folder.path().join("p.csv"), format!("series_id,month,projected_usd\n{rows}")).unwrap();
        let output = command.args(["--projection", "p.csv"]).output().unwrap();
        let said = fs::read_to_string(folder.path().join("out/forecasts.csv")).unwrap_or_default();
        (output.status.code(), said, String::from_utf8(output.stderr).unwrap())
    };
    let last = |said: &str| said.lines().last().unwrap().split(',').nth(3).unwrap().parse::<f64>().unwrap();
    let (flat, grown) = (run("a,2026-01,3000\na,2026-02,2800\n"), run("a,2026-01,3000\na,2026-02,8400\n"));
    assert_eq!((flat.0, grown.0), (Some(0), Some(0)), "{}{}", flat.2, grown.2);
    assert!(last(&grown.1) > last(&flat.1) * 1.5, "{} against {}", last(&grown.1), last(&flat.1));
    for (rows, expected) in [
        ("b,2026-01,5\n", "no series `b` in the input, yet a projection of it is given"),
        ("a,January,5\n", "`January` is not a month such as 2026-02"),
        ("a,2026-01,-5\n", "`-5` is no amount that can be projected"),
        ("a,2026-01,5\na,2026-01,6\n", "series `a`, 2026-01: the month is projected twice"),
        ("a,2026-01,plenty\n", "reading p.csv"),
    ] {
        let (status, said, told) = run(rows);
        assert!(status == Some(1) && said.is_empty() && told.contains(expected), "{expected}\n{told}");
    }
}

#[test]
fn a_missing_day_is_named() {
    let days = |list: &[&str]| list.iter().map(|text| (day(text), 1.0)).collect::<Vec<_>>();
    for (second, found) in [("2026-01-03", "2026-01-03"), ("2026-01-01", "2026-01-01"), ("2025-12-31", "2025-12-31")] {
        let error = Series::new("a", &days(&["2026-01-01", second])).unwrap_err();
        let expected = QuestionError::Gap { series: "a".into(), after: day("2026-01-01"), found: day(found) };
        assert_eq!(error, expected);
    }
}

/// A folder with three small files, and the command over them.
fn command(folder: &Path, series: &str, origins: &str, cases: &str) -> Command {
    fs::write(folder.join("s.csv"), format!("series_id,date,usd\n{series}")).unwrap();
    fs::write(folder.join("o.csv"), format!("series_id,origin\n{origins}")).unwrap();
    fs::write(folder.join("c.csv"), format!("series_id,origin,credit_usd\n{cases}")).unwrap();
    let mut command = Command::new(assert_cmd::cargo::cargo_bin!("glidepath-under-test"));
    command.current_dir(folder).args(["backtest", "--input", "s.csv", "--origins", "o.csv", "--cases", "c.csv"]);
    command.args(["--output", "out"]);
    command
}

#[test]
fn the_command_answers_in_the_asked_form_and_needs_no_config() {
    let folder = tempfile::tempdir().unwrap();
    let series: String = (0..70).map(|ahead| format!("a,{},100\n", plus_days(day("2026-01-01"), ahead))).collect();
    command(folder.path(), &series, "a,2026-03-11\n", "a,2026-03-11,8000.00\na,2026-03-11,99999999\n")
        .assert()
        .success();
    let forecasts = fs::read_to_string(folder.path().join("out/forecasts.csv")).unwrap();
    assert_eq!(forecasts.lines().next().unwrap(), "series_id,origin,horizon_date,mean,p10,p90");
    assert_eq!(forecasts.lines().count(), 91);
    assert!(forecasts.lines().nth(1).unwrap().starts_with("a,2026-03-11,2026-03-12,100.00,"));
    let dates = fs::read_to_string(folder.path().join("out/exhaustion.csv")).unwrap();
    let lines: Vec<&str> = dates.lines().collect();
    assert_eq!(lines[0], "series_id,origin,credit_usd,p10_date,p50_date,p90_date");
    // 70 days at 100 leave 1,000 of 8,000: ten days.
    assert!(lines[1].starts_with("a,2026-03-11,8000.00,") && lines[1].contains(",2026-03-21,"), "{}", lines[1]);
    assert_eq!(lines[2], "a,2026-03-11,99999999,,,", "not within a year");
}

#[test]
fn the_command_names_what_it_cannot_answer() {
    let whole = "a,2026-01-01,1\na,2026-01-02,1\n";
    for (series, origins, cases, expected) in [
        ("a,2026-01-01,1\na,2026-01-03,1\n", "", "", "after 2026-01-01 comes 2026-01-03"),
        (whole, "b,2026-01-02\n", "", "no series `b`"),
        (
            whole,
            "a,2026-02-01\n",
            "",
            "2026-02-01 is not a day of series `a`, which runs from 2026-01-01 through 2026-01-02",
        ),
        (whole, "", "a,2026-01-02,plenty\n", "the credit `plenty` of series `a` is no amount"),
        ("a,2026-01-01,NaN\n", "", "", "`NaN` is no amount"),
    ] {
        let folder = tempfile::tempdir().unwrap();
        let run = command(folder.path(), series, origins, cases).assert().code(1);
        let said = String::from_utf8_lossy(&run.get_output().stderr).into_owned();
        assert!(said.contains(expected), "{expected}\n{said}");
        assert!(!folder.path().join("out/forecasts.csv").exists(), "half an answer was written");
    }
}

/// Numbers whose order is that of the values and whose distribution does not depend on them.
fn rank_scores(values: &[f64]) -> Vec<f64> {
    let mut order: Vec<usize> = (0..values.len()).collect();
    order.sort_by(|a, b| values[*a].total_cmp(&values[*b]));
    let mut scores = vec![0.0; values.len()];
    for (rank, at) in order.into_iter().enumerate() {
        let share = (rank as f64 + 0.5) / values.len() as f64;
        scores[at] = (share / (1.0 - share)).ln();
    }
    scores
}

fn correlation(a: &[f64], b: &[f64]) -> f64 {
    let product = |x: &[f64], y: &[f64]| x.iter().zip(y).map(|(x, y)| x * y).sum::<f64>();
    product(a, b) / (product(a, a) * product(b, b)).sqrt()
}

#[test]
fn errors_at_two_horizons_go_together_as_the_paths_have_it() {
    let evidence = Evidence::builtin();
    let grown: Vec<_> = evidence
        .observations()
        .iter()
        .filter(|seen| seen.method == Method::Combination && seen.swing.is_some())
        .collect();
    let (mut product, mut square) = (0.0, 0.0);
    for (from, early) in HORIZONS.into_iter().enumerate() {
        for (to, late) in HORIZONS.into_iter().enumerate().skip(from + 1) {
            let scaled = |error: f64, swing: Option<f64>| error / swing.unwrap().hypot(0.1);
            let pairs = grown.iter().filter_map(|seen| {
                Some((scaled(seen.errors[from]?, seen.swing), scaled(seen.errors[to]?, seen.swing)))
            });
            let (near, far): (Vec<f64>, Vec<f64>) = pairs.unzip();
            let apart = (late as f64 / early as f64).ln();
            product += apart * -correlation(&rank_scores(&near), &rank_scores(&far)).ln();
            square += apart * apart;
        }
    }
    let measured = product / square;
    assert!((measured - FORGETTING).abs() < 0.02, "the errors forget at {measured:.3}, the paths at {FORGETTING}");
}
