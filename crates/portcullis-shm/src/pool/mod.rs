//! Pools of frames: slots of shared memory that their owner fills in place and lends to any number of receivers without a
//! copy. Who gets the descriptors, and how the numbers of a loan travel, is left to whoever carries messages.
//!
//! **One pool, one right.** A receiver maps the whole pool, so it can read all slots, those lent to others included, and what
//! is left in a slot of an earlier frame. Share a pool only among receivers that may see the same: one pool for each
//! channel or stream.

mod ledger;
mod returns;

#[cfg(not(loom))]
mod foreign;
#[cfg(not(loom))]
mod lease;
#[cfg(not(loom))]
mod owned;
#[cfg(not(loom))]
mod owner;
#[cfg(not(loom))]
mod receiver;
#[cfg(not(loom))]
mod wait;

#[cfg(all(test, loom))]
mod models;
#[cfg(all(test, not(loom)))]
mod tests;

#[cfg(not(loom))]
pub use foreign::{BorrowError, Borrowed, ForeignPool, Trust, Trusted, Untrusted};
#[cfg(not(loom))]
pub use lease::{Frame, Lease};
pub use ledger::{LendError, SLOTS_MAX};
#[cfg(not(loom))]
pub use owner::{LeaseError, Pool, RECEIVERS_MAX};
#[cfg(not(loom))]
pub use receiver::Receiver;

/// The size of a pool, which its owner declares and receivers check.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Shape {
    /// How many slots; 1 to [`SLOTS_MAX`].
    pub slots: u32,
    /// Bytes of each slot, a multiple of the page's size.
    pub slot_bytes: u32,
}

/// The numbers of one frame on loan: what travels in place of its bytes. Plain data; each side checks it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Loan {
    /// Which slot.
    pub slot: u32,
    /// Which of the frames that were in it; never 0.
    pub generation: u32,
    /// Bytes of the frame, from the slot's beginning.
    pub len: u32,
}

#[cfg(not(loom))]
impl Shape {
    /// The size of the memory, if the shape is one that a pool may have.
    fn bytes(self) -> Option<usize> {
        let slot_bytes = self.slot_bytes as usize;
        let fits = (1..=SLOTS_MAX).contains(&(self.slots as usize))
            && slot_bytes > 0
            && slot_bytes.is_multiple_of(crate::memory::page_bytes());
        let bytes = slot_bytes.checked_mul(self.slots as usize)?;
        (fits && bytes <= crate::memory::MEMORY_BYTES_MAX).then_some(bytes)
    }

    /// Where a slot begins.
    fn offset(self, slot: u32) -> usize {
        slot as usize * self.slot_bytes as usize
    }
}
