//! The one table of routes: address, permission, description and handler in one place, so that the router, the OpenAPI
//! document and the rules of access cannot disagree.

use axum::handler::Handler;
use axum::http::{Method, StatusCode};
use axum::routing::{self, MethodRouter};
use serde_json::Value;
use utoipa::openapi::path::{Parameter, ParameterIn};
use utoipa::openapi::schema::{ArrayBuilder, Schema, SchemaType, Type};
use utoipa::openapi::{Ref, RefOr};
use utoipa::{IntoParams, ToSchema};

use super::charges::{self, ChargesPage, ChargesQuery, RestatementsPage};
use super::commands::{CheckQuery, TestQuery};
use super::health::{self, Ready};
use super::pages::{self, PricesQuery, ReportsList};
use super::paging::Paging;
use super::parts::{self, EventsPage, HistoryPage, IssuedPage, OutlookPart, VariancePart};
use super::permission::Needs;
use super::query::{AsOfQuery, MomentQuery};
use super::shared::{self, LinksPage, SharedQuery};
use super::whatif::{self, WhatIfAnswer, WhatIfQuery};
use super::{State, assets, audit, commands, entries, metrics, openapi, plan};
use crate::cycle::{
    AcceptOrder, AcceptedDays, AlertList, BackupReport, BalanceEntry, CheckReport, CycleReport, EndedLink, FiledView,
    LinkOrder, MadeLink, MuteEntry, RecordedEntry, ReplayOrder, ReplayProgress, SentReport, TestedChannel,
    VerifyReport,
};
use crate::domain::alert::{Mute, ReplayReport};
use crate::domain::billing::implied_price::PriceRow;
use crate::domain::filing::ask::CheckedFiling;
use crate::domain::outlook::plan::{PlanOrder, Planned};
use crate::domain::position::series::Series;
use crate::domain::position::{Credits, Position};
use crate::report::Format;
use crate::store::StoredProjection;

/// The schemas that others refer to, by name; one that is referred to twice may stand here twice.
pub type Named = Vec<(String, RefOr<Schema>)>;

/// Gives the schema of a type, and notes those that it refers to.
pub type SchemaOf = fn(&mut Named) -> RefOr<Schema>;

/// How much a route takes and for how long.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Weight {
    /// Reads, or enters a line.
    Light,
    /// Takes thousands of lines.
    Filing,
    /// Hands out a report, which may have to be made.
    Report,
    /// Asks AWS or copies the store.
    Order,
}

/// What a route is about, for readers of the description.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Area {
    /// The daemon.
    Daemon,
    /// What a cycle worked out.
    Figures,
    /// What was told, and what people say about it.
    Alerts,
    /// What AWS billed and granted, row by row.
    Stored,
    /// What was filed.
    Filings,
    /// Papers, and who may read them.
    Reports,
}

impl Area {
    /// All, in the order in which the description has them.
    pub const ALL: [Area; 6] = [Area::Figures, Area::Alerts, Area::Stored, Area::Filings, Area::Reports, Area::Daemon];

    /// Its name in the description.
    pub const fn name(self) -> &'static str {
        match self {
            Area::Daemon => "daemon",
            Area::Figures => "figures",
            Area::Alerts => "alerts",
            Area::Stored => "charges and credits",
            Area::Filings => "filings",
            Area::Reports => "reports and links",
        }
    }

    /// What belongs to it.
    pub const fn words(self) -> &'static str {
        match self {
            Area::Daemon => "Health, metrics, the page, this document, and orders to the daemon.",
            Area::Figures => "What a cycle worked out: position, variance, outlook, curves and what-ifs.",
            Area::Alerts => "What was told, what is muted, and what rules would have told.",
            Area::Stored => "What AWS billed, restated and granted, and balances read off the console.",
            Area::Filings => "The projections that were filed with AWS, and what else is planned.",
            Area::Reports => "Reports, links to them for people without an account, and who read what.",
        }
    }
}

