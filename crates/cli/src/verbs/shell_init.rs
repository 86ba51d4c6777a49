//! `doorbell shell-init SHELL`

use std::{
    io::{self, Write},
    time::Duration,
};

use clap::ValueEnum;

use crate::{
    context::{Context, Run},
    duration,
};

/// Print hooks that report commands which take long, without wrapping them
///
/// When a command ran longer than the threshold, the prompt comes at once, and a process in the background tells the hub that it ran:
/// when, for how long, and how it ended. Editors, pagers, monitors and other programs that a person sits in front of are left out.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Put one of these into your shell's start-up file:
  bash   eval \"$(doorbell shell-init bash)\"
  zsh    eval \"$(doorbell shell-init zsh)\"
  fish   doorbell shell-init fish | source")]
pub(crate) struct Args {
    shell: HookedShell,

    /// Report commands that ran at least so long, as in 10s
    #[arg(long, default_value = "10s", value_name = "DURATION", value_parser = duration::parse_positive)]
    longer_than: Duration,

    /// One more program to leave out. Repeat it for several
    #[arg(long, value_name = "PROGRAM", value_parser = program)]
    ignore: Vec<String>,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum HookedShell {
    Bash,
    Zsh,
    Fish,
}

impl Run for Args {
    fn run(self, _context: &Context) -> anyhow::Result<i32> {
        let script = match self.shell {
            HookedShell::Bash => include_str!("../shell/hooks.bash"),
            HookedShell::Zsh => include_str!("../shell/hooks.zsh"),
            HookedShell::Fish => include_str!("../shell/hooks.fish"),
        };
        let ignore: String = self.ignore.iter().map(|name| format!(" --ignore {name}")).collect();
        let script = script.replace("@THRESHOLD_MS@", &self.longer_than.as_millis().to_string()).replace(" @IGNORE@", &ignore);
        io::stdout().write_all(script.as_bytes())?;
        Ok(0)
    }
}

/// It stands in a script without quotes.
fn program(text: &str) -> Result<String, String> {
    let plain = |b: u8| b.is_ascii_alphanumeric() || b"-_.+".contains(&b);
    if !text.is_empty() && !text.starts_with('-') && text.bytes().all(plain) {
        Ok(text.to_owned())
    } else {
        Err("name a program without its folder, as in nvim".to_owned())
    }
}
