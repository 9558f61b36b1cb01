//! The rule that the program exists for: credit runs out before the next award can be there.

use chrono::NaiveDate;

use super::free_plan_rule::UPGRADE;
use super::input::IngestHealth;
use super::settings::AlertRules;
use crate::alert::input::data_day;
use crate::alert::key::key;
use crate::filing::next_award::AwardAhead;
use crate::outlook::monthly_bill::MonthlyBill;
use crate::plan::counted;
use crate::position::finding::{Finding, NamedDay, Rule, Severity};
use crate::position::observations::Observations;
use crate::position::paces::outlook_goes_by;
use crate::position::switched_off::SwitchedOff;
use crate::position::{PoolPosition, PoolStatus, Position};
use crate::values::money::Money;
use crate::values::period::plus_days;
use crate::values::words::{ahead_text, day_text, days_text, month_text, names_text, usd_text};

/// Key of the finding over all pools.
pub(super) const TOTAL: &str = "exhaustion:total";

/// One finding over all pools, at the most severe threshold that is crossed: credit that is gone, then the middle date
/// within the lead time, then the early date within it, or the one if spend goes as filed where that is earlier. What was
/// told is let go later than it is taken up, so that a forecast that wobbles around the lead time is told once.
pub(super) fn total(
    position: &Position,
    health: &IngestHealth,
    observations: &Observations,
    rules: &AlertRules,
) -> Option<Finding> {
    let dates = position.exhaustion.total;
    let today = health.today();
    let within = |date: Option<NaiveDate>, severity| {
        date.filter(|day| *day <= observations.reach(TOTAL, severity, position, rules))
    };

    if let Some((off, from)) = position.switched_off().zip(dates.p50) {
        return Some(switched_off(&off, from, position, health));
    }
    if let Some(began) = dates.p50.filter(|day| health.data_through.is_some_and(|through| *day <= through)) {
        return Some(already_gone(began, position, health, rules));
    }
    if let Some(began) = position.ran_out_at_least() {
        return Some(gone_at_least(began, position, health, rules));
    }
    if let Some(date) = within(dates.p50, Severity::Critical) {
        let opening = will_end(date, today, position);
        return Some(forecast(Severity::Critical, date, &opening, (position, observations), health, rules));
    }
    let as_filed = position.sooner_as_filed();
    let early = as_filed.or(dates.p10);
    let date = within(early.map(|day| plus_days(day, -head_start(position, rules))), Severity::Warning).and(early)?;
    let ahead = ahead_text((date - today).num_days());
    let opening = match position.expiry_on(date) {
        _ if as_filed.is_some() => format!("If spend goes as filed, credit runs out on {}, {ahead}", day_text(date)),
        Some(expiry) if expiry.certain => will_end(date, today, position),
        Some(expiry) => format!(
            "Credit may end as early as {}, when {}{}. That is {ahead}",
            day_text(date),
            expiry.expires(),
            expiry.unused()
        ),
        None if date <= today => format!("Credit may have run out by now, as early as {}", day_text(date)),
        None => format!("Credit may run out as early as {}, {ahead}", day_text(date)),
    };
    Some(forecast(Severity::Warning, date, &opening, (position, observations), health, rules))
}

/// Days by which the early date is told sooner while a workload has only just begun: its odds rest on few days, and most that
/// begin go on to grow.
fn head_start(position: &Position, rules: &AlertRules) -> i64 {
    let made = position.outlook_made_with.as_ref();
    let young = made.is_some_and(|made| made.workloads.iter().any(|of| of.young));
    if young { rules.wobble_days.into() } else { 0 }
}

/// The middle date in words: a forecast, or the day on which credit expires with something left in it.
fn will_end(date: NaiveDate, today: NaiveDate, position: &Position) -> String {
    let (day, ahead) = (day_text(date), ahead_text((date - today).num_days()));
    match position.expiry_on(date) {
        Some(expiry) if date <= today => format!("Credit has ended: on {day} {}", expiry.expired()),
        Some(expiry) => {
            let ends = if expiry.certain { "ends" } else { "will probably end" };
            format!("Credit {ends} on {day}, when {}{}. That is {ahead}", expiry.expires(), expiry.unused())
        }
        None if date <= today => format!("Credit has probably run out by now, around {day}"),
        None => format!("Credit will probably run out on {day}, {ahead}"),
    }
}

/// All credit that is left is switched off: it has not run out, and pays nothing.
fn switched_off(off: &SwitchedOff, from: NaiveDate, position: &Position, health: &IngestHealth) -> Finding {
    let has_come = from <= health.today();
    let names: Vec<&str> = off.names.iter().map(String::as_str).collect();
    Finding {
        named: Some(NamedDay { day: from, has_come, in_part: true }),
        rule: Rule::Exhaustion,
        severity: Severity::Critical,
        key: key(Rule::Exhaustion, "total"),
        since: from.min(data_day(health)),
        summary: format!(
            "Credit is switched off: {} is left in {}, and {} {} it pays nothing.{}",
            usd_text(off.left),
            names_text(&names),
            if has_come { "since" } else { "from" },
            day_text(from),
            first_full_bill(position)
        ),
        reason: "How sure: AWS reports it as disabled, which the owner of the credit can do. Next: switch it on again on the \
                 Credits page of the billing console."
            .to_owned(),
    }
}

