//! `doorbell worker`, `worker ls` and `worker drain`

use std::{
    io::{self, Write},
    process,
};

use anyhow::{Context as _, bail};
use clap::Subcommand;
use doorbell_client::EndpointSource;
use doorbell_protocol::{
    limits,
    worker::{WorkerList, WorkerState, WorkerStatus},
};
use doorbell_runner::{WorkerConfig, origin};

use crate::{
    cells,
    context::{Context, Run},
    duration,
    interrupt::interrupted,
    job_lookup, moments, name,
    output::OutputMode,
    paint::Paint,
};

/// Run queued jobs in the foreground, or see to the workers
///
/// The tray app and `doorbell hub` have a worker of their own; this one adds slots, on this machine or on another one. It stops on
/// Ctrl-C or when it is drained; jobs that it started go on by themselves.
#[derive(Debug, clap::Args)]
#[command(args_conflicts_with_subcommands = true)]
pub(crate) struct Args {
    #[command(subcommand)]
    verb: Option<WorkerVerb>,

    /// How many jobs it runs at once
    #[arg(long, default_value_t = 1, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=i64::from(limits::SLOTS)))]
    slots: u32,

    /// What people call it, and what `doorbell add --host` may name [default: made of the host and the process]
    #[arg(long, value_parser = name::parse)]
    name: Option<String>,
}

#[derive(Debug, Subcommand)]
enum WorkerVerb {
    /// Show the workers, and how many jobs each runs
    Ls {
        /// Print ids alone
        #[arg(short, long)]
        quiet: bool,

        /// Print the hub's answer: {"workers": [worker…]}
        #[arg(long, conflicts_with = "quiet")]
        json: bool,
    },
    /// Give a worker no more jobs; those that it runs go on
    Drain {
        /// Its name or a part of its id, as `doorbell worker ls` shows them
        worker: String,

        /// Print nothing
        #[arg(short, long)]
        quiet: bool,
    },
}

impl Run for Args {
    fn run(self, context: &Context) -> anyhow::Result<i32> {
        match self.verb {
            None => context.block_on(serve(context.source(), self.slots, self.name))?,
            Some(WorkerVerb::Ls { quiet, json }) => {
                let workers = context.call(async |client| Ok(client.workers().await?))?;
                list(WorkerList { workers }, OutputMode::of(quiet, json))?;
            }
            Some(WorkerVerb::Drain { worker, quiet }) => {
                let drained = context.call(async |client| {
                    let found = the_one(&worker, client.workers().await?)?;
                    client.drain_worker(found.worker.id).await?;
                    Ok(found.worker.name)
                })?;
                if !quiet {
                    writeln!(io::stdout(), "{drained} gets no more jobs.")?;
                }
            }
        }
        Ok(0)
    }

    fn serves(&self) -> bool {
        self.verb.is_none()
    }
}

async fn serve(source: EndpointSource, slots: u32, name: Option<String>) -> anyhow::Result<()> {
    let stop = interrupted()?;
    // A hub that is away is waited for; one that cannot be called at all is a mistake that somebody should see now.
    let url = source.resolve()?.url().to_owned();
    // A worker is its name on its host: two processes must not share one, or each would count the other's jobs.
    let host = origin::host().unwrap_or_else(|| "this-machine".to_owned());
    let name = name.unwrap_or_else(|| format!("{host}-{}", process::id()));
    let program = std::env::current_exe().context("cannot find the doorbell program")?;
    writeln!(io::stdout(), "Working for {url} as {name}, {slots} at once. Ctrl-C ends it.")?;
    doorbell_runner::work(WorkerConfig { source, name, slots, program, open_files: None }, async { _ = stop.await }).await;
    Ok(())
}

fn list(list: WorkerList, output: OutputMode) -> anyhow::Result<()> {
    let workers = &list.workers;
    output.print(&list, workers.iter().map(|status| status.worker.id), |out| {
        if workers.is_empty() {
            writeln!(out, "No workers. Start the tray app, or run `doorbell worker`.")?;
        }
        let widest = cells::widest(workers.iter().map(|status| &*status.worker.name));
        let paint = Paint::for_stdout();
        for WorkerStatus { worker, state, last_seen, running } in workers {
            let id = paint.faint(&job_lookup::short(worker.id));
            let state = match state {
                WorkerState::Active => "active  ",
                WorkerState::Draining => "draining",
                WorkerState::Unknown => "unknown ",
            };
            let seen = duration::ago(moments::now().since(*last_seen));
            writeln!(
                out,
                "{id}  {state}  {}  {}/{} running · on {} · seen {seen}",
                cells::filled(&worker.name, widest),
                running.len(),
                worker.slots,
                worker.host
            )?;
        }
        Ok(())
    })
}

fn the_one(asked: &str, mut workers: Vec<WorkerStatus>) -> anyhow::Result<WorkerStatus> {
    workers.retain(|status| status.worker.name == asked || job_lookup::is_part_of_id(asked, status.worker.id.0));
    match workers.len() {
        0 => bail!("No worker is called {asked:?}. `doorbell worker ls` shows them."),
        1 => Ok(workers.remove(0)),
        _ => {
            let fitting: Vec<_> = workers.iter().map(|status| (status.worker.id.0, status.worker.host.as_str())).collect();
            Err(job_lookup::unclear(asked, "workers", &fitting))
        }
    }
}
