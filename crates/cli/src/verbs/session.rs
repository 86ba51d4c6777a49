//! `doorbell session`: what `doorbell run` puts between itself and a command that gets a terminal.

use std::ffi::OsString;

use crate::context::{Context, Run};

/// Lead the session of one command. `doorbell run` starts this.
#[derive(Debug, clap::Args)]
#[command(hide = true)]
pub(crate) struct Args {
    #[arg(required = true, trailing_var_arg = true, value_name = "COMMAND")]
    command: Vec<OsString>,
}

impl Run for Args {
    fn run(self, _context: &Context) -> anyhow::Result<i32> {
        let mut words = self.command.into_iter();
        // clap refuses an empty command.
        let program = words.next().unwrap_or_default();
        Ok(doorbell_runner::session::run(&program, &words.collect::<Vec<_>>())?)
    }
}
