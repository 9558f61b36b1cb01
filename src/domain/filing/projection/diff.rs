//! What changed between two versions of a filing, and what that means in planned dollars.

use std::collections::BTreeMap;
use std::ops::Range;

use serde::{Deserialize, Serialize};

use super::plan::plan_line;
use super::{Application, Backing, Claim, Company, FiledLine, FiledProjection, ProductOrFeature, UnpricedLine};
use crate::billing::price::PriceBook;
use crate::values::money::Money;
use crate::values::period::BillingPeriod;
use crate::values::workload::{CacheLifetime, Routing};

/// Two versions of a filing, compared. Each is priced as of its own day of filing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FilingDiff {
    /// What changed at the head of the file and in the records' own words.
    pub head: Vec<FieldChange>,
    /// Lines that were added, removed or changed, or whose price moved; by record and in the order of the newer file.
    pub lines: Vec<LineDiff>,
    /// Planned dollars of all lines together.
    pub months: Vec<MonthDelta>,
    /// Sum of the months before, after, and the difference.
    pub total: Totals,
    /// What has no price in the older version: its dollars are in no figure.
    pub unpriced_before: Vec<UnpricedLine>,
    /// What has no price in the newer version.
    pub unpriced_after: Vec<UnpricedLine>,
}

impl FilingDiff {
    /// True if nothing that is planned or claimed differs.
    pub fn is_empty(&self) -> bool {
        self.head.is_empty() && self.lines.is_empty()
    }
}

/// A value that changed; absent is `None`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FieldChange {
    /// Its key in the file.
    pub field: String,
    /// In the older version.
    pub before: Option<String>,
    /// In the newer version.
    pub after: Option<String>,
}

/// What happened to a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Change {
    /// Only the newer version has it.
    Added,
    /// Only the older version has it.
    Removed,
    /// Both have it with other values.
    Changed,
    /// Both have it with the same values, at another price.
    Repriced,
}

impl Change {
    /// As in JSON.
    pub const fn as_str(self) -> &'static str {
        match self {
            Change::Added => "added",
            Change::Removed => "removed",
            Change::Changed => "changed",
            Change::Repriced => "repriced",
        }
    }
}

/// A line in both versions.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LineDiff {
    /// What happened to it.
    pub change: Change,
    /// Record, the newer one if it moved.
    pub record: String,
    /// `tokens`, `accelerators` or `service`.
    pub driver: String,
    /// Model, instance type or service.
    pub line: String,
    /// Its values that changed.
    pub fields: Vec<FieldChange>,
    /// Its planned dollars, month by month; months that are the same in both are left out, and all of them where one
    /// version has no price for the line.
    pub months: Vec<MonthDelta>,
    /// Sum of all months of the comparison in the older version; `None` if it has no price for the line.
    pub before: Option<Money>,
    /// The same of the newer version.
    pub after: Option<Money>,
    /// After minus before, where both are known.
    pub difference: Option<Money>,
}

/// Planned dollars of one month.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct MonthDelta {
    /// Billing period.
    pub month: BillingPeriod,
    /// Planned by the older version.
    pub before: Money,
    /// Planned by the newer version.
    pub after: Money,
    /// After minus before.
    pub difference: Money,
}

/// Planned dollars of a stretch of months.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Totals {
    /// Planned by the older version.
    pub before: Money,
    /// Planned by the newer version.
    pub after: Money,
    /// After minus before.
    pub difference: Money,
}

impl Totals {
    fn of(months: &[MonthDelta]) -> Self {
        Totals {
            before: months.iter().map(|month| month.before).sum(),
            after: months.iter().map(|month| month.after).sum(),
            difference: months.iter().map(|month| month.difference).sum(),
        }
    }
}

/// The months that a comparison of two versions covers: from the first that either is summed over to the last, so that its sums
/// are those that a check tells.
pub fn diff_months(before: &FiledProjection, after: &FiledProjection) -> Range<BillingPeriod> {
    let (before, after) = (before.windows().months(), after.windows().months());
    before.start.min(after.start)..before.end.max(after.end)
}

