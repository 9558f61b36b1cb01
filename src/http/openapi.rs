//! The OpenAPI 3.1 document, put together from the table of routes and the types that they answer with.

use std::collections::BTreeMap;

use axum::Json;
use schemars::r#gen::{SchemaGenerator, SchemaSettings};
use schemars::schema::Schema;
use serde_json::{Map, Value, json};

use super::failure::{PROBLEM_JSON, Problem};
use super::permission::Needs;
use super::routes::{Route, SchemaOf, routes};
use crate::report::{Format, ReportKind};

const DEFINITIONS: &str = "#/components/schemas/";

/// Serves the document.
pub async fn answer() -> Json<Value> {
    Json(document())
}

/// The document.
pub fn document() -> Value {
    // OpenAPI 3.1 takes JSON Schema 2020-12; nothing here differs from 2019-09, which has no tuples of ours in it.
    let settings = SchemaSettings::draft2019_09().with(|settings| {
        settings.definitions_path = DEFINITIONS.to_owned();
        settings.meta_schema = None;
    });
    let mut generator = settings.into_generator();
    let problem = content(&[(PROBLEM_JSON, |generator| generator.subschema_for::<Problem>())], &mut generator);
    let mut paths: BTreeMap<&str, Map<String, Value>> = BTreeMap::new();
    for route in routes() {
        let operation = operation(&route, &problem, &mut generator);
        paths.entry(route.path).or_default().insert(route.method.as_str().to_ascii_lowercase(), operation);
    }
    json!({
        "openapi": "3.1.0",
        "info": {
            "title": "Glidepath",
            "version": env!("CARGO_PKG_VERSION"),
            "description": "AWS credits against the projection they were granted for. Money and quantities are exact and \
                            travel as strings; days are UTC; absent is null. Lists come in pages: follow `next`. \
                            Every error is a problem of RFC 9457, with `advice`.",
            "license": { "name": "Apache-2.0", "identifier": "Apache-2.0" },
        },
        "servers": [{ "url": "/" }],
        "paths": paths,
        "components": {
            "schemas": generator.take_definitions(),
            "securitySchemes": {
                "bearer": { "type": "http", "scheme": "bearer" },
                "basic": { "type": "http", "scheme": "basic", "description": "Any user name, the token as password." },
            },
        },
    })
}

fn operation(route: &Route, problem: &Value, generator: &mut SchemaGenerator) -> Value {
    let mut parameters = path_parameters(route.path);
    parameters.extend(route.query.map(query_parameters).unwrap_or_default());
    let mut answers = json!({
        route.status.as_str(): { "description": route.summary, "content": content(&route.answers, generator) },
        "4XX": { "description": "What was asked is wrong, or not for this caller.", "content": problem },
        // A daemon without fresh data, and a request that took too long.
        "503": { "description": "It cannot be answered now.", "content": problem },
    });
    if route.conditional {
        let tag = json!({ "ETag": { "description": "A hash of the answer.", "schema": { "type": "string" } } });
        answers[route.status.as_str()]["headers"] = tag;
        answers["304"] = json!({ "description": "The caller has this answer: If-None-Match names it." });
    }
    let mut operation = json!({
        "operationId": operation_id(route),
        "summary": route.summary,
        "parameters": parameters,
        "responses": answers,
        "x-roles": route.needs.roles(),
        "security": if route.needs == Needs::Open { json!([]) } else { json!([{ "bearer": [] }, { "basic": [] }]) },
    });
    if let Some(body) = route.body {
        operation["requestBody"] = json!({ "required": true, "content": content(&[body], generator) });
    }
    operation
}

fn content(types: &[(&str, SchemaOf)], generator: &mut SchemaGenerator) -> Value {
    let entries =
        types.iter().map(|(media_type, schema)| ((*media_type).to_owned(), json!({ "schema": schema(generator) })));
    Value::Object(entries.collect())
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

fn path_parameters(path: &str) -> Vec<Value> {
    let names = path.split('/').filter_map(|part| part.strip_prefix('{')?.strip_suffix('}'));
    names.map(|name| json!({ "name": name, "in": "path", "required": true, "schema": path_schema(name) })).collect()
}

fn path_schema(name: &str) -> Value {
    match name {
        "file" => {
            let kinds = ReportKind::ALL.into_iter();
            let files = kinds.flat_map(|kind| Format::ALL.map(|format| format!("{kind}.{format}")));
            json!({ "type": "string", "enum": files.collect::<Vec<_>>() })
        }
        "version" => json!({ "type": "string", "pattern": "^(newest|[1-9][0-9]{0,5})$" }),
        "id" => json!({ "type": "string", "pattern": "^[0-9a-f]{32}$" }),
        _ => json!({ "type": "string", "minLength": 1 }),
    }
}

/// The fields of a query's type. In an address nothing is null: what is optional is left out.
fn query_parameters(fields: SchemaOf) -> Vec<Value> {
    let settings = SchemaSettings::draft2019_09().with(|settings| {
        settings.option_add_null_type = false;
        settings.inline_subschemas = true;
    });
    let Schema::Object(mut object) = fields(&mut settings.into_generator()) else { return Vec::new() };
    let object = std::mem::take(object.object());
    let parameter = |(name, schema): (String, Schema)| {
        let required = object.required.contains(&name);
        let mut schema = json!(schema);
        let description = schema.as_object_mut().and_then(|schema| schema.remove("description"));
        json!({ "name": name, "in": "query", "required": required, "description": description, "schema": schema })
    };
    object.properties.clone().into_iter().map(parameter).collect()
}
