//! The receiver's side: opens a pool that another process owns, and borrows the frames that are lent. What may be read how
//! depends on whether the writer is trusted, which is a type.
#![allow(unsafe_code, reason = "slices of what a trusted owner lends")]

use std::fmt;
use std::marker::PhantomData;
use std::ops::Deref;
use std::os::fd::OwnedFd;
use std::sync::{Arc, Mutex, PoisonError};

use crate::memory::{CreateError, Mapping, OpenError, OutOfBounds, Writers};

use super::owned::Owned;
use super::receiver::Page;
use super::{Loan, Shape};

/// Whether whoever writes a pool is trusted by this process.
pub trait Trust: sealed::Sealed + Send + Sync + 'static {
    #[doc(hidden)]
    const SLICES: bool;
}

/// The pool is main's, and this process trusts main with everything already: main started it, or admits it. Frames are lent
/// as slices.
///
/// What is trusted is that the owner, like every [`Pool`](super::Pool), writes no slot that is on loan here, and takes it for
/// free only when it was returned or this process has ended. A main that breaks this makes the bytes of a slice change; the
/// language knows no such slices, and outside of this process's own code nothing can rule it out (the same is true of
/// everything that may trace this process or write its memory). That is why this is a type to be named where a pool is
/// opened, and why a pool of this very process is refused.
#[derive(Debug)]
pub enum Trusted {}

/// The pool is a peer's, which may write into a frame while it is read. Bytes are copied out, and the copy is then checked;
/// there are no slices.
#[derive(Debug)]
pub enum Untrusted {}

impl Trust for Trusted {
    const SLICES: bool = true;
}

impl Trust for Untrusted {
    const SLICES: bool = false;
}

mod sealed {
    pub trait Sealed {}
    impl Sealed for super::Trusted {}
    impl Sealed for super::Untrusted {}
}

/// Why a frame was not borrowed, or bytes of it not read. All but [`Range`](Self::Range) are the owner's doing (or that of
/// whoever carried the loan), and it should be ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum BorrowError {
    /// There is no such slot, or no such generation.
    #[error("there is no slot {slot} with generation {generation}")]
    NoSuchSlot {
        /// The slot.
        slot: u32,
        /// The generation.
        generation: u32,
    },
    /// The frame would be longer than its slot.
    #[error("{len} bytes do not fit in a slot of {slot_bytes}")]
    TooLong {
        /// Bytes of the frame.
        len: u32,
        /// Bytes of a slot.
        slot_bytes: u32,
    },
    /// This process still holds a frame in that slot.
    #[error("slot {0} is still held here")]
    Held(u32),
    /// This process returned that very loan already.
    #[error("slot {slot} with generation {generation} was returned already")]
    Returned {
        /// The slot.
        slot: u32,
        /// The generation.
        generation: u32,
    },
    /// The reader asked for bytes beyond the frame's end, or into a buffer of another length.
    #[error("the range is not within the frame's {len} bytes")]
    Range {
        /// Bytes of the frame.
        len: usize,
    },
}

/// A pool that another process owns, mapped for reading. A clone is the same pool.
pub struct ForeignPool<T: Trust> {
    inner: Arc<Inner>,
    trust: PhantomData<T>,
}

struct Inner {
    memory: Mapping,
    page: Page,
    shape: Shape,
    slots: Mutex<Box<[Slot]>>,
}

#[derive(Clone, Copy, Default)]
struct Slot {
    held: bool,
    /// The last generation that was returned.
    returned: u32,
}

/// A frame on loan. Dropping it returns it to its owner.
///
/// Of a [`Trusted`] pool it is a slice; of an [`Untrusted`] one, bytes can only be copied out.
pub struct Borrowed<T: Trust> {
    pool: Arc<Inner>,
    loan: Loan,
    trust: PhantomData<T>,
}

impl<T: Trust> ForeignPool<T> {
    /// Checks and maps what another process handed over: the pool's memory, the page on which this receiver returns frames,
    /// and the shape that was declared.
    ///
    /// # Errors
    /// [`OpenError`]; nothing stays mapped, and both descriptors are closed. They are closed in any case: a mapping needs none.
    pub fn open(frames: OwnedFd, returns: OwnedFd, shape: Shape) -> Result<Self, OpenError> {
        let bytes = shape.bytes().ok_or(OpenError::Declared("the shape of the pool"))?;
        if T::SLICES {
            let own = Owned::has(&frames).map_err(|source| {
                OpenError::System(CreateError::System { operation: "fstat", source })
            })?;
            if own {
                return Err(OpenError::Own);
            }
        }
        let memory = Mapping::open(&frames, bytes, Writers::Creator)?;
        let page = Page::open(&returns)?;
        Ok(Self::with(memory, page, shape))
    }

    pub(super) fn with(memory: Mapping, page: Page, shape: Shape) -> Self {
        let slots = Mutex::new(vec![Slot::default(); shape.slots as usize].into());
        Self { inner: Arc::new(Inner { memory, page, shape, slots }), trust: PhantomData }
    }

    /// The shape that was declared, and is so.
    #[must_use]
    pub fn shape(&self) -> Shape {
        self.inner.shape
    }

