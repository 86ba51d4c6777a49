//! What a Windows console tells the programs in it: Ctrl-C, Ctrl-Break, and that it is closed.
//!
//! # Invariants
//! - The wrapper outlives the command: none of the three events ends the wrapper. A command in the same
//!   console gets the event itself, and decides what to do.
//! - A command in a pseudo console does not get the event, so it is handed on here.

use std::{
    io,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    thread,
};

use tokio::signal::windows::{CtrlBreak, CtrlC, CtrlClose, ctrl_break, ctrl_c, ctrl_close};

use crate::stdio::Pseudo;

/// The character that Ctrl-C types.
const CTRL_C: &[u8] = b"\x03";
/// Ctrl-Break types no character. Pseudo consoles take any key as `ESC [ Vk ; Sc ; Uc ; Kd ; Cs ; Rc _`. This
/// one is VK_CANCEL, its scan code, no character, pressed down, with the left Ctrl key, once.
const CTRL_BREAK: &[u8] = b"\x1b[3;70;0;1;8;1_";

/// Console events that are caught from before the command starts.
pub(crate) struct ConsoleEvents {
    c: CtrlC,
    pause: CtrlBreak,
    close: CtrlClose,
}

/// Whether the command was told to stop. Cheap to clone.
#[derive(Clone, Default)]
pub(crate) struct StopFlag(Arc<AtomicBool>);

impl ConsoleEvents {
    /// Catches the events. From now on they do not end this process.
    pub(crate) fn catch() -> io::Result<Self> {
        Ok(Self { c: ctrl_c()?, pause: ctrl_break()?, close: ctrl_close()? })
    }

    /// Hands them on to the command in `pseudo`, if it is in one.
    pub(crate) fn hand_on(mut self, pseudo: Option<Pseudo>) -> io::Result<StopFlag> {
        let flag = StopFlag::default();
        let ours = flag.clone();
        let runtime = tokio::runtime::Builder::new_current_thread().build()?;
        let events = async move {
            loop {
                let key = tokio::select! {
                    _ = self.c.recv() => Some(CTRL_C),
                    _ = self.pause.recv() => Some(CTRL_BREAK),
                    _ = self.close.recv() => None,
                };
                ours.0.store(true, Ordering::Relaxed);
                match (&pseudo, key) {
                    (Some(pseudo), Some(key)) => pseudo.type_in(key),
                    (Some(pseudo), None) => pseudo.close(),
                    (None, _) => {}
                }
            }
        };
        // The thread lives as long as the process.
        thread::Builder::new().name("doorbell-events".to_owned()).spawn(move || runtime.block_on(events))?;
        Ok(flag)
    }
}

impl StopFlag {
    /// Whether the command was told to stop.
    pub(crate) fn is_set(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }
}
