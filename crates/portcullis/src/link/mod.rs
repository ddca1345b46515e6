//! What moves frames: one file for each kind of transport. A link knows bytes and messages, and nothing of frames.

mod buffer;
mod io;
#[cfg(unix)]
mod unix;
#[cfg(feature = "web")]
mod websocket;

use std::io as std_io;
use std::task::{Context, Poll};

pub use buffer::RecvBuffer;
pub use io::IoLink;
#[cfg(unix)]
pub use unix::UnixLink;
#[cfg(all(unix, feature = "blocking"))]
pub(crate) use unix::receive;
#[cfg(target_os = "linux")]
pub(crate) use unix::watch;
#[cfg(feature = "web")]
pub use websocket::WebSocketLink;

/// How a link keeps frames apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Framing {
    /// It is a stream of bytes: frames stand one after the other.
    Stream,
    /// Each message holds whole frames.
    Messages,
}

/// One end of a transport. Polled by a single task, for both directions.
pub trait Link: Send + 'static {
    /// How frames are kept apart.
    fn framing(&self) -> Framing;

    /// Takes in bytes (or one message) at the end of `into`; 0 at the end of the transport.
    fn poll_read(
        &mut self,
        context: &mut Context<'_>,
        into: &mut RecvBuffer,
    ) -> Poll<std_io::Result<usize>>;

    /// Whether the other side is known to be gone, though what it has sent may still be there to read. Asked while
    /// reading pauses, again and again; a link that cannot tell says no, and its end is seen when reading goes on.
    fn has_hung_up(&mut self, context: &mut Context<'_>) -> bool {
        let _ = context;
        false
    }

    /// Sends bytes from the start of `from` (or all of it, as one message); how many.
    fn poll_write(&mut self, context: &mut Context<'_>, from: &[u8])
    -> Poll<std_io::Result<usize>>;

    /// Sends on what the link itself still holds.
    fn poll_flush(&mut self, context: &mut Context<'_>) -> Poll<std_io::Result<()>> {
        let _ = context;
        Poll::Ready(Ok(()))
    }
}

/// An error of the other side's making: the link brought what no link of its kind may bring.
#[cfg(any(unix, feature = "web"))]
pub(crate) fn violation(text: impl Into<String>) -> std_io::Error {
    std_io::Error::new(std_io::ErrorKind::InvalidData, text.into())
}
