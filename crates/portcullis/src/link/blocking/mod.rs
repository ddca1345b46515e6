//! Both directions of a connection that threads carry: over its socket, or over a ring of shared memory beside it. Whoever
//! reads waits for bytes; whoever writes never does, and somebody else waits for room.

#[cfg(target_os = "linux")]
mod offer;
#[cfg(target_os = "linux")]
mod ring;
#[cfg(target_os = "linux")]
mod rung;
mod socket;

use std::io;
use std::time::Duration;

use super::RecvBuffer;

#[cfg(target_os = "linux")]
pub use offer::RING_BYTES_MAX;
#[cfg(target_os = "linux")]
pub(crate) use offer::{Offer, answer, offer};
#[cfg(target_os = "linux")]
pub(crate) use ring::{RingEnds, over_ring};
#[cfg(target_os = "linux")]
pub(crate) use rung::Rung;
pub(crate) use socket::{over_socket, wait};

/// What comes from the other side.
#[derive(Debug)]
pub(crate) enum Incoming {
    Socket(socket::Reading),
    #[cfg(target_os = "linux")]
    Ring(ring::Reading),
}

impl Incoming {
    /// Waits for bytes, and takes them in behind those that are there; 0 when the other side is gone.
    ///
    /// # Errors
    ///
    /// [`io::ErrorKind::WouldBlock`] when nothing has come within `limit`, or within the tick with which this was made.
    pub(crate) fn read(
        &mut self,
        into: &mut RecvBuffer,
        limit: Option<Duration>,
    ) -> io::Result<usize> {
        match self {
            Self::Socket(reading) => reading.read(into, limit),
            #[cfg(target_os = "linux")]
            Self::Ring(reading) => reading.read(into, limit),
        }
    }
}

/// What goes to the other side.
#[derive(Debug)]
pub(crate) enum Outgoing {
    Socket(socket::Writing),
    #[cfg(target_os = "linux")]
    Ring(ring::Writing),
}

impl Outgoing {
    /// Sends bytes from the start of `from`, and descriptors that wait along with them; how many.
    ///
    /// # Errors
    ///
    /// [`io::ErrorKind::WouldBlock`] when there is no room.
    pub(crate) fn write(&mut self, from: &[u8]) -> io::Result<usize> {
        match self {
            Self::Socket(writing) => writing.write(from),
            #[cfg(target_os = "linux")]
            Self::Ring(writing) => writing.write(from),
        }
    }

    /// What there was no room for, for whoever waits.
    pub(crate) fn full(&self) -> Full {
        match self {
            Self::Socket(_) => Full::Socket,
            #[cfg(target_os = "linux")]
            Self::Ring(writing) => Full::Ring(writing.seen()),
        }
    }

    /// Whether sending costs so little that anybody may do it who has something to send.
    pub(crate) fn is_cheap(&self) -> bool {
        !matches!(self, Self::Socket(_))
    }
}

/// How full what was full is.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Full {
    Socket,
    #[cfg(target_os = "linux")]
    Ring(portcullis_shm::ring::Seen),
}

/// Waits for room, while others write.
#[derive(Debug)]
pub(crate) enum Room {
    Socket(socket::Room),
    #[cfg(target_os = "linux")]
    Ring(ring::Room),
}

impl Room {
    /// Waits until there may be room again, or for as long as `limit`; whether there may be.
    pub(crate) fn wait(&mut self, full: Full, limit: Duration) -> bool {
        match (self, full) {
            (Self::Socket(room), Full::Socket) => room.wait(limit),
            #[cfg(target_os = "linux")]
            (Self::Ring(room), Full::Ring(seen)) => room.wait(seen, limit),
            // The connection has changed from its socket to a ring meanwhile, which is empty.
            #[cfg(target_os = "linux")]
            _ => true,
        }
    }
}
