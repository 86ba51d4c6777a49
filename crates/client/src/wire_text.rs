//! What a hub says, before it is read: JSON whose text can be shown anywhere. A hub cleans what it takes in, but what answers may be a hub
//! of somebody else's, or no hub at all; and what reaches a terminal can move its cursor, set its clipboard or hide what stands there.
//!
//! # Invariants
//! - Every text loses its control characters and those that reorder what follows, in whatever field it stands and whether this version
//!   knows the field. Line breaks stay in those that have lines.
//! - What a worker is to run is left as it is: it is no text but a command, and whoever shows it cleans it.

use std::borrow::Cow;

use doorbell_protocol::text;
use serde_json::{Map, Value};

/// Texts that have lines: the detail of a question, and an answer in words.
const WITH_LINES: [&str; 2] = ["detail", "text"];
/// What is run: see `Task`.
const RUN: [&str; 3] = ["command", "cwd", "env"];
/// The description of a command for people, which has fields of the same names.
const DESCRIBED: &str = "origin";

/// `json` with its text cleaned. What is no JSON stays as it is, for the reader to say what is wrong with it.
pub(crate) fn cleaned(json: &[u8]) -> Cow<'_, [u8]> {
    if is_clean(json) {
        return Cow::Borrowed(json);
    }
    match serde_json::from_slice(json) {
        Ok(value) => Cow::Owned(clean(value, text::clean).to_string().into_bytes()),
        Err(_) => Cow::Borrowed(json),
    }
}

/// [`cleaned`], for text.
pub(crate) fn cleaned_text(json: &str) -> Cow<'_, str> {
    match cleaned(json.as_bytes()) {
        Cow::Borrowed(_) => Cow::Borrowed(json),
        Cow::Owned(json) => String::from_utf8(json).map_or(Cow::Borrowed(""), Cow::Owned),
    }
}

/// Whether nothing in it could be anything but printable: neither an escape, but of a quote, a backslash or a slash, nor a character that
/// is removed. Almost everything that a hub says is so, and need not be read twice.
fn is_clean(json: &[u8]) -> bool {
    let Ok(json) = std::str::from_utf8(json) else { return false };
    let mut chars = json.chars();
    while let Some(c) = chars.next() {
        let plain = match c {
            '\\' => matches!(chars.next(), Some('"' | '\\' | '/')),
            // Between values.
            '\n' | '\r' | '\t' => true,
            c => text::is_printable(c),
        };
        if !plain {
            return false;
        }
    }
    true
}

fn clean(value: Value, how: fn(&str) -> String) -> Value {
    match value {
        Value::String(text) => Value::String(how(&text)),
        Value::Array(values) => Value::Array(values.into_iter().map(|value| clean(value, how)).collect()),
        Value::Object(fields) => Value::Object(fields.into_iter().map(clean_field).collect()),
        value @ (Value::Null | Value::Bool(_) | Value::Number(_)) => value,
    }
}

fn clean_field((name, value): (String, Value)) -> (String, Value) {
    let value = match (name.as_str(), value) {
        (name, value) if RUN.contains(&name) => value,
        (name, value) if WITH_LINES.contains(&name) => clean(value, text::clean_lines),
        (DESCRIBED, Value::Object(fields)) => Value::Object(described(fields)),
        (_, value) => clean(value, text::clean),
    };
    (text::clean(&name), value)
}

fn described(fields: Map<String, Value>) -> Map<String, Value> {
    fields.into_iter().map(|(name, value)| (text::clean(&name), clean(value, text::clean))).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn read(json: &Value) -> Value {
        serde_json::from_slice(&cleaned(json.to_string().as_bytes())).unwrap()
    }

    #[test]
    fn text_is_cleaned_wherever_it_stands() {
        let bad = "a\u{1b}]52;c;eA==\u{7}\u{9b}31m\u{202e}b\nc";
        let good = "a]52;c;eA==31mb c";
        let origin = json!({"command": [bad], "cwd": bad, "user": bad});
        let told = json!({"name": bad, "labels": {bad: bad}, "later": [[{"x": bad}]], "origin": origin, "done": 7, "at": null});
        let origin = json!({"command": [good], "cwd": good, "user": good});
        assert_eq!(
            read(&told),
            json!({"name": good, "labels": {good: good}, "later": [[{"x": good}]], "origin": origin, "done": 7, "at": null})
        );
    }

    #[test]
    fn lines_stay_where_lines_are_meant() {
        let told = json!({"question": {"prompt": "a\nb", "detail": "a\n  b\u{1b}", "answer": {"text": "a\n\nb"}}});
        assert_eq!(read(&told), json!({"question": {"prompt": "a b", "detail": "a\n  b", "answer": {"text": "a\n\nb"}}}));
    }

    #[test]
    fn what_a_worker_runs_is_left_as_it_is() {
        let task = json!({"command": ["sh", "-c", "a\n\tb  c\u{1b}"], "cwd": "/x\n", "env": {"A\t": "b\n"}});
        assert_eq!(read(&json!({"task": task, "job": {}})), json!({"task": task, "job": {}}));
        assert_eq!(read(&task), task);
    }

    #[test]
    fn what_has_nothing_to_clean_is_not_touched_and_what_is_no_json_is_left_to_its_reader() {
        for json in ["{\"a\":\n\t\"ä\\\"\\\\ b\"}", "", "{\"a\": \"b"] {
            assert!(matches!(cleaned(json.as_bytes()), Cow::Borrowed(_)), "{json}");
        }
        for json in [r#"{"a":"\u001b"}"#, "{\"a\":\"\u{9b}\"}", r#"{"a":"\n"}"#, "{\"a\":\"\u{202e}\"}"] {
            assert!(matches!(cleaned(json.as_bytes()), Cow::Owned(_)), "{json}");
        }
        let broken = b"{\"a\":\"\x1b";
        assert_eq!(cleaned(broken), &broken[..]);
    }
}
