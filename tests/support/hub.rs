//! A real hub in a process of its own.

use std::{
    fs,
    io::{BufRead, BufReader},
    process::{Child, Command, ExitStatus, Stdio},
    time::Duration,
};

use doorbell_client::{
    BearerToken, CallError, Client, Endpoint, EndpointSource,
    rest::{JobQuery, Running},
};
use doorbell_protocol::{Job, JobState, hub::Stats};

use crate::{Home, eventually};

/// Longest wait for something that takes a hub a moment. Long, because the machine may be busy; nothing waits that long in
/// a good run.
pub const SOON: Duration = Duration::from_secs(20);

/// A hub that serves. Dropping it kills it as `kill -9` would.
#[derive(Debug)]
pub struct Hub {
    process: Child,
    endpoint: Endpoint,
}

#[expect(clippy::expect_used, reason = "a test whose hub does not do its part cannot go on")]
impl Hub {
    /// Starts one for the user of `home`, on a free port.
    ///
    /// # Panics
    /// It does not come up.
    #[must_use]
    pub fn start(home: &Home) -> Self {
        Self::start_with(home, &[])
    }

    /// Starts one with more arguments.
    ///
    /// # Panics
    /// It does not come up.
    #[must_use]
    pub fn start_with(home: &Home, args: &[&str]) -> Self {
        let free_port: &[&str] = if args.contains(&"--listen") { &[] } else { &["--listen", "127.0.0.1:0"] };
        Self::start_as(home, &mut home.doorbell(&[&["hub"], free_port, args].concat()))
    }

    /// Starts one by a command that `home` made, and that has been changed since.
    ///
    /// # Panics
    /// It does not come up.
    #[must_use]
    pub fn start_as(home: &Home, command: &mut Command) -> Self {
        let log = fs::File::options().create(true).append(true).open(home.path("hub.log")).expect("the hub's log");
        let mut process = command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(log).spawn().expect("doorbell hub starts");
        let mut line = String::new();
        BufReader::new(process.stdout.take().expect("its output")).read_line(&mut line).expect("a line of the hub");
        let url = line.strip_prefix("Listening on ").and_then(|rest| rest.split(',').next());
        let Some(url) = url else {
            panic!("the hub did not come up: {line:?}\n{}", fs::read_to_string(home.path("hub.log")).unwrap_or_default());
        };
        let token = fs::read_to_string(home.data_dir().join("token")).expect("the hub's token");
        let endpoint = Endpoint::new(url, BearerToken::new(&token).expect("a token")).expect("an address");
        // One that was killed has left its own announcement.
        let pid = format!("\"pid\":{}", process.id());
        let announced = || fs::read_to_string(home.hub_file()).ok().filter(|file| file.replace(' ', "").contains(&pid));
        eventually("the hub is announced", SOON, announced);
        Self { process, endpoint }
    }

    /// Where it is, and its token.
    #[must_use]
    pub fn endpoint(&self) -> &Endpoint {
        &self.endpoint
    }

    /// Its address without `http://`.
    #[must_use]
    pub fn address(&self) -> &str {
        self.endpoint.url().trim_start_matches("http://")
    }

    /// Calls it.
    ///
    /// # Errors
    /// As the call.
    ///
    /// # Panics
    /// There is no runtime.
    pub fn ask<T>(&self, call: impl AsyncFnOnce(Client) -> Result<T, CallError>) -> Result<T, CallError> {
        let client = Client::new(EndpointSource::fixed(self.endpoint.clone()));
        tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime").block_on(call(client))
    }

    /// Its figures.
    ///
    /// # Panics
    /// It does not answer.
    #[must_use]
    pub fn stats(&self) -> Stats {
        self.ask(async |client| client.stats().await).expect("stats")
    }

    /// Its process.
    #[cfg(unix)]
    #[must_use]
    pub fn pid(&self) -> rustix::process::Pid {
        rustix::process::Pid::from_child(&self.process)
    }

    /// The sequences of the events that its feed still has, as it replays them.
    ///
    /// # Panics
    /// It does not.
    #[must_use]
    pub fn replayed(&self) -> Vec<u64> {
        /// Events that a feed replays, as docs/protocol.md says.
        const RING: u64 = 1_024;

        let newest = self.stats().seq.0;
        let epoch = self.ask(async |client| client.health().await).expect("health").epoch;
        let last = format!("{epoch}-{}", newest.saturating_sub(RING));
        let url = format!("{}/v1/feed", self.endpoint.url());
        let read = async {
            let client = crate::http::builder().timeout(SOON).build().expect("a client");
            let call = client.get(url).bearer_auth(self.endpoint.token().expose()).header("Last-Event-ID", last);
            let mut answer = call.send().await.expect("the feed");
            let (mut text, mut seen) = (String::new(), Vec::new());
            while seen.last() != Some(&newest) && newest > 0 {
                let chunk = answer.chunk().await.expect("the feed").expect("more of the feed");
                text.push_str(std::str::from_utf8(&chunk).expect("text"));
                let ids = text.split("\n\n").filter(|block| block.contains("event: job.")).filter_map(|block| block.split_once("id: "));
                seen = ids.filter_map(|(_, rest)| rest.lines().next()?.rsplit_once('-')?.1.parse().ok()).collect();
            }
            seen
        };
        tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime").block_on(read)
    }

    /// Its newest jobs.
    ///
    /// # Panics
    /// It does not answer.
    #[must_use]
    pub fn jobs(&self) -> Vec<Job> {
        self.ask(async |client| client.jobs(JobQuery::default()).await).expect("jobs").jobs
    }

    /// Its running jobs, with their progress.
    ///
    /// # Panics
    /// It does not answer.
    #[must_use]
    pub fn running(&self) -> Vec<Job> {
        match self.ask(async |client| client.running(None).await).expect("running jobs") {
            Running::List { list, .. } => list.jobs,
            Running::Unchanged => Vec::new(),
        }
    }

    /// Waits until its only job is in `state`.
    ///
    /// # Panics
    /// It never is.
    pub fn the_job_is(&self, state: JobState) -> Job {
        eventually(&format!("the job is {}", state.as_str()), SOON, || self.jobs().into_iter().next().filter(|job| job.state == state))
    }

    /// Ends it as a crash would.
    ///
    /// # Panics
    /// It cannot be killed.
    pub fn kill(mut self) {
        self.process.kill().expect("the hub is killed");
        self.process.wait().expect("the hub is gone");
    }

    /// Asks it to end, and waits for that.
    ///
    /// # Panics
    /// It does not end.
    #[cfg(unix)]
    pub fn stop(mut self) -> ExitStatus {
        let pid = rustix::process::Pid::from_child(&self.process);
        rustix::process::kill_process(pid, rustix::process::Signal::TERM).expect("the hub is asked to end");
        eventually("the hub ends", SOON, || self.process.try_wait().expect("the hub's end"))
    }
}

impl Drop for Hub {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
