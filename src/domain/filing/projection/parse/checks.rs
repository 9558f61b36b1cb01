//! What is checked once the whole file is read: months against the day of filing, lines against each other, and what is
//! legal and worth a second look.

use std::collections::BTreeMap;

use super::filing_reader::{FilingReader, TABLES, service_of_model};
use crate::filing::projection::plan::plan_line;
use crate::filing::projection::{EC2_COMPUTE, FiledLine, FiledProjection, FiledRecord, Part, SAGEMAKER, overlaps};
use crate::values::period::BillingPeriod;
use crate::values::service;

impl FilingReader<'_> {
    /// Lets accelerators that name no first month start with the filing.
    pub(super) fn anchor(&self, filing: &mut FiledProjection) {
        let floats = |line: FiledLine<'_>| self.floating.contains(&line.line());
        let lines = || filing.records.iter().flat_map(FiledRecord::lines).filter(|line| !floats(*line));
        let first = lines().filter_map(|line| line.months().next()).min();
        let first = first.unwrap_or_else(|| BillingPeriod::of(filing.filed_on));
        for line in filing.records.iter_mut().flat_map(|record| &mut record.accelerators) {
            if self.floating.contains(&line.line) {
                line.monthly.iter_mut().for_each(|entry| entry.from = first);
            }
        }
    }

    /// A projection tells what is to come: a filing that is dated after the spend it plans would be compared with what
    /// was known when it was written. A correction restates what an earlier version planned in time.
    pub(super) fn check_months(&mut self, filing: &FiledProjection) {
        let own = BillingPeriod::of(filing.filed_on);
        if filing.corrects.is_some() {
            return;
        }
        for line in filing.records.iter().flat_map(FiledRecord::lines) {
            let Some(first) = line.months().next().filter(|first| *first < own) else { continue };
            if self.floating.contains(&line.line()) {
                continue;
            }
            let at = self.read.first_month_line(line.line()).unwrap_or(line.line());
            let problem = format!(
                "{:?} is planned from {first}, before the filing itself, which is dated {}",
                line.name(),
                filing.filed_on
            );
            let remedy = format!(
                "start with {own}, or write the day on which it was filed with AWS; if this file corrects a version that \
                 was filed in time, say which one at the top, like corrects = 1"
            );
            self.read.problem_in(at, problem, remedy);
        }
    }

    pub(super) fn check_overlaps(&mut self, filing: &FiledProjection) {
        for overlap in overlaps(&[Part { name: None, filing }], self.book, &service_of_model) {
            if self.frozen {
                self.read.remark(overlap.line, overlap.problem, overlap.remedy);
            } else {
                self.read.problem_in(overlap.line, overlap.problem, overlap.remedy);
            }
        }
    }

    pub(super) fn remark_unpriced(&mut self, filing: &FiledProjection) {
        let service = |model: &str| service_of_model(model);
        for record in &filing.records {
            for line in record.lines() {
                let known = match line {
                    FiledLine::Tokens(line) => self.book.knows_model(&line.model),
                    FiledLine::Accelerators(line) => self.book.knows_instance_type(&line.instance_type),
                    FiledLine::Service(_) => continue,
                };
                // A name that the book does not list is a mistake of its own, unless the filing is frozen.
                if !known && !self.frozen {
                    continue;
                }
                // What an entry plans has a price in its first month or in none: prices are those of the day of filing.
                let mut gaps = BTreeMap::new();
                for month in line.months() {
                    let of_month = plan_line(filing, line, &record.id, self.book, month..month.next(), &service);
                    gaps.extend(of_month.unpriced.into_iter().map(|gap| (gap.what, gap.reason)));
                }
                for (what, reason) in gaps {
                    self.read.remark(
                        line.line(),
                        format!("{what} is unpriced, so its dollars are not in the plan: {reason}"),
                        "give its price in the file that [projection] prices names, or file its cost as an amount in a \
                         [[record.service]] line, from your own quote",
                    );
                }
            }
        }
    }

    /// A service that the bill names otherwise would never meet its spend.
    pub(super) fn remark_spellings(&mut self, filing: &FiledProjection) {
        for line in filing.records.iter().flat_map(|record| &record.services) {
            let aliases = TABLES.service_aliases();
            let names = aliases.names_behind(&line.service);
            if !names.is_empty() && aliases.same().names_of(&line.service).is_empty() {
                let remark = format!(
                    "{:?} is not a name that Cost Explorer bills under, so the line would claim no spend",
                    line.service
                );
                self.read.remark(line.line, remark, format!("write the name on the bill: {}", names.join(", or ")));
            }
        }
    }

    /// An amount for a service in which accelerators bill too is taken to be beside them.
    pub(super) fn remark_shared_services(&mut self, filing: &FiledProjection) {
        let types = || filing.records.iter().flat_map(|record| &record.accelerators);
        let first = |sagemaker: bool| types().find(|line| line.instance_type.starts_with("ml.") == sagemaker);
        let (ec2, sagemaker) = (service::fold(EC2_COMPUTE), service::fold(SAGEMAKER));
        let (on_ec2, on_sagemaker) = (first(false), first(true));
        for amount in filing.records.iter().flat_map(|record| &record.services).filter(|amount| !amount.rest) {
            let folded = service::fold(&amount.service);
            let hours = if folded == ec2 {
                on_ec2
            } else if folded == sagemaker {
                on_sagemaker
            } else {
                None
            };
            if let Some(hours) = hours {
                self.read.remark(
                    amount.line,
                    format!(
                        "{:?} is also where the {} of line {} bills; the amount is taken to be beside it",
                        amount.service, hours.instance_type, hours.line
                    ),
                    "say rest = true if so, or take those hours out of the amount",
                );
            }
        }
    }
}
