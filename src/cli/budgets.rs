//! `glidepath budgets`.

use std::path::PathBuf;

use anyhow::Result;

use crate::clock::Clock;
use crate::config::Config;
use crate::domain::filing::budget::{self, Source};
use crate::domain::filing::projection::{FiledProjection, FilingSize, plan};
use crate::domain::values::period::BillingPeriod;
use crate::domain::wording::trouble::Trouble;

use super::access::Access;
use super::out::{self, errln};
use super::projection::{self, Book};
use super::usage::Usage;

/// Arguments of `budgets`.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Take the filing from this file instead of the newest one that was filed. Needs neither config nor store.
    #[arg(long, value_name = "FILE")]
    projection: Option<PathBuf>,
    /// First month, such as 2026-12: that in which the stack will be created, since a budget begins with the current one.
    /// [default: this month]
    #[arg(long, value_name = "MONTH", value_parser = parse_month)]
    from: Option<BillingPeriod>,
}

fn parse_month(text: &str) -> Result<BillingPeriod, String> {
    text.parse().map_err(|_| "there is no such month; write one as 2026-12".to_owned())
}

impl Args {
    /// True if it does its work without a config.
    pub const fn needs_no_config(&self) -> bool {
        self.projection.is_some()
    }
}

/// Prints a CloudFormation template of AWS Budgets from the filing. Nothing is applied.
pub async fn run(config: Config, args: &Args) -> Result<()> {
    let book = Book::of(&config);
    let (filing, name) = match &args.projection {
        Some(path) => {
            let filing = book.filing_in(path, "no budgets are made of it; correct them first")?;
            let name = format!("filed on {}", filing.filed_on);
            (filing, name)
        }
        None => newest(config, &book).await?,
    };
    let from = args.from.unwrap_or_else(|| BillingPeriod::of(Clock::System.now().date_naive()));
    let service = |model: &str| book.service(model);
    let size = FilingSize::of(&filing, &book.prices, service);
    let unpriced = plan(&filing, &book.prices, filing.windows().months(), service).unpriced;
    let source = Source { size: &size, unpriced: &unpriced, filing: &name };
    let template = budget::template(source, from).map_err(|error| Usage(error.to_string()))?;
    out::json(&template)?;
    for line in &unpriced {
        errln!("in no limit: {line}");
    }
    errln!(
        "nothing was created: keep this as budgets.json, then `aws cloudformation deploy --region us-east-1 --stack-name \
         glidepath-budgets --template-file budgets.json --parameter-overrides Email=ADDRESS`"
    );
    Ok(())
}

/// The newest filing of the store, and what it is called.
async fn newest(config: Config, book: &Book) -> Result<(FiledProjection, String)> {
    let filed = projection::filed(&Access::open_to_read(config)?).await?.pop();
    let stored = filed.ok_or_else(|| {
        Trouble::NothingToShowYet.said(
            "nothing is filed yet, and budgets are made of a filing: `glidepath projection file FILE`, or name one with --projection FILE",
        )
    })?;
    stored.verify()?;
    let filing = FiledProjection::parse_frozen(&stored.body, &book.prices).map_err(|problems| {
        problems.iter().for_each(|problem| errln!("version {}: {problem}", stored.version));
        Trouble::StoredNotReadable
            .said(format!("version {} of the filing does not read any more; file it again", stored.version))
    })?;
    Ok((filing, format!("version {}, filed on {}", stored.version, stored.filed_on)))
}
