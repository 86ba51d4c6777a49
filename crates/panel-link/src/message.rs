//! What is said after the greeting.

use serde::{Deserialize, Serialize};
use serde_json::Value;

/// From the resident to the panel.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum ToPanel {
    /// Be on the screen, with the focus. The first message; again when the panel is asked for while it is open.
    Show(Show),
    /// What came of [`FromPanel::Call`].
    Answer {
        /// Its number.
        call: u64,
        /// What it brought.
        answer: Result<Value, Refusal>,
    },
}

/// Where the panel is to be, and what lets it take the focus.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Serialize)]
pub struct Show {
    /// Where the tray icon is, if it is known; else the panel goes beside the pointer.
    pub near: Option<Point>,
    /// What the desktop gave for the click that asked for the panel: with it a window may take the focus.
    pub activation: Option<String>,
}

/// A place on the screen, in pixels as the tray host counts them.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct Point {
    /// From the left.
    pub x: i32,
    /// From the top.
    pub y: i32,
}

/// From the panel to the resident.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum FromPanel {
    /// The page wants something, and waits for a [`ToPanel::Answer`].
    Call {
        /// Names it in the answer.
        call: u64,
        /// What.
        what: Call,
    },
    /// The page asks to be closed.
    Dismissed,
    /// The window had the focus and lost it.
    Blurred,
}

/// What the page can want.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Call {
    /// What the panel shows now.
    Poll,
    /// Queue the built-in test job.
    StartTestJob,
}

/// Why something was not done.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct Refusal {
    /// For the page's program.
    pub code: String,
    /// For people.
    pub message: String,
}
