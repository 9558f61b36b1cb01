//! The OpenAPI 3.1 document, put together by utoipa from the table of routes and the types that they answer with.

use axum::http::Method;
use serde_json::Value;
use utoipa::openapi::extensions::ExtensionsBuilder;
use utoipa::openapi::header::HeaderBuilder;
use utoipa::openapi::path::{Operation, OperationBuilder, Parameter, ParameterBuilder, ParameterIn, Paths};
use utoipa::openapi::request_body::RequestBodyBuilder;
use utoipa::openapi::schema::{ComponentsBuilder, ObjectBuilder, Schema, Type};
use utoipa::openapi::security::{Http, HttpAuthScheme, HttpBuilder, SecurityRequirement, SecurityScheme};
use utoipa::openapi::tag::TagBuilder;
use utoipa::openapi::{
    Content, ContentBuilder, HttpMethod, InfoBuilder, LicenseBuilder, OpenApi, OpenApiBuilder, Required,
    ResponseBuilder, ResponsesBuilder, Server,
};

use super::failure::{PROBLEM_JSON, Problem};
use super::permission::Needs;
use super::route::{Area, Named, Route, SchemaOf, named};
use super::routes::routes;
use crate::report::ReportKind;

/// The document of a daemon that is served from the root of its host.
///
/// # Panics
/// Never: what utoipa builds has text as its keys, and so can be written as JSON.
pub fn document() -> Value {
    serde_json::to_value(described()).expect("an OpenAPI document is JSON")
}

fn described() -> OpenApi {
    let mut schemas = Named::new();
    let mut paths = Paths::new();
    for route in routes() {
        let operation = operation(&route, &mut schemas);
        paths.add_path_operation(route.path, vec![http_method(&route.method)], operation);
    }
    let components = ComponentsBuilder::new()
        .schemas_from_iter(schemas)
        .security_scheme("bearer", SecurityScheme::Http(Http::new(HttpAuthScheme::Bearer)))
        .security_scheme("basic", SecurityScheme::Http(basic()));
    OpenApiBuilder::new()
        .info(
            InfoBuilder::new()
                .title("Glidepath")
                .version(env!("CARGO_PKG_VERSION"))
                .description(Some(
                    "AWS credits against the projection they were granted for. Money and quantities are exact and travel \
                     as strings; days are UTC; absent is null. Lists that grow come in pages: follow `next`. A parameter \
                     that an address does not describe is refused, but by those of health. Every error of an address is a \
                     problem of RFC 9457, with `advice` where something can be done, or a page that says the same to who \
                     accepts text/html before JSON; what is no HTTP is answered with a bare status.",
                ))
                .license(Some(LicenseBuilder::new().name("Apache-2.0").identifier(Some("Apache-2.0")).build())),
        )
        .servers(Some([Server::new("/")]))
        .tags(Some(Area::ALL.map(|area| TagBuilder::new().name(area.name()).description(Some(area.words())).build())))
        .paths(paths)
        .components(Some(components.build()))
        .build()
}

/// A browser can send nothing else by itself.
fn basic() -> Http {
    HttpBuilder::new().scheme(HttpAuthScheme::Basic).description(Some("Any user name, the token as password.")).build()
}

fn http_method(method: &Method) -> HttpMethod {
    match *method {
        Method::POST => HttpMethod::Post,
        Method::DELETE => HttpMethod::Delete,
        _ => HttpMethod::Get,
    }
}

