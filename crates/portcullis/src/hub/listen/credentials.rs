//! Who is at the other end of a Unix socket.

use std::io;
#[cfg(target_os = "linux")]
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
#[cfg(target_os = "linux")]
use std::sync::Arc;

use tokio::net::UnixStream;

/// Who is at the other end of a Unix socket, as the kernel knows it.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct PeerCredentials {
    /// The user.
    pub uid: u32,
    /// The user's group.
    pub gid: u32,
    /// The process that connected, where the system says so. For logs: it may have ended, and its number may be
    /// somebody else's by now, so that no privilege may follow from it.
    pub pid: Option<i32>,
    #[cfg(target_os = "linux")]
    pub(super) process: Option<Arc<OwnedFd>>,
}

impl PeerCredentials {
    /// The process that connected, as the kernel knows it (`SO_PEERPIDFD`, since Linux 6.5): it never means another one.
    /// Its connection ends with it.
    #[cfg(target_os = "linux")]
    pub fn pidfd(&self) -> Option<BorrowedFd<'_>> {
        self.process.as_ref().map(|process| process.as_fd())
    }

    pub(super) fn of(stream: &UnixStream) -> io::Result<Self> {
        let found = stream.peer_cred()?;
        Ok(Self {
            uid: found.uid(),
            gid: found.gid(),
            pid: found.pid(),
            #[cfg(target_os = "linux")]
            process: process(stream)?,
        })
    }
}

/// The process at the other end. `None` where the kernel does not say so.
///
/// # Errors
///
/// When it has ended already.
#[cfg(target_os = "linux")]
fn process(stream: &UnixStream) -> io::Result<Option<Arc<OwnedFd>>> {
    use nix::errno::Errno;
    use nix::sys::socket::{getsockopt, sockopt::PeerPidfd};

    match getsockopt(stream, PeerPidfd) {
        Ok(process) => Ok(Some(Arc::new(process))),
        Err(error @ (Errno::ESRCH | Errno::EMFILE | Errno::ENFILE)) => Err(error.into()),
        Err(_) => Ok(None),
    }
}
