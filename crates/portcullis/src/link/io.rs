//! Any tokio byte stream as a link: in-memory pipes in tests and in main itself.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use super::{Framing, Link, RecvBuffer};

/// A link over a byte stream.
#[derive(Debug)]
pub struct IoLink<S>(S);

impl<S> IoLink<S> {
    /// A link over `stream`.
    pub fn new(stream: S) -> Self {
        Self(stream)
    }
}

/// Bytes that an in-memory link holds in each direction.
const MEMORY_BYTES: usize = 256 * 1024;

impl IoLink<tokio::io::DuplexStream> {
    /// The two ends of a link in memory.
    pub fn memory() -> (Self, Self) {
        let (one, two) = tokio::io::duplex(MEMORY_BYTES);
        (Self(one), Self(two))
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin + Send + 'static> Link for IoLink<S> {
    fn framing(&self) -> Framing {
        Framing::Stream
    }

    fn poll_read(
        &mut self,
        context: &mut Context<'_>,
        into: &mut RecvBuffer,
    ) -> Poll<io::Result<usize>> {
        let mut buffer = ReadBuf::new(into.spare());
        ready!(Pin::new(&mut self.0).poll_read(context, &mut buffer))?;
        let count = buffer.filled().len();
        into.advance(count);
        Poll::Ready(Ok(count))
    }

    fn has_hung_up(&mut self, context: &mut Context<'_>) -> bool {
        // Nobody takes even nothing any more: pipes in memory say so, and whatever else does means the same.
        matches!(Pin::new(&mut self.0).poll_write(context, &[]), Poll::Ready(Err(_)))
    }

    fn poll_write(&mut self, context: &mut Context<'_>, from: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.0).poll_write(context, from)
    }

    fn poll_flush(&mut self, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_flush(context)
    }
}
