//! Descriptors on their way between a lane and its socket: the lane says what they are, the socket moves them.

use std::collections::VecDeque;
use std::io;
use std::os::fd::OwnedFd;
use std::sync::{Mutex, MutexGuard, PoisonError};

use super::closer;
use crate::link::{DESCRIPTORS_MAX, violation};

/// Descriptors of a pool: its memory, and the page on which its frames are returned.
const OF_A_POOL: usize = 2;

/// The descriptors of one connection, in both directions.
#[derive(Debug, Default)]
pub(crate) struct Descriptors {
    incoming: Mutex<Incoming>,
    outgoing: Mutex<VecDeque<OwnedFd>>,
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

    /// The descriptors of the next pool that is offered.
    pub(super) fn take(&self) -> Option<[OwnedFd; OF_A_POOL]> {
        let mut incoming = lock(&self.incoming);
        if incoming.waiting.len() < OF_A_POOL {
            return None;
        }
        Some([incoming.waiting.pop_front()?, incoming.waiting.pop_front()?])
    }

    /// Hands over the descriptors of a pool: they leave with what is sent next.
    pub(super) fn hand_over(&self, descriptors: [OwnedFd; OF_A_POOL]) {
        lock(&self.outgoing).extend(descriptors);
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
