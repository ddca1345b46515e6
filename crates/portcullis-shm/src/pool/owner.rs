//! The owner's side of a pool: which slots are free, and getting one. What a lease is, is in `lease`; who holds a frame
//! elsewhere, in `receiver` and its ledger.

use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use crate::futex::FutexWord;
use crate::memory::{CreateError, MEMORY_BYTES_MAX, Mapping, Writers, page_bytes};

use super::ledger::Ledger;
use super::owned::Owned;
use super::receiver::{Page, Receiver};
use super::{Frame, Lease, SLOTS_MAX, Shape, wait};

/// The most receivers of one pool at a time.
pub const RECEIVERS_MAX: usize = 64;

/// Why there is no slot for a frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum LeaseError {
    /// The frame is longer than a slot.
    #[error("{bytes} bytes do not fit in a slot of {slot_bytes}")]
    TooLong {
        /// Bytes asked for.
        bytes: usize,
        /// Bytes of a slot.
        slot_bytes: u32,
    },
    /// All slots are in use, after the time that was given if one was: the receivers are slower than the owner. Wait, or
    /// drop the frame, as the channel's policy says.
    #[error("all slots are in use")]
    Exhausted,
}

/// A pool that this process owns: memory that it alone writes, in slots of one size. A clone is the same pool.
#[derive(Clone, Debug)]
pub struct Pool {
    pub(super) inner: Arc<Inner>,
}

/// What leases, frames and receivers share.
#[derive(Debug)]
pub(super) struct Inner {
    pub(super) memory: Mapping,
    descriptor: Option<OwnedFd>,
    pub(super) shape: Shape,
    state: Mutex<State>,
    /// How many threads sleep until a slot is free, and what those sleep on whom this process itself can wake.
    pub(super) sleepers: AtomicU32,
    pub(super) bell: FutexWord,
    _owned: Option<Owned>,
}

#[derive(Debug)]
pub(super) struct State {
    slots: Box<[Slot]>,
    /// Free slots; the one that was used last is taken first, since it is warm.
    free: Vec<u32>,
    pub(super) receivers: Vec<Option<Borrower>>,
}

#[derive(Clone, Copy, Debug, Default)]
struct Slot {
    generation: u32,
    /// Leases and frames in this process, and receivers that hold it.
    users: u32,
}

/// One receiver, as the pool knows it.
#[derive(Debug)]
pub(super) struct Borrower {
    pub(super) ledger: Ledger,
    pub(super) page: Arc<Page>,
}

impl Pool {
    /// Makes a pool of `slots` slots of at least `slot_bytes` (rounded up to whole pages). All of the memory is taken now.
    ///
    /// # Errors
    /// [`CreateError::Size`] for more than [`SLOTS_MAX`] slots or [`MEMORY_BYTES_MAX`] in all, and what the system says.
    pub fn new(slots: usize, slot_bytes: usize) -> Result<Self, CreateError> {
        let size =
            CreateError::Size { bytes: slots.saturating_mul(slot_bytes), max: MEMORY_BYTES_MAX };
        let rounded = slot_bytes.checked_next_multiple_of(page_bytes());
        let shape = rounded.and_then(|rounded| {
            Some(Shape {
                slots: u32::try_from(slots).ok()?,
                slot_bytes: u32::try_from(rounded).ok()?,
            })
        });
        let Some((shape, bytes)) = shape.and_then(|shape| Some((shape, shape.bytes()?))) else {
            return Err(size);
        };
        let (descriptor, memory) = Mapping::create(bytes, Writers::Creator)?;
        let owned = Owned::register(&descriptor)?;
        Ok(Self::with(memory, shape, Some(descriptor), Some(owned)))
    }

    pub(super) fn with(
        memory: Mapping,
        shape: Shape,
        descriptor: Option<OwnedFd>,
        owned: Option<Owned>,
    ) -> Self {
        let slots = shape.slots as usize;
        let state = State {
            slots: vec![Slot::default(); slots].into(),
            free: (0..shape.slots).rev().collect(),
            receivers: Vec::new(),
        };
        let inner = Inner {
            memory,
            descriptor,
            shape,
            state: Mutex::new(state),
            sleepers: AtomicU32::new(0),
            bell: FutexWord::ZERO,
            _owned: owned,
        };
        Self { inner: Arc::new(inner) }
    }

    /// Slots, and bytes of each: what receivers must be told.
    #[must_use]
    pub fn shape(&self) -> Shape {
        self.inner.shape
    }

    /// A duplicate of the memory's descriptor, for receivers. They can map it for reading and nothing else.
    ///
    /// # Errors
    /// When this process has no more descriptors.
    pub fn descriptor(&self) -> std::io::Result<OwnedFd> {
        self.as_fd().map_or_else(
            || Err(std::io::ErrorKind::Unsupported.into()),
            |descriptor| descriptor.try_clone_to_owned(),
        )
    }

