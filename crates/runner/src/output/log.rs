//! The part of a job's log that the hub has not got yet.

use std::{
    collections::VecDeque,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use bytes::Bytes;
use doorbell_protocol::limits;
use tokio::sync::Notify;

/// Most bytes that wait to be sent. The hub keeps no more of a log's end.
const UNSENT: usize = limits::LOG_TAIL_BYTES as usize;
/// Takes the place of output that was left out because it came faster than it could be sent.
const CUT: &[u8] = b"\n[output was left out here]\n";

/// What waits to be sent. Cheap to clone.
#[derive(Clone, Debug, Default)]
pub(crate) struct UnsentLog(Arc<Shared>);

#[derive(Debug, Default)]
struct Shared {
    unsent: Mutex<Unsent>,
    grown: Notify,
}

#[derive(Debug, Default)]
struct Unsent {
    /// Where the first byte that the hub has not got stands in the log, counting all that was and will be
    /// sent.
    offset: u64,
    /// The chunk that is being sent and is not acknowledged yet.
    in_flight: Bytes,
    waiting: VecDeque<u8>,
    /// Whether output was left out before what is waiting.
    is_cut: bool,
    is_closed: bool,
}

impl UnsentLog {
    /// Adds what the command has printed. Beyond [`UNSENT`] the oldest bytes go.
    pub(super) fn append(&self, bytes: &[u8]) {
        let mut unsent = self.unsent();
        if bytes.is_empty() || unsent.is_closed {
            return;
        }
        unsent.waiting.extend(bytes);
        if let Some(surplus) = unsent.waiting.len().checked_sub(UNSENT).filter(|surplus| *surplus > 0) {
            unsent.waiting.drain(..surplus);
            unsent.is_cut = true;
        }
        drop(unsent);
        self.0.grown.notify_one();
    }

    /// Says in the log that output was left out before what comes next.
    pub(super) fn left_out(&self) {
        self.append(CUT);
    }

    /// The next chunk and its offset: the same again until it is acknowledged. `None` when all was sent.
    pub(crate) fn next(&self) -> Option<(u64, Bytes)> {
        let mut unsent = self.unsent();
        if unsent.in_flight.is_empty() {
            let mut chunk = Vec::new();
            if std::mem::take(&mut unsent.is_cut) {
                chunk.extend_from_slice(CUT);
            }
            let size = unsent.waiting.len().min(limits::LOG_CHUNK_BYTES - chunk.len());
            chunk.extend(unsent.waiting.drain(..size));
            unsent.in_flight = chunk.into();
        }
        (!unsent.in_flight.is_empty()).then(|| (unsent.offset, unsent.in_flight.clone()))
    }

    /// The hub says that its log ends at `end`: what lies before has arrived. When `end` is less than what it
    /// had before, the hub has lost bytes that are not here any more either, and a note takes their place.
    pub(crate) fn goes_on_at(&self, end: u64) {
        let mut unsent = self.unsent();
        match end.checked_sub(unsent.offset) {
            Some(taken) => {
                let taken = usize::try_from(taken).unwrap_or(usize::MAX).min(unsent.in_flight.len());
                unsent.in_flight = unsent.in_flight.split_off(taken);
            }
            None => unsent.in_flight = [CUT, &unsent.in_flight].concat().into(),
        }
        unsent.offset = end;
    }

    /// Returns when something may have been added.
    pub(crate) async fn grown(&self) {
        self.0.grown.notified().await;
    }

    /// Forgets what waits and takes no more: nobody wants the rest.
    pub(crate) fn close(&self) {
        *self.unsent() = Unsent { is_closed: true, ..Unsent::default() };
    }

    /// The last bytes that were not sent, at most `most` of them, and the offset at which the hub may append
    /// them.
    pub(crate) fn tail(&self, most: usize) -> Option<(u64, Vec<u8>)> {
        let unsent = self.unsent();
        let mut tail: Vec<u8> = unsent.in_flight.iter().chain(&unsent.waiting).copied().collect();
        if let Some(surplus) = tail.len().checked_sub(most).filter(|surplus| *surplus > 0) {
            tail.splice(..surplus + CUT.len(), CUT.iter().copied());
        }
        (!tail.is_empty()).then_some((unsent.offset, tail))
    }

    fn unsent(&self) -> MutexGuard<'_, Unsent> {
        self.0.unsent.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn next(log: &UnsentLog) -> Option<(u64, String)> {
        log.next().map(|(offset, bytes)| (offset, String::from_utf8(bytes.to_vec()).unwrap()))
    }

    #[test]
    fn a_chunk_is_sent_until_it_is_acknowledged() {
        let log = UnsentLog::default();
        assert_eq!(next(&log), None);
        log.append(b"one ");
        assert_eq!(next(&log), Some((0, "one ".to_owned())));
        log.append(b"two");
        assert_eq!(next(&log), Some((0, "one ".to_owned())));
        log.goes_on_at(4);
        assert_eq!(next(&log), Some((4, "two".to_owned())));
        log.goes_on_at(7);
        assert_eq!(next(&log), None);
    }

    #[test]
    fn a_hub_that_has_lost_bytes_gets_a_note_in_their_place() {
        let log = UnsentLog::default();
        log.append(b"one");
        log.next();
        log.goes_on_at(3);
        log.append(b"two");
        log.next();
        log.goes_on_at(1);
        assert_eq!(next(&log), Some((1, "\n[output was left out here]\ntwo".to_owned())));
    }

    #[test]
    fn what_waits_too_long_is_left_out_from_the_front_and_that_is_said() {
        let log = UnsentLog::default();
        log.append(&vec![b'a'; UNSENT]);
        log.append(&vec![b'b'; 300_000]);
        let (mut offset, mut sent) = (0, Vec::new());
        while let Some((at, chunk)) = log.next() {
            assert!(at == offset && chunk.len() <= limits::LOG_CHUNK_BYTES);
            sent.extend_from_slice(&chunk);
            offset += chunk.len() as u64;
            log.goes_on_at(offset);
        }
        assert!(sent.starts_with(CUT) && sent.ends_with(b"b"));
        assert_eq!(sent.len(), UNSENT + CUT.len());
    }

    #[test]
    fn the_tail_of_what_is_unsent_is_known() {
        let log = UnsentLog::default();
        assert_eq!(log.tail(100), None);
        log.append(&[b'a'; 60]);
        log.next();
        log.append(&[b'b'; 60]);
        assert_eq!(log.tail(120).unwrap().1.len(), 120);
        let (offset, tail) = log.tail(100).unwrap();
        assert!(offset == 0 && tail.len() == 100 && tail.starts_with(CUT) && tail.ends_with(&[b'b'; 60]));
        log.close();
        log.append(b"more");
        assert_eq!((log.tail(100), log.next()), (None, None));
    }
}
