//! A process gives up all that a renderer or a worker does not need, before it reads its first message. What a profile
//! allows is said in [`Profile`]; how the kernel is told, in `system`. What the peer may do at the hub is its role's matter.
//!
//! ```no_run
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! use portcullis::peer::PeerConfig;
//! use portcullis::sandbox::Profile;
//!
//! // First of all, before there is a runtime or any other thread.
//! let entered = Profile::renderer().enter()?;
//! let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
//! runtime.block_on(async {
//!     let peer = entered.connect(&PeerConfig::default())?;
//!     peer.closed().await;
//!     Ok(())
//! })
//! # }
//! ```
//!
//! The order cannot be mistaken: entering takes the socket away from standard input, and only what it returns can
//! connect with it. A process that has connected already has no socket left to enter with.

mod error;
mod feature;
mod profile;

// The system call filter is written for these.
#[cfg(all(
    target_os = "linux",
    any(target_arch = "x86_64", target_arch = "aarch64", target_arch = "riscv64")
))]
#[path = "linux/mod.rs"]
mod system;
#[cfg(not(all(
    target_os = "linux",
    any(target_arch = "x86_64", target_arch = "aarch64", target_arch = "riscv64")
)))]
#[path = "elsewhere.rs"]
mod system;

#[cfg(unix)]
use std::io;
#[cfg(unix)]
use std::os::unix::net::UnixStream;

#[cfg(unix)]
use portcullis_proto::peer::{Peer, PeerConfig};

pub use error::SandboxError;
pub use feature::{Feature, Status};
pub use profile::{
    DESCRIPTORS_MAX, FILE_BYTES_MAX, MEMORY_BYTES_MAX, PATHS_MAX, Profile, TASKS_MAX,
};

/// The parts of the sandbox that this system lacks, for main to say so before it starts any process.
pub fn missing() -> Vec<Feature> {
    system::missing()
}

/// A process that has entered its sandbox, and the socket to its hub, from which nothing was read yet.
#[derive(Debug)]
#[must_use = "the connection ends when this is dropped"]
pub struct Entered {
    #[cfg(unix)]
    socket: UnixStream,
    status: Status,
}

impl Entered {
    /// What holds for this process now.
    pub fn status(&self) -> &Status {
        &self.status
    }

    /// Connects to the hub, on the current tokio runtime, as [`crate::client::connect_inherited`] does.
    ///
    /// # Errors
    ///
    /// When the socket refuses its settings.
    ///
    /// # Panics
    ///
    /// Outside a tokio runtime.
    #[cfg(unix)]
    pub fn connect(self, config: &PeerConfig) -> io::Result<Peer> {
        Ok(crate::client::connect(crate::link::UnixLink::new(self.socket)?, config))
    }

    /// Connects to the hub without a runtime.
    ///
    /// # Errors
    ///
    /// When the socket refuses its settings.
    #[cfg(all(unix, feature = "blocking"))]
    pub fn connect_blocking(self, config: &PeerConfig) -> io::Result<crate::client::BlockingPeer> {
        crate::client::BlockingPeer::new(self.socket, config)
    }

    /// Connects to the hub without a runtime, over a ring of shared memory.
    ///
    /// # Errors
    ///
    /// As for [`BlockingPeer::with_ring`](crate::client::BlockingPeer::with_ring). A renderer may make no memory that others map:
    /// permission is denied to it.
    #[cfg(all(target_os = "linux", feature = "blocking"))]
    pub fn connect_with_ring(
        self,
        ring: &crate::client::Ring,
        config: &PeerConfig,
    ) -> io::Result<crate::client::BlockingPeer> {
        crate::client::BlockingPeer::with_ring(self.socket, ring, config)
    }
}

impl Profile {
    /// Enters the sandbox, with the socket that this process got from [`crate::Hub::spawn`] as its standard input.
    ///
    /// Call it first in `main`, while there is one thread. It cannot be undone. After an error some of it may hold
    /// already: the process should end.
    ///
    /// # Errors
    ///
    /// See [`SandboxError`]; a part that the kernel does not have is one, unless [`Self::allow_missing`] names it.
    pub fn enter(self) -> Result<Entered, SandboxError> {
        system::check_threads()?;
        #[cfg(unix)]
        {
            let socket = crate::process::inherited_socket().map_err(SandboxError::NoSocket)?;
            self.enter_with(socket)
        }
        #[cfg(not(unix))]
        Err(SandboxError::Unsupported)
    }

    /// As [`Self::enter`], with a socket that this process has connected to a hub that listens (see
    /// [`crate::Hub::listen_unix`]). Nothing must have been read from it or written to it.
    ///
    /// # Errors
    ///
    /// As [`Self::enter`].
    #[cfg(unix)]
    pub fn enter_with(self, socket: UnixStream) -> Result<Entered, SandboxError> {
        Ok(Entered { status: system::enter(&self)?, socket })
    }
}
