//! What a verb is given: the hub, and a runtime to call it with. Each is made when it is first needed,
//! because `doorbell run` starts its command before either.

use std::time::Duration;

use anyhow::Context as _;
use doorbell_client::{Client, EndpointSource};
use doorbell_runner::{RunSecret, spool};
use tokio::time::timeout;

use crate::refusal;

/// What the arguments of a verb can do.
pub(crate) trait Run {
    /// Does what was asked, and gives the exit code. An error is printed by `main`.
    fn run(self, context: &Context) -> anyhow::Result<i32>;

    /// Whether it serves until it is stopped. Only then it logs without being asked: everywhere else standard
    /// error belongs to the command or to errors.
    fn serves(&self) -> bool {
        false
    }
}

/// Does one thing after the other, each with what it was called, and gives the exit code. What cannot be done is told, and the rest is
/// done.
pub(crate) async fn each<T>(things: Vec<(&str, T)>, mut one: impl AsyncFnMut(T) -> anyhow::Result<()>) -> anyhow::Result<i32> {
    let several = things.len() > 1;
    let mut code = 0;
    for (called, thing) in things {
        match one(thing).await {
            Ok(()) => {}
            // Whoever reads what is printed has seen enough.
            Err(e) if e.is::<std::io::Error>() => return Err(e),
            Err(e) if several => {
                eprintln!("doorbell: {called}: {}", refusal::told(&e));
                code = 1;
            }
            Err(e) => return Err(e),
        }
    }
    Ok(code)
}

/// How this process reaches its hub.
pub(crate) struct Context {
    source: EndpointSource,
}

impl Context {
    /// With the hub that the environment names, or else the one that runs for this user.
    pub(crate) fn discovered() -> Self {
        Self { source: EndpointSource::discovered() }
    }

    /// Which hub is meant.
    pub(crate) fn source(&self) -> EndpointSource {
        self.source.clone()
    }

    /// Calls the hub. Ends of jobs that no hub has taken yet are delivered first, so that what is shown is
    /// true.
    pub(crate) fn call<T>(&self, calls: impl AsyncFnOnce(&Client) -> anyhow::Result<T>) -> anyhow::Result<T> {
        spool::deliver_now(self.source());
        self.block_on(calls(&self.client()))
    }

    /// Calls the hub and delivers nothing. Without an answer after `patience` it gives `None`.
    pub(crate) fn call_within<T>(
        &self,
        patience: Duration,
        calls: impl AsyncFnOnce(&Client) -> anyhow::Result<T>,
    ) -> anyhow::Result<Option<T>> {
        let client = self.client();
        self.block_on(async { timeout(patience, calls(&client)).await.ok().transpose() })
    }

    /// Shows the secret of the run that this process is a part of.
    fn client(&self) -> Client {
        Client::new(self.source()).showing(RunSecret::of_environment().as_ref().map(RunSecret::expose))
    }

    /// Waits for something else than a call. The thread that is there is enough.
    pub(crate) fn block_on<T>(&self, future: impl Future<Output = anyhow::Result<T>>) -> anyhow::Result<T> {
        tokio::runtime::Builder::new_current_thread().enable_all().build().context("cannot start")?.block_on(future)
    }
}
