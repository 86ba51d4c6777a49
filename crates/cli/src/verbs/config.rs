//! `doorbell config`

use std::{env, io::Write};

use doorbell_client::Places;
use serde::Serialize;

use crate::{
    context::{Context, Run},
    output::{NO_IDS, OutputMode},
    paint::Paint,
};

/// Show where things are, and what decides it
///
/// The token itself is never shown.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Print one JSON object: {"values": [{"name", "value"?, "origin"}…]}
    #[arg(long)]
    json: bool,
}

/// What `--json` prints.
#[derive(Debug, Serialize)]
struct Report {
    values: Vec<Value>,
}

/// One thing that can be set.
#[derive(Debug, Serialize)]
struct Value {
    name: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    value: Option<String>,
    /// The variable or the file that it comes from, or `default`, or why there is none.
    origin: String,
}

impl Run for Args {
    fn run(self, context: &Context) -> anyhow::Result<i32> {
        let report = Report { values: values(context, &Places::find()?) };
        let widest = report.values.iter().map(|value| value.name.len()).max().unwrap_or(0);
        let paint = Paint::for_stdout();
        OutputMode::of_json(self.json).print(&report, NO_IDS, |out| {
            for Value { name, value, origin } in &report.values {
                let value = value.as_deref().unwrap_or("–");
                writeln!(out, "{name:<widest$}  {value}  {}", paint.faint(&format!("({origin})")))?;
            }
            Ok(())
        })?;
        Ok(0)
    }
}

fn values(context: &Context, places: &Places) -> Vec<Value> {
    let hub_file = places.hub_file();
    let announced = hub_file.display().to_string();
    let url = match (set("DOORBELL_URL"), context.source().resolve()) {
        (Some(url), _) => Value { name: "hub", value: Some(url), origin: "DOORBELL_URL".to_owned() },
        (None, Ok(endpoint)) => Value { name: "hub", value: Some(endpoint.url().to_owned()), origin: announced.clone() },
        (None, Err(e)) => Value { name: "hub", value: None, origin: e.to_string() },
    };
    let token = match (set("DOORBELL_TOKEN"), set("DOORBELL_TOKEN_FILE")) {
        (Some(_), _) => Value { name: "token", value: Some("set".to_owned()), origin: "DOORBELL_TOKEN".to_owned() },
        (None, Some(file)) => Value { name: "token", value: Some(file), origin: "DOORBELL_TOKEN_FILE".to_owned() },
        (None, None) => folder("token", places.token_file().display().to_string(), "DOORBELL_DATA_DIR"),
    };
    let optional = |name, variable: &str| {
        let value = set(variable);
        let origin = if value.is_some() { variable.to_owned() } else { "default".to_owned() };
        Value { name, value, origin }
    };
    vec![
        url,
        token,
        folder("data", places.data_dir().display().to_string(), "DOORBELL_DATA_DIR"),
        folder("settings", places.config_dir().display().to_string(), "DOORBELL_CONFIG_DIR"),
        Value { name: "announcement", value: Some(announced), origin: "default".to_owned() },
        optional("log", "DOORBELL_LOG"),
        optional("colours", "NO_COLOR"),
    ]
}

fn folder(name: &'static str, value: String, variable: &str) -> Value {
    let origin = if set(variable).is_some() { variable } else { "default" };
    Value { name, value: Some(value), origin: origin.to_owned() }
}

fn set(variable: &str) -> Option<String> {
    env::var(variable).ok().filter(|value| !value.is_empty())
}
