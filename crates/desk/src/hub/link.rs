//! How the app stands with a hub.

use doorbell_protocol::Timestamp;

use crate::connection::Connection;

/// What the feed, and those who poll, know of the connection.
#[derive(Clone, Debug)]
pub(super) struct Link {
    feed: Connection,
    /// Why a poll of the panel failed, while the feed still counts as live. The feed may not know yet that the hub is gone; a poll
    /// that failed knows.
    doubt: Option<String>,
}

impl Link {
    pub(super) fn new() -> Self {
        Self { feed: Connection::Connecting, doubt: None }
    }

    /// What is shown of it. A doubt holds `since` the figures were last known to be right.
    pub(super) fn shown(&self, since: Option<Timestamp>) -> Connection {
        match (&self.feed, &self.doubt, since) {
            (Connection::Live, Some(reason), Some(since)) => Connection::Offline { since, reason: reason.clone() },
            (feed, _, _) => feed.clone(),
        }
    }

    /// Whether the feed tells each change.
    pub(super) fn is_live(&self) -> bool {
        self.feed == Connection::Live
    }

    /// The hub has spoken.
    pub(super) fn drop_doubt(&mut self) {
        self.doubt = None;
    }

    pub(super) fn live(&mut self) {
        self.connect(Connection::Live);
    }

    pub(super) fn refused(&mut self, reason: String) {
        self.connect(Connection::Refused { reason });
    }

    /// The feed is down, at `now` by the hub's clock.
    pub(super) fn down(&mut self, reason: String, now: Timestamp) {
        self.connect(match self.feed {
            Connection::Offline { since, .. } => Connection::Offline { since, reason },
            // Polls that are answered say more than an attempt that failed.
            Connection::Polled { since, .. } => Connection::Polled { since, reason },
            Connection::Connecting | Connection::Live | Connection::Refused { .. } => Connection::Offline { since: now, reason },
        });
    }

    /// A poll has shown what is true now.
    pub(super) fn polled(&mut self) {
        if let Connection::Offline { since, reason } = &self.feed {
            self.feed = Connection::Polled { since: *since, reason: reason.clone() };
        }
    }

    pub(super) fn poll_failed(&mut self, reason: String) {
        match self.feed {
            Connection::Polled { since, .. } => self.feed = Connection::Offline { since, reason },
            Connection::Live => self.doubt = Some(reason),
            Connection::Connecting | Connection::Offline { .. } | Connection::Refused { .. } => {}
        }
    }

    fn connect(&mut self, feed: Connection) {
        self.doubt = None;
        self.feed = feed;
    }
}
