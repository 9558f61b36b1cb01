//! `/metrics` in the Prometheus text format 0.0.4.
//!
//! Amounts become floats here, because a sample is one. Their unit is the position's currency in lower case, so that no
//! name can lie. What is unknown is left out, never zero.

use axum::extract;
use axum::http::header;
use axum::response::{IntoResponse, Response};
use chrono::{DateTime, NaiveDate, NaiveTime, Utc};
use prometheus_client::collector::Collector;
use prometheus_client::encoding::DescriptorEncoder;
use prometheus_client::encoding::text::encode_registry;
use prometheus_client::metrics::MetricType;
use prometheus_client::registry::{Registry, Unit};
use rust_decimal::Decimal;

use crate::cycle::{BackupPlace, View};
use crate::domain::filing::next_award::Meant;
use crate::domain::position::assess::request_price;
use crate::domain::position::{PoolPosition, Position};
use crate::domain::values::money::Money;
use crate::domain::values::quantiles::DateQuantiles;
use crate::store::alerts::{self, ChannelState};
use crate::store::{PaidRequests, StoreError};

use super::failure::Failure;
use super::lane::{Lane, Load};
use super::state::State;
use super::troubles;

/// The format's own media type.
const CONTENT_TYPE: &str = "text/plain; version=0.0.4; charset=utf-8";

const SECONDS_PER_DAY: f64 = 86_400.0;

/// Answers a scrape.
pub async fn metrics(extract::State(state): extract::State<State>) -> Result<Response, Failure> {
    let mut families = about_the_process(&state);
    families.extend(about_callers(&state));
    families.push(about_failing(&state).await);
    // What cannot be put together must not take the other figures, and least of all that it failed, with it.
    let view = state.view(None).await.unwrap_or_else(|failure| {
        failure.cause().inspect(|cause| troubles::failed(&state.shared.troubles, cause));
        None
    });
    let meant = view.as_ref().map(|view| view.position.award_meant).unwrap_or_default();
    families.extend(
        about_asking(&state, meant).await.map_err(|error| Failure::internal("reading metrics", &error.into()))?,
    );
    families.extend(about_backups(&state).await?);
    families.extend(view.iter().flat_map(|view| about_the_position(view, state.clock().now())));
    let mut registry = Registry::with_prefix("glidepath");
    registry.register_collector(Box::new(Families(families)));
    let mut text = String::new();
    // Without OpenMetrics' closing mark: promtool and every Prometheus read 0.0.4.
    encode_registry(&mut text, &registry).map_err(|error| Failure::internal("writing metrics", &error.into()))?;
    Ok(([(header::CONTENT_TYPE, CONTENT_TYPE)], text).into_response())
}

/// Samples under one name.
#[derive(Debug)]
struct Family {
    name: &'static str,
    help: &'static str,
    unit: Option<Unit>,
    kind: MetricType,
    samples: Vec<Sample>,
}

#[derive(Debug)]
struct Sample {
    labels: Vec<(&'static str, String)>,
    value: f64,
}

impl Family {
    fn gauge(name: &'static str, unit: Option<Unit>, help: &'static str, samples: Vec<Sample>) -> Family {
        Family { name, help, unit, kind: MetricType::Gauge, samples }
    }