/// Compares two versions over `months`. Lines are the same line if they claim the same spend, in whatever record.
pub fn diff(
    before: &FiledProjection,
    after: &FiledProjection,
    book: &PriceBook,
    months: Range<BillingPeriod>,
    service_of_model: &dyn Fn(&str) -> String,
) -> FilingDiff {
    let (old, new) =
        (Side::of(before, book, &months, service_of_model), Side::of(after, book, &months, service_of_model));
    let mut lines = Vec::new();
    let mut sums: BTreeMap<BillingPeriod, (Money, Money)> = BTreeMap::new();
    let removed = old.lines.iter().filter(|line| new.find(&line.claim).is_none()).map(|line| (Some(line), None));
    let kept = new.lines.iter().map(|line| (old.find(&line.claim), Some(line)));
    for (was, is) in kept.chain(removed) {
        let all = deltas(&months, was, is);
        for delta in &all {
            let sum = sums.entry(delta.month).or_default();
            sum.0 += delta.before;
            sum.1 += delta.after;
        }
        lines.extend(line_diff(was, is, &all));
    }
    let delta = |(month, (before, after)): (BillingPeriod, (Money, Money))| MonthDelta {
        month,
        before,
        after,
        difference: after - before,
    };
    let sums: Vec<MonthDelta> = sums.into_iter().map(delta).collect();
    FilingDiff {
        head: changes(&head(before), &head(after)),
        lines,
        total: Totals::of(&sums),
        months: sums,
        unpriced_before: old.unpriced,
        unpriced_after: new.unpriced,
    }
}

/// One version's lines with what they plan.
struct Side<'f> {
    lines: Vec<PlannedLine<'f>>,
    /// The first line of each claim.
    places: BTreeMap<Claim, usize>,
    unpriced: Vec<UnpricedLine>,
}

struct PlannedLine<'f> {
    /// True if no part of the line has a price.
    unpriced: bool,
    claim: Claim,
    record: &'f str,
    line: FiledLine<'f>,
    by_month: BTreeMap<BillingPeriod, Money>,
}

impl<'f> Side<'f> {
    fn of(
        filing: &'f FiledProjection,
        book: &PriceBook,
        months: &Range<BillingPeriod>,
        service_of_model: &dyn Fn(&str) -> String,
    ) -> Self {
        let mut side = Side { lines: Vec::new(), places: BTreeMap::new(), unpriced: Vec::new() };
        let windows = filing.windows();
        for (at, record) in filing.records.iter().enumerate() {
            for line in record.lines() {
                let plan = plan_line(filing, line, &record.id, book, months.clone(), service_of_model);
                let unpriced = plan.months.is_empty() && !plan.unpriced.is_empty();
                side.unpriced.extend(plan.unpriced);
                let mut by_month: BTreeMap<BillingPeriod, Money> = BTreeMap::new();
                for planned in plan.months {
                    let within = windows.within(at, planned.month);
                    *by_month.entry(planned.month).or_default() +=
                        within.map_or(Money::ZERO, |within| planned.cost.times(within.share));
                }
                let claim = Claim::of(line);
                side.places.entry(claim.clone()).or_insert(side.lines.len());
                side.lines.push(PlannedLine { unpriced, claim, record: &record.id, line, by_month });
            }
        }
        side
    }

    fn find(&self, claim: &Claim) -> Option<&PlannedLine<'f>> {
        self.places.get(claim).map(|at| &self.lines[*at])
    }
}

fn deltas(
    months: &Range<BillingPeriod>,
    before: Option<&PlannedLine<'_>>,
    after: Option<&PlannedLine<'_>>,
) -> Vec<MonthDelta> {
    let cost = |line: Option<&PlannedLine<'_>>, month: &BillingPeriod| {
        line.and_then(|line| line.by_month.get(month)).copied().unwrap_or_default()
    };
    let mut all = Vec::new();
    let mut month = months.start;
    while month < months.end {
        let (before, after) = (cost(before, &month), cost(after, &month));
        all.push(MonthDelta { month, before, after, difference: after - before });
        month = month.next();
    }
    all
}

