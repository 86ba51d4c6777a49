//! Writes `docs/openapi.json` to its standard output; `cargo xtask bindings` calls it.

#![expect(clippy::unwrap_used, reason = "a generator that cannot go on panics")]

use std::{fs, path::PathBuf};

use doorbell_protocol::routes::document::document;
use serde_json::Value;

fn main() {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../tests/fixtures/protocol/v1");
    let example = |name: &str| -> Value {
        let path = folder.join(format!("{name}.json"));
        let text = fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        serde_json::from_str(&text).unwrap()
    };
    println!("{}", serde_json::to_string_pretty(&document(&example)).unwrap());
}