fn already_gone(began: NaiveDate, position: &Position, health: &IngestHealth, rules: &AlertRules) -> Finding {
    let through = data_day(health);
    let cash = position.bills.cash_per_day;
    let cash = cash.map_or_else(String::new, |cash| {
        format!(", {} on an average day that is not covered, before tax", usd_text(cash))
    });
    let lasted = days_text((through - began).num_days() + 1);
    let part = position.ended_in_part();
    let opening = part.as_ref().map_or_else(
        || "Credit has run out".to_owned(),
        |part| format!("Credit no longer pays for all of {}", part.names()),
    );
    let left = part.as_ref().map_or_else(String::new, |part| {
        format!(" {} of credit is left, which pays for other use.", usd_text(part.left))
    });
    Finding {
        named: Some(NamedDay { day: began, has_come: true, in_part: part.is_some() }),
        rule: Rule::Exhaustion,
        severity: Severity::Critical,
        key: key(Rule::Exhaustion, "total"),
        since: began,
        summary: format!(
            "{opening}: since {} ({lasted}) {}.{left}{}",
            day_text(began),
            match position.free_plan() {
                Some(_) => "none pays for what is used".to_owned(),
                None => format!("you pay cash for what credit used to pay{cash}"),
            },
            first_full_bill(position)
        ),
        reason: format!(
            "How sure: it is in the costs through {}, not a forecast. {}",
            day_text(through),
            after_the_end(position, &rules.award(position.award_meant, health.today()))
        ),
    }
}

/// Credit that is gone by what AWS shows of days to which it still adds.
fn gone_at_least(began: NaiveDate, position: &Position, health: &IngestHealth, rules: &AlertRules) -> Finding {
    let shown = position.at_least.map_or_else(String::new, |shown| {
        format!(" AWS shows at least {} of usage after that, up to {}.", usd_text(shown.gross), day_text(shown.through))
    });
    Finding {
        named: Some(NamedDay { day: began, has_come: true, in_part: false }),
        rule: Rule::Exhaustion,
        severity: Severity::Critical,
        key: key(Rule::Exhaustion, "total"),
        since: began,
        summary: format!(
            "Credit has run out on {}: {} was left at the end of {}, and what came since needs more.{shown}{}",
            day_text(began),
            usd_text(position.credits.left),
            day_text(data_day(health)),
            first_full_bill(position)
        ),
        reason: format!(
            "How sure: AWS still adds cost to these days, so it is at least this. {}",
            after_the_end(position, &rules.award(position.award_meant, health.today()))
        ),
    }
}

fn forecast(
    severity: Severity,
    date: NaiveDate,
    opening: &str,
    (position, observations): (&Position, &Observations),
    health: &IngestHealth,
    rules: &AlertRules,
) -> Finding {
    // Training comes in runs, so the two rates can differ widely.
    let paid = |days: usize| {
        let newest = observations.burn.len().checked_sub(days).map(|from| &observations.burn[from..]);
        newest.map(|newest| newest.iter().map(|day| day.amount).sum::<Money>().per(days as i64))
    };
    let burn = paid(7).zip(paid(28)).map_or_else(String::new, |(week, month)| {
        let counts = outlook_goes_by(position).map(|said| format!(" ({said})")).unwrap_or_default();
        let (week, month) = (usd_text(week), usd_text(month));
        format!(", and what it pays costs {week} a day over the last 7 days, {month} a day over the last 28{counts}")
    });
    Finding {
        named: Some(NamedDay {
            day: position.exhaustion.as_filed.map_or(date, |filed| filed.min(date)),
            has_come: false,
            in_part: false,
        }),
        rule: Rule::Exhaustion,
        severity,
        key: key(Rule::Exhaustion, "total"),
        since: data_day(health),
        summary: format!(
            "{opening}: {} of credit is left{burn}.{}",
            usd_text(position.credits.left),
            if position.exhaustion.total.p50 == Some(date) {
                first_full_bill(position)
            } else {
                bill_on_the_median_path(position)
            }
        ),
        reason: format!(
            "{} {}{}",
            [Some(odds(position)), counted(&position.planned, date)]
                .into_iter()
                .flatten()
                .collect::<Vec<_>>()
                .join(" "),
            position.end_as_filed().map_or_else(String::new, |filed| format!("{filed} ")),
            next_step(position, date, health.today(), &rules.award(position.award_meant, health.today()))
        ),
    }
}

/// What the first whole month without credit costs in cash.
fn first_full_bill(position: &Position) -> String {
    if position.free_plan().is_some() {
        return " The account is on AWS's free plan, so that AWS closes it.".to_owned();
    }
    position.first_full_bill().map_or_else(String::new, |bill| {
        format!(
            " The first full bill without credit, that of {}, is about {}.",
            month_text(bill.month),
            cash_text(bill)
        )
    })
}

