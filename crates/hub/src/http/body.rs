//! The body of a call: all of it in one piece, in time, and no larger than the call takes.

use std::{future::poll_fn, pin::Pin};

use axum::{
    body::{Body, Bytes, HttpBody},
    extract::{Request, State},
    http::{HeaderValue, header},
    middleware::Next,
    response::{IntoResponse, Response},
};
use bytes::BytesMut;
use doorbell_protocol::{ErrorCode, limits, routes::Spec};
use tokio::time::timeout;

use super::error::Error;

/// Has the handler wait for the whole body, and refuses one that is too large or too slow. A call that has none is served at once.
pub(crate) async fn whole(State(spec): State<Spec>, request: Request, next: Next) -> Response {
    if spec.body_bytes == 0 {
        return next.run(request).await;
    }
    let (parts, body) = request.into_parts();
    match timeout(limits::BODY, read(body, spec.body_bytes)).await {
        Ok(Ok(body)) => next.run(Request::from_parts(parts, Body::from(body))).await,
        Ok(Err(error)) => error.into_response(),
        Err(_) => too_slow(),
    }
}

/// Copies what comes into one buffer. A piece of a body keeps the whole buffer that it was read into, which for pieces of one byte is
/// thousands of times as much.
async fn read(mut body: Body, most: usize) -> Result<Bytes, Error> {
    let announced = usize::try_from(body.size_hint().lower()).unwrap_or(most);
    let mut whole = BytesMut::with_capacity(announced.min(most));
    while let Some(frame) = poll_fn(|cx| Pin::new(&mut body).poll_frame(cx)).await {
        let frame = frame.map_err(|_| broke_off())?;
        let Some(piece) = frame.data_ref() else { continue };
        if whole.len() + piece.len() > most {
            return Err(Error::new(ErrorCode::TooLarge, format!("the body must have at most {most} bytes")));
        }
        whole.extend_from_slice(piece);
    }
    Ok(whole.freeze())
}

/// Why the bytes of a body are not there.
pub(super) fn broke_off() -> Error {
    Error::new(ErrorCode::Malformed, "the body broke off")
}

/// What comes after it on this connection would be read as the rest of the body.
fn too_slow() -> Response {
    let message = format!("the body did not come within {} s; the connection is closed", limits::BODY.as_secs());
    let mut answer = Error::new(ErrorCode::TooSlow, message).into_response();
    answer.headers_mut().insert(header::CONNECTION, HeaderValue::from_static("close"));
    answer
}

#[cfg(test)]
mod tests {
    use std::{
        convert::Infallible,
        sync::{
            Arc,
            atomic::{AtomicUsize, Ordering},
        },
    };

    use super::*;

    /// A buffer as the connection reads into, which counts how many of its kind there are.
    struct Buffer([u8; 8_192], Arc<AtomicUsize>);

    impl AsRef<[u8]> for Buffer {
        fn as_ref(&self) -> &[u8] {
            &self.0
        }
    }

    impl Drop for Buffer {
        fn drop(&mut self) {
            self.1.fetch_sub(1, Ordering::Relaxed);
        }
    }

    #[tokio::test]
    async fn a_body_that_comes_byte_by_byte_keeps_no_buffer_that_it_was_read_into() {
        let alive = Arc::new(AtomicUsize::new(0));
        let pieces = (0..60_000).map({
            let alive = alive.clone();
            move |_| {
                assert_eq!(alive.fetch_add(1, Ordering::Relaxed), 0, "a buffer is kept");
                Ok::<_, Infallible>(Bytes::from_owner(Buffer([b'x'; 8_192], alive.clone())).split_to(1))
            }
        });
        let body = Body::from_stream(futures_util::stream::iter(pieces));
        assert_eq!(read(body, 64 * 1024).await.unwrap(), vec![b'x'; 60_000]);
        assert_eq!(alive.load(Ordering::Relaxed), 0);
    }
}
