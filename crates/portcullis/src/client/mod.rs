//! Peers: what a process that is not main connects with.

#[cfg(all(unix, feature = "blocking"))]
mod blocking;
pub mod reconnect;
mod tokio_driver;

#[cfg(all(unix, feature = "blocking"))]
pub use blocking::BlockingPeer;
#[cfg(all(target_os = "linux", feature = "blocking"))]
pub use blocking::Ring;
#[cfg(all(target_os = "linux", feature = "blocking"))]
pub use portcullis_shm::ring::Spin;
pub(crate) use tokio_driver::spawn;

use std::io;
use std::sync::Arc;

pub use portcullis_proto::goodbye::{Goodbye, Reason};
use portcullis_proto::peer::{Driver, Peer, PeerConfig};
use portcullis_proto::time::Time;

use crate::clock::Clock;
use crate::link::Link;

/// What a peer is told of the world.
pub(crate) struct World {
    pub(crate) clock: Clock,
}

impl Driver for World {
    fn now(&self) -> Time {
        self.clock.now()
    }

    fn panicked(&self, channel: &str, correlation: u64, text: &str) {
        tracing::error!(channel, correlation, panic = text, "a handler panicked");
    }
}

/// Connects to a hub over `link`, on the current tokio runtime.
///
/// Returns at once: binds and calls made before the connection stands wait inside their deadlines. Await
/// [`Peer::ready`] for the hub's word on it.
///
/// # Panics
///
/// Outside a tokio runtime; [`connect_on`] takes a handle.
pub fn connect(link: impl Link, config: &PeerConfig) -> Peer {
    connect_on(&tokio::runtime::Handle::current(), link, config)
}

/// As [`connect`], on a given runtime.
pub fn connect_on(
    runtime: &tokio::runtime::Handle,
    #[allow(unused_mut, reason = "lanes are Linux's")] mut link: impl Link,
    config: &PeerConfig,
) -> Peer {
    let clock = Clock::tokio();
    #[cfg(target_os = "linux")]
    let lane = link.lane(crate::link::LinkedWith::Hub);
    #[cfg(not(target_os = "linux"))]
    let lane = None;
    let peer = Peer::with_lane(config, Arc::new(World { clock }), lane);
    let driven = tokio_driver::Driven::new(peer.clone(), runtime.clone(), clock);
    runtime.spawn(async move { crate::driver::connection::run(&driven, link, clock).await });
    peer
}

/// Connects to a hub that listens on a Unix socket at `path`.
///
/// # Errors
///
/// When nobody listens there.
#[cfg(unix)]
pub fn connect_unix(path: impl AsRef<std::path::Path>, config: &PeerConfig) -> io::Result<Peer> {
    let socket = std::os::unix::net::UnixStream::connect(path)?;
    Ok(connect(crate::link::UnixLink::new(socket)?, config))
}

/// Connects to the hub that has started this process: over the socket that it got as its standard input. A process that
/// is not trusted enters a sandbox first, and connects with what that returns (feature `sandbox`).
///
/// Standard input reads as empty afterwards.
///
/// # Errors
///
/// When standard input is no socket: the process was not started by a hub.
#[cfg(unix)]
pub fn connect_inherited(config: &PeerConfig) -> io::Result<Peer> {
    let link = crate::link::UnixLink::new(crate::process::inherited_socket()?)?;
    Ok(connect(link, config))
}