    /// Borrows a frame whose numbers arrived in a message.
    ///
    /// # Errors
    /// [`BorrowError`]; nothing was read.
    pub fn borrow(&self, loan: Loan) -> Result<Borrowed<T>, BorrowError> {
        let Loan { slot, generation, len } = loan;
        let mut slots = self.inner.lock();
        let entry = slots.get_mut(slot as usize).filter(|_| generation != 0);
        let entry = entry.ok_or(BorrowError::NoSuchSlot { slot, generation })?;
        let slot_bytes = self.inner.shape.slot_bytes;
        if len > slot_bytes {
            return Err(BorrowError::TooLong { len, slot_bytes });
        }
        if entry.held {
            return Err(BorrowError::Held(slot));
        }
        if entry.returned == generation {
            return Err(BorrowError::Returned { slot, generation });
        }
        entry.held = true;
        drop(slots);
        Ok(Borrowed { pool: self.inner.clone(), loan, trust: PhantomData })
    }
}

impl<T: Trust> Clone for ForeignPool<T> {
    fn clone(&self) -> Self {
        Self { inner: self.inner.clone(), trust: PhantomData }
    }
}

impl Inner {
    fn lock(&self) -> std::sync::MutexGuard<'_, Box<[Slot]>> {
        self.slots.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<T: Trust> Borrowed<T> {
    /// Bytes of the frame.
    #[must_use]
    pub fn len(&self) -> usize {
        self.loan.len as usize
    }

    /// Whether the frame has no bytes.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The numbers under which it was lent.
    #[must_use]
    pub fn loan(&self) -> Loan {
        self.loan
    }

    /// Copies the whole frame into a buffer of its length.
    ///
    /// # Errors
    /// [`BorrowError::Range`] when the buffer is longer or shorter.
    pub fn copy_to(&self, into: &mut [u8]) -> Result<(), BorrowError> {
        if into.len() != self.len() {
            return Err(self.range());
        }
        self.copy_range(0, into)
    }

    /// Copies bytes of the frame, from `offset` on, until the buffer is full.
    ///
    /// # Errors
    /// [`BorrowError::Range`] when the frame ends before.
    pub fn copy_range(&self, offset: usize, into: &mut [u8]) -> Result<(), BorrowError> {
        let place = self.place(offset, into.len())?;
        self.pool.memory.copy_out(place, into).map_err(|OutOfBounds| self.range())
    }

    /// Copies the whole frame behind what the vector holds, without zeroing it first.
    ///
    /// # Errors
    /// [`BorrowError::Range`], which does not happen.
    pub fn append_to(&self, into: &mut Vec<u8>) -> Result<(), BorrowError> {
        let place = self.place(0, self.len())?;
        self.pool.memory.append_to(place, self.len(), into).map_err(|OutOfBounds| self.range())
    }

    /// Reads the frame piece by piece through a buffer, which stays in the processor's cache: each piece is copied before
    /// `read` sees it. Stops at the first error of `read`. An empty buffer reads nothing.
    ///
    /// # Errors
    /// What `read` says; a [`BorrowError::Range`] does not happen.
    pub fn read_in_pieces<E: From<BorrowError>>(
        &self,
        buffer: &mut [u8],
        mut read: impl FnMut(&[u8]) -> Result<(), E>,
    ) -> Result<(), E> {
        let step = buffer.len();
        if step == 0 {
            return Ok(());
        }
        for offset in (0..self.len()).step_by(step) {
            let len = step.min(self.len() - offset);
            let piece = buffer.get_mut(..len).ok_or_else(|| self.range())?;
            self.copy_range(offset, piece)?;
            read(piece)?;
        }
        Ok(())
    }

    /// Where these bytes of the frame are in the pool.
    fn place(&self, offset: usize, len: usize) -> Result<usize, BorrowError> {
        let within = offset.checked_add(len).is_some_and(|end| end <= self.len());
        if !within {
            return Err(self.range());
        }
        Ok(self.pool.shape.offset(self.loan.slot) + offset)
    }

    fn range(&self) -> BorrowError {
        BorrowError::Range { len: self.len() }
    }
}

impl Deref for Borrowed<Trusted> {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        let offset = self.pool.shape.offset(self.loan.slot);
        // SAFETY: the mapping is for reading only, and no other process but the pool's owner has one for writing (the seal was
        // checked). The owner is trusted, which whoever opened the pool has said, to write no slot on loan until this is
        // dropped; it is not this process (that was refused).
        unsafe { self.pool.memory.slice(offset, self.loan.len as usize) }.unwrap_or_default()
    }
}

impl<T: Trust> Drop for Borrowed<T> {
    fn drop(&mut self) {
        let Loan { slot, generation, .. } = self.loan;
        let mut slots = self.pool.lock();
        if let Some(entry) = slots.get_mut(slot as usize) {
            *entry = Slot { held: false, returned: generation };
        }
        // Under the lock: the next loan of the slot comes after this one's return.
        self.pool.page.give_back(slot, generation);
    }
}

impl<T: Trust> fmt::Debug for ForeignPool<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ForeignPool").field("shape", &self.inner.shape).finish_non_exhaustive()
    }
}

impl<T: Trust> fmt::Debug for Borrowed<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Borrowed").field(&self.loan).finish()
    }
}
