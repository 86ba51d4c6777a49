//! Windows: a named pipe. Whoever makes its first instance is the first start, and the system removes it
//! however that ends.
//!
//! Its name has the user and the session. The system's own rules for pipes let only the user who made it
//! write into it.

use std::{io, time::Duration};

use tokio::{
    net::windows::named_pipe::{ClientOptions, NamedPipeServer, ServerOptions},
    time::{sleep, timeout},
};

use super::{ClaimError, PATIENCE, Start, hear, tell};
use crate::panel::Asker;

/// Between two attempts to reach a first that is just listening to another.
const LOOK_EVERY: Duration = Duration::from_millis(20);

/// Where other starts of this user come to.
pub(crate) struct Door {
    pipe: NamedPipeServer,
    name: String,
}

/// Finds out whether this process is the first, and tells the first when it is not.
pub(crate) async fn claim() -> Result<Start, ClaimError> {
    let part = |name| std::env::var(name).unwrap_or_default().replace(['\\', '/'], "-");
    let name = format!(r"\\.\pipe\doorbell-tray-{}-{}", part("USERNAME"), part("SESSIONNAME"));
    match ServerOptions::new().first_pipe_instance(true).reject_remote_clients(true).create(&name) {
        Ok(pipe) => Ok(Start::First(Door { pipe, name })),
        Err(error) if error.kind() == io::ErrorKind::PermissionDenied => {
            let told = timeout(PATIENCE, reach(&name)).await;
            if told.is_ok() { Ok(Start::Told) } else { Err(ClaimError::NoAnswer) }
        }
        Err(error) => Err(ClaimError::Io { what: format!("cannot listen at {name}"), error }),
    }
}

/// Until the first has heard.
async fn reach(name: &str) {
    let asker = Asker::of_this_start();
    loop {
        if let Ok(first) = ClientOptions::new().open(name)
            && tell(first, &asker).await.is_ok()
        {
            return;
        }
        sleep(LOOK_EVERY).await;
    }
}

impl Door {
    /// Hears others out, one by one, for as long as this process runs.
    pub(crate) async fn listen(self, opened: impl Fn(Asker)) {
        let Self { pipe, name } = self;
        let mut next = Some(pipe);
        loop {
            let made = next.take().map_or_else(|| ServerOptions::new().reject_remote_clients(true).create(&name), Ok);
            let heard = async {
                let pipe = made?;
                pipe.connect().await?;
                // The next instance is there before this one goes: the name never is without one.
                next = Some(ServerOptions::new().reject_remote_clients(true).create(&name)?);
                Ok::<_, io::Error>(hear(pipe).await)
            };
            match heard.await {
                Ok(Some(asker)) => opened(asker),
                Ok(None) => {}
                Err(error) => {
                    tracing::warn!(%error, "another start could not be heard");
                    sleep(PATIENCE).await;
                }
            }
        }
    }
}
