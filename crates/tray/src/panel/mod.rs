//! The panel's process: started when the panel is asked for, ended when it is closed. Closed, there is no
//! process at all.
//!
//! # Layout
//! - here: which process is wanted · [`process`]: one process, from its start to its end · [`calls`]: what
//!   its page asks for, and gets
//! - [`gate`]: which calls pass · [`pieces`]: streams as text
//! - [`asker`]: who asked for the panel: on which display, and with what right to the focus
//!
//! # Invariants
//! - A process that ends by itself is never started again without being asked for.
//! - What a process says after it was closed is not heard: it says for which opening it speaks.

mod asker;
mod calls;
mod gate;
mod pieces;
mod process;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use doorbell_desk::{Input, Opening, PanelInput, Point};
use doorbell_panel_link::{Show, ToPanel};
use tokio::sync::mpsc;
use tokio_util::{sync::CancellationToken, task::TaskTracker};

pub(crate) use self::asker::Asker;
use self::process::{End, Process};
use crate::inbox::Inbox;

/// Most messages that wait for a panel which does not read. It says nothing without having been asked.
const WAITING: usize = 32;

/// The panel, open or not. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Panel(Arc<Inner>);

struct Inner {
    inbox: Inbox,
    open: Mutex<Option<Open>>,
    /// Who asked last, until the panel is opened for them.
    asker: Mutex<Option<Asker>>,
    processes: TaskTracker,
}

/// The process that is wanted.
struct Open {
    messages: mpsc::Sender<ToPanel>,
    given_up: CancellationToken,
}

impl Panel {
    pub(crate) fn new(inbox: Inbox) -> Self {
        Self(Arc::new(Inner { inbox, open: Mutex::default(), asker: Mutex::default(), processes: TaskTracker::new() }))
    }

    /// Remembers who asked, for when the panel is opened, which is a moment later.
    pub(crate) fn asked_by(&self, asker: Asker) {
        *lock(&self.0.asker) = Some(asker);
    }

    /// Starts the panel, or brings the one that is open to the front.
    pub(crate) fn open(&self, opening: Opening, near: Option<Point>) {
        let asker = lock(&self.0.asker).take().unwrap_or_default();
        let near = near.map(|Point { x, y }| doorbell_panel_link::Point { x, y });
        let show = ToPanel::Show(Show { near, activation: asker.activation().map(str::to_owned) });
        let mut open = lock(&self.0.open);
        if let Some(open) = open.as_ref() {
            // One that has not read the messages before is not there yet, or is stuck.
            let _ = open.messages.try_send(show);
            return;
        }
        let (messages, outbox) = mpsc::channel(WAITING);
        let given_up = CancellationToken::new();
        // There is room: it is the first.
        let _ = messages.try_send(show);
        *open = Some(Open { messages: messages.clone(), given_up: given_up.clone() });
        let panel = self.clone();
        self.0.processes.spawn(async move {
            let process = Process { inbox: panel.0.inbox.clone(), opening, answers: messages, given_up: given_up.clone() };
            let end = process.run(&asker, outbox).await;
            if let End::Died(reason) = &end {
                tracing::warn!(%reason, "the panel ended");
            }
            // What it still waits for comes too late.
            given_up.cancel();
            let input = match end {
                End::Left => PanelInput::Gone,
                End::Died(_) => PanelInput::Died,
            };
            panel.0.inbox.input(Input::Panel(opening, input));
        });
    }

    /// Ends the process that is open, if it has not ended yet.
    pub(crate) fn close(&self) {
        if let Some(open) = lock(&self.0.open).take() {
            open.given_up.cancel();
        }
    }

    /// Ends whatever is there, and waits for it.
    pub(crate) async fn end(&self) {
        self.close();
        self.0.processes.close();
        self.0.processes.wait().await;
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
