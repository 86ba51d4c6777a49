//! What is said after the greeting.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;

/// From the resident to the panel.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum ToPanel {
    /// Be on the screen, with the focus. The first message; again when the panel is asked for while it is
    /// open.
    Show(Show),
    /// What came of a request, or of the question how it stands.
    Answer {
        /// Its number.
        call: u64,
        /// What it brought.
        answer: Result<Answer, Refusal>,
    },
    /// What came on a stream that the page has subscribed to: a piece of its text, cut anywhere.
    Piece {
        /// The number of the subscription.
        call: u64,
        /// In the form of server-sent events.
        text: String,
    },
    /// A stream is over, or never began.
    Ended {
        /// The number of the subscription.
        call: u64,
        /// Why, unless the hub ended it in order.
        refusal: Option<Refusal>,
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

/// From the panel to the resident. The panel numbers what is to be answered.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum FromPanel {
    /// The page makes a call to the hub.
    Request {
        /// Its number.
        call: u64,
        /// What is called.
        request: Request,
    },
    /// The page listens to a stream of the hub.
    Subscribe {
        /// Its number.
        call: u64,
        /// Path and query.
        path: String,
    },
    /// The page has heard enough.
    Unsubscribe {
        /// The number of the subscription.
        call: u64,
    },
    /// The page asks what only the resident knows.
    Standing {
        /// Its number.
        call: u64,
    },
    /// The page asks what is known of a hub that cannot be asked.
    Known {
        /// Its number.
        call: u64,
    },
    /// The page asks to be closed.
    Dismissed,
    /// The window had the focus and lost it.
    Blurred,
}

/// A call to the hub, without the hub's address and without a token: these are the resident's.
#[derive(Clone, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
pub struct Request {
    /// As in `GET`.
    pub method: String,
    /// Path and query, as in `/v1/jobs?state=running`.
    pub path: String,
    /// By their names in small letters.
    #[serde(default)]
    pub headers: BTreeMap<String, String>,
    /// Absent for a call without one.
    #[serde(default)]
    pub body: Option<String>,
}

/// What an answered question brings.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Answer {
    /// What the hub answered, whatever its status.
    Response(Response),
    /// What only the resident knows, as the page reads it.
    Standing(Value),
    /// What is known of a hub that cannot be asked, as the page reads it.
    Known(Value),
}

/// What the hub answered.
#[derive(Clone, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
pub struct Response {
    /// As in 200.
    pub status: u16,
    /// By their names in small letters. Only those that a page has a use for.
    pub headers: BTreeMap<String, String>,
    /// Empty when there was none.
    pub body: String,
}

/// Why something was not done.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct Refusal {
    /// For the page's program.
    pub code: String,
    /// For people.
    pub message: String,
}
