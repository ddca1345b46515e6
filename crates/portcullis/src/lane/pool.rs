//! Pools that an application fills itself: a frame is written once, in place, and lent to every receiver.

use std::fmt;
use std::io;
use std::ops::{Deref, DerefMut};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use portcullis_proto::codec::Blob;
pub use portcullis_shm::pool::LeaseError;
use portcullis_shm::pool::{Frame, Lease, Pool, Receiver};

use super::handles::{self, Handles, Hold};
use crate::link::ProcessSlot;

/// Memory for blobs that this process writes and others only read: slots of one size. A clone is the same pool.
///
/// **One pool, one right.** Whoever receives one blob of a pool maps all of it, and can read what others are sent from it. Make
/// a pool for each channel whose receivers may see the same.
///
/// A receiver holds at most half of the slots. When it holds that many, or when its connection has no shared memory, its blobs
/// are copied.
///
/// ```
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let pool = portcullis::BlobPool::new(4, 1 << 20)?;
/// let mut frame = pool.lease(5)?;
/// frame.copy_from_slice(b"pixel");
/// let blob = frame.freeze();
/// assert_eq!(&*blob, b"pixel");
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct BlobPool(Arc<Shared>);

struct Shared {
    pool: Pool,
    retired: AtomicBool,
    /// Receivers whose connections have ended, and that may still read what they were lent.
    parted: Mutex<Vec<Parted>>,
    handles: Handles<Pooled>,
}

struct Parted {
    receiver: Receiver,
    process: Option<ProcessSlot>,
}

impl BlobPool {
    /// A pool of `slots` slots (at most 256) of at least `slot_bytes` bytes each. All of the memory is taken now.
    ///
    /// # Errors
    ///
    /// When there are too many, when they are too large, or when the system has no memory or descriptors left.
    pub fn new(slots: usize, slot_bytes: usize) -> io::Result<Self> {
        let pool = Pool::new(slots, slot_bytes).map_err(io::Error::other)?;
        Ok(Self(Arc::new(Shared {
            pool,
            retired: AtomicBool::new(false),
            parted: Mutex::new(Vec::new()),
            handles: Handles::default(),
        })))
    }

    /// A slot for a blob of `len` bytes, to be filled. What is in it is left from earlier ones.
    ///
    /// # Errors
    ///
    /// [`LeaseError`]: all slots are in use, or `len` is larger than they are.
    pub fn lease(&self, len: usize) -> Result<FillBlob, LeaseError> {
        self.forget_parted();
        let lease = self.0.pool.lease(len)?;
        Ok(FillBlob { lease, pool: self.clone() })
    }

    /// The same, but waits at most so long until a slot is free. It blocks the thread.
    ///
    /// # Errors
    ///
    /// [`LeaseError`].
    pub fn lease_timeout(&self, len: usize, timeout: Duration) -> Result<FillBlob, LeaseError> {
        self.forget_parted();
        let lease = self.0.pool.lease_timeout(len, timeout)?;
        Ok(FillBlob { lease, pool: self.clone() })
    }

    /// How many slots are free now.
    pub fn free(&self) -> usize {
        self.forget_parted();
        self.0.pool.free()
    }

    pub(super) fn is(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }

    /// Nothing new comes into it: whoever lends it may forget it.
    pub(super) fn retire(&self) {
        self.0.retired.store(true, Ordering::Relaxed);
    }

    pub(super) fn is_retired(&self) -> bool {
        self.0.retired.load(Ordering::Relaxed)
    }

    pub(super) fn pool(&self) -> &Pool {
        &self.0.pool
    }

    /// The connection of a receiver has ended. What it holds is written anew when it has returned it, or its process is gone.
    pub(super) fn part(&self, receiver: Receiver, process: Option<ProcessSlot>) {
        let mut parted = self.0.parted.lock().unwrap_or_else(PoisonError::into_inner);
        parted.push(Parted { receiver, process });
        drop(parted);
        self.forget_parted();
    }

    fn forget_parted(&self) {
        let mut parted = self.0.parted.lock().unwrap_or_else(PoisonError::into_inner);
        parted.retain(|each| !each.is_done());
    }
}

impl Parted {
    fn is_done(&self) -> bool {
        if matches!(self.receiver.check(), Ok(0)) {
            return true;
        }
        let process = self.process.as_ref().and_then(|process| process.get());
        process.is_some_and(|process| has_ended(process))
    }
}

/// Whether a process has ended; of its descriptor only that is asked.
fn has_ended(process: &std::os::fd::OwnedFd) -> bool {
    use rustix::event::{PollFd, PollFlags, Timespec, poll};
    let mut fds = [PollFd::new(process, PollFlags::IN)];
    let at_once = Timespec { tv_sec: 0, tv_nsec: 0 };
    poll(&mut fds, Some(&at_once)).is_ok_and(|count| count > 0)
}

impl fmt::Debug for BlobPool {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("BlobPool").field(&self.0.pool.shape()).finish()
    }
}

/// A slot to be filled. Dropping it gives the slot back.
pub struct FillBlob {
    lease: Lease,
    pool: BlobPool,
}

impl FillBlob {
    /// Makes the blob shorter; more than it has changes nothing.
    pub fn truncate(&mut self, len: usize) {
        self.lease.truncate(len);
    }

    /// The blob is complete: nobody writes it any more.
    pub fn freeze(self) -> Blob {
        let Self { lease, pool } = self;
        handles::blob(Pooled { frame: lease.freeze(), pool })
    }
}

impl Deref for FillBlob {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        &self.lease
    }
}

impl DerefMut for FillBlob {
    fn deref_mut(&mut self) -> &mut [u8] {
        &mut self.lease
    }
}

impl fmt::Debug for FillBlob {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "FillBlob({} bytes)", self.lease.len())
    }
}

/// A blob in a slot of a pool of this process's.
pub(super) struct Pooled {
    pub(super) frame: Frame,
    pub(super) pool: BlobPool,
}

impl Hold for Pooled {
    fn bytes(&self) -> &[u8] {
        &self.frame
    }

    fn home(&self) -> &Handles<Self> {
        &self.pool.0.handles
    }
}

#[cfg(test)]
mod tests;
