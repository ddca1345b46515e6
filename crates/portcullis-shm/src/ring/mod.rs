//! Rings of records for small messages between two processes, one ring for each direction, in one shared memory. Bytes go in
//! and come out in order; what they mean, and that the other process died, is known to whoever uses the ring.
//!
//! Each side keeps its own index in private memory and publishes it; of the other side's index it loads a copy, checks that it
//! moved forward and no further than it can, and works with the copy. A record has at most half of the ring. Sleeping is on the index itself (a futex), or
//! its mover rings a [`Bell`]. The other side can refuse to move, and nothing more: waits take a time-out and end when a
//! [`Closer`] says so.

mod bell;
mod consumer;
mod header;
mod lane;
mod producer;
mod spin;
mod waiting;

#[cfg(not(loom))]
mod duplex;

#[cfg(all(test, loom))]
mod models;
#[cfg(all(test, not(loom)))]
mod tests;

pub use bell::Bell;
pub use consumer::{BATCH_RECORDS_MAX, Consumer};
#[cfg(not(loom))]
pub use duplex::{Duplex, Side};
pub use producer::{Producer, PushError, RoomWaiter, Seen};
pub use spin::Spin;
pub use waiting::{Closer, FRUITLESS_MAX, Waited};

/// The smallest ring, in bytes of one direction.
pub const CAPACITY_FLOOR: u32 = 4096;
/// The largest ring, in bytes of one direction.
pub const CAPACITY_MAX: u32 = 16 * 1024 * 1024;

/// Records begin at multiples of this, each with its length before it.
const ALIGNMENT: u32 = 8;
/// Bytes of a record's length.
const LENGTH_BYTES: u32 = 4;

/// Bytes that a record takes in the ring; none for one that is too long for any.
fn footprint(len: usize) -> Option<u32> {
    let len = u32::try_from(len).ok()?;
    len.checked_add(LENGTH_BYTES)?.checked_next_multiple_of(ALIGNMENT)
}
