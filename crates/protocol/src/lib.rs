//! The wire contract of Doorbell: every body, event and limit that a hub and its clients exchange.
//!
//! # Layout
//! - [`routes`]: every call, in one table
//! - [`id`]: job, worker, question and schedule ids, epoch, sequence, fence, event ids
//! - [`time`]: the one timestamp format on the wire
//! - [`job`]: a job and its states · [`progress`]: how far it is · [`lease`]: who may report for it · [`run_secret`]: and what its
//!   command shows for that
//! - [`jobs`]: bodies of the calls under `/v1/jobs` · [`worker`]: workers and claims · [`schedule`]: jobs by the clock
//! - [`question`]: what a job asks, and the answers · [`log`]: what its command prints
//! - [`feed`]: events and snapshots · [`hub`]: health and stats
//! - [`token`]: who may call, and what for
//! - [`error`]: the one error body · [`text`]: what text may contain · [`limits`]: every bound in one place
//! - `omitted`: which fields JSON leaves out · [`place`]: what a hub leaves on disk for local clients
//!
//! # Invariants
//! - No I/O and no clock: this crate only describes.
//! - A reader ignores fields that it does not know, and reads an enum value that it does not know as
//!   `Unknown`, so that an old client lives with a new hub.
//! - Text and figures are checked once, at the hub's door, by the `check` methods here.

pub mod browser;
pub mod changes;
pub mod error;
pub mod feed;
pub mod hub;
pub mod id;
pub mod job;
pub mod jobs;
pub mod lease;
pub mod limits;
pub mod log;
mod omitted;
pub mod place;
pub mod progress;
pub mod question;
pub mod routes;
pub mod run_secret;
pub mod schedule;
pub mod text;
pub mod time;
pub mod token;
pub mod worker;

pub use error::{ErrorBody, ErrorCode, Invalid};
pub use feed::{Counts, Event, EventKind, FeedEvent, FeedMessage, QuestionEvent, Snapshot};
pub use id::{ClaimId, Epoch, EventId, Fence, JobId, QuestionId, ScheduleId, Sequence, TokenId, WorkerId};
pub use job::{Job, JobState, Origin, Outcome};
pub use lease::Lease;
pub use progress::{Progress, Step};
pub use question::{Choice, Question, QuestionState};
pub use time::Timestamp;
pub use token::Role;
