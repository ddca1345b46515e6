//! Frames in this process: a lease is written, a frame is read and lent. Both keep their slot until they are dropped.
#![allow(unsafe_code, reason = "slices of slots that nobody writes")]

use std::fmt;
use std::ops::{Deref, DerefMut};
use std::sync::Arc;

use super::Loan;
use super::owner::Inner;

/// A slot to fill, this holder's alone. Dropping it gives the slot back.
pub struct Lease {
    hold: Hold,
}

/// A frame that is complete: nobody writes it any more. A clone is the same frame; the slot is free again when all clones
/// are dropped and all receivers have returned it.
pub struct Frame {
    hold: Hold,
}

/// One use of a slot, counted.
struct Hold {
    pool: Arc<Inner>,
    loan: Loan,
}

impl Hold {
    fn offset(&self) -> usize {
        self.pool.shape.offset(self.loan.slot)
    }
}

impl Drop for Hold {
    fn drop(&mut self) {
        self.pool.release(self.loan.slot);
    }
}

impl Lease {
    pub(super) fn new(pool: Arc<Inner>, loan: Loan) -> Self {
        Self { hold: Hold { pool, loan } }
    }

    /// Makes the frame shorter; more than it has changes nothing.
    pub fn truncate(&mut self, len: usize) {
        if let Ok(len) = u32::try_from(len) {
            self.hold.loan.len = self.hold.loan.len.min(len);
        }
    }

    /// The frame is complete.
    #[must_use]
    pub fn freeze(self) -> Frame {
        Frame { hold: self.hold }
    }
}

impl Deref for Lease {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        read(&self.hold)
    }
}

impl DerefMut for Lease {
    fn deref_mut(&mut self) -> &mut [u8] {
        let (memory, len) = (&self.hold.pool.memory, self.hold.loan.len as usize);
        // SAFETY: the slot is this lease's alone: it was taken from the free slots, and is no frame yet that anybody reads or
        // that receivers were told of. Other processes cannot write the pool at all: it was sealed against every mapping for
        // writing but its owner's. `&mut self` keeps out other slices of it.
        unsafe { memory.slice_mut(self.hold.offset(), len) }.unwrap_or_default()
    }
}

impl Frame {
    /// The numbers of this frame, as they are lent.
    pub(super) fn loan(&self) -> Loan {
        self.hold.loan
    }

    pub(super) fn is_of(&self, pool: &Arc<Inner>) -> bool {
        Arc::ptr_eq(&self.hold.pool, pool)
    }
}

impl Deref for Frame {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        read(&self.hold)
    }
}

impl Clone for Frame {
    fn clone(&self) -> Self {
        let Hold { pool, loan } = &self.hold;
        pool.keep(loan.slot);
        Self { hold: Hold { pool: pool.clone(), loan: *loan } }
    }
}

fn read(hold: &Hold) -> &[u8] {
    // SAFETY: this hold keeps the slot from being leased anew; a lease that could write it is borrowed by this very call, or
    // was consumed by `freeze`. Other processes cannot write the pool at all, sealed as it is.
    unsafe { hold.pool.memory.slice(hold.offset(), hold.loan.len as usize) }.unwrap_or_default()
}

impl fmt::Debug for Lease {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Lease").field(&self.hold.loan).finish()
    }
}

impl fmt::Debug for Frame {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Frame").field(&self.hold.loan).finish()
    }
}
