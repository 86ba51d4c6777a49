//! The table of routes as an OpenAPI 3.1 document: `docs/openapi.json`, which `cargo xtask bindings` writes.
//!
//! The table says which calls there are, the types say what goes in and out, and the files under `tests/fixtures/protocol/v1` are the
//! examples. Nothing of it is written by hand.

use std::collections::BTreeMap;

use schemars::{SchemaGenerator, generate::SchemaSettings};
use serde_json::{Map, Value, json};

use super::{
    route::{Access, ID, Spec},
    schema::{Describe, shapes},
    table,
};
use crate::{ErrorBody, ErrorCode, Role, limits, run_secret};

/// Reads an example by its name.
type Examples<'a> = &'a dyn Fn(&str) -> Value;

/// The document, with the examples that `example` reads by their names.
#[must_use]
pub fn document(example: Examples<'_>) -> Value {
    let settings = SchemaSettings::draft2020_12().with(|settings| {
        settings.definitions_path = "/components/schemas".into();
        settings.meta_schema = None;
    });
    let mut generator = settings.into_generator();
    generator.subschema_for::<ErrorBody>();
    let mut paths: BTreeMap<&str, Map<String, Value>> = BTreeMap::new();
    for (spec, types) in table::described() {
        let operation = operation(&spec, &types, &mut generator);
        paths.entry(spec.path).or_default().insert(spec.method.as_str().to_lowercase(), operation);
    }
    let schemas: BTreeMap<String, Value> = generator.take_definitions(true).into_iter().collect();
    let of_calls = table::ALL.iter().flat_map(|spec| spec.bodies.iter().chain(spec.answers)).map(|name| (*name, None));
    let others = shapes::OTHER_EXAMPLES.iter().map(|(name, what)| (*name, Some(*what)));
    let examples: BTreeMap<&str, Value> =
        of_calls.chain(others).map(|(name, what)| (name, json!({"summary": what, "value": example(name)}))).collect();
    let refused = json!({
        "description": "Refused. Nothing was changed, but for a chunk of a log that a disk took only in part.",
        "content": {"application/json": {
            "schema": reference("schemas", "ErrorBody"),
            "examples": {"error": reference("examples", "error"), "error-log-gap": reference("examples", "error-log-gap")},
        }},
    });
    let mut document = json!({
        "openapi": "3.1.0",
        "info": {
            "title": "Doorbell hub",
            "version": "1",
            "summary": "Jobs, their progress, questions and logs, and a feed of two events a run.",
            "description": DESCRIPTION,
            "license": {"name": "MIT OR Apache-2.0", "identifier": "MIT OR Apache-2.0"},
        },
        "servers": [{"url": "http://127.0.0.1:7117", "description": "A hub of this machine. Its `hub.json` says where it is."}],
        "security": [{"token": []}],
        "tags": TAGS.map(|(name, description)| json!({"name": name, "description": description})),
        "paths": paths,
        "components": {
            "schemas": schemas,
            "examples": examples,
            "responses": {"Refused": refused},
            "securitySchemes": {
                "token": {
                    "type": "http",
                    "scheme": "bearer",
                    "description": "The token of the data folder, or one that `POST /v1/tokens` made. Where a call names a role, the token needs it.",
                },
            },
        },
    });
    tidy(&mut document);
    document
}

const DESCRIPTION: &str = "\
JSON over HTTP/1.1. What the calls mean together stands in `docs/protocol.md`.

A stream of server-sent events has `x-itemSchema`: what one of its events looks like, as OpenAPI 3.2 will say in `itemSchema`.

A reader ignores fields that it does not know, passes over events that it does not know, and takes an unknown word in an enumeration as \"unknown\".";

const TAGS: [(&str, &str); 7] = [
    ("jobs", "Create, report, finish, list, cancel and retry jobs, and their logs."),
    ("questions", "What jobs ask, and the answers."),
    ("streams", "The feed of events, and what tells list pages that a list is old."),
    ("workers", "Who runs queued jobs."),
    ("schedules", "Jobs by the clock."),
    ("tokens", "Who may call."),
    ("hub", "The hub itself."),
];

fn tag(path: &str) -> &'static str {
    match path.split('/').nth(2).unwrap_or_default() {
        "jobs" | "test-jobs" => "jobs",
        "questions" => "questions",
        "feed" | "changes" => "streams",
        "workers" | "claims" => "workers",
        "schedules" => "schedules",
        "tokens" | "owner-token" | "browser-sessions" => "tokens",
        _ => "hub",
    }
}

fn operation(spec: &Spec, types: &Describe, generator: &mut SchemaGenerator) -> Value {
    let text: String = spec.doc.lines().map(|line| line.strip_prefix(' ').unwrap_or(line)).collect::<Vec<_>>().join("\n");
    let (summary, description) = text.split_once("\n\n").unwrap_or((&text, ""));
    let mut operation = json!({
        "operationId": operation_id(spec.name),
        "summary": summary.trim(),
        "tags": [tag(spec.path)],
    });
    if !description.trim().is_empty() {
        operation["description"] = description.trim().into();
    }
    match spec.access {
        Access::Anyone => operation["security"] = json!([]),
        Access::Role(role) => operation["security"] = json!([{"token": [role.as_str()]}]),
        // Either is enough.
        Access::Own(role) => operation["security"] = json!([{"token": [role.as_str()]}, {"token": [Role::Report.as_str()]}]),
    }
    let parameters = parameters(spec, (types.query)(generator));
    if !parameters.is_empty() {
        operation["parameters"] = parameters.into();
    }
    let body = with_examples((types.body)(generator), spec.bodies);
    if !body.is_empty() {
        let description = format!("At most {} bytes.", spec.body_bytes);
        operation["requestBody"] = json!({"content": body, "description": description, "required": is_required(&body, generator)});
    }
    let answer = with_examples((types.answer)(generator), spec.answers);
    operation["responses"] = responses(spec, &answer);
    operation
}