/// What a route takes.
#[derive(Debug, Clone, Copy)]
pub struct Body {
    /// Its media type.
    pub media_type: &'static str,
    /// Its schema.
    pub schema: SchemaOf,
    /// One that could be sent; whoever sends another shape is told this one.
    pub example: &'static str,
}

impl Body {
    /// The example as a value of its media type.
    pub fn example(&self) -> Value {
        serde_json::from_str(self.example).unwrap_or_else(|_| self.example.into())
    }
}

/// One method of one address.
pub struct Route {
    /// The method.
    pub method: Method,
    /// The address, as axum and OpenAPI both write it.
    pub path: &'static str,
    /// Who may.
    pub needs: Needs,
    /// What it is about.
    pub area: Area,
    /// What it is, in a line.
    pub summary: &'static str,
    /// Its query parameters, as the fields of a type.
    pub query: Option<fn() -> Vec<Parameter>>,
    /// What it takes.
    pub body: Option<Body>,
    /// How it answers when all is well.
    pub status: StatusCode,
    /// What it answers then: media types and schemas.
    pub answers: Vec<(&'static str, SchemaOf)>,
    /// What it may cost.
    pub weight: Weight,
    /// Whether a caller who has the answer is told so.
    pub conditional: bool,
    /// Who answers.
    pub handler: MethodRouter<State>,
}

/// A reference to a type of ours.
pub fn named<T: ToSchema>(schemas: &mut Named) -> RefOr<Schema> {
    schemas.push((T::name().into_owned(), T::schema()));
    T::schemas(schemas);
    Ref::from_schema_name(T::name()).into()
}

fn list_of<T: ToSchema>(schemas: &mut Named) -> RefOr<Schema> {
    ArrayBuilder::new().items(named::<T>(schemas)).into()
}

/// A type that everybody knows, written out.
fn plain<T: ToSchema>(_: &mut Named) -> RefOr<Schema> {
    T::schema()
}

/// In an address nothing is null: what is optional is left out.
fn fields_of<Q: IntoParams>() -> Vec<Parameter> {
    let mut fields = Q::into_params(|| Some(ParameterIn::Query));
    for field in &mut fields {
        let Some(RefOr::T(Schema::Object(object))) = &mut field.schema else { continue };
        if let SchemaType::Array(types) = &mut object.schema_type {
            types.retain(|one| *one != Type::Null);
            if let [one] = types.as_slice() {
                object.schema_type = SchemaType::Type(one.clone());
            }
        }
    }
    fields
}

impl Route {
    fn new(method: Method, path: &'static str, needs: Needs, handler: MethodRouter<State>) -> Route {
        let conditional = method == Method::GET && needs != Needs::Open;
        Route {
            method,
            path,
            needs,
            area: Area::Daemon,
            summary: "",
            query: None,
            body: None,
            status: StatusCode::OK,
            answers: Vec::new(),
            weight: Weight::Light,
            conditional,
            handler,
        }
    }

    fn get<H: Handler<T, State>, T: 'static>(path: &'static str, needs: Needs, handler: H) -> Route {
        Route::new(Method::GET, path, needs, routing::get(handler))
    }

    fn post<H: Handler<T, State>, T: 'static>(path: &'static str, needs: Needs, handler: H) -> Route {
        Route::new(Method::POST, path, needs, routing::post(handler))
    }

    fn delete<H: Handler<T, State>, T: 'static>(path: &'static str, needs: Needs, handler: H) -> Route {
        Route::new(Method::DELETE, path, needs, routing::delete(handler))
    }

    fn says(self, summary: &'static str) -> Route {
        Route { summary, ..self }
    }

    fn asks<Q: IntoParams>(self) -> Route {
        Route { query: Some(fields_of::<Q>), ..self }
    }

    fn takes<B: ToSchema>(self, example: &'static str) -> Route {
        Route { body: Some(Body { media_type: "application/json", schema: named::<B>, example }), ..self }
    }

    fn takes_text(self, media_type: &'static str, example: &'static str) -> Route {
        Route { body: Some(Body { media_type, schema: plain::<String>, example }), ..self }
    }

    fn gives<A: ToSchema>(mut self) -> Route {
        self.answers.push(("application/json", named::<A>));
        self
    }

    fn gives_list<A: ToSchema>(mut self) -> Route {
        self.answers.push(("application/json", list_of::<A>));
        self
    }

    fn gives_json(mut self) -> Route {
        self.answers.push(("application/json", plain::<Value>));
        self
    }

    fn gives_text(mut self, media_type: &'static str) -> Route {
        self.answers.push((media_type, plain::<String>));
        self
    }

    fn creates(self) -> Route {
        Route { status: StatusCode::CREATED, ..self }
    }

    fn weighs(self, weight: Weight) -> Route {
        Route { weight, ..self }
    }

    /// Never from a copy: every scrape and every probe is a new one.
    fn always_anew(self) -> Route {
        Route { conditional: false, ..self }
    }

    fn gives_reports(mut self) -> Route {
        for format in Format::ALL {
            let media_type = format.media_type().split(';').next().unwrap_or_default();
            let schema: SchemaOf = if format == Format::Json { plain::<Value> } else { plain::<String> };
            self.answers.push((media_type, schema));
        }
        self.weighs(Weight::Report)
    }
}

