//! What bodies and answers hold, by media type.

use schemars::{JsonSchema, SchemaGenerator};
use serde_json::{Map, Value, json};

use crate::routes::route::{Bytes, Events, Json, Text};

/// What a body or an answer holds.
pub(crate) trait Content {
    /// A media type object for each of its media types.
    fn content(generator: &mut SchemaGenerator) -> Map<String, Value>;
}

/// The kinds of events of a stream.
pub(crate) trait EventKinds {
    /// Of the component that describes one event.
    const NAME: &str;

    /// The word of each kind, and what its data looks like.
    fn kinds(generator: &mut SchemaGenerator) -> Vec<(&'static str, Value)>;
}

impl Content for () {
    fn content(_: &mut SchemaGenerator) -> Map<String, Value> {
        Map::new()
    }
}

impl<T: JsonSchema> Content for Json<T> {
    fn content(generator: &mut SchemaGenerator) -> Map<String, Value> {
        media("application/json", json!({"schema": generator.subschema_for::<T>()}))
    }
}

impl Content for Bytes {
    fn content(_: &mut SchemaGenerator) -> Map<String, Value> {
        media("application/octet-stream", json!({}))
    }
}

impl Content for Text {
    fn content(_: &mut SchemaGenerator) -> Map<String, Value> {
        media("text/plain", json!({"schema": {"type": "string"}}))
    }
}

impl<T: EventKinds> Content for Events<T> {
    fn content(generator: &mut SchemaGenerator) -> Map<String, Value> {
        let kinds: Vec<_> = T::kinds(generator).into_iter().map(|(word, data)| event(word, &data)).collect();
        generator.definitions_mut().insert(T::NAME.to_owned(), json!({"description": "One server-sent event.", "oneOf": kinds}));
        let item = json!({"$ref": format!("#/components/schemas/{}", T::NAME)});
        media("text/event-stream", json!({"schema": {"type": "string"}, "x-itemSchema": item}))
    }
}

impl<A: Content, B: Content> Content for (A, B) {
    fn content(generator: &mut SchemaGenerator) -> Map<String, Value> {
        let mut content = A::content(generator);
        content.extend(B::content(generator));
        content
    }
}

fn media(kind: &str, object: Value) -> Map<String, Value> {
    Map::from_iter([(kind.to_owned(), object)])
}

fn event(word: &str, data: &Value) -> Value {
    json!({
        "type": "object",
        "required": ["event", "data"],
        "properties": {
            "event": {"const": word},
            "id": {"type": "string"},
            "data": {"type": "string", "contentMediaType": "application/json", "contentSchema": data},
        },
    })
}
