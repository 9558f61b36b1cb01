//! [`digest`]: the summary of a week, from two positions: where things stand, what changed, what is open, what to do.

use chrono::{DateTime, NaiveDate, TimeDelta, Utc};
use rust_decimal::{Decimal, RoundingStrategy};
use serde_json::json;

use super::letter::{Letter, Phase};
use crate::alert::{OpenAlert, stable_id};
use crate::credit::unlisted::{AS_IF_NONE_LEFT, CreditsAnswer};
use crate::filing::next_award::NextAward;
use crate::position::finding::{Finding, Rule, Severity};
use crate::position::{PoolStatus, Position, buys};
use crate::values::money::Money;
use crate::values::words::{day_text as date, days_text, usd_text};

/// Key of every digest.
pub const DIGEST_KEY: &str = "digest";
/// Days between the last complete day and the position, from which figures are old: two is as good as it gets.
const OLD_FROM: TimeDelta = TimeDelta::days(4);
/// Findings that are named; more would not be read.
const NAMED: usize = 6;

/// What a digest is made of.
#[derive(Debug, Clone, Copy)]
pub struct DigestInput<'a> {
    /// The moment of the schedule that it is for; its id comes from it.
    pub due_at: DateTime<Utc>,
    /// When it is written.
    pub now: DateTime<Utc>,
    /// The position that the last digest told; none for the first.
    pub before: Option<&'a Position>,
    /// The newest position.
    pub position: &'a Position,
    /// Alerts that are open, and that the newest cycle did not find: most likely it could not look.
    pub held: &'a [OpenAlert],
    /// Where the dashboard is.
    pub dashboard_url: Option<&'a str>,
}

/// The digest; `None` before there is a complete day to tell of.
pub fn digest(input: &DigestInput<'_>) -> Option<Letter> {
    let position = input.position;
    let through = position.data_through?;
    let today = input.now.date_naive();
    let summary = headline(position, today);
    let parts = [
        standing(position, through, today),
        changes(input.before, position),
        open(&position.findings, input.held),
        to_do(&position.findings),
    ];
    let text = format!("{summary}\n\n{}", parts.join("\n\n"));
    let event_id = stable_id(&[DIGEST_KEY, &input.due_at.timestamp_micros().to_string()]);
    let title = format!("AWS credit, {}: {}", date(today), short(position, today));
    let data = json!({
        "event_id": event_id, "key": DIGEST_KEY, "title": title, "summary": summary, "text": text,
        "since": input.before.map(|before| before.as_of), "as_of": position.as_of,
    });
    Some(Letter {
        event_id,
        key: DIGEST_KEY.to_owned(),
        kind: DIGEST_KEY.to_owned(),
        rule: None,
        severity: Severity::Info,
        phase: Phase::Once,
        since: input.before.map_or(through, |before| before.as_of.date_naive()),
        at: input.now,
        title,
        summary,
        text,
        attachment: None,
        files: Vec::new(),
        links: Vec::new(),
        dashboard_url: input.dashboard_url.map(str::to_owned),
        data,
    })
}

/// When credit ends, in a few words.
fn short(position: &Position, today: NaiveDate) -> String {
    if let Some(day) = position.account_closes_on() {
        return format!("the account closes on {}", date(day));
    }
    if let Some(unlisted) = position.credits.without_pool() {
        let known = unlisted.answer == CreditsAnswer::NoneListed && !unlisted.pays();
        return if known { "none is known" } else { "how much is left is unknown" }.to_owned();
    }
    if let Some((day, _)) = position.certain_expiry().filter(|(day, _)| *day > today) {
        return format!("ends on {}", date(day));
    }
    match position.exhaustion.total.p50 {
        Some(day) if day <= today => "it no longer pays everything it could".to_owned(),
        Some(day) => format!("lasts until about {}", date(day)),
        None if !position.credits.left.is_positive() => "none is left".to_owned(),
        None => "lasts a year and more".to_owned(),
    }
}

