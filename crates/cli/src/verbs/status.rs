//! `doorbell status`

use std::io::{self, Write};

use doorbell_client::{CallError, Client};
use doorbell_protocol::{Counts, Epoch, Sequence, hub::Health, hub::Stats};
use serde::Serialize;

use crate::{
    context::{Context, Run},
    output::print_json,
};

/// What `--json` prints.
#[derive(Debug, Default, Serialize)]
struct Report {
    reachable: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    url: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    version: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    epoch: Option<Epoch>,
    #[serde(skip_serializing_if = "Option::is_none")]
    counts: Option<Counts>,
    #[serde(skip_serializing_if = "Option::is_none")]
    seq: Option<Sequence>,
    #[serde(skip_serializing_if = "Option::is_none")]
    subscribers: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<String>,
}

/// Show which hub is used and whether it answers
///
/// Exits with 0 when it does, else with 1.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Print one JSON object: {"reachable": bool, "url"?, "version"?, "epoch"?, "counts"?, "seq"?, "subscribers"?, "error"?}
    #[arg(long)]
    json: bool,
}

impl Run for Args {
    fn run(self, context: &Context) -> anyhow::Result<i32> {
        let url = context.source().resolve().ok().map(|endpoint| endpoint.url().to_owned());
        let answers = context.call(async |client| Ok(ask(client).await))?;
        if self.json {
            let report = match &answers {
                Ok((health, stats)) => Report {
                    reachable: true,
                    url,
                    version: Some(health.version.clone()),
                    epoch: Some(health.epoch),
                    counts: Some(stats.counts),
                    seq: Some(stats.seq),
                    subscribers: Some(stats.subscribers),
                    error: None,
                },
                Err(e) => Report { url, error: Some(e.to_string()), ..Report::default() },
            };
            print_json(&report)?;
            return Ok(i32::from(answers.is_err()));
        }
        let (health, stats) = answers?;
        let mut out = io::stdout().lock();
        writeln!(out, "Hub {} at {}", health.version, url.unwrap_or_default())?;
        writeln!(out, "{} running, {} queued, {} listening", stats.counts.running, stats.counts.queued, stats.subscribers)?;
        Ok(0)
    }
}

/// Health first: it needs no token, so that a wrong one is told apart from a hub that is away.
async fn ask(client: &Client) -> Result<(Health, Stats), CallError> {
    let health = client.health().await?;
    Ok((health, client.stats().await?))
}
