//! A hub that has nothing to do, alone and with one who listens: how often it wakes up.

use std::{thread::sleep, time::Duration};

use anyhow::Result;

use crate::{
    call::request,
    crowd::Crowd,
    doorbell::{Doorbell, Place},
    report::Report,
};

const MINUTE: Duration = Duration::from_secs(60);

pub(crate) fn measure(place: &Place, report: &mut Report) -> Result<()> {
    let alone = Doorbell::start(place)?;
    let heard = Doorbell::start(place)?;
    let _listener = Crowd::gather(heard.address, 1, &request("GET", "/v1/feed", &heard.token, ""))?;
    // Whatever the start of the hub still has to do is over by then.
    sleep(Duration::from_secs(2));
    let before = (alone.processes().context_switches()?, heard.processes().context_switches()?);
    sleep(MINUTE);
    let switches = |after: u64, before: u64| f64::from(u32::try_from(after - before).unwrap_or(u32::MAX));
    report.add("idle hub, nobody listens: context switches", switches(alone.processes().context_switches()?, before.0), "a minute");
    let aim = "2 keepalives and the worker's poll";
    let figure = switches(heard.processes().context_switches()?, before.1);
    report.add_with_aim("idle hub, one listens: context switches", figure, "a minute", aim);
    Ok(())
}
