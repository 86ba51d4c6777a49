//! Why nothing more can be said over a pipe.

/// A message could not be sent or received. Nothing more can be said over this pipe.
#[derive(Debug, thiserror::Error)]
pub enum LinkError {
    /// The pipe ended in the middle of a message.
    #[error("the other side ended in the middle of a message")]
    CutShort,
    /// A message is longer than its bound. One that was to be sent was not begun.
    #[error("a message of {bytes} bytes is longer than the {limit} bytes that one may have")]
    TooLong {
        /// Its length.
        bytes: u64,
        /// The bound.
        limit: u32,
    },
    /// What came is no message that this side knows.
    #[error("the other side sent what is no message: {0}")]
    Garbage(#[from] serde_json::Error),
    /// The other side is of another release.
    #[error("the other side speaks version {theirs}, and this one version {ours}: they are of two releases")]
    OtherVersion {
        /// What it speaks.
        theirs: u32,
        /// What this side speaks.
        ours: u32,
    },
    /// The pipe does not work.
    #[error("the pipe: {0}")]
    Io(#[from] std::io::Error),
}
