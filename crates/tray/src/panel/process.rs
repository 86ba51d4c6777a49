//! One process of the panel, from its start to its end.

use std::{path::PathBuf, process::Stdio, time::Duration};

use doorbell_desk::{Input, Opening, PanelInput};
use doorbell_panel_link::{FromPanel, LinkError, ToPanel, frame, greeting};
use tokio::{
    io::BufReader,
    process::{Child, ChildStdin, ChildStdout, Command},
    sync::mpsc,
    time::timeout,
};
use tokio_util::sync::CancellationToken;

use super::{
    asker::{self, Asker},
    calls::Calls,
};
use crate::{inbox::Inbox, programs};

/// The program, beside this one.
const PROGRAM: &str = "doorbell-panel";
/// How long a panel whose pipe has ended may take to end itself.
const FAREWELL: Duration = Duration::from_secs(2);

/// A process that is about to be started.
pub(super) struct Process {
    pub(super) inbox: Inbox,
    pub(super) opening: Opening,
    /// Where answers go.
    pub(super) answers: mpsc::Sender<ToPanel>,
    /// Cancelled when the panel is closed.
    pub(super) given_up: CancellationToken,
}

/// How a process ended that was not given up.
pub(super) enum End {
    /// By itself and well: somebody closed its window.
    Left,
    /// In another way: why, in one sentence.
    Died(String),
}

/// Why a process cannot go on.
#[derive(Debug, thiserror::Error)]
enum ProcessError {
    #[error("cannot start {}: {error}", program.display())]
    Start { program: PathBuf, error: std::io::Error },
    #[error(transparent)]
    Link(#[from] LinkError),
}

impl Process {
    /// Runs it until it ends or is given up.
    pub(super) async fn run(self, asker: &Asker, outbox: mpsc::Receiver<ToPanel>) -> End {
        let spoken = self.start_and_speak(asker, outbox).await;
        match spoken {
            Err(error) => {
                if let ProcessError::Link(LinkError::OtherVersion { .. }) = &error {
                    self.inbox.input(Input::Notice(doorbell_desk::words::UPDATED.to_owned()));
                }
                End::Died(error.to_string())
            }
            Ok(end) => end,
        }
    }

    async fn start_and_speak(&self, asker: &Asker, outbox: mpsc::Receiver<ToPanel>) -> Result<End, ProcessError> {
        let program = programs::program(PROGRAM);
        let mut child = command(&program, asker).spawn().map_err(|error| ProcessError::Start { program, error })?;
        let spoken = tokio::select! {
            () = self.given_up.cancelled() => Ok(()),
            spoken = self.speak(child.stdin.take(), child.stdout.take(), outbox) => spoken,
        };
        // The pipe has ended by now, which ends the panel.
        let end = farewell(&mut child).await;
        spoken?;
        Ok(end)
    }

    /// Until the panel has nothing more to say.
    async fn speak(
        &self,
        stdin: Option<ChildStdin>,
        stdout: Option<ChildStdout>,
        outbox: mpsc::Receiver<ToPanel>,
    ) -> Result<(), LinkError> {
        let (Some(stdin), Some(stdout)) = (stdin, stdout) else { return Err(LinkError::CutShort) };
        let tell = tell(stdin, outbox);
        let hear = self.hear(BufReader::new(stdout));
        tokio::select! {
            heard = hear => heard,
            error = tell => Err(error),
        }
    }

    async fn hear(&self, mut stdout: BufReader<ChildStdout>) -> Result<(), LinkError> {
        greeting::receive(&mut stdout).await?;
        let calls = Calls::new(&self.inbox, &self.answers, &self.given_up);
        while let Some(message) = frame::receive(&mut stdout).await? {
            match message {
                FromPanel::Request { call, request } => calls.request(call, request),
                FromPanel::Subscribe { call, path } => calls.subscribe(call, path),
                FromPanel::Unsubscribe { call } => calls.unsubscribe(call),
                FromPanel::Standing { call } => calls.standing(call),
                FromPanel::Known { call } => calls.known(call),
                FromPanel::Dismissed => self.inbox.input(Input::Panel(self.opening, PanelInput::Dismissed)),
                FromPanel::Blurred => self.inbox.input(Input::Panel(self.opening, PanelInput::Blurred)),
            }
        }
        Ok(())
    }
}

/// Says what there is to say, and ends only when that cannot be said.
async fn tell(mut stdin: ChildStdin, mut outbox: mpsc::Receiver<ToPanel>) -> LinkError {
    let told = async {
        greeting::send(&mut stdin).await?;
        while let Some(message) = outbox.recv().await {
            frame::send(&mut stdin, &message).await?;
        }
        Ok(())
    };
    match told.await {
        // It may just have been closed: how it ended is for its status to say.
        Ok(()) | Err(LinkError::Io(_)) => std::future::pending().await,
        Err(error) => error,
    }
}

async fn farewell(child: &mut Child) -> End {
    let ended = match timeout(FAREWELL, child.wait()).await {
        Ok(ended) => ended,
        Err(_) => return End::Died(format!("it did not end within {} s, and was killed", FAREWELL.as_secs())),
    };
    match ended {
        Ok(status) if status.success() => End::Left,
        Ok(status) => End::Died(format!("{PROGRAM} ended with {status}")),
        Err(error) => End::Died(error.to_string()),
    }
}

/// Its standard error is ours, so what it says is in our log.
fn command(program: &PathBuf, asker: &Asker) -> Command {
    let mut command = Command::new(program);
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::inherit()).kill_on_drop(true);
    // Those that this program was started with are spent.
    for name in asker::ACTIVATION {
        command.env_remove(name);
    }
    command.envs(asker.env());
    command
}
