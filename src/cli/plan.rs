//! `glidepath plan`.

use anyhow::Result;
use chrono::NaiveDate;
use clap::{Subcommand, ValueEnum};
use rust_decimal::Decimal;

use crate::clock::Clock;
use crate::config::Config;
use crate::cycle::PlanError;
use crate::domain::facts::plan::{Per, PlanKind};
use crate::domain::plan::{PlanOrder, Planned, Spelling, read_as};
use crate::domain::values::money::{Money, Quantity};
use crate::domain::values::period::plus_days;
use crate::domain::wording::trouble::Trouble;
use crate::http::client::{ClientError, Entry, below};

use super::access::{Access, existing_view, note_entry};
use super::day::parse_day;
use super::out::{self, outln};
use super::table::{or_dash, table};
use super::usage::Usage;

/// Where a daemon has it.
const PATH: &str = "/api/v1/plan";

/// Arguments of `plan`.
#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Plan an event; it is part of the outlook from then on.
    Add {
        #[command(subcommand)]
        event: Event,
    },
    /// What is planned, by people and by the filing.
    List {
        /// As JSON.
        #[arg(long)]
        json: bool,
    },
    /// Take an event back.
    Remove {
        /// Its id, as `plan list` shows it.
        id: String,
    },
}

/// What goes with every event.
#[derive(Debug, Clone, clap::Args)]
struct Common {
    /// How likely it comes, above 0 and at most 1.
    #[arg(long, default_value = "1")]
    sure: Decimal,
    /// A remark.
    #[arg(long)]
    note: Option<String>,
    /// Plan it although it is far above anything known.
    #[arg(long)]
    yes: bool,
    /// As JSON.
    #[arg(long)]
    json: bool,
}

/// What tokens are counted by.
#[derive(Debug, Clone, Copy, ValueEnum)]
enum Counted {
    Day,
    Month,
}

#[derive(Debug, Subcommand)]
enum Event {
    /// Use that begins: dollars a day, or tokens of a model.
    Launch {
        /// First day.
        #[arg(long, value_parser = parse_day)]
        on: NaiveDate,
        /// Dollars a day.
        #[arg(long)]
        usd_per_day: Option<Money>,
        /// Model.
        #[arg(long)]
        model: Option<String>,
        /// Million input tokens.
        #[arg(long)]
        input_millions: Option<Quantity>,
        /// Million output tokens.
        #[arg(long)]
        output_millions: Option<Quantity>,
        /// What the tokens are counted by [default: month].
        #[arg(long)]
        per: Option<Counted>,
        #[command(flatten)]
        common: Common,
    },
    /// Work on accelerators.
    Run {
        /// Instance type.
        #[arg(long = "type")]
        instance_type: String,
        /// Chip-hours of one run.
        #[arg(long)]
        chip_hours: Quantity,
        /// First day of the first run.
        #[arg(long, value_parser = parse_day)]
        on: NaiveDate,
        /// Days of one run [default: 1].
        #[arg(long)]
        days: Option<u32>,
        /// Number of runs [default: 1].
        #[arg(long)]
        repeats: Option<u32>,
        /// Days from one start to the next.
        #[arg(long)]
        every: Option<u32>,
        #[command(flatten)]
        common: Common,
    },
    /// All tokens of one model go to another.
    Switch {
        /// The model now.
        #[arg(long)]
        from: String,
        /// The model then.
        #[arg(long)]
        to: String,
        /// First day.
        #[arg(long, value_parser = parse_day)]
        on: NaiveDate,
        #[command(flatten)]
        common: Common,
    },
    /// A fixed amount that no credit pays.
    Fee {
        /// Dollars.
        #[arg(long)]
        usd: Money,
        /// Its day.
        #[arg(long, value_parser = parse_day)]
        on: NaiveDate,
        /// Service that bills it.
        #[arg(long)]
        service: Option<String>,
        #[command(flatten)]
        common: Common,
    },
    /// Credit that will land.
    Award {
        /// Dollars.
        #[arg(long)]
        usd: Money,
        /// First day.
        #[arg(long, value_parser = parse_day)]
        from: NaiveDate,
        /// First day on which it pays nothing any more [default: a year after its first].
        #[arg(long, value_parser = parse_day)]
        until: Option<NaiveDate>,
        /// Services that it pays, with semicolons between them [default: all that credit can pay].
        #[arg(long)]
        services: Option<String>,
        #[command(flatten)]
        common: Common,
    },
    /// A model or service that is given up.
    End {
        /// Its name.
        #[arg(long)]
        of: String,
        /// First day without it.
        #[arg(long, value_parser = parse_day)]
        on: NaiveDate,
        #[command(flatten)]
        common: Common,
    },
}

impl Args {
    /// True if it only reads.
    pub const fn only_reads(&self) -> bool {
        matches!(self.command, Command::List { .. })
    }
}

/// Runs a subcommand.
pub async fn run(config: Config, args: &Args) -> Result<()> {
    let access = match args.command {
        Command::Add { .. } => Access::open(config)?,
        Command::List { .. } | Command::Remove { .. } => Access::open_to_read(config)?,
    };
    match &args.command {
        Command::Add { event } => {
            let (order, json) = order(event);
            add(access, order, json).await
        }
        Command::List { json } => list(access, *json).await,
        Command::Remove { id } => remove(access, id).await,
    }
}

