//! `glidepath backtest`: forecasts and exhaustion dates for series whose end is known.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, anyhow, bail};
use chrono::NaiveDate;
use comfy_table::Table;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::domain::forecast::backtest::{
    Answerer, Answers, Case, Origin, Questions, Scores, Series, SpendScore, against, exhaustion, score, spend,
};
use crate::domain::forecast::{Evidence, Method};
use crate::domain::values::period::{BillingPeriod, DayRange, plus_days};

use super::out::{self, outln};
use super::table::table;
use super::{files, umask};

/// Methods whose errors the program ships with: the two that an outlook may speak by.
const SHIPPED: [Method; 2] = [Method::Combination, Method::TrailingWeek];

/// Arguments of `backtest`.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The series: series_id,date,usd, a row a day without gaps.
    #[arg(long, value_name = "CSV")]
    input: PathBuf,
    /// The forecasts asked for: series_id,origin.
    #[arg(long, value_name = "CSV")]
    origins: PathBuf,
    /// The dates asked for: series_id,origin,credit_usd; the credit pays from the first day of the series.
    #[arg(long, value_name = "CSV")]
    cases: PathBuf,
    /// What was filed: series_id,month,projected_usd, a row a month. It says how young series grow.
    #[arg(long, value_name = "CSV")]
    projection: Option<PathBuf>,
    /// Where forecasts.csv and exhaustion.csv go; the folder is made if it is missing.
    #[arg(long, value_name = "DIR")]
    output: PathBuf,
    /// Answer by the plain methods as well, all with odds learnt from these series, leaving out the one asked about;
    /// write scores.csv, and errors.csv, the evidence that the program ships with.
    #[arg(long)]
    compare: bool,
    /// Compare with what another version answered: a folder with its forecasts.csv and exhaustion.csv. Prints by how much the
    /// errors differ, new less old, in the mean over series with its 95 % interval.
    #[arg(long, value_name = "DIR", conflicts_with = "compare")]
    against: Option<PathBuf>,
    /// Print the scores as JSON; needs --compare.
    #[arg(long, requires = "compare")]
    json: bool,
}

/// Answers every question, and with `--compare` says how good the answers were.
pub fn run(args: &Args) -> Result<()> {
    let asked = read_questions(args)?;
    let problems = asked.questions.check();
    if !problems.is_empty() {
        let lines: Vec<String> = problems.iter().map(|problem| format!("  {problem}")).collect();
        bail!("the questions do not fit the series in {}:\n{}", args.input.display(), lines.join("\n"));
    }
    if !args.output.is_dir() {
        fs::create_dir_all(&args.output)
            .and_then(|()| umask::hand_out(&args.output))
            .with_context(|| format!("making the folder {}", args.output.display()))?;
    }
    if !args.compare {
        write_answers(args, &asked, &[Answerer::Glidepath], &Evidence::builtin())?;
        return args.against.as_deref().map_or(Ok(()), |old| print_against(args, &asked, old));
    }
    let evidence = asked.questions.evidence(&Method::ALL);
    write_answers(args, &asked, &Answerer::ALL, &evidence)?;
    let shipped = args.output.join("errors.csv");
    files::write("the table of errors", &shipped, evidence.of_methods(&SHIPPED).to_csv()?.as_bytes())?;
    let scores = score(&asked.questions, &evidence)?;
    let rows = score_rows(&scores);
    write_rows(&args.output.join("scores.csv"), &rows)?;
    if args.json {
        out::json(&rows)?;
    } else {
        print_scores(&scores);
    }
    Ok(())
}

#[derive(Deserialize)]
struct DayRow {
    series_id: String,
    date: NaiveDate,
    usd: f64,
}

#[derive(Deserialize)]
struct OriginRow {
    series_id: String,
    origin: NaiveDate,
}

#[derive(Deserialize)]
struct CaseRow {
    series_id: String,
    origin: NaiveDate,
    credit_usd: String,
}

#[derive(Deserialize)]
struct PlanRow {
    series_id: String,
    month: String,
    projected_usd: f64,
}

/// The questions, and each credit as it was written.
struct Asked {
    questions: Questions,
    credits: Vec<String>,
}

