//! What the app itself asks of hubs.

/// What the app itself may ask a hub for.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum Request {
    /// To queue the built-in test job.
    QueueTestJob,
}