fn order(event: &Event) -> (PlanOrder, bool) {
    let of = |kind, common: &Common| PlanOrder {
        kind: Some(kind),
        sure: Some(common.sure),
        note: common.note.clone(),
        yes: common.yes,
        ..PlanOrder::default()
    };
    match event {
        Event::Launch { on, usd_per_day, model, input_millions, output_millions, per, common } => {
            let per = per.map(|per| match per {
                Counted::Day => Per::Day,
                Counted::Month => Per::Month,
            });
            let (usd_per_day, model) = (*usd_per_day, model.clone());
            let (input_millions, output_millions) = (*input_millions, *output_millions);
            let order = of(PlanKind::Launch, common);
            (
                PlanOrder { on: Some(*on), usd_per_day, model, input_millions, output_millions, per, ..order },
                common.json,
            )
        }
        Event::Run { instance_type, chip_hours, on, days, repeats, every, common } => {
            let order = PlanOrder {
                on: Some(*on),
                instance_type: Some(instance_type.clone()),
                chip_hours: Some(*chip_hours),
                days: *days,
                repeats: *repeats,
                every: *every,
                ..of(PlanKind::Run, common)
            };
            (order, common.json)
        }
        Event::Switch { from, to, on, common } => {
            let (from, to) = (Some(from.clone()), Some(to.clone()));
            (PlanOrder { on: Some(*on), from, to, ..of(PlanKind::Switch, common) }, common.json)
        }
        Event::Fee { usd, on, service, common } => {
            let service = service.clone();
            (PlanOrder { on: Some(*on), usd: Some(*usd), service, ..of(PlanKind::Fee, common) }, common.json)
        }
        Event::Award { usd, from, until, services, common } => {
            let (from, until, services) = (Some(from.to_string()), *until, services.clone());
            (PlanOrder { usd: Some(*usd), from, until, services, ..of(PlanKind::Award, common) }, common.json)
        }
        Event::End { of: name, on, common } => {
            (PlanOrder { on: Some(*on), of: Some(name.clone()), ..of(PlanKind::End, common) }, common.json)
        }
    }
}

async fn add(access: Access, order: PlanOrder, json: bool) -> Result<()> {
    // What is missing is told here, in flags: a daemon knows only the names of its API.
    read_as(&order, Spelling::Flags).map_err(|problems| refused(problems.into()))?;
    let row: Planned = match access {
        Access::Store(engine) => {
            let row = engine.add_plan(Clock::System.now(), &order).await.map_err(refused)?;
            note_entry(&engine, "entry made", &format!("planned event {}", row.id)).await?;
            row
        }
        Access::Daemon(daemon) => {
            let entry = Entry { content_type: "application/json", body: serde_json::to_string(&order)? };
            daemon.enter(PATH, entry).await.map_err(as_usage)?
        }
    };
    if json {
        out::json(&row)?;
        return Ok(());
    }
    outln!("planned as {}: {}, {}; it counts from now on", row.id, row.what, when(&row));
    Ok(())
}

/// The days of an event, as `plan list` has them.
fn when(row: &Planned) -> String {
    match row.until {
        Some(until) if until == plus_days(row.on, 1) => format!("on {}", row.on),
        Some(until) => format!("from {} until {until}", row.on),
        None => format!("from {} on", row.on),
    }
}

/// What it comes to, with what the dollars are counted by.
fn dollars(row: &Planned) -> Option<String> {
    let usd = row.amount?.dollars();
    Some(match row.kind {
        PlanKind::Launch => format!("{usd} a day"),
        PlanKind::Run => format!("{usd} in all"),
        PlanKind::Award => format!("{usd} of credit"),
        PlanKind::Switch | PlanKind::Fee | PlanKind::End => usd,
    })
}

async fn list(access: Access, json: bool) -> Result<()> {
    let rows: Vec<Planned> = match access {
        Access::Store(engine) => existing_view(&engine, None).await?.position.planned,
        Access::Daemon(daemon) => daemon.fetch(PATH).await?,
    };
    if json {
        out::json(&rows)?;
        return Ok(());
    }
    let cells = rows.iter().map(|row| {
        vec![
            row.id.clone(),
            row.on.to_string(),
            or_dash(row.until),
            row.what.clone(),
            or_dash(dollars(row)),
            row.sure.to_string(),
            row.state.words().to_owned(),
            if row.in_outlook { "yes" } else { "no" }.to_owned(),
            row.note.clone().unwrap_or_default(),
        ]
    });
    let header = ["id", "on", "until", "what", "amount", "sure", "state", "in the outlook", "note"];
    out::block(table(&header, &[4, 5], cells));
    Ok(())
}

async fn remove(access: Access, id: &str) -> Result<()> {
    match access {
        Access::Store(engine) => {
            engine.remove_plan(Clock::System.now(), id).await.map_err(refused)?;
            note_entry(&engine, "entry ended", &format!("planned event {id}")).await?;
        }
        Access::Daemon(daemon) => {
            daemon.remove::<serde_json::Value>(&below(PATH, id)).await.map_err(as_usage)?;
        }
    }
    outln!("taken back: {id}; it counts no more");
    Ok(())
}

/// What cannot be meant is usage, whoever says so.
fn refused(error: PlanError) -> anyhow::Error {
    match error {
        PlanError::Failed(error) => error,
        PlanError::NothingYet => Trouble::NothingToShowYet.said(error.to_string()).into(),
        PlanError::Confirm { .. } => Usage(format!("{error}; if it is meant, repeat the command with --yes")).into(),
        PlanError::Problems { .. } | PlanError::Unknown { .. } | PlanError::Filed { .. } => {
            Usage(error.to_string()).into()
        }
    }
}

fn as_usage(error: anyhow::Error) -> anyhow::Error {
    match error.downcast_ref::<ClientError>() {
        Some(ClientError::Refused { status: 404 | 409 | 422, .. }) => Usage(format!("{error:#}")).into(),
        _ => error,
    }
}