fn headline(position: &Position, today: NaiveDate) -> String {
    if let Some(closes) = position.account_closes() {
        return format!("{closes}.");
    }
    if let Some(unlisted) = position.credits.without_pool() {
        return format!("{}.", unlisted.headline());
    }
    let left = usd_text(position.credits.left);
    match position.exhaustion.total.p50 {
        Some(day) if day <= today => {
            format!("Credit has not paid everything it could since {}; {left} is left.", date(day))
        }
        Some(day) => {
            let (on, ahead) = (date(day), days_text((day - today).num_days()));
            match position.expiry_on(day) {
                Some(expiry) => {
                    let ends = if expiry.certain { "ends" } else { "will probably end" };
                    let (expires, unused) = (expiry.expires(), expiry.unused());
                    format!("{left} of credit is left, and {ends} on {on}, in {ahead}, when {expires}{unused}.")
                }
                None => format!("{left} of credit is left, and will probably run out on {on}, in {ahead}."),
            }
        }
        None if !position.credits.left.is_positive() => "No credit is left.".to_owned(),
        None => format!("{left} of credit is left, and it lasts for a year and more at this pace."),
    }
}

fn standing(position: &Position, through: NaiveDate, today: NaiveDate) -> String {
    let mut lines = vec![format!("Where you stand, with costs up to {}:", date(through))];
    if today - through >= OLD_FROM {
        lines.push(format!("- These figures are old: AWS has given nothing complete since {}.", date(through)));
    }
    lines.push(match position.credits.without_pool() {
        Some(unlisted) => format!("- Credit: unknown, because {}.", unlisted.why_unknown()),
        None => {
            format!("- Credit: {} of {} is left.", usd_text(position.credits.left), usd_text(position.credits.granted))
        }
    });
    let usable = position.credits.pools.iter().filter(|pool| pool.status == PoolStatus::Active);
    lines.extend(
        usable.map(|pool| {
            format!("- {}: {} left, expires on {}.", pool.name, usd_text(pool.left), date(pool.expires_on))
        }),
    );
    lines.extend(buys::sentence(&position.buys).map(|said| format!("- {said}")));
    lines.extend(end_of_credit(position, today));
    lines.extend(position.end_as_filed().map(|said| format!("- {said}")));
    // Where exhaustion is open, what to do about it says so.
    let told = position.findings.iter().any(|found| found.rule == Rule::Exhaustion && found.severity > Severity::Info);
    lines.extend(position.next_award.as_ref().filter(|_| !told).and_then(next_date));
    if let Some(burn) = position.spend.burn_per_day.last_7_days {
        let month = usd_text(position.spend.gross_month_to_date);
        lines.push(format!("- Spend: {} a day over the last 7 days, {month} this month so far.", usd_text(burn)));
    }
    let bills = position.trajectory.iter().filter(|_| position.free_plan().is_none());
    if let Some(bill) = bills.into_iter().find(|bill| bill.cash.cents() > Decimal::ZERO) {
        let month = bill.month.first_day().format("%B %Y");
        lines.push(format!(
            "- Next bill to pay: {month}, {} ({}).",
            usd_text(bill.cash),
            bill.odds().map_or_else(
                || "too early to give a range".to_owned(),
                |(low, high)| format!("80 % chance of {} to {}", usd_text(low), usd_text(high))
            )
        ));
        lines.extend(position.paying_unlisted().map(|_| format!("- {AS_IF_NONE_LEFT}.")));
    }
    lines.join("\n")
}

/// When credit ends, with its odds where they differ; `None` where it has ended or its end is out of sight.
fn end_of_credit(position: &Position, today: NaiveDate) -> Option<String> {
    let odds = &position.exhaustion.total;
    let (early, middle) = (odds.p10?, odds.p50.filter(|middle| *middle > today)?);
    let end = date(middle);
    Some(match (position.certain_expiry(), odds.same_day()) {
        (Some((_, expiry)), _) => {
            format!("- End of credit: {end}, the day {}; it is not a forecast.", expiry.expires())
        }
        (None, Some(_)) => format!("- End of credit: {end}, 80 % chance of that day."),
        (None, None) => {
            let late = odds.p90.map_or_else(|| "a year from now".to_owned(), date);
            format!("- End of credit: {end}; 10 % chance by {}, 10 % chance after {late}.", date(early))
        }
    })
}

/// By when to file. Beyond the outlook there is time.
fn next_date(award: &NextAward) -> Option<String> {
    let NextAward { name, takes, soonest, instead, file_by, overdue, .. } = award;
    let day = date((*file_by)?);
    let instead = instead.as_deref().map(|why| format!(" {why}")).unwrap_or_default();
    Some(if *overdue {
        format!(
            "- Next date: file for the {name} award {soonest} ({takes}). To be safe you should have filed by {day}.{instead}"
        )
    } else {
        format!("- Next date: file for the {name} award by {day} ({takes}).{instead}")
    })
}