/// A body whose fields may all be left out may be left out.
fn is_required(body: &Map<String, Value>, generator: &SchemaGenerator) -> bool {
    let Some(schema) = body.get("application/json").and_then(|media| media["schema"]["$ref"].as_str()) else { return true };
    let definition = schema.rsplit('/').next().and_then(|name| generator.definitions().get(name));
    definition.is_none_or(|definition| definition["required"].as_array().is_some_and(|fields| !fields.is_empty()))
}

fn parameters(spec: &Spec, query: Value) -> Vec<Value> {
    let id = spec.path.contains(ID).then(|| json!({"name": "id", "in": "path", "required": true, "schema": shapes::id()}));
    let required = query["required"].as_array().cloned().unwrap_or_default();
    let fields = query["properties"].as_object().cloned().unwrap_or_default();
    let fields = fields.into_iter().map(|(name, mut schema)| {
        let description = schema.as_object_mut().and_then(|schema| schema.remove("description"));
        let required = required.contains(&Value::from(name.as_str()));
        json!({"name": name, "in": "query", "required": required, "description": description, "schema": schema})
    });
    let secret = spec.run_secret.then(|| {
        let description = "The secret of the run that the caller is, as its command finds it in `DOORBELL_JOB_SECRET`.";
        json!({"name": run_secret::HEADER, "in": "header", "required": false, "description": description, "schema": {"type": "string"}})
    });
    id.into_iter().chain(fields).chain(secret).collect()
}

fn responses(spec: &Spec, answer: &Map<String, Value>) -> Value {
    let mut responses = Map::new();
    for status in spec.statuses {
        let mut response = json!({"description": meaning(*status)});
        if matches!(status, 200 | 201) && !answer.is_empty() {
            response["content"] = answer.clone().into();
        }
        responses.insert(status.to_string(), response);
    }
    let mut refusals: BTreeMap<u16, Vec<ErrorCode>> = BTreeMap::new();
    for code in spec.refusals() {
        refusals.entry(code.status()).or_default().push(code);
    }
    for (status, codes) in refusals {
        let words: Vec<Value> = codes.iter().map(|code| json!(code)).collect();
        let list = words.iter().filter_map(Value::as_str).map(|word| format!("`{word}`")).collect::<Vec<_>>().join(", ");
        let response = json!({"$ref": "#/components/responses/Refused", "description": format!("Refused: {list}.")});
        responses.insert(status.to_string(), response);
    }
    responses.into()
}

fn meaning(status: u16) -> &'static str {
    match status {
        201 => "It was made.",
        204 => "There is nothing to say.",
        304 => "Nothing has changed since the answer whose `ETag` came in `If-None-Match`.",
        _ => "It is so.",
    }
}

fn with_examples(mut content: Map<String, Value>, names: &[&str]) -> Map<String, Value> {
    if let Some(json) = content.get_mut("application/json")
        && !names.is_empty()
    {
        json["examples"] = names.iter().map(|name| ((*name).to_owned(), reference("examples", name))).collect::<Map<_, _>>().into();
    }
    content
}

fn reference(kind: &str, name: &str) -> Value {
    json!({"$ref": format!("#/components/{kind}/{name}")})
}

/// `CREATE_JOB` becomes `createJob`.
fn operation_id(name: &str) -> String {
    let mut id = String::new();
    for (n, word) in name.to_lowercase().split('_').enumerate() {
        let (first, rest) = word.split_at(1);
        id.push_str(&if n == 0 { word.to_owned() } else { format!("{}{rest}", first.to_uppercase()) });
    }
    id
}

/// A field that says nothing is left out, never `null`, and that is what the document says. Formats that only Rust knows become bounds.
fn tidy(value: &mut Value) {
    match value {
        Value::Object(object) => {
            object.retain(|_, value| !value.is_null());
            let largest = match object.get("format").and_then(Value::as_str) {
                Some("uint32") => Some(u64::from(u32::MAX)),
                // The largest that JSON numbers keep exact.
                Some("uint64" | "uint") => Some(limits::COUNT),
                Some(_) | None => None,
            };
            if let Some(largest) = largest {
                object.remove("format");
                object.entry("maximum").or_insert(largest.into());
            }
            if let Some(Value::Array(types)) = object.get_mut("type") {
                types.retain(|word| word != "null");
                if let [only] = &types[..] {
                    let only = only.clone();
                    object.insert("type".to_owned(), only);
                }
            }
            if let Some(Value::Array(any)) = object.get_mut("anyOf") {
                any.retain(|schema| *schema != json!({"type": "null"}));
                if let [Value::Object(only)] = &any[..] {
                    let only = only.clone();
                    object.remove("anyOf");
                    object.extend(only);
                }
            }
            object.values_mut().for_each(tidy);
        }
        Value::Array(values) => values.iter_mut().for_each(tidy),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}