/// What happened to a line; `None` if nothing did.
fn line_diff(
    before: Option<&PlannedLine<'_>>,
    after: Option<&PlannedLine<'_>>,
    all: &[MonthDelta],
) -> Option<LineDiff> {
    let shown = after.or(before)?;
    let values = |line: Option<&PlannedLine<'_>>| line.map(fields).unwrap_or_default();
    let fields = changes(&values(before), &values(after));
    let is_unpriced = |line: Option<&PlannedLine<'_>>| line.is_some_and(|line| line.unpriced);
    let Totals { before: paid_before, after: paid_after, .. } = Totals::of(all);
    let known = |line, total| if is_unpriced(line) { None } else { Some(total) };
    let (total_before, total_after) = (known(before, paid_before), known(after, paid_after));
    let difference = total_before.zip(total_after).map(|(before, after)| after - before);
    let moved = all.iter().filter(|delta| difference.is_some() && !delta.difference.is_zero());
    let months: Vec<MonthDelta> = moved.copied().collect();
    let change = match (before, after) {
        (None, _) => Change::Added,
        (_, None) => Change::Removed,
        _ if !fields.is_empty() => Change::Changed,
        _ if !months.is_empty() => Change::Repriced,
        _ => return None,
    };
    // The record stands beside the line; it is a change only where the line moved.
    let one_sided = matches!(change, Change::Added | Change::Removed);
    Some(LineDiff {
        change,
        record: shown.record.to_owned(),
        driver: shown.line.driver().to_owned(),
        line: shown.line.name().to_owned(),
        fields: fields.into_iter().filter(|field| !(one_sided && field.field == "record")).collect(),
        months,
        before: total_before,
        after: total_after,
        difference,
    })
}

/// Named values, in the order of the file.
type Fields = Vec<(String, String)>;

/// The names whose value differs, those of the older version first.
fn changes(before: &Fields, after: &Fields) -> Vec<FieldChange> {
    fn by_name(fields: &Fields) -> BTreeMap<&str, &str> {
        // Of two of one name the first counts.
        fields.iter().rev().map(|(name, value)| (name.as_str(), value.as_str())).collect()
    }
    let (old, new) = (by_name(before), by_name(after));
    let value = |fields: &BTreeMap<&str, &str>, name: &str| fields.get(name).map(|value| (*value).to_owned());
    let added = after.iter().filter(|(name, _)| !old.contains_key(name.as_str()));
    let names = before.iter().chain(added).map(|(name, _)| name);
    names
        .map(|name| FieldChange { field: name.clone(), before: value(&old, name), after: value(&new, name) })
        .filter(|change| change.before != change.after)
        .collect()
}

fn head(filing: &FiledProjection) -> Fields {
    let mut fields = vec![("filed_on".to_owned(), filing.filed_on.to_string())];
    let mut add = |name: &str, value: Option<String>| fields.extend(value.map(|value| (name.to_owned(), value)));
    add("corrects", filing.corrects.map(|version| version.to_string()));
    add("asked_for", filing.asked_for.clone());
    add("customer", filing.customer.clone());
    add("customer_url", filing.customer_url.clone());
    add("headroom", Some(filing.headroom.to_string()));
    add("deal_size_usd", filing.deal_size_usd.map(Money::dollars));
    add("post_credit_growth_per_month", filing.post_credit_growth_per_month.map(|growth| growth.to_string()));
    for (name, value) in application(&filing.application) {
        add(name, Some(value));
    }
    for (name, value) in filing.company.as_ref().map(company).unwrap_or_default() {
        add(&format!("company {name}"), Some(value));
    }
    for record in &filing.records {
        let use_case = record.application.use_case.as_deref().unwrap_or("filed");
        add(&format!("record {}", record.id), Some(use_case.to_owned()));
        for (name, value) in application(&record.application).into_iter().filter(|(name, _)| *name != "use_case") {
            add(&format!("record {} {name}", record.id), Some(value));
        }
    }
    fields
}