fn operation(route: &Route, schemas: &mut Named) -> Operation {
    let mut good = ResponseBuilder::new().description(route.summary);
    for (media_type, schema) in contents(&route.answers, schemas) {
        good = good.content(media_type, schema);
    }
    let mut responses = ResponsesBuilder::new();
    if route.conditional {
        good = good.header("ETag", HeaderBuilder::new().description(Some("A hash of the answer.")).build());
        let known = ResponseBuilder::new().description("The caller has this answer: If-None-Match names it.");
        responses = responses.response("304", known);
    }
    responses = responses
        .response(route.status.as_str(), good)
        .response("4XX", problem("What was asked is wrong, or not for this caller.", schemas))
        // A daemon without fresh data, and a request that took too long.
        .response("503", problem("It cannot be answered now.", schemas))
        .response("5XX", problem("Something failed in here; the log says why.", schemas));
    let parameters =
        path_parameters(route.path).into_iter().chain(route.query.map(|query| query()).unwrap_or_default());
    let mut operation = OperationBuilder::new()
        .operation_id(Some(operation_id(route)))
        .summary(Some(route.summary))
        .tag(route.area.name())
        .parameters(Some(parameters))
        .responses(responses)
        .securities(Some(securities(route.needs)))
        .extensions(Some(ExtensionsBuilder::new().add("x-roles", route.needs.roles()).build()));
    if let Some(body) = route.body {
        let content = ContentBuilder::new().schema(Some((body.schema)(schemas))).example(Some(body.example()));
        let taken = RequestBodyBuilder::new().required(Some(Required::True)).content(body.media_type, content.build());
        operation = operation.request_body(Some(taken.build()));
    }
    operation.build()
}

/// Either of the two ways to show a token, or none at all.
fn securities(needs: Needs) -> Vec<SecurityRequirement> {
    let scheme = |name| SecurityRequirement::new::<_, [&str; 0], &str>(name, []);
    if needs == Needs::Open { Vec::new() } else { vec![scheme("bearer"), scheme("basic")] }
}

fn contents(types: &[(&'static str, SchemaOf)], schemas: &mut Named) -> Vec<(&'static str, Content)> {
    types.iter().map(|(media_type, schema)| (*media_type, Content::new(Some(schema(schemas))))).collect()
}

fn problem(description: &str, schemas: &mut Named) -> ResponseBuilder {
    let page: Schema = ObjectBuilder::new().schema_type(Type::String).into();
    ResponseBuilder::new()
        .description(description)
        .content(PROBLEM_JSON, Content::new(Some(named::<Problem>(schemas))))
        .content("text/html", Content::new(Some(page)))
}

/// The method and the words of the address: `getCreditsHistory`.
fn operation_id(route: &Route) -> String {
    let words = route.path.trim_start_matches("/api/v1").split(|c: char| !c.is_ascii_alphanumeric());
    let mut id = route.method.as_str().to_ascii_lowercase();
    for word in words.filter(|word| !word.is_empty()) {
        id.push_str(&word[..1].to_ascii_uppercase());
        id.push_str(&word[1..]);
    }
    id
}

fn path_parameters(path: &str) -> Vec<Parameter> {
    let names = path.split('/').filter_map(|part| part.strip_prefix('{')?.strip_suffix('}'));
    let parameter = |name: &str| {
        ParameterBuilder::new()
            .name(name)
            .parameter_in(ParameterIn::Path)
            .required(Required::True)
            .schema(Some(path_schema(path, name)))
            .build()
    };
    names.map(parameter).collect()
}

fn path_schema(path: &str, name: &str) -> Schema {
    let text = ObjectBuilder::new().schema_type(Type::String);
    let text = match name {
        "version" if path.starts_with("/assets/") => text.pattern(Some("^[0-9a-f]{12}$")),
        "file" => {
            let kinds = ReportKind::ALL.into_iter();
            let files = kinds.flat_map(|kind| kind.formats().iter().map(move |format| format!("{kind}.{format}")));
            text.enum_values(Some(files))
        }
        "version" => text.pattern(Some("^(newest|[1-9][0-9]{0,5})$")),
        "id" => text.pattern(Some("^[0-9a-f]{32}$")),
        _ => text.min_length(Some(1)),
    };
    text.into()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use utoipa::openapi::RefOr;

    use super::*;

    /// utoipa knows types by their last name alone, and one would silently stand for the other.
    #[test]
    fn no_two_types_share_a_name() {
        let mut schemas = Named::new();
        for route in routes() {
            operation(&route, &mut schemas);
        }
        let mut known: BTreeMap<String, RefOr<Schema>> = BTreeMap::new();
        for (name, schema) in schemas {
            let other = known.insert(name.clone(), schema.clone());
            assert!(
                other.is_none_or(|other| other == schema),
                "{name} is the name of two types: give one #[schema(as = ...)]"
            );
        }
        assert!(known.len() > 80, "{}", known.len());
    }
}
