//! What the types of a route look like, for the document.
//!
//! # Layout
//! - `content`: what bodies and answers hold · `shapes`: types that `schemars` cannot derive

mod content;
pub(super) mod shapes;

use schemars::{JsonSchema, SchemaGenerator};
use serde_json::{Map, Value};

use self::content::Content;
use super::route::Route;

/// How to describe the types of one route.
pub(super) struct Describe {
    pub(super) query: fn(&mut SchemaGenerator) -> Value,
    pub(super) body: fn(&mut SchemaGenerator) -> Map<String, Value>,
    pub(super) answer: fn(&mut SchemaGenerator) -> Map<String, Value>,
}

pub(super) fn describe<Id, Query: JsonSchema, Body: Content, Answer: Content>(_: &Route<Id, Query, Body, Answer>) -> Describe {
    Describe { query: |generator| Query::json_schema(generator).to_value(), body: Body::content, answer: Answer::content }
}
