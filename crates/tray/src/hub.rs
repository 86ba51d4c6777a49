//! The embedded hub: what this app gives it, and what it hears of it.

use std::sync::Arc;

use doorbell_desk::Input;
use doorbell_host::{EmbeddedHub, Worker};
use tokio::sync::Notify;

use crate::{inbox::Inbox, programs};

/// Keeps a hub up: another one that runs already, or one of its own. Tell the second value when no hub
/// answers.
pub(crate) fn keep(inbox: Inbox) -> (EmbeddedHub, Arc<Notify>) {
    let down = Arc::new(Notify::new());
    let worker = Worker { name: "tray".to_owned(), program: programs::command() };
    let hub = EmbeddedHub::start(worker, Arc::clone(&down), move |error| {
        tracing::error!(%error, "cannot embed a hub");
        inbox.input(Input::Notice(format!("Doorbell cannot keep jobs: {error}")));
    });
    (hub, down)
}
