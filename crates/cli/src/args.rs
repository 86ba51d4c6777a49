//! What can be typed: the verbs. Each verb's file says what may follow it.

use clap::{Parser, Subcommand};

#[cfg(unix)]
use crate::verbs::session;
use crate::verbs::{
    add, answer, ask, cancel, completions, config, hub, log, ls, man, open, progress, questions, retry, rm, run, runner, schedule,
    shell_init, shell_report, show, status, step, test_job, test_job_steps, token, wait, watch, worker,
};

const ENVIRONMENT: &str = "\
Environment:
  DOORBELL_URL         address of the hub, as in http://127.0.0.1:7117; otherwise the running hub is found by its hub.json
  DOORBELL_TOKEN       the hub's token, or
  DOORBELL_TOKEN_FILE  a file that holds it; otherwise the file `token` in the hub's data folder
  DOORBELL_DATA_DIR    folder of the database and the token
  DOORBELL_CONFIG_DIR  folder of the settings
  DOORBELL_JOB         the job that a command runs as; `doorbell run` and workers set it
  DOORBELL_LOG         what to log to standard error, as in `debug` or `doorbell_runner=debug`
  DOORBELL_LOG_FORMAT  how: `text`, or `json` for one object a line
  NO_COLOR             no colours";

/// Rings once when a long-running job starts, once when it ends, and shows its progress in between.
#[derive(Debug, Parser)]
#[command(name = "doorbell", version, after_help = ENVIRONMENT, max_term_width = 110)]
pub(crate) struct Args {
    #[command(subcommand)]
    pub(crate) verb: Verb,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Verb {
    Run(run::Args),
    Add(add::Args),
    Ls(ls::Args),
    Show(show::Args),
    Log(log::Args),
    Watch(watch::Args),
    Wait(wait::Args),
    Cancel(cancel::Args),
    Retry(retry::Args),
    Rm(rm::Args),
    Progress(progress::Args),
    Step(step::Args),
    Ask(ask::Args),
    Questions(questions::Args),
    Answer(answer::Args),
    Worker(worker::Args),
    Schedule(schedule::Args),
    TestJob(test_job::Args),
    Open(open::Args),
    Hub(hub::Args),
    Status(status::Args),
    Token(token::Args),
    Config(config::Args),
    Completions(completions::Args),
    ShellInit(shell_init::Args),
    Man(man::Args),
    ShellReport(shell_report::Args),
    /// Run one claimed job, read as JSON from standard input. Workers start this.
    #[command(hide = true)]
    Runner,
    #[cfg(unix)]
    Session(session::Args),
    TestJobSteps(test_job_steps::Args),
}

impl Verb {
    /// Does what was asked, and gives the exit code.
    pub(crate) fn run(self) -> anyhow::Result<i32> {
        match self {
            Self::Run(args) => run::run(args),
            Self::Add(args) => add::run(args),
            Self::Ls(args) => ls::run(args),
            Self::Show(args) => show::run(args),
            Self::Log(args) => log::run(args),
            Self::Watch(args) => watch::run(args),
            Self::Wait(args) => wait::run(args),
            Self::Cancel(args) => cancel::run(args),
            Self::Retry(args) => retry::run(args),
            Self::Rm(args) => rm::run(args),
            Self::Progress(args) => progress::run(args),
            Self::Step(args) => step::run(args),
            Self::Ask(args) => ask::run(args),
            Self::Questions(args) => questions::run(args),
            Self::Answer(args) => answer::run(args),
            Self::Worker(args) => worker::run(args),
            Self::Schedule(args) => schedule::run(args),
            Self::Open(args) => open::run(args),
            Self::TestJob(args) => test_job::run(args),
            Self::Hub(args) => hub::run(args),
            Self::Status(args) => status::run(args),
            Self::Token(args) => token::run(args),
            Self::Config(args) => config::run(args),
            Self::Completions(args) => completions::run(args),
            Self::ShellInit(args) => shell_init::run(args),
            Self::Man(args) => man::run(args),
            Self::ShellReport(args) => shell_report::run(args),
            Self::Runner => runner::run(),
            #[cfg(unix)]
            Self::Session(args) => session::run(args),
            Self::TestJobSteps(args) => test_job_steps::run(args),
        }
    }

    /// Whether it asks a hub something and is done: then ends of jobs that no hub has taken are delivered first, so that what
    /// is shown is true.
    pub(crate) fn asks(&self) -> bool {
        #[cfg(unix)]
        if matches!(self, Self::Session(_)) {
            return false;
        }
        !matches!(
            self,
            Self::Run(_)
                | Self::Worker(_)
                | Self::Hub(_)
                | Self::Config(_)
                | Self::Completions(_)
                | Self::Man(_)
                | Self::Runner
                | Self::TestJobSteps(_)
        )
    }

    /// Whether this verb's business is to serve until it is stopped. Only these log without being asked: everywhere else
    /// standard error belongs to the command or to errors.
    pub(crate) fn serves(&self) -> bool {
        matches!(self, Self::Hub(_)) || matches!(self, Self::Worker(args) if args.serves())
    }
}

#[cfg(test)]
mod tests {
    use std::ffi::OsString;

    use clap::{CommandFactory, error::ErrorKind};

    use super::*;

    fn command_of(line: &[&str]) -> Vec<OsString> {
        let args = Args::try_parse_from([&["doorbell", "run"], line].concat()).unwrap();
        let Verb::Run(run) = args.verb else { panic!("{args:?}") };
        run.command
    }

    #[test]
    fn the_definition_is_sound() {
        Args::command().debug_assert();
    }

    #[test]
    fn everything_after_the_command_is_the_commands() {
        for line in [&["--", "ls", "--name", "x"][..], &["ls", "--name", "x"], &["--name", "n", "ls", "--name", "x"]] {
            assert_eq!(command_of(line), ["ls", "--name", "x"], "{line:?}");
        }
        assert_eq!(command_of(&["--", "--odd-program"]), ["--odd-program"]);
    }

    #[test]
    fn a_typo_is_not_taken_for_a_command() {
        let error = Args::try_parse_from(["doorbell", "run", "--nmae", "x", "--", "ls"]).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::UnknownArgument);
        assert!(error.to_string().contains("--name"), "{error}");
        assert!(Args::try_parse_from(["doorbell", "statsu"]).unwrap_err().to_string().contains("status"));
    }
}