/// Every route.
pub fn routes() -> Vec<Route> {
    let about = |area, routes: Vec<Route>| routes.into_iter().map(move |route| Route { area, ..route });
    about(Area::Daemon, about_itself())
        .chain(about(Area::Figures, figures()))
        .chain(about(Area::Alerts, alerts()))
        .chain(about(Area::Stored, stored_rows()))
        .chain(about(Area::Filings, filings()))
        .chain(about(Area::Filings, plans()))
        .chain(about(Area::Reports, reports_and_links()))
        .chain(about(Area::Daemon, orders()))
        .collect()
}

fn about_itself() -> Vec<Route> {
    vec![
        Route::get("/healthz", Needs::Open, health::healthz)
            .says("Whether the process answers; the header `glidepath-store` is the id of its store.")
            .gives_text("text/plain"),
        Route::get("/readyz", Needs::Open, health::readyz)
            .says("Whether the store answers and costs were pulled within 36 hours.")
            .gives::<Ready>(),
        Route::get("/metrics", Needs::Read, metrics::metrics)
            .says("Metrics for Prometheus.")
            .gives_text("text/plain")
            .always_anew(),
        Route::get("/api/v1/openapi.json", Needs::Read, openapi::answer).says("This document.").gives_json(),
        Route::get("/", Needs::Reports, pages::page)
            .says("The page for people; a partner's leads to its reports.")
            .asks::<MomentQuery>()
            .gives_text("text/html")
            .weighs(Weight::Report),
        // Its address changes with its content, so that a browser never asks again.
        Route::get("/assets/{version}/{name}", Needs::Read, assets::asset)
            .says("A stylesheet or script of the page.")
            .gives_text("text/css")
            .gives_text("text/javascript")
            .always_anew(),
    ]
}

fn figures() -> Vec<Route> {
    vec![
        Route::get("/api/v1/position", Needs::Read, pages::position)
            .says("Everything as of one cycle.")
            .asks::<AsOfQuery>()
            .gives::<Position>(),
        Route::get("/api/v1/variance", Needs::Read, parts::variance)
            .says("Actual against filed, with causes.")
            .asks::<AsOfQuery>()
            .gives::<VariancePart>(),
        Route::get("/api/v1/outlook", Needs::Read, parts::outlook)
            .says("When credits end, the bill afterwards, and how good earlier outlooks were.")
            .asks::<AsOfQuery>()
            .gives::<OutlookPart>(),
        Route::get("/api/v1/series", Needs::Read, pages::series)
            .says("Day series for charts.")
            .asks::<AsOfQuery>()
            .gives::<Series>(),
        Route::get("/api/v1/whatif", Needs::Read, whatif::whatif)
            .says("What changes would buy, all together, or the levers of this account ranked where none is asked.")
            .asks::<WhatIfQuery>()
            .gives::<WhatIfAnswer>()
            .weighs(Weight::Order),
    ]
}

