//! A ring, as a plain value.

use doorbell_protocol::{JobId, QuestionId, Timestamp};

use crate::{hub_id::HubId, request::Request};

/// One ring.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Notification {
    /// What it is about. A later one about the same thing takes its place.
    pub about: About,
    /// The title: plain text.
    pub summary: String,
    /// One or two short lines: plain text.
    pub body: String,
    /// How it should sound and look.
    pub tone: Tone,
}

/// What a notification is about: its name, by which it is replaced and taken back.
#[derive(Clone, Debug, Eq, Hash, PartialEq)]
pub enum About {
    /// One run of a job: that it started, and how it ended.
    Run(HubId, JobId),
    /// A question.
    Question(HubId, QuestionId),
    /// All that was missed until then, by this machine's clock.
    Missed(HubId, Timestamp),
    /// Something that the app asked a hub for.
    Call(HubId, Request),
    /// The panel itself.
    Panel,
}

/// How a ring should sound and look.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Tone {
    /// Good to know.
    Quiet,
    /// Something ended as it should.
    Good,
    /// Something needs a look.
    Bad,
}
