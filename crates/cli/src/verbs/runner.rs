//! `doorbell runner`: what a worker starts for each job.

use std::io;

pub(crate) fn run() -> anyhow::Result<i32> {
    Ok(doorbell_runner::run_claimed(io::stdin().lock())?)
}
