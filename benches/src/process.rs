//! What the kernel says about a process and its children, and the limit on open files.

use std::{fs, path::PathBuf, time::Duration};

use anyhow::{Context, Result, bail};
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

/// Kilobytes as the kernel counts them.
const KB: f64 = 1_024.0;

/// Lets this process, and those that it starts, hold `wanted` files open.
pub(crate) fn raise_open_files(wanted: usize) -> Result<()> {
    let limit = getrlimit(Resource::Nofile);
    let wanted = u64::try_from(wanted)?;
    // Only root may go beyond the maximum.
    let maximum = limit.maximum.map(|maximum| maximum.max(wanted));
    let raised = setrlimit(Resource::Nofile, Rlimit { current: maximum, maximum });
    let current = raised.map_or(limit.maximum, |()| maximum);
    setrlimit(Resource::Nofile, Rlimit { current, maximum: current }).context("cannot raise the limit on open files")?;
    if current.is_some_and(|current| current < wanted) {
        bail!("this needs {wanted} open files, and the limit is {}", current.unwrap_or_default());
    }
    Ok(())
}

/// The processes of one server.
#[derive(Clone)]
pub(crate) struct Processes(pub(crate) Vec<u32>);

impl Processes {
    /// Proportional set size: private memory, and a share of what is shared. In bytes.
    pub(crate) fn pss(&self) -> Result<f64> {
        self.memory("Pss:")
    }

    /// Resident set size, in bytes.
    pub(crate) fn rss(&self) -> Result<f64> {
        self.memory("Rss:")
    }

    /// Time that all threads have spent on a processor.
    pub(crate) fn cpu(&self) -> Result<Duration> {
        let mut total = 0;
        for text in self.threads("schedstat")? {
            total += text.split(' ').next().context("an empty schedstat")?.parse::<u64>()?;
        }
        Ok(Duration::from_nanos(total))
    }

    /// How often a thread was given a processor or lost it.
    pub(crate) fn context_switches(&self) -> Result<u64> {
        let mut total = 0;
        for text in self.threads("status")? {
            for line in text.lines().filter(|line| line.contains("ctxt_switches")) {
                total += line.rsplit('\t').next().context("an empty line")?.parse::<u64>()?;
            }
        }
        Ok(total)
    }

    fn memory(&self, field: &str) -> Result<f64> {
        let mut total = 0.0;
        for pid in &self.0 {
            let text = read(format!("/proc/{pid}/smaps_rollup").into())?;
            let line = text.lines().find_map(|line| line.strip_prefix(field)).context("no such line in smaps_rollup")?;
            total += line.trim().trim_end_matches(" kB").parse::<f64>()? * KB;
        }
        Ok(total)
    }

    fn threads(&self, file: &str) -> Result<Vec<String>> {
        let mut texts = Vec::new();
        for pid in &self.0 {
            for thread in fs::read_dir(format!("/proc/{pid}/task")).context("the server is gone")? {
                // A thread may end meanwhile.
                texts.extend(fs::read_to_string(thread?.path().join(file)));
            }
        }
        Ok(texts)
    }
}

/// The processes that `pid` has started, by whichever thread.
pub(crate) fn children(pid: u32) -> Result<Vec<u32>> {
    let mut children = Vec::new();
    for thread in fs::read_dir(format!("/proc/{pid}/task")).with_context(|| format!("process {pid} is gone"))? {
        // A thread may end meanwhile.
        let text = fs::read_to_string(thread?.path().join("children")).unwrap_or_default();
        for child in text.split_whitespace() {
            children.push(child.parse()?);
        }
    }
    Ok(children)
}

/// `pid`, and all that it and its children have started.
pub(crate) fn family(pid: u32) -> Result<Vec<u32>> {
    let mut family = vec![pid];
    let mut next = 0;
    while let Some(parent) = family.get(next) {
        // One that is on its way out has no children any more.
        family.extend(children(*parent).unwrap_or_default());
        next += 1;
    }
    Ok(family)
}

fn read(path: PathBuf) -> Result<String> {
    fs::read_to_string(&path).with_context(|| format!("cannot read {}", path.display()))
}
