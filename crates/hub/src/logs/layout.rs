//! Which bytes of a log are kept, and in which file each is.
//!
//! Pure. A log is a row of segments, each a file named by the offset of its first byte: the head, which stays, then
//! segments of one length, the oldest of which go. A file only ever grows at its end, so a log needs no index, and what
//! was acknowledged is never written over.

use std::ops::Range;

use doorbell_protocol::limits::{LOG_HEAD_BYTES, LOG_TAIL_BYTES};

/// Length of a segment behind the head.
const SEGMENT: u64 = 256 * 1024;

/// The segment that holds the byte at `offset`.
pub(super) fn segment(offset: u64) -> Range<u64> {
    if offset < LOG_HEAD_BYTES {
        return 0..LOG_HEAD_BYTES;
    }
    let start = offset - (offset - LOG_HEAD_BYTES) % SEGMENT;
    start..start.saturating_add(SEGMENT)
}

/// Where the kept end of a log of `end` bytes begins; it follows the head directly when nothing is cut.
pub(super) fn tail_start(end: u64) -> u64 {
    end.saturating_sub(LOG_TAIL_BYTES).max(LOG_HEAD_BYTES)
}

/// Whether a log of `end` bytes needs the segment that begins at `start` no more.
pub(super) fn is_past(start: u64, end: u64) -> bool {
    start >= LOG_HEAD_BYTES && segment(start).end <= tail_start(end)
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEAD: u64 = LOG_HEAD_BYTES;
    const TAIL: u64 = LOG_TAIL_BYTES;

    #[test]
    fn segments_lie_side_by_side() {
        assert_eq!((segment(0), segment(HEAD - 1)), (0..HEAD, 0..HEAD));
        assert_eq!((segment(HEAD), segment(HEAD + SEGMENT - 1)), (HEAD..HEAD + SEGMENT, HEAD..HEAD + SEGMENT));
        assert_eq!(segment(HEAD + SEGMENT).start, HEAD + SEGMENT);
    }

    #[test]
    fn nothing_is_cut_before_head_and_tail_are_full() {
        assert_eq!([0, HEAD, HEAD + TAIL].map(tail_start), [HEAD; 3]);
        assert_eq!(tail_start(HEAD + TAIL + 1), HEAD + 1);
    }

    #[test]
    fn a_segment_goes_when_all_of_it_is_cut_and_the_head_never() {
        assert!(!is_past(0, u64::MAX));
        assert!(!is_past(HEAD, HEAD + SEGMENT + TAIL - 1));
        assert!(is_past(HEAD, HEAD + SEGMENT + TAIL));
        assert!(!is_past(HEAD + SEGMENT, HEAD + SEGMENT + TAIL));
    }
}