/// The same beside a date that is not the median one: the bill is of the path on which credit lasts longer.
fn bill_on_the_median_path(position: &Position) -> String {
    position.exhaustion.total.p50.zip(position.first_full_bill()).map_or_else(String::new, |(end, bill)| {
        format!(
            " The median date is {}; the first full bill after that, of {}, is about {}.",
            day_text(end),
            month_text(bill.month),
            cash_text(bill)
        )
    })
}

fn cash_text(bill: &MonthlyBill) -> String {
    format!("{} in cash, {}", usd_text(bill.cash), if bill.tax.is_some() { "with tax" } else { "before tax" })
}

fn odds(position: &Position) -> String {
    if let Some((_, expiry)) = position.certain_expiry() {
        return format!("How sure: it is the day {}, not a forecast.", expiry.expires());
    }
    let dates = position.exhaustion.total;
    if let Some(day) = dates.same_day() {
        return format!("How sure: 80 % chance that credit is gone on {}.", day_text(day));
    }
    let chance = |percent: u8, date: Option<NaiveDate>| match date {
        Some(day) => format!("{percent} % chance by {}", day_text(day)),
        None => format!("less than {percent} % chance within a year"),
    };
    format!("How sure: {}, {}, {}.", chance(10, dates.p10), chance(50, dates.p50), chance(90, dates.p90))
}

/// What to do once credit is gone.
fn after_the_end(position: &Position, award: &AwardAhead) -> String {
    if position.free_plan().is_some() {
        return UPGRADE.to_owned();
    }
    format!(
        "Next: file for the {} award {} ({}), and switch off or move what can wait.{}",
        award.name(),
        award.soonest(),
        award.takes(),
        instead(award)
    )
}

/// Why it is another award than config names.
fn instead(award: &AwardAhead) -> String {
    award.instead().map(|why| format!(" {why}")).unwrap_or_default()
}

/// The day by which to file, from what the next award takes at the slow end.
fn next_step(position: &Position, date: NaiveDate, today: NaiveDate, award: &AwardAhead) -> String {
    if position.free_plan().is_some() {
        return UPGRADE.to_owned();
    }
    let file_by = award.file_by(date);
    let (name, takes, instead) = (award.name(), award.takes(), instead(award));
    if award.can_keep(file_by) {
        return format!(
            "Next: file for the {name} award by {} to have credits when these run out ({takes}).{instead}",
            day_text(file_by)
        );
    }
    let soonest = award.soonest();
    let longest = award.longest();
    let short = (plus_days(today, longest) - date).num_days();
    if short <= 0 {
        return format!(
            "Next: file for the {name} award {soonest} ({takes}). If approval takes all {}, this is the last day to avoid a gap.{instead}",
            days_text(longest)
        );
    }
    format!(
        "Next: file for the {name} award {soonest} ({takes}), and cut spend to bridge up to {} without credit. To be safe you \
         should have filed by {}.{instead}",
        days_text(short),
        day_text(file_by)
    )
}

/// Pools that will be used up within the lead time while others go on. Worth knowing: what is then left unpaid is told
/// over all pools, and where no other pool goes on, that is all there is to tell.
pub(super) fn pools(
    position: &Position,
    health: &IngestHealth,
    observations: &Observations,
    rules: &AlertRules,
) -> Vec<Finding> {
    let live = |pool: &&PoolPosition| matches!(pool.status, PoolStatus::Active | PoolStatus::Pending);
    let live: Vec<&PoolPosition> = position.credits.pools.iter().filter(live).collect();
    live.iter()
        .filter_map(|pool| {
            let key = key(Rule::Exhaustion, &pool.id);
            let reach = observations.reach(&key, Severity::Info, position, rules);
            let early = pool.exhausts_on.p10.filter(|day| *day <= reach)?;
            let others: Vec<&&PoolPosition> = live.iter().filter(|other| other.id != pool.id).collect();
            if others.is_empty() {
                return None;
            }
            let middle = pool.exhausts_on.p50.map_or_else(
                || "less than 50 % within a year".to_owned(),
                |day| format!("50 % chance by {}", day_text(day)),
            );
            let names: Vec<&str> = others.iter().map(|other| other.name.as_str()).collect();
            Some(Finding {
                named: None,
                rule: Rule::Exhaustion,
                severity: Severity::Info,
                key,
                since: data_day(health),
                summary: format!(
                    "The credit {} may be used up as early as {}: {} is left in it. After it there is {} in {}.",
                    pool.name,
                    day_text(early),
                    usd_text(pool.left),
                    usd_text(others.iter().map(|other| other.left).sum()),
                    names_text(&names),
                ),
                reason: format!(
                    "How sure: 10 % chance by {}, {middle}. Worth knowing, because what another credit does not list becomes \
                     cash; none of it is expected to within the same time. Next: check that the others list every service \
                     that this one pays.",
                    day_text(early)
                ),
            })
        })
        .collect()
}
