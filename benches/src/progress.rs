//! Progress reports from many runners at once, of which not one may reach the feed.

use std::time::Duration;

use anyhow::{Result, ensure};

use crate::{
    callers::answers_per_second,
    doorbell::{Doorbell, Place},
    report::Report,
};

const RUNNERS: usize = 50;
const TIME: Duration = Duration::from_secs(5);

pub(crate) fn measure(place: &Place, report: &mut Report) -> Result<()> {
    let hub = Doorbell::start(place)?;
    let mut starter = hub.caller()?;
    let mut runs = Vec::with_capacity(RUNNERS);
    for _ in 0..RUNNERS {
        let created = starter.call(&hub.request("POST", "/v1/jobs", r#"{"name":"bench","start":true}"#))?;
        let created: serde_json::Value = serde_json::from_slice(&created)?;
        runs.push((
            format!("/v1/jobs/{}/progress", created["job"]["id"].as_str().unwrap_or_default()),
            created["lease"]["fence"].as_u64().unwrap_or_default(),
        ));
    }
    let mut done = 0_u64;
    let rate = answers_per_second(hub.address, RUNNERS, TIME, |runner| {
        done += 1;
        let (path, fence) = &runs[runner];
        hub.request("PUT", path, &format!(r#"{{"fence":{fence},"done":{done},"total":9999999,"message":"file {done}"}}"#))
    })?;
    let events = hub.stats()?["seq"].as_u64();
    ensure!(events == Some(RUNNERS as u64), "{events:?} events for {RUNNERS} starts");
    report.add_with_aim("progress reports, 50 connections, no event", rate, "a second", "at least 20,000");
    Ok(())
}