fn changes(before: Option<&Position>, position: &Position) -> String {
    let Some(before) = before else {
        return "This is the first digest; the next says what changed since.".to_owned();
    };
    let (then, now) = (&before.spend, &position.spend);
    let mut lines = vec![format!("Since the last digest, of {}:", date(before.as_of.date_naive()))];
    let spent = now.gross_to_date - then.gross_to_date;
    let paid = then.credit_to_date - now.credit_to_date;
    lines.push(format!("- {} was spent, of which credit paid {}.", usd_text(spent), usd_text(paid)));
    lines.extend(end_moved(before, position));
    if let (Some(was), Some(is)) = (then.burn_per_day.last_7_days, now.burn_per_day.last_7_days) {
        lines.push(format!("- Spend per day {}.", moved(was, is)));
    }
    let keys = |position: &Position| position.findings.iter().map(|found| found.key.clone()).collect::<Vec<_>>();
    let (were, are) = (keys(before), keys(position));
    let news = position.findings.iter().filter(|found| !were.contains(&found.key));
    lines.extend(named("New", news));
    lines.extend(named("No longer so", before.findings.iter().filter(|found| !are.contains(&found.key))));
    lines.join("\n")
}

fn end_moved(before: &Position, position: &Position) -> Option<String> {
    match (before.exhaustion.total.p50, position.exhaustion.total.p50) {
        (Some(was), Some(is)) if was == is => None,
        (Some(was), Some(is)) => {
            let days = (is - was).num_days();
            let direction = if days < 0 { "earlier" } else { "later" };
            Some(format!("- The end of credit moved {} {direction}: it was {}.", days_text(days.abs()), date(was)))
        }
        (Some(was), None) => Some(format!("- The end of credit, {} before, is out of sight.", date(was))),
        (None, Some(is)) => Some(format!("- The end of credit came in sight: {}.", date(is))),
        (None, None) => None,
    }
}

/// `rose by 12 %, from $188.00 to $210.00`
fn moved(was: Money, is: Money) -> String {
    let range = format!("from {} to {}", usd_text(was), usd_text(is));
    let percent = (is - was)
        .ratio(was)
        .map(|share| (share * Decimal::ONE_HUNDRED).round_dp_with_strategy(0, RoundingStrategy::MidpointAwayFromZero));
    match percent {
        Some(percent) if percent.is_zero() => format!("stayed at {}", usd_text(is)),
        Some(percent) if percent.is_sign_negative() => format!("fell by {} %, {range}", percent.abs().normalize()),
        Some(percent) => format!("rose by {} %, {range}", percent.normalize()),
        None => format!("went {range}"),
    }
}

fn named<'a>(what: &str, findings: impl Iterator<Item = &'a Finding>) -> Vec<String> {
    findings.take(NAMED).map(|found| format!("- {what}: {}", found.summary)).collect()
}

fn open(findings: &[Finding], held: &[OpenAlert]) -> String {
    if findings.is_empty() && held.is_empty() {
        return "Nothing is open.".to_owned();
    }
    let mut lines = vec![format!("Open ({}):", findings.len() + held.len())];
    // Worst first, as they were told last.
    let told = held.iter().filter(|alert| alert.severity > Severity::Info).take(NAMED);
    lines.extend(told.map(|alert| {
        let (severity, on) = (alert.severity.as_str(), date(alert.last_told_at.date_naive()));
        format!("- {severity}, told on {on} and not found again since, nor cleared: {}", alert.summary)
    }));
    let shown = findings.iter().take(NAMED);
    lines.extend(
        shown.map(|found| format!("- {}, since {}: {}", found.severity.as_str(), date(found.since), found.summary)),
    );
    lines
        .extend(findings.len().checked_sub(NAMED + 1).map(|more| format!("- and {} more on the dashboard.", more + 1)));
    lines.join("\n")
}

/// The next steps of what is open, worst first; what is only worth knowing asks for nothing.
fn to_do(findings: &[Finding]) -> String {
    let mut steps: Vec<String> = Vec::new();
    for found in findings.iter().filter(|found| found.severity > Severity::Info) {
        let step = capitalised(found.next_step());
        if !step.is_empty() && !steps.contains(&step) {
            steps.push(step);
        }
    }
    if steps.is_empty() {
        return "Nothing needs doing this week.".to_owned();
    }
    let listed = steps.iter().take(NAMED).zip(1..).map(|(step, number)| format!("{number}. {step}"));
    format!("What to do:\n{}", listed.collect::<Vec<_>>().join("\n"))
}

