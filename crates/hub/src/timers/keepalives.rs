//! Keepalives: while somebody listens to the feed, it is never silent for longer than [`limits::KEEPALIVE`].
//!
//! All listeners hear the same, so one timer does for all of them. While nobody listens there is none.

use doorbell_protocol::limits;
use tokio::time::Instant;

use crate::{feed::subscriber::Subscribers, state::live::Live};

/// Keeps the feed alive, from now on. `sleep_until` returns when its moment has come.
pub(crate) async fn watch<S: Future<Output = ()>>(live: &Live, subscribers: &Subscribers, sleep_until: impl Fn(Instant) -> S) {
    loop {
        subscribers.any().await;
        let mut silent_since = Instant::now();
        while subscribers.count() > 0 {
            sleep_until(silent_since + limits::KEEPALIVE).await;
            let told_at = live.lock().told_at;
            if told_at > silent_since {
                silent_since = told_at;
            } else {
                live.keep_alive();
                silent_since = Instant::now();
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::{
        sync::{
            Arc,
            atomic::{AtomicUsize, Ordering},
        },
        time::Duration,
    };

    use tokio::time::{sleep, sleep_until, timeout};

    use super::*;
    use crate::{
        feed::subscriber::Subscriber,
        state::{
            frame::Framing,
            live::tests::{empty, started},
            progress::ProgressMap,
        },
    };

    /// A hub where nothing happens, on a clock that is wound forward.
    #[derive(Clone)]
    struct Quiet {
        live: Arc<Live>,
        subscribers: Subscribers,
        /// How often the timer was set.
        timers: Arc<AtomicUsize>,
    }

    impl Quiet {
        fn new() -> Self {
            let quiet = Self { live: Arc::new(empty()), subscribers: Subscribers::default(), timers: Arc::default() };
            let Self { live, subscribers, timers } = quiet.clone();
            tokio::spawn(async move {
                let sleep = |deadline| {
                    timers.fetch_add(1, Ordering::Relaxed);
                    sleep_until(deadline)
                };
                watch(&live, &subscribers, sleep).await;
            });
            quiet
        }

        /// One who listens, and has heard the beginning.
        fn listener(&self) -> Subscriber {
            let mut listener = Subscriber::new(self.live.clone(), None, &self.subscribers);
            while listener.next().is_some() {}
            listener
        }

        fn tell(&self) {
            let newest = self.live.lock().seq;
            self.live.publish(vec![started(newest.next().0)], &ProgressMap::default());
        }

        fn timers(&self) -> usize {
            self.timers.load(Ordering::Relaxed)
        }
    }

    /// What is heard next, and after how many seconds.
    async fn heard(listener: &mut Subscriber, start: Instant) -> (String, u64) {
        loop {
            if let Some(frame) = listener.next() {
                let text = String::from_utf8(frame.framed(Framing::UntilClose).to_vec()).unwrap();
                return (text, start.elapsed().as_secs());
            }
            listener.woken().await;
        }
    }

    fn keepalive(at: u64) -> (String, u64) {
        (": keepalive\n\n".to_owned(), at)
    }

    #[tokio::test(start_paused = true)]
    async fn a_silent_feed_says_that_it_lives_every_thirty_seconds() {
        let (quiet, start) = (Quiet::new(), Instant::now());
        let mut listener = quiet.listener();
        for n in 1..=3 {
            assert_eq!(heard(&mut listener, start).await, keepalive(30 * n));
        }
    }

    #[tokio::test(start_paused = true)]
    async fn silence_is_counted_from_what_was_told_last() {
        let (quiet, start) = (Quiet::new(), Instant::now());
        let mut listener = quiet.listener();
        sleep(Duration::from_secs(20)).await;
        quiet.tell();
        assert!(heard(&mut listener, start).await.0.starts_with("id: "));
        assert_eq!(heard(&mut listener, start).await, keepalive(50));
    }

    #[tokio::test(start_paused = true)]
    async fn one_timer_does_for_all_who_listen_whenever_they_came() {
        let (quiet, start) = (Quiet::new(), Instant::now());
        let mut early = quiet.listener();
        sleep(Duration::from_secs(20)).await;
        let mut late = quiet.listener();
        for n in 1..=2 {
            assert_eq!([heard(&mut early, start).await, heard(&mut late, start).await], [keepalive(30 * n), keepalive(30 * n)]);
        }
        assert_eq!(quiet.timers(), 3);
    }

    #[tokio::test(start_paused = true)]
    async fn while_nobody_listens_there_is_no_timer() {
        let quiet = Quiet::new();
        sleep(Duration::from_secs(3_600)).await;
        assert_eq!(quiet.timers(), 0);
        drop(quiet.listener());
        sleep(Duration::from_secs(3_600)).await;
        assert!(quiet.timers() <= 1);
        let mut listener = quiet.listener();
        let start = Instant::now();
        assert_eq!(heard(&mut listener, start).await, keepalive(30));
        assert!(timeout(Duration::from_secs(29), listener.woken()).await.is_err(), "too soon");
    }
}
