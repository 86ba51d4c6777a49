//! What a worker is to run: a command, its folder and its variables.
//!
//! A job that runs on this machine takes the folder, the search path, the umask and the limits of the shell that queued it along, so that
//! it finds what the shell would find. Another host knows neither, so there nothing goes along that was not named.

use std::{collections::BTreeMap, env, path::PathBuf};

use anyhow::Context;
use doorbell_protocol::jobs::Task;
use doorbell_runner::Surroundings;

/// The search path.
const PATH: &str = "PATH";

#[derive(Debug, clap::Args)]
pub(crate) struct TaskArgs {
    /// Folder to run it in [default: this one; with --host, the worker's home]
    #[arg(long, value_name = "DIR")]
    cwd: Option<PathBuf>,

    /// A variable to set: NAME=VALUE, or NAME for its value here. PATH goes along by itself, except with --host. Repeat it for
    /// several
    #[arg(long = "env", value_name = "NAME[=VALUE]", value_parser = variable)]
    variables: Vec<(String, String)>,

    /// The command and its arguments
    #[arg(required = true, trailing_var_arg = true, value_name = "COMMAND")]
    pub(crate) command: Vec<String>,
}

/// Where a task will run.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Place {
    /// Most likely on this machine.
    Here,
    /// On the host or the worker that somebody named.
    Elsewhere,
}

impl TaskArgs {
    pub(crate) fn task(&self, place: Place) -> anyhow::Result<Task> {
        let here = match place {
            Place::Here => Some(env::current_dir().context("cannot tell this folder; name one with --cwd")?),
            Place::Elsewhere => None,
        };
        let cwd = match (&self.cwd, here) {
            (Some(cwd), Some(here)) => Some(here.join(cwd)),
            (cwd, here) => cwd.clone().or(here),
        };
        let path = env::var(PATH).ok().filter(|_| place == Place::Here).map(|path| (PATH.to_owned(), path));
        let env: BTreeMap<String, String> = path.into_iter().chain(self.variables.iter().cloned()).collect();
        let cwd = cwd.map(|cwd| cwd.into_os_string().into_string()).transpose();
        let cwd = cwd.map_err(|cwd| anyhow::anyhow!("the name of the folder {} is no text", PathBuf::from(cwd).display()))?;
        let Surroundings { umask, ulimits } = match place {
            Place::Here => Surroundings::here(),
            Place::Elsewhere => Surroundings::default(),
        };
        Ok(Task { command: self.command.clone(), cwd, env, umask, ulimits })
    }
}

fn variable(text: &str) -> Result<(String, String), String> {
    let (name, value) = match text.split_once('=') {
        Some((name, value)) => (name, value.to_owned()),
        None => (text, env::var(text).map_err(|_| format!("{text} is not set here; write {text}=VALUE"))?),
    };
    if name.is_empty() { Err("a variable needs a name".to_owned()) } else { Ok((name.to_owned(), value)) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn args(cwd: Option<&str>, variables: &[(&str, &str)]) -> TaskArgs {
        let variables = variables.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        TaskArgs { cwd: cwd.map(PathBuf::from), variables, command: vec!["make".to_owned()] }
    }

    #[test]
    fn the_folder_and_the_search_path_go_along_on_this_machine_only() {
        let here = env::current_dir().unwrap().into_os_string().into_string().unwrap();
        let task = args(None, &[("A", "b")]).task(Place::Here).unwrap();
        assert_eq!((task.cwd, task.env.len(), task.env["A"].as_str()), (Some(here.clone()), 2, "b"));
        assert_eq!(args(Some("x"), &[]).task(Place::Here).unwrap().cwd, Some(format!("{here}{}x", std::path::MAIN_SEPARATOR)));
        let task = args(None, &[("PATH", "/opt/bin")]).task(Place::Here).unwrap();
        assert_eq!(task.env["PATH"], "/opt/bin");
        let task = args(Some("x"), &[]).task(Place::Elsewhere).unwrap();
        assert_eq!((task.cwd.as_deref(), task.env.len()), (Some("x"), 0));
        assert!(task.umask.is_none() && task.ulimits.is_empty());
    }

    #[test]
    fn a_variable_has_a_name_and_a_value() {
        assert_eq!(variable("A=b=c"), Ok(("A".to_owned(), "b=c".to_owned())));
        assert!(variable("=x").is_err());
        assert!(variable("DOORBELL_SURELY_NOT_SET").unwrap_err().contains("is not set here"));
    }
}
