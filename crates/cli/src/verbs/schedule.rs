//! `doorbell schedule add`, `ls`, `rm`, `pause` and `resume`

use std::io::{self, Write};

use anyhow::{anyhow, bail};
use clap::{Subcommand, ValueEnum};
use doorbell_client::Client;
use doorbell_protocol::schedule::{CatchUp, NewSchedule, OneSchedule, Overlap, Schedule, ScheduleList};
use doorbell_runner::Redactor;

use crate::{
    cells,
    context::{Context, Run},
    job_lookup, moments, name,
    output::OutputMode,
    paint::Paint,
    task::{Place, TaskArgs},
    timezone,
};

/// Queue jobs by the clock
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(subcommand)]
    verb: ScheduleVerb,
}

#[derive(Debug, Subcommand)]
enum ScheduleVerb {
    Add(Add),
    /// Show the schedules, and when each fires next
    Ls {
        /// Print ids alone
        #[arg(short, long)]
        quiet: bool,

        /// Print the hub's answer: {"schedules": [schedule…]}
        #[arg(long, conflicts_with = "quiet")]
        json: bool,
    },
    /// Remove a schedule; what it has queued stays
    Rm(One),
    /// Let a schedule fire nothing until it is resumed
    Pause(One),
    /// Let a schedule go on from now; what it missed is not caught up
    Resume(One),
}

/// Add a schedule
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  doorbell schedule add '30 2 * * MON-FRI' -- ingest --all
  doorbell schedule add @hourly --name backup --overlap queue -- ./backup.sh")]
struct Add {
    /// Minute, hour, day of month, month, day of week; or @hourly, @daily or @midnight, @weekly, @monthly, @yearly
    cron: String,

    /// What people call it and its jobs [default: the command line, shortened]
    #[arg(long, value_parser = name::parse)]
    name: Option<String>,

    /// Whose clock counts, as in Europe/Berlin [default: this machine's]
    #[arg(long, value_name = "ZONE")]
    timezone: Option<String>,

    /// While a job of it is queued or running
    #[arg(long, value_enum, default_value_t)]
    overlap: OverlapChoice,

    /// What becomes of fire times that passed while no hub was there
    #[arg(long, value_enum, default_value_t)]
    catch_up: CatchUpChoice,

    #[command(flatten)]
    task: TaskArgs,

    /// Print the id alone
    #[arg(short, long)]
    quiet: bool,

    /// Print the hub's answer: {"schedule": {…}}
    #[arg(long, conflicts_with = "quiet")]
    json: bool,
}

#[derive(Debug, clap::Args)]
struct One {
    /// Its name or a part of its id, as `doorbell schedule ls` shows them
    schedule: String,

    /// Print nothing
    #[arg(short, long)]
    quiet: bool,
}

#[derive(Clone, Copy, Debug, Default, ValueEnum)]
enum OverlapChoice {
    /// Queue nothing
    #[default]
    Skip,
    /// Queue a job, which waits for the others
    Queue,
    /// Cancel the others and queue a job
    CancelRunning,
}

#[derive(Clone, Copy, Debug, Default, ValueEnum)]
enum CatchUpChoice {
    /// They are passed over
    #[default]
    None,
    /// The last one fires
    Last,
}

impl Run for Args {
    fn run(self, context: &Context) -> anyhow::Result<i32> {
        match self.verb {
            ScheduleVerb::Add(add) => add.run(context)?,
            ScheduleVerb::Ls { quiet, json } => {
                let schedules = context.call(async |client| Ok(client.schedules().await?))?;
                list(ScheduleList { schedules }, OutputMode::of(quiet, json))?;
            }
            ScheduleVerb::Rm(one) => {
                let schedule = context.call(async |client| {
                    let schedule = the_one(client, &one.schedule).await?;
                    client.delete_schedule(schedule.id).await?;
                    Ok(schedule)
                })?;
                one.say(&format!("Removed {}.", schedule.spec.name))?;
            }
            ScheduleVerb::Pause(one) => {
                let schedule = context.call(async |client| change(client, &one.schedule, |spec| spec.paused = true).await)?;
                one.say(&format!("Paused {}.", schedule.spec.name))?;
            }
            ScheduleVerb::Resume(one) => {
                let schedule = context.call(async |client| change(client, &one.schedule, |spec| spec.paused = false).await)?;
                one.say(&format!("Resumed {}; it fires {}.", schedule.spec.name, next(&schedule)))?;
            }
        }
        Ok(0)
    }
}

