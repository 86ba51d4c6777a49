//! Linux: the icon lives on a thread of its own. Its start and its changes wait for the desktop over D-Bus,
//! and a desktop that does not answer holds up nobody else.

use std::{
    process::ExitCode,
    sync::mpsc::{self, Receiver},
    thread,
    time::Duration,
};

use tokio::runtime::Runtime;

use super::{
    Slot,
    command::{Command, TrayThread},
};

/// How long the end of the app waits for the icon to be taken away. The desktop notices by itself that the
/// app is gone.
const FAREWELL: Duration = Duration::from_secs(1);

/// Runs `app` to its end, with a tray.
pub(crate) fn run<F: Future<Output = ExitCode>>(runtime: Runtime, app: impl FnOnce(TrayThread) -> F) -> ExitCode {
    let (commands, waiting) = mpsc::channel();
    let (still_there, gone) = mpsc::channel::<()>();
    let thread = thread::Builder::new().name("tray".to_owned()).spawn(move || {
        let _still_there = still_there;
        serve(&waiting);
    });
    if let Err(error) = thread {
        tracing::error!(%error, "there is no tray icon");
    }
    let code = runtime.block_on(app(TrayThread::new(move |command| commands.send(command).is_ok())));
    // Its end is what is waited for: nothing is ever sent.
    let _ = gone.recv_timeout(FAREWELL);
    // What still runs, as a call to a hub that does not answer, is not waited for.
    runtime.shutdown_background();
    code
}

fn serve(commands: &Receiver<Command>) {
    let mut slot = Slot::default();
    for command in commands {
        match command {
            Command::Create(view, clicks) => slot.create(view, clicks),
            Command::Show(view) => slot.show(view),
        }
    }
}
