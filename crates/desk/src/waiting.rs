//! How much waits for an answer.

/// How much waits for an answer.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Waiting {
    /// So many jobs, each of which may have asked more than once.
    Jobs(u32),
    /// So many questions. Not all of their jobs are known.
    Questions(u32),
}
