//! One attempt: a fresh connection, from the request to its end.

use std::time::Duration;

use doorbell_protocol::{EventId, FeedMessage, routes};
use eventsource_client::{Event, SSE};
use futures_util::StreamExt;

use super::{catch_up::CatchUp, update::When};
use crate::{
    Endpoint,
    event_stream::{self, EventStream, lines, transport::Cause},
    wire_text,
};

/// A connection to the feed. Dropping it closes it.
pub(super) struct Attempt {
    stream: EventStream,
    /// The event that the request named as the last one known; later, the place of the newest snapshot.
    last: Option<EventId>,
    catch_up: CatchUp,
    /// A message has come that cannot be read. To ask for what follows the last one would bring it again.
    is_unreadable: bool,
}

/// Something that happened on the connection.
#[derive(Debug)]
pub(super) enum Happened {
    /// A sign of life, and nothing else.
    Heard,
    /// The hub asks for this pause before a reconnect.
    PauseAsked(Duration),
    /// A message from the hub, and whether it was missed or happens now.
    Told(When, Option<EventId>, FeedMessage),
    /// An event of a later version. We do not know its kind, but it has its place in the order.
    PassedOver(Option<EventId>),
    /// The attempt is over.
    Ended(End),
}

/// How an attempt ended.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) enum End {
    /// Nobody answers at the address, or there is none.
    Unreachable(String),
    /// Somebody answers, but with something else than a feed, or the feed has broken off.
    Broken(String),
    /// The hub does not take the token, or this client.
    Refused(String),
}

impl Attempt {
    /// A connection that asks for what follows `last`. Nothing is sent before [`happened`](Self::happened) is
    /// awaited.
    pub(super) fn new(http: &reqwest::Client, endpoint: &Endpoint, last: Option<EventId>) -> Result<Self, End> {
        let stream = event_stream::open(http, endpoint, routes::FEED.spec.path, last.map(|last| last.to_string()))
            .map_err(|e| End::Unreachable(e.to_string()))?;
        // What is to come is known once the head of the answer is there, which comes first.
        Ok(Self { stream, last, catch_up: CatchUp::Snapshot, is_unreadable: false })
    }

    /// Whether everything that was missed has been told.
    pub(super) fn is_caught_up(&self) -> bool {
        self.catch_up.is_done()
    }

    /// Whether the next attempt should ask for a snapshot.
    pub(super) fn is_unproven(&self) -> bool {
        self.is_unreadable || self.catch_up.is_unproven()
    }

    /// Waits for the next thing that happens. Nothing is lost when this future is dropped.
    pub(super) async fn happened(&mut self) -> Happened {
        loop {
            let happened = match self.stream.next().await {
                None => Happened::Ended(closed()),
                Some(Err(e)) => Happened::Ended(end_of(&e)),
                Some(Ok(SSE::Connected(details))) => {
                    let newest = details.response().get_header_value(FeedMessage::NEWEST_HEADER).ok().flatten();
                    self.catch_up = CatchUp::new(self.last, newest.and_then(|id| id.parse().ok()));
                    continue;
                }
                Some(Ok(SSE::Comment(comment))) => {
                    self.catch_up.heard();
                    lines::pause_asked_for(&comment).map_or(Happened::Heard, Happened::PauseAsked)
                }
                Some(Ok(SSE::Event(event))) => self.decode(&event),
            };
            return happened;
        }
    }

    fn decode(&mut self, event: &Event) -> Happened {
        let id: Option<EventId> = event.id.as_deref().and_then(|id| id.parse().ok());
        let message = match FeedMessage::decode(&event.event_type, &wire_text::cleaned_text(&event.data)) {
            Err(e) => {
                self.is_unreadable = true;
                return Happened::Ended(End::Broken(e.to_string()));
            }
            Ok(Some(message @ FeedMessage::Snapshot(_))) => {
                self.catch_up.snapshot();
                self.last = id;
                return Happened::Told(When::Now, id, message);
            }
            Ok(message) => message,
        };
        // An id of another epoch says nothing about the place in this hub's feed.
        let id = id.filter(|id| self.last.is_none_or(|last| last.epoch == id.epoch));
        match (self.catch_up.event(id), message) {
            (None, _) => Happened::Heard,
            (Some(_), None) => Happened::PassedOver(id),
            (Some(when), Some(message)) => Happened::Told(when, id, message),
        }
    }
}

fn closed() -> End {
    End::Broken("the hub closed the connection".to_owned())
}

fn end_of(error: &eventsource_client::Error) -> End {
    use eventsource_client::Error;

    match (Cause::of(error), error) {
        (Some(cause @ Cause::RefusedToken), _) => {
            End::Refused(format!("{cause}. Set DOORBELL_TOKEN or DOORBELL_TOKEN_FILE to this hub's token."))
        }
        (Some(cause @ Cause::Refused(_)), _) => End::Refused(cause.to_string()),
        (Some(cause @ Cause::Unreachable(_)), _) => End::Unreachable(cause.to_string()),
        (Some(cause), _) => End::Broken(cause.to_string()),
        (None, Error::Eof | Error::UnexpectedEof) => closed(),
        (None, other) => {
            End::Broken(format!("the hub's feed cannot be read: {}", other.source().map_or_else(|| other.to_string(), ToString::to_string)))
        }
    }
}
