//! `doorbell progress 25/60`

use doorbell_protocol::{JobId, Progress};

use crate::{
    context::{Context, Run},
    figure, own_job,
};

/// Say how far the job is, from inside its command
///
/// What a command says of itself outranks what is read from its output. Outside a job, and while no hub is there, nothing happens:
/// a script that reports runs the same without Doorbell.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Exit codes:
  0, unless the figure cannot be read: that is 2

Examples:
  doorbell progress 25/60 --unit files 'Reading orders.csv'
  doorbell progress 40%")]
pub(crate) struct Args {
    /// As in 25/60, 40% or 25
    #[arg(value_parser = figure::parse)]
    figure: Progress,

    /// What it does now
    message: Option<String>,

    /// What is counted, as in files
    #[arg(long)]
    unit: Option<String>,

    /// Another job than the one that this runs in, by its id
    #[arg(long)]
    job: Option<JobId>,
}

impl Run for Args {
    fn run(self, context: &Context) -> anyhow::Result<i32> {
        own_job::tell(context, self.job, Progress { message: self.message, unit: self.unit, ..self.figure })
    }
}
