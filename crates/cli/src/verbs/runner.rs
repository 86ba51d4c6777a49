//! `doorbell runner`: what a worker starts for each job.

use std::io;

use crate::context::{Context, Run};

/// Run one claimed job, read as JSON from standard input. Workers start this.
#[derive(Debug, clap::Args)]
#[command(hide = true)]
pub(crate) struct Args {}

impl Run for Args {
    fn run(self, _context: &Context) -> anyhow::Result<i32> {
        Ok(doorbell_runner::run_claimed(io::stdin().lock())?)
    }
}
