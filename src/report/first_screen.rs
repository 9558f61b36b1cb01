//! What the page says before anything is opened or moved: when credit ends and how sure that is, what to do next, and what the
//! credit left buys. Each is said once.

use chrono::NaiveDate;

use super::document::{Cell, Figure};
use super::notice::NEXT;
use super::{actual_vs_projected, trajectory, words};
use crate::domain::filing::next_award::NextAward;
use crate::domain::position::finding::{Finding, Severity};
use crate::domain::position::paces::outlook_goes_by;
use crate::domain::position::{Position, buys};
use crate::domain::values::money::Money;
use crate::domain::values::quantiles::DateQuantiles;
use crate::domain::values::words::{days_text, sentence_text, usd_text};

/// Keys of the figures that answer at once, in order; the others open on demand.
pub(super) const ANSWERS: [&str; 3] = [NEXT_STEP, REMAINING, FIRST_FULL_BILL];
const NEXT_STEP: &str = "next_step";
const REMAINING: &str = "remaining";
const FIRST_FULL_BILL: &str = "first_full_bill";

/// When credit ends, on its two bases, and what changes that.
pub(super) fn sentences(position: &Position) -> Vec<String> {
    let bases: Vec<String> = at_the_outlooks_pace(position).into_iter().chain(as_filed(position)).collect();
    let mut sentences = vec![words::headline(position)];
    sentences.extend((!bases.is_empty()).then(|| bases.join(" ")));
    sentences.extend(words::awaited(position));
    sentences.extend(trajectory::consequences(position).into_iter().filter(is_no_bill(position)));
    sentences
}

/// The bill is a figure here.
fn is_no_bill(position: &Position) -> impl Fn(&String) -> bool {
    let bill = trajectory::first_full_bill(position);
    move |sentence| Some(sentence) != bill.as_ref()
}

/// How far away the headline's date is, and how sure that is; `None` where the headline gives no date that is still ahead.
fn at_the_outlooks_pace(position: &Position) -> Option<String> {
    let DateQuantiles { p10, p50, p90 } = position.exhaustion.total;
    let (through, today) = (position.data_through?, position.as_of.date_naive());
    let other_headline = position.account_closes().is_some()
        || position.credits.without_pool().is_some()
        || position.switched_off().is_some();
    let middle = p50.filter(|day| *day > through && !other_headline)?;
    let days = |day: NaiveDate| (day - today).num_days().max(0);
    let left = days_text(days(middle));
    Some(match (p10, p90) {
        (Some(early), Some(late)) if early != late => {
            format!("At the outlook's pace that is {left} away (80 % chance of {} to {}).", days(early), days(late))
        }
        (Some(early), None) => {
            format!(
                "At the outlook's pace that is {left} away (one chance in ten that it is {} or fewer).",
                days(early)
            )
        }
        _ => format!("That is {left} away."),
    })
}

/// The other basis of the date, its days written as the headline's.
fn as_filed(position: &Position) -> Option<String> {
    let said = position.end_as_filed()?;
    let day = position.exhaustion.as_filed;
    Some(day.map_or(said, |day| format!("If spend goes as filed, credits end on {}.", words::day(day))))
}

/// Every figure of the page, those of [`ANSWERS`] first.
pub(super) fn figures(position: &Position) -> Vec<Figure> {
    let mut figures = trajectory::figures(position);
    if position.data_through.is_none() {
        return figures;
    }
    // The headline has the date.
    figures.retain(|figure| figure.key != "credits_end");
    for figure in &mut figures {
        match figure.key {
            REMAINING => figure.detail = left(position, &figure.detail),
            FIRST_FULL_BILL => figure.detail.push_str(&odds(position)),
            _ => {}
        }
    }
    figures.extend(next_step(position));
    let figure = |key, label: &str, amount: Option<Money>, detail: &str| Figure {
        key,
        label: label.to_owned(),
        value: Cell::money_or(amount, "unknown"),
        detail: detail.to_owned(),
    };
    let spend = &position.spend;
    let burn = &spend.burn_per_day;
    let longer = match burn.last_28_days {
        Some(amount) => {
            let counts = outlook_goes_by(position).map(|said| format!("; {said}")).unwrap_or_default();
            format!("last 7 days; {} over 28 days{counts}", amount.dollars())
        }
        None => "last 7 days".to_owned(),
    };
    figures.push(figure("burn_per_day", "Burn per day", burn.last_7_days, &longer));
    let this_month = Some(spend.gross_month_to_date);
    figures.push(figure("month_to_date", "This month so far", this_month, "before credit and tax"));
    figures.push(figure("net_to_date", "Cash so far", Some(spend.net_to_date), "after credit, refund and tax"));
    let against_plan = actual_vs_projected::figures(position).into_iter();
    figures.extend(against_plan.filter(|figure| matches!(figure.key, "percent" | "next_ask" | "granted_band")));
    // Stable, so that the others stay in order.
    figures.sort_by_key(|figure| ANSWERS.iter().position(|key| *key == figure.key).unwrap_or(ANSWERS.len()));
    figures
}

/// What is left of what, what it buys, and what newer days leave of it at most.
fn left(position: &Position, granted: &str) -> String {
    let more = [buys::sentence(&position.buys), words::at_least(position)];
    let sentences = [format!("{granted}.")].into_iter().chain(more.into_iter().flatten());
    sentences.collect::<Vec<_>>().join(" ")
}

fn odds(position: &Position) -> String {
    let odds = position.first_full_bill().and_then(|bill| bill.odds());
    odds.map(|(low, high)| format!("; 80 % chance of {} to {}", usd_text(low), usd_text(high))).unwrap_or_default()
}

/// What to do next: to file for the next award, or what the most severe finding asks for where nothing is to be filed for.
fn next_step(position: &Position) -> Option<Figure> {
    let award = position.next_award.as_ref().filter(|_| position.free_plan().is_none());
    let (value, detail) = match award {
        Some(award) => file(award, position),
        None => asked_for(position.findings.first()?)?,
    };
    Some(Figure { key: NEXT_STEP, label: "Next step".to_owned(), value: Cell::text(value), detail })
}

fn file(award: &NextAward, position: &Position) -> (String, String) {
    let NextAward { name, takes, soonest, instead, file_by, file_by_if_early, overdue, overdue_if_early } = award;
    let value = match file_by {
        _ if *overdue => format!("File for the {name} award {soonest}"),
        Some(day) => format!("File for the {name} award by {}", words::day(*day)),
        None => format!("File for the {name} award in a year or later"),
    };
    let early = position.exhaustion.total.p10;
    let early = early.map(|day| format!(" (credits may end on {})", words::day(day))).unwrap_or_default();
    let more = match (file_by, file_by_if_early) {
        (Some(day), _) if *overdue => format!("to be safe you should have filed by {}; ", words::day(*day)),
        (_, Some(_)) if *overdue_if_early => format!("file {soonest} to be safe{early}; "),
        (_, Some(day)) if file_by_if_early != file_by => format!("file by {} to be safe{early}; ", words::day(*day)),
        _ => String::new(),
    };
    let takes = sentence_text(&format!("{more}{takes}"));
    let instead = instead.as_deref().map(|why| format!(" {why}")).unwrap_or_default();
    (value, format!("{takes}{instead}"))
}

/// What a finding asks for, under how urgent it is; `None` for what is only worth knowing.
fn asked_for(finding: &Finding) -> Option<(String, String)> {
    let notice = trajectory::notice(finding);
    let step = notice.next_step().filter(|_| finding.severity > Severity::Info)?;
    Some((notice.urgency().to_owned(), sentence_text(step.trim_start_matches(NEXT))))
}
