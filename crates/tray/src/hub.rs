//! The embedded hub: what this app gives it, and what it hears of it.

use std::{path::PathBuf, sync::Arc};

use doorbell_desk::Input;
use doorbell_host::{EmbeddedHub, Worker};
use tokio::sync::Notify;

use crate::inbox::Inbox;

/// Keeps a hub up: another one that runs already, or one of its own. Tell the second value when no hub
/// answers.
pub(crate) fn keep(inbox: Inbox) -> (EmbeddedHub, Arc<Notify>) {
    let down = Arc::new(Notify::new());
    let worker = Worker { name: "tray".to_owned(), program: runner_program() };
    let hub = EmbeddedHub::start(worker, Arc::clone(&down), move |error| {
        tracing::error!(%error, "cannot embed a hub");
        inbox.input(Input::Notice(format!("Doorbell cannot keep jobs: {error}")));
    });
    (hub, down)
}

/// The `doorbell` command: the one beside this program, as a build puts it, else the one that `PATH` has.
/// Bundles carry none.
fn runner_program() -> PathBuf {
    let name = format!("doorbell{}", std::env::consts::EXE_SUFFIX);
    let beside = std::env::current_exe().ok().map(|program| program.with_file_name(&name)).filter(|program| program.is_file());
    beside.unwrap_or_else(|| name.into())
}
