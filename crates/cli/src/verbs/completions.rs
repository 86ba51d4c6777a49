//! `doorbell completions SHELL`

use std::io::{self, Write};

use anyhow::Context as _;
use clap::ValueEnum;
use clap_complete::env::Shells;

use crate::{
    complete,
    context::{Context, Run},
};

/// Print the script that completes verbs, options and jobs in a shell
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Put one of these into your shell's start-up file:
  bash        source <(doorbell completions bash)
  zsh         source <(doorbell completions zsh)
  fish        doorbell completions fish | source
  powershell  doorbell completions powershell | Out-String | Invoke-Expression")]
pub(crate) struct Args {
    shell: CompletedShell,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum CompletedShell {
    Bash,
    Zsh,
    Fish,
    Powershell,
}

impl Run for Args {
    fn run(self, _context: &Context) -> anyhow::Result<i32> {
        let name = match self.shell {
            CompletedShell::Bash => "bash",
            CompletedShell::Zsh => "zsh",
            CompletedShell::Fish => "fish",
            CompletedShell::Powershell => "powershell",
        };
        let shells = Shells::builtins();
        let completer = shells.completer(name).context("this shell cannot be completed")?;
        let mut script = Vec::new();
        completer.write_registration(complete::VARIABLE, "doorbell", "doorbell", "doorbell", &mut script)?;
        io::stdout().write_all(&script)?;
        Ok(0)
    }
}
