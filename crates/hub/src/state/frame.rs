//! One message of a feed as it goes over the wire.

use std::fmt::Display;

use bytes::{BufMut, Bytes, BytesMut};

/// An SSE frame, encoded once for all who are sent it.
#[derive(Clone, Debug)]
pub(crate) struct Frame {
    /// The frame as a chunk of HTTP/1.1: its length in hexadecimal, a line end, the frame, a line end.
    chunk: Bytes,
    /// Where the frame itself starts.
    start: usize,
}

/// How an HTTP version marks where a body ends.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Framing {
    /// HTTP/1.1: each part says its length, and an empty part is the end.
    Chunked,
    /// HTTP/1.0: the connection ends.
    UntilClose,
}

/// What every stream begins with: to come back a second after the connection broke.
pub(crate) const RETRY: &str = "retry: 1000\n\n";
/// A comment that says nothing but that the hub is there. Ends a silence of
/// [`limits::KEEPALIVE`](doorbell_protocol::limits::KEEPALIVE).
pub(crate) const KEEPALIVE: &str = ": keepalive\n\n";

const LINE_END: &[u8] = b"\r\n";

impl Frame {
    /// `lines` end with an empty one, or go on in the frame that is sent next.
    pub(crate) fn new(lines: &str) -> Self {
        Self::of(lines.as_bytes())
    }

    fn of(lines: &[u8]) -> Self {
        let size = format!("{:x}", lines.len());
        let start = size.len() + LINE_END.len();
        let mut chunk = BytesMut::with_capacity(start + lines.len() + LINE_END.len());
        for part in [size.as_bytes(), LINE_END, lines, LINE_END] {
            chunk.put_slice(part);
        }
        Self { chunk: chunk.freeze(), start }
    }

    /// Joins several frames into one.
    pub(crate) fn joined(frames: &[Self]) -> Self {
        let parts: Vec<&[u8]> = frames.iter().map(|frame| frame.framed(Framing::UntilClose)).collect();
        Self::of(&parts.concat())
    }

    /// How many bytes the frame has, without the framing of HTTP.
    pub(crate) fn size(&self) -> usize {
        self.framed(Framing::UntilClose).len()
    }

    /// [`KEEPALIVE`], encoded by hand.
    pub(crate) fn keepalive() -> Self {
        Self { chunk: Bytes::from_static(b"d\r\n: keepalive\n\n\r\n"), start: 3 }
    }

    /// What is written to a socket.
    pub(crate) fn framed(&self, framing: Framing) -> &[u8] {
        match framing {
            Framing::Chunked => &self.chunk,
            Framing::UntilClose => &self.chunk[self.start..self.chunk.len() - LINE_END.len()],
        }
    }
}

/// The lines of a message; `data` is JSON, which has no line breaks.
pub(crate) fn message(id: impl Display, event: &str, data: &str) -> String {
    begin(id, event, data) + "\n\n"
}

/// The lines of a message without its end: more data follows.
pub(crate) fn begin(id: impl Display, event: &str, data: &str) -> String {
    format!("id: {id}\nevent: {event}\ndata: {data}")
}

impl Framing {
    /// What is written after the last frame.
    pub(crate) fn end(self) -> &'static [u8] {
        match self {
            Self::Chunked => b"0\r\n\r\n",
            Self::UntilClose => b"",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_block_is_framed_as_its_http_version_wants_it() {
        let lines = message("e-1", "job.started", "{}");
        assert_eq!(lines, "id: e-1\nevent: job.started\ndata: {}\n\n");
        let keepalive = KEEPALIVE.to_owned();
        for (frame, lines) in [(Frame::new(&lines), lines), (Frame::keepalive(), keepalive)] {
            assert_eq!(frame.framed(Framing::UntilClose), lines.as_bytes());
            assert_eq!(frame.framed(Framing::Chunked), format!("{:x}\r\n{lines}\r\n", lines.len()).as_bytes());
        }
    }
}
