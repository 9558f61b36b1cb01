//! What a route is: address, permission, description and handler in one place.

use axum::handler::Handler;
use axum::http::{Method, StatusCode};
use axum::routing::{self, MethodRouter};
use serde_json::Value;
use utoipa::openapi::path::{Parameter, ParameterIn};
use utoipa::openapi::schema::{ArrayBuilder, Schema, SchemaType, Type};
use utoipa::openapi::{Ref, RefOr};
use utoipa::{IntoParams, ToSchema};

use super::permission::Needs;
use super::state::State;
use crate::report::Format;

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
    pub(super) fn new(method: Method, path: &'static str, needs: Needs, handler: MethodRouter<State>) -> Route {
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

    pub(super) fn get<H: Handler<T, State>, T: 'static>(path: &'static str, needs: Needs, handler: H) -> Route {
        Route::new(Method::GET, path, needs, routing::get(handler))
    }

    pub(super) fn post<H: Handler<T, State>, T: 'static>(path: &'static str, needs: Needs, handler: H) -> Route {
        Route::new(Method::POST, path, needs, routing::post(handler))
    }

    pub(super) fn delete<H: Handler<T, State>, T: 'static>(path: &'static str, needs: Needs, handler: H) -> Route {
        Route::new(Method::DELETE, path, needs, routing::delete(handler))
    }

    pub(super) fn says(self, summary: &'static str) -> Route {
        Route { summary, ..self }
    }

    pub(super) fn asks<Q: IntoParams>(self) -> Route {
        Route { query: Some(fields_of::<Q>), ..self }
    }

    pub(super) fn takes<B: ToSchema>(self, example: &'static str) -> Route {
        Route { body: Some(Body { media_type: "application/json", schema: named::<B>, example }), ..self }
    }

    pub(super) fn takes_text(self, media_type: &'static str, example: &'static str) -> Route {
        Route { body: Some(Body { media_type, schema: plain::<String>, example }), ..self }
    }

    pub(super) fn gives<A: ToSchema>(mut self) -> Route {
        self.answers.push(("application/json", named::<A>));
        self
    }

    pub(super) fn gives_list<A: ToSchema>(mut self) -> Route {
        self.answers.push(("application/json", list_of::<A>));
        self
    }

    pub(super) fn gives_json(mut self) -> Route {
        self.answers.push(("application/json", plain::<Value>));
        self
    }

    pub(super) fn gives_text(mut self, media_type: &'static str) -> Route {
        self.answers.push((media_type, plain::<String>));
        self
    }

    pub(super) fn creates(self) -> Route {
        Route { status: StatusCode::CREATED, ..self }
    }

    pub(super) fn weighs(self, weight: Weight) -> Route {
        Route { weight, ..self }
    }

    /// Never from a copy: every scrape and every probe is a new one.
    pub(super) fn always_anew(self) -> Route {
        Route { conditional: false, ..self }
    }

    pub(super) fn gives_reports(mut self) -> Route {
        for format in Format::ALL {
            let media_type = format.media_type().split(';').next().unwrap_or_default();
            let schema: SchemaOf = if format == Format::Json { plain::<Value> } else { plain::<String> };
            self.answers.push((media_type, schema));
        }
        self.weighs(Weight::Report)
    }
}
