//! Being asked to end: Ctrl-C, SIGTERM, or a terminal that closes.

/// Returns when this process is asked to end, with the exit code that says so. Listens from the call on, not only once it is
/// awaited.
pub(crate) fn interrupted() -> anyhow::Result<impl Future<Output = i32>> {
    #[cfg(unix)]
    {
        use anyhow::Context;
        use tokio::signal::unix::{SignalKind, signal};

        let catch = |kind: SignalKind| signal(kind).context("cannot listen for signals");
        let (interrupt, terminate, hangup) = (SignalKind::interrupt(), SignalKind::terminate(), SignalKind::hangup());
        let mut signals = (catch(interrupt)?, catch(terminate)?, catch(hangup)?);
        Ok(async move {
            let signal = tokio::select! {
                _ = signals.0.recv() => interrupt,
                _ = signals.1.recv() => terminate,
                _ = signals.2.recv() => hangup,
            };
            128 + signal.as_raw_value()
        })
    }
    #[cfg(not(unix))]
    {
        Ok(async {
            let _ = tokio::signal::ctrl_c().await;
            // What Windows calls a process that Ctrl-C ended.
            0xC000_013A_u32.cast_signed()
        })
    }
}
