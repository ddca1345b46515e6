//! The memory of a pair of rings, and each side's two ends of it. One side creates it and hands the descriptor over, the other
//! opens it.

use std::os::fd::OwnedFd;
use std::sync::Arc;

use crate::memory::{CreateError, Mapping, OpenError, Writers, page_bytes};

use super::lane::Lane;
use super::{CAPACITY_FLOOR, CAPACITY_MAX, Consumer, Producer, Spin};

/// Which side of the pair this is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    /// It made the memory.
    Creator,
    /// It was handed the descriptor.
    Opener,
}

/// One side of a pair of rings: what it sends by, and what it receives by. Each may be used by a thread of its own.
#[derive(Debug)]
pub struct Duplex {
    /// To the other side.
    pub producer: Producer,
    /// From the other side.
    pub consumer: Consumer,
}

impl Duplex {
    /// Makes the memory, with `capacity` bytes for each direction (rounded up to a power of two), and this side of it. The
    /// descriptor is for the other process alone; this side needs it no more.
    ///
    /// # Errors
    /// [`CreateError::Size`] for less than [`CAPACITY_FLOOR`] or more than [`CAPACITY_MAX`], and what the system says.
    pub fn create(capacity: u32, spin: Spin) -> Result<(Self, OwnedFd), CreateError> {
        let size = CreateError::Size { bytes: capacity as usize, max: CAPACITY_MAX as usize };
        let rounded = capacity.checked_next_power_of_two().filter(allowed);
        let Some(capacity) = rounded.filter(|_| capacity >= CAPACITY_FLOOR) else {
            return Err(size);
        };
        let (descriptor, memory) = Mapping::create(bytes(capacity), Writers::Everybody)?;
        let Some(duplex) = Self::of(Arc::new(memory), capacity, Side::Creator, spin) else {
            return Err(size);
        };
        Ok((duplex, descriptor))
    }

    /// Checks and maps what the other side made, with the capacity that it declared (a power of two). The descriptor is closed
    /// in any case: a mapping needs none.
    ///
    /// # Errors
    /// [`OpenError`].
    pub fn open(descriptor: OwnedFd, capacity: u32, spin: Spin) -> Result<Self, OpenError> {
        let declared = OpenError::Declared("the capacity of the ring");
        if !allowed(&capacity) || !capacity.is_power_of_two() {
            return Err(declared);
        }
        let memory = Mapping::open(&descriptor, bytes(capacity), Writers::Everybody)?;
        Self::of(Arc::new(memory), capacity, Side::Opener, spin).ok_or(declared)
    }

    pub(super) fn of(memory: Arc<Mapping>, capacity: u32, side: Side, spin: Spin) -> Option<Self> {
        let page = page_bytes();
        let lane = |which: usize| {
            let data = 2 * page + which * capacity as usize;
            Lane::new(memory.clone(), which * page, data, capacity)
        };
        let (out, back) = match side {
            Side::Creator => (lane(0)?, lane(1)?),
            Side::Opener => (lane(1)?, lane(0)?),
        };
        Some(Self { producer: Producer::new(out, spin), consumer: Consumer::new(back, spin) })
    }
}

fn allowed(capacity: &u32) -> bool {
    (CAPACITY_FLOOR..=CAPACITY_MAX).contains(capacity)
}

/// A page of words for each direction, and then the bytes of each.
pub(super) fn bytes(capacity: u32) -> usize {
    2 * page_bytes() + 2 * capacity as usize
}