fn capitalised(text: &str) -> String {
    let mut letters = text.trim().chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::alert::fixture::{clock, day, position, usd};
    use std::collections::BTreeSet;

    use crate::alert::AlertRules;
    use crate::credit::unlisted::UnlistedCredit;
    use crate::position::Credits;
    use crate::values::quantiles::DateQuantiles;

    fn input<'a>(before: Option<&'a Position>, position: &'a Position) -> DigestInput<'a> {
        DigestInput { due_at: clock(), now: clock(), before, position, held: &[], dashboard_url: None }
    }

    fn text(before: Option<&Position>, position: &Position) -> String {
        digest(&input(before, position)).unwrap().text
    }

    fn finding(rule: Rule, severity: Severity, summary: &str, reason: &str) -> Finding {
        let key = format!("{}:x", rule.as_str());
        Finding {
            named: None,
            rule,
            severity,
            key,
            since: day("2026-03-02"),
            summary: summary.into(),
            reason: reason.into(),
        }
    }

    #[test]
    fn the_next_date_to_act_on_is_told_once() {
        let with_end = |middle: &str| {
            let mut position = position();
            position.exhaustion.total = DateQuantiles::certain(day(middle));
            position.next_award = AlertRules::default().next_award(&position);
            position
        };
        let (mut near, gone) = (with_end("2026-06-27"), with_end("2026-04-01"));
        let line = "- Next date: file for the AI record award by 30 May 2026 (it takes 14 to 28 days).\n";
        assert!(text(None, &near).contains(line), "{}", text(None, &near));
        let late = "- Next date: file for the AI record award today (it takes 14 to 28 days). To be safe you should have filed by \
                    4 March";
        assert!(text(None, &gone).contains(late), "{}", text(None, &gone));
        near.findings = vec![finding(Rule::Exhaustion, Severity::Warning, "Credit may end.", "Next: apply by 30 May.")];
        assert!(!text(None, &near).contains("Next date"), "what to do says so");
        assert!(!text(None, &position()).contains("Next date"), "out of sight");
    }

    #[test]
    fn a_week_is_told_by_its_differences() {
        let mut before = position();
        before.as_of = clock() - TimeDelta::days(7);
        before.exhaustion.total = DateQuantiles::certain(day("2026-06-30"));
        before.findings = vec![finding(Rule::StaleData, Severity::Warning, "No costs came.", "Next: look.")];
        let mut after = position();
        after.spend.gross_to_date = usd("16770");
        after.spend.credit_to_date = usd("-16700");
        after.spend.burn_per_day.last_7_days = Some(usd("110"));
        after.exhaustion.total =
            DateQuantiles { p10: Some(day("2026-06-01")), p50: Some(day("2026-06-27")), p90: None };
        after.findings = vec![
            finding(Rule::Exhaustion, Severity::Critical, "Credit will run out.", "So it is. Next: apply by 1 April."),
            finding(Rule::AwardPace, Severity::Info, "Slow.", "Next: wait."),
        ];
        assert_eq!(
            text(Some(&before), &after),
            "$9,000 of credit is left, and will probably run out on 27 June 2026, in 105 days.\n\n\
             Where you stand, with costs up to 12 March 2026:\n\
             - Credit: $9,000 of $25,000 is left.\n\
             - Activate Portfolio: $9,000 left, expires on 1 September 2026.\n\
             - End of credit: 27 June 2026; 10 % chance by 1 June 2026, 10 % chance after a year from now.\n\
             - Spend: $110 a day over the last 7 days, $1,200 this month so far.\n\n\
             Since the last digest, of 7 March 2026:\n\
             - $770 was spent, of which credit paid $700.\n\
             - The end of credit moved 3 days earlier: it was 30 June 2026.\n\
             - Spend per day rose by 10 %, from $100 to $110.\n\
             - New: Credit will run out.\n\
             - New: Slow.\n\
             - No longer so: No costs came.\n\n\
             Open (2):\n\
             - critical, since 2 March 2026: Credit will run out.\n\
             - info, since 2 March 2026: Slow.\n\n\
             What to do:\n\
             1. Apply by 1 April."
        );
    }

    #[test]
    fn a_quiet_first_week_says_so() {
        let quiet = position();
        let text = text(None, &quiet);
        assert!(text.starts_with("$9,000 of credit is left, and it lasts for a year and more at this pace."), "{text}");
        assert!(text.contains("This is the first digest"), "{text}");
        assert!(text.ends_with("Nothing is open.\n\nNothing needs doing this week."), "{text}");
    }

    #[test]
    fn credit_that_expires_is_said_to_expire() {
        let mut expiring = position();
        expiring.exhaustion.total = DateQuantiles::certain(day("2026-04-13"));
        expiring.credits.pools[0].expires_on = day("2026-04-13");
        expiring.credits.pools[0].breakage.p50 = Some(usd("4321"));
        let digest = digest(&input(None, &expiring)).unwrap();
        assert_eq!(digest.title, "AWS credit, 14 March 2026: ends on 13 April 2026");
        assert_eq!(
            digest.summary,
            "$9,000 of credit is left, and ends on 13 April 2026, in 30 days, when Activate Portfolio expires; about $4,321 \
             of it will be unused."
        );
        let line = "- End of credit: 13 April 2026, the day Activate Portfolio expires; it is not a forecast.\n";
        assert!(digest.text.contains(line), "{}", digest.text);
    }

    #[test]
    fn credit_that_pays_without_a_pool_is_no_cash_and_no_year_of_credit() {
        let mut unlisted = position();
        unlisted.credits = Credits {
            unlisted: Some(UnlistedCredit {
                answer: CreditsAnswer::NoneListed,
                applied_to_date: usd("16000"),
                applied_14d: usd("1400"),
            }),
            ..Credits::default()
        };
        let digest = digest(&input(None, &unlisted)).unwrap();
        assert_eq!(digest.title, "AWS credit, 14 March 2026: how much is left is unknown");
        assert!(
            digest.summary.starts_with("AWS applies credit ($16,000 so far) but lists none to this account"),
            "{}",
            digest.summary
        );
        assert!(
            digest.text.contains("- Credit: unknown, because AWS lists no credit to this account.\n"),
            "{}",
            digest.text
        );
        assert!(!digest.text.contains("$0.00 of $0.00"), "{}", digest.text);
    }

    #[test]
    fn what_is_open_and_could_not_be_looked_at_is_named_first() {
        let alert = |severity, summary: &str| OpenAlert {
            key: "exhaustion:total".into(),
            rule: Rule::Exhaustion,
            severity,
            since: day("2026-03-01"),
            opened_at: clock(),
            last_told_at: clock() - TimeDelta::days(3),
            told: 1,
            summary: summary.into(),
            named: None,
            heard_by: BTreeSet::new(),
        };
        let held = [alert(Severity::Critical, "Credit will end."), alert(Severity::Info, "Worth knowing.")];
        let mut position = position();
        position.findings = vec![finding(Rule::StaleData, Severity::Warning, "No costs have come.", "Next: look.")];
        let text = digest(&DigestInput { held: &held, ..input(None, &position) }).unwrap().text;
        let open = "Open (3):\n- critical, told on 11 March 2026 and not found again since, nor cleared: Credit will end.\n- warning,";
        assert!(text.contains(open), "{text}");
    }

    #[test]
    fn old_figures_are_called_old_and_no_figures_make_no_digest() {
        let mut old = position();
        old.data_through = Some(day("2026-03-05"));
        assert!(text(None, &old).contains("These figures are old: AWS has given nothing complete since 5 March 2026."));
        old.data_through = None;
        assert_eq!(digest(&input(None, &old)), None);
    }

    #[test]
    fn the_moment_of_the_schedule_makes_the_id() {
        let position = position();
        let id = |due_at, now| {
            let input = DigestInput { due_at, now, ..input(None, &position) };
            digest(&input).unwrap().event_id
        };
        let later = clock() + TimeDelta::hours(3);
        assert_eq!(id(clock(), clock()), id(clock(), later), "caught up later, it is the same digest");
        assert_ne!(id(clock(), later), id(later, later));
    }

    #[test]
    fn a_change_in_words() {
        assert_eq!(moved(usd("100"), usd("100.40")), "stayed at $100");
        assert_eq!(moved(usd("100"), usd("87.5")), "fell by 13 %, from $100 to $87.50");
        assert_eq!(moved(usd("0"), usd("5")), "went from $0.00 to $5.00");
    }
}
