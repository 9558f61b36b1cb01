//! What the rules tell along a life, day by day, while one credit is drawn.

use chrono::{DateTime, NaiveDate, Utc};
use glidepath::domain::alert::{AlertRules, IngestHealth, Moment, Replay, ReplayedAlert};
use glidepath::domain::facts::outcome::Outcome;
use glidepath::domain::filing::next_award::Meant;
use glidepath::domain::forecast::Evidence;
use glidepath::domain::position::finding::Severity;
use glidepath::domain::position::observations::Observations;
use glidepath::domain::position::{Credits, PoolPosition, PoolStatus, Position};
use glidepath::domain::values::money::Money;
use glidepath::domain::values::period::plus_days;
use glidepath::domain::values::quantiles::{DateQuantiles, MoneyQuantiles};
use glidepath::domain::wording::compose;
use rust_decimal::Decimal;
use rust_decimal::prelude::FromPrimitive as _;

use super::ask::{ends, outlook_of};
use super::life::Life;

/// Key of the finding over all credits.
const TOTAL: &str = "exhaustion:total";

/// What the rules knew on one day, and what they told about the end of credit.
#[derive(Debug, Clone)]
pub struct Day {
    /// The clock of the cycle.
    pub clock: DateTime<Utc>,
    /// When credit ends, as known then.
    pub dates: DateQuantiles,
    /// True if it has ended.
    pub gone: bool,
    /// The message about it, if one was sent.
    pub message: Option<ReplayedAlert>,
    /// All messages of the day.
    pub messages: usize,
    /// Days from the clock until credit really ends, if it does within what was drawn.
    pub truly_left: Option<i64>,
}

/// Looks at `life` on `days` days, first when `known` days are complete, with `credit` left then.
pub fn told(life: &Life, known: usize, days: usize, credit: f64, evidence: &Evidence) -> Vec<Day> {
    let (past, ahead) = (life.past(known), life.future(known));
    let whole: Vec<f64> = past.iter().chain(&ahead).copied().collect();
    let end = ends(&ahead, credit).map(|days| plus_days(life.first, known as i64 - 1 + days));
    let mut replay = Replay::new(AlertRules::default(), compose);
    let mut seen = Vec::new();
    for at in known..(known + days).min(whole.len()) {
        let through = plus_days(life.first, at as i64 - 1);
        let clock = (plus_days(through, 2).and_hms_opt(6, 0, 0).expect("a time")).and_utc();
        let left = credit - whole[known..at].iter().sum::<f64>();
        let gone = end.filter(|end| *end <= through);
        let outlook = outlook_of(life, &whole[..at], left.max(0.0), evidence);
        let dates = gone.map_or(outlook.exhaustion, DateQuantiles::certain);
        let position = position(clock, through, dates, (credit, left.max(0.0)), outlook.reaches);
        let health = IngestHealth {
            as_of: clock,
            data_through: Some(through),
            last_success: Some(clock),
            costs: Outcome::Ok,
            credits: Outcome::Ok,
            is_too_short: false,
        };
        replay.look(Moment {
            clock,
            reconstructed: false,
            position: &position,
            health,
            observations: Observations::default(),
        });
        let truly_left = end.map(|end| (end - clock.date_naive()).num_days());
        seen.push(Day { clock, dates, gone: gone.is_some(), message: None, messages: 0, truly_left });
    }
    let alerts = replay.finish().alerts;
    for day in &mut seen {
        let mut of_day = alerts.iter().filter(|alert| alert.at == day.clock && !alert.silent);
        day.messages = of_day.clone().count();
        day.message = of_day.rfind(|alert| alert.key == TOTAL).cloned();
    }
    seen
}

fn position(
    clock: DateTime<Utc>,
    through: NaiveDate,
    total: DateQuantiles,
    (granted, left): (f64, f64),
    reaches: Option<NaiveDate>,
) -> Position {
    let money = |dollars: f64| Money::from_decimal(Decimal::from_f64(dollars).unwrap_or_default().round_dp(6));
    let (granted, left) = (money(granted), money(left));
    let pool = PoolPosition {
        id: "credit".to_owned(),
        name: "Credit".to_owned(),
        programme: None,
        granted,
        drawn: granted - left,
        remaining: left,
        left,
        stated: None,
        starts_on: plus_days(through, -700),
        expires_on: plus_days(through, 2_000),
        status: if left.is_positive() { PoolStatus::Active } else { PoolStatus::Exhausted },
        delisted: None,
        exhausts_on: total,
        exhausted_on: None,
        breakage: MoneyQuantiles::default(),
    };
    let mut position = Position::empty(clock, "USD");
    position.data_through = Some(through);
    position.credits = Credits { granted, remaining: left, left, pools: vec![pool], unlisted: None };
    position.exhaustion.total = total;
    position.outlook_reaches = reaches;
    position
}

/// The day that a message named, and how bad it was.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Named {
    severity: Severity,
    day: NaiveDate,
    gone: bool,
    left: i64,
}

/// Days on which it got worse and nothing was sent. Worse is: critical after a warning, gone, seven days or two left, or
/// earlier by a week or a quarter of the days left.
pub fn unsaid(days: &[Day]) -> Vec<String> {
    let rules = AlertRules::default();
    let mut told: Option<Named> = None;
    let mut unsaid = Vec::new();
    for day in days {
        let today = day.clock.date_naive();
        let lead = rules.lead_days(Meant::default(), today);
        let near = |date: Option<NaiveDate>, severity: Severity| {
            let wobble = if told.is_some_and(|told| told.severity >= severity) { rules.wobble_days.into() } else { 0 };
            date.filter(|date| (*date - today).num_days() <= lead + wobble)
        };
        let now = |severity, day: NaiveDate, gone| Named { severity, day, gone, left: (day - today).num_days() };
        let known = match (near(day.dates.p50, Severity::Critical), near(day.dates.p10, Severity::Warning)) {
            (Some(end), _) => Some(now(Severity::Critical, end, day.gone)),
            (None, Some(early)) => Some(now(Severity::Warning, early, false)),
            (None, None) => None,
        };
        let worse = match (told, known) {
            (None, Some(_)) => true,
            (Some(told), Some(known)) if known.severity > told.severity => true,
            (Some(told), Some(known)) if known.severity == told.severity && !told.gone => {
                let marked = [7, 2].into_iter().any(|mark| known.left <= mark && mark < told.left);
                let earlier = (told.day - known.day).num_days();
                known.gone || marked || earlier >= (told.left / 4).clamp(1, 7)
            }
            _ => false,
        };
        if worse && day.message.is_none() {
            unsaid.push(format!("{today}: {known:?}, told {told:?}"));
        }
        if day.message.is_some() {
            told = known.or(told);
        }
    }
    unsaid
}
