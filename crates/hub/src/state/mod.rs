//! What is true now, and the one way to change it.
//!
//! # Layout
//! - `writer/`: the transaction runner, which alone changes anything · `create`: a change that is safe to repeat · `reads`: the way to the database past it
//! - `live`: what is true now, under one lock · `ring`: the newest events · `frame`: a message, encoded once for all who are sent it
//! - `leases`, `progress`, `workers`, `schedules`: in memory, in step with it · `asks`: the workers that wait for a job

pub(crate) mod asks;
pub(crate) mod create;
pub(crate) mod frame;
pub(crate) mod leases;
pub(crate) mod live;
pub(crate) mod progress;
pub(crate) mod reads;
pub(crate) mod ring;
pub(crate) mod schedules;
pub(crate) mod workers;
pub(crate) mod writer;