    fn seconds(name: &'static str, help: &'static str, samples: Vec<Sample>) -> Family {
        Family::gauge(name, Some(Unit::Seconds), help, samples)
    }
}

impl Sample {
    fn alone(value: f64) -> Vec<Sample> {
        vec![Sample { labels: Vec::new(), value }]
    }
}

#[derive(Debug)]
struct Families(Vec<Family>);

impl Collector for Families {
    fn encode(&self, mut encoder: DescriptorEncoder) -> Result<(), std::fmt::Error> {
        for family in self.0.iter().filter(|family| !family.samples.is_empty()) {
            let mut metric = encoder.encode_descriptor(family.name, family.help, family.unit.as_ref(), family.kind)?;
            for Sample { labels, value } in &family.samples {
                // Counters too: the library's way of writing one follows OpenMetrics, where HELP and TYPE stand under
                // the name without `_total`, which 0.0.4 does not connect with its samples.
                if labels.is_empty() {
                    metric.encode_gauge(value)?;
                } else {
                    metric.encode_family(labels)?.encode_gauge(value)?;
                }
            }
        }
        Ok(())
    }
}

fn about_the_process(state: &State) -> Vec<Family> {
    let build = vec![Sample { labels: vec![("version", env!("CARGO_PKG_VERSION").to_owned())], value: 1.0 }];
    let counts = state.shared.requests.all().into_iter();
    let requests = counts.map(|((route, class), count)| Sample {
        labels: vec![("route", route), ("status", format!("{class}xx"))],
        value: count as f64,
    });
    vec![
        Family::gauge("build_info", None, "Version of the running program; always 1", build),
        Family {
            name: "http_requests_total",
            help: "Requests answered since the start",
            unit: None,
            kind: MetricType::Counter,
            samples: requests.collect(),
        },
        Family {
            name: "logins_failed_total",
            help: "Requests since the start that showed a token or password that opens nothing",
            unit: None,
            kind: MetricType::Counter,
            samples: Sample::alone(state.shared.logins.total() as f64),
        },
        Family {
            name: "log_lines_dropped_total",
            help: "Lines of the log that were dropped since the start, because nobody read them",
            unit: None,
            kind: MetricType::Counter,
            samples: Sample::alone((state.shared.dropped_lines)() as f64),
        },
    ]
}

/// How full it is, and who was sent away.
fn about_callers(state: &State) -> Vec<Family> {
    let lanes = state.shared.lanes.all();
    let of_each = |value: fn(Load) -> u64| {
        let sample = |(name, lane): &(&str, &Lane)| Sample {
            labels: vec![("work", (*name).to_owned())],
            value: value(lane.load()) as f64,
        };
        lanes.iter().map(sample).collect()
    };
    let (connections, refused) = state.shared.gate.counts();
    let counter = |name, help, samples| Family { name, help, unit: None, kind: MetricType::Counter, samples };
    vec![
        Family::gauge("connections", None, "Open connections", Sample::alone(connections as f64)),
        counter(
            "connections_refused_total",
            "Connections that were not let in since the start, because there were too many",
            Sample::alone(refused as f64),
        ),
        Family::gauge(
            "work_requests",
            None,
            "Requests for work that keeps a core busy: the one under way, and those that wait for it",
            of_each(|load| load.requests),
        ),
        counter(
            "work_refused_total",
            "Requests for such work that were sent away since the start, because too many waited",
            of_each(|load| load.refused),
        ),
    ]
}

/// Whether the newest cycle came to its end, which is known even where the store cannot be written.
async fn about_failing(state: &State) -> Family {
    let failing = Sample::alone(f64::from(u8::from(state.engine().is_failing().await)));
    Family::gauge("cycle_failed", None, "1 if the newest cycle asked AWS and could not finish", failing)
}

/// What goes on between cycles, so it is read as of now and not as of the newest one.
async fn about_asking(state: &State, meant: Meant) -> Result<Vec<Family>, StoreError> {
    let store = state.engine().store();
    let last_pull = store.last_pull().await?;
    let paid: PaidRequests = store.paid_requests(state.clock().now().date_naive()).await?;
    let (dead, states) =
        store.read(|connection| Ok((alerts::dead_channels(connection)?, alerts::channel_states(connection)?))).await?;
    let config = state.engine().config();
    let channels = config.channels.keys().map(|name| Sample {
        labels: vec![("channel", name.clone())],
        value: f64::from(u8::from(dead.iter().any(|dead| dead.channel == *name))),
    });
    let asked = request_price().times(Decimal::from(paid.charged_month));
    let mut families = vec![
        Family::seconds(
            "last_successful_pull_timestamp",
            "Clock of the newest cycle that pulled costs from AWS",
            last_pull.map(|at| Sample::alone(at.timestamp() as f64)).unwrap_or_default(),
        ),
        Family::gauge(
            "paid_requests_today",
            None,
            "Cost Explorer requests sent on this UTC day, which the daily ceiling counts",
            Sample::alone(paid.sent_today as f64),
        ),
        Family::gauge(
            "asking_month",
            Some(Unit::Other("usd".to_owned())),
            "What AWS charges for the Cost Explorer requests of this month",
            Sample::alone(asked.to_chart()),
        ),
        Family::gauge(
            "paid_requests_limit",
            None,
            "Cost Explorer requests that may leave on one UTC day",
            Sample::alone(config.paid_requests_per_day as f64),
        ),
        Family::seconds(
            "data_stale_after",
            "Age of the newest pull from which the daemon's own rules call its data stale",
            Sample::alone(config.rules.stale_after().num_seconds() as f64),
        ),
        Family::seconds(
            "award_lead_time",
            "Time that the award meant next takes from application to credit, with slack",
            Sample::alone(config.rules.lead_days(meant, state.clock().now().date_naive()) as f64 * SECONDS_PER_DAY),
        ),
        Family::gauge(
            "channel_dead",
            None,
            "1 if the newest message to the channel was given up, or has been refused for an hour",
            channels.collect(),
        ),
    ];
    let names = &config.channels;
    families.extend(about_channels(states.into_iter().filter(|state| names.contains_key(&state.channel)).collect()));
    Ok(families)
}

/// When the newest backups were made: where they fail, they grow old, and one is missed.
async fn about_backups(state: &State) -> Result<Vec<Family>, Failure> {
    let places = state.engine().backup_places(state.clock().now()).await;
    let places = places.map_err(|error| Failure::internal("reading metrics", &error))?;
    let samples = |value: &dyn Fn(&BackupPlace) -> Option<f64>| {
        let each = places
            .iter()
            .filter_map(|place| Some(Sample { labels: vec![("place", place.name.to_owned())], value: value(place)? }));
        each.collect()
    };
    Ok(vec![
        Family::seconds(
            "backup_last_success_timestamp",
            "When the newest backup of this store there was made, opened and read",
            samples(&|place| Some(place.newest?.timestamp() as f64)),
        ),
        Family::gauge(
            "backup_missed",
            None,
            "1 if the schedule named a moment since then, or no backup is there; absent = none is made by itself",
            samples(&|place| Some(f64::from(u8::from(place.missed?)))),
        ),
    ])
}

fn about_channels(states: Vec<ChannelState>) -> Vec<Family> {
    let count = |what: fn(&ChannelState) -> u64, outcome: &'static str| {
        states.iter().map(move |state| {
            let mut labels = vec![("channel", state.channel.clone())];
            labels.extend((!outcome.is_empty()).then(|| ("outcome", outcome.to_owned())));
            Sample { labels, value: what(state) as f64 }
        })
    };
    let settled = count(|state| state.delivered, "delivered").chain(count(|state| state.dead, "given_up")).collect();
    let last = states.iter().filter_map(|state| {
        let labels = vec![("channel", state.channel.clone())];
        Some(Sample { labels, value: state.last_delivered_at?.timestamp() as f64 })
    });
    vec![
        Family::gauge(
            "deliveries_pending",
            None,
            "Messages that wait for an attempt",
            count(|state| state.pending, "").collect(),
        ),
        Family {
            name: "deliveries_settled_total",
            help: "Messages that arrived or were given up, since the store began",
            unit: None,
            kind: MetricType::Counter,
            samples: settled,
        },
        Family::seconds("channel_last_delivery_timestamp", "When a message last arrived", last.collect()),
    ]
}

