//! What can happen to the app.

use doorbell_protocol::{EventId, FeedEvent, FeedMessage, jobs::RunningList};

use crate::{effect::Point, hub_id::HubId, opening::Opening, request::Request, tray::Action};

/// Something that happened.
#[derive(Clone, Debug, PartialEq)]
pub enum Input {
    /// Something about a hub. Of a hub that the state does not have, nothing is taken in.
    Hub(HubId, HubInput),
    /// The time of [`State::wakes_at`](crate::State::wakes_at) has come.
    Time,
    /// The tray icon was clicked.
    TrayClicked {
        /// Where on the screen, if the desktop tells.
        at: Option<Point>,
    },
    /// A job in the menu was chosen.
    JobChosen,
    /// The line of the menu that says that jobs wait for an answer was chosen.
    QuestionChosen,
    /// Something in the menu or in the panel was chosen.
    Chosen(Action),
    /// Something about the panel as it was opened by [`Effect::OpenPanel`](crate::Effect::OpenPanel). Of an earlier opening, nothing is
    /// taken in.
    Panel(Opening, PanelInput),
    /// Part of the desktop does not work, as in `This desktop shows no notifications.`
    Notice(String),
    /// A shell does not find the `doorbell` command by its name; this is what works in its place.
    Command(String),
}

/// Something that happened about the panel.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum PanelInput {
    /// It asks to be closed.
    Dismissed,
    /// It lost the focus.
    Blurred,
    /// It is gone, whoever closed it.
    Gone,
    /// It is gone without having been closed.
    Died,
}

/// Something that happened about one hub.
#[derive(Clone, Debug, PartialEq)]
pub enum HubInput {
    /// The feed told what is, or what happened just now.
    Told(Option<EventId>, FeedMessage),
    /// The feed told what happened while it was down.
    Missed(Option<EventId>, FeedEvent),
    /// The feed has told everything that was missed, and tells each change from here on.
    Live,
    /// The feed is down and will be tried again.
    Down {
        /// Why, in one sentence.
        reason: String,
    },
    /// The hub does not accept the token.
    Refused {
        /// Why and what to do, in one sentence.
        reason: String,
    },
    /// A poll was answered, the panel's or that of a feed that is down; `None` when nothing has changed since the last.
    Polled(Option<RunningList>),
    /// A poll failed.
    PollFailed {
        /// Why, in one sentence.
        reason: String,
    },
    /// A call that an [`Effect::Call`](crate::Effect::Call) made did not do what it should.
    CallFailed {
        /// What was asked for.
        request: Request,
        /// Why, in one sentence.
        reason: String,
    },
}
