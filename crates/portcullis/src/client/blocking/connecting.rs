//! Ways to a hub without a runtime: its socket, a listening path, the socket that this process was started with; and a ring beside
//! either.

use std::io;
use std::os::unix::net::UnixStream;
use std::sync::Arc;

use portcullis_proto::peer::PeerConfig;
use portcullis_proto::session::Lane;
#[cfg(target_os = "linux")]
use portcullis_shm::ring::Spin;

use super::{BlockingPeer, TICK};
use crate::link::Descriptors;
use crate::link::blocking::over_socket;
#[cfg(target_os = "linux")]
use crate::link::blocking::{Incoming, offer, over_ring};

/// A ring of shared memory that a peer offers its hub.
#[cfg(target_os = "linux")]
#[derive(Clone, Copy, Debug)]
pub struct Ring {
    /// Bytes of each direction, rounded up to a power of two: at least 4,096, at most what the hub takes
    /// ([`RING_BYTES_MAX`](crate::hub::RING_BYTES_MAX)). It is this process' memory, in use while the connection is.
    pub capacity: u32,
    /// Whether to look for an answer for some microseconds before sleeping.
    pub spin: Spin,
}

#[cfg(target_os = "linux")]
impl Default for Ring {
    /// 128 KiB for each direction; looks where there are cores for it.
    fn default() -> Self {
        Self { capacity: 128 * 1024, spin: Spin::default() }
    }
}

impl BlockingPeer {
    /// Connects to a hub over a connected socket.
    ///
    /// # Errors
    ///
    /// When the socket refuses its settings.
    pub fn new(socket: UnixStream, config: &PeerConfig) -> io::Result<Self> {
        socket.set_nonblocking(false)?;
        socket.set_read_timeout(Some(TICK))?;
        let (descriptors, lane) = lane();
        let ways = over_socket(&Arc::new(socket), descriptors.as_ref());
        Ok(Self::over(ways, lane, config))
    }

    /// Connects to a hub that listens on a Unix socket at `path`.
    ///
    /// # Errors
    ///
    /// When nobody listens there.
    pub fn connect(path: impl AsRef<std::path::Path>, config: &PeerConfig) -> io::Result<Self> {
        Self::new(UnixStream::connect(path)?, config)
    }

    /// Connects to a hub over a ring of shared memory, which is agreed on over a connected socket and stays beside it. The hub's
    /// end was given to [`Hub::attach_blocking`](crate::Hub::attach_blocking) or [`Hub::attach_ring`](crate::Hub::attach_ring), or is
    /// soon: this waits until it takes the ring.
    ///
    /// # Errors
    ///
    /// The memory cannot be had, or the hub takes no such ring: the socket has ended then.
    #[cfg(target_os = "linux")]
    pub fn with_ring(socket: UnixStream, ring: &Ring, config: &PeerConfig) -> io::Result<Self> {
        socket.set_nonblocking(false)?;
        let duplex = offer(&socket, ring.capacity, ring.spin)?;
        let (descriptors, lane) = lane();
        let descriptors = descriptors.unwrap_or_default();
        let (reading, outgoing, room, _) =
            over_ring(duplex, &Arc::new(socket), &descriptors, Some(TICK));
        Ok(Self::over((Incoming::Ring(reading), outgoing, room), lane, config))
    }

    /// Connects to the hub that has started this process, as [`connect_inherited`](crate::client::connect_inherited) does.
    ///
    /// # Errors
    ///
    /// When standard input is no socket: the process was not started by a hub.
    pub fn inherited(config: &PeerConfig) -> io::Result<Self> {
        Self::new(crate::process::inherited_socket()?, config)
    }

    /// The same over a ring, which the hub takes of processes that it has started by
    /// [`Hub::spawn_blocking`](crate::Hub::spawn_blocking) or [`Hub::spawn_ring`](crate::Hub::spawn_ring).
    ///
    /// # Errors
    ///
    /// As for [`Self::inherited`] and [`Self::with_ring`].
    #[cfg(target_os = "linux")]
    pub fn inherited_with_ring(ring: &Ring, config: &PeerConfig) -> io::Result<Self> {
        Self::with_ring(crate::process::inherited_socket()?, ring, config)
    }
}

/// A lane to the hub, and its descriptors.
#[cfg(target_os = "linux")]
fn lane() -> (Option<Arc<Descriptors>>, Option<Box<dyn Lane>>) {
    let descriptors = Arc::default();
    let lane = crate::lane::ShmLane::new(&descriptors, &crate::link::LinkedWith::Hub);
    (Some(descriptors), Some(Box::new(lane)))
}

#[cfg(not(target_os = "linux"))]
fn lane() -> (Option<Arc<Descriptors>>, Option<Box<dyn Lane>>) {
    (None, None)
}
