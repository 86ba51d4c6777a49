//! `doorbell man`

use std::{
    io::{self, Write},
    path::PathBuf,
};

use anyhow::{Context as _, bail};
use clap::CommandFactory;
use clap_mangen::Man;

use crate::context::{Context, Run};

/// Print the manual page, or write those of all verbs
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  doorbell man | man -l -
  doorbell man run | man -l -
  doorbell man --dir ~/.local/share/man/man1")]
pub(crate) struct Args {
    /// Of this verb
    verb: Option<String>,

    /// Write the page of every verb into this folder
    #[arg(long, conflicts_with = "verb")]
    dir: Option<PathBuf>,
}

impl Run for Args {
    fn run(self, _context: &Context) -> anyhow::Result<i32> {
        let mut command = crate::args::Args::command();
        command.build();
        if let Some(dir) = self.dir {
            std::fs::create_dir_all(&dir).with_context(|| format!("cannot make the folder {}", dir.display()))?;
            clap_mangen::generate_to(command, &dir).with_context(|| format!("cannot write to {}", dir.display()))?;
            return Ok(0);
        }
        let command = match self.verb {
            None => command,
            Some(verb) => match command.get_subcommands().find(|known| known.get_name() == verb && !known.is_hide_set()) {
                Some(found) => found.clone(),
                None => bail!("There is no verb {verb:?}. `doorbell help` shows them."),
            },
        };
        let mut page = Vec::new();
        Man::new(command).render(&mut page)?;
        io::stdout().write_all(&page)?;
        Ok(0)
    }
}
