//! One file a verb: what may follow it, and what it does.

mod add;
mod answer;
mod ask;
mod cancel;
mod completions;
mod config;
mod hub;
mod log;
mod ls;
mod man;
mod open;
mod progress;
mod questions;
mod retry;
mod rm;
pub(crate) mod run;
mod runner;
mod schedule;
#[cfg(unix)]
mod session;
mod shell_init;
mod shell_report;
mod show;
mod status;
mod step;
mod test_job;
mod test_job_steps;
mod token;
mod wait;
mod watch;
mod worker;

use clap::Subcommand;

use crate::context::{Context, Run};

/// Makes the enum that clap reads, and hands each verb on to its file.
macro_rules! verbs {
    ($($(#[$where:meta])? $verb:ident($args:ty),)*) => {
        #[derive(Debug, Subcommand)]
        pub(crate) enum Verb {
            $($(#[$where])? $verb($args),)*
        }

        impl Run for Verb {
            fn run(self, context: &Context) -> anyhow::Result<i32> {
                match self {
                    $($(#[$where])? Self::$verb(args) => args.run(context),)*
                }
            }

            fn serves(&self) -> bool {
                match self {
                    $($(#[$where])? Self::$verb(args) => args.serves(),)*
                }
            }
        }
    };
}

// In the order in which help lists them.
verbs! {
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
    Runner(runner::Args),
    #[cfg(unix)]
    Session(session::Args),
    TestJobSteps(test_job_steps::Args),
}
