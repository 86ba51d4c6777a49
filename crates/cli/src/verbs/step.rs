//! `doorbell step 3/8 "Scanning tables"`

use doorbell_protocol::{JobId, Progress, Step};

use crate::{
    context::{Context, Run},
    figure, own_job,
};

/// Say which step the job is at, from inside its command
///
/// As `doorbell progress`: it outranks what is read from the output, and does nothing where there is no job or no hub.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Exit codes:
  0, unless the step cannot be read: that is 2

Example:
  doorbell step 3/8 'Scanning tables'")]
pub(crate) struct Args {
    /// Which of how many, as in 3/8
    #[arg(value_parser = figure::parse_step)]
    step: Step,

    /// What the step does
    label: Option<String>,

    /// Another job than the one that this runs in, by its id
    #[arg(long)]
    job: Option<JobId>,
}

impl Run for Args {
    fn run(self, context: &Context) -> anyhow::Result<i32> {
        let step = Step { label: self.label, ..self.step };
        own_job::tell(context, self.job, Progress { step: Some(step), ..Progress::default() })
    }
}