fn about_the_position(view: &View, now: DateTime<Utc>) -> Vec<Family> {
    let position = &view.position;
    let mut families = vec![
        Family::seconds(
            "position_timestamp",
            "Clock of the newest finished cycle, which the figures below are as of",
            Sample::alone(position.as_of.timestamp() as f64),
        ),
        Family::seconds(
            "data_through_timestamp",
            "Start of the last complete day of costs, in UTC",
            position.data_through.map(|day| Sample::alone(seconds_at(day))).unwrap_or_default(),
        ),
    ];
    families.extend(spend(position));
    families.extend(pools(position));
    families.extend(exhaustion(position, now));
    families.push(findings(position));
    families
}

fn spend(position: &Position) -> Vec<Family> {
    let unit = || Some(Unit::Other(position.currency.to_ascii_lowercase()));
    let amount = |name, help, amount: Money| Family::gauge(name, unit(), help, Sample::alone(amount.to_chart()));
    let (spend, quality) = (&position.spend, &position.data_quality);
    let burn = [("7d", spend.burn_per_day.last_7_days), ("28d", spend.burn_per_day.last_28_days)];
    let burn = burn.into_iter().filter_map(|(window, amount)| {
        Some(Sample { labels: vec![("window", window.to_owned())], value: amount?.to_chart() })
    });
    vec![
        amount(
            "gross_to_date",
            "Everything but credit, refund and tax, from the first stored day",
            spend.gross_to_date,
        ),
        amount(
            "credit_to_date",
            "Credit applied, from the first stored day; negative as on AWS's bill",
            spend.credit_to_date,
        ),
        amount("refund_to_date", "Refunds, from the first stored day; negative as on AWS's bill", spend.refund_to_date),
        amount("tax_to_date", "Tax, from the first stored day", spend.tax_to_date),
        amount("net_to_date", "Cash: gross, credit, refund and tax, from the first stored day", spend.net_to_date),
        amount("gross_month_to_date", "Gross of the newest month with data", spend.gross_month_to_date),
        Family::gauge("burn_per_day", unit(), "Average daily usage without one-off fees", burn.collect()),
        amount("unclassified_month_to_date", "Spend of the month that no rule understands", quality.unclassified_cost),
        amount(
            "reconciliation_gap",
            "Credit by replay that differs from what AWS applied in closed months, without sign",
            quality.reconciliation_gap,
        ),
        amount(
            "moved_in_last_cycle",
            "What the newest cycle changed about days already stored, without sign",
            quality.moved_in_last_cycle,
        ),
    ]
}

