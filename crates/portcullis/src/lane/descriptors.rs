//! Descriptors on their way between a lane and its socket: the lane says what they are, the socket moves them.

use std::collections::VecDeque;
use std::io;
#[cfg(feature = "blocking")]
use std::os::fd::AsFd;
use std::os::fd::OwnedFd;
#[cfg(feature = "blocking")]
use std::os::unix::net::UnixStream;
#[cfg(feature = "blocking")]
use std::sync::{Arc, OnceLock};
use std::sync::{Mutex, MutexGuard, PoisonError};

#[cfg(feature = "blocking")]
use rustix::net::RecvFlags;

use super::closer;
#[cfg(feature = "blocking")]
use crate::link::take;
use crate::link::{DESCRIPTORS_MAX, violation};

/// The descriptors of one connection, in both directions.
#[derive(Debug, Default)]
pub(crate) struct Descriptors {
    incoming: Mutex<Incoming>,
    outgoing: Mutex<VecDeque<OwnedFd>>,
    /// Where the frames come another way, the socket: nobody reads it until a frame declares a descriptor.
    #[cfg(feature = "blocking")]
    socket: OnceLock<Arc<UnixStream>>,
}

#[derive(Debug, Default)]
struct Incoming {
    waiting: VecDeque<OwnedFd>,
    /// How many have come, those that were taken included: each pool is offered once.
    come: usize,
}

impl Descriptors {
    /// A descriptor has come.
    ///
    /// # Errors
    ///
    /// More have come than all pools together need.
    pub(crate) fn arrived(&self, descriptor: OwnedFd) -> io::Result<()> {
        // Nothing else can belong to a pool, and the rest is not even closed here.
        if rustix::fs::fcntl_get_seals(&descriptor).is_err() {
            closer::close(descriptor);
            return Err(violation("a descriptor came that is no sealed memory"));
        }
        let mut incoming = lock(&self.incoming);
        incoming.come += 1;
        if incoming.come > DESCRIPTORS_MAX {
            return Err(violation("a descriptor came that no frame can declare"));
        }
        incoming.waiting.push_back(descriptor);
        Ok(())
    }

    /// Looks whether frames have declared all that came: once everything is taken in, nothing waits.
    ///
    /// # Errors
    ///
    /// Something waits.
    pub(crate) fn all_declared(&self) -> io::Result<()> {
        if lock(&self.incoming).waiting.is_empty() {
            return Ok(());
        }
        Err(violation("a descriptor came that no frame declares"))
    }

    /// The descriptors that a frame declares.
    pub(crate) fn take<const COUNT: usize>(&self) -> Option<[OwnedFd; COUNT]> {
        #[cfg(feature = "blocking")]
        if lock(&self.incoming).waiting.len() < COUNT {
            self.fetch();
        }
        let waiting = &mut lock(&self.incoming).waiting;
        if waiting.len() < COUNT {
            return None;
        }
        let taken: Vec<OwnedFd> = waiting.drain(..COUNT).collect();
        taken.try_into().ok()
    }

    /// From now on descriptors come alone: their frames come another way, and never before them.
    #[cfg(feature = "blocking")]
    pub(crate) fn fetch_from(&self, socket: Arc<UnixStream>) {
        // A connection changes its way once.
        let _ = self.socket.set(socket);
    }

    /// Takes in what stands in the socket, if frames do not come by it.
    #[cfg(feature = "blocking")]
    fn fetch(&self) {
        let Some(socket) = self.socket.get() else { return };
        // One message brings two at least, or is nobody's.
        for _ in 0..DESCRIPTORS_MAX {
            let mut carriers = [0; 64];
            let taken = take(socket.as_fd(), &mut carriers, RecvFlags::DONTWAIT, Some(self));
            if !taken.is_ok_and(|taken| taken.bytes > 0) {
                return;
            }
        }
    }

    /// Hands over descriptors: they leave with what is sent next.
    pub(crate) fn hand_over<const COUNT: usize>(&self, descriptors: [OwnedFd; COUNT]) {
        lock(&self.outgoing).extend(descriptors);
    }

    /// Whether any have to leave.
    #[cfg(feature = "blocking")]
    pub(crate) fn has_leaving(&self) -> bool {
        !lock(&self.outgoing).is_empty()
    }

    /// What has to leave with the next bytes: at most what all pools have. Put back when it did not leave.
    pub(crate) fn leaving(&self) -> Vec<OwnedFd> {
        lock(&self.outgoing).drain(..).collect()
    }

    /// Nothing could be sent: they wait for the next time.
    pub(crate) fn put_back(&self, descriptors: Vec<OwnedFd>) {
        let mut outgoing = lock(&self.outgoing);
        for descriptor in descriptors.into_iter().rev() {
            outgoing.push_front(descriptor);
        }
    }
}

/// Nothing panics while it holds one of these locks.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