impl Add {
    fn run(self, context: &Context) -> anyhow::Result<()> {
        let timezone = match self.timezone {
            Some(timezone) => timezone,
            None => {
                timezone::here().map_err(|why| anyhow!("{why}; say whose clock counts by --timezone, as in --timezone Europe/Berlin"))?
            }
        };
        // What is told of the command has no secrets. What a worker runs must have them.
        let redactor = Redactor::of_environment();
        let told: Vec<String> = self.task.command.iter().map(|word| redactor.text(word)).collect();
        let new = NewSchedule {
            name: self.name.unwrap_or_else(|| name::of_command(&told)),
            cron: self.cron,
            timezone,
            overlap: match self.overlap {
                OverlapChoice::Skip => Overlap::Skip,
                OverlapChoice::Queue => Overlap::Queue,
                OverlapChoice::CancelRunning => Overlap::CancelRunning,
            },
            catch_up: match self.catch_up {
                CatchUpChoice::None => CatchUp::None,
                CatchUpChoice::Last => CatchUp::Last,
            },
            paused: false,
            task: self.task.task(Place::Here)?,
        };
        let schedule = context.call(async |client| Ok(client.create_schedule(&new).await?))?;
        let answer = OneSchedule { schedule };
        let schedule = &answer.schedule;
        OutputMode::of(self.quiet, self.json)
            .print(&answer, [schedule.id], |out| writeln!(out, "Added {}; it fires {}.", schedule.spec.name, next(schedule)))
    }
}

fn list(list: ScheduleList, output: OutputMode) -> anyhow::Result<()> {
    let schedules = &list.schedules;
    output.print(&list, schedules.iter().map(|schedule| schedule.id), |out| {
        if schedules.is_empty() {
            writeln!(out, "No schedules. Add one with `doorbell schedule add @daily -- COMMAND`.")?;
        }
        let name_width = cells::widest(schedules.iter().map(|schedule| &*schedule.spec.name));
        let cron_width = cells::widest(schedules.iter().map(|schedule| &*schedule.spec.cron));
        let paint = Paint::for_stdout();
        for schedule in schedules {
            let (id, spec) = (paint.faint(&job_lookup::short(schedule.id)), &schedule.spec);
            let (name, cron) = (cells::filled(&spec.name, name_width), cells::filled(&spec.cron, cron_width));
            writeln!(out, "{id}  {name}  {cron}  {} · {}", next(schedule), spec.timezone)?;
        }
        Ok(())
    })
}

fn next(schedule: &Schedule) -> String {
    match schedule.next_fire {
        _ if schedule.spec.paused => "never while it is paused".to_owned(),
        Some(at) => format!("next at {}", moments::show(at)),
        None => "never again".to_owned(),
    }
}

async fn change(client: &Client, asked: &str, how: impl FnOnce(&mut NewSchedule)) -> anyhow::Result<Schedule> {
    let mut schedule = the_one(client, asked).await?;
    how(&mut schedule.spec);
    Ok(client.replace_schedule(schedule.id, &schedule.spec).await?)
}

async fn the_one(client: &Client, asked: &str) -> anyhow::Result<Schedule> {
    let mut schedules = client.schedules().await?;
    schedules.retain(|schedule| schedule.spec.name == asked || job_lookup::is_part_of_id(asked, schedule.id.0));
    match schedules.len() {
        0 => bail!("No schedule is called {asked:?}. `doorbell schedule ls` shows them."),
        1 => Ok(schedules.remove(0)),
        _ => {
            let fitting: Vec<_> = schedules.iter().map(|schedule| (schedule.id.0, schedule.spec.cron.as_str())).collect();
            Err(job_lookup::unclear(asked, "schedules", &fitting))
        }
    }
}

impl One {
    fn say(&self, text: &str) -> anyhow::Result<()> {
        if !self.quiet {
            writeln!(io::stdout(), "{text}")?;
        }
        Ok(())
    }
}