fn pools(position: &Position) -> Vec<Family> {
    let samples = |value: &dyn Fn(&PoolPosition) -> Option<f64>| {
        let each = position.credits.pools.iter().filter_map(|pool| {
            let programme = pool.programme.map(|programme| programme.as_str()).unwrap_or_default();
            let labels =
                vec![("pool", pool.id.clone()), ("name", pool.name.clone()), ("programme", programme.to_owned())];
            Some(Sample { labels, value: value(pool)? })
        });
        each.collect()
    };
    let family = |name, help, amount: fn(&PoolPosition) -> Option<Money>| {
        let unit = Unit::Other(position.currency.to_ascii_lowercase());
        Family::gauge(name, Some(unit), help, samples(&|pool| Some(amount(pool)?.to_chart())))
    };
    vec![
        family("pool_granted", "Credit granted", |pool| Some(pool.granted)),
        family("pool_remaining", "Credit left by replay; 0 once expired", |pool| Some(pool.remaining)),
        family("pool_left", "Credit left as it is told, from which the outlook starts", |pool| Some(pool.left)),
        family(
            "pool_stated",
            "Credit left as AWS last stated it, as derived where it left that out, or as typed in",
            |pool| pool.stated.map(|stated| stated.amount),
        ),
        Family::seconds(
            "pool_expiry_timestamp",
            "Start of the first day on which the credit pays nothing any more",
            samples(&|pool| Some(seconds_at(pool.expires_on))),
        ),
    ]
}

/// Dates at three odds. The label is not called `quantile`, which Prometheus keeps for summaries.
fn exhaustion(position: &Position, now: DateTime<Utc>) -> Vec<Family> {
    let DateQuantiles { p10, p50, p90 } = position.exhaustion.total;
    let days = [("p10", p10), ("p50", p50), ("p90", p90)];
    let samples = |value: &dyn Fn(NaiveDate) -> f64| {
        let known = days.iter().filter_map(|(odds, day)| Some((*odds, (*day)?)));
        known.map(|(odds, day)| Sample { labels: vec![("odds", odds.to_owned())], value: value(day) }).collect()
    };
    vec![
        Family::seconds(
            "exhaustion_timestamp",
            "Start of the first day on which credit no longer pays what it could; absent = not within a year",
            samples(&seconds_at),
        ),
        // Seconds, because that is Prometheus' base unit of time; divide by 86400 for days.
        Family::seconds(
            "runway",
            "Time until that day; 0 once it has begun",
            samples(&|day| (seconds_at(day) - now.timestamp() as f64).max(0.0)),
        ),
        Family::seconds(
            "exhaustion_as_filed_timestamp",
            "Start of that day if spend goes as filed; absent = nothing is filed, or not within a year",
            position
                .exhaustion
                .as_filed
                .map(|day| Sample { labels: Vec::new(), value: seconds_at(day) })
                .into_iter()
                .collect(),
        ),
    ]
}

fn findings(position: &Position) -> Family {
    let mut counts = std::collections::BTreeMap::<_, u32>::new();
    for finding in &position.findings {
        *counts.entry((finding.rule.as_str(), finding.severity.as_str())).or_default() += 1;
    }
    let samples = counts.into_iter().map(|((rule, severity), count)| Sample {
        labels: vec![("rule", rule.to_owned()), ("severity", severity.to_owned())],
        value: f64::from(count),
    });
    Family::gauge("findings", None, "What the newest cycle found", samples.collect())
}

fn seconds_at(day: NaiveDate) -> f64 {
    day.and_time(NaiveTime::MIN).and_utc().timestamp() as f64
}