    fn as_fd(&self) -> Option<BorrowedFd<'_>> {
        self.inner.descriptor.as_ref().map(AsFd::as_fd)
    }

    /// A new receiver, which may hold `quota` frames at once: whoever is slow takes no more of the pool than that.
    ///
    /// # Errors
    /// [`CreateError::Size`] when there are [`RECEIVERS_MAX`] already, and what the system says of another page.
    pub fn receiver(&self, quota: u32) -> Result<Receiver, CreateError> {
        Receiver::new(&self.inner, quota)
    }

    /// A slot for a frame of `len` bytes, at once. Collects first what receivers have returned. What is in it is left from
    /// earlier frames (at first, zeros).
    ///
    /// # Errors
    /// [`LeaseError`].
    pub fn lease(&self, len: usize) -> Result<Lease, LeaseError> {
        let shape = self.inner.shape;
        let len = match u32::try_from(len) {
            Ok(fits) if fits <= shape.slot_bytes => fits,
            _ => return Err(LeaseError::TooLong { bytes: len, slot_bytes: shape.slot_bytes }),
        };
        let mut state = self.inner.lock();
        state.collect();
        let (slot, generation) = state.take().ok_or(LeaseError::Exhausted)?;
        drop(state);
        Ok(Lease::new(self.inner.clone(), super::Loan { slot, generation, len }))
    }

    /// The same, but waits at most so long until a slot is free.
    ///
    /// # Errors
    /// [`LeaseError`].
    pub fn lease_timeout(&self, len: usize, timeout: Duration) -> Result<Lease, LeaseError> {
        wait::lease(self, len, timeout)
    }

    /// A frame of these bytes, which are copied once.
    ///
    /// # Errors
    /// [`LeaseError`].
    pub fn frame(&self, bytes: &[u8]) -> Result<Frame, LeaseError> {
        let mut lease = self.lease(bytes.len())?;
        lease.copy_from_slice(bytes);
        Ok(lease.freeze())
    }

    /// How many slots are free, after collecting what was returned.
    #[must_use]
    pub fn free(&self) -> usize {
        let mut state = self.inner.lock();
        state.collect();
        state.free.len()
    }
}

impl Inner {
    /// Nothing that can panic is done under the lock, so a poisoned one is as good as any.
    pub(super) fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// One user of the slot more.
    pub(super) fn keep(&self, slot: u32) {
        self.lock().keep(slot);
    }

    /// One user of the slot less; wakes who waits for a slot.
    pub(super) fn release(&self, slot: u32) {
        if self.lock().release(slot) {
            self.freed();
        }
    }

    /// Something has become free by this process's own doing.
    pub(super) fn freed(&self) {
        // The lock orders this against a sleeper's last look: it announced itself before, or sees what is free.
        if self.sleepers.load(Ordering::SeqCst) > 0 {
            self.bell.fetch_add(1, Ordering::Release);
            self.bell.wake(i32::MAX as u32);
        }
    }
}

impl State {
    /// Takes back what receivers have rightly returned. Who broke the protocol keeps what it holds until it is dropped.
    pub(super) fn collect(&mut self) {
        let Self { slots, free, receivers } = self;
        for borrower in receivers.iter_mut().flatten() {
            let Borrower { ledger, page } = borrower;
            // The receiver's own handle tells of the violation.
            let _ = ledger.collect(page, |slot| {
                release(slots, free, slot);
            });
        }
    }

    pub(super) fn borrower(&mut self, index: usize) -> Option<&mut Borrower> {
        self.receivers.get_mut(index)?.as_mut()
    }

    fn take(&mut self) -> Option<(u32, u32)> {
        let slot = self.free.pop()?;
        let entry = self.slots.get_mut(slot as usize)?;
        let mut generation = entry.generation;
        // Zero is none. Generations wrap: one that some receiver returned for this slot long ago is passed over. Each
        // receiver can be in the way once.
        for _ in 0..=RECEIVERS_MAX + 1 {
            generation = generation.wrapping_add(1);
            let taken = self.receivers.iter().flatten();
            if generation != 0 && !taken.clone().any(|r| r.ledger.confuses(slot, generation)) {
                break;
            }
        }
        *entry = Slot { generation, users: 1 };
        Some((slot, generation))
    }

    pub(super) fn keep(&mut self, slot: u32) {
        if let Some(slot) = self.slots.get_mut(slot as usize) {
            slot.users += 1;
        }
    }

    pub(super) fn release(&mut self, slot: u32) -> bool {
        release(&mut self.slots, &mut self.free, slot)
    }

    #[cfg(test)]
    pub(super) fn set_generation(&mut self, slot: usize, generation: u32) {
        self.slots[slot].generation = generation;
    }
}

/// One user of a slot less; true when it is free with that. The list has room for all slots, so nothing is allocated.
fn release(slots: &mut [Slot], free: &mut Vec<u32>, slot: u32) -> bool {
    let Some(entry) = slots.get_mut(slot as usize) else { return false };
    entry.users = entry.users.saturating_sub(1);
    if entry.users == 0 {
        free.push(slot);
    }
    entry.users == 0
}

const _: () = assert!(SLOTS_MAX <= u32::MAX as usize);
