//! What every call may use.

use std::{path::PathBuf, sync::Arc};

use tokio_util::sync::CancellationToken;

use crate::{
    access::{links::Links, tokens::Tokens},
    feed::subscriber::Subscribers,
    figures::Figures,
    logs::Logs,
    state::{
        asks::Asks, leases::Leases, live::Live, progress::ProgressMap, reads::Reads, schedules::Schedules, workers::Workers, writer::Writer,
    },
};

/// What every call may use.
pub(crate) struct Context {
    pub(crate) tokens: Arc<Tokens>,
    /// Where the owner's token stands.
    pub(crate) token_file: PathBuf,
    pub(crate) writer: Writer,
    pub(crate) reads: Reads,
    pub(crate) live: Arc<Live>,
    pub(crate) leases: Arc<Leases>,
    pub(crate) links: Links,
    pub(crate) logs: Logs,
    pub(crate) progress: Arc<ProgressMap>,
    pub(crate) schedules: Arc<Schedules>,
    pub(crate) workers: Workers,
    pub(crate) asks: Asks,
    pub(crate) subscribers: Subscribers,
    pub(crate) polls: std::sync::atomic::AtomicU64,
    pub(crate) figures: Figures,
    pub(crate) shutdown: CancellationToken,
}

pub(super) type Hub = axum::extract::State<Arc<Context>>;