/// What a record, or the top of a file, asks for.
fn application(it: &Application) -> Vec<(&'static str, String)> {
    let poc = it.poc.as_ref();
    [
        ("programme", it.programme.map(|programme| programme.as_str().to_owned())),
        ("asked_usd", it.asked_usd.map(Money::dollars)),
        ("granted_usd", it.granted_usd.map(Money::dollars)),
        ("window", it.window.map(|window| window.to_string())),
        ("opportunity", it.opportunity.clone()),
        ("use_case", it.use_case.clone()),
        ("stage", it.stage.clone()),
        ("engagement_type", it.engagement_type.clone()),
        ("poc building", poc.and_then(|poc| poc.building.clone())),
        ("poc validates", poc.and_then(|poc| poc.validates.clone())),
        ("poc outcome", poc.and_then(|poc| poc.outcome.clone())),
        ("poc ends_on", poc.and_then(|poc| poc.ends_on).map(|day| day.to_string())),
        ("poc then_usd_per_month", poc.and_then(|poc| poc.then_usd_per_month).map(Money::dollars)),
    ]
    .into_iter()
    .filter_map(|(name, value)| Some((name, value?)))
    .collect()
}

fn company(it: &Company) -> Vec<(String, String)> {
    let backing = |backing: &Backing| match backing {
        Backing::Nobody => "none".to_owned(),
        Backing::Somebody(name) => name.clone().unwrap_or_else(|| "yes".to_owned()),
    };
    let product = |it: ProductOrFeature| match it {
        ProductOrFeature::Product => "product".to_owned(),
        ProductOrFeature::Feature => "feature".to_owned(),
    };
    let awards = it.awards.iter().enumerate();
    let awards = awards.map(|(at, award)| {
        (format!("award {}", at + 1), Some(format!("{} of {}", award.usd.dollars(), award.programme.as_str())))
    });
    [
        ("funding_stage", it.funding_stage.map(|stage| stage.as_str().to_owned())),
        ("institutional_investor", it.institutional_investor.as_ref().map(backing)),
        ("partner", it.partner.as_ref().map(backing)),
        ("founded_on", it.founded_on.map(|day| day.to_string())),
        ("product_or_feature", it.product_or_feature.map(product)),
    ]
    .into_iter()
    .map(|(name, value)| (name.to_owned(), value))
    .chain(awards)
    .filter_map(|(name, value)| Some((name, value?)))
    .collect()
}

fn fields(line: &PlannedLine<'_>) -> Fields {
    let mut fields = vec![("record".to_owned(), line.record.to_owned())];
    let mut add = |name: &str, value: String| fields.push((name.to_owned(), value));
    match line.line {
        FiledLine::Tokens(line) => {
            for entry in &line.monthly {
                let (input, output) = (millions(entry.input.amount()), millions(entry.output.amount()));
                add(&format!("from {}", entry.from), format!("{input} M input, {output} M output"));
            }
            add("growth_per_month", line.growth_per_month.to_string());
            add("cache_hit", line.cache_hit.to_string());
            add("cache_write", line.cache_write.to_string());
            let lifetime = if line.cache_lifetime == CacheLifetime::OneHour { "1h" } else { "5m" };
            add("cache_lifetime", lifetime.to_owned());
            add("batch", line.batch.to_string());
            let routing = if line.routing == Routing::Global { "global" } else { "in_region" };
            add("routing", routing.to_owned());
            line.why_model.iter().for_each(|why| add("why_model", why.clone()));
        }
        FiledLine::Accelerators(line) => {
            for entry in &line.monthly {
                let runs = format!("{} runs of {} chip-hours", entry.runs.normalize(), entry.chip_hours_per_run);
                add(&format!("from {}", entry.from), runs);
            }
            add("growth_per_month", line.growth_per_month.to_string());
            line.usd_per_chip_hour.iter().for_each(|usd| add("usd_per_chip_hour", usd.to_string()));
            line.why_model.iter().for_each(|why| add("why_model", why.clone()));
        }
        FiledLine::Service(line) => {
            for entry in &line.monthly {
                add(&format!("from {}", entry.from), entry.usd.dollars());
            }
            add("growth_per_month", line.growth_per_month.to_string());
            add("rest", line.rest.to_string());
        }
    }
    fields
}

fn millions(tokens: rust_decimal::Decimal) -> rust_decimal::Decimal {
    (tokens / rust_decimal::Decimal::from(1_000_000)).normalize()
}