fn read_questions(args: &Args) -> Result<Asked> {
    let mut days: BTreeMap<String, Vec<(NaiveDate, f64)>> = BTreeMap::new();
    for row in read_rows::<DayRow>(&args.input)? {
        if !row.usd.is_finite() {
            bail!("{}: series `{}`, {}: `{}` is no amount", args.input.display(), row.series_id, row.date, row.usd);
        }
        days.entry(row.series_id).or_default().push((row.date, row.usd));
    }
    let mut questions = Questions::default();
    for (id, days) in days {
        let series = Series::new(&id, &days).with_context(|| format!("reading {}", args.input.display()))?;
        questions.series.insert(id, series);
    }
    let origin = |row: OriginRow| Origin { series: row.series_id, origin: row.origin };
    questions.origins = read_rows(&args.origins)?.into_iter().map(origin).collect();
    let mut credits = Vec::new();
    for row in read_rows::<CaseRow>(&args.cases)? {
        let credit: f64 =
            row.credit_usd.trim().parse().ok().filter(|credit: &f64| credit.is_finite()).with_context(|| {
                format!(
                    "{}: the credit `{}` of series `{}` is no amount",
                    args.cases.display(),
                    row.credit_usd,
                    row.series_id
                )
            })?;
        questions.cases.push(Case { series: row.series_id, origin: row.origin, credit });
        credits.push(row.credit_usd);
    }
    if let Some(path) = &args.projection {
        questions.plans = read_plans(path)?;
    }
    Ok(Asked { questions, credits })
}

/// Spreads each month's amount evenly over its days.
fn read_plans(path: &Path) -> Result<BTreeMap<String, BTreeMap<NaiveDate, f64>>> {
    let mut plans: BTreeMap<String, BTreeMap<NaiveDate, f64>> = BTreeMap::new();
    for PlanRow { series_id, month, projected_usd } in read_rows(path)? {
        let place = || format!("{}: series `{series_id}`, {month}", path.display());
        let period: BillingPeriod =
            month.parse().map_err(|_| anyhow!("{}: `{month}` is not a month such as 2026-02", place()))?;
        if !projected_usd.is_finite() || projected_usd < 0.0 {
            bail!("{}: `{projected_usd}` is no amount that can be projected", place());
        }
        let plan = plans.entry(series_id.clone()).or_default();
        let first = period.first_day();
        if plan.contains_key(&first) {
            bail!("{}: the month is projected twice", place());
        }
        let days = DayRange::new(first, period.next().first_day()).days();
        plan.extend(days.map(|day| (day, projected_usd / period.days() as f64)));
    }
    Ok(plans)
}

fn read_rows<T: DeserializeOwned>(path: &Path) -> Result<Vec<T>> {
    let mut reader = csv::Reader::from_reader(files::open("the table", path)?);
    let rows: Result<Vec<T>, csv::Error> = reader.deserialize().collect();
    rows.with_context(|| format!("reading {}", path.display()))
}

fn write_rows<T: Serialize>(path: &Path, rows: &[T]) -> Result<()> {
    let writing = || format!("writing {}", path.display());
    let mut writer = csv::Writer::from_writer(Vec::new());
    for row in rows {
        writer.serialize(row).with_context(writing)?;
    }
    let bytes = writer.into_inner().map_err(|error| anyhow!("{error}")).with_context(writing)?;
    Ok(files::write("the table", path, &bytes)?)
}

#[derive(Serialize)]
struct ForecastRow<'a> {
    series_id: &'a str,
    origin: NaiveDate,
    horizon_date: NaiveDate,
    mean: String,
    p10: String,
    p90: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    method: Option<&'static str>,
}

#[derive(Serialize)]
struct DateRow<'a> {
    series_id: &'a str,
    origin: NaiveDate,
    credit_usd: &'a str,
    p10_date: Option<NaiveDate>,
    p50_date: Option<NaiveDate>,
    p90_date: Option<NaiveDate>,
    #[serde(skip_serializing_if = "Option::is_none")]
    method: Option<&'static str>,
}

