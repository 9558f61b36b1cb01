//! The one table of routes: address, permission, description and handler in one place, so that the router, the OpenAPI
//! document and the rules of access cannot disagree.

use super::charges::{self, ChargesPage, ChargesQuery, RestatementsPage};
use super::commands::{CheckQuery, TestQuery};
use super::health::{self, Ready};
use super::pages::{self, PricesQuery, ReportsList};
use super::paging::Paging;
use super::parts::{self, EventsPage, HistoryPage, IssuedPage, OutlookPart, VariancePart};
use super::permission::Needs;
use super::query::{AsOfQuery, MomentQuery};
use super::route::{Area, Route, Weight};
use super::shared::{self, LinksPage, SharedQuery};
use super::whatif::{self, WhatIfAnswer, WhatIfQuery};
use super::{assets, audit, commands, description, entries, metrics, plan};
use crate::cycle::{
    AcceptOrder, AcceptedDays, AlertList, BackupReport, BalanceEntry, CheckReport, CycleReport, EndedLink, FiledView,
    LinkOrder, MadeLink, MuteEntry, RecordedEntry, ReplayOrder, ReplayProgress, SentReport, TestedChannel,
    VerifyReport,
};
use crate::domain::alert::{Mute, ReplayReport};
use crate::domain::billing::implied_price::PriceRow;
use crate::domain::filing::ask::CheckedFiling;
use crate::domain::plan::{PlanOrder, Planned};
use crate::domain::position::series::Series;
use crate::domain::position::{Credits, Position};
use crate::store::StoredProjection;

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
        Route::get("/api/v1/openapi.json", Needs::Read, description::answer).says("This document.").gives_json(),
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