fn alerts() -> Vec<Route> {
    vec![
        Route::get("/api/v1/alerts", Needs::Read, pages::alerts)
            .says("The alerts as they stand, and what is acknowledged or silenced.")
            .gives::<AlertList>(),
        Route::get("/api/v1/alerts/events", Needs::Read, parts::events)
            .says("Every message that was decided on, newest first.")
            .asks::<Paging>()
            .gives::<EventsPage>(),
        Route::post("/api/v1/alerts/mutes", Needs::Acknowledge, entries::mute)
            .says("Acknowledge an alert, silence it for a while, or take either back.")
            .takes::<MuteEntry>(entries::MUTE_EXAMPLE)
            .gives::<Mute>()
            .creates(),
        Route::post("/api/v1/alerts/test", Needs::Operate, commands::test_channels)
            .says("Send a test message through every channel, or one.")
            .asks::<TestQuery>()
            .gives_list::<TestedChannel>()
            .weighs(Weight::Order),
        Route::get("/api/v1/replay", Needs::Read, commands::replays)
            .says("How far the replays that run have come.")
            .gives_list::<ReplayProgress>(),
        Route::post("/api/v1/replay", Needs::Read, commands::replay)
            .says("What alert rules would have told over the past. Nothing is sent or stored; it ends with its caller.")
            .takes::<ReplayOrder>(commands::REPLAY_EXAMPLE)
            .gives::<ReplayReport>()
            .weighs(Weight::Order),
    ]
}

fn stored_rows() -> Vec<Route> {
    vec![
        Route::get("/api/v1/charges", Needs::Read, charges::charges)
            .says("Stored charges as believed, by day, service and record type.")
            .asks::<ChargesQuery>()
            .gives::<ChargesPage>(),
        Route::get("/api/v1/restatements", Needs::Read, charges::restatements)
            .says("What AWS changed about complete days, newest first.")
            .asks::<Paging>()
            .gives::<RestatementsPage>(),
        Route::post("/api/v1/vanished/accept", Needs::Enter, entries::accept_vanished)
            .says("Accept days that AWS no longer shows as costing nothing; both days are included.")
            .takes::<AcceptOrder>(entries::ACCEPT_EXAMPLE)
            .gives::<AcceptedDays>()
            .creates(),
        Route::get("/api/v1/credits", Needs::Read, pages::credits)
            .says("Credit granted and left, with the pools.")
            .asks::<AsOfQuery>()
            .gives::<Credits>(),
        Route::get("/api/v1/credits/history", Needs::Read, parts::credit_history)
            .says("Every snapshot of what AWS listed, oldest first.")
            .asks::<Paging>()
            .gives::<HistoryPage>(),
        Route::post("/api/v1/credits/statements", Needs::Enter, entries::record_balance)
            .says("Record a balance read off the console; it counts at once.")
            .takes::<BalanceEntry>(entries::BALANCE_EXAMPLE)
            .gives::<RecordedEntry>()
            .creates(),
    ]
}

fn filings() -> Vec<Route> {
    vec![
        Route::get("/api/v1/projections", Needs::Read, pages::projections)
            .says("Every filing, oldest version first, in one list: there are as many as were filed with AWS.")
            .gives_list::<StoredProjection>(),
        Route::post("/api/v1/projections", Needs::Enter, entries::file_projection)
            .says("Freeze a filing under the next version; the newest version's text again is that version.")
            .asks::<entries::FilingQuery>()
            .takes_text("application/toml", entries::FILING_EXAMPLE)
            .gives::<StoredProjection>()
            .weighs(Weight::Filing),
        Route::post("/api/v1/projection-check", Needs::Read, entries::check_projection)
            .says("What is wrong with a filing, what it comes to, and what AWS's reviewer may object to. Nothing is stored.")
            .takes_text("application/toml", entries::FILING_EXAMPLE)
            .gives::<CheckedFiling>()
            .weighs(Weight::Filing),
        Route::get("/api/v1/projections/{version}", Needs::Read, pages::projection)
            .says("One filing with its plan, by number or as `newest`.")
            .gives::<FiledView>(),
        Route::get("/api/v1/projection-draft", Needs::Read, pages::projection_draft)
            .says("The next filing, drafted from the bill: TOML that can be filed as it is or corrected first.")
            .gives_text("application/toml")
            .weighs(Weight::Order),
        Route::get("/api/v1/prices", Needs::Read, pages::prices)
            .says("The price book beside what the bill implies.")
            .asks::<PricesQuery>()
            .gives_list::<PriceRow>()
            .weighs(Weight::Order),
    ]
}