fn write_answers(args: &Args, asked: &Asked, answerers: &[Answerer], evidence: &Evidence) -> Result<()> {
    let questions = &asked.questions;
    let (mut forecasts, mut dates) = (Vec::new(), Vec::new());
    for answerer in answerers {
        let method = (answerers.len() > 1).then(|| answerer.as_str());
        for origin in &questions.origins {
            let answer = spend(questions, origin, *answerer, evidence)?;
            for (ahead, mean) in answer.mean.iter().enumerate() {
                forecasts.push(ForecastRow {
                    series_id: &origin.series,
                    origin: origin.origin,
                    horizon_date: plus_days(origin.origin, ahead as i64 + 1),
                    mean: cents(*mean),
                    p10: cents(answer.p10[ahead]),
                    p90: cents(answer.p90[ahead]),
                    method,
                });
            }
        }
        for (case, credit_usd) in questions.cases.iter().zip(&asked.credits) {
            let answer = exhaustion(questions, case, *answerer, evidence)?;
            dates.push(DateRow {
                series_id: &case.series,
                origin: case.origin,
                credit_usd,
                p10_date: answer.p10,
                p50_date: answer.p50,
                p90_date: answer.p90,
                method,
            });
        }
    }
    write_rows(&args.output.join("forecasts.csv"), &forecasts)?;
    write_rows(&args.output.join("exhaustion.csv"), &dates)
}

#[derive(Deserialize)]
struct OldForecast {
    series_id: String,
    origin: NaiveDate,
    horizon_date: NaiveDate,
    mean: f64,
}

#[derive(Deserialize)]
struct OldDate {
    series_id: String,
    origin: NaiveDate,
    p50_date: Option<NaiveDate>,
}

fn read_answers(folder: &Path) -> Result<Answers> {
    let forecasts: Vec<OldForecast> = read_rows(&folder.join("forecasts.csv"))?;
    let dates: Vec<OldDate> = read_rows(&folder.join("exhaustion.csv"))?;
    Ok(Answers {
        spend: forecasts.into_iter().map(|row| ((row.series_id, row.origin, row.horizon_date), row.mean)).collect(),
        dates: dates.into_iter().map(|row| ((row.series_id, row.origin), row.p50_date)).collect(),
    })
}

/// Holds the files just written against those in `old`.
fn print_against(args: &Args, asked: &Asked, old: &Path) -> Result<()> {
    let (new, old) = (read_answers(&args.output)?, read_answers(old)?);
    outln!("New less old, mean over series with its 95 % interval; below 0 the new answers are better");
    outln!();
    let rows = against(&asked.questions, &new, &old).into_iter().map(|of| {
        let figures = [of.mean, of.low, of.high].map(|figure| format!("{figure:+.4}"));
        std::iter::once(of.measure).chain(figures).collect()
    });
    out::block(table(&["measure", "mean", "2.5 %", "97.5 %"], &[1, 2, 3], rows));
    Ok(())
}

fn cents(value: f64) -> String {
    format!("{value:.2}")
}

/// One figure of the scores.
#[derive(Serialize)]
struct ScoreRow {
    method: &'static str,
    measure: String,
    value: f64,
}

fn score_rows(scores: &Scores) -> Vec<ScoreRow> {
    let mut rows = Vec::new();
    for scored in &scores.methods {
        let method = scored.answerer.as_str();
        let mut add = |measure: String, value: f64| rows.push(ScoreRow { method, measure, value });
        for at in &scored.spend {
            spend_measures(at).for_each(|(name, value)| add(format!("{name}, {} days", at.days), value));
        }
        if let Some(dates) = &scored.dates {
            add("dates".to_owned(), dates.dates as f64);
            add("mae_days".to_owned(), dates.mean_error);
            add("medae_days".to_owned(), dates.median_error);
            add("bias_days".to_owned(), dates.bias);
            add("date cov80".to_owned(), dates.coverage);
            add("unwarned".to_owned(), dates.unwarned);
            add("late7".to_owned(), dates.late);
            add("never".to_owned(), dates.never as f64);
            add("width_days".to_owned(), dates.width);
        }
    }
    for young in &scores.young {
        let of = format!("{} days known{}", young.known_days, if young.as_filed { ", as filed" } else { "" });
        for at in &young.spend {
            rows.extend(spend_measures(at).map(|(name, value)| ScoreRow {
                method: Answerer::Glidepath.as_str(),
                measure: format!("{name}, {} days, {of}", at.days),
                value,
            }));
        }
    }
    for against in &scores.against_plain {
        let mut add = |end: &str, value: f64| {
            let measure = format!("{} less trailing_7, {end}", against.measure);
            rows.push(ScoreRow { method: Answerer::Glidepath.as_str(), measure, value });
        };
        add("mean", against.mean);
        add("2.5 %", against.low);
        add("97.5 %", against.high);
    }
    rows
}

