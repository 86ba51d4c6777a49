//! Completion in shells: verbs and options by their definition, and jobs by asking the hub.

use std::{collections::HashSet, ffi::OsStr, time::Duration};

use clap::Command;
use clap_complete::{CompleteEnv, CompletionCandidate, engine::ArgValueCompleter};
use doorbell_protocol::text;

use crate::{
    context::Context,
    job_lookup,
    listing::{self, Filter},
};

/// Set by the shell's script: it asks for candidates, in place of a verb.
pub(crate) const VARIABLE: &str = "DOORBELL_COMPLETE";
/// Nobody waits longer for a candidate.
const PATIENCE: Duration = Duration::from_millis(500);
/// Jobs that are over and may be meant.
const RECENT: usize = 50;

/// Answers a shell that asks for candidates, and ends. Does nothing when none does. `command` is what can be typed.
pub(crate) fn answer_shell(command: fn() -> Command) {
    CompleteEnv::with_factory(command).var(VARIABLE).complete();
}

/// Completes the name or the id of a job.
pub(crate) fn jobs() -> ArgValueCompleter {
    ArgValueCompleter::new(|typed: &OsStr| candidates(&typed.to_string_lossy()))
}

fn candidates(typed: &str) -> Vec<CompletionCandidate> {
    let listing = Context::discovered().call_within(PATIENCE, async |client| Ok(listing::fetch(client, &Filter::recent(RECENT)).await?));
    // A shell that completes is no place for errors.
    let Ok(Some(listing)) = listing else { return Vec::new() };
    let mut candidates = Vec::new();
    for job in listing.jobs() {
        // Shells quote what they complete each in its own way, or not at all, and whoever reports a job names it: what is no word would
        // be run when the line is. A key was no word before hubs saw to that.
        let name = [job.name.clone(), job.key].into_iter().find(|name| text::is_word(name));
        // Ids only for somebody who types one, or where there is nothing else: names are what people know.
        let id = Some(job_lookup::short(job.id)).filter(|_| !typed.is_empty() || name.is_none());
        let help = format!("{} {}", job.state.as_str(), job.name);
        for value in [name, id].into_iter().flatten().filter(|value| value.starts_with(typed)) {
            candidates.push(CompletionCandidate::new(value).help(Some(help.clone().into())));
        }
    }
    // Runs of one job have one name; the first is the one that is meant.
    let mut known = HashSet::new();
    candidates.retain(|candidate| known.insert(candidate.get_value().to_owned()));
    candidates
}
