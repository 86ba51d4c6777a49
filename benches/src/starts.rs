//! Starts of jobs, each on disk before it is answered, from many callers at once.

use std::time::Duration;

use anyhow::Result;

use crate::{
    callers::answers_per_second,
    doorbell::{Doorbell, Place},
    report::Report,
};

const CALLERS: usize = 64;
/// Shorter than a lease, so that no start of this is lost meanwhile.
const TIME: Duration = Duration::from_secs(5);

pub(crate) fn measure(place: &Place, report: &mut Report) -> Result<()> {
    let hub = Doorbell::start(place)?;
    let start = hub.request("POST", "/v1/jobs", r#"{"name":"make","start":true,"origin":{"host":"build-7","command":["make","-j4"]}}"#);
    let rate = answers_per_second(hub.address, CALLERS, TIME, |_| start.clone())?;
    report.add_with_aim("durable starts, 64 callers", rate, "a second", "at least 2,000");
    Ok(())
}
