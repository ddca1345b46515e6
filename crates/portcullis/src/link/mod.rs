//! What moves frames: one file for each kind of transport. A link knows bytes and messages, and nothing of frames.

#[cfg(all(unix, feature = "blocking"))]
pub(crate) mod blocking;
mod buffer;
mod io;
#[cfg(unix)]
mod unix;
#[cfg(feature = "web")]
mod websocket;

use std::io as std_io;
#[cfg(target_os = "linux")]
use std::os::fd::OwnedFd;
#[cfg(target_os = "linux")]
use std::sync::{Arc, OnceLock};
use std::task::{Context, Poll};

#[cfg(target_os = "linux")]
use portcullis_proto::session::Lane;

pub use buffer::RecvBuffer;
pub use io::IoLink;
#[cfg(all(unix, feature = "blocking"))]
pub(crate) use unix::Descriptors;
#[cfg(unix)]
pub use unix::UnixLink;
#[cfg(all(target_os = "linux", feature = "blocking"))]
pub(crate) use unix::take;
#[cfg(target_os = "linux")]
pub(crate) use unix::{DESCRIPTORS_MAX, watch};
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

/// Who is at the other end of a link.
#[cfg(target_os = "linux")]
#[doc(hidden)]
#[derive(Clone, Debug)]
pub enum LinkedWith {
    /// Main, which this process trusts with everything already: its frames are lent as slices.
    Hub,
    /// A peer, which may write into its frames at any time: they are copied, and the copy is looked at.
    Peer(ProcessSlot),
}

/// The kernel's descriptor of the process at the other end, once it is known.
#[cfg(target_os = "linux")]
pub(crate) type ProcessSlot = Arc<OnceLock<Arc<OwnedFd>>>;

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

    /// A way for blobs past the bytes, where the link has one. Asked once, before anything is read or written.
    #[cfg(target_os = "linux")]
    #[doc(hidden)]
    fn lane(&mut self, other: LinkedWith) -> Option<Box<dyn Lane>> {
        let _ = other;
        None
    }

    /// Sends bytes from the start of `from` (or all of it, as one message); how many.
    fn poll_write(&mut self, context: &mut Context<'_>, from: &[u8])
    -> Poll<std_io::Result<usize>>;

    /// As [`Self::poll_write`] of a message that the link may keep, instead of copying it: then `message` is empty.
    fn poll_write_message(
        &mut self,
        context: &mut Context<'_>,
        message: &mut Vec<u8>,
    ) -> Poll<std_io::Result<usize>> {
        self.poll_write(context, message)
    }

    /// How often the link copies what it is given to send, before the system has it. It is counted for blobs that cross it as
    /// bytes, and asked once, before anything is sent.
    fn copies(&self) -> u32 {
        0
    }

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