fn plans() -> Vec<Route> {
    vec![
        Route::get("/api/v1/plan", Needs::Read, plan::list)
            .says("What is planned, by people and by the filing, in order of day.")
            .asks::<AsOfQuery>()
            .gives_list::<Planned>(),
        Route::post("/api/v1/plan", Needs::Enter, plan::add)
            .says("Plan an event: the flags of `plan add` under their own names.")
            .takes::<PlanOrder>(plan::EXAMPLE)
            .gives::<Planned>()
            .creates(),
        Route::delete("/api/v1/plan/{id}", Needs::Enter, plan::remove)
            .says("Take an event back.")
            .gives::<plan::Removed>(),
    ]
}

fn reports_and_links() -> Vec<Route> {
    vec![
        Route::get("/api/v1/reports", Needs::Reports, pages::reports)
            .says("The kinds of report, with their formats and addresses.")
            .gives::<ReportsList>(),
        Route::get("/api/v1/reports/issued", Needs::Read, parts::issued_reports)
            .says("Every report that was handed out, with its hash, oldest first.")
            .asks::<Paging>()
            .gives::<IssuedPage>(),
        Route::get("/api/v1/reports/{file}", Needs::Reports, pages::report)
            .says("A report, named by kind and format; a partner sees its own records.")
            .asks::<AsOfQuery>()
            .gives_reports(),
        Route::post("/api/v1/reports/{file}/send/{channel}", Needs::Share, commands::send_report)
            .says("Send a report to a channel now; a partner's channel gets the partner's view.")
            .asks::<AsOfQuery>()
            .gives::<SentReport>()
            .weighs(Weight::Order),
        Route::get("/shared/{link}", Needs::Open, shared::shared)
            .says(
                "The report, or the page of all reports, behind a link that was made for somebody without an account.",
            )
            .asks::<SharedQuery>()
            .gives_reports(),
        Route::get("/api/v1/links", Needs::Share, shared::list)
            .says("Links that were made, newest first.")
            .asks::<Paging>()
            .gives::<LinksPage>(),
        Route::post("/api/v1/links", Needs::Share, shared::make)
            .says("Make a link that shows a report, or a page of all, to somebody without an account until it expires.")
            .takes::<LinkOrder>(shared::LINK_EXAMPLE)
            .gives::<MadeLink>()
            .creates(),
        Route::delete("/api/v1/links/{id}", Needs::Share, shared::revoke)
            .says("End a link before its time.")
            .gives::<EndedLink>(),
        Route::get("/api/v1/audit", Needs::Share, audit::list)
            .says("Who read reports and who entered what, newest first.")
            .asks::<Paging>()
            .gives::<audit::AuditPage>(),
    ]
}

fn orders() -> Vec<Route> {
    vec![
        Route::post("/api/v1/cycle", Needs::Operate, commands::cycle)
            .says("Run a cycle now. Asks AWS, which charges for it.")
            .gives::<CycleReport>()
            .weighs(Weight::Order),
        Route::post("/api/v1/check", Needs::Operate, commands::check)
            .says("Try each permission, and send a test message through each channel. AWS charges 0.01 USD for it.")
            .asks::<CheckQuery>()
            .gives::<CheckReport>()
            .weighs(Weight::Order),
        Route::post("/api/v1/backup", Needs::Operate, commands::backup)
            .says("Make a backup now.")
            .gives::<BackupReport>()
            .weighs(Weight::Order),
        Route::post("/api/v1/verify", Needs::Operate, commands::verify)
            .says("Read every row of the store now, and check that the facts fit each other. Damage is healed afterwards.")
            .gives::<VerifyReport>()
            .weighs(Weight::Order),
    ]
}
