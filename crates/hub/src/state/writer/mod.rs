//! The transaction runner: decide → commit → publish → answer, for many callers with one sync to disk.
//!
//! One thread owns the store's writing side. It takes every change that waits, lets each decide in turn on a draft,
//! commits the whole draft at once, publishes it, and only then answers. So nothing is told before it is durable, and
//! everything is told in the order of the commits. A change that is refused leaves no trace in the draft; when the
//! commit fails, every caller of the batch is told so and nothing of the draft is kept.
//!
//! # Layout
//! - `thread`: the thread and the way to it · `draft`: what a batch will commit · `published`: what a commit is told to · `error`: why not

mod draft;
mod error;
#[cfg(test)]
mod progress_tests;
mod published;
#[cfg(test)]
mod store_task_tests;
#[cfg(test)]
mod tests;
mod thread;

pub(crate) use self::{draft::Draft, error::WriteError, published::Published, thread::Writer};
