//! What may happen to a job, a question, a queue and a schedule: pure functions of what is, what is asked and the time.
//!
//! # Layout
//! - `job`, `question`: the state machines · `rights`: who somebody is to them · `queue`: who may claim what · `binding`: which workers a
//!   token is for · `dependencies`: jobs that wait for others · `retry`: running a job again · `plan`, `calendar`: schedules, and when they fire

pub(crate) mod binding;
pub(crate) mod calendar;
pub(crate) mod dependencies;
pub(crate) mod job;
pub(crate) mod plan;
pub(crate) mod question;
pub(crate) mod queue;
pub(crate) mod retry;
pub(crate) mod rights;
