//! Takes output from the threads that move it. A block changes hands without being copied, so it costs them
//! next to nothing.

use std::{
    collections::VecDeque,
    sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use super::Stream;
use crate::redact::Piece;

/// Size of a block.
const BLOCK: usize = 64 * 1024;
/// A piece smaller than this is copied, which is cheaper than a block of its own.
const SMALL: usize = 16 * 1024;
/// Most bytes that wait to be read.
const UNREAD: usize = 1024 * 1024;
/// Empty blocks that are kept for use.
const SPARE: usize = 4;

/// What the threads that move output share with the one that reads it. Cheap to clone.
#[derive(Clone, Debug, Default)]
pub(crate) struct Tap(Arc<Shared>);

/// Where the thread of one stream puts its output.
#[derive(Debug)]
pub(crate) struct Source {
    tap: Tap,
    stream: Stream,
    block: Vec<u8>,
}

/// A piece of output, as it came.
#[derive(Debug)]
pub(super) struct Block {
    pub(super) stream: Stream,
    pub(super) piece: Piece,
    pub(super) bytes: Vec<u8>,
}

/// What a wait for output brought.
#[derive(Debug)]
pub(super) enum Taken {
    /// All that was unread.
    Blocks(VecDeque<Block>),
    /// Nothing came for as long as was asked.
    Nothing,
    /// Nothing will come any more.
    Over,
}

#[derive(Debug, Default)]
struct Shared {
    queue: Mutex<Queue>,
    changed: Condvar,
}

#[derive(Debug, Default)]
struct Queue {
    unread: VecDeque<Block>,
    bytes: usize,
    /// Streams whose last output was left out.
    gaps: Vec<Stream>,
    spare: Vec<Vec<u8>>,
    is_over: bool,
}

impl Tap {
    /// What a thread that moves `stream` puts its output into.
    pub(crate) fn source(&self, stream: Stream) -> Source {
        Source { tap: self.clone(), stream, block: vec![0; BLOCK] }
    }

    /// Says that no more output will come.
    pub(super) fn close(&self) {
        self.queue().is_over = true;
        self.0.changed.notify_all();
    }

    /// Takes all that is unread, or waits for some for at most `timeout`.
    pub(super) fn take(&self, timeout: Option<Duration>) -> Taken {
        let waits = |queue: &mut Queue| queue.unread.is_empty() && !queue.is_over;
        let queue = self.queue();
        let mut queue = match timeout {
            Some(timeout) => self.0.changed.wait_timeout_while(queue, timeout, waits).unwrap_or_else(PoisonError::into_inner).0,
            None => self.0.changed.wait_while(queue, waits).unwrap_or_else(PoisonError::into_inner),
        };
        if !queue.unread.is_empty() {
            queue.bytes = 0;
            return Taken::Blocks(std::mem::take(&mut queue.unread));
        }
        if queue.is_over { Taken::Over } else { Taken::Nothing }
    }

    /// Waits for `rest`, so that output gathers. Returns at once when there will be no more.
    pub(super) fn rest(&self, rest: Duration) {
        let _ = self.0.changed.wait_timeout_while(self.queue(), rest, |queue| !queue.is_over);
    }

    /// Takes back a block that was read, to be used again.
    pub(super) fn give_back(&self, block: Vec<u8>) {
        if block.capacity() >= BLOCK {
            let mut queue = self.queue();
            if queue.spare.len() < SPARE {
                queue.spare.push(block);
            }
        }
    }

    fn queue(&self) -> MutexGuard<'_, Queue> {
        self.0.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Source {
    /// Memory for the next bytes.
    pub(crate) fn room(&mut self) -> &mut [u8] {
        &mut self.block
    }

    /// The first `size` bytes of the room have been moved on, and may be looked at.
    pub(crate) fn moved(&mut self, size: usize) {
        let mut queue = self.tap.queue();
        let was_empty = queue.unread.is_empty();
        queue.bytes += size;
        match queue.unread.back_mut() {
            Some(last) if size < SMALL && last.stream == self.stream && last.bytes.len() + size <= BLOCK => {
                last.bytes.extend_from_slice(&self.block[..size]);
            }
            _ => {
                let bytes = if size < SMALL {
                    self.block[..size].to_vec()
                } else {
                    let mut next = queue.spare.pop().unwrap_or_default();
                    next.resize(BLOCK, 0);
                    let mut full = std::mem::replace(&mut self.block, next);
                    full.truncate(size);
                    full
                };
                let piece = if queue.gaps.contains(&self.stream) { Piece::AfterGap } else { Piece::Next };
                queue.gaps.retain(|stream| *stream != self.stream);
                queue.unread.push_back(Block { stream: self.stream, piece, bytes });
            }
        }
        queue.leave_out();
        drop(queue);
        if was_empty {
            self.tap.0.changed.notify_all();
        }
    }
}

impl Queue {
    /// Drops the oldest blocks until no more than [`UNREAD`] bytes wait, and marks the gap that they leave.
    fn leave_out(&mut self) {
        while self.bytes > UNREAD
            && let Some(oldest) = self.unread.pop_front()
        {
            self.bytes -= oldest.bytes.len();
            match self.unread.iter_mut().find(|block| block.stream == oldest.stream) {
                Some(next) => next.piece = Piece::AfterGap,
                None => self.gaps.push(oldest.stream),
            }
            if self.spare.len() < SPARE && oldest.bytes.capacity() >= BLOCK {
                self.spare.push(oldest.bytes);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn write(source: &mut Source, byte: u8, size: usize) {
        source.room()[..size].fill(byte);
        source.moved(size);
    }

    fn taken(tap: &Tap) -> Vec<(Stream, Piece, u8, usize)> {
        match tap.take(Some(Duration::ZERO)) {
            Taken::Blocks(blocks) => blocks.iter().map(|block| (block.stream, block.piece, block.bytes[0], block.bytes.len())).collect(),
            Taken::Nothing | Taken::Over => Vec::new(),
        }
    }

    #[test]
    fn output_comes_in_its_order_and_small_pieces_together() {
        let tap = Tap::default();
        let (mut out, mut err) = (tap.source(Stream::Output), tap.source(Stream::Error));
        for (source, byte, size) in [(0, 1, 10), (0, 2, 20), (1, 3, 5), (0, 4, 1), (0, 5, BLOCK), (0, 6, 7)] {
            write(if source == 0 { &mut out } else { &mut err }, byte, size);
        }
        let next = Piece::Next;
        use Stream::{Error, Output};
        assert_eq!(
            taken(&tap),
            [(Output, next, 1, 30), (Error, next, 3, 5), (Output, next, 4, 1), (Output, next, 5, BLOCK), (Output, next, 6, 7)]
        );
        tap.close();
        assert!(matches!(tap.take(None), Taken::Over));
    }

    #[test]
    fn what_nobody_reads_is_left_out_from_the_front() {
        let tap = Tap::default();
        let (mut out, mut err) = (tap.source(Stream::Output), tap.source(Stream::Error));
        write(&mut err, 9, 10);
        for byte in 0..20 {
            write(&mut out, byte, BLOCK);
        }
        write(&mut err, 8, 10);
        let taken = taken(&tap);
        assert!(taken.iter().map(|(_, _, _, size)| size).sum::<usize>() <= UNREAD);
        assert_eq!(taken[0], (Stream::Output, Piece::AfterGap, 5, BLOCK));
        assert_eq!(taken[1].1, Piece::Next);
        assert_eq!(*taken.last().unwrap(), (Stream::Error, Piece::AfterGap, 8, 10));
    }
}