fn spend_measures(at: &SpendScore) -> impl Iterator<Item = (&'static str, f64)> {
    [
        ("forecasts", at.forecasts as f64),
        ("wape_mean", at.wape_mean),
        ("wape_median", at.wape_median),
        ("bias", at.bias),
        ("cov80", at.coverage),
        ("under_p10", at.below),
        ("over_p90", at.above),
        ("width", at.width),
        ("wql", at.loss),
    ]
    .into_iter()
}

fn print_scores(scores: &Scores) {
    for (at, days) in scores.methods[0].spend.iter().map(|spend| spend.days).enumerate() {
        outln!("Cumulative spend over {days} days, in shares of the actual spend");
        outln!();
        out::block(spend_table(scores, at));
        outln!();
    }
    outln!("Dates of exhaustion, in days");
    outln!();
    out::block(date_table(scores));
    outln!();
    outln!("Cumulative spend of every series when it was young, in shares of the actual spend");
    outln!();
    out::block(young_table(scores));
    outln!();
    outln!("glidepath less trailing_7, mean over series with its 95 % interval; below 0 glidepath is better");
    outln!();
    let rows = scores.against_plain.iter().map(|of| {
        let figures = [of.mean, of.low, of.high].map(|figure| format!("{figure:+.4}"));
        std::iter::once(of.measure.clone()).chain(figures).collect()
    });
    out::block(table(&["measure", "mean", "2.5 %", "97.5 %"], &[1, 2, 3], rows));
}

fn spend_table(scores: &Scores, at: usize) -> Table {
    let header: Vec<&str> = std::iter::once("method").chain(SPEND_HEADER).collect();
    let rows = scores.methods.iter().filter_map(|scored| {
        let of = scored.spend.get(at)?;
        Some(std::iter::once(scored.answerer.as_str().to_owned()).chain(spend_cells(of)).collect())
    });
    table(&header, &[1, 2, 3, 4, 5, 6, 7, 8, 9], rows)
}

const SPEND_HEADER: [&str; 9] =
    ["n", "wape", "wape median", "bias", "cov80", "below p10", "above p90", "width", "loss"];

fn spend_cells(of: &SpendScore) -> impl Iterator<Item = String> {
    let shares = [of.wape_mean, of.wape_median, of.bias, of.coverage, of.below, of.above, of.width, of.loss];
    std::iter::once(of.forecasts.to_string()).chain(shares.map(|share| format!("{share:.3}")))
}

fn young_table(scores: &Scores) -> Table {
    let header: Vec<&str> = ["days known", "filing", "days ahead"].into_iter().chain(SPEND_HEADER).collect();
    let rows = scores.young.iter().flat_map(|young| {
        young.spend.iter().map(|of| {
            let filing = if young.as_filed { "with" } else { "without" };
            let asked = [young.known_days.to_string(), filing.to_owned(), of.days.to_string()];
            asked.into_iter().chain(spend_cells(of)).collect()
        })
    });
    table(&header, &[0, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11], rows)
}

fn date_table(scores: &Scores) -> Table {
    let header = ["method", "n", "mean error", "median error", "bias", "cov80", "unwarned", "late", "never", "width"];
    let rows = scores.methods.iter().filter_map(|scored| {
        let of = scored.dates.as_ref()?;
        let days = [of.mean_error, of.median_error, of.bias].map(|days| format!("{days:.1}"));
        let shares = [of.coverage, of.unwarned, of.late].map(|share| format!("{share:.3}"));
        let mut cells = vec![scored.answerer.as_str().to_owned(), of.dates.to_string()];
        cells.extend(days.into_iter().chain(shares));
        cells.extend([of.never.to_string(), format!("{:.1}", of.width)]);
        Some(cells)
    });
    table(&header, &[1, 2, 3, 4, 5, 6, 7, 8, 9], rows)
}
