//! What types look like whose way onto the wire is their own.

use std::borrow::Cow;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde_json::{Value, json};

use super::content::EventKinds;
use crate::{
    Epoch, Event, EventKind, FeedMessage, QuestionEvent, Snapshot, Timestamp,
    changes::ListChange,
    log::{Base64, LogCut, LogEnd, LogMessage, LogPart},
    run_secret::RunSecretHash,
};

/// Examples that no call names: of refusals, and of the data of events.
pub(in crate::routes) const OTHER_EXAMPLES: [(&str, &str); 10] = [
    ("error", "A refusal that names the field."),
    ("error-log-gap", "A refusal that says where the log goes on."),
    ("event", "The data of `job.finished`."),
    ("event-late", "The data of `job.finished`, of a job that was told as lost before."),
    ("event-question", "The data of `question.asked`."),
    ("event-question-closed", "The data of `question.closed`."),
    ("log-cut", "The data of `cut`."),
    ("log-end", "The data of `end`, and the answer to an append."),
    ("log-part", "The data of `part`."),
    ("snapshot", "The data of `snapshot`."),
];

pub(in crate::routes) fn id() -> Value {
    json!({"type": "string", "format": "uuid"})
}

macro_rules! text_schemas {
    ($($name:ident: $schema:tt;)+) => {$(
        impl JsonSchema for $name {
            fn schema_name() -> Cow<'static, str> {
                stringify!($name).into()
            }

            fn json_schema(_: &mut SchemaGenerator) -> Schema {
                json_schema!($schema)
            }
        }
    )+};
}

text_schemas! {
    Timestamp: {"type": "string", "format": "date-time", "description": "RFC 3339, UTC, milliseconds, as in 2026-11-21T10:42:07.250Z."};
    Epoch: {"type": "string", "pattern": "^[0-9a-f]{16}$", "description": "Names a database. Sequences of different epochs cannot be compared."};
    RunSecretHash: {"type": "string", "pattern": "^[0-9A-Fa-f]{64}$", "description": "A SHA-256 in hexadecimal digits."};
    Base64: {"type": "string", "contentEncoding": "base64", "description": "RFC 4648, padded."};
}

impl EventKinds for FeedMessage {
    const NAME: &str = "FeedEvent";

    fn kinds(generator: &mut SchemaGenerator) -> Vec<(&'static str, Value)> {
        let (event, question) = (generator.subschema_for::<Event>(), generator.subschema_for::<QuestionEvent>());
        let snapshot = (Self::SNAPSHOT, generator.subschema_for::<Snapshot>().to_value());
        let kinds = EventKind::ALL.map(|kind| match kind {
            EventKind::JobStarted | EventKind::JobFinished => (kind.as_str(), event.clone().to_value()),
            EventKind::QuestionAsked | EventKind::QuestionClosed => (kind.as_str(), question.clone().to_value()),
        });
        std::iter::once(snapshot).chain(kinds).collect()
    }
}

impl EventKinds for LogMessage {
    const NAME: &str = "LogEvent";

    fn kinds(generator: &mut SchemaGenerator) -> Vec<(&'static str, Value)> {
        vec![
            ("part", generator.subschema_for::<LogPart>().to_value()),
            ("cut", generator.subschema_for::<LogCut>().to_value()),
            ("end", generator.subschema_for::<LogEnd>().to_value()),
        ]
    }
}

impl EventKinds for ListChange {
    const NAME: &str = "ChangeEvent";

    fn kinds(_: &mut SchemaGenerator) -> Vec<(&'static str, Value)> {
        Self::ALL.map(|change| (change.as_str(), json!({"type": "object"}))).to_vec()
    }
}
