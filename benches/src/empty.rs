//! A hub that nobody uses.

use anyhow::Result;

use crate::{
    doorbell::{Doorbell, Place},
    report::Report,
};

pub(crate) fn measure(place: &Place, report: &mut Report) -> Result<()> {
    let hub = Doorbell::start(place)?;
    report.add_with_aim("empty hub: resident memory", hub.processes().rss()? / 1e6, "MB", "at most 12");
    report.add("empty hub: proportional memory", hub.processes().pss()? / 1e6, "MB");
    Ok(())
}
